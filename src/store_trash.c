#include "store_p.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { REVIVABLE, OLD, OLD_ONE, PURGE_BODY, PURGE_HISTORY, PURGE_TASK, NSQL };
static const char *const sql_text[NSQL] = {
	/* Its deletion was certainly not applied anywhere: in its grace time, refused, or nobody was to get
	 * it. What is another's by now cannot be edited any more (D5). */
	[REVIVABLE] = "SELECT NOT EXISTS (SELECT 1 FROM link WHERE task = :task AND (gone OR away)) AND ("
		      "(gone_by = 0 AND NOT EXISTS (SELECT 1 FROM link WHERE task = :task))"
		      " OR (gone_by = 0 AND gone_at <= :now AND :now < revive_until)"
		      " OR (EXISTS (SELECT 1 FROM outbox WHERE task = :task)"
		      " AND NOT EXISTS (SELECT 1 FROM outbox WHERE task = :task AND wait >= 0)))"
		      " FROM task WHERE id = :task AND gone = 1 AND gone_at > 0",
#define PURGEABLE                                                                                            \
	" AND gone = 1 AND gone_at > 0"                                                                      \
	" AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.task = task.id)"                                 \
	" AND NOT EXISTS (SELECT 1 FROM conflict WHERE conflict.task = task.id)"
	[OLD] = "SELECT id FROM task INDEXED BY task_gone WHERE gone IN (1, 2)"
		" AND gone_lived <= :lived - :life" PURGEABLE,
	[OLD_ONE] = "SELECT id FROM task WHERE id = :task AND gone_at <= :now - :life" PURGEABLE,
	[PURGE_BODY] = ("UPDATE body SET details = NULL, text = NULL, draft = NULL, draft_msg = NULL"
			" WHERE task = :task"),
	[PURGE_HISTORY] = "DELETE FROM history WHERE task = :task",
	[PURGE_TASK] = "UPDATE task SET gone_at = 0, revive_until = 0, draft_line = NULL WHERE id = :task",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_TRASH, i, sql_text[i]);
}

/* ---- bringing back ---- */

enum err store_revivable(struct store *s, int64_t task, int64_t now, bool *out)
{
	AUTO_Q q = sql(s, REVIVABLE);
	q_int(&q, ":task", task);
	q_int(&q, ":now", now);
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	*out = q_col(&q, 0);
	return q_end(&q, ERR_OK);
}

static enum err revive(struct store *s, const struct row *r, int64_t now)
{
	AUTO_ROW is = ROW_INIT;
	TRY(row_copy(&is, r));
	is.gone = GONE_NO;
	is.gone_at = is.revive_until = 0;
	is.gone_by = SIDE_LOCAL;
	TRY(name_give(s, &is));
	TRY(row_put_gone(s, r, &is, SIDE_LOCAL));
	TRY(name_claim(s, is.t.id, is.t.name, NULL, now));
	return outbox_revived(s, &is.t, now);
}

/* The old row keeps its links, so that its deletion still goes out and nothing of it comes back (D3). */
static enum err anew(struct store *s, const struct row *r, int64_t now, int64_t *id)
{
	AUTO_ROW is = ROW_INIT;
	AUTO_TASK t = TASK_INIT;
	TRY(task_copy(&t, &r->t));
	t.created_at = now;
	TRY(store_create(s, &t, r->has_text ? buf_str(&r->text) : NULL, r->text.n, SIDE_LOCAL, now, id));
	TRY(outbox_instead(s, *id, r->t.id));
	if (r->has_draft)
		TRY(store_draft(s, *id, buf_str(&r->draft), r->draft.n, r->draft_line, r->draft_msg, now));
	TRY(row_copy(&is, r));
	is.gone_at = is.revive_until = 0;
	return row_put_gone(s, r, &is, SIDE_LOCAL);
}

static enum err set_status(struct store *s, int64_t id, const char *status, int64_t now)
{
	struct task t = { .field = { [FIELD_STATUS] = (char *)status } };
	return status ? store_edit(s, id, &t, BIT(FIELD_STATUS), 0, NULL, 0, SIDE_LOCAL, now) : ERR_OK;
}

enum err store_restore(struct store *s, int64_t task, const char *status, int64_t now, int64_t grace_ms,
	int64_t *id)
{
	AUTO_TX tx = { 0 };
	AUTO_ROW r = ROW_INIT;
	bool same = false;
	TRY(tx_begin(s, &tx));
	TRY(store_revivable(s, task, now, &same));
	TRY(row_get(s, task, &r));
	*id = task;
	TRY(same ? revive(s, &r, now) : anew(s, &r, now, id));
	TRY(set_status(s, *id, status, now));
	TRY(store_closed(s, *id, now, grace_ms));
	return tx_commit(&tx);
}

/* ---- forgetting ---- */

static enum err purge(struct store *s, int64_t task)
{
	for (int i = PURGE_BODY; i <= PURGE_TASK; i++) {
		AUTO_Q q = sql(s, i);
		q_int(&q, ":task", task);
		TRY(q_run(&q));
	}
	return ERR_OK;
}

/* Those that q lists. It runs in a transaction: what was read before one may be old, and cannot be written
 * to. */
static enum err purge_all(struct store *s, struct q *q, enum err none)
{
	bool any = false;
	for (; q_row(q); any = true)
		TRY(purge(s, q_col(q, 0)));
	return q_end(q, any ? ERR_OK : none);
}

static enum err purge_old(struct store *s, int64_t lived)
{
	AUTO_Q q = sql(s, OLD);
	q_int(&q, ":lived", lived);
	q_int(&q, ":life", TRASH_MS);
	return purge_all(s, &q, ERR_OK);
}

static enum err lived(struct store *s, int64_t *out)
{
	AUTO_FREE char *text = NULL;
	enum err e = store_meta(s, "lived", &text);
	*out = text ? strtoll(text, NULL, 10) : 0;
	return e == ERR_NOENT ? ERR_OK : e;
}

enum err store_trash_age(struct store *s, int64_t ms)
{
	AUTO_TX tx = { 0 };
	char text[32];
	int64_t was;
	TRY(tx_begin(s, &tx));
	TRY(lived(s, &was));
	int64_t is = was + (ms < TRASH_STEP_MS ? ms : TRASH_STEP_MS);
	snprintf(text, sizeof(text), "%" PRId64, is);
	TRY(store_meta_set(s, "lived", text));
	/* it looks at all that ever was deleted: once a step */
	if (is / TRASH_STEP_MS > was / TRASH_STEP_MS)
		TRY(purge_old(s, is));
	return tx_commit(&tx);
}

enum err store_trash_forget(struct store *s, int64_t task, int64_t now)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, OLD_ONE);
	q_int(&q, ":task", task);
	q_int(&q, ":now", now);
	q_int(&q, ":life", TRASH_SURE_MS);
	TRY(purge_all(s, &q, ERR_BUSY));
	return tx_commit(&tx);
}
