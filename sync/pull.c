#include "cycle_p.h"
#include "log.h"
#include <stdio.h>
#include <string.h>

#define LOG_MODULE "pull"
#define RECORDS_PER_TX 20
#define HOUR (3600 * INT64_C(1000))
#define DAY (86400 * INT64_C(1000))
/* between this clock and the remote's, without anybody setting it */
#define CLOCK_SLACK (300 * INT64_C(1000))
#define CLOCK_UNKNOWN (30 * DAY)

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

/* A first import is due until one as wide as wanted was done. Sales Connect has no window: it tells
 * everything. */
static enum err course_first(struct pass *p, struct course *k)
{
	int64_t done;	/* 1 + the widest window done */
	k->want = p->side == SIDE_SF ? p->c->config->first_import : FIRST_OPEN;
	TRY(pass_get_int(p, "first", &done));
	k->first = done < 1 + (int64_t)k->want;
	if (done && p->c->thrifty)	/* a wider one can wait */
		k->first = false;
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

/* The cursor as stored: the letter of its course, then the remote's own. One of another course is of no
 * use. */
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

/* The very first import begins with the switching on, however long after it the remote was reached: what was
 * made there meanwhile is no old task. If that is still to come, the clock was set back, and nobody knows:
 * rather too much than too little. */
static int64_t import_from(const struct pass *p, const struct course *k)
{
	int64_t on = p->state.enabled_at + p->c->offset;
	if (k->mark || (on >= p->now && on < p->now + CLOCK_SLACK))
		return p->now;
	return on < p->now ? on : p->now - CLOCK_UNKNOWN;
}

/* A window is measured from the moment its import began, also when it is resumed a week later. */
static enum err course_begin(struct pass *p, struct course *k)
{
	char text[48];
	if (!k->first || k->cursor)
		return ERR_OK;
	if (p->c->thrifty) {
		snprintf(p->c->message, sizeof(p->c->message),
			"the first import waits: the org's calls are nearly used up");
		return ERR_LIMIT;
	}
	AUTO_TX tx = { 0 };
	if (!k->first_now)
		k->first_now = import_from(p, k);
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
	TRY(pass_set(p, "check_at", NULL));
	TRY(pass_set_int(p, "checked", p->local_now));
	return pass_set_int(p, "checked_for", p->state.enabled_at);
}

/* After a first import there is nothing to check, and the tasks left out are to be counted. */
static enum err first_done(struct pass *p, const struct course *k)
{
	int64_t at;
	TRY(pass_first_at(p, p->side, &at));
	if (!at)
		TRY(pass_set_int(p, "first_at", p->local_now));
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
	if (page->cursor && (k->first || p->touched) && !p->undecided.n) {
		buf_printf(&cursor, "%s%s", course_letter(k), page->cursor);
		TRY(buf_err(&cursor));
		return pass_set(p, "cursor", buf_str(&cursor));
	}
	if (page->cursor)	/* nothing new so far, or it is not decided: begin again rather than write */
		return ERR_OK;
	TRY(pass_set(p, "cursor", NULL));
	/* a wider import is no reason to go back or to leap */
	if (page->mark && !(k->first && k->mark))
		TRY(pass_set(p, "mark", page->mark));
	return k->first ? first_done(p, k) : ERR_OK;
}

/* Records from..to of a page in one transaction; with the last ones how far we are. */
static enum err page_part(struct pass *p, const struct course *k, const struct page *page, size_t from,
	size_t to)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(p->s, &tx));
	for (size_t i = from; i < to; i++) {
		TRY(record_take(p, &page->task[i]));
		TRY(tx_yield(&tx));
	}
	if (k && to == page->n)
		TRY(page_end(p, k, page));
	return tx_commit(&tx);
}

static enum err page_apply(struct pass *p, const struct course *k, const struct page *page)
{
	size_t from = 0;
	p->page = page;
	p->part = k && (k->cursor || page->cursor);
	p->first = k && k->first;
	do {
		size_t to = page->n - from > RECORDS_PER_TX ? from + RECORDS_PER_TX : page->n;
		TRY(page_part(p, k, page, from, to));
		from = to;
	} while (from < page->n);
	p->page = NULL;
	return ERR_OK;
}

/* A cursor the remote has forgotten: begin again. */
static enum err forget_cursor(struct pass *p, struct course *k)
{
	free(TAKE(k->cursor));
	log_info("side=%s forgot its cursor: begin again", side_name[p->side]);
	return pass_set(p, "cursor", NULL);
}

static enum err ask_before_news(struct pass *p, const struct page *page)
{
	for (size_t i = 0; i < page->n; i++) {
		AUTO_LINK l = LINK_INIT;
		enum err e = store_link_by_rid(p->s, p->side, page->task[i].id, &l);
		if (e == ERR_NOENT && !page->task[i].deleted)
			return pass_greet_again(p);
		if (e != ERR_NOENT)
			TRY(e);
	}
	return ERR_OK;
}

static enum err next_page(struct pass *p, struct course *k, bool *last)
{
	AUTO_PAGE page = PAGE_INIT;
	AUTO_IDS freed = { 0 };
	const char *mark = k->first ? NULL : k->mark;
	struct pull q = { .mark = mark, .cursor = k->cursor, .first = k->want, .now = k->first_now };
	*last = false;
	TRY(pass_go_on(p));
	enum err e = p->ops->pull(p->r, &q, &page);
	if (e == ERR_STALE && k->cursor)
		return forget_cursor(p, k);
	TRY(e);
	TRY(ask_before_news(p, &page));
	if (p->side == SIDE_SF && !k->first)
		TRY(pull_alike(p, &page, &freed));
	TRY(page_apply(p, k, &page));
	TRY(pull_these(p, &freed));
	free(k->cursor);
	k->cursor = TAKE(page.cursor);
	*last = !k->cursor;
	return ERR_OK;
}

static bool count_open(void *arg, const struct link *l)
{
	*(int64_t *)arg += l->rid && !l->gone && !l->away && str_eq(l->base[FIELD_STATUS], TASK_OPEN);
	return true;
}

/* R17: how many open tasks the window kept out. */
static enum err count_left_out(struct pass *p)
{
	int64_t there, here = 0;
	if (p->state.left_out >= 0 || !p->ops->count_open || p->c->thrifty)
		return ERR_OK;
	TRY(pass_go_on(p));
	TRY(p->ops->count_open(p->r, &there));
	TRY(store_links(p->s, p->side, false, 0, count_open, &here));
	p->state.left_out = there > here ? there - here : 0;
	return pass_put_state(p);
}

/* *resumed: it may show the remote as it was when the cursor was made, and that was another pass. */
static enum err pull_once(struct pass *p, bool *resumed)
{
	AUTO(course_finish) struct course k = { 0 };
	bool last = false;
	TRY(course_load(p, &k));
	TRY(course_begin(p, &k));
	*resumed = k.cursor;
	while (!last)
		TRY(next_page(p, &k, &last));
	return ERR_OK;
}

enum err pull_all(struct pass *p)
{
	bool again;
	TRY(pull_once(p, &again));
	if (again)
		TRY(pull_once(p, &again));
	return count_left_out(p);
}

/* ---- all links ---- */

struct gather {
	struct ids ids;
	enum err err;
	size_t max;
	int64_t last;		/* task of the last link looked at */
};

static bool gather(void *arg, const struct link *l)
{
	struct gather *g = arg;
	g->last = l->task;
	if (l->rid && !l->gone)
		g->err = ids_add(&g->ids, l->rid);
	return g->err == ERR_OK && g->ids.n < g->max;
}

static bool answered(const struct page *page, const char *id)
{
	for (size_t i = 0; i < page->n; i++)
		if (str_eq(page->task[i].id, id))
			return true;
	return false;
}

/* Absence is no deletion (R19): reassigned, hidden, or long gone, nobody can tell.
 * It leaves the view (D5). */
static enum err absent(struct pass *p, const char *id)
{
	AUTO_LINK l = LINK_INIT;
	enum gone gone;
	enum err e = store_link_by_rid(p->s, p->side, id, &l);
	if (e == ERR_NOENT)	/* a partner of old */
		return ERR_OK;
	TRY(e);
	TRY(store_gone(p->s, l.task, &gone));
	return gone == GONE_DELETED ? ERR_OK : record_away(p, &l, "no longer visible");
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

static bool gather_rid(void *arg, const char *rid)
{
	struct gather *g = arg;
	g->err = ids_add(&g->ids, rid);
	return g->err == ERR_OK;
}

/* Those that did not become a task now never will: gone, or another's. */
static enum err drop_partners(struct pass *p, const struct ids *ids)
{
	for (size_t i = 0; i < ids->n; i++) {
		AUTO_LINK l = LINK_INIT;
		enum err e = store_link_by_rid(p->s, p->side, ids->id[i], &l);
		if (e == ERR_NOENT)
			e = store_partner_drop(p->s, p->side, ids->id[i]);
		TRY(e);
	}
	return ERR_OK;
}

enum err pull_partners(struct pass *p)
{
	AUTO_IDS ids = { 0 };
	struct gather g = { 0 };
	if (p->c->thrifty)
		return ERR_OK;
	TRY(store_partners_missing(p->s, p->side, p->ops->check_max, gather_rid, &g));
	ids = g.ids;
	TRY(g.err);
	TRY(pull_these(p, &ids));
	return drop_partners(p, &ids);
}

/* "1795000000000:42": what the check under way is for, and the last task it looked at. None: *after is 0. */
static enum err check_at(struct pass *p, int64_t *after)
{
	AUTO_FREE char *text = NULL;
	long long enabled_at = 0, at = 0;
	TRY(pass_get(p, "check_at", &text));
	bool ours = text && sscanf(text, "%lld:%lld", &enabled_at, &at) == 2 &&
		enabled_at == p->state.enabled_at;
	*after = ours && !p->c->check ? at : 0;
	return ERR_OK;
}

static enum err check_due(struct pass *p, int64_t after, bool *yes)
{
	int64_t checked, enabled_at;
	TRY(pass_get_int(p, "checked", &checked));
	TRY(pass_get_int(p, "checked_for", &enabled_at));
	int64_t age = p->local_now - checked, often = p->c->settled ? DAY : HOUR;
	*yes = !p->c->thrifty && (p->c->check || after || age < 0 || age >= often ||
		enabled_at != p->state.enabled_at);
	return ERR_OK;
}

static enum err check_goes_on(struct pass *p, int64_t after)
{
	char text[48];
	snprintf(text, sizeof(text), "%lld:%lld", (long long)p->state.enabled_at, (long long)after);
	return pass_set(p, "check_at", text);
}

/* One portion a pass: a remote that is asked record by record is not to be run into its limit. */
enum err pull_check(struct pass *p)
{
	AUTO_IDS ids = { 0 };
	int64_t after;
	bool due;
	TRY(check_at(p, &after));
	TRY(check_due(p, after, &due));
	p->c->settled = true;
	if (!due)
		return ERR_OK;
	struct gather g = { .last = after, .max = p->ops->check_max };
	TRY(store_links(p->s, p->side, false, after, gather, &g));
	ids = g.ids;
	TRY(g.err);
	TRY(pull_these(p, &ids));
	AUTO_TX tx = { 0 };
	TRY(tx_begin(p->s, &tx));
	TRY(ids.n == g.max ? check_goes_on(p, g.last) : check_done(p));
	TRY(tx_commit(&tx));
	p->c->check = false;
	return ERR_OK;
}
