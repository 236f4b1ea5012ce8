#include "unit.h"
#include "salesforce_json.h"

static struct sf_org an_org(void)
{
	struct sf_org o = { .me = "005000000000007AAA", .org = "00D000000000001EAA" };
	o.complete = strdup("Completed");
	o.open = strdup("Not Started");
	o.instance = strdup("https://x.my.salesforce.com");
	return o;
}
#define AUTO_ORG AUTO(sf_org_finish) struct sf_org

static enum err read_rows(const char *rows, const struct sf_org *o, struct page *p, struct sf_more *m)
{
	AUTO_BUF b = BUF_INIT;
	buf_printf(&b, "{\"totalSize\":7,\"done\":true,\"records\":[%s]}", rows);
	return sf_read_page(b.s, b.n, o, p, m);
}

static void ids_get_their_suffix(void **state)
{
	static const struct {
		const char *in, *want;
	} row[] = {
		{ "003D000000QYVZp", "003D000000QYVZpIAP" },
		{ "003D000000QYVZpIAP", "003D000000QYVZpIAP" },
		{ "005000000000007", "005000000000007AAA" },
		{ "00D000000000001", "00D000000000001EAA" },
		{ "003D000000QYVZpAAA", "003D000000QYVZpAAA" },
		{ "00T00000000000", NULL },
		{ "00T00000000000'", NULL },
		{ "00T0000000000/1", NULL },
		{ "00T000000000 01", NULL },
		{ "00T0000000000\xC3\xBC", NULL },
		{ "", NULL },
		{ NULL, NULL },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		char id[SF_ID_LEN] = "";
		assert_int_equal(sf_id(row[i].in, id), row[i].want != NULL);
		if (row[i].want)
			assert_string_equal(id, row[i].want);
	}
}

static void soql_literals_cannot_end_early(void **state)
{
	AUTO_BUF b = BUF_INIT;
	sf_quote(&b, "O'Brien \\' OR Id!='\n\t\"");
	assert_string_equal(b.s, "'O\\'Brien \\\\\\' OR Id!=\\'\\n\\t\\\"'");
}

static void a_record_becomes_a_task(void **state)
{
	AUTO_ORG o = an_org();
	AUTO_PAGE p = PAGE_INIT;
	struct sf_more m;
	assert_ok(read_rows(
		"{\"attributes\":{\"type\":\"Task\"},\"Id\":\"00T000000000001\",\"Subject\":\"Call Bob\","
		"\"Status\":\"Completed\",\"Priority\":\"High\",\"ActivityDate\":\"2026-12-01\","
		"\"Description\":\"a\\r\\nb\\rc\",\"OwnerId\":\"005000000000007\",\"WhoId\":"
		"\"003D000000QYVZpIAP\","
		"\"Who\":{\"Name\":\"Bob\",\"Email\":\"bob@example.test\"},\"IsDeleted\":false,"
		"\"IsArchived\":true,"
		"\"IsRecurrence\":true,\"CreatedDate\":\"2026-06-26T19:46:33.000+0000\","
		"\"LastModifiedDate\":\"2026-06-26T19:46:34.000+0000\","
		"\"SystemModstamp\":\"2026-06-26T19:46:35.000+0000\"}",
		&o, &p, &m));
	assert_int_equal(p.n, 1);
	struct remote_task *t = &p.task[0];
	assert_string_equal(t->id, "00T000000000001EAA");
	assert_string_equal(t->version, "2026-06-26T19:46:34.000+0000");
	assert_string_equal(t->url, "https://x.my.salesforce.com/lightning/r/Task/00T000000000001EAA/view");
	assert_same("title", t->t.field[FIELD_TITLE], "Call Bob");
	assert_same("status", t->t.field[FIELD_STATUS], TASK_COMPLETE);
	assert_same("priority", t->t.field[FIELD_PRIORITY], TASK_HIGH);
	assert_same("due", t->t.field[FIELD_DUE], "2026-12-01");
	assert_same("details", t->t.field[FIELD_DETAILS], "a\nb\nc");
	assert_same("who", t->t.fact[FACT_SF_WHO], "003D000000QYVZpIAP");
	assert_same("person", t->t.fact[FACT_PERSON], "Bob");
	assert_same("email", t->t.fact[FACT_EMAIL], "bob@example.test");
	assert_true(t->mine && t->archived && t->master && !t->deleted);
	assert_true(t->t.created_at == INT64_C(1782503193000));
	assert_true(m.last == INT64_C(1782503195000));
	assert_int_equal(m.total, 7);
	assert_int_equal(t->unknown, 0);
}

/* A deletion may leave the time of the last change as it was. */
static void a_tombstone_tells_when_it_was_deleted(void **state)
{
	AUTO_ORG o = an_org();
	AUTO_PAGE p = PAGE_INIT;
	struct sf_more m;
	assert_ok(read_rows(
		"{\"Id\":\"00T000000000001\",\"IsDeleted\":true,\"LastModifiedDate\":\"2026-06-26T19:46:33.000+0000\","
		"\"SystemModstamp\":\"2026-06-26T19:46:35.000+0000\"},"
		"{\"Id\":\"00T000000000002\",\"LastModifiedDate\":\"2026-06-26T19:46:33.000+0000\","
		"\"SystemModstamp\":\"2026-06-26T19:46:35.000+0000\"}",
		&o, &p, &m));
	assert_true(p.task[0].deleted && p.task[0].t.changed_at == INT64_C(1782503195000));
	assert_true(!p.task[1].deleted && p.task[1].t.changed_at == INT64_C(1782503193000));
}

/* R8, R10: the value does not cross, and its own words are remembered. */
static void R8_R10_other_values_stay_out(void **state)
{
	static const struct {
		const char *status, *priority, *want_status, *want_priority;
	} row[] = {
		{ "In Progress", "Low", NULL, NULL },
		{ "Deferred", "Normal", NULL, TASK_NORMAL },
		{ "Done and dusted", "High", NULL, TASK_HIGH },
		{ "Not Started", "normal", TASK_OPEN, NULL },
	};
	AUTO_ORG o = an_org();
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_PAGE p = PAGE_INIT;
		AUTO_BUF b = BUF_INIT;
		struct sf_more m;
		buf_printf(&b, "{\"Id\":\"00T000000000001\",\"Status\":\"%s\",\"Priority\":\"%s\"}",
			row[i].status, row[i].priority);
		assert_ok(read_rows(b.s, &o, &p, &m));
		assert_same("status", p.task[0].t.field[FIELD_STATUS], row[i].want_status);
		assert_same("priority", p.task[0].t.field[FIELD_PRIORITY], row[i].want_priority);
		assert_same("raw status", p.task[0].raw[FIELD_STATUS], row[i].status);
		assert_same("raw priority", p.task[0].raw[FIELD_PRIORITY], row[i].priority);
	}
}

static void absent_is_unknown_and_null_is_cleared(void **state)
{
	AUTO_ORG o = an_org();
	AUTO_PAGE p = PAGE_INIT;
	struct sf_more m;
	assert_ok(read_rows(
		"{\"Id\":\"00T000000000001\",\"Subject\":null,\"ActivityDate\":null},"
		"{\"Id\":\"00T000000000002\",\"Subject\":\" \\n \",\"ActivityDate\":\"2026-13-01\","
		"\"Description\":\"\"},"
		"{\"Id\":\"nonsense\"},{},7,"
		"{\"Id\":\"00T000000000003\",\"Subject\":\"a\\nb\\tc\",\"OwnerId\":\"005000000000008\"}",
		&o, &p, &m));
	assert_int_equal(p.n, 3);
	assert_int_equal(m.bad, 3);
	assert_int_equal(p.task[0].unknown, BIT(FIELD_STATUS) | BIT(FIELD_PRIORITY) | BIT(FIELD_DETAILS));
	assert_same("no subject", p.task[0].t.field[FIELD_TITLE], "Untitled");
	assert_null(p.task[0].raw[FIELD_TITLE]);
	assert_same("blank", p.task[1].t.field[FIELD_TITLE], "Untitled");
	assert_same("raw blank", p.task[1].raw[FIELD_TITLE], " \n ");
	assert_true(p.task[1].unknown & BIT(FIELD_DUE));
	assert_null(p.task[1].t.field[FIELD_DETAILS]);
	assert_same("one line", p.task[2].t.field[FIELD_TITLE], "a b c");
	assert_false(p.task[2].mine);
}

static void lengths_are_cut_at_characters(void **state)
{
	AUTO_ORG o = an_org();
	AUTO_PAGE p = PAGE_INIT;
	AUTO_BUF b = BUF_INIT;
	struct sf_more m;
	buf_puts(&b, "{\"Id\":\"00T000000000001\",\"Subject\":\"");
	for (int i = 0; i < 300; i++)
		buf_puts(&b, "\xC3\xBC");
	buf_puts(&b, "\",\"Description\":\"");
	for (int i = 0; i < 33000; i++)
		buf_puts(&b, "\xE2\x82\xAC");
	buf_puts(&b, "\"}");
	assert_ok(read_rows(b.s, &o, &p, &m));
	assert_int_equal(strlen(p.task[0].t.field[FIELD_TITLE]), 510);
	assert_int_equal(strlen(p.task[0].t.field[FIELD_DETAILS]), 96000);
}

static void only_our_paths_are_followed(void **state)
{
	static const struct {
		const char *next, *want;
	} row[] = {
		{ "/services/data/v66.0/query/01g-2000", "/services/data/v66.0/query/01g-2000" },
		{ "https://evil.test/services/data/v66.0/query/01g", "/services/data/v66.0/query/01g" },
		{ "/services/oauth2/revoke", NULL },
		{ "/services/data/../oauth2/revoke", NULL },
		{ "//evil.test/services/data/", NULL },
		{ "/services/data/v66.0/query/a b", NULL },
		{ "@evil.test/services/data/", NULL },
	};
	AUTO_ORG o = an_org();
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_PAGE p = PAGE_INIT;
		AUTO_BUF b = BUF_INIT;
		struct sf_more m;
		buf_printf(&b, "{\"done\":false,\"nextRecordsUrl\":\"%s\",\"records\":[]}", row[i].next);
		assert_err(sf_read_page(b.s, b.n, &o, &p, &m), row[i].want ? ERR_OK : ERR_PROTOCOL);
		assert_same(row[i].next, m.next, row[i].want);
		free(m.next);
	}
}

static void the_words_of_the_org(void **state)
{
	static const char usual[] =
		"{\"records\":[{\"ApiName\":\"Fertig\",\"IsClosed\":true,\"SortOrder\":9},"
		"{\"ApiName\":\"Completed\",\"IsClosed\":true,\"SortOrder\":10},"
		"{\"ApiName\":\"Warten\",\"IsClosed\":false,\"SortOrder\":1},"
		"{\"ApiName\":\"Neu\",\"IsClosed\":false,\"IsDefault\":true,\"SortOrder\":5}]}";
	static const struct {
		const char *complete, *open, *want_complete, *want_open;
	} row[] = {
		{ "Completed", "Not Started", "Completed", "Neu" },
		{ "Erledigt", "Warten", "Fertig", "Warten" },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_ORG o = { 0 };
		assert_ok(sf_read_statuses(usual, strlen(usual), row[i].complete, row[i].open, &o));
		assert_same("complete", o.complete, row[i].want_complete);
		assert_same("open", o.open, row[i].want_open);
	}
	AUTO_ORG o = { 0 };
	assert_ok(sf_read_statuses("{\"records\":[]}", 14, "Completed", "Not Started", &o));
	assert_same("nothing known", o.complete, "Completed");
	assert_err(sf_read_statuses("[]", 2, "Completed", "Not Started", &o), ERR_PROTOCOL);
}

static void hidden_columns_are_not_asked_for(void **state)
{
	AUTO_ORG o = an_org();
	AUTO_BUF b = BUF_INIT;
	static const char d[] = "{\"fields\":[{\"name\":\"Id\"},{\"name\":\"Subject\"},{\"name\":\"Status\"},"
				"{\"name\":\"ActivityDate\"}]}";
	assert_ok(sf_read_describe(d, strlen(d), &o));
	assert_int_equal(o.hidden, BIT(FIELD_PRIORITY) | BIT(FIELD_DETAILS));
	sf_columns(&b, &o, "", true);
	assert_string_equal(b.s, "Id,Subject,Status,ActivityDate,OwnerId,IsDeleted,IsArchived,CreatedById,CreatedDate,"
				 "LastModifiedDate,SystemModstamp");
	buf_clear(&b);
	AUTO_TASK t = TASK_INIT;
	assert_ok(task_set(&t, FIELD_TITLE, "a"));
	sf_write_task(&b, &t, FIELDS_ALL, &o, NULL, NULL, NULL, NULL, false);
	assert_string_equal(b.s, "{\"Subject\":\"a\",\"Status\":null,\"ActivityDate\":null}");
}

/* salesforce.md 4.4 */
static void an_external_id_is_learnt_read_and_sent(void **state)
{
	AUTO_ORG o = an_org();
	AUTO_BUF b = BUF_INIT;
	AUTO_PAGE p = PAGE_INIT;
	AUTO_TASK t = TASK_INIT;
	static const char plain[] = "{\"fields\":[{\"name\":\"Subject\"},{\"name\":\"remindfs_id__c\",\"createable\":true}]}";
	static const char d[] = "{\"fields\":[{\"name\":\"Subject\"},{\"name\":\"remindfs_id__c\",\"externalId\":true,"
				"\"createable\":true}]}";
	static const char rows[] = "[{\"Id\":\"00T000000000001AAA\",\"remindfs_id__c\":\"K\"}]";
	assert_ok(sf_read_describe(plain, strlen(plain), &o));
	assert_false(o.keyed);
	assert_ok(sf_read_describe(d, strlen(d), &o));
	assert_true(o.keyed);
	sf_columns(&b, &o, "", false);
	assert_string_equal(b.s, "Id,Subject,OwnerId,IsDeleted,IsArchived,CreatedById,CreatedDate,LastModifiedDate,SystemModstamp,"
				 "remindfs_id__c");
	buf_clear(&b);
	assert_ok(task_set(&t, FIELD_TITLE, "a"));
	sf_write_task(&b, &t, BIT(FIELD_TITLE), &o, NULL, NULL, NULL, "K", false);
	assert_string_equal(b.s, "{\"remindfs_id__c\":\"K\",\"Subject\":\"a\"}");
	assert_ok(sf_read_retrieved(rows, strlen(rows), &o, &p));
	assert_same("key", p.task[0].once, "K");
}

/* R3: exactly the fields asked for, and what is set once. */
static void R3_writing(void **state)
{
	AUTO_ORG o = an_org();
	AUTO_TASK t = TASK_INIT;
	AUTO_BUF b = BUF_INIT;
	assert_ok(task_set(&t, FIELD_TITLE, "say \"hi\""));
	assert_ok(task_set(&t, FIELD_STATUS, TASK_COMPLETE));
	assert_ok(task_set(&t, FIELD_PRIORITY, TASK_HIGH));
	assert_ok(task_set(&t, FIELD_DETAILS, "a\nb"));
	assert_ok(task_set_fact(&t, FACT_TYPE, "call"));
	sf_write_task(&b, &t, BIT(FIELD_STATUS) | BIT(FIELD_DUE), &o, NULL, NULL, NULL, NULL, false);
	assert_string_equal(b.s, "{\"Status\":\"Completed\",\"ActivityDate\":null}");
	buf_clear(&b);
	sf_write_task(&b, &t, FIELDS_ALL, &o, NULL, o.me, "003D000000QYVZpIAP", NULL, true);
	assert_string_equal(b.s,
		"{\"attributes\":{\"type\":\"Task\"},\"OwnerId\":\"005000000000007AAA\","
		"\"WhoId\":\"003D000000QYVZpIAP\",\"Subject\":\"say \\\"hi\\\"\",\"Status\":\"Completed\","
		"\"Priority\":\"High\",\"ActivityDate\":null,\"Description\":\"a\\nb\"}");
}

#define E(code, text) "[{\"message\":\"" text "\",\"errorCode\":\"" code "\",\"fields\":[]}]"
static void what_an_error_means(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum err want;
		bool session;
	} row[] = {
		{ 401, E("INVALID_SESSION_ID", "Session expired or invalid"), ERR_AUTH, true },
		{ 401, E("INVALID_SESSION_ID", "This session is not valid for use with the REST API"),
			ERR_AUTH, false },
		{ 401, "", ERR_AUTH, true },
		{ 403, E("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), ERR_LIMIT, false },
		{ 403, E("INSUFFICIENT_ACCESS_OR_READONLY", "no"), ERR_DENIED, false },
		{ 403, "<html>", ERR_DENIED, false },
		{ 404, E("ENTITY_IS_DELETED", "entity is deleted"), ERR_GONE, false },
		{ 404, E("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"), ERR_GONE, false },
		{ 400,
			"[{\"message\":\"m\",\"errorCode\":\"INVALID_CROSS_REFERENCE_KEY\",\"fields\":["
			"\"WhoId\"]}]",
			ERR_REFUSED, false },
		{ 400, E("UNABLE_TO_LOCK_ROW", "x"), ERR_RETRY, false },
		{ 400, E("STRING_TOO_LONG", "x"), ERR_REFUSED, false },
		{ 400, E("SOMETHING_NEW", "x"), ERR_REFUSED, false },
		{ 400, E("INVALID_FIELD", "x"), ERR_PROTOCOL, false },
		{ 400,
			"[{\"message\":\"m\",\"errorCode\":\"UNABLE_TO_LOCK_ROW\"},{\"message\":\"n\","
			"\"errorCode\":"
			"\"STRING_TOO_LONG\"}]",
			ERR_REFUSED, false },
		{ 412, "", ERR_STALE, false },
		{ 429, "", ERR_LIMIT, false },
		{ 302, "", ERR_PROTOCOL, false },
		{ 503, "<html>", ERR_RETRY, false },
		{ 500, E("UNKNOWN_EXCEPTION", "x"), ERR_RETRY, false },
		{ 502, "[]", ERR_RETRY, false },
		{ 400, "{\"errorCode\":\"X\"}", ERR_REFUSED, false },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		struct sf_error e;
		sf_read_error(row[i].body, strlen(row[i].body), row[i].status, &e);
		assert_err(e.err, row[i].want);
		assert_int_equal(e.session, row[i].session);
		assert_true(*e.msg);
	}
}

/* salesforce.md 4.2, row by row. What each class leads to is tests/world/test_trouble. */
static void every_row_of_the_error_table(void **state)
{
	static const struct {
		const char *name;
		enum err want;
		const char *code[20];
	} row[] = {
		{ "retry with backoff", ERR_RETRY, { "SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION", "UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT",
			"API_CURRENTLY_DISABLED", "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", "CONFLICT" } },
		{ "slow right down", ERR_LIMIT, { "REQUEST_LIMIT_EXCEEDED" } },
		{ "re-auth", ERR_AUTH, { "INVALID_SESSION_ID", "INVALID_AUTH_HEADER" } },
		{ "gone", ERR_GONE, { "ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY" } },
		{ "user must fix", ERR_REFUSED, { "STRING_TOO_LONG", "REQUIRED_FIELD_MISSING", "FIELD_CUSTOM_VALIDATION_EXCEPTION",
			"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "INVALID_FIELD_FOR_INSERT_UPDATE", "FIELD_INTEGRITY_EXCEPTION",
			"MALFORMED_ID", "JSON_PARSER_ERROR", "DUPLICATES_DETECTED", "DUPLICATE_VALUE",
			"FIELD_FILTER_VALIDATION_EXCEPTION", "MAX_TASK_DESCRIPTION_EXCEEEDED" } },
		{ "no right", ERR_DENIED, { "INSUFFICIENT_ACCESS_OR_READONLY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
			"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "ENTITY_IS_LOCKED", "ENTITY_IS_ARCHIVED",
			"CANNOT_EXECUTE_FLOW_TRIGGER" } },
		{ "our bug or the org's settings", ERR_PROTOCOL, { "INVALID_FIELD", "INVALID_TYPE", "MALFORMED_QUERY",
			"METHOD_NOT_ALLOWED" } },
	};
	static const struct {
		int status;
		enum err want;
	} bare[] = { { 503, ERR_RETRY }, { 502, ERR_RETRY }, { 500, ERR_RETRY }, { 420, ERR_RETRY }, { 401, ERR_AUTH },
		{ 404, ERR_GONE }, { 412, ERR_STALE }, { 405, ERR_PROTOCOL }, { 410, ERR_PROTOCOL }, { 415, ERR_PROTOCOL },
		{ 431, ERR_PROTOCOL }, { 414, ERR_PROTOCOL }, { 300, ERR_PROTOCOL } };
	static const int statuses[] = { 400, 403, 404, 500 };	/* the code beats the status */
	char body[200];
	struct sf_error e;
	for (size_t i = 0; i < COUNT(row); i++)
		for (size_t k = 0; row[i].code[k]; k++)
			for (size_t s = 0; s < COUNT(statuses); s++) {
				snprintf(body, sizeof(body), "[{\"message\":\"m\",\"errorCode\":\"%s\",\"fields\":[]}]",
					row[i].code[k]);
				sf_read_error(body, strlen(body), statuses[s], &e);
				if (e.err != row[i].want)
					fail_msg("%s: %s is %s", row[i].name, row[i].code[k], err_str(e.err));
			}
	for (size_t i = 0; i < COUNT(bare); i++) {
		sf_read_error("<html>", 6, bare[i].status, &e);
		if (e.err != bare[i].want)
			fail_msg("status %d is %s", bare[i].status, err_str(e.err));
	}
}

static void a_code_is_a_word_or_none(void **state)
{
	struct sf_error e;
	static const char odd[] = E("INVALID_S\xb2\xb2\\nfake log line", "x"), good[] = E("STRING_TOO_LONG", "x");
	sf_read_error(odd, strlen(odd), 400, &e);
	assert_string_equal(e.code, "");
	sf_read_error(good, strlen(good), 400, &e);
	assert_string_equal(e.code, "STRING_TOO_LONG");
}

static void results_of_a_collection(void **state)
{
	static const char body[] = "[{\"id\":\"00T000000000001\",\"success\":true,\"errors\":[]},"
				   "{\"success\":false,\"errors\":[{\"statusCode\":\"STRING_TOO_LONG\","
				   "\"message\":\"Subject:\\ntoo long\","
				   "\"fields\":[\"Subject\"]}]},{\"success\":false,\"errors\":[]}]";
	struct item it[3] = { 0 };
	assert_ok(sf_read_results(body, strlen(body), it, 3));
	assert_string_equal(it[0].new_id, "00T000000000001EAA");
	assert_err(it[1].err, ERR_REFUSED);
	assert_string_equal(it[1].msg, "STRING_TOO_LONG: Subject: too long");
	assert_err(it[2].err, ERR_REFUSED);
	item_finish(&it[0]);
	assert_err(sf_read_results(body, strlen(body), it, 2), ERR_LOST);
	assert_err(sf_read_results(body, strlen(body) / 2, it, 3), ERR_LOST);
	item_finish(&it[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_get_their_suffix),
		cmocka_unit_test(soql_literals_cannot_end_early),
		cmocka_unit_test(a_record_becomes_a_task),
		cmocka_unit_test(a_tombstone_tells_when_it_was_deleted),
		cmocka_unit_test(R8_R10_other_values_stay_out),
		cmocka_unit_test(absent_is_unknown_and_null_is_cleared),
		cmocka_unit_test(lengths_are_cut_at_characters),
		cmocka_unit_test(only_our_paths_are_followed),
		cmocka_unit_test(the_words_of_the_org),
		cmocka_unit_test(hidden_columns_are_not_asked_for),
		cmocka_unit_test(an_external_id_is_learnt_read_and_sent),
		cmocka_unit_test(R3_writing),
		cmocka_unit_test(what_an_error_means),
		cmocka_unit_test(every_row_of_the_error_table),
		cmocka_unit_test(a_code_is_a_word_or_none),
		cmocka_unit_test(results_of_a_collection),
	};
	return cmocka_run_group_tests_name("salesforce_json", tests, NULL, NULL);
}
