/* Killed, out of disk, out of memory, several threads:
 * nothing acknowledged is lost, nothing is half stored. */
#include "store_more.h"
#include "vfs_unit.h"
#include "log.h"
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- faults: a file system and an allocator that fail once at the n-th call ---- */

static struct {
	int left;		/* calls until the fault; 0: none is set */
	int rc;
	uint32_t ops;		/* BIT(VFS_x) that can fail */
	bool torn;		/* a write that fails has written its first half */
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

static int fault_hook(const struct vfs_op *x)
{
	if (fault.rc == SQLITE_NOMEM || !(fault.ops & BIT(x->op)) || !fails())
		return SQLITE_OK;
	if (fault.torn && x->op == VFS_WRITE)	/* half of it is there */
		x->real->pMethods->xWrite(x->real, x->p, x->n / 2, x->at);
	return x->op == VFS_SYNC ? SQLITE_IOERR_FSYNC : fault.rc;
}

static void shim_on(void)
{
	vfs_on(fault_hook);
}

static void shim_off(void)
{
	vfs_off();
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

enum { STEPS_MAX = COUNT(more) > COUNT(story) ? COUNT(more) : COUNT(story) };
static const struct tale {
	enum err (*const *step)(struct store *s);
	size_t n;
	void (*begin)(struct store *s);	/* without faults; NULL: there is nothing before */
	int stride;			/* of the calls that fail each so manieth */
} tales[] = { { story, COUNT(story), NULL, 1 }, { more, COUNT(more), begin_more, 2 } };
static const struct tale *tale = tales;

/* ---- one step after the other, each of which may fail and is then called again ---- */

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
	assert_int_equal(sqlite3_exec(x->s->db, "PRAGMA wal_autocheckpoint = 20;PRAGMA cache_size = 10", NULL, NULL, NULL),
		SQLITE_OK);
	if (tale->begin)
		tale->begin(x->s);
}

/* What is stored before each step and after the last of a run without faults. */
static void record(struct fx *x, struct buf good[])
{
	start_over(x);
	for (size_t i = 0; i < tale->n; i++) {
		dump(x->s, &good[i]);
		assert_ok(tale->step[i](x->s));
	}
	dump(x->s, &good[tale->n]);
}

struct faults {
	const char *name;
	int rc;
	enum err want;
	uint32_t ops;
	bool torn, lasts;
	int stride;
};
#define WRITING (BIT(VFS_WRITE) | BIT(VFS_TRUNCATE) | BIT(VFS_SYNC))
static const struct faults full[] = {
	{ "disk full", SQLITE_FULL, ERR_NOSPC, WRITING, false, false, 1 },
	{ "disk full and stays so", SQLITE_FULL, ERR_NOSPC, WRITING, false, true, 3 },
	{ "disk full in the middle of a write", SQLITE_FULL, ERR_NOSPC, WRITING, true, false, 1 },
};
static const struct faults io_error[] = {
	{ "write error", SQLITE_IOERR_WRITE, ERR_IO, WRITING, false, false, 1 },
	{ "write error in the middle", SQLITE_IOERR_WRITE, ERR_IO, WRITING, true, true, 3 },
	{ "read error", SQLITE_IOERR_READ, ERR_IO, BIT(VFS_READ), false, false, 1 },
	{ "failed sync", SQLITE_IOERR_FSYNC, ERR_IO, BIT(VFS_SYNC), false, false, 1 },
	{ "failed sync, and every later one", SQLITE_IOERR_FSYNC, ERR_IO, BIT(VFS_SYNC), false, true, 1 },
};
static const struct faults no_memory[] = {
	{ "out of memory", SQLITE_NOMEM, ERR_NOMEM, 0, false, false, 3 },
	{ "out of memory, and stays so", SQLITE_NOMEM, ERR_NOMEM, 0, false, true, 17 },
};

static void arm(const struct faults *f, int n)
{
	fault.hit = false;
	fault.rc = f->rc;
	fault.ops = f->ops;
	fault.torn = f->torn;
	fault.lasts = f->lasts;
	fault.left = n;
}

/* Fail the n-th call for n = 1, 1 + stride ... until a run meets no fault: each ends like a run without. */
static void fail_everywhere(struct fx *x, const struct faults *f)
{
	struct buf good[STEPS_MAX + 1] = { BUF_INIT };
	int n = 1, stride = f->stride * tale->stride;
	record(x, good);
	for (fault.hit = true; fault.hit; n += stride) {
		AUTO_BUF got = BUF_INIT;
		start_over(x);
		arm(f, n);
		for (size_t i = 0; i < tale->n; i++)
			run_step(x->s, tale->step[i], f->want, &good[i]);
		heal();
		dump(x->s, &got);
		assert_same("end", buf_str(&got), buf_str(&good[tale->n]));
		assert_true(n < 100000);
	}
	printf("# %s: at %d calls\n", f->name, n / stride - 1);
	fault.rc = 0;
	for (size_t i = 0; i < COUNT(good); i++)
		buf_finish(&good[i]);
}

/* ---- the same while a log is recovered ---- */

static void put_file(const char *path, const char *tail, const struct buf *b)
{
	char name[120];
	snprintf(name, sizeof(name), "%s%s", path, tail);
	FILE *f = fopen(name, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(b->s, 1, b->n, f), b->n);
	fclose(f);
	chmod(name, 0600);
}

static void get_file(const char *path, const char *tail, struct buf *out)
{
	char name[120], piece[4096];
	size_t n;
	snprintf(name, sizeof(name), "%s%s", path, tail);
	FILE *f = fopen(name, "r");
	assert_non_null(f);
	while ((n = fread(piece, 1, sizeof(piece), f)))
		buf_add(out, piece, n);
	fclose(f);
}

/* Opened, and folded in when closed: an error,
 * and never one that gets the database set aside; then all is there. */
static void recover_once(struct fx *x, const struct faults *f, const char *good)
{
	AUTO_BUF is = BUF_INIT;
	struct store_options o = { .check = true };
	enum err e = store_open(x->path, &o, &x->s);
	store_close(x->s);
	heal();
	if (e && e != f->want && e != ERR_IO && e != ERR_NOMEM)
		fail_msg("%s: %s", f->name, err_str(e));
	assert_ok(store_open(x->path, &o, &x->s));
	dump(x->s, &is);
	assert_same(f->name, buf_str(&is), good);
}

static void recover_everywhere(struct fx *x, const struct faults *f)
{
	AUTO_BUF good = BUF_INIT, db = BUF_INIT, wal = BUF_INIT;
	int n = 1;
	start_over(x);
	for (size_t i = 0; i < tale->n; i++)
		assert_ok(tale->step[i](x->s));
	dump(x->s, &good);
	get_file(x->path, "", &db);
	get_file(x->path, "-wal", &wal);
	assert_true(wal.n > 4096);
	for (fault.hit = true; fault.hit; n++) {
		store_close(x->s);
		x->s = NULL;
		fx_unlink(x);
		put_file(x->path, "", &db);
		put_file(x->path, "-wal", &wal);
		arm(f, n);
		recover_once(x, f, buf_str(&good));
		assert_true(n < 100000);
	}
	printf("# %s while the log is recovered: at %d calls\n", f->name, n - 2);
	fault.rc = 0;
}

static void all_of(struct fx *x, const struct faults *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		tale = tales;
		recover_everywhere(x, &f[i]);
		for (size_t k = 0; k < COUNT(tales); k++) {
			tale = &tales[k];
			fail_everywhere(x, &f[i]);
		}
	}
	tale = tales;
}

static void disk_full_anywhere(void **state)
{
	shim_on();
	all_of(*state, full, COUNT(full));
	shim_off();
}

static void io_error_anywhere(void **state)
{
	shim_on();
	all_of(*state, io_error, COUNT(io_error));
	shim_off();
}

static void out_of_memory_anywhere(void **state)
{
	all_of(*state, no_memory, COUNT(no_memory));
}

static void a_failed_sync_is_said(void **state)
{
	struct fx *x = *state;
	shim_on();
	start_over(x);
	arm(&io_error[3], 1);
	assert_err(store_sync(x->s), ERR_IO);
	assert_ok(step_create(x->s));
	assert_ok(store_sync(x->s));
	shim_off();
}

/* ---- how a commit is written ---- */

static int log_writes, parts_of_pages;

static int count_hook(const struct vfs_op *x)
{
	const char *tail = x->path ? strrchr(x->path, '-') : NULL;
	bool log = x->op == VFS_WRITE && tail && !strcmp(tail, "-wal");
	log_writes += log;
	parts_of_pages += log && (x->at + x->n) % 4096;
	return SQLITE_OK;
}

/* To its last page's end: what else is in it would be read from the disk first. */
static void a_commit_is_one_write(void **state)
{
	struct fx *x = *state;
	vfs_on(count_hook);
	store_close(x->s);
	x->s = fx_open(x, false);
	on(x->s, SIDE_SC);
	int64_t id = make(x->s, "Edited", SIDE_SC);
	for (int i = 0; i < 3; i++) {
		log_writes = parts_of_pages = 0;
		set(x->s, id, FIELD_DETAILS, i % 2 ? "one" : "two", SIDE_LOCAL);
		assert_int_equal(log_writes, 1);
		assert_int_equal(parts_of_pages, 0);
	}
	vfs_off();
}

/* Tasks with details of a page each, in one transaction. */
static void make_many(struct store *s, int n, bool commit)
{
	AUTO_TX tx = { 0 };
	AUTO_BUF details = BUF_INIT;
	int64_t id;
	while (details.n < 5000)
		buf_puts(&details, "details ");
	struct task t = { .field = { [FIELD_TITLE] = "Many", [FIELD_DETAILS] = details.s } };
	assert_ok(tx_begin(s, &tx));
	for (int i = 0; i < n; i++)
		assert_ok(store_create(s, &t, NULL, 0, SIDE_SC, NOW, &id));
	if (commit)
		assert_ok(tx_commit(&tx));
}

/* What the cache does not hold is in the log before its commit, and may be there for nothing. */
static void a_transaction_larger_than_the_cache(void **state)
{
	struct fx *x = *state;
	struct store *other = fx_open(x, false);
	int want = 0;
	assert_int_equal(sqlite3_exec(x->s->db, "PRAGMA cache_size = 10", NULL, NULL, NULL), SQLITE_OK);
	for (int round = 0; round < 6; round++) {
		make_many(x->s, 40, round % 2);
		want += round % 2 ? 40 : 0;
		make(other, "Small", SIDE_SC);
		assert_int_equal(number(other, "SELECT count(*) FROM task WHERE title = 'Many'"), want);
		assert_int_equal(number(x->s, "SELECT count(*) FROM task WHERE title = 'Small'"), round + 1);
	}
	AUTO_BUF db = BUF_INIT, wal = BUF_INIT;		/* as after a kill: the log alone tells */
	get_file(x->path, "", &db);
	get_file(x->path, "-wal", &wal);
	store_close(other);
	store_close(x->s);
	fx_unlink(x);
	put_file(x->path, "", &db);
	put_file(x->path, "-wal", &wal);
	x->s = fx_open(x, false);
	assert_int_equal(number(x->s, "SELECT count(*) FROM task"), want + 6);
	assert_int_equal(number(x->s, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
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

/* A second connection of ours comes and goes, then another program's:
 * the log is still there, and so is what follows. */
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

/* In memory: thousands of databases. */
static int setup(void **state)
{
	return fx_setup_in(state, access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
}
#undef TEST
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, fx_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(disk_full_anywhere),
		TEST(io_error_anywhere),
		TEST(out_of_memory_anywhere),
		TEST(a_failed_sync_is_said),
		TEST(a_commit_is_one_write),
		TEST(a_transaction_larger_than_the_cache),
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
