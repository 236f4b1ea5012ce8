/*
 * dirs - the table of what is generated: directories below the fixed ones, and the links and files in them.
 * Knows which row serves an inode; what the rows do stands in the file that defines them. No FUSE types.
 *
 * A new kind of directory: a number in node.h (enum kind), a row in kinds[] (dirs.c), a struct kind_def with
 * its dir. A new fixed directory with generated entries: TYPE_VIEW in node_fixed[], a row in fixed[]
 * (dirs.c), a struct dir_def. An entry is an inode of a kind of its own (node_ino(kind, row id)); the kernel
 * keeps neither such names, attributes nor listings, so that what is generated is always as of now, and
 * nobody has to say that it changed.
 */
#ifndef DIRS_H
#define DIRS_H

#include "tree.h"

/* An entry of a listing. False: enough (the listing ends with an error of its own). */
typedef bool dir_put_fn(void *arg, uint64_t ino, const char *name);

/* A directory; dir is its inode: node_id(dir) is its row, of a fixed one its enum fixed.
 * What is NULL is ERR_PERM. */
struct dir_def {
	/* What a name means: sets out->ino, and what its kind needs. ERR_NOENT. */
	enum err (*find)(struct env *env, uint64_t dir, const char *name, struct found *out);
	/* Every name, once; read at one go when the directory is read from its begin. */
	enum err (*list)(struct env *env, uint64_t dir, dir_put_fn *put, void *arg);
	/* mkdir: afterwards find finds it. ERR_EXIST is decided by the caller. */
	enum err (*make)(struct env *env, uint64_t dir, const char *name);
	/* rm of a file or a link, rmdir of a directory. */
	enum err (*remove)(struct env *env, uint64_t dir, const struct found *at);
	/* A task is moved here: what that sets, the values into *t, the mask into *fields. */
	enum err (*take)(struct env *env, uint64_t dir, struct task *t, uint32_t *fields);
	/* What to do instead, for .remindfs/errors: where take, make or remove is ERR_PERM.
	 * NULL: nothing to say. */
	const char *no_take, *no_make, *no_remove;
};

/* An inode of a kind: a directory, a file or a link, as mode says. */
struct kind_def {
	mode_t mode;		/* S_IFDIR, S_IFREG or S_IFLNK, and permission bits */
	enum fixed parent;	/* of a directory, where ".." leads */
	/* Is the row there: fills *out (ms, and e if it is a link to a task). ERR_NOENT. */
	enum err (*node)(struct env *env, uint64_t ino, struct found *out);
	/* A file's content, a link's target: appended. at: as node filled it. NULL for a directory. */
	enum err (*text)(struct env *env, const struct found *at, struct buf *out);
	/* touch. NULL: ignored. */
	enum err (*touch)(struct env *env, const struct found *at);
	/* mv of it to name `to` in directory to_dir. NULL: where found.e is a task, the task is moved;
	 * else ERR_PERM. */
	enum err (*give)(struct env *env, const struct found *at, uint64_t to_dir, const char *to);
	const struct dir_def *dir;	/* NULL: it is no directory */
};

/* NULL: not a generated one (open/, completed/, a directory of fixed nodes alone; a file). */
const struct dir_def *dirs_dir(uint64_t ino);
/* NULL: the inode is fixed, a task or scratch. */
const struct kind_def *dirs_kind(uint64_t ino);

/* The fixed directory that an inode is, or lies in: for a message. */
enum fixed dirs_fixed(uint64_t dir);

/* Keep a line for .remindfs/errors, for ten minutes: what was refused at this path, and what to type.
 * No line breaks. */
void dirs_refuse(struct env *env, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Those lines, oldest first, appended. */
void dirs_refused(const struct env *env, struct buf *out);

#endif
