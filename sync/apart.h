/*
 * apart - two records that were taken for one task, and perhaps are two.
 *
 * A deletion told by one system passes to the other over a pair that is certain: we made the one from the
 * other, its key said so, or they look it and nothing knows better. Over a pair that was guessed it would be
 * a loss if the guess was wrong. So it takes the pair apart: what is left is a task of its own again, and is
 * looked at anew as one that has no copy. Who made the copy is certain, and deletes it; if nobody does within
 * two idle polls or three (36 minutes and more), it is copied again.
 *
 * And what is deleted here takes nothing along that is only guessed to be its copy.
 * The vendor's mirror (D7) has no keys: where it ever was on, looks are all there is, and they count.
 */
#ifndef APART_H
#define APART_H

#include "cycle_p.h"

/*
 * Would this pair be a guess? Nothing speaks for it but a subject that the template makes the same for all,
 * or Salesforce's record was made with the key of another one's copy. t: Salesforce's task.
 */
NODISCARD enum err apart_is_guess(
	struct pass *p, const struct link *sc, const struct link *sf, const struct task *t, bool *yes);
/*
 * Can a key tell? A colleague made Salesforce's since the sync was switched on, so a mount's copy of it has
 * its key, and that can be asked for. Two that only look alike are not deleted for each other then.
 */
NODISCARD enum err apart_key_tells(
	struct pass *p, const struct link *sc, const struct link *sf, const struct task *t, bool *yes);
/*
 * Was this made (this machine's clock; 0: by us) after that task was deleted elsewhere? Then it is not
 * deleted with that for its looks: it was perhaps taken back there, as a new one. Or somebody copied the task
 * who did not know yet, and deletes the copy: *wait, as that may take him a day. What was deleted here its
 * user has seen, and its copy goes, too; but *wait until the deletion has reached the task's own record: if
 * somebody else deleted that, this is perhaps what he took back. Not where the vendor's mirror was.
 */
NODISCARD enum err apart_is_later(struct pass *p, int64_t made_at, int64_t deleted, bool *yes, bool *wait);
/* The pair that has this record of the pass's side is a guess. */
NODISCARD enum err apart_mark(struct pass *p, const char *rid);
/* The record of this link was deleted there then. A copy that others made is older than that: what was
 * made on the other side afterwards is another task, perhaps this one taken back, or whoever copied it did
 * not know yet, and deletes it. So the pair was a guess, in *l and the store. 0: nobody knows when. */
NODISCARD enum err apart_look(struct pass *p, struct link *l, int64_t deleted_at);
/* The task is on one side only by now. */
NODISCARD enum err apart_clear(struct pass *p, int64_t task);
/* Whoever made this side's record of the task knows what was chosen last (like_unsure): nothing is sent there
 * for two idle polls. */
NODISCARD enum err apart_leave(struct pass *p, int64_t task, enum side side);
/* But for its other half this record would not be here: it has another status, and such are to be skipped
 * (rules_skip). So it goes when they are taken apart. */
bool apart_is_skipped(const struct pass *p, const struct link *l);
/* The record of this link was deleted there. *lives: its task lives on without it, and there is nothing to be
 * done; else it is to be deleted, and what is on the other side may be a task of its own by now. */
NODISCARD enum err apart_bury(struct pass *p, const struct link *l, bool *lives);

#endif
