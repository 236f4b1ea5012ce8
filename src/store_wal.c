#include "store_p.h"
#include <string.h>

/*
 * A commit goes to the log in one write. SQLite makes two a page, the head of a frame and the page, and each
 * costs the file system more than the bytes do: ten pages take 40 us so, 6 us in one piece. What is held back
 * is that of a COMMIT alone, and never longer than to its last frame, which says so in its head (SQLite's
 * "WAL-mode File Format"): a failure is this commit's, and no other connection meets a frame that is not
 * there. A transaction that did not fit the cache has written frames before, and may write them again: it
 * goes as SQLite does it.
 *
 * The write fills its last page of the file, with zeros, which are no frame (the page of one is not 0): else
 * the kernel first reads what an older round of the log left there, from the disk where it is not in memory
 * any more, and an edit takes twice its time.
 */
enum { LOG_HEAD = 32, FRAME_HEAD = 24, FILE_PAGE = 4096 };

static int put(struct wal *w, sqlite3_file *f)
{
	size_t n = w->n;
	w->n = 0;
	size_t rest = (size_t)-(w->at + (sqlite3_int64)n) % FILE_PAGE;
	if (w->last && rest <= sizeof(w->held) - n) {
		memset(w->held + n, 0, rest);
		n += rest;
	}
	return w->real->xWrite(f, w->held, (int)n, w->at);
}

static int on_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	struct wal *w = (struct wal *)f->pMethods;
	static const char more[4];
	size_t size = (size_t)n;
	w->spilled |= !w->holding;
	if (w->spilled || at < LOG_HEAD || size > sizeof(w->held))
		return w->real->xWrite(f, p, n, at);
	if (w->n && (at != w->at + (sqlite3_int64)w->n || size > sizeof(w->held) - w->n)) {
		int rc = put(w, f);
		if (rc != SQLITE_OK)
			return rc;
	}
	if (!w->n)
		w->at = at;
	memcpy(w->held + w->n, p, size);
	w->n += size;
	if (size == FRAME_HEAD)
		w->last = memcmp((const char *)p + 4, more, sizeof(more));
	return w->last && size != FRAME_HEAD ? put(w, f) : SQLITE_OK;
}

void wal_attach(struct store *s)
{
	struct wal *w = &s->wal;
	sqlite3_file *f = NULL;
	int rc = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &f);
	if (rc != SQLITE_OK || !f || !f->pMethods)
		return;		/* then as SQLite does it */
	w->real = f->pMethods;
	w->methods = *w->real;
	w->methods.iVersion = w->real->iVersion < 3 ? w->real->iVersion : 3;
	w->methods.xWrite = on_write;
	f->pMethods = &w->methods;
}

void wal_begin(struct store *s)
{
	s->wal.spilled = s->wal.holding = false;
	s->wal.n = 0;
}

void wal_hold(struct store *s, bool on)
{
	s->wal.holding = on;
}

bool wal_find(struct store *s)
{
	sqlite3_file *f = NULL;
	void volatile *p = NULL;

	if (s->wal_head)
		return true;
	if (sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &f) == SQLITE_OK && f->pMethods &&
		f->pMethods->iVersion >= 2 && f->pMethods->xShmMap(f, 0, 32768, 0, &p) == SQLITE_OK)
		s->wal_head = (const uint32_t *)p;
	return s->wal_head;
}

uint32_t wal_word(const struct store *s, int i)
{
	return __atomic_load_n(&s->wal_head[i], __ATOMIC_ACQUIRE);
}

void wal_read(const struct store *s, uint32_t head[WAL_HEAD])
{
	for (int i = 0; i < WAL_HEAD; i++)
		head[i] = wal_word(s, i);
}
