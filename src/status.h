/*
 * status - what the store can say about itself, for .remindfs/status and "remindfs status": plain lines, or
 * JSON. Knows the store; no clock, and no I/O of its own but to see whether a directory of salvaged texts is
 * still there.
 */
#ifndef STATUS_H
#define STATUS_H

#include "buf.h"
#include "store.h"

/* Appended to out: aligned lines, each problem with the command to type next. */
NODISCARD enum err status_render(struct store *s, int64_t now, struct buf *out);
/* Appended to out: the same as one JSON object and a line break. */
NODISCARD enum err status_json(struct store *s, int64_t now, struct buf *out);
/* Appended to out: ".remindfs/budget": for each side that is on, how much of its quota is used, by whom, and
 * what waits. */
NODISCARD enum err status_budget(struct store *s, int64_t now, struct buf *out);
/* Appended to out: ".remindfs/errors", a line a problem: "open/Call Bob.txt:3: text". */
NODISCARD enum err status_problems(struct store *s, int64_t now, struct buf *out);

#endif
