#include "json.h"
#include "date.h"
#include "utf8.h"
#include <cjson/cJSON.h>
#include <string.h>

/* One pass over the text before cJSON sees it. out NULL: only look. */
struct scan {
	const char *at, *end;
	struct buf *out;
	size_t depth, values;
	bool dirty;
};

static int hex4(const char *s, const char *end)
{
	int v = 0;
	if (end - s < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		const char *digits = "0123456789abcdef";
		const char *d = s[i] ? strchr(digits, s[i] | 0x20) : NULL;
		if (!d || (s[i] >= 0x10 && s[i] < 0x20))
			return -1;
		v = v * 16 + (int)(d - digits);
	}
	return v;
}

static void copy(struct scan *x, const char *to)
{
	if (x->out)
		buf_add(x->out, x->at, (size_t)(to - x->at));
	x->at = to;
}

static void replace(struct scan *x, const char *with, size_t skip)
{
	x->dirty = true;
	if (x->out)
		buf_puts(x->out, with);
	x->at += skip;
}

static void scan_escape(struct scan *x)
{
	int u = x->end - x->at >= 2 && x->at[1] == 'u' ? hex4(x->at + 2, x->end) : -1;
	const char *next = x->at + 6;
	if (u < 0) {
		copy(x, x->end - x->at >= 2 ? x->at + 2 : x->end);
	} else if (u >= 0xD800 && u < 0xDC00 && x->end - next >= 6 && next[0] == '\\' && next[1] == 'u' &&
		   hex4(next + 2, x->end) >= 0xDC00 && hex4(next + 2, x->end) < 0xE000) {
		copy(x, next + 6);
	} else if (u == 0 || (u >= 0xD800 && u < 0xE000)) {
		replace(x, "\\ufffd", 6);
	} else {
		copy(x, next);
	}
}

/* Behind the opening quote. false: it never ends. */
static bool scan_string(struct scan *x)
{
	while (x->at < x->end) {
		const char *s = x->at;
		while (s < x->end && *s != '"' && *s != '\\' && *s && !(*s & 0x80))
			s++;
		copy(x, s);
		if (s == x->end || !*s)
			return false;
		if (*s == '"') {
			copy(x, s + 1);
			return true;
		}
		if (*s == '\\') {
			scan_escape(x);
		} else if (utf8_next(&s, x->end) < 0) {
			replace(x, "\xEF\xBF\xBD", (size_t)(s - x->at));
		} else {
			copy(x, s);
		}
	}
	return false;
}

static bool scan_all(struct scan *x)
{
	while (x->at < x->end) {
		char c = *x->at;
		if (!c || (c & 0x80))
			return false;
		copy(x, x->at + 1);
		if (c == '"' && !scan_string(x))
			return false;
		if (c == '[' || c == '{')
			x->depth++;
		else if ((c == ']' || c == '}') && x->depth)
			x->depth--;
		if (c == '[' || c == '{' || c == ',')
			x->values++;
		if (x->depth > JSON_DEPTH || x->values > JSON_VALUES)
			return false;
	}
	return true;
}

struct cJSON *json_parse(const char *s, size_t n)
{
	struct scan look = { .at = s, .end = s + n };
	if (!n || !scan_all(&look))
		return NULL;
	if (!look.dirty)
		return cJSON_ParseWithLengthOpts(s, n + 1, NULL, true);
	AUTO_BUF clean = BUF_INIT;
	struct scan again = { .at = s, .end = s + n, .out = &clean };
	if (!scan_all(&again) || buf_err(&clean))
		return NULL;
	return cJSON_ParseWithLengthOpts(clean.s, clean.n + 1, NULL, true);
}

void json_free(struct cJSON **j)
{
	cJSON_Delete(*j);
	*j = NULL;
}

const struct cJSON *json_member(const struct cJSON *o, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(o, name);
}

const char *json_text(const struct cJSON *o, const char *name)
{
	return cJSON_GetStringValue(json_member(o, name));
}

bool json_true(const struct cJSON *o, const char *name)
{
	return cJSON_IsTrue(json_member(o, name));
}

bool json_int(const struct cJSON *o, const char *name, int64_t *out)
{
	const struct cJSON *j = json_member(o, name);
	double max = (double)JSON_INT_MAX;
	if (!cJSON_IsNumber(j) || !(j->valuedouble >= -max && j->valuedouble <= max))
		return false;
	int64_t n = (int64_t)j->valuedouble;
	if ((double)n != j->valuedouble)
		return false;
	*out = n;
	return true;
}

int64_t json_time(const struct cJSON *o, const char *name)
{
	const char *s = json_text(o, name);
	int64_t ms;
	return s && date_parse_time(s, &ms) == ERR_OK ? ms : 0;
}

static const char *walk(const struct cJSON *o, const char *path)
{
	char part[64];
	const char *dot;
	for (; (dot = strchr(path, '.')); path = dot + 1) {
		if ((size_t)(dot - path) >= sizeof part)
			return NULL;
		memcpy(part, path, (size_t)(dot - path));
		part[dot - path] = '\0';
		o = json_member(o, part);
	}
	return json_text(o, path);
}

enum err json_pick(const char *s, size_t n, const struct json_pick *want, size_t nwant)
{
	bool ok = true;
	for (size_t i = 0; i < nwant; i++)
		*want[i].out = NULL;
	AUTO_JSON root = json_parse(s, n);
	if (!root)
		return ERR_INVAL;
	for (size_t i = 0; i < nwant; i++) {
		const char *v = walk(root, want[i].path);
		*want[i].out = v && *v ? str_dup(v, &ok) : NULL;
	}
	for (size_t i = 0; !ok && i < nwant; i++) {
		free(*want[i].out);
		*want[i].out = NULL;
	}
	return ok ? ERR_OK : ERR_NOMEM;
}

void json_quote(struct buf *b, const char *s)
{
	if (!s) {
		buf_puts(b, "null");
		return;
	}
	const char *end = s + strlen(s);
	buf_putc(b, '"');
	while (s < end) {
		const char *from = s;
		int32_t cp = utf8_next(&s, end);
		if (cp < 0)
			buf_puts(b, "\xEF\xBF\xBD");
		else if (cp == '"' || cp == '\\')
			buf_printf(b, "\\%c", (char)cp);
		else if (cp == '\n')
			buf_puts(b, "\\n");
		else if (cp < 0x20 || cp == 0x7F)
			buf_printf(b, "\\u%04x", (unsigned)cp);
		else
			buf_add(b, from, (size_t)(s - from));
	}
	buf_putc(b, '"');
}
