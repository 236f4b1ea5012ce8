#include "store_p.h"

enum { PUT, PARTNER, LIST, DROP_PARTNER, DROP, NSQL };
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
