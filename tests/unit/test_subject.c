#include "unit.h"
#include "subject.h"

static struct task sample(void)
{
	struct task t = TASK_INIT;
	assert_ok(task_set(&t, FIELD_TITLE, "Call Bob"));
	assert_ok(task_set_fact(&t, FACT_TYPE, "inmail"));
	assert_ok(task_set_fact(&t, FACT_CAMPAIGN, "Spring"));
	assert_ok(task_set_fact(&t, FACT_CAMPAIGN_DAY, "3"));
	assert_ok(task_set_fact(&t, FACT_CAMPAIGN_STEP, "2"));
	return t;
}

static void R24_subject_crosses_only_with_its_field(void **state)
{
	static const struct {
		const char *template;
		bool has;
	} row[] = {
		{ NULL, true }, { "", true }, { "{{activity_subject}}", true }, { "[SC] {{Activity_SUBJECT}}!", true },
		{ "{{{activity_subject}}}", true }, { "{{activity_type}}{{activity_subject}}", true }, { " ", false },
		{ "Task", false }, { "{{activity_type}}", false }, { "{{activity_subject}", false }, { "{activity_subject}}", false },
		{ "{{activity_subject_x}}", false }, { "{{ activity_subject }}", false }, { "{{", false }, { "activity_subject", false },
	};
	for (size_t i = 0; i < COUNT(row); i++)
		if (subject_has_title(row[i].template) != row[i].has)
			fail_msg("%s", row[i].template);
}

static void R27_template_fields(void **state)
{
	static const struct {
		const char *template, *want;
	} row[] = {
		{ NULL, "Call Bob" },
		{ "", "Call Bob" },
		{ "[SC] {{activity_subject}}", "[SC] Call Bob" },
		{ "{{ACTIVITY_TYPE}}: {{Activity_Subject}}", "InMail: Call Bob" },
		{ "{{sales_campaign_name}} {{sales_campaign_day}}/{{sales_campaign_step}}", "Spring 3/2" },
		{ "a{{call_outcome}}b{{call_reason}}c", "abc" },
		{ "{{call_outcome}} {{activity_subject}} {{call_reason}}", "Call Bob" },
		{ "{{unknown}} {{activity_subject}}", "{{unknown}} Call Bob" },
		{ "{{{activity_type}}} {x} {{", "{InMail} {x} {{" },
		{ "{{activity_subject", "{{activity_subject" },
		{ " \t x \t ", "x" },
		{ "Müller {{activity_subject}} 日本", "Müller Call Bob 日本" },
		{ "{{call_outcome}}", "" },
	};
	AUTO_TASK t = sample();
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_BUF out = BUF_INIT;
		buf_puts(&out, ": ");
		subject_render(row[i].template, &t, &out);
		assert_ok(buf_err(&out));
		assert_same(row[i].template ? row[i].template : "(none)", buf_str(&out) + 2, row[i].want);
	}
}

static void R27_types(void **state)
{
	static const char *const row[][2] = {
		{ "email", "Email" }, { "call", "Call" }, { "inmail", "InMail" }, { "custom", "Custom" }, { "fax", "fax" },
		{ NULL, "" },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_TASK t = TASK_INIT;
		AUTO_BUF out = BUF_INIT;
		assert_ok(task_set_fact(&t, FACT_TYPE, row[i][0]));
		subject_render("{{activity_type}}", &t, &out);
		assert_same(row[i][1], buf_str(&out), row[i][1]);
	}
}

static void R27_no_value_renders_as_nothing(void **state)
{
	AUTO_TASK t = TASK_INIT;
	AUTO_BUF out = BUF_INIT;
	subject_render("a{{activity_type}}{{activity_subject}}{{sales_campaign_name}}{{sales_campaign_day}}{{sales_campaign_step}}b",
		&t, &out);
	assert_string_equal(buf_str(&out), "ab");
}

static void R27_line_breaks_removed(void **state)
{
	AUTO_TASK t = sample();
	AUTO_BUF out = BUF_INIT;
	assert_ok(task_set(&t, FIELD_TITLE, "Call\r\nBob\xe2\x80\xa8\xc2\x85!"));
	subject_render("\na\r{{activity_subject}}\n\n b\v\f\n", &t, &out);
	assert_string_equal(buf_str(&out), "aCallBob! b");
}

static void R27_values_are_no_templates(void **state)
{
	AUTO_TASK t = sample();
	AUTO_BUF out = BUF_INIT;
	assert_ok(task_set(&t, FIELD_TITLE, "{{activity_type}} {{"));
	subject_render("{{activity_subject}}activity_type}}", &t, &out);
	assert_string_equal(buf_str(&out), "{{activity_type}} {{activity_type}}");
}

static void R27_cut_at_255_characters(void **state)
{
	static const struct {
		const char *s;
		int n;
		const char *tail;
		size_t want;
	} row[] = {
		{ "ä", 255, "", 255 }, { "ä", 256, "", 255 }, { "😀", 300, "", 255 }, { "a", 254, " b", 254 }, { "\xff", 300, "", 255 },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_TASK t = TASK_INIT;
		AUTO_BUF title = BUF_INIT, out = BUF_INIT;
		for (int n = row[i].n; n; n--)
			buf_puts(&title, row[i].s);
		buf_puts(&title, row[i].tail);
		assert_ok(task_set(&t, FIELD_TITLE, title.s));
		subject_render(NULL, &t, &out);
		assert_int_equal(utf8_count(out.s, out.n), row[i].want);
		assert_int_equal(utf8_valid(out.s, out.n), out.n);
	}
}

static void a_subject_fits_the_template_that_made_it(void **state)
{
	static const struct {
		const char *template, *subject;
		bool fits;
	} row[] = {
		{ NULL, "Call Bob", false }, { "{{activity_subject}}", "Call Bob", false },
		{ "[SC] {{activity_subject}}", "[SC] Call Bob", true }, { "[SC] {{activity_subject}}", "Call Bob", false },
		{ "[SC] {{activity_subject}}", "[SC]", false }, { "{{activity_subject}} (SC)", "Call Bob (SC)", true },
		{ "{{activity_subject}} (SC)", "(SC) Call Bob", false }, { "a task", "a task", true }, { "a task", "a tas", false },
		{ "a task", NULL, false }, { "[SC] {{activity_subject}}", NULL, false },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_TASK t = sample();
		bool fits;
		assert_ok(subject_fits(row[i].template, &t, row[i].subject, &fits));
		if (fits != row[i].fits)
			fail_msg("\"%s\" %s", row[i].template, row[i].subject);
	}
}

static void any_template_gives_a_subject(void **state)
{
	static const char *const piece[] = {
		"{{", "}}", "{", "activity_subject", "{{activity_subject}}", "{{activity_TYPE}}", "{{call_reason}}", "{{x}}",
	};
	uint64_t r = random_seed();
	for (int i = 0; i < 20000; i++) {
		AUTO_TASK t = sample();
		AUTO_BUF template = BUF_INIT, title = BUF_INIT, out = BUF_INIT;
		random_text(&r, 6, true, &title);
		for (unsigned n = random_below(&r, 6); n; n--) {
			buf_puts(&template, piece[random_below(&r, COUNT(piece))]);
			random_text(&r, 2, true, &template);
		}
		assert_int_equal(task_set(&t, FIELD_TITLE, buf_str(&title)), ERR_OK);
		subject_render(buf_str(&template), &t, &out);
		size_t n = out.n;
		if (utf8_count(buf_str(&out), n) > SUBJECT_MAX || utf8_valid(buf_str(&out), n) != n ||
				strpbrk(buf_str(&out), "\r\n") || (n && (out.s[0] == ' ' || out.s[n - 1] == ' ')))
			fail_msg("\"%s\" gave \"%s\"", buf_str(&template), buf_str(&out));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R24_subject_crosses_only_with_its_field),
		cmocka_unit_test(R27_template_fields),
		cmocka_unit_test(R27_types),
		cmocka_unit_test(R27_no_value_renders_as_nothing),
		cmocka_unit_test(R27_line_breaks_removed),
		cmocka_unit_test(R27_values_are_no_templates),
		cmocka_unit_test(R27_cut_at_255_characters),
		cmocka_unit_test(a_subject_fits_the_template_that_made_it),
		cmocka_unit_test(any_template_gives_a_subject),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
