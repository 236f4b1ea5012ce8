/* Killed, out of disk, out of memory, several threads: nothing acknowledged is lost, nothing is half stored. */
#include "store_unit.h"
#include "log.h"
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

/* ---- faults: a file system and an allocator that fail once at the n-th call ---- */

static struct {
	int left;		/* calls until the fault; 0: none is set */
	int rc;
	bool lasts;		/* every later one fails, too, until healed */
	bool hit;
} fault;

static bool fails(void)
{
	if (!fault.left)
		return false;
	if (fault.left > 1) {
		fault.left--;
		return false;
	}
	fault.hit = true;
	if (!fault.lasts)
		fault.left = 0;
	return true;
}

struct shim {
	sqlite3_file base;
	sqlite3_file *real;
};

static sqlite3_file *real(sqlite3_file *f)
{
	return ((struct shim *)f)->real;
}

static int on_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	return fails() ? fault.rc : real(f)->pMethods->xWrite(real(f), p, n, at);
}

static int on_truncate(sqlite3_file *f, sqlite3_int64 n)
{
	return fails() ? fault.rc : real(f)->pMethods->xTruncate(real(f), n);
}

static int on_sync(sqlite3_file *f, int flags)
{
	return fails() ? SQLITE_IOERR_FSYNC : real(f)->pMethods->xSync(real(f), flags);
}

static int on_close(sqlite3_file *f)
{
	return real(f)->pMethods->xClose(real(f));
}

static int on_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return real(f)->pMethods->xRead(real(f), p, n, at);
}

static int on_size(sqlite3_file *f, sqlite3_int64 *n)
{
	return real(f)->pMethods->xFileSize(real(f), n);
}

static int on_lock(sqlite3_file *f, int how)
{
	return real(f)->pMethods->xLock(real(f), how);
}

static int on_unlock(sqlite3_file *f, int how)
{
	return real(f)->pMethods->xUnlock(real(f), how);
}

static int on_check(sqlite3_file *f, int *out)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), out);
}

static int on_control(sqlite3_file *f, int op, void *arg)
{
	return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static int on_sector(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static int on_traits(sqlite3_file *f)
{
	return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int on_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}

static int on_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return real(f)->pMethods->xShmLock(real(f), at, n, flags);
}

static void on_shm_barrier(sqlite3_file *f)
{
	real(f)->pMethods->xShmBarrier(real(f));
}

static int on_shm_unmap(sqlite3_file *f, int delete)
{
	return real(f)->pMethods->xShmUnmap(real(f), delete);
}

static const sqlite3_io_methods shim_methods = {
	2, on_close, on_read, on_write, on_truncate, on_sync, on_size, on_lock, on_unlock, on_check,
	on_control, on_sector, on_traits, on_shm_map, on_shm_lock, on_shm_barrier, on_shm_unmap,
};

static sqlite3_vfs shim_vfs, *real_vfs;

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	struct shim *x = (struct shim *)f;
	(void)vfs;
	x->real = (sqlite3_file *)(x + 1);
	int rc = real_vfs->xOpen(real_vfs, name, x->real, flags, out);
	x->base.pMethods = x->real->pMethods ? &shim_methods : NULL;
	return rc;
}

static void shim_on(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	shim_vfs = *real_vfs;
	shim_vfs.zName = "shim";
	shim_vfs.szOsFile = (int)sizeof(struct shim) + real_vfs->szOsFile;
	shim_vfs.xOpen = on_open;
	sqlite3_vfs_register(&shim_vfs, 1);
}

static void shim_off(void)
{
	sqlite3_vfs_register(real_vfs, 1);
	sqlite3_vfs_unregister(&shim_vfs);
}

static sqlite3_mem_methods mem;

static void *on_malloc(int n)
{
	return fault.rc == SQLITE_NOMEM && fails() ? NULL : mem.xMalloc(n);
}

static void *on_realloc(void *p, int n)
{
	return fault.rc == SQLITE_NOMEM && fails() ? NULL : mem.xRealloc(p, n);
}

/* ---- the story: one call after the other, each of which may fail and is then called again ---- */

#define TEXT "# mine\nTitle: Renamed\nDue: 2026-09-03\n\nWords\n"

static enum err step_create(struct store *s)
{
	struct task t = { .field = { [FIELD_TITLE] = "T", [FIELD_DETAILS] = "words" } };
	int64_t id;
	return store_create(s, &t, NULL, 0, SIDE_LOCAL, NOW, &id);
}

static enum err step_link(struct store *s)
{
	struct link l = { .task = 1, .side = SIDE_SC, .rid = "1",
		.base = { "T", "open", "normal", NULL, "words" } };
	return store_link_put(s, &l);
}

static enum err step_edit(struct store *s)
{
	struct task t = { .field = { [FIELD_TITLE] = "Renamed", [FIELD_DUE] = "2026-09-03",
		[FIELD_DETAILS] = "Words" } };
	return store_edit(s, 1, &t, BIT(FIELD_TITLE) | BIT(FIELD_DUE) | BIT(FIELD_DETAILS), 0, TEXT, strlen(TEXT),
		SIDE_LOCAL, NOW + 1);
}

static enum err step_draft(struct store *s)
{
	return store_draft(s, 1, "Due: never\n", 11, 1, "no date", NOW + 2);
}

static enum err step_closed(struct store *s)
{
	return store_closed_all(s, NOW + 3, GRACE);
}

static enum err step_fail(struct store *s)
{
	return store_outbox_fail(s, 1, SIDE_SC, INT64_MAX, ERR_REFUSED, "no", NOW, -1);
}

static enum err step_park(struct store *s)
{
	int64_t id;
	return store_park(s, 1, true, "T~", NOW + 4, &id);
}

static enum err step_revive(struct store *s)
{
	int64_t id;
	return store_revive(s, "Renamed.txt", false, NOW + 5, &id);
}

static enum err step_conflict(struct store *s)
{
	struct task t = { .field = { "T", "open", "normal", NULL, "words" } };
	return store_conflict(s, 1, SIDE_SC, NULL, &t, &t, NOW);
}

static enum err step_scratch(struct store *s)
{
	struct scratch x;
	TRY(store_scratch_find(s, true, "T~", &x));
	return store_scratch_rename(s, x.id, true, "U~");
}

static enum err step_delete(struct store *s)
{
	return store_delete(s, 1, SIDE_LOCAL, NOW + 6, GRACE);
}

static enum err step_meta(struct store *s)
{
	return store_meta_set(s, "cursor", "2026");
}

static enum err step_many(struct store *s)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	for (int i = 0; i < 5; i++)
		TRY(step_create(s));
	return tx_commit(&tx);
}

static enum err (*const story[])(struct store *s) = { step_create, step_link, step_edit, step_draft, step_closed,
	step_fail, step_park, step_revive, step_conflict, step_scratch, step_meta, step_delete, step_many };

static const char *const table[] = { "task", "body", "alias", "side", "link", "outbox", "feed", "history",
	"conflict", "version", "scratch", "meta" };

/* Everything that is stored, as text. */
static void dump(struct store *s, struct buf *out)
{
	for (size_t i = 0; i < COUNT(table); i++) {
		char sql[64];
		sqlite3_stmt *st;
		snprintf(sql, sizeof(sql), "SELECT * FROM %s ORDER BY 1, 2", table[i]);
		assert_int_equal(sqlite3_prepare_v2(s->db, sql, -1, &st, NULL), SQLITE_OK);
		while (sqlite3_step(st) == SQLITE_ROW) {
			buf_puts(out, table[i]);
			for (int c = 0; c < sqlite3_column_count(st); c++)
				buf_printf(out, "|%s", (const char *)sqlite3_column_text(st, c));
			buf_putc(out, '\n');
		}
		sqlite3_finalize(st);
	}
}

static void heal(void)
{
	fault.left = 0;
	fault.lasts = false;
}

/* One step under a fault: done, or an error and nothing changed; then it works again. */
static void run_step(struct store *s, enum err (*step)(struct store *s), enum err want,
	const struct buf *before)
{
	AUTO_BUF after = BUF_INIT;
	enum err e = step(s);
	if (!e)
		return;
	heal();
	if (e != want && e != ERR_IO)
		fail_msg("%s instead of %s", err_str(e), err_str(want));
	assert_true(fault.hit);
	assert_false(s->in_tx);
	assert_true(sqlite3_get_autocommit(s->db));
	dump(s, &after);
	assert_same("half stored", buf_str(&after), buf_str(before));
	assert_ok(step(s));
}

static void start_over(struct fx *x)
{
	heal();
	store_close(x->s);
	fx_unlink(x);
	x->s = fx_open(x, true);
	on(x->s, SIDE_SC);
	on(x->s, SIDE_SF);
	assert_int_equal(sqlite3_exec(x->s->db, "PRAGMA wal_autocheckpoint = 20", NULL, NULL, NULL),
		SQLITE_OK);
}

/* What is stored before each step and after the last of a run without faults. */
static void record(struct fx *x, struct buf good[])
{
	start_over(x);
	for (size_t i = 0; i < COUNT(story); i++) {
		dump(x->s, &good[i]);
		assert_ok(story[i](x->s));
	}
	dump(x->s, &good[COUNT(story)]);
}

/* Fail the n-th call for n = 1, 1 + stride ... until a run meets no fault: each ends like a run without. */
static void fail_everywhere(struct fx *x, int rc, enum err want, bool lasts, int stride)
{
	struct buf good[COUNT(story) + 1] = { BUF_INIT };
	record(x, good);
	fault.hit = true;
	for (int n = 1; fault.hit; n += stride) {
		AUTO_BUF got = BUF_INIT;
		start_over(x);
		fault.hit = false;
		fault.rc = rc;
		fault.lasts = lasts;
		fault.left = n;
		for (size_t i = 0; i < COUNT(story); i++)
			run_step(x->s, story[i], want, &good[i]);
		heal();
		dump(x->s, &got);
		assert_same("end", buf_str(&got), buf_str(&good[COUNT(story)]));
		assert_true(n < 100000);
	}
	fault.rc = 0;
	for (size_t i = 0; i < COUNT(good); i++)
		buf_finish(&good[i]);
}

static void disk_full_anywhere(void **state)
{
	shim_on();
	fail_everywhere(*state, SQLITE_FULL, ERR_NOSPC, false, 1);
	fail_everywhere(*state, SQLITE_FULL, ERR_NOSPC, true, 3);
	shim_off();
}

static void io_error_anywhere(void **state)
{
	shim_on();
	fail_everywhere(*state, SQLITE_IOERR_WRITE, ERR_IO, false, 1);
	shim_off();
}

static void out_of_memory_anywhere(void **state)
{
	fail_everywhere(*state, SQLITE_NOMEM, ERR_NOMEM, false, 11);
	fail_everywhere(*state, SQLITE_NOMEM, ERR_NOMEM, true, 37);
}

static void a_failed_sync_is_said(void **state)
{
	struct fx *x = *state;
	shim_on();
	start_over(x);
	fault.rc = SQLITE_IOERR_WRITE;
	fault.left = 1;
	assert_err(store_sync(x->s), ERR_IO);
	assert_ok(step_create(x->s));
	assert_ok(store_sync(x->s));
	shim_off();
}

/* ---- kill -9 ---- */

struct report {
	int64_t task;		/* created, or edited to value */
	int64_t value;
};

/* The child: create, edit in turn; report what has returned. */
static void save_for_ever(const char *path, int fd, int64_t value)
{
	struct store_options o = { 0 };
	struct store *s;
	if (store_open(path, &o, &s))
		_exit(1);
	for (;; value++) {
		char text[64];
		struct report r = { 0, value };
		struct task t = { .field = { [FIELD_TITLE] = "Saved" } };
		if (store_create(s, &t, NULL, 0, SIDE_LOCAL, NOW, &r.task))
			_exit(2);
		snprintf(text, sizeof(text), "%lld", (long long)value);
		t.field[FIELD_DETAILS] = text;
		if (store_edit(s, r.task, &t, BIT(FIELD_DETAILS), 0, NULL, 0, SIDE_LOCAL, NOW))
			_exit(3);
		if (write(fd, &r, sizeof(r)) != sizeof(r))
			_exit(4);
	}
}

static int64_t check_reports(struct fx *x, int fd, int64_t *count)
{
	struct report r;
	int64_t last = 0;
	while (read(fd, &r, sizeof(r)) == sizeof(r)) {
		AUTO_TASK t = TASK_INIT;
		char want[64];
		snprintf(want, sizeof(want), "%lld", (long long)r.value);
		assert_ok(store_get(x->s, r.task, &t));
		assert_same("saved", t.field[FIELD_DETAILS], want);
		last = r.value;
		++*count;
	}
	return last;
}

static void a_kill_loses_no_save(void **state)
{
	struct fx *x = *state;
	uint64_t seed = random_seed();
	int64_t value = 0, count = 0;
	for (int round = 0; round < 20; round++) {
		int fd[2], status;
		store_close(x->s);
		x->s = NULL;
		assert_int_equal(pipe(fd), 0);
		pid_t pid = fork();
		if (!pid) {
			close(fd[0]);
			save_for_ever(x->path, fd[1], value + 1);
		}
		close(fd[1]);
		usleep(2000 + random_below(&seed, 60000));
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		x->s = fx_open(x, false);
		int64_t last = check_reports(x, fd[0], &count);
		value = last ? last : value;
		close(fd[0]);
		assert_int_equal(number(x->s, "SELECT count(*) FROM pragma_integrity_check"
			" WHERE integrity_check <> 'ok'"), 0);
		assert_int_equal(number(x->s, "SELECT count(*) FROM task LEFT JOIN body ON body.task = task.id"
			" WHERE body.task IS NULL"), 0);
	}
	assert_true(count > 20);
}

/* A second connection of ours comes and goes, then another program's: the log is still there, and so is what follows. */
static void a_reader_that_leaves_takes_no_commit_along(void **state)
{
	struct fx *x = *state;
	char look[200];
	store_close(fx_open(x, true));
	snprintf(look, sizeof(look), "sqlite3 -bail '%s' 'SELECT 1/(count(*) > 0) FROM sqlite_schema' >/dev/null", x->path);
	assert_int_equal(system(look), 0);
	make(x->s, "After it left", SIDE_LOCAL);
	snprintf(look, sizeof(look), "test \"$(sqlite3 '%s' 'SELECT count(*) FROM task')\" = 1", x->path);
	assert_int_equal(system(look), 0);
}

/* ---- threads ---- */

#define ROUNDS 300

struct listener {
	struct fx *x;
	int64_t seen;
	bool gap, late;
};

static bool hear(void *arg, const struct change *c)
{
	struct listener *l = arg;
	l->gap |= c->seq != l->seen + 1;
	l->seen = c->seq;
	return true;
}

static void *listen_to_all(void *arg)
{
	struct listener *l = arg;
	struct store *s = fx_open(l->x, false);
	uint64_t count = 0;
	while (l->seen < 2 * ROUNDS && !l->late) {
		uint64_t now = wake_wait(l->x->changed, count, 20000);
		l->late = now == count;
		count = now;
		if (store_changes(s, l->seen, hear, l, NULL))
			l->gap = true;
	}
	store_close(s);
	return NULL;
}

static void *write_all(void *arg)
{
	struct fx *x = arg;
	struct store *s = fx_open(x, true);
	enum err e = ERR_OK;
	for (int i = 0; i < ROUNDS && !e; i++) {
		struct task t = { .field = { [FIELD_TITLE] = "From a thread" } };
		int64_t id;
		e = store_create(s, &t, NULL, 0, SIDE_SC, NOW, &id);
	}
	store_close(s);
	return e ? (void *)err_str(e) : NULL;
}

static void every_change_is_heard(void **state)
{
	struct fx *x = *state;
	struct listener l = { .x = x };
	pthread_t ear, writer[2];
	assert_int_equal(pthread_create(&ear, NULL, listen_to_all, &l), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&writer[i], NULL, write_all, x), 0);
	for (int i = 0; i < 2; i++) {
		void *bad;
		pthread_join(writer[i], &bad);
		assert_same("writer", bad, NULL);
	}
	pthread_join(ear, NULL);
	assert_false(l.gap);
	assert_false(l.late);
	assert_int_equal(l.seen, 2 * ROUNDS);
	check_name(x->s, number(x->s, "SELECT max(num) FROM task"), "From a thread (600).txt");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(disk_full_anywhere),
		TEST(io_error_anywhere),
		TEST(out_of_memory_anywhere),
		TEST(a_failed_sync_is_said),
		TEST(a_kill_loses_no_save),
		TEST(a_reader_that_leaves_takes_no_commit_along),
		TEST(every_change_is_heard),
	};
	sqlite3_mem_methods mine;
	sqlite3_config(SQLITE_CONFIG_GETMALLOC, &mem);
	mine = mem;
	mine.xMalloc = on_malloc;
	mine.xRealloc = on_realloc;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &mine);
	log_init(LOG_LEVEL_ERROR, "/dev/null", 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
