/*
 * The third syncer (D7): the vendor's own server copies between the two systems by R1 to R27, some minutes late. Of two
 * words it takes Sales Connect's. That it was there first is no excuse for us: it knows which records are one task, whoever
 * made them. A blunt one (setup.mirror 2) does not, and makes copies of what was copied.
 */
#include "sim.h"
#include <string.h>

enum { BLUNT = 2 };

static enum side opposite(enum side side)
{
	return side == SIDE_SC ? SIDE_SF : SIDE_SC;
}

static struct record *half(struct sim *s, const struct pair *p, enum side side)
{
	return &s->server[side].rec[p->rec[side]];
}

static int64_t delay(const struct sim *s)
{
	return (1 + (int64_t)(s->script->seed % 5)) * MINUTE;
}

/* Changed a moment ago, locked, or not to be seen. */
static bool is_to_wait(const struct sim *s, const struct record *r)
{
	return r->born_at || r->commits_at || r->hidden || r->away || r->touched_at > s->now - delay(s);
}

/* ---- words ---- */

/* R6 to R10, R24 to R27; false: it does not cross. */
static bool translate(const struct sim *s, enum side from, enum field f, const struct record *r, char out[WORD])
{
	const char *ours = server_ours(from, f, r->word[f]);
	if (f == FIELD_TITLE && from == SIDE_SC)
		template_show(s->server[SIDE_SC].template, r->word[FIELD_TITLE], out);
	else
		snprintf(out, WORD, "%s", server_word(opposite(from), f, ours));
	return ours || (f != FIELD_STATUS && f != FIELD_PRIORITY);
}

static void put(struct sim *s, enum side side, struct record *r, enum field f, const char *word)
{
	sim_trace(s, "  mirror: %s %s task %d: %s \"%s\" -> \"%s\"", side_name[side], r->id, r->task, task_field[f].name,
		r->word[f], word);
	s->figures->mirrored++;
	typed_replaced(s, r->task, f, r->word[f]);
	r->chosen[f] = true;	/* as far as a mount can tell */
	server_put(s, side, r, f, word);
}

/* ---- pairs ---- */

static void agree(struct sim *s, struct pair *p)
{
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		memcpy(p->base[side], half(s, p, side)->word, sizeof(p->base[side]));
}

static bool may_carry(const struct sim *s, enum side from, enum field f)
{
	return f != FIELD_TITLE || (from == SIDE_SC && template_has_name(s->server[SIDE_SC].template));
}

/* What changed here and not there is told there. */
static void carry(struct sim *s, struct pair *p, enum side from)
{
	struct record *a = half(s, p, from), *b = half(s, p, opposite(from));
	char word[WORD];
	for (enum field f = 0; f < TASK_NFIELDS; f++) {
		bool changed = strcmp(a->word[f], p->base[from][f]);
		bool there = from == SIDE_SF && strcmp(b->word[f], p->base[SIDE_SC][f]);
		if (changed && !there && may_carry(s, from, f) && translate(s, from, f, a, word) && strcmp(b->word[f], word))
			put(s, opposite(from), b, f, word);
	}
}

/* A mount has it for a task that was brought back, and cannot know that it is of the one that was deleted. */
static void excuse_revived(struct sim *s, enum side side, const struct record *r)
{
	for (int i = 0; i < s->script->setup.mounts; i++) {
		AUTO_LINK l = LINK_INIT;
		if (store_link_by_rid(s->mount[i].store, side, r->id, &l) != ERR_OK)
			continue;
		int task = mount_task(s, i, l.task);
		if (task >= 0 && task != r->task)
			s->logical[task].was_hidden = s->logical[task].beyond = true;
	}
}

static void bury(struct sim *s, enum side side, struct record *r)
{
	excuse_revived(s, side, r);
	sim_trace(s, "  mirror: %s %s task %d deleted", side_name[side], r->id, r->task);
	s->figures->mirrored++;
	for (enum field f = 0; f < TASK_NFIELDS; f++)
		typed_replaced(s, r->task, f, r->word[f]);
	r->deleted = true;
	server_touch(s, side, r);
}

static void align(struct sim *s, struct pair *p)
{
	struct record *sc = half(s, p, SIDE_SC), *sf = half(s, p, SIDE_SF);
	if (is_to_wait(s, sc) || is_to_wait(s, sf))
		return;
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		if (half(s, p, opposite(side))->deleted && !half(s, p, side)->deleted)
			bury(s, side, half(s, p, side));
	if (sc->deleted)
		return;
	carry(s, p, SIDE_SC);
	carry(s, p, SIDE_SF);
	agree(s, p);
}

static bool is_paired(const struct sim *s, enum side side, int rec)
{
	for (int i = 0; i < s->mirror.n; i++)
		if (s->mirror.pair[i].rec[side] == rec)
			return true;
	return false;
}

bool mirror_has(const struct sim *s, int task)
{
	int n = 0;
	for (int i = 0; i < s->mirror.n; i++)
		n += s->server[SIDE_SC].rec[s->mirror.pair[i].rec[SIDE_SC]].task == task;
	return n >= s->logical[task].copies;
}

static struct pair *pair_add(struct sim *s, enum side from, int a, int b)
{
	struct pair *p = &s->mirror.pair[s->mirror.n++];
	p->rec[from] = a;
	p->rec[opposite(from)] = b;
	agree(s, p);
	return p;
}

/* ---- new ones ---- */

/* The record that a mount holds for the same task on the other side. *l: that link; NULL: it is in no mount's hands. */
static const char *held_with(struct sim *s, enum side side, const struct record *r, struct link *l)
{
	for (int i = 0; i < s->script->setup.mounts; i++) {
		AUTO_LINK own = LINK_INIT;
		struct store *st = s->mount[i].store;
		link_finish(l);
		if (store_link_by_rid(st, side, r->id, &own) == ERR_OK && store_link(st, own.task, opposite(side), l) == ERR_OK && l->rid)
			return l->rid;
	}
	return NULL;
}

/* Its copy, whoever made it; one that was deleted is one, too. -1: none. */
static int copy_of(struct sim *s, enum side from, const struct record *r)
{
	AUTO_LINK l = LINK_INIT, other = LINK_INIT;
	struct server *v = &s->server[opposite(from)];
	const char *rid = held_with(s, from, r, &l);
	int found = -1;
	for (int i = 0; i < v->n; i++) {
		const struct record *o = &v->rec[i];
		if (o->task != r->task || is_paired(s, opposite(from), i) || (rid ? strcmp(rid, o->id) : held_with(s, opposite(from), o, &other) != NULL))
			continue;
		if (found < 0 || v->rec[found].deleted)
			found = i;
	}
	return found;
}

/* What both agreed on is what the mount says that made the copy. */
static void recall(struct sim *s, struct pair *p)
{
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		AUTO_LINK l = LINK_INIT;
		const char *rid = held_with(s, opposite(side), half(s, p, opposite(side)), &l);
		for (enum field f = FIELD_STATUS; rid && f < TASK_NFIELDS; f++)
			snprintf(p->base[side][f], WORD, "%s", l.raw[f] ? l.raw[f] : server_word(side, f, l.base[f]));
	}
}

static int make_copy(struct sim *s, enum side from, const struct record *r)
{
	enum side to = opposite(from);
	char word[WORD];
	struct record *copy = server_add(s, to, r->task, MIRROR);
	for (enum field f = 0; f < TASK_NFIELDS; f++)
		if (translate(s, from, f, r, word))
			server_put(s, to, copy, f, word);
	memcpy(copy->person, r->person, sizeof(copy->person));
	copy->by_me = true;	/* it acts in the name of the owner */
	s->figures->mirrored++;
	sim_trace(s, "  mirror: %s %s is copied to %s %s, task %d", side_name[from], r->id, side_name[to], copy->id, r->task);
	return s->server[to].n - 1;
}

/* R13 to R15, R17 */
static bool may_cross(const struct sim *s, enum side from, const struct record *r)
{
	return from == SIDE_SC ? r->true_at > s->mirror.since : r->touched_at >= s->mirror.since - DAY;
}

static void take_new(struct sim *s, enum side from, int i)
{
	const struct record *r = &s->server[from].rec[i];
	enum side to = opposite(from);
	bool blunt = s->script->setup.mirror == BLUNT;
	int copy = blunt ? -1 : copy_of(s, from, r);
	if (copy >= 0 && is_to_wait(s, &s->server[to].rec[copy]))
		return;
	if (blunt && there_since(s, r->task, to))	/* it makes another, or brings back what was deleted there */
		s->logical[r->task].was_hidden = s->logical[r->task].beyond = true;
	if (copy < 0)
		pair_add(s, from, i, make_copy(s, from, r));
	else
		recall(s, pair_add(s, from, i, copy));
}

static void take_new_ones(struct sim *s, enum side from)
{
	struct server *v = &s->server[from];
	for (int i = 0; i < v->n; i++)
		if (!v->rec[i].deleted && !is_to_wait(s, &v->rec[i]) && !is_paired(s, from, i) && may_cross(s, from, &v->rec[i]))
			take_new(s, from, i);
}

/* ---- when it is gone ---- */

static bool alike(struct sim *s, const struct pair *p)
{
	char word[WORD];
	for (enum field f = 0; f < TASK_NFIELDS; f++)
		if (translate(s, SIDE_SC, f, half(s, p, SIDE_SC), word) && strcmp(word, half(s, p, SIDE_SF)->word[f]) &&
			(f != FIELD_TITLE || strcmp(half(s, p, SIDE_SC)->word[f], half(s, p, SIDE_SF)->word[f])))
			return false;
	return true;
}

static bool says(struct sim *s, enum side side, const struct record *r, const struct task *t)
{
	for (enum field f = 0; f < TASK_NFIELDS; f++) {
		const char *ours = server_ours(side, f, r->word[f]);
		if (!same(ours ? ours : f == FIELD_STATUS ? TASK_OPEN : f == FIELD_PRIORITY ? TASK_NORMAL : NULL, t->field[f]))
			return false;
	}
	return true;
}

/* One half was deleted at a mount, which could not say so in time, and the other is not what that task was. */
static bool outlived(struct sim *s, const struct pair *p, enum side side)
{
	const struct record *r = half(s, p, side), *o = half(s, p, opposite(side));
	for (int i = 0; i < s->script->setup.mounts; i++) {
		AUTO_LINK l = LINK_INIT, other = LINK_INIT;
		AUTO_TASK t = TASK_INIT;
		enum gone gone;
		struct store *st = s->mount[i].store;
		if (store_link_by_rid(st, side, r->id, &l) != ERR_OK || store_gone(st, l.task, &gone) != ERR_OK || gone != GONE_DELETED)
			continue;
		bool both = store_link(st, l.task, opposite(side), &other) == ERR_OK && str_eq(other.rid, o->id);
		if (!both && store_get(st, l.task, &t) == ERR_OK && !says(s, opposite(side), o, &t))
			return true;
	}
	return false;
}

bool mirror_left(struct sim *s, int task)
{
	if (s->mirror.n && !template_has_name(s->server[SIDE_SC].template))	/* its copies are all called the same */
		return true;
	for (int i = 0; i < s->mirror.n; i++) {
		const struct pair *p = &s->mirror.pair[i];
		if (half(s, p, SIDE_SC)->task == task && (outlived(s, p, SIDE_SC) || outlived(s, p, SIDE_SF)))
			return true;
	}
	for (int i = 0; i < s->mirror.n && !s->mirror.on; i++) {
		const struct pair *p = &s->mirror.pair[i];
		const struct record *sc = half(s, p, SIDE_SC), *sf = half(s, p, SIDE_SF);
		AUTO_LINK l = LINK_INIT;
		if (sc->task == task && !(sc->deleted && sf->deleted) && !held_with(s, SIDE_SC, sc, &l) && (sf->deleted || !alike(s, p)))
			return true;
	}
	return false;
}

/* ---- */

void mirror_switch(struct sim *s, bool on)
{
	struct mirror *m = &s->mirror;
	sim_trace(s, "  the mirror is %s", on ? "on" : "off");
	if (on == m->on)
		return;
	s->figures->chance[MIRROR_SWITCHED]++;
	*(on ? &m->since : &m->last) = s->now;
	m->on = on;
	m->due = s->now + MINUTE;
}

int64_t mirror_patience(const struct sim *s)
{
	return s->mirror.on ? s->mirror.due - s->now : INT64_MAX;
}

void mirror_work(struct sim *s)
{
	struct mirror *m = &s->mirror;
	if (!m->on || s->now < m->due)
		return;
	m->due = s->now + MINUTE;
	for (int i = 0; i < m->n; i++)
		align(s, &m->pair[i]);
	take_new_ones(s, SIDE_SF);
	take_new_ones(s, SIDE_SC);
}

bool mirror_was_on_since(const struct sim *s, int64_t at)
{
	return s->mirror.on || s->mirror.last > at;
}
