#include "like.h"

static bool says_what_it_said(const struct half *x, const struct half *of)
{
	const struct half *sf = x->l.side == SIDE_SF ? x : of;
	bool yes = like_person(&x->t, &of->t);
	for (enum field f = FIELD_STATUS; f < TASK_NFIELDS; f++)
		yes &= like_said(x, f, of->t.field[f]) || like_said(of, f, x->t.field[f]) ||
			like_foreign(sf, f);
	return yes;
}

struct echo {
	struct pass *p;
	const struct half *x;
	bool is;
	enum err err;
};

static enum err consider(struct echo *e, int64_t task)
{
	AUTO_HALF of = { 0 };
	if (task > e->x->t.id)	/* it came later */
		return ERR_OK;
	TRY(like_load(e->p, task, SIDE_SF, &of));
	e->is = says_what_it_said(e->x, &of);
	return ERR_OK;
}

static bool see(void *arg, int64_t task)
{
	struct echo *e = arg;
	e->err = consider(e, task);
	return !e->is && !e->err;
}

struct original {
	struct pass *p;
	const char *once;
	bool is;
	enum err err;
};

static bool see_original(void *arg, const struct link *l)
{
	struct original *x = arg;
	if (l->rid && !l->gone)
		x->err = parcel_is_copy_of(x->p, SIDE_SC, l->rid, x->once, &x->is);
	return !x->is && !x->err;
}

/* Does its key name a task that is here? That has its copy, or they would have been joined. */
static enum err is_second(struct pass *p, const struct link *sf, bool *yes)
{
	struct original x = { .p = p, .once = sf->once };
	TRY(store_links(p->s, SIDE_SC, false, 0, see_original, &x));
	*yes = x.is;
	return x.err;
}

enum err join_echo(struct pass *p, int64_t task, bool *yes)
{
	AUTO_HALF x = { 0 };
	struct echo e = { .p = p, .x = &x };
	*yes = false;
	TRY(like_load(p, task, pass_other(p), &x));
	if (x.l.sent_at || (x.l.side == SIDE_SF && !x.l.by_me))
		return ERR_OK;
	if (x.l.side == SIDE_SF && x.l.once)
		return is_second(p, &x.l, yes);
	const char *subject = x.l.side == SIDE_SF ? like_shown(&x.l, FIELD_TITLE) : x.t.field[FIELD_TITLE];
	TRY(store_echoed(p->s, subject, see, &e));
	*yes = e.is;
	return e.err;
}
