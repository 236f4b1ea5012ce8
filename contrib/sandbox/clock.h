/* The sandbox's own time, in milliseconds since 1970 UTC, and the ways it is written.
 * Buffers are at least TIME_TEXT bytes. Parsers answer false and leave the result alone on nonsense.
 */
#ifndef SANDBOX_CLOCK_H
#define SANDBOX_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define TIME_TEXT 40
#define DAY_MS (86400LL * 1000)

int64_t clock_now(void);
int64_t clock_monotonic(void);		  /* real, for rate limits; the tests' clock does not move it */
void clock_set(int64_t now, bool frozen); /* ticks on from there unless frozen */
void clock_advance(int64_t ms);
void clock_real(void);
bool clock_frozen(void);

char *time_sf(int64_t ms, char *buf);	/* 2026-11-23T20:00:00.000+0000, whole seconds */
char *time_sc(int64_t ms, char *buf);	/* 2026-11-23T20:00:00.250Z */
char *time_http(int64_t ms, char *buf); /* Mon, 23 Nov 2026 20:00:00 GMT */
char *date_text(int64_t ms, char *buf); /* 2026-11-23 */

bool time_parse(const char *s, int64_t *ms); /* Z, +0000, +00:00; fraction optional */
bool time_http_parse(const char *s, int64_t *ms);
bool date_parse(const char *s, int64_t *ms); /* midnight UTC; only days that exist */

#endif
