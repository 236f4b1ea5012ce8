#include "salesforce_json.h"
#include "http.h"
#include "json.h"
#include "remote_p.h"
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *code;
	enum err err;
} codes[] = {
	{ "SERVER_UNAVAILABLE", ERR_RETRY },
	{ "UNKNOWN_EXCEPTION", ERR_RETRY },
	{ "UNABLE_TO_LOCK_ROW", ERR_RETRY },
	{ "QUERY_TIMEOUT", ERR_RETRY },
	{ "API_CURRENTLY_DISABLED", ERR_RETRY },
	{ "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", ERR_RETRY },
	{ "CONFLICT", ERR_RETRY },
	{ "CANNOT_EXECUTE_FLOW_TRIGGER", ERR_DENIED },
	{ "REQUEST_LIMIT_EXCEEDED", ERR_LIMIT },
	{ "INVALID_SESSION_ID", ERR_AUTH },
	{ "INVALID_AUTH_HEADER", ERR_AUTH },
	{ "ENTITY_IS_DELETED", ERR_GONE },
	{ "NOT_FOUND", ERR_GONE },
	{ "PRECONDITION_FAILED", ERR_STALE },
	{ "STRING_TOO_LONG", ERR_REFUSED },
	{ "REQUIRED_FIELD_MISSING", ERR_REFUSED },
	{ "FIELD_CUSTOM_VALIDATION_EXCEPTION", ERR_REFUSED },
	{ "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ERR_REFUSED },
	{ "INVALID_FIELD_FOR_INSERT_UPDATE", ERR_REFUSED },
	{ "FIELD_INTEGRITY_EXCEPTION", ERR_REFUSED },
	{ "MALFORMED_ID", ERR_REFUSED },
	{ "JSON_PARSER_ERROR", ERR_REFUSED },
	{ "DUPLICATES_DETECTED", ERR_REFUSED },
	{ "DUPLICATE_VALUE", ERR_REFUSED },
	{ "FIELD_FILTER_VALIDATION_EXCEPTION", ERR_REFUSED },
	{ "MAX_TASK_DESCRIPTION_EXCEEEDED", ERR_REFUSED },
	{ "INSUFFICIENT_ACCESS_OR_READONLY", ERR_DENIED },
	{ "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", ERR_DENIED },
	{ "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", ERR_DENIED },
	{ "ENTITY_IS_LOCKED", ERR_DENIED },
	{ "ENTITY_IS_ARCHIVED", ERR_DENIED },
	{ "API_DISABLED_FOR_ORG", ERR_DENIED },
	{ "INVALID_FIELD", ERR_PROTOCOL },
	{ "INVALID_TYPE", ERR_PROTOCOL },
	{ "MALFORMED_QUERY", ERR_PROTOCOL },
	{ "METHOD_NOT_ALLOWED", ERR_PROTOCOL },
	{ "GONE", ERR_PROTOCOL },
	{ "INVALID_QUERY_LOCATOR", ERR_PROTOCOL },
};

/* Where no code is known; 0 ends it and stands for the items of a collection, which have no status. */
static const struct {
	int from, to;
	enum err err;
} statuses[] = {
	{ 400, 400, ERR_REFUSED }, { 401, 401, ERR_AUTH }, { 403, 403, ERR_DENIED }, { 404, 404, ERR_GONE },
	{ 408, 409, ERR_RETRY }, { 412, 412, ERR_STALE }, { 420, 420, ERR_RETRY }, { 423, 423, ERR_RETRY },
	{ 429, 429, ERR_LIMIT }, { 500, 599, ERR_RETRY }, { 1, 999, ERR_PROTOCOL }, { 0, 0, ERR_REFUSED },
};

/* From what time cures to what only a person does. */
static const enum err badness[] = {
	ERR_OK, ERR_RETRY, ERR_STALE, ERR_GONE, ERR_REFUSED, ERR_DENIED, ERR_PROTOCOL, ERR_LIMIT, ERR_AUTH,
};

static enum err err_of_status(int status)
{
	size_t i = 0;
	while (status < statuses[i].from || status > statuses[i].to)
		i++;
	return statuses[i].err;
}

/* A reference that leads nowhere: with fields it is a value the task was given, without it is the task
 * itself. */
static enum err classify(const char *code, bool has_fields, int status)
{
	for (size_t i = 0; code && i < sizeof codes / sizeof codes[0]; i++)
		if (strcmp(code, codes[i].code) == 0)
			return codes[i].err;
	if (code && strcmp(code, "INVALID_CROSS_REFERENCE_KEY") == 0)
		return has_fields ? ERR_REFUSED : ERR_GONE;
	return err_of_status(status);
}

static int rank(enum err e)
{
	for (size_t i = 0; i < sizeof badness / sizeof badness[0]; i++)
		if (badness[i] == e)
			return (int)i;
	return 0;
}

/* The worst of an array of errors; code_name: "errorCode", or "statusCode" inside a collection. */
static void worst(const struct cJSON *errors, const char *code_name, int status, struct sf_error *e)
{
	const struct cJSON *j;
	cJSON_ArrayForEach(j, errors)
	{
		const char *code = json_text(j, code_name);
		const char *text = json_text(j, "message");
		enum err one = classify(code, cJSON_GetArraySize(json_member(j, "fields")) > 0, status);
		if (rank(one) <= rank(e->err))
			continue;
		e->err = one;
		code_set(e->code, code);
		msg_set(e->msg, code, text);
		e->session = one == ERR_AUTH &&
			     !(text && (strstr(text, "not valid for use with the REST API") ||
					       strstr(text, "Connected app is not attached to Agent")));
	}
}

void sf_read_error(const char *s, size_t n, int status, struct sf_error *e)
{
	AUTO_JSON root = json_parse(s, n);
	*e = (struct sf_error){ 0 };
	if (cJSON_IsArray(root))
		worst(root, "errorCode", status, e);
	if (e->err != ERR_OK)
		return;
	char text[64];
	snprintf(text, sizeof text, "status %d without an explanation", status);
	e->err = err_of_status(status > 0 && status < 1000 ? status : 999);
	e->session = e->err == ERR_AUTH;
	msg_set(e->msg, NULL, text);
}

bool sf_false_alarm(const struct http_reply *r)
{
	struct sf_error e;
	sf_read_error(buf_str(&r->body), r->body.n, r->status, &e);
	return !e.session;
}

static enum err read_result(const struct cJSON *j, struct item *it)
{
	char id[SF_ID_LEN];
	if (json_true(j, "success")) {
		it->err = ERR_OK;
		return sf_id(json_text(j, "id"), id) ? str_put(&it->new_id, id) : ERR_LOST;
	}
	struct sf_error e = { 0 };
	worst(json_member(j, "errors"), "statusCode", 0, &e);
	it->err = e.err == ERR_OK ? ERR_REFUSED : e.err;
	memcpy(it->msg, e.msg, sizeof it->msg);
	return ERR_OK;
}

enum err sf_read_results(const char *s, size_t n, struct item *it, size_t nitems)
{
	AUTO_JSON root = json_parse(s, n);
	const struct cJSON *j;
	size_t i = 0;
	if (!cJSON_IsArray(root) || (size_t)cJSON_GetArraySize(root) != nitems)
		return ERR_LOST;
	cJSON_ArrayForEach(j, root)
		TRY(read_result(j, &it[i++]));
	return ERR_OK;
}
