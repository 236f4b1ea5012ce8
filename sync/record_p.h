/* record_p - inside record*.c: one record, of a task we know or not. All of it joins the caller's
 * transaction. */
#ifndef RECORD_P_H
#define RECORD_P_H

#include "cycle_p.h"

/* ---- record.c ---- */

/* Base, raw, version are what the remote has now, but for a completion that is still to be judged. *changed:
 * the link must be stored. */
NODISCARD enum err record_learn(struct pass *p, struct link *l, const struct remote_task *rt, uint32_t silent,
	bool *changed);
/* It is merged with its task. */
NODISCARD enum err record_known(struct pass *p, const struct remote_task *rt, struct link *l);
/* Salesforce's record came first, and its subject is the task's name for now: that Sales Connect's differs is
 * no rename to be sent (R26). */
NODISCARD enum err record_settle_names(struct pass *p, const struct remote_task *rt, int64_t task);
struct compared {		/* a record of a task that we have: which values are the later ones? */
	uint32_t former;	/* the fields, but the name, in which it says what the task said before */
	uint32_t later;		/* and the choices in which it is the later one (like.h); */
	bool unsure;		/* perhaps */
};
/* Which text is the later one, nobody knows; it may be another task's, and is kept (D2). */
NODISCARD enum err record_compare(
	struct pass *p, const struct task *ours, const struct remote_task *rt, struct compared *out);
/* Deleted there: judged at the end of the pass, with the others (D6). What is deleted here too is no loss. */
NODISCARD enum err record_doom(struct pass *p, struct link *l);

/* ---- record_new.c ---- */

/* What a create in doubt has made, the copy of a task that we have (D7), or a task of its own. */
NODISCARD enum err record_new(struct pass *p, const struct remote_task *rt);
/* What a create in doubt made was deleted there before we knew of it: it is deleted here, and not made again
 * (D3). */
NODISCARD enum err record_stillborn(struct pass *p, const struct remote_task *rt);

#endif
