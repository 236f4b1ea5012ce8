#include "store_p.h"
#include "text.h"
#include <string.h>

enum {
	ENTRY, LOOKUP, LIST, LIST_STATUS, LIST_DUE, ROW, SERVED, SERVED_BODY, GONE, INSERT, INSERT_BODY,
		UPDATE,
	UPDATE_SUBJECT, UPDATE_NAME, UPDATE_STATUS, UPDATE_DUE, UPDATE_DRAFT, UPDATE_BODY, UPDATE_GONE,
	LIST_BRIEF, NSQL
};
#define FIELDS "task.title, task.status, task.priority, task.due, body.details"
#define FACTS "person, email, sc_person, sf_who, type, campaign, campaign_day, campaign_step"
static const char *const sql_text[NSQL] = {
	[ENTRY] = "SELECT " ENTRY_COLUMNS " FROM task WHERE id = :id AND gone = 0",
	[LOOKUP] = "SELECT " ENTRY_COLUMNS " FROM task INDEXED BY task_name"
		   " WHERE name = :name AND gone IN (0, 2) AND gone = 0",
	[LIST] = "SELECT " ENTRY_COLUMNS " FROM task NOT INDEXED WHERE id > :after AND gone = 0 ORDER BY id",
	[LIST_STATUS] = "SELECT " ENTRY_COLUMNS " FROM task INDEXED BY task_status"
			" WHERE status = :status AND gone = 0 AND id > :after ORDER BY id",
	[LIST_DUE] = "SELECT " ENTRY_COLUMNS " FROM task INDEXED BY task_due WHERE due BETWEEN :from AND :to"
		     " AND gone = 0 AND id > :after AND (:status IS NULL OR status = :status) ORDER BY id",
	[LIST_BRIEF] = "SELECT id, name FROM task INDEXED BY task_status"
		       " WHERE status = :status AND gone = 0 AND id > :after ORDER BY id",
	[ROW] = "SELECT " FIELDS ", " FACTS ", name, created_at, changed_at, born, gone, gone_by, gone_at,"
		" revive_until, stem, num, body.text, body.draft, draft_line, body.draft_msg, size"
		" FROM task JOIN body ON body.task = task.id WHERE task.id = :id",
	[SERVED] = "SELECT title, status, priority, due, NULL, " FACTS " FROM task WHERE id = :id",
	[SERVED_BODY] = "SELECT draft, text, details FROM body WHERE task = :id",
	[GONE] = "SELECT gone FROM task WHERE id = :id",
	[INSERT] = "INSERT INTO task(id, title, status, priority, due, " FACTS ", name, size, created_at,"
		   " changed_at, born, made_by, stem, num, draft_line)"
		   " VALUES(:id, :title, :status, :priority, :due, :person, :email, :sc_person, :sf_who,"
		   " :type, :campaign, :campaign_day, :campaign_step, :name, :size, :created_at,"
		   " :changed_at, :born, :by, :stem, :num, :draft_line)",
	[INSERT_BODY] = "INSERT INTO body(details, text, draft, draft_msg, task)"
			" VALUES(:details, :text, :draft, :draft_msg, :id)",
	/* What no index covers. SQLite rewrites the entry of every index whose column is named, changed or
	 * not: hence the others on their own. */
	[UPDATE] = "UPDATE task SET priority = :priority, person = :person, email = :email,"
		   " sc_person = :sc_person, sf_who = :sf_who, size = :size, changed_at = :changed_at,"
		   " born = :born WHERE id = :id",
	[UPDATE_SUBJECT] = "UPDATE task SET title = :title, type = :type, campaign = :campaign,"
			   " campaign_day = :campaign_day, campaign_step = :campaign_step WHERE id = :id",
	[UPDATE_NAME] = "UPDATE task SET name = :name, stem = :stem, num = :num WHERE id = :id",
	[UPDATE_STATUS] = "UPDATE task SET status = :status WHERE id = :id",
	[UPDATE_DUE] = "UPDATE task SET due = :due, created_at = :created_at WHERE id = :id",
	[UPDATE_DRAFT] = "UPDATE task SET draft_line = :draft_line WHERE id = :id",
	[UPDATE_BODY] = "UPDATE body SET details = :details, text = :text, draft = :draft,"
			" draft_msg = :draft_msg WHERE task = :id",
	[UPDATE_GONE] = "UPDATE task SET gone = :gone, gone_by = :gone_by, gone_at = :gone_at,"
			" revive_until = :revive_until, name = :name, stem = :stem, num = :num,"
			" gone_lived = iif(:gone = 1, :step + ifnull((SELECT CAST(value AS INTEGER) FROM meta"
			" WHERE key = 'lived'), 0), 0)"
			" WHERE id = :id",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_TASK, i, sql_text[i]);
}

/* ---- what ls shows ---- */

void entry_read(struct q *q, struct entry *e)
{
	e->id = q_col(q, 0);
	q_col_copy(q, 1, e->name, sizeof(e->name));
	e->open = q_col(q, 2);
	e->high = q_col(q, 3);
	e->draft = q_col(q, 4);
	q_col_copy(q, 5, e->due, sizeof(e->due));
	e->size = q_col(q, 6);
	e->created_at = q_col(q, 7);
	e->changed_at = q_col(q, 8);
}

static void entry_read_brief(struct q *q, struct entry *e)
{
	e->id = q_col(q, 0);
	q_col_copy(q, 1, e->name, sizeof(e->name));
}

static enum err one_entry(struct q *q, struct entry *out)
{
	if (!q_row(q))
		return q_end(q, ERR_NOENT);
	entry_read(q, out);
	return q_end(q, ERR_OK);
}

enum err store_entry(struct store *s, int64_t id, struct entry *out)
{
	AUTO_Q q = sql(s, ENTRY);
	q_int(&q, ":id", id);
	return one_entry(&q, out);
}

enum err store_lookup(struct store *s, const char *name, struct entry *out)
{
	AUTO_Q q = sql(s, LOOKUP);
	q_text(&q, ":name", name);
	return one_entry(&q, out);
}

enum err store_list(struct store *s, const struct filter *f, int64_t after, store_entry_fn *fn, void *arg)
{
	static const struct filter all;
	struct entry e = { 0 };
	if (!f)
		f = &all;
	bool due = f->due_from || f->due_to, brief = f->brief && f->status && !due;
	e.open = brief && !strcmp(f->status, TASK_OPEN);
	AUTO_Q q = sql(s, due ? LIST_DUE : brief ? LIST_BRIEF : f->status ? LIST_STATUS : LIST);
	q_int(&q, ":after", after);
	if (due || f->status)
		q_text(&q, ":status", f->status);
	if (due) {
		q_text(&q, ":from", f->due_from ? f->due_from : "");
		q_text(&q, ":to", f->due_to ? f->due_to : "~");	/* after every digit */
	}
	while (q_row(&q)) {
		if (brief)
			entry_read_brief(&q, &e);
		else
			entry_read(&q, &e);
		if (!fn(arg, &e))
			break;
	}
	return q_end(&q, ERR_OK);
}

/* ---- rows ---- */

enum { COL_FACTS = TASK_NFIELDS, COL_REST = TASK_NFIELDS + TASK_NFACTS };

static void read_bytes(struct q *q, int col, struct buf *out, bool *has)
{
	const char *v;
	size_t n;
	*has = q_col_blob(q, col, &v, &n);
	if (*has)
		buf_add(out, v, n);
}

static void read_row(struct q *q, struct row *r)
{
	int col = COL_REST;
	for (int f = 0; f < TASK_NFIELDS; f++)
		r->t.field[f] = q_col_dup(q, f);
	for (int f = 0; f < TASK_NFACTS; f++)
		r->t.fact[f] = q_col_dup(q, COL_FACTS + f);
	r->t.name = q_col_dup(q, col++);
	r->t.created_at = q_col(q, col++);
	r->t.changed_at = q_col(q, col++);
	r->t.born = (uint32_t)q_col(q, col++);
	r->gone = (enum gone)q_col(q, col++);
	r->gone_by = (enum side)q_col(q, col++);
	r->gone_at = q_col(q, col++);
	r->revive_until = q_col(q, col++);
	r->stem = q_col_dup(q, col++);
	r->num = q_col(q, col++);
	read_bytes(q, col++, &r->text, &r->has_text);
	read_bytes(q, col++, &r->draft, &r->has_draft);
	r->draft_line = (int)q_col(q, col++);
	r->draft_msg = q_col_dup(q, col++);
	r->size = q_col(q, col++);
}

enum err row_get(struct store *s, int64_t id, struct row *out)
{
	*out = ROW_INIT;
	AUTO_Q q = sql(s, ROW);
	q_int(&q, ":id", id);
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	out->t.id = id;
	read_row(&q, out);
	TRY(buf_err(&out->text));
	TRY(buf_err(&out->draft));
	return q_end(&q, ERR_OK);
}

void row_finish(struct row *r)
{
	task_finish(&r->t);
	buf_finish(&r->text);
	buf_finish(&r->draft);
	free(r->stem);
	free(r->draft_msg);
	*r = ROW_INIT;
}

enum err row_copy(struct row *to, const struct row *from)
{
	bool ok = true;
	*to = *from;
	to->text = to->draft = BUF_INIT;
	to->stem = to->draft_msg = NULL;
	TRY(task_copy(&to->t, &from->t));
	to->stem = str_dup(from->stem, &ok);
	to->draft_msg = str_dup(from->draft_msg, &ok);
	buf_add(&to->text, from->text.s, from->text.n);
	buf_add(&to->draft, from->draft.s, from->draft.n);
	TRY(buf_err(&to->text));
	TRY(buf_err(&to->draft));
	return ok ? ERR_OK : ERR_NOMEM;
}

static const char *const fact_param[TASK_NFACTS] = {
	":person", ":email", ":sc_person", ":sf_who", ":type", ":campaign", ":campaign_day", ":campaign_step",
};

static void bind_light(struct q *q, const struct row *r)
{
	q_text(q, ":priority", r->t.field[FIELD_PRIORITY]);
	for (enum fact f = 0; f < FACT_TYPE; f++)
		q_text(q, fact_param[f], r->t.fact[f]);
	q_int(q, ":size", r->size);
	q_int(q, ":changed_at", r->t.changed_at);
	q_int(q, ":born", r->t.born);
}

/* What a subject is made of: the title, and the facts from its type on. */
static void bind_subject(struct q *q, const struct row *r)
{
	q_text(q, ":title", r->t.field[FIELD_TITLE]);
	for (enum fact f = FACT_TYPE; f < TASK_NFACTS; f++)
		q_text(q, fact_param[f], r->t.fact[f]);
}

static void bind_name(struct q *q, const struct row *r)
{
	q_text(q, ":name", r->t.name);
	q_text(q, ":stem", r->stem);
	q_int(q, ":num", r->num);
}

static void bind_status(struct q *q, const struct row *r)
{
	q_text(q, ":status", r->t.field[FIELD_STATUS]);
}

static void bind_due(struct q *q, const struct row *r)
{
	q_text(q, ":due", r->t.field[FIELD_DUE]);
	q_int(q, ":created_at", r->t.created_at);
}

static void bind_draft(struct q *q, const struct row *r)
{
	if (r->has_draft)	/* unbound is NULL */
		q_int(q, ":draft_line", r->draft_line);
}

static bool same_subject(const struct row *a, const struct row *b)
{
	bool same = !task_diff(&a->t, &b->t, BIT(FIELD_TITLE));
	for (enum fact f = FACT_TYPE; f < TASK_NFACTS; f++)
		same &= str_eq(a->t.fact[f], b->t.fact[f]);
	return same;
}

static bool same_name(const struct row *a, const struct row *b)
{
	return str_eq(a->t.name, b->t.name) && str_eq(a->stem, b->stem) && a->num == b->num;
}

static bool same_status(const struct row *a, const struct row *b)
{
	return !task_diff(&a->t, &b->t, BIT(FIELD_STATUS));
}

static bool same_due(const struct row *a, const struct row *b)
{
	return !task_diff(&a->t, &b->t, BIT(FIELD_DUE)) && a->t.created_at == b->t.created_at;
}

static bool same_draft(const struct row *a, const struct row *b)
{
	return a->has_draft == b->has_draft && a->draft_line == b->draft_line;
}

/* The columns of task that indexes cover. */
static const struct {
	int update;
	bool (*same)(const struct row *a, const struct row *b);
	void (*bind)(struct q *q, const struct row *r);
} indexed[] = {
	{ UPDATE_SUBJECT, same_subject, bind_subject },
	{ UPDATE_NAME, same_name, bind_name },
	{ UPDATE_STATUS, same_status, bind_status },
	{ UPDATE_DUE, same_due, bind_due },
	{ UPDATE_DRAFT, same_draft, bind_draft },
};
#define NINDEXED (sizeof(indexed) / sizeof(*indexed))

static enum err put_body(struct store *s, int statement, const struct row *r)
{
	AUTO_Q q = sql(s, statement);
	q_int(&q, ":id", r->t.id);
	q_text(&q, ":details", r->t.field[FIELD_DETAILS]);
	q_blob(&q, ":text", r->has_text ? buf_str(&r->text) : NULL, r->text.n);
	q_blob(&q, ":draft", r->has_draft ? buf_str(&r->draft) : NULL, r->draft.n);
	q_text(&q, ":draft_msg", r->draft_msg);
	return q_run(&q);
}

enum err row_insert(struct store *s, struct row *r, enum side by)
{
	AUTO_Q q = sql(s, INSERT);
	bind_light(&q, r);
	for (size_t i = 0; i < NINDEXED; i++)
		indexed[i].bind(&q, r);
	q_int(&q, ":by", by);
	if (r->t.id)	/* unbound is NULL: the next one */
		q_int(&q, ":id", r->t.id);
	TRY(q_run(&q));
	r->t.id = sqlite3_last_insert_rowid(s->db);
	return put_body(s, INSERT_BODY, r);
}

bool same_bytes(const struct buf *a, const struct buf *b)
{
	return a->n == b->n && (!a->n || !memcmp(a->s, b->s, a->n));
}

static bool same_body(const struct row *a, const struct row *b)
{
	return str_eq(a->t.field[FIELD_DETAILS], b->t.field[FIELD_DETAILS]) &&
		str_eq(a->draft_msg, b->draft_msg) && a->has_text == b->has_text &&
		a->has_draft == b->has_draft && same_bytes(&a->text, &b->text) &&
		same_bytes(&a->draft, &b->draft);
}

static enum err update(struct store *s, int statement, void (*bind)(struct q *q, const struct row *r),
	const struct row *is)
{
	AUTO_Q q = sql(s, statement);
	bind(&q, is);
	q_int(&q, ":id", is->t.id);
	return q_run(&q);
}

enum err row_update(struct store *s, const struct row *was, const struct row *is)
{
	TRY(update(s, UPDATE, bind_light, is));
	for (size_t i = 0; i < NINDEXED; i++)
		if (!indexed[i].same(was, is))
			TRY(update(s, indexed[i].update, indexed[i].bind, is));
	return same_body(was, is) ? ERR_OK : put_body(s, UPDATE_BODY, is);
}

enum err row_put_gone(struct store *s, const struct row *was, const struct row *is, enum side by)
{
	AUTO_Q q = sql(s, UPDATE_GONE);
	q_int(&q, ":id", is->t.id);
	q_int(&q, ":gone", is->gone);
	q_int(&q, ":gone_by", is->gone_by);
	q_int(&q, ":gone_at", is->gone_at);
	q_int(&q, ":revive_until", is->revive_until);
	q_int(&q, ":step", TRASH_STEP_MS);
	bind_name(&q, is);
	TRY(q_run(&q));
	return feed_add(s, was, is, by, 0);
}

enum err store_get(struct store *s, int64_t id, struct task *out)
{
	AUTO_ROW r = ROW_INIT;
	*out = TASK_INIT;
	TRY(row_get(s, id, &r));
	*out = r.t;
	r.t = TASK_INIT;
	return ERR_OK;
}

enum err store_gone(struct store *s, int64_t id, enum gone *out)
{
	AUTO_Q q = sql(s, GONE);
	q_int(&q, ":id", id);
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	*out = (enum gone)q_col(&q, 0);
	return q_end(&q, ERR_OK);
}

/* ---- the text that is served ---- */

enum err store_text(struct store *s, int64_t id, struct buf *out)
{
	struct task t = TASK_INIT;	/* borrows from the statement */
	const char *v;
	size_t n;
	AUTO_Q q = sql(s, SERVED);
	q_int(&q, ":id", id);
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	AUTO_Q body = sql(aside_of(s), SERVED_BODY);
	q_int(&body, ":id", id);
	if (!q_row(&body))
		return q_end(&body, ERR_NOENT);
	if (q_col_blob(&body, 0, &v, &n) || q_col_blob(&body, 1, &v, &n)) {
		buf_add(out, v, n);
		TRY(buf_err(out));
		return q_end(&body, ERR_OK);
	}
	t.id = id;
	for (int f = 0; f < TASK_NFIELDS; f++)
		t.field[f] = (char *)q_col_text(&q, f);
	t.field[FIELD_DETAILS] = (char *)q_col_text(&body, 2);
	TRY(q_end(&body, ERR_OK));
	for (int f = 0; f < TASK_NFACTS; f++)
		t.fact[f] = (char *)q_col_text(&q, COL_FACTS + f);
	TRY(q_end(&q, ERR_OK));
	text_render(&t, NULL, 0, out);
	return buf_err(out);
}

enum err store_whole(struct store *s, int64_t id, struct task *t, struct buf *text, bool *unsaved)
{
	AUTO_ROW r = ROW_INIT;
	*t = TASK_INIT;
	TRY(row_get(s, id, &r));
	TRY(row_served(&r, text));
	*unsaved = r.has_text && !r.text.n;
	*t = r.t;
	r.t = TASK_INIT;
	return ERR_OK;
}

enum err row_served(const struct row *r, struct buf *out)
{
	if (r->has_draft)
		buf_add(out, r->draft.s, r->draft.n);
	else if (r->has_text)
		buf_add(out, r->text.s, r->text.n);
	else
		text_render(&r->t, NULL, 0, out);
	return buf_err(out);
}
