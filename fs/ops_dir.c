/* ops_dir - listings: of tasks and fixed nodes straight from the store, of what is generated from a copy made
 * at its begin. */
#include "ops.h"
#include "dirs.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A listing of what is generated, made when it is read from its begin: each name with its NUL, and its
 * inode. */
struct snapshot {
	struct buf names;
	uint64_t *ino;
	size_t n, cap;
	size_t at, offset;	/* entry `at` begins at `offset` of names: where the last part ended */
	bool made, failed;
};

static struct snapshot *snapshot_of(const struct fuse_file_info *fi)
{
	return (struct snapshot *)(uintptr_t)fi->fh;	/* NOLINT(performance-no-int-to-ptr) */
}

static bool snapshot_put(void *arg, uint64_t ino, const char *name)
{
	struct snapshot *s = arg;

	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;
		uint64_t *p = realloc(s->ino, cap * sizeof(*p));
		s->failed = !p;
		if (!p)
			return false;
		s->ino = p;
		s->cap = cap;
	}
	s->ino[s->n] = ino;
	buf_add(&s->names, name, strlen(name) + 1);
	s->failed = buf_err(&s->names);
	s->n += !s->failed;
	return !s->failed;
}

static enum err snapshot_take(struct fs *f, uint64_t dir, struct snapshot *s)
{
	const struct dir_def *d = dirs_dir(dir);

	s->n = s->at = s->offset = 0;
	s->made = s->failed = false;
	buf_clear(&s->names);
	TRY(d->list(&f->env, dir, snapshot_put, s));
	s->made = !s->failed;
	return s->failed ? ERR_NOMEM : ERR_OK;
}

/* The kernel keeps a listing until we say otherwise; it drops one by itself after what it was asked to do. */
void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *f = ops_begin(req);
	enum fixed dir = node_as_fixed(ino);

	if (dirs_dir(ino)) {
		fi->fh = (uintptr_t)calloc(1, sizeof(struct snapshot));
		if (!fi->fh)
			ops_reply(req, ERR_NOMEM);
		else
			fuse_reply_open(req, fi);
		return;
	}
	if (dir == NODE_NONE) {
		fuse_reply_err(req, ENOTDIR);
		return;
	}
	struct dir_seen *d = ops_look(f, dir);
	fi->cache_readdir = 1;
	fi->keep_cache = !d->moved;
	d->moved = false;
	fuse_reply_open(req, fi);
}

struct listing {		/* a part of a directory, as the kernel asks for it */
	struct fs *f;
	fuse_req_t req;
	enum fixed dir;
	bool plus;
	size_t size, n;
	bool full;
	enum err err;
};

/* at NULL: a name and what it is alone, as of "." and "..", which the kernel knows, and in a plain
 * listing. */
static bool put(struct listing *l, const char *name, const struct found *at, const struct stat *alone,
	int64_t cookie)
{
	struct fuse_entry_param e = { 0 };
	char *to = l->f->page + l->n;
	size_t n, room = l->size - l->n;

	if (!at)
		e.attr = *alone;
	else
		l->err = ops_entry(l->f, at, &e);
	if (l->err)
		return false;
	if (l->plus)
		n = fuse_add_direntry_plus(l->req, to, room, name, &e, cookie);
	else
		n = fuse_add_direntry(l->req, to, room, name, &e.attr, cookie);
	l->full = n > room;
	l->n += l->full ? 0 : n;
	return !l->full;
}

static bool put_task(void *arg, const struct entry *e)
{
	struct listing *l = arg;
	uint64_t ino = node_ino(KIND_TASK, e->id);

	if (!l->plus)
		return put(l, e->name, NULL, &(struct stat){ .st_ino = ino, .st_mode = S_IFREG },
			COOKIE_TASK + e->id);
	struct found at = { .ino = ino, .e = *e, .lasting = true };
	known_put(&l->f->known, l->f->snapshot, node_fixed_ino(l->dir), e);
	return put(l, e->name, &at, NULL, COOKIE_TASK + e->id);
}

static bool put_scratch(void *arg, const struct scratch *x)
{
	struct listing *l = arg;
	struct found at = { .ino = node_ino(KIND_SCRATCH, x->id), .x = *x };

	return put(l, x->name, &at, NULL, COOKIE_SCRATCH + x->id);
}

static bool put_dots(struct listing *l, int64_t after)
{
	struct stat self = { .st_ino = node_fixed_ino(l->dir), .st_mode = S_IFDIR };
	struct stat up = { .st_ino = node_fixed_ino(node_fixed[l->dir].parent), .st_mode = S_IFDIR };

	return (after >= COOKIE_DOT || put(l, ".", NULL, &self, COOKIE_DOT)) &&
		(after >= COOKIE_DOTDOT || put(l, "..", NULL, &up, COOKIE_DOTDOT));
}

static bool put_fixed(struct listing *l, int64_t after)
{
	for (int n = NODE_ROOT + 1; n < NFIXED; n++) {
		struct found at = { .ino = node_fixed_ino((enum fixed)n), .lasting = true };
		if (node_fixed[n].parent == l->dir && !node_fixed[n].unlisted && after < COOKIE_FIXED + n &&
		    !put(l, node_fixed[n].name, &at, NULL, COOKIE_FIXED + n))
			return false;
	}
	return true;
}

static enum err put_tasks(struct listing *l, int64_t after)
{
	struct filter all = { .status = l->dir == NODE_OPEN ? TASK_OPEN : TASK_COMPLETE, .brief = !l->plus };

	if (after < COOKIE_SCRATCH && node_fixed[l->dir].type == TYPE_TASKS)
		TRY(store_list(l->f->env.store, &all, after < COOKIE_TASK ? 0 : after - COOKIE_TASK, put_task,
			l));
	return l->err;
}

static enum err put_scratches(struct listing *l, int64_t after)
{
	enum scratch_place place;

	if (!l->full && tree_place(node_fixed_ino(l->dir), &place))
		TRY(store_scratch_list(l->f->env.store, place,
			after < COOKIE_SCRATCH ? 0 : after - COOKIE_SCRATCH, put_scratch, l));
	return l->err;
}

static enum err list(struct listing *l, int64_t after)
{
	if (!put_dots(l, after) || !put_fixed(l, after))
		return l->err;
	TRY(put_tasks(l, after));
	return put_scratches(l, after);
}

static enum err page_of(struct fs *f, size_t size)
{
	if (size > f->page_size) {
		char *p = realloc(f->page, size);
		if (!p)
			return ERR_NOMEM;
		f->page = p;
		f->page_size = size;
	}
	return ERR_OK;
}

/* Entry i of the snapshot, whose cookie is COOKIE_FIXED + i; names only, as the kernel would keep nothing
 * else. */
static bool put_made(struct listing *l, uint64_t ino, const char *name, size_t i)
{
	const struct kind_def *k = dirs_kind(ino);
	struct fuse_entry_param e = { .attr = { .st_ino = ino, .st_mode = k->mode } };
	char *to = l->f->page + l->n;
	size_t room = l->size - l->n, n;
	off_t cookie = (off_t)(COOKIE_FIXED + i);

	if (l->plus)
		n = fuse_add_direntry_plus(l->req, to, room, name, &e, cookie);
	else
		n = fuse_add_direntry(l->req, to, room, name, &e.attr, cookie);
	l->n += n > room ? 0 : n;
	return n <= room;
}

static void seek_made(struct snapshot *s, size_t i)
{
	if (i < s->at)
		s->at = s->offset = 0;
	for (; s->at < i && s->at < s->n; s->at++)
		s->offset += strlen(s->names.s + s->offset) + 1;
}

static enum err list_made(struct listing *l, uint64_t dir, struct snapshot *s, int64_t after)
{
	const struct kind_def *k = dirs_kind(dir);
	struct stat self = { .st_ino = dir, .st_mode = S_IFDIR };
	struct stat up = { .st_ino = node_fixed_ino(k ? k->parent : node_fixed[l->dir].parent),
		.st_mode = S_IFDIR };

	if (!after || !s->made)
		TRY(snapshot_take(l->f, dir, s));
	if ((after < COOKIE_DOT && !put(l, ".", NULL, &self, COOKIE_DOT)) ||
	    (after < COOKIE_DOTDOT && !put(l, "..", NULL, &up, COOKIE_DOTDOT)))
		return l->err;
	seek_made(s, after < COOKIE_FIXED ? 0 : (size_t)(after - COOKIE_FIXED + 1));
	while (s->at < s->n && put_made(l, s->ino[s->at], s->names.s + s->offset, s->at))
		seek_made(s, s->at + 1);
	return ERR_OK;
}

static void read_dir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, const struct fuse_file_info *fi,
	bool plus)
{
	struct fs *f = ops_begin(req);
	struct listing l = { .f = f, .req = req, .dir = node_as_fixed(ino), .plus = plus, .size = size };
	struct relist *kept = !plus && l.dir != NODE_NONE &&
		node_fixed[l.dir].type == TYPE_TASKS ? &f->dir[l.dir].names : NULL;
	const char *s;
	size_t n;

	if (kept && relist_get(kept, f->snapshot, off, size, &s, &n)) {
		fuse_reply_buf(req, s, n);
		return;
	}
	enum err e = page_of(f, size);
	if (!e)
		e = dirs_dir(ino) ? list_made(&l, ino, snapshot_of(fi), off) : l.dir != NODE_NONE
			? list(&l, off) : ERR_PERM;
	if (e && !l.n)
		ops_reply(req, e);
	else
		fuse_reply_buf(req, f->page, l.n);
	if (kept && !e && (l.n || !l.full))
		relist_put(kept, f->snapshot, off, f->page, l.n);
}

void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	read_dir(req, ino, size, off, fi, false);
}

void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	read_dir(req, ino, size, off, fi, true);
}

void op_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct snapshot *s = dirs_dir(ino) ? snapshot_of(fi) : NULL;

	if (s) {
		buf_finish(&s->names);
		free(s->ino);
		free(s);
	}
	fuse_reply_err(req, 0);
}

void op_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	ops_reply(req, store_sync(ops_begin(req)->env.store));
}
