/* Who may be of one name: whoever like_score finds like it must be among them. */
#include "store_unit.h"
#include "lonely.h"
#include "subject.h"
#include <string.h>

#define EACH 25			/* on a side */

static const char *const template[] = {
	"SC: {{activity_subject}}", "{{activity_subject}} ({{activity_type}})", "{{sales_campaign_name}}/{{activity_subject}}",
	"{{activity_type}} {{call_outcome}}", "all the same", "{{activity_subject}}{{activity_subject}}",
};

static char *title_of(uint64_t *r)
{
	AUTO_BUF b = BUF_INIT;
	random_text(r, 1 + random_below(r, 3), true, &b);
	if (!b.n)
		buf_puts(&b, "a");
	return buf_take(&b);
}

/* A task with its record, perhaps renamed here since, or there. */
static int64_t put(uint64_t *r, struct store *s, enum side side, const char *title, const char *shown)
{
	AUTO_FREE char *other = title_of(r);
	struct task t = { .created_at = NOW, .field = { [FIELD_TITLE] = (char *)title } };
	struct link l = { .side = side, .base = { [FIELD_TITLE] = random_below(r, 4) ? (char *)title : other } };
	char rid[40];
	if (random_below(r, 2))
		t.fact[FACT_TYPE] = "call";
	if (!random_below(r, 3))
		t.fact[FACT_CAMPAIGN] = "Spring";
	if (!random_below(r, 3))
		t.fact[FACT_PERSON] = "Bob";
	assert_ok(store_create(s, &t, NULL, 0, side, NOW, &l.task));
	snprintf(rid, sizeof(rid), "r%lld", (long long)l.task);
	l.rid = rid;
	l.raw[FIELD_TITLE] = (char *)shown;
	assert_ok(store_link_put(s, &l));
	if (!random_below(r, 4))
		set(s, l.task, FIELD_TITLE, other, side);
	return l.task;
}

/* Those of Salesforce bear a title of Sales Connect, what the template makes of one, or something else. */
static void fill(uint64_t *r, struct store *s, const char *by, int64_t sc[EACH], int64_t sf[EACH])
{
	for (size_t i = 0; i < EACH; i++) {
		AUTO_FREE char *title = title_of(r);
		AUTO_TASK of = TASK_INIT;
		AUTO_BUF subject = BUF_INIT;
		sc[i] = put(r, s, SIDE_SC, title, NULL);
		assert_ok(store_get(s, sc[random_below(r, (unsigned)i + 1)], &of));
		subject_render(by, &of, &subject);
		const char *name = random_below(r, 2) ? of.field[FIELD_TITLE] : title;
		sf[i] = put(r, s, SIDE_SF, name, random_below(r, 2) ? buf_str(&subject) : NULL);
	}
}

static bool is_in(const struct rows *x, int64_t task)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->task[i] == task)
			return true;
	return false;
}

/* Of one on either side: is every one of the other that is like it among those that may be? */
static size_t look(struct pass *p, enum side side, int64_t task, const int64_t other[EACH])
{
	enum side there = side == SIDE_SC ? SIDE_SF : SIDE_SC;
	AUTO_HALF of = { 0 };
	AUTO_ROWS rows = { 0 };
	size_t n = 0;
	assert_ok(like_load(p, task, side, &of));
	assert_ok(lonely_like(p, there, &of, &rows));
	for (size_t i = 0; i < EACH; i++) {
		AUTO_HALF x = { 0 };
		int score;
		assert_ok(like_load(p, other[i], there, &x));
		assert_ok(side == SIDE_SC ? like_score(p, &of, &x, &score) : like_score(p, &x, &of, &score));
		if (score != NO && !is_in(&rows, other[i]))
			fail_msg("%s: %d, and not found", p->template, score);
		n += score != NO;
	}
	return n;
}

static void whoever_is_like_it_is_found_by_its_names(void **state)
{
	struct fx *x = *state;
	uint64_t r = random_seed();
	int64_t sc[EACH], sf[EACH];
	struct cycle c = { .store = x->s };
	for (size_t k = 0; k < COUNT(template); k++) {
		struct pass p = { .c = &c, .s = x->s, .side = SIDE_SC, .now = NOW, .local_now = NOW,
			.template = (char *)template[k] };
		size_t n = 0;
		fill(&r, x->s, template[k], sc, sf);
		for (size_t i = 0; i < EACH; i++)
			n += look(&p, SIDE_SC, sc[i], sf) + look(&p, SIDE_SF, sf[i], sc);
		assert_true(n > 0);
		lonely_finish(p.lonely);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whoever_is_like_it_is_found_by_its_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
