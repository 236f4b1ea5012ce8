/* memd: a bare in-memory FUSE daemon on the low-level API: the ceiling for a tree of small task files.
 *   cc -O2 memd.c -o memd $(pkg-config --cflags --libs fuse3) -lpthread
 *   cc -O2 -DWITH_SQLITE memd.c -o memd-sqlite $(pkg-config --cflags --libs fuse3 sqlite3) -lpthread
 *   memd SRC MOUNT key=value...   loads SRC/{open,completed}/ into memory and serves it (see the option table in main)
 *   sqlite=FILE: reads come from SQLite, and every change is committed there (WAL, synchronous=NORMAL, one row, one
 *   transaction): a written file at close, a new name, a removed one at once. That is the floor for durable writes. */


#define FUSE_USE_VERSION 312
#define _GNU_SOURCE
#include <fuse_lowlevel.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include <signal.h>
#ifdef WITH_SQLITE
#include <sqlite3.h>
#endif

enum { S_LOOKUP, S_GETATTR, S_SETATTR, S_OPEN, S_READ, S_WRITE, S_FLUSH, S_RELEASE, S_FSYNC,
       S_OPENDIR, S_READDIR, S_READDIRPLUS, S_RELEASEDIR, S_CREATE, S_UNLINK, S_RENAME, S_FORGET,
       S_XATTR, S_STATFS, S_OTHER, S_MAX };
static const char *sname[S_MAX] = {"LOOKUP","GETATTR","SETATTR","OPEN","READ","WRITE","FLUSH","RELEASE","FSYNC",
       "OPENDIR","READDIR","READDIRPLUS","RELEASEDIR","CREATE","UNLINK","RENAME","FORGET","XATTR","STATFS","OTHER"};
static atomic_ulong *stats;
#define COUNT(x) atomic_fetch_add_explicit(&stats[x], 1, memory_order_relaxed)

struct node;
struct dir { struct node *self; struct node **slot; size_t n, cap; struct node **tab; size_t mask, used; };
struct node {
  uint64_t ino; struct dir *dir; /* if directory */
  struct dir *parent; char *name; uint32_t hash; size_t slot; struct node *next;
  char *data; size_t size, cap; struct timespec mtime; mode_t mode; int64_t rowid; int pushed; int64_t dbid; int dirty;
};
static struct node root; static uint64_t next_ino = 2;
static pthread_rwlock_t L = PTHREAD_RWLOCK_INITIALIZER;

static double o_entry = 1e9, o_attr = 1e9, o_neg = 0;
static int o_keep = 1, o_cachedir = 1, o_plus = 2 /*0 no,1 always,2 auto*/, o_wb = 0, o_threads = 10, o_idle = -1, o_clone = 0,
  o_splice = 0, o_noopen = 0, o_noopendir = 0, o_noflush = 1, o_single = 0, o_uring = 0, o_qd = 0, o_pardirops = 1,
  o_killpriv = 1, o_xattr = 0, o_directio = 0, o_pdw = 0, o_debug = 0, o_atomic_trunc = -1, o_store = 0, o_flushnosys = 0;
static const char *o_stats, *o_sqlite, *o_ctl;

static uint32_t hs(const char *s) { uint32_t h = 2166136261u; while (*s) h = (h ^ (unsigned char)*s++) * 16777619u; return h; }
static struct node *dfind(struct dir *d, const char *name) {
  uint32_t h = hs(name);
  for (struct node *n = d->tab[h & d->mask]; n; n = n->next) if (n->hash == h && !strcmp(n->name, name)) return n;
  return NULL;
}
static void dadd(struct dir *d, struct node *n) {
  if (d->n == d->cap) { d->cap = d->cap ? d->cap * 2 : 64; d->slot = realloc(d->slot, d->cap * sizeof *d->slot); }
  n->slot = d->n; d->slot[d->n++] = n; n->parent = d; n->hash = hs(n->name);
  n->next = d->tab[n->hash & d->mask]; d->tab[n->hash & d->mask] = n;
}
static void ddel(struct dir *d, struct node *n) {
  struct node **p = &d->tab[n->hash & d->mask];
  while (*p != n) p = &(*p)->next;
  *p = n->next; d->slot[n->slot] = NULL;
  while (d->n && !d->slot[d->n - 1]) d->n--;
}
static struct dir *mkdirn(struct node *n) {
  struct dir *d = calloc(1, sizeof *d); d->self = n; d->mask = (1 << 17) - 1; d->tab = calloc(d->mask + 1, sizeof *d->tab);
  n->dir = d; n->mode = S_IFDIR | 0755; return d;
}
static struct node *N(fuse_ino_t i) { return i == FUSE_ROOT_ID ? &root : (struct node *)i; }
static void fill(struct node *n, struct stat *st) {
  memset(st, 0, sizeof *st);
  st->st_ino = n->ino; st->st_mode = n->mode; st->st_nlink = n->dir ? 2 : 1; st->st_size = n->dir ? 4096 : n->size;
  st->st_blocks = (st->st_size + 511) / 512; st->st_blksize = 4096; st->st_mtim = st->st_ctim = st->st_atim = n->mtime;
}
static void fille(struct node *n, struct fuse_entry_param *e) {
  memset(e, 0, sizeof *e); e->ino = n == &root ? FUSE_ROOT_ID : (fuse_ino_t)n; e->attr_timeout = o_attr; e->entry_timeout = o_entry; fill(n, &e->attr);
}

static void m_init(void *u, struct fuse_conn_info *c) {
  (void)u;
  c->want &= ~(FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_WRITEBACK_CACHE | FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
  if (o_plus) c->want |= FUSE_CAP_READDIRPLUS;
  if (o_plus == 2) c->want |= FUSE_CAP_READDIRPLUS_AUTO;
  if (o_wb) c->want |= FUSE_CAP_WRITEBACK_CACHE;
  if (o_splice) c->want |= c->capable & (FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
  if (!o_pardirops) c->want &= ~FUSE_CAP_PARALLEL_DIROPS;
  if (!o_killpriv) c->want &= ~FUSE_CAP_HANDLE_KILLPRIV;
  if (o_atomic_trunc == 0 || o_noopen) c->want &= ~FUSE_CAP_ATOMIC_O_TRUNC;
  c->max_background = 64;
  if (o_debug) fprintf(stderr, "proto %d.%d capable %x want %x\n", c->proto_major, c->proto_minor, c->capable, c->want);
}
#ifdef WITH_SQLITE
static sqlite3 *wdb; static sqlite3_stmt *w_put, *w_name, *w_del; static int64_t last_dbid;
static void w_open(void) {
  sqlite3_open(o_sqlite, &wdb); sqlite3_exec(wdb, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL", 0, 0, 0);
  sqlite3_prepare_v2(wdb, "INSERT INTO task VALUES(?1,?2,?3,?4) ON CONFLICT(id) DO UPDATE SET body=?4", -1, &w_put, NULL);
  sqlite3_prepare_v2(wdb, "UPDATE task SET name=?2, dir=?3 WHERE id=?1", -1, &w_name, NULL);
  sqlite3_prepare_v2(wdb, "DELETE FROM task WHERE id=?1", -1, &w_del, NULL);
}
#endif
/* the row is as the node is; the caller holds the lock */
enum { W_PUT, W_NAME, W_DEL };
static void durable(struct node *n, int what) {
#ifdef WITH_SQLITE
  if (!o_sqlite || n->dir) return;
  if (!n->dbid) { if (what == W_DEL) return; n->dbid = ++last_dbid; }
  sqlite3_stmt *st = what == W_PUT ? w_put : what == W_NAME ? w_name : w_del;
  sqlite3_bind_int64(st, 1, n->dbid);
  if (what != W_DEL) { sqlite3_bind_text(st, 2, n->name, -1, SQLITE_STATIC); sqlite3_bind_text(st, 3, n->parent->self->name, -1, SQLITE_STATIC); }
  if (what == W_PUT) sqlite3_bind_blob(st, 4, n->data ? n->data : "", n->size, SQLITE_STATIC);
  if (sqlite3_step(st) != SQLITE_DONE) fprintf(stderr, "memd: %s\n", sqlite3_errmsg(wdb));
  sqlite3_reset(st); sqlite3_clear_bindings(st); n->dirty = 0;
#else
  (void)n; (void)what;
#endif
}
static void m_lookup(fuse_req_t r, fuse_ino_t p, const char *name) {
  COUNT(S_LOOKUP);
  struct fuse_entry_param e; struct dir *d = N(p)->dir; struct node *n;
  if (!d) { fuse_reply_err(r, ENOTDIR); return; }
  pthread_rwlock_rdlock(&L); n = dfind(d, name); if (n) fille(n, &e); pthread_rwlock_unlock(&L);
  if (n) fuse_reply_entry(r, &e);
  else if (o_neg > 0) { memset(&e, 0, sizeof e); e.entry_timeout = o_neg; fuse_reply_entry(r, &e); }
  else fuse_reply_err(r, ENOENT);
}
static void m_forget(fuse_req_t r, fuse_ino_t i, uint64_t n) { (void)n; COUNT(S_FORGET); if (i != FUSE_ROOT_ID) N(i)->pushed = 0; fuse_reply_none(r); }
static void m_forget_multi(fuse_req_t r, size_t c, struct fuse_forget_data *f) { COUNT(S_FORGET); for (size_t k = 0; k < c; k++) if (f[k].ino != FUSE_ROOT_ID) N(f[k].ino)->pushed = 0; fuse_reply_none(r); }
static void m_getattr(fuse_req_t r, fuse_ino_t i, struct fuse_file_info *fi) {
  (void)fi; COUNT(S_GETATTR); struct stat st;
  pthread_rwlock_rdlock(&L); fill(N(i), &st); pthread_rwlock_unlock(&L);
  fuse_reply_attr(r, &st, o_attr);
}
static void setsize(struct node *n, size_t s) {
  if (s > n->cap) { n->cap = (s + 511) & ~(size_t)511; n->data = realloc(n->data, n->cap); }
  if (s > n->size) memset(n->data + n->size, 0, s - n->size);
  n->size = s;
}
static void m_setattr(fuse_req_t r, fuse_ino_t i, struct stat *a, int v, struct fuse_file_info *fi) {
  (void)fi; COUNT(S_SETATTR); struct stat st; struct node *n = N(i);
  pthread_rwlock_wrlock(&L);
  if (v & FUSE_SET_ATTR_SIZE) { setsize(n, a->st_size); n->rowid = 0; n->dirty = 1; clock_gettime(CLOCK_REALTIME, &n->mtime); }
  if (v & FUSE_SET_ATTR_MODE) n->mode = (n->mode & S_IFMT) | (a->st_mode & 07777);
  if (v & FUSE_SET_ATTR_MTIME_NOW) clock_gettime(CLOCK_REALTIME, &n->mtime);
  else if (v & FUSE_SET_ATTR_MTIME) n->mtime = a->st_mtim;
  fill(n, &st); pthread_rwlock_unlock(&L);
  fuse_reply_attr(r, &st, o_attr);
}
static void fi_set(struct fuse_file_info *fi) {
  fi->keep_cache = o_keep; fi->direct_io = o_directio;
  if (o_noflush == 2 || (o_noflush == 1 && (fi->flags & O_ACCMODE) == O_RDONLY)) fi->noflush = 1;
#if FUSE_VERSION >= 315
  if (o_pdw) fi->parallel_direct_writes = 1;
#endif
}
static struct fuse_session *SE;
static void m_open(fuse_req_t r, fuse_ino_t i, struct fuse_file_info *fi) {
  COUNT(S_OPEN);
  if (o_noopen) { fuse_reply_err(r, ENOSYS); return; }
  if (fi->flags & O_TRUNC) { pthread_rwlock_wrlock(&L); setsize(N(i), 0); N(i)->rowid = 0; N(i)->dirty = 1; clock_gettime(CLOCK_REALTIME, &N(i)->mtime); pthread_rwlock_unlock(&L); }
  if (o_store && !N(i)->pushed && (fi->flags & O_ACCMODE) == O_RDONLY) { N(i)->pushed = 1; /* push content into the page cache before the open reply */
    struct node *n = N(i); struct fuse_bufvec b = FUSE_BUFVEC_INIT(n->size); b.buf[0].mem = n->data;
    fuse_lowlevel_notify_store(SE, i, 0, &b, 0);
  }
  fi_set(fi); fuse_reply_open(r, fi);
}
#ifdef WITH_SQLITE
static __thread sqlite3 *tdb; static __thread sqlite3_stmt *tst;
static void sq_read(fuse_req_t r, struct node *n, size_t sz, off_t off) {
  if (!tdb) { sqlite3_open_v2(o_sqlite, &tdb, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL); sqlite3_exec(tdb, "PRAGMA mmap_size=1073741824", 0, 0, 0);
    sqlite3_prepare_v2(tdb, "SELECT body FROM task WHERE id=?", -1, &tst, NULL); }
  sqlite3_bind_int64(tst, 1, n->rowid);
  if (sqlite3_step(tst) == SQLITE_ROW) {
    const char *b = sqlite3_column_blob(tst, 0); size_t l = sqlite3_column_bytes(tst, 0);
    if ((size_t)off > l) off = l;
    if (sz > l - off) sz = l - off;
    fuse_reply_buf(r, b + off, sz);
  } else fuse_reply_err(r, EIO);
  sqlite3_reset(tst);
}
#endif
static void m_read(fuse_req_t r, fuse_ino_t i, size_t sz, off_t off, struct fuse_file_info *fi) {
  (void)fi; COUNT(S_READ); struct node *n = N(i);
#ifdef WITH_SQLITE
  if (o_sqlite && n->rowid) { sq_read(r, n, sz, off); return; }
#endif
  pthread_rwlock_rdlock(&L);
  if ((size_t)off > n->size) off = n->size;
  if (sz > n->size - off) sz = n->size - off;
  if (o_splice) { struct fuse_bufvec b = FUSE_BUFVEC_INIT(sz); b.buf[0].mem = n->data + off; fuse_reply_data(r, &b, 0); }
  else fuse_reply_buf(r, n->data + off, sz);
  pthread_rwlock_unlock(&L);
}
static void m_write(fuse_req_t r, fuse_ino_t i, const char *b, size_t sz, off_t off, struct fuse_file_info *fi) {
  (void)fi; COUNT(S_WRITE); struct node *n = N(i);
  pthread_rwlock_wrlock(&L);
  if (off + sz > n->size) setsize(n, off + sz);
  memcpy(n->data + off, b, sz); n->rowid = 0; n->dirty = 1; clock_gettime(CLOCK_REALTIME, &n->mtime);
  pthread_rwlock_unlock(&L);
  fuse_reply_write(r, sz);
}
static void commit(struct node *n) { pthread_rwlock_wrlock(&L); if (n->dirty) durable(n, W_PUT); pthread_rwlock_unlock(&L); }
static void m_flush(fuse_req_t r, fuse_ino_t i, struct fuse_file_info *fi) { (void)fi; COUNT(S_FLUSH); commit(N(i)); fuse_reply_err(r, o_flushnosys ? ENOSYS : 0); }
static void m_release(fuse_req_t r, fuse_ino_t i, struct fuse_file_info *fi) { (void)i; (void)fi; COUNT(S_RELEASE); fuse_reply_err(r, 0); }
static void m_fsync(fuse_req_t r, fuse_ino_t i, int d, struct fuse_file_info *fi) { (void)fi; (void)d; COUNT(S_FSYNC); commit(N(i));
#ifdef WITH_SQLITE
  sqlite3_file *wal = NULL; if (o_sqlite && !sqlite3_file_control(wdb, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) && wal->pMethods) wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL);
#endif
  fuse_reply_err(r, 0); }
static void m_opendir(fuse_req_t r, fuse_ino_t i, struct fuse_file_info *fi) {
  (void)i; COUNT(S_OPENDIR);
  if (o_noopendir) { fuse_reply_err(r, ENOSYS); return; }
  if (o_cachedir) { fi->cache_readdir = 1; fi->keep_cache = 1; }
  fuse_reply_open(r, fi);
}
static void m_releasedir(fuse_req_t r, fuse_ino_t i, struct fuse_file_info *fi) { (void)i; (void)fi; COUNT(S_RELEASEDIR); fuse_reply_err(r, 0); }
static __thread char *dbuf; static __thread size_t dcap;
static void dodir(fuse_req_t r, fuse_ino_t i, size_t size, off_t off, int plus) {
  struct node *dn = N(i); struct dir *d = dn->dir; size_t pos = 0; struct fuse_entry_param e;
  if (dcap < size) { dbuf = realloc(dbuf, size); dcap = size; }
  pthread_rwlock_rdlock(&L);
  for (size_t k = off; k < d->n + 2; k++) {
    const char *nm; struct node *n;
    if (k < 2) { nm = k ? ".." : "."; n = dn; } else { n = d->slot[k - 2]; if (!n) continue; nm = n->name; }
    size_t l;
    if (plus) {
      if (k < 2) { memset(&e, 0, sizeof e); e.attr.st_ino = n->ino; e.attr.st_mode = S_IFDIR; } else fille(n, &e);
      l = fuse_add_direntry_plus(r, dbuf + pos, size - pos, nm, &e, k + 1);
    } else {
      struct stat st; st.st_ino = n->ino; st.st_mode = n->mode;
      l = fuse_add_direntry(r, dbuf + pos, size - pos, nm, &st, k + 1);
    }
    if (l > size - pos) break;
    pos += l;
  }
  pthread_rwlock_unlock(&L);
  fuse_reply_buf(r, dbuf, pos);
}
static atomic_ulong maxdirsz;
static void m_readdir(fuse_req_t r, fuse_ino_t i, size_t s, off_t o, struct fuse_file_info *fi) { (void)fi; COUNT(S_READDIR); if (s > maxdirsz) maxdirsz = s; dodir(r, i, s, o, 0); }
static void m_readdirplus(fuse_req_t r, fuse_ino_t i, size_t s, off_t o, struct fuse_file_info *fi) { (void)fi; COUNT(S_READDIRPLUS); if (s > maxdirsz) maxdirsz = s; dodir(r, i, s, o, 1); }
static void m_create(fuse_req_t r, fuse_ino_t p, const char *name, mode_t mode, struct fuse_file_info *fi) {
  COUNT(S_CREATE); struct dir *d = N(p)->dir; struct fuse_entry_param e;
  pthread_rwlock_wrlock(&L);
  struct node *n = dfind(d, name);
  if (!n) { n = calloc(1, sizeof *n); n->ino = next_ino++; n->name = strdup(name); n->mode = S_IFREG | (mode & 07777); clock_gettime(CLOCK_REALTIME, &n->mtime); dadd(d, n); durable(n, W_PUT); }
  else if (fi->flags & O_TRUNC) setsize(n, 0);
  fille(n, &e); pthread_rwlock_unlock(&L);
  fi_set(fi); fuse_reply_create(r, &e, fi);
}
static void m_mknod(fuse_req_t r, fuse_ino_t p, const char *name, mode_t mode, dev_t rdev) {
  (void)rdev; COUNT(S_OTHER); struct dir *d = N(p)->dir; struct fuse_entry_param e;
  pthread_rwlock_wrlock(&L);
  struct node *n = calloc(1, sizeof *n); n->ino = next_ino++; n->name = strdup(name); n->mode = S_IFREG | (mode & 07777); clock_gettime(CLOCK_REALTIME, &n->mtime); dadd(d, n);
  fille(n, &e); pthread_rwlock_unlock(&L);
  fuse_reply_entry(r, &e);
}
static void m_mkdir(fuse_req_t r, fuse_ino_t p, const char *name, mode_t mode) {
  (void)mode; COUNT(S_OTHER); struct fuse_entry_param e;
  pthread_rwlock_wrlock(&L);
  struct node *n = calloc(1, sizeof *n); n->ino = next_ino++; n->name = strdup(name); mkdirn(n); dadd(N(p)->dir, n);
  fille(n, &e); pthread_rwlock_unlock(&L); fuse_reply_entry(r, &e);
}
static void m_unlink(fuse_req_t r, fuse_ino_t p, const char *name) {
  COUNT(S_UNLINK); struct dir *d = N(p)->dir;
  pthread_rwlock_wrlock(&L); struct node *n = dfind(d, name); if (n) { ddel(d, n); durable(n, W_DEL); } pthread_rwlock_unlock(&L);
  fuse_reply_err(r, n ? 0 : ENOENT);
}
static void m_rename(fuse_req_t r, fuse_ino_t p, const char *name, fuse_ino_t np, const char *nn, unsigned fl) {
  (void)fl; COUNT(S_RENAME);
  pthread_rwlock_wrlock(&L);
  struct node *n = dfind(N(p)->dir, name), *t = n ? dfind(N(np)->dir, nn) : NULL;
  if (n && t != n) { if (t) { ddel(N(np)->dir, t); durable(t, W_DEL); } ddel(N(p)->dir, n); char *o = n->name; n->name = strdup(nn); free(o); dadd(N(np)->dir, n); durable(n, W_NAME); }
  pthread_rwlock_unlock(&L);
  fuse_reply_err(r, n ? 0 : ENOENT);
}
static void m_statfs(fuse_req_t r, fuse_ino_t i) { (void)i; COUNT(S_STATFS); struct statvfs v = {.f_bsize = 4096, .f_frsize = 4096, .f_blocks = 1 << 20, .f_bfree = 1 << 19, .f_bavail = 1 << 19, .f_files = 1 << 20, .f_ffree = 1 << 19, .f_namemax = 255}; fuse_reply_statfs(r, &v); }
static void m_getxattr(fuse_req_t r, fuse_ino_t i, const char *n, size_t s) { (void)i; (void)n; (void)s; COUNT(S_XATTR); fuse_reply_err(r, o_xattr ? ENODATA : ENOSYS); }
static void m_listxattr(fuse_req_t r, fuse_ino_t i, size_t s) { (void)i; (void)s; COUNT(S_XATTR); fuse_reply_err(r, o_xattr ? ENODATA : ENOSYS); }

static const struct fuse_lowlevel_ops ops = { .init = m_init, .lookup = m_lookup, .forget = m_forget, .forget_multi = m_forget_multi, .getattr = m_getattr,
  .setattr = m_setattr, .open = m_open, .read = m_read, .write = m_write, .flush = m_flush, .release = m_release, .fsync = m_fsync,
  .opendir = m_opendir, .releasedir = m_releasedir, .readdir = m_readdir, .readdirplus = m_readdirplus, .create = m_create, .mknod = m_mknod, .mkdir = m_mkdir,
  .unlink = m_unlink, .rename = m_rename, .statfs = m_statfs, .getxattr = m_getxattr, .listxattr = m_listxattr };

static size_t loaded;
static void load(const char *path, struct dir *d) {
  DIR *D = opendir(path); struct dirent *de; if (!D) { perror(path); exit(1); }
  while ((de = readdir(D))) {
    if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, "..")) continue;
    char p[4096]; snprintf(p, sizeof p, "%s/%s", path, de->d_name); struct stat st; if (lstat(p, &st)) continue;
    struct node *n = calloc(1, sizeof *n); n->ino = next_ino++; n->name = strdup(de->d_name); n->mtime = st.st_mtim;
    if (S_ISDIR(st.st_mode)) { mkdirn(n); dadd(d, n); load(p, n->dir); continue; }
    n->mode = S_IFREG | 0644; n->size = n->cap = st.st_size; n->data = malloc(n->cap ? n->cap : 1);
    int f = open(p, O_RDONLY); if (f < 0 || read(f, n->data, n->size) != (ssize_t)n->size) perror(p); close(f);
    dadd(d, n); loaded++;
  }
  closedir(D);
}
#ifdef WITH_SQLITE
static void mkdb(struct dir *d, sqlite3_stmt *s, int64_t *id, const char *dn) {
  for (size_t k = 0; k < d->n; k++) { struct node *n = d->slot[k]; if (!n) continue;
    if (n->dir) { mkdb(n->dir, s, id, n->name); continue; }
    sqlite3_bind_int64(s, 1, n->rowid = n->dbid = last_dbid = ++*id); sqlite3_bind_text(s, 2, n->name, -1, SQLITE_STATIC); sqlite3_bind_text(s, 3, dn, -1, SQLITE_STATIC); sqlite3_bind_blob(s, 4, n->data, n->size, SQLITE_STATIC);
    sqlite3_step(s); sqlite3_reset(s); }
}
#endif
static int optv(const char *a, const char *k, const char **v) { size_t l = strlen(k); if (strncmp(a, k, l) || a[l] != '=') return 0; *v = a + l + 1; return 1; }
/* when the file named by ctl= appears: time the notify calls over every known file */
static double dnow(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static void *ctl(void *u) {
  (void)u;
  for (;;) {
    usleep(50000);
    if (!o_ctl || access(o_ctl, F_OK)) continue;
    unlink(o_ctl);
    struct node *dn = dfind(root.dir, "completed"); struct dir *d = dn->dir; size_t n = d->n; double t; int bad = 0;
    t = dnow(); for (size_t k = 0; k < n; k++) if (d->slot[k]) { struct fuse_bufvec b = FUSE_BUFVEC_INIT(d->slot[k]->size); b.buf[0].mem = d->slot[k]->data; bad += !!fuse_lowlevel_notify_store(SE, (fuse_ino_t)d->slot[k], 0, &b, 0); }
    fprintf(stderr, "notify_store %.2f us (%d refused)\n", (dnow() - t) / n * 1e6, bad); bad = 0;
    t = dnow(); for (size_t k = 0; k < n; k++) if (d->slot[k]) bad += !!fuse_lowlevel_notify_inval_inode(SE, (fuse_ino_t)d->slot[k], 0, 0);
    fprintf(stderr, "notify_inval_inode %.2f us (%d refused)\n", (dnow() - t) / n * 1e6, bad); bad = 0;
    t = dnow(); for (size_t k = 0; k < n; k++) if (d->slot[k]) bad += !!fuse_lowlevel_notify_inval_entry(SE, (fuse_ino_t)dn, d->slot[k]->name, strlen(d->slot[k]->name));
    fprintf(stderr, "notify_inval_entry %.2f us (%d refused)\n", (dnow() - t) / n * 1e6, bad);
  }
}
int main(int argc, char **argv) {
  if (argc < 3) { fprintf(stderr, "usage: memd SRC MOUNT key=value...\n"); return 2; }
  char fsopts[512] = "fsname=memd,allow_other,default_permissions";
  for (int k = 3; k < argc; k++) {
    const char *v, *a = argv[k];
    struct { const char *k; int *p; } T[] = {{"keep",&o_keep},{"cachedir",&o_cachedir},{"plus",&o_plus},{"wb",&o_wb},{"threads",&o_threads},{"idle",&o_idle},{"clone",&o_clone},{"splice",&o_splice},
      {"noopen",&o_noopen},{"noopendir",&o_noopendir},{"noflush",&o_noflush},{"single",&o_single},{"uring",&o_uring},{"qd",&o_qd},{"pardirops",&o_pardirops},{"killpriv",&o_killpriv},{"xattr",&o_xattr},
      {"directio",&o_directio},{"pdw",&o_pdw},{"debug",&o_debug},{"atomictrunc",&o_atomic_trunc},{"store",&o_store},{"flushnosys",&o_flushnosys},{NULL,NULL}};
    int done = 0; for (int t = 0; T[t].k; t++) if (optv(a, T[t].k, &v)) { *T[t].p = atoi(v); done = 1; }
    if (done) continue;
    if (optv(a, "entry", &v)) o_entry = atof(v); else if (optv(a, "attr", &v)) o_attr = atof(v); else if (optv(a, "neg", &v)) o_neg = atof(v);
    else if (optv(a, "stats", &v)) o_stats = v; else if (optv(a, "sqlite", &v)) o_sqlite = v; else if (optv(a, "ctl", &v)) o_ctl = v; else { fprintf(stderr, "bad option %s\n", a); return 2; }
  }
  if (o_uring) strcat(fsopts, ",io_uring");
  if (o_qd) sprintf(fsopts + strlen(fsopts), ",io_uring_q_depth=%d", o_qd);
  size_t ssz = S_MAX * sizeof *stats;
  if (o_stats) { int f = open(o_stats, O_RDWR | O_CREAT | O_TRUNC, 0644); if (ftruncate(f, ssz)) return 1; stats = mmap(0, ssz, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0); close(f); }
  else stats = calloc(1, ssz);
  root.ino = 1; mkdirn(&root); load(argv[1], root.dir);
#ifdef WITH_SQLITE
  if (o_sqlite) { unlink(o_sqlite); sqlite3 *db; sqlite3_stmt *s; int64_t id = 0; sqlite3_open(o_sqlite, &db);
    sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; CREATE TABLE task(id INTEGER PRIMARY KEY, name TEXT, dir TEXT, body BLOB); BEGIN", 0, 0, 0);
    sqlite3_prepare_v2(db, "INSERT INTO task VALUES(?,?,?,?)", -1, &s, NULL); mkdb(root.dir, s, &id, ""); sqlite3_finalize(s);
    sqlite3_exec(db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)", 0, 0, 0); sqlite3_close(db); w_open(); }
#endif
  char *av[] = {argv[0], "-o", fsopts, NULL}; struct fuse_args args = FUSE_ARGS_INIT(3, av);
  struct fuse_session *se = fuse_session_new(&args, &ops, sizeof ops, NULL); if (!se) return 1;
  SE = se; fuse_set_signal_handlers(se); if (fuse_session_mount(se, argv[2])) return 1;
  fprintf(stderr, "memd pid %d loaded %zu libfuse %s\n", getpid(), loaded, fuse_pkgversion());
  int rc; pthread_t th; pthread_create(&th, NULL, ctl, NULL);
  if (o_single) rc = fuse_session_loop(se);
  else { struct fuse_loop_config *c = fuse_loop_cfg_create(); fuse_loop_cfg_set_clone_fd(c, o_clone); fuse_loop_cfg_set_max_threads(c, o_threads);
    fuse_loop_cfg_set_idle_threads(c, o_idle >= 0 ? o_idle : o_threads); rc = fuse_session_loop_mt(se, c); fuse_loop_cfg_destroy(c); }
  fuse_session_unmount(se); fuse_session_destroy(se);
  if (o_debug) { fprintf(stderr, "max readdir size %lu\n", (unsigned long)maxdirsz); for (int k = 0; k < S_MAX; k++) if (stats[k]) fprintf(stderr, "%s=%lu ", sname[k], (unsigned long)stats[k]); fputc('\n', stderr); }
  return rc;
}
