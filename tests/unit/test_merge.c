/* The three-way merge as a table: D1, D2, and what is no change at all. */
#include "merge.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#define A "a"
#define B "b"
#define C "c"
#define LONG "first line\nsecond line"

static const struct row {
	const char *name, *base, *ours, *theirs;
	bool silent;
	struct merge want;
} row[] = {
	{ "nobody", A, A, A, false, { 0 } },
	{ "nobody had anything", NULL, NULL, NULL, false, { 0 } },
	{ "we", A, B, A, false, { .push = 1 } },
	{ "they", A, A, B, false, { .pull = 1 } },
	{ "both the same", A, B, B, false, { 0 } },
	{ "D2 both otherwise", A, B, C, false, { .clash = 1 } },
	{ "we cleared", A, NULL, A, false, { .push = 1 } },
	{ "they cleared", A, A, NULL, false, { .pull = 1 } },
	{ "both cleared", A, NULL, NULL, false, { 0 } },
	{ "we cleared, they changed", A, NULL, B, false, { .clash = 1 } },
	{ "they cleared, we changed", A, B, NULL, false, { .clash = 1 } },
	{ "we set", NULL, A, NULL, false, { .push = 1 } },
	{ "they set", NULL, NULL, A, false, { .pull = 1 } },
	{ "both set the same", NULL, A, A, false, { 0 } },
	{ "both set otherwise", NULL, A, B, false, { .clash = 1 } },
	{ "empty is none", A, A, "", false, { .pull = 1 } },
	{ "none is empty", NULL, "", NULL, false, { 0 } },
	{ "R8 they say nothing", A, A, NULL, true, { 0 } },
	{ "R8 they say nothing, we changed", A, B, NULL, true, { .push = 1 } },
	{ "R25 what they say does not count", A, A, B, true, { 0 } },
	{ "R25 nor does it clash", A, B, C, true, { .push = 1 } },
	{ "their echo is trimmed", "a \n", "a \n", A, false, { 0 } },
	{ "their echo has CRLF", LONG, LONG, "first line\r\nsecond line\r\n", false, { 0 } },
	{ "our blanks are no change", A, "a  ", A, false, { 0 } },
	{ "both the same but for blanks", A, "b ", B, false, { 0 } },
	{ "blanks in front do count", A, " a", A, false, { .push = 1 } },
	{ "case does count", A, "A", A, false, { .push = 1 } },
};

/* Every row for every field: no field is special here. */
static void D1_D2_each_field_by_itself(void **state)
{
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		for (int f = 0; f < TASK_NFIELDS; f++) {
			const struct row *r = &row[i];
			struct task ours = TASK_INIT, theirs = TASK_INIT;
			char *base[TASK_NFIELDS] = { NULL };
			ours.field[f] = (char *)r->ours;
			theirs.field[f] = (char *)r->theirs;
			base[f] = (char *)r->base;
			struct merge m = merge_task(base, &ours, &theirs, r->silent ? BIT(f) : 0);
			if (m.pull != r->want.pull << f || m.push != r->want.push << f || m.clash != r->want.clash << f)
				fail_msg("%s, field %d: pull %u push %u clash %u", r->name, f, m.pull, m.push, m.clash);
		}
}

static void D1_different_fields_merge(void **state)
{
	char *base[TASK_NFIELDS] = { "t", TASK_OPEN, TASK_NORMAL, NULL, "d" };
	struct task ours = { .field = { "t2", TASK_OPEN, TASK_NORMAL, "2026-12-01", "ours" } };
	struct task theirs = { .field = { "t", TASK_COMPLETE, TASK_NORMAL, "2026-12-01", "theirs" } };
	struct merge m = merge_task(base, &ours, &theirs, 0);
	assert_int_equal(m.push, BIT(FIELD_TITLE));
	assert_int_equal(m.pull, BIT(FIELD_STATUS));
	assert_int_equal(m.clash, BIT(FIELD_DETAILS));
}

/* Whatever the values: a field is in one mask at most; in none if all three are alike. */
static void every_combination(void **state)
{
	static const char *const v[] = { NULL, "a", "b", "a " };
	for (int i = 0; i < 4 * 4 * 4 * 2; i++) {
		char *base[TASK_NFIELDS] = { (char *)v[i & 3] };
		struct task ours = { .field = { (char *)v[i >> 2 & 3] } }, theirs = { .field = { (char *)v[i >> 4 & 3] } };
		struct merge m = merge_task(base, &ours, &theirs, (uint32_t)(i >> 6));
		assert_true(m.pull + m.push + m.clash <= 1);
		if (i >> 6)
			assert_int_equal(m.pull | m.clash, 0);
		if (field_same(ours.field[0], theirs.field[0]) && !(i >> 6))
			assert_int_equal(m.pull | m.push | m.clash, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(D1_D2_each_field_by_itself),
		cmocka_unit_test(D1_different_fields_merge),
		cmocka_unit_test(every_combination),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
