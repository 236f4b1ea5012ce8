/* thread - starts a thread of the mount. Signals end the session: they belong to the thread that serves. */
#ifndef THREAD_H
#define THREAD_H

#include "errcode.h"
#include <pthread.h>

/* No signal comes to it. ERR_NOMEM: there is none. */
NODISCARD enum err thread_start(pthread_t *t, void *(*run)(void *arg), void *arg);

#endif
