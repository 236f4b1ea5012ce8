/* The seven calls of Sales Connect. */
#include "sc.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "config.h"
#include "db.h"
#include "http.h"

#define JSON "application/json; charset=utf-8"
#define PAGE 100
#define PAGE_MAX 500
#define BODY_MAX (1 << 20)

static void error(struct reply *rep, int status, const char *code, const char *message, const char *field)
{
	struct text t = { 0 };

	text_printf(&t, "{\"error\":{\"code\":\"%s\",\"message\":", code);
	text_json(&t, message);
	if (field) {
		/* The message starts with the field's name; the value is the rest. */
		text_printf(&t, ",\"fields\":{\"%s\":", field);
		text_json(&t, message + strlen(field) + 1);
		text_add(&t, "}");
	}
	text_add(&t, "}}");
	http_reply(rep, status, JSON, t.s);
}

static void reply_task(struct reply *rep, int status, int64_t id)
{
	struct text t = { 0 };

	sc_add(&t, id);
	http_reply(rep, status, JSON, t.s);
	http_reply_header(rep, "ETag",
		fmt("\"%lld\"", (long long)db_int("SELECT revision FROM sc_task WHERE id = ?", "i", id)));
}

/* --- admission --- */

static struct {
	int64_t since, user;
	long count;
} rate;

void sc_rate_reset(void)
{
	rate.count = 0;
}

static bool within_rate(int64_t user, struct reply *rep)
{
	int64_t now = clock_monotonic();

	if (now - rate.since >= 60000 || user != rate.user) {
		rate.since = now;
		rate.user = user;
		rate.count = 0;
	}
	if (!config.sc_rate || ++rate.count <= config.sc_rate)
		return true;
	error(rep, 429, "rate_limited", "Too many requests", NULL);
	http_reply_header(rep, "Retry-After", fmt("%lld", (long long)(60999 - (now - rate.since)) / 1000));
	return false;
}

static bool admit(const struct route *route, struct request *req, struct reply *rep)
{
	const char *header = http_header(req, "Authorization");

	if (header && strncasecmp(header, "Bearer ", 7) == 0)
		req->sc_user = db_int("SELECT user FROM token WHERE token = ? AND kind = 'sc' AND NOT dead",
			"s", header + 7);
	if (!req->sc_user) {
		error(rep, 401, "unauthorized", "The access token is invalid or expired", NULL);
		return false;
	}
	if (!within_rate(req->sc_user, rep))
		return false;
	if (req->body_len > BODY_MAX) {
		error(rep, 413, "too_large", "The request is too large", NULL);
		return false;
	}
	if (!(route->flags & ROUTE_JSON))
		return true;
	if (utf8_valid(req->body, req->body_len))
		req->json = cJSON_ParseWithLengthOpts(req->body, req->body_len + 1, NULL, true);
	if (!cJSON_IsObject(req->json)) {
		error(rep, 400, "bad_request", "The body is not a JSON object", NULL);
		return false;
	}
	return true;
}

/* --- reading --- */

static void me(struct request *req, struct reply *rep)
{
	sqlite3_stmt *st =
		db_query("SELECT id, name, email, time_zone FROM sc_user WHERE id = ?", "i", req->sc_user);
	struct text t = { 0 };

	db_row(st);
	text_printf(&t, "{\"id\":%s,\"name\":", db_column(st, 0));
	text_json(&t, db_column(st, 1));
	text_add(&t, ",\"email\":");
	text_json(&t, db_column(st, 2));
	text_add(&t, ",\"time_zone\":");
	text_json(&t, db_column(st, 3));
	text_add(&t, "}");
	sqlite3_finalize(st);
	http_reply(rep, 200, JSON, t.s);
}

static void settings(struct request *req, struct reply *rep)
{
	struct text t = { 0 };

	(void)req;
	text_printf(&t, "{\"task_sync\":\"%s\",\"activity_detail\":", config.sc_task_sync ? "on" : "off");
	text_json(&t, config.activity_detail);
	text_add(&t, "}");
	http_reply(rep, 200, JSON, t.s);
}

/* A cursor is the place of the last task given out: changes meanwhile come later in the same order. */
struct place {
	long long updated, id;
};

static bool parse_place(const char *cursor, struct place *p)
{
	char *end;

	p->updated = strtoll(cursor, &end, 36);
	if (*end != '.')
		return false;
	p->id = strtoll(end + 1, &end, 36);
	return !*end;
}

static char *base36(long long n)
{
	char buf[16], *p = buf + sizeof buf;

	*--p = '\0';
	do
		*--p = "0123456789abcdefghijklmnopqrstuvwxyz"[n % 36];
	while (n /= 36);
	return keep(p);
}

static bool parse_list(struct request *req, struct place *from, long *limit, bool *changes, struct reply *rep)
{
	const char *since = http_param(req, "changed_since"), *cursor = http_param(req, "cursor");
	const char *asked = http_param(req, "limit");
	int64_t ms = 0;

	*limit = asked ? atol(asked) : PAGE;
	*changes = since != NULL;
	if (since) {
		char *space = strchr(since, ' ');

		if (space)
			*space = '+';
	}
	if (*limit < 1 || *limit > PAGE_MAX)
		error(rep, 400, "bad_request", "limit must be between 1 and 500", NULL);
	else if (since && !time_parse(since, &ms))
		error(rep, 400, "bad_request", "changed_since is not a time", NULL);
	else if (cursor && !parse_place(cursor, from))
		error(rep, 400, "invalid_cursor", "The cursor is not valid", NULL);
	else
		return cursor ? true : (*from = (struct place){ ms, 0 }, true);
	return false;
}

static void list(struct request *req, struct reply *rep)
{
	struct place from = { 0, 0 };
	struct text t = { 0 };
	char now[TIME_TEXT];
	char *next = NULL;
	bool changes;
	long limit, n = 0;

	if (!parse_list(req, &from, &limit, &changes, rep))
		return;
	sqlite3_stmt *st = db_query(
		"SELECT id, updated_at FROM sc_task WHERE owner = ? AND (updated_at, id) > (?, ?) AND "
		"(? OR deleted_at IS NULL) ORDER BY updated_at, id LIMIT ?",
		"iiiii", req->sc_user, (int64_t)from.updated, (int64_t)from.id, (int64_t)changes,
		(int64_t)limit + 1);

	text_add(&t, "{\"tasks\":[");
	while (db_row(st)) {
		if (n == limit) {
			next = fmt("%s.%s", base36(from.updated), base36(from.id));
			break;
		}
		from = (struct place){ sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 0) };
		text_add(&t, n++ ? "," : "");
		sc_add(&t, from.id);
	}
	sqlite3_finalize(st);
	text_add(&t, "],\"next_cursor\":");
	text_json(&t, next);
	text_printf(&t, ",\"server_time\":\"%s\"}", time_sc(clock_now(), now));
	http_reply(rep, 200, JSON, t.s);
}

/* --- one task --- */

/* The id of a living task of the caller's; 0: answered already. */
static int64_t own_task(struct request *req, struct reply *rep)
{
	int64_t id = atoll(req->args[0]);
	int64_t owner = db_int("SELECT owner FROM sc_task WHERE id = ?", "i", id);

	if (!owner)
		error(rep, 404, "not_found", "There is no such task", NULL);
	else if (owner != req->sc_user)
		error(rep, 403, "forbidden", "The task belongs to somebody else", NULL);
	else if (db_int("SELECT deleted_at IS NOT NULL FROM sc_task WHERE id = ?", "i", id))
		reply_task(rep, 410, id);
	else
		return id;
	return 0;
}

static bool revision_fits(struct request *req, struct reply *rep, int64_t id)
{
	const char *match = http_header(req, "If-Match");
	char *current = db_text("SELECT '\"' || revision || '\"' FROM sc_task WHERE id = ?", "i", id);

	if (match && strcmp(match, current) == 0)
		return true;
	if (!match)
		error(rep, 400, "if_match_required", "If-Match with the task's revision is required", NULL);
	else
		error(rep, 412, "revision_mismatch", "The task has changed", NULL);
	return false;
}

static void get(struct request *req, struct reply *rep)
{
	int64_t id = own_task(req, rep);

	if (id)
		reply_task(rep, 200, id);
}

static void patch(struct request *req, struct reply *rep)
{
	int64_t id = own_task(req, rep);
	struct sc_error e = { 0 };

	if (!id || !revision_fits(req, rep, id))
		return;
	if (sc_update(id, req->json, SC_AS_CLIENT, &e))
		reply_task(rep, 200, id);
	else
		error(rep, e.status, e.code, e.message, e.field);
}

static void destroy(struct request *req, struct reply *rep)
{
	int64_t id = own_task(req, rep);

	if (!id || !revision_fits(req, rep, id))
		return;
	sc_delete(id);
	http_reply(rep, 204, NULL, NULL);
}

/* The same key says the same thing twice: the first answer's task, or a complaint if it said another. */
static bool answered_before(struct request *req, struct reply *rep, const char *key)
{
	char *body = db_text("SELECT body FROM sc_idempotency WHERE key = ? AND at > ?", "si", key,
		clock_now() - 7 * DAY_MS);

	if (!body)
		return false;
	if (cJSON_Compare(cJSON_Parse(body), req->json, true))
		reply_task(rep, 200, db_int("SELECT task FROM sc_idempotency WHERE key = ?", "s", key));
	else
		error(rep, 422, "idempotency_mismatch", "The key was used for another request", NULL);
	return true;
}

static void create(struct request *req, struct reply *rep)
{
	const char *given = http_header(req, "Idempotency-Key");
	const char *key = fmt("%lld:%s", (long long)req->sc_user, given ? given : "");
	struct sc_error e = { 0 };
	int64_t id;

	if (!given || !*given) {
		error(rep, 400, "idempotency_key_required", "Idempotency-Key is required", NULL);
		return;
	}
	if (answered_before(req, rep, key))
		return;
	if (!sc_create(req->json, req->sc_user, SC_AS_CLIENT, &id, &e)) {
		error(rep, e.status, e.code, e.message, e.field);
		return;
	}
	db_run("REPLACE INTO sc_idempotency VALUES(?,?,?,?)", "ssii", key, req->body, id, clock_now());
	reply_task(rep, 201, id);
}

static void no_route(struct request *req, struct reply *rep, bool wrong_method)
{
	(void)req;
	error(rep, wrong_method ? 405 : 404, wrong_method ? "method_not_allowed" : "not_found",
		"There is nothing here", NULL);
}

static const struct route routes[] = {
	{ "GET", "/api/v1/me", me, 0 },
	{ "GET", "/api/v1/settings/salesforce", settings, 0 },
	{ "GET", "/api/v1/tasks", list, 0 },
	{ "POST", "/api/v1/tasks", create, ROUTE_JSON | ROUTE_WRITE },
	{ "GET", "/api/v1/tasks/{}", get, 0 },
	{ "PATCH", "/api/v1/tasks/{}", patch, ROUTE_JSON | ROUTE_WRITE },
	{ "DELETE", "/api/v1/tasks/{}", destroy, ROUTE_WRITE },
	{ NULL, NULL, NULL, 0 },
};

const struct http_system sc_system = { "sc", { "/api" }, routes, admit, no_route };
