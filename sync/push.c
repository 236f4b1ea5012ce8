#include "send.h"
#include <stdlib.h>

#define DAY (86400 * INT64_C(1000))
#define WAITS_MAX 16			/* over two hours: to settle, and then to ask for a key (send.c) */
#define WAIT_TRIES 9			/* 36 minutes: who made a copy has had two idle polls */
#define SWINGS_MAX 30			/* mounts that answer each other by chance end it before */
#define CIRCLE_DAY 5			/* copies before it, in half a day: too many */
#define CIRCLE_WEEK 20			/* in a week */
#define ROUNDS 3			/* times a task that keeps moving there is tried in one pass */

/* Nothing to send. A rename that may not cross is agreed upon as it is, so that a later template does not
 * send a burst of old names (R24, R26). What the other side's pass has joined has its record here since, and
 * keeps the order (join.c). */
static enum err nothing(struct pass *p, struct parcel *x)
{
	AUTO_TX tx = { 0 };
	bool live = x->link.rid && !x->link.gone && !x->link.away;
	TRY(tx_begin(p->s, &tx));
	if (live && !field_same(x->link.base[FIELD_TITLE], x->task.field[FIELD_TITLE])) {
		TRY(replace_text(&x->link.base[FIELD_TITLE], x->task.field[FIELD_TITLE]));
		TRY(store_link_put(p->s, &x->link));
	}
	TRY(order_alike(p, x->row.task));
	TRY(send_row_done(p, x));
	return tx_commit(&tx);
}

/* It was deleted there, with many others:
 * there is nowhere to send it until that is confirmed or taken back (D6). */
static enum err held(struct pass *p, const struct outgoing *row)
{
	return store_outbox_fail(p->s, row->task, p->side, row->seq, ERR_HELD,
		"deleted there, with many others at once; to delete them here too: remindfs confirm-deletes",
		p->local_now, -1);
}

/* What is there may be its copy; whoever made that is still at work. */
static enum err waits(struct pass *p, const struct outgoing *row)
{
	return store_outbox_fail(p->s, row->task, p->side, row->seq, ERR_BUSY,
		"there is a task of its name without a copy: perhaps another mount made that of it. Nothing "
		"is sent until that is known, or for 36 minutes; to send it now, as a task of its own, touch "
		"its file in .remindfs/outbox", p->local_now,
		row->tries < WAITS_MAX ? send_backoff(row->tries) : DAY);
}

/* Nothing but another title makes it a task of its own. */
static enum err refuse(struct pass *p, const struct outgoing *row, const char *why)
{
	return store_outbox_fail(p->s, row->task, p->side, row->seq, ERR_REFUSED, why, p->local_now, -1);
}

/*
 * The fuse. Two mounts that cannot know each other's copies again (all that tells tasks apart was changed,
 * see join.c) copy them in turn: each new one comes after the last was copied, whoever did that. It ends
 * after so many within so long.
 */
static enum err in_a_circle(struct pass *p, int64_t task, bool *yes)
{
	int64_t half_a_day = 0, week;
	TRY(store_copied(p->s, task, p->side, 7 * DAY, &week));
	if (week >= CIRCLE_DAY)
		TRY(store_copied(p->s, task, p->side, DAY / 2, &half_a_day));
	*yes = week >= CIRCLE_WEEK || half_a_day >= CIRCLE_DAY;
	return ERR_OK;
}

/* Two mounts that take two records for each other's write the values of both in turn. */
static enum err swings(struct pass *p, int64_t task, bool *yes)
{
	int64_t n;
	TRY(store_swings(p->s, task, p->local_now - DAY / 2, &n));
	*yes = n >= SWINGS_MAX;
	return ERR_OK;
}

/* The user knows which value it is. */
static enum err rests(struct pass *p, const struct outgoing *row)
{
	return store_outbox_fail(p->s, row->task, p->side, row->seq, ERR_BUSY,
		"it goes to and fro between two values: does another mount take this record for another "
		"task's? to send it as it is, touch its file in .remindfs/outbox", p->local_now, -1);
}

/* A create tells no version: until a pull brings it, a write would have no condition; and an update whose
 * answer is lost may be there, even if it is the other way by now. So read it, and merge, first. */
static bool look_first(const struct round *r, enum verb verb, const struct parcel *x)
{
	bool written = verb == VERB_UPDATE || verb == VERB_REMOVE;
	return !r->looked && ((written && !x->link.version) || x->link.in_doubt);
}

/* Another mount has made the copy, that we know (send.c); but which is it? */
static enum err ask(struct round *r, struct parcel *x)
{
	AUTO_TASK text = TASK_INIT;
	enum err e = join_guess(r->p, &x->task, x->row.tries - 1, &text);
	if (e == ERR_NOENT)	/* all were asked for since, but perhaps the first (settle.c) */
		e = join_guess(r->p, &x->task, 0, &text);
	return e == ERR_NOENT ? ERR_OK : e ? e : parcel_say(x, &text);
}

/* A task of the other side. *done: it has its copy, or waits. */
static enum err copy(struct round *r, struct parcel *x, bool *done)
{
	struct pass *p = r->p;
	const struct outgoing *row = &x->row;
	enum joined joined;
	bool circle, echo, taken = row->taken && p->side == SIDE_SC;
	TRY(join_copy(p, row->task, taken, row->tries >= WAIT_TRIES, &joined));
	*done = joined == JOIN_DONE;
	if (*done || taken)
		return taken && !*done ? ask(r, x) : ERR_OK;
	if (joined == JOIN_WAIT && !row->asked)		/* by the user, who knows */
		return *done = true, waits(p, row);
	TRY(in_a_circle(p, row->task, &circle));
	TRY(join_echo(p, row->task, &echo));
	*done = circle || echo;
	if (echo)
		return refuse(p, row, "it seems that another mount copied it from there, where it is "
			"already; to have it there twice give it another title");
	return circle ? refuse(p, row, "several like it were copied there, one after the other: is another "
		"mount copying the copies? to have this one there, too, give it another title") : ERR_OK;
}

static enum err post(struct round *r, const struct outgoing *row)
{
	AUTO_PARCEL x = { 0 };
	enum verb verb = VERB_NONE;
	enum elsewhere where = ELSEWHERE_NOT;
	bool swing = false;
	TRY(order_unswap(r->p, row->task));
	TRY(parcel_read(r->p, row, &x, &verb));
	if (verb == VERB_WAIT)
		return ERR_OK;
	if (verb == VERB_CREATE)
		TRY(parcel_elsewhere(r->p, row->task, &where));
	/* another mount may have copied it from there */
	if (where == ELSEWHERE_KNOWN && !r->p->pulled) {
		r->p->look_first = true;
		return ERR_OK;
	}
	if (where == ELSEWHERE_KNOWN) {
		bool done;
		TRY(copy(r, &x, &done));
		if (done)
			return ERR_OK;
	}
	if (look_first(r, verb, &x))
		return round_again(r, &x);
	if (verb == VERB_NONE)
		return nothing(r->p, &x);
	if (verb == VERB_UPDATE && !row->asked)
		TRY(swings(r->p, row->task, &swing));
	if (swing)
		return rests(r->p, row);
	if (verb == VERB_HELD)
		return held(r->p, row);
	struct batch *b = &r->batch[verb];
	/* one that failed travels with fewer others each time, so that a poisoned text is alone in the end */
	size_t room = b->max >> (row->tries < 16 ? row->tries : 16);
	if (b->n && b->n >= room)
		TRY(round_flush(r, verb));
	batch_add(b, &x);
	return b->n >= (room ? room : 1) ? round_flush(r, verb) : ERR_OK;
}

/* Rows in, those to be tried once more out (owned). */
static enum err walk(struct pass *p, bool looked, const struct outgoing *row, size_t n,
	struct outgoing **again, size_t *n_again)
{
	AUTO_ROUND r = { .looked = looked };
	lonely_finish(p->lonely);	/* it was read since */
	TRY(round_init(&r, p));
	for (size_t i = 0; i < n; i++)
		TRY(post(&r, &row[i]));
	for (enum verb v = VERB_CREATE; v < NVERBS; v++)
		TRY(round_flush(&r, v));
	TRY(pull_these(p, &r.stale));
	TRY(brake_incoming(p));
	*again = TAKE(r.again);
	*n_again = r.n_again;
	return ERR_OK;
}

/*
 * All that is due; a copy, because rows that wait stay due. Nobody can write between the look at the clock
 * and the look at the rows: one that was put there meanwhile would be of the future, and be sent without its
 * grace time.
 */
static enum err due(struct pass *p, struct outgoing **row, size_t *n)
{
	AUTO_TX tx = { 0 };
	size_t max = 256;
	TRY(tx_begin(p->s, &tx));
	pass_tick(p);
	do {
		max *= 16;
		struct outgoing *more = reallocarray(*row, max, sizeof(*more));
		if (!more)
			return ERR_NOMEM;
		*row = more;
		TRY(store_outbox(p->s, p->side, p->local_now, *row, max, n));
	} while (*n == max);
	return ERR_OK;
}

enum err push_all(struct pass *p)
{
	AUTO_FREE struct outgoing *row = NULL;
	size_t n;
	TRY(due(p, &row, &n));
	for (int i = 0; n && i < ROUNDS; i++) {
		struct outgoing *again = NULL;
		size_t n_again = 0;
		TRY(walk(p, i > 0, row, n, &again, &n_again));
		free(row);
		row = again;
		n = n_again;
	}
	return p->answered ? ERR_OK : p->broken;
}
