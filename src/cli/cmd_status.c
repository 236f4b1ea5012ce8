/* status: what the mount's .remindfs/status says, also without a mount. */
#include "cmd.h"
#include "name.h"
#include "status.h"

static void put_mount(const struct daemon *d, struct buf *out)
{
	AUTO_BUF dir = BUF_INIT;

	buf_quote(&dir, d->mountpoint);
	buf_puts(out, "mounted       ");
	if (!d->pid)
		buf_puts(out, "no; type: remindfs mount ");
	name_visible(d->pid ? d->mountpoint : d->mountpoint[0] ? buf_str(&dir) : "DIR", out);
	buf_putc(out, '\n');
}

static enum err render(struct store *s, bool json, const struct daemon *d, struct buf *out)
{
	if (json)
		return status_json(s, now_ms(), out);
	put_mount(d, out);
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
