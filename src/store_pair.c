#include "store_p.h"
#include "name.h"

enum { PUT, PARTNER, LIST, DROP_PARTNER, DROP, LONELY, IS_LONELY, DROP_AWAY, MOVE_LINKS, MOVE_BORN,
	MOVE_HISTORY, MOVE_CONFLICTS, DROP_WAITING, ALIKE, VACATE,
	LOOKED, NAMESAKES, ECHOED, SWAPPED, SWINGS, ADD_BORN, NSQL };
/* Of a row's links: no mount made the one in Salesforce. */
#define OURS(l) l ".by_me OR " l ".sent_at"
#define COLLEAGUES(l, m) "(iif(" l ".side = 2, " OURS(l) ", " OURS(m) ") = 0)"
/* A record as it shows itself. */
#define OF(l)                                                                                             \
	"ifnull(" l ".raw_title, " l ".base_title), " l ".base_status, " l ".base_priority, "              \
	l ".base_due, " l ".base_details, " l ".raw_status, " l ".raw_priority, " l ".raw_due, "           \
	l ".raw_details"
/* Nothing is on its way to it or from it. */
#define AT_REST(l)                                                                                           \
	l ".rid IS NOT NULL AND NOT " l ".gone AND NOT " l ".away AND " l ".doom = 0 AND " l ".in_doubt = 0"
/* All of it in our words. */
#define SHOWN(l)                                                                                             \
	"(ifnull(" l ".raw_status, " l ".base_status), ifnull(" l ".raw_priority, " l ".base_priority),"     \
	" " l ".base_due, ifnull(" l ".base_details, ''))"
/* On side, and not on the other. Deleted: its copy may not know yet,
 * also if it was restored as a new task. */
#define ALONE                                                                                                \
	"link.side = :side AND rid IS NOT NULL AND NOT away AND ((task.gone = 0 AND NOT link.gone) OR"       \
	" task.gone = 1) AND NOT EXISTS (SELECT 1 FROM link AS other WHERE other.task = task.id"             \
	" AND other.side <> :side AND NOT other.away AND NOT (task.gone = 1 AND other.gone))"
static const char *const sql_text[NSQL] = {
	[PUT] = "INSERT OR IGNORE INTO pair(side, rid, partner) VALUES(1, :sc, :sf), (2, :sf, :sc)",
	[PARTNER] = "SELECT link.task FROM pair JOIN link ON link.side = 3 - pair.side AND link.rid = partner"
		    " WHERE pair.side = :side AND pair.rid = :rid AND NOT link.gone AND NOT EXISTS"
		    " (SELECT 1 FROM link AS own WHERE own.task = link.task AND own.side = :side)",
	[LIST] = "SELECT rid FROM pair WHERE side = :side AND NOT EXISTS"
		 " (SELECT 1 FROM link WHERE link.side = :side AND link.rid = pair.rid)"
		 " ORDER BY rid LIMIT :max",
	[DROP_PARTNER] = "DELETE FROM pair WHERE side = 3 - :side"
			 " AND rid = (SELECT partner FROM pair WHERE side = :side AND rid = :rid)",
	[DROP] = "DELETE FROM pair WHERE side = :side AND rid = :rid",
	[LONELY] = "SELECT task.id, created_at, title, ifnull(raw_title, base_title), base_title,"
		   " EXISTS (SELECT 1 FROM history WHERE history.task = task.id AND field = 0),"
		   " EXISTS (SELECT 1 FROM outbox WHERE outbox.task = task.id AND outbox.side = 1),"
		   " person, email, sc_person, sf_who, type, campaign, campaign_day, campaign_step,"
		   " once"
		   " FROM task JOIN link ON link.task = task.id WHERE " ALONE " ORDER BY length(rid), rid",
	[IS_LONELY] = "SELECT 1 FROM task JOIN link ON link.task = task.id WHERE task.id = :task AND " ALONE
		      " AND (task.gone = 0 OR NOT link.gone OR :made_at <= synced_at)",
	[DROP_AWAY] = "DELETE FROM link WHERE task IN (:keep, :drop) AND (away OR gone) AND EXISTS"
		      " (SELECT 1 FROM link AS own WHERE own.task = :drop + :keep - link.task"
		      " AND own.side = link.side)",
	[MOVE_LINKS] = "UPDATE link SET task = :keep WHERE task = :drop",
	[MOVE_BORN] = "UPDATE task SET born = born | (SELECT born FROM task WHERE id = :drop)"
		      " WHERE id = :keep",
	[MOVE_HISTORY] = "UPDATE history SET task = :keep WHERE task = :drop",
	[MOVE_CONFLICTS] = "UPDATE conflict SET task = :keep WHERE task = :drop",
	/* Rows whose records on this side are the same but for their ids. A create that had been made before
	 * tells no version: nobody knows yet what its record shows, or whether it was deleted. */
	[ALIKE] = "SELECT x.id, l.rid, m.rid, iif(l.side = 2, l.once, m.once),"
		  " " COLLEAGUES("l", "m") " FROM task JOIN link"
		  " ON link.task = task.id"
		  " CROSS JOIN link AS l INDEXED BY link_shown ON l.side = :side"
		  " AND ifnull(l.raw_title, l.base_title) = ifnull(link.raw_title, link.base_title)"
		  " AND l.base_due IS link.base_due"
		  " JOIN task AS x ON x.id = l.task AND x.due IS task.due"
		  " LEFT JOIN link AS m ON m.task = x.id AND m.side <> :side"
		  " WHERE task.id = :task AND link.side = :side AND l.rid IS NOT NULL"
		  " AND (m.rid IS NOT NULL OR (m.id IS NULL AND x.gone = 0"
		  " AND x.born & (1 << (3 - :side)) AND l.sent_at AND link.sent_at))"
		  " AND NOT l.gone AND NOT l.away AND l.doom = 0 AND l.in_doubt = 0"
		  " AND x.title = l.base_title AND task.title = link.base_title"
		  " AND (x.title = task.title OR NOT EXISTS (SELECT 1 FROM history"
		  " WHERE history.task IN (x.id, task.id)))"
		  " AND (x.person, x.email, x.sf_who) IS (task.person, task.email, task.sf_who)"
		  " AND (" OF("l") ") IS (" OF("link") ")"
		  " AND (l.side = 2 OR l.version IS NOT NULL)"
		  " ORDER BY length(l.rid), l.rid",
	/* Of one name: each says what the other's record on this side shows, and these are in another order
	 * than those there. */
	[SWAPPED] = "SELECT x.id FROM task JOIN link AS l ON l.task = task.id AND l.side = :side"
		    " JOIN link AS m ON m.task = task.id AND m.side <> :side"
		    " JOIN body ON body.task = task.id"
		    " JOIN task AS x INDEXED BY task_stem ON x.stem = task.stem AND x.gone IN (0, 2)"
		    " JOIN body AS b ON b.task = x.id"
		    " JOIN link AS y ON y.task = x.id AND y.side = :side"
		    " JOIN link AS z ON z.task = x.id AND z.side <> :side"
		    " WHERE task.id = :task AND x.id <> task.id AND task.gone = 0 AND x.gone = 0"
		    " AND x.title = task.title"
		    " AND (x.person, x.email, x.sf_who) IS (task.person, task.email, task.sf_who)"
		    " AND " AT_REST("l") " AND " AT_REST("y")
		    " AND m.rid IS NOT NULL AND z.rid IS NOT NULL"
		    " AND ifnull(l.raw_title, l.base_title) IS ifnull(y.raw_title, y.base_title)"
		    " AND (task.status, task.priority, task.due, ifnull(body.details, '')) IS " SHOWN("y")
		    " AND (x.status, x.priority, x.due, ifnull(b.details, '')) IS " SHOWN("l")
		    " AND " COLLEAGUES("l", "m") " = " COLLEAGUES("y", "z")
		    " AND ((length(l.rid), l.rid) < (length(y.rid), y.rid))"
		    " <> ((length(m.rid), m.rid) < (length(z.rid), z.rid))",
	[SWINGS] = "SELECT count(*) FROM history WHERE task = :task AND at > :since"
		   " AND id > ifnull((SELECT max(id) FROM history WHERE task = :task AND by = 0), 0)"
		   " GROUP BY field"
		   " HAVING count(DISTINCT ifnull(is_now, '')) <= 2 ORDER BY 1 DESC LIMIT 1",
	[VACATE] = "UPDATE link SET rid = NULL WHERE task = :task AND side = :side",
	[LOOKED] = "SELECT task.id FROM task INDEXED BY task_due"
		   " JOIN link AS l ON l.task = task.id AND l.side = 1"
		   " JOIN link AS m ON m.task = task.id AND m.side = 2"
		   " WHERE task.due IS :due AND task.gone = 0 AND " AT_REST("l") " AND " AT_REST("m")
		   " AND l.sent_at = 0 AND m.sent_at = 0 ORDER BY task.id DESC LIMIT :max",
	[NAMESAKES] = "SELECT count(*) FROM (SELECT 1 FROM (SELECT id FROM task INDEXED BY task_stem"
		      " WHERE stem = :stem AND gone IN (0, 2) AND title = :title"
		      " UNION ALL SELECT task.id FROM history INDEXED BY history_name"
		      " JOIN task ON task.id = history.task"
		      " WHERE :former AND field = 0 AND was = :title AND title <> :title) AS x"
		      " JOIN task ON task.id = x.id"
		      " JOIN link ON link.task = task.id AND link.side = :side"
		      " WHERE task.gone IN (0, 2) AND rid IS NOT NULL AND NOT link.gone"
		      " AND NOT away AND NOT EXISTS"
		      " (SELECT 1 FROM link AS other WHERE other.task = task.id AND other.side <> :side"
		      " AND NOT other.away) LIMIT 2)",
	[ECHOED] = "SELECT link.task FROM link INDEXED BY link_subject JOIN task ON task.id = link.task"
		   " JOIN link AS other ON other.task = link.task AND other.side <> link.side"
		   " WHERE link.raw_title = :subject AND link.rid IS NOT NULL AND NOT link.gone"
		   " AND other.rid IS NOT NULL AND NOT other.gone AND title <> :subject ORDER BY link.task",
	[DROP_WAITING] = "DELETE FROM outbox WHERE task IN (:drop, :keep)",
	[ADD_BORN] = "UPDATE task SET born = born | :sides WHERE id = :task AND born <> born | :sides",
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

enum err store_lonely(struct store *s, enum side side, store_lonely_fn *fn, void *arg)
{
	AUTO_Q q = sql(s, LONELY);
	q_int(&q, ":side", side);
	while (q_row(&q)) {
		struct lonely l = { .t.id = q_col(&q, 0), .t.created_at = q_col(&q, 1),
			.subject = q_col_text(&q, 3), .base = q_col_text(&q, 4), .renamed = q_col(&q, 5),
			.asked = q_col(&q, 6) };	/* borrows from the statement */
		l.t.field[FIELD_TITLE] = (char *)q_col_text(&q, 2);
		for (int f = 0; f < TASK_NFACTS; f++)
			l.t.fact[f] = (char *)q_col_text(&q, 7 + f);
		l.once = q_col_text(&q, 7 + TASK_NFACTS);
		if (!fn(arg, &l))
			break;
	}
	return q_end(&q, ERR_OK);
}

enum err store_is_lonely(struct store *s, int64_t task, enum side side, int64_t made_at, bool *yes)
{
	AUTO_Q q = sql(s, IS_LONELY);
	q_int(&q, ":task", task);
	q_int(&q, ":side", side);
	q_int(&q, ":made_at", made_at);
	*yes = q_row(&q);
	return q_end(&q, ERR_OK);
}

enum err store_looked(struct store *s, const struct task *of, size_t max, store_task_fn *fn, void *arg)
{
	AUTO_Q q = sql(s, LOOKED);
	q_text(&q, ":due", of->field[FIELD_DUE]);
	q_int(&q, ":max", (int64_t)max);
	while (q_row(&q))
		if (!fn(arg, q_col(&q, 0)))
			break;
	return q_end(&q, ERR_OK);
}

enum err store_namesakes(struct store *s, enum side side, const char *title, bool former, int64_t *n)
{
	char stem[NAME_LEN + 1];
	TRY(name_of(title, 1, stem));
	AUTO_Q q = sql(s, NAMESAKES);
	q_int(&q, ":side", side);
	q_text(&q, ":stem", stem);
	q_text(&q, ":title", title);
	q_int(&q, ":former", former);
	*n = q_row(&q) ? q_col(&q, 0) : 0;
	return q_end(&q, ERR_OK);
}

enum err store_echoed(struct store *s, const char *subject, store_task_fn *fn, void *arg)
{
	AUTO_Q q = sql(s, ECHOED);
	q_text(&q, ":subject", subject);
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

enum err store_alike(struct store *s, int64_t task, enum side side, store_alike_fn *fn, void *arg)
{
	AUTO_Q q = sql(s, ALIKE);
	q_int(&q, ":task", task);
	q_int(&q, ":side", side);
	while (q_row(&q)) {
		struct alike a = { q_col(&q, 0), q_col_text(&q, 1), q_col_text(&q, 2), q_col_text(&q, 3),
			q_col(&q, 4) };
		if (!fn(arg, &a))
			break;
	}
	return q_end(&q, ERR_OK);
}

static enum err vacate(struct store *s, int64_t task, enum side side)
{
	AUTO_Q q = sql(s, VACATE);
	q_int(&q, ":task", task);
	q_int(&q, ":side", side);
	return q_run(&q);
}

static void swap(char **a, char **b)
{
	char *c = *a;
	*a = *b;
	*b = c;
}

/* A record has one link: the first one lets go before the second takes it.
 * What they agreed on as the name is the task's. */
enum err store_exchange(struct store *s, int64_t a, int64_t b, enum side side)
{
	AUTO_TX tx = { 0 };
	AUTO_LINK x = LINK_INIT, y = LINK_INIT;
	TRY(tx_begin(s, &tx));
	TRY(store_link(s, a, side, &x));
	TRY(store_link(s, b, side, &y));
	TRY(vacate(s, a, side));
	x.task = b;
	y.task = a;
	swap(&x.base[FIELD_TITLE], &y.base[FIELD_TITLE]);
	swap(&x.raw[FIELD_TITLE], &y.raw[FIELD_TITLE]);
	TRY(store_link_put(s, &x));
	TRY(store_link_put(s, &y));
	return tx_commit(&tx);
}

enum err store_swapped(struct store *s, int64_t task, enum side side, int64_t *other)
{
	AUTO_Q q = sql(s, SWAPPED);
	q_int(&q, ":task", task);
	q_int(&q, ":side", side);
	*other = q_row(&q) ? q_col(&q, 0) : 0;
	return q_end(&q, ERR_OK);
}

enum err store_born(struct store *s, int64_t task, uint32_t sides)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, ADD_BORN);
	q_int(&q, ":task", task);
	q_int(&q, ":sides", sides);
	TRY(q_run(&q));
	return tx_commit(&tx);
}

enum err store_swings(struct store *s, int64_t task, int64_t since, int64_t *n)
{
	AUTO_Q q = sql(s, SWINGS);
	q_int(&q, ":task", task);
	q_int(&q, ":since", since);
	*n = q_row(&q) ? q_col(&q, 0) : 0;
	return q_end(&q, ERR_OK);
}
