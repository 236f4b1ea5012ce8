#include "store_salvage.h"
#include "date.h"
#include "store_wreck.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define LOG_MODULE "salvage"
#include "log.h"

#define SET_ASIDE "salvaged-"

struct work {
	char *path;		/* of the damaged database */
	char *tmp;		/* the directory while it grows */
	struct salvage *out;
	int64_t now;
	int64_t searches;	/* taken over */
	struct wreck wreck;
	struct store *fresh;
};

void salvage_finish(struct salvage *v)
{
	free(v->dir);
	*v = (struct salvage){ 0 };
}

static void work_finish(struct work *w)
{
	store_close(w->fresh);
	wreck_finish(&w->wreck);
	free(w->path);
	free(w->tmp);
}
#define AUTO_WORK AUTO(work_finish) struct work

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st, (void)flag, (void)at;
	return remove(path);
}

static char *join(const char *a, const char *b)
{
	char *s;
	return asprintf(&s, "%s%s", a, b) < 0 ? NULL : s;
}

static void remove_tree(const char *dir)
{
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- which records belonged together ---- */

static int by_task(const void *a, const void *b)
{
	const struct spoke *x = a, *y = b;
	return x->task != y->task ? (x->task > y->task) - (x->task < y->task) : (int)x->side - (int)y->side;
}

static enum err put_pairs(struct work *w)
{
	struct spoke *x = (struct spoke *)w->wreck.spokes.s;
	size_t n = w->wreck.spokes.n / sizeof(*x);
	AUTO_TX tx = { 0 };
	TRY(buf_err(&w->wreck.spokes));
	if (n)
		qsort(x, n, sizeof(*x), by_task);
	TRY(tx_begin(w->fresh, &tx));
	for (size_t i = 1; i < n; i++)
		if (x[i - 1].task == x[i].task && x[i - 1].side == SIDE_SC && x[i].side == SIDE_SF)
			TRY(pair_put(w->fresh, x[i - 1].rid, x[i].rid));
	return tx_commit(&tx);
}

/* One that damage made another's, or no text, is none. */
static enum err put_searches(struct work *w)
{
	const struct sought *x = (const struct sought *)w->wreck.searches.s;
	size_t n = w->wreck.searches.n / sizeof(*x);
	AUTO_TX tx = { 0 };
	TRY(buf_err(&w->wreck.searches));
	TRY(tx_begin(w->fresh, &tx));
	for (size_t i = 0; i < n; i++) {
		enum err e = store_search_make(w->fresh, x[i].query, x[i].made_at);
		if (e != ERR_EXIST && e != ERR_UTF8)
			TRY(e);
		w->searches += !e;
	}
	return tx_commit(&tx);
}

static enum err put_marks(struct work *w)
{
	char text[32];
	snprintf(text, sizeof(text), "%" PRId64, w->now);
	TRY(store_meta_set(w->fresh, STORE_REBUILT, text));
	return store_meta_set(w->fresh, STORE_SALVAGED, w->out->dir);
}
/* ---- the directory ---- */

static enum err write_readme(struct work *w)
{
	AUTO_FREE char *path = join(w->tmp, "/README");
	AUTO_BUF b = BUF_INIT;
	if (!path)
		return ERR_NOMEM;
	buf_puts(&b, "The database of remindfs was damaged, and was set aside: it lies here as store.db, "
		"untouched.\n"
		"The tasks are fetched again from the systems they are in. What only this machine had is "
		"kept here as\n"
		"plain text, as far as it could be read, and is sent nowhere by itself:\n\n");
	for (int k = 0; k < NKEPT; k++)
		if (w->wreck.count[k])
			buf_printf(&b, "%-12s %" PRId64 "  %s\n", kept_def[k].dir, w->wreck.count[k],
				kept_def[k].what);
	if (!w->wreck.texts)
		buf_puts(&b, "nothing was found\n");
	if (w->searches)
		buf_printf(&b, "\nThe saved searches, %" PRId64 ", are in the new database.\n", w->searches);
	if (w->wreck.damaged)
		buf_printf(&b, "\n%" PRId64 " place%s could not be read; what stood there is lost.\n",
			w->wreck.damaged, w->wreck.damaged == 1 ? "" : "s");
	if (w->wreck.deletions.n)
		buf_printf(&b, "\nTheir deletion was not sent, so these tasks may come back; delete them "
			"again:\n%s", w->wreck.deletions.s);
	buf_puts(&b, "\nTo take one over, copy it into the mount, which makes an edit or a new task of it:\n"
		"    cp 'open/Call Bob.txt' MOUNT/open/\n"
		"When nothing here is needed any more:\n");
	buf_printf(&b, "    rm -r '%s'\n", w->out->dir);
	TRY(buf_err(&b));
	return wreck_write(path, b.s, b.n);
}

static enum err sync_all(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno_err();
	enum err e = syncfs(fd) ? ERR_IO : ERR_OK;
	close(fd);
	return e;
}

static enum err set_aside(const char *path, const char *dir, const char *tail)
{
	AUTO_FREE char *from = join(path, tail), *name = join("/store.db", tail),
		*to = name ? join(dir, name) : NULL;
	if (!from || !to)
		return ERR_NOMEM;
	if (link(from, to) && errno != ENOENT)
		return errno_err();
	return chmod(to, 0600) && errno != ENOENT ? errno_err() : ERR_OK;
}

static enum err fill(struct work *w)
{
	AUTO_FREE char *fresh = join(w->tmp, "/new.db");
	if (!fresh)
		return ERR_NOMEM;
	TRY(store_open(fresh, &(struct store_options){ 0 }, &w->fresh));
	store_close(TAKE(w->fresh));	/* folds its log in: its first page is whole */
	w->wreck.path = w->path;
	w->wreck.dir = w->tmp;
	TRY(wreck_read(&w->wreck, fresh));
	w->out->texts = w->wreck.texts;
	TRY(store_open(fresh, &(struct store_options){ .durable = true }, &w->fresh));
	TRY(put_pairs(w));
	TRY(put_searches(w));
	TRY(put_marks(w));
	store_close(TAKE(w->fresh));
	TRY(write_readme(w));
	TRY(set_aside(w->path, w->tmp, ""));
	TRY(set_aside(w->path, w->tmp, "-wal"));
	return sync_all(w->tmp);
}

static enum err name_dir(const char *path, int64_t now, char **out)
{
	const char *slash = strrchr(path, '/');
	char at[DATE_TIME_LEN];
	date_format_time(now, at);
	for (char *p = at; *p; p++)
		*p = *p == ':' ? '-' : *p;
	at[19] = '\0';	/* no milliseconds */
	int n = slash ? (int)(slash + 1 - path) : 0;
	if (asprintf(out, "%.*s" SET_ASIDE "%s", n, path, at) < 0) {
		*out = NULL;
		return ERR_NOMEM;
	}
	return ERR_OK;
}

/* The new database, where it was made, in a directory that has its name already: *made, NULL: there is
 * none. */
static enum err find_made(const char *path, char **made)
{
	const char *slash = strrchr(path, '/');
	int n = slash ? (int)(slash + 1 - path) : 0;
	AUTO_FREE char *state = slash ? strndup(path, (size_t)n) : strdup(".");
	DIR *d = state ? opendir(state) : NULL;
	enum err e = state ? ERR_OK : ERR_NOMEM;
	*made = NULL;
	for (struct dirent *f; d && !e && !*made && (f = readdir(d));) {
		if (strncmp(f->d_name, SET_ASIDE, strlen(SET_ASIDE)))
			continue;
		AUTO_FREE char *db = NULL;
		if (asprintf(&db, "%.*s%s/new.db", n, path, f->d_name) < 0)
			e = ERR_NOMEM;
		else if (!access(db, F_OK))
			*made = TAKE(db);
	}
	if (d)
		closedir(d);
	return e;
}

enum err store_salvage_resume(const char *path)
{
	static const char *const tail[] = { "-wal", "-shm", "-journal", ".seal" };
	AUTO_FREE char *made = NULL;
	TRY(find_made(path, &made));
	if (!made)
		return ERR_OK;
	sync_dir(path);
	/* The old log must be gone before the new database is there: it would be folded into it. */
	for (size_t i = 0; i < sizeof(tail) / sizeof(*tail); i++) {
		AUTO_FREE char *old = join(path, tail[i]);
		if (!old)
			return ERR_NOMEM;
		if (unlink(old) && errno != ENOENT)
			return errno_err();
	}
	sync_dir(path);
	if (rename(made, path))
		return errno_err();
	sync_dir(path);
	return ERR_OK;
}

enum err store_salvage(const char *path, int64_t now, struct salvage *out)
{
	AUTO_WORK w = { .out = out, .now = now };
	*out = (struct salvage){ 0 };
	TRY(name_dir(path, now, &out->dir));
	w.path = join(path, "");
	w.tmp = join(path, ".salvage");
	if (!w.path || !w.tmp)
		return ERR_NOMEM;
	remove_tree(w.tmp);
	enum err e = mkdir(w.tmp, 0700) ? errno_err() : fill(&w);
	if (!e && rename(w.tmp, out->dir))	/* from here on it is done, whatever happens */
		e = errno_err();
	if (e) {
		remove_tree(w.tmp);
		return e;
	}
	TRY(store_salvage_resume(path));
	log_warn("event=database-set-aside dir=\"%s\" texts=%" PRId64 " unreadable=%" PRId64, out->dir,
		out->texts, w.wreck.damaged);
	return ERR_OK;
}
