#include "guess.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX 32
#define SLIPS 2

static int min(int a, int b)
{
	return a < b ? a : b;
}

static int lower(char c)
{
	return tolower((unsigned char)c);
}

/* Letters to add, drop, replace or swap with their neighbour. */
static int distance(const char *a, int an, const char *b, int bn)
{
	int d[WORD_MAX + 1][WORD_MAX + 1];
	for (int i = 0; i <= an; i++)
		d[i][0] = i;
	for (int j = 0; j <= bn; j++)
		d[0][j] = j;
	for (int i = 1; i <= an; i++)
		for (int j = 1; j <= bn; j++) {
			int x = lower(a[i - 1]), y = lower(b[j - 1]);
			d[i][j] = min(min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]))
				d[i][j] = min(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[an][bn];
}

static int slips(const char *word, size_t n, const char *name)
{
	size_t len = strlen(name), least = n < len ? n : len;
	if (n > WORD_MAX || len > WORD_MAX)
		return SLIPS + 1;
	if (least >= 3 && strncasecmp(word, name, least) == 0)
		return n == len ? 0 : 1;
	int d = distance(word, (int)n, name, (int)len);
	return d * 2 < (int)n + 1 ? d : SLIPS + 1;
}

const char *guess(const char *word, size_t n, const void *table, size_t rows, size_t stride)
{
	const char *best = NULL;
	int least = SLIPS + 1;
	for (size_t i = 0; i < rows; i++) {
		const char *name = *(const char *const *)((const char *)table + i * stride);
		int d = slips(word, n, name);
		if (d < least) {
			least = d;
			best = name;
		}
	}
	return best;
}
