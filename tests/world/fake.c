#include "fake.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000)
#define DAY (86400 * SECOND)

static struct fake *fake_of(struct remote *r)
{
	return (struct fake *)r;
}

static int64_t clock_of(const struct fake *f)
{
	int64_t ms = *f->now + f->skew;
	return f->ops.side == SIDE_SF ? ms / SECOND * SECOND : ms;	/* Salesforce has whole seconds */
}

static char *copy(const char *s)
{
	char *c = s ? strdup(s) : NULL;
	assert_true(!s || c);
	return c;
}

static char *print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *print(const char *fmt, ...)
{
	char *s;
	va_list ap;
	va_start(ap, fmt);
	assert_true(vasprintf(&s, fmt, ap) >= 0);
	va_end(ap);
	return s;
}

static void put(char **slot, const char *s)
{
	char *c = copy(s);
	free(*slot);
	*slot = c;
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

static const char *to_word(const struct fake *f, int field, const char *ours)
{
	for (size_t i = 0; f->ops.side == SIDE_SF && i < sizeof(sf_word) / sizeof(*sf_word); i++)
		if ((int)sf_word[i].field == field && str_eq(sf_word[i].ours, ours))
			return sf_word[i].word;
	return ours;
}

static const char *to_ours(const struct fake *f, int field, const char *word)
{
	bool listed = field == FIELD_STATUS || field == FIELD_PRIORITY;
	if (f->ops.side != SIDE_SF || !listed)
		return word;
	for (size_t i = 0; i < sizeof(sf_word) / sizeof(*sf_word); i++)
		if ((int)sf_word[i].field == field && str_eq(sf_word[i].word, word))
			return sf_word[i].ours;
	return NULL;
}

/* Salesforce trims what it stores; "" is null. */
static void store_word(struct fake *f, struct fake_record *r, int field, const char *word)
{
	put(&r->word[field], word && *word ? word : NULL);
	char *s = r->word[field];
	size_t n = s ? strlen(s) : 0;
	while (n && f->ops.side == SIDE_SF && strchr(" \n\t", s[n - 1]))
		s[--n] = '\0';
}

/* ---- a colleague ---- */

void fake_touch(struct fake *f, struct fake_record *r)
{
	r->revision++;
	r->changed_at = clock_of(f);
}

static struct fake_record *new_record(struct fake *f)
{
	assert_true(f->n < FAKE_MAX);
	struct fake_record *r = &f->rec[f->n++];
	r->id = f->ops.side == SIDE_SF ? print("00T%012zuAAA", f->n) : print("%zu", 1000 + f->n);
	r->created_at = clock_of(f);
	fake_touch(f, r);
	return r;
}

struct fake_record *fake_add(struct fake *f, const char *title)
{
	struct fake_record *r = new_record(f);
	store_word(f, r, FIELD_TITLE, title);
	store_word(f, r, FIELD_STATUS, to_word(f, FIELD_STATUS, TASK_OPEN));
	store_word(f, r, FIELD_PRIORITY, to_word(f, FIELD_PRIORITY, TASK_NORMAL));
	return r;
}

void fake_word(struct fake *f, struct fake_record *r, enum field field, const char *word)
{
	assert_non_null(r);
	store_word(f, r, field, word);
	fake_touch(f, r);
}

void fake_delete(struct fake *f, struct fake_record *r)
{
	assert_non_null(r);
	r->deleted = true;
	fake_touch(f, r);
}

void fake_away(struct fake *f, struct fake_record *r, bool away)
{
	assert_non_null(r);
	r->away = away;
	fake_touch(f, r);
}

struct fake_record *fake_titled(struct fake *f, const char *title)
{
	for (size_t i = 0; i < f->n; i++)
		if (!f->rec[i].deleted && str_eq(f->rec[i].word[FIELD_TITLE], title))
			return &f->rec[i];
	return NULL;
}

size_t fake_live(const struct fake *f)
{
	size_t n = 0;
	for (size_t i = 0; i < f->n; i++)
		n += !f->rec[i].deleted;
	return n;
}

const char *fake_word_of(struct fake *f, const char *title, enum field field)
{
	struct fake_record *r = fake_titled(f, title);
	if (!r)
		fail_msg("no task \"%s\" at %s", title, side_name[f->ops.side]);
	return r->word[field] ? r->word[field] : "-";
}

/* ---- requests ---- */

static enum err enter(struct fake *f)
{
	struct fault *x = f->fault;
	f->lose = false;
	if (x->dead)
		return ERR_OFFLINE;
	f->requests++;
	snprintf(f->remote.message, sizeof(f->remote.message), "%s", "");
	if (f->down)
		return ERR_OFFLINE;
	f->remote.stranger = f->next_account && !f->greeting;
	if (f->auth || f->remote.stranger)
		return ERR_AUTH;
	if (!x->at || ++x->seen != x->at)
		return ERR_OK;
	x->fired = true;
	f->lose = x->how == LOSE_REPLY || x->how == KILL_AFTER;
	if (x->how == KILL_BEFORE) {
		x->die(x->arg);
		x->dead = true;
	}
	return f->lose ? ERR_OK : x->how == LOSE_UNKNOWN ? ERR_LOST : ERR_OFFLINE;
}

static enum err leave(struct fake *f)
{
	struct fault *x = f->fault;
	if (!f->lose)
		return ERR_OK;
	if (x->how == KILL_AFTER) {
		x->die(x->arg);
		x->dead = true;
	}
	return ERR_LOST;
}

static enum err hello(struct remote *remote, struct hello *h)
{
	struct fake *f = fake_of(remote);
	f->hellos++;
	f->greeting = true;
	enum err e = enter(f);
	f->greeting = false;
	TRY(e);
	if (f->next_account)
		f->account = TAKE(f->next_account);
	TRY(leave(f));
	h->account = copy(f->account);
	h->user = copy("Ann Lee");
	h->template = copy(f->template);
	h->mirror = f->mirror;
	h->now = clock_of(f);
	return ERR_OK;
}

static bool in_bin(const struct fake *f, const struct fake_record *r)
{
	return r->deleted && clock_of(f) - r->changed_at <= f->ops.memory_days * DAY;
}

static void show(struct fake *f, const struct fake_record *r, struct page *page)
{
	struct remote_task *t = page_add(page);
	assert_non_null(t);
	t->id = copy(r->id);
	t->version = print("r%d", r->revision);
	t->deleted = r->deleted;
	t->mine = !r->away;
	t->by_me = r->once || r->ours || f->ops.side == SIDE_SC;
	t->archived = r->archived;
	t->master = r->master;
	t->unknown = r->unknown;
	t->t.created_at = r->created_at;
	t->t.changed_at = r->changed_at;
	if (r->deleted && f->ops.side == SIDE_SC)	/* Salesforce's bin shows the rest as well */
		return;
	for (int i = 0; i < TASK_NFIELDS; i++) {
		const char *word = r->unknown & BIT(i) ? NULL : r->word[i];
		t->t.field[i] = copy(to_ours(f, i, word));
		if (f->ops.side == SIDE_SF && i <= FIELD_PRIORITY)
			t->raw[i] = copy(word);
	}
	t->t.fact[FACT_PERSON] = copy(r->person);
	t->t.fact[FACT_CAMPAIGN] = copy(r->campaign);
	t->url = print("https://fake.test/%s", r->id);
	if (f->ops.side == SIDE_SF && f->remote.once_is_kept)
		t->once = copy(r->once);
}

static bool closed(const struct fake_record *r)
{
	return str_eq(r->word[FIELD_STATUS], "Completed") || str_eq(r->word[FIELD_STATUS], TASK_COMPLETE);
}

static const int window_days[] = { [FIRST_24H] = 1, [FIRST_30D] = 30, [FIRST_OPEN] = 1 };

static bool in_window(struct fake *f, const struct pull *p, const struct fake_record *r)
{
	if (r->deleted)
		return false;
	if (f->ops.side == SIDE_SC)
		return true;
	f->first_now = p->now;
	f->first = p->first;
	return (p->first == FIRST_OPEN && !closed(r)) || r->changed_at >= p->now - window_days[p->first] * DAY;
}

static bool streamed(struct fake *f, const struct pull *p, const struct fake_record *r)
{
	if (r->hidden || (r->away && f->ops.side == SIDE_SF) || (r->deleted && !in_bin(f, r)))
		return false;
	return p->mark ? r->changed_at >= strtoll(p->mark, NULL, 10) : in_window(f, p, r);
}

/* A place in the stream: (changed_at, row) order. */
struct place {
	long long at;
	int row;		/* -1: before all */
};

static bool before(struct place a, struct place b)
{
	return a.at != b.at ? a.at < b.at : a.row < b.row;
}

static bool next_record(struct fake *f, const struct pull *p, struct place after, struct place *out)
{
	bool found = false;
	for (size_t i = 0; i < f->n; i++) {
		struct place here = { f->rec[i].changed_at, (int)i };
		if (streamed(f, p, &f->rec[i]) && before(after, here) && (!found || before(here, *out))) {
			*out = here;
			found = true;
		}
	}
	return found;
}

/* The next stream begins a little before the last record; but not before the edge of a first
 * import's window (R17), and never goes back. */
static char *mark_at(struct fake *f, const struct pull *p, long long last)
{
	long long mark = last - (f->ops.side == SIDE_SF ? 600 : 60) * SECOND;
	long long edge = p->mark ? strtoll(p->mark, NULL, 10) : p->now - window_days[p->first] * DAY;
	bool edged = p->mark || (f->ops.side == SIDE_SF && p->first != FIRST_OPEN);
	return print("%lld", edged && mark < edge ? edge : mark);
}

static void count_page(struct fake *f, const struct pull *p, struct page *page)
{
	page->total = 0;
	for (size_t i = 0; i < f->n; i++)
		page->total += streamed(f, p, &f->rec[i]);
}

static void somebody_is_faster(struct fake *f, void (**hook)(void *))
{
	void (*fn)(void *) = TAKE(*hook);
	if (fn)
		fn(f->arg);
}

static enum err pull(struct remote *remote, const struct pull *p, struct page *page)
{
	struct fake *f = fake_of(remote);
	struct place at = { 0, -1 }, next;
	f->pulls++;
	TRY(enter(f));
	somebody_is_faster(f, &f->during_pull);
	TRY(leave(f));
	if (p->cursor && f->forget_cursor) {
		f->forget_cursor = false;
		return ERR_STALE;
	}
	if (p->cursor)
		assert_int_equal(sscanf(p->cursor, "%lld:%d", &at.at, &at.row), 2);
	count_page(f, p, page);
	while (page->n < f->page_size && next_record(f, p, at, &next)) {
		show(f, &f->rec[next.row], page);
		at = next;
	}
	if (at.row >= 0 && next_record(f, p, at, &next))
		page->cursor = print("%lld:%d", at.at, at.row);
	else if (at.row >= 0)
		page->mark = mark_at(f, p, at.at);
	return ERR_OK;
}

static struct fake_record *by_id(struct fake *f, const char *id)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_eq(f->rec[i].id, id))
			return &f->rec[i];
	return NULL;
}

static enum err fetch(struct remote *remote, const char *const *ids, size_t n, struct page *page)
{
	struct fake *f = fake_of(remote);
	f->fetches++;
	f->fetched += (int)n;
	TRY(enter(f));
	TRY(leave(f));
	for (size_t i = 0; i < n; i++) {
		struct fake_record *r = by_id(f, ids[i]);
		if (r && !r->hidden && (!r->deleted || f->bin_is_kept || in_bin(f, r)))
			show(f, r, page);
	}
	return ERR_OK;
}

static enum err find(struct remote *remote, const struct task *t, int64_t since, struct page *page)
{
	struct fake *f = fake_of(remote);
	f->finds++;
	TRY(enter(f));
	TRY(leave(f));
	for (size_t i = 0; i < f->n; i++)
		if (!f->rec[i].deleted && f->rec[i].created_at >= since - 120 * SECOND &&
			field_same(f->rec[i].word[FIELD_TITLE], t->field[FIELD_TITLE]))
			show(f, &f->rec[i], page);
	return ERR_OK;
}

static enum err count_open(struct remote *remote, int64_t *n)
{
	struct fake *f = fake_of(remote);
	f->counts++;
	TRY(enter(f));
	TRY(leave(f));
	*n = 0;
	for (size_t i = 0; i < f->n; i++)
		*n += !f->rec[i].deleted && !f->rec[i].away && !f->rec[i].hidden && !closed(&f->rec[i]);
	return ERR_OK;
}

/* ---- writes ---- */


static enum err poisoned(struct fake *f, struct item *it)
{
	bool hit = f->poison && it->t && str_eq(it->t->field[FIELD_TITLE], f->poison);
	if (hit)
		snprintf(it->msg, sizeof(it->msg), "no such title, please");
	return hit ? f->poison_err : ERR_OK;
}

static char *body_of(const struct task *t)
{
	return print("%s|%s|%s|%s|%s", t->field[0], t->field[1], t->field[2], t->field[3], t->field[4]);
}

static enum err made_before(struct fake *f, struct item *it, bool *yes)
{
	char *body = body_of(it->t);
	enum err e = ERR_OK;
	*yes = false;
	for (size_t i = 0; (f->ops.once_is_kept || f->remote.once_is_kept) && i < f->n && !*yes; i++) {
		if (!str_eq(f->rec[i].once, it->once))
			continue;
		*yes = true;
		f->double_keys++;
		e = f->remote.once_is_kept || str_eq(f->rec[i].body, body) ? ERR_OK : ERR_EXIST;
		if (e)
			break;
		it->new_id = copy(f->rec[i].id);
	}
	free(body);
	return e;
}

static enum err create_one(struct fake *f, struct item *it)
{
	bool made;
	TRY(poisoned(f, it));
	assert_non_null(it->once);
	TRY(made_before(f, it, &made));
	if (made)
		return ERR_OK;
	struct fake_record *r = new_record(f);
	for (int i = 0; i < TASK_NFIELDS; i++)
		store_word(f, r, i, to_word(f, i, it->t->field[i]));
	put(&r->person, it->t->fact[FACT_PERSON]);
	r->once = copy(it->once);
	r->body = body_of(it->t);
	it->new_id = copy(r->id);
	if (f->ops.side == SIDE_SC)
		it->new_version = print("r%d", r->revision);
	return ERR_OK;
}

static enum err stale(struct fake_record *r, const char *version)
{
	char *now = print("r%d", r->revision);
	bool same = !version || str_eq(version, now);
	free(now);
	return same ? ERR_OK : ERR_STALE;
}

static enum err update_one(struct fake *f, struct item *it)
{
	struct fake_record *r = by_id(f, it->id);
	f->sent |= it->fields;
	assert_true(it->fields);
	assert_false(it->fields & ~FIELDS_ALL);
	TRY(poisoned(f, it));
	if (!r || r->deleted || r->hidden)
		return ERR_GONE;
	TRY(stale(r, it->version));
	for (int i = 0; i < TASK_NFIELDS; i++)
		if (it->fields & BIT(i))
			store_word(f, r, i, to_word(f, i, it->t->field[i]));
	fake_touch(f, r);
	it->new_version = print("r%d", r->revision);
	return ERR_OK;
}

static enum err remove_one(struct fake *f, struct item *it)
{
	struct fake_record *r = by_id(f, it->id);
	if (!r || r->deleted)
		return ERR_OK;
	TRY(stale(r, it->version));
	fake_delete(f, r);
	return ERR_OK;
}

/* Salesforce knows no conditional delete, nor one in a batch: versions are read just before, and what moves on from here to
 * the write is overwritten. */
static void check_early(struct fake *f, struct item *it, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct fake_record *r = it[i].id ? by_id(f, it[i].id) : NULL;
		it[i].err = r ? stale(r, it[i].version) : ERR_OK;
	}
}

static enum err write_unchecked(struct fake *f, struct item *it, enum err (*one)(struct fake *, struct item *))
{
	struct item blind = *it;
	blind.version = NULL;
	enum err e = it->err == ERR_STALE ? ERR_STALE : one(f, &blind);
	blind.version = it->version;
	*it = blind;
	return e;
}

static enum err each(struct fake *f, struct item *it, size_t n, enum err (*one)(struct fake *, struct item *))
{
	assert_true(n > 0 && n <= f->ops.batch);
	TRY(enter(f));
	bool unchecked = f->ops.side == SIDE_SF && (n > 1 || one == remove_one);
	if (unchecked)
		check_early(f, it, n);
	somebody_is_faster(f, &f->before_write);
	if (f->call_err)
		return f->call_err;
	for (size_t i = 0; i < n && f->poisons_call; i++)
		if (it[i].t && str_eq(it[i].t->field[FIELD_TITLE], f->poison))
			return f->poison_err ? f->poison_err : ERR_PROTOCOL;
	for (size_t i = 0; i < n; i++)
		it[i].err = unchecked ? write_unchecked(f, &it[i], one) : one(f, &it[i]);
	f->items += (int)n;
	enum err e = leave(f);
	for (size_t i = 0; e && i < n; i++) {
		item_finish(&it[i]);
		it[i].err = ERR_OK;
	}
	return e;
}

static enum err create(struct remote *r, struct item *it, size_t n)
{
	fake_of(r)->creates++;
	return each(fake_of(r), it, n, create_one);
}

static enum err update(struct remote *r, struct item *it, size_t n)
{
	fake_of(r)->updates++;
	return each(fake_of(r), it, n, update_one);
}

static enum err remove_(struct remote *r, struct item *it, size_t n)
{
	fake_of(r)->removes++;
	return each(fake_of(r), it, n, remove_one);
}

static void destroy(struct remote *r)
{
}

/* ---- */

void fake_init(struct fake *f, enum side side, const int64_t *now, struct fault *fault)
{
	bool sf = side == SIDE_SF;
	memset(f, 0, sizeof(*f));
	f->ops = (struct remote_ops){ .hello = hello, .pull = pull, .fetch = fetch, .find = sf ? find : NULL,
		.count_open = sf ? count_open : NULL, .create = create, .update = update, .remove = remove_,
		.destroy = destroy, .side = side, .once_is_kept = !sf, .batch = sf ? 200 : 1,
		.check_max = sf ? 2000 : 60, .memory_days = sf ? 15 : 30 };
	f->remote.ops = &f->ops;
	f->now = now;
	f->fault = fault;
	f->page_size = 2;
	f->account = sf ? "00D1/0051" : "7";
}

void fake_finish(struct fake *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct fake_record *r = &f->rec[i];
		for (int k = 0; k < TASK_NFIELDS; k++)
			free(r->word[k]);
		free(r->id);
		free(r->person);
		free(r->once);
		free(r->body);
	}
	f->n = 0;
}

void fake_forget_counts(struct fake *f)
{
	f->requests = f->hellos = f->pulls = f->fetches = f->finds = f->counts = 0;
	f->creates = f->updates = f->removes = f->items = f->double_keys = f->fetched = 0;
	f->sent = 0;
}

int fake_writes(const struct fake *f)
{
	return f->creates + f->updates + f->removes;
}
