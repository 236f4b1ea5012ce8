/*
 * unit - what every unit test includes: cmocka, and random cases that can be had again.
 * SEED=n in the environment repeats a run; the seed of each run goes to stderr.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "buf.h"
#include "errcode.h"
#include "utf8.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define assert_ok(e) assert_string_equal(err_str(e), err_str(ERR_OK))
#define assert_err(e, want) assert_string_equal(err_str(e), err_str(want))

/* NULL and NULL are equal, too. what: the row of a table. */
#define assert_same(what, a, b) same_((what), (a), (b), __FILE__, __LINE__)

static inline void same_(const char *what, const char *a, const char *b, const char *file, int line)
{
	if (str_eq(a, b))
		return;
	print_error("%s: \"%s\" is not \"%s\"\n", what, a ? a : "(none)", b ? b : "(none)");
	_fail(file, line);
}

/* xorshift64*, Marsaglia and Vigna */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

static inline unsigned random_below(uint64_t *state, unsigned n)
{
	return (unsigned)((random_next(state) >> 33) % n);
}

static inline uint64_t random_seed(void)
{
	const char *given = getenv("SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 1000003u + (uint64_t)getpid();
	fprintf(stderr, "# seed %llu (SEED=%llu repeats this run)\n", (unsigned long long)seed,
		(unsigned long long)seed);
	return seed ? seed : 1;
}

/* Pieces that make trouble, between pieces that do not. */
static const char *const nasty[] = {
	"a", "b", "Z", " ", " ", "  ", ".", "..", "/", "//", "#", ":", "-", "(2)", ".txt", "…", "～", "\t", "\r", "\n",
	"\r\n", "\n\n", "\x01", "\x1b[31m", "\x7f", "\xc2\x80", "\xc2\x85", "\xc2\x9b", "\xc2\xa0", "\xc2\xad", "ä", "é",
	"e\xcc\x81", "a\xcc\x8a", "\xe2\x84\xab", "\xcc\x88", "ﬁ", "ß", "Ω", "한", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab",
	"日本", "שלום", "م", "‌", "‍", "👩‍👩‍👧", "❤️", "1️⃣", "\xef\xb8\x8f", "🇩🇪", "\xe2\x80\x8b", "\xe2\x80\x8e", "\xe2\x80\xaa",
	"\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa9", "\xd8\x9c", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf", "\xcd\x8f",
	"\xe1\x85\xa0", "\xef\xbf\xbd", "／", "．", "＃", "　", "\xf3\xa0\x80\xa0", "\xf0\x9d\x84\x9e", "\xef\xbf\xbe",
	"Title:", "Due:", "Due: never", "Priority: high", "X-a: b", "# note", "Status: open", "<", ">", "@", "=", ";",
	"wants a demo", "Call Bob", "x@y.test", "\xe0\xb9\x84\xe0\xb8\x97\xe0\xb8\xa2", "\xe0\xa4\x95\xe0\xa5\x8d\xe0\xa4\xb7",
};

/* pieces of nasty, now and then a long run, and with bad also bytes that are not UTF-8 */
static inline void random_text(uint64_t *r, unsigned max, bool bad, struct buf *out)
{
	unsigned n = random_below(r, max + 1);
	for (unsigned i = 0; i < n; i++) {
		unsigned kind = random_below(r, 40);
		if (kind == 0)
			utf8_put(out, (int32_t)(0xE000 + random_below(r, 0x2000)));
		else if (kind == 1)
			utf8_put(out, (int32_t)(1 + random_below(r, 0xD7FF)));
		else if (kind == 2)
			utf8_put(out, (int32_t)(0x10000 + random_below(r, 0x100000)));
		else if (kind == 3 && bad)
			buf_putc(out, (char)(0x80 + random_below(r, 0x80)));
		else
			buf_puts(out, nasty[random_below(r, COUNT(nasty))]);
	}
	if (random_below(r, 20) == 0) {
		const char *run = nasty[random_below(r, COUNT(nasty))];
		for (unsigned i = random_below(r, 300); i; i--)
			buf_puts(out, run);
	}
}

#endif
