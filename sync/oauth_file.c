#include "oauth_p.h"
#include "command.h"
#include "json.h"
#include "log.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_MODULE "oauth"
#define TOKEN_MAX 8192
#define FILE_MAX 65536
#define DRAFT_ROOM 16384

static void wipe(char **s)
{
	if (*s)
		explicit_bzero(*s, strlen(*s));
	free(*s);
	*s = NULL;
}

void oauth_token_finish(struct oauth_token *t)
{
	wipe(&t->access);
	wipe(&t->refresh);
	wipe(&t->instance);
	wipe(&t->id);
}

void secret_finish(struct buf *b)
{
	if (b->s)
		explicit_bzero(b->s, b->n);
	buf_finish(b);
}

/* What may stand in an Authorization line. */
static bool is_token(const char *s)
{
	size_t n = strlen(s);
	for (size_t i = 0; i < n; i++)
		if (s[i] <= 0x20 || s[i] >= 0x7F)
			return false;
	return n > 0 && n <= TOKEN_MAX;
}

static enum err parse_json(const char *s, size_t n, struct oauth_token *out)
{
	AUTO_TOKEN sf = { 0 };
	const struct json_pick want[] = {
		{ "access_token", &out->access }, { "refresh_token", &out->refresh },
		{ "instance_url", &out->instance }, { "id", &out->id },
		{ "result.accessToken", &sf.access }, { "result.instanceUrl", &sf.instance },
	};
	TRY(json_pick(s, n, want, sizeof want / sizeof want[0]));
	if (!out->access)
		out->access = TAKE(sf.access);
	if (!out->instance)
		out->instance = TAKE(sf.instance);
	return ERR_OK;
}

enum err oauth_parse(const char *text, size_t n, struct oauth_token *out)
{
	AUTO_SECRET s = BUF_INIT;
	*out = (struct oauth_token){ 0 };
	while (n && strchr(" \t\r\n", text[n - 1]))
		n--;
	while (n && strchr(" \t\r\n", *text))
		text++, n--;
	if (memchr(text, '\0', n))
		return ERR_INVAL;
	buf_add(&s, text, n);
	TRY(buf_err(&s));
	enum err e = ERR_OK;
	if (n && *text == '{')
		e = parse_json(buf_str(&s), s.n, out);
	else if (!(out->access = strdup(buf_str(&s))))
		e = ERR_NOMEM;
	bool fine = (out->access || out->refresh) && (!out->access || is_token(out->access)) &&
		    (!out->refresh || is_token(out->refresh));
	if (e == ERR_OK && !fine)
		e = ERR_INVAL;
	if (e != ERR_OK)
		oauth_token_finish(out);
	return e;
}

char *token_path(enum side side, const char *state_dir, const char *suffix)
{
	AUTO_BUF b = BUF_INIT;
	buf_printf(&b, "%s/%s.%s", state_dir, side_name[side], suffix);
	return buf_take(&b);
}

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

enum err token_read(const char *path, struct oauth_token *out)
{
	AUTO_SECRET b = BUF_INIT;
	struct stat st;
	*out = (struct oauth_token){ 0 };
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? ERR_NOENT : ERR_IO;
	if (fstat(fd, &st) < 0)
		return ERR_IO;
	if (!S_ISREG(st.st_mode) || (st.st_mode & 077))
		return ERR_PERM;
	if (st.st_size > FILE_MAX)
		return ERR_INVAL;
	buf_resize(&b, (size_t)st.st_size);
	TRY(buf_err(&b));
	ssize_t n = b.n ? pread(fd, b.s, b.n, 0) : 0;
	return n < 0 ? ERR_IO : oauth_parse(buf_str(&b), (size_t)n, out);
}

static enum err write_all(int fd, const char *s, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t w = pwrite(fd, s + at, n - at, (off_t)at);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return errno == ENOSPC || errno == EDQUOT ? ERR_NOSPC : ERR_IO;
		at += (size_t)w;
	}
	return ERR_OK;
}

enum err token_draft_begin(struct token_draft *d, const char *path)
{
	AUTO_BUF name = BUF_INIT;
	AUTO_BUF room = BUF_INIT;
	*d = (struct token_draft){ .path = path, .fd = -1 };
	buf_printf(&name, "%s.new", path);
	buf_resize(&room, DRAFT_ROOM);
	TRY(buf_err(&name));
	TRY(buf_err(&room));
	memset(room.s, ' ', room.n);
	unlink(name.s);		/* left behind by a kill */
	if ((d->fd = open(name.s, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
		return errno == ENOSPC || errno == EDQUOT ? ERR_NOSPC : ERR_IO;
	d->temp = buf_take(&name);
	TRY(write_all(d->fd, room.s, room.n));
	return fsync(d->fd) < 0 ? ERR_IO : ERR_OK;
}

static enum err sync_dir(const char *path)
{
	AUTO_FREE char *copy = strdup(path);
	if (!copy)
		return ERR_NOMEM;
	AUTO(fd_close) int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? ERR_IO : ERR_OK;
}

enum err token_draft_commit(struct token_draft *d, const char *text, size_t n)
{
	TRY(write_all(d->fd, text, n));
	if (ftruncate(d->fd, (off_t)n) < 0 || fsync(d->fd) < 0 || rename(d->temp, d->path) < 0)
		return ERR_IO;
	free(d->temp);
	d->temp = NULL;
	return sync_dir(d->path);
}

void token_draft_finish(struct token_draft *d)
{
	fd_close(&d->fd);
	if (d->temp)
		unlink(d->temp);
	free(d->temp);
}

void token_json(struct buf *b, const struct oauth_token *t)
{
	const struct {
		const char *name, *value;
	} member[] = {
		{ "refresh_token", t->refresh }, { "access_token", t->access },
		{ "instance_url", t->instance }, { "id", t->id },
	};
	const char *sep = "{";
	for (size_t i = 0; i < sizeof member / sizeof member[0]; i++) {
		if (!member[i].value)
			continue;
		buf_printf(b, "%s\"%s\":", sep, member[i].name);
		json_quote(b, member[i].value);
		sep = ",";
	}
	buf_puts(b, "}\n");
}

enum err oauth_token_file(enum side side, const char *state_dir, const char *text)
{
	AUTO_TOKEN t = { 0 };
	AUTO_SECRET b = BUF_INIT;
	AUTO_DRAFT d = { .fd = -1 };
	AUTO_FREE char *path = token_path(side, state_dir, "token");
	TRY(oauth_parse(text, strlen(text), &t));
	if (side == SIDE_SF)
		token_json(&b, &t);
	else if (t.access)
		buf_printf(&b, "%s\n", t.access);
	else
		return ERR_INVAL;
	TRY(buf_err(&b));
	if (!path)
		return ERR_NOMEM;
	TRY(token_draft_begin(&d, path));
	return token_draft_commit(&d, b.s, b.n);
}

void form_add(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(b, "%s%s=", b->n ? "&" : "", name);
	http_escape(b, value);
}

void login_host(struct buf *b, const struct config_remote *c)
{
	buf_puts(b, c->url ? c->url : OAUTH_LOGIN_URL);
	while (b->n && b->s[b->n - 1] == '/')
		buf_resize(b, b->n - 1);
}

enum err form_secret(struct buf *form, const struct config_remote *c, bool (*stop)(void *), void *arg)
{
	AUTO_SECRET out = BUF_INIT;
	if (!c->client_secret_command)
		return ERR_OK;
	TRY(command_run(c->client_secret_command, stop, arg, &out));
	out.s[strcspn(out.s, "\r\n")] = '\0';
	form_add(form, "client_secret", out.s);
	return ERR_OK;
}

enum err oauth_challenge(const char *verifier, struct buf *out)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned char text[EVP_MAX_MD_SIZE * 2];
	unsigned n = 0;
	if (!EVP_Digest(verifier, strlen(verifier), sum, &n, EVP_sha256(), NULL))
		return ERR_NOMEM;
	EVP_EncodeBlock(text, sum, (int)n);
	for (char *s = (char *)text; *s && *s != '='; s++)
		buf_putc(out, *s == '+' ? '-' : *s == '/' ? '_' : *s);
	return buf_err(out);
}

bool oauth_instance_ok(const char *login, const char *instance)
{
	static const char *const domain[] = {
		".salesforce.com", ".force.com", ".cloudforce.com", ".salesforce.mil", ".sfcrmproducts.cn",
	};
	struct http_url a, b;
	if (http_url(login, &a) != ERR_OK || http_url(instance, &b) != ERR_OK)
		return false;
	if (a.loopback || b.loopback)
		return a.loopback && b.loopback;
	if (strcmp(a.host, b.host) == 0)
		return true;
	for (size_t i = 0; i < sizeof domain / sizeof domain[0]; i++)
		if (b.host[0] != '.' && str_ends(b.host, domain[i]))
			return true;
	return false;
}

char *oauth_query(const char *line, const char *name)
{
	AUTO_BUF b = BUF_INIT;
	size_t n = strlen(name);
	size_t end = strcspn(line, " ");
	end += strspn(line + end, " ");
	end += strcspn(line + end, " \r\n");
	const char *stop = line + end;
	const char *s = memchr(line, '?', end);
	while (s && s < stop) {
		s++;
		const char *amp = memchr(s, '&', (size_t)(stop - s));
		const char *to = amp ? amp : stop;
		if ((size_t)(to - s) > n && strncmp(s, name, n) == 0 && s[n] == '=') {
			http_unescape(&b, s + n + 1, (size_t)(to - s) - n - 1);
			return buf_take(&b);
		}
		s = amp;
	}
	return NULL;
}
