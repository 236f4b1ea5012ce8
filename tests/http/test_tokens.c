#include "sandbox.h"
#include "oauth.h"
#include "oauth_p.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static enum err hello(struct remote *r)
{
	AUTO_HELLO h = { 0 };
	return r->ops->hello(r, &h);
}

static char *kept(bool refresh)
{
	AUTO_FREE char *path = token_path(SIDE_SF, box.dir, "token");
	AUTO_TOKEN t = { 0 };
	assert_ok(token_read(path, &t));
	return refresh ? TAKE(t.refresh) : TAKE(t.access);
}

static void config_set(const char *json)
{
	hand("POST", "/sandbox/config", json);
}

static void a_session_that_ends_is_renewed_once(void **state)
{
	AUTO_REMOTE r = salesforce_create(&box.c, box.dir);
	assert_ok(hello(r));
	assert_int_equal(asked("POST /services/oauth2/token"), 1);
	AUTO_FREE char *first = kept(false);
	for (int i = 0; i < 3; i++) {
		config_set("{\"expire_tokens\":true}");
		asked("");
		assert_ok(hello(r));
		assert_int_equal(asked("/services/oauth2/token"), 1);
		assert_ok(hello(r));
		assert_int_equal(asked("/services/oauth2/token"), 0);
	}
	AUTO_FREE char *then = kept(false);
	assert_string_not_equal(first, then);
	/* the next process uses what is kept */
	AUTO_REMOTE next = salesforce_create(&box.c, box.dir);
	assert_ok(hello(next));
	assert_int_equal(asked("/services/oauth2/token"), 0);
}

static void rotation_is_normal(void **state)
{
	AUTO_REMOTE r = salesforce_create(&box.c, box.dir);
	AUTO_REMOTE other = salesforce_create(&box.c, box.dir);
	config_set("{\"rotate\":true}");
	assert_ok(hello(r));
	assert_ok(hello(other));
	for (int i = 0; i < 3; i++) {
		AUTO_FREE char *before = kept(true);
		config_set("{\"expire_tokens\":true}");
		asked("");
		assert_ok(hello(r));
		assert_ok(hello(other));	/* finds the new one in the file */
		assert_int_equal(asked("/services/oauth2/token"), 1);
		AUTO_FREE char *after = kept(true);
		assert_string_not_equal(before, after);
	}
}

/* Several processes of one account at the same moment: one of them refreshes. */
static void only_one_refreshes(void **state)
{
	AUTO_REMOTE r = salesforce_create(&box.c, box.dir);
	pid_t pid[6];
	config_set("{\"rotate\":true}");
	assert_ok(hello(r));
	config_set("{\"expire_tokens\":true}");
	asked("");
	for (size_t i = 0; i < COUNT(pid); i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			struct remote *mine = salesforce_create(&box.c, box.dir);
			enum err e = hello(mine);
			remote_destroy(mine);
			_exit(e);
		}
	}
	for (size_t i = 0; i < COUNT(pid); i++) {
		int status;
		waitpid(pid[i], &status, 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(asked("/services/oauth2/token"), 1);
}

static void a_lost_answer_is_asked_for_again(void **state)
{
	AUTO_REMOTE r = salesforce_create(&box.c, box.dir);
	fault("reset-after", 1, "/services/oauth2/token");
	assert_ok(hello(r));
	assert_int_equal(asked("/services/oauth2/token"), 2);
	config_set("{\"expire_tokens\":true}");
	fault("cut", 1, "/services/oauth2/token");
	assert_ok(hello(r));
	/* with rotation the lost one was the only one: a login is needed, and nobody hammers */
	config_set("{\"rotate\":true,\"expire_tokens\":true}");
	fault("reset-after", 1, "/services/oauth2/token");
	asked("");
	assert_err(hello(r), ERR_AUTH);
	assert_int_equal(asked("/services/oauth2/token"), 2);
	assert_err(hello(r), ERR_AUTH);
	assert_err(hello(r), ERR_AUTH);
	assert_int_equal(asked("/services/oauth2/token"), 0);
	assert_non_null(strstr(r->message, "login"));
	/* and a login ends it */
	hand("POST", "/sandbox/reset", NULL);
	assert_ok(oauth_token_file(SIDE_SF, box.dir, "{\"refresh_token\":\"sf-refresh\"}"));
	assert_ok(hello(r));
}

static void a_refusal_is_final_a_failure_is_not(void **state)
{
	AUTO_REMOTE r = salesforce_create(&box.c, box.dir);
	fault("503-html", 1, "/services/oauth2/token");
	assert_err(hello(r), ERR_RETRY);
	assert_true(r->retry_ms == 5000);
	fault("429", 1, "/services/oauth2/token");
	assert_err(hello(r), ERR_LIMIT);
	assert_ok(hello(r));
	assert_ok(oauth_token_file(SIDE_SF, box.dir, "{\"refresh_token\":\"unknown\"}"));
	AUTO_REMOTE bad = salesforce_create(&box.c, box.dir);
	asked("");
	assert_err(hello(bad), ERR_AUTH);
	assert_err(hello(bad), ERR_AUTH);
	assert_int_equal(asked("/services/oauth2/token"), 1);
}

static void a_401_that_no_token_mends(void **state)
{
	AUTO_REMOTE r = salesforce_create(&box.c, box.dir);
	assert_ok(hello(r));
	asked("");
	fault("401-final", 1, "userinfo");
	assert_err(hello(r), ERR_AUTH);
	assert_int_equal(asked(""), 1);
	fault("401", 2, "userinfo");
	assert_err(hello(r), ERR_AUTH);
	assert_int_equal(asked("userinfo"), 2);
}

static void a_write_is_replayed_once(void **state)
{
	AUTO_REMOTE r = salesforce_create(&box.c, box.dir);
	AUTO_TASK t = TASK_INIT;
	AUTO_ITEM it = { .t = &t };
	AUTO_PAGE p = PAGE_INIT;
	assert_ok(task_set(&t, FIELD_TITLE, "once"));
	assert_ok(hello(r));
	fault("401", 1, "POST /services/data");
	assert_ok(r->ops->create(r, &it, 1));
	assert_ok(it.err);
	assert_ok(read_pages(r, NULL, FIRST_24H, &p, NULL));
	assert_int_equal(p.n, 1);
}

static void files_others_may_read_are_refused(void **state)
{
	AUTO_FREE char *path = token_path(SIDE_SF, box.dir, "token");
	AUTO_REMOTE r = salesforce_create(&box.c, box.dir);
	assert_int_equal(chmod(path, 0640), 0);
	assert_err(hello(r), ERR_AUTH);
	assert_non_null(strstr(r->message, "chmod"));
	assert_int_equal(unlink(path), 0);
	assert_err(hello(r), ERR_AUTH);
	assert_non_null(strstr(r->message, "login"));
	assert_int_equal(asked(""), 0);
}

static void tokens_go_to_no_stranger(void **state)
{
	AUTO_REMOTE r = salesforce_create(&box.c, box.dir);
	config_set("{\"instance_url\":\"https://evil.test\"}");
	assert_err(hello(r), ERR_PROTOCOL);
	assert_non_null(strstr(r->message, "instance_url"));
}

/* Says 503 to whoever calls, once. */
static void *other_instance(void *arg)
{
	static const char sick[] = "HTTP/1.1 503 Sick\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	char got[2000] = "";
	int fd = accept(*(int *)arg, NULL, NULL);
	bool heard = fd >= 0 && read(fd, got, sizeof got - 1) > 0 && write(fd, sick, sizeof sick - 1) > 0;
	close(fd);
	return heard && strstr(got, "Authorization: Bearer ") ? arg : NULL;
}

/* The org was moved: with the next token comes another address, and everything goes there. */
static void an_instance_that_moved_is_followed(void **state)
{
	AUTO_REMOTE r = salesforce_create(&box.c, box.dir);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	char json[100];
	pthread_t thread;
	void *heard = NULL;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_ok(hello(r));
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 1) || getsockname(fd, (struct sockaddr *)&a, &len), 0);
	snprintf(json, sizeof json, "{\"instance_url\":\"http://127.0.0.1:%d\"}", ntohs(a.sin_port));
	config_set(json);
	config_set("{\"expire_tokens\":true}");
	assert_int_equal(pthread_create(&thread, NULL, other_instance, &fd), 0);
	assert_err(hello(r), ERR_RETRY);
	assert_int_equal(pthread_join(thread, &heard), 0);
	assert_non_null(heard);
	close(fd);
}

static void the_sf_program_as_a_source(void **state)
{
	char command[300];
	struct config_remote *c = &box.c.remote[SIDE_SF];
	snprintf(command, sizeof command,
		"echo '{\"status\":0,\"result\":{\"accessToken\":\"sf-token\",\"instanceUrl\":\"%s\"}}'",
		box.url);
	c->token_command = strdup(command);
	AUTO_REMOTE r = salesforce_create(&box.c, box.dir);
	assert_ok(hello(r));
	assert_int_equal(asked("/services/oauth2/token"), 0);
	free(c->token_command);
	c->token_command = strdup("echo sf-token");
	free(c->url);
	c->url = strdup("https://login.salesforce.com");
	AUTO_REMOTE nowhere = salesforce_create(&box.c, box.dir);
	assert_err(hello(nowhere), ERR_CONFIG);
	assert_non_null(strstr(nowhere->message, "my.salesforce.com"));
}

/* ---- the login, with this as the browser ---- */

static int dial(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return connect(fd, (struct sockaddr *)&a, sizeof a) == 0 ? fd : -1;
}

/* One GET; the whole answer in s. */
static void browse(const char *url, char *s, size_t cap)
{
	AUTO_BUF b = BUF_INIT;
	int port = 0;
	ssize_t n;
	size_t at = 0;
	const char *path = strchr(strstr(url, "://") + 3, '/');
	sscanf(strchr(url + 6, ':'), ":%d", &port);
	buf_printf(&b, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
	int fd = dial(port);
	if (fd >= 0 && write(fd, b.s, b.n) == (ssize_t)b.n)
		while (at < cap - 1 && (n = read(fd, s + at, cap - 1 - at)) > 0)
			at += (size_t)n;
	s[at] = '\0';
	close(fd);
}

static void browser(const struct oauth_login *l, const char *button)
{
	char s[8192], to[2048] = "";
	AUTO_BUF url = BUF_INIT;
	AUTO_BUF odd = BUF_INIT;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int silent = dial(atoi(strrchr(l->redirect, ':') + 1));	/* opened ahead of need, as browsers do */
	buf_printf(&odd, "%.*s/favicon.ico", (int)(strlen(l->redirect) - strlen("/callback")), l->redirect);
	browse(odd.s, s, sizeof s);
	buf_clear(&odd);
	buf_printf(&odd, "%s?code=evil&state=guessed", l->redirect);
	browse(odd.s, s, sizeof s);
	buf_printf(&url, "%s&%s=1", l->url, button);
	browse(url.s, s, sizeof s);
	const char *location = strstr(s, "Location: ");
	if (!location || sscanf(location, "Location: %2047s", to) != 1)
		_exit(1);
	browse(to, s, sizeof s);
	close(silent);
	_exit(strstr(s, "You can close this window") ? 0 : 2);
}

static enum err log_in(struct oauth_login *l, const char *button, char **code, char *msg)
{
	int status;
	assert_ok(oauth_login_begin(&box.c.remote[SIDE_SF], l));
	pid_t pid = fork();
	if (pid == 0)
		browser(l, button);
	enum err e = oauth_login_wait(l, 20, code, msg);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	return e;
}

static void login_and_logout(void **state)
{
	AUTO_FREE char *path = token_path(SIDE_SF, box.dir, "token");
	AUTO_FREE char *code = NULL;
	char msg[OAUTH_MSG];
	unlink(path);
	AUTO_REMOTE r = salesforce_create(&box.c, box.dir);
	assert_err(hello(r), ERR_AUTH);
	AUTO_LOGIN l = { .fd = -1 };
	assert_ok(log_in(&l, "auto", &code, msg));
	assert_ok(oauth_login_complete(&l, &box.c.remote[SIDE_SF], code, box.dir, msg));
	assert_ok(hello(r));
	config_set("{\"expire_tokens\":true}");
	assert_ok(hello(r));
	/* a code works once */
	assert_err(oauth_login_complete(&l, &box.c.remote[SIDE_SF], code, box.dir, msg), ERR_AUTH);
	assert_true(*msg);
	assert_ok(hello(r));
	asked("");
	assert_ok(oauth_logout(&box.c.remote[SIDE_SF], SIDE_SF, box.dir));
	assert_int_equal(asked("/services/oauth2/revoke"), 1);
	assert_err(oauth_logout(&box.c.remote[SIDE_SF], SIDE_SF, box.dir), ERR_NOENT);
	assert_err(hello(r), ERR_AUTH);
}

static void a_login_that_is_denied(void **state)
{
	AUTO_FREE char *code = NULL;
	char msg[OAUTH_MSG];
	AUTO_LOGIN l = { .fd = -1 };
	assert_err(log_in(&l, "deny", &code, msg), ERR_AUTH);
	assert_non_null(strstr(msg, "access_denied"));
	assert_null(code);
	AUTO_LOGIN late = { .fd = -1 };
	assert_ok(oauth_login_begin(&box.c.remote[SIDE_SF], &late));
	assert_err(oauth_login_wait(&late, 1, &code, msg), ERR_OFFLINE);
}

static char *account(struct remote *r)
{
	AUTO_HELLO h = { 0 };
	assert_ok(r->ops->hello(r, &h));
	return TAKE(h.account);
}

/* Somebody logs in as another user. What is under way is not done in that user's name. */
static void another_users_token_is_used_for_a_hello_alone(void **state)
{
	AUTO_REMOTE r = salesconnect_create(&box.c, box.dir);
	AUTO_FREE char *ann = account(r);
	AUTO_TASK t = TASK_INIT;
	assert_ok(task_set(&t, FIELD_TITLE, "Ann's"));
	assert_ok(task_fill(&t));
	AUTO_ITEM it = { .t = &t, .once = "6a0e5b1e-0000-4000-8000-000000000001" };
	assert_ok(oauth_token_file(SIDE_SC, box.dir, "sc-token-ben"));
	fault("401", 1, "POST /api/v1/tasks");
	asked("");
	assert_err(r->ops->create(r, &it, 1), ERR_AUTH);
	assert_true(r->stranger);
	assert_int_equal(asked("POST /api/v1/tasks"), 1);
	assert_err(r->ops->create(r, &it, 1), ERR_AUTH);	/* until it is known whose it is */
	assert_int_equal(asked("POST /api/v1/tasks"), 0);
	AUTO_FREE char *ben = account(r);
	assert_string_not_equal(ann, ben);
	/* back again: a hello sees the login without waiting for the end of a session */
	assert_ok(oauth_token_file(SIDE_SC, box.dir, "sc-token"));
	AUTO_FREE char *again = account(r);
	assert_string_equal(again, ann);
	assert_ok(r->ops->create(r, &it, 1));
	assert_ok(it.err);
}

#define T(f) cmocka_unit_test_setup_teardown(f, sandbox_clean, sandbox_tidy)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_session_that_ends_is_renewed_once),
		T(rotation_is_normal),
		T(only_one_refreshes),
		T(a_lost_answer_is_asked_for_again),
		T(a_refusal_is_final_a_failure_is_not),
		T(a_401_that_no_token_mends),
		T(a_write_is_replayed_once),
		T(files_others_may_read_are_refused),
		T(tokens_go_to_no_stranger),
		T(an_instance_that_moved_is_followed),
		T(the_sf_program_as_a_source),
		T(another_users_token_is_used_for_a_hello_alone),
		T(login_and_logout),
		T(a_login_that_is_denied),
	};
	return cmocka_run_group_tests_name("tokens", tests, sandbox_start, sandbox_stop);
}
