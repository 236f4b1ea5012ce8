#include "clock.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t offset, frozen_at;
static bool is_frozen;

static int64_t real_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_now(void)
{
	return is_frozen ? frozen_at : real_ms(CLOCK_REALTIME) + offset;
}

int64_t clock_monotonic(void)
{
	return real_ms(CLOCK_MONOTONIC);
}

void clock_set(int64_t now, bool frozen)
{
	is_frozen = frozen;
	frozen_at = now;
	offset = now - real_ms(CLOCK_REALTIME);
}

void clock_advance(int64_t ms)
{
	offset += ms;
	frozen_at += ms;
}

void clock_real(void)
{
	is_frozen = false;
	offset = 0;
}

bool clock_frozen(void)
{
	return is_frozen;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static struct tm utc(int64_t ms)
{
	time_t s = (time_t)floor_div(ms, 1000);
	struct tm tm;

	gmtime_r(&s, &tm);
	return tm;
}

char *time_sf(int64_t ms, char *buf)
{
	struct tm tm = utc(ms);

	strftime(buf, TIME_TEXT, "%Y-%m-%dT%H:%M:%S.000+0000", &tm);
	return buf;
}

char *time_sc(int64_t ms, char *buf)
{
	struct tm tm = utc(ms);
	size_t n = strftime(buf, TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);

	snprintf(buf + n, TIME_TEXT - n, ".%03dZ", (int)(ms - floor_div(ms, 1000) * 1000));
	return buf;
}

char *time_http(int64_t ms, char *buf)
{
	struct tm tm = utc(ms);

	strftime(buf, TIME_TEXT, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return buf;
}

char *date_text(int64_t ms, char *buf)
{
	struct tm tm = utc(ms);

	strftime(buf, TIME_TEXT, "%Y-%m-%d", &tm);
	return buf;
}

/* The shape says which places are digits ('d'); anything else stands for itself. */
static bool shaped(const char *s, const char *shape)
{
	for (; *shape; s++, shape++)
		if (*shape == 'd' ? !isdigit((unsigned char)*s) : *s != *shape)
			return false;
	return true;
}

static bool civil(const char *s, int64_t *ms)
{
	struct tm tm = { 0 };
	time_t t;

	if (!shaped(s, "dddd-dd-dd"))
		return false;
	tm.tm_year = atoi(s) - 1900;
	tm.tm_mon = atoi(s + 5) - 1;
	tm.tm_mday = atoi(s + 8);
	struct tm given = tm;

	t = timegm(&tm);
	/* timegm() turns 31 April into 1 May: a day that does not exist comes back changed. */
	if (given.tm_mday != tm.tm_mday || given.tm_mon != tm.tm_mon)
		return false;
	*ms = (int64_t)t * 1000;
	return true;
}

bool date_parse(const char *s, int64_t *ms)
{
	return strlen(s) == 10 && civil(s, ms);
}

bool time_parse(const char *s, int64_t *ms)
{
	int64_t t;

	if (!civil(s, &t) || !shaped(s + 10, "Tdd:dd:dd"))
		return false;
	int h = atoi(s + 11), m = atoi(s + 14), sec = atoi(s + 17);

	if (h > 23 || m > 59 || sec > 60)
		return false;
	t += ((h * 60 + m) * 60 + sec) * 1000LL;
	s += 19;
	if (*s == '.') {
		int unit = 100;

		for (s++; isdigit((unsigned char)*s); s++, unit /= 10)
			t += (*s - '0') * unit;
	}
	if (*s == '+' || *s == '-') {
		int sign = *s == '+' ? 1 : -1;
		int colon = shaped(s + 1, "dd:dd");

		if (!colon && !shaped(s + 1, "dddd"))
			return false;
		t -= sign * ((s[1] - '0') * 10 + s[2] - '0') * 3600000LL;
		t -= sign * ((s[3 + colon] - '0') * 10 + s[4 + colon] - '0') * 60000LL;
		s += 5 + colon;
	} else if (*s == 'Z') {
		s++;
	} else {
		return false;
	}
	if (*s)
		return false;
	*ms = t;
	return true;
}

bool time_http_parse(const char *s, int64_t *ms)
{
	struct tm tm = { 0 };
	char *end = strptime(s, "%a, %d %b %Y %H:%M:%S GMT", &tm);

	if (!end || *end)
		return false;
	*ms = (int64_t)timegm(&tm) * 1000;
	return true;
}
