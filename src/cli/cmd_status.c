/* status: what the mount's .remindfs/status says, also without a mount. */
#include "cmd.h"
#include "name.h"
#include "status.h"

static enum err render(struct store *s, bool json, const struct daemon *d, struct buf *out)
{
	if (json)
		return status_json(s, now_ms(), out);
	if (d->pid) {
		buf_puts(out, "mounted       ");
		name_visible(d->mountpoint, out);
		buf_putc(out, '\n');
	} else {
		buf_puts(out, "mounted       no; type: remindfs mount DIR\n");
	}
	return status_render(s, now_ms(), out);
}

int cmd_status(const struct args *a)
{
	AUTO_ENV e;
	AUTO_BUF out = BUF_INIT;
	struct daemon d;
	struct store *s = NULL;
	int code = env_load(&e);

	if (!code)
		code = daemon_lock(&e, false, NULL, &d);
	if (!code)
		code = open_store(&e, true, &s);
	if (!code) {
		enum err err = render(s, a->flag['j'], &d, &out);
		if (err)
			code = complain(err, "status");
	}
	store_close(s);
	fputs(buf_str(&out), stdout);
	return code;
}
