#include "sim.h"
#include "subject.h"
#include <stdlib.h>
#include <string.h>

const char *const template_text[] = { NULL, "[SC] {{activity_subject}}", "a task of Sales Connect" };
const int templates = COUNT(template_text);
const enum side winner_order[6][NSIDES] = {
	{ SIDE_LOCAL, SIDE_SF, SIDE_SC }, { SIDE_LOCAL, SIDE_SC, SIDE_SF }, { SIDE_SF, SIDE_LOCAL, SIDE_SC },
	{ SIDE_SF, SIDE_SC, SIDE_LOCAL }, { SIDE_SC, SIDE_LOCAL, SIDE_SF }, { SIDE_SC, SIDE_SF, SIDE_LOCAL },
};

/* ---- what was typed ---- */

void typed_add(struct sim *s, int task, enum field f, const char *value, int who)
{
	if (!value || !*value || f == FIELD_STATUS || f == FIELD_PRIORITY || task < 0)
		return;
	if (s->n_typed == TYPED_MAX)
		abort();
	struct typed *t = &s->typed[s->n_typed++];
	*t = (struct typed){ .task = task, .field = f, .who = who };
	snprintf(t->value, WORD, "%s", value);
	for (struct typed *o = s->typed; o < t; o++)
		if (o->task == task && o->field == f && o->who != who && !o->replaced)
			o->rivalled = t->rivalled = true;
}

void typed_replaced(struct sim *s, int task, enum field f, const char *value)
{
	for (int i = 0; value && i < s->n_typed; i++)
		if (s->typed[i].task == task && s->typed[i].field == f && !strcmp(s->typed[i].value, value))
			s->typed[i].replaced = true;
}

static int logical_new(struct sim *s, enum side from)
{
	if (s->logicals == TASKS_MAX)
		abort();
	s->logical[s->logicals] = (struct logical){ .copies = 1, .from = from, .at = s->now };
	return s->logicals++;
}

/* Never the same, and none is part of another. */
static void new_text(struct sim *s, char who, char out[WORD])
{
	snprintf(out, WORD, "%c<%d>", who, ++s->serial);
}

static void new_due(struct sim *s, char out[WORD])
{
	int n = ++s->serial;
	snprintf(out, WORD, "%04d-%02d-%02d", 2027 + n / 336, 1 + n / 28 % 12, 1 + n % 28);
}

/* ---- the user of a mount ---- */

struct seen {			/* the mount as its user sees it */
	int64_t row[ROWS_MAX];
	struct task task[ROWS_MAX];
	int n;
};

static void look(struct sim *s, int mount, struct seen *x)
{
	x->n = mount_rows(s, mount, x->row);
	for (int i = 0; i < x->n; i++)
		if (store_get(s->mount[mount].store, x->row[i], &x->task[i]) != ERR_OK)
			abort();
}

static void seen_finish(struct seen *x)
{
	for (int i = 0; i < x->n; i++)
		task_finish(&x->task[i]);
	x->n = 0;
}

static const struct task *seen_find(const struct seen *x, int64_t row)
{
	for (int i = 0; i < x->n; i++)
		if (x->row[i] == row)
			return &x->task[i];
	return NULL;
}

static void book_edit(struct sim *s, int task, int who, const struct task *was, const struct task *is)
{
	for (int f = 0; f < TASK_NFIELDS; f++) {
		if (str_eq(was->field[f], is->field[f]))
			continue;
		typed_replaced(s, task, (enum field)f, was->field[f]);
		choice_made(s, task, (enum field)f, is->field[f], who);
		if (!s->undoing)	/* back to what the sides agreed on is no word of its own */
			typed_add(s, task, (enum field)f, is->field[f], who);
		s->logical[task].crossed_name |= f == FIELD_TITLE;
		s->logical[task].cleared |= is->field[f] ? 0 : BIT(f);
		s->logical[task].unnamed |= f == FIELD_TITLE && s->undoing;
	}
}

/* A task that was brought back as a new one took its values along. */
static void moved(struct sim *s, const struct task *t)
{
	for (int i = 0; i < s->n_typed; i++)
		if (str_eq(t->field[s->typed[i].field], s->typed[i].value))
			s->typed[i].replaced = true;
}

static void book_all(struct sim *s, int task, int who, const struct task *t, bool added)
{
	for (int f = 0; f < TASK_NFIELDS; f++)
		if (added) {
			if (!s->undoing)
				typed_add(s, task, (enum field)f, t->field[f], who);
			choice_made(s, task, (enum field)f, t->field[f], who);
		} else
			typed_replaced(s, task, (enum field)f, t->field[f]);
}

/* From the trash; a copy that nobody but the engine put there is one more on purpose. */
static void brought_back(struct logical *g)
{
	g->zombie = 0;
	if (g->removed > 0)
		g->removed--;
	else
		g->copies++;
}

/* What an act of the user did, by how the mount looks. Rows that are new together are made twice on purpose. */
static void book(struct sim *s, int mount, const struct seen *was, const struct seen *is)
{
	struct mount *m = &s->mount[mount];
	int made = -1;
	for (int i = 0; i < is->n; i++) {
		const struct task *before = seen_find(was, is->row[i]);
		int task = mount_task(s, mount, is->row[i]);
		if (before && task >= 0)
			book_edit(s, task, mount, before, &is->task[i]);
		if (before)
			continue;
		if (task >= 0) {
			brought_back(&s->logical[task]);
			continue;	/* as it was: no word of its own */
		} else {
			moved(s, &is->task[i]);
			task = made < 0 ? logical_new(s, SIDE_LOCAL) : made;
			s->logical[task].mount = mount;
			s->logical[task].copies += made >= 0;
			made = task;
			m->origin[m->origins++] = (struct origin){ is->row[i], task, m->sf_on };
		}
		book_all(s, task, mount, &is->task[i], true);
	}
	for (int i = 0; i < was->n; i++) {
		int task = mount_task(s, mount, was->row[i]);
		if (task < 0 || seen_find(is, was->row[i]))
			continue;
		s->logical[task].removed++;
		book_all(s, task, mount, &was->task[i], false);
	}
}

typedef enum err act_fn(struct sim *s, struct mount *m, const struct op *op, int64_t row);

static void act(struct sim *s, const struct op *op, act_fn *fn)
{
	struct mount *m = &s->mount[op->mount];
	struct seen *was = calloc(2, sizeof(*was)), *is = was + 1;
	if (!was)
		abort();
	look(s, op->mount, was);
	int64_t row = was->n ? was->row[op->a % was->n] : 0;
	if (!m->dead) {
		enum err e = fn(s, m, op, row);
		sim_trace(s, "  row %lld task %d: %s", (long long)row, row ? mount_task(s, op->mount, row) : -1,
			err_str(e));
		if (m->dead)
			mount_restart(s, op->mount);
		look(s, op->mount, is);
		book(s, op->mount, was, is);
	}
	seen_finish(was);
	seen_finish(is);
	free(was);
}

static int64_t now_at(const struct sim *s, const struct mount *m)
{
	return s->now + m->skew;
}

static enum err close_file(struct sim *s, struct mount *m, const struct op *op, int64_t row)
{
	static const int64_t grace[] = { 0, 0, 5000 };
	return op->b % 4 == 3 ? ERR_OK : store_closed(m->store, row, now_at(s, m), grace[op->b % 4]);
}

static enum err create_in(struct sim *s, struct mount *m, const struct op *op, struct task *t)
{
	int64_t row;
	TRY(store_create(m->store, t, NULL, 0, SIDE_LOCAL, now_at(s, m), &row));
	return close_file(s, m, op, row);
}

static enum err fill_new(struct sim *s, const struct op *op, struct task *t)
{
	char title[WORD], details[WORD], due[WORD], person[16];
	new_text(s, 'm', title);
	new_text(s, 'm', details);
	new_due(s, due);
	snprintf(person, sizeof(person), "P%d", s->serial);
	TRY(task_set(t, FIELD_TITLE, title));
	TRY(task_set(t, FIELD_DETAILS, op->b & 16 ? details : NULL));
	TRY(task_set(t, FIELD_DUE, op->b & 32 ? due : NULL));
	return task_set_fact(t, FACT_PERSON, op->b & 64 ? person : NULL);
}

static enum err do_new(struct sim *s, struct mount *m, const struct op *op, int64_t row)
{
	AUTO_TASK t = TASK_INIT;
	TRY(fill_new(s, op, &t));
	return create_in(s, m, op, &t);
}

static enum err do_new_twice(struct sim *s, struct mount *m, const struct op *op, int64_t row)
{
	AUTO_TASK t = TASK_INIT;
	TRY(fill_new(s, op, &t));
	TRY(create_in(s, m, op, &t));
	return create_in(s, m, op, &t);
}

static enum err set_field(struct sim *s, struct mount *m, const struct op *op, int64_t row, enum field f,
	const char *value)
{
	AUTO_TASK t = TASK_INIT;
	if (!row)
		return ERR_NOENT;
	TRY(task_set(&t, f, value));
	TRY(store_edit(m->store, row, &t, BIT(f), 0, NULL, 0, SIDE_LOCAL, now_at(s, m)));
	return close_file(s, m, op, row);
}

static enum err do_title(struct sim *s, struct mount *m, const struct op *op, int64_t row)
{
	char v[WORD];
	new_text(s, 'm', v);
	return set_field(s, m, op, row, FIELD_TITLE, v);
}

static enum err do_details(struct sim *s, struct mount *m, const struct op *op, int64_t row)
{
	char v[WORD];
	new_text(s, 'm', v);
	return set_field(s, m, op, row, FIELD_DETAILS, op->b % 7 ? v : NULL);
}

static enum err do_due(struct sim *s, struct mount *m, const struct op *op, int64_t row)
{
	char v[WORD];
	new_due(s, v);
	return set_field(s, m, op, row, FIELD_DUE, op->b % 7 ? v : NULL);
}

static enum err do_priority(struct sim *s, struct mount *m, const struct op *op, int64_t row)
{
	return set_field(s, m, op, row, FIELD_PRIORITY, op->b & 16 ? TASK_HIGH : TASK_NORMAL);
}

static enum err do_status(struct sim *s, struct mount *m, const struct op *op, int64_t row)
{
	return set_field(s, m, op, row, FIELD_STATUS, op->b & 16 ? TASK_COMPLETE : TASK_OPEN);
}

static enum err do_rm(struct sim *s, struct mount *m, const struct op *op, int64_t row)
{
	return row ? store_delete(m->store, row, SIDE_LOCAL, now_at(s, m), op->b & 1 ? 5000 : 0) : ERR_NOENT;
}

static enum err do_undo(struct sim *s, struct mount *m, const struct op *op, int64_t row)
{
	int64_t task;
	return store_undo(m->store, now_at(s, m), 0, &task);
}

struct nth {
	int left;
	struct kept kept;
};

static bool nth_kept(void *arg, const struct kept *k)
{
	struct nth *x = arg;
	x->kept = *k;
	return x->left-- > 0;
}

/* The a-th of the list, or the last. */
static enum err pick_kept(struct sim *s, struct mount *m, const struct op *op, enum keep which, struct kept *out)
{
	struct nth x = { .left = op->a % 5 };
	TRY(store_kept_list(m->store, which, 0, nth_kept, &x));
	*out = x.kept;
	return x.kept.id ? ERR_OK : ERR_NOENT;
}

static enum err do_restore(struct sim *s, struct mount *m, const struct op *op, int64_t row)
{
	struct kept k;
	int64_t id;
	TRY(pick_kept(s, m, op, KEEP_TRASH, &k));
	return store_restore(m->store, k.task, NULL, now_at(s, m), 0, &id);
}

/* Who takes one version has seen them all. */
static enum err do_take(struct sim *s, struct mount *m, const struct op *op, int64_t row)
{
	struct kept k;
	int64_t id;
	TRY(pick_kept(s, m, op, KEEP_CONFLICTS, &k));
	int task = mount_task(s, op->mount, k.task);
	for (enum version v = 0; v < NVERSIONS; v++) {
		AUTO_TASK t = TASK_INIT;
		enum err e = store_conflict_version(m->store, k.id, v, &t);
		if (e == ERR_OK && task >= 0)
			book_all(s, task, op->mount, &t, false);
	}
	return store_conflict_take(m->store, k.id, op->b & 1 ? VERSION_THEIRS : VERSION_MINE, now_at(s, m), 0, &id);
}

#define MOUNT_OP(name)                                                                                             \
	static void mount_##name(struct sim *s, const struct op *op)                                               \
	{                                                                                                          \
		act(s, op, do_##name);                                                                             \
	}
MOUNT_OP(new)
MOUNT_OP(new_twice)
MOUNT_OP(title)
MOUNT_OP(details)
MOUNT_OP(due)
MOUNT_OP(priority)
MOUNT_OP(status)
MOUNT_OP(rm)
MOUNT_OP(restore)

static void mount_undo(struct sim *s, const struct op *op)
{
	s->undoing = true;
	act(s, op, do_undo);
	s->undoing = false;
}

/* Theirs is what the sides agreed on. */
static void mount_take(struct sim *s, const struct op *op)
{
	s->undoing = op->b & 1;
	act(s, op, do_take);
	s->undoing = false;
}

/* ---- people at the two systems ---- */

static bool is_there(const struct record *r)
{
	return !r->deleted && !r->commits_at && !r->born_at;
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
			return &v->rec[i];
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

void made_alike(struct sim *s, struct record *r)
{
	struct server *v = &s->server[SIDE_SF];
	for (int i = 0; i < v->n; i++) {
		struct record *o = &v->rec[i];
		bool same = o != r && !strcmp(o->person, r->person) && !strcmp(o->body, r->body);
		o->alike |= same;
		r->alike |= same;
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
	choice_made(s, r->task, f, server_ours(side, f, word), person_of(side));
	r->chosen[f] = true;
	s->logical[r->task].crossed_name |= f == FIELD_TITLE && side == SIDE_SC;
	server_put(s, side, r, f, word);
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
		r->deleted = false;
		server_touch(s, SIDE_SF, r);
		return;
	}
}

static void sf_instance(struct sim *s, const struct op *op)
{
	s->server[SIDE_SF].instance++;
}

static void sc_template(struct sim *s, const struct op *op)
{
	s->server[SIDE_SC].template = template_text[op->b % templates];
}

static void sc_mirror(struct sim *s, const struct op *op)
{
	mirror_switch(s, op->b & 1);
}

/* ---- machines ---- */

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

static void wait_a_while(struct sim *s, const struct op *op)
{
	static const int64_t ms[] = { SECOND, 30 * SECOND, MINUTE, 3 * MINUTE, 10 * MINUTE, HOUR, 5 * HOUR, DAY, 3 * DAY };
	sim_advance(s, ms[op->b % (int)COUNT(ms)]);
}

/* Within a request: another mount's. */
static int who_passes(const struct sim *s, const struct op *op)
{
	int n = s->script->setup.mounts, i = op->mount;
	while (s->mount[i].running && (i = (i + 1) % n) != op->mount)
		;
	return i;
}

static void pass(struct sim *s, const struct op *op)
{
	mount_pass(s, who_passes(s, op), op->a & 1 ? SIDE_SC : SIDE_SF, op->b & 3);
}

static void pass_all(struct sim *s, const struct op *op)
{
	for (int i = 0; i < s->script->setup.mounts; i++)
		mount_pass_both(s, (i + op->mount) % s->script->setup.mounts);
}

static void arm(struct sim *s, const struct op *op)
{
	if (s->n_armed == (int)COUNT(s->armed))
		return;
	enum fault f = (enum fault)(1 + op->a % (FAULTS - 1));
	s->armed[s->n_armed++] = (struct armed){ f, op->mount, op->b & 1 ? SIDE_SC : SIDE_SF, 1 + op->b / 2 % 6 };
	sim_trace(s, "  %s", fault_name[f]);
}

static void crash(struct sim *s, const struct op *op)
{
	s->mount[op->mount].die_at = 1 + op->b % 12;
}

/* The machine's clock is set wrong, or right again; not between switching on and the first word of Sales Connect, for the
 * moment of switching on is known by that clock alone. */
static void set_clock(struct sim *s, const struct op *op)
{
	static const int64_t by[] = { 0, 0, 30 * SECOND, -30 * SECOND, 7 * HOUR, -7 * HOUR, 400 * DAY, -400 * DAY };
	if (s->mount[op->mount].met)
		s->mount[op->mount].skew = by[op->b % (int)COUNT(by)];
}

static void restart(struct sim *s, const struct op *op)
{
	mount_restart(s, op->mount);
}

static void cut(struct sim *s, const struct op *op)
{
	s->mount[op->mount].line[op->a & 1 ? SIDE_SC : SIDE_SF].down = op->b & 1;
}

static void sync_on(struct sim *s, const struct op *op)
{
	mount_switch(s, op->mount, true);
}

static void sync_off(struct sim *s, const struct op *op)
{
	mount_switch(s, op->mount, false);
}

#define SC BIT(SIDE_SC)
#define SF BIT(SIDE_SF)
#define BOTH (SC | SF)
const struct op_def op_def[] = {
	{ "new", mount_new, 10, true, 0 },
	{ "new-twice", mount_new_twice, 2, true, 0 },
	{ "title", mount_title, 5, true, 0 },
	{ "details", mount_details, 8, true, 0 },
	{ "due", mount_due, 5, true, 0 },
	{ "priority", mount_priority, 3, true, 0 },
	{ "status", mount_status, 5, true, 0 },
	{ "rm", mount_rm, 4, true, 0 },
	{ "undo", mount_undo, 2, true, 0 },
	{ "restore", mount_restore, 1, true, 0 },
	{ "take", mount_take, 1, true, 0 },
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
	{ "wait", wait_a_while, 12, false, 0 },
	{ "pass", pass, 20, false, 0 },
	{ "pass-all", pass_all, 12, false, 0 },
	{ "fault", arm, 16, false, 0 },
	{ "crash", crash, 4, false, 0 },
	{ "restart", restart, 2, false, 0 },
	{ "line", cut, 3, false, 0 },
	{ "clock", set_clock, 1, true, 0 },
	{ "mirror", sc_mirror, 4, true, BOTH | MIRRORED },
	{ "sync-on", sync_on, 2, false, SF },
	{ "sync-off", sync_off, 1, false, SF },
};
const int op_defs = COUNT(op_def);

void op_do(struct sim *s, const struct op *op)
{
	const struct op_def *d = &op_def[op->kind];
	if (op->inside) {
		s->waiting[s->n_waiting++] = *op;
		return;
	}
	sim_advance(s, 1100);
	sim_trace(s, "%s m=%d a=%d b=%d", d->name, op->mount, op->a, op->b);
	d->fn(s, op);
}
