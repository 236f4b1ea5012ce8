/* bits: a set of small numbers, and what is no small number. */
#include "bits.h"
#include "unit.h"

static void what_was_added_is_there_and_nothing_else(void **state)
{
	static const int64_t number[] = { 0, 1, 7, 8, 63, 32767, 32768, 100000 };
	struct bits b = { 0 };

	assert_false(bits_has(&b, 0));
	for (size_t i = 0; i < sizeof(number) / sizeof(*number); i++) {
		assert_false(bits_has(&b, number[i]));
		bits_add(&b, number[i]);
		bits_add(&b, number[i]);
		assert_true(bits_has(&b, number[i]));
		assert_false(bits_has(&b, number[i] + 2));
	}
	bits_drop(&b, 8);
	bits_drop(&b, 9);	/* was not there, and does not come */
	assert_false(bits_has(&b, 8) || bits_has(&b, 9));
	assert_true(bits_has(&b, 7) && bits_has(&b, 63));
	bits_clear(&b);
	for (size_t i = 0; i < sizeof(number) / sizeof(*number); i++)
		assert_false(bits_has(&b, number[i]));
	bits_finish(&b);
}

static void a_number_beyond_reason_takes_no_memory(void **state)
{
	static const int64_t number[] = { -1, INT64_MIN, INT64_MAX, INT64_C(1) << 40, INT64_C(8) << 24 };
	struct bits b = { 0 };

	for (size_t i = 0; i < sizeof(number) / sizeof(*number); i++) {
		bits_add(&b, number[i]);
		assert_false(bits_has(&b, number[i]));
		bits_drop(&b, number[i]);
	}
	assert_int_equal(b.n, 0);
	bits_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_there_and_nothing_else),
		cmocka_unit_test(a_number_beyond_reason_takes_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
