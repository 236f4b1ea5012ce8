/* What waits for a remote, links, twins; states, problems and counts. */
#include "store_unit.h"
#include "subject.h"

/* ---- who gets an edit ---- */

enum { NONE, LINKED, DOUBT, AWAY, GONE };

static void an_edit_goes_to_the_other_sides(void **state)
{
	static const struct {
		const char *what;
		int sc, sf;		/* link */
		uint32_t born;
		enum side by;
		bool want_sc, want_sf;
	} row[] = {
		{ "local, nowhere", NONE, NONE, 0, SIDE_LOCAL, false, false },
		{ "to be born there", NONE, NONE, BIT(SIDE_SF), SIDE_LOCAL, false, true },
		{ "both linked", LINKED, LINKED, 0, SIDE_LOCAL, true, true },
		{ "never an echo", LINKED, LINKED, 0, SIDE_SC, false, true },
		{ "never an echo, other way", LINKED, LINKED, 0, SIDE_SF, true, false },
		{ "in doubt counts", DOUBT, LINKED, 0, SIDE_SF, true, false },
		{ "away does not", LINKED, AWAY, BIT(SIDE_SF), SIDE_LOCAL, true, false },
		{ "gone does not", GONE, LINKED, BIT(SIDE_SC), SIDE_LOCAL, false, true },
		{ "from afar to be born on the other", LINKED, NONE, BIT(SIDE_SF), SIDE_SC, false, true },
		{ "R14: not born there", LINKED, NONE, 0, SIDE_SC, false, false },
	};
	struct fx *x = *state;
	on(x->s, SIDE_SC);
	on(x->s, SIDE_SF);
	for (size_t i = 0; i < COUNT(row); i++) {
		struct task t = { .field = { [FIELD_TITLE] = (char *)row[i].what }, .born = row[i].born };
		int64_t id;
		char rid[20];
		snprintf(rid, sizeof(rid), "r%zu", i);
		assert_ok(store_create(x->s, &t, NULL, 0, SIDE_SC, NOW, &id));
		for (enum side side = SIDE_SC; side < NSIDES; side++) {
			int link = side == SIDE_SC ? row[i].sc : row[i].sf;
			if (link != NONE)
				join(x->s, id, side, link == DOUBT ? NULL : rid);
			if (link == AWAY || link == GONE)
				set_link(x->s, id, side, link == AWAY, link == GONE);
		}
		clear_outbox(x->s);
		uint64_t rung = wake_count(x->outbox);
		set(x->s, id, FIELD_DETAILS, "new", row[i].by);
		if (waits(x->s, id, SIDE_SC) != row[i].want_sc || waits(x->s, id, SIDE_SF) != row[i].want_sf)
			fail_msg("%s", row[i].what);
		assert_int_equal(due_at(x->s, id, SIDE_SF, NOW + 10), row[i].want_sf);
		assert_int_equal(wake_count(x->outbox) - rung, row[i].want_sc || row[i].want_sf);
	}
}

static void only_sides_that_are_on_get_new_tasks(void **state)
{
	struct fx *x = *state;
	int64_t off = make(x->s, "Made while off", SIDE_LOCAL), sc_only;
	on(x->s, SIDE_SC);
	sc_only = make(x->s, "T", SIDE_LOCAL);
	on(x->s, SIDE_SF);
	set(x->s, off, FIELD_DETAILS, "x", SIDE_LOCAL);
	set(x->s, sc_only, FIELD_DETAILS, "x", SIDE_LOCAL);
	assert_false(waits(x->s, off, SIDE_SC) || waits(x->s, off, SIDE_SF));
	assert_true(waits(x->s, sc_only, SIDE_SC));
	assert_false(waits(x->s, sc_only, SIDE_SF));
}

/* ---- hold and grace ---- */

static void touch_then_edit_is_one_create(void **state)
{
	struct fx *x = *state;
	int64_t ms;
	on(x->s, SIDE_SC);
	assert_ok(store_outbox_next(x->s, SIDE_SC, NOW, &ms));
	assert_int_equal(ms, -1);
	int64_t id = make(x->s, "T", SIDE_LOCAL);
	assert_false(due_at(x->s, id, SIDE_SC, NOW + HOLD_MS - 1));	/* a handle is open */
	assert_true(due_at(x->s, id, SIDE_SC, NOW + HOLD_MS));		/* but not for ever */
	uint64_t rung = wake_count(x->outbox);
	assert_ok(store_closed(x->s, id, NOW, GRACE));
	assert_int_equal(wake_count(x->outbox), rung + 1);	/* it falls due earlier than was thought */
	assert_ok(store_outbox_next(x->s, SIDE_SC, NOW + 1, &ms));
	assert_int_equal(ms, GRACE - 1);
	set(x->s, id, FIELD_DETAILS, "x", SIDE_LOCAL);		/* at NOW + 10: the grace begins anew */
	assert_false(due_at(x->s, id, SIDE_SC, NOW + GRACE + 9));
	assert_ok(store_closed(x->s, id, NOW + 1000, GRACE));
	assert_false(due_at(x->s, id, SIDE_SC, NOW + 1000 + GRACE - 1));
	assert_true(due_at(x->s, id, SIDE_SC, NOW + 1000 + GRACE));
	assert_ok(store_outbox_next(x->s, SIDE_SC, NOW + 1000 + GRACE, &ms));
	assert_int_equal(ms, 0);
	assert_int_equal(number(x->s, "SELECT count(*) FROM outbox"), 1);
}

static void from_afar_nothing_is_held(void **state)
{
	struct fx *x = *state;
	struct task t = { .field = { [FIELD_TITLE] = "T" }, .born = BIT(SIDE_SF) };
	int64_t id;
	assert_ok(store_create(x->s, &t, NULL, 0, SIDE_SC, NOW, &id));
	assert_true(due_at(x->s, id, SIDE_SF, NOW));
	assert_no_write(x->s, store_closed(x->s, id, NOW, GRACE));
}

static void after_a_crash_all_handles_are_closed(void **state)
{
	struct fx *x = *state;
	on(x->s, SIDE_SC);
	int64_t held = make(x->s, "Held", SIDE_LOCAL), failed = make(x->s, "Failed", SIDE_SC);
	int64_t deleted = make(x->s, "Deleted", SIDE_SC), back;
	join(x->s, failed, SIDE_SC, "1");
	join(x->s, deleted, SIDE_SC, "2");
	assert_ok(store_outbox_add(x->s, failed, SIDE_SC, NOW));
	assert_ok(store_outbox_fail(x->s, failed, SIDE_SC, INT64_MAX, ERR_RETRY, "later", NOW, 60000));
	assert_ok(store_delete(x->s, deleted, SIDE_LOCAL, NOW, GRACE));
	assert_ok(store_closed_all(x->s, NOW + 1000, GRACE));
	for (int64_t ms = 0; ms < 2 * GRACE; ms += 500) {
		assert_int_equal(due_at(x->s, held, SIDE_SC, NOW + 1000 + ms), ms >= GRACE);
		assert_int_equal(due_at(x->s, deleted, SIDE_SC, NOW + 1000 + ms), ms >= GRACE);
	}
	assert_false(due_at(x->s, failed, SIDE_SC, NOW + 59999));
	assert_ok(store_revive(x->s, "Deleted.txt", true, NOW + 5999, &back));
}

static void a_wrong_clock_holds_nothing_for_years(void **state)
{
	static const int64_t year = INT64_C(31556952000);
	struct fx *x = *state;
	int64_t ms;
	on(x->s, SIDE_SC);
	int64_t id = make(x->s, "T", SIDE_LOCAL);
	assert_ok(store_closed(x->s, id, NOW, GRACE));
	assert_true(due_at(x->s, id, SIDE_SC, NOW - 10 * year));
	assert_true(due_at(x->s, id, SIDE_SC, NOW + 10 * year));
	assert_ok(store_outbox_next(x->s, SIDE_SC, NOW - 10 * year, &ms));
	assert_int_equal(ms, 0);
	assert_ok(store_outbox_fail(x->s, id, SIDE_SC, INT64_MAX, ERR_RETRY, "", NOW + 10 * year, 60000));
	assert_true(due_at(x->s, id, SIDE_SC, NOW));
}

/* ---- done and failed ---- */

static struct outgoing take(struct store *s, enum side side)
{
	struct outgoing o;
	size_t n;
	assert_ok(store_outbox(s, side, NOW + 100, &o, 1, &n));
	assert_int_equal(n, 1);
	return o;
}

static void an_edit_during_a_push_keeps_its_row(void **state)
{
	struct fx *x = *state;
	int64_t id = make(x->s, "T", SIDE_SC), ms;
	join(x->s, id, SIDE_SF, "1");
	set(x->s, id, FIELD_DETAILS, "1", SIDE_LOCAL);
	struct outgoing o = take(x->s, SIDE_SF);
	assert_int_equal(o.task, id);
	set(x->s, id, FIELD_DETAILS, "2", SIDE_LOCAL);
	assert_ok(store_outbox_done(x->s, id, SIDE_SF, o.seq));
	assert_true(due_at(x->s, id, SIDE_SF, NOW + 10));
	/* of the first */
	assert_ok(store_outbox_fail(x->s, id, SIDE_SF, o.seq, ERR_REFUSED, "no", NOW, -1));
	assert_true(due_at(x->s, id, SIDE_SF, NOW + 10));
	o = take(x->s, SIDE_SF);
	assert_ok(store_outbox_done(x->s, id, SIDE_SF, o.seq));
	assert_false(waits(x->s, id, SIDE_SF));
	assert_no_write(x->s, store_outbox_done(x->s, id, SIDE_SF, o.seq));
	set(x->s, id, FIELD_DETAILS, "3", SIDE_LOCAL);		/* a number is never used again */
	assert_true(take(x->s, SIDE_SF).seq > o.seq);
	assert_ok(store_outbox_next(x->s, SIDE_SF, NOW + 10, &ms));
	assert_int_equal(ms, 0);
}

static void failures_back_off_or_park(void **state)
{
	struct fx *x = *state;
	int64_t id = make(x->s, "T", SIDE_SC), ms;
	join(x->s, id, SIDE_SF, "1");
	check_state(x->s, id, "synced");
	set(x->s, id, FIELD_DETAILS, "1", SIDE_LOCAL);
	check_state(x->s, id, "pending");
	struct outgoing o = take(x->s, SIDE_SF);
	assert_int_equal(o.tries, 0);
	assert_ok(store_outbox_fail(x->s, id, SIDE_SF, o.seq, ERR_RETRY, "lock", NOW, 60000));
	assert_ok(store_outbox_next(x->s, SIDE_SF, NOW + 1000, &ms));
	assert_int_equal(ms, 59000);
	assert_false(due_at(x->s, id, SIDE_SF, NOW + 59999));
	assert_true(due_at(x->s, id, SIDE_SF, NOW + 60000));
	assert_ok(store_outbox_fail(x->s, id, SIDE_SF, o.seq, ERR_REFUSED, "Subject: too long", NOW, -1));
	check_state(x->s, id, "error");
	assert_false(due_at(x->s, id, SIDE_SF, NOW + 1000000000));
	assert_ok(store_outbox_next(x->s, SIDE_SF, NOW, &ms));
	assert_int_equal(ms, -1);
	struct counts c;
	assert_ok(store_counts(x->s, NOW, &c));
	assert_int_equal(c.waiting[SIDE_SF], 1);
	assert_int_equal(c.refused[SIDE_SF], 1);
	assert_int_equal(c.waiting[SIDE_SC], 0);
	set(x->s, id, FIELD_DETAILS, "2", SIDE_LOCAL);		/* the user changed the text: try again */
	assert_true(due_at(x->s, id, SIDE_SF, NOW + 10));
	o = take(x->s, SIDE_SF);
	assert_int_equal(o.tries, 0);
	assert_ok(store_outbox_fail(x->s, id, SIDE_SF, o.seq, ERR_REFUSED, "no", NOW, -1));
	assert_ok(store_outbox_add(x->s, id, SIDE_SF, NOW));	/* "retry" */
	assert_true(due_at(x->s, id, SIDE_SF, NOW));
	check_state(x->s, id, "pending");
	assert_err(store_outbox_add(x->s, 999, SIDE_SF, NOW), ERR_NOENT);
}

/* What it waited for before is no try of those that are made then, one after the other. */
static void tries_of_a_taken_key_count_from_there(void **state)
{
	struct fx *x = *state;
	int64_t id = make(x->s, "T", SIDE_SC);
	join(x->s, id, SIDE_SF, "1");
	set(x->s, id, FIELD_DETAILS, "1", SIDE_LOCAL);
	struct outgoing o = take(x->s, SIDE_SF);
	for (int i = 1; i < 4; i++) {
		assert_ok(store_outbox_fail(x->s, id, SIDE_SF, o.seq, ERR_BUSY, "wait", NOW, 0));
		o = take(x->s, SIDE_SF);
		assert_int_equal(o.tries, i);
		assert_false(o.taken);
	}
	for (int i = 1; i < 4; i++) {
		assert_ok(store_outbox_fail(x->s, id, SIDE_SF, o.seq, ERR_EXIST, "taken", NOW, 0));
		o = take(x->s, SIDE_SF);
		assert_int_equal(o.tries, i);
		assert_true(o.taken);
	}
}

static void the_oldest_go_first(void **state)
{
	struct fx *x = *state;
	struct outgoing o[3];
	size_t n;
	for (int i = 0; i < 5; i++) {
		int64_t id = make(x->s, "T", SIDE_SC);
		assert_ok(store_outbox_add(x->s, id, SIDE_SF, NOW));
		assert_ok(store_outbox_add(x->s, id, SIDE_SC, NOW));
	}
	assert_ok(store_outbox_add(x->s, 1, SIDE_SF, NOW));	/* edited again: to the end */
	assert_ok(store_outbox(x->s, SIDE_SF, NOW, o, COUNT(o), &n));
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(o[i].task, i + 2);
}

static void states_and_rings(void **state)
{
	struct fx *x = *state;
	on(x->s, SIDE_SC);
	int64_t id = make(x->s, "T", SIDE_LOCAL);
	check_state(x->s, id, "new");
	join(x->s, id, SIDE_SC, NULL);
	check_state(x->s, id, "new");
	set_link(x->s, id, SIDE_SC, false, false);
	struct link l;
	assert_ok(store_link(x->s, id, SIDE_SC, &l));
	l.rid = strdup("1");
	assert_ok(store_link_put(x->s, &l));
	link_finish(&l);
	check_state(x->s, id, "pending");
	clear_outbox(x->s);
	check_state(x->s, id, "synced");
	const char *out;
	assert_err(store_state(x->s, 99, &out), ERR_NOENT);
}

/* ---- links ---- */

static bool count_link(void *arg, const struct link *l)
{
	buf_printf(arg, "%lld%s ", (long long)l->task, l->rid ? "" : "?");
	return l->task != 3;
}

static void links_keep_everything(void **state)
{
	struct fx *x = *state;
	int64_t id = make(x->s, "T", SIDE_SC);
	AUTO_LINK out = LINK_INIT, twice = LINK_INIT;
	struct link l = { .task = id, .side = SIDE_SF, .rid = "00T1", .once = "key", .sent_at = 7, .made_at = 9,
		.version = "v1", .base = { "a", "b", "c", "d", "e" }, .raw = { "1", NULL, "3", NULL, "5" },
		.url = "https://example.test/1", .synced_at = 9 };
	assert_err(store_link(x->s, id, SIDE_SF, &out), ERR_NOENT);
	assert_ok(store_link_put(x->s, &l));
	assert_ok(store_link_by_rid(x->s, SIDE_SF, "00T1", &out));
	assert_err(store_link_by_rid(x->s, SIDE_SC, "00T1", &twice), ERR_NOENT);
	assert_no_write(x->s, store_link_put(x->s, &out));
	for (int f = 0; f < TASK_NFIELDS; f++) {
		assert_same("base", out.base[f], l.base[f]);
		assert_same("raw", out.raw[f], l.raw[f]);
	}
	assert_same("once", out.once, "key");
	assert_same("version", out.version, "v1");
	assert_same("url", out.url, l.url);
	assert_int_equal(out.sent_at, 7);
	assert_int_equal(out.made_at, 9);
	assert_int_equal(out.synced_at, 9);
	l.version = NULL;
	assert_ok(store_link_put(x->s, &l));
	assert_ok(store_link(x->s, id, SIDE_SF, &twice));
	assert_same("version", twice.version, NULL);
	l.task = make(x->s, "U", SIDE_SC);
	assert_err(store_link_put(x->s, &l), ERR_EXIST);
	l.side = SIDE_SC;
	assert_ok(store_link_put(x->s, &l));
	l.task = 999;
	l.rid = "other";
	assert_err(store_link_put(x->s, &l), ERR_NOENT);
}

static void links_by_page_and_in_doubt(void **state)
{
	struct fx *x = *state;
	AUTO_BUF all = BUF_INIT, rest = BUF_INIT, doubt = BUF_INIT;
	for (int i = 1; i <= 5; i++) {
		char rid[20];
		snprintf(rid, sizeof(rid), "%d", i);
		join(x->s, make(x->s, "T", SIDE_SC), SIDE_SF, i % 2 ? rid : NULL);
	}
	assert_ok(store_links(x->s, SIDE_SF, false, 0, count_link, &all));
	assert_same("page", buf_str(&all), "1 2? 3 ");
	assert_ok(store_links(x->s, SIDE_SF, false, 3, count_link, &rest));
	assert_same("next page", buf_str(&rest), "4? 5 ");
	assert_ok(store_links(x->s, SIDE_SF, true, 0, count_link, &doubt));
	assert_same("in doubt", buf_str(&doubt), "2? 4? ");
}

/* ---- twins (D7) ---- */

static void twins_are_found(void **state)
{
	static const struct {
		const char *what, *title, *due, *person, *email;
		int64_t after;		/* ms between the two creations */
		const char *template;
		bool want;
	} row[] = {
		{ "the same", "Call Bob", "2026-09-03", "Bob", "bob@example.test", 0, NULL, true },
		{ "two minutes", "Call Bob", "2026-09-03", "Bob", "bob@example.test", -120000, NULL, true },
		{ "more than that", "Call Bob", "2026-09-03", "Bob", "bob@example.test", 120001, NULL, false },
		{ "another title", "Call Ann", "2026-09-03", "Bob", "bob@example.test", 0, NULL, false },
		{ "the rendered title", "SC: Call Bob", "2026-09-03", "Bob", "bob@example.test", 0,
			"SC: {{activity_subject}}", true },
		{ "another date", "Call Bob", "2026-09-04", "Bob", "bob@example.test", 0, NULL, false },
		{ "no date", "Call Bob", NULL, "Bob", "bob@example.test", 0, NULL, false },
		{ "an address wins", "Call Bob", "2026-09-03", "Robert", "BOB@example.test", 0, NULL, true },
		{ "another address", "Call Bob", "2026-09-03", "Bob", "bob@other.test", 0, NULL, false },
		{ "the name when no address is known", "Call Bob", "2026-09-03", "Bob", NULL, 0, NULL, true },
		{ "nobody is not Bob", "Call Bob", "2026-09-03", NULL, NULL, 0, NULL, false },
	};
	struct fx *x = *state;
	struct task bob = { .field = { [FIELD_TITLE] = "Call Bob", [FIELD_DUE] = "2026-09-03" },
		.created_at = NOW,
		.fact = { [FACT_PERSON] = "Bob", [FACT_EMAIL] = "bob@example.test" } };
	int64_t id, twin = 0;
	bool several;
	assert_ok(store_create(x->s, &bob, NULL, 0, SIDE_SC, NOW, &id));
	/* not linked anywhere */
	assert_err(store_twin(x->s, SIDE_SF, &bob, NULL, false, NOW, &twin, &several), ERR_NOENT);
	join(x->s, id, SIDE_SC, "1");
	assert_err(store_twin(x->s, SIDE_SC, &bob, NULL, false, NOW, &twin, &several), ERR_NOENT);
	for (size_t i = 0; i < COUNT(row); i++) {
		struct task t = { .created_at = NOW + row[i].after,
			.field = { [FIELD_TITLE] = (char *)row[i].title, [FIELD_DUE] = (char *)row[i].due },
			.fact = { (char *)row[i].person, (char *)row[i].email } };
		enum err e = store_twin(x->s, SIDE_SF, &t, row[i].template, false, NOW, &twin, &several);
		if ((e == ERR_OK) != row[i].want || (e && e != ERR_NOENT))
			fail_msg("%s: %s", row[i].what, err_str(e));
		assert_true(e || twin == id);
	}
	join(x->s, id, SIDE_SF, "2");
	assert_err(store_twin(x->s, SIDE_SF, &bob, NULL, false, NOW, &twin, &several), ERR_NOENT);
}

static void the_oldest_twin_and_the_personless(void **state)
{
	struct fx *x = *state;
	struct task t = { .field = { [FIELD_TITLE] = "T" }, .created_at = NOW };
	int64_t id, twin;
	bool several;
	for (int i = 0; i < 3; i++) {
		char rid[20];
		snprintf(rid, sizeof(rid), "%d", i);
		t.created_at = NOW - i;
		assert_ok(store_create(x->s, &t, NULL, 0, SIDE_SF, NOW, &id));
		join(x->s, id, SIDE_SF, rid);
	}
	assert_ok(store_twin(x->s, SIDE_SC, &t, NULL, false, NOW, &twin, &several));
	assert_int_equal(twin, id);
	assert_true(several);
	assert_ok(store_delete(x->s, id, SIDE_LOCAL, NOW, 0));
	assert_ok(store_twin(x->s, SIDE_SC, &t, NULL, false, NOW, &twin, &several));
	assert_int_equal(twin, id - 1);	/* one that lives comes first */
	assert_ok(store_delete(x->s, id - 1, SIDE_LOCAL, NOW, 0));
	assert_ok(store_delete(x->s, id - 2, SIDE_LOCAL, NOW, 0));
	assert_ok(store_twin(x->s, SIDE_SC, &t, NULL, false, NOW, &twin, &several));
	assert_int_equal(twin, id);	/* whoever copied it did not know */
	AUTO_LINK l = LINK_INIT;
	assert_ok(store_link(x->s, id, SIDE_SF, &l));
	l.gone = true;
	l.synced_at = NOW;
	assert_ok(store_link_put(x->s, &l));
	assert_ok(store_twin(x->s, SIDE_SC, &t, NULL, false, NOW, &twin, &several));
	assert_int_equal(twin, id);
	/* he knew: this is another one */
	assert_ok(store_twin(x->s, SIDE_SC, &t, NULL, false, NOW + 1, &twin, &several));
	assert_int_equal(twin, id - 1);
}

/* ---- problems, counts ---- */

static bool print_problem(void *arg, const struct problem *p)
{
	buf_printf(arg, "%s/%s:%d: %s\n", p->open ? "open" : "completed", p->name, p->line, p->text);
	return true;
}

static void problems_say_what_to_do(void **state)
{
	struct fx *x = *state;
	AUTO_BUF b = BUF_INIT;
	AUTO_TASK t = TASK_INIT;
	struct scratch sc = { .place = PLACE_OPEN, .mode = 0644, .name = "Call Ann" };
	struct counts c;
	int64_t id, other;
	assert_ok(store_problems(x->s, NOW, print_problem, &b));
	assert_same("nothing", buf_str(&b), "");
	id = make(x->s, "A", SIDE_SC);
	assert_ok(store_draft(x->s, id, "x", 1, 3, "Due \"fridya\" is no date; did you mean friday?", NOW));
	id = make(x->s, "B", SIDE_SC);
	join(x->s, id, SIDE_SF, "2");
	set(x->s, id, FIELD_STATUS, "complete", SIDE_SC);
	assert_ok(store_outbox_add(x->s, id, SIDE_SF, NOW));
	assert_ok(store_outbox_fail(x->s, id, SIDE_SF, INT64_MAX, ERR_REFUSED, "Subject too long.", NOW, -1));
	id = make(x->s, "C", SIDE_SC);
	assert_ok(store_outbox_add(x->s, id, SIDE_SC, NOW));
	assert_ok(store_outbox_fail(x->s, id, SIDE_SC, INT64_MAX, ERR_RETRY, NULL, NOW, 1000));
	id = make(x->s, "D", SIDE_SC);
	join(x->s, id, SIDE_SF, "1");
	assert_ok(store_get(x->s, id, &t));
	assert_ok(store_conflict(x->s, id, SIDE_SF, NULL, &t, NULL, NOW));
	check_state(x->s, id, "conflict");
	assert_ok(store_delete(x->s, id, SIDE_SC, NOW, 0));
	assert_ok(store_outbox_fail(x->s, id, SIDE_SF, INT64_MAX, ERR_DENIED, "no right", NOW, -1));
	assert_ok(store_scratch_create(x->s, &sc, "x", 1, NOW, &other));
	strcpy(sc.name, "4913");
	assert_ok(store_scratch_create(x->s, &sc, "x", 1, NOW, &other));
	assert_ok(store_problems(x->s, NOW + 60001, print_problem, &b));
	assert_same("problems", buf_str(&b),
		"open/A.txt:3: Due \"fridya\" is no date; did you mean friday? Your text is kept as a draft;"
		" fix it with an editor and save\n"
		"completed/B.txt:1: salesforce refused: Subject too long; your text is kept here and not sent;"
		" edit the file to try again; give it up: rm '.remindfs/outbox/B.txt'\n"
		"open/C.txt:1: salesconnect did not take: remote asks to try later; your text is kept here"
		" and will be sent again\n"
		"open/D.txt:1: salesforce refused the deletion: no right; the task is still there;"
		" delete it there; take it back: mv '.remindfs/trash/D.txt' open/\n"
		"open/D.txt:1: deleted on one side while it was edited on the other; title here \"D\"; status here"
		" \"open\"; priority here \"normal\"; to have it back: mv '.remindfs/conflicts/D/mine.txt'"
		" 'open/D.txt' or echo 'resolve D mine' > .remindfs/ctl; to let it rest: rm -r '.remindfs/conflicts/D'\n"
		"open/Call Ann:1: not a task; the file is kept here and not sent; rename it to \"Call Ann.txt\""
		" to make it one\n");
	assert_ok(store_counts(x->s, NOW + 60001, &c));
	assert_int_equal(c.open, 2);
	assert_int_equal(c.completed, 1);
	assert_int_equal(c.drafts, 1);
	assert_int_equal(c.conflicts, 1);
	assert_int_equal(c.scratch_typed, 1);
	assert_int_equal(c.refused[SIDE_SF], 2);
	assert_int_equal(c.waiting[SIDE_SC], 1);
	assert_ok(store_counts(x->s, NOW + 59999, &c));
	assert_int_equal(c.scratch_typed, 0);
	assert_int_equal(number(x->s, "SELECT count(*) FROM version"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_edit_goes_to_the_other_sides),
		TEST(only_sides_that_are_on_get_new_tasks),
		TEST(touch_then_edit_is_one_create),
		TEST(from_afar_nothing_is_held),
		TEST(after_a_crash_all_handles_are_closed),
		TEST(a_wrong_clock_holds_nothing_for_years),
		TEST(an_edit_during_a_push_keeps_its_row),
		TEST(failures_back_off_or_park),
		TEST(tries_of_a_taken_key_count_from_there),
		TEST(the_oldest_go_first),
		TEST(states_and_rings),
		TEST(links_keep_everything),
		TEST(links_by_page_and_in_doubt),
		TEST(twins_are_found),
		TEST(the_oldest_twin_and_the_personless),
		TEST(problems_say_what_to_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
