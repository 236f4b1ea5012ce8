#include "send.h"
#include "like.h"
#include "log.h"
#include "steps.h"
#include <string.h>

#define LOG_MODULE "send"
#define COPY_TRIES 10
#define SUSPECTS_MAX 3			/* calls that fail in one pass without an obvious reason */
#define BACKOFF_MIN INT64_C(5000)
#define BACKOFF_MAX (15 * 60 * INT64_C(1000))

/* ---- deciding ---- */

int64_t send_backoff(int tries)
{
	int64_t ms = BACKOFF_MIN << (tries < 10 ? tries : 10);
	return ms < BACKOFF_MAX ? ms : BACKOFF_MAX;
}

enum answer { LATER, DONE, AGAIN, BURIED, REFUSED };
static const enum answer answer_of[ERR_N] = {	/* of one item; what is not here: later */
	[ERR_OK] = DONE, [ERR_STALE] = AGAIN, [ERR_GONE] = BURIED, [ERR_REFUSED] = REFUSED,
	[ERR_DENIED] = REFUSED,
	[ERR_INVAL] = REFUSED, [ERR_TOOBIG] = REFUSED, [ERR_UTF8] = REFUSED,
	[ERR_EXIST] = REFUSED,	/* made before; the create stays in doubt, and a pull brings it */
};
static const bool nothing_applied[ERR_N] = {	/* a create that ended so did certainly not happen */
	[ERR_OFFLINE] = true, [ERR_AUTH] = true, [ERR_LIMIT] = true, [ERR_REFUSED] = true,
	[ERR_DENIED] = true,
	[ERR_INVAL] = true, [ERR_TOOBIG] = true, [ERR_UTF8] = true, [ERR_STALE] = true, [ERR_GONE] = true,
	[ERR_BUSY] = true,	/* stopped before it was sent */
};
const bool send_suspicious[ERR_N] = {	/* it may be the text that was sent, rather than the line or the
					 * account */
	[ERR_LOST] = true, [ERR_RETRY] = true, [ERR_PROTOCOL] = true, [ERR_REFUSED] = true,
	[ERR_DENIED] = true,
	[ERR_STALE] = true, [ERR_GONE] = true, [ERR_INVAL] = true, [ERR_TOOBIG] = true, [ERR_UTF8] = true,
};
static const bool unsent[ERR_N] = {	/* of an item: it was not its turn, and nothing is held against it */
	[ERR_OFFLINE] = true, [ERR_AUTH] = true, [ERR_LIMIT] = true, [ERR_BUSY] = true,
};

/* ---- batches ---- */

static void batch_clear(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		parcel_finish(&b->parcel[i]);
		item_finish(&b->item[i]);
	}
	b->n = 0;
}

static void batch_finish(struct batch *b)
{
	batch_clear(b);
	free(b->parcel);
	free(b->item);
}

static enum err batch_init(struct batch *b, size_t max)
{
	b->max = max ? max : 1;
	b->parcel = calloc(b->max, sizeof(*b->parcel));
	b->item = calloc(b->max, sizeof(*b->item));
	return b->parcel && b->item ? ERR_OK : ERR_NOMEM;
}

void batch_add(struct batch *b, struct parcel *x)
{
	b->parcel[b->n++] = *x;
	*x = (struct parcel){ 0 };
}

static void batch_address(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct parcel *x = &b->parcel[i];
		b->item[i] = (struct item){ .t = &x->wire, .fields = x->fields, .id = x->link.rid,
			.version = x->link.version, .once = x->link.once };
	}
}

static enum err journal_create(struct pass *p, struct parcel *x)
{
	x->link.task = x->row.task;
	x->link.side = p->side;
	x->link.sent_at = p->now;
	TRY(parcel_agree(x, FIELDS_ALL));
	TRY(parcel_key(p, x));
	return store_link_put(p->s, &x->link);
}

static enum err journal_update(struct pass *p, struct parcel *x)
{
	x->link.in_doubt |= x->fields;
	for (int f = 0; f < TASK_NFIELDS; f++)
		if (x->fields & BIT(f))
			TRY(replace_text(&x->link.sent[f], x->task.field[f]));
	return store_link_put(p->s, &x->link);
}

/* Before a create is sent, what is sent is written down for good (salesforce.md 4.4). What was deleted since
 * it was read is not sent: nobody would know that it has to be deleted there; nor what the other side is
 * being asked to create: one after the other, so that another mount that sees the second finds the first. And
 * all wait if a copy waits for a look: it is sent before what is alike, and on no side yet (sort_creates). */
static enum err ready_create(struct round *r, struct parcel *x, bool *ready)
{
	enum gone gone;
	enum elsewhere where;
	TRY(store_gone(r->p->s, x->row.task, &gone));
	TRY(parcel_elsewhere(r->p, x->row.task, &where));
	bool looks = r->p->look_first && !r->p->pulled;
	*ready = gone != GONE_DELETED && where != ELSEWHERE_IN_DOUBT && !looks;
	return *ready ? journal_create(r->p, x) : ERR_OK;
}

/* Since it was read, a task may have another record: one that showed the same (order.c).
 * It is read anew. */
static enum err ready_known(struct round *r, struct parcel *x, bool *ready)
{
	AUTO_LINK l = LINK_INIT;
	enum err e = store_link(r->p->s, x->row.task, r->p->side, &l);
	if (e != ERR_NOENT)
		TRY(e);
	*ready = str_eq(l.rid, x->link.rid);
	return *ready ? ERR_OK : round_again(r, x);
}

/* So is an update: if its answer is lost, what comes from there may be ours (D1). */
static enum err ready_update(struct round *r, struct parcel *x, bool *ready)
{
	TRY(ready_known(r, x, ready));
	return *ready ? journal_update(r->p, x) : ERR_OK;
}

/* A deletion whose grace time began after the row was read, or that was taken back,
 * is not sent: its own row will be. */
static enum err ready_remove(struct round *r, struct parcel *x, bool *ready)
{
	enum gone gone;
	bool revivable = false;
	TRY(ready_known(r, x, ready));
	TRY(store_gone(r->p->s, x->row.task, &gone));
	enum err e = store_revivable(r->p->s, x->row.task, r->p->local_now, &revivable);
	*ready &= gone == GONE_DELETED && !revivable;
	return e == ERR_NOENT ? ERR_OK : e;
}

typedef enum err ready_fn(struct round *r, struct parcel *x, bool *ready);
static ready_fn *const ready_of[NVERBS] = {
	[VERB_CREATE] = ready_create, [VERB_UPDATE] = ready_update, [VERB_REMOVE] = ready_remove,
};

static int by_origin(const void *a, const void *b)
{
	const struct parcel *x = a, *y = b;
	bool less = order_before(x->from, y->from), more = order_before(y->from, x->from);
	return less || more ? more - less : (x->row.seq > y->row.seq) - (x->row.seq < y->row.seq);
}

/* Of several that look the same the first is the copy of the first: so others take them (order.c). */
static enum err sort_creates(struct pass *p, struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		AUTO_LINK there = LINK_INIT;
		enum err e = store_link(p->s, b->parcel[i].row.task, pass_other(p), &there);
		if (e != ERR_NOENT)
			TRY(e);
		b->parcel[i].from = TAKE(there.rid);
	}
	qsort(b->parcel, b->n, sizeof(*b->parcel), by_origin);
	return ERR_OK;
}

/* Those that are not ready are taken out. */
static enum err make_ready(struct round *r, enum verb verb, struct batch *b)
{
	AUTO_TX tx = { 0 };
	size_t kept = 0, n = b->n;
	pass_tick(r->p);
	TRY(tx_begin(r->p->s, &tx));
	if (verb == VERB_CREATE)
		TRY(sort_creates(r->p, b));
	for (size_t i = 0; i < n; i++) {
		struct parcel *x = &b->parcel[i];
		bool ready;
		TRY(tx_yield(&tx));
		TRY(ready_of[verb](r, x, &ready));
		if (!ready) {
			parcel_finish(x);
			continue;
		}
		struct parcel keep = *x;
		*x = (struct parcel){ 0 };
		b->parcel[kept++] = keep;
	}
	b->n = kept;
	return tx_commit(&tx);
}

/* ---- answers ---- */

enum err send_row_done(struct pass *p, const struct parcel *x)
{
	return x->row.seq ? store_outbox_done(p->s, x->row.task, p->side, x->row.seq) : ERR_OK;
}

/* What was written down before it was sent, and did certainly not happen, is dropped. That a repeated create
 * did not get through says nothing about the first; that its text is refused does. */
static enum err drop_journal(struct pass *p, struct parcel *x, enum err why)
{
	bool repeated = !x->row.seq;
	if (!(repeated ? why == ERR_REFUSED : nothing_applied[why]))
		return ERR_OK;
	if (!x->link.rid)
		return store_link_drop(p->s, x->row.task, p->side);
	link_answered(&x->link);
	return store_link_put(p->s, &x->link);
}

/* Nothing else is known of it than that the other task is it.
 * What was typed into it since it was sent is kept. */
static enum err is_other(struct pass *p, const struct parcel *x, const struct task *mine)
{
	AUTO_LINK l = LINK_INIT;
	AUTO_TASK theirs = TASK_INIT;
	bool typed = false;
	for (enum field f = 0; f < TASK_NFIELDS; f++)
		typed |= !field_same(mine->field[f], x->link.base[f]);
	TRY(store_link_by_rid(p->s, p->side, x->link.rid, &l));
	TRY(store_get(p->s, l.task, &theirs));
	if (typed)
		TRY(store_conflict(p->s, l.task, p->side, NULL, mine, &theirs, p->local_now));
	TRY(store_link_drop(p->s, x->row.task, pass_other(p)));
	TRY(store_join(p->s, l.task, x->row.task, p->local_now));
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		TRY(store_outbox_add(p->s, l.task, side, p->local_now));
	return ERR_OK;
}

/* It was deleted here while its create was in doubt, and its record came as another task, as somebody there
 * had changed it: that is deleted, too, and what it says is kept (D3). */
static enum err bury_other(struct pass *p, const struct parcel *x, const struct task *mine)
{
	AUTO_LINK l = LINK_INIT;
	AUTO_TASK theirs = TASK_INIT;
	enum gone gone;
	TRY(store_link_by_rid(p->s, p->side, x->link.rid, &l));
	TRY(store_get(p->s, l.task, &theirs));
	TRY(store_gone(p->s, l.task, &gone));
	if (gone != GONE_DELETED)
		TRY(store_conflict(p->s, l.task, p->side, NULL, mine, &theirs, p->local_now));
	TRY(store_delete(p->s, l.task, SIDE_LOCAL, p->local_now, 0));
	return send_row_done(p, x);
}

/* The record came to us as another task, before we knew that it is this one: by a create in doubt, or one of
 * another mount by the key that we share. If they cannot be joined, what was copied to the other side from
 * both is one too many; what was typed into it since is kept. */
static enum err drop_double(struct pass *p, struct parcel *x)
{
	AUTO_TASK mine = TASK_INIT;
	enum elsewhere where;
	enum gone gone;
	bool joined;
	TRY(store_get(p->s, x->row.task, &mine));
	TRY(store_gone(p->s, x->row.task, &gone));
	TRY(store_link_drop(p->s, x->row.task, p->side));
	TRY(parcel_elsewhere(p, x->row.task, &where));
	if (where != ELSEWHERE_KNOWN && gone == GONE_NO)
		return is_other(p, x, &mine);
	TRY(join_record(p, x->row.task, x->link.rid, x->link.once, &joined));
	if (joined)
		return ERR_OK;
	if (gone == GONE_DELETED)
		return bury_other(p, x, &mine);
	TRY(store_conflict(p->s, x->row.task, p->side, NULL, &mine, NULL, p->local_now));
	TRY(store_delete(p->s, x->row.task, p->side, p->local_now, 0));
	return send_row_done(p, x);
}

/* Not taken: another task has the record. But if that was a create of ours, too, which was taken for what
 * made it as they look alike, it was a mistake, as two keys make two; it is in doubt again. */
static enum err take_record(struct pass *p, const struct parcel *x, bool *taken)
{
	AUTO_LINK l = LINK_INIT;
	enum err e = store_link_put(p->s, &x->link);
	*taken = e == ERR_OK;
	if (e != ERR_EXIST)
		return e;
	TRY(store_link_by_rid(p->s, p->side, x->link.rid, &l));
	*taken = l.sent_at && l.once && x->link.once && !str_eq(l.once, x->link.once);
	if (!*taken)
		return ERR_OK;
	TRY(replace_text(&l.rid, NULL));
	TRY(store_link_put(p->s, &l));
	return store_link_put(p->s, &x->link);
}

/* Another mount had made it, of what the task said to that: what differs is no change of that one, and after
 * an edit nobody knows which text is the later one (D2). */
static enum err forget_texts(struct parcel *x)
{
	if (like_as_made(&x->task))
		return ERR_OK;
	TRY(replace_text(&x->link.base[FIELD_DUE], NULL));
	return replace_text(&x->link.base[FIELD_DETAILS], NULL);
}

static enum err created(struct pass *p, struct parcel *x, const struct item *it)
{
	bool taken;
	if (!it->new_id)
		return ERR_OK;	/* still in doubt: the remote says it did, and not what */
	if (it->was_there && x->row.seq)
		TRY(forget_texts(x));
	TRY(replace_text(&x->link.rid, it->new_id));
	TRY(take_record(p, x, &taken));
	if (!taken)
		return drop_double(p, x);
	TRY(parcel_other_is_next(p, x->row.task));
	if (p->side == SIDE_SF || x->link.version)
		TRY(order_alike(p, x->row.task));
	return send_row_done(p, x);
}

/* Another mount has made it, by the key that we share, from what it said then. Which one it is, is asked when
 * all answers of this batch are in (push.c). */
static enum err made_elsewhere(struct pass *p, struct parcel *x)
{
	int tries = x->row.taken ? x->row.tries : 0;
	TRY(store_link_drop(p->s, x->row.task, p->side));
	return store_outbox_fail(p->s, x->row.task, p->side, x->row.seq ? x->row.seq : INT64_MAX, ERR_EXIST,
		"another mount has copied it there, and which one that is nobody can tell; make both say the "
		"same, or delete one", p->local_now, tries < COPY_TRIES ? send_backoff(tries) : -1);
}

/* D8: that is no secret. */
static enum err campaign_step(struct pass *p, const struct parcel *x)
{
	const char *campaign = x->task.fact[FACT_CAMPAIGN];
	if (p->side != SIDE_SC || !campaign || !*campaign || !(x->fields & BIT(FIELD_STATUS)))
		return ERR_OK;
	if (task_is_open(&x->task))
		log_warn("task=%lld of a campaign reopened: the step that its completion started is not "
			"undone", (long long)x->row.task);
	else
		log_info("task=%lld of a campaign completed: starts the person's next step",
			(long long)x->row.task);
	return steps_note(p->s, &x->task, p->local_now);
}

static enum err item_done(struct pass *p, enum verb verb, struct parcel *x, const struct item *it)
{
	if (verb == VERB_UPDATE) {
		TRY(parcel_agree(x, x->fields));
		TRY(campaign_step(p, x));
		link_answered(&x->link);
	}
	bool repeated = verb == VERB_CREATE && !x->row.seq;
	if (it->new_version && !repeated)	/* else the version may be of an edit that we have not seen */
		TRY(replace_text(&x->link.version, it->new_version));
	if (it->url)
		TRY(replace_text(&x->link.url, it->url));
	x->link.synced_at = p->local_now;
	if (verb == VERB_CREATE)
		return created(p, x, it);
	x->link.gone = verb == VERB_REMOVE;
	x->link.gone_at = x->link.gone ? p->local_now : 0;
	if (x->link.gone || (x->fields & BIT(FIELD_STATUS)))	/* ours is the later word */
		x->link.doom = DOOM_NO;
	TRY(store_link_put(p->s, &x->link));
	return send_row_done(p, x);
}

static enum err item_failed(struct pass *p, struct parcel *x, const struct item *it, int64_t wait)
{
	bool repeated = !x->row.seq;
	const char *msg = it->msg[0] ? it->msg : err_str(it->err);
	log_info("task=%lld side=%s err=%s", (long long)x->row.task, side_name[p->side], err_str(it->err));
	TRY(drop_journal(p, x, it->err));
	if (repeated && it->err == ERR_REFUSED)
		return ERR_OK;	/* the row is there, and will be tried for itself */
	return store_outbox_fail(p->s, x->row.task, p->side, repeated ? INT64_MAX : x->row.seq, it->err, msg,
		p->local_now, wait);
}

enum err round_again(struct round *r, const struct parcel *x)
{
	struct outgoing *more = reallocarray(r->again, r->n_again + 1, sizeof(*more));
	if (!more)
		return ERR_NOMEM;
	r->again = more;
	r->again[r->n_again++] = x->row;
	return ids_add(&r->stale, x->link.rid);
}

static enum err answer(struct round *r, enum verb verb, struct parcel *x, const struct item *it)
{
	struct pass *p = r->p;
	enum answer a = answer_of[it->err];
	if (unsent[it->err])
		return drop_journal(p, x, it->err);
	p->answered = true;
	if (verb == VERB_CREATE && it->err == ERR_EXIST) {
		enum elsewhere where;
		TRY(parcel_elsewhere(p, x->row.task, &where));
		if (where == ELSEWHERE_KNOWN && (x->row.seq || x->row.taken))
			return made_elsewhere(p, x);
		if (where == ELSEWHERE_KNOWN)	/* it may be ours, after all: the next pull tells */
			a = LATER;
	}
	if (verb == VERB_CREATE && (a == AGAIN || a == BURIED))
		a = REFUSED;
	/* a 404 may be a proxy's or a right taken away: the record tells (R19, D5) */
	if (verb == VERB_UPDATE && a == BURIED)
		a = AGAIN;
	switch (a) {
	case DONE:
		return item_done(p, verb, x, it);
	case AGAIN:
		return round_again(r, x);
	case BURIED:
		TRY(record_bury(p, &x->link));
		return send_row_done(p, x);
	case REFUSED:
		return item_failed(p, x, it, -1);
	case LATER:
		break;
	}
	return item_failed(p, x, it, send_backoff(x->row.tries));
}

static enum err answers(struct round *r, enum verb verb, struct batch *b)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(r->p->s, &tx));
	for (size_t i = 0; i < b->n; i++) {
		TRY(answer(r, verb, &b->parcel[i], &b->item[i]));
		TRY(tx_yield(&tx));
	}
	return tx_commit(&tx);
}

/* No item was answered. */
static enum err call_failed(struct pass *p, struct batch *b, enum err why)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(p->s, &tx));
	for (size_t i = 0; i < b->n; i++) {
		struct parcel *x = &b->parcel[i];
		b->item[i].err = why;
		/* many: one of them is it, and the others shall not wait long */
		if (send_suspicious[why])
			TRY(item_failed(p, x, &b->item[i],
				b->n > 1 ? BACKOFF_MIN : send_backoff(x->row.tries)));
		else
			TRY(drop_journal(p, x, why));
	}
	return tx_commit(&tx);
}

/* ---- sending ---- */

enum err send_suspect(struct pass *p, enum err why)
{
	if (++p->suspects >= SUSPECTS_MAX)
		return why;
	p->c->hello_at = 0;
	return pass_greet(p);
}

static enum err call(struct pass *p, enum verb verb, struct batch *b)
{
	const struct remote_ops *ops = p->ops;
	TRY(pass_go_on(p));
	batch_address(b);
	if (verb == VERB_CREATE)
		return ops->create(p->r, b->item, b->n);
	if (verb == VERB_UPDATE)
		return ops->update(p->r, b->item, b->n);
	return ops->remove(p->r, b->item, b->n);
}

/* What made the remote break off in the middle of a batch, if it did. */
static enum err broke_off(const struct batch *b)
{
	enum err e = ERR_OK;
	for (size_t i = 0; i < b->n; i++) {
		enum err now = b->item[i].err;
		if (unsent[now])
			return now == ERR_BUSY ? e : now;
		e = now;
	}
	return ERR_OK;
}

static enum err send_batch(struct round *r, enum verb verb, struct batch *b)
{
	struct pass *p = r->p;
	enum err e = call(p, verb, b);
	if (e != ERR_OK) {
		p->broken = e;
		TRY(call_failed(p, b, e));
	} else {
		TRY(answers(r, verb, b));
		e = broke_off(b);
	}
	log_info("side=%s verb=%d n=%zu", side_name[p->side], verb, b->n);
	return send_suspicious[e] ? send_suspect(p, e) : e;
}

enum err round_send(struct round *r, enum verb verb)
{
	struct batch *b = &r->batch[verb];
	enum err e = b->n ? send_batch(r, verb, b) : ERR_OK;
	batch_clear(b);
	return e;
}

enum err round_flush(struct round *r, enum verb verb)
{
	struct batch *b = &r->batch[verb];
	if (b->n)
		TRY(make_ready(r, verb, b));
	return round_send(r, verb);
}

/* ---- rounds ---- */

void round_finish(struct round *r)
{
	for (int v = 0; v < NVERBS; v++)
		batch_finish(&r->batch[v]);
	free(r->again);
	ids_finish(&r->stale);
}

enum err round_init(struct round *r, struct pass *p)
{
	r->p = p;
	for (enum verb v = VERB_CREATE; v < NVERBS; v++)
		TRY(batch_init(&r->batch[v], p->ops->batch));
	return ERR_OK;
}
