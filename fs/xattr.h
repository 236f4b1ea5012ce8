/*
 * xattr - facts of a task as extended attributes; due and priority can be set, which is an edit as any other.
 * No FUSE types. A new one is a row.
 */
#ifndef XATTR_H
#define XATTR_H

#include "handle.h"

/* Appended to out. ERR_NOENT: no such attribute, or the task has no value for it. */
NODISCARD enum err xattr_get(struct env *env, int64_t id, const char *name, struct buf *out);
/* The names of those that have a value, each with its NUL, appended to out. */
NODISCARD enum err xattr_list(struct env *env, int64_t id, struct buf *out);
/* Written as in the file: due "2026-09-03" or a date word, "" clears it; priority "High", "h" ... ERR_PERM:
 * it cannot be set. ERR_INVAL, ERR_UTF8: no such value; why stands in .remindfs/errors. */
NODISCARD enum err xattr_set(struct env *env, int64_t id, const char *name, const char *value, size_t n);
/* Back to what a new task has: no date, normal. */
NODISCARD enum err xattr_clear(struct env *env, int64_t id, const char *name);
/* Is it one of ours? Can it be set? */
bool xattr_known(const char *name);
bool xattr_writable(const char *name);

#endif
