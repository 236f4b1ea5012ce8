/* The file, its versions, transactions, sides, named values. */
#include "store_unit.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

static void exec_at(const char *path, const char *sql)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void slurp(const char *path, struct buf *out)
{
	char piece[4096];
	size_t n;
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(out, piece, n);
	fclose(f);
}

static enum err reopen(struct fx *x, const struct store_options *o)
{
	store_close(x->s);
	x->s = NULL;
	return store_open(x->path, o, &x->s);
}

static void migrates_from_nothing(void **state)
{
	struct fx *x = *state;
	struct stat st;
	assert_int_equal(stat(x->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(number(x->s, "PRAGMA user_version"), schema_version);
	assert_int_equal(number(x->s, "PRAGMA application_id"), SCHEMA_APPLICATION);
	assert_int_equal(number(x->s, "PRAGMA synchronous"), 1);
	make(x->s, "Stays", SIDE_LOCAL);
	assert_ok(reopen(x, &(struct store_options){ .durable = true }));
	assert_int_equal(number(x->s, "PRAGMA synchronous"), 2);
	check_name(x->s, 1, "Stays.txt");
}

static void an_empty_file_is_a_new_one(void **state)
{
	struct fx *x = *state;
	store_close(x->s);
	x->s = NULL;
	fx_unlink(x);
	close(open(x->path, O_CREAT | O_WRONLY, 0600));
	x->s = fx_open(x, false);
	make(x->s, "A", SIDE_LOCAL);
}

static void a_newer_one_is_refused_untouched(void **state)
{
	struct fx *x = *state;
	AUTO_BUF before = BUF_INIT, after = BUF_INIT;
	struct stat st;
	char wal[100];
	store_close(x->s);
	x->s = NULL;
	exec_at(x->path, "PRAGMA user_version = 9999");
	slurp(x->path, &before);
	assert_err(reopen(x, &(struct store_options){ 0 }), ERR_NEWER);
	assert_err(reopen(x, &(struct store_options){ .read_only = true }), ERR_NEWER);
	slurp(x->path, &after);
	assert_int_equal(before.n, after.n);
	assert_memory_equal(before.s, after.s, before.n);
	snprintf(wal, sizeof(wal), "%s-wal", x->path);
	assert_int_not_equal(stat(wal, &st), 0);
}

/* The newer program died: its version stands in its log only. */
static void a_newer_one_in_the_log_too(void **state)
{
	struct fx *x = *state;
	AUTO_BUF before = BUF_INIT, after = BUF_INIT, wal_before = BUF_INIT, wal_after = BUF_INIT;
	char wal[100], copy[100], copy_wal[110];
	store_close(x->s);
	x->s = fx_open(x, false);
	assert_int_equal(sqlite3_exec(x->s->db, "PRAGMA user_version = 9999", NULL, NULL, NULL), SQLITE_OK);
	snprintf(wal, sizeof(wal), "%s-wal", x->path);
	slurp(x->path, &before);
	slurp(wal, &wal_before);
	snprintf(copy, sizeof(copy), "%s.copy", x->path);
	snprintf(copy_wal, sizeof(copy_wal), "%s-wal", copy);
	int fd = open(copy, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, before.s, before.n), (ssize_t)before.n);
	close(fd);
	fd = open(copy_wal, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, wal_before.s, wal_before.n), (ssize_t)wal_before.n);
	close(fd);
	struct store *s;
	assert_err(store_open(copy, &(struct store_options){ 0 }, &s), ERR_NEWER);
	assert_null(s);
	slurp(copy, &after);
	slurp(copy_wal, &wal_after);
	assert_int_equal(before.n, after.n);
	assert_memory_equal(before.s, after.s, before.n);
	assert_int_equal(wal_before.n, wal_after.n);
	assert_memory_equal(wal_before.s, wal_after.s, wal_before.n);
	unlink(copy);
	unlink(copy_wal);
	snprintf(copy_wal, sizeof(copy_wal), "%s-shm", copy);
	unlink(copy_wal);
}

static void what_is_not_ours_is_refused(void **state)
{
	struct fx *x = *state;
	struct store_options o = { 0 };
	store_close(x->s);
	x->s = NULL;
	assert_int_equal(chmod(x->path, 0640), 0);
	assert_err(store_open(x->path, &o, &x->s), ERR_PERM);
	assert_int_equal(chmod(x->path, 0600), 0);
	int fd = open(x->path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, "Dear diary,", 11), 11);
	close(fd);
	assert_err(store_open(x->path, &o, &x->s), ERR_CORRUPT);
	fx_unlink(x);
	exec_at(x->path, "CREATE TABLE task(x); PRAGMA user_version = 1");
	chmod(x->path, 0600);
	assert_err(store_open(x->path, &o, &x->s), ERR_CORRUPT);
	fx_unlink(x);
	exec_at(x->path, "CREATE TABLE task(x)");	/* no version: its table is in our way */
	chmod(x->path, 0600);
	assert_err(store_open(x->path, &o, &x->s), ERR_CORRUPT);
	assert_err(store_open("/nonexistent/x.db", &o, &x->s), ERR_NOENT);
}

static void a_damaged_page_is_corrupt(void **state)
{
	struct fx *x = *state;
	struct entry e;
	char junk[4096];
	for (int i = 0; i < 200; i++)
		make(x->s, "Many words so that the table has several pages", SIDE_LOCAL);
	store_close(x->s);
	x->s = NULL;
	memset(junk, 0x5a, sizeof(junk));
	int fd = open(x->path, O_WRONLY);
	for (int page = 1; page < 10; page++)
		assert_int_equal(pwrite(fd, junk, sizeof(junk), page * 4096), 4096);
	close(fd);
	struct store_options o = { 0 };
	enum err err = store_open(x->path, &o, &x->s);
	if (!err)
		err = store_entry(x->s, 1, &e);
	assert_err(err, ERR_CORRUPT);
}

static void read_only_creates_and_changes_nothing(void **state)
{
	struct fx *x = *state;
	struct store_options o = { .read_only = true };
	struct store *s;
	struct entry e;
	struct tx tx;
	int64_t id = make(x->s, "A", SIDE_LOCAL);
	assert_ok(store_open(x->path, &o, &s));
	assert_ok(store_entry(s, id, &e));
	assert_err(tx_begin(s, &tx), ERR_PERM);
	assert_err(store_delete(s, id, SIDE_LOCAL, NOW, 0), ERR_PERM);
	assert_err(store_meta_set(s, "a", "b"), ERR_PERM);
	assert_int_equal(sqlite3_exec(s->db, "DELETE FROM task", NULL, NULL, NULL), SQLITE_READONLY);
	store_close(s);
	store_close(x->s);
	x->s = NULL;
	fx_unlink(x);
	assert_err(store_open(x->path, &o, &s), ERR_NOENT);
	assert_int_not_equal(access(x->path, F_OK), 0);
	close(open(x->path, O_CREAT | O_WRONLY, 0600));
	assert_err(store_open(x->path, &o, &s), ERR_NOENT);
}

static void *open_and_make(void *arg)
{
	struct fx *x = arg;
	struct store_options o = { 0 };
	struct store *s;
	enum err e = store_open(x->path, &o, &s);
	struct task t = { .field = { [FIELD_TITLE] = "From a thread" } };
	int64_t id;
	if (!e)
		e = store_create(s, &t, NULL, 0, SIDE_LOCAL, NOW, &id);
	store_close(s);
	return e ? (void *)err_str(e) : NULL;
}

static void threads_open_a_new_one_together(void **state)
{
	struct fx *x = *state;
	pthread_t thread[4];
	for (int round = 0; round < 40; round++) {
		store_close(x->s);
		x->s = NULL;
		fx_unlink(x);
		for (size_t i = 0; i < COUNT(thread); i++)
			assert_int_equal(pthread_create(&thread[i], NULL, open_and_make, x), 0);
		for (size_t i = 0; i < COUNT(thread); i++) {
			void *bad;
			pthread_join(thread[i], &bad);
			assert_same("thread", bad, NULL);
		}
		x->s = fx_open(x, false);
		assert_int_equal(number(x->s, "SELECT count(*) FROM task"), COUNT(thread));
		assert_int_equal(number(x->s, "SELECT page_size FROM pragma_page_size"), DB_PAGE);
	}
}

struct sync {		/* threads that write one transaction after another */
	struct fx *x;
	int commits;
	bool stop;
	enum err err;
};

static enum err write_once(struct store *s, int i)
{
	char value[16];
	AUTO_TX tx = { 0 };
	snprintf(value, sizeof(value), "%d", i);
	TRY(tx_begin(s, &tx));
	TRY(store_meta_set(s, "k", value));
	usleep(3000);
	return tx_commit(&tx);
}

static void *write_on(void *arg)
{
	struct sync *w = arg;
	struct store *s = fx_open(w->x, true);
	enum err e = ERR_OK;
	while (!e && !__atomic_load_n(&w->stop, __ATOMIC_RELAXED))
		e = write_once(s, __atomic_add_fetch(&w->commits, 1, __ATOMIC_RELAXED));
	if (e)
		__atomic_store_n(&w->err, e, __ATOMIC_RELAXED);
	store_close(s);
	return NULL;
}

/* Counted in the sync's commits, so it is the same on a slow machine.
 * Most of 11: one may be asleep before it asks. */
static void a_persons_write_waits_for_one_of_the_sync(void **state)
{
	struct sync w = { .x = *state };
	pthread_t thread[2];
	int fair = 0;
	for (size_t i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, write_on, &w), 0);
	while (!__atomic_load_n(&w.commits, __ATOMIC_RELAXED))
		usleep(100);
	for (int i = 0; i < 11; i++) {
		AUTO_TX tx = { 0 };
		usleep(5000);
		int before = __atomic_load_n(&w.commits, __ATOMIC_RELAXED);
		assert_ok(tx_begin(w.x->s, &tx));
		fair += __atomic_load_n(&w.commits, __ATOMIC_RELAXED) - before <= 3;
		assert_ok(store_meta_set(w.x->s, "mine", i % 2 ? "a" : "b"));
		assert_ok(tx_commit(&tx));
	}
	__atomic_store_n(&w.stop, true, __ATOMIC_RELAXED);
	for (size_t i = 0; i < COUNT(thread); i++)
		pthread_join(thread[i], NULL);
	assert_ok(w.err);
	assert_true(fair > 5);
}

struct person {			/* who saves once */
	struct store *s;
	char *seen;		/* owned: what "k" was then */
	enum err err;
	bool done;
};

static enum err save_once(struct person *x)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(x->s, &tx));
	TRY(store_meta(x->s, "k", &x->seen));
	return tx_commit(&tx);
}

static void *save(void *arg)
{
	struct person *x = arg;
	x->err = save_once(x);
	__atomic_store_n(&x->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* An inner one yields to nobody: what is around it is not whole. The person waits until it was given up. */
static void half_an_edit(struct store *s, struct person *x, pthread_t *thread)
{
	AUTO_TX outer = { 0 };
	AUTO_TX inner = { 0 };
	assert_ok(tx_begin(s, &outer));
	assert_ok(store_meta_set(s, "k", "half"));
	assert_int_equal(pthread_create(thread, NULL, save, x), 0);
	assert_ok(tx_begin(s, &inner));
	while (!tx_is_awaited())
		usleep(100);
	assert_ok(tx_yield(&inner));
	assert_ok(tx_commit(&inner));
}

static void a_whole_one(struct store *s, struct person *x, pthread_t *thread)
{
	AUTO_TX tx = { 0 };
	assert_ok(tx_begin(s, &tx));
	assert_ok(store_meta_set(s, "k", "whole"));
	assert_int_equal(pthread_create(thread, NULL, save, x), 0);
	while (!__atomic_load_n(&x->done, __ATOMIC_ACQUIRE))
		assert_ok(tx_yield(&tx));
	assert_ok(store_meta_set(s, "k", "all"));
	assert_ok(tx_commit(&tx));
}

static void a_persons_write_goes_into_the_middle_of_a_long_one(void **state)
{
	static const struct {
		void (*sync)(struct store *s, struct person *x, pthread_t *thread);
		const char *seen, *is;
	} row[] = { { half_an_edit, "before", "before" }, { a_whole_one, "whole", "all" } };
	struct fx *x = *state;
	struct store *s = fx_open(x, true);
	for (size_t i = 0; i < COUNT(row); i++) {
		struct person person = { .s = x->s };
		AUTO_FREE char *is = NULL;
		pthread_t thread;
		assert_ok(store_meta_set(s, "k", "before"));
		row[i].sync(s, &person, &thread);
		pthread_join(thread, NULL);
		assert_ok(person.err);
		assert_same("seen", person.seen, row[i].seen);
		assert_ok(store_meta(x->s, "k", &is));
		assert_same("is", is, row[i].is);
		free(person.seen);
	}
	store_close(s);
}

/* ---- transactions ---- */

static enum err edit_and_give_up(struct store *s)
{
	struct task t = { .field = { [FIELD_TITLE] = "B" } };
	int64_t id;
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	TRY(store_create(s, &t, NULL, 0, SIDE_LOCAL, NOW, &id));
	TRY(store_meta_set(s, "key", "value"));
	TRY(store_side_switch(s, SIDE_SF, true, NOW));
	return ERR_INVAL;
}

static void rollback_leaves_nothing(void **state)
{
	struct fx *x = *state;
	char *v;
	uint64_t changed = wake_count(x->changed), outbox = wake_count(x->outbox);
	on(x->s, SIDE_SC);
	assert_int_equal(wake_count(x->changed), ++changed);
	outbox = wake_count(x->outbox);
	assert_err(edit_and_give_up(x->s), ERR_INVAL);
	assert_int_equal(number(x->s, "SELECT (SELECT count(*) FROM task) + (SELECT count(*) FROM outbox)"
		" + (SELECT count(*) FROM feed) + (SELECT count(*) FROM body)"), 0);
	assert_err(store_meta(x->s, "key", &v), ERR_NOENT);
	assert_int_equal(wake_count(x->changed), changed);
	assert_int_equal(wake_count(x->outbox), outbox);
	make(x->s, "Goes on", SIDE_LOCAL);
	assert_int_equal(wake_count(x->changed), changed + 1);
	assert_int_equal(wake_count(x->outbox), outbox + 1);
}

static void an_outer_one_decides_and_rings_once(void **state)
{
	struct fx *x = *state;
	uint64_t changed = wake_count(x->changed);
	struct tx tx;
	struct entry e;
	assert_ok(tx_begin(x->s, &tx));
	make(x->s, "A", SIDE_LOCAL);
	make(x->s, "B", SIDE_LOCAL);
	assert_int_equal(wake_count(x->changed), changed);
	assert_err(store_delete(x->s, 99, SIDE_LOCAL, NOW, 0), ERR_NOENT);	/* wrote nothing: no harm */
	assert_ok(tx_commit(&tx));
	tx_end(&tx);
	assert_int_equal(wake_count(x->changed), changed + 1);
	assert_ok(store_lookup(x->s, "B.txt", &e));
}

static void half_an_inner_one_dooms_the_outer(void **state)
{
	struct fx *x = *state;
	struct task t = { .field = { [FIELD_TITLE] = "C" } };
	struct tx tx;
	int64_t id;
	assert_ok(tx_begin(x->s, &tx));
	make(x->s, "A", SIDE_LOCAL);
	assert_err(edit_and_give_up(x->s), ERR_INVAL);
	assert_int_not_equal(store_create(x->s, &t, NULL, 0, SIDE_LOCAL, NOW, &id), ERR_OK);
	assert_int_not_equal(tx_commit(&tx), ERR_OK);
	tx_end(&tx);
	assert_int_equal(number(x->s, "SELECT count(*) FROM task"), 0);
	make(x->s, "D", SIDE_LOCAL);
}

/*
 * SQLite writes at most 128 KiB less a byte at once, and nothing at all of 128 KiB (seekAndWriteFd in its
 * os_unix.c). 63 frames, filled up to a page of the file, are that much at one in 512 places of the log.
 */
static void a_commit_is_written_wherever_in_the_log_it_comes(void **state)
{
	struct fx *x = *state;
	static char text[62 * (DB_PAGE - 4)];
	assert_int_equal(sqlite3_exec(x->s->db, "PRAGMA wal_autocheckpoint = 0", NULL, NULL, NULL), SQLITE_OK);
	for (int i = 0; i < 600; i++) {
		memset(text, 'a' + i % 26, sizeof(text) - 1);
		assert_ok(store_meta_set(x->s, "k", text));
	}
}

static bool count_entry(void *arg, const struct entry *e)
{
	(void)e;
	++*(int *)arg;
	return true;
}

static bool list_in_list(void *arg, const struct entry *e)
{
	int n = 0;
	struct store *s = arg;
	assert_ok(store_list(s, NULL, 0, count_entry, &n));
	assert_int_equal(n, 3);
	return e->id < 2;
}

static void a_callback_may_read(void **state)
{
	struct fx *x = *state;
	make(x->s, "A", SIDE_LOCAL);
	make(x->s, "B", SIDE_LOCAL);
	make(x->s, "C", SIDE_LOCAL);
	assert_ok(store_list(x->s, NULL, 0, list_in_list, x->s));
}

/* ---- sides, named values ---- */

static void a_side_is_switched_once(void **state)
{
	struct fx *x = *state;
	struct side_state st;
	assert_ok(store_side(x->s, SIDE_SF, &st));
	assert_false(st.on);
	assert_int_equal(st.enabled_at, 0);
	assert_int_equal(st.left_out, -1);
	assert_ok(store_side_switch(x->s, SIDE_SF, true, NOW));
	assert_no_write(x->s, store_side_switch(x->s, SIDE_SF, true, NOW + 5));
	assert_ok(store_side(x->s, SIDE_SF, &st));
	assert_true(st.on);
	assert_int_equal(st.enabled_at, NOW);
	assert_ok(store_side_switch(x->s, SIDE_SF, false, NOW + 6));
	assert_ok(store_side(x->s, SIDE_SF, &st));
	assert_int_equal(st.enabled_at, NOW);
	assert_ok(store_side_switch(x->s, SIDE_SF, true, NOW + 7));	/* R15: off then on again resets it */
	assert_ok(store_side(x->s, SIDE_SF, &st));
	assert_int_equal(st.enabled_at, NOW + 7);
	assert_err(store_side(x->s, SIDE_LOCAL, &st), ERR_NOENT);
}

static void a_side_keeps_what_its_thread_wrote(void **state)
{
	struct fx *x = *state;
	struct side_state st, in = { .on = true, .enabled_at = 77, .tried_at = 1, .ok_at = 2, .err = ERR_AUTH,
		.message = "log in", .done = 3, .total = 4, .left_out = 5 };
	assert_ok(store_side_put(x->s, SIDE_SC, &in));
	assert_no_write(x->s, store_side_put(x->s, SIDE_SC, &in));
	assert_ok(store_side(x->s, SIDE_SC, &st));
	assert_false(st.on);	/* on and enabled_at are the switch's */
	assert_int_equal(st.enabled_at, 0);
	assert_int_equal(st.tried_at, 1);
	assert_int_equal(st.ok_at, 2);
	assert_int_equal(st.err, ERR_AUTH);
	assert_same("message", st.message, "log in");
	assert_int_equal(st.done, 3);
	assert_int_equal(st.total, 4);
	assert_int_equal(st.left_out, 5);
}

static void named_values(void **state)
{
	struct fx *x = *state;
	char *v;
	assert_err(store_meta(x->s, "k", &v), ERR_NOENT);
	assert_no_write(x->s, store_meta_set(x->s, "k", NULL));
	assert_ok(store_meta_set(x->s, "k", "1"));
	assert_no_write(x->s, store_meta_set(x->s, "k", "1"));
	assert_ok(store_meta_set(x->s, "k", ""));
	assert_ok(store_meta(x->s, "k", &v));
	assert_same("value", v, "");
	free(v);
	assert_ok(store_meta_set(x->s, "k", NULL));
	assert_err(store_meta(x->s, "k", &v), ERR_NOENT);
}

static void sync_syncs(void **state)
{
	struct fx *x = *state;
	assert_ok(store_sync(x->s));
	make(x->s, "A", SIDE_LOCAL);
	assert_ok(store_sync(x->s));
	assert_ok(reopen(x, &(struct store_options){ 0 }));
	assert_ok(store_sync(x->s));
}

/* ---- reads that share a snapshot ---- */

static int64_t tasks(struct store *s)
{
	struct counts n;
	assert_ok(store_counts(s, NOW, &n));
	return n.open;
}

static void a_hold_keeps_a_snapshot_until_the_next(void **state)
{
	struct fx *x = *state;
	struct store *other = fx_open(x, false);
	make(x->s, "A", SIDE_LOCAL);
	store_hold(x->s);
	assert_int_equal(tasks(x->s), 1);
	make(other, "B", SIDE_SC);
	assert_int_equal(tasks(x->s), 1);
	store_hold(x->s);
	assert_int_equal(tasks(x->s), 2);
	make(other, "C", SIDE_SC);
	store_rest(x->s);
	assert_int_equal(tasks(x->s), 3);
	store_close(other);
}

static void a_snapshot_has_a_number_until_somebody_commits(void **state)
{
	struct fx *x = *state;
	struct store *other = fx_open(x, false);
	int64_t n = store_hold(x->s);
	assert_true(n > 0);
	assert_int_equal(store_hold(x->s), n);
	store_rest(x->s);
	assert_false(store_is_latest(x->s));	/* nothing is held */
	assert_int_equal(store_hold(x->s), n);
	assert_true(store_is_latest(x->s));
	make(other, "A", SIDE_SC);
	assert_false(store_is_latest(x->s));
	assert_true(store_hold(x->s) > n);
	assert_true(store_is_latest(x->s));
	n = store_hold(x->s);
	make(x->s, "B", SIDE_LOCAL);
	assert_true(store_hold(x->s) > n);
	store_close(other);
}

/* As after a first import: the log is big, and stays so until somebody writes. */
static void a_big_log_that_is_folded_can_be_held(void **state)
{
	struct fx *x = *state;
	struct store *other = fx_open(x, false);
	for (int i = 0; i < 4500; i++) {
		char value[16];
		snprintf(value, sizeof(value), "%d", i);
		if (i < 100)	/* an old reader keeps the log from being folded */
			store_hold(x->s), assert_int_equal(tasks(x->s), 0);
		assert_ok(store_meta_set(other, "k", value));
	}
	assert_int_equal(store_hold(x->s), 0);
	while (store_fold(other))
		;
	assert_true(store_hold(x->s) > 0);
	assert_int_equal(tasks(x->s), 0);
	store_close(other);
}

/* An old snapshot must never make a write fail, and what was written is read back. */
static void a_hold_never_hinders_a_write(void **state)
{
	struct fx *x = *state;
	struct store *other = fx_open(x, false);
	for (int i = 0; i < 3; i++) {
		store_hold(x->s);
		assert_int_equal(tasks(x->s), 3 * i);
		make(other, "other's", SIDE_SC);
		make(x->s, "mine", SIDE_LOCAL);
		assert_int_equal(tasks(x->s), 3 * i + 2);
		store_hold(x->s);
		make(other, "other's again", SIDE_SC);
		store_hold(x->s);
		assert_int_equal(tasks(x->s), 3 * i + 3);
	}
	store_hold(x->s);
	store_rest(x->s);
	store_rest(x->s);
	store_close(other);
}

static int64_t log_size(const struct fx *x)
{
	struct stat st;
	char path[100];
	snprintf(path, sizeof(path), "%s-wal", x->path);
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* Somebody reads all the time, somebody else writes all the time: the log still starts again. */
static void steady_reading_lets_the_log_start_again(void **state)
{
	struct fx *x = *state;
	struct store *other = fx_open(x, false);
	for (int i = 0; i < 6000; i++) {
		char value[16];
		snprintf(value, sizeof(value), "%d", i);
		store_hold(x->s);
		assert_int_equal(tasks(x->s), 0);
		assert_ok(store_meta_set(other, "k", value));
	}
assert_true(log_size(x) < INT64_C(4096) * 5000);
	store_close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(migrates_from_nothing),
		TEST(an_empty_file_is_a_new_one),
		TEST(a_newer_one_is_refused_untouched),
		TEST(a_newer_one_in_the_log_too),
		TEST(what_is_not_ours_is_refused),
		TEST(a_damaged_page_is_corrupt),
		TEST(read_only_creates_and_changes_nothing),
		TEST(threads_open_a_new_one_together),
		TEST(a_persons_write_waits_for_one_of_the_sync),
		TEST(a_persons_write_goes_into_the_middle_of_a_long_one),
		TEST(rollback_leaves_nothing),
		TEST(an_outer_one_decides_and_rings_once),
		TEST(half_an_inner_one_dooms_the_outer),
		TEST(a_commit_is_written_wherever_in_the_log_it_comes),
		TEST(a_callback_may_read),
		TEST(a_side_is_switched_once),
		TEST(a_side_keeps_what_its_thread_wrote),
		TEST(named_values),
		TEST(sync_syncs),
		TEST(a_hold_keeps_a_snapshot_until_the_next),
		TEST(a_snapshot_has_a_number_until_somebody_commits),
		TEST(a_big_log_that_is_folded_can_be_held),
		TEST(a_hold_never_hinders_a_write),
		TEST(steady_reading_lets_the_log_start_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
