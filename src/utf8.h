/*
 * utf8 - code points in and out of bytes, and text made one line. Inside core. Pure.
 */
#ifndef UTF8_H
#define UTF8_H

#include "buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_BAD 0xFFFD		/* stands for what is no character */

/* The code point at *s (s < end), which moves behind it; -1: not UTF-8, *s moves by one byte. */
int32_t utf8_next(const char **s, const char *end);
void utf8_put(struct buf *b, int32_t cp);
/* Where the text stops being UTF-8 without NULs; n: nowhere. */
size_t utf8_valid(const char *s, size_t n);
/* How many code points; a bad byte counts as one. */
size_t utf8_count(const char *s, size_t n);
/* The first max code points, in bytes. */
size_t utf8_prefix(const char *s, size_t n, size_t max);
/*
 * One line, appended: each control character (C0, DEL, C1) and line or paragraph separator becomes a space, a
 * bad byte U+FFFD; spaces at both ends are dropped.
 */
void utf8_line(const char *s, size_t n, struct buf *out);

#endif
