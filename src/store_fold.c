#include "store_p.h"
#include <string.h>
#include <unistd.h>
#define LOG_MODULE "store"
#include "log.h"

/*
 * The log starts anew with a transaction that begins when all of it is in the database. Beside somebody who
 * writes all the time that never comes by itself: each pass of the fold takes a sync, and leaves what was
 * committed meanwhile. So the last one, which has little to do, is made while those who want to write wait
 * for a moment. They wait by courtesy, with no lock that a slow disk could hold: then they go on, and the
 * fold tries again later.
 */
enum { FREE, BESIDE, ALONE };
static int folding;		/* of this process: who writes goes on, or waits */

#define STEP 1000		/* frames: to be told of */
#define WORTH 2000		/* frames: a quiet moment */
#define FEW 500			/* frames: those who write may wait for them */
#define CROWDED (2 * LOG_LONG)	/* frames: they are too quick for the disk, and wait at each transaction */
#define PASSES 8
#define WAIT_US 200
#define WAIT_TRIES 50

static bool must_wait(const struct store *s)
{
	int now = __atomic_load_n(&folding, __ATOMIC_RELAXED);
	return now == ALONE || (now == BESIDE && s->wal_head && wal_word(s, WAL_FRAMES) >= CROWDED);
}

void fold_wait(const struct store *s)
{
	for (int i = 0; i < WAIT_TRIES && must_wait(s); i++)
		usleep(WAIT_US);
}

bool fold_is_due(struct store *s)
{
	if (!wal_find(s))
		return false;
	uint32_t frames = wal_word(s, WAL_FRAMES);
	if (frames < s->told)		/* it began anew */
		s->told = 0;
	if (frames - s->told < STEP)
		return false;
	s->told = frames;
	return true;
}

static uint32_t left(const struct store *s)
{
	uint32_t folded = wal_word(s, WAL_FOLDED), frames = wal_word(s, WAL_FRAMES);
	return frames > folded ? frames - folded : 0;
}

static bool pass(struct store *s, int how)
{
	__atomic_store_n(&folding, how, __ATOMIC_RELAXED);
	int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	__atomic_store_n(&folding, FREE, __ATOMIC_RELAXED);
	if (rc != SQLITE_OK && rc != SQLITE_BUSY)
		log_warn("sqlite what=checkpoint rc=%d", rc);
	return rc == SQLITE_OK;
}

/* While a long log is not wholly in the database, nobody may hold a snapshot (is_in_the_way). */
static bool is_long(const struct store *s)
{
	return wal_word(s, WAL_FRAMES) > LOG_LONG;
}

bool store_fold(struct store *s)
{
	uint32_t head[WAL_HEAD], folded;

	if (!wal_find(s) || left(s) < (is_long(s) ? 1 : WORTH))
		return false;
	wal_read(s, head);
	bool quiet = !memcmp(head, s->seen, sizeof(head));
	memcpy(s->seen, head, sizeof(head));
	if (!quiet && (!is_long(s) || left(s) < WORTH))
		return true;
	folded = wal_word(s, WAL_FOLDED);
	int how = BESIDE;
	for (int i = 0; i < PASSES && pass(s, how) && (left(s) || how == BESIDE); i++)
		how = left(s) <= FEW ? ALONE : BESIDE;
	return is_long(s) && left(s) && wal_word(s, WAL_FOLDED) != folded;
}
