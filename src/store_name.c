#include "store_p.h"
#include <limits.h>
#include <string.h>

enum { TAKEN, SPREAD, GAP, CLAIM, FORMER, FORMER_PRUNE, FORMER_OF, ALIAS, ALIAS_USE, NSQL };
#define LIVE "gone IN (0, 2)"
static const char *const sql_text[NSQL] = {
	[TAKEN] = "SELECT 1 FROM task INDEXED BY task_name WHERE name = :name AND " LIVE " AND id <> :id",
	[SPREAD] = "SELECT count(*), max(num) FROM task INDEXED BY task_stem WHERE stem = :stem AND " LIVE,
	[GAP] = "SELECT num + 1 FROM task AS a INDEXED BY task_stem WHERE stem = :stem AND " LIVE
		" AND NOT EXISTS (SELECT 1 FROM task AS b INDEXED BY task_stem WHERE b.stem = :stem"
		" AND b.num = a.num + 1 AND b.gone IN (0, 2)) ORDER BY num LIMIT 1",
	[CLAIM] = "DELETE FROM alias WHERE name = :name",
	[FORMER] = "INSERT INTO alias(name, task, used_at) VALUES(:name, :task, :now)"
		   " ON CONFLICT(name) DO UPDATE SET task = excluded.task, used_at = excluded.used_at",
	[FORMER_PRUNE] = "DELETE FROM alias WHERE used_at + :life <= :now",
	[FORMER_OF] = "SELECT task FROM alias WHERE name = :name AND used_at + :life > :now",
	[ALIAS] = "SELECT " ENTRY_COLUMNS ", alias.used_at FROM alias JOIN task ON task.id = alias.task"
		  " WHERE alias.name = :name AND task.gone = 0"
		  " AND NOT EXISTS (SELECT 1 FROM task AS t WHERE t.name = :name AND t.gone IN (0, 2)"
		  " AND t.gone = 0)",
	[ALIAS_USE] = "UPDATE alias SET used_at = :now WHERE name = :name",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_NAME, i, sql_text[i]);
}

#define ALIAS_MS (15 * 60 * INT64_C(1000))
#define ALIAS_STEP_MS 1000	/* a use within so much of the last one is not worth a write */

/* ---- numbers ---- */

static enum err taken(struct store *s, int64_t id, const char *name, bool *out)
{
	AUTO_Q q = sql(s, TAKEN);
	q_text(&q, ":name", name);
	q_int(&q, ":id", id);
	*out = q_row(&q);
	return q_end(&q, ERR_OK);
}

static enum err spread(struct store *s, const char *stem, int64_t *count, int64_t *max)
{
	AUTO_Q q = sql(s, SPREAD);
	q_text(&q, ":stem", stem);
	if (!q_row(&q))
		return q_end(&q, ERR_CORRUPT);
	*count = q_col(&q, 0);
	*max = q_col(&q, 1);
	return q_end(&q, ERR_OK);
}

static enum err gap(struct store *s, const char *stem, int64_t *num)
{
	AUTO_Q q = sql(s, GAP);
	q_text(&q, ":stem", stem);
	if (q_row(&q))
		*num = q_col(&q, 0);
	return q_end(&q, ERR_OK);
}

static enum err try_num(struct store *s, const struct row *r, int64_t num, char name[NAME_LEN + 1],
	bool *fits)
{
	bool is_taken = true;
	if (num > UINT_MAX)
		return ERR_NAME;
	TRY(name_of(r->t.field[FIELD_TITLE], (unsigned)num, name));
	TRY(taken(s, r->t.id, name, &is_taken));
	*fits = !is_taken;
	return ERR_OK;
}

/*
 * The first free number: 1, else the first gap among the tasks of this title. Another title may have the
 * name that belongs to a number ("Call Bob (2)"), so the names decide; past the last number few such are left
 * to step over.
 */
static enum err find_num(struct store *s, const struct row *r, const char *stem, char name[NAME_LEN + 1],
	int64_t *num)
{
	int64_t count = 0, max = 0, first;
	bool fits = false;
	*num = 1;
	TRY(try_num(s, r, 1, name, &fits));
	if (fits)
		return ERR_OK;
	TRY(spread(s, stem, &count, &max));
	first = max + 1;
	if (count < max)
		TRY(gap(s, stem, &first));
	*num = first < 2 ? 2 : first;
	TRY(try_num(s, r, *num, name, &fits));
	if (!fits && *num < max)
		*num = max;
	while (!fits)
		TRY(try_num(s, r, ++*num, name, &fits));
	return ERR_OK;
}

enum err name_give(struct store *s, struct row *r)
{
	char stem[NAME_LEN + 1], name[NAME_LEN + 1];
	bool is_taken = true, ok = true;
	TRY(name_of(r->t.field[FIELD_TITLE], 1, stem));
	if (str_eq(stem, r->stem))
		TRY(taken(s, r->t.id, r->t.name, &is_taken));
	if (!is_taken)
		return ERR_OK;
	TRY(find_num(s, r, stem, name, &r->num));
	free(r->stem);
	free(r->t.name);
	r->stem = str_dup(stem, &ok);
	r->t.name = str_dup(name, &ok);
	return ok ? ERR_OK : ERR_NOMEM;
}

/* ---- former names ---- */

static enum err remember(struct store *s, int64_t id, const char *former, int64_t now)
{
	AUTO_Q prune = sql(s, FORMER_PRUNE), q = sql(s, FORMER);
	q_int(&prune, ":life", ALIAS_MS);
	q_int(&prune, ":now", now);
	TRY(q_run(&prune));
	q_text(&q, ":name", former);
	q_int(&q, ":task", id);
	q_int(&q, ":now", now);
	return q_run(&q);
}

enum err name_claim(struct store *s, int64_t id, const char *name, const char *former, int64_t now)
{
	AUTO_Q q = sql(s, CLAIM);
	q_text(&q, ":name", name);
	TRY(q_run(&q));
	return former && strcmp(former, name) ? remember(s, id, former, now) : ERR_OK;
}

static enum err find_alias(struct store *s, const char *name, struct entry *out, int64_t *used_at)
{
	AUTO_Q q = sql(s, ALIAS);
	q_text(&q, ":name", name);
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	entry_read(&q, out);
	*used_at = q_col(&q, 9);
	return q_end(&q, ERR_OK);
}

static enum err use_alias(struct store *s, const char *name, int64_t now)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, ALIAS_USE);
	q_text(&q, ":name", name);
	q_int(&q, ":now", now);
	TRY(q_run(&q));
	return tx_commit(&tx);
}

enum err store_alias(struct store *s, const char *name, int64_t now, struct entry *out)
{
	int64_t used_at = 0;
	TRY(find_alias(s, name, out, &used_at));
	if (now - used_at >= ALIAS_MS)
		return ERR_NOENT;
	/* A clock set back must not make it live for years: it counts from now. */
	if (!s->read_only && (now < used_at || now - used_at >= ALIAS_STEP_MS))
		TRY(use_alias(s, name, now));
	return ERR_OK;
}

enum err store_former(struct store *s, const char *name, int64_t now, int64_t *id)
{
	AUTO_Q q = sql(s, FORMER_OF);
	q_text(&q, ":name", name);
	q_int(&q, ":life", ALIAS_MS);
	q_int(&q, ":now", now);
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	*id = q_col(&q, 0);
	return q_end(&q, ERR_OK);
}

enum err store_unalias(struct store *s, const char *name)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, CLAIM);
	q_text(&q, ":name", name);
	TRY(q_run(&q));
	return tx_commit(&tx);
}
