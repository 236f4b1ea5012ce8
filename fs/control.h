/*
 * control - the generated files of .remindfs/. No FUSE types. A new file is a row of node_fixed and one here;
 * what can be written to ctl stands in verbs.h.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "buf.h"
#include "handle.h"
#include "node.h"

struct control {
	char answer[1500];	/* to the last line written to ctl: shown when it is read */
};

/* The text of a generated file as of env->now, appended to out. ERR_NOENT: n is not such a file. */
NODISCARD enum err control_text(const struct control *c, struct env *env, enum fixed n, struct buf *out);

#endif
