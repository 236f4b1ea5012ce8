/*
 * A create whose answer is lost, over real HTTP: made exactly once, and two equal tasks made on purpose stay
 * two. With an external id (an upsert by key), and without one (journal, and a look before it is made again);
 * salesforce.md 4.4.
 */
#include "mounts.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEYED "{\"external_id\":true}"
#define UNKEYED "{\"external_id\":false}"
#define UPSERT "PATCH /services/data/v66.0/composite/sobjects/Task/remindfs_id__c"
#define INSERT "POST /services/data/v66.0/composite/sobjects"

static struct mount m;

static void begin(const char *settings)
{
	world_begin(settings);
	mount_open(&m);
	assert_true(world_rest(&m, 1));
}

static void an_external_id_makes_a_create_an_upsert(void **state)
{
	begin(KEYED);
	asked("");
	mount_new(&m, "a");
	mount_new(&m, "b");
	assert_true(world_rest(&m, 1));
	assert_int_equal(asked(UPSERT), 1);
	assert_int_equal(remote_count(SIDE_SF, NULL), 2);
	mount_remove(&m);
}

static void next_scene(void)
{
	void *none;
	sandbox_tidy(NULL);
	assert_int_equal(sandbox_clean(&none), 0);
}

/* Every way to lose the answer to a create that was done, or not.
 * Two equal tasks are made, and two there are. */
static void lose(const char *settings, const char *name, const char *match)
{
	begin(settings);
	mount_new(&m, "twice on purpose");
	mount_new(&m, "twice on purpose");
	fault(name, 1, match);
	assert_true(world_rest(&m, 1));
	assert_int_equal(remote_count(SIDE_SF, "twice on purpose"), 2);
	assert_int_equal(remote_count(SIDE_SC, "twice on purpose"), 2);
	assert_int_equal(remote_count(SIDE_SF, NULL), 2);
	check_tasks(mount_text(&m), "twice on purpose | open | normal | - | -\ntwice on purpose | open | normal | - | -\n");
	assert_int_equal(mount_conflicts(&m), 0);
	mount_remove(&m);
	next_scene();
}

static const char *const lost_answers[] = { "reset-before", "reset-after", "503-html", "503-after", "truncated", "cut", "500",
	"401", "429" };

static void a_lost_answer_is_once_with_a_key(void **state)
{
	for (size_t i = 0; i < COUNT(lost_answers); i++)
		lose(KEYED, lost_answers[i], UPSERT);
	lose(KEYED, "lock-row", UPSERT);
	lose(KEYED, "duplicate-value", UPSERT);
	lose(KEYED, "duplicate-id", UPSERT);
}

static void a_lost_answer_is_once_without_a_key(void **state)
{
	for (size_t i = 0; i < COUNT(lost_answers); i++)
		lose(UNKEYED, lost_answers[i], INSERT);
}

static void a_lost_answer_is_once_in_sales_connect(void **state)
{
	for (size_t i = 0; i < COUNT(lost_answers); i++)
		lose(UNKEYED, lost_answers[i], "POST /api/v1/tasks");
}

/* The sandbox applies the request two seconds after it came; the process is killed meanwhile. */
static void kill_while_it_is_sent(void)
{
	fault("slow", 1, "composite/sobjects");
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		mount_again(&m);
		(void)mount_pass(&m, SIDE_SF);
		_exit(0);
	}
	sleep(2);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void killed(const char *settings)
{
	begin(settings);
	mount_new(&m, "a");
	assert_ok(mount_pass(&m, SIDE_SC));
	mount_close(&m);
	kill_while_it_is_sent();
	mount_again(&m);
	sleep(4);
	assert_true(world_rest(&m, 1));
	assert_int_equal(remote_count(SIDE_SF, "a"), 1);
	check_tasks(mount_text(&m), "a | open | normal | - | -\n");
	mount_remove(&m);
	next_scene();
}

static void killed_between_request_and_answer(void **state)
{
	killed(KEYED);
	killed(UNKEYED);
}

/* What comes to light after we looked for it, and made it again, has our key. */
static void a_row_committed_late_has_the_same_key(void **state)
{
	begin(KEYED);
	mount_new(&m, "a");
	assert_ok(mount_pass(&m, SIDE_SC));
	mount_close(&m);
	kill_while_it_is_sent();
	mount_again(&m);
	assert_true(world_rest(&m, 1));	/* more than a minute of its clock, less than two seconds of ours */
	assert_int_equal(remote_count(SIDE_SF, "a"), 1);
	sleep(4);
	assert_true(world_rest(&m, 1));
	assert_int_equal(remote_count(SIDE_SF, "a"), 1);
	mount_remove(&m);
}

/* The answer is lost, and a colleague edits what was made: it is found by its key, and not written over. */
static void what_was_edited_meanwhile_is_not_written_over(void **state)
{
	AUTO_BUF path = BUF_INIT;
	begin(KEYED);
	mount_new(&m, "a");
	fault("reset-after", 1, UPSERT);
	assert_ok(mount_pass(&m, SIDE_SC));
	assert_err(mount_pass(&m, SIDE_SF), ERR_LOST);
	AUTO_FREE char *id = strdup(strstr(hand("GET", "/sandbox/tasks?system=sf", NULL), "\"Id\":\"") + 6);
	id[18] = '\0';
	buf_printf(&path, "/sandbox/tasks/%s?system=sf", id);
	hand("PATCH", path.s, "{\"Subject\":\"renamed\",\"Description\":\"typed there\"}");
	assert_true(world_rest(&m, 1));
	check_tasks(remote_text(SIDE_SF), "renamed | open | normal | - | typed there\n");
	check_tasks(remote_text(SIDE_SC), "a | open | normal | - | typed there\n");
	check_tasks(mount_text(&m), "a | open | normal | - | typed there\n");
	mount_remove(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, sandbox_clean, sandbox_tidy)
		T(an_external_id_makes_a_create_an_upsert),
		T(a_lost_answer_is_once_with_a_key),
		T(a_lost_answer_is_once_without_a_key),
		T(a_lost_answer_is_once_in_sales_connect),
		T(killed_between_request_and_answer),
		T(a_row_committed_late_has_the_same_key),
		T(what_was_edited_meanwhile_is_not_written_over),
#undef T
	};
	return cmocka_run_group_tests_name("creates", tests, sandbox_start, sandbox_stop);
}
