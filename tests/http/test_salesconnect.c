#include "sandbox.h"
#include "oauth.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct remote *sc(void)
{
	struct remote *r = salesconnect_create(&box.c, box.dir);
	assert_non_null(r);
	return r;
}

static struct task task(const char *title)
{
	struct task t = TASK_INIT;
	assert_ok(task_set(&t, FIELD_TITLE, title));
	assert_ok(task_fill(&t));
	return t;
}

static void put(const char *body)
{
	hand("POST", "/sandbox/tasks?system=sc", body);
}

static void hello_says_who_and_what_is_set(void **state)
{
	AUTO_REMOTE r = sc();
	AUTO_HELLO h = { 0 };
	assert_ok(r->ops->hello(r, &h));
	assert_same(h.account, "127.0.0.1/7");
	assert_same(h.user, "Ann Lee");
	assert_same(h.template, "{{activity_subject}}");
	assert_false(h.mirror);
	hand("POST", "/sandbox/config",
		"{\"sc_task_sync\":\"on\",\"activity_detail\":\"[SC] {{Activity_Subject}}\"}");
	AUTO_HELLO on = { 0 };
	assert_ok(r->ops->hello(r, &on));
	assert_true(on.mirror);
	assert_same(on.template, "[SC] {{Activity_Subject}}");
}

static void a_first_import_and_what_follows(void **state)
{
	AUTO_REMOTE r = sc();
	AUTO_PAGE p = PAGE_INIT;
	AUTO_PAGE q = PAGE_INIT;
	AUTO_PAGE none = PAGE_INIT;
	AUTO_FREE char *mark = NULL;
	AUTO_FREE char *next = NULL;
	hand("POST", "/sandbox/clock", "{\"now\":\"2026-11-24T12:00:00.500Z\",\"frozen\":true}");
	assert_ok(read_pages(r, NULL, FIRST_24H, &none, &mark));
	assert_int_equal(none.n, 0);
	assert_same(mark, "2026-11-24T11:59:00.500Z");
	hand("POST", "/sandbox/load", "{\"generate\":1300,\"seed\":5,\"only\":\"salesconnect\"}");
	put("{\"name\":\"mine\",\"type\":\"call\",\"details\":\"a\\r\\nb\"}");
	put("{\"name\":\"gone\"}");
	hand("DELETE", "/sandbox/tasks/2302?system=sc", NULL);
	free(TAKE(mark));
	asked("");
	assert_ok(read_pages(r, NULL, FIRST_24H, &p, &mark));
	assert_true(p.n > 1000);
	assert_true(asked("/tasks") >= 3);
	assert_same(record(&p, "mine")->t.fact[FACT_TYPE], "call");
	assert_same(record(&p, "mine")->t.field[FIELD_DETAILS], "a\nb");
	assert_non_null(mark);
	assert_ok(read_pages(r, "2026-11-24T11:59:30.000Z", FIRST_24H, &q, &next));
	assert_true(q.n >= 2);
	int dead = 0;
	for (size_t i = 0; i < q.n; i++)
		dead += q.task[i].deleted;
	assert_int_equal(dead, 1);
}

static void one_task_there_and_back(void **state)
{
	AUTO_REMOTE r = sc();
	AUTO_TASK t = task("Call \"Bob\" \xF0\x9F\x98\x80");
	assert_ok(task_set(&t, FIELD_DUE, "2026-12-01"));
	assert_ok(task_set(&t, FIELD_DETAILS, "a\nb"));
	assert_ok(task_set_fact(&t, FACT_TYPE, "call"));
	assert_ok(task_set_fact(&t, FACT_PERSON, "Bob M"));
	assert_ok(task_set_fact(&t, FACT_EMAIL, "bob@example.test"));
	AUTO_ITEM made = { .t = &t, .once = "6a0e5b1e-0000-4000-8000-000000000001" };
	AUTO_ITEM again = { .t = &t, .once = "6a0e5b1e-0000-4000-8000-000000000001" };
	assert_ok(r->ops->create(r, &made, 1));
	assert_ok(made.err);
	assert_ok(r->ops->create(r, &again, 1));
	assert_ok(again.err);
	assert_same(again.new_id, made.new_id);
	AUTO_TASK other = task("another body");
	AUTO_ITEM clash = { .t = &other, .once = "6a0e5b1e-0000-4000-8000-000000000001" };
	assert_ok(r->ops->create(r, &clash, 1));
	assert_err(clash.err, ERR_EXIST);
	AUTO_PAGE p = PAGE_INIT;
	assert_ok(r->ops->fetch(r, (const char *[]){ made.new_id, "77777", "nonsense" }, 3, &p));
	assert_int_equal(p.n, 1);
	assert_int_equal(task_diff(&p.task[0].t, &t, FIELDS_ALL), 0);
	assert_same(p.task[0].t.fact[FACT_EMAIL], "bob@example.test");
	assert_non_null(p.task[0].t.fact[FACT_SC_PERSON]);

	AUTO_TASK u = task("ignored");
	assert_ok(task_set(&u, FIELD_STATUS, TASK_COMPLETE));
	AUTO_ITEM up = { .t = &u,
		.fields = BIT(FIELD_STATUS) | BIT(FIELD_DUE),
		.id = made.new_id,
		.version = made.new_version };
	assert_ok(r->ops->update(r, &up, 1));
	assert_ok(up.err);
	assert_string_not_equal(up.new_version, made.new_version);
	AUTO_ITEM stale = {
		.t = &u, .fields = BIT(FIELD_TITLE), .id = made.new_id, .version = made.new_version
	};
	assert_ok(r->ops->update(r, &stale, 1));
	assert_err(stale.err, ERR_STALE);
	AUTO_PAGE q = PAGE_INIT;
	assert_ok(r->ops->fetch(r, (const char *[]){ made.new_id }, 1, &q));
	assert_same(q.task[0].t.field[FIELD_STATUS], TASK_COMPLETE);
	assert_null(q.task[0].t.field[FIELD_DUE]);
	assert_same(q.task[0].t.field[FIELD_TITLE], t.field[FIELD_TITLE]);

	AUTO_ITEM gone = { .id = made.new_id, .version = made.new_version };
	assert_ok(r->ops->remove(r, &gone, 1));
	assert_err(gone.err, ERR_STALE);
	gone.version = up.new_version;
	assert_ok(r->ops->remove(r, &gone, 1));
	assert_ok(gone.err);
	assert_ok(r->ops->remove(r, &gone, 1));
	assert_ok(gone.err);
	gone.version = NULL;
	assert_ok(r->ops->remove(r, &gone, 1));
	assert_ok(gone.err);
	AUTO_PAGE dead = PAGE_INIT;
	assert_ok(r->ops->fetch(r, (const char *[]){ made.new_id }, 1, &dead));
	assert_true(dead.n == 1 && dead.task[0].deleted);
}

#define MANY 50
static void a_batch_has_a_result_for_each(void **state)
{
	AUTO_REMOTE r = sc();
	struct task t[MANY];
	struct item it[MANY] = { 0 };
	char key[MANY][40], long_title[400];
	memset(long_title, 'x', sizeof long_title - 1);
	long_title[sizeof long_title - 1] = '\0';
	for (int i = 0; i < MANY; i++) {
		t[i] = task(i == 3 ? long_title : "x");
		snprintf(key[i], sizeof key[i], "6a0e5b1e-0000-4000-8000-0000000000%02d", i);
		it[i] = (struct item){ .t = &t[i], .once = key[i] };
	}
	assert_ok(r->ops->create(r, it, MANY));
	for (int i = 0; i < MANY; i++)
		assert_err(it[i].err, i == 3 ? ERR_REFUSED : ERR_OK);
	assert_non_null(strstr(it[3].msg, "too long"));
	/* the line breaks in the middle: what was answered stays answered */
	struct item up[4] = { 0 };
	for (int i = 0; i < 4; i++)
		up[i] = (struct item){
			.t = &t[0], .fields = BIT(FIELD_PRIORITY), .id = it[i == 3 ? 4 : i].new_id
		};
	AUTO_BUF match = BUF_INIT;
	buf_printf(&match, "PATCH /api/v1/tasks/%s", it[2].new_id);
	fault("reset-after", 2,
		match.s); /* an idempotent request over a kept connection is repeated by curl */
	assert_ok(r->ops->update(r, up, 4));
	assert_ok(up[0].err);
	assert_ok(up[1].err);
	assert_err(up[2].err, ERR_LOST);
	assert_err(up[3].err, ERR_BUSY);	/* not its turn: nothing is held against it */
	for (int i = 0; i < 4; i++)
		item_finish(&up[i]);
	for (int i = 0; i < MANY; i++) {
		item_finish(&it[i]);
		task_finish(&t[i]);
	}
}

/* Whatever happens to the first try, the second with the same key makes it one task. */
static void a_create_in_doubt_is_repeated(void **state)
{
	static const struct {
		const char *name;
		enum err want;
	} row[] = {
		{ "reset-before", ERR_LOST },
		{ "reset-after", ERR_LOST },
		{ "cut", ERR_LOST },
		{ "truncated", ERR_LOST },
		{ "503-after", ERR_RETRY },
		{ "503-html", ERR_RETRY },
		{ "429", ERR_LIMIT },
		{ "500", ERR_RETRY },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_REMOTE r = sc();
		AUTO_TASK t = task(row[i].name);
		char key[40];
		snprintf(key, sizeof key, "6a0e5b1e-0000-4000-8000-0000000001%02zu", i);
		AUTO_ITEM it = { .t = &t, .once = key };
		fault(row[i].name, 1, "POST /api");
		enum err e = r->ops->create(r, &it, 1);
		if (it.err != row[i].want)
			print_error("%s\n", row[i].name);
		/* else it may be this text's fault */
		assert_err(e, row[i].want == ERR_LIMIT ? ERR_LIMIT : ERR_OK);
		assert_err(it.err, row[i].want);
		assert_ok(r->ops->create(r, &it, 1));
		assert_ok(it.err);
		AUTO_PAGE p = PAGE_INIT;
		assert_ok(read_pages(r, NULL, FIRST_24H, &p, NULL));
		assert_int_equal(p.n, i + 1);
	}
}

static void what_a_read_suffers(void **state)
{
	static const struct {
		const char *name;
		enum err want;
		int64_t patience;
	} row[] = {
		{ "403-limit", ERR_LIMIT, 0 }, { "429", ERR_LIMIT, 5000 }, { "503-html", ERR_RETRY, 5000 },
		{ "500", ERR_RETRY, 0 }, { "403-rights", ERR_PROTOCOL, 0 }, { "401-final", ERR_AUTH, 0 },
		{ "401", ERR_AUTH, 0 }, { "reset-before", ERR_OFFLINE, 0 }, { "truncated", ERR_PROTOCOL, 0 },
		{ "cut", ERR_OFFLINE, 0 },
	};
	AUTO_REMOTE r = sc();
	put("{\"name\":\"a\"}");
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_PAGE p = PAGE_INIT;
		hand("POST", "/sandbox/fault/clear", NULL);
		fault(row[i].name, 2, "GET /api/v1/tasks");
		enum err e = r->ops->pull(r, &(struct pull){ 0 }, &p);
		if (e != row[i].want)
			print_error("%s\n", row[i].name);
		assert_err(e, row[i].want);
		assert_true(r->retry_ms == row[i].patience);
		assert_true(*r->message && !strpbrk(r->message, "\r\n\t\x1b"));
	}
	hand("POST", "/sandbox/fault/clear", NULL);
	AUTO_PAGE p = PAGE_INIT;
	assert_ok(r->ops->pull(r, &(struct pull){ 0 }, &p));
	assert_int_equal(p.n, 1);
}

static void a_lost_place_begins_again(void **state)
{
	AUTO_REMOTE r = sc();
	AUTO_PAGE p = PAGE_INIT;
	hand("POST", "/sandbox/load", "{\"generate\":1300,\"seed\":5,\"only\":\"salesconnect\"}");
	assert_ok(r->ops->pull(r, &(struct pull){ 0 }, &p));
	AUTO_FREE char *cursor = TAKE(p.cursor);
	AUTO_FREE char *first = strdup(p.task[0].id);
	assert_non_null(cursor);
	page_finish(&p);
	fault("bad-locator", 1, "GET /api/v1/tasks");
	assert_ok(r->ops->pull(r, &(struct pull){ .cursor = cursor }, &p));
	assert_same(p.task[0].id, first);
}

/* Each page after the first is lost, four times in a row:
 * then this pass gives up, and the next one goes on. */
static void an_import_that_lost_its_place_four_times_goes_on(void **state)
{
	AUTO_REMOTE r = sc();
	AUTO_PAGE p = PAGE_INIT;
	hand("POST", "/sandbox/load", "{\"generate\":1300,\"seed\":5,\"only\":\"salesconnect\"}");
	assert_ok(r->ops->pull(r, &(struct pull){ 0 }, &p));
	for (int i = 1; i <= 5; i++) {
		AUTO_FREE char *cursor = TAKE(p.cursor);
		assert_non_null(cursor);
		page_finish(&p);
		fault("bad-locator", 1, "GET /api/v1/tasks");
		assert_err(r->ops->pull(r, &(struct pull){ .cursor = cursor }, &p), i == 4 ? ERR_RETRY : ERR_OK);
		if (i == 4)
			p.cursor = TAKE(cursor);	/* as stored */
	}
}

/* The command is asked again once when its token is refused, and not without end. */
static void a_command_is_asked_again_once(void **state)
{
	char command[300];
	AUTO_REMOTE r = NULL;
	AUTO_HELLO h = { 0 };
	struct config_remote *c = &box.c.remote[SIDE_SC];
	snprintf(command, sizeof command,
		"sh -c 'echo x >>%s/count; test $(wc -l <%s/count) -gt 1 && echo sc-token || echo old'",
		box.dir, box.dir);
	c->token_command = strdup(command);
	r = sc();
	assert_ok(r->ops->hello(r, &h));
	assert_int_equal(asked("/me"), 2);
	free(c->token_command);
	c->token_command = strdup("echo wrong");
	AUTO_REMOTE bad = sc();
	AUTO_HELLO none = { 0 };
	assert_err(bad->ops->hello(bad, &none), ERR_AUTH);
	assert_int_equal(asked("/me"), 1);
	free(c->token_command);
	c->token_command = strdup("false");
	AUTO_REMOTE worse = sc();
	assert_err(worse->ops->hello(worse, &none), ERR_AUTH);
	assert_int_equal(asked(""), 0);
}

static void the_rate_limit_is_obeyed(void **state)
{
	AUTO_REMOTE r = sc();
	AUTO_HELLO h = { 0 };
	hand("POST", "/sandbox/config", "{\"sc_rate\":1}");
	assert_err(r->ops->hello(r, &h), ERR_LIMIT);
	assert_true(r->retry_ms > 0 && r->retry_ms <= 61000);
}

#define T(f) cmocka_unit_test_setup_teardown(f, sandbox_clean, sandbox_tidy)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(hello_says_who_and_what_is_set),
		T(a_first_import_and_what_follows),
		T(one_task_there_and_back),
		T(a_batch_has_a_result_for_each),
		T(a_create_in_doubt_is_repeated),
		T(what_a_read_suffers),
		T(a_lost_place_begins_again),
		T(an_import_that_lost_its_place_four_times_goes_on),
		T(a_command_is_asked_again_once),
		T(the_rate_limit_is_obeyed),
	};
	return cmocka_run_group_tests_name("salesconnect", tests, sandbox_start, sandbox_stop);
}
