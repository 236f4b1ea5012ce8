/* D6: too many deletions or completions at once wait for one confirmation, whichever side they come from. */
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
static int64_t task[200];

static void shared(unsigned sides, int n)
{
	world_init(&w, sides);
	world_enable(&w, true);
	sc->page_size = sf->page_size = 100;
	check_rest(&w);
	for (int i = 0; i < n; i++) {
		char title[32];
		snprintf(title, sizeof(title), "task %d", i);
		task[i] = user_new(&w, title);
	}
	check_rest(&w);
}

static struct fake_record *there(struct fake *f, int i)
{
	char title[32];
	snprintf(title, sizeof(title), "task %d", i);
	return fake_titled(f, title);
}

static void rm(int from, int to)
{
	for (int i = from; i < to; i++)
		user_rm(&w, task[i]);
}

static void deleted_there(struct fake *f, int from, int to)
{
	for (int i = from; i < to; i++)
		fake_delete(f, there(f, i));
}

static const char *word_of(struct fake *f, bool complete)
{
	return f == sc ? (complete ? TASK_COMPLETE : TASK_OPEN) : complete ? "Completed" : "Not Started";
}

static void completed_there(struct fake *f, int from, int to, bool complete)
{
	for (int i = from; i < to; i++)
		fake_word(f, there(f, i), FIELD_STATUS, word_of(f, complete));
}

/* Tasks from..to are complete here and at f; or open. */
static void check_complete(struct fake *f, int from, int to, bool complete)
{
	for (int i = from; i < to; i++) {
		char title[32];
		snprintf(title, sizeof(title), "task %d", i);
		assert_string_equal(user_see(&w, title, FIELD_STATUS), complete ? TASK_COMPLETE : TASK_OPEN);
		assert_string_equal(fake_word_of(f, title, FIELD_STATUS), word_of(f, complete));
	}
}

static int64_t held(enum side side, enum mass_kind what)
{
	struct counts c;
	assert_int_equal(store_counts(w.store, w.now, &c), ERR_OK);
	return c.mass[side][what].held;
}

static int64_t here(void)
{
	struct counts c;
	assert_int_equal(store_counts(w.store, w.now, &c), ERR_OK);
	return c.open + c.completed;
}

static void confirm(int64_t want)
{
	int64_t n;
	assert_int_equal(store_confirm(w.store, w.now, &n), ERR_OK);
	assert_int_equal(n, want);
	assert_int_equal(store_confirm(w.store, w.now, &n), ERR_NOENT);
}

static void check_status(const char *want)
{
	AUTO_BUF b = BUF_INIT;
	assert_int_equal(status_render(w.store, w.now, &b), ERR_OK);
	if (!strstr(buf_str(&b), want))
		fail_msg("no \"%s\" in:\n%s", want, buf_str(&b));
}

static void D6_rm_rf_open_by_mistake_is_taken_back(void **state)
{
	shared(BOTH, 100);
	rm(0, 40);
	check_rest(&w);
	assert_int_equal(fake_live(sc), 100);
	assert_int_equal(fake_live(sf), 100);
	assert_int_equal(held(SIDE_SC, MASS_DELETE), 40);
	assert_int_equal(held(SIDE_SF, MASS_DELETE), 40);
	check_status("40 deletions are held, not sent; take them back: remindfs take-back");
	check_status("remindfs confirm-deletes");
	for (int i = 0; i < 40; i++) {
		int64_t id;
		assert_int_equal(store_restore(w.store, task[i], TASK_OPEN, w.now, 0, &id), ERR_OK);
		assert_int_equal(id, task[i]);
		check_rest(&w);	/* what is left is not sent although it is fewer than ten in the end */
	}
	assert_int_equal(fake_live(sc), 100);
	assert_int_equal(fake_live(sf), 100);
	assert_int_equal(here(), 100);
	assert_int_equal(held(SIDE_SF, MASS_DELETE), 0);
	world_finish(&w);
}

static void D6_all_that_is_held_is_taken_back_at_once(void **state)
{
	int64_t n;
	shared(BOTH, 100);
	rm(0, 30);
	for (int i = 40; i < 70; i++)
		user_set(&w, task[i], FIELD_STATUS, TASK_COMPLETE);
	check_rest(&w);
	user_rm(&w, task[90]);	/* that one is meant */
	check_rest(&w);
	assert_int_equal(held(SIDE_SC, MASS_DELETE), 31);
	assert_int_equal(store_take_back(w.store, w.now, 0, &n), ERR_OK);
	assert_int_equal(n, 61);
	check_rest(&w);
	assert_int_equal(here(), 100);
	assert_int_equal(fake_live(sc) + fake_live(sf), 200);
	for (int i = 0; i < 70; i++) {
		char title[32];
		snprintf(title, sizeof(title), "task %d", i);
		assert_string_equal(user_see(&w, title, FIELD_STATUS), TASK_OPEN);
		assert_string_equal(fake_word_of(sf, title, FIELD_STATUS), "Not Started");
	}
	assert_int_equal(held(SIDE_SC, MASS_DELETE) + held(SIDE_SF, MASS_COMPLETE), 0);
	assert_int_equal(store_take_back(w.store, w.now, 0, &n), ERR_NOENT);
	world_finish(&w);
}

static void D6_one_confirmation_lets_them_go_everywhere(void **state)
{
	shared(BOTH, 100);
	rm(0, 40);
	check_rest(&w);
	confirm(80);
	check_rest(&w);
	assert_int_equal(fake_live(sc), 60);
	assert_int_equal(fake_live(sf), 60);
	world_finish(&w);
}

static void D6_confirmed_before_the_other_side_was_asked(void **state)
{
	shared(BOTH, 40);
	sf->down = true;
	rm(0, 40);
	(void)world_pass(&w);
	confirm(40);
	sf->down = false;
	check_rest(&w);
	assert_int_equal(fake_live(sc), 0);
	assert_int_equal(fake_live(sf), 0);
	world_finish(&w);
}

static void D6_more_than_ten_and_more_than_a_quarter(void **state)
{
	static const struct {
		int linked, deleted;
		bool held;
	} row[] = { { 10, 10, false }, { 11, 11, true }, { 43, 11, true }, { 44, 11, false }, { 100, 25, false },
		{ 100, 26, true } };
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		shared(SF, row[i].linked);
		rm(0, row[i].deleted);
		check_rest(&w);
		assert_int_equal(fake_live(sf), row[i].held ? row[i].linked : row[i].linked - row[i].deleted);
		world_finish(&w);
		shared(SF, row[i].linked);
		deleted_there(sf, 0, row[i].deleted);
		check_rest(&w);
		assert_int_equal(here(), row[i].held ? row[i].linked : row[i].linked - row[i].deleted);
		world_finish(&w);
		shared(SF, row[i].linked);
		completed_there(sf, 0, row[i].deleted, true);
		check_rest(&w);
		assert_int_equal(held(SIDE_SF, MASS_COMPLETED), row[i].held ? row[i].deleted : 0);
		assert_string_equal(user_see(&w, "task 3", FIELD_STATUS), row[i].held ? TASK_OPEN : TASK_COMPLETE);
		world_finish(&w);
	}
}

static void D6_deletions_in_their_grace_time_count(void **state)
{
	shared(SF, 20);
	for (int i = 0; i < 20; i++)	/* one after the other, as rm does */
		assert_int_equal(store_delete(w.store, task[i], SIDE_LOCAL, w.now + i * 100, 5000), ERR_OK);
	w.now += 5000;
	check_rest(&w);
	assert_int_equal(fake_live(sf), 20);
	world_finish(&w);
}

static void D6_one_retried_by_hand_is_held_again(void **state)
{
	shared(SF, 20);
	rm(0, 20);
	check_rest(&w);
	assert_int_equal(store_retry(w.store, task[3], w.now), ERR_OK);
	check_rest(&w);
	assert_int_equal(fake_live(sf), 20);
	assert_int_equal(held(SIDE_SF, MASS_DELETE), 20);
	world_finish(&w);
}

static void D6_completions_are_braked_too(void **state)
{
	shared(BOTH, 40);
	for (int i = 0; i < 40; i++)
		user_set(&w, task[i], FIELD_STATUS, TASK_COMPLETE);
	check_rest(&w);
	assert_int_equal(held(SIDE_SC, MASS_COMPLETE), 40);
	assert_string_equal(fake_word_of(sc, "task 7", FIELD_STATUS), TASK_OPEN);
	assert_string_equal(fake_word_of(sf, "task 7", FIELD_STATUS), "Not Started");
	user_set(&w, task[7], FIELD_STATUS, TASK_OPEN);	/* taken back */
	check_rest(&w);
	confirm(2 * 39);
	check_rest(&w);
	assert_string_equal(fake_word_of(sf, "task 7", FIELD_STATUS), "Not Started");
	assert_string_equal(fake_word_of(sc, "task 8", FIELD_STATUS), TASK_COMPLETE);
	assert_string_equal(fake_word_of(sf, "task 8", FIELD_STATUS), "Completed");
	world_finish(&w);
}

static void D6_a_remote_that_lost_half_its_list_deletes_nothing_here(void **state)
{
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		struct fake *f = &w.fake[side], *other = &w.fake[side == SIDE_SC ? SIDE_SF : SIDE_SC];
		shared(BOTH, 40);
		f->page_size = 7;
		deleted_there(f, 0, 20);
		check_rest(&w);
		assert_int_equal(here(), 40);
		assert_int_equal(fake_live(other), 40);
		assert_int_equal(held(side, MASS_DELETED), 20);
		check_status("20 tasks were deleted there at once and are kept here");
		confirm(20);
		check_rest(&w);
		assert_int_equal(here(), 20);
		assert_int_equal(fake_live(other), 20);	/* one confirmation is enough */
		assert_int_equal(held(side, MASS_DELETED), 0);
		world_finish(&w);
	}
}

static void D6_a_remote_that_completed_half_its_list_completes_nothing_here(void **state)
{
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		struct fake *f = &w.fake[side], *other = &w.fake[side == SIDE_SC ? SIDE_SF : SIDE_SC];
		shared(BOTH, 40);
		f->page_size = 7;
		completed_there(f, 0, 20, true);
		check_rest(&w);
		check_complete(other, 0, 40, false);
		assert_int_equal(held(side, MASS_COMPLETED), 20);
		check_status("20 tasks were completed there at once and are open here; to reopen them there: remindfs take-back");
		check_status("to let them go: remindfs confirm-deletes");
		completed_there(f, 30, 31, true);	/* they are told of one by one, too */
		check_rest(&w);
		assert_int_equal(held(side, MASS_COMPLETED), 21);
		confirm(21);
		check_rest(&w);
		check_complete(other, 0, 20, true);
		check_complete(other, 20, 30, false);
		check_complete(other, 30, 31, true);	/* one confirmation is enough, also for the other side */
		assert_int_equal(held(side, MASS_COMPLETED), 0);
		world_finish(&w);
	}
}

static void D6_completed_there_and_held_they_are_reopened_there_by_take_back(void **state)
{
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		struct fake *f = &w.fake[side], *other = &w.fake[side == SIDE_SC ? SIDE_SF : SIDE_SC];
		int64_t n;
		shared(BOTH, 40);
		completed_there(f, 0, 20, true);
		check_rest(&w);
		assert_int_equal(store_take_back(w.store, w.now, 0, &n), ERR_OK);
		assert_int_equal(n, 20);
		check_rest(&w);
		check_complete(f, 0, 40, false);
		check_complete(other, 0, 40, false);
		assert_int_equal(held(side, MASS_COMPLETED), 0);
		assert_int_equal(store_take_back(w.store, w.now, 0, &n), ERR_NOENT);
		world_finish(&w);
	}
}

/* What else happens to a task whose completion there is held. */
static void D6_held_completions_meet_later_words(void **state)
{
	shared(BOTH, 40);
	completed_there(sf, 0, 20, true);
	check_rest(&w);
	fake_word(sf, there(sf, 0), FIELD_DETAILS, "said there");	/* other fields cross */
	user_set(&w, task[1], FIELD_DETAILS, "typed here");
	completed_there(sf, 2, 3, false);	/* reopened there */
	user_set(&w, task[3], FIELD_STATUS, TASK_COMPLETE);	/* completed here, too, */
	user_rm(&w, task[4]);	/* or deleted, and sent before the next poll */
	w.cycle[SIDE_SF].now = w.now;
	assert_int_equal(cycle_push(&w.cycle[SIDE_SF]), ERR_OK);
	assert_int_equal(held(SIDE_SF, MASS_COMPLETED), 18);
	fake_delete(sf, there(sf, 5));
	fake_word(sf, there(sf, 6), FIELD_STATUS, "In Progress");	/* R8: says nothing */
	check_rest(&w);
	assert_int_equal(held(SIDE_SF, MASS_COMPLETED), 15);
	assert_int_equal(here(), 38);
	assert_string_equal(user_see(&w, "task 0", FIELD_DETAILS), "said there");
	assert_string_equal(fake_word_of(sc, "task 0", FIELD_DETAILS), "said there");
	assert_string_equal(fake_word_of(sf, "task 1", FIELD_DETAILS), "typed here");
	assert_string_equal(fake_word_of(sf, "task 1", FIELD_STATUS), "Completed");
	check_complete(sc, 0, 3, false);
	check_complete(sc, 3, 4, true);
	check_complete(sc, 6, 40, false);
	confirm(15);
	check_rest(&w);
	check_complete(sc, 0, 2, true);
	check_complete(sc, 2, 3, false);
	check_complete(sc, 6, 7, false);
	check_complete(sc, 7, 20, true);
	assert_int_equal(fake_live(sc), 38);
	assert_int_equal(fake_live(sf), 38);
	assert_int_equal(world_conflicts(&w), 0);
	world_finish(&w);
}

static void D6_restored_there_they_stay_and_what_was_typed_goes_out(void **state)
{
	shared(SF, 40);
	deleted_there(sf, 0, 20);
	check_rest(&w);
	user_set(&w, task[3], FIELD_DETAILS, "typed while it was held");
	check_rest(&w);
	for (size_t i = 0; i < sf->n; i++) {
		sf->rec[i].deleted = false;
		fake_touch(sf, &sf->rec[i]);
	}
	check_rest(&w);
	assert_int_equal(here(), 40);
	assert_int_equal(held(SIDE_SF, MASS_DELETED), 0);
	assert_string_equal(fake_word_of(sf, "task 3", FIELD_DETAILS), "typed while it was held");
	world_finish(&w);
}

static void D3_D6_what_was_typed_while_held_is_kept(void **state)
{
	shared(SF, 40);
	deleted_there(sf, 0, 20);
	check_rest(&w);
	user_set(&w, task[3], FIELD_DETAILS, "typed while it was held");
	check_rest(&w);
	assert_int_equal(here(), 40);
	int64_t n;
	assert_int_equal(store_confirm(w.store, w.now, &n), ERR_OK);
	check_rest(&w);
	assert_int_equal(here(), 20);
	assert_int_equal(world_conflicts(&w), 1);
	world_finish(&w);
}

static void R19_a_list_that_came_back_half_empty_deletes_nothing(void **state)
{
	shared(BOTH, 40);
	for (int i = 0; i < 20; i++)
		there(sf, i)->hidden = true;
	w.now += DAY;
	check_rest(&w);
	assert_int_equal(fake_live(sc), 40);
	assert_int_equal(fake_live(sf), 40);
	for (size_t i = 0; i < sf->n; i++)
		sf->rec[i].hidden = false;
	w.now += DAY;
	check_rest(&w);
	assert_int_equal(here(), 40);
	assert_int_equal(fake_live(sf), 40);
	world_finish(&w);
}

/* ---- interrupted ---- */

static void twelve(struct world *x)
{
	world_enable(x, true);
	x->fake[SIDE_SC].page_size = x->fake[SIDE_SF].page_size = 5;
	check_rest(x);
	for (int i = 0; i < 12; i++) {
		char title[32];
		snprintf(title, sizeof(title), "task %d", i);
		user_new(x, title);
	}
	check_rest(x);
}

static void lose_all(struct world *x)
{
	for (size_t i = 0; i < x->fake[SIDE_SF].n; i++)
		fake_delete(&x->fake[SIDE_SF], &x->fake[SIDE_SF].rec[i]);
}

static void twelve_lost(struct world *x)
{
	twelve(x);
	lose_all(x);
	check_rest(x);
}

static void complete_all(struct world *x)
{
	for (size_t i = 0; i < x->fake[SIDE_SF].n; i++)
		fake_word(&x->fake[SIDE_SF], &x->fake[SIDE_SF].rec[i], FIELD_STATUS, "Completed");
}

static void twelve_completed(struct world *x)
{
	twelve(x);
	complete_all(x);
	check_rest(x);
}

static void take_back_all(struct world *x)
{
	int64_t n;
	assert_int_equal(store_take_back(x->store, x->now, 0, &n), ERR_OK);
}

static void confirm_all(struct world *x)
{
	int64_t n;
	assert_int_equal(store_confirm(x->store, x->now, &n), ERR_OK);
}

static void interrupted_while_held(void **state)
{
	interrupt_everywhere(&(struct story){ "D6 deleted there", BOTH, twelve, lose_all });
}

static void interrupted_while_confirmed(void **state)
{
	interrupt_everywhere(&(struct story){ "D6 confirmed", BOTH, twelve_lost, confirm_all });
}

static void interrupted_while_completions_are_held(void **state)
{
	interrupt_everywhere(&(struct story){ "D6 completed there", SF, twelve, complete_all });
}

static void interrupted_while_completions_are_confirmed(void **state)
{
	interrupt_everywhere(&(struct story){ "D6 completions confirmed", SF, twelve_completed, confirm_all });
}

static void interrupted_while_completions_are_taken_back(void **state)
{
	interrupt_everywhere(&(struct story){ "D6 completions taken back", SF, twelve_completed, take_back_all });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(D6_rm_rf_open_by_mistake_is_taken_back),
		cmocka_unit_test(D6_all_that_is_held_is_taken_back_at_once),
		cmocka_unit_test(D6_one_confirmation_lets_them_go_everywhere),
		cmocka_unit_test(D6_confirmed_before_the_other_side_was_asked),
		cmocka_unit_test(D6_more_than_ten_and_more_than_a_quarter),
		cmocka_unit_test(D6_deletions_in_their_grace_time_count),
		cmocka_unit_test(D6_one_retried_by_hand_is_held_again),
		cmocka_unit_test(D6_completions_are_braked_too),
		cmocka_unit_test(D6_a_remote_that_lost_half_its_list_deletes_nothing_here),
		cmocka_unit_test(D6_a_remote_that_completed_half_its_list_completes_nothing_here),
		cmocka_unit_test(D6_completed_there_and_held_they_are_reopened_there_by_take_back),
		cmocka_unit_test(D6_held_completions_meet_later_words),
		cmocka_unit_test(D6_restored_there_they_stay_and_what_was_typed_goes_out),
		cmocka_unit_test(D3_D6_what_was_typed_while_held_is_kept),
		cmocka_unit_test(R19_a_list_that_came_back_half_empty_deletes_nothing),
		cmocka_unit_test(interrupted_while_held),
		cmocka_unit_test(interrupted_while_confirmed),
		cmocka_unit_test(interrupted_while_completions_are_held),
		cmocka_unit_test(interrupted_while_completions_are_confirmed),
		cmocka_unit_test(interrupted_while_completions_are_taken_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
