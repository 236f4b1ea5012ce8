/* relist: what is copied is what was listed, from any cookie, and never of another snapshot. */
#include "relist.h"
#include "unit.h"
#include <linux/fuse.h>

#define ENTRIES 500

/* Entry i has cookie 10 * i, and a name of a length of its own. */
static size_t entry(int i, char *to)
{
	struct fuse_dirent d = { .ino = (uint64_t)i, .off = (uint64_t)i * 10, .namelen = 1 + (uint32_t)i % 60 };
	size_t n = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + d.namelen);

	memset(to, 0, n);
	memcpy(to, &d, FUSE_NAME_OFFSET);
	memset(to + FUSE_NAME_OFFSET, 'a' + i % 26, d.namelen);
	return n;
}

/* The entries behind a cookie, as a directory would list them. */
static size_t list(int64_t after, size_t size, char *to)
{
	char one[128];
	size_t n = 0, more;

	for (int i = (int)(after / 10) + 1; i <= ENTRIES; i++) {
		more = entry(i, one);
		if (n + more > size)
			break;
		memcpy(to + n, one, more);
		n += more;
	}
	return n;
}

static void fill_from(struct relist *r, int64_t snapshot, int64_t after, size_t size)
{
	char page[8192];

	for (;;) {
		size_t n = list(after, size, page);
		relist_put(r, snapshot, after, page, n);
		if (!n)
			break;
		after = r->last;
	}
}

static void what_was_listed_is_there_from_any_cookie_and_in_any_size(void **state)
{
	uint64_t seed = random_seed();
	struct relist r = { 0 };
	char page[8192];
	const char *s;
	size_t n;

	fill_from(&r, 1, 0, 1000);
	for (int i = 0; i < 5000; i++) {
		int64_t after = 10 * (int64_t)random_below(&seed, ENTRIES + 1);
		size_t size = 200 + random_below(&seed, 4000), want;
		assert_true(relist_get(&r, 1, after, size, &s, &n));
		want = list(after, size, page);
		assert_int_equal(n, want);
		assert_memory_equal(s, page, n);
	}
	relist_finish(&r);
}

static void another_snapshot_or_cookie_is_not_known(void **state)
{
	struct relist r = { 0 };
	const char *s;
	size_t n;

	fill_from(&r, 1, 0, 1000);
	assert_false(relist_get(&r, 2, 0, 1000, &s, &n));
	assert_false(relist_get(&r, 0, 0, 1000, &s, &n));
	assert_false(relist_get(&r, 1, 15, 1000, &s, &n));
	relist_finish(&r);
}

/* Who stops half way leaves a begin, which is no whole;
 * and what does not continue it is not put behind it. */
static void a_begin_is_not_taken_for_the_whole(void **state)
{
	struct relist r = { 0 };
	char page[8192];
	const char *s;
	size_t n, first = list(0, 1000, page);

	relist_put(&r, 1, 0, page, first);
	int64_t last = r.last;
	assert_false(relist_get(&r, 1, last, 1000, &s, &n));
	relist_put(&r, 1, last + 100, page, list(last + 100, 1000, page));
	assert_false(relist_get(&r, 1, last, 1000, &s, &n));
	assert_true(relist_get(&r, 1, 0, 8000, &s, &n));
	assert_int_equal(n, first);
	relist_put(&r, 2, last, page, list(last, 1000, page));
	assert_false(relist_get(&r, 1, 0, 8000, &s, &n));
	relist_finish(&r);
}

static void a_listing_may_begin_behind_what_came_with_attributes(void **state)
{
	struct relist r = { 0 };
	char page[8192];
	const char *s;
	size_t n;

	fill_from(&r, 1, 200, 1000);
	assert_false(relist_get(&r, 1, 0, 1000, &s, &n));
	assert_false(relist_get(&r, 1, 190, 1000, &s, &n));
	assert_true(relist_get(&r, 1, 200, 1000, &s, &n));
	assert_int_equal(n, list(200, 1000, page));
	assert_memory_equal(s, page, n);
	assert_true(relist_get(&r, 1, 10 * ENTRIES, 1000, &s, &n));
	assert_int_equal(n, 0);		/* the end is known, too */
	relist_finish(&r);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(what_was_listed_is_there_from_any_cookie_and_in_any_size),
		cmocka_unit_test(another_snapshot_or_cookie_is_not_known),
		cmocka_unit_test(a_listing_may_begin_behind_what_came_with_attributes),
		cmocka_unit_test(a_begin_is_not_taken_for_the_whole),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
