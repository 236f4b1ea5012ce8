#include "world.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define START INT64_C(1795000000000)	/* 2026-11-18 */
#define PASSES_MAX 12

/* ---- the database, looked at from outside ---- */

static sqlite3 *opened;		/* the connection opened last */
static struct world *world;	/* whose commits are counted */

static void copy_db(const char *from, const char *to)
{
	sqlite3 *a, *b;
	unlink(to);
	assert_int_equal(sqlite3_open_v2(from, &a, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_open(to, &b), SQLITE_OK);
	sqlite3_backup *k = sqlite3_backup_init(b, "main", a, "main");
	assert_non_null(k);
	assert_int_equal(sqlite3_backup_step(k, -1), SQLITE_DONE);
	sqlite3_backup_finish(k);
	sqlite3_close(b);
	sqlite3_close(a);
	chmod(to, 0600);
}

static void crash_path(const struct world *w, char out[80])
{
	snprintf(out, 80, "%s.crash", w->path);
}

/* What a process that dies now leaves behind. */
static void die(void *arg)
{
	struct world *w = arg;
	char to[80];
	crash_path(w, to);
	copy_db(w->path, to);
}

static int on_commit(void *arg)
{
	struct world *w = world;
	if (!w || arg != w->db || w->fault.dead || !w->commit_at || ++w->commits != w->commit_at)
		return 0;
	w->fault.fired = true;
	die(w);
	w->fault.dead = true;
	return 0;
}

static int on_open(sqlite3 *db, char **msg, const struct sqlite3_api_routines *api)
{
	opened = db;
	sqlite3_commit_hook(db, on_commit, db);
	return SQLITE_OK;
}

static void remove_db(const char *path)
{
	static const char *const tail[] = { "", "-wal", "-shm", ".seal", ".crash", ".crash-wal", ".crash-shm", ".kept", ".kept-wal",
		".kept-shm" };
	for (size_t i = 0; i < sizeof(tail) / sizeof(*tail); i++) {
		char name[96];
		snprintf(name, sizeof(name), "%s%s", path, tail[i]);
		unlink(name);
	}
}

/* ---- the world ---- */

static void start(struct world *w)
{
	struct store_options o = { .durable = true };
	assert_int_equal(store_open(w->path, &o, &w->store), ERR_OK);
	w->db = opened;
	world = w;
	for (enum side s = SIDE_SC; s < NSIDES; s++)
		w->cycle[s] = (struct cycle){ .store = w->store, .remote = &w->fake[s].remote, .config = &w->config,
			.now = w->now };
}

static void stop(struct world *w)
{
	store_close(w->store);
	w->store = NULL;
	w->db = NULL;
}

void world_init(struct world *w, unsigned sides)
{
	static int count;
	static bool hooked;
	if (!hooked)
		sqlite3_auto_extension((void (*)(void))on_open);
	hooked = true;
	memset(w, 0, sizeof(*w));
	snprintf(w->path, sizeof(w->path), "%s/remindfs-world-%d-%d.db",
		access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm", (int)getpid(), count);
	snprintf(w->other, sizeof(w->other), "%s/remindfs-world-%d-%d-other.db",
		access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm", (int)getpid(), count++);
	remove_db(w->path);
	remove_db(w->other);
	w->now = START;
	w->fault.die = die;
	w->fault.arg = w;
	config_init(&w->config);
	for (enum side s = SIDE_SC; s < NSIDES; s++) {
		w->config.remote[s].configured = sides & BIT(s);
		fake_init(&w->fake[s], s, &w->now, &w->fault);
	}
	start(w);
	assert_int_equal(store_side_switch(w->store, SIDE_SC, sides & SC, w->now), ERR_OK);
}

void world_finish(struct world *w)
{
	stop(w);
	world = NULL;
	remove_db(w->path);
	remove_db(w->other);
	for (enum side s = SIDE_SC; s < NSIDES; s++)
		fake_finish(&w->fake[s]);
	config_finish(&w->config);
}

void world_enable(struct world *w, bool on)
{
	assert_int_equal(store_side_switch(w->store, SIDE_SF, on, w->now), ERR_OK);
}

void world_restart(struct world *w)
{
	stop(w);
	start(w);
}

static void start_anew(struct world *w, int64_t enabled_at)
{
	start(w);
	for (enum side s = SIDE_SC; s < NSIDES; s++)
		assert_int_equal(store_side_switch(w->store, s, true, enabled_at), ERR_OK);
}

void world_another(struct world *w, int64_t enabled_at)
{
	stop(w);
	remove_db(w->path);
	start_anew(w, enabled_at);
}

void world_turn(struct world *w, int64_t enabled_at)
{
	char was[sizeof(w->path)];
	stop(w);
	memcpy(was, w->path, sizeof(was));
	memcpy(w->path, w->other, sizeof(was));
	memcpy(w->other, was, sizeof(was));
	if (access(w->path, F_OK))
		start_anew(w, enabled_at);
	else
		start(w);
}

static void kept_path(const struct world *w, char out[80])
{
	snprintf(out, 80, "%s.kept", w->path);
}

void world_keep(struct world *w)
{
	char to[80];
	kept_path(w, to);
	copy_db(w->path, to);
}

void world_lose(struct world *w)
{
	struct store_options o = { .check = true };
	char from[80];
	kept_path(w, from);
	stop(w);
	copy_db(from, w->path);
	assert_int_equal(store_open(w->path, &o, &w->store), ERR_OK);
	stop(w);
	start(w);
}

static void resurrect(struct world *w)
{
	char from[80];
	crash_path(w, from);
	stop(w);
	copy_db(from, w->path);
	start(w);
}

/* The process that was killed starts again; the next interruption is set up. */
static void after_hit(struct world *w)
{
	if (!w->fault.fired)
		return;
	if (w->fault.dead)
		resurrect(w);
	w->hits++;
	w->fault = (struct fault){ .die = die, .arg = w, .how = w->again_how };
	w->commits = 0;
	w->commit_at = w->again_how == NHOW ? w->again : 0;
	w->fault.at = w->again_how == NHOW ? 0 : w->again;
	w->again = 0;
}

enum err world_pass_one(struct world *w, enum side s)
{
	w->cycle[s].now = w->now;
	return cycle_run(&w->cycle[s]);
}

enum err world_pass(struct world *w)
{
	enum err first = ERR_OK;
	for (enum side s = SIDE_SC; s < NSIDES; s++) {
		enum err e = w->config.remote[s].configured ? world_pass_one(w, s) : ERR_OK;
		if (e && !first)
			first = e;
	}
	return first;
}

int64_t world_rows(struct world *w)
{
	return sqlite3_total_changes64(w->db);
}

static int writes(struct world *w)
{
	return fake_writes(&w->fake[SIDE_SC]) + fake_writes(&w->fake[SIDE_SF]);
}

bool world_rest(struct world *w)
{
	int quiet = 0;
	for (int i = 0; i < PASSES_MAX && quiet < 2; i++) {
		int64_t rows = world_rows(w);
		int wrote = writes(w);
		enum err e = world_pass(w);
		quiet = !e && world_rows(w) == rows && writes(w) == wrote ? quiet + 1 : 0;
		quiet = w->fault.fired ? 0 : quiet;
		after_hit(w);
		w->now += 2 * MINUTE;
	}
	return quiet == 2;
}

void check_quiet_at(struct world *w, const char *file, int line)
{
	int64_t rows = world_rows(w);
	fake_forget_counts(&w->fake[SIDE_SC]);
	fake_forget_counts(&w->fake[SIDE_SF]);
	_assert_int_equal(world_pass(w), ERR_OK, file, line);
	_assert_int_equal(writes(w), 0, file, line);
	_assert_int_equal(world_rows(w) - rows, 0, file, line);
}

void world_begin(struct world *w, unsigned sides)
{
	world_init(w, sides);
	world_enable(w, true);
	check_rest(w);
}

/* ---- the user ---- */

static void close_file(struct world *w, int64_t id)
{
	assert_int_equal(store_closed(w->store, id, w->now, 0), ERR_OK);
}

int64_t user_new(struct world *w, const char *title)
{
	AUTO_TASK t = TASK_INIT;
	int64_t id;
	t.created_at = w->now;
	assert_int_equal(task_set(&t, FIELD_TITLE, title), ERR_OK);
	assert_int_equal(store_create(w->store, &t, NULL, 0, SIDE_LOCAL, w->now, &id), ERR_OK);
	close_file(w, id);
	return id;
}

void user_set(struct world *w, int64_t id, enum field field, const char *value)
{
	AUTO_TASK t = TASK_INIT;
	assert_int_equal(task_set(&t, field, value), ERR_OK);
	assert_int_equal(store_edit(w->store, id, &t, BIT(field), 0, NULL, 0, SIDE_LOCAL, w->now), ERR_OK);
	close_file(w, id);
}

void user_rm(struct world *w, int64_t id)
{
	assert_int_equal(store_delete(w->store, id, SIDE_LOCAL, w->now, 0), ERR_OK);
}

struct find {
	struct world *w;
	const char *title;
	int64_t id;
};

static bool find_one(void *arg, const struct entry *e)
{
	struct find *f = arg;
	AUTO_TASK t = TASK_INIT;
	assert_int_equal(store_get(f->w->store, e->id, &t), ERR_OK);
	if (str_eq(t.field[FIELD_TITLE], f->title))
		f->id = e->id;
	return !f->id;
}

int64_t user_find(struct world *w, const char *title)
{
	static const struct filter all;
	struct find f = { .w = w, .title = title };
	assert_int_equal(store_list(w->store, &all, 0, find_one, &f), ERR_OK);
	return f.id;
}

const char *user_see(struct world *w, const char *title, enum field field)
{
	static char seen[4096];
	AUTO_TASK t = TASK_INIT;
	int64_t id = user_find(w, title);
	if (!id)
		fail_msg("no task \"%s\" in the mount", title);
	assert_int_equal(store_get(w->store, id, &t), ERR_OK);
	snprintf(seen, sizeof(seen), "%s", t.field[field] ? t.field[field] : "-");
	return seen;
}

/* ---- the world as text ---- */

struct lines {
	char *line[FAKE_MAX];
	size_t n;
};

static void add_line(struct lines *x, const char *who, char *const word[TASK_NFIELDS])
{
	AUTO_BUF b = BUF_INIT;
	assert_true(x->n < FAKE_MAX);
	buf_printf(&b, "%s:", who);
	for (int f = 0; f < TASK_NFIELDS; f++)
		buf_printf(&b, " %s%s", word[f] ? word[f] : "-", f < TASK_NFIELDS - 1 ? " |" : "\n");
	x->line[x->n++] = buf_take(&b);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void put_lines(struct buf *out, struct lines *x)
{
	qsort(x->line, x->n, sizeof(*x->line), by_text);
	for (size_t i = 0; i < x->n; i++) {
		buf_puts(out, x->line[i]);
		free(x->line[i]);
	}
	x->n = 0;
}

struct see {
	struct world *w;
	struct lines *x;
};

static bool see_one(void *arg, const struct entry *e)
{
	struct see *s = arg;
	AUTO_TASK t = TASK_INIT;
	assert_int_equal(store_get(s->w->store, e->id, &t), ERR_OK);
	add_line(s->x, "here", t.field);
	return true;
}

int64_t world_conflicts(struct world *w)
{
	struct counts c;
	assert_int_equal(store_counts(w->store, w->now, &c), ERR_OK);
	return c.conflicts;
}

int64_t world_waiting(struct world *w, enum side side)
{
	struct counts c;
	assert_int_equal(store_counts(w->store, w->now, &c), ERR_OK);
	return c.waiting[side];
}

char *world_text(struct world *w)
{
	static const struct filter all;
	AUTO_BUF out = BUF_INIT;
	struct lines x = { .n = 0 };
	struct see s = { .w = w, .x = &x };
	int64_t conflicts = world_conflicts(w);
	assert_int_equal(store_list(w->store, &all, 0, see_one, &s), ERR_OK);
	put_lines(&out, &x);
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		for (size_t i = 0; i < w->fake[side].n; i++)
			if (!w->fake[side].rec[i].deleted)
				add_line(&x, side == SIDE_SC ? "SC" : "SF", w->fake[side].rec[i].word);
		put_lines(&out, &x);
	}
	if (conflicts)
		buf_printf(&out, "conflicts: %lld\n", (long long)conflicts);
	buf_puts(&out, "");
	return out.s ? buf_take(&out) : strdup("");
}

void check_world_at(struct world *w, const char *want, const char *file, int line)
{
	char *is = world_text(w);
	_assert_string_equal(is, want, file, line);
	free(is);
}

bool world_meta(struct world *w, const char *key, const char *want)
{
	AUTO_FREE char *value = NULL;
	enum err e = store_meta(w->store, key, &value);
	assert_true(e == ERR_OK || e == ERR_NOENT);
	return str_eq(value, want);
}

/* ---- interrupt everywhere ---- */

struct plan {
	enum how how;		/* NHOW: the process dies before a commit */
	int at;			/* which request or commit; 0: nothing happens */
	enum how again_how;
	int again;
};

static void arm(struct world *w, const struct plan *p)
{
	w->fault.how = p->how;
	w->fault.seen = w->commits = 0;
	w->commit_at = p->how == NHOW ? p->at : 0;
	w->fault.at = p->how == NHOW ? 0 : p->at;
	w->again_how = p->again_how;
	w->again = p->again;
}

/* The story up to its end. False: the plan's moment never came. */
static bool tell(const struct story *y, const struct plan *p, char **end)
{
	struct world *w = malloc(sizeof(*w));
	assert_non_null(w);
	world_init(w, y->sides);
	y->before(w);
	y->act(w);
	arm(w, p);
	if (!world_rest(w))
		fail_msg("%s: how=%d at=%d again=%d,%d: never came to rest", y->name, p->how, p->at, p->again_how, p->again);
	bool hit = w->hits > 0;
	arm(w, &(struct plan){ 0 });
	check_quiet(w);
	*end = world_text(w);
	world_finish(w);
	free(w);
	return hit;
}

static bool tell_the_same(const struct story *y, const struct plan *p, const char *want)
{
	char *is;
	bool hit = tell(y, p, &is);
	if (strcmp(is, want))
		fail_msg("%s: how=%d at=%d again=%d,%d ended otherwise:\n%swanted:\n%s", y->name, p->how, p->at, p->again_how,
			p->again, is, want);
	free(is);
	return hit;
}

void interrupt_everywhere(const struct story *y)
{
	char *want;
	int runs = 0;
	tell(y, &(struct plan){ 0 }, &want);
	for (enum how how = 0; how <= NHOW; how++)
		for (int again = 0; again < 2; again++) {
			struct plan p = { .how = how, .at = 1 };
			for (; tell_the_same(y, &p, want); p.at++, runs++) {
				p.again = again ? 1 + (p.at & 3) : 0;
				p.again_how = (enum how)((how + p.at) % (NHOW + 1));
			}
		}
	print_message("# %s: interrupted in %d ways\n", y->name, runs);
	free(want);
}
