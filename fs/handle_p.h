/* handle_p - inside handle: what files.c, handle.c and text_save.c share. */
#ifndef HANDLE_P_H
#define HANDLE_P_H

#include "handle.h"
#include "text.h"

/* ---- files.c ---- */

#define FILES_BUCKETS 256
struct files {
	struct file *bucket[FILES_BUCKETS];
};

struct file *files_acquire(struct files *f, uint64_t ino);	/* a handle more; NULL: out of memory */
void files_let_go(struct files *f, struct file *p, struct env *env);	/* one less; the last one frees p */
bool file_is_task(const struct file *f);	/* else scratch */
void file_unload(struct file *f);	/* the content is the store's */
/* What a new task's name says of it. */
NODISCARD enum err file_named(const struct entry *e, struct task *t);
NODISCARD enum err file_make(struct env *env, struct file *f);	/* the store gets it, empty */
/* The kernel has the name of a task that was just made, unless another side took that meanwhile. */
NODISCARD enum err file_check_name(struct env *env, const struct entry *e);
/* What was closed, and a file (NULL: none) by how: one transaction. */
NODISCARD enum err files_tell(struct env *env, struct file *f,
	enum err (*how)(struct env *env, struct file *f));

/* ---- text_save.c ---- */

/* Store a text that parsed; of a task without a name: a new one. Where it does not mean what the task is now,
 * a rendered one that keeps its comments. said: the fields to compare. */
NODISCARD enum err text_put(struct env *env, const struct task *now, const struct task *base, struct text *x,
	uint32_t said, const char *s, size_t n, bool *rewritten);

#endif
