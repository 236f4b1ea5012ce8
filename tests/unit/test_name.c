#include "unit.h"
#include "name.h"
#include <utf8proc.h>

static void files_title_to_name(void **state)
{
	static const struct {
		const char *title;
		unsigned n;
		const char *want;
	} row[] = {
		{ "Call Bob", 1, "Call Bob.txt" },
		{ "Call Bob", 0, "Call Bob.txt" },
		{ "Call Bob", 2, "Call Bob (2).txt" },
		{ "Call Bob", 4294967295u, "Call Bob (4294967295).txt" },
		{ "X (2)", 1, "X (2).txt" },
		{ "Call Bob.txt", 1, "Call Bob.txt.txt" },
		{ "  a  b  ", 1, "a  b.txt" },
		{ "\xc2\xa0\xe3\x80\x80 a\xe2\x80\x83", 1, "a.txt" },
		{ "", 1, "Untitled.txt" },
		{ " \t\r\n", 3, "Untitled (3).txt" },
		{ "AC/DC", 1, "AC／DC.txt" },
		{ "/", 1, "／.txt" },
		{ "../../etc/passwd", 1, "．.／..／etc／passwd.txt" },
		{ ".", 1, "．.txt" },
		{ "..", 1, "．..txt" },
		{ ".bashrc", 1, "．bashrc.txt" },
		{ " .x", 1, "．x.txt" },
		{ "#1 lead", 1, "＃1 lead.txt" },
		{ "C# and .NET", 1, "C# and .NET.txt" },
		{ "a\nb", 1, "a␊b.txt" },
		{ "a\tb\x1b[0m\x7f", 1, "a␉b␛[0m␡.txt" },
		{ "\n.x", 1, "．x.txt" },
		{ "\x01.x", 1, "␁.x.txt" },
		{ "a\xc2\x85" "b", 1, "a�b.txt" },
		{ "exe\xe2\x80\xaetxt.cod", 1, "exe�txt.cod.txt" },
		{ "\xe2\x81\xa6.x", 1, "�.x.txt" },
		{ "a\xd8\x9c" "b\xe2\x80\x8f" "c\xe2\x80\x8e" "d\xe2\x81\xa9", 1, "a�b�c�d�.txt" },
		{ "zero\xe2\x80\x8bwidth\xef\xbb\xbf", 1, "zero�width�.txt" },
		{ "soft\xc2\xadhyphen", 1, "soft�hyphen.txt" },
		{ "Bo\xe2\x80\x8d" "b", 1, "Bo�b.txt" },
		{ "Bob\xef\xb8\x8f", 1, "Bob�.txt" },
		{ "a\xe2\x80\xa8" "b", 1, "a�b.txt" },
		{ "می‌خواهم", 1, "می‌خواهم.txt" },
		{ "👩‍👩‍👧 ❤️ 1️⃣ 🇩🇪", 1, "👩‍👩‍👧 ❤️ 1️⃣ 🇩🇪.txt" },
		{ "A\xcc\x88rger, e\xcc\x81", 1, "Ärger, é.txt" },
		{ "\xe2\x84\xab", 1, "Å.txt" },
		{ "bad\xff\xc0\xaf byte\xed\xa0\x80", 1, "bad��� byte���.txt" },
		{ "\xf0\x9f", 1, "��.txt" },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		char out[NAME_LEN + 1];
		assert_ok(name_of(row[i].title, row[i].n, out));
		assert_same(row[i].title, out, row[i].want);
	}
}

/* n times s, then tail, as a title */
static void long_name(const char *s, int n, const char *tail, unsigned number, char out[NAME_LEN + 1])
{
	AUTO_BUF b = BUF_INIT;
	while (n--)
		buf_puts(&b, s);
	buf_puts(&b, tail);
	assert_ok(name_of(buf_str(&b), number, out));
}

static void files_name_is_cut_at_a_grapheme(void **state)
{
	static const struct {
		const char *s;
		int n;
		const char *tail;
		unsigned number;
		size_t len;
		const char *end;
	} row[] = {
		{ "a", 251, "", 1, 255, "aaaa.txt" },
		{ "a", 252, "", 1, 255, "aaaa….txt" },
		{ "a", 5000, "", 1, 255, "aaaa….txt" },
		{ "a", 247, "", 2, 255, "aaaa (2).txt" },
		{ "a", 248, "", 2, 255, "aaaa… (2).txt" },
		{ "a", 400, "", 123456, 255, "aaaa… (123456).txt" },
		{ "ä", 126, "", 1, 255, "ää….txt" },
		{ "👩‍👩‍👧", 14, "", 1, 241, "👩‍👩‍👧👩‍👩‍👧….txt" },
		{ "🇩🇪", 40, "", 1, 255, "🇩🇪….txt" },
		{ "ab ", 100, "", 1, 255, "ab ab….txt" },
		{ "abc ", 100, "", 1, 254, "abc abc….txt" },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		char out[NAME_LEN + 1];
		long_name(row[i].s, row[i].n, row[i].tail, row[i].number, out);
		size_t n = strlen(out), e = strlen(row[i].end);
		assert_true(n >= e);
		assert_same(out, out + n - e, row[i].end);
		assert_int_equal(n, row[i].len);
	}
}

static void a_grapheme_longer_than_a_name_is_cut_too(void **state)
{
	AUTO_BUF b = BUF_INIT;
	char out[NAME_LEN + 1];
	buf_putc(&b, 'x');
	for (int i = 0; i < 400; i++)
		buf_puts(&b, "\xcc\x95");
	assert_ok(name_of(buf_str(&b), 1, out));
	assert_true(strlen(out) > 250 && strlen(out) <= NAME_LEN);
	assert_int_equal(utf8_valid(out, strlen(out)), strlen(out));
}

static void files_only_txt_is_a_task(void **state)
{
	static const struct {
		const char *name;
		bool task, typed;
	} row[] = {
		{ "Call Bob.txt", true, false }, { "a.txt.txt", true, false }, { " .txt", true, false }, { "4913.txt", true, false },
		{ ".txt", false, false }, { "", false, false }, { ".Call Bob.txt", false, false }, { "#Call Bob.txt", false, false },
		{ "Call Bob", false, true }, { "Call Bob.TXT", false, true }, { "Call Bob.md", false, true }, { "Ärger", false, true },
		{ "日本", false, true }, { "seeds", false, true }, { "sedative call", false, true }, { "Call Bob.text", false, true },
		{ "4913", false, false }, { ".Call Bob.txt.swp", false, false }, { ".Call Bob.txt.swx", false, false },
		{ "Call Bob.txt~", false, false }, { "Call Bob.txt.~1~", false, false }, { "#Call Bob.txt#", false, false },
		{ ".#Call Bob.txt", false, false }, { "sedA1b2C3", false, false }, { "XXa1b2c3", false, false },
		{ ".goutputstream-AB12CD", false, false }, { "Call Bob.txt.a1b2c3", false, false }, { "Call Bob.txt.1234.tmp", false, false },
		{ "Call Bob.txt.bak", false, false }, { "Call Bob.txt.oAbCdEf", false, false }, { "sponge.AbCdEf", false, false },
		{ "Call Bob.txt.orig", false, false }, { "Call Bob.txt.rej", false, false }, { "~lock", false, false },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		if (name_is_task(row[i].name) != row[i].task || name_looks_typed(row[i].name) != row[i].typed)
			fail_msg("%s", row[i].name);
	}
}

static void files_name_to_title(void **state)
{
	static const struct {
		const char *name, *want;
	} row[] = {
		{ "Call Bob.txt", "Call Bob" }, { "Call Bob (2).txt", "Call Bob (2)" }, { "Call Bob.txt.txt", "Call Bob.txt" },
		{ "AC／DC.txt", "AC/DC" }, { "．x.txt", ".x" }, { "a．x.txt", "a．x" }, { "＃1.txt", "#1" }, { "C＃.txt", "C＃" },
		{ "／／.txt", "//" }, { "．．.txt", ".．" }, { "a\nb.txt", "a b" }, { " a .txt", "a" }, { " .txt", "Untitled" },
		{ "Call Bob", "Call Bob" }, { "a␊b.txt", "a␊b" }, { "bad\xff.txt", NULL }, { "\xed\xa0\x80.txt", NULL },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_BUF out = BUF_INIT;
		buf_puts(&out, "->");
		enum err e = name_title(row[i].name, &out);
		assert_err(e, row[i].want ? ERR_OK : ERR_UTF8);
		assert_same(row[i].name, e ? NULL : buf_str(&out) + 2, row[i].want);
	}
}

static void a_terminal_sees_pictures(void **state)
{
	static const struct {
		const char *s, *want;
	} row[] = {
		{ "", "" }, { "plain / . #", "plain / . #" }, { "a\x1b]0;x\x07", "a␛]0;x␇" }, { " a\r\n", " a␍␊" },
		{ "\xe2\x80\xae" "abc", "�abc" }, { "\xc2\x9b" "31m", "�31m" }, { "\xff", "�" }, { "Müller 日本", "Müller 日本" },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_BUF out = BUF_INIT;
		name_visible(row[i].s, &out);
		assert_ok(buf_err(&out));
		assert_same(row[i].s, buf_str(&out), row[i].want);
	}
}

/* ---- properties ---- */

static bool forbidden(int32_t cp)
{
	return cp < 0x20 || cp == '/' || (cp >= 0x7f && cp < 0xa0) || (cp >= 0x202a && cp <= 0x202e) ||
		(cp >= 0x2066 && cp <= 0x2069) || cp == 0x200e || cp == 0x200f || cp == 0x061c || cp == 0x2028 ||
		cp == 0x2029 || cp == 0x200b || cp == 0xfeff;
}

static void check_safe(const char *title, const char *name)
{
	size_t n = strlen(name);
	bool ok = n > 4 && n <= NAME_LEN && strcmp(name + n - 4, ".txt") == 0 && *name != '.' && *name != '#' &&
		name_is_task(name) && utf8_valid(name, n) == n;
	for (const char *s = name; ok && s < name + n;)
		ok = !forbidden(utf8_next(&s, name + n));
	AUTO_FREE char *nfc = (char *)utf8proc_NFC((const utf8proc_uint8_t *)name);
	if (!ok || !str_eq(nfc, name))
		fail_msg("\"%s\" is no safe name for \"%s\"", name, title);
}

static void every_name_is_safe_and_round_trips(void **state)
{
	uint64_t r = random_seed();
	int whole = 0;
	for (int i = 0; i < 30000; i++) {
		AUTO_BUF title = BUF_INIT, back = BUF_INIT;
		char name[NAME_LEN + 1], again[NAME_LEN + 1];
		random_text(&r, 12, true, &title);
		assert_int_equal(name_of(buf_str(&title), 1 + random_below(&r, 3), name), ERR_OK);
		check_safe(buf_str(&title), name);

		assert_int_equal(name_of(buf_str(&title), 1, name), ERR_OK);
		check_safe(buf_str(&title), name);
		assert_int_equal(name_title(name, &back), ERR_OK);
		assert_int_equal(name_of(buf_str(&back), 1, again), ERR_OK);
		if (strcmp(name, again) != 0)
			fail_msg("title \"%s\": name \"%s\", again \"%s\"", buf_str(&title), name, again);
		whole += strlen(name) < NAME_LEN - 16;
	}
	assert_true(whole > 15000);
}

static void names_of_safe_titles_are_the_titles(void **state)
{
	uint64_t r = random_seed();
	for (int i = 0; i < 20000; i++) {
		AUTO_BUF title = BUF_INIT, back = BUF_INIT;
		char name[NAME_LEN + 1];
		static const char *const good[] = { "a", "Z", "7", "ä", "日", "م", " b", "-", ".c", "#d", "/e", "(2)", "👩‍👩‍👧", "é" };
		for (unsigned n = 1 + random_below(&r, 12); n; n--)
			buf_puts(&title, good[random_below(&r, COUNT(good))]);
		size_t skip = strspn(title.s, " ");
		assert_int_equal(name_of(title.s, 1, name), ERR_OK);
		assert_int_equal(name_title(name, &back), ERR_OK);
		if (strcmp(buf_str(&back), title.s + skip) != 0)
			fail_msg("\"%s\" came back as \"%s\"", title.s, buf_str(&back));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_title_to_name),
		cmocka_unit_test(files_name_is_cut_at_a_grapheme),
		cmocka_unit_test(a_grapheme_longer_than_a_name_is_cut_too),
		cmocka_unit_test(files_only_txt_is_a_task),
		cmocka_unit_test(files_name_to_title),
		cmocka_unit_test(a_terminal_sees_pictures),
		cmocka_unit_test(every_name_is_safe_and_round_trips),
		cmocka_unit_test(names_of_safe_titles_are_the_titles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
