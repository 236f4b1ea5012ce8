/* Push: events of tasks, and the CometD long polling that carries them (salesforce.md 6). */
#include "sf.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "config.h"
#include "db.h"

#define BODY_MAX 32768
#define SESSION_MS 40000 /* without a connect the client is forgotten */
#define RETAINED_MS (3 * DAY_MS)
#define FOR_EVER_MS (3600 * 1000)
#define CDC "/data/TaskChangeEvent"
#define COOKIE "BAYEUX_BROWSER"
#define EVENTS_MAX 500
#define REASONS "\"ext\":{\"sfdc\":{\"failureReason\":\"%s\"},\"replay\":true,\"payload.format\":true}"
#define HANDSHAKE "\"advice\":{\"interval\":0,\"reconnect\":\"handshake\"}"
#define NONE "\"advice\":{\"reconnect\":\"none\"}"

/* --- events --- */

void sf_event_add(const char *kind, const char *id, const char *owner, const char *fields)
{
	db_run("INSERT INTO event(at, kind, task, owner, fields) VALUES(?,?,?,?,?)", "issss", clock_now(),
		kind, id, owner, fields);
}

void sf_event_housekeeping(void)
{
	db_run("DELETE FROM event WHERE at < ?", "i", clock_now() - RETAINED_MS);
}

static int64_t newest(void)
{
	return db_int("SELECT seq FROM sqlite_sequence WHERE name = 'event'", "");
}

static bool is_retained(int64_t replay)
{
	int64_t oldest = db_int("SELECT min(replay) FROM event", "");

	return replay > 0 && replay <= newest() && replay >= (oldest ? oldest : newest() + 1) - 1;
}

/* A row of event as its channel shows it. */
static char *render(sqlite3_stmt *st, const char *channel)
{
	static const char *const types[][2] = { { "CREATE", "created" }, { "UPDATE", "updated" },
		{ "DELETE", "deleted" }, { "UNDELETE", "undeleted" } };
	const char *replay = db_column(st, 0), *kind = db_column(st, 2), *id = db_column(st, 3);
	char at[TIME_TEXT];
	int64_t ms = sqlite3_column_int64(st, 1);

	if (strcmp(channel, CDC) == 0)
		return fmt("{\"channel\":\"" CDC
			   "\",\"data\":{\"schema\":\"sandbox\",\"payload\":{\"ChangeEventHeader\":"
			   "{\"entityName\":\"Task\",\"recordIds\":[\"%s\"],\"changeType\":\"%s\","
			   "\"commitTimestamp\":%lld,\"commitNumber\":%s,\"transactionKey\":\"%s\","
			   "\"sequenceNumber\":1}%s},\"event\":{\"replayId\":%s}}}",
			id, kind, (long long)ms, replay, replay, db_column(st, 4), replay);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(kind, types[i][0]) == 0)
			kind = types[i][1];
	return fmt("{\"channel\":\"%s\",\"data\":{\"event\":{\"replayId\":%s,\"type\":\"%s\",\"createdDate\":"
		   "\"%s\"},"
		   "\"sobject\":{\"Id\":\"%s\"%s}}}",
		channel, replay, kind, time_sc(ms, at), id, db_column(st, 4));
}

/* --- a conversation: one request, whose messages are answered one by one --- */

struct talk {
	struct request *req;
	struct reply *rep;
	struct text out;
	const cJSON *m; /* the message at hand */
	size_t count;	/* messages in the request */
	const char *user;
};

static bool struck(const struct talk *t, const char *fault)
{
	return t->req->fault && strcmp(t->req->fault, fault) == 0;
}

static const char *text_of(const cJSON *o, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));

	return s ? s : "";
}

static void add(struct talk *t, const char *message)
{
	text_add(&t->out, t->out.len ? "," : "[");
	text_add(&t->out, message);
}

/* rest: more members, or NULL. */
static void answer(struct talk *t, const char *error, const char *rest)
{
	static const char *const echoed[] = { "channel", "id", "clientId", "subscription" };
	bool handshake = strcmp(text_of(t->m, "channel"), "/meta/handshake") == 0;
	struct text a = { 0 };

	for (size_t i = 0; i < 4; i++) {
		if (!*text_of(t->m, echoed[i]) || (handshake && i == 2))
			continue;
		text_printf(&a, "%s\"%s\":", a.len ? "," : "{", echoed[i]);
		text_json(&a, text_of(t->m, echoed[i]));
	}
	text_printf(&a, ",\"successful\":%s", error ? "false" : "true");
	if (error) {
		text_add(&a, ",\"error\":");
		text_json(&a, error);
	}
	text_printf(&a, "%s%s}", rest ? "," : "", rest ? rest : "");
	add(t, a.s);
}

static void deny(struct talk *t, const char *reason)
{
	answer(t, "403::Handshake denied",
		fmt(REASONS ",%s", reason, strncmp(reason, "503", 3) == 0 ? HANDSHAKE : NONE));
}

static bool polls_long(const struct talk *t)
{
	const cJSON *type;

	cJSON_ArrayForEach(type, cJSON_GetObjectItemCaseSensitive(t->m, "supportedConnectionTypes"))
	{
		if (cJSON_IsString(type) && strcmp(type->valuestring, "long-polling") == 0)
			return true;
	}
	return false;
}

static void handshake(struct talk *t)
{
	char client[33], cookie[33];

	if (struck(t, "cometd-denied-401") || !t->user)
		deny(t, "401::Authentication invalid");
	else if (struck(t, "cometd-denied-403"))
		deny(t, "403::Organization concurrent user limit exceeded");
	else if (struck(t, "cometd-denied-503"))
		deny(t, "503::Server is too busy");
	else if (strcmp(text_of(t->m, "version"), "1.0") != 0 || !polls_long(t))
		answer(t, "400::Unsupported version or connection types", NONE);
	else {
		hex_random(client, 32);
		hex_random(cookie, 32);
		db_run("INSERT INTO cometd(client, cookie, user, seen, ticket) VALUES(?,?,?,?,0)", "sssi",
			client, cookie, t->user, clock_monotonic());
		if (!struck(t, "cometd-no-cookie"))
			http_reply_header(t->rep, "Set-Cookie", fmt(COOKIE "=%s; Path=/; HttpOnly", cookie));
		answer(t, NULL,
			fmt("\"clientId\":\"%s\",\"version\":\"1.0\",\"minimumVersion\":\"1.0\","
			    "\"supportedConnectionTypes\":[\"long-polling\"],\"ext\":{\"replay\":true,"
			    "\"payload.format\":true}",
				client));
	}
}

/* --- admission of the rest --- */

static void forget_client(const char *client)
{
	db_run("DELETE FROM cometd WHERE client = ?", "s", client);
	db_run("DELETE FROM cometd_subscription WHERE client = ?", "s", client);
}

static bool has_cookie(const struct talk *t, const char *client)
{
	const char *sent = http_header(t->req, "Cookie");
	char *cookie = db_text("SELECT cookie FROM cometd WHERE client = ?", "s", client);

	return sent && strstr(sent, fmt(COOKIE "=%s", cookie));
}

/* What is wrong with a message of a client, answered; NULL: it may go on. */
static const char *admitted(struct talk *t)
{
	const char *client = text_of(t->m, "clientId");

	if (struck(t, "cometd-unknown"))
		forget_client(client);
	if (!db_int("SELECT 1 FROM cometd WHERE client = ? AND seen > ?", "si", client,
		    clock_monotonic() - SESSION_MS)) {
		answer(t, "403::Unknown client", HANDSHAKE);
		return NULL;
	}
	if (!has_cookie(t, client)) {
		t->rep->status = 400;
		answer(t, "400::The client established a session, but no " COOKIE " cookie was sent",
			HANDSHAKE);
		return NULL;
	}
	char *owner = db_text("SELECT user FROM cometd WHERE client = ?", "s", client);

	if (struck(t, "cometd-401") || !t->user || strcmp(t->user, owner) != 0) {
		answer(t, "401::Authentication invalid", NONE);
		return NULL;
	}
	db_run("UPDATE cometd SET seen = ? WHERE client = ?", "is", clock_monotonic(), client);
	return client;
}

/* --- subscriptions --- */

static bool in_list(const char *list, const char *name)
{
	size_t n = strlen(name);

	while (*list) {
		size_t len = strcspn(list, ",");

		if (len == n && strncmp(list, name, n) == 0)
			return true;
		list += len + (list[len] == ',');
	}
	return false;
}

static const char *refusal(const char *channel)
{
	if (strcmp(channel, CDC) == 0)
		return config.view_all_data
			       ? NULL
			       : "403::User not allowed to subscribe CDC without View All Data permissions";
	return strncmp(channel, "/topic/", 7) == 0 && in_list(config.push_topics, channel + 7)
		       ? NULL
		       : "404::Unknown channel";
}

static void subscribe(struct talk *t)
{
	const char *client = admitted(t), *channel = text_of(t->m, "subscription");
	const cJSON *ext = cJSON_GetObjectItemCaseSensitive(t->m, "ext");
	const cJSON *n =
		cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(ext, "replay"), channel);
	int64_t replay = cJSON_IsNumber(n) ? (int64_t)n->valuedouble : -1;

	if (!client)
		return;
	if (struck(t, "cometd-limit"))
		answer(t, "403::Organization total events daily limit exceeded", NONE);
	else if (refusal(channel))
		answer(t, refusal(channel), NULL);
	else if (struck(t, "cometd-replay") || (replay != -1 && replay != -2 && !is_retained(replay)))
		answer(t,
			fmt("400::The replayId {%lld} you provided was invalid.  Please provide a valid ID, "
			    "-2 to replay "
			    "all events, or -1 to replay only new events.",
				(long long)replay),
			NULL);
	else {
		db_run("REPLACE INTO cometd_subscription VALUES(?,?,?)", "ssi", client, channel,
			replay == -1   ? newest()
			: replay == -2 ? 0
				       : replay);
		answer(t, NULL, NULL);
		http_changed();
	}
}

static void unsubscribe(struct talk *t)
{
	const char *client = admitted(t);

	if (!client)
		return;
	db_run("DELETE FROM cometd_subscription WHERE client = ? AND channel = ?", "ss", client,
		text_of(t->m, "subscription"));
	answer(t, NULL, NULL);
}

/* --- connect --- */

struct events {
	char *e[EVENTS_MAX];
	size_t n;
};

/* What the channel has for the client, which counts as delivered. PushTopics honour sharing, change events do
 * not. */
static void take(
	const struct talk *t, const char *client, const char *channel, int64_t sent, struct events *all)
{
	bool everything = strcmp(channel, CDC) == 0 || !config.private_sharing;
	sqlite3_stmt *st = db_query(
		"SELECT replay, at, kind, task, fields, owner FROM event WHERE replay > ? ORDER BY replay",
		"i", sent);

	while (all->n < EVENTS_MAX && db_row(st)) {
		sent = sqlite3_column_int64(st, 0);
		if (everything || strcmp(db_column(st, 5), t->user) == 0)
			all->e[all->n++] = render(st, channel);
	}
	sqlite3_finalize(st);
	db_run("UPDATE cometd_subscription SET sent = ? WHERE client = ? AND channel = ?", "iss", sent,
		client, channel);
}

static struct events take_all(const struct talk *t, const char *client)
{
	struct events all = { 0 };
	sqlite3_stmt *st =
		db_query("SELECT channel, sent FROM cometd_subscription WHERE client = ?", "s", client);

	while (db_row(st))
		take(t, client, keep(db_column(st, 0)), sqlite3_column_int64(st, 1), &all);
	sqlite3_finalize(st);
	return all;
}

static void deliver(struct talk *t, const struct events *all)
{
	if (struck(t, "cometd-lost"))
		return;
	for (size_t i = 0; i < all->n; i++)
		add(t, all->e[struck(t, "cometd-twice") ? all->n - 1 - i : i]);
	for (size_t i = 0; i < all->n && struck(t, "cometd-twice"); i++)
		add(t, all->e[i]);
}

/* One connect of a client is held; a later one releases it. */
static bool is_latest(struct talk *t, const char *client)
{
	if (!t->req->held_ms) {
		db_run("UPDATE cometd SET ticket = ticket + 1 WHERE client = ?", "s", client);
		t->req->ticket = db_int("SELECT ticket FROM cometd WHERE client = ?", "s", client);
	}
	return t->req->ticket == db_int("SELECT ticket FROM cometd WHERE client = ?", "s", client);
}

static int64_t patience(const struct talk *t)
{
	const cJSON *advice = cJSON_GetObjectItemCaseSensitive(t->m, "advice");
	const cJSON *timeout = cJSON_GetObjectItemCaseSensitive(advice, "timeout");
	bool at_once = t->count > 1 || (cJSON_IsNumber(timeout) && timeout->valuedouble == 0);

	return at_once ? 0 : struck(t, "cometd-silent") ? FOR_EVER_MS : config.cometd_timeout;
}

static void bid_farewell(struct talk *t, const char *client)
{
	add(t, fmt("{\"channel\":\"/meta/disconnect\",\"clientId\":\"%s\"," HANDSHAKE "}", client));
	forget_client(client);
}

static void connect(struct talk *t)
{
	const char *client = admitted(t);

	if (!client)
		return;
	bool latest = is_latest(t, client);
	struct events all = { 0 };

	if (struck(t, "cometd-disconnect"))
		bid_farewell(t, client);
	else if (struck(t, "cometd-limit")) {
		answer(t, "403::Organization concurrent user limit exceeded", NONE);
		return;
	} else if (latest && !struck(t, "cometd-silent"))
		all = take_all(t, client);
	if (latest && !all.n && !t->out.len && t->req->held_ms < patience(t)) {
		t->rep->hold_ms = patience(t);
		return;
	}
	deliver(t, &all);
	answer(t, NULL,
		fmt("\"advice\":{\"reconnect\":\"retry\",\"interval\":0,\"timeout\":%ld}",
			config.cometd_timeout));
}

static void disconnect(struct talk *t)
{
	const char *client = admitted(t);

	if (!client)
		return;
	forget_client(client);
	answer(t, NULL, NULL);
	http_changed();
}

/* --- the request --- */

static const struct {
	const char *channel;
	void (*handle)(struct talk *);
} channels[] = {
	{ "/meta/handshake", handshake },
	{ "/meta/connect", connect },
	{ "/meta/subscribe", subscribe },
	{ "/meta/unsubscribe", unsubscribe },
	{ "/meta/disconnect", disconnect },
};

static void handle(struct talk *t)
{
	for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++)
		if (strcmp(channels[i].channel, text_of(t->m, "channel")) == 0) {
			channels[i].handle(t);
			return;
		}
	answer(t, "403::Publish denied", NULL);
}

static const cJSON *messages(const struct request *req)
{
	const cJSON *all = utf8_valid(req->body, req->body_len)
				   ? cJSON_ParseWithLengthOpts(req->body, req->body_len + 1, NULL, true)
				   : NULL;

	if (cJSON_IsObject(all)) {
		cJSON *one = cJSON_CreateArray();

		cJSON_AddItemToArray(one, (cJSON *)(uintptr_t)all);
		return one;
	}
	return cJSON_IsArray(all) && cJSON_GetArraySize(all) ? all : NULL;
}

void sf_cometd(struct request *req, struct reply *rep)
{
	const cJSON *all = req->body_len <= BODY_MAX ? messages(req) : NULL;
	double version = strtod(req->args[0], NULL);
	struct talk t = { .req = req, .rep = rep, .user = sf_caller(req) };

	if (!all || version < 37 || version > 67) {
		http_reply(rep, 400, "text/plain", all ? "no such version\n" : "no messages\n");
		return;
	}
	rep->status = 200;
	t.count = (size_t)cJSON_GetArraySize(all);
	cJSON_ArrayForEach(t.m, all) handle(&t);
	if (rep->hold_ms)
		return;
	text_add(&t.out, "]");
	sf_reply_json(rep, rep->status, &t.out);
}
