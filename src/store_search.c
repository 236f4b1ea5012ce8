#include "store_p.h"
#include "utf8.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * words (FTS5) and digest say of every visible task which words it has, whose it is and whether it is open,
 * as of a row of the feed: the mark. A save writes nothing there; who reads brings them up to date first.
 * Tasks that were there before the index are walked once, by id.
 */
enum {
	CHANGED, OLDER, FEED_FIRST, FORGET, FORGET_WORDS, DIGEST, WORDS, WHO, PERSON_ID, PERSON_TAKEN,
	PERSON_ADD,
	PERSONS, PERSON, PERSON_BY_NAME, PERSON_TASKS, PERSON_HOLDS,
	SEARCHES, SEARCH, SEARCH_BY_NAME, SEARCH_TASKS, SEARCH_HOLDS, MAKE, DROP, RENAME, NSQL
};
#define HAS_OPEN "EXISTS (SELECT 1 FROM digest WHERE digest.person = person.id AND open)"
static const char *const sql_text[NSQL] = {
	[CHANGED] = "SELECT seq, feed.task, ifnull(size, 0) FROM feed LEFT JOIN task ON task.id = feed.task"
		    " WHERE seq > :after ORDER BY seq LIMIT :max",
	[OLDER] = "SELECT id, id, size FROM task NOT INDEXED WHERE id > :after AND"
		  " (gone = 0 OR EXISTS (SELECT 1 FROM digest WHERE digest.task = task.id))"
		  " ORDER BY id LIMIT :max",
	[FEED_FIRST] = "SELECT ifnull(min(seq), 0) FROM feed",
	[FORGET] = "DELETE FROM digest WHERE task = :id",
	[FORGET_WORDS] = "DELETE FROM words WHERE rowid = :id",
	[DIGEST] = "INSERT INTO digest(task, person, open)"
		   " SELECT id, :person, status = 'open' FROM task WHERE id = :id AND gone = 0",
	[WORDS] = "INSERT INTO words(rowid, title, person, details)"
		  " SELECT id, title, ifnull(person, '') || ' ' || ifnull(email, ''), details"
		  " FROM task JOIN body ON body.task = task.id WHERE id = :id AND gone = 0",
	[WHO] = "SELECT person, lower(email) FROM task WHERE id = :id AND gone = 0",
	[PERSON_ID] = "SELECT id FROM person WHERE who = :who AND email = :email",
	[PERSON_TAKEN] = "SELECT 1 FROM person WHERE name = :name",
	[PERSON_ADD] = "INSERT INTO person(who, email, name) VALUES(:who, :email, :name)",
	[PERSONS] = "SELECT id, name, 0 FROM person WHERE " HAS_OPEN " ORDER BY id",
	[PERSON] = "SELECT id, name, 0 FROM person WHERE id = :id",
	[PERSON_BY_NAME] = "SELECT id, name, 0 FROM person WHERE name = :name AND " HAS_OPEN,
	[PERSON_TASKS] = "SELECT " ENTRY_COLUMNS " FROM digest JOIN task ON task.id = digest.task"
			 " WHERE digest.person = :id AND digest.open AND task.gone = 0 ORDER BY task.id",
	[PERSON_HOLDS] = "SELECT 1 FROM digest WHERE task = :task AND person = :id AND open",
	[SEARCHES] = "SELECT id, query, made_at FROM search ORDER BY id",
	[SEARCH] = "SELECT id, query, made_at FROM search WHERE id = :id",
	[SEARCH_BY_NAME] = "SELECT id, query, made_at FROM search WHERE query = :name",
	[SEARCH_TASKS] = "SELECT " ENTRY_COLUMNS " FROM words JOIN task ON task.id = words.rowid"
			 " WHERE words MATCH :match AND task.gone = 0 ORDER BY task.id",
	[SEARCH_HOLDS] = "SELECT 1 FROM words WHERE words MATCH :match AND rowid = :task",
	[MAKE] = "INSERT INTO search(query, made_at) VALUES(:query, :now)",
	[DROP] = "DELETE FROM search WHERE id = :id",
	[RENAME] = "UPDATE search SET query = :query WHERE id = :id",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_SEARCH, i, sql_text[i]);
}

/* ---- persons ------------------------------------------------------------------------------------------- */

static enum err is_taken(struct store *s, const char *name, bool *out)
{
	AUTO_Q q = sql(s, PERSON_TAKEN);
	q_text(&q, ":name", name);
	*out = q_row(&q);
	return q_end(&q, ERR_OK);
}

/* The first free one of "Bob", "Bob <bob@example.test>", and then with a number. */
static enum err name_person(struct store *s, const char *who, const char *email, char out[NAME_LEN + 1])
{
	AUTO_BUF full = BUF_INIT;
	bool taken = true;
	buf_printf(&full, *who && *email ? "%s <%s>" : "%s%s", who, email);
	TRY(buf_err(&full));
	TRY(name_plain(*who ? who : email, 1, out));
	TRY(is_taken(s, out, &taken));
	for (unsigned n = 1; taken; n++) {
		TRY(name_plain(full.s, n, out));
		TRY(is_taken(s, out, &taken));
	}
	return ERR_OK;
}

static enum err add_person(struct store *s, const char *who, const char *email, int64_t *id)
{
	char name[NAME_LEN + 1];
	TRY(name_person(s, who, email, name));
	AUTO_Q q = sql(s, PERSON_ADD);
	q_text(&q, ":who", who);
	q_text(&q, ":email", email);
	q_text(&q, ":name", name);
	TRY(q_run(&q));
	*id = sqlite3_last_insert_rowid(s->db);
	return ERR_OK;
}

/* *id: 0: the task names nobody. */
static enum err person_of(struct store *s, int64_t task, int64_t *id)
{
	*id = 0;
	AUTO_Q q = sql(s, WHO), known = sql(s, PERSON_ID);
	q_int(&q, ":id", task);
	if (!q_row(&q))
		return q_end(&q, ERR_OK);
	const char *who = q_col_text(&q, 0), *email = q_col_text(&q, 1);
	TRY(q_end(&q, ERR_OK));
	if (!who && !email)
		return ERR_OK;
	q_text(&known, ":who", who ? who : "");
	q_text(&known, ":email", email ? email : "");
	if (!q_row(&known)) {
		TRY(q_end(&known, ERR_OK));
		return add_person(s, who ? who : "", email ? email : "", id);
	}
	*id = q_col(&known, 0);
	return q_end(&known, ERR_OK);
}

/* ---- the index ----------------------------------------------------------------------------------------- */

#define MARK "indexed"
#define STEP 100		/* tasks a transaction, */
/* and their texts, but for the last one's: a save beside it waits for no more */
#define STEP_BYTES 65536
#define ALL_WALKED INT64_MAX

struct mark {
	int64_t seq;		/* of the feed: all up to it is in */
	int64_t walked;		/* so are the tasks up to this id */
};

static enum err run_on(struct store *s, int statement, int64_t id)
{
	AUTO_Q q = sql(s, statement);
	q_int(&q, ":id", id);
	return q_run(&q);
}

static enum err index_task(struct store *s, int64_t id)
{
	int64_t person;
	TRY(run_on(s, FORGET, id));
	TRY(run_on(s, FORGET_WORDS, id));
	TRY(run_on(s, WORDS, id));
	TRY(person_of(s, id, &person));
	AUTO_Q q = sql(s, DIGEST);
	q_int(&q, ":id", id);
	if (person)
		q_int(&q, ":person", person);
	return q_run(&q);
}

static bool is_among(const int64_t *id, int n, int64_t task)
{
	for (int i = 0; i < n; i++)
		if (id[i] == task)
			return true;
	return false;
}

/* *more: it may be that not all is done. */
static enum err index_all_of(struct q *q, int64_t after, int64_t *last, bool *more)
{
	int64_t done[STEP], bytes = 0;
	int n = 0, rows = 0;
	bool enough = false;
	q_int(q, ":after", after);
	q_int(q, ":max", STEP);
	for (; !enough && q_row(q); rows++) {
		int64_t task = q_col(q, 1);
		*last = q_col(q, 0);
		if (is_among(done, n, task))
			continue;
		bytes += q_col(q, 2);
		done[n++] = task;
		TRY(index_task(q->s, task));
		enough = bytes >= STEP_BYTES || tx_is_awaited();
	}
	*more = rows == STEP || enough;
	return q_end(q, ERR_OK);
}

/* What was never indexed, or is behind a feed that was pruned since, is walked. */
static enum err read_mark(struct store *s, struct mark *m, int64_t *last)
{
	AUTO_FREE char *text = NULL;
	int64_t first = 0;
	enum err e = store_meta(s, MARK, &text);
	if (e && e != ERR_NOENT)
		return e;
	TRY(store_change_last(s, last));
	AUTO_Q q = sql(s, FEED_FIRST);
	if (q_row(&q))
		first = q_col(&q, 0);
	if (!text || sscanf(text, "%" SCNd64 " %" SCNd64, &m->seq, &m->walked) != 2 || first > m->seq + 1)
		*m = (struct mark){ .seq = *last };
	return q_end(&q, ERR_OK);
}

static enum err write_mark(struct store *s, const struct mark *m)
{
	char text[64];
	snprintf(text, sizeof(text), "%" PRId64 " %" PRId64, m->seq, m->walked);
	return store_meta_set(s, MARK, text);
}

static bool is_behind(const struct mark *m, int64_t last)
{
	return m->seq < last || m->walked != ALL_WALKED;
}

enum err store_index(struct store *s, bool *more)
{
	AUTO_TX tx = { 0 };
	struct mark m;
	int64_t last;
	*more = false;
	TRY(read_mark(s, &m, &last));
	if (!is_behind(&m, last))
		return ERR_OK;
	TRY(tx_begin(s, &tx));
	TRY(read_mark(s, &m, &last));	/* another thread may have been quicker */
	if (m.seq < last) {
		AUTO_Q q = sql(s, CHANGED);
		TRY(index_all_of(&q, m.seq, &m.seq, more));
	} else if (m.walked != ALL_WALKED) {
		AUTO_Q q = sql(s, OLDER);
		TRY(index_all_of(&q, m.walked, &m.walked, more));
		if (!*more)
			m.walked = ALL_WALKED;
	}
	TRY(write_mark(s, &m));
	*more = is_behind(&m, last);
	return tx_commit(&tx);
}

static enum err catch_up(struct store *s)
{
	for (bool more = true; more;)
		TRY(store_index(s, &more));
	return ERR_OK;
}

/* ---- a query ------------------------------------------------------------------------------------------- */

/*
 * Words that must all be there, "a phrase" in quotes, and a star at the end for any ending. Each goes to FTS5
 * as a string, so that nothing that is typed is an operator. Signs alone are no words there, and are left
 * out; if there is nothing else, nothing is found.
 */
static void put_match(const char *query, struct buf *out)
{
	while (*(query += strspn(query, " "))) {
		bool quoted = *query == '"';
		const char *word = query + quoted;
		size_t n = strcspn(word, quoted ? "\"" : " \"");
		query = word + n + (quoted && word[n]);
		bool prefix = *query == '*' && quoted;
		for (; !quoted && n && word[n - 1] == '*'; n--)
			prefix = true;
		query += quoted ? strspn(query, "*") : 0;
		if (n)
			buf_printf(out, "\"%.*s\"%s ", (int)n, word, prefix ? "*" : "");
	}
	if (!out->n)
		buf_puts(out, "\"\"");
}

/* ---- groups -------------------------------------------------------------------------------------------- */

static const struct {
	int list, get, find, tasks, holds;
	bool by_words;
} group[NGROUPS] = {
	[GROUP_PERSON] = { PERSONS, PERSON, PERSON_BY_NAME, PERSON_TASKS, PERSON_HOLDS, false },
	[GROUP_SEARCH] = { SEARCHES, SEARCH, SEARCH_BY_NAME, SEARCH_TASKS, SEARCH_HOLDS, true },
};

static void read_group(struct q *q, struct group *out)
{
	out->id = q_col(q, 0);
	q_col_copy(q, 1, out->name, sizeof(out->name));
	out->made_at = q_col(q, 2);
}

static enum err one_group(struct q *q, struct group *out)
{
	if (!q_row(q))
		return q_end(q, ERR_NOENT);
	read_group(q, out);
	return q_end(q, ERR_OK);
}

enum err store_group(struct store *s, enum grouping by, int64_t id, struct group *out)
{
	AUTO_Q q = sql(s, group[by].get);
	q_int(&q, ":id", id);
	return one_group(&q, out);
}

enum err store_group_find(struct store *s, enum grouping by, const char *name, struct group *out)
{
	TRY(catch_up(s));
	AUTO_Q q = sql(s, group[by].find);
	q_text(&q, ":name", name);
	return one_group(&q, out);
}

enum err store_groups(struct store *s, enum grouping by, store_group_fn *fn, void *arg)
{
	struct group g;
	TRY(catch_up(s));
	AUTO_Q q = sql(s, group[by].list);
	while (q_row(&q)) {
		read_group(&q, &g);
		if (!fn(arg, &g))
			break;
	}
	return q_end(&q, ERR_OK);
}

/* What tells the group in its statements: the id, or the words. Both live in *match. */
static enum err bind_group(struct q *q, enum grouping by, int64_t id, struct buf *match)
{
	struct group g;
	if (!group[by].by_words) {
		q_int(q, ":id", id);
		return ERR_OK;
	}
	TRY(store_group(q->s, by, id, &g));
	put_match(g.name, match);
	TRY(buf_err(match));
	q_text(q, ":match", match->s);
	return ERR_OK;
}

enum err store_group_tasks(struct store *s, enum grouping by, int64_t id, store_entry_fn *fn, void *arg)
{
	AUTO_BUF match = BUF_INIT;
	struct entry e;
	TRY(catch_up(s));
	AUTO_Q q = sql(s, group[by].tasks);
	TRY(bind_group(&q, by, id, &match));
	while (q_row(&q)) {
		entry_read(&q, &e);
		if (!fn(arg, &e))
			break;
	}
	return q_end(&q, ERR_OK);
}

enum err store_group_holds(struct store *s, enum grouping by, int64_t id, int64_t task)
{
	AUTO_BUF match = BUF_INIT;
	TRY(catch_up(s));
	AUTO_Q q = sql(s, group[by].holds);
	TRY(bind_group(&q, by, id, &match));
	q_int(&q, ":task", task);
	return q_row(&q) ? q_end(&q, ERR_OK) : q_end(&q, ERR_NOENT);
}

/* ---- saved searches ------------------------------------------------------------------------------------ */

static enum err check_query(const char *query)
{
	return strlen(query) > NAME_LEN ? ERR_NAME : utf8_valid(query, strlen(query)) != strlen(query)
		? ERR_UTF8 : ERR_OK;
}

enum err store_search_make(struct store *s, const char *query, int64_t now)
{
	AUTO_TX tx = { 0 };
	TRY(check_query(query));
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, MAKE);
	q_text(&q, ":query", query);
	q_int(&q, ":now", now);
	TRY(q_run(&q));
	return tx_commit(&tx);
}

enum err store_search_drop(struct store *s, int64_t id)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	TRY(run_on(s, DROP, id));
	return sqlite3_changes64(s->db) ? tx_commit(&tx) : ERR_NOENT;
}

enum err store_search_rename(struct store *s, int64_t id, const char *query)
{
	AUTO_TX tx = { 0 };
	TRY(check_query(query));
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, RENAME);
	q_int(&q, ":id", id);
	q_text(&q, ":query", query);
	TRY(q_run(&q));
	return sqlite3_changes64(s->db) ? tx_commit(&tx) : ERR_NOENT;
}
