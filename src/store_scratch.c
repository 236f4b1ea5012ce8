#include "store_p.h"
#include <stdio.h>
#include <string.h>

enum { FIND, GET, LIST, TEXT, INSERT, WRITE, CHMOD, RENAME, REMOVE, STANDS, DETACH, NSQL };
#define RESCUES 9		/* of one name */
#define COLUMNS "id, open, name, is_link, mode, size, changed_at, task"
static const char *const sql_text[NSQL] = {
	[FIND] = "SELECT " COLUMNS " FROM scratch WHERE open = :open AND name = :name",
	[GET] = "SELECT " COLUMNS " FROM scratch WHERE id = :id",
	[LIST] = "SELECT " COLUMNS " FROM scratch NOT INDEXED WHERE id > :after AND open = :open ORDER BY id",
	[TEXT] = "SELECT text FROM scratch WHERE id = :id",
	[INSERT] = ("INSERT INTO scratch(open, name, is_link, mode, size, changed_at, task, text)"
		    " VALUES(:open, :name, :is_link, :mode, :size, :now, :task, :text)"),
	[WRITE] = "UPDATE scratch SET text = :text, size = :size, changed_at = :now WHERE id = :id",
	[CHMOD] = "UPDATE scratch SET mode = :mode WHERE id = :id",
	[RENAME] = "UPDATE scratch SET open = :open, name = :name WHERE id = :id",
	[REMOVE] = "DELETE FROM scratch WHERE id = :id",
	[STANDS] = "SELECT 1 FROM scratch WHERE task = :task AND task <> 0",
	[DETACH] = "UPDATE scratch SET task = 0 WHERE task = :task AND task <> 0",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_SCRATCH, i, sql_text[i]);
}

/* ---- reading ---- */

static void read_scratch(struct q *q, struct scratch *x)
{
	x->id = q_col(q, 0);
	x->place = (enum scratch_place)q_col(q, 1);
	q_col_copy(q, 2, x->name, sizeof(x->name));
	x->is_link = q_col(q, 3);
	x->mode = (uint32_t)q_col(q, 4);
	x->size = q_col(q, 5);
	x->changed_at = q_col(q, 6);
	x->task = q_col(q, 7);
}

static enum err one(struct q *q, struct scratch *out)
{
	if (!q_row(q))
		return q_end(q, ERR_NOENT);
	read_scratch(q, out);
	return q_end(q, ERR_OK);
}

enum err store_scratch_find(struct store *s, enum scratch_place place, const char *name, struct scratch *out)
{
	AUTO_Q q = sql(s, FIND);
	q_int(&q, ":open", place);
	q_text(&q, ":name", name);
	return one(&q, out);
}

enum err store_scratch(struct store *s, int64_t id, struct scratch *out)
{
	AUTO_Q q = sql(s, GET);
	q_int(&q, ":id", id);
	return one(&q, out);
}

enum err store_scratch_list(struct store *s, enum scratch_place place, int64_t after, store_scratch_fn *fn,
	void *arg)
{
	struct scratch x;
	AUTO_Q q = sql(s, LIST);
	q_int(&q, ":open", place);
	q_int(&q, ":after", after);
	while (q_row(&q)) {
		read_scratch(&q, &x);
		if (!fn(arg, &x))
			break;
	}
	return q_end(&q, ERR_OK);
}

enum err store_scratch_text(struct store *s, int64_t id, struct buf *out)
{
	const char *v = "";
	size_t n = 0;
	AUTO_Q q = sql(s, TEXT);
	q_int(&q, ":id", id);
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	q_col_blob(&q, 0, &v, &n);
	buf_add(out, v, n);
	TRY(buf_err(out));
	return q_end(&q, ERR_OK);
}

/* ---- writing ---- */

static enum err drop(struct store *s, int64_t id)
{
	AUTO_Q q = sql(s, REMOVE);
	q_int(&q, ":id", id);
	return q_run(&q);
}

/* Remove; a parked task that it stood for goes, too: its last copy here was thrown away. */
static enum err discard(struct store *s, const struct scratch *x, int64_t now, int64_t grace_ms)
{
	enum gone gone = GONE_NO;
	TRY(drop(s, x->id));
	s->ring |= RING_CHANGED;
	if (x->task)
		TRY(store_gone(s, x->task, &gone));
	return gone == GONE_PARKED ? store_delete(s, x->task, SIDE_LOCAL, now, grace_ms) : ERR_OK;
}

/* What lies in the way of a rename was overwritten on purpose: no grace time. keep: not this one. */
static enum err make_way(struct store *s, enum scratch_place place, const char *name, int64_t keep)
{
	struct scratch old;
	enum err e = store_scratch_find(s, place, name, &old);
	if (e == ERR_NOENT || (!e && old.id == keep))
		return ERR_OK;
	return e ? e : discard(s, &old, old.changed_at, 0);
}

static enum err insert(struct store *s, const struct scratch *x, const char *text, size_t n, int64_t now,
	int64_t *id)
{
	AUTO_Q q = sql(s, INSERT);
	q_int(&q, ":open", x->place);
	q_text(&q, ":name", x->name);
	q_int(&q, ":is_link", x->is_link);
	q_int(&q, ":mode", x->mode);
	q_int(&q, ":size", (int64_t)n);
	q_int(&q, ":now", now);
	q_int(&q, ":task", x->task);
	q_blob(&q, ":text", text ? text : "", n);
	TRY(q_run(&q));
	*id = sqlite3_last_insert_rowid(s->db);
	s->ring |= RING_CHANGED;
	return ERR_OK;
}

enum err scratch_replace(struct store *s, const struct scratch *x, const char *text, size_t n, int64_t now,
	int64_t *id)
{
	TRY(make_way(s, x->place, x->name, 0));
	return insert(s, x, text, n, now, id);
}

enum err scratch_detach(struct store *s, int64_t task)
{
	AUTO_Q any = sql(s, STANDS), q = sql(s, DETACH);
	q_int(&any, ":task", task);
	if (!q_row(&any))	/* as nearly always; to look costs a fifth of an update */
		return q_end(&any, ERR_OK);
	q_finish(&any);
	q_int(&q, ":task", task);
	return q_run(&q);
}

enum err store_scratch_create(struct store *s, const struct scratch *new, const char *text, size_t n,
	int64_t now, int64_t *id)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	TRY(insert(s, new, text, n, now, id));
	return tx_commit(&tx);
}

/* Run an update of one scratch file. */
static enum err change(struct q *q, int64_t id)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(q->s, &tx));
	q_int(q, ":id", id);
	TRY(q_run(q));
	if (!sqlite3_changes64(q->s->db))
		return ERR_NOENT;
	q->s->ring |= RING_CHANGED;
	return tx_commit(&tx);
}

enum err store_scratch_write(struct store *s, int64_t id, const char *text, size_t n, int64_t now)
{
	AUTO_Q q = sql(s, WRITE);
	q_blob(&q, ":text", text ? text : "", n);
	q_int(&q, ":size", (int64_t)n);
	q_int(&q, ":now", now);
	return change(&q, id);
}

enum err store_scratch_chmod(struct store *s, int64_t id, uint32_t mode)
{
	AUTO_Q q = sql(s, CHMOD);
	q_int(&q, ":mode", mode);
	return change(&q, id);
}

enum err store_scratch_rename(struct store *s, int64_t id, enum scratch_place place, const char *name)
{
	struct scratch x;
	AUTO_TX tx = { 0 };
	if (strlen(name) > NAME_LEN)
		return ERR_NAME;
	TRY(tx_begin(s, &tx));
	TRY(store_scratch(s, id, &x));
	TRY(make_way(s, place, name, id));
	AUTO_Q q = sql(s, RENAME);
	q_int(&q, ":open", place);
	q_text(&q, ":name", name);
	TRY(change(&q, id));
	return tx_commit(&tx);
}

enum err store_scratch_remove(struct store *s, int64_t id, int64_t now, int64_t grace_ms)
{
	struct scratch x;
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	TRY(store_scratch(s, id, &x));
	TRY(discard(s, &x, now, grace_ms));
	return tx_commit(&tx);
}

/* ---- what was typed for a task that went away ---- */

/* "Call Bob.txt" -> "Call Bob", "Call Bob (2)". */
static void rescue_name(const char *task, int nth, char out[NAME_LEN + 1])
{
	size_t n = strlen(task), stem = n > 4 ? n - 4 : n;
	snprintf(out, NAME_LEN + 1, "%.*s", (int)stem, task);
	if (nth > 1)
		snprintf(out + stem, NAME_LEN + 1 - stem, " (%d)", nth);
}

static enum err same_scratch(struct store *s, const struct scratch *x, const char *text, size_t n, bool *same)
{
	AUTO_BUF b = BUF_INIT;
	TRY(store_scratch_text(s, x->id, &b));
	*same = b.n == n && (!n || !memcmp(b.s, text, n));
	return ERR_OK;
}

enum err store_rescue(struct store *s, int64_t task, const char *text, size_t n, int64_t now)
{
	AUTO_TX tx = { 0 };
	AUTO_TASK t = TASK_INIT;
	struct scratch x = { .mode = 0644 }, old;
	enum err e = ERR_OK;
	int64_t id;
	TRY(tx_begin(s, &tx));
	TRY(store_get(s, task, &t));
	x.place = task_is_open(&t) ? PLACE_OPEN : PLACE_COMPLETED;
	for (int nth = 1; nth <= RESCUES && e == ERR_OK; nth++) {
		bool same = false;
		rescue_name(t.name, nth, x.name);
		e = store_scratch_find(s, x.place, x.name, &old);
		if (e == ERR_OK)
			TRY(same_scratch(s, &old, text, n, &same));
		if (same)
			return ERR_OK;
	}
	if (e != ERR_NOENT)
		return e ? e : ERR_EXIST;
	TRY(insert(s, &x, text, n, now, &id));
	return tx_commit(&tx);
}
