#include "sandbox.h"
#include "date.h"
#include "oauth.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct remote *sf(void)
{
	struct remote *r = salesforce_create(&box.c, box.dir);
	assert_non_null(r);
	return r;
}

static struct task task(const char *title, const char *status)
{
	struct task t = TASK_INIT;
	assert_ok(task_set(&t, FIELD_TITLE, title));
	assert_ok(task_set(&t, FIELD_STATUS, status));
	assert_ok(task_set(&t, FIELD_PRIORITY, TASK_NORMAL));
	return t;
}

static void put(const char *body)
{
	hand("POST", "/sandbox/tasks?system=sf", body);
}

static void hello_says_who_and_when(void **state)
{
	AUTO_REMOTE r = sf();
	AUTO_HELLO h = { 0 };
	assert_ok(r->ops->hello(r, &h));
	assert_same(h.account, "00D000000000001EAA/005000000000007AAA");
	assert_same(h.user, "ann@example.test");
	int64_t off = h.now - (int64_t)time(NULL) * 1000;
	assert_true(off > -5000 && off < 5000);
	asked("");
	AUTO_HELLO again = { 0 };
	assert_ok(r->ops->hello(r, &again));
	assert_int_equal(asked(""), 1);
	assert_true(r->budget.calls > 0);
	assert_true(r->budget.quota > 0);
	assert_true(budget_used(&r->budget) > 0);
}

/* R17: 24 hours, or everything open; nothing deleted, nothing of others. */
static void R17_a_first_import(void **state)
{
	AUTO_REMOTE r = sf();
	AUTO_PAGE p = PAGE_INIT;
	AUTO_PAGE open = PAGE_INIT;
	AUTO_FREE char *mark = NULL;
	int64_t n = 0;
	hand("POST", "/sandbox/clock", "{\"now\":\"2026-11-20T12:00:00Z\",\"frozen\":true}");
	put("{\"Subject\":\"old\"}");
	hand("POST", "/sandbox/clock", "{\"now\":\"2026-11-23T11:59:59Z\",\"frozen\":true}");
	put("{\"Subject\":\"one second too old\"}");
	hand("POST", "/sandbox/clock", "{\"now\":\"2026-11-23T12:00:00Z\",\"frozen\":true}");
	put("{\"Subject\":\"just in\",\"Status\":\"In "
	    "Progress\",\"Priority\":\"Low\",\"ActivityDate\":\"2026-12-01\"}");
	put("{\"Subject\":\"done\",\"Status\":\"Completed\",\"Description\":\"a\\r\\nb\"}");
	put("{\"Subject\":\"of Ben\",\"OwnerId\":\"005000000000008AAA\"}");
	hand("POST", "/sandbox/clock", "{\"now\":\"2026-11-24T12:00:00Z\",\"frozen\":true}");
	assert_ok(read_pages(r, NULL, FIRST_24H, &p, &mark));
	assert_int_equal(p.n, 2);
	struct remote_task *t = record(&p, "just in");
	assert_null(t->t.field[FIELD_STATUS]);
	assert_same(t->raw[FIELD_STATUS], "In Progress");
	assert_same(t->raw[FIELD_PRIORITY], "Low");
	assert_same(t->t.field[FIELD_DUE], "2026-12-01");
	assert_same(record(&p, "done")->t.field[FIELD_DETAILS], "a\nb");
	assert_same(record(&p, "done")->t.field[FIELD_STATUS], TASK_COMPLETE);
	assert_true(t->mine);
	assert_same(mark, "2026-11-24T11:50:00.000Z");
	assert_ok(r->ops->count_open(r, &n));
	assert_int_equal(n, 3);
	assert_ok(read_pages(r, NULL, FIRST_OPEN, &open, NULL));
	assert_int_equal(open.n, 4);	/* and "done", of today */
}

static void later_pulls_tell_changes_and_deletions(void **state)
{
	AUTO_REMOTE r = sf();
	AUTO_PAGE p = PAGE_INIT;
	AUTO_PAGE none = PAGE_INIT;
	AUTO_FREE char *mark = NULL;
	AUTO_FREE char *next = NULL;
	AUTO_BUF path = BUF_INIT;
	hand("POST", "/sandbox/clock", "{\"now\":\"2026-11-24T12:00:00Z\",\"frozen\":true}");
	put("{\"Subject\":\"gone\"}");
	buf_printf(&path, "/sandbox/tasks/%s?system=sf", told("Id"));
	put("{\"Subject\":\"given away\"}");
	AUTO_FREE char *away = strdup(told("Id"));
	hand("DELETE", path.s, NULL);
	assert_ok(read_pages(r, "2026-11-24T11:59:00.000Z", FIRST_24H, &p, &mark));
	assert_int_equal(p.n, 2);
	assert_true(record(&p, "gone")->deleted);
	assert_same(mark, "2026-11-24T11:59:00.000Z");		/* never back */
	hand("POST", "/sandbox/clock", "{\"now\":\"2026-11-24T13:00:00Z\",\"frozen\":true}");
	asked("");
	assert_ok(read_pages(r, "2026-11-24T12:30:00.000Z", FIRST_24H, &none, &next));
	assert_int_equal(none.n, 0);
	assert_null(next);
	assert_int_equal(asked("queryAll"), 1);
	buf_clear(&path);
	buf_printf(&path, "/sandbox/tasks/%s?system=sf", away);
	hand("PATCH", path.s, "{\"OwnerId\":\"005000000000008AAA\"}");
	AUTO_PAGE f = PAGE_INIT;
	assert_ok(r->ops->fetch(r, (const char *[]){ away }, 1, &f));
	assert_int_equal(f.n, 1);
	assert_false(f.task[0].mine);
}

static void pages_and_a_lost_place(void **state)
{
	AUTO_REMOTE r = sf();
	AUTO_PAGE p = PAGE_INIT;
	AUTO_PAGE q = PAGE_INIT;
	AUTO_HELLO h = { 0 };
	hand("POST", "/sandbox/load", "{\"generate\":950,\"seed\":3,\"only\":\"salesforce\"}");
	hand("POST", "/sandbox/config", "{\"page_size\":200}");
	assert_ok(r->ops->hello(r, &h));
	asked("");
	assert_ok(read_pages(r, "1999-01-01T00:00:00.000Z", FIRST_24H, &p, NULL));
	int pages = asked("/query");
	assert_int_equal(pages, (int)(p.n + 199) / 200);
	assert_true(p.n > 400);
	assert_int_equal(p.total, p.n);

	struct pull pull = { .mark = "1999-01-01T00:00:00.000Z", .now = h.now };
	assert_ok(r->ops->pull(r, &pull, &q));
	AUTO_FREE char *cursor = TAKE(q.cursor);
	page_finish(&q);
	fault("bad-locator", 1, "GET");
	pull.cursor = cursor;
	assert_ok(r->ops->pull(r, &pull, &q));
	assert_int_equal(q.n, 200);
	assert_same(q.task[0].id, p.task[0].id);
	assert_non_null(q.cursor);
	page_finish(&q);
	pull.cursor = "0 https://evil.test/";
	assert_err(r->ops->pull(r, &pull, &q), ERR_PROTOCOL);
}

/* Its stamp is of when it was saved, and others of later were told already (salesforce.md 3.2). */
static void R02_a_row_that_is_committed_late_is_told(void **state)
{
	AUTO_REMOTE r = sf();
	AUTO_PAGE p = PAGE_INIT;
	AUTO_PAGE q = PAGE_INIT;
	AUTO_FREE char *mark = NULL;
	hand("POST", "/sandbox/clock", "{\"now\":\"2026-11-24T12:00:00Z\",\"frozen\":true}");
	put("{\"Subject\":\"known\"}");
	assert_ok(read_pages(r, "2026-11-24T11:00:00.000Z", FIRST_24H, &p, &mark));
	assert_int_equal(p.n, 1);
	hand("POST", "/sandbox/clock", "{\"now\":\"2026-11-24T11:50:00Z\",\"frozen\":true}");
	put("{\"Subject\":\"late\"}");
	hand("POST", "/sandbox/clock", "{\"now\":\"2026-11-24T12:05:00Z\",\"frozen\":true}");
	assert_ok(read_pages(r, mark, FIRST_24H, &q, NULL));
	assert_non_null(record(&q, "late"));
}

static void R02_rows_of_one_second_come_whole_over_the_edge_of_a_page(void **state)
{
	AUTO_REMOTE r = sf();
	AUTO_PAGE p = PAGE_INIT;
	AUTO_PAGE q = PAGE_INIT;
	AUTO_FREE char *mark = NULL;
	enum { MANY_OF_ONE = 450 };
	bool seen[MANY_OF_ONE] = { false };
	AUTO_HELLO h = { 0 };
	hand("POST", "/sandbox/config", "{\"page_size\":200}");
	hand("POST", "/sandbox/clock", "{\"now\":\"2026-11-24T12:00:00Z\",\"frozen\":true}");
	for (int i = 0; i < MANY_OF_ONE; i++) {
		char body[40];
		snprintf(body, sizeof body, "{\"Subject\":\"%d\"}", i);
		put(body);
	}
	assert_ok(r->ops->hello(r, &h));
	asked("");
	assert_ok(read_pages(r, "2026-11-24T11:55:00.000Z", FIRST_24H, &p, &mark));
	assert_int_equal(asked("/query"), 3);
	for (size_t i = 0; i < p.n; i++)
		seen[atoi(p.task[i].t.field[FIELD_TITLE])] = true;
	for (int i = 0; i < MANY_OF_ONE; i++)
		assert_true(seen[i]);
	/* and whatever else is of that second */
	put("{\"Subject\":\"one more\"}");
	assert_ok(read_pages(r, "2026-11-24T12:00:00.000Z", FIRST_24H, &q, NULL));
	assert_non_null(record(&q, "one more"));
}

/* Begun again so often that this pass gives up: the next one goes on, in the same process. */
static void an_import_that_lost_its_place_four_times_goes_on(void **state)
{
	AUTO_REMOTE r = sf();
	AUTO_PAGE p = PAGE_INIT;
	AUTO_HELLO h = { 0 };
	hand("POST", "/sandbox/load", "{\"generate\":450,\"seed\":3,\"only\":\"salesforce\"}");
	hand("POST", "/sandbox/config", "{\"page_size\":200}");
	assert_ok(r->ops->hello(r, &h));
	struct pull pull = { .mark = "1999-01-01T00:00:00.000Z", .now = h.now };
	assert_ok(r->ops->pull(r, &pull, &p));
	AUTO_FREE char *cursor = TAKE(p.cursor);
	pull.cursor = cursor;
	page_finish(&p);
	fault("bad-locator", 4, "GET");
	assert_err(r->ops->pull(r, &pull, &p), ERR_RETRY);
	assert_ok(r->ops->pull(r, &pull, &p));
	assert_int_equal(p.n, 200);
	assert_non_null(p.cursor);
}

/* 1,100 tasks with all the details there can be are more than http takes at once. */
static void a_page_that_is_too_long_comes_in_pieces(void **state)
{
	AUTO_REMOTE r = sf();
	AUTO_PAGE p = PAGE_INIT;
	AUTO_BUF b = BUF_INIT;
	buf_puts(&b, "{\"Subject\":\"long\",\"Description\":\"");
	for (int i = 0; i < TASK_DETAILS_MAX; i++)
		buf_putc(&b, 'x');
	buf_puts(&b, "\"}");
	for (int i = 0; i < 1100; i++)
		put(b.s);
	assert_ok(read_pages(r, NULL, FIRST_24H, &p, NULL));
	assert_int_equal(p.n, 1100);
	assert_int_equal(strlen(p.task[1099].t.field[FIELD_DETAILS]), TASK_DETAILS_MAX);
}

/* FLS: a hidden field is unknown, and is not written. */
static void a_hidden_field_is_unknown(void **state)
{
	AUTO_REMOTE r = sf();
	AUTO_PAGE p = PAGE_INIT;
	put("{\"Subject\":\"a\",\"Description\":\"secret\"}");
	hand("POST", "/sandbox/config", "{\"hidden_fields\":\"Description\"}");
	assert_ok(read_pages(r, NULL, FIRST_24H, &p, NULL));
	assert_int_equal(p.task[0].unknown, BIT(FIELD_DETAILS));
	AUTO_TASK t = task("b", TASK_OPEN);
	assert_ok(task_set(&t, FIELD_DETAILS, "x"));
	AUTO_ITEM it = { .t = &t, .fields = BIT(FIELD_DETAILS), .id = p.task[0].id };
	assert_ok(r->ops->update(r, &it, 1));
	assert_err(it.err, ERR_DENIED);
	AUTO_ITEM made = { .t = &t };
	assert_ok(r->ops->create(r, &made, 1));
	assert_ok(made.err);
}

static void one_task_there_and_back(void **state)
{
	AUTO_REMOTE r = sf();
	AUTO_TASK t = task("Call Bob; it's \"urgent\"", TASK_OPEN);
	AUTO_PAGE p = PAGE_INIT;
	assert_ok(task_set(&t, FIELD_DUE, "2026-12-01"));
	assert_ok(task_set(&t, FIELD_PRIORITY, TASK_HIGH));
	assert_ok(task_set(&t, FIELD_DETAILS, "line\nother \xF0\x9F\x98\x80"));
	AUTO_ITEM made = { .t = &t };
	assert_ok(r->ops->create(r, &made, 1));
	assert_ok(made.err);
	assert_non_null(strstr(made.url, made.new_id));
	assert_ok(r->ops->find(r, &t, (int64_t)time(NULL) * 1000, &p));
	assert_int_equal(p.n, 1);
	struct remote_task *x = record(&p, made.new_id);
	assert_int_equal(task_diff(&x->t, &t, FIELDS_ALL), 0);

	AUTO_TASK u = task("ignored", TASK_COMPLETE);
	AUTO_ITEM put_ = { .t = &u,
		.fields = BIT(FIELD_STATUS) | BIT(FIELD_DUE),
		.id = made.new_id,
		.version = x->version };
	assert_ok(r->ops->update(r, &put_, 1));
	assert_ok(put_.err);
	AUTO_PAGE q = PAGE_INIT;
	assert_ok(r->ops->fetch(r, (const char *[]){ made.new_id }, 1, &q));
	assert_same(q.task[0].t.field[FIELD_STATUS], TASK_COMPLETE);
	assert_null(q.task[0].t.field[FIELD_DUE]);
	assert_same(q.task[0].t.field[FIELD_TITLE], t.field[FIELD_TITLE]);

	AUTO_ITEM gone = { .id = made.new_id };
	assert_ok(r->ops->remove(r, &gone, 1));
	assert_ok(gone.err);
	assert_ok(r->ops->remove(r, &gone, 1));		/* again is fine */
	assert_ok(gone.err);
	AUTO_ITEM late = { .t = &u, .fields = BIT(FIELD_STATUS), .id = made.new_id };
	assert_ok(r->ops->update(r, &late, 1));
	assert_err(late.err, ERR_GONE);
}

/* Of what was sent with this method since the log was cleared: how many bodies have this column? */
static int sent(const char *method, const char *column)
{
	AUTO_BUF mark = BUF_INIT;
	AUTO_BUF key = BUF_INIT;
	int n = 0;
	buf_printf(&mark, "\"method\":\"%s\"", method);
	buf_printf(&key, "\\\"%s\\\":", column);
	for (const char *s = hand("GET", "/sandbox/log", NULL); (s = strstr(s, buf_str(&mark))); s++) {
		const char *next = strstr(s, "{\"seq\":"), *at = strstr(s, buf_str(&key));
		n += at && (!next || at < next);
	}
	return n;
}

static void R03_an_update_carries_no_sixth_field(void **state)
{
	static const char *const sixth[] = { "OwnerId", "WhoId", "Type", "TaskSubtype", "WhatId" };
	AUTO_REMOTE r = sf();
	AUTO_TASK t = task("a", TASK_OPEN);
	struct item made[2] = { { .t = &t }, { .t = &t } }, up[2] = { { .fields = FIELDS_ALL }, { .fields = FIELDS_ALL } };
	hand("POST", "/sandbox/load", "{\"people\":[{\"id\":1,\"salesforce_id\":\"003000000000001AAA\",\"name\":\"Bob M\","
				      "\"email\":\"bob@example.test\"}]}");
	assert_ok(task_set_fact(&t, FACT_SF_WHO, "003000000000001AAA"));
	assert_ok(task_set_fact(&t, FACT_TYPE, "call"));
	assert_ok(task_set(&t, FIELD_DUE, "2026-12-01"));
	assert_ok(task_set(&t, FIELD_DETAILS, "words"));
	hand("POST", "/sandbox/log/clear", NULL);
	assert_ok(r->ops->create(r, made, 2));
	assert_int_equal(sent("POST", "OwnerId"), 1);	/* once, when it is made */
	assert_int_equal(sent("POST", "WhoId"), 1);
	assert_int_equal(sent("POST", "Type"), 0);
	for (int i = 0; i < 2; i++) {
		up[i].t = &t;
		up[i].id = made[i].new_id;
	}
	assert_ok(r->ops->update(r, up, 1));	/* one has a call of its own */
	assert_ok(r->ops->update(r, up, 2));
	assert_int_equal(sent("PATCH", "Description"), 2);
	for (size_t i = 0; i < COUNT(sixth); i++)
		assert_int_equal(sent("PATCH", sixth[i]), 0);
	for (int i = 0; i < 2; i++) {
		item_finish(&up[i]);
		item_finish(&made[i]);
	}
}

static void a_stale_version_is_refused(void **state)
{
	AUTO_REMOTE r = sf();
	AUTO_TASK t = task("a", TASK_COMPLETE);
	AUTO_PAGE p = PAGE_INIT;
	AUTO_BUF path = BUF_INIT;
	hand("POST", "/sandbox/clock", "{\"now\":\"2026-11-24T12:00:00Z\",\"frozen\":true}");
	put("{\"Subject\":\"a\"}");
	buf_printf(&path, "/sandbox/tasks/%s?system=sf", told("Id"));
	assert_ok(read_pages(r, NULL, FIRST_24H, &p, NULL));
	hand("POST", "/sandbox/clock", "{\"now\":\"2026-11-24T12:00:05Z\",\"frozen\":true}");
	hand("PATCH", path.s, "{\"Subject\":\"moved on\"}");
	AUTO_ITEM it = {
		.t = &t, .fields = BIT(FIELD_STATUS), .id = p.task[0].id, .version = p.task[0].version
	};
	assert_ok(r->ops->update(r, &it, 1));
	assert_err(it.err, ERR_STALE);
	it.version = NULL;
	assert_ok(r->ops->update(r, &it, 1));
	assert_ok(it.err);
}

/* Collections and deletions take no precondition: the versions are read just before. */
static void D2_D3_what_moved_on_is_left_out_of_a_batch(void **state)
{
	AUTO_REMOTE r = sf();
	AUTO_TASK t = task("ignored", TASK_COMPLETE);
	AUTO_PAGE p = PAGE_INIT, q = PAGE_INIT;
	AUTO_BUF path = BUF_INIT;
	hand("POST", "/sandbox/clock", "{\"now\":\"2026-11-24T12:00:00Z\",\"frozen\":true}");
	put("{\"Subject\":\"a\"}");
	put("{\"Subject\":\"b\"}");
	put("{\"Subject\":\"c\"}");
	buf_printf(&path, "/sandbox/tasks/%s?system=sf", told("Id"));
	assert_ok(read_pages(r, NULL, FIRST_24H, &p, NULL));
	hand("POST", "/sandbox/clock", "{\"now\":\"2026-11-24T12:00:05Z\",\"frozen\":true}");
	hand("PATCH", path.s, "{\"Description\":\"typed there\"}");
	struct item it[3] = { 0 };
	for (int i = 0; i < 3; i++)
		it[i] = (struct item){ .t = &t, .fields = BIT(FIELD_STATUS), .id = record(&p, (const char *[]){ "a", "c", "b" }[i])->id,
			.version = p.task[0].version };
	asked("");
	assert_ok(r->ops->update(r, it, 3));
	assert_int_equal(asked(""), 2);
	assert_ok(it[0].err);
	assert_err(it[1].err, ERR_STALE);
	assert_ok(it[2].err);
	struct item del[2] = { { .id = record(&p, "c")->id, .version = p.task[0].version }, { .id = record(&p, "a")->id } };
	assert_ok(r->ops->remove(r, &del[0], 1));
	assert_err(del[0].err, ERR_STALE);
	assert_ok(r->ops->remove(r, del, 2));
	assert_err(del[0].err, ERR_STALE);
	assert_ok(del[1].err);
	assert_ok(r->ops->fetch(r, (const char *[]){ it[0].id, it[1].id, it[2].id }, 3, &q));
	assert_true(record(&q, it[0].id)->deleted);
	assert_same(record(&q, "c")->t.field[FIELD_STATUS], TASK_OPEN);
	assert_same(record(&q, "b")->t.field[FIELD_STATUS], TASK_COMPLETE);
	del[0].version = record(&q, "c")->version;
	assert_ok(r->ops->remove(r, del, 1));
	assert_ok(del[0].err);
}

/* An admin hides a field while we run. */
static void the_schema_is_learnt_anew(void **state)
{
	AUTO_REMOTE r = sf();
	AUTO_PAGE p = PAGE_INIT, q = PAGE_INIT, f = PAGE_INIT;
	AUTO_FREE char *mark = NULL;
	put("{\"Subject\":\"a\",\"Description\":\"secret\"}");
	put("{\"Subject\":\"b\"}");
	assert_ok(read_pages(r, NULL, FIRST_24H, &p, &mark));
	assert_int_equal(p.task[0].unknown, 0);
	AUTO_TASK t = task("new", TASK_OPEN);
	assert_ok(task_set(&t, FIELD_DETAILS, "x"));
	hand("POST", "/sandbox/config", "{\"hidden_fields\":\"Description\"}");
	struct item it[2] = { { .t = &t, .fields = BIT(FIELD_DETAILS), .id = p.task[0].id },
		{ .t = &t, .fields = BIT(FIELD_DETAILS) | BIT(FIELD_TITLE), .id = p.task[1].id } };
	assert_ok(r->ops->update(r, it, 2));
	assert_err(it[0].err, ERR_DENIED);
	assert_ok(it[1].err);
	hand("POST", "/sandbox/config", "{\"hidden_fields\":\"Description,Priority\"}");
	AUTO_ITEM made = { .t = &t };
	assert_ok(r->ops->create(r, &made, 1));
	assert_ok(made.err);
	hand("POST", "/sandbox/config", "{\"hidden_fields\":\"Description,Priority,ActivityDate\"}");
	assert_ok(read_pages(r, mark, FIRST_24H, &q, NULL));
	assert_int_equal(record(&q, "a")->unknown, BIT(FIELD_DETAILS) | BIT(FIELD_PRIORITY) | BIT(FIELD_DUE));
	hand("POST", "/sandbox/config", "{\"hidden_fields\":\"WhoId\"}");
	assert_ok(r->ops->fetch(r, (const char *[]){ p.task[0].id }, 1, &f));
	assert_int_equal(f.n, 1);
}

#define MANY 200
static void a_batch_is_one_call(void **state)
{
	AUTO_REMOTE r = sf();
	struct task t[MANY];
	struct item it[MANY] = { 0 };
	const char *ids[MANY];
	char long_title[400];
	AUTO_HELLO h = { 0 };
	assert_ok(r->ops->hello(r, &h));
	memset(long_title, 'x', sizeof long_title - 1);
	long_title[sizeof long_title - 1] = '\0';
	for (int i = 0; i < MANY; i++) {
		char title[32];
		snprintf(title, sizeof title, "task %d", i);
		t[i] = task(i == 7 ? long_title : title, TASK_OPEN);
		it[i].t = &t[i];
	}
	asked("");
	assert_ok(r->ops->create(r, it, MANY));
	assert_int_equal(asked(""), 1);
	assert_err(it[7].err, ERR_REFUSED);
	assert_non_null(strstr(it[7].msg, "STRING_TOO_LONG"));
	for (int i = 0; i < MANY; i++) {
		if (i != 7)
			assert_ok(it[i].err);
		ids[i] = i == 7 ? it[0].new_id : it[i].new_id;
	}
	struct item up[MANY] = { 0 };
	for (int i = 0; i < MANY; i++)
		up[i] = (struct item){
			.t = &t[0], .fields = BIT(FIELD_PRIORITY) | BIT(FIELD_DUE), .id = ids[i]
		};
	asked("");
	assert_ok(r->ops->update(r, up, MANY));
	assert_int_equal(asked(""), 1);
	for (int i = 0; i < MANY; i++)
		if (i != 7 && i != 0)
			assert_ok(up[i].err);
	AUTO_PAGE p = PAGE_INIT;
	assert_ok(r->ops->fetch(r, ids, MANY, &p));
	assert_int_equal(asked(""), 1);
	struct item del[MANY] = { 0 };
	for (int i = 0; i < MANY; i++)
		del[i] = (struct item){ .id = ids[i] };
	assert_ok(r->ops->remove(r, del, MANY - 1));
	assert_int_equal(asked(""), 1);
	for (int i = 0; i < MANY - 1; i++)
		assert_ok(del[i].err);
	/* 199 tombstones and one that lives */
	AUTO_PAGE q = PAGE_INIT;
	assert_ok(r->ops->fetch(r, ids, MANY, &q));
	assert_int_equal(asked(""), 2);
	assert_true(record(&q, ids[0])->deleted);
	assert_false(record(&q, ids[MANY - 1])->deleted);
	for (int i = 0; i < MANY; i++) {
		item_finish(&it[i]);
		task_finish(&t[i]);
	}
}

static void what_is_not_to_be_seen_is_absent(void **state)
{
	AUTO_REMOTE r = sf();
	AUTO_PAGE p = PAGE_INIT;
	put("{\"Subject\":\"purged\"}");
	AUTO_FREE char *id = strdup(told("Id"));
	AUTO_BUF path = BUF_INIT;
	buf_printf(&path, "/sandbox/tasks/%s?system=sf&hard=1", id);
	hand("DELETE", path.s, NULL);
	assert_ok(r->ops->fetch(r, (const char *[]){ id, "nonsense'", "00T000000000999" }, 3, &p));
	assert_int_equal(p.n, 0);
}

static char *made(const char *body)
{
	put(body);
	char *id = strdup(told("Id"));
	assert_non_null(id);
	return id;
}

static void touch(const char *method, const char *id, const char *body)
{
	AUTO_BUF path = BUF_INIT;
	buf_printf(&path, "/sandbox/tasks/%s?system=sf", id);
	hand(method, path.s, body);
}

/* The check of every link tells apart what a poll does not show (salesforce.md 3.4). */
static void R19_D5_D10_gone_for_different_reasons(void **state)
{
	AUTO_REMOTE r = sf();
	AUTO_PAGE p = PAGE_INIT, now = PAGE_INIT;
	hand("POST", "/sandbox/clock", "{\"now\":\"2026-10-01T12:00:00Z\",\"frozen\":true}");
	AUTO_FREE char *reassigned = made("{\"Subject\":\"reassigned\"}");
	AUTO_FREE char *archived = made("{\"Subject\":\"archived\",\"Status\":\"Completed\",\"ActivityDate\":\"2025-10-05\"}");
	AUTO_FREE char *in_bin = made("{\"Subject\":\"in the bin\"}");
	AUTO_FREE char *purged = made("{\"Subject\":\"purged\"}");
	AUTO_FREE char *stays = made("{\"Subject\":\"stays\"}");
	const char *const ids[] = { reassigned, archived, in_bin, purged, stays };
	assert_ok(read_pages(r, NULL, FIRST_24H, &p, NULL));
	assert_int_equal(p.n, 5);
	touch("DELETE", purged, NULL);
	hand("POST", "/sandbox/clock", "{\"now\":\"2026-10-20T12:00:00Z\",\"frozen\":true}");
	touch("DELETE", in_bin, NULL);
	touch("PATCH", reassigned, "{\"OwnerId\":\"005000000000008AAA\"}");
	assert_ok(r->ops->fetch(r, ids, 5, &now));
	assert_int_equal(now.n, 4);	/* absence tells nothing: it is no deletion */
	assert_false(record(&now, reassigned)->mine || record(&now, reassigned)->deleted);
	assert_true(record(&now, archived)->archived && record(&now, archived)->mine && !record(&now, archived)->deleted);
	assert_true(record(&now, in_bin)->deleted);
	assert_true(record(&now, stays)->mine && !record(&now, stays)->archived);
}

/* The person of a new task: by id, by address, or left out when it is not to be had. */
static void people(void **state)
{
	AUTO_REMOTE r = sf();
	hand("POST", "/sandbox/load",
		"{\"people\":[{\"id\":1,\"salesforce_id\":\"003000000000001AAA\",\"name\":\"Bob M\","
		"\"email\":\"bob@example.test\"},{\"id\":2,\"salesforce_id\":\"00Q000000000002AAA\","
		"\"name\":\"Lea D\",\"email\":\"lea@example.test\"}]}");
	struct task t[4];
	struct item it[4] = { 0 };
	static const struct {
		enum fact fact;
		const char *value, *want;
	} row[] = {
		{ FACT_EMAIL, "Bob@Example.test", "003000000000001AAA" },
		{ FACT_EMAIL, "lea@example.test", "00Q000000000002" },
		{ FACT_EMAIL, "o'nobody@example.test", NULL },
		{ FACT_SF_WHO, "003000000000099AAA", NULL },
	};
	for (int i = 0; i < 4; i++) {
		t[i] = task("x", TASK_OPEN);
		assert_ok(task_set_fact(&t[i], row[i].fact, row[i].value));
		it[i].t = &t[i];
	}
	assert_ok(r->ops->create(r, it, 4));
	AUTO_PAGE p = PAGE_INIT;
	assert_ok(read_pages(r, NULL, FIRST_24H, &p, NULL));
	for (int i = 0; i < 4; i++) {
		assert_ok(it[i].err);
		const char *who = record(&p, it[i].new_id)->t.fact[FACT_SF_WHO];
		if (row[i].want)
			assert_true(who && !strncmp(who, row[i].want, 15));
		else
			assert_null(who);
		item_finish(&it[i]);
		task_finish(&t[i]);
	}
}

/* ---- faults ---- */

static void what_a_read_suffers(void **state)
{
	static const struct {
		const char *name;
		enum err want;
		int64_t patience;
	} row[] = {
		{ "403-limit", ERR_LIMIT, 900000 },
		{ "429", ERR_LIMIT, 5000 },
		{ "503-html", ERR_RETRY, 5000 },
		{ "500", ERR_RETRY, 0 },
		{ "403-rights", ERR_PROTOCOL, 0 },
		{ "401-final", ERR_AUTH, 0 },
		{ "lock-row", ERR_RETRY, 0 },
		{ "reset-before", ERR_OFFLINE, 0 },
		{ "reset-after", ERR_OFFLINE, 0 },
		{ "truncated", ERR_PROTOCOL, 0 },
		{ "cut", ERR_OFFLINE, 0 },
	};
	AUTO_REMOTE r = sf();
	AUTO_HELLO h = { 0 };
	put("{\"Subject\":\"a\"}");
	assert_ok(r->ops->hello(r, &h));
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_PAGE p = PAGE_INIT;
		struct pull pull = { .now = h.now };
		hand("POST", "/sandbox/fault/clear", NULL);
		fault(row[i].name, 2, "queryAll");
		enum err e = r->ops->pull(r, &pull, &p);
		if (e != row[i].want)
			print_error("%s\n", row[i].name);
		assert_err(e, row[i].want);
		assert_true(r->retry_ms == row[i].patience);
		assert_true(*r->message && !strpbrk(r->message, "\r\n\t\x1b"));
		assert_int_equal(p.n, 0);
	}
	hand("POST", "/sandbox/fault/clear", NULL);
	AUTO_PAGE p = PAGE_INIT;
	assert_ok(read_pages(r, NULL, FIRST_24H, &p, NULL));
	assert_int_equal(p.n, 1);
}

static int there(const char *title)
{
	AUTO_PAGE p = PAGE_INIT;
	AUTO_REMOTE r = sf();
	int n = 0;
	assert_ok(read_pages(r, NULL, FIRST_24H, &p, NULL));
	for (size_t i = 0; i < p.n; i++)
		n += str_eq(p.task[i].t.field[FIELD_TITLE], title);
	return n;
}

/* Exactly once: a create is in doubt when it says so, and there once at most, also over a kept connection. */
static void a_create_in_doubt(void **state)
{
	static const struct {
		const char *name;
		enum err want;
		int made;
	} row[] = {
		{ "reset-before", ERR_LOST, 0 },
		{ "reset-after", ERR_LOST, 1 },
		{ "truncated", ERR_LOST, 1 },
		{ "cut", ERR_LOST, 1 },
		{ "503-after", ERR_RETRY, 1 },
		{ "503-html", ERR_RETRY, 0 },
		{ "403-limit", ERR_LIMIT, 0 },
		{ "401-final", ERR_AUTH, 0 },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_REMOTE r = sf();
		AUTO_HELLO h = { 0 };
		AUTO_TASK t = task(row[i].name, TASK_OPEN);
		AUTO_ITEM it = { .t = &t };
		assert_ok(r->ops->hello(r, &h));	/* the connection is warm */
		fault(row[i].name, 1, "POST /services/data");
		assert_err(r->ops->create(r, &it, 1), row[i].want);
		AUTO_PAGE p = PAGE_INIT;
		assert_ok(r->ops->find(r, &t, h.now, &p));
		assert_int_equal(p.n, row[i].made);
		assert_int_equal(there(row[i].name), row[i].made);
	}
}

/* Where another request, or another mount, made a record with the key:
 * the oldest is it, whatever the upsert says. */
static void a_key_that_is_taken_is_read_back(void **state)
{
	static const char *const name[] = { "duplicate-value", "duplicate-id" };
	hand("POST", "/sandbox/config", "{\"external_id\":true}");
	for (size_t i = 0; i < COUNT(name); i++) {
		AUTO_REMOTE r = sf();
		AUTO_TASK t = task(name[i], TASK_OPEN);
		AUTO_ITEM first = { .t = &t, .once = name[i] }, again = first;
		AUTO_BUF twin = BUF_INIT;
		fault(name[i], 1, "PATCH /services/data");
		assert_ok(r->ops->create(r, &first, 1));
		assert_ok(first.err);
		assert_non_null(first.new_id);
		buf_printf(&twin, "{\"Subject\":\"%s\",\"remindfs_id__c\":\"%s\"}", name[i], name[i]);
		put(twin.s);
		assert_int_equal(there(name[i]), 2);
		assert_ok(r->ops->create(r, &again, 1));
		assert_ok(again.err);
		assert_same(again.new_id, first.new_id);
		assert_true(again.was_there);
		assert_int_equal(there(name[i]), 2);
		AUTO_ITEM other = { .t = &t, .once = i ? "one" : "another" };
		assert_ok(r->ops->create(r, &other, 1));
		assert_false(other.was_there);
	}
}

static void an_update_can_be_repeated(void **state)
{
	static const char *const name[] = { "reset-before", "reset-after", "cut", "503-html", "401",
		"lock-row" };
	for (size_t i = 0; i < COUNT(name); i++) {
		AUTO_REMOTE r = sf();
		AUTO_TASK t = task(name[i], TASK_OPEN);
		AUTO_ITEM made = { .t = &t };
		assert_ok(r->ops->create(r, &made, 1));
		AUTO_TASK u = task("new", TASK_COMPLETE);
		AUTO_ITEM it = { .t = &u, .fields = BIT(FIELD_STATUS), .id = made.new_id };
		fault(name[i], 1, "PATCH");
		enum err e = r->ops->update(r, &it, 1);
		assert_true(e == ERR_OK || e == ERR_LOST || e == ERR_RETRY);
		assert_ok(r->ops->update(r, &it, 1));
		AUTO_PAGE p = PAGE_INIT;
		assert_ok(r->ops->fetch(r, (const char *[]){ made.new_id }, 1, &p));
		assert_same(p.task[0].t.field[FIELD_STATUS], TASK_COMPLETE);
		assert_same(p.task[0].t.field[FIELD_TITLE], name[i]);
	}
}

/* salesforce.md 4.2: once more, and then it is for a person. */
static void a_flow_that_fails_is_tried_once_more(void **state)
{
	for (int n = 1; n <= 2; n++) {
		for (int failures = 1; failures <= 2; failures++) {
			AUTO_REMOTE r = sf();
			AUTO_TASK t = task("flow", TASK_OPEN);
			struct item made[2] = { { .t = &t }, { .t = &t } }, up[2] = { 0 };
			assert_ok(r->ops->create(r, made, (size_t)n));
			for (int i = 0; i < n; i++)
				up[i] = (struct item){ .t = &t, .fields = BIT(FIELD_DETAILS), .id = made[i].new_id };
			fault("flow", failures, "PATCH");
			asked("");
			assert_ok(r->ops->update(r, up, (size_t)n));
			assert_int_equal(asked("PATCH"), 2);
			for (int i = 0; i < n; i++) {
				assert_err(up[i].err, failures == 1 ? ERR_OK : ERR_DENIED);
				assert_int_equal(!!strstr(up[i].msg, "a process failed"), failures == 2);
				item_finish(&made[i]);
			}
		}
	}
}

static bool after_300ms(void *arg)
{
	struct timespec now, *begin = arg;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - begin->tv_sec) * 1000 + (now.tv_nsec - begin->tv_nsec) / 1000000 > 300;
}

static void a_hung_request_can_be_stopped(void **state)
{
	AUTO_REMOTE r = sf();
	AUTO_HELLO h = { 0 };
	AUTO_PAGE p = PAGE_INIT;
	struct timespec begin, end;
	assert_ok(r->ops->hello(r, &h));
	fault("slow", 1, "queryAll");
	clock_gettime(CLOCK_MONOTONIC, &begin);
	r->stop = after_300ms;
	r->stop_arg = &begin;
	assert_err(r->ops->pull(r, &(struct pull){ .now = h.now }, &p), ERR_OFFLINE);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(end.tv_sec - begin.tv_sec <= 2);
}

static void nobody_listens(void **state)
{
	free(box.c.remote[SIDE_SF].url);
	box.c.remote[SIDE_SF].url = strdup("http://127.0.0.1:9");
	fixed_token();
	AUTO_REMOTE r = sf();
	AUTO_HELLO h = { 0 };
	AUTO_TASK t = task("a", TASK_OPEN);
	AUTO_ITEM it = { .t = &t };
	assert_err(r->ops->hello(r, &h), ERR_OFFLINE);
	assert_err(r->ops->create(r, &it, 1), ERR_OFFLINE);
	assert_true(*r->message);
}

#define T(f) cmocka_unit_test_setup_teardown(f, sandbox_clean, sandbox_tidy)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(hello_says_who_and_when),
		T(R17_a_first_import),
		T(later_pulls_tell_changes_and_deletions),
		T(pages_and_a_lost_place),
		T(an_import_that_lost_its_place_four_times_goes_on),
		T(R02_a_row_that_is_committed_late_is_told),
		T(R02_rows_of_one_second_come_whole_over_the_edge_of_a_page),
		T(a_page_that_is_too_long_comes_in_pieces),
		T(a_hidden_field_is_unknown),
		T(one_task_there_and_back),
		T(R03_an_update_carries_no_sixth_field),
		T(a_stale_version_is_refused),
		T(D2_D3_what_moved_on_is_left_out_of_a_batch),
		T(the_schema_is_learnt_anew),
		T(a_batch_is_one_call),
		T(what_is_not_to_be_seen_is_absent),
		T(R19_D5_D10_gone_for_different_reasons),
		T(people),
		T(what_a_read_suffers),
		T(a_create_in_doubt),
		T(a_key_that_is_taken_is_read_back),
		T(an_update_can_be_repeated),
		T(a_flow_that_fails_is_tried_once_more),
		T(a_hung_request_can_be_stopped),
		T(nobody_listens),
	};
	return cmocka_run_group_tests_name("salesforce", tests, sandbox_start, sandbox_stop);
}
