/* Inode numbers, fixed nodes, attributes, and what the views hold: values in, values out. */
#include "store_unit.h"
#include "node.h"
#include "views.h"

static void numbers_go_there_and_back(void **state)
{
	static const int64_t id[] = { 0, 1, 2, 63, 64, 1000000, INT64_C(1) << 50 };
	static const unsigned kind[] = { KIND_FIXED, KIND_TASK, KIND_SCRATCH, KIND_LINK, KIND_LINK + NVIEWS - 1 };
	uint64_t seen[COUNT(id) * COUNT(kind)];
	size_t n = 0;

	for (size_t i = 0; i < COUNT(id); i++)
		for (size_t k = 0; k < COUNT(kind); k++) {
			uint64_t ino = node_ino(kind[k], id[i]);
			assert_int_equal(node_kind(ino), kind[k]);
			assert_int_equal(node_id(ino), id[i]);
			for (size_t j = 0; j < n; j++)
				assert_true(seen[j] != ino);
			seen[n++] = ino;
		}
	assert_int_equal(node_fixed_ino(NODE_ROOT), 1);
	assert_true(KIND_LINK + NVIEWS <= KIND_CONTROL);
}

static void fixed_nodes_have_their_names(void **state)
{
	static const struct {
		enum fixed dir;
		const char *name;
		enum fixed want;
	} row[] = {
		{ NODE_ROOT, "open", NODE_OPEN },
		{ NODE_ROOT, "completed", NODE_COMPLETED },
		{ NODE_ROOT, ".remindfs", NODE_CONTROL },
		{ NODE_ROOT, "today", NODE_TODAY },
		{ NODE_CONTROL, "ctl", NODE_CTL },
		{ NODE_CONTROL, "open", NODE_NONE },
		{ NODE_ROOT, "status", NODE_NONE },
		{ NODE_ROOT, "", NODE_NONE },
		{ NODE_OPEN, "today", NODE_NONE },
	};

	for (size_t i = 0; i < COUNT(row); i++)
		assert_int_equal(node_child(row[i].dir, row[i].name), row[i].want);
	for (int n = 0; n < NFIXED; n++)
		assert_int_equal(node_as_fixed(node_fixed_ino((enum fixed)n)), n);
	assert_int_equal(node_as_fixed(node_ino(KIND_FIXED, NFIXED)), NODE_NONE);
	assert_int_equal(node_as_fixed(node_ino(KIND_TASK, 1)), NODE_NONE);
}

/* A node's number is its inode: stable over releases. */
static void fixed_numbers_never_change(void **state)
{
	static const char *const name[] = { "", "open", "completed", "today", "tomorrow", ".remindfs", "status", "errors",
		"README", "ctl", "overdue", "week", "someday", "high", "by-due", "events", "log", "status.json",
		"templates", "by-id", "conflicts", "history", "info", "outbox", "trash", "budget" };

	for (size_t i = 0; i < COUNT(name); i++)
		assert_same("node", node_fixed[i].name, name[i]);
	assert_int_equal(view_def[0].node, NODE_TODAY);
	assert_int_equal(view_def[1].node, NODE_TOMORROW);
}

static void attributes_are_exact(void **state)
{
	struct owner o = { 1000, 100 };
	struct entry e = { .id = 7, .name = "Call Bob.txt", .open = true, .size = 1025, .changed_at = 1700000000123 };
	struct scratch x = { .id = 7, .mode = 0600, .size = 3, .changed_at = 5 };
	struct stat st;
	char target[NODE_LINK_LEN];

	node_stat_task(&e, &o, &st);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	assert_int_equal(st.st_ino, 7 * 64 + KIND_TASK);
	assert_int_equal(st.st_size, 1025);
	assert_int_equal(st.st_blocks, 3);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(st.st_uid, 1000);
	assert_int_equal(st.st_gid, 100);
	assert_int_equal(st.st_mtim.tv_sec, 1700000000);
	assert_int_equal(st.st_mtim.tv_nsec, 123000000);
	assert_memory_equal(&st.st_mtim, &st.st_ctim, sizeof(st.st_mtim));

	node_stat_scratch(&x, &o, &st);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(st.st_ino, 7 * 64 + KIND_SCRATCH);
	x.is_link = true;
	node_stat_scratch(&x, &o, &st);
	assert_true(S_ISLNK(st.st_mode));

	node_link_target(&e, 1, target);
	assert_same("target", target, "../open/Call Bob.txt");
	e.open = false;
	node_link_target(&e, 2, target);
	assert_same("target", target, "../../completed/Call Bob.txt");
	node_stat_made(7 * 64 + KIND_LINK, S_IFLNK | 0777, &o, 5, 2500, &st);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(st.st_ino, 7 * 64 + KIND_LINK);
	assert_int_equal(st.st_size, 5);
	assert_int_equal(st.st_mtim.tv_sec, 2);
	node_stat_made(7 * 64 + KIND_PERSON, S_IFDIR | 0755, &o, 5, 0, &st);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_nlink, 2);

	node_stat_fixed(NODE_OPEN, &o, 0, 0, &st);
	assert_int_equal(st.st_mode, S_IFDIR | 0755);
	node_stat_fixed(NODE_STATUS, &o, 12, 0, &st);
	assert_int_equal(st.st_mode, S_IFREG | 0444);
	assert_int_equal(st.st_size, 12);
}

static void cookies_keep_their_order(void **state)
{
	assert_true(COOKIE_DOT > 0 && COOKIE_DOTDOT > COOKIE_DOT);
	assert_true(COOKIE_FIXED + NFIXED < COOKIE_TASK);
	assert_true(COOKIE_TASK + (INT64_C(1) << 57) < COOKIE_SCRATCH);	/* an inode holds no larger id */
	assert_true(COOKIE_SCRATCH + (INT64_C(1) << 57) > 0);
}

static void R18_views_hold_their_day(void **state)
{
	static const struct {
		unsigned view;
		bool open;
		const char *due;
		bool want;
	} row[] = {
		{ VIEW_TODAY, true, "2026-11-24", true },
		{ VIEW_TODAY, true, "2026-11-23", false },
		{ VIEW_TODAY, true, "2026-11-25", false },
		{ VIEW_TODAY, true, "", false },
		{ VIEW_TODAY, false, "2026-11-24", false },
		{ VIEW_TOMORROW, true, "2026-11-25", true },
		{ VIEW_TOMORROW, true, "2026-11-24", false },
		{ VIEW_TOMORROW, true, "2026-11-26", false },
	};

	for (size_t i = 0; i < COUNT(row); i++) {
		struct entry e = { .open = row[i].open };
		snprintf(e.due, sizeof(e.due), "%s", row[i].due);
		assert_int_equal(view_holds(row[i].view, "2026-11-24", &e), row[i].want);
	}
}

static void a_year_ends_within_the_views(void **state)
{
	struct view_range r;

	assert_ok(view_range(VIEW_TOMORROW, "2026-12-31", &r));
	assert_same("from", r.filter.due_from, "2027-01-01");
	assert_same("to", r.filter.due_to, "2027-01-01");
	assert_same("status", r.filter.status, TASK_OPEN);
}

static void moving_there_means(void **state)
{
	static const struct {
		enum fixed dir;
		enum err want;
		const char *status, *due;
	} row[] = {
		{ NODE_OPEN, ERR_OK, TASK_OPEN, NULL },
		{ NODE_COMPLETED, ERR_OK, TASK_COMPLETE, NULL },
		{ NODE_TODAY, ERR_OK, TASK_OPEN, "2026-11-24" },
		{ NODE_TOMORROW, ERR_OK, TASK_OPEN, "2026-11-25" },
		{ NODE_ROOT, ERR_PERM, NULL, NULL },
		{ NODE_CONTROL, ERR_PERM, NULL, NULL },
	};

	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_TASK t = TASK_INIT;
		uint32_t fields = 0;
		assert_err(view_verb(row[i].dir, "2026-11-24", &t, &fields), row[i].want);
		assert_same("status", t.field[FIELD_STATUS], row[i].status);
		assert_same("due", t.field[FIELD_DUE], row[i].due);
		assert_int_equal(fields, (row[i].status ? BIT(FIELD_STATUS) : 0) | (row[i].due ? BIT(FIELD_DUE) : 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_go_there_and_back),
		cmocka_unit_test(fixed_nodes_have_their_names),
		cmocka_unit_test(fixed_numbers_never_change),
		cmocka_unit_test(attributes_are_exact),
		cmocka_unit_test(cookies_keep_their_order),
		cmocka_unit_test(R18_views_hold_their_day),
		cmocka_unit_test(a_year_ends_within_the_views),
		cmocka_unit_test(moving_there_means),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
