/*
 * send - parcels in batches to a remote, and what each answer leads to. Inside a pass; included by send.c,
 * push.c and settle.c alone.
 */
#ifndef SEND_H
#define SEND_H

#include "cycle_p.h"

struct batch {
	struct parcel *parcel;
	struct item *item;
	size_t n, max;
};

struct round {			/* one walk over the rows */
	struct pass *p;
	struct batch batch[NVERBS];
	struct outgoing *again;	/* owned: moved on there; to be merged and tried again */
	size_t n_again;
	struct ids stale;
	bool looked;		/* the records were read just before this walk */
};
NODISCARD enum err round_init(struct round *r, struct pass *p);
void round_finish(struct round *r);
#define AUTO_ROUND AUTO(round_finish) struct round
/* Takes the parcel over; x is empty afterwards. There must be room. */
void batch_add(struct batch *b, struct parcel *x);
/*
 * Send what is gathered for a verb; creates and updates are journaled before. Everything learnt is in the
 * store. ERR_OK: sent, or what went wrong is held against some of the rows and others may go on. Else what
 * ends the pass.
 */
NODISCARD enum err round_flush(struct round *r, enum verb verb);
/* The same without a journal: there is one. */
NODISCARD enum err round_send(struct round *r, enum verb verb);
/* The record is to be read and merged; then the row is tried once more. */
NODISCARD enum err round_again(struct round *r, const struct parcel *x);

/* Is the error perhaps the fault of the text that was sent, rather than of the line or the account? */
extern const bool send_suspicious[ERR_N];
/* Is it the text, or is the remote down? Something harmless tells. ERR_OK: go on with others;
 * else what ends the pass. */
NODISCARD enum err send_suspect(struct pass *p, enum err why);
int64_t send_backoff(int tries);	/* ms */
/* Nothing is left to send of the row, as of when it was read. */
NODISCARD enum err send_row_done(struct pass *p, const struct parcel *x);

#endif
