/* Requests and replies, and the server that carries them.
 *
 * Every connection has its own thread; everything but reading and sending happens under one lock, "the
 * world lock", so handlers, tables and the request's pool need no locking of their own. A handler answers
 * from the request alone: sf_composite.c hands its subrequests to the same handlers.
 */
#ifndef SANDBOX_HTTP_H
#define SANDBOX_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

struct cJSON;

#define PAIRS_MAX 64
#define ARGS_MAX 4

struct pair {
	char *name, *value;
};

struct request {
	const char *method;
	const char *uri;   /* as sent */
	const char *path;  /* without the query, decoded, without a trailing slash */
	const char *query; /* as sent, "" if none */
	struct pair params[PAIRS_MAX], headers[PAIRS_MAX];
	size_t nparams, nheaders;
	const char *body;
	size_t body_len;
	struct cJSON *json;	    /* parsed body of routes with ROUTE_JSON */
	const char *args[ARGS_MAX]; /* what the {} of the pattern matched */
	const char *user;	    /* Salesforce id of the caller, once authorised */
	int64_t sc_user;	    /* likewise for Sales Connect */
	bool writes;		    /* meant to change a record */
	const char *fault;	    /* one that the handler acts out itself (faults.h), or NULL */
	int64_t held_ms;	    /* how long it has been held so far */
	int64_t ticket;		    /* the handler's own, kept while it is held */
};

struct reply {
	int status;
	const char *type; /* NULL: no body */
	struct text body;
	struct pair headers[8];
	size_t nheaders;
	int64_t hold_ms; /* over 0: nothing to say yet; to be handled again when something changes, or then */
};

enum {
	ROUTE_OPEN = 1,	 /* no token needed */
	ROUTE_JSON = 2,	 /* the body must be JSON */
	ROUTE_WRITE = 4, /* changes records when it succeeds */
};

struct route {
	const char *method, *pattern;
	void (*handle)(struct request *, struct reply *);
	unsigned flags;
};

/* A system is a prefix of the path, its routes, and what happens before a route's handler runs
 * (authorisation, parsing; false = it has answered). */
struct http_system {
	const char *name;	    /* "sf", "sc", or NULL for what is not logged */
	const char *prefixes[4];    /* ends with NULL */
	const struct route *routes; /* ends with a NULL method */
	bool (*admit)(const struct route *, struct request *, struct reply *);
	void (*no_route)(struct request *, struct reply *, bool wrong_method);
};

extern const struct http_system sf_system, sc_system, control_system;

const char *http_param(const struct request *, const char *name);  /* query parameter or NULL */
const char *http_header(const struct request *, const char *name); /* any case, or NULL */
/* name=value&name=value, decoded; returns how many */
size_t http_form(const char *s, size_t len, struct pair *out, size_t max);
const char *http_form_get(const struct pair *form, size_t n, const char *name);
void http_split_uri(struct request *, const char *uri); /* sets uri, path, query, params */

void http_reply(struct reply *, int status, const char *type, const char *body);
void http_reply_header(struct reply *, const char *name, const char *value);

/* Finds the route, admits, handles. */
void http_dispatch(const struct http_system *, struct request *, struct reply *);

/* Something a watching page should show has changed. */
void http_changed(void);

void http_init(void);	  /* first of all: JSON lives in the pool */
int http_start(int port); /* the port it listens on; ends the program if it cannot */
void http_stop(void);

#endif
