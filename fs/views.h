/*
 * views - what each directory of links holds, and what moving a task into it means. Pure; a new view is a
 * row, and one in dirs.c. Days are counted from today, an argument: so views roll over at local midnight by
 * themselves.
 */
#ifndef VIEWS_H
#define VIEWS_H

#include "node.h"
#include "store_files.h"
#include "task.h"

/* A view's number is part of its links' inodes: add at the end. */
enum {
	VIEW_TODAY, VIEW_TOMORROW, VIEW_OVERDUE, VIEW_WEEK, VIEW_SOMEDAY, VIEW_HIGH, VIEW_BY_DUE, VIEW_PERSON,
		VIEW_SEARCH,
	NVIEWS
};
#define VIEW_EVER 1000000	/* more days than there are: no bound */

struct view_def {
	enum fixed node;
	bool undated, high;	/* holds such tasks alone */
	int from, to;		/* due within these days from today, inclusive (R18) */
	bool dated_name;	/* its links are named "2026-09-03 Call Bob.txt" */
	uint32_t sets;		/* fields that moving a task in sets to the view's value;
				 * 0: none can be moved in */
	uint32_t clears;	/* fields that rm sets back to their initial value;
				 * 0: nothing can be removed */
};
extern const struct view_def view_def[NVIEWS];

/* The view that a fixed directory is; -1: it is none, or each directory in it is one. */
int view_of(enum fixed dir);

struct view_range {	/* a filter and the text it points to */
	struct filter filter;
	char from[DATE_LEN], to[DATE_LEN];
};
/* What to read: all that view_holds, and maybe more. */
NODISCARD enum err view_range(unsigned view, const char *today, struct view_range *out);
/* Is this task shown in the view? Open ones alone are; of VIEW_PERSON and VIEW_SEARCH the store says more. */
bool view_holds(unsigned view, const char *today, const struct entry *e);

/* The name of the task's link. Where a dated one is too long, it is cut and ends in "…~ID.txt". */
void view_name(unsigned view, const struct entry *e, char out[NAME_LEN + 1]);
/* The task name that a link's name speaks of, within it; NULL: none. *id: the task, where the name was cut;
 * else 0. */
const char *view_task_name(unsigned view, const char *name, int64_t *id);

/* What moving a task into a directory sets: the values into *t (a copy is made), the mask of fields in
 * *fields. ERR_PERM: nothing can be moved there. */
NODISCARD enum err view_verb(enum fixed dir, const char *today, struct task *t, uint32_t *fields);
/* What a new name of a task's file sets, likewise. */
NODISCARD enum err view_rename(const char *name, struct task *t, uint32_t *fields);
/* What rm of a link sets. ERR_PERM: it cannot be removed. */
NODISCARD enum err view_unverb(unsigned view, struct task *t, uint32_t *fields);

#endif
