/*
 * subject - the Activity Detail Customization template (R24 to R27). Pure.
 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include "buf.h"
#include "task.h"

#define SUBJECT_DEFAULT "{{activity_subject}}"	/* R26: no template */
#define SUBJECT_MAX 255				/* characters */

/* R24: does a rename reach Salesforce? NULL or "" stands for SUBJECT_DEFAULT. Names match in any case. */
bool subject_has_title(const char *template);
/* Is the subject the name, and no more? */
bool subject_is_name(const char *template);
/* The Salesforce subject of a task: fields replaced (no value: nothing), line breaks removed, trimmed, cut at
 * SUBJECT_MAX characters (R27). An unknown {{field}} stays as it is. Appended to out. */
void subject_render(const char *template, const struct task *t, struct buf *out);
/* Does the template make such a subject of the task, by whatever name? *out: false where it is the name and
 * no more. */
NODISCARD enum err subject_fits(const char *template, const struct task *t, const char *subject, bool *out);

/* The same in two steps: what the template makes of the task, with a sign for the name, appended to out; and
 * is it made so? */
NODISCARD enum err subject_shape(const char *template, const struct task *t, struct buf *out);
bool subject_has_shape(const char *subject, const char *shape);

#endif
