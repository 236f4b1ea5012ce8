#include "store_p.h"

enum { GET, BY_RID, LIST, LIST_DOUBT, LIST_DOOM, INSERT, UPDATE, DROP, REACH, GONE_AT, NSQL };
#define BASE "base_title, base_status, base_priority, base_due, base_details"
#define RAW "raw_title, raw_status, raw_priority, raw_due, raw_details"
#define SENT "sent_title, sent_status, sent_priority, sent_due, sent_details"
#define COLUMNS                                                                                              \
	"task, side, rid, once, sent_at, version, url, away, gone, synced_at, doom, completed, by_me, "      \
	"in_doubt, guess, made_at, gone_at, as_made, " BASE                                                 \
	", " RAW ", " SENT
/* Of what a create makes the copy. */
#define ORIGIN                                                                                               \
	"(SELECT o.rid FROM link AS o INDEXED BY link_task WHERE o.task = link.task AND o.side <> link.side)"
static const char *const sql_text[NSQL] = {
	[GET] = "SELECT " COLUMNS " FROM link WHERE task = :task AND side = :side",
	[BY_RID] = "SELECT " COLUMNS " FROM link WHERE side = :side AND rid = :rid",
	[LIST] = "SELECT " COLUMNS " FROM link INDEXED BY link_task WHERE task > :after AND side = :side"
		 " ORDER BY task",
	[LIST_DOUBT] = "SELECT " COLUMNS " FROM link INDEXED BY link_doubt WHERE side = :side AND rid IS NULL"
		       " AND task > :after ORDER BY length(" ORIGIN ") NULLS LAST, " ORIGIN ", task",
	[LIST_DOOM] = "SELECT " COLUMNS " FROM link INDEXED BY link_doom WHERE side = :side AND doom <> 0"
		      " ORDER BY task",
	[INSERT] = "INSERT INTO link(" COLUMNS ") VALUES(:task, :side, :rid, :once, :sent_at, :version, :url,"
		   " :away, :gone, :synced_at, :doom, :completed, :by_me, :in_doubt, :guess, :made_at, "
		   ":gone_at, :as_made, :base_title, "
		   ":base_status,"
		   " :base_priority, :base_due, :base_details,"
		   " :raw_title, :raw_status, :raw_priority, :raw_due, :raw_details,"
		   " :sent_title, :sent_status, :sent_priority, :sent_due, :sent_details)",
	[UPDATE] = "UPDATE link SET rid = :rid, once = :once, sent_at = :sent_at, version = :version,"
		   " url = :url,"
		   " away = :away, gone = :gone, synced_at = :synced_at, doom = :doom, "
		   "completed = :completed, by_me = :by_me, guess = :guess,"
		   " made_at = :made_at, gone_at = :gone_at, as_made = :as_made,"
		   " base_title = :base_title, base_status = :base_status, base_priority = :base_priority, "
		   "base_due = :base_due,"
		   " base_details = :base_details, raw_title = :raw_title, raw_status = :raw_status,"
		   " raw_priority = :raw_priority, raw_due = :raw_due, raw_details = :raw_details,"
		   " in_doubt = :in_doubt, sent_title = :sent_title, sent_status = :sent_status,"
		   " sent_priority = :sent_priority, sent_due = :sent_due, sent_details = :sent_details"
		   " WHERE task = :task AND side = :side",
	[DROP] = "DELETE FROM link WHERE task = :task AND side = :side",
	[REACH] = "SELECT ifnull(sum(NOT gone), 0),"
		  " ifnull(sum(NOT gone AND NOT away), 0)"
		  " FROM link WHERE task = :task",
	[GONE_AT] = "SELECT min(link.gone_at) FROM link JOIN task ON task.id = link.task"
		    " WHERE task.id = :task AND task.gone = 1 AND gone_by <> 0 AND link.gone"
		    " AND link.gone_at > 0",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_LINK, i, sql_text[i]);
}

/* ---- reading ---- */

enum { COL_BASE = 18, COL_RAW = COL_BASE + TASK_NFIELDS, COL_SENT = COL_RAW + TASK_NFIELDS };

void link_finish(struct link *l)
{
	free(l->rid);
	free(l->once);
	free(l->version);
	free(l->url);
	for (int f = 0; f < TASK_NFIELDS; f++) {
		free(l->base[f]);
		free(l->raw[f]);
		free(l->sent[f]);
	}
	*l = LINK_INIT;
}

void link_answered(struct link *l)
{
	l->in_doubt = 0;
	for (int f = 0; f < TASK_NFIELDS; f++) {
		free(l->sent[f]);
		l->sent[f] = NULL;
	}
}

static char *borrow(struct q *q, int i)
{
	return (char *)q_col_text(q, i);
}

/* text: q_col_dup, or borrow for the length of a callback. */
static void read_link(struct q *q, struct link *l, char *(*text)(struct q *q, int i))
{
	l->task = q_col(q, 0);
	l->side = (enum side)q_col(q, 1);
	l->rid = text(q, 2);
	l->once = text(q, 3);
	l->sent_at = q_col(q, 4);
	l->version = text(q, 5);
	l->url = text(q, 6);
	l->away = q_col(q, 7);
	l->gone = q_col(q, 8);
	l->synced_at = q_col(q, 9);
	l->doom = (enum doom)q_col(q, 10);
	l->completed = q_col(q, 11);
	l->by_me = q_col(q, 12);
	l->in_doubt = (uint32_t)q_col(q, 13);
	l->guess = q_col(q, 14);
	l->made_at = q_col(q, 15);
	l->gone_at = q_col(q, 16);
	l->as_made = q_col(q, 17);
	for (int f = 0; f < TASK_NFIELDS; f++) {
		l->base[f] = text(q, COL_BASE + f);
		l->raw[f] = text(q, COL_RAW + f);
		l->sent[f] = text(q, COL_SENT + f);
	}
}

static enum err one(struct q *q, struct link *out)
{
	*out = LINK_INIT;
	if (!q_row(q))
		return q_end(q, ERR_NOENT);
	read_link(q, out, q_col_dup);
	enum err e = q_end(q, ERR_OK);
	if (e)
		link_finish(out);
	return e;
}

enum err store_link(struct store *s, int64_t task, enum side side, struct link *out)
{
	AUTO_Q q = sql(s, GET);
	q_int(&q, ":task", task);
	q_int(&q, ":side", side);
	return one(&q, out);
}

enum err store_link_by_rid(struct store *s, enum side side, const char *rid, struct link *out)
{
	AUTO_Q q = sql(s, BY_RID);
	q_int(&q, ":side", side);
	q_text(&q, ":rid", rid);
	return one(&q, out);
}

static enum err each_link(struct q *q, store_link_fn *fn, void *arg)
{
	while (q_row(q)) {
		struct link l = LINK_INIT;	/* borrows from the statement */
		read_link(q, &l, borrow);
		if (q->err || !fn(arg, &l))
			break;
	}
	return q_end(q, ERR_OK);
}

enum err store_links(struct store *s, enum side side, bool in_doubt_only, int64_t after, store_link_fn *fn,
	void *arg)
{
	AUTO_Q q = sql(s, in_doubt_only ? LIST_DOUBT : LIST);
	q_int(&q, ":side", side);
	q_int(&q, ":after", after);
	return each_link(&q, fn, arg);
}

enum err store_links_doomed(struct store *s, enum side side, store_link_fn *fn, void *arg)
{
	AUTO_Q q = sql(s, LIST_DOOM);
	q_int(&q, ":side", side);
	return each_link(&q, fn, arg);
}

enum err store_gone_at(struct store *s, int64_t task, int64_t *at)
{
	AUTO_Q q = sql(s, GONE_AT);
	q_int(&q, ":task", task);
	*at = q_row(&q) ? q_col(&q, 0) : 0;
	return q_end(&q, ERR_OK);
}

/* ---- writing ---- */

static bool same(const struct link *a, const struct link *b)
{
	for (int f = 0; f < TASK_NFIELDS; f++)
		if (!str_eq(a->base[f], b->base[f]) || !str_eq(a->raw[f], b->raw[f]) ||
			!str_eq(a->sent[f], b->sent[f]))
			return false;
	return str_eq(a->rid, b->rid) && str_eq(a->once, b->once) && str_eq(a->version, b->version) &&
		str_eq(a->url, b->url) && a->sent_at == b->sent_at && a->away == b->away &&
		a->gone == b->gone && a->doom == b->doom && a->completed == b->completed &&
		a->by_me == b->by_me && a->guess == b->guess && a->made_at == b->made_at &&
		a->gone_at == b->gone_at && a->as_made == b->as_made && a->in_doubt == b->in_doubt &&
		a->synced_at == b->synced_at;
}

static enum err put(struct store *s, int statement, const struct link *l)
{
	AUTO_Q q = sql(s, statement);
	q_int(&q, ":task", l->task);
	q_int(&q, ":side", l->side);
	q_text(&q, ":rid", l->rid);
	q_text(&q, ":once", l->once);
	q_int(&q, ":sent_at", l->sent_at);
	q_text(&q, ":version", l->version);
	q_text(&q, ":url", l->url);
	q_int(&q, ":away", l->away);
	q_int(&q, ":gone", l->gone);
	q_int(&q, ":synced_at", l->synced_at);
	q_int(&q, ":doom", l->doom);
	q_int(&q, ":completed", l->completed);
	q_int(&q, ":by_me", l->by_me);
	q_int(&q, ":in_doubt", l->in_doubt);
	q_int(&q, ":guess", l->guess);
	q_int(&q, ":made_at", l->made_at);
	q_int(&q, ":gone_at", l->gone_at);
	q_int(&q, ":as_made", l->as_made);
	q_fields(&q, "base_", l->base);
	q_fields(&q, "raw_", l->raw);
	q_fields(&q, "sent_", l->sent);
	return q_run(&q);
}

/* D5: out of reach on every side that still has it. */
static enum err all_away(struct store *s, int64_t task, bool *away)
{
	AUTO_Q q = sql(s, REACH);
	q_int(&q, ":task", task);
	if (!q_row(&q))
		return q_end(&q, ERR_CORRUPT);
	*away = q_col(&q, 0) > 0 && q_col(&q, 1) == 0;
	return q_end(&q, ERR_OK);
}

/* The links changed: does the task leave the view, or come back? Its name may be taken by now. */
static enum err settle(struct store *s, int64_t task, enum side by)
{
	AUTO_ROW was = ROW_INIT;
	AUTO_ROW is = ROW_INIT;
	enum gone now_gone = GONE_NO;
	bool away = false;
	TRY(store_gone(s, task, &now_gone));
	TRY(all_away(s, task, &away));
	if (now_gone != (away ? GONE_NO : GONE_AWAY))
		return ERR_OK;
	TRY(row_get(s, task, &was));
	TRY(row_get(s, task, &is));
	is.gone = away ? GONE_AWAY : GONE_NO;
	if (away && was.has_draft)
		TRY(store_rescue(s, task, buf_str(&was.draft), was.draft.n, was.t.changed_at));
	if (!away)
		TRY(name_give(s, &is));
	TRY(row_put_gone(s, &was, &is, by));
	return away ? ERR_OK : name_claim(s, task, is.t.name, NULL, 0);
}

enum err store_link_put(struct store *s, const struct link *l)
{
	AUTO_TX tx = { 0 };
	AUTO_LINK was = LINK_INIT;
	TRY(tx_begin(s, &tx));
	enum err e = store_link(s, l->task, l->side, &was);
	if (e && e != ERR_NOENT)
		return e;
	if (!e && same(&was, l))
		return ERR_OK;
	TRY(put(s, e ? INSERT : UPDATE, l));
	if (e || was.away != l->away || was.gone != l->gone)
		TRY(settle(s, l->task, l->side));
	return tx_commit(&tx);
}

enum err store_link_drop(struct store *s, int64_t task, enum side side)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, DROP);
	q_int(&q, ":task", task);
	q_int(&q, ":side", side);
	TRY(q_run(&q));
	if (!sqlite3_changes64(s->db))
		return ERR_OK;
	TRY(settle(s, task, side));
	return tx_commit(&tx);
}
