#include "lonely.h"

#define LOOKED_MAX 64

static int common(const struct task *a, const struct task *b)
{
	int n = 0;
	for (enum field f = 0; f < TASK_NFIELDS; f++)
		n += field_same(a->field[f], b->field[f]);
	return n;
}

struct going_back {		/* a task, to what it said first, but for what one side changed */
	struct task *t;
	enum side but;		/* NSIDES: none */
	uint32_t fields;	/* that have gone back */
	enum err err;
};

static bool back(void *arg, const struct history *h)
{
	struct going_back *x = arg;
	if (h->by == x->but)
		x->err = task_set(x->t, h->field, h->is);
	else if (!(x->fields & BIT(h->field)))
		x->err = task_set(x->t, h->field, h->was);
	x->fields |= BIT(h->field);
	return x->err == ERR_OK;
}

static enum err go_back(struct pass *p, int64_t task, enum side but, struct task *out)
{
	struct going_back x = { .t = out, .but = but };
	TRY(store_get(p->s, task, out));
	TRY(store_history(p->s, task, back, &x));
	return x.err;
}

static enum err as_first(struct pass *p, int64_t task, struct task *out)
{
	return go_back(p, task, NSIDES, out);
}

/* A candidate's text, as it came, in *text;
 * *n: what it has in common, or -1: another mount's copy it is not. */
static enum err guess(struct pass *p, const struct task *of, int64_t task, struct task *text, int *n)
{
	AUTO_LINK l = LINK_INIT;
	enum gone gone;
	*n = -1;
	TRY(store_gone(p->s, task, &gone));
	TRY(store_link(p->s, task, p->side, &l));
	if (gone > GONE_DELETED || l.sent_at)
		return ERR_OK;
	TRY(store_get(p->s, task, text));
	*n = like_person(of, text) ? common(of, text) : -1;
	task_finish(text);
	return as_first(p, task, text);
}

static bool tells(const struct task *a, const struct task *b)
{
	static const enum field telling[] = { FIELD_TITLE, FIELD_DUE, FIELD_DETAILS };
	bool yes = false;
	for (size_t i = 0; i < sizeof(telling) / sizeof(*telling); i++) {
		const char *v = a->field[telling[i]];
		yes |= v && *v && field_same(v, b->field[telling[i]]);
	}
	return yes;
}

struct looked {
	struct rows rows;
	enum err err;
};

static bool add_looked(void *arg, int64_t task)
{
	struct looked *x = arg;
	x->err = rows_add(&x->rows, task);
	return x->err == ERR_OK;
}

/* And those that were only taken for another one's copy, as they look it, and have something in common. */
static enum err add_taken(struct pass *p, const struct task *of, struct rows *all)
{
	struct looked x = { 0 };
	TRY(store_looked(p->s, of, LOOKED_MAX, add_looked, &x));
	AUTO_ROWS rows = x.rows;
	TRY(x.err);
	for (size_t i = 0; i < rows.n; i++) {
		AUTO_TASK t = TASK_INIT, now = TASK_INIT;
		int n;
		TRY(guess(p, of, rows.task[i], &t, &n));
		TRY(store_get(p->s, rows.task[i], &now));
		if (n >= 0 && (tells(of, &t) || tells(of, &now)))
			TRY(rows_add(all, rows.task[i]));
	}
	return ERR_OK;
}

/* What it was made with, if it was edited since: what the other one said first, but for the name. *n: -1: it
 * says so. */
static enum err as_copied(struct pass *p, const struct task *of, struct task *text, int *n)
{
	AUTO_TASK copied = TASK_INIT;
	TRY(as_first(p, of->id, &copied));
	TRY(task_set(&copied, FIELD_TITLE, text->field[FIELD_TITLE]));
	if (common(&copied, text) == TASK_NFIELDS)
		*n = -1;
	task_finish(text);
	*text = copied;
	copied = TASK_INIT;
	return ERR_OK;
}

/* The nth of those, the most like first. */
static enum err pick(struct pass *p, const struct task *of, const struct rows *all, bool copied, int *nth,
	struct task *text)
{
	for (int most = TASK_NFIELDS; most >= 0; most--)
		for (size_t i = 0; i < all->n; i++) {
			AUTO_TASK t = TASK_INIT;
			int n;
			TRY(guess(p, of, all->task[i], &t, &n));
			if (copied && n == most)
				TRY(as_copied(p, of, &t, &n));
			if (n == most && !(*nth)--)
				return task_copy(text, &t);
		}
	return ERR_NOENT;
}

enum err join_guess(struct pass *p, const struct task *of, int nth, struct task *text)
{
	AUTO_ROWS all = { 0 };
	AUTO_TASK first = TASK_INIT, there = TASK_INIT;
	TRY(as_first(p, of->id, &first));
	TRY(go_back(p, of->id, pass_other(p), &there));
	if (common(of, &first) < TASK_NFIELDS && !nth--)
		return task_copy(text, &first);
	if (common(of, &there) < TASK_NFIELDS && common(&first, &there) < TASK_NFIELDS && !nth--)
		return task_copy(text, &there);
	TRY(lonely_all(p, p->side, of->created_at - p->c->offset, &all));
	TRY(add_taken(p, of, &all));
	enum err e = pick(p, of, &all, false, &nth, text);
	return e == ERR_NOENT ? pick(p, of, &all, true, &nth, text) : e;
}
