#include "unit.h"
#include "http.h"
#include "json.h"
#include "remote_p.h"

static char *picked(const char *s, size_t n, const char *path)
{
	char *v = NULL;
	struct json_pick want = { path, &v };
	enum err e = json_pick(s, n, &want, 1);
	assert_true(e == ERR_OK || e == ERR_INVAL);
	return v;
}

static void strings_are_made_safe(void **state)
{
	static const struct {
		const char *name, *json, *want;
	} row[] = {
		{ "plain", "{\"a\":\"x\"}", "x" },
		{ "nul escape", "{\"a\":\"x\\u0000y\"}", "x\xEF\xBF\xBDy" },
		{ "escaped backslash before u", "{\"a\":\"\\\\u0000\"}", "\\u0000" },
		{ "lone high surrogate", "{\"a\":\"\\ud83d.\"}", "\xEF\xBF\xBD." },
		{ "lone low surrogate", "{\"a\":\"\\udC00\"}", "\xEF\xBF\xBD" },
		{ "high twice", "{\"a\":\"\\ud83d\\ud83d\\ude00\"}", "\xEF\xBF\xBD\xF0\x9F\x98\x80" },
		{ "pair", "{\"a\":\"\\uD83D\\ude00\"}", "\xF0\x9F\x98\x80" },
		{ "bad byte", "{\"a\":\"x\xFFy\"}", "x\xEF\xBF\xBDy" },
		{ "cut character", "{\"a\":\"\xE2\x82\"}", "\xEF\xBF\xBD\xEF\xBF\xBD" },
		{ "fine UTF-8", "{\"a\":\"M\xC3\xBCller\"}", "M\xC3\xBCller" },
		{ "nested", "{\"r\":{\"a\":\"in\"},\"a\":\"out\"}", "out" },
		{ "case counts", "{\"A\":\"x\"}", NULL },
		{ "a number is no text", "{\"a\":7}", NULL },
		{ "junk behind", "{\"a\":\"x\"} {}", NULL },
		{ "open string", "{\"a\":\"x", NULL },
		{ "bad escape", "{\"a\":\"\\u00g0\"}", NULL },
		{ "BOM-like junk outside", "\xFF{\"a\":\"x\"}", NULL },
		{ "HTML", "<html>", NULL },
		{ "empty", "", NULL },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_FREE char *v = picked(row[i].json, strlen(row[i].json), "a");
		assert_same(row[i].name, v, row[i].want);
	}
	AUTO_FREE char *deep = picked("{\"r\":{\"a\":\"in\"}}", 16, "r.a");
	assert_same("path", deep, "in");
	assert_null(picked("{\"a\":\"x\"}\0{}", 12, "a"));
	assert_null(picked("{\"a\":\"x\0y\"}", 11, "a"));
}

static void a_hostile_body_is_refused(void **state)
{
	AUTO_BUF deep = BUF_INIT;
	AUTO_BUF wide = BUF_INIT;
	for (int i = 0; i < JSON_DEPTH + 1; i++)
		buf_putc(&deep, '[');
	for (int i = 0; i < JSON_DEPTH + 1; i++)
		buf_putc(&deep, ']');
	AUTO_JSON a = json_parse(deep.s, deep.n);
	assert_null(a);
	deep.s[deep.n - 1] = '\0';
	AUTO_JSON b = json_parse(deep.s + 1, deep.n - 2);
	assert_non_null(b);
	buf_puts(&wide, "[0");
	for (int i = 0; i < JSON_VALUES; i++)
		buf_puts(&wide, ",0");
	buf_puts(&wide, "]");
	AUTO_JSON c = json_parse(wide.s, wide.n);
	assert_null(c);
}

static void integers_are_exact_or_nothing(void **state)
{
	static const struct {
		const char *json;
		bool ok;
		int64_t want;
	} row[] = {
		{ "{\"n\":9007199254740991}", true, INT64_C(9007199254740991) },
		{ "{\"n\":9007199254740992}", false, 0 },
		{ "{\"n\":1e300}", false, 0 },
		{ "{\"n\":-1e999}", false, 0 },
		{ "{\"n\":1.5}", false, 0 },
		{ "{\"n\":\"7\"}", false, 0 },
		{ "{\"n\":-7}", true, -7 },
		{ "[7]", false, 0 },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_JSON j = json_parse(row[i].json, strlen(row[i].json));
		int64_t n = 0;
		assert_int_equal(json_int(j, "n", &n), row[i].ok);
		assert_true(n == row[i].want);
	}
}

static void what_is_quoted_comes_back(void **state)
{
	uint64_t r = random_seed();
	for (int i = 0; i < 500; i++) {
		AUTO_BUF text = BUF_INIT;
		AUTO_BUF json = BUF_INIT;
		random_text(&r, 20, false, &text);
		buf_puts(&json, "{\"a\":");
		json_quote(&json, buf_str(&text));
		buf_puts(&json, "}");
		AUTO_FREE char *v = picked(json.s, json.n, "a");
		assert_same("round trip", v ? v : "", buf_str(&text));
	}
}

static void addresses(void **state)
{
	static const struct {
		const char *url;
		enum err want;
		bool loopback;
	} row[] = {
		{ "https://x.my.salesforce.com/a?b", ERR_OK, false },
		{ "http://x.my.salesforce.com/", ERR_CONFIG, false },
		{ "http://127.0.0.1:8080/x", ERR_OK, true },
		{ "http://LOCALHOST/", ERR_OK, true },
		{ "http://[::1]:1/", ERR_OK, true },
		{ "http://127.0.0.1.evil.test/", ERR_CONFIG, false },
		{ "http://localhost.evil.test/", ERR_CONFIG, false },
		{ "http://127.0.0.1@evil.test/", ERR_CONFIG, false },
		{ "https://user:pw@x.test/", ERR_CONFIG, false },
		{ "ftp://127.0.0.1/", ERR_CONFIG, true },
		{ "file:///etc/passwd", ERR_CONFIG, false },
		{ "x.test", ERR_CONFIG, false },
		{ "", ERR_CONFIG, false },
		{ NULL, ERR_CONFIG, false },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		struct http_url u;
		assert_err(http_url(row[i].url, &u), row[i].want);
		if (row[i].want == ERR_OK)
			assert_int_equal(u.loopback, row[i].loopback);
	}
}

static void dates_and_patience(void **state)
{
	char date[HTTP_DATE_LEN];
	http_date(INT64_C(1786320000000), date);
	assert_string_equal(date, "Mon, 10 Aug 2026 00:00:00 GMT");
	http_date(INT64_C(951782399999), date);
	assert_string_equal(date, "Mon, 28 Feb 2000 23:59:59 GMT");
	assert_true(http_retry_after("7", 0) == 7000);
	assert_true(http_retry_after(" 120 ", 0) == 120000);
	assert_true(http_retry_after("", 0) == 0);
	assert_true(http_retry_after("-5", 0) == 0);
	assert_true(http_retry_after("soon", 0) == 0);
	assert_true(http_retry_after("99999999999999999999", 0) == 86400000);
	assert_true(http_retry_after("Mon, 10 Aug 2026 00:01:00 GMT", INT64_C(1786320000000)) == 60000);
	assert_true(http_retry_after("Mon, 10 Aug 2026 00:01:00 GMT", INT64_C(1786321000000)) == 0);
}

static void escapes(void **state)
{
	AUTO_BUF to = BUF_INIT;
	AUTO_BUF back = BUF_INIT;
	http_escape(&to, "a b+c'd/\xC3\xBC");
	assert_string_equal(to.s, "a%20b%2Bc%27d%2F%C3%BC");
	http_unescape(&back, to.s, to.n);
	assert_string_equal(back.s, "a b+c'd/\xC3\xBC");
	buf_clear(&back);
	http_unescape(&back, "a+b%0%zz%00%4", 13);
	assert_string_equal(back.s, "a b0zz4");
}

static void messages_are_one_safe_line(void **state)
{
	char msg[MSG_LEN];
	AUTO_BUF big = BUF_INIT;
	msg_set(msg, "CODE", "two\r\nlines");
	assert_null(strpbrk(msg, "\r\n"));
	msg_set(msg, NULL, "x \x1b[31m red");
	assert_null(strchr(msg, 0x1b));
	msg_set(msg, "CODE", "");
	assert_string_equal(msg, "CODE");
	for (int i = 0; i < 200; i++)
		buf_puts(&big, "\xC3\xBC");
	msg_set(msg, NULL, big.s);
	assert_int_equal(strlen(msg), 198);
	assert_int_equal(utf8_valid(msg, strlen(msg)), strlen(msg));
}

static void a_page_grows(void **state)
{
	AUTO_PAGE p = PAGE_INIT;
	for (int i = 0; i < 1000; i++)
		assert_non_null(page_add(&p));
	assert_int_equal(p.n, 1000);
	assert_null(p.task[999].id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_made_safe),
		cmocka_unit_test(a_hostile_body_is_refused),
		cmocka_unit_test(integers_are_exact_or_nothing),
		cmocka_unit_test(what_is_quoted_comes_back),
		cmocka_unit_test(addresses),
		cmocka_unit_test(dates_and_patience),
		cmocka_unit_test(escapes),
		cmocka_unit_test(messages_are_one_safe_line),
		cmocka_unit_test(a_page_grows),
	};
	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
