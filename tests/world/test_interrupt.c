/*
 * Interrupt at every step: whatever people do, every request and every commit on the way to rest is hit once; request
 * lost, answer lost, process killed. The end is the same as without, nothing lost, nothing doubled, and then all is quiet.
 */
#include "world.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

static struct fake *sc(struct world *w)
{
	return &w->fake[SIDE_SC];
}

static struct fake *sf(struct world *w)
{
	return &w->fake[SIDE_SF];
}

static void enabled(struct world *w)
{
	world_enable(w, true);
	check_rest(w);
}

/* Three tasks that everybody knows. */
static void known(struct world *w)
{
	enabled(w);
	user_new(w, "a");
	user_new(w, "b");
	user_new(w, "c");
	check_rest(w);
}

static void off_with_tasks(struct world *w)
{
	user_new(w, "old here");
	if (w->config.remote[SIDE_SC].configured)
		fake_add(sc(w), "old in SC");
	for (int i = 0; i < 5; i++)
		fake_add(sf(w), (const char *[]){ "f1", "f2", "f3", "f4", "f5" }[i]);
	check_rest(w);
	w->now += MINUTE;
}

static void user_creates(struct world *w)
{
	user_new(w, "x");
	user_new(w, "y");
	user_new(w, "y");	/* two that look alike */
}

static void user_edits(struct world *w)
{
	user_set(w, user_find(w, "a"), FIELD_DETAILS, "words");
	user_set(w, user_find(w, "b"), FIELD_TITLE, "b2");
}

static void user_completes(struct world *w)
{
	user_set(w, user_find(w, "a"), FIELD_STATUS, TASK_COMPLETE);
}

static void user_deletes(struct world *w)
{
	user_rm(w, user_find(w, "a"));
	user_rm(w, user_find(w, "c"));
}

static void user_creates_and_deletes(struct world *w)
{
	user_new(w, "keep");
	user_new(w, "x");
	world_pass(w);
	user_rm(w, user_find(w, "x"));
}

static void first_import(struct world *w)
{
	world_enable(w, true);
}

static struct fake *any(struct world *w, int i)
{
	bool both = w->config.remote[SIDE_SC].configured && w->config.remote[SIDE_SF].configured;
	return both ? i & 1 ? sc(w) : sf(w) : w->config.remote[SIDE_SC].configured ? sc(w) : sf(w);
}

/* Its record, however the template makes it look. */
static struct fake_record *record(struct fake *f, const char *title)
{
	char rendered[32];
	struct fake_record *r = fake_titled(f, title);
	snprintf(rendered, sizeof(rendered), "[SC] %s", title);
	return r ? r : fake_titled(f, rendered);
}

static void colleagues(struct world *w)
{
	w->now += HOUR;
	fake_add(any(w, 0), "new 1");
	fake_add(any(w, 1), "new 2");
	fake_word(any(w, 0), record(any(w, 0), "a"), FIELD_DETAILS, "theirs");
	fake_word(any(w, 1), record(any(w, 1), "a"), FIELD_DUE, "2026-12-01");
	fake_delete(any(w, 1), record(any(w, 1), "b"));
}

static void everybody_at_once(struct world *w)
{
	user_set(w, user_find(w, "a"), FIELD_DETAILS, "ours");
	user_set(w, user_find(w, "b"), FIELD_DETAILS, "ours");
	user_rm(w, user_find(w, "c"));
	user_new(w, "x");
	w->now += SECOND;
	fake_word(any(w, 0), record(any(w, 0), "a"), FIELD_DETAILS, "theirs");
	fake_delete(any(w, 1), record(any(w, 1), "b"));
	fake_word(any(w, 0), record(any(w, 0), "c"), FIELD_DETAILS, "too late");
	fake_add(any(w, 1), "y");
}

static void off_and_on(struct world *w)
{
	world_enable(w, false);
	w->now += MINUTE;
	user_new(w, "between");
	world_pass(w);
	w->now += MINUTE;
	world_enable(w, true);
	w->now += SECOND;
	user_new(w, "after");
}

static void with_template(struct world *w)
{
	sc(w)->template = "[SC] {{activity_subject}}";
	known(w);
}

#define STORY(sides, before, act)                                                                                  \
	static void sides##_##before##_##act(void **state)                                                         \
	{                                                                                                          \
		interrupt_everywhere(&(struct story){ #sides "_" #before "_" #act, sides, before, act });          \
	}

STORY(SC, known, user_creates)
STORY(SC, known, user_edits)
STORY(SC, known, user_completes)
STORY(SC, known, user_deletes)
STORY(SC, known, user_creates_and_deletes)
STORY(SC, known, colleagues)
STORY(SC, known, everybody_at_once)
STORY(SF, known, user_creates)
STORY(SF, known, user_edits)
STORY(SF, known, user_completes)
STORY(SF, known, user_deletes)
STORY(SF, known, user_creates_and_deletes)
STORY(SF, known, colleagues)
STORY(SF, known, everybody_at_once)
STORY(SF, off_with_tasks, first_import)
STORY(BOTH, known, user_creates)
STORY(BOTH, known, user_edits)
STORY(BOTH, known, user_completes)
STORY(BOTH, known, user_deletes)
STORY(BOTH, known, user_creates_and_deletes)
STORY(BOTH, known, colleagues)
STORY(BOTH, known, everybody_at_once)
STORY(BOTH, known, off_and_on)
STORY(BOTH, with_template, everybody_at_once)
STORY(BOTH, off_with_tasks, first_import)

#define TEST(sides, before, act) cmocka_unit_test(sides##_##before##_##act)

int main(int argc, char **argv)
{
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	const struct CMUnitTest tests[] = {
		TEST(SC, known, user_creates), TEST(SC, known, user_edits), TEST(SC, known, user_completes),
		TEST(SC, known, user_deletes), TEST(SC, known, user_creates_and_deletes), TEST(SC, known, colleagues),
		TEST(SC, known, everybody_at_once),
		TEST(SF, known, user_creates), TEST(SF, known, user_edits), TEST(SF, known, user_completes),
		TEST(SF, known, user_deletes), TEST(SF, known, user_creates_and_deletes), TEST(SF, known, colleagues),
		TEST(SF, known, everybody_at_once), TEST(SF, off_with_tasks, first_import),
		TEST(BOTH, known, user_creates), TEST(BOTH, known, user_edits), TEST(BOTH, known, user_completes),
		TEST(BOTH, known, user_deletes), TEST(BOTH, known, user_creates_and_deletes),
		TEST(BOTH, known, colleagues), TEST(BOTH, known, everybody_at_once), TEST(BOTH, known, off_and_on),
		TEST(BOTH, with_template, everybody_at_once), TEST(BOTH, off_with_tasks, first_import),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
