/*
 * control - the generated files of .remindfs/ and the verbs of its ctl. No FUSE types. A new file is a row of
 * node_fixed and one here.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "buf.h"
#include "handle.h"
#include "node.h"

struct control {
	/* A verb that is not ours; line has no line break. */
	void (*verb)(void *arg, const char *line);
	void *arg;
	char answer[200];	/* to the last line written to ctl: shown when it is read */
};

/* The text of a generated file as of env->now, appended to out. ERR_NOENT: n is not such a file. */
NODISCARD enum err control_text(const struct control *c, struct env *env, enum fixed n, struct buf *out);
/* Lines written to ctl, each a verb. ERR_INVAL: one was not known; ctl says which are. */
NODISCARD enum err control_write(struct control *c, const char *s, size_t n);

#endif
