#include "bayeux_json.h"
#include "json.h"
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

static const char *const meta[BAYEUX_NSTEPS] = {
	[BAYEUX_HANDSHAKE] = "/meta/handshake",
	[BAYEUX_FIRST] = "/meta/connect",
	[BAYEUX_SUBSCRIBE] = "/meta/subscribe",
	[BAYEUX_CONNECT] = "/meta/connect",
	[BAYEUX_GOODBYE] = "/meta/disconnect",
};

const char *const bayeux_word_name[BAYEUX_NWORDS] = {
	[BAYEUX_SILENT] = "no-answer",
	[BAYEUX_OK] = "fine",
	[BAYEUX_UNKNOWN] = "session-gone",
	[BAYEUX_TOKEN] = "token-refused",
	[BAYEUX_REPLAY] = "event-gone",
	[BAYEUX_LIMIT] = "limit",
	[BAYEUX_DENIED] = "denied",
	[BAYEUX_BUSY] = "busy",
};

/* ---- writing ---- */

static void add_subscription(struct buf *b, const char *channel, int64_t replay)
{
	buf_puts(b, ",\"subscription\":");
	json_quote(b, channel);
	buf_puts(b, ",\"ext\":{\"replay\":{");
	json_quote(b, channel);
	buf_printf(b, ":%lld}}", (long long)replay);
}

void bayeux_write(
	struct buf *b, enum bayeux_step step, const char *client, const char *channel, int64_t replay)
{
	static const char *const more[BAYEUX_NSTEPS] = {
		[BAYEUX_HANDSHAKE] = ",\"version\":\"1.0\",\"minimumVersion\":\"1.0\","
				     "\"supportedConnectionTypes\":[\"long-polling\"]",
		[BAYEUX_FIRST] = ",\"connectionType\":\"long-polling\",\"advice\":{\"timeout\":0}",
		[BAYEUX_CONNECT] = ",\"connectionType\":\"long-polling\"",
	};
	buf_printf(b, "[{\"channel\":\"%s\",\"id\":\"%d\"", meta[step], (int)step + 1);
	if (step != BAYEUX_HANDSHAKE) {
		buf_puts(b, ",\"clientId\":");
		json_quote(b, client);
	}
	buf_puts(b, more[step]);
	if (step == BAYEUX_SUBSCRIBE)
		add_subscription(b, channel, replay);
	buf_puts(b, "}]");
}

/* ---- reading ---- */

/* The first row whose code begins the error, and whose part is in it. */
static const struct {
	const char *code, *part;
	enum bayeux_word word;
} errors[] = {
	{ "400", "replayId", BAYEUX_REPLAY },
	{ "400", "cookie", BAYEUX_UNKNOWN },
	{ "401", "", BAYEUX_TOKEN },
	{ "402", "", BAYEUX_UNKNOWN },
	{ "403", "nknown client", BAYEUX_UNKNOWN },
	{ "403", "limit", BAYEUX_LIMIT },
	{ "429", "", BAYEUX_LIMIT },
	{ "4", "", BAYEUX_DENIED },
	{ "5", "", BAYEUX_BUSY },
};

enum bayeux_word bayeux_word_of(enum err e)
{
	static const enum bayeux_word word[ERR_N] = {
		[ERR_AUTH] = BAYEUX_TOKEN,
		[ERR_LIMIT] = BAYEUX_LIMIT,
		[ERR_DENIED] = BAYEUX_DENIED,
		[ERR_GONE] = BAYEUX_DENIED,
		[ERR_CONFIG] = BAYEUX_DENIED,
		[ERR_RETRY] = BAYEUX_BUSY,
		[ERR_PROTOCOL] = BAYEUX_BUSY,
		[ERR_REFUSED] = BAYEUX_BUSY,
	};
	return word[e];
}

static enum bayeux_word word_of_error(const char *error, const char *reconnect)
{
	for (size_t i = 0; error && i < sizeof errors / sizeof errors[0]; i++)
		if (strncmp(error, errors[i].code, strlen(errors[i].code)) == 0 &&
			strstr(error, errors[i].part))
			return errors[i].word;
	if (str_eq(reconnect, "handshake"))
		return BAYEUX_UNKNOWN;
	return str_eq(reconnect, "none") ? BAYEUX_DENIED : BAYEUX_BUSY;
}

static void read_advice(const struct cJSON *m, struct bayeux_reply *out)
{
	const struct cJSON *advice = json_member(m, "advice");
	int64_t ms;
	if (json_int(advice, "timeout", &ms) && ms >= 0)
		out->timeout_ms = ms;
	if (json_int(advice, "interval", &ms) && ms >= 0)
		out->interval_ms = ms;
}

/* A denied handshake keeps its reason in a place of its own. */
static void read_trouble(const struct cJSON *m, struct bayeux_reply *out)
{
	const char *error = json_text(m, "error");
	const char *reason = json_text(json_member(json_member(m, "ext"), "sfdc"), "failureReason");
	out->word = word_of_error(reason ? reason : error, json_text(json_member(m, "advice"), "reconnect"));
	msg_set(out->msg, NULL, reason ? reason : error);
}

static void read_answer(const struct cJSON *m, enum bayeux_step step, struct bayeux_reply *out)
{
	const char *client = json_text(m, "clientId");
	read_advice(m, out);
	if (!json_true(m, "successful")) {
		read_trouble(m, out);
		return;
	}
	out->word = BAYEUX_OK;
	if (step == BAYEUX_HANDSHAKE && client && strlen(client) < sizeof out->client)
		snprintf(out->client, sizeof out->client, "%s", client);
	if (step == BAYEUX_HANDSHAKE && !out->client[0])
		out->word = BAYEUX_SILENT;
}

static void read_event(const struct cJSON *m, struct bayeux_reply *out)
{
	int64_t replay;
	out->events++;
	if (json_int(json_member(json_member(m, "data"), "event"), "replayId", &replay) &&
		replay > out->replay)
		out->replay = replay;
}

static void read_message(const struct cJSON *m, enum bayeux_step step, const char *channel,
	struct bayeux_reply *out, bool *farewell)
{
	const char *on = json_text(m, "channel");
	if (str_eq(on, meta[step]))
		read_answer(m, step, out);
	else if (str_eq(on, channel))
		read_event(m, out);
	else if (str_eq(on, "/meta/disconnect"))
		*farewell = true;
}

enum err bayeux_read(
	const char *s, size_t n, enum bayeux_step step, const char *channel, struct bayeux_reply *out)
{
	AUTO_JSON root = json_parse(s, n);
	const struct cJSON *m;
	bool farewell = false;
	size_t messages = 0;
	*out = (struct bayeux_reply){ .timeout_ms = -1, .interval_ms = -1, .replay = -1 };
	if (!cJSON_IsArray(root))
		return ERR_PROTOCOL;
	cJSON_ArrayForEach(m, root)
	{
		messages += json_text(m, "channel") != NULL;
		read_message(m, step, channel, out, &farewell);
	}
	if (farewell) {
		out->word = BAYEUX_UNKNOWN;
		msg_set(out->msg, NULL, "the server ended the session");
	}
	return messages ? ERR_OK : ERR_PROTOCOL;
}
