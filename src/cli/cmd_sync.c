/* sync: a pass now, or the one switch (R23). */
#include "cmd.h"
#include <string.h>
#include <unistd.h>

static int switch_sync(struct env *e, bool on)
{
	struct daemon d;
	struct store *s = NULL;
	enum err err = config_set_enabled(e->config_path, on);

	if (err)
		return complain(err, "%s", e->config_path);
	e->config.sync_enabled = on;
	int code = open_store(e, false, &s);
	if (!code && (err = switch_sides(s, &e->config, now_ms())))
		code = complain(err, "%s", e->store_path);
	store_close(s);
	if (!code)
		code = daemon_lock(e, false, NULL, &d);
	if (code)
		return code;
	if (on && !e->config.remote[SIDE_SF].configured)
		complain(ERR_OK, "task sync is on, but there is no [salesforce] section yet in %s",
			e->config_path);
	if (d.pid)
		daemon_tell(&d, "sync\n");
	printf("task sync is %s\n", on ? "on" : "off: nothing was deleted, links are kept");
	return 0;
}

/* Wait until every side that is on has tried again. */
static int wait_for_pass(struct store *s, int64_t since)
{
	int code = 0;

	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		struct side_state st;
		int64_t end = since + 150 * 1000;

		do {
			enum err err = store_side(s, side, &st);
			if (err)
				return complain(err, "status");
			if (!st.on || (st.tried_at >= since && (st.err || st.ok_at >= since)))
				break;
			usleep(50 * 1000);
		} while (!code && now_ms() < end); /* one may wait for another that is stuck */
		if (!st.on)
			continue;
		if (st.ok_at >= since) {
			printf("%s: synced\n", side_name[side]);
			continue;
		}
		int bad = complain(st.err ? st.err : ERR_BUSY, "%s: %s", side_name[side], st.message);
		code = code ? code : bad;
	}
	if (code)
		complain(ERR_OK,
			"edits are kept; what goes out by itself, and what to type: remindfs status");
	return code;
}

static int sync_now(const struct env *e)
{
	struct daemon d;
	struct store *s = NULL;
	int64_t since = now_ms();
	int code = daemon_lock(e, false, NULL, &d);

	if (code)
		return code;
	if (!daemon_tell(&d, "sync\n"))
		return EXIT_UNAVAILABLE;
	code = open_store(e, true, &s);
	if (!code)
		code = wait_for_pass(s, since);
	store_close(s);
	return code;
}

int cmd_sync(const struct args *a)
{
	AUTO_ENV e;
	int code = env_load(&e);

	if (code)
		return code;
	if (!a->pos[0])
		return sync_now(&e);
	if (!strcmp(a->pos[0], "on") || !strcmp(a->pos[0], "off"))
		return switch_sync(&e, !strcmp(a->pos[0], "on"));
	complain(ERR_OK, "sync takes on, off or nothing, not %s", a->pos[0]);
	return EXIT_USAGE;
}
