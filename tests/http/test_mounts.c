/*
 * Many mounts of one account: 2, 5 and 20 stores over one sandbox. People make, edit, rename, complete and
 * delete tasks at each, colleagues do so on both sides, and mounts cannot reach one side or both for a while.
 * Then quiet: all agree with each other and with both systems, nothing is doubled, nothing is lost; and on
 * from there. The order is random; SEED=n repeats a run.
 */
#include "mounts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOUNTS_MAX 20
#define TASKS_MAX 400
#define STEPS 30	/* a mount in each */

struct story {			/* what people did to a task; its title is its number */
	int edits[TASK_NFIELDS];
	char value[TASK_NFIELDS][24];	/* the last one */
	bool deleted;
	bool young;		/* not every mount knows it and its copy */
	int copies;		/* made on purpose */
};

static struct mount mount[MOUNTS_MAX];
static size_t nmounts;
static struct story story[TASKS_MAX];
static int nstories, edits;
static uint64_t state;

static unsigned below(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 11) % n);
}

static const char *title_of(int k)
{
	static char title[24];
	snprintf(title, sizeof title, "task %d", k);
	return title;
}

static void note(int k, enum field f, const char *value)
{
	story[k].edits[f]++;
	edits++;
	snprintf(story[k].value[f], sizeof story[k].value[f], "%s", value);
}

/* ---- what people do ---- */

static void create_here(struct mount *m, enum side side)
{
	if (nstories == TASKS_MAX)
		return;
	int k = nstories++;
	story[k] = (struct story){ .young = true, .copies = below(10) ? 1 : 2 };
	for (int i = 0; i < story[k].copies; i++)
		mount_new(m, title_of(k));
	edits += story[k].copies;
}

static void create_there(struct mount *m, enum side side)
{
	if (nstories == TASKS_MAX)
		return;
	int k = nstories++;
	story[k] = (struct story){ .young = true, .copies = 1 };
	colleague_new(side, title_of(k));
	edits++;
}

/* A new value for a field of task k. */
static void choose(int k, enum field f, char value[24])
{
	static const char *const words[TASK_NFIELDS][2] = {
		[FIELD_STATUS] = { TASK_COMPLETE, TASK_OPEN }, [FIELD_PRIORITY] = { TASK_HIGH, TASK_NORMAL },
	};
	if (f == FIELD_TITLE)
		snprintf(value, 24, "task %d no %d", k, edits);
	else if (f == FIELD_DUE)
		snprintf(value, 24, "2027-%02u-%02u", 1 + below(12), 1 + below(28));
	else if (f == FIELD_DETAILS)
		snprintf(value, 24, "words %d", edits);
	else
		snprintf(value, 24, "%s", words[f][below(4) == 0]);
	note(k, f, value);
}

/* 0: there is none, or it is one that is made just now: edits on the way between two copies that do not know
 * each other yet are D7's limit. */
static int64_t pick_here(struct mount *m, int *k)
{
	int64_t id[TASKS_MAX];
	size_t n = mount_tasks(m, id, TASKS_MAX), i = n ? below((unsigned)n) : 0;
	AUTO_TASK t = TASK_INIT;
	if (!n)
		return 0;
	assert_ok(store_get(m->store, id[i], &t));
	*k = atoi(t.field[FIELD_TITLE] + 5);
	return story[*k].young ? 0 : id[i];
}

static bool pick_there(enum side side, int *k, char id[24])
{
	char title[64];
	if (!colleague_pick(side, below(TASKS_MAX), id, title))
		return false;
	*k = atoi(title + 5);
	return !story[*k].young;
}

static void set_here(struct mount *m, enum field f)
{
	char value[24];
	int k;
	int64_t id = pick_here(m, &k);
	if (!id)
		return;
	choose(k, f, value);
	mount_set(m, id, f, value);
}

static void edit_here(struct mount *m, enum side side)
{
	static const enum field fields[] = { FIELD_DUE, FIELD_DETAILS, FIELD_PRIORITY, FIELD_STATUS };
	set_here(m, fields[below(COUNT(fields))]);
}

static void rename_here(struct mount *m, enum side side)
{
	set_here(m, FIELD_TITLE);
}

static void edit_there(struct mount *m, enum side side)
{
	static const enum field fields[] = { FIELD_DUE, FIELD_DETAILS, FIELD_PRIORITY, FIELD_STATUS };
	enum field f = fields[below(COUNT(fields))];
	char id[24], value[24];
	int k;
	if (!pick_there(side, &k, id))
		return;
	choose(k, f, value);
	colleague_set(side, id, f, value);
}

/* Of two that are alike nobody can say afterwards which one it was. */
static void delete_here(struct mount *m, enum side side)
{
	int k;
	int64_t id = pick_here(m, &k);
	if (!id || story[k].copies != 1)
		return;
	mount_rm(m, id);
	story[k].deleted = true;
	edits++;
}

static void delete_there(struct mount *m, enum side side)
{
	char id[24];
	int k;
	if (!pick_there(side, &k, id) || story[k].copies != 1)
		return;
	colleague_rm(side, id);
	story[k].deleted = true;
	edits++;
}

/* ---- what happens to the mounts ---- */

static void cut(struct mount *m, enum side side)
{
	m->cut[side] = !m->cut[side];
}

static void cut_both(struct mount *m, enum side side)
{
	m->cut[SIDE_SC] = m->cut[SIDE_SF] = !m->cut[side];
}

static void push(struct mount *m, enum side side)
{
	(void)mount_push(m, side);
}

static void pass(struct mount *m, enum side side)
{
	(void)mount_pass(m, side);
}

static const struct act {
	void (*act)(struct mount *m, enum side side);
	unsigned often;		/* of a hundred */
} acts[] = {
	{ create_here, 8 }, { create_there, 4 }, { edit_here, 18 }, { rename_here, 3 }, { edit_there, 6 }, { delete_here, 3 },
	{ delete_there, 1 }, { cut, 6 }, { cut_both, 3 }, { push, 18 }, { pass, 30 },
};

static void step(void)
{
	struct mount *m = &mount[below((unsigned)nmounts)];
	enum side side = below(2) ? SIDE_SC : SIDE_SF;
	unsigned lot = below(100);
	const struct act *a = acts;
	for (; lot >= a->often; a++)
		lot -= a->often;
	a->act(m, side);
	if (below(3) == 0)
		world_advance(1 + (int)below(90));
}

/* ---- the oracle ---- */

static int count_lines(const char *text, const char *title)
{
	char begin[32];
	int n = 0;
	/* "task 1 | ", or "task 1 no 7 | " */
	size_t len = (size_t)snprintf(begin, sizeof begin, "%s ", title);
	for (const char *s = text; *s; s = strchr(s, '\n') + 1)
		n += strncmp(s, begin, len) == 0;
	return n;
}

struct verdict {
	int lost, doubled, diverged;
};

static const char *line_of(const char *text, const char *title)
{
	char begin[32];
	size_t len = (size_t)snprintf(begin, sizeof begin, "%s ", title);
	for (const char *s = text; *s; s = strchr(s, '\n') + 1)
		if (!strncmp(s, begin, len))
			return s;
	return NULL;
}

/* A field that one person set once holds that value. */
static int lost_fields(const char *text, int k)
{
	int lost = 0;
	const char *line = story[k].copies == 1 ? line_of(text, title_of(k)) : NULL;
	for (int f = 0; line && f < TASK_NFIELDS; f++) {
		size_t len = strcspn(line, "|\n");
		while (len && line[len - 1] == ' ')
			len--;
		if (story[k].edits[f] == 1 && (strlen(story[k].value[f]) != len || strncmp(line, story[k].value[f], len))) {
			print_message("# task %d: \"%s\" is not \"%.*s\"\n", k, story[k].value[f], (int)len, line);
			lost++;
		}
		line += strcspn(line, "|\n");
		line += *line == '|' ? 2 : 0;
	}
	return lost;
}

static bool has_line(const char *text, const char *line, size_t n)
{
	for (const char *s = text; *s; s = strchr(s, '\n') + 1)
		if (!strncmp(s, line, n))
			return true;
	return false;
}

/* The lines of a that b has not. */
static void tell_more(const char *a, const char *b, const char *where)
{
	for (const char *s = a; *s; s = strchr(s, '\n') + 1) {
		size_t n = strcspn(s, "\n") + 1;
		if (!has_line(b, s, n))
			print_message("# only %s: %.*s", where, (int)n, s);
	}
}

static bool differs(const char *sc, const char *there, const char *where)
{
	char not_there[48];
	tell_more(there, sc, where);
	snprintf(not_there, sizeof not_there, "not %s", where);
	tell_more(sc, there, not_there);
	return strcmp(sc, there) != 0;
}

static struct verdict judge(void)
{
	struct verdict v = { 0 };
	AUTO_FREE char *sc = remote_text(SIDE_SC), *sf = remote_text(SIDE_SF);
	v.diverged += differs(sc, sf, "in Salesforce");
	for (size_t i = 0; i < nmounts; i++) {
		AUTO_FREE char *here = mount_text(&mount[i]);
		char where[40];
		snprintf(where, sizeof where, "in mount %zu", i);
		v.diverged += differs(sc, here, where);
	}
	for (int k = 0; k < nstories; k++) {
		int is = count_lines(sc, title_of(k));
		v.lost += is < story[k].copies && !story[k].deleted;
		v.doubled += is > story[k].copies;
		v.lost += story[k].deleted ? 0 : lost_fields(sc, k);
		if (is != story[k].copies && !(story[k].deleted && is < story[k].copies))
			print_message("# task %d: %d instead of %d\n", k, is, story[k].copies);
	}
	return v;
}

/* So many were completed or deleted while a mount was away that it asks first (D6): they were meant. */
static bool settle(void)
{
	bool rest = world_rest(mount, nmounts);
	int64_t held = 0;
	for (size_t i = 0; i < nmounts; i++)
		held += mount_confirm(&mount[i]);
	return held ? world_rest(mount, nmounts) : rest;
}

/* A while, and the quiet after it. */
static bool live(void)
{
	for (size_t i = 0; i < nmounts * STEPS; i++)
		step();
	for (size_t i = 0; i < nmounts; i++)
		memset(mount[i].cut, 0, sizeof mount[i].cut);
	bool rest = settle();
	for (int k = 0; k < nstories; k++)
		story[k].young = false;
	return rest;
}

static void run(size_t n, const char *settings, int whiles)
{
	int conflicts = 0;
	bool rest;
	nstories = edits = 0;
	nmounts = n;
	world_begin(settings);
	for (size_t i = 0; i < n; i++)
		mount_open(&mount[i]);
	rest = world_rest(mount, n);
	for (int i = 0; i < whiles; i++)
		rest = live() && rest;
	struct verdict v = judge();
	for (size_t i = 0; i < n; i++)
		conflicts += (int)mount_conflicts(&mount[i]);
	print_message("# mounts %zu, tasks %d, edits %d, writes %d, conflicts kept %d: lost %d, doubled %d, diverged %d\n", n,
		nstories, edits, world_writes(), conflicts, v.lost, v.doubled, v.diverged);
	for (size_t i = 0; i < n; i++)
		mount_remove(&mount[i]);
	assert_true(rest);
	assert_int_equal(v.lost, 0);
	assert_int_equal(v.doubled, 0);
	assert_int_equal(v.diverged, 0);
}

#define KEYED "{\"external_id\":true}"

static void two_mounts_agree(void **unused)
{
	run(2, NULL, 4);
}

static void two_mounts_agree_with_a_key(void **unused)
{
	run(2, KEYED, 4);
}

static void five_mounts_agree(void **unused)
{
	run(5, NULL, 4);
}

static void five_mounts_agree_with_a_key(void **unused)
{
	run(5, KEYED, 4);
}

static void twenty_mounts_agree(void **unused)
{
	run(20, NULL, 2);
}

static void twenty_mounts_agree_with_a_key(void **unused)
{
	run(20, KEYED, 2);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, sandbox_clean, sandbox_tidy)
		T(two_mounts_agree),
		T(two_mounts_agree_with_a_key),
		T(five_mounts_agree),
		T(five_mounts_agree_with_a_key),
		T(twenty_mounts_agree),
		T(twenty_mounts_agree_with_a_key),
#undef T
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	const char *given = getenv("SEED");
	state = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 1000003u + (uint64_t)getpid();
	state = state ? state : 1;
	printf("# seed %llu (SEED=%llu repeats this run)\n", (unsigned long long)state, (unsigned long long)state);
	return cmocka_run_group_tests_name("mounts", tests, sandbox_start, sandbox_stop);
}
