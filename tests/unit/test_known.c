/* known: a name leads where it was last said to lead, in its directory, and in that snapshot alone. */
#include "known.h"
#include "unit.h"

#define OPEN 3
#define COMPLETED 4

static struct entry task(int64_t id)
{
	struct entry e = { .id = id, .size = id % 1000, .changed_at = 1000 * id };

	snprintf(e.name, sizeof(e.name), "%s %lld.txt", id % 2 ? "Call" : "Send the offer to", (long long)id);
	return e;
}

static void each_of_many_names_leads_to_its_own_task(void **state)
{
	struct known k = { 0 };

	for (int64_t id = 1; id <= 100000; id++) {
		struct entry e = task(id);
		known_put(&k, 1, OPEN, &e);
		known_put(&k, 1, OPEN, &e);
	}
	assert_int_equal(k.n, 100000);
	for (int64_t id = 1; id <= 100000; id++) {
		struct entry e = task(id), out = { 0 };
		assert_true(known_get(&k, 1, OPEN, e.name, &out));
		assert_int_equal(out.id, id);
		assert_int_equal(out.size, e.size);
		assert_int_equal(out.changed_at, e.changed_at);
		assert_false(known_get(&k, 1, COMPLETED, e.name, &out));
	}
	for (int64_t id = 100001; id <= 200000; id++)
		assert_false(known_get(&k, 1, OPEN, task(id).name, &(struct entry){ 0 }));
	known_finish(&k);
}

static void the_last_word_counts(void **state)
{
	struct known k = { 0 };
	struct entry e = task(7), out = { 0 };

	known_put(&k, 1, OPEN, &e);
	e.id = 8;
	known_put(&k, 1, OPEN, &e);
	assert_true(known_get(&k, 1, OPEN, e.name, &out));
	assert_int_equal(out.id, 8);
	known_finish(&k);
}

static void another_snapshot_knows_nothing_of_it(void **state)
{
	struct known k = { 0 };
	struct entry old = task(1), new = task(2), out = { 0 };

	known_put(&k, 1, OPEN, &old);
	assert_false(known_get(&k, 2, OPEN, old.name, &out));
	assert_false(known_get(&k, 0, OPEN, old.name, &out));
	known_put(&k, 2, OPEN, &new);
	assert_true(known_get(&k, 2, OPEN, new.name, &out));
	assert_false(known_get(&k, 2, OPEN, old.name, &out));
	assert_false(known_get(&k, 1, OPEN, old.name, &out));
	known_put(&k, 0, OPEN, &old);
	assert_false(known_get(&k, 0, OPEN, old.name, &out));
	known_finish(&k);
}

static void what_has_no_room_in_its_place_is_looked_up(void **state)
{
	struct known k = { 0 };
	struct entry far = task(1), big = task(2), out = { 0 };

	far.id = (int64_t)1 << 32;
	big.size = (int64_t)1 << 32;
	known_put(&k, 1, OPEN, &far);
	known_put(&k, 1, OPEN, &big);
	assert_false(known_get(&k, 1, OPEN, far.name, &out));
	assert_false(known_get(&k, 1, OPEN, big.name, &out));
	known_finish(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_of_many_names_leads_to_its_own_task),
		cmocka_unit_test(the_last_word_counts),
		cmocka_unit_test(another_snapshot_knows_nothing_of_it),
		cmocka_unit_test(what_has_no_room_in_its_place_is_looked_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
