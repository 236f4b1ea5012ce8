#include "kept_dirs.h"
#include "facts.h"
#include "text.h"
#include "views.h"
#include <stdio.h>
#include <string.h>

const char *const kept_version[NVERSIONS] = { "base", "mine", "theirs" };

/* ---- the three lists ----------------------------------------------------------------------------------- */

static const struct {
	enum fixed dir;
	unsigned kind;
	const char *cut;	/* this end of the file's name is not shown */
} kept[] = {
	[KEEP_CONFLICTS] = { NODE_CONFLICTS, KIND_CONFLICT, ".txt" },
	[KEEP_TRASH] = { NODE_TRASH, KIND_TRASH, "" },
	[KEEP_OUTBOX] = { NODE_OUTBOX, KIND_OUTBOX, "" },
};

static enum keep keep_in(uint64_t dir)
{
	enum keep which = KEEP_CONFLICTS;

	while (kept[which].dir != node_as_fixed(dir))
		which++;
	return which;
}

static enum keep keep_of(uint64_t ino)
{
	enum keep which = KEEP_CONFLICTS;

	while (kept[which].kind != node_kind(ino))
		which++;
	return which;
}

static enum err kept_find(struct env *env, uint64_t dir, const char *name, struct found *out)
{
	enum keep which = keep_in(dir);
	char file[2 * NAME_LEN];
	struct kept k;

	if (snprintf(file, sizeof(file), "%s%s", name, kept[which].cut) > NAME_LEN)
		return ERR_NOENT;
	TRY(store_kept_find(env->store, which, file, &k));
	out->ino = node_ino(kept[which].kind, k.id);
	out->ms = k.at;
	return ERR_OK;
}

static enum err kept_node(struct env *env, uint64_t ino, struct found *out)
{
	struct kept k;

	TRY(store_kept(env->store, keep_of(ino), node_id(ino), &k));
	out->ms = k.at;
	return ERR_OK;
}

struct listing {
	enum keep which;
	dir_put_fn *put;
	void *arg;
};

static bool put_kept(void *arg, const struct kept *k)
{
	struct listing *l = arg;
	char name[NAME_LEN + 1];
	size_t n = strlen(k->name) - strlen(kept[l->which].cut);

	memcpy(name, k->name, n);
	name[n] = '\0';
	return l->put(l->arg, node_ino(kept[l->which].kind, k->id), name);
}

static enum err kept_list(struct env *env, uint64_t dir, dir_put_fn *put, void *arg)
{
	struct listing l = { keep_in(dir), put, arg };

	return store_kept_list(env->store, l.which, 0, put_kept, &l);
}

/* The kernel holds the task as it was. */
static void stale(struct env *env, int64_t task)
{
	env->forget(env->arg, node_ino(KIND_TASK, task), NULL);
}

/* What to do instead, at the file where it was tried. */
static enum err refuse(struct env *env, enum keep which, const struct kept *k, enum err e, const char *advice)
{
	AUTO_BUF path = BUF_INIT;

	node_path(kept[which].dir, &path);
	buf_printf(&path, "/%.*s", (int)(strlen(k->name) - strlen(kept[which].cut)), k->name);
	dirs_refuse(env, buf_str(&path), "nothing changed; %s", advice);
	return e;
}

/* ---- conflicts/ ---------------------------------------------------------------------------------------- */

static enum version version_of(uint64_t ino)
{
	return (enum version)(node_kind(ino) - KIND_VERSION);
}

static void found_version(struct found *out, const struct kept *k, enum version v)
{
	out->ino = node_ino(KIND_VERSION + v, k->id);
	out->ms = k->at;
}

static enum err version_find(struct env *env, uint64_t dir, const char *name, struct found *out)
{
	char file[16];
	struct kept k;

	TRY(store_kept(env->store, KEEP_CONFLICTS, node_id(dir), &k));
	for (enum version v = 0; v < NVERSIONS; v++) {
		snprintf(file, sizeof(file), "%s.txt", kept_version[v]);
		if (k.versions & BIT(v) && !strcmp(file, name)) {
			found_version(out, &k, v);
			return ERR_OK;
		}
	}
	return ERR_NOENT;
}

static enum err version_node(struct env *env, uint64_t ino, struct found *out)
{
	struct kept k;

	TRY(store_kept(env->store, KEEP_CONFLICTS, node_id(ino), &k));
	if (!(k.versions & BIT(version_of(ino))))
		return ERR_NOENT;
	found_version(out, &k, version_of(ino));
	return ERR_OK;
}

static enum err version_list(struct env *env, uint64_t dir, dir_put_fn *put, void *arg)
{
	char file[16];
	struct kept k;

	TRY(store_kept(env->store, KEEP_CONFLICTS, node_id(dir), &k));
	for (enum version v = 0; v < NVERSIONS; v++) {
		snprintf(file, sizeof(file), "%s.txt", kept_version[v]);
		if (k.versions & BIT(v) && !put(arg, node_ino(KIND_VERSION + v, k.id), file))
			break;
	}
	return ERR_OK;
}

static enum err version_text(struct env *env, const struct found *at, struct buf *out)
{
	AUTO_TASK t = TASK_INIT;

	TRY(store_conflict_version(env->store, node_id(at->ino), version_of(at->ino), &t));
	text_render(&t, NULL, 0, out);
	return buf_err(out);
}

static enum err version_remove(struct env *env, uint64_t dir, const struct found *at)
{
	return store_conflict_forget(env->store, node_id(at->ino), version_of(at->ino));
}

static enum err conflict_remove(struct env *env, uint64_t dir, const struct found *at)
{
	return store_conflict_dismiss(env->store, node_id(at->ino));
}

/* Is that the conflict's task, or the place where it was until it was deleted? */
static enum err is_its_file(struct env *env, const struct kept *k, uint64_t dir, const char *name, bool *out)
{
	AUTO_TASK t = TASK_INIT;
	struct found there;
	enum gone gone;
	enum err e = tree_find(env, dir, name, &there);

	*out = !e && there.ino == node_ino(KIND_TASK, k->task);
	if (e != ERR_NOENT || dirs_dir(dir))
		return e == ERR_NOENT ? ERR_OK : e;
	TRY(store_get(env->store, k->task, &t));
	TRY(store_gone(env->store, k->task, &gone));
	*out = gone == GONE_DELETED && (str_eq(name, t.name) || str_eq(name, k->name));
	return ERR_OK;
}

static enum err version_give(struct env *env, const struct found *at, uint64_t to_dir, const char *to)
{
	enum version v = version_of(at->ino);
	struct kept k;
	int64_t task;
	bool its;

	TRY(store_kept(env->store, KEEP_CONFLICTS, node_id(at->ino), &k));
	TRY(is_its_file(env, &k, to_dir, to, &its));
	if (!its || v == VERSION_BASE)
		return refuse(env, KEEP_CONFLICTS, &k, ERR_PERM,
			"mv mine.txt or theirs.txt onto the task's own file in open/ or completed/ to take "
			"it; cp it elsewhere");
	TRY(store_conflict_take(env->store, k.id, v, env->now, env->grace_ms, &task));
	if (task)
		stale(env, task);
	return ERR_OK;
}

/* ---- outbox/ ------------------------------------------------------------------------------------------- */

static enum err outbox_text(struct env *env, const struct found *at, struct buf *out)
{
	return facts_outbox(env->store, node_id(at->ino), env->now, out);
}

static enum err outbox_remove(struct env *env, uint64_t dir, const struct found *at)
{
	struct kept k;

	TRY(store_kept(env->store, KEEP_OUTBOX, node_id(at->ino), &k));
	enum err e = store_cancel(env->store, k.task, env->now, env->grace_ms);
	if (e == ERR_PERM)
		return refuse(env, KEEP_OUTBOX, &k, e,
			"it was edited on the other side; to have the former value, edit the task's file");
	if (e == ERR_BUSY)
		return refuse(env, KEEP_OUTBOX, &k, e,
			"it is being sent; to take it back, rm the task's file in open/");
	if (!e)
		stale(env, k.task);
	return e;
}

static enum err outbox_touch(struct env *env, const struct found *at)
{
	TRY(store_retry(env->store, node_id(at->ino), env->now));
	env->kick(env->arg);
	return ERR_OK;
}

/* ---- trash/ -------------------------------------------------------------------------------------------- */

static enum err trash_text(struct env *env, const struct found *at, struct buf *out)
{
	TRY(store_text(env->store, node_id(at->ino), out));
	return buf_err(out);
}

static enum err trash_remove(struct env *env, uint64_t dir, const struct found *at)
{
	struct kept k;

	TRY(store_kept(env->store, KEEP_TRASH, node_id(at->ino), &k));
	enum err e = store_trash_forget(env->store, k.task, env->now);
	return e == ERR_BUSY ? refuse(env, KEEP_TRASH, &k, e,
		"it can be purged ten minutes after its deletion, when all sides have that; the trash "
		"empties itself after 15 days or more") : e;
}

static enum err restore(struct env *env, const struct kept *k, const char *to, struct task *t,
	uint32_t fields)
{
	struct entry e;
	int64_t id;
	bool renamed;
	AUTO_TX tx = { 0 };

	TRY(tx_begin(env->store, &tx));
	TRY(store_restore(env->store, k->task, NULL, env->now, env->grace_ms, &id));
	TRY(store_entry(env->store, id, &e));
	renamed = strcmp(to, e.name) && strcmp(to, k->name);
	if (renamed)
		TRY(view_rename(to, t, &fields));
	TRY(store_edit(env->store, id, t, fields, 0, NULL, 0, SIDE_LOCAL, env->now));
	if (renamed)
		TRY(store_unalias(env->store, e.name));
	TRY(tx_commit(&tx));
	stale(env, id);
	return ERR_OK;
}

/* To open/, completed/, or to a view that means something: then that is set, too. */
static enum err trash_give(struct env *env, const struct found *at, uint64_t to_dir, const char *to)
{
	AUTO_TASK t = TASK_INIT;
	struct kept k;
	struct entry e;
	uint32_t fields = 0;

	TRY(store_kept(env->store, KEEP_TRASH, node_id(at->ino), &k));
	if (!name_is_task(to) || view_verb(node_as_fixed(to_dir), env->today, &t, &fields))
		return refuse(env, KEEP_TRASH, &k, ERR_PERM, "to restore it, mv it to open/ or completed/");
	enum err there = store_lookup(env->store, to, &e);
	if (!there)
		return refuse(env, KEEP_TRASH, &k, ERR_EXIST,
			"another task has this name; mv it to open/ under a new one");
	return there == ERR_NOENT ? restore(env, &k, to, &t, fields) : there;
}

/* ---- the rows ------------------------------------------------------------------------------------------ */

static const struct dir_def conflict_dir = {
	.find = version_find,
	.list = version_list,
	.remove = version_remove,
	.no_take = "to settle a conflict, mv mine.txt or theirs.txt onto the task's file",
};
const struct dir_def conflicts_dir = {
	.find = kept_find,
	.list = kept_list,
	.remove = conflict_remove,
	.no_take = "conflicts arise by themselves",
};
const struct dir_def outbox_dir = {
	.find = kept_find,
	.list = kept_list,
	.remove = outbox_remove,
	.no_take = "what is edited is sent by itself; to try again now: touch the task's file in "
	".remindfs/outbox",
};
const struct dir_def trash_dir = {
	.find = kept_find,
	.list = kept_list,
	.remove = trash_remove,
	.no_take = "to delete it, rm it in open/ or completed/",
};
const struct kind_def conflict_kind = {
	.mode = S_IFDIR | 0755,
	.parent = NODE_CONFLICTS,
	.node = kept_node,
	.dir = &conflict_dir,
};
const struct kind_def version_file = {
	.mode = S_IFREG | 0644,
	.node = version_node,
	.text = version_text,
	.give = version_give,
};
const struct kind_def outbox_file = {
	.mode = S_IFREG | 0644,
	.node = kept_node,
	.text = outbox_text,
	.touch = outbox_touch,
};
const struct kind_def trash_file = {
	.mode = S_IFREG | 0644,
	.node = kept_node,
	.text = trash_text,
	.give = trash_give,
};
