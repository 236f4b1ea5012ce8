/* The part of SOQL the sandbox speaks:
 *
 *	SELECT path, ... | COUNT() | COUNT(Id)  FROM object
 *	[WHERE condition] [ORDER BY path [ASC|DESC] [NULLS FIRST|LAST], ...] [LIMIT n] [OFFSET n]
 *
 * Conditions: = != <> < <= > >= LIKE, [NOT] IN (...), AND, OR, NOT, parentheses; AND and OR do not mix
 *without parentheses (as there). Values: strings with their escapes, numbers, dates, datetimes, booleans,
 *null, TODAY and its like. Anything else is an error with the words and the caret of the real thing.
 *
 * soql_parse() knows the grammar only; which object has which field is soql_sql.c's business.
 */
#ifndef SANDBOX_SOQL_H
#define SANDBOX_SOQL_H

#include <stdbool.h>
#include <stddef.h>

#include "sf_meta.h"
#include "text.h"

#define SOQL_COLUMNS_MAX 100
#define SOQL_ORDER_MAX 32

struct soql_path {
	char *text; /* "Who.Name" */
	size_t at;  /* where in the query, for the caret */
};

enum soql_kind { SOQL_STRING, SOQL_NUMBER, SOQL_DATE, SOQL_DATETIME, SOQL_BOOLEAN, SOQL_NULL, SOQL_RANGE };

struct soql_value {
	enum soql_kind kind;
	char *text;    /* decoded; a range's name */
	char *pattern; /* strings: for LIKE, \% and \_ still escaped */
	int days;      /* LAST_N_DAYS:days and the like */
	size_t at;
	struct soql_value *next;
};

enum soql_op {
	SOQL_AND,
	SOQL_OR,
	SOQL_NOT,
	SOQL_EQ,
	SOQL_NE,
	SOQL_LT,
	SOQL_LE,
	SOQL_GT,
	SOQL_GE,
	SOQL_LIKE,
	SOQL_IN,
	SOQL_NOT_IN
};

struct soql_expr {
	enum soql_op op;
	struct soql_expr *left, *right; /* AND, OR; NOT has left only */
	struct soql_path path;		/* the others */
	struct soql_value *values;
};

struct soql_order {
	struct soql_path path;
	bool descending, nulls_last;
};

struct soql {
	const char *source;
	struct soql_path columns[SOQL_COLUMNS_MAX];
	size_t ncolumns;
	bool count, count_id; /* COUNT() answers with totalSize, COUNT(Id) with a row */
	struct soql_path object;
	struct soql_expr *where; /* or NULL */
	struct soql_order order[SOQL_ORDER_MAX];
	size_t norder;
	long limit, offset; /* limit -1: none */
};

bool soql_parse(const char *source, struct soql *, struct sf_error *);

/* "\n<query>\n   ^\nERROR at Row:1:Column:9\n<message>" */
bool soql_fail(struct sf_error *, const char *source, size_t at, const char *code, const char *message);

/* One thing to read: a field, of the object itself or through a relation. */
struct soql_column {
	const struct sf_relation *relation; /* NULL: own field */
	const struct sf_field *field;
};

/* Checked against the object, and as SQL with ?1.. = binds. */
struct soql_plan {
	const struct sf_object *object;
	struct soql_column columns[SOQL_COLUMNS_MAX];
	size_t ncolumns;
	struct text sql; /* gives the matching ids, in order */
	const char **binds;
	size_t nbinds;
};

struct soql_scope {
	bool all;		/* queryAll: deleted and archived too */
	const char *only_owner; /* or NULL */
};

bool soql_compile(const struct soql *, const struct soql_scope *, struct soql_plan *, struct sf_error *);

/* "SELECT t.Id, ... FROM Task t LEFT JOIN ... " for the columns (own Id first), without a WHERE. */
char *soql_select(const struct sf_object *, const struct soql_column *, size_t n);
bool soql_column(const struct sf_object *, const char *path, struct soql_column *); /* false: no such */

#endif
