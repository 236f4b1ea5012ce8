/*
 * store_files - the mount's half of the store: tasks as files, and what else there is of files. Rules as in
 * store.h.
 */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include "store.h"

/* ---- tasks as files ------------------------------------------------------------------------------------ */

/* A task is visible unless deleted, parked or away. ERR_NOENT: no visible task of that id / name (names are
 * unique over open/ and completed/ together). */
NODISCARD enum err store_entry(struct store *s, int64_t id, struct entry *out);
NODISCARD enum err store_lookup(struct store *s, const char *name, struct entry *out);
/* A task's former name, for 15 minutes after its last use; using it counts.
 * ERR_NOENT also once a task has it. */
NODISCARD enum err store_alias(struct store *s, const char *name, int64_t now, struct entry *out);
/* The task, visible or not, that had this name within those 15 minutes. ERR_NOENT. */
NODISCARD enum err store_former(struct store *s, const char *name, int64_t now, int64_t *id);
/* Nobody answers to this former name any more: a file was renamed on purpose (mv). */
NODISCARD enum err store_unalias(struct store *s, const char *name);

/* The bytes served: the draft, else the user's own text while it means the task's fields,
 * else rendered. Appended. */
NODISCARD enum err store_text(struct store *s, int64_t id, struct buf *out);
/* Both at once. *unsaved: no save of this task was taken yet; it was created with an empty text, and may
 * serve a rejected one. */
NODISCARD enum err store_whole(struct store *s, int64_t id, struct task *t, struct buf *text, bool *unsaved);

/* An id that no other task gets, for one that is created later. Not inside a transaction. */
NODISCARD enum err store_reserve(struct store *s, int64_t *id);
/* As store_create does here; *id: a reserved one, or 0. */
NODISCARD enum err store_create_as(struct store *s, int64_t *id, const struct task *t, const char *text,
	size_t n, int64_t now);
/* The last handle on a task was closed: what is held or waiting its grace starts its grace_ms from now. A new
 * task of which there is only a rejected save stays held: who it is for may stand in that text. */
NODISCARD enum err store_closed(struct store *s, int64_t id, int64_t now, int64_t grace_ms);
/* The same for all: after a crash no handle is open. */
NODISCARD enum err store_closed_all(struct store *s, int64_t now, int64_t grace_ms);
/* Keep a rejected save: served, listed, never sent. line, msg: where and why.
 * The next store_edit with text clears it. */
NODISCARD enum err store_draft(struct store *s, int64_t id, const char *text, size_t n, int line,
	const char *msg, int64_t now);
/*
 * A task whose file was renamed to a scratch name (an editor's backup): invisible, still linked, not deleted.
 * A scratch file dir/name with its text takes its place (replacing one of that name) and remembers the task.
 */
NODISCARD enum err store_park(struct store *s, int64_t id, bool open, const char *name, int64_t now,
	int64_t *scratch);
/* The invisible task that a new file of this name continues: parked, or deleted here and not yet sent. It is
 * visible again afterwards, with its id, in open/ or completed/ as asked. ERR_NOENT: none. */
NODISCARD enum err store_revive(struct store *s, const char *name, bool open, int64_t now, int64_t *id);

int64_t store_fed(struct store *s);	/* the last row of this store's last transaction; 0: none */

/* ---- scratch files: editors' droppings, templates; never synced ---------------------------------------- */

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
NODISCARD enum err store_scratch_create(struct store *s, const struct scratch *new, const char *text,
	size_t n, int64_t now, int64_t *id);	/* ERR_EXIST */
NODISCARD enum err store_scratch_find(struct store *s, enum scratch_place place, const char *name,
	struct scratch *out);
NODISCARD enum err store_scratch(struct store *s, int64_t id, struct scratch *out);
typedef bool store_scratch_fn(void *arg, const struct scratch *x);
NODISCARD enum err store_scratch_list(struct store *s, enum scratch_place place, int64_t after,
	store_scratch_fn *fn, void *arg);
NODISCARD enum err store_scratch_text(struct store *s, int64_t id, struct buf *out);
NODISCARD enum err store_scratch_write(struct store *s, int64_t id, const char *text, size_t n, int64_t now);
NODISCARD enum err store_scratch_chmod(struct store *s, int64_t id, uint32_t mode);
/* Rename; a scratch file of the new name is replaced. */
NODISCARD enum err store_scratch_rename(struct store *s, int64_t id, enum scratch_place place,
	const char *name);
/* Remove. If it stands for a parked task nothing continued,
 * that task is deleted (store_delete with grace_ms). */
NODISCARD enum err store_scratch_remove(struct store *s, int64_t id, int64_t now, int64_t grace_ms);
/*
 * A text that was typed for a task which went away meanwhile (deleted or reassigned by a remote): it becomes
 * a scratch file of the task's name without ".txt", numbered if taken, and errors says how to make it a task.
 * The same text again: no write. ERR_EXIST: there are too many of that name.
 */
NODISCARD enum err store_rescue(struct store *s, int64_t task, const char *text, size_t n, int64_t now);

/* ---- found by person, by words ------------------------------------------------------------------------- */

/*
 * The index of persons and words costs a save nothing: it is brought up to date from the feed by whoever
 * reads of it. So these calls may write. Ahead of them, a part at a time (a short transaction): *more: there
 * is more to do.
 */
NODISCARD enum err store_index(struct store *s, bool *more);

enum grouping { GROUP_PERSON, GROUP_SEARCH, NGROUPS };
struct group {			/* the open tasks of a person;
				 * the tasks, open or not, that a saved search finds */
	int64_t id;		/* never reused */
	char name[NAME_LEN + 1];	/* the person, safe as a file name and unique;
					 * the query as it was typed */
	int64_t made_at;	/* of a search; 0 */
};
/* ERR_NOENT; by id also a person without an open task. */
NODISCARD enum err store_group(struct store *s, enum grouping by, int64_t id, struct group *out);
NODISCARD enum err store_group_find(struct store *s, enum grouping by, const char *name, struct group *out);
typedef bool store_group_fn(void *arg, const struct group *g);
NODISCARD enum err store_groups(struct store *s, enum grouping by, store_group_fn *fn, void *arg);
/* By id. fn as for store_list. ERR_NOENT: no such search. */
NODISCARD enum err store_group_tasks(struct store *s, enum grouping by, int64_t id, store_entry_fn *fn,
	void *arg);
/* Is this task in it? ERR_NOENT: no. */
NODISCARD enum err store_group_holds(struct store *s, enum grouping by, int64_t id, int64_t task);
/*
 * A saved search: words that must all be in title, person and details; "a phrase"; wor* for any ending. Case
 * and accents do not count. Any text is a query. ERR_EXIST, ERR_NAME, ERR_UTF8; ERR_NOENT: no such search.
 */
NODISCARD enum err store_search_make(struct store *s, const char *query, int64_t now);
NODISCARD enum err store_search_drop(struct store *s, int64_t id);
NODISCARD enum err store_search_rename(struct store *s, int64_t id, const char *query);

/* ---- what is kept for the user: conflicts, the trash, edits not sent, the last edit -------------------- */

enum keep { KEEP_CONFLICTS, KEEP_TRASH, KEEP_OUTBOX };
enum version { VERSION_BASE, VERSION_MINE, VERSION_THEIRS, NVERSIONS };
#define TRASH_MS (INT64_C(15) * 86400000)	/* a deleted task can be restored for so long at least */

struct kept {			/* a row of one of those lists */
	int64_t id;		/* of the conflict; else of the task */
	int64_t task;
	char name[NAME_LEN + 1];	/* the task's file name;
					 * "Call Bob ~17.txt" (17: id) where another row has it */
	int64_t at;		/* ms: the conflict arose, the task was deleted, the edit waits since */
	uint32_t versions;	/* KEEP_CONFLICTS: BIT(VERSION_x) of those there are */
};
typedef bool store_kept_fn(void *arg, const struct kept *k);
/* Rows with id > after, by id; fn gives false to stop and must not write.
 * The outbox lists only what is really unsent. */
NODISCARD enum err store_kept_list(struct store *s, enum keep which, int64_t after, store_kept_fn *fn,
	void *arg);
NODISCARD enum err store_kept_find(struct store *s, enum keep which, const char *name, struct kept *out);
NODISCARD enum err store_kept(struct store *s, enum keep which, int64_t id, struct kept *out);

/* One version of a conflict, with the facts of its task.
 * ERR_NOENT: no such conflict, or that side had deleted it. */
NODISCARD enum err store_conflict_version(struct store *s, int64_t conflict, enum version v,
	struct task *out);
NODISCARD enum err store_conflict_dismiss(struct store *s, int64_t conflict);
/* One version is not kept any longer; the conflict is until it is dismissed. ERR_NOENT. */
NODISCARD enum err store_conflict_forget(struct store *s, int64_t conflict, enum version v);
/*
 * Settle a conflict. theirs: the fields in the clash get their values, as an edit made here. mine: ours where
 * theirs won and stands unchanged. A deleted task is created anew from the version taken; where that version
 * is the deletion, it stays deleted. *task: the task it is now, 0: none.
 */
NODISCARD enum err store_conflict_take(struct store *s, int64_t conflict, enum version v, int64_t now,
	int64_t grace_ms, int64_t *task);

/*
 * Bring a deleted task back: the same one while its deletion was certainly not sent, else a new one (*id),
 * which the remotes get as new (D3: nothing that was deleted returns). status: NULL: as it was. ERR_NOENT:
 * not in the trash.
 */
NODISCARD enum err store_restore(struct store *s, int64_t task, const char *status, int64_t now,
	int64_t grace_ms, int64_t *id);
/*
 * The trash ages by time that was seen to pass, not by a clock that can be set: ms of it passed since the
 * last call, or since the mount. More than TRASH_STEP_MS count as that, so that what was deleted meanwhile is
 * not too old. Forgets the texts of those that were there for TRASH_MS; their ids stay (D3), and so does what
 * waits or has a conflict.
 */
NODISCARD enum err store_trash_age(struct store *s, int64_t ms);
#define TRASH_STEP_MS INT64_C(86400000)
/* for so long it cannot be emptied, so that rm -r of everything can be taken back */
#define TRASH_SURE_MS INT64_C(600000)
/* The same for one task at once. ERR_BUSY: it was deleted just now, or its deletion is not sent,
 * or it has a conflict. */
NODISCARD enum err store_trash_forget(struct store *s, int64_t task, int64_t now);

/*
 * Drop what is unsent of a task: its fields go back to what the side has; a task no side has goes to the
 * trash; a deleted one comes back. ERR_PERM: it was edited on another side, not here. ERR_BUSY: it is being
 * sent. ERR_NOENT: nothing waits.
 */
NODISCARD enum err store_cancel(struct store *s, int64_t task, int64_t now, int64_t grace_ms);
/* What failed, was refused or waits longer is due now; what is held or in its grace time stays.
 * ERR_NOENT: nothing waits. */
NODISCARD enum err store_retry(struct store *s, int64_t task, int64_t now);
/*
 * Take back the last edit or deletion made here, by an edit of its own; once more: the one before. After
 * another edit, what was undone until then counts as edits, so nothing is out of reach. *task: whose.
 * ERR_NOENT: there is none. ERR_STALE: it was changed since; the next call goes on with the one before.
 */
NODISCARD enum err store_undo(struct store *s, int64_t now, int64_t grace_ms, int64_t *task);

#endif
