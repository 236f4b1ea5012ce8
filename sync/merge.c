#include "merge.h"

struct merge merge_task(char *const base[TASK_NFIELDS], const struct task *ours, const struct task *theirs,
	uint32_t silent)
{
	struct merge m = { 0 };
	for (int f = 0; f < TASK_NFIELDS; f++) {
		bool we = !field_same(base[f], ours->field[f]);
		bool they = !(silent & BIT(f)) && !field_same(base[f], theirs->field[f]);
		if (we && they && !field_same(ours->field[f], theirs->field[f]))
			m.clash |= BIT(f);
		else if (we && !they)
			m.push |= BIT(f);
		else if (they && !we)
			m.pull |= BIT(f);
	}
	return m;
}
