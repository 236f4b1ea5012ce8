/* What is kept for the user: conflicts, the trash, edits not sent, undo. */
#include "store_unit.h"
#include <pthread.h>
#include <unistd.h>

static bool put_kept(void *arg, const struct kept *k)
{
	buf_printf(arg, "%s\n", k->name);
	return true;
}

static void check_list(struct store *s, enum keep which, const char *want)
{
	AUTO_BUF b = BUF_INIT;
	assert_ok(store_kept_list(s, which, 0, put_kept, &b));
	assert_same("list", buf_str(&b), want);
}

static int64_t kept_id(struct store *s, enum keep which, const char *name)
{
	struct kept k;
	assert_ok(store_kept_find(s, which, name, &k));
	return k.id;
}

static void check_field(struct store *s, int64_t id, enum field f, const char *want)
{
	AUTO_TASK t = TASK_INIT;
	assert_ok(store_get(s, id, &t));
	assert_same(task_field[f].name, t.field[f], want);
}

/* Linked to both sides, in agreement. */
static int64_t synced(struct fx *x, const char *title)
{
	char rid[300];
	int64_t id = make(x->s, title, SIDE_SC);
	snprintf(rid, sizeof(rid), "%s %d", title, (int)id);
	join(x->s, id, SIDE_SC, rid);
	join(x->s, id, SIDE_SF, rid);
	clear_outbox(x->s);
	return id;
}

static int setup_on(void **state)
{
	int e = fx_setup(state);
	struct fx *x = *state;
	on(x->s, SIDE_SC);
	on(x->s, SIDE_SF);
	return e;
}
#define ON_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup_on, fx_teardown)

/* ---- names ---- */

static void two_of_a_name_are_told_apart(void **state)
{
	struct fx *x = *state;
	struct kept k;
	int64_t id[3];
	for (int i = 0; i < 3; i++) {
		id[i] = make(x->s, "A", SIDE_LOCAL);
		assert_ok(store_delete(x->s, id[i], SIDE_LOCAL, NOW + i, 0));
	}
	/* the last one deleted is the one meant */
	check_list(x->s, KEEP_TRASH, "A ~1.txt\nA ~2.txt\nA.txt\n");
	assert_int_equal(kept_id(x->s, KEEP_TRASH, "A.txt"), id[2]);
	assert_int_equal(kept_id(x->s, KEEP_TRASH, "A ~1.txt"), id[0]);
	/* rm -r goes on, whatever left meanwhile */
	assert_int_equal(kept_id(x->s, KEEP_TRASH, "A ~3.txt"), id[2]);
	assert_err(store_kept_find(x->s, KEEP_TRASH, "B ~1.txt", &k), ERR_NOENT);
	assert_err(store_kept_find(x->s, KEEP_TRASH, "A ~9.txt", &k), ERR_NOENT);
	char title[400] = "";
	for (int i = 0; i < 120; i++)
		strcat(title, "é");
	for (int i = 0; i < 2; i++)
		assert_ok(store_delete(x->s, make(x->s, title, SIDE_LOCAL), SIDE_LOCAL, NOW + i, 0));
	assert_ok(store_kept(x->s, KEEP_TRASH, 4, &k));
	assert_true(strlen(k.name) <= NAME_LEN);
	assert_int_equal(kept_id(x->s, KEEP_TRASH, k.name), 4);
}

static void outbox_names_are_told_apart(void **state)
{
	struct fx *x = *state;
	struct kept k;
	int64_t gone[2], there;
	make(x->s, "B", SIDE_LOCAL);
	for (int i = 0; i < 2; i++) {
		char rid[8] = { (char)('a' + i) };
		gone[i] = make(x->s, "A", SIDE_SC);
		join(x->s, gone[i], SIDE_SC, rid);
		assert_ok(store_delete(x->s, gone[i], SIDE_LOCAL, NOW + i, 0));
	}
	there = make(x->s, "A", SIDE_LOCAL);
	/* the one that is there is the one meant */
	check_list(x->s, KEEP_OUTBOX, "B.txt\nA ~2.txt\nA ~3.txt\nA.txt\n");
	assert_int_equal(kept_id(x->s, KEEP_OUTBOX, "A.txt"), there);
	for (int i = 0; i < 2; i++) {
		char name[20];
		snprintf(name, sizeof(name), "A ~%d.txt", (int)gone[i]);
		assert_int_equal(kept_id(x->s, KEEP_OUTBOX, name), gone[i]);
		assert_ok(store_kept(x->s, KEEP_OUTBOX, gone[i], &k));
		assert_string_equal(k.name, name);
	}
	clear_outbox(x->s);
	assert_err(store_kept_find(x->s, KEEP_OUTBOX, "A.txt", &k), ERR_NOENT);
	assert_err(store_kept(x->s, KEEP_OUTBOX, there, &k), ERR_NOENT);
}

static int count_step(void *n)
{
	++*(int *)n;
	return 0;
}

/* SQLite's steps for one row, by its name and by its id. */
static int steps_for(struct fx *x, enum keep which, int64_t id, const char *name)
{
	struct kept k;
	int n = 0;
	assert_int_equal(kept_id(x->s, which, name), id);	/* prepares it */
	sqlite3_progress_handler(x->s->db, 1, count_step, &n);
	assert_int_equal(kept_id(x->s, which, name), id);
	assert_ok(store_kept(x->s, which, id, &k));
	sqlite3_progress_handler(x->s->db, 0, NULL, NULL);
	return n;
}

static void a_thousand_unsent(struct store *s)
{
	for (int i = 0; i < 1000; i++) {
		char title[20];
		snprintf(title, sizeof(title), "%d", i);
		int64_t id = make(s, title, SIDE_LOCAL);
		if (i & 1)
			assert_ok(store_delete(s, id, SIDE_LOCAL, NOW, 0));
	}
}

/* ls -l asks for each file: a thousand others make none of them dearer. */
static void one_row_is_found_without_a_look_at_the_others(void **state)
{
	struct fx *x = *state;
	int64_t gone = synced(x, "Gone"), waits = make(x->s, "Waits", SIDE_LOCAL);
	assert_ok(store_delete(x->s, gone, SIDE_LOCAL, NOW, 0));
	int outbox = steps_for(x, KEEP_OUTBOX, waits, "Waits.txt"), trash = steps_for(x, KEEP_TRASH, gone, "Gone.txt");
	a_thousand_unsent(x->s);
	assert_true(steps_for(x, KEEP_OUTBOX, waits, "Waits.txt") < 2 * outbox);
	assert_true(steps_for(x, KEEP_TRASH, gone, "Gone.txt") < 2 * trash);
}

/* ---- the trash ---- */

static void days(struct store *s, int n)
{
	for (int i = 0; i < n; i++)
		assert_ok(store_trash_age(s, TRASH_STEP_MS));
}
/* one more, as it is not known when in the day it was deleted */
#define TRASH_DAYS ((int)(TRASH_MS / TRASH_STEP_MS) + 1)

static void the_trash_keeps_15_days(void **state)
{
	struct fx *x = *state;
	struct kept k;
	int64_t back, id = make(x->s, "Old", SIDE_LOCAL), busy = synced(x, "Busy");
	set(x->s, id, FIELD_DETAILS, "words", SIDE_LOCAL);
	days(x->s, 40);
	assert_ok(store_delete(x->s, id, SIDE_LOCAL, NOW, 0));
	assert_ok(store_delete(x->s, busy, SIDE_LOCAL, NOW, 0));
	days(x->s, TRASH_DAYS - 1);
	assert_ok(store_trash_age(x->s, TRASH_STEP_MS - 1));
	assert_ok(store_kept_find(x->s, KEEP_TRASH, "Old.txt", &k));
	assert_int_equal(k.at, NOW);
	check_field(x->s, id, FIELD_DETAILS, "words");
	assert_ok(store_trash_age(x->s, 1));
	assert_err(store_kept_find(x->s, KEEP_TRASH, "Old.txt", &k), ERR_NOENT);
	assert_err(store_restore(x->s, id, NULL, NOW, GRACE, &back), ERR_NOENT);
	check_field(x->s, id, FIELD_DETAILS, NULL);
	check_gone(x->s, id, GONE_DELETED);
	assert_int_equal(number(x->s, "SELECT count(*) FROM history WHERE task = 1"), 0);
	assert_ok(store_kept_find(x->s, KEEP_TRASH, "Busy.txt", &k));	/* not sent yet: as it is */
}

/* Whatever the clock said when it was deleted, and says now. */
static void a_clock_that_is_wrong_empties_no_trash(void **state)
{
	static const int64_t at[] = { 1, NOW - 20 * 366 * TRASH_STEP_MS, NOW, NOW + 20 * 366 * TRASH_STEP_MS };
	struct fx *x = *state;
	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
		struct kept k;
		int64_t back, id = make(x->s, "Precious", SIDE_LOCAL);
		set(x->s, id, FIELD_DETAILS, "words", SIDE_LOCAL);
		assert_ok(store_delete(x->s, id, SIDE_LOCAL, at[i], 0));
		days(x->s, TRASH_DAYS - 1);
		assert_ok(store_kept_find(x->s, KEEP_TRASH, "Precious.txt", &k));
		assert_ok(store_restore(x->s, id, NULL, NOW, GRACE, &back));
		check_field(x->s, back, FIELD_DETAILS, "words");
		assert_ok(store_delete(x->s, back, SIDE_LOCAL, at[i], 0));	/* from here on anew */
		days(x->s, TRASH_DAYS - 1);
		check_field(x->s, back, FIELD_DETAILS, "words");
	}
}

/* Nobody looked for weeks, and the deletion may have come at their end. */
static void what_was_deleted_since_the_last_look_is_new(void **state)
{
	struct fx *x = *state;
	struct kept k;
	int64_t id = make(x->s, "Precious", SIDE_SF);
	days(x->s, 3);
	assert_ok(store_delete(x->s, id, SIDE_SF, NOW, 0));
	clear_outbox(x->s);
	for (int i = 1; i < TRASH_DAYS; i++)
		assert_ok(store_trash_age(x->s, 3 * TRASH_MS));
	assert_ok(store_kept_find(x->s, KEEP_TRASH, "Precious.txt", &k));
}

static void *commit_soon(void *tx)
{
	usleep(50000);
	return (void *)(intptr_t)tx_commit(tx);
}

/* A mount empties it while the sync already writes. */
static void the_trash_is_emptied_after_who_is_writing(void **state)
{
	struct fx *x = *state;
	struct store *other = NULL;
	struct tx tx;
	pthread_t writer;
	void *bad;
	int64_t id = make(x->s, "Old", SIDE_LOCAL);
	set(x->s, id, FIELD_DETAILS, "words", SIDE_LOCAL);
	assert_ok(store_delete(x->s, id, SIDE_LOCAL, NOW, 0));
	days(x->s, TRASH_DAYS - 1);
	assert_ok(store_open(x->path, &(struct store_options){ 0 }, &other));
	assert_ok(tx_begin(other, &tx));
	make(other, "New", SIDE_SC);
	assert_int_equal(pthread_create(&writer, NULL, commit_soon, &tx), 0);
	assert_ok(store_trash_age(x->s, TRASH_STEP_MS));
	pthread_join(writer, &bad);
	assert_null(bad);
	check_field(x->s, id, FIELD_DETAILS, NULL);
	store_close(other);
}

/* rm in the trash: not what was deleted a moment ago, or rm -r of everything could not be taken back. */
static void rm_purges_what_is_surely_meant(void **state)
{
	struct fx *x = *state;
	struct kept k;
	int64_t old = make(x->s, "Old", SIDE_LOCAL), other = make(x->s, "Other", SIDE_LOCAL), busy = synced(x, "Busy");
	int64_t later = NOW + TRASH_SURE_MS;
	set(x->s, old, FIELD_DETAILS, "words", SIDE_LOCAL);
	set(x->s, other, FIELD_DETAILS, "others", SIDE_LOCAL);
	assert_err(store_trash_forget(x->s, old, later), ERR_BUSY);	/* alive */
	assert_ok(store_delete(x->s, old, SIDE_LOCAL, NOW, 0));
	assert_ok(store_delete(x->s, other, SIDE_LOCAL, NOW, 0));
	assert_ok(store_delete(x->s, busy, SIDE_LOCAL, NOW, 0));
	assert_err(store_trash_forget(x->s, old, later - 1), ERR_BUSY);
	assert_err(store_trash_forget(x->s, busy, later), ERR_BUSY);	/* not sent yet */
	check_field(x->s, old, FIELD_DETAILS, "words");
	assert_ok(store_trash_forget(x->s, old, later));
	check_field(x->s, old, FIELD_DETAILS, NULL);
	check_field(x->s, other, FIELD_DETAILS, "others");
	assert_err(store_kept_find(x->s, KEEP_TRASH, "Old.txt", &k), ERR_NOENT);
	check_gone(x->s, old, GONE_DELETED);
	clear_outbox(x->s);
	assert_ok(store_trash_forget(x->s, busy, later));
}

/* D3: what may have been deleted out there does not come back as itself. */
static void D3_restored_as_itself_or_anew(void **state)
{
	static const struct {
		const char *what;
		bool linked, gone, refused;
		enum side by;
		int64_t after;
		bool same;
	} row[] = {
		{ "in its grace", true, false, false, SIDE_LOCAL, GRACE - 1, true },
		{ "deleted in the future: nobody knows", true, false, false, SIDE_LOCAL, -1, false },
		{ "due, perhaps on its way", true, false, false, SIDE_LOCAL, GRACE, false },
		{ "sent", true, true, false, SIDE_LOCAL, GRACE, false },
		{ "sent to one side, already", true, true, false, SIDE_LOCAL, 1, false },
		{ "refused", true, false, true, SIDE_LOCAL, GRACE, true },
		{ "deleted there", true, true, false, SIDE_SC, 1, false },
		{ "on no side", false, false, false, SIDE_LOCAL, GRACE, true },
		{ "its record came as another task", false, false, false, SIDE_SC, 1, false },
	};
	struct fx *x = *state;
	for (size_t i = 0; i < COUNT(row); i++) {
		int64_t back, id = row[i].linked ? synced(x, row[i].what) : make(x->s, row[i].what, SIDE_LOCAL);
		set(x->s, id, FIELD_DETAILS, "words", SIDE_LOCAL);
		clear_outbox(x->s);
		if (row[i].linked)
			set(x->s, id, FIELD_DETAILS, NULL, SIDE_LOCAL);
		assert_ok(store_delete(x->s, id, row[i].by, NOW, GRACE));
		if (row[i].gone)
			set_link(x->s, id, SIDE_SC, false, true);
		if (row[i].refused)
			assert_int_equal(sqlite3_exec(x->s->db, "UPDATE outbox SET wait = -1, err = 1", NULL, NULL, NULL), 0);
		assert_ok(store_restore(x->s, id, TASK_OPEN, NOW + row[i].after, GRACE, &back));
		if ((back == id) != row[i].same)
			fail_msg("%s", row[i].what);
		check_gone(x->s, back, GONE_NO);
		check_field(x->s, back, FIELD_TITLE, row[i].what);
		check_field(x->s, back, FIELD_DETAILS, row[i].linked ? NULL : "words");
		/* anew: born on both sides, once; the old one's deletion still goes out */
		bool births = back != id || !row[i].linked;
		assert_int_equal(waits(x->s, back, SIDE_SF), births);
		bool first = back != id && row[i].linked;
		if (back != id)
			assert_int_equal(waits(x->s, id, SIDE_SF), first);
		assert_int_equal(due_at(x->s, back, SIDE_SF, NOW + row[i].after + GRACE), births && !first);
		for (enum side side = SIDE_SC; side < NSIDES && first; side++)
			assert_ok(store_outbox_done(x->s, id, side, INT64_MAX));
		assert_int_equal(due_at(x->s, back, SIDE_SF, NOW + row[i].after + GRACE), births);
		struct kept k;
		assert_err(store_kept(x->s, KEEP_TRASH, id, &k), ERR_NOENT);
		clear_outbox(x->s);
	}
}

static bool see_second(void *arg, const struct waiting *w)
{
	*(bool *)arg |= w->second;
	return true;
}

static bool is_second(struct store *s, int64_t id)
{
	bool yes = false;
	assert_ok(store_waiting(s, id, NOW, see_second, &yes));
	return yes;
}

/* To another mount it looks like the old one, of which it would know one record only. */
static void what_was_taken_back_waits_for_the_old_ones_deletion(void **state)
{
	enum { SENT, REFUSED, OFF, TOUCHED, HOWS };
	struct fx *x = *state;
	for (int how = 0; how < HOWS; how++) {
		int64_t back, ms, id = synced(x, "T");
		clear_outbox(x->s);
		assert_ok(store_delete(x->s, id, SIDE_LOCAL, NOW - GRACE, 0));
		assert_ok(store_restore(x->s, id, TASK_OPEN, NOW, 0, &back));
		assert_ok(store_outbox_done(x->s, id, SIDE_SC, INT64_MAX));
		assert_true(is_second(x->s, back));
		assert_false(due_at(x->s, back, SIDE_SC, NOW));
		assert_ok(store_outbox_next(x->s, SIDE_SC, NOW, &ms));
		assert_int_equal(ms, -1);
		if (how == SENT)
			assert_ok(store_outbox_done(x->s, id, SIDE_SF, INT64_MAX));
		else if (how == REFUSED)
			assert_ok(store_outbox_fail(x->s, id, SIDE_SF, INT64_MAX, ERR_REFUSED, "", NOW, -1));
		else if (how == OFF)
			assert_ok(store_side_switch(x->s, SIDE_SF, false, NOW));
		else
			assert_ok(store_retry(x->s, back, NOW));
		assert_false(is_second(x->s, back));
		assert_true(due_at(x->s, back, SIDE_SC, NOW));
		assert_ok(store_side_switch(x->s, SIDE_SF, true, NOW));
		clear_outbox(x->s);
	}
}

static void a_restored_text_is_the_users_own(void **state)
{
	struct fx *x = *state;
	static const char text[] = "# mine\nTitle: T\nDue:\nPriority: High\n\nx\n";
	struct task t = { .field = { "T", NULL, TASK_HIGH, NULL, "x" } };
	int64_t back, id = synced(x, "T");
	assert_ok(store_edit(x->s, id, &t, BIT(FIELD_PRIORITY) | BIT(FIELD_DETAILS), 0, text, strlen(text), SIDE_LOCAL, NOW));
	assert_ok(store_delete(x->s, id, SIDE_SC, NOW, 0));
	assert_ok(store_restore(x->s, id, TASK_COMPLETE, NOW, 0, &back));
	assert_int_not_equal(back, id);
	check_text(x->s, back, text);
	check_field(x->s, back, FIELD_STATUS, TASK_COMPLETE);
	assert_ok(store_draft(x->s, back, "Due: x", 6, 1, "no date", NOW));
	assert_ok(store_delete(x->s, back, SIDE_SC, NOW, 0));
	join(x->s, back, SIDE_SC, "gone");
	assert_ok(store_restore(x->s, back, NULL, NOW, 0, &id));
	check_text(x->s, id, "Due: x");
	check_state(x->s, id, "invalid");
}

/* ---- conflicts ---- */

static int64_t clash(struct fx *x, int64_t id, bool theirs)
{
	struct task base = { .field = { "T", TASK_OPEN, TASK_NORMAL, NULL, "base" } };
	struct task ours = { .field = { "T", TASK_OPEN, TASK_HIGH, NULL, "ours" } };
	struct task other = { .field = { "T", TASK_OPEN, TASK_NORMAL, "2026-09-03", "other" } };
	assert_ok(store_conflict(x->s, id, SIDE_SF, &base, &ours, theirs ? &other : NULL, NOW));
	return number(x->s, "SELECT max(id) FROM conflict");
}

static void D2_a_conflict_is_kept_until_dismissed(void **state)
{
	struct fx *x = *state;
	struct kept k;
	AUTO_TASK t = TASK_INIT;
	int64_t id = synced(x, "T"), c = clash(x, id, true);
	assert_ok(store_kept_find(x->s, KEEP_CONFLICTS, "T.txt", &k));
	assert_int_equal(k.id, c);
	assert_int_equal(k.task, id);
	assert_int_equal(k.versions, BIT(VERSION_BASE) | BIT(VERSION_MINE) | BIT(VERSION_THEIRS));
	assert_ok(store_conflict_version(x->s, c, VERSION_THEIRS, &t));
	assert_same("details", t.field[FIELD_DETAILS], "other");
	assert_err(store_conflict_version(x->s, c + 1, VERSION_MINE, &(struct task){ 0 }), ERR_NOENT);
	assert_ok(store_conflict_forget(x->s, c, VERSION_BASE));
	assert_err(store_conflict_forget(x->s, c, VERSION_BASE), ERR_NOENT);
	check_list(x->s, KEEP_CONFLICTS, "T.txt\n");
	assert_ok(store_conflict_dismiss(x->s, c));
	assert_err(store_conflict_dismiss(x->s, c), ERR_NOENT);
	check_list(x->s, KEEP_CONFLICTS, "");
	assert_int_equal(number(x->s, "SELECT count(*) FROM version"), 0);
	check_state(x->s, id, "synced");
}

static void D2_resolved_either_way(void **state)
{
	static const struct {
		const char *what, *is;		/* details as they stand */
		enum version take;
		const char *details;
	} row[] = {
		{ "ours won, take theirs", "ours", VERSION_THEIRS, "other" },
		{ "ours won, keep mine", "ours", VERSION_MINE, "ours" },
		{ "theirs won, take mine", "other", VERSION_MINE, "ours" },
		{ "merged by hand, keep that", "both", VERSION_MINE, "both" },
		{ "merged by hand, take theirs", "both", VERSION_THEIRS, "other" },
	};
	struct fx *x = *state;
	for (size_t i = 0; i < COUNT(row); i++) {
		int64_t task, id = synced(x, row[i].what);
		set(x->s, id, FIELD_PRIORITY, TASK_HIGH, SIDE_LOCAL);	/* no clash: both keep their change */
		set(x->s, id, FIELD_DUE, "2026-09-03", SIDE_SF);
		set(x->s, id, FIELD_DETAILS, row[i].is, SIDE_LOCAL);
		clear_outbox(x->s);
		assert_ok(store_conflict_take(x->s, clash(x, id, true), row[i].take, NOW + 50, GRACE, &task));
		assert_int_equal(task, id);
		check_field(x->s, id, FIELD_DETAILS, row[i].details);
		check_field(x->s, id, FIELD_PRIORITY, TASK_HIGH);
		check_field(x->s, id, FIELD_DUE, "2026-09-03");
		check_field(x->s, id, FIELD_TITLE, row[i].what);
		assert_int_equal(waits(x->s, id, SIDE_SF), strcmp(row[i].is, row[i].details) != 0);
		check_list(x->s, KEEP_CONFLICTS, "");
	}
}

static void D3_an_edited_text_comes_back_as_a_new_task(void **state)
{
	struct fx *x = *state;
	int64_t task, id = synced(x, "T"), c;
	assert_ok(store_delete(x->s, id, SIDE_SF, NOW, 0));
	set_link(x->s, id, SIDE_SF, false, true);
	c = clash(x, id, false);
	assert_ok(store_conflict_take(x->s, c, VERSION_THEIRS, NOW, GRACE, &task));	/* the deletion */
	assert_int_equal(task, 0);
	check_gone(x->s, id, GONE_DELETED);
	c = clash(x, id, false);
	assert_ok(store_conflict_take(x->s, c, VERSION_MINE, NOW, GRACE, &task));
	assert_true(task && task != id);
	check_field(x->s, task, FIELD_DETAILS, "ours");
	assert_false(due_at(x->s, task, SIDE_SC, NOW + GRACE));
	assert_ok(store_outbox_done(x->s, id, SIDE_SC, INT64_MAX));
	assert_true(due_at(x->s, task, SIDE_SC, NOW + GRACE));
	check_gone(x->s, id, GONE_DELETED);
	c = clash(x, id, false);	/* no longer in the trash */
	assert_ok(store_conflict_take(x->s, c, VERSION_MINE, NOW, GRACE, &task));
	check_name(x->s, task, "T (2).txt");
	check_field(x->s, task, FIELD_PRIORITY, TASK_HIGH);
}

/* ---- the outbox ---- */

struct seen {
	int n;
	struct waiting w[NSIDES];
};

static bool see(void *arg, const struct waiting *w)
{
	struct seen *p = arg;
	p->w[p->n++] = *w;
	return true;
}

static void the_outbox_says_what_waits(void **state)
{
	struct fx *x = *state;
	struct seen seen = { 0 };
	int64_t id = synced(x, "E"), gone = synced(x, "D");
	struct outgoing o;
	size_t n;
	make(x->s, "C", SIDE_LOCAL);
	check_list(x->s, KEEP_OUTBOX, "C.txt\n");
	set(x->s, id, FIELD_DUE, "2026-09-03", SIDE_LOCAL);
	assert_ok(store_delete(x->s, gone, SIDE_LOCAL, NOW, GRACE));
	check_list(x->s, KEEP_OUTBOX, "E.txt\nD.txt\nC.txt\n");
	assert_ok(store_outbox(x->s, SIDE_SF, NOW + 20, &o, 1, &n));
	assert_ok(store_outbox_fail(x->s, id, SIDE_SF, o.seq, ERR_REFUSED, "no", NOW + 30, -1));
	assert_ok(store_waiting(x->s, id, NOW + 40, see, &seen));
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.w[0].side, SIDE_SC);
	assert_int_equal(seen.w[0].next, 0);
	assert_int_equal(seen.w[1].next, -1);
	assert_int_equal(seen.w[1].tries, 1);
	assert_int_equal(seen.w[1].err, ERR_REFUSED);
	assert_int_equal(seen.w[1].fields, BIT(FIELD_DUE));
	assert_same("what", seen.w[1].what, "edit");
	seen.n = 0;
	assert_ok(store_waiting(x->s, gone, NOW + 40, see, &seen));
	assert_same("what", seen.w[0].what, "delete");
	assert_int_equal(seen.w[0].next, NOW + GRACE);
	/* the sync has yet to see that nothing is left: not listed */
	set(x->s, id, FIELD_DUE, NULL, SIDE_LOCAL);
	check_list(x->s, KEEP_OUTBOX, "D.txt\nC.txt\n");
}

static void what_was_sent_and_is_not_known_to_be_there_waits(void **state)
{
	struct fx *x = *state;
	struct seen seen = { 0 };
	int64_t id = make(x->s, "Q", SIDE_LOCAL);
	join(x->s, id, SIDE_SC, NULL);
	join(x->s, id, SIDE_SF, "r");
	check_list(x->s, KEEP_OUTBOX, "Q.txt\n");
	assert_ok(store_waiting(x->s, id, NOW, see, &seen));
	assert_same("what", seen.w[0].what, "create");
	assert_ok(store_retry(x->s, id, NOW));
}

static void touch_tries_again_now(void **state)
{
	struct fx *x = *state;
	int64_t id = synced(x, "E"), held = make(x->s, "C", SIDE_LOCAL);
	struct outgoing o;
	size_t n;
	set(x->s, id, FIELD_DUE, "2026-09-03", SIDE_LOCAL);
	assert_ok(store_outbox(x->s, SIDE_SF, NOW + 20, &o, 1, &n));
	assert_ok(store_outbox_fail(x->s, id, SIDE_SF, o.seq, ERR_REFUSED, "no", NOW + 30, -1));
	assert_false(due_at(x->s, id, SIDE_SF, NOW + 999999));
	uint64_t rung = wake_count(x->outbox);
	assert_ok(store_retry(x->s, id, NOW + 40));
	assert_true(due_at(x->s, id, SIDE_SF, NOW + 40));
	assert_true(wake_count(x->outbox) > rung);
	assert_ok(store_retry(x->s, held, NOW + 40));
	assert_false(due_at(x->s, held, SIDE_SF, NOW + 40));	/* somebody still has it open */
	assert_err(store_retry(x->s, 99, NOW), ERR_NOENT);
}

static void rm_cancels_an_edit(void **state)
{
	struct fx *x = *state;
	int64_t id = synced(x, "T");
	set(x->s, id, FIELD_DETAILS, "edited", SIDE_LOCAL);
	set(x->s, id, FIELD_TITLE, "New", SIDE_LOCAL);
	assert_ok(store_cancel(x->s, id, NOW + 50, GRACE));
	check_field(x->s, id, FIELD_DETAILS, NULL);
	check_name(x->s, id, "T.txt");
	check_list(x->s, KEEP_OUTBOX, "");
	assert_true(waits(x->s, id, SIDE_SF));	/* were it on its way, the old values must follow */
	assert_err(store_cancel(x->s, id, NOW + 60, GRACE), ERR_NOENT);
	/* what another side edited is not ours to take back */
	set(x->s, id, FIELD_DUE, "2026-09-03", SIDE_SC);
	join(x->s, id, SIDE_SC, "again");
	assert_err(store_cancel(x->s, id, NOW + 70, GRACE), ERR_PERM);
	check_field(x->s, id, FIELD_DUE, "2026-09-03");
}

static void rm_cancels_a_create_and_a_delete(void **state)
{
	struct fx *x = *state;
	int64_t gone = synced(x, "D"), id = make(x->s, "C", SIDE_LOCAL), half = make(x->s, "H", SIDE_LOCAL), doubt;
	assert_ok(store_cancel(x->s, id, NOW, GRACE));
	check_gone(x->s, id, GONE_DELETED);
	check_list(x->s, KEEP_TRASH, "C.txt\n");	/* the text is kept */
	assert_false(waits(x->s, id, SIDE_SF));
	assert_ok(store_delete(x->s, gone, SIDE_LOCAL, NOW, GRACE));
	assert_ok(store_cancel(x->s, gone, NOW + 1, GRACE));
	check_gone(x->s, gone, GONE_NO);
	assert_false(waits(x->s, gone, SIDE_SF));
	join(x->s, half, SIDE_SC, "half");	/* to be born in one side only */
	assert_ok(store_cancel(x->s, half, NOW, GRACE));
	check_gone(x->s, half, GONE_NO);
	assert_false(waits(x->s, half, SIDE_SF));
	doubt = make(x->s, "Q", SIDE_LOCAL);
	join(x->s, doubt, SIDE_SC, NULL);
	join(x->s, doubt, SIDE_SF, NULL);
	set(x->s, doubt, FIELD_DUE, "2026-09-03", SIDE_LOCAL);
	assert_err(store_cancel(x->s, doubt, NOW, GRACE), ERR_BUSY);
	check_field(x->s, doubt, FIELD_DUE, "2026-09-03");
}

/* ---- undo ---- */

static void edit_at(struct fx *x, int64_t id, enum field f, const char *v, enum side by, int64_t at)
{
	struct task t = TASK_INIT;
	t.field[f] = (char *)v;
	assert_ok(store_edit(x->s, id, &t, BIT(f), 0, NULL, 0, by, at));
}

static void undo_takes_back_one_after_the_other(void **state)
{
	struct fx *x = *state;
	int64_t task, id = synced(x, "T"), other = synced(x, "U");
	assert_err(store_undo(x->s, NOW, GRACE, &task), ERR_NOENT);
	edit_at(x, id, FIELD_DETAILS, "one", SIDE_LOCAL, NOW + 1);
	edit_at(x, other, FIELD_DUE, "2026-09-03", SIDE_LOCAL, NOW + 2);
	edit_at(x, id, FIELD_PRIORITY, TASK_HIGH, SIDE_SC, NOW + 3);	/* not ours */
	clear_outbox(x->s);
	join(x->s, other, SIDE_SC, "synced meanwhile");
	assert_ok(store_undo(x->s, NOW + 4, GRACE, &task));
	assert_int_equal(task, other);
	check_field(x->s, other, FIELD_DUE, NULL);
	assert_true(waits(x->s, other, SIDE_SC));	/* it goes out as an edit of its own */
	assert_ok(store_undo(x->s, NOW + 5, GRACE, &task));
	assert_int_equal(task, id);
	check_field(x->s, id, FIELD_DETAILS, NULL);
	check_field(x->s, id, FIELD_PRIORITY, TASK_HIGH);
	assert_err(store_undo(x->s, NOW + 6, GRACE, &task), ERR_NOENT);
	edit_at(x, id, FIELD_DETAILS, "two", SIDE_LOCAL, NOW + 7);
	assert_ok(store_undo(x->s, NOW + 8, GRACE, &task));
	check_field(x->s, id, FIELD_DETAILS, NULL);
	/* what was undone before that edit is an edit, too */
	assert_ok(store_undo(x->s, NOW + 9, GRACE, &task));
	check_field(x->s, id, FIELD_DETAILS, "one");
}

static void undo_spares_what_others_changed_since(void **state)
{
	struct fx *x = *state;
	int64_t task, id = synced(x, "T");
	edit_at(x, id, FIELD_DUE, "2026-09-03", SIDE_LOCAL, NOW + 1);
	edit_at(x, id, FIELD_DETAILS, "ours", SIDE_LOCAL, NOW + 2);
	edit_at(x, id, FIELD_DETAILS, "theirs", SIDE_SF, NOW + 3);
	assert_err(store_undo(x->s, NOW + 4, GRACE, &task), ERR_STALE);
	check_field(x->s, id, FIELD_DETAILS, "theirs");
	assert_ok(store_undo(x->s, NOW + 5, GRACE, &task));
	check_field(x->s, id, FIELD_DUE, NULL);
}

static void undo_brings_a_deleted_task_back(void **state)
{
	struct fx *x = *state;
	int64_t task, id = synced(x, "T");
	edit_at(x, id, FIELD_DETAILS, "one", SIDE_LOCAL, NOW + 1);
	assert_ok(store_delete(x->s, id, SIDE_LOCAL, NOW + 2, GRACE));
	assert_ok(store_undo(x->s, NOW + 3, GRACE, &task));
	assert_int_equal(task, id);
	check_gone(x->s, id, GONE_NO);
	check_field(x->s, id, FIELD_DETAILS, "one");
	assert_ok(store_undo(x->s, NOW + 4, GRACE, &task));
	check_field(x->s, id, FIELD_DETAILS, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_of_a_name_are_told_apart),
		ON_TEST(outbox_names_are_told_apart),
		ON_TEST(one_row_is_found_without_a_look_at_the_others),
		ON_TEST(the_trash_keeps_15_days),
		ON_TEST(a_clock_that_is_wrong_empties_no_trash),
		ON_TEST(what_was_deleted_since_the_last_look_is_new),
		ON_TEST(the_trash_is_emptied_after_who_is_writing),
		ON_TEST(rm_purges_what_is_surely_meant),
		ON_TEST(D3_restored_as_itself_or_anew),
		ON_TEST(what_was_taken_back_waits_for_the_old_ones_deletion),
		ON_TEST(a_restored_text_is_the_users_own),
		ON_TEST(D2_a_conflict_is_kept_until_dismissed),
		ON_TEST(D2_resolved_either_way),
		ON_TEST(D3_an_edited_text_comes_back_as_a_new_task),
		ON_TEST(the_outbox_says_what_waits),
		ON_TEST(what_was_sent_and_is_not_known_to_be_there_waits),
		ON_TEST(touch_tries_again_now),
		ON_TEST(rm_cancels_an_edit),
		ON_TEST(rm_cancels_a_create_and_a_delete),
		ON_TEST(undo_takes_back_one_after_the_other),
		ON_TEST(undo_spares_what_others_changed_since),
		ON_TEST(undo_brings_a_deleted_task_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
