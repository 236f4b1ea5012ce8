/* json: any bytes as JSON, and as a text to be quoted. */
#include "fuzz.h"
#include "json.h"

static void picked(const char *s, size_t n)
{
	char *a = NULL, *b = NULL;
	const struct json_pick want[] = { { "a", &a }, { "result.accessToken", &b } };
	enum err e = json_pick(s, n, want, 2);

	CHECK(e == ERR_OK || e == ERR_INVAL);
	CHECK(!a || (*a && is_utf8(a)));
	CHECK(!b || (*b && is_utf8(b)));
	free(a);
	free(b);
}

static void members(const struct cJSON *j)
{
	int64_t n = 0;
	const char *text = json_text(j, "a");

	CHECK(!text || is_utf8(text));
	if (json_int(j, "a", &n))
		CHECK(!text && n <= JSON_INT_MAX && n >= -JSON_INT_MAX);
	CHECK(!json_true(j, "a") || !text);
}

/* What is quoted is read again as it was, but for bytes that are no UTF-8. */
static void quoted(const char *s)
{
	AUTO_BUF b = BUF_INIT;

	buf_puts(&b, "{\"a\":");
	json_quote(&b, s);
	buf_puts(&b, "}");
	CHECK(!buf_err(&b));
	AUTO_JSON j = json_parse(b.s, b.n);
	CHECK(j && json_text(j, "a"));
	CHECK(is_utf8(json_text(j, "a")));
	CHECK(!is_utf8(s) || !strcmp(s, json_text(j, "a")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO_FREE char *s = fuzz_str(data, n);
	AUTO_JSON j = json_parse(s, n);

	members(j);
	picked(s, n);
	quoted(s);
	return 0;
}
