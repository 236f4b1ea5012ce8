/* What goes wrong with one task, one remote or one quota, and must not spread. */
#include "world.h"
#include "status.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct world w;
static struct fake *const sc = &w.fake[SIDE_SC], *const sf = &w.fake[SIDE_SF];

/* ---- the quota ---- */

static void an_import_waits_while_the_quota_is_nearly_used_up(void **state)
{
	world_init(&w, SF);
	fake_add(sf, "a");
	world_enable(&w, true);
	w.cycle[SIDE_SF].thrifty = true;
	assert_int_equal(world_pass(&w), ERR_LIMIT);
	assert_int_equal(sf->pulls, 0);
	assert_non_null(strstr(w.cycle[SIDE_SF].message, "first import waits"));
	w.cycle[SIDE_SF].thrifty = false;
	check_rest(&w);
	assert_true(user_find(&w, "a"));
	world_finish(&w);
}

static void edits_and_polls_go_on_while_checks_and_wider_imports_wait(void **state)
{
	world_begin(&w, SF);
	int64_t id = user_new(&w, "a");
	check_rest(&w);
	w.config.first_import = FIRST_OPEN;
	w.now += 2 * DAY;
	w.cycle[SIDE_SF].thrifty = true;
	fake_forget_counts(sf);
	user_set(&w, id, FIELD_DETAILS, "typed");
	fake_add(sf, "b");
	assert_int_equal(world_pass(&w), ERR_OK);
	assert_int_equal(sf->fetches + sf->counts, 0);
	assert_string_equal(fake_word_of(sf, "a", FIELD_DETAILS), "typed");
	assert_true(user_find(&w, "b"));
	w.cycle[SIDE_SF].thrifty = false;
	check_rest(&w);
	assert_true(sf->first == FIRST_OPEN);
	world_finish(&w);
}

/* ---- one text that a remote chokes on ---- */

/* It is sent, and then the line is dropped or a 503 comes: each time, and whatever travels with it. */
static void a_text_that_breaks_the_line_holds_up_nobody(void **state)
{
	static const enum err errs[] = { ERR_LOST, ERR_RETRY, ERR_PROTOCOL };
	for (size_t i = 0; i < sizeof(errs) / sizeof(*errs); i++) {
		world_begin(&w, BOTH);
		sf->poison = sc->poison = "bad";
		sf->poisons_call = sc->poisons_call = true;
		sf->poison_err = sc->poison_err = errs[i];
		user_new(&w, "bad");
		for (int k = 0; k < 20; k++)
			user_new(&w, (const char *[]){ "b", "c", "d", "e", "f" }[k % 5]);
		for (int k = 0; k < 30; k++, w.now += 20 * SECOND)
			(void)world_pass(&w);
		assert_int_equal(fake_live(sc), 20);
		assert_int_equal(fake_live(sf), 20);
		user_new(&w, "new");
		assert_int_equal(world_pass(&w), ERR_OK);
		assert_non_null(fake_titled(sc, "new"));
		assert_non_null(fake_titled(sf, "new"));
		sf->poison = sc->poison = NULL;
		w.now += HOUR;
		check_rest(&w);
		assert_int_equal(fake_live(sf), 22);
		assert_int_equal(fake_live(sc), 22);
		world_finish(&w);
	}
}

static void a_create_in_doubt_that_always_fails_keeps_nobody_from_pulling(void **state)
{
	for (int n = 1; n <= 5; n++) {
		world_begin(&w, BOTH);
		w.fault.how = LOSE_UNKNOWN;
		for (int i = 0; i < n; i++) {
			w.fault.at = 1 + w.fault.seen + 1;
			user_new(&w, "bad");
			(void)world_pass_one(&w, SIDE_SC);
		}
		w.fault.at = 0;
		sc->poison = "bad";
		sc->poisons_call = true;
		sc->poison_err = ERR_RETRY;
		fake_add(sc, "from there");
		(void)world_pass_one(&w, SIDE_SC);
		assert_true(user_find(&w, "from there"));
		sc->poison = NULL;
		w.now += HOUR;
		check_rest(&w);
		assert_int_equal(fake_live(sc), (size_t)n + 1);
		world_finish(&w);
	}
}

static void a_create_in_doubt_that_always_fails_is_asked_ever_more_seldom(void **state)
{
	world_begin(&w, SC);
	w.fault = (struct fault){ .at = 2, .how = LOSE_UNKNOWN };
	user_new(&w, "bad");
	(void)world_pass(&w);
	sc->poison = "bad";
	sc->poison_err = ERR_RETRY;
	fake_forget_counts(sc);
	for (int i = 0; i < 3600; i++, w.now += SECOND) {
		w.cycle[SIDE_SC].now = w.now;
		assert_int_equal(cycle_push(&w.cycle[SIDE_SC]), ERR_OK);
	}
	assert_in_range(sc->creates, 6, 13);
	world_finish(&w);
}

/* What is wrong with the line or the account is held against no task. */
static void auth_trouble_consumes_nothing(void **state)
{
	static const enum err errs[] = { ERR_AUTH, ERR_LIMIT, ERR_OFFLINE };
	for (size_t i = 0; i < sizeof(errs) / sizeof(*errs); i++) {
		world_begin(&w, BOTH);
		sc->call_err = sf->call_err = errs[i];
		user_new(&w, "a");
		for (int k = 0; k < 50; k++, w.now += MINUTE)
			assert_int_equal(world_pass(&w), errs[i]);
		AUTO_BUF problems = BUF_INIT;
		assert_int_equal(status_problems(w.store, w.now, &problems), ERR_OK);
		assert_int_equal(problems.n, 0);
		sc->call_err = sf->call_err = ERR_OK;
		assert_int_equal(world_pass(&w), ERR_OK);	/* at once */
		assert_int_equal(fake_live(sc) + fake_live(sf), 2);
		world_finish(&w);
	}
}

/* What each class of salesforce.md 4.2 leads to, for an edit and for the queue behind it. */
static void what_each_error_class_leads_to(void **state)
{
	enum { AGAIN, PARKED, KEPT };	/* tried again by itself; waits for the task or the remote to change; nobody's fault */
	static const struct {
		enum err e;
		bool whole;	/* it hits the call, or the one task in it */
		enum err pass;
		int then;
	} row[] = {
		{ ERR_RETRY, false, ERR_OK, AGAIN }, { ERR_RETRY, true, ERR_RETRY, AGAIN },
		{ ERR_LIMIT, true, ERR_LIMIT, KEPT }, { ERR_AUTH, true, ERR_AUTH, KEPT },
		{ ERR_OFFLINE, true, ERR_OFFLINE, KEPT }, { ERR_LOST, true, ERR_LOST, AGAIN },
		/* a batch that was broken off in the middle: the rest of it was not sent */
		{ ERR_LIMIT, false, ERR_LIMIT, KEPT }, { ERR_AUTH, false, ERR_AUTH, KEPT }, { ERR_OFFLINE, false, ERR_OFFLINE, KEPT },
		{ ERR_STALE, false, ERR_OK, AGAIN }, { ERR_GONE, false, ERR_OK, AGAIN },
		{ ERR_REFUSED, false, ERR_OK, PARKED }, { ERR_DENIED, false, ERR_OK, PARKED },
		{ ERR_PROTOCOL, true, ERR_PROTOCOL, AGAIN }, { ERR_PROTOCOL, false, ERR_OK, AGAIN },
	};
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		world_begin(&w, SF);
		int64_t id = user_new(&w, "a");
		check_rest(&w);
		user_set(&w, id, FIELD_DETAILS, "typed");
		sf->call_err = row[i].whole ? row[i].e : ERR_OK;
		sf->poison = row[i].whole ? NULL : "a";
		sf->poison_err = row[i].e;
		assert_int_equal(world_pass(&w), row[i].pass);
		struct counts n;
		assert_int_equal(store_counts(w.store, w.now, &n), ERR_OK);
		assert_int_equal(n.refused[SIDE_SF], row[i].then == PARKED);
		assert_int_equal(n.waiting[SIDE_SF], 1);
		sf->call_err = ERR_OK;
		sf->poison = NULL;
		if (row[i].then != KEPT)
			w.now += MINUTE;
		for (int k = 0; k < 3; k++)
			assert_int_equal(world_pass(&w), ERR_OK);
		assert_string_equal(fake_word_of(sf, "a", FIELD_DETAILS), row[i].then == PARKED ? "-" : "typed");
		user_set(&w, id, FIELD_DUE, "2026-12-24");
		check_rest(&w);
		assert_string_equal(fake_word_of(sf, "a", FIELD_DETAILS), "typed");
		world_finish(&w);
	}
}

/* A session ends, and the token that is found then may be another user's. */
static void a_login_as_another_user_is_noticed_before_anything_is_sent(void **state)
{
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		struct fake *f = &w.fake[side];
		world_begin(&w, BOTH);
		user_new(&w, "a");
		check_rest(&w);
		const char *mine = f->account;
		f->next_account = mine;	/* the same user again: nobody notices */
		int64_t id = user_find(&w, "a");
		user_set(&w, id, FIELD_DETAILS, "typed");
		assert_int_equal(world_pass(&w), ERR_OK);
		assert_string_equal(fake_word_of(f, "a", FIELD_DETAILS), "typed");
		user_set(&w, id, FIELD_DETAILS, "typed later");
		user_new(&w, "b");
		f->next_account = "9";
		fake_forget_counts(f);
		assert_int_equal(world_pass_one(&w, side), ERR_CONFIG);
		assert_int_equal(fake_writes(f), 0);
		assert_non_null(strstr(w.cycle[side].message, "another user"));
		for (int i = 0; i < 3; i++, w.now += 2 * HOUR)
			assert_int_equal(world_pass_one(&w, side), ERR_CONFIG);
		assert_int_equal(fake_writes(f), 0);
		f->account = mine;
		check_rest(&w);
		assert_string_equal(fake_word_of(f, "a", FIELD_DETAILS), "typed later");
		assert_int_equal(fake_live(f), 2);
		world_finish(&w);
	}
}

/* ---- creates ---- */

static int ticks;
static int64_t victim;

static int64_t rm_at_the_last_moment(void)
{
	if (victim && ++ticks == 3) {	/* between the reading of the task and its journal */
		user_rm(&w, victim);
		victim = 0;
	}
	return w.now;
}

static void rm_just_before_a_create_is_sent_leaves_nothing_there(void **state)
{
	for (unsigned sides = SC; sides <= SF; sides <<= 1) {
		enum side side = sides == SC ? SIDE_SC : SIDE_SF;
		world_begin(&w, sides);
		w.cycle[side].clock = rm_at_the_last_moment;
		ticks = 0;
		user_new(&w, "stays");
		victim = user_new(&w, "goes");
		user_new(&w, "stays too");
		if (side == SIDE_SC)	/* one a call */
			ticks = -1;
		check_rest(&w);
		assert_int_equal(victim, 0);
		assert_null(fake_titled(&w.fake[side], "goes"));
		assert_int_equal(fake_live(&w.fake[side]), 2);
		w.cycle[side].clock = NULL;
		world_finish(&w);
	}
}

/* Sales Connect knows the key with another text: the first create did arrive. */
static void a_key_that_is_known_with_another_text_is_never_created_again(void **state)
{
	for (int edited = 0; edited < 2; edited++) {
		world_begin(&w, SC);
		w.fault = (struct fault){ .at = 2, .how = LOSE_REPLY };
		int64_t id = user_new(&w, "a");
		assert_int_equal(world_pass(&w), ERR_LOST);
		free(sc->rec[0].body);
		sc->rec[0].body = strdup("as an older program wrote it");
		if (edited)
			fake_word(sc, &sc->rec[0], FIELD_TITLE, "renamed there");
		for (int i = 0; i < 30; i++, w.now += MINUTE)
			(void)world_pass(&w);
		assert_int_equal(fake_live(sc), 1);
		for (int i = 0; i < 10; i++, w.now += DAY)
			(void)world_pass(&w);
		assert_int_equal(fake_live(sc), 1);
		AUTO_TASK t = TASK_INIT;
		assert_int_equal(store_get(w.store, id, &t), ERR_OK);
		assert_string_equal(t.field[FIELD_TITLE], "a");
		assert_true(user_find(&w, "a") == id);
		world_finish(&w);
	}
}

/* The clock was an hour ahead when it was sent, and was set right since. */
static void a_clock_that_was_ahead_does_not_delay_the_search(void **state)
{
	for (int applied = 0; applied < 2; applied++) {
		world_begin(&w, SF);
		w.fault = (struct fault){ .at = 2, .how = applied ? LOSE_REPLY : LOSE_UNKNOWN };
		user_new(&w, "a");
		assert_int_equal(world_pass(&w), ERR_LOST);
		if (applied)
			sf->rec[0].hidden = true;	/* a pull does not bring it */
		w.now -= HOUR;
		for (int i = 0; i < 3; i++, w.now += MINUTE)
			(void)world_pass(&w);
		if (applied)
			sf->rec[0].hidden = false;
		w.now += MINUTE;
		assert_int_equal(world_pass(&w), ERR_OK);
		assert_int_equal(fake_live(sf), 1);
		assert_true(sf->finds > 0);
		world_finish(&w);
	}
}

/* What was sent, and what is looked for, is by the remote's clock. */
static void a_create_in_doubt_is_found_though_the_clock_here_is_wrong(void **state)
{
	static const int64_t ahead[] = { 400 * DAY, -400 * DAY, 3 * DAY };
	for (size_t i = 0; i < sizeof(ahead) / sizeof(*ahead); i++) {
		world_init(&w, SF);
		sf->skew = -ahead[i];
		world_enable(&w, true);
		check_rest(&w);
		w.fault = (struct fault){ .at = 2, .how = LOSE_REPLY };
		user_new(&w, "a");
		assert_int_equal(world_pass(&w), ERR_LOST);
		w.now += 2 * MINUTE;
		w.cycle[SIDE_SF].now = w.now;
		assert_int_equal(cycle_push(&w.cycle[SIDE_SF]), ERR_OK);	/* no pull that brings it */
		assert_int_equal(sf->finds, 1);
		assert_int_equal(world_waiting(&w, SIDE_SF), 0);
		check_rest(&w);
		assert_int_equal(fake_live(sf), 1);
		world_finish(&w);
	}
}

/* Two at once, and what was typed there since the last poll is seen before it is deleted (D3) or overwritten (D2). */
static void D2_D3_a_batch_does_not_overwrite_what_moved_on(void **state)
{
	world_begin(&w, SF);
	int64_t a = user_new(&w, "a"), b = user_new(&w, "b"), c = user_new(&w, "c"), d = user_new(&w, "d");
	check_rest(&w);
	fake_word(sf, fake_titled(sf, "a"), FIELD_DETAILS, "typed there");
	fake_word(sf, fake_titled(sf, "c"), FIELD_DETAILS, "typed there");
	user_rm(&w, a);
	user_rm(&w, b);
	user_set(&w, c, FIELD_DETAILS, "typed here");
	user_set(&w, d, FIELD_DETAILS, "typed here");
	w.cycle[SIDE_SF].now = w.now;
	assert_int_equal(cycle_push(&w.cycle[SIDE_SF]), ERR_OK);
	check_rest(&w);
	assert_int_equal(fake_live(sf), 2);
	assert_int_equal(world_conflicts(&w), 2);
	assert_string_equal(fake_word_of(sf, "c", FIELD_DETAILS), "typed here");
	world_finish(&w);
}

/* ---- the daily check ---- */

/* Sales Connect is asked record by record, and takes 600 requests a minute. */
static void R19_the_check_of_many_links_is_spread_and_ends(void **state)
{
	world_begin(&w, SC);
	sc->page_size = 500;
	for (int i = 0; i < 500; i++) {
		char title[32];
		snprintf(title, sizeof(title), "task %d", i);
		fake_add(sc, title);
	}
	check_rest(&w);
	w.now += DAY;
	sc->rec[499].deleted = true;
	sc->rec[499].changed_at -= HOUR;	/* committed late: the stream does not tell */
	int passes = 0;
	do {
		fake_forget_counts(sc);
		assert_int_equal(world_pass(&w), ERR_OK);
		assert_in_range(sc->fetched, 0, 60);
		if (passes == 3)
			world_restart(&w);	/* goes on where it was */
		w.now += MINUTE;
	} while (sc->fetched && ++passes < 20);
	assert_int_equal(passes, 9);
	assert_false(user_find(&w, "task 499"));
	check_quiet(&w);
	world_finish(&w);
}

static void R19_a_start_checks_too(void **state)
{
	world_begin(&w, SF);
	user_new(&w, "a");
	check_rest(&w);
	w.now += 2 * HOUR;
	sf->rec[0].deleted = true;
	sf->rec[0].changed_at -= HOUR;	/* committed late: the stream does not tell */
	check_rest(&w);
	assert_true(user_find(&w, "a"));
	world_restart(&w);
	check_rest(&w);
	assert_false(user_find(&w, "a"));
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_import_waits_while_the_quota_is_nearly_used_up),
		cmocka_unit_test(edits_and_polls_go_on_while_checks_and_wider_imports_wait),
		cmocka_unit_test(a_text_that_breaks_the_line_holds_up_nobody),
		cmocka_unit_test(a_create_in_doubt_that_always_fails_keeps_nobody_from_pulling),
		cmocka_unit_test(a_create_in_doubt_that_always_fails_is_asked_ever_more_seldom),
		cmocka_unit_test(auth_trouble_consumes_nothing),
		cmocka_unit_test(what_each_error_class_leads_to),
		cmocka_unit_test(a_login_as_another_user_is_noticed_before_anything_is_sent),
		cmocka_unit_test(rm_just_before_a_create_is_sent_leaves_nothing_there),
		cmocka_unit_test(a_key_that_is_known_with_another_text_is_never_created_again),
		cmocka_unit_test(a_clock_that_was_ahead_does_not_delay_the_search),
		cmocka_unit_test(a_create_in_doubt_is_found_though_the_clock_here_is_wrong),
		cmocka_unit_test(D2_D3_a_batch_does_not_overwrite_what_moved_on),
		cmocka_unit_test(R19_the_check_of_many_links_is_spread_and_ends),
		cmocka_unit_test(R19_a_start_checks_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
