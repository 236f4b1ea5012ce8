/*
 * steps - D8: completing a task of a campaign starts the person's next step there, and reopening it does not
 * undo that. What was done of the kind in the last day, as one small value of the store, for status.
 */
#ifndef STEPS_H
#define STEPS_H

#include "store.h"

#define STEPS_DAY_MS INT64_C(86400000)

struct steps {
	int64_t at;		/* ms, of the last; 0: none within a day */
	int64_t started, reopened;
	char last[200];		/* the last one's title, and its campaign */
};
NODISCARD enum err steps_load(struct store *s, int64_t now, struct steps *out);
/* Sales Connect took the completion, or the reopening, of this task. Joins the caller's transaction. */
NODISCARD enum err steps_note(struct store *s, const struct task *t, int64_t now);

#endif
