/*
 * salesconnect_json - JSON of our Sales Connect contract (salesconnect.md) <-> struct task. Tables and loops;
 * pure.
 */
#ifndef SALESCONNECT_JSON_H
#define SALESCONNECT_JSON_H

#include "remote.h"

#define SC_ID_LEN 20	/* with the final NUL */

/* A positive whole number up to 2^53-1, decimal, without leading zeros. */
bool sc_id(const char *s);

struct sc_user {
	int64_t id;
	char *name;
};
NODISCARD enum err sc_read_user(const char *s, size_t n, struct sc_user *out);
/* template: NULL if the answer has none. */
NODISCARD enum err sc_read_settings(const char *s, size_t n, bool *mirror, char **template);

struct sc_more {
	char *next;		/* next_cursor, owned; NULL: done */
	int64_t last;		/* highest updated_at, ms; 0: none */
	int64_t server_time;	/* ms; 0: not told */
	size_t bad;		/* records without a usable id, left out */
};
/* The reply of a list, records appended. Free m->next in any case. */
NODISCARD enum err sc_read_page(const char *s, size_t n, struct page *out, struct sc_more *m);
/* One task, appended. */
NODISCARD enum err sc_read_task(const char *s, size_t n, struct page *out);

/* {"name":...}: exactly these fields; null clears. create: what is set once, too (type, person). */
void sc_write_task(struct buf *b, const struct task *t, uint32_t fields, bool create);

/* A body of whatever kind with a status that is not 2xx: one safe line, and what it means. */
enum err sc_read_error(const char *s, size_t n, int status, char code[64], char msg[200]);

#endif
