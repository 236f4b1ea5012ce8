#include "dirs.h"
#include "name.h"
#include "view_dirs.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REFUSED_MS (10 * 60 * INT64_C(1000))

static const struct dir_def *const fixed[NFIXED] = {
	[NODE_TODAY] = &view_day_dir,
	[NODE_TOMORROW] = &view_day_dir,
	[NODE_OVERDUE] = &view_span_dir,
	[NODE_WEEK] = &view_span_dir,
	[NODE_SOMEDAY] = &view_someday_dir,
	[NODE_HIGH] = &view_high_dir,
	[NODE_BY_DUE] = &view_span_dir,
};

static const struct kind_def *const kinds[KIND_MAX] = {
	[KIND_LINK + VIEW_TODAY] = &view_link,
	[KIND_LINK + VIEW_TOMORROW] = &view_link,
	[KIND_LINK + VIEW_OVERDUE] = &view_link,
	[KIND_LINK + VIEW_WEEK] = &view_link,
	[KIND_LINK + VIEW_SOMEDAY] = &view_link,
	[KIND_LINK + VIEW_HIGH] = &view_link,
	[KIND_LINK + VIEW_BY_DUE] = &view_link,
};

const struct kind_def *dirs_kind(uint64_t ino)
{
	return kinds[node_kind(ino)];
}

const struct dir_def *dirs_dir(uint64_t ino)
{
	enum fixed n = node_as_fixed(ino);
	const struct kind_def *k = dirs_kind(ino);

	return n != NODE_NONE ? fixed[n] : k ? k->dir : NULL;
}

enum fixed dirs_fixed(uint64_t dir)
{
	const struct kind_def *k = dirs_kind(dir);

	return k ? k->parent : node_as_fixed(dir);
}

/* ---- what was refused ----------------------------------------------------------------------------------------- */

void dirs_refuse(struct env *env, const char *path, const char *fmt, ...)
{
	struct refusal *r = &env->refused[env->refusals++ % ENV_REFUSALS];
	AUTO_BUF shown = BUF_INIT;
	va_list ap;

	name_visible(path, &shown);
	int n = snprintf(r->text, sizeof(r->text), "%s:1: ", buf_str(&shown));
	va_start(ap, fmt);
	if (n >= 0 && (size_t)n < sizeof(r->text))
		vsnprintf(r->text + n, sizeof(r->text) - (size_t)n, fmt, ap);
	va_end(ap);
	r->at = env->now;
}

void dirs_refused(const struct env *env, struct buf *out)
{
	unsigned first = env->refusals > ENV_REFUSALS ? env->refusals - ENV_REFUSALS : 0;

	for (unsigned i = first; i < env->refusals; i++) {
		const struct refusal *r = &env->refused[i % ENV_REFUSALS];
		if (r->at <= env->now && env->now - r->at < REFUSED_MS)
			buf_printf(out, "%s\n", r->text);
	}
}
