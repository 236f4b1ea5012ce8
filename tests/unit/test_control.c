/* The generated files, and the extended attributes. */
#include "fs_unit.h"
#include "control.h"
#include "dirs.h"
#include "status.h"
#include "xattr.h"

static void check_control(struct rig *r, const struct control *c, enum fixed n, const char *want)
{
	AUTO_BUF b = BUF_INIT;
	assert_ok(control_text(c, &r->env, n, &b));
	assert_same(node_fixed[n].name, buf_str(&b), want);
}

static void status_of_a_fresh_store(void **state)
{
	struct rig *r = *state;
	struct control c = { 0 };

	assert_ok(store_side_switch(r->s, SIDE_SC, false, NOW));
	check_control(r, &c, NODE_STATUS,
		"tasks         0 open, 0 completed\n"
		"salesconnect  off; it is on as soon as it is configured\n"
		"salesforce    off; once configured, task sync begins with: remindfs sync on\n"
		"problems      none\n");
}

static void status_tells_what_to_do(void **state)
{
	struct rig *r = *state;
	struct control c = { 0 };
	struct side_state sc = { .ok_at = NOW - 120000, .done = 10, .total = -1, .left_out = -1 };
	struct side_state sf = { .ok_at = NOW - 86400000, .err = ERR_AUTH, .message = "login \x1b[31mneeded", .left_out = 3 };
	int64_t id = make(r->s, "T", SIDE_LOCAL);

	on(r->s, SIDE_SF);
	assert_ok(store_side_put(r->s, SIDE_SC, &sc));
	assert_ok(store_side_put(r->s, SIDE_SF, &sf));
	assert_ok(store_draft(r->s, id, "Due: x", 6, 1, "\"x\" is no date", NOW));
	check_control(r, &c, NODE_STATUS,
		"tasks         1 open, 0 completed\n"
		"salesconnect  first import: 10 so far; last synced 2 minutes ago\n"
		"              1 edit not there yet: ls .remindfs/outbox\n"
		"salesforce    refused: login ␛[31mneeded; last synced 1 day ago\n"
		"              type: remindfs login salesforce\n"
		"              3 open tasks were left out as older; first_import = open brings them\n"
		"problems      1 save that does not parse; more: cat .remindfs/errors\n");
	sc = (struct side_state){ .ok_at = NOW, .left_out = -1 };
	assert_ok(store_side_put(r->s, SIDE_SC, &sc));
	AUTO_BUF b = BUF_INIT;
	assert_ok(status_render(r->s, NOW, &b));
	assert_non_null(strstr(b.s, "salesconnect  synced just now\n"));
}

static void every_error_has_its_line(void **state)
{
	struct rig *r = *state;

	for (int e = 1; e < ERR_N; e++) {
		struct side_state st = { .err = (enum err)e, .left_out = -1 };
		AUTO_BUF b = BUF_INIT;
		assert_ok(store_side_put(r->s, SIDE_SC, &st));
		assert_ok(status_render(r->s, NOW, &b));
		assert_non_null(strstr(b.s, err_str((enum err)e)));
	}
}

static void status_as_json(void **state)
{
	struct rig *r = *state;
	struct side_state sc = { .ok_at = NOW, .tried_at = NOW, .err = ERR_LIMIT, .message = "say \"please\"\n", .left_out = -1 };
	AUTO_BUF b = BUF_INIT;

	make(r->s, "T", SIDE_LOCAL);
	assert_ok(store_side_put(r->s, SIDE_SC, &sc));
	assert_ok(status_json(r->s, NOW, &b));
	assert_non_null(strstr(b.s, "{\"open\":1,\"completed\":0,\"drafts\":0,\"conflicts\":0,\"not_tasks\":0,"));
	assert_non_null(strstr(b.s, "\"synced\":\"2023-11-14T22:13:20.000Z\",\"waiting\":1,\"refused\":0,"));
	assert_non_null(strstr(b.s, "say \\\"please\\\""));
	assert_non_null(strstr(b.s, "\"salesforce\":{\"on\":false,"));
	assert_int_equal(b.s[b.n - 1], '\n');
}

static void errors_are_for_a_quickfix(void **state)
{
	struct rig *r = *state;
	struct control c = { 0 };
	int64_t id = make(r->s, "Call Bob", SIDE_LOCAL);
	AUTO_BUF b = BUF_INIT;

	check_control(r, &c, NODE_ERRORS, "");
	assert_ok(store_draft(r->s, id, "x", 1, 3, "what is \x1b this?", NOW));
	assert_ok(control_text(&c, &r->env, NODE_ERRORS, &b));
	assert_int_equal(strncmp(b.s, "open/Call Bob.txt:3: what is ␛ this?", 37), 0);
	assert_int_equal(b.s[b.n - 1], '\n');
}

static void every_generated_file_has_a_text(void **state)
{
	struct rig *r = *state;
	struct control c = { 0 };

	for (int n = 0; n < NFIXED; n++) {
		AUTO_BUF b = BUF_INIT;
		assert_err(control_text(&c, &r->env, (enum fixed)n, &b),
			/* events.c */
			node_fixed[n].type == TYPE_FILE && n != NODE_EVENTS ? ERR_OK : ERR_NOENT);
	}
}

static void attributes_are_listed_if_they_have_a_value(void **state)
{
	struct rig *r = *state;
	int64_t id = make(r->s, "T", SIDE_LOCAL);
	AUTO_BUF names = BUF_INIT;
	AUTO_BUF v = BUF_INIT;

	assert_ok(xattr_list(&r->env, id, &names));
	assert_memory_equal(names.s, "user.remindfs.id\0user.remindfs.state\0user.remindfs.priority\0", names.n);
	assert_err(xattr_get(&r->env, id, "user.remindfs.due", &v), ERR_NOENT);
	assert_err(xattr_get(&r->env, id, "user.other", &v), ERR_NOENT);
	join(r->s, id, SIDE_SF, "00T1");
	set(r->s, id, FIELD_DUE, "2026-09-03", SIDE_LOCAL);
	assert_ok(xattr_get(&r->env, id, "user.remindfs.due", &v));
	assert_ok(xattr_get(&r->env, id, "user.remindfs.sf-id", &v));
	assert_same("values", v.s, "2026-09-0300T1");
	assert_true(xattr_known("user.xdg.origin.url"));
	assert_false(xattr_known("security.capability"));
}

static void due_and_priority_can_be_set(void **state)
{
	static const struct {
		const char *name, *value;	/* NULL: removed */
		enum err want;
		enum field field;
		const char *is;
	} row[] = {
		{ "user.remindfs.due", "2026-09-03", ERR_OK, FIELD_DUE, "2026-09-03" },
		{ "user.remindfs.due", " tomorrow ", ERR_OK, FIELD_DUE, "2026-11-25" },
		{ "user.remindfs.due", "+2w", ERR_OK, FIELD_DUE, "2026-12-08" },
		{ "user.remindfs.due", "someday", ERR_INVAL, FIELD_DUE, "2026-12-08" },
		{ "user.remindfs.due", "2026-09-03\nPriority: High", ERR_INVAL, FIELD_DUE, "2026-12-08" },
		{ "user.remindfs.due", "\xff", ERR_UTF8, FIELD_DUE, "2026-12-08" },
		{ "user.remindfs.due", "", ERR_OK, FIELD_DUE, NULL },
		{ "user.remindfs.priority", "high", ERR_OK, FIELD_PRIORITY, "high" },
		{ "user.remindfs.due", "today", ERR_OK, FIELD_DUE, TODAY },
		{ "user.remindfs.due", NULL, ERR_OK, FIELD_DUE, NULL },
		/* not by the due date either */
		{ "user.remindfs.priority", "urgent", ERR_INVAL, FIELD_PRIORITY, "high" },
		{ "user.remindfs.priority", NULL, ERR_OK, FIELD_PRIORITY, "normal" },
		{ "user.remindfs.priority", "!", ERR_OK, FIELD_PRIORITY, "high" },
		{ "user.remindfs.state", "synced", ERR_PERM, FIELD_PRIORITY, "high" },
		{ "user.remindfs.id", NULL, ERR_PERM, FIELD_PRIORITY, "high" },
		{ "user.other", "x", ERR_PERM, FIELD_PRIORITY, "high" },
	};
	struct rig *r = *state;
	int64_t id = make(r->s, "T", SIDE_LOCAL);
	AUTO_BUF b = BUF_INIT;

	set(r->s, id, FIELD_DETAILS, "words", SIDE_LOCAL);
	for (size_t i = 0; i < COUNT(row); i++) {
		const char *v = row[i].value;
		assert_err(v ? xattr_set(&r->env, id, row[i].name, v, strlen(v)) : xattr_clear(&r->env, id, row[i].name), row[i].want);
		check_field(r, id, row[i].field, row[i].is);
	}
	check_field(r, id, FIELD_DETAILS, "words");
	check_text(r->s, id, "Title: T\nPriority: High\nDue:\n\nwords\n");
	assert_int_equal(r->last_ino, node_ino(KIND_TASK, id));
	dirs_refused(&r->env, &b);
	assert_non_null(strstr(b.s, "open/T.txt:1: user.remindfs.due is not set; \"someday\" is no date: write 2026-09-03, today"));
	assert_non_null(strstr(b.s, "user.remindfs.priority is not set; \"urgent\" is no priority: write Normal or High\n"));
	assert_ok(store_delete(r->s, id, SIDE_LOCAL, NOW, GRACE));
	assert_err(xattr_set(&r->env, id, "user.remindfs.due", "today", 5), ERR_NOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(status_of_a_fresh_store),
		RIG_TEST(status_tells_what_to_do),
		RIG_TEST(every_error_has_its_line),
		RIG_TEST(status_as_json),
		RIG_TEST(errors_are_for_a_quickfix),
		RIG_TEST(every_generated_file_has_a_text),
		RIG_TEST(attributes_are_listed_if_they_have_a_value),
		RIG_TEST(due_and_priority_can_be_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
