/* What the commands share: paths, configuration, the daemon's lock, messages. */
#include "cmd.h"
#include "clock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

int64_t now_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

static int exit_code(enum err e)
{
	static const struct {
		enum err err;
		int code;
	} map[] = {
		{ ERR_INVAL, EXIT_USAGE }, { ERR_PERM, EXIT_NOPERM }, { ERR_AUTH, EXIT_NOPERM },
		{ ERR_DENIED, EXIT_NOPERM }, { ERR_CONFIG, EXIT_CONFIG }, { ERR_BUSY, EXIT_LATER },
		{ ERR_LIMIT, EXIT_LATER }, { ERR_RETRY, EXIT_LATER }, { ERR_OFFLINE, EXIT_LATER },
		{ ERR_LOST, EXIT_LATER },
	};

	for (size_t k = 0; k < sizeof map / sizeof *map; k++)
		if (map[k].err == e)
			return map[k].code;
	return EXIT_UNAVAILABLE;
}

int complain(enum err e, const char *fmt, ...)
{
	va_list ap;

	fputs("remindfs: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s%s\n", e ? ": " : "", e ? err_str(e) : "");
	return exit_code(e);
}

int env_load(struct env *e)
{
	struct config_error ce = { 0 };

	memset(e, 0, sizeof *e);
	config_init(&e->config);
	enum err err = config_path(&e->config_path);
	if (!err)
		err = config_load(&e->config, e->config_path, &ce);
	if (err && err != ERR_NOENT) {
		complain(err, "%s:%d: %s", e->config_path ? e->config_path : "config", ce.line, ce.msg);
		return err == ERR_PERM ? EXIT_NOPERM : EXIT_CONFIG;
	}
	err = config_state_dir(&e->state);
	if (err)
		return complain(err, "the state directory (XDG_STATE_HOME, else ~/.local/state) must be "
				     "yours with mode 0700; chmod 700 it");
	if (asprintf(&e->store_path, "%s/store.db", e->state) < 0 ||
		asprintf(&e->log_path, "%s/log", e->state) < 0)
		return complain(ERR_NOMEM, "start");
	return 0;
}

void env_finish(struct env *e)
{
	free(e->config_path);
	free(e->state);
	free(e->store_path);
	free(e->log_path);
	config_finish(&e->config);
}

static void read_holder(int fd, struct daemon *d)
{
	char text[sizeof d->mountpoint + 32] = "";
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	if (n <= 0)
		return;
	text[n] = 0;
	char *nl = strchr(text, '\n');
	d->pid = (pid_t)strtol(text, NULL, 10);
	if (nl) {
		nl[strcspn(nl + 1, "\n") + 1] = 0;
		snprintf(d->mountpoint, sizeof d->mountpoint, "%s", nl + 1);
	}
}

int daemon_lock(const struct env *e, bool take, const char *mountpoint, struct daemon *out)
{
	AUTO_FREE char *path = NULL;

	*out = (struct daemon){ .fd = -1 };
	if (asprintf(&path, "%s/lock", e->state) < 0) {
		path = NULL;
		return complain(ERR_NOMEM, "lock");
	}
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return complain(ERR_IO, "%s: %s", path, strerror(errno));
	bool held = flock(fd, LOCK_EX | LOCK_NB);
	if (held || !take) {
		read_holder(fd, out);
		if (!held)
			out->pid = 0;
		close(fd);
		return 0;
	}
	out->fd = fd;
	return daemon_sign(out, mountpoint) ? 0 : complain(ERR_IO, "%s: %s", path, strerror(errno));
}

bool daemon_sign(const struct daemon *d, const char *mountpoint)
{
	return !ftruncate(d->fd, 0) && !lseek(d->fd, 0, SEEK_SET) &&
		dprintf(d->fd, "%d\n%s\n", (int)getpid(), mountpoint) > 0;
}

bool daemon_tell(const struct daemon *d, const char *verb)
{
	AUTO_FREE char *path = NULL;

	if (!d->pid) {
		complain(ERR_OK, "nothing is mounted; type: remindfs mount DIR");
		return false;
	}
	if (asprintf(&path, "%s/.remindfs/ctl", d->mountpoint) < 0) {
		path = NULL;
		return false;
	}
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, verb, strlen(verb)) == (ssize_t)strlen(verb);
	if (fd >= 0)
		ok &= !close(fd);
	if (!ok)
		complain(ERR_OK, "%s: %s", path, strerror(errno));
	return ok;
}

int open_store(const struct env *e, bool read_only, struct store **out)
{
	const char *path = e->store_path;
	enum err err = store_open(path, &(struct store_options){ .read_only = read_only }, out);

	if (err == ERR_NOENT)
		return complain(ERR_OK, "there are no tasks here yet; type: remindfs mount DIR");
	if (err == ERR_NEWER)
		complain(ERR_OK, "%s was written by a newer remindfs, and is left as it is; install that "
				 "one, or begin anew: mv '%s' '%s.newer'", path, path, path);
	else if (err == ERR_CORRUPT)
		complain(ERR_OK, "%s is damaged; to set it aside, keep what was not sent and fetch the tasks "
				 "again: remindfs mount DIR", path);
	else if (err == ERR_PERM)
		complain(ERR_OK, "%s must be yours with mode 0600; type: chmod 600 '%s'", path, path);
	else if (err == ERR_NOSPC)
		complain(ERR_OK, "the disk of %s is full, and it cannot be opened; all that was saved is "
			"kept: make room, and type it again", path);
	else if (err)
		complain(err, "%s", path);
	return err ? exit_code(err) : 0;
}

enum err switch_sides(struct store *s, const struct config *c, int64_t now)
{
	TRY(store_side_switch(s, SIDE_SC, c->remote[SIDE_SC].configured, now));
	return store_side_switch(s, SIDE_SF, c->remote[SIDE_SF].configured && c->sync_enabled, now);
}
