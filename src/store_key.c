#include "store_p.h"
#include <string.h>

enum { BELOW, NEXT_FACTS, NSQL };
static const char *const sql_text[NSQL] = {
	[BELOW] = "SELECT " TITLE_KEY " FROM task INDEXED BY task_key WHERE due IS :due"
		  " AND " TITLE_KEY " <= :text AND " TITLE_KEY " > '' ORDER BY " TITLE_KEY " DESC LIMIT 1",
	[NEXT_FACTS] = "SELECT " FACTS_KEY ", type, campaign, campaign_day, campaign_step"
		       " FROM task INDEXED BY task_facts WHERE " HAS_FACTS " AND due IS :due"
		       " AND " FACTS_KEY " > :key ORDER BY " FACTS_KEY " LIMIT 1",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_KEY, i, sql_text[i]);
}

void key_of(const char *title, struct buf *out)
{
	size_t n;
	title = title ? title : "";
	title += strspn(title, " ");
	n = strlen(title);
	while (n && strchr(" \t\n\v\f\r", title[n - 1]))	/* as field_same */
		n--;
	buf_add(out, title, n);
}

static size_t in_common(const char *a, const char *b)
{
	size_t n = 0;
	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

/* The last key in order that is not behind text. "": there is none. */
static enum err below(struct store *s, const char *due, const char *text, struct buf *key)
{
	AUTO_Q q = sql(s, BELOW);
	q_text(&q, ":due", due);
	q_text(&q, ":text", text);
	buf_clear(key);
	if (q_row(&q))
		buf_puts(key, q_col_text(&q, 0));
	TRY(buf_err(key));
	return q_end(&q, ERR_OK);
}

/* Those that the text at begins with. Such a one is no longer than what the last key before the text has in
 * common with it. */
static enum err beginnings(struct store *s, const char *due, const char *text, const char *at, key_fn *fn,
	void *arg, bool *more)
{
	AUTO_BUF rest = BUF_INIT, key = BUF_INIT;
	buf_puts(&rest, at);
	while (*more && rest.n) {
		TRY(buf_err(&rest));
		TRY(below(s, due, rest.s, &key));
		size_t n = in_common(buf_str(&key), rest.s);
		bool is = n && n == key.n;
		if (is && strstr(text, key.s) == at)	/* else it was told */
			*more = fn(arg, key.s);
		buf_resize(&rest, is ? n - 1 : n);
	}
	return buf_err(&rest);
}

enum err key_each(struct store *s, const char *due, const char *text, key_fn *fn, void *arg)
{
	bool more = true;
	for (const char *at = text; *at && more; at++)
		if (*at != ' ')	/* no key begins so */
			TRY(beginnings(s, due, text, at, fn, arg, &more));
	if (more)
		fn(arg, "");
	return ERR_OK;
}

/* The next after key, which it replaces. ERR_NOENT: the last one. */
static enum err next_facts(struct store *s, const char *due, struct buf *key, facts_fn *fn, void *arg,
	bool *more)
{
	struct task t = TASK_INIT;	/* borrows from the statement */
	AUTO_Q q = sql(s, NEXT_FACTS);
	q_text(&q, ":due", due);
	q_text(&q, ":key", buf_str(key));
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	AUTO_BUF is = BUF_INIT;
	buf_puts(&is, q_col_text(&q, 0));
	for (enum fact f = FACT_TYPE; f < TASK_NFACTS; f++)
		t.fact[f] = (char *)q_col_text(&q, 1 + f - FACT_TYPE);
	TRY(q_end(&q, buf_err(&is)));
	*more = fn(arg, &t, is.s);
	q_finish(&q);		/* it has the former key */
	buf_clear(key);
	buf_puts(key, is.s);
	return buf_err(key);
}

enum err facts_each(struct store *s, const char *due, facts_fn *fn, void *arg)
{
	AUTO_BUF key = BUF_INIT;
	bool more = true;
	enum err e = ERR_OK;
	while (more && e == ERR_OK)
		e = next_facts(s, due, &key, fn, arg, &more);
	return e == ERR_NOENT ? ERR_OK : e;
}
