/* The log of the database is lost, or a backup is restored: what was sent since is forgotten. Nothing is doubled, nothing is written
 * over. */
#include "world.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct world w;
static struct fake *const sc = &w.fake[SIDE_SC], *const sf = &w.fake[SIDE_SF];

/* "a" is made, a backup is made, it is sent. */
static int64_t sent(void)
{
	int64_t id = user_new(&w, "a");
	user_set(&w, id, FIELD_DETAILS, "typed");
	world_keep(&w);
	check_rest(&w);
	return id;
}

static void is_one(unsigned sides, const char *details)
{
	check_rest(&w);
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		if (sides & BIT(side)) {
			assert_int_equal(fake_live(&w.fake[side]), 1);
			assert_string_equal(fake_word_of(&w.fake[side], "a", FIELD_DETAILS), details);
		}
	assert_string_equal(user_see(&w, "a", FIELD_DETAILS), details);
	struct counts c;
	assert_int_equal(store_counts(w.store, w.now, &c), ERR_OK);
	assert_int_equal(c.open, 1);
	assert_int_equal(c.refused[SIDE_SC] + c.refused[SIDE_SF] + c.conflicts, 0);
}

static const struct {
	unsigned sides;
	bool keyed;		/* Salesforce */
} system_of[] = { { SC, false }, { SF, false }, { SF, true }, { BOTH, false }, { BOTH, true } };
#define EACH(i) for (size_t i = 0; i < sizeof(system_of) / sizeof(*system_of); i++)

static void begin_as(size_t i)
{
	world_begin(&w, system_of[i].sides);
	sf->remote.once_is_kept = system_of[i].keyed;
}

static void a_create_that_was_forgotten_is_known_again(void **state)
{
	EACH(i) {
		begin_as(i);
		sent();
		world_lose(&w);
		is_one(system_of[i].sides, "typed");
		world_finish(&w);
	}
}

/* Whichever of the two is reached first, then and now. */
static void in_any_order(void **state)
{
	for (int i = 0; i < 16; i++) {
		struct fake *then = i & 1 ? sc : sf, *now = i & 2 ? sc : sf;
		world_begin(&w, BOTH);
		sf->remote.once_is_kept = i & 4;
		then->down = i & 8;
		user_new(&w, "a");
		user_set(&w, user_find(&w, "a"), FIELD_DETAILS, "typed");
		world_keep(&w);
		(void)world_pass(&w);
		then->down = false;
		check_rest(&w);
		world_lose(&w);
		now->down = true;
		(void)world_pass(&w);
		now->down = false;
		is_one(BOTH, "typed");
		world_finish(&w);
	}
}

static void what_was_never_sent_is_sent_once(void **state)
{
	EACH(i) {
		begin_as(i);
		user_set(&w, user_new(&w, "a"), FIELD_DETAILS, "typed");
		world_keep(&w);
		world_lose(&w);
		is_one(system_of[i].sides, "typed");
		world_finish(&w);
	}
}

/* A colleague has written there since: that stays, and comes here. */
static void what_a_colleague_wrote_since_stays(void **state)
{
	EACH(i) {
		begin_as(i);
		sent();
		for (enum side side = SIDE_SC; side < NSIDES; side++)
			if (system_of[i].sides & BIT(side))
				fake_word(&w.fake[side], fake_titled(&w.fake[side], "a"), FIELD_DETAILS, "theirs");
		world_lose(&w);
		w.now += 2 * HOUR;
		if (system_of[i].sides == SC || system_of[i].keyed)
			is_one(system_of[i].sides, "theirs");
		world_finish(&w);
	}
}

/* The user goes on before anything is known: his text is the later one. */
static void what_is_typed_afterwards_is_sent(void **state)
{
	EACH(i) {
		begin_as(i);
		int64_t id = sent();
		world_lose(&w);
		user_set(&w, id, FIELD_DETAILS, "later");
		is_one(system_of[i].sides, "later");
		world_finish(&w);
	}
}

static void two_alike_stay_two(void **state)
{
	EACH(i) {
		begin_as(i);
		user_new(&w, "a");
		user_new(&w, "a");
		world_keep(&w);
		check_rest(&w);
		world_lose(&w);
		check_rest(&w);
		struct counts c;
		assert_int_equal(store_counts(w.store, w.now, &c), ERR_OK);
		assert_int_equal(c.open, 2);
		assert_int_equal(fake_live(sc), system_of[i].sides & SC ? 2 : 0);
		assert_int_equal(fake_live(sf), system_of[i].sides & SF ? 2 : 0);
		world_finish(&w);
	}
}

/* Of another task that was forgotten whole, and has the date and the text, it is not made. */
static void another_task_is_not_taken_for_it(void **state)
{
	EACH(i) {
		begin_as(i);
		user_new(&w, "a");
		user_set(&w, user_find(&w, "a"), FIELD_DUE, "2026-12-01");
		world_keep(&w);
		user_rm(&w, user_find(&w, "a"));
		user_new(&w, "b");
		user_set(&w, user_find(&w, "b"), FIELD_DUE, "2026-12-01");
		check_rest(&w);
		world_lose(&w);
		check_rest(&w);
		assert_int_equal(world_conflicts(&w), 0);
		assert_true(user_find(&w, "a") && user_find(&w, "b"));
		assert_int_equal(fake_live(sc), system_of[i].sides & SC ? 2 : 0);
		assert_int_equal(fake_live(sf), system_of[i].sides & SF ? 2 : 0);
		world_finish(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_create_that_was_forgotten_is_known_again),
		cmocka_unit_test(in_any_order),
		cmocka_unit_test(what_was_never_sent_is_sent_once),
		cmocka_unit_test(what_a_colleague_wrote_since_stays),
		cmocka_unit_test(what_is_typed_afterwards_is_sent),
		cmocka_unit_test(two_alike_stay_two),
		cmocka_unit_test(another_task_is_not_taken_for_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
