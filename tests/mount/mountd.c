/*
 * mountd STORE MOUNTPOINT [GRACE_MS]: the mount alone, for the stories of this directory. One side is on, but nobody
 * serves it: so what would be sent stays in the outbox, and can be counted.
 */
#include "config.h"
#include "fs.h"
#include "log.h"
#include "store.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The story waits for this line. */
static void ready(void *arg)
{
	puts("ready");
	fflush(stdout);
}

static void verb(void *arg, const char *line)
{
	printf("verb %s\n", line);
	fflush(stdout);
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
	config_init(&c);
	if (argc > 3)
		c.grace_ms = atoi(argv[3]);
	log_init(LOG_LEVEL_INFO, NULL, 1);
	enum err e = side_on(argv[1]);
	if (!e)
		e = fs_run(&(struct fs_options){
		.store_path = argv[1], .mountpoint = argv[2], .config = &c, .changed = changed, .outbox = outbox,
		.debug = getenv("MOUNTD_DEBUG"), .ready = ready, .verb = verb });
	wake_destroy(changed);
	wake_destroy(outbox);
	if (e)
		fprintf(stderr, "mountd: %s\n", err_str(e));
	return e != ERR_OK;
}
