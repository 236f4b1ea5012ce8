/*
 * bayeux - a CometD conversation with Salesforce, as a state machine: what was answered, and so what is to be
 * sent next, after how long. Pure: no I/O, no clock, no token (salesforce.md 6).
 *
 *   handshake -> first connect -> subscribe -> connect, connect, ...
 *
 * Whatever goes wrong leads back to the handshake, at once or later; until then polling has to do.
 */
#ifndef BAYEUX_H
#define BAYEUX_H

#include "bayeux_json.h"

#define BAYEUX_PATIENCE_MS INT64_C(15000)	/* beyond what the server says it may hold a connect */
#define BAYEUX_EMPTY_MS INT64_C(1000)	/* answered sooner, and with nothing: a pause follows */

struct bayeux {
	enum bayeux_step step;	/* what to send next */
	int64_t wait_ms;	/* before that */
	bool renew;		/* and before that, get another token */
	char client[BAYEUX_CLIENT_LEN];	/* "": no session */
	int64_t replay;		/* the newest event heard of, where a subscription goes on; -1: from now on */
	int64_t timeout_ms;	/* how long the server may hold a connect */
	int fails[BAYEUX_NWORDS];	/* of a kind, since a connect was answered well */
};

struct bayeux_news {
	bool ring;		/* something is new there, or may be */
	bool gap;		/* events were lost: look at everything */
};

/* A fresh conversation that goes on behind the event replay, -1: from now on. */
void bayeux_begin(struct bayeux *b, int64_t replay);
/* b->step was sent and answered by r after took_ms. chance: as in pace.h. */
void bayeux_next(struct bayeux *b, const struct bayeux_reply *r, int64_t took_ms, uint32_t chance,
	struct bayeux_news *news);
/* How long the answer to b->step may take, ms; 0: as any request's. */
int64_t bayeux_patience(const struct bayeux *b);

#endif
