/*
 * join - what it costs to have tasks on each side that have no partner on the other: join N [TEMPLATE [TITLE [sc]]]. Two remotes
 * that answer at once and from memory, a real engine and a real store on disk; says the processor's time of each pass, and for how
 * long a transaction that may write held the lock at most, and in 99 of 100 cases; and how long who saves beside it, every 2 ms,
 * took for that. With a TITLE all have that one, and one day; sc: only Sales Connect has any.
 */
#include "cycle.h"
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define START INT64_C(1795000000000)
#define MINUTE INT64_C(60000)
#define PAGE 2000

struct record {
	char *word[TASK_NFIELDS];
	int64_t created_at;
	bool ours;		/* a create of the engine's */
};

struct end {
	struct remote remote;	/* first */
	struct remote_ops ops;
	struct record *rec;
	size_t n, room;
	int created;
};

static struct end end_of[NSIDES];
static const char *template, *title;	/* title NULL: each has its own */
static int64_t now = START;
static const char *const dates[] = { NULL, "2026-12-01", "2026-12-02", "2026-12-03", NULL };

static void must(enum err e, const char *what)
{
	if (e) {
		fprintf(stderr, "%s: %s\n", what, err_str(e));
		exit(1);
	}
}

static char *copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

/* ---- a remote ---- */

static struct record *add(struct end *x)
{
	if (x->n == x->room) {
		x->room = x->room ? 2 * x->room : 1024;
		x->rec = reallocarray(x->rec, x->room, sizeof(*x->rec));
	}
	struct record *r = &x->rec[x->n++];
	*r = (struct record){ .created_at = now };
	return r;
}

static enum err hello(struct remote *r, struct hello *h)
{
	h->account = copy(r->ops->side == SIDE_SF ? "00D1/0051" : "7");
	h->template = copy(template);
	h->now = now;
	return ERR_OK;
}

static void show(struct end *x, size_t i, struct page *page)
{
	const struct record *r = &x->rec[i];
	struct remote_task *t = page_add(page);
	if (asprintf(&t->id, x->ops.side == SIDE_SF ? "00T%012zuAAA" : "%zu", i + 1000) < 0)
		exit(1);
	t->version = copy("1");
	t->mine = t->by_me = true;
	t->t.created_at = r->created_at;
	for (int f = 0; f < TASK_NFIELDS; f++)
		t->t.field[f] = copy(r->word[f]);
	if (x->ops.side == SIDE_SF)
		t->raw[FIELD_TITLE] = copy(r->word[FIELD_TITLE]);
}

static enum err pull(struct remote *remote, const struct pull *p, struct page *page)
{
	struct end *x = (struct end *)remote;
	const char *from = p->cursor ? p->cursor : p->mark;
	size_t i = from ? strtoul(from, NULL, 10) : 0;
	for (size_t k = 0; i < x->n && k < PAGE; i++, k++)
		show(x, i, page);
	page->total = (int64_t)x->n;
	if (asprintf(i < x->n ? &page->cursor : &page->mark, "%zu", i) < 0)
		exit(1);
	return ERR_OK;
}

static enum err fetch(struct remote *remote, const char *const *ids, size_t n, struct page *page)
{
	struct end *x = (struct end *)remote;
	for (size_t i = 0; i < n; i++)
		show(x, strtoul(ids[i] + (x->ops.side == SIDE_SF ? 3 : 0), NULL, 10) - 1000, page);
	return ERR_OK;
}

static enum err find(struct remote *remote, const struct task *t, int64_t since, struct page *page)
{
	return ERR_OK;
}

static enum err count_open(struct remote *remote, int64_t *n)
{
	*n = 0;
	return ERR_OK;
}

static enum err create(struct remote *remote, struct item *it, size_t n)
{
	struct end *x = (struct end *)remote;
	for (size_t i = 0; i < n; i++) {
		struct record *r = add(x);
		r->ours = true;
		for (int f = 0; f < TASK_NFIELDS; f++)
			r->word[f] = copy(it[i].t->field[f]);
		if (asprintf(&it[i].new_id, x->ops.side == SIDE_SF ? "00T%012zuAAA" : "%zu", x->n - 1 + 1000) < 0)
			exit(1);
		x->created++;
	}
	return ERR_OK;
}

static enum err write_nothing(struct remote *remote, struct item *it, size_t n)
{
	return ERR_OK;
}

static void begin(struct end *x, enum side side)
{
	bool sf = side == SIDE_SF;
	x->ops = (struct remote_ops){ .hello = hello, .pull = pull, .fetch = fetch, .find = sf ? find : NULL,
		.count_open = sf ? count_open : NULL, .create = create, .update = write_nothing, .remove = write_nothing,
		.side = side, .once_is_kept = !sf, .batch = sf ? 200 : 1, .check_max = sf ? 2000 : 60,
		.memory_days = sf ? 15 : 30 };
	x->remote.ops = &x->ops;
}

static void fill(struct end *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct record *r = add(x);
		r->created_at = now - (int64_t)(n - i);
		if (title)
			r->word[FIELD_TITLE] = copy(title);
		else if (asprintf(&r->word[FIELD_TITLE], "%s %zu about the renewal", x->ops.side == SIDE_SF ? "Visit" : "Call", i) < 0)
			exit(1);
		r->word[FIELD_STATUS] = copy(TASK_OPEN);
		r->word[FIELD_PRIORITY] = copy(TASK_NORMAL);
		r->word[FIELD_DUE] = copy(dates[title ? 1 : i % (sizeof(dates) / sizeof(*dates))]);
		if (i % 2 && asprintf(&r->word[FIELD_DETAILS], "details %zu", i) < 0)
			exit(1);
	}
}

/* ---- how long is the lock held? ---- */

struct times {			/* growing array of seconds */
	double *of;
	size_t n, room;
};

static struct times held;
static double began;
static bool engine_is_open;	/* what is opened from then on is another's */

static void times_add(struct times *x, double t)
{
	if (x->n == x->room) {
		x->room = x->room ? 2 * x->room : 4096;
		x->of = reallocarray(x->of, x->room, sizeof(*x->of));
	}
	x->of[x->n++] = t;
}

static struct {			/* who saves beside it */
	struct store *s;
	struct times took;
	bool stop;
} saver;

static double seconds(clockid_t of)
{
	struct timespec t;
	clock_gettime(of, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int on_trace(unsigned what, void *arg, void *st, void *sql)
{
	const char *text = sqlite3_sql(st);
	if (what == SQLITE_TRACE_PROFILE && text && !strncmp(text, "BEGIN IMMEDIATE", 15))
		began = seconds(CLOCK_MONOTONIC);
	if (what != SQLITE_TRACE_PROFILE || !text || !began || (strncmp(text, "COMMIT", 6) && strncmp(text, "ROLLBACK", 8)))
		return 0;
	times_add(&held, seconds(CLOCK_MONOTONIC) - began);
	began = 0;
	return 0;
}

static int on_open(sqlite3 *db, char **msg, const struct sqlite3_api_routines *api)
{
	if (!engine_is_open)
		sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, on_trace, NULL);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void say(const char *what, struct times *x)
{
	qsort(x->of, x->n, sizeof(*x->of), by_size);
	printf("; %s %zu, p99 %.2f ms, worst %.2f ms", what, x->n, x->n ? 1000 * x->of[x->n * 99 / 100] : 0,
		x->n ? 1000 * x->of[x->n - 1] : 0);
	x->n = 0;
}

static void *save(void *arg)
{
	saver.took.n = 0;
	while (!__atomic_load_n(&saver.stop, __ATOMIC_RELAXED)) {
		char text[32];
		double from = seconds(CLOCK_MONOTONIC);
		snprintf(text, sizeof(text), "%f", from);
		must(store_meta_set(saver.s, "bench", text), "save");
		times_add(&saver.took, seconds(CLOCK_MONOTONIC) - from);
		usleep(2000);
	}
	return NULL;
}

static void pass(struct cycle *c, const char *what)
{
	pthread_t t;
	double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	held.n = 0;
	saver.stop = false;
	if (pthread_create(&t, NULL, save, NULL))
		exit(1);
	c->now = now;
	must(cycle_run(c), what);
	__atomic_store_n(&saver.stop, true, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("%-12s %-12s %7.3f s, %d there, %d created", what, side_name[c->remote->ops->side], cpu,
		(int)end_of[c->remote->ops->side].n, end_of[c->remote->ops->side].created);
	say("locks", &held);
	say("saves", &saver.took);
	printf("\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000;
	char path[200];
	struct store *s;
	struct config config;
	struct cycle cycle[NSIDES];
	template = argc > 2 && *argv[2] ? argv[2] : NULL;
	title = argc > 3 && *argv[3] ? argv[3] : NULL;
	snprintf(path, sizeof(path), "/var/tmp/remindfs-join-%d.db", (int)getpid());
	sqlite3_auto_extension((void (*)(void))on_open);
	must(store_open(path, &(struct store_options){ .durable = true }, &s), path);
	engine_is_open = true;
	must(store_open(path, &(struct store_options){ 0 }, &saver.s), path);
	config_init(&config);
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		begin(&end_of[side], side);
		config.remote[side].configured = true;
		cycle[side] = (struct cycle){ .store = s, .remote = &end_of[side].remote, .config = &config };
		must(store_side_switch(s, side, true, now), "switch");
	}
	pass(&cycle[SIDE_SC], "empty");
	pass(&cycle[SIDE_SF], "empty");
	now += MINUTE;
	fill(&end_of[SIDE_SC], n);
	if (argc < 5)
		fill(&end_of[SIDE_SF], n);
	now += MINUTE;
	for (int i = 0; i < 4; i++, now += 10 * MINUTE)
		for (enum side side = SIDE_SC; side < NSIDES; side++)
			pass(&cycle[side], i ? "again" : "all are new");
	store_close(saver.s);
	store_close(s);
	unlink(path);
	return 0;
}
