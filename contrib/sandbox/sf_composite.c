/* /composite and /composite/sobjects: many rows, or many requests, in one call. */
#include "sf.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "db.h"

#define RECORDS_MAX 200
#define RETRIEVE_MAX 2000
#define SUBREQUESTS_MAX 25
#define SUBREQUESTS_HEAVY_MAX 5

/* --- collections --- */

/* What became of one record. */
struct item {
	char *id;
	int created; /* 1, 0; -1 where the reply does not tell */
	struct sf_error e;
};

static void add_item(struct text *t, const struct item *it)
{
	if (!it->e.code) {
		text_printf(t, "{\"id\":\"%s\",\"success\":true,\"errors\":[]%s}", it->id,
			it->created < 0 ? ""
			: it->created	? ",\"created\":true"
					: ",\"created\":false");
		return;
	}
	text_printf(t, "{\"success\":false,\"errors\":[{\"statusCode\":\"%s\",\"message\":", it->e.code);
	text_json(t, it->e.message);
	text_printf(t, ",\"fields\":[%s%s%s]}]}", it->e.field ? "\"" : "", it->e.field ? it->e.field : "",
		it->e.field ? "\"" : "");
}

/* With allOrNone one failure undoes all: the others say that they were rolled back. */
static void reply_items(struct reply *rep, struct item *items, size_t n, bool all_or_none)
{
	struct text t = { 0 };
	bool failed = false;

	for (size_t i = 0; i < n; i++)
		failed |= items[i].e.code != NULL;
	db_run(failed && all_or_none ? "ROLLBACK TO many" : "RELEASE many", "");
	if (failed && all_or_none)
		db_run("RELEASE many", "");
	for (size_t i = 0; i < n; i++) {
		if (failed && all_or_none && !items[i].e.code)
			sf_fail(&items[i].e, "ALL_OR_NONE_OPERATION_ROLLED_BACK", NULL,
				"Record rolled back because not all "
				"records were valid and the request was using AllOrNone header");
		text_add(&t, i ? "," : "[");
		add_item(&t, &items[i]);
	}
	text_add(&t, n ? "]" : "[]");
	sf_reply_json(rep, 200, &t);
}

static bool task_record(const cJSON *record, struct sf_error *e)
{
	const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(record, "attributes");
	const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(attributes, "type"));

	if (!type)
		return sf_fail(e, "INVALID_TYPE", NULL, "Include an entity type with the record");
	if (!sf_object(type))
		return sf_fail(e, "INVALID_TYPE", NULL, "sObject type '%s' is not supported.", type);
	if (strcasecmp(type, "Task") != 0)
		return sf_fail(e, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", NULL,
			"entity type cannot be changed in the sandbox");
	return true;
}

static char *record_id(const cJSON *record, struct sf_error *e)
{
	const char *given = cJSON_GetStringValue(cJSON_GetObjectItem(record, "id"));
	char *id = given ? sf_id18(given) : NULL;

	if (!given)
		sf_fail(e, "MISSING_ARGUMENT", NULL, "Id not specified in an update call");
	else if (!id)
		sf_fail(e, "MALFORMED_ID", NULL, "Id: id value of incorrect type: %.40s", given);
	return id;
}

static void create_one(const struct request *req, const cJSON *record, struct item *it)
{
	if (cJSON_GetObjectItem(record, "id"))
		sf_fail(&it->e, "INVALID_FIELD_FOR_INSERT_UPDATE", NULL,
			"cannot specify Id in an insert call");
	else
		sf_task_create(record, req->user, SF_AS_CLIENT, &it->id, &it->e);
}

static void update_one(const struct request *req, const cJSON *record, struct item *it)
{
	it->id = record_id(record, &it->e);
	if (it->id)
		sf_task_update(it->id, record, req->user, SF_AS_CLIENT, &it->e);
}

static void upsert_one(const struct request *req, const cJSON *record, struct item *it)
{
	const struct sf_object *o = sf_object("Task");
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItem(record, req->args[2]));

	if (!value)
		sf_fail(&it->e, "MISSING_ARGUMENT", NULL, "%s not specified", req->args[2]);
	else if (!sf_external(o, req->args[2], value, &it->id, &it->e))
		return;
	else if ((it->created = !it->id) != 0)
		sf_task_create(record, req->user, SF_AS_CLIENT, &it->id, &it->e);
	else
		sf_task_update(it->id, record, req->user, SF_AS_CLIENT, &it->e);
}

static void each_record(struct request *req, struct reply *rep, int created,
	void (*one)(const struct request *, const cJSON *, struct item *))
{
	const cJSON *records = cJSON_GetObjectItemCaseSensitive(req->json, "records"), *record;
	struct item items[RECORDS_MAX] = { 0 };
	size_t n = 0;

	if (!cJSON_IsArray(records)) {
		sf_refuse(rep, "REQUIRED_FIELD_MISSING", "records is required");
		return;
	}
	if (cJSON_GetArraySize(records) > RECORDS_MAX) {
		sf_refuse(rep, "EXCEEDED_MAX_SIZE_REQUEST", "record count exceeds 200");
		return;
	}
	db_run("SAVEPOINT many", "");
	cJSON_ArrayForEach(record, records)
	{
		struct item *it = &items[n++];

		it->created = created;
		if (task_record(record, &it->e))
			one(req, record, it);
	}
	reply_items(rep, items, n, cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(req->json, "allOrNone")));
}

void sf_many_create(struct request *req, struct reply *rep)
{
	each_record(req, rep, -1, create_one);
}

void sf_many_update(struct request *req, struct reply *rep)
{
	each_record(req, rep, -1, update_one);
}

void sf_many_upsert(struct request *req, struct reply *rep)
{
	each_record(req, rep, 0, upsert_one);
}

void sf_many_delete(struct request *req, struct reply *rep)
{
	const char *ids = http_param(req, "ids"), *all = http_param(req, "allOrNone");
	struct item items[RECORDS_MAX] = { 0 };
	size_t n = 0;

	if (!ids || !*ids) {
		sf_refuse(rep, "REQUIRED_FIELD_MISSING", "ids is required");
		return;
	}
	db_run("SAVEPOINT many", "");
	while (*ids && n < RECORDS_MAX) {
		size_t len = strcspn(ids, ",");
		struct item *it = &items[n++];
		char *given = keepn(ids, len);

		it->created = -1;
		it->id = sf_id18(given);
		if (!it->id)
			sf_fail(&it->e, "MALFORMED_ID", NULL, "malformed id %.40s", given);
		else
			sf_task_delete(it->id, req->user, SF_AS_CLIENT, &it->e);
		ids += len + (ids[len] == ',');
	}
	reply_items(rep, items, n, all && strcmp(all, "true") == 0);
}

static char *joined(const cJSON *names)
{
	struct text t = { 0 };
	const cJSON *name;

	cJSON_ArrayForEach(name, names) if (cJSON_IsString(name))
		text_printf(&t, "%s%s", t.len ? "," : "", name->valuestring);
	return t.s;
}

void sf_many_retrieve(struct request *req, struct reply *rep)
{
	const struct sf_object *o = sf_object(req->args[1]);
	const cJSON *ids = cJSON_GetObjectItemCaseSensitive(req->json, "ids"), *item;
	const char *names = joined(cJSON_GetObjectItemCaseSensitive(req->json, "fields"));
	struct soql_column columns[SOQL_COLUMNS_MAX];
	struct sf_reader reader;
	struct sf_error e = { 0 };
	struct text t = { 0 };
	size_t n = 0;

	if (!o)
		sf_fail(&e, "NOT_FOUND", NULL, "The requested resource does not exist");
	else if (!cJSON_IsArray(ids) || !names)
		sf_fail(&e, "REQUIRED_FIELD_MISSING", NULL, "ids and fields are required");
	else if (cJSON_GetArraySize(ids) > RETRIEVE_MAX)
		sf_fail(&e, "EXCEEDED_MAX_SIZE_REQUEST", NULL, "id count exceeds %d", RETRIEVE_MAX);
	else
		sf_named_columns(o, names, columns, &n, &e);
	if (e.code) {
		sf_reply_error(rep, &e);
		return;
	}
	sf_reader_start(&reader, o, columns, n, sf_version(req));
	cJSON_ArrayForEach(item, ids)
	{
		char *id = cJSON_IsString(item) ? sf_id18(item->valuestring) : NULL;

		text_add(&t, t.len ? "," : "[");
		if (!id || !sf_visible(o, id, req->user) || !sf_reader_row(&reader, id, &t))
			text_add(&t, "null");
	}
	sf_reader_finish(&reader);
	text_add(&t, t.len ? "]" : "[]");
	sf_reply_json(rep, 200, &t);
}

/* --- composite --- */

struct sub {
	const char *reference;
	struct reply rep;
};

/* @{ref.id}: the id an earlier subrequest answered with. Anything unknown stays as it is and fails there. */
static char *resolved(const char *s, const struct sub *done, size_t n)
{
	struct text t = { 0 };

	for (const char *at; (at = strstr(s, "@{")) != NULL;) {
		size_t name = strcspn(at + 2, ".}"), whole = strcspn(at, "}") + 1;
		const char *id = NULL;

		for (size_t i = 0; i < n && !id; i++)
			if (strlen(done[i].reference) == name &&
				strncmp(done[i].reference, at + 2, name) == 0)
				id = cJSON_GetStringValue(
					cJSON_GetObjectItem(cJSON_Parse(text_str(&done[i].rep.body)), "id"));
		text_addn(&t, s, (size_t)(at - s));
		if (id)
			text_add(&t, id);
		else
			text_addn(&t, at, strlen(at) < whole ? strlen(at) : whole);
		s = at + (strlen(at) < whole ? strlen(at) : whole);
	}
	text_add(&t, s);
	return t.s;
}

static void run_sub(struct request *outer, const cJSON *item, struct sub *subs, size_t n)
{
	const char *method = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "method"));
	const char *url = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "url"));
	const cJSON *body = cJSON_GetObjectItemCaseSensitive(item, "body"), *header;
	struct request *req = pool_alloc(sizeof *req);
	struct reply *rep = &subs[n].rep;

	if (!method || !url || strncmp(url, "/services/data/", 15) != 0) {
		sf_refuse(rep, "INVALID_INPUT", "A subrequest needs a method and a url below /services/data");
		return;
	}
	req->method = method;
	req->user = outer->user;
	http_split_uri(req, resolved(url, subs, n));
	req->json = body ? cJSON_Parse(resolved(cJSON_PrintUnformatted(body), subs, n)) : NULL;
	/* No body where one is needed is an empty object, so that the route's own checks speak. */
	if (!req->json)
		req->json = cJSON_CreateObject();
	cJSON_ArrayForEach(
		header, cJSON_GetObjectItemCaseSensitive(item, "httpHeaders")) if (cJSON_IsString(header) &&
										   req->nheaders < PAIRS_MAX)
		req->headers[req->nheaders++] = (struct pair){ header->string, header->valuestring };
	http_dispatch(&sf_system, req, rep);
	outer->writes |= req->writes;
}

static void add_sub(struct text *t, const struct sub *s)
{
	text_printf(t, "{\"body\":%s,\"httpHeaders\":{", s->rep.body.len ? s->rep.body.s : "null");
	for (size_t i = 0; i < s->rep.nheaders; i++) {
		text_printf(t, "%s\"%s\":", i ? "," : "", s->rep.headers[i].name);
		text_json(t, s->rep.headers[i].value);
	}
	text_printf(t, "},\"httpStatusCode\":%d,\"referenceId\":", s->rep.status);
	text_json(t, s->reference);
	text_add(t, "}");
}

static bool heavy(const cJSON *item)
{
	const char *url = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "url"));

	return url && (strstr(url, "/query") || strstr(url, "/composite/sobjects"));
}

static bool check(const cJSON *list, struct sf_error *e)
{
	const cJSON *item;
	int heavies = 0;

	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) == 0)
		return sf_fail(e, "REQUIRED_FIELD_MISSING", NULL, "compositeRequest is required");
	if (cJSON_GetArraySize(list) > SUBREQUESTS_MAX)
		return sf_fail(e, "LIMIT_EXCEEDED", NULL, "The limit of %d subrequests was exceeded",
			SUBREQUESTS_MAX);
	cJSON_ArrayForEach(item, list)
	{
		heavies += heavy(item);
		if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(item, "referenceId")))
			return sf_fail(e, "REQUIRED_FIELD_MISSING", NULL, "referenceId is required");
	}
	if (heavies > SUBREQUESTS_HEAVY_MAX)
		return sf_fail(e, "LIMIT_EXCEEDED", NULL,
			"The limit of %d query and collection subrequests was exceeded",
			SUBREQUESTS_HEAVY_MAX);
	return true;
}

void sf_composite(struct request *req, struct reply *rep)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(req->json, "compositeRequest"), *item;
	bool all_or_none = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(req->json, "allOrNone"));
	struct sub *subs = pool_alloc(SUBREQUESTS_MAX * sizeof *subs);
	struct sf_error e = { 0 };
	struct text t = { 0 };
	size_t n = 0, bad = SUBREQUESTS_MAX;

	if (!check(list, &e)) {
		sf_reply_error(rep, &e);
		return;
	}
	db_run("SAVEPOINT composite", "");
	cJSON_ArrayForEach(item, list)
	{
		subs[n].reference = cJSON_GetObjectItemCaseSensitive(item, "referenceId")->valuestring;
		if (bad == SUBREQUESTS_MAX || !all_or_none)
			run_sub(req, item, subs, n);
		if (subs[n].rep.status >= 400 && bad == SUBREQUESTS_MAX)
			bad = n;
		n++;
	}
	bool undo = all_or_none && bad < SUBREQUESTS_MAX;

	if (undo)
		db_run("ROLLBACK TO composite", "");
	db_run("RELEASE composite", "");
	text_add(&t, "{\"compositeResponse\":[");
	for (size_t i = 0; i < n; i++) {
		if (undo && i != bad)
			sf_refuse(&subs[i].rep, "PROCESSING_HALTED",
				"The transaction was rolled back since another operation in "
				"the same transaction failed.");
		text_add(&t, i ? "," : "");
		add_sub(&t, &subs[i]);
	}
	text_add(&t, "]}");
	sf_reply_json(rep, 200, &t);
}
