#include "store_p.h"
#include "text.h"
#include <string.h>

enum { BORN, REVIVABLE, RESERVE, NSQL };
static const char *const sql_text[NSQL] = {
	[BORN] = "SELECT side FROM side WHERE is_on",
	[REVIVABLE] = "SELECT id, gone, gone_at FROM task INDEXED BY task_gone WHERE name = :name"
		      " AND gone IN (1, 2)"
		      " AND (gone = 2 OR (gone_by = 0 AND gone_at <= :now AND :now < revive_until))"
		      " AND NOT EXISTS (SELECT 1 FROM task AS t WHERE t.name = :name AND t.gone IN (0, 2)"
		      " AND t.gone = 0)",
	[RESERVE] = "UPDATE sqlite_sequence SET seq = seq + :n WHERE name = 'task' RETURNING seq",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_EDIT, i, sql_text[i]);
}

/* ---- which bytes to serve ---- */

/*
 * Do these bytes say what the task is: all they speak of, letter by letter, and every field in must (what a
 * change touched may not stay hidden)? A date word does not count: it means another day tomorrow.
 */
static enum err text_fits(const struct task *t, const char *text, size_t n, uint32_t must, bool *fits)
{
	AUTO_TEXT x = { 0 };
	struct text_error e;
	enum err err = text_parse(text, n, "2000-01-01", t, &x, &e);
	*fits = false;
	if (err == ERR_NOMEM)
		return err;
	if (err || x.resolved || task_diff(&x.task, t, x.fields))
		return ERR_OK;
	for (int f = 0; f < TASK_NFACTS; f++)
		if ((x.facts & BIT(f)) && !str_eq(x.task.fact[f], t->fact[f]))
			return ERR_OK;
	/* A title that is not in the text is in the name, the status is in the directory. */
	must &= ~(BIT(FIELD_TITLE) | BIT(FIELD_STATUS));
	*fits = !(must & ~x.fields);
	return ERR_OK;
}

/* Keep these bytes if they fit, else render with their comments. What rendering alone gives is not stored.
 * Sets the size. */
static enum err set_text(struct row *r, const char *text, size_t n, uint32_t must)
{
	AUTO_BUF plain = BUF_INIT, own = BUF_INIT;
	bool fits;
	TRY(text_fits(&r->t, text, n, must, &fits));
	if (fits)
		buf_add(&own, text, n);
	else
		text_render(&r->t, text, n, &own);
	text_render(&r->t, NULL, 0, &plain);
	TRY(buf_err(&own));
	TRY(buf_err(&plain));
	r->has_text = !same_bytes(&own, &plain);
	buf_clear(&r->text);
	if (r->has_text)
		buf_add(&r->text, own.s, own.n);
	r->size = (int64_t)own.n;
	return buf_err(&r->text);
}

static void clear_draft(struct row *r)
{
	r->has_draft = false;
	r->draft_line = 0;
	buf_clear(&r->draft);
	free(TAKE(r->draft_msg));
}

static enum err measure(struct row *r)
{
	AUTO_BUF b = BUF_INIT;
	TRY(row_served(r, &b));
	r->size = (int64_t)b.n;
	return ERR_OK;
}

/* ---- create ---- */

static enum err sides_on(struct store *s, uint32_t *born)
{
	AUTO_Q q = sql(s, BORN);
	*born = 0;
	while (q_row(&q))
		*born |= BIT((unsigned)q_col(&q, 0));
	return q_end(&q, ERR_OK);
}

static enum err fill_new(struct store *s, struct row *r, const struct task *t, enum side by, int64_t now)
{
	TRY(task_copy(&r->t, t));
	r->t.id = 0;
	free(TAKE(r->t.name));
	if (by == SIDE_LOCAL)
		TRY(sides_on(s, &r->t.born));
	if (!r->t.created_at)
		r->t.created_at = now;
	if (!r->t.changed_at || by == SIDE_LOCAL)
		r->t.changed_at = now;
	TRY(task_fill(&r->t));
	return name_give(s, r);
}

#define RESERVED 64		/* at a time: what is not used of them is lost, and there are enough */

enum err store_reserve(struct store *s, int64_t *id)
{
	AUTO_TX tx = { 0 };
	if (!s->nreserved) {
		TRY(tx_begin(s, &tx));
		AUTO_Q q = sql(s, RESERVE);
		q_int(&q, ":n", RESERVED);
		if (!q_row(&q))
			return q_end(&q, ERR_CORRUPT);
		int64_t last = q_col(&q, 0);
		TRY(q_run(&q));
		q_finish(&q);
		TRY(tx_commit(&tx));
		s->reserved = last - RESERVED + 1;
		s->nreserved = RESERVED;
	}
	s->nreserved--;
	*id = s->reserved++;
	return ERR_OK;
}

static enum err create(struct store *s, int64_t *id, const struct task *t, const char *text, size_t n,
	enum side by, int64_t now)
{
	AUTO_TX tx = { 0 };
	AUTO_ROW r = ROW_INIT;
	TRY(tx_begin(s, &tx));
	TRY(fill_new(s, &r, t, by, now));
	r.t.id = *id;
	TRY(text ? set_text(&r, text, n, 0) : measure(&r));
	TRY(row_insert(s, &r, by));
	TRY(name_claim(s, r.t.id, r.t.name, NULL, now));
	TRY(feed_add(s, NULL, &r, by, FIELDS_ALL));
	TRY(outbox_edited(s, &r.t, by, now, by == SIDE_LOCAL ? HOLD_MS : 0));
	*id = r.t.id;
	return tx_commit(&tx);
}

enum err store_create(struct store *s, const struct task *t, const char *text, size_t n, enum side by,
	int64_t now, int64_t *id)
{
	*id = 0;
	return create(s, id, t, text, n, by, now);
}

enum err store_create_as(struct store *s, int64_t *id, const struct task *t, const char *text, size_t n,
	int64_t now)
{
	return create(s, id, t, text, n, SIDE_LOCAL, now);
}

/* ---- edit ---- */

static enum err apply(struct task *to, const struct task *from, uint32_t fields, uint32_t facts)
{
	for (int f = 0; f < TASK_NFIELDS; f++)
		if (fields & BIT(f))
			TRY(task_set(to, (enum field)f, from->field[f]));
	for (int f = 0; f < TASK_NFACTS; f++)
		if (facts & BIT(f))
			TRY(task_set_fact(to, (enum fact)f, from->fact[f]));
	return task_fill(to);
}

static bool same_facts(const struct task *a, const struct task *b)
{
	for (int f = 0; f < TASK_NFACTS; f++)
		if (!str_eq(a->fact[f], b->fact[f]))
			return false;
	return true;
}

static bool same_text(const struct row *a, const struct row *b)
{
	return a->has_text == b->has_text && a->has_draft == b->has_draft && same_bytes(&a->text, &b->text);
}

static enum err edit_text(struct row *is, const char *text, size_t n, uint32_t diff)
{
	if (text) {
		clear_draft(is);
		return set_text(is, text, n, 0);
	}
	if (is->has_text) {
		AUTO_BUF old = is->text;
		is->text = BUF_INIT;
		TRY(set_text(is, old.s ? old.s : "", old.n, diff));
	}
	return is->has_text && !is->has_draft ? ERR_OK : measure(is);
}

/* Did anything change that a reader of the file, or of its time stamp, should see? */
static enum err content_changed(const struct row *was, const struct row *is, uint32_t diff, bool *out)
{
	AUTO_BUF a = BUF_INIT, b = BUF_INIT;
	*out = diff || was->has_draft != is->has_draft;
	if (*out)
		return ERR_OK;
	TRY(row_served(was, &a));
	TRY(row_served(is, &b));
	*out = !same_bytes(&a, &b);
	return ERR_OK;
}

static enum err put_edit(struct store *s, const struct row *was, struct row *is, uint32_t diff, enum side by,
	int64_t now)
{
	bool changed;
	TRY(content_changed(was, is, diff, &changed));
	if (changed)
		is->t.changed_at = now;
	/* A parked or deleted task is waited for under the name it had; it gets the new one when it is
	 * back. */
	bool back_later = is->gone == GONE_PARKED || is->gone == GONE_DELETED;
	if ((diff & BIT(FIELD_TITLE)) && !back_later)
		TRY(name_give(s, is));
	TRY(row_update(s, was, is));
	if (!str_eq(was->t.name, is->t.name) && is->gone == GONE_NO)
		TRY(name_claim(s, is->t.id, is->t.name, was->t.name, now));
	/* of facts the text may tell nothing, but the index does */
	if (changed || !same_facts(&was->t, &is->t))
		TRY(feed_add(s, was, is, by, diff));
	if (!diff)
		return ERR_OK;
	TRY(history_add(s, &was->t, &is->t, diff, by, now));
	return is->gone == GONE_DELETED ? ERR_OK : outbox_edited(s, &is->t, by, now, 0);
}

enum err store_edit(struct store *s, int64_t id, const struct task *t, uint32_t fields, uint32_t facts,
	const char *text, size_t n, enum side by, int64_t now)
{
	AUTO_TX tx = { 0 };
	AUTO_ROW was = ROW_INIT;
	AUTO_ROW is = ROW_INIT;
	TRY(tx_begin(s, &tx));
	TRY(row_get(s, id, &was));
	if (was.gone == GONE_DELETED && by == SIDE_LOCAL)
		return ERR_NOENT;
	TRY(row_copy(&is, &was));
	TRY(apply(&is.t, t, fields, facts));
	uint32_t diff = task_diff(&was.t, &is.t, FIELDS_ALL);
	bool facts_same = same_facts(&was.t, &is.t);
	if (text || diff & ~(uint32_t)BIT(FIELD_STATUS) || !facts_same)	/* of the status no text tells */
		TRY(edit_text(&is, text, n, diff));
	if (!diff && facts_same && same_text(&was, &is))
		return ERR_OK;
	TRY(put_edit(s, &was, &is, diff, by, now));
	return tx_commit(&tx);
}

enum err store_draft(struct store *s, int64_t id, const char *text, size_t n, int line, const char *msg,
	int64_t now)
{
	AUTO_TX tx = { 0 };
	AUTO_ROW was = ROW_INIT;
	AUTO_ROW is = ROW_INIT;
	TRY(tx_begin(s, &tx));
	TRY(row_get(s, id, &was));
	if (was.gone == GONE_DELETED)
		return ERR_NOENT;
	TRY(row_copy(&is, &was));
	clear_draft(&is);
	buf_add(&is.draft, text, n);
	bool ok = true;
	is.draft_msg = str_dup(msg, &ok);
	is.has_draft = true;
	is.draft_line = line;
	if (!ok || buf_err(&is.draft))
		return ERR_NOMEM;
	if (was.has_draft && same_bytes(&was.draft, &is.draft) && was.draft_line == line &&
		str_eq(was.draft_msg, msg))
		return ERR_OK;
	is.size = (int64_t)n;
	TRY(row_update(s, &was, &is));
	TRY(feed_add(s, &was, &is, SIDE_LOCAL, 0));
	return tx_commit(&tx);
}

/* ---- delete, park, revive ---- */

/* The row as it will be, for row_put_gone. */
static enum err turned(const struct row *r, enum gone gone, struct row *is)
{
	TRY(row_copy(is, r));
	is->gone = gone;
	is->gone_at = is->revive_until = 0;
	is->gone_by = SIDE_LOCAL;
	return ERR_OK;
}

enum err store_delete(struct store *s, int64_t id, enum side by, int64_t now, int64_t grace_ms)
{
	AUTO_TX tx = { 0 };
	AUTO_ROW r = ROW_INIT;
	AUTO_ROW is = ROW_INIT;
	TRY(tx_begin(s, &tx));
	TRY(row_get(s, id, &r));
	if (r.gone == GONE_DELETED)
		return ERR_OK;
	TRY(turned(&r, GONE_DELETED, &is));
	is.gone_by = by;
	is.gone_at = now;
	is.revive_until = now + grace_ms;
	if (r.has_draft && by != SIDE_LOCAL)	/* nobody decided to throw that away */
		TRY(store_rescue(s, id, buf_str(&r.draft), r.draft.n, now));
	TRY(row_put_gone(s, &r, &is, by));
	TRY(scratch_detach(s, id));
	TRY(outbox_deleted(s, id, by, now, grace_ms));
	return tx_commit(&tx);
}

enum err store_park(struct store *s, int64_t id, bool open, const char *name, int64_t now, int64_t *scratch)
{
	AUTO_TX tx = { 0 };
	AUTO_ROW r = ROW_INIT;
	AUTO_ROW is = ROW_INIT;
	AUTO_BUF text = BUF_INIT;
	struct scratch x = { .place = open ? PLACE_OPEN : PLACE_COMPLETED, .mode = 0644, .task = id };
	if (strlen(name) > NAME_LEN)
		return ERR_NAME;
	strcpy(x.name, name);
	TRY(tx_begin(s, &tx));
	TRY(row_get(s, id, &r));
	if (r.gone != GONE_NO)
		return ERR_NOENT;
	TRY(row_served(&r, &text));
	TRY(turned(&r, GONE_PARKED, &is));
	TRY(row_put_gone(s, &r, &is, SIDE_LOCAL));
	TRY(scratch_replace(s, &x, buf_str(&text), text.n, r.t.changed_at, scratch));
	return tx_commit(&tx);
}

static enum err revivable(struct store *s, const char *name, int64_t now, int64_t *id)
{
	int64_t best[3] = { 0 };	/* id, gone, gone_at: a parked one, else the latest;
					 * rarely are there two: no sorting */
	AUTO_Q q = sql(s, REVIVABLE);
	q_text(&q, ":name", name);
	q_int(&q, ":now", now);
	while (q_row(&q)) {
		int64_t is[3] = { q_col(&q, 0), q_col(&q, 1), q_col(&q, 2) };
		int64_t more = is[1] != best[1] ? is[1] - best[1] : is[2] != best[2] ? is[2] - best[2]
			: is[0] - best[0];
		if (more > 0)
			memcpy(best, is, sizeof(best));
	}
	*id = best[0];
	return q_end(&q, best[0] ? ERR_OK : ERR_NOENT);
}

enum err store_revive(struct store *s, const char *name, bool open, int64_t now, int64_t *id)
{
	AUTO_TX tx = { 0 };
	AUTO_ROW r = ROW_INIT;
	AUTO_ROW is = ROW_INIT;
	struct task moved = { .field = { [FIELD_STATUS] = open ? TASK_OPEN : TASK_COMPLETE } };
	TRY(revivable(s, name, now, id));	/* most new files continue nothing: no lock for them */
	TRY(tx_begin(s, &tx));
	TRY(revivable(s, name, now, id));
	TRY(row_get(s, *id, &r));
	TRY(turned(&r, GONE_NO, &is));
	TRY(name_give(s, &is));
	TRY(row_put_gone(s, &r, &is, SIDE_LOCAL));
	TRY(name_claim(s, *id, is.t.name, r.t.name, now));
	TRY(scratch_detach(s, *id));
	if (r.gone == GONE_DELETED)
		TRY(outbox_revived(s, &r.t, now));
	TRY(store_edit(s, *id, &moved, BIT(FIELD_STATUS), 0, NULL, 0, SIDE_LOCAL, now));
	return tx_commit(&tx);
}
