/* session - inside fs/: what the session, its operations and the notify thread share. */
#ifndef SESSION_H
#define SESSION_H

#define FUSE_USE_VERSION 312
#include "bits.h"
#include "control.h"
#include "fs.h"
#include "handle.h"
#include "known.h"
#include "node.h"
#include "relist.h"
#include "tree.h"
#include <fuse_lowlevel.h>

#define FOREVER 1e9	/* s: until we say otherwise (notify.c) */

struct events;
struct notify;

struct dir_seen {		/* of a directory of tasks; of links: its time */
	int64_t ms;		/* when the feed last touched it: its mtime */
	bool moved;		/* since its listing was given to the kernel to keep */
	struct relist names;
};

struct fs {			/* the serving thread's; notify has its own */
	const struct fs_options *o;
	struct env env;
	struct files *files;
	struct control control;
	struct notify *notify;
	struct events *events;
	struct wake *grown;	/* the log: fold waits for it */
	struct fold *fold;
	struct fuse_session *session;
	struct owner owner;
	int64_t mounted_at;
	int64_t aged;		/* the trash was told of what passed until then, on the clock of ops_lived */
	int64_t seq;		/* of the feed: dir is as of then, */
	int64_t looked;		/* and as of this snapshot */
	struct dir_seen dir[NFIXED];
	/* Inodes whose pages the kernel must drop at the next open; a small cache, notify drops them, too. */
	uint64_t stale[256];
	int64_t snapshot;	/* of the store, that this request reads; 0: none */
	struct {
		int64_t snapshot, files;
	} counted;		/* the tasks of that snapshot */
	struct known known;	/* where names lead to, in that snapshot */
	struct bits visible;	/* tasks that were found to be so in that snapshot */
	struct bits told;	/* tasks whose text the kernel was given: it may have dropped it since */
	struct buf text;	/* for a reply */
	char *page;		/* for a directory's reply */
	size_t page_size;
	bool started;		/* the kernel has said hello */
};
extern const struct fuse_lowlevel_ops fs_ops;
/* Nobody asks for anything just now: what the store was to hear later, it hears. */
void ops_idle(struct fs *f);
/* ms of a clock that nobody sets, and that goes on while the machine sleeps. */
int64_t ops_lived(void);
/* Tell the trash how much time passed, if it is at least ms. */
void ops_age(struct fs *f, int64_t ms);

/* Every error of the program as an errno; 0 for ERR_OK. */
int fs_errno(enum err e);

/*
 * notify.c: a thread that tells the kernel what to ask again. It reads the feed with a store of its own, and
 * takes orders for what the feed cannot say. It never runs inside a request; the serving thread waits for it
 * in notify_await and notify_await_nodes alone.
 */
NODISCARD enum err notify_create(struct fuse_session *se, const struct fs_options *o, struct events *events,
	struct wake *grown, struct notify **out);
/* The kernel may hold something else: pages and attributes of ino (name NULL), or name in directory ino. */
void notify_order(struct notify *n, uint64_t ino, const char *name);
/*
 * Until every order so far is carried out, but not for ever. For who asks next without asking us: a file that
 * was moved away and made anew is under both names for the kernel until then, and vim takes them for one (a
 * stray "123").
 */
void notify_await(struct notify *n);
/*
 * Likewise the orders about inodes: where the asker holds a directory's lock, those about names have to wait.
 * While the kernel drops an inode's attributes, an answer about them that is on its way is dropped, too, and
 * lseek(SEEK_END) means the former size.
 */
void notify_await_nodes(struct notify *n);
/* Row seq of the feed is the kernel's own doing: it knows the names. Said too late, it is told again. */
void notify_known(struct notify *n, int64_t seq);
/* Ends the thread. Call while the session is still mounted or after: the kernel's answer does not matter.
 * NULL: fine. */
void notify_destroy(struct notify *n);

#endif
