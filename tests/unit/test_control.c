/* The generated files, the verbs of ctl, and the extended attributes. */
#include "fs_unit.h"
#include "control.h"
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
		"              1 edit not there yet\n"
		"salesforce    login ␛[31mneeded; last synced 1 day ago\n"
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

struct heard {
	int n;
	char last[40];
};

static void hear(void *arg, const char *line)
{
	struct heard *h = arg;
	h->n++;
	snprintf(h->last, sizeof(h->last), "%s", line);
}

static void ctl_runs_known_lines(void **state)
{
	static const struct {
		const char *text;
		enum err want;
		int heard;
	} row[] = {
		{ "sync\n", ERR_OK, 1 },
		{ "sync", ERR_OK, 1 },
		{ "sync\n\nsync\n", ERR_OK, 2 },
		{ "", ERR_OK, 0 },
		{ "\n", ERR_OK, 0 },
		{ "synch\n", ERR_INVAL, 0 },
		{ "sync now\n", ERR_INVAL, 0 },
		{ "sync\nwhat\nsync\n", ERR_INVAL, 1 },
	};

	for (size_t i = 0; i < COUNT(row); i++) {
		struct heard h = { 0 };
		struct control c = { .verb = hear, .arg = &h };
		assert_err(control_write(&c, row[i].text, strlen(row[i].text)), row[i].want);
		assert_int_equal(h.n, row[i].heard);
		assert_same("line", h.last, row[i].heard ? "sync" : "");
	}
}

static void ctl_says_what_it_knows_and_what_it_did(void **state)
{
	struct rig *r = *state;
	struct control c = { 0 };
	AUTO_BUF b = BUF_INIT;

	assert_err(control_write(&c, "\x1b[2J\n", 5), ERR_INVAL);
	assert_ok(control_text(&c, &r->env, NODE_CTL, &b));
	assert_non_null(strstr(b.s, "# sync "));
	assert_non_null(strstr(b.s, "not known: ␛[2J; see above\n"));
	assert_null(strchr(b.s, '\x1b'));
	buf_clear(&b);
	assert_ok(control_write(&c, "sync\n", 5));
	assert_ok(control_text(&c, &r->env, NODE_CTL, &b));
	assert_non_null(strstr(b.s, "done: sync\n"));
}

static void every_generated_file_has_a_text(void **state)
{
	struct rig *r = *state;
	struct control c = { 0 };

	for (int n = 0; n < NFIXED; n++) {
		AUTO_BUF b = BUF_INIT;
		assert_err(control_text(&c, &r->env, (enum fixed)n, &b),
			node_fixed[n].type == TYPE_FILE && n != NODE_EVENTS ? ERR_OK : ERR_NOENT);	/* events.c */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(status_of_a_fresh_store),
		RIG_TEST(status_tells_what_to_do),
		RIG_TEST(every_error_has_its_line),
		RIG_TEST(status_as_json),
		RIG_TEST(errors_are_for_a_quickfix),
		cmocka_unit_test(ctl_runs_known_lines),
		RIG_TEST(ctl_says_what_it_knows_and_what_it_did),
		RIG_TEST(every_generated_file_has_a_text),
		RIG_TEST(attributes_are_listed_if_they_have_a_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
