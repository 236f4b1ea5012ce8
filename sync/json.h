/*
 * json - cJSON with its traps closed, and JSON text written. Knows no system, no network. Pure.
 * Only the *_json.c files look inside a struct cJSON.
 */
#ifndef JSON_H
#define JSON_H

#include "buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH 64		/* deeper nesting is refused */
#define JSON_VALUES 300000	/* more are refused: cJSON takes some 100 bytes for each */
#define JSON_INT_MAX INT64_C(9007199254740991)	/* 2^53 - 1: above it a double changes numbers */

struct cJSON;
/*
 * s[n] must be NUL. Bytes that are not UTF-8, "\u0000" and halves of surrogate pairs become U+FFFD, so that
 * one bad record cannot stall a sync. NULL: not JSON, too deep, too many values, a NUL or anything but white
 * space behind it, or out of memory. Free with json_free.
 */
struct cJSON *json_parse(const char *s, size_t n);
void json_free(struct cJSON **j);
#define AUTO_JSON AUTO(json_free) struct cJSON *

/* The member by its exact name. o may be NULL or no object. */
const struct cJSON *json_member(const struct cJSON *o, const char *name);
/* A member's text, borrowed; NULL: absent or no string. */
const char *json_text(const struct cJSON *o, const char *name);
bool json_true(const struct cJSON *o, const char *name);
/* A whole number from -(2^53-1) to 2^53-1. false: absent or none. */
bool json_int(const struct cJSON *o, const char *name, int64_t *out);
/* A moment (date_parse_time), ms. 0: absent or none. */
int64_t json_time(const struct cJSON *o, const char *name);

/* Texts out of nested objects: path "result.accessToken". *out (overwritten) is owned by the caller; NULL:
 * absent or empty. */
struct json_pick {
	const char *path;
	char **out;
};
/* ERR_INVAL: not JSON. ERR_NOMEM: every *out is NULL. */
NODISCARD enum err json_pick(const char *s, size_t n, const struct json_pick *want, size_t nwant);

/* The text as a JSON string, in quotes; NULL: null. Bad bytes become U+FFFD. */
void json_quote(struct buf *b, const char *s);

#endif
