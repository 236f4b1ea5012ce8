#define LOG_MODULE "events"
#include "events.h"
#include "facts.h"
#include "log.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define NMARKS 64
#define MARK_EVERY 32		/* changes */

struct mark {			/* the text at offset off begins with the change behind seq */
	int64_t off, seq;
};

struct events_reader {		/* under events.lock */
	struct events_reader *next;
	struct mark at;		/* offset of text, the last change in it */
	struct buf text;	/* rendered, not yet read */
	fuse_req_t waits;	/* a read without an answer; NULL: none */
	size_t size;		/* of that read */
	struct fuse_pollhandle *poll;	/* to be told; NULL: nobody asked */
	struct events *e;
};

struct events {
	pthread_mutex_t lock;
	struct mark end;
	int64_t at;
	struct mark mark[NMARKS];	/* a ring */
	unsigned marks, since;	/* marks made; changes since the last */
	struct events_reader *readers;
	struct buf line;
};

struct events *events_create(int64_t seq)
{
	struct events *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	pthread_mutex_init(&e->lock, NULL);
	e->end.seq = e->mark[0].seq = seq;
	e->marks = 1;
	return e;
}

static void forget_poll(struct events_reader *r, bool tell)
{
	if (!r->poll)
		return;
	if (tell)
		fuse_lowlevel_notify_poll(r->poll);
	fuse_pollhandle_destroy(r->poll);
	r->poll = NULL;
}

static void reader_free(struct events_reader *r)
{
	forget_poll(r, false);
	buf_finish(&r->text);
	free(r);
}

void events_destroy(struct events *e)
{
	struct events_reader *r;

	if (!e)
		return;
	while ((r = e->readers)) {
		e->readers = r->next;
		if (r->waits)
			fuse_reply_err(r->waits, ENODEV);
		reader_free(r);
	}
	buf_finish(&e->line);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

int64_t events_size(struct events *e, int64_t *at)
{
	pthread_mutex_lock(&e->lock);
	int64_t size = e->end.off;
	*at = e->at;
	pthread_mutex_unlock(&e->lock);
	return size;
}

struct events_reader *events_open(struct events *e)
{
	struct events_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->e = e;
	pthread_mutex_lock(&e->lock);
	r->at = e->mark[e->marks > NMARKS ? e->marks % NMARKS : 0];
	r->at.off = 0;
	r->next = e->readers;
	e->readers = r;
	pthread_mutex_unlock(&e->lock);
	return r;
}

void events_close(struct events *e, struct events_reader *r)
{
	pthread_mutex_lock(&e->lock);
	struct events_reader **p = &e->readers;
	while (*p != r)
		p = &(*p)->next;
	*p = r->next;
	pthread_mutex_unlock(&e->lock);
	reader_free(r);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

struct fill {
	struct events_reader *r;
	size_t want;
	bool lost;		/* changes were missed before the next one */
};

static bool put_change(void *arg, const struct change *c)
{
	struct fill *f = arg;

	if (f->lost)
		buf_puts(&f->r->text, "{\"event\":\"lost\"}\n");
	f->lost = false;
	facts_change(c, &f->r->text);
	f->r->at.seq = c->seq;
	return f->r->text.n < f->want && !buf_err(&f->r->text);
}

/* Render until there are so many bytes, or no more changes. */
static enum err fill(struct store *s, struct events_reader *r, size_t want)
{
	struct fill f = { r, want };

	if (r->text.n >= want)
		return ERR_OK;
	TRY(store_changes(s, r->at.seq, put_change, &f, &f.lost));
	return buf_err(&r->text);
}

static void drop(struct events_reader *r, size_t n)
{
	n = n < r->text.n ? n : r->text.n;
	if (!n)
		return;
	memmove(r->text.s, r->text.s + n, r->text.n - n);
	r->text.n -= n;
	r->at.off += (int64_t)n;
}

/* A place that was told before is where it was; what is older than the marks is not found any more. */
static enum err seek(struct events *e, struct store *s, struct events_reader *r, int64_t off)
{
	unsigned i = e->marks, oldest = e->marks > NMARKS ? e->marks - NMARKS : 0;

	do
		i--;
	while (i > oldest && e->mark[i % NMARKS].off > off);
	r->at = e->mark[i % NMARKS];
	buf_clear(&r->text);
	if (r->at.off > off)
		r->at.off = off;
	TRY(fill(s, r, (size_t)(off - r->at.off)));
	drop(r, (size_t)(off - r->at.off));
	r->at.off = off;
	return ERR_OK;
}

static void answer(struct events_reader *r, fuse_req_t req, size_t size)
{
	size = size < r->text.n ? size : r->text.n;
	fuse_reply_buf(req, r->text.s, size);
	drop(r, size);
}

static void on_interrupt(fuse_req_t req, void *arg)
{
	struct events_reader *r = arg;

	pthread_mutex_lock(&r->e->lock);
	bool mine = r->waits == req;
	if (mine)
		r->waits = NULL;
	pthread_mutex_unlock(&r->e->lock);
	if (mine)
		fuse_reply_err(req, EINTR);
}

/* What is to be answered at once: 0, or an errno; EAGAIN: nothing is there. */
static int prepare(struct events *e, struct store *s, struct events_reader *r, size_t size, int64_t off)
{
	enum err err = r->at.off == off ? ERR_OK : seek(e, s, r, off);

	if (!err)
		err = fill(s, r, size);
	return err ? fs_errno(err) : r->text.n ? 0 : EAGAIN;
}

void events_read(struct events *e, struct store *s, struct events_reader *r, fuse_req_t req, size_t size,
	off_t off, bool wait)
{
	/* Before it may wait: afterwards the notify thread may already have answered. */
	fuse_req_interrupt_func(req, on_interrupt, r);
	pthread_mutex_lock(&e->lock);
	int why = r->waits ? EBUSY : prepare(e, s, r, size, off);
	if (!why || (why == EAGAIN && !wait)) {
		answer(r, req, size);
	} else if (why == EAGAIN && !fuse_req_interrupted(req)) {
		r->waits = req;
		r->size = size;
	} else {
		fuse_reply_err(req, why == EAGAIN ? EINTR : why);
	}
	pthread_mutex_unlock(&e->lock);
}

void events_poll(struct events *e, struct store *s, struct events_reader *r, fuse_req_t req,
	struct fuse_pollhandle *ph)
{
	pthread_mutex_lock(&e->lock);
	if (ph) {
		forget_poll(r, false);
		r->poll = ph;
	}
	bool there = !fill(s, r, 1) && r->text.n;
	fuse_reply_poll(req, there ? POLLIN | POLLRDNORM : 0);
	pthread_mutex_unlock(&e->lock);
}

/* ---- telling ------------------------------------------------------------------------------------------- */

static bool count(void *arg, const struct change *c)
{
	struct events *e = arg;

	buf_clear(&e->line);
	facts_change(c, &e->line);
	e->end = (struct mark){ e->end.off + (int64_t)e->line.n, c->seq };
	if (++e->since == MARK_EVERY) {
		e->since = 0;
		e->mark[e->marks++ % NMARKS] = e->end;
	}
	return true;
}

static void tell(struct store *s, struct events_reader *r)
{
	if (r->waits && !fill(s, r, r->size) && r->text.n) {
		answer(r, r->waits, r->size);
		r->waits = NULL;
	}
	forget_poll(r, true);
}

void events_tell(struct events *e, struct store *s, int64_t now)
{
	pthread_mutex_lock(&e->lock);
	int64_t seq = e->end.seq;
	if (store_changes(s, seq, count, e, NULL))
		log_warn("event=feed-failed");
	if (e->end.seq != seq) {
		e->at = now;
		for (struct events_reader *r = e->readers; r; r = r->next)
			tell(s, r);
	}
	pthread_mutex_unlock(&e->lock);
}
