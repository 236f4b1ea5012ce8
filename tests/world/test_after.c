/* After the first sync: R3 to R12, R21, R22, R24 to R27, on both systems. */
#include "world.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

static struct world w;
static struct fake *const sc = &w.fake[SIDE_SC], *const sf = &w.fake[SIDE_SF];

/* One task "a", made here, known to all. */
static int64_t shared(const char *template)
{
	world_init(&w, BOTH);
	sc->template = template;
	world_enable(&w, true);
	check_rest(&w);
	int64_t id = user_new(&w, "a");
	check_rest(&w);
	fake_forget_counts(sc);
	fake_forget_counts(sf);
	return id;
}

/* One task that began in Salesforce with these words. */
static int64_t from_sf(const char *status, const char *priority)
{
	world_init(&w, BOTH);
	struct fake_record *r = fake_add(sf, "a");
	fake_word(sf, r, FIELD_STATUS, status);
	fake_word(sf, r, FIELD_PRIORITY, priority);
	world_enable(&w, true);
	check_rest(&w);
	fake_forget_counts(sc);
	fake_forget_counts(sf);
	return user_find(&w, "a");
}

#define at_sf(f) fake_word_of(sf, "a", FIELD_##f)
#define at_sc(f) fake_word_of(sc, "a", FIELD_##f)
#define here(f) user_see(&w, "a", FIELD_##f)

static void R03_an_update_carries_what_changed_and_no_more(void **state)
{
	int64_t id = shared(NULL);
	user_set(&w, id, FIELD_DETAILS, "words");
	assert_int_equal(world_pass(&w), ERR_OK);
	assert_int_equal(sf->sent, BIT(FIELD_DETAILS));
	assert_int_equal(sc->sent, BIT(FIELD_DETAILS));
	assert_int_equal(fake_writes(sf), 1);
	assert_int_equal(fake_writes(sc), 1);
	check_rest(&w);
	world_finish(&w);
}

static void R03_a_colleagues_edit_is_one_write_at_the_other(void **state)
{
	shared(NULL);
	w.now += HOUR;
	fake_word(sf, fake_titled(sf, "a"), FIELD_DETAILS, "words");
	assert_true(world_rest(&w));
	assert_int_equal(fake_writes(sf), 0);
	assert_int_equal(fake_writes(sc), 1);
	world_finish(&w);
}

static void R04_R26_the_two_names_may_differ_for_ever(void **state)
{
	shared("[SC] {{activity_subject}}");
	assert_non_null(fake_titled(sf, "[SC] a"));
	assert_true(user_find(&w, "a"));
	w.now += DAY;
	check_rest(&w);
	fake_word(sf, fake_titled(sf, "[SC] a"), FIELD_DUE, "2026-12-24");
	check_rest(&w);
	check_world(&w, "here: a | open | normal | 2026-12-24 | -\nSC: a | open | normal | 2026-12-24 | -\n"
			"SF: [SC] a | Not Started | Normal | 2026-12-24 | -\n");
	world_finish(&w);
}

static void R05_two_statuses(void **state)
{
	static const char *const word[] = { "Not Started", "In Progress", "Completed", "Waiting on someone else",
		"Not Started", "Deferred", "Completed", "Cancelled", NULL };
	from_sf("Not Started", "Normal");
	for (int i = 0; word[i]; i++) {
		fake_word(sf, fake_titled(sf, "a"), FIELD_STATUS, word[i]);
		check_rest(&w);
		assert_true(!strcmp(here(STATUS), TASK_OPEN) || !strcmp(here(STATUS), TASK_COMPLETE));
		assert_string_equal(at_sc(STATUS), here(STATUS));
		assert_string_equal(at_sf(STATUS), word[i]);
	}
	world_finish(&w);
}

static void R06_R07_open_and_complete_both_ways(void **state)
{
	int64_t id = shared(NULL);
	user_set(&w, id, FIELD_STATUS, TASK_COMPLETE);
	check_rest(&w);
	assert_string_equal(at_sf(STATUS), "Completed");
	assert_string_equal(at_sc(STATUS), TASK_COMPLETE);
	fake_word(sf, fake_titled(sf, "a"), FIELD_STATUS, "Not Started");	/* a reopen */
	check_rest(&w);
	assert_string_equal(here(STATUS), TASK_OPEN);
	assert_string_equal(at_sc(STATUS), TASK_OPEN);
	fake_word(sc, fake_titled(sc, "a"), FIELD_STATUS, TASK_COMPLETE);
	check_rest(&w);
	assert_string_equal(at_sf(STATUS), "Completed");
	user_set(&w, id, FIELD_STATUS, TASK_OPEN);
	check_rest(&w);
	assert_string_equal(at_sf(STATUS), "Not Started");
	world_finish(&w);
}

static void R08_in_progress_leaves_SC_status(void **state)
{
	shared(NULL);
	fake_word(sf, fake_titled(sf, "a"), FIELD_STATUS, "In Progress");
	check_rest(&w);
	assert_string_equal(at_sc(STATUS), TASK_OPEN);
	assert_string_equal(here(STATUS), TASK_OPEN);
	assert_string_equal(at_sf(STATUS), "In Progress");
	world_finish(&w);
}

static void R08_a_new_task_in_progress_is_open_and_remembered(void **state)
{
	int64_t id = from_sf("In Progress", "Normal");
	AUTO_LINK l = LINK_INIT;
	assert_string_equal(here(STATUS), TASK_OPEN);
	assert_string_equal(at_sc(STATUS), TASK_OPEN);
	assert_int_equal(store_link(w.store, id, SIDE_SF, &l), ERR_OK);
	assert_string_equal(l.raw[FIELD_STATUS], "In Progress");
	world_finish(&w);
}

static void R08_an_edit_elsewhere_never_resets_the_status(void **state)
{
	int64_t id = from_sf("Waiting on someone else", "Normal");
	user_set(&w, id, FIELD_DETAILS, "words");
	fake_word(sc, fake_titled(sc, "a"), FIELD_DUE, "2026-12-01");
	check_rest(&w);
	assert_string_equal(at_sf(STATUS), "Waiting on someone else");
	assert_string_equal(at_sf(DUE), "2026-12-01");
	assert_string_equal(at_sf(DETAILS), "words");
	world_finish(&w);
}

static void R08_completing_here_does_reach_a_task_in_progress(void **state)
{
	int64_t id = from_sf("In Progress", "Normal");
	user_set(&w, id, FIELD_STATUS, TASK_COMPLETE);
	check_rest(&w);
	assert_string_equal(at_sf(STATUS), "Completed");
	world_finish(&w);
}

static void R08_a_custom_closed_value_is_not_guessed(void **state)
{
	shared(NULL);
	fake_word(sf, fake_titled(sf, "a"), FIELD_STATUS, "Closed - no answer");
	check_rest(&w);
	assert_string_equal(here(STATUS), TASK_OPEN);
	assert_string_equal(at_sf(STATUS), "Closed - no answer");
	world_finish(&w);
}

static void R08_the_other_fields_cross(void **state)
{
	shared(NULL);
	struct fake_record *r = fake_titled(sf, "a");
	fake_word(sf, r, FIELD_STATUS, "In Progress");
	fake_word(sf, r, FIELD_DETAILS, "words");
	fake_word(sf, r, FIELD_PRIORITY, "High");
	check_rest(&w);
	assert_string_equal(at_sc(DETAILS), "words");
	assert_string_equal(at_sc(PRIORITY), TASK_HIGH);
	world_finish(&w);
}

static void R08_skip_is_the_strict_reading(void **state)
{
	world_init(&w, BOTH);
	w.config.other_values_skip = true;
	struct fake_record *r = fake_add(sf, "a");
	fake_word(sf, r, FIELD_STATUS, "In Progress");
	world_enable(&w, true);
	check_rest(&w);
	assert_false(user_find(&w, "a"));
	fake_word(sf, r, FIELD_STATUS, "Not Started");
	check_rest(&w);
	assert_true(user_find(&w, "a"));
	assert_string_equal(at_sc(STATUS), TASK_OPEN);
	world_finish(&w);
}

/* Its key says that a mount made it, of a task that comes to Sales Connect only now. */
static void R08_another_mounts_copy_is_not_skipped(void **state)
{
	int64_t enabled_at;
	world_init(&w, BOTH);
	w.config.other_values_skip = true;
	sf->remote.once_is_kept = true;
	enabled_at = w.now;
	world_enable(&w, true);
	check_rest(&w);
	user_new(&w, "a");
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_OK);
	check_rest(&w);
	fake_word(sf, &sf->rec[0], FIELD_STATUS, "In Progress");
	world_another(&w, enabled_at);
	sc->rec[0].hidden = true;
	assert_int_equal(world_pass(&w), ERR_OK);
	w.now += HOUR;
	fake_add(sf, "b");	/* nobody is told of the first one again */
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_OK);
	sc->rec[0].hidden = false;
	fake_touch(sc, &sc->rec[0]);
	check_rest(&w);
	assert_int_equal(sc->n + sf->n, 4);
	assert_string_equal(sf->rec[0].word[FIELD_STATUS], "In Progress");
	world_finish(&w);
}

static void R09_priority_both_ways(void **state)
{
	int64_t id = shared(NULL);
	user_set(&w, id, FIELD_PRIORITY, TASK_HIGH);
	check_rest(&w);
	assert_string_equal(at_sf(PRIORITY), "High");
	assert_string_equal(at_sc(PRIORITY), TASK_HIGH);
	fake_word(sf, fake_titled(sf, "a"), FIELD_PRIORITY, "Normal");
	check_rest(&w);
	assert_string_equal(at_sc(PRIORITY), TASK_NORMAL);
	fake_word(sc, fake_titled(sc, "a"), FIELD_PRIORITY, TASK_HIGH);
	check_rest(&w);
	assert_string_equal(at_sf(PRIORITY), "High");
	world_finish(&w);
}

static void R10_low_arrives_as_normal_and_stays_low(void **state)
{
	int64_t id = from_sf("Not Started", "Low");
	assert_string_equal(here(PRIORITY), TASK_NORMAL);
	assert_string_equal(at_sc(PRIORITY), TASK_NORMAL);
	user_set(&w, id, FIELD_DETAILS, "words");
	check_rest(&w);
	assert_string_equal(at_sf(PRIORITY), "Low");
	user_set(&w, id, FIELD_PRIORITY, TASK_HIGH);
	check_rest(&w);
	assert_string_equal(at_sf(PRIORITY), "High");
	world_finish(&w);
}

static void R10_high_to_low_leaves_high(void **state)
{
	from_sf("Not Started", "High");
	fake_word(sf, fake_titled(sf, "a"), FIELD_PRIORITY, "Low");
	check_rest(&w);
	assert_string_equal(here(PRIORITY), TASK_HIGH);
	assert_string_equal(at_sc(PRIORITY), TASK_HIGH);
	assert_string_equal(at_sf(PRIORITY), "Low");
	world_finish(&w);
}

static void R11_due_date_set_moved_cleared_both_ways(void **state)
{
	int64_t id = shared(NULL);
	user_set(&w, id, FIELD_DUE, "2026-12-31");
	check_rest(&w);
	assert_string_equal(at_sf(DUE), "2026-12-31");
	assert_string_equal(at_sc(DUE), "2026-12-31");
	fake_word(sf, fake_titled(sf, "a"), FIELD_DUE, "2027-01-01");
	check_rest(&w);
	assert_string_equal(at_sc(DUE), "2027-01-01");
	fake_word(sc, fake_titled(sc, "a"), FIELD_DUE, NULL);
	check_rest(&w);
	assert_string_equal(here(DUE), "-");
	assert_string_equal(at_sf(DUE), "-");
	fake_word(sf, fake_titled(sf, "a"), FIELD_DUE, "2026-02-28");
	check_rest(&w);
	user_set(&w, id, FIELD_DUE, NULL);
	check_rest(&w);
	assert_string_equal(at_sf(DUE), "-");
	assert_string_equal(at_sc(DUE), "-");
	world_finish(&w);
}

static void R12_details_both_ways(void **state)
{
	int64_t id = shared(NULL);
	user_set(&w, id, FIELD_DETAILS, "one\ntwo\n");
	check_rest(&w);
	assert_string_equal(at_sf(DETAILS), "one\ntwo");	/* trimmed there: no change */
	assert_string_equal(at_sc(DETAILS), "one\ntwo\n");
	fake_word(sf, fake_titled(sf, "a"), FIELD_DETAILS, "three\r\nfour");
	check_rest(&w);
	fake_word(sc, fake_titled(sc, "a"), FIELD_DETAILS, NULL);
	check_rest(&w);
	assert_string_equal(at_sf(DETAILS), "-");
	assert_string_equal(here(DETAILS), "-");
	assert_int_equal(world_conflicts(&w), 0);
	world_finish(&w);
}

static void R21_create_edit_complete_delete_reach_SF(void **state)
{
	shared(NULL);
	struct fake_record *r = fake_add(sc, "b");
	check_rest(&w);
	assert_non_null(fake_titled(sf, "b"));
	fake_word(sc, r, FIELD_DETAILS, "words");
	check_rest(&w);
	assert_string_equal(fake_word_of(sf, "b", FIELD_DETAILS), "words");
	fake_word(sc, r, FIELD_STATUS, TASK_COMPLETE);
	check_rest(&w);
	assert_string_equal(fake_word_of(sf, "b", FIELD_STATUS), "Completed");
	fake_delete(sc, r);
	check_rest(&w);
	assert_null(fake_titled(sf, "b"));
	assert_false(user_find(&w, "b"));
	assert_int_equal(fake_live(sf), 1);
	assert_int_equal(world_conflicts(&w), 0);
	world_finish(&w);
}

static void R22_create_edit_complete_delete_reach_SC(void **state)
{
	shared(NULL);
	struct fake_record *r = fake_add(sf, "b");
	check_rest(&w);
	assert_non_null(fake_titled(sc, "b"));
	fake_word(sf, r, FIELD_DETAILS, "words");
	check_rest(&w);
	assert_string_equal(fake_word_of(sc, "b", FIELD_DETAILS), "words");
	fake_word(sf, r, FIELD_STATUS, "Completed");
	check_rest(&w);
	assert_string_equal(fake_word_of(sc, "b", FIELD_STATUS), TASK_COMPLETE);
	fake_delete(sf, r);
	check_rest(&w);
	assert_null(fake_titled(sc, "b"));
	assert_false(user_find(&w, "b"));
	assert_int_equal(world_conflicts(&w), 0);
	world_finish(&w);
}

static void R21_R22_deleting_here_reaches_both(void **state)
{
	int64_t id = shared(NULL);
	user_rm(&w, id);
	check_rest(&w);
	check_world(&w, "");
	world_finish(&w);
}

static void R24_a_rename_reaches_SF_through_the_template(void **state)
{
	int64_t id = shared("Call: {{activity_subject}}");
	user_set(&w, id, FIELD_TITLE, "b");
	check_rest(&w);
	assert_non_null(fake_titled(sf, "Call: b"));
	assert_non_null(fake_titled(sc, "b"));
	fake_word(sc, fake_titled(sc, "b"), FIELD_TITLE, "c");
	check_rest(&w);
	assert_non_null(fake_titled(sf, "Call: c"));
	world_finish(&w);
}

static void R24_without_the_field_a_rename_changes_nothing_in_SF(void **state)
{
	int64_t id = shared("Reminder");
	assert_non_null(fake_titled(sf, "Reminder"));
	user_set(&w, id, FIELD_TITLE, "b");
	check_rest(&w);
	assert_int_equal(fake_writes(sf), 0);
	assert_non_null(fake_titled(sc, "b"));
	assert_non_null(fake_titled(sf, "Reminder"));
	world_finish(&w);
}

static void R24_R26_a_later_template_sends_no_burst(void **state)
{
	int64_t id = shared("Reminder");
	user_set(&w, id, FIELD_TITLE, "b");
	check_rest(&w);
	sc->template = "{{activity_subject}}";
	w.now += 2 * HOUR;	/* the next hello */
	fake_forget_counts(sf);
	assert_true(world_rest(&w));
	assert_int_equal(fake_writes(sf), 0);
	assert_non_null(fake_titled(sf, "Reminder"));
	user_set(&w, id, FIELD_DETAILS, "words");
	check_rest(&w);
	assert_non_null(fake_titled(sf, "Reminder"));
	user_set(&w, id, FIELD_TITLE, "c");
	check_rest(&w);
	assert_non_null(fake_titled(sf, "c"));
	world_finish(&w);
}

static void R25_a_subject_never_crosses_back(void **state)
{
	int64_t id = shared(NULL);
	fake_word(sf, fake_titled(sf, "a"), FIELD_TITLE, "renamed in SF");
	check_rest(&w);
	assert_true(user_find(&w, "a"));
	assert_non_null(fake_titled(sc, "a"));
	assert_non_null(fake_titled(sf, "renamed in SF"));
	user_set(&w, id, FIELD_DUE, "2026-12-01");	/* R26: it is not overwritten by another edit */
	check_rest(&w);
	assert_string_equal(fake_word_of(sf, "renamed in SF", FIELD_DUE), "2026-12-01");
	user_set(&w, id, FIELD_TITLE, "b");
	check_rest(&w);
	assert_non_null(fake_titled(sf, "b"));
	assert_int_equal(world_conflicts(&w), 0);
	world_finish(&w);
}

static void R25_the_first_import_copies_the_subject(void **state)
{
	from_sf("Not Started", "Normal");
	assert_non_null(fake_titled(sc, "a"));
	world_finish(&w);
}

static void R25_also_with_SF_alone(void **state)
{
	world_init(&w, SF);
	struct fake_record *r = fake_add(sf, "a");
	world_enable(&w, true);
	check_rest(&w);
	fake_word(sf, r, FIELD_TITLE, "b");
	check_rest(&w);
	assert_true(user_find(&w, "a"));
	world_finish(&w);
}

static void R26_no_template_is_the_plain_name(void **state)
{
	shared(NULL);
	assert_non_null(fake_titled(sf, "a"));
	world_finish(&w);
}

static void R27_SF_alone_renders_by_the_configuration(void **state)
{
	world_init(&w, SF);
	w.config.remote[SIDE_SF].activity_detail = strdup("To do: {{ACTIVITY_SUBJECT}}");
	world_enable(&w, true);
	check_rest(&w);
	user_new(&w, "a");
	check_rest(&w);
	assert_non_null(fake_titled(sf, "To do: a"));
	world_finish(&w);
}

static void R27_a_template_that_renders_to_nothing_gives_the_name(void **state)
{
	shared("{{sales_campaign_name}}");
	assert_non_null(fake_titled(sf, "a"));
	world_finish(&w);
}

static void hidden_fields_are_not_cleared(void **state)
{
	int64_t id = shared(NULL);
	user_set(&w, id, FIELD_DETAILS, "words");
	check_rest(&w);
	struct fake_record *r = fake_titled(sf, "a");
	r->unknown = BIT(FIELD_DETAILS);
	fake_touch(sf, r);
	check_rest(&w);
	assert_string_equal(here(DETAILS), "words");
	assert_string_equal(at_sc(DETAILS), "words");
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R03_an_update_carries_what_changed_and_no_more),
		cmocka_unit_test(R03_a_colleagues_edit_is_one_write_at_the_other),
		cmocka_unit_test(R04_R26_the_two_names_may_differ_for_ever),
		cmocka_unit_test(R05_two_statuses),
		cmocka_unit_test(R06_R07_open_and_complete_both_ways),
		cmocka_unit_test(R08_in_progress_leaves_SC_status),
		cmocka_unit_test(R08_a_new_task_in_progress_is_open_and_remembered),
		cmocka_unit_test(R08_an_edit_elsewhere_never_resets_the_status),
		cmocka_unit_test(R08_completing_here_does_reach_a_task_in_progress),
		cmocka_unit_test(R08_a_custom_closed_value_is_not_guessed),
		cmocka_unit_test(R08_the_other_fields_cross),
		cmocka_unit_test(R08_skip_is_the_strict_reading),
		cmocka_unit_test(R08_another_mounts_copy_is_not_skipped),
		cmocka_unit_test(R09_priority_both_ways),
		cmocka_unit_test(R10_low_arrives_as_normal_and_stays_low),
		cmocka_unit_test(R10_high_to_low_leaves_high),
		cmocka_unit_test(R11_due_date_set_moved_cleared_both_ways),
		cmocka_unit_test(R12_details_both_ways),
		cmocka_unit_test(R21_create_edit_complete_delete_reach_SF),
		cmocka_unit_test(R22_create_edit_complete_delete_reach_SC),
		cmocka_unit_test(R21_R22_deleting_here_reaches_both),
		cmocka_unit_test(R24_a_rename_reaches_SF_through_the_template),
		cmocka_unit_test(R24_without_the_field_a_rename_changes_nothing_in_SF),
		cmocka_unit_test(R24_R26_a_later_template_sends_no_burst),
		cmocka_unit_test(R25_a_subject_never_crosses_back),
		cmocka_unit_test(R25_the_first_import_copies_the_subject),
		cmocka_unit_test(R25_also_with_SF_alone),
		cmocka_unit_test(R26_no_template_is_the_plain_name),
		cmocka_unit_test(R27_SF_alone_renders_by_the_configuration),
		cmocka_unit_test(R27_a_template_that_renders_to_nothing_gives_the_name),
		cmocka_unit_test(hidden_fields_are_not_cleared),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
