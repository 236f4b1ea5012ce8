/*
 * date - calendar dates as text "YYYY-MM-DD" (ISO order: strcmp sorts them), and the words people type.
 * Pure: today is an argument. No time of day, no zone (R11). Proleptic Gregorian, years 1 to 9999.
 */
#ifndef DATE_H
#define DATE_H

#include "errcode.h"
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define DATE_LEN 11	/* with the final NUL */

bool date_valid(const char *s);
/* out = date + days. ERR_INVAL: date is not one, or the result leaves the range. */
NODISCARD enum err date_add(const char *date, int days, char out[DATE_LEN]);
/* 0 Monday .. 6 Sunday; -1: not a date. */
int date_weekday(const char *date);
/*
 * What a person typed in "Due:": a date, or today, tomorrow, mon..sun (also in full; the next such day, never
 * today), +3d, +2w; any case, spaces around. ERR_INVAL: none of these. *word (may be NULL): it was not a
 * plain date.
 */
NODISCARD enum err date_parse(const char *s, const char *today, char out[DATE_LEN], bool *word);
/* The local calendar date at a moment (TZ of the process, read anew: localtime_r after tzset). */
void date_of(time_t t, char out[DATE_LEN]);
/* RFC 3339 / Salesforce "2015-06-26T19:46:33.000+0000" <-> ms since 1970. ERR_INVAL: not one, or in UTC not
 * in the years 1 to 9999. */
NODISCARD enum err date_parse_time(const char *s, int64_t *ms);
#define DATE_TIME_LEN 32
/* "2026-11-23T20:00:00.123Z" */
void date_format_time(int64_t ms, char out[DATE_TIME_LEN]);

#endif
