#include "store_p.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	CONFLICTS, TRASH, OUTBOX, CONFLICTS_BY, TRASH_BY, OUTBOX_BY, VERSION, DISMISS, FORGET, REVIVABLE, OLD, OLD_ONE,
	PURGE_BODY, PURGE_HISTORY, PURGE_TASK, WAITING, DROP_SIDE, RETRY, LAST_EDIT, EDIT_ROWS, LAST_DELETED, NSQL
};
/* id, task, name, at, versions, and which of those of one name it is: the first has the plain name. */
#define FROM_CONFLICTS                                                                                            \
	"FROM (SELECT conflict.id AS id, task, name, at,"                                                         \
	" (SELECT ifnull(sum(1 << role), 0) FROM version WHERE conflict = conflict.id) AS versions,"              \
	" row_number() OVER (PARTITION BY name ORDER BY conflict.id) AS nth"                                      \
	" FROM conflict JOIN task ON task.id = conflict.task) "
#define FROM_TRASH                                                                                                \
	"FROM (SELECT id, id AS task, name, gone_at AS at, 0 AS versions,"                                        \
	" row_number() OVER (PARTITION BY name ORDER BY gone_at DESC, id DESC) AS nth"                            \
	" FROM task INDEXED BY task_gone WHERE gone IN (1, 2) AND gone = 1 AND gone_at > 0) "
#define FROM_OUTBOX                                                                                               \
	"FROM (SELECT task.id AS id, task.id AS task, name, min(since) AS at, 0 AS versions,"                     \
	" row_number() OVER (PARTITION BY name ORDER BY gone, task.id) AS nth"                                    \
	" FROM outbox JOIN task ON task.id = outbox.task WHERE gone <> 3 GROUP BY task.id) "
#define COLUMNS "SELECT id, task, name, at, versions, nth "
#define AFTER "WHERE id > :after ORDER BY id"
#define BY "WHERE name = :name OR id = :id ORDER BY name IS NOT :name, nth LIMIT 1"
static const char *const sql_text[NSQL] = {
	[CONFLICTS] = COLUMNS FROM_CONFLICTS AFTER,
	[TRASH] = COLUMNS FROM_TRASH AFTER,
	[OUTBOX] = COLUMNS FROM_OUTBOX AFTER,
	[CONFLICTS_BY] = COLUMNS FROM_CONFLICTS BY,
	/* One row without a look at all the others: ls -l asks for each. */
#define IN_TRASH "INDEXED BY task_gone WHERE gone IN (1, 2) AND gone = 1 AND gone_at > 0 "
	[TRASH_BY] = "SELECT id, id, name, gone_at, 0, 1 + (SELECT count(*) FROM task AS o " IN_TRASH
		     "AND o.name = task.name AND (o.gone_at, o.id) > (task.gone_at, task.id))"
		     " FROM task WHERE gone = 1 AND gone_at > 0 AND id = ifnull((SELECT id FROM task " IN_TRASH
		     "AND name = :name ORDER BY gone_at DESC, id DESC LIMIT 1), :id)",
	/* Of one name are a task that is there, and some that were deleted. */
#define WAITING_NAMED(name_is)                                                                                            \
	"FROM (SELECT id, gone FROM task INDEXED BY task_name WHERE gone IN (0, 2) AND name = " name_is                   \
	" UNION ALL SELECT id, gone FROM task INDEXED BY task_gone WHERE gone IN (1, 2) AND gone = 1 AND name = " name_is \
	") AS o WHERE EXISTS (SELECT 1 FROM outbox WHERE task = o.id) "
	[OUTBOX_BY] = "SELECT id, id, name, (SELECT min(since) FROM outbox WHERE task = me.id), 0,"
		      " 1 + (SELECT count(*) " WAITING_NAMED("me.name") "AND (o.gone, o.id) < (me.gone, me.id))"
		      " FROM task AS me WHERE gone <> 3 AND EXISTS (SELECT 1 FROM outbox WHERE task = me.id)"
		      " AND id = ifnull((SELECT id " WAITING_NAMED(":name") "ORDER BY gone, id LIMIT 1), :id)",
	[VERSION] = "SELECT title, status, priority, due, details FROM version WHERE conflict = :id AND role = :role",
	[DISMISS] = "DELETE FROM conflict WHERE id = :id",
	[FORGET] = "DELETE FROM version WHERE conflict = :id AND role = :role",
	/* Its deletion was certainly not applied anywhere: in its grace time, refused, or nobody was to get it. */
	[REVIVABLE] = "SELECT NOT EXISTS (SELECT 1 FROM link WHERE task = :task AND gone) AND ("
		      "NOT EXISTS (SELECT 1 FROM link WHERE task = :task)"
		      " OR (gone_by = 0 AND gone_at <= :now AND :now < revive_until)"
		      " OR (EXISTS (SELECT 1 FROM outbox WHERE task = :task)"
		      " AND NOT EXISTS (SELECT 1 FROM outbox WHERE task = :task AND wait >= 0)))"
		      " FROM task WHERE id = :task AND gone = 1 AND gone_at > 0",
#define PURGEABLE                                                                                                 \
	" AND gone = 1 AND gone_at > 0"                                                                           \
	" AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.task = task.id)"                                      \
	" AND NOT EXISTS (SELECT 1 FROM conflict WHERE conflict.task = task.id)"
	[OLD] = "SELECT id FROM task INDEXED BY task_gone WHERE gone IN (1, 2) AND gone_lived <= :lived - :life" PURGEABLE,
	[OLD_ONE] = "SELECT id FROM task WHERE id = :task AND gone_at <= :now - :life" PURGEABLE,
	[PURGE_BODY] = "UPDATE body SET details = NULL, text = NULL, draft = NULL, draft_msg = NULL WHERE task = :task",
	[PURGE_HISTORY] = "DELETE FROM history WHERE task = :task",
	[PURGE_TASK] = "UPDATE task SET gone_at = 0, revive_until = 0, draft_line = NULL WHERE id = :task",
	[WAITING] = "SELECT side, since, wait, tries, err, message FROM outbox WHERE task = :task ORDER BY side",
	[DROP_SIDE] = "DELETE FROM outbox WHERE task = :task AND side = :side",
	[RETRY] = "INSERT OR REPLACE INTO outbox(task, side, since, wait) SELECT task, side, :now, 0 FROM outbox"
		  " WHERE task = :task AND NOT (err = 0 AND wait > 0)",
	[LAST_EDIT] = "SELECT history.id, task, at FROM history JOIN task ON task.id = history.task"
		      " WHERE by = 0 AND gone = 0 AND history.id < :before ORDER BY history.id DESC LIMIT 1",
	[EDIT_ROWS] = "SELECT id, field, was, is_now FROM history WHERE task = :task AND at = :at AND by = 0"
		      " AND id <= :id ORDER BY id DESC",
	[LAST_DELETED] = "SELECT id, gone_at FROM task INDEXED BY task_gone WHERE gone IN (1, 2) AND gone = 1"
			 " AND gone_by = 0 AND gone_at > 0 ORDER BY gone_at DESC, id DESC LIMIT 1",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_KEEP, i, sql_text[i]);
}

/* ---- the lists ---- */

static const struct {
	int list, by;
} keep[] = {
	[KEEP_CONFLICTS] = { CONFLICTS, CONFLICTS_BY },
	[KEEP_TRASH] = { TRASH, TRASH_BY },
	[KEEP_OUTBOX] = { OUTBOX, OUTBOX_BY },
};

/* "Call Bob.txt" -> "Call Bob ~17.txt", cut where a character begins. */
static void number(char name[NAME_LEN + 1], int64_t id)
{
	char tail[40];
	size_t n = strlen(name), end = n > 4 ? n - 4 : 0;
	size_t more = (size_t)snprintf(tail, sizeof(tail), " ~%" PRId64 ".txt", id);
	if (end + more > NAME_LEN)
		end = NAME_LEN - more;
	while (end && ((unsigned char)name[end] & 0xc0) == 0x80)
		end--;
	memcpy(name + end, tail, more + 1);
}

static void read_kept(struct q *q, struct kept *k)
{
	k->id = q_col(q, 0);
	k->task = q_col(q, 1);
	q_col_copy(q, 2, k->name, sizeof(k->name));
	k->at = q_col(q, 3);
	k->versions = (uint32_t)q_col(q, 4);
	if (q_col(q, 5) > 1)
		number(k->name, k->id);
}

/* A row may be left over although nothing is left to send; the sync will see. */
static enum err really_waits(struct store *s, int64_t task, bool *out)
{
	AUTO_TASK t = TASK_INIT;
	enum gone gone;
	uint32_t births, edits;
	TRY(store_gone(s, task, &gone));
	*out = gone == GONE_DELETED;
	if (*out)
		return ERR_OK;
	TRY(store_get(s, task, &t));
	TRY(outbox_unsent(s, &t, &births, &edits));
	*out = births | edits;
	return ERR_OK;
}

enum err store_kept_list(struct store *s, enum keep which, int64_t after, store_kept_fn *fn, void *arg)
{
	struct kept k;
	bool there = true;
	AUTO_Q q = sql(s, keep[which].list);
	q_int(&q, ":after", after);
	while (q_row(&q)) {
		read_kept(&q, &k);
		if (which == KEEP_OUTBOX)
			TRY(really_waits(s, k.task, &there));
		if (there && !fn(arg, &k))
			break;
	}
	return q_end(&q, ERR_OK);
}

static enum err kept_by(struct store *s, enum keep which, const char *name, int64_t id, struct kept *out)
{
	bool there = true;
	AUTO_Q q = sql(s, keep[which].by);
	q_text(&q, ":name", name);
	q_int(&q, ":id", id);
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	read_kept(&q, out);
	if (which == KEEP_OUTBOX)
		TRY(really_waits(s, out->task, &there));
	return q_end(&q, there ? ERR_OK : ERR_NOENT);
}

enum err store_kept(struct store *s, enum keep which, int64_t id, struct kept *out)
{
	return kept_by(s, which, NULL, id, out);
}

enum err store_kept_find(struct store *s, enum keep which, const char *name, struct kept *out)
{
	const char *mark = strrchr(name, '~');
	int64_t id = 0;
	enum err e = kept_by(s, which, name, 0, out);
	if (e != ERR_NOENT || !mark || sscanf(mark, "~%" SCNd64 ".txt", &id) != 1)
		return e;
	TRY(kept_by(s, which, NULL, id, out));
	if (!strcmp(out->name, name))
		return ERR_OK;
	number(out->name, id);
	return strcmp(out->name, name) ? ERR_NOENT : ERR_OK;
}

/* ---- bringing back ---- */

static enum err unsent_deletion(struct store *s, int64_t task, int64_t now, bool *out)
{
	AUTO_Q q = sql(s, REVIVABLE);
	q_int(&q, ":task", task);
	q_int(&q, ":now", now);
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	*out = q_col(&q, 0);
	return q_end(&q, ERR_OK);
}

static enum err revive(struct store *s, const struct row *r, int64_t now)
{
	AUTO_ROW is = ROW_INIT;
	TRY(row_copy(&is, r));
	is.gone = GONE_NO;
	is.gone_at = is.revive_until = 0;
	is.gone_by = SIDE_LOCAL;
	TRY(name_give(s, &is));
	TRY(row_put_gone(s, r, &is, SIDE_LOCAL));
	TRY(name_claim(s, is.t.id, is.t.name, NULL, now));
	return outbox_revived(s, &is.t, now);
}

/* The old row keeps its links, so that its deletion still goes out and nothing of it comes back (D3). */
static enum err anew(struct store *s, const struct row *r, int64_t now, int64_t *id)
{
	AUTO_ROW is = ROW_INIT;
	AUTO_TASK t = TASK_INIT;
	TRY(task_copy(&t, &r->t));
	t.created_at = now;
	TRY(store_create(s, &t, r->has_text ? buf_str(&r->text) : NULL, r->text.n, SIDE_LOCAL, now, id));
	if (r->has_draft)
		TRY(store_draft(s, *id, buf_str(&r->draft), r->draft.n, r->draft_line, r->draft_msg, now));
	TRY(row_copy(&is, r));
	is.gone_at = is.revive_until = 0;
	return row_put_gone(s, r, &is, SIDE_LOCAL);
}

static enum err set_status(struct store *s, int64_t id, const char *status, int64_t now)
{
	struct task t = { .field = { [FIELD_STATUS] = (char *)status } };
	return status ? store_edit(s, id, &t, BIT(FIELD_STATUS), 0, NULL, 0, SIDE_LOCAL, now) : ERR_OK;
}

enum err store_restore(struct store *s, int64_t task, const char *status, int64_t now, int64_t grace_ms, int64_t *id)
{
	AUTO_TX tx = { 0 };
	AUTO_ROW r = ROW_INIT;
	bool same = false;
	TRY(tx_begin(s, &tx));
	TRY(unsent_deletion(s, task, now, &same));
	TRY(row_get(s, task, &r));
	*id = task;
	TRY(same ? revive(s, &r, now) : anew(s, &r, now, id));
	TRY(set_status(s, *id, status, now));
	TRY(store_closed(s, *id, now, grace_ms));
	return tx_commit(&tx);
}

static enum err purge(struct store *s, int64_t task)
{
	for (int i = PURGE_BODY; i <= PURGE_TASK; i++) {
		AUTO_Q q = sql(s, i);
		q_int(&q, ":task", task);
		TRY(q_run(&q));
	}
	return ERR_OK;
}

/* Those that q lists. It runs in a transaction: what was read before one may be old, and cannot be written to. */
static enum err purge_all(struct store *s, struct q *q, enum err none)
{
	bool any = false;
	for (; q_row(q); any = true)
		TRY(purge(s, q_col(q, 0)));
	return q_end(q, any ? ERR_OK : none);
}

static enum err purge_old(struct store *s, int64_t lived)
{
	AUTO_Q q = sql(s, OLD);
	q_int(&q, ":lived", lived);
	q_int(&q, ":life", TRASH_MS);
	return purge_all(s, &q, ERR_OK);
}

static enum err lived(struct store *s, int64_t *out)
{
	AUTO_FREE char *text = NULL;
	enum err e = store_meta(s, "lived", &text);
	*out = text ? strtoll(text, NULL, 10) : 0;
	return e == ERR_NOENT ? ERR_OK : e;
}

enum err store_trash_age(struct store *s, int64_t ms)
{
	AUTO_TX tx = { 0 };
	char text[32];
	int64_t was;
	TRY(tx_begin(s, &tx));
	TRY(lived(s, &was));
	int64_t is = was + (ms < TRASH_STEP_MS ? ms : TRASH_STEP_MS);
	snprintf(text, sizeof(text), "%" PRId64, is);
	TRY(store_meta_set(s, "lived", text));
	if (is / TRASH_STEP_MS > was / TRASH_STEP_MS)	/* it looks at all that ever was deleted: once a step */
		TRY(purge_old(s, is));
	return tx_commit(&tx);
}

enum err store_trash_forget(struct store *s, int64_t task, int64_t now)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, OLD_ONE);
	q_int(&q, ":task", task);
	q_int(&q, ":now", now);
	q_int(&q, ":life", TRASH_SURE_MS);
	TRY(purge_all(s, &q, ERR_BUSY));
	return tx_commit(&tx);
}

/* ---- conflicts ---- */

static enum err read_version(struct store *s, int64_t conflict, enum version v, struct task *t)
{
	AUTO_Q q = sql(s, VERSION);
	q_int(&q, ":id", conflict);
	q_int(&q, ":role", v);
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	for (int f = 0; f < TASK_NFIELDS; f++) {
		free(t->field[f]);
		t->field[f] = q_col_dup(&q, f);
	}
	return q_end(&q, ERR_OK);
}

enum err store_conflict_version(struct store *s, int64_t conflict, enum version v, struct task *out)
{
	struct kept k;
	AUTO_TASK t = TASK_INIT;
	*out = TASK_INIT;
	TRY(store_kept(s, KEEP_CONFLICTS, conflict, &k));
	TRY(store_get(s, k.task, &t));
	TRY(read_version(s, conflict, v, &t));
	*out = t;
	t = TASK_INIT;
	return ERR_OK;
}

enum err store_conflict_dismiss(struct store *s, int64_t conflict)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, DISMISS);
	q_int(&q, ":id", conflict);
	TRY(q_run(&q));
	if (!sqlite3_changes64(s->db))
		return ERR_NOENT;
	s->ring |= RING_CHANGED;
	return tx_commit(&tx);
}

enum err store_conflict_forget(struct store *s, int64_t conflict, enum version v)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, FORGET);
	q_int(&q, ":id", conflict);
	q_int(&q, ":role", v);
	TRY(q_run(&q));
	return sqlite3_changes64(s->db) ? tx_commit(&tx) : ERR_NOENT;
}

/* The fields in the clash: what both changed, differently. Without a base, whatever differs. */
static enum err clash(struct store *s, int64_t conflict, uint32_t *fields)
{
	AUTO_TASK base = TASK_INIT, mine = TASK_INIT, theirs = TASK_INIT;
	enum err e = read_version(s, conflict, VERSION_BASE, &base);
	bool rooted = !e;
	if (e && e != ERR_NOENT)
		return e;
	TRY(read_version(s, conflict, VERSION_MINE, &mine));
	TRY(read_version(s, conflict, VERSION_THEIRS, &theirs));
	*fields = task_diff(&mine, &theirs, FIELDS_ALL);
	if (rooted)
		*fields &= task_diff(&base, &mine, FIELDS_ALL) & task_diff(&base, &theirs, FIELDS_ALL);
	return ERR_OK;
}

static enum err take_fields(struct store *s, const struct kept *k, enum version v, const struct task *t, int64_t now)
{
	AUTO_TASK is = TASK_INIT, theirs = TASK_INIT;
	uint32_t fields;
	enum err e = clash(s, k->id, &fields);
	if (e == ERR_NOENT)	/* the other one was a deletion, and did not win */
		return v == VERSION_MINE ? ERR_OK : store_edit(s, k->task, t, FIELDS_ALL, 0, NULL, 0, SIDE_LOCAL, now);
	TRY(e);
	if (v == VERSION_MINE) {
		TRY(store_get(s, k->task, &is));
		TRY(read_version(s, k->id, VERSION_THEIRS, &theirs));
		fields &= ~task_diff(&is, &theirs, FIELDS_ALL);
	}
	return store_edit(s, k->task, t, fields, 0, NULL, 0, SIDE_LOCAL, now);
}

/* The task was deleted: one with these values takes its place. */
static enum err take_deleted(struct store *s, const struct kept *k, const struct task *t, int64_t now, int64_t grace_ms,
	int64_t *task)
{
	AUTO_TASK new = TASK_INIT;
	enum err e = store_restore(s, k->task, NULL, now, grace_ms, task);
	if (e == ERR_NOENT) {	/* no longer in the trash */
		TRY(task_copy(&new, t));
		new.created_at = now;
		TRY(store_create(s, &new, NULL, 0, SIDE_LOCAL, now, task));
		return store_closed(s, *task, now, grace_ms);
	}
	TRY(e);
	return store_edit(s, *task, t, FIELDS_ALL, 0, NULL, 0, SIDE_LOCAL, now);
}

enum err store_conflict_take(struct store *s, int64_t conflict, enum version v, int64_t now, int64_t grace_ms,
	int64_t *task)
{
	AUTO_TX tx = { 0 };
	AUTO_TASK t = TASK_INIT;
	struct kept k;
	enum gone gone;
	TRY(tx_begin(s, &tx));
	TRY(store_kept(s, KEEP_CONFLICTS, conflict, &k));
	TRY(store_gone(s, k.task, &gone));
	enum err e = store_conflict_version(s, conflict, v, &t);
	if (e && e != ERR_NOENT)
		return e;
	*task = gone == GONE_DELETED ? 0 : k.task;
	if (!e && gone == GONE_DELETED)
		TRY(take_deleted(s, &k, &t, now, grace_ms, task));
	else if (!e)
		TRY(take_fields(s, &k, v, &t, now));
	TRY(store_conflict_dismiss(s, conflict));
	return tx_commit(&tx);
}

/* ---- what waits ---- */

static enum err what_waits(struct store *s, const struct task *t, enum gone gone, struct waiting *w)
{
	AUTO_LINK l = LINK_INIT;
	enum err e = store_link(s, t->id, w->side, &l);
	if (e && e != ERR_NOENT)
		return e;
	w->what = gone == GONE_DELETED ? "delete" : l.rid ? "edit" : "create";
	for (int f = 0; !e && gone != GONE_DELETED && f < TASK_NFIELDS; f++)
		w->fields |= field_same(l.base[f], t->field[f]) ? 0 : BIT(f);
	return ERR_OK;
}

enum err store_waiting(struct store *s, int64_t task, int64_t now, store_waiting_fn *fn, void *arg)
{
	AUTO_TASK t = TASK_INIT;
	enum gone gone;
	TRY(store_get(s, task, &t));
	TRY(store_gone(s, task, &gone));
	AUTO_Q q = sql(s, WAITING);
	q_int(&q, ":task", task);
	while (q_row(&q)) {
		int64_t wait = q_col(&q, 2);
		struct waiting w = { .side = (enum side)q_col(&q, 0), .since = q_col(&q, 1), .tries = (int)q_col(&q, 3),
			.err = (enum err)q_col(&q, 4), .message = q_col_text(&q, 5) };
		w.next = wait < 0 ? -1 : w.since <= now && now < w.since + wait ? w.since + wait : 0;
		TRY(what_waits(s, &t, gone, &w));
		if (q.err || !fn(arg, &w))
			break;
	}
	return q_end(&q, ERR_OK);
}

struct cancel {			/* what is to be taken back */
	struct store *s;
	struct task is, back;	/* back: of the fields alone */
	uint32_t fields, births;	/* births: sides to be born on */
	bool linked, doubt, foreign;
	enum err err;
};

static enum err cancel_side(struct cancel *c, const struct waiting *w)
{
	AUTO_LINK l = LINK_INIT;
	enum err e = store_link(c->s, c->is.id, w->side, &l);
	if (e == ERR_NOENT)
		c->births |= BIT(w->side);
	if (e)
		return e == ERR_NOENT ? ERR_OK : e;
	c->doubt |= !l.rid;
	for (int f = 0; l.rid && f < TASK_NFIELDS; f++) {
		enum side by;
		if (!(w->fields & ~c->fields & BIT(f)))
			continue;
		TRY(store_last_by(c->s, c->is.id, (enum field)f, &by));
		if (by != SIDE_LOCAL) {
			c->foreign = true;
			continue;
		}
		TRY(task_set(&c->back, (enum field)f, l.base[f]));
		c->fields |= BIT(f);
	}
	return ERR_OK;
}

static bool cancel_one(void *arg, const struct waiting *w)
{
	struct cancel *c = arg;
	c->err = cancel_side(c, w);
	return !c->err;
}

static void cancel_finish(struct cancel *c)
{
	task_finish(&c->is);
	task_finish(&c->back);
}

static enum err linked_anywhere(struct store *s, int64_t task, bool *out)
{
	*out = false;
	for (enum side side = SIDE_SC; side < NSIDES && !*out; side++) {
		AUTO_LINK l = LINK_INIT;
		enum err e = store_link(s, task, side, &l);
		if (e && e != ERR_NOENT)
			return e;
		*out = !e;
	}
	return ERR_OK;
}

static enum err unborn(struct store *s, int64_t task, uint32_t births)
{
	AUTO_ROW was = ROW_INIT;
	AUTO_ROW is = ROW_INIT;
	TRY(row_get(s, task, &was));
	TRY(row_copy(&is, &was));
	is.t.born &= ~births;
	TRY(row_update(s, &was, &is));
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		if (!(births & BIT(side)))
			continue;
		AUTO_Q q = sql(s, DROP_SIDE);
		q_int(&q, ":task", task);
		q_int(&q, ":side", side);
		TRY(q_run(&q));
	}
	s->ring |= RING_CHANGED;
	return ERR_OK;
}

enum err store_unborn(struct store *s, int64_t task, enum side side)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	TRY(unborn(s, task, BIT(side)));
	return tx_commit(&tx);
}

static enum err cancel_edit(struct store *s, int64_t task, int64_t now)
{
	AUTO(cancel_finish) struct cancel c = { .s = s };
	TRY(store_get(s, task, &c.is));
	TRY(store_waiting(s, task, now, cancel_one, &c));
	TRY(c.err);
	TRY(linked_anywhere(s, task, &c.linked));
	if (c.births && !c.linked)
		return store_delete(s, task, SIDE_LOCAL, now, 0);
	if (!c.fields && !c.births)
		return c.doubt ? ERR_BUSY : c.foreign ? ERR_PERM : ERR_OK;
	if (c.births)
		TRY(unborn(s, task, c.births));
	/* The rows stay, as newer ones: one may be on its way, and then the old values must follow it. */
	return store_edit(s, task, &c.back, c.fields, 0, NULL, 0, SIDE_LOCAL, now);
}

enum err store_cancel(struct store *s, int64_t task, int64_t now, int64_t grace_ms)
{
	AUTO_TX tx = { 0 };
	struct kept k;
	enum gone gone;
	int64_t id;
	TRY(tx_begin(s, &tx));
	TRY(store_kept(s, KEEP_OUTBOX, task, &k));
	TRY(store_gone(s, task, &gone));
	TRY(gone == GONE_DELETED ? store_restore(s, task, NULL, now, grace_ms, &id) : cancel_edit(s, task, now));
	return tx_commit(&tx);
}

enum err store_retry(struct store *s, int64_t task, int64_t now)
{
	AUTO_TX tx = { 0 };
	struct kept k;
	TRY(tx_begin(s, &tx));
	TRY(store_kept(s, KEEP_OUTBOX, task, &k));
	AUTO_Q q = sql(s, RETRY);
	q_int(&q, ":task", task);
	q_int(&q, ":now", now);
	TRY(q_run(&q));
	s->ring |= RING_OUTBOX | RING_CHANGED;
	return tx_commit(&tx);
}

/* ---- undo ---- */

struct edit {			/* one edit in the history */
	int64_t id, first;	/* its rows */
	int64_t task, at;	/* task 0: none */
};

static enum err last_edit(struct store *s, int64_t before, struct edit *out)
{
	*out = (struct edit){ 0 };
	AUTO_Q q = sql(s, LAST_EDIT);
	q_int(&q, ":before", before);
	if (q_row(&q))
		*out = (struct edit){ .id = q_col(&q, 0), .task = q_col(&q, 1), .at = q_col(&q, 2) };
	return q_end(&q, ERR_OK);
}

/* The last one that was not undone: meta "undo" says what the newest was after the last undo, and how far that went. */
static enum err next_to_undo(struct store *s, struct edit *out)
{
	AUTO_FREE char *mark = NULL;
	int64_t newest = 0, first = 0;
	enum err e = store_meta(s, "undo", &mark);
	if (e && e != ERR_NOENT)
		return e;
	TRY(last_edit(s, INT64_MAX, out));
	if (mark && sscanf(mark, "%" SCNd64 " %" SCNd64, &newest, &first) == 2 && out->id <= newest)
		TRY(last_edit(s, first, out));
	return ERR_OK;
}

static enum err mark_undone(struct store *s, int64_t first)
{
	char mark[60];
	struct edit newest;
	TRY(last_edit(s, INT64_MAX, &newest));
	snprintf(mark, sizeof(mark), "%" PRId64 " %" PRId64, newest.id, first);
	return store_meta_set(s, "undo", mark);
}

/* The values it replaced, of the fields that still are as it left them. */
static enum err read_back(struct store *s, struct edit *x, struct task *back, uint32_t *fields)
{
	AUTO_TASK is = TASK_INIT;
	uint32_t seen = 0;
	TRY(store_get(s, x->task, &is));
	AUTO_Q q = sql(s, EDIT_ROWS);
	q_int(&q, ":task", x->task);
	q_int(&q, ":at", x->at);
	q_int(&q, ":id", x->id);
	for (*fields = 0; q_row(&q);) {
		enum field f = (enum field)q_col(&q, 1);
		x->first = q_col(&q, 0);
		if (!(seen & BIT(f)) && str_eq(is.field[f], q_col_text(&q, 3)))
			*fields |= BIT(f);
		seen |= BIT(f);
		if (*fields & BIT(f))
			TRY(task_set(back, f, q_col_text(&q, 2)));
	}
	return q_end(&q, ERR_OK);
}

static enum err last_deleted(struct store *s, int64_t *id, int64_t *at)
{
	*id = *at = 0;
	AUTO_Q q = sql(s, LAST_DELETED);
	if (q_row(&q)) {
		*id = q_col(&q, 0);
		*at = q_col(&q, 1);
	}
	return q_end(&q, ERR_OK);
}

enum err store_undo(struct store *s, int64_t now, int64_t grace_ms, int64_t *task)
{
	AUTO_TX tx = { 0 };
	AUTO_TASK back = TASK_INIT;
	struct edit x;
	int64_t deleted, at;
	uint32_t fields;
	TRY(tx_begin(s, &tx));
	TRY(next_to_undo(s, &x));
	TRY(last_deleted(s, &deleted, &at));
	if (deleted && (!x.task || at >= x.at)) {
		TRY(store_restore(s, deleted, NULL, now, grace_ms, task));
		return tx_commit(&tx);
	}
	if (!x.task)
		return ERR_NOENT;
	*task = x.task;
	TRY(read_back(s, &x, &back, &fields));
	if (fields)
		TRY(store_edit(s, x.task, &back, fields, 0, NULL, 0, SIDE_LOCAL, now));
	TRY(mark_undone(s, x.first));
	TRY(tx_commit(&tx));
	return fields ? ERR_OK : ERR_STALE;
}
