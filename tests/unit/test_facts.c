/* What .remindfs/ says about one task and one change. */
#include "store_unit.h"
#include "facts.h"

static void info_has_both_sides(void **state)
{
	struct fx *x = *state;
	AUTO_BUF b = BUF_INIT;
	struct task t = { .field = { "Call Bob", TASK_OPEN, TASK_NORMAL, "2026-09-03", "secret" },
		.fact = { [FACT_PERSON] = "Bob" }, .created_at = NOW };
	int64_t id;
	assert_ok(store_create(x->s, &t, NULL, 0, SIDE_SC, NOW, &id));
	join(x->s, id, SIDE_SC, "17");
	struct link l = { .task = id, .side = SIDE_SF, .rid = "00T1", .url = "https://sf.test/00T1\x1b", .synced_at = NOW,
		.base = { "Call Bob", TASK_OPEN, TASK_NORMAL, "2026-09-03", "secret" },
		.raw = { [FIELD_STATUS] = "In Progress", [FIELD_PRIORITY] = "Low", [FIELD_TITLE] = "Call: Bob" } };
	assert_ok(store_link_put(x->s, &l));
	assert_ok(facts_info(x->s, id, &b));
	assert_same("info", buf_str(&b),
		"id:            1\n"
		"file:          open/Call Bob.txt\n"
		"state:         synced\n"
		"created:       2023-11-14T22:13:20.000Z\n"
		"changed:       2023-11-14T22:13:20.000Z\n"
		"person:        Bob\n"
		"\nsalesconnect\n"
		"  link:        linked\n"
		"  id:          17\n"
		"  title:       Call Bob\n"
		"  status:      open\n"
		"  priority:    normal\n"
		"  due:         2026-09-03\n"
		"\nsalesforce\n"
		"  link:        linked\n"
		"  id:          00T1\n"
		"  web:         https://sf.test/00T1␛\n"
		"  synced:      2023-11-14T22:13:20.000Z\n"
		"  title:       Call Bob\n"
		"  status:      open\n"
		"  priority:    normal\n"
		"  due:         2026-09-03\n"
		"  raw title:   Call: Bob\n"
		"  raw status:  In Progress\n"
		"  raw priority: Low\n");
	assert_err(facts_info(x->s, 99, &b), ERR_NOENT);
}

static void history_says_who_changed_what(void **state)
{
	struct fx *x = *state;
	AUTO_BUF b = BUF_INIT;
	int64_t id = make(x->s, "A", SIDE_LOCAL);
	set(x->s, id, FIELD_DUE, "2026-09-03", SIDE_SF);
	set(x->s, id, FIELD_DETAILS, "two\nlines", SIDE_LOCAL);
	set(x->s, id, FIELD_DUE, NULL, SIDE_SC);
	assert_ok(facts_history(x->s, id, &b));
	assert_same("history", buf_str(&b),
		"2023-11-14T22:13:20.000Z created\n"
		"2023-11-14T22:13:20.010Z salesforce due: none -> 2026-09-03\n"
		"2023-11-14T22:13:20.010Z local details: none -> two␊lines\n"
		"2023-11-14T22:13:20.010Z salesconnect due: 2026-09-03 -> none\n");
}

static void outbox_says_why_and_when(void **state)
{
	struct fx *x = *state;
	AUTO_BUF b = BUF_INIT;
	on(x->s, SIDE_SC);
	on(x->s, SIDE_SF);
	int64_t id = make(x->s, "A", SIDE_SC);
	join(x->s, id, SIDE_SF, "1");
	set(x->s, id, FIELD_DUE, "2026-09-03", SIDE_LOCAL);
	set(x->s, id, FIELD_DETAILS, "x", SIDE_LOCAL);
	assert_ok(store_outbox_fail(x->s, id, SIDE_SF, INT64_MAX, ERR_REFUSED, "too \x1b long", NOW + 20, -1));
	assert_ok(store_outbox_add(x->s, id, SIDE_SC, NOW + 10));
	assert_ok(store_outbox_fail(x->s, id, SIDE_SC, INT64_MAX, ERR_RETRY, NULL, NOW + 20, 60000));
	assert_ok(facts_outbox(x->s, id, NOW + 30, &b));
	assert_same("outbox", buf_str(&b),
		"salesconnect\n"
		"  waits:       create\n"
		"  since:       2023-11-14T22:13:20.020Z\n"
		"  tries:       1\n"
		"  error:       remote asks to try later\n"
		"  next try:    2023-11-14T22:14:20.020Z\n"
		"salesforce\n"
		"  waits:       edit due, details\n"
		"  since:       2023-11-14T22:13:20.020Z\n"
		"  tries:       1\n"
		"  error:       too ␛ long\n"
		"  next try:    when the task is edited, or this file is touched\n");
	/* no row was tried: the side itself does not answer */
	struct side_state down = { .err = ERR_OFFLINE, .message = "sc.example.test: no route", .left_out = -1 };
	assert_ok(store_side_put(x->s, SIDE_SC, &down));
	assert_ok(store_retry(x->s, id, NOW + 40));
	buf_clear(&b);
	assert_ok(facts_outbox(x->s, id, NOW + 40, &b));
	assert_same("outbox", buf_str(&b),
		"salesconnect\n"
		"  waits:       create\n"
		"  since:       2023-11-14T22:13:20.040Z\n"
		"  last sync:   sc.example.test: no route\n"
		"  next try:    when it answers again, or this file is touched\n"
		"salesforce\n"
		"  waits:       edit due, details\n"
		"  since:       2023-11-14T22:13:20.040Z\n"
		"  next try:    now\n");
}

static void a_change_is_one_line_of_json(void **state)
{
	static const struct {
		struct change c;
		const char *want;
	} row[] = {
		{ { .seq = 1, .task = 7, .by = SIDE_SF, .name = "A \"x\".txt", .open = true, .fields = BIT(FIELD_TITLE) },
			"{\"seq\":1,\"event\":\"appeared\",\"by\":\"salesforce\",\"id\":7,\"path\":\"open/A \\\"x\\\".txt\","
			"\"fields\":[\"title\"]}\n" },
		{ { .seq = 2, .task = 7, .was_name = "A.txt" },
			"{\"seq\":2,\"event\":\"vanished\",\"by\":\"local\",\"id\":7,\"was\":\"completed/A.txt\",\"fields\":[]}\n" },
		{ { .seq = 3, .task = 7, .was_name = "A.txt", .was_open = true, .name = "A.txt", .fields = BIT(FIELD_STATUS) },
			"{\"seq\":3,\"event\":\"moved\",\"by\":\"local\",\"id\":7,\"path\":\"completed/A.txt\",\"was\":\"open/A.txt\","
			"\"fields\":[\"status\"]}\n" },
		{ { .seq = 4, .task = 7, .was_name = "A.txt", .name = "A.txt", .fields = BIT(FIELD_DUE) | BIT(FIELD_DETAILS) },
			"{\"seq\":4,\"event\":\"edited\",\"by\":\"local\",\"id\":7,\"path\":\"completed/A.txt\","
			"\"was\":\"completed/A.txt\",\"fields\":[\"due\",\"details\"]}\n" },
	};

	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_BUF b = BUF_INIT;
		facts_change(&row[i].c, &b);
		assert_same("line", buf_str(&b), row[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(info_has_both_sides),
		TEST(history_says_who_changed_what),
		TEST(outbox_says_why_and_when),
		cmocka_unit_test(a_change_is_one_line_of_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
