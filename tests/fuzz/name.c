/* name: any bytes as a title, and as a file name. */
#include "fuzz.h"
#include "name.h"

static bool has_control(const char *s)
{
	for (const char *end = s + strlen(s); s < end;) {
		int32_t cp = utf8_next(&s, end);
		if (cp < 0x20 || cp == 0x7f || (cp >= 0x80 && cp < 0xa0) || (cp >= 0x202a && cp <= 0x202e) ||
				(cp >= 0x2066 && cp <= 0x2069))
			return true;
	}
	return false;
}

static void check_name(const char *name)
{
	CHECK(strlen(name) <= NAME_LEN && is_utf8(name) && !has_control(name));
	CHECK(name_is_task(name) && !name_looks_typed(name) && !strchr(name, '/'));
}

static void title(const char *s)
{
	static const unsigned number[] = { 2, 99, 4294967295u };
	char name[NAME_LEN + 1], again[NAME_LEN + 1];
	AUTO_BUF back = BUF_INIT;

	for (size_t i = 0; i < sizeof(number) / sizeof(*number); i++) {
		CHECK(!name_of(s, number[i], name));
		check_name(name);
	}
	CHECK(!name_of(s, 1, name));
	check_name(name);
	CHECK(!name_title(name, &back));
	CHECK(!name_of(buf_str(&back), 1, again));
	CHECK(!strcmp(name, again));
}

static void file_name(const char *s)
{
	AUTO_BUF t = BUF_INIT, shown = BUF_INIT, again = BUF_INIT;
	enum err e = name_title(s, &t);

	CHECK(e == (is_utf8(s) ? ERR_OK : ERR_UTF8));
	CHECK(e || (t.n && is_one_line(t.s)));
	CHECK(!name_is_task(s) || !name_looks_typed(s));
	name_visible(s, &shown);
	CHECK(!buf_err(&shown) && is_utf8(buf_str(&shown)) && !has_control(buf_str(&shown)));
	name_visible(buf_str(&shown), &again);
	CHECK(!strcmp(buf_str(&shown), buf_str(&again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO_FREE char *s = fuzz_str(data, n);

	title(s);
	file_name(s);
	return 0;
}
