/*
 * views - what each directory of tasks holds, and what moving a task into it means. Pure; a new view is a row.
 */
#ifndef VIEWS_H
#define VIEWS_H

#include "node.h"
#include "store.h"
#include "task.h"

/* A view's number is part of its links' inodes: add at the end. */
enum { VIEW_TODAY, VIEW_TOMORROW, NVIEWS };

struct view_def {
	enum fixed node;
	int day;	/* due this many days from today (R18) */
};
extern const struct view_def view_def[NVIEWS];

/* The view that a directory is; -1: it is none. */
int view_of(enum fixed dir);

struct view_range {	/* a filter and the text it points to */
	struct filter filter;
	char day[DATE_LEN];
};
NODISCARD enum err view_range(unsigned view, const char *today, struct view_range *out);
/* Is this task shown in the view? */
bool view_holds(unsigned view, const char *today, const struct entry *e);

/* What moving a task into a directory sets: the values into *t (a copy is made), the mask of fields in *fields.
 * ERR_PERM: nothing can be moved there. */
NODISCARD enum err view_verb(enum fixed dir, const char *today, struct task *t, uint32_t *fields);

#endif
