/*
 * buf - growing text. Always NUL-terminated once something was added; may hold NULs of its own.
 * Failure is sticky: after a failed allocation every call is a no-op, and buf_err() says so once at the end.
 */
#ifndef BUF_H
#define BUF_H

#include "auto.h"
#include "errcode.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *s;	/* NULL until something is added; owned */
	size_t n;	/* bytes in use, without the final NUL */
	size_t cap;	/* private */
	bool failed;	/* private: see buf_err */
};
#define BUF_INIT ((struct buf){ 0 })

void buf_add(struct buf *b, const void *s, size_t n);
void buf_puts(struct buf *b, const char *s);	/* NULL adds nothing */
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* A JSON string with its quotes; NULL gives null. s is UTF-8. */
void buf_json(struct buf *b, const char *s);
/* A word for a shell, in single quotes. */
void buf_quote(struct buf *b, const char *s);
/* Set the length; new bytes are zero. */
void buf_resize(struct buf *b, size_t n);
/* Overwrite n bytes at off, growing with zeros as pwrite does. */
void buf_write(struct buf *b, size_t off, const void *s, size_t n);
/* Forget the text, keep the memory and a past failure. */
void buf_clear(struct buf *b);
/* The text as a C string, "" when empty; borrowed. */
const char *buf_str(const struct buf *b);
/* ERR_NOMEM if any call failed. */
NODISCARD enum err buf_err(const struct buf *b);
/* Hand over the text (the caller frees; never NULL unless failed); the buffer is empty again, a failure
 * stays. */
char *buf_take(struct buf *b);
void buf_finish(struct buf *b);
#define AUTO_BUF AUTO(buf_finish) struct buf

/* True if both are NULL or both equal. */
bool str_eq(const char *a, const char *b);
bool str_ends(const char *s, const char *end);
/* strdup that takes NULL for NULL; *ok becomes false (never true) when memory ran out. */
char *str_dup(const char *s, bool *ok);

#endif
