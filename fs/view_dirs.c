#include "view_dirs.h"
#include <string.h>

static unsigned view_at(uint64_t dir)
{
	return (unsigned)view_of(node_as_fixed(dir));
}

static void link_to(unsigned view, struct found *out)
{
	out->ino = node_ino(KIND_LINK + view, out->e.id);
	out->ms = out->e.changed_at;
	out->lasting = false;
}

static enum err view_find(struct env *env, uint64_t dir, const char *name, struct found *out)
{
	unsigned view = view_at(dir);
	int64_t id;
	const char *of = view_task_name(view, name, &id);
	char shown[NAME_LEN + 1];

	if (!of)
		return ERR_NOENT;
	enum err e = store_lookup(env->store, of, &out->e);
	if (e == ERR_NOENT && id)
		e = store_entry(env->store, id, &out->e);
	TRY(e);
	view_name(view, &out->e, shown);
	if (!view_holds(view, env->today, &out->e) || strcmp(shown, name))
		return ERR_NOENT;
	link_to(view, out);
	return ERR_OK;
}

struct listing {
	const char *today;
	unsigned view;
	dir_put_fn *put;
	void *arg;
};

static bool put_one(void *arg, const struct entry *e)
{
	struct listing *l = arg;
	char name[NAME_LEN + 1];

	if (!view_holds(l->view, l->today, e))
		return true;
	view_name(l->view, e, name);
	return l->put(l->arg, node_ino(KIND_LINK + l->view, e->id), name);
}

static enum err view_list(struct env *env, uint64_t dir, dir_put_fn *put, void *arg)
{
	struct listing l = { env->today, view_at(dir), put, arg };
	struct view_range range;

	TRY(view_range(l.view, env->today, &range));
	return store_list(env->store, &range.filter, 0, put_one, &l);
}

static enum err view_take(struct env *env, uint64_t dir, struct task *t, uint32_t *fields)
{
	return view_verb(node_as_fixed(dir), env->today, t, fields);
}

static enum err view_remove(struct env *env, uint64_t dir, const struct found *at)
{
	AUTO_TASK t = TASK_INIT;
	uint32_t fields = 0;

	TRY(view_unverb(view_at(dir), &t, &fields));
	TRY(store_edit(env->store, at->e.id, &t, fields, 0, NULL, 0, SIDE_LOCAL, env->now));
	env->forget(env->arg, node_ino(KIND_TASK, at->e.id), NULL);
	return ERR_OK;
}

enum err view_link_node(struct env *env, uint64_t ino, struct found *out)
{
	TRY(store_entry(env->store, node_id(ino), &out->e));
	out->ms = out->e.changed_at;
	return ERR_OK;
}

static enum err target_text(const struct entry *e, int up, struct buf *out)
{
	char target[NODE_LINK_LEN];

	node_link_target(e, up, target);
	buf_puts(out, target);
	return buf_err(out);
}

static enum err link_text(struct env *env, const struct found *at, struct buf *out)
{
	return target_text(&at->e, 1, out);
}

enum err view_deep_text(struct env *env, const struct found *at, struct buf *out)
{
	return target_text(&at->e, 2, out);
}

#define BY_EDITING "edit its Due: line, or mv it to today/, tomorrow/ or someday/"

const struct dir_def view_day_dir = {
	.find = view_find,
	.list = view_list,
	.take = view_take,
	.no_remove = "to complete it, mv it to completed/; for no date, mv it to someday/; to delete it, rm "
	"it in open/",
};
const struct dir_def view_someday_dir = {
	.find = view_find,
	.list = view_list,
	.take = view_take,
	.no_remove = "to complete it, mv it to completed/; for a date, mv it to today/ or tomorrow/; to "
	"delete it, rm it in open/",
};
const struct dir_def view_high_dir = {
	.find = view_find,
	.list = view_list,
	.take = view_take,
	.remove = view_remove,
};
const struct dir_def view_span_dir = {
	.find = view_find,
	.list = view_list,
	.no_take = BY_EDITING,
	.no_remove = "to complete it, mv it to completed/; for another date, " BY_EDITING
	"; to delete it, rm it in open/",
};
const struct kind_def view_link = {
	.mode = S_IFLNK | 0777,
	.node = view_link_node,
	.text = link_text,
};
