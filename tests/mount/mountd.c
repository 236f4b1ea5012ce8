/*
 * mountd STORE MOUNTPOINT [GRACE_MS]: the mount alone, for the stories of this directory. One side is on, but nobody
 * serves it: so what would be sent stays in the outbox, and can be counted. The verb "sync" plays the remote: it does
 * what the lines of STORE.remote say ("new TITLE", "gone ID", "title ID VALUE", "due ID VALUE" ...), with a store of its own.
 * MOUNTD_CLOCK: a file with the time (seconds) to begin at and a zone, read anew whenever the clock is asked: a story sets
 * it on, as midnight, a suspended machine and a traveller do.
 * MOUNTD_BETWEEN: a file with what the remote does, once, between the reading of a text and the moment when the kernel is given it.
 */
#include "config.h"
#include "fs.h"
#include "log.h"
#include "store.h"
#define FUSE_USE_VERSION 312
#include <dlfcn.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *clock_path, *between;

/* In place of the C library's. The time stands still until the file is written anew. */
int clock_gettime(clockid_t which, struct timespec *t)
{
	char now[32] = "", zone[64];
	static void *found;	/* any thread may be the first to ask */
	void *real = __atomic_load_n(&found, __ATOMIC_RELAXED);
	FILE *f = which == CLOCK_REALTIME && clock_path ? fopen(clock_path, "re") : NULL;

	if (f && fscanf(f, "%31s %63s", now, zone) == 2) {
		setenv("TZ", zone, 1);
		*t = (struct timespec){ .tv_sec = atoll(now) };
	}
	if (f)
		fclose(f);
	if (!real)
		__atomic_store_n(&found, real = dlsym(RTLD_NEXT, "clock_gettime"), __ATOMIC_RELAXED);
	return *now ? 0 : ((int (*)(clockid_t, struct timespec *))real)(which, t);
}

/* The story waits for this line. */
static void ready(void *arg)
{
	puts("ready");
	fflush(stdout);
}

static struct world {
	const char *path;
	struct wake *changed;
} world;

static enum err one_line(struct store *s, char *line)
{
	int64_t now = (int64_t)time(NULL) * 1000, id;
	char *what = strsep(&line, " ");
	struct task t = TASK_INIT;

	if (!strcmp(what, "new")) {
		t.field[FIELD_TITLE] = line;
		return store_create(s, &t, NULL, 0, SIDE_SC, now, &id);
	}
	id = atoll(strsep(&line, " "));
	if (!strcmp(what, "gone"))
		return store_delete(s, id, SIDE_SC, now, 0);
	for (int f = 0; f < TASK_NFIELDS; f++)
		if (!strcmp(what, task_field[f].name)) {
			t.field[f] = line;
			return store_edit(s, id, &t, BIT(f), 0, NULL, 0, SIDE_SC, now);
		}
	return ERR_INVAL;
}

/* Do what the lines of a file say; false: there is none. */
static bool play(const struct world *w, const char *path)
{
	char line[4096];
	struct store *s = NULL;
	FILE *f = fopen(path, "re");

	if (f && store_open(w->path, &(struct store_options){ .changed = w->changed }, &s) == ERR_OK)
		while (fgets(line, sizeof(line), f)) {
			line[strcspn(line, "\n")] = '\0';
			enum err e = one_line(s, line);
			if (e)
				fprintf(stderr, "mountd: %s\n", err_str(e));
		}
	store_close(s);
	if (f)
		fclose(f);
	return f;
}

static void verb(void *arg, const char *name)
{
	const struct world *w = arg;
	char path[4096];

	printf("verb %s\n", name);
	fflush(stdout);
	snprintf(path, sizeof(path), "%s.remote", w->path);
	play(w, path);
}

/* In place of libfuse's: the notify thread gets the time to tell the kernel of the change first. */
int fuse_lowlevel_notify_store(struct fuse_session *se, fuse_ino_t ino, off_t off, struct fuse_bufvec *v,
	enum fuse_buf_copy_flags flags)
{
	static int (*real)(struct fuse_session *, fuse_ino_t, off_t, struct fuse_bufvec *, enum fuse_buf_copy_flags);

	if (between && play(&world, between) && !unlink(between))
		usleep(200000);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "fuse_lowlevel_notify_store");
	return real(se, ino, off, v, flags);
}

static enum err side_on(const char *path)
{
	struct store *s = NULL;

	TRY(store_open(path, &(struct store_options){ 0 }, &s));
	enum err e = store_side_switch(s, SIDE_SC, true, 1);
	store_close(s);
	return e;
}

int main(int argc, char **argv)
{
	AUTO_CONFIG c;
	struct wake *changed = wake_create(), *outbox = wake_create();

	if (argc < 3 || !changed || !outbox) {
		fprintf(stderr, "usage: mountd STORE MOUNTPOINT [GRACE_MS]\n");
		return 2;
	}
	clock_path = getenv("MOUNTD_CLOCK");
	between = getenv("MOUNTD_BETWEEN");
	config_init(&c);
	if (argc > 3)
		c.grace_ms = atoi(argv[3]);
	log_init(LOG_LEVEL_INFO, NULL, 1);
	world = (struct world){ argv[1], changed };
	enum err e = side_on(argv[1]);
	if (!e)
		e = fs_run(&(struct fs_options){
		.store_path = argv[1], .mountpoint = argv[2], .config = &c, .changed = changed, .outbox = outbox,
		.debug = getenv("MOUNTD_DEBUG"), .ready = ready, .verb = verb, .arg = &world });
	wake_destroy(changed);
	wake_destroy(outbox);
	if (e)
		fprintf(stderr, "mountd: %s\n", err_str(e));
	return e != ERR_OK;
}
