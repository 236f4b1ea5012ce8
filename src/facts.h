/*
 * facts - what the store knows about one task or one change, as text for .remindfs/: a fact a line, "name:
 * value". Knows the store; no I/O of its own, no clock. Whatever came from elsewhere is shown with its
 * controls as pictures.
 */
#ifndef FACTS_H
#define FACTS_H

#include "buf.h"
#include "store.h"

/* Ids, web addresses, times, and for each side the values agreed and its own words where they are not
 * ours. */
NODISCARD enum err facts_info(struct store *s, int64_t task, struct buf *out);
/* A line a change of a field, oldest first: "2026-11-24T08:00:00.000Z salesforce due: 2026-09-03 -> none". */
NODISCARD enum err facts_history(struct store *s, int64_t task, struct buf *out);
/* What is not yet on which side, why, and when it is tried next. */
NODISCARD enum err facts_outbox(struct store *s, int64_t task, int64_t now, struct buf *out);
/* A change as one JSON object and a line break. */
void facts_change(const struct change *c, struct buf *out);

#endif
