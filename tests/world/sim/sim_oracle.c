/*
 * What must hold, written from rules.md. It knows the links of a store only to tell which row and which record are
 * meant to be the same task.
 */
#include "sim.h"
#include <stdlib.h>
#include <string.h>

static const struct setup *setup_of(const struct sim *s)
{
	return &s->script->setup;
}

static bool has(const struct sim *s, enum side side)
{
	return setup_of(s)->sides & BIT(side);
}

bool template_stays(const struct sim *s)
{
	for (int i = 0; i < s->script->n; i++)
		if (!strcmp(op_def(s->script->op[i].kind)->name, "sc-template"))
			return false;
	return true;
}

/* Since when is it in that system, for those who did not make it? Never: it is as old as time. */
int64_t there_since(const struct sim *s, int task, enum side side)
{
	for (int i = 0; i < s->server[side].n; i++)	/* the oldest first */
		if (s->server[side].rec[i].task == task)
			return s->server[side].rec[i].true_at;
	return 0;
}

/* ---- the end as it is ---- */

struct end {			/* of one task */
	int live[NSIDES];	/* records there */
	int seen[MOUNTS_MAX];	/* rows in the view */
};

/* Creates in doubt that say the same may change places, and a task that was brought back may take the mirror's copy of what it was:
 * whose a record is, the store says that made it. */
void know_owner(struct sim *s, enum side side, struct record *r)
{
	AUTO_LINK l = LINK_INIT;
	int mount = r->made_by == MIRROR ? 0 : r->made_by;
	if (mount < 0 || store_link_by_rid(s->mount[mount].store, side, r->id, &l) != ERR_OK)
		return;
	int task = mount_task(s, mount, l.task);
	if (task >= 0)
		r->task = task;
}

static int live_in(const struct server *v, int task)
{
	int n = 0;
	for (int i = 0; i < v->n; i++)
		n += v->rec[i].task == task && !v->rec[i].deleted;
	return n;
}

static bool look_the_same(const struct record *a, const struct record *b)
{
	bool yes = !strcmp(a->person, b->person);
	for (enum field f = FIELD_STATUS; f < TASK_NFIELDS; f++)
		yes &= !strcmp(a->word[f], b->word[f]);
	return yes;
}

/* In Sales Connect, but for the name. */
static bool are_alike(const struct server *v, int task, int other)
{
	bool yes = false;
	for (int i = 0; i < v->n; i++)
		for (int k = 0; k < v->n && v->rec[i].task == task; k++)
			yes |= v->rec[k].task == other && look_the_same(&v->rec[i], &v->rec[k]);
	return yes;
}

/* A template without a name makes several the same, and of which of them a copy is, knows who made it. If he syncs no more, or made it
 * beside another (unknown), others take it for that of a task that lacks one; if a task's own copy cannot be known, for that one's. And
 * they copy its task again. */
static void take_for_another(struct sim *s, struct record *r, bool unknown)
{
	for (int i = 0; i < setup_of(s)->mounts; i++) {
		AUTO_LINK l = LINK_INIT;
		if (!s->mount[i].sf_on || store_link_by_rid(s->mount[i].store, SIDE_SF, r->id, &l) != ERR_OK)
			continue;
		int task = mount_task(s, i, l.task);
		bool other = task >= 0 && task != r->task && are_alike(&s->server[SIDE_SC], task, r->task);
		bool lacks = other && unknown && live_in(&s->server[SIDE_SF], task) < s->logical[task].copies;
		if (!other || !(lacks || s->logical[task].beyond))
			continue;
		r->task = task;
		s->figures->taken++;
		return;
	}
}

static void know_taken(struct sim *s)
{
	struct server *v = &s->server[SIDE_SF];
	bool told = setup_of(s)->keyed || template_has_name(s->server[SIDE_SC].template);
	for (int i = 0; i < v->n && !told; i++) {
		struct record *r = &v->rec[i];
		bool copy = r->made_by >= 0 && r->task >= 0 && !r->deleted;
		if (copy && live_in(v, r->task) > s->logical[r->task].copies)
			take_for_another(s, r, !s->mount[r->made_by].sf_on || s->logical[r->task].beyond);
	}
}

static void count_records(struct sim *s, struct end *end)
{
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		for (int i = 0; i < s->server[side].n; i++)
			know_owner(s, side, &s->server[side].rec[i]);
	know_taken(s);
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		for (int i = 0; i < s->server[side].n; i++) {
			const struct record *r = &s->server[side].rec[i];
			if (!r->deleted && r->task >= 0)
				end[r->task].live[side]++;
		}
}

static bool see_told(void *arg, const struct waiting *w)
{
	bool *told = arg;
	*told |= w->side == SIDE_SC && w->err == ERR_EXIST && w->next < 0;
	return !*told;
}

/* That it has a copy which nobody can tell from others is said in errors: it is shown twice, and waits for its user. */
static bool is_told(struct sim *s, int mount, int64_t row)
{
	bool told = false;
	if (store_waiting(s->mount[mount].store, row, s->now, see_told, &told) != ERR_OK)
		abort();
	return told;
}

/* Of two made alike one may have the other's record by now, as they show the same (sync/order.c): then it is that one. */
static int task_of_row(struct sim *s, int mount, int64_t row)
{
	AUTO_LINK l = LINK_INIT;
	int task = mount_task(s, mount, row);
	const struct server *v = &s->server[SIDE_SC];
	if (task < 0 || s->logical[task].copies < 2 || store_link(s->mount[mount].store, row, SIDE_SC, &l) != ERR_OK)
		return task;
	for (int i = 0; i < v->n; i++)
		if (v->rec[i].task >= 0 && str_eq(v->rec[i].id, l.rid))
			return v->rec[i].task;
	return task;
}

static void count_rows(struct sim *s, struct end *end)
{
	for (int i = 0; i < setup_of(s)->mounts; i++) {
		int64_t row[ROWS_MAX];
		int n = mount_rows(s, i, row);
		for (int k = 0; k < n; k++) {
			int task = task_of_row(s, i, row[k]);
			if (task >= 0)
				end[task].seen[i] += !is_told(s, i, row[k]);
			else
				sim_fail(s, DOUBLED, "mount %d shows row %lld, and it is nobody's", i, (long long)row[k]);
		}
	}
}

/* ---- nothing doubled ---- */

static void check_doubled(struct sim *s, int task, const struct end *e)
{
	int copies = s->logical[task].copies;
	bool others = setup_of(s)->mounts > 1;	/* who has not seen it before it was out of sight has to copy it again */
	if (s->logical[task].was_hidden || s->logical[task].undeleted || mirror_left(s, task) || (others && s->logical[task].out_of_sight))
		return;
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		if (e->live[side] > copies)
			sim_fail(s, DOUBLED, "task %d: %d records in %s instead of %d", task, e->live[side], side_name[side],
				copies);
	for (int i = 0; i < setup_of(s)->mounts; i++)
		if (e->seen[i] > copies)
			sim_fail(s, DOUBLED, "task %d: %d files in mount %d instead of %d", task, e->seen[i], i, copies);
}

/* ---- everything is where it belongs ---- */

/* R19, D5: absence, another owner, another right are no deletion. */
static void check_deleted(struct sim *s)
{
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		for (int i = 0; i < s->server[side].n; i++) {
			const struct record *r = &s->server[side].rec[i];
			const struct logical *g = r->task < 0 ? NULL : &s->logical[r->task];
			bool known = g && (side == SIDE_SC ? !g->beyond : !g->was_hidden);
			if (r->deleted && known && g->removed <= 0)
				sim_fail(s, LOST, "task %d: %s is deleted in %s, and nobody deleted it", r->task, r->id,
					side_name[side]);
		}
}

/* R15: since before it was made, the mount that made it has had the sync on; or since before it came to Sales Connect, any. */
static bool belongs_in_sf(const struct sim *s, int task)
{
	const struct logical *g = &s->logical[task];
	int64_t there = there_since(s, task, SIDE_SC);
	if (mirror_has(s, task) || (s->mirror.on && there > s->mirror.since))
		return true;
	if (mirror_was_on_since(s, g->at) && there <= s->mirror.since)	/* what is older the mirror leaves, and we leave all to it */
		return false;
	for (int i = 0; i < setup_of(s)->mounts; i++) {
		const struct mount *m = &s->mount[i];
		bool own = g->from == SIDE_LOCAL && g->mount == i;
		if (m->sf_on && m->on_since && m->on_since < (own ? g->at : there))
			return true;
	}
	return false;
}

/* Everywhere, or (twins, of which some were removed) in between. */
static void check_number(struct sim *s, int task, int n, const char *where)
{
	const struct logical *g = &s->logical[task];
	int most = g->removed > 0 ? g->copies - 1 : g->copies, least = g->copies - g->removed;
	least = least < 0 ? 0 : least;
	if (n < least)
		sim_fail(s, g->removed > 0 ? DIVERGED : LOST, "task %d: %d in %s, at least %d are to be there", task, n, where,
			least);
	if (n > most)
		sim_fail(s, DIVERGED, "task %d: %d in %s although %d of %d were deleted", task, n, where, g->removed,
			g->copies);
}

/* Salesforce's tasks may have been there before the window of the first import (R17), or be skipped (R8). */
static bool certain(struct sim *s, int task)
{
	const struct logical *g = &s->logical[task];
	if (g->out_of_sight || g->was_hidden || g->undeleted || mirror_left(s, task))
		return false;
	if (s->mirror.on && g->removed > 0 && !mirror_has(s, task))
		return false;	/* it may have been deleted where nobody looks any more */
	if (g->from == SIDE_LOCAL || g->from == SIDE_SC)
		return true;
	if (mirror_was_on_since(s, g->at) && !mirror_has(s, task))
		return false;
	for (int i = 0; i < setup_of(s)->mounts; i++)
		if (!s->mount[i].sf_on || g->at <= s->mount[i].on_since)
			return false;
	return !setup_of(s)->skip;
}

/* What was deleted while a mount does not sync may still be there. */
static bool all_on(const struct sim *s)
{
	for (int i = 0; i < setup_of(s)->mounts; i++)
		if (!s->mount[i].sf_on)
			return false;
	return true;
}

static void check_presence(struct sim *s, int task, const struct end *e)
{
	const struct logical *g = &s->logical[task];
	char where[40];
	if (!certain(s, task) || (g->removed > 0 && has(s, SIDE_SF) && !all_on(s)))
		return;
	if (has(s, SIDE_SC))
		check_number(s, task, e->live[SIDE_SC], "Sales Connect");
	if (has(s, SIDE_SF) && (g->from == SIDE_SF || belongs_in_sf(s, task)))
		check_number(s, task, e->live[SIDE_SF], "Salesforce");
	for (int i = 0; i < setup_of(s)->mounts; i++) {
		snprintf(where, sizeof(where), "mount %d", i);
		if (has(s, SIDE_SC) || g->from == SIDE_SF || setup_of(s)->mounts == 1)
			check_number(s, task, e->seen[i], where);
	}
}

/* ---- who is linked says the same ---- */

static const struct record *record_of(const struct sim *s, enum side side, const char *rid)
{
	for (int i = 0; rid && i < s->server[side].n; i++)
		if (!strcmp(s->server[side].rec[i].id, rid))
			return &s->server[side].rec[i];
	return NULL;
}

static bool same_word(enum side side, enum field f, const char *word, const char *ours)
{
	return same(word, server_word(side, f, ours));
}

static bool had_name(const struct sim *s, int mount, const struct record *r)
{
	const struct server *v = &s->server[SIDE_SC];
	bool yes = false;
	for (int i = 0; i < v->n; i++)
		yes |= v->rec[i].task == r->task && v->rec[i].alive_to[mount] && strcmp(v->rec[i].word[FIELD_TITLE], r->word[FIELD_TITLE]);
	return yes;
}

/* Who made it in Salesforce deleted it, and does not sync any more, so that it stays (R20); nobody who syncs had seen the task in
 * Sales Connect: who finds it there has no other name for it than its subject. */
static bool is_left_behind(const struct sim *s, const struct record *r, const struct task *t)
{
	bool left = r->made_by >= 0 && s->logical[r->task].removed > 0 && same(t->field[FIELD_TITLE], r->word[FIELD_TITLE]);
	for (int i = 0; i < setup_of(s)->mounts; i++)
		left &= i == r->made_by ? !s->mount[i].sf_on : !s->mount[i].sf_on || !had_name(s, i, r);
	return left;
}

/* It was renamed in Sales Connect, by a person there or by a mount that does not sync any more, and each mount that syncs met it there
 * under that name: to them the two names just differ (R26), as if the template had been another one. */
static bool is_unseen(const struct sim *s, const struct record *r)
{
	const struct server *v = &s->server[SIDE_SC];
	bool named = false, seen = false;
	for (int i = 0; i < v->n; i++)
		for (int m = 0; v->rec[i].task == r->task && m < setup_of(s)->mounts; m++) {
			const struct record *o = &v->rec[i];
			named |= o->named > 0;
			seen |= s->mount[m].sf_on && (o->made_by == m || (o->met[m] && o->met[m] < o->named));
		}
	return named && !seen;
}

/* R24 to R26: some name that the task had, as some template shows it, or what a colleague wrote. */
static void check_subject(struct sim *s, const struct record *r, const struct task *t)
{
	const char *template = s->server[SIDE_SC].template, *is = r->word[FIELD_TITLE];
	const struct logical *g = &s->logical[r->task];
	char want[WORD];
	if (!has(s, SIDE_SC) && setup_of(s)->mounts > 1)
		return;		/* each plays Sales Connect's part for itself: a name never comes back from Salesforce (R25) */
	if (!template_stays(s) || r->renamed || g->unnamed || g->copies > 1 || g->beyond)
		return;
	if (mirror_has(s, r->task) && !s->mirror.on)
		return;		/* nobody can tell which name it was made of, and a rename of before is not sent again */
	if (g->from == SIDE_SF && !g->crossed_name)
		return;		/* as it was; nobody may have touched it, see oracle_lost */
	if (!template_has_name(template))
		return;
	template_show(has(s, SIDE_SC) ? template : NULL, t->field[FIELD_TITLE], want);
	bool other = strcmp(want, is), left = other && is_left_behind(s, r, t), unseen = other && !left && is_unseen(s, r);
	s->figures->left_behind += left;
	s->figures->unseen += unseen;
	if (other && !left && !unseen)
		sim_fail(s, DIVERGED, "R24: task %d is \"%s\" in Salesforce, not \"%s\"", r->task, is, want);
}

static bool crosses(enum side side, enum field f, const char *word)
{
	return server_ours(side, f, word) || (f != FIELD_STATUS && f != FIELD_PRIORITY);	/* R8, R10 */
}

static void check_row(struct sim *s, int mount, const struct task *t, const struct record *r, enum side side)
{
	for (int f = 0; f < TASK_NFIELDS; f++) {
		if (side == SIDE_SF && f == FIELD_TITLE)
			check_subject(s, r, t);
		else if (crosses(side, (enum field)f, r->word[f]) && !same_word(side, (enum field)f, r->word[f], t->field[f]))
			sim_fail(s, DIVERGED, "task %d: %s is \"%s\" in mount %d and \"%s\" in %s", r->task, task_field[f].name,
				t->field[f] ? t->field[f] : "", mount, r->word[f], side_name[side]);
	}
}

static bool synced(const struct sim *s, int mount, enum side side)
{
	return side == SIDE_SC || (s->mount[mount].sf_on && !s->mirror.on);
}

/* D7: it was changed in Salesforce after this mount looked there for the last time, and long before the vendor's own sync did. */
static bool nobody_looks(struct sim *s, int mount, int task)
{
	bool yes = false;
	for (int i = 0; i < s->server[SIDE_SF].n; i++) {
		const struct record *r = &s->server[SIDE_SF].rec[i];
		yes |= r->task == task && r->shown[mount] != r->revision;
	}
	return yes && s->mirror.on && !mirror_has(s, task);
}

/* R8, R10: a word that does not cross leaves each mount what it had. Where Sales Connect is none of them, they are several. */
static bool each_its_own(const struct sim *s, int task, enum field f)
{
	bool yes = false;
	for (int i = 0; i < s->server[SIDE_SF].n; i++) {
		const struct record *r = &s->server[SIDE_SF].rec[i];
		yes |= r->task == task && !crosses(SIDE_SF, f, r->word[f]);
	}
	return yes && !has(s, SIDE_SC) && setup_of(s)->mounts > 1;
}

/* R5 to R10, D2: what the two systems and the mount say is what somebody chose. */
static void check_choices(struct sim *s, int mount, int task, const struct task *t)
{
	const struct logical *g = task < 0 ? NULL : &s->logical[task];
	if (!g || mirror_left(s, task) || g->copies > 1 || g->out_of_sight || g->was_hidden || (has(s, SIDE_SF) && !all_on(s)))
		return;
	if (nobody_looks(s, mount, task))
		return;
	for (enum field f = FIELD_STATUS; f <= FIELD_PRIORITY; f++)
		if (!each_its_own(s, task, f) && !choice_stands(s, task, f, t->field[f]))
			sim_fail(s, DIVERGED, "task %d: %s is \"%s\" in mount %d, and nobody chose that last", task, task_field[f].name,
				t->field[f], mount);
}

static void check_agreement(struct sim *s, int mount)
{
	int64_t row[ROWS_MAX];
	int n = mount_rows(s, mount, row);
	for (int i = 0; i < n; i++) {
		AUTO_TASK t = TASK_INIT;
		if (store_get(s->mount[mount].store, row[i], &t) != ERR_OK)
			abort();
		check_choices(s, mount, mount_task(s, mount, row[i]), &t);
		for (enum side side = SIDE_SC; side < NSIDES; side++) {
			AUTO_LINK l = LINK_INIT;
			enum err e = store_link(s->mount[mount].store, row[i], side, &l);
			const struct record *r = e == ERR_OK ? record_of(s, side, l.rid) : NULL;
			if (!r || !synced(s, mount, side) || r->away || r->hidden || r->deleted || l.gone)
				continue;
			check_row(s, mount, &t, r, side);
		}
	}
}

/* ---- what is to be seen ---- */

/* D5: what became another's, or is not to be seen any more, leaves the view unless Sales Connect has it, and comes back. */
static void check_view(struct sim *s, int mount, const struct record *r, int64_t row)
{
	AUTO_LINK sc = LINK_INIT;
	enum gone gone;
	struct store *st = s->mount[mount].store;
	enum err e = store_link(st, row, SIDE_SC, &sc);
	bool out = r->away || r->hidden, held = e == ERR_OK && sc.rid && !sc.gone;
	if (store_gone(st, row, &gone) != ERR_OK)
		abort();
	if (gone == GONE_NO && out && !held)
		sim_fail(s, DIVERGED, "D5: task %d is in mount %d, and %s is not the user's", r->task, mount, r->id);
	if (gone == GONE_AWAY && !out)
		sim_fail(s, DIVERGED, "D5: task %d is not in mount %d, and %s is the user's", r->task, mount, r->id);
}

/* R8, where other values are to be skipped: it never was anything else, and so it is nobody's. */
static void check_skipped(struct sim *s, int mount, const struct record *r)
{
	if (setup_of(s)->skip && r->made_by < 0 && !r->shown_ours && !mirror_has(s, r->task))
		sim_fail(s, FORBIDDEN, "R8: %s was imported by mount %d though its status is to be skipped", r->id, mount);
}

static void check_records(struct sim *s, int mount)
{
	for (int i = 0; i < s->server[SIDE_SF].n && synced(s, mount, SIDE_SF); i++) {
		AUTO_LINK l = LINK_INIT;
		const struct record *r = &s->server[SIDE_SF].rec[i];
		if (r->deleted || store_link_by_rid(s->mount[mount].store, SIDE_SF, r->id, &l) != ERR_OK)
			continue;
		check_view(s, mount, r, l.task);
		check_skipped(s, mount, r);
	}
}

/* ---- what came back ---- */

/* D3: what was deleted here does not come back by itself, though its record does. */
static void check_zombie(struct sim *s, int task, const struct end *e)
{
	const struct logical *g = &s->logical[task];
	for (int i = 0; i < setup_of(s)->mounts; i++)
		if ((g->zombie & BIT(i)) && g->copies == 1 && !g->was_hidden && (e->seen[i] || e->live[SIDE_SC]))
			sim_fail(s, DIVERGED, "D3: task %d was deleted at mount %d, and is back", task, i);
}

/* ---- beside the vendor's own sync ---- */

/* D7: within the hour it is known. */
static void check_mirror(struct sim *s)
{
	for (int i = 0; i < setup_of(s)->mounts; i++)
		if (has(s, SIDE_SC) && s->mount[i].knows != s->mirror.on)
			sim_fail(s, FORBIDDEN, "D7: mount %d does not know that the vendor's own sync is %s", i,
				s->mirror.on ? "on" : "off");
}

/* ---- */

static void print_end(struct sim *s)
{
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		for (int i = 0; i < s->server[side].n; i++) {
			const struct record *r = &s->server[side].rec[i];
			sim_trace(s, "%s %s task %d%s%s%s: %s | %s | %s | %s | %s", side_name[side], r->id, r->task,
				r->deleted ? " deleted" : "", r->away ? " away" : "", r->hidden ? " hidden" : "", r->word[0],
				r->word[1], r->word[2], r->word[3], r->word[4]);
		}
	for (int m = 0; m < setup_of(s)->mounts; m++) {
		int64_t row[ROWS_MAX];
		int n = mount_rows(s, m, row);
		for (int i = 0; i < n; i++) {
			AUTO_TASK t = TASK_INIT;
			if (store_get(s->mount[m].store, row[i], &t) != ERR_OK)
				abort();
			sim_trace(s, "mount %d row %lld task %d: %s | %s | %s | %s | %s", m, (long long)row[i],
				mount_task(s, m, row[i]), t.field[0], t.field[1], t.field[2], t.field[3] ? t.field[3] : "",
				t.field[4] ? t.field[4] : "");
		}
	}
}

void oracle_check(struct sim *s)
{
	struct end *end = calloc(TASKS_MAX, sizeof(*end));
	if (!end)
		abort();
	print_end(s);
	count_records(s, end);
	count_rows(s, end);
	for (int i = 0; i < s->logicals; i++)
		check_doubled(s, i, &end[i]);
	check_deleted(s);
	for (int i = 0; i < s->n_typed; i++)
		oracle_lost(s, &s->typed[i]);
	for (int i = 0; i < s->logicals; i++)
		check_presence(s, i, &end[i]);
	for (int i = 0; i < setup_of(s)->mounts; i++)
		check_agreement(s, i);
	for (int i = 0; i < setup_of(s)->mounts; i++)
		check_records(s, i);
	for (int i = 0; i < setup_of(s)->mounts; i++) {
		oracle_graves(s, i);
		oracle_conflicts(s, i);
	}
	for (int i = 0; i < s->logicals; i++)
		check_zombie(s, i, &end[i]);
	check_mirror(s);
	free(end);
}
