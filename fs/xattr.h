/* xattr - facts of a task as extended attributes, read-only. No FUSE types. A new one is a row. */
#ifndef XATTR_H
#define XATTR_H

#include "handle.h"

/* Appended to out. ERR_NOENT: no such attribute, or the task has no value for it. */
NODISCARD enum err xattr_get(struct env *env, int64_t id, const char *name, struct buf *out);
/* The names of those that have a value, each with its NUL, appended to out. */
NODISCARD enum err xattr_list(struct env *env, int64_t id, struct buf *out);
/* Is it one of ours? */
bool xattr_known(const char *name);

#endif
