#include "subject.h"
#include "utf8.h"
#include <string.h>
#include <strings.h>

#define OPEN "{{"
#define CLOSE "}}"

static const char *fact(const struct task *t, int f)
{
	return t->fact[f];
}

static const char *field(const struct task *t, int f)
{
	return t->field[f];
}

static const char *type(const struct task *t, int f)
{
	for (int i = 0; i < TASK_NTYPES; i++)
		if (str_eq(t->fact[f], task_type[i].name))
			return task_type[i].label;
	return t->fact[f];
}

static const char *none(const struct task *t, int f)
{
	return NULL;
}

/* The seven fields of R27. What a call led to is known to Sales Connect's dialer alone. */
static const struct slot {
	const char *name;
	const char *(*value)(const struct task *t, int f);
	int f;
} slot[] = {
	{ "activity_type", type, FACT_TYPE },
	{ "activity_subject", field, FIELD_TITLE },
	{ "sales_campaign_name", fact, FACT_CAMPAIGN },
	{ "sales_campaign_day", fact, FACT_CAMPAIGN_DAY },
	{ "sales_campaign_step", fact, FACT_CAMPAIGN_STEP },
	{ "call_outcome", none, 0 },
	{ "call_reason", none, 0 },
};
#define TITLE_SLOT 1

/* The field that stands at s, "{{name}}"; *end: behind it. NULL: none that we know. */
static const struct slot *slot_at(const char *s, const char **end)
{
	if (strncmp(s, OPEN, strlen(OPEN)) != 0)
		return NULL;
	s += strlen(OPEN);
	for (size_t i = 0; i < sizeof(slot) / sizeof(*slot); i++) {
		size_t n = strlen(slot[i].name);
		*end = s + n + strlen(CLOSE);
		if (!strncasecmp(s, slot[i].name, n) && !strncmp(s + n, CLOSE, strlen(CLOSE)))
			return &slot[i];
	}
	return NULL;
}

static const char *or_default(const char *template)
{
	return template && *template ? template : SUBJECT_DEFAULT;
}

bool subject_is_name(const char *template)
{
	return !strcasecmp(or_default(template), SUBJECT_DEFAULT);
}

bool subject_has_title(const char *template)
{
	const char *end;
	for (const char *s = or_default(template); *s; s++)
		if (slot_at(s, &end) == &slot[TITLE_SLOT])
			return true;
	return false;
}

static bool is_break(int32_t cp)
{
	return (cp >= '\n' && cp <= '\r') || cp == 0x85 || cp == 0x2028 || cp == 0x2029;
}

static void trim(struct buf *out, size_t start)
{
	while (out->n > start && strchr(" \t", out->s[out->n - 1]))
		buf_resize(out, out->n - 1);
}

/* Append without line breaks, and without blanks in front. */
static void put(struct buf *out, size_t start, const char *s, size_t n)
{
	const char *end = s + n;
	while (s < end) {
		int32_t cp = utf8_next(&s, end);
		bool leading = out->n == start && (cp == ' ' || cp == '\t');
		if (!leading && !is_break(cp))
			utf8_put(out, cp < 0 ? UTF8_BAD : cp);
	}
}

void subject_render(const char *template, const struct task *t, struct buf *out)
{
	size_t start = out->n;
	const char *s = or_default(template);
	while (*s) {
		const char *end;
		const struct slot *found = slot_at(s, &end);
		const char *value = found ? found->value(t, found->f) : s;
		size_t text = 1 + strcspn(s + 1, "{");
		if (value)
			put(out, start, value, found ? strlen(value) : text);
		s = found ? end : s + text;
	}
	buf_resize(out, start + utf8_prefix(buf_str(out) + start, out->n - start, SUBJECT_MAX));
	trim(out, start);
}

static const char any[] = "\xee\x80\x80";	/* a private character: no name */

enum err subject_shape(const char *template, const struct task *t, struct buf *out)
{
	AUTO_TASK named = TASK_INIT;
	TRY(task_copy(&named, t));
	TRY(task_set(&named, FIELD_TITLE, any));
	subject_render(template, &named, out);
	return buf_err(out);
}

bool subject_has_shape(const char *subject, const char *shape)
{
	const char *name = strstr(shape, any), *end = name ? name + strlen(any) : NULL;
	size_t n = subject ? strlen(subject) : 0, head = name ? (size_t)(name - shape) : 0,
		tail = end ? strlen(end) : 0;
	return name ? (head || tail) && n >= head + tail && !strncmp(subject, shape, head) &&
		!strcmp(subject + n - tail, end) :
		      field_same(shape, subject);
}

enum err subject_fits(const char *template, const struct task *t, const char *subject, bool *out)
{
	AUTO_BUF shape = BUF_INIT;
	TRY(subject_shape(template, t, &shape));
	*out = subject_has_shape(subject, buf_str(&shape));
	return ERR_OK;
}
