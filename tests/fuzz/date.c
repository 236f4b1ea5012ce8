/* date: any bytes as what a person types in "Due:", and as a time stamp. */
#include "fuzz.h"
#include "date.h"

static void typed(const char *s, const char *today)
{
	char date[DATE_LEN], again[DATE_LEN];
	bool word = false;
	enum err e = date_parse(s, today, date, &word);

	CHECK(e == ERR_OK || e == ERR_INVAL);
	CHECK(!date_valid(s) || (!e && !word && !strcmp(date, s)));
	if (e)
		return;
	CHECK(date_valid(date) && date_weekday(date) >= 0);
	CHECK(!date_parse(date, today, again, &word) && !word && !strcmp(date, again));
}

static void stamp(const char *s)
{
	int64_t ms, again;
	char text[DATE_TIME_LEN];

	if (date_parse_time(s, &ms))
		return;
	date_format_time(ms, text);
	CHECK(!date_parse_time(text, &again) && ms == again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO_FREE char *s = fuzz_str(data, n);

	typed(s, "2026-09-03");
	typed(s, "9999-12-31");
	stamp(s);
	return 0;
}
