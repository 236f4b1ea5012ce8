/* Switching on and the first sync: R1, R2, R13 to R19. */
#include "world.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

static struct world w;

static struct fake *const sc = &w.fake[SIDE_SC], *const sf = &w.fake[SIDE_SF];

static void R01_off_no_request_to_the_peer(void **state)
{
	world_init(&w, BOTH);
	fake_add(sc, "from SC");
	fake_add(sf, "from SF");
	user_new(&w, "from here");
	check_rest(&w);
	assert_int_equal(sf->requests, 0);
	check_world(&w, "here: from SC | open | normal | - | -\nhere: from here | open | normal | - | -\n"
			"SC: from SC | open | normal | - | -\nSC: from here | open | normal | - | -\n"
			"SF: from SF | Not Started | Normal | - | -\n");
	world_finish(&w);
}

static void R01_switched_off_stops_at_once(void **state)
{
	world_init(&w, BOTH);
	world_enable(&w, true);
	check_rest(&w);
	int64_t id = user_new(&w, "a");
	check_rest(&w);
	world_enable(&w, false);
	fake_forget_counts(sf);
	user_set(&w, id, FIELD_DETAILS, "edited while off");
	assert_true(world_rest(&w));
	assert_int_equal(sf->requests, 0);
	assert_string_equal(fake_word_of(sc, "a", FIELD_DETAILS), "edited while off");
	world_finish(&w);
}

static void R02_both_ways(void **state)
{
	world_init(&w, BOTH);
	world_enable(&w, true);
	fake_add(sf, "from SF");
	check_rest(&w);
	w.now += MINUTE;
	fake_add(sc, "from SC");
	user_new(&w, "from here");
	check_rest(&w);
	check_world(&w, "here: from SC | open | normal | - | -\nhere: from SF | open | normal | - | -\n"
			"here: from here | open | normal | - | -\n"
			"SC: from SC | open | normal | - | -\nSC: from SF | open | normal | - | -\n"
			"SC: from here | open | normal | - | -\n"
			"SF: from SC | Not Started | Normal | - | -\nSF: from SF | Not Started | Normal | - | -\n"
			"SF: from here | Not Started | Normal | - | -\n");
	world_finish(&w);
}

static void R13_first_enable_imports(void **state)
{
	world_init(&w, SF);
	for (int i = 0; i < 5; i++)
		fake_add(sf, (const char *[]){ "a", "b", "c", "d", "e" }[i]);
	world_enable(&w, true);
	assert_int_equal(world_pass(&w), ERR_OK);
	assert_int_equal(sf->pulls, 3);
	assert_int_equal(sf->fetches, 0);
	assert_true(user_find(&w, "e"));
	check_quiet(&w);
	world_finish(&w);
}

static void R14_first_enable_pushes_nothing(void **state)
{
	world_init(&w, BOTH);
	fake_add(sc, "old in SC");
	user_new(&w, "old here");
	check_rest(&w);
	w.now += MINUTE;
	world_enable(&w, true);
	assert_true(world_rest(&w));
	assert_int_equal(fake_writes(sf), 0);
	assert_int_equal(fake_live(sf), 0);
	world_finish(&w);
}

static void R15_old_task_edited_later_stays_here(void **state)
{
	world_init(&w, BOTH);
	int64_t id = user_new(&w, "old");
	check_rest(&w);
	w.now += MINUTE;
	world_enable(&w, true);
	check_rest(&w);
	user_set(&w, id, FIELD_DETAILS, "new words");
	fake_word(sc, fake_titled(sc, "old"), FIELD_DUE, "2026-12-01");
	check_rest(&w);
	assert_int_equal(fake_live(sf), 0);
	world_finish(&w);
}

static void R15_imported_is_never_pushed_back_as_new(void **state)
{
	world_init(&w, BOTH);
	fake_add(sf, "from SF");
	world_enable(&w, true);
	check_rest(&w);
	assert_int_equal(fake_live(sf), 1);
	assert_int_equal(fake_live(sc), 1);
	world_finish(&w);
}

static void R15_created_while_the_first_import_runs(void **state)
{
	world_init(&w, BOTH);
	for (int i = 0; i < 6; i++)
		fake_add(sf, (const char *[]){ "a", "b", "c", "d", "e", "f" }[i]);
	world_enable(&w, true);
	w.fault.at = 4;		/* SC: hello, pull; SF: hello, page, dead */
	assert_int_not_equal(world_pass(&w), ERR_OK);
	w.now += SECOND;
	user_new(&w, "new");
	fake_add(sc, "new in SC");
	check_rest(&w);
	assert_int_equal(fake_live(sf), 8);
	world_finish(&w);
}

static void R15_off_and_on_again(void **state)
{
	world_init(&w, BOTH);
	world_enable(&w, true);
	check_rest(&w);
	int64_t linked = user_new(&w, "linked");
	check_rest(&w);
	world_enable(&w, false);
	w.now += HOUR;
	int64_t between = user_new(&w, "made while off");
	fake_add(sc, "made in SC while off");
	check_rest(&w);
	w.now += HOUR;
	world_enable(&w, true);
	user_set(&w, linked, FIELD_PRIORITY, TASK_HIGH);
	user_set(&w, between, FIELD_PRIORITY, TASK_HIGH);
	w.now += SECOND;
	user_new(&w, "made after");
	fake_add(sc, "made in SC after");
	check_rest(&w);
	assert_int_equal(fake_live(sf), 3);
	assert_string_equal(fake_word_of(sf, "linked", FIELD_PRIORITY), "High");
	assert_non_null(fake_titled(sf, "made after"));
	assert_non_null(fake_titled(sf, "made in SC after"));
	world_finish(&w);
}

/* created_at is Sales Connect's, enabled_at ours: clocks that differ by an hour must not decide. */
static void clocks_differ(int64_t skew)
{
	world_init(&w, BOTH);
	sc->skew = skew;
	check_rest(&w);
	fake_add(sc, "a minute before");
	w.now += MINUTE;
	world_enable(&w, true);
	w.now += SECOND;
	check_rest(&w);
	w.now += MINUTE;
	fake_add(sc, "a minute after");
	check_rest(&w);
	assert_int_equal(fake_live(sf), 1);
	assert_non_null(fake_titled(sf, "a minute after"));
	world_finish(&w);
}

static void R15_the_clock_of_SC_may_differ(void **state)
{
	clocks_differ(HOUR);
	clocks_differ(-HOUR);
	clocks_differ(-3 * 365 * DAY);
}

static void R16_progress_is_stored_page_by_page(void **state)
{
	struct side_state st;
	world_init(&w, SF);
	for (int i = 0; i < 5; i++)
		fake_add(sf, (const char *[]){ "a", "b", "c", "d", "e" }[i]);
	world_enable(&w, true);
	w.fault.at = 4;		/* hello, two pages, dead */
	assert_int_not_equal(world_pass(&w), ERR_OK);
	assert_int_equal(store_side(w.store, SIDE_SF, &st), ERR_OK);
	assert_int_equal(st.done, 4);
	assert_int_equal(st.total, 5);
	assert_true(user_find(&w, "d"));
	w.fault = (struct fault){ 0 };
	fake_forget_counts(sf);
	assert_int_equal(world_pass(&w), ERR_OK);
	assert_int_equal(sf->pulls, 1 + 3);	/* resumed, not begun again; then what changed of late */
	assert_int_equal(store_side(w.store, SIDE_SF, &st), ERR_OK);
	assert_int_equal(st.total, 0);
	world_finish(&w);
}

static void at_age(const char *title, int64_t age)
{
	struct fake_record *r = fake_add(sf, title);
	r->created_at = r->changed_at = w.now - age;
}

static void R17_edges_23_59_59_in_24_00_00_in_24_00_01_out(void **state)
{
	struct side_state st;
	world_init(&w, SF);
	at_age("23:59:59", DAY - SECOND);
	at_age("24:00:00", DAY);
	at_age("24:00:01", DAY + SECOND);
	world_enable(&w, true);
	check_rest(&w);
	assert_int_equal(sf->first, FIRST_24H);
	assert_true(user_find(&w, "23:59:59"));
	assert_true(user_find(&w, "24:00:00"));
	assert_false(user_find(&w, "24:00:01"));
	assert_int_equal(store_side(w.store, SIDE_SF, &st), ERR_OK);
	assert_int_equal(st.left_out, 1);
	world_finish(&w);
}

static void R17_the_window_is_the_servers_clock(void **state)
{
	world_init(&w, SF);
	sf->skew = -2 * HOUR;
	fake_add(sf, "a");
	world_enable(&w, true);
	assert_int_equal(world_pass(&w), ERR_OK);
	assert_int_equal(sf->first_now, w.now - 2 * HOUR);
	world_finish(&w);
}

static void R17_a_resumed_import_keeps_its_window(void **state)
{
	world_init(&w, SF);
	at_age("almost a day old", DAY - MINUTE);
	for (int i = 0; i < 4; i++)
		at_age((const char *[]){ "a", "b", "c", "d" }[i], DAY - 2 * MINUTE - i * SECOND);
	world_enable(&w, true);
	w.fault.at = 3;
	assert_int_not_equal(world_pass(&w), ERR_OK);
	w.fault = (struct fault){ 0 };
	w.now += 3 * DAY;
	world_restart(&w);
	check_rest(&w);
	assert_true(user_find(&w, "almost a day old"));
	world_finish(&w);
}

static void R17_an_import_that_got_no_page_keeps_its_window(void **state)
{
	world_init(&w, SF);
	at_age("almost a day old", DAY - MINUTE);
	world_enable(&w, true);
	w.fault.at = 2;		/* hello, dead */
	assert_int_not_equal(world_pass(&w), ERR_OK);
	w.now += 3 * DAY;
	world_restart(&w);
	check_rest(&w);
	assert_true(user_find(&w, "almost a day old"));
	world_finish(&w);
}

static void R17_away_longer_than_a_day_loses_nothing(void **state)
{
	world_init(&w, SF);
	fake_add(sf, "first");
	world_enable(&w, true);
	check_rest(&w);
	w.now += HOUR;
	fake_add(sf, "while we were away");
	w.now += 9 * DAY;
	check_rest(&w);
	assert_true(user_find(&w, "while we were away"));
	world_finish(&w);
}

/* The edits of before are older than what a wider import sees last. */
static void R17_a_wider_import_keeps_the_mark(void **state)
{
	AUTO_FREE char *mark = NULL;
	world_init(&w, SF);
	fake_add(sf, "now");
	at_age("2 days", 2 * DAY);
	world_enable(&w, true);
	check_rest(&w);
	assert_int_equal(store_meta(w.store, "sf.mark", &mark), ERR_OK);
	w.config.first_import = FIRST_30D;
	w.now += DAY;
	fake_word(sf, fake_titled(sf, "now"), FIELD_STATUS, "Completed");
	w.now += 2 * DAY;
	w.config.first_import = FIRST_OPEN;	/* does not show it: it is closed, and not of today */
	assert_int_equal(world_pass(&w), ERR_OK);
	assert_true(world_meta(&w, "sf.mark", mark));
	check_rest(&w);
	assert_string_equal(user_see(&w, "now", FIELD_STATUS), TASK_COMPLETE);
	world_finish(&w);
}

static void R17_raising_the_setting_brings_the_rest_once(void **state)
{
	struct side_state st;
	world_init(&w, SF);
	at_age("2 days", 2 * DAY);
	at_age("40 days", 40 * DAY);
	at_age("now", 0);
	world_enable(&w, true);
	check_rest(&w);
	assert_int_equal(store_side(w.store, SIDE_SF, &st), ERR_OK);
	assert_int_equal(st.left_out, 2);
	w.config.first_import = FIRST_30D;
	check_rest(&w);
	assert_true(user_find(&w, "2 days"));
	assert_false(user_find(&w, "40 days"));
	w.config.first_import = FIRST_OPEN;
	check_rest(&w);
	assert_true(user_find(&w, "40 days"));
	assert_int_equal(store_side(w.store, SIDE_SF, &st), ERR_OK);
	assert_int_equal(st.left_out, 0);
	w.config.first_import = FIRST_24H;
	check_quiet(&w);
	world_finish(&w);
}

static void dated(struct fake *f, const char *title, const char *due, int64_t age)
{
	struct fake_record *r = fake_add(f, title);
	fake_word(f, r, FIELD_DUE, due);
	r->ours = true;
	r->created_at = r->changed_at = w.now - age;
}

/* What is in both systems since before this mount was, and the same, is joined at once, though there is another
 * of its name. */
static void R17_old_pairs_of_one_name_do_not_wait(void **state)
{
	world_init(&w, BOTH);
	for (int i = 0; i < 2; i++) {
		dated(sc, "Call", i ? "2026-09-03" : "2026-09-02", 3 * HOUR);
		dated(sf, "Call", i ? "2026-09-03" : "2026-09-02", 2 * HOUR);
	}
	dated(sf, "Call", "2026-09-04", 2 * HOUR);
	world_enable(&w, true);
	assert_int_equal(world_pass(&w), ERR_OK);
	assert_int_equal(world_pass(&w), ERR_OK);
	check_world(&w, "here: Call | open | normal | 2026-09-02 | -\nhere: Call | open | normal | 2026-09-03 | -\n"
			"here: Call | open | normal | 2026-09-04 | -\n"
			"SC: Call | open | normal | 2026-09-02 | -\nSC: Call | open | normal | 2026-09-03 | -\n"
			"SC: Call | open | normal | 2026-09-04 | -\n"
			"SF: Call | Not Started | Normal | 2026-09-02 | -\nSF: Call | Not Started | Normal | 2026-09-03 | -\n"
			"SF: Call | Not Started | Normal | 2026-09-04 | -\n");
	world_finish(&w);
}

static void R18_the_rest_is_synced_and_kept(void **state)
{
	world_init(&w, SF);
	struct fake_record *r = fake_add(sf, "next year");
	fake_word(sf, r, FIELD_DUE, "2027-11-01");
	world_enable(&w, true);
	check_rest(&w);
	assert_string_equal(user_see(&w, "next year", FIELD_DUE), "2027-11-01");
	world_finish(&w);
}

/* A task that both know; it is deleted there while we are off for so many days. */
static void deleted_while_off(int days, bool kept)
{
	world_init(&w, SF);
	fake_add(sf, "doomed");
	fake_add(sf, "other");
	world_enable(&w, true);
	check_rest(&w);
	world_enable(&w, false);
	fake_delete(sf, fake_titled(sf, "doomed"));
	sf->bin_is_kept = kept;
	w.now += days * DAY;
	world_restart(&w);
	world_enable(&w, true);
	fake_forget_counts(sf);
	check_rest(&w);
	assert_true(user_find(&w, "other"));
}

static bool row_is(int64_t id, enum gone want)
{
	enum gone gone;
	assert_int_equal(store_gone(w.store, id, &gone), ERR_OK);
	return gone == want;
}

static void R19_day_14_goes(void **state)
{
	deleted_while_off(14, false);
	assert_true(row_is(1, GONE_DELETED));
	world_finish(&w);
}

static void R19_day_16_is_checked_one_by_one_and_absence_is_no_deletion(void **state)
{
	deleted_while_off(16, false);
	assert_true(row_is(1, GONE_AWAY));	/* purged: nobody can tell */
	assert_int_equal(fake_writes(sf), 0);
	world_finish(&w);
}

static void R19_day_16_a_tombstone_by_id_is_a_deletion(void **state)
{
	deleted_while_off(16, true);
	assert_true(row_is(1, GONE_DELETED));
	world_finish(&w);
}

/* Off for an hour: what the stream cannot show is looked up at once, not a day later. */
static void R19_switching_on_again_checks(void **state)
{
	world_init(&w, SF);
	fake_add(sf, "a");
	world_enable(&w, true);
	check_rest(&w);
	world_enable(&w, false);
	fake_away(sf, fake_titled(sf, "a"), true);
	w.now += HOUR;
	world_enable(&w, true);
	check_rest(&w);
	assert_false(user_find(&w, "a"));
	world_finish(&w);
}

static void R19_a_first_ever_enable_deletes_nothing(void **state)
{
	world_init(&w, SF);
	fake_delete(sf, fake_add(sf, "long gone"));
	fake_add(sf, "here");
	world_enable(&w, true);
	check_rest(&w);
	check_world(&w, "here: here | open | normal | - | -\nSF: here | Not Started | Normal | - | -\n");
	world_finish(&w);
}

static void R20_switching_off_deletes_nothing(void **state)
{
	world_init(&w, BOTH);
	world_enable(&w, true);
	fake_add(sf, "a");
	check_rest(&w);
	char *was = world_text(&w);
	world_enable(&w, false);
	check_rest(&w);
	check_world(&w, was);
	free(was);
	world_finish(&w);
}

static void R20_an_idle_pass_is_one_call_a_remote(void **state)
{
	world_init(&w, BOTH);
	sc->page_size = sf->page_size = 100;
	world_enable(&w, true);
	for (int i = 0; i < 5; i++)
		fake_add(sf, (const char *[]){ "a", "b", "c", "d", "e" }[i]);
	check_rest(&w);
	check_quiet(&w);
	assert_int_equal(sc->requests, 1);
	assert_int_equal(sf->requests, 1);
	world_finish(&w);
}

static void R23_one_switch(void **state)
{
	world_init(&w, BOTH);
	user_new(&w, "a");
	check_rest(&w);
	assert_int_equal(sf->requests, 0);
	w.now += MINUTE;
	world_enable(&w, true);
	user_new(&w, "b");
	check_rest(&w);
	assert_int_equal(fake_live(sf), 1);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R01_off_no_request_to_the_peer),
		cmocka_unit_test(R01_switched_off_stops_at_once),
		cmocka_unit_test(R02_both_ways),
		cmocka_unit_test(R13_first_enable_imports),
		cmocka_unit_test(R14_first_enable_pushes_nothing),
		cmocka_unit_test(R15_old_task_edited_later_stays_here),
		cmocka_unit_test(R15_imported_is_never_pushed_back_as_new),
		cmocka_unit_test(R15_created_while_the_first_import_runs),
		cmocka_unit_test(R15_off_and_on_again),
		cmocka_unit_test(R15_the_clock_of_SC_may_differ),
		cmocka_unit_test(R16_progress_is_stored_page_by_page),
		cmocka_unit_test(R17_edges_23_59_59_in_24_00_00_in_24_00_01_out),
		cmocka_unit_test(R17_the_window_is_the_servers_clock),
		cmocka_unit_test(R17_a_resumed_import_keeps_its_window),
		cmocka_unit_test(R17_an_import_that_got_no_page_keeps_its_window),
		cmocka_unit_test(R17_away_longer_than_a_day_loses_nothing),
		cmocka_unit_test(R17_a_wider_import_keeps_the_mark),
		cmocka_unit_test(R17_raising_the_setting_brings_the_rest_once),
		cmocka_unit_test(R17_old_pairs_of_one_name_do_not_wait),
		cmocka_unit_test(R18_the_rest_is_synced_and_kept),
		cmocka_unit_test(R19_day_14_goes),
		cmocka_unit_test(R19_day_16_is_checked_one_by_one_and_absence_is_no_deletion),
		cmocka_unit_test(R19_day_16_a_tombstone_by_id_is_a_deletion),
		cmocka_unit_test(R19_switching_on_again_checks),
		cmocka_unit_test(R19_a_first_ever_enable_deletes_nothing),
		cmocka_unit_test(R20_switching_off_deletes_nothing),
		cmocka_unit_test(R20_an_idle_pass_is_one_call_a_remote),
		cmocka_unit_test(R23_one_switch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
