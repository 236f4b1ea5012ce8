#include "unit.h"
#include "command.h"
#include "oauth.h"
#include "oauth_p.h"
#include <sys/stat.h>

static void words(void **state)
{
	static const struct {
		const char *line, *want;	/* words joined by | */
	} row[] = {
		{ "pass show x", "pass|show|x" },
		{ "  a\tb  ", "a|b" },
		{ "'/opt/my tools/t' --x=\"a b\"", "/opt/my tools/t|--x=a b" },
		{ "a'b'\"c\" ''", "abc|" },
		{ "a\\ b 'c\\d' \"e\\\"f\"", "a b|c\\d|e\"f" },
		{ "$HOME; rm *", "$HOME;|rm|*" },
		{ "'open", NULL },
		{ "   ", NULL },
		{ "", NULL },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_BUF b = BUF_INIT;
		char **w;
		enum err e = command_split(row[i].line, &w);
		assert_err(e, row[i].want ? ERR_OK : ERR_INVAL);
		for (size_t k = 0; e == ERR_OK && w[k]; k++)
			buf_printf(&b, "%s%s", k ? "|" : "", w[k]);
		if (row[i].want)
			assert_string_equal(buf_str(&b), row[i].want);
		if (e == ERR_OK)
			command_free(&w);
	}
}

static bool yes(void *arg)
{
	return true;
}

static void commands_are_bounded(void **state)
{
	AUTO_BUF out = BUF_INIT;
	AUTO_BUF big = BUF_INIT;
	AUTO_BUF none = BUF_INIT;
	assert_ok(command_run("printf %s 'a;b'", NULL, NULL, &out));
	assert_string_equal(out.s, "a;b");
	assert_err(command_run("head -c 70000 /dev/zero", NULL, NULL, &big), ERR_AUTH);
	assert_err(command_run("sh -c 'echo x; exit 3'", NULL, NULL, &none), ERR_AUTH);
	assert_err(command_run("true", NULL, NULL, &none), ERR_AUTH);
	assert_err(command_run("/nonexistent/program", NULL, NULL, &none), ERR_CONFIG);
	assert_err(command_run("sleep 60", yes, NULL, &none), ERR_BUSY);
}

static void tokens_in_all_their_forms(void **state)
{
	static const struct {
		const char *text, *access, *refresh, *instance;
	} row[] = {
		{ "00Dxx!AQ.abc_\n", "00Dxx!AQ.abc_", NULL, NULL },
		{ "{\"status\":0,\"result\":{\"accessToken\":\"A\",\"instanceUrl\":\"https://x.test\"}}", "A",
			NULL, "https://x.test" },
		{ "{\"access_token\":\"A\",\"refresh_token\":\"R\",\"instance_url\":\"I\"}  \n", "A", "R",
			"I" },
		{ "{\"refresh_token\":\"R\"}", NULL, "R", NULL },
		{ "{\"result\":{}}", NULL, NULL, NULL },
		{ "two words", NULL, NULL, NULL },
		{ "a\r\nX-Evil: 1", NULL, NULL, NULL },
		{ "{\"access_token\":\"a\\r\\nX-Evil: 1\"}", NULL, NULL, NULL },
		{ "{\"access_token\":\"a", NULL, NULL, NULL },
		{ "", NULL, NULL, NULL },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_TOKEN t = { 0 };
		assert_err(oauth_parse(row[i].text, strlen(row[i].text), &t),
			row[i].access || row[i].refresh ? ERR_OK : ERR_INVAL);
		assert_same(row[i].text, t.access, row[i].access);
		assert_same(row[i].text, t.refresh, row[i].refresh);
		assert_same(row[i].text, t.instance, row[i].instance);
	}
}

/* RFC 7636, appendix B */
static void the_challenge(void **state)
{
	AUTO_BUF b = BUF_INIT;
	assert_ok(oauth_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", &b));
	assert_string_equal(b.s, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

static void where_tokens_may_go(void **state)
{
	static const struct {
		const char *login, *instance;
		bool ok;
	} row[] = {
		{ "https://login.salesforce.com", "https://x.my.salesforce.com", true },
		{ "https://login.salesforce.com", "https://X.MY.Salesforce.com/", true },
		{ "https://login.salesforce.com", "http://x.my.salesforce.com", false },
		{ "https://login.salesforce.com", "https://evil.test", false },
		{ "https://login.salesforce.com", "https://salesforce.com.evil.test", false },
		{ "https://login.salesforce.com", "https://evilsalesforce.com", false },
		{ "https://login.salesforce.com", "https://.salesforce.com", false },
		{ "https://login.salesforce.com", "http://127.0.0.1:99", false },
		{ "https://login.salesforce.com", "https://a@x.my.salesforce.com", false },
		{ "https://gateway.example.test", "https://gateway.example.test", true },
		{ "http://127.0.0.1:8080", "http://127.0.0.1:9090", true },
		{ "http://127.0.0.1:8080", "https://x.my.salesforce.com", false },
		{ "https://login.salesforce.com", "", false },
		{ "https://login.salesforce.com", "https:/\xd1\xde\xd1\x90.com.salesforce.mil", false },
		{ "https://login.salesforce.com", "https://evil.test\xef\xbc\x8f.salesforce.com", false },
	};
	for (size_t i = 0; i < COUNT(row); i++)
		assert_int_equal(oauth_instance_ok(row[i].login, row[i].instance), row[i].ok);
}

static void the_redirect_line(void **state)
{
	static const struct {
		const char *line, *name, *want;
	} row[] = {
		{ "GET /callback?code=a%2Fb&state=s HTTP/1.1\r\nX: ?code=z", "code", "a/b" },
		{ "GET /callback?code=a&state=s HTTP/1.1\r\n", "state", "s" },
		{ "GET /callback?xcode=a HTTP/1.1", "code", NULL },
		{ "GET /callback?code=a", "code", "a" },
		{ "GET /callback HTTP/1.1\r\nReferer: /?code=z", "code", NULL },
		{ "", "code", NULL },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_FREE char *v = oauth_query(row[i].line, row[i].name);
		assert_same(row[i].line, v, row[i].want);
	}
}

static void the_login_address(void **state)
{
	struct config_remote c = { .url = "https://x.my.salesforce.com/", .client_id = "3MV&x" };
	AUTO_LOGIN l;
	assert_ok(oauth_login_begin(&c, &l));
	assert_memory_equal(
		l.url, "https://x.my.salesforce.com/services/oauth2/authorize?response_type=code&", 73);
	assert_non_null(strstr(l.url, "client_id=3MV%26x&"));
	assert_non_null(strstr(l.url, "code_challenge_method=S256"));
	assert_int_equal(strlen(l.verifier), 43);
	assert_int_equal(strlen(l.state), 43);
	assert_string_not_equal(l.verifier, l.state);
	struct config_remote none = { 0 };
	AUTO_LOGIN m;
	assert_err(oauth_login_begin(&none, &m), ERR_CONFIG);
	int port = 0;
	assert_int_equal(sscanf(l.redirect, "http://localhost:%d/callback", &port), 1);
	c.redirect_port = port;
	AUTO_LOGIN taken;
	assert_err(oauth_login_begin(&c, &taken), ERR_BUSY);
}

static void the_token_file_is_private(void **state)
{
	char dir[] = "/tmp/remindfs-oauth-XXXXXX";
	AUTO_BUF path = BUF_INIT;
	AUTO_TOKEN t = { 0 };
	AUTO_TOKEN u = { 0 };
	struct stat st;
	assert_non_null(mkdtemp(dir));
	buf_printf(&path, "%s/salesforce.token", dir);
	assert_err(token_read(path.s, &t), ERR_NOENT);
	assert_err(oauth_token_file(SIDE_SF, dir, "not a token"), ERR_INVAL);
	assert_ok(oauth_token_file(
		SIDE_SF, dir, "{\"refresh_token\":\"R\",\"instance_url\":\"https://x.test\"}"));
	assert_int_equal(stat(path.s, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_ok(token_read(path.s, &t));
	assert_same("refresh", t.refresh, "R");
	assert_int_equal(chmod(path.s, 0644), 0);
	assert_err(token_read(path.s, &u), ERR_PERM);
	assert_int_equal(unlink(path.s), 0);
	assert_int_equal(rmdir(dir), 0);	/* and nothing is left beside it */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(commands_are_bounded),
		cmocka_unit_test(tokens_in_all_their_forms),
		cmocka_unit_test(the_challenge),
		cmocka_unit_test(where_tokens_may_go),
		cmocka_unit_test(the_redirect_line),
		cmocka_unit_test(the_login_address),
		cmocka_unit_test(the_token_file_is_private),
	};
	return cmocka_run_group_tests_name("oauth", tests, NULL, NULL);
}
