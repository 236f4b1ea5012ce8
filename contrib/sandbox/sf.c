/* The Salesforce side's routes, admission, and the resources that are about the org rather than rows. */
#include "sf.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "config.h"
#include "db.h"

#define VERSION_MIN 31 /* those below were retired */
#define VERSION_MAX 67
#define DATA "/services/data/{}"

static long usage;

void sf_usage_reset(void)
{
	usage = 0;
}

void sf_reply_error(struct reply *rep, const struct sf_error *e)
{
	struct text t = { 0 };

	sf_error_body(&t, e);
	http_reply(rep, sf_http_status(e->code), SF_JSON, t.s);
}

void sf_refuse(struct reply *rep, const char *code, const char *message)
{
	struct sf_error e;

	sf_fail(&e, code, NULL, "%s", message);
	sf_reply_error(rep, &e);
}

void sf_reply_json(struct reply *rep, int status, const struct text *t)
{
	rep->status = status;
	rep->type = SF_JSON;
	rep->body = *t;
}

const char *sf_version(const struct request *req)
{
	return req->args[0] ? req->args[0] : SF_API_DEFAULT;
}

static void identity(struct request *req, struct reply *rep)
{
	sf_userinfo(req, rep);
}

static const struct route routes[] = {
	{ "GET", "/services/data", sf_versions, ROUTE_OPEN },
	{ "GET", DATA, sf_resources, 0 },
	{ "GET", DATA "/query", sf_query, 0 },
	{ "GET", DATA "/queryAll", sf_query_all, 0 },
	{ "GET", DATA "/query/{}", sf_query_more, 0 },
	{ "GET", DATA "/queryAll/{}", sf_query_more, 0 },
	{ "GET", DATA "/limits", sf_limits, 0 },
	{ "GET", DATA "/sobjects", sf_sobjects, 0 },
	{ "GET", DATA "/sobjects/{}/describe", sf_object_describe, 0 },
	{ "GET", DATA "/sobjects/{}/updated", sf_updated, 0 },
	{ "GET", DATA "/sobjects/{}/deleted", sf_deleted, 0 },
	{ "POST", DATA "/sobjects/{}", sf_row_create, ROUTE_JSON | ROUTE_WRITE },
	{ "GET", DATA "/sobjects/{}/{}", sf_row_get, 0 },
	{ "PATCH", DATA "/sobjects/{}/{}", sf_row_update, ROUTE_JSON | ROUTE_WRITE },
	{ "DELETE", DATA "/sobjects/{}/{}", sf_row_delete, ROUTE_WRITE },
	{ "GET", DATA "/sobjects/{}/{}/{}", sf_row_by_external, 0 },
	{ "PATCH", DATA "/sobjects/{}/{}/{}", sf_row_upsert, ROUTE_JSON | ROUTE_WRITE },
	{ "POST", DATA "/composite", sf_composite, ROUTE_JSON },
	{ "POST", DATA "/composite/sobjects", sf_many_create, ROUTE_JSON | ROUTE_WRITE },
	{ "PATCH", DATA "/composite/sobjects", sf_many_update, ROUTE_JSON | ROUTE_WRITE },
	{ "DELETE", DATA "/composite/sobjects", sf_many_delete, ROUTE_WRITE },
	{ "POST", DATA "/composite/sobjects/{}", sf_many_retrieve, ROUTE_JSON },
	{ "PATCH", DATA "/composite/sobjects/{}/{}", sf_many_upsert, ROUTE_JSON | ROUTE_WRITE },
	{ "POST", "/services/oauth2/token", sf_token, ROUTE_OPEN },
	{ "GET", "/services/oauth2/authorize", sf_authorize, ROUTE_OPEN },
	{ "POST", "/services/oauth2/authorize", sf_authorize, ROUTE_OPEN },
	{ "POST", "/services/oauth2/revoke", sf_revoke, ROUTE_OPEN },
	{ "GET", "/services/oauth2/userinfo", sf_userinfo, 0 },
	{ "GET", "/id/{}/{}", identity, 0 },
	{ "POST", "/services/Soap/u/{}", sf_soap_login, ROUTE_OPEN },
	{ "POST", "/cometd/{}", sf_cometd, ROUTE_OPEN },
	{ NULL, NULL, NULL, 0 },
};

/* --- admission --- */

const char *sf_caller(const struct request *req)
{
	const char *header = http_header(req, "Authorization");
	const char *space = header ? strchr(header, ' ') : NULL;

	if (!space || (strncasecmp(header, "Bearer ", 7) != 0 && strncasecmp(header, "OAuth ", 6) != 0))
		return NULL;
	return db_text(
		"SELECT user FROM token WHERE token = ? AND kind = 'access' AND NOT dead AND expires > ?",
		"si", space + 1, clock_now());
}

static bool check_version(const struct request *req, struct sf_error *e)
{
	const char *v = strncmp(req->path, "/services/data/", 15) == 0 ? req->args[0] : NULL;
	char *end;
	long n = v && *v == 'v' ? strtol(v + 1, &end, 10) : 0;

	if (!v)
		return true;
	if (n && n < VERSION_MIN)
		return sf_fail(
			e, "UNSUPPORTED_API_VERSION", NULL, "This version of the API has been retired");
	if (!n || n > VERSION_MAX || strcmp(end, ".0") != 0)
		return sf_fail(e, "NOT_FOUND", NULL, "The requested resource does not exist");
	return true;
}

static bool check_size(const struct request *req, struct sf_error *e)
{
	size_t size = strlen(req->uri), headers = 0;

	for (size_t i = 0; i < req->nheaders; i++)
		headers += strlen(req->headers[i].name) + strlen(req->headers[i].value) + 4;
	if (size > 16384)
		return sf_fail(e, "URI_TOO_LONG", NULL, "URI Too Long");
	if (size + headers > 16384)
		return sf_fail(e, "REQUEST_HEADER_FIELDS_TOO_LARGE", NULL, "Request Header Fields Too Large");
	return true;
}

static bool check_body(struct request *req, struct sf_error *e)
{
	const char *type = http_header(req, "Content-Type");

	if (!type || strncasecmp(type, "application/json", 16) != 0)
		return sf_fail(
			e, "UNSUPPORTED_MEDIA_TYPE", NULL, "Content-Type header is not application/json");
	if (utf8_valid(req->body, req->body_len))
		req->json = cJSON_ParseWithLengthOpts(req->body, req->body_len + 1, NULL, true);
	if (!cJSON_IsObject(req->json))
		return sf_fail(e, "JSON_PARSER_ERROR", NULL,
			"Unexpected character in the request body at [line:1, column:1]");
	return true;
}

static bool check_caller(struct request *req, struct reply *rep, struct sf_error *e)
{
	req->user = sf_caller(req);
	if (!req->user)
		return sf_fail(e, "INVALID_SESSION_ID", NULL, "Session expired or invalid");
	usage++;
	http_reply_header(rep, "Sforce-Limit-Info", fmt("api-usage=%ld/%ld", usage, config.api_limit));
	if (config.api_limit && usage > config.api_limit)
		return sf_fail(e, "REQUEST_LIMIT_EXCEEDED", NULL, "TotalRequests Limit exceeded.");
	return true;
}

/* A composite's subrequest comes with the caller and the parsed body already in it. */
static bool admit(const struct route *route, struct request *req, struct reply *rep)
{
	struct sf_error e = { 0 };
	bool fine = check_version(req, &e) && check_size(req, &e);

	if (fine && !(route->flags & ROUTE_OPEN) && !req->user)
		fine = check_caller(req, rep, &e);
	if (fine && route->flags & ROUTE_JSON && !req->json)
		fine = check_body(req, &e);
	if (!fine)
		sf_reply_error(rep, &e);
	return fine;
}

static void no_route(struct request *req, struct reply *rep, bool wrong_method)
{
	struct sf_error e;
	const char *real = http_param(req, "_HttpMethod");

	/* For proxies that refuse PATCH. */
	if (wrong_method && real && strcmp(req->method, "POST") == 0) {
		req->method = keep(real);
		http_dispatch(&sf_system, req, rep);
		return;
	}
	if (strncmp(req->path, "/cometd", 7) == 0) {
		http_reply(rep, 400, "text/plain", "not a streaming endpoint\n");
		return;
	}
	if (wrong_method)
		sf_fail(&e, "METHOD_NOT_ALLOWED", NULL, "HTTP Method '%s' not allowed.", req->method);
	else
		sf_fail(&e, "NOT_FOUND", NULL, "The requested resource does not exist");
	sf_reply_error(rep, &e);
}

const struct http_system sf_system = { "sf", { "/services", "/id/", "/cometd" }, routes, admit, no_route };

/* --- the org --- */

void sf_versions(struct request *req, struct reply *rep)
{
	struct text t = { 0 };

	(void)req;
	for (int v = VERSION_MIN; v <= VERSION_MAX; v++)
		text_printf(&t,
			"%s{\"label\":\"Release %d\",\"url\":\"/services/data/v%d.0\",\"version\":\"%d.0\"}",
			v == VERSION_MIN ? "[" : ",", v, v, v);
	text_add(&t, "]");
	sf_reply_json(rep, 200, &t);
}

void sf_resources(struct request *req, struct reply *rep)
{
	static const char *const names[] = { "sobjects", "query", "queryAll", "limits", "composite" };
	struct text t = { 0 };

	text_add(&t, "{");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		text_printf(&t, "\"%s\":\"/services/data/%s/%s\",", names[i], sf_version(req), names[i]);
	text_printf(&t, "\"identity\":\"http://%s/id/%s/%s\"}", http_header(req, "Host"), SF_ORG, req->user);
	sf_reply_json(rep, 200, &t);
}

void sf_sobjects(struct request *req, struct reply *rep)
{
	struct text t = { 0 };

	text_add(&t, "{\"encoding\":\"UTF-8\",\"maxBatchSize\":200,\"sobjects\":[");
	for (const struct sf_object *o = sf_objects; o->name; o++)
		text_printf(&t,
			"%s{\"name\":\"%s\",\"label\":\"%s\",\"keyPrefix\":\"%s\",\"queryable\":true,"
			"\"urls\":"
			"{\"sobject\":\"/services/data/%s/sobjects/%s\"}}",
			o == sf_objects ? "" : ",", o->name, o->label, o->prefix, sf_version(req), o->name);
	text_add(&t, "]}");
	sf_reply_json(rep, 200, &t);
}

static const struct sf_object *asked_object(const struct request *req, struct reply *rep)
{
	const struct sf_object *o = sf_object(req->args[1]);
	struct sf_error e;

	if (!o) {
		sf_fail(&e, "NOT_FOUND", NULL, "The requested resource does not exist");
		sf_reply_error(rep, &e);
	}
	return o;
}

void sf_object_describe(struct request *req, struct reply *rep)
{
	const struct sf_object *o = asked_object(req, rep);
	struct text t = { 0 };

	if (!o)
		return;
	sf_describe(&t, o, sf_version(req));
	sf_reply_json(rep, 200, &t);
}

void sf_limits(struct request *req, struct reply *rep)
{
	long max = config.api_limit ? config.api_limit : 100000;

	(void)req;
	http_reply(rep, 200, SF_JSON,
		fmt("{\"DailyApiRequests\":{\"Max\":%ld,\"Remaining\":%ld},\"ConcurrentAsyncGetReport"
		    "Instances\":{\"Max\":200,\"Remaining\":200}}",
			max, max > usage ? max - usage : 0));
}

/* --- what changed between two times --- */

struct window {
	int64_t start, end;
};

static bool window(const struct request *req, const char *what, int days, int64_t shortest, struct window *w,
	struct sf_error *e)
{
	const char *start = http_param(req, "start"), *end = http_param(req, "end");
	int64_t now = clock_now();

	/* An unencoded + has become a space on the way. */
	char *texts[2] = { keep(start ? start : ""), keep(end ? end : "") };

	for (int i = 0; i < 2; i++)
		for (char *space; (space = strchr(texts[i], ' ')) != NULL;)
			*space = '+';
	if (!time_parse(texts[0], &w->start) || !time_parse(texts[1], &w->end))
		return sf_fail(e, "MALFORMED_QUERY", NULL, "start and end must be dates with a time zone");
	w->start -= w->start % 60000;
	w->end -= w->end % 60000;
	if (w->end - w->start <= shortest)
		return sf_fail(e, "INVALID_REPLICATION_DATE", NULL,
			"endDate must be at least one minute greater than startDate");
	if (w->start < now - days * DAY_MS)
		return sf_fail(e, "INVALID_REPLICATION_DATE", NULL,
			"startDate before org's %s window (%d days)", what, days);
	return true;
}

static const char *covered(const struct window *w)
{
	char buf[TIME_TEXT];
	int64_t now = clock_now() - clock_now() % 60000;

	return config.latest_date_covered[0] ? config.latest_date_covered
					     : keep(time_sf(w->end < now ? w->end : now, buf));
}

void sf_updated(struct request *req, struct reply *rep)
{
	const struct sf_object *o = asked_object(req, rep);
	struct sf_error e = { 0 };
	struct window w;
	struct text t = { 0 };
	char from[TIME_TEXT], to[TIME_TEXT];

	if (!o)
		return;
	if (!window(req, "updated", 30, 0, &w, &e)) {
		sf_reply_error(rep, &e);
		return;
	}
	sqlite3_stmt *st =
		db_query(fmt("SELECT Id FROM %s WHERE SystemModstamp >= ? AND SystemModstamp < ?%s", o->name,
				 sf_field(o, "IsDeleted") ? " AND NOT IsDeleted" : ""),
			"ss", time_sf(w.start, from), time_sf(w.end, to));

	while (db_row(st))
		text_printf(&t, "%s\"%s\"", t.len ? "," : "{\"ids\":[", db_column(st, 0));
	sqlite3_finalize(st);
	text_printf(&t, "%s],\"latestDateCovered\":\"%s\"}", t.len ? "" : "{\"ids\":[", covered(&w));
	sf_reply_json(rep, 200, &t);
}

void sf_deleted(struct request *req, struct reply *rep)
{
	const struct sf_object *o = asked_object(req, rep);
	struct sf_error e = { 0 };
	struct window w;
	struct text t = { 0 };
	char from[TIME_TEXT], to[TIME_TEXT], available[TIME_TEXT];

	if (!o)
		return;
	if (!window(req, "deleted", 15, 60000, &w, &e)) {
		sf_reply_error(rep, &e);
		return;
	}
	sqlite3_stmt *st =
		db_query("SELECT id, at FROM deleted_log WHERE object = ? AND at >= ? AND at < ? ORDER BY at",
			"sss", o->name, time_sf(w.start, from), time_sf(w.end, to));

	text_add(&t, "{\"deletedRecords\":[");
	for (bool first = true; db_row(st); first = false)
		text_printf(&t, "%s{\"id\":\"%s\",\"deletedDate\":\"%s\"}", first ? "" : ",",
			db_column(st, 0), db_column(st, 1));
	sqlite3_finalize(st);
	time_sf(clock_now() - 15 * DAY_MS, available);
	text_printf(&t, "],\"earliestDateAvailable\":\"%s\",\"latestDateCovered\":\"%s\"}",
		config.earliest_date_available[0] ? config.earliest_date_available : available, covered(&w));
	sf_reply_json(rep, 200, &t);
}
