/*
 * merge - the three-way merge of one task against one spoke. Pure: values in, values out (D1, D2).
 */
#ifndef MERGE_H
#define MERGE_H

#include "task.h"

struct merge {
	uint32_t pull;		/* fields the remote changed: take theirs */
	uint32_t push;		/* fields we changed: send ours */
	uint32_t clash;		/* changed on both sides to different values */
};

/* silent: fields in which theirs says nothing (R8, R10, R25): they count as unchanged there. Values are
 * compared by field_same. Both changed to the same value: in no mask. */
struct merge merge_task(char *const base[TASK_NFIELDS], const struct task *ours, const struct task *theirs,
	uint32_t silent);

#endif
