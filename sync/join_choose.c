#include "lonely.h"
#include "subject.h"

#define ROWS_IN_DOUBT 64
#define FEW 8			/* of whom each is compared with each */

struct choice {
	struct rows best;	/* all that are as like it as any */
	struct rows less;	/* and that perhaps are it, too */
	int most;
	size_t namesakes;	/* and those that may be it */
	int live, dead;		/* how like it is the most like of those that live, and are deleted? */
	bool wait;
	bool look;		/* its side is to be looked at first */
	bool by_key;		/* Salesforce's is nobody's copy: the key of its own tells which that is, */
	bool forgotten;		/* unless it is that old */
	bool young;		/* one of them, or the one asked for, is not settled, or is deleted; */
	bool fresh;		/* or it is not in both systems since before this mount was */
};
static void choice_finish(struct choice *c)
{
	rows_finish(&c->best);
	rows_finish(&c->less);
}

/* Whoever copies a task of Sales Connect that we made there can only do so by the key that this has. */
static enum err has_other_key(struct pass *p, const struct half *sc, const struct half *sf, bool *yes)
{
	bool copy = true;
	if (sf->l.once && !sf->l.sent_at && sc->l.sent_at)
		TRY(parcel_is_copy_of(p, SIDE_SC, sc->l.rid, sf->l.once, &copy));
	*yes = !copy;
	return ERR_OK;
}

struct key {			/* of a record of Salesforce: what Sales Connect said to it */
	int64_t taken_at;	/* 0: nothing yet */
	bool untried;
};

static bool see_key(void *arg, const struct waiting *w)
{
	struct key *k = arg;
	if (w->side != SIDE_SC)
		return true;
	k->untried = w->next >= 0;
	k->taken_at = w->err == ERR_EXIST ? w->since : 0;
	return false;
}

static enum err choose_best(struct choice *c, int64_t task, int score)
{
	if (score == NO)
		return ERR_OK;
	if (score < c->most || score == MAYBE)
		return rows_add(&c->less, task);
	for (size_t i = 0; score > c->most && i < c->best.n; i++)
		TRY(rows_add(&c->less, c->best.task[i]));
	if (score > c->most)
		c->best.n = 0;
	c->most = score;
	return rows_add(&c->best, task);
}

struct asked {			/* for whose copy */
	struct half x;
	bool copied, late;	/* see join_copy */
	int64_t looked, awake;	/* all changes of its side were read then, and again and again since */
};
static void asked_finish(struct asked *a)
{
	like_finish(&a->x);
}

/*
 * Sales Connect may have the copy of a record of Salesforce, and the key of that copy tells: so it is to be
 * tried first. The key is taken, and nothing tells by whom: then it may be whatever was there by then, and
 * there is nothing against it, until it waited its time.
 */
static enum err key_tells_more(struct pass *p, const struct asked *a, const struct half *sf, bool *yes)
{
	const struct half *x = &a->x;
	struct key k = { 0 };
	bool other;
	TRY(has_other_key(p, x, sf, &other));
	*yes = false;
	if (p->side != SIDE_SF || !(sf->t.born & BIT(SIDE_SC)) || sf->gone != GONE_NO || other ||
		!like_person(&x->t, &sf->t))
		return ERR_OK;
	TRY(store_waiting(p->s, sf->t.id, p->local_now, see_key, &k));
	if (a->late && k.taken_at)
		return ERR_OK;
	*yes = k.untried || (k.taken_at && !x->l.sent_at && x->t.created_at - p->c->offset <= k.taken_at);
	for (enum field f = FIELD_STATUS; f < TASK_NFIELDS && !k.untried; f++)
		*yes &= like_said(x, f, sf->t.field[f]) || like_said(sf, f, x->t.field[f]) ||
			like_foreign(sf, f);
	return ERR_OK;
}

/* A record of Salesforce that we made. */
static bool is_ours(const struct pass *p, const struct asked *a)
{
	return p->side == SIDE_SC && a->x.l.sent_at;
}

/* A deleted one that had its copy: there may be a second one in Salesforce,
 * made by a mount that had not seen the first. */
static enum err is_over(struct pass *p, const struct half *x, const struct half *y, bool *yes)
{
	AUTO_LINK l = LINK_INIT;
	*yes = false;
	if (y->gone != GONE_DELETED)
		return ERR_OK;
	enum err e = store_link(p->s, y->t.id, pass_other(p), &l);
	*yes = e == ERR_OK && (p->side == SIDE_SF || x->l.sent_at);
	*yes |= y->l.sent_at > x->t.created_at;	/* a copy of it would be younger */
	return e == ERR_NOENT ? ERR_OK : e;
}

/* We made ours after the other one. */
static bool was_first(const struct half *other, const struct half *ours)
{
	return ours->l.sent_at > other->t.created_at + CLOCKS_MS;
}

/* What was there, or we knew, before ours was made is no copy of ours, nor is ours one. */
static bool are_two(const struct half *x, const struct half *y)
{
	const struct half *young = x->t.id > y->t.id ? x : y;
	return young->l.sent_at || was_first(x, y) || was_first(y, x);
}

/* Is it of this name, and going to be copied to the other side if nothing turns up? */
static bool is_namesake(const struct half *h, enum side other, int score)
{
	return score > NO || (score == MAYBE && h->gone == GONE_NO && (h->t.born & BIT(other)));
}

/* When did it come here, or change last? This machine's clock. */
static int64_t last_news(const struct pass *p, const struct half *h)
{
	int64_t made_at = h->t.created_at - p->c->offset;
	return made_at > h->l.synced_at ? made_at : h->l.synced_at;
}

/* Whoever copied one to the other has had two idle polls since, as we have, and what he did was read: it is
 * in line with it by now, or it is another task. */
static bool is_settled(const struct pass *p, const struct asked *a, const struct half *y, struct choice *out)
{
	int64_t ours = last_news(p, &a->x), theirs = last_news(p, y);
	int64_t news = ours > theirs ? ours : theirs, then = (news > a->awake ? news : a->awake) + SETTLED;
	bool yes = p->local_now > then && a->looked > then;
	out->look |= !yes;
	return yes;
}

static bool is_old(const struct pass *p, const struct half *h)
{
	return h->imported && p->now - h->t.created_at > SETTLED;
}

/*
 * A record of Salesforce that the account did not make, or that we made ourselves, is no other mount's copy.
 * Who has copied ours to Sales Connect has used the key that we shall use, and the answer tells it; but for
 * the vendor's mirror (D7), whose copy is younger than ours, and says the same.
 */
static bool may_be_copy(const struct pass *p, const struct asked *a, const struct half *sc,
	const struct half *sf, int score)
{
	if (a->copied)
		return true;
	if (is_ours(p, a))
		return like_is_same(score) && subject_has_title(p->template) &&
			sc->t.created_at > sf->l.sent_at;
	return sf->l.by_me || (like_is_same(score) && !sf->l.sent_at);
}

static enum err consider(struct pass *p, const struct asked *a, int64_t other, struct choice *out)
{
	AUTO_HALF y = { 0 };
	int score;
	bool over, live, two;
	const struct half *x = &a->x, *sc = p->side == SIDE_SC ? &y : x, *sf = p->side == SIDE_SC ? x : &y;
	TRY(like_load(p, other, p->side, &y));
	TRY(is_over(p, x, &y, &over));
	TRY(has_other_key(p, sc, sf, &two));
	if (over || two || are_two(x, &y))
		return ERR_OK;
	live = y.gone != GONE_DELETED;
	TRY(like_score(p, sc, sf, &score));
	bool copy = may_be_copy(p, a, sc, sf, score);
	if (copy)
		TRY(choose_best(out, other, score));
	bool settled = live && score != NO && is_settled(p, a, &y, out);
	int *most = live ? &out->live : &out->dead;
	*most = copy && score > *most ? score : *most;
	bool theirs = !sf->l.by_me && !sf->l.sent_at && !sc->l.sent_at && !a->copied;
	bool forgotten = theirs && p->now - sc->t.created_at > KEY_KEPT;
	out->by_key |= copy && score > NO && theirs;
	out->forgotten |= forgotten && score > NO;
	out->young |= copy && score != NO && !settled;
	out->fresh |= copy && score != NO && !(live && is_old(p, x) && is_old(p, &y));
	out->namesakes += copy && is_namesake(&y, pass_other(p), score);
	out->wait |= (copy || forgotten) && live && score == MAYBE && !a->late && !settled;
	/* whoever has copied what we made, and deleted, deletes the copy */
	out->wait |= !live && sf == &y && sf->l.sent_at && score > NO && !a->late;
	return ERR_OK;
}

struct place {			/* of the one asked for among those on its side that have no copy either */
	struct rows best;	/* all that are as like the copy; none: another one is more like it */
	size_t at;		/* of these */
	size_t namesakes;
	struct rows less;	/* as in struct choice */
	bool dead;		/* one of them is deleted: whoever has copied that deletes the copy */
};
static void place_finish(struct place *x)
{
	rows_finish(&x->best);
	rows_finish(&x->less);
}
#define AUTO_PLACE AUTO(place_finish) struct place

static enum err place(struct pass *p, const struct asked *a, int64_t copy, int most, struct place *out)
{
	AUTO_ROWS all = { 0 };
	AUTO_HALF y = { 0 };
	TRY(like_load(p, copy, p->side, &y));
	TRY(lonely_like(p, pass_other(p), &y, &all));
	place_finish(out);
	*out = (struct place){ 0 };
	for (size_t i = 0; i < all.n; i++) {
		AUTO_HALF x = { 0 };
		int score;
		TRY(like_load(p, all.task[i], pass_other(p), &x));
		TRY(p->side == SIDE_SC ? like_score(p, &y, &x, &score) : like_score(p, &x, &y, &score));
		bool ours = all.task[i] == a->x.t.id, stays = a->late && !ours && !(x.t.born & BIT(p->side));
		if ((a->late && x.gone == GONE_DELETED) || are_two(&x, &y))
			continue;
		if (score > most)
			return out->best.n = 0, ERR_OK;
		if (ours)
			out->at = out->best.n;
		if (score == most && !stays)
			TRY(rows_add(&out->best, all.task[i]));
		if (score != NO && score < most)
			TRY(rows_add(&out->less, all.task[i]));
		out->namesakes += is_namesake(&x, p->side, score);
		out->dead |= score != NO && x.gone == GONE_DELETED;
	}
	return ERR_OK;
}

static enum err is_dead(struct pass *p, int64_t task, bool *yes)
{
	enum gone gone;
	TRY(store_gone(p->s, task, &gone));
	*yes = gone == GONE_DELETED;
	return ERR_OK;
}

/* R14, R15: it is never copied by us; who did so, did it long ago. */
static enum err stays(struct pass *p, int64_t task, bool *yes)
{
	AUTO_TASK t = TASK_INIT;
	TRY(store_get(p->s, task, &t));
	*yes = !(t.born & BIT(pass_other(p)));
	return ERR_OK;
}

/* Those that are so, unless all are. */
static enum err drop(struct pass *p, struct rows *x, enum err (*is)(struct pass *p, int64_t task, bool *yes))
{
	size_t n = 0;
	for (size_t i = 0; i < x->n; i++) {
		bool yes;
		TRY(is(p, x->task[i], &yes));
		if (!yes)
			x->task[n++] = x->task[i];
	}
	x->n = n ? n : x->n;
	return ERR_OK;
}

/* Is there anything but that one on the other side of which this one may be the copy, or that may be its? */
static enum err has_another(struct pass *p, enum side side, int64_t task, int64_t but, bool *yes)
{
	AUTO_ROWS all = { 0 };
	AUTO_HALF x = { 0 };
	enum side other = side == SIDE_SC ? SIDE_SF : SIDE_SC;
	*yes = false;
	TRY(like_load(p, task, side, &x));
	TRY(lonely_like(p, other, &x, &all));
	for (size_t i = 0; i < all.n && !*yes; i++) {
		AUTO_HALF y = { 0 };
		int score;
		TRY(like_load(p, all.task[i], other, &y));
		TRY(side == SIDE_SC ? like_score(p, &x, &y, &score) : like_score(p, &y, &x, &score));
		*yes = all.task[i] != but && score > NO;
	}
	return ERR_OK;
}

/* Is there one that is perhaps the one's, too, or the other's, and that nobody else is like? Then these are
 * perhaps not each other's, and were edited since; whoever copied them tells. */
static enum err may_be_others(struct pass *p, const struct asked *a, const struct choice *c,
	const struct place *at, int64_t copy, bool *yes)
{
	bool another = true;
	if (c->less.n > FEW || at->less.n > FEW)
		return *yes = false, ERR_OK;
	for (size_t i = 0; i < c->less.n && another; i++)
		TRY(has_another(p, p->side, c->less.task[i], a->x.t.id, &another));
	for (size_t i = 0; i < at->less.n && another; i++)
		TRY(has_another(p, pass_other(p), at->less.task[i], copy, &another));
	*yes = !another;
	return ERR_OK;
}

/* The first has the first only where all are as like each: ours has the same place with the one that it would
 * have. */
static enum err has_place(struct pass *p, const struct asked *a, const struct choice *c,
	const struct place *at, bool *yes)
{
	AUTO_PLACE own = { 0 };
	*yes = true;
	if (!at->at || at->at >= c->best.n)
		return ERR_OK;
	TRY(place(p, a, c->best.task[at->at], c->most, &own));
	*yes = own.at == at->at && own.best.n == at->best.n;
	return ERR_OK;
}

/* Did a colleague make some of these records of Salesforce, and mounts the others? Then the keys of the
 * former tell of which each is, whatever the order. */
static enum err is_mixed(struct pass *p, const struct rows *sf, bool *yes)
{
	size_t colleagues = 0;
	for (size_t i = 0; i < sf->n; i++) {
		AUTO_LINK l = LINK_INIT;
		TRY(store_link(p->s, sf->task[i], SIDE_SF, &l));
		colleagues += !l.by_me && !l.sent_at;
	}
	*yes = colleagues && colleagues < sf->n;
	return ERR_OK;
}

/*
 * Each is the other's best, and there are as many of its name on either side. Of several that are the same on
 * one side, each is one of several on the other: the first has the first, as in every mount. If they are not
 * as many, one of them is still to come, or to go; when that has had its time, what is deleted no longer
 * counts, and what is never to be copied only if nothing else is. But where a key can tell, it is asked
 * first: one that is deleted may have been another's original. What the first import brought, and was old
 * then, has had its time where all is the same.
 */
static enum err among(struct pass *p, const struct asked *a, struct choice *c, int64_t *out)
{
	AUTO_PLACE at = { 0 };
	bool unsure = false, placed, mixed;
	*out = 0;
	if (!c->best.n)
		return ERR_OK;
	if (a->late) {
		TRY(drop(p, &c->best, is_dead));
		TRY(drop(p, &c->best, stays));
	}
	TRY(place(p, a, c->best.task[0], c->most, &at));
	bool even = at.best.n == c->best.n && at.namesakes == c->namesakes;
	bool other = c->live > NO && c->dead > c->live;	/* may be it, and was perhaps changed meanwhile */
	bool ripe = (!c->young && !at.dead) || (!c->fresh && like_is_same(c->most) && at.best.n == c->best.n);
	if (even && !ripe && !a->late)
		TRY(may_be_others(p, a, c, &at, c->best.task[0], &unsure));
	TRY(has_place(p, a, c, &at, &placed));
	TRY(is_mixed(p, p->side == SIDE_SC ? &at.best : &c->best, &mixed));
	bool clear = a->late ||
		(!other && !unsure && placed && ((even && (ripe || !mixed)) || (ripe && !c->by_key)));
	c->wait |= !clear && (c->forgotten || !c->by_key || p->side == SIDE_SF);
	if (clear && at.best.n && at.at < c->best.n)
		*out = c->best.task[at.at];
	return ERR_OK;
}

/* A mount made it in Salesforce, as its subject or its key says: of a task that is in Sales Connect, so that
 * it renames or deletes the copy soon, or that it makes there, too. */
static enum err of_mount(struct pass *p, const struct asked *a, struct choice *c)
{
	const struct link *l = &a->x.l;
	bool fits = l->once;
	if (p->side != SIDE_SC || !l->by_me || l->sent_at || a->late || is_settled(p, a, &a->x, c))
		return ERR_OK;
	if (!fits)
		TRY(subject_fits(p->template, &a->x.t, like_shown(l, FIELD_TITLE), &fits));
	c->wait |= fits;
	return ERR_OK;
}

struct doubts {
	int64_t task[ROWS_IN_DOUBT];
	size_t n;
	bool forgotten;		/* only those of which nobody knows whether they were sent */
};

static bool add_doubt(void *arg, const struct link *l)
{
	struct doubts *x = arg;
	if (!x->forgotten || !l->sent_at)
		x->task[x->n++] = l->task;
	return x->n < ROWS_IN_DOUBT;
}

/* Sales Connect's task may be what a create in doubt has made there, of a record of Salesforce; and either
 * side's, what one has made that was forgotten. */
static enum err of_doubt(struct pass *p, const struct asked *a, struct choice *c)
{
	struct doubts x = { .forgotten = p->side == SIDE_SC };
	if (a->x.l.sent_at)
		return ERR_OK;
	TRY(store_links(p->s, pass_other(p), true, 0, add_doubt, &x));
	for (size_t i = 0; i < x.n; i++) {
		AUTO_TASK t = TASK_INIT;
		TRY(store_get(p->s, x.task[i], &t));
		c->wait |= like_person(&t, &a->x.t);
	}
	return ERR_OK;
}

/* The key of some record of Salesforce may tell of Sales Connect's task. */
static enum err of_keys(struct pass *p, const struct asked *a, struct choice *c)
{
	enum err e = ERR_OK;
	for (size_t at = 0; p->side == SIDE_SF && !c->wait && e == ERR_OK;) {
		AUTO_HALF y = { 0 };
		int64_t task;
		e = lonely_asked(p, &a->x, &at, &task);
		if (e == ERR_OK) {
			TRY(like_load(p, task, SIDE_SF, &y));
			TRY(key_tells_more(p, a, &y, &c->wait));
		}
	}
	return e == ERR_NOENT ? ERR_OK : e;
}

/* *copy: 0: none, or it waits. */
static enum err choose(struct pass *p, int64_t task, struct asked *a, struct choice *c, int64_t *copy)
{
	AUTO_ROWS all = { 0 };
	TRY(like_load(p, task, pass_other(p), &a->x));
	TRY(pass_looked(p, pass_other(p), &a->looked, &a->awake));
	TRY(a->copied ? lonely_all(p, p->side, a->x.t.created_at - p->c->offset, &all)
		: lonely_like(p, p->side, &a->x, &all));
	for (size_t i = 0; i < all.n; i++)
		TRY(consider(p, a, all.task[i], c));
	TRY(of_mount(p, a, c));
	TRY(of_doubt(p, a, c));
	TRY(of_keys(p, a, c));
	return among(p, a, c, copy);
}

enum err join_choose(struct pass *p, int64_t task, bool copied, bool late, int64_t *copy, bool *wait)
{
	AUTO(asked_finish) struct asked a = { .copied = copied, .late = late };
	AUTO(choice_finish) struct choice c = { 0 };
	store_hold(p->s);	/* of many of one name each is read twice */
	enum err e = choose(p, task, &a, &c, copy);
	store_rest(p->s);
	TRY(e);
	if (c.look)
		TRY(pass_ask_look(p, pass_other(p)));
	*wait = c.wait;
	return ERR_OK;
}
