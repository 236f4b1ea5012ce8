#include "store_p.h"
#include <inttypes.h>
#include <stdio.h>

enum { LAST_EDIT, EDIT_ROWS, LAST_DELETED, NSQL };
static const char *const sql_text[NSQL] = {
	[LAST_EDIT] = "SELECT history.id, task, at FROM history JOIN task ON task.id = history.task"
		      " WHERE by = 0 AND gone = 0 AND history.id < :before ORDER BY history.id DESC LIMIT 1",
	[EDIT_ROWS] = "SELECT id, field, was, is_now FROM history WHERE task = :task AND at = :at AND by = 0"
		      " AND id <= :id ORDER BY id DESC",
	[LAST_DELETED] = "SELECT id, gone_at FROM task INDEXED BY task_gone WHERE gone IN (1, 2) AND gone = 1"
			 " AND gone_by = 0 AND gone_at > 0 ORDER BY gone_at DESC, id DESC LIMIT 1",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_UNDO, i, sql_text[i]);
}

struct edit {			/* one edit in the history */
	int64_t id, first;	/* its rows */
	int64_t task, at;	/* task 0: none */
};

static enum err last_edit(struct store *s, int64_t before, struct edit *out)
{
	*out = (struct edit){ 0 };
	AUTO_Q q = sql(s, LAST_EDIT);
	q_int(&q, ":before", before);
	if (q_row(&q))
		*out = (struct edit){ .id = q_col(&q, 0), .task = q_col(&q, 1), .at = q_col(&q, 2) };
	return q_end(&q, ERR_OK);
}

/* The last one that was not undone: meta "undo" says what the newest was after the last undo, and how far
 * that went. */
static enum err next_to_undo(struct store *s, struct edit *out)
{
	AUTO_FREE char *mark = NULL;
	int64_t newest = 0, first = 0;
	enum err e = store_meta(s, "undo", &mark);
	if (e && e != ERR_NOENT)
		return e;
	TRY(last_edit(s, INT64_MAX, out));
	if (mark && sscanf(mark, "%" SCNd64 " %" SCNd64, &newest, &first) == 2 && out->id <= newest)
		TRY(last_edit(s, first, out));
	return ERR_OK;
}

static enum err mark_undone(struct store *s, int64_t first)
{
	char mark[60];
	struct edit newest;
	TRY(last_edit(s, INT64_MAX, &newest));
	snprintf(mark, sizeof(mark), "%" PRId64 " %" PRId64, newest.id, first);
	return store_meta_set(s, "undo", mark);
}

/* The values it replaced, of the fields that still are as it left them. */
static enum err read_back(struct store *s, struct edit *x, struct task *back, uint32_t *fields)
{
	AUTO_TASK is = TASK_INIT;
	uint32_t seen = 0;
	TRY(store_get(s, x->task, &is));
	AUTO_Q q = sql(s, EDIT_ROWS);
	q_int(&q, ":task", x->task);
	q_int(&q, ":at", x->at);
	q_int(&q, ":id", x->id);
	for (*fields = 0; q_row(&q);) {
		enum field f = (enum field)q_col(&q, 1);
		x->first = q_col(&q, 0);
		if (!(seen & BIT(f)) && str_eq(is.field[f], q_col_text(&q, 3)))
			*fields |= BIT(f);
		seen |= BIT(f);
		if (*fields & BIT(f))
			TRY(task_set(back, f, q_col_text(&q, 2)));
	}
	return q_end(&q, ERR_OK);
}

static enum err last_deleted(struct store *s, int64_t *id, int64_t *at)
{
	*id = *at = 0;
	AUTO_Q q = sql(s, LAST_DELETED);
	if (q_row(&q)) {
		*id = q_col(&q, 0);
		*at = q_col(&q, 1);
	}
	return q_end(&q, ERR_OK);
}

enum err store_undo(struct store *s, int64_t now, int64_t grace_ms, int64_t *task)
{
	AUTO_TX tx = { 0 };
	AUTO_TASK back = TASK_INIT;
	struct edit x;
	int64_t deleted, at;
	uint32_t fields;
	TRY(tx_begin(s, &tx));
	TRY(next_to_undo(s, &x));
	TRY(last_deleted(s, &deleted, &at));
	if (deleted && (!x.task || at >= x.at)) {
		TRY(store_restore(s, deleted, NULL, now, grace_ms, task));
		return tx_commit(&tx);
	}
	if (!x.task)
		return ERR_NOENT;
	*task = x.task;
	TRY(read_back(s, &x, &back, &fields));
	if (fields)
		TRY(store_edit(s, x.task, &back, fields, 0, NULL, 0, SIDE_LOCAL, now));
	TRY(mark_undone(s, x.first));
	TRY(tx_commit(&tx));
	return fields ? ERR_OK : ERR_STALE;
}
