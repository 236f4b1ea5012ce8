#include "dirs.h"
#include "fact_dirs.h"
#include "kept_dirs.h"
#include "group_dirs.h"
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
	[NODE_BY_ID] = &by_id_dir,
	[NODE_CONFLICTS] = &conflicts_dir,
	[NODE_HISTORY] = &history_dir,
	[NODE_INFO] = &info_dir,
	[NODE_OUTBOX] = &outbox_dir,
	[NODE_TRASH] = &trash_dir,
	[NODE_BY_PERSON] = &by_person_dir,
	[NODE_SEARCH] = &search_dir,
};

static const struct kind_def *const kinds[KIND_MAX] = {
	[KIND_PERSON] = &person_kind,
	[KIND_SEARCH] = &search_kind,
	[KIND_LINK + VIEW_TODAY] = &view_link,
	[KIND_LINK + VIEW_TOMORROW] = &view_link,
	[KIND_LINK + VIEW_OVERDUE] = &view_link,
	[KIND_LINK + VIEW_WEEK] = &view_link,
	[KIND_LINK + VIEW_SOMEDAY] = &view_link,
	[KIND_LINK + VIEW_HIGH] = &view_link,
	[KIND_LINK + VIEW_BY_DUE] = &view_link,
	[KIND_BY_ID] = &by_id_link,
	[KIND_CONFLICT] = &conflict_kind,
	[KIND_VERSION + VERSION_BASE] = &version_file,
	[KIND_VERSION + VERSION_MINE] = &version_file,
	[KIND_VERSION + VERSION_THEIRS] = &version_file,
	[KIND_HISTORY] = &history_file,
	[KIND_INFO] = &info_file,
	[KIND_OUTBOX] = &outbox_file,
	[KIND_TRASH] = &trash_file,
	[KIND_LINK + VIEW_PERSON] = &group_link,
	[KIND_LINK + VIEW_SEARCH] = &group_link,
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

/* ---- what was refused ---------------------------------------------------------------------------------- */

void dirs_refuse(struct env *env, const char *path, const char *fmt, ...)
{
	struct refusal *last = &env->refused[(env->refusals + ENV_REFUSALS - 1) % ENV_REFUSALS];
	struct refusal r = { .at = env->now };
	AUTO_BUF shown = BUF_INIT;
	va_list ap;

	name_visible(path, &shown);
	int n = snprintf(r.text, sizeof(r.text), "%s:1: ", buf_str(&shown));
	va_start(ap, fmt);
	if (n >= 0 && (size_t)n < sizeof(r.text))
		vsnprintf(r.text + n, sizeof(r.text) - (size_t)n, fmt, ap);
	va_end(ap);
	if (strcmp(last->text, r.text))		/* told again is told once */
		last = &env->refused[env->refusals++ % ENV_REFUSALS];
	*last = r;
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
