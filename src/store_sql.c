#include "store_p.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#define LOG_MODULE "store"
#include "log.h"

static const struct {
	int rc;
	enum err err;
} map[] = {
	{ SQLITE_IOERR_NOMEM, ERR_NOMEM },	/* extended codes first */
	{ SQLITE_CONSTRAINT_FOREIGNKEY, ERR_NOENT },
	{ SQLITE_BUSY, ERR_BUSY },
	{ SQLITE_LOCKED, ERR_BUSY },
	{ SQLITE_NOMEM, ERR_NOMEM },
	{ SQLITE_FULL, ERR_NOSPC },
	{ SQLITE_IOERR, ERR_IO },
	{ SQLITE_CANTOPEN, ERR_IO },
	{ SQLITE_CORRUPT, ERR_CORRUPT },
	{ SQLITE_NOTADB, ERR_CORRUPT },
	{ SQLITE_ERROR, ERR_CORRUPT },		/* no such table or column: not as we made it */
	{ SQLITE_CONSTRAINT, ERR_EXIST },
	{ SQLITE_READONLY, ERR_PERM },
	{ SQLITE_PERM, ERR_PERM },
	{ SQLITE_AUTH, ERR_PERM },
	{ SQLITE_TOOBIG, ERR_TOOBIG },
};

enum err sql_err(sqlite3 *db, int rc, const char *what)
{
	enum err e = ERR_IO;
	for (size_t i = 0; i < sizeof(map) / sizeof(*map); i++)
		if (map[i].rc == rc || map[i].rc == (rc & 0xff)) {
			e = map[i].err;
			break;
		}
	if (e == ERR_IO && db && (sqlite3_system_errno(db) == ENOSPC || sqlite3_system_errno(db) == EDQUOT))
		e = ERR_NOSPC;	/* for the log's index */
	/* A constraint is an answer (name taken, no such task), not a fault. */
	if ((rc & 0xff) != SQLITE_CONSTRAINT)
		log_err("sqlite what=%s rc=%d errno=%d: %s", what, rc, db ? sqlite3_system_errno(db) : 0,
			db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
	if (e == ERR_CORRUPT)
		check_met_damage();
	return e;
}

static void q_fail(struct q *q, int rc)
{
	if (q->err)
		return;
	q->err = sql_err(q->s->db, rc, q->st ? "step" : "prepare");
	q->s->failed = q->err;
	/* SQLite gave up the whole transaction: what follows must not run, each statement for itself. */
	if (q->s->in_tx && sqlite3_get_autocommit(q->s->db) && !q->s->doomed)
		q->s->doomed = q->err;
}

struct q q_get(struct store *s, enum sql_file file, int i, const char *sql)
{
	struct q q = { .s = s };
	assert(i < SQL_MAX);
	if (s->in_tx && s->doomed) {
		q.err = s->doomed;
		return q;
	}
	sqlite3_stmt **slot = &s->stmt[file][i];
	q.own = *slot && sqlite3_stmt_busy(*slot);
	if (!*slot || q.own) {
		unsigned flags = q.own ? 0 : SQLITE_PREPARE_PERSISTENT;
		int rc = sqlite3_prepare_v3(s->db, sql, -1, flags, &q.st, NULL);
		if (rc != SQLITE_OK) {
			q_fail(&q, rc);
			return q;
		}
		if (!q.own)
			*slot = q.st;
		return q;
	}
	q.st = *slot;
	return q;
}

static int parameter(struct q *q, const char *param)
{
	int i = q->err ? 0 : sqlite3_bind_parameter_index(q->st, param);
	assert(q->err || i > 0);
	return i;
}

static void bound(struct q *q, int rc)
{
	if (rc != SQLITE_OK)
		q_fail(q, rc);
}

void q_int(struct q *q, const char *param, int64_t v)
{
	int i = parameter(q, param);
	if (i)
		bound(q, sqlite3_bind_int64(q->st, i, v));
}

void q_text(struct q *q, const char *param, const char *v)
{
	int i = parameter(q, param);
	if (i)
		bound(q, sqlite3_bind_text(q->st, i, v, -1, SQLITE_STATIC));
}

void q_blob(struct q *q, const char *param, const void *v, size_t n)
{
	int i = parameter(q, param);
	if (i)
		bound(q, sqlite3_bind_blob64(q->st, i, v, n, SQLITE_STATIC));
}

void q_fields(struct q *q, const char *prefix, char *const field[TASK_NFIELDS])
{
	for (int f = 0; f < TASK_NFIELDS; f++) {
		char param[40];
		snprintf(param, sizeof(param), ":%s%s", prefix, task_field[f].name);
		q_text(q, param, field ? field[f] : NULL);
	}
}

bool q_row(struct q *q)
{
	if (q->err)
		return false;
	int rc = sqlite3_step(q->st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		q_fail(q, rc);
	return rc == SQLITE_ROW;
}

enum err q_end(struct q *q, enum err none)
{
	return q->err ? q->err : none;
}

enum err q_run(struct q *q)
{
	while (q_row(q))
		;
	return q->err;
}

int64_t q_col(struct q *q, int i)
{
	return sqlite3_column_int64(q->st, i);
}

const char *q_col_text(struct q *q, int i)
{
	const char *v = (const char *)sqlite3_column_text(q->st, i);
	if (!v && sqlite3_column_type(q->st, i) != SQLITE_NULL)
		q_fail(q, SQLITE_NOMEM);
	return v;
}

bool q_col_blob(struct q *q, int i, const char **v, size_t *n)
{
	if (sqlite3_column_type(q->st, i) == SQLITE_NULL)
		return false;
	*v = sqlite3_column_blob(q->st, i);
	*n = (size_t)sqlite3_column_bytes(q->st, i);
	if (*n && !*v)
		q_fail(q, SQLITE_NOMEM);
	if (!*v)	/* SQLite gives NULL for no bytes */
		*v = "", *n = 0;
	return true;
}

char *q_col_dup(struct q *q, int i)
{
	bool ok = true;
	char *v = str_dup(q_col_text(q, i), &ok);
	if (!ok)
		q_fail(q, SQLITE_NOMEM);
	return v;
}

void q_col_copy(struct q *q, int i, char *to, size_t cap)
{
	const char *v = q_col_text(q, i);
	size_t n = v ? strnlen(v, cap - 1) : 0;
	memcpy(to, v ? v : "", n);
	to[n] = '\0';
}

void q_finish(struct q *q)
{
	if (!q->st)
		return;
	if (q->own) {
		sqlite3_finalize(q->st);
	} else {
		sqlite3_reset(q->st);
		sqlite3_clear_bindings(q->st);
	}
	q->st = NULL;
}
