#include "unit.h"
#include "date.h"
#include "text.h"

#define TODAY "2026-09-03"		/* a Thursday */
#define HEAD (BIT(FIELD_PRIORITY) | BIT(FIELD_DUE) | BIT(FIELD_DETAILS))
#define TITLED (HEAD | BIT(FIELD_TITLE))
#define PERSON (BIT(FACT_PERSON) | BIT(FACT_EMAIL))

static enum err parse(const char *s, const struct task *was, struct text *x, struct text_error *e)
{
	return text_parse(s, strlen(s), TODAY, was, x, e);
}

static struct task bob(void)
{
	struct task t = TASK_INIT;
	assert_ok(task_set(&t, FIELD_TITLE, "Call Bob about renewal"));
	assert_ok(task_set(&t, FIELD_PRIORITY, TASK_HIGH));
	assert_ok(task_set(&t, FIELD_DUE, "2026-09-03"));
	assert_ok(task_set(&t, FIELD_DETAILS, "He asked for a two-year quote.\n- send PDF first"));
	assert_ok(task_set_fact(&t, FACT_PERSON, "Bob Müller"));
	assert_ok(task_set_fact(&t, FACT_EMAIL, "bob@example.test"));
	return t;
}

#define BOB                                                                                                        \
	"Title: Call Bob about renewal\nPriority: High\nDue: 2026-09-03\nPerson: Bob Müller <bob@example.test>\n"   \
	"\nHe asked for a two-year quote.\n- send PDF first\n"

/* ---- what a saved text says ---- */

static const struct {
	const char *s;
	uint32_t fields;
	const char *title, *priority, *due, *details;
	bool resolved;
} said[] = {
	/* no head: everything is details */
	{ "", BIT(FIELD_DETAILS), NULL, NULL, NULL, NULL },
	{ "\n", BIT(FIELD_DETAILS), NULL, NULL, NULL, NULL },
	{ "wants a demo\n", BIT(FIELD_DETAILS), NULL, NULL, NULL, "wants a demo" },
	{ "wants a demo", BIT(FIELD_DETAILS), NULL, NULL, NULL, "wants a demo" },
	{ "wants a demo\n\n", BIT(FIELD_DETAILS), NULL, NULL, NULL, "wants a demo\n" },
	{ "a\n\nTitle: b\n", BIT(FIELD_DETAILS), NULL, NULL, NULL, "a\n\nTitle: b" },
	{ "\nTitle: b\n", BIT(FIELD_DETAILS), NULL, NULL, NULL, "\nTitle: b" },
	{ "# note\nhello: x\n", BIT(FIELD_DETAILS), NULL, NULL, NULL, "# note\nhello: x" },
	{ "X-a: b\n", BIT(FIELD_DETAILS), NULL, NULL, NULL, "X-a: b" },
	{ " Title: b\n", BIT(FIELD_DETAILS), NULL, NULL, NULL, " Title: b" },
	{ "Due to rain\n", BIT(FIELD_DETAILS), NULL, NULL, NULL, "Due to rain" },
	{ "Title : b\n", BIT(FIELD_DETAILS), NULL, NULL, NULL, "Title : b" },
	{ "\r\na\r\nb\rc\r\n", BIT(FIELD_DETAILS), NULL, NULL, NULL, "\na\nb\nc" },
	{ "\xef\xbb\xbfhi\n", BIT(FIELD_DETAILS), NULL, NULL, NULL, "hi" },
	{ "\xef\xbb\xbf\xef\xbb\xbfhi\n", BIT(FIELD_DETAILS), NULL, NULL, NULL, "\xef\xbb\xbfhi" },
	{ "a\xef\xbb\xbf\n", BIT(FIELD_DETAILS), NULL, NULL, NULL, "a\xef\xbb\xbf" },
	/* a head is the whole truth */
	{ "Title: Call Bob\nPriority: High\nDue: 2026-09-03\n\nHe asked for a quote.\n- send PDF first\n", TITLED, "Call Bob", "high",
		"2026-09-03", "He asked for a quote.\n- send PDF first" },
	{ "Title: a\n", TITLED, "a", "normal", NULL, NULL },
	{ "Title: a", TITLED, "a", "normal", NULL, NULL },
	{ "Title: a\n\n", TITLED, "a", "normal", NULL, NULL },
	{ "Title: a\n\n\n", TITLED, "a", "normal", NULL, NULL },
	{ "Title: a\n\n\n\n", TITLED, "a", "normal", NULL, "\n" },
	{ "Title: a\n\nb\n", TITLED, "a", "normal", NULL, "b" },
	{ "Title: a\n\nb\n\n", TITLED, "a", "normal", NULL, "b\n" },
	{ "Title: a\n \t\nb\n", TITLED, "a", "normal", NULL, "b" },
	{ "Title: a\r\nDue: 2026-01-02\r\n\r\nb\r\nc\r\n", TITLED, "a", "normal", "2026-01-02", "b\nc" },
	{ "Title: a\rDue: 2026-01-02\r\rb", TITLED, "a", "normal", "2026-01-02", "b" },
	{ "\xef\xbb\xbfTitle: a\n", TITLED, "a", "normal", NULL, NULL },
	{ "Title: a\n\nTitle: b\nDue: never\n", TITLED, "a", "normal", NULL, "Title: b\nDue: never" },
	{ "Priority: High\n\nx", HEAD, NULL, "high", NULL, "x" },
	{ "Title:\n", HEAD, NULL, "normal", NULL, NULL },
	{ "Title:   \nDue: \n", HEAD, NULL, "normal", NULL, NULL },
	/* the names of fields */
	{ "tItLe: a\n", TITLED, "a", "normal", NULL, NULL },
	{ "Subject: a\n", TITLED, "a", "normal", NULL, NULL },
	{ "name: a\n", TITLED, "a", "normal", NULL, NULL },
	{ "Title:a\n", TITLED, "a", "normal", NULL, NULL },
	{ "Title:\t a: b \t\n", TITLED, "a: b", "normal", NULL, NULL },
	{ "Title: a\tb\x01" "c\xc2\x85" "d\xe2\x80\xa8" "e\n", TITLED, "a b c d e", "normal", NULL, NULL },
	{ "Title: # a\n", TITLED, "# a", "normal", NULL, NULL },
	/* more lines, comments, private lines */
	{ "Title: a\n b\n\tc  \n", TITLED, "a b c", "normal", NULL, NULL },
	{ "Title:\n a\n", TITLED, "a", "normal", NULL, NULL },
	{ "Due:\n 2026-01-02\nTitle: x\n", TITLED, "x", "normal", "2026-01-02", NULL },
	{ "# c\nTitle: a\n#Due: 2026-01-02\n#\n b\n", TITLED, "a b", "normal", NULL, NULL },
	{ "X-foo: bar\n more: of it\nTitle: a\nx-2:\n", TITLED, "a", "normal", NULL, NULL },
	{ "Title: a\nX-b: c\n d\n# e\n f\n", TITLED, "a", "normal", NULL, NULL },
	/* values */
	{ "Priority: normal\n", HEAD, NULL, "normal", NULL, NULL },
	{ "Priority: HIGH\n", HEAD, NULL, "high", NULL, NULL },
	{ "Priority: h\n", HEAD, NULL, "high", NULL, NULL },
	{ "Priority: H\n", HEAD, NULL, "high", NULL, NULL },
	{ "Priority: n\n", HEAD, NULL, "normal", NULL, NULL },
	{ "Priority: !\n", HEAD, NULL, "high", NULL, NULL },
	{ "Priority:\n", HEAD, NULL, "normal", NULL, NULL },
	{ "Due: 2026-01-02\n", HEAD, NULL, "normal", "2026-01-02", NULL },
	{ "Due:\n", HEAD, NULL, "normal", NULL, NULL },
	{ "Due: Today\n", HEAD, NULL, "normal", "2026-09-03", NULL, true },
	{ "Due: thu\n", HEAD, NULL, "normal", "2026-09-10", NULL, true },
	{ "Due: +2w\n", HEAD, NULL, "normal", "2026-09-17", NULL, true },
	{ "Person:\nType:\nCampaign:\n", HEAD, NULL, "normal", NULL, NULL },
};

static void files_head_is_the_whole_truth(void **state)
{
	for (size_t i = 0; i < COUNT(said); i++) {
		AUTO_TEXT x = { 0 };
		struct text_error e = { 0, "" };
		enum err err = parse(said[i].s, NULL, &x, &e);
		if (err)
			fail_msg("%s: %s", said[i].s, e.msg);
		assert_same(said[i].s, x.task.field[FIELD_TITLE], said[i].title);
		assert_same(said[i].s, x.task.field[FIELD_PRIORITY], said[i].priority);
		assert_same(said[i].s, x.task.field[FIELD_DUE], said[i].due);
		assert_same(said[i].s, x.task.field[FIELD_DETAILS], said[i].details);
		assert_null(x.task.field[FIELD_STATUS]);
		if (x.fields != said[i].fields || x.facts || x.resolved != said[i].resolved)
			fail_msg("%s: fields %x facts %x resolved %d", said[i].s, x.fields, x.facts, x.resolved);
	}
}

static void NULs_are_no_text(void **state)
{
	AUTO_TEXT x = { 0 };
	struct text_error e;
	assert_err(text_parse("Title: a\n\nb\0c", 13, TODAY, NULL, &x, &e), ERR_UTF8);
	assert_int_equal(e.line, 3);
	assert_true(text_blank("", 0));
	assert_true(text_blank("\0\0\0", 3));
	assert_false(text_blank("\0\n", 2));
	assert_false(text_blank(" ", 1));
}

/* ---- complaints ---- */

static const struct {
	const char *s;
	enum err err;
	int line;
	const char *has;
} wrong[] = {
	{ "Title: a\nPrioriy: High\n", ERR_INVAL, 2, "did you mean \"Priority\"" },
	{ "Title: a\nPrio: h\n", ERR_INVAL, 2, "did you mean \"Priority\"" },
	{ "Titel: x\nDue:\n", ERR_INVAL, 1, "did you mean \"Title\"" },
	{ "Title: x\nSubjcet: x\n", ERR_INVAL, 2, "did you mean \"Subject\"" },
	{ "Title: x\nDue-date: tomorrow\n", ERR_INVAL, 2, "did you mean \"Due\"" },
	{ "Title: x\nDue 2026-09-03\n", ERR_INVAL, 2, "did you mean \"Due: ...\"" },
	{ "Title: x\nDue date: 2026-09-03\n", ERR_INVAL, 2, "did you mean \"Due: ...\"" },
	{ "Title: x\nDeu: today\n", ERR_INVAL, 2, "did you mean \"Due\"" },
	{ "Title: x\nOwner: me\n", ERR_INVAL, 2, "unknown field \"Owner\"; \"X-Owner:\" stays" },
	{ "Title: x\nX-: me\n", ERR_INVAL, 2, "unknown field" },
	{ "Title: x\nwants a demo\n", ERR_INVAL, 2, "\"wants a demo\" is no field; put a blank line before the details" },
	{ "Title: x\n\x1b[2Jevil\xe2\x80\xae\n", ERR_INVAL, 2, "\"␛[2Jevil�\" is no field" },
	{ " more\nTitle: x\n", ERR_INVAL, 1, "is no field" },
	{ "# c\n more\nTitle: x\n", ERR_INVAL, 2, "is no field" },
	{ "Title: a\nDue:\nTitle: b\n", ERR_INVAL, 3, "Title is given twice: here and in line 1" },
	{ "Title: a\n\n", ERR_OK, 0, "" },
	{ "Subject: a\nName: b\n", ERR_INVAL, 2, "Name is given twice: here and in line 1" },
	{ "Due:\r\nDue:\r\n", ERR_INVAL, 2, "Due is given twice" },
	{ "Priority: low\n", ERR_INVAL, 1, "\"low\" is no priority: write Normal or High" },
	{ "# c\nTitle: t\nDue: 2026-02-30\n", ERR_INVAL, 3, "\"2026-02-30\" is no date: write 2026-09-03, today" },
	{ "Due: someday\n", ERR_INVAL, 1, "or nothing" },
	{ "Due: 2026-01-02\n more\n", ERR_INVAL, 1, "\"2026-01-02 more\" is no date" },
	{ "Status: complete\n", ERR_INVAL, 1, "mv \"open/NAME.txt\" completed/" },
	{ "Title: a\nstatus:\n", ERR_INVAL, 2, "mv \"open/NAME.txt\" completed/" },
	{ "Title: a\nCampaign: Spring\n", ERR_INVAL, 2, "drop the Campaign line" },
	{ "Title: a\nType: Fax\n", ERR_INVAL, 2, "\"Fax\" is no type: write Email, Call, InMail or Custom" },
	{ "Title: caf\xe9\n", ERR_UTF8, 1, "0xe9" },
	{ "wants\na d\xc3\n", ERR_UTF8, 2, "0xc3" },
	{ "\xed\xa0\x80", ERR_UTF8, 1, "" },
	{ "\xc0\xaf", ERR_UTF8, 1, "" },
	{ "\xf4\x90\x80\x80", ERR_UTF8, 1, "" },
};

static void files_bad_saves_say_what_to_type(void **state)
{
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct text x;
		struct text_error e = { 0, "" };
		enum err err = parse(wrong[i].s, NULL, &x, &e);
		if (err != wrong[i].err || e.line != wrong[i].line || !strstr(e.msg, wrong[i].has))
			fail_msg("%s: %s, line %d: %s", wrong[i].s, err_str(err), e.line, e.msg);
		assert_int_equal(utf8_valid(e.msg, strlen(e.msg)), strlen(e.msg));
		assert_null(strchr(e.msg, '\n'));
		if (err) {
			assert_int_equal(x.fields | x.facts, 0);
			assert_int_equal(parse(wrong[i].s, NULL, &x, NULL), err);
		}
		text_finish(&x);
	}
}

static void repeat(struct buf *b, const char *s, int n)
{
	while (n--)
		buf_puts(b, s);
}

static void files_limits_are_characters(void **state)
{
	static const struct {
		const char *before, *s;
		int n;
		const char *after;
		enum err err;
		int line;
	} row[] = {
		{ "Title: ", "ä", 255, "\n", ERR_OK, 0 },
		{ "Title: ", "ä", 256, "\n", ERR_TOOBIG, 1 },
		{ "Title: ", "😀", 255, "   \n", ERR_OK, 0 },
		{ "Due:\nTitle: a", "\n b", 127, "\n", ERR_OK, 0 },
		{ "Due:\nTitle: a", "\n b", 128, "\n", ERR_TOOBIG, 2 },
		{ "Title: a\n\n", "ä", 32000, "\n", ERR_OK, 0 },
		{ "Title: a\n\n", "ä", 32001, "\n", ERR_TOOBIG, 3 },
		{ "Title: a\n\n", "\r\n", 32001, "", ERR_OK, 0 },
		{ "", "x", 32000, "\n", ERR_OK, 0 },
		{ "", "x", 32001, "", ERR_TOOBIG, 1 },
		{ "Title: a\nX-long: ", "x", 100000, "\n", ERR_OK, 0 },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_BUF b = BUF_INIT;
		AUTO_TEXT x = { 0 };
		struct text_error e = { 0, "" };
		buf_puts(&b, row[i].before);
		repeat(&b, row[i].s, row[i].n);
		buf_puts(&b, row[i].after);
		enum err err = text_parse(b.s, b.n, TODAY, NULL, &x, &e);
		if (err != row[i].err || e.line != row[i].line)
			fail_msg("row %zu: %s, line %d: %s", i, err_str(err), e.line, e.msg);
	}
}

static void long_words_are_quoted_short(void **state)
{
	AUTO_BUF b = BUF_INIT;
	struct text x;
	struct text_error e;
	buf_puts(&b, "Title: a\n");
	repeat(&b, "日\x1b", 5000);
	assert_err(text_parse(b.s, b.n, TODAY, NULL, &x, &e), ERR_INVAL);
	assert_int_equal(utf8_valid(e.msg, strlen(e.msg)), strlen(e.msg));
	assert_non_null(strstr(e.msg, "日␛日"));
	assert_true(strlen(e.msg) < sizeof(e.msg));
}

static void a_message_keeps_its_remedy(void **state)
{
	static const char *const row[][3] = {
		{ "Due: ", "", "or nothing" }, { "Priority: ", "", "write Normal or High" }, { "Type: ", "", "or Custom" },
		{ "Due:\n", "", "before the details" }, { "Person: ", "", "or drop the line" }, { "Person: ", "\n", "or drop the line" },
	};
	AUTO_TASK t = bob();
	AUTO_BUF name = BUF_INIT;
	repeat(&name, "😀", 100);
	assert_ok(task_set_fact(&t, FACT_PERSON, name.s));
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_BUF b = BUF_INIT;
		struct text x;
		struct text_error e = { 0, "" };
		buf_puts(&b, row[i][0]);
		repeat(&b, "😁", *row[i][1] ? 1 : 100);
		assert_err(parse(b.s, strcmp(row[i][0], "Type: ") ? &t : NULL, &x, &e), ERR_INVAL);
		assert_int_equal(utf8_valid(e.msg, strlen(e.msg)), strlen(e.msg));
		if (!strstr(e.msg, row[i][2]))
			fail_msg("%s", e.msg);
	}
}

static void status_hint_names_the_task(void **state)
{
	AUTO_TASK t = bob();
	struct text x;
	struct text_error e;
	bool ok = true;
	t.name = str_dup("Call Bob.txt", &ok);
	assert_err(parse("Status: complete\n", &t, &x, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "mv \"open/Call Bob.txt\" completed/"));
	assert_ok(task_set(&t, FIELD_STATUS, TASK_COMPLETE));
	assert_err(parse("Status: open\n", &t, &x, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "mv \"completed/Call Bob.txt\" open/"));
}

/* ---- the facts ---- */

static void files_person_and_type_are_settable_at_creation(void **state)
{
	static const struct {
		const char *s;
		uint32_t facts;
		const char *person, *email, *type;
	} row[] = {
		{ "Person: Bob Müller <bob@example.test>\n", PERSON, "Bob Müller", "bob@example.test", NULL },
		{ "Person: Bob Müller\n", PERSON, "Bob Müller", NULL, NULL },
		{ "Person: bob@example.test\n", PERSON, NULL, "bob@example.test", NULL },
		{ "Person: <bob@example.test>\n", PERSON, NULL, "bob@example.test", NULL },
		{ "Person:  Bob  < b@x > \n", PERSON, "Bob", "b@x", NULL },
		{ "Person: A <b> <b@x>\n", PERSON, "A <b>", "b@x", NULL },
		{ "Person: bob@home <>\n", PERSON, "bob@home", NULL, NULL },
		{ "Person: Bob @ home\n", PERSON, "Bob @ home", NULL, NULL },
		{ "Person: <>\n", PERSON, NULL, NULL, NULL },
		{ "Person: >\n", PERSON, ">", NULL, NULL },
		{ "Type: call\n", BIT(FACT_TYPE), NULL, NULL, "call" },
		{ "Type: INMAIL\n", BIT(FACT_TYPE), NULL, NULL, "inmail" },
		{ "Type: Email\nPerson: B\n", BIT(FACT_TYPE) | PERSON, "B", NULL, "email" },
		{ "Type: custom\n", BIT(FACT_TYPE), NULL, NULL, "custom" },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_TEXT x = { 0 };
		assert_ok(parse(row[i].s, NULL, &x, NULL));
		assert_int_equal(x.facts, row[i].facts);
		assert_same(row[i].s, x.task.fact[FACT_PERSON], row[i].person);
		assert_same(row[i].s, x.task.fact[FACT_EMAIL], row[i].email);
		assert_same(row[i].s, x.task.fact[FACT_TYPE], row[i].type);
	}
}

static void files_fixed_fields_may_be_repeated_not_changed(void **state)
{
	static const struct {
		const char *s;
		bool ok;
		uint32_t facts;
		const char *has;
	} row[] = {
		{ "Due:\n", true, 0, "" },
		{ "Person: Bob Müller <bob@example.test>\n", true, PERSON, "" },
		{ "Person:   Bob Müller <BOB@example.test>\n", true, PERSON, "" },
		{ "Person: Bob Müller\n", true, PERSON, "" },
		{ "Person: bob@example.test\n", true, PERSON, "" },
		{ "Type: inmail\nCampaign: Spring <2026>\n", true, BIT(FACT_TYPE) | BIT(FACT_CAMPAIGN), "" },
		{ "Person: Bob Muller <bob@example.test>\n", false, 0, "Person cannot be changed: it is \"Bob Müller <bob@ex" },
		{ "Person: Bob Müller <b@example.test>\n", false, 0, "put it back or drop the line" },
		{ "Person:\n", false, 0, "Person cannot be changed" },
		{ "Type: Call\n", false, 0, "Type cannot be changed: it is \"InMail\"" },
		{ "Type:\n", false, 0, "Type cannot be changed" },
		{ "Campaign: Summer\n", false, 0, "Campaign cannot be changed: it is \"Spring <2026>\"" },
		{ "Campaign:\n", false, 0, "Campaign cannot be changed" },
	};
	AUTO_TASK t = bob();
	assert_ok(task_set_fact(&t, FACT_TYPE, "inmail"));
	assert_ok(task_set_fact(&t, FACT_CAMPAIGN, "Spring <2026>"));
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_TEXT x = { 0 };
		struct text_error e = { 0, "" };
		enum err err = parse(row[i].s, &t, &x, &e);
		if ((err == ERR_OK) != row[i].ok || x.facts != row[i].facts || !strstr(e.msg, row[i].has))
			fail_msg("%s: %s: %s", row[i].s, err_str(err), e.msg);
		for (int f = 0; f < TASK_NFACTS; f++)
			assert_same(row[i].s, x.task.fact[f], x.facts & BIT(f) ? t.fact[f] : NULL);
	}
}

static void files_facts_cannot_be_added_later(void **state)
{
	static const char *const row[] = { "Person: Bob\n", "Type: Call\n", "Campaign: Spring\n" };
	AUTO_TASK t = TASK_INIT;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct text x;
		struct text_error e;
		assert_err(parse(row[i], &t, &x, &e), ERR_INVAL);
		assert_non_null(strstr(e.msg, "cannot be added"));
	}
}

/* ---- rendering ---- */

static void render_is(const struct task *t, const char *old, const char *want)
{
	AUTO_BUF out = BUF_INIT;
	text_render(t, old, old ? strlen(old) : 0, &out);
	assert_ok(buf_err(&out));
	assert_same(old ? old : "(new)", buf_str(&out), want);
}

static void files_canonical_text(void **state)
{
	AUTO_TASK t = bob();
	AUTO_TASK none = TASK_INIT;
	render_is(&t, NULL, BOB);
	render_is(&none, NULL, "Title:\nPriority: Normal\nDue:\n\n");
	assert_ok(task_set_fact(&t, FACT_TYPE, "call"));
	assert_ok(task_set_fact(&t, FACT_CAMPAIGN, "Spring"));
	assert_ok(task_set_fact(&t, FACT_EMAIL, NULL));
	assert_ok(task_set(&t, FIELD_DUE, NULL));
	assert_ok(task_set(&t, FIELD_PRIORITY, TASK_NORMAL));
	assert_ok(task_set(&t, FIELD_DETAILS, "\n# no comment\n"));
	render_is(&t, NULL, "Title: Call Bob about renewal\nPriority: Normal\nDue:\nPerson: Bob Müller\nType: Call\n"
		"Campaign: Spring\n\n\n# no comment\n\n");
}

static void files_comments_and_private_lines_are_kept(void **state)
{
	AUTO_TASK t = TASK_INIT;
	assert_ok(task_set(&t, FIELD_TITLE, "t"));
	static const struct {
		const char *old, *kept;
	} row[] = {
		{ "# top\nTitle: old\n more\n#x\r\nX-a: 1\n two\nDue: today\n# in\n three\nx-b:\n\n# body\n",
			"# top\n#x\nX-a: 1\n two\n# in\nx-b:\n" },
		{ "X-a: 1\n# c\n two\nTitle: old", "X-a: 1\n# c\n two\n" },
		{ "# not a head\nX-a: 1\n", "" },
		{ "", "" },
		{ "# c\nTitle: \xff\n", "" },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_BUF want = BUF_INIT;
		buf_printf(&want, "Title: t\nPriority: Normal\nDue:\n%s\n", row[i].kept);
		render_is(&t, row[i].old, buf_str(&want));
	}
}

static void a_person_is_told_from_an_address(void **state)
{
	static const char *const row[][3] = {
		{ "Bob", "b@x", "Bob <b@x>" }, { "Bob", NULL, "Bob" }, { NULL, "b@x", "b@x" }, { "bob@home", NULL, "bob@home <>" },
		{ "Bob @home", NULL, "Bob @home" }, { "Bob <x>", NULL, "Bob <x> <>" }, { NULL, "no address", "<no address>" },
		{ "b@x", "b@x", "b@x <b@x>" },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_TASK t = TASK_INIT;
		AUTO_BUF s = BUF_INIT, want = BUF_INIT;
		AUTO_TEXT x = { 0 };
		assert_ok(task_set_fact(&t, FACT_PERSON, row[i][0]));
		assert_ok(task_set_fact(&t, FACT_EMAIL, row[i][1]));
		buf_printf(&want, "Title:\nPriority: Normal\nDue:\nPerson: %s\n\n", row[i][2]);
		text_render(&t, NULL, 0, &s);
		assert_string_equal(s.s, want.s);
		assert_ok(parse(s.s, NULL, &x, NULL));
		assert_same(row[i][2], x.task.fact[FACT_PERSON], row[i][0]);
		assert_same(row[i][2], x.task.fact[FACT_EMAIL], row[i][1]);
	}
}

static void hostile_values_never_break_the_head(void **state)
{
	AUTO_TASK t = TASK_INIT;
	assert_ok(task_set(&t, FIELD_TITLE, "\n a\r\nStatus: complete\n\n# b\xff\x1b "));
	assert_ok(task_set(&t, FIELD_DUE, "2026-01-02\nTitle: x"));
	assert_ok(task_set(&t, FIELD_PRIORITY, "high\nTitle: x"));
	assert_ok(task_set(&t, FIELD_DETAILS, "a\r\nb\rc\xfe\r"));
	assert_ok(task_set_fact(&t, FACT_PERSON, "Bob\n\nx"));
	assert_ok(task_set_fact(&t, FACT_TYPE, "call\nfoo"));
	assert_ok(task_set_fact(&t, FACT_CAMPAIGN, "\n"));
	render_is(&t, NULL, "Title: a  Status: complete  # b�\nPriority: Normal\nDue:\nPerson: Bob  x\nType: call foo\n"
		"Campaign:\n\na\nb\nc�\n\n");
	AUTO_BUF s = BUF_INIT;
	AUTO_TEXT x = { 0 };
	text_render(&t, NULL, 0, &s);
	assert_ok(text_parse(s.s, s.n, TODAY, &t, &x, NULL));
}

static void a_title_from_anywhere_becomes_one(void **state)
{
	static const struct {
		const char *s, *want;
	} row[] = {
		{ NULL, "" }, { "", "" }, { " \t\n", "" }, { "a\nb", "a b" }, { "  a  b ", "a  b" }, { "a\xff", "a�" },
		{ "\xe2\x80\xa9" "a\x7f", "a" },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_BUF out = BUF_INIT;
		buf_puts(&out, " :");
		text_title(row[i].s, &out);
		assert_same(row[i].s ? row[i].s : "(none)", buf_str(&out) + 2, row[i].want);
	}
	AUTO_BUF raw = BUF_INIT, out = BUF_INIT;
	repeat(&raw, "ä", 254);
	buf_puts(&raw, " b");
	text_title(raw.s, &out);
	assert_int_equal(utf8_count(out.s, out.n), 254);	/* the cut leaves no space at the end */
}

/* Characters are looked at many at a time: each place in such a group, and behind it. */
static void files_bad_utf8_is_found_wherever_it_is(void **state)
{
	static const char *const odd[] = { "\xff", "\xc3", "\xed\xa0\x80", "" };
	for (size_t i = 0; i < COUNT(odd); i++)
		for (size_t at = 0; at < 20; at++) {
			char s[24];
			memset(s, 'a', sizeof(s));
			memcpy(s + at, odd[i], *odd[i] ? strlen(odd[i]) : 1);
			assert_int_equal(utf8_valid(s, sizeof(s)), at);
			memcpy(s + at, "\xc3\xa9", 2);
			assert_int_equal(utf8_count(s, at + 2), at + 1);
			assert_int_equal(utf8_valid(s, at + 2), at + 2);
		}
}

/* ---- properties ---- */

static enum err set_title(struct task *t, const char *raw)
{
	AUTO_BUF b = BUF_INIT;
	text_title(raw, &b);
	return task_set(t, FIELD_TITLE, b.n ? b.s : "Untitled");
}

static enum err set_details(struct task *t, const char *raw)
{
	AUTO_BUF b = BUF_INIT;
	text_details(raw, &b);
	return task_set(t, FIELD_DETAILS, buf_str(&b));
}

static enum err set_line(struct task *t, enum fact f, uint64_t *r)
{
	AUTO_BUF b = BUF_INIT, line = BUF_INIT;
	if (random_below(r, 2))
		random_text(r, 4, true, &b);
	text_title(buf_str(&b), &line);
	return task_set_fact(t, f, buf_str(&line));
}

static struct task random_task(uint64_t *r)
{
	AUTO_BUF title = BUF_INIT, details = BUF_INIT;
	struct task t = TASK_INIT;
	char due[DATE_LEN];
	random_text(r, 8, true, &title);
	random_text(r, random_below(r, 50) ? 12 : 400, true, &details);
	assert_int_equal(set_title(&t, buf_str(&title)), ERR_OK);
	assert_int_equal(set_details(&t, buf_str(&details)), ERR_OK);
	assert_int_equal(task_set(&t, FIELD_PRIORITY, random_below(r, 2) ? TASK_HIGH : TASK_NORMAL), ERR_OK);
	assert_int_equal(date_add("0001-01-01", (int)random_below(r, 3652059), due), ERR_OK);
	if (random_below(r, 3))
		assert_int_equal(task_set(&t, FIELD_DUE, due), ERR_OK);
	assert_int_equal(set_line(&t, FACT_PERSON, r), ERR_OK);
	assert_int_equal(set_line(&t, FACT_EMAIL, r), ERR_OK);
	assert_int_equal(set_line(&t, FACT_CAMPAIGN, r), ERR_OK);
	if (random_below(r, 2))
		assert_int_equal(task_set_fact(&t, FACT_TYPE, task_type[random_below(r, TASK_NTYPES)].name), ERR_OK);
	return t;
}

static void files_parse_of_render_is_the_task(void **state)
{
	uint64_t r = random_seed();
	for (int i = 0; i < 25000; i++) {
		AUTO_TASK t = random_task(&r);
		AUTO_BUF old = BUF_INIT, s = BUF_INIT, again = BUF_INIT;
		AUTO_TEXT x = { 0 };
		struct text_error e = { 0, "" };
		random_text(&r, 12, false, &old);
		text_render(&t, buf_str(&old), old.n, &s);
		enum err err = text_parse(s.s, s.n, TODAY, &t, &x, &e);
		if (err || x.fields != TITLED || x.resolved || task_diff(&t, &x.task, FIELDS_ALL))
			fail_msg("%s, line %d, %s, fields %x:\n%s", err_str(err), e.line, e.msg, x.fields, s.s);
		for (int f = 0; f < TASK_NFACTS; f++)
			if (x.facts & BIT(f) ? !str_eq(t.fact[f], x.task.fact[f]) : f != FACT_EMAIL && t.fact[f] != NULL)
				fail_msg("%s: %s:\n%s", task_fact[f], t.fact[f], s.s);
		text_render(&x.task, s.s, s.n, &again);
		if (strcmp(s.s, again.s) != 0)
			fail_msg("not stable:\n%s---\n%s", s.s, again.s);
	}
}

static void random_save(uint64_t *r, struct buf *out)
{
	static const char *const line[] = {
		"Title: a b\n", "title:x\r\n", "Subject: y\n", "Priority: h\n", "Priority:\n", "Due: fri\n", "Due: 2026-01-02\r\n", "Due:\n",
		"Person: Bob <b@x>\n", "Person: b@x\n", "Type: Call\n", "# c\n", "#\n", "X-a: b\n", " more\n", "\tmore \n", "\n", "\r\n", "\n",
		" \n", "text\n", "Titel: a\n", "Status: open\n", "\r",
	};
	if (random_below(r, 10) == 0)
		buf_puts(out, "\xef\xbb\xbf");
	for (unsigned n = random_below(r, 7); n; n--)
		buf_puts(out, line[random_below(r, COUNT(line) - (random_below(r, 4) ? 4 : 0))]);
	if (random_below(r, 2))
		random_text(r, 6, random_below(r, 20) == 0, out);
}

/* The saved bytes against their canonical text:
 * the same task, and the canonical text does not move any more. */
static void files_render_of_parse_is_stable(void **state)
{
	uint64_t r = random_seed();
	int good = 0, heads = 0;
	for (int i = 0; i < 40000; i++) {
		AUTO_BUF s = BUF_INIT, once = BUF_INIT, twice = BUF_INIT;
		AUTO_TEXT x = { 0 };
		AUTO_TEXT y = { 0 };
		random_save(&r, &s);
		enum err err = text_parse(buf_str(&s), s.n, TODAY, NULL, &x, NULL);
		if (err) {
			assert_true(err == ERR_INVAL || err == ERR_UTF8 || err == ERR_TOOBIG);
			assert_int_equal(x.fields, 0);
			continue;
		}
		good++;
		heads += (x.fields & BIT(FIELD_DUE)) != 0;
		text_render(&x.task, buf_str(&s), s.n, &once);
		err = text_parse(once.s, once.n, TODAY, NULL, &y, NULL);
		if (err || task_diff(&x.task, &y.task, x.fields) || y.resolved)
			fail_msg("%s: \"%s\" became \"%s\"", err_str(err), buf_str(&s), once.s);
		text_render(&y.task, once.s, once.n, &twice);
		if (strcmp(once.s, twice.s) != 0)
			fail_msg("not stable: \"%s\" then \"%s\"", once.s, twice.s);
	}
	assert_true(good > 10000 && heads > 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_head_is_the_whole_truth),
		cmocka_unit_test(NULs_are_no_text),
		cmocka_unit_test(files_bad_saves_say_what_to_type),
		cmocka_unit_test(files_limits_are_characters),
		cmocka_unit_test(long_words_are_quoted_short),
		cmocka_unit_test(a_message_keeps_its_remedy),
		cmocka_unit_test(a_person_is_told_from_an_address),
		cmocka_unit_test(status_hint_names_the_task),
		cmocka_unit_test(files_person_and_type_are_settable_at_creation),
		cmocka_unit_test(files_fixed_fields_may_be_repeated_not_changed),
		cmocka_unit_test(files_facts_cannot_be_added_later),
		cmocka_unit_test(files_canonical_text),
		cmocka_unit_test(files_comments_and_private_lines_are_kept),
		cmocka_unit_test(hostile_values_never_break_the_head),
		cmocka_unit_test(a_title_from_anywhere_becomes_one),
		cmocka_unit_test(files_bad_utf8_is_found_wherever_it_is),
		cmocka_unit_test(files_parse_of_render_is_the_task),
		cmocka_unit_test(files_render_of_parse_is_stable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
