#include "text_p.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

#define BOM "\xEF\xBB\xBF"

const struct word line_words[] = {
	{ "Title", KEY_TITLE },
	{ "Subject", KEY_TITLE },
	{ "Name", KEY_TITLE },
	{ "Priority", KEY_PRIORITY },
	{ "Due", KEY_DUE },
	{ "Person", KEY_PERSON },
	{ "Type", KEY_TYPE },
	{ "Campaign", KEY_CAMPAIGN },
	{ "Status", KEY_STATUS },
};

void line_put_lf(struct buf *out, const char *s, size_t n)
{
	const char *end = s + n;
	while (s < end) {
		const char *cr = memchr(s, '\r', (size_t)(end - s));
		buf_add(out, s, (size_t)((cr ? cr : end) - s));
		if (!cr)
			return;
		buf_putc(out, '\n');
		s = cr + 1 + (cr + 1 < end && cr[1] == '\n');
	}
}

void line_put_file(struct buf *out, const char *s, size_t n)
{
	size_t bom = n >= 3 && memcmp(s, BOM, 3) == 0 ? 3 : 0;
	line_put_lf(out, s + bom, n - bom);
}

struct span line_next(struct span *rest)
{
	const char *lf = memchr(rest->s, '\n', rest->n);
	struct span line = { rest->s, lf ? (size_t)(lf - rest->s) : rest->n };
	size_t used = line.n + (lf != NULL);
	rest->s += used;
	rest->n -= used;
	return line;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct span line_trim(struct span l)
{
	while (l.n && is_blank(l.s[l.n - 1]))
		l.n--;
	for (; l.n && is_blank(*l.s); l.n--)
		l.s++;
	return l;
}

size_t line_name(struct span l)
{
	size_t n = 0;
	while (n < l.n && (unsigned char)l.s[n] < 0x80 && (isalnum((unsigned char)l.s[n]) || l.s[n] == '-'))
		n++;
	return n < l.n && l.s[n] == ':' ? n : 0;
}

const struct word *line_word(struct span l)
{
	size_t n = line_name(l);
	for (size_t i = 0; n && i < LINE_NWORDS; i++)
		if (strlen(line_words[i].name) == n && strncasecmp(line_words[i].name, l.s, n) == 0)
			return &line_words[i];
	return NULL;
}

bool line_is_private(struct span l)
{
	return line_name(l) > 2 && strncasecmp(l.s, "X-", 2) == 0;
}

bool line_is_comment(struct span l)
{
	return l.n && *l.s == '#';
}

bool line_is_more(struct span l)
{
	return l.n && is_blank(*l.s);
}

struct parts line_split(const char *s, size_t n)
{
	struct parts all = { { s, 0 }, { s, n }, 1 };
	struct span rest = { s, n };
	bool head = false;
	int lines = 0;
	while (rest.n) {
		struct span start = rest, line = line_next(&rest);
		lines++;
		if (!line_trim(line).n)
			return head ? (struct parts){ { s, (size_t)(start.s - s) }, rest, lines + 1 } : all;
		head = head || line_word(line);
	}
	return head ? (struct parts){ { s, n }, rest, lines + 1 } : all;
}
