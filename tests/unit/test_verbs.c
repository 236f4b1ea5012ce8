/* What can be written to .remindfs/ctl. */
#include "fs_unit.h"
#include "verbs.h"

static enum err tell(struct rig *r, struct control *c, const char *line)
{
	return verbs_write(c, &r->env, line, strlen(line));
}

static void check_said(struct rig *r, struct control *c, const char *want)
{
	AUTO_BUF b = BUF_INIT;

	assert_ok(verbs_text(c, &r->env, &b));
	if (!strstr(b.s, want))
		fail_msg("%s holds no %s", b.s, want);
	assert_int_equal(strncmp(b.s, "# Write one of these", 20), 0);
	assert_null(strchr(c->answer, '\x1b'));
	assert_ptr_equal(strchr(c->answer, '\n'), c->answer + strlen(c->answer) - 1);
}

static void lines_are_verbs_with_what_they_take(void **state)
{
	static const struct {
		const char *text;
		enum err want;
		int kicked;
		const char *said;
	} row[] = {
		{ "sync\n", ERR_OK, 1, "\ndone: sync\n" },
		{ "sync", ERR_OK, 1, "\ndone: sync\n" },
		{ "  sync \t\r\n", ERR_OK, 1, "\ndone: sync\n" },
		{ "sync\n\nsync\n", ERR_OK, 2, "\ndone: sync\n" },
		{ "", ERR_OK, 0, NULL },
		{ "\n", ERR_OK, 0, NULL },
		{ "synch\n", ERR_INVAL, 0, "\nnot known: synch; see above\n" },
		{ "\x1b[2J", ERR_INVAL, 0, "\nnot known: ␛[2J; see above\n" },
		{ "sync now\n", ERR_INVAL, 0, "\nnot done; write: sync\n" },
		{ "sync\nwhat\nsync\n", ERR_INVAL, 1, "\nnot known: what; see above\n" },
		{ "retry\n", ERR_INVAL, 0, "\nnot done; write: retry NAME\n" },
		{ "retry Call Bob\n", ERR_NOENT, 0, "\nnothing of \"Call Bob\" waits; what does: ls .remindfs/outbox\n" },
		{ "resolve\n", ERR_INVAL, 0, "\nnot done; write: resolve NAME mine|theirs\n" },
		{ "resolve Call Bob\n", ERR_INVAL, 0, "mine or theirs? write: resolve Call Bob mine, or: resolve Call Bob theirs\n" },
		{ "resolve Call Bob mine\n", ERR_NOENT, 0, "\n\"Call Bob\" has no conflict; those that have: ls .remindfs/conflicts\n" },
		{ "resolve mine\n", ERR_INVAL, 0, "mine or theirs?" },
		{ "undo\n", ERR_NOENT, 0, "\nnothing was edited or deleted here" },
		{ "undo it\n", ERR_INVAL, 0, "\nnot done; write: undo\n" },
		{ "confirm-deletes\n", ERR_NOENT, 0, "\nnothing is held\n" },
	};
	struct rig *r = *state;

	for (size_t i = 0; i < COUNT(row); i++) {
		struct control c = { 0 };
		r->kicked = 0;
		assert_err(tell(r, &c, row[i].text), row[i].want);
		assert_int_equal(r->kicked, row[i].kicked);
		if (row[i].said)
			check_said(r, &c, row[i].said);
		else
			assert_same("answer", c.answer, "");
	}
}

static void every_verb_is_explained(void **state)
{
	static const char *const verb[] = { "# sync ", "# retry NAME ", "# resolve NAME mine|theirs ", "# undo ",
		"# confirm-deletes " };
	struct rig *r = *state;
	struct control c = { 0 };
	AUTO_BUF b = BUF_INIT;

	assert_ok(verbs_text(&c, &r->env, &b));
	for (size_t i = 0; i < COUNT(verb); i++)
		assert_non_null(strstr(b.s, verb[i]));
}

/* The same task, however its name is written. */
static void a_name_may_hold_spaces_and_a_path(void **state)
{
	static const char *const name[] = { "Call  Bob.txt", "Call  Bob", "open/Call  Bob.txt", "/mnt/tasks/open/Call  Bob",
		".remindfs/outbox/Call  Bob.txt", "Call  Bob.txt/" };
	struct rig *r = *state;
	struct control c = { 0 };
	int64_t id = make(r->s, "x", SIDE_LOCAL);

	assert_int_equal(sqlite3_exec(r->s->db, "UPDATE task SET name = 'Call  Bob.txt'", NULL, NULL, NULL), SQLITE_OK);
	for (size_t i = 0; i < COUNT(name); i++) {
		char line[100];
		clear_outbox(r->s);
		assert_ok(store_outbox_add(r->s, id, SIDE_SC, NOW));
		assert_int_equal(sqlite3_exec(r->s->db, "UPDATE outbox SET wait = -1, err = 1", NULL, NULL, NULL), SQLITE_OK);
		assert_false(due_at(r->s, id, SIDE_SC, NOW));
		snprintf(line, sizeof(line), "retry %s\n", name[i]);
		assert_ok(tell(r, &c, line));
		assert_true(due_at(r->s, id, SIDE_SC, NOW));
		assert_int_equal(r->kicked, (int)i + 1);
		check_said(r, &c, "done: Call  Bob.txt is sent now");
	}
	char longest[400] = "retry ";
	memset(longest + 6, 'x', 300);
	assert_err(tell(r, &c, longest), ERR_NOENT);
}

static int64_t clash(struct rig *r, const char *title)
{
	int64_t id = make(r->s, title, SIDE_LOCAL);
	AUTO_TASK base = TASK_INIT, mine = TASK_INIT, theirs = TASK_INIT;

	join(r->s, id, SIDE_SC, title);
	assert_ok(store_get(r->s, id, &base));
	assert_ok(task_copy(&mine, &base));
	assert_ok(task_copy(&theirs, &base));
	assert_ok(task_set(&mine, FIELD_DUE, "2026-09-03"));
	assert_ok(task_set(&theirs, FIELD_DUE, "2026-10-10"));
	set(r->s, id, FIELD_DUE, "2026-09-03", SIDE_LOCAL);
	assert_ok(store_conflict(r->s, id, SIDE_SC, &base, &mine, &theirs, NOW));
	return id;
}

static void resolve_takes_one_side(void **state)
{
	struct rig *r = *state;
	struct control c = { 0 };
	int64_t id = clash(r, "Call mine");

	assert_ok(tell(r, &c, "resolve Call mine theirs\n"));
	check_said(r, &c, "done: open/Call mine.txt has the values of theirs.txt\n");
	check_field(r, id, FIELD_DUE, "2026-10-10");
	assert_int_equal(r->last_ino, node_ino(KIND_TASK, id));
	assert_err(tell(r, &c, "resolve Call mine theirs\n"), ERR_NOENT);
	id = clash(r, "B");
	assert_ok(tell(r, &c, "resolve .remindfs/conflicts/B/ mine"));
	check_said(r, &c, "done: open/B.txt has the values of mine.txt\n");
	check_field(r, id, FIELD_DUE, "2026-09-03");
	assert_int_equal(number(r->s, "SELECT count(*) FROM conflict"), 0);
	assert_err(tell(r, &c, "resolve B base"), ERR_INVAL);
}

static void undo_says_what_it_took_back(void **state)
{
	struct rig *r = *state;
	struct control c = { 0 };
	int64_t id = make(r->s, "A", SIDE_LOCAL);

	join(r->s, id, SIDE_SC, "1");
	set(r->s, id, FIELD_DUE, "2026-09-03", SIDE_LOCAL);
	assert_ok(tell(r, &c, "undo\n"));
	check_said(r, &c, "done: open/A.txt is as before; undo again takes back the edit before\n");
	check_field(r, id, FIELD_DUE, NULL);
	set(r->s, id, FIELD_DUE, "2026-09-03", SIDE_LOCAL);
	set(r->s, id, FIELD_DUE, "2026-09-04", SIDE_SC);
	assert_err(tell(r, &c, "undo\n"), ERR_STALE);
	check_said(r, &c, "not undone: open/A.txt was changed since; undo again takes back the edit before\n");
	check_field(r, id, FIELD_DUE, "2026-09-04");
	assert_ok(store_delete(r->s, id, SIDE_LOCAL, NOW + 50, GRACE));
	r->env.now = NOW + 60;
	assert_ok(tell(r, &c, "undo\n"));
	check_said(r, &c, "done: open/A.txt is as before");
}

/* D6 */
static void D6_confirm_deletes_lets_them_go(void **state)
{
	struct rig *r = *state;
	struct control c = { 0 };

	for (int i = 0; i < 3; i++) {
		char rid[8];
		snprintf(rid, sizeof(rid), "%d", i);
		int64_t id = make(r->s, "A", SIDE_LOCAL);
		join(r->s, id, SIDE_SC, rid);
		assert_ok(store_delete(r->s, id, SIDE_LOCAL, NOW, 0));
	}
	assert_ok(store_mass_hold(r->s, SIDE_SC, MASS_DELETE, "many", NOW));
	assert_ok(tell(r, &c, "confirm-deletes\n"));
	check_said(r, &c, "done: 3 held deletions or completions go out now\n");
	assert_int_equal(r->kicked, 1);
	assert_err(tell(r, &c, "confirm-deletes\n"), ERR_NOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(lines_are_verbs_with_what_they_take),
		RIG_TEST(every_verb_is_explained),
		RIG_TEST(a_name_may_hold_spaces_and_a_path),
		RIG_TEST(resolve_takes_one_side),
		RIG_TEST(undo_says_what_it_took_back),
		RIG_TEST(D6_confirm_deletes_lets_them_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
