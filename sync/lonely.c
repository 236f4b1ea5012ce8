#include "lonely.h"
#include "subject.h"
#include <string.h>

void rows_finish(struct rows *x)
{
	free(x->task);
}

enum err rows_add(struct rows *x, int64_t task)
{
	int64_t *more = reallocarray(x->task, x->n + 1, sizeof(*more));
	if (!more)
		return ERR_NOMEM;
	x->task = more;
	x->task[x->n++] = task;
	return ERR_OK;
}

/* ---- as they were when first asked for ---- */

struct lonely_one {
	int64_t task, created_at;
	bool renamed, asked;
	char *title, *subject;	/* subject NULL: the same */
	char *person;
};

static void list_finish(struct lonely_list *x)
{
	for (size_t i = 0; i < x->n; i++) {
		free(x->one[i].title);
		free(x->one[i].subject);
		free(x->one[i].person);
	}
	free(x->one);
	*x = (struct lonely_list){ 0 };
}

void lonely_finish(struct lonely_list x[NSIDES])
{
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		list_finish(&x[side]);
}

static bool add(void *arg, const struct lonely *l)
{
	struct lonely_list *x = arg;
	bool ok = true;
	if (x->n == x->room) {
		size_t room = x->room ? 2 * x->room : 64;
		struct lonely_one *more = reallocarray(x->one, room, sizeof(*more));
		x->failed |= !more;
		if (!more)
			return false;
		x->one = more;
		x->room = room;
	}
	x->one[x->n++] = (struct lonely_one){ l->task, l->created_at, l->renamed, l->asked,
		str_dup(l->title, &ok), str_eq(l->title, l->subject) ? NULL : str_dup(l->subject, &ok),
		str_dup(l->person, &ok) };
	x->failed |= !ok;
	return ok;
}

static enum err load(struct pass *p, enum side side)
{
	struct lonely_list *x = &p->lonely[side];
	if (x->loaded)
		return ERR_OK;
	TRY(store_lonely(p->s, side, add, x));
	x->loaded = !x->failed;
	return x->failed ? ERR_NOMEM : ERR_OK;
}

/* ---- who may be of one name? ---- */

static bool share(const char *a, const char *b)
{
	return a && b && (strstr(a, b) || strstr(b, a));
}

static bool has_name(const struct lonely_one *x, const char *name)
{
	return share(x->title, name) || share(x->subject, name);
}

static bool is_young(const struct pass *p, int64_t created_at)
{
	return p->now - created_at <= SETTLED;
}

static bool may_be(const struct pass *p, const struct lonely_one *x, const struct half *of)
{
	bool plain = subject_is_name(p->template);
	bool young = is_young(p, x->created_at) || is_young(p, of->t.created_at);
	if (!like_persons(x->person, of->t.fact[FACT_PERSON]))
		return false;
	if (x->renamed || !subject_has_title(p->template) || (young && !plain))
		return true;
	bool yes = has_name(x, of->t.field[FIELD_TITLE]) || has_name(x, like_shown(&of->l, FIELD_TITLE));
	for (size_t i = 0; i < of->past.n && !yes; i++)
		yes = of->past.said[i].field == FIELD_TITLE && has_name(x, of->past.said[i].value);
	return yes;
}

static enum err add_if_lonely(
	struct pass *p, enum side side, const struct lonely_one *x, int64_t made_at, struct rows *out)
{
	bool yes;
	TRY(store_is_lonely(p->s, x->task, side, made_at, &yes));
	return yes ? rows_add(out, x->task) : ERR_OK;
}

enum err lonely_like(struct pass *p, enum side side, const struct half *of, struct rows *out)
{
	const struct lonely_list *x = &p->lonely[side];
	TRY(load(p, side));
	for (size_t i = 0; i < x->n; i++)
		if (may_be(p, &x->one[i], of))
			TRY(add_if_lonely(p, side, &x->one[i], of->t.created_at - p->c->offset, out));
	return ERR_OK;
}

enum err lonely_asked(struct pass *p, const struct half *of, size_t *at, int64_t *task)
{
	const struct lonely_list *x = &p->lonely[SIDE_SF];
	TRY(load(p, SIDE_SF));
	while (*at < x->n) {
		struct lonely_one *one = &x->one[(*at)++];
		if (!one->asked || !like_persons(one->person, of->t.fact[FACT_PERSON]))
			continue;
		*task = one->task;
		TRY(store_is_lonely(p->s, one->task, SIDE_SF, of->t.created_at - p->c->offset, &one->asked));
		if (one->asked)
			return ERR_OK;
	}
	return ERR_NOENT;
}

enum err lonely_all(struct pass *p, enum side side, int64_t made_at, struct rows *out)
{
	const struct lonely_list *x = &p->lonely[side];
	TRY(load(p, side));
	for (size_t i = 0; i < x->n; i++)
		TRY(add_if_lonely(p, side, &x->one[i], made_at, out));
	return ERR_OK;
}
