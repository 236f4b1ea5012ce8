/* The log is folded beside those who write: all of it, while nobody waits for a disk. */
#include "store_unit.h"
#include "vfs_unit.h"
#include <pthread.h>

static struct {
	void (*at)(void);	/* the fold syncs the log, or the database */
	pthread_t folder;
	struct store *s;	/* who writes */
	int commits[4];		/* within each pass, until 0 */
	int pass, value;
	int base_writes;	/* pages of the database that were written */
} run;

static int hook(const struct vfs_op *x)
{
	bool base = x->real && !strstr(x->path, "-wal");
	run.base_writes += x->op == VFS_WRITE && base;
	if (x->op == VFS_SYNC && run.at && pthread_equal(pthread_self(), run.folder))
		run.at();
	return SQLITE_OK;
}

static void commit(struct store *s)
{
	char value[16];
	snprintf(value, sizeof(value), "%d", run.value++);
	assert_ok(store_meta_set(s, "k", value));
}

static void commits(struct store *s, int n)
{
	while (n--)
		commit(s);
}

static uint32_t frames(struct store *s)
{
	assert_true(wal_find(s));
	return wal_word(s, WAL_FRAMES);
}

static uint32_t folded(struct store *s)
{
	assert_true(wal_find(s));
	return wal_word(s, WAL_FOLDED);
}

static struct store *writer(struct fx *x, struct wake *grown)
{
	struct store *s;
	assert_ok(store_open(x->path, &(struct store_options){ .grown = grown }, &s));
	return s;
}

static void long_log(struct fx *x)
{
	commits(run.s, LOG_LONG + 10);
	assert_true(frames(x->s) >= LOG_LONG);
	assert_int_equal(folded(x->s), 0);
}

static void a_commit_folds_nothing_where_somebody_is_told(void **state)
{
	struct fx *x = *state;
	uint64_t rings = wake_count(x->changed);
	run.base_writes = 0;
	commits(run.s, LOG_ALONE + 100);
	assert_true(frames(run.s) > LOG_ALONE);
	assert_int_equal(run.base_writes, 0);
	rings = wake_count(x->changed) - rings;
	assert_in_range(rings, LOG_ALONE / 1000, LOG_ALONE / 1000 + 1);
}

static void a_commit_folds_where_nobody_is_told(void **state)
{
	struct fx *x = *state;
	run.base_writes = 0;
	commits(x->s, LOG_ALONE + 100);
	assert_true(run.base_writes > 0);
	assert_true(frames(x->s) < LOG_ALONE);
}

static void a_log_of_some_length_waits_for_a_quiet_moment(void **state)
{
	struct fx *x = *state;
	assert_false(store_fold(x->s));		/* not worth it */
	commits(run.s, 2500);
	assert_true(store_fold(x->s));
	commit(run.s);
	assert_true(store_fold(x->s));		/* somebody came */
	assert_int_equal(folded(x->s), 0);
	assert_false(store_fold(x->s));
	assert_int_equal(folded(x->s), frames(x->s));
	commit(run.s);
	assert_true(frames(x->s) < 10);		/* it began anew */
}

static void write_within_the_fold(void)
{
	if (run.pass < (int)COUNT(run.commits))
		commits(run.s, run.commits[run.pass++]);
}

/* As somebody does who writes all the time, and waits for the last pass. */
static void a_fold_beside_a_writer_gets_to_the_end(void **state)
{
	struct fx *x = *state;
	long_log(x);
	memcpy(run.commits, (int[]){ 1500, 700, 300 }, 3 * sizeof(int));
	run.at = write_within_the_fold;
	assert_false(store_fold(x->s));
	assert_true(run.pass >= 4);
	assert_int_equal(folded(x->s), frames(x->s));
	commit(run.s);
	assert_true(frames(x->s) < 10);
}

static void *one_commit(void *arg)
{
	commit(arg);
	return NULL;
}

/* The disk takes for ever: it is over when the writer is. */
static void hang(void)
{
	pthread_t t;
	assert_int_equal(pthread_create(&t, NULL, one_commit, run.s), 0);
	assert_int_equal(pthread_join(t, NULL), 0);
	run.pass++;
}

static void a_sync_that_hangs_holds_nobody_up(void **state)
{
	struct fx *x = *state;
	long_log(x);
	run.at = hang;
	assert_true(store_fold(x->s));
	assert_true(run.pass >= 2);	/* of the log and of the database */
	run.at = NULL;
	commits(run.s, LOG_LONG);
	assert_false(store_fold(x->s));
	assert_int_equal(folded(x->s), frames(x->s));
}

static void one_within_the_fold(void)
{
	commit(run.s);
}

/* While some of a long log is not in the database, nobody holds a snapshot: each read takes its locks. */
static void what_a_fold_left_of_a_long_log_is_folded_in_a_quiet_moment(void **state)
{
	struct fx *x = *state;
	long_log(x);
	run.at = one_within_the_fold;
	assert_true(store_fold(x->s));
	assert_in_range(frames(x->s) - folded(x->s), 1, 500);
	assert_int_equal(store_hold(run.s), 0);
	run.at = NULL;
	assert_true(store_fold(x->s));		/* somebody came since */
	assert_false(store_fold(x->s));
	assert_int_equal(folded(x->s), frames(x->s));
	assert_int_not_equal(store_hold(run.s), 0);
	store_rest(run.s);
}

static int setup(void **state)
{
	memset(&run, 0, sizeof(run));
	vfs_on(hook);
	if (fx_setup_in(state, access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm"))
		return -1;
	struct fx *x = *state;
	run.folder = pthread_self();
	run.s = writer(x, x->changed);
	return 0;
}

static int teardown(void **state)
{
	run.at = NULL;
	store_close(run.s);
	int r = fx_teardown(state);
	vfs_off();
	return r;
}
#undef TEST
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_commit_folds_nothing_where_somebody_is_told),
		TEST(a_commit_folds_where_nobody_is_told),
		TEST(a_log_of_some_length_waits_for_a_quiet_moment),
		TEST(a_fold_beside_a_writer_gets_to_the_end),
		TEST(a_sync_that_hangs_holds_nobody_up),
		TEST(what_a_fold_left_of_a_long_log_is_folded_in_a_quiet_moment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
