#include "thread.h"
#include <signal.h>

enum err thread_start(pthread_t *t, void *(*run)(void *arg), void *arg)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int e = pthread_create(t, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return e ? ERR_NOMEM : ERR_OK;
}
