/* subject: the first line as a template, the rest as the task's title and campaign. */
#include "fuzz.h"
#include "subject.h"

static void render(const char *template, char *title, char *campaign, struct buf *out)
{
	const struct task t = { .field = { [FIELD_TITLE] = title }, .fact = { [FACT_TYPE] = (char *)"inmail",
		[FACT_CAMPAIGN] = campaign } };

	subject_render(template, &t, out);
	CHECK(!buf_err(out));
	CHECK(utf8_count(buf_str(out), out->n) <= SUBJECT_MAX && !strpbrk(buf_str(out), "\r\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO_FREE char *s = fuzz_str(data, n);
	char *title = s, *template = strsep(&title, "\n");
	AUTO_BUF one = BUF_INIT, other = BUF_INIT;

	render(template, title, title, &one);
	render(template, (char *)"quite another title", title, &other);
	CHECK(subject_has_title(template) || !strcmp(buf_str(&one), buf_str(&other)));	/* R24 */
	CHECK(!is_utf8(template) || !title || !is_utf8(title) || is_utf8(buf_str(&one)));
	return 0;
}
