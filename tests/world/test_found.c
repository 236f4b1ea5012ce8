/* What the simulator (sim/) found, each as a small story of its own. */
#include "world.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

static struct world w;
static struct fake *const sc = &w.fake[SIDE_SC], *const sf = &w.fake[SIDE_SF];

static void begin(unsigned sides)
{
	world_begin(&w, sides);
}

static int64_t clock_now(void)
{
	return w.now;
}

/* The first answer took five seconds: they are no difference between the clocks. */
static void R15_made_while_the_first_answer_was_on_its_way(void **state)
{
	world_init(&w, BOTH);
	w.cycle[SIDE_SC].clock = clock_now;
	w.cycle[SIDE_SC].now = w.now;
	world_enable(&w, true);
	w.now += 2 * SECOND;
	fake_add(sc, "a");
	w.now += 3 * SECOND;
	assert_int_equal(cycle_run(&w.cycle[SIDE_SC]), ERR_OK);
	check_rest(&w);
	assert_non_null(fake_titled(sf, "a"));
	world_finish(&w);
}

static void R17_made_after_enabling_and_long_before_the_first_pass(void **state)
{
	world_init(&w, SF);
	fake_add(sf, "old");
	w.now += 2 * DAY;
	world_enable(&w, true);
	w.now += HOUR;
	fake_add(sf, "a");
	w.now += 3 * DAY;
	check_rest(&w);
	assert_true(user_find(&w, "a"));
	assert_false(user_find(&w, "old"));
	world_finish(&w);
}

/* A create whose answer was lost; its record. */
static struct fake_record *in_doubt(unsigned sides)
{
	begin(sides);
	fake_add(sf, "other");
	check_rest(&w);
	w.fault = (struct fault){ .at = 2, .how = LOSE_REPLY };
	user_new(&w, "a");
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_LOST);
	w.now += 10 * SECOND;
	return fake_titled(sf, "a");
}

static void a_create_in_doubt_is_found_though_it_was_edited_there(void **state)
{
	static const enum field field[] = { FIELD_DETAILS, FIELD_DUE, FIELD_STATUS };
	static const char *const word[] = { "words", "2026-12-01", "In Progress" };
	for (size_t i = 0; i < sizeof(field) / sizeof(*field); i++) {
		fake_word(sf, in_doubt(SF), field[i], word[i]);
		check_rest(&w);
		assert_int_equal(fake_live(sf), 2);
		assert_int_equal(world_conflicts(&w), 0);
		if (field[i] == FIELD_DETAILS)
			assert_string_equal(user_see(&w, "a", FIELD_DETAILS), "words");
		world_finish(&w);
	}
}

/* A search goes by the name; only a pull can say that nothing was made. */
static void a_push_does_not_make_again_what_was_renamed_there(void **state)
{
	struct fake_record *r = in_doubt(SF);
	fake_word(sf, r, FIELD_TITLE, "b");
	fake_word(sf, r, FIELD_DUE, "2026-12-01");
	w.now += 10 * MINUTE;
	w.cycle[SIDE_SF].now = w.now;
	assert_int_equal(cycle_push(&w.cycle[SIDE_SF]), ERR_OK);
	assert_int_equal(fake_live(sf), 2);
	world_finish(&w);
}

/* All have one subject where the template does not show the name: what else is as it was sent tells them apart. */
static void D3_of_two_creates_in_doubt_the_one_that_was_deleted_there_is_deleted(void **state)
{
	begin(BOTH);
	struct fake_record *other = fake_add(sf, "other");
	check_rest(&w);
	fake_delete(sf, other);
	sc->template = "a task";
	w.now += 2 * HOUR;
	check_rest(&w);
	int64_t a = user_new(&w, "a"), b = user_new(&w, "b");
	user_set(&w, a, FIELD_DUE, "2026-12-01");
	user_set(&w, b, FIELD_DETAILS, "words");
	assert_int_equal(world_pass_one(&w, SIDE_SC), ERR_OK);
	w.fault = (struct fault){ .at = 2, .how = LOSE_REPLY };
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_LOST);
	assert_int_equal(sf->n, 3);
	fake_word(sf, &sf->rec[2], FIELD_STATUS, "Deferred");
	fake_delete(sf, &sf->rec[2]);
	w.now += SECOND;
	fake_word(sf, &sf->rec[1], FIELD_STATUS, "In Progress");
	check_rest(&w);
	check_world(&w, "here: a | open | normal | 2026-12-01 | -\nSC: a | open | normal | 2026-12-01 | -\n"
			"SF: a task | In Progress | Normal | 2026-12-01 | -\n");
	world_finish(&w);
}

/* The key could not be asked for, and the pull goes on. */
static void a_keyed_create_in_doubt_is_found_though_it_was_edited_there(void **state)
{
	begin(SC);
	w.fault = (struct fault){ .at = 2, .how = LOSE_REPLY };
	user_new(&w, "a");
	assert_int_equal(world_pass(&w), ERR_LOST);
	fake_word(sc, fake_titled(sc, "a"), FIELD_DETAILS, "theirs");
	sc->poison = "a";
	sc->poison_err = ERR_RETRY;
	(void)world_pass(&w);
	sc->poison = NULL;
	w.now += HOUR;
	check_rest(&w);
	check_world(&w, "here: a | open | normal | - | theirs\nSC: a | open | normal | - | theirs\n");
	world_finish(&w);
}

static bool first_conflict(void *arg, const struct kept *k)
{
	*(int64_t *)arg = k->id;
	return false;
}

/* The clocks were a day apart, so their record was taken for another task. */
static void what_was_typed_into_a_copy_is_in_its_conflict(void **state)
{
	int64_t conflict = 0, task;
	begin(SC);
	sc->skew = DAY;
	w.fault = (struct fault){ .at = 2, .how = LOSE_REPLY };
	int64_t id = user_new(&w, "a");
	assert_int_equal(world_pass(&w), ERR_LOST);
	fake_word(sc, fake_titled(sc, "a"), FIELD_TITLE, "b");
	assert_int_equal(world_pass(&w), ERR_OK);
	assert_true(user_find(&w, "b"));
	user_set(&w, id, FIELD_DETAILS, "words");
	w.now += MINUTE;
	check_rest(&w);
	assert_false(user_find(&w, "a"));
	assert_int_equal(store_kept_list(w.store, KEEP_CONFLICTS, 0, first_conflict, &conflict), ERR_OK);
	assert_int_equal(store_conflict_take(w.store, conflict, VERSION_MINE, w.now, 0, &task), ERR_OK);
	assert_string_equal(user_see(&w, "a", FIELD_DETAILS), "words");
	world_finish(&w);
}

/* What a colleague makes in the same minute is no create of ours. */
static void a_create_in_doubt_is_not_taken_for_a_colleagues_task(void **state)
{
	begin(SF);
	w.fault = (struct fault){ .at = 2, .how = LOSE_UNKNOWN };
	user_new(&w, "a");
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_LOST);
	fake_add(sf, "b");
	check_rest(&w);
	check_world(&w, "here: a | open | normal | - | -\nhere: b | open | normal | - | -\n"
			"SF: a | Not Started | Normal | - | -\nSF: b | Not Started | Normal | - | -\n");
	world_finish(&w);
}

static void D5_a_create_in_doubt_that_was_reassigned_is_not_made_again(void **state)
{
	fake_away(sf, in_doubt(SF), true);
	check_rest(&w);
	assert_int_equal(fake_live(sf), 2);
	assert_false(user_find(&w, "a"));
	world_finish(&w);
}

/* Without a key nobody can tell that it is ours: nothing is lost, and there are two. */
static void a_create_in_doubt_that_was_renamed_there_is_made_again(void **state)
{
	fake_word(sf, in_doubt(SF), FIELD_TITLE, "c");
	check_rest(&w);
	check_world(&w, "here: a | open | normal | - | -\nhere: c | open | normal | - | -\n"
			"here: other | open | normal | - | -\nSF: a | Not Started | Normal | - | -\n"
			"SF: c | Not Started | Normal | - | -\nSF: other | Not Started | Normal | - | -\n");
	world_finish(&w);
}

static void D3_a_create_in_doubt_that_was_deleted_there_is_not_made_again(void **state)
{
	fake_delete(sf, in_doubt(BOTH));
	check_rest(&w);
	assert_null(fake_titled(sf, "a"));
	assert_null(fake_titled(sc, "a"));
	assert_false(user_find(&w, "a"));
	world_finish(&w);
}

/* So its record came as another task; the key says whose it is. */
static void D3_a_create_in_doubt_that_was_renamed_there_and_deleted_here_is_deleted(void **state)
{
	int64_t conflict = 0, task;
	begin(BOTH);
	w.fault = (struct fault){ .at = 2, .how = LOSE_REPLY };
	int64_t id = user_new(&w, "a");
	assert_int_equal(world_pass_one(&w, SIDE_SC), ERR_LOST);
	fake_word(sc, fake_titled(sc, "a"), FIELD_TITLE, "b");
	user_rm(&w, id);
	w.fault = (struct fault){ .at = 1, .how = LOSE_UNKNOWN };
	assert_int_equal(world_pass_one(&w, SIDE_SC), ERR_LOST);
	assert_int_equal(world_pass_one(&w, SIDE_SC), ERR_OK);
	w.now += HOUR;
	check_rest(&w);
	check_world(&w, "conflicts: 1\n");
	assert_int_equal(store_kept_list(w.store, KEEP_CONFLICTS, 0, first_conflict, &conflict), ERR_OK);
	assert_int_equal(store_conflict_take(w.store, conflict, VERSION_THEIRS, w.now, 0, &task), ERR_OK);
	check_rest(&w);
	check_world(&w, "here: b | open | normal | - | -\nSC: b | open | normal | - | -\nSF: b | Not Started | Normal | - | -\n");
	world_finish(&w);
}

/* A DELETE has no condition, and a pull does not tell of what became another's. */
static void D5_what_became_anothers_is_not_deleted_there(void **state)
{
	world_init(&w, SF);
	struct fake_record *r = fake_add(sf, "a");
	world_enable(&w, true);
	check_rest(&w);
	fake_away(sf, r, true);
	user_rm(&w, user_find(&w, "a"));
	check_rest(&w);
	assert_false(r->deleted);
	world_finish(&w);
}

static void D4_their_completion_meets_a_delete_that_is_taken_back(void **state)
{
	int64_t task;
	begin(BOTH);
	int64_t id = user_new(&w, "a");
	check_rest(&w);
	assert_int_equal(store_delete(w.store, id, SIDE_LOCAL, w.now, HOUR), ERR_OK);
	fake_word(sc, fake_titled(sc, "a"), FIELD_STATUS, TASK_COMPLETE);
	w.now += MINUTE;
	assert_int_equal(world_pass(&w), ERR_OK);
	assert_int_equal(store_undo(w.store, w.now, 0, &task), ERR_OK);
	assert_int_equal(task, id);
	check_rest(&w);
	check_world(&w, "here: a | complete | normal | - | -\nSC: a | complete | normal | - | -\n"
			"SF: a | Completed | Normal | - | -\n");
	world_finish(&w);
}

static void D3_an_edit_that_was_not_pulled_yet_survives_our_delete(void **state)
{
	begin(SF);
	int64_t id = user_new(&w, "a");
	check_rest(&w);
	fake_word(sf, fake_titled(sf, "a"), FIELD_DETAILS, "theirs");
	user_rm(&w, id);
	w.cycle[SIDE_SF].now = w.now;
	assert_int_equal(cycle_push(&w.cycle[SIDE_SF]), ERR_OK);
	check_rest(&w);
	check_world(&w, "conflicts: 1\n");
	world_finish(&w);
}

/* Several edits travel in one call, and that knows no condition. */
static void D2_an_edit_that_was_not_pulled_yet_survives_our_batch(void **state)
{
	begin(SF);
	int64_t a = user_new(&w, "a"), b = user_new(&w, "b");
	check_rest(&w);
	fake_word(sf, fake_titled(sf, "a"), FIELD_DETAILS, "theirs");
	user_set(&w, a, FIELD_DETAILS, "ours");
	user_set(&w, b, FIELD_DETAILS, "ours");
	w.cycle[SIDE_SF].now = w.now;
	assert_int_equal(cycle_push(&w.cycle[SIDE_SF]), ERR_OK);
	check_rest(&w);
	assert_string_equal(user_see(&w, "a", FIELD_DETAILS), "ours");
	assert_int_equal(world_conflicts(&w), 1);
	world_finish(&w);
}

/* A create tells no version, and no pull came since. */
static void D2_D3_their_edit_of_what_was_just_created_is_kept(void **state)
{
	for (int rm = 0; rm < 2; rm++) {
		begin(SF);
		int64_t id = user_new(&w, "a");
		assert_int_equal(world_pass(&w), ERR_OK);
		fake_word(sf, fake_titled(sf, "a"), FIELD_DETAILS, "theirs");
		if (rm)
			user_rm(&w, id);
		else
			user_set(&w, id, FIELD_DETAILS, "ours");
		w.cycle[SIDE_SF].now = w.now;
		assert_int_equal(cycle_push(&w.cycle[SIDE_SF]), ERR_OK);
		check_rest(&w);
		assert_int_equal(world_conflicts(&w), 1);
		assert_int_equal(fake_live(sf), rm ? 0 : 1);
		world_finish(&w);
	}
}

/* The answer to a repeated create tells the version of an edit that nobody here has seen. */
static void D2_their_edit_before_a_create_is_repeated_is_kept(void **state)
{
	begin(SC);
	w.fault = (struct fault){ .at = 2, .how = LOSE_REPLY };
	int64_t id = user_new(&w, "a");
	assert_int_equal(world_pass(&w), ERR_LOST);
	fake_word(sc, fake_titled(sc, "a"), FIELD_DETAILS, "theirs");
	user_set(&w, id, FIELD_DETAILS, "ours");
	w.now += MINUTE;
	w.cycle[SIDE_SC].now = w.now;
	assert_int_equal(cycle_push(&w.cycle[SIDE_SC]), ERR_OK);
	check_rest(&w);
	assert_int_equal(world_conflicts(&w), 1);
	assert_int_equal(fake_live(sc), 1);
	world_finish(&w);
}

/* The other side's doubt is waited for only while it can be settled. */
static void a_create_in_doubt_on_a_side_that_is_off_holds_up_nobody(void **state)
{
	in_doubt(BOTH);
	world_enable(&w, false);
	check_rest(&w);
	assert_non_null(fake_titled(sc, "a"));
	world_finish(&w);
}

/* Nothing of it has changed since it was sent, and yet it waits: the user must see it to try it again. */
static void a_create_in_doubt_whose_repetition_is_refused_can_be_retried(void **state)
{
	world_init(&w, SC);
	check_rest(&w);
	w.fault = (struct fault){ .at = 2, .how = LOSE_UNKNOWN };
	int64_t id = user_new(&w, "a");
	assert_int_equal(world_pass(&w), ERR_LOST);
	sc->poison = "a";
	sc->poison_err = ERR_DENIED;
	w.now += MINUTE;
	(void)world_pass(&w);
	sc->poison = NULL;
	w.now += HOUR;
	check_rest(&w);
	assert_null(fake_titled(sc, "a"));
	assert_int_equal(store_retry(w.store, id, w.now), ERR_OK);
	check_rest(&w);
	assert_non_null(fake_titled(sc, "a"));
	world_finish(&w);
}

static void rm_a_little_later(void *arg)
{
	w.now += SECOND;
	assert_int_equal(store_delete(w.store, *(int64_t *)arg, SIDE_LOCAL, w.now, 5 * SECOND), ERR_OK);
}

static void a_delete_during_a_pull_has_its_grace_time(void **state)
{
	begin(SC);
	int64_t id = user_new(&w, "a");
	check_rest(&w);
	w.cycle[SIDE_SC].clock = clock_now;
	sc->arg = &id;
	sc->during_pull = rm_a_little_later;
	assert_int_equal(world_pass(&w), ERR_OK);
	assert_int_equal(fake_live(sc), 1);
	check_rest(&w);
	assert_int_equal(fake_live(sc), 0);
	world_finish(&w);
}

/* Another mount of the account is at work. */
static struct fake_record *theirs(struct fake *f, const char *title, const char *due)
{
	struct fake_record *r = fake_add(f, title);
	r->ours = true;
	if (due)
		fake_word(f, r, FIELD_DUE, due);
	return r;
}

static void passes(int minutes)
{
	for (int i = 0; i < minutes; i += 2) {
		assert_int_equal(world_pass(&w), ERR_OK);
		w.now += 2 * MINUTE;
	}
}

/*
 * No other mount is there: the account's user makes one task here and one there before the next poll. What they have in common
 * is no reason to take them for one; only, if they have one name, it is waited whether somebody brings them in line.
 */
static void two_tasks_of_one_user_stay_two(void **state)
{
	static const char *const title[][2] = { { "Call Bob", "Send the contract" }, { "Call Bob", "Call Bob" } };
	static const char *const due[][2] = { { "2026-12-01", "2026-12-01" }, { "2026-12-01", "2026-12-08" } };
	for (int i = 0; i < 2; i++) {
		begin(BOTH);
		for (int there = 0; there < 2; there++) {
			struct fake *f = there ? sf : sc;
			fake_word(f, theirs(f, title[i][there], due[i][there]), FIELD_DETAILS, "same");
		}
		passes(90);
		check_rest(&w);
		assert_int_equal(fake_live(sc), 2);
		assert_int_equal(fake_live(sf), 2);
		world_finish(&w);
	}
}

static bool see_reason(void *arg, const struct waiting *x)
{
	bool *told = arg;
	*told |= strstr(x->message, "touch its file in .remindfs/outbox") != NULL;
	return true;
}

/* It is told why, and the user may know better: then it is sent at once, and so is the other, which waited for it. */
static void what_waits_for_another_mount_is_sent_when_it_is_touched(void **state)
{
	bool told = false;
	begin(BOTH);
	theirs(sc, "Call Bob", "2026-12-01");
	theirs(sf, "Call Bob", "2026-12-08");
	passes(6);
	assert_int_equal(sc->n + sf->n, 2);
	int64_t id = user_find(&w, "Call Bob");
	assert_int_equal(store_waiting(w.store, id, w.now, see_reason, &told), ERR_OK);
	assert_true(told);
	assert_int_equal(store_retry(w.store, id, w.now), ERR_OK);
	passes(2);
	assert_int_equal(sc->n + sf->n, 3);
	passes(20);
	assert_int_equal(sc->n + sf->n, 4);
	check_rest(&w);
	assert_int_equal(fake_live(sc), 2);
	assert_int_equal(fake_live(sf), 2);
	world_finish(&w);
}

/* The other mount has made the first of the first, and the second of the second; they come here in another order. */
static void two_alike_have_one_order_in_every_mount(void **state)
{
	for (int how = 0; how < 3; how++) {
		begin(BOTH);
		theirs(sc, "a", NULL);
		if (how != 1)	/* all at once, and the first one was changed last */
			theirs(sc, "a", NULL);
		theirs(sf, "a", NULL);
		theirs(sf, "a", NULL);
		w.now += SECOND;
		fake_touch(sf, &sf->rec[0]);
		sf->rec[0].hidden = how;	/* or in two passes */
		passes(2);
		if (how == 1)
			theirs(sc, "a", NULL);
		sf->rec[0].hidden = false;
		fake_touch(sf, &sf->rec[0]);
		passes(4);
		assert_int_equal(sc->n + sf->n, 4);
		fake_delete(sc, &sc->rec[0]);
		check_rest(&w);
		assert_true(sf->rec[0].deleted);
		assert_false(sc->rec[1].deleted || sf->rec[1].deleted);
		assert_int_equal(sc->n + sf->n, 4);
		world_finish(&w);
	}
}

/* One of the two was deleted before it was seen here, and its copy is deleted only now: that is not the other one's. */
static void the_copy_of_one_of_two_alike_is_not_the_others(void **state)
{
	begin(BOTH);
	theirs(sc, "a", NULL);
	theirs(sc, "a", NULL);
	fake_delete(sc, &sc->rec[0]);
	theirs(sf, "a", NULL);
	theirs(sf, "a", NULL);
	passes(20);
	fake_delete(sf, &sf->rec[0]);
	check_rest(&w);
	assert_false(sc->rec[1].deleted || sf->rec[1].deleted);
	assert_int_equal(sc->n + sf->n, 4);
	world_finish(&w);
}

/* Made here; the first was deleted here, the second renamed there, and only then come the copies that another mount had made
 * of both. Which is whose that mount alone knows. */
static void the_copy_of_what_was_deleted_is_not_that_of_what_had_its_name(void **state)
{
	begin(BOTH);
	int64_t a = user_new(&w, "a");
	user_new(&w, "a");
	assert_int_equal(world_pass_one(&w, SIDE_SC), ERR_OK);
	struct fake_record *copy = theirs(sf, "a", NULL);
	theirs(sf, "a", "2026-12-01");
	user_rm(&w, a);
	fake_word(sc, &sc->rec[1], FIELD_TITLE, "b");
	passes(20);
	assert_true(sc->rec[0].deleted);
	assert_false(copy->deleted || sf->rec[1].deleted);
	fake_delete(sf, copy);
	fake_word(sf, &sf->rec[1], FIELD_TITLE, "b");
	check_rest(&w);
	assert_false(sc->rec[1].deleted || sf->rec[1].deleted);
	assert_int_equal(sc->n + sf->n, 4);
	world_finish(&w);
}

/* A pair that is gone is not asked for a third one, however long that waits. */
static void what_had_the_name_of_a_pair_that_is_gone_lives(void **state)
{
	begin(BOTH);
	int64_t a = user_new(&w, "a");
	user_new(&w, "a");
	assert_int_equal(world_pass_one(&w, SIDE_SC), ERR_OK);
	theirs(sf, "a", NULL);
	w.now += MINUTE;
	user_rm(&w, a);
	fake_word(sc, &sc->rec[1], FIELD_TITLE, "b");
	passes(90);
	assert_true(sc->rec[0].deleted && sf->rec[0].deleted);
	assert_non_null(fake_titled(sc, "b"));
	assert_non_null(fake_titled(sf, "b"));
	world_finish(&w);
}

/* As the vendor's mirror, switched off since, has left them; its user made them, not ours. */
static void D7_two_alike_that_nobody_of_us_made_are_paired(void **state)
{
	begin(BOTH);
	for (int i = 0; i < 4; i++)
		fake_add(i % 2 ? sf : sc, "a");
	check_rest(&w);
	assert_int_equal(sc->n + sf->n, 4);
	world_finish(&w);
}

/* The template makes all subjects alike. */
static void tasks_that_are_alike_in_Salesforce_alone_keep_their_names(void **state)
{
	begin(BOTH);
	sc->template = "a task";
	w.now += 2 * HOUR;
	assert_int_equal(world_pass(&w), ERR_OK);
	theirs(sc, "a", NULL);
	theirs(sf, "a task", NULL);
	theirs(sf, "a task", NULL);
	sf->rec[0].hidden = true;
	passes(4);
	theirs(sc, "b", NULL);
	sf->rec[0].hidden = false;
	fake_touch(sf, &sf->rec[0]);
	fake_forget_counts(sc);
	fake_forget_counts(sf);
	passes(60);	/* it was changed since it was made, so it said perhaps something else */
	check_rest(&w);
	assert_int_equal(fake_writes(sc) + fake_writes(sf), 0);
	fake_word(sf, &sf->rec[0], FIELD_DUE, "2026-12-01");
	check_rest(&w);
	check_world(&w, "here: a | open | normal | 2026-12-01 | -\nhere: b | open | normal | - | -\n"
			"SC: a | open | normal | 2026-12-01 | -\nSC: b | open | normal | - | -\n"
			"SF: a task | Not Started | Normal | - | -\nSF: a task | Not Started | Normal | 2026-12-01 | -\n");
	world_finish(&w);
}

/* One had details, so that everybody could tell which it is, until a colleague took them away. */
static void tasks_that_became_alike_in_Salesforce_keep_their_records(void **state)
{
	begin(BOTH);
	sc->template = "a task";
	w.now += 2 * HOUR;
	assert_int_equal(world_pass(&w), ERR_OK);
	user_set(&w, user_new(&w, "a"), FIELD_DETAILS, "words");
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_OK);
	fake_word(sf, &sf->rec[0], FIELD_DETAILS, NULL);
	fake_add(sc, "b");
	check_rest(&w);
	assert_string_equal(sc->rec[0].word[FIELD_TITLE], "b");	/* the order there is another than in Salesforce */
	assert_int_equal(sf->n, 2);
	fake_word(sf, &sf->rec[0], FIELD_DUE, "2026-12-01");
	check_rest(&w);
	assert_string_equal(user_see(&w, "a", FIELD_DUE), "2026-12-01");
	assert_string_equal(user_see(&w, "b", FIELD_DUE), "-");
	world_finish(&w);
}

/* A subject that the template made, and nothing in Sales Connect that it is of: that was deleted. */
static void D3_a_copy_whose_task_was_deleted_is_not_taken_for_a_new_task(void **state)
{
	begin(BOTH);
	sc->template = "[SC] {{activity_subject}}";
	w.now += 2 * HOUR;
	assert_int_equal(world_pass(&w), ERR_OK);
	struct fake_record *copy = theirs(sf, "[SC] a", NULL);
	passes(20);
	fake_delete(sf, copy);
	check_rest(&w);
	assert_int_equal(sc->n, 0);
	world_finish(&w);
}

/* Two mounts made a copy in the same second: each took another one first. */
static void copies_of_one_second_have_one_order_in_every_mount(void **state)
{
	begin(BOTH);
	sc->template = "[SC] {{activity_subject}}";
	w.now += 2 * HOUR;
	theirs(sc, "a", NULL);
	theirs(sf, "[SC] a", NULL);
	theirs(sf, "[SC] a", NULL);
	sf->rec[0].hidden = true;
	passes(4);
	sf->rec[0].hidden = false;
	fake_touch(sf, &sf->rec[0]);
	theirs(sc, "[SC] a", NULL);
	check_rest(&w);
	assert_int_equal(sc->n + sf->n, 4);
	fake_delete(sc, &sc->rec[1]);
	check_rest(&w);
	assert_true(sf->rec[1].deleted);
	assert_false(sc->rec[0].deleted || sf->rec[0].deleted);
	world_finish(&w);
}

/* Both were there when one was edited, and its copy is not yet: which is whose? */
static void two_alike_of_which_one_was_edited_wait_for_the_other_mount(void **state)
{
	begin(BOTH);
	theirs(sc, "a", "2026-12-01");
	theirs(sc, "a", NULL);
	theirs(sf, "a", NULL);
	theirs(sf, "a", NULL);
	passes(20);
	fake_word(sf, &sf->rec[0], FIELD_DUE, "2026-12-01");
	check_rest(&w);
	assert_int_equal(sc->n + sf->n, 4);
	fake_delete(sf, &sf->rec[0]);
	check_rest(&w);
	assert_true(sc->rec[0].deleted);
	assert_false(sc->rec[1].deleted || sf->rec[1].deleted);
	world_finish(&w);
}

/* The mount that copied it has not carried over the edit yet. */
static void a_task_edited_before_it_was_seen_here_is_not_copied_twice(void **state)
{
	static const char *const template[] = { NULL, "[SC] {{activity_subject}}" };
	static const char *const subject[] = { "a", "[SC] old name" };
	for (int i = 0; i < 2; i++) {
		begin(BOTH);
		sc->template = template[i];
		w.now += 2 * HOUR;
		theirs(sc, "a", "2026-12-01");
		struct fake_record *copy = theirs(sf, subject[i], i ? "2026-12-01" : NULL);
		passes(20);
		assert_int_equal(sc->n + sf->n, 2);
		fake_word(sf, copy, i ? FIELD_TITLE : FIELD_DUE, i ? "[SC] a" : "2026-12-01");
		check_rest(&w);
		assert_int_equal(sc->n + sf->n, 2);
		fake_delete(sc, &sc->rec[0]);
		check_rest(&w);
		assert_true(copy->deleted);
		world_finish(&w);
	}
}

/* It was edited long after it was copied, or long ago: who comes to it only now does not know that the other mount was
 * not there either. */
static void what_came_here_just_now_waits_however_old_it_is(void **state)
{
	for (int seen = 0; seen < 2; seen++) {
		begin(BOTH);
		theirs(sc, "a", "2026-12-01");
		if (seen)	/* and only its copy comes now */
			assert_int_equal(world_pass_one(&w, SIDE_SC), ERR_OK);
		theirs(sf, "a", "2026-12-08");
		w.now += 2 * DAY;
		passes(20);
		assert_int_equal(sc->n + sf->n, 2);
		fake_word(sf, &sf->rec[0], FIELD_DUE, "2026-12-01");
		check_rest(&w);
		assert_int_equal(sc->n + sf->n, 2);
		fake_delete(sc, &sc->rec[0]);
		check_rest(&w);
		assert_true(sf->rec[0].deleted);
		world_finish(&w);
	}
}

/* A word that does not cross is no difference, and stays. */
static void R10_a_copy_with_another_word_is_the_copy(void **state)
{
	begin(BOTH);
	fake_word(sc, theirs(sc, "a", NULL), FIELD_PRIORITY, TASK_HIGH);
	fake_word(sf, theirs(sf, "a", NULL), FIELD_PRIORITY, "Low");
	check_rest(&w);
	check_world(&w, "here: a | open | high | - | -\nSC: a | open | high | - | -\nSF: a | Not Started | Low | - | -\n");
	world_finish(&w);
}

/* It is told once an hour whether the mirror is on. */
/* What was told before that word says as little: a colleague's, whose copy this mount could not make. */
static void R08_a_copy_of_what_has_another_word_by_now_is_the_copy(void **state)
{
	begin(BOTH);
	struct fake_record *r = fake_add(sf, "a");
	fake_word(sf, r, FIELD_STATUS, "Completed");
	sc->poison = "a";
	sc->poison_err = ERR_DENIED;
	passes(4);
	fake_word(sf, r, FIELD_STATUS, "Deferred");
	passes(10);
	theirs(sc, "a", NULL);
	passes(10);
	sc->poison = NULL;
	check_rest(&w);
	check_world(&w, "here: a | open | normal | - | -\nSC: a | open | normal | - | -\nSF: a | Deferred | Normal | - | -\n");
	world_finish(&w);
}

static void an_hour_later(void)
{
	w.now += HOUR;
	check_rest(&w);
}

static void D7_what_is_made_after_the_mirror_went_off_reaches_Salesforce(void **state)
{
	begin(BOTH);
	sc->mirror = true;
	an_hour_later();
	sc->mirror = false;
	user_new(&w, "a");
	check_rest(&w);
	fake_add(sc, "b");
	check_rest(&w);
	an_hour_later();
	assert_non_null(fake_titled(sf, "a"));
	assert_non_null(fake_titled(sf, "b"));
	world_finish(&w);
}

static void D7_what_the_mirror_has_copied_by_now_is_off_our_list(void **state)
{
	begin(BOTH);
	sc->mirror = true;
	an_hour_later();
	int asked = sf->requests;
	user_new(&w, "a");
	check_rest(&w);
	assert_int_equal(world_waiting(&w, SIDE_SF), 1);
	an_hour_later();
	an_hour_later();
	assert_int_equal(world_waiting(&w, SIDE_SF), 0);
	assert_int_equal(sf->requests, asked);
	world_finish(&w);
}

/* Its copy was edited there, and nobody here knows that it is one. */
static void D7_what_was_left_to_the_mirror_is_not_created_by_a_later_edit(void **state)
{
	begin(BOTH);
	sc->mirror = true;
	an_hour_later();
	int64_t a = user_new(&w, "a");
	check_rest(&w);
	for (int i = 0; i < 3; i++)
		an_hour_later();
	fake_word(sf, fake_add(sf, "a"), FIELD_DETAILS, "edited there");
	sc->mirror = false;
	an_hour_later();
	user_set(&w, a, FIELD_DETAILS, "words");
	check_rest(&w);
	assert_int_equal(fake_live(sf), 1);
	world_finish(&w);
}

/* The mirror uses no keys that would tell which of the two it copied. */
static void D7_two_alike_that_the_mirror_copied_are_two(void **state)
{
	begin(BOTH);
	fake_add(sf, "a");
	fake_add(sf, "a");
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_OK);
	w.now += HOUR;
	sc->mirror = true;
	fake_add(sc, "a");
	fake_add(sc, "a");
	check_rest(&w);
	check_world(&w, "here: a | open | normal | - | -\nhere: a | open | normal | - | -\n"
			"SC: a | open | normal | - | -\nSC: a | open | normal | - | -\n"
			"SF: a | Not Started | Normal | - | -\nSF: a | Not Started | Normal | - | -\n");
	world_finish(&w);
}

/* It uses no keys, and we are not told when it was on for less than an hour. */
static void D7_the_mirrors_copy_of_what_we_made_is_known_on_any_page(void **state)
{
	begin(BOTH);
	sc->page_size = 1;
	user_new(&w, "a");
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_OK);
	w.now += MINUTE;
	fake_add(sc, "a");
	fake_add(sc, "b");
	check_rest(&w);
	check_world(&w, "here: a | open | normal | - | -\nhere: b | open | normal | - | -\n"
			"SC: a | open | normal | - | -\nSC: b | open | normal | - | -\n"
			"SF: a | Not Started | Normal | - | -\nSF: b | Not Started | Normal | - | -\n");
	world_finish(&w);
}

/* What was there before ours is no copy of it. */
static void a_task_of_the_same_name_and_older_than_ours_is_another(void **state)
{
	begin(BOTH);
	sc->page_size = 1;
	fake_add(sc, "a");
	fake_add(sc, "b");
	w.now += MINUTE;
	user_new(&w, "a");
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_OK);
	check_rest(&w);
	w.now += HOUR;
	check_rest(&w);
	assert_int_equal(fake_live(sc), 3);
	assert_int_equal(fake_live(sf), 3);
	world_finish(&w);
}

/* Nobody asks Salesforce any more whether it happened. */
static void D7_a_create_in_doubt_in_Salesforce_holds_up_nobody_beside_the_mirror(void **state)
{
	begin(BOTH);
	sc->down = true;
	user_new(&w, "a");
	w.fault = (struct fault){ .at = 2, .how = LOSE_UNKNOWN };
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_LOST);
	sc->down = false;
	sc->mirror = true;
	for (int i = 0; i < 3; i++)
		an_hour_later();
	assert_non_null(fake_titled(sc, "a"));
	world_finish(&w);
}

static void D3_of_two_alike_the_copy_is_of_the_one_that_lives(void **state)
{
	begin(BOTH);
	struct fake_record *dead = fake_add(sc, "a");
	fake_add(sc, "a");
	assert_int_equal(world_pass_one(&w, SIDE_SC), ERR_OK);
	fake_delete(sc, dead);
	assert_int_equal(world_pass_one(&w, SIDE_SC), ERR_OK);
	fake_add(sf, "a")->ours = true;
	for (int i = 0; i < 100; i++) {		/* it may wait until it is known whose copy that is */
		assert_int_equal(world_pass(&w), ERR_OK);
		w.now += 20 * MINUTE;
	}
	check_world(&w, "here: a | open | normal | - | -\nSC: a | open | normal | - | -\nSF: a | Not Started | Normal | - | -\n");
	world_finish(&w);
}

/* A colleague made two alike; another mount copied the first, which was deleted before this one saw it. */
static void a_deletion_spares_what_only_looks_like_the_deleted_one(void **state)
{
	begin(BOTH);
	int64_t enabled_at = w.now;
	w.now += MINUTE;
	struct fake_record *first = fake_add(sf, "a");
	check_rest(&w);
	struct fake_record *second = fake_add(sf, "a");
	fake_delete(sf, first);
	world_another(&w, enabled_at);
	check_rest(&w);
	assert_int_equal(sc->n, 1);
	fake_delete(sc, &sc->rec[0]);
	check_rest(&w);
	assert_false(second->deleted);
	assert_int_equal(world_conflicts(&w), 0);
	check_world(&w, "here: a | open | normal | - | -\nSC: a | open | normal | - | -\n"
			"SF: a | Not Started | Normal | - | -\n");
	world_finish(&w);
}

/* The same, but it is its copy. */
static void D3_a_deletion_reaches_what_its_key_says(void **state)
{
	static const char *const word[] = { NULL, "theirs" };
	for (int edited = 0; edited < 2; edited++) {
		begin(BOTH);
		int64_t enabled_at = w.now;
		w.now += MINUTE;
		struct fake_record *r = fake_add(sf, "a");
		check_rest(&w);
		world_another(&w, enabled_at);
		check_rest(&w);
		fake_word(sf, r, FIELD_DETAILS, word[edited]);
		check_rest(&w);
		fake_delete(sc, &sc->rec[0]);
		passes(60);
		assert_true(r->deleted);
		assert_int_equal(sc->n, 1);
		assert_int_equal(world_conflicts(&w), 0);
		world_finish(&w);
	}
}

/* Deleted at another mount and taken back there, so it is a new one of the same looks: no copy is younger than the deletion. */
static void a_deletion_spares_what_was_made_after_it(void **state)
{
	for (int copied = 0; copied < 2; copied++) {
		begin(BOTH);
		w.now += MINUTE;
		struct fake_record *r = fake_add(sf, "a");
		sc->poison = "a";
		sc->poison_err = ERR_DENIED;
		passes(4);
		sc->poison = NULL;
		if (copied)
			theirs(sc, "a", NULL);
		w.now += 5 * MINUTE;
		fake_delete(sf, r);
		w.now += MINUTE;
		if (!copied)
			theirs(sc, "a", NULL);
		passes(90);
		check_rest(&w);
		assert_int_equal(sc->n, 1);
		assert_int_equal(fake_live(sc), !copied);
		world_finish(&w);
	}
}

/* Likewise of a task that another mount made, or it is its copy: whoever made that deletes it. Whichever of both is seen first. */
static void a_deletion_spares_what_was_made_after_it_whoever_made_them(void **state)
{
	for (int i = 0; i < 8; i++) {
		enum side first = i & 1 ? SIDE_SC : SIDE_SF, there = i & 2 ? SIDE_SC : SIDE_SF;
		struct fake *from = &w.fake[there], *to = there == SIDE_SC ? sf : sc;
		begin(BOTH);
		w.now += MINUTE;
		struct fake_record *r = theirs(from, "a", NULL);
		assert_int_equal(world_pass_one(&w, there), ERR_OK);
		w.now += MINUTE;
		fake_delete(from, r);
		w.now += SECOND;
		struct fake_record *anew = theirs(to, "a", NULL);
		assert_int_equal(world_pass_one(&w, first), ERR_OK);
		passes(4);
		if (i & 4)
			fake_delete(to, anew);
		passes(90);
		w.now += DAY;
		passes(4);
		check_rest(&w);
		assert_int_equal(anew->deleted, (i & 4) != 0);
		assert_int_equal(fake_live(from), !(i & 4));
		assert_int_equal(to->n, 1);
		world_finish(&w);
	}
}

/* Salesforce could not be reached for a while, so the old one's deletion comes there long after it came to Sales Connect; another mount
 * sees nothing but the old one here and the new one there. */
static void D3_a_task_that_was_taken_back_comes_after_its_deletion(void **state)
{
	begin(BOTH);
	int64_t enabled_at = w.now;
	w.now += MINUTE;
	int64_t a = user_new(&w, "a");
	passes(4);
	user_rm(&w, a);
	sf->down = true;
	(void)world_pass(&w);
	w.now += MINUTE;
	assert_int_equal(store_restore(w.store, a, TASK_OPEN, w.now, 0, &a), ERR_OK);
	(void)world_pass(&w);
	w.now += MINUTE;
	(void)world_pass(&w);
	sf->down = false;
	world_turn(&w, enabled_at);
	passes(4);
	w.now += 10 * MINUTE;
	world_turn(&w, enabled_at);
	passes(6);
	for (int i = 0; i < 6; i++) {		/* the other one had copied the old one, which all learn one after the other */
		world_turn(&w, enabled_at);
		passes(60);
		check_rest(&w);
		if (i < 3)
			continue;
		check_world(&w, "here: a | open | normal | - | -\nSC: a | open | normal | - | -\nSF: a | Not Started | Normal | - | -\n");
	}
	world_finish(&w);
}

static void forget_keys(struct fake *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->rec[i].once);
		f->rec[i].once = NULL;
	}
}

/* A colleague's, one or two alike, copied by another mount long ago; one was edited, and that is still to be carried over. */
static void a_copy_whose_key_is_forgotten_is_not_made_again(void **state)
{
	for (int n = 1; n <= 2; n++) {
		begin(BOTH);
		int64_t enabled_at = w.now;
		w.now += MINUTE;
		for (int i = 0; i < n; i++)
			fake_add(sf, "a");
		check_rest(&w);
		assert_int_equal(sc->n, n);
		w.now += 8 * DAY;
		forget_keys(sc);
		world_another(&w, enabled_at);
		fake_touch(sf, &sf->rec[0]);
		fake_word(sf, &sf->rec[n - 1], FIELD_DUE, "2026-12-01");
		passes(20);
		assert_int_equal(sc->n + sf->n, 2 * n);
		fake_word(sc, &sc->rec[n - 1], FIELD_DUE, "2026-12-01");
		passes(60);
		check_rest(&w);
		assert_int_equal(sc->n + sf->n, 2 * n);
		assert_int_equal(world_conflicts(&w), 0);
		world_finish(&w);
	}
}

/* A mount that comes late knows only that the key of what was renamed there is taken. What of Sales Connect's may be its
 * copy is tried in turn, what has most in common with it first: and that is a colleague's. */
static void D3_a_taken_key_is_tried_with_what_each_of_them_said(void **state)
{
	begin(BOTH);
	int64_t enabled_at = w.now;
	w.now += MINUTE;
	struct fake_record *r = fake_add(sf, "a");
	fake_word(sf, r, FIELD_DUE, "2026-12-01");
	check_rest(&w);
	world_another(&w, enabled_at);
	fake_word(sf, r, FIELD_TITLE, "c");
	fake_word(sf, r, FIELD_DUE, NULL);
	struct fake_record *b = fake_add(sc, "b");
	passes(60);
	assert_int_equal(fake_live(sc), 2);
	assert_int_equal(fake_live(sf), 2);
	fake_delete(sc, &sc->rec[0]);
	passes(60);
	assert_true(r->deleted);
	assert_false(b->deleted);
	assert_non_null(fake_titled(sf, "b"));
	world_finish(&w);
}

static void begin_nameless(void)
{
	begin(BOTH);
	sc->template = "a task";
	w.now += 2 * HOUR;
	assert_int_equal(world_pass(&w), ERR_OK);
}

/* Nothing speaks for the pair but that. Whoever made one from the other deletes both; else they were two. */
static void a_deletion_does_not_pass_over_a_subject_that_all_have(void **state)
{
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		for (int both = 0; both < 2; both++) {
			begin_nameless();
			theirs(sc, "a", NULL);
			theirs(sf, "a task", NULL);
			passes(2);
			assert_int_equal(sc->n + sf->n, 2);
			fake_delete(&w.fake[side], &w.fake[side].rec[0]);
			passes(20);
			struct fake *other = side == SIDE_SC ? sf : sc;
			assert_false(other->rec[0].deleted);
			if (both)
				fake_delete(other, &other->rec[0]);
			passes(120);
			check_rest(&w);
			assert_int_equal(sc->n + sf->n, both ? 2 : 3);
			assert_int_equal(fake_live(sc), both ? 0 : 1);
			assert_int_equal(fake_live(sf), both ? 0 : 1);
			world_finish(&w);
		}
}

/* It was taken for the copy of what was there alone; then comes the one whose key it has. */
static void D3_a_record_that_was_guessed_goes_to_the_one_whose_key_it_has(void **state)
{
	begin_nameless();
	int64_t enabled_at = w.now;
	w.now += MINUTE;
	struct fake_record *r = fake_add(sf, "a task");
	check_rest(&w);
	r->hidden = true;
	world_another(&w, enabled_at);
	struct fake_record *guessed = theirs(sf, "a task", NULL);
	passes(60);
	assert_int_equal(sc->n, 1);
	r->hidden = false;
	fake_touch(sf, r);
	passes(60);
	assert_int_equal(fake_live(sc), 2);	/* and the other one is copied */
	assert_int_equal(fake_live(sf), 2);
	fake_delete(sc, &sc->rec[0]);
	passes(60);
	assert_true(r->deleted);
	assert_false(guessed->deleted);
	fake_delete(sc, &sc->rec[1]);		/* that is certain */
	passes(60);
	assert_true(guessed->deleted);
	check_rest(&w);
	world_finish(&w);
}

/* Nor is what comes after it was deleted here. */
static void what_was_deleted_here_takes_nothing_along_that_only_has_its_subject(void **state)
{
	begin_nameless();
	int64_t a = user_new(&w, "a");
	assert_int_equal(world_pass_one(&w, SIDE_SC), ERR_OK);
	user_rm(&w, a);
	assert_int_equal(world_pass_one(&w, SIDE_SC), ERR_OK);
	theirs(sf, "a task", NULL);
	passes(90);
	check_rest(&w);
	assert_false(sf->rec[0].deleted);
	check_world(&w, "here: a task | open | normal | - | -\nSC: a task | open | normal | - | -\n"
			"SF: a task | Not Started | Normal | - | -\n");
	world_finish(&w);
}

/* Made here; another mount, that may know the subject only, renamed it before it copied it to Sales Connect, by its key. */
static void D2_a_rename_before_the_copy_is_no_subject_that_was_copied(void **state)
{
	for (int nameless = 0; nameless < 2; nameless++) {
		nameless ? begin_nameless() : begin(BOTH);
		int64_t enabled_at = w.now;
		w.now += MINUTE;
		user_new(&w, "a");
		assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_OK);
		world_turn(&w, enabled_at);
		assert_int_equal(world_pass_one(&w, SIDE_SC), ERR_OK);
		assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_OK);
		user_set(&w, user_find(&w, nameless ? "a task" : "a"), FIELD_TITLE, "b");
		passes(4);
		world_turn(&w, enabled_at);
		passes(60);
		check_rest(&w);
		check_world(&w, nameless ? "here: b | open | normal | - | -\nSC: b | open | normal | - | -\n"
				"SF: a task | Not Started | Normal | - | -\nconflicts: 1\n" :
				"here: b | open | normal | - | -\nSC: b | open | normal | - | -\n"
				"SF: b | Not Started | Normal | - | -\nconflicts: 1\n");
		world_finish(&w);
	}
}

/* Two alike were made here. Another mount copies both to Sales Connect, by their keys, while one of them is deleted here. */
static void D3_what_may_be_the_copy_of_a_deleted_one_is_not_copied(void **state)
{
	for (int told = 0; told < 2; told++) {
		begin(BOTH);
		int64_t enabled_at = w.now;
		w.now += MINUTE;
		int64_t a = user_new(&w, "a");
		user_new(&w, "a");
		assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_OK);
		world_turn(&w, enabled_at);
		passes(4);
		assert_int_equal(fake_live(sc), 2);
		world_turn(&w, enabled_at);
		user_rm(&w, a);
		passes(20);
		assert_int_equal(fake_live(sf), 1);
		if (told)	/* by that mount, which sees the deletion */
			fake_delete(sc, &sc->rec[0]);
		passes(120);
		check_rest(&w);
		assert_int_equal(sf->n, told ? 2 : 3);
		assert_int_equal(fake_live(sf), told ? 1 : 2);
		assert_int_equal(fake_live(sc), told ? 1 : 2);
		world_finish(&w);
	}
}

/* One was renamed and one deleted before this mount knew their copies, of which a colleague has changed one. */
static void D3_of_two_alike_the_copy_is_perhaps_of_the_renamed_one(void **state)
{
	begin(BOTH);
	struct fake_record *renamed = theirs(sc, "a", "2027-01-04"), *dead = theirs(sc, "a", "2027-01-04");
	assert_int_equal(world_pass_one(&w, SIDE_SC), ERR_OK);
	struct fake_record *copy = theirs(sf, "a", "2027-01-04"), *other = theirs(sf, "a", "2027-01-05");
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_OK);
	fake_word(sc, renamed, FIELD_TITLE, "b");
	fake_delete(sc, dead);
	w.now += MINUTE;
	assert_int_equal(world_pass_one(&w, SIDE_SC), ERR_OK);
	fake_word(sf, copy, FIELD_TITLE, "b");
	fake_delete(sf, other);
	passes(120);
	check_rest(&w);
	assert_false(copy->deleted);
	assert_int_equal(sc->n + sf->n, 4);
	check_world(&w, "here: b | open | normal | 2027-01-04 | -\nSC: b | open | normal | 2027-01-04 | -\n"
			"SF: b | Not Started | Normal | 2027-01-04 | -\n");
	world_finish(&w);
}

/* The older one, made while the sync was off, is not copied by us (R15), but by another mount: that is known in a pass of
 * Sales Connect. */
static void what_Sales_Connects_pass_has_joined_keeps_the_order_in_Salesforce(void **state)
{
	AUTO_LINK first = LINK_INIT, second = LINK_INIT;
	begin_nameless();
	world_enable(&w, false);
	user_new(&w, "a");
	passes(4);
	world_enable(&w, true);
	passes(4);
	theirs(sc, "b", NULL);
	passes(4);
	assert_int_equal(sf->n, 1);
	theirs(sf, "a task", NULL);
	passes(120);
	check_rest(&w);
	assert_int_equal(sc->n + sf->n, 4);
	assert_int_equal(store_link_by_rid(w.store, SIDE_SF, sf->rec[0].id, &first), ERR_OK);
	assert_int_equal(store_link_by_rid(w.store, SIDE_SF, sf->rec[1].id, &second), ERR_OK);
	assert_int_equal(first.task, user_find(&w, "a"));
	assert_int_equal(second.task, user_find(&w, "b"));
	world_finish(&w);
}

/* Deleted here and taken back, or made anew, before its copy was seen: another mount had made that, and deletes it. */
static void D3_what_was_there_before_ours_is_no_copy_of_ours(void **state)
{
	for (int anew = 0; anew < 2; anew++) {
		world_init(&w, BOTH);
		check_rest(&w);
		theirs(sc, "a", NULL);
		passes(4);
		struct fake_record *copy = theirs(sf, "a", NULL);
		w.now += MINUTE;
		int64_t a = user_find(&w, "a");
		user_rm(&w, a);
		world_enable(&w, true);
		w.now += MINUTE;
		if (anew)
			user_new(&w, "a");
		else
			assert_int_equal(store_restore(w.store, a, TASK_OPEN, w.now, 0, &a), ERR_OK);
		passes(4);
		fake_delete(sf, copy);
		passes(60);
		check_rest(&w);
		check_world(&w, "here: a | open | normal | - | -\nSC: a | open | normal | - | -\n"
				"SF: a | Not Started | Normal | - | -\n");
		world_finish(&w);
	}
}

/* It came to nothing; at that time another mount copied another task under the same subject. */
static void a_create_in_doubt_is_not_the_copy_of_another_task(void **state)
{
	begin_nameless();
	user_new(&w, "a");
	assert_int_equal(world_pass_one(&w, SIDE_SC), ERR_OK);
	w.fault = (struct fault){ .at = 2, .how = LOSE_UNKNOWN };
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_LOST);
	theirs(sc, "b", "2027-01-13");
	theirs(sf, "a task", "2027-01-13");
	passes(60);
	check_rest(&w);
	check_world(&w, "here: a | open | normal | - | -\nhere: b | open | normal | 2027-01-13 | -\n"
			"SC: a | open | normal | - | -\nSC: b | open | normal | 2027-01-13 | -\n"
			"SF: a task | Not Started | Normal | - | -\nSF: a task | Not Started | Normal | 2027-01-13 | -\n");
	world_finish(&w);
}

/* The copy is as it was made, so what its original says beyond that was chosen since; nobody chose what the copy says. */
static void D1_a_choice_made_after_the_copy_is_the_newer_one(void **state)
{
	begin(BOTH);
	struct fake_record *r = theirs(sc, "a", NULL);
	theirs(sf, "a", NULL);
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_OK);
	w.now += MINUTE;
	fake_word(sc, r, FIELD_PRIORITY, TASK_HIGH);
	passes(60);
	check_rest(&w);
	check_world(&w, "here: a | open | high | - | -\nSC: a | open | high | - | -\nSF: a | Not Started | High | - | -\n");
	world_finish(&w);
}

static int64_t task_of(const struct fake_record *r, enum side side)
{
	AUTO_LINK l = LINK_INIT;
	assert_int_equal(store_link_by_rid(w.store, side, r->id, &l), ERR_OK);
	return l.task;
}

/* Three of one subject: what was made in Salesforce first came to Sales Connect last. Where Salesforce keeps keys, the order is no
 * reason to exchange them. */
static void three_of_one_subject(void)
{
	begin_nameless();
	sf->remote.once_is_kept = true;
	w.now += 2 * HOUR;
	user_new(&w, "a");
	assert_int_equal(world_pass_one(&w, SIDE_SF), ERR_OK);
	theirs(sc, "b", NULL);
	theirs(sc, "c", NULL);
	passes(4);
	check_rest(&w);
	assert_int_equal(sc->n + sf->n, 6);
}

static void check_each_has_its_copy(void)
{
	for (size_t i = 1; i < sf->n; i++) {
		AUTO_LINK here = LINK_INIT;
		assert_int_equal(store_link(w.store, task_of(&sf->rec[i], SIDE_SF), SIDE_SC, &here), ERR_OK);
		assert_string_equal(here.rid, sc->rec[i - 1].id);
	}
}

static void D3_of_three_of_one_subject_the_key_tells_which_is_deleted(void **state)
{
	three_of_one_subject();
	check_each_has_its_copy();
	fake_delete(sf, &sf->rec[1]);
	check_rest(&w);
	assert_false(user_find(&w, "b"));
	assert_true(user_find(&w, "a") && user_find(&w, "c"));
	world_finish(&w);
}

/* In the order of their ids they would stay as they were taken for each other. */
static void D3_two_that_were_taken_for_each_other_go_where_the_key_says(void **state)
{
	three_of_one_subject();
	int64_t a = task_of(&sf->rec[0], SIDE_SF), b = task_of(&sf->rec[1], SIDE_SF);
	assert_int_equal(store_exchange(w.store, a, b, SIDE_SF), ERR_OK);
	assert_int_equal(task_of(&sf->rec[1], SIDE_SF), a);
	assert_int_equal(store_outbox_add(w.store, a, SIDE_SF, w.now), ERR_OK);
	check_rest(&w);
	check_each_has_its_copy();
	assert_int_equal(sc->n + sf->n, 6);
	world_finish(&w);
}

/* Other values are to be skipped (R8), and a colleague gave one to the copy of one of two alike before this mount saw it. */
static void R08_of_two_alike_one_has_another_word(void **state)
{
	begin(BOTH);
	w.config.other_values_skip = true;
	theirs(sc, "a", NULL);
	theirs(sc, "a", NULL);
	theirs(sf, "a", NULL);
	fake_word(sf, theirs(sf, "a", NULL), FIELD_STATUS, "Deferred");
	passes(120);
	check_rest(&w);
	assert_int_equal(sc->n + sf->n, 4);
	fake_delete(sc, &sc->rec[1]);
	check_rest(&w);
	assert_true(sf->rec[1].deleted);
	assert_false(sf->rec[0].deleted);
	world_finish(&w);
}

/* A colleague's task, which never had another value, is skipped as before, whatever it looks like. */
static void R08_a_colleagues_of_that_name_is_skipped(void **state)
{
	begin(BOTH);
	w.config.other_values_skip = true;
	theirs(sc, "a", NULL);
	theirs(sc, "a", NULL);
	fake_word(sf, fake_add(sf, "a"), FIELD_STATUS, "Deferred");
	passes(120);
	check_rest(&w);
	assert_int_equal(fake_live(sc), 2);
	assert_int_equal(fake_live(sf), 3);
	world_finish(&w);
}

static struct fake_record *for_bob(struct fake_record *r)
{
	r->person = strdup("Bob");
	return r;
}

/* Three have one subject, two of them are for the same person, and another mount has copied one or two: for whom a copy is tells. */
static void of_several_of_one_subject_the_copy_is_of_one_for_that_person(void **state)
{
	for (int i = 0; i < 4; i++) {
		bool first = i & 1, two = i & 2;
		begin_nameless();
		if (!first)
			theirs(sc, "a", NULL);
		for_bob(theirs(sc, "b", NULL));
		for_bob(theirs(sc, "b", NULL));
		if (first)
			theirs(sc, "a", NULL);
		struct fake_record *copy = for_bob(theirs(sf, "a task", NULL)), *other = two ? theirs(sf, "a task", NULL) : NULL;
		passes(120);
		check_rest(&w);
		assert_int_equal(sc->n + sf->n, 6);
		assert_int_not_equal(task_of(copy, SIDE_SF), user_find(&w, "a"));
		if (two && !first)	/* the first that is left has the first */
			assert_int_equal(task_of(other, SIDE_SF), user_find(&w, "a"));
		world_finish(&w);
	}
}

/* A task was put off before its copy was, and this machine slept while the other mount carried that over: that it has had its time
 * is no reason as long as nobody looked. */
static void who_slept_looks_at_both_systems_before_it_copies(void **state)
{
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		enum side other = side == SIDE_SC ? SIDE_SF : SIDE_SC;
		begin(BOTH);
		theirs(&w.fake[side], "a", "2026-12-01");
		struct fake_record *copy = theirs(&w.fake[other], "a", NULL);
		passes(2);
		w.now += 8 * HOUR;
		fake_word(&w.fake[other], copy, FIELD_DUE, "2026-12-01");
		assert_int_equal(world_pass_one(&w, side), ERR_OK);
		check_rest(&w);
		assert_int_equal(sc->n + sf->n, 2);
		world_finish(&w);
	}
}

/* Of two alike one was edited in Sales Connect, and of their copies one, the other's: those that are left look like each other. */
static void two_alike_of_which_each_was_edited_once_wait_for_the_other_mount(void **state)
{
	begin(BOTH);
	theirs(sc, "a", NULL);
	theirs(sc, "a", "2026-12-01");
	theirs(sf, "a", NULL);
	theirs(sf, "a", NULL);
	fake_word(sf, &sf->rec[0], FIELD_DETAILS, "words");
	passes(20);
	fake_word(sc, &sc->rec[0], FIELD_DETAILS, "words");
	fake_word(sf, &sf->rec[1], FIELD_DUE, "2026-12-01");
	check_rest(&w);
	assert_int_equal(sc->n + sf->n, 4);
	assert_int_equal(world_conflicts(&w), 0);
	fake_delete(sc, &sc->rec[0]);
	check_rest(&w);
	assert_true(sf->rec[0].deleted);
	assert_false(sf->rec[1].deleted);
	world_finish(&w);
}

/* A record under the subject that all have, which was edited, or is for nobody: that a task said as little once is no reason to
 * take it for its copy, and to write into it what the record says. */
static void what_has_nothing_but_the_subject_in_common_are_two(void **state)
{
	for (int person = 0; person < 2; person++) {
		begin_nameless();
		struct fake_record *other = theirs(sf, "a task", NULL);
		passes(2);
		if (!person)
			fake_word(sf, other, FIELD_DETAILS, "words");
		passes(2);
		struct fake_record *c = theirs(sc, "c", NULL);
		if (person)
			for_bob(c);
		passes(120);
		check_rest(&w);
		assert_int_equal(sc->n + sf->n, 4);
		assert_string_equal(user_see(&w, "c", FIELD_DETAILS), "-");
		assert_int_not_equal(task_of(other, SIDE_SF), task_of(c, SIDE_SC));
		world_finish(&w);
	}
}

/* A colleague made two alike, and a mount has copied one before he changed its subject: to the next mount the copy looks like the
 * other's. The key of the one tells, though the copy is not without a partner. */
static void a_record_taken_for_anothers_for_its_looks_goes_to_the_one_whose_key_it_has(void **state)
{
	begin(BOTH);
	int64_t enabled_at = w.now;
	w.now += MINUTE;
	struct fake_record *first = fake_add(sf, "a");
	fake_word(sf, first, FIELD_DETAILS, "words");
	passes(4);
	assert_int_equal(sc->n, 1);
	fake_word(sf, first, FIELD_TITLE, "b");
	fake_word(sf, fake_add(sf, "a"), FIELD_DETAILS, "words");
	world_another(&w, enabled_at);
	passes(120);
	check_rest(&w);
	assert_int_equal(sc->n + sf->n, 4);
	assert_int_equal(task_of(&sc->rec[0], SIDE_SC), task_of(&sf->rec[0], SIDE_SF));
	assert_int_equal(task_of(&sc->rec[1], SIDE_SC), task_of(&sf->rec[1], SIDE_SF));
	world_finish(&w);
}

/* It was renamed in Sales Connect while this mount did not sync with Salesforce, and the mount that copied it there does not any
 * more. */
static void R24_renamed_in_Sales_Connect_before_its_copy_was_seen(void **state)
{
	static const char *const template[] = { NULL, "[SC] {{activity_subject}}" };
	for (int i = 0; i < 2; i++) {
		world_init(&w, BOTH);
		sc->template = template[i];
		struct fake_record *r = theirs(sc, "a", NULL);
		assert_int_equal(world_pass(&w), ERR_OK);
		w.now += HOUR;
		struct fake_record *copy = theirs(sf, i ? "[SC] a" : "a", NULL);
		fake_word(sc, r, FIELD_TITLE, "b");
		assert_int_equal(world_pass(&w), ERR_OK);
		world_enable(&w, true);
		passes(120);
		check_rest(&w);
		assert_int_equal(sc->n + sf->n, 2);
		assert_string_equal(copy->word[FIELD_TITLE], i ? "[SC] b" : "b");
		world_finish(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_tasks_of_one_user_stay_two),
		cmocka_unit_test(what_waits_for_another_mount_is_sent_when_it_is_touched),
		cmocka_unit_test(two_alike_have_one_order_in_every_mount),
		cmocka_unit_test(the_copy_of_one_of_two_alike_is_not_the_others),
		cmocka_unit_test(the_copy_of_what_was_deleted_is_not_that_of_what_had_its_name),
		cmocka_unit_test(what_had_the_name_of_a_pair_that_is_gone_lives),
		cmocka_unit_test(D7_two_alike_that_nobody_of_us_made_are_paired),
		cmocka_unit_test(tasks_that_are_alike_in_Salesforce_alone_keep_their_names),
		cmocka_unit_test(tasks_that_became_alike_in_Salesforce_keep_their_records),
		cmocka_unit_test(D3_a_copy_whose_task_was_deleted_is_not_taken_for_a_new_task),
		cmocka_unit_test(copies_of_one_second_have_one_order_in_every_mount),
		cmocka_unit_test(two_alike_of_which_one_was_edited_wait_for_the_other_mount),
		cmocka_unit_test(a_task_edited_before_it_was_seen_here_is_not_copied_twice),
		cmocka_unit_test(what_came_here_just_now_waits_however_old_it_is),
		cmocka_unit_test(R10_a_copy_with_another_word_is_the_copy),
		cmocka_unit_test(R08_a_copy_of_what_has_another_word_by_now_is_the_copy),
		cmocka_unit_test(R15_made_while_the_first_answer_was_on_its_way),
		cmocka_unit_test(R17_made_after_enabling_and_long_before_the_first_pass),
		cmocka_unit_test(a_create_in_doubt_is_found_though_it_was_edited_there),
		cmocka_unit_test(a_push_does_not_make_again_what_was_renamed_there),
		cmocka_unit_test(a_keyed_create_in_doubt_is_found_though_it_was_edited_there),
		cmocka_unit_test(what_was_typed_into_a_copy_is_in_its_conflict),
		cmocka_unit_test(a_create_in_doubt_is_not_taken_for_a_colleagues_task),
		cmocka_unit_test(D5_a_create_in_doubt_that_was_reassigned_is_not_made_again),
		cmocka_unit_test(a_create_in_doubt_that_was_renamed_there_is_made_again),
		cmocka_unit_test(D3_a_create_in_doubt_that_was_deleted_there_is_not_made_again),
		cmocka_unit_test(D3_a_create_in_doubt_that_was_renamed_there_and_deleted_here_is_deleted),
		cmocka_unit_test(D3_of_two_creates_in_doubt_the_one_that_was_deleted_there_is_deleted),
		cmocka_unit_test(D5_what_became_anothers_is_not_deleted_there),
		cmocka_unit_test(D4_their_completion_meets_a_delete_that_is_taken_back),
		cmocka_unit_test(D3_an_edit_that_was_not_pulled_yet_survives_our_delete),
		cmocka_unit_test(D2_an_edit_that_was_not_pulled_yet_survives_our_batch),
		cmocka_unit_test(D2_D3_their_edit_of_what_was_just_created_is_kept),
		cmocka_unit_test(D2_their_edit_before_a_create_is_repeated_is_kept),
		cmocka_unit_test(a_create_in_doubt_on_a_side_that_is_off_holds_up_nobody),
		cmocka_unit_test(a_create_in_doubt_whose_repetition_is_refused_can_be_retried),
		cmocka_unit_test(a_delete_during_a_pull_has_its_grace_time),
		cmocka_unit_test(D7_what_is_made_after_the_mirror_went_off_reaches_Salesforce),
		cmocka_unit_test(D7_what_the_mirror_has_copied_by_now_is_off_our_list),
		cmocka_unit_test(D7_what_was_left_to_the_mirror_is_not_created_by_a_later_edit),
		cmocka_unit_test(D7_two_alike_that_the_mirror_copied_are_two),
		cmocka_unit_test(D7_the_mirrors_copy_of_what_we_made_is_known_on_any_page),
		cmocka_unit_test(a_task_of_the_same_name_and_older_than_ours_is_another),
		cmocka_unit_test(D7_a_create_in_doubt_in_Salesforce_holds_up_nobody_beside_the_mirror),
		cmocka_unit_test(D3_of_two_alike_the_copy_is_of_the_one_that_lives),
		cmocka_unit_test(a_deletion_spares_what_only_looks_like_the_deleted_one),
		cmocka_unit_test(D3_a_deletion_reaches_what_its_key_says),
		cmocka_unit_test(a_copy_whose_key_is_forgotten_is_not_made_again),
		cmocka_unit_test(D3_a_taken_key_is_tried_with_what_each_of_them_said),
		cmocka_unit_test(D3_a_record_that_was_guessed_goes_to_the_one_whose_key_it_has),
		cmocka_unit_test(a_deletion_spares_what_was_made_after_it),
		cmocka_unit_test(a_deletion_spares_what_was_made_after_it_whoever_made_them),
		cmocka_unit_test(D3_a_task_that_was_taken_back_comes_after_its_deletion),
		cmocka_unit_test(a_deletion_does_not_pass_over_a_subject_that_all_have),
		cmocka_unit_test(what_was_deleted_here_takes_nothing_along_that_only_has_its_subject),
		cmocka_unit_test(D2_a_rename_before_the_copy_is_no_subject_that_was_copied),
		cmocka_unit_test(D3_what_may_be_the_copy_of_a_deleted_one_is_not_copied),
		cmocka_unit_test(D3_of_two_alike_the_copy_is_perhaps_of_the_renamed_one),
		cmocka_unit_test(what_Sales_Connects_pass_has_joined_keeps_the_order_in_Salesforce),
		cmocka_unit_test(D3_what_was_there_before_ours_is_no_copy_of_ours),
		cmocka_unit_test(a_create_in_doubt_is_not_the_copy_of_another_task),
		cmocka_unit_test(D1_a_choice_made_after_the_copy_is_the_newer_one),
		cmocka_unit_test(D3_of_three_of_one_subject_the_key_tells_which_is_deleted),
		cmocka_unit_test(D3_two_that_were_taken_for_each_other_go_where_the_key_says),
		cmocka_unit_test(R08_of_two_alike_one_has_another_word),
		cmocka_unit_test(R08_a_colleagues_of_that_name_is_skipped),
		cmocka_unit_test(of_several_of_one_subject_the_copy_is_of_one_for_that_person),
		cmocka_unit_test(who_slept_looks_at_both_systems_before_it_copies),
		cmocka_unit_test(two_alike_of_which_each_was_edited_once_wait_for_the_other_mount),
		cmocka_unit_test(what_has_nothing_but_the_subject_in_common_are_two),
		cmocka_unit_test(a_record_taken_for_anothers_for_its_looks_goes_to_the_one_whose_key_it_has),
		cmocka_unit_test(R24_renamed_in_Sales_Connect_before_its_copy_was_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
