/* A damaged database is set aside as it is, what only it held is kept as files,
 * and a new one is in its place. */
#include "salvage_unit.h"
#include "log.h"
#include "text.h"
#include <dirent.h>

/* Set aside, and check whatever must hold after any damage. */
static int64_t salvage(struct fx *x, const struct image *m)
{
	AUTO_SALVAGE v = { 0 };
	char path[200];
	assert_ok(store_salvage(x->path, NOW, &v));
	snprintf(path, sizeof(path), "%s/store.db", v.dir);
	assert_true(same_file(path, &m->db));
	snprintf(path, sizeof(path), "%s/store.db-wal", v.dir);
	assert_true(!m->wal.n || same_file(path, &m->wal));
	nftw(x->dir, is_private, 8, FTW_PHYS);
	assert_ok(open_checked(x));
	x->s = fx_open(x, false);
	assert_int_equal(number(x->s, "SELECT count(*) FROM task"), 0);
	int64_t n = kept(v.dir);
	assert_true(n <= v.texts);
	return n;
}

/* Since then what was linked before is not known any more (R15): tests/world/test_rebuilt.c. */
static void says_that_it_was_rebuilt(struct store *s)
{
	AUTO_FREE char *at = NULL;
	assert_ok(store_meta(s, STORE_REBUILT, &at));
	assert_int_equal(atoll(at), NOW);
}

static void a_garbage_header_loses_nothing(void **state)
{
	for (int killed = 0; killed < 2; killed++) {
		struct fx *x = *state;
		AUTO_IMAGE m = { 0 };
		take_image(x, 200, killed, &m);
		memset(m.db.s, 0x5a, m.db.n < 100 ? m.db.n : 100);
		buf_clear(&m.wal);
		put_image(x, &m);
		assert_err(open_checked(x), ERR_CORRUPT);
		if (!killed) {
			assert_int_equal(salvage(x, &m), COUNT(want));
			assert_int_equal(pairs(x), 204);
			assert_int_equal(searches(x), 2);
			says_that_it_was_rebuilt(x->s);
			store_close(TAKE(x->s));
		}
		empty_dir(x);
		x->s = fx_open(x, false);
	}
}

static void a_log_is_salvaged_with_its_database(void **state)
{
	struct fx *x = *state;
	AUTO_IMAGE m = { 0 };
	take_image(x, 200, true, &m);
	assert_true(m.wal.n > 10 * PAGE);
	m.db.s[0] = 'X';
	put_image(x, &m);
	assert_err(open_checked(x), ERR_CORRUPT);
	assert_int_equal(salvage(x, &m), COUNT(want));
}

/* Nothing of it was there to be read. */
static void one_from_before_saved_searches_lacks_no_place(void **state)
{
	static const struct {
		int version;
		bool told;
	} row[] = { { 4, false }, { 5, true } };
	for (size_t i = 0; i < COUNT(row); i++) {
		struct fx *x = *state;
		AUTO_SALVAGE v = { 0 };
		AUTO_BUF text = BUF_INIT;
		char sql[80], path[200];
		fill(x->s, 20);
		snprintf(sql, sizeof(sql), "DROP TABLE search; PRAGMA user_version = %d", row[i].version);
		assert_int_equal(sqlite3_exec(x->s->db, sql, NULL, NULL, NULL), SQLITE_OK);
		store_close(TAKE(x->s));
		assert_ok(store_salvage(x->path, NOW, &v));
		assert_int_equal(kept(v.dir), COUNT(want));
		snprintf(path, sizeof(path), "%s/README", v.dir);
		slurp(path, &text);
		assert_int_equal(strstr(buf_str(&text), "\n1 place could not be read;") != NULL, row[i].told);
		assert_int_equal(strstr(buf_str(&text), "not be read;") != NULL, row[i].told);
		empty_dir(x);
		x->s = fx_open(x, false);
	}
}

/* Each page in turn: what does not stand on it is kept. */
static void any_page_of_zeros(void **state)
{
	struct fx *x = *state;
	AUTO_IMAGE m = { 0 };
	int64_t found = 0, n = 0, all = 0, worst = COUNT(want);
	take_image(x, 200, false, &m);
	for (size_t at = 0; at < m.db.n; at += PAGE, all++) {
		char was[PAGE];
		memcpy(was, m.db.s + at, PAGE);
		memset(m.db.s + at, 0, PAGE);
		put_image(x, &m);
		if (open_checked(x)) {
			int64_t k = salvage(x, &m);
			worst = k < worst ? k : worst;
			n += k;
			found++;
			store_close(TAKE(x->s));
		}
		memcpy(m.db.s + at, was, PAGE);
	}
	printf("# %lld pages zeroed in turn, %lld found, %lld of %lld texts kept, at worst %lld of %zu\n", (long long)all,
		(long long)found, (long long)n, (long long)(found * (int64_t)COUNT(want)), (long long)worst, COUNT(want));
	assert_true(found >= all - 1);	/* but for a free page */
	assert_true(n * 100 >= found * (int64_t)COUNT(want) * 90);
}

static void any_length(void **state)
{
	struct fx *x = *state;
	AUTO_IMAGE m = { 0 };
	take_image(x, 200, false, &m);
	size_t whole = m.db.n;
	for (int k = 0; k < 40; k++) {
		m.db.n = (size_t)k * (whole / 40) + (size_t)(k % 3) * 100;
		put_image(x, &m);
		enum err e = open_checked(x);
		if (!m.db.n) {
			assert_ok(e);	/* nothing is a new database */
			continue;
		}
		assert_err(e, ERR_CORRUPT);
		salvage(x, &m);
		store_close(TAKE(x->s));
	}
}

static void random_damage(void **state)
{
	struct fx *x = *state;
	AUTO_IMAGE m = { 0 };
	uint64_t seed = random_seed();
	int64_t found = 0, n = 0, rounds = 150;
	take_image(x, 200, false, &m);
	for (int64_t k = 0; k < rounds; k++) {
		AUTO_IMAGE d = { 0 };
		unsigned bytes = 1 + random_below(&seed, 200), from = random_below(&seed, (unsigned)m.db.n);
		buf_add(&d.db, m.db.s, m.db.n);
		for (unsigned i = 0; i < bytes; i++) {
			size_t at = k & 1 ? random_below(&seed, (unsigned)m.db.n) : from + i;
			if (at < m.db.n)
				d.db.s[at] = (char)random_next(&seed);
		}
		put_image(x, &d);
		if (!open_checked(x))
			continue;
		n += salvage(x, &d);
		found++;
		store_close(TAKE(x->s));
	}
	printf("# %lld databases with random damage, %lld found, %lld of %lld texts kept\n", (long long)rounds, (long long)found,
		(long long)n, (long long)(found * (int64_t)COUNT(want)));
	assert_true(found > 0);
}

static void what_is_no_database_of_ours_is_set_aside(void **state)
{
	static const char *const alien[] = { "CREATE TABLE theirs(a); INSERT INTO theirs VALUES(1)",
		"PRAGMA user_version = 1; CREATE TABLE task(a)", "PRAGMA application_id = 1; PRAGMA user_version = 99; CREATE TABLE b(a)" };
	struct fx *x = *state;
	for (size_t i = 0; i <= COUNT(alien); i++) {
		AUTO_IMAGE m = { 0 };
		char cmd[300];
		store_close(TAKE(x->s));
		empty_dir(x);
		if (i == COUNT(alien))
			spit(x->path, "dear diary\n", 11);
		else
			snprintf(cmd, sizeof(cmd), "umask 077; sqlite3 '%s' '%s'", x->path, alien[i]);
		assert_true(i == COUNT(alien) || !system(cmd));
		slurp(x->path, &m.db);
		assert_err(open_checked(x), ERR_CORRUPT);
		assert_true(same_file(x->path, &m.db));
		assert_int_equal(salvage(x, &m), 0);
	}
}

/* Also where only the log says so, and where both are killed in the middle. */
static void a_newer_one_is_untouched(void **state)
{
	for (int in_log = 0; in_log < 2; in_log++) {
		struct fx *x = *state;
		AUTO_IMAGE m = { 0 };
		char sql[80];
		snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", schema_version + 1);
		make(x->s, "Of the future", SIDE_LOCAL);
		assert_int_equal(sqlite3_exec(x->s->db, sql, NULL, NULL, NULL), SQLITE_OK);
		take_image(x, 200, in_log, &m);
		put_image(x, &m);
		for (int i = 0; i < 3; i++) {
			struct store_options o = { .check = i == 0, .read_only = i == 1, .durable = i == 2 };
			assert_err(store_open(x->path, &o, &x->s), ERR_NEWER);
			assert_null(x->s);
			assert_true(same_file(x->path, &m.db));
		}
		char wal[100];
		snprintf(wal, sizeof(wal), "%s-wal", x->path);
		assert_true(!in_log || same_file(wal, &m.wal));
		empty_dir(x);
		x->s = fx_open(x, false);
	}
}

/* The file a power loss left without its log: whole, as of the last checkpoint. */
static void a_missing_log_is_an_older_state(void **state)
{
	struct fx *x = *state;
	AUTO_IMAGE m = { 0 };
	make(x->s, "Folded in", SIDE_LOCAL);
	assert_int_equal(sqlite3_exec(x->s->db, "PRAGMA wal_checkpoint(TRUNCATE);PRAGMA wal_autocheckpoint = 0", NULL, NULL, NULL), SQLITE_OK);
	take_image(x, 200, true, &m);
	buf_clear(&m.wal);
	put_image(x, &m);
	assert_ok(open_checked(x));
	x->s = fx_open(x, false);
	assert_int_equal(number(x->s, "SELECT count(*) FROM task"), 1);
}

static bool any_entry(void *arg, const struct entry *e)
{
	return true;
}

/* A sealed file is not read through; whatever touches it breaks the seal. */
static void a_seal_holds_until_the_file_is_touched(void **state)
{
	struct fx *x = *state;
	AUTO_IMAGE m = { 0 };
	take_image(x, 200, false, &m);
	memset(m.db.s + PAGE, 0, PAGE);	/* task */
	put_image(x, &m);
	store_seal(x->path);
	assert_ok(open_checked(x));
	usleep(20000);
	int fd = open(x->path, O_WRONLY);
	assert_int_equal(pwrite(fd, m.db.s, 1, 0), 1);
	close(fd);
	assert_err(open_checked(x), ERR_CORRUPT);
	x->s = fx_open(x, false);
	assert_err(store_list(x->s, &(struct filter){ 0 }, 0, any_entry, NULL), ERR_CORRUPT);
	store_close(TAKE(x->s));
	store_seal(x->path);	/* met damage: nothing is sealed */
	assert_err(open_checked(x), ERR_CORRUPT);
}

static void a_new_task(struct fx *x)
{
	AUTO_TASK t = TASK_INIT;
	int64_t id;
	assert_ok(store_side_switch(x->s, SIDE_SF, true, NOW));
	assert_ok(task_set(&t, FIELD_TITLE, "a"));
	assert_ok(store_create(x->s, &t, NULL, 0, SIDE_LOCAL, NOW, &id));
}

static int64_t in_doubt(struct fx *x)
{
	x->s = fx_open(x, false);
	int64_t n = number(x->s, "SELECT count(*) FROM link WHERE rid IS NULL AND sent_at = 0");
	store_close(TAKE(x->s));
	return n;
}

/* The log of a process that was killed is there; else commits may be missing, and with them what was sent. */
static void a_log_that_was_taken_away_is_noticed(void **state)
{
	enum { SEALED, KILLED, TAKEN, ANOTHER_FILE, NCASES };
	for (int i = SEALED; i < NCASES; i++) {
		struct fx *x = *state;
		AUTO_IMAGE m = { 0 };
		char wal[100], other[100];
		snprintf(wal, sizeof(wal), "%s-wal", x->path);
		snprintf(other, sizeof(other), "%s.other", x->path);
		a_new_task(x);
		store_close(TAKE(x->s));
		store_seal(x->path);
		assert_ok(open_checked(x));
		x->s = fx_open(x, false);
		assert_ok(store_meta_set(x->s, "in", "the log"));
		slurp(x->path, &m.db);
		slurp(wal, &m.wal);
		store_close(TAKE(x->s));
		if (i == SEALED)
			store_seal(x->path);
		else
			spit(x->path, m.db.s, m.db.n);
		if (i == KILLED || i == ANOTHER_FILE)
			spit(wal, m.wal.s, m.wal.n);
		if (i == ANOTHER_FILE) {
			spit(other, m.db.s, m.db.n);
			assert_int_equal(rename(other, x->path), 0);
		}
		assert_ok(open_checked(x));
		assert_int_equal(in_doubt(x), i >= TAKEN);
		empty_dir(x);
		x->s = fx_open(x, false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_log_that_was_taken_away_is_noticed),	/* first: who met damage seals nothing */
		TEST(a_seal_holds_until_the_file_is_touched),
		TEST(a_garbage_header_loses_nothing),
		TEST(a_log_is_salvaged_with_its_database),
		TEST(one_from_before_saved_searches_lacks_no_place),
		TEST(any_page_of_zeros),
		TEST(any_length),
		TEST(random_damage),
		TEST(what_is_no_database_of_ours_is_set_aside),
		TEST(a_newer_one_is_untouched),
		TEST(a_missing_log_is_an_older_state),
	};
	log_init(LOG_LEVEL_ERROR, "/dev/null", 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
