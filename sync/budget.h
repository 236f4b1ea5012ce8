/*
 * budget - how much of a remote's quota may be used, and for what. Pure: what replies said goes in, a
 * decision comes out.
 *
 * The quota of an org is shared by all its users and programs (salesforce.md 5). The more of it is used up
 * the less we ask for: imports and checks stop first, then polls, then edits; the last 5 % are left to
 * others. All reserves are one table. What is known grows old while nothing is asked: after a while one look
 * is allowed again.
 */
#ifndef BUDGET_H
#define BUDGET_H

#include "spent.h"
#include <stdint.h>

enum budget_use { BUDGET_EDIT, BUDGET_POLL, BUDGET_BACKFILL, NBUDGETS };

#define BUDGET_SEEN 8
struct budget {			/* zero at first; belongs to the remote */
	int64_t calls;		/* requests made */
	struct {
		int64_t at;	/* ms, the server's clock */
		int used;
	} seen[BUDGET_SEEN];	/* the last readings: they jump up and down, and the highest of the recent
				 * ones counts */
	unsigned n;		/* readings so far */
	int quota;		/* 0: never told */
};

/* A reply said: so many calls of so many. quota 0: it did not. */
void budget_note(struct budget *b, int used, int quota, int64_t at);
int budget_used(const struct budget *b);
/* Per cent, rounded down; 0: not known. */
int budget_pct(const struct budget *b);
enum spent_stage budget_stage(int pct);
/* How long such a call has to wait; 0: it may be made. age: ms since the last reading. */
int64_t budget_wait(int pct, enum budget_use use, int64_t age, uint32_t chance);
/* ms from one poll to the next, ±20 %: poll_s as configured, longer when much is used up. */
int64_t budget_interval(int poll_s, int pct, uint32_t chance);

#endif
