#include "store_p.h"

enum { PUT, PARTNER, LIST, DROP_PARTNER, DROP, LONELY, DROP_AWAY, MOVE_LINKS, MOVE_HISTORY, MOVE_CONFLICTS, DROP_WAITING, COPIED, NSQL };
static const char *const sql_text[NSQL] = {
	[PUT] = "INSERT OR IGNORE INTO pair(side, rid, partner) VALUES(1, :sc, :sf), (2, :sf, :sc)",
	[PARTNER] = "SELECT link.task FROM pair JOIN link ON link.side = 3 - pair.side AND link.rid = partner"
		    " WHERE pair.side = :side AND pair.rid = :rid AND NOT link.gone AND NOT EXISTS"
		    " (SELECT 1 FROM link AS own WHERE own.task = link.task AND own.side = :side)",
	[LIST] = "SELECT rid FROM pair WHERE side = :side AND NOT EXISTS"
		 " (SELECT 1 FROM link WHERE link.side = :side AND link.rid = pair.rid) ORDER BY rid LIMIT :max",
	[DROP_PARTNER] = "DELETE FROM pair WHERE side = 3 - :side"
			 " AND rid = (SELECT partner FROM pair WHERE side = :side AND rid = :rid)",
	[DROP] = "DELETE FROM pair WHERE side = :side AND rid = :rid",
	[LONELY] = "SELECT task.id FROM task JOIN link ON link.task = task.id WHERE link.side = :side AND rid IS NOT NULL"
		   " AND NOT away AND ((task.gone = 0 AND NOT link.gone) OR (task.gone = 1 AND gone_at > 0"
		   " AND (NOT link.gone OR :made_at <= synced_at))) AND NOT EXISTS"
		   " (SELECT 1 FROM link AS other WHERE other.task = task.id AND other.side <> :side AND NOT other.away"
		   " AND NOT (task.gone = 1 AND other.gone))"
		   " ORDER BY task.id",
	[DROP_AWAY] = "DELETE FROM link WHERE task = :keep AND (away OR gone) AND EXISTS"
		      " (SELECT 1 FROM link AS own WHERE own.task = :drop AND own.side = link.side)",
	[MOVE_LINKS] = "UPDATE link SET task = :keep WHERE task = :drop",
	[MOVE_HISTORY] = "UPDATE history SET task = :keep WHERE task = :drop",
	[MOVE_CONFLICTS] = "UPDATE conflict SET task = :keep WHERE task = :drop",
	[COPIED] = "SELECT count(*) FROM task AS t JOIN link ON link.side = :side AND sent_at BETWEEN :since AND t.created_at - 1"
		   " JOIN task ON task.id = link.task WHERE t.id = :task AND task.made_by <> 0 AND task.due IS t.due"
		   " AND task.person IS t.person AND instr(t.title, task.title)",
	[DROP_WAITING] = "DELETE FROM outbox WHERE task IN (:drop, :keep)",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_PAIR, i, sql_text[i]);
}

enum err pair_put(struct store *s, const char *sc, const char *sf)
{
	AUTO_Q q = sql(s, PUT);
	q_text(&q, ":sc", sc);
	q_text(&q, ":sf", sf);
	return q_run(&q);
}

enum err store_partner(struct store *s, enum side side, const char *rid, int64_t *task)
{
	AUTO_Q q = sql(s, PARTNER);
	q_int(&q, ":side", side);
	q_text(&q, ":rid", rid);
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	*task = q_col(&q, 0);
	return q_end(&q, ERR_OK);
}

enum err store_partners_missing(struct store *s, enum side side, size_t max, store_rid_fn *fn, void *arg)
{
	AUTO_Q q = sql(s, LIST);
	q_int(&q, ":side", side);
	q_int(&q, ":max", (int64_t)max);
	while (q_row(&q)) {
		const char *rid = q_col_text(&q, 0);
		if (!rid || !fn(arg, rid))
			break;
	}
	return q_end(&q, ERR_OK);
}

static enum err drop(struct store *s, int statement, enum side side, const char *rid)
{
	AUTO_Q q = sql(s, statement);
	q_int(&q, ":side", side);
	q_text(&q, ":rid", rid);
	return q_run(&q);
}

enum err store_partner_drop(struct store *s, enum side side, const char *rid)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	TRY(drop(s, DROP_PARTNER, side, rid));
	TRY(drop(s, DROP, side, rid));
	return tx_commit(&tx);
}

enum err store_lonely(struct store *s, enum side side, int64_t made_at, store_task_fn *fn, void *arg)
{
	AUTO_Q q = sql(s, LONELY);
	q_int(&q, ":made_at", made_at);
	q_int(&q, ":side", side);
	while (q_row(&q))
		if (!fn(arg, q_col(&q, 0)))
			break;
	return q_end(&q, ERR_OK);
}

static enum err move(struct store *s, int statement, int64_t keep, int64_t drop)
{
	AUTO_Q q = sql(s, statement);
	q_int(&q, ":keep", keep);
	q_int(&q, ":drop", drop);
	return q_run(&q);
}

enum err store_join(struct store *s, int64_t keep, int64_t drop, int64_t now)
{
	AUTO_TX tx = { 0 };
	AUTO_ROW was = ROW_INIT;
	AUTO_ROW is = ROW_INIT;
	TRY(tx_begin(s, &tx));
	TRY(row_get(s, drop, &was));
	TRY(row_copy(&is, &was));
	if (was.has_draft || was.has_text)
		TRY(store_rescue(s, drop, was.has_draft ? buf_str(&was.draft) : buf_str(&was.text),
			was.has_draft ? was.draft.n : was.text.n, now));
	is.gone = GONE_DELETED;
	is.gone_at = is.revive_until = 0;
	TRY(row_put_gone(s, &was, &is, was.gone_by));
	TRY(scratch_detach(s, drop));
	for (int i = DROP_AWAY; i <= DROP_WAITING; i++)
		TRY(move(s, i, keep, drop));
	return tx_commit(&tx);
}

enum err store_copied(struct store *s, int64_t task, enum side side, int64_t since, int64_t *n)
{
	AUTO_Q q = sql(s, COPIED);
	q_int(&q, ":task", task);
	q_int(&q, ":side", side);
	q_int(&q, ":since", since);
	*n = q_row(&q) ? q_col(&q, 0) : 0;
	return q_end(&q, ERR_OK);
}
