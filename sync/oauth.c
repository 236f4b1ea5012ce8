#include "oauth_p.h"
#include "command.h"
#include "json.h"
#include "log.h"
#include "remote_p.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOG_MODULE "oauth"
#define LOCK_TICKS 600		/* of 100 ms: longer than a refresh may take is no single flight any more */

struct oauth {
	const struct config_remote *c;
	enum side side;
	const char *dir;
	struct http *http;
	struct oauth_token now;
	char *dead;		/* see name_file: this one's refresh token was refused for good */
	char *file;		/* see name_file: the one that now came from; NULL: none */
	bool greeting, stranger;	/* see oauth_greet */
	struct buf base;
	int64_t retry_ms;
	char msg[OAUTH_MSG];
	bool (*stop)(void *);
	void *stop_arg;
};

struct oauth *oauth_create(
	const struct config_remote *c, enum side side, const char *state_dir, struct http *h)
{
	struct oauth *o = calloc(1, sizeof *o);
	if (o)
		*o = (struct oauth){ .c = c, .side = side, .dir = state_dir, .http = h };
	return o;
}

void oauth_destroy(struct oauth *o)
{
	if (!o)
		return;
	oauth_token_finish(&o->now);
	buf_finish(&o->base);
	free(o->dead);
	free(o->file);
	free(o);
}

void oauth_set_stop(struct oauth *o, bool (*stop)(void *), void *arg)
{
	o->stop = stop;
	o->stop_arg = arg;
}

const char *oauth_base(const struct oauth *o)
{
	return buf_str(&o->base);
}

const char *oauth_message(const struct oauth *o)
{
	return o->msg;
}

int64_t oauth_retry_ms(const struct oauth *o)
{
	return o->retry_ms;
}

static enum err fail(struct oauth *o, enum err e, const char *text)
{
	msg_set(o->msg, NULL, text);
	return e;
}

static const char who_is_it[] = "the login changed: whose it is will be seen";

static const char *login_hint(const struct oauth *o)
{
	return o->side == SIDE_SF ? "not logged in: remindfs login salesforce" :
				    "no token: remindfs login salesconnect";
}

/* login.salesforce.com hands out tokens and takes none. */
static bool is_only_login(const char *url)
{
	struct http_url u;
	return http_url(url, &u) == ERR_OK &&
	       (strcmp(u.host, "login.salesforce.com") == 0 || strcmp(u.host, "test.salesforce.com") == 0);
}

/* Which writing of the token file it is: after a login it is another, even with the same token in it. */
static enum err name_file(struct oauth *o, struct buf *name)
{
	AUTO_FREE char *path = token_path(o->side, o->dir, "token");
	struct stat st;
	if (!path)
		return ERR_NOMEM;
	if (stat(path, &st) == 0)
		buf_printf(name, "%llu %lld.%09ld", (unsigned long long)st.st_ino,
			(long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	return buf_err(name);
}

/* From here on *t is the token to use; where it may be sent is settled first. */
static enum err adopt(struct oauth *o, struct oauth_token *t)
{
	AUTO_BUF login = BUF_INIT;
	login_host(&login, o->c);
	TRY(buf_err(&login));
	if (o->side == SIDE_SF && t->instance && !oauth_instance_ok(login.s, t->instance))
		return fail(o, ERR_PROTOCOL, "the token came with an instance_url that is not Salesforce's");
	if (o->side == SIDE_SC && !o->c->url)
		return fail(o, ERR_CONFIG, "the url is missing in the configuration");
	if (o->side == SIDE_SF && !t->instance && is_only_login(login.s))
		return fail(o, ERR_CONFIG, "set url = https://YOURS.my.salesforce.com under [salesforce]");
	buf_clear(&o->base);
	buf_puts(&o->base, o->side == SIDE_SF && t->instance ? t->instance : login.s);
	while (o->base.n && o->base.s[o->base.n - 1] == '/')
		buf_resize(&o->base, o->base.n - 1);
	TRY(buf_err(&o->base));
	oauth_token_finish(&o->now);
	o->now = *t;
	*t = (struct oauth_token){ 0 };
	AUTO_BUF file = BUF_INIT;
	TRY(name_file(o, &file));
	free(o->file);
	o->file = buf_take(&file);
	return ERR_OK;
}

static enum err ask_command(struct oauth *o)
{
	AUTO_SECRET out = BUF_INIT;
	AUTO_TOKEN t = { 0 };
	enum err e = command_run(o->c->token_command, o->stop, o->stop_arg, &out);
	if (e == ERR_BUSY)
		return fail(o, ERR_OFFLINE, "stopped");
	if (e == ERR_AUTH || e == ERR_CONFIG)
		return fail(o, ERR_AUTH, "token_command failed");
	TRY(e);
	if (oauth_parse(out.s, out.n, &t) != ERR_OK || !t.access)
		return fail(o, ERR_AUTH, "token_command printed no token");
	return adopt(o, &t);
}

static enum err read_file(struct oauth *o, struct oauth_token *t)
{
	AUTO_FREE char *path = token_path(o->side, o->dir, "token");
	if (!path)
		return ERR_NOMEM;
	switch (token_read(path, t)) {
	case ERR_OK:
		return ERR_OK;
	case ERR_NOENT:
		return fail(o, ERR_AUTH, login_hint(o));
	case ERR_PERM:
		return fail(
			o, ERR_AUTH, "the token file can be read by others: chmod 600 it, or log in again");
	case ERR_NOMEM:
		return ERR_NOMEM;
	default:
		return fail(o, ERR_AUTH, "the token file cannot be read: log in again");
	}
}

static void lock_release(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static enum err lock(struct oauth *o, int *fd)
{
	AUTO_FREE char *path = token_path(o->side, o->dir, "lock");
	if (!path)
		return ERR_NOMEM;
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0)
		return fail(o, ERR_IO, "the lock file cannot be opened");
	for (int i = 0; i < LOCK_TICKS; i++) {
		if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
			return ERR_OK;
		if (o->stop && o->stop(o->stop_arg))
			break;
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
	return fail(o, ERR_RETRY, "another process keeps the token");
}

static bool for_now(const char *error)
{
	static const char *const later[] = {
		"server_error",
		"temporarily_unavailable",
		"unknown_error",
		"rate_limit_exceeded",
		"login_rate_exceeded",
	};
	for (size_t i = 0; error && i < sizeof later / sizeof later[0]; i++)
		if (strcmp(error, later[i]) == 0)
			return true;
	return false;
}

static enum err token_refusal(const struct http_reply *r, char msg[OAUTH_MSG])
{
	AUTO_FREE char *error = NULL;
	AUTO_FREE char *text = NULL;
	const struct json_pick want[] = { { "error", &error }, { "error_description", &text } };
	if (json_pick(buf_str(&r->body), r->body.n, want, 2) == ERR_NOMEM)
		return ERR_NOMEM;
	msg_set(msg, error ? error : "the token endpoint answers", text ? text : error ? NULL : "no");
	if (r->status == 429)
		return ERR_LIMIT;
	if (r->status >= 500 || r->status == 408 || for_now(error))
		return ERR_RETRY;
	return error && r->status >= 400 ? ERR_AUTH : ERR_PROTOCOL;
}

enum err token_post(struct http *h, const struct config_remote *c, const struct buf *form,
	struct oauth_token *out, int64_t *retry_ms, char msg[OAUTH_MSG])
{
	AUTO_BUF url = BUF_INIT;
	AUTO_REPLY r = { 0 };
	login_host(&url, c);
	buf_puts(&url, "/services/oauth2/token");
	*out = (struct oauth_token){ 0 };
	TRY(buf_err(&url));
	TRY(buf_err(form));
	struct http_request q = {
		.method = "POST", .url = url.s, .body = form->s, .body_len = form->n, .once = true,
		.header = { "Content-Type: application/x-www-form-urlencoded", "Accept: application/json" },
	};
	enum err e = http_request(h, &q, &r);
	if (e != ERR_OK) {
		msg_set(msg, NULL, http_why(h));
		return e == ERR_TOOBIG ? ERR_LOST : e;
	}
	*retry_ms = r.retry_ms;
	if (r.status != 200)
		return token_refusal(&r, msg);
	e = oauth_parse(buf_str(&r.body), r.body.n, out);
	if (e == ERR_OK && out->access)
		return ERR_OK;
	oauth_token_finish(out);
	msg_set(msg, NULL, "the token endpoint's answer makes no sense");
	return e == ERR_NOMEM ? e : ERR_LOST;
}

/* The lost answer's token is dead or alive: trying it once more either works or a login was needed anyway. */
static enum err ask_refresh(struct oauth *o, const struct oauth_token *old, struct oauth_token *t)
{
	AUTO_SECRET form = BUF_INIT;
	form_add(&form, "grant_type", "refresh_token");
	form_add(&form, "refresh_token", old->refresh);
	form_add(&form, "client_id", o->c->client_id);
	if (form_secret(&form, o->c, o->stop, o->stop_arg) != ERR_OK)
		return fail(o, ERR_AUTH, "client_secret_command failed");
	enum err e = token_post(o->http, o->c, &form, t, &o->retry_ms, o->msg);
	if (e == ERR_LOST && !(o->stop && o->stop(o->stop_arg)))
		e = token_post(o->http, o->c, &form, t, &o->retry_ms, o->msg);
	return e == ERR_LOST ? ERR_OFFLINE : e;
}

/* What the reply leaves out stays as it was. */
static enum err complete(struct oauth_token *t, const struct oauth_token *old)
{
	bool ok = true;
	if (!t->refresh)
		t->refresh = str_dup(old->refresh, &ok);
	if (!t->instance)
		t->instance = str_dup(old->instance, &ok);
	if (!t->id)
		t->id = str_dup(old->id, &ok);
	return ok ? ERR_OK : ERR_NOMEM;
}

static enum err refresh(struct oauth *o, const struct oauth_token *old)
{
	AUTO_BUF name = BUF_INIT;
	TRY(name_file(o, &name));
	if (o->dead && str_eq(name.s, o->dead))
		return fail(o, ERR_AUTH, "the login is over: remindfs login salesforce");
	AUTO_FREE char *path = token_path(o->side, o->dir, "token");
	AUTO_TOKEN t = { 0 };
	AUTO_DRAFT d = { .fd = -1 };
	AUTO_SECRET text = BUF_INIT;
	if (!path)
		return ERR_NOMEM;
	enum err e = token_draft_begin(&d, path);
	if (e != ERR_OK)
		return fail(o, e, "the token file cannot be written");
	e = ask_refresh(o, old, &t);
	if (e == ERR_AUTH) {
		free(o->dead);
		o->dead = buf_take(&name);
	}
	TRY(e);
	TRY(complete(&t, old));
	token_json(&text, &t);
	TRY(buf_err(&text));
	e = token_draft_commit(&d, text.s, text.n);
	if (e != ERR_OK)
		return fail(o, e, "the token file cannot be written");
	log_info("token refreshed side=%s rotated=%d", side_name[o->side], !str_eq(t.refresh, old->refresh));
	return adopt(o, &t);
}

/* refused: the access token that does not do any more; NULL: none was tried yet. */
static enum err from_file(struct oauth *o, const char *refused)
{
	AUTO_TOKEN t = { 0 };
	TRY(read_file(o, &t));
	if (t.access && !str_eq(t.access, refused))
		return adopt(o, &t);
	if (!t.refresh)
		return fail(o, ERR_AUTH,
			o->side == SIDE_SF ? "the session is over: remindfs login salesforce"
					   : "the token is refused: remindfs login salesconnect");
	AUTO(lock_release) int fd = -1;
	TRY(lock(o, &fd));
	oauth_token_finish(&t);
	TRY(read_file(o, &t));
	if (t.access && !str_eq(t.access, refused))
		return adopt(o, &t);
	return t.refresh ? refresh(o, &t) : fail(o, ERR_AUTH, login_hint(o));
}

static bool same_login(const struct oauth_token *a, const struct oauth_token *b)
{
	return (a->id && str_eq(a->id, b->id)) || (a->refresh && str_eq(a->refresh, b->refresh));
}

static enum err renew(struct oauth *o)
{
	AUTO_TOKEN old = o->now;
	o->now = (struct oauth_token){ 0 };
	TRY(o->c->token_command ? ask_command(o) : from_file(o, old.access));
	o->stranger = !o->greeting && !same_login(&old, &o->now);
	if (!o->c->token_command)
		return ERR_OK;
	if (!str_eq(o->now.access, old.access))
		return ERR_OK;
	oauth_token_finish(&o->now);
	return fail(o, ERR_AUTH, "the token that token_command gives is refused");
}

static enum err send(struct oauth *o, const struct http_request *q, struct http_reply *out)
{
	AUTO_BUF url = BUF_INIT;
	AUTO_SECRET line = BUF_INIT;
	struct http_request full = *q;
	int i = 0;
	buf_printf(&url, "%s%s", oauth_base(o), q->url);
	buf_printf(&line, "Authorization: Bearer %s", o->now.access);
	TRY(buf_err(&url));
	TRY(buf_err(&line));
	while (i < HTTP_HEADERS - 1 && full.header[i])
		i++;
	full.header[i] = line.s;
	full.url = url.s;
	enum err e = http_request(o->http, &full, out);
	if (e != ERR_OK)
		msg_set(o->msg, NULL, http_why(o->http));
	return e;
}

enum err oauth_request(struct oauth *o, const struct http_request *q,
	bool (*false_alarm)(const struct http_reply *), struct http_reply *out)
{
	*out = (struct http_reply){ 0 };
	o->msg[0] = '\0';
	o->retry_ms = 0;
	if (o->stranger)
		return fail(o, ERR_AUTH, who_is_it);
	if (!o->now.access)
		TRY(o->c->token_command ? ask_command(o) : from_file(o, NULL));
	TRY(send(o, q, out));
	if (out->status != 401 || (false_alarm && false_alarm(out)))
		return ERR_OK;
	http_reply_finish(out);
	TRY(renew(o));
	return o->stranger ? fail(o, ERR_AUTH, who_is_it) : send(o, q, out);
}

bool oauth_stranger(const struct oauth *o)
{
	return o->stranger;
}

void oauth_greet(struct oauth *o, bool begin)
{
	AUTO_BUF file = BUF_INIT;
	o->greeting = begin;
	if (begin && !o->c->token_command && name_file(o, &file) == ERR_OK &&
		!str_eq(o->file, buf_str(&file)))
		oauth_token_finish(&o->now);
	if (begin)
		o->stranger = false;
}

enum err oauth_renew(struct oauth *o)
{
	o->msg[0] = '\0';
	o->retry_ms = 0;
	return renew(o);
}
