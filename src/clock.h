/* clock - ms of one of the system's clocks. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_ms(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* For waits: nobody sets it. */
static inline int64_t clock_steady(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

#endif
