#include "sandbox.h"
#include "json.h"
#include "oauth.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct sandbox box;
static struct http_reply last;
static char *text;

void same_(const char *a, const char *b, const char *file, int line)
{
	if (str_eq(a, b))
		return;
	print_error("\"%s\" is not \"%s\"\n", a ? a : "(none)", b ? b : "(none)");
	_fail(file, line);
}

static void run(int out)
{
	const char *program = getenv("SANDBOX");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(out, 1);
	execl(program ? program : "remindfs-sandbox", "remindfs-sandbox", "--port", "0", (char *)NULL);
	perror("remindfs-sandbox");
	_exit(127);
}

static int read_port(int fd)
{
	char line[200] = "";
	int port = 0;
	for (size_t n = 0; n < sizeof line - 1 && read(fd, line + n, 1) == 1 && line[n] != '\n'; n++)
		;
	if (sscanf(line, "listening on http://127.0.0.1:%d", &port) != 1)
		print_error("the sandbox says \"%s\"\n", line);
	return port;
}

int sandbox_start(void **state)
{
	int fd[2];
	if (pipe(fd) < 0 || (box.pid = fork()) < 0)
		return -1;
	if (box.pid == 0)
		run(fd[1]);
	close(fd[1]);
	int port = read_port(fd[0]);
	close(fd[0]);
	snprintf(box.url, sizeof box.url, "http://127.0.0.1:%d", port);
	box.http = http_create();
	return port && box.http ? 0 : -1;
}

int sandbox_stop(void **state)
{
	kill(box.pid, SIGTERM);
	waitpid(box.pid, NULL, 0);
	http_destroy(box.http);
	http_reply_finish(&last);
	free(text);
	config_finish(&box.c);
	return 0;
}

static void set(char **to, const char *value)
{
	free(*to);
	*to = value ? strdup(value) : NULL;
}

static void remove_state(void)
{
	static const char *const names[] = { "salesforce.token", "salesforce.lock", "salesconnect.token",
		"count", "store.db", "store.db-wal", "store.db-shm" };
	for (size_t i = 0; i < COUNT(names) && box.dir[0]; i++) {
		char path[128];
		snprintf(path, sizeof path, "%s/%s", box.dir, names[i]);
		unlink(path);
	}
	if (box.dir[0] && rmdir(box.dir) < 0)
		print_error("something is left in %s\n", box.dir);
}

int sandbox_clean(void **state)
{
	AUTO_BUF token = BUF_INIT;
	*state = NULL;
	hand("POST", "/sandbox/reset", NULL);
	hand("POST", "/sandbox/fault/clear", NULL);
	box.seen = 0;
	config_finish(&box.c);
	config_init(&box.c);
	set(&box.c.remote[SIDE_SC].url, box.url);
	set(&box.c.remote[SIDE_SF].url, box.url);
	set(&box.c.remote[SIDE_SF].client_id, "remindfs-test");
	strcpy(box.dir, "/tmp/remindfs-http-XXXXXX");
	if (!mkdtemp(box.dir))
		return -1;
	buf_printf(&token, "{\"refresh_token\":\"sf-refresh\",\"instance_url\":\"%s\"}", box.url);
	return oauth_token_file(SIDE_SC, box.dir, "sc-token") || oauth_token_file(SIDE_SF, box.dir, token.s)
		       ? -1
		       : 0;
}

int sandbox_tidy(void **state)
{
	remove_state();
	return 0;
}

void fixed_token(void)
{
	assert_ok(oauth_token_file(SIDE_SF, box.dir, "sf-token"));
}

const char *hand(const char *method, const char *path, const char *body)
{
	AUTO_BUF url = BUF_INIT;
	buf_printf(&url, "%s%s", box.url, path);
	struct http_request q = {
		.method = method,
		.url = url.s,
		.header = { "Content-Type: application/json" },
		.body = body			      ? body
			: strcmp(method, "POST") == 0 ? "{}"
						      : NULL,
		.body_len = body ? strlen(body) : 2,
	};
	http_reply_finish(&last);
	assert_ok(http_request(box.http, &q, &last));
	if (last.status < 200 || last.status > 299)
		fail_msg("%s %s: %d %s", method, path, last.status, buf_str(&last.body));
	return buf_str(&last.body);
}

void fault(const char *name, int count, const char *match)
{
	AUTO_BUF b = BUF_INIT;
	buf_printf(&b, "{\"name\":\"%s\",\"count\":%d,\"match\":\"%s\",\"seconds\":5}", name, count, match);
	hand("POST", "/sandbox/fault", b.s);
}

const char *told(const char *path)
{
	struct json_pick want = { path, &text };
	free(text);
	text = NULL;
	assert_ok(json_pick(buf_str(&last.body), last.body.n, &want, 1));
	return text;
}

/* Each request is one line of the log: {"seq":7,...,"method":"GET","path":"/api/v1/me",...}. */
int asked(const char *match)
{
	char path[64];
	int n = 0;
	snprintf(path, sizeof path, "/sandbox/log?since=%lld", box.seen);
	const char *s = hand("GET", path, NULL);
	sscanf(s, "{\"seq\":%lld", &box.seen);
	for (s = strstr(s, "\"requests\":["); s && (s = strstr(s, "{\"seq\":")); s++) {
		char method[16] = "", uri[400] = "", line[420];
		const char *m = strstr(s, "\"method\":\""), *u = strstr(s, "\"path\":\"");
		if (m)
			sscanf(m, "\"method\":\"%15[^\"]", method);
		if (u)
			sscanf(u, "\"path\":\"%399[^\"]", uri);
		snprintf(line, sizeof line, "%s %s", method, uri);
		n += strstr(line, match) != NULL;
	}
	return n;
}

struct remote_task *record(struct page *p, const char *want)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_eq(p->task[i].id, want) || str_eq(p->task[i].t.field[FIELD_TITLE], want))
			return &p->task[i];
	fail_msg("no record \"%s\" among %zu", want, p->n);
	return NULL;
}

enum err read_pages(
	struct remote *r, const char *mark, enum first_import first, struct page *out, char **new_mark)
{
	AUTO_HELLO h = { 0 };
	AUTO_FREE char *cursor = NULL;
	TRY(r->ops->hello(r, &h));
	struct pull p = { .mark = mark, .first = first, .now = h.now };
	do {
		p.cursor = cursor;
		TRY(r->ops->pull(r, &p, out));
		free(cursor);
		cursor = TAKE(out->cursor);
	} while (cursor);
	if (new_mark)
		*new_mark = TAKE(out->mark);
	return ERR_OK;
}
