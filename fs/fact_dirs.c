#include "fact_dirs.h"
#include "facts.h"
#include "view_dirs.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TAIL ".txt"	/* not shown, so that find counts a task once */

/* ---- every visible task -------------------------------------------------------------------------------- */

struct listing {
	unsigned kind;
	dir_put_fn *put;
	void *arg;
	bool stopped;
};

static void id_name(int64_t id, char out[NAME_LEN + 1])
{
	snprintf(out, NAME_LEN + 1, "%" PRId64 TAIL, id);
}

static bool put_task(void *arg, const struct entry *e)
{
	struct listing *l = arg;
	char name[NAME_LEN + 1];

	if (l->kind == KIND_BY_ID)
		id_name(e->id, name);
	else
		snprintf(name, sizeof(name), "%.*s", (int)(strlen(e->name) - strlen(TAIL)), e->name);
	l->stopped = !l->put(l->arg, node_ino(l->kind, e->id), name);
	return !l->stopped;
}

static enum err list_tasks(struct env *env, unsigned kind, dir_put_fn *put, void *arg)
{
	static const char *const status[] = { TASK_OPEN, TASK_COMPLETE };
	struct listing l = { .kind = kind, .put = put, .arg = arg };

	for (int i = 0; i < 2 && !l.stopped; i++)
		TRY(store_list(env->store, &(struct filter){ .status = status[i], .brief = true }, 0,
			put_task, &l));
	return ERR_OK;
}

static enum err by_id_list(struct env *env, uint64_t dir, dir_put_fn *put, void *arg)
{
	return list_tasks(env, KIND_BY_ID, put, arg);
}

static enum err history_list(struct env *env, uint64_t dir, dir_put_fn *put, void *arg)
{
	return list_tasks(env, KIND_HISTORY, put, arg);
}

static enum err info_list(struct env *env, uint64_t dir, dir_put_fn *put, void *arg)
{
	return list_tasks(env, KIND_INFO, put, arg);
}

/* ---- one of them --------------------------------------------------------------------------------------- */

static enum err by_id_find(struct env *env, uint64_t dir, const char *name, struct found *out)
{
	char canonical[NAME_LEN + 1];
	int64_t id = 0;

	if (sscanf(name, "%" SCNd64, &id) != 1)
		return ERR_NOENT;
	id_name(id, canonical);
	if (strcmp(canonical, name))
		return ERR_NOENT;
	TRY(store_entry(env->store, id, &out->e));
	out->ino = node_ino(KIND_BY_ID, id);
	out->ms = out->e.changed_at;
	return ERR_OK;
}

/* The file is no task: found->e stays empty, so that to move it is not to move the task. */
static enum err find_fact(struct env *env, unsigned kind, const char *name, struct found *out)
{
	char file[NAME_LEN + sizeof(TAIL)];
	struct entry e;

	snprintf(file, sizeof(file), "%s" TAIL, name);
	enum err err = store_lookup(env->store, file, &e);
	if (err == ERR_NOENT)	/* with it is fine, too */
		err = store_lookup(env->store, name, &e);
	TRY(err);
	out->ino = node_ino(kind, e.id);
	out->ms = e.changed_at;
	return ERR_OK;
}

static enum err history_find(struct env *env, uint64_t dir, const char *name, struct found *out)
{
	return find_fact(env, KIND_HISTORY, name, out);
}

static enum err info_find(struct env *env, uint64_t dir, const char *name, struct found *out)
{
	return find_fact(env, KIND_INFO, name, out);
}

static enum err fact_node(struct env *env, uint64_t ino, struct found *out)
{
	struct entry e;

	TRY(store_entry(env->store, node_id(ino), &e));
	out->ms = e.changed_at;
	return ERR_OK;
}

static enum err history_text(struct env *env, const struct found *at, struct buf *out)
{
	return facts_history(env->store, node_id(at->ino), out);
}

static enum err info_text(struct env *env, const struct found *at, struct buf *out)
{
	return facts_info(env->store, node_id(at->ino), out);
}

/* ---- the rows ------------------------------------------------------------------------------------------ */

const struct dir_def by_id_dir = {
	.find = by_id_find,
	.list = by_id_list,
	.no_take = "tasks are here by themselves",
	.no_remove = "to complete it, mv it to completed/; to delete it, rm it in open/",
};
const struct dir_def history_dir = {
	.find = history_find,
	.list = history_list,
	.no_take = "tasks are here by themselves",
};
const struct dir_def info_dir = {
	.find = info_find,
	.list = info_list,
	.no_take = "tasks are here by themselves",
};
const struct kind_def by_id_link = {
	.mode = S_IFLNK | 0777,
	.node = view_link_node,
	.text = view_deep_text,
};
const struct kind_def history_file = {
	.mode = S_IFREG | 0444,
	.node = fact_node,
	.text = history_text,
};
const struct kind_def info_file = {
	.mode = S_IFREG | 0444,
	.node = fact_node,
	.text = info_text,
};
