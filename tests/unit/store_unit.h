/*
 * store_unit - a store of its own for every test, in a directory of its own; the small change of store tests.
 */
#ifndef STORE_UNIT_H
#define STORE_UNIT_H

#include "unit.h"
#include "store_p.h"
#include "task.h"

#define NOW INT64_C(1700000000000)
#define GRACE INT64_C(5000)

struct fx {
	char dir[64], path[80];
	struct wake *changed, *outbox;
	struct store *s;
};

static inline struct store *fx_open(struct fx *x, bool durable)
{
	struct store_options o = { .durable = durable, .changed = x->changed, .outbox = x->outbox };
	struct store *s;
	assert_ok(store_open(x->path, &o, &s));
	return s;
}

static inline int fx_setup_in(void **state, const char *where)
{
	struct fx *x = calloc(1, sizeof(*x));
	assert_non_null(x);
	snprintf(x->dir, sizeof(x->dir), "%s/remindfs-unit-XXXXXX", where);
	assert_non_null(mkdtemp(x->dir));
	snprintf(x->path, sizeof(x->path), "%s/store.db", x->dir);
	x->changed = wake_create();
	x->outbox = wake_create();
	x->s = fx_open(x, false);
	*state = x;
	return 0;
}

static inline int fx_setup(void **state)
{
	return fx_setup_in(state, "/tmp");
}

static inline void fx_unlink(struct fx *x)
{
	static const char *const tail[] = { "", "-wal", "-shm", "-journal" };
	char path[100];
	for (size_t i = 0; i < COUNT(tail); i++) {
		snprintf(path, sizeof(path), "%s%s", x->path, tail[i]);
		unlink(path);
	}
}

static inline int fx_teardown(void **state)
{
	struct fx *x = *state;
	store_close(x->s);
	wake_destroy(x->changed);
	wake_destroy(x->outbox);
	fx_unlink(x);
	rmdir(x->dir);
	free(x);
	return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fx_setup, fx_teardown)

static inline int64_t writes(struct store *s)
{
	return sqlite3_total_changes64(s->db);
}

/* Run, and it must have written nothing. */
#define assert_no_write(s, call)                                                                                   \
	do {                                                                                                       \
		int64_t writes_ = writes(s);                                                                       \
		assert_ok(call);                                                                                   \
		assert_int_equal(writes(s), writes_);                                                              \
	} while (0)

static inline void on(struct store *s, enum side side)
{
	assert_ok(store_side_switch(s, side, true, NOW - 1000000));
}

static inline int64_t make(struct store *s, const char *title, enum side by)
{
	struct task t = { .field = { [FIELD_TITLE] = (char *)title } };
	int64_t id = 0;
	assert_ok(store_create(s, &t, NULL, 0, by, NOW, &id));
	assert_true(id > 0);
	return id;
}

static inline void set(struct store *s, int64_t id, enum field f, const char *v, enum side by)
{
	struct task t = TASK_INIT;
	t.field[f] = (char *)v;
	assert_ok(store_edit(s, id, &t, BIT(f), 0, NULL, 0, by, NOW + 10));
}

/* A link whose base is the task as it stands. rid NULL: in doubt. */
static inline void join(struct store *s, int64_t id, enum side side, const char *rid)
{
	struct task t;
	assert_ok(store_get(s, id, &t));
	struct link l = { .task = id, .side = side, .rid = (char *)rid, .once = "once",
		.sent_at = rid ? 0 : NOW };
	memcpy(l.base, t.field, sizeof(l.base));
	assert_ok(store_link_put(s, &l));
	task_finish(&t);
}

static inline void set_link(struct store *s, int64_t id, enum side side, bool away, bool gone)
{
	struct link l;
	assert_ok(store_link(s, id, side, &l));
	l.away = away;
	l.gone = gone;
	assert_ok(store_link_put(s, &l));
	link_finish(&l);
}

static inline void clear_outbox(struct store *s)
{
	assert_int_equal(sqlite3_exec(s->db, "DELETE FROM outbox", NULL, NULL, NULL), SQLITE_OK);
}

static inline int64_t number(struct store *s, const char *sql)
{
	sqlite3_stmt *st;
	assert_int_equal(sqlite3_prepare_v2(s->db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

/* Is the task due on a side? */
static inline bool due_at(struct store *s, int64_t id, enum side side, int64_t now)
{
	struct outgoing o[64];
	size_t n;
	assert_ok(store_outbox(s, side, now, o, COUNT(o), &n));
	for (size_t i = 0; i < n; i++)
		if (o[i].task == id)
			return true;
	return false;
}

/* In the outbox at all, due or not. */
static inline bool waits(struct store *s, int64_t id, enum side side)
{
	char sql[100];
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM outbox WHERE task = %lld AND side = %d",
		(long long)id, side);
	return number(s, sql);
}

static inline void check_text(struct store *s, int64_t id, const char *want)
{
	AUTO_BUF b = BUF_INIT;
	struct entry e;
	assert_ok(store_text(s, id, &b));
	assert_same("text", buf_str(&b), want);
	if (store_entry(s, id, &e) == ERR_OK)
		assert_int_equal(e.size, (int64_t)b.n);
}

static inline void check_name(struct store *s, int64_t id, const char *want)
{
	struct entry e;
	assert_ok(store_entry(s, id, &e));
	assert_same("name", e.name, want);
}

static inline void check_gone(struct store *s, int64_t id, enum gone want)
{
	enum gone gone;
	struct entry e;
	assert_ok(store_gone(s, id, &gone));
	assert_int_equal(gone, want);
	assert_err(store_entry(s, id, &e), want == GONE_NO ? ERR_OK : ERR_NOENT);
}

static inline void check_state(struct store *s, int64_t id, const char *want)
{
	const char *state;
	assert_ok(store_state(s, id, &state));
	assert_same("state", state, want);
}

static inline bool keep_change(void *arg, const struct change *c)
{
	*(struct change *)arg = *c;
	return true;
}

static inline struct change last_change(struct store *s)
{
	struct change c = { 0 };
	assert_ok(store_changes(s, 0, keep_change, &c, NULL));
	return c;
}

static inline int64_t feed_last(struct store *s)
{
	int64_t seq;
	assert_ok(store_change_last(s, &seq));
	return seq;
}

#endif
