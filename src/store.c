#include "store_p.h"
#include <string.h>
#include <time.h>
#include <unistd.h>
#define LOG_MODULE "store"
#include "clock.h"
#include "log.h"

enum { BEGIN, BEGIN_READ, COMMIT, ROLLBACK, NSQL };
static const char *const sql_text[NSQL] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[BEGIN_READ] = "BEGIN",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_STORE, i, sql_text[i]);
}

/* ---- taking turns ---- */

#define BUSY_MS 10000

#define WAY_US 200
#define WAY_TRIES 500	/* 0.1 s: who saves all the time must not keep the sync from writing at all */

static int eager;	/* connections of this process that write what a person did, or wait to */

bool tx_is_awaited(void)
{
	return __atomic_load_n(&eager, __ATOMIC_RELAXED);
}

/* The sync writes many times in a row: who came between two of them could wait for all. */
static void give_way(const struct store *s)
{
	for (int i = 0; s->patient && tx_is_awaited() && i < WAY_TRIES; i++)
		usleep(WAY_US);
}

int store_busy(void *arg, int tries)
{
	static _Thread_local int64_t since;
	int64_t now = clock_steady();
	if (!tries)
		since = now;
	if (now - since > BUSY_MS)
		return 0;
	usleep(tries < 20 ? 200 : 2000);
	give_way(arg);
	return 1;
}

/* ---- transactions ---- */

static void ring(struct store *s)
{
	if (s->ring & RING_CHANGED)
		wake_ring(s->changed);
	if (s->ring & RING_OUTBOX)
		wake_ring(s->outbox);
	if (s->grown && fold_is_due(s))
		wake_ring(s->grown);
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
	fold_wait(s);
	enum err e = q_run(&q);
	__atomic_fetch_sub(&eager, !s->patient, __ATOMIC_RELAXED);
	return e;
}

enum err tx_prepare(struct store *s)
{
	AUTO_Q q = sql(s, ROLLBACK);
	return q_end(&q, ERR_OK);
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

enum err tx_yield(struct tx *tx)
{
	struct store *s = tx->s;
	if (!tx_is_awaited())
		return ERR_OK;
	TRY(tx_commit(tx));
	return tx_begin(s, tx);
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
 * A log that grew beyond must be able to start again: no holding until it can. Once all of it is in the
 * database, who reads takes nothing from the log and is not in its way.
 */
static bool is_in_the_way(struct store *s)
{
	return s->seen[WAL_FRAMES] > LOG_LONG && wal_word(s, WAL_FOLDED) < s->seen[WAL_FRAMES];
}

bool store_is_latest(const struct store *s)
{
	uint32_t head[WAL_HEAD];

	if (!s->held)
		return false;
	wal_read(s, head);
	return !memcmp(head, s->seen, sizeof(head));
}

/* Looked at before the snapshot is taken: a commit between the two makes the next hold a new one, needed or
 * not. */
int64_t store_hold(struct store *s)
{
	uint32_t head[WAL_HEAD];

	if (s->in_tx || !wal_find(s))
		return 0;
	wal_read(s, head);
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
	s->sized = 0;
	if (s->aside)
		store_rest(s->aside);
	if (sqlite3_get_autocommit(s->db))
		return;
	AUTO_Q q = sql(s, COMMIT);
	if (q_run(&q))
		rollback(s);
}

/* ---- the disk ---- */

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
