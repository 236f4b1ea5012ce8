/* What the Salesforce side declares: objects, fields, picklists, error codes. Tables that describe, the
 * SOQL checks, the write checks, and the SQL all read, so that they cannot disagree.
 */
#ifndef SANDBOX_SF_META_H
#define SANDBOX_SF_META_H

#include <stdbool.h>
#include <stddef.h>

struct text;

#define SF_ORG "00D000000000001EAA"
#define SF_FIELDS_MAX 40

enum sf_type {
	SF_ID,
	SF_STRING,
	SF_COMBOBOX,
	SF_PICKLIST,
	SF_TEXTAREA,
	SF_EMAIL,
	SF_REFERENCE,
	SF_DATE,
	SF_DATETIME,
	SF_BOOLEAN,
	SF_INT,
};

enum {
	SF_CREATE = 1,
	SF_UPDATE = 2, /* a client may set it then */
	SF_NILLABLE = 4,
	SF_DEFAULTED = 8,   /* may be left out on create although not nillable */
	SF_NOFILTER = 16,   /* neither WHERE nor ORDER BY */
	SF_RESTRICTED = 32, /* picklist refuses unlisted values whatever the configuration */
	SF_EXTERNAL = 64,   /* external id; there only when the configuration says so */
	SF_WRITE = SF_CREATE | SF_UPDATE,
};

struct sf_field {
	const char *name;
	enum sf_type type;
	int length;
	unsigned flags;
	const char *relation; /* "Who" for WhoId, else NULL */
	const char *refers;   /* for describe, comma separated */
};

struct sf_object {
	const char *name, *label, *prefix; /* prefix NULL: not reachable by id */
	bool own_table;			   /* false: a view made in db.c */
	const struct sf_field *fields;
	size_t count;
};

/* What stands behind a relation: the view to join and the pseudo object its fields come from. */
struct sf_relation {
	const char *name, *field, *view;
};

struct sf_type_info {
	const char *name, *soap, *column; /* column: the SQL declaration */
	bool quoted;			  /* literals are written in quotes */
};

struct sf_error {
	const char *code; /* NULL: no error */
	char *message;
	const char *field; /* or NULL */
};

extern const struct sf_object sf_objects[]; /* ends with a NULL name */
extern const struct sf_relation sf_relations[];
extern const struct sf_object sf_name_object; /* what Who, Owner, ... lead to */
extern const struct sf_type_info sf_types[];

const struct sf_object *sf_object(const char *name); /* any case; NULL if unknown */
const struct sf_field *sf_field(const struct sf_object *o, const char *name); /* NULL if unknown or hidden */
const struct sf_relation *sf_relation(const char *name);
char *sf_create_table(const struct sf_object *o);

char *sf_id18(const char *id); /* 15 or 18 characters to 18; NULL if it is neither */
char *sf_new_id(const char *prefix);

/* Is the value one of the field's picklist? *has_list says whether the field has one at all. */
bool sf_listed(const struct sf_field *f, const char *value, bool *has_list);
void sf_describe(struct text *t, const struct sf_object *o, const char *version);

bool sf_fail(struct sf_error *e, const char *code, const char *field, const char *format, ...)
	__attribute__((format(printf, 4, 5))); /* always false, so that callers can return it */
int sf_http_status(const char *code);
void sf_error_body(
	struct text *t, const struct sf_error *e); /* [{"message":..,"errorCode":..,"fields":[..]}] */

#endif
