/* Is what somebody typed still anywhere? And what is kept of two values that clashed. */
#include "sim.h"
#include <stdlib.h>
#include <string.h>

struct search {
	struct sim *s;
	struct mount *m;
	const struct typed *t;
	bool found;
};

static bool says(const struct typed *t, const char *value)
{
	return value && (t->field == FIELD_TITLE ? strstr(value, t->value) != NULL : !strcmp(value, t->value));
}

static bool in_conflict(void *arg, const struct kept *k)
{
	struct search *x = arg;
	for (enum version v = 0; v < NVERSIONS && !x->found; v++) {
		AUTO_TASK t = TASK_INIT;
		if (store_conflict_version(x->m->store, k->id, v, &t) == ERR_OK)
			x->found = says(x->t, t.field[x->t->field]);
	}
	return !x->found;
}

static bool in_trash(void *arg, const struct kept *k)
{
	struct search *x = arg;
	AUTO_TASK t = TASK_INIT;
	if (store_get(x->m->store, k->task, &t) == ERR_OK)
		x->found = says(x->t, t.field[x->t->field]);
	return !x->found;
}

/* D5: the task left the view, and what was typed waits until it is back. */
static bool waits_away(const struct sim *s, struct mount *m, const struct typed *t)
{
	bool found = false;
	for (int64_t row = 1; s->logical[t->task].out_of_sight && !found && row < ROWS_MAX; row++) {
		AUTO_TASK x = TASK_INIT;
		enum gone gone;
		if (store_gone(m->store, row, &gone) != ERR_OK)
			break;
		if (gone == GONE_AWAY && store_get(m->store, row, &x) == ERR_OK)
			found = says(t, x.field[t->field]);
	}
	return found;
}

static bool kept_in(struct sim *s, struct mount *m, const struct typed *t)
{
	struct search x = { s, m, t, false };
	if (store_kept_list(m->store, KEEP_CONFLICTS, 0, in_conflict, &x) != ERR_OK)
		abort();
	if (!x.found && store_kept_list(m->store, KEEP_TRASH, 0, in_trash, &x) != ERR_OK)
		abort();
	return x.found;
}

static bool stands_there(const struct sim *s, const struct typed *t, bool anywhere)
{
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		for (int i = 0; i < s->server[side].n; i++) {
			const struct record *r = &s->server[side].rec[i];
			if (!r->deleted && (anywhere || r->task == t->task) && says(t, r->word[t->field]))
				return true;
		}
	return false;
}

static bool stands_here(struct sim *s, int mount, const struct typed *t)
{
	int64_t row[ROWS_MAX];
	int n = mount_rows(s, mount, row);
	bool found = false;
	for (int i = 0; i < n && !found; i++) {
		AUTO_TASK x = TASK_INIT;
		if (mount_task(s, mount, row[i]) == t->task && store_get(s->mount[mount].store, row[i], &x) == ERR_OK)
			found = says(t, x.field[t->field]);
	}
	return found;
}

/* A subject is Salesforce's own until the name changes here or in Sales Connect (R25, R26), or the task is deleted. */
static bool may_be_replaced(const struct sim *s, const struct typed *t)
{
	const struct logical *g = &s->logical[t->task];
	return t->field == FIELD_TITLE && t->who == -2 && (g->crossed_name || g->removed > 0);
}

/* D3: an edit that had not come to who deleted the task is kept as a conflict; the trash alone does not show it. */
static bool is_in_conflict(struct sim *s, const struct typed *t)
{
	const struct logical *g = &s->logical[t->task];
	struct search x = { s, &s->mount[0], t, false };
	if (s->script->setup.mounts > 1 || s->script->setup.mirror || t->field == FIELD_TITLE || g->copies > 1 || g->out_of_sight || g->was_hidden)
		return true;
	if (store_kept_list(s->mount[0].store, KEEP_CONFLICTS, 0, in_conflict, &x) != ERR_OK)
		abort();
	return x.found;
}

void oracle_lost(struct sim *s, const struct typed *t)
{
	bool known = t->replaced || may_be_replaced(s, t) || stands_there(s, t, false) || stands_here(s, 0, t) || waits_away(s, &s->mount[0], t);
	if (!known && t->alike && stands_there(s, t, true)) {
		s->figures->mistaken++;
		return;
	}
	if (!known && kept_in(s, &s->mount[0], t) && !is_in_conflict(s, t))
		sim_fail(s, LOST, "D3: task %d: %s \"%s\", typed by %d, is in the trash and in no conflict", t->task,
			task_field[t->field].name, t->value, t->who);
	bool found = t->replaced || may_be_replaced(s, t) || stands_there(s, t, false);
	for (int i = 0; i < s->script->setup.mounts && !found; i++)
		found = stands_here(s, i, t) || kept_in(s, &s->mount[i], t) || waits_away(s, &s->mount[i], t);
	if (!found)
		sim_fail(s, LOST, "task %d: %s \"%s\", typed by %d, is nowhere", t->task, task_field[t->field].name, t->value,
			t->who);
}

/* ---- the trash ---- */

struct sought {
	int64_t row;
	bool found;
};

static bool is_row(void *arg, const struct kept *k)
{
	struct sought *x = arg;
	x->found = k->task == x->row;
	return !x->found;
}

bool grave_is_there(struct sim *s, const struct grave *g)
{
	struct sought x = { g->row, false };
	if (store_kept_list(s->mount[g->mount].store, KEEP_TRASH, 0, is_row, &x) != ERR_OK)
		abort();
	return x.found;
}

/* Their edits still come to what is deleted here (D3). */
static void check_grave(struct sim *s, struct grave *g)
{
	static const enum field text[] = { FIELD_TITLE, FIELD_DUE, FIELD_DETAILS };
	struct mount *m = &s->mount[g->mount];
	AUTO_TASK t = TASK_INIT;
	if (store_get(m->store, g->row, &t) != ERR_OK)
		abort();
	for (size_t i = 0; i < COUNT(text); i++) {
		char *was = g->word[text[i]];
		struct typed typed = { .field = text[i] };
		struct search x = { s, m, &typed, same(was, t.field[text[i]]) || !*was };
		memcpy(typed.value, was, WORD);
		if (!x.found && store_kept_list(m->store, KEEP_CONFLICTS, 0, in_conflict, &x) != ERR_OK)
			abort();
		if (!x.found)
			sim_fail(s, LOST, "row %lld was deleted at mount %d, and its trash does not have its %s \"%s\"", (long long)g->row,
				g->mount, task_field[text[i]].name, was);
		snprintf(was, WORD, "%s", t.field[text[i]] ? t.field[text[i]] : "");
	}
}

void oracle_graves(struct sim *s, int mount)
{
	for (int i = 0; i < s->n_graves; i++) {
		struct grave *g = &s->grave[i];
		if (g->mount != mount)
			continue;
		if (!grave_is_there(s, g))
			sim_fail(s, LOST, "row %lld was deleted at mount %d, and is not in its trash", (long long)g->row, mount);
		check_grave(s, g);
	}
}

/* ---- conflicts ---- */

/* D1: equal values are none. */
static bool says_two_things(void *arg, const struct kept *k)
{
	struct search *x = arg;
	AUTO_TASK mine = TASK_INIT, theirs = TASK_INIT;
	bool both = store_conflict_version(x->m->store, k->id, VERSION_MINE, &mine) == ERR_OK &&
		store_conflict_version(x->m->store, k->id, VERSION_THEIRS, &theirs) == ERR_OK;
	bool all = both;
	for (int f = 0; f < TASK_NFIELDS; f++)
		all &= same(mine.field[f], theirs.field[f]);
	if (all)
		sim_fail(x->s, DIVERGED, "D1: a conflict of row %lld, and both say the same", (long long)k->task);
	return !all;
}

void oracle_conflicts(struct sim *s, int mount)
{
	struct search x = { .s = s, .m = &s->mount[mount] };
	if (store_kept_list(x.m->store, KEEP_CONFLICTS, 0, says_two_things, &x) != ERR_OK)
		abort();
}
