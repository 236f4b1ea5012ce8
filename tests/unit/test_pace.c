/* When the next pass is due, and the back-off: tables. */
#include "pace.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#define S INT64_C(1000)
#define NEVER -1

static void next(void **state)
{
	static const struct {
		const char *name;
		struct pace_view v;
		enum pace want;
		int64_t wait;
	} row[] = {
		{ "nothing to do", { .now = 100 * S, .full_at = 160 * S, .outbox_ms = NEVER }, PACE_WAIT, 60 * S },
		{ "full pass due", { .now = 100 * S, .full_at = 100 * S, .outbox_ms = NEVER }, PACE_FULL, 0 },
		{ "an edit", { .now = 100 * S, .full_at = 160 * S }, PACE_PUSH, 0 },
		{ "an edit in its grace", { .now = 100 * S, .full_at = 160 * S, .outbox_ms = 5 * S }, PACE_WAIT, 5 * S },
		{ "an edit after the next pass", { .now = 100 * S, .full_at = 101 * S, .outbox_ms = 5 * S }, PACE_WAIT, S },
		{ "both due", { .now = 100 * S, .full_at = 99 * S }, PACE_FULL, 0 },
		{ "rows were stuck", { .now = 100 * S, .full_at = 160 * S, .push_after = 103 * S }, PACE_WAIT, 3 * S },
		{ "backing off: no push", { .now = 100 * S, .full_at = 90 * S, .hold_until = 110 * S }, PACE_WAIT, 10 * S },
		{ "backing off: no pass", { .now = 100 * S, .full_at = 90 * S, .hold_until = 110 * S, .outbox_ms = NEVER },
			PACE_WAIT, 10 * S },
		{ "a kick beats the back-off", { .now = 100 * S, .full_at = 900 * S, .hold_until = 110 * S, .kicked = true,
			.outbox_ms = NEVER }, PACE_FULL, 0 },
		{ "blocked: an edit is no reason", { .now = 100 * S, .full_at = 105 * S, .blocked = true }, PACE_WAIT, 5 * S },
		{ "blocked, and kicked", { .now = 100 * S, .full_at = 105 * S, .blocked = true, .kicked = true }, PACE_FULL, 0 },
	};
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		int64_t wait;
		enum pace is = pace_next(&row[i].v, &wait);
		if (is != row[i].want || (is == PACE_WAIT && wait != row[i].wait))
			fail_msg("%s: %d after %lld", row[i].name, is, (long long)wait);
	}
}

static void backoff(void **state)
{
	static const struct {
		enum err e;
		int fails;
		int64_t retry, low, high;
	} row[] = {
		{ ERR_OFFLINE, 1, 0, 4 * S, 6 * S },
		{ ERR_LOST, 2, 0, 8 * S, 12 * S },
		{ ERR_RETRY, 3, 0, 16 * S, 24 * S },
		{ ERR_OFFLINE, 100, 0, 240 * S, 360 * S },
		{ ERR_OFFLINE, 0, 0, 4 * S, 6 * S },
		{ ERR_RETRY, 1, 120 * S, 120 * S, 120 * S },	/* it asked for more */
		{ ERR_LIMIT, 1, 0, 720 * S, 1080 * S },
		{ ERR_LIMIT, 1, 3600 * S, 3600 * S, 3600 * S },
		{ ERR_LIMIT, 1, 2 * S, 4 * S, 6 * S },	/* it asked for less */
		{ ERR_AUTH, 1, 0, 240 * S, 360 * S },
		{ ERR_AUTH, 9, 0, 240 * S, 360 * S },
		{ ERR_PROTOCOL, 1, 0, 4 * S, 6 * S },
		{ ERR_BUSY, 1, 0, -1, -1 },
	};
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		for (uint32_t chance = 0; chance < 1024; chance++) {
			int64_t ms = pace_backoff(row[i].e, row[i].fails, row[i].retry, chance);
			assert_in_range(ms + 1, row[i].low + 1, row[i].high + 1);
		}
	for (enum err e = ERR_NOENT; e < ERR_N; e++)	/* nothing is ever hammered */
		assert_true(e == ERR_BUSY || pace_backoff(e, 1, 0, 0) >= 4 * S);
}

/* Sixty passes at once, then one a minute, however often it rings. */
static void a_bell_that_never_stops_costs_a_pass_a_minute(void **state)
{
	int64_t paid = 0, at[200];
	int n = 0, minutes = 30;
	for (int64_t now = 5 * S; now < 5 * S + minutes * 60 * S; now += S / 10) {
		if (pace_bell(paid) > now)
			continue;
		paid = pace_bell_pay(paid, now);
		at[n++] = now;
	}
	assert_int_equal(n, PACE_BELL_BURST + minutes - 1);
	assert_int_equal(at[PACE_BELL_BURST - 1], 5 * S + (PACE_BELL_BURST - 1) * S / 10);
	assert_true(at[n - 1] - at[n - 2] >= 59 * S);
	/* an hour of quiet, and there are sixty again */
	assert_true(pace_bell(pace_bell_pay(paid, paid + 3600 * S)) <= paid + 3600 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(next),
		cmocka_unit_test(backoff),
		cmocka_unit_test(a_bell_that_never_stops_costs_a_pass_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
