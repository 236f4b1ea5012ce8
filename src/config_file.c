#include "buf.h"
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (1 << 20)
#define OTHERS 077

static enum err from_errno(void)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		return ERR_NOENT;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_PERM;
	case ENOSPC:
	case EDQUOT:
		return ERR_NOSPC;
	case ENOMEM:
		return ERR_NOMEM;
	default:
		return ERR_IO;
	}
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define AUTO_FD AUTO(close_fd) int

static enum err fail(struct config_error *e, enum err err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static enum err fail(struct config_error *e, enum err err, const char *fmt, ...)
{
	va_list ap;
	if (!e)
		return err;
	e->line = 0;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	return err;
}

static enum err read_all(int fd, struct buf *out)
{
	char piece[4096];
	ssize_t n;
	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno != EINTR)
			return from_errno();
		if (n > 0)
			buf_add(out, piece, (size_t)n);
		if (out->n > FILE_MAX)
			return ERR_CONFIG;
	}
	return buf_err(out);
}

static enum err check_private(int fd, const char *path, struct config_error *e)
{
	struct stat st;
	if (fstat(fd, &st))
		return from_errno();
	if (!S_ISREG(st.st_mode))
		return fail(e, ERR_CONFIG, "%.150s is not a regular file", path);
	if (st.st_uid != geteuid())
		return fail(e, ERR_PERM, "%.150s belongs to somebody else", path);
	if (st.st_mode & OTHERS)
		return fail(e, ERR_PERM, "others can reach this file; type: chmod 600 %.140s", path);
	return ERR_OK;
}

/* "~/tasks" means the home directory, as in a shell. */
static enum err expand_home(char **path)
{
	const char *home = getenv("HOME");
	char *whole;
	if (!*path || strncmp(*path, "~/", 2) != 0 || !home)
		return ERR_OK;
	if (asprintf(&whole, "%s%s", home, *path + 1) < 0)
		return ERR_NOMEM;
	free(*path);
	*path = whole;
	return ERR_OK;
}

enum err config_load(struct config *c, const char *path, struct config_error *e)
{
	/* O_NONBLOCK: a FIFO in its place must not hang us */
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	AUTO_BUF text = BUF_INIT;
	if (fd < 0 && errno == ENOENT)
		return fail(e, ERR_NOENT, "there is no %.150s", path);
	if (fd < 0)
		return fail(e, from_errno(), "%.150s cannot be read", path);
	TRY(check_private(fd, path, e));
	enum err err = read_all(fd, &text);
	if (err != ERR_OK)
		return fail(e, err, "%.150s cannot be read, or is larger than 1 MiB", path);
	TRY(config_parse(c, buf_str(&text), text.n, e));
	return expand_home(&c->mountpoint);
}

/* ---- editing one key in place ---- */

struct line {
	const char *s;
	size_t n;		/* without the LF */
};

static struct line word(struct line l)
{
	while (l.n && strchr(" \t\r", l.s[l.n - 1]))
		l.n--;
	for (; l.n && strchr(" \t", *l.s); l.n--)
		l.s++;
	return l;
}

static bool is_word(struct line l, const char *w)
{
	l = word(l);
	return l.n == strlen(w) && strncasecmp(l.s, w, l.n) == 0;
}

static bool is_section(struct line l, const char *name)
{
	l = word(l);
	if (l.n < 2 || *l.s != '[' || l.s[l.n - 1] != ']')
		return false;
	return is_word((struct line){ l.s + 1, l.n - 2 }, name);
}

static bool is_enabled(struct line l)
{
	const char *eq = memchr(l.s, '=', l.n);
	return eq && is_word((struct line){ l.s, (size_t)(eq - l.s) }, "enabled");
}

/* The text with "[sync] enabled" said once: where it stands, else below [sync], else in a new [sync] at the
 * end. */
static void edit(const struct buf *text, const char *value, struct buf *out)
{
	const char *end = buf_str(text) + text->n;
	size_t below = 0;		/* in out, just behind the line [sync] */
	bool in_sync = false, done = false;
	for (const char *s = buf_str(text); s < end;) {
		const char *lf = memchr(s, '\n', (size_t)(end - s));
		struct line l = { s, (size_t)((lf ? lf : end) - s) };
		if (word(l).n && *word(l).s == '[')
			in_sync = is_section(l, "sync");
		if (in_sync && !done && is_enabled(l)) {
			buf_add(out, s, (size_t)((const char *)memchr(s, '=', l.n) - s));
			buf_printf(out, "= %s\n", value);
			done = true;
		} else {
			buf_add(out, s, l.n);
			buf_putc(out, '\n');
		}
		if (in_sync && !below)
			below = out->n;
		s += l.n + 1;
	}
	if (done)
		return;
	if (!below) {
		buf_printf(out, "%s[sync]\nenabled = %s\n", out->n ? "\n" : "", value);
		return;
	}
	AUTO_BUF rest = BUF_INIT;
	buf_add(&rest, buf_str(out) + below, out->n - below);
	buf_resize(out, below);
	buf_printf(out, "enabled = %s\n", value);
	buf_add(out, buf_str(&rest), rest.n);
	out->failed |= rest.failed;
}

static enum err write_all(int fd, const char *s, size_t n)
{
	while (n) {
		ssize_t done = write(fd, s, n);
		if (done < 0 && errno != EINTR)
			return from_errno();
		if (done > 0) {
			s += done;
			n -= (size_t)done;
		}
	}
	return fsync(fd) ? from_errno() : ERR_OK;
}

static enum err sync_dir(const char *dir)
{
	AUTO_FD fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) ? from_errno() : ERR_OK;
}

/* Whole or not at all, also through a power cut: a new file beside it, synced, renamed over it. */
static enum err replace_file(const char *path, const struct buf *text)
{
	AUTO_FREE char *dir = strdup(path), *temp = NULL;
	if (!dir || asprintf(&temp, "%s.XXXXXX", path) < 0) {
		temp = NULL;
		return ERR_NOMEM;
	}
	AUTO_FD fd = mkostemp(temp, O_CLOEXEC);		/* 0600 */
	if (fd < 0)
		return from_errno();
	enum err err = write_all(fd, buf_str(text), text->n);
	if (err == ERR_OK && rename(temp, path))
		err = from_errno();
	if (err != ERR_OK) {
		unlink(temp);
		return err;
	}
	char *slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	return sync_dir(slash ? dir : ".");
}

/* Make every directory above the last "/" that is not there. */
static enum err make_parents(const char *path)
{
	AUTO_FREE char *s = strdup(path);
	if (!s)
		return ERR_NOMEM;
	for (char *slash = strchr(s + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(s, 0700) && errno != EEXIST)
			return from_errno();
		*slash = '/';
	}
	return ERR_OK;
}

enum err config_set_enabled(const char *path, bool on)
{
	AUTO_BUF old = BUF_INIT, text = BUF_INIT;
	/* a symlink into somebody's dotfiles stays one: the file behind it is replaced */
	AUTO_FREE char *real = realpath(path, NULL);
	if (!real && errno != ENOENT)
		return from_errno();
	AUTO_FD fd = real ? open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	if (real && fd < 0)
		return from_errno();
	if (fd >= 0)
		TRY(read_all(fd, &old));
	else
		TRY(make_parents(path));
	edit(&old, on ? "yes" : "no", &text);
	TRY(buf_err(&text));
	return replace_file(real ? real : path, &text);
}

/* ---- where things are ---- */

/* $XDG/remindfs..., or $HOME/fallback/remindfs...; a relative XDG path counts as unset, as its standard
 * says. */
static enum err xdg(const char *variable, const char *fallback, const char *rest, char **out)
{
	const char *base = getenv(variable), *home = getenv("HOME");
	int n;
	*out = NULL;
	if (base && *base == '/')
		n = asprintf(out, "%s/remindfs%s", base, rest);
	else if (home && *home == '/')
		n = asprintf(out, "%s/%s/remindfs%s", home, fallback, rest);
	else
		return ERR_CONFIG;
	if (n >= 0)
		return ERR_OK;
	*out = NULL;
	return ERR_NOMEM;
}

enum err config_path(char **out)
{
	return xdg("XDG_CONFIG_HOME", ".config", "/config", out);
}

enum err config_state_dir(char **out)
{
	AUTO_FREE char *dir = NULL;
	struct stat st;
	*out = NULL;
	TRY(xdg("XDG_STATE_HOME", ".local/state", "", &dir));
	TRY(make_parents(dir));
	if (mkdir(dir, 0700) && errno != EEXIST)
		return from_errno();
	if (stat(dir, &st))
		return from_errno();
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || st.st_mode & OTHERS)
		return ERR_PERM;
	*out = TAKE(dir);
	return ERR_OK;
}
