#include "bits.h"
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX ((size_t)1 << 24)
#define STEP 4096

static size_t place(int64_t number)
{
	return (size_t)number / 8;
}

static unsigned char mask(int64_t number)
{
	return (unsigned char)(1U << number % 8);
}

static bool grow(struct bits *b, size_t n)
{
	size_t size = (n / STEP + 1) * STEP;
	unsigned char *p = size <= BYTES_MAX ? realloc(b->byte, size) : NULL;

	if (!p)
		return false;
	memset(p + b->n, 0, size - b->n);
	b->byte = p;
	b->n = size;
	return true;
}

void bits_add(struct bits *b, int64_t number)
{
	if (number >= 0 && (place(number) < b->n || grow(b, place(number))))
		b->byte[place(number)] |= mask(number);
}

void bits_drop(struct bits *b, int64_t number)
{
	if (bits_has(b, number))
		b->byte[place(number)] ^= mask(number);
}

bool bits_has(const struct bits *b, int64_t number)
{
	return number >= 0 && place(number) < b->n && b->byte[place(number)] & mask(number);
}

void bits_clear(struct bits *b)
{
	if (b->n)
		memset(b->byte, 0, b->n);
}

void bits_finish(struct bits *b)
{
	free(b->byte);
	*b = (struct bits){ 0 };
}
