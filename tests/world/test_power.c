/*
 * Power loss at every request, before it is sent and after it was done: the row that says "about to create" was synced before,
 * so no create is sent twice, and nothing that was saved is lost.
 */
#include "world.h"
#include "power_unit.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

static struct world w;
static enum power_loss loss;
static uint64_t seed;

static void go_on(void)
{
}

static int64_t written_down(sqlite3 *db, enum side side, const char *once)
{
	sqlite3_stmt *st;
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM link WHERE side = ? AND once = ?", -1, &st, NULL), SQLITE_OK);
	sqlite3_bind_int(st, 1, (int)side);
	sqlite3_bind_text(st, 2, once, -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* A create that was sent was written down for good before (salesforce.md 4.4): that what is there is found again by its looks is
 * no reason to forget it. */
static void check_journal(const char *image)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open_v2(image, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		for (size_t i = 0; i < w.fake[side].n; i++)
			if (w.fake[side].rec[i].once)
				assert_int_equal(written_down(db, side, w.fake[side].rec[i].once), 1);
	sqlite3_close(db);
}

/* The disk as the power loss leaves it is what the next process finds. */
static void lose_power(void *arg)
{
	char to[100];
	power.on = false;
	snprintf(to, sizeof(to), "%s.crash", w.path);
	power_image(to, loss, &seed);
	check_journal(to);
}

static bool tell(enum how how, int at, char **end)
{
	world_init(&w, BOTH);
	world_enable(&w, true);
	user_new(&w, "known");
	check_rest(&w);
	power_on(w.db, go_on);
	user_new(&w, "x");
	user_new(&w, "y");
	user_new(&w, "y");
	user_set(&w, user_find(&w, "known"), FIELD_DETAILS, "words");
	fake_add(&w.fake[SIDE_SF], "theirs");
	assert_int_equal(store_sync(w.store), ERR_OK);
	w.fault = (struct fault){ .at = at, .how = how, .die = lose_power };
	if (!world_rest(&w))
		fail_msg("how=%d at=%d loss=%d: never came to rest", how, at, loss);
	bool hit = w.hits > 0;
	power_off();
	w.fault = (struct fault){ 0 };
	check_quiet(&w);
	*end = world_text(&w);
	world_finish(&w);
	return hit;
}

static void power_loss_at_every_request_sends_no_create_twice(void **state)
{
	static const enum how hows[] = { KILL_BEFORE, KILL_AFTER };
	char *want, *is;
	int points = 0;
	bool hit = tell(KILL_AFTER, 0, &want);
	assert_false(hit);
	for (loss = LOSE_ALL; loss < NLOSSES; loss++)
		for (int k = 0; k < 2; k++) {
			hit = true;
			for (int at = 1; hit; at++) {
				hit = tell(hows[k], at, &is);
				if (!str_eq(is, want))
					fail_msg("how=%d at=%d loss=%d:\n%s\ninstead of\n%s", hows[k], at, loss, is, want);
				free(is);
				points += hit;
			}
		}
	free(want);
	printf("# power lost at a request %d times, 0 lost, 0 doubled\n", points);
	assert_true(points > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_loss_at_every_request_sends_no_create_twice),
	};
	seed = random_seed();
	vfs_on(power_hook);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
