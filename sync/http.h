/*
 * http - one request at a time over a connection that is kept. The only user of libcurl.
 * TLS always checked; plain http only to this machine; no redirects, no netrc, cookies only where they are
 * asked for; the answer is capped after unpacking. Knows no tokens: a header is a header, and none is ever
 * logged. A struct http belongs to one thread.
 */
#ifndef HTTP_H
#define HTTP_H

#include "auto.h"
#include "buf.h"
#include "errcode.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_BODY_MAX ((size_t)32 << 20)	/* bytes of an answer, unpacked */
#define HTTP_HEAD_MAX ((size_t)64 << 10)
#define HTTP_HEADERS 8

struct http;
/* NULL: out of memory. */
struct http *http_create(void);
void http_destroy(struct http *h);
/* Asked at least once a second while a request waits; true gives it up. NULL: never. */
void http_set_stop(struct http *h, bool (*stop)(void *), void *arg);
/* Ask the stop now. Any thread. */
void http_wake(struct http *h);
/* From now on, and never on disk. */
void http_keep_cookies(struct http *h);

struct http_request {
	const char *method;
	const char *url;
	const char *header[HTTP_HEADERS];	/* "Name: value"; ends with NULL or when full */
	const char *body;			/* NULL: none */
	size_t body_len;
	bool once; /* must not be sent twice: a fresh connection, because curl repeats a request of any method
		    * by itself when a kept connection turns out to be closed */
	int64_t wait_ms; /* how long the answer may take, also without a word; 0: as below */
};

struct http_reply {
	int status;
	struct buf body;
	char type[64];		/* media type without parameters */
	int64_t date;		/* the server's clock, ms; 0: not told */
	int64_t retry_ms;	/* Retry-After; 0: not told */
	int used, quota;	/* Sforce-Limit-Info api-usage=used/quota; 0: not told */
};
void http_reply_finish(struct http_reply *r);
#define AUTO_REPLY AUTO(http_reply_finish) struct http_reply

/*
 * ERR_OK: there is an answer, whatever its status. ERR_OFFLINE: nothing left this machine. ERR_LOST:
 * something did, and no whole answer came. ERR_TOOBIG: the answer is beyond the cap (a write may have been
 * applied). ERR_CONFIG: not an address that we may talk to. *out is overwritten unread; finish it in any
 * case. Blocks: connect 10 s, stall 30 s, total 120 s.
 */
NODISCARD enum err http_request(struct http *h, const struct http_request *q, struct http_reply *out);
/* Why the last request failed, a few words; borrowed until the next. */
const char *http_why(const struct http *h);

/* The rest is pure. */
struct http_url {
	bool loopback;		/* 127.0.0.1, localhost, [::1] */
	char host[256];		/* lower case */
	char path[256];		/* for the log: without the query, cut */
};
/* ERR_CONFIG: neither https nor http to this machine, with a user name in it, or a host that is not plain
 * ASCII (what another alphabet is mapped to is not what is checked). */
NODISCARD enum err http_url(const char *url, struct http_url *out);
/* Percent-encode everything but letters, digits and -._~ */
void http_escape(struct buf *b, const char *s);
/* Undo it, also '+'. A NUL or a bad escape is dropped. */
void http_unescape(struct buf *b, const char *s, size_t n);
#define HTTP_DATE_LEN 32
/* "Tue, 10 Aug 2027 00:00:00 GMT"; a broken second is cut off. */
void http_date(int64_t ms, char out[HTTP_DATE_LEN]);
/* Retry-After in ms, at most a day; now: the server's clock or ours, ms. 0: makes no sense. */
int64_t http_retry_after(const char *value, int64_t now);

#endif
