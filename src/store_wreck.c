#include "store_wreck.h"
#include "text.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Every table is walked by its row ids, for an index may be damaged as well; the first column is the id.
 * Where a page cannot be read, the rows behind it are tried one by one.
 */
enum { OUTBOX, LINK, SCRATCH, VERSION, SEARCH, TASK, NWALKS };
static const char *const walk_sql[NWALKS] = {
	[OUTBOX] = "SELECT seq, task FROM outbox WHERE seq >= ? ORDER BY seq",
	[LINK] = "SELECT id, task, side, rid FROM link WHERE id >= ? ORDER BY id",
	/* but for the templates that every database begins with (schema.c) */
	[SCRATCH] = "SELECT id, name, text FROM scratch WHERE id >= ? AND NOT is_link AND length(text)"
		    " AND NOT (open = 2 AND changed_at = 1795651200000) ORDER BY id",
	[VERSION] = "SELECT rowid, conflict, role, title, status, priority, due, details FROM version"
		    " WHERE rowid >= ? AND role > 0 ORDER BY rowid",
	[SEARCH] = "SELECT id, query, made_at FROM search WHERE id >= ? ORDER BY id",
	[TASK] = "SELECT id, gone, gone_at, name, title, status, priority, due, person, email, type, "
		 "campaign FROM task"
		 " WHERE id >= ? ORDER BY id",
};
/* The version from which on it is there, where that is not the first: saved searches came later. */
static const int walk_since[NWALKS] = { [SEARCH] = 5 };
static const char body_sql[] = "SELECT details, text, draft FROM body WHERE task = ?";
#define TRIES 4096	/* ids behind a damaged page that are tried before the steps grow */

const struct kept_def kept_def[NKEPT] = {
	[KEPT_OPEN] = { "open", "open tasks that were new, or edited and not yet sent" },
	[KEPT_COMPLETED] = { "completed", "completed ones likewise" },
	[KEPT_DRAFTS] = { "drafts", "saves that did not parse" },
	[KEPT_SCRATCH] = { "scratch", "files that were no tasks" },
	[KEPT_CONFLICTS] = { "conflicts", "versions from conflicts that were not dismissed" },
	[KEPT_TRASH] = { "trash", "deleted tasks that were in the trash" },
	[KEPT_COMMENTS] = { "comments", "texts with # or X- lines, which are nowhere else" },
};

void wreck_finish(struct wreck *w)
{
	sqlite3_finalize(w->body);
	sqlite3_close(w->db);
	buf_finish(&w->waits.bits);
	buf_finish(&w->linked.bits);
	buf_finish(&w->spokes);
	buf_finish(&w->searches);
	buf_finish(&w->deletions);
}

/* Ids come from a damaged file: what is beyond is in no set. */
#define IDS_MAX (INT64_C(1) << 24)

static void ids_put(struct id_set *x, int64_t id)
{
	if (id < 0 || id >= IDS_MAX)
		return;
	if ((size_t)id / 8 >= x->bits.n)
		buf_resize(&x->bits, (size_t)id / 8 + 1);
	if (!x->bits.failed)
		x->bits.s[id / 8] = (char)(x->bits.s[id / 8] | 1 << id % 8);
}

static bool ids_has(const struct id_set *x, int64_t id)
{
	return id >= 0 && (size_t)id / 8 < x->bits.n && x->bits.s[id / 8] >> id % 8 & 1;
}

/* ---- files ---- */

static char *join(const char *a, const char *b)
{
	char *s;
	return asprintf(&s, "%s%s", a, b) < 0 ? NULL : s;
}

static enum err make_dir(const char *path)
{
	return mkdir(path, 0700) && errno != EEXIST ? errno_err() : ERR_OK;
}

enum err wreck_write(const char *path, const void *s, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? ERR_EXIST : errno_err();
	ssize_t done = 0;
	for (size_t at = 0; at < n && done >= 0; at += (size_t)done)
		done = write(fd, (const char *)s + at, n - at);
	enum err e = done < 0 ? errno_err() : ERR_OK;
	if (close(fd) && !e)
		e = errno_err();
	return e;
}

/* A name out of a damaged file; what is no name gets one. */
static bool fit(const char *name)
{
	return name && *name && !strchr(name, '/') && strcmp(name, ".") && strcmp(name, "..") &&
		strlen(name) <= NAME_LEN;
}

static void keep(struct wreck *w, enum kept_kind kind, const char *name, int64_t id, const void *s, size_t n)
{
	AUTO_FREE char *dir = NULL, *path = NULL, *plain = NULL;
	enum err e = ERR_EXIST;
	if (w->err)
		return;
	if (asprintf(&dir, "%s/%s", w->dir, kept_def[kind].dir) < 0 ||
		asprintf(&path, "%s/%s", dir, fit(name) ? name : "-") < 0 ||
		asprintf(&plain, "%s/task %" PRId64 ".txt", dir, id) < 0) {
		w->err = ERR_NOMEM;
		return;
	}
	w->err = make_dir(dir);
	if (!w->err && fit(name))
		e = wreck_write(path, s, n);
	if (!w->err && (e == ERR_EXIST || e == ERR_IO))	/* taken, or no name this file system takes */
		e = wreck_write(plain, s, n);
	if (!w->err && e != ERR_EXIST)
		w->err = e;
	w->count[kind] += !w->err;
	w->texts += !w->err;
}
/* ---- the rows ---- */

static bool is_fault(int rc)
{
	return (rc & 0xff) == SQLITE_NOMEM || rc == SQLITE_IOERR_NOMEM;
}

static void see_outbox(struct wreck *w, sqlite3_stmt *st)
{
	ids_put(&w->waits, sqlite3_column_int64(st, 1));
}

static void see_link(struct wreck *w, sqlite3_stmt *st)
{
	const char *rid = (const char *)sqlite3_column_text(st, 3);
	struct spoke x = { sqlite3_column_int64(st, 1), (enum side)sqlite3_column_int(st, 2), "" };
	if (!rid || strlen(rid) >= sizeof(x.rid) || x.side < SIDE_SC || x.side >= NSIDES)
		return;
	strcpy(x.rid, rid);
	ids_put(&w->linked, x.task);
	buf_add(&w->spokes, &x, sizeof(x));
}

static void see_scratch(struct wreck *w, sqlite3_stmt *st)
{
	const void *text = sqlite3_column_blob(st, 2);
	if (text)
		keep(w, KEPT_SCRATCH, (const char *)sqlite3_column_text(st, 1), sqlite3_column_int64(st, 0),
			text, (size_t)sqlite3_column_bytes(st, 2));
}

static void read_fields(sqlite3_stmt *st, int first, int n, struct task *t)
{
	for (int f = 0; f < n; f++)
		t->field[f] = (char *)sqlite3_column_text(st, first + f);	/* borrowed */
	for (int f = 0; f < TASK_NFIELDS; f++)
		if (!t->field[f])
			t->field[f] = (char *)task_field[f].initial;
}

static void see_version(struct wreck *w, sqlite3_stmt *st)
{
	AUTO_BUF text = BUF_INIT;
	struct task t = TASK_INIT;
	char name[64];
	snprintf(name, sizeof(name), "%" PRId64 " %s.txt", (int64_t)sqlite3_column_int64(st, 1),
		sqlite3_column_int(st, 2) == VERSION_MINE ? "mine" : "theirs");
	read_fields(st, 3, TASK_NFIELDS, &t);
	text_render(&t, NULL, 0, &text);
	keep(w, KEPT_CONFLICTS, name, sqlite3_column_int64(st, 0), text.s, text.n);
}

static void see_search(struct wreck *w, sqlite3_stmt *st)
{
	const char *query = (const char *)sqlite3_column_text(st, 1);
	struct sought x = { .made_at = sqlite3_column_int64(st, 2) };
	if (!fit(query))
		return;
	strcpy(x.query, query);
	buf_add(&w->searches, &x, sizeof(x));
}

static bool has_comments(const char *s, size_t n)
{
	static const char *const mark[] = { "\n#", "\nX-" };
	if (n && (*s == '#' || (n > 1 && s[0] == 'X' && s[1] == '-')))
		return true;
	for (size_t i = 0; i < sizeof(mark) / sizeof(*mark); i++)
		if (n && memmem(s, n, mark[i], strlen(mark[i])))
			return true;
	return false;
}

/* What of a live task is nowhere else. Doubt keeps. */
static void keep_task(struct wreck *w, const struct task *t, bool deleted, const char *text, size_t n)
{
	bool unsent = ids_has(&w->waits, t->id) || !ids_has(&w->linked, t->id);
	if (deleted && ids_has(&w->waits, t->id) && fit(t->name))
		buf_printf(&w->deletions, "    %s\n", t->name);
	if (deleted)
		keep(w, KEPT_TRASH, t->name, t->id, text, n);
	else if (unsent)
		keep(w, task_is_open(t) ? KEPT_OPEN : KEPT_COMPLETED, t->name, t->id, text, n);
	else if (has_comments(text, n))
		keep(w, KEPT_COMMENTS, t->name, t->id, text, n);
}

/* The user's own bytes, else as it would be rendered; a body that cannot be read leaves the head. */
static void keep_texts(struct wreck *w, struct task *t, bool deleted)
{
	AUTO_BUF text = BUF_INIT;
	sqlite3_bind_int64(w->body, 1, t->id);
	int rc = sqlite3_step(w->body);
	bool row = rc == SQLITE_ROW;
	const char *own = row ? sqlite3_column_blob(w->body, 1) : NULL,
		*draft = row ? sqlite3_column_blob(w->body, 2) : NULL;
	t->field[FIELD_DETAILS] = row ? (char *)sqlite3_column_text(w->body, 0) : NULL;
	if (own)
		buf_add(&text, own, (size_t)sqlite3_column_bytes(w->body, 1));
	else
		text_render(t, NULL, 0, &text);
	if (draft)
		keep(w, KEPT_DRAFTS, t->name, t->id, draft, (size_t)sqlite3_column_bytes(w->body, 2));
	keep_task(w, t, deleted, buf_str(&text), text.n);
	if (is_fault(rc) || (buf_err(&text) && !w->err))
		w->err = ERR_NOMEM;
	w->damaged += rc != SQLITE_ROW && rc != SQLITE_DONE;
	sqlite3_reset(w->body);
}

static void see_task(struct wreck *w, sqlite3_stmt *st)
{
	struct task t = { .id = sqlite3_column_int64(st, 0) };
	bool deleted = sqlite3_column_int(st, 1) == GONE_DELETED;
	if (deleted && sqlite3_column_int64(st, 2) <= 0)	/* not in the trash any more */
		return;
	t.name = (char *)sqlite3_column_text(st, 3);
	read_fields(st, 4, FIELD_DETAILS, &t);
	t.fact[FACT_PERSON] = (char *)sqlite3_column_text(st, 8);
	t.fact[FACT_EMAIL] = (char *)sqlite3_column_text(st, 9);
	t.fact[FACT_TYPE] = (char *)sqlite3_column_text(st, 10);
	t.fact[FACT_CAMPAIGN] = (char *)sqlite3_column_text(st, 11);
	keep_texts(w, &t, deleted);
}
static void (*const see[NWALKS])(struct wreck *w, sqlite3_stmt *st) = {
	[OUTBOX] = see_outbox, [LINK] = see_link, [SCRATCH] = see_scratch, [VERSION] = see_version,
	[SEARCH] = see_search,
	[TASK] = see_task,
};

/* The database is from before there was such a table. Where that is not sure, it is damage. */
static bool is_older(struct wreck *w, int which)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(w->db, "PRAGMA user_version", -1, &st, NULL);
	int version = rc == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int(st, 0) : 0;
	sqlite3_finalize(st);
	return version > 0 && version < walk_since[which];
}

static void walk(struct wreck *w, int which)
{
	sqlite3_stmt *st = NULL;
	int64_t from = 0, step = 1, failed = 0;
	int rc = sqlite3_prepare_v2(w->db, walk_sql[which], -1, &st, NULL);
	if (rc != SQLITE_OK && !is_older(w, which))
		w->damaged++;
	while (rc != SQLITE_DONE && st && !w->err) {
		sqlite3_bind_int64(st, 1, from);
		while ((rc = sqlite3_step(st)) == SQLITE_ROW && !w->err) {
			if (sqlite3_column_int64(st, 0) < from)	/* its pages form a ring */
				break;
			from = sqlite3_column_int64(st, 0) + 1;
			failed = 0;
			step = 1;
			see[which](w, st);
		}
		sqlite3_reset(st);
		if (is_fault(rc))
			w->err = ERR_NOMEM;
		if (rc == SQLITE_DONE || step > IDS_MAX)
			break;
		w->damaged += !failed++;
		step = failed > TRIES ? 2 * step : 1;
		from += step;
	}
	sqlite3_finalize(st);
}

/* ---- the damaged file ---- */

static void put_be(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> (24 - 8 * i));
}

/* Block by block; what the disk cannot read is zeros. ERR_NOENT: there is none. */
static enum err copy_file(const char *from, const char *to)
{
	char block[DB_PAGE];
	struct stat st;
	int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
	if (in < 0)
		return errno == ENOENT ? ERR_NOENT : errno_err();
	enum err e = fstat(in, &st) || (out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0
		? errno_err() : ERR_OK;
	for (off_t at = 0; !e && at < st.st_size; at += (off_t)sizeof(block)) {
		ssize_t n = pread(in, block, sizeof(block), at);
		if (n < 0) {
			memset(block, 0, sizeof(block));
			n = sizeof(block);
		}
		if (pwrite(out, block, (size_t)n, at) != n)
			e = errno == ENOSPC || errno == EDQUOT ? ERR_NOSPC : ERR_IO;
	}
	close(in);
	if (out >= 0 && close(out) && !e)
		e = errno_err();
	return e;
}

static enum err graft_page(int in, int out, uint32_t number, unsigned char page[DB_PAGE])
{
	off_t at = (off_t)(number - 1) * DB_PAGE;
	if (!number || pread(in, page, DB_PAGE, at) != DB_PAGE)
		return ERR_IO;
	if (number == 1) {
		struct stat st;
		if (fstat(out, &st))
			return errno_err();
		put_be(page + 28, (uint32_t)(st.st_size / DB_PAGE));
	}
	return pwrite(out, page, DB_PAGE, at) == DB_PAGE ? ERR_OK : errno_err();
}

/* Page 1 is the root of the schema's table; if it is inner, its leaves are named in it (SQLite's file
 * format). */
static enum err graft_schema(int in, int out)
{
	unsigned char root[DB_PAGE], leaf[DB_PAGE];
	TRY(graft_page(in, out, 1, root));
	if (root[100] != 5)
		return ERR_OK;
	unsigned cells = (unsigned)root[103] << 8 | root[104];
	TRY(graft_page(in, out, big_endian(root + 108), leaf));
	for (unsigned i = 0; i < cells; i++) {
		const unsigned char *p = root + 112 + 2 * i;
		unsigned cell = (unsigned)p[0] << 8 | p[1];
		TRY(cell > DB_PAGE - 4 ? ERR_CORRUPT : graft_page(in, out, big_endian(root + cell), leaf));
	}
	return ERR_OK;
}

/* The schema of a fresh database of ours: its tables begin on the same pages. */
static enum err graft(const char *work, const char *fresh)
{
	int in = open(fresh, O_RDONLY | O_CLOEXEC), out = open(work, O_RDWR | O_CLOEXEC);
	enum err e = in < 0 || out < 0 ? errno_err() : graft_schema(in, out);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return e;
}

/* Can the tables be found? */
static bool opens(struct wreck *w, const char *path)
{
	sqlite3_close(w->db);
	w->db = NULL;
	if (sqlite3_open_v2(path, &w->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
		NULL) != SQLITE_OK)
		return false;
	sqlite3_db_config(w->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_exec(w->db, "PRAGMA cell_size_check = ON;PRAGMA query_only = ON;BEGIN", NULL, NULL, NULL);
	return sqlite3_prepare_v2(w->db, body_sql, -1, &w->body, NULL) == SQLITE_OK;
}

/* As it is; with a new first page; and without its log. */
static enum err open_damaged(struct wreck *w, const char *work, const char *wal, const char *fresh, bool *out)
{
	*out = opens(w, work);
	if (*out)
		return ERR_OK;
	TRY(graft(work, fresh));
	*out = opens(w, work);
	if (*out)
		return ERR_OK;
	sqlite3_close(w->db);
	w->db = NULL;
	unlink(wal);
	*out = opens(w, work);
	return ERR_OK;
}

enum err wreck_read(struct wreck *w, const char *fresh)
{
	AUTO_FREE char *work = join(w->dir, "/work.db"), *wal = join(w->dir, "/work.db-wal"),
		*shm = join(w->dir, "/work.db-shm");
	AUTO_FREE char *from_wal = join(w->path, "-wal");
	bool readable;
	if (!work || !wal || !shm || !from_wal)
		return ERR_NOMEM;
	TRY(copy_file(w->path, work));
	enum err e = copy_file(from_wal, wal);
	if (e && e != ERR_NOENT)
		return e;
	TRY(open_damaged(w, work, wal, fresh, &readable));
	w->damaged += !readable;
	for (int i = 0; readable && i < NWALKS; i++)
		walk(w, i);
	sqlite3_finalize(TAKE(w->body));
	sqlite3_close(TAKE(w->db));
	unlink(work);
	unlink(wal);
	unlink(shm);
	return w->err;
}
