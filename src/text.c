#include "text.h"
#include "date.h"
#include "guess.h"
#include "name.h"
#include "text_p.h"
#include "utf8.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* characters of the user's text in a message: so that it fits, with the remedy */
#define EXCERPT_MAX 28

static const struct {
	const char *typed, *value;
} priority[] = {
	{ "Normal", TASK_NORMAL }, { "High", TASK_HIGH }, { "n", TASK_NORMAL }, { "h", TASK_HIGH },
	{ "!", TASK_HIGH }, { "", TASK_NORMAL },
};

struct slot {
	int line;		/* 0: the field is not there */
	struct buf value;
};

struct parse {
	const char *today;
	const struct task *was;
	struct text *out;
	struct text_error *e;
	struct slot slot[NKEYS];
};

static void parse_finish(struct parse *p)
{
	for (int k = 0; k < NKEYS; k++)
		buf_finish(&p->slot[k].value);
}

/* ---- complaints ---- */

static enum err fail(struct parse *p, enum err err, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static enum err fail(struct parse *p, enum err err, int line, const char *fmt, ...)
{
	va_list ap;
	if (!p->e)
		return err;
	p->e->line = line;
	va_start(ap, fmt);
	vsnprintf(p->e->msg, sizeof(p->e->msg), fmt, ap);
	va_end(ap);
	return err;
}

/* What the user typed, short and harmless, to be quoted. */
struct excerpt {
	char s[EXCERPT_MAX * 4 + 4];
};

static struct excerpt excerpt(const char *s, size_t n)
{
	struct excerpt x = { "" };
	AUTO_BUF text = BUF_INIT, safe = BUF_INIT;
	size_t some = utf8_prefix(s, n, EXCERPT_MAX);
	buf_add(&text, s, some);
	name_visible(buf_str(&text), &safe);
	snprintf(x.s, sizeof(x.s), "%.*s%s", (int)utf8_prefix(buf_str(&safe), safe.n, EXCERPT_MAX),
		buf_str(&safe), some < n ? "…" : "");
	return x;
}

/* ---- reading: the head's lines into slots ---- */

static enum err bad_line(struct parse *p, int line, struct span l)
{
	size_t n = 0, name = line_name(l);
	while (n < l.n && (isalnum((unsigned char)l.s[n]) || l.s[n] == '-'))
		n++;
	const char *meant = n ? guess(l.s, n, line_words, LINE_NWORDS, sizeof(*line_words)) : NULL;
	struct excerpt x = excerpt(l.s, name ? name : l.n);
	if (name && meant)
		return fail(p, ERR_INVAL, line, "unknown field \"%s\"; did you mean \"%s\"?", x.s, meant);
	if (name)
		return fail(p, ERR_INVAL, line,
			"unknown field \"%s\"; \"X-%s:\" stays on this machine, details come after a blank "
			"line", x.s, x.s);
	if (meant)
		return fail(p, ERR_INVAL, line, "\"%s\" is no field; did you mean \"%s: ...\"?", x.s, meant);
	return fail(p, ERR_INVAL, line, "\"%s\" is no field; put a blank line before the details", x.s);
}

static enum err start_slot(struct parse *p, int line, struct span l, const struct word *w, struct slot **at)
{
	struct slot *slot = *at = &p->slot[w->key];
	if (slot->line)
		return fail(p, ERR_INVAL, line, "%s is given twice: here and in line %d", w->name,
			slot->line);
	size_t used = line_name(l) + 1;
	struct span value = line_trim((struct span){ l.s + used, l.n - used });
	slot->line = line;
	buf_add(&slot->value, value.s, value.n);
	return ERR_OK;
}

static void add_more(struct slot *slot, struct span l)
{
	l = line_trim(l);
	buf_putc(&slot->value, ' ');
	buf_add(&slot->value, l.s, l.n);
}

static enum err read_head(struct parse *p, struct span rest)
{
	struct slot *at = NULL;		/* where a line that begins with a blank goes */
	bool private = false;
	for (int line = 1; rest.n; line++) {
		struct span l = line_next(&rest);
		const struct word *w = line_word(l);
		if (line_is_comment(l) || (line_is_more(l) && private))
			continue;
		if (line_is_more(l) && at) {
			add_more(at, l);
			continue;
		}
		private = line_is_private(l);
		if (private)
			continue;
		if (!w)
			return bad_line(p, line, l);
		TRY(start_slot(p, line, l, w, &at));
	}
	return ERR_OK;
}

/* ---- reading: slots into the task ---- */

static enum err set(struct parse *p, enum field f, const char *value)
{
	p->out->fields |= BIT(f);
	return task_set(&p->out->task, f, value);
}

static enum err set_fact(struct parse *p, enum fact f, const char *value)
{
	p->out->facts |= BIT(f);
	return task_set_fact(&p->out->task, f, value);
}

static enum err read_title(struct parse *p, int line, char *v)
{
	if (utf8_count(v, strlen(v)) > TASK_TITLE_MAX)
		return fail(p, ERR_TOOBIG, line, "the title has %zu characters; at most %d are possible",
			utf8_count(v, strlen(v)), TASK_TITLE_MAX);
	return *v ? set(p, FIELD_TITLE, v) : ERR_OK;
}

static enum err read_priority(struct parse *p, int line, char *v)
{
	for (size_t i = 0; i < sizeof(priority) / sizeof(*priority); i++)
		if (!strcasecmp(v, priority[i].typed))
			return set(p, FIELD_PRIORITY, priority[i].value);
	return fail(p, ERR_INVAL, line, "\"%s\" is no priority: write Normal or High",
		excerpt(v, strlen(v)).s);
}

static enum err read_due(struct parse *p, int line, char *v)
{
	char date[DATE_LEN];
	bool is_word = false;
	if (!*v)
		return set(p, FIELD_DUE, NULL);
	if (date_parse(v, p->today, date, &is_word) != ERR_OK)
		return fail(p, ERR_INVAL, line,
			"\"%s\" is no date: write 2026-09-03, today, tomorrow, mon..sun, +3d, +2w or nothing",
			excerpt(v, strlen(v)).s);
	p->out->resolved |= is_word;
	return set(p, FIELD_DUE, date);
}

static enum err fixed(struct parse *p, int line, const char *label, const char *was)
{
	if (!*was)
		return fail(p, ERR_INVAL, line, "%s cannot be added to a task that exists: drop the line",
			label);
	return fail(p, ERR_INVAL, line, "%s cannot be changed: it is \"%s\"; put it back or drop the line",
		label, excerpt(was, strlen(was)).s);
}

/* Trim in place. NULL: nothing left. */
static const char *piece(char *s)
{
	s += strspn(s, " ");
	size_t n = strlen(s);
	while (n && s[n - 1] == ' ')
		s[--n] = '\0';
	return n ? s : NULL;
}

static void split_person(char *v, const char **name, const char **email)
{
	size_t n = strlen(v);
	char *open = n && v[n - 1] == '>' ? strrchr(v, '<') : NULL;
	*name = *email = NULL;
	if (open) {
		v[n - 1] = *open = '\0';
		*name = piece(v);
		*email = piece(open + 1);
	} else if (render_is_email(v)) {
		*email = piece(v);
	} else {
		*name = piece(v);
	}
}

static enum err read_person(struct parse *p, int line, char *v)
{
	const struct task *was = p->was;
	const char *name, *email;
	AUTO_BUF old = BUF_INIT;
	if (was)
		render_person(&old, was);
	TRY(buf_err(&old));
	if (!*v)
		return old.n ? fixed(p, line, "Person", old.s) : ERR_OK;
	bool same = was && strcmp(v, buf_str(&old)) == 0;
	split_person(v, &name, &email);
	if (was) {
		/* half of what is known is no change: the other half may have arrived after the user typed
		 * it */
		if (!same && ((name && !str_eq(name, was->fact[FACT_PERSON])) ||
				(email && (!was->fact[FACT_EMAIL] ||
				strcasecmp(email, was->fact[FACT_EMAIL])))))
			return fixed(p, line, "Person", buf_str(&old));
		name = was->fact[FACT_PERSON];
		email = was->fact[FACT_EMAIL];
	}
	TRY(set_fact(p, FACT_PERSON, name));
	return set_fact(p, FACT_EMAIL, email);
}

static enum err read_type(struct parse *p, int line, char *v)
{
	AUTO_BUF old = BUF_INIT;
	if (p->was) {
		render_type(&old, p->was->fact[FACT_TYPE]);
		TRY(buf_err(&old));
		if (strcasecmp(v, buf_str(&old)))
			return fixed(p, line, "Type", buf_str(&old));
		return old.n ? set_fact(p, FACT_TYPE, p->was->fact[FACT_TYPE]) : ERR_OK;
	}
	if (!*v)
		return ERR_OK;
	for (int i = 0; i < TASK_NTYPES; i++)
		if (!strcasecmp(v, task_type[i].label))
			return set_fact(p, FACT_TYPE, task_type[i].name);
	return fail(p, ERR_INVAL, line, "\"%s\" is no type: write Email, Call, InMail or Custom",
		excerpt(v, strlen(v)).s);
}

static enum err read_campaign(struct parse *p, int line, char *v)
{
	AUTO_BUF old = BUF_INIT;
	if (!p->was)
		return *v ? fail(p, ERR_INVAL, line, "a campaign makes its own tasks: drop the Campaign line")
			: ERR_OK;
	render_line(&old, p->was->fact[FACT_CAMPAIGN]);
	TRY(buf_err(&old));
	if (strcmp(v, buf_str(&old)))
		return fixed(p, line, "Campaign", buf_str(&old));
	return old.n ? set_fact(p, FACT_CAMPAIGN, p->was->fact[FACT_CAMPAIGN]) : ERR_OK;
}

static enum err read_status(struct parse *p, int line, char *v)
{
	const struct task *was = p->was;
	const char *name = was && was->name && strlen(was->name) <= 80 ? was->name : "NAME.txt";
	bool open = !was || task_is_open(was);
	return fail(p, ERR_INVAL, line, "the directory is the status: mv \"%s/%s\" %s/",
		open ? "open" : "completed", name, open ? "completed" : "open");
}

typedef enum err read_fn(struct parse *p, int line, char *value);

static read_fn *const reader[NKEYS] = {
	[KEY_TITLE] = read_title,
	[KEY_PRIORITY] = read_priority,
	[KEY_DUE] = read_due,
	[KEY_PERSON] = read_person,
	[KEY_TYPE] = read_type,
	[KEY_CAMPAIGN] = read_campaign,
	[KEY_STATUS] = read_status,
};

static enum err read_slots(struct parse *p)
{
	TRY(set(p, FIELD_PRIORITY, TASK_NORMAL));	/* a head is the whole truth: what it leaves out is
							 * cleared */
	TRY(set(p, FIELD_DUE, NULL));
	for (int k = 0; k < NKEYS; k++) {
		AUTO_BUF value = BUF_INIT;
		if (!p->slot[k].line)
			continue;
		TRY(buf_err(&p->slot[k].value));
		utf8_line(buf_str(&p->slot[k].value), p->slot[k].value.n, &value);
		AUTO_FREE char *v = buf_take(&value);
		if (!v)
			return ERR_NOMEM;
		TRY(reader[k](p, p->slot[k].line, v));
	}
	return ERR_OK;
}

static enum err read_details(struct parse *p, int line, struct span body)
{
	if (body.n && body.s[body.n - 1] == '\n')
		body.n--;
	size_t count = utf8_count(body.s, body.n);
	if (count > TASK_DETAILS_MAX)
		return fail(p, ERR_TOOBIG, line, "the details have %zu characters; at most %d are possible",
			count, TASK_DETAILS_MAX);
	AUTO_BUF details = BUF_INIT;
	buf_add(&details, body.s, body.n);
	TRY(buf_err(&details));
	return set(p, FIELD_DETAILS, buf_str(&details));
}

static int line_of(const char *s, size_t n)
{
	int line = 1;
	while (n--)
		line += *s++ == '\n';
	return line;
}

static enum err parse(struct parse *p, const char *s, size_t n)
{
	AUTO_BUF text = BUF_INIT;
	size_t valid = utf8_valid(s, n);
	if (valid < n)
		return fail(p, ERR_UTF8, line_of(s, valid),
			s[valid] ? "byte 0x%02x is not UTF-8: save the file as UTF-8" :
			"a NUL byte (0x%02x) is no text", (unsigned char)s[valid]);
	line_put_file(&text, s, n);
	TRY(buf_err(&text));
	struct parts parts = line_split(buf_str(&text), text.n);
	if (parts.head.n) {
		TRY(read_head(p, parts.head));
		TRY(read_slots(p));
	}
	return read_details(p, parts.body_line, parts.body);
}

enum err text_parse(const char *s, size_t n, const char *today, const struct task *was, struct text *out,
	struct text_error *e)
{
	AUTO(parse_finish) struct parse p = { .today = today, .was = was, .out = out, .e = e };
	*out = (struct text){ 0 };
	enum err err = parse(&p, s, n);
	if (err != ERR_OK)
		text_finish(out);
	return err;
}

bool text_blank(const char *s, size_t n)
{
	while (n && !*s) {
		s++;
		n--;
	}
	return !n;
}

void text_finish(struct text *x)
{
	task_finish(&x->task);
	*x = (struct text){ 0 };
}
