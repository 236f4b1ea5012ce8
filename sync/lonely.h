/*
 * lonely - who on one side has no copy on the other, of a name with a given task? Of many thousands (old
 * tasks, R14) few have, and all that join.c asks for is one of them. They are read once a pass, names only;
 * who of them still is alone is asked anew each time.
 */
#ifndef LONELY_H
#define LONELY_H

#include "like.h"

struct rows { /* growing array, owned */
	int64_t *task;
	size_t n;
};
void rows_finish(struct rows *x);
#define AUTO_ROWS AUTO(rows_finish) struct rows
NODISCARD enum err rows_add(struct rows *x, int64_t task);

/*
 * Whoever is on that side alone and may be `of` (which is on the other side), in the order of the records'
 * ids. Of one person and of one name: a name of the one is in a name of the other. Where the subjects are
 * made by a template, also whoever or whose task was made within the time that a copy is waited for; where it
 * has no name, all. Not those of whom like_score says NO as no name of theirs is the other's.
 */
NODISCARD enum err lonely_like(struct pass *p, enum side side, const struct half *of, struct rows *out);
/* Whoever of Salesforce is alone, has the person of `of`, and is to be made in Sales Connect, one after the
 * other from *at on (0: the first). ERR_NOENT: no more. */
NODISCARD enum err lonely_asked(struct pass *p, const struct half *of, size_t *at, int64_t *task);
/* Whoever is the copy of `of` in Salesforce, or its original in Sales Connect, by the key that the copy was
 * made with. 0: nobody. */
NODISCARD enum err lonely_keyed(struct pass *p, enum side side, const struct half *of, int64_t *task);
/* All of them; made_at: as in store_is_lonely. */
NODISCARD enum err lonely_all(struct pass *p, enum side side, int64_t made_at, struct rows *out);

#endif
