/* mount: take the lock, start the threads, serve; the parent returns when the mount answers.
 * umount: the way back. */
#include "cmd.h"
#include "fs.h"
#include "log.h"
#include "store_salvage.h"
#include "sync.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_MODULE "main"

struct serving {
	struct sync *sync;
	int ready_fd;		/* the parent waits for a byte here; -1: nobody does */
};

static void ready(void *arg)
{
	struct serving *v = arg;
	int null;

	if (v->ready_fd < 0)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		close(null);
	}
	if (write(v->ready_fd, "r", 1) != 1)
		log_warn("event=parent-gone");
	close(v->ready_fd);
	v->ready_fd = -1;
}

static void verb(void *arg, const char *line)
{
	struct serving *v = arg;

	if (!strcmp(line, "sync"))
		sync_kick(v->sync);
}

/* Tokens and task texts stay out of core files and of other processes' reach. A debugger and the leak checker
 * need to attach, so not with -d, nor in a build for tests. */
static void shut_the_doors(bool debug)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
#ifndef __SANITIZE_ADDRESS__
	if (!debug)
		prctl(PR_SET_DUMPABLE, 0);
#endif
}

static enum err serve(const struct env *e, const struct args *a, const char *mountpoint, int ready_fd)
{
	struct serving v = { .ready_fd = ready_fd };
	struct wake *changed = wake_create(), *outbox = wake_create();
	enum err err = changed && outbox ? ERR_OK : ERR_NOMEM;

	log_init(a->flag['d'] ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, e->log_path, ready_fd < 0);
	shut_the_doors(a->flag['d']);
	if (!err)
		err = sync_create(&e->config, e->state, changed, outbox, &v.sync);
	if (!err)
		err = fs_run(&(struct fs_options){
			.store_path = e->store_path, .mountpoint = mountpoint, .fuse_options = a->value['o'],
			.config = &e->config, .changed = changed, .outbox = outbox, .debug = a->flag['d'],
			.ready = ready, .verb = verb, .arg = &v });
	sync_destroy(v.sync);
	store_seal(e->store_path);
	wake_destroy(changed);
	wake_destroy(outbox);
	return err;
}

/* The damaged database is set aside, and a new one is in its place. */
static int mend(const struct env *e)
{
	AUTO_SALVAGE v = { 0 };
	enum err err = store_salvage(e->store_path, now_ms(), &v);

	if (err)
		return complain(err, "%s is damaged, and could not be set aside; nothing was changed",
			e->store_path);
	complain(ERR_OK, "the database was damaged and is set aside; the tasks are fetched again. %lld "
			 "text%s that only this machine had %s kept: cat '%s/README'", (long long)v.texts,
		v.texts == 1 ? "" : "s", v.texts == 1 ? "is" : "are", v.dir);
	return 0;
}

/* Check, migrate, and set the sides, before anything is mounted: an error is said on the user's terminal. */
static int prepare(const struct env *e)
{
	struct store *s = NULL;
	enum err err = store_salvage_resume(e->store_path);
	int code = 0;

	if (err)
		return complain(err, "%s", e->store_path);
	err = store_open(e->store_path, &(struct store_options){ .check = true }, &s);
	store_close(s);
	s = NULL;
	if (err == ERR_CORRUPT)
		code = mend(e);
	if (!code)
		code = open_store(e, false, &s);
	if (!code) {
		err = switch_sides(s, &e->config, now_ms());
		if (err)
			code = complain(err, "%s", e->store_path);
	}
	store_close(s);
	return code;
}

static int wait_for_import(const struct env *e)
{
	struct store *s = NULL;
	int code = open_store(e, true, &s);

	if (!code && !progress_wait(s, 3600 * 1000))
		code = EXIT_LATER;
	store_close(s);
	return code;
}

static int in_background(const struct env *e, const struct args *a, const char *mountpoint, struct daemon *d)
{
	int fds[2];
	char c;

	if (pipe2(fds, O_CLOEXEC))
		return complain(ERR_IO, "pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid < 0)
		return complain(ERR_NOMEM, "fork: %s", strerror(errno));
	if (!pid) {
		close(fds[0]);
		setsid();
		if (chdir("/") || !daemon_sign(d, mountpoint))
			_exit(EXIT_UNAVAILABLE);
		exit(serve(e, a, mountpoint, fds[1]) ? EXIT_UNAVAILABLE : 0);
	}
	close(fds[1]);
	close(d->fd);
	bool up = read(fds[0], &c, 1) == 1;
	close(fds[0]);
	if (up)
		return a->flag['w'] ? wait_for_import(e) : 0;
	waitpid(pid, NULL, 0);
	complain(ERR_OK, "%s could not be mounted; the log says why: %s", mountpoint, e->log_path);
	return EXIT_UNAVAILABLE;
}

int cmd_mount(const struct args *a)
{
	AUTO_ENV e;
	AUTO_FREE char *path = NULL;
	struct daemon d;
	int code = env_load(&e);

	if (code)
		return code;
	const char *where = a->pos[0] ? a->pos[0] : e.config.mountpoint;
	if (!where) {
		complain(ERR_OK, "mount where? type: remindfs mount DIR, or set path under [mount] in %s",
			e.config_path);
		return EXIT_USAGE;
	}
	path = realpath(where, NULL);
	if (!path && errno == ENOTCONN)
		path = strdup(where); /* a mount whose daemon died: fs_run heals it */
	if (!path)
		return complain(ERR_OK, "%s: %s; type: mkdir -p '%s'", where, strerror(errno), where);
	code = daemon_lock(&e, true, path, &d);
	if (code)
		return code;
	if (d.pid) {
		complain(ERR_OK, "already mounted at %s (pid %d); to end it: remindfs umount", d.mountpoint,
			(int)d.pid);
		return EXIT_UNAVAILABLE;
	}
	code = prepare(&e);
	if (code)
		return code;
	if (!a->flag['f'] && !a->flag['d'])
		return in_background(&e, a, path, &d);
	return serve(&e, a, path, -1) ? EXIT_UNAVAILABLE : 0;
}

static bool run_fusermount(const char *dir)
{
	pid_t pid = fork();
	int st = 1;

	if (!pid) {
		execlp("fusermount3", "fusermount3", "-u", dir, (char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &st, 0) == pid && WIFEXITED(st) && !WEXITSTATUS(st);
}

/* A mount whose daemon died. The kernel may still know what the directory is, so it is opened. */
static bool is_stale(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOTCONN;
	close(fd);
	return false;
}

int cmd_umount(const struct args *a)
{
	AUTO_ENV e;
	struct daemon d;
	int code = env_load(&e);

	if (!code)
		code = daemon_lock(&e, false, NULL, &d);
	if (code)
		return code;
	const char *dir = a->pos[0] ? a->pos[0] : d.mountpoint;
	if (!a->pos[0] && !d.pid && !is_stale(dir)) {
		complain(ERR_OK, "nothing is mounted");
		return EXIT_UNAVAILABLE;
	}
	if (!run_fusermount(dir)) {
		complain(ERR_OK, "%s is still mounted; close what uses it (fuser -vm '%s') and try again",
			dir, dir);
		return EXIT_LATER;
	}
	for (int k = 0; d.pid && k < 100; k++) { /* the daemon flushes; its lock goes with it */
		usleep(100 * 1000);
		if (daemon_lock(&e, false, NULL, &d))
			break;
	}
	return 0;
}
