/* The user of a mount: what he does, and by how the mount looks then, what he meant. */
#include "sim.h"
#include <stdlib.h>
#include <string.h>

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

/* Who gives a file another title saw the one it had, which may be a subject: a name within what a template made of it (R24). */
static void title_replaced(struct sim *s, int task, const char *was)
{
	for (int i = 0; was && i < s->n_typed; i++)
		if (s->typed[i].task == task && s->typed[i].field == FIELD_TITLE && strstr(was, s->typed[i].value))
			s->typed[i].replaced = true;
}

/* Back to what a side and we agreed on is no word of its own. */
static bool agreed(struct mount *m, const struct task *t, enum field f)
{
	bool yes = false;
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		AUTO_LINK l = LINK_INIT;
		if (store_link(m->store, t->id, side, &l) == ERR_OK)
			yes |= l.rid && t->field[f] && str_eq(l.base[f], t->field[f]);
	}
	return yes;
}

static void book_edit(struct sim *s, int task, int who, const struct task *was, const struct task *is)
{
	for (int f = 0; f < TASK_NFIELDS; f++) {
		if (str_eq(was->field[f], is->field[f]))
			continue;
		typed_replaced(s, task, (enum field)f, was->field[f]);
		if (f == FIELD_TITLE)
			title_replaced(s, task, was->field[f]);
		choice_made(s, task, (enum field)f, is->field[f], who);
		if (!s->undoing && !agreed(&s->mount[who], is, (enum field)f))
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
			for (enum field f = FIELD_STATUS; s->taking && f <= FIELD_PRIORITY; f++)
				choice_made(s, task, f, is->task[i].field[f], mount);
			continue;	/* as it was: else no word of its own */
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

/* ---- what was deleted ---- */

static void dig(struct sim *s, int mount, int64_t row, const struct task *t)
{
	struct grave *g = &s->grave[s->n_graves++];
	*g = (struct grave){ .mount = mount, .row = row };
	for (enum field f = 0; f < TASK_NFIELDS; f++)
		snprintf(g->word[f], WORD, "%s", t->field[f] ? t->field[f] : "");
}

static bool says(const struct task *t, const struct grave *g)
{
	return same(t->field[FIELD_TITLE], g->word[FIELD_TITLE]) && same(t->field[FIELD_DUE], g->word[FIELD_DUE]) &&
		same(t->field[FIELD_DETAILS], g->word[FIELD_DETAILS]);
}

/* Nothing but that was done to it. */
static void check_restored(struct sim *s, const struct grave *g, const struct seen *was, const struct seen *is)
{
	bool found = false;
	for (int i = 0; i < is->n; i++)
		found |= !seen_find(was, is->row[i]) && says(&is->task[i], g);
	if (!found)
		sim_fail(s, LOST, "row %lld was brought back at mount %d, and is not what it was", (long long)g->row, g->mount);
}

static void tend_graves(struct sim *s, int mount, const struct seen *was, const struct seen *is, bool as_it_was)
{
	int kept = 0;
	for (int i = 0; i < s->n_graves; i++) {
		struct grave *g = &s->grave[i];
		bool open = g->mount != mount || grave_is_there(s, g);
		if (!open && as_it_was)
			check_restored(s, g, was, is);
		if (open)
			s->grave[kept++] = *g;
	}
	s->n_graves = kept;
	for (int i = 0; i < was->n; i++)
		if (!seen_find(is, was->row[i]))
			dig(s, mount, was->row[i], &was->task[i]);
}

typedef enum err act_fn(struct sim *s, struct mount *m, const struct op *op, int64_t row);
static act_fn do_take;

static void act(struct sim *s, const struct op *op, act_fn *fn)
{
	struct mount *m = &s->mount[op->mount];
	struct seen *was = calloc(2, sizeof(*was)), *is = was + 1;
	if (!was)
		abort();
	look(s, op->mount, was);
	oracle_graves(s, op->mount);
	int64_t row = was->n ? was->row[op->a % was->n] : 0;
	if (!m->dead) {
		enum err e = fn(s, m, op, row);
		sim_trace(s, "  row %lld task %d: %s", (long long)row, row ? mount_task(s, op->mount, row) : -1,
			err_str(e));
		if (m->dead)
			mount_restart(s, op->mount);
		look(s, op->mount, is);
		book(s, op->mount, was, is);
		tend_graves(s, op->mount, was, is, fn != do_take);
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

/* Theirs is what the sides agreed on. Mine of a task that was deleted is open, where it is put. */
static void mount_take(struct sim *s, const struct op *op)
{
	s->undoing = op->b & 1;
	s->taking = !s->undoing;
	act(s, op, do_take);
	s->undoing = s->taking = false;
}

const struct op_def user_op[] = {
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
};
const int user_ops = COUNT(user_op);
