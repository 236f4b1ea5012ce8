#include "tree_p.h"
#include "dirs.h"
#include "name.h"
#include <string.h>

bool tree_is_open(uint64_t dir)
{
	return dir == node_fixed_ino(NODE_OPEN);
}

bool tree_holds_tasks(uint64_t dir)
{
	return tree_is_open(dir) || dir == node_fixed_ino(NODE_COMPLETED);
}

bool tree_place(uint64_t dir, enum scratch_place *out)
{
	static const enum fixed node[] = {
		[PLACE_COMPLETED] = NODE_COMPLETED, [PLACE_OPEN] = NODE_OPEN,
		[PLACE_TEMPLATES] = NODE_TEMPLATES,
	};

	for (size_t i = 0; i < sizeof(node) / sizeof(*node); i++)
		if (dir == node_fixed_ino(node[i])) {
			*out = (enum scratch_place)i;
			return true;
		}
	return false;
}

bool tree_is_task_name(uint64_t dir, const char *name)
{
	return tree_holds_tasks(dir) && name_is_task(name);
}

static void found_task(struct found *out, unsigned kind, bool lasting)
{
	out->ino = node_ino(kind, out->e.id);
	out->lasting = lasting;
}

/* ---- finding ------------------------------------------------------------------------------------------- */

/* The same title spelled in another way ("é" in two characters): the name that the task has. */
static enum err lookup_spelled(struct env *env, const char *name, struct entry *out)
{
	char canonical[NAME_LEN + 1];
	AUTO_BUF title = BUF_INIT;

	if (name_title(name, &title) || buf_err(&title) || name_of(buf_str(&title), 1, canonical))
		return ERR_NOENT;
	return strcmp(canonical, name) ? store_lookup(env->store, canonical, out) : ERR_NOENT;
}

static enum err find_task(struct env *env, uint64_t dir, const char *name, struct found *out)
{
	enum err e = store_lookup(env->store, name, &out->e);
	bool lasting = e == ERR_OK;

	if (e == ERR_NOENT)
		e = store_alias(env->store, name, env->now, &out->e);
	if (e == ERR_NOENT)
		e = lookup_spelled(env, name, &out->e);
	TRY(e);
	if (node_fixed_ino(node_home(out->e.open)) != dir)
		return ERR_NOENT;
	found_task(out, KIND_TASK, lasting);
	return ERR_OK;
}

static enum err find_scratch(struct env *env, uint64_t dir, const char *name, struct found *out)
{
	enum scratch_place place;

	if (!tree_place(dir, &place))
		return ERR_NOENT;
	TRY(store_scratch_find(env->store, place, name, &out->x));
	out->ino = node_ino(KIND_SCRATCH, out->x.id);
	return ERR_OK;
}

enum err tree_find(struct env *env, uint64_t dir, const char *name, struct found *out)
{
	const struct dir_def *made = dirs_dir(dir);
	enum fixed child = node_child(node_as_fixed(dir), name);

	*out = (struct found){ .lasting = true };
	if (child != NODE_NONE) {
		out->ino = node_fixed_ino(child);
		return ERR_OK;
	}
	if (strlen(name) > NAME_LEN)
		return ERR_NAME;
	if (made)
		return made->find(env, dir, name, out);
	return tree_is_task_name(dir, name) ? find_task(env, dir, name, out)
		: find_scratch(env, dir, name, out);
}

/* Deleted or parked, and still open somewhere or known to the kernel. */
static enum err hidden_task(struct env *env, int64_t id, struct entry *out)
{
	AUTO_TASK t = TASK_INIT;
	AUTO_BUF text = BUF_INIT;

	TRY(store_get(env->store, id, &t));
	TRY(store_text(env->store, id, &text));
	*out = (struct entry){
		.id = id,
		.open = task_is_open(&t),
		.size = (int64_t)text.n,
		.created_at = t.created_at,
		.changed_at = t.changed_at,
	};
	return buf_err(&text);
}

enum err tree_node(struct env *env, uint64_t ino, struct found *out, bool *hidden)
{
	int64_t id = node_id(ino);
	const struct kind_def *made = dirs_kind(ino);

	*out = (struct found){ .ino = ino, .lasting = true };
	*hidden = false;
	if (node_as_fixed(ino) != NODE_NONE)
		return ERR_OK;
	if (node_kind(ino) == KIND_SCRATCH)
		return store_scratch(env->store, id, &out->x);
	if (made)
		return made->node(env, ino, out);
	enum err e = store_entry(env->store, id, &out->e);
	if (e != ERR_NOENT || node_kind(ino) != KIND_TASK)
		return e;
	*hidden = true;
	return hidden_task(env, id, &out->e);
}

/* ---- what is refused ----------------------------------------------------------------------------------- */

/* advice NULL: nobody would look for one. */
static void refuse(struct env *env, uint64_t dir, const char *name, const char *what, const char *advice)
{
	AUTO_BUF path = BUF_INIT;

	if (!advice)
		return;
	node_path(dirs_fixed(dir), &path);
	buf_printf(&path, "/%s", name);
	dirs_refuse(env, buf_str(&path), "%s; %s", what, advice);
}

void tree_refuse(struct env *env, const struct entry *e, uint64_t dir, const char *what, const char *advice)
{
	AUTO_BUF text = BUF_INIT;

	buf_printf(&text, "%s ", what);
	node_path(dirs_fixed(dir), &text);
	buf_puts(&text, "/, nothing changed");
	refuse(env, node_fixed_ino(node_home(e->open)), e->name, buf_str(&text), advice);
}

/* ---- new files ----------------------------------------------------------------------------------------- */

enum err tree_taken(struct env *env, const char *name, int64_t but)
{
	struct entry e;
	enum err err = store_lookup(env->store, name, &e);

	if (err == ERR_OK)
		return e.id == but ? ERR_OK : ERR_EXIST;
	return err == ERR_NOENT ? ERR_OK : err;
}

/* What it will be. A name that gives no title is refused here. */
static enum err new_task(struct env *env, uint64_t dir, const char *name, struct entry *e)
{
	AUTO_BUF title = BUF_INIT;

	TRY(name_title(name, &title));
	TRY(buf_err(&title));
	*e = (struct entry){ .open = tree_is_open(dir), .created_at = env->now, .changed_at = env->now };
	memcpy(e->name, name, strlen(name) + 1);
	return ERR_OK;
}

/* An editor that still knows the task by a former name saves it: backup rename or unlink, then create. */
static enum err revive(struct env *env, uint64_t dir, const char *name, int64_t *id)
{
	AUTO_TASK former = TASK_INIT;
	enum err e = store_revive(env->store, name, tree_is_open(dir), env->now, id);

	if (e != ERR_NOENT)
		return e;
	TRY(store_former(env->store, name, env->now, id));
	TRY(store_get(env->store, *id, &former));
	return former.name ? store_revive(env->store, former.name, tree_is_open(dir), env->now, id)
		: ERR_NOENT;
}

enum err tree_begin(struct env *env, struct files *files, uint64_t dir, const char *name, struct entry *out,
	bool *fresh)
{
	TRY(tree_taken(env, name, 0));
	enum err e = revive(env, dir, name, &out->id);
	*fresh = e == ERR_NOENT;
	if (*fresh)
		return new_task(env, dir, name, out);
	TRY(e);
	struct file *f = files_find(files, node_ino(KIND_TASK, out->id));
	if (f)
		file_revived(f);
	return ERR_OK;
}

static enum err new_scratch(struct env *env, uint64_t dir, const char *name, uint32_t mode,
	const char *target, struct found *out)
{
	struct scratch x = { .is_link = target, .mode = mode & 0777 };
	int64_t id;

	if (!tree_place(dir, &x.place))
		return ERR_PERM;
	memcpy(x.name, name, strlen(name) + 1);
	TRY(store_scratch_create(env->store, &x, target ? target : "", target ? strlen(target) : 0, env->now,
		&id));
	TRY(store_scratch(env->store, id, &out->x));
	out->ino = node_ino(KIND_SCRATCH, id);
	return ERR_OK;
}

enum err tree_create(struct env *env, struct files *files, uint64_t dir, const char *name, uint32_t mode,
	bool later, struct found *out)
{
	enum err e = tree_find(env, dir, name, out);

	if (e != ERR_NOENT)
		return e ? e : ERR_EXIST;
	if (!tree_is_task_name(dir, name)) {
		if (dirs_dir(dir) && node_fixed[dirs_fixed(dir)].parent == NODE_ROOT)
			refuse(env, dir, name, "not made",
				name_is_task(name) ? "new tasks are made in open/" :
				"the files stand in open/: edit them there, or sed -i --follow-symlinks");
		return new_scratch(env, dir, name, mode, NULL, out);
	}
	TRY(tree_begin(env, files, dir, name, &out->e, &out->fresh));
	if (out->fresh)
		TRY(later ? store_reserve(env->store, &out->e.id) : task_new(env, &out->e));
	out->fresh &= later;
	if (!out->fresh)
		TRY(store_entry(env->store, out->e.id, &out->e));
	found_task(out, KIND_TASK, !strcmp(out->e.name, name));
	if (out->lasting && !out->fresh)
		env->known = store_fed(env->store);
	return ERR_OK;
}

enum err tree_lock(struct env *env, uint64_t dir, const char *name, const char *target, struct found *out)
{
	enum err e = tree_find(env, dir, name, out);

	if (e != ERR_NOENT)
		return e ? e : ERR_EXIST;
	if (strncmp(name, ".#", 2))
		return ERR_PERM;
	return new_scratch(env, dir, name, 0777, target, out);
}

static enum err remove_made(struct env *env, uint64_t dir, const struct found *at)
{
	const struct dir_def *d = dirs_dir(dir);

	if (d && d->remove)
		return d->remove(env, dir, at);
	if (d && at->e.id)
		tree_refuse(env, &at->e, dir, "not removed from", d->no_remove);
	return ERR_PERM;
}

enum err tree_remove(struct env *env, struct files *files, uint64_t dir, const char *name)
{
	struct found at;
	struct file *f;

	TRY(tree_find(env, dir, name, &at));
	unsigned kind = node_kind(at.ino);
	if (kind != KIND_TASK && kind != KIND_SCRATCH)
		return remove_made(env, dir, &at);
	f = files_find(files, at.ino);
	if (f)
		TRY(file_unlinked(env, f));
	enum err e = kind == KIND_SCRATCH ?
		store_scratch_remove(env->store, at.x.id, env->now, env->grace_ms) :
		store_delete(env->store, at.e.id, SIDE_LOCAL, env->now, env->grace_ms);
	if (!e && kind == KIND_TASK && at.lasting)
		env->known = store_fed(env->store);
	if (e && f)
		f->gone = false;	/* it is still there, and what is written to it counts */
	return e;
}

enum err tree_mkdir(struct env *env, uint64_t dir, const char *name, struct found *out)
{
	const struct dir_def *d = dirs_dir(dir);
	enum err e = tree_find(env, dir, name, out);

	if (e != ERR_NOENT)
		return e ? e : ERR_EXIST;
	if (!d || !d->make) {
		refuse(env, dir, name, "not made", d ? d->no_make : NULL);
		return ERR_PERM;
	}
	TRY(d->make(env, dir, name));
	return tree_find(env, dir, name, out);
}

enum err tree_rmdir(struct env *env, uint64_t dir, const char *name)
{
	const struct dir_def *d = dirs_dir(dir);
	struct found at;

	TRY(tree_find(env, dir, name, &at));
	if (d && d->remove && dirs_dir(at.ino))
		return d->remove(env, dir, &at);
	refuse(env, dir, name, "not removed", d ? d->no_remove : NULL);
	return ERR_PERM;
}
