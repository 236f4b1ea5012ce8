/* Several mounts that do not know each other's copies do not copy the copies (R26, D5). */
#include "world.h"
#include "status.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

static struct world w;
static struct fake *const sc = &w.fake[SIDE_SC], *const sf = &w.fake[SIDE_SF];

/* The task a, with its copy [SC] a. */
static void begin(void)
{
	world_init(&w, BOTH);
	world_enable(&w, true);
	sc->template = "[SC] {{activity_subject}}";
	check_rest(&w);
	user_new(&w, "a");
	check_rest(&w);
	assert_non_null(fake_titled(sf, "[SC] a"));
}

static struct fake_record *another_mounts(struct fake *f, const char *title)
{
	struct fake_record *r = fake_add(f, title);
	r->ours = true;
	return r;
}

static void later(void)
{
	for (int i = 0; i < 30; i++) {
		assert_int_equal(world_pass(&w), ERR_OK);
		w.now += 2 * MINUTE;
	}
	check_rest(&w);
}

static bool is_told(const char *what)
{
	AUTO_BUF b = BUF_INIT;
	assert_int_equal(status_problems(w.store, w.now, &b), ERR_OK);
	return strstr(buf_str(&b), what);
}

static void R26_a_subject_that_came_to_Sales_Connect_does_not_come_back(void **state)
{
	begin();
	another_mounts(sc, "[SC] a");
	later();
	assert_int_equal(fake_live(sf), 1);
	assert_true(is_told("open/[SC] a.txt:1: salesforce refused: it seems that another mount copied it"));
	assert_true(is_told("give it up: rm '.remindfs/outbox/[SC] a.txt'"));
	world_finish(&w);
}

/* A colleague's subject, which is no name (R25). */
static void R26_nor_does_one_that_was_changed_in_Salesforce(void **state)
{
	begin();
	fake_word(sf, fake_titled(sf, "[SC] a"), FIELD_TITLE, "b");
	check_rest(&w);
	another_mounts(sc, "b");
	later();
	assert_int_equal(fake_live(sf), 1);
	world_finish(&w);
}

static void R26_with_another_title_it_is_a_task_of_its_own(void **state)
{
	begin();
	another_mounts(sc, "[SC] a");
	later();
	user_set(&w, user_find(&w, "[SC] a"), FIELD_TITLE, "b");
	check_rest(&w);
	assert_non_null(fake_titled(sf, "[SC] b"));
	assert_false(is_told("refused"));
	world_finish(&w);
}

static void R26_a_second_copy_in_Salesforce_does_not_come_to_Sales_Connect(void **state)
{
	begin();
	another_mounts(sf, "[SC] a");
	later();
	assert_int_equal(fake_live(sc), 1);
	assert_true(is_told("open/[SC] a.txt:1: salesconnect refused: it seems that another mount copied it"));
	world_finish(&w);
}

/* Its own name, another date, another person, or a colleague's record: a task like any other. */
static void what_only_looks_like_a_copy_is_copied(void **state)
{
	begin();
	fake_add(sf, "[SC] a");
	later();
	another_mounts(sc, "a");
	fake_word(sc, another_mounts(sc, "[SC] a"), FIELD_DUE, "2026-12-01");
	later();
	assert_int_equal(fake_live(sf), 4);
	assert_int_equal(fake_live(sc), 4);
	assert_false(is_told("refused"));
	world_finish(&w);
}

/* Two mounts that cannot know each other's copies copy them in turn; so one like it comes again and again. */
static void copies_of_copies_come_to_an_end(void **state)
{
	begin();
	for (int i = 0; i < 8; i++) {
		w.now += MINUTE;
		another_mounts(sc, "Call");
		check_rest(&w);
	}
	assert_int_equal(fake_live(sf), 1 + 5);
	assert_true(is_told("several like it were copied there"));
	w.now += 8 * DAY;
	check_rest(&w);
	assert_int_equal(fake_live(sf), 1 + 5);
	for (int i = 0; i < 8; i++)
		user_set(&w, user_find(&w, "Call"), FIELD_TITLE, (char[]){ (char)('p' + i), '\0' });
	check_rest(&w);
	assert_int_equal(fake_live(sf), 1 + 8);
	assert_false(is_told("refused"));
	world_finish(&w);
}

/* Each mount stops by itself, though others made the copies. */
static void copies_that_others_made_are_counted(void **state)
{
	begin();
	for (int i = 0; i < 5; i++) {
		w.now += HOUR;
		another_mounts(sc, "Call");
		another_mounts(sf, "[SC] Call");
		check_rest(&w);
	}
	w.now += HOUR;
	another_mounts(sc, "Call");
	check_rest(&w);
	assert_int_equal(fake_live(sf), 1 + 5);
	assert_true(is_told("several like it were copied there"));
	world_finish(&w);
}

/* What the first one was changed to is written into each copy, too. */
static void copies_that_were_changed_since_are_counted(void **state)
{
	begin();
	for (int i = 0; i < 7; i++) {
		w.now += HOUR;
		struct fake_record *call = another_mounts(sc, "Call");
		check_rest(&w);
		fake_word(sc, call, FIELD_DUE, "2026-12-01");
		check_rest(&w);
	}
	assert_int_equal(fake_live(sf), 1 + 5);
	world_finish(&w);
}

/* Two a day, or many at once, are no circle. */
static void many_that_are_alike_are_copied(void **state)
{
	begin();
	for (int i = 0; i < 16; i++) {
		w.now += DAY / 2 - HOUR;
		another_mounts(sc, "Call");
		check_rest(&w);
	}
	for (int i = 0; i < 30; i++)
		another_mounts(sc, "Meet");
	check_rest(&w);
	assert_int_equal(fake_live(sf), 1 + 16 + 30);
	world_finish(&w);
}

static const char *const date[] = { "2026-12-01", "2026-12-02" };

static void to_and_fro(struct fake_record *there)
{
	for (int i = 0; i < 36; i++) {
		w.now += 10 * MINUTE;
		fake_word(sc, there, FIELD_DUE, date[i % 2]);
		check_rest(&w);
	}
}

/* Two mounts that take two records for each other's write the values of both in turn. */
static void what_goes_to_and_fro_comes_to_an_end(void **state)
{
	begin();
	struct fake_record *there = fake_titled(sc, "a"), *copy = fake_titled(sf, "[SC] a");
	to_and_fro(there);
	assert_string_equal(user_see(&w, "a", FIELD_DUE), date[1]);
	assert_string_equal(copy->word[FIELD_DUE], date[0]);	/* the 29th */
	assert_true(is_told("open/a.txt:1: not sent to salesforce yet: it goes to and fro between two values"));
	user_set(&w, user_find(&w, "a"), FIELD_DUE, "2026-12-24");
	check_rest(&w);
	assert_string_equal(there->word[FIELD_DUE], "2026-12-24");
	assert_string_equal(copy->word[FIELD_DUE], "2026-12-24");
	assert_false(is_told("to and fro"));
	world_finish(&w);
}

/* By who saves the file, though what he changed is another field; or by who touches its file in the outbox. */
static void what_went_to_and_fro_is_sent_when_the_user_says_so(void **state)
{
	for (int touched = 0; touched < 2; touched++) {
		begin();
		struct fake_record *there = fake_titled(sc, "a"), *copy = fake_titled(sf, "[SC] a");
		int64_t id = user_find(&w, "a");
		to_and_fro(there);
		assert_string_equal(copy->word[FIELD_DUE], date[0]);
		if (touched)
			assert_int_equal(store_retry(w.store, id, w.now), ERR_OK);
		else
			user_set(&w, id, FIELD_DETAILS, "words");
		check_rest(&w);
		assert_string_equal(copy->word[FIELD_DUE], date[1]);
		assert_false(is_told("to and fro"));
		world_finish(&w);
	}
}

static void what_is_changed_again_and_again_is_sent(void **state)
{
	begin();
	char day[] = "2026-12-10";
	for (int i = 0; i < 10; i++) {
		w.now += 10 * MINUTE;
		day[9] = (char)('0' + i);
		fake_word(sc, fake_titled(sc, "a"), FIELD_DUE, day);
		check_rest(&w);
	}
	assert_string_equal(fake_titled(sf, "[SC] a")->word[FIELD_DUE], day);
	world_finish(&w);
}

static void two_of_one_name(int64_t task[2])
{
	begin();
	for (int i = 0; i < 2; i++) {
		task[i] = user_new(&w, "b");
		user_set(&w, task[i], FIELD_DUE, date[i]);
	}
	check_rest(&w);
}

static void values_that_a_user_exchanges_are_sent(void **state)
{
	int64_t task[2];
	two_of_one_name(task);
	struct fake_record *copy = fake_titled(sf, "[SC] b");
	for (int i = 0; i < 2; i++)
		user_set(&w, task[i], FIELD_DUE, date[1 - i]);
	check_rest(&w);
	for (int i = 0; i < 2; i++)
		assert_string_equal(copy[i].word[FIELD_DUE], date[1 - i]);
	world_finish(&w);
}

static void take_for_each_others(const int64_t task[2])
{
	struct link l[2] = { LINK_INIT, LINK_INIT };
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_link(w.store, task[i], SIDE_SF, &l[i]), ERR_OK);
		assert_int_equal(store_link_drop(w.store, task[i], SIDE_SF), ERR_OK);
	}
	for (int i = 0; i < 2; i++) {
		l[i].task = task[1 - i];
		assert_int_equal(store_link_put(w.store, &l[i]), ERR_OK);
		assert_int_equal(store_outbox_add(w.store, task[i], SIDE_SF, w.now), ERR_OK);
		link_finish(&l[i]);
	}
}

/* Another mount has the records in the order of their ids, and would write the values back. */
static void two_of_one_name_exchange_their_records_not_what_they_say(void **state)
{
	int64_t task[2];
	two_of_one_name(task);
	take_for_each_others(task);
	check_rest(&w);
	struct fake_record *copy = fake_titled(sf, "[SC] b");
	for (int i = 0; i < 2; i++)
		assert_string_equal(copy[i].word[FIELD_DUE], date[i]);
	user_rm(&w, task[0]);
	check_rest(&w);
	assert_true(copy[0].deleted);
	assert_false(copy[1].deleted);
	world_finish(&w);
}

/* Another mount made both, and has completed one so far. */
static void D2_a_choice_is_newer_than_a_record_as_it_was_made(void **state)
{
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		begin();
		struct fake_record *b[NSIDES] = { [SIDE_SC] = another_mounts(sc, "b"), [SIDE_SF] = another_mounts(sf, "[SC] b") };
		w.now += MINUTE;
		fake_word(&w.fake[side], b[side], FIELD_STATUS, side == SIDE_SC ? TASK_COMPLETE : "Completed");
		check_rest(&w);
		assert_string_equal(b[SIDE_SC]->word[FIELD_STATUS], TASK_COMPLETE);
		assert_string_equal(b[SIDE_SF]->word[FIELD_STATUS], "Completed");
		assert_int_equal(world_conflicts(&w), 0);
		world_finish(&w);
	}
}

/* It was out of sight when its turn came. */
static void D5_what_was_out_of_sight_comes_to_Sales_Connect_when_it_is_back(void **state)
{
	begin();
	sc->down = true;
	user_new(&w, "b");
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_OK);
	struct fake_record *b = fake_titled(sf, "[SC] b");
	b->hidden = true;
	w.now += DAY + HOUR;
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_OK);
	sc->down = false;
	check_rest(&w);
	assert_null(fake_titled(sc, "b"));
	b->hidden = false;
	fake_touch(sf, b);
	check_rest(&w);
	assert_non_null(fake_titled(sc, "b"));
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R26_a_subject_that_came_to_Sales_Connect_does_not_come_back),
		cmocka_unit_test(R26_nor_does_one_that_was_changed_in_Salesforce),
		cmocka_unit_test(R26_with_another_title_it_is_a_task_of_its_own),
		cmocka_unit_test(R26_a_second_copy_in_Salesforce_does_not_come_to_Sales_Connect),
		cmocka_unit_test(what_only_looks_like_a_copy_is_copied),
		cmocka_unit_test(copies_of_copies_come_to_an_end),
		cmocka_unit_test(copies_that_others_made_are_counted),
		cmocka_unit_test(copies_that_were_changed_since_are_counted),
		cmocka_unit_test(many_that_are_alike_are_copied),
		cmocka_unit_test(what_goes_to_and_fro_comes_to_an_end),
		cmocka_unit_test(what_went_to_and_fro_is_sent_when_the_user_says_so),
		cmocka_unit_test(what_is_changed_again_and_again_is_sent),
		cmocka_unit_test(values_that_a_user_exchanges_are_sent),
		cmocka_unit_test(two_of_one_name_exchange_their_records_not_what_they_say),
		cmocka_unit_test(D2_a_choice_is_newer_than_a_record_as_it_was_made),
		cmocka_unit_test(D5_what_was_out_of_sight_comes_to_Sales_Connect_when_it_is_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
