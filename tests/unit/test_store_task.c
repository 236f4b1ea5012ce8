/* Tasks as files: text and byte rule, names and former names, lists, drafts, feed, history. */
#include "store_unit.h"
#include "text.h"

/* Save a text as fs does: parsed with a real today, then given to the store with its fields. */
static enum err save(struct store *s, int64_t id, const char *text, int64_t now)
{
	AUTO_TASK was = TASK_INIT;
	AUTO_TEXT x = { 0 };
	struct text_error e;
	TRY(store_get(s, id, &was));
	TRY(text_parse(text, strlen(text), "2026-09-03", &was, &x, &e));
	return store_edit(s, id, &x.task, x.fields, x.facts, text, strlen(text), SIDE_LOCAL, now);
}

static int64_t make_text(struct store *s, const char *title, const char *text)
{
	AUTO_TEXT x = { 0 };
	struct text_error e;
	int64_t id;
	assert_ok(text_parse(text, strlen(text), "2026-09-03", NULL, &x, &e));
	if (!x.task.field[FIELD_TITLE])
		assert_ok(task_set(&x.task, FIELD_TITLE, title));
	assert_ok(store_create(s, &x.task, text, strlen(text), SIDE_LOCAL, NOW, &id));
	return id;
}

/* ---- create ---- */

static void a_new_task_is_filled(void **state)
{
	struct fx *x = *state;
	AUTO_TASK t = TASK_INIT;
	struct entry e;
	int64_t id;
	assert_ok(store_create(x->s, &t, NULL, 0, SIDE_LOCAL, NOW, &id));
	assert_ok(store_get(x->s, id, &t));
	assert_int_equal(t.id, id);
	assert_same("title", t.field[FIELD_TITLE], "Untitled");
	assert_same("status", t.field[FIELD_STATUS], "open");
	assert_same("priority", t.field[FIELD_PRIORITY], "normal");
	assert_same("due", t.field[FIELD_DUE], NULL);
	assert_same("details", t.field[FIELD_DETAILS], NULL);
	assert_same("name", t.name, "Untitled.txt");
	assert_int_equal(t.created_at, NOW);
	assert_int_equal(t.changed_at, NOW);
	assert_ok(store_entry(x->s, id, &e));
	assert_true(e.open);
	assert_false(e.high || e.draft);
	assert_string_equal(e.due, "");
	check_text(x->s, id, "Title: Untitled\nPriority: Normal\nDue:\n\n");
	assert_err(store_get(x->s, 99, &(struct task){ 0 }), ERR_NOENT);
	assert_err(store_entry(x->s, 99, &e), ERR_NOENT);
	assert_err(store_lookup(x->s, "no.txt", &e), ERR_NOENT);
}

static void an_imported_one_keeps_its_times_and_facts(void **state)
{
	struct fx *x = *state;
	AUTO_TASK out = TASK_INIT;
	struct task t = { .created_at = 5, .changed_at = 6, .born = BIT(SIDE_SF),
		.field = { "Imported", "complete", "high", "2026-01-02", "Words" } };
	int64_t id;
	for (int f = 0; f < TASK_NFACTS; f++)
		t.fact[f] = (char *)task_fact[f];
	on(x->s, SIDE_SC);
	assert_ok(store_create(x->s, &t, NULL, 0, SIDE_SC, NOW, &id));
	assert_ok(store_get(x->s, id, &out));
	assert_int_equal(out.created_at, 5);
	assert_int_equal(out.changed_at, 6);
	assert_int_equal(out.born, BIT(SIDE_SF));
	assert_int_equal(task_diff(&out, &t, FIELDS_ALL), 0);
	for (int f = 0; f < TASK_NFACTS; f++)
		assert_same(task_fact[f], out.fact[f], task_fact[f]);
	struct entry e;
	assert_ok(store_lookup(x->s, "Imported.txt", &e));
	assert_false(e.open);
	assert_true(e.high);
	assert_string_equal(e.due, "2026-01-02");
}

static void an_empty_new_file_stays_empty(void **state)
{
	struct fx *x = *state;
	struct task t = { .field = { [FIELD_TITLE] = "Touched" } };
	int64_t id;
	assert_ok(store_create(x->s, &t, "", 0, SIDE_LOCAL, NOW, &id));
	check_text(x->s, id, "");
}

/* ---- the byte rule ---- */

static const struct {
	const char *what, *saved, *served;	/* served NULL: as saved */
} byte_rule[] = {
	{ "as rendered", "Title: T\nPriority: Normal\nDue:\n", NULL },
	{ "other order, spacing, case", "due:   2026-09-03\nPRIORITY: h\nTitle:T\n\nWords  \n\n", NULL },
	{ "comments", "# mine\nTitle: T\n# why\nDue: 2026-09-03\n\nx\n", NULL },
	{ "CRLF", "Title: T\r\nDue: 2026-09-03\r\n\r\nline\r\n", NULL },
	{ "a BOM", "\xEF\xBB\xBFTitle: T\nDue:\n\nx", NULL },
	{ "no head", "just words", NULL },
	{ "no title line", "Due: 2026-09-03\n\nx\n", NULL },
	{ "no end of line", "Title: T", NULL },
	{ "an X line", "Title: T\nX-mine: 7\nDue:\n", NULL },
	{ "a date word is resolved once", "Title: T\nPriority: Normal\nDue: tomorrow\n\nx\n",
		"Title: T\nPriority: Normal\nDue: 2026-09-04\n\nx\n" },
};

static void saved_bytes_are_served_back(void **state)
{
	struct fx *x = *state;
	for (size_t i = 0; i < COUNT(byte_rule); i++) {
		const char *want = byte_rule[i].served ? byte_rule[i].served : byte_rule[i].saved;
		int64_t id = make(x->s, "T", SIDE_LOCAL), made;
		assert_ok(save(x->s, id, byte_rule[i].saved, NOW + 1));
		check_text(x->s, id, want);
		assert_no_write(x->s, save(x->s, id, want, NOW + 2));
		assert_ok(store_delete(x->s, id, SIDE_LOCAL, NOW, 0));
		made = make_text(x->s, "T", byte_rule[i].saved);
		check_text(x->s, made, want);
		assert_ok(store_delete(x->s, made, SIDE_LOCAL, NOW, 0));
	}
}

#define SLOPPY "# note\ndue: 2026-09-03\ntitle: T\n\nWords\n"
static const struct {
	const char *what, *text;
	enum field f;
	const char *value;
	const char *served;	/* NULL: the text as it was */
} elsewhere[] = {
	{ "status is not in the text", SLOPPY, FIELD_STATUS, "complete", NULL },
	{ "the same value", SLOPPY, FIELD_DUE, "2026-09-03", NULL },
	{ "due", SLOPPY, FIELD_DUE, "2026-09-04",
		"Title: T\nPriority: Normal\nDue: 2026-09-04\n# note\n\nWords\n" },
	{ "title", SLOPPY, FIELD_TITLE, "U",
		"Title: U\nPriority: Normal\nDue: 2026-09-03\n# note\n\nWords\n" },
	{ "details", SLOPPY, FIELD_DETAILS, "New",
		"Title: T\nPriority: Normal\nDue: 2026-09-03\n# note\n\nNew\n" },
	{ "the name says the title", "Due: 2026-09-03\n\nx\n", FIELD_TITLE, "U", NULL },
	{ "a headless text must not hide a new date", "words", FIELD_DUE, "2026-09-04",
		"Title: T\nPriority: Normal\nDue: 2026-09-04\n\nwords\n" },
};

static void a_change_from_elsewhere_renders_anew(void **state)
{
	struct fx *x = *state;
	for (size_t i = 0; i < COUNT(elsewhere); i++) {
		int64_t id = make(x->s, "T", SIDE_LOCAL);
		assert_ok(save(x->s, id, elsewhere[i].text, NOW + 1));
		set(x->s, id, elsewhere[i].f, elsewhere[i].value, SIDE_SC);
		check_text(x->s, id, elsewhere[i].served ? elsewhere[i].served : elsewhere[i].text);
		assert_ok(store_delete(x->s, id, SIDE_LOCAL, NOW, 0));
	}
}

static void what_rendering_gives_is_not_stored(void **state)
{
	struct fx *x = *state;
	int64_t id = make_text(x->s, "T", "Title: T\nPriority: Normal\nDue:\n\nx\n");
	assert_int_equal(number(x->s, "SELECT count(*) FROM body WHERE text IS NOT NULL"), 0);
	assert_ok(save(x->s, id, "Title: T\nDue:\n\nx\n", NOW + 1));
	assert_int_equal(number(x->s, "SELECT count(*) FROM body WHERE text IS NOT NULL"), 1);
	set(x->s, id, FIELD_DETAILS, "y", SIDE_SC);
	assert_int_equal(number(x->s, "SELECT count(*) FROM body WHERE text IS NOT NULL"), 0);
}

/* ---- no write without a difference; times ---- */

static void no_difference_no_write(void **state)
{
	struct fx *x = *state;
	on(x->s, SIDE_SC);
	int64_t id = make_text(x->s, "T", SLOPPY);
	join(x->s, id, SIDE_SC, "1");
	AUTO_TASK t = TASK_INIT;
	assert_ok(store_get(x->s, id, &t));
	assert_no_write(x->s, store_edit(x->s, id, &t, FIELDS_ALL, ~0u, NULL, 0, SIDE_SC, NOW + 9));
	assert_no_write(x->s, store_edit(x->s, id, &t, 0, 0, SLOPPY, strlen(SLOPPY), SIDE_LOCAL, NOW + 9));
	assert_no_write(x->s, save(x->s, id, SLOPPY, NOW + 9));
	assert_no_write(x->s, store_closed(x->s, 99, NOW, GRACE));
	struct link l;
	assert_ok(store_link(x->s, id, SIDE_SC, &l));
	assert_no_write(x->s, store_link_put(x->s, &l));
	assert_no_write(x->s, store_link_drop(x->s, id, SIDE_SF));
	link_finish(&l);
	assert_int_equal(t.changed_at, NOW);
}

static void changed_at_moves_with_content_only(void **state)
{
	struct fx *x = *state;
	struct entry e;
	int64_t id = make(x->s, "T", SIDE_LOCAL);
	struct task fact = { .fact = { [FACT_SF_WHO] = "003000000000001AAA" } };
	assert_ok(store_edit(x->s, id, &fact, 0, BIT(FACT_SF_WHO), NULL, 0, SIDE_SF, NOW + 1));
	join(x->s, id, SIDE_SF, "00T");
	assert_ok(store_entry(x->s, id, &e));
	assert_int_equal(e.changed_at, NOW);
	assert_ok(save(x->s, id, "# a comment alone\nTitle: T\n", NOW + 2));
	assert_ok(store_entry(x->s, id, &e));
	assert_int_equal(e.changed_at, NOW + 2);
	assert_false(waits(x->s, id, SIDE_SF));		/* a comment is not sent */
	struct task person = { .fact = { [FACT_PERSON] = "Bob", [FACT_EMAIL] = "bob@example.test" } };
	assert_ok(store_edit(x->s, id, &person, 0, BIT(FACT_PERSON) | BIT(FACT_EMAIL), NULL, 0, SIDE_SF,
		NOW + 3));
	assert_ok(store_entry(x->s, id, &e));
	assert_int_equal(e.changed_at, NOW + 2);	/* the user's text does not speak of the person */
	set(x->s, id, FIELD_DETAILS, "x", SIDE_SF);
	assert_ok(store_entry(x->s, id, &e));
	assert_int_equal(e.changed_at, NOW + 10);
}

/* ---- names ---- */

static void names_are_numbered(void **state)
{
	struct fx *x = *state;
	int64_t one = make(x->s, "Call Bob", SIDE_LOCAL), two = make(x->s, "Call Bob", SIDE_LOCAL);
	int64_t three = make(x->s, "Call Bob", SIDE_SC), four;
	check_name(x->s, one, "Call Bob.txt");
	check_name(x->s, two, "Call Bob (2).txt");
	check_name(x->s, three, "Call Bob (3).txt");
	set(x->s, two, FIELD_STATUS, "complete", SIDE_LOCAL);	/* open/ and completed/ together */
	four = make(x->s, "Call Bob", SIDE_SC);
	check_name(x->s, four, "Call Bob (4).txt");
	assert_ok(store_delete(x->s, two, SIDE_LOCAL, NOW, 0));
	check_name(x->s, three, "Call Bob (3).txt");		/* nothing renumbers */
	check_name(x->s, make(x->s, "Call Bob", SIDE_SC), "Call Bob (2).txt");	/* the first gap */
	assert_ok(store_delete(x->s, one, SIDE_LOCAL, NOW, 0));
	check_name(x->s, make(x->s, "Call Bob", SIDE_SC), "Call Bob.txt");
	check_name(x->s, make(x->s, "Call Bob (5)", SIDE_SC), "Call Bob (5).txt");
	check_name(x->s, make(x->s, "Call Bob", SIDE_SC), "Call Bob (6).txt");
	set(x->s, three, FIELD_TITLE, "Call Bob (3)", SIDE_SC);	/* to the name it has */
	check_name(x->s, three, "Call Bob (3).txt");
}

static void two_thousand_of_one_title(void **state)
{
	struct fx *x = *state;
	struct timespec a, b;
	struct tx tx;
	int64_t id = 0;
	assert_ok(tx_begin(x->s, &tx));
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < 2000; i++)
		id = make(x->s, "Follow up", SIDE_SC);
	check_name(x->s, id, "Follow up (2000).txt");
	assert_ok(store_delete(x->s, 777, SIDE_LOCAL, NOW, 0));
	id = make(x->s, "Follow up", SIDE_SC);
	check_name(x->s, id, "Follow up (777).txt");
	clock_gettime(CLOCK_MONOTONIC, &b);
	assert_ok(tx_commit(&tx));
	assert_true(b.tv_sec - a.tv_sec < 10);	/* some 0.3 s; probing every number would take minutes */
	assert_int_equal(number(x->s, "SELECT count(DISTINCT name) FROM task WHERE gone = 0"), 2000);
}

static void long_and_hostile_titles(void **state)
{
	struct fx *x = *state;
	char title[TASK_TITLE_MAX * 4 + 1] = "";
	struct entry e;
	for (int i = 0; i < TASK_TITLE_MAX; i++)
		strcat(title, "語");
	for (int i = 0; i < 12; i++) {
		assert_ok(store_entry(x->s, make(x->s, title, SIDE_SC), &e));
		assert_true(strlen(e.name) <= NAME_LEN && name_is_task(e.name));
	}
	check_name(x->s, make(x->s, "../../etc/passwd", SIDE_SC), "．.／..／etc／passwd.txt");
	assert_ok(store_entry(x->s, make(x->s, ".", SIDE_SC), &e));
	assert_true(e.name[0] != '.');
}

#define MINUTES INT64_C(60000)

static void a_former_name_leads_on_for_15_minutes(void **state)
{
	struct fx *x = *state;
	struct entry e;
	int64_t id = make(x->s, "A", SIDE_LOCAL);
	struct task t = { .field = { [FIELD_TITLE] = "B" } };
	assert_err(store_alias(x->s, "A.txt", NOW, &e), ERR_NOENT);
	assert_ok(store_edit(x->s, id, &t, BIT(FIELD_TITLE), 0, NULL, 0, SIDE_LOCAL, NOW));
	check_name(x->s, id, "B.txt");
	assert_err(store_lookup(x->s, "A.txt", &e), ERR_NOENT);
	assert_ok(store_alias(x->s, "A.txt", NOW + 14 * MINUTES, &e));
	assert_int_equal(e.id, id);
	assert_same("name", e.name, "B.txt");
	assert_ok(store_alias(x->s, "A.txt", NOW + 28 * MINUTES, &e));	/* the use counted */
	assert_err(store_alias(x->s, "A.txt", NOW + 43 * MINUTES, &e), ERR_NOENT);
	assert_ok(store_alias(x->s, "A.txt", NOW - 1000000 * MINUTES, &e));	/* set back: from now on */
	assert_err(store_alias(x->s, "A.txt", NOW - 1000000 * MINUTES + 15 * MINUTES, &e), ERR_NOENT);
}

static void a_former_name_yields_to_a_task(void **state)
{
	struct fx *x = *state;
	struct entry e;
	int64_t id = make(x->s, "A", SIDE_LOCAL), other;
	set(x->s, id, FIELD_TITLE, "B", SIDE_SC);
	other = make(x->s, "A", SIDE_LOCAL);
	check_name(x->s, other, "A.txt");
	assert_err(store_alias(x->s, "A.txt", NOW + 20, &e), ERR_NOENT);
	set(x->s, other, FIELD_TITLE, "C", SIDE_SC);
	assert_ok(store_alias(x->s, "A.txt", NOW + 20, &e));
	assert_int_equal(e.id, other);
	assert_ok(store_delete(x->s, other, SIDE_LOCAL, NOW, 0));
	assert_err(store_alias(x->s, "A.txt", NOW + 20, &e), ERR_NOENT);
	set(x->s, id, FIELD_TITLE, "A", SIDE_SC);		/* back: the alias is its name again */
	check_name(x->s, id, "A.txt");
	assert_ok(store_alias(x->s, "B.txt", NOW + 20, &e));
}

static void a_former_name_can_be_asked_for_and_dropped(void **state)
{
	struct fx *x = *state;
	struct entry e;
	int64_t id = make(x->s, "A", SIDE_LOCAL), former, backup;
	set(x->s, id, FIELD_TITLE, "B", SIDE_LOCAL);		/* at NOW + 10 */
	assert_ok(store_park(x->s, id, true, "B.txt~", NOW + 11, &backup));
	assert_ok(store_former(x->s, "A.txt", NOW + 12, &former));	/* visible or not */
	assert_int_equal(former, id);
	assert_err(store_former(x->s, "A.txt", NOW + 10 + 15 * MINUTES, &former), ERR_NOENT);
	assert_ok(store_unalias(x->s, "A.txt"));
	assert_err(store_former(x->s, "A.txt", NOW + 12, &former), ERR_NOENT);
	assert_err(store_alias(x->s, "A.txt", NOW + 12, &e), ERR_NOENT);
}

/* ---- lists ---- */

struct ids {
	int64_t id[20];
	size_t n, max;
};

static bool keep_id(void *arg, const struct entry *e)
{
	struct ids *l = arg;
	assert_true(*e->name);
	assert_int_equal(e->open, e->id != 4);
	l->id[l->n++] = e->id;
	return l->n < l->max;
}

static void lists_are_filtered(void **state)
{
	struct fx *x = *state;
	static const char *const due[] = { NULL, "2026-09-01", "2026-09-02", "2026-09-03", "2026-09-04",
		NULL };
	static const struct {
		struct filter f;
		int64_t after;
		size_t max;
		const char *want;
	} row[] = {
		{ { 0 }, 0, 20, "1 2 3 4 5 6" },
		{ { 0 }, 4, 20, "5 6" },
		{ { 0 }, 0, 2, "1 2" },
		{ { .status = TASK_OPEN }, 0, 20, "1 2 3 5 6" },
		{ { .status = TASK_COMPLETE }, 0, 20, "4" },
		{ { .status = TASK_OPEN, .brief = true }, 2, 2, "3 5" },
		{ { .status = TASK_COMPLETE, .brief = true }, 0, 20, "4" },
		{ { .due_from = "2026-09-02", .brief = true }, 0, 20, "3 4 5" },
		{ { .due_from = "2026-09-02" }, 0, 20, "3 4 5" },
		{ { .due_to = "2026-09-02" }, 0, 20, "2 3" },
		{ { .due_to = "2026-09-02" }, 2, 20, "3" },
		{ { .due_from = "2026-09-02", .due_to = "2026-09-03" }, 0, 20, "3 4" },
		{ { .status = TASK_OPEN, .due_from = "2026-09-02" }, 0, 20, "3 5" },
	};
	for (size_t i = 0; i < COUNT(due); i++)
		set(x->s, make(x->s, "T", SIDE_SC), FIELD_DUE, due[i], SIDE_SC);
	set(x->s, 4, FIELD_STATUS, "complete", SIDE_SC);
	assert_ok(store_delete(x->s, make(x->s, "T", SIDE_SC), SIDE_SC, NOW, 0));
	for (size_t i = 0; i < COUNT(row); i++) {
		struct ids l = { .max = row[i].max };
		AUTO_BUF got = BUF_INIT;
		char what[16];
		snprintf(what, sizeof(what), "row %zu", i);
		assert_ok(store_list(x->s, &row[i].f, row[i].after, keep_id, &l));
		for (size_t k = 0; k < l.n; k++)
			buf_printf(&got, "%s%lld", k ? " " : "", (long long)l.id[k]);
		assert_same(what, buf_str(&got), row[i].want);
	}
}

/* The planner must never be left to walk over the bodies or over all tasks. */
static void no_lookup_scans(void **state)
{
	struct fx *x = *state;
	static const char *const query[] = {
		"SELECT id FROM task INDEXED BY task_name WHERE name = 'a' AND gone IN (0, 2) AND gone = 0",
		"SELECT id FROM task INDEXED BY task_gone WHERE name = 'a' AND gone IN (1, 2)",
		"SELECT 1 FROM alias JOIN task ON task.id = alias.task WHERE alias.name = 'a'",
		"SELECT 1 FROM outbox WHERE task = 1 AND side = 1",
		"SELECT 1 FROM link WHERE task = 1 AND side = 1",
		"SELECT 1 FROM link WHERE side = 1 AND rid = 'a'",
		"SELECT 1 FROM history WHERE task = 1",
		"SELECT 1 FROM conflict WHERE task = 1",
		"SELECT 1 FROM scratch WHERE open = 1 AND name = 'a'",
		"UPDATE scratch SET task = 0 WHERE task = 1 AND task <> 0",
	};
	for (size_t i = 0; i < COUNT(query); i++) {
		sqlite3_stmt *st;
		char sql[300];
		snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", query[i]);
		assert_int_equal(sqlite3_prepare_v2(x->s->db, sql, -1, &st, NULL), SQLITE_OK);
		while (sqlite3_step(st) == SQLITE_ROW) {
			const char *plan = (const char *)sqlite3_column_text(st, 3);
			if (!strncmp(plan, "SCAN", 4))
				fail_msg("%s: %s", query[i], plan);
		}
		sqlite3_finalize(st);
	}
}

/* ---- drafts ---- */

static void a_draft_is_served_and_never_sent(void **state)
{
	struct fx *x = *state;
	struct entry e;
	AUTO_TASK t = TASK_INIT;
	on(x->s, SIDE_SC);
	int64_t id = make(x->s, "T", SIDE_LOCAL), seq;
	join(x->s, id, SIDE_SC, "1");
	clear_outbox(x->s);
	uint64_t changed = wake_count(x->changed);
	assert_ok(store_draft(x->s, id, "Due: fridya\n", 12, 1, "no date", NOW + 5));
	assert_int_equal(wake_count(x->changed), changed + 1);
	assert_no_write(x->s, store_draft(x->s, id, "Due: fridya\n", 12, 1, "no date", NOW + 6));
	check_text(x->s, id, "Due: fridya\n");
	check_state(x->s, id, "invalid");
	assert_ok(store_entry(x->s, id, &e));
	assert_true(e.draft);
	assert_int_equal(e.changed_at, NOW);	/* no change of the task: its editor must not be warned */
	assert_false(waits(x->s, id, SIDE_SC));
	set(x->s, id, FIELD_DETAILS, "from afar", SIDE_SC);	/* the draft stays on top */
	check_text(x->s, id, "Due: fridya\n");
	assert_ok(store_get(x->s, id, &t));
	assert_same("details", t.field[FIELD_DETAILS], "from afar");
	seq = feed_last(x->s);
	assert_ok(save(x->s, id, "Title: T\n\nfrom afar", NOW + 7));
	assert_ok(store_entry(x->s, id, &e));
	assert_false(e.draft);
	check_text(x->s, id, "Title: T\n\nfrom afar");
	check_state(x->s, id, "synced");
	assert_true(feed_last(x->s) > seq);
}

static void a_draft_may_be_any_bytes(void **state)
{
	struct fx *x = *state;
	AUTO_BUF b = BUF_INIT;
	int64_t id = make(x->s, "T", SIDE_LOCAL);
	assert_ok(store_draft(x->s, id, "a\0\xff\xfe", 4, 1, "not UTF-8", NOW));
	assert_ok(store_text(x->s, id, &b));
	assert_int_equal(b.n, 4);
	assert_memory_equal(b.s, "a\0\xff\xfe", 4);
	assert_ok(store_draft(x->s, id, "", 0, 1, "empty", NOW));
	check_text(x->s, id, "");
	check_state(x->s, id, "invalid");
	assert_ok(store_delete(x->s, id, SIDE_LOCAL, NOW, 0));
	assert_err(store_draft(x->s, id, "x", 1, 1, "late", NOW), ERR_NOENT);
	assert_err(store_edit(x->s, id, &(struct task){ 0 }, 0, 0, "x", 1, SIDE_LOCAL, NOW), ERR_NOENT);
}

/* ---- feed, history ---- */

static void the_feed_tells_what_a_kernel_must_forget(void **state)
{
	struct fx *x = *state;
	int64_t id = make(x->s, "A", SIDE_SC);
	struct change c = last_change(x->s);
	assert_int_equal(c.what, CHANGE_TEXT | CHANGE_NAME);
	assert_same("was", c.was_name, "");
	assert_same("is", c.name, "A.txt");
	assert_true(c.open);
	assert_int_equal(c.by, SIDE_SC);
	set(x->s, id, FIELD_DUE, "2026-09-03", SIDE_SF);
	c = last_change(x->s);
	assert_int_equal(c.what, CHANGE_TEXT);
	assert_int_equal(c.fields, BIT(FIELD_DUE));
	assert_same("was due", c.was_due, "");
	assert_same("due", c.due, "2026-09-03");
	assert_same("was", c.was_name, "A.txt");
	set(x->s, id, FIELD_STATUS, "complete", SIDE_LOCAL);
	c = last_change(x->s);
	assert_int_equal(c.what, CHANGE_TEXT | CHANGE_NAME);
	assert_true(c.was_open && !c.open);
	set(x->s, id, FIELD_TITLE, "B", SIDE_LOCAL);
	c = last_change(x->s);
	assert_int_equal(c.what, CHANGE_TEXT | CHANGE_NAME);
	assert_same("is", c.name, "B.txt");
	assert_false(c.was_open || c.open);
	assert_ok(store_delete(x->s, id, SIDE_SC, NOW, 0));
	c = last_change(x->s);
	assert_int_equal(c.what, CHANGE_NAME);
	assert_same("was", c.was_name, "B.txt");
	assert_same("is", c.name, "");
	assert_int_equal(c.seq, feed_last(x->s));
	assert_int_equal(c.task, id);
}

static void the_feed_is_pruned_and_says_so(void **state)
{
	struct fx *x = *state;
	bool lost = true;
	struct change c;
	assert_ok(store_changes(x->s, 0, keep_change, &c, &lost));
	assert_false(lost);
	int64_t id = make(x->s, "A", SIDE_LOCAL);
	assert_int_equal(sqlite3_exec(x->s->db, "UPDATE sqlite_sequence SET seq = 200998 WHERE name = 'feed'",
		NULL, NULL, NULL), SQLITE_OK);
	set(x->s, id, FIELD_DETAILS, "1", SIDE_LOCAL);
	set(x->s, id, FIELD_DETAILS, "2", SIDE_LOCAL);		/* 201000: the first row goes */
	assert_int_equal(number(x->s, "SELECT count(*) FROM feed"), 2);
	assert_ok(store_changes(x->s, 1, keep_change, &c, &lost));
	assert_true(lost);
	assert_ok(store_changes(x->s, 200998, keep_change, &c, &lost));
	assert_false(lost);
}

struct heard {
	struct buf b;
};

static bool keep_history(void *arg, const struct history *h)
{
	struct heard *l = arg;
	buf_printf(&l->b, "%s %s %s>%s\n", side_name[h->by], task_field[h->field].name, h->was ? h->was : "-",
		h->is ? h->is : "-");
	return true;
}

static void history_knows_who(void **state)
{
	struct fx *x = *state;
	struct heard l = { BUF_INIT };
	enum side by;
	int64_t id = make(x->s, "A", SIDE_SC);
	assert_ok(store_last_by(x->s, id, FIELD_TITLE, &by));
	assert_int_equal(by, SIDE_SC);		/* its maker set it */
	set(x->s, id, FIELD_DUE, "2026-09-03", SIDE_SF);
	set(x->s, id, FIELD_TITLE, "B", SIDE_LOCAL);
	set(x->s, id, FIELD_DUE, NULL, SIDE_SC);
	assert_ok(store_last_by(x->s, id, FIELD_TITLE, &by));
	assert_int_equal(by, SIDE_LOCAL);
	assert_ok(store_last_by(x->s, id, FIELD_DUE, &by));
	assert_int_equal(by, SIDE_SC);
	assert_ok(store_history(x->s, id, keep_history, &l));
	assert_same("history", buf_str(&l.b), "salesforce due ->2026-09-03\nlocal title A>B\n"
		"salesconnect due 2026-09-03>-\n");
	buf_finish(&l.b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_task_is_filled),
		TEST(an_imported_one_keeps_its_times_and_facts),
		TEST(an_empty_new_file_stays_empty),
		TEST(saved_bytes_are_served_back),
		TEST(a_change_from_elsewhere_renders_anew),
		TEST(what_rendering_gives_is_not_stored),
		TEST(no_difference_no_write),
		TEST(changed_at_moves_with_content_only),
		TEST(names_are_numbered),
		TEST(two_thousand_of_one_title),
		TEST(long_and_hostile_titles),
		TEST(a_former_name_leads_on_for_15_minutes),
		TEST(a_former_name_yields_to_a_task),
		TEST(a_former_name_can_be_asked_for_and_dropped),
		TEST(lists_are_filtered),
		TEST(no_lookup_scans),
		TEST(a_draft_is_served_and_never_sent),
		TEST(a_draft_may_be_any_bytes),
		TEST(the_feed_tells_what_a_kernel_must_forget),
		TEST(the_feed_is_pruned_and_says_so),
		TEST(history_knows_who),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
