#include "steps.h"
#include "utf8.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEY "sc.steps"

enum err steps_load(struct store *s, int64_t now, struct steps *out)
{
	AUTO_FREE char *text = NULL;
	struct steps x = { 0 };
	int at = 0;
	*out = x;
	enum err e = store_meta(s, KEY, &text);
	if (e)
		return e == ERR_NOENT ? ERR_OK : e;
	int n = sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %n", &x.at, &x.started, &x.reopened, &at);
	if (n != 3 || now - x.at >= STEPS_DAY_MS)
		return ERR_OK;
	memcpy(x.last, text + at, utf8_prefix(text + at, strlen(text + at), sizeof(x.last) / 4 - 1));
	*out = x;
	return ERR_OK;
}

enum err steps_note(struct store *s, const struct task *t, int64_t now)
{
	AUTO_BUF b = BUF_INIT;
	struct steps x;
	bool open = task_is_open(t);
	TRY(steps_load(s, now, &x));
	buf_printf(&b, "%" PRId64 " %" PRId64 " %" PRId64 " %s, %s", now, x.started + !open,
		x.reopened + open, t->field[FIELD_TITLE], t->fact[FACT_CAMPAIGN]);
	TRY(buf_err(&b));
	return store_meta_set(s, KEY, b.s);
}
