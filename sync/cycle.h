/*
 * cycle - one pass for one remote: settle creates in doubt, pull, merge, push. No thread, no clock, no sleep:
 * now is a member that the caller sets. Everything it learnt is in the store when it returns, whether well or
 * not; a pass that was cut off anywhere is resumed by the next. A pass over unchanged systems writes nothing
 * (0 rows, 0 requests that write).
 */
#ifndef CYCLE_H
#define CYCLE_H

#include "config.h"
#include "remote.h"
#include "store_sync.h"

struct cycle {			/* zero what is not set here; keep it from call to call */
	struct store *store;	/* borrowed; opened durable */
	struct remote *remote;	/* borrowed */
	const struct config *config;	/* borrowed */
	int64_t now;		/* ms, local clock; the caller's to set before each call */
	int64_t (*clock)(void);	/* the same clock, asked again before something is sent: a pull may have taken
				 * long; NULL: it stands still */
	bool (*stop)(void *arg);	/* asked between requests; NULL: never.
					 * A stopped pass ends with ERR_BUSY */
	void *stop_arg;
	bool thrifty;		/* the quota is nearly used up: no import begins, and nothing is checked that
				 * can wait */
	char message[200];	/* out: one line for the user about the last call, "" if there is nothing to
				 * say */
	bool check;		/* in: look at every linked task again in the next full pass;
				 * false once that was done */
	bool blocked;		/* out: the side is off, or has to leave the work to another (D7): nothing was
				 * asked of it */
	bool waiting;		/* out: blocked, but only until Sales Connect has told its settings */
	int64_t hello_at;	/* when the remote was greeted last; 0, also set by the caller: ask for its
				 * settings anew */
	bool settled;		/* private: the check of a start was made */
	int64_t offset;		/* private: the remote's clock less ours */
};

/* Blocks on the network. ERR_OK: pulled to the end and everything due was tried. Otherwise what kept it from
 * that; refusals of single tasks are no error here: they are in the outbox. */
NODISCARD enum err cycle_run(struct cycle *c);
/* Only what waits in the outbox, no pull: a user's edit goes out at once. */
NODISCARD enum err cycle_push(struct cycle *c);

#endif
