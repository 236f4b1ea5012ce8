/*
 * spent - what the calls to a remote have come to, as one small value of the store: written by the side's
 * sync thread, read for .remindfs/budget and status. What follows from it is decided in sync/budget.
 */
#ifndef SPENT_H
#define SPENT_H

#include "store.h"

#define SPENT_DAY_MS INT64_C(86400000)

/* What is still sent, by how much of the org's quota is used up: all; polls and edits, slower; edits;
 * nothing. */
enum spent_stage { SPENT_FREE, SPENT_SLOW, SPENT_EDITS, SPENT_NOTHING, NSPENTS };

struct spent {
	int64_t at;		/* ms, when this was so; 0: never written */
	int64_t used, quota;	/* calls of the whole org in 24 hours, of how many; quota 0: not told */
	int64_t calls, since;	/* made by this mount since then; begins anew once a day */
	int64_t poll_ms;	/* from one poll to the next as things stand */
	int64_t until;		/* the remote asked to be left alone until then; 0: it did not */
	enum spent_stage stage;
};

/* Never written: *out is all 0. */
NODISCARD enum err spent_load(struct store *s, enum side side, struct spent *out);
/* The same again: no write. */
NODISCARD enum err spent_save(struct store *s, enum side side, const struct spent *x);

#endif
