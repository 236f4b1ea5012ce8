/*
 * relist - the last plain listing of a directory of tasks, as the kernel was given it: asked for again while
 * nobody has committed anything, it is copied. Its first MiB is kept; what comes behind has to be listed.
 */
#ifndef RELIST_H
#define RELIST_H

#include "buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct relist {
	int64_t snapshot;	/* of the store: what is kept is as of then */
	struct buf entries;	/* struct fuse_dirent, one behind the other; their cookies rise */
	int64_t first;		/* cookie before the first one; what is before it, the kernel mostly asks
				 * for with attributes */
	int64_t last;		/* cookie of the last one; 0: none yet */
	bool whole;		/* nothing comes behind it */
	size_t at;		/* of the entry that follows cookie `after`: who reads on, goes on there */
	int64_t after;
};

/*
 * What follows cookie `after`: whole entries of at most size bytes, borrowed until relist_put. False: it is
 * not known, and has to be listed. No snapshot (0): never known.
 */
bool relist_get(struct relist *r, int64_t snapshot, int64_t after, size_t size, const char **s, size_t *n);
/* This is what was listed after that cookie; n 0: nothing is left. Kept where it continues what is. */
void relist_put(struct relist *r, int64_t snapshot, int64_t after, const char *s, size_t n);
void relist_finish(struct relist *r);

#endif
