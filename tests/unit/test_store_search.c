/* The index of persons and words: exact at every moment, however it was brought up to date;
 * a save pays nothing for it. */
#include "store_unit.h"
#include <pthread.h>

static bool add_entry(void *arg, const struct entry *e)
{
	buf_printf(arg, "%s|", e->name);
	return true;
}

static bool add_group(void *arg, const struct group *g)
{
	buf_printf(arg, "%s|", g->name);
	return true;
}

static int64_t search(struct store *s, const char *query)
{
	struct group g;
	enum err e = store_search_make(s, query, NOW);
	assert_true(e == ERR_OK || e == ERR_EXIST);
	assert_ok(store_group_find(s, GROUP_SEARCH, query, &g));
	assert_same("query", g.name, query);
	return g.id;
}

static void check_tasks(struct store *s, enum grouping by, int64_t id, const char *want)
{
	AUTO_BUF got = BUF_INIT;
	assert_ok(store_group_tasks(s, by, id, add_entry, &got));
	assert_same("tasks", buf_str(&got), want);
}

static void check_search(struct store *s, const char *query, const char *want)
{
	check_tasks(s, GROUP_SEARCH, search(s, query), want);
}

static void check_persons(struct store *s, const char *want)
{
	AUTO_BUF got = BUF_INIT;
	assert_ok(store_groups(s, GROUP_PERSON, add_group, &got));
	assert_same("persons", buf_str(&got), want);
}

static int64_t make_of(struct store *s, const char *title, const char *person, const char *email)
{
	struct task t = { .field = { [FIELD_TITLE] = (char *)title },
		.fact = { [FACT_PERSON] = (char *)person, [FACT_EMAIL] = (char *)email } };
	int64_t id;
	assert_ok(store_create(s, &t, NULL, 0, SIDE_LOCAL, NOW, &id));
	return id;
}

static void set_fact(struct store *s, int64_t id, enum fact f, const char *v)
{
	struct task t = TASK_INIT;
	t.fact[f] = (char *)v;
	assert_ok(store_edit(s, id, &t, 0, BIT(f), NULL, 0, SIDE_SC, NOW + 20));
}

static void a_query_is_words_phrases_and_endings(void **state)
{
	static const struct {
		const char *query;
		bool want;
	} row[] = {
		{ "renewal acme", true }, { "RENEWAL", true }, { "uber", true }, { "Übër", true }, { "renew", false }, { "renew*", true },
		{ "\"acme renewal\"", true }, { "\"renewal acme\"", false }, { "\"acme ren\"*", true }, { "\"acme ren\"", false },
		{ "\"acme", true }, { "acme\"renewal\"", true }, { "acme & renewal", true }, { "&", false }, { "*", false }, { " ", false },
		{ "ac*me", false }, { "acme***", true }, { "bob@x.test", true }, { "x.test", true }, { "acme NOT renewal", false },
		{ "acme OR zebra", false }, { "title:acme", false }, { "acme -renewal", true }, { "\"\" acme", true }, { "\"\"*", false },
	};
	struct fx *x = *state;
	int64_t id = make_of(x->s, "Über Acme renewal", "Bob", "bob@x.test");
	for (size_t i = 0; i < COUNT(row); i++) {
		enum err e = store_group_holds(x->s, GROUP_SEARCH, search(x->s, row[i].query), id);
		if (e != (row[i].want ? ERR_OK : ERR_NOENT))
			fail_msg("%s: %s", row[i].query, err_str(e));
	}
}

/* Whatever is typed: an answer, never an error. */
static void any_bytes_are_a_query(void **state)
{
	static const char *const piece[] = { "\"", "*", " ", "a", "acme", "AND", "OR", "NOT", "NEAR(", ")", ":", "^", "-", "+",
		"{", "}", "'", ";", "\\", "%", "ü", "日本", "🦄", "\x01", "\n", "rowid", "words" };
	struct fx *x = *state;
	uint64_t r = random_seed();
	make_of(x->s, "acme a", "AND", "or@not.test");
	for (int i = 0; i < 2000; i++) {
		AUTO_BUF q = BUF_INIT, got = BUF_INIT;
		for (unsigned n = random_below(&r, 12) + 1; n--;)
			buf_puts(&q, piece[random_below(&r, COUNT(piece))]);
		int64_t id = search(x->s, q.s);
		assert_ok(store_group_tasks(x->s, GROUP_SEARCH, id, add_entry, &got));
		enum err e = store_group_holds(x->s, GROUP_SEARCH, id, 1);
		assert_err(e, got.n ? ERR_OK : ERR_NOENT);
	}
}

static void what_is_no_name_is_no_query(void **state)
{
	struct fx *x = *state;
	char longest[NAME_LEN + 2];
	memset(longest, 'x', sizeof(longest));
	longest[NAME_LEN + 1] = '\0';
	assert_err(store_search_make(x->s, longest, NOW), ERR_NAME);
	assert_ok(store_search_make(x->s, longest + 1, NOW));
	assert_err(store_search_make(x->s, "a\xff", NOW), ERR_UTF8);
	assert_err(store_search_make(x->s, longest + 1, NOW), ERR_EXIST);
	int64_t id = search(x->s, "b");
	assert_err(store_search_rename(x->s, id, longest + 1), ERR_EXIST);
	assert_ok(store_search_rename(x->s, id, "c"));
	assert_ok(store_search_drop(x->s, id));
	assert_err(store_search_drop(x->s, id), ERR_NOENT);
	assert_err(store_search_rename(x->s, id, "d"), ERR_NOENT);
	assert_int_equal(number(x->s, "SELECT count(*) FROM search"), 1);
}

static void a_search_is_exact_after_everything(void **state)
{
	struct fx *x = *state;
	int64_t a = make(x->s, "acme one", SIDE_SC), b = make(x->s, "two", SIDE_LOCAL), scratch;
	check_search(x->s, "acme", "acme one.txt|");
	set(x->s, b, FIELD_DETAILS, "of acme", SIDE_SF);
	check_search(x->s, "acme", "acme one.txt|two.txt|");
	set(x->s, a, FIELD_STATUS, TASK_COMPLETE, SIDE_SC);
	check_search(x->s, "acme", "acme one.txt|two.txt|");
	set(x->s, a, FIELD_TITLE, "one", SIDE_SC);
	check_search(x->s, "acme", "two.txt|");
	assert_ok(store_park(x->s, b, true, "two.txt~", NOW, &scratch));
	check_search(x->s, "acme", "");
	assert_ok(store_revive(x->s, "two.txt", true, NOW, &b));
	check_search(x->s, "acme", "two.txt|");
	join(x->s, b, SIDE_SC, "7");
	set_link(x->s, b, SIDE_SC, true, false);
	check_search(x->s, "acme", "");
	set_link(x->s, b, SIDE_SC, false, false);
	check_search(x->s, "acme", "two.txt|");
	set_fact(x->s, a, FACT_EMAIL, "bob@acme.test");
	check_search(x->s, "acme", "one.txt|two.txt|");
	assert_ok(store_delete(x->s, b, SIDE_SC, NOW, 0));
	check_search(x->s, "acme", "one.txt|");
}

static void a_fact_that_the_text_does_not_tell_counts(void **state)
{
	struct fx *x = *state;
	struct task t = { .field = { [FIELD_TITLE] = (char *)"T", [FIELD_DETAILS] = (char *)"only details" } };
	int64_t id;
	assert_ok(store_create(x->s, &t, "only details\n", 13, SIDE_LOCAL, NOW, &id));
	check_persons(x->s, "");
	set_fact(x->s, id, FACT_PERSON, "Zoë");
	check_persons(x->s, "Zoë|");
	check_search(x->s, "zoe", "T.txt|");
}

static void persons_are_told_apart(void **state)
{
	struct fx *x = *state;
	struct group g;
	int64_t last;
	make_of(x->s, "1", "Bob", "bob@x.test");
	make_of(x->s, "2", "Bob", "BOB@X.test");
	make_of(x->s, "3", "Bob", "bob@y.test");
	make_of(x->s, "4", "Bob", NULL);
	make_of(x->s, "5", NULL, "bob@x.test");
	make_of(x->s, "6", NULL, NULL);
	make_of(x->s, "7", "a/b", NULL);
	make_of(x->s, "8", "a／b", NULL);
	last = make_of(x->s, "9", "..", NULL);
	check_persons(x->s, "Bob|Bob <bob@y.test>|Bob (2)|bob@x.test|a／b|a／b (2)|．.|");
	assert_ok(store_group_find(x->s, GROUP_PERSON, "Bob", &g));
	check_tasks(x->s, GROUP_PERSON, g.id, "1.txt|2.txt|");
	assert_ok(store_group_holds(x->s, GROUP_PERSON, g.id, 2));
	assert_err(store_group_holds(x->s, GROUP_PERSON, g.id, 3), ERR_NOENT);
	set(x->s, last, FIELD_STATUS, TASK_COMPLETE, SIDE_LOCAL);
	assert_err(store_group_find(x->s, GROUP_PERSON, "．.", &g), ERR_NOENT);
	check_persons(x->s, "Bob|Bob <bob@y.test>|Bob (2)|bob@x.test|a／b|a／b (2)|");
}

/* Every task's words and person from scratch, without the index: what it must say. */
static void check_whole(struct store *s)
{
	bool more = true;
	while (more)
		assert_ok(store_index(s, &more));
	assert_int_equal(number(s, "SELECT count(*) FROM task WHERE gone = 0"), number(s, "SELECT count(*) FROM words"));
	assert_int_equal(number(s, "SELECT count(*) FROM (SELECT id, title, trim(ifnull(person, '') || ' ' || ifnull(email, '')), details"
		" FROM task JOIN body ON task = id WHERE gone = 0 EXCEPT SELECT rowid, title, trim(person), details FROM words)"), 0);
	assert_int_equal(number(s, "SELECT count(*) FROM (SELECT id, status = 'open', ifnull(task.person, ''), ifnull(lower(task.email), '')"
		" FROM task WHERE gone = 0 EXCEPT SELECT task, open, ifnull(who, ''), ifnull(email, '')"
		" FROM digest LEFT JOIN person ON person.id = digest.person)"), 0);
	assert_int_equal(number(s, "SELECT count(*) FROM digest"), number(s, "SELECT count(*) FROM words"));
	assert_int_equal(sqlite3_exec(s->db, "INSERT INTO words(words) VALUES('integrity-check')", NULL, NULL, NULL), SQLITE_OK);
}

static void step(struct store *s, uint64_t *r, int i)
{
	static const char *const word[] = { "acme", "renewal", "zebra", "Bob", NULL };
	int64_t n = number(s, "SELECT count(*) FROM task"), id = n ? (int64_t)random_below(r, (unsigned)n) + 1 : 0;
	const char *w = word[random_below(r, COUNT(word))];
	struct task t = { .field = { [FIELD_DETAILS] = (char *)w }, .fact = { [FACT_PERSON] = (char *)w } };
	enum err e = ERR_OK;
	char title[40];
	snprintf(title, sizeof(title), "task %d", i);
	if (!id || !(random_below(r, 4)))
		make_of(s, title, w, random_below(r, 2) ? NULL : "a@x.test");
	else if (!(random_below(r, 5)))
		e = store_delete(s, id, SIDE_SC, NOW + i, 0);
	else
		e = store_edit(s, id, &t, random_below(r, 2) ? BIT(FIELD_DETAILS) : 0, random_below(r, 2) ? BIT(FACT_PERSON) : 0, NULL, 0,
			(enum side)(random_below(r, NSIDES)), NOW + i);
	assert_true(e == ERR_OK || e == ERR_NOENT);
}

static void the_index_says_what_the_tasks_say(void **state)
{
	struct fx *x = *state;
	uint64_t r = random_seed();
	for (int i = 0; i < 1500; i++) {
		bool more;
		step(x->s, &r, i);
		if (!(random_below(&r, 200)))
			assert_ok(store_index(x->s, &more));
		if (i % 300 == 299)
			check_whole(x->s);
	}
}

static void tasks_from_before_the_index_are_walked(void **state)
{
	struct fx *x = *state;
	uint64_t r = random_seed();
	int parts = 0;
	for (int i = 0; i < 6000; i++)
		step(x->s, &r, i);
	assert_int_equal(sqlite3_exec(x->s->db, "DELETE FROM feed", NULL, NULL, NULL), SQLITE_OK);
	for (bool more = true; more; parts++) {
		assert_ok(store_index(x->s, &more));
		step(x->s, &r, 6000 + parts);	/* while it is walking */
	}
	assert_true(parts > 1);
	check_whole(x->s);
}

/* A save beside it waits for a part: few long texts are one,
 * and a text that changed often is indexed once in it. */
static void a_part_is_small(void **state)
{
	struct fx *x = *state;
	AUTO_BUF details = BUF_INIT;
	bool more = true;
	int parts = 0;
	for (int i = 0; i < 3000; i++)
		buf_puts(&details, "some words ");
	int64_t often = make(x->s, "often", SIDE_SC);
	for (int i = 0; i < 20; i++) {
		char title[16];
		snprintf(title, sizeof(title), "long %d", i);
		set(x->s, make(x->s, title, SIDE_SC), FIELD_DETAILS, buf_str(&details), SIDE_SC);
	}
	for (; more; parts++)
		assert_ok(store_index(x->s, &more));
	assert_in_range(parts, 10, 20);
	for (int i = 0; i < 50; i++) {
		buf_puts(&details, "!");
		set(x->s, often, FIELD_DETAILS, buf_str(&details), SIDE_SC);
	}
	assert_ok(store_index(x->s, &more));
	assert_false(more);
	check_whole(x->s);
}

static void *save(void *arg)
{
	assert_ok(store_meta_set(arg, "k", "v"));
	return NULL;
}

static void a_part_ends_where_a_save_waits(void **state)
{
	struct fx *x = *state;
	struct store *s = fx_open(x, true);
	AUTO_TX tx = { 0 };
	pthread_t thread;
	bool more;
	for (int i = 0; i < 3; i++)
		make(x->s, "a", SIDE_SC);
	assert_ok(tx_begin(s, &tx));
	assert_int_equal(pthread_create(&thread, NULL, save, x->s), 0);
	while (!tx_is_awaited())
		usleep(100);
	assert_ok(store_index(s, &more));
	assert_true(more);
	assert_int_equal(number(s, "SELECT count(*) FROM words"), 1);
	assert_ok(tx_commit(&tx));
	pthread_join(thread, NULL);
	assert_ok(store_index(s, &more));
	assert_false(more);
	check_whole(x->s);
	store_close(s);
}

static void a_feed_that_was_pruned_is_noticed(void **state)
{
	struct fx *x = *state;
	uint64_t r = random_seed();
	for (int i = 0; i < 300; i++)
		step(x->s, &r, i);
	check_whole(x->s);
	for (int i = 0; i < 300; i++)
		step(x->s, &r, i);
	assert_int_equal(sqlite3_exec(x->s->db, "DELETE FROM feed WHERE seq < (SELECT max(seq) FROM feed)", NULL, NULL, NULL), SQLITE_OK);
	check_whole(x->s);
}

static void a_save_does_not_touch_the_index(void **state)
{
	struct fx *x = *state;
	int64_t id = make(x->s, "T", SIDE_LOCAL), was;
	check_search(x->s, "t", "T.txt|");
	was = number(x->s, "SELECT count(*) FROM words_data");
	set(x->s, id, FIELD_DETAILS, "acme", SIDE_LOCAL);
	assert_int_equal(number(x->s, "SELECT count(*) FROM words WHERE details IS NOT NULL"), 0);
	assert_int_equal(number(x->s, "SELECT count(*) FROM words_data"), was);
	check_search(x->s, "acme", "T.txt|");
	assert_no_write(x->s, store_group_holds(x->s, GROUP_SEARCH, search(x->s, "t"), id) ? ERR_IO : ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_query_is_words_phrases_and_endings),
		TEST(any_bytes_are_a_query),
		TEST(what_is_no_name_is_no_query),
		TEST(a_search_is_exact_after_everything),
		TEST(a_fact_that_the_text_does_not_tell_counts),
		TEST(persons_are_told_apart),
		TEST(the_index_says_what_the_tasks_say),
		TEST(tasks_from_before_the_index_are_walked),
		TEST(a_part_is_small),
		TEST(a_part_ends_where_a_save_waits),
		TEST(a_feed_that_was_pruned_is_noticed),
		TEST(a_save_does_not_touch_the_index),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
