#include "name.h"
#include "utf8.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#define EXT ".txt"
#define ELLIPSIS "…"
#define UNTITLED "Untitled"

/* What a file name may not hold, or not begin with, and what stands for it there. */
static const struct lookalike {
	int32_t plain, wide;
	bool leading;		/* only as the first character */
} lookalike[] = {
	{ '/', 0xFF0F, false },
	{ '.', 0xFF0E, true },
	{ '#', 0xFF03, true },
};
#define NLOOKALIKES (sizeof(lookalike) / sizeof(*lookalike))

static int32_t widen(int32_t cp, bool first)
{
	for (size_t i = 0; i < NLOOKALIKES; i++)
		if (cp == lookalike[i].plain && (first || !lookalike[i].leading))
			return lookalike[i].wide;
	return cp;
}

static int32_t narrow(int32_t cp, bool first)
{
	for (size_t i = 0; i < NLOOKALIKES; i++)
		if (cp == lookalike[i].wide && (first || !lookalike[i].leading))
			return lookalike[i].plain;
	return cp;
}

static bool is_joiner(int32_t cp)
{
	return cp == 0x200C || cp == 0x200D;
}

static bool is_variation(int32_t cp)
{
	return (cp >= 0xFE00 && cp <= 0xFE0F) || (cp >= 0xE0100 && cp <= 0xE01EF) ||
		(cp >= 0x180B && cp <= 0x180D) ||
		cp == 0x180F;
}

/* Takes no room, or turns the line round: what makes one name look like another. */
static bool is_hidden(int32_t cp)
{
	const utf8proc_property_t *p = utf8proc_get_property(cp);
	return p->category == UTF8PROC_CATEGORY_ZL || p->category == UTF8PROC_CATEGORY_ZP || p->ignorable ||
		(p->category == UTF8PROC_CATEGORY_CF && p->boundclass != UTF8PROC_BOUNDCLASS_PREPEND);
}

/*
 * Hidden characters a language or an emoji needs: joiners within scripts that have them (Persian, Indic,
 * families of emoji; those begin at U+0590), a variation selector after something that is not ASCII or in a
 * keycap.
 */
static bool is_needed(int32_t before, int32_t cp, int32_t after)
{
	if (is_joiner(cp))
		return before >= 0x590 && after >= 0x590 && !is_joiner(before) && !is_joiner(after);
	return is_variation(cp) && (before >= 0xA0 || after == 0x20E3);
}

/* Controls have pictures of their own; all other hidden ones share one. */
static int32_t picture(int32_t before, int32_t cp, int32_t after)
{
	if (cp >= 0 && cp < 0x20)
		return 0x2400 + cp;
	if (cp == 0x7f)
		return 0x2421;
	if (cp < 0 || (cp >= 0x80 && cp < 0xa0) || (is_hidden(cp) && !is_needed(before, cp, after)))
		return UTF8_BAD;
	return cp;
}

/* Decode n bytes; the caller frees. NULL: out of memory. */
static int32_t *decode(const char *s, size_t n, size_t *count)
{
	const char *end = s + n;
	int32_t *cp = malloc((n + 1) * sizeof(*cp));
	*count = 0;
	while (cp && s < end)
		cp[(*count)++] = utf8_next(&s, end);
	return cp;
}

static void put_visible(const int32_t *cp, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		utf8_put(out, cp[i] >= ' ' && cp[i] < 0x7f ? cp[i] :
			picture(i ? cp[i - 1] : 0, cp[i], i + 1 < n ? cp[i + 1] : 0));
}

void name_visible(const char *s, struct buf *out)
{
	size_t n;
	AUTO_FREE int32_t *cp = decode(s, strlen(s), &n);
	if (cp)
		put_visible(cp, n, out);
	else
		out->failed = true;
}

/* NFC; bad bytes become U+FFFD first. The caller frees. NULL: out of memory. */
static char *compose(const char *s)
{
	AUTO_BUF b = BUF_INIT;
	const char *end = s + strlen(s);
	bool ascii = true;
	while (s < end) {
		int32_t cp = utf8_next(&s, end);
		utf8_put(&b, cp < 0 ? UTF8_BAD : cp);
		ascii = ascii && cp >= 0 && cp < 0x80;
	}
	if (ascii || buf_err(&b))
		return buf_take(&b);
	return (char *)utf8proc_NFC((const utf8proc_uint8_t *)buf_str(&b));
}

static bool is_blank(int32_t cp)
{
	return (cp >= 9 && cp <= 13) || utf8proc_category(cp) == UTF8PROC_CATEGORY_ZS;
}

/* The title as one safe piece of a path, of any length: "" if nothing is left. */
static enum err stem_of(const char *title, struct buf *out)
{
	AUTO_FREE char *nfc = compose(title);
	if (!nfc)
		return ERR_NOMEM;
	size_t n;
	AUTO_FREE int32_t *all = decode(nfc, strlen(nfc), &n);
	if (!all)
		return ERR_NOMEM;
	int32_t *cp = all;
	while (n && is_blank(cp[n - 1]))
		n--;
	for (; n && is_blank(*cp); n--)
		cp++;
	for (size_t i = 0; i < n; i++)
		cp[i] = widen(cp[i], i == 0);
	put_visible(cp, n, out);
	return buf_err(out);
}

/* The last place at or before max where no character as a reader sees it is torn; else no code point is. */
static size_t cut_at(const char *s, size_t n, size_t max)
{
	const char *p = s, *end = s + n;
	int32_t before = 0, state = 0;
	size_t grapheme = 0, point = 0;
	while (p < end && (size_t)(p - s) <= max) {
		size_t at = (size_t)(p - s);
		int32_t cp = utf8_next(&p, end);
		if (at && utf8proc_grapheme_break_stateful(before, cp, &state))
			grapheme = at;
		point = at;
		before = cp;
	}
	return grapheme ? grapheme : point;
}

static void cut(struct buf *stem, size_t max)
{
	size_t n = cut_at(stem->s, stem->n, max - strlen(ELLIPSIS));
	while (n && stem->s[n - 1] == ' ')
		n--;
	buf_resize(stem, n);
	buf_puts(stem, ELLIPSIS);
}

static enum err make(const char *title, unsigned n, const char *ext, char out[NAME_LEN + 1])
{
	char number[16] = "";
	AUTO_BUF stem = BUF_INIT;
	TRY(stem_of(title, &stem));
	if (!stem.n)
		buf_puts(&stem, UNTITLED);
	if (n > 1)
		snprintf(number, sizeof(number), " (%u)", n);
	size_t max = NAME_LEN - strlen(ext) - strlen(number);
	if (stem.n > max)
		cut(&stem, max);
	TRY(buf_err(&stem));
	snprintf(out, NAME_LEN + 1, "%s%s%s", stem.s, number, ext);
	return ERR_OK;
}

enum err name_of(const char *title, unsigned n, char out[NAME_LEN + 1])
{
	return make(title, n, EXT, out);
}

enum err name_plain(const char *s, unsigned n, char out[NAME_LEN + 1])
{
	return make(s, n, "", out);
}

static bool is_hidden_name(const char *name)
{
	return *name == '.' || *name == '#';
}

bool name_is_task(const char *name)
{
	return !is_hidden_name(name) && strlen(name) > strlen(EXT) && str_ends(name, EXT);
}

enum err name_title(const char *name, struct buf *out)
{
	AUTO_BUF title = BUF_INIT;
	size_t n = strlen(name), start = out->n;
	if (utf8_valid(name, n) != n)
		return ERR_UTF8;
	const char *end = name + n - (str_ends(name, EXT) ? strlen(EXT) : 0);
	for (bool first = true; name < end; first = false)
		utf8_put(&title, narrow(utf8_next(&name, end), first));
	TRY(buf_err(&title));
	utf8_line(buf_str(&title), title.n, out);
	if (out->n == start)
		buf_puts(out, UNTITLED);
	return buf_err(out);
}

/* What tools call their files while they work; a name of only digits or signs is theirs, too (vim's 4913). */
static const char *const tool_end[] = {
	"~", "#", ".swp", ".swo", ".swx", ".tmp", ".temp", ".bak", ".orig", ".rej", ".part", ".lock", ".new",
	".old", ".kate-swp", ".crdownload", ".filepart",
};
static const struct {
	const char *begin;
	size_t n;		/* length of the whole name; 0: any */
} tool_begin[] = {
	{ "sed", 9 }, { "XX", 8 }, { "tmp.", 0 }, { "sponge.", 0 }, { "~", 0 }, { "nfs", 27 },
};

static bool is_tools(const char *name)
{
	for (size_t i = 0; i < sizeof(tool_end) / sizeof(*tool_end); i++)
		if (str_ends(name, tool_end[i]))
			return true;
	for (size_t i = 0; i < sizeof(tool_begin) / sizeof(*tool_begin); i++)
		if (!strncmp(name, tool_begin[i].begin, strlen(tool_begin[i].begin)) && !strchr(name, ' ') &&
				(!tool_begin[i].n || tool_begin[i].n == strlen(name)))
			return true;
	return strstr(name, EXT ".") || strstr(name, EXT "-");
}

static bool has_letter(const char *s)
{
	while (*s && !isalpha((unsigned char)*s) && (unsigned char)*s < 0x80)
		s++;
	return *s;
}

bool name_looks_typed(const char *name)
{
	return !name_is_task(name) && !is_hidden_name(name) && has_letter(name) && !is_tools(name);
}
