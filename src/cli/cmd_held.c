/* confirm-deletes, take-back: what is held because it is much at once goes, or does not (D6).
 * Also without a mount. */
#include "cmd.h"
#include <inttypes.h>
#include <stdio.h>

typedef enum err held_fn(struct store *s, const struct env *e, int64_t *n);

static enum err confirm(struct store *s, const struct env *e, int64_t *n)
{
	return store_confirm(s, now_ms(), n);
}

static enum err take_back(struct store *s, const struct env *e, int64_t *n)
{
	return store_take_back(s, now_ms(), e->config.grace_ms, n);
}

static int settle(held_fn *fn, const char *done, const char *none)
{
	AUTO_ENV e;
	struct store *s = NULL;
	struct daemon d;
	int64_t n = 0;
	int code = env_load(&e);

	if (!code)
		code = open_store(&e, false, &s);
	if (code)
		return code;
	enum err err = fn(s, &e, &n);
	store_close(s);
	if (err == ERR_NOENT) {
		puts(none);
		return 0;
	}
	if (err)
		return complain(err, "%s", e.store_path);
	printf("%" PRId64 " %s\n", n, done);
	code = daemon_lock(&e, false, NULL, &d);
	if (!code && d.pid)
		daemon_tell(&d, "sync\n");
	return code;
}

int cmd_confirm(const struct args *a)
{
	return settle(confirm, "held deletions or completions go out now", "nothing is held");
}

int cmd_take_back(const struct args *a)
{
	return settle(take_back, "tasks are back in open/",
		"nothing that was deleted or completed here is held");
}
