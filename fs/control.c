#include "control.h"
#include "dirs.h"
#include "log.h"
#include "status.h"
#include "verbs.h"

#define LOG_SHOWN ((size_t)64 << 10)	/* bytes */

static enum err status_text(const struct control *c, struct env *env, struct buf *out)
{
	return status_render(env->store, env->now, out);
}

static enum err status_json_text(const struct control *c, struct env *env, struct buf *out)
{
	return status_json(env->store, env->now, out);
}

static enum err log_text(const struct control *c, struct env *env, struct buf *out)
{
	log_tail(LOG_SHOWN, out);
	return buf_err(out);
}

static enum err budget_text(const struct control *c, struct env *env, struct buf *out)
{
	return status_budget(env->store, env->now, out);
}

static enum err errors_text(const struct control *c, struct env *env, struct buf *out)
{
	TRY(status_problems(env->store, env->now, out));
	dirs_refused(env, out);
	return buf_err(out);
}

static enum err readme_text(const struct control *c, struct env *env, struct buf *out)
{
	buf_puts(out,
		"Reminder tasks as files.\n"
		"\n"
		"open/, completed/    the tasks, one text file each\n"
		"today/, tomorrow/    links to the open tasks due then\n"
		"overdue/, week/      links by due date; by-due/ is the agenda, someday/ has no date\n"
		"high/                links to the open tasks of high priority; by-person/NAME/ those with a "
		"person\n"
		"search/              mkdir 'search/acme renewal' is a saved search; rmdir drops it\n"
		".remindfs/status     counts, and how far each side is in sync\n"
		".remindfs/errors     what could not be taken or sent, as path:line: text\n"
		".remindfs/conflicts/ what two sides changed in different ways: vimdiff NAME/*.txt;\n"
		"                     mv NAME/theirs.txt onto the task's file takes it, rm -r NAME dismisses "
		"it\n"
		".remindfs/outbox/    edits not yet on both sides; rm cancels one, touch sends it now\n"
		".remindfs/trash/     what was deleted, for 15 days at least; mv it back to open/\n"
		".remindfs/info/, history/, by-id/   facts of each task, what changed when, links by id\n"
		".remindfs/events     every change from any side, a JSON line each; reading waits for the "
		"next (not listed by ls)\n"
		".remindfs/log        the end of the log; status.json: status for scripts\n"
		".remindfs/templates  cp .remindfs/templates/call.txt 'open/Call Bob.txt'; edit them, add "
		"your own\n"
		".remindfs/ctl        commands; reading it lists them\n"
		"\n"
		"New task       echo 'ask about the quote' > 'open/Call Bob.txt'\n"
		"Edit           with any editor; the head is Title, Priority, Due, then a blank line, then "
		"the details\n"
		"Complete       mv 'open/Call Bob.txt' completed/      and back to open/ to reopen\n"
		"Reschedule     mv 'today/Call Bob.txt' tomorrow/      or edit Due: (2026-09-03, fri, +3d, "
		"tomorrow)\n"
		"Rename         mv 'open/Call Bob.txt' 'open/Call Alice.txt'\n"
		"Delete         rm 'open/Call Bob.txt'                 and back: mv '.remindfs/trash/Call "
		"Bob.txt' open/\n"
		"Undo           echo undo > .remindfs/ctl\n"
		"\n"
		"Only names that end in .txt are tasks. A save that does not parse is kept and listed in "
		"errors; it is sent\n"
		"once it is mended. An empty save over a task is not applied.\n");
	return buf_err(out);
}

static enum err (*const text[NFIXED])(const struct control *c, struct env *env, struct buf *out) = {
	[NODE_STATUS] = status_text,
	[NODE_STATUS_JSON] = status_json_text,
	[NODE_ERRORS] = errors_text,
	[NODE_LOG] = log_text,
	[NODE_README] = readme_text,
	[NODE_CTL] = verbs_text,
	[NODE_BUDGET] = budget_text,
};

enum err control_text(const struct control *c, struct env *env, enum fixed n, struct buf *out)
{
	return text[n] ? text[n](c, env, out) : ERR_NOENT;
}
