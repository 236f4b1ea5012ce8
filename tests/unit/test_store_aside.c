/* Texts of a large database come from a connection of their own:
 * what that keeps in memory, and that nobody can tell. */
#include "store_unit.h"
#include <inttypes.h>

#define NTASKS 1000
#define TEXT 2000	/* bytes of each, and a little */

struct large {
	struct fx *x;
	struct store *s;	/* with a cache that holds all names and rows, and a fifth of the texts */
	int64_t id[NTASKS];
	char name[NTASKS][NAME_LEN + 1];
};

/* Of version v: as many bytes more. */
static void put_text(struct store *s, int64_t id, int v)
{
	AUTO_BUF details = BUF_INIT;
	for (int i = 0; i < TEXT + v; i++)
		buf_puts(&details, "x");
	set(s, id, FIELD_DETAILS, buf_str(&details), SIDE_SC);
}

static int large_setup(void **state)
{
	if (fx_setup(state))
		return -1;
	struct fx *x = *state;
	struct large *l = calloc(1, sizeof(*l));
	AUTO_TX tx = { 0 };
	assert_non_null(l);
	assert_ok(tx_begin(x->s, &tx));
	for (int i = 0; i < NTASKS; i++) {
		char title[32];
		struct entry e;
		snprintf(title, sizeof(title), "Task %d", i);
		l->id[i] = make(x->s, title, SIDE_SC);
		put_text(x->s, l->id[i], 0);
		assert_ok(store_entry(x->s, l->id[i], &e));
		memcpy(l->name[i], e.name, sizeof(e.name));
	}
	assert_ok(tx_commit(&tx));
	while (store_fold(x->s))
		;
	l->x = x;
	assert_ok(store_open(x->path, &(struct store_options){ .cache = 600 }, &l->s));
	*state = l;
	return 0;
}

static int large_teardown(void **state)
{
	struct large *l = *state;
	*state = l->x;
	store_close(l->s);
	free(l);
	return fx_teardown(state);
}

/* Of this process, from files. */
static int64_t reads(void)
{
	int64_t n = -1;
	char line[64];
	FILE *f = fopen("/proc/self/io", "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "syscr: %" SCNd64, &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

static void look_all_up(struct large *l)
{
	struct entry e;
	for (int i = 0; i < NTASKS; i++)
		assert_ok(store_lookup(l->s, l->name[i], &e));
}

static void who_reads_all_texts_does_not_sweep_out_the_names(void **state)
{
	struct large *l = *state;
	if (reads() < 0)
		skip();
	assert_true(store_hold(l->s) > 0);
	look_all_up(l);
	for (int i = 0; i < NTASKS; i++) {
		AUTO_BUF text = BUF_INIT;
		assert_ok(store_text(l->s, l->id[i], &text));
		assert_true(text.n > TEXT);
	}
	int64_t before = reads();
	look_all_up(l);
	assert_in_range(reads() - before, 0, 10);
}

static int cached(sqlite3 *db)
{
	int now, most;
	assert_int_equal(sqlite3_db_status(db, SQLITE_DBSTATUS_CACHE_USED, &now, &most, 0), SQLITE_OK);
	return now;
}

/* A mount's memory is bounded whatever it reads: 600 KB were asked for, and 2,000 for the texts; a tenth
 * of it more is SQLite's own. */
static void pages_stay_within_what_was_asked_for(void **state)
{
	struct large *l = *state;
	assert_true(store_hold(l->s) > 0);
	look_all_up(l);
	assert_in_range(cached(l->s->db), 100 << 10, 660 << 10);
	for (int i = 0; i < NTASKS; i++) {
		AUTO_BUF text = BUF_INIT;
		assert_ok(store_text(l->s, l->id[i], &text));
	}
	assert_in_range(cached(l->s->db), 100 << 10, 660 << 10);
	assert_in_range(cached(l->s->aside->db), 100 << 10, 2200 << 10);
}

/* A task's row is read, and then its text, and somebody else may save it at any moment. */
static void a_text_is_of_the_snapshot_that_its_row_is_of(void **state)
{
	struct large *l = *state;
	uint64_t seed = random_seed();
	int aside = 0;
	for (int i = 0; i < 2000; i++) {
		int64_t id = l->id[random_below(&seed, 3)];
		unsigned when = random_below(&seed, 6);
		AUTO_BUF text = BUF_INIT;
		struct entry e;
		if (random_below(&seed, 2))
			store_hold(l->s);
		if (when == 0)
			put_text(l->x->s, id, i);
		assert_ok(store_entry(l->s, id, &e));
		if (when == 1 && l->s->held)
			put_text(l->x->s, id, i);
		assert_ok(store_text(l->s, id, &text));
		assert_int_equal(text.n, e.size);
		aside += l->s->aside && l->s->aside->held;
		if (when == 2) {
			store_rest(l->s);
			while (store_fold(l->x->s))
				;
		}
	}
	assert_true(aside > 100);
}

/* A snapshot keeps the log from starting anew. */
static void who_rests_holds_nothing_aside(void **state)
{
	struct large *l = *state;
	AUTO_BUF text = BUF_INIT;
	assert_true(store_hold(l->s) > 0);
	assert_ok(store_text(l->s, l->id[0], &text));
	assert_true(l->s->aside && l->s->aside->held);
	put_text(l->x->s, l->id[0], 1);
	store_rest(l->s);
	assert_int_equal(sqlite3_wal_checkpoint_v2(l->x->s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL), SQLITE_OK);
}

static void a_small_database_needs_no_connection_aside(void **state)
{
	struct fx *x = *state;
	AUTO_BUF text = BUF_INIT;
	int64_t id = make(x->s, "A", SIDE_SC);
	assert_true(store_hold(x->s) > 0);
	assert_ok(store_text(x->s, id, &text));
	assert_null(x->s->aside);
}

#define LARGE(fn) cmocka_unit_test_setup_teardown(fn, large_setup, large_teardown)

int main(void)
{
	const struct CMUnitTest t[] = {
		LARGE(who_reads_all_texts_does_not_sweep_out_the_names),
		LARGE(pages_stay_within_what_was_asked_for),
		LARGE(a_text_is_of_the_snapshot_that_its_row_is_of),
		LARGE(who_rests_holds_nothing_aside),
		TEST(a_small_database_needs_no_connection_aside),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
