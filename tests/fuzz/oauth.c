/* oauth: any bytes as a token file, as a browser's request line and as the address a token is sent to. */
#include "fuzz.h"
#include "oauth.h"

#define LOGIN "https://login.salesforce.com"

static void token(const char *s, size_t n)
{
	AUTO_TOKEN t = { 0 };
	enum err e = oauth_parse(s, n, &t);

	CHECK(e == ERR_OK || e == ERR_INVAL);
	CHECK(e || t.access || t.refresh);
	CHECK(!t.access || (*t.access && !strpbrk(t.access, "\r\n")));	/* it goes into a header */
}

static void query(const char *s)
{
	AUTO_FREE char *code = oauth_query(s, "code");

	CHECK(!code || strlen(code) <= strlen(s));
	CHECK(!code || strstr(s, "code"));
}

static void instance(const char *s)
{
	if (!oauth_instance_ok(LOGIN, s))
		return;
	AUTO_BUF with_path = BUF_INIT;
	struct http_url host, then;
	buf_printf(&with_path, "%s/services/data/v60.0", s);
	CHECK(!http_url(s, &host) && !http_url(buf_str(&with_path), &then));
	CHECK(!strcmp(host.host, then.host) && !strpbrk(host.host, " \r\n/@") && is_utf8(host.host));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO_FREE char *s = fuzz_str(data, n);
	AUTO_BUF hash = BUF_INIT;

	token(s, n);
	query(s);
	instance(s);
	CHECK(!oauth_challenge(s, &hash) && hash.n == 43);
	return 0;
}
