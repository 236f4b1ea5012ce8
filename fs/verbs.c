#include "verbs.h"
#include "kept_dirs.h"
#include "name.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- answers ------------------------------------------------------------------------------------------- */

/* One line for whoever reads ctl; gives e back. */
__attribute__((format(printf, 3, 4))) static enum err answer(struct control *c, enum err e, const char *fmt,
	...)
{
	AUTO_BUF text = BUF_INIT;
	AUTO_BUF shown = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	name_visible(buf_str(&text), &shown);
	snprintf(c->answer, sizeof(c->answer), "%s\n", buf_str(&shown));
	return e;
}

/* The store would not. */
static enum err failed(struct control *c, enum err e)
{
	return answer(c, e, "not done: %s; see the log", err_str(e));
}

/* Where a task is now, and that it must be looked at anew. Gone: its bare name. */
static void path_of(struct env *env, int64_t task, struct buf *out)
{
	AUTO_TASK t = TASK_INIT;
	struct entry e;

	env->forget(env->arg, node_ino(KIND_TASK, task), NULL);
	if (!store_entry(env->store, task, &e))
		buf_printf(out, "%s/%s", node_fixed[node_home(e.open)].name, e.name);
	else if (!store_get(env->store, task, &t))
		buf_puts(out, t.name);
}

/* ---- names --------------------------------------------------------------------------------------------- */

/* A word of the user's as a task's file name. ERR_NOENT: none has so long a one. */
static enum err file_name(char *s, char out[NAME_LEN + 1])
{
	size_t n = strlen(s);

	while (n && s[n - 1] == '/')
		s[--n] = '\0';
	char *base = strrchr(s, '/') ? strrchr(s, '/') + 1 : s;
	n = strlen(base);
	const char *tail = n > 4 && !strcmp(base + n - 4, ".txt") ? "" : ".txt";
	return snprintf(out, NAME_LEN + 1, "%s%s", base, tail) > NAME_LEN ? ERR_NOENT : ERR_OK;
}

static enum err find(struct env *env, enum keep which, char *s, struct kept *out)
{
	char name[NAME_LEN + 1];

	TRY(file_name(s, name));
	return store_kept_find(env->store, which, name, out);
}

/* ---- the verbs ----------------------------------------------------------------------------------------- */

static enum err do_sync(struct control *c, struct env *env, char *arg)
{
	env->kick(env->arg);
	return answer(c, ERR_OK, "done: sync");
}

static enum err do_retry(struct control *c, struct env *env, char *arg)
{
	struct kept k;
	enum err e = find(env, KEEP_OUTBOX, arg, &k);

	if (!e)
		e = store_retry(env->store, k.task, env->now);
	if (!e)
		env->kick(env->arg);
	if (e == ERR_NOENT)
		return answer(c, e, "nothing of \"%s\" waits; what does: ls .remindfs/outbox", arg);
	return e ? failed(c, e) : answer(c, e, "done: %s is sent now, unless it is in its grace time",
		k.name);
}

/* Cuts the last word off. False: it is none of the versions that one can take. */
static bool cut_version(char *s, enum version *out)
{
	char *last = strrchr(s, ' ');

	for (enum version v = VERSION_MINE; last && v < NVERSIONS; v++)
		if (!strcmp(last + 1, kept_version[v])) {
			while (last > s && last[-1] == ' ')
				last--;
			*last = '\0';
			*out = v;
			return true;
		}
	return false;
}

static enum err do_resolve(struct control *c, struct env *env, char *arg)
{
	AUTO_BUF path = BUF_INIT;
	struct kept k;
	enum version v;
	int64_t task;

	if (!cut_version(arg, &v))
		return answer(c, ERR_INVAL, "mine or theirs? write: resolve %s mine, or: resolve %s theirs",
			arg, arg);
	enum err e = find(env, KEEP_CONFLICTS, arg, &k);
	if (e == ERR_NOENT)
		return answer(c, e, "\"%s\" has no conflict; those that have: ls .remindfs/conflicts", arg);
	if (!e)
		e = store_conflict_take(env->store, k.id, v, env->now, env->grace_ms, &task);
	if (e)
		return failed(c, e);
	if (!task)
		return answer(c, e, "done: %s stays deleted", k.name);
	path_of(env, task, &path);
	return answer(c, e, "done: %s has the values of %s.txt", buf_str(&path), kept_version[v]);
}

static enum err do_undo(struct control *c, struct env *env, char *arg)
{
	AUTO_BUF path = BUF_INIT;
	int64_t task;
	enum err e = store_undo(env->store, env->now, env->grace_ms, &task);

	if (e == ERR_NOENT)
		return answer(c, e, "nothing was edited or deleted here that could be undone");
	if (e && e != ERR_STALE)
		return failed(c, e);
	path_of(env, task, &path);
	return answer(c, e, e ? "not undone: %s was changed since; undo again takes back the edit before" :
		"done: %s is as before; undo again takes back the edit before", buf_str(&path));
}

static enum err do_confirm(struct control *c, struct env *env, char *arg)
{
	int64_t n;
	enum err e = store_confirm(env->store, env->now, &n);

	if (e == ERR_NOENT)
		return answer(c, e, "nothing is held");
	if (e)
		return failed(c, e);
	env->kick(env->arg);
	return answer(c, e, "done: %" PRId64 " held deletions or completions go out now", n);
}

static enum err do_take_back(struct control *c, struct env *env, char *arg)
{
	int64_t n;
	enum err e = store_take_back(env->store, env->now, env->grace_ms, &n);

	if (e == ERR_NOENT)
		return answer(c, e, "nothing that was deleted or completed here is held");
	if (e)
		return failed(c, e);
	return answer(c, e, "done: %" PRId64 " tasks are back in open/", n);
}

static const struct {
	const char *name, *args, *help;	/* args NULL: it takes none */
	enum err (*run)(struct control *c, struct env *env, char *arg);
} verb[] = {
	{ "sync", NULL, "look for changes on all sides now, and send what is waiting", do_sync },
	{ "retry", "NAME", "send one task's edit now, also one that was refused", do_retry },
	{ "resolve", "NAME mine|theirs", "settle a conflict; see .remindfs/conflicts", do_resolve },
	{ "undo", NULL, "take back the last edit or deletion made here; again: the one before", do_undo },
	{ "confirm-deletes", NULL, "let go what is held because it is much at once; see status", do_confirm },
	{ "take-back", NULL, "bring back what was deleted or completed here and is held", do_take_back },
};
#define NVERBS (sizeof(verb) / sizeof(*verb))

/* ---- lines --------------------------------------------------------------------------------------------- */

static char *trim(char *s)
{
	size_t n;

	s += strspn(s, " \t");
	for (n = strlen(s); n && strchr(" \t\r", s[n - 1]); n--)
		s[n - 1] = '\0';
	return s;
}

static enum err run(struct control *c, struct env *env, char *line)
{
	char *arg = trim(line), *name = strsep(&arg, " \t");

	if (!*name)
		return ERR_OK;
	arg = arg ? trim(arg) : name + strlen(name);
	for (size_t i = 0; i < NVERBS; i++) {
		if (strcmp(name, verb[i].name))
			continue;
		if (!*arg == !verb[i].args)
			return verb[i].run(c, env, arg);
		return answer(c, ERR_INVAL, "not done; write: %s%s%s", name, verb[i].args ? " " : "",
			verb[i].args ? verb[i].args : "");
	}
	return answer(c, ERR_INVAL, "not known: %s; see above", name);
}

enum err verbs_write(struct control *c, struct env *env, const char *s, size_t n)
{
	AUTO_BUF b = BUF_INIT;
	char *rest, *line;

	buf_add(&b, s, n);
	TRY(buf_err(&b));
	for (rest = b.s; (line = strsep(&rest, "\n"));)
		TRY(run(c, env, line));
	return ERR_OK;
}

enum err verbs_text(const struct control *c, struct env *env, struct buf *out)
{
	buf_puts(out, "# Write one of these lines to this file:\n");
	for (size_t i = 0; i < NVERBS; i++) {
		int n = (int)strlen(verb[i].name);
		buf_printf(out, "# %s %-*s %s\n", verb[i].name, 24 - n, verb[i].args ? verb[i].args : "",
			verb[i].help);
	}
	buf_puts(out, "# NAME is a task's file name, with or without .txt and its directory.\n");
	buf_puts(out, c->answer);
	return buf_err(out);
}
