/* Which task is a copy of which: the indexes find what a look at every task finds. */
#include "store_unit.h"
#include "subject.h"
#include <string.h>

#define TASKS 60
#define LOOKS 400

static const char *const template[] = {
	NULL, "", "{{Activity_Subject}}", "SC: {{activity_subject}}", "{{activity_type}}: {{activity_subject}}",
	"{{activity_subject}} ({{sales_campaign_name}})", "{{sales_campaign_name}}{{activity_subject}}",
	"{{sales_campaign_name}}   {{activity_subject}}   {{activity_type}} ", "{{activity_subject}}/{{activity_subject}}",
	"{{activity_type}} {{call_outcome}}", "all the same",
};
static const char *const date[] = { NULL, "2026-09-03" };

static void anything(uint64_t *r, struct task *t)
{
	AUTO_BUF title = BUF_INIT, campaign = BUF_INIT;
	random_text(r, 1 + random_below(r, 4), true, &title);
	if (!title.n)
		buf_puts(&title, "a");
	if (!random_below(r, 3))
		random_text(r, 3, true, &campaign);
	assert_ok(task_set(t, FIELD_TITLE, buf_str(&title)));
	assert_ok(task_set(t, FIELD_DUE, date[random_below(r, COUNT(date))]));
	assert_ok(task_set_fact(t, FACT_CAMPAIGN, buf_str(&campaign)));
	assert_ok(task_set_fact(t, FACT_TYPE, random_below(r, 2) ? "call" : NULL));
}

/* Those of SC, a third of them renamed since, and some deleted. */
static void fill(uint64_t *r, struct store *s, int64_t id[TASKS])
{
	for (size_t i = 0; i < TASKS; i++) {
		AUTO_TASK t = { .created_at = NOW };
		char rid[20];
		snprintf(rid, sizeof(rid), "%zu", i);
		anything(r, &t);
		assert_ok(store_create(s, &t, NULL, 0, SIDE_SC, NOW, &id[i]));
		join(s, id[i], SIDE_SC, rid);
		AUTO_TASK other = TASK_INIT;
		anything(r, &other);
		if (!random_below(r, 3))
			assert_ok(store_edit(s, id[i], &other, BIT(FIELD_TITLE) | BIT(FIELD_DUE), BIT(FACT_CAMPAIGN),
				NULL, 0, SIDE_SC, NOW));
	}
}

static void render(const char *by, const struct task *t, struct buf *out)
{
	buf_clear(out);
	subject_render(by, t, out);
}

/* What store_sync.h says, to the letter. */
static bool is_twin(const struct task *x, const struct task *t, const char *by)
{
	AUTO_BUF of_x = BUF_INIT, of_t = BUF_INIT;
	render(by, x, &of_x);
	render(by, t, &of_t);
	const char *a = x->field[FIELD_TITLE], *b = t->field[FIELD_TITLE];
	return str_eq(x->field[FIELD_DUE], t->field[FIELD_DUE]) &&
		(field_same(a, b) || field_same(a, buf_str(&of_t)) || field_same(buf_str(&of_x), b));
}

/* Of a task that is there: its title, or what the template makes of it. Else of anything. */
static void look_for(uint64_t *r, struct store *s, const int64_t id[TASKS], const char *by, struct task *t)
{
	AUTO_TASK x = TASK_INIT;
	AUTO_BUF subject = BUF_INIT;
	anything(r, t);
	t->created_at = NOW;
	if (!random_below(r, 4))
		return;
	assert_ok(store_get(s, id[random_below(r, TASKS)], &x));
	render(by, &x, &subject);
	assert_ok(task_set(t, FIELD_TITLE, random_below(r, 3) ? buf_str(&subject) : x.field[FIELD_TITLE]));
	assert_ok(task_set(t, FIELD_DUE, x.field[FIELD_DUE]));
}

static size_t twins_of(struct store *s, const int64_t id[TASKS], const struct task *t, const char *by, int64_t *first)
{
	size_t n = 0;
	for (size_t i = 0; i < TASKS; i++) {
		AUTO_TASK x = TASK_INIT;
		assert_ok(store_get(s, id[i], &x));
		if (is_twin(&x, t, by) && !n++)
			*first = id[i];
	}
	return n;
}

static bool count_one(void *arg, int64_t task)
{
	++*(size_t *)arg;
	return true;
}

/* D7 */
static void twins_are_those_that_a_look_at_every_task_finds(void **state)
{
	struct fx *x = *state;
	uint64_t r = random_seed();
	int64_t id[TASKS];
	size_t found = 0;
	fill(&r, x->s, id);
	for (size_t i = 0; i < LOOKS; i++) {
		AUTO_TASK t = TASK_INIT;
		const char *by = template[i % COUNT(template)];
		bool whole = i / COUNT(template) % 2, several = false;
		int64_t want = 0, got = 0;
		look_for(&r, x->s, id, by, &t);
		size_t n = twins_of(x->s, id, &t, whole || subject_has_title(by) ? by : NULL, &want), seen = 0;
		enum err e = store_twin(x->s, SIDE_SF, &t, by, whole, NOW, &got, &several);
		if (e != (n ? ERR_OK : ERR_NOENT) || (n && (got != want || several != (n > 1))))
			fail_msg("look %zu, %s: %s %lld, not %lld, of %zu", i, by ? by : "-", err_str(e),
				(long long)got, (long long)want, n);
		assert_ok(store_seen(x->s, SIDE_SC, &t, by, count_one, &seen));
		assert_int_equal(seen, twins_of(x->s, id, &t, by, &want));
		found += n > 0;
	}
	assert_true(found > LOOKS / 4);
}

static void repeat(struct buf *out, const char *s, int n)
{
	while (n-- > 0)
		buf_puts(out, s);
}

/* The subject ends where the campaign does, or within the title: nothing of the key is in it, or not all. */
static void a_subject_that_was_cut_is_its_tasks(void **state)
{
	static const struct {
		int campaign, blanks, more;	/* characters, then blanks; of the title */
	} row[] = { { 248, 7, 1 }, { 250, 7, 1 }, { 200, 60, 1 }, { 254, 0, 2 }, { 0, 0, 255 }, { 0, 0, 256 }, { 100, 1, 200 } };
	struct fx *x = *state;
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_TASK t = { .created_at = NOW };
		AUTO_BUF campaign = BUF_INIT, title = BUF_INIT, subject = BUF_INIT;
		int64_t id, twin;
		bool several;
		char rid[20];
		repeat(&campaign, "c", row[i].campaign);
		repeat(&campaign, " ", row[i].blanks);
		buf_printf(&title, "%zu", i);
		repeat(&title, "t", row[i].more - 1);
		assert_ok(task_set(&t, FIELD_TITLE, buf_str(&title)));
		assert_ok(task_set_fact(&t, FACT_CAMPAIGN, buf_str(&campaign)));
		assert_ok(store_create(x->s, &t, NULL, 0, SIDE_SC, NOW, &id));
		snprintf(rid, sizeof(rid), "%zu", i);
		join(x->s, id, SIDE_SC, rid);
		subject_render("{{sales_campaign_name}}{{activity_subject}}", &t, &subject);
		assert_ok(task_set(&t, FIELD_TITLE, buf_str(&subject)));
		assert_ok(store_twin(x->s, SIDE_SF, &t, "{{sales_campaign_name}}{{activity_subject}}", true, NOW, &twin, &several));
		assert_int_equal(twin, id);
		join(x->s, id, SIDE_SF, rid);
	}
}

/* What store_sync.h says of store_copied, asked of every task. */
#define COPIED                                                                                                     \
	"SELECT count(*) FROM task AS t JOIN link AS came ON came.task = t.id AND came.side <> %d"                             \
	" JOIN task AS x ON x.due IS t.due OR (x.stem = t.stem AND x.gone IN (0, 2) AND EXISTS (SELECT 1 FROM history"         \
	" WHERE history.task = x.id AND field = 3 AND was IS t.due))"                                                          \
	" WHERE t.id = %lld AND x.created_at BETWEEN t.created_at - %lld AND t.created_at AND x.made_by <> 0"                  \
	" AND x.person IS t.person AND instr(t.title, x.title)"                                                                \
	" AND 2 = (SELECT count(*) FROM link WHERE link.task = x.id AND rid IS NOT NULL AND link.id < came.id)"

static void anywhere(uint64_t *r, struct store *s, int64_t id)
{
	char rid[40];
	enum side first = random_below(r, 2) ? SIDE_SC : SIDE_SF;
	snprintf(rid, sizeof(rid), "r%lld", (long long)id);
	join(s, id, first, rid);
	if (random_below(r, 3))
		join(s, id, first == SIDE_SC ? SIDE_SF : SIDE_SC, random_below(r, 8) ? rid : NULL);
}

/* Each is of the title of one before it, with something around it. */
static void copies(uint64_t *r, struct store *s, int64_t id[TASKS])
{
	for (size_t i = 0; i < TASKS; i++) {
		AUTO_TASK t = { .created_at = NOW + random_below(r, 10) };
		AUTO_TASK of = TASK_INIT;
		AUTO_BUF title = BUF_INIT;
		anything(r, &t);
		if (i && random_below(r, 5)) {
			assert_ok(store_get(s, id[random_below(r, (unsigned)i)], &of));
			random_text(r, random_below(r, 3), false, &title);
			buf_puts(&title, of.field[FIELD_TITLE]);
			random_text(r, random_below(r, 3), false, &title);
			assert_ok(task_set(&t, FIELD_TITLE, buf_str(&title)));
		}
		if (!random_below(r, 4))
			assert_ok(task_set_fact(&t, FACT_PERSON, "Bob"));
		assert_ok(store_create(s, &t, NULL, 0, random_below(r, 6) ? SIDE_SC : SIDE_LOCAL, NOW, &id[i]));
		anywhere(r, s, id[i]);
		if (!random_below(r, 4))
			set(s, id[i], FIELD_DUE, t.field[FIELD_DUE] ? NULL : date[1], SIDE_SC);
	}
}

static void copies_are_counted_as_a_look_at_every_task_counts_them(void **state)
{
	struct fx *x = *state;
	uint64_t r = random_seed();
	int64_t id[TASKS], found = 0;
	copies(&r, x->s, id);
	for (size_t i = 0; i < TASKS; i++)
		for (enum side side = SIDE_SC; side < NSIDES; side++)
			for (int64_t within = 3; within < 12; within += 4) {
				char sql[1000];
				int64_t n;
				snprintf(sql, sizeof(sql), COPIED, (int)side, (long long)id[i], (long long)within);
				assert_ok(store_copied(x->s, id[i], side, within, &n));
				assert_int_equal(n, number(x->s, sql));
				found += n;
			}
	assert_true(found > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(twins_are_those_that_a_look_at_every_task_finds),
		TEST(a_subject_that_was_cut_is_its_tasks),
		TEST(copies_are_counted_as_a_look_at_every_task_counts_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
