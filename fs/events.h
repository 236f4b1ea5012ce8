/*
 * events - .remindfs/events: every change from any side since the mount began, a JSON line each, as a file
 * that grows. FUSE cannot deliver inotify for what a remote changed; this can be read and polled instead.
 *
 * A reader that goes on where it stopped gets each change exactly once, however far behind it is (the feed
 * keeps about 100,000; {"event":"lost"} says that some were missed). One that seeks finds the last 2,000 or
 * so where they were, as tail -f needs. At the end a read waits; with O_NONBLOCK it returns nothing, as at
 * the end of any file. The name is not listed, so that whoever reads a whole tree does not wait there.
 *
 * Safe from the serving and the notify thread. Only a reader's own request waits, never a thread.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include "session.h"

struct events;
struct events_reader;		/* an open() */

/* Begins behind change seq. NULL: out of memory. */
struct events *events_create(int64_t seq);
/* Whoever still waits gets ENODEV. NULL is fine. */
void events_destroy(struct events *e);

/* Bytes so far, and when the last came (ms, 0: none), as of the last events_tell. */
int64_t events_size(struct events *e, int64_t *at);

/* NULL: out of memory. */
struct events_reader *events_open(struct events *e);
void events_close(struct events *e, struct events_reader *r);
/* Both answer req: the second at once, the first maybe later. s: the calling thread's store. */
void events_read(struct events *e, struct store *s, struct events_reader *r, fuse_req_t req, size_t size,
	off_t off, bool wait);
void events_poll(struct events *e, struct store *s, struct events_reader *r, fuse_req_t req,
	struct fuse_pollhandle *ph);

/* The notify thread's: the feed may have grown. now: ms. */
void events_tell(struct events *e, struct store *s, int64_t now);

#endif
