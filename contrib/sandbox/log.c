#include "log.h"

#include <string.h>

#include "db.h"

#define BODY_KEPT 65536

int64_t log_add(const char *system, const struct request *req, int status, const char *fault)
{
	size_t len = req->body_len < BODY_KEPT ? req->body_len : BODY_KEPT;

	/* A cut in the middle of a character would make the log itself bad JSON. */
	while (len && len < req->body_len && ((unsigned char)req->body[len] & 0xc0) == 0x80)
		len--;
	const char *body = utf8_valid(req->body, len) ? keepn(req->body, len) : "";

	db_run("INSERT INTO log(system, method, path, query, status, body, writes, fault) "
	       "VALUES(?,?,?,?,?,?,?,?)",
		"ssssisis", system, req->method, req->path, req->query, (int64_t)status, body,
		(int64_t)req->writes, fault);
	return db_int("SELECT max(seq) FROM log", "");
}

void log_answer(int64_t seq, int status)
{
	db_run("UPDATE log SET status = ? WHERE seq = ?", "ii", (int64_t)status, seq);
}

void log_json(struct text *t, int64_t since)
{
	sqlite3_stmt *st =
		db_query("SELECT seq, system, method, path, query, status, body, writes, fault FROM log "
			 "WHERE seq > ? ORDER BY seq",
			"i", since);
	bool first = true;

	text_printf(t, "{\"seq\":%lld,\"requests\":[",
		(long long)db_int("SELECT seq FROM sqlite_sequence WHERE name = 'log'", ""));
	while (db_row(st)) {
		static const char *const names[] = { "system", "method", "path", "query" };

		text_printf(t, "%s{\"seq\":%s", first ? "" : ",\n", db_column(st, 0));
		for (int i = 0; i < 4; i++) {
			text_printf(t, ",\"%s\":", names[i]);
			text_json(t, db_column(st, i + 1));
		}
		text_printf(t, ",\"status\":%s,\"body\":", db_column(st, 5));
		text_json(t, db_column(st, 6));
		text_printf(t, ",\"write\":%s,\"fault\":", sqlite3_column_int(st, 7) ? "true" : "false");
		text_json(t, db_column(st, 8));
		text_add(t, "}");
		first = false;
	}
	sqlite3_finalize(st);
	text_add(t, "]}");
}

void log_clear(void)
{
	db_run("DELETE FROM log", "");
}
