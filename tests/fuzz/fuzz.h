/*
 * fuzz - what a target includes. A target is one function that is given any bytes, and ends the program where
 * something that must hold for them does not. libFuzzer thinks the bytes up (tests/fuzz/run); replay.c takes
 * them from corpus/TARGET/, in every test run.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "buf.h"
#include "errcode.h"
#include "utf8.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n);

#define CHECK(cond)                                                                                                \
	do {                                                                                                       \
		if (!(cond)) {                                                                                     \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #cond);                  \
			abort();                                                                                   \
		}                                                                                                  \
	} while (0)

/* The bytes with a NUL behind them, and not one more: the sanitizer sees who reads on. The caller frees. */
static inline char *fuzz_str(const uint8_t *s, size_t n)
{
	char *copy = malloc(n + 1);

	CHECK(copy);
	if (n)
		memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

static inline bool is_utf8(const char *s)
{
	return utf8_valid(s, strlen(s)) == strlen(s);
}

/* Something for a person to read: UTF-8, and nothing that breaks the line. */
static inline bool is_one_line(const char *s)
{
	return is_utf8(s) && !strpbrk(s, "\r\n");
}

/* Not empty, one line, at most 255 characters; NULL: there is none, and that is fine. */
static inline bool is_title_or_none(const char *s)
{
	return !s || (*s && is_one_line(s) && utf8_count(s, strlen(s)) <= 255);
}

#endif
