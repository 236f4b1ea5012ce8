#include "store_p.h"
#include <stdio.h>

enum { COUNT, LINKED, HOLD, HOLD_DOOM, RELEASE, RELEASE_DOOM, LAST_SEQ, NEXT_HELD, NSQL };
/* Deletions and completions that were made here: what one remote tells of is braked where it comes in, by its
 * doom. */
#define DELETES "task.gone = 1 AND task.gone_by = 0"
#define COMPLETES                                                                                         \
	"task.gone <> 1 AND task.status = 'complete' AND link.base_status = 'open'"                       \
	" AND 0 = (SELECT by FROM history WHERE history.task = task.id AND field = :status"               \
	" ORDER BY id DESC LIMIT 1)"
#define OUTGOING                                                                                          \
	" FROM outbox JOIN task ON task.id = outbox.task JOIN link ON link.task = task.id"                \
	" AND link.side = outbox.side WHERE outbox.side = :side AND link.rid IS NOT NULL"                 \
	" AND NOT link.away AND NOT link.gone AND outbox.seq > :confirmed"
#define KIND "iif(" DELETES ", 0, iif(" COMPLETES ", 1, -1))"
static const char *const sql_text[NSQL] = {
	[COUNT] = "SELECT " KIND " AS kind, sum(outbox.err <> :held), sum(outbox.err = :held)" OUTGOING
		  " GROUP BY kind UNION ALL SELECT 2 + completed, sum(doom = 1), sum(doom = 2) FROM link"
		  " WHERE side = :side AND doom IN (1, 2) AND doom <> 0 GROUP BY completed",
	[LINKED] = "SELECT count(*) FROM link WHERE side = :side AND rid IS NOT NULL AND NOT away"
		   " AND NOT gone",
	[HOLD] = "UPDATE outbox SET err = :held, message = :message, since = :now, wait = -1"
		 " WHERE err <> :held AND seq IN (SELECT outbox.seq" OUTGOING " AND " KIND " = :what)",
	[HOLD_DOOM] = "UPDATE link SET doom = 2 WHERE side = :side AND doom = 1 AND doom <> 0"
		      " AND 2 + completed = :what",
	[RELEASE] = "UPDATE outbox SET err = 0, message = '', since = :now, wait = 0 WHERE err = :held",
	[RELEASE_DOOM] = "UPDATE link SET doom = 3 WHERE doom = 2 AND doom <> 0",
	[NEXT_HELD] = "SELECT task.id, task.gone = 1" OUTGOING
		      " AND outbox.err = :held AND task.id > :after AND " KIND
		      " >= 0 ORDER BY task.id LIMIT 1",
	[LAST_SEQ] = "SELECT ifnull(max(seq), 0) FROM outbox",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_BRAKE, i, sql_text[i]);
}

#define CONFIRMED "brake.confirmed"	/* rows of the outbox up to this seq pass */

static enum err confirmed(struct store *s, int64_t *seq)
{
	AUTO_FREE char *text = NULL;
	enum err e = store_meta(s, CONFIRMED, &text);
	*seq = text ? strtoll(text, NULL, 10) : 0;
	return e == ERR_NOENT ? ERR_OK : e;
}

static enum err bind(struct store *s, struct q *q, enum side side)
{
	int64_t seq;
	TRY(confirmed(s, &seq));
	q_int(q, ":side", side);
	q_int(q, ":confirmed", seq);
	q_int(q, ":held", ERR_HELD);
	q_int(q, ":status", FIELD_STATUS);
	return ERR_OK;
}

enum err store_mass(struct store *s, enum side side, struct mass out[NMASS])
{
	AUTO_Q q = sql(s, COUNT);
	for (int what = 0; what < NMASS; what++)
		out[what] = (struct mass){ 0 };
	TRY(bind(s, &q, side));
	while (q_row(&q)) {
		int64_t what = q_col(&q, 0);
		if (what >= 0 && what < NMASS)
			out[what] = (struct mass){ q_col(&q, 1), q_col(&q, 2) };
	}
	return q_end(&q, ERR_OK);
}

enum err store_linked(struct store *s, enum side side, int64_t *n)
{
	AUTO_Q q = sql(s, LINKED);
	q_int(&q, ":side", side);
	*n = q_row(&q) ? q_col(&q, 0) : 0;
	return q_end(&q, ERR_OK);
}

static enum err run(struct store *s, struct q *q, int64_t *n)
{
	TRY(q_run(q));
	*n += sqlite3_changes64(s->db);
	if (sqlite3_changes64(s->db))
		s->ring |= RING_CHANGED;
	return ERR_OK;
}

static enum err hold_doomed(struct store *s, enum side side, enum mass_kind what)
{
	int64_t n = 0;
	AUTO_Q q = sql(s, HOLD_DOOM);
	q_int(&q, ":side", side);
	q_int(&q, ":what", what);
	return run(s, &q, &n);
}

static enum err hold_outgoing(struct store *s, enum side side, enum mass_kind what, const char *msg,
	int64_t now)
{
	int64_t n = 0;
	AUTO_Q q = sql(s, HOLD);
	TRY(bind(s, &q, side));
	q_int(&q, ":what", what);
	q_text(&q, ":message", msg);
	q_int(&q, ":now", now);
	return run(s, &q, &n);
}

enum err store_mass_hold(struct store *s, enum side side, enum mass_kind what, const char *msg, int64_t now)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	TRY(what >= MASS_DELETED ? hold_doomed(s, side, what) : hold_outgoing(s, side, what, msg, now));
	return tx_commit(&tx);
}

static enum err pass_so_far(struct store *s)
{
	char text[32];
	AUTO_Q q = sql(s, LAST_SEQ);
	if (!q_row(&q))
		return q_end(&q, ERR_CORRUPT);
	snprintf(text, sizeof(text), "%lld", (long long)q_col(&q, 0));
	TRY(q_end(&q, ERR_OK));
	return store_meta_set(s, CONFIRMED, text);
}

static enum err release(struct store *s, int64_t now, int64_t *n)
{
	AUTO_Q q = sql(s, RELEASE);
	q_int(&q, ":held", ERR_HELD);
	q_int(&q, ":now", now);
	return run(s, &q, n);
}

static enum err release_doomed(struct store *s, int64_t *n)
{
	AUTO_Q q = sql(s, RELEASE_DOOM);
	return run(s, &q, n);
}

enum err store_confirm(struct store *s, int64_t now, int64_t *n)
{
	AUTO_TX tx = { 0 };
	*n = 0;
	TRY(tx_begin(s, &tx));
	TRY(release(s, now, n));
	TRY(release_doomed(s, n));
	if (!*n)
		return ERR_NOENT;
	TRY(pass_so_far(s));
	s->ring |= RING_OUTBOX | RING_CHANGED;
	return tx_commit(&tx);
}

/* The next task of which a deletion or a completion is held; 0: none. */
static enum err next_held(struct store *s, enum side side, int64_t after, int64_t *task, bool *deleted)
{
	AUTO_Q q = sql(s, NEXT_HELD);
	TRY(bind(s, &q, side));
	q_int(&q, ":after", after);
	*task = q_row(&q) ? q_col(&q, 0) : 0;
	*deleted = *task && q_col(&q, 1);
	return q_end(&q, ERR_OK);
}

static enum err take_back(struct store *s, int64_t task, bool deleted, int64_t now, int64_t grace_ms)
{
	struct task open = { .field = { [FIELD_STATUS] = TASK_OPEN } };
	int64_t id;
	if (deleted)
		return store_restore(s, task, NULL, now, grace_ms, &id);
	return store_edit(s, task, &open, BIT(FIELD_STATUS), 0, NULL, 0, SIDE_LOCAL, now);
}

static enum err take_back_outgoing(struct store *s, enum side side, int64_t now, int64_t grace_ms, int64_t *n)
{
	int64_t task = 0;
	bool deleted;
	TRY(next_held(s, side, 0, &task, &deleted));
	while (task) {
		TRY(take_back(s, task, deleted, now, grace_ms));
		++*n;
		TRY(next_held(s, side, task, &task, &deleted));
	}
	return ERR_OK;
}

static bool first_completed(void *arg, const struct link *l)
{
	bool found = l->doom == DOOM_HELD && l->completed;
	if (found)
		*(int64_t *)arg = l->task;
	return !found;
}

/* What they have is "complete" from now on, and ours is the later word. */
static enum err reopen_there(struct store *s, enum side side, int64_t task, int64_t now)
{
	AUTO_LINK l = LINK_INIT;
	bool ok = true;
	TRY(store_link(s, task, side, &l));
	free(l.base[FIELD_STATUS]);
	l.base[FIELD_STATUS] = str_dup(TASK_COMPLETE, &ok);
	l.doom = DOOM_NO;
	if (!ok)
		return ERR_NOMEM;
	TRY(store_link_put(s, &l));
	return store_outbox_add(s, task, side, now);
}

static enum err take_back_completed(struct store *s, enum side side, int64_t now, int64_t *n)
{
	int64_t task = 0;
	TRY(store_links_doomed(s, side, first_completed, &task));
	while (task) {
		TRY(reopen_there(s, side, task, now));
		++*n;
		task = 0;
		TRY(store_links_doomed(s, side, first_completed, &task));
	}
	return ERR_OK;
}

enum err store_take_back(struct store *s, int64_t now, int64_t grace_ms, int64_t *n)
{
	AUTO_TX tx = { 0 };
	*n = 0;
	TRY(tx_begin(s, &tx));
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		TRY(take_back_outgoing(s, side, now, grace_ms, n));
		TRY(take_back_completed(s, side, now, n));
	}
	if (!*n)
		return ERR_NOENT;
	return tx_commit(&tx);
}
