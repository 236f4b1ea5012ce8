#include "salesforce_p.h"
#include "date.h"
#include "log.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LOG_MODULE "salesforce"
/* rows of a long transaction turn up with an older stamp (salesforce.md 3.2) */
#define OVERLAP_MS (INT64_C(600) * 1000)
#define CREATE_SLACK_MS (INT64_C(120) * 1000)
#define HOUR_MS (INT64_C(3600) * 1000)
#define PAGE_ROWS_SMALL 200	/* when a page of long details is beyond what http takes */
#define IN_BYTES 6000		/* of a list in a query, before escaping: the address stays below 16 KiB */
#define IN_IDS 400
#define RESTARTS 3

/* One page, its records appended. A server that does not know the e-mail behind a task is asked without. */
static enum err read_page(struct salesforce *sf, const char *path, struct page *out, struct sf_more *m)
{
	AUTO_REPLY r = { 0 };
	*m = (struct sf_more){ .total = -1 };
	TRY(sf_get(sf, path, &r));
	TRY(sf_nonsense(sf, sf_read_page(buf_str(&r.body), r.body.n, &sf->org, out, m)));
	m->date = r.date;
	if (m->bad)
		log_warn("records without an id left out n=%zu", m->bad);
	sf->relearnt = false;
	return ERR_OK;
}

void sf_add_select(struct salesforce *sf, struct buf *soql)
{
	buf_puts(soql, "SELECT ");
	sf_columns(soql, &sf->org, "", true);
	buf_printf(soql, " FROM Task WHERE ");
}

static void sf_add_time(struct buf *soql, int64_t ms)
{
	char text[DATE_TIME_LEN];
	date_format_time(ms / 1000 * 1000, text);
	buf_printf(soql, "%.19sZ", text);
}

static void add_first(struct buf *soql, const struct pull *p)
{
	static const int64_t hours[] = { [FIRST_24H] = 24, [FIRST_30D] = 30 * 24, [FIRST_OPEN] = 24 };
	bool open = p->first == FIRST_OPEN;
	buf_puts(soql, open ? " AND IsDeleted=false AND (IsClosed=false OR " : " AND IsDeleted=false AND ");
	buf_puts(soql, "LastModifiedDate>=");
	sf_add_time(soql, p->now - hours[p->first] * HOUR_MS);
	buf_puts(soql, open ? ")" : "");
}

static enum err pull_path(struct salesforce *sf, const struct pull *p, struct buf *path)
{
	AUTO_BUF soql = BUF_INIT;
	int64_t since;
	sf_add_select(sf, &soql);
	buf_printf(&soql, "OwnerId='%s'", sf->org.me);
	if (!p->mark) {
		add_first(&soql, p);
	} else {
		if (date_parse_time(p->mark, &since) != ERR_OK)
			return ERR_PROTOCOL;
		buf_puts(&soql, " AND SystemModstamp>=");
		sf_add_time(&soql, since);
	}
	buf_puts(&soql, " ORDER BY SystemModstamp,Id");
	return sf_query_path(&soql, true, path);
}

/*
 * How far a query has come. Its rows are those of its first moment, but they show what they are when their
 * page is read: a stamp may be younger than rows that were not in it. So the mark is no later than that
 * moment.
 */
struct progress {
	int64_t last, begun;	/* the highest stamp, the server's clock at the first page;
				 * 0: none, not told */
	const char *path;	/* of the next page */
};

/* As a cursor: "1795550400000 1795550400000 /services/data/...". */
static bool progress_parse(const char *cursor, struct progress *g)
{
	char *rest;
	g->last = strtoll(cursor, &rest, 10);
	g->begun = strtoll(rest, &rest, 10);
	g->path = rest + 1;
	return strncmp(rest, " /services/data/", 16) == 0;
}

static void progress_note(struct progress *g, const struct sf_more *m, bool first_page)
{
	if (first_page)
		g->begun = m->date;
	g->last = m->last > g->last ? m->last : g->last;
	if (g->begun && g->last > g->begun)
		g->last = g->begun;
}

/* ERR_BUSY: what can be mended by beginning again has been mended. */
static enum err mend(struct salesforce *sf, enum err e)
{
	bool lost = sf_code_is(sf, "INVALID_QUERY_LOCATOR");
	if (e == ERR_TOOBIG && sf->rows > PAGE_ROWS_SMALL)
		sf->rows = PAGE_ROWS_SMALL;
	else if (!lost && (e = sf_mend_columns(sf, e)) != ERR_BUSY)
		return e;
	if (++sf->restarts <= RESTARTS)
		return ERR_BUSY;
	sf->restarts = 0;	/* enough for now; the next pass tries anew */
	return ERR_RETRY;
}

static enum err set_end(const struct pull *p, const struct progress *g, const struct sf_more *m,
	struct page *out)
{
	AUTO_BUF cursor = BUF_INIT;
	char mark[DATE_TIME_LEN];
	int64_t old, last = p->mark ? g->last : p->now;	/* what a first import left out must not come in by
							 * the second */
	if (m->next) {
		buf_printf(&cursor, "%lld %lld %s", (long long)g->last, (long long)g->begun, m->next);
		out->cursor = buf_take(&cursor);
		return out->cursor ? ERR_OK : ERR_NOMEM;
	}
	if (!last)
		return ERR_OK;
	date_format_time(last - OVERLAP_MS, mark);
	if (p->mark && date_parse_time(p->mark, &old) == ERR_OK && old > last - OVERLAP_MS)
		date_format_time(old, mark);
	out->mark = strdup(mark);
	return out->mark ? ERR_OK : ERR_NOMEM;
}

static enum err pull_from(struct salesforce *sf, const struct pull *p, const char *cursor, struct page *out)
{
	AUTO_BUF first = BUF_INIT;
	struct progress g = { 0 };
	if (cursor && !progress_parse(cursor, &g))
		return ERR_PROTOCOL;
	if (!cursor) {
		TRY(pull_path(sf, p, &first));
		g.path = first.s;
	}
	struct sf_more m;
	enum err e = read_page(sf, g.path, out, &m);
	if (e == ERR_OK) {
		out->total = m.total;
		progress_note(&g, &m, !cursor);
		e = set_end(p, &g, &m, out);
		if (!m.next)
			sf->restarts = 0;
	}
	free(m.next);
	return e;
}

enum err sf_pull(struct remote *r, const struct pull *p, struct page *out)
{
	struct salesforce *sf = sf_self(r);
	TRY(sf_ready(sf));
	if (!p->cursor)
		sf->restarts = 0;
	enum err e = pull_from(sf, p, p->cursor, out);
	while (e != ERR_OK && (e = mend(sf, e)) == ERR_BUSY) {
		page_finish(out);
		e = pull_from(sf, p, NULL, out);
	}
	if (e != ERR_OK)
		page_finish(out);
	return err_of_read(e);
}

enum err sf_read_all(struct salesforce *sf, const struct buf *soql, bool all, struct page *out)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_FREE char *next = NULL;
	TRY(sf_query_path(soql, all, &path));
	for (const char *at = path.s; at; at = next) {
		struct sf_more m;
		enum err e = read_page(sf, at, out, &m);
		free(next);
		next = m.next;
		TRY(e);
	}
	return ERR_OK;
}

static enum err find_created(struct salesforce *sf, const struct buf *title, int64_t since, struct page *out)
{
	AUTO_BUF soql = BUF_INIT;
	sf_add_select(sf, &soql);
	buf_printf(&soql, "CreatedById='%s' AND CreatedDate>=", sf->org.me);
	sf_add_time(&soql, since - CREATE_SLACK_MS);
	buf_puts(&soql, " AND Subject=");
	sf_quote(&soql, buf_str(title));
	buf_puts(&soql, " ORDER BY CreatedDate,Id");
	return sf_read_all(sf, &soql, false, out);
}

enum err sf_find(struct remote *r, const struct task *t, int64_t since, struct page *out)
{
	struct salesforce *sf = sf_self(r);
	AUTO_BUF title = BUF_INIT;
	const char *s = t->field[FIELD_TITLE];
	buf_puts(&title, s ? s : "");
	while (title.n && strchr(" \t\r\n", title.s[title.n - 1]))	/* as the server stores it */
		buf_resize(&title, title.n - 1);
	TRY(buf_err(&title));
	enum err e = sf_ready(sf);
	if (e == ERR_OK)
		do
			e = find_created(sf, &title, since, out);
		while ((e = sf_mend_columns(sf, e)) == ERR_BUSY);
	out->total = (int64_t)out->n;
	if (e != ERR_OK)
		page_finish(out);
	return err_of_read(e);
}

enum err sf_count_open(struct remote *r, int64_t *n)
{
	struct salesforce *sf = sf_self(r);
	AUTO_PAGE none = PAGE_INIT;
	AUTO_BUF soql = BUF_INIT;
	AUTO_REPLY reply = { 0 };
	struct sf_more m;
	TRY(sf_ready(sf));
	buf_printf(&soql, "SELECT COUNT() FROM Task WHERE OwnerId='%s' AND IsClosed=false", sf->org.me);
	TRY(err_of_read(sf_query(sf, &soql, false, &reply)));
	enum err e = sf_read_page(buf_str(&reply.body), reply.body.n, &sf->org, &none, &m);
	free(m.next);
	TRY(sf_nonsense(sf, e));
	*n = m.total;
	return m.total < 0 ? sf_nonsense(sf, ERR_PROTOCOL) : ERR_OK;
}

/* ---- fetch ---- */

enum err sf_retrieve(struct salesforce *sf, const char *const *ids, size_t n, const struct buf *columns,
	struct page *out)
{
	AUTO_BUF body = BUF_INIT;
	AUTO_REPLY r = { 0 };
	char id[SF_ID_LEN];
	const char *sep = "";
	buf_puts(&body, "{\"ids\":[");
	for (size_t i = 0; i < n; i++) {
		if (!sf_id(ids[i], id))
			continue;
		buf_printf(&body, "%s\"%s\"", sep, id);
		sep = ",";
	}
	buf_printf(&body, "],\"fields\":[%s]}", buf_str(columns));
	TRY(buf_err(columns));
	TRY(buf_err(&body));
	if (!*sep)
		return ERR_OK;
	TRY(sf_call(sf,
		&(struct sf_call){ .method = "POST", .path = SF_API "/composite/sobjects/Task",
			.body = &body },
		&r));
	return sf_nonsense(sf, sf_read_retrieved(buf_str(&r.body), r.body.n, &sf->org, out));
}

/* A deleted one and one that is not to be seen look the same to a retrieve; queryAll tells them apart. */
static enum err look_for_deleted(struct salesforce *sf, const struct buf *list, struct page *out)
{
	AUTO_BUF soql = BUF_INIT;
	if (!list->n)
		return buf_err(list);
	sf_add_select(sf, &soql);
	buf_printf(&soql, "Id IN (%s)", buf_str(list));
	return sf_read_all(sf, &soql, true, out);
}

/* Answers come in the order of the ids, with holes. */
static enum err fetch_some(struct salesforce *sf, const char *const *ids, size_t n, struct page *out)
{
	AUTO_BUF list = BUF_INIT;
	AUTO_BUF columns = BUF_INIT;
	char id[SF_ID_LEN];
	size_t at = out->n, missing = 0;
	sf_columns(&columns, &sf->org, "\"", false);
	TRY(sf_retrieve(sf, ids, n, &columns, out));
	size_t end = out->n;
	for (size_t i = 0; i < n; i++) {
		if (!sf_id(ids[i], id))
			continue;
		if (at < end && strcmp(out->task[at].id, id) == 0) {
			at++;
			continue;
		}
		buf_printf(&list, "%s'%s'", list.n ? "," : "", id);
		if (++missing % IN_IDS == 0) {
			TRY(look_for_deleted(sf, &list, out));
			buf_clear(&list);
		}
	}
	return look_for_deleted(sf, &list, out);
}

enum err sf_fetch(struct remote *r, const char *const *ids, size_t n, struct page *out)
{
	struct salesforce *sf = sf_self(r);
	enum err e = sf_ready(sf);
	for (size_t i = 0; e == ERR_OK && i < n; i += SF_RETRIEVE_IDS)
		do	/* the same record may come again */
			e = fetch_some(sf, ids + i, n - i < SF_RETRIEVE_IDS ? n - i : SF_RETRIEVE_IDS, out);
		while ((e = sf_mend_columns(sf, e)) == ERR_BUSY);
	out->total = (int64_t)out->n;
	if (e != ERR_OK)
		page_finish(out);
	return err_of_read(e);
}

/* ---- the person of a new task ---- */

static const char *wanted_email(const struct sf_people *p, size_t i)
{
	const char *email = p->it[i].t->fact[FACT_EMAIL];
	return p->who[i][0] || !email || !strchr(email, '@') ? NULL : email;
}

static void found_person(void *arg, const char *email, const char *id)
{
	struct sf_people *p = arg;
	for (size_t i = 0; i < p->n; i++) {
		const char *want = wanted_email(p, i);
		if (want && strcasecmp(want, email) == 0)
			memcpy(p->who[i], id, SF_ID_LEN);
	}
}

static enum err ask_people(
	struct salesforce *sf, const char *object, const struct buf *list, struct sf_people *p)
{
	AUTO_BUF soql = BUF_INIT;
	AUTO_REPLY r = { 0 };
	TRY(buf_err(list));
	if (!list->n)
		return ERR_OK;
	buf_printf(&soql, "SELECT Id,Email FROM %s WHERE Email IN (%s) ORDER BY Id", object, list->s);
	enum err e = sf_query(sf, &soql, false, &r);
	if (e == ERR_OK)
		e = sf_read_people(buf_str(&r.body), r.body.n, found_person, p);
	if (e == ERR_PROTOCOL || e == ERR_TOOBIG || err_of_item(e)) {
		log_info("people not looked up object=%s error=%s", object, err_str(e));
		return ERR_OK;
	}
	return err_of_read(e);
}

static enum err find_people(struct salesforce *sf, const char *object, struct sf_people *p)
{
	AUTO_BUF list = BUF_INIT;
	for (size_t i = 0; i < p->n; i++) {
		const char *email = wanted_email(p, i);
		if (!email)
			continue;
		buf_puts(&list, list.n ? "," : "");
		sf_quote(&list, email);
		if (list.n < IN_BYTES)
			continue;
		TRY(ask_people(sf, object, &list, p));
		buf_clear(&list);
	}
	return ask_people(sf, object, &list, p);
}

enum err sf_know_people(struct salesforce *sf, struct sf_people *p)
{
	if (sf->org.no_who)
		return ERR_OK;
	for (size_t i = 0; i < p->n; i++)
		if (!sf_id(p->it[i].t->fact[FACT_SF_WHO], p->who[i]))
			p->who[i][0] = '\0';
	TRY(find_people(sf, "Contact", p));
	return find_people(sf, "Lead", p);
}
