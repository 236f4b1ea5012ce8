/* ops_attr - attributes of what a name or a number stands for, extended ones, and of the whole. */
#define LOG_MODULE "ops"
#include "ops.h"
#include "dirs.h"
#include "events.h"
#include "log.h"
#include "xattr.h"
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

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
		ms = node_fixed[n].type == TYPE_DIR ? f->mounted_at : ops_look(f, n)->ms;
	node_stat_fixed(n, &f->owner, size, ms, st);
	*timeout = file || node_fixed[n].type == TYPE_VIEW ? 0 : FOREVER;
	return ERR_OK;
}

/* While somebody is writing, the size is the buffer's; and it is asked anew after the commit, which may set
 * another. */
static void stat_open(const struct file *p, struct stat *st, double *timeout)
{
	st->st_size = (off_t)p->text.n;
	st->st_blocks = (st->st_size + 511) / 512;
	if (p->dirty)
		st->st_mtim.tv_sec = p->written_at / 1000,
		st->st_mtim.tv_nsec = p->written_at % 1000 * 1000000;
	if (p->gone)
		st->st_nlink = 0;
	*timeout = 0;
}

/* What a row of dirs.h makes is as of now: nothing of it is kept, but that a directory is one. */
static enum err stat_made(struct fs *f, const struct found *at, struct stat *st, double *timeout)
{
	const struct kind_def *k = dirs_kind(at->ino);
	AUTO_BUF text = BUF_INIT;

	if (k->text)
		TRY(k->text(&f->env, at, &text));
	node_stat_made(at->ino, k->mode, &f->owner, (int64_t)text.n, at->ms ? at->ms : f->mounted_at, st);
	*timeout = k->dir ? FOREVER : 0;
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
	const struct file *fresh = f->env.fresh;
	struct found at = { .ino = ino, .lasting = true };
	bool hidden;

	if (n != NODE_NONE)
		return stat_fixed(f, n, st, timeout);
	if (fresh && fresh->ino == ino) {
		at.e = *fresh->fresh;
		return stat_found(f, &at, st, timeout);
	}
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

/* How long a name may be kept: scratch is renamed onto tasks and links into other views, and must be looked
 * up then. */
static double name_timeout(const struct found *at)
{
	unsigned kind = node_kind(at->ino);

	return at->lasting && (kind == KIND_TASK || kind == KIND_FIXED) ? FOREVER : 0;
}

enum err ops_entry(struct fs *f, const struct found *at, struct fuse_entry_param *e)
{
	enum fixed n = node_as_fixed(at->ino);

	*e = (struct fuse_entry_param){ .ino = at->ino, .entry_timeout = name_timeout(at) };
	if (n != NODE_NONE)
		return stat_fixed(f, n, &e->attr, &e->attr_timeout);
	if (node_kind(at->ino) == KIND_TASK)
		bits_add(&f->visible, node_id(at->ino));
	return stat_found(f, at, &e->attr, &e->attr_timeout);
}

void ops_reply_found(fuse_req_t req, struct fs *f, const struct found *at)
{
	struct fuse_entry_param e;
	enum err err = ops_entry(f, at, &e);

	if (err)
		ops_reply(req, err);
	else
		fuse_reply_entry(req, &e);
}

/* Of what is known, at.e has no more than its attributes need. */
static enum err find(struct fs *f, uint64_t dir, const char *name, struct found *at)
{
	*at = (struct found){ .lasting = true };
	if (known_get(&f->known, f->snapshot, dir, name, &at->e)) {
		at->ino = node_ino(KIND_TASK, at->e.id);
		return ERR_OK;
	}
	TRY(tree_find(&f->env, dir, name, at));
	if (node_kind(at->ino) == KIND_TASK && at->lasting)
		known_put(&f->known, f->snapshot, dir, &at->e);
	return ERR_OK;
}

void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *f = ops_begin(req);
	struct found at;
	enum fixed dir = node_as_fixed(parent);
	enum err e = find(f, parent, name, &at);

	if (!e)
		ops_reply_found(req, f, &at);
	else if (e == ERR_NOENT && at.lasting && dir != NODE_NONE && node_fixed[dir].type == TYPE_TASKS)
		fuse_reply_entry(req, &(struct fuse_entry_param){ .entry_timeout = FOREVER });
	else
		ops_reply(req, e);
}

/* The kernel holds nothing of it any more. */
static void forget(struct fs *f, uint64_t ino)
{
	if (node_kind(ino) == KIND_TASK)
		bits_drop(&f->told, node_id(ino));
}

void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t lookups)
{
	forget(fuse_req_userdata(req), ino);
	fuse_reply_none(req);
}

void op_forget_multi(fuse_req_t req, size_t n, struct fuse_forget_data *v)
{
	for (size_t i = 0; i < n; i++)
		forget(fuse_req_userdata(req), v[i].ino);
	fuse_reply_none(req);
}

/* Its content is made, at open: a fixed file, or one of dirs.h. */
bool ops_is_made(uint64_t ino)
{
	return node_as_fixed(ino) != NODE_NONE || dirs_kind(ino);
}

void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *f = ops_begin_on(req, ino);
	struct stat st;
	double timeout;
	enum err e = stat_ino(f, ino, &st, &timeout);

	if (e)
		ops_reply_node(req, e);
	else
		fuse_reply_attr(req, &st, timeout);
}

static enum err set_size(struct fs *f, uint64_t ino, off_t size, struct fuse_file_info *fi)
{
	struct handle *h;

	if (ops_is_made(ino))
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

void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *a, int set, struct fuse_file_info *fi)
{
	struct fs *f = ops_begin(req);
	struct stat st;
	double timeout;
	enum err e = set_attr(f, ino, a, set, fi);

	notify_await_nodes(f->notify);
	if (!e)
		e = stat_ino(f, ino, &st, &timeout);
	if (e)
		ops_reply_node(req, e);
	else
		fuse_reply_attr(req, &st, timeout);
}

void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct fs *f = ops_begin(req);
	struct found at;
	const struct kind_def *made = dirs_kind(ino);
	bool hidden;
	enum err e = tree_node(&f->env, ino, &at, &hidden);

	buf_clear(&f->text);
	if (!e)
		e = made ? made->text(&f->env, &at, &f->text)
			: store_scratch_text(f->env.store, at.x.id, &f->text);
	if (e)
		ops_reply_node(req, e);
	else
		fuse_reply_readlink(req, buf_str(&f->text));
}

/* ---- the file system ----------------------------------------------------------------------------------- */

/* find and du ask at every start, and to count takes as long as a listing. */
static int64_t files_there(struct fs *f)
{
	struct counts n = { 0 };

	if (f->snapshot && f->counted.snapshot == f->snapshot)
		return f->counted.files;
	if (store_counts(f->env.store, f->env.now, &n))
		log_warn("event=count-failed");
	f->counted.snapshot = f->snapshot;
	f->counted.files = n.open + n.completed;
	return f->counted.files;
}

void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct fs *f = ops_begin(req);
	struct statvfs v;

	if (statvfs(f->o->store_path, &v)) {
		fuse_reply_err(req, errno);
		return;
	}
	v.f_files = (fsfilcnt_t)files_there(f);
	v.f_ffree = v.f_favail = 1 << 30;
	v.f_namemax = NAME_LEN;
	fuse_reply_statfs(req, &v);
}

/* ---- extended attributes ------------------------------------------------------------------------------- */

static void reply_value(fuse_req_t req, const struct buf *b, size_t size)
{
	if (!size)
		fuse_reply_xattr(req, b->n);
	else if (b->n > size)
		fuse_reply_err(req, ERANGE);
	else
		fuse_reply_buf(req, b->s, b->n);
}

/* The kernel asks for security.capability before every first write: that must cost nothing. To hear that
 * there are no ACLs and labels here at all, rather than none on this file, keeps ls -l from asking for every
 * file's. */
void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	AUTO_BUF value = BUF_INIT;
	enum err e = ERR_NOENT;

	if (strncmp(name, "user.", 5)) {
		fuse_reply_err(req, ENOTSUP);
		return;
	}
	if (node_kind(ino) == KIND_TASK && xattr_known(name))
		e = xattr_get(&ops_begin(req)->env, node_id(ino), name, &value);
	if (e)
		fuse_reply_err(req, e == ERR_NOENT ? ENODATA : fs_errno(e));
	else
		reply_value(req, &value, size);
}

void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	AUTO_BUF names = BUF_INIT;
	enum err e = node_kind(ino) == KIND_TASK ? xattr_list(&ops_begin(req)->env, node_id(ino), &names)
		: ERR_OK;

	if (e)
		ops_reply_node(req, e);
	else
		reply_value(req, &names, size);
}

/* An errno. */
static int writable_attr(uint64_t ino, const char *name)
{
	return !xattr_known(name) ? ENOTSUP
		: node_kind(ino) != KIND_TASK || !xattr_writable(name) ? EPERM : 0;
}

static bool has_attr(struct fs *f, uint64_t ino, const char *name)
{
	AUTO_BUF value = BUF_INIT;

	return !xattr_get(&f->env, node_id(ino), name, &value);
}

static void reply_edited(fuse_req_t req, struct fs *f, enum err e)
{
	notify_await_nodes(f->notify);
	ops_reply_node(req, e);
}

void op_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t size, int flags)
{
	int e = writable_attr(ino, name);
	struct fs *f = ops_begin(req);
	bool there = !e && flags && has_attr(f, ino, name);

	if (e)
		fuse_reply_err(req, e);
	else if (flags & XATTR_CREATE && there)
		fuse_reply_err(req, EEXIST);
	else if (flags & XATTR_REPLACE && !there)
		fuse_reply_err(req, ENODATA);
	else
		reply_edited(req, f, xattr_set(&f->env, node_id(ino), name, value, size));
}

void op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	int e = writable_attr(ino, name);
	struct fs *f = ops_begin(req);

	if (e)
		fuse_reply_err(req, e);
	else if (!has_attr(f, ino, name))
		fuse_reply_err(req, ENODATA);
	else
		reply_edited(req, f, xattr_clear(&f->env, node_id(ino), name));
}
