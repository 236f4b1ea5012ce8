#include "store_p.h"

enum {
	DUE_LIST, NEXT, WANTING, PUT, DONE, FAIL, DROP_TASK, DELETED, HAS_WAITING, CLOSE_ROWS, CLOSE_TASK,
	CLOSE_ALL_ROWS, CLOSE_ALL_TASKS, UNSENT, INSTEAD, HAS_INSTEAD, NSQL
};
/* A row of the future comes from a clock that was wrong: due, or it would wait for years. */
#define IS_DUE "wait >= 0 AND NOT (since <= :now AND :now < since + wait)"
/* Held or in its grace time; a row that backs off has an err. */
#define IS_HELD "err = 0 AND wait > 0"
/* A new file of which nothing but a rejected save is known. */
#define IS_UNSAVED                                                                                        \
	"EXISTS (SELECT 1 FROM body WHERE body.task = outbox.task AND draft IS NOT NULL"                  \
	" AND text IS NOT NULL AND length(text) = 0)"
static const char *const sql_text[NSQL] = {
	[DUE_LIST] = "SELECT task, seq, tries, err <> 0 AND wait = 0, err = :taken FROM outbox NOT INDEXED"
		     " WHERE side = :side AND " IS_DUE
		     " AND NOT " IS_SECOND " ORDER BY seq LIMIT :max",
	[NEXT] = "SELECT min(iif(" IS_DUE ", 0, since + wait - :now)) FROM outbox WHERE side = :side"
		 " AND wait >= 0 AND NOT " IS_SECOND,
	[WANTING] = "SELECT side.side FROM side"
		    " LEFT JOIN link ON link.task = :task AND link.side = side.side WHERE side.side <> :by"
		    " AND iif(link.id IS NULL, (:born >> side.side) & 1, NOT link.away AND NOT link.gone)",
	[PUT] = "INSERT INTO outbox(task, side, since, wait) VALUES(:task, :side, :now, :wait)"
		" ON CONFLICT(task, side) DO UPDATE SET seq = excluded.seq, since = excluded.since,"
		" wait = iif(:edited AND " IS_HELD ", wait, excluded.wait), tries = 0, err = 0, message = ''",
	[DONE] = "DELETE FROM outbox WHERE task = :task AND side = :side AND seq <= :seq",
	[FAIL] = "UPDATE outbox SET err = :err, message = :message,"
		 " tries = iif(:err = :taken AND err <> :taken, 0, tries) + 1, since = :now,"
		 " wait = :wait WHERE task = :task AND side = :side AND seq <= :seq",
	[DROP_TASK] = "DELETE FROM outbox WHERE task = :task",
	[DELETED] = "INSERT INTO outbox(task, side, since, wait) SELECT :task, side, :now, :wait FROM link"
		    " WHERE task = :task AND side <> :by AND NOT away AND NOT gone",
	[HAS_WAITING] = "SELECT 1 WHERE EXISTS (SELECT 1 FROM outbox WHERE task = :task AND " IS_HELD ")"
			" OR EXISTS (SELECT 1 FROM task WHERE id = :task AND gone = 1 AND gone_by = 0"
			" AND gone_at <= :now AND :now < revive_until)",
	[CLOSE_ROWS] = "UPDATE outbox SET since = :now, wait = :wait WHERE task = :task AND " IS_HELD
		       " AND NOT " IS_UNSAVED,
	[CLOSE_TASK] = "UPDATE task SET revive_until = :now + :wait WHERE id = :task AND gone = 1"
		       " AND gone_by = 0 AND gone_at <= :now AND :now < revive_until",
	[CLOSE_ALL_ROWS] = "UPDATE outbox SET since = :now, wait = :wait WHERE " IS_HELD " AND NOT "
		IS_UNSAVED,
	[CLOSE_ALL_TASKS] = "UPDATE task SET revive_until = :now + :wait WHERE gone IN (1, 2) AND gone = 1"
			    " AND gone_by = 0 AND gone_at <= :now AND :now < revive_until",
	[UNSENT] = "SELECT side.side, link.id IS NOT NULL, link.away"
		   " OR link.gone, link.rid IS NULL, base_title,"
		   " base_status, base_priority, base_due, base_details FROM side"
		   " LEFT JOIN link ON link.task = :task AND link.side = side.side ORDER BY side.side",
	[INSTEAD] = "UPDATE task SET instead_of = :old WHERE id = :task AND instead_of <> :old",
	[HAS_INSTEAD] = "SELECT 1 FROM task INDEXED BY task_instead_of WHERE instead_of <> 0"
			" AND instead_of = :task",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_OUTBOX, i, sql_text[i]);
}

/* Something was written: there may be something to push, and errors and states may read differently. */
static enum err written(struct store *s, struct q *q)
{
	TRY(q_run(q));
	if (sqlite3_changes64(s->db))
		s->ring |= RING_OUTBOX | RING_CHANGED;
	return ERR_OK;
}

/* ---- what the store itself puts there ---- */

/* edited: what is held or in its grace time goes on waiting. */
static enum err put(struct store *s, int64_t task, enum side side, int64_t now, int64_t wait, bool edited)
{
	AUTO_Q q = sql(s, PUT);
	q_int(&q, ":task", task);
	q_int(&q, ":side", side);
	q_int(&q, ":now", now);
	q_int(&q, ":wait", wait);
	q_int(&q, ":edited", edited);
	return written(s, &q);
}

enum err outbox_edited(struct store *s, const struct task *t, enum side by, int64_t now, int64_t wait)
{
	AUTO_Q q = sql(s, WANTING);
	q_int(&q, ":task", t->id);
	q_int(&q, ":by", by);
	q_int(&q, ":born", t->born);
	while (q_row(&q))
		TRY(put(s, t->id, (enum side)q_col(&q, 0), now, wait, true));
	return q_end(&q, ERR_OK);
}

static enum err drop_task(struct store *s, int64_t task)
{
	AUTO_Q q = sql(s, DROP_TASK);
	q_int(&q, ":task", task);
	return written(s, &q);
}

enum err outbox_deleted(struct store *s, int64_t task, enum side by, int64_t now, int64_t grace_ms)
{
	TRY(drop_task(s, task));
	AUTO_Q q = sql(s, DELETED);
	q_int(&q, ":task", task);
	q_int(&q, ":by", by);
	q_int(&q, ":now", now);
	q_int(&q, ":wait", grace_ms);
	return written(s, &q);
}

enum err outbox_instead(struct store *s, int64_t task, int64_t old)
{
	AUTO_Q q = sql(s, INSTEAD);
	q_int(&q, ":task", task);
	q_int(&q, ":old", old);
	return q_run(&q);
}

static enum err has_instead(struct store *s, int64_t task, bool *yes)
{
	AUTO_Q q = sql(s, HAS_INSTEAD);
	q_int(&q, ":task", task);
	*yes = q_row(&q);
	return q_end(&q, ERR_OK);
}

enum err outbox_unsent(struct store *s, const struct task *t, uint32_t *births, uint32_t *edits)
{
	AUTO_Q q = sql(s, UNSENT);
	q_int(&q, ":task", t->id);
	*births = *edits = 0;
	while (q_row(&q)) {
		uint32_t side = BIT((unsigned)q_col(&q, 0));
		bool linked = q_col(&q, 1), out_of_reach = q_col(&q, 2), in_doubt = q_col(&q, 3);
		if (!linked)
			*births |= side & t->born;
		for (int f = 0; linked && !out_of_reach && f < TASK_NFIELDS; f++)
			if (in_doubt || !field_same(q_col_text(&q, 4 + f), t->field[f]))
				*edits |= side;
	}
	return q_end(&q, ERR_OK);
}

enum err outbox_revived(struct store *s, const struct task *t, int64_t now)
{
	uint32_t births, edits;
	TRY(drop_task(s, t->id));
	TRY(outbox_unsent(s, t, &births, &edits));
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		if ((births | edits) & BIT(side))
			TRY(put(s, t->id, side, now, births & BIT(side) ? HOLD_MS : 0, false));
	return ERR_OK;
}

/* ---- handles closed ---- */

static enum err has_waiting(struct store *s, int64_t task, int64_t now, bool *out)
{
	AUTO_Q q = sql(s, HAS_WAITING);
	q_int(&q, ":task", task);
	q_int(&q, ":now", now);
	*out = q_row(&q);
	return q_end(&q, ERR_OK);
}

/* task 0: all of them. */
static enum err restart(struct store *s, int statement, int64_t task, int64_t now, int64_t grace_ms)
{
	AUTO_Q q = sql(s, statement);
	q_int(&q, ":now", now);
	q_int(&q, ":wait", grace_ms);
	if (task)
		q_int(&q, ":task", task);
	return written(s, &q);
}

enum err store_closed(struct store *s, int64_t id, int64_t now, int64_t grace_ms)
{
	AUTO_TX tx = { 0 };
	bool waiting;
	TRY(has_waiting(s, id, now, &waiting));	/* most closed files wait for nothing: no lock for them */
	if (!waiting)
		return ERR_OK;
	TRY(tx_begin(s, &tx));
	TRY(restart(s, CLOSE_ROWS, id, now, grace_ms));
	TRY(restart(s, CLOSE_TASK, id, now, grace_ms));
	return tx_commit(&tx);
}

enum err store_closed_all(struct store *s, int64_t now, int64_t grace_ms)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	TRY(restart(s, CLOSE_ALL_ROWS, 0, now, grace_ms));
	TRY(restart(s, CLOSE_ALL_TASKS, 0, now, grace_ms));
	return tx_commit(&tx);
}

/* ---- the sync's view ---- */

enum err store_outbox(struct store *s, enum side side, int64_t now, struct outgoing *out, size_t max,
	size_t *n)
{
	AUTO_Q q = sql(s, DUE_LIST);
	q_int(&q, ":side", side);
	q_int(&q, ":now", now);
	q_int(&q, ":max", (int64_t)max);
	q_int(&q, ":taken", ERR_EXIST);
	for (*n = 0; *n < max && q_row(&q); ++*n)
		out[*n] = (struct outgoing){ q_col(&q, 0), q_col(&q, 1), (int)q_col(&q, 2), q_col(&q, 3),
			q_col(&q, 4) };
	return q_end(&q, ERR_OK);
}

enum err store_outbox_next(struct store *s, enum side side, int64_t now, int64_t *ms)
{
	*ms = -1;
	AUTO_Q q = sql(s, NEXT);
	q_int(&q, ":side", side);
	q_int(&q, ":now", now);
	if (q_row(&q) && q_col_text(&q, 0))
		*ms = q_col(&q, 0);
	return q_end(&q, ERR_OK);
}

enum err store_outbox_add(struct store *s, int64_t task, enum side side, int64_t now)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	TRY(put(s, task, side, now, 0, false));
	return tx_commit(&tx);
}

enum err store_outbox_done(struct store *s, int64_t task, enum side side, int64_t seq)
{
	AUTO_TX tx = { 0 };
	bool first = false;
	TRY(tx_begin(s, &tx));
	TRY(has_instead(s, task, &first));
	AUTO_Q q = sql(s, DONE);
	q_int(&q, ":task", task);
	q_int(&q, ":side", side);
	q_int(&q, ":seq", seq);
	TRY(q_run(&q));
	if (sqlite3_changes64(s->db))
		s->ring |= RING_CHANGED | (first ? RING_OUTBOX : 0);	/* its state reads differently */
	return tx_commit(&tx);
}

enum err store_outbox_fail(struct store *s, int64_t task, enum side side, int64_t seq, enum err why,
	const char *msg, int64_t now, int64_t wait_ms)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, FAIL);
	q_int(&q, ":task", task);
	q_int(&q, ":side", side);
	q_int(&q, ":seq", seq);
	q_int(&q, ":err", why);
	q_int(&q, ":taken", ERR_EXIST);
	q_text(&q, ":message", msg ? msg : "");
	q_int(&q, ":now", now);
	q_int(&q, ":wait", wait_ms);
	TRY(q_run(&q));
	if (sqlite3_changes64(s->db))
		s->ring |= RING_CHANGED;
	return tx_commit(&tx);
}
