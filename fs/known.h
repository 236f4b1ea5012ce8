/*
 * known - what a task's name stands for, as listings and look-ups told it, while nobody commits anything: a
 * name is looked up without the store. 24 bytes a task.
 */
#ifndef KNOWN_H
#define KNOWN_H

#include "store.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct known {
	int64_t snapshot;	/* of the store: what is known is as of then */
	uint64_t seed;
	struct known_slot *slot;
	size_t n, cap;		/* cap: a power of two, or 0 */
};

/* The id, size and changed_at of the visible task of that name in directory dir; the rest of out stays.
 * False: it has to be looked up. No snapshot (0): never known. */
bool known_get(const struct known *k, int64_t snapshot, uint64_t dir, const char *name, struct entry *out);
/* e, with its name, is what is in dir. Kept if there is memory for it. */
void known_put(struct known *k, int64_t snapshot, uint64_t dir, const struct entry *e);
void known_finish(struct known *k);

#endif
