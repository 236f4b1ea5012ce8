#include "budget.h"
#include "pace.h"
#include <stdbool.h>

#define MINUTE (60 * INT64_C(1000))
#define HOUR (60 * MINUTE)
#define RECENT (15 * MINUTE)

#define ALL { [BUDGET_EDIT] = true, [BUDGET_POLL] = true, [BUDGET_BACKFILL] = true }

/*
 * From pct on: how much slower polls are, what waits, and how old a reading is before one more look is
 * allowed. A fleet learns late what its others did: everything stops a little before the reserve begins
 * (tests/world/fleet).
 */
static const struct {
	int pct, slower;
	enum spent_stage stage;
	bool waits[NBUDGETS];
	int64_t look;
} reserve[] = {
	{ 95, 1, SPENT_NOTHING, ALL, 4 * HOUR },
	{ 94, 1, SPENT_NOTHING, ALL, HOUR },
	{ 88, 1, SPENT_EDITS, { [BUDGET_POLL] = true, [BUDGET_BACKFILL] = true }, HOUR },
	{ 84, 4, SPENT_SLOW, { [BUDGET_BACKFILL] = true }, HOUR },
	{ 80, 2, SPENT_SLOW, { [BUDGET_BACKFILL] = true }, HOUR },
	{ 0, 1, SPENT_FREE, { false }, 0 },
};

static int row_of(int pct)
{
	int i = 0;
	while (pct < reserve[i].pct)
		i++;
	return i;
}

void budget_note(struct budget *b, int used, int quota, int64_t at)
{
	if (quota <= 0 || used < 0)
		return;
	b->quota = quota;
	b->seen[b->n % BUDGET_SEEN].at = at;
	b->seen[b->n++ % BUDGET_SEEN].used = used;
}

int budget_used(const struct budget *b)
{
	unsigned kept = b->n < BUDGET_SEEN ? b->n : BUDGET_SEEN;
	int64_t last = b->n ? b->seen[(b->n - 1) % BUDGET_SEEN].at : 0;
	int most = 0;
	for (unsigned i = 0; i < kept; i++)
		if (last - b->seen[i].at <= RECENT && b->seen[i].used > most)
			most = b->seen[i].used;
	return most;
}

int budget_pct(const struct budget *b)
{
	return b->quota ? (int)((int64_t)budget_used(b) * 100 / b->quota) : 0;
}

enum spent_stage budget_stage(int pct)
{
	return reserve[row_of(pct)].stage;
}

int64_t budget_wait(int pct, enum budget_use use, int64_t age, uint32_t chance)
{
	int i = row_of(pct);
	int64_t wait = reserve[i].waits[use] ? pace_jitter(reserve[i].look, chance) - age : 0;
	return wait > 0 ? wait : 0;
}

int64_t budget_interval(int poll_s, int pct, uint32_t chance)
{
	return pace_jitter(poll_s * INT64_C(1000) * reserve[row_of(pct)].slower, chance);
}
