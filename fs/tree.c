#include "tree.h"
#include "dirs.h"
#include "name.h"
#include "text.h"
#include "views.h"
#include <string.h>

static bool is_open(uint64_t dir)
{
	return dir == node_fixed_ino(NODE_OPEN);
}

static bool holds_tasks(uint64_t dir)
{
	return is_open(dir) || dir == node_fixed_ino(NODE_COMPLETED);
}

bool tree_place(uint64_t dir, enum scratch_place *out)
{
	static const enum fixed node[] = {
		[PLACE_COMPLETED] = NODE_COMPLETED, [PLACE_OPEN] = NODE_OPEN, [PLACE_TEMPLATES] = NODE_TEMPLATES,
	};

	for (size_t i = 0; i < sizeof(node) / sizeof(*node); i++)
		if (dir == node_fixed_ino(node[i])) {
			*out = (enum scratch_place)i;
			return true;
		}
	return false;
}

/* A new name there: of a task, or of a file that is nothing more? */
static bool is_task_name(uint64_t dir, const char *name)
{
	return holds_tasks(dir) && name_is_task(name);
}

static void found_task(struct found *out, unsigned kind, bool lasting)
{
	out->ino = node_ino(kind, out->e.id);
	out->lasting = lasting;
}

/* ---- finding -------------------------------------------------------------------------------------------------- */

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
	return is_task_name(dir, name) ? find_task(env, dir, name, out) : find_scratch(env, dir, name, out);
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

/* ---- what is refused ------------------------------------------------------------------------------------------ */

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

/* What was done to a task, at the place where it lives. */
static void refuse_task(struct env *env, const struct entry *e, uint64_t dir, const char *what, const char *advice)
{
	AUTO_BUF text = BUF_INIT;

	buf_printf(&text, "%s ", what);
	node_path(dirs_fixed(dir), &text);
	buf_puts(&text, "/, nothing changed");
	refuse(env, node_fixed_ino(node_home(e->open)), e->name, buf_str(&text), advice);
}

/* ---- new files ------------------------------------------------------------------------------------------------ */

static enum err taken(struct env *env, const char *name, int64_t but)
{
	struct entry e;
	enum err err = store_lookup(env->store, name, &e);

	if (err == ERR_OK)
		return e.id == but ? ERR_OK : ERR_EXIST;
	return err == ERR_NOENT ? ERR_OK : err;
}

static enum err set_title(struct task *t, const char *name)
{
	AUTO_BUF title = BUF_INIT;

	TRY(name_title(name, &title));
	TRY(buf_err(&title));
	return task_set(t, FIELD_TITLE, buf_str(&title));
}

/* What it will be. A name that gives no title is refused here. */
static enum err new_task(struct env *env, uint64_t dir, const char *name, struct entry *e)
{
	AUTO_BUF title = BUF_INIT;

	TRY(name_title(name, &title));
	TRY(buf_err(&title));
	*e = (struct entry){ .open = is_open(dir), .created_at = env->now, .changed_at = env->now };
	memcpy(e->name, name, strlen(name) + 1);
	return ERR_OK;
}

/* An editor that still knows the task by a former name saves it: backup rename or unlink, then create. */
static enum err revive(struct env *env, uint64_t dir, const char *name, int64_t *id)
{
	AUTO_TASK former = TASK_INIT;
	enum err e = store_revive(env->store, name, is_open(dir), env->now, id);

	if (e != ERR_NOENT)
		return e;
	TRY(store_former(env->store, name, env->now, id));
	TRY(store_get(env->store, *id, &former));
	return former.name ? store_revive(env->store, former.name, is_open(dir), env->now, id) : ERR_NOENT;
}

/* The task that a file of this name is from now on, where no visible one has it. *fresh: a new one, not in the store yet. */
static enum err begin_task(struct env *env, struct files *files, uint64_t dir, const char *name, struct entry *out,
	bool *fresh)
{
	TRY(taken(env, name, 0));
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

static enum err new_scratch(struct env *env, uint64_t dir, const char *name, uint32_t mode, const char *target,
	struct found *out)
{
	struct scratch x = { .is_link = target, .mode = mode & 0777 };
	int64_t id;

	if (!tree_place(dir, &x.place))
		return ERR_PERM;
	memcpy(x.name, name, strlen(name) + 1);
	TRY(store_scratch_create(env->store, &x, target ? target : "", target ? strlen(target) : 0, env->now, &id));
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
	if (!is_task_name(dir, name)) {
		if (dirs_dir(dir) && node_fixed[dirs_fixed(dir)].parent == NODE_ROOT)
			refuse(env, dir, name, "not made", name_is_task(name) ? "new tasks are made in open/" :
				"the files stand in open/: edit them there, or sed -i --follow-symlinks");
		return new_scratch(env, dir, name, mode, NULL, out);
	}
	TRY(begin_task(env, files, dir, name, &out->e, &out->fresh));
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
		refuse_task(env, &at->e, dir, "not removed from", d->no_remove);
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
	enum err e = kind == KIND_SCRATCH ? store_scratch_remove(env->store, at.x.id, env->now, env->grace_ms) :
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

/* ---- renaming ------------------------------------------------------------------------------------------------- */

struct move {
	struct env *env;
	struct files *files;
	uint64_t dir, to_dir;
	const char *name, *to;
	const char *asked;	/* the new name as the kernel has it: to, but for a link whose name says more than its task's */
	struct found from;
	bool there;		/* something has the new name: at */
	struct found at;
};

/* The kernel moved its entry along. Where that is not what the new name stands for, it must ask again. */
static void forget_names(struct move *m)
{
	m->env->forget(m->env->arg, m->dir, m->name);
	m->env->forget(m->env->arg, m->to_dir, m->asked);
}

/* What the directory that a task is moved to means. */
static enum err take(struct move *m, struct task *t, uint32_t *fields)
{
	const struct dir_def *d = dirs_dir(m->to_dir);

	if (holds_tasks(m->to_dir))
		return view_verb(node_as_fixed(m->to_dir), m->env->today, t, fields);
	if (d && d->take)
		return d->take(m->env, m->to_dir, t, fields);
	refuse_task(m->env, &m->from.e, m->to_dir, "not moved to", d ? d->no_take :
		m->to_dir == node_fixed_ino(NODE_TEMPLATES) ? "to make a template of it, cp it there" : NULL);
	return ERR_PERM;
}

/* A new title, a move, or what the directory means: all of them are one edit. */
static enum err edit_by_name(struct move *m)
{
	struct env *env = m->env;
	AUTO_TASK t = TASK_INIT;
	uint32_t fields = 0;
	struct entry now = m->from.e;

	if (!name_is_task(m->to))
		return ERR_PERM;
	bool renamed = strcmp(m->to, m->from.e.name);
	if (renamed)
		TRY(taken(env, m->to, m->from.e.id));
	TRY(take(m, &t, &fields));
	if (renamed) {
		TRY(set_title(&t, m->to));
		fields |= BIT(FIELD_TITLE);
	}
	AUTO_TX tx = { 0 };
	TRY(tx_begin(env->store, &tx));
	TRY(store_edit(env->store, m->from.e.id, &t, fields, 0, NULL, 0, SIDE_LOCAL, env->now));
	if (fields & BIT(FIELD_TITLE)) {	/* or mv back would find the two names to be one file */
		TRY(store_unalias(env->store, m->from.e.name));
		TRY(store_entry(env->store, m->from.e.id, &now));
	}
	TRY(tx_commit(&tx));
	if (fields & ~(uint32_t)BIT(FIELD_STATUS))
		env->forget(env->arg, node_ino(KIND_TASK, now.id), NULL);
	if (node_kind(m->from.ino) != KIND_TASK || !holds_tasks(m->to_dir) || strcmp(now.name, m->to))
		forget_names(m);
	else if (m->from.lasting)
		env->known = store_fed(env->store);
	return ERR_OK;
}

/* An editor's backup: its next step is to create the old name anew. */
static enum err park(struct move *m)
{
	struct file *over = m->there ? files_find(m->files, m->at.ino) : NULL;
	int64_t id;

	if (over)
		TRY(file_unlinked(m->env, over));
	TRY(store_park(m->env->store, m->from.e.id, is_open(m->to_dir), m->to, m->env->now, &id));
	m->env->backup.scratch = id;
	m->env->backup.task = m->from.e.id;
	forget_names(m);
	return ERR_OK;
}

static enum err rename_scratch(struct move *m)
{
	struct file *over = m->there ? files_find(m->files, m->at.ino) : NULL;
	enum scratch_place place;

	if (!tree_place(m->to_dir, &place))
		return ERR_PERM;
	if (over && over->ino != m->from.ino)
		TRY(file_unlinked(m->env, over));
	return store_scratch_rename(m->env->store, m->from.x.id, place, m->to);
}

/* The task whose save this is. *retitle: a backup that comes back under a new name. */
static enum err saved_task(struct move *m, int64_t *id, bool *retitle)
{
	AUTO_TASK parked = TASK_INIT;
	bool open = is_open(m->to_dir), fresh = false;
	struct entry new = { 0 };

	*retitle = false;
	if (m->there) {
		*id = m->at.e.id;
		return ERR_OK;
	}
	TRY(taken(m->env, m->to, 0));
	if (m->from.x.task && store_get(m->env->store, m->from.x.task, &parked) == ERR_OK && strcmp(parked.name, m->to) &&
	    store_revive(m->env->store, parked.name, open, m->env->now, id) == ERR_OK) {
		*retitle = true;
		return ERR_OK;
	}
	TRY(begin_task(m->env, m->files, m->to_dir, m->to, &new, &fresh));
	if (fresh)
		TRY(task_new(m->env, &new));
	*id = new.id;
	return ERR_OK;
}

#define RESTORE_MS 2000

/* vim, told that its save is refused, puts its backup back at once. The draft stays: it is what the user typed, and errors
 * says what is wrong with it. */
static bool is_restore(const struct move *m, int64_t id)
{
	const struct env *env = m->env;

	return env->backup.scratch == m->from.x.id && env->backup.task == id && env->backup.rejected == id &&
		env->now - env->backup.at < RESTORE_MS;
}

static enum err save_into(struct move *m, int64_t id, const char *s, size_t n)
{
	AUTO_BUF old = BUF_INIT;
	bool rewritten = false;

	if (is_restore(m, id))
		return ERR_OK;

	TRY(store_text(m->env->store, id, &old));
	TRY(buf_err(&old));
	if (text_blank(s, n) && !text_blank(old.s, old.n))
		return ERR_OK;
	enum err e = text_save(m->env, id, NULL, s, n, &rewritten);
	return text_rejected(e) ? ERR_OK : e;
}

static enum err retitle(struct move *m, int64_t id)
{
	AUTO_TASK t = TASK_INIT;
	struct entry was;

	TRY(store_entry(m->env->store, id, &was));
	TRY(set_title(&t, m->to));
	TRY(store_edit(m->env->store, id, &t, BIT(FIELD_TITLE), 0, NULL, 0, SIDE_LOCAL, m->env->now));
	return store_unalias(m->env->store, was.name);
}

/* A file written beside a task is renamed onto it: the same task, with this text. */
static enum err save(struct move *m)
{
	struct env *env = m->env;
	struct file *f = files_find(m->files, m->from.ino);
	AUTO_BUF tmp = BUF_INIT;
	const char *s = NULL;
	size_t n = 0;
	int64_t id;
	bool renamed;

	if (m->from.x.is_link)
		return ERR_PERM;
	if (f) {
		TRY(file_read(env, f, &tmp, &s, &n));
	} else {
		TRY(store_scratch_text(env->store, m->from.x.id, &tmp));
		TRY(buf_err(&tmp));
		s = buf_str(&tmp);
		n = tmp.n;
	}
	AUTO_TX tx = { 0 };
	TRY(tx_begin(env->store, &tx));
	TRY(saved_task(m, &id, &renamed));
	TRY(save_into(m, id, s, n));
	if (renamed)
		TRY(retitle(m, id));
	TRY(store_scratch_remove(env->store, m->from.x.id, env->now, env->grace_ms));
	TRY(store_closed(env->store, id, env->now, env->grace_ms));
	TRY(tx_commit(&tx));
	env->forget(env->arg, node_ino(KIND_TASK, id), NULL);
	return files_retarget(m->files, m->from.ino, node_ino(KIND_TASK, id));
}

enum err tree_rename(struct env *env, struct files *files, uint64_t dir, const char *name, uint64_t to_dir,
	const char *to, bool noreplace)
{
	struct move m = { .env = env, .files = files, .dir = dir, .to_dir = to_dir, .name = name, .to = to, .asked = to };

	if (strlen(to) > NAME_LEN)
		return ERR_NAME;
	TRY(tree_find(env, dir, name, &m.from));
	enum err e = tree_find(env, to_dir, to, &m.at);
	if (e && e != ERR_NOENT)
		return e;
	m.there = !e;
	unsigned kind = node_kind(m.from.ino);
	const struct kind_def *made = dirs_kind(m.from.ino);
	if (m.there && noreplace)
		return ERR_EXIST;
	if (made && made->give) {
		TRY(made->give(env, &m.from, to_dir, to));
		forget_names(&m);
		return ERR_OK;
	}
	if (kind == KIND_FIXED || (m.there && node_kind(m.at.ino) == KIND_FIXED))
		return ERR_PERM;
	if (kind == KIND_SCRATCH)
		return is_task_name(to_dir, to) ? save(&m) : rename_scratch(&m);
	if (!m.from.e.id)
		return ERR_PERM;
	if (made && !strcmp(name, to))
		m.to = m.from.e.name;
	if (!holds_tasks(to_dir) || name_is_task(m.to))
		return edit_by_name(&m);
	return kind == KIND_TASK ? park(&m) : ERR_PERM;
}
