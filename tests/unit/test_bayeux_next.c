/* Bayeux: what is written, what is read out of an answer, and what follows from it. Tables; no network. */
#include "bayeux.h"
#include "pace.h"
#include "buf.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define S INT64_C(1000)
#define MIN (60 * S)
#define CDC "/data/TaskChangeEvent"
#define NO_JITTER 512	/* a chance that gives the time itself, but for a little */

static void requests_are_as_salesforce_wants_them(void **state)
{
	static const struct {
		enum bayeux_step step;
		const char *channel;
		int64_t replay;
		const char *want;
	} row[] = {
		{ BAYEUX_HANDSHAKE, CDC, -1,
			"[{\"channel\":\"/meta/handshake\",\"id\":\"1\",\"version\":\"1.0\",\"minimumVersion\":\"1.0\","
			"\"supportedConnectionTypes\":[\"long-polling\"]}]" },
		{ BAYEUX_FIRST, CDC, -1,
			"[{\"channel\":\"/meta/connect\",\"id\":\"2\",\"clientId\":\"c\\\"1\",\"connectionType\":\"long-polling\","
			"\"advice\":{\"timeout\":0}}]" },
		{ BAYEUX_SUBSCRIBE, "/topic/X", -1,
			"[{\"channel\":\"/meta/subscribe\",\"id\":\"3\",\"clientId\":\"c\\\"1\",\"subscription\":\"/topic/X\","
			"\"ext\":{\"replay\":{\"/topic/X\":-1}}}]" },
		{ BAYEUX_SUBSCRIBE, CDC, 9007199254740991,
			"[{\"channel\":\"/meta/subscribe\",\"id\":\"3\",\"clientId\":\"c\\\"1\",\"subscription\":\"" CDC "\","
			"\"ext\":{\"replay\":{\"" CDC "\":9007199254740991}}}]" },
		{ BAYEUX_CONNECT, CDC, 5,
			"[{\"channel\":\"/meta/connect\",\"id\":\"4\",\"clientId\":\"c\\\"1\",\"connectionType\":\"long-polling\"}]" },
		{ BAYEUX_GOODBYE, CDC, 5, "[{\"channel\":\"/meta/disconnect\",\"id\":\"5\",\"clientId\":\"c\\\"1\"}]" },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_BUF b = BUF_INIT;
		bayeux_write(&b, row[i].step, "c\"1", row[i].channel, row[i].replay);
		assert_int_equal(buf_err(&b), ERR_OK);
		assert_string_equal(b.s, row[i].want);
		assert_true(b.n <= 32768);
	}
}

#define ACK(meta) "{\"channel\":\"/meta/" meta "\",\"id\":\"1\",\"successful\":true"
#define NAK(meta, error) "{\"channel\":\"/meta/" meta "\",\"successful\":false,\"error\":\"" error "\""
#define DENIED(reason) NAK("handshake", "403::Handshake denied") ",\"ext\":{\"sfdc\":{\"failureReason\":\"" reason "\"},\"replay\":true},\"advice\":{\"reconnect\":\"none\"}}"
#define EVENT(replay) "{\"channel\":\"" CDC "\",\"data\":{\"schema\":\"s\",\"payload\":{\"ChangeEventHeader\":{\"changeType\":\"UPDATE\"}},\"event\":{\"replayId\":" replay "}}}"

static void answers(void **state)
{
	static const struct {
		const char *name, *body;
		enum bayeux_step step;
		enum bayeux_word word;
		size_t events;
		int64_t replay;
		const char *client;
	} row[] = {
		{ "handshake", "[" ACK("handshake") ",\"clientId\":\"c1\",\"version\":\"1.0\",\"ext\":{\"replay\":true}}]",
			BAYEUX_HANDSHAKE, BAYEUX_OK, 0, -1, "c1" },
		{ "a handshake without a client", "[" ACK("handshake") "}]", BAYEUX_HANDSHAKE, BAYEUX_SILENT, 0, -1, "" },
		{ "an ack behind its events", "[" EVENT("7") "," EVENT("9") "," EVENT("8") "," ACK("connect") "}]", BAYEUX_CONNECT,
			BAYEUX_OK, 3, 9, "" },
		{ "an ack before them", "[" ACK("connect") "}," EVENT("101") "]", BAYEUX_CONNECT, BAYEUX_OK, 1, 101, "" },
		{ "a PushTopic's event is on another channel",
			"[{\"channel\":\"/topic/X\",\"data\":{\"event\":{\"replayId\":13,\"type\":\"updated\"}}}," ACK("connect") "}]",
			BAYEUX_CONNECT, BAYEUX_OK, 0, -1, "" },
		{ "an event without a number rings all the same", "[{\"channel\":\"" CDC "\",\"data\":{}}," ACK("connect") "}]",
			BAYEUX_CONNECT, BAYEUX_OK, 1, -1, "" },
		{ "events alone", "[" EVENT("7") "]", BAYEUX_CONNECT, BAYEUX_SILENT, 1, 7, "" },
		{ "another message's ack", "[" ACK("subscribe") "}]", BAYEUX_CONNECT, BAYEUX_SILENT, 0, -1, "" },
		{ "unknown client", "[" NAK("connect", "403::Unknown client") ",\"advice\":{\"reconnect\":\"handshake\"}}]",
			BAYEUX_CONNECT, BAYEUX_UNKNOWN, 0, -1, "" },
		{ "402", "[" NAK("connect", "402::Unknown client") "}]", BAYEUX_CONNECT, BAYEUX_UNKNOWN, 0, -1, "" },
		{ "no cookie", "[" NAK("connect", "400::The client established a session, but no BAYEUX_BROWSER cookie") "}]",
			BAYEUX_FIRST, BAYEUX_UNKNOWN, 0, -1, "" },
		{ "token", "[" NAK("connect", "401::Authentication invalid") ",\"advice\":{\"reconnect\":\"none\"}}]",
			BAYEUX_CONNECT, BAYEUX_TOKEN, 0, -1, "" },
		{ "denied, token", "[" DENIED("401::Authentication invalid") "]", BAYEUX_HANDSHAKE, BAYEUX_TOKEN, 0, -1, "" },
		{ "denied, limit", "[" DENIED("403::Organization concurrent user limit exceeded") "]", BAYEUX_HANDSHAKE,
			BAYEUX_LIMIT, 0, -1, "" },
		{ "denied, no right", "[" DENIED("403::Streaming is not enabled") "]", BAYEUX_HANDSHAKE, BAYEUX_DENIED, 0, -1, "" },
		{ "denied, busy", "[" DENIED("503::Server is too busy") "]", BAYEUX_HANDSHAKE, BAYEUX_BUSY, 0, -1, "" },
		{ "denied, and no more", "[" NAK("handshake", "403::Handshake denied") "}]", BAYEUX_HANDSHAKE, BAYEUX_DENIED, 0, -1,
			"" },
		{ "no right to CDC",
			"[" NAK("subscribe", "403::User not allowed to subscribe CDC without View All Data permissions") "}]",
			BAYEUX_SUBSCRIBE, BAYEUX_DENIED, 0, -1, "" },
		{ "no such channel", "[" NAK("subscribe", "404::Unknown channel") "}]", BAYEUX_SUBSCRIBE, BAYEUX_DENIED, 0, -1, "" },
		{ "the day's events", "[" NAK("subscribe", "403::Organization total events daily limit exceeded") "}]",
			BAYEUX_SUBSCRIBE, BAYEUX_LIMIT, 0, -1, "" },
		{ "replay",
			"[" NAK("subscribe", "400::The replayId {7} you provided was invalid.  Please provide a valid ID") "}]",
			BAYEUX_SUBSCRIBE, BAYEUX_REPLAY, 0, -1, "" },
		{ "500", "[" NAK("connect", "500::Internal") "}]", BAYEUX_CONNECT, BAYEUX_BUSY, 0, -1, "" },
		{ "no error, but advice", "[{\"channel\":\"/meta/connect\",\"advice\":{\"reconnect\":\"handshake\"}}]", BAYEUX_CONNECT,
			BAYEUX_UNKNOWN, 0, -1, "" },
		{ "no error, none", "[{\"channel\":\"/meta/connect\",\"advice\":{\"reconnect\":\"none\"}}]", BAYEUX_CONNECT,
			BAYEUX_DENIED, 0, -1, "" },
		{ "the server's good-bye beats the ack",
			"[" EVENT("7") ",{\"channel\":\"/meta/disconnect\",\"clientId\":\"c\"}," ACK("connect") "}]", BAYEUX_CONNECT,
			BAYEUX_UNKNOWN, 1, 7, "" },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		struct bayeux_reply r;
		enum err e = bayeux_read(row[i].body, strlen(row[i].body), row[i].step, CDC, &r);
		if (e != ERR_OK || r.word != row[i].word || r.events != row[i].events || r.replay != row[i].replay ||
			strcmp(r.client, row[i].client) != 0)
			fail_msg("%s: %d, %s, %zu events to %lld, \"%s\"", row[i].name, (int)e, bayeux_word_name[r.word], r.events,
				(long long)r.replay, r.client);
	}
}

static void what_is_none_of_it(void **state)
{
	static const char *const row[] = { "", "[]", "{}", "null", "[{}]", "<html></html>", "[{\"channel\":7}]", "[1,2]",
		"{\"channel\":\"/meta/connect\",\"successful\":true}", "[{\"errorCode\":\"INVALID_SESSION_ID\"}]" };
	for (size_t i = 0; i < COUNT(row); i++) {
		struct bayeux_reply r;
		assert_int_equal(bayeux_read(row[i], strlen(row[i]), BAYEUX_CONNECT, CDC, &r), ERR_PROTOCOL);
		assert_int_equal(r.word, BAYEUX_SILENT);
	}
	static const struct {
		enum err e;
		enum bayeux_word word;
	} word[] = { { ERR_OFFLINE, BAYEUX_SILENT }, { ERR_LOST, BAYEUX_SILENT }, { ERR_TOOBIG, BAYEUX_SILENT },
		{ ERR_AUTH, BAYEUX_TOKEN }, { ERR_LIMIT, BAYEUX_LIMIT }, { ERR_DENIED, BAYEUX_DENIED }, { ERR_RETRY, BAYEUX_BUSY } };
	for (size_t i = 0; i < COUNT(word); i++)
		assert_int_equal(bayeux_word_of(word[i].e), word[i].word);
}

static void advice(void **state)
{
	static const char body[] = "[" ACK("connect") ",\"advice\":{\"reconnect\":\"retry\",\"interval\":250,\"timeout\":110000}}]";
	struct bayeux_reply r;
	assert_int_equal(bayeux_read(body, strlen(body), BAYEUX_FIRST, CDC, &r), ERR_OK);
	assert_int_equal(r.timeout_ms, 110000);
	assert_int_equal(r.interval_ms, 250);
	static const char nonsense[] = "[" ACK("connect") ",\"advice\":{\"interval\":-5,\"timeout\":\"long\"}}]";
	assert_int_equal(bayeux_read(nonsense, strlen(nonsense), BAYEUX_FIRST, CDC, &r), ERR_OK);
	assert_int_equal(r.timeout_ms, -1);
	assert_int_equal(r.interval_ms, -1);
}

/* ---- what follows ---- */

static struct bayeux_reply fine(void)
{
	return (struct bayeux_reply){ .word = BAYEUX_OK, .client = "c", .timeout_ms = -1, .interval_ms = -1, .replay = -1 };
}

static struct bayeux_news next(struct bayeux *b, struct bayeux_reply r, int64_t took)
{
	struct bayeux_news news;
	bayeux_next(b, &r, took, NO_JITTER, &news);
	return news;
}

static struct bayeux at(enum bayeux_step step, int64_t replay)
{
	struct bayeux b;
	bayeux_begin(&b, replay);
	for (int i = 0; b.step != step && i < 4; i++)
		next(&b, fine(), 0);
	assert_int_equal(b.step, step);
	return b;
}

static void the_way_to_an_event(void **state)
{
	struct bayeux b;
	struct bayeux_reply r = fine();
	bayeux_begin(&b, -1);
	assert_int_equal(b.step, BAYEUX_HANDSHAKE);
	assert_int_equal(bayeux_patience(&b), 0);
	assert_false(next(&b, fine(), 0).ring);
	assert_int_equal(b.step, BAYEUX_FIRST);
	assert_string_equal(b.client, "c");
	r.timeout_ms = 40 * S;
	assert_false(next(&b, r, 0).ring);
	assert_int_equal(b.step, BAYEUX_SUBSCRIBE);
	assert_true(next(&b, fine(), 0).ring);	/* what happened before "from now on" */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(b.step, BAYEUX_CONNECT);
		assert_int_equal(bayeux_patience(&b), 55 * S);
		assert_int_equal(b.wait_ms, 0);
		assert_false(next(&b, fine(), 40 * S).ring);
	}
	r = fine();
	r.events = 2;
	r.replay = 12;
	assert_true(next(&b, r, 1).ring);
	assert_int_equal(b.replay, 12);
	assert_int_equal(b.wait_ms, 0);
	r.replay = 11;	/* late, or again */
	assert_true(next(&b, r, 1).ring);
	assert_int_equal(b.replay, 12);
	assert_int_equal(b.step, BAYEUX_CONNECT);
}

static void going_on_from_an_event_rings_for_events_alone(void **state)
{
	struct bayeux b = at(BAYEUX_SUBSCRIBE, 7);
	assert_false(next(&b, fine(), 0).ring);
	assert_int_equal(b.step, BAYEUX_CONNECT);
}

static void an_answer_that_is_empty_and_early_is_no_reason_to_hurry(void **state)
{
	struct bayeux b = at(BAYEUX_CONNECT, 7);
	next(&b, fine(), 999);
	assert_true(b.wait_ms >= S && b.wait_ms < 40 * S);	/* longer, and the session is gone */
	next(&b, fine(), 1000);
	assert_int_equal(b.wait_ms, 0);
}

/* From every step, every word of trouble, the first, second and tenth time. A fifth more or less. */
static void trouble(void **state)
{
	static const struct {
		enum bayeux_word word;
		int64_t first, second, tenth;
		bool renew;
	} row[] = {
		{ BAYEUX_SILENT, 5 * S, 10 * S, 5 * MIN, false },
		{ BAYEUX_UNKNOWN, 0, 5 * S, 5 * MIN, false },
		{ BAYEUX_TOKEN, 0, MIN, 15 * MIN, true },
		{ BAYEUX_LIMIT, 15 * MIN, 30 * MIN, 240 * MIN, false },
		{ BAYEUX_DENIED, 60 * MIN, 120 * MIN, 1440 * MIN, false },
		{ BAYEUX_BUSY, MIN, 2 * MIN, 15 * MIN, false },
	};
	for (size_t i = 0; i < COUNT(row); i++)
		for (int step = BAYEUX_HANDSHAKE; step <= BAYEUX_CONNECT; step++) {
			struct bayeux b = at((enum bayeux_step)step, 7);
			struct bayeux_reply r = fine();
			r.word = row[i].word;
			for (int n = 1; n <= 10; n++) {
				int64_t want = n == 1 ? row[i].first : n == 2 ? row[i].second : n == 10 ? row[i].tenth : -1;
				struct bayeux_news news = next(&b, r, 0);
				bool fits = b.wait_ms >= want - want / 5 && b.wait_ms <= want + want / 5;
				if ((want >= 0 && !fits) || b.step != BAYEUX_HANDSHAKE || b.renew != row[i].renew || b.client[0] ||
					news.ring || news.gap || b.replay != 7)
					fail_msg("%s at step %d, time %d: step %d after %lld", bayeux_word_name[r.word], step, n,
						(int)b.step, (long long)b.wait_ms);
			}
		}
}

static void a_good_connect_forgets_the_trouble_and_a_handshake_does_not(void **state)
{
	struct bayeux b = at(BAYEUX_CONNECT, 7);
	struct bayeux_reply gone = fine();
	gone.word = BAYEUX_UNKNOWN;
	next(&b, gone, 0);
	assert_int_equal(b.wait_ms, 0);
	for (int i = 0; i < 3; i++)
		next(&b, fine(), 0);
	next(&b, gone, 0);	/* nothing but handshakes: that is a loop */
	assert_true(b.wait_ms >= 4 * S);
	for (int i = 0; i < 4; i++)
		next(&b, fine(), 110 * S);
	next(&b, gone, 0);
	assert_int_equal(b.wait_ms, 0);
}

static void an_event_that_is_gone_is_a_gap(void **state)
{
	struct bayeux b = at(BAYEUX_SUBSCRIBE, 7);
	struct bayeux_reply r = fine();
	r.word = BAYEUX_REPLAY;
	struct bayeux_news news = next(&b, r, 0);
	assert_true(news.gap);
	assert_int_equal(b.step, BAYEUX_SUBSCRIBE);	/* in the same session, from now on */
	assert_int_equal(b.wait_ms, 0);
	assert_int_equal(b.replay, -1);
	next(&b, r, 0);	/* that again makes no sense */
	assert_int_equal(b.step, BAYEUX_HANDSHAKE);
	assert_true(b.wait_ms >= 48 * S);
}

static void the_server_may_ask_for_more_patience_but_not_for_ever(void **state)
{
	struct bayeux b = at(BAYEUX_CONNECT, 7);
	struct bayeux_reply r = fine();
	r.interval_ms = 30 * S;
	next(&b, r, 0);
	assert_int_equal(b.wait_ms, 30 * S);
	r.interval_ms = r.timeout_ms = INT64_C(1) << 50;
	next(&b, r, 0);
	assert_int_equal(b.wait_ms, 60 * MIN);
	assert_int_equal(bayeux_patience(&b), 10 * MIN + 15 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_as_salesforce_wants_them),
		cmocka_unit_test(answers),
		cmocka_unit_test(what_is_none_of_it),
		cmocka_unit_test(advice),
		cmocka_unit_test(the_way_to_an_event),
		cmocka_unit_test(going_on_from_an_event_rings_for_events_alone),
		cmocka_unit_test(an_answer_that_is_empty_and_early_is_no_reason_to_hurry),
		cmocka_unit_test(trouble),
		cmocka_unit_test(a_good_connect_forgets_the_trouble_and_a_handshake_does_not),
		cmocka_unit_test(an_event_that_is_gone_is_a_gap),
		cmocka_unit_test(the_server_may_ask_for_more_patience_but_not_for_ever),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
