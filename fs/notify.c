#define LOG_MODULE "notify"
#include "session.h"
#include "events.h"
#include "log.h"
#include "thread.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUIET_MS 50	/* without a commit: what follows disturbs nobody */
#define NKNOWN 1024	/* more than come in GATHER_MS */
/* What the feed says is gathered for so long: a round for each of many commits would cost the serving thread
 * more time than the commit. */
#define GATHER_MS 10
#define AWAIT_MS 50	/* at most: who holds the directory's lock may itself wait for the serving thread */
#define CACHE_KB 2000
#define INDEX_LAG 100		/* changes: some 15 ms to catch up with */

/* In the order in which they are carried out. */
enum order_kind { ORDER_NODE, ORDER_NAME, NORDERS };

struct order {
	uint64_t ino;
	enum order_kind kind;
	char name[NAME_LEN + 1];
};
struct orders {
	struct order *v;
	size_t n, cap;
};

struct notify {
	struct fuse_session *se;
	const struct fs_options *o;
	struct store *store;	/* the thread's */
	struct wake *changed;
	struct events *events;
	pthread_t thread;
	int64_t seq;		/* of the feed, done so far */
	int64_t indexed;	/* likewise, by store_index */
	pthread_mutex_t lock;
	pthread_cond_t hurry;	/* an order came, or stop: no more gathering */
	struct orders orders;	/* under lock */
	uint64_t ordered[NORDERS], obeyed[NORDERS];	/* under lock: counts */
	pthread_cond_t obedient;	/* one was obeyed */
	int64_t known[NKNOWN];	/* under lock: rows of the feed, each at its number modulo NKNOWN */
	bool flood;		/* under lock: an order was lost; everything must be asked again */
	bool stop;		/* under lock */
};

/* On the clock of the conditions. */
static struct timespec from_now(int ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += ms * 1000000L;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

/* ---- orders -------------------------------------------------------------------------------------------- */

static bool add(struct orders *o, uint64_t ino, const char *name)
{
	if (o->n == o->cap) {
		size_t cap = o->cap ? 2 * o->cap : 16;
		struct order *v = realloc(o->v, cap * sizeof(*v));
		if (!v)
			return false;
		o->v = v;
		o->cap = cap;
	}
	struct order *p = &o->v[o->n++];
	*p = (struct order){ .ino = ino, .kind = name ? ORDER_NAME : ORDER_NODE };
	if (name)
		strncpy(p->name, name, NAME_LEN);
	return true;
}

void notify_order(struct notify *n, uint64_t ino, const char *name)
{
	pthread_mutex_lock(&n->lock);
	if (!add(&n->orders, ino, name))
		n->flood = true;
	n->ordered[name ? ORDER_NAME : ORDER_NODE]++;
	pthread_cond_signal(&n->hurry);
	pthread_mutex_unlock(&n->lock);
	wake_ring(n->changed);
}

static void await(struct notify *n, enum order_kind last)
{
	struct timespec until = from_now(AWAIT_MS);
	int e = 0;

	pthread_mutex_lock(&n->lock);
	for (int k = 0; k <= (int)last; k++)
		while (!e && n->obeyed[k] != n->ordered[k])
			e = pthread_cond_timedwait(&n->obedient, &n->lock, &until);
	pthread_mutex_unlock(&n->lock);
}

void notify_await(struct notify *n)
{
	await(n, ORDER_NAME);
}

void notify_await_nodes(struct notify *n)
{
	await(n, ORDER_NODE);
}

void notify_known(struct notify *n, int64_t seq)
{
	pthread_mutex_lock(&n->lock);
	n->known[seq % NKNOWN] = seq;
	pthread_mutex_unlock(&n->lock);
}

static bool is_known(struct notify *n, int64_t seq)
{
	pthread_mutex_lock(&n->lock);
	bool known = n->known[seq % NKNOWN] == seq;
	pthread_mutex_unlock(&n->lock);
	return known;
}

/* The kernel answers ENOENT where it holds nothing: just as well. */
static void drop(struct notify *n, const struct order *p)
{
	if (p->kind == ORDER_NAME)
		fuse_lowlevel_notify_inval_entry(n->se, p->ino, p->name, strlen(p->name));
	else
		fuse_lowlevel_notify_inval_inode(n->se, p->ino, 0, 0);
}

/* ordered: the counts with these. No lock is held here: a name is dropped under its directory's lock, whose
 * holder may be waiting for a request that the serving thread has yet to answer. So names come last. */
static void carry_out(struct notify *n, const struct orders *o, const uint64_t ordered[NORDERS])
{
	for (int k = 0; k < NORDERS; k++) {
		for (size_t i = 0; i < o->n; i++)
			if ((int)o->v[i].kind == k)
				drop(n, &o->v[i]);
		pthread_mutex_lock(&n->lock);
		n->obeyed[k] = ordered[k];
		pthread_cond_signal(&n->obedient);
		pthread_mutex_unlock(&n->lock);
	}
}

/* ---- the feed ------------------------------------------------------------------------------------------ */

struct news {
	struct notify *n;
	struct orders todo;
	uint64_t ordered[NORDERS];	/* with these */
	bool lost;
};

static void want(struct news *w, uint64_t ino, const char *name)
{
	w->lost |= !add(&w->todo, ino, name);
}

static void want_entry(struct news *w, bool open, const char *name)
{
	if (*name)
		want(w, node_fixed_ino(node_home(open)), name);
}

/* What a handler of ours wrote, the kernel has, or was told in the same breath (env->forget). A view's link
 * it looks up each time, and hears its attributes then. */
static bool one_change(void *arg, const struct change *c)
{
	struct news *w = arg;

	w->n->seq = c->seq;
	if (c->by != SIDE_LOCAL)
		want(w, node_ino(KIND_TASK, c->task), NULL);
	if (c->what & CHANGE_NAME && !is_known(w->n, c->seq)) {
		want_entry(w, c->was_open, c->was_name);
		if (c->open != c->was_open || strcmp(c->name, c->was_name))
			want_entry(w, c->open, c->name);
	}
	return true;
}

static bool one_task(void *arg, const struct entry *e)
{
	struct news *w = arg;

	want(w, node_ino(KIND_TASK, e->id), NULL);
	want_entry(w, e->open, e->name);
	return true;
}

static void forget_everything(struct news *w)
{
	for (int i = 0; i < NFIXED; i++)
		want(w, node_fixed_ino((enum fixed)i), NULL);
	if (store_list(w->n->store, &(struct filter){ 0 }, 0, one_task, w))
		log_warn("event=list-failed");
}

static void read_feed(struct news *w)
{
	bool lost = false;
	enum err e = store_changes(w->n->store, w->n->seq, one_change, w, &lost);

	if (e)
		log_warn("event=feed-failed err=\"%s\"", err_str(e));
	w->lost |= lost;
}

/* ---- the thread ---------------------------------------------------------------------------------------- */

static bool take_orders(struct notify *n, struct news *w)
{
	pthread_mutex_lock(&n->lock);
	w->todo = n->orders;
	w->lost = n->flood;
	memcpy(w->ordered, n->ordered, sizeof(w->ordered));
	n->orders = (struct orders){ 0 };
	n->flood = false;
	bool stop = n->stop;
	pthread_mutex_unlock(&n->lock);
	return !stop;
}

static bool round_once(struct notify *n)
{
	struct news w = { .n = n };
	bool go_on = take_orders(n, &w);

	if (go_on) {
		read_feed(&w);
		events_tell(n->events, n->store, (int64_t)time(NULL) * 1000);
		if (w.lost)
			forget_everything(&w);
		carry_out(n, &w.todo, w.ordered);
	}
	free(w.todo.v);
	return go_on;
}

/* So that who lists persons or a search finds little left to do: in quiet moments, a part at a time, as a
 * save may come. */
static bool index_some(struct notify *n)
{
	bool more = false;

	if (n->seq - n->indexed < INDEX_LAG)
		return false;
	enum err e = store_index(n->store, &more);
	if (e)
		log_warn("event=index-failed err=\"%s\"", err_str(e));
	if (!more)
		n->indexed = n->seq;
	return more;
}

/* Called with the lock, which it gives up meanwhile. */
static void obey(struct notify *n)
{
	struct orders o = n->orders;
	uint64_t ordered[NORDERS];

	memcpy(ordered, n->ordered, sizeof(ordered));
	n->orders = (struct orders){ 0 };
	pthread_mutex_unlock(&n->lock);
	carry_out(n, &o, ordered);
	free(o.v);
	pthread_mutex_lock(&n->lock);
}

/* An order is about what the kernel shows wrongly now: it does not wait. */
static void gather(struct notify *n)
{
	struct timespec until = from_now(GATHER_MS);
	int e = 0;

	pthread_mutex_lock(&n->lock);
	while (!e && !n->flood && !n->stop) {
		if (n->orders.n)
			obey(n);
		else
			e = pthread_cond_timedwait(&n->hurry, &n->lock, &until);
	}
	pthread_mutex_unlock(&n->lock);
}

static uint64_t await_change(struct notify *n, uint64_t seen)
{
	uint64_t now = wake_wait(n->changed, seen, QUIET_MS);

	if (now != seen)
		return now;
	while (index_some(n) && wake_count(n->changed) == seen)
		;
	return wake_wait(n->changed, seen, -1);
}

static void *run(void *arg)
{
	struct notify *n = arg;
	uint64_t seen = wake_count(n->changed);

	while (round_once(n)) {
		seen = await_change(n, seen);
		gather(n);
	}
	return NULL;
}

static void finish(struct notify *n)
{
	store_close(n->store);
	pthread_cond_destroy(&n->hurry);
	pthread_cond_destroy(&n->obedient);
	pthread_mutex_destroy(&n->lock);
	free(n->orders.v);
	free(n);
}

enum err notify_create(struct fuse_session *se, const struct fs_options *o, struct events *events,
	struct wake *grown, struct notify **out)
{
	struct notify *n = calloc(1, sizeof(*n));
	pthread_condattr_t monotonic;

	if (!n)
		return ERR_NOMEM;
	*n = (struct notify){ .se = se, .o = o, .changed = o->changed, .events = events };
	pthread_mutex_init(&n->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&n->hurry, &monotonic);
	pthread_cond_init(&n->obedient, &monotonic);
	pthread_condattr_destroy(&monotonic);
	struct store_options so = { .patient = true, .grown = grown, .cache = CACHE_KB };
	enum err e = store_open(o->store_path, &so, &n->store);
	if (!e)
		e = store_change_last(n->store, &n->seq);
	n->indexed = n->seq - INDEX_LAG;
	if (!e)
		e = thread_start(&n->thread, run, n);
	if (e)
		finish(n);
	else
		*out = n;
	return e;
}

void notify_destroy(struct notify *n)
{
	if (!n)
		return;
	pthread_mutex_lock(&n->lock);
	n->stop = true;
	pthread_cond_signal(&n->hurry);
	pthread_mutex_unlock(&n->lock);
	wake_ring(n->changed);
	pthread_join(n->thread, NULL);
	finish(n);
}
