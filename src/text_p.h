/*
 * text_p - inside text: the lines of a file, and values as they are shown. For src/text*.c alone. Pure.
 */
#ifndef TEXT_P_H
#define TEXT_P_H

#include "buf.h"
#include "task.h"

/* ---- text_line.c ---- */

struct span {
	const char *s;
	size_t n;
};

enum key { KEY_TITLE, KEY_PRIORITY, KEY_DUE, KEY_PERSON, KEY_TYPE, KEY_CAMPAIGN, KEY_STATUS, NKEYS };

struct word {
	const char *name;
	enum key key;
};
#define LINE_NWORDS 9
extern const struct word line_words[LINE_NWORDS];	/* what a field may be called */

/* The bytes with every line end as LF, appended. */
void line_put_lf(struct buf *out, const char *s, size_t n);
/* A whole file: without its BOM, which no value has. */
void line_put_file(struct buf *out, const char *s, size_t n);
/* Cut off the first line, without its LF. */
struct span line_next(struct span *rest);
struct span line_trim(struct span l);	/* blanks at both ends */
/* Length of NAME in "NAME:..."; 0: not a field. */
size_t line_name(struct span l);
const struct word *line_word(struct span l);	/* NULL: no field that we know */
bool line_is_private(struct span l);	/* "X-..." */
bool line_is_comment(struct span l);
bool line_is_more(struct span l);	/* goes on with the line before */

/*
 * The head: the lines before the first blank one (or only blanks), if at least one of them is a known field.
 * Without a head it is empty and the body is everything.
 */
struct parts {
	struct span head, body;
	int body_line;
};
struct parts line_split(const char *s, size_t n);

/* ---- text_render.c: all appended ---- */

void render_line(struct buf *out, const char *s);	/* as one line; NULL adds nothing */
bool render_is_email(const char *s);
/* "Bob <bob@example.test>", "Bob" or "bob@example.test"; brackets tell a name and an address apart where
 * needed. */
void render_person(struct buf *out, const struct task *t);
/* The label of a type; what we do not know is shown as it is. */
void render_type(struct buf *out, const char *type);

#endif
