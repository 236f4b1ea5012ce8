/*
 * pace - when the next pass is due, and how long to wait after a failure. Pure: times and chance are
 * arguments. Times are ms of the monotonic clock; chance is any number, its low bits are the jitter of ±20 %.
 */
#ifndef PACE_H
#define PACE_H

#include "errcode.h"
#include <stdbool.h>
#include <stdint.h>

#define PACE_ACTIVE_MS (15 * 60 * INT64_C(1000))	/* somebody edits: poll_active for so long after */
#define PACE_BLOCKED_MS INT64_C(5000)	/* a side that may not run asks again */
#define PACE_WAITING_MS INT64_C(250)	/* one that waits for the other's first answer */
#define PACE_STUCK_MS INT64_C(5000)	/* rows that stay due after a push are tried again */
#define PACE_TELL_MS (5 * 60 * INT64_C(1000))	/* how old "last synced" may be in status */

/* How long to leave a remote alone after fails (1, 2, ...) failures in a row, the last with e. retry_ms: what
 * it asked for itself, and no less is waited; 0: nothing. -1: do not wait at all, for we were asked to
 * stop. */
int64_t pace_backoff(enum err e, int fails, int64_t retry_ms, uint32_t chance);
/* A fifth more or less, so that a fleet of mounts does not ask at once. */
int64_t pace_jitter(int64_t ms, uint32_t chance);

/* The doorbell may ask for PACE_BELL_BURST passes at once and one each PACE_BELL_MS after that, however often
 * it rings. paid: 0, then what pace_bell_pay gave. The earliest time of the next. */
#define PACE_BELL_MS (60 * INT64_C(1000))
#define PACE_BELL_BURST 60
int64_t pace_bell(int64_t paid);
int64_t pace_bell_pay(int64_t paid, int64_t now);

enum pace { PACE_WAIT, PACE_PUSH, PACE_FULL };
struct pace_view {
	int64_t now;
	int64_t full_at;	/* the next full pass */
	int64_t hold_until;	/* backing off: nothing before, unless kicked */
	int64_t push_after;	/* no push before: rows were still due after the last one */
	int64_t outbox_ms;	/* until the next row is due; 0: now; -1: none */
	bool kicked;
	bool blocked;		/* the last pass was not allowed to run */
};
/* What to do now; *wait_ms: for PACE_WAIT, how long at most. */
enum pace pace_next(const struct pace_view *v, int64_t *wait_ms);

#endif
