#include "wake.h"
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct wake {
	pthread_mutex_t lock;
	pthread_cond_t rang;
	uint64_t count;		/* under lock */
};

/* The condition must count on the monotonic clock: a wrong or stepping wall clock must not stretch a wait. */
static int init_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	int e = pthread_condattr_init(&attr);
	if (e)
		return e;
	e = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (!e)
		e = pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
	return e;
}

struct wake *wake_create(void)
{
	struct wake *w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	if (pthread_mutex_init(&w->lock, NULL)) {
		free(w);
		return NULL;
	}
	if (init_cond(&w->rang)) {
		pthread_mutex_destroy(&w->lock);
		free(w);
		return NULL;
	}
	return w;
}

void wake_destroy(struct wake *w)
{
	if (!w)
		return;
	pthread_cond_destroy(&w->rang);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void wake_ring(struct wake *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->count++;
	pthread_cond_broadcast(&w->rang);
	pthread_mutex_unlock(&w->lock);
}

uint64_t wake_count(struct wake *w)
{
	pthread_mutex_lock(&w->lock);
	uint64_t n = w->count;
	pthread_mutex_unlock(&w->lock);
	return n;
}

static struct timespec deadline(int64_t ms)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

uint64_t wake_wait(struct wake *w, uint64_t seen, int64_t ms)
{
	struct timespec until = deadline(ms < 0 ? 0 : ms);
	int e = 0;
	pthread_mutex_lock(&w->lock);
	while (w->count == seen && !e)
		e = ms < 0 ? pthread_cond_wait(&w->rang, &w->lock)
			   : pthread_cond_timedwait(&w->rang, &w->lock, &until);
	uint64_t n = w->count;
	pthread_mutex_unlock(&w->lock);
	return n;
}
