/* ops - the table of operations, names, and what the operations share. The rest: ops_attr.c, ops_file.c,
 * ops_dir.c. */
#define LOG_MODULE "ops"
#include "ops.h"
#include "clock.h"
#include "dirs.h"
#include "log.h"
#include <errno.h>
#include <linux/fs.h>
#include <string.h>
#include <time.h>

#define AGE_MS INT64_C(3600000)

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
struct dir_seen *ops_look(struct fs *f, enum fixed dir)
{
	bool lost = false, same = f->snapshot && f->looked == f->snapshot && store_is_latest(f->env.store);

	enum err e = same ? ERR_OK : store_changes(f->env.store, f->seq, touch_dirs, f, &lost);
	if (e)
		log_warn("event=feed-failed");
	for (int n = 0; lost && n < NFIXED; n++)
		touch_dir(f, (enum fixed)n);
	f->looked = e ? 0 : f->snapshot;
	if (!f->dir[dir].ms)
		f->dir[dir].ms = f->mounted_at;
	return &f->dir[dir];
}

/* A new day, or another zone: the views hold something else, and say so to who looks at their times. */
static void look_at_the_day(struct fs *f, time_t t)
{
	char was[DATE_LEN];

	memcpy(was, f->env.today, DATE_LEN);
	date_of(t, f->env.today);
	if (strcmp(was, f->env.today))
		touch_views(f);
}

int64_t ops_lived(void)
{
	return clock_ms(CLOCK_BOOTTIME);
}

void ops_age(struct fs *f, int64_t ms)
{
	int64_t now = ops_lived(), passed = now - f->aged;

	if (passed < ms)
		return;
	f->aged = now;	/* on a full disk it is older than it thinks: just as well */
	if (store_trash_age(f->env.store, passed))
		log_warn("event=age-failed");
}

/* Each request has one time. The date costs a look at the zone file, so once a second will do. */
static void set_time(struct fs *f)
{
	int64_t was = f->env.now;

	f->env.now = clock_ms(CLOCK_REALTIME);
	if (f->env.now / 1000 == was / 1000)
		return;
	look_at_the_day(f, f->env.now / 1000);
	ops_age(f, AGE_MS);
	if (files_closed(&f->env))
		log_warn("event=close-not-noted");
}

/* Where there is no room for it, its writer is told. */
static void make_fresh(struct fs *f)
{
	f->env.known = 0;
	if (ops_told(f, files_make(&f->env)))
		log_warn("event=create-failed");
	f->env.known = 0;
}

void ops_idle(struct fs *f)
{
	set_time(f);
	make_fresh(f);
	if (files_closed(&f->env))
		log_warn("event=close-not-noted");
	store_rest(f->env.store);
}

struct fs *ops_begin_on(fuse_req_t req, uint64_t ino)
{
	struct fs *f = fuse_req_userdata(req);

	set_time(f);
	f->env.known = 0;
	if (f->env.fresh && f->env.fresh->ino != ino)
		make_fresh(f);
	int64_t snapshot = store_hold(f->env.store);
	if (!snapshot || snapshot != f->snapshot)
		bits_clear(&f->visible);
	f->snapshot = snapshot;
	return f;
}

struct fs *ops_begin(fuse_req_t req)
{
	return ops_begin_on(req, 0);
}

/* After what changed names: before the notify thread reads of it, if it can be. */
enum err ops_told(struct fs *f, enum err e)
{
	if (f->env.known)
		notify_known(f->notify, f->env.known);
	return e;
}

void ops_reply(fuse_req_t req, enum err e)
{
	fuse_reply_err(req, fs_errno(e));
}

/* A node that is not there any more: the kernel looks its name up anew and tries again. */
void ops_reply_node(fuse_req_t req, enum err e)
{
	fuse_reply_err(req, e == ERR_NOENT ? ESTALE : fs_errno(e));
}

/* ---- names --------------------------------------------------------------------------------------------- */

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	struct fs *f = ops_begin(req);
	struct found at;
	enum err e = S_ISREG(mode) ? tree_create(&f->env, f->files, parent, name, mode, false, &at)
		: ERR_PERM;

	if (!e && node_kind(at.ino) == KIND_TASK)
		e = store_closed(f->env.store, at.e.id, f->env.now, f->env.grace_ms);
	if (e)
		ops_reply(req, e);
	else
		ops_reply_found(req, f, &at);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	struct fs *f = ops_begin(req);
	struct found at;
	enum err e = tree_lock(&f->env, parent, name, target, &at);

	if (e)
		ops_reply(req, e);
	else
		ops_reply_found(req, f, &at);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	struct fs *f = ops_begin(req);
	struct found at;
	enum err e = tree_mkdir(&f->env, parent, name, &at);

	if (e)
		ops_reply(req, e);
	else
		ops_reply_found(req, f, &at);
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	ops_reply(req, tree_rmdir(&ops_begin(req)->env, parent, name));
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	fuse_reply_err(req, EPERM);
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *f = ops_begin(req);

	enum err e = ops_told(f, tree_remove(&f->env, f->files, parent, name));

	notify_await_nodes(f->notify);
	ops_reply(req, e);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t to_parent,
	const char *to, unsigned flags)
{
	struct fs *f = ops_begin(req);

	if (flags & ~(unsigned)RENAME_NOREPLACE) {
		fuse_reply_err(req, EINVAL);
		return;
	}
	enum err e = ops_told(f, tree_rename(&f->env, f->files, parent, name, to_parent, to,
		flags & RENAME_NOREPLACE));
	notify_await_nodes(f->notify);
	fuse_reply_err(req, text_rejected(e) ? EPERM : fs_errno(e));
}

/* ---- the session --------------------------------------------------------------------------------------- */

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
	.forget = op_forget,
	.forget_multi = op_forget_multi,
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
