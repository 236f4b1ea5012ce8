#include "date.h"
#include "http.h"
#include "json.h"
#include "log.h"
#include "oauth.h"
#include "remote_p.h"
#include "salesforce_json.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define LOG_MODULE "salesforce"
#define API "/services/data/v66.0"
#define OVERLAP_MS                                                                                           \
	(INT64_C(600) * 1000) /* rows of a long transaction turn up with an older stamp (salesforce.md 3.2)  \
			       */
#define CREATE_SLACK_MS (INT64_C(120) * 1000)
#define HOUR_MS (INT64_C(3600) * 1000)
#define LIMIT_MS (INT64_C(900) * 1000)
#define BATCH 200		/* records of a collection */
#define PAGE_ROWS 2000
#define PAGE_ROWS_SMALL 200	/* when a page of long details is beyond what http takes */
#define RETRIEVE_IDS 2000
#define IN_BYTES 6000		/* of a list in a query, before escaping: the address stays below 16 KiB */
#define IN_IDS 400
#define RESTARTS 3

struct salesforce {
	struct remote r;
	const struct config *c;
	char *state_dir;
	struct http *http;
	struct oauth *oauth;
	struct sf_org org;
	bool schema;		/* statuses and columns are known */
	bool relearnt;		/* ...and were learnt anew since a query last went well */
	int rows;
	int restarts;
	struct sf_error error;	/* of the last call */
};

static struct salesforce *self(struct remote *r)
{
	return (struct salesforce *)r;
}

static const struct config_remote *conf(const struct salesforce *sf)
{
	return &sf->c->remote[SIDE_SF];
}

/* ---- one call ---- */

static bool false_alarm(const struct http_reply *r)
{
	struct sf_error e;
	sf_read_error(buf_str(&r->body), r->body.n, r->status, &e);
	return !e.session;
}

static enum err judge(struct salesforce *sf, const struct http_reply *r)
{
	if (r->status >= 200 && r->status < 300)
		return ERR_OK;
	sf_read_error(buf_str(&r->body), r->body.n, r->status, &sf->error);
	memcpy(sf->r.message, sf->error.msg, MSG_LEN);
	sf->r.retry_ms = r->retry_ms;
	if (sf->error.err == ERR_LIMIT && !r->retry_ms)
		sf->r.retry_ms = LIMIT_MS;
	log_info("refused status=%d code=%s error=%s", r->status, sf->error.code, err_str(sf->error.err));
	return sf->error.err;
}

struct call {
	const char *method;
	const char *path;
	const struct buf *body;	/* JSON; NULL: none */
	const char *header;	/* one more, or NULL */
	bool once;
};

static enum err call(struct salesforce *sf, const struct call *c, struct http_reply *out)
{
	struct http_request q = { .method = c->method, .url = c->path, .once = c->once };
	int i = 0;
	if (c->body) {
		q.body = c->body->s;
		q.body_len = c->body->n;
		q.header[i++] = "Content-Type: application/json; charset=UTF-8";
	}
	q.header[i++] = "Accept: application/json";
	if (c->header)
		q.header[i++] = c->header;
	sf->error = (struct sf_error){ 0 };
	sf->r.retry_ms = 0;
	sf->r.message[0] = '\0';
	http_set_stop(sf->http, sf->r.stop, sf->r.stop_arg);
	sf->r.stranger = false;
	oauth_set_stop(sf->oauth, sf->r.stop, sf->r.stop_arg);
	sf->r.budget.calls++;
	enum err e = oauth_request(sf->oauth, &q, false_alarm, out);
	if (e != ERR_OK) {
		sf->r.stranger = oauth_stranger(sf->oauth);
		sf->r.retry_ms = oauth_retry_ms(sf->oauth);
		msg_set(sf->r.message, NULL, oauth_message(sf->oauth));
		return e;
	}
	budget_note(&sf->r.budget, out->used, out->quota, out->date ? out->date : (int64_t)time(NULL) * 1000);
	return judge(sf, out);
}

static enum err get(struct salesforce *sf, const char *path, struct http_reply *out)
{
	AUTO_BUF rows = BUF_INIT;
	buf_printf(&rows, "Sforce-Query-Options: batchSize=%d", sf->rows);
	TRY(buf_err(&rows));
	return call(sf, &(struct call){ .method = "GET", .path = path, .header = rows.s }, out);
}

/* all: deleted and archived rows too. */
static enum err query_path(const struct buf *soql, bool all, struct buf *path)
{
	TRY(buf_err(soql));
	buf_puts(path, all ? API "/queryAll?q=" : API "/query?q=");
	http_escape(path, soql->s);
	return buf_err(path);
}

static enum err query(struct salesforce *sf, const struct buf *soql, bool all, struct http_reply *out)
{
	AUTO_BUF path = BUF_INIT;
	TRY(query_path(soql, all, &path));
	return get(sf, path.s, out);
}

/* ---- who, and what the org looks like ---- */

static enum err nonsense(struct salesforce *sf, enum err e)
{
	if (e == ERR_PROTOCOL || e == ERR_LOST)
		msg_set(sf->r.message, NULL, "the answer makes no sense");
	return e;
}

static enum err learn_user(struct salesforce *sf, int64_t *now)
{
	AUTO_REPLY r = { 0 };
	TRY(get(sf, "/services/oauth2/userinfo", &r));
	TRY(nonsense(sf, sf_read_user(buf_str(&r.body), r.body.n, &sf->org)));
	free(sf->org.instance);
	sf->org.instance = strdup(oauth_base(sf->oauth));
	*now = r.date ? r.date : (int64_t)time(NULL) * 1000;
	return sf->org.instance ? ERR_OK : ERR_NOMEM;
}

static const char *word(const char *configured, const char *usual)
{
	return configured ? configured : usual;
}

/* An org that does not show its statuses or columns to this user is taken for a plain one. */
static enum err learn_schema(struct salesforce *sf)
{
	AUTO_REPLY columns = { 0 };
	AUTO_REPLY words = { 0 };
	AUTO_BUF soql = BUF_INIT;
	const char *complete = word(conf(sf)->complete_status, "Completed");
	const char *open = word(conf(sf)->open_status, "Not Started");
	enum err e = get(sf, API "/sobjects/Task/describe", &columns);
	if (e == ERR_OK)
		e = sf_read_describe(buf_str(&columns.body), columns.body.n, &sf->org);
	if (e != ERR_OK && !err_of_item(e) && e != ERR_PROTOCOL)
		return e;
	buf_puts(&soql, "SELECT ApiName,IsClosed,IsDefault,SortOrder FROM TaskStatus");
	e = query(sf, &soql, false, &words);
	if (e == ERR_OK)
		e = sf_read_statuses(buf_str(&words.body), words.body.n, complete, open, &sf->org);
	if (e == ERR_PROTOCOL || err_of_item(e))
		e = sf_read_statuses("{\"records\":[]}", 14, complete, open, &sf->org);
	sf->schema = e == ERR_OK;
	sf->r.once_is_kept = sf->org.keyed;
	return e;
}

static bool code_is(const struct salesforce *sf, const char *code)
{
	return strcmp(sf->error.code, code) == 0;
}

/* A query was refused with e for a column: an admin hid it since, or the server does not know the e-mail behind a task.
 * ERR_BUSY: what can be mended is; else the reason why not. */
static enum err mend_columns(struct salesforce *sf, enum err e)
{
	if (e == ERR_OK || !code_is(sf, "INVALID_FIELD") || (sf->relearnt && sf->org.no_who_email))
		return e;
	if (sf->relearnt) {
		sf->org.no_who_email = true;
		return ERR_BUSY;
	}
	sf->relearnt = true;
	TRY(learn_schema(sf));
	return ERR_BUSY;
}

static enum err ready(struct salesforce *sf)
{
	int64_t now;
	if (!sf->org.me[0])
		TRY(err_of_read(learn_user(sf, &now)));
	return sf->schema ? ERR_OK : err_of_read(learn_schema(sf));
}

static enum err sf_hello(struct remote *r, struct hello *out)
{
	struct salesforce *sf = self(r);
	*out = (struct hello){ 0 };
	oauth_greet(sf->oauth, true);
	enum err e = learn_user(sf, &out->now);
	oauth_greet(sf->oauth, false);
	TRY(err_of_read(e));
	if (!sf->schema)
		TRY(err_of_read(learn_schema(sf)));
	AUTO_BUF account = BUF_INIT;
	bool ok = true;
	buf_printf(&account, "%s/%s", sf->org.org, sf->org.me);
	out->account = buf_take(&account);
	out->user = str_dup(sf->org.user, &ok);
	return ok && out->account ? ERR_OK : ERR_NOMEM;
}

/* ---- reading ---- */

/* One page, its records appended. A server that does not know the e-mail behind a task is asked without. */
static enum err read_page(struct salesforce *sf, const char *path, struct page *out, struct sf_more *m)
{
	AUTO_REPLY r = { 0 };
	*m = (struct sf_more){ .total = -1 };
	TRY(get(sf, path, &r));
	TRY(nonsense(sf, sf_read_page(buf_str(&r.body), r.body.n, &sf->org, out, m)));
	m->date = r.date;
	if (m->bad)
		log_warn("records without an id left out n=%zu", m->bad);
	sf->relearnt = false;
	return ERR_OK;
}

static void add_select(struct salesforce *sf, struct buf *soql)
{
	buf_puts(soql, "SELECT ");
	sf_columns(soql, &sf->org, "", true);
	buf_printf(soql, " FROM Task WHERE ");
}

static void add_time(struct buf *soql, int64_t ms)
{
	char text[DATE_TIME_LEN];
	date_format_time(ms / 1000 * 1000, text);
	buf_printf(soql, "%.19sZ", text);
}

static void add_first(struct buf *soql, const struct pull *p)
{
	static const int64_t hours[] = { [FIRST_24H] = 24, [FIRST_30D] = 30 * 24 };
	buf_puts(soql, " AND IsDeleted=false AND ");
	if (p->first == FIRST_OPEN) {
		buf_puts(soql, "IsClosed=false");
		return;
	}
	buf_puts(soql, "LastModifiedDate>=");
	add_time(soql, p->now - hours[p->first] * HOUR_MS);
}

static enum err pull_path(struct salesforce *sf, const struct pull *p, struct buf *path)
{
	AUTO_BUF soql = BUF_INIT;
	int64_t since;
	add_select(sf, &soql);
	buf_printf(&soql, "OwnerId='%s'", sf->org.me);
	if (!p->mark) {
		add_first(&soql, p);
	} else {
		if (date_parse_time(p->mark, &since) != ERR_OK)
			return ERR_PROTOCOL;
		buf_puts(&soql, " AND SystemModstamp>=");
		add_time(&soql, since);
	}
	buf_puts(&soql, " ORDER BY SystemModstamp,Id");
	return query_path(&soql, true, path);
}

/*
 * How far a query has come. Its rows are those of its first moment, but they show what they are when their page is read: a
 * stamp may be younger than rows that were not in it. So the mark is no later than that moment.
 */
struct progress {
	int64_t last, begun;	/* the highest stamp, the server's clock at the first page; 0: none, not told */
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
	bool lost = code_is(sf, "INVALID_QUERY_LOCATOR");
	if (e == ERR_TOOBIG && sf->rows > PAGE_ROWS_SMALL)
		sf->rows = PAGE_ROWS_SMALL;
	else if (!lost && (e = mend_columns(sf, e)) != ERR_BUSY)
		return e;
	if (++sf->restarts <= RESTARTS)
		return ERR_BUSY;
	sf->restarts = 0;	/* enough for now; the next pass tries anew */
	return ERR_RETRY;
}

static enum err set_end(const struct pull *p, const struct progress *g, const struct sf_more *m, struct page *out)
{
	AUTO_BUF cursor = BUF_INIT;
	char mark[DATE_TIME_LEN];
	int64_t old, last = p->mark ? g->last : p->now;	/* what a first import left out must not come in by the second */
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

static enum err sf_pull(struct remote *r, const struct pull *p, struct page *out)
{
	struct salesforce *sf = self(r);
	TRY(ready(sf));
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

/* All pages of one query into one page. */
static enum err read_all(struct salesforce *sf, const struct buf *soql, bool all, struct page *out)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_FREE char *next = NULL;
	TRY(query_path(soql, all, &path));
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
	add_select(sf, &soql);
	buf_printf(&soql, "CreatedById='%s' AND CreatedDate>=", sf->org.me);
	add_time(&soql, since - CREATE_SLACK_MS);
	buf_puts(&soql, " AND Subject=");
	sf_quote(&soql, buf_str(title));
	buf_puts(&soql, " ORDER BY CreatedDate,Id");
	return read_all(sf, &soql, false, out);
}

static enum err sf_find(struct remote *r, const struct task *t, int64_t since, struct page *out)
{
	struct salesforce *sf = self(r);
	AUTO_BUF title = BUF_INIT;
	const char *s = t->field[FIELD_TITLE];
	buf_puts(&title, s ? s : "");
	while (title.n && strchr(" \t\r\n", title.s[title.n - 1]))	/* as the server stores it */
		buf_resize(&title, title.n - 1);
	TRY(buf_err(&title));
	enum err e = ready(sf);
	if (e == ERR_OK)
		do
			e = find_created(sf, &title, since, out);
		while ((e = mend_columns(sf, e)) == ERR_BUSY);
	out->total = (int64_t)out->n;
	if (e != ERR_OK)
		page_finish(out);
	return err_of_read(e);
}

static enum err sf_count_open(struct remote *r, int64_t *n)
{
	struct salesforce *sf = self(r);
	AUTO_PAGE none = PAGE_INIT;
	AUTO_BUF soql = BUF_INIT;
	AUTO_REPLY reply = { 0 };
	struct sf_more m;
	TRY(ready(sf));
	buf_printf(&soql, "SELECT COUNT() FROM Task WHERE OwnerId='%s' AND IsClosed=false", sf->org.me);
	TRY(err_of_read(query(sf, &soql, false, &reply)));
	enum err e = sf_read_page(buf_str(&reply.body), reply.body.n, &sf->org, &none, &m);
	free(m.next);
	TRY(nonsense(sf, e));
	*n = m.total;
	return m.total < 0 ? nonsense(sf, ERR_PROTOCOL) : ERR_OK;
}

/* ---- fetch ---- */

/* columns: "Id","Subject"... */
static enum err retrieve(struct salesforce *sf, const char *const *ids, size_t n, const struct buf *columns,
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
	TRY(call(sf,
		&(struct call){ .method = "POST", .path = API "/composite/sobjects/Task", .body = &body },
		&r));
	return nonsense(sf, sf_read_retrieved(buf_str(&r.body), r.body.n, &sf->org, out));
}

/* A deleted one and one that is not to be seen look the same to a retrieve; queryAll tells them apart. */
static enum err look_for_deleted(struct salesforce *sf, const struct buf *list, struct page *out)
{
	AUTO_BUF soql = BUF_INIT;
	if (!list->n)
		return buf_err(list);
	add_select(sf, &soql);
	buf_printf(&soql, "Id IN (%s)", buf_str(list));
	return read_all(sf, &soql, true, out);
}

/* Answers come in the order of the ids, with holes. */
static enum err fetch_some(struct salesforce *sf, const char *const *ids, size_t n, struct page *out)
{
	AUTO_BUF list = BUF_INIT;
	AUTO_BUF columns = BUF_INIT;
	char id[SF_ID_LEN];
	size_t at = out->n, missing = 0;
	sf_columns(&columns, &sf->org, "\"", false);
	TRY(retrieve(sf, ids, n, &columns, out));
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

static enum err sf_fetch(struct remote *r, const char *const *ids, size_t n, struct page *out)
{
	struct salesforce *sf = self(r);
	enum err e = ready(sf);
	for (size_t i = 0; e == ERR_OK && i < n; i += RETRIEVE_IDS)
		do	/* the same record may come again */
			e = fetch_some(sf, ids + i, n - i < RETRIEVE_IDS ? n - i : RETRIEVE_IDS, out);
		while ((e = mend_columns(sf, e)) == ERR_BUSY);
	out->total = (int64_t)out->n;
	if (e != ERR_OK)
		page_finish(out);
	return err_of_read(e);
}

/* ---- the person of a new task ---- */

struct people {			/* the Contact or Lead of each item of a batch; "": none */
	const struct item *it;
	size_t n;
	char (*who)[SF_ID_LEN];
};

static const char *wanted_email(const struct people *p, size_t i)
{
	const char *email = p->it[i].t->fact[FACT_EMAIL];
	return p->who[i][0] || !email || !strchr(email, '@') ? NULL : email;
}

static void found_person(void *arg, const char *email, const char *id)
{
	struct people *p = arg;
	for (size_t i = 0; i < p->n; i++) {
		const char *want = wanted_email(p, i);
		if (want && strcasecmp(want, email) == 0)
			memcpy(p->who[i], id, SF_ID_LEN);
	}
}

static enum err ask_people(
	struct salesforce *sf, const char *object, const struct buf *list, struct people *p)
{
	AUTO_BUF soql = BUF_INIT;
	AUTO_REPLY r = { 0 };
	TRY(buf_err(list));
	if (!list->n)
		return ERR_OK;
	buf_printf(&soql, "SELECT Id,Email FROM %s WHERE Email IN (%s) ORDER BY Id", object, list->s);
	enum err e = query(sf, &soql, false, &r);
	if (e == ERR_OK)
		e = sf_read_people(buf_str(&r.body), r.body.n, found_person, p);
	if (e == ERR_PROTOCOL || e == ERR_TOOBIG || err_of_item(e)) {
		log_info("people not looked up object=%s error=%s", object, err_str(e));
		return ERR_OK;
	}
	return err_of_read(e);
}

static enum err find_people(struct salesforce *sf, const char *object, struct people *p)
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

static enum err know_people(struct salesforce *sf, struct people *p)
{
	if (sf->org.no_who)
		return ERR_OK;
	for (size_t i = 0; i < p->n; i++)
		if (!sf_id(p->it[i].t->fact[FACT_SF_WHO], p->who[i]))
			p->who[i][0] = '\0';
	TRY(find_people(sf, "Contact", p));
	return find_people(sf, "Lead", p);
}

/* ---- writing ---- */

static enum err item_fail(struct item *it, enum err e, const char *msg)
{
	it->err = e;
	msg_set(it->msg, NULL, msg);
	return ERR_OK;
}

/* What became of a write whose call as a whole ended with e. */
static enum err settle(struct salesforce *sf, struct item *it, size_t n, enum err e)
{
	if (e == ERR_TOOBIG)
		e = ERR_LOST;
	if (n != 1 || !err_of_item(e))
		return e;
	return item_fail(it, e, sf->r.message);
}

static enum err send_collection(struct salesforce *sf, const struct call *c, struct item *it, size_t n)
{
	AUTO_REPLY r = { 0 };
	enum err e = call(sf, c, &r);
	if (e != ERR_OK)
		return settle(sf, it, n, e);
	return nonsense(sf, sf_read_results(buf_str(&r.body), r.body.n, it, n));
}

typedef enum err write_fn(struct salesforce *sf, struct item *it, size_t n);

/*
 * A call that was refused as a whole for what is wrong with one of its records is made again one by one; no
 * right to make the call is true of them all.
 */
static enum err one_by_one(struct salesforce *sf, struct item *it, size_t n, enum err whole, write_fn *write)
{
	for (size_t i = 0; whole != ERR_REFUSED && i < n; i++)
		item_fail(&it[i], whole, sf->r.message);
	if (whole != ERR_REFUSED)
		return ERR_OK;
	for (size_t i = 0; i < n; i++) {
		enum err e = write(sf, &it[i], 1);
		if (e != ERR_OK)
			return items_give_up(it, n, i, e);
	}
	return ERR_OK;
}

/* Refused for a column that was there when the schema was learnt? */
static bool of_old_schema(const struct item *it, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (it[i].err == ERR_PROTOCOL && strncmp(it[i].msg, "INVALID_FIELD:", 14) == 0)
			return true;
	return false;
}

/* Those alone are sent again, by what the org looks like now. */
static enum err by_new_schema(struct salesforce *sf, struct item *it, size_t n, write_fn *write)
{
	TRY(err_of_read(learn_schema(sf)));
	for (size_t i = 0; i < n; i++) {
		if (!of_old_schema(&it[i], 1))
			continue;
		it[i].msg[0] = '\0';
		enum err e = write(sf, &it[i], 1);
		if (e != ERR_OK)
			it[i].err = e;
	}
	return ERR_OK;
}

static enum err write_items(struct remote *r, struct item *it, size_t n, write_fn *write)
{
	struct salesforce *sf = self(r);
	if (!n)
		return ERR_OK;
	for (size_t i = 0; i < n; i++)
		it[i].msg[0] = '\0';
	TRY(ready(sf));
	enum err e = write(sf, it, n);
	if (e == ERR_PROTOCOL && code_is(sf, "INVALID_FIELD")) {
		TRY(err_of_read(learn_schema(sf)));
		e = write(sf, it, n);
	}
	if (e == ERR_OK && of_old_schema(it, n))
		e = by_new_schema(sf, it, n, write);
	return n > 1 && err_of_item(e) ? one_by_one(sf, it, n, e, write) : e;
}

/* ---- what moved on there meanwhile ---- */

static const char *version_in(const struct page *p, const char *id)
{
	char key[SF_ID_LEN];
	for (size_t i = 0; sf_id(id, key) && i < p->n; i++)
		if (strcmp(p->task[i].id, key) == 0)
			return p->task[i].version;
	return NULL;
}

static enum err read_versions(struct salesforce *sf, const struct item *it, size_t n, struct page *out)
{
	AUTO_BUF columns = BUF_INIT;
	AUTO_FREE const char **ids = calloc(n, sizeof *ids);
	size_t k = 0;
	if (!ids)
		return ERR_NOMEM;
	buf_puts(&columns, "\"Id\",\"OwnerId\",\"LastModifiedDate\"");
	for (size_t i = 0; i < n; i++)
		if (it[i].version)
			ids[k++] = it[i].id;
	return k ? err_of_read(retrieve(sf, ids, k, &columns, out)) : ERR_OK;
}

/*
 * Collections and deletions know no precondition (salesforce.md 4.3): the versions are read just before, in one call, and
 * what moved on is left out. What moves on in between is not seen.
 */
static enum err write_current(struct remote *r, struct item *it, size_t n, write_fn *write)
{
	AUTO_PAGE now = PAGE_INIT;
	AUTO_FREE struct item *some = calloc(n, sizeof *some);
	AUTO_FREE size_t *from = calloc(n, sizeof *from);
	size_t k = 0;
	if (!some || !from)
		return ERR_NOMEM;
	TRY(read_versions(self(r), it, n, &now));
	for (size_t i = 0; i < n; i++) {
		const char *version = it[i].version ? version_in(&now, it[i].id) : NULL;
		it[i].err = version && !str_eq(version, it[i].version) ? ERR_STALE : ERR_OK;
		if (it[i].err == ERR_STALE)
			continue;
		from[k] = i;
		some[k++] = it[i];
	}
	enum err e = write_items(r, some, k, write);
	for (size_t i = 0; i < k; i++)
		it[from[i]] = some[i];
	return e;
}

static enum err set_url(struct salesforce *sf, struct item *it)
{
	AUTO_BUF b = BUF_INIT;
	if (!it->new_id)
		return ERR_OK;
	buf_printf(&b, "%s/lightning/r/Task/%s/view", sf->org.instance, it->new_id);
	it->url = buf_take(&b);
	return it->url ? ERR_OK : ERR_NOMEM;
}

/* May a create say its key, so that a second one with it makes nothing (salesforce.md 4.4)? */
static bool by_key(const struct salesforce *sf, const struct item *it)
{
	return sf->org.keyed && it->once;
}

static enum err post(struct salesforce *sf, struct item *it, size_t n, char (*who)[SF_ID_LEN])
{
	AUTO_BUF body = BUF_INIT;
	bool keyed = by_key(sf, it);
	buf_puts(&body, "{\"allOrNone\":false,\"records\":[");
	for (size_t i = 0; i < n; i++) {
		uint32_t fields = 0;
		for (int f = 0; f < TASK_NFIELDS; f++)
			fields |= it[i].t->field[f] ? BIT(f) : 0;
		buf_puts(&body, i ? "," : "");
		sf_write_task(&body, it[i].t, fields, &sf->org, NULL, sf->org.me,
			who && who[i][0] ? who[i] : NULL, keyed ? it[i].once : NULL, true);
	}
	buf_puts(&body, "]}");
	TRY(buf_err(&body));
	TRY(send_collection(sf,
		&(struct call){ .method = keyed ? "PATCH" : "POST",
			.path = keyed ? API "/composite/sobjects/Task/" SF_KEY : API "/composite/sobjects",
			.body = &body,
			.once = true },
		it, n));
	for (size_t i = 0; i < n; i++)
		TRY(set_url(sf, &it[i]));
	return ERR_OK;
}

/* The person may be gone or out of reach by now; the task matters more. */
static enum err without_person(struct salesforce *sf, struct item *it, size_t n, char (*who)[SF_ID_LEN])
{
	for (size_t i = 0; i < n; i++) {
		if (!who[i][0] ||
			(it[i].err != ERR_REFUSED && it[i].err != ERR_DENIED && it[i].err != ERR_GONE) ||
			!strstr(it[i].msg, "CROSS_REFERENCE"))
			continue;
		it[i].msg[0] = '\0';
		enum err e = post(sf, &it[i], 1, NULL);
		if (e != ERR_OK)
			it[i].err = e;
	}
	return ERR_OK;
}

static enum err make(struct salesforce *sf, struct item *it, size_t n)
{
	AUTO_FREE void *room = calloc(n, SF_ID_LEN);
	struct people p = { .it = it, .n = n, .who = room };
	if (!room)
		return ERR_NOMEM;
	TRY(know_people(sf, &p));
	TRY(post(sf, it, n, p.who));
	return without_person(sf, it, n, p.who);
}

/* The oldest record that bears the key. */
static const struct remote_task *made_by(const struct page *p, const char *once)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_eq(p->task[i].once, once))
			return &p->task[i];
	return NULL;
}

/* What a request whose answer was lost has made, or another mount. */
static enum err find_made(struct salesforce *sf, struct item *it, size_t n)
{
	AUTO_PAGE page = PAGE_INIT;
	AUTO_BUF soql = BUF_INIT;
	add_select(sf, &soql);
	buf_puts(&soql, SF_KEY " IN (");
	for (size_t i = 0; i < n; i++) {
		buf_puts(&soql, i ? "," : "");
		sf_quote(&soql, it[i].once);
	}
	buf_puts(&soql, ") ORDER BY CreatedDate,Id");
	TRY(err_of_read(read_all(sf, &soql, false, &page)));
	for (size_t i = 0; i < n; i++) {
		const struct remote_task *made = made_by(&page, it[i].once);
		if (!made)
			continue;
		it[i].err = ERR_OK;
		it[i].msg[0] = '\0';
		TRY(str_put(&it[i].new_id, made->id));
		TRY(set_url(sf, &it[i]));
	}
	return ERR_OK;
}

/* The other request with this key is being done, or two have made a record each: read back; not there yet is no refusal. */
static enum err read_back(struct salesforce *sf, struct item *it, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (it[i].err != ERR_REFUSED ||
			(strncmp(it[i].msg, "DUPLICATE_VALUE:", 16) != 0 &&
				strncmp(it[i].msg, "DUPLICATE_EXTERNAL_ID:", 22) != 0))
			continue;
		it[i].err = ERR_RETRY;
		TRY(find_made(sf, &it[i], 1));
	}
	return ERR_OK;
}

/* The key is looked for first: an upsert would write over what was edited since. */
static enum err write_create(struct salesforce *sf, struct item *it, size_t n)
{
	AUTO_FREE struct item *rest = calloc(n, sizeof *rest);
	AUTO_FREE size_t *from = calloc(n, sizeof *from);
	size_t k = 0;
	if (!rest || !from)
		return ERR_NOMEM;
	if (!by_key(sf, it))
		return make(sf, it, n);
	TRY(find_made(sf, it, n));
	for (size_t i = 0; i < n; i++)
		if (!it[i].new_id) {
			from[k] = i;
			rest[k++] = it[i];
		}
	enum err e = k ? make(sf, rest, k) : ERR_OK;
	for (size_t i = 0; i < k; i++) {
		it[from[i]] = rest[i];
		if (e != ERR_OK)
			it[from[i]].err = e;
	}
	if (e != ERR_OK)
		return k < n ? ERR_OK : e;
	return read_back(sf, it, n);
}

static enum err sf_create(struct remote *r, struct item *it, size_t n)
{
	return write_items(r, it, n, write_create);
}

/* What can be said without asking. ERR_OK: nothing. */
static enum err precheck(struct salesforce *sf, struct item *it, bool update, char id[SF_ID_LEN])
{
	if (!sf_id(it->id, id)) {
		item_fail(it, ERR_REFUSED, "not a Salesforce id");
		return ERR_REFUSED;
	}
	if (update && !(it->fields & ~sf->org.hidden)) {
		item_fail(it, ERR_DENIED, "Salesforce hides this field from you");
		return ERR_DENIED;
	}
	return ERR_OK;
}

static enum err patch_one(struct salesforce *sf, struct item *it)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_BUF body = BUF_INIT;
	AUTO_BUF since = BUF_INIT;
	AUTO_REPLY r = { 0 };
	char id[SF_ID_LEN], date[HTTP_DATE_LEN];
	int64_t ms;
	if (precheck(sf, it, true, id) != ERR_OK)
		return ERR_OK;
	if (it->version && date_parse_time(it->version, &ms) == ERR_OK) {
		http_date(ms, date);
		buf_printf(&since, "If-Unmodified-Since: %s", date);
	}
	buf_printf(&path, API "/sobjects/Task/%s", id);
	sf_write_task(&body, it->t, it->fields, &sf->org, NULL, NULL, NULL, NULL, false);
	TRY(buf_err(&path));
	TRY(buf_err(&body));
	TRY(buf_err(&since));
	it->err = ERR_OK;
	struct call c = { .method = "PATCH", .path = path.s, .body = &body, .header = since.s };
	return settle(sf, it, 1, call(sf, &c, &r));
}

static enum err write_update(struct salesforce *sf, struct item *it, size_t n)
{
	AUTO_BUF body = BUF_INIT;
	char id[SF_ID_LEN];
	if (n == 1)
		return patch_one(sf, it);
	buf_puts(&body, "{\"allOrNone\":false,\"records\":[");
	for (size_t i = 0; i < n; i++) {
		if (precheck(sf, &it[i], true, id) != ERR_OK)
			return ERR_REFUSED;
		buf_puts(&body, i ? "," : "");
		sf_write_task(&body, it[i].t, it[i].fields, &sf->org, id, NULL, NULL, NULL, true);
	}
	buf_puts(&body, "]}");
	TRY(buf_err(&body));
	TRY(send_collection(sf,
		&(struct call){ .method = "PATCH", .path = API "/composite/sobjects", .body = &body }, it,
		n));
	for (size_t i = 0; i < n; i++)
		item_finish(&it[i]);
	return ERR_OK;
}

static enum err sf_update(struct remote *r, struct item *it, size_t n)
{
	return n > 1 ? write_current(r, it, n, write_update) : write_items(r, it, n, write_update);
}

static void forgive_deleted(struct item *it)
{
	item_finish(it);
	if (it->err == ERR_GONE && strstr(it->msg, "ENTITY_IS_DELETED")) {
		it->err = ERR_OK;
		it->msg[0] = '\0';
	}
}

static enum err delete_one(struct salesforce *sf, struct item *it)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_REPLY r = { 0 };
	char id[SF_ID_LEN];
	if (precheck(sf, it, false, id) != ERR_OK)
		return ERR_OK;
	buf_printf(&path, API "/sobjects/Task/%s", id);
	TRY(buf_err(&path));
	it->err = ERR_OK;
	enum err e = settle(sf, it, 1, call(sf, &(struct call){ .method = "DELETE", .path = path.s }, &r));
	forgive_deleted(it);
	return e;
}

static enum err write_remove(struct salesforce *sf, struct item *it, size_t n)
{
	AUTO_BUF path = BUF_INIT;
	char id[SF_ID_LEN];
	if (n == 1)
		return delete_one(sf, it);
	buf_puts(&path, API "/composite/sobjects?ids=");
	for (size_t i = 0; i < n; i++) {
		if (precheck(sf, &it[i], false, id) != ERR_OK)
			return ERR_REFUSED;
		buf_printf(&path, "%s%s", i ? "," : "", id);
	}
	buf_puts(&path, "&allOrNone=false");
	TRY(buf_err(&path));
	TRY(send_collection(sf, &(struct call){ .method = "DELETE", .path = path.s }, it, n));
	for (size_t i = 0; i < n; i++)
		forgive_deleted(&it[i]);
	return ERR_OK;
}

static enum err sf_remove(struct remote *r, struct item *it, size_t n)
{
	return n ? write_current(r, it, n, write_remove) : ERR_OK;
}

/* ---- */

static void sf_destroy(struct remote *r)
{
	struct salesforce *sf = self(r);
	oauth_destroy(sf->oauth);
	http_destroy(sf->http);
	sf_org_finish(&sf->org);
	free(sf->state_dir);
	free(sf);
}

static const struct remote_ops salesforce_ops = {
	.hello = sf_hello,
	.pull = sf_pull,
	.fetch = sf_fetch,
	.find = sf_find,
	.count_open = sf_count_open,
	.create = sf_create,
	.update = sf_update,
	.remove = sf_remove,
	.destroy = sf_destroy,
	.side = SIDE_SF,
	.batch = BATCH,
	.check_max = RETRIEVE_IDS,
	.memory_days = 15,
};

struct remote *salesforce_create(const struct config *c, const char *state_dir)
{
	struct salesforce *sf = calloc(1, sizeof *sf);
	if (!sf)
		return NULL;
	*sf = (struct salesforce){ .r.ops = &salesforce_ops, .c = c, .rows = PAGE_ROWS };
	sf->state_dir = strdup(state_dir);
	sf->http = http_create();
	if (sf->state_dir && sf->http)
		sf->oauth = oauth_create(conf(sf), SIDE_SF, sf->state_dir, sf->http);
	if (!sf->oauth) {
		sf_destroy(&sf->r);
		return NULL;
	}
	return &sf->r;
}
