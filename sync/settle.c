#include "send.h"
#include <stdlib.h>

#define DOUBT_WAIT INT64_C(60000)	/* how long a create may still come to light (salesforce.md 4.4) */
/* a clock may have been wrong; whatever is that young, and not ours, is linked */
#define FIND_SLACK (86400 * INT64_C(1000))
/* Keys are remembered for 7 days (salesconnect.md). */
#define ONCE_KEPT (6 * 86400 * INT64_C(1000))	/* it is, for sure */
#define ONCE_LOST (8 * 86400 * INT64_C(1000))	/* and for sure not any more */

struct patience {		/* the row of a create in doubt: how often was it tried, and is it backing
				 * off? Or, if it may never have been sent: is it not its time yet? */
	enum side side;
	bool forgotten;
	int tries;
	bool waits;
	bool taken;		/* it was repeated, and its key is taken by another text; a pull came since */
};

static bool see_row(void *arg, const struct waiting *row)
{
	struct patience *x = arg;
	if (row->side != x->side)
		return true;
	x->tries = row->tries;
	x->taken = row->err == ERR_EXIST;
	x->waits = row->next && (row->err || x->forgotten);
	return false;
}

static enum err patience(struct pass *p, const struct link *l, struct patience *out)
{
	*out = (struct patience){ .side = p->side, .forgotten = !l->sent_at };
	return store_waiting(p->s, l->task, p->local_now, see_row, out);
}

/* The clock was ahead when it was sent: how long ago that is, nobody knows. Or it is sent now. */
static enum err sent_now(struct pass *p, struct link *l)
{
	l->sent_at = p->now;
	return store_link_put(p->s, l);
}

/* The same key cannot make a second task: send it again. The row of the outbox stays: what changed since goes
 * next. */
static enum err repeat_create(struct pass *p, struct link *l, const struct patience *how)
{
	AUTO_ROUND r = { 0 };
	AUTO_PARCEL x = { 0 };
	if (!l->sent_at)
		TRY(sent_now(p, l));
	TRY(round_init(&r, p));
	TRY(parcel_of_journal(p, l, &x));
	x.row.tries = how->tries;
	x.row.taken = how->taken;
	batch_add(&r.batch[VERB_CREATE], &x);
	return round_send(&r, VERB_CREATE);
}

static enum err taken(struct pass *p, const struct remote_task *rt, bool *yes)
{
	AUTO_LINK l = LINK_INIT;
	enum err e = store_link_by_rid(p->s, p->side, rt->id, &l);
	*yes = e == ERR_OK;
	return e == ERR_NOENT ? ERR_OK : e;
}

/* Of the records that are nobody's yet the one most like what we sent, the oldest of those; NULL: none. */
static enum err pick(struct pass *p, const struct link *l, const struct page *page,
	const struct remote_task **out)
{
	int best = UNLIKE, is;
	*out = NULL;
	for (size_t i = 0; i < page->n; i++) {
		const struct remote_task *rt = &page->task[i];
		bool used;
		TRY(taken(p, rt, &used));
		TRY(record_is_ours(p, l, rt, &is));
		if (used || !is || is < best || (is == best && rt->t.created_at >= (*out)->t.created_at))
			continue;
		*out = rt;
		best = is;
	}
	return ERR_OK;
}

/* Found: it is linked. Not found, and long enough ago: it never happened; the row of the outbox creates it
 * anew. Where a key is kept the same create is sent again, however late the first one comes. */
static enum err look_for(struct pass *p, struct link *l, const struct patience *how)
{
	AUTO_PAGE page = PAGE_INIT;
	AUTO_PARCEL x = { 0 };
	const struct remote_task *found;
	TRY(parcel_of_journal(p, l, &x));
	TRY(pass_go_on(p));
	int64_t at = l->sent_at ? l->sent_at : x.task.created_at + p->c->offset;
	enum err e = p->ops->find(p->r, &x.wire, at - FIND_SLACK, &page);
	if (send_suspicious[e]) {
		TRY(store_outbox_fail(p->s, l->task, p->side, INT64_MAX, e, p->r->message, p->local_now,
			send_backoff(how->tries)));
		return send_suspect(p, e);
	}
	TRY(e);
	TRY(pick(p, l, &page, &found));
	/* it may be there under another name, or deleted: a pull would bring it */
	if (!found && !p->pulled)
		return ERR_OK;
	if (!found && p->r->once_is_kept)
		return repeat_create(p, l, how);
	AUTO_TX tx = { 0 };
	TRY(tx_begin(p->s, &tx));
	if (found)
		TRY(record_adopt(p, l, found));
	else
		TRY(store_link_drop(p->s, l->task, p->side));
	return tx_commit(&tx);
}

/* With a key: repeat it, while it is remembered; while it may be, if no pull has brought it, for another text
 * would be refused. A copy is looked for by its looks then (push.c). */
static enum err settle_keyed(struct pass *p, struct link *l, const struct patience *x)
{
	enum elsewhere where;
	int64_t age = p->now - l->sent_at;
	if (age < ONCE_KEPT)
		return p->pulled || x->waits ? ERR_OK : repeat_create(p, l, x);
	if (!p->pulled)
		return ERR_OK;
	TRY(parcel_elsewhere(p, l->task, &where));
	if (where == ELSEWHERE_KNOWN || age >= ONCE_LOST)
		return store_link_drop(p->s, l->task, p->side);
	return x->waits ? ERR_OK : repeat_create(p, l, x);
}

/* Without: a pull brings every new record; look for what was not among them and has had time to come to
 * light. */
static enum err settle_unkeyed(struct pass *p, struct link *l, const struct patience *x)
{
	if ((p->will_pull && !p->pulled) || x->waits)
		return ERR_OK;
	if (l->sent_at > p->now)
		return sent_now(p, l);
	return p->now - l->sent_at >= DOUBT_WAIT ? look_for(p, l, x) : ERR_OK;
}

/* Was it sent, and forgotten? The pull tells, or the key;
 * which of the two systems was first made the other's key. */
static enum err settle_forgotten(struct pass *p, struct link *l, const struct patience *x)
{
	enum elsewhere where;
	TRY(parcel_elsewhere(p, l->task, &where));
	if (!p->pulled || x->waits)
		return ERR_OK;
	if (p->ops->once_is_kept)
		return repeat_create(p, l, x);
	return where == ELSEWHERE_IN_DOUBT ? ERR_OK : look_for(p, l, x);
}

static enum err settle(struct pass *p, struct link *l)
{
	struct patience x;
	TRY(patience(p, l, &x));
	if (!l->sent_at)
		return settle_forgotten(p, l, &x);
	return p->ops->once_is_kept ? settle_keyed(p, l, &x) : settle_unkeyed(p, l, &x);
}

enum err settle_doubt(struct pass *p)
{
	enum err e = ERR_OK;
	TRY(pass_load_doubt(p));
	p->suspects = 0;
	for (size_t i = 0; i < p->doubt.n && e == ERR_OK; i++)
		e = settle(p, &p->doubt.l[i]);
	if (e && !send_suspicious[e])	/* the rest of them can wait; what is new there need not */
		return e;
	p->suspects = 0;
	return pass_load_doubt(p);
}
