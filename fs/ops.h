/*
 * ops - inside fs/: one function per FUSE operation: find, call, reply. Each answers its request exactly
 * once; none blocks but on the store. A file a kind of them; here is what they share.
 */
#ifndef OPS_H
#define OPS_H

#include "session.h"

/* Begin a request: its time, its day, and a snapshot that holds every commit made before. */
struct fs *ops_begin(fuse_req_t req);
/* The same for a request about an open file: if that is a new task, the store need not have it. */
struct fs *ops_begin_on(fuse_req_t req, uint64_t ino);
/* After what changed names: before the notify thread reads of it, if it can be. Gives e back. */
enum err ops_told(struct fs *f, enum err e);
void ops_reply(fuse_req_t req, enum err e);
/* The same for a node: one that is not there any more is ESTALE, so that the kernel looks its name up anew
 * and tries again. */
void ops_reply_node(fuse_req_t req, enum err e);

/* What the feed says happened to a directory since it was last looked at. */
struct dir_seen *ops_look(struct fs *f, enum fixed dir);
/* A name's answer to the kernel: number, attributes, and how long it may keep either. */
NODISCARD enum err ops_entry(struct fs *f, const struct found *at, struct fuse_entry_param *e);
void ops_reply_found(fuse_req_t req, struct fs *f, const struct found *at);
/* Its content is made, at open: a fixed file, or one of dirs.h. */
bool ops_is_made(uint64_t ino);

/* What open left in fh, of a task or scratch file. */
static inline struct handle *handle_of(const struct fuse_file_info *fi)
{
	return (struct handle *)(uintptr_t)fi->fh;	/* NOLINT(performance-no-int-to-ptr) */
}

/* ops_attr.c */
void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name);
void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t lookups);
void op_forget_multi(fuse_req_t req, size_t n, struct fuse_forget_data *v);
void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *a, int set, struct fuse_file_info *fi);
void op_readlink(fuse_req_t req, fuse_ino_t ino);
void op_statfs(fuse_req_t req, fuse_ino_t ino);
void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size);
void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size);
void op_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t size, int flags);
void op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name);

/* ops_file.c */
void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *fi);
void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi);
void op_poll(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct fuse_pollhandle *ph);
void op_write(fuse_req_t req, fuse_ino_t ino, const char *s, size_t n, off_t off, struct fuse_file_info *fi);
void op_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);
void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

/* ops_dir.c */
void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi);
void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi);
void op_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void op_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);

#endif
