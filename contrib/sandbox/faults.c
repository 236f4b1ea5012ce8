#include "faults.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "db.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define JSON "application/json;charset=UTF-8"
#define SF_ERROR(code, message) "[{\"message\":\"" message "\",\"errorCode\":\"" code "\"}]"
#define SC_ERROR(code, message) "{\"error\":{\"code\":\"" code "\",\"message\":\"" message "\"}}"
#define HTML                                                                                                 \
	"<!DOCTYPE html>\n<html><head><title>503 Service Unavailable</title></head>\n"                       \
	"<body><h1>Service Unavailable</h1><p>We are down for maintenance.</p></body></html>\n"

/* An issued access token dies for good; the fixed ones of the tests only look dead this once. */
static void expire_session(struct request *req)
{
	const char *header = http_header(req, "Authorization");
	const char *token = header ? strchr(header, ' ') : NULL;

	if (token)
		db_run("UPDATE token SET dead = 1 WHERE token = ? AND kind = 'access' AND NOT fixed", "s",
			token + 1);
}

static void drop_locators(struct request *req)
{
	(void)req;
	db_run("DELETE FROM locator", "");
}

static void half(struct reply *rep)
{
	rep->body.len /= 2;
}

/* Of a collection's reply: every record that was written says that another is,
 * or that two were, with its value. */
static void duplicate(struct reply *rep, const char *code)
{
	struct text t = { 0 };
	bool all = strstr(text_str(&rep->body), "\"success\"") != NULL;

	for (const char *s = text_str(&rep->body); all && (s = strstr(s, "\"success\"")) != NULL; s++)
		text_printf(&t, "%s{\"success\":false,\"errors\":[{\"statusCode\":\"%s\",\"message\":"
				"\"duplicate value found: remindfs_id__c\",\"fields\":[]}]}",
			t.len ? "," : "[", code);
	text_add(&t, all ? "]" : "");
	if (all)
		rep->body = t;
}

static void duplicate_value(struct reply *rep)
{
	duplicate(rep, "DUPLICATE_VALUE");
}

static void duplicate_id(struct reply *rep)
{
	duplicate(rep, "DUPLICATE_EXTERNAL_ID");
}

/* Acted out by sf_cometd.c, in the message that "match" names. */
#define STREAMING(name, help)                                                                                \
	{                                                                                                    \
		name, FAULT_AFTER, ENDING_REPLY, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, help           \
	}

static const struct fault_kind kinds[] = {
	{ "slow", FAULT_DELAY, ENDING_REPLY, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		"wait \"seconds\", then answer as usual" },
	{ "401", FAULT_BEFORE, ENDING_REPLY, 401, JSON,
		SF_ERROR("INVALID_SESSION_ID", "Session expired or invalid"),
		SC_ERROR("unauthorized", "The access token is invalid or expired"), NULL, NULL,
		expire_session, NULL,
		"the session has expired; an issued SF access token is dead from then on" },
	{ "401-final", FAULT_BEFORE, ENDING_REPLY, 401, JSON,
		SF_ERROR("INVALID_SESSION_ID", "This session is not valid for use with the REST API"),
		SC_ERROR("unauthorized", "This user may not use the API"), NULL, NULL, NULL, NULL,
		"a 401 that no refresh can mend" },
	{ "403-limit", FAULT_BEFORE, ENDING_REPLY, 403, JSON,
		SF_ERROR("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
		SC_ERROR("limit_exceeded", "Request limit exceeded"), NULL, NULL, NULL, NULL,
		"the quota is used up" },
	{ "403-rights", FAULT_BEFORE, ENDING_REPLY, 403, JSON,
		SF_ERROR("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id"),
		SC_ERROR("forbidden", "You may not do that"), NULL, NULL, NULL, NULL,
		"no right to this record" },
	{ "429", FAULT_BEFORE, ENDING_REPLY, 429, JSON,
		SF_ERROR("REQUEST_LIMIT_EXCEEDED", "Too many requests"),
		SC_ERROR("rate_limited", "Too many requests"), "Retry-After", NULL, NULL, NULL,
		"with Retry-After: \"seconds\" (default 1)" },
	{ "503-html", FAULT_BEFORE, ENDING_REPLY, 503, "text/html; charset=utf-8", HTML, HTML, "Retry-After",
		NULL, NULL, NULL, "an edge server's error page, with Retry-After" },
	{ "503-after", FAULT_AFTER, ENDING_REPLY, 503, "text/html; charset=utf-8", HTML, HTML, NULL, NULL,
		NULL, NULL, "applied, and then an error page" },
	{ "500", FAULT_BEFORE, ENDING_REPLY, 500, JSON,
		SF_ERROR("UNKNOWN_EXCEPTION",
			"An unexpected error occurred. Please include this ErrorId: 1-1 (1)"),
		SC_ERROR("internal", "Something went wrong"), NULL, NULL, NULL, NULL, "an internal error" },
	{ "lock-row", FAULT_BEFORE, ENDING_REPLY, 400, JSON,
		SF_ERROR("UNABLE_TO_LOCK_ROW",
			"unable to obtain exclusive access to this record or 1 records: 001000000000001AAA"),
		SC_ERROR("conflict", "The record is being changed"), NULL, NULL, NULL, NULL,
		"somebody else holds the row" },
	{ "412", FAULT_BEFORE, ENDING_REPLY, 412, JSON,
		SF_ERROR("PRECONDITION_FAILED", "The precondition of the request was not met"),
		SC_ERROR("revision_mismatch", "The task has changed"), NULL, NULL, NULL, NULL,
		"the precondition does not hold" },
	{ "bad-locator", FAULT_BEFORE, ENDING_REPLY, 400, JSON,
		SF_ERROR("INVALID_QUERY_LOCATOR", "invalid query locator"),
		SC_ERROR("invalid_cursor", "The cursor is not valid"), NULL, NULL, drop_locators, NULL,
		"every open query locator is gone" },
	{ "reset-before", FAULT_BEFORE, ENDING_RESET, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		"connection reset, nothing was applied" },
	{ "reset-after", FAULT_AFTER, ENDING_RESET, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		"applied, then connection reset" },
	{ "truncated", FAULT_AFTER, ENDING_REPLY, 0, NULL, NULL, NULL, NULL, NULL, NULL, half,
		"applied; a complete HTTP reply with half of the JSON" },
	{ "duplicate-value", FAULT_AFTER, ENDING_REPLY, 0, NULL, NULL, NULL, NULL, NULL, NULL,
		duplicate_value, "applied; each record of a collection says DUPLICATE_VALUE, as a second upsert at once may" },
	{ "duplicate-id", FAULT_AFTER, ENDING_REPLY, 0, NULL, NULL, NULL, NULL, NULL, NULL, duplicate_id,
		"applied; each record of a collection says DUPLICATE_EXTERNAL_ID, as where two have the key" },
	{ "flow", FAULT_BEFORE, ENDING_REPLY, 400, JSON,
		SF_ERROR("CANNOT_EXECUTE_FLOW_TRIGGER", "We can't save this record because a process failed."),
		SC_ERROR("conflict", "An automation failed"), NULL, NULL, NULL, NULL, "a flow of the org failed" },
	{ "cut", FAULT_AFTER, ENDING_CUT, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		"applied; the connection ends in the middle of the reply" },
	STREAMING("cometd-unknown", "match /meta/connect or /meta/subscribe: the client is forgotten"),
	STREAMING("cometd-denied-401", "match /meta/handshake: denied, the session is over"),
	STREAMING("cometd-denied-403", "match /meta/handshake: denied, too many users"),
	STREAMING("cometd-denied-503", "match /meta/handshake: denied, the server is busy"),
	STREAMING("cometd-no-cookie", "match /meta/handshake: no cookie comes with the answer"),
	STREAMING("cometd-401", "match /meta/connect or /meta/subscribe: the session is over"),
	STREAMING("cometd-replay", "match /meta/subscribe: the replayId is invalid"),
	STREAMING("cometd-limit", "match /meta/subscribe or /meta/connect: the day's events are used up"),
	STREAMING("cometd-disconnect", "match /meta/connect: the server says good-bye"),
	STREAMING("cometd-silent", "match /meta/connect: no event and no answer until the client gives up"),
	STREAMING("cometd-twice", "match /meta/connect: every event twice, the newest first"),
	STREAMING("cometd-lost", "match /meta/connect: the events of this answer are lost"),
};

static struct active {
	const struct fault_kind *kind;
	long left;
	double seconds;
	char match[256], system[4];
} active[64];
static size_t nactive;

void faults_clear(void)
{
	nactive = 0;
}

static const struct active *find(const char *system, const char *what, bool delays)
{
	for (size_t i = 0; i < nactive; i++) {
		const struct active *a = &active[i];

		if ((a->kind->stage == FAULT_DELAY) == delays &&
			(!a->system[0] || strcmp(a->system, system) == 0) && strstr(what, a->match))
			return a;
	}
	return NULL;
}

/* The first that matches, with one shot less left in it. */
static struct fault_hit take(const char *system, const char *what, bool delays)
{
	const struct active *found = find(system, what, delays);
	struct fault_hit hit = { 0 };

	if (found) {
		struct active *a = &active[found - active];

		hit = (struct fault_hit){ a->kind, a->seconds };
		if (--a->left <= 0)
			memmove(a, a + 1, (size_t)(&active[nactive--] - (a + 1)) * sizeof *a);
	}
	return hit;
}

double faults_delay(const char *system, const char *what)
{
	return take(system, what, true).seconds;
}

struct fault_hit faults_take(const char *system, const char *what)
{
	return take(system, what, false);
}

void faults_reply(const struct fault_hit *hit, const char *system, struct reply *rep)
{
	const struct fault_kind *k = hit->kind;
	const char *body = strcmp(system, "sf") == 0 ? k->sf_body : k->sc_body;

	if (body) {
		rep->nheaders = 0;
		http_reply(rep, k->status, k->type, body);
	}
	if (k->header)
		http_reply_header(rep, k->header, k->value ? k->value : fmt("%.0f", hit->seconds));
	if (k->after)
		k->after(rep);
}

const char *faults_set(const cJSON *json)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(json, "name");
	const cJSON *count = cJSON_GetObjectItemCaseSensitive(json, "count");
	const cJSON *seconds = cJSON_GetObjectItemCaseSensitive(json, "seconds");
	const char *match = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "match"));
	const char *system = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "system"));

	if (!cJSON_IsString(name))
		return "name is missing";
	if (nactive == COUNT(active))
		return "too many active faults";
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (strcmp(kinds[i].name, name->valuestring) != 0)
			continue;
		struct active *a = &active[nactive++];

		*a = (struct active){ &kinds[i], cJSON_IsNumber(count) ? (long)count->valuedouble : 1,
			cJSON_IsNumber(seconds) ? seconds->valuedouble : 1, "", "" };
		snprintf(a->match, sizeof a->match, "%s", match ? match : "");
		snprintf(a->system, sizeof a->system, "%s", system ? system : "");
		return NULL;
	}
	return fmt("no fault is called \"%s\"", name->valuestring);
}

void faults_json(struct text *t)
{
	text_add(t, "{\"known\":[");
	for (size_t i = 0; i < COUNT(kinds); i++) {
		text_printf(t, "%s{\"name\":\"%s\",\"help\":", i ? "," : "", kinds[i].name);
		text_json(t, kinds[i].help);
		text_add(t, "}");
	}
	text_add(t, "],\"active\":[");
	for (size_t i = 0; i < nactive; i++) {
		text_printf(t, "%s{\"name\":\"%s\",\"count\":%ld,\"seconds\":%g,\"match\":", i ? "," : "",
			active[i].kind->name, active[i].left, active[i].seconds);
		text_json(t, active[i].match);
		text_add(t, ",\"system\":");
		text_json(t, active[i].system[0] ? active[i].system : NULL);
		text_add(t, "}");
	}
	text_add(t, "]}");
}
