/* The Sales Connect side: tasks with revisions, tombstones and idempotency keys (salesconnect.md). */
#ifndef SANDBOX_SC_H
#define SANDBOX_SC_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

struct cJSON;

struct sc_error {
	int status; /* 0: no error */
	const char *code;
	char *message;
	const char *field; /* or NULL */
};

enum sc_how {
	SC_AS_CLIENT,
	SC_AS_OWNER_OF_THE_WORLD, /* the control API: also what is read-only to clients */
};

bool sc_create(const struct cJSON *values, int64_t owner, enum sc_how, int64_t *id, struct sc_error *);
bool sc_update(int64_t id, const struct cJSON *values, enum sc_how, struct sc_error *);
void sc_delete(int64_t id);
void sc_purge(int64_t id);
void sc_housekeeping(void); /* tombstones and idempotency keys grow old */

bool sc_add(struct text *, int64_t id); /* the task as JSON; false: unknown */
void sc_all(struct text *);		/* every task and tombstone, whoever owns it, comma separated */

int64_t sc_person(const struct cJSON *person, bool may_create); /* its id, made if need be; 0: none such */
void sc_rate_reset(void);

#endif
