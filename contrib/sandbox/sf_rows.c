/* /sobjects/{object}/{id}: one row at a time. */
#include "sf.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "clock.h"
#include "db.h"

static void not_found(struct reply *rep)
{
	sf_refuse(rep, "NOT_FOUND", "The requested resource does not exist");
}

/* Only tasks are written here; the rest of the org is the sandbox's own. */
static bool is_task(const struct request *req, struct reply *rep)
{
	const struct sf_object *o = sf_object(req->args[1]);

	if (o && strcmp(o->name, "Task") == 0)
		return true;
	if (!o)
		not_found(rep);
	else
		sf_refuse(rep, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
			"entity type cannot be changed in the sandbox");
	return false;
}

/* Answers 412 (or 304) itself. Both headers are compared with LastModifiedDate, in whole seconds. */
static bool conditions_hold(const struct request *req, struct reply *rep, const char *object, const char *id)
{
	const char *unmodified = http_header(req, "If-Unmodified-Since");
	const char *modified = http_header(req, "If-Modified-Since");
	const char *stamp = db_text(fmt("SELECT LastModifiedDate FROM %s WHERE Id = ?", object), "s", id);
	int64_t given, last;

	if (!stamp || !time_parse(stamp, &last))
		return true;
	if (unmodified && !time_http_parse(unmodified, &given)) {
		sf_refuse(rep, "INVALID_HEADER_VALUE", "If-Unmodified-Since is not an HTTP date");
		return false;
	}
	if (unmodified && last > given) {
		http_reply(rep, 412, SF_JSON,
			"[{\"message\":\"The precondition of the request was not met\","
			"\"errorCode\":\"PRECONDITION_FAILED\"}]");
		return false;
	}
	if (modified && strcmp(req->method, "GET") == 0 && time_http_parse(modified, &given) &&
		last <= given) {
		http_reply(rep, 304, NULL, NULL);
		return false;
	}
	return true;
}

static void created(struct request *req, struct reply *rep, const char *id)
{
	http_reply(rep, 201, SF_JSON, fmt("{\"id\":\"%s\",\"success\":true,\"errors\":[]}", id));
	http_reply_header(rep, "Location", fmt("/services/data/%s/sobjects/Task/%s", sf_version(req), id));
}

void sf_row_create(struct request *req, struct reply *rep)
{
	struct sf_error e = { 0 };
	char *id;

	if (!is_task(req, rep))
		return;
	if (cJSON_GetObjectItem(req->json, "Id"))
		sf_refuse(rep, "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call");
	else if (sf_task_create(req->json, req->user, SF_AS_CLIENT, &id, &e))
		created(req, rep, id);
	else
		sf_reply_error(rep, &e);
}

static void get_row(struct request *req, struct reply *rep, const struct sf_object *o, const char *id)
{
	struct sf_reader reader;
	struct soql_column columns[SOQL_COLUMNS_MAX];
	struct sf_error e = { 0 };
	struct text t = { 0 };
	const char *names = http_param(req, "fields");
	size_t n;
	char buf[TIME_TEXT];
	int64_t ms;

	if (!names)
		n = sf_all_columns(o, columns);
	else if (!sf_named_columns(o, names, columns, &n, &e)) {
		sf_reply_error(rep, &e);
		return;
	}
	if (!id || !sf_visible(o, id, req->user)) {
		not_found(rep);
		return;
	}
	if (sf_field(o, "LastModifiedDate") && !conditions_hold(req, rep, o->name, id))
		return;
	sf_reader_start(&reader, o, columns, n, sf_version(req));
	bool found = sf_reader_row(&reader, id, &t);

	sf_reader_finish(&reader);
	if (!found) {
		not_found(rep);
		return;
	}
	sf_reply_json(rep, 200, &t);
	const char *stamp =
		sf_field(o, "LastModifiedDate")
			? db_text(fmt("SELECT LastModifiedDate FROM %s WHERE Id = ?", o->name), "s", id)
			: NULL;

	if (stamp && time_parse(stamp, &ms))
		http_reply_header(rep, "Last-Modified", time_http(ms, buf));
}

void sf_row_get(struct request *req, struct reply *rep)
{
	const struct sf_object *o = sf_object(req->args[1]);

	if (o)
		get_row(req, rep, o, sf_id18(req->args[2]));
	else
		not_found(rep);
}

static void update(struct request *req, struct reply *rep, const char *id)
{
	struct sf_error e = { 0 };

	if (!conditions_hold(req, rep, "Task", id))
		return;
	if (sf_task_update(id, req->json, req->user, SF_AS_CLIENT, &e))
		http_reply(rep, 204, NULL, NULL);
	else
		sf_reply_error(rep, &e);
	/* On the row itself this code is a 404, in a field it is a 400. */
	if (e.code && !e.field && strcmp(e.code, "INVALID_CROSS_REFERENCE_KEY") == 0)
		rep->status = 404;
}

void sf_row_update(struct request *req, struct reply *rep)
{
	char *id = sf_id18(req->args[2]);

	if (!is_task(req, rep))
		return;
	if (!id)
		sf_refuse(rep, "NOT_FOUND", "Provided external ID field does not exist or is not accessible");
	else if (cJSON_GetObjectItem(req->json, "Id"))
		sf_refuse(rep, "INVALID_FIELD", "The Id field should not be specified in the sobject data.");
	else
		update(req, rep, id);
}

void sf_row_delete(struct request *req, struct reply *rep)
{
	char *id = sf_id18(req->args[2]);
	struct sf_error e = { 0 };

	if (!is_task(req, rep))
		return;
	if (!id) {
		sf_refuse(rep, "NOT_FOUND", "Provided external ID field does not exist or is not accessible");
		return;
	}
	if (sf_task_delete(id, req->user, SF_AS_CLIENT, &e)) {
		http_reply(rep, 204, NULL, NULL);
		return;
	}
	sf_reply_error(rep, &e);
	if (strcmp(e.code, "INVALID_CROSS_REFERENCE_KEY") == 0)
		rep->status = 404;
}

/* --- by external id --- */

bool sf_external(
	const struct sf_object *o, const char *field, const char *value, char **id, struct sf_error *e)
{
	const struct sf_field *f = sf_field(o, field);

	*id = NULL;
	if (!f || (!(f->flags & SF_EXTERNAL) && f->type != SF_ID))
		return sf_fail(e, "NOT_FOUND", NULL,
			"Provided external ID field does not exist or is not accessible: %s", field);
	if (f->type == SF_ID && !sf_id18(value))
		return sf_fail(e, "MALFORMED_ID", NULL, "Id: id value of incorrect type: %.40s", value);
	sqlite3_stmt *st =
		db_query(fmt("SELECT Id FROM %s WHERE %s = ? AND NOT IsDeleted ORDER BY CreatedDate, Id",
				 o->name, f->name),
			"s", f->type == SF_ID ? sf_id18(value) : value);
	bool many = false;

	if (db_row(st)) {
		*id = keep(db_column(st, 0));
		many = db_row(st);
	}
	sqlite3_finalize(st);
	if (many)
		return sf_fail(e, "DUPLICATE_EXTERNAL_ID", NULL,
			"More than one record found for external id field: [%s]", *id);
	if (!*id && f->type == SF_ID)
		return sf_fail(e, "INVALID_CROSS_REFERENCE_KEY", NULL, "invalid cross reference id");
	return true;
}

void sf_row_upsert(struct request *req, struct reply *rep)
{
	struct sf_error e = { 0 };
	char *id;

	if (!is_task(req, rep))
		return;
	const struct sf_object *o = sf_object("Task");
	const char *field = req->args[2], *value = req->args[3];

	if (sf_external(o, field, value, &id, &e)) {
		if (cJSON_GetObjectItem(req->json, field))
			sf_fail(&e, "INVALID_FIELD", NULL,
				"The %s field should not be specified in the sobject data.", field);
		else if (id) {
			update(req, rep, id);
			if (rep->status == 204)
				http_reply(rep, 200, SF_JSON,
					fmt("{\"id\":\"%s\",\"success\":true,\"errors\":[],"
					    "\"created\":false}",
						id));
			return;
		} else {
			cJSON_AddStringToObject(req->json, field, value);
			if (sf_task_create(req->json, req->user, SF_AS_CLIENT, &id, &e)) {
				http_reply(rep, 201, SF_JSON,
					fmt("{\"id\":\"%s\",\"success\":true,\"errors\":[],"
					    "\"created\":true}",
						id));
				return;
			}
		}
	}
	sf_reply_error(rep, &e);
	if (strcmp(e.code, "DUPLICATE_EXTERNAL_ID") == 0)
		rep->status = 300;
}

void sf_row_by_external(struct request *req, struct reply *rep)
{
	const struct sf_object *o = sf_object(req->args[1]);
	struct sf_error e = { 0 };
	char *id;

	if (!o || !sf_field(o, "IsDeleted"))
		not_found(rep);
	else if (sf_external(o, req->args[2], req->args[3], &id, &e))
		get_row(req, rep, o, id);
	else
		sf_reply_error(rep, &e);
}
