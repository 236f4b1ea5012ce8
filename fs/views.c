#include "views.h"
#include <string.h>

const struct view_def view_def[NVIEWS] = {
	[VIEW_TODAY] = { NODE_TODAY, 0 },
	[VIEW_TOMORROW] = { NODE_TOMORROW, 1 },
};

int view_of(enum fixed dir)
{
	for (int v = 0; v < NVIEWS; v++)
		if (view_def[v].node == dir)
			return v;
	return -1;
}

enum err view_range(unsigned view, const char *today, struct view_range *out)
{
	TRY(date_add(today, view_def[view].day, out->day));
	out->filter = (struct filter){ .status = TASK_OPEN, .due_from = out->day, .due_to = out->day };
	return ERR_OK;
}

bool view_holds(unsigned view, const char *today, const struct entry *e)
{
	struct view_range r;

	return e->open && view_range(view, today, &r) == ERR_OK && !strcmp(e->due, r.day);
}

static enum err set(struct task *t, enum field f, const char *value, uint32_t *fields)
{
	*fields |= BIT(f);
	return task_set(t, f, value);
}

enum err view_verb(enum fixed dir, const char *today, struct task *t, uint32_t *fields)
{
	int view = view_of(dir);
	struct view_range r;

	if (dir == NODE_OPEN)
		return set(t, FIELD_STATUS, TASK_OPEN, fields);
	if (dir == NODE_COMPLETED)
		return set(t, FIELD_STATUS, TASK_COMPLETE, fields);
	if (view < 0)
		return ERR_PERM;
	TRY(view_range((unsigned)view, today, &r));
	TRY(set(t, FIELD_STATUS, TASK_OPEN, fields));
	return set(t, FIELD_DUE, r.day, fields);
}
