#include "node.h"
#include <stdio.h>
#include <string.h>

const struct fixed_def node_fixed[NFIXED] = {
	[NODE_ROOT] = { "", NODE_ROOT, TYPE_DIR, 0755 },
	[NODE_OPEN] = { "open", NODE_ROOT, TYPE_TASKS, 0755 },
	[NODE_COMPLETED] = { "completed", NODE_ROOT, TYPE_TASKS, 0755 },
	[NODE_TODAY] = { "today", NODE_ROOT, TYPE_VIEW, 0755 },
	[NODE_TOMORROW] = { "tomorrow", NODE_ROOT, TYPE_VIEW, 0755 },
	[NODE_CONTROL] = { ".remindfs", NODE_ROOT, TYPE_DIR, 0755 },
	[NODE_STATUS] = { "status", NODE_CONTROL, TYPE_FILE, 0444 },
	[NODE_ERRORS] = { "errors", NODE_CONTROL, TYPE_FILE, 0444 },
	[NODE_README] = { "README", NODE_CONTROL, TYPE_FILE, 0444 },
	[NODE_CTL] = { "ctl", NODE_CONTROL, TYPE_FILE, 0644 },
	[NODE_OVERDUE] = { "overdue", NODE_ROOT, TYPE_VIEW, 0755 },
	[NODE_WEEK] = { "week", NODE_ROOT, TYPE_VIEW, 0755 },
	[NODE_SOMEDAY] = { "someday", NODE_ROOT, TYPE_VIEW, 0755 },
	[NODE_HIGH] = { "high", NODE_ROOT, TYPE_VIEW, 0755 },
	[NODE_BY_DUE] = { "by-due", NODE_ROOT, TYPE_VIEW, 0755 },
	[NODE_EVENTS] = { "events", NODE_CONTROL, TYPE_FILE, 0444, .unlisted = true },
	[NODE_LOG] = { "log", NODE_CONTROL, TYPE_FILE, 0444 },
	[NODE_STATUS_JSON] = { "status.json", NODE_CONTROL, TYPE_FILE, 0444 },
	[NODE_TEMPLATES] = { "templates", NODE_CONTROL, TYPE_FILES, 0755 },
	[NODE_BY_ID] = { "by-id", NODE_CONTROL, TYPE_VIEW, 0555, .unlisted = true },
	[NODE_CONFLICTS] = { "conflicts", NODE_CONTROL, TYPE_VIEW, 0755 },
	[NODE_HISTORY] = { "history", NODE_CONTROL, TYPE_VIEW, 0555, .unlisted = true },
	[NODE_INFO] = { "info", NODE_CONTROL, TYPE_VIEW, 0555, .unlisted = true },
	[NODE_OUTBOX] = { "outbox", NODE_CONTROL, TYPE_VIEW, 0755 },
	[NODE_TRASH] = { "trash", NODE_CONTROL, TYPE_VIEW, 0755 },
	[NODE_BUDGET] = { "budget", NODE_CONTROL, TYPE_FILE, 0444 },
	[NODE_BY_PERSON] = { "by-person", NODE_ROOT, TYPE_VIEW, 0755 },
	[NODE_SEARCH] = { "search", NODE_ROOT, TYPE_VIEW, 0755 },
};

enum fixed node_as_fixed(uint64_t ino)
{
	if (node_kind(ino) != KIND_FIXED || node_id(ino) >= NFIXED)
		return NODE_NONE;
	return (enum fixed)node_id(ino);
}

enum fixed node_child(enum fixed dir, const char *name)
{
	for (int n = NODE_ROOT + 1; n < NFIXED; n++)
		if (node_fixed[n].parent == dir && !strcmp(node_fixed[n].name, name))
			return (enum fixed)n;
	return NODE_NONE;
}

void node_path(enum fixed n, struct buf *out)
{
	if (node_fixed[n].parent != NODE_ROOT) {
		node_path(node_fixed[n].parent, out);
		buf_putc(out, '/');
	}
	buf_puts(out, node_fixed[n].name);
}

static void fill(struct stat *st, uint64_t ino, mode_t mode, const struct owner *o, int64_t size, int64_t ms)
{
	*st = (struct stat){
		.st_ino = ino,
		.st_mode = mode,
		.st_nlink = S_ISDIR(mode) ? 2 : 1,
		.st_uid = o->uid,
		.st_gid = o->gid,
		.st_size = size,
		.st_blksize = 4096,
		.st_blocks = (size + 511) / 512,
		.st_mtim = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 },
	};
	st->st_atim = st->st_ctim = st->st_mtim;
}

void node_stat_fixed(enum fixed n, const struct owner *o, int64_t size, int64_t ms, struct stat *out)
{
	mode_t type = node_fixed[n].type == TYPE_FILE ? S_IFREG : S_IFDIR;

	fill(out, node_fixed_ino(n), type | node_fixed[n].mode, o, type == S_IFREG ? size : 4096, ms);
}

void node_stat_task(const struct entry *e, const struct owner *o, struct stat *out)
{
	fill(out, node_ino(KIND_TASK, e->id), S_IFREG | 0644, o, e->size, e->changed_at);
}

void node_stat_scratch(const struct scratch *x, const struct owner *o, struct stat *out)
{
	mode_t mode = x->is_link ? S_IFLNK | 0777 : S_IFREG | (x->mode & 0777);

	fill(out, node_ino(KIND_SCRATCH, x->id), mode, o, x->size, x->changed_at);
}

void node_stat_made(uint64_t ino, mode_t mode, const struct owner *o, int64_t size, int64_t ms,
	struct stat *out)
{
	fill(out, ino, mode, o, S_ISDIR(mode) ? 4096 : size, ms);
}

void node_link_target(const struct entry *e, int depth, char out[NODE_LINK_LEN])
{
	static const char up[] = "../../../";

	snprintf(out, NODE_LINK_LEN, "%.*s%s/%s", 3 * depth, up, node_fixed[node_home(e->open)].name,
		e->name);
}
