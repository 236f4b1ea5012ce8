/* The quota: what may be sent, how often is asked, and what the user reads about it. */
#include "budget.h"
#include "spent.h"
#include "status.h"
#include "store_unit.h"

#define S INT64_C(1000)
#define H (3600 * S)

static void reserves_edits_before_polls_before_imports(void **state)
{
	static const struct {
		int pct;
		bool edit, poll, backfill;
		enum spent_stage stage;
	} row[] = {
		{ 0, true, true, true, SPENT_FREE },
		{ 79, true, true, true, SPENT_FREE },
		{ 80, true, true, false, SPENT_SLOW },
		{ 87, true, true, false, SPENT_SLOW },
		{ 88, true, false, false, SPENT_EDITS },
		{ 93, true, false, false, SPENT_EDITS },
		{ 94, false, false, false, SPENT_NOTHING },
		{ 95, false, false, false, SPENT_NOTHING },
		{ 300, false, false, false, SPENT_NOTHING },
	};
	for (size_t i = 0; i < COUNT(row); i++)
		for (uint32_t chance = 0; chance < 1024; chance += 31) {
			int p = row[i].pct;
			assert_int_equal(!budget_wait(p, BUDGET_EDIT, 0, chance), row[i].edit);
			assert_int_equal(!budget_wait(p, BUDGET_POLL, 0, chance), row[i].poll);
			assert_int_equal(!budget_wait(p, BUDGET_BACKFILL, 0, chance), row[i].backfill);
			assert_int_equal(budget_stage(p), row[i].stage);
		}
}

static void what_is_known_grows_old(void **state)
{
	assert_int_equal(budget_wait(96, BUDGET_POLL, 0, 0), 4 * H * 4 / 5);
	assert_int_equal(budget_wait(96, BUDGET_POLL, 3 * H, 0), H / 5);
	assert_int_equal(budget_wait(96, BUDGET_EDIT, 5 * H, 1023), 0);
	assert_int_equal(budget_wait(92, BUDGET_POLL, 0, 1023), H * 6 / 5);
	assert_int_equal(budget_wait(92, BUDGET_POLL, 2 * H, 1023), 0);
}

static void polls_slow_down(void **state)
{
	assert_int_equal(budget_interval(600, 0, 0), 480 * S);
	assert_int_equal(budget_interval(600, 0, 1023), 720 * S);
	assert_int_equal(budget_interval(120, 79, 0), 96 * S);
	assert_int_equal(budget_interval(120, 81, 0), 192 * S);
	assert_int_equal(budget_interval(120, 86, 0), 384 * S);
}

/* salesforce.md 5: 133, 126, 125, 129 were seen one after the other. */
static void the_highest_of_the_recent_readings_counts(void **state)
{
	struct budget b = { 0 };
	assert_int_equal(budget_pct(&b), 0);
	budget_note(&b, 0, 0, 0);
	assert_int_equal(b.quota, 0);
	static const int seen[] = { 133, 126, 125, 129 };
	for (size_t i = 0; i < COUNT(seen); i++)
		budget_note(&b, seen[i], 1000, NOW + (int64_t)i * S);
	assert_int_equal(budget_used(&b), 133);
	assert_int_equal(budget_pct(&b), 13);
	budget_note(&b, 50, 1000, NOW + 16 * 60 * S);	/* the next day, nearly */
	assert_int_equal(budget_used(&b), 50);
	for (int i = 0; i < 100; i++)
		budget_note(&b, 60 + i % 3, 1000, NOW + H + i);
	assert_int_equal(budget_used(&b), 62);
}

static const char *read_budget(struct fx *x)
{
	static char text[2000];
	AUTO_BUF b = BUF_INIT;
	assert_ok(status_budget(x->s, NOW + 7 * H, &b));
	snprintf(text, sizeof(text), "%s", buf_str(&b));
	return text;
}

static void the_user_reads_it(void **state)
{
	struct fx *x = *state;
	struct spent spent = { .at = NOW, .used = 540, .quota = 15000, .calls = 96, .since = NOW, .poll_ms = 580 * S };
	assert_string_equal(read_budget(x), "salesconnect  off\nsalesforce    off\n");
	on(x->s, SIDE_SF);
	assert_string_equal(read_budget(x), "salesconnect  off\nsalesforce    nothing asked yet\n");
	assert_ok(spent_save(x->s, SIDE_SF, &spent));
	assert_no_write(x->s, spent_save(x->s, SIDE_SF, &spent));
	assert_string_equal(read_budget(x), "salesconnect  off\n"
		"salesforce    3 % used: 540 of the org's 15000 calls in 24 hours\n"
		"              96 calls from here in 7 hours; a poll every 580 seconds\n"
		"              everything is sent at once\n");
	spent.used = 14400;
	spent.stage = SPENT_NOTHING;
	spent.until = NOW + 8 * H;
	assert_ok(spent_save(x->s, SIDE_SF, &spent));
	assert_non_null(strstr(read_budget(x), "edits are kept here and wait, too\n"
		"              asked to be left alone for 60 minutes\n"));
	assert_ok(store_meta_set(x->s, "sf.spent", "something else"));
	assert_string_equal(read_budget(x), "salesconnect  off\nsalesforce    nothing asked yet\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reserves_edits_before_polls_before_imports),
		cmocka_unit_test(what_is_known_grows_old),
		cmocka_unit_test(polls_slow_down),
		cmocka_unit_test(the_highest_of_the_recent_readings_counts),
		TEST(the_user_reads_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
