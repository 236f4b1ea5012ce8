/*
 * store_wreck - what can still be read of a damaged database, written down as plain files. Inside the store.
 */
#ifndef STORE_WRECK_H
#define STORE_WRECK_H

#include "store_p.h"

enum kept_kind { KEPT_OPEN, KEPT_COMPLETED, KEPT_DRAFTS, KEPT_SCRATCH, KEPT_CONFLICTS, KEPT_TRASH,
	KEPT_COMMENTS, NKEPT };
extern const struct kept_def {
	const char *dir, *what;
} kept_def[NKEPT];

struct spoke {			/* a task was this record */
	int64_t task;
	enum side side;
	char rid[64];
};

struct sought {			/* a saved search */
	int64_t made_at;
	char query[NAME_LEN + 1];
};

struct id_set {
	struct buf bits;
};

struct wreck {
	const char *path;	/* of the damaged database; borrowed, never written to */
	const char *dir;	/* where the files go; borrowed */
	int64_t count[NKEPT], texts;	/* files written: of a kind, in all */
	int64_t damaged;		/* places that could not be read */
	struct buf deletions;		/* names of deleted tasks that may come back, an indented line each */
	struct buf spokes;		/* struct spoke[] */
	struct buf searches;		/* struct sought[] */
	sqlite3 *db;			/* private: a copy of it */
	sqlite3_stmt *body;		/* private */
	struct id_set waits, linked;	/* private */
	enum err err;			/* private */
};
void wreck_finish(struct wreck *w);

/* Needs path, dir. fresh: an empty database of ours. ERR_NOSPC, ERR_IO: of writing;
 * what cannot be read is counted. */
NODISCARD enum err wreck_read(struct wreck *w, const char *fresh);
/* A new file, 0600. ERR_EXIST: the name is taken. */
NODISCARD enum err wreck_write(const char *path, const void *s, size_t n);

#endif
