#include "store_p.h"
#include <string.h>

enum { DRAFTS, FAILED, CONFLICTS, SCRATCH, COUNTS, WAITING, STATE, NSQL };
static const char *const sql_text[NSQL] = {
	[DRAFTS] = "SELECT name, status = 'open', draft_line, body.draft_msg FROM task INDEXED BY task_draft"
		   " JOIN body ON body.task = task.id WHERE draft_line IS NOT NULL AND gone = 0 ORDER BY id",
	[FAILED] = "SELECT name, status = 'open', side, wait, message, outbox.err, gone = 1, task.id"
		   " FROM outbox JOIN task ON task.id = outbox.task WHERE outbox.err <> 0 ORDER BY seq",
	[CONFLICTS] = "SELECT name, status = 'open', side, gone = 1, conflict.id FROM conflict JOIN task"
		      " ON task.id = conflict.task ORDER BY conflict.id",
	[SCRATCH] = "SELECT name, open FROM scratch WHERE NOT is_link AND open IN (0, 1)"
		    " AND (changed_at > :now OR :now - changed_at > :age)"
		    " ORDER BY id",
	[COUNTS] = "SELECT (SELECT count(*) FROM task INDEXED BY task_status WHERE status = 'open'"
		   " AND gone = 0),"
		   " (SELECT count(*) FROM task INDEXED BY task_status WHERE status = 'complete'"
		   " AND gone = 0),"
		   " (SELECT count(*) FROM task INDEXED BY task_draft WHERE draft_line IS NOT NULL"
		   " AND gone = 0), (SELECT count(*) FROM conflict)",
	[WAITING] = "SELECT side, count(*), sum(wait < 0 AND err <> :held) FROM outbox GROUP BY side",
	[STATE] = "SELECT draft_line IS NOT NULL, EXISTS (SELECT 1 FROM conflict"
		  " WHERE conflict.task = task.id),"
		  " EXISTS (SELECT 1 FROM outbox WHERE outbox.task = task.id"
		  " AND outbox.err NOT IN (0, :held)),"
		  " EXISTS (SELECT 1 FROM outbox WHERE outbox.task = task.id),"
		  " EXISTS (SELECT 1 FROM link WHERE link.task = task.id AND rid IS NOT NULL)"
		  " FROM task WHERE id = :id",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_PROBLEM, i, sql_text[i]);
}

#define TYPED_MS 60000		/* a typed-looking scratch file is named after so long */

/* ---- what is wrong ---- */

struct problems {
	struct store *s;
	int64_t now;
	store_problem_fn *fn;
	void *arg;
	bool stop;
};

/* A message of ours or of a remote as the beginning of a line: no full stop of its own. */
static void put_message(struct buf *b, const char *msg)
{
	size_t n = msg ? strlen(msg) : 0;
	while (n && strchr(". \n", msg[n - 1]))
		n--;
	buf_add(b, msg, n);
}

static enum err tell(struct problems *p, struct q *q, int line, struct buf *text)
{
	struct problem x = { .name = q_col_text(q, 0), .open = q_col(q, 1), .line = line > 0 ? line : 1,
		.text = buf_str(text) };
	TRY(buf_err(text));
	TRY(q_end(q, ERR_OK));
	p->stop = !p->fn(p->arg, &x);
	return ERR_OK;
}

static enum err tell_draft(struct problems *p, struct q *q)
{
	AUTO_BUF b = BUF_INIT;
	put_message(&b, q_col_text(q, 3));
	buf_puts(&b, b.n && strchr("?!", b.s[b.n - 1]) ? " Your" : "; your");
	buf_puts(&b, " text is kept as a draft; fix it with an editor and save");
	return tell(p, q, (int)q_col(q, 2), &b);
}

/* The message says what to type. */
static enum err tell_held(struct problems *p, struct q *q)
{
	AUTO_BUF b = BUF_INIT;
	buf_printf(&b, "%s: %s", side_name[q_col(q, 2) % NSIDES], q_col_text(q, 4));
	return tell(p, q, 1, &b);
}

/* One word for a shell: head, the file name without its ".txt", tail. */
static void put_word(struct buf *b, const char *head, const char *name, const char *tail)
{
	AUTO_BUF word = BUF_INIT;
	buf_printf(&word, "%s%.*s%s", head, (int)strlen(name) - 4, name, tail);
	buf_quote(b, buf_str(&word));
	b->failed |= word.failed;
}

static enum err put_way_out(struct problems *p, int64_t task, bool deleted, struct buf *b)
{
	struct kept k;
	enum err e = store_kept(p->s, deleted ? KEEP_TRASH : KEEP_OUTBOX, task, &k);
	if (e)
		return e == ERR_NOENT ? ERR_OK : e;
	buf_puts(b, deleted ? "; take it back: mv " : "; give it up: rm ");
	put_word(b, deleted ? ".remindfs/trash/" : ".remindfs/outbox/", k.name, ".txt");
	buf_puts(b, deleted ? " open/" : "");
	return ERR_OK;
}

static void put_what(struct buf *b, struct q *q, bool refused, bool deleted)
{
	const char *side = side_name[q_col(q, 2) % NSIDES];
	if (q_col(q, 5) == ERR_BUSY)
		buf_printf(b, "not sent to %s yet: ", side);
	else
		buf_printf(b, "%s %s%s: ", side, refused ? "refused" : "did not take",
			deleted ? " the deletion" : "");
}

static const char *what_now(enum err why, bool refused, bool deleted)
{
	if (deleted)
		return refused ? "; the task is still there; delete it there" : "; it will be tried again";
	if (why == ERR_BUSY)
		return "; your text is kept here";
	return refused ? "; your text is kept here and not sent; edit the file to try again"
		       : "; your text is kept here and will be sent again";
}

static enum err tell_failed(struct problems *p, struct q *q)
{
	enum err why = (enum err)q_col(q, 5);
	if (why == ERR_HELD)
		return tell_held(p, q);
	bool refused = q_col(q, 3) < 0, deleted = q_col(q, 6);
	const char *msg = q_col_text(q, 4);
	AUTO_BUF b = BUF_INIT;
	put_what(&b, q, refused, deleted);
	put_message(&b, msg && *msg ? msg : err_str(why));
	buf_puts(&b, what_now(why, refused, deleted));
	TRY(put_way_out(p, q_col(q, 7), deleted, &b));
	return tell(p, q, 1, &b);
}

static enum err load_version(struct store *s, int64_t conflict, enum version v, struct task *out)
{
	enum err e = store_conflict_version(s, conflict, v, out);
	return e == ERR_NOENT ? ERR_OK : e;	/* that side had deleted it */
}

/* The values themselves, so that nothing is lost to the eye (D2, D3). */
static void put_values(struct buf *b, const struct task *mine, const struct task *theirs)
{
	for (int f = 0; f < TASK_NFIELDS; f++) {
		if (str_eq(mine->field[f], theirs->field[f]))
			continue;
		buf_printf(b, "; %s", task_field[f].name);
		if (mine->field[f])
			buf_printf(b, " here \"%s\"", mine->field[f]);
		if (theirs->field[f])
			buf_printf(b, " there \"%s\"", theirs->field[f]);
	}
}

/* Both ways to take a version, and how to let it rest. */
static enum err put_choice(struct problems *p, struct q *q, bool mine_alone, struct buf *b)
{
	bool open = q_col(q, 1), deleted = q_col(q, 3);
	struct kept k;
	char name[NAME_LEN + 1];
	TRY(store_kept(p->s, KEEP_CONFLICTS, q_col(q, 4), &k));
	buf_puts(b, deleted ? "; to have it back: mv " : "; to have theirs: mv ");
	put_word(b, ".remindfs/conflicts/", k.name, mine_alone ? "/mine.txt" : "/theirs.txt");
	buf_putc(b, ' ');
	q_col_copy(q, 0, name, sizeof(name));
	put_word(b, open ? "open/" : "completed/", name, ".txt");
	buf_puts(b, " or echo ");
	put_word(b, "resolve ", k.name, mine_alone ? " mine" : " theirs");
	buf_printf(b, " > .remindfs/ctl%s; to let it rest: rm -r ", deleted ? "" : "; likewise mine");
	put_word(b, ".remindfs/conflicts/", k.name, "");
	return ERR_OK;
}

static enum err tell_conflict(struct problems *p, struct q *q)
{
	AUTO_TASK mine = TASK_INIT, theirs = TASK_INIT;
	AUTO_BUF b = BUF_INIT;
	TRY(load_version(p->s, q_col(q, 4), VERSION_MINE, &mine));
	TRY(load_version(p->s, q_col(q, 4), VERSION_THEIRS, &theirs));
	if (q_col(q, 3))
		buf_puts(&b, "deleted on one side while it was edited on the other");
	else
		buf_printf(&b, "changed here and in %s", side_name[q_col(q, 2) % NSIDES]);
	put_values(&b, &mine, &theirs);
	TRY(put_choice(p, q, !theirs.field[FIELD_TITLE], &b));
	return tell(p, q, 1, &b);
}

static enum err tell_scratch(struct problems *p, struct q *q)
{
	AUTO_BUF b = BUF_INIT;
	const char *name = q_col_text(q, 0);
	if (!name || !name_looks_typed(name))
		return ERR_OK;
	buf_printf(&b, "not a task; the file is kept here and not sent; rename it to \"%s.txt\""
		" to make it one", name);
	return tell(p, q, 1, &b);
}

static const struct {
	int statement;
	enum err (*tell)(struct problems *p, struct q *q);
} kind[] = {
	{ DRAFTS, tell_draft },
	{ FAILED, tell_failed },
	{ CONFLICTS, tell_conflict },
	{ SCRATCH, tell_scratch },
};

static enum err problems_of(struct problems *p, size_t k)
{
	AUTO_Q q = sql(p->s, kind[k].statement);
	if (kind[k].statement == SCRATCH) {
		q_int(&q, ":now", p->now);
		q_int(&q, ":age", TYPED_MS);
	}
	while (!p->stop && q_row(&q))
		TRY(kind[k].tell(p, &q));
	return q_end(&q, ERR_OK);
}

enum err store_problems(struct store *s, int64_t now, store_problem_fn *fn, void *arg)
{
	struct problems p = { s, now, fn, arg, false };
	for (size_t k = 0; !p.stop && k < sizeof(kind) / sizeof(*kind); k++)
		TRY(problems_of(&p, k));
	return ERR_OK;
}

/* ---- counts, states ---- */

static enum err count_typed(struct store *s, int64_t now, int64_t *n)
{
	AUTO_Q q = sql(s, SCRATCH);
	q_int(&q, ":now", now);
	q_int(&q, ":age", TYPED_MS);
	while (q_row(&q)) {
		const char *name = q_col_text(&q, 0);
		*n += name && name_looks_typed(name);
	}
	return q_end(&q, ERR_OK);
}

static enum err count_waiting(struct store *s, struct counts *out)
{
	AUTO_Q q = sql(s, WAITING);
	q_int(&q, ":held", ERR_HELD);
	while (q_row(&q)) {
		int64_t side = q_col(&q, 0) % NSIDES;
		out->waiting[side] = q_col(&q, 1);
		out->refused[side] = q_col(&q, 2);
	}
	return q_end(&q, ERR_OK);
}

enum err store_counts(struct store *s, int64_t now, struct counts *out)
{
	*out = (struct counts){ 0 };
	AUTO_Q q = sql(s, COUNTS);
	if (!q_row(&q))
		return q_end(&q, ERR_CORRUPT);
	out->open = q_col(&q, 0);
	out->completed = q_col(&q, 1);
	out->drafts = q_col(&q, 2);
	out->conflicts = q_col(&q, 3);
	TRY(q_end(&q, ERR_OK));
	TRY(count_waiting(s, out));
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		TRY(store_mass(s, side, out->mass[side]));
	return count_typed(s, now, &out->scratch_typed);
}

/* In the order of the statement's columns: the first that holds. */
static const char *const bad_state[] = { "invalid", "conflict", "error" };

enum err store_state(struct store *s, int64_t id, const char **out)
{
	AUTO_Q q = sql(s, STATE);
	q_int(&q, ":held", ERR_HELD);
	q_int(&q, ":id", id);
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	*out = !q_col(&q, 3) ? "synced" : q_col(&q, 4) ? "pending" : "new";
	for (int i = 2; i >= 0; i--)
		if (q_col(&q, i))
			*out = bad_state[i];
	return q_end(&q, ERR_OK);
}
