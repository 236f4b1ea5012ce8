/* What goes wrong with one task, one remote or one quota, and must not spread. */
#include "world.h"
#include "status.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct world w;
static struct fake *const sf = &w.fake[SIDE_SF];

static void begin(unsigned sides)
{
	world_init(&w, sides);
	world_enable(&w, true);
	check_rest(&w);
}

/* ---- the quota ---- */

static void an_import_waits_while_the_quota_is_nearly_used_up(void **state)
{
	world_init(&w, SF);
	fake_add(sf, "a");
	world_enable(&w, true);
	w.cycle[SIDE_SF].thrifty = true;
	assert_int_equal(world_pass(&w), ERR_LIMIT);
	assert_int_equal(sf->pulls, 0);
	assert_non_null(strstr(w.cycle[SIDE_SF].message, "first import waits"));
	w.cycle[SIDE_SF].thrifty = false;
	check_rest(&w);
	assert_true(user_find(&w, "a"));
	world_finish(&w);
}

static void edits_and_polls_go_on_while_checks_and_wider_imports_wait(void **state)
{
	begin(SF);
	int64_t id = user_new(&w, "a");
	check_rest(&w);
	w.config.first_import = FIRST_OPEN;
	w.now += 2 * DAY;
	w.cycle[SIDE_SF].thrifty = true;
	fake_forget_counts(sf);
	user_set(&w, id, FIELD_DETAILS, "typed");
	fake_add(sf, "b");
	assert_int_equal(world_pass(&w), ERR_OK);
	assert_int_equal(sf->fetches + sf->counts, 0);
	assert_string_equal(fake_word_of(sf, "a", FIELD_DETAILS), "typed");
	assert_true(user_find(&w, "b"));
	w.cycle[SIDE_SF].thrifty = false;
	check_rest(&w);
	assert_true(sf->first == FIRST_OPEN);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_import_waits_while_the_quota_is_nearly_used_up),
		cmocka_unit_test(edits_and_polls_go_on_while_checks_and_wider_imports_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
