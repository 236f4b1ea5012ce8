/*
 * name - title -> safe, stable file name, and what a file name means. Pure.
 * A name is at most NAME_LEN bytes, valid UTF-8 in NFC, without "/", control characters or bidi overrides,
 * never ".", never begins with "." or "#", and ends in ".txt": so a hostile title cannot leave its directory,
 * hide as scratch or look like another task.
 */
#ifndef NAME_H
#define NAME_H

#include "buf.h"
#include <stdbool.h>

#define NAME_LEN 255	/* bytes, without the final NUL */

/*
 * The file name of a title. n: 1 for "Call Bob.txt", 2 and up for "Call Bob (2).txt"; cut at a grapheme with
 * an ellipsis so that the number and ".txt" fit. ERR_NOMEM. The title need not be valid UTF-8.
 */
NODISCARD enum err name_of(const char *title, unsigned n, char out[NAME_LEN + 1]);
/* The same for a name without ".txt": a person's directory. */
NODISCARD enum err name_plain(const char *s, unsigned n, char out[NAME_LEN + 1]);
/* *.txt without a leading "." or "#", and more than ".txt": a task's name.
 * Everything else is private scratch. */
bool name_is_task(const char *name);
/*
 * The title a task name stands for: without ".txt", lookalikes of "/" and a leading "." turned back. Appended
 * to out. ERR_UTF8: not UTF-8. name_of(name_title(n), 1) = n for every name that name_of gave with n = 1 and
 * no cut.
 */
NODISCARD enum err name_title(const char *name, struct buf *out);
/* A scratch name that looks like a person's ("Call Bob" without .txt) rather than a tool's. */
bool name_looks_typed(const char *name);
/* Text made safe for a terminal or a log line: controls and bidi overrides become visible pictures. */
void name_visible(const char *s, struct buf *out);

#endif
