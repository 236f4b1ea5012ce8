/* The doorbell over real long polls, each fault of salesforce.md 6 included. */
#include "sandbox.h"
#include "doorbell.h"
#include "store.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CDC "/data/TaskChangeEvent"

static struct {
	struct wake *rang;
	struct store *store;
	struct doorbell *bell;
	struct cycle cycle;
} t;

static long long now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void nap(int ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L }, NULL);
}

static void set_up_bell(void)
{
	assert_ok(doorbell_create(&box.c, box.dir, t.rang, &t.bell));
}

static int setup(void **state)
{
	char path[100];
	if (sandbox_clean(state))
		return -1;
	hand("POST", "/sandbox/config", "{\"view_all_data\":true}");
	snprintf(path, sizeof path, "%s/store.db", box.dir);
	t.rang = wake_create();
	assert_ok(store_open(path, &(struct store_options){ 0 }, &t.store));
	t.cycle = (struct cycle){ .store = t.store };
	return 0;
}

static int teardown(void **state)
{
	doorbell_destroy(TAKE(t.bell));
	store_close(TAKE(t.store));
	wake_destroy(TAKE(t.rang));
	return sandbox_tidy(state);
}

/* A row of a table is a test of its own. */
static void again(void **state, size_t row)
{
	if (row)
		assert_int_equal(teardown(state) || setup(state), 0);
}

/* A pass of which nothing is asked but that it ends. */
static void pass(enum err e)
{
	doorbell_answer(t.bell, &t.cycle);
	doorbell_settle(t.bell, &t.cycle, e);
}

static bool rings_within(int ms)
{
	for (long long end = now_ms() + ms; now_ms() < end; nap(2))
		if (doorbell_rang(t.bell))
			return true;
	return false;
}

/* How often the log says it, since it was cleared. */
static int said(const char *what)
{
	int n = 0;
	for (const char *s = hand("GET", "/sandbox/log", NULL); (s = strstr(s, what)); s += strlen(what))
		n++;
	return n;
}

static void said_within(const char *what, int want, int ms)
{
	int n = -1;
	for (long long end = now_ms() + ms; now_ms() < end && (n = said(what)) < want; nap(20))
		;
	if (n < want)
		fail_msg("\"%s\" %d times, not %d", what, n, want);
}

static void change(const char *subject)
{
	char body[100];
	snprintf(body, sizeof body, "{\"Subject\":\"%s\"}", subject);
	hand("POST", "/sandbox/tasks?system=sf", body);
}

static char *kept(void)
{
	char *value = NULL;
	enum err e = store_meta(t.store, "sf.replay", &value);
	assert_true(e == ERR_OK || e == ERR_NOENT);
	return value;
}

static void kept_is(const char *want)
{
	AUTO_FREE char *value = kept();
	assert_same(value, want);
}

/* Listening, the first ring answered: a subscription from now on may come just behind an event. */
static void listening(void)
{
	set_up_bell();
	pass(ERR_OK);
	assert_true(rings_within(3000));
	pass(ERR_OK);
	said_within("/meta/connect", 2, 3000);
	assert_false(doorbell_rang(t.bell));
}

/* The same, with an event to go on from. */
static void listening_from_1(void)
{
	listening();
	change("one");
	assert_true(rings_within(1000));
	pass(ERR_OK);
	kept_is(CDC " 1");
	said_within("/meta/connect", 3, 3000);	/* and it listens again */
	hand("POST", "/sandbox/log/clear", NULL);
}

/* After whatever was done: an event is heard again. */
static void hears(const char *subject)
{
	change(subject);
	assert_true(rings_within(3000));
}

static void an_event_rings_within_a_second(void **state)
{
	listening();
	long long worst = 0;
	for (int i = 0; i < 20; i++) {
		long long began = now_ms();
		change("new");
		assert_true(rings_within(1000));
		if (now_ms() - began > worst)
			worst = now_ms() - began;
		pass(ERR_OK);
	}
	print_message("# slowest of 20: %lld ms\n", worst);
	assert_int_equal(said("/meta/handshake"), 1);
}

static void only_what_was_committed_is_behind_us(void **state)
{
	listening();
	change("one");
	assert_true(rings_within(1000));
	kept_is(NULL);
	pass(ERR_OFFLINE);	/* it still rings, and says nothing further meanwhile */
	assert_true(doorbell_rang(t.bell));
	kept_is(NULL);
	doorbell_settle(t.bell, &t.cycle, ERR_OK);	/* an edit went out: that answers nothing */
	assert_true(doorbell_rang(t.bell));
	kept_is(NULL);
	pass(ERR_OK);
	kept_is(CDC " 1");
	assert_false(doorbell_rang(t.bell));
}

/* The query may have been answered before it. */
static void an_event_during_a_pass_is_left_to_the_next(void **state)
{
	listening_from_1();
	change("two");
	assert_true(rings_within(1000));
	doorbell_answer(t.bell, &t.cycle);
	change("three");
	nap(500);
	doorbell_settle(t.bell, &t.cycle, ERR_OK);
	kept_is(CDC " 2");
	assert_true(doorbell_rang(t.bell));
	pass(ERR_OK);
	kept_is(CDC " 3");
	assert_false(doorbell_rang(t.bell));
}

static void what_happened_while_we_were_away_rings(void **state)
{
	listening_from_1();
	doorbell_destroy(TAKE(t.bell));
	change("two");
	set_up_bell();
	pass(ERR_OK);
	assert_true(rings_within(3000));
	pass(ERR_OK);
	kept_is(CDC " 2");
	assert_int_equal(said("TaskChangeEvent\\\":1}"), 1);
	/* another channel counts otherwise, also one whose name begins alike */
	doorbell_destroy(TAKE(t.bell));
	assert_ok(store_meta_set(t.store, "sf.replay", "/topic/MyTasks2 1"));
	free(box.c.remote[SIDE_SF].push_channel);
	box.c.remote[SIDE_SF].push_channel = strdup("/topic/MyTasks");
	set_up_bell();
	pass(ERR_OK);
	said_within("MyTasks\\\":-1}", 1, 3000);
	assert_true(rings_within(1000));
	pass(ERR_OK);
	hears("three");
	pass(ERR_OK);
	kept_is("/topic/MyTasks 3");
}

/* The session ends in every way there is: a new one goes on from the last event,
 * and nothing in between is lost. */
static void a_lost_session_goes_on_from_the_last_event(void **state)
{
	static const char *const row[] = { "cometd-unknown", "cometd-disconnect", "cometd-401", "401", "reset-before",
		"truncated", "cut", "503-html" };
	for (size_t i = 0; i < COUNT(row); i++) {
		bool later = i >= 4;	/* an error of the line, or of the server: seconds, or a minute */
		print_message("# %s\n", row[i]);
		again(state, i);
		listening_from_1();
		fault(row[i], 1, "/meta/connect");
		hears("two");	/* by the connect under way; the next one is struck */
		pass(ERR_OK);
		change("three");
		if (strcmp(row[i], "503-html") == 0) {
			assert_false(rings_within(1500));
			assert_int_equal(said("/cometd/66.0"), 1);
		} else {
			assert_true(rings_within(later ? 8000 : 1500));
			pass(ERR_OK);
			kept_is(CDC " 3");
		}
	}
}

static void a_session_that_is_over_is_renewed_once(void **state)
{
	listening_from_1();
	hand("POST", "/sandbox/config", "{\"expire_tokens\":true}");
	hears("two");	/* the connect under way is told so */
	pass(ERR_OK);
	assert_int_equal(said("/services/oauth2/token"), 1);
	assert_true(said("/meta/handshake") >= 1);
}

static void a_denied_handshake_for_the_session_is_renewed(void **state)
{
	fault("cometd-denied-401", 1, "/meta/handshake");
	listening();
	assert_int_equal(said("/services/oauth2/token"), 2);	/* the first, and the other */
	assert_int_equal(said("/meta/handshake"), 2);
	hears("one");
}

static void a_session_that_is_never_taken_is_no_loop(void **state)
{
	fault("cometd-denied-401", 100, "/meta/handshake");
	set_up_bell();
	pass(ERR_OK);
	assert_false(rings_within(1500));
	assert_int_equal(said("/meta/handshake"), 2);
}

/* Poll only: no second try for minutes, and no ring. */
static void a_refusal_leaves_it_to_polling(void **state)
{
	static const struct {
		const char *fault, *match, *config;
		int handshakes;
	} row[] = {
		{ NULL, NULL, "{\"view_all_data\":false}", 1 },
		{ "cometd-limit", "/meta/subscribe", NULL, 1 },
		{ "cometd-limit", "/meta/connect", NULL, 1 },
		{ "cometd-denied-403", "/meta/handshake", NULL, 1 },
		{ "cometd-denied-503", "/meta/handshake", NULL, 1 },
		{ "403-limit", "/meta/handshake", NULL, 1 },
		{ "503-html", "/meta/handshake", NULL, 1 },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		print_message("# %s %s\n", row[i].fault ? row[i].fault : "no right", row[i].match ? row[i].match : "");
		again(state, i);
		if (row[i].config)
			hand("POST", "/sandbox/config", row[i].config);
		if (row[i].fault)
			fault(row[i].fault, 100, row[i].match);
		set_up_bell();
		pass(ERR_OK);
		assert_false(rings_within(1200));
		assert_int_equal(said("/meta/handshake"), row[i].handshakes);
		assert_true(said("\"path\":\"/cometd") <= 3);
		/* the mount ends all the same */
		long long began = now_ms();
		doorbell_destroy(TAKE(t.bell));
		assert_true(now_ms() - began < 1000);
	}
}

static void a_replay_that_is_not_to_be_had_is_a_gap(void **state)
{
	hand("POST", "/sandbox/config", "{\"view_all_data\":true,\"token_ttl\":0}");
	listening_from_1();
	doorbell_destroy(TAKE(t.bell));
	hand("POST", "/sandbox/clock", "{\"advance\":400000}");	/* the events are gone */
	change("two");
	hand("POST", "/sandbox/clock", "{\"advance\":400000}");
	set_up_bell();
	pass(ERR_OK);
	said_within("TaskChangeEvent\\\":1}", 1, 3000);
	assert_true(rings_within(1000));
	said_within("TaskChangeEvent\\\":-1}", 1, 1000);
	assert_false(t.cycle.check);
	doorbell_answer(t.bell, &t.cycle);
	assert_true(t.cycle.check);
	doorbell_settle(t.bell, &t.cycle, ERR_OK);
	kept_is(CDC " -1");
	pass(ERR_OK);
	assert_int_equal(said("/meta/handshake"), 1);
	hears("three");
	pass(ERR_OK);
	kept_is(CDC " 3");
}

static void without_its_cookie_it_shakes_hands_anew(void **state)
{
	fault("cometd-no-cookie", 1, "/meta/handshake");
	listening();
	assert_int_equal(said("/meta/handshake"), 2);
	hears("one");
}

static void events_that_come_twice_and_out_of_order(void **state)
{
	listening_from_1();
	pass(ERR_OFFLINE);	/* silent, while two things happen */
	fault("cometd-twice", 2, "/meta/connect");
	change("two");
	change("three");
	pass(ERR_OK);
	assert_true(rings_within(3000));
	pass(ERR_OK);
	kept_is(CDC " 3");
	hears("four");
	pass(ERR_OK);
	kept_is(CDC " 4");
}

/* No answer at all: given up after advice.timeout + 15 s,
 * and what was missed is heard by the next session. */
static void silence_is_given_up(void **state)
{
	hand("POST", "/sandbox/config", "{\"view_all_data\":true,\"cometd_timeout\":1500}");
	listening_from_1();
	fault("cometd-silent", 1, "/meta/connect");
	said_within("cometd-silent", 1, 4000);
	change("two");
	assert_false(rings_within(14500));
	assert_true(rings_within(9500));
	pass(ERR_OK);
	kept_is(CDC " 2");
}

static void silenced_it_asks_nothing(void **state)
{
	static const enum err row[] = { ERR_OFFLINE, ERR_AUTH, ERR_LIMIT, ERR_OK };
	listening();
	for (size_t i = 0; i < COUNT(row); i++) {
		t.cycle.blocked = row[i] == ERR_OK;	/* R1: switched off */
		pass(row[i]);
		nap(100);
		hand("POST", "/sandbox/log/clear", NULL);
		change("new");
		nap(700);
		assert_int_equal(said("cometd"), 0);
		assert_false(doorbell_rang(t.bell));
		t.cycle.blocked = false;
		pass(ERR_OK);
		assert_true(rings_within(3000));
		pass(ERR_OK);
	}
}

static void the_end_of_the_mount_waits_for_nobody(void **state)
{
	listening();
	hand("POST", "/sandbox/log/clear", NULL);
	long long began = now_ms();
	doorbell_destroy(TAKE(t.bell));
	long long took = now_ms() - began;
	print_message("# %lld ms\n", took);
	assert_true(took < 500);
	assert_int_equal(said("/meta/disconnect"), 1);
	/* nor for a server that does not answer the good-bye */
	listening();
	hand("POST", "/sandbox/fault", "{\"name\":\"slow\",\"match\":\"/meta/disconnect\",\"seconds\":3}");
	began = now_ms();
	doorbell_destroy(TAKE(t.bell));
	assert_true(now_ms() - began < 1000);
}

static void push_off_asks_nothing(void **state)
{
	box.c.remote[SIDE_SF].push = false;
	set_up_bell();
	assert_null(t.bell);
	pass(ERR_OK);
	assert_false(doorbell_rang(t.bell));
	nap(300);
	assert_int_equal(said("cometd"), 0);
}

static void *say_hello(void *arg)
{
	AUTO_REMOTE r = salesforce_create(&box.c, box.dir);
	AUTO_HELLO h = { 0 };
	*(enum err *)arg = r->ops->hello(r, &h);
	return NULL;
}

/* The bell and the sync have a token each, out of one file: with rotation a second refresh would end both. */
static void the_bell_and_the_sync_refresh_once(void **state)
{
	hand("POST", "/sandbox/config", "{\"view_all_data\":true,\"rotate\":true}");
	listening_from_1();
	for (int i = 0; i < 5; i++) {
		pthread_t thread[3];
		enum err e[3];
		hand("POST", "/sandbox/log/clear", NULL);
		hand("POST", "/sandbox/config", "{\"expire_tokens\":true}");
		for (size_t k = 0; k < COUNT(thread); k++)
			assert_int_equal(pthread_create(&thread[k], NULL, say_hello, &e[k]), 0);
		hears("new");
		for (size_t k = 0; k < COUNT(thread); k++) {
			pthread_join(thread[k], NULL);
			assert_ok(e[k]);
		}
		pass(ERR_OK);
		assert_int_equal(said("/services/oauth2/token"), 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(an_event_rings_within_a_second),
		TEST(only_what_was_committed_is_behind_us),
		TEST(an_event_during_a_pass_is_left_to_the_next),
		TEST(what_happened_while_we_were_away_rings),
		TEST(a_lost_session_goes_on_from_the_last_event),
		TEST(a_session_that_is_over_is_renewed_once),
		TEST(a_denied_handshake_for_the_session_is_renewed),
		TEST(a_session_that_is_never_taken_is_no_loop),
		TEST(a_refusal_leaves_it_to_polling),
		TEST(a_replay_that_is_not_to_be_had_is_a_gap),
		TEST(without_its_cookie_it_shakes_hands_anew),
		TEST(events_that_come_twice_and_out_of_order),
		TEST(silence_is_given_up),
		TEST(silenced_it_asks_nothing),
		TEST(the_end_of_the_mount_waits_for_nobody),
		TEST(push_off_asks_nothing),
		TEST(the_bell_and_the_sync_refresh_once),
	};
	return cmocka_run_group_tests(tests, sandbox_start, sandbox_stop);
}
