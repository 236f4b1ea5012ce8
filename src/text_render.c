#include "text_p.h"
#include "date.h"
#include "text.h"
#include "utf8.h"
#include <string.h>

void render_line(struct buf *out, const char *s)
{
	if (s)
		utf8_line(s, strlen(s), out);
}

bool render_is_email(const char *s)
{
	return strchr(s, '@') && !strchr(s, ' ') && !strchr(s, '>');
}

void render_person(struct buf *out, const struct task *t)
{
	AUTO_BUF name = BUF_INIT, email = BUF_INIT;
	render_line(&name, t->fact[FACT_PERSON]);
	render_line(&email, t->fact[FACT_EMAIL]);
	if (name.n)
		buf_puts(out, name.s);
	if (name.n && (email.n || strchr(name.s, '>') || render_is_email(name.s)))
		buf_printf(out, " <%s>", buf_str(&email));
	else if (email.n)
		buf_printf(out, render_is_email(email.s) ? "%s" : "<%s>", email.s);
	out->failed |= name.failed || email.failed;
}

void render_type(struct buf *out, const char *type)
{
	for (int i = 0; i < TASK_NTYPES; i++)
		if (str_eq(type, task_type[i].name))
			type = task_type[i].label;
	render_line(out, type);
}

static size_t begin_line(struct buf *out, const char *label)
{
	buf_puts(out, label);
	buf_puts(out, ": ");
	return out->n;
}

/* Without a value the line is a slot to fill, "Label:". */
static void end_line(struct buf *out, size_t value_at)
{
	if (out->n == value_at && value_at)
		buf_resize(out, value_at - 1);
	buf_putc(out, '\n');
}

void text_title(const char *s, struct buf *out)
{
	size_t start = out->n;
	render_line(out, s);
	buf_resize(out, start + utf8_prefix(buf_str(out) + start, out->n - start, TASK_TITLE_MAX));
	while (out->n > start && out->s[out->n - 1] == ' ')
		buf_resize(out, out->n - 1);
}

void text_details(const char *s, struct buf *out)
{
	AUTO_BUF lf = BUF_INIT;
	if (s)
		line_put_lf(&lf, s, strlen(s));
	out->failed |= lf.failed;
	const char *p = buf_str(&lf), *end = p + lf.n;
	while (p < end) {
		size_t good = utf8_valid(p, (size_t)(end - p));
		buf_add(out, p, good);
		p += good;
		if (p < end) {
			utf8_put(out, UTF8_BAD);
			p++;
		}
	}
}

static void put_head(struct buf *out, const struct task *t)
{
	size_t at = begin_line(out, task_field[FIELD_TITLE].label);
	text_title(t->field[FIELD_TITLE], out);
	end_line(out, at);

	at = begin_line(out, task_field[FIELD_PRIORITY].label);
	buf_puts(out, str_eq(t->field[FIELD_PRIORITY], TASK_HIGH) ? "High" : "Normal");
	end_line(out, at);

	at = begin_line(out, task_field[FIELD_DUE].label);
	buf_puts(out, date_valid(t->field[FIELD_DUE]) ? t->field[FIELD_DUE] : NULL);
	end_line(out, at);
}

static void put_facts(struct buf *out, const struct task *t)
{
	size_t at;
	if (t->fact[FACT_PERSON] || t->fact[FACT_EMAIL]) {
		at = begin_line(out, "Person");
		render_person(out, t);
		end_line(out, at);
	}
	if (t->fact[FACT_TYPE]) {
		at = begin_line(out, "Type");
		render_type(out, t->fact[FACT_TYPE]);
		end_line(out, at);
	}
	if (t->fact[FACT_CAMPAIGN]) {
		at = begin_line(out, "Campaign");
		render_line(out, t->fact[FACT_CAMPAIGN]);
		end_line(out, at);
	}
}

/* The comments and X- lines of an earlier text, in their order. */
static void put_kept(struct buf *out, const char *old, size_t n)
{
	AUTO_BUF text = BUF_INIT;
	if (utf8_valid(old, n) < n)
		return;
	line_put_file(&text, old, n);
	struct span rest = line_split(buf_str(&text), text.n).head;
	bool private = false;
	while (rest.n) {
		struct span l = line_next(&rest);
		if (!line_is_comment(l) && !line_is_more(l))
			private = line_is_private(l);
		if (line_is_comment(l) || private) {
			buf_add(out, l.s, l.n);
			buf_putc(out, '\n');
		}
	}
	out->failed |= text.failed;
}

void text_render(const struct task *t, const char *old, size_t n, struct buf *out)
{
	put_head(out, t);
	put_facts(out, t);
	if (old)
		put_kept(out, old, n);
	buf_putc(out, '\n');
	size_t at = out->n;
	text_details(t->field[FIELD_DETAILS], out);
	if (out->n > at)
		buf_putc(out, '\n');
}
