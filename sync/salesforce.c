#include "salesforce_p.h"
#include "log.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOG_MODULE "salesforce"
#define LIMIT_MS (INT64_C(900) * 1000)
#define BATCH 200		/* records of a collection */

/* ---- one call ---- */

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

enum err sf_call(struct salesforce *sf, const struct sf_call *c, struct http_reply *out)
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
	enum err e = oauth_request(sf->oauth, &q, sf_false_alarm, out);
	if (e != ERR_OK) {
		sf->r.stranger = oauth_stranger(sf->oauth);
		sf->r.retry_ms = oauth_retry_ms(sf->oauth);
		msg_set(sf->r.message, NULL, oauth_message(sf->oauth));
		return e;
	}
	budget_note(&sf->r.budget, out->used, out->quota, out->date ? out->date : (int64_t)time(NULL) * 1000);
	return judge(sf, out);
}

enum err sf_get(struct salesforce *sf, const char *path, struct http_reply *out)
{
	AUTO_BUF rows = BUF_INIT;
	buf_printf(&rows, "Sforce-Query-Options: batchSize=%d", sf->rows);
	TRY(buf_err(&rows));
	return sf_call(sf, &(struct sf_call){ .method = "GET", .path = path, .header = rows.s }, out);
}

enum err sf_query_path(const struct buf *soql, bool all, struct buf *path)
{
	TRY(buf_err(soql));
	buf_puts(path, all ? SF_API "/queryAll?q=" : SF_API "/query?q=");
	http_escape(path, soql->s);
	return buf_err(path);
}

enum err sf_query(struct salesforce *sf, const struct buf *soql, bool all, struct http_reply *out)
{
	AUTO_BUF path = BUF_INIT;
	TRY(sf_query_path(soql, all, &path));
	return sf_get(sf, path.s, out);
}

/* ---- who, and what the org looks like ---- */

enum err sf_nonsense(struct salesforce *sf, enum err e)
{
	if (e == ERR_PROTOCOL || e == ERR_LOST)
		msg_set(sf->r.message, NULL, "the answer makes no sense");
	return e;
}

static enum err learn_user(struct salesforce *sf, int64_t *now)
{
	AUTO_REPLY r = { 0 };
	TRY(sf_get(sf, "/services/oauth2/userinfo", &r));
	TRY(sf_nonsense(sf, sf_read_user(buf_str(&r.body), r.body.n, &sf->org)));
	free(sf->org.instance);
	sf->org.instance = strdup(oauth_base(sf->oauth));
	*now = r.date ? r.date : (int64_t)time(NULL) * 1000;
	return sf->org.instance ? ERR_OK : ERR_NOMEM;
}

static const struct config_remote *conf(const struct salesforce *sf)
{
	return &sf->c->remote[SIDE_SF];
}

static const char *word(const char *configured, const char *usual)
{
	return configured ? configured : usual;
}

/* An org that does not show its statuses or columns to this user is taken for a plain one. */
enum err sf_learn_schema(struct salesforce *sf)
{
	AUTO_REPLY columns = { 0 };
	AUTO_REPLY words = { 0 };
	AUTO_BUF soql = BUF_INIT;
	const char *complete = word(conf(sf)->complete_status, "Completed");
	const char *open = word(conf(sf)->open_status, "Not Started");
	enum err e = sf_get(sf, SF_API "/sobjects/Task/describe", &columns);
	if (e == ERR_OK)
		e = sf_read_describe(buf_str(&columns.body), columns.body.n, &sf->org);
	if (e != ERR_OK && !err_of_item(e) && e != ERR_PROTOCOL)
		return e;
	buf_puts(&soql, "SELECT ApiName,IsClosed,IsDefault,SortOrder FROM TaskStatus");
	e = sf_query(sf, &soql, false, &words);
	if (e == ERR_OK)
		e = sf_read_statuses(buf_str(&words.body), words.body.n, complete, open, &sf->org);
	if (e == ERR_PROTOCOL || err_of_item(e))
		e = sf_read_statuses("{\"records\":[]}", 14, complete, open, &sf->org);
	sf->schema = e == ERR_OK;
	sf->r.once_is_kept = sf->org.keyed;
	return e;
}

bool sf_code_is(const struct salesforce *sf, const char *code)
{
	return strcmp(sf->error.code, code) == 0;
}

enum err sf_mend_columns(struct salesforce *sf, enum err e)
{
	if (e == ERR_OK || !sf_code_is(sf, "INVALID_FIELD") || (sf->relearnt && sf->org.no_who_email))
		return e;
	if (sf->relearnt) {
		sf->org.no_who_email = true;
		return ERR_BUSY;
	}
	sf->relearnt = true;
	TRY(sf_learn_schema(sf));
	return ERR_BUSY;
}

enum err sf_ready(struct salesforce *sf)
{
	int64_t now;
	if (!sf->org.me[0])
		TRY(err_of_read(learn_user(sf, &now)));
	return sf->schema ? ERR_OK : err_of_read(sf_learn_schema(sf));
}

static enum err sf_hello(struct remote *r, struct hello *out)
{
	struct salesforce *sf = sf_self(r);
	*out = (struct hello){ 0 };
	oauth_greet(sf->oauth, true);
	enum err e = learn_user(sf, &out->now);
	oauth_greet(sf->oauth, false);
	TRY(err_of_read(e));
	if (!sf->schema)
		TRY(err_of_read(sf_learn_schema(sf)));
	AUTO_BUF account = BUF_INIT;
	bool ok = true;
	buf_printf(&account, "%s/%s", sf->org.org, sf->org.me);
	out->account = buf_take(&account);
	out->user = str_dup(sf->org.user, &ok);
	return ok && out->account ? ERR_OK : ERR_NOMEM;
}

/* ---- */

static void sf_destroy(struct remote *r)
{
	struct salesforce *sf = sf_self(r);
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
	.check_max = SF_RETRIEVE_IDS,
	.memory_days = 15,
};

struct remote *salesforce_create(const struct config *c, const char *state_dir)
{
	struct salesforce *sf = calloc(1, sizeof *sf);
	if (!sf)
		return NULL;
	*sf = (struct salesforce){ .r.ops = &salesforce_ops, .c = c, .rows = SF_PAGE_ROWS };
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
