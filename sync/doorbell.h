/*
 * doorbell - Salesforce's push, as no more than a bell: an event means that the delta query is due now. A
 * thread of its own with its own connection and token; it opens no store. Polling goes on as if there were
 * none, so that whatever becomes of it costs time and nothing else (salesforce.md 6).
 *
 * It talks only while the last pass went well: off (R1), left to the vendor's mirror (D7), backing off or
 * logged out, what is under way is given up and nothing more is sent.
 */
#ifndef DOORBELL_H
#define DOORBELL_H

#include "config.h"
#include "cycle.h"
#include "wake.h"

struct doorbell;

/* All borrowed until destroy. rang is rung when the bell was. *out is NULL if push is off. */
NODISCARD enum err doorbell_create(const struct config *c, const char *state_dir, struct wake *rang,
	struct doorbell **out);
/* Says good-bye to the server if that takes but a moment; within about half a second. NULL is fine. */
void doorbell_destroy(struct doorbell *d);

/* The rest is for the one thread that runs the passes. NULL is a bell that never rings. */

/* Has it rung since the last full pass that went well began? */
bool doorbell_rang(const struct doorbell *d);
/* A full pass begins: it answers what has been heard so far. Sets c->check after a gap. */
void doorbell_answer(struct doorbell *d, struct cycle *c);
/* A pass ended with e. Lets the bell talk, or silences it; once a full pass has committed what it was rung
 * for, the place to go on from is stored. */
void doorbell_settle(struct doorbell *d, struct cycle *c, enum err e);

#endif
