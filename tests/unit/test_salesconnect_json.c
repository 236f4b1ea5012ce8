#include "unit.h"
#include "salesconnect_json.h"

static const char whole[] =
	"{\"id\":1042,\"revision\":3,\"type\":\"call\",\"name\":\"Call "
	"Bob\",\"status\":\"open\",\"priority\":\"high\","
	"\"due_date\":\"2026-09-03\",\"details\":\"x\\r\\ny\",\"person\":{\"id\":88,\"name\":\"Bob\","
	"\"email\":\"bob@example.test\","
	"\"salesforce_id\":\"003000000000001AAA\"},\"campaign\":{\"name\":\"Q3\",\"day\":3,\"step\":1},"
	"\"created_at\":\"2026-08-30T09:12:01.250Z\",\"updated_at\":\"2026-08-30T09:12:02.250Z\",\"completed_"
	"at\":null,"
	"\"deleted_at\":null,\"unheard_of\":{\"x\":[1]}}";

static void ids(void **state)
{
	static const struct {
		const char *s;
		bool ok;
	} row[] = {
		{ "1", true },
		{ "9007199254740991", true },
		{ "9007199254740992", false },
		{ "0", false },
		{ "-1", false },
		{ "01", false },
		{ "1/../2", false },
		{ "", false },
		{ NULL, false },
		{ "99999999999999999999", false },
		{ " 1", false },
		{ "1\n", false },
	};
	for (size_t i = 0; i < COUNT(row); i++)
		assert_int_equal(sc_id(row[i].s), row[i].ok);
}

static void a_record_becomes_a_task(void **state)
{
	AUTO_PAGE p = PAGE_INIT;
	assert_ok(sc_read_task(whole, strlen(whole), &p));
	struct remote_task *t = &p.task[0];
	static const struct {
		enum fact fact;
		const char *want;
	} fact[] = {
		{ FACT_TYPE, "call" }, { FACT_PERSON, "Bob" }, { FACT_EMAIL, "bob@example.test" },
		{ FACT_SC_PERSON, "88" }, { FACT_SF_WHO, "003000000000001AAA" }, { FACT_CAMPAIGN, "Q3" },
		{ FACT_CAMPAIGN_DAY, "3" }, { FACT_CAMPAIGN_STEP, "1" },
	};
	assert_string_equal(t->id, "1042");
	assert_string_equal(t->version, "3");
	assert_same("title", t->t.field[FIELD_TITLE], "Call Bob");
	assert_same("status", t->t.field[FIELD_STATUS], TASK_OPEN);
	assert_same("priority", t->t.field[FIELD_PRIORITY], TASK_HIGH);
	assert_same("due", t->t.field[FIELD_DUE], "2026-09-03");
	assert_same("details", t->t.field[FIELD_DETAILS], "x\ny");
	for (size_t i = 0; i < COUNT(fact); i++)
		assert_same(task_fact[fact[i].fact], t->t.fact[fact[i].fact], fact[i].want);
	assert_true(t->t.changed_at == INT64_C(1788081122250));
	assert_true(t->mine && !t->deleted);
	assert_int_equal(t->unknown, 0);
	assert_null(t->url);
}

static void odd_records(void **state)
{
	static const char page[] = "{\"tasks\":[{\"id\":9007199254740993},{\"id\":\"7\"},{\"id\":0},null,"
				   "{\"id\":8,\"deleted_at\":\"2026-08-30T09:12:01.250Z\",\"updated_at\":"
				   "\"2026-08-30T09:12:01.250Z\"},"
				   "{\"id\":9,\"name\":\"x\",\"status\":\"snoozed\",\"priority\":null,"
				   "\"type\":\"fax\",\"details\":null,"
				   "\"due_date\":\"tomorrow\",\"person\":null,\"campaign\":{\"day\":1.5}}],"
				   "\"next_cursor\":\"abc\",\"server_time\":\"2026-08-30T10:00:00.000Z\"}";
	AUTO_PAGE p = PAGE_INIT;
	struct sc_more m;
	assert_ok(sc_read_page(page, strlen(page), &p, &m));
	assert_int_equal(p.n, 2);
	assert_int_equal(m.bad, 4);
	assert_same("cursor", m.next, "abc");
	free(m.next);
	assert_true(m.last == INT64_C(1788081121250));
	assert_true(m.server_time == INT64_C(1788084000000));
	assert_true(p.task[0].deleted);
	assert_null(p.task[1].t.field[FIELD_STATUS]);
	assert_same("raw", p.task[1].raw[FIELD_STATUS], "snoozed");
	assert_null(p.task[1].t.fact[FACT_TYPE]);
	assert_null(p.task[1].t.fact[FACT_CAMPAIGN_DAY]);
	assert_int_equal(p.task[1].unknown, BIT(FIELD_DUE));
	assert_err(sc_read_page("{\"tasks\":{}}", 12, &p, &m), ERR_PROTOCOL);
	assert_err(sc_read_page("<html>", 6, &p, &m), ERR_PROTOCOL);
}

static void R3_writing(void **state)
{
	AUTO_TASK t = TASK_INIT;
	AUTO_BUF b = BUF_INIT;
	assert_ok(task_set(&t, FIELD_TITLE, "a"));
	assert_ok(task_set_fact(&t, FACT_TYPE, "call"));
	assert_ok(task_set_fact(&t, FACT_PERSON, "Bob"));
	assert_ok(task_set_fact(&t, FACT_EMAIL, "bob@example.test"));
	sc_write_task(&b, &t, BIT(FIELD_DUE) | BIT(FIELD_TITLE), false);
	assert_string_equal(b.s, "{\"name\":\"a\",\"due_date\":null}");
	buf_clear(&b);
	sc_write_task(&b, &t, BIT(FIELD_TITLE), true);
	assert_string_equal(b.s, "{\"name\":\"a\",\"type\":\"call\",\"person\":{\"name\":\"Bob\",\"email\":"
				 "\"bob@example.test\"}}");
	buf_clear(&b);
	assert_ok(task_set_fact(&t, FACT_SC_PERSON, "88"));
	sc_write_task(&b, &t, BIT(FIELD_TITLE), true);
	assert_string_equal(b.s, "{\"name\":\"a\",\"type\":\"call\",\"person\":{\"id\":88}}");
}

static void what_an_error_means(void **state)
{
	static const struct {
		int status;
		enum err want;
	} row[] = {
		{ 400, ERR_REFUSED },
		{ 401, ERR_AUTH },
		{ 403, ERR_DENIED },
		{ 404, ERR_GONE },
		{ 409, ERR_RETRY },
		{ 410, ERR_GONE },
		{ 412, ERR_STALE },
		{ 413, ERR_REFUSED },
		{ 422, ERR_REFUSED },
		{ 429, ERR_LIMIT },
		{ 503, ERR_RETRY },
		{ 302, ERR_PROTOCOL },
		{ 418, ERR_PROTOCOL },
	};
	char code[64], msg[200];
	for (size_t i = 0; i < COUNT(row); i++) {
		assert_err(sc_read_error("<html>", 6, row[i].status, code, msg), row[i].want);
		assert_true(*msg);
	}
	static const char body[] =
		"{\"error\":{\"code\":\"validation_failed\",\"message\":\"name is\\nlong\"}}";
	assert_err(sc_read_error(body, strlen(body), 422, code, msg), ERR_REFUSED);
	assert_string_equal(code, "validation_failed");
	assert_string_equal(msg, "validation_failed: name is long");
	static const char limit[] = "{\"error\":{\"code\":\"limit_exceeded\",\"message\":\"x\"}}";
	assert_err(sc_read_error(limit, strlen(limit), 403, code, msg), ERR_LIMIT);
}

static void a_code_is_a_word_or_none(void **state)
{
	static const char *const row[][2] = {
		{ "stale", "stale" }, { "A.b-c_9", "A.b-c_9" }, { "", "" }, { "a\\nfake log line", "" }, { "st\xff\xff", "" },
		{ "0123456789012345678901234567890123456789012345678901234567890123", "" },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_BUF body = BUF_INIT;
		char code[64], msg[200];
		buf_printf(&body, "{\"error\":{\"code\":\"%s\",\"message\":\"x\"}}", row[i][0]);
		assert_true(sc_read_error(body.s, body.n, 400, code, msg) != ERR_OK);
		assert_string_equal(code, row[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids),
		cmocka_unit_test(a_record_becomes_a_task),
		cmocka_unit_test(odd_records),
		cmocka_unit_test(R3_writing),
		cmocka_unit_test(what_an_error_means),
		cmocka_unit_test(a_code_is_a_word_or_none),
	};
	return cmocka_run_group_tests_name("salesconnect_json", tests, NULL, NULL);
}
