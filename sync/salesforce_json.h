/*
 * salesforce_json - JSON of the Salesforce REST API <-> struct task, its ids, its SOQL literals, its errors.
 * Tables and loops; pure. Every text is read as what a stranger sent: ids and dates are checked, titles made
 * one line, lengths cut.
 */
#ifndef SALESFORCE_JSON_H
#define SALESFORCE_JSON_H

#include "remote.h"

#define SF_ID_LEN 19	/* with the final NUL */
/* what an admin calls the external id of Activity for us (salesforce.md 4.4) */
#define SF_KEY "remindfs_id__c"

/* 15 letters and digits -> 18; 18 stay as they are. false: not an id. */
bool sf_id(const char *s, char out[SF_ID_LEN]);
/* 'text' with its quotes, escaped for SOQL. */
void sf_quote(struct buf *b, const char *s);
extern const char
	*const sf_column[TASK_NFIELDS]; /* "Subject", "Status", "Priority", "ActivityDate", "Description" */

struct sf_org {			/* what is known about the org and its user */
	char me[SF_ID_LEN], org[SF_ID_LEN];
	char *user;
	char *complete, *open;	/* Status words */
	uint32_t hidden;	/* BIT(field): field-level security */
	bool no_who, no_who_email, no_series;	/* columns that are not to be had */
	bool keyed;		/* SF_KEY is an external id here */
	char *instance;		/* for the url of a task */
};
void sf_org_finish(struct sf_org *o);

/* userinfo -> me, org, user. */
NODISCARD enum err sf_read_user(const char *s, size_t n, struct sf_org *o);
/* Rows of TaskStatus -> complete, open: the wanted words if the org has them, else the first closed (the
 * default open) by SortOrder. */
NODISCARD enum err sf_read_statuses(
	const char *s, size_t n, const char *complete, const char *open, struct sf_org *o);
/* describe -> hidden, no_who, no_series, keyed. */
NODISCARD enum err sf_read_describe(const char *s, size_t n, struct sf_org *o);
/* The columns to select, "Id,OwnerId,...". with_who: relations too (a query can, a retrieve cannot). */
void sf_columns(struct buf *b, const struct sf_org *o, const char *quote, bool with_who);

struct sf_more {
	char *next; /* nextRecordsUrl, only its path and only below /services/data/; owned; NULL: done */
	int64_t last;		/* highest SystemModstamp of the page, ms; 0: none */
	int64_t total;		/* totalSize, -1: not told */
	size_t bad;		/* records without a usable id, left out */
	int64_t date;		/* the server's clock as it answered, ms; 0: not told.
				 * Not of the page: set by whoever read it */
};
/* Reply of query and queryAll; records are appended. On an error free *m all the same. */
NODISCARD enum err sf_read_page(
	const char *s, size_t n, const struct sf_org *o, struct page *out, struct sf_more *m);
/* Reply of a retrieve of many: an array in which null is one that is not to be seen; it is left out. */
NODISCARD enum err sf_read_retrieved(const char *s, size_t n, const struct sf_org *o, struct page *out);
/* Id of the Contact or Lead by address, out of a query's reply: calls found for each. */
NODISCARD enum err sf_read_people(
	const char *s, size_t n, void (*found)(void *arg, const char *email, const char *id), void *arg);

/* {"Subject":...}: exactly these fields, less the hidden; null clears. id, owner, who, key may be NULL.
 * collection: with "attributes" in front. */
void sf_write_task(struct buf *b, const struct task *t, uint32_t fields, const struct sf_org *o,
	const char *id, const char *owner, const char *who, const char *key, bool collection);

/* salesforce_json_error.c: what a refusal means. */
struct sf_error {
	enum err err;
	bool session;		/* another token would help */
	char code[64];
	char msg[200];		/* one line, safe */
};
/* A body of whatever kind with a status that is not 2xx. The code beats the status, the worst of several
 * wins. */
void sf_read_error(const char *s, size_t n, int status, struct sf_error *e);
/* A 401 that is not about the session: another token would not help. */
struct http_reply;
bool sf_false_alarm(const struct http_reply *r);
/* Results of a collection, in order: err, msg, new_id of each item. ERR_LOST: the answer does not tell. */
NODISCARD enum err sf_read_results(const char *s, size_t n, struct item *it, size_t nitems);

#endif
