#define LOG_MODULE "fold"
#include "fold.h"
#include "thread.h"
#include "wake.h"
#include <stdatomic.h>
#include <stdlib.h>

#define QUIET_MS 50	/* without a commit */

struct fold {
	struct store *store;	/* the thread's */
	struct wake *grown;
	pthread_t thread;
	atomic_bool stop;
};

static void *run(void *arg)
{
	struct fold *f = arg;
	uint64_t seen = wake_count(f->grown);

	while (!atomic_load(&f->stop)) {
		bool again = store_fold(f->store);
		seen = wake_wait(f->grown, seen, again ? QUIET_MS : -1);
	}
	return NULL;
}

enum err fold_create(const char *store_path, struct wake *grown, struct fold **out)
{
	struct fold *f = calloc(1, sizeof(*f));

	if (!f)
		return ERR_NOMEM;
	f->grown = grown;
	enum err e = store_open(store_path, &(struct store_options){ 0 }, &f->store);
	if (!e)
		e = thread_start(&f->thread, run, f);
	if (!e) {
		*out = f;
		return ERR_OK;
	}
	store_close(f->store);
	free(f);
	return e;
}

void fold_destroy(struct fold *f)
{
	if (!f)
		return;
	atomic_store(&f->stop, true);
	wake_ring(f->grown);
	pthread_join(f->thread, NULL);
	store_close(f->store);
	free(f);
}
