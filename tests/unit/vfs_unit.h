/*
 * vfs_unit - SQLite's file system with a hook before everything that reads or writes a file: to fail it, or
 * to record it.
 */
#ifndef VFS_UNIT_H
#define VFS_UNIT_H

#include "unit.h"
#include <sqlite3.h>

enum vfs_what { VFS_OPEN, VFS_READ, VFS_WRITE, VFS_TRUNCATE, VFS_SYNC, VFS_DELETE };
struct vfs_op {
	enum vfs_what op;
	const char *path;
	sqlite3_file *real;	/* NULL: VFS_OPEN, VFS_DELETE */
	const void *p;		/* VFS_WRITE */
	int n;			/* VFS_READ, VFS_WRITE: bytes; VFS_OPEN, VFS_DELETE: flags */
	sqlite3_int64 at;	/* VFS_TRUNCATE: the new size */
};
/* SQLITE_OK: go on and do it; else the answer. */
typedef int vfs_hook_fn(const struct vfs_op *x);

struct vfs_shim {
	sqlite3_file base;
	const char *path;
	sqlite3_file *real;
};

static vfs_hook_fn *vfs_hook;
static sqlite3_vfs vfs_shim, *vfs_real;

static inline sqlite3_file *real(sqlite3_file *f)
{
	return ((struct vfs_shim *)f)->real;
}

static inline int vfs_ask(sqlite3_file *f, enum vfs_what op, const void *p, int n, sqlite3_int64 at)
{
	return vfs_hook(&(struct vfs_op){ op, ((struct vfs_shim *)f)->path, real(f), p, n, at });
}

static inline int on_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	int rc = vfs_ask(f, VFS_READ, NULL, n, at);
	return rc ? rc : real(f)->pMethods->xRead(real(f), p, n, at);
}

static inline int on_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	int rc = vfs_ask(f, VFS_WRITE, p, n, at);
	return rc ? rc : real(f)->pMethods->xWrite(real(f), p, n, at);
}

static inline int on_truncate(sqlite3_file *f, sqlite3_int64 n)
{
	int rc = vfs_ask(f, VFS_TRUNCATE, NULL, 0, n);
	return rc ? rc : real(f)->pMethods->xTruncate(real(f), n);
}

static inline int on_sync(sqlite3_file *f, int flags)
{
	int rc = vfs_ask(f, VFS_SYNC, NULL, 0, 0);
	return rc ? rc : real(f)->pMethods->xSync(real(f), flags);
}

static inline int on_close(sqlite3_file *f)
{
	return real(f)->pMethods->xClose(real(f));
}

static inline int on_size(sqlite3_file *f, sqlite3_int64 *n)
{
	return real(f)->pMethods->xFileSize(real(f), n);
}

static inline int on_lock(sqlite3_file *f, int how)
{
	return real(f)->pMethods->xLock(real(f), how);
}

static inline int on_unlock(sqlite3_file *f, int how)
{
	return real(f)->pMethods->xUnlock(real(f), how);
}

static inline int on_check(sqlite3_file *f, int *out)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), out);
}

static inline int on_control(sqlite3_file *f, int op, void *arg)
{
	return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static inline int on_sector(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static inline int on_traits(sqlite3_file *f)
{
	return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static inline int on_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}

static inline int on_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return real(f)->pMethods->xShmLock(real(f), at, n, flags);
}

static inline void on_shm_barrier(sqlite3_file *f)
{
	real(f)->pMethods->xShmBarrier(real(f));
}

static inline int on_shm_unmap(sqlite3_file *f, int delete)
{
	return real(f)->pMethods->xShmUnmap(real(f), delete);
}

static const sqlite3_io_methods vfs_methods = {
	2, on_close, on_read, on_write, on_truncate, on_sync, on_size, on_lock, on_unlock, on_check,
	on_control, on_sector, on_traits, on_shm_map, on_shm_lock, on_shm_barrier, on_shm_unmap,
};

static inline int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	struct vfs_shim *x = (struct vfs_shim *)f;
	x->base.pMethods = NULL;
	x->path = name;
	x->real = (sqlite3_file *)(x + 1);
	int rc = vfs_hook(&(struct vfs_op){ VFS_OPEN, name, NULL, NULL, flags, 0 });
	if (rc)
		return rc;
	rc = vfs_real->xOpen(vfs_real, name, x->real, flags, out);
	x->base.pMethods = x->real->pMethods ? &vfs_methods : NULL;
	return rc;
}

static inline int on_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
	int rc = vfs_hook(&(struct vfs_op){ VFS_DELETE, name, NULL, NULL, sync_dir, 0 });
	return rc ? rc : vfs_real->xDelete(vfs_real, name, sync_dir);
}

/* What is opened from now on asks hook. */
static inline void vfs_on(vfs_hook_fn *hook)
{
	vfs_hook = hook;
	vfs_real = sqlite3_vfs_find(NULL);
	vfs_shim = *vfs_real;
	vfs_shim.zName = "shim";
	vfs_shim.szOsFile = (int)sizeof(struct vfs_shim) + vfs_real->szOsFile;
	vfs_shim.xOpen = on_open;
	vfs_shim.xDelete = on_delete;
	sqlite3_vfs_register(&vfs_shim, 1);
}

static inline void vfs_off(void)
{
	sqlite3_vfs_register(vfs_real, 1);
	sqlite3_vfs_unregister(&vfs_shim);
}

#endif
