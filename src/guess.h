/*
 * guess - "did you mean ...?". Inside core. Pure.
 */
#ifndef GUESS_H
#define GUESS_H

#include <stddef.h>

/*
 * The name nearest to word (n bytes, any case): at most two slips away and at most half the word, or one the
 * beginning of the other. NULL: none. table: rows of stride bytes, the first member of each a const char *.
 */
const char *guess(const char *word, size_t n, const void *table, size_t rows, size_t stride);

#endif
