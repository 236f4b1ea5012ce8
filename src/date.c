#include "date.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DAY_MS 86400000
#define FIRST_DAY (-719162)	/* 0001-01-01, in days since 1970 */
#define LAST_DAY 2932896	/* 9999-12-31 */

static const char *const weekday[7] = {
	"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
};

/* n digits, and nothing but digits; -1: not. */
static int digits(const char *s, int n)
{
	int v = 0;
	for (int i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v;
}

/* Days since 1970 of a civil date, and back: years counted from March make the leap day the last of its
 * year. */
static int64_t to_days(int y, int m, int d)
{
	int64_t yy = m <= 2 ? y - 1 : y;
	int64_t era = (yy >= 0 ? yy : yy - 399) / 400;
	int64_t of_era = yy - era * 400;
	int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void from_days(int64_t days, int *y, int *m, int *d)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;
	*d = (int)(of_year - (153 * month + 2) / 5 + 1);
	*m = (int)(month < 10 ? month + 3 : month - 9);
	*y = (int)(year + era * 400 + (*m <= 2));
}

static int month_days(int y, int m)
{
	static const char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	return days[m - 1] + (m == 2 && leap);
}

/* The first ten bytes as a date. s may be shorter: digits stops at its NUL. */
static bool read_date(const char *s, int64_t *days)
{
	int y = digits(s, 4);
	if (y < 1 || s[4] != '-')
		return false;
	int m = digits(s + 5, 2);
	if (m < 1 || m > 12 || s[7] != '-')
		return false;
	int d = digits(s + 8, 2);
	if (d < 1 || d > month_days(y, m))
		return false;
	*days = to_days(y, m, d);
	return true;
}

static bool whole_date(const char *s, int64_t *days)
{
	return s && read_date(s, days) && s[10] == '\0';
}

static void put_date(int64_t days, char out[DATE_LEN])
{
	int y, m, d;
	from_days(days, &y, &m, &d);
	snprintf(out, DATE_LEN, "%04u-%02u-%02u", (unsigned)y % 10000, (unsigned)m % 100, (unsigned)d % 100);
}

bool date_valid(const char *s)
{
	int64_t days;
	return whole_date(s, &days);
}

enum err date_add(const char *date, int days, char out[DATE_LEN])
{
	int64_t n;
	if (!whole_date(date, &n))
		return ERR_INVAL;
	n += days;
	if (n < FIRST_DAY || n > LAST_DAY)
		return ERR_INVAL;
	put_date(n, out);
	return ERR_OK;
}

static int weekday_of(int64_t days)
{
	return (int)(((days + 3) % 7 + 7) % 7);		/* 1970-01-01 was a Thursday */
}

int date_weekday(const char *date)
{
	int64_t days;
	return whole_date(date, &days) ? weekday_of(days) : -1;
}

/* "+3d", "+2w" -> days; -1: neither. Seven digits cannot overflow. */
static int relative(const char *s)
{
	size_t n = strspn(s + 1, "0123456789");
	if (s[0] != '+' || n < 1 || n > 7)
		return -1;
	int v = digits(s + 1, (int)n);
	const char *unit = s + 1 + n;
	if (!strcasecmp(unit, "d"))
		return v;
	return strcasecmp(unit, "w") ? -1 : v * 7;
}

/* How many days ahead a word is; -1: not a word we know. */
static int word_days(const char *s, const char *today)
{
	size_t n = strlen(s);
	if (!strcasecmp(s, "today"))
		return 0;
	if (!strcasecmp(s, "tomorrow"))
		return 1;
	for (int i = 0; n >= 3 && i < 7; i++)
		if (!strncasecmp(s, weekday[i], n))
			return (i - date_weekday(today) + 6) % 7 + 1;
	return n ? relative(s) : -1;
}

enum err date_parse(const char *s, const char *today, char out[DATE_LEN], bool *word)
{
	char trim[16];
	s += strspn(s, " \t");
	size_t n = strlen(s);
	while (n && strchr(" \t", s[n - 1]))
		n--;
	if (n >= sizeof(trim))
		return ERR_INVAL;
	memcpy(trim, s, n);
	trim[n] = '\0';

	bool plain = date_valid(trim);
	if (word)
		*word = !plain;
	if (plain) {
		memcpy(out, trim, DATE_LEN);
		return ERR_OK;
	}
	int ahead = date_valid(today) ? word_days(trim, today) : -1;
	return ahead < 0 ? ERR_INVAL : date_add(today, ahead, out);
}

void date_of(time_t t, char out[DATE_LEN])
{
	struct tm tm;
	tzset();	/* localtime_r alone never looks at TZ or /etc/localtime again */
	if (!localtime_r(&t, &tm) || tm.tm_year > 9999 - 1900)
		put_date(t < 0 ? FIRST_DAY : LAST_DAY, out);
	else if (tm.tm_year < 1 - 1900)
		put_date(FIRST_DAY, out);
	else
		put_date(to_days(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday), out);
}

/* ".5", ".000", ".123456789" -> ms; *s moves behind. -1: a point without digits. */
static int fraction(const char **s)
{
	if (**s != '.')
		return 0;
	size_t n = strspn(++*s, "0123456789");
	int ms = n ? (**s - '0') * 100 : -1;
	if (n > 1)
		ms += ((*s)[1] - '0') * 10;
	if (n > 2)
		ms += (*s)[2] - '0';
	*s += n;
	return ms;
}

/* "Z", "+0000", "-07:00" to the end of the text -> minutes east. */
static bool zone(const char *s, int *minutes)
{
	*minutes = 0;
	if (!strcasecmp(s, "z"))
		return true;
	if (*s != '+' && *s != '-')
		return false;
	int h = digits(s + 1, 2);
	if (h < 0 || h > 23)
		return false;
	const char *rest = s + 3 + (s[3] == ':');
	int m = digits(rest, 2);
	if (m < 0 || m > 59 || rest[2])
		return false;
	*minutes = (*s == '-' ? -1 : 1) * (h * 60 + m);
	return true;
}

enum err date_parse_time(const char *s, int64_t *ms)
{
	int64_t days;
	if (!read_date(s, &days) || !strchr("Tt ", s[10]) || !s[10])
		return ERR_INVAL;
	s += 11;
	int h = digits(s, 2);
	if (h < 0 || h > 23 || s[2] != ':')
		return ERR_INVAL;
	int m = digits(s + 3, 2);
	if (m < 0 || m > 59 || s[5] != ':')
		return ERR_INVAL;
	int sec = digits(s + 6, 2);
	if (sec < 0 || sec > 60)	/* 60: a leap second */
		return ERR_INVAL;
	s += 8;
	int frac = fraction(&s), east;
	if (frac < 0 || !zone(s, &east))
		return ERR_INVAL;
	*ms = days * DAY_MS + ((h * 60 + m - east) * INT64_C(60) + sec) * 1000 + frac;
	int64_t first = (int64_t)FIRST_DAY * DAY_MS, end = (int64_t)(LAST_DAY + 1) * DAY_MS;
	return *ms < first || *ms >= end ? ERR_INVAL : ERR_OK;
}

void date_format_time(int64_t ms, char out[DATE_TIME_LEN])
{
	int64_t days = ms / DAY_MS, of_day = ms % DAY_MS;
	if (of_day < 0) {
		of_day += DAY_MS;
		days--;
	}
	if (days < FIRST_DAY || days > LAST_DAY) {
		days = days < 0 ? FIRST_DAY : LAST_DAY;
		of_day = days < 0 ? 0 : DAY_MS - 1;
	}
	char date[DATE_LEN];
	unsigned t = (unsigned)of_day;
	put_date(days, date);
	snprintf(out, DATE_TIME_LEN, "%s" "T%02u:%02u:%02u.%03uZ", date, t / 3600000 % 24, t / 60000 % 60,
		t / 1000 % 60, t % 1000);
}
