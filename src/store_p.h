/*
 * store_p - inside the store: the connection, statements, a task row. For src/store*.c and schema.c alone.
 */
#ifndef STORE_P_H
#define STORE_P_H

#include "store_files.h"
#include "store_sync.h"
#include <sqlite3.h>

/* Each file with statements has a slot; its own table gives the text. */
enum sql_file {
	SQL_STORE, SQL_SIDE, SQL_TASK, SQL_EDIT, SQL_NAME, SQL_OUTBOX, SQL_LINK, SQL_FEED, SQL_SCRATCH,
	SQL_KEEP, SQL_TRASH, SQL_CONFLICT, SQL_WAITING, SQL_UNDO, SQL_BRAKE, SQL_PAIR, SQL_SEARCH, SQL_ASIDE,
	SQL_PROBLEM, SQL_KEY, SQL_TWIN, SQL_COPIED,
	SQL_FILES
};
#define SQL_MAX 32	/* statements a file */

enum { RING_CHANGED = 1, RING_OUTBOX = 2 };
/* Words of the log's index: its head, and in it how many frames the log has; further on, how many of them the
 * database has. SQLite's "WAL-mode File Format". */
enum { WAL_HEAD = 12, WAL_FRAMES = 4, WAL_FOLDED = 24 };

/* As SQLite writes numbers. */
static inline uint32_t big_endian(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Bytes, in a database that is made now: a commit writes a dozen pages, and changes 100 bytes in each. */
#define DB_PAGE 2048

struct wal {			/* of a connection */
	sqlite3_io_methods methods;	/* what SQLite calls for it; first, so that it leads back here */
	const sqlite3_io_methods *real;
	bool holding;		/* a commit is being written */
	bool spilled;		/* this transaction wrote to it before its commit */
	bool last;		/* the frame whose head came last is the commit's */
	sqlite3_int64 at;	/* where what is held belongs */
	size_t n;
	char held[(128 << 10) - 1];	/* of more SQLite writes the rest beyond 128 KiB alone */
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *stmt[SQL_FILES][SQL_MAX];	/* prepared at first use */
	struct wake *changed, *outbox, *grown;	/* borrowed; NULL: nobody listens */
	bool read_only;
	bool patient;		/* lets those write first who are not */
	bool in_tx;
	enum err doomed;	/* in_tx: the transaction can only be rolled back, for this reason */
	enum err failed;	/* the last failure: the reason when an inner transaction gives up */
	uint32_t ring;		/* RING_x due after the commit */
	bool held;		/* a read transaction is open over several reads (store_hold) */
	const uint32_t *wal_head;	/* the log's index, in shared memory: other words after every commit
					 * of anyone */
	int64_t snapshot;	/* number of what seen stands for; 0: of nothing yet */
	uint32_t seen[WAL_HEAD];	/* its words just before the snapshot that is held */
	struct store *aside;	/* store_aside.c; NULL: none yet. It holds a snapshot: the one that is held
				 * here */
	int64_t sized;		/* the snapshot for which aside_of decided */
	unsigned cache;		/* KB */
	int64_t fed;		/* store_fed */
	int64_t reserved, nreserved;	/* store_reserve: the next one, how many there are */
	uint32_t told;		/* frames that the log had when grown was rung last */
	struct wal wal;
};

/* ---- store.c ---- */

/* Ask again soon: the others' transactions are short, SQLite's own handler soon sleeps 100 ms at a time.
 * arg: the store. */
int store_busy(void *arg, int tries);
/* Does somebody of this process wait to save what a person did? */
bool tx_is_awaited(void);
/* The statement that rolls back is made while there is memory: it is needed most when there is none. */
NODISCARD enum err tx_prepare(struct store *s);

/* ---- store_open.c ---- */

/* A name that was made or replaced beside path survives power loss. */
void sync_dir(const char *path);
enum err errno_err(void);	/* of a file; ERR_IO by default */

/* ---- store_wal.c: a commit is one write ---- */

void wal_attach(struct store *s);	/* once the log is open */
void wal_begin(struct store *s);	/* a transaction */
void wal_hold(struct store *s, bool on);	/* around its COMMIT */
/* s->wal_head is there: SQLite has it mapped since the first read of the database. */
bool wal_find(struct store *s);
uint32_t wal_word(const struct store *s, int i);	/* of s->wal_head, as it is now */
void wal_read(const struct store *s, uint32_t head[WAL_HEAD]);

/* ---- store_fold.c: the log, in frames, which are a page each ---- */

#define LOG_LONG 4000	/* to be folded now, and nobody keeps it from starting anew */
#define LOG_TOO_LONG 32000	/* nobody folds it: a commit does, and its writer waits for it */
#define LOG_ALONE 8000	/* the same, where nobody else is to fold it */
/* Commits made it so much longer since this connection rang last. */
bool fold_is_due(struct store *s);
/* Before a transaction: let the fold get to the end. A few ms at most. */
void fold_wait(const struct store *s);

/* ---- store_aside.c ---- */

/*
 * The connection to read a task's texts with: one of their own, with a small cache, where the database is
 * larger than what may stay in memory: all texts are most of it, and to walk over them must not sweep out the
 * names and rows. It shows the snapshot that s holds, from which something must have been read before. Else s
 * itself. Borrowed until s rests.
 */
struct store *aside_of(struct store *s);

/* ---- schema.c ---- */

extern const int schema_version;
/* Bring an open database to schema_version. It must not be newer. */
NODISCARD enum err schema_migrate(sqlite3 *db, int version);
#define SCHEMA_APPLICATION 0x726d6673	/* "rmfs" in the file's header */

/* ---- store_check.c ---- */

/* Is it as store_seal left it? To be asked before SQLite opens it. */
bool check_sealed(const char *path);
/* Is nothing missing of what was committed, as far as one can tell? Likewise before. */
bool check_complete(const char *path);
/* What is committed from now on is in the log: the seal is broken. */
void check_opened(const char *path);
/* Something may be missing: what waits to be created may be there already, so each of these creates is in
 * doubt (a link with sent_at 0). */
NODISCARD enum err check_doubt(struct store *s);
/* ERR_CORRUPT: a page is not what SQLite wrote. */
NODISCARD enum err check_pages(struct store *s);
/* Somebody got ERR_CORRUPT: says so once, and store_seal does nothing from now on. */
void check_met_damage(void);

/* ---- store_sql.c: the one door to SQLite. Errors are sticky, as in a buf: ask at the end ---- */

struct q {
	struct store *s;
	sqlite3_stmt *st;	/* NULL after an error in preparing */
	enum err err;
	bool own;		/* the prepared one was in use: ours to finalize */
};
#define AUTO_Q AUTO(q_finish) struct q
struct q q_get(struct store *s, enum sql_file file, int i, const char *sql);
void q_int(struct q *q, const char *param, int64_t v);
void q_text(struct q *q, const char *param, const char *v);	/* borrowed until q_finish; NULL: NULL */
void q_blob(struct q *q, const char *param, const void *v, size_t n);	/* likewise */
/* Parameters ":<prefix>title" ... from an array of a task's fields. */
void q_fields(struct q *q, const char *prefix, char *const field[TASK_NFIELDS]);
bool q_row(struct q *q);		/* true: a row; false: the end or an error */
NODISCARD enum err q_end(struct q *q, enum err none);	/* the error, else none */
NODISCARD enum err q_run(struct q *q);	/* step to the end */
int64_t q_col(struct q *q, int i);
const char *q_col_text(struct q *q, int i);	/* borrowed until the next step; NULL: NULL */
/* Borrowed until the next step. False: NULL. */
bool q_col_blob(struct q *q, int i, const char **v, size_t *n);
char *q_col_dup(struct q *q, int i);	/* owned copy or NULL; out of memory is the q's error */
void q_col_copy(struct q *q, int i, char *to, size_t cap);
void q_finish(struct q *q);
NODISCARD enum err sql_err(sqlite3 *db, int rc, const char *what);	/* the one translation; logs */

/* ---- store_task.c: a task as it is stored ---- */

struct row {
	struct task t;
	enum gone gone;
	enum side gone_by;
	int64_t gone_at, revive_until;	/* deleted: when; until when a file of that name continues the task */
	char *stem;		/* name_of(title, 1) of the title the name was made from */
	int64_t num;		/* and its number */
	bool has_text, has_draft;	/* text and draft may be empty and yet be there */
	struct buf text;	/* the user's own bytes */
	struct buf draft;
	int draft_line;
	char *draft_msg;
	int64_t size;
};
#define ROW_INIT ((struct row){ 0 })
#define AUTO_ROW AUTO(row_finish) struct row
NODISCARD enum err row_get(struct store *s, int64_t id, struct row *out);
void row_finish(struct row *r);
NODISCARD enum err row_copy(struct row *to, const struct row *from);
/* sets its id, where it is 0 */
NODISCARD enum err row_insert(struct store *s, struct row *r, enum side by);
NODISCARD enum err row_update(struct store *s, const struct row *was, const struct row *is);
/* The bytes that are served for it, appended. */
NODISCARD enum err row_served(const struct row *r, struct buf *out);
bool same_bytes(const struct buf *a, const struct buf *b);
/* Store gone and the name, tell the feed. was: the row before. */
NODISCARD enum err row_put_gone(struct store *s, const struct row *was, const struct row *is, enum side by);

/* The columns that entry_read reads from column 0 on. */
#define ENTRY_COLUMNS                                                                                        \
	"task.id, task.name, task.status = 'open', task.priority = 'high', task.draft_line IS NOT NULL,"     \
	" task.due, task.size, task.created_at, task.changed_at"
void entry_read(struct q *q, struct entry *e);

/* ---- store_name.c ---- */

/* Give a row the first free name of its title; a row whose name already is one of that title keeps it. */
NODISCARD enum err name_give(struct store *s, struct row *r);
/* The name was taken by id now; its former name, if any, stays an alias. */
NODISCARD enum err name_claim(struct store *s, int64_t id, const char *name, const char *former, int64_t now);

/* ---- store_key.c: tasks by what their subjects are made of ---- */

/*
 * What the index task_key has of a task, beside its date: the title without blanks around it. Those that are
 * out of the ordinary have one key, "": of them nobody can tell by the bytes of what subject_render makes of
 * them whether the title is in it, as it leaves out line breaks, and cuts, perhaps where there are blanks.
 */
#define TITLE_KEY                                                                                            \
	"iif(replace(title || '/' || ifnull(type, '')"                                                       \
	" || '/' || ifnull(campaign, '') || '/' || ifnull(campaign_day, '')"                                 \
	" || '/' || ifnull(campaign_step, ''), '        ', char(1))"                                         \
	" GLOB '*[' || char(1) || '-' || char(31) || char(133, 8232, 8233) || ']*', '', trim(title))"
#define KEY_BLANKS 7		/* at most, in a row, in one that is not */
/* The key of a title that is not out of the ordinary, appended. */
void key_of(const char *title, struct buf *out);
/* The keys of tasks of that date that are part of text, each once; at last "". fn gives false to stop, and
 * must not write. */
typedef bool key_fn(void *arg, const char *key);
NODISCARD enum err key_each(struct store *s, const char *due, const char *text, key_fn *fn, void *arg);

/* What the index task_facts has of a task that has any of the facts that may be in a subject. */
#define FACTS_KEY "quote(type) || quote(campaign) || quote(campaign_day) || quote(campaign_step)"
#define HAS_FACTS                                                                                            \
	"(type IS NOT NULL OR campaign IS NOT NULL OR campaign_day IS NOT NULL OR campaign_step IS NOT NULL)"
/* Whatever of these the tasks of that date have, each once; t has no more than them, and is borrowed. fn as
 * above. */
typedef bool facts_fn(void *arg, const struct task *t, const char *key);
NODISCARD enum err facts_each(struct store *s, const char *due, facts_fn *fn, void *arg);

/* ---- store_outbox.c ---- */

#define HOLD_MS INT64_C(3600000)	/* a create waits for store_closed, but not for ever */
/* A task was edited by a side: the others it lives on, or is to be born on, get it. wait: of a new row. */
NODISCARD enum err outbox_edited(struct store *s, const struct task *t, enum side by, int64_t now,
	int64_t wait);
/* A task was deleted by a side: nothing but its deletion is left to send. */
NODISCARD enum err outbox_deleted(struct store *s, int64_t task, enum side by, int64_t now, int64_t grace_ms);
/* A deletion was taken back before it was sent. */
NODISCARD enum err outbox_revived(struct store *s, const struct task *t, int64_t now);
/*
 * What was deleted and taken back as a new task looks the same to another mount. If that had the new record
 * while it still had the old one's, it could take it for its copy, and delete both. So the deletion goes
 * first, to both sides; but for a day at most, and not to a side that refuses it, is off, or is the vendor's
 * mirror's business (D7).
 */
#define IS_SECOND                                                                                            \
	"task IN (SELECT me.id FROM task AS me INDEXED BY task_instead_of WHERE instead_of <> 0"             \
	" AND created_at BETWEEN :now - 86400000 AND :now AND EXISTS"                                        \
	" (SELECT 1 FROM outbox AS o JOIN side ON side.side = o.side WHERE o.task = instead_of"              \
	" AND o.wait >= 0 AND is_on AND (o.side = 1"                                                         \
	" OR NOT EXISTS (SELECT 1 FROM meta WHERE key = 'sc.mirror'))))"
/* old: 0: it need not wait. */
NODISCARD enum err outbox_instead(struct store *s, int64_t task, int64_t old);

/* Which sides lack something of this task: all of it (to be born there), or an edit. */
NODISCARD enum err outbox_unsent(struct store *s, const struct task *t, uint32_t *births, uint32_t *edits);

/* ---- store_feed.c ---- */

/* What became of a task between two rows (was NULL: created). Nothing visible: no row in the feed. */
NODISCARD enum err feed_add(struct store *s, const struct row *was, const struct row *is, enum side by,
	uint32_t fields);
NODISCARD enum err history_add(struct store *s, const struct task *was, const struct task *is,
	uint32_t fields, enum side by, int64_t now);

/* ---- store_pair.c ---- */

/* These two records are one task. */
NODISCARD enum err pair_put(struct store *s, const char *sc, const char *sf);

/* ---- store_scratch.c ---- */

/* Put a file there, in place of one of that name. */
NODISCARD enum err scratch_replace(struct store *s, const struct scratch *x, const char *text, size_t n,
	int64_t now, int64_t *id);
/* No scratch file stands for this task any more. */
NODISCARD enum err scratch_detach(struct store *s, int64_t task);

#endif
