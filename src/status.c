#include "status.h"
#include "name.h"
#include "auto.h"
#include "spent.h"
#include "steps.h"
#include <inttypes.h>
#include <unistd.h>

#define LABEL "%-13s "

/* What to type, or what happens by itself. NULL: the message says it all. */
static const char *next_step(enum err e, enum side side)
{
	switch (e) {
	case ERR_AUTH:
		return side == SIDE_SF ? "type: remindfs login salesforce"
			: "type: remindfs login salesconnect";
	case ERR_OFFLINE:
	case ERR_LOST:
	case ERR_RETRY:
	case ERR_LIMIT:
		return "edits are kept and go out by themselves; to try now: remindfs sync";
	case ERR_DENIED:
	case ERR_PROTOCOL:
		return "edits are kept; why, is in the log; to try again: remindfs sync";
	case ERR_CONFIG:
		return "mend the configuration, then: remindfs sync";
	case ERR_NOSPC:
	case ERR_IO:
	case ERR_NOMEM:
		return "look at the log, make room, then: remindfs sync";
	case ERR_CORRUPT:
		return "to set the database aside and fetch the tasks again: remindfs umount, then remindfs "
			"mount";
	case ERR_OK:
	case ERR_NOENT:
	case ERR_EXIST:
	case ERR_PERM:
	case ERR_INVAL:
	case ERR_TOOBIG:
	case ERR_UTF8:
	case ERR_NAME:
	case ERR_BUSY:
	case ERR_NEWER:
	case ERR_STALE:
	case ERR_GONE:
	case ERR_REFUSED:
	case ERR_HELD:
	case ERR_N:
		break;
	}
	return NULL;
}

static void put_ago(int64_t ms, struct buf *out)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} step[] = { { 86400000, "day" }, { 3600000, "hour" }, { 60000, "minute" } };

	for (size_t i = 0; i < sizeof(step) / sizeof(*step); i++) {
		int64_t n = ms / step[i].ms;
		if (n > 0) {
			buf_printf(out, "%" PRId64 " %s%s ago", n, step[i].unit, n == 1 ? "" : "s");
			return;
		}
	}
	buf_puts(out, "just now");
}

/* How a side stands. Time alone mends what is not reached, a person what is refused;
 * the rest is this machine's trouble. */
static const char *const trouble[ERR_N] = {
	[ERR_OFFLINE] = "not reached", [ERR_LOST] = "not reached", [ERR_RETRY] = "not reached",
	[ERR_AUTH] = "refused", [ERR_LIMIT] = "refused", [ERR_DENIED] = "refused", [ERR_REFUSED] = "refused",
	[ERR_STALE] = "refused", [ERR_GONE] = "refused", [ERR_PROTOCOL] = "refused",
};

static const char *state_word(const struct side_state *st)
{
	if (!st->on)
		return "off";
	if (st->err)
		return trouble[st->err % ERR_N] ? trouble[st->err % ERR_N] : "trouble";
	return st->ok_at ? "fine" : "starting";
}

static void put_trouble(const struct side_state *st, struct buf *out)
{
	if (trouble[st->err % ERR_N])
		buf_printf(out, "%s: ", trouble[st->err % ERR_N]);
	name_visible(*st->message ? st->message : err_str(st->err), out);
}

static void put_side_state(const struct side_state *st, enum side side, int64_t now, struct buf *out)
{
	const char *next = next_step(st->err, side);

	if (!st->on)
		buf_puts(out, side == SIDE_SF
			? "off; once configured, task sync begins with: remindfs sync on" :
			"off; it is on as soon as it is configured");
	else if (st->err)
		put_trouble(st, out);
	else if (*st->message)
		name_visible(st->message, out);
	else if (st->total > 0)
		buf_printf(out, "first import: %" PRId64 " of %" PRId64, st->done, st->total);
	else if (st->total)
		buf_printf(out, "first import: %" PRId64 " so far", st->done);
	else if (!st->ok_at)
		buf_puts(out, "starting");
	if (st->on && st->ok_at) {
		buf_puts(out, st->err || *st->message || st->total ? "; last synced " : "synced ");
		put_ago(now - st->ok_at, out);
	}
	if (st->on && next)
		buf_printf(out, "\n" LABEL "%s", "", next);
	buf_putc(out, '\n');
}

/* D6. Both ways out, with what to type. */
static void put_held(const struct mass mass[NMASS], struct buf *out)
{
	static const char *const what[NMASS] = {
		[MASS_DELETE] = "deletions are held, not sent; take them back: remindfs take-back",
		[MASS_COMPLETE] = "completions are held, not sent; take them back: remindfs take-back",
		[MASS_DELETED] = "tasks were deleted there at once and are kept here; restored there, they "
			"stay",
		[MASS_COMPLETED] = "tasks were completed there at once and are open here; to reopen them "
			"there: remindfs take-back",
	};
	bool any = false;

	for (int i = 0; i < NMASS; i++) {
		if (mass[i].held)
			buf_printf(out, LABEL "%" PRId64 " %s\n", "", mass[i].held, what[i]);
		any = any || mass[i].held;
	}
	if (any)
		buf_printf(out, LABEL "to let them go: remindfs confirm-deletes\n", "");
}

static const char *const stage_text[NSPENTS] = {
	[SPENT_FREE] = "everything is sent at once",
	[SPENT_SLOW] = "much is used up: polls are slower, imports and checks wait",
	[SPENT_EDITS] = "nearly used up: only edits are sent; polls wait",
	[SPENT_NOTHING] = "used up but for what is left to others: edits are kept here and wait, too",
};

static void put_side(const struct side_state *st, const struct counts *n, const struct spent *x,
	enum side side, int64_t now, struct buf *out)
{
	buf_printf(out, LABEL, side_name[side]);
	put_side_state(st, side, now, out);
	if (n->waiting[side])
		buf_printf(out, LABEL "%" PRId64 " edit%s not there yet: ls .remindfs/outbox\n", "",
			n->waiting[side], n->waiting[side] == 1 ? "" : "s");
	if (n->refused[side])
		buf_printf(out, LABEL "%" PRId64 " refused; why, and what to change: cat .remindfs/errors\n",
			"", n->refused[side]);
	put_held(n->mass[side], out);
	if (st->on && x->stage != SPENT_FREE)
		buf_printf(out, LABEL "%s; more: cat .remindfs/budget\n", "", stage_text[x->stage]);
	if (st->left_out > 0)
		buf_printf(out, LABEL "%" PRId64
			" open tasks were left out as older; first_import = open brings them\n", "",
			st->left_out);
}

static void put_count(int64_t n, const char *one, const char *many, const char **sep, struct buf *out)
{
	if (!n)
		return;
	buf_printf(out, "%s%" PRId64 " %s", *sep, n, n == 1 ? one : many);
	*sep = ", ";
}

static void put_problems(const struct counts *n, struct buf *out)
{
	const char *sep = "";

	buf_printf(out, LABEL, "problems");
	put_count(n->drafts, "save that does not parse", "saves that do not parse", &sep, out);
	put_count(n->refused[SIDE_SC] + n->refused[SIDE_SF], "refused edit", "refused edits", &sep, out);
	put_count(n->conflicts, "conflict", "conflicts", &sep, out);
	put_count(n->scratch_typed, "file that is not a task (add .txt)",
		"files that are not tasks (add .txt)", &sep, out);
	buf_puts(out, *sep ? "; more: cat .remindfs/errors\n" : "none\n");
}

/* After a damaged database was set aside, until the user threw away what was kept. */
static enum err salvaged(struct store *s, char **dir)
{
	enum err e = store_meta(s, STORE_SALVAGED, dir);

	if (!e && access(*dir, F_OK))
		free(TAKE(*dir));
	return e == ERR_NOENT ? ERR_OK : e;
}

static enum err put_salvaged(struct store *s, struct buf *out)
{
	AUTO_FREE char *dir = NULL;

	TRY(salvaged(s, &dir));
	if (dir)
		buf_printf(out, LABEL "what was not sent when the database broke is kept; cat '%s/README'\n",
			"salvaged", dir);
	return ERR_OK;
}

/* D8 */
static void put_steps(const struct steps *x, struct buf *out)
{
	if (x->started) {
		buf_printf(out, LABEL "%" PRId64
			" campaign task%s completed: Sales Connect starts the person's next step (last: ", "",
			x->started, x->started == 1 ? " was" : "s were");
		name_visible(x->last, out);
		buf_puts(out, ")\n");
	}
	if (x->reopened)
		buf_printf(out, LABEL "%" PRId64
			" campaign task%s reopened: that does not undo the step it started\n", "",
			x->reopened, x->reopened == 1 ? " was" : "s were");
}

enum err status_render(struct store *s, int64_t now, struct buf *out)
{
	struct counts n;
	struct steps steps;

	TRY(store_counts(s, now, &n));
	buf_printf(out, LABEL "%" PRId64 " open, %" PRId64 " completed\n", "tasks", n.open, n.completed);
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		struct side_state st;
		struct spent x;
		TRY(store_side(s, side, &st));
		TRY(spent_load(s, side, &x));
		put_side(&st, &n, &x, side, now, out);
	}
	TRY(put_salvaged(s, out));
	TRY(steps_load(s, now, &steps));
	put_steps(&steps, out);
	put_problems(&n, out);
	return buf_err(out);
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static void json_time(const char *key, int64_t ms, struct buf *out)
{
	char at[DATE_TIME_LEN];

	buf_printf(out, ",\"%s\":", key);
	if (!ms) {
		buf_puts(out, "null");
		return;
	}
	date_format_time(ms, at);
	buf_json(out, at);
}

static void json_side(const struct side_state *st, const struct counts *n, enum side side, struct buf *out)
{
	const struct mass *m = n->mass[side];

	buf_printf(out, ",\"%s\":{\"on\":%s,\"state\":\"%s\",\"error\":", side_name[side],
		st->on ? "true" : "false", state_word(st));
	buf_json(out, st->err ? err_str(st->err) : "");
	buf_puts(out, ",\"message\":");
	buf_json(out, st->message);
	json_time("tried", st->tried_at, out);
	json_time("synced", st->ok_at, out);
	buf_printf(out, ",\"waiting\":%" PRId64 ",\"refused\":%" PRId64 ",\"import_done\":%" PRId64
		",\"import_total\":%" PRId64 ",\"left_out\":%" PRId64 ",\"held\":%" PRId64 "}",
		n->waiting[side], n->refused[side], st->done, st->total, st->left_out,
		m[MASS_DELETE].held + m[MASS_COMPLETE].held + m[MASS_DELETED].held + m[MASS_COMPLETED].held);
}

enum err status_json(struct store *s, int64_t now, struct buf *out)
{
	struct counts n;

	TRY(store_counts(s, now, &n));
	buf_printf(out, "{\"open\":%" PRId64 ",\"completed\":%" PRId64 ",\"drafts\":%" PRId64
		",\"conflicts\":%" PRId64
		",\"not_tasks\":%" PRId64, n.open, n.completed, n.drafts, n.conflicts, n.scratch_typed);
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		struct side_state st;
		TRY(store_side(s, side, &st));
		json_side(&st, &n, side, out);
	}
	buf_puts(out, "}\n");
	return buf_err(out);
}

/* ---- budget -------------------------------------------------------------------------------------------- */

static void put_span(int64_t ms, struct buf *out)
{
	int64_t minutes = (ms + 59999) / 60000;

	if (minutes < 120)
		buf_printf(out, "%" PRId64 " minute%s", minutes, minutes == 1 ? "" : "s");
	else
		buf_printf(out, "%" PRId64 " hours", minutes / 60);
}

/* As it is set: in seconds. */
static void put_poll(int64_t ms, struct buf *out)
{
	if (ms < 3600000)
		buf_printf(out, "%" PRId64 " seconds", (ms + 999) / 1000);
	else
		put_span(ms, out);
}

static void put_spent(const struct spent *x, int64_t now, struct buf *out)
{
	if (x->quota)
		buf_printf(out, "%" PRId64 " %% used: %" PRId64 " of the org's %" PRId64
			" calls in 24 hours\n" LABEL, x->used * 100 / x->quota, x->used, x->quota, "");
	buf_printf(out, "%" PRId64 " calls from here in ", x->calls);
	put_span(now > x->since ? now - x->since : 0, out);
	buf_puts(out, "; a poll every ");
	put_poll(x->poll_ms, out);
	if (x->quota)
		buf_printf(out, "\n" LABEL "%s", "", stage_text[x->stage]);
	if (x->until > now) {
		buf_printf(out, "\n" LABEL "asked to be left alone for ", "");
		put_span(x->until - now, out);
	}
	buf_putc(out, '\n');
}

enum err status_budget(struct store *s, int64_t now, struct buf *out)
{
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		struct side_state st;
		struct spent x;
		TRY(store_side(s, side, &st));
		TRY(spent_load(s, side, &x));
		buf_printf(out, LABEL, side_name[side]);
		if (st.on && x.at)
			put_spent(&x, now, out);
		else
			buf_puts(out, st.on ? "nothing asked yet\n" : "off\n");
	}
	return buf_err(out);
}

/* ---- errors -------------------------------------------------------------------------------------------- */

static bool put_problem(void *arg, const struct problem *p)
{
	struct buf *out = arg;

	buf_puts(out, p->open ? "open/" : "completed/");
	name_visible(p->name, out);
	buf_printf(out, ":%d: ", p->line);
	name_visible(p->text, out);
	buf_putc(out, '\n');
	return true;
}

enum err status_problems(struct store *s, int64_t now, struct buf *out)
{
	AUTO_FREE char *dir = NULL;

	TRY(salvaged(s, &dir));
	if (dir)
		buf_printf(out, "%s/README:1: the database was damaged; what was not sent is kept in this "
			"directory; to take a text over: cp it into open/; when nothing there is needed: rm "
			"-r '%s'\n", dir, dir);
	TRY(store_problems(s, now, put_problem, out));
	return buf_err(out);
}
