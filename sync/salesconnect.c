#include "date.h"
#include "http.h"
#include "log.h"
#include "oauth.h"
#include "remote_p.h"
#include "salesconnect_json.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOG_MODULE "salesconnect"
#define OVERLAP_MS (INT64_C(60) * 1000)
#define PAGE_TASKS 500
#define BATCH 50
#define RESTARTS 3
#define CHECK_MAX 60		/* of 600 requests a minute */

struct salesconnect {
	struct remote r;
	const struct config *c;
	char *state_dir;
	struct http *http;
	struct oauth *oauth;
	int restarts;
	bool gone;		/* the last refusal was a 410: there is a tombstone */
	char code[64];		/* of the last refusal */
};

static struct salesconnect *self(struct remote *r)
{
	return (struct salesconnect *)r;
}

static const struct config_remote *conf(const struct salesconnect *sc)
{
	return &sc->c->remote[SIDE_SC];
}

/* ---- one call ---- */

struct call {
	const char *method;
	const char *path;	/* below the prefix: "/tasks" */
	const struct buf *body;	/* JSON; NULL: none */
	const char *header;	/* one more, or NULL */
	int fine;		/* a status beyond 2xx that is an answer, too; 0: none */
};

static enum err judge(struct salesconnect *sc, const struct call *c, const struct http_reply *r)
{
	if ((r->status >= 200 && r->status < 300) || (c->fine && r->status == c->fine))
		return ERR_OK;
	enum err e = sc_read_error(buf_str(&r->body), r->body.n, r->status, sc->code, sc->r.message);
	sc->r.retry_ms = r->retry_ms;
	sc->gone = r->status == 410;
	log_info("refused status=%d code=%s error=%s", r->status, sc->code, err_str(e));
	return e;
}

static enum err call(struct salesconnect *sc, const struct call *c, struct http_reply *out)
{
	AUTO_BUF path = BUF_INIT;
	struct http_request q = { .method = c->method };
	int i = 0;
	buf_printf(&path, "%s%s", conf(sc)->path ? conf(sc)->path : "/api/v1", c->path);
	TRY(buf_err(&path));
	q.url = path.s;
	if (c->body) {
		q.body = c->body->s;
		q.body_len = c->body->n;
		q.header[i++] = "Content-Type: application/json";
	}
	q.header[i++] = "Accept: application/json";
	if (c->header && *c->header)
		q.header[i++] = c->header;
	sc->code[0] = '\0';
	sc->r.retry_ms = 0;
	sc->r.message[0] = '\0';
	http_set_stop(sc->http, sc->r.stop, sc->r.stop_arg);
	sc->r.stranger = false;
	oauth_set_stop(sc->oauth, sc->r.stop, sc->r.stop_arg);
	sc->r.budget.calls++;
	enum err e = oauth_request(sc->oauth, &q, NULL, out);
	if (e == ERR_OK)
		return judge(sc, c, out);
	sc->r.stranger = oauth_stranger(sc->oauth);
	sc->r.retry_ms = oauth_retry_ms(sc->oauth);
	msg_set(sc->r.message, NULL, oauth_message(sc->oauth));
	return e;
}

static enum err get(struct salesconnect *sc, const char *path, int fine, struct http_reply *out)
{
	return call(sc, &(struct call){ .method = "GET", .path = path, .fine = fine }, out);
}

static enum err nonsense(struct salesconnect *sc, enum err e)
{
	if (e == ERR_PROTOCOL || e == ERR_LOST)
		msg_set(sc->r.message, NULL, "the answer makes no sense");
	return e;
}

/* ---- reading ---- */

static void user_finish(struct sc_user *u)
{
	free(u->name);
}

static enum err name_account(struct salesconnect *sc, const struct sc_user *u, struct hello *out)
{
	AUTO_BUF b = BUF_INIT;
	struct http_url url;
	TRY(http_url(oauth_base(sc->oauth), &url));
	buf_printf(&b, "%s/%lld", url.host, (long long)u->id);
	out->account = buf_take(&b);
	return out->account ? ERR_OK : ERR_NOMEM;
}

/* A gateway in front of the product may not have the settings. */
static enum err read_settings(struct salesconnect *sc, struct hello *out)
{
	AUTO_REPLY r = { 0 };
	TRY(get(sc, "/settings/salesforce", 404, &r));
	if (r.status == 404)
		return ERR_OK;
	return nonsense(sc, sc_read_settings(buf_str(&r.body), r.body.n, &out->mirror, &out->template));
}

static enum err sc_hello(struct remote *r, struct hello *out)
{
	struct salesconnect *sc = self(r);
	AUTO_REPLY reply = { 0 };
	AUTO(user_finish) struct sc_user u = { 0 };
	*out = (struct hello){ 0 };
	oauth_greet(sc->oauth, true);
	enum err e = get(sc, "/me", 0, &reply);
	oauth_greet(sc->oauth, false);
	TRY(err_of_read(e));
	TRY(nonsense(sc, sc_read_user(buf_str(&reply.body), reply.body.n, &u)));
	out->user = TAKE(u.name);
	out->now = reply.date ? reply.date : (int64_t)time(NULL) * 1000;
	TRY(name_account(sc, &u, out));
	return err_of_read(read_settings(sc, out));
}

/* A cursor is the highest stamp so far and the server's own: "1795550400000 abc". */
static enum err pull_path(const struct pull *p, const char *cursor, int64_t *last, struct buf *path)
{
	char *rest = NULL;
	*last = cursor ? strtoll(cursor, &rest, 10) : 0;
	if (cursor && *rest != ' ')
		return ERR_PROTOCOL;
	buf_printf(path, "/tasks?limit=%d", PAGE_TASKS);
	if (p->mark) {
		buf_puts(path, "&changed_since=");
		http_escape(path, p->mark);
	}
	if (cursor) {
		buf_puts(path, "&cursor=");
		http_escape(path, rest + 1);
	}
	return buf_err(path);
}

static enum err set_end(const struct pull *p, const struct sc_more *m, int64_t last, struct page *out)
{
	AUTO_BUF cursor = BUF_INIT;
	char mark[DATE_TIME_LEN];
	int64_t old;
	if (m->next) {
		buf_printf(&cursor, "%lld %s", (long long)last, m->next);
		out->cursor = buf_take(&cursor);
		return out->cursor ? ERR_OK : ERR_NOMEM;
	}
	if (!p->mark && !last)
		last = m->server_time;
	if (!last)
		return ERR_OK;
	last -= OVERLAP_MS;
	if (p->mark && date_parse_time(p->mark, &old) == ERR_OK && old > last)
		last = old;
	date_format_time(last, mark);
	return str_put(&out->mark, mark);
}

static enum err pull_from(struct salesconnect *sc, const struct pull *p, const char *cursor, struct page *out)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_REPLY r = { 0 };
	struct sc_more m = { 0 };
	int64_t last;
	TRY(pull_path(p, cursor, &last, &path));
	TRY(get(sc, path.s, 0, &r));
	enum err e = nonsense(sc, sc_read_page(buf_str(&r.body), r.body.n, out, &m));
	if (e == ERR_OK)
		e = set_end(p, &m, m.last > last ? m.last : last, out);
	if (m.bad)
		log_warn("records without an id left out n=%zu", m.bad);
	free(m.next);
	return e;
}

static enum err sc_pull(struct remote *r, const struct pull *p, struct page *out)
{
	struct salesconnect *sc = self(r);
	if (!p->cursor)
		sc->restarts = 0;
	out->total = -1;
	enum err e = pull_from(sc, p, p->cursor, out);
	if (e != ERR_OK && p->cursor && strcmp(sc->code, "invalid_cursor") == 0) {
		page_finish(out);
		out->total = -1;
		e = ++sc->restarts > RESTARTS ? ERR_RETRY : pull_from(sc, p, NULL, out);
		if (sc->restarts > RESTARTS)
			sc->restarts = 0;	/* enough for now; the next pass tries anew */
	}
	if (e != ERR_OK)
		page_finish(out);
	return err_of_read(e);
}

/* 410 brings the tombstone, or at least says that there is one. */
static enum err tombstone(const char *id, struct page *out)
{
	struct remote_task *t = page_add(out);
	if (!t)
		return ERR_NOMEM;
	t->deleted = t->mine = true;
	return str_put(&t->id, id);
}

static enum err fetch_one(struct salesconnect *sc, const char *id, struct page *out)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_REPLY r = { 0 };
	size_t before = out->n;
	if (!sc_id(id))
		return ERR_OK;
	buf_printf(&path, "/tasks/%s", id);
	TRY(buf_err(&path));
	enum err e = get(sc, path.s, 404, &r);
	if (r.status == 404)
		return ERR_OK;
	if (e != ERR_OK && r.status != 410)
		return e;
	e = sc_read_task(buf_str(&r.body), r.body.n, out);
	if (r.status != 410)
		return nonsense(sc, e);
	if (e == ERR_PROTOCOL)
		return tombstone(id, out);
	if (out->n > before)
		out->task[before].deleted = true;
	return e;
}

static enum err sc_fetch(struct remote *r, const char *const *ids, size_t n, struct page *out)
{
	enum err e = ERR_OK;
	for (size_t i = 0; e == ERR_OK && i < n; i++)
		e = fetch_one(self(r), ids[i], out);
	out->total = (int64_t)out->n;
	if (e != ERR_OK)
		page_finish(out);
	return err_of_read(e);
}

/* ---- writing ---- */

/* What the answer tells of the task as it is there now. */
static enum err take_task(struct salesconnect *sc, struct item *it, const struct http_reply *r, bool create)
{
	AUTO_PAGE p = PAGE_INIT;
	enum err e = sc_read_task(buf_str(&r->body), r->body.n, &p);
	if (e != ERR_OK)
		return e == ERR_PROTOCOL ? nonsense(sc, ERR_LOST) : e;
	if (!create || r->status == 201)	/* else the key was known: whatever has become of it since */
		it->new_version = TAKE(p.task[0].version);
	if (create)
		it->new_id = TAKE(p.task[0].id);
	return ERR_OK;
}

static enum err create_one(struct salesconnect *sc, struct item *it)
{
	AUTO_BUF body = BUF_INIT;
	AUTO_BUF key = BUF_INIT;
	AUTO_REPLY r = { 0 };
	uint32_t fields = 0;
	for (int f = 0; f < TASK_NFIELDS; f++)
		fields |= it->t->field[f] ? BIT(f) : 0;
	sc_write_task(&body, it->t, fields, true);
	if (it->once)
		buf_printf(&key, "Idempotency-Key: %s", it->once);
	TRY(buf_err(&body));
	TRY(buf_err(&key));
	enum err e = call(sc,
		&(struct call){ .method = "POST", .path = "/tasks", .body = &body, .header = key.s }, &r);
	if (e != ERR_OK)	/* a key that is known: the first attempt did arrive */
		return strcmp(sc->code, "idempotency_mismatch") == 0 ? ERR_EXIST : e;
	return take_task(sc, it, &r, true);
}

/* The contract knows no write without a revision: who does not care gets the one of this moment. */
static enum err current_version(struct salesconnect *sc, const char *path, char **version)
{
	AUTO_REPLY r = { 0 };
	AUTO_PAGE p = PAGE_INIT;
	TRY(get(sc, path, 0, &r));
	TRY(nonsense(sc, sc_read_task(buf_str(&r.body), r.body.n, &p)));
	*version = TAKE(p.task[0].version);
	return ERR_OK;
}

static enum err task_path(struct salesconnect *sc, const struct item *it, struct buf *path, struct buf *match)
{
	AUTO_FREE char *version = NULL;
	buf_printf(path, "/tasks/%s", it->id);
	TRY(buf_err(path));
	if (!it->version) {
		enum err e = current_version(sc, path->s, &version);
		if (e != ERR_OK)
			return e == ERR_LOST ? ERR_OFFLINE : e;
	}
	if (it->version || version)
		buf_printf(match, "If-Match: \"%s\"", it->version ? it->version : version);
	return buf_err(match);
}

static enum err update_one(struct salesconnect *sc, struct item *it)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_BUF match = BUF_INIT;
	AUTO_BUF body = BUF_INIT;
	AUTO_REPLY r = { 0 };
	TRY(task_path(sc, it, &path, &match));
	sc_write_task(&body, it->t, it->fields, false);
	TRY(buf_err(&body));
	TRY(call(sc, &(struct call){ .method = "PATCH", .path = path.s, .body = &body, .header = match.s },
		&r));
	return take_task(sc, it, &r, false);
}

static enum err remove_one(struct salesconnect *sc, struct item *it)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_BUF match = BUF_INIT;
	AUTO_REPLY r = { 0 };
	enum err e = task_path(sc, it, &path, &match);
	if (e != ERR_OK)
		return e == ERR_GONE && sc->gone ? ERR_OK : e;
	return call(
		sc, &(struct call){ .method = "DELETE", .path = path.s, .header = match.s, .fine = 410 }, &r);
}

static bool good_address(const struct item *it)
{
	const char *v = it->version;
	return sc_id(it->id) && (!v || !v[strspn(v, "0123456789")]);
}

/* One after the other; what is wrong with one is its own, what is wrong with the line ends the batch. */
static enum err each(struct remote *r, struct item *it, size_t n, bool addressed,
	enum err (*write)(struct salesconnect *, struct item *))
{
	struct salesconnect *sc = self(r);
	for (size_t i = 0; i < n; i++) {
		it[i].msg[0] = '\0';
		if (addressed && !good_address(&it[i])) {
			it[i].err = ERR_REFUSED;
			msg_set(it[i].msg, NULL, "not a Sales Connect id");
			continue;
		}
		it[i].err = write(sc, &it[i]);
		if (it[i].err == ERR_OK)
			continue;
		if (it[i].err == ERR_TOOBIG)
			it[i].err = ERR_LOST;
		memcpy(it[i].msg, sc->r.message, MSG_LEN);
		if (!err_of_item(it[i].err))
			return items_give_up(it, n, i, it[i].err);
	}
	return ERR_OK;
}

static enum err sc_create(struct remote *r, struct item *it, size_t n)
{
	return each(r, it, n, false, create_one);
}

static enum err sc_update(struct remote *r, struct item *it, size_t n)
{
	return each(r, it, n, true, update_one);
}

static enum err sc_remove(struct remote *r, struct item *it, size_t n)
{
	return each(r, it, n, true, remove_one);
}

/* ---- */

static void sc_destroy(struct remote *r)
{
	struct salesconnect *sc = self(r);
	oauth_destroy(sc->oauth);
	http_destroy(sc->http);
	free(sc->state_dir);
	free(sc);
}

static const struct remote_ops salesconnect_ops = {
	.hello = sc_hello,
	.pull = sc_pull,
	.fetch = sc_fetch,
	.create = sc_create,
	.update = sc_update,
	.remove = sc_remove,
	.destroy = sc_destroy,
	.side = SIDE_SC,
	.once_is_kept = true,
	.batch = BATCH,
	.check_max = CHECK_MAX,
	.memory_days = 30,
};

struct remote *salesconnect_create(const struct config *c, const char *state_dir)
{
	struct salesconnect *sc = calloc(1, sizeof *sc);
	if (!sc)
		return NULL;
	*sc = (struct salesconnect){ .r.ops = &salesconnect_ops, .c = c };
	sc->state_dir = strdup(state_dir);
	sc->http = http_create();
	if (sc->state_dir && sc->http)
		sc->oauth = oauth_create(conf(sc), SIDE_SC, sc->state_dir, sc->http);
	if (!sc->oauth) {
		sc_destroy(&sc->r);
		return NULL;
	}
	return &sc->r;
}
