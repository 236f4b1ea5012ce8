#include "cycle_p.h"
#include "log.h"
#include "merge.h"
#include "rules.h"
#include "subject.h"
#include <stdio.h>
#include <string.h>

#define LOG_MODULE "pull"
#define RECORDS_PER_TX 100	/* a user's edit waits for our commit no longer than for these */
#define FETCH_MAX 2000
#define DAY (86400 * INT64_C(1000))

/* ---- what a record tells a link ---- */

static enum err set(char **slot, const char *value, bool *changed)
{
	bool ok = true;
	if (str_eq(*slot, value))
		return ERR_OK;
	char *copy = str_dup(value, &ok);
	if (!ok)
		return ERR_NOMEM;
	free(*slot);
	*slot = copy;
	*changed = true;
	return ERR_OK;
}

/* The remote's own word where it is not ours: another status, another priority, a rendered subject. */
static const char *foreign(const struct link *l, const struct remote_task *rt, int f)
{
	bool ours = field_same(rt->raw[f], l->base[f]) || (f != FIELD_TITLE && rt->t.field[f]);
	return ours ? NULL : rt->raw[f];
}

/* Base, raw, version are what the remote has now. *changed: the link must be stored. */
static enum err learn(struct pass *p, struct link *l, const struct remote_task *rt, uint32_t silent, bool *changed)
{
	for (int f = 0; f < TASK_NFIELDS; f++) {
		if (!(silent & BIT(f)) && !field_same(l->base[f], rt->t.field[f]))
			TRY(set(&l->base[f], rt->t.field[f], changed));
		if (!(rt->unknown & BIT(f)))
			TRY(set(&l->raw[f], foreign(l, rt, f), changed));
	}
	if (rt->version)
		TRY(set(&l->version, rt->version, changed));
	if (rt->url)
		TRY(set(&l->url, rt->url, changed));
	*changed |= l->away;
	l->away = false;
	if (*changed)
		l->synced_at = p->local_now;
	return ERR_OK;
}

/* ---- a record we know ---- */

static enum err conflict(struct pass *p, const struct link *l, const struct task *mine, const struct task *theirs)
{
	struct task base = { .id = l->task };
	memcpy(base.field, l->base, sizeof(base.field));	/* borrowed */
	return store_conflict(p->s, l->task, p->side, &base, mine, theirs, p->local_now);
}

/* Of the fields in the clash, those that go to the remote (D2). */
static enum err lost_to_theirs(struct pass *p, int64_t task, uint32_t clash, uint32_t *lost)
{
	*lost = 0;
	for (int f = 0; f < TASK_NFIELDS; f++) {
		enum side by;
		if (!(clash & BIT(f)))
			continue;
		TRY(store_last_by(p->s, task, f, &by));
		if (rules_theirs_wins(p->c->config->winner, by, p->side))
			*lost |= BIT(f);
	}
	return ERR_OK;
}

/* Theirs with our values where they say nothing: for showing, and for storing. */
static enum err speak_for(struct task *out, const struct task *theirs, const struct task *ours, uint32_t silent)
{
	TRY(task_copy(out, theirs));
	for (int f = 0; f < TASK_NFIELDS; f++)
		if (silent & BIT(f))
			TRY(task_set(out, f, ours->field[f]));
	return ERR_OK;
}

/* Their edit of a task that is deleted here: the delete wins, their text is kept (D3); a mere completion is none (D4). */
static enum err merge_dead(struct pass *p, struct link *l, const struct task *ours, const struct task *theirs,
	struct merge m)
{
	uint32_t text = (m.pull | m.clash) & ~BIT(FIELD_STATUS);
	return text ? conflict(p, l, ours, theirs) : ERR_OK;
}

static enum err merge_live(struct pass *p, struct link *l, const struct task *ours, const struct task *theirs,
	struct merge m)
{
	uint32_t lost, facts = rules_facts(p->side, ours, theirs);
	TRY(lost_to_theirs(p, l->task, m.clash, &lost));
	if (m.clash)
		TRY(conflict(p, l, ours, theirs));
	if (!(m.pull | lost | facts))
		return ERR_OK;
	return store_edit(p->s, l->task, theirs, m.pull | lost, facts, NULL, 0, p->side, p->local_now);
}

static enum err set_away(struct pass *p, struct link *l)
{
	if (l->away)
		return ERR_OK;
	l->away = true;
	log_info("task=%lld side=%s is away", (long long)l->task, side_name[p->side]);
	return store_link_put(p->s, l);
}

/* Still something to send? Then it must be on the list; a refused edit is tried again now that the remote changed. */
static enum err list_rest(struct pass *p, const struct link *l)
{
	AUTO_TASK now = TASK_INIT;
	enum gone gone;
	TRY(store_get(p->s, l->task, &now));
	TRY(store_gone(p->s, l->task, &gone));
	if (gone == GONE_DELETED || !push_fields(p, l, &now))
		return ERR_OK;	/* a deletion is listed since it was made */
	return store_outbox_add(p->s, l->task, p->side, p->local_now);
}

static enum err known(struct pass *p, const struct remote_task *rt, struct link *l)
{
	AUTO_TASK ours = TASK_INIT, theirs = TASK_INIT;
	enum gone gone;
	bool changed = false;
	if (l->gone)
		return ERR_OK;	/* no zombie comes back by itself */
	if (!rt->mine)
		return set_away(p, l);
	uint32_t silent = rules_silent(p->side, rt);
	TRY(store_get(p->s, l->task, &ours));
	TRY(store_gone(p->s, l->task, &gone));
	TRY(speak_for(&theirs, &rt->t, &ours, silent));
	struct merge m = merge_task(l->base, &ours, &theirs, silent);
	if (gone == GONE_DELETED)
		TRY(merge_dead(p, l, &ours, &theirs, m));
	else
		TRY(merge_live(p, l, &ours, &theirs, m));
	TRY(learn(p, l, rt, silent, &changed));
	if (!changed)
		return ERR_OK;
	p->touched = true;
	TRY(store_link_put(p->s, l));
	return list_rest(p, l);
}

enum err pull_bury(struct pass *p, struct link *l)
{
	AUTO_TASK ours = TASK_INIT;
	enum gone gone;
	if (l->gone)
		return ERR_OK;
	TRY(store_get(p->s, l->task, &ours));
	TRY(store_gone(p->s, l->task, &gone));
	if (gone != GONE_DELETED && (push_fields(p, l, &ours) & ~BIT(FIELD_STATUS)))
		TRY(conflict(p, l, &ours, NULL));
	if (gone != GONE_DELETED)
		TRY(store_delete(p->s, l->task, p->side, p->local_now, 0));
	l->gone = p->touched = true;
	l->synced_at = p->local_now;
	return store_link_put(p->s, l);
}

/* ---- a record that is new to us ---- */

bool pull_is_ours(const struct link *l, const struct remote_task *rt)
{
	if (rt->deleted || !rt->mine)
		return false;
	for (int f = 0; f < TASK_NFIELDS; f++) {
		const char *sent = f == FIELD_TITLE && l->raw[f] ? l->raw[f] : l->base[f];
		const char *there = f == FIELD_TITLE && rt->raw[f] ? rt->raw[f] : rt->t.field[f];
		if (!(rt->unknown & BIT(f)) && !field_same(sent, there))
			return false;
	}
	return true;
}

enum err pull_adopt(struct pass *p, struct link *l, const struct remote_task *rt)
{
	bool changed;
	TRY(set(&l->rid, rt->id, &changed));
	TRY(store_link_put(p->s, l));
	log_info("task=%lld side=%s: the create in doubt had happened", (long long)l->task, side_name[p->side]);
	return known(p, rt, l);
}

static struct link *doubtful(struct pass *p, const struct remote_task *rt)
{
	for (size_t i = 0; i < p->doubt.n; i++)
		if (!p->doubt.l[i].rid && pull_is_ours(&p->doubt.l[i], rt))
			return &p->doubt.l[i];
	return NULL;
}

/* Join a task that another remote gave us with the same task here (D7). Nothing was agreed on yet: what one side has and
 * the other lacks is taken over, real differences are a clash. The plain name is Sales Connect's. */
static enum err pair(struct pass *p, const struct remote_task *rt, int64_t task)
{
	AUTO_LINK l = LINK_INIT;
	AUTO_TASK ours = TASK_INIT;
	bool ok = true;
	uint32_t agreed = rules_silent(p->side, rt) | BIT(FIELD_TITLE);
	TRY(store_get(p->s, task, &ours));
	l.task = task;
	l.side = p->side;
	l.rid = str_dup(rt->id, &ok);
	for (int f = 0; f < TASK_NFIELDS; f++)
		l.base[f] = agreed & BIT(f) ? str_dup(ours.field[f], &ok) : NULL;
	if (!ok)
		return ERR_NOMEM;
	TRY(store_link_put(p->s, &l));
	log_info("task=%lld side=%s paired with its twin", (long long)task, side_name[p->side]);
	return known(p, rt, &l);
}

/* The other task may show the name as the record has it, or as the template renders it. */
static enum err find_twin(struct pass *p, const struct remote_task *rt, int64_t *task)
{
	AUTO_BUF subject = BUF_INIT;
	AUTO_TASK rendered = TASK_INIT;
	enum err e = store_twin(p->s, p->side, &rt->t, p->template, task);
	if (e != ERR_NOENT || p->side == SIDE_SF)
		return e;
	TRY(task_copy(&rendered, &rt->t));
	subject_render(p->template, &rt->t, &subject);
	TRY(buf_err(&subject));
	TRY(task_set(&rendered, FIELD_TITLE, buf_str(&subject)));
	return store_twin(p->s, p->side, &rendered, NULL, task);
}

/* Which other side may this task be created on (R14, R15)? */
static enum err born(struct pass *p, const struct remote_task *rt, uint32_t *out)
{
	enum side other = p->side == SIDE_SC ? SIDE_SF : SIDE_SC;
	struct side_state st;
	AUTO_FREE char *mirror = NULL;
	int64_t offset = 0;
	*out = 0;
	TRY(store_side(p->s, other, &st));
	if (!st.on)
		return ERR_OK;
	if (other == SIDE_SF) {
		TRY(pass_get(p, "mirror", &mirror));
		TRY(pass_get_int(p, "clock_offset", &offset));
	}
	bool old = other == SIDE_SF && rt->t.created_at <= st.enabled_at + offset;
	if (!old && !mirror)
		*out = BIT(other);
	return ERR_OK;
}

static enum err import(struct pass *p, const struct remote_task *rt)
{
	AUTO_TASK hub = TASK_INIT;
	AUTO_LINK l = LINK_INIT;
	bool ok = true, changed;
	TRY(rules_hub(rt, &hub));
	TRY(born(p, rt, &hub.born));
	TRY(store_create(p->s, &hub, NULL, 0, p->side, p->local_now, &l.task));
	l.side = p->side;
	l.rid = str_dup(rt->id, &ok);
	for (int f = 0; f < TASK_NFIELDS; f++)
		l.base[f] = str_dup(hub.field[f], &ok);
	if (!ok)
		return ERR_NOMEM;
	TRY(learn(p, &l, rt, FIELDS_ALL, &changed));
	l.synced_at = p->local_now;
	p->touched = true;
	return store_link_put(p->s, &l);
}

static enum err unknown(struct pass *p, const struct remote_task *rt)
{
	int64_t twin;
	struct link *d = doubtful(p, rt);
	if (d)
		return pull_adopt(p, d, rt);
	if (!rules_import(rt, p->c->config))
		return ERR_OK;
	enum err e = find_twin(p, rt, &twin);
	if (e == ERR_NOENT)
		return import(p, rt);
	TRY(e);
	return pair(p, rt, twin);
}

static enum err record(struct pass *p, const struct remote_task *rt)
{
	AUTO_LINK l = LINK_INIT;
	enum err e = store_link_by_rid(p->s, p->side, rt->id, &l);
	if (e == ERR_NOENT)
		return rt->deleted ? ERR_OK : unknown(p, rt);
	TRY(e);
	return rt->deleted ? pull_bury(p, &l) : known(p, rt, &l);
}

/* ---- pages ---- */

/* How a pull stands: what it began with, and where it goes on. */
struct course {
	bool first;		/* a first import, or a wider one (R17) */
	enum first_import want;
	char *mark;		/* owned; NULL: none yet */
	char *cursor;		/* owned; NULL: begin */
	int64_t first_now;
};
static void course_finish(struct course *k)
{
	free(k->mark);
	free(k->cursor);
}

static const char *course_letter(const struct course *k)
{
	return k->first ? "F" : "M";
}

/* A first import is due until one as wide as wanted was done. Sales Connect has no window: it tells everything. */
static enum err course_first(struct pass *p, struct course *k)
{
	int64_t done;	/* 1 + the widest window done */
	k->want = p->side == SIDE_SF ? p->c->config->first_import : FIRST_OPEN;
	TRY(pass_get_int(p, "first", &done));
	k->first = done < 1 + (int64_t)k->want;
	return ERR_OK;
}

/* "1:1795000000000": when the import of window 1 began. */
static enum err first_now_load(struct pass *p, struct course *k)
{
	AUTO_FREE char *text = NULL;
	int want;
	long long now;
	TRY(pass_get(p, "first_now", &text));
	if (text && sscanf(text, "%d:%lld", &want, &now) == 2 && (!k->first || want == (int)k->want))
		k->first_now = now;
	return ERR_OK;
}

/* The cursor as stored: the letter of its course, then the remote's own. One of another course is of no use. */
static enum err course_load(struct pass *p, struct course *k)
{
	AUTO_FREE char *cursor = NULL;
	bool ok = true;
	TRY(course_first(p, k));
	TRY(pass_get(p, "mark", &k->mark));
	TRY(pass_get(p, "cursor", &cursor));
	TRY(first_now_load(p, k));
	if (cursor && cursor[0] == course_letter(k)[0])
		k->cursor = str_dup(cursor + 1, &ok);
	return ok ? ERR_OK : ERR_NOMEM;
}

enum err pull_unfinished(struct pass *p, bool *yes)
{
	AUTO_FREE char *cursor = NULL;
	int64_t first;
	TRY(pass_get(p, "cursor", &cursor));
	TRY(pass_get_int(p, "first", &first));
	*yes = cursor || !first;
	return ERR_OK;
}

/* A window is measured from the moment its import began, also when it is resumed a week later. */
static enum err course_begin(struct pass *p, struct course *k)
{
	char text[48];
	if (!k->first || k->cursor)
		return ERR_OK;
	AUTO_TX tx = { 0 };
	if (!k->first_now)
		k->first_now = p->now;
	p->state.done = 0;
	p->state.total = -1;
	snprintf(text, sizeof(text), "%d:%lld", (int)k->want, (long long)k->first_now);
	TRY(tx_begin(p->s, &tx));
	TRY(pass_set(p, "first_now", text));
	TRY(pass_put_state(p));
	return tx_commit(&tx);
}

static enum err page_progress(struct pass *p, const struct course *k, const struct page *page)
{
	if (!k->first)
		return ERR_OK;
	p->state.done += (int64_t)page->n;
	p->state.total = page->total;
	return pass_put_state(p);
}

static enum err check_done(struct pass *p)
{
	TRY(pass_set_int(p, "checked", p->local_now));
	return pass_set_int(p, "checked_for", p->state.enabled_at);
}

/* After a first import there is nothing to check, and the tasks left out are to be counted. */
static enum err first_done(struct pass *p, const struct course *k)
{
	p->state.done = p->state.total = 0;
	p->state.left_out = -1;
	TRY(pass_set_int(p, "first", 1 + (int64_t)k->want));
	TRY(check_done(p));
	return pass_put_state(p);
}

static enum err page_end(struct pass *p, const struct course *k, const struct page *page)
{
	AUTO_BUF cursor = BUF_INIT;
	TRY(page_progress(p, k, page));
	if (page->cursor && (k->first || p->touched)) {
		buf_printf(&cursor, "%s%s", course_letter(k), page->cursor);
		TRY(buf_err(&cursor));
		return pass_set(p, "cursor", buf_str(&cursor));
	}
	if (page->cursor)	/* nothing new so far: begin again rather than write */
		return ERR_OK;
	TRY(pass_set(p, "cursor", NULL));
	if (page->mark && !(k->first && k->mark))	/* a wider import is no reason to go back or to leap */
		TRY(pass_set(p, "mark", page->mark));
	return k->first ? first_done(p, k) : ERR_OK;
}

/* Records from..to of a page in one transaction; with the last ones how far we are. */
static enum err page_part(struct pass *p, const struct course *k, const struct page *page, size_t from, size_t to)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(p->s, &tx));
	for (size_t i = from; i < to; i++)
		TRY(record(p, &page->task[i]));
	if (k && to == page->n)
		TRY(page_end(p, k, page));
	return tx_commit(&tx);
}

static enum err page_apply(struct pass *p, const struct course *k, const struct page *page)
{
	size_t from = 0;
	do {
		size_t to = page->n - from > RECORDS_PER_TX ? from + RECORDS_PER_TX : page->n;
		TRY(page_part(p, k, page, from, to));
		from = to;
	} while (from < page->n);
	return ERR_OK;
}

/* A cursor the remote has forgotten: begin again. */
static enum err forget_cursor(struct pass *p, struct course *k)
{
	free(TAKE(k->cursor));
	log_info("side=%s forgot its cursor: begin again", side_name[p->side]);
	return pass_set(p, "cursor", NULL);
}

static enum err next_page(struct pass *p, struct course *k, bool *last)
{
	AUTO_PAGE page = PAGE_INIT;
	const char *mark = k->first ? NULL : k->mark;
	struct pull q = { .mark = mark, .cursor = k->cursor, .first = k->want, .now = k->first_now };
	*last = false;
	TRY(pass_go_on(p));
	enum err e = p->ops->pull(p->r, &q, &page);
	if (e == ERR_STALE && k->cursor)
		return forget_cursor(p, k);
	TRY(e);
	TRY(page_apply(p, k, &page));
	free(k->cursor);
	k->cursor = TAKE(page.cursor);
	*last = !k->cursor;
	return ERR_OK;
}

/* R17: how many open tasks the window kept out. */
static enum err count_left_out(struct pass *p);

enum err pull_all(struct pass *p)
{
	AUTO(course_finish) struct course k = { 0 };
	bool last = false;
	TRY(course_load(p, &k));
	TRY(course_begin(p, &k));
	while (!last)
		TRY(next_page(p, &k, &last));
	return count_left_out(p);
}

/* ---- all links ---- */

static bool count_open(void *arg, const struct link *l)
{
	*(int64_t *)arg += l->rid && !l->gone && !l->away && str_eq(l->base[FIELD_STATUS], TASK_OPEN);
	return true;
}

static enum err count_left_out(struct pass *p)
{
	int64_t there, here = 0;
	if (p->state.left_out >= 0 || !p->ops->count_open)
		return ERR_OK;
	TRY(pass_go_on(p));
	TRY(p->ops->count_open(p->r, &there));
	TRY(store_links(p->s, p->side, false, 0, count_open, &here));
	p->state.left_out = there > here ? there - here : 0;
	return pass_put_state(p);
}

struct gather {
	struct ids ids;
	enum err err;
	int64_t last;		/* task of the last link looked at */
};

static bool gather(void *arg, const struct link *l)
{
	struct gather *g = arg;
	g->last = l->task;
	if (l->rid && !l->gone)
		g->err = ids_add(&g->ids, l->rid);
	return g->err == ERR_OK && g->ids.n < FETCH_MAX;
}

static bool answered(const struct page *page, const char *id)
{
	for (size_t i = 0; i < page->n; i++)
		if (str_eq(page->task[i].id, id))
			return true;
	return false;
}

/* Absence is no deletion (R19): reassigned, hidden, or long gone, nobody can tell. It leaves the view (D5). */
static enum err absent(struct pass *p, const char *id)
{
	AUTO_LINK l = LINK_INIT;
	enum gone gone;
	TRY(store_link_by_rid(p->s, p->side, id, &l));
	TRY(store_gone(p->s, l.task, &gone));
	return gone == GONE_DELETED ? ERR_OK : set_away(p, &l);
}

enum err pull_these(struct pass *p, const struct ids *ids)
{
	AUTO_PAGE page = PAGE_INIT;
	if (!ids->n)
		return ERR_OK;
	TRY(pass_go_on(p));
	TRY(p->ops->fetch(p->r, (const char *const *)ids->id, ids->n, &page));
	TRY(page_apply(p, NULL, &page));
	for (size_t i = 0; i < ids->n; i++)
		if (!answered(&page, ids->id[i]))
			TRY(absent(p, ids->id[i]));
	return ERR_OK;
}

static enum err check_all(struct pass *p)
{
	int64_t after = 0;
	size_t n;
	do {
		AUTO(ids_finish) struct ids ids = { 0 };
		struct gather g = { .last = after };
		TRY(store_links(p->s, p->side, false, after, gather, &g));
		ids = g.ids;
		TRY(g.err);
		TRY(pull_these(p, &ids));
		n = ids.n;
		after = g.last;
	} while (n == FETCH_MAX);
	return ERR_OK;
}

enum err pull_check(struct pass *p)
{
	int64_t checked, enabled_at;
	TRY(pass_get_int(p, "checked", &checked));
	TRY(pass_get_int(p, "checked_for", &enabled_at));
	int64_t age = p->local_now - checked;
	if (age >= 0 && age < DAY && enabled_at == p->state.enabled_at)
		return ERR_OK;
	TRY(check_all(p));
	AUTO_TX tx = { 0 };
	TRY(tx_begin(p->s, &tx));
	TRY(check_done(p));
	return tx_commit(&tx);
}
