/* ops_file - files: tasks and scratch (handle.h), what is generated, and the events. */
#include "ops.h"
#include "dirs.h"
#include "events.h"
#include "verbs.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

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

/* What open left in fh, of what is generated. */
static struct buf *text_of(const struct fuse_file_info *fi)
{
	return (struct buf *)(uintptr_t)fi->fh;		/* NOLINT(performance-no-int-to-ptr) */
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
		ops_reply(req, reads ? ERR_NOMEM : ERR_PERM);
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
		ops_reply_node(req, e);
		return;
	}
	fi->fh = (uintptr_t)TAKE(b);
	fi->direct_io = 1;
	fuse_reply_open(req, fi);
}

static bool is_visible(struct fs *f, uint64_t ino)
{
	struct found at;
	bool hidden;

	return (node_kind(ino) == KIND_TASK && bits_has(&f->visible, node_id(ino))) ||
		(tree_node(&f->env, ino, &at, &hidden) == ERR_OK && !hidden);
}

/*
 * A reader who finds the text in the kernel's pages need not ask us for it. Only where nobody else has it
 * open: a page that is being read is locked until we have answered. What was committed meanwhile, the kernel
 * may have been told before it got the page.
 */
static void give_text(struct fs *f, uint64_t ino)
{
	int64_t id = node_id(ino);

	if (node_kind(ino) != KIND_TASK || !f->snapshot || bits_has(&f->told, id))
		return;
	buf_clear(&f->text);
	if (store_text(f->env.store, id, &f->text))
		return;
	struct fuse_bufvec text = FUSE_BUFVEC_INIT(f->text.n);
	text.buf[0].mem = f->text.s;
	if (f->text.n && !fuse_lowlevel_notify_store(f->session, ino, 0, &text, 0))
		bits_add(&f->told, id);
	if (!store_is_latest(f->env.store))
		notify_order(f->notify, ino, NULL);
}

void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *f = ops_begin(req);
	struct handle *h = NULL;
	bool reads = (fi->flags & O_ACCMODE) == O_RDONLY;

	if (is_events(ino)) {
		open_events(req, f, fi);
		return;
	}
	if (ops_is_made(ino)) {
		open_made(req, f, ino, fi);
		return;
	}
	bool shared = files_find(f->files, ino);
	enum err e = shared || is_visible(f, ino) ?
		handle_open(f->files, &f->env, ino, !reads && fi->flags & O_TRUNC, &h) : ERR_NOENT;
	if (e) {
		ops_reply_node(req, e);
		return;
	}
	fi->fh = (uintptr_t)h;
	fi->keep_cache = !take_stale(f, ino);
	fi->noflush = reads;
	if (reads && !shared && fi->keep_cache)
		give_text(f, ino);
	if (fuse_reply_open(req, fi))
		handle_release(f->files, h, &f->env);
}

void op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *fi)
{
	struct fs *f = ops_begin(req);
	struct found at;
	struct fuse_entry_param entry;
	struct handle *h = NULL;
	enum err e = ops_told(f, tree_create(&f->env, f->files, parent, name, mode, true, &at));
	bool there = e == ERR_EXIST && !(fi->flags & O_EXCL) && !tree_find(&f->env, parent, name, &at);

	/* it came from elsewhere, or under a former name, while the kernel thought there was none */
	if (there)
		e = ERR_OK;
	if (!e && node_kind(at.ino) != KIND_TASK && node_kind(at.ino) != KIND_SCRATCH)
		e = ERR_PERM;
	if (!e)		/* what it continues begins empty, too */
		e = at.fresh ? handle_create(f->files, &f->env, &at.e, &h)
			: handle_open(f->files, &f->env, at.ino, (there && fi->flags & O_TRUNC) ||
			(!there && at.e.size), &h);
	if (!e && !there)
		h->file->touched = true;
	if (!e)
		e = ops_entry(f, &at, &entry);
	if (e) {
		if (h)
			handle_release(f->files, h, &f->env);
		ops_reply(req, e);
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

void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	struct fs *f = ops_begin(req);
	const char *s;
	size_t n;

	if (is_events(ino)) {
		events_read(f->events, f->env.store, reader_of(fi), req, size, off,
			!(fi->flags & O_NONBLOCK));
		return;
	}
	if (ops_is_made(ino)) {
		reply_part(req, buf_str(text_of(fi)), text_of(fi)->n, size, off);
		return;
	}
	struct file *p = handle_of(fi)->file;
	buf_clear(&f->text);
	enum err e = file_read(&f->env, p->to ? p->to : p, &f->text, &s, &n);
	if (!e && node_kind(ino) == KIND_TASK)
		bits_add(&f->told, node_id(ino));
	if (e)
		ops_reply(req, e);
	else
		reply_part(req, s, n, size, off);
}

/* What does not change by itself is always ready; to be told so, the kernel need not ask again. */
void op_poll(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct fuse_pollhandle *ph)
{
	struct fs *f = ops_begin(req);

	if (is_events(ino)) {
		events_poll(f->events, f->env.store, reader_of(fi), req, ph);
		return;
	}
	fuse_reply_poll(req, POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM);
	if (ph)
		fuse_pollhandle_destroy(ph);
}

void op_write(fuse_req_t req, fuse_ino_t ino, const char *s, size_t n, off_t off, struct fuse_file_info *fi)
{
	struct fs *f = ops_begin_on(req, ino);
	bool appends = fi->flags & O_APPEND && !fi->writepage;
	enum err e = ino == node_fixed_ino(NODE_CTL) ? verbs_write(&f->control, &f->env, s, n) :
		(appends ? handle_append : handle_write)(handle_of(fi), &f->env, s, n, (size_t)off);

	if (e)
		ops_reply(req, e);
	else
		fuse_reply_write(req, n);
}

void op_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *f = ops_begin_on(req, ino);
	enum err e = ops_is_made(ino) ? ERR_OK : ops_told(f, handle_flush(handle_of(fi), &f->env));

	notify_await(f->notify);
	ops_reply(req, e);
}

void op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	struct fs *f = ops_begin_on(req, ino);
	enum err e = ops_is_made(ino) ? ERR_OK : ops_told(f, handle_flush(handle_of(fi), &f->env));

	notify_await_nodes(f->notify);
	ops_reply(req, e ? e : store_sync(f->env.store));
}

void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *f = ops_begin_on(req, ino);

	if (is_events(ino)) {
		events_close(f->events, reader_of(fi));
	} else if (ops_is_made(ino)) {
		buf_finish(text_of(fi));
		free(text_of(fi));
	} else {
		handle_release(f->files, handle_of(fi), &f->env);
		ops_told(f, ERR_OK);
	}
	fuse_reply_err(req, 0);
}
