#include "cycle_p.h"
#include <stdlib.h>
#include <string.h>

struct couple {			/* two records that are one task */
	int64_t task;
	char *here, *there, *once;	/* owned; as in struct alike */
	char key[PARCEL_KEY];	/* that a copy of the one in Sales Connect has; "": none has any */
	bool sure;		/* every mount knows that they are */
	bool colleagues;	/* as in struct alike */
	bool away;		/* the one here is out of sight */
};
struct couples {		/* growing array, owned */
	struct couple *x;
	size_t n;
	bool failed;
};

static void couple_finish(struct couple *c)
{
	free(c->here);
	free(c->there);
	free(c->once);
}

static void couples_finish(struct couples *all)
{
	for (size_t i = 0; i < all->n; i++)
		couple_finish(&all->x[i]);
	free(all->x);
}

static bool add(void *arg, const struct alike *a)
{
	struct couples *all = arg;
	bool ok = true;
	struct couple *more = reallocarray(all->x, all->n + 1, sizeof(*more));
	if (!more)
		return !(all->failed = true);
	all->x = more;
	all->x[all->n++] = (struct couple){ .task = a->task, .here = str_dup(a->here, &ok),
		.there = str_dup(a->there, &ok), .once = str_dup(a->once, &ok),
		.colleagues = a->colleagues };
	all->failed = !ok;
	return ok;
}

/* Does a key say that the task's two records are one? That of the copy in Salesforce; or that of the copy in
 * Sales Connect, unless we made the original: others go by the looks then, and need not ask. */
static enum err is_sure(struct pass *p, int64_t task, bool kept, bool *yes)
{
	AUTO_LINK sc = LINK_INIT, sf = LINK_INIT;
	*yes = false;
	enum err e = store_link(p->s, task, SIDE_SC, &sc), other = store_link(p->s, task, SIDE_SF, &sf);
	if (e || other)
		return e == ERR_NOENT || other == ERR_NOENT ? ERR_OK : e ? e : other;
	if (kept)
		TRY(parcel_is_copy_of(p, SIDE_SC, sc.rid, sf.once, yes));
	if (*yes || sf.sent_at)
		return ERR_OK;
	return parcel_is_copy_of(p, SIDE_SF, sf.rid, sc.once, yes);
}

static enum err read_keys(struct pass *p, struct couples *all)
{
	bool kept;
	TRY(pass_keyed(p, &kept));
	for (size_t i = 0; i < all->n; i++) {
		struct couple *c = &all->x[i];
		c->sure = !c->there && (kept || p->side == SIDE_SF);	/* its copy will have its key */
		if (!c->there)
			continue;
		if (kept)
			TRY(parcel_copy_key(p, SIDE_SC, p->side == SIDE_SC ? c->here : c->there, c->key));
		TRY(is_sure(p, c->task, kept, &c->sure));
	}
	return ERR_OK;
}

/* These take each other's record on this side. */
static enum err exchange(struct pass *p, struct couple *a, struct couple *b)
{
	if (a == b)
		return ERR_OK;
	struct couple was = *a;
	a->here = b->here;
	b->here = was.here;
	a->away = b->away;
	b->away = was.away;
	if (p->side == SIDE_SC) {
		memcpy(a->key, b->key, sizeof(a->key));
		memcpy(b->key, was.key, sizeof(b->key));
	} else {
		a->once = b->once;
		b->once = was.once;
		a->colleagues = b->colleagues;
		b->colleagues = was.colleagues;
	}
	return store_exchange(p->s, a->task, b->task, p->side);
}

/* Whose copy another one's record in Salesforce is. */
static enum err settle_sure(struct pass *p, struct couples *all)
{
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->n && *all->x[i].key && !all->x[i].sure; k++) {
			struct couple *a = &all->x[i], *b = &all->x[k];
			bool yes = !b->sure && str_eq(p->side == SIDE_SC ? b->key : a->key,
				p->side == SIDE_SC ? a->once : b->once);
			if (yes)
				TRY(exchange(p, a, b));
			a->sure = yes;
		}
	return ERR_OK;
}

bool order_before(const char *a, const char *b)
{
	size_t n = a ? strlen(a) : SIZE_MAX, m = b ? strlen(b) : SIZE_MAX;
	return n != m ? n < m : b && strcmp(a, b) < 0;
}

static bool is_here_before(const struct couple *a, const struct couple *b)
{
	return a->away != b->away ? b->away : order_before(a->here, b->here);
}

/* Is the first one's the first, and so on, of those that are left? */
static bool is_in_order(const struct couples *all)
{
	const struct couple *last = NULL;
	bool yes = true;
	for (size_t i = 0; i < all->n; i++) {
		const struct couple *c = &all->x[i];
		if (c->sure)
			continue;
		yes &= !last || (is_here_before(last, c) && order_before(last->there, c->there));
		last = c;
	}
	return yes;
}

static struct couple *first(struct couples *all, bool here)
{
	struct couple *out = NULL;
	for (size_t i = 0; i < all->n; i++) {
		struct couple *c = &all->x[i];
		if (c->sure)
			continue;
		if (!out || (here ? is_here_before(c, out) : order_before(c->there, out->there)))
			out = c;
	}
	return out;
}

static enum err settle_rest(struct pass *p, struct couples *all)
{
	struct couple *c;
	while (!is_in_order(all) && (c = first(all, false))) {
		TRY(exchange(p, c, first(all, true)));
		c->sure = true;
	}
	return ERR_OK;
}

/* What a colleague made in Salesforce, and what a mount copied there, is not each other's: the keys of the
 * copies of the former tell (join_choose.c). */
static void leave_others(struct couples *all, int64_t task)
{
	bool colleagues = false;
	for (size_t i = 0; i < all->n; i++)
		colleagues |= all->x[i].task == task && all->x[i].colleagues;
	for (size_t i = 0; i < all->n; i++)
		all->x[i].sure |= all->x[i].colleagues != colleagues;
}

static enum err order(struct pass *p, int64_t task, const char *away)
{
	AUTO(couples_finish) struct couples all = { 0 };
	AUTO_TX tx = { 0 };
	TRY(tx_begin(p->s, &tx));
	TRY(store_alike(p->s, task, p->side, add, &all));
	if (all.failed)
		return ERR_NOMEM;
	for (size_t i = 0; i < all.n; i++)
		all.x[i].away = str_eq(all.x[i].here, away);
	if (all.n > 1) {
		TRY(read_keys(p, &all));
		TRY(settle_sure(p, &all));
		leave_others(&all, task);
		TRY(settle_rest(p, &all));
	}
	return tx_commit(&tx);
}

enum err order_alike(struct pass *p, int64_t task)
{
	return order(p, task, NULL);
}

enum err order_away(struct pass *p, struct link *l)
{
	AUTO_LINK is = LINK_INIT;
	TRY(order(p, l->task, l->rid));
	TRY(store_link_by_rid(p->s, p->side, l->rid, &is));
	link_finish(l);
	*l = is;
	is = LINK_INIT;
	return ERR_OK;
}

enum err order_unswap(struct pass *p, int64_t task)
{
	AUTO_TX tx = { 0 };
	int64_t other;
	bool kept, sure, too;
	TRY(store_swapped(p->s, task, p->side, &other));	/* hardly ever: no lock for the others */
	if (!other)
		return ERR_OK;
	TRY(tx_begin(p->s, &tx));
	TRY(store_swapped(p->s, task, p->side, &other));
	if (!other)
		return ERR_OK;
	TRY(pass_keyed(p, &kept));
	TRY(is_sure(p, task, kept, &sure));
	TRY(is_sure(p, other, kept, &too));
	if (!sure && !too)
		TRY(store_exchange(p->s, task, other, p->side));
	return tx_commit(&tx);
}
