/* What may cross, as tables: R5 to R12, R24, R25, D2, D5, D9. */
#include "rules.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#define T BIT(FIELD_TITLE)
#define S BIT(FIELD_STATUS)
#define P BIT(FIELD_PRIORITY)

static struct remote_task record(const char *title, const char *status, const char *priority)
{
	struct remote_task r = { .mine = true };
	r.t.field[FIELD_TITLE] = (char *)title;
	r.t.field[FIELD_STATUS] = (char *)status;
	r.t.field[FIELD_PRIORITY] = (char *)priority;
	return r;
}

static void R08_R10_R25_silent(void **state)
{
	static const struct {
		const char *name;
		enum side side;
		const char *title, *status, *priority;
		uint32_t unknown, want;
	} row[] = {
		{ "R25 SF's subject never", SIDE_SF, "a", TASK_OPEN, TASK_NORMAL, 0, T },
		{ "R8 In Progress", SIDE_SF, "a", NULL, TASK_HIGH, 0, T | S },
		{ "R10 Low", SIDE_SF, "a", TASK_COMPLETE, NULL, 0, T | P },
		{ "SC speaks of everything", SIDE_SC, "a", TASK_OPEN, TASK_NORMAL, 0, 0 },
		{ "SC without a name", SIDE_SC, NULL, TASK_OPEN, TASK_NORMAL, 0, T },
		{ "hidden fields", SIDE_SF, "a", TASK_OPEN, TASK_NORMAL, BIT(FIELD_DUE), T | BIT(FIELD_DUE) },
	};
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct remote_task r = record(row[i].title, row[i].status, row[i].priority);
		r.unknown = row[i].unknown;
		if (rules_silent(row[i].side, &r) != row[i].want)
			fail_msg("%s: %u", row[i].name, rules_silent(row[i].side, &r));
	}
}

static void R03_R24_may_push(void **state)
{
	static const struct {
		enum side side;
		const char *template;
		uint32_t want;
	} row[] = {
		{ SIDE_SF, NULL, FIELDS_ALL },
		{ SIDE_SF, "", FIELDS_ALL },
		{ SIDE_SF, "{{activity_subject}}", FIELDS_ALL },
		{ SIDE_SF, "[SC] {{Activity_Subject}}!", FIELDS_ALL },
		{ SIDE_SF, "Reminder", FIELDS_ALL & ~T },
		{ SIDE_SF, "{{activity_type}}", FIELDS_ALL & ~T },
		{ SIDE_SC, "Reminder", FIELDS_ALL },
	};
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		assert_int_equal(rules_may_push(row[i].side, row[i].template), row[i].want);
}

static void R08_D5_D9_import(void **state)
{
	static const struct {
		const char *status;
		bool deleted, mine, master, skip, hidden, keyed, want;
	} row[] = {
		{ TASK_OPEN, false, true, false, false, false, false, true },
		{ TASK_COMPLETE, false, true, false, false, false, false, true },
		{ TASK_OPEN, true, true, false, false, false, false, false },
		{ TASK_OPEN, false, false, false, false, false, false, false },	/* D5 */
		{ TASK_OPEN, false, true, true, false, false, false, false },	/* D9 */
		{ NULL, false, true, false, false, false, false, true },		/* R8 */
		{ NULL, false, true, false, true, false, false, false },		/* R8, strict */
		{ NULL, false, true, false, true, true, false, true },			/* we may not see it */
		{ TASK_OPEN, false, true, false, true, false, false, true },
		{ NULL, false, true, false, true, false, true, true },		/* another mount's copy */
	};
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct remote_task r = record("a", row[i].status, TASK_NORMAL);
		struct config c = { .other_values_skip = row[i].skip };
		r.deleted = row[i].deleted;
		r.mine = row[i].mine;
		r.master = row[i].master;
		r.once = row[i].keyed ? (char *)"key" : NULL;
		r.unknown = row[i].hidden ? S : 0;
		if ((rules_import(&r) && !rules_skip(&r, &c)) != row[i].want)
			fail_msg("row %zu", i);
	}
}

static void R06_R07_R08_R09_R10_hub(void **state)
{
	static const struct {
		const char *title, *status, *priority;
		const char *want[3];
	} row[] = {
		{ "a", TASK_OPEN, TASK_NORMAL, { "a", TASK_OPEN, TASK_NORMAL } },
		{ "a", TASK_COMPLETE, TASK_HIGH, { "a", TASK_COMPLETE, TASK_HIGH } },
		{ "a", NULL, NULL, { "a", TASK_OPEN, TASK_NORMAL } },
		{ NULL, TASK_OPEN, TASK_NORMAL, { "Untitled", TASK_OPEN, TASK_NORMAL } },
	};
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct remote_task r = record(row[i].title, row[i].status, row[i].priority);
		AUTO_TASK t = TASK_INIT;
		assert_int_equal(rules_hub(&r, &t), ERR_OK);
		for (int f = 0; f < 3; f++)
			assert_string_equal(t.field[f], row[i].want[f]);
		assert_null(t.field[FIELD_DUE]);	/* R11: none is legal */
	}
}

static void D2_the_order_decides(void **state)
{
	static const enum side order[][NSIDES] = {
		{ SIDE_LOCAL, SIDE_SF, SIDE_SC }, { SIDE_LOCAL, SIDE_SC, SIDE_SF }, { SIDE_SF, SIDE_LOCAL, SIDE_SC },
		{ SIDE_SF, SIDE_SC, SIDE_LOCAL }, { SIDE_SC, SIDE_LOCAL, SIDE_SF }, { SIDE_SC, SIDE_SF, SIDE_LOCAL },
	};
	for (size_t i = 0; i < 6; i++)
		for (int a = 0; a < NSIDES; a++)
			for (int b = 0; b < NSIDES; b++) {
				bool theirs = rules_theirs_wins(order[i], order[i][a], order[i][b]);
				assert_int_equal(theirs, b <= a);
			}
}

static void R03_facts(void **state)
{
	struct task ours = { .fact = { [FACT_PERSON] = "Bob", [FACT_CAMPAIGN] = "Q3" } };
	struct task theirs = { .fact = { [FACT_PERSON] = "Robert", [FACT_EMAIL] = "bob@example.test", [FACT_CAMPAIGN] = "Q4" } };
	uint32_t email = BIT(FACT_EMAIL), campaign = BIT(FACT_CAMPAIGN);
	assert_int_equal(rules_facts(SIDE_SC, &ours, &theirs), email | campaign);
	/* two names for one person: no ping-pong */
	assert_int_equal(rules_facts(SIDE_SF, &ours, &theirs), email);
	assert_int_equal(rules_facts(SIDE_SC, &theirs, &theirs), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R08_R10_R25_silent),
		cmocka_unit_test(R03_R24_may_push),
		cmocka_unit_test(R08_D5_D9_import),
		cmocka_unit_test(R06_R07_R08_R09_R10_hub),
		cmocka_unit_test(D2_the_order_decides),
		cmocka_unit_test(R03_facts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
