/* ops - one function per FUSE operation: find, call, reply. */
#define LOG_MODULE "ops"
#include "session.h"
#include "events.h"
#include "dirs.h"
#include "log.h"
#include "name.h"
#include "verbs.h"
#include "xattr.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <time.h>

static void touch_dir(struct fs *f, enum fixed dir)
{
	f->dir[dir].ms = f->env.now;
	f->dir[dir].moved = true;
}

static void touch_views(struct fs *f)
{
	for (int n = 0; n < NFIXED; n++)
		if (node_fixed[n].type == TYPE_VIEW)
			touch_dir(f, (enum fixed)n);
}

/* A new day, or another zone: the views hold something else, and say so to who looks at their times. */
static void look_at_the_day(struct fs *f, time_t t)
{
	char was[DATE_LEN];

	memcpy(was, f->env.today, DATE_LEN);
	date_of(t, f->env.today);
	if (!strcmp(was, f->env.today))
		return;
	touch_views(f);
	if (store_trash_purge(f->env.store, f->env.now))
		log_warn("event=purge-failed");
}

/* Each request has one time. The date costs a look at the zone file, so once a second will do. */
static struct fs *begin(fuse_req_t req)
{
	struct fs *f = fuse_req_userdata(req);
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	int64_t was = f->env.now;
	f->env.now = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	if (f->env.now / 1000 != was / 1000)
		look_at_the_day(f, t.tv_sec);
	f->env.known = 0;
	store_hold(f->env.store);
	return f;
}

/* After what changed names: before the notify thread reads of it, if it can be. */
static enum err told(struct fs *f, enum err e)
{
	if (f->env.known)
		notify_known(f->notify, f->env.known);
	return e;
}

static void reply(fuse_req_t req, enum err e)
{
	fuse_reply_err(req, fs_errno(e));
}

/* A node that is not there any more: the kernel looks its name up anew and tries again. */
static void reply_node(fuse_req_t req, enum err e)
{
	fuse_reply_err(req, e == ERR_NOENT ? ESTALE : fs_errno(e));
}

static struct handle *handle_of(const struct fuse_file_info *fi)
{
	return (struct handle *)(uintptr_t)fi->fh;	/* NOLINT(performance-no-int-to-ptr) */
}

static struct buf *text_of(const struct fuse_file_info *fi)
{
	return (struct buf *)(uintptr_t)fi->fh;		/* NOLINT(performance-no-int-to-ptr) */
}

/* ---- attributes ----------------------------------------------------------------------------------------------- */

static bool touch_dirs(void *arg, const struct change *c)
{
	struct fs *f = arg;
	bool moved = c->what & CHANGE_NAME;

	f->seq = c->seq;
	if (moved && *c->was_name)
		touch_dir(f, node_home(c->was_open));
	if (moved && *c->name)
		touch_dir(f, node_home(c->open));
	touch_views(f);
	return true;
}

/* What the feed says happened to a directory since it was last looked at. */
static struct dir_seen *look(struct fs *f, enum fixed dir)
{
	bool lost = false;

	if (store_changes(f->env.store, f->seq, touch_dirs, f, &lost))
		log_warn("event=feed-failed");
	for (int n = 0; lost && n < NFIXED; n++)
		touch_dir(f, (enum fixed)n);
	if (!f->dir[dir].ms)
		f->dir[dir].ms = f->mounted_at;
	return &f->dir[dir];
}

static enum err stat_fixed(struct fs *f, enum fixed n, struct stat *st, double *timeout)
{
	AUTO_BUF text = BUF_INIT;
	bool file = node_fixed[n].type == TYPE_FILE;
	int64_t ms = 0, size = n == NODE_EVENTS ? events_size(f->events, &ms) : 0;

	if (file && n != NODE_EVENTS) {
		TRY(control_text(&f->control, &f->env, n, &text));
		size = (int64_t)text.n;
	}
	if (!ms)
		ms = node_fixed[n].type == TYPE_DIR ? f->mounted_at : look(f, n)->ms;
	node_stat_fixed(n, &f->owner, size, ms, st);
	*timeout = file || node_fixed[n].type == TYPE_VIEW ? 0 : FOREVER;
	return ERR_OK;
}

/* While somebody is writing, the size is the buffer's; and it is asked anew after the commit, which may set another. */
static void stat_open(const struct file *p, struct stat *st, double *timeout)
{
	st->st_size = (off_t)p->text.n;
	st->st_blocks = (st->st_size + 511) / 512;
	if (p->dirty)
		st->st_mtim.tv_sec = p->written_at / 1000, st->st_mtim.tv_nsec = p->written_at % 1000 * 1000000;
	if (p->gone)
		st->st_nlink = 0;
	*timeout = 0;
}

/* What a row of dirs.h makes is as of now: nothing of it is kept. */
static enum err stat_made(struct fs *f, const struct found *at, struct stat *st, double *timeout)
{
	const struct kind_def *k = dirs_kind(at->ino);
	AUTO_BUF text = BUF_INIT;

	if (k->text)
		TRY(k->text(&f->env, at, &text));
	node_stat_made(at->ino, k->mode, &f->owner, (int64_t)text.n, at->ms ? at->ms : f->mounted_at, st);
	*timeout = 0;
	return ERR_OK;
}

static enum err stat_found(struct fs *f, const struct found *at, struct stat *st, double *timeout)
{
	if (dirs_kind(at->ino))
		return stat_made(f, at, st, timeout);
	*timeout = FOREVER;
	if (node_kind(at->ino) == KIND_SCRATCH)
		node_stat_scratch(&at->x, &f->owner, st);
	else
		node_stat_task(&at->e, &f->owner, st);
	const struct file *p = files_find(f->files, at->ino);
	if (p && p->loaded)
		stat_open(p, st, timeout);
	return ERR_OK;
}

/* A scratch file that is no more, but open: removed, or renamed onto a task. */
static enum err stat_former(struct fs *f, uint64_t ino, struct stat *st, double *timeout)
{
	const struct file *p = files_find(f->files, ino);
	struct found at = { .ino = ino, .x = { .id = node_id(ino), .mode = 0600 } };
	bool hidden;

	if (!p)
		return ERR_NOENT;
	if (p->ino != ino)
		TRY(tree_node(&f->env, p->ino, &at, &hidden));
	TRY(stat_found(f, &at, st, timeout));
	*timeout = 0;
	return ERR_OK;
}

static enum err stat_ino(struct fs *f, uint64_t ino, struct stat *st, double *timeout)
{
	enum fixed n = node_as_fixed(ino);
	struct found at;
	bool hidden;

	if (n != NODE_NONE)
		return stat_fixed(f, n, st, timeout);
	enum err e = tree_node(&f->env, ino, &at, &hidden);
	if (e == ERR_NOENT && node_kind(ino) == KIND_SCRATCH)
		return stat_former(f, ino, st, timeout);
	TRY(e);
	if (hidden && !files_find(f->files, ino))
		return ERR_NOENT;
	TRY(stat_found(f, &at, st, timeout));
	if (hidden) {
		st->st_nlink = 0;
		*timeout = 0;
	}
	return ERR_OK;
}

/* How long a name may be kept: scratch is renamed onto tasks and links into other views, and must be looked up then. */
static double name_timeout(const struct found *at)
{
	unsigned kind = node_kind(at->ino);

	return at->lasting && (kind == KIND_TASK || kind == KIND_FIXED) ? FOREVER : 0;
}

static enum err fill_entry(struct fs *f, const struct found *at, struct fuse_entry_param *e)
{
	enum fixed n = node_as_fixed(at->ino);

	*e = (struct fuse_entry_param){ .ino = at->ino, .entry_timeout = name_timeout(at) };
	if (n != NODE_NONE)
		return stat_fixed(f, n, &e->attr, &e->attr_timeout);
	return stat_found(f, at, &e->attr, &e->attr_timeout);
}

static void reply_found(fuse_req_t req, struct fs *f, const struct found *at)
{
	struct fuse_entry_param e;
	enum err err = fill_entry(f, at, &e);

	if (err)
		reply(req, err);
	else
		fuse_reply_entry(req, &e);
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *f = begin(req);
	struct found at;
	enum fixed dir = node_as_fixed(parent);
	enum err e = tree_find(&f->env, parent, name, &at);

	if (!e)
		reply_found(req, f, &at);
	else if (e == ERR_NOENT && at.lasting && dir != NODE_NONE && node_fixed[dir].type == TYPE_TASKS)
		fuse_reply_entry(req, &(struct fuse_entry_param){ .entry_timeout = FOREVER });
	else
		reply(req, e);
}

/* Its content is made, at open: a fixed file, or one of dirs.h. */
static bool is_made(uint64_t ino)
{
	return node_as_fixed(ino) != NODE_NONE || dirs_kind(ino);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *f = begin(req);
	struct stat st;
	double timeout;
	enum err e = stat_ino(f, ino, &st, &timeout);

	if (e)
		reply_node(req, e);
	else
		fuse_reply_attr(req, &st, timeout);
}

static enum err set_size(struct fs *f, uint64_t ino, off_t size, struct fuse_file_info *fi)
{
	struct handle *h;

	if (is_made(ino))
		return ino == node_fixed_ino(NODE_CTL) ? ERR_OK : ERR_PERM;
	if (fi)
		return handle_truncate(handle_of(fi), &f->env, (size_t)size);
	TRY(handle_open(f->files, &f->env, ino, false, &h));
	enum err e = handle_truncate(h, &f->env, (size_t)size);
	if (!e)
		e = handle_flush(h, &f->env);
	handle_release(f->files, h, &f->env);
	return e;
}

static enum err touch_made(struct fs *f, uint64_t ino)
{
	const struct kind_def *k = dirs_kind(ino);
	struct found at;
	bool hidden;

	if (!k || !k->touch)
		return ERR_OK;
	TRY(tree_node(&f->env, ino, &at, &hidden));
	return k->touch(&f->env, &at);
}

/* Times and modes of tasks are what they are; to set them is accepted, as every tool does it after a save. */
static enum err set_attr(struct fs *f, uint64_t ino, const struct stat *a, int set, struct fuse_file_info *fi)
{
	if (((set & FUSE_SET_ATTR_UID) && a->st_uid != f->owner.uid) ||
	    ((set & FUSE_SET_ATTR_GID) && a->st_gid != f->owner.gid))
		return ERR_PERM;
	if (set & FUSE_SET_ATTR_SIZE)
		TRY(set_size(f, ino, a->st_size, fi));
	if (set & FUSE_SET_ATTR_MTIME)
		TRY(touch_made(f, ino));
	if ((set & FUSE_SET_ATTR_MODE) && node_kind(ino) == KIND_SCRATCH) {
		enum err e = store_scratch_chmod(f->env.store, node_id(ino), a->st_mode & 0777);
		if (e != ERR_NOENT)
			return e;
	}
	return ERR_OK;
}

static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *a, int set, struct fuse_file_info *fi)
{
	struct fs *f = begin(req);
	struct stat st;
	double timeout;
	enum err e = set_attr(f, ino, a, set, fi);

	if (!e)
		e = stat_ino(f, ino, &st, &timeout);
	if (e)
		reply_node(req, e);
	else
		fuse_reply_attr(req, &st, timeout);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct fs *f = begin(req);
	struct found at;
	const struct kind_def *made = dirs_kind(ino);
	bool hidden;
	enum err e = tree_node(&f->env, ino, &at, &hidden);

	buf_clear(&f->text);
	if (!e)
		e = made ? made->text(&f->env, &at, &f->text) : store_scratch_text(f->env.store, at.x.id, &f->text);
	if (e)
		reply_node(req, e);
	else
		fuse_reply_readlink(req, buf_str(&f->text));
}

/* ---- files ---------------------------------------------------------------------------------------------------- */

static bool take_stale(struct fs *f, uint64_t ino)
{
	uint64_t *p = &f->stale[(ino >> 6) % (sizeof(f->stale) / sizeof(*f->stale))];

	if (*p != ino)
		return false;
	*p = 0;
	return true;
}

static enum err made_text(struct fs *f, uint64_t ino, struct buf *out)
{
	enum fixed n = node_as_fixed(ino);
	struct found at;
	bool hidden;

	if (n != NODE_NONE)
		return control_text(&f->control, &f->env, n, out);
	TRY(tree_node(&f->env, ino, &at, &hidden));
	return dirs_kind(ino)->text(&f->env, &at, out);
}

static bool is_events(uint64_t ino)
{
	return ino == node_fixed_ino(NODE_EVENTS);
}

static struct events_reader *reader_of(const struct fuse_file_info *fi)
{
	return (struct events_reader *)(uintptr_t)fi->fh;	/* NOLINT(performance-no-int-to-ptr) */
}

static void open_events(fuse_req_t req, struct fs *f, struct fuse_file_info *fi)
{
	bool reads = (fi->flags & O_ACCMODE) == O_RDONLY;
	struct events_reader *r = reads ? events_open(f->events) : NULL;

	if (!r) {
		reply(req, reads ? ERR_NOMEM : ERR_PERM);
		return;
	}
	fi->fh = (uintptr_t)r;
	fi->direct_io = 1;
	if (fuse_reply_open(req, fi))
		events_close(f->events, r);
}

static void open_made(fuse_req_t req, struct fs *f, uint64_t ino, struct fuse_file_info *fi)
{
	AUTO_FREE struct buf *b = calloc(1, sizeof(*b));
	enum err e = b ? made_text(f, ino, b) : ERR_NOMEM;

	if (!e && (fi->flags & O_ACCMODE) != O_RDONLY && ino != node_fixed_ino(NODE_CTL))
		e = ERR_PERM;
	if (e) {
		if (b)
			buf_finish(b);
		reply_node(req, e);
		return;
	}
	fi->fh = (uintptr_t)TAKE(b);
	fi->direct_io = 1;
	fuse_reply_open(req, fi);
}

static bool is_open_or_visible(struct fs *f, uint64_t ino)
{
	struct found at;
	bool hidden;

	return files_find(f->files, ino) || (tree_node(&f->env, ino, &at, &hidden) == ERR_OK && !hidden);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *f = begin(req);
	struct handle *h = NULL;
	bool reads = (fi->flags & O_ACCMODE) == O_RDONLY;

	if (is_events(ino)) {
		open_events(req, f, fi);
		return;
	}
	if (is_made(ino)) {
		open_made(req, f, ino, fi);
		return;
	}
	enum err e = is_open_or_visible(f, ino) ?
		handle_open(f->files, &f->env, ino, !reads && fi->flags & O_TRUNC, &h) : ERR_NOENT;
	if (e) {
		reply_node(req, e);
		return;
	}
	fi->fh = (uintptr_t)h;
	fi->keep_cache = !take_stale(f, ino);
	fi->noflush = reads;
	if (fuse_reply_open(req, fi))
		handle_release(f->files, h, &f->env);
}

static void op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *fi)
{
	struct fs *f = begin(req);
	struct found at;
	struct fuse_entry_param entry;
	struct handle *h = NULL;
	enum err e = told(f, tree_create(&f->env, f->files, parent, name, mode, &at));
	bool there = e == ERR_EXIST && !(fi->flags & O_EXCL) && !tree_find(&f->env, parent, name, &at);

	if (there)	/* it came from elsewhere, or under a former name, while the kernel thought there was none */
		e = ERR_OK;
	if (!e && node_kind(at.ino) != KIND_TASK && node_kind(at.ino) != KIND_SCRATCH)
		e = ERR_PERM;
	if (!e)		/* what it continues begins empty, too */
		e = handle_open(f->files, &f->env, at.ino, (there && fi->flags & O_TRUNC) || (!there && at.e.size), &h);
	if (!e && !there)
		h->file->touched = true;
	if (!e)
		e = fill_entry(f, &at, &entry);
	if (e) {
		if (h)
			handle_release(f->files, h, &f->env);
		reply(req, e);
		return;
	}
	fi->fh = (uintptr_t)h;
	if (fuse_reply_create(req, &entry, fi))
		handle_release(f->files, h, &f->env);
}

static void reply_part(fuse_req_t req, const char *s, size_t n, size_t size, off_t off)
{
	size_t from = (size_t)off < n ? (size_t)off : n;

	fuse_reply_buf(req, s + from, size < n - from ? size : n - from);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	struct fs *f = begin(req);
	const char *s;
	size_t n;

	if (is_events(ino)) {
		events_read(f->events, f->env.store, reader_of(fi), req, size, off, !(fi->flags & O_NONBLOCK));
		return;
	}
	if (is_made(ino)) {
		reply_part(req, buf_str(text_of(fi)), text_of(fi)->n, size, off);
		return;
	}
	struct file *p = handle_of(fi)->file;
	buf_clear(&f->text);
	enum err e = file_read(&f->env, p->to ? p->to : p, &f->text, &s, &n);
	if (e)
		reply(req, e);
	else
		reply_part(req, s, n, size, off);
}

/* What does not change by itself is always ready; to be told so, the kernel need not ask again. */
static void op_poll(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct fuse_pollhandle *ph)
{
	struct fs *f = begin(req);

	if (is_events(ino)) {
		events_poll(f->events, f->env.store, reader_of(fi), req, ph);
		return;
	}
	fuse_reply_poll(req, POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM);
	if (ph)
		fuse_pollhandle_destroy(ph);
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *s, size_t n, off_t off, struct fuse_file_info *fi)
{
	struct fs *f = begin(req);
	bool appends = fi->flags & O_APPEND && !fi->writepage;
	enum err e = ino == node_fixed_ino(NODE_CTL) ? verbs_write(&f->control, &f->env, s, n) :
		(appends ? handle_append : handle_write)(handle_of(fi), &f->env, s, n, (size_t)off);

	if (e)
		reply(req, e);
	else
		fuse_reply_write(req, n);
}

static void op_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *f = begin(req);

	reply(req, is_made(ino) ? ERR_OK : handle_flush(handle_of(fi), &f->env));
}

static void op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	struct fs *f = begin(req);
	enum err e = is_made(ino) ? ERR_OK : handle_flush(handle_of(fi), &f->env);

	reply(req, e ? e : store_sync(f->env.store));
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *f = begin(req);

	if (is_events(ino)) {
		events_close(f->events, reader_of(fi));
	} else if (is_made(ino)) {
		buf_finish(text_of(fi));
		free(text_of(fi));
	} else {
		handle_release(f->files, handle_of(fi), &f->env);
	}
	fuse_reply_err(req, 0);
}

/* ---- names ---------------------------------------------------------------------------------------------------- */

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	struct fs *f = begin(req);
	struct found at;
	enum err e = S_ISREG(mode) ? tree_create(&f->env, f->files, parent, name, mode, &at) : ERR_PERM;

	if (!e && node_kind(at.ino) == KIND_TASK)
		e = store_closed(f->env.store, at.e.id, f->env.now, f->env.grace_ms);
	if (e)
		reply(req, e);
	else
		reply_found(req, f, &at);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	struct fs *f = begin(req);
	struct found at;
	enum err e = tree_lock(&f->env, parent, name, target, &at);

	if (e)
		reply(req, e);
	else
		reply_found(req, f, &at);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	struct fs *f = begin(req);
	struct found at;
	enum err e = tree_mkdir(&f->env, parent, name, &at);

	if (e)
		reply(req, e);
	else
		reply_found(req, f, &at);
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	reply(req, tree_rmdir(&begin(req)->env, parent, name));
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	fuse_reply_err(req, EPERM);
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *f = begin(req);

	reply(req, told(f, tree_remove(&f->env, f->files, parent, name)));
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t to_parent, const char *to,
	unsigned flags)
{
	struct fs *f = begin(req);

	if (flags & ~(unsigned)RENAME_NOREPLACE) {
		fuse_reply_err(req, EINVAL);
		return;
	}
	enum err e = told(f, tree_rename(&f->env, f->files, parent, name, to_parent, to, flags & RENAME_NOREPLACE));
	fuse_reply_err(req, text_rejected(e) ? EPERM : fs_errno(e));
}

/* ---- directories ---------------------------------------------------------------------------------------------- */

/* A listing of what is generated, made when it is read from its begin: each name with its NUL, and its inode. */
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
static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *f = begin(req);
	enum fixed dir = node_as_fixed(ino);

	if (dirs_dir(ino)) {
		fi->fh = (uintptr_t)calloc(1, sizeof(struct snapshot));
		if (!fi->fh)
			reply(req, ERR_NOMEM);
		else
			fuse_reply_open(req, fi);
		return;
	}
	if (dir == NODE_NONE) {
		fuse_reply_err(req, ENOTDIR);
		return;
	}
	struct dir_seen *d = look(f, dir);
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

/* at NULL: "." and "..", which the kernel knows. */
static bool put(struct listing *l, const char *name, const struct found *at, const struct stat *dot, int64_t cookie)
{
	struct fuse_entry_param e = { 0 };
	char *to = l->f->page + l->n;
	size_t n, room = l->size - l->n;

	if (!at)
		e.attr = *dot;
	else if (!l->plus && node_kind(at->ino) == KIND_TASK)	/* listed brief */
		e.attr.st_ino = at->ino, e.attr.st_mode = S_IFREG;
	else
		l->err = fill_entry(l->f, at, &e);
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
	struct found at = { .ino = node_ino(KIND_TASK, e->id), .e = *e, .lasting = true };

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
		TRY(store_list(l->f->env.store, &all, after < COOKIE_TASK ? 0 : after - COOKIE_TASK, put_task, l));
	return l->err;
}

static enum err put_scratches(struct listing *l, int64_t after)
{
	enum scratch_place place;

	if (!l->full && tree_place(node_fixed_ino(l->dir), &place))
		TRY(store_scratch_list(l->f->env.store, place, after < COOKIE_SCRATCH ? 0 : after - COOKIE_SCRATCH, put_scratch,
			l));
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

/* Entry i of the snapshot, whose cookie is COOKIE_FIXED + i; names only, as the kernel would keep nothing else. */
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
	struct stat up = { .st_ino = node_fixed_ino(k ? k->parent : node_fixed[l->dir].parent), .st_mode = S_IFDIR };

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

static void read_dir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, const struct fuse_file_info *fi, bool plus)
{
	struct fs *f = begin(req);
	struct listing l = { .f = f, .req = req, .dir = node_as_fixed(ino), .plus = plus, .size = size };
	enum err e = page_of(f, size);

	if (!e)
		e = dirs_dir(ino) ? list_made(&l, ino, snapshot_of(fi), off) : l.dir != NODE_NONE ? list(&l, off) : ERR_PERM;
	if (e && !l.n)
		reply(req, e);
	else
		fuse_reply_buf(req, f->page, l.n);
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	read_dir(req, ino, size, off, fi, false);
}

static void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	read_dir(req, ino, size, off, fi, true);
}

static void op_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct snapshot *s = dirs_dir(ino) ? snapshot_of(fi) : NULL;

	if (s) {
		buf_finish(&s->names);
		free(s->ino);
		free(s);
	}
	fuse_reply_err(req, 0);
}

static void op_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	reply(req, store_sync(begin(req)->env.store));
}

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct fs *f = begin(req);
	struct statvfs v;
	struct counts n = { 0 };

	if (statvfs(f->o->store_path, &v)) {
		fuse_reply_err(req, errno);
		return;
	}
	if (store_counts(f->env.store, f->env.now, &n))
		log_warn("event=count-failed");
	v.f_files = (fsfilcnt_t)(n.open + n.completed);
	v.f_ffree = v.f_favail = 1 << 30;
	v.f_namemax = NAME_LEN;
	fuse_reply_statfs(req, &v);
}

/* ---- extended attributes -------------------------------------------------------------------------------------- */

static void reply_value(fuse_req_t req, const struct buf *b, size_t size)
{
	if (!size)
		fuse_reply_xattr(req, b->n);
	else if (b->n > size)
		fuse_reply_err(req, ERANGE);
	else
		fuse_reply_buf(req, b->s, b->n);
}

/* The kernel asks for security.capability before every first write: that must cost nothing. To hear that there are no
 * ACLs and labels here at all, rather than none on this file, keeps ls -l from asking for every file's. */
static void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	AUTO_BUF value = BUF_INIT;
	enum err e = ERR_NOENT;

	if (strncmp(name, "user.", 5)) {
		fuse_reply_err(req, ENOTSUP);
		return;
	}
	if (node_kind(ino) == KIND_TASK && xattr_known(name))
		e = xattr_get(&begin(req)->env, node_id(ino), name, &value);
	if (e)
		fuse_reply_err(req, e == ERR_NOENT ? ENODATA : fs_errno(e));
	else
		reply_value(req, &value, size);
}

static void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	AUTO_BUF names = BUF_INIT;
	enum err e = node_kind(ino) == KIND_TASK ? xattr_list(&begin(req)->env, node_id(ino), &names) : ERR_OK;

	if (e)
		reply_node(req, e);
	else
		reply_value(req, &names, size);
}

/* An errno. */
static int writable_attr(uint64_t ino, const char *name)
{
	return !xattr_known(name) ? ENOTSUP : node_kind(ino) != KIND_TASK || !xattr_writable(name) ? EPERM : 0;
}

static bool has_attr(struct fs *f, uint64_t ino, const char *name)
{
	AUTO_BUF value = BUF_INIT;

	return !xattr_get(&f->env, node_id(ino), name, &value);
}

static void op_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t size, int flags)
{
	int e = writable_attr(ino, name);
	struct fs *f = begin(req);
	bool there = !e && flags && has_attr(f, ino, name);

	if (e)
		fuse_reply_err(req, e);
	else if (flags & XATTR_CREATE && there)
		fuse_reply_err(req, EEXIST);
	else if (flags & XATTR_REPLACE && !there)
		fuse_reply_err(req, ENODATA);
	else
		reply_node(req, xattr_set(&f->env, node_id(ino), name, value, size));
}

static void op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	int e = writable_attr(ino, name);
	struct fs *f = begin(req);

	if (e)
		fuse_reply_err(req, e);
	else if (!has_attr(f, ino, name))
		fuse_reply_err(req, ENODATA);
	else
		reply_node(req, xattr_clear(&f->env, node_id(ino), name));
}

/* ---- the session ---------------------------------------------------------------------------------------------- */

/* No automatic dropping of pages: the kernel would do it after each of its own writes. notify.c says when. */
static void op_init(void *userdata, struct fuse_conn_info *c)
{
	struct fs *f = userdata;

	c->want &= ~(unsigned)(FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE |
		FUSE_CAP_SPLICE_MOVE | FUSE_CAP_WRITEBACK_CACHE);
	c->want |= c->capable & (FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_ATOMIC_O_TRUNC |
		FUSE_CAP_PARALLEL_DIROPS);
	f->started = true;
}

const struct fuse_lowlevel_ops fs_ops = {
	.init = op_init,
	.lookup = op_lookup,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.readlink = op_readlink,
	.mknod = op_mknod,
	.mkdir = op_mkdir,
	.unlink = op_unlink,
	.rmdir = op_rmdir,
	.symlink = op_symlink,
	.rename = op_rename,
	.link = op_link,
	.open = op_open,
	.create = op_create,
	.read = op_read,
	.write = op_write,
	.flush = op_flush,
	.release = op_release,
	.fsync = op_fsync,
	.opendir = op_opendir,
	.readdir = op_readdir,
	.readdirplus = op_readdirplus,
	.poll = op_poll,
	.releasedir = op_releasedir,
	.fsyncdir = op_fsyncdir,
	.statfs = op_statfs,
	.getxattr = op_getxattr,
	.listxattr = op_listxattr,
	.setxattr = op_setxattr,
	.removexattr = op_removexattr,
};
