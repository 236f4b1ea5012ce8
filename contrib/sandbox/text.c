#include "text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct block {
	struct block *next, *prev;
	max_align_t data[];
};

static struct block pool = { &pool, &pool };

static void *checked(void *p)
{
	if (!p) {
		fputs("sandbox: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

static void *linked(struct block *b)
{
	b->next = &pool;
	b->prev = pool.prev;
	pool.prev->next = b;
	pool.prev = b;
	return b->data;
}

static struct block *unlinked(void *data)
{
	struct block *b = (struct block *)((char *)data - offsetof(struct block, data));

	b->prev->next = b->next;
	b->next->prev = b->prev;
	return b;
}

void *pool_alloc(size_t size)
{
	return linked(checked(calloc(1, sizeof(struct block) + size)));
}

void *pool_realloc(void *old, size_t size)
{
	if (!old)
		return pool_alloc(size);
	return linked(checked(realloc(unlinked(old), sizeof(struct block) + size)));
}

void pool_ignore(void *p)
{
	(void)p;
}

void pool_reset(void)
{
	while (pool.next != &pool)
		free(unlinked(pool.next->data));
}

char *keepn(const char *s, size_t len)
{
	char *copy = pool_alloc(len + 1);

	memcpy(copy, s, len);
	return copy;
}

char *keep(const char *s)
{
	return s ? keepn(s, strlen(s)) : NULL;
}

__attribute__((format(printf, 2, 0))) static void text_vprintf(struct text *t, const char *format, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (n <= 0)
		return;
	char *s = checked(malloc((size_t)n + 1));

	vsnprintf(s, (size_t)n + 1, format, ap);
	text_addn(t, s, (size_t)n);
	free(s);
}

char *fmt(const char *format, ...)
{
	struct text t = { 0 };
	va_list ap;

	va_start(ap, format);
	text_vprintf(&t, format, ap);
	va_end(ap);
	return t.s ? t.s : keep("");
}

void text_printf(struct text *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	text_vprintf(t, format, ap);
	va_end(ap);
}

void text_addn(struct text *t, const char *s, size_t len)
{
	if (t->len + len + 1 > t->size) {
		t->size = (t->len + len + 1) * 2;
		t->s = pool_realloc(t->s, t->size);
	}
	memcpy(t->s + t->len, s, len);
	t->len += len;
	t->s[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_addn(t, s, strlen(s));
}

const char *text_str(const struct text *t)
{
	return t->s ? t->s : "";
}

void text_json(struct text *t, const char *s)
{
	static const char *const shorts[128] = {
		['"'] = "\\\"",
		['\\'] = "\\\\",
		['\n'] = "\\n",
		['\r'] = "\\r",
		['\t'] = "\\t",
	};
	const char *plain = s;

	if (!s) {
		text_add(t, "null");
		return;
	}
	text_add(t, "\"");
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		text_addn(t, plain, (size_t)(s - plain));
		plain = s + 1;
		if (shorts[c])
			text_add(t, shorts[c]);
		else
			text_printf(t, "\\u%04x", c);
	}
	text_addn(t, plain, (size_t)(s - plain));
	text_add(t, "\"");
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

char *url_decode(const char *s, size_t len, bool plus_is_space)
{
	char *out = pool_alloc(len + 1), *w = out;

	for (size_t i = 0; i < len; i++) {
		int hi = -1, lo = -1;

		if (s[i] == '%' && i + 2 < len) {
			hi = hex_digit(s[i + 1]);
			lo = hex_digit(s[i + 2]);
		}
		if (hi >= 0 && lo >= 0) {
			*w++ = (char)(hi * 16 + lo);
			i += 2;
		} else {
			*w++ = s[i] == '+' && plus_is_space ? ' ' : s[i];
		}
	}
	*w = '\0';
	return out;
}

size_t utf8_length(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

bool utf8_valid(const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		unsigned char c = (unsigned char)s[i];
		size_t more = c < 0x80		      ? 0
			      : c >= 0xc2 && c < 0xe0 ? 1
			      : (c & 0xf0) == 0xe0    ? 2
			      : c >= 0xf0 && c < 0xf5 ? 3
						      : len;

		if (i + more >= len)
			return false;
		for (size_t k = 1; k <= more; k++)
			if (((unsigned char)s[i + k] & 0xc0) != 0x80)
				return false;
		i += more + 1;
	}
	return true;
}

char *trim_end(const char *s)
{
	size_t len = strlen(s);

	while (len && isspace((unsigned char)s[len - 1]))
		len--;
	return keepn(s, len);
}

void hex_random(char *out, size_t chars)
{
	unsigned char raw[64];

	if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw)
		exit(1);
	for (size_t i = 0; i < chars; i++)
		out[i] = "0123456789abcdef"[raw[i % sizeof raw] >> (i / sizeof raw * 4) & 15];
	out[chars] = '\0';
}
