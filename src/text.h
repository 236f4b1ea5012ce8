/*
 * text - a task <-> what the user sees in the file: mail-style head, blank line, details.
 * Pure; parse(render(t)) = t for every t whose values are canonical (below), and render(parse(s)) is stable.
 * The grammar and every message: spec "The task file" and README.
 *
 * Blank line: empty, or only spaces and tabs. A field's value is one line: text_title without the cut.
 * Details: what follows the first blank line, less one final LF if there is one; a rendered text ends in
 * details + LF, so that nothing is lost and `>>` begins a new line. Without details it ends in the blank
 * line. Line ends: CRLF and a lone CR are LF everywhere.
 */
#ifndef TEXT_H
#define TEXT_H

#include "buf.h"
#include "task.h"
#include <stddef.h>

struct text_error {
	int line;		/* 1-based */
	char msg[200];		/* one line: what is wrong and what to type instead */
};

struct text {			/* what a saved text says */
	struct task task;	/* only the fields and facts in the masks are set */
	uint32_t fields;	/* with a head: priority, due, details always, title if its line is there and
				 * not empty; without a head: details alone. Never status. */
	uint32_t facts;		/* person and email together, type, campaign */
	bool resolved;		/* a date word was turned into a date: the bytes must be rewritten
				 * (text_render) */
};
void text_finish(struct text *x);
#define AUTO_TEXT AUTO(text_finish) struct text

/*
 * Parse saved bytes (UTF-8; CRLF and a BOM accepted). today resolves date words.
 * was: the task as it stands, whose fixed fields (Person, Type, Campaign) the text may repeat but not change;
 * NULL: a new task, which may set Person and Type.
 * ERR_INVAL, ERR_TOOBIG, ERR_UTF8 with *e filled in (ERR_UTF8 also for a NUL); ERR_NOMEM. On an error *out is
 * empty.
 */
NODISCARD enum err text_parse(const char *s, size_t n, const char *today, const struct task *was,
	struct text *out, struct text_error *e);
/*
 * The text of a task, appended to out. old: the user's last text or NULL; its comments and X- lines are kept
 * in the head, its other lines are not.
 */
void text_render(const struct task *t, const char *old, size_t n, struct buf *out);
/*
 * Values of any origin made canonical, appended. Rendering does the same, so no value can break the head.
 * Title: one line (controls and line separators are spaces), bad UTF-8 is U+FFFD, no space at either end, cut
 * at TASK_TITLE_MAX. Details: line ends LF, bad UTF-8 is U+FFFD, nothing cut. NULL adds nothing.
 */
void text_title(const char *s, struct buf *out);
void text_details(const char *s, struct buf *out);
/* True if a save is empty or all NUL: over an existing task it is never applied. */
bool text_blank(const char *s, size_t n);

#endif
