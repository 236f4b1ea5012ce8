#include "group_dirs.h"
#include "view_dirs.h"
#include <string.h>

static const struct {
	enum fixed dir;
	enum kind kind;
	unsigned view;
} place[NGROUPS] = {
	[GROUP_PERSON] = { NODE_BY_PERSON, KIND_PERSON, VIEW_PERSON },
	[GROUP_SEARCH] = { NODE_SEARCH, KIND_SEARCH, VIEW_SEARCH },
};

/* Of by-person/, search/, or a directory in it. */
static enum grouping grouping_of(uint64_t dir)
{
	return dirs_fixed(dir) == NODE_SEARCH ? GROUP_SEARCH : GROUP_PERSON;
}

struct listing {
	enum grouping by;
	dir_put_fn *put;
	void *arg;
};

/* ---- the directories ----------------------------------------------------------------------------------- */

static void found_group(enum grouping by, const struct group *g, struct found *out)
{
	out->ino = node_ino(place[by].kind, g->id);
	out->ms = g->made_at;
	out->lasting = false;
}

static enum err groups_find(struct env *env, uint64_t dir, const char *name, struct found *out)
{
	enum grouping by = grouping_of(dir);
	struct group g;

	TRY(store_group_find(env->store, by, name, &g));
	found_group(by, &g, out);
	return ERR_OK;
}

static bool put_group(void *arg, const struct group *g)
{
	struct listing *l = arg;

	return l->put(l->arg, node_ino(place[l->by].kind, g->id), g->name);
}

static enum err groups_list(struct env *env, uint64_t dir, dir_put_fn *put, void *arg)
{
	struct listing l = { grouping_of(dir), put, arg };

	return store_groups(env->store, l.by, put_group, &l);
}

static enum err group_node(struct env *env, uint64_t ino, struct found *out)
{
	struct group g;

	TRY(store_group(env->store, grouping_of(ino), node_id(ino), &g));
	found_group(grouping_of(ino), &g, out);
	return ERR_OK;
}

/* ---- what is in one ------------------------------------------------------------------------------------ */

static enum err group_find(struct env *env, uint64_t dir, const char *name, struct found *out)
{
	enum grouping by = grouping_of(dir);

	TRY(store_lookup(env->store, name, &out->e));
	TRY(store_group_holds(env->store, by, node_id(dir), out->e.id));
	out->ino = node_ino(KIND_LINK + place[by].view, out->e.id);
	out->lasting = false;
	return ERR_OK;
}

static bool put_task(void *arg, const struct entry *e)
{
	struct listing *l = arg;

	return l->put(l->arg, node_ino(KIND_LINK + place[l->by].view, e->id), e->name);
}

static enum err group_list(struct env *env, uint64_t dir, dir_put_fn *put, void *arg)
{
	struct listing l = { grouping_of(dir), put, arg };

	return store_group_tasks(env->store, l.by, node_id(dir), put_task, &l);
}

/* ---- mkdir, mv, rmdir ---------------------------------------------------------------------------------- */

static enum err search_make(struct env *env, uint64_t dir, const char *name)
{
	return store_search_make(env->store, name, env->now);
}

static enum err search_remove(struct env *env, uint64_t dir, const struct found *at)
{
	return store_search_drop(env->store, node_id(at->ino));
}

static enum err search_give(struct env *env, const struct found *at, uint64_t to_dir, const char *to)
{
	return to_dir == node_fixed_ino(NODE_SEARCH) ? store_search_rename(env->store, node_id(at->ino), to)
		: ERR_PERM;
}

static enum err person_give(struct env *env, const struct found *at, uint64_t to_dir, const char *to)
{
	struct group g;
	AUTO_BUF path = BUF_INIT;

	TRY(store_group(env->store, GROUP_PERSON, node_id(at->ino), &g));
	buf_printf(&path, "%s/%s", node_fixed[NODE_BY_PERSON].name, g.name);
	dirs_refuse(env, buf_str(&path), "not renamed; a person is renamed in Sales Connect or Salesforce, "
		"and here after the next sync");
	return ERR_PERM;
}

#define SET_ONCE "a task's person is set when it is made: write Person: NAME <mail> in a new file in open/"
#define TO_END "to complete a task, mv it to completed/; to delete it, rm it in open/"

const struct dir_def by_person_dir = {
	.find = groups_find,
	.list = groups_list,
	.no_take = SET_ONCE,
	.no_make = "whom an open task names is listed by itself; " SET_ONCE,
	.no_remove = "a person without open tasks is not listed; " TO_END,
};
const struct dir_def search_dir = {
	.find = groups_find,
	.list = groups_list,
	.make = search_make,
	.remove = search_remove,
	.no_take = "a search finds by itself what holds its words: edit the task; a new search: mkdir "
	"search/WORDS",
};
static const struct dir_def person_dir = {
	.find = group_find,
	.list = group_list,
	.no_take = SET_ONCE,
	.no_make = "no directory can be made there; a saved search: mkdir search/WORDS",
	.no_remove = TO_END,
};
static const struct dir_def hits_dir = {
	.find = group_find,
	.list = group_list,
	.no_take = "a search finds by itself what holds its words: edit the task",
	.no_make = "a search holds no other: mkdir search/WORDS",
	.no_remove = "to drop the search, rmdir it; " TO_END " or completed/",
};
const struct kind_def person_kind = {
	.mode = S_IFDIR | 0755,
	.parent = NODE_BY_PERSON,
	.node = group_node,
	.give = person_give,
	.dir = &person_dir,
};
const struct kind_def search_kind = {
	.mode = S_IFDIR | 0755,
	.parent = NODE_SEARCH,
	.node = group_node,
	.give = search_give,
	.dir = &hits_dir,
};
const struct kind_def group_link = {
	.mode = S_IFLNK | 0777,
	.node = view_link_node,
	.text = view_deep_text,
};
