/*
 * bits - a set of small numbers (of tasks): what is not in it may have been, so it is good for what can be
 * asked again. Knows nothing of what the numbers mean.
 */
#ifndef BITS_H
#define BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bits {
	unsigned char *byte;
	size_t n;		/* bytes */
};

/* Without memory, or for a number beyond some 100 million, nothing happens. */
void bits_add(struct bits *b, int64_t number);
void bits_drop(struct bits *b, int64_t number);
bool bits_has(const struct bits *b, int64_t number);
void bits_clear(struct bits *b);
void bits_finish(struct bits *b);

#endif
