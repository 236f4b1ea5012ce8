/* The database was damaged and set aside; the cache is built anew from both remotes. Nothing is doubled, nothing is written. */
#include "world.h"
#include "store_salvage.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct world w;
static struct fake *const sc = &w.fake[SIDE_SC], *const sf = &w.fake[SIDE_SF];

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	return remove(path);
}

enum damage { HEADER, ALL_BUT_NOTHING };

/* The process ends, the file is damaged, a mount begins: as src/cli/cmd_mount.c does it. */
static void break_and_mend(enum damage how)
{
	AUTO_SALVAGE v = { 0 };
	struct store_options o = { .check = true };
	struct store *s = NULL;
	char junk[4096];
	memset(junk, 'x', sizeof(junk));
	store_close(TAKE(w.store));
	int fd = open(w.path, O_WRONLY);
	assert_int_equal(pwrite(fd, junk, how == HEADER ? 100 : sizeof(junk), 0), how == HEADER ? 100 : sizeof(junk));
	assert_int_equal(how == HEADER ? 0 : ftruncate(fd, sizeof(junk)), 0);
	close(fd);
	assert_int_equal(store_open(w.path, &o, &s), ERR_CORRUPT);
	assert_int_equal(store_salvage(w.path, w.now, &v), ERR_OK);
	nftw(v.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	world_restart(&w);
	assert_int_equal(store_side_switch(w.store, SIDE_SC, true, w.now), ERR_OK);
	assert_int_equal(store_side_switch(w.store, SIDE_SF, true, w.now), ERR_OK);
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		w.cycle[side].hello_at = 0;
}

/* Weeks of use: imported late, old, made here, renamed there, in words of its own, completed. */
static void weeks_of_use(void)
{
	world_init(&w, BOTH);
	fake_add(sc, "only in SC");
	check_rest(&w);
	w.now += MINUTE;
	fake_add(sf, "imported hours later");
	w.now += 5 * HOUR;
	world_enable(&w, true);
	check_rest(&w);
	int64_t id = user_new(&w, "made here");
	user_set(&w, id, FIELD_DUE, "2026-12-01");
	user_set(&w, user_new(&w, "done"), FIELD_STATUS, TASK_COMPLETE);
	user_new(&w, "renamed there");
	user_new(&w, "twice");
	user_new(&w, "twice");
	user_new(&w, "low");
	check_rest(&w);
	fake_word(sf, fake_titled(sf, "renamed there"), FIELD_TITLE, "another subject");
	fake_word(sf, fake_titled(sf, "low"), FIELD_PRIORITY, "Low");
	check_rest(&w);
	w.now += 10 * DAY;
	fake_add(sf, "of today");
	check_rest(&w);
	w.now += HOUR;
}

/* Whoever is reached first, nobody is written to, and all is as it was. */
static void nothing_is_doubled(enum damage how, struct fake *late)
{
	weeks_of_use();
	char *want = world_text(&w);
	break_and_mend(how);
	w.config.first_import = how == HEADER ? FIRST_24H : FIRST_OPEN;
	fake_forget_counts(sc);
	fake_forget_counts(sf);
	if (late == sf)
		sf->down = true;
	else if (late)
		w.fault.at = 2;		/* SC: hello, and lost; SF imports all */
	if (late)
		assert_int_not_equal(world_pass(&w), ERR_OK);
	assert_true(late != sc || fake_live(sf) == 8);
	assert_true(late != sc || user_find(&w, "another subject"));
	sf->down = false;
	w.fault.at = 0;
	w.fault.fired = false;
	check_rest(&w);
	char *is = world_text(&w);
	if (how == HEADER)
		assert_string_equal(is, want);
	assert_int_equal(fake_live(sc), 9);
	assert_int_equal(fake_live(sf), 8);
	assert_int_equal(fake_writes(sc) + fake_writes(sf), 0);
	free(is);
	free(want);
}

/* What is edited afterwards reaches both, also where the record is older than the first import's window. */
static void edits_arrive(void)
{
	user_set(&w, user_find(&w, "made here"), FIELD_DETAILS, "afterwards");
	user_set(&w, user_find(&w, "imported hours later"), FIELD_PRIORITY, TASK_HIGH);
	user_new(&w, "new");
	check_rest(&w);
	assert_string_equal(fake_word_of(sf, "made here", FIELD_DETAILS), "afterwards");
	assert_string_equal(fake_word_of(sc, "made here", FIELD_DETAILS), "afterwards");
	assert_string_equal(fake_word_of(sf, "imported hours later", FIELD_PRIORITY), "High");
	assert_int_equal(fake_live(sc), 10);
	assert_int_equal(fake_live(sf), 9);
}

static void salvaged_links_pair_by_id(void **state)
{
	nothing_is_doubled(HEADER, NULL);
	edits_arrive();
	world_finish(&w);
}

static void salvaged_links_pair_by_id_SF_first(void **state)
{
	nothing_is_doubled(HEADER, sc);
	edits_arrive();
	world_finish(&w);
}

static void salvaged_links_pair_by_id_SC_first(void **state)
{
	nothing_is_doubled(HEADER, sf);
	edits_arrive();
	world_finish(&w);
}

/* What is the same on both sides is one task again; what differs stays two here, and is created nowhere. */
static void without_links_nothing_is_created(void **state)
{
	struct fake *const late[] = { NULL, sc, sf };
	for (int i = 0; i < 3; i++) {
		nothing_is_doubled(ALL_BUT_NOTHING, late[i]);
		user_set(&w, user_find(&w, "imported hours later"), FIELD_PRIORITY, TASK_HIGH);
		check_rest(&w);
		assert_string_equal(fake_word_of(sf, "imported hours later", FIELD_PRIORITY), "High");
		assert_string_equal(fake_word_of(sc, "imported hours later", FIELD_PRIORITY), TASK_HIGH);
		assert_true(user_find(&w, "renamed there") && user_find(&w, "another subject"));
		world_finish(&w);
	}
}

/* The partner is gone, or another's: it is asked for once. */
static void a_partner_that_is_gone_is_asked_for_once(void **state)
{
	weeks_of_use();
	break_and_mend(HEADER);
	fake_delete(sf, fake_titled(sf, "made here"));
	fake_titled(sf, "imported hours later")->hidden = true;
	fake_away(sf, fake_titled(sf, "done"), true);
	w.now += 20 * DAY;	/* out of the bin */
	check_rest(&w);
	fake_forget_counts(sf);
	w.now += MINUTE;
	assert_int_equal(world_pass(&w), ERR_OK);
	assert_int_equal(sf->fetches, 0);
	assert_int_equal(fake_live(sc), 9);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(salvaged_links_pair_by_id),
		cmocka_unit_test(salvaged_links_pair_by_id_SF_first),
		cmocka_unit_test(salvaged_links_pair_by_id_SC_first),
		cmocka_unit_test(without_links_nothing_is_created),
		cmocka_unit_test(a_partner_that_is_gone_is_asked_for_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
