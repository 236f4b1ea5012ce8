#include "relist.h"
#include <linux/fuse.h>
#include <string.h>

#define MAX_BYTES ((size_t)1 << 20)

/* Entries lie on eight bytes in a reply, but not in memory. */
static size_t step(const char *s, int64_t *cookie)
{
	struct fuse_dirent d;

	memcpy(&d, s, FUSE_NAME_OFFSET);
	*cookie = (int64_t)d.off;
	return FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + d.namelen);
}

static bool seek(struct relist *r, int64_t after)
{
	if (after < r->first || after > r->last)
		return false;
	if (after == r->first || r->after != after)
		r->at = 0, r->after = r->first;
	while (r->after != after && r->at < r->entries.n)
		r->at += step(r->entries.s + r->at, &r->after);
	return r->after == after;
}

bool relist_get(struct relist *r, int64_t snapshot, int64_t after, size_t size, const char **s, size_t *n)
{
	if (!snapshot || r->snapshot != snapshot || !seek(r, after))
		return false;
	size_t from = r->at;
	int64_t cookie;
	while (r->at < r->entries.n) {
		size_t more = step(r->entries.s + r->at, &cookie);
		if (r->at + more - from > size)
			break;
		r->at += more;
		r->after = cookie;
	}
	*s = buf_str(&r->entries) + from;
	*n = r->at - from;
	return *n || r->whole;
}

static void begin(struct relist *r, int64_t snapshot, int64_t after)
{
	r->snapshot = snapshot;
	r->first = r->last = r->after = after;
	r->at = 0;
	r->whole = false;
	buf_clear(&r->entries);
}

void relist_put(struct relist *r, int64_t snapshot, int64_t after, const char *s, size_t n)
{
	if (!snapshot)
		return;
	if (r->snapshot != snapshot || (r->last != after && after <= r->first))
		begin(r, snapshot, after);
	if (r->last != after || r->whole || r->entries.n + n > MAX_BYTES)
		return;
	buf_add(&r->entries, s, n);
	if (buf_err(&r->entries)) {
		relist_finish(r);
		return;
	}
	r->whole = !n;
	for (size_t i = 0; i < n;)
		i += step(s + i, &r->last);
}

void relist_finish(struct relist *r)
{
	buf_finish(&r->entries);
	*r = (struct relist){ 0 };
}
