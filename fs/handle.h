/*
 * handle - open files: what is being written to an inode, shared by all its handles, until it is committed.
 * Knows the store and the grammar of a task's text; no FUSE types, no clock, no threads.
 *
 * A buffer holds only what the store does not have yet. Reading an inode that nobody is writing goes straight
 * to the store, so a change from elsewhere is never hidden by an idle editor, and a reader costs no copy.
 */
#ifndef HANDLE_H
#define HANDLE_H

#include "buf.h"
#include "date.h"
#include "store_files.h"
#include "task.h"
#include <stdbool.h>
#include <stdint.h>

#define FILE_TASK_MAX ((size_t)1 << 20)		/* bytes; the details alone may be 128,000 */
#define FILE_SCRATCH_MAX ((size_t)32 << 20)

#define ENV_REFUSALS 8
struct refusal {		/* a line for .remindfs/errors (dirs.h) */
	int64_t at;
	char text[600];
};

struct env {			/* what every operation works with; belongs to the thread that serves
				 * requests */
	struct store *store;
	int64_t now;		/* of this request */
	char today[DATE_LEN];
	int64_t grace_ms;
	struct file *fresh;	/* the new task that the store does not have yet; NULL: it has all */
	struct {		/* tasks whose last handle was closed, and the store was not told */
		int64_t task[16];
		size_t n;
	} closed;
	int64_t known;		/* the feed's row of what this request did to names, if that is just what it
				 * asked for; 0 */
	struct {		/* the last backup rename, and the last save that did not parse */
		int64_t scratch, task, rejected, at;
	} backup;
	/* The kernel may hold something else than we serve: the bytes and attributes of inode ino (name
	 * NULL), or what name means in directory ino. Must not block. */
	void (*forget)(void *arg, uint64_t ino, const char *name);
	/* Somebody asks for a sync now. Must not block. */
	void (*kick)(void *arg);
	void *arg;
	struct refusal refused[ENV_REFUSALS];	/* a ring: the last few */
	unsigned refusals;	/* so far */
};

struct file {			/* an open inode */
	struct file *next;	/* private */
	uint64_t ino;		/* of a task or a scratch file (node.h) */
	struct file *to;	/* this scratch file was renamed onto a task: its handles write that task;
				 * counted there */
	int handles;
	bool loaded;		/* text is the content; else it is the store's */
	bool dirty;		/* the store does not have it yet */
	bool gone;		/* unlinked: the text is served, and nothing is committed */
	struct entry *fresh;	/* what it will be in the store: owned; NULL: it is there */
	bool touched;		/* something was committed, so the grace time starts at the last close */
	struct buf text;
	struct task base;	/* the task as it stood when the text was loaded: only what differs from it is
				 * an edit */
	int64_t written_at;
};

struct handle {			/* an open() */
	struct file *file;
	bool wrote;		/* only such a handle is judged when it is flushed */
	bool early;		/* flushed while empty, before any write: a shell's redirection, deaf to
				 * errors of close */
	bool began;		/* had a write */
	bool refused;		/* its first write was certainly wrong: the rest is kept, and refused too */
};

struct files;			/* all open inodes */
struct files *files_create(void);	/* NULL: out of memory */
void files_destroy(struct files *f);	/* NULL is fine; what is not committed is lost: files_flush first */
/* What is open under an inode number, or what a scratch file of it became; NULL: nothing. */
struct file *files_find(struct files *f, uint64_t ino);
/* Commit everything that is open, as if it were closed; the first error. */
NODISCARD enum err files_flush(struct files *f, struct env *env);
/* A scratch inode was renamed onto a task: its handles go on there. */
NODISCARD enum err files_retarget(struct files *f, uint64_t scratch, uint64_t task);

/* truncate: the content begins empty, and counts as written. */
NODISCARD enum err handle_open(struct files *f, struct env *env, uint64_t ino, bool truncate,
	struct handle **out);
/*
 * A new task, empty, as e says; its id is reserved. The store gets it with its text, when a descriptor is
 * closed (one transaction for a new file), or by files_make.
 */
NODISCARD enum err handle_create(struct files *f, struct env *env, const struct entry *e,
	struct handle **out);
/* The store gets the new task that it does not have yet: before anybody asks for anything but to write it. */
NODISCARD enum err files_make(struct env *env);
/* The store hears of what was closed. Otherwise it does with the next save. */
NODISCARD enum err files_closed(struct env *env);
/* A task in the store for a new, empty file; its id is reserved, or 0 and set. */
NODISCARD enum err task_new(struct env *env, struct entry *e);
/* The whole content as it is now: borrowed from the file, or put into *tmp. */
NODISCARD enum err file_read(struct env *env, struct file *f, struct buf *tmp, const char **text, size_t *n);
/* ERR_TOOBIG; ERR_INVAL: certainly wrong and nobody would hear it later; kept as a draft. */
NODISCARD enum err handle_write(struct handle *h, struct env *env, const char *s, size_t n, size_t off);
/* A write of a handle that appends: it goes to the end, also where the kernel's idea of the end (off) is an
 * older one. */
NODISCARD enum err handle_append(struct handle *h, struct env *env, const char *s, size_t n, size_t off);
NODISCARD enum err handle_truncate(struct handle *h, struct env *env, size_t size);
/*
 * close() of one descriptor, and fsync: commit what was written. A text that does not parse is kept as a
 * draft and its error returned. An empty one waits for handle_release.
 */
NODISCARD enum err handle_flush(struct handle *h, struct env *env);
/* The last descriptor is closed. An empty text over an existing task is dropped: the old one stays.
 * Frees h. */
void handle_release(struct files *f, struct handle *h, struct env *env);

/* Before the inode's name is removed: its content stays readable for those who have it open. */
NODISCARD enum err file_unlinked(struct env *env, struct file *f);
/* The task has a name again: the store decides what is in it. */
void file_revived(struct file *f);

/*
 * A save: parse, and store only what the user changed. base: the task the text started from, NULL: as it is
 * now. Nothing is written if the bytes are those stored. ERR_INVAL, ERR_TOOBIG, ERR_UTF8: kept as a draft.
 * *rewritten becomes true (never false) if other bytes are served now.
 */
NODISCARD enum err text_save(struct env *env, int64_t id, const struct task *base, const char *s, size_t n,
	bool *rewritten);
/* A save that did not parse, kept as a draft, rather than a failure. */
static inline bool text_rejected(enum err e)
{
	return e == ERR_INVAL || e == ERR_TOOBIG || e == ERR_UTF8;
}

#endif
