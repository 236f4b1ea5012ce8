/*
 * bayeux_json - Bayeux messages <-> what the doorbell wants to know of them. Tables; pure. Of an event only
 * its number is read: what changed is asked for where tasks are read.
 */
#ifndef BAYEUX_JSON_H
#define BAYEUX_JSON_H

#include "remote_p.h"

#define BAYEUX_CLIENT_LEN 128	/* with the final NUL */

enum bayeux_step {
	BAYEUX_HANDSHAKE,
	BAYEUX_FIRST,		/* a connect that is answered at once, and tells the server's advice */
	BAYEUX_SUBSCRIBE,
	BAYEUX_CONNECT,		/* held until there is an event */
	BAYEUX_GOODBYE,
	BAYEUX_NSTEPS
};

enum bayeux_word {		/* how a message of ours was answered */
	BAYEUX_SILENT,		/* not at all */
	BAYEUX_OK,
	BAYEUX_UNKNOWN,		/* the session is gone */
	BAYEUX_TOKEN,		/* the token is not taken any more */
	BAYEUX_REPLAY,		/* the event to go on from is not to be had */
	BAYEUX_LIMIT,		/* the org's quota of listeners or events */
	BAYEUX_DENIED,		/* no right, or no such channel */
	BAYEUX_BUSY,		/* later */
	BAYEUX_NWORDS
};
extern const char *const bayeux_word_name[BAYEUX_NWORDS];	/* for the log */

struct bayeux_reply {
	enum bayeux_word word;
	char client[BAYEUX_CLIENT_LEN];	/* of a handshake; "": none */
	int64_t timeout_ms;	/* the server's advice; -1: not told */
	int64_t interval_ms;
	size_t events;
	int64_t replay;		/* the highest of their numbers; -1: none */
	char msg[MSG_LEN];	/* with a word of trouble: the server's own, safe */
};

/* The body that sends step, on one line. replay: as in struct bayeux. */
void bayeux_write(struct buf *b, enum bayeux_step step, const char *client, const char *channel,
	int64_t replay);
/* The body that answered step. ERR_PROTOCOL: it is none of Bayeux; *out then says BAYEUX_SILENT. */
NODISCARD enum err bayeux_read(const char *s, size_t n, enum bayeux_step step, const char *channel,
	struct bayeux_reply *out);
/* What a failure of the request itself comes to. */
enum bayeux_word bayeux_word_of(enum err e);

#endif
