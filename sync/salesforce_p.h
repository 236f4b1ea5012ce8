/*
 * salesforce_p - what the parts of the Salesforce remote share: salesforce.c (a call, who we are, what the
 * org looks like), salesforce_read.c, salesforce_write.c. Never included from elsewhere. Errors are those of
 * remote.h; why is in sf->r.message and sf->error.
 */
#ifndef SALESFORCE_P_H
#define SALESFORCE_P_H

#include "http.h"
#include "oauth.h"
#include "remote_p.h"
#include "salesforce_json.h"

#define SF_API "/services/data/v66.0"
#define SF_RETRIEVE_IDS 2000	/* that one retrieve takes */
#define SF_PAGE_ROWS 2000

struct salesforce {
	struct remote r;
	const struct config *c;
	char *state_dir;
	struct http *http;
	struct oauth *oauth;
	struct sf_org org;
	bool schema;		/* statuses and columns are known */
	bool relearnt;		/* ...and were learnt anew since a query last went well */
	int rows;		/* of a page */
	int restarts;
	struct sf_error error;	/* of the last call */
};

static inline struct salesforce *sf_self(struct remote *r)
{
	return (struct salesforce *)r;
}

/* ---- salesforce.c ---- */

struct sf_call {
	const char *method;
	const char *path;
	const struct buf *body;	/* JSON; NULL: none */
	const char *header;	/* one more, or NULL */
	bool once;
};
/* One request. A status that is not 2xx is an error. */
NODISCARD enum err sf_call(struct salesforce *sf, const struct sf_call *c, struct http_reply *out);
NODISCARD enum err sf_get(struct salesforce *sf, const char *path, struct http_reply *out);
/* all: deleted and archived rows too. */
NODISCARD enum err sf_query_path(const struct buf *soql, bool all, struct buf *path);
NODISCARD enum err sf_query(struct salesforce *sf, const struct buf *soql, bool all, struct http_reply *out);
/* e, with a message if it says that an answer made no sense. */
NODISCARD enum err sf_nonsense(struct salesforce *sf, enum err e);
/* Statuses and columns, anew. */
NODISCARD enum err sf_learn_schema(struct salesforce *sf);
bool sf_code_is(const struct salesforce *sf, const char *code);	/* of the last call's error */
/* A query was refused with e for a column: an admin hid it since, or the server does not know the e-mail
 * behind a task. ERR_BUSY: what can be mended is; else the reason why not. */
NODISCARD enum err sf_mend_columns(struct salesforce *sf, enum err e);
/* The user and the schema are known after it. */
NODISCARD enum err sf_ready(struct salesforce *sf);

/* ---- salesforce_read.c ---- */

enum err sf_pull(struct remote *r, const struct pull *p, struct page *out);
enum err sf_find(struct remote *r, const struct task *t, int64_t since, struct page *out);
enum err sf_count_open(struct remote *r, int64_t *n);
enum err sf_fetch(struct remote *r, const char *const *ids, size_t n, struct page *out);
/* "SELECT ... FROM Task WHERE " */
void sf_add_select(struct salesforce *sf, struct buf *soql);
/* All pages of one query into one page. */
NODISCARD enum err sf_read_all(struct salesforce *sf, const struct buf *soql, bool all, struct page *out);
/* These records' columns ("Id","Subject"...), in one call; what is not to be seen is left out. */
NODISCARD enum err sf_retrieve(struct salesforce *sf, const char *const *ids, size_t n,
	const struct buf *columns, struct page *out);
struct sf_people {			/* the Contact or Lead of each item of a batch; "": none */
	const struct item *it;
	size_t n;
	char (*who)[SF_ID_LEN];
};
/* Find them by id or address; one that is not to be had is left out. */
NODISCARD enum err sf_know_people(struct salesforce *sf, struct sf_people *p);

/* ---- salesforce_write.c ---- */

enum err sf_create(struct remote *r, struct item *it, size_t n);
enum err sf_update(struct remote *r, struct item *it, size_t n);
enum err sf_remove(struct remote *r, struct item *it, size_t n);

#endif
