/* Deleted, parked, revived, away; scratch files. */
#include "store_unit.h"

/* ---- delete ---- */

static void a_delete_goes_to_the_other_linked_sides(void **state)
{
	static const struct {
		const char *what;
		bool sc, sf, in_doubt, sf_away, sf_gone;
		enum side by;
		bool want_sc, want_sf;
	} row[] = {
		{ "nowhere", false, false, false, false, false, SIDE_LOCAL, false, false },
		{ "both", true, true, false, false, false, SIDE_LOCAL, true, true },
		{ "one", true, false, false, false, false, SIDE_LOCAL, true, false },
		{ "from there", true, true, false, false, false, SIDE_SC, false, true },
		{ "in doubt", true, true, true, false, false, SIDE_LOCAL, true, true },
		{ "away", true, true, false, true, false, SIDE_LOCAL, true, false },
		{ "gone there", true, true, false, false, true, SIDE_LOCAL, true, false },
	};
	struct fx *x = *state;
	on(x->s, SIDE_SC);
	on(x->s, SIDE_SF);
	for (size_t i = 0; i < COUNT(row); i++) {
		char rid[20];
		snprintf(rid, sizeof(rid), "r%zu", i);
		int64_t id = make(x->s, row[i].what, SIDE_LOCAL);
		if (row[i].sc)
			join(x->s, id, SIDE_SC, rid);
		if (row[i].sf)
			join(x->s, id, SIDE_SF, row[i].in_doubt ? NULL : rid);
		if (row[i].sf)
			set_link(x->s, id, SIDE_SF, row[i].sf_away, row[i].sf_gone);
		assert_ok(store_delete(x->s, id, row[i].by, NOW, GRACE));
		check_gone(x->s, id, GONE_DELETED);
		assert_false(due_at(x->s, id, SIDE_SC, NOW + GRACE - 1));
		assert_false(due_at(x->s, id, SIDE_SF, NOW + GRACE - 1));
		if (due_at(x->s, id, SIDE_SC, NOW + GRACE) != row[i].want_sc ||
			due_at(x->s, id, SIDE_SF, NOW + GRACE) != row[i].want_sf)
			fail_msg("%s", row[i].what);
		assert_no_write(x->s, store_delete(x->s, id, SIDE_SC, NOW + 1, GRACE));
		AUTO_TASK t = TASK_INIT;
		assert_ok(store_get(x->s, id, &t));		/* the trash keeps it */
		assert_same("title", t.field[FIELD_TITLE], row[i].what);
	}
	assert_err(store_delete(x->s, 999, SIDE_LOCAL, NOW, 0), ERR_NOENT);
}

/* ---- park and revive ---- */

/* vim: T -> T~, T is created anew, T~ is removed. */
static void a_backup_rename_is_one_edit(void **state)
{
	struct fx *x = *state;
	struct scratch sc;
	struct entry e;
	int64_t backup, back;
	AUTO_BUF b = BUF_INIT;
	on(x->s, SIDE_SC);
	int64_t id = make(x->s, "T", SIDE_LOCAL);
	join(x->s, id, SIDE_SC, "1");
	clear_outbox(x->s);
	assert_ok(store_park(x->s, id, true, "T.txt~", NOW, &backup));
	check_gone(x->s, id, GONE_PARKED);
	assert_ok(store_scratch_find(x->s, true, "T.txt~", &sc));
	assert_int_equal(sc.id, backup);
	assert_int_equal(sc.task, id);
	assert_ok(store_scratch_text(x->s, backup, &b));
	assert_same("backup", buf_str(&b), "Title: T\nPriority: Normal\nDue:\n\n");
	assert_int_equal(sc.size, (int64_t)b.n);
	assert_err(store_lookup(x->s, "T.txt", &e), ERR_NOENT);
	assert_err(store_park(x->s, id, true, "again~", NOW, &backup), ERR_NOENT);
	check_name(x->s, make(x->s, "T", SIDE_SC), "T (2).txt");	/* its name is still its own */
	assert_err(store_revive(x->s, "U.txt", true, NOW, &back), ERR_NOENT);
	assert_ok(store_revive(x->s, "T.txt", true, NOW + 1, &back));
	assert_int_equal(back, id);
	check_gone(x->s, id, GONE_NO);
	check_name(x->s, id, "T.txt");
	assert_ok(store_scratch(x->s, backup, &sc));
	assert_int_equal(sc.task, 0);
	assert_ok(store_scratch_remove(x->s, backup, NOW + 2, GRACE));
	check_gone(x->s, id, GONE_NO);
	assert_false(waits(x->s, id, SIDE_SC));			/* 0 deletes, 0 creates, 0 edits */
	assert_err(store_revive(x->s, "T.txt", true, NOW + 3, &back), ERR_NOENT);
	assert_err(store_scratch(x->s, backup, &sc), ERR_NOENT);
}

static void a_backup_thrown_away_is_a_delete(void **state)
{
	struct fx *x = *state;
	int64_t backup, other, id, id2, back;
	on(x->s, SIDE_SC);
	id = make(x->s, "T", SIDE_SC);
	join(x->s, id, SIDE_SC, "1");
	assert_ok(store_park(x->s, id, true, "x", NOW, &backup));
	assert_ok(store_scratch_remove(x->s, backup, NOW + 1, GRACE));
	check_gone(x->s, id, GONE_DELETED);
	assert_true(waits(x->s, id, SIDE_SC));
	assert_false(due_at(x->s, id, SIDE_SC, NOW + GRACE));
	assert_ok(store_revive(x->s, "T.txt", true, NOW + GRACE, &back));	/* and yet in time */
	assert_int_equal(back, id);
	assert_false(waits(x->s, id, SIDE_SC));
	/* overwritten by a rename, by another parked task, or by its own new backup */
	assert_ok(store_park(x->s, id, true, "x", NOW, &backup));
	id2 = make(x->s, "U", SIDE_SC);
	assert_ok(store_park(x->s, id2, true, "x", NOW + 1, &backup));
	check_gone(x->s, id, GONE_DELETED);
	check_gone(x->s, id2, GONE_PARKED);
	struct scratch sc = { .place = PLACE_OPEN, .mode = 0600, .name = "y" };
	assert_ok(store_scratch_create(x->s, &sc, "y", 1, NOW, &other));
	assert_ok(store_scratch_rename(x->s, other, true, "x"));
	check_gone(x->s, id2, GONE_DELETED);
	assert_ok(store_scratch(x->s, other, &sc));
	assert_same("name", sc.name, "x");
}

/* tar, unzip, git checkout: unlink, then create. */
static void what_is_created_again_is_the_same_task(void **state)
{
	static const struct {
		const char *what;
		int64_t after;		/* ms between the two */
		enum side by;		/* who deleted */
		const char *name;
		bool want;
	} row[] = {
		{ "at once", 0, SIDE_LOCAL, NULL, true },
		{ "within the grace", GRACE - 1, SIDE_LOCAL, NULL, true },
		{ "too late", GRACE, SIDE_LOCAL, NULL, false },
		{ "the clock was set back", -1000000, SIDE_LOCAL, NULL, false },
		{ "deleted from afar", 0, SIDE_SC, NULL, false },
		{ "another name", 0, SIDE_LOCAL, "Other.txt", false },
	};
	struct fx *x = *state;
	on(x->s, SIDE_SC);
	for (int linked = 0; linked < 2; linked++)
		for (size_t i = 0; i < COUNT(row); i++) {
			char rid[20], name[300];
			int64_t id = make(x->s, row[i].what, SIDE_LOCAL), back = 0;
			snprintf(rid, sizeof(rid), "%d.%zu", linked, i);
			snprintf(name, sizeof(name), "%s.txt", row[i].what);
			if (linked)
				join(x->s, id, SIDE_SC, rid);
			assert_ok(store_delete(x->s, id, row[i].by, NOW, GRACE));
			assert_int_equal(waits(x->s, id, SIDE_SC), linked && row[i].by == SIDE_LOCAL);
			enum err e = store_revive(x->s, row[i].name ? row[i].name : name, false,
				NOW + row[i].after, &back);
			if ((e == ERR_OK) != row[i].want || (e && e != ERR_NOENT))
				fail_msg("%s linked=%d: %s", row[i].what, linked, err_str(e));
			check_gone(x->s, id, row[i].want ? GONE_NO : GONE_DELETED);
			if (!row[i].want)
				continue;
			assert_int_equal(back, id);
			struct entry entry;
			assert_ok(store_entry(x->s, id, &entry));
			assert_false(entry.open);	/* created in completed/: that is what changed */
			assert_true(waits(x->s, id, SIDE_SC));
			/* a create is held again */
			assert_int_equal(due_at(x->s, id, SIDE_SC, NOW + GRACE), linked);
			assert_ok(store_delete(x->s, id, SIDE_LOCAL, NOW, 0));
		}
}

static void a_revived_one_sends_what_was_not_sent(void **state)
{
	struct fx *x = *state;
	int64_t back;
	on(x->s, SIDE_SC);
	on(x->s, SIDE_SF);
	int64_t id = make(x->s, "T", SIDE_LOCAL);
	join(x->s, id, SIDE_SC, "1");
	clear_outbox(x->s);
	assert_ok(store_delete(x->s, id, SIDE_LOCAL, NOW, GRACE));
	assert_ok(store_revive(x->s, "T.txt", true, NOW + 1, &back));
	assert_false(waits(x->s, id, SIDE_SC));		/* same as the base */
	assert_true(waits(x->s, id, SIDE_SF));		/* not born there yet */
	assert_false(due_at(x->s, id, SIDE_SF, NOW + 2));
	set(x->s, id, FIELD_DUE, "2026-09-03", SIDE_LOCAL);
	assert_ok(store_delete(x->s, id, SIDE_LOCAL, NOW + 20, GRACE));
	assert_ok(store_revive(x->s, "T.txt", true, NOW + 21, &back));
	assert_true(due_at(x->s, id, SIDE_SC, NOW + 21));
}

static void a_handle_on_a_deleted_file_keeps_it_revivable(void **state)
{
	struct fx *x = *state;
	int64_t back;
	on(x->s, SIDE_SC);
	int64_t id = make(x->s, "T", SIDE_SC);
	join(x->s, id, SIDE_SC, "1");
	assert_ok(store_delete(x->s, id, SIDE_LOCAL, NOW, GRACE));
	assert_ok(store_closed(x->s, id, NOW + 4000, GRACE));
	assert_false(due_at(x->s, id, SIDE_SC, NOW + 8999));
	assert_true(due_at(x->s, id, SIDE_SC, NOW + 9000));
	assert_ok(store_revive(x->s, "T.txt", true, NOW + 8999, &back));
	assert_false(waits(x->s, id, SIDE_SC));
}

/* A remote renames the task between T -> T~ and the new T. */
static void a_parked_task_is_waited_for_under_its_name(void **state)
{
	struct fx *x = *state;
	struct entry e;
	int64_t id = make(x->s, "T", SIDE_LOCAL), backup, back;
	assert_ok(store_park(x->s, id, true, "T.txt~", NOW, &backup));
	set(x->s, id, FIELD_TITLE, "New", SIDE_SC);
	assert_ok(store_revive(x->s, "T.txt", true, NOW + 20, &back));
	assert_int_equal(back, id);
	check_name(x->s, id, "New.txt");
	assert_ok(store_alias(x->s, "T.txt", NOW + 21, &e));
	assert_int_equal(e.id, id);
}

static void a_remote_delete_of_a_parked_task_spares_the_backup(void **state)
{
	struct fx *x = *state;
	struct scratch sc;
	int64_t id = make(x->s, "T", SIDE_SC), backup, back;
	assert_ok(store_park(x->s, id, true, "T.txt~", NOW, &backup));
	assert_ok(store_delete(x->s, id, SIDE_SC, NOW, 0));
	assert_ok(store_scratch(x->s, backup, &sc));
	assert_int_equal(sc.task, 0);
	assert_err(store_revive(x->s, "T.txt", true, NOW, &back), ERR_NOENT);
}

/* ---- away (D5) ---- */

static void away_on_every_side_leaves_the_view(void **state)
{
	struct fx *x = *state;
	int64_t id = make(x->s, "T", SIDE_SC), seq;
	join(x->s, id, SIDE_SC, "1");
	join(x->s, id, SIDE_SF, "2");
	set_link(x->s, id, SIDE_SC, true, false);
	check_gone(x->s, id, GONE_NO);
	set_link(x->s, id, SIDE_SF, true, false);
	check_gone(x->s, id, GONE_AWAY);
	assert_int_equal(last_change(x->s).what, CHANGE_NAME);
	assert_same("is", last_change(x->s).name, "");
	check_name(x->s, make(x->s, "T", SIDE_SC), "T.txt");	/* its name is free meanwhile */
	set_link(x->s, id, SIDE_SF, false, false);
	check_gone(x->s, id, GONE_NO);
	check_name(x->s, id, "T (2).txt");
	set_link(x->s, id, SIDE_SC, true, true);		/* gone there: SF alone decides */
	check_gone(x->s, id, GONE_NO);
	set_link(x->s, id, SIDE_SF, false, true);		/* gone everywhere: the caller deletes */
	check_gone(x->s, id, GONE_NO);
	seq = feed_last(x->s);
	assert_ok(store_delete(x->s, id, SIDE_SF, NOW, 0));
	set_link(x->s, id, SIDE_SF, true, false);
	check_gone(x->s, id, GONE_DELETED);			/* no zombie (D3) */
	assert_int_equal(feed_last(x->s), seq + 1);
	struct entry e;
	assert_ok(store_lookup(x->s, "T.txt", &e));
	join(x->s, e.id, SIDE_SC, "3");
	set_link(x->s, e.id, SIDE_SC, true, false);
	check_gone(x->s, e.id, GONE_AWAY);
	assert_ok(store_link_drop(x->s, e.id, SIDE_SC));
	check_gone(x->s, e.id, GONE_NO);
}

/* ---- scratch files ---- */

static bool count_scratch(void *arg, const struct scratch *sc)
{
	buf_printf(arg, "%s%s ", sc->name, sc->is_link ? "@" : "");
	return true;
}

static void scratch_files(void **state)
{
	struct fx *x = *state;
	struct scratch got, file = { .place = PLACE_OPEN, .mode = 0644, .name = "4913" };
	struct scratch lock = { .place = PLACE_OPEN, .is_link = true, .mode = 0777, .name = ".#T.txt" };
	int64_t a, b, c;
	AUTO_BUF text = BUF_INIT, list = BUF_INIT;
	uint64_t changed = wake_count(x->changed);
	assert_ok(store_scratch_create(x->s, &file, NULL, 0, NOW, &a));
	assert_err(store_scratch_create(x->s, &file, NULL, 0, NOW, &b), ERR_EXIST);
	file.place = PLACE_COMPLETED;
	assert_ok(store_scratch_create(x->s, &file, "x\0y", 3, NOW, &b));
	assert_ok(store_scratch_create(x->s, &lock, "me@host.1:2", 11, NOW, &c));
	assert_true(a < b && b < c);
	assert_int_equal(wake_count(x->changed), changed + 3);
	assert_ok(store_scratch_text(x->s, b, &text));
	assert_int_equal(text.n, 3);
	assert_ok(store_scratch_write(x->s, a, "words", 5, NOW + 1));
	assert_ok(store_scratch_chmod(x->s, a, 0600));
	assert_ok(store_scratch_find(x->s, true, "4913", &got));
	assert_int_equal(got.id, a);
	assert_int_equal(got.size, 5);
	assert_int_equal(got.changed_at, NOW + 1);
	assert_int_equal(got.mode, 0600);
	assert_ok(store_scratch_list(x->s, true, 0, count_scratch, &list));
	assert_same("open", buf_str(&list), "4913 .#T.txt@ ");
	assert_ok(store_scratch_rename(x->s, a, true, "4913"));		/* onto itself */
	assert_ok(store_scratch_rename(x->s, a, false, "4913"));	/* b is replaced */
	assert_err(store_scratch(x->s, b, &got), ERR_NOENT);
	assert_err(store_scratch_rename(x->s, b, false, "z"), ERR_NOENT);
	assert_err(store_scratch_write(x->s, b, "", 0, NOW), ERR_NOENT);
	assert_err(store_scratch_chmod(x->s, b, 0), ERR_NOENT);
	assert_err(store_scratch_remove(x->s, b, NOW, 0), ERR_NOENT);
	assert_ok(store_scratch_remove(x->s, c, NOW, 0));
	assert_ok(store_scratch_create(x->s, &lock, "", 0, NOW, &b));
	assert_true(b > c);						/* ids are never used again */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_delete_goes_to_the_other_linked_sides),
		TEST(a_backup_rename_is_one_edit),
		TEST(a_backup_thrown_away_is_a_delete),
		TEST(what_is_created_again_is_the_same_task),
		TEST(a_revived_one_sends_what_was_not_sent),
		TEST(a_handle_on_a_deleted_file_keeps_it_revivable),
		TEST(a_parked_task_is_waited_for_under_its_name),
		TEST(a_remote_delete_of_a_parked_task_spares_the_backup),
		TEST(away_on_every_side_leaves_the_view),
		TEST(scratch_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
