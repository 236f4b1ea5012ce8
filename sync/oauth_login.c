#include "oauth_p.h"
#include "clock.h"
#include "log.h"
#include "remote_p.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LOG_MODULE "oauth"
#define LINE_MAX_LEN 8192
#define READ_MS 1000	/* browsers open connections ahead of need and leave them silent */

void oauth_login_finish(struct oauth_login *l)
{
	free(l->url);
	free(l->redirect);
	free(l->verifier);
	free(l->state);
	if (l->fd > 0)
		close(l->fd);
	*l = (struct oauth_login){ .fd = -1 };
}

static enum err random_word(char **out)
{
	unsigned char bytes[32];
	unsigned char text[48];
	AUTO_BUF b = BUF_INIT;
	if (RAND_bytes(bytes, sizeof bytes) != 1)
		return ERR_IO;
	EVP_EncodeBlock(text, bytes, sizeof bytes);
	for (char *s = (char *)text; *s && *s != '='; s++)
		buf_putc(&b, *s == '+' ? '-' : *s == '/' ? '_' : *s);
	*out = buf_take(&b);
	return *out ? ERR_OK : ERR_NOMEM;
}

static enum err listen_on(int *port, int *out)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)*port) };
	socklen_t n = sizeof a;
	int one = 1;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = *out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ERR_IO;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0)
		return errno == EADDRINUSE ? ERR_BUSY : ERR_IO;
	if (listen(fd, 8) < 0 || getsockname(fd, (struct sockaddr *)&a, &n) < 0)
		return ERR_IO;
	*port = ntohs(a.sin_port);
	return ERR_OK;
}

static enum err make_url(const struct config_remote *c, struct oauth_login *l)
{
	AUTO_BUF url = BUF_INIT;
	AUTO_BUF form = BUF_INIT;
	AUTO_BUF challenge = BUF_INIT;
	TRY(oauth_challenge(l->verifier, &challenge));
	form_add(&form, "response_type", "code");
	form_add(&form, "client_id", c->client_id);
	form_add(&form, "redirect_uri", l->redirect);
	form_add(&form, "scope", "api refresh_token");
	form_add(&form, "state", l->state);
	form_add(&form, "code_challenge", challenge.s);
	form_add(&form, "code_challenge_method", "S256");
	login_host(&url, c);
	buf_printf(&url, "/services/oauth2/authorize?%s", buf_str(&form));
	TRY(buf_err(&form));
	l->url = buf_take(&url);
	return l->url ? ERR_OK : ERR_NOMEM;
}

enum err oauth_login_begin(const struct config_remote *c, struct oauth_login *out)
{
	int port = c->redirect_port;
	*out = (struct oauth_login){ .fd = -1 };
	if (!c->client_id)
		return ERR_CONFIG;
	TRY(random_word(&out->verifier));
	TRY(random_word(&out->state));
	TRY(listen_on(&port, &out->fd));
	AUTO_BUF redirect = BUF_INIT;
	buf_printf(&redirect, "http://localhost:%d/callback", port);
	out->redirect = buf_take(&redirect);
	return out->redirect ? make_url(c, out) : ERR_NOMEM;
}

/* Up to the end of the head, which is read and thrown away so that the browser sees no reset. */
static bool read_head(int fd, char *s, size_t cap)
{
	size_t n = 0;
	int64_t deadline = clock_steady() + READ_MS;
	while (n < cap - 1 && clock_steady() < deadline) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		if (poll(&p, 1, (int)(deadline - clock_steady())) <= 0)
			continue;
		ssize_t got = read(fd, s + n, cap - 1 - n);
		if (got <= 0)
			break;
		n += (size_t)got;
		s[n] = '\0';
		if (strstr(s, "\r\n\r\n"))
			return true;
	}
	return false;
}

static void answer(int fd, const char *status, const char *text)
{
	AUTO_BUF b = BUF_INIT;
	AUTO_BUF page = BUF_INIT;
	buf_printf(&page, "<!DOCTYPE html><title>remindfs</title><p>%s</p>\n", text);
	buf_printf(&b, "HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
		       "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
		status, page.n, buf_str(&page));
	if (buf_err(&b) == ERR_OK && write(fd, b.s, b.n) < 0)
		log_dbg("login page not delivered");
	shutdown(fd, SHUT_WR);
}

/* ERR_BUSY: this was not the redirect, go on waiting. */
static enum err take(struct oauth_login *l, int fd, char **code, char msg[OAUTH_MSG])
{
	char s[LINE_MAX_LEN];
	if (!read_head(fd, s, sizeof s))
		return ERR_BUSY;
	if (strncmp(s, "GET /callback?", 14) != 0) {
		answer(fd, "404 Not Found", "There is nothing here.");
		return ERR_BUSY;
	}
	AUTO_FREE char *state = oauth_query(s, "state");
	AUTO_FREE char *error = oauth_query(s, "error");
	AUTO_FREE char *why = oauth_query(s, "error_description");
	if (!state || strcmp(state, l->state) != 0) {
		answer(fd, "400 Bad Request", "This is not the login that was begun.");
		return ERR_BUSY;
	}
	*code = oauth_query(s, "code");
	if (!*code || error) {
		msg_set(msg, error ? error : "no code", why);
		free(*code);
		*code = NULL;
		answer(fd, "200 OK",
			"The login did not work. The terminal says why. You can close this window.");
		return ERR_AUTH;
	}
	answer(fd, "200 OK", "You can close this window.");
	return ERR_OK;
}

enum err oauth_login_wait(struct oauth_login *l, int seconds, char **code, char msg[OAUTH_MSG])
{
	int64_t deadline = clock_steady() + (int64_t)seconds * 1000;
	int64_t left;
	*code = NULL;
	msg[0] = '\0';
	while ((left = deadline - clock_steady()) > 0) {
		struct pollfd p = { .fd = l->fd, .events = POLLIN };
		if (poll(&p, 1, left > 1000 ? 1000 : (int)left) <= 0)
			continue;
		int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		enum err e = take(l, fd, code, msg);
		close(fd);
		if (e != ERR_BUSY)
			return e;
	}
	msg_set(msg, NULL, "nobody came back from the browser in time");
	return ERR_OFFLINE;
}

static void http_auto(struct http **h)
{
	http_destroy(*h);
}

enum err oauth_login_complete(const struct oauth_login *l, const struct config_remote *c, const char *code,
	const char *state_dir, char msg[OAUTH_MSG])
{
	AUTO(http_auto) struct http *h = http_create();
	AUTO_FREE char *path = token_path(SIDE_SF, state_dir, "token");
	AUTO_SECRET form = BUF_INIT;
	AUTO_SECRET text = BUF_INIT;
	AUTO_BUF login = BUF_INIT;
	AUTO_TOKEN t = { 0 };
	AUTO_DRAFT d = { .fd = -1 };
	int64_t retry;
	msg[0] = '\0';
	if (!h || !path)
		return ERR_NOMEM;
	form_add(&form, "grant_type", "authorization_code");
	form_add(&form, "code", code);
	form_add(&form, "client_id", c->client_id);
	form_add(&form, "redirect_uri", l->redirect);
	form_add(&form, "code_verifier", l->verifier);
	TRY(form_secret(&form, c, NULL, NULL));
	TRY(token_draft_begin(&d, path));
	TRY(token_post(h, c, &form, &t, &retry, msg));
	login_host(&login, c);
	TRY(buf_err(&login));
	if (t.instance && !oauth_instance_ok(login.s, t.instance)) {
		msg_set(msg, NULL, "the token came with an instance_url that is not Salesforce's");
		return ERR_PROTOCOL;
	}
	token_json(&text, &t);
	TRY(buf_err(&text));
	return token_draft_commit(&d, text.s, text.n);
}

static void revoke_token(const struct config_remote *c, const struct oauth_token *t)
{
	AUTO(http_auto) struct http *h = http_create();
	AUTO_BUF url = BUF_INIT;
	AUTO_SECRET form = BUF_INIT;
	AUTO_REPLY r = { 0 };
	login_host(&url, c);
	buf_puts(&url, "/services/oauth2/revoke");
	form_add(&form, "token", t->refresh ? t->refresh : t->access);
	if (!h || buf_err(&url) || buf_err(&form))
		return;
	struct http_request q = {
		.method = "POST", .url = url.s, .body = form.s, .body_len = form.n,
		.header = { "Content-Type: application/x-www-form-urlencoded" },
	};
	enum err e = http_request(h, &q, &r);
	if (e != ERR_OK || r.status != 200)
		log_warn("the token could not be revoked status=%d error=%s", r.status, err_str(e));
}

enum err oauth_logout(const struct config_remote *c, enum side side, const char *state_dir)
{
	AUTO_TOKEN t = { 0 };
	AUTO_FREE char *path = token_path(side, state_dir, "token");
	if (!path)
		return ERR_NOMEM;
	if (side == SIDE_SF && token_read(path, &t) == ERR_OK)
		revoke_token(c, &t);
	if (unlink(path) < 0)
		return errno == ENOENT ? ERR_NOENT : ERR_IO;
	return ERR_OK;
}
