/*
 * verbs - what can be written to .remindfs/ctl, a line a verb; a new one is a row. No FUSE types.
 *
 * A NAME is a task's file name: it may hold spaces, stand with the directory before it, and go without
 * ".txt".
 */
#ifndef VERBS_H
#define VERBS_H

#include "control.h"

/* The help, and the answer to the last line; appended. */
NODISCARD enum err verbs_text(const struct control *c, struct env *env, struct buf *out);
/*
 * Lines written to ctl, done in their order until one fails. c->answer: one line on the last of them, what
 * was done or what to type instead. ERR_INVAL: not a verb, or not how it is written. ERR_NOENT: there is no
 * such thing to do it to.
 */
NODISCARD enum err verbs_write(struct control *c, struct env *env, const char *s, size_t n);

#endif
