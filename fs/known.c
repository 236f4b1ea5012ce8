#include "known.h"
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct known_slot {
	uint64_t hash;		/* of directory and name; 0: empty. Two names of one: once in 2^64 */
	int64_t changed_at;
	uint32_t id, size;
};

static uint64_t mix(uint64_t h, uint64_t word)
{
	unsigned __int128 m = (unsigned __int128)(h ^ word) * 0x9E3779B97F4A7C15ull;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* The seed is random, so that nobody can choose titles of one hash. */
static uint64_t hash(const struct known *k, uint64_t dir, const char *name)
{
	size_t n = strlen(name);
	uint64_t h = mix(k->seed, dir ^ n << 32), word;

	for (; n >= sizeof(word); n -= sizeof(word), name += sizeof(word)) {
		memcpy(&word, name, sizeof(word));
		h = mix(h, word);
	}
	word = 0;
	memcpy(&word, name, n);
	h = mix(mix(h, word), k->seed);
	return h ? h : 1;
}

/* Where it is, or the empty one where it belongs. */
static struct known_slot *find(const struct known *k, uint64_t h)
{
	size_t i = h & (k->cap - 1);

	while (k->slot[i].hash && k->slot[i].hash != h)
		i = (i + 1) & (k->cap - 1);
	return &k->slot[i];
}

bool known_get(const struct known *k, int64_t snapshot, uint64_t dir, const char *name, struct entry *out)
{
	if (!snapshot || k->snapshot != snapshot || !k->n)
		return false;
	const struct known_slot *s = find(k, hash(k, dir, name));
	if (!s->hash)
		return false;
	out->id = s->id;
	out->size = s->size;
	out->changed_at = s->changed_at;
	return true;
}

static bool grow(struct known *k)
{
	struct known was = *k;

	k->cap = was.cap ? 2 * was.cap : 64;
	k->slot = calloc(k->cap, sizeof(*k->slot));
	if (!k->slot) {
		*k = was;
		return false;
	}
	for (size_t i = 0; i < was.cap; i++)
		if (was.slot[i].hash)
			*find(k, was.slot[i].hash) = was.slot[i];
	free(was.slot);
	return true;
}

void known_finish(struct known *k)
{
	free(k->slot);
	*k = (struct known){ 0 };
}

static bool begin(struct known *k, int64_t snapshot)
{
	known_finish(k);
	if (getrandom(&k->seed, sizeof(k->seed), 0) != sizeof(k->seed))
		return false;
	k->snapshot = snapshot;
	return true;
}

void known_put(struct known *k, int64_t snapshot, uint64_t dir, const struct entry *e)
{
	if (!snapshot || e->id > UINT32_MAX || e->size > UINT32_MAX ||
	    (k->snapshot != snapshot && !begin(k, snapshot)) || (5 * k->n >= 4 * k->cap && !grow(k)))
		return;
	uint64_t h = hash(k, dir, e->name);
	struct known_slot *s = find(k, h);
	k->n += !s->hash;
	*s = (struct known_slot){ h, e->changed_at, (uint32_t)e->id, (uint32_t)e->size };
}
