/* The Salesforce side: one handler a resource, over the same few operations on rows. */
#ifndef SANDBOX_SF_H
#define SANDBOX_SF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http.h"
#include "sf_meta.h"
#include "soql.h"

#define SF_JSON "application/json;charset=UTF-8"
#define SF_API_DEFAULT "v66.0"

struct cJSON;
struct sqlite3_stmt;

/* --- sf.c: replies, and who calls --- */
void sf_reply_error(struct reply *, const struct sf_error *);
void sf_refuse(struct reply *, const char *code, const char *message);
void sf_reply_json(struct reply *, int status, const struct text *);
const char *sf_version(const struct request *); /* "v66.0" */
void sf_usage_reset(void);
const char *sf_caller(const struct request *); /* user id by the Authorization header, or NULL */

/* --- sf_task.c: the only writable object --- */
enum sf_how {
	SF_AS_CLIENT,		  /* all checks of the API */
	SF_AS_OWNER_OF_THE_WORLD, /* the control API: any field, any record, derived fields still derived */
};

/* How a call ended for a task that may be gone: 0 alive, else the error code that says why not. */
const char *sf_task_missing(const char *id);

/* values: a JSON object by field name. `id` is normalised (sf_id18). False: *e says why, nothing changed. */
bool sf_task_create(const struct cJSON *values, const char *user, enum sf_how, char **id, struct sf_error *);
bool sf_task_update(
	const char *id, const struct cJSON *values, const char *user, enum sf_how, struct sf_error *);
bool sf_task_delete(const char *id, const char *user, enum sf_how, struct sf_error *);
void sf_task_purge(const char *id); /* from the recycle bin too */
void sf_task_housekeeping(void);    /* what time does: archive, empty the recycle bin */

/* --- sf_cometd.c: push --- */
/* kind: CREATE, UPDATE, DELETE, UNDELETE;
 * fields: what changed, as members of a JSON object, each with a comma before. */
void sf_event_add(const char *kind, const char *id, const char *owner, const char *fields);
void sf_event_housekeeping(void); /* events are kept for three days */
void sf_cometd(struct request *, struct reply *);

/* --- sf_query.c: reading rows --- */
struct sf_reader {
	const struct sf_object *object;
	struct soql_column columns[SOQL_COLUMNS_MAX];
	size_t ncolumns;
	const char *version;
	struct sqlite3_stmt *st;
};

void sf_reader_start(struct sf_reader *, const struct sf_object *, const struct soql_column *, size_t n,
	const char *version);
/* Appends the row as JSON; false: no such row, nothing appended. */
bool sf_reader_row(struct sf_reader *, const char *id, struct text *);
void sf_reader_finish(struct sf_reader *);
/* All fields the caller may see. */
size_t sf_all_columns(const struct sf_object *, struct soql_column *);
/* "Id,Subject" into columns; false: *e names the unknown one. */
bool sf_named_columns(
	const struct sf_object *, const char *names, struct soql_column *, size_t *n, struct sf_error *);
bool sf_visible(const struct sf_object *, const char *id, const char *user); /* to GET and retrieve */

/* --- handlers --- */
void sf_query(struct request *, struct reply *);
void sf_query_all(struct request *, struct reply *);
void sf_query_more(struct request *, struct reply *);

void sf_row_create(struct request *, struct reply *);
void sf_row_get(struct request *, struct reply *);
void sf_row_update(struct request *, struct reply *);
void sf_row_delete(struct request *, struct reply *);
void sf_row_upsert(struct request *, struct reply *);
void sf_row_by_external(struct request *, struct reply *);

void sf_many_create(struct request *, struct reply *);
void sf_many_update(struct request *, struct reply *);
void sf_many_delete(struct request *, struct reply *);
void sf_many_upsert(struct request *, struct reply *);
void sf_many_retrieve(struct request *, struct reply *);
void sf_composite(struct request *, struct reply *);

void sf_token(struct request *, struct reply *);
void sf_authorize(struct request *, struct reply *);
void sf_revoke(struct request *, struct reply *);
void sf_userinfo(struct request *, struct reply *);
void sf_soap_login(struct request *, struct reply *);
void sf_expire_tokens(void);
void sf_fixed_tokens(void); /* those every test may rely on; see README.md */

void sf_versions(struct request *, struct reply *);
void sf_resources(struct request *, struct reply *);
void sf_sobjects(struct request *, struct reply *);
void sf_object_describe(struct request *, struct reply *);
void sf_limits(struct request *, struct reply *);
void sf_updated(struct request *, struct reply *);
void sf_deleted(struct request *, struct reply *);

/* Finds or refuses by external id field: sets *id (NULL: none yet). */
bool sf_external(
	const struct sf_object *, const char *field, const char *value, char **id, struct sf_error *);

#endif
