#include "remote_p.h"
#include "date.h"
#include "name.h"
#include "utf8.h"
#include <stdio.h>
#include <string.h>

static void finish(struct remote_task *r)
{
	free(r->id);
	free(r->version);
	free(r->url);
	free(r->once);
	task_finish(&r->t);
	for (int f = 0; f < TASK_NFIELDS; f++)
		free(r->raw[f]);
	*r = (struct remote_task){ 0 };
}

void page_finish(struct page *p)
{
	for (size_t i = 0; i < p->n; i++)
		finish(&p->task[i]);
	free(p->task);
	free(p->cursor);
	free(p->mark);
	*p = PAGE_INIT;
}

/* There is room for the next power of two above n, so that no member has to say how much. */
struct remote_task *page_add(struct page *p)
{
	if ((p->n & (p->n - 1)) == 0) {
		size_t room = p->n ? p->n * 2 : 1;
		struct remote_task *more = reallocarray(p->task, room, sizeof *more);
		if (!more)
			return NULL;
		p->task = more;
	}
	p->task[p->n] = (struct remote_task){ 0 };
	return &p->task[p->n++];
}

void hello_finish(struct hello *h)
{
	free(h->account);
	free(h->user);
	free(h->template);
	*h = (struct hello){ 0 };
}

void item_finish(struct item *i)
{
	free(i->new_id);
	free(i->new_version);
	free(i->url);
	i->new_id = i->new_version = i->url = NULL;
}

enum err str_put(char **to, const char *s)
{
	bool ok = true;
	char *copy = str_dup(s, &ok);
	if (!ok)
		return ERR_NOMEM;
	free(*to);
	*to = copy;
	return ERR_OK;
}

static enum err set_title(struct remote_task *r, const char *v)
{
	AUTO_BUF line = BUF_INIT;
	if (v)
		utf8_line(v, strlen(v), &line);
	if (line.n)
		buf_resize(&line, utf8_prefix(line.s, line.n, TASK_TITLE_MAX));
	TRY(buf_err(&line));
	return task_set(&r->t, FIELD_TITLE, line.n ? line.s : task_field[FIELD_TITLE].initial);
}

static enum err set_due(struct remote_task *r, const char *v)
{
	if (!v || date_valid(v))
		return task_set(&r->t, FIELD_DUE, v);
	r->unknown |= BIT(FIELD_DUE);
	return ERR_OK;
}

static enum err set_details(struct remote_task *r, const char *v)
{
	AUTO_BUF b = BUF_INIT;
	for (const char *s = v; s && *s; s++) {
		if (*s == '\r')
			buf_putc(&b, '\n');
		else if (*s != '\n' || s == v || s[-1] != '\r')
			buf_putc(&b, *s);
	}
	if (b.n)
		buf_resize(&b, utf8_prefix(b.s, b.n, TASK_DETAILS_MAX));
	TRY(buf_err(&b));
	return task_set(&r->t, FIELD_DETAILS, buf_str(&b));
}

static enum err set_word(struct remote_task *r, enum field f, const char *theirs, const char *ours)
{
	TRY(str_put(&r->raw[f], theirs));
	return f == FIELD_TITLE ? set_title(r, ours) : task_set(&r->t, f, ours);
}

enum err remote_set(struct remote_task *r, enum field f, const char *theirs, const char *ours)
{
	if (f == FIELD_DUE)
		return set_due(r, ours);
	return f == FIELD_DETAILS ? set_details(r, ours) : set_word(r, f, theirs, ours);
}

enum err items_give_up(struct item *it, size_t n, size_t i, enum err e)
{
	bool its_own = e == ERR_LOST || e == ERR_RETRY || e == ERR_PROTOCOL;
	for (size_t k = i; k < n; k++)
		it[k].err = k > i && its_own ? ERR_BUSY : e;
	return i || its_own ? ERR_OK : e;
}

void msg_set(char out[MSG_LEN], const char *code, const char *text)
{
	AUTO_BUF raw = BUF_INIT;
	AUTO_BUF line = BUF_INIT;
	AUTO_BUF safe = BUF_INIT;
	buf_printf(&raw, "%s%s%s", code ? code : "", code && text && *text ? ": " : "", text ? text : "");
	utf8_line(buf_str(&raw), raw.n, &line);
	name_visible(buf_str(&line), &safe);
	size_t n = safe.n;
	const char *s = buf_str(&safe);
	if (n >= MSG_LEN) {
		n = MSG_LEN - 1;
		while (n && ((unsigned char)s[n] & 0xC0) == 0x80)
			n--;
	}
	memcpy(out, s, n);
	out[n] = '\0';
}

void code_set(char out[CODE_LEN], const char *code)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
	size_t n = code ? strspn(code, good) : 0;
	bool is_code = n && n < CODE_LEN && !code[n];
	snprintf(out, CODE_LEN, "%s", is_code ? code : "");
}

bool err_of_item(enum err e)
{
	return e == ERR_STALE || e == ERR_GONE || e == ERR_REFUSED || e == ERR_DENIED || e == ERR_EXIST;
}

enum err err_of_read(enum err e)
{
	if (e == ERR_LOST)
		return ERR_OFFLINE;
	return err_of_item(e) || e == ERR_TOOBIG ? ERR_PROTOCOL : e;
}
