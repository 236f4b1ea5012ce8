/*
 * D7, the third syncer: the vendor's own mirror copies between the two systems, minutes late, while remindfs
 * runs. One mount and the sandbox's mirror (contrib/sandbox/mirror.c) over real HTTP.
 */
#include "mounts.h"
#include <stdio.h>
#include <string.h>

#define ON "{\"sc_task_sync\":\"on\",\"mirror_delay\":180}"
#define OFF "{\"sc_task_sync\":\"off\"}"

static struct mount m;

/* Forty minutes of passes, two minutes apart: the mirror has told and been told everything. */
static void minutes_go_by(void)
{
	for (int i = 0; i < 20; i++) {
		for (enum side s = SIDE_SC; s < NSIDES; s++)
			assert_ok(mount_pass(&m, s));
		world_advance(120);
	}
	assert_true(world_rest(&m, 1));
}

/* Three hours in which nobody does anything: not one write, and every side stays as it is. */
static void nothing_goes_to_and_fro(void)
{
	AUTO_FREE char *sc = remote_text(SIDE_SC), *sf = remote_text(SIDE_SF), *here = mount_text(&m);
	wrote(SIDE_LOCAL);
	for (int i = 0; i < 90; i++) {
		for (enum side s = SIDE_SC; s < NSIDES; s++)
			assert_ok(mount_pass(&m, s));
		world_advance(120);
	}
	assert_int_equal(wrote(SIDE_LOCAL), 0);
	check_tasks(remote_text(SIDE_SC), sc);
	check_tasks(remote_text(SIDE_SF), sf);
	check_tasks(mount_text(&m), here);
}

static void all_hold(const char *want)
{
	check_tasks(mount_text(&m), want);
	check_tasks(remote_text(SIDE_SC), want);
	check_tasks(remote_text(SIDE_SF), want);
}

static void colleague(const char *system, const char *body)
{
	char path[64];
	snprintf(path, sizeof path, "/sandbox/tasks?system=%s", system);
	hand("POST", path, body);
}

static void colleague_edits(enum side side, const char *title, const char *body)
{
	char path[96], mark[64];
	const char *s = hand("GET", side == SIDE_SF ? "/sandbox/tasks?system=sf" : "/sandbox/tasks?system=sc", NULL);
	const char *system = side == SIDE_SF ? "sf" : "sc";
	snprintf(mark, sizeof mark, side == SIDE_SF ? "\"Subject\":\"%s\"" : "\"name\":\"%s\"", title);
	const char *at = strstr(s, mark);
	assert_non_null(at);
	const char *key = side == SIDE_SF ? "\"Id\":\"" : "{\"id\":";
	const char *id = NULL;
	for (const char *p = s; (p = strstr(p, key)) != NULL && p < at; p++)
		id = p + strlen(key);
	assert_non_null(id);
	snprintf(path, sizeof path, "/sandbox/tasks/%.*s?system=%s", (int)strcspn(id, "\","), id, system);
	hand("PATCH", path, body);
}

static void D7_mirror_on_from_the_start_and_not_one_SF_request(void **state)
{
	world_begin(ON);
	colleague("sf", "{\"Subject\":\"of before\",\"ActivityDate\":\"2026-12-01\"}");
	world_advance(60);
	mount_open(&m);
	asked("");
	int64_t a = mount_new(&m, "made here");
	colleague("sc", "{\"name\":\"made in SC\"}");
	minutes_go_by();
	assert_non_null(strstr(m.cycle[SIDE_SF].message, "own Salesforce sync is on"));
	mount_set(&m, a, FIELD_STATUS, TASK_COMPLETE);
	colleague_edits(SIDE_SF, "made in SC", "{\"Priority\":\"High\"}");
	minutes_go_by();
	all_hold("made here | complete | normal | - | -\nmade in SC | open | high | - | -\n"
		 "of before | open | normal | 2026-12-01 | -\n");
	mount_rm(&m, a);
	minutes_go_by();
	all_hold("made in SC | open | high | - | -\nof before | open | normal | 2026-12-01 | -\n");
	nothing_goes_to_and_fro();
	assert_int_equal(asked("/services/data"), 0);
	mount_remove(&m);
}

/* Tasks of both sides, linked, as one finds them after a day. */
static void begin_linked(const char *template)
{
	world_begin(NULL);
	if (template)
		hand("POST", "/sandbox/config", template);
	mount_open(&m);
	assert_true(world_rest(&m, 1));
	mount_new(&m, "a");
	mount_new(&m, "twice");
	mount_new(&m, "twice");
	world_advance(20);
	colleague("sf", "{\"Subject\":\"b\",\"Description\":\"words\"}");
	colleague("sc", "{\"name\":\"c\",\"priority\":\"high\"}");
	assert_true(world_rest(&m, 1));
}

#define LINKED                                                                                               \
	"a | open | normal | - | -\nb | open | normal | - | words\nc | open | high | - | -\n"                \
	"twice | open | normal | - | -\ntwice | open | normal | - | -\n"

static void D7_mirror_switched_on_while_we_run_doubles_nothing(void **state)
{
	begin_linked(NULL);
	all_hold(LINKED);
	hand("POST", "/sandbox/config", ON);
	mount_new(&m, "d");	/* before we know */
	colleague("sf", "{\"Subject\":\"e\"}");
	minutes_go_by();
	colleague("sc", "{\"name\":\"f\"}");
	colleague_edits(SIDE_SF, "b", "{\"Status\":\"Completed\"}");
	minutes_go_by();
	mount_greet(&m);
	minutes_go_by();
	assert_non_null(strstr(m.cycle[SIDE_SF].message, "own Salesforce sync is on"));
	mount_set(&m, mount_find(&m, "a"), FIELD_DUE, "2026-12-24");
	mount_new(&m, "g");
	minutes_go_by();
	all_hold("a | open | normal | 2026-12-24 | -\nb | complete | normal | - | words\nc | open | high | - | -\n"
		 "d | open | normal | - | -\ne | open | normal | - | -\nf | open | normal | - | -\n"
		 "g | open | normal | - | -\ntwice | open | normal | - | -\ntwice | open | normal | - | -\n");
	nothing_goes_to_and_fro();
	assert_int_equal(mount_conflicts(&m), 0);
	mount_remove(&m);
}

/* Made while the mirror was on, copied minutes later: not within two minutes, and yet the same task. */
static void D7_mirror_switched_off_again_doubles_nothing(void **state)
{
	begin_linked(NULL);
	hand("POST", "/sandbox/config", ON);
	mount_greet(&m);
	minutes_go_by();
	mount_new(&m, "d");
	colleague("sf", "{\"Subject\":\"e\",\"Description\":\"words\"}");
	colleague("sc", "{\"name\":\"f\",\"due_date\":\"2026-12-01\"}");
	minutes_go_by();
	hand("POST", "/sandbox/config", OFF);
	mount_greet(&m);
	minutes_go_by();
	all_hold("a | open | normal | - | -\nb | open | normal | - | words\nc | open | high | - | -\n"
		 "d | open | normal | - | -\ne | open | normal | - | words\nf | open | normal | 2026-12-01 | -\n"
		 "twice | open | normal | - | -\ntwice | open | normal | - | -\n");
	colleague_edits(SIDE_SF, "a", "{\"Priority\":\"High\"}");	/* links of before go on, */
	colleague_edits(SIDE_SF, "d", "{\"Description\":\"x\"}");	/* and those of meanwhile */
	colleague_edits(SIDE_SC, "e", "{\"status\":\"complete\"}");
	mount_set(&m, mount_find(&m, "f"), FIELD_DUE, "2026-12-02");
	mount_new(&m, "g");
	minutes_go_by();
	all_hold("a | open | high | - | -\nb | open | normal | - | words\nc | open | high | - | -\n"
		 "d | open | normal | - | x\ne | complete | normal | - | words\nf | open | normal | 2026-12-02 | -\n"
		 "g | open | normal | - | -\ntwice | open | normal | - | -\ntwice | open | normal | - | -\n");
	nothing_goes_to_and_fro();
	mount_remove(&m);
}

/* R24 to R26: the copy in Salesforce is called otherwise, and is the same task. */
static void D7_with_a_template_the_copy_has_another_name(void **state)
{
	begin_linked("{\"activity_detail\":\"[SC] {{activity_subject}}\"}");
	hand("POST", "/sandbox/config", ON);
	mount_greet(&m);
	minutes_go_by();
	mount_new(&m, "d");
	colleague("sf", "{\"Subject\":\"e\"}");
	minutes_go_by();
	hand("POST", "/sandbox/config", OFF);
	mount_greet(&m);
	minutes_go_by();
	assert_int_equal(remote_count(SIDE_SC, NULL), 7);
	assert_int_equal(remote_count(SIDE_SF, NULL), 7);
	assert_int_equal(remote_count(SIDE_SF, "[SC] d"), 1);
	assert_int_equal(remote_count(SIDE_SF, "e"), 1);
	nothing_goes_to_and_fro();
	mount_remove(&m);
}

/* A mirror that looks for no copy makes its own; that ends, and nothing of ours is lost. */
static void D7_a_blunt_mirror_does_not_make_us_go_round(void **state)
{
	begin_linked(NULL);
	hand("POST", "/sandbox/config", "{\"sc_task_sync\":\"on\",\"mirror_delay\":180,\"mirror_pairs\":false}");
	minutes_go_by();
	mount_greet(&m);
	minutes_go_by();
	nothing_goes_to_and_fro();
	int copies = remote_count(SIDE_SC, "a"), there = remote_count(SIDE_SF, "a");
	print_message("# blunt mirror: %d copies of a task in Sales Connect, %d in Salesforce, and no more\n", copies, there);
	assert_true(copies <= 2 && there <= 2);
	mount_remove(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, sandbox_clean, sandbox_tidy)
		T(D7_mirror_on_from_the_start_and_not_one_SF_request),
		T(D7_mirror_switched_on_while_we_run_doubles_nothing),
		T(D7_mirror_switched_off_again_doubles_nothing),
		T(D7_with_a_template_the_copy_has_another_name),
		T(D7_a_blunt_mirror_does_not_make_us_go_round),
#undef T
	};
	return cmocka_run_group_tests_name("mirror", tests, sandbox_start, sandbox_stop);
}
