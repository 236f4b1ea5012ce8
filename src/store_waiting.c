#include "store_p.h"

enum { WAITING, DROP_SIDE, RETRY, NSQL };
static const char *const sql_text[NSQL] = {
	[WAITING] = "SELECT side, since, wait, tries, err, message, " IS_SECOND " FROM outbox"
		    " WHERE task = :task ORDER BY side",
	[DROP_SIDE] = "DELETE FROM outbox WHERE task = :task AND side = :side",
	[RETRY] = ("INSERT OR REPLACE INTO outbox(task, side, since, wait, err, message)"
		   " SELECT task, side, :now, 0,"
		   " iif(err = :waits, err, 0), iif(err = :waits, message, '') FROM outbox"
		   " WHERE task = :task AND NOT (err = 0 AND wait > 0)"),
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_WAITING, i, sql_text[i]);
}

static enum err what_waits(struct store *s, const struct task *t, enum gone gone, struct waiting *w)
{
	AUTO_LINK l = LINK_INIT;
	enum err e = store_link(s, t->id, w->side, &l);
	if (e && e != ERR_NOENT)
		return e;
	w->what = gone == GONE_DELETED ? "delete" : l.rid ? "edit" : "create";
	for (int f = 0; !e && gone != GONE_DELETED && f < TASK_NFIELDS; f++)
		w->fields |= field_same(l.base[f], t->field[f]) ? 0 : BIT(f);
	return ERR_OK;
}

enum err store_waiting(struct store *s, int64_t task, int64_t now, store_waiting_fn *fn, void *arg)
{
	AUTO_TASK t = TASK_INIT;
	enum gone gone;
	TRY(store_get(s, task, &t));
	TRY(store_gone(s, task, &gone));
	AUTO_Q q = sql(s, WAITING);
	q_int(&q, ":task", task);
	q_int(&q, ":now", now);
	while (q_row(&q)) {
		int64_t wait = q_col(&q, 2);
		struct waiting w = { .side = (enum side)q_col(&q, 0), .since = q_col(&q, 1),
			.tries = (int)q_col(&q, 3), .err = (enum err)q_col(&q, 4),
			.message = q_col_text(&q, 5), .second = q_col(&q, 6) };
		w.next = wait < 0 ? -1 : w.since <= now && now < w.since + wait ? w.since + wait : 0;
		TRY(what_waits(s, &t, gone, &w));
		if (q.err || !fn(arg, &w))
			break;
	}
	return q_end(&q, ERR_OK);
}

struct cancel {			/* what is to be taken back */
	struct store *s;
	struct task is, back;	/* back: of the fields alone */
	uint32_t fields, births;	/* births: sides to be born on */
	bool linked, doubt, foreign;
	enum err err;
};

static enum err cancel_side(struct cancel *c, const struct waiting *w)
{
	AUTO_LINK l = LINK_INIT;
	enum err e = store_link(c->s, c->is.id, w->side, &l);
	if (e == ERR_NOENT)
		c->births |= BIT(w->side);
	if (e)
		return e == ERR_NOENT ? ERR_OK : e;
	c->doubt |= !l.rid;
	for (int f = 0; l.rid && f < TASK_NFIELDS; f++) {
		enum side by;
		if (!(w->fields & ~c->fields & BIT(f)))
			continue;
		TRY(store_last_by(c->s, c->is.id, (enum field)f, &by));
		if (by != SIDE_LOCAL) {
			c->foreign = true;
			continue;
		}
		TRY(task_set(&c->back, (enum field)f, l.base[f]));
		c->fields |= BIT(f);
	}
	return ERR_OK;
}

static bool cancel_one(void *arg, const struct waiting *w)
{
	struct cancel *c = arg;
	c->err = cancel_side(c, w);
	return !c->err;
}

static void cancel_finish(struct cancel *c)
{
	task_finish(&c->is);
	task_finish(&c->back);
}

static enum err linked_anywhere(struct store *s, int64_t task, bool *out)
{
	*out = false;
	for (enum side side = SIDE_SC; side < NSIDES && !*out; side++) {
		AUTO_LINK l = LINK_INIT;
		enum err e = store_link(s, task, side, &l);
		if (e && e != ERR_NOENT)
			return e;
		*out = !e;
	}
	return ERR_OK;
}

static enum err unborn(struct store *s, int64_t task, uint32_t births)
{
	AUTO_ROW was = ROW_INIT;
	AUTO_ROW is = ROW_INIT;
	TRY(row_get(s, task, &was));
	TRY(row_copy(&is, &was));
	is.t.born &= ~births;
	TRY(row_update(s, &was, &is));
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		if (!(births & BIT(side)))
			continue;
		AUTO_Q q = sql(s, DROP_SIDE);
		q_int(&q, ":task", task);
		q_int(&q, ":side", side);
		TRY(q_run(&q));
	}
	s->ring |= RING_CHANGED;
	return ERR_OK;
}

enum err store_unborn(struct store *s, int64_t task, enum side side)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	TRY(unborn(s, task, BIT(side)));
	return tx_commit(&tx);
}

static enum err cancel_edit(struct store *s, int64_t task, int64_t now)
{
	AUTO(cancel_finish) struct cancel c = { .s = s };
	TRY(store_get(s, task, &c.is));
	TRY(store_waiting(s, task, now, cancel_one, &c));
	TRY(c.err);
	TRY(linked_anywhere(s, task, &c.linked));
	if (c.births && !c.linked)
		return store_delete(s, task, SIDE_LOCAL, now, 0);
	if (!c.fields && !c.births)
		return c.doubt ? ERR_BUSY : c.foreign ? ERR_PERM : ERR_OK;
	if (c.births)
		TRY(unborn(s, task, c.births));
	/* The rows stay, as newer ones: one may be on its way, and then the old values must follow it. */
	return store_edit(s, task, &c.back, c.fields, 0, NULL, 0, SIDE_LOCAL, now);
}

enum err store_cancel(struct store *s, int64_t task, int64_t now, int64_t grace_ms)
{
	AUTO_TX tx = { 0 };
	struct kept k;
	enum gone gone;
	int64_t id;
	TRY(tx_begin(s, &tx));
	TRY(store_kept(s, KEEP_OUTBOX, task, &k));
	TRY(store_gone(s, task, &gone));
	TRY(gone == GONE_DELETED ? store_restore(s, task, NULL, now, grace_ms, &id)
		: cancel_edit(s, task, now));
	return tx_commit(&tx);
}

enum err store_retry(struct store *s, int64_t task, int64_t now)
{
	AUTO_TX tx = { 0 };
	struct kept k;
	TRY(tx_begin(s, &tx));
	TRY(store_kept(s, KEEP_OUTBOX, task, &k));
	TRY(outbox_instead(s, task, 0));
	AUTO_Q q = sql(s, RETRY);
	q_int(&q, ":task", task);
	q_int(&q, ":now", now);
	q_int(&q, ":waits", ERR_BUSY);
	TRY(q_run(&q));
	s->ring |= RING_OUTBOX | RING_CHANGED;
	return tx_commit(&tx);
}
