#include "views.h"
#include "name.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DUE BIT(FIELD_DUE)
#define PRIORITY BIT(FIELD_PRIORITY)

const struct view_def view_def[NVIEWS] = {
	[VIEW_TODAY] = { NODE_TODAY, .from = 0, .to = 0, .sets = DUE },
	[VIEW_TOMORROW] = { NODE_TOMORROW, .from = 1, .to = 1, .sets = DUE },
	[VIEW_OVERDUE] = { NODE_OVERDUE, .from = -VIEW_EVER, .to = -1 },
	[VIEW_WEEK] = { NODE_WEEK, .from = 0, .to = 6 },
	[VIEW_SOMEDAY] = { NODE_SOMEDAY, .undated = true, .sets = DUE },
	[VIEW_HIGH] = { NODE_HIGH, .high = true, .from = -VIEW_EVER, .to = VIEW_EVER, .sets = PRIORITY,
		.clears = PRIORITY },
	[VIEW_BY_DUE] = { NODE_BY_DUE, .from = -VIEW_EVER, .to = VIEW_EVER, .dated_name = true },
	[VIEW_PERSON] = { NODE_NONE, .from = -VIEW_EVER, .to = VIEW_EVER },
	[VIEW_SEARCH] = { NODE_NONE, .from = -VIEW_EVER, .to = VIEW_EVER },
};

int view_of(enum fixed dir)
{
	for (int v = 0; v < NVIEWS && dir != NODE_NONE; v++)
		if (view_def[v].node == dir)
			return v;
	return -1;
}

/* ---- what it holds ------------------------------------------------------------------------------------- */

/* Does the day matter, so that a task without one is out? */
static bool is_dated(const struct view_def *d)
{
	return d->dated_name || (!d->undated && (d->from != -VIEW_EVER || d->to != VIEW_EVER));
}

enum err view_range(unsigned view, const char *today, struct view_range *out)
{
	const struct view_def *d = &view_def[view];

	out->filter = (struct filter){ .status = TASK_OPEN };
	if (!is_dated(d))
		return ERR_OK;
	out->filter.due_from = "";	/* any day */
	if (d->from != -VIEW_EVER) {
		TRY(date_add(today, d->from, out->from));
		out->filter.due_from = out->from;
	}
	if (d->to != VIEW_EVER) {
		TRY(date_add(today, d->to, out->to));
		out->filter.due_to = out->to;
	}
	return ERR_OK;
}

bool view_holds(unsigned view, const char *today, const struct entry *e)
{
	const struct view_def *d = &view_def[view];
	struct view_range r;

	if (!e->open || (d->high && !e->high) || (d->undated && *e->due) || (is_dated(d) && !*e->due))
		return false;
	if (view_range(view, today, &r))
		return false;
	const struct filter *f = &r.filter;
	return (!f->due_from || strcmp(e->due, f->due_from) >= 0) &&
		(!f->due_to || strcmp(e->due, f->due_to) <= 0);
}

/* ---- names --------------------------------------------------------------------------------------------- */

#define DATE_PREFIX DATE_LEN	/* "2026-09-03 " */
#define CUT "…~"

/* Where a character begins at or before n. */
static size_t char_begin(const char *s, size_t n)
{
	while (n && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

void view_name(unsigned view, const struct entry *e, char out[NAME_LEN + 1])
{
	char tail[40];

	if (!view_def[view].dated_name) {
		memcpy(out, e->name, NAME_LEN + 1);
		return;
	}
	if (DATE_PREFIX + strlen(e->name) <= NAME_LEN) {
		snprintf(out, NAME_LEN + 1, "%s %.*s", e->due, NAME_LEN - DATE_PREFIX, e->name);
		return;
	}
	size_t n = (size_t)snprintf(tail, sizeof(tail), CUT "%" PRId64 ".txt", e->id);
	n = char_begin(e->name, NAME_LEN - DATE_PREFIX - n);
	snprintf(out, NAME_LEN + 1, "%s %.*s%s", e->due, (int)n, e->name, tail);
}

const char *view_task_name(unsigned view, const char *name, int64_t *id)
{
	const char *cut;
	char *end;

	*id = 0;
	if (!view_def[view].dated_name)
		return name;
	if (strlen(name) <= DATE_PREFIX || name[DATE_PREFIX - 1] != ' ')
		return NULL;
	name += DATE_PREFIX;
	cut = strrchr(name, '~');
	if (cut && cut - name >= 3 && !memcmp(cut - 3, CUT, sizeof(CUT) - 1)) {
		*id = strtoll(cut + 1, &end, 10);
		if (*id <= 0 || strcmp(end, ".txt"))
			*id = 0;
	}
	return name;
}

/* ---- what moving means --------------------------------------------------------------------------------- */

static enum err set(struct task *t, enum field f, const char *value, uint32_t *fields)
{
	*fields |= BIT(f);
	return task_set(t, f, value);
}

enum err view_rename(const char *name, struct task *t, uint32_t *fields)
{
	AUTO_BUF title = BUF_INIT;

	TRY(name_title(name, &title));
	TRY(buf_err(&title));
	return set(t, FIELD_TITLE, buf_str(&title), fields);
}

enum err view_verb(enum fixed dir, const char *today, struct task *t, uint32_t *fields)
{
	int view = view_of(dir);
	struct view_range r;

	if (dir == NODE_OPEN)
		return set(t, FIELD_STATUS, TASK_OPEN, fields);
	if (dir == NODE_COMPLETED)
		return set(t, FIELD_STATUS, TASK_COMPLETE, fields);
	if (view < 0 || !view_def[view].sets)
		return ERR_PERM;
	TRY(set(t, FIELD_STATUS, TASK_OPEN, fields));
	if (view_def[view].sets & PRIORITY)
		TRY(set(t, FIELD_PRIORITY, TASK_HIGH, fields));
	if (view_def[view].sets & DUE) {
		TRY(view_range((unsigned)view, today, &r));
		TRY(set(t, FIELD_DUE, view_def[view].undated ? NULL : r.filter.due_from, fields));
	}
	return ERR_OK;
}

enum err view_unverb(unsigned view, struct task *t, uint32_t *fields)
{
	for (enum field f = 0; f < TASK_NFIELDS; f++)
		if (view_def[view].clears & BIT(f))
			TRY(set(t, f, task_field[f].initial, fields));
	return *fields ? ERR_OK : ERR_PERM;
}
