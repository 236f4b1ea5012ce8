/*
 * wake - says that something happened; the store says what. Mutex, condition, counter.
 * Any thread may ring; each waiter remembers the count it saw last, so no ring is missed.
 */
#ifndef WAKE_H
#define WAKE_H

#include "errcode.h"
#include <stdint.h>

struct wake;

struct wake *wake_create(void);			/* NULL: out of memory */
void wake_destroy(struct wake *w);		/* NULL is fine; nobody may wait any more */
void wake_ring(struct wake *w);			/* NULL is fine: nobody listens */
uint64_t wake_count(struct wake *w);
/* Block until the count differs from seen, or ms milliseconds have passed (ms < 0: no limit; monotonic
 * clock). Gives the count now. */
uint64_t wake_wait(struct wake *w, uint64_t seen, int64_t ms);

#endif
