#include "sync.h"
#include "clock.h"
#include "cycle.h"
#include "doorbell.h"
#include "log.h"
#include "pace.h"
#include "remote.h"
#include "spent.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOG_MODULE "sync"

struct worker {			/* one remote's thread; all but the atomics of struct sync is its own */
	struct sync *y;
	enum side side;
	struct remote *remote;
	struct store *store;
	struct cycle cycle;
	pthread_t thread;
	bool running;
	unsigned kicks;		/* seen */
	int fails;		/* in a row */
	int64_t full_from;	/* when the last full pass began; monotonic, like all of these */
	int64_t hold_until, push_after, active_until;
	bool ever;		/* a full pass was tried */
	int64_t told_at;	/* when the side's row was written */
	int64_t change;		/* of the feed, seen */
	struct spent spent;	/* as saved last, but for the calls */
	int64_t counted;	/* calls of the budget that are in spent */
	unsigned readings;	/* of the budget, seen */
	int64_t read_at, spent_at;	/* when the last reading came in; when spent was saved */
	uint32_t chance;
	struct doorbell *bell;	/* Salesforce's; NULL: none */
	int64_t bell_paid;
};

struct sync {
	const struct config *config;
	struct wake *changed, *outbox;
	char *path;		/* of the store */
	atomic_bool stop;
	atomic_uint kicks;
	struct worker worker[NSIDES];
};

static int64_t wall(void)
{
	return clock_ms(CLOCK_REALTIME);
}

/* xorshift: no more than that not all mounts of an office ask at once. */
static uint32_t chance(struct worker *k)
{
	k->chance ^= k->chance << 13;
	k->chance ^= k->chance >> 17;
	k->chance ^= k->chance << 5;
	return k->chance;
}

static bool stopped(void *arg)
{
	const struct worker *k = arg;
	return atomic_load(&k->y->stop);
}

/* ---- what the user sees ---- */

static bool same_story(const struct side_state *st, enum err e, const char *message)
{
	return st->err == e && !strcmp(st->message, message);
}

/* asked: somebody waits for it. */
static void tell(struct worker *k, enum err e, int64_t began, bool asked)
{
	struct side_state st;
	if (store_side(k->store, k->side, &st) != ERR_OK)
		return;
	bool fresh = k->told_at && clock_steady() - k->told_at < PACE_TELL_MS;
	if (e == ERR_BUSY || (!asked && fresh && same_story(&st, e, k->cycle.message)))
		return;
	st.err = e;
	st.tried_at = began;
	if (e == ERR_OK && !k->cycle.waiting)
		st.ok_at = began;
	snprintf(st.message, sizeof(st.message), "%s", k->cycle.message);
	if (store_side_put(k->store, k->side, &st) == ERR_OK)
		k->told_at = clock_steady();
}

/* ---- what is left of the quota ---- */

static int quota_pct(const struct worker *k)
{
	return budget_pct(&k->remote->budget);
}

static int64_t budget_ms(const struct worker *k, enum budget_use use)
{
	return budget_wait(quota_pct(k), use, clock_steady() - k->read_at, k->chance);
}

static int64_t poll_ms(const struct worker *k)
{
	const struct config *c = k->y->config;
	bool active = clock_steady() < k->active_until;
	return budget_interval(active ? c->poll_active : c->poll_idle, quota_pct(k), k->chance);
}

/* The calls of at most a day. */
static void count_calls(struct worker *k, struct spent *x, int64_t now)
{
	const struct budget *b = &k->remote->budget;
	if (!x->since || now < x->since || now - x->since >= SPENT_DAY_MS) {
		x->since = now;
		x->calls = 0;
	}
	x->calls += b->calls - k->counted;
	k->counted = b->calls;
	x->used = budget_used(b);
	x->quota = b->quota;
}

/* Saved when something changes that a user would notice, else now and then. */
static void keep_spent(struct worker *k, int64_t now)
{
	const struct budget *b = &k->remote->budget;
	enum spent_stage stage = budget_stage(quota_pct(k));
	int64_t hold = k->remote->retry_ms && k->hold_until ? now + k->remote->retry_ms : 0;
	bool news = stage != k->spent.stage || !hold != !k->spent.until;
	if (b->n != k->readings)
		k->read_at = clock_steady();
	k->readings = b->n;
	count_calls(k, &k->spent, now);
	k->spent.stage = stage;
	k->spent.until = hold;
	k->spent.poll_ms = poll_ms(k);
	k->spent.at = now;
	if (!news && k->spent_at && clock_steady() - k->spent_at < PACE_TELL_MS)
		return;
	if (spent_save(k->store, k->side, &k->spent) == ERR_OK)
		k->spent_at = clock_steady();
}

/* ---- one pass ---- */

static void after(struct worker *k, enum err e)
{
	int64_t wait;
	k->fails = e == ERR_OK ? 0 : k->fails + 1;
	wait = e == ERR_OK ? -1 : pace_backoff(e, k->fails, k->remote->retry_ms, chance(k));
	k->hold_until = wait < 0 ? 0 : clock_steady() + wait;
	k->push_after = clock_steady() + PACE_STUCK_MS;
	if (e != ERR_OK && e != ERR_BUSY)
		log_warn("side=%s err=%s fails=%d wait_ms=%lld", side_name[k->side], err_str(e), k->fails,
			(long long)wait);
}

static enum err pass(struct worker *k, bool full)
{
	k->remote->retry_ms = 0;
	k->cycle.now = wall();
	k->cycle.thrifty = budget_ms(k, BUDGET_BACKFILL) > 0;
	if (!full)
		return cycle_push(&k->cycle);
	k->full_from = clock_steady();
	if (doorbell_rang(k->bell))
		k->bell_paid = pace_bell_pay(k->bell_paid, k->full_from);
	doorbell_answer(k->bell, &k->cycle);
	k->ever = true;
	chance(k);
	return cycle_run(&k->cycle);
}

static void turn(struct worker *k, enum pace what)
{
	unsigned kicks = atomic_load(&k->y->kicks);
	bool asked = kicks != k->kicks, full = what == PACE_FULL;
	int64_t began = wall(), due;
	k->kicks = kicks;
	if (asked) {	/* the user may have mended it, here or there */
		k->fails = 0;
		k->cycle.hello_at = 0;
	}
	enum err e = pass(k, full);
	if (stopped(k))
		return;	/* how it ended says nothing about the remote */
	doorbell_settle(k->bell, &k->cycle, e);
	after(k, e);
	tell(k, e, began, asked);
	if (!k->cycle.blocked)
		keep_spent(k, wall());
	/* everything that was due went out: the next edit need not wait */
	if (e == ERR_OK && store_outbox_next(k->store, k->side, wall(), &due) == ERR_OK && due)
		k->push_after = 0;
}

/* ---- when ---- */

static bool by_the_user(void *arg, const struct change *c)
{
	struct worker *k = arg;
	k->change = c->seq;
	if (c->by == SIDE_LOCAL)
		k->active_until = clock_steady() + PACE_ACTIVE_MS;
	return true;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Where the quota is scarce the polls, which grow slower, have to do. */
static int64_t bell_at(const struct worker *k)
{
	bool heard = doorbell_rang(k->bell) && budget_stage(quota_pct(k)) == SPENT_FREE;
	return heard ? pace_bell(k->bell_paid) : INT64_MAX;
}

static int64_t full_at(struct worker *k)
{
	if (!k->ever)
		return 0;
	if (k->cycle.blocked)
		return k->full_from + (k->cycle.waiting ? PACE_WAITING_MS : PACE_BLOCKED_MS);
	int64_t poll = k->full_from + poll_ms(k), bell = bell_at(k);
	return later(bell < poll ? bell : poll, clock_steady() + budget_ms(k, BUDGET_POLL));
}

static enum pace look(struct worker *k, int64_t *wait)
{
	struct pace_view v = { .outbox_ms = -1 };
	if (store_changes(k->store, k->change, by_the_user, k, NULL) != ERR_OK ||
		store_outbox_next(k->store, k->side, wall(), &v.outbox_ms) != ERR_OK)
		log_warn("side=%s the store cannot be read", side_name[k->side]);
	v.now = clock_steady();
	v.full_at = full_at(k);
	v.hold_until = k->hold_until;
	v.push_after = later(k->push_after, v.now + budget_ms(k, BUDGET_EDIT));
	v.kicked = atomic_load(&k->y->kicks) != k->kicks;	/* a person asks: whatever the quota */
	v.blocked = k->cycle.blocked;
	return pace_next(&v, wait);
}

/* ---- the thread ---- */

static bool open_own_store(struct worker *k)
{
	struct store_options o = { .durable = true, .changed = k->y->changed, .outbox = k->y->outbox };
	enum err e = store_open(k->y->path, &o, &k->store);
	if (e == ERR_OK)
		e = store_change_last(k->store, &k->change);
	if (e == ERR_OK)
		e = spent_load(k->store, k->side, &k->spent);
	k->cycle.store = k->store;
	if (e == ERR_OK)
		return true;
	log_err("side=%s store err=%s", side_name[k->side], err_str(e));
	store_close(TAKE(k->store));
	return false;
}

static void work(struct worker *k)
{
	while (!stopped(k)) {
		int64_t wait;
		uint64_t seen = wake_count(k->y->outbox);
		enum pace what = look(k, &wait);
		if (what != PACE_WAIT)
			turn(k, what);
		else if (!stopped(k))
			wake_wait(k->y->outbox, seen, wait);
	}
}

static void *run(void *arg)
{
	struct worker *k = arg;
	while (!stopped(k) && !open_own_store(k)) {
		uint64_t seen = wake_count(k->y->outbox);
		if (!stopped(k))
			wake_wait(k->y->outbox, seen, PACE_STUCK_MS);
	}
	if (k->store)
		work(k);
	store_close(TAKE(k->store));
	return NULL;
}

/* ---- from outside ---- */

static struct remote *(*const create_remote[NSIDES])(const struct config *c, const char *state_dir) = {
	[SIDE_SC] = salesconnect_create,
	[SIDE_SF] = salesforce_create,
};

static enum err start(struct sync *y, enum side side, const char *state_dir)
{
	struct worker *k = &y->worker[side];
	k->y = y;
	k->side = side;
	k->chance = (uint32_t)wall() * 2654435761u | 1;
	k->remote = create_remote[side](y->config, state_dir);
	if (!k->remote)
		return ERR_NOMEM;
	k->remote->stop = stopped;
	k->remote->stop_arg = k;
	k->cycle = (struct cycle){ .remote = k->remote, .config = y->config, .clock = wall, .stop = stopped,
		.stop_arg = k };
	if (side == SIDE_SF)
		TRY(doorbell_create(y->config, state_dir, y->outbox, &k->bell));
	k->running = !pthread_create(&k->thread, NULL, run, k);
	return k->running ? ERR_OK : ERR_NOMEM;
}

enum err sync_create(const struct config *c, const char *state_dir, struct wake *changed, struct wake *outbox,
	struct sync **out)
{
	enum err e = ERR_OK;
	*out = NULL;
	if (!c->remote[SIDE_SC].configured && !c->remote[SIDE_SF].configured)
		return ERR_OK;
	struct sync *y = calloc(1, sizeof(*y));
	if (!y)
		return ERR_NOMEM;
	y->config = c;
	y->changed = changed;
	y->outbox = outbox;
	if (asprintf(&y->path, "%s/store.db", state_dir) < 0) {
		free(y);
		return ERR_NOMEM;
	}
	for (enum side side = SIDE_SC; side < NSIDES && e == ERR_OK; side++)
		if (c->remote[side].configured)
			e = start(y, side, state_dir);
	if (e == ERR_OK)
		*out = y;
	else
		sync_destroy(y);
	return e;
}

void sync_kick(struct sync *y)
{
	if (!y)
		return;
	atomic_fetch_add(&y->kicks, 1);
	wake_ring(y->outbox);
}

void sync_destroy(struct sync *y)
{
	if (!y)
		return;
	atomic_store(&y->stop, true);
	wake_ring(y->outbox);
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		if (y->worker[side].running)
			pthread_join(y->worker[side].thread, NULL);
		doorbell_destroy(y->worker[side].bell);
		remote_destroy(y->worker[side].remote);
	}
	free(y->path);
	free(y);
}
