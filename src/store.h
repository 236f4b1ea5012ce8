/*
 * store - the local cache of tasks; the only place fs/, sync/ and cli/ meet.
 * Knows SQLite and struct task. Does not know FUSE, HTTP or who calls.
 *
 * A struct store belongs to the thread that opened it; each thread opens its own on the same file (WAL).
 * No call touches the network. A call may wait for another thread's short transaction (busy timeout), never longer.
 * Times are ms since 1970 UTC and always an argument. Borrowed arguments live until return; out parameters are the
 * caller's to finish. Every writing call is one transaction, or joins the caller's (tx_begin).
 *
 * Hub and spokes: the task row is the hub; a struct link is a spoke: the remote's id and the base, the values that
 * this remote and the hub last agreed on. What is waiting for a remote is derived (hub against base); the outbox
 * says only which tasks to look at, since when, and what went wrong.
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
	bool durable;		/* synchronous=FULL: every commit survives power loss; and patient. The sync threads. */
	bool patient;		/* others of this process write first */
	bool read_only;		/* for commands beside a running daemon; never creates or migrates */
	unsigned cache;		/* KB of it that may stay in memory; 0: 8,000 */
	bool check;		/* look at every page first, unless it is as store_seal left it; may take seconds */
	struct wake *changed;	/* rung after a commit that changed what a mount shows; NULL: nobody listens */
	struct wake *outbox;	/* rung after a commit that left something to push */
	struct wake *grown;	/* rung when commits made the log longer: store_fold; NULL: a commit may have to fold it */
};

/*
 * Open and migrate. ERR_NEWER: written by a newer program, untouched. ERR_CORRUPT. ERR_PERM: the file is readable
 * by others. ERR_NOENT: read_only and no file. The file is created 0600.
 */
NODISCARD enum err store_open(const char *path, const struct store_options *o, struct store **out);
void store_close(struct store *s);	/* NULL is fine */
/* Nobody has it open any more, and this process met no damage in it: so it need not be checked at the next start. */
void store_seal(const char *path);
/* Make every commit so far survive power loss (fsync). ERR_IO: it is not known what survived; commit again. */
NODISCARD enum err store_sync(struct store *s);
/*
 * From here on reads share one snapshot, which saves each its locks; it holds every commit made before the last call of
 * this, so call it before each piece of work. Writing ends it. Rest before a long wait: meanwhile the log cannot start
 * anew, and grows. To rest without a hold is fine. Gives the snapshot's number: another one after every commit of anyone;
 * 0: none is held, each read sees what is there then.
 */
int64_t store_hold(struct store *s);
/* A snapshot is held, and nobody has committed anything since it was taken. */
bool store_is_latest(const struct store *s);
void store_rest(struct store *s);
/*
 * Fold the log into the database, if it is long (8 MiB), or half so and nobody has committed since the last call. Syncs
 * files, so it may take long: for a thread of its own. Nobody waits for that, but whoever writes at its end, or when the
 * log is twice too long, waits some 15 ms at most. True: call again after a quiet moment, or when grown is rung. What
 * fails is logged; call again when grown is rung.
 */
bool store_fold(struct store *s);

/*
 * One edit, one transaction: rolls back at the end of the scope unless committed. Inside another, the outer decides;
 * but an inner one that wrote and was not committed left half an edit, so the outer's commit then fails too.
 */
struct tx {
	struct store *s;	/* private; NULL: nothing to do */
	bool outer;		/* private */
	int64_t wrote;		/* private: rows this connection had written when it began */
};
NODISCARD enum err tx_begin(struct store *s, struct tx *tx);
NODISCARD enum err tx_commit(struct tx *tx);	/* rings */
void tx_end(struct tx *tx);
#define AUTO_TX AUTO(tx_end) struct tx

/* ---- sides -------------------------------------------------------------------------------------------------- */

/*
 * Switch a remote on or off (R1, R23). salesconnect is on when it is configured, salesforce when it is configured
 * and sync is enabled. Off to on sets enabled_at = now (R15); tasks made while off are never created there; links
 * stay. The same state again changes nothing.
 */
NODISCARD enum err store_side_switch(struct store *s, enum side side, bool on, int64_t now);

struct side_state {		/* one row a side, written by its sync thread, read by status */
	bool on;
	int64_t enabled_at;	/* ms; 0: never */
	int64_t tried_at, ok_at;	/* last pass begun; last pass that ended well; 0: never */
	enum err err;		/* of the last pass; ERR_OK */
	char message[200];	/* one line for the user, "" if fine */
	int64_t done, total;	/* first import: records so far and in all (-1: unknown); total 0: none is running */
	int64_t left_out;	/* open tasks the first import left out (R17); -1: not counted */
};
NODISCARD enum err store_side(struct store *s, enum side side, struct side_state *out);
/* Stores all but on and enabled_at. Identical: no write. */
NODISCARD enum err store_side_put(struct store *s, enum side side, const struct side_state *st);

/* Small named values: cursors, marks, settings. Get: ERR_NOENT. Set: NULL removes; the same value again: no write. */
NODISCARD enum err store_meta(struct store *s, const char *key, char **value);
NODISCARD enum err store_meta_set(struct store *s, const char *key, const char *value);

/* ---- tasks as files ------------------------------------------------------------------------------------------ */

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

/* A task is visible unless deleted, parked or away. ERR_NOENT: no visible task of that id / name (names are unique
 * over open/ and completed/ together). */
NODISCARD enum err store_entry(struct store *s, int64_t id, struct entry *out);
NODISCARD enum err store_lookup(struct store *s, const char *name, struct entry *out);
/* A task's former name, for 15 minutes after its last use; using it counts. ERR_NOENT also once a task has it. */
NODISCARD enum err store_alias(struct store *s, const char *name, int64_t now, struct entry *out);
/* The task, visible or not, that had this name within those 15 minutes. ERR_NOENT. */
NODISCARD enum err store_former(struct store *s, const char *name, int64_t now, int64_t *id);
/* Nobody answers to this former name any more: a file was renamed on purpose (mv). */
NODISCARD enum err store_unalias(struct store *s, const char *name);

struct filter {
	const char *status;	/* TASK_OPEN, TASK_COMPLETE, NULL: both */
	const char *due_from, *due_to;	/* inclusive dates, NULL: no bound; with a bound, tasks without due are out */
	bool brief;		/* id, name and open are all that is asked for; with a status and no dates it is cheaper */
};
/* Visible tasks with id > after, by id. fn gives false to stop. fn must not write to the store. */
typedef bool store_entry_fn(void *arg, const struct entry *e);
NODISCARD enum err store_list(struct store *s, const struct filter *f, int64_t after, store_entry_fn *fn, void *arg);

/* The whole task, visible or not (deleted rows included: see store_gone). ERR_NOENT. */
NODISCARD enum err store_get(struct store *s, int64_t id, struct task *out);
enum gone { GONE_NO, GONE_DELETED, GONE_PARKED, GONE_AWAY };
NODISCARD enum err store_gone(struct store *s, int64_t id, enum gone *out);
/* The bytes served: the draft, else the user's own text while it means the task's fields, else rendered. Appended. */
NODISCARD enum err store_text(struct store *s, int64_t id, struct buf *out);
/* Both at once. *unsaved: no save of this task was taken yet; it was created with an empty text, and may serve a rejected
 * one. */
NODISCARD enum err store_whole(struct store *s, int64_t id, struct task *t, struct buf *text, bool *unsaved);

/*
 * Create a task from t (fields, facts, created_at; missing fields get their initial value). Its file name comes from
 * the title, numbered if taken. text: bytes to serve back, NULL: rendered. by: who made it; it goes to the outbox of
 * every side in t->born but by; for by = SIDE_LOCAL born is set here: the sides that are on now.
 * A local one is held from being sent until store_closed.
 */
NODISCARD enum err store_create(struct store *s, const struct task *t, const char *text, size_t n, enum side by,
	int64_t now, int64_t *id);
/* An id that no other task gets, for one that is created later. Not inside a transaction. */
NODISCARD enum err store_reserve(struct store *s, int64_t *id);
/* As store_create does here; *id: a reserved one, or 0. */
NODISCARD enum err store_create_as(struct store *s, int64_t *id, const struct task *t, const char *text, size_t n, int64_t now);
/*
 * Set the given fields of t on task id, from side by. text (n bytes): serve these from now on; NULL: keep the user's
 * text if it still means the task, else render anew with its comments kept. Clears a draft if text is given.
 * Writes history (one row a field), the feed, an alias if the file name changes, and the outbox of every linked
 * side but by. No field differs and the text is the same: no write at all. Facts in the mask are set too.
 * A deleted task takes edits of remotes alone, in case it comes back, and until then sends nothing of them.
 */
NODISCARD enum err store_edit(struct store *s, int64_t id, const struct task *t, uint32_t fields, uint32_t facts,
	const char *text, size_t n, enum side by, int64_t now);
/* The last handle on a task was closed: what is held or waiting its grace starts its grace_ms from now. A new task of which
 * there is only a rejected save stays held: who it is for may stand in that text. */
NODISCARD enum err store_closed(struct store *s, int64_t id, int64_t now, int64_t grace_ms);
/* The same for all: after a crash no handle is open. */
NODISCARD enum err store_closed_all(struct store *s, int64_t now, int64_t grace_ms);
/* Keep a rejected save: served, listed, never sent. line, msg: where and why. The next store_edit with text clears it. */
NODISCARD enum err store_draft(struct store *s, int64_t id, const char *text, size_t n, int line, const char *msg,
	int64_t now);
/* To the trash; goes to every linked side but by after grace_ms; never-sent creates are dropped from the outbox. */
NODISCARD enum err store_delete(struct store *s, int64_t id, enum side by, int64_t now, int64_t grace_ms);
/*
 * A task whose file was renamed to a scratch name (an editor's backup): invisible, still linked, not deleted. A scratch
 * file dir/name with its text takes its place (replacing one of that name) and remembers the task.
 */
NODISCARD enum err store_park(struct store *s, int64_t id, bool open, const char *name, int64_t now, int64_t *scratch);
/* The invisible task that a new file of this name continues: parked, or deleted here and not yet sent. It is visible
 * again afterwards, with its id, in open/ or completed/ as asked. ERR_NOENT: none. */
NODISCARD enum err store_revive(struct store *s, const char *name, bool open, int64_t now, int64_t *id);

/* ---- scratch files: editors' droppings, templates; never synced ---------------------------------------------- */

enum scratch_place { PLACE_COMPLETED, PLACE_OPEN, PLACE_TEMPLATES };	/* the directory it lies in */
struct scratch {
	int64_t id;		/* own sequence, never reused */
	char name[NAME_LEN + 1];
	enum scratch_place place;
	bool is_link;		/* a symbolic link (emacs's lock): its target is its text */
	uint32_t mode;		/* permission bits */
	int64_t size, changed_at;
	int64_t task;		/* the parked task it stands for; 0: none */
};
NODISCARD enum err store_scratch_create(struct store *s, const struct scratch *new, const char *text, size_t n,
	int64_t now, int64_t *id);	/* ERR_EXIST */
NODISCARD enum err store_scratch_find(struct store *s, enum scratch_place place, const char *name, struct scratch *out);
NODISCARD enum err store_scratch(struct store *s, int64_t id, struct scratch *out);
typedef bool store_scratch_fn(void *arg, const struct scratch *x);
NODISCARD enum err store_scratch_list(struct store *s, enum scratch_place place, int64_t after, store_scratch_fn *fn,
	void *arg);
NODISCARD enum err store_scratch_text(struct store *s, int64_t id, struct buf *out);
NODISCARD enum err store_scratch_write(struct store *s, int64_t id, const char *text, size_t n, int64_t now);
NODISCARD enum err store_scratch_chmod(struct store *s, int64_t id, uint32_t mode);
/* Rename; a scratch file of the new name is replaced. */
NODISCARD enum err store_scratch_rename(struct store *s, int64_t id, enum scratch_place place, const char *name);
/* Remove. If it stands for a parked task nothing continued, that task is deleted (store_delete with grace_ms). */
NODISCARD enum err store_scratch_remove(struct store *s, int64_t id, int64_t now, int64_t grace_ms);
/*
 * A text that was typed for a task which went away meanwhile (deleted or reassigned by a remote): it becomes a scratch file
 * of the task's name without ".txt", numbered if taken, and errors says how to make it a task. The same text again: no
 * write. ERR_EXIST: there are too many of that name.
 */
NODISCARD enum err store_rescue(struct store *s, int64_t task, const char *text, size_t n, int64_t now);

/* ---- found by person, by words -------------------------------------------------------------------------------- */

/*
 * The index of persons and words costs a save nothing: it is brought up to date from the feed by whoever reads of it. So
 * these calls may write. Ahead of them, a part at a time (a short transaction): *more: there is more to do.
 */
NODISCARD enum err store_index(struct store *s, bool *more);

enum grouping { GROUP_PERSON, GROUP_SEARCH, NGROUPS };
struct group {			/* the open tasks of a person; the tasks, open or not, that a saved search finds */
	int64_t id;		/* never reused */
	char name[NAME_LEN + 1];	/* the person, safe as a file name and unique; the query as it was typed */
	int64_t made_at;	/* of a search; 0 */
};
/* ERR_NOENT; by id also a person without an open task. */
NODISCARD enum err store_group(struct store *s, enum grouping by, int64_t id, struct group *out);
NODISCARD enum err store_group_find(struct store *s, enum grouping by, const char *name, struct group *out);
typedef bool store_group_fn(void *arg, const struct group *g);
NODISCARD enum err store_groups(struct store *s, enum grouping by, store_group_fn *fn, void *arg);
/* By id. fn as for store_list. ERR_NOENT: no such search. */
NODISCARD enum err store_group_tasks(struct store *s, enum grouping by, int64_t id, store_entry_fn *fn, void *arg);
/* Is this task in it? ERR_NOENT: no. */
NODISCARD enum err store_group_holds(struct store *s, enum grouping by, int64_t id, int64_t task);
/*
 * A saved search: words that must all be in title, person and details; "a phrase"; wor* for any ending. Case and accents
 * do not count. Any text is a query. ERR_EXIST, ERR_NAME, ERR_UTF8; ERR_NOENT: no such search.
 */
NODISCARD enum err store_search_make(struct store *s, const char *query, int64_t now);
NODISCARD enum err store_search_drop(struct store *s, int64_t id);
NODISCARD enum err store_search_rename(struct store *s, int64_t id, const char *query);

/* ---- what changed, what is wrong ------------------------------------------------------------------------------ */

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
/* Rows after seq. Rows older than about 100,000 are pruned: *lost (may be NULL) says that some were missed. */
NODISCARD enum err store_changes(struct store *s, int64_t after, store_change_fn *fn, void *arg, bool *lost);
NODISCARD enum err store_change_last(struct store *s, int64_t *seq);
int64_t store_fed(struct store *s);	/* the last row of this store's last transaction; 0: none */

struct problem {		/* a line of .remindfs/errors */
	const char *name;	/* file name; borrowed */
	bool open;
	int line;		/* in the file; 1 if unknown */
	const char *text;	/* borrowed: what happened, what was kept, what to type next */
};
typedef bool store_problem_fn(void *arg, const struct problem *p);
/* Drafts, refused edits, conflicts, typed-looking scratch files older than 60 s. */
NODISCARD enum err store_problems(struct store *s, int64_t now, store_problem_fn *fn, void *arg);

/* Deletions and completions that were made here and are not there yet; those there that are not here yet (doom). */
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

/* One word for a task: "synced new pending invalid error conflict" (files.md). Static. */
NODISCARD enum err store_state(struct store *s, int64_t id, const char **out);

/* ---- the sync's half ------------------------------------------------------------------------------------------ */

/* A deletion or completion told by a remote: to be judged with those it came with; one of many, waits for store_confirm; to
 * be done. */
enum doom { DOOM_NO, DOOM_NEW, DOOM_HELD, DOOM_CONFIRMED };
struct link {			/* a task's spoke */
	int64_t task;
	enum side side;
	char *rid;		/* the remote's id. NULL: a create was sent and its answer is not known (in doubt) */
	char *once;		/* the create's idempotency key; kept */
	int64_t sent_at;	/* when the create was sent; 0: it was imported */
	bool by_me;		/* imported, and made by the account: perhaps another mount's copy */
	char *version;		/* revision or time stamp for conditional writes; may be NULL */
	char *base[TASK_NFIELDS];	/* in our vocabulary; for an in-doubt create: the values sent */
	char *raw[TASK_NFIELDS];	/* the remote's own words where they are not ours (R8, R10, R26), else NULL */
	char *url;		/* the record's web page */
	bool away;		/* reassigned or no longer visible (D5): neither read nor written */
	uint32_t in_doubt;	/* fields of an update that was sent, and whose answer is not known; */
	char *sent[TASK_NFIELDS];	/* then: what was sent, in our vocabulary */
	bool gone;		/* deleted there; the row stays, so that nothing comes back (D3) */
	enum doom doom;		/* deleted or completed there, and not yet here (D6); */
	bool completed;		/* then: completed. Until it is here, base has the status of before */
	int64_t synced_at;
};
#define LINK_INIT ((struct link){ 0 })
void link_finish(struct link *l);
void link_answered(struct link *l);	/* no update is in doubt */
#define AUTO_LINK AUTO(link_finish) struct link

NODISCARD enum err store_link(struct store *s, int64_t task, enum side side, struct link *out);	/* ERR_NOENT */
NODISCARD enum err store_link_by_rid(struct store *s, enum side side, const char *rid, struct link *out);
/* Insert or replace. Identical: no write. away and gone decide whether the task is visible. ERR_EXIST: another task has
 * this rid. */
NODISCARD enum err store_link_put(struct store *s, const struct link *l);
NODISCARD enum err store_link_drop(struct store *s, int64_t task, enum side side);
/* Links of a side in id order after a task id, a page at a time: for in-doubt creates and for checking one by one. */
typedef bool store_link_fn(void *arg, const struct link *l);
NODISCARD enum err store_links(struct store *s, enum side side, bool in_doubt_only, int64_t after, store_link_fn *fn,
	void *arg);

/* Those with a doom, likewise. */
NODISCARD enum err store_links_doomed(struct store *s, enum side side, store_link_fn *fn, void *arg);

struct outgoing {
	int64_t task;
	int64_t seq;		/* of the last edit: store_outbox_done compares */
	int tries;
};
/* What is due, oldest first: neither held, in its grace time, backing off nor refused. A wrong clock never holds a row
 * longer than its wait: a row whose since lies in the future is due. */
NODISCARD enum err store_outbox(struct store *s, enum side side, int64_t now, struct outgoing *out, size_t max,
	size_t *n);
/* ms until the next row falls due, 0: now, -1: none will. */
NODISCARD enum err store_outbox_next(struct store *s, enum side side, int64_t now, int64_t *ms);
/* Put a task on a side's list, due now; a refused row is due again. */
NODISCARD enum err store_outbox_add(struct store *s, int64_t task, enum side side, int64_t now);
/* Nothing is left to push as of seq. A newer edit keeps its row. */
NODISCARD enum err store_outbox_done(struct store *s, int64_t task, enum side side, int64_t seq);
/* What was sent as of seq failed: shown in errors; tried again wait_ms from now, or (wait_ms < 0) once the task or the
 * remote changes. A newer edit keeps its row as it is: it has not been tried yet. */
NODISCARD enum err store_outbox_fail(struct store *s, int64_t task, enum side side, int64_t seq, enum err why,
	const char *msg, int64_t now, int64_t wait_ms);

/* Keep the losing values of a clash, or the edited text of a deleted task (D2, D3). base may be NULL. */
NODISCARD enum err store_conflict(struct store *s, int64_t task, enum side with, const struct task *base,
	const struct task *mine, const struct task *theirs, int64_t now);
/* Who set this field last; SIDE_LOCAL if nobody did. (D2) */
NODISCARD enum err store_last_by(struct store *s, int64_t task, enum field f, enum side *out);
/*
 * D7: a task that has no link to side yet, but one to another remote, whose title (or its rendering by template), due
 * date and person are t's and which was created within two minutes of it. ERR_NOENT: none. Of *several first those that were
 * there before t, of these the living, of these the oldest.
 * whole: of any age, but t's other fields, where it has them, must be the same, too.
 * It may be a deleted one: whoever copied it, after it was there, did not know yet. t was made_at (this machine's clock) before that other remote had
 * the deletion.
 */
NODISCARD enum err store_twin(struct store *s, enum side side, const struct task *t, const char *template, bool whole,
	int64_t made_at, int64_t *task, bool *several);
/* Live tasks that are as t in everything and have a record on side already, oldest first. fn gives false to stop, and must not
 * write. */
typedef bool store_task_fn(void *arg, int64_t task);
NODISCARD enum err store_seen(struct store *s, enum side side, const struct task *t, const char *template, store_task_fn *fn,
	void *arg);

/*
 * Tasks that are on this side, and on the other not even in doubt, or out of sight there (D5); in the order of their records' ids. Not
 * those of which an editor has the file in hand; those that are deleted, too. Texts are borrowed for the call; fn gives false to
 * stop, and must not write.
 */
struct lonely {
	int64_t task, created_at;
	const char *title, *subject;	/* here; as its record shows it */
	bool renamed;			/* it had another title */
	bool asked;			/* it is to be made in Sales Connect */
};
typedef bool store_lonely_fn(void *arg, const struct lonely *l);
NODISCARD enum err store_lonely(struct store *s, enum side side, store_lonely_fn *fn, void *arg);
/* Is the task one of them, now? A deleted one only if the side did not have the deletion yet at made_at (this machine's clock). */
NODISCARD enum err store_is_lonely(struct store *s, int64_t task, enum side side, int64_t made_at, bool *yes);
/* How many live ones of them have this title, to the letter? */
NODISCARD enum err store_namesakes(struct store *s, enum side side, const char *title, int64_t *n);
/*
 * Task drop turns out to be task keep, which lacks the links it has: they, its history and its conflicts are keep's from now
 * on, and the row is gone as if it had never been (it is in no trash, and nobody is told to delete anything). What a user
 * wrote in its file beyond its fields is kept as a scratch file.
 */
NODISCARD enum err store_join(struct store *s, int64_t keep, int64_t drop, int64_t now);

/*
 * Tasks that are on both sides, have the date of this one, and whose records on side show the same but for their ids, exchange those
 * records until both sides have them in one order, that of the ids. Tasks of different titles only if neither has a history.
 */
NODISCARD enum err store_uncross(struct store *s, int64_t task, enum side side);

/* How often was a task of that date and person, whose title is this one's or is in it, copied to side since then, and each time
 * before this one was made? */
NODISCARD enum err store_copied(struct store *s, int64_t task, enum side side, int64_t since, int64_t *n);

/* ---- after a damaged database was set aside (store_salvage.h) ------------------------------------------------- */

#define STORE_REBUILT "rebuilt"		/* meta: when, ms; what was linked until then is not known any more */
#define STORE_SALVAGED "salvaged"	/* meta: the directory with what was kept */

/* The task whose record on the other side was joined with this one before, and waits for it. ERR_NOENT. */
NODISCARD enum err store_partner(struct store *s, enum side side, const char *rid, int64_t *task);
/* Records of side that were joined with another and have no task yet. */
typedef bool store_rid_fn(void *arg, const char *rid);
NODISCARD enum err store_partners_missing(struct store *s, enum side side, size_t max, store_rid_fn *fn, void *arg);
/* It was found, or never will be. */
NODISCARD enum err store_partner_drop(struct store *s, enum side side, const char *rid);

struct history {
	int64_t at, task;
	enum side by;
	enum field field;
	const char *was, *is;	/* borrowed; NULL: no value */
};
typedef bool store_history_fn(void *arg, const struct history *h);
NODISCARD enum err store_history(struct store *s, int64_t task, store_history_fn *fn, void *arg);

/* ---- the brake on many deletions at once (D6) ----------------------------------------------------------------- */

NODISCARD enum err store_mass(struct store *s, enum side side, struct mass out[NMASS]);
/* Live links of a side: what a mass is measured by. */
NODISCARD enum err store_linked(struct store *s, enum side side, int64_t *n);
/* Hold the fresh ones of a side: rows of the outbox with ERR_HELD and msg, links with DOOM_HELD. */
NODISCARD enum err store_mass_hold(struct store *s, enum side side, enum mass_kind what, const char *msg, int64_t now);
/* The user's word ("confirm-deletes"): all that is held may go, to every side and here; it is not held again. *n: how many.
 * Ring the sync afterwards. ERR_NOENT: nothing is held. */
NODISCARD enum err store_confirm(struct store *s, int64_t now, int64_t *n);
/* The opposite ("take-back"): what was deleted here and is held is back, what was completed is open, what was completed on a
 * remote is reopened there. *n: how many. ERR_NOENT: none; what was deleted on a remote is restored there. */
NODISCARD enum err store_take_back(struct store *s, int64_t now, int64_t grace_ms, int64_t *n);

/* ---- what is kept for the user: conflicts, the trash, edits not sent, the last edit --------------------------- */

enum keep { KEEP_CONFLICTS, KEEP_TRASH, KEEP_OUTBOX };
enum version { VERSION_BASE, VERSION_MINE, VERSION_THEIRS, NVERSIONS };
#define TRASH_MS (INT64_C(15) * 86400000)	/* a deleted task can be restored for so long at least */

struct kept {			/* a row of one of those lists */
	int64_t id;		/* of the conflict; else of the task */
	int64_t task;
	char name[NAME_LEN + 1];	/* the task's file name; "Call Bob ~17.txt" (17: id) where another row has it */
	int64_t at;		/* ms: the conflict arose, the task was deleted, the edit waits since */
	uint32_t versions;	/* KEEP_CONFLICTS: BIT(VERSION_x) of those there are */
};
typedef bool store_kept_fn(void *arg, const struct kept *k);
/* Rows with id > after, by id; fn gives false to stop and must not write. The outbox lists only what is really unsent. */
NODISCARD enum err store_kept_list(struct store *s, enum keep which, int64_t after, store_kept_fn *fn, void *arg);
NODISCARD enum err store_kept_find(struct store *s, enum keep which, const char *name, struct kept *out);
NODISCARD enum err store_kept(struct store *s, enum keep which, int64_t id, struct kept *out);

/* One version of a conflict, with the facts of its task. ERR_NOENT: no such conflict, or that side had deleted it. */
NODISCARD enum err store_conflict_version(struct store *s, int64_t conflict, enum version v, struct task *out);
NODISCARD enum err store_conflict_dismiss(struct store *s, int64_t conflict);
/* One version is not kept any longer; the conflict is until it is dismissed. ERR_NOENT. */
NODISCARD enum err store_conflict_forget(struct store *s, int64_t conflict, enum version v);
/*
 * Settle a conflict. theirs: the fields in the clash get their values, as an edit made here. mine: ours where theirs won
 * and stands unchanged. A deleted task is created anew from the version taken; where that version is the deletion, it
 * stays deleted. *task: the task it is now, 0: none.
 */
NODISCARD enum err store_conflict_take(struct store *s, int64_t conflict, enum version v, int64_t now, int64_t grace_ms,
	int64_t *task);

/*
 * Bring a deleted task back: the same one while its deletion was certainly not sent, else a new one (*id), which the
 * remotes get as new (D3: nothing that was deleted returns). status: NULL: as it was. ERR_NOENT: not in the trash.
 */
NODISCARD enum err store_restore(struct store *s, int64_t task, const char *status, int64_t now, int64_t grace_ms,
	int64_t *id);
/* Would that be the same one? ERR_NOENT: not in the trash. */
NODISCARD enum err store_revivable(struct store *s, int64_t task, int64_t now, bool *yes);
/*
 * The trash ages by time that was seen to pass, not by a clock that can be set: ms of it passed since the last call, or
 * since the mount. More than TRASH_STEP_MS count as that, so that what was deleted meanwhile is not too old. Forgets the
 * texts of those that were there for TRASH_MS; their ids stay (D3), and so does what waits or has a conflict.
 */
NODISCARD enum err store_trash_age(struct store *s, int64_t ms);
#define TRASH_STEP_MS INT64_C(86400000)
#define TRASH_SURE_MS INT64_C(600000)	/* for so long it cannot be emptied, so that rm -r of everything can be taken back */
/* The same for one task at once. ERR_BUSY: it was deleted just now, or its deletion is not sent, or it has a conflict. */
NODISCARD enum err store_trash_forget(struct store *s, int64_t task, int64_t now);

struct waiting {		/* an edit that a side does not have yet */
	enum side side;
	const char *what;	/* "create", "edit", "delete" */
	uint32_t fields;	/* of an edit */
	int64_t since;
	int64_t next;		/* ms: next try; 0: now; -1: refused, once the task changes */
	int tries;
	enum err err;
	const char *message;	/* borrowed; "" */
};
typedef bool store_waiting_fn(void *arg, const struct waiting *w);
NODISCARD enum err store_waiting(struct store *s, int64_t task, int64_t now, store_waiting_fn *fn, void *arg);
/*
 * Drop what is unsent of a task: its fields go back to what the side has; a task no side has goes to the trash; a deleted
 * one comes back. ERR_PERM: it was edited on another side, not here. ERR_BUSY: it is being sent. ERR_NOENT: nothing waits.
 */
NODISCARD enum err store_cancel(struct store *s, int64_t task, int64_t now, int64_t grace_ms);
/* A task that is not on this side is not to be created there any more, whatever becomes of it (D7). */
NODISCARD enum err store_unborn(struct store *s, int64_t task, enum side side);
/* What failed, was refused or waits longer is due now; what is held or in its grace time stays. ERR_NOENT: nothing waits. */
NODISCARD enum err store_retry(struct store *s, int64_t task, int64_t now);
/*
 * Take back the last edit or deletion made here, by an edit of its own; once more: the one before. After another edit,
 * what was undone until then counts as edits, so nothing is out of reach. *task: whose.
 * ERR_NOENT: there is none. ERR_STALE: it was changed since; the next call goes on with the one before.
 */
NODISCARD enum err store_undo(struct store *s, int64_t now, int64_t grace_ms, int64_t *task);

#endif
