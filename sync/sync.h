/*
 * sync - the threads: when to run a cycle, back-off, stop. One thread per remote; a stalled one never holds
 * up another. Knows the clock and the store; decides nothing about tasks, and when is decided in pace.
 *
 * Each thread keeps its side's row in the store (store_side_put): at once when how it stands changes and
 * after a kick, else every few minutes (PACE_TELL_MS), so that a quiet system writes next to nothing. A side
 * that was switched on from another process begins within PACE_BLOCKED_MS.
 */
#ifndef SYNC_H
#define SYNC_H

#include "config.h"
#include "wake.h"

struct sync;

/* config and the wakes are borrowed until destroy. Starts a thread for every configured remote. outbox wakes
 * it, changed is rung by its commits. *out is NULL if no remote is configured. */
NODISCARD enum err sync_create(const struct config *c, const char *state_dir, struct wake *changed,
	struct wake *outbox, struct sync **out);
/* Run a full pass as soon as possible, also one that is backing off. Any thread. NULL is fine. */
void sync_kick(struct sync *y);
/* Stop within about a second (a request under way is aborted) and free. Unsent edits stay in the outbox. */
void sync_destroy(struct sync *y);

#endif
