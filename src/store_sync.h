/*
 * store_sync - the sync's half of the store: links, what is to be sent, which record is whose. Rules as in
 * store.h.
 */
#ifndef STORE_SYNC_H
#define STORE_SYNC_H

#include "store.h"

/* Stores all but on and enabled_at. Identical: no write. */
NODISCARD enum err store_side_put(struct store *s, enum side side, const struct side_state *st);

/* ---- links --------------------------------------------------------------------------------------------- */

NODISCARD enum err store_link_by_rid(struct store *s, enum side side, const char *rid, struct link *out);
/* Insert or replace. Identical: no write. away and gone decide whether the task is visible. ERR_EXIST:
 * another task has this rid. */
NODISCARD enum err store_link_put(struct store *s, const struct link *l);
NODISCARD enum err store_link_drop(struct store *s, int64_t task, enum side side);
/* A task that was deleted elsewhere: when? This machine's clock; 0: it was deleted here, or is not, or nobody
 * knows. */
NODISCARD enum err store_gone_at(struct store *s, int64_t task, int64_t *at);
/* Links of a side in id order after a task id, a page at a time, for checking one by one; creates in doubt in
 * the order in which they are sent (sort_creates). */
typedef bool store_link_fn(void *arg, const struct link *l);
NODISCARD enum err store_links(struct store *s, enum side side, bool in_doubt_only, int64_t after,
	store_link_fn *fn, void *arg);
/* Those with a doom, likewise. */
NODISCARD enum err store_links_doomed(struct store *s, enum side side, store_link_fn *fn, void *arg);

/* A task that loses its record on one of these sides (BIT(side)) may be created there again. */
NODISCARD enum err store_born(struct store *s, int64_t task, uint32_t sides);
/* A task that is not on this side is not to be created there any more, whatever becomes of it (D7). */
NODISCARD enum err store_unborn(struct store *s, int64_t task, enum side side);

/* ---- the outbox ---------------------------------------------------------------------------------------- */

struct outgoing {
	int64_t task;
	int64_t seq;		/* of the last edit: store_outbox_done compares */
	int tries;
	bool asked;		/* it waited to see whether it is there already,
				 * and the user said: now (store_retry) */
	bool taken;		/* it failed with ERR_EXIST; tries are those since */
};
/* What is due, oldest first: neither held, in its grace time, backing off nor refused. A wrong clock never
 * holds a row longer than its wait: a row whose since lies in the future is due. */
NODISCARD enum err store_outbox(struct store *s, enum side side, int64_t now, struct outgoing *out,
	size_t max, size_t *n);
/* Put a task on a side's list, due now; a refused row is due again. */
NODISCARD enum err store_outbox_add(struct store *s, int64_t task, enum side side, int64_t now);
/* Nothing is left to push as of seq. A newer edit keeps its row. */
NODISCARD enum err store_outbox_done(struct store *s, int64_t task, enum side side, int64_t seq);
/* What was sent as of seq failed: shown in errors; tried again wait_ms from now, or (wait_ms < 0) once the
 * task or the remote changes. A newer edit keeps its row as it is: it has not been tried yet. */
NODISCARD enum err store_outbox_fail(struct store *s, int64_t task, enum side side, int64_t seq, enum err why,
	const char *msg, int64_t now, int64_t wait_ms);

/* Would store_restore bring back the same task? ERR_NOENT: it is not in the trash. */
NODISCARD enum err store_revivable(struct store *s, int64_t task, int64_t now, bool *yes);

/* ---- clashes ------------------------------------------------------------------------------------------- */

/* Keep the losing values of a clash, or the edited text of a deleted task (D2, D3). base may be NULL. */
NODISCARD enum err store_conflict(struct store *s, int64_t task, enum side with, const struct task *base,
	const struct task *mine, const struct task *theirs, int64_t now);
/* Who set this field last; SIDE_LOCAL if nobody did. (D2) */
NODISCARD enum err store_last_by(struct store *s, int64_t task, enum field f, enum side *out);

/* ---- which is a copy of which (D7, join.c) ------------------------------------------------------------- */

#define CLOCKS_MS INT64_C(5000)	/* what the clocks of the two systems may differ by */

/*
 * D7: a task that has no link to side yet, but one to another remote, whose title (or its rendering by
 * template), due date and person are t's and which was created within two minutes of it. ERR_NOENT: none. Of
 * *several first those that were there before t, of these the living, of these the oldest.
 * whole: of any age, but t's other fields, where it has them, must be the same, too. What was sent to that
 * other remote after t was there is none.
 * It may be a deleted one: whoever copied it, after it was there, did not know yet. t was made_at (this
 * machine's clock) before that other remote had the deletion.
 */
NODISCARD enum err store_twin(struct store *s, enum side side, const struct task *t, const char *template,
	bool whole, int64_t made_at, int64_t *task, bool *several);
/* Live tasks that are as t in everything and have a record on side already, oldest first. fn gives false to
 * stop, and must not write. */
typedef bool store_task_fn(void *arg, int64_t task);
NODISCARD enum err store_seen(struct store *s, enum side side, const struct task *t, const char *template,
	store_task_fn *fn, void *arg);

/*
 * Tasks that are on this side, and on the other not even in doubt, or out of sight there (D5); in the order
 * of their records' ids. Not those of which an editor has the file in hand; those that are deleted, too.
 * Texts are borrowed for the call; fn gives false to stop, and must not write.
 */
struct lonely {
	struct task t;			/* here: id, created_at, title and facts */
	const char *subject, *base;	/* its title as its record shows it; as last agreed with that */
	const char *once;		/* the key that its record was made with, if any */
	bool renamed;			/* it had another title */
	bool asked;			/* it is to be made in Sales Connect */
};
typedef bool store_lonely_fn(void *arg, const struct lonely *l);
NODISCARD enum err store_lonely(struct store *s, enum side side, store_lonely_fn *fn, void *arg);
/* Is the task one of them, now?
 * A deleted one only if the side did not have the deletion yet at made_at (this machine's clock). */
NODISCARD enum err store_is_lonely(struct store *s, int64_t task, enum side side, int64_t made_at, bool *yes);
/* Tasks of this one's date that are on both sides, where neither record was made here: their looks joined
 * them. The latest first; fn gives false to stop, and must not write. */
NODISCARD enum err store_looked(
	struct store *s, const struct task *of, size_t max, store_task_fn *fn, void *arg);
/* How many live ones of them have this title, to the letter, or, if former ones count, had it? *n: 2: or
 * more. */
NODISCARD enum err store_namesakes(
	struct store *s, enum side side, const char *title, bool former, int64_t *n);

/*
 * Task drop turns out to be task keep, which lacks the links it has: they, its history and its conflicts are
 * keep's from now on, and the row is gone as if it had never been (it is in no trash, and nobody is told to
 * delete anything). What a user wrote in its file beyond its fields is kept as a scratch file.
 */
NODISCARD enum err store_join(struct store *s, int64_t keep, int64_t drop, int64_t now);
/*
 * Tasks that are on both sides, or to be made on the other, have the date of this one, and whose records on
 * side show the same as its own but for their ids, in the order of these; it is one of them. Tasks of
 * different titles only if neither has a history. Texts are borrowed for the call; fn gives false to stop,
 * and must not write.
 */
struct alike {
	int64_t task;
	const char *here, *there;	/* its record on side, and on the other; NULL: to be made */
	const char *once;		/* the key of the one in Salesforce; may be NULL */
	bool colleagues;		/* and that is a colleague's: no mount made it */
};
typedef bool store_alike_fn(void *arg, const struct alike *a);
NODISCARD enum err store_alike(struct store *s, int64_t task, enum side side, store_alike_fn *fn, void *arg);
/* Two of them exchange their records on side. */
NODISCARD enum err store_exchange(struct store *s, int64_t a, int64_t b, enum side side);
/* One of its name: each of the two says what the other one's record on side shows, and to send that would
 * give each what the other has; both records in Salesforce, or none, are a colleague's; and they are in
 * another order here than there. *other 0: none. */
NODISCARD enum err store_swapped(struct store *s, int64_t task, enum side side, int64_t *other);
/* How often did one of its fields change between two values,
 * since then (this machine's clock) and since anybody here edited it? */
NODISCARD enum err store_swings(struct store *s, int64_t task, int64_t since, int64_t *n);

/* Tasks that are on both sides, and whose record in Salesforce has this subject, which is not their name. */
NODISCARD enum err store_echoed(struct store *s, const char *subject, store_task_fn *fn, void *arg);

/* How many tasks that are or were of that date, of that person, whose title is this one's or is in it, were
 * made within that time (ms) before it, by nobody here, and were on both sides before this one came? */
NODISCARD enum err store_copied(struct store *s, int64_t task, enum side side, int64_t within, int64_t *n);

/* ---- after a damaged database was set aside (store_salvage.h) ------------------------------------------ */

/* The task whose record on the other side was joined with this one before, and waits for it. ERR_NOENT. */
NODISCARD enum err store_partner(struct store *s, enum side side, const char *rid, int64_t *task);
/* Records of side that were joined with another and have no task yet. */
typedef bool store_rid_fn(void *arg, const char *rid);
NODISCARD enum err store_partners_missing(struct store *s, enum side side, size_t max, store_rid_fn *fn,
	void *arg);
/* It was found, or never will be. */
NODISCARD enum err store_partner_drop(struct store *s, enum side side, const char *rid);

/* ---- the brake on many deletions at once (D6) ---------------------------------------------------------- */

NODISCARD enum err store_mass(struct store *s, enum side side, struct mass out[NMASS]);
/* Live links of a side: what a mass is measured by. */
NODISCARD enum err store_linked(struct store *s, enum side side, int64_t *n);
/* Hold the fresh ones of a side: rows of the outbox with ERR_HELD and msg, links with DOOM_HELD. */
NODISCARD enum err store_mass_hold(struct store *s, enum side side, enum mass_kind what, const char *msg,
	int64_t now);

#endif
