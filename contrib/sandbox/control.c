/* /sandbox/...: the hand behind the two systems. Its requests are neither logged nor limited. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "config.h"
#include "dataset.h"
#include "db.h"
#include "faults.h"
#include "log.h"
#include "mirror.h"
#include "page.h"
#include "sc.h"
#include "sf.h"

#define JSON "application/json; charset=utf-8"

static void reply_text(struct reply *rep, const struct text *t)
{
	rep->status = 200;
	rep->type = JSON;
	rep->body = *t;
}

static void wrong(struct reply *rep, int status, const char *message)
{
	struct text t = { 0 };

	text_add(&t, "{\"error\":");
	text_json(&t, message);
	text_add(&t, "}");
	http_reply(rep, status, JSON, t.s);
}

/* NULL is good news. */
static void result(struct reply *rep, const char *what_is_wrong)
{
	if (what_is_wrong)
		wrong(rep, 400, what_is_wrong);
	else
		http_reply(rep, 200, JSON, "{\"ok\":true}");
	http_changed();
}

static const char *text_of(const cJSON *o, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
}

/* --- the whole --- */

static void reset(struct request *req, struct reply *rep)
{
	(void)req;
	dataset_reset();
	result(rep, NULL);
}

static void load(struct request *req, struct reply *rep)
{
	result(rep, dataset_load(req->json));
}

static void get_clock(struct request *req, struct reply *rep)
{
	char now[TIME_TEXT];

	(void)req;
	http_reply(rep, 200, JSON,
		fmt("{\"now\":\"%s\",\"frozen\":%s}", time_sc(clock_now(), now),
			clock_frozen() ? "true" : "false"));
}

static void set_clock(struct request *req, struct reply *rep)
{
	const char *now = text_of(req->json, "now");
	const cJSON *advance = cJSON_GetObjectItemCaseSensitive(req->json, "advance");
	int64_t ms;

	if (now && !time_parse(now, &ms)) {
		wrong(rep, 400, "now is not a time");
		return;
	}
	if (now)
		clock_set(ms, cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(req->json, "frozen")));
	if (cJSON_IsNumber(advance))
		clock_advance((int64_t)(advance->valuedouble * 1000));
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(req->json, "real")))
		clock_real();
	sf_task_housekeeping();
	sf_event_housekeeping();
	sc_housekeeping();
	mirror_tick();
	get_clock(req, rep);
	http_changed();
}

static void get_config(struct request *req, struct reply *rep)
{
	struct text t = { 0 };

	(void)req;
	config_json(&t);
	reply_text(rep, &t);
}

static void set_config(struct request *req, struct reply *rep)
{
	cJSON *expire = cJSON_DetachItemFromObjectCaseSensitive(req->json, "expire_tokens");
	const char *bad = config_set(req->json);

	if (cJSON_IsTrue(expire))
		sf_expire_tokens();
	if (bad)
		wrong(rep, 400, bad);
	else
		get_config(req, rep);
	mirror_tick();
	http_changed();
}

static void get_log(struct request *req, struct reply *rep)
{
	const char *since = http_param(req, "since");
	struct text t = { 0 };

	log_json(&t, since ? atoll(since) : 0);
	reply_text(rep, &t);
}

static void clear_log(struct request *req, struct reply *rep)
{
	(void)req;
	log_clear();
	result(rep, NULL);
}

static void get_faults(struct request *req, struct reply *rep)
{
	struct text t = { 0 };

	(void)req;
	faults_json(&t);
	reply_text(rep, &t);
}

static void set_fault(struct request *req, struct reply *rep)
{
	result(rep, faults_set(req->json));
}

static void clear_faults(struct request *req, struct reply *rep)
{
	(void)req;
	faults_clear();
	result(rep, NULL);
}

/* --- any record, as somebody in the other system --- */

static void add_sf_task(struct text *t, const char *id)
{
	const struct sf_object *o = sf_object("Task");
	struct soql_column columns[SOQL_COLUMNS_MAX];
	size_t n = sf_all_columns(o, columns);
	struct sf_reader reader;

	soql_column(o, "Who.Name", &columns[n++]);
	soql_column(o, "Who.Email", &columns[n++]);
	sf_reader_start(&reader, o, columns, n, SF_API_DEFAULT);
	sqlite3_stmt *st = id ? db_query("SELECT Id, IsDeleted FROM Task WHERE Id = ?", "s", id)
			      : db_query("SELECT Id, IsDeleted FROM Task ORDER BY rowid", "");

	for (bool first = true; db_row(st); first = false) {
		text_add(t, first ? "" : ",\n");
		sf_reader_row(&reader, db_column(st, 0), t);
		t->s[--t->len] = '\0';
		text_printf(t, ",\"deleted\":%s}", sqlite3_column_int(st, 1) ? "true" : "false");
	}
	sqlite3_finalize(st);
	sf_reader_finish(&reader);
}

static void reply_sf(struct reply *rep, int status, const char *id)
{
	struct text t = { 0 };

	add_sf_task(&t, id);
	http_reply(rep, status, JSON, t.s);
}

static void sf_tasks(struct request *req, struct reply *rep)
{
	struct text t = { 0 };

	(void)req;
	text_add(&t, "{\"tasks\":[");
	add_sf_task(&t, NULL);
	text_add(&t, "]}");
	reply_text(rep, &t);
}

/* Owned by the tests' user unless said otherwise: a colleague gave her the task. */
static void sf_new(struct request *req, struct reply *rep)
{
	struct sf_error e = { 0 };
	char *id;

	if (!cJSON_GetObjectItem(req->json, "OwnerId"))
		cJSON_AddStringToObject(req->json, "OwnerId", USER_ME);
	if (sf_task_create(req->json, USER_OTHER, SF_AS_OWNER_OF_THE_WORLD, &id, &e))
		reply_sf(rep, 201, id);
	else
		wrong(rep, 400, fmt("%s: %s", e.code, e.message));
}

static void sf_change(struct request *req, struct reply *rep)
{
	const char *id = sf_id18(req->args[0]);
	struct sf_error e = { 0 };

	if (id && sf_task_update(id, req->json, USER_OTHER, SF_AS_OWNER_OF_THE_WORLD, &e))
		reply_sf(rep, 200, id);
	else
		wrong(rep, 400, id ? fmt("%s: %s", e.code, e.message) : "not an id");
}

static void sf_remove(struct request *req, struct reply *rep)
{
	const char *id = sf_id18(req->args[0]);
	struct sf_error e = { 0 };
	bool hard = http_param(req, "hard") != NULL;

	if (!id || !db_int("SELECT 1 FROM Task WHERE Id = ?", "s", id)) {
		wrong(rep, 404, "no such task");
		return;
	}
	if (!sf_task_missing(id))
		sf_task_delete(id, USER_OTHER, SF_AS_OWNER_OF_THE_WORLD, &e);
	if (hard)
		sf_task_purge(id);
	result(rep, NULL);
}

static void reply_sc(struct reply *rep, int status, int64_t id)
{
	struct text t = { 0 };

	sc_add(&t, id);
	http_reply(rep, status, JSON, t.s);
}

static void sc_tasks(struct request *req, struct reply *rep)
{
	struct text t = { 0 };

	(void)req;
	text_add(&t, "{\"tasks\":[");
	sc_all(&t);
	text_add(&t, "]}");
	reply_text(rep, &t);
}

static void sc_new(struct request *req, struct reply *rep)
{
	struct sc_error e = { 0 };
	int64_t id;

	if (sc_create(req->json, SC_ME, SC_AS_OWNER_OF_THE_WORLD, &id, &e))
		reply_sc(rep, 201, id);
	else
		wrong(rep, 400, e.message);
}

static void sc_change(struct request *req, struct reply *rep)
{
	int64_t id = atoll(req->args[0]);
	struct sc_error e = { 0 };

	if (sc_update(id, req->json, SC_AS_OWNER_OF_THE_WORLD, &e))
		reply_sc(rep, 200, id);
	else
		wrong(rep, e.status == 404 ? 404 : 400, e.message);
}

static void sc_remove(struct request *req, struct reply *rep)
{
	int64_t id = atoll(req->args[0]);
	bool hard = http_param(req, "hard") != NULL;

	if (!db_int("SELECT 1 FROM sc_task WHERE id = ?", "i", id)) {
		wrong(rep, 404, "no such task");
		return;
	}
	if (db_int("SELECT deleted_at IS NULL FROM sc_task WHERE id = ?", "i", id))
		sc_delete(id);
	if (hard)
		sc_purge(id);
	result(rep, NULL);
}

/* The same four verbs for both systems; ?system= says which. */
static const struct {
	const char *method;
	void (*sf)(struct request *, struct reply *);
	void (*sc)(struct request *, struct reply *);
} verbs[] = {
	{ "GET", sf_tasks, sc_tasks },
	{ "POST", sf_new, sc_new },
	{ "PATCH", sf_change, sc_change },
	{ "DELETE", sf_remove, sc_remove },
};

static void tasks(struct request *req, struct reply *rep)
{
	const char *system = http_param(req, "system");
	bool sf = system && strcmp(system, "sf") == 0, sc = system && strcmp(system, "sc") == 0;

	if (!sf && !sc) {
		wrong(rep, 400, "system must be sf or sc");
		return;
	}
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(verbs[i].method, req->method) == 0)
			(sf ? verbs[i].sf : verbs[i].sc)(req, rep);
	if (strcmp(req->method, "GET") != 0)
		http_changed();
}

/* --- what the page needs besides: picklists, people, the time --- */

static void add_list(struct text *t, const char *name, const char *sql)
{
	sqlite3_stmt *st = db_query(sql, "");

	text_printf(t, ",\"%s\":[", name);
	for (bool first = true; db_row(st); first = false) {
		text_add(t, first ? "" : ",");
		text_json(t, db_column(st, 0));
	}
	sqlite3_finalize(st);
	text_add(t, "]");
}

static void info(struct request *req, struct reply *rep)
{
	struct text t = { 0 };
	char now[TIME_TEXT];

	(void)req;
	text_printf(&t, "{\"now\":\"%s\",\"frozen\":%s", time_sc(clock_now(), now),
		clock_frozen() ? "true" : "false");
	add_list(&t, "statuses", "SELECT ApiName FROM TaskStatus ORDER BY SortOrder");
	add_list(&t, "closed", "SELECT ApiName FROM TaskStatus WHERE IsClosed ORDER BY SortOrder");
	add_list(&t, "priorities", "SELECT ApiName FROM TaskPriority ORDER BY SortOrder");
	text_add(&t, "}");
	reply_text(rep, &t);
}

static void page(struct request *req, struct reply *rep)
{
	(void)req;
	rep->status = 200;
	rep->type = "text/html; charset=utf-8";
	text_addn(&rep->body, (const char *)page_html, page_html_len);
}

static const struct route routes[] = {
	{ "GET", "/", page, 0 },
	{ "POST", "/sandbox/reset", reset, 0 },
	{ "POST", "/sandbox/load", load, ROUTE_JSON },
	{ "GET", "/sandbox/clock", get_clock, 0 },
	{ "POST", "/sandbox/clock", set_clock, ROUTE_JSON },
	{ "GET", "/sandbox/config", get_config, 0 },
	{ "POST", "/sandbox/config", set_config, ROUTE_JSON },
	{ "GET", "/sandbox/log", get_log, 0 },
	{ "POST", "/sandbox/log/clear", clear_log, 0 },
	{ "GET", "/sandbox/fault", get_faults, 0 },
	{ "POST", "/sandbox/fault", set_fault, ROUTE_JSON },
	{ "POST", "/sandbox/fault/clear", clear_faults, 0 },
	{ "GET", "/sandbox/tasks", tasks, 0 },
	{ "POST", "/sandbox/tasks", tasks, ROUTE_JSON },
	{ "PATCH", "/sandbox/tasks/{}", tasks, ROUTE_JSON },
	{ "DELETE", "/sandbox/tasks/{}", tasks, 0 },
	{ "GET", "/sandbox/info", info, 0 },
	{ NULL, NULL, NULL, 0 },
};

static bool admit(const struct route *route, struct request *req, struct reply *rep)
{
	if (!(route->flags & ROUTE_JSON))
		return true;
	if (utf8_valid(req->body, req->body_len))
		req->json = cJSON_ParseWithLengthOpts(req->body, req->body_len + 1, NULL, true);
	if (!cJSON_IsObject(req->json))
		wrong(rep, 400, "the body is not a JSON object");
	return cJSON_IsObject(req->json);
}

static void no_route(struct request *req, struct reply *rep, bool wrong_method)
{
	(void)req;
	wrong(rep, wrong_method ? 405 : 404, "there is nothing here");
}

const struct http_system control_system = { NULL, { "/" }, routes, admit, no_route };
