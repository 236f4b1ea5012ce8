/*
 * store - the local cache of tasks; the only place fs/, sync/ and cli/ meet. What both sides and the program
 * need is here, what fs/ alone needs in store_files.h, what sync/ alone needs in store_sync.h.
 * Knows SQLite and struct task. Does not know FUSE, HTTP or who calls.
 *
 * A struct store belongs to the thread that opened it; each thread opens its own on the same file (WAL).
 * No call touches the network. A call may wait for another thread's short transaction (busy timeout), never
 * longer. Times are ms since 1970 UTC and always an argument. Borrowed arguments live until return; out
 * parameters are the caller's to finish. Every writing call is one transaction, or joins the caller's
 * (tx_begin).
 *
 * Hub and spokes: the task row is the hub; a struct link is a spoke: the remote's id and the base, the values
 * that this remote and the hub last agreed on. What is waiting for a remote is derived (hub against base);
 * the outbox says only which tasks to look at, since when, and what went wrong.
 */
#ifndef STORE_H
#define STORE_H

#include "auto.h"
#include "buf.h"
#include "errcode.h"
#include "name.h"
#include "task.h"
#include "date.h"
#include "wake.h"
#include <stdbool.h>
#include <stdint.h>

struct store;

struct store_options {
	bool durable;		/* synchronous=FULL: every commit survives power loss;
				 * and patient. The sync threads. */
	bool patient;		/* others of this process write first */
	bool read_only;		/* for commands beside a running daemon; never creates or migrates */
	unsigned cache;		/* KB of it that may stay in memory; 0: 8,000 */
	bool check;		/* a mount begins: look at every page first, unless it is as store_seal left
				 * it; may take seconds. What waits to be created is in doubt, if commits may
				 * be missing: the file is another one, or its log was taken away */
	struct wake *changed;	/* rung after a commit that changed what a mount
				 * shows; NULL: nobody listens */
	struct wake *outbox;	/* rung after a commit that left something to push */
	struct wake *grown;	/* rung when commits made the log longer: store_fold; NULL:
				 * a commit may have to fold it */
};

/*
 * Open and migrate. ERR_NEWER: written by a newer program, untouched. ERR_CORRUPT. ERR_PERM: the file is
 * readable by others. ERR_NOENT: read_only and no file. The file is created 0600.
 */
NODISCARD enum err store_open(const char *path, const struct store_options *o, struct store **out);
void store_close(struct store *s);	/* NULL is fine */
/* Nobody has it open any more, and this process met no damage in it:
 * so it need not be checked at the next start. */
void store_seal(const char *path);
/* Make every commit so far survive power loss (fsync).
 * ERR_IO: it is not known what survived; commit again. */
NODISCARD enum err store_sync(struct store *s);
/*
 * From here on reads share one snapshot, which saves each its locks; it holds every commit made before the
 * last call of this, so call it before each piece of work. Writing ends it. Rest before a long wait:
 * meanwhile the log cannot start anew, and grows. To rest without a hold is fine. Gives the snapshot's
 * number: another one after every commit of anyone; 0: none is held, each read sees what is there then.
 */
int64_t store_hold(struct store *s);
/* A snapshot is held, and nobody has committed anything since it was taken. */
bool store_is_latest(const struct store *s);
void store_rest(struct store *s);
/*
 * Fold the log into the database, if it is long (8 MiB), or if nobody has committed since the last call and
 * it is half so, or was long and some is left. Syncs files, so it may take long: for a thread of its own.
 * Nobody waits for that, but whoever writes at its end, or when the log is twice too long, waits some 15 ms
 * at most. True: call again after a quiet moment, or when grown is rung. What fails is logged; call again
 * when grown is rung.
 */
bool store_fold(struct store *s);

/*
 * One edit, one transaction: rolls back at the end of the scope unless committed. Inside another, the outer
 * decides; but an inner one that wrote and was not committed left half an edit, so the outer's commit then
 * fails too.
 */
struct tx {
	struct store *s;	/* private; NULL: nothing to do */
	bool outer;		/* private */
	int64_t wrote;		/* private: rows this connection had written when it began */
};
NODISCARD enum err tx_begin(struct store *s, struct tx *tx);
NODISCARD enum err tx_commit(struct tx *tx);	/* rings */
/* Where all that a long one did so far is whole: if somebody's edit waits for it, that is committed, and the
 * transaction goes on after the edit. */
NODISCARD enum err tx_yield(struct tx *tx);
void tx_end(struct tx *tx);
#define AUTO_TX AUTO(tx_end) struct tx

/* ---- sides --------------------------------------------------------------------------------------------- */

/*
 * Switch a remote on or off (R1, R23). salesconnect is on when it is configured, salesforce when it is
 * configured and sync is enabled. Off to on sets enabled_at = now (R15); tasks made while off are never
 * created there; links stay. The same state again changes nothing.
 */
NODISCARD enum err store_side_switch(struct store *s, enum side side, bool on, int64_t now);

struct side_state {		/* one row a side, written by its sync thread, read by status */
	bool on;
	int64_t enabled_at;	/* ms; 0: never */
	int64_t tried_at, ok_at;	/* last pass begun; last pass that ended well; 0: never */
	enum err err;		/* of the last pass; ERR_OK */
	char message[200];	/* one line for the user, "" if fine */
	int64_t done, total;	/* first import: records so far and in all (-1: unknown);
				 * total 0: none is running */
	int64_t left_out;	/* open tasks the first import left out (R17); -1: not counted */
};
NODISCARD enum err store_side(struct store *s, enum side side, struct side_state *out);

/* Small named values: cursors, marks, settings. Get: ERR_NOENT. Set: NULL removes;
 * the same value again: no write. */
NODISCARD enum err store_meta(struct store *s, const char *key, char **value);
NODISCARD enum err store_meta_set(struct store *s, const char *key, const char *value);

#define STORE_REBUILT "rebuilt"		/* meta: when, ms; what was linked until then is not known any more */
#define STORE_SALVAGED "salvaged"	/* meta: the directory with what was kept */

/* ---- tasks --------------------------------------------------------------------------------------------- */

struct entry {			/* what ls -l shows of a visible task; no allocation */
	int64_t id;
	char name[NAME_LEN + 1];
	bool open;		/* lives in open/, else in completed/ */
	bool high;
	bool draft;		/* serves a rejected save */
	char due[DATE_LEN];	/* "" : none */
	int64_t size;		/* bytes store_text gives, exactly */
	int64_t created_at, changed_at;
};

struct filter {
	const char *status;	/* TASK_OPEN, TASK_COMPLETE, NULL: both */
	const char *due_from, *due_to;	/* inclusive dates, NULL: no bound;
					 * with a bound, tasks without due are out */
	bool brief;		/* id, name and open are all that is asked for;
				 * with a status and no dates it is cheaper */
};
/* Visible tasks with id > after, by id. fn gives false to stop. fn must not write to the store. */
typedef bool store_entry_fn(void *arg, const struct entry *e);
NODISCARD enum err store_list(struct store *s, const struct filter *f, int64_t after, store_entry_fn *fn,
	void *arg);

/* The whole task, visible or not (deleted rows included: see store_gone). ERR_NOENT. */
NODISCARD enum err store_get(struct store *s, int64_t id, struct task *out);
enum gone { GONE_NO, GONE_DELETED, GONE_PARKED, GONE_AWAY };
NODISCARD enum err store_gone(struct store *s, int64_t id, enum gone *out);

/*
 * Create a task from t (fields, facts, created_at; missing fields get their initial value). Its file name
 * comes from the title, numbered if taken. text: bytes to serve back, NULL: rendered. by: who made it; it
 * goes to the outbox of every side in t->born but by; for by = SIDE_LOCAL born is set here: the sides that
 * are on now. A local one is held from being sent until store_closed.
 */
NODISCARD enum err store_create(struct store *s, const struct task *t, const char *text, size_t n,
	enum side by, int64_t now, int64_t *id);
/*
 * Set the given fields of t on task id, from side by. text (n bytes): serve these from now on; NULL: keep the
 * user's text if it still means the task, else render anew with its comments kept. Clears a draft if text is
 * given. Writes history (one row a field), the feed, an alias if the file name changes, and the outbox of
 * every linked side but by. No field differs and the text is the same: no write at all. Facts in the mask are
 * set too. A deleted task takes edits of remotes alone, in case it comes back, and until then sends nothing
 * of them.
 */
NODISCARD enum err store_edit(struct store *s, int64_t id, const struct task *t, uint32_t fields,
	uint32_t facts, const char *text, size_t n, enum side by, int64_t now);
/* To the trash; goes to every linked side but by after grace_ms;
 * never-sent creates are dropped from the outbox. */
NODISCARD enum err store_delete(struct store *s, int64_t id, enum side by, int64_t now, int64_t grace_ms);

struct history {
	int64_t at, task;
	enum side by;
	enum field field;
	const char *was, *is;	/* borrowed; NULL: no value */
};
typedef bool store_history_fn(void *arg, const struct history *h);
NODISCARD enum err store_history(struct store *s, int64_t task, store_history_fn *fn, void *arg);

/* ---- links --------------------------------------------------------------------------------------------- */

/* A deletion or completion told by a remote: to be judged with those it came with; one of many, waits for
 * store_confirm; to be done. */
enum doom { DOOM_NO, DOOM_NEW, DOOM_HELD, DOOM_CONFIRMED };
struct link {			/* a task's spoke */
	int64_t task;
	enum side side;
	char *rid;		/* the remote's id. NULL:
				 * a create was sent and its answer is not known (in doubt) */
	char *once;		/* the key of the create that made it; NULL: none, or not told */
	int64_t sent_at;	/* when the create was sent, or, as soon as the remote tells, when it was
				 * made; 0: it was imported, or (in doubt) it may have been sent before
				 * the database's log was lost: then it has no key yet */
	int64_t made_at;	/* imported: when it was made there, in this machine's clock; 0: not known */
	bool as_made;		/* imported, and had not changed since: the history knows all that did */
	bool by_me;		/* imported, and made by the account: perhaps another mount's copy */
	bool guess;		/* Salesforce's: that it is Sales Connect's task is a guess (apart.h) */
	char *version;		/* revision or time stamp for conditional writes; may be NULL */
	char *base[TASK_NFIELDS];	/* in our vocabulary; for an in-doubt create: the values sent */
	char *raw[TASK_NFIELDS];	/* the remote's own words where they are not
					 * ours (R8, R10, R26), else NULL */
	char *url;		/* the record's web page */
	bool away;		/* reassigned or no longer visible (D5): neither read nor written */
	uint32_t in_doubt;	/* fields of an update that was sent, and whose answer is not known; */
	char *sent[TASK_NFIELDS];	/* then: what was sent, in our vocabulary */
	bool gone;		/* deleted there; the row stays, so that nothing comes back (D3) */
	int64_t gone_at;	/* then, or doomed: when, in this machine's clock; 0: not known */
	enum doom doom;		/* deleted or completed there, and not yet here (D6); */
	bool completed;		/* then: completed. Until it is here, base has the status of before */
	int64_t synced_at;
};
#define LINK_INIT ((struct link){ 0 })
void link_finish(struct link *l);
void link_answered(struct link *l);	/* no update is in doubt */
#define AUTO_LINK AUTO(link_finish) struct link

/* ERR_NOENT */
NODISCARD enum err store_link(struct store *s, int64_t task, enum side side, struct link *out);

struct waiting {		/* an edit that a side does not have yet */
	enum side side;
	const char *what;	/* "create", "edit", "delete" */
	uint32_t fields;	/* of an edit */
	int64_t since;
	int64_t next;		/* ms: next try; 0: now; -1: refused, once the task changes */
	bool second;		/* taken back as a new task: not before the old one's deletion */
	int tries;
	enum err err;
	const char *message;	/* borrowed; "" */
};
typedef bool store_waiting_fn(void *arg, const struct waiting *w);
NODISCARD enum err store_waiting(struct store *s, int64_t task, int64_t now, store_waiting_fn *fn, void *arg);
/* ms until the next of all of a side's falls due; 0: now; -1: none will. */
NODISCARD enum err store_outbox_next(struct store *s, enum side side, int64_t now, int64_t *ms);

/* ---- what changed, what is wrong ----------------------------------------------------------------------- */

enum { CHANGE_TEXT = 1, CHANGE_NAME = 2 };	/* content or times; appeared, vanished, moved, renamed */
struct change {			/* one row of the feed, in commit order */
	int64_t seq;
	int64_t task;
	enum side by;
	uint32_t what;
	uint32_t fields;	/* the task's fields that changed, 0 possible */
	char was_name[NAME_LEN + 1];	/* "": was not visible */
	bool was_open;
	char name[NAME_LEN + 1];	/* "": is not visible now */
	bool open;
	char was_due[DATE_LEN], due[DATE_LEN];
};
typedef bool store_change_fn(void *arg, const struct change *c);
/* Rows after seq. Rows older than about 100,000 are pruned:
 * *lost (may be NULL) says that some were missed. */
NODISCARD enum err store_changes(struct store *s, int64_t after, store_change_fn *fn, void *arg, bool *lost);
NODISCARD enum err store_change_last(struct store *s, int64_t *seq);

struct problem {		/* a line of .remindfs/errors */
	const char *name;	/* file name; borrowed */
	bool open;
	int line;		/* in the file; 1 if unknown */
	const char *text;	/* borrowed: what happened, what was kept, what to type next */
};
typedef bool store_problem_fn(void *arg, const struct problem *p);
/* Drafts, refused edits, conflicts, typed-looking scratch files older than 60 s. */
NODISCARD enum err store_problems(struct store *s, int64_t now, store_problem_fn *fn, void *arg);

/* Deletions and completions that were made here and are not there yet;
 * those there that are not here yet (doom). */
enum mass_kind { MASS_DELETE, MASS_COMPLETE, MASS_DELETED, MASS_COMPLETED, NMASS };
struct mass {
	int64_t fresh;		/* not judged yet */
	int64_t held;		/* wait for store_confirm */
};
struct counts {
	int64_t open, completed, drafts, conflicts, scratch_typed;
	int64_t waiting[NSIDES];	/* edits not yet there, refused ones included */
	int64_t refused[NSIDES];	/* parked until the text changes */
	struct mass mass[NSIDES][NMASS];	/* D6 */
};
NODISCARD enum err store_counts(struct store *s, int64_t now, struct counts *out);

/* The user's word ("confirm-deletes"): all that is held may go, to every side and here; it is not held again.
 * *n: how many. Ring the sync afterwards. ERR_NOENT: nothing is held. */
NODISCARD enum err store_confirm(struct store *s, int64_t now, int64_t *n);
/* The opposite ("take-back"): what was deleted here and is held is back, what was completed is open, what was
 * completed on a remote is reopened there. *n: how many. ERR_NOENT: none;
 * what was deleted on a remote is restored there. */
NODISCARD enum err store_take_back(struct store *s, int64_t now, int64_t grace_ms, int64_t *n);

/* One word for a task: "synced new pending invalid error conflict" (files.md). Static. */
NODISCARD enum err store_state(struct store *s, int64_t id, const char **out);

#endif
