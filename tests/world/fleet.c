/*
 * fleet - 1,000 mounts on one Salesforce org: what they cost a day, by cadence, and that the last 5 % of the org's calls
 * are left alone. The decisions are sync/budget's own, asked as sync/sync.c asks them; the rest is a model: an org that
 * counts calls over 24 hours, other programs that use it too, people who edit, a header that jumps (salesforce.md 5).
 *
 * Three days of each row; TAP, and the table of contrib/HACKING.md as comments. "late" are calls into the reserve by mounts
 * that could not know, "looks" those to learn whether it is over.
 */
#include "budget.h"
#include "pace.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USERS 1000
#define DAY 86400
#define DAYS 3
#define STEP 5
#define MINUTES 1440
#define EDITS 20		/* a user a day, within ten hours */
#define WORKDAY (10 * 3600)

struct row {
	const char *name;
	int quota;		/* calls of the org in 24 hours */
	int others;		/* per cent of it that other programs use */
	int surge;		/* and for two hours of the second day that much a day more, in per cent */
	int active_s, idle_s;	/* cadence */
	bool busy;		/* everybody edits all day long */
};

struct user {
	struct budget budget;
	int64_t next_poll, next_edit, read_at, active_until, hello_at;
	int waiting;		/* edits */
	int64_t waits_since;
	uint32_t chance;
	int calls_today;
};

struct org {
	int64_t minute[MINUTES], used;
	double fraction;	/* of a call of the others */
	int64_t most;
};

struct result {
	int64_t calls, edits, delayed, late, looks;	/* late: in the reserve, unknowingly; looks: to learn that it is over */
	int64_t most_delay;
	int most_calls;		/* of one user in a day */
	double most_used;	/* per cent of the quota, others included */
};

static uint32_t draw(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

static void org_count(struct org *o, int64_t t, int64_t n)
{
	o->minute[t / 60 % MINUTES] += n;
	o->used += n;
}

/* What is 24 hours old does not count any more. */
static void org_minute(struct org *o, int64_t t)
{
	int64_t *old = &o->minute[t / 60 % MINUTES];
	o->used -= *old;
	*old = 0;
}

static void others_call(struct org *o, const struct row *r, int64_t t)
{
	bool surge = t >= DAY + 11 * 3600 && t < DAY + 13 * 3600;
	o->fraction += (double)r->quota / 100 * (r->others + (surge ? r->surge : 0)) / DAY * STEP;
	int64_t n = (int64_t)o->fraction;
	o->fraction -= (double)n;
	org_count(o, t, n);
}

static double used_pct(const struct org *o, const struct row *r)
{
	return (double)o->used * 100 / r->quota;
}

static void call(struct org *o, const struct row *r, struct user *u, struct result *x, int64_t t, bool look)
{
	if (used_pct(o, r) >= 95) {
		x->looks += look;
		x->late += !look;
	}
	org_count(o, t, 1);
	x->calls++;
	if (++u->calls_today > x->most_calls)
		x->most_calls = u->calls_today;
	budget_note(&u->budget, (int)o->used - (int)(draw(&u->chance) % 9), r->quota, t * 1000);
	u->read_at = t;
}

static int64_t wait_of(const struct user *u, enum budget_use use, int64_t t)
{
	return budget_wait(budget_pct(&u->budget), use, (t - u->read_at) * 1000, u->chance) / 1000;
}

static bool looking(const struct user *u)
{
	return budget_stage(budget_pct(&u->budget)) == SPENT_NOTHING;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void edit(const struct row *r, struct user *u, int64_t t)
{
	int64_t workday = WORKDAY / (r->busy ? 4 * EDITS : EDITS);
	if (!u->waiting++)
		u->waits_since = t;
	u->active_until = t + PACE_ACTIVE_MS / 1000;
	u->next_edit = t + workday / 2 + draw(&u->chance) % (uint32_t)workday;
	if (u->next_edit % DAY > 8 * 3600 + WORKDAY || u->next_edit % DAY < 8 * 3600)
		u->next_edit = (u->next_edit / DAY + (u->next_edit % DAY > 8 * 3600)) * DAY + 8 * 3600 +
			draw(&u->chance) % (uint32_t)workday;
}

static void push(struct org *o, const struct row *r, struct user *u, struct result *x, int64_t t)
{
	int64_t delay = t - u->waits_since;
	call(o, r, u, x, t, looking(u));
	x->edits += u->waiting;
	x->delayed += delay > 60 ? u->waiting : 0;
	x->most_delay = later(x->most_delay, delay);
	u->waiting = 0;
}

static void poll(struct org *o, const struct row *r, struct user *u, struct result *x, int64_t t)
{
	call(o, r, u, x, t, looking(u));
	if (t - u->hello_at >= 3600) {
		u->hello_at = t;
		call(o, r, u, x, t, looking(u));
	}
	draw(&u->chance);
	int every = t < u->active_until ? r->active_s : r->idle_s;
	u->next_poll = t + later(1, budget_interval(every, budget_pct(&u->budget), u->chance) / 1000);
}

static void second(struct org *o, const struct row *r, struct user *u, struct result *x, int64_t t)
{
	if (t >= u->next_edit)
		edit(r, u, t);
	if (t < u->active_until && u->next_poll > t + r->active_s * 6 / 5 && !wait_of(u, BUDGET_POLL, t))
		u->next_poll = later(t, u->read_at + budget_interval(r->active_s, budget_pct(&u->budget), u->chance) / 1000);
	if (u->waiting && t >= u->waits_since + 5 && !wait_of(u, BUDGET_EDIT, t))
		push(o, r, u, x, t);
	if (t >= u->next_poll && !wait_of(u, BUDGET_POLL, t))
		poll(o, r, u, x, t);
}

static struct result run(const struct row *r)
{
	static struct user users[USERS];
	static struct org o;
	struct result x = { 0 };
	o = (struct org){ 0 };
	for (int i = 0; i < MINUTES; i++) {	/* the others were there before */
		o.minute[i] = (int64_t)((double)r->quota / 100 * r->others / MINUTES);
		o.used += o.minute[i];
	}
	for (int i = 0; i < USERS; i++) {
		uint32_t chance = (uint32_t)i * 2654435761u + 12345;
		users[i] = (struct user){ .chance = chance };
		users[i].next_poll = draw(&users[i].chance) % 600;
		users[i].next_edit = 8 * 3600 + draw(&users[i].chance) % 3600;
		users[i].hello_at = -(int64_t)(draw(&users[i].chance) % 3600);
	}
	for (int64_t t = 0; t < DAYS * DAY; t += STEP) {
		if (t % 60 == 0)
			org_minute(&o, t);
		for (int i = 0; t % DAY == 0 && i < USERS; i++)
			users[i].calls_today = 0;
		others_call(&o, r, t);
		for (int i = 0; i < USERS; i++)
			second(&o, r, &users[i], &x, t);
		if (used_pct(&o, r) > x.most_used)
			x.most_used = used_pct(&o, r);
	}
	return x;
}

static const struct row rows[] = {
	{ "default: 120 s, idle 600 s", 1100000, 30, 0, 120, 600, false },
	{ "the same, busy all day", 1100000, 30, 0, 120, 600, true },
	{ "300 s", 1100000, 30, 0, 300, 300, false },
	{ "60 s", 1100000, 30, 0, 60, 60, false },
	{ "default, others use 70 %", 1100000, 70, 0, 120, 600, true },
	{ "default, a quarter of the quota", 275000, 30, 0, 120, 600, false },
	{ "60 s, busy, a quarter of it", 275000, 30, 0, 60, 60, true },
	{ "default, others take it all", 1100000, 60, 400, 120, 600, false },
};

static void say(bool good, const char *what, const struct row *r, bool *all)
{
	static int n;
	printf("%sok %d - %s: %s\n", good ? "" : "not ", ++n, r->name, what);
	*all = *all && good;
}

/* A reading may be an hour old when others take the reserve at once: then each mount has one call, and sees. */
static void judge(const struct row *r, const struct result *x, bool *all)
{
	say(x->late <= (r->surge ? USERS : 0), "nobody who knows goes into the last 5 %", r, all);
	say(x->looks <= 6LL * USERS * DAYS, "and whoever has to look does so every four hours", r, all);
	if (r == rows)
		say(x->most_calls < 400, "under 400 calls a day by default, for everybody", r, all);
}

int main(void)
{
	size_t n = sizeof(rows) / sizeof(*rows);
	bool all = true;
	printf("1..%zu\n", 2 * n + 1);
	printf("# %-32s %8s %6s %8s %9s %9s %8s %5s %6s\n", "cadence", "quota", "a user", "at most", "org's use", "edits >1m",
		"longest", "late", "looks");
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		struct result x = run(r);
		printf("# %-32s %8d %6.0f %8d %8.1f%% %8.1f%% %7.1fh %5lld %6lld\n", r->name, r->quota,
			(double)x.calls / USERS / DAYS, x.most_calls, x.most_used, (double)x.delayed * 100 / (double)x.edits,
			(double)x.most_delay / 3600, (long long)x.late, (long long)x.looks);
		judge(r, &x, &all);
	}
	return !all;
}
