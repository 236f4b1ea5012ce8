#include "buf.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Room for n bytes in all and the final NUL. */
static bool reserve(struct buf *b, size_t n)
{
	if (b->failed)
		return false;
	if (n < b->cap)
		return true;
	size_t cap = b->cap ? b->cap : 64;
	while (cap <= n && cap <= SIZE_MAX / 2)
		cap *= 2;
	char *s = cap > n && cap <= PTRDIFF_MAX ? realloc(b->s, cap) : NULL;
	if (!s) {
		b->failed = true;
		return false;
	}
	b->s = s;
	b->cap = cap;
	return true;
}

static bool reserve_more(struct buf *b, size_t n)
{
	if (n > SIZE_MAX - b->n)
		b->failed = true;
	return reserve(b, b->n + n);
}

void buf_add(struct buf *b, const void *s, size_t n)
{
	if (!n || !reserve_more(b, n))
		return;
	memcpy(b->s + b->n, s, n);
	b->n += n;
	b->s[b->n] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
	if (s)
		buf_add(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		b->failed = true;
	if (n > 0 && reserve_more(b, (size_t)n)) {
		vsnprintf(b->s + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void buf_json(struct buf *b, const char *s)
{
	if (!s) {
		buf_puts(b, "null");
		return;
	}
	buf_putc(b, '"');
	for (; *s; s++) {
		if ((unsigned char)*s < ' ')
			buf_printf(b, "\\u%04x", (unsigned char)*s);
		else if (*s == '"' || *s == '\\')
			buf_printf(b, "\\%c", *s);
		else
			buf_putc(b, *s);
	}
	buf_putc(b, '"');
}

void buf_quote(struct buf *b, const char *s)
{
	buf_putc(b, '\'');
	for (; *s; s++)
		if (*s == '\'')
			buf_puts(b, "'\\''");
		else
			buf_putc(b, *s);
	buf_putc(b, '\'');
}

void buf_resize(struct buf *b, size_t n)
{
	if (n > b->n) {
		if (!reserve(b, n))
			return;
		memset(b->s + b->n, 0, n - b->n);
	}
	if (b->failed || !b->s)
		return;
	b->n = n;
	b->s[n] = '\0';
}

void buf_write(struct buf *b, size_t off, const void *s, size_t n)
{
	if (!n)
		return;
	if (off > SIZE_MAX - n)
		b->failed = true;
	else if (off + n > b->n)
		buf_resize(b, off + n);
	if (!b->failed)
		memcpy(b->s + off, s, n);
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	if (b->s)
		b->s[0] = '\0';
}

const char *buf_str(const struct buf *b)
{
	return b->s ? b->s : "";
}

enum err buf_err(const struct buf *b)
{
	return b->failed ? ERR_NOMEM : ERR_OK;
}

char *buf_take(struct buf *b)
{
	if (!b->s && reserve(b, 0))
		b->s[0] = '\0';
	char *s = TAKE(b->s);
	b->n = b->cap = 0;
	if (!b->failed)
		return s;
	free(s);
	return NULL;
}

void buf_finish(struct buf *b)
{
	free(b->s);
	*b = BUF_INIT;
}

bool str_eq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_ends(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);
	return n >= m && strcmp(s + n - m, end) == 0;
}

char *str_dup(const char *s, bool *ok)
{
	char *copy = s ? strdup(s) : NULL;
	if (s && !copy)
		*ok = false;
	return copy;
}
