/* Sending: batches, refusals, races, lost answers, and what ends a pass. */
#include "world.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct world w;
static struct fake *const sc = &w.fake[SIDE_SC], *const sf = &w.fake[SIDE_SF];

static int64_t shared(unsigned sides)
{
	world_begin(&w, sides);
	int64_t id = user_new(&w, "a");
	check_rest(&w);
	fake_forget_counts(sc);
	fake_forget_counts(sf);
	return id;
}

static void many(const char *details)
{
	for (int i = 0; i < 450; i++) {
		char title[32];
		snprintf(title, sizeof(title), "task %d", i);
		int64_t id = user_find(&w, title);
		if (!id)
			id = user_new(&w, title);
		user_set(&w, id, FIELD_DETAILS, details);
	}
}

static void M_edits_are_ceil_M_over_200_calls(void **state)
{
	world_begin(&w, SF);
	sf->page_size = 2000;
	many("new");
	fake_forget_counts(sf);
	assert_int_equal(world_pass(&w), ERR_OK);
	assert_int_equal(sf->creates, 3);
	assert_int_equal(sf->items, 450);
	check_rest(&w);
	many("edited");
	fake_forget_counts(sf);
	assert_int_equal(world_pass(&w), ERR_OK);
	assert_int_equal(sf->updates, 3);
	assert_int_equal(sf->items, 450);
	assert_int_equal(sf->requests, 4);
	check_rest(&w);
	world_finish(&w);
}

static void one_user_edit_is_one_write_a_remote(void **state)
{
	int64_t id = shared(BOTH);
	for (int i = 0; i < 5; i++) {
		char text[32];
		snprintf(text, sizeof(text), "version %d", i);
		user_set(&w, id, FIELD_DETAILS, text);
		w.cycle[SIDE_SC].now = w.cycle[SIDE_SF].now = w.now;
		assert_int_equal(cycle_push(&w.cycle[SIDE_SC]), ERR_OK);
		assert_int_equal(cycle_push(&w.cycle[SIDE_SF]), ERR_OK);
	}
	assert_int_equal(fake_writes(sc), 5);
	assert_int_equal(fake_writes(sf), 5);
	assert_int_equal(sc->requests, 5);
	assert_int_equal(sf->requests, 5);
	check_rest(&w);
	world_finish(&w);
}

static void refused_text_is_kept_and_tried_once_changed(void **state)
{
	int64_t id = shared(SF);
	sf->poison = "bad";
	sf->poison_err = ERR_REFUSED;
	user_set(&w, id, FIELD_TITLE, "bad");
	check_rest(&w);		/* and not tried again */
	assert_int_equal(world_waiting(&w, SIDE_SF), 1);
	assert_true(user_find(&w, "bad"));
	assert_non_null(fake_titled(sf, "a"));
	user_set(&w, id, FIELD_TITLE, "good");
	check_rest(&w);
	assert_non_null(fake_titled(sf, "good"));
	assert_int_equal(world_waiting(&w, SIDE_SF), 0);
	world_finish(&w);
}

static void refused_create_is_made_once_changed(void **state)
{
	for (unsigned sides = SC; sides <= SF; sides <<= 1) {
		struct fake *f = sides == SC ? sc : sf;
		world_begin(&w, sides);
		f->poison = "bad";
		f->poison_err = ERR_REFUSED;
		int64_t id = user_new(&w, "bad");
		check_rest(&w);
		assert_int_equal(fake_live(f), 0);
		user_set(&w, id, FIELD_TITLE, "good");
		check_rest(&w);
		assert_int_equal(fake_live(f), 1);
		world_finish(&w);
	}
}

static void a_refused_edit_is_tried_again_when_the_remote_changes(void **state)
{
	int64_t id = shared(SF);
	sf->poison = "a";
	sf->poison_err = ERR_DENIED;
	user_set(&w, id, FIELD_DETAILS, "typed");
	check_rest(&w);
	sf->poison = NULL;
	check_quiet(&w);
	fake_word(sf, fake_titled(sf, "a"), FIELD_DUE, "2026-12-01");
	check_rest(&w);
	assert_string_equal(fake_word_of(sf, "a", FIELD_DETAILS), "typed");
	world_finish(&w);
}

static void D5_R19_a_404_on_an_edit_deletes_nothing(void **state)
{
	world_begin(&w, BOTH);
	int64_t id = user_new(&w, "x");
	assert_int_equal(world_pass(&w), ERR_OK);
	sf->poison = sc->poison = "x";
	sf->poison_err = sc->poison_err = ERR_GONE;
	user_set(&w, id, FIELD_DUE, "2026-09-03");
	(void)world_pass(&w);
	assert_non_null(fake_titled(sf, "x"));
	assert_non_null(fake_titled(sc, "x"));
	sf->poison = sc->poison = NULL;
	for (int k = 0; k < 30; k++, w.now += MINUTE)
		(void)world_pass(&w);
	assert_string_equal(fake_word_of(sf, "x", FIELD_DUE), "2026-09-03");
	assert_string_equal(fake_word_of(sc, "x", FIELD_DUE), "2026-09-03");
	check_quiet(&w);
	world_finish(&w);
}

static void one_poisoned_task_holds_up_nobody(void **state)
{
	static const enum err errs[] = { ERR_REFUSED, ERR_DENIED, ERR_RETRY, ERR_PROTOCOL, ERR_STALE, ERR_GONE, ERR_LOST };
	for (size_t i = 0; i < sizeof(errs) / sizeof(*errs); i++) {
		world_begin(&w, BOTH);
		sf->poison = sc->poison = "bad";
		sf->poison_err = sc->poison_err = errs[i];
		user_new(&w, "x");
		user_new(&w, "bad");
		user_new(&w, "y");
		assert_int_equal(world_pass(&w), ERR_OK);
		assert_non_null(fake_titled(sf, "x"));
		assert_non_null(fake_titled(sf, "y"));
		assert_non_null(fake_titled(sc, "y"));
		sf->poison = sc->poison = NULL;
		for (int k = 0; k < 30; k++, w.now += MINUTE)
			(void)world_pass(&w);
		bool parked = errs[i] == ERR_REFUSED || errs[i] == ERR_DENIED || errs[i] == ERR_STALE || errs[i] == ERR_GONE;
		assert_int_equal(fake_live(sf), parked ? 2 : 3);
		assert_int_equal(fake_live(sc), parked ? 2 : 3);
		check_quiet(&w);
		world_finish(&w);
	}
}

static void retry_backs_off(void **state)
{
	int64_t id = shared(SF);
	sf->poison = "a";
	sf->poison_err = ERR_RETRY;
	user_set(&w, id, FIELD_DETAILS, "typed");
	fake_forget_counts(sf);
	for (int i = 0; i < 3600; i++, w.now += SECOND) {
		w.cycle[SIDE_SF].now = w.now;
		assert_int_equal(cycle_push(&w.cycle[SIDE_SF]), ERR_OK);
	}
	assert_in_range(sf->updates, 9, 13);	/* 5 s doubled to 15 min */
	sf->poison = NULL;
	w.now += 15 * MINUTE;
	check_rest(&w);
	assert_string_equal(fake_word_of(sf, "a", FIELD_DETAILS), "typed");
	world_finish(&w);
}

static void edit_meanwhile(void *arg)
{
	fake_word(arg, fake_titled(arg, "a"), FIELD_DUE, "2026-12-01");
}

static void delete_meanwhile(void *arg)
{
	fake_delete(arg, fake_titled(arg, "a"));
}

static void somebody_is_faster_their_edit_is_merged(void **state)
{
	for (unsigned sides = SC; sides <= SF; sides <<= 1) {
		struct fake *f = sides == SC ? sc : sf;
		int64_t id = shared(sides);
		f->before_write = edit_meanwhile;
		f->arg = f;
		user_set(&w, id, FIELD_DETAILS, "typed");
		assert_int_equal(world_pass(&w), ERR_OK);
		assert_string_equal(fake_word_of(f, "a", FIELD_DUE), "2026-12-01");
		assert_string_equal(fake_word_of(f, "a", FIELD_DETAILS), "typed");
		assert_string_equal(user_see(&w, "a", FIELD_DUE), "2026-12-01");
		assert_int_equal(f->fetches, 1);
		check_rest(&w);
		world_finish(&w);
	}
}

static void somebody_is_faster_their_delete_wins(void **state)
{
	int64_t id = shared(BOTH);
	sf->before_write = delete_meanwhile;
	sf->arg = sf;
	user_set(&w, id, FIELD_DETAILS, "typed");
	check_rest(&w);
	check_world(&w, "conflicts: 1\n");
	world_finish(&w);
}

static void somebody_is_faster_edit_against_our_delete(void **state)
{
	int64_t id = shared(SC);
	sc->before_write = edit_meanwhile;
	sc->arg = sc;
	user_rm(&w, id);
	check_rest(&w);
	check_world(&w, "conflicts: 1\n");
	world_finish(&w);
}

static void type_on(void *arg)
{
	user_set(&w, user_find(&w, "a"), FIELD_DETAILS, "and more");
}

static void an_edit_while_the_last_one_travels_is_not_lost(void **state)
{
	for (unsigned sides = SC; sides <= SF; sides <<= 1) {
		struct fake *f = sides == SC ? sc : sf;
		int64_t id = shared(sides);
		f->before_write = type_on;
		user_set(&w, id, FIELD_DETAILS, "typed");
		check_rest(&w);
		assert_string_equal(fake_word_of(f, "a", FIELD_DETAILS), "and more");
		world_finish(&w);
	}
}

static void edited_while_its_create_is_in_doubt(void **state)
{
	for (unsigned sides = SC; sides <= SF; sides <<= 1) {
		struct fake *f = sides == SC ? sc : sf;
		world_begin(&w, sides);
		w.fault.at = 2;
		w.fault.how = LOSE_REPLY;
		int64_t id = user_new(&w, "a");
		assert_int_equal(world_pass(&w), ERR_LOST);
		user_set(&w, id, FIELD_TITLE, "b");
		user_set(&w, id, FIELD_DETAILS, "words");
		check_rest(&w);
		assert_int_equal(fake_live(f), 1);
		assert_string_equal(fake_word_of(f, "b", FIELD_DETAILS), "words");
		world_finish(&w);
	}
}

/* Its answer is lost, and the user thinks again before we hear of it: the later word is the user's. */
static void edit_whose_answer_is_lost(enum side side, enum how how, int64_t id, enum field f, const char *value)
{
	user_set(&w, id, f, value);
	w.cycle[side].now = w.now;
	w.fault = (struct fault){ .at = 1, .how = how };
	assert_int_equal(cycle_push(&w.cycle[side]), ERR_LOST);
	w.fault = (struct fault){ 0 };
}

static void D1_what_is_undone_after_a_lost_answer_stays_undone(void **state)
{
	static const struct { enum field f; const char *before, *sent; } row[] = {
		{ FIELD_DETAILS, "before", "sent" }, { FIELD_STATUS, TASK_OPEN, TASK_COMPLETE }, { FIELD_TITLE, "a", "b" },
		{ FIELD_DUE, NULL, "2026-12-01" },
	};
	for (unsigned sides = SC; sides <= BOTH; sides++)
		for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
			for (enum how how = LOSE_UNKNOWN; how <= LOSE_REPLY; how++) {
				int64_t id = shared(sides);
				user_set(&w, id, row[i].f, row[i].before);
				check_rest(&w);
				edit_whose_answer_is_lost(sides & SF ? SIDE_SF : SIDE_SC, how, id, row[i].f, row[i].sent);
				user_set(&w, id, row[i].f, row[i].before);
				check_rest(&w);
				assert_string_equal(user_see(&w, "a", row[i].f), row[i].before ? row[i].before : "-");
				for (int f = SIDE_SC; f <= SIDE_SF; f++)
					if (sides & BIT(f)) {
						assert_non_null(fake_titled(&w.fake[f], "a"));
						assert_int_equal(fake_live(&w.fake[f]), 1);
					}
				assert_int_equal(world_conflicts(&w), 0);
				world_finish(&w);
			}
}

static void D2_what_is_changed_again_after_a_lost_answer_is_no_conflict(void **state)
{
	for (unsigned sides = SC; sides <= BOTH; sides++) {
		int64_t id = shared(sides);
		w.config.winner[0] = SIDE_SF;
		w.config.winner[1] = SIDE_SC;
		w.config.winner[2] = SIDE_LOCAL;
		edit_whose_answer_is_lost(sides & SF ? SIDE_SF : SIDE_SC, LOSE_REPLY, id, FIELD_DETAILS, "sent");
		user_set(&w, id, FIELD_DETAILS, "and again");
		check_rest(&w);
		assert_string_equal(user_see(&w, "a", FIELD_DETAILS), "and again");
		for (int f = SIDE_SC; f <= SIDE_SF; f++)
			if (sides & BIT(f))
				assert_string_equal(fake_word_of(&w.fake[f], "a", FIELD_DETAILS), "and again");
		assert_int_equal(world_conflicts(&w), 0);
		world_finish(&w);
	}
}

/* What never arrived is forgotten once the record was read: the same word is a colleague's from then on. */
static void D1_a_colleague_may_say_what_was_never_delivered(void **state)
{
	int64_t id = shared(SF);
	edit_whose_answer_is_lost(SIDE_SF, LOSE_UNKNOWN, id, FIELD_STATUS, TASK_COMPLETE);
	user_set(&w, id, FIELD_STATUS, TASK_OPEN);
	check_rest(&w);
	fake_word(sf, fake_titled(sf, "a"), FIELD_STATUS, "Completed");
	check_rest(&w);
	assert_string_equal(user_see(&w, "a", FIELD_STATUS), TASK_COMPLETE);
	world_finish(&w);
}

static void a_lost_create_is_not_sent_again_within_a_minute(void **state)
{
	world_begin(&w, SF);
	w.fault.at = 2;
	w.fault.how = LOSE_UNKNOWN;
	user_new(&w, "a");
	assert_int_equal(world_pass(&w), ERR_LOST);
	fake_forget_counts(sf);
	for (int i = 0; i < 5; i++, w.now += 11 * SECOND)
		assert_int_equal(world_pass(&w), ERR_OK);
	assert_int_equal(sf->creates, 0);
	w.now += 10 * SECOND;
	assert_int_equal(world_pass(&w), ERR_OK);
	assert_int_equal(sf->finds, 1);
	assert_int_equal(sf->creates, 1);
	check_rest(&w);
	assert_int_equal(fake_live(sf), 1);
	world_finish(&w);
}

static void a_batch_of_lost_creates_costs_no_search(void **state)
{
	world_begin(&w, SF);
	sf->page_size = 2000;
	many("new");
	w.fault.at = 2;
	w.fault.how = LOSE_REPLY;
	assert_int_equal(world_pass(&w), ERR_OK);	/* one call of three was lost */
	assert_int_equal(sf->creates, 3);
	check_rest(&w);
	assert_int_equal(fake_live(sf), 450);
	assert_int_equal(sf->finds, 0);
	world_finish(&w);
}

/* The log of the database was lost, and what it said of a create: the same task has the same key at any time. */
static void a_create_that_was_forgotten_doubles_nothing(void **state)
{
	int64_t id = shared(SC);
	assert_int_equal(sqlite3_exec(w.db, "DELETE FROM link", NULL, NULL, NULL), SQLITE_OK);
	w.now += HOUR;
	assert_int_equal(store_outbox_add(w.store, id, SIDE_SC, w.now), ERR_OK);
	check_rest(&w);
	assert_int_equal(fake_live(sc), 1);
	assert_true(user_find(&w, "a"));
	world_finish(&w);
}

static void the_key_is_forgotten_after_a_week(void **state)
{
	for (int applied = 0; applied < 2; applied++) {
		world_begin(&w, SC);
		w.fault.at = 2;
		w.fault.how = applied ? LOSE_REPLY : LOSE_UNKNOWN;
		user_new(&w, "a");
		assert_int_equal(world_pass(&w), ERR_LOST);
		for (size_t i = 0; i < sc->n; i++)
			free(sc->rec[i].once), sc->rec[i].once = NULL;
		w.now += 8 * DAY;
		check_rest(&w);
		assert_int_equal(fake_live(sc), 1);
		assert_int_equal(sc->double_keys, 0);
		world_finish(&w);
	}
}

static void a_whole_call_that_fails_ends_the_pass_and_loses_nothing(void **state)
{
	static const enum err errs[] = { ERR_AUTH, ERR_LIMIT, ERR_RETRY, ERR_PROTOCOL, ERR_LOST, ERR_OFFLINE, ERR_REFUSED };
	for (size_t i = 0; i < sizeof(errs) / sizeof(*errs); i++) {
		int64_t id = shared(BOTH);
		sf->call_err = errs[i];
		user_new(&w, "b");
		user_set(&w, id, FIELD_DETAILS, "typed");
		assert_int_equal(world_pass(&w), errs[i]);
		assert_non_null(fake_titled(sc, "b"));	/* the other remote is not held up */
		sf->call_err = ERR_OK;
		for (int k = 0; k < 30; k++, w.now += MINUTE)
			(void)world_pass(&w);
		assert_int_equal(fake_live(sf), 2);
		assert_string_equal(fake_word_of(sf, "a", FIELD_DETAILS), "typed");
		check_quiet(&w);
		world_finish(&w);
	}
}

/* What was pulled half is older than what may have been sent: the pull is finished before anything is pushed. */
static void a_push_finishes_the_pull_that_was_cut_off(void **state)
{
	int64_t id = shared(SF);
	for (int i = 0; i < 5; i++)
		fake_add(sf, (const char *[]){ "b", "c", "d", "e", "f" }[i]);
	w.fault = (struct fault){ .at = 2 };
	assert_int_not_equal(world_pass(&w), ERR_OK);
	w.fault = (struct fault){ 0 };
	user_set(&w, id, FIELD_DETAILS, "typed");
	w.cycle[SIDE_SF].now = w.now;
	assert_int_equal(cycle_push(&w.cycle[SIDE_SF]), ERR_OK);
	assert_true(user_find(&w, "f"));
	assert_string_equal(fake_word_of(sf, "a", FIELD_DETAILS), "typed");
	world_finish(&w);
}

/* A text that makes the whole call fail travels with fewer others each time, until it is alone. */
static void a_text_that_breaks_the_whole_call_is_alone_in_the_end(void **state)
{
	world_begin(&w, SF);
	sf->poison = "bad";
	sf->poisons_call = true;
	for (int i = 0; i < 12; i++) {
		char title[32];
		snprintf(title, sizeof(title), "task %d", i);
		user_new(&w, i == 5 ? "bad" : title);
	}
	for (int i = 0; i < 120; i++, w.now += MINUTE)
		(void)world_pass(&w);
	assert_int_equal(fake_live(sf), 11);
	assert_null(fake_titled(sf, "bad"));
	world_finish(&w);
}

static void another_account_is_refused_untouched(void **state)
{
	shared(BOTH);
	sf->account = "00D1/0052";
	fake_delete(sf, fake_titled(sf, "a"));
	world_restart(&w);
	int64_t rows = world_rows(&w);
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_CONFIG);
	assert_int_equal(world_rows(&w), rows);
	assert_true(user_find(&w, "a"));
	assert_non_null(strstr(w.cycle[SIDE_SF].message, "another user"));
	sf->account = "00D1/0051";
	check_rest(&w);
	assert_false(user_find(&w, "a"));
	world_finish(&w);
}

static void a_forgotten_cursor_begins_again(void **state)
{
	world_init(&w, SF);
	for (int i = 0; i < 6; i++)
		fake_add(sf, (const char *[]){ "a", "b", "c", "d", "e", "f" }[i]);
	world_enable(&w, true);
	sf->forget_cursor = true;
	check_rest(&w);
	assert_true(user_find(&w, "f"));
	world_finish(&w);
}

static bool yes(void *arg)
{
	return true;
}

static void stopped_between_requests(void **state)
{
	shared(SF);
	user_new(&w, "b");
	w.cycle[SIDE_SF].stop = yes;
	assert_int_equal(world_pass(&w), ERR_BUSY);
	w.cycle[SIDE_SF].stop = NULL;
	check_rest(&w);
	assert_int_equal(fake_live(sf), 2);
	assert_int_equal(sf->finds, 0);
	world_finish(&w);
}

/* Years ahead, years back, and on: nothing is sent or stored for the clock's sake. */
static void a_wrong_clock_changes_nothing(void **state)
{
	shared(BOTH);
	char *was = world_text(&w);
	static const int64_t leap[] = { 5 * 365 * DAY, -9 * 365 * DAY, 4 * 365 * DAY, -HOUR, DAY };
	for (size_t i = 0; i < sizeof(leap) / sizeof(*leap); i++) {
		w.now += leap[i];
		sc->skew -= leap[i];
		sf->skew -= leap[i];
		fake_forget_counts(sc);
		fake_forget_counts(sf);
		assert_true(world_rest(&w));
		assert_int_equal(fake_writes(sc) + fake_writes(sf), 0);
	}
	check_world(&w, was);
	user_new(&w, "b");
	fake_add(sf, "c");
	check_rest(&w);
	assert_int_equal(fake_live(sf), 3);
	assert_int_equal(fake_live(sc), 3);
	free(was);
	world_finish(&w);
}

static void adding_a_remote_later_follows_the_first_sync(void **state)
{
	world_init(&w, SF);
	world_enable(&w, true);
	fake_add(sf, "a");
	user_new(&w, "b");
	check_rest(&w);
	w.config.remote[SIDE_SC].configured = true;
	assert_int_equal(store_side_switch(w.store, SIDE_SC, true, w.now), ERR_OK);
	fake_add(sc, "c");
	check_rest(&w);
	assert_int_equal(fake_live(sc), 1);	/* R14: nothing old is pushed */
	assert_true(user_find(&w, "c"));
	w.now += SECOND;
	user_new(&w, "d");
	check_rest(&w);
	assert_int_equal(fake_live(sc), 2);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M_edits_are_ceil_M_over_200_calls),
		cmocka_unit_test(one_user_edit_is_one_write_a_remote),
		cmocka_unit_test(refused_text_is_kept_and_tried_once_changed),
		cmocka_unit_test(refused_create_is_made_once_changed),
		cmocka_unit_test(a_refused_edit_is_tried_again_when_the_remote_changes),
		cmocka_unit_test(D5_R19_a_404_on_an_edit_deletes_nothing),
		cmocka_unit_test(one_poisoned_task_holds_up_nobody),
		cmocka_unit_test(retry_backs_off),
		cmocka_unit_test(somebody_is_faster_their_edit_is_merged),
		cmocka_unit_test(somebody_is_faster_their_delete_wins),
		cmocka_unit_test(somebody_is_faster_edit_against_our_delete),
		cmocka_unit_test(an_edit_while_the_last_one_travels_is_not_lost),
		cmocka_unit_test(edited_while_its_create_is_in_doubt),
		cmocka_unit_test(D1_what_is_undone_after_a_lost_answer_stays_undone),
		cmocka_unit_test(D2_what_is_changed_again_after_a_lost_answer_is_no_conflict),
		cmocka_unit_test(D1_a_colleague_may_say_what_was_never_delivered),
		cmocka_unit_test(a_lost_create_is_not_sent_again_within_a_minute),
		cmocka_unit_test(a_batch_of_lost_creates_costs_no_search),
		cmocka_unit_test(a_create_that_was_forgotten_doubles_nothing),
		cmocka_unit_test(the_key_is_forgotten_after_a_week),
		cmocka_unit_test(a_whole_call_that_fails_ends_the_pass_and_loses_nothing),
		cmocka_unit_test(a_push_finishes_the_pull_that_was_cut_off),
		cmocka_unit_test(a_text_that_breaks_the_whole_call_is_alone_in_the_end),
		cmocka_unit_test(another_account_is_refused_untouched),
		cmocka_unit_test(a_forgotten_cursor_begins_again),
		cmocka_unit_test(stopped_between_requests),
		cmocka_unit_test(a_wrong_clock_changes_nothing),
		cmocka_unit_test(adding_a_remote_later_follows_the_first_sync),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
