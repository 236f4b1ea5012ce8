#include "store_p.h"

enum { COPY, OF_KEY, OF_NAME, NSQL };
/* The order of the links is that in which they came here. */
#define COPIED                                                                                               \
	"created_at BETWEEN :at - :within AND :at AND made_by <> 0 AND person IS :person"                    \
	" AND instr(:title, title) AND 2 = (SELECT count(*) FROM link WHERE link.task = task.id"             \
	" AND rid IS NOT NULL AND link.id < :came)"
#define WAS_OF_NAME                                                                                          \
	"stem = :stem AND gone IN (0, 2) AND EXISTS (SELECT 1 FROM history WHERE history.task = task.id"     \
	" AND field = 3 AND was IS :due)"
static const char *const sql_text[NSQL] = {
	[COPY] = "SELECT title, due, person, created_at, stem, came.id FROM task"
		 " JOIN link AS came ON came.task = task.id AND came.side <> :side WHERE task.id = :task",
	[OF_KEY] = "SELECT count(*) FROM task INDEXED BY task_key WHERE due IS :due AND " TITLE_KEY " = :key"
		   " AND " COPIED " AND NOT (" WAS_OF_NAME ")",
	[OF_NAME] = "SELECT count(*) FROM task INDEXED BY task_stem WHERE " WAS_OF_NAME " AND " COPIED,
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_COPIED, i, sql_text[i]);
}

struct copy {			/* that may be one of a circle */
	struct store *s;
	const char *title, *due, *person, *stem;	/* borrowed */
	int64_t at, came, within;
	int64_t n;
	enum err err;
};

/* key NULL: of its name, and of its date before. */
static bool count(void *arg, const char *key)
{
	struct copy *x = arg;
	AUTO_Q q = sql(x->s, key ? OF_KEY : OF_NAME);
	q_text(&q, ":title", x->title);
	q_text(&q, ":due", x->due);
	q_text(&q, ":person", x->person);
	q_text(&q, ":stem", x->stem);
	q_int(&q, ":at", x->at);
	q_int(&q, ":came", x->came);
	q_int(&q, ":within", x->within);
	if (key)
		q_text(&q, ":key", key);
	x->n += q_row(&q) ? q_col(&q, 0) : 0;
	x->err = q.err;
	return !x->err;
}

enum err store_copied(struct store *s, int64_t task, enum side side, int64_t within, int64_t *n)
{
	struct copy x = { .s = s, .within = within };
	AUTO_Q q = sql(s, COPY);
	q_int(&q, ":task", task);
	q_int(&q, ":side", side);
	*n = 0;
	if (!q_row(&q))
		return q_end(&q, ERR_OK);
	x.title = q_col_text(&q, 0);
	x.due = q_col_text(&q, 1);
	x.person = q_col_text(&q, 2);
	x.at = q_col(&q, 3);
	x.stem = q_col_text(&q, 4);
	x.came = q_col(&q, 5);
	TRY(q_end(&q, ERR_OK));
	if (count(&x, NULL))
		TRY(key_each(s, x.due, x.title, count, &x));
	*n = x.n;
	return x.err;
}
