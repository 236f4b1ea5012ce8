/*
 * Setting a damaged database aside is killed before every call that changes a file (kill_unit.h), and once
 * more in the mending: the next start goes on, and there is one directory with everything that was typed.
 */
#include "salvage_unit.h"
#include "kill_unit.h"
#include "log.h"
#include <glob.h>

#define TASKS 8

/* What a mount does before it opens the database. */
static void start(void *arg)
{
	struct fx *x = arg;
	AUTO_SALVAGE v = { 0 };
	enum err e = store_salvage_resume(x->path);
	if (!e)
		e = open_checked(x);
	if (e == ERR_CORRUPT)
		e = store_salvage(x->path, NOW, &v);
	if (e)
		_exit(1);
}

static size_t count_files(const struct fx *x, const char *pattern, char *first)
{
	char path[200];
	glob_t g;
	snprintf(path, sizeof(path), "%s/%s", x->dir, pattern);
	size_t n = glob(path, 0, NULL, &g) ? 0 : g.gl_pathc;
	if (n && first)
		snprintf(first, 200, "%s", g.gl_pathv[0]);
	if (n)
		globfree(&g);
	return n;
}

static void check_whole(struct fx *x, const struct image *m)
{
	char dir[200] = "", path[220];
	AUTO_FREE char *told = NULL;
	assert_int_equal(count_files(x, "salvaged-*", dir), 1);
	assert_int_equal(kept(dir), COUNT(want));
	snprintf(path, sizeof(path), "%s/store.db", dir);
	assert_true(same_file(path, &m->db));
	snprintf(path, sizeof(path), "%s/store.db-wal", dir);
	assert_true(same_file(path, &m->wal));
	assert_int_equal(count_files(x, "salvaged-*/new.db*", NULL) + count_files(x, "*.salvage", NULL), 0);
	nftw(x->dir, is_private, 8, FTW_PHYS);
	assert_ok(open_checked(x));
	x->s = fx_open(x, false);
	assert_int_equal(number(x->s, "SELECT count(*) FROM task"), 0);
	assert_int_equal(pairs(x), TASKS + 4);
	assert_int_equal(searches(x), 2);
	assert_ok(store_meta(x->s, STORE_SALVAGED, &told));
	assert_string_equal(told, dir);
	store_close(TAKE(x->s));
}

static void a_salvage_killed_anywhere_is_finished_by_the_next_start(void **state)
{
	struct fx *x = *state;
	AUTO_IMAGE m = { 0 };
	int n = 0, again = 0;
	bool ended;
	take_image(x, TASKS, true, &m);
	m.db.s[0] = 'X';
	do {
		put_image(x, &m);
		ended = kill_before(++n, start, x);
		again += !ended && n % 4 == 0 && !kill_before(1 + n / 4 % 16, start, x);
		start(x);
		check_whole(x, &m);
	} while (!ended);
	printf("# killed at each of %d calls, and %d times once more\n", n - 1, again);
	assert_true(n > 50 && again > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_salvage_killed_anywhere_is_finished_by_the_next_start),
	};
	log_init(LOG_LEVEL_ERROR, "/dev/null", 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
