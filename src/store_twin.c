#include "store_p.h"
#include "subject.h"
#include "utf8.h"
#include <string.h>
#include <strings.h>

enum { OF_DATE, OF_KEY, OF_FACTS, FREE, SEEN, NSQL };
#define SAYS                                                                                                 \
	"SELECT id, created_at, gone = 1, title, status, priority, due, person, email, sc_person, sf_who,"   \
	" type, campaign, campaign_day, campaign_step FROM task INDEXED BY "
/* Of many of one name all but a few are not: most have a link to side, or most have none. */
#define MAY_BE                                                                                               \
	" AND (:any_age OR created_at BETWEEN :at - :slack AND :at + :slack)"                                \
	" AND :linked = EXISTS (SELECT 1 FROM link WHERE link.task = task.id AND side = :side"               \
	" AND NOT away AND NOT (task.gone = 1 AND link.gone))"
static const char *const sql_text[NSQL] = {
	[OF_DATE] = SAYS "task_due WHERE due IS :due" MAY_BE,
	[OF_KEY] = SAYS "task_key WHERE due IS :due AND " TITLE_KEY " = :key" MAY_BE,
	[OF_FACTS] = SAYS "task_facts WHERE " HAS_FACTS " AND due IS :due AND " FACTS_KEY " = :key" MAY_BE,
	[FREE] = "SELECT details FROM body JOIN task ON task.id = body.task WHERE body.task = :task"
		 " AND EXISTS (SELECT 1 FROM link WHERE link.task = :task AND side <> :side AND"
		 " iif(task.gone = 1, task.gone_at > 0 AND sent_at <= :at AND (NOT link.gone"
		 " OR :made_at <= synced_at),"
		 " NOT link.gone AND sent_at <= :at + :clocks))",
	[SEEN] = "SELECT details FROM body JOIN task ON task.id = body.task JOIN link"
		 " ON link.task = task.id"
		 " WHERE body.task = :task AND task.gone = 0 AND side = :side AND rid IS NOT NULL"
		 " AND NOT away"
		 " AND NOT link.gone",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_TWIN, i, sql_text[i]);
}

#define TWIN_MS 120000

/* ---- is it like that? ---- */

static bool filled(const char *v)
{
	return v && *v;
}

/* What both know decides, the surest first; nothing known on both sides is the same nobody. */
static bool same_person(const struct task *a, const struct task *b)
{
	bool any = false;
	for (enum fact f = FACT_PERSON; f <= FACT_SF_WHO; f++)
		any = any || filled(a->fact[f]) || filled(b->fact[f]);
	if (!any)
		return true;
	if (filled(a->fact[FACT_EMAIL]) && filled(b->fact[FACT_EMAIL]))
		return !strcasecmp(a->fact[FACT_EMAIL], b->fact[FACT_EMAIL]);
	if (filled(a->fact[FACT_SF_WHO]) && filled(b->fact[FACT_SF_WHO]))
		return !strcmp(a->fact[FACT_SF_WHO], b->fact[FACT_SF_WHO]);
	return filled(a->fact[FACT_PERSON]) && str_eq(a->fact[FACT_PERSON], b->fact[FACT_PERSON]);
}

static enum err renders_as(const char *template, const struct task *t, const char *title, bool *out)
{
	AUTO_BUF b = BUF_INIT;
	subject_render(template, t, &b);
	*out = field_same(buf_str(&b), title);
	return buf_err(&b);
}

/* The copy that the other syncer made bears the title itself, or the title as the template renders it
 * (rendered: t's). */
static enum err same_title(const char *template, const struct task *x, const struct task *t,
	const char *rendered, bool *out)
{
	*out = field_same(x->field[FIELD_TITLE], t->field[FIELD_TITLE]) ||
		field_same(x->field[FIELD_TITLE], rendered);
	return *out ? ERR_OK : renders_as(template, x, t->field[FIELD_TITLE], out);
}

/* They may be words that are not ours: then t has none. */
static bool same_words(const struct task *t, const struct task *x)
{
	for (enum field f = FIELD_STATUS; f <= FIELD_PRIORITY; f++)
		if (t->field[f] && !field_same(t->field[f], x->field[f]))
			return false;
	return true;
}

struct candidate {
	int64_t task, created_at;
	bool later, gone;
};

struct like {			/* what is looked for */
	const struct task *t;
	const char *template;
	char *rendered;		/* owned */
	enum side side;
	int statement;		/* FREE: has it a place for a link to side? SEEN: has it one? */
	int64_t made_at;
	bool whole;
	struct store *s;
	struct candidate *of;	/* owned; in the order in which they are looked at */
	size_t n, room, at;
	enum err err;
};
static void like_finish(struct like *l)
{
	free(l->rendered);
	free(l->of);
}

/* Is it linked as is asked for, and, if these are asked for, has it the same details? */
static enum err is_linked(const struct like *l, int64_t task, bool *out)
{
	AUTO_Q q = sql(l->s, l->statement);
	q_int(&q, ":task", task);
	q_int(&q, ":side", l->side);
	if (l->statement == FREE) {
		q_int(&q, ":at", l->t->created_at);
		q_int(&q, ":made_at", l->made_at);
		q_int(&q, ":clocks", CLOCKS_MS);
	}
	*out = q_row(&q) && (!l->whole || field_same(l->t->field[FIELD_DETAILS], q_col_text(&q, 0)));
	return q_end(&q, ERR_OK);
}

/* The next one that is like that. ERR_NOENT: the end. */
static enum err next_twin(struct like *l, int64_t *task)
{
	while (l->at < l->n) {
		bool twin;
		*task = l->of[l->at++].task;
		TRY(is_linked(l, *task, &twin));
		if (twin)
			return ERR_OK;
	}
	return ERR_NOENT;
}

/* ---- who may be? ---- */

static bool add(struct like *l, struct candidate x)
{
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 16;
		struct candidate *more = reallocarray(l->of, room, sizeof(*more));
		l->err = more ? ERR_OK : ERR_NOMEM;
		if (!more)
			return false;
		l->of = more;
		l->room = room;
	}
	l->of[l->n++] = x;
	return true;
}

static char *borrow(struct q *q, int i)
{
	return (char *)q_col_text(q, i);
}

/* All but its links and details. */
static enum err looks_like(const struct like *l, struct q *q, bool *out)
{
	enum { SAID = 3 };
	struct task x = TASK_INIT;	/* borrows from the statement; without details */
	for (int f = 0; f < FIELD_DETAILS; f++)
		x.field[f] = borrow(q, SAID + f);
	for (int f = 0; f < TASK_NFACTS; f++)
		x.fact[f] = borrow(q, SAID + FIELD_DETAILS + f);
	*out = false;
	if (!same_person(&x, l->t) || (l->whole && !same_words(l->t, &x)))
		return ERR_OK;
	return same_title(l->template, &x, l->t, l->rendered, out);
}

static bool add_alike(struct like *l, struct q *q)
{
	bool is = false;
	l->err = looks_like(l, q, &is);
	return !l->err && (!is || add(l, (struct candidate){ q_col(q, 0), q_col(q, 1),
		q_col(q, 1) > l->t->created_at + TWIN_MS, q_col(q, 2) }));
}

/* key: of a statement that has one. */
static bool gather_by(struct like *l, int statement, const char *key)
{
	AUTO_Q q = sql(l->s, statement);
	q_text(&q, ":due", l->t->field[FIELD_DUE]);
	q_int(&q, ":any_age", l->whole);
	q_int(&q, ":at", l->t->created_at);
	q_int(&q, ":slack", TWIN_MS);
	q_int(&q, ":linked", l->statement == SEEN);
	q_int(&q, ":side", l->side);
	if (key)
		q_text(&q, ":key", key);
	while (q_row(&q) && add_alike(l, &q))
		;
	if (!l->err)
		l->err = q.err;
	return !l->err;
}

static enum err gather_all(struct like *l)
{
	gather_by(l, OF_DATE, NULL);
	return l->err;
}

static bool gather(void *arg, const char *key)
{
	return gather_by(arg, OF_KEY, key);
}

static enum err gather_title(struct like *l, const char *title)
{
	AUTO_BUF key = BUF_INIT;
	key_of(title, &key);
	TRY(buf_err(&key));
	gather(l, buf_str(&key));
	return l->err;
}

/*
 * Is the key of what the template makes this subject of a part of it? Not if the title has bad bytes, or the
 * subject was cut. Then it is as long as one may be, but for the blanks where it was cut: those of the
 * template and of the values in it.
 */
static bool shows_key(const char *template, const char *subject)
{
	size_t blanks = 2 * (strlen(template ? template : SUBJECT_DEFAULT) + KEY_BLANKS);
	return !strstr(subject, "\xEF\xBF\xBD") &&
		utf8_count(subject, strlen(subject)) + blanks < SUBJECT_MAX;
}

static const char *title_of(const struct like *l)
{
	return l->t->field[FIELD_TITLE] ? l->t->field[FIELD_TITLE] : "";
}

static bool gather_facts(void *arg, const struct task *facts, const char *key)
{
	struct like *l = arg;
	bool is;
	l->err = renders_as(l->template, facts, title_of(l), &is);
	return !l->err && (!is || gather_by(l, OF_FACTS, key));
}

/* A template without a name: whose facts make that subject? */
static enum err gather_nameless(struct like *l)
{
	struct task none = TASK_INIT;
	bool all;
	TRY(renders_as(l->template, &none, title_of(l), &all));
	if (all)
		return gather_all(l);
	TRY(facts_each(l->s, l->t->field[FIELD_DUE], gather_facts, l));
	return l->err;
}

static enum err gather_alike(struct like *l)
{
	bool named = subject_has_title(l->template);
	if (named && !shows_key(l->template, title_of(l)))
		return gather_all(l);
	if (named && !subject_is_name(l->template)) {
		TRY(key_each(l->s, l->t->field[FIELD_DUE], title_of(l), gather, l));
		TRY(l->err);
	} else {
		TRY(gather_title(l, title_of(l)));
		TRY(gather_title(l, ""));
	}
	if (!field_same(l->rendered, title_of(l)))
		TRY(gather_title(l, l->rendered));
	return named ? ERR_OK : gather_nameless(l);
}

static int sign(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* First those that were there before t, of these the living, of these the oldest. */
static int in_order(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int is = sign(x->later, y->later);
	is = is ? is : sign(x->gone, y->gone);
	is = is ? is : sign(x->created_at, y->created_at);
	return is ? is : sign(x->task, y->task);
}

/* One may be there by two titles. */
static void sort(struct like *l)
{
	size_t n = 0;
	if (l->n)
		qsort(l->of, l->n, sizeof(*l->of), in_order);
	for (size_t i = 0; i < l->n; i++)
		if (!n || l->of[n - 1].task != l->of[i].task)
			l->of[n++] = l->of[i];
	l->n = n;
}

/* A template without a name makes all titles alike; in a whole copy the rest counts, too. */
static enum err look(struct like *l)
{
	AUTO_BUF b = BUF_INIT;
	bool ok = true;
	if (!l->whole && !subject_has_title(l->template))
		l->template = NULL;
	subject_render(l->template, l->t, &b);
	TRY(buf_err(&b));
	l->rendered = str_dup(buf_str(&b), &ok);
	if (!ok)
		return ERR_NOMEM;
	TRY(gather_alike(l));
	sort(l);
	return ERR_OK;
}

enum err store_twin(struct store *s, enum side side, const struct task *t, const char *template, bool whole,
	int64_t made_at, int64_t *task, bool *several)
{
	AUTO(like_finish) struct like l = { .s = s, .t = t, .template = template, .side = side,
		.statement = FREE, .made_at = made_at, .whole = whole };
	int64_t other;
	TRY(look(&l));
	TRY(next_twin(&l, task));
	enum err e = next_twin(&l, &other);
	*several = e == ERR_OK;
	return e == ERR_NOENT ? ERR_OK : e;
}

enum err store_seen(struct store *s, enum side side, const struct task *t, const char *template,
	store_task_fn *fn, void *arg)
{
	AUTO(like_finish) struct like l = { .s = s, .t = t, .template = template, .side = side,
		.statement = SEEN, .whole = true };
	int64_t task;
	enum err e;
	TRY(look(&l));
	while ((e = next_twin(&l, &task)) == ERR_OK)
		if (!fn(arg, task))
			return ERR_OK;
	return e == ERR_NOENT ? ERR_OK : e;
}
