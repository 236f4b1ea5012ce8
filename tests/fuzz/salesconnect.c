/* salesconnect: any bytes as every kind of answer. */
#include "fuzz.h"
#include "date.h"
#include "json.h"
#include "salesconnect_json.h"

static void check_task(const struct remote_task *r)
{
	const char *const *v = (const char *const *)r->t.field;
	AUTO_BUF out = BUF_INIT;

	CHECK(r->id && sc_id(r->id));
	CHECK(is_title_or_none(v[FIELD_TITLE]));
	CHECK(!v[FIELD_DUE] || date_valid(v[FIELD_DUE]));
	CHECK(!v[FIELD_DETAILS] || utf8_count(v[FIELD_DETAILS], strlen(v[FIELD_DETAILS])) <= TASK_DETAILS_MAX);
	sc_write_task(&out, &r->t, FIELDS_ALL, true);
	CHECK(!buf_err(&out));
	AUTO_JSON j = json_parse(out.s, out.n);
	CHECK(j);
}

static void pages(const char *s, size_t n)
{
	AUTO_PAGE page = PAGE_INIT, one = PAGE_INIT;
	struct sc_more m = { 0 };
	enum err e = sc_read_page(s, n, &page, &m);

	CHECK(e == ERR_OK || e == ERR_PROTOCOL);
	for (size_t i = 0; !e && i < page.n; i++)
		check_task(&page.task[i]);
	free(m.next);
	e = sc_read_task(s, n, &one);
	CHECK(e == ERR_OK || e == ERR_PROTOCOL);
	for (size_t i = 0; !e && i < one.n; i++)
		check_task(&one.task[i]);
}

static void settings(const char *s, size_t n)
{
	struct sc_user u = { 0 };
	bool mirror = false;
	AUTO_FREE char *template = NULL;

	if (!sc_read_user(s, n, &u))
		CHECK(u.id > 0);
	free(u.name);
	enum err e = sc_read_settings(s, n, &mirror, &template);
	CHECK(e == ERR_OK || e == ERR_PROTOCOL);
	CHECK(!template || is_utf8(template));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const int status[] = { 0, 400, 401, 403, 404, 409, 422, 429, 500, 503 };
	AUTO_FREE char *s = fuzz_str(data, n);

	pages(s, n);
	settings(s, n);
	for (size_t i = 0; i < sizeof(status) / sizeof(*status); i++) {
		char code[64] = "", msg[200] = "";
		CHECK(sc_read_error(s, n, status[i], code, msg));
		CHECK(is_one_line(code) && is_one_line(msg));
	}
	return 0;
}
