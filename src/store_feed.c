#include "store_p.h"
#include <string.h>

enum { ADD, PRUNE, AFTER, LAST, HISTORY_ADD, HISTORY, LAST_BY, NSQL };
static const char *const sql_text[NSQL] = {
	[ADD] = "INSERT INTO feed(task, by, what, fields, was_name, was_open, name, open, was_due, due)"
		" VALUES(:task, :by, :what, :fields, :was_name, :was_open, :name, :open, :was_due, :due)",
	[PRUNE] = "DELETE FROM feed WHERE seq <= :seq",
	[AFTER] = "SELECT seq, task, by, what, fields, was_name, was_open, name, open, was_due, due FROM feed"
		  " WHERE seq > :after ORDER BY seq",
	[LAST] = "SELECT ifnull(max(seq), 0) FROM feed",
	[HISTORY_ADD] = "INSERT INTO history(at, task, by, field, was, is_now) VALUES(:at, :task, :by,"
			" :field, :was, :is)",
	[HISTORY] = "SELECT at, by, field, was, is_now FROM history WHERE task = :task ORDER BY id",
	[LAST_BY] = "SELECT ifnull((SELECT by FROM history WHERE task = :task AND field = :field"
		    " ORDER BY id DESC LIMIT 1), (SELECT made_by FROM task WHERE id = :task))",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_FEED, i, sql_text[i]);
}

#define FEED_KEPT 100000
#define FEED_STEP 1000		/* pruned once in so many rows */

/* ---- the feed ---- */

static enum err prune(struct store *s, int64_t seq)
{
	if (seq % FEED_STEP || seq <= FEED_KEPT)
		return ERR_OK;
	AUTO_Q q = sql(s, PRUNE);
	q_int(&q, ":seq", seq - FEED_KEPT);
	return q_run(&q);
}

static const char *visible_name(const struct row *r)
{
	return r && r->gone == GONE_NO ? r->t.name : "";
}

/* Content is what shows in the file or its time stamp; a name covers the directory, too. */
static uint32_t what_changed(const struct row *was, const struct row *is)
{
	bool moved = !was || task_is_open(&was->t) != task_is_open(&is->t);
	bool named = strcmp(visible_name(was), visible_name(is)) || (moved && *visible_name(is));
	bool text = !was || was->t.changed_at != is->t.changed_at || was->size != is->size ||
		was->has_draft != is->has_draft || task_diff(&was->t, &is->t, FIELDS_ALL);
	return (text ? CHANGE_TEXT : 0u) | (named ? CHANGE_NAME : 0u);
}

enum err feed_add(struct store *s, const struct row *was, const struct row *is, enum side by, uint32_t fields)
{
	/* Two saves in one millisecond may have the same size: an edit always says TEXT. */
	uint32_t what = what_changed(was, is) | (was && was->gone == is->gone ? CHANGE_TEXT : 0u);
	if (!what || (!*visible_name(was) && !*visible_name(is)))
		return ERR_OK;
	AUTO_Q q = sql(s, ADD);
	q_int(&q, ":task", is->t.id);
	q_int(&q, ":by", by);
	q_int(&q, ":what", what);
	q_int(&q, ":fields", fields);
	q_text(&q, ":was_name", visible_name(was));
	q_int(&q, ":was_open", was && task_is_open(&was->t));
	q_text(&q, ":name", visible_name(is));
	q_int(&q, ":open", task_is_open(&is->t));
	q_text(&q, ":was_due", was ? was->t.field[FIELD_DUE] : NULL);
	q_text(&q, ":due", is->t.field[FIELD_DUE]);
	TRY(q_run(&q));
	s->ring |= RING_CHANGED;
	s->fed = sqlite3_last_insert_rowid(s->db);
	return prune(s, s->fed);
}

static void read_change(struct q *q, struct change *c)
{
	c->seq = q_col(q, 0);
	c->task = q_col(q, 1);
	c->by = (enum side)q_col(q, 2);
	c->what = (uint32_t)q_col(q, 3);
	c->fields = (uint32_t)q_col(q, 4);
	q_col_copy(q, 5, c->was_name, sizeof(c->was_name));
	c->was_open = q_col(q, 6);
	q_col_copy(q, 7, c->name, sizeof(c->name));
	c->open = q_col(q, 8);
	q_col_copy(q, 9, c->was_due, sizeof(c->was_due));
	q_col_copy(q, 10, c->due, sizeof(c->due));
}

enum err store_changes(struct store *s, int64_t after, store_change_fn *fn, void *arg, bool *lost)
{
	struct change c;
	int64_t next = after + 1;
	AUTO_Q q = sql(s, AFTER);
	q_int(&q, ":after", after);
	if (lost)
		*lost = false;
	while (q_row(&q)) {
		read_change(&q, &c);
		if (lost)
			*lost |= c.seq > next;	/* the last row is never pruned: no row, no loss */
		next = c.seq + 1;
		if (!fn(arg, &c))
			break;
	}
	return q_end(&q, ERR_OK);
}

enum err store_change_last(struct store *s, int64_t *seq)
{
	AUTO_Q q = sql(s, LAST);
	*seq = q_row(&q) ? q_col(&q, 0) : 0;
	return q_end(&q, ERR_OK);
}

int64_t store_fed(struct store *s)
{
	return s->fed;
}

/* ---- history ---- */

enum err history_add(struct store *s, const struct task *was, const struct task *is, uint32_t fields,
	enum side by, int64_t now)
{
	for (int f = 0; f < TASK_NFIELDS; f++) {
		if (!(fields & BIT(f)))
			continue;
		AUTO_Q q = sql(s, HISTORY_ADD);
		q_int(&q, ":at", now);
		q_int(&q, ":task", is->id);
		q_int(&q, ":by", by);
		q_int(&q, ":field", f);
		q_text(&q, ":was", was->field[f]);
		q_text(&q, ":is", is->field[f]);
		TRY(q_run(&q));
	}
	return ERR_OK;
}

enum err store_history(struct store *s, int64_t task, store_history_fn *fn, void *arg)
{
	AUTO_Q q = sql(s, HISTORY);
	q_int(&q, ":task", task);
	while (q_row(&q)) {
		struct history h = { q_col(&q, 0), task, (enum side)q_col(&q, 1), (enum field)q_col(&q, 2),
			q_col_text(&q, 3), q_col_text(&q, 4) };
		if (q.err || !fn(arg, &h))
			break;
	}
	return q_end(&q, ERR_OK);
}

enum err store_last_by(struct store *s, int64_t task, enum field f, enum side *out)
{
	AUTO_Q q = sql(s, LAST_BY);
	q_int(&q, ":task", task);
	q_int(&q, ":field", f);
	*out = q_row(&q) ? (enum side)q_col(&q, 0) : SIDE_LOCAL;
	return q_end(&q, ERR_OK);
}
