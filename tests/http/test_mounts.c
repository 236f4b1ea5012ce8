/*
 * Many mounts of one account: 2, 5 and 20 stores over one sandbox, people who edit at each and colleagues on both sides,
 * mounts that cannot reach one side for a while. Then quiet: all agree with each other and with both systems, nothing is
 * doubled, nothing is lost. The order is random; SEED=n repeats a run.
 */
#include "mounts.h"
#include "store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOUNTS_MAX 20
#define TASKS_MAX 400
#define STEPS 60	/* a mount */

struct story {			/* what people did to a task; its title is its number */
	int edits[TASK_NFIELDS];
	char value[TASK_NFIELDS][24];	/* the last one */
	bool deleted;
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

static void create_here(struct mount *m)
{
	if (nstories == TASKS_MAX)
		return;
	int k = nstories++;
	story[k].copies = below(10) ? 1 : 2;
	for (int i = 0; i < story[k].copies; i++)
		mount_new(m, title_of(k));
	edits += story[k].copies;
}

static void create_there(enum side side)
{
	char body[64];
	if (nstories == TASKS_MAX)
		return;
	int k = nstories++;
	story[k].copies = 1;
	snprintf(body, sizeof body, side == SIDE_SF ? "{\"Subject\":\"%s\"}" : "{\"name\":\"%s\"}", title_of(k));
	hand("POST", side == SIDE_SF ? "/sandbox/tasks?system=sf" : "/sandbox/tasks?system=sc", body);
	edits++;
}

static void edit_here(struct mount *m)
{
	static const enum field fields[] = { FIELD_DUE, FIELD_DETAILS, FIELD_PRIORITY, FIELD_STATUS };
	int64_t id[TASKS_MAX];
	size_t n = mount_tasks(m, id, TASKS_MAX);
	char value[24];
	if (!n)
		return;
	AUTO_TASK t = TASK_INIT;
	size_t i = below((unsigned)n);
	assert_ok(store_get(m->store, id[i], &t));
	int k = atoi(t.field[FIELD_TITLE] + 5);
	enum field f = fields[below(COUNT(fields))];
	if (f == FIELD_DUE)
		snprintf(value, sizeof value, "2027-%02u-%02u", 1 + below(12), 1 + below(28));
	else if (f == FIELD_DETAILS)
		snprintf(value, sizeof value, "words %d", edits);
	else
		snprintf(value, sizeof value, "%s", f == FIELD_PRIORITY ? TASK_HIGH : TASK_COMPLETE);
	mount_set(m, id[i], f, value);
	note(k, f, value);
}

static void delete_here(struct mount *m)
{
	int64_t id[TASKS_MAX];
	size_t n = mount_tasks(m, id, TASKS_MAX);
	if (n < 8)
		return;
	AUTO_TASK t = TASK_INIT;
	size_t i = below((unsigned)n);
	assert_ok(store_get(m->store, id[i], &t));
	int k = atoi(t.field[FIELD_TITLE] + 5);
	if (story[k].copies != 1)
		return;
	mount_rm(m, id[i]);
	story[k].deleted = true;
	edits++;
}

/* Tasks are made, or edited: an edit on the way between two copies that do not know each other yet is D7's limit. */
static void step(bool make)
{
	struct mount *m = &mount[below((unsigned)nmounts)];
	enum side side = below(2) ? SIDE_SC : SIDE_SF;
	unsigned what = below(100);
	if (make && what < 16)
		create_here(m);
	else if (make && what < 24)
		create_there(side);
	else if (make && what < 36)
		return;
	else if (what < 34)
		edit_here(m);
	else if (what < 36)
		delete_here(m);
	else if (what < 42)
		m->cut[side] = !m->cut[side];
	else if (what < 65)
		(void)mount_push(m, side);
	else
		(void)mount_pass(m, side);
	if (below(3) == 0)
		world_advance(1 + (int)below(90));
}

/* ---- the oracle ---- */

static int count_lines(const char *text, const char *title)
{
	char begin[32];
	int n = 0;
	size_t len = (size_t)snprintf(begin, sizeof begin, "%s | ", title);
	for (const char *s = text; *s; s = strchr(s, '\n') + 1)
		n += strncmp(s, begin, len) == 0;
	return n;
}

struct verdict {
	int lost, doubled, diverged;
};

/* A field that one person set once holds that value. */
static int lost_fields(const char *text, int k)
{
	char begin[32];
	int lost = 0;
	snprintf(begin, sizeof begin, "%s | ", title_of(k));
	const char *line = strncmp(text, begin, strlen(begin)) == 0 ? text : NULL;
	if (!line) {
		char after[40];
		snprintf(after, sizeof after, "\n%s", begin);
		line = strstr(text, after);
		line = line ? line + 1 : NULL;
	}
	for (int f = 0; line && f < TASK_NFIELDS; f++) {
		size_t len = strcspn(line, "|\n");
		while (len && line[len - 1] == ' ')
			len--;
		if (story[k].edits[f] == 1 && story[k].copies == 1)
			lost += strlen(story[k].value[f]) != len || strncmp(line, story[k].value[f], len) != 0;
		line += strcspn(line, "|\n");
		line += *line == '|' ? 2 : 0;
	}
	return lost;
}

static struct verdict judge(void)
{
	struct verdict v = { 0 };
	AUTO_FREE char *sc = remote_text(SIDE_SC), *sf = remote_text(SIDE_SF);
	v.diverged += strcmp(sc, sf) != 0;
	for (size_t i = 0; i < nmounts; i++) {
		AUTO_FREE char *here = mount_text(&mount[i]);
		v.diverged += strcmp(sc, here) != 0;
	}
	for (int k = 0; k < nstories; k++) {
		int want = story[k].deleted ? 0 : story[k].copies, is = count_lines(sc, title_of(k));
		v.lost += is < want;
		v.doubled += is > want;
		v.lost += lost_fields(sc, k);
	}
	if (v.diverged || v.lost || v.doubled)
		print_message("# SC:\n%s# SF:\n%s", sc, sf);
	return v;
}

static bool phase(bool make)
{
	for (size_t i = 0; i < nmounts * STEPS / 2; i++)
		step(make);
	for (size_t i = 0; i < nmounts; i++)
		memset(mount[i].cut, 0, sizeof mount[i].cut);
	return world_rest(mount, nmounts);
}

static void run(size_t n, const char *settings)
{
	int conflicts = 0;
	memset(story, 0, sizeof story);
	nstories = edits = 0;
	nmounts = n;
	world_begin(settings);
	for (size_t i = 0; i < n; i++)
		mount_open(&mount[i]);
	assert_true(world_rest(mount, n));
	bool rest = phase(true) && phase(false);
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
	run(2, NULL);
}

static void two_mounts_agree_with_a_key(void **unused)
{
	run(2, KEYED);
}

static void five_mounts_agree(void **unused)
{
	run(5, NULL);
}

static void five_mounts_agree_with_a_key(void **unused)
{
	run(5, KEYED);
}

static void twenty_mounts_agree(void **unused)
{
	run(20, KEYED);
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
