/* People at the two systems. */
#include "sim.h"
#include <string.h>

static bool is_there(const struct record *r)
{
	return !r->deleted && !r->commits_at && !r->born_at;
}

/* It may have changed places with another one, as they showed the same (sync/order.c). */
static struct record *know_alike(struct sim *s, enum side side, struct record *r)
{
	struct server *v = &s->server[side];
	int was = r->task;
	if (r->alike)
		know_owner(s, side, r);
	for (int i = 0; i < v->n && r->task != was; i++)
		if (&v->rec[i] != r && v->rec[i].alike && v->rec[i].task == r->task) {
			v->rec[i].task = was;
			break;
		}
	return r;
}

static struct record *pick(struct sim *s, enum side side, int a)
{
	struct server *v = &s->server[side];
	int live = 0;
	for (int i = 0; i < v->n; i++)
		live += is_there(&v->rec[i]);
	a = live ? a % live : -1;
	for (int i = 0; i < v->n && a >= 0; i++)
		if (is_there(&v->rec[i]) && !a--)
			return know_alike(s, side, &v->rec[i]);
	return NULL;
}

static int person_of(enum side side)
{
	return side == SIDE_SC ? SC_PERSON : SF_PERSON;
}

/* Nothing is left by which its maker could know it again if the answer was lost, or it is another's and has a new name. */
void unknowable(struct sim *s, enum side side, const struct record *r)
{
	static const enum field telling[] = { FIELD_TITLE, FIELD_DETAILS, FIELD_DUE };
	bool known = r->made_by < 0 || side == SIDE_SC;
	for (size_t i = 0; i < COUNT(telling); i++)
		known |= *r->word[telling[i]] && strstr(r->body, r->word[telling[i]]);
	s->logical[r->task].beyond |= !known || (r->away && r->renamed);
	s->logical[r->task].was_hidden |= s->logical[r->task].beyond;
}

/* What was typed into o while nobody here could see it does not tell it from r either. */
static void typed_alike(struct sim *s, const struct record *o)
{
	for (int i = 0; i < s->n_typed; i++) {
		struct typed *t = &s->typed[i];
		t->alike |= t->task == o->task && t->who == SF_PERSON && !strcmp(t->value, o->word[t->field]);
	}
}

void made_alike(struct sim *s, struct record *r)
{
	struct server *v = &s->server[SIDE_SF];
	for (int i = 0; i < v->n; i++) {
		struct record *o = &v->rec[i];
		bool is = o != r && !strcmp(o->person, r->person) && !strcmp(o->body, r->body);
		o->alike |= is;
		r->alike |= is;
		if (is && (o->hidden || o->away))
			typed_alike(s, o);
	}
}

static void there_type(struct sim *s, enum side side, struct record *r, enum field f, const char *word)
{
	int n = s->n_typed;
	for (int i = 0; i < n; i++)
		if (r->alike && s->typed[i].field == f && !strcmp(s->typed[i].value, r->word[f]))
			s->typed[i].replaced = true;
	typed_replaced(s, r->task, f, r->word[f]);
	typed_add(s, r->task, f, word, person_of(side));
	if (s->n_typed > n)
		s->typed[n].alike = r->alike;
	s->logical[r->task].cleared |= *word ? 0 : BIT(f);
}

static void there_put(struct sim *s, enum side side, struct record *r, enum field f, const char *word)
{
	if (!r)
		return;
	sim_trace(s, "  %s %s task %d: %s \"%s\" -> \"%s\"", side_name[side], r->id, r->task, task_field[f].name,
		r->word[f], word);
	if (!strcmp(r->word[f], word))
		return;
	there_type(s, side, r, f, word);
	r->renamed |= f == FIELD_TITLE;
	choice_again(s, side, r, f);
	choice_made(s, r->task, f, server_ours(side, f, word), person_of(side));
	r->chosen[f] = true;
	s->logical[r->task].crossed_name |= f == FIELD_TITLE && side == SIDE_SC;
	server_put(s, side, r, f, word);
	r->named = f == FIELD_TITLE ? r->revision : r->named;
	unknowable(s, side, r);
}

static void there_new(struct sim *s, enum side side, const struct op *op, int copies)
{
	char title[WORD], details[WORD], due[WORD];
	int task = logical_new(s, side);
	s->logical[task].copies = copies;
	new_text(s, side == SIDE_SC ? 'c' : 'f', title);
	new_text(s, side == SIDE_SC ? 'c' : 'f', details);
	new_due(s, due);
	for (int i = 0; i < copies; i++) {
		struct record *r = server_add(s, side, task, person_of(side));
		there_put(s, side, r, FIELD_TITLE, title);
		if (op->b & 16)
			there_put(s, side, r, FIELD_DETAILS, details);
		if (op->b & 32)
			there_put(s, side, r, FIELD_DUE, due);
		if (op->b & 64)
			snprintf(r->person, sizeof(r->person), "P%d", s->serial);
		r->by_me = op->b & 128;
		r->renamed = false;
	}
	choice_made(s, task, FIELD_STATUS, TASK_OPEN, person_of(side));
	choice_made(s, task, FIELD_PRIORITY, TASK_NORMAL, person_of(side));
	s->logical[task].crossed_name = false;
}

static void there_text(struct sim *s, enum side side, const struct op *op, enum field f)
{
	char v[WORD];
	if (f == FIELD_DUE)
		new_due(s, v);
	else
		new_text(s, side == SIDE_SC ? 'c' : 'f', v);
	there_put(s, side, pick(s, side, op->a), f, f != FIELD_TITLE && op->b % 7 == 0 ? "" : v);
}

static void there_rm(struct sim *s, enum side side, const struct op *op)
{
	struct record *r = pick(s, side, op->a);
	if (!r)
		return;
	sim_trace(s, "  %s %s task %d", side_name[side], r->id, r->task);
	for (int f = 0; f < TASK_NFIELDS; f++)
		typed_replaced(s, r->task, (enum field)f, r->word[f]);
	s->logical[r->task].removed++;
	r->deleted = true;
	server_touch(s, side, r);
}

#define THERE_OP(name, call)                                                                                       \
	static void name(struct sim *s, const struct op *op)                                                       \
	{                                                                                                          \
		call;                                                                                              \
	}
static const char *const status_word[] = { "Not Started", "Completed", "In Progress", "Deferred", "Completed" };
static const char *const priority_word[] = { "High", "Normal", "Low" };
THERE_OP(sc_new, there_new(s, SIDE_SC, op, 1))
THERE_OP(sc_new_twice, there_new(s, SIDE_SC, op, 2))
THERE_OP(sc_title, there_text(s, SIDE_SC, op, FIELD_TITLE))
THERE_OP(sc_details, there_text(s, SIDE_SC, op, FIELD_DETAILS))
THERE_OP(sc_due, there_text(s, SIDE_SC, op, FIELD_DUE))
THERE_OP(sc_priority, there_put(s, SIDE_SC, pick(s, SIDE_SC, op->a), FIELD_PRIORITY, op->b & 16 ? TASK_HIGH : TASK_NORMAL))
THERE_OP(sc_status, there_put(s, SIDE_SC, pick(s, SIDE_SC, op->a), FIELD_STATUS, op->b & 16 ? TASK_COMPLETE : TASK_OPEN))
THERE_OP(sc_rm, there_rm(s, SIDE_SC, op))
THERE_OP(sf_new, there_new(s, SIDE_SF, op, 1))
THERE_OP(sf_new_twice, there_new(s, SIDE_SF, op, 2))
THERE_OP(sf_title, there_text(s, SIDE_SF, op, FIELD_TITLE))
THERE_OP(sf_details, there_text(s, SIDE_SF, op, FIELD_DETAILS))
THERE_OP(sf_due, there_text(s, SIDE_SF, op, FIELD_DUE))
THERE_OP(sf_priority, there_put(s, SIDE_SF, pick(s, SIDE_SF, op->a), FIELD_PRIORITY, priority_word[op->b % 3]))
THERE_OP(sf_status, there_put(s, SIDE_SF, pick(s, SIDE_SF, op->a), FIELD_STATUS, status_word[op->b % 5]))
THERE_OP(sf_rm, there_rm(s, SIDE_SF, op))

/* A long transaction: saved now, seen minutes later under the stamp of now. */
static void sf_late(struct sim *s, const struct op *op)
{
	struct record *r = pick(s, SIDE_SF, op->a);
	if (!r)
		return;
	r->late_field = op->b & 1 ? FIELD_DETAILS : FIELD_DUE;
	if (op->b & 1)
		new_text(s, 'f', r->late);
	else
		new_due(s, r->late);
	r->late_stamp = (s->now + s->server[SIDE_SF].skew) / SECOND * SECOND;
	r->commits_at = s->now + (1 + op->b % 300) * SECOND;
	there_type(s, SIDE_SF, r, r->late_field, r->late);
	sim_trace(s, "  %s task %d: %s", r->id, r->task, r->late);
}

/* Many rows of one second. */
static void sf_bulk(struct sim *s, const struct op *op)
{
	for (int i = 0; i < 5; i++) {
		struct record *r = pick(s, SIDE_SF, op->a + i);
		if (r)
			server_touch(s, SIDE_SF, r);
	}
}

static void out_of_sight(struct sim *s, const struct op *op, bool reassign, bool gone)
{
	struct record *r = pick(s, SIDE_SF, op->a);
	if (!r)
		return;
	s->logical[r->task].out_of_sight = true;
	sim_trace(s, "  %s task %d", r->id, r->task);
	s->figures->chance[reassign ? REASSIGNED : UNSHARED]++;
	if (reassign) {
		r->away = gone;
		server_touch(s, SIDE_SF, r);
	} else {
		r->hidden = gone;
		s->logical[r->task].was_hidden = true;
	}
}
THERE_OP(sf_reassign, out_of_sight(s, op, true, true))
THERE_OP(sf_hide, out_of_sight(s, op, false, true))

/* All that is another's or not to be seen is back. */
static void sf_back(struct sim *s, const struct op *op)
{
	struct server *v = &s->server[SIDE_SF];
	for (int i = 0; i < v->n; i++) {
		if (v->rec[i].commits_at)	/* locked */
			continue;
		if (v->rec[i].away)
			server_touch(s, SIDE_SF, &v->rec[i]);
		if (v->rec[i].hidden)
			v->rec[i].touched_at = 0;	/* nothing tells of a right */
		v->rec[i].away = v->rec[i].hidden = false;
	}
}

/* The log of deletions is emptied early: who has not heard of them never will, for absence says nothing (R19). */
static void sf_purge(struct sim *s, const struct op *op)
{
	struct server *v = &s->server[SIDE_SF];
	for (int i = 0; i < v->n; i++) {
		struct record *r = &v->rec[i];
		bool heard = true;
		for (int m = 0; m < s->script->setup.mounts; m++)
			heard &= r->touched_at < s->mount[m].good[SIDE_SF];
		s->figures->chance[PURGED] += r->deleted && !r->purged;
		r->purged |= r->deleted;
		if (r->purged && !heard)
			s->logical[r->task].out_of_sight = s->logical[r->task].was_hidden = true;
	}
}

/* An old call is noted as done; in the night it is archived (salesforce.md 1). */
static void sf_old(struct sim *s, const struct op *op)
{
	char day[WORD];
	struct record *r = pick(s, SIDE_SF, op->a);
	int n = ++s->serial;
	snprintf(day, sizeof(day), "%04d-%02d-%02d", 2025 - n / 336, 1 + n / 28 % 11, 1 + n % 28);
	there_put(s, SIDE_SF, r, FIELD_DUE, day);
	there_put(s, SIDE_SF, r, FIELD_STATUS, "Completed");
	if (op->b & 1)
		server_archive(s);
}

static void sf_night(struct sim *s, const struct op *op)
{
	server_archive(s);
}

/* Somebody takes a record out of the recycle bin: who has deleted the task on its account keeps it deleted (D3). */
static void sf_undelete(struct sim *s, const struct op *op)
{
	struct server *v = &s->server[SIDE_SF];
	for (int i = 0; i < v->n; i++) {
		struct record *r = &v->rec[(i + op->a) % v->n];
		if (!r->deleted || r->purged || r->task < 0)
			continue;
		for (int m = 0; m < s->script->setup.mounts; m++) {
			AUTO_LINK l = LINK_INIT;
			if (store_link_by_rid(s->mount[m].store, SIDE_SF, r->id, &l) == ERR_OK && l.gone)
				s->logical[r->task].zombie |= BIT(m);
		}
		sim_trace(s, "  %s task %d is back", r->id, r->task);
		s->logical[r->task].undeleted = true;
		s->figures->chance[OUT_OF_BIN]++;
		r->deleted = false;
		server_touch(s, SIDE_SF, r);
		return;
	}
}

static void sf_instance(struct sim *s, const struct op *op)
{
	s->server[SIDE_SF].instance++;
	s->figures->chance[OTHER_INSTANCE]++;
}

static void sc_template(struct sim *s, const struct op *op)
{
	s->figures->chance[OTHER_TEMPLATE] += s->server[SIDE_SC].template != template_text[op->b % templates];
	s->server[SIDE_SC].template = template_text[op->b % templates];
}

/* Somebody renames what came last, and what waits here is pushed before anything is pulled. */
static void sf_hasty(struct sim *s, const struct op *op)
{
	struct server *v = &s->server[SIDE_SF];
	char title[WORD];
	new_text(s, 'f', title);
	if (v->n && is_there(&v->rec[v->n - 1]))
		there_put(s, SIDE_SF, &v->rec[v->n - 1], FIELD_TITLE, title);
	sim_advance(s, 2 * MINUTE);
	mount_pass(s, op->mount, SIDE_SF, false);
}

#define SC BIT(SIDE_SC)
#define SF BIT(SIDE_SF)
#define BOTH (SC | SF)
const struct op_def people_op[] = {
	{ "sc-new", sc_new, 6, true, SC },
	{ "sc-new-twice", sc_new_twice, 1, true, SC },
	{ "sc-title", sc_title, 3, true, SC },
	{ "sc-details", sc_details, 4, true, SC },
	{ "sc-due", sc_due, 3, true, SC },
	{ "sc-priority", sc_priority, 2, true, SC },
	{ "sc-status", sc_status, 3, true, SC },
	{ "sc-rm", sc_rm, 2, true, SC },
	{ "sc-template", sc_template, 1, false, BOTH },
	{ "sf-new", sf_new, 6, true, SF },
	{ "sf-new-twice", sf_new_twice, 1, true, SF },
	{ "sf-title", sf_title, 3, true, SF },
	{ "sf-details", sf_details, 4, true, SF },
	{ "sf-due", sf_due, 3, true, SF },
	{ "sf-priority", sf_priority, 3, true, SF },
	{ "sf-status", sf_status, 4, true, SF },
	{ "sf-rm", sf_rm, 2, true, SF },
	{ "sf-late", sf_late, 2, true, SF },
	{ "sf-bulk", sf_bulk, 2, true, SF },
	{ "sf-reassign", sf_reassign, 1, true, SF },
	{ "sf-hide", sf_hide, 1, true, SF },
	{ "sf-back", sf_back, 1, true, SF },
	{ "sf-purge", sf_purge, 1, true, SF },
	{ "sf-old", sf_old, 3, true, SF | RARE },
	{ "sf-night", sf_night, 2, true, SF | RARE },
	{ "sf-undelete", sf_undelete, 2, true, SF | RARE },
	{ "sf-instance", sf_instance, 1, true, SF },
	{ "sf-hasty", sf_hasty, 5, false, SF | RARE },
};
const int people_ops = COUNT(people_op);
