#include "utf8.h"
#include <string.h>
#include <utf8proc.h>

/* Most texts are little else than ASCII: that part of it, without NULs, in whole words. */
static size_t plain(const char *s, size_t n)
{
	uint64_t w, one = UINT64_C(0x0101010101010101);
	size_t i = 0;
	for (; n - i >= sizeof(w); i += sizeof(w)) {
		memcpy(&w, s + i, sizeof(w));
		if (((w - one) | w) & one << 7)
			break;
	}
	return i;
}

int32_t utf8_next(const char **s, const char *end)
{
	unsigned char c = (unsigned char)**s;
	if (c < 0x80) {
		(*s)++;
		return c;
	}
	utf8proc_int32_t cp;
	utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)*s, end - *s, &cp);
	*s += n > 0 ? n : 1;
	return n > 0 ? cp : -1;
}

void utf8_put(struct buf *b, int32_t cp)
{
	utf8proc_uint8_t bytes[4];
	buf_add(b, bytes, (size_t)utf8proc_encode_char(cp, bytes));
}

size_t utf8_valid(const char *s, size_t n)
{
	const char *p = s, *end = s + n;
	while (p < end) {
		const char *here = p += plain(p, (size_t)(end - p));
		if (p < end && utf8_next(&p, end) <= 0)
			return (size_t)(here - s);
	}
	return n;
}

size_t utf8_count(const char *s, size_t n)
{
	const char *end = s + n;
	size_t count = 0;
	while (s < end) {
		size_t skip = plain(s, (size_t)(end - s));
		s += skip;
		count += skip;
		if (s < end) {
			utf8_next(&s, end);
			count++;
		}
	}
	return count;
}

size_t utf8_prefix(const char *s, size_t n, size_t max)
{
	const char *p = s, *end = s + n;
	while (p < end && max--)
		utf8_next(&p, end);
	return (size_t)(p - s);
}

static bool breaks_line(int32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029;
}

void utf8_line(const char *s, size_t n, struct buf *out)
{
	const char *end = s + n;
	size_t start = out->n;
	while (s < end) {
		const char *word = s;
		while (s < end && *s > ' ' && *s < 0x7f)
			s++;
		buf_add(out, word, (size_t)(s - word));
		if (s == end)
			break;
		int32_t cp = utf8_next(&s, end);
		if (cp < 0)
			cp = UTF8_BAD;
		else if (breaks_line(cp))
			cp = ' ';
		if (cp != ' ' || out->n > start)
			utf8_put(out, cp);
	}
	while (out->n > start && out->s[out->n - 1] == ' ')
		buf_resize(out, out->n - 1);
}
