#include "spent.h"
#include <inttypes.h>
#include <stdio.h>

static const char *const key[NSIDES] = { [SIDE_SC] = "sc.spent", [SIDE_SF] = "sf.spent" };

enum err spent_load(struct store *s, enum side side, struct spent *out)
{
	AUTO_FREE char *text = NULL;
	struct spent x = { 0 };
	int stage = 0;
	*out = x;
	enum err e = store_meta(s, key[side], &text);
	if (e)
		return e == ERR_NOENT ? ERR_OK : e;
	int n = sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %"
		SCNd64 " %d", &x.at, &x.used, &x.quota, &x.calls, &x.since, &x.poll_ms, &x.until, &stage);
	if (n != 8 || stage < 0 || stage >= NSPENTS)
		return ERR_OK;	/* of another version: it will be written again */
	x.stage = (enum spent_stage)stage;
	*out = x;
	return ERR_OK;
}

enum err spent_save(struct store *s, enum side side, const struct spent *x)
{
	AUTO_BUF b = BUF_INIT;
	buf_printf(&b, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
		" %d", x->at, x->used, x->quota, x->calls, x->since, x->poll_ms, x->until, (int)x->stage);
	TRY(buf_err(&b));
	return store_meta_set(s, key[side], b.s);
}
