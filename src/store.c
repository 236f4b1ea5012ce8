#include "store_p.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#define LOG_MODULE "store"
#include "log.h"

enum { BEGIN, BEGIN_READ, COMMIT, ROLLBACK, SIDE, SIDE_SWITCH, SIDE_PUT, META, META_SET, META_DROP, NSQL };
static const char *const sql_text[NSQL] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[BEGIN_READ] = "BEGIN",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[SIDE] = "SELECT is_on, enabled_at, tried_at, ok_at, err, message, done, total, left_out FROM side"
		 " WHERE side = :side",
	[SIDE_SWITCH] = "UPDATE side SET is_on = :on, enabled_at = iif(:on, :now, enabled_at)"
			" WHERE side = :side",
	[SIDE_PUT] = "UPDATE side SET tried_at = :tried_at, ok_at = :ok_at, err = :err, message = :message,"
		     " done = :done, total = :total, left_out = :left_out WHERE side = :side",
	[META] = "SELECT value FROM meta WHERE key = :key",
	[META_SET] = "INSERT INTO meta(key, value) VALUES(:key, :value)"
		     " ON CONFLICT(key) DO UPDATE SET value = excluded.value",
	[META_DROP] = "DELETE FROM meta WHERE key = :key",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_STORE, i, sql_text[i]);
}

/* ---- open, close ---- */

#define BUSY_MS 10000

static int64_t monotonic_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#define WAY_US 200
#define WAY_TRIES 500	/* 0.1 s: who saves all the time must not keep the sync from writing at all */

static int eager;	/* connections of this process that write what a person did, or wait to */

/* The sync writes many times in a row: who came between two of them could wait for all. */
static void give_way(const struct store *s)
{
	for (int i = 0; s->patient && __atomic_load_n(&eager, __ATOMIC_RELAXED) && i < WAY_TRIES; i++)
		usleep(WAY_US);
}

/* Ask again soon: the others' transactions are short, SQLite's own handler soon sleeps 100 ms at a time. */
static int on_busy(void *arg, int tries)
{
	static _Thread_local int64_t since;
	int64_t now = monotonic_ms();
	if (!tries)
		since = now;
	if (now - since > BUSY_MS)
		return 0;
	usleep(tries < 20 ? 200 : 2000);
	give_way(arg);
	return 1;
}

static uint32_t big_endian(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/*
 * Look at the file before SQLite makes files beside it, and through SQLite's own descriptor: closing another one would
 * drop the locks of every connection this process has (fcntl), and the next process to leave would take the log away.
 * Numbers: SQLite's file format.
 */
static enum err check_head(sqlite3 *db)
{
	unsigned char head[100];
	sqlite3_file *f = NULL;
	int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &f);
	sqlite3_int64 size = 0;
	if (rc == SQLITE_OK)
		rc = f->pMethods->xFileSize(f, &size);
	if (rc == SQLITE_OK && !size)	/* ours, from a start that was cut short */
		return ERR_OK;
	if (rc == SQLITE_OK)
		rc = f->pMethods->xRead(f, head, sizeof(head), 0);
	if (rc != SQLITE_OK)
		return rc == SQLITE_IOERR_SHORT_READ ? ERR_CORRUPT : ERR_IO;
	if (memcmp(head, "SQLite format 3", 16))
		return ERR_CORRUPT;
	uint32_t version = big_endian(head + 60), application = big_endian(head + 68);
	if (version && application != SCHEMA_APPLICATION)	/* without a version: still in the log, see version_of */
		return ERR_CORRUPT;
	return version > (uint32_t)schema_version ? ERR_NEWER : ERR_OK;
}

void sync_dir(const char *path)
{
	AUTO_FREE char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	if (slash)
		slash[slash == dir] = '\0';
	int fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fsync(fd))
		log_warn("fsync of the directory errno=%d", errno);
	close(fd);
}

enum err errno_err(void)
{
	return errno == ENOENT ? ERR_NOENT : errno == ENOMEM ? ERR_NOMEM : errno == ENOSPC || errno == EDQUOT ? ERR_NOSPC :
		errno == EACCES || errno == EPERM || errno == EROFS ? ERR_PERM : ERR_IO;
}

#define AS_TEXT_(x) #x
#define AS_TEXT(x) AS_TEXT_(x)

static enum err make_empty(const char *path)
{
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "PRAGMA page_size = " AS_TEXT(DB_PAGE) ";PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	enum err e = rc == SQLITE_OK ? ERR_OK : sql_err(db, rc, "create");
	sqlite3_close(db);
	return e;
}

/* Made under another name and closed before it gets its own: nobody can hold a lock on it that our close would drop. */
static enum err make_file(const char *path)
{
	AUTO_FREE char *draft = NULL;
	if (asprintf(&draft, "%s.XXXXXX", path) < 0) {
		draft = NULL;
		return ERR_NOMEM;
	}
	int fd = mkostemp(draft, O_CLOEXEC);
	if (fd < 0)
		return errno_err();
	close(fd);
	enum err e = make_empty(draft);
	if (!e && link(draft, path) && errno != EEXIST)
		e = errno_err();
	unlink(draft);
	sync_dir(path);
	return e;
}

/* It is there, a file, and ours alone. */
static enum err check_file(const char *path, bool create)
{
	struct stat st;
	if (create && access(path, F_OK) && errno == ENOENT)
		TRY(make_file(path));
	if (stat(path, &st))
		return errno_err();
	if (!S_ISREG(st.st_mode))
		return ERR_CORRUPT;
	return st.st_mode & (S_IRWXG | S_IRWXO) ? ERR_PERM : ERR_OK;
}

/* One look at both, as another may be making it: what has no version yet and is not empty is somebody else's. */
static enum err version_of(sqlite3 *db, int *out)
{
	static const char text[] = "SELECT user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_user_version";
	sqlite3_stmt *st = NULL;
	bool ours = true;
	int rc = sqlite3_prepare_v2(db, text, -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		*out = sqlite3_column_int(st, 0);
		ours = *out || !sqlite3_column_int(st, 1);
	}
	sqlite3_finalize(st);
	return rc != SQLITE_ROW ? sql_err(db, rc, "version") : ours ? ERR_OK : ERR_CORRUPT;
}

/*
 * No mmap: its pages would count as the mount's memory, and a disk error would be a SIGBUS instead of ERR_IO.
 * secure_delete is off because the file is private anyway; some builds of SQLite switch it on. A commit checkpoints a
 * log of 16 MiB itself, which takes it two syncs; before that, store_tidy does.
 */
static enum err configure(struct store *s, const struct store_options *o)
{
	static const char pragmas[] =
		"PRAGMA foreign_keys = ON;PRAGMA trusted_schema = OFF;"
		"PRAGMA secure_delete = OFF;"
		"PRAGMA temp_store = MEMORY;PRAGMA wal_autocheckpoint = 8000;"
		"PRAGMA journal_size_limit = 16777216;";
	int rc = sqlite3_exec(s->db, pragmas, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->db, o->roomy ? "PRAGMA cache_size = -36000" : "PRAGMA cache_size = -8000", NULL, NULL, NULL);
	if (rc == SQLITE_OK && o->read_only)
		rc = sqlite3_exec(s->db, "PRAGMA query_only = ON", NULL, NULL, NULL);
	if (rc == SQLITE_OK && !o->read_only)
		rc = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->db, o->durable ? "PRAGMA synchronous = FULL" :
			"PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
	return rc == SQLITE_OK ? ERR_OK : sql_err(s->db, rc, "configure");
}

static enum err open_db(struct store *s, const char *path, const struct store_options *o)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, version = 0;
	bool check = o->check && !check_sealed(path);
	int rc = sqlite3_open_v2(path, &s->db, flags, NULL);
	if (rc != SQLITE_OK)
		return sql_err(s->db, rc, "open");
	TRY(check_head(s->db));
	sqlite3_busy_handler(s->db, on_busy, s);
	/* A newer program's log must not be folded into its database by us. */
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	TRY(version_of(s->db, &version));
	if (version > schema_version)
		return ERR_NEWER;
	if (o->read_only && version < schema_version)
		return version ? ERR_BUSY : ERR_NOENT;
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	TRY(configure(s, o));
	if (check)
		TRY(check_pages(s));
	TRY(schema_migrate(s->db, version));
	if (!o->read_only)
		wal_attach(s);
	/* Prepared while there is memory: it is needed most when there is none. */
	AUTO_Q q = sql(s, ROLLBACK);
	return q_end(&q, ERR_OK);
}

enum err store_open(const char *path, const struct store_options *o, struct store **out)
{
	*out = NULL;
	TRY(check_file(path, !o->read_only));
	struct store *s = calloc(1, sizeof(*s));
	if (!s)
		return ERR_NOMEM;
	s->changed = o->changed;
	s->outbox = o->outbox;
	s->read_only = o->read_only;
	s->patient = o->durable;
	enum err e = open_db(s, path, o);
	if (e)
		store_close(s);
	else
		*out = s;
	return e;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (int f = 0; f < SQL_FILES; f++)
		for (int i = 0; i < SQL_MAX; i++)
			sqlite3_finalize(s->stmt[f][i]);
	sqlite3_close(s->db);
	free(s);
}

/*
 * Whatever was committed is in the log, or was checkpointed, and then SQLite has synced the database before
 * it reuses the log. So the log's fsync is enough.
 */
enum err store_sync(struct store *s)
{
	sqlite3_file *wal = NULL;
	int rc = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
	if (rc != SQLITE_OK)
		return sql_err(s->db, rc, "sync");
	if (!wal || !wal->pMethods)
		return ERR_IO;
	rc = wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL);
	if (rc == SQLITE_OK)
		return ERR_OK;
	log_err("sqlite what=sync rc=%d", rc);
	return ERR_IO;
}

/* ---- transactions ---- */

static void ring(struct store *s)
{
	if (s->ring & RING_CHANGED)
		wake_ring(s->changed);
	if (s->ring & RING_OUTBOX)
		wake_ring(s->outbox);
	s->ring = 0;
}

static void rollback(struct store *s)
{
	s->in_tx = s->held = false;
	s->doomed = ERR_OK;
	s->ring = 0;
	if (sqlite3_get_autocommit(s->db))
		return;
	AUTO_Q q = sql(s, ROLLBACK);
	if (q_run(&q))
		log_err("rollback failed");
}

static enum err begin(struct store *s)
{
	AUTO_Q q = sql(s, BEGIN);

	give_way(s);
	__atomic_fetch_add(&eager, !s->patient, __ATOMIC_RELAXED);
	enum err e = q_run(&q);
	__atomic_fetch_sub(&eager, !s->patient, __ATOMIC_RELAXED);
	return e;
}

enum err tx_begin(struct store *s, struct tx *tx)
{
	*tx = (struct tx){ 0 };
	if (s->read_only)
		return ERR_PERM;
	if (s->in_tx && s->doomed)
		return s->doomed;
	if (!s->in_tx) {
		store_rest(s);
		if (!sqlite3_get_autocommit(s->db))
			rollback(s);	/* the last one did not succeed */
		TRY(begin(s));
		wal_begin(s);
		tx->outer = s->in_tx = true;
		s->doomed = s->failed = ERR_OK;
		s->ring = 0;
		s->fed = 0;
	}
	tx->s = s;
	tx->wrote = sqlite3_total_changes64(s->db);
	return ERR_OK;
}

enum err tx_commit(struct tx *tx)
{
	struct store *s = tx->s;
	if (!tx->outer) {
		tx->s = NULL;
		return s->doomed;
	}
	enum err e = s->doomed;
	if (!e) {
		AUTO_Q q = sql(s, COMMIT);
		wal_hold(s, true);
		e = q_run(&q);
		wal_hold(s, false);
	}
	if (e)	/* tx_end rolls back */
		return e;
	tx->s = NULL;
	s->in_tx = false;
	ring(s);
	return ERR_OK;
}

void tx_end(struct tx *tx)
{
	struct store *s = TAKE(tx->s);
	if (!s)
		return;
	if (tx->outer)
		rollback(s);
	else if (!s->doomed && sqlite3_total_changes64(s->db) != tx->wrote)
		s->doomed = s->failed ? s->failed : ERR_NOMEM;
}

/* ---- reading ---- */

/*
 * A log that grew beyond must be able to start again: no holding until it can. Once all of it is in the database, who reads
 * takes nothing from the log and is not in its way.
 */
#define HOLD_FRAMES 4000

static bool is_in_the_way(struct store *s)
{
	return s->seen[WAL_FRAMES] > HOLD_FRAMES &&
		__atomic_load_n(&s->wal_head[WAL_FOLDED], __ATOMIC_ACQUIRE) < s->seen[WAL_FRAMES];
}

/* SQLite has it mapped since the first read of the database; NULL: it has not. */
static const uint32_t *find_wal_head(struct store *s)
{
	sqlite3_file *f = NULL;
	void volatile *p = NULL;

	if (sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &f) == SQLITE_OK && f->pMethods &&
		f->pMethods->iVersion >= 2 && f->pMethods->xShmMap(f, 0, 32768, 0, &p) != SQLITE_OK)
		return NULL;
	return (const uint32_t *)p;
}

static void read_wal_head(const struct store *s, uint32_t head[WAL_HEAD])
{
	for (int i = 0; i < WAL_HEAD; i++)
		head[i] = __atomic_load_n(&s->wal_head[i], __ATOMIC_ACQUIRE);
}

bool store_is_latest(const struct store *s)
{
	uint32_t head[WAL_HEAD];

	if (!s->held)
		return false;
	read_wal_head(s, head);
	return !memcmp(head, s->seen, sizeof(head));
}

/* Looked at before the snapshot is taken: a commit between the two makes the next hold a new one, needed or not. */
int64_t store_hold(struct store *s)
{
	uint32_t head[WAL_HEAD];

	if (s->in_tx || (!s->wal_head && !(s->wal_head = find_wal_head(s))))
		return 0;
	read_wal_head(s, head);
	bool same = s->snapshot && !memcmp(head, s->seen, sizeof(head));
	if (s->held && same)
		return s->snapshot;
	store_rest(s);
	memcpy(s->seen, head, sizeof(head));
	s->snapshot += !same;
	if (is_in_the_way(s))
		return 0;
	AUTO_Q q = sql(s, BEGIN_READ);
	s->held = !q_run(&q);
	return s->held ? s->snapshot : 0;
}

void store_rest(struct store *s)
{
	if (!s->held)
		return;
	s->held = false;
	if (sqlite3_get_autocommit(s->db))
		return;
	AUTO_Q q = sql(s, COMMIT);
	if (q_run(&q))
		rollback(s);
}

#define TIDY_FRAMES 2000

void store_tidy(struct store *s)
{
	if (!s->wal_head && !(s->wal_head = find_wal_head(s)))
		return;
	uint32_t frames = __atomic_load_n(&s->wal_head[WAL_FRAMES], __ATOMIC_ACQUIRE);
	if (frames < s->tidied)		/* the log began anew */
		s->tidied = 0;
	if (frames - s->tidied < TIDY_FRAMES)
		return;
	s->tidied = frames;
	int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (rc != SQLITE_OK && rc != SQLITE_BUSY)
		log_warn("sqlite what=checkpoint rc=%d", rc);
}

/* ---- sides, named values ---- */

enum err store_side(struct store *s, enum side side, struct side_state *out)
{
	*out = (struct side_state){ .left_out = -1 };
	AUTO_Q q = sql(s, SIDE);
	q_int(&q, ":side", side);
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	out->on = q_col(&q, 0);
	out->enabled_at = q_col(&q, 1);
	out->tried_at = q_col(&q, 2);
	out->ok_at = q_col(&q, 3);
	out->err = (enum err)q_col(&q, 4);
	q_col_copy(&q, 5, out->message, sizeof(out->message));
	out->done = q_col(&q, 6);
	out->total = q_col(&q, 7);
	out->left_out = q_col(&q, 8);
	return q_end(&q, ERR_OK);
}

enum err store_side_switch(struct store *s, enum side side, bool on, int64_t now)
{
	struct side_state was;
	AUTO_TX tx = { 0 };
	TRY(store_side(s, side, &was));
	if (was.on == on)
		return ERR_OK;
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, SIDE_SWITCH);
	q_int(&q, ":side", side);
	q_int(&q, ":on", on);
	q_int(&q, ":now", now);
	TRY(q_run(&q));
	s->ring |= RING_CHANGED | RING_OUTBOX;
	return tx_commit(&tx);
}

static bool side_same(const struct side_state *a, const struct side_state *b)
{
	return a->tried_at == b->tried_at && a->ok_at == b->ok_at && a->err == b->err && a->done == b->done &&
		a->total == b->total && a->left_out == b->left_out && !strcmp(a->message, b->message);
}

enum err store_side_put(struct store *s, enum side side, const struct side_state *st)
{
	struct side_state was;
	AUTO_TX tx = { 0 };
	TRY(store_side(s, side, &was));
	if (side_same(&was, st))
		return ERR_OK;
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, SIDE_PUT);
	q_int(&q, ":side", side);
	q_int(&q, ":tried_at", st->tried_at);
	q_int(&q, ":ok_at", st->ok_at);
	q_int(&q, ":err", st->err);
	q_text(&q, ":message", st->message);
	q_int(&q, ":done", st->done);
	q_int(&q, ":total", st->total);
	q_int(&q, ":left_out", st->left_out);
	TRY(q_run(&q));
	s->ring |= RING_CHANGED;
	return tx_commit(&tx);
}

enum err store_meta(struct store *s, const char *key, char **value)
{
	*value = NULL;
	AUTO_Q q = sql(s, META);
	q_text(&q, ":key", key);
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	*value = q_col_dup(&q, 0);
	return q_end(&q, ERR_OK);
}

enum err store_meta_set(struct store *s, const char *key, const char *value)
{
	AUTO_FREE char *was = NULL;
	AUTO_TX tx = { 0 };
	enum err e = store_meta(s, key, &was);
	if (e && e != ERR_NOENT)
		return e;
	if (str_eq(was, value))
		return ERR_OK;
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, value ? META_SET : META_DROP);
	q_text(&q, ":key", key);
	if (value)
		q_text(&q, ":value", value);
	TRY(q_run(&q));
	return tx_commit(&tx);
}
