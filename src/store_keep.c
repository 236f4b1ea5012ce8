#include "store_p.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CONFLICTS, TRASH, OUTBOX, CONFLICTS_BY, TRASH_BY, OUTBOX_BY, NSQL };
/* id, task, name, at, versions, and which of those of one name it is: the first has the plain name. */
#define FROM_CONFLICTS                                                                                       \
	"FROM (SELECT conflict.id AS id, task, name, at,"                                                    \
	" (SELECT ifnull(sum(1 << role), 0) FROM version WHERE conflict = conflict.id) AS versions,"         \
	" row_number() OVER (PARTITION BY name ORDER BY conflict.id) AS nth"                                 \
	" FROM conflict JOIN task ON task.id = conflict.task) "
#define FROM_TRASH                                                                                           \
	"FROM (SELECT id, id AS task, name, gone_at AS at, 0 AS versions,"                                   \
	" row_number() OVER (PARTITION BY name ORDER BY gone_at DESC, id DESC) AS nth"                       \
	" FROM task INDEXED BY task_gone WHERE gone IN (1, 2) AND gone = 1 AND gone_at > 0) "
#define FROM_OUTBOX                                                                                          \
	"FROM (SELECT task.id AS id, task.id AS task, name, min(since) AS at, 0 AS versions,"                \
	" row_number() OVER (PARTITION BY name ORDER BY gone, task.id) AS nth"                               \
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
		     " FROM task WHERE gone = 1 AND gone_at > 0 AND id = ifnull((SELECT id FROM task "
		     IN_TRASH
		     "AND name = :name ORDER BY gone_at DESC, id DESC LIMIT 1), :id)",
	/* Of one name are a task that is there, and some that were deleted. */
#define WAITING_NAMED(name_is)                                                                               \
	"FROM (SELECT id, gone FROM task INDEXED BY task_name WHERE gone IN (0, 2) AND name = " name_is      \
	" UNION ALL SELECT id, gone FROM task INDEXED BY task_gone WHERE gone IN (1, 2) AND gone = 1"        \
	" AND name = " name_is                                                                               \
	") AS o WHERE EXISTS (SELECT 1 FROM outbox WHERE task = o.id) "
	[OUTBOX_BY] = "SELECT id, id, name, (SELECT min(since) FROM outbox WHERE task = me.id), 0,"
		      " 1 + (SELECT count(*) " WAITING_NAMED("me.name")
		      "AND (o.gone, o.id) < (me.gone, me.id))"
		      " FROM task AS me WHERE gone <> 3 AND EXISTS (SELECT 1 FROM outbox WHERE task = me.id)"
		      " AND id = ifnull((SELECT id " WAITING_NAMED(":name")
		      "ORDER BY gone, id LIMIT 1), :id)",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_KEEP, i, sql_text[i]);
}

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
