#include "unit.h"
#include "date.h"
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void R11_a_date_is_a_calendar_date(void **state)
{
	static const char *const good[] = { "2026-09-03", "0001-01-01", "9999-12-31", "2024-02-29", "2000-02-29" };
	static const char *const bad[] = {
		"", "2026", "2026-9-3", "2026-09-3", "2026-00-01", "2026-13-01", "2026-01-00", "2026-01-32", "2026-04-31",
		"2025-02-29", "1900-02-29", "0000-01-01", "2026-09-03 ", " 2026-09-03", "2026/09/03", "2026-09-03T00:00",
		"-026-09-03", "2026-+9-03", "20260903", "2026-0x-03", "２026-09-03",
	};
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(date_valid(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (date_valid(bad[i]))
			fail_msg("%s is no date", bad[i]);
	assert_false(date_valid(NULL));
}

static void every_day_follows_the_one_before(void **state)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	char date[DATE_LEN] = "0001-01-01", want[16], next[DATE_LEN], back[DATE_LEN];
	int weekday = 0;	/* 0001-01-01 was a Monday in the calendar we use */
	for (unsigned y = 1; y <= 9999; y++)
		for (unsigned m = 1; m <= 12; m++) {
			unsigned n = (unsigned)days[m - 1] + (m == 2 && ((y % 4 == 0 && y % 100 != 0) || y % 400 == 0));
			for (unsigned d = 1; d <= n; d++) {
				snprintf(want, sizeof(want), "%04u-%02u-%02u", y % 10000, m % 100, d % 100);
				if (strcmp(date, want) != 0 || date_weekday(date) != weekday)
					fail_msg("%s, not %s", date, want);
				weekday = (weekday + 1) % 7;
				if (y == 9999 && m == 12 && d == 31)
					return;
				assert_int_equal(date_add(date, 1, next), ERR_OK);
				if (d == 1) {
					assert_ok(date_add(next, -1, back));
					assert_string_equal(back, date);
				}
				memcpy(date, next, sizeof(date));
			}
		}
}

static void add_stays_in_range(void **state)
{
	char out[DATE_LEN];
	assert_ok(date_add("2026-12-31", 1, out));
	assert_string_equal(out, "2027-01-01");
	assert_ok(date_add("2024-03-01", -1, out));
	assert_string_equal(out, "2024-02-29");
	assert_err(date_add("9999-12-31", 1, out), ERR_INVAL);
	assert_err(date_add("0001-01-01", -1, out), ERR_INVAL);
	assert_err(date_add("2026-01-01", INT32_MAX, out), ERR_INVAL);
	assert_err(date_add("2026-01-01", INT32_MIN, out), ERR_INVAL);
	assert_err(date_add("today", 1, out), ERR_INVAL);
	assert_int_equal(date_weekday("2026-09-03"), 3);
	assert_int_equal(date_weekday("2026-02-30"), -1);
}

static void files_date_words(void **state)
{
	/* today is a Thursday */
	static const struct {
		const char *typed, *want;
		bool word;
	} row[] = {
		{ "2026-09-03", "2026-09-03", false }, { "  2026-01-02\t", "2026-01-02", false },
		{ "today", "2026-09-03", true }, { "TODAY", "2026-09-03", true }, { " Tomorrow ", "2026-09-04", true },
		{ "fri", "2026-09-04", true }, { "sat", "2026-09-05", true }, { "sun", "2026-09-06", true },
		{ "mon", "2026-09-07", true }, { "tue", "2026-09-08", true }, { "wed", "2026-09-09", true },
		{ "thu", "2026-09-10", true }, { "Thursday", "2026-09-10", true }, { "monday", "2026-09-07", true },
		{ "Tues", "2026-09-08", true }, { "+0d", "2026-09-03", true }, { "+3d", "2026-09-06", true },
		{ "+2w", "2026-09-17", true }, { "+1W", "2026-09-10", true }, { "+28d", "2026-10-01", true },
		{ "+365d", "2027-09-03", true }, { "", NULL, false }, { "yesterday", NULL, false }, { "mo", NULL, false },
		{ "mondays", NULL, false }, { "monx", NULL, false }, { "+d", NULL, false }, { "+3", NULL, false },
		{ "3d", NULL, false }, { "+3m", NULL, false }, { "+3dd", NULL, false }, { "+-3d", NULL, false },
		{ "-3d", NULL, false }, { "+ 3d", NULL, false }, { "+9999999d", NULL, false }, { "+9999999w", NULL, false },
		{ "+99999999999999999999d", NULL, false }, { "2026-02-30", NULL, false }, { "9/3", NULL, false },
		{ "2026-09-03 10:00", NULL, false }, { "to day", NULL, false },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		char out[DATE_LEN] = "";
		bool word = !row[i].word;
		enum err e = date_parse(row[i].typed, "2026-09-03", out, &word);
		assert_same(row[i].typed, e ? NULL : out, row[i].want);
		if (row[i].want)
			assert_int_equal(word, row[i].word);
		else
			assert_err(e, ERR_INVAL);
	}
}

static void a_weekday_is_never_today(void **state)
{
	static const char *const name[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	char today[DATE_LEN] = "2026-02-25", out[DATE_LEN], limit[DATE_LEN];
	for (int i = 0; i < 14; i++) {
		for (int w = 0; w < 7; w++) {
			assert_ok(date_parse(name[w], today, out, NULL));
			assert_ok(date_add(today, 7, limit));
			assert_int_equal(date_weekday(out), w);
			assert_true(strcmp(out, today) > 0 && strcmp(out, limit) <= 0);
		}
		assert_ok(date_add(today, 1, today));
	}
}

static void zone(const char *tz)
{
	setenv("TZ", tz, 1);
}

static void the_zone_is_read_anew(void **state)
{
	char out[DATE_LEN];
	time_t t = 1788393600;	/* 2026-09-03T00:00:00Z */
	static const struct {
		const char *tz;
		int add;
		const char *want;
	} row[] = {
		{ "UTC0", 0, "2026-09-03" }, { "UTC0", -1, "2026-09-02" }, { "XXX8", 0, "2026-09-02" },
		{ "XXX-14", 0, "2026-09-03" }, { "XXX-14", 36000, "2026-09-04" }, { "XXX12", 43199, "2026-09-02" },
		{ "XXX12", 43200, "2026-09-03" }, { "UTC0", 0, "2026-09-03" },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		zone(row[i].tz);
		date_of(t + row[i].add, out);
		assert_same(row[i].tz, out, row[i].want);
	}
	zone("UTC0");
	date_of((time_t)INT64_MAX, out);
	assert_string_equal(out, "9999-12-31");
	date_of((time_t)INT64_MIN, out);
	assert_string_equal(out, "0001-01-01");
}

/* The smallest zone file: one offset (RFC 8536). */
static void write_zone(const char *path, int32_t east)
{
	unsigned char file[44 + 6 + 4] = "TZif";
	file[39] = 1;		/* one type, */
	file[43] = 4;		/* its name of four characters */
	for (int i = 0; i < 4; i++)
		file[44 + i] = (unsigned char)((uint32_t)east >> (24 - 8 * i));
	memcpy(file + 50, "ABC", 4);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(file, 1, sizeof(file), f), sizeof(file));
	assert_int_equal(fclose(f), 0);
}

/* In a child, as it puts files over /etc/localtime, for itself alone: 2: that is not permitted here. */
static int with_zones(const char *dir)
{
	static const struct {
		int east;	/* hours */
		const char *want;
	} row[] = { { 14, "2026-11-24" }, { -12, "2026-11-23" }, { 4, "2026-11-24" }, { 0, "2026-11-23" } };
	const time_t t = 1795464000;	/* 2026-11-23 20:00 UTC */
	char out[DATE_LEN], path[100];
	unsetenv("TZ");
	if ((unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS)) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 2;
	for (size_t i = 0; i < COUNT(row); i++) {
		snprintf(path, sizeof(path), "%s/%zu", dir, i);
		write_zone(path, row[i].east * 3600);
		if (mount(path, "/etc/localtime", NULL, MS_BIND, NULL))
			return 2;
		date_of(t, out);
		if (strcmp(out, row[i].want)) {
			fprintf(stderr, "%+d: %s, not %s\n", row[i].east, out, row[i].want);
			return 1;
		}
	}
	return 0;
}

static void a_replaced_localtime_is_noticed(void **state)
{
	char dir[] = "/tmp/remindfs-zone-XXXXXX", path[100];
	int st = 0;
	assert_non_null(mkdtemp(dir));
	pid_t pid = fork();
	if (!pid)
		_exit(with_zones(dir));
	assert_int_equal(waitpid(pid, &st, 0), pid);
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%d", dir, i);
		unlink(path);
	}
	rmdir(dir);
	if (WEXITSTATUS(st) == 2)
		skip();
	assert_int_equal(st, 0);
}

static void moments_with_zones(void **state)
{
	static const struct {
		const char *s;
		int64_t ms;
	} row[] = {
		{ "1970-01-01T00:00:00Z", 0 }, { "1970-01-01T00:00:00.001Z", 1 }, { "1969-12-31T23:59:59.999Z", -1 },
		{ "2015-06-26T19:46:33.000+0000", INT64_C(1435347993000) }, { "2015-06-26T19:46:33+00:00", INT64_C(1435347993000) },
		{ "2015-06-26T21:46:33.5+02:00", INT64_C(1435347993500) }, { "2015-06-26T12:46:33.250-0700", INT64_C(1435347993250) },
		{ "2015-06-26t19:46:33.123456789z", INT64_C(1435347993123) }, { "2015-06-26 19:46:33Z", INT64_C(1435347993000) },
		{ "2016-12-31T23:59:60Z", INT64_C(1483228800000) }, { "0001-01-01T00:00:00Z", INT64_C(-62135596800000) },
		{ "9999-12-31T23:59:59.999Z", INT64_C(253402300799999) },
	};
	static const char *const bad[] = {
		"", "2015-06-26", "2015-06-26T", "2015-06-26T19:46:33", "2015-06-26T19:46Z", "2015-06-26T24:00:00Z",
		"2015-06-26T19:60:00Z", "2015-06-26T19:46:61Z", "2015-06-26T19:46:33.Z", "2015-06-26T19:46:33+1", "2015-06-26T19:46:33+24:00",
		"2015-06-26T19:46:33+00:60", "2015-06-26T19:46:33ZZ", "2015-06-26T19:46:33+0000x", "2015-02-30T19:46:33Z", "x",
		"2015-06-26X19:46:33Z", "2015-06-26T19-46-33Z", "9999-12-31T20:00:00-23:59", "0001-01-01T00:00:00+00:01",
	};
	int64_t ms;
	for (size_t i = 0; i < COUNT(row); i++) {
		assert_ok(date_parse_time(row[i].s, &ms));
		assert_true(ms == row[i].ms);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (date_parse_time(bad[i], &ms) != ERR_INVAL)
			fail_msg("%s is no moment", bad[i]);
}

static void moments_round_trip(void **state)
{
	char out[DATE_TIME_LEN];
	uint64_t r = random_seed();
	int64_t back;
	date_format_time(INT64_C(1795464000123), out);
	assert_string_equal(out, "2026-11-23T20:00:00.123Z");
	date_format_time(INT64_MAX, out);
	assert_string_equal(out, "9999-12-31T23:59:59.999Z");
	date_format_time(INT64_MIN, out);
	assert_string_equal(out, "0001-01-01T00:00:00.000Z");
	for (int i = 0; i < 20000; i++) {
		int64_t ms = (int64_t)(random_next(&r) % UINT64_C(315537897600000)) - INT64_C(62135596800000);
		date_format_time(ms, out);
		assert_int_equal(date_parse_time(out, &back), ERR_OK);
		assert_true(back == ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R11_a_date_is_a_calendar_date),
		cmocka_unit_test(every_day_follows_the_one_before),
		cmocka_unit_test(add_stays_in_range),
		cmocka_unit_test(files_date_words),
		cmocka_unit_test(a_weekday_is_never_today),
		cmocka_unit_test(the_zone_is_read_anew),
		cmocka_unit_test(a_replaced_localtime_is_noticed),
		cmocka_unit_test(moments_with_zones),
		cmocka_unit_test(moments_round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
