/*
 * auto - scope cleanup: a variable so marked is released on every way out of its block.
 * Each type's header defines its own (AUTO_TASK, AUTO_BUF, AUTO_TX) beside its finish function.
 */
#ifndef AUTO_H
#define AUTO_H

#include <stdlib.h>

static inline void auto_free(void *p)
{
	free(*(void **)p);
}

#define AUTO(fn) __attribute__((cleanup(fn)))
#define AUTO_FREE AUTO(auto_free)

/* Hand a pointer on: gives its value and leaves NULL behind, so that the cleanup has nothing to do. */
#define TAKE(p)                                                                                              \
	({                                                                                                   \
		__typeof__(p) take_ = (p);                                                                   \
		(p) = NULL;                                                                                  \
		take_;                                                                                       \
	})

#endif
