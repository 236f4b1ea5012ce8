#include "sim.h"
#include "auto.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct line *line_of(struct remote *r)
{
	return (struct line *)r;
}

static int64_t clock_of(const struct sim *s, enum side side)
{
	int64_t ms = s->now + s->server[side].skew;
	return side == SIDE_SF ? ms / SECOND * SECOND : ms;	/* Salesforce has whole seconds */
}

static char *copy(const char *s)
{
	char *c = s && *s ? strdup(s) : NULL;
	if (s && *s && !c)
		abort();
	return c;
}

static char *print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *print(const char *fmt, ...)
{
	char *s;
	va_list ap;
	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	va_end(ap);
	return s;
}

/* ---- words ---- */

static const struct {
	enum field field;
	const char *ours, *word;
} sf_word[] = {
	{ FIELD_STATUS, TASK_OPEN, "Not Started" },
	{ FIELD_STATUS, TASK_COMPLETE, "Completed" },
	{ FIELD_PRIORITY, TASK_NORMAL, "Normal" },
	{ FIELD_PRIORITY, TASK_HIGH, "High" },
};

const char *server_word(enum side side, enum field f, const char *ours)
{
	for (size_t i = 0; side == SIDE_SF && ours && i < COUNT(sf_word); i++)
		if (sf_word[i].field == f && !strcmp(sf_word[i].ours, ours))
			return sf_word[i].word;
	return ours ? ours : "";
}

const char *server_ours(enum side side, enum field f, const char *word)
{
	if (side != SIDE_SF || (f != FIELD_STATUS && f != FIELD_PRIORITY))
		return *word ? word : NULL;
	for (size_t i = 0; i < COUNT(sf_word); i++)
		if (sf_word[i].field == f && !strcmp(sf_word[i].word, word))
			return sf_word[i].ours;
	return NULL;
}

/* ---- records ---- */

void server_touch(struct sim *s, enum side side, struct record *r)
{
	r->revision++;
	r->changed_at = clock_of(s, side);
	r->touched_at = s->now;
}

struct record *server_add(struct sim *s, enum side side, int task, int made_by)
{
	struct server *v = &s->server[side];
	if (v->n == RECORDS_MAX)
		abort();
	struct record *r = &v->rec[v->n++];
	*r = (struct record){ .task = task, .made_by = made_by, .true_at = s->now };
	if (side == SIDE_SF)
		snprintf(r->id, sizeof(r->id), "00T%012dAAA", v->n);
	else
		snprintf(r->id, sizeof(r->id), "%d", 1000 + v->n);
	r->created_at = clock_of(s, side);
	strcpy(r->word[FIELD_STATUS], server_word(side, FIELD_STATUS, TASK_OPEN));
	strcpy(r->word[FIELD_PRIORITY], server_word(side, FIELD_PRIORITY, TASK_NORMAL));
	server_touch(s, side, r);
	return r;
}

static void set_word(struct record *r, enum field f, const char *word)
{
	snprintf(r->word[f], WORD, "%s", word ? word : "");
}

void server_put(struct sim *s, enum side side, struct record *r, enum field f, const char *word)
{
	set_word(r, f, word);
	server_touch(s, side, r);
}

/* Its day (or else its creation) is a year past; the clock is of days. */
static bool is_old(const struct record *r, int64_t now)
{
	char day[WORD];
	time_t then = (time_t)((now - 365 * DAY) / SECOND);
	struct tm tm;
	strftime(day, sizeof(day), "%Y-%m-%d", gmtime_r(&then, &tm));
	return *r->word[FIELD_DUE] ? strcmp(r->word[FIELD_DUE], day) <= 0 : r->created_at <= now - 365 * DAY;
}

void server_archive(struct sim *s)
{
	struct server *v = &s->server[SIDE_SF];
	for (int i = 0; i < v->n; i++) {
		struct record *r = &v->rec[i];
		bool closed = !strcmp(r->word[FIELD_STATUS], "Completed");
		if (r->archived || r->deleted || r->commits_at || r->born_at || !closed || !is_old(r, clock_of(s, SIDE_SF)))
			continue;
		r->archived = true;
		s->figures->chance[ARCHIVED]++;
		server_touch(s, SIDE_SF, r);
		sim_trace(s, "  %s is archived", r->id);
	}
}

/* The stamp is that of the save, the row is seen since the commit (salesforce.md 3.2). */
void server_late(struct sim *s)
{
	struct server *v = &s->server[SIDE_SF];
	for (int i = 0; i < v->n; i++) {
		struct record *r = &v->rec[i];
		if (r->born_at && r->born_at <= s->now) {
			r->born_at = 0;
			r->touched_at = s->now;
			sim_trace(s, "  %s is there now", r->id);
		}
		if (!r->commits_at || r->commits_at > s->now)
			continue;
		r->commits_at = 0;
		s->figures->chance[LATE_ROW]++;
		r->revision++;
		r->changed_at = r->late_stamp;
		r->touched_at = s->now;
		for (int k = 0; k < s->n_typed; k++)
			s->typed[k].alike |= r->alike && !strcmp(s->typed[k].value, r->late);
		set_word(r, r->late_field, r->late);
		unknowable(s, SIDE_SF, r);
		sim_trace(s, "  late row %s stamp %lld", r->id, (long long)r->late_stamp);
	}
}

static struct record *by_id(struct server *v, const char *id)
{
	for (int i = 0; i < v->n; i++)
		if (!strcmp(v->rec[i].id, id))
			return &v->rec[i];
	return NULL;
}

/* ---- answers ---- */

static bool is_read_loss(enum fault f, enum err *e)
{
	static const enum err of[FAULTS] = {
		[LOST_REQUEST] = ERR_OFFLINE, [LOST_UNKNOWN] = ERR_OFFLINE, [LOST_REPLY] = ERR_OFFLINE,
		[UNAUTHORIZED] = ERR_AUTH, [QUOTA] = ERR_LIMIT, [NO_RIGHT] = ERR_DENIED, [TOO_MANY] = ERR_LIMIT,
		[UNAVAILABLE] = ERR_RETRY, [UNAVAILABLE_BUT_DONE] = ERR_RETRY, [TRUNCATED] = ERR_PROTOCOL,
		[KILL_BEFORE] = ERR_OFFLINE, [KILL_AFTER] = ERR_OFFLINE,
	};
	*e = of[f];
	return *e != ERR_OK;
}

/* Is this read to fail, and how? */
static enum err read_begin(struct line *l, const char *what, enum fault *f)
{
	enum err e;
	*f = sim_request(l, what);
	if (!is_read_loss(*f, &e))
		return ERR_OK;
	sim_struck(l, *f);
	return e;
}

static bool keyed(const struct line *l)
{
	return l->server->side == SIDE_SF && l->sim->script->setup.keyed;
}

static enum err hello(struct remote *remote, struct hello *h)
{
	struct line *l = line_of(remote);
	enum fault f;
	TRY(read_begin(l, "hello", &f));
	remote->once_is_kept = keyed(l);
	h->account = copy(l->server->side == SIDE_SF ? "00D1/0051" : "7");
	h->user = copy("Ann Lee");
	h->template = l->server->side == SIDE_SC ? copy(l->server->template) : NULL;
	h->mirror = l->server->side == SIDE_SC && l->sim->mirror.on;
	if (l->server->side == SIDE_SC)
		oracle_told(l->sim, l->mount, h->mirror);
	h->now = clock_of(l->sim, l->server->side);
	return ERR_OK;
}

static bool in_bin(const struct line *l, const struct record *r)
{
	return r->deleted && !r->purged &&
		clock_of(l->sim, l->server->side) - r->changed_at <= l->ops.memory_days * DAY;
}

static char *version_of(enum side side, const struct record *r)
{
	return side == SIDE_SF ? print("%lld", (long long)r->changed_at) : print("%d", r->revision);
}

static void show(const struct line *l, struct record *r, struct page *page)
{
	enum side side = l->server->side;
	struct remote_task *t = page_add(page);
	if (!t)
		abort();
	oracle_shown(l->sim, l, r);
	t->id = copy(r->id);
	t->version = version_of(side, r);
	t->deleted = r->deleted;
	t->mine = !r->away;
	t->archived = r->archived;
	t->t.created_at = r->created_at;
	t->t.changed_at = r->changed_at;
	t->by_me = side == SIDE_SC || r->made_by >= 0 || r->by_me;
	if (r->deleted && side == SIDE_SC)
		return;
	for (int f = 0; f < TASK_NFIELDS; f++) {
		t->t.field[f] = copy(server_ours(side, (enum field)f, r->word[f]));
		if (side == SIDE_SF && f <= FIELD_PRIORITY)
			t->raw[f] = copy(r->word[f]);
	}
	t->t.fact[FACT_PERSON] = copy(r->person);
	t->once = keyed(l) ? copy(r->once) : NULL;
	t->url = print("https://%d.test/%s", l->server->instance, r->id);
}

/* ---- the stream of changes ---- */

static const int window_days[] = { [FIRST_24H] = 1, [FIRST_30D] = 30, [FIRST_OPEN] = 1 };

static bool in_window(const struct server *v, const struct pull *p, const struct record *r)
{
	if (r->deleted)
		return false;
	if (v->side == SIDE_SC)
		return true;
	return (p->first == FIRST_OPEN && strcmp(r->word[FIELD_STATUS], "Completed")) ||
		r->changed_at >= p->now - window_days[p->first] * DAY;
}

bool server_tells(const struct line *l, const struct record *r)
{
	return !r->hidden && !r->born_at && !(r->away && l->server->side == SIDE_SF) && !(r->deleted && !in_bin(l, r));
}

static bool streamed(const struct line *l, const struct pull *p, const struct record *r)
{
	if (!server_tells(l, r))
		return false;
	return p->mark ? r->changed_at >= strtoll(p->mark, NULL, 10) : in_window(l->server, p, r);
}

static int64_t place(const struct server *v, int i)	/* in (stamp, id) order */
{
	return v->rec[i].changed_at * RECORDS_MAX + i;
}

/* A locator of Salesforce: the rows of the moment of the query. */
static struct cursor *cursor_new(struct line *l, const struct pull *p)
{
	struct server *v = l->server;
	struct cursor *c = &v->cursor[v->cursors % (int)COUNT(v->cursor)];
	c->id = ++v->cursors;
	c->n = 0;
	for (int i = 0; i < v->n; i++) {
		if (!streamed(l, p, &v->rec[i]))
			continue;
		int k = c->n++;
		for (; k && place(v, c->rec[k - 1]) > place(v, i); k--)
			c->rec[k] = c->rec[k - 1];
		c->rec[k] = i;
	}
	return c;
}

static struct cursor *cursor_of(struct server *v, int id)
{
	for (size_t i = 0; i < COUNT(v->cursor); i++)
		if (v->cursor[i].id == id && id)
			return &v->cursor[i];
	return NULL;
}

/* The next stream begins a little before the last record, and never goes back. */
static char *mark_of(const struct line *l, const struct pull *p, int64_t last)
{
	bool sf = l->server->side == SIDE_SF;
	int64_t now = clock_of(l->sim, l->server->side), old = p->mark ? strtoll(p->mark, NULL, 10) : 0;
	if (!p->mark && (sf || !last))
		last = sf ? p->now : now;
	if (!last)
		return NULL;
	last -= (sf ? 600 : 60) * SECOND;
	return print("%lld", (long long)(last < old ? old : last));
}

struct progress {		/* the cursor as text: query, place in it, last stamp, when it began */
	int id, at;
	long long last, begun;
};

/* Sales Connect's cursor is a place in the order: who changes meanwhile comes once more. */
static struct cursor *stream_from(struct line *l, const struct pull *p, struct progress *g)
{
	bool sf = l->server->side == SIDE_SF;
	struct cursor *c = sf && p->cursor ? cursor_of(l->server, g->id) : cursor_new(l, p);
	for (int i = 0; c && !sf && p->cursor && i < c->n; i++)
		if (place(l->server, c->rec[i]) <= g->begun)
			g->at = i + 1;
	return c;
}

static enum err pull(struct remote *remote, const struct pull *p, struct page *page)
{
	struct line *l = line_of(remote);
	struct server *v = l->server;
	struct progress g = { .begun = clock_of(l->sim, v->side) };
	bool sf = v->side == SIDE_SF;
	enum fault f;
	TRY(read_begin(l, p->cursor ? "pull next" : p->mark ? "pull" : "pull first", &f));
	l->sim->mount[l->mount].anew |= !p->cursor;
	if (p->cursor && sscanf(p->cursor, "%d:%d:%lld:%lld", &g.id, &g.at, &g.last, &g.begun) != 4)
		return ERR_PROTOCOL;
	g.at = sf ? g.at : 0;
	struct cursor *c = stream_from(l, p, &g);
	if (p->cursor && f == LOST_CURSOR)
		sim_struck(l, f);
	if (!c || (p->cursor && f == LOST_CURSOR))
		return ERR_STALE;
	int size = f == SHORT_PAGE ? g.at % 2 : l->sim->script->setup.page;
	int from = f == DOUBLE_PAGE && g.at >= size ? g.at - size : g.at, to = g.at + size < c->n ? g.at + size : c->n;
	if (from < g.at || (f == SHORT_PAGE && to < c->n && size < l->sim->script->setup.page))
		sim_struck(l, f);
	if (to && to < c->n && v->rec[c->rec[to - 1]].changed_at == v->rec[c->rec[to]].changed_at)
		l->sim->figures->chance[SAME_STAMP_AT_EDGE]++;
	for (int i = from; i < to; i++) {
		struct record *r = &v->rec[c->rec[i]];
		if (r->hidden || r->purged)
			continue;
		show(l, r, page);
		g.last = r->changed_at > g.last ? r->changed_at : g.last;
	}
	if (sf && g.last > g.begun)
		g.last = g.begun;
	page->total = c->n;
	if (to == c->n)
		page->mark = mark_of(l, p, g.last);
	else
		page->cursor = print("%d:%d:%lld:%lld", c->id, to, g.last,
			sf ? g.begun : to ? (long long)place(v, c->rec[to - 1]) : 0);
	return ERR_OK;
}

static enum err fetch(struct remote *remote, const char *const *ids, size_t n, struct page *page)
{
	struct line *l = line_of(remote);
	enum fault f;
	TRY(read_begin(l, "fetch", &f));
	for (size_t i = 0; i < n; i++) {
		struct record *r = by_id(l->server, ids[i]);
		if (r && !r->hidden && !r->born_at && !r->purged && (!r->deleted || in_bin(l, r)))
			show(l, r, page);
	}
	return ERR_OK;
}

static enum err find(struct remote *remote, const struct task *t, int64_t since, struct page *page)
{
	struct line *l = line_of(remote);
	enum fault f;
	TRY(read_begin(l, "find", &f));
	for (int i = 0; i < l->server->n; i++) {
		struct record *r = &l->server->rec[i];
		if (!r->deleted && !r->archived && !r->hidden && !r->born_at && r->created_at >= since - 120 * SECOND &&
			same(r->word[FIELD_TITLE], t->field[FIELD_TITLE]))
			show(l, r, page);
	}
	return ERR_OK;
}

static enum err count_open(struct remote *remote, int64_t *n)
{
	struct line *l = line_of(remote);
	enum fault f;
	TRY(read_begin(l, "count", &f));
	*n = 0;
	for (int i = 0; i < l->server->n; i++) {
		const struct record *r = &l->server->rec[i];
		*n += !r->deleted && !r->away && !r->hidden && strcmp(r->word[FIELD_STATUS], "Completed");
	}
	return ERR_OK;
}

/* ---- writes ---- */

static void body_of(const struct task *t, char out[5 * WORD])
{
	const char *const *f = (const char *const *)t->field;
	snprintf(out, 5 * WORD, "%s|%s|%s|%s|%s", f[0] ? f[0] : "", f[1] ? f[1] : "", f[2] ? f[2] : "", f[3] ? f[3] : "",
		f[4] ? f[4] : "");
}

#define KEYS_KEPT (7 * DAY)

/* Sales Connect remembers keys for a while, whatever became of the task; Salesforce has them in the records. */
static bool has_key(const struct line *l, const struct record *r, const char *once)
{
	bool sc = l->server->side == SIDE_SC;
	return !strcmp(r->once, once) && (sc ? clock_of(l->sim, SIDE_SC) - r->created_at < KEYS_KEPT : !r->deleted && !r->hidden);
}

static struct record *by_key(struct line *l, const char *once)
{
	for (int i = 0; (l->ops.once_is_kept || keyed(l)) && i < l->server->n; i++)
		if (has_key(l, &l->server->rec[i], once))
			return &l->server->rec[i];
	return NULL;
}

static enum err create_one(struct line *l, struct item *it)
{
	char body[5 * WORD];
	enum side side = l->server->side;
	body_of(it->t, body);
	struct record *r = by_key(l, it->once);
	bool made_before = r != NULL;
	if (r && r->born_at)
		return ERR_RETRY;	/* DUPLICATE_VALUE, and nothing to be read back yet */
	if (r && side == SIDE_SC && strcmp(r->body, body))
		return ERR_EXIST;
	if (!r) {
		r = server_add(l->sim, side, mount_task(l->sim, l->mount, it->t->id), l->mount);
		for (int f = 0; f < TASK_NFIELDS; f++)
			set_word(r, (enum field)f, server_word(side, (enum field)f, it->t->field[f]));
		snprintf(r->person, sizeof(r->person), "%s", it->t->fact[FACT_PERSON] ? it->t->fact[FACT_PERSON] : "");
		snprintf(r->once, sizeof(r->once), "%s", it->once);
		strcpy(r->body, body);
		r->unheard = true;
		if (side == SIDE_SF && !template_has_name(l->sim->server[SIDE_SC].template))
			made_alike(l->sim, r);
		sim_trace(l->sim, "    created %s %s task %d \"%s\"", side_name[side], r->id, r->task, body);
		oracle_create(l->sim, l, r, it->t->id);
		oracle_agreed(l->sim, l, r, FIELDS_ALL);
	}
	it->new_id = copy(r->id);
	it->was_there = made_before && side == SIDE_SF;
	it->new_version = side == SIDE_SC && !made_before ? version_of(side, r) : NULL;
	return ERR_OK;
}

static enum err stale(enum side side, const struct record *r, const char *version)
{
	AUTO_FREE char *now = version_of(side, r);
	/* If-Unmodified-Since knows seconds and "later than" only. */
	bool fits = !version || (side == SIDE_SF ? r->changed_at <= strtoll(version, NULL, 10) : !strcmp(version, now));
	return fits ? ERR_OK : ERR_STALE;
}

static enum err update_one(struct line *l, struct item *it)
{
	struct record *r = by_id(l->server, it->id);
	enum side side = l->server->side;
	if (!r || r->deleted || r->hidden)
		return ERR_GONE;
	if (r->commits_at)
		return ERR_RETRY;
	TRY(stale(side, r, it->version));
	oracle_update(l->sim, l, r, it->fields, it->t);
	for (int f = 0; f < TASK_NFIELDS; f++)
		if (it->fields & BIT(f)) {
			const char *word = server_word(side, (enum field)f, it->t->field[f]);
			sim_trace(l->sim, "    %s %s task %d: %s \"%s\" -> \"%s\"", side_name[side], r->id, r->task,
				task_field[f].name, r->word[f], word);
			set_word(r, (enum field)f, word);
		}
	oracle_updated(l->sim, l, r, it->fields);
	server_touch(l->sim, side, r);
	it->new_version = side == SIDE_SC ? version_of(side, r) : NULL;
	return ERR_OK;
}

static enum err remove_one(struct line *l, struct item *it)
{
	struct record *r = by_id(l->server, it->id);
	enum side side = l->server->side;
	if (!r || r->deleted)
		return ERR_OK;
	if (r->hidden)
		return ERR_GONE;
	if (r->commits_at)
		return ERR_RETRY;
	TRY(stale(side, r, it->version));
	sim_trace(l->sim, "    deleted %s %s task %d", side_name[side], r->id, r->task);
	r->deleted = true;
	server_touch(l->sim, side, r);
	return ERR_OK;
}

static void forget_answers(struct item *it, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		item_finish(&it[i]);
		it[i].err = ERR_OK;
	}
}

static void answered(struct line *l, const struct item *it, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct record *r = it[i].id && !it[i].err ? by_id(l->server, it[i].id) : NULL;
		struct record *made = it[i].new_id && !it[i].err ? by_id(l->server, it[i].new_id) : NULL;
		if (r)
			oracle_agreed(l->sim, l, r, it[i].fields);
		if (made)
			made->unheard = false;
	}
}

/* What the whole call says: before anything is done, and although it is done. */
static const struct {
	enum err before, after;
} whole[FAULTS] = {
	[LOST_REQUEST] = { .before = ERR_OFFLINE }, [LOST_UNKNOWN] = { .before = ERR_LOST },
	[LOST_REPLY] = { .after = ERR_LOST }, [UNAUTHORIZED] = { .before = ERR_AUTH },
	[QUOTA] = { .before = ERR_LIMIT }, [TOO_MANY] = { .before = ERR_LIMIT },
	[UNAVAILABLE] = { .before = ERR_RETRY }, [UNAVAILABLE_BUT_DONE] = { .after = ERR_RETRY },
	[TRUNCATED] = { .after = ERR_LOST }, [KILL_BEFORE] = { .before = ERR_OFFLINE },
	[KILL_AFTER] = { .after = ERR_LOST },
};
/* What the first item is told instead of being done. */
static const enum err first_item[FAULTS] = {
	[NO_RIGHT] = ERR_DENIED, [LOCKED] = ERR_RETRY, [MOVED_ON] = ERR_STALE, [INVALID] = ERR_REFUSED,
};

/* A create whose key is known is answered, whatever the rules say by now. */
static bool spared(struct line *l, const struct item *it)
{
	return it->once && by_key(l, it->once);
}

/* Every other request that nobody knows of is on its way, and done within a minute (salesforce.md 4.4). */
static void come_late(struct line *l, struct item *it, size_t n)
{
	struct server *v = l->server;
	int from = v->n;
	if (l->sim->serial & 1)
		return;
	for (size_t i = 0; i < n; i++)
		(void)!create_one(l, &it[i]);
	l->sim->mount[l->mount].unheard = true;
	for (int i = from; i < v->n; i++)
		v->rec[i].born_at = l->sim->now + (5 + l->sim->serial % 50) * SECOND;
	forget_answers(it, n);
}

static enum err each(struct line *l, const char *what, struct item *it, size_t n,
	enum err (*one)(struct line *, struct item *))
{
	if (!n || n > l->ops.batch)
		sim_fail(l->sim, FORBIDDEN, "%s of %zu items", what, n);
	l->items = n;
	enum fault f = sim_request(l, what);
	l->items = 0;
	if (f == LOST_UNKNOWN && one == create_one && l->server->side == SIDE_SF)
		come_late(l, it, n);
	bool first = first_item[f] && !spared(l, it), cut = f == CUT_BATCH && n > 1;
	if (whole[f].before || whole[f].after || first || cut)
		sim_struck(l, f);
	if (whole[f].before)
		return whole[f].before;
	l->sim->figures->writes++;
	for (size_t i = 0; i < n; i++) {
		it[i].msg[0] = '\0';
		it[i].err = first && !i ? first_item[f] : f == CUT_BATCH && i ? ERR_OFFLINE : one(l, &it[i]);
		if (it[i].err)
			snprintf(it[i].msg, sizeof(it[i].msg), "%s", fault_name[f]);
	}
	if (f == KILL_AFTER)
		mount_die(&l->sim->mount[l->mount]);
	l->sim->mount[l->mount].unheard |= whole[f].after != ERR_OK;
	if (whole[f].after)
		forget_answers(it, n);
	else
		answered(l, it, n);
	return whole[f].after;
}

static enum err create(struct remote *r, struct item *it, size_t n)
{
	return each(line_of(r), "create", it, n, create_one);
}

static enum err update(struct remote *r, struct item *it, size_t n)
{
	return each(line_of(r), "update", it, n, update_one);
}

static enum err remove_(struct remote *r, struct item *it, size_t n)
{
	return each(line_of(r), "remove", it, n, remove_one);
}

static void destroy(struct remote *r)
{
}

void line_init(struct line *l, struct sim *sim, int mount, enum side side)
{
	bool sf = side == SIDE_SF;
	*l = (struct line){ .sim = sim, .server = &sim->server[side], .mount = mount };
	l->ops = (struct remote_ops){ .hello = hello, .pull = pull, .fetch = fetch, .find = sf ? find : NULL,
		.count_open = sf ? count_open : NULL, .create = create, .update = update, .remove = remove_,
		.destroy = destroy, .side = side, .once_is_kept = !sf, .batch = sf ? 200 : 50,
		.check_max = 3, .memory_days = sf ? 15 : 30 };
	l->remote.ops = &l->ops;
	l->remote.once_is_kept = !sf;
}
