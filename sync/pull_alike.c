#include "cycle_p.h"
#include "subject.h"

struct look_alikes {
	struct pass *p;
	struct ids ids;
	enum err err;
};

static bool look_alike(void *arg, int64_t task)
{
	struct look_alikes *x = arg;
	AUTO_LINK l = LINK_INIT;
	x->err = store_link(x->p->s, task, x->p->side, &l);
	if (x->err == ERR_OK)
		x->err = ids_add(&x->ids, l.rid);
	return x->err == ERR_OK && x->ids.n < x->p->ops->check_max;
}

/* Its subject was changed there, so that it is neither the name nor made of it, and the new one has the
 * name. */
static enum err fits_better(struct pass *p, const struct remote_task *rt, struct link *l, bool *yes)
{
	AUTO_TASK t = TASK_INIT;
	AUTO_BUF subject = BUF_INIT;
	*yes = false;
	if (!subject_has_title(p->template))
		return ERR_OK;
	TRY(store_get(p->s, l->task, &t));
	subject_render(p->template, &t, &subject);
	const char *shown = l->raw[FIELD_TITLE] ? l->raw[FIELD_TITLE] : l->base[FIELD_TITLE];
	*yes = !field_same(shown, buf_str(&subject)) && !field_same(shown, t.field[FIELD_TITLE]) &&
		!field_same(shown, rt->t.field[FIELD_TITLE]);
	return buf_err(&subject);
}

/* It has a record on the other side, of which the new one may be the copy. */
static enum err is_on_both(struct pass *p, int64_t task, bool *yes)
{
	AUTO_LINK l = LINK_INIT;
	enum err e = store_link(p->s, task, p->side == SIDE_SC ? SIDE_SF : SIDE_SC, &l);
	*yes = l.rid && !l.gone;
	return e == ERR_NOENT ? ERR_OK : e;
}

/* The first one that shows another subject than the new one is a task of its own from now on. */
static enum err free_one(struct pass *p, const struct remote_task *rt, const struct ids *first,
	struct ids *freed)
{
	for (size_t i = 0; i < first->n; i++) {
		AUTO_LINK l = LINK_INIT;
		bool yes, both;
		TRY(store_link_by_rid(p->s, p->side, first->id[i], &l));
		TRY(fits_better(p, rt, &l, &yes));
		TRY(is_on_both(p, l.task, &both));
		if (!yes || !both || l.away || l.gone || (l.doom && !l.completed))
			continue;
		TRY(store_link_drop(p->s, l.task, p->side));
		return ids_add(freed, first->id[i]);
	}
	return ERR_OK;
}

static enum err look_at_first_one(struct pass *p, const struct remote_task *rt, struct ids *freed)
{
	AUTO_IDS first = { 0 };
	struct look_alikes x = { .p = p };
	AUTO_LINK known = LINK_INIT;
	if (rt->deleted || !rt->by_me || store_link_by_rid(p->s, p->side, rt->id, &known) != ERR_NOENT)
		return ERR_OK;
	TRY(store_seen(p->s, p->side, &rt->t, p->template, look_alike, &x));
	first = x.ids;
	TRY(x.err);
	TRY(pull_these(p, &first));
	return free_one(p, rt, &first, freed);
}

enum err pull_alike(struct pass *p, const struct page *page, struct ids *freed)
{
	for (size_t i = 0; i < page->n; i++)
		TRY(look_at_first_one(p, &page->task[i], freed));
	return ERR_OK;
}
