/* fs_unit - a store, open files and what the kernel was told to forget: the mount without a kernel. */
#ifndef FS_UNIT_H
#define FS_UNIT_H

#include "store_unit.h"
#include "handle.h"
#include "node.h"

#define TODAY "2026-11-24"	/* a Tuesday */

struct rig {
	struct fx *x;
	struct store *s;
	struct env env;
	struct files *files;
	int forgotten, kicked;	/* how often */
	uint64_t last_ino;
	char last_name[NAME_LEN + 1];	/* "": pages and attributes */
};

static inline void rig_forget(void *arg, uint64_t ino, const char *name)
{
	struct rig *r = arg;
	r->forgotten++;
	r->last_ino = ino;
	snprintf(r->last_name, sizeof(r->last_name), "%s", name ? name : "");
}

static inline void rig_kick(void *arg)
{
	struct rig *r = arg;
	r->kicked++;
}

static inline int rig_setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	assert_non_null(r);
	fx_setup((void **)&r->x);
	r->s = r->x->s;
	r->env = (struct env){ .store = r->s, .now = NOW, .today = TODAY, .grace_ms = GRACE, .forget = rig_forget, .kick = rig_kick,
		.arg = r };
	r->files = files_create();
	assert_non_null(r->files);
	on(r->s, SIDE_SC);
	*state = r;
	return 0;
}

static inline int rig_teardown(void **state)
{
	struct rig *r = *state;
	files_destroy(r->files);
	fx_teardown((void **)&r->x);
	free(r);
	return 0;
}

#define RIG_TEST(fn) cmocka_unit_test_setup_teardown(fn, rig_setup, rig_teardown)

static inline struct handle *open_task(struct rig *r, int64_t id, bool truncate)
{
	struct handle *h;
	assert_ok(handle_open(r->files, &r->env, node_ino(KIND_TASK, id), truncate, &h));
	return h;
}

static inline void put_text(struct rig *r, struct handle *h, const char *s, size_t off)
{
	assert_ok(handle_write(h, &r->env, s, strlen(s), off));
}

static inline void check_read(struct rig *r, struct handle *h, const char *want)
{
	AUTO_BUF tmp = BUF_INIT;
	const char *s;
	size_t n;
	struct file *f = h->file->to ? h->file->to : h->file;
	assert_ok(file_read(&r->env, f, &tmp, &s, &n));
	assert_int_equal(n, strlen(want));
	assert_memory_equal(s, want, n);
}

/* One open, one write of all, one close: what the flush said. */
static inline enum err save_text(struct rig *r, int64_t id, const char *s)
{
	struct handle *h = open_task(r, id, true);
	enum err e = handle_write(h, &r->env, s, strlen(s), 0);
	enum err flushed = handle_flush(h, &r->env);
	handle_release(r->files, h, &r->env);
	assert_ok(files_closed(&r->env));	/* a quiet moment */
	return e ? e : flushed;
}

static inline int64_t edits(struct rig *r)
{
	return number(r->s, "SELECT count(*) FROM feed WHERE fields <> 0");
}

static inline void check_field(struct rig *r, int64_t id, enum field f, const char *want)
{
	AUTO_TASK t = TASK_INIT;
	assert_ok(store_get(r->s, id, &t));
	assert_same(task_field[f].name, t.field[f], want);
}

#endif
