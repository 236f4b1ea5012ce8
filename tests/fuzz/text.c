/* text: any saved bytes; any bytes as a task's values, and as the text a task had before. */
#include "fuzz.h"
#include "date.h"
#include "text.h"

#define TODAY "2026-09-03"

/* The task of every example, with all that is fixed. */
static struct task example(void)
{
	struct task t = TASK_INIT;

	CHECK(!task_set(&t, FIELD_TITLE, "Call Bob") && !task_set(&t, FIELD_PRIORITY, TASK_HIGH));
	CHECK(!task_set(&t, FIELD_DUE, TODAY) && !task_set(&t, FIELD_DETAILS, "He asked.\n\n- a quote"));
	CHECK(!task_set_fact(&t, FACT_PERSON, "Bob") && !task_set_fact(&t, FACT_EMAIL, "bob@example.test"));
	CHECK(!task_set_fact(&t, FACT_TYPE, "call") && !task_set_fact(&t, FACT_CAMPAIGN, "Spring"));
	return t;
}

static void check_refusal(enum err e, const struct text *x, const struct text_error *why)
{
	CHECK(e == ERR_INVAL || e == ERR_TOOBIG || e == ERR_UTF8);
	CHECK(!x->fields && !x->facts && !x->resolved);
	CHECK(why->line > 0 && *why->msg && is_one_line(why->msg));
}

static void check_values(const struct text *x)
{
	const char *const *v = (const char *const *)x->task.field;

	CHECK(x->fields & BIT(FIELD_DETAILS) && !(x->fields & BIT(FIELD_STATUS)) && !v[FIELD_STATUS]);
	CHECK(!(x->fields & BIT(FIELD_TITLE)) == !v[FIELD_TITLE]);
	CHECK(is_title_or_none(v[FIELD_TITLE]));
	CHECK(!v[FIELD_DUE] || date_valid(v[FIELD_DUE]));
	CHECK(!v[FIELD_DETAILS] || (is_utf8(v[FIELD_DETAILS]) && !strchr(v[FIELD_DETAILS], '\r')));
	if (x->fields & BIT(FIELD_PRIORITY))
		CHECK(str_eq(v[FIELD_PRIORITY], TASK_NORMAL) || str_eq(v[FIELD_PRIORITY], TASK_HIGH));
}

static bool same_facts(const struct task *a, const struct task *b, uint32_t facts)
{
	for (int f = 0; f < TASK_NFACTS; f++)
		if (facts & BIT(f) && !str_eq(a->fact[f], b->fact[f]))
			return false;
	return true;
}

/* What was saved, written anew with its comments, means the same,
 * and writing it once more changes nothing. */
static void rendered_is_stable(const struct text *x, const char *s, size_t n)
{
	AUTO_BUF once = BUF_INIT, twice = BUF_INIT;
	AUTO_TEXT y = { 0 };
	struct text_error why;

	text_render(&x->task, s, n, &once);
	CHECK(!buf_err(&once));
	CHECK(!text_parse(once.s, once.n, TODAY, NULL, &y, &why) || x->facts & BIT(FACT_CAMPAIGN));
	if (x->facts & BIT(FACT_CAMPAIGN))
		return;		/* no new task has one */
	CHECK(!task_diff(&x->task, &y.task, x->fields) && !y.resolved);
	CHECK(same_facts(&x->task, &y.task, x->facts));
	text_render(&y.task, once.s, once.n, &twice);
	CHECK(once.n == twice.n && !memcmp(once.s, twice.s, once.n));
}

static void saved(const char *s, size_t n, const struct task *was)
{
	AUTO_TEXT x = { 0 };
	struct text_error why = { 0, "" };
	enum err e = text_parse(s, n, TODAY, was, &x, &why);

	if (e) {
		check_refusal(e, &x, &why);
		return;
	}
	check_values(&x);
	CHECK(!was || same_facts(was, &x.task, x.facts));
	rendered_is_stable(&x, s, n);
}

/* A task is what its text says, whatever text it had before. */
static void task_survives(const struct task *t, const char *old, size_t n)
{
	AUTO_BUF out = BUF_INIT;
	AUTO_TEXT x = { 0 };
	struct text_error why;

	text_render(t, old, n, &out);
	CHECK(!buf_err(&out));
	CHECK(!text_parse(out.s, out.n, TODAY, t, &x, &why));
	CHECK(!task_diff(t, &x.task, x.fields) && !x.resolved && same_facts(t, &x.task, x.facts));
}

static void values(const char *s, const char *old, size_t n)
{
	AUTO_TASK t = example();
	AUTO_BUF title = BUF_INIT, details = BUF_INIT;

	task_survives(&t, old, n);
	text_title(s, &title);
	text_details(s, &details);
	CHECK(!task_set(&t, FIELD_TITLE, title.n ? title.s : "Untitled"));
	if (utf8_count(buf_str(&details), details.n) <= TASK_DETAILS_MAX)
		CHECK(!task_set(&t, FIELD_DETAILS, buf_str(&details)));
	for (int f = 0; f < TASK_NFACTS; f++)
		CHECK(f == FACT_TYPE || !task_set_fact(&t, (enum fact)f, buf_str(&title)));
	task_survives(&t, old, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO_TASK was = example();
	AUTO_FREE char *s = fuzz_str(data, n);

	saved((const char *)data, n, NULL);
	saved((const char *)data, n, &was);
	values(s, (const char *)data, n);
	return 0;
}
