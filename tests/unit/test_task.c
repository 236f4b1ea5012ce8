#include "unit.h"
#include "task.h"

static struct task sample(void)
{
	struct task t = TASK_INIT;
	assert_ok(task_set(&t, FIELD_TITLE, "Call Bob"));
	assert_ok(task_set(&t, FIELD_DUE, "2026-09-03"));
	assert_ok(task_set_fact(&t, FACT_PERSON, "Bob Müller"));
	bool ok = true;
	t.name = str_dup("Call Bob.txt", &ok);
	t.id = 7;
	t.created_at = 1;
	t.changed_at = 2;
	t.born = BIT(SIDE_SF);
	return t;
}

static void R3_exactly_five_fields(void **state)
{
	static const struct {
		const char *name, *label, *initial;
	} want[] = {
		{ "title", "Title", "Untitled" }, { "status", NULL, "open" }, { "priority", "Priority", "normal" },
		{ "due", "Due", NULL }, { "details", NULL, NULL },
	};
	assert_int_equal(TASK_NFIELDS, COUNT(want));
	assert_int_equal(FIELDS_ALL, 0x1f);
	for (int f = 0; f < TASK_NFIELDS; f++) {
		assert_same("name", task_field[f].name, want[f].name);
		assert_same("label", task_field[f].label, want[f].label);
		assert_same("initial", task_field[f].initial, want[f].initial);
	}
	for (int f = 0; f < TASK_NFACTS; f++)
		assert_non_null(task_fact[f]);
	assert_string_equal(task_fact[FACT_SF_WHO], "sf_who");
	assert_string_equal(side_name[SIDE_SC], "salesconnect");
	assert_string_equal(side_name[SIDE_SF], "salesforce");
}

static void empty_is_no_value(void **state)
{
	AUTO_TASK t = TASK_INIT;
	assert_ok(task_set(&t, FIELD_DETAILS, "x"));
	assert_ok(task_set(&t, FIELD_DETAILS, ""));
	assert_null(t.field[FIELD_DETAILS]);
	assert_ok(task_set_fact(&t, FACT_EMAIL, ""));
	assert_null(t.fact[FACT_EMAIL]);
}

static void a_value_may_replace_itself(void **state)
{
	AUTO_TASK t = sample();
	assert_ok(task_set(&t, FIELD_TITLE, t.field[FIELD_TITLE] + 5));
	assert_string_equal(t.field[FIELD_TITLE], "Bob");
}

static void copy_copies_everything(void **state)
{
	AUTO_TASK a = sample();
	AUTO_TASK b = TASK_INIT;
	assert_ok(task_copy(&b, &a));
	assert_int_equal(task_diff(&a, &b, FIELDS_ALL), 0);
	assert_string_equal(b.fact[FACT_PERSON], "Bob Müller");
	assert_string_equal(b.name, "Call Bob.txt");
	assert_ptr_not_equal(a.name, b.name);
	assert_int_equal(b.id, 7);
	assert_int_equal(b.created_at, 1);
	assert_int_equal(b.changed_at, 2);
	assert_int_equal(b.born, BIT(SIDE_SF));
}

static void diff_names_what_differs(void **state)
{
	for (int f = 0; f < TASK_NFIELDS; f++) {
		AUTO_TASK a = sample();
		AUTO_TASK b = TASK_INIT;
		assert_ok(task_copy(&b, &a));
		assert_ok(task_set(&b, (enum field)f, "other"));
		assert_int_equal(task_diff(&a, &b, FIELDS_ALL), BIT(f));
		assert_int_equal(task_diff(&a, &b, FIELDS_ALL & ~BIT(f)), 0);
		assert_ok(task_set(&b, (enum field)f, NULL));
		assert_int_equal(task_diff(&a, &b, FIELDS_ALL), a.field[f] ? BIT(f) : 0);
	}
}

static void fill_sets_only_what_is_missing(void **state)
{
	AUTO_TASK t = TASK_INIT;
	AUTO_TASK s = sample();
	assert_ok(task_fill(&t));
	assert_same("title", t.field[FIELD_TITLE], "Untitled");
	assert_same("status", t.field[FIELD_STATUS], TASK_OPEN);
	assert_same("priority", t.field[FIELD_PRIORITY], TASK_NORMAL);
	assert_same("due", t.field[FIELD_DUE], NULL);
	assert_same("details", t.field[FIELD_DETAILS], NULL);
	assert_ok(task_fill(&s));
	assert_same("title", s.field[FIELD_TITLE], "Call Bob");
}

static void R5_open_or_complete(void **state)
{
	AUTO_TASK t = TASK_INIT;
	assert_true(task_is_open(&t));
	assert_ok(task_set(&t, FIELD_STATUS, TASK_COMPLETE));
	assert_false(task_is_open(&t));
	assert_ok(task_set(&t, FIELD_STATUS, TASK_OPEN));
	assert_true(task_is_open(&t));
}

static void an_echo_is_no_change(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} row[] = {
		{ NULL, NULL, true }, { NULL, "", true }, { NULL, "\r\n \t", true }, { NULL, "x", false },
		{ "a", "a", true }, { "a", "a \n", true }, { "a\nb", "a\r\nb", true }, { "a\nb", "a\rb", true },
		{ "a\r\n\r\nb\r\n", "a\n\nb", true }, { "a\r\rb", "a\n\nb", true }, { "a\n\nb", "a\nb", false },
		{ "a \nb", "a\nb", false }, { " a", "a", false }, { "a", "A", false }, { "ab", "a", false }, { "a", "ab", false },
		{ "a\xc2\xa0", "a", false }, { "Ä", "ä", false },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		assert_int_equal(field_same(row[i].a, row[i].b), row[i].same);
		assert_int_equal(field_same(row[i].b, row[i].a), row[i].same);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R3_exactly_five_fields),
		cmocka_unit_test(empty_is_no_value),
		cmocka_unit_test(a_value_may_replace_itself),
		cmocka_unit_test(copy_copies_everything),
		cmocka_unit_test(diff_names_what_differs),
		cmocka_unit_test(fill_sets_only_what_is_missing),
		cmocka_unit_test(R5_open_or_complete),
		cmocka_unit_test(an_echo_is_no_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
