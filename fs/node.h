/*
 * node - inode numbers <-> what they stand for, and the attributes of each. Pure: no table, nothing to
 * forget.
 *
 * An inode number is id * 64 + kind: id is the row id of a task or scratch file, or the row of node_fixed. So
 * it is stable over remounts, never reused, and a scratch file's never equals a task's (vim compares them).
 */
#ifndef NODE_H
#define NODE_H

#include "store_files.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * A number is part of inodes: add, never reorder. All but the first three are rows of dirs.h. KIND_LINK +
 * view (views.h) is a symbolic link to task id in that view; from KIND_CONTROL on, what is generated below
 * .remindfs/ (fact_dirs.h, kept_dirs.h).
 */
enum kind {
	KIND_FIXED = 1,
	KIND_TASK,
	KIND_SCRATCH,
	KIND_PERSON,		/* by-person/NAME/ */
	KIND_SEARCH,		/* search/QUERY/ */
	KIND_LINK = 16,
	KIND_CONTROL = 32,
	KIND_BY_ID = KIND_CONTROL,
	KIND_CONFLICT,		/* conflicts/NAME/ */
	KIND_VERSION,		/* and one for each enum version: a file in it */
	KIND_HISTORY = KIND_VERSION + NVERSIONS,
	KIND_INFO,
	KIND_OUTBOX,
	KIND_TRASH,
	KIND_MAX = 64
};

/* The nodes that are always there. A number is an inode: add at the end, never reorder. */
enum fixed {
	NODE_ROOT,
	NODE_OPEN,
	NODE_COMPLETED,
	NODE_TODAY,
	NODE_TOMORROW,
	NODE_CONTROL,
	NODE_STATUS,
	NODE_ERRORS,
	NODE_README,
	NODE_CTL,
	NODE_OVERDUE,
	NODE_WEEK,
	NODE_SOMEDAY,
	NODE_HIGH,
	NODE_BY_DUE,
	NODE_EVENTS,
	NODE_LOG,
	NODE_STATUS_JSON,
	NODE_TEMPLATES,
	NODE_BY_ID,
	NODE_CONFLICTS,
	NODE_HISTORY,
	NODE_INFO,
	NODE_OUTBOX,
	NODE_TRASH,
	NODE_BUDGET,
	NODE_BY_PERSON,
	NODE_SEARCH,
	NFIXED,
	NODE_NONE = NFIXED
};

enum node_type {
	TYPE_DIR,	/* holds fixed nodes alone */
	TYPE_TASKS,	/* open/, completed/: task files and scratch */
	TYPE_FILES,	/* templates/: scratch alone */
	TYPE_VIEW,	/* generated entries: dirs.h */
	TYPE_FILE	/* generated: control.h */
};
struct fixed_def {
	const char *name;
	enum fixed parent;
	enum node_type type;
	uint32_t mode;	/* permission bits */
	bool unlisted;	/* found by name alone: who reads a whole tree must not wait there, nor meet a task
			 * twice */
};
extern const struct fixed_def node_fixed[NFIXED];

static inline uint64_t node_ino(unsigned kind, int64_t id)
{
	return (uint64_t)id << 6 | kind;
}
static inline unsigned node_kind(uint64_t ino)
{
	return ino & 63;
}
static inline int64_t node_id(uint64_t ino)
{
	return (int64_t)(ino >> 6);
}
static inline uint64_t node_fixed_ino(enum fixed n)
{
	return node_ino(KIND_FIXED, n);
}
/* NODE_NONE: not a fixed node. */
enum fixed node_as_fixed(uint64_t ino);
/* The fixed node of that name in a directory, NODE_NONE if there is none. */
enum fixed node_child(enum fixed dir, const char *name);
/* The path of a fixed node below the mount, "open", ".remindfs/trash"; appended. */
void node_path(enum fixed n, struct buf *out);
/* The directory a task lives in. */
static inline enum fixed node_home(bool open)
{
	return open ? NODE_OPEN : NODE_COMPLETED;
}

/* Where a readdir goes on: "." and "..", then fixed nodes by row, tasks by id, scratch by id. Each is the
 * cookie of the entry itself; reading on from it gives what lies behind, whatever came or went meanwhile. */
enum { COOKIE_DOT = 1, COOKIE_DOTDOT, COOKIE_FIXED };
#define COOKIE_TASK ((int64_t)1 << 16)
#define COOKIE_SCRATCH ((int64_t)1 << 62)

struct owner {
	uid_t uid;
	gid_t gid;
};
/* ms: time of the last change. size counts for files. */
void node_stat_fixed(enum fixed n, const struct owner *o, int64_t size, int64_t ms, struct stat *out);
void node_stat_task(const struct entry *e, const struct owner *o, struct stat *out);
void node_stat_scratch(const struct scratch *x, const struct owner *o, struct stat *out);
/* What a row of dirs.h makes. */
void node_stat_made(uint64_t ino, mode_t mode, const struct owner *o, int64_t size, int64_t ms,
	struct stat *out);
/* "../open/NAME" from a directory so many levels below the root */
#define NODE_LINK_LEN (NAME_LEN + 32)
void node_link_target(const struct entry *e, int depth, char out[NODE_LINK_LEN]);

#endif
