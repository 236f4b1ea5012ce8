#include "store_p.h"
#include <stdlib.h>

enum { ADD, ADD_VERSION, VERSION, DISMISS, FORGET, NSQL };
static const char *const sql_text[NSQL] = {
	[ADD] = "INSERT INTO conflict(task, side, at) VALUES(:task, :side, :now)",
	[ADD_VERSION] = "INSERT INTO version(conflict, role, title, status, priority, due, details)"
			" VALUES(:conflict, :role, :title, :status, :priority, :due, :details)",
	[VERSION] = ("SELECT title, status, priority, due, details FROM version"
		     " WHERE conflict = :id AND role = :role"),
	[DISMISS] = "DELETE FROM conflict WHERE id = :id",
	[FORGET] = "DELETE FROM version WHERE conflict = :id AND role = :role",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_CONFLICT, i, sql_text[i]);
}

static enum err put_version(struct store *s, int64_t conflict, int role, const struct task *t)
{
	if (!t)
		return ERR_OK;
	AUTO_Q q = sql(s, ADD_VERSION);
	q_int(&q, ":conflict", conflict);
	q_int(&q, ":role", role);
	q_fields(&q, "", t->field);
	return q_run(&q);
}

enum err store_conflict(struct store *s, int64_t task, enum side with, const struct task *base,
	const struct task *mine, const struct task *theirs, int64_t now)
{
	const struct task *const version[] = { base, mine, theirs };
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, ADD);
	q_int(&q, ":task", task);
	q_int(&q, ":side", with);
	q_int(&q, ":now", now);
	TRY(q_run(&q));
	int64_t id = sqlite3_last_insert_rowid(s->db);
	for (int role = 0; role < 3; role++)
		TRY(put_version(s, id, role, version[role]));
	s->ring |= RING_CHANGED;
	return tx_commit(&tx);
}

static enum err read_version(struct store *s, int64_t conflict, enum version v, struct task *t)
{
	AUTO_Q q = sql(s, VERSION);
	q_int(&q, ":id", conflict);
	q_int(&q, ":role", v);
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	for (int f = 0; f < TASK_NFIELDS; f++) {
		free(t->field[f]);
		t->field[f] = q_col_dup(&q, f);
	}
	return q_end(&q, ERR_OK);
}

enum err store_conflict_version(struct store *s, int64_t conflict, enum version v, struct task *out)
{
	struct kept k;
	AUTO_TASK t = TASK_INIT;
	*out = TASK_INIT;
	TRY(store_kept(s, KEEP_CONFLICTS, conflict, &k));
	TRY(store_get(s, k.task, &t));
	TRY(read_version(s, conflict, v, &t));
	*out = t;
	t = TASK_INIT;
	return ERR_OK;
}

enum err store_conflict_dismiss(struct store *s, int64_t conflict)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, DISMISS);
	q_int(&q, ":id", conflict);
	TRY(q_run(&q));
	if (!sqlite3_changes64(s->db))
		return ERR_NOENT;
	s->ring |= RING_CHANGED;
	return tx_commit(&tx);
}

enum err store_conflict_forget(struct store *s, int64_t conflict, enum version v)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, FORGET);
	q_int(&q, ":id", conflict);
	q_int(&q, ":role", v);
	TRY(q_run(&q));
	return sqlite3_changes64(s->db) ? tx_commit(&tx) : ERR_NOENT;
}

/* The fields in the clash: what both changed, differently. Without a base, whatever differs. */
static enum err clash(struct store *s, int64_t conflict, uint32_t *fields)
{
	AUTO_TASK base = TASK_INIT, mine = TASK_INIT, theirs = TASK_INIT;
	enum err e = read_version(s, conflict, VERSION_BASE, &base);
	bool rooted = !e;
	if (e && e != ERR_NOENT)
		return e;
	TRY(read_version(s, conflict, VERSION_MINE, &mine));
	TRY(read_version(s, conflict, VERSION_THEIRS, &theirs));
	*fields = task_diff(&mine, &theirs, FIELDS_ALL);
	if (rooted)
		*fields &= task_diff(&base, &mine, FIELDS_ALL) & task_diff(&base, &theirs, FIELDS_ALL);
	return ERR_OK;
}

static enum err take_fields(struct store *s, const struct kept *k, enum version v, const struct task *t,
	int64_t now)
{
	AUTO_TASK is = TASK_INIT, theirs = TASK_INIT;
	uint32_t fields;
	enum err e = clash(s, k->id, &fields);
	if (e == ERR_NOENT)	/* the other one was a deletion, and did not win */
		return v == VERSION_MINE ? ERR_OK
			: store_edit(s, k->task, t, FIELDS_ALL, 0, NULL, 0, SIDE_LOCAL, now);
	TRY(e);
	if (v == VERSION_MINE) {
		TRY(store_get(s, k->task, &is));
		TRY(read_version(s, k->id, VERSION_THEIRS, &theirs));
		fields &= ~task_diff(&is, &theirs, FIELDS_ALL);
	}
	return store_edit(s, k->task, t, fields, 0, NULL, 0, SIDE_LOCAL, now);
}

/* The task was deleted: it comes back, or one takes its place, with what they clashed in as it is in that
 * version; all of it, if the other one was the deletion. */
static enum err take_deleted(struct store *s, const struct kept *k, const struct task *t, int64_t now,
	int64_t grace_ms, int64_t *task)
{
	AUTO_TASK new = TASK_INIT;
	enum err e = store_restore(s, k->task, NULL, now, grace_ms, task);
	if (e == ERR_NOENT) {	/* no longer in the trash */
		TRY(task_copy(&new, t));
		new.created_at = now;
		TRY(store_create(s, &new, NULL, 0, SIDE_LOCAL, now, task));
		TRY(outbox_instead(s, *task, k->task));
		return store_closed(s, *task, now, grace_ms);
	}
	TRY(e);
	uint32_t fields;
	e = clash(s, k->id, &fields);
	if (e && e != ERR_NOENT)
		return e;
	return store_edit(s, *task, t, e ? FIELDS_ALL : fields, 0, NULL, 0, SIDE_LOCAL, now);
}

enum err store_conflict_take(struct store *s, int64_t conflict, enum version v, int64_t now, int64_t grace_ms,
	int64_t *task)
{
	AUTO_TX tx = { 0 };
	AUTO_TASK t = TASK_INIT;
	struct kept k;
	enum gone gone;
	TRY(tx_begin(s, &tx));
	TRY(store_kept(s, KEEP_CONFLICTS, conflict, &k));
	TRY(store_gone(s, k.task, &gone));
	enum err e = store_conflict_version(s, conflict, v, &t);
	if (e && e != ERR_NOENT)
		return e;
	*task = gone == GONE_DELETED ? 0 : k.task;
	if (!e && gone == GONE_DELETED)
		TRY(take_deleted(s, &k, &t, now, grace_ms, task));
	else if (!e)
		TRY(take_fields(s, &k, v, &t, now));
	TRY(store_conflict_dismiss(s, conflict));
	return tx_commit(&tx);
}
