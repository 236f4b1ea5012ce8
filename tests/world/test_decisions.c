/* Where all sources are silent: D1 to D5, D7, D9, D10. */
#include "world.h"
#include "status.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

static struct world w;
static struct fake *const sc = &w.fake[SIDE_SC], *const sf = &w.fake[SIDE_SF];

static int64_t shared(unsigned sides)
{
	world_init(&w, sides);
	world_enable(&w, true);
	check_rest(&w);
	int64_t id = user_new(&w, "a");
	check_rest(&w);
	w.now += HOUR;
	check_rest(&w);
	fake_forget_counts(sc);
	fake_forget_counts(sf);
	return id;
}

static void put(enum side side, enum field f, const char *word)
{
	fake_word(&w.fake[side], fake_titled(&w.fake[side], "a"), f, word);
}

static void check_all(enum field f, const char *want)
{
	assert_string_equal(user_see(&w, "a", f), want);
	assert_string_equal(fake_word_of(sc, "a", f), want);
	assert_string_equal(fake_word_of(sf, "a", f), want);
}

static void D1_different_fields_merge_three_parties(void **state)
{
	int64_t id = shared(BOTH);
	user_set(&w, id, FIELD_DETAILS, "ours");
	put(SIDE_SC, FIELD_DUE, "2026-12-01");
	put(SIDE_SF, FIELD_PRIORITY, "High");
	check_rest(&w);
	check_world(&w, "here: a | open | high | 2026-12-01 | ours\nSC: a | open | high | 2026-12-01 | ours\n"
			"SF: a | Not Started | High | 2026-12-01 | ours\n");
	world_finish(&w);
}

static void D1_equal_values_are_no_conflict(void **state)
{
	int64_t id = shared(BOTH);
	user_set(&w, id, FIELD_DUE, "2026-12-01");
	put(SIDE_SC, FIELD_DUE, "2026-12-01");
	put(SIDE_SF, FIELD_DUE, "2026-12-01");
	check_rest(&w);
	check_all(FIELD_DUE, "2026-12-01");
	assert_int_equal(world_conflicts(&w), 0);
	world_finish(&w);
}

static void D1_a_time_stamp_alone_is_no_change(void **state)
{
	shared(BOTH);
	fake_touch(sc, fake_titled(sc, "a"));
	fake_touch(sf, fake_titled(sf, "a"));
	assert_true(world_rest(&w));
	assert_int_equal(fake_writes(sc) + fake_writes(sf), 0);
	assert_int_equal(world_conflicts(&w), 0);
	world_finish(&w);
}

static const enum side orders[6][NSIDES] = {
	{ SIDE_LOCAL, SIDE_SF, SIDE_SC }, { SIDE_LOCAL, SIDE_SC, SIDE_SF }, { SIDE_SF, SIDE_LOCAL, SIDE_SC },
	{ SIDE_SF, SIDE_SC, SIDE_LOCAL }, { SIDE_SC, SIDE_LOCAL, SIDE_SF }, { SIDE_SC, SIDE_SF, SIDE_LOCAL },
};
static const char *const said[NSIDES] = { [SIDE_LOCAL] = "ours", [SIDE_SC] = "SC's", [SIDE_SF] = "SF's" };

/* Everybody in who says something else about the same field; the first in the order wins, whoever is asked first. */
static void clash(const enum side order[NSIDES], unsigned who, bool sf_first)
{
	int64_t id = shared(BOTH), parties = 0;
	const char *want = NULL;
	memcpy(w.config.winner, order, sizeof(w.config.winner));
	for (int i = 0; i < NSIDES; i++) {
		parties += !!(who & BIT(order[i]));
		if (!want && (who & BIT(order[i])))
			want = said[order[i]];
	}
	if (who & BIT(SIDE_LOCAL))
		user_set(&w, id, FIELD_DETAILS, said[SIDE_LOCAL]);
	for (enum side s = SIDE_SC; s < NSIDES; s++)
		if (who & BIT(s))
			put(s, FIELD_DETAILS, said[s]);
	if (sf_first)
		assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_OK);
	check_rest(&w);
	check_all(FIELD_DETAILS, want);
	assert_int_equal(world_conflicts(&w), parties - 1);	/* nobody's words are lost */
	world_finish(&w);
}

static void D2_the_first_in_the_order_wins(void **state)
{
	for (int o = 0; o < 6; o++)
		for (unsigned who = 0; who < 8; who++)
			if (who & (who - 1)) {
				clash(orders[o], who, false);
				clash(orders[o], who, true);
			}
}

static void D2_the_default_is_the_user_then_SF(void **state)
{
	struct config c;
	config_init(&c);
	assert_memory_equal(c.winner, orders[0], sizeof(c.winner));
	config_finish(&c);
}

static void D3_our_edit_their_delete(void **state)
{
	for (enum side s = SIDE_SC; s < NSIDES; s++) {
		int64_t id = shared(BOTH);
		user_set(&w, id, FIELD_DETAILS, "typed");
		fake_delete(&w.fake[s], fake_titled(&w.fake[s], "a"));
		check_rest(&w);
		check_world(&w, "conflicts: 1\n");
		w.now += 2 * DAY;
		check_rest(&w);		/* no zombie */
		check_world(&w, "conflicts: 1\n");
		world_finish(&w);
	}
}

static void D3_our_delete_their_edit(void **state)
{
	for (enum side s = SIDE_SC; s < NSIDES; s++) {
		int64_t id = shared(BOTH);
		user_rm(&w, id);
		put(s, FIELD_DETAILS, "typed there");
		check_rest(&w);
		check_world(&w, "conflicts: 1\n");
		w.now += 2 * DAY;
		check_rest(&w);
		check_world(&w, "conflicts: 1\n");
		world_finish(&w);
	}
}

static void D3_one_remote_edits_the_other_deletes(void **state)
{
	for (enum side s = SIDE_SC; s < NSIDES; s++) {
		enum side other = s == SIDE_SC ? SIDE_SF : SIDE_SC;
		shared(BOTH);
		put(s, FIELD_DETAILS, "typed there");
		fake_delete(&w.fake[other], fake_titled(&w.fake[other], "a"));
		check_rest(&w);
		check_world(&w, "conflicts: 1\n");
		world_finish(&w);
	}
}

/* A page that is older than the deletion, or an undelete: nothing comes back by itself. */
static void D3_no_zombie_returns(void **state)
{
	for (enum side s = SIDE_SC; s < NSIDES; s++) {
		struct fake *f = &w.fake[s];
		shared(BOTH);
		struct fake_record *r = fake_titled(f, "a");
		fake_delete(f, r);
		check_rest(&w);
		r->deleted = false;
		fake_word(f, r, FIELD_DETAILS, "undead");
		w.now += 25 * HOUR;
		check_rest(&w);
		assert_false(user_find(&w, "a"));
		assert_int_equal(fake_live(sc) + fake_live(sf), 1);
		assert_int_equal(world_conflicts(&w), 0);
		world_finish(&w);
	}
}

static void D3_deleted_by_both_is_no_conflict(void **state)
{
	int64_t id = shared(BOTH);
	user_rm(&w, id);
	fake_delete(sc, fake_titled(sc, "a"));
	fake_delete(sf, fake_titled(sf, "a"));
	check_rest(&w);
	check_world(&w, "");
	world_finish(&w);
}

static void D4_complete_against_delete(void **state)
{
	int64_t id = shared(BOTH);
	user_set(&w, id, FIELD_STATUS, TASK_COMPLETE);
	fake_delete(sf, fake_titled(sf, "a"));
	check_rest(&w);
	check_world(&w, "");
	world_finish(&w);
	id = shared(BOTH);
	user_rm(&w, id);
	put(SIDE_SC, FIELD_STATUS, TASK_COMPLETE);
	check_rest(&w);
	check_world(&w, "");
	world_finish(&w);
}

static void D4_complete_against_edit_both_happen(void **state)
{
	int64_t id = shared(BOTH);
	user_set(&w, id, FIELD_STATUS, TASK_COMPLETE);
	put(SIDE_SF, FIELD_DETAILS, "words");
	check_rest(&w);
	check_world(&w, "here: a | complete | normal | - | words\nSC: a | complete | normal | - | words\n"
			"SF: a | Completed | Normal | - | words\n");
	world_finish(&w);
}

static void D5_anothers_tasks_are_not_imported(void **state)
{
	world_init(&w, BOTH);
	fake_away(sc, fake_add(sc, "not mine"), true);
	world_enable(&w, true);
	check_rest(&w);
	assert_false(user_find(&w, "not mine"));
	world_finish(&w);
}

static void D5_reassigned_leaves_the_view_and_comes_back(void **state)
{
	world_init(&w, SF);
	struct fake_record *r = fake_add(sf, "a");
	world_enable(&w, true);
	check_rest(&w);
	fake_away(sf, r, true);
	w.now += 25 * HOUR;	/* the stream never shows it: the daily check does */
	check_rest(&w);
	assert_false(user_find(&w, "a"));
	assert_int_equal(fake_live(sf), 1);
	fake_away(sf, r, false);
	fake_word(sf, r, FIELD_DETAILS, "by the other");
	check_rest(&w);
	assert_string_equal(user_see(&w, "a", FIELD_DETAILS), "by the other");
	world_finish(&w);
}

static void D5_no_longer_visible_is_no_deletion(void **state)
{
	shared(BOTH);
	struct fake_record *r = fake_titled(sf, "a");
	r->hidden = true;
	w.now += 25 * HOUR;
	check_rest(&w);
	assert_int_equal(fake_live(sc), 1);
	assert_int_equal(fake_live(sf), 1);
	assert_int_equal(fake_writes(sc) + fake_writes(sf), 0);
	r->hidden = false;
	w.now += 25 * HOUR;
	check_rest(&w);
	assert_true(user_find(&w, "a"));
	world_finish(&w);
}

/* Asked for, after a gap in what the remote tells: not in a day, and once. */
static void D5_every_task_is_looked_at_when_that_is_asked_for(void **state)
{
	world_init(&w, SF);
	struct fake_record *r = fake_add(sf, "a");
	world_enable(&w, true);
	check_rest(&w);
	fake_away(sf, r, true);
	w.now += MINUTE;
	check_rest(&w);
	assert_true(user_find(&w, "a"));
	w.cycle[SIDE_SF].check = true;
	check_rest(&w);
	assert_false(user_find(&w, "a"));
	assert_false(w.cycle[SIDE_SF].check);
	world_finish(&w);
}

static void D5_an_edit_waits_until_it_is_ours_again(void **state)
{
	int64_t id = shared(SF);
	sf->down = true;
	user_set(&w, id, FIELD_DETAILS, "typed");
	(void)world_rest(&w);
	sf->down = false;
	struct fake_record *r = fake_titled(sf, "a");
	fake_away(sf, r, true);
	w.now += 25 * HOUR;
	check_rest(&w);
	assert_string_equal(fake_word_of(sf, "a", FIELD_DETAILS), "-");
	fake_away(sf, r, false);
	check_rest(&w);
	assert_string_equal(fake_word_of(sf, "a", FIELD_DETAILS), "typed");
	world_finish(&w);
}

static void D7_mirror_on_not_one_SF_request(void **state)
{
	world_init(&w, BOTH);
	sc->mirror = true;
	world_enable(&w, true);
	user_new(&w, "a");
	fake_add(sf, "b");
	check_rest(&w);
	assert_int_equal(sf->requests, 0);
	assert_non_null(strstr(w.cycle[SIDE_SF].message, "own Salesforce sync is on"));
	assert_non_null(fake_titled(sc, "a"));
	world_finish(&w);
}

static void D7_silent_until_SC_has_told(void **state)
{
	world_init(&w, BOTH);
	world_enable(&w, true);
	sc->down = true;
	user_new(&w, "a");
	(void)world_rest(&w);
	assert_int_equal(sf->requests, 0);
	sc->down = false;
	check_rest(&w);
	assert_non_null(fake_titled(sf, "a"));
	world_finish(&w);
}

/* What the vendor's mirror has made meanwhile is found, not made again. */
static void D7_mirror_off_again_pairs_and_doubles_nothing(void **state)
{
	world_init(&w, BOTH);
	sc->mirror = true;
	sc->template = "[SC] {{activity_subject}}";
	world_enable(&w, true);
	check_rest(&w);
	user_new(&w, "a");
	fake_add(sc, "b");
	check_rest(&w);
	fake_add(sf, "[SC] a");
	struct fake_record *b = fake_add(sf, "[SC] b");
	b->created_at = fake_titled(sc, "b")->created_at;
	fake_titled(sf, "[SC] a")->created_at = fake_titled(sc, "a")->created_at;
	sc->mirror = false;
	w.now += 2 * HOUR;
	check_rest(&w);
	check_world(&w, "here: a | open | normal | - | -\nhere: b | open | normal | - | -\n"
			"SC: a | open | normal | - | -\nSC: b | open | normal | - | -\n"
			"SF: [SC] a | Not Started | Normal | - | -\nSF: [SC] b | Not Started | Normal | - | -\n");
	fake_word(sf, b, FIELD_DUE, "2026-12-01");
	check_rest(&w);
	assert_string_equal(fake_word_of(sc, "b", FIELD_DUE), "2026-12-01");
	world_finish(&w);
}

static void D7_twins_join_values(void **state)
{
	world_init(&w, BOTH);
	world_enable(&w, true);
	check_rest(&w);
	struct fake_record *x = fake_add(sc, "a"), *y = fake_add(sf, "a");
	fake_word(sc, x, FIELD_DETAILS, "only SC has words");
	fake_word(sf, y, FIELD_PRIORITY, "Low");
	fake_word(sf, y, FIELD_STATUS, "In Progress");
	x->created_at = y->created_at = w.now;
	check_rest(&w);
	check_world(&w, "here: a | open | normal | - | only SC has words\nSC: a | open | normal | - | only SC has words\n"
			"SF: a | In Progress | Low | - | only SC has words\n");
	world_finish(&w);
}

static void D7_not_twins_three_minutes_apart(void **state)
{
	world_init(&w, BOTH);
	world_enable(&w, true);
	check_rest(&w);
	w.now += HOUR;
	fake_add(sc, "a")->created_at = w.now - 3 * MINUTE;
	struct fake_record *r = fake_add(sf, "a");
	r->created_at = w.now;
	fake_word(sf, r, FIELD_DETAILS, "another");
	check_rest(&w);
	assert_int_equal(fake_live(sc), 2);
	assert_int_equal(fake_live(sf), 2);
	world_finish(&w);
}

/* A copy that somebody made hours later, the same in all fields, is no second task. */
static void D7_a_whole_copy_is_a_twin_of_any_age(void **state)
{
	world_init(&w, BOTH);
	world_enable(&w, true);
	check_rest(&w);
	w.now += 3 * HOUR;
	fake_add(sc, "a")->created_at = w.now - 2 * HOUR;
	fake_add(sf, "a")->created_at = w.now;
	check_rest(&w);
	assert_int_equal(fake_live(sc), 1);
	assert_int_equal(fake_live(sf), 1);
	world_finish(&w);
}

static void D7_a_twin_from_SF_gets_the_plain_name(void **state)
{
	world_init(&w, BOTH);
	sc->template = "[SC] {{activity_subject}}";
	world_enable(&w, true);
	check_rest(&w);
	fake_add(sf, "[SC] a")->created_at = w.now;
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_OK);	/* known as "[SC] a" for a moment */
	fake_add(sc, "a")->created_at = w.now;
	check_rest(&w);
	check_world(&w, "here: a | open | normal | - | -\nSC: a | open | normal | - | -\n"
			"SF: [SC] a | Not Started | Normal | - | -\n");
	world_finish(&w);
}

static void D9_series_masters_stay_out_occurrences_are_tasks(void **state)
{
	world_init(&w, SF);
	fake_add(sf, "series")->master = true;
	struct fake_record *r = fake_add(sf, "weekly");
	world_enable(&w, true);
	check_rest(&w);
	assert_false(user_find(&w, "series"));
	user_set(&w, user_find(&w, "weekly"), FIELD_STATUS, TASK_COMPLETE);
	check_rest(&w);
	assert_string_equal(r->word[FIELD_STATUS], "Completed");
	fake_word(sf, fake_add(sf, "weekly"), FIELD_DUE, "2026-12-08");	/* Salesforce makes the next one */
	check_rest(&w);
	check_world(&w, "here: weekly | complete | normal | - | -\nhere: weekly | open | normal | 2026-12-08 | -\n"
			"SF: series | Not Started | Normal | - | -\nSF: weekly | Completed | Normal | - | -\n"
			"SF: weekly | Not Started | Normal | 2026-12-08 | -\n");
	world_finish(&w);
}

static void D10_archived_is_ordinary(void **state)
{
	int64_t id = shared(SF);
	user_set(&w, id, FIELD_STATUS, TASK_COMPLETE);
	check_rest(&w);
	w.now += 400 * DAY;
	fake_titled(sf, "a")->archived = true;
	fake_touch(sf, fake_titled(sf, "a"));
	check_rest(&w);
	assert_string_equal(user_see(&w, "a", FIELD_STATUS), TASK_COMPLETE);
	user_set(&w, id, FIELD_DETAILS, "still can be edited");
	check_rest(&w);
	assert_string_equal(fake_word_of(sf, "a", FIELD_DETAILS), "still can be edited");
	world_finish(&w);
}

static void check_status(const char *want, bool there)
{
	AUTO_BUF b = BUF_INIT;
	assert_int_equal(status_render(w.store, w.now, &b), ERR_OK);
	if (!strstr(buf_str(&b), want) == there)
		fail_msg("\"%s\" %s in:\n%s", want, there ? "not" : "is", buf_str(&b));
}

/* Whichever side it was completed on: it is Sales Connect that starts the step. */
static void D8_status_says_that_a_campaign_goes_on(void **state)
{
	for (int from_sf = 0; from_sf < 2; from_sf++) {
		world_init(&w, BOTH);
		world_enable(&w, true);
		check_rest(&w);
		w.now += MINUTE;
		fake_add(sc, "Call Bob")->campaign = "Q3 renewals";
		fake_add(sc, "plain");
		check_rest(&w);
		user_set(&w, user_find(&w, "plain"), FIELD_STATUS, TASK_COMPLETE);
		check_rest(&w);
		check_status("campaign", false);
		if (from_sf)
			fake_word(sf, fake_titled(sf, "Call Bob"), FIELD_STATUS, "Completed");
		else
			user_set(&w, user_find(&w, "Call Bob"), FIELD_STATUS, TASK_COMPLETE);
		check_rest(&w);
		check_status("1 campaign task was completed: Sales Connect starts the person's next step"
			     " (last: Call Bob, Q3 renewals)\n", true);
		user_set(&w, user_find(&w, "Call Bob"), FIELD_DETAILS, "an edit is none");
		check_rest(&w);
		check_status("reopened", false);
		user_set(&w, user_find(&w, "Call Bob"), FIELD_STATUS, TASK_OPEN);
		check_rest(&w);
		check_status("1 campaign task was reopened: that does not undo the step it started\n", true);
		w.now += DAY;
		check_status("campaign", false);
		world_finish(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(D1_different_fields_merge_three_parties),
		cmocka_unit_test(D1_equal_values_are_no_conflict),
		cmocka_unit_test(D1_a_time_stamp_alone_is_no_change),
		cmocka_unit_test(D2_the_first_in_the_order_wins),
		cmocka_unit_test(D2_the_default_is_the_user_then_SF),
		cmocka_unit_test(D3_our_edit_their_delete),
		cmocka_unit_test(D3_our_delete_their_edit),
		cmocka_unit_test(D3_one_remote_edits_the_other_deletes),
		cmocka_unit_test(D3_no_zombie_returns),
		cmocka_unit_test(D3_deleted_by_both_is_no_conflict),
		cmocka_unit_test(D4_complete_against_delete),
		cmocka_unit_test(D4_complete_against_edit_both_happen),
		cmocka_unit_test(D5_anothers_tasks_are_not_imported),
		cmocka_unit_test(D5_reassigned_leaves_the_view_and_comes_back),
		cmocka_unit_test(D5_no_longer_visible_is_no_deletion),
		cmocka_unit_test(D5_every_task_is_looked_at_when_that_is_asked_for),
		cmocka_unit_test(D5_an_edit_waits_until_it_is_ours_again),
		cmocka_unit_test(D7_mirror_on_not_one_SF_request),
		cmocka_unit_test(D7_silent_until_SC_has_told),
		cmocka_unit_test(D7_mirror_off_again_pairs_and_doubles_nothing),
		cmocka_unit_test(D7_twins_join_values),
		cmocka_unit_test(D7_not_twins_three_minutes_apart),
		cmocka_unit_test(D7_a_whole_copy_is_a_twin_of_any_age),
		cmocka_unit_test(D7_a_twin_from_SF_gets_the_plain_name),
		cmocka_unit_test(D9_series_masters_stay_out_occurrences_are_tasks),
		cmocka_unit_test(D10_archived_is_ordinary),
		cmocka_unit_test(D8_status_says_that_a_campaign_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
