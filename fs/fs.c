#define LOG_MODULE "fs"
#include "session.h"
#include "events.h"
#include "fold.h"
#include "log.h"
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FSTYPE "fuse.remindfs"
#define MOUNT_OPTIONS "fsname=remindfs,subtype=remindfs,default_permissions,nosuid,nodev,noexec"

extern char **environ;

int fs_errno(enum err e)
{
	switch (e) {
	case ERR_OK:
		return 0;
	case ERR_NOENT:
	case ERR_GONE:
		return ENOENT;
	case ERR_EXIST:
		return EEXIST;
	case ERR_PERM:
	case ERR_DENIED:
		return EPERM;
	case ERR_INVAL:
	case ERR_REFUSED:
	case ERR_CONFIG:
		return EINVAL;
	case ERR_TOOBIG:
		return EFBIG;
	case ERR_UTF8:
		return EILSEQ;
	case ERR_NAME:
		return ENAMETOOLONG;
	case ERR_BUSY:
	case ERR_RETRY:
	case ERR_LIMIT:
	case ERR_HELD:
	case ERR_STALE:
		return EBUSY;
	case ERR_NOMEM:
		return ENOMEM;
	case ERR_NOSPC:
		return ENOSPC;
	case ERR_IO:
	case ERR_CORRUPT:
	case ERR_NEWER:
	case ERR_OFFLINE:
	case ERR_LOST:
	case ERR_AUTH:
	case ERR_PROTOCOL:
	case ERR_N:
		return EIO;
	}
	return EIO;
}

/* env->forget: ask the notify thread, and remember until the next open. */
static void forget(void *arg, uint64_t ino, const char *name)
{
	struct fs *f = arg;

	if (!name)
		f->stale[(ino >> 6) % (sizeof(f->stale) / sizeof(*f->stale))] = ino;
	if (f->notify)
		notify_order(f->notify, ino, name);
}

/* env->kick: the verb "sync". */
static void kick(void *arg)
{
	struct fs *f = arg;

	if (f->o->verb)
		f->o->verb(f->o->arg, "sync");
}

/* ---- the mountpoint ------------------------------------------------------------------------------------ */

/* What is mounted there last; "": nothing. The table writes a space as \040. */
static void mounted_type(const char *dir, char out[64])
{
	char line[8192], at[4096], type[64];
	FILE *f = fopen("/proc/self/mounts", "re");

	*out = '\0';
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s %4095s %63s", at, type) != 2)
			continue;
		char *w = at;
		for (const char *r = at; *r; w++)
			if (r[0] == '\\' && r[1] && r[2] && r[3]) {
				*w = (char)((r[1] - '0') << 6 | (r[2] - '0') << 3 | (r[3] - '0'));
				r += 4;
			} else {
				*w = *r++;
			}
		*w = '\0';
		if (!strcmp(at, dir))
			strcpy(out, type);
	}
	if (f)
		fclose(f);
}

static bool run_fusermount(const char *dir)
{
	const char *argv[] = { "fusermount3", "-u", "-z", "-q", "--", dir, NULL };
	pid_t pid;
	int st = 1;

	return !posix_spawnp(&pid, argv[0], NULL, NULL, (char **)argv, environ) &&
		waitpid(pid, &st, 0) == pid && !st;
}

/* The daemon that served it died: its mount answers ENOTCONN for ever (but for what the kernel still knows:
 * statvfs always asks). Only ours is touched. */
static enum err heal(const char *dir)
{
	struct statvfs st;
	char type[64];

	if (!statvfs(dir, &st) || (errno != ENOTCONN && errno != ECONNABORTED))
		return ERR_OK;
	mounted_type(dir, type);
	if (strcmp(type, FSTYPE)) {
		log_err("event=stale-mount dir=\"%s\" type=%s note=\"not ours; "
			"to drop it: fusermount3 -u -z\"", dir, type);
		return ERR_CONFIG;
	}
	if (umount2(dir, MNT_DETACH) && !run_fusermount(dir)) {
		log_err("event=stale-mount dir=\"%s\" note=\"to drop it: fusermount3 -u -z\"", dir);
		return ERR_CONFIG;
	}
	log_info("event=stale-mount-dropped dir=\"%s\"", dir);
	return ERR_OK;
}

static bool is_empty(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	if (!d)
		return false;
	for (struct dirent *e; n <= 2 && (e = readdir(d));)
		n++;
	closedir(d);
	return n <= 2;
}

static enum err check_mountpoint(const char *dir)
{
	struct stat st;
	char type[64];
	const char *why = NULL;

	TRY(heal(dir));
	mounted_type(dir, type);
	if (!strcmp(type, FSTYPE))
		why = "already mounted there";
	else if (stat(dir, &st))
		why = strerror(errno);
	else if (!S_ISDIR(st.st_mode))
		why = "not a directory";
	else if (!is_empty(dir))
		why = "the directory is not empty";
	if (why)
		log_err("event=mountpoint-refused dir=\"%s\" why=\"%s\"", dir, why);
	return why ? ERR_CONFIG : ERR_OK;
}

/* ---- signals ------------------------------------------------------------------------------------------- */

static struct fuse_session *signalled;	/* the one that signals end */
static pthread_t server;

/*
 * A signal may come to another thread, or just before the read that it should interrupt: so it is handed on,
 * and comes again in a second.
 */
static void on_signal(int sig)
{
	int saved = errno;

	fuse_session_exit(signalled);
	if (!pthread_equal(pthread_self(), server))
		pthread_kill(server, sig);
	alarm(1);
	errno = saved;
}

static const int ending[] = { SIGTERM, SIGINT, SIGHUP, SIGALRM };
#define NENDING (sizeof(ending) / sizeof(*ending))

static void catch_signals(struct fuse_session *se, struct sigaction old[NENDING])
{
	struct sigaction sa = { .sa_handler = on_signal };

	signalled = se;
	server = pthread_self();
	for (size_t i = 0; i < NENDING; i++)
		sigaction(ending[i], &sa, &old[i]);
}

static void release_signals(const struct sigaction old[NENDING])
{
	alarm(0);
	for (size_t i = 0; i < NENDING; i++)
		sigaction(ending[i], &old[i], NULL);
}

/* ---- serving ------------------------------------------------------------------------------------------- */

#define REST_MS 50

/*
 * While requests come, a signal ends the wait for the next every REST_MS; if none came between two of them,
 * what waits for a quiet moment is done, and the ticks end. A poll before each read would say it, too, at a
 * twentieth of a request.
 */
struct ticks {
	timer_t timer;
	bool on;
	bool served;		/* a request, since the last tick */
};

static void on_tick(int sig)
{
	(void)sig;		/* that it came is all: the read gives EINTR */
}

static void ticks_set(struct ticks *t, bool on)
{
	struct timespec each = { .tv_nsec = on ? REST_MS * 1000000 : 0 };
	t->on = !timer_settime(t->timer, 0, &(struct itimerspec){ each, each }, NULL) && on;
}

static enum err ticks_begin(struct ticks *t)
{
	struct sigaction sa = { .sa_handler = on_tick };
	struct sigevent to = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1,
		._sigev_un._tid = gettid() };

	*t = (struct ticks){ 0 };
	return sigaction(SIGUSR1, &sa, NULL) ||
		timer_create(CLOCK_MONOTONIC, &to, &t->timer) ? ERR_NOMEM : ERR_OK;
}

static void tick(struct ticks *t, struct fs *f)
{
	if (!t->served) {
		ticks_set(t, false);
		ops_idle(f);
	}
	t->served = false;
}

static void loop(struct fs *f, struct fuse_session *se, struct ticks *t)
{
	struct fuse_buf buf = { 0 };
	bool ready = false;

	while (!fuse_session_exited(se)) {
		int n = fuse_session_receive_buf(se, &buf);
		if (n == -EINTR || n == -EAGAIN) {
			tick(t, f);
			continue;
		}
		if (n <= 0)
			break;
		t->served = true;
		if (!t->on)
			ticks_set(t, true);
		fuse_session_process_buf(se, &buf);
		if (!ready && f->started) {
			ready = true;
			if (f->o->ready)
				f->o->ready(f->o->arg);
		}
	}
	free(buf.mem);
}

/* Whatever is still open is committed, as if it were closed. */
static void flush(struct fs *f)
{
	f->env.now = (int64_t)time(NULL) * 1000;
	enum err e = files_flush(f->files, &f->env);
	if (!e)
		e = store_closed_all(f->env.store, f->env.now, f->env.grace_ms);
	ops_age(f, 0);
	if (!e)
		e = store_sync(f->env.store);
	if (e)
		log_err("event=flush-failed err=\"%s\"", err_str(e));
}

static enum err serve(struct fs *f, struct fuse_session *se)
{
	struct sigaction old[NENDING];
	struct ticks t;

	TRY(ticks_begin(&t));
	f->session = se;
	if (fuse_session_mount(se, f->o->mountpoint)) {
		log_err("event=mount-failed dir=\"%s\"", f->o->mountpoint);
		timer_delete(t.timer);
		return ERR_CONFIG;
	}
	enum err e = notify_create(se, f->o, f->events, f->grown, &f->notify);
	if (!e)
		e = fold_create(f->o->store_path, f->grown, &f->fold);
	if (!e) {
		log_info("event=mounted dir=\"%s\"", f->o->mountpoint);
		catch_signals(se, old);
		loop(f, se, &t);
		flush(f);
		release_signals(old);
		log_info("event=unmounted dir=\"%s\"", f->o->mountpoint);
	}
	timer_delete(t.timer);
	notify_destroy(f->notify);
	f->notify = NULL;
	fold_destroy(TAKE(f->fold));
	events_destroy(TAKE(f->events));
	fuse_session_unmount(se);
	return e;
}

static enum err with_session(struct fs *f)
{
	AUTO_BUF options = BUF_INIT;
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_session *se = NULL;

	buf_puts(&options, MOUNT_OPTIONS);
	if (f->o->fuse_options)
		buf_printf(&options, ",%s", f->o->fuse_options);
	TRY(buf_err(&options));
	if (!fuse_opt_add_arg(&args, "remindfs") && !fuse_opt_add_arg(&args, "-o") &&
	    !fuse_opt_add_arg(&args, options.s) && (!f->o->debug || !fuse_opt_add_arg(&args, "-d")))
		se = fuse_session_new(&args, &fs_ops, sizeof(fs_ops), f);
	enum err e = se ? serve(f, se) : ERR_CONFIG;
	if (se)
		fuse_session_destroy(se);
	else
		log_err("event=session-failed options=\"%s\"", options.s);
	fuse_opt_free_args(&args);
	return e;
}

static void finish(struct fs *f)
{
	files_destroy(f->files);
	events_destroy(f->events);
	store_close(f->env.store);
	wake_destroy(f->grown);
	buf_finish(&f->text);
	bits_finish(&f->visible);
	bits_finish(&f->told);
	for (int n = 0; n < NFIXED; n++)
		relist_finish(&f->dir[n].names);
	known_finish(&f->known);
	free(f->page);
}

/* On a full disk what is held is so for longer; reading needs no room. */
static enum err tidy(struct fs *f)
{
	enum err e = store_closed_all(f->env.store, f->env.now, f->env.grace_ms);
	if (e == ERR_NOSPC)
		log_warn("event=disk-full note=\"mounted all the same; make room\"");
	return e == ERR_NOSPC ? ERR_OK : e;
}

#define CACHE_KB 40000	/* what lists and look-ups of 100,000 tasks read */

static enum err prepare(struct fs *f)
{
	TRY(check_mountpoint(f->o->mountpoint));
	f->files = files_create();
	f->grown = wake_create();
	if (!f->files || !f->grown)
		return ERR_NOMEM;
	struct store_options so = { .changed = f->o->changed, .outbox = f->o->outbox, .grown = f->grown,
		.cache = CACHE_KB };
	TRY(store_open(f->o->store_path, &so, &f->env.store));
	TRY(store_change_last(f->env.store, &f->seq));
	f->events = events_create(f->seq);
	if (!f->events)
		return ERR_NOMEM;
	return tidy(f);
}

enum err fs_run(const struct fs_options *o)
{
	struct fs f = {
		.o = o,
		.env = { .now = (int64_t)time(NULL) * 1000, .grace_ms = o->config->grace_ms,
			.forget = forget, .kick = kick, .arg = &f },
		.owner = { getuid(), getgid() },
	};
	date_of(time(NULL), f.env.today);
	f.mounted_at = f.env.now;
	f.aged = ops_lived();
	enum err e = prepare(&f);
	if (!e)
		e = with_session(&f);
	finish(&f);
	return e;
}
