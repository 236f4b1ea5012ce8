#include "store_p.h"
#include <stdio.h>
#include <string.h>

enum {
	ADD, PRUNE, AFTER, LAST, HISTORY_ADD, HISTORY, LAST_BY, CONFLICT, VERSION, DRAFTS, FAILED,
	CONFLICTS, SCRATCH, COUNTS, WAITING, STATE, NSQL
};
static const char *const sql_text[NSQL] = {
	[ADD] = "INSERT INTO feed(task, by, what, fields, was_name, was_open, name, open, was_due, due)"
		" VALUES(:task, :by, :what, :fields, :was_name, :was_open, :name, :open, :was_due, :due)",
	[PRUNE] = "DELETE FROM feed WHERE seq <= :seq",
	[AFTER] = "SELECT seq, task, by, what, fields, was_name, was_open, name, open, was_due, due FROM feed"
		  " WHERE seq > :after ORDER BY seq",
	[LAST] = "SELECT ifnull(max(seq), 0) FROM feed",
	[HISTORY_ADD] = "INSERT INTO history(at, task, by, field, was, is_now) VALUES(:at, :task, :by,"
			" :field, :was, :is)",
	[HISTORY] = "SELECT at, by, field, was, is_now FROM history WHERE task = :task ORDER BY id",
	[LAST_BY] = "SELECT ifnull((SELECT by FROM history WHERE task = :task AND field = :field"
		    " ORDER BY id DESC LIMIT 1), (SELECT made_by FROM task WHERE id = :task))",
	[CONFLICT] = "INSERT INTO conflict(task, side, at) VALUES(:task, :side, :now)",
	[VERSION] = "INSERT INTO version(conflict, role, title, status, priority, due, details)"
		    " VALUES(:conflict, :role, :title, :status, :priority, :due, :details)",
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
	return q_get(s, SQL_FEED, i, sql_text[i]);
}

#define FEED_KEPT 100000
#define FEED_STEP 1000		/* pruned once in so many rows */
#define TYPED_MS 60000		/* a typed-looking scratch file is named after so long */

/* ---- the feed ---- */

static enum err prune(struct store *s, int64_t seq)
{
	if (seq % FEED_STEP || seq <= FEED_KEPT)
		return ERR_OK;
	AUTO_Q q = sql(s, PRUNE);
	q_int(&q, ":seq", seq - FEED_KEPT);
	return q_run(&q);
}

static const char *visible_name(const struct row *r)
{
	return r && r->gone == GONE_NO ? r->t.name : "";
}

/* Content is what shows in the file or its time stamp; a name covers the directory, too. */
static uint32_t what_changed(const struct row *was, const struct row *is)
{
	bool moved = !was || task_is_open(&was->t) != task_is_open(&is->t);
	bool named = strcmp(visible_name(was), visible_name(is)) || (moved && *visible_name(is));
	bool text = !was || was->t.changed_at != is->t.changed_at || was->size != is->size ||
		was->has_draft != is->has_draft || task_diff(&was->t, &is->t, FIELDS_ALL);
	return (text ? CHANGE_TEXT : 0u) | (named ? CHANGE_NAME : 0u);
}

enum err feed_add(struct store *s, const struct row *was, const struct row *is, enum side by, uint32_t fields)
{
	/* Two saves in one millisecond may have the same size: an edit always says TEXT. */
	uint32_t what = what_changed(was, is) | (was && was->gone == is->gone ? CHANGE_TEXT : 0u);
	if (!what || (!*visible_name(was) && !*visible_name(is)))
		return ERR_OK;
	AUTO_Q q = sql(s, ADD);
	q_int(&q, ":task", is->t.id);
	q_int(&q, ":by", by);
	q_int(&q, ":what", what);
	q_int(&q, ":fields", fields);
	q_text(&q, ":was_name", visible_name(was));
	q_int(&q, ":was_open", was && task_is_open(&was->t));
	q_text(&q, ":name", visible_name(is));
	q_int(&q, ":open", task_is_open(&is->t));
	q_text(&q, ":was_due", was ? was->t.field[FIELD_DUE] : NULL);
	q_text(&q, ":due", is->t.field[FIELD_DUE]);
	TRY(q_run(&q));
	s->ring |= RING_CHANGED;
	s->fed = sqlite3_last_insert_rowid(s->db);
	return prune(s, s->fed);
}

static void read_change(struct q *q, struct change *c)
{
	c->seq = q_col(q, 0);
	c->task = q_col(q, 1);
	c->by = (enum side)q_col(q, 2);
	c->what = (uint32_t)q_col(q, 3);
	c->fields = (uint32_t)q_col(q, 4);
	q_col_copy(q, 5, c->was_name, sizeof(c->was_name));
	c->was_open = q_col(q, 6);
	q_col_copy(q, 7, c->name, sizeof(c->name));
	c->open = q_col(q, 8);
	q_col_copy(q, 9, c->was_due, sizeof(c->was_due));
	q_col_copy(q, 10, c->due, sizeof(c->due));
}

enum err store_changes(struct store *s, int64_t after, store_change_fn *fn, void *arg, bool *lost)
{
	struct change c;
	int64_t next = after + 1;
	AUTO_Q q = sql(s, AFTER);
	q_int(&q, ":after", after);
	if (lost)
		*lost = false;
	while (q_row(&q)) {
		read_change(&q, &c);
		if (lost)
			*lost |= c.seq > next;	/* the last row is never pruned: no row, no loss */
		next = c.seq + 1;
		if (!fn(arg, &c))
			break;
	}
	return q_end(&q, ERR_OK);
}

enum err store_change_last(struct store *s, int64_t *seq)
{
	AUTO_Q q = sql(s, LAST);
	*seq = q_row(&q) ? q_col(&q, 0) : 0;
	return q_end(&q, ERR_OK);
}

int64_t store_fed(struct store *s)
{
	return s->fed;
}

/* ---- history ---- */

enum err history_add(struct store *s, const struct task *was, const struct task *is, uint32_t fields,
	enum side by, int64_t now)
{
	for (int f = 0; f < TASK_NFIELDS; f++) {
		if (!(fields & BIT(f)))
			continue;
		AUTO_Q q = sql(s, HISTORY_ADD);
		q_int(&q, ":at", now);
		q_int(&q, ":task", is->id);
		q_int(&q, ":by", by);
		q_int(&q, ":field", f);
		q_text(&q, ":was", was->field[f]);
		q_text(&q, ":is", is->field[f]);
		TRY(q_run(&q));
	}
	return ERR_OK;
}

enum err store_history(struct store *s, int64_t task, store_history_fn *fn, void *arg)
{
	AUTO_Q q = sql(s, HISTORY);
	q_int(&q, ":task", task);
	while (q_row(&q)) {
		struct history h = { q_col(&q, 0), task, (enum side)q_col(&q, 1), (enum field)q_col(&q, 2),
			q_col_text(&q, 3), q_col_text(&q, 4) };
		if (q.err || !fn(arg, &h))
			break;
	}
	return q_end(&q, ERR_OK);
}

enum err store_last_by(struct store *s, int64_t task, enum field f, enum side *out)
{
	AUTO_Q q = sql(s, LAST_BY);
	q_int(&q, ":task", task);
	q_int(&q, ":field", f);
	*out = q_row(&q) ? (enum side)q_col(&q, 0) : SIDE_LOCAL;
	return q_end(&q, ERR_OK);
}

/* ---- conflicts ---- */

static enum err put_version(struct store *s, int64_t conflict, int role, const struct task *t)
{
	if (!t)
		return ERR_OK;
	AUTO_Q q = sql(s, VERSION);
	q_int(&q, ":conflict", conflict);
	q_int(&q, ":role", role);
	q_fields(&q, "", t->field);
	return q_run(&q);
}

enum err store_conflict(struct store *s, int64_t task, enum side with, const struct task *base,
	const struct task *mine, const struct task *theirs, int64_t now)
{
	const struct task *const version[] = { base, mine, theirs };
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, CONFLICT);
	q_int(&q, ":task", task);
	q_int(&q, ":side", with);
	q_int(&q, ":now", now);
	TRY(q_run(&q));
	int64_t id = sqlite3_last_insert_rowid(s->db);
	for (int role = 0; role < 3; role++)
		TRY(put_version(s, id, role, version[role]));
	s->ring |= RING_CHANGED;
	return tx_commit(&tx);
}

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

static enum err tell_failed(struct problems *p, struct q *q)
{
	if (q_col(q, 5) == ERR_HELD)
		return tell_held(p, q);
	bool refused = q_col(q, 3) < 0, deleted = q_col(q, 6);
	const char *msg = q_col_text(q, 4);
	AUTO_BUF b = BUF_INIT;
	buf_printf(&b, "%s %s%s: ", side_name[q_col(q, 2) % NSIDES], refused ? "refused" : "did not take",
		deleted ? " the deletion" : "");
	put_message(&b, msg && *msg ? msg : err_str((enum err)q_col(q, 5)));
	if (deleted)
		buf_puts(&b, refused ? "; the task is still there; delete it there"
				     : "; it will be tried again");
	else
		buf_puts(&b, refused ? "; your text is kept here and not sent; edit the file to try again"
				     : "; your text is kept here and will be sent again");
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
