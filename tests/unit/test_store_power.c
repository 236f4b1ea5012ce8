/* Power loss at every write and sync: every fsync that returned is there, and the database is whole. */
#include "store_story.h"
#include "log.h"
#include "power_unit.h"

static struct {
	char image[120];
	struct buf good[COUNT(story) + 1];
	size_t synced, begun;	/* the states from synced to begun may be found after a loss */
	uint64_t seed;
} run;

static bool is_one_of(const char *is)
{
	for (size_t i = run.synced; i <= run.begun; i++)
		if (str_eq(is, buf_str(&run.good[i])))
			return true;
	return false;
}

static void check_image(enum power_loss how)
{
	struct store_options o = { .check = true };
	struct store *s = NULL;
	AUTO_BUF is = BUF_INIT;
	char name[160];
	snprintf(name, sizeof(name), "%s-shm", run.image);
	unlink(name);
	power_image(run.image, how, &run.seed);
	enum err e = store_open(run.image, &o, &s);
	if (e && getenv("DBG"))
		abort();
	if (e)
		fail_msg("point %d loss %d: %s", power.points, how, err_str(e));
	dump(s, &is);
	store_close(s);
	if (!is_one_of(buf_str(&is)))
		fail_msg("point %d loss %d: neither of the states %zu to %zu", power.points, how, run.synced, run.begun);
}

static void lose_power(void)
{
	for (int i = 0; i < NLOSSES + 3; i++)
		check_image(i < NLOSSES ? (enum power_loss)i : LOSE_SECTORS);
}

static void begin(struct fx *x, bool durable)
{
	store_close(TAKE(x->s));
	fx_unlink(x);
	x->s = fx_open(x, durable);
	on(x->s, SIDE_SC);
	on(x->s, SIDE_SF);
	assert_int_equal(sqlite3_exec(x->s->db, "PRAGMA wal_autocheckpoint = 20", NULL, NULL, NULL), SQLITE_OK);
	assert_ok(store_sync(x->s));
}

/* every: fsync after each so manieth step; other: takes turns with the first, may be NULL. */
static void tell(struct fx *x, const char *what, bool durable, int every, bool two)
{
	struct store *other = NULL;
	begin(x, durable);
	for (size_t i = 0; i < COUNT(story); i++) {
		dump(x->s, &run.good[i]);
		assert_ok(story[i](x->s));
	}
	dump(x->s, &run.good[COUNT(story)]);
	begin(x, durable);
	if (two)
		other = fx_open(x, true);
	run.seed = random_seed();
	run.synced = 0;
	power.points = power.images = 0;
	snprintf(run.image, sizeof(run.image), "%s/image.db", x->dir);
	power_on(x->s->db, lose_power);
	for (size_t i = 0; i < COUNT(story); i++) {
		bool by_other = two && i % 2;
		run.begun = i + 1;
		assert_ok(story[i](by_other ? other : x->s));
		if (every && i % (size_t)every == 0)
			assert_ok(store_sync(x->s));
		if (durable || by_other || (every && i % (size_t)every == 0))
			run.synced = i + 1;
		lose_power();
	}
	power_off();
	store_close(other);
	printf("# %s: power lost at %d points, %d images, 0 lost\n", what, power.points, power.images);
	for (size_t i = 0; i < COUNT(run.good); i++)
		buf_finish(&run.good[i]);
	memset(run.good, 0, sizeof(run.good));
}

static void an_fsync_that_returned_survives_power_loss(void **state)
{
	tell(*state, "fsync after every commit", false, 1, false);
	tell(*state, "fsync after every third", false, 3, false);
}

static void without_fsync_it_is_whole_all_the_same(void **state)
{
	tell(*state, "no fsync", false, 0, false);
}

static void a_durable_commit_survives_power_loss(void **state)
{
	tell(*state, "durable commits", true, 0, false);
}

/* The mount's and a sync thread's: what the one committed before, the other's sync makes durable. */
static void a_durable_commit_takes_the_others_along(void **state)
{
	tell(*state, "two connections", false, 0, true);
}

static int setup(void **state)
{
	vfs_on(power_hook);
	return fx_setup_in(state, access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
}

static int teardown(void **state)
{
	static const char *const tail[] = { "", "-wal", "-shm" };
	for (size_t i = 0; i < COUNT(tail); i++) {
		char name[160];
		snprintf(name, sizeof(name), "%s%s", run.image, tail[i]);
		unlink(name);
	}
	int r = fx_teardown(state);
	vfs_off();
	return r;
}
#undef TEST
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_fsync_that_returned_survives_power_loss),
		TEST(without_fsync_it_is_whole_all_the_same),
		TEST(a_durable_commit_survives_power_loss),
		TEST(a_durable_commit_takes_the_others_along),
	};
	log_init(LOG_LEVEL_ERROR, getenv("DBG") ? NULL : "/dev/null", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
