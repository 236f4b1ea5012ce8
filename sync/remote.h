/*
 * remote - what the engine needs of a remote system, as one table of operations. Three bodies: Salesforce,
 * Sales Connect, the tests' fake. A remote belongs to one thread. Every operation may block on the network up
 * to its time-outs (connect 10 s, stall 30 s, total 120 s); none touches the store.
 *
 * Errors: ERR_OFFLINE nothing was applied · ERR_LOST may have been applied · ERR_AUTH, ERR_LIMIT (see
 * retry_ms) · ERR_RETRY · ERR_PROTOCOL · ERR_NOMEM. In an item also ERR_STALE, ERR_GONE, ERR_REFUSED,
 * ERR_DENIED, ERR_BUSY (it was not sent, because of an item before it) and ERR_EXIST (a create with this key
 * was done before, with another text). update and remove are idempotent; create is safe to repeat with the
 * same key only where once_is_kept says so.
 */
#ifndef REMOTE_H
#define REMOTE_H

#include "budget.h"
#include "buf.h"
#include "config.h"
#include "errcode.h"
#include "task.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct remote_task {		/* one record as it stands there; owned by its page */
	char *id;
	char *version;		/* opaque: for update */
	struct task t;		/* in our vocabulary. status, priority NULL: a value that is not ours (raw has
				 * it) */
	char *raw[TASK_NFIELDS];	/* the remote's own words for title, status, priority; else NULL */
	uint32_t unknown;	/* fields this user may not see there: no opinion about them, never a clear */
	bool deleted;		/* a tombstone: only id is certain; by_me only with all of it as it was;
				 * t.changed_at: when it was deleted, or later; 0: not known */
	bool mine;		/* owned by the account (D5) */
	bool by_me;		/* created by the account, as far as one can tell */
	bool archived;		/* D10 */
	bool master;		/* a recurring series (D9) */
	char *url;		/* NULL: none */
	char *once;		/* key of the create that made it; NULL: none, or not told there */
};

struct page {
	struct remote_task *task;
	size_t n;
	char *cursor;		/* where the next page begins; NULL: this was the last */
	char *mark;		/* high-water mark to begin from next time, from the server's own stamps;
				 * valid on the last page; NULL: keep the old one */
	int64_t total;		/* records in all pages, -1: unknown */
};
#define PAGE_INIT ((struct page){ 0 })
void page_finish(struct page *p);
#define AUTO_PAGE AUTO(page_finish) struct page
/* Append an empty record; NULL: out of memory. */
struct remote_task *page_add(struct page *p);

struct pull {
	const char *mark;	/* NULL: first import */
	const char *cursor;	/* NULL: begin */
	enum first_import first;	/* for a first import: how far back (R17) */
	int64_t now;		/* for a first import: the server's clock (hello), ms */
};

struct hello {
	char *account;		/* stable id of the logged-in user and system, for the store to recognise */
	char *user;		/* a name to show */
	char *template;		/* salesconnect: activity_detail (R24); NULL: not known here */
	bool mirror;		/* salesconnect: the vendor's own sync is on (D7) */
	int64_t now;		/* the server's clock, ms */
};
void hello_finish(struct hello *h);
#define AUTO_HELLO AUTO(hello_finish) struct hello

struct item {			/* one write of a batch; inputs borrowed, results owned */
	const struct task *t;	/* create, update: values to send; title is what the remote shall show
				 * (rendered) */
	uint32_t fields;	/* update: exactly these are sent (R3) */
	const char *id;		/* update, remove */
	const char *version;	/* update, remove: ERR_STALE if the remote copy moved on;
				 * NULL: unconditional */
	const char *once;	/* create: idempotency key (UUID) */
	enum err err;		/* result */
	char *new_id;		/* create */
	bool was_there;		/* create: a record had the key, whatever it says */
	char *new_version;	/* NULL: not told; the next pull will. Nor is it if the key was known */
	char *url;
	char msg[200];		/* on an error: the remote's words, one line, safe to show */
};
void item_finish(struct item *i);	/* the results */

struct remote;
struct remote_ops {
	/* Who am I, what are the settings. One or two requests. */
	enum err (*hello)(struct remote *r, struct hello *out);
	/* One page of changes in a stable order, deletions included; the same record may come again. */
	enum err (*pull)(struct remote *r, const struct pull *p, struct page *out);
	/* These records now, by id, any number. A record that is deleted comes as a tombstone; one that is
	 * absent from the answer is no longer visible (absence is never a deletion: R19). */
	enum err (*fetch)(struct remote *r, const char *const *ids, size_t n, struct page *out);
	/* Records this account created since `since` (ms, server clock, slack added here) that a create of t
	 * in doubt may have made. NULL where once_is_kept. */
	enum err (*find)(struct remote *r, const struct task *t, int64_t since, struct page *out);
	/* Open tasks of the account in all, for R17's count. NULL: not offered. */
	enum err (*count_open)(struct remote *r, int64_t *n);
	/* Up to batch items each; the result of each is in the item. Another return than ERR_OK: no item was
	 * answered. */
	enum err (*create)(struct remote *r, struct item *it, size_t n);
	enum err (*update)(struct remote *r, struct item *it, size_t n);
	enum err (*remove)(struct remote *r, struct item *it, size_t n);	/* already deleted: ERR_OK */
	void (*destroy)(struct remote *r);
	enum side side;
	bool once_is_kept;	/* a repeated create with the same key cannot double (D: salesconnect.md) */
	size_t batch;		/* items a call takes at most */
	size_t check_max;	/* records that one pass may fetch to check them: no more than one request, or
				 * a tenth of what a minute allows */
	int memory_days;	/* how long deletions are told by pull: SF 15, SC 30 (R19) */
};
struct remote {			/* embedded as the first member */
	const struct remote_ops *ops;
	int64_t retry_ms;	/* with ERR_LIMIT, ERR_RETRY: the remote asked for this much patience;
				 * 0: did not say */
	char message[200];	/* with any error: one line for the user, safe to show */
	bool once_is_kept;	/* as in ops, where the account decides (salesforce.md 4.4);
				 * known after a hello */
	bool stranger;		/* with ERR_AUTH: the token was replaced, perhaps by another user's;
				 * a hello tells */
	struct budget budget;	/* what its replies said of the quota */
	/* Set by the owner after create, or NULL: asked at least once a second while an operation waits,
	 * from its thread; true makes it give up (ERR_OFFLINE or ERR_LOST). */
	bool (*stop)(void *);
	void *stop_arg;
};

struct http;
/* c is borrowed for the remote's life. state_dir: where the token is kept. NULL: out of memory. */
struct remote *salesforce_create(const struct config *c, const char *state_dir);
struct remote *salesconnect_create(const struct config *c, const char *state_dir);
static inline void remote_destroy(struct remote *r)
{
	if (r)
		r->ops->destroy(r);
}

#endif
