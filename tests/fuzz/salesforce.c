/* salesforce: any bytes as every kind of answer, and as a text in a query. */
#include "fuzz.h"
#include "date.h"
#include "json.h"
#include "salesforce_json.h"

static const struct sf_org org = { .me = "005000000000001AAA", .complete = (char *)"Completed",
	.open = (char *)"Not Started", .instance = (char *)"https://example.test" };

static void check_task(const struct remote_task *r)
{
	const char *const *v = (const char *const *)r->t.field;
	char id[SF_ID_LEN];
	AUTO_BUF out = BUF_INIT;

	CHECK(r->id && sf_id(r->id, id) && !strcmp(r->id, id));
	CHECK(is_title_or_none(v[FIELD_TITLE]));
	CHECK(!v[FIELD_DUE] || date_valid(v[FIELD_DUE]));
	CHECK(!v[FIELD_DETAILS] || utf8_count(v[FIELD_DETAILS], strlen(v[FIELD_DETAILS])) <= TASK_DETAILS_MAX);
	sf_write_task(&out, &r->t, FIELDS_ALL, &org, r->id, org.me, NULL, r->once, true);
	CHECK(!buf_err(&out));
	AUTO_JSON j = json_parse(out.s, out.n);
	CHECK(j);
}

static void pages(const char *s, size_t n)
{
	AUTO_PAGE page = PAGE_INIT, some = PAGE_INIT;
	struct sf_more m = { 0 };
	enum err e = sf_read_page(s, n, &org, &page, &m);

	CHECK(e == ERR_OK || e == ERR_PROTOCOL);
	CHECK(e || !m.next || !strncmp(m.next, "/services/data/", 15));
	for (size_t i = 0; !e && i < page.n; i++)
		check_task(&page.task[i]);
	free(m.next);
	e = sf_read_retrieved(s, n, &org, &some);
	CHECK(e == ERR_OK || e == ERR_PROTOCOL);
	for (size_t i = 0; !e && i < some.n; i++)
		check_task(&some.task[i]);
}

static void found(void *arg, const char *email, const char *id)
{
	char same[SF_ID_LEN];

	CHECK(email && sf_id(id, same));
}

static void settings(const char *s, size_t n)
{
	struct sf_org o = { .instance = NULL };
	AUTO_BUF columns = BUF_INIT;

	if (!sf_read_user(s, n, &o))
		CHECK(strlen(o.me) == 18 && strlen(o.org) == 18);
	if (!sf_read_statuses(s, n, "Completed", "Not Started", &o))
		CHECK(o.complete && o.open);
	CHECK(sf_read_describe(s, n, &o) != ERR_NOMEM);
	sf_columns(&columns, &o, "", true);
	CHECK(!buf_err(&columns));
	CHECK(sf_read_people(s, n, found, NULL) != ERR_NOMEM);
	sf_org_finish(&o);
}

static void errors(const char *s, size_t n)
{
	static const int status[] = { 0, 200, 400, 401, 403, 404, 500, 503 };
	struct item it[2] = { { .id = "00T000000000001AAA" }, { .once = "key" } };

	for (size_t i = 0; i < sizeof(status) / sizeof(*status); i++) {
		struct sf_error e = { 0 };
		sf_read_error(s, n, status[i], &e);
		CHECK(e.err && is_one_line(e.msg) && is_one_line(e.code));
	}
	enum err e = sf_read_results(s, n, it, 2);
	CHECK(e == ERR_OK || e == ERR_LOST || e == ERR_PROTOCOL);
	for (int i = 0; i < 2; i++) {
		CHECK(is_one_line(it[i].msg));
		item_finish(&it[i]);
	}
}

/* Nothing in a literal ends it. */
static void literal(const char *s)
{
	AUTO_BUF b = BUF_INIT;

	sf_quote(&b, s);
	CHECK(!buf_err(&b) && b.n >= 2 && b.s[0] == '\'' && b.s[b.n - 1] == '\'');
	for (size_t i = 1; i + 1 < b.n; i++) {
		CHECK(b.s[i] != '\'' && b.s[i] != '\n' && b.s[i] != '\r');
		if (b.s[i] == '\\')
			CHECK(++i + 1 < b.n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO_FREE char *s = fuzz_str(data, n);

	pages(s, n);
	settings(s, n);
	errors(s, n);
	literal(s);
	return 0;
}
