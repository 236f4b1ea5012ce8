/*
 * sim - the whole system in one process, one thread and one clock: several mounts' stores and engines over one Sales
 * Connect and one Salesforce, people on every side, and everything that can go wrong. A run is a script, and a script
 * is made of a seed: the same seed ends the same, always.
 *
 * sim_server.c plays the two systems behind remote.h (from salesforce.md, salesconnect.md; shares nothing with
 * the engine), sim_mirror.c the vendor's own sync. sim_user.c is the user of a mount, sim_people.c people at the
 * systems, sim_op.c fate, and the table of all that; sim_run.c the mounts and their processes. sim_watch.c says
 * what may be done, sim_oracle.c and sim_lost.c what must hold at the end (all from rules.md). sim_script.c makes,
 * prints, reads and shrinks scripts; sim_figures.c counts.
 */
#ifndef SIM_H
#define SIM_H

#include "cycle.h"
#include "store_files.h"
#include <sqlite3.h>
#include <stdio.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

enum { MOUNTS_MAX = 20, RECORDS_MAX = 400, TASKS_MAX = 200, TYPED_MAX = 2000, OPS_MAX = 400, WORD = 64, ROWS_MAX = 300 };

/* ---- scripts ---- */

struct setup {
	int sides;		/* mask of the remotes that are configured */
	int mounts;
	int template;		/* index, see template_text */
	int order;		/* of conflict_winner, 0 to 5 */
	int first_import, skip, page;
	int enabled;		/* sync is on from the start */
	int keyed;		/* Salesforce keeps the key of a create (salesforce.md 4.4) */
	int mirror;		/* the vendor's own sync may be switched on (D7); 2: a blunt one */
	int skew;		/* ms; Sales Connect's clock is so much ahead of Salesforce's */
};
struct op {
	int kind, mount, a, b;
	int inside;		/* 0: now; n: within the n-th request from now: what people do, or another mount's pass */
};
struct script {
	uint64_t seed;
	struct setup setup;
	struct op op[OPS_MAX];
	int n;
};
/* with: MIRRORED, RARE */
void script_make(struct script *s, uint64_t seed, int mounts, int with);
void script_print(const struct script *s, FILE *to);
bool script_read(struct script *s, FILE *from);	/* false: it is none */
/* Take away what is not needed to fail as it does; prints nothing. */
void script_shrink(struct script *s);

/* ---- what goes wrong with a request ---- */

enum fault {
	FAULT_NONE, LOST_REQUEST, LOST_UNKNOWN, LOST_REPLY, UNAUTHORIZED, QUOTA, NO_RIGHT, TOO_MANY, UNAVAILABLE,
	UNAVAILABLE_BUT_DONE, LOCKED, MOVED_ON, INVALID, TRUNCATED, DOUBLE_PAGE, SHORT_PAGE, LOST_CURSOR, CUT_BATCH,
	KILL_BEFORE, KILL_AFTER, FAULTS
};
extern const char *const fault_name[FAULTS];

/* What else may befall a life; counted when it did happen. */
enum chance {
	KILLED_AT_COMMIT, LINE_CUT, LATE_ROW, SAME_STAMP_AT_EDGE, OTHER_INSTANCE, CLOCK_SET, SWITCHED_OFF, ON_AGAIN, FIRST_ON_IN_LIFE,
	REASSIGNED, UNSHARED, ARCHIVED, PURGED, OUT_OF_BIN, OTHER_TEMPLATE, MIRROR_SWITCHED, CHANCES
};
extern const char *const chance_name[CHANCES];

/* ---- the two systems ---- */

struct record {
	int task;			/* whose it is, for the oracle: see struct logical */
	char id[24];
	char word[TASK_NFIELDS][WORD];	/* in its own words; "": none */
	char person[16];
	char once[48], body[5 * WORD];
	int64_t created_at, changed_at;	/* this server's clock */
	int64_t true_at;		/* when it was created, the true time */
	int revision;
	bool deleted, away, hidden, purged, archived;
	bool by_me;			/* the account's own user made it there, by hand */
	bool alike;			/* see made_alike */
	bool unheard;			/* the mount that made it got no answer, or has perhaps not noted it */
	bool renamed;			/* a colleague gave the subject */
	int64_t touched_at;		/* when it last changed for those who see it, the true time */
	int64_t agreed_at[TASK_NFIELDS];	/* what was sent last is not newer than this (true time); 0: nothing was */
	bool chosen[TASK_NFIELDS];	/* by a person there, and no mount has written it since */
	int64_t sent_at[TASK_NFIELDS];	/* when an update by a mount was done here (true time); 0: none */
	int sent_by[TASK_NFIELDS];	/* and by which */
	int sent_as[TASK_NFIELDS];	/* and its revision then */
	int begun[MOUNTS_MAX];		/* its revision when the mount's pass began */
	int shown[MOUNTS_MAX];		/* the last revision that a mount was shown; 0: none */
	int met[MOUNTS_MAX];		/* and the first; */
	bool met_new[MOUNTS_MAX];	/* it was as it was made then */
	int named;			/* its revision when somebody gave it its name */
	int sure[MOUNTS_MAX];		/* the same, by passes that ended well: it knows what is there */
	bool alive_to[MOUNTS_MAX];	/* was shown to it while it was not deleted */
	bool shown_ours;		/* at some time with a status that is one of ours */
	int made_by;			/* mount, or -1: a person there; or MIRROR */
	int64_t born_at;		/* its create is under way until then (true time), and nobody sees it; 0: it is there */
	int64_t commits_at;		/* a long transaction holds the row until then (true time); 0: none */
	int64_t late_stamp;
	enum field late_field;
	char late[WORD];
};

struct cursor {
	int id;
	int rec[RECORDS_MAX], n;
};

struct server {
	enum side side;
	struct record rec[RECORDS_MAX];
	int n;
	int64_t skew;
	struct cursor cursor[16];
	int cursors;
	const char *template;	/* Sales Connect's setting */
	int instance;		/* part of the web addresses */
};

struct sim;
struct line {			/* one mount's way to one server */
	struct remote remote;	/* first */
	struct remote_ops ops;
	struct sim *sim;
	struct server *server;
	int mount;
	bool down;
	size_t items;		/* of the request under way, if that is a write; else 0 */
};
void line_init(struct line *l, struct sim *sim, int mount, enum side side);

struct record *server_add(struct sim *s, enum side side, int task, int made_by);
/* A person there sets a field to its own word; the stamp moves. */
void server_put(struct sim *s, enum side side, struct record *r, enum field f, const char *word);
void server_touch(struct sim *s, enum side side, struct record *r);
const char *server_word(enum side side, enum field f, const char *ours);	/* our word in its vocabulary */
const char *server_ours(enum side side, enum field f, const char *word);	/* NULL: not one of ours */
/* Is a change of it among what this mount is told? */
bool server_tells(const struct line *l, const struct record *r);
/* Completed, and over a year old: out of the ordinary queries (D10). */
void server_archive(struct sim *s);
/* Rows of long transactions that are over now. */
void server_late(struct sim *s);

/* ---- the vendor's own sync (D7) ---- */

enum { MIRROR = -3 };
struct pair {			/* two records that it holds for one task */
	int rec[NSIDES];
	char base[NSIDES][TASK_NFIELDS][WORD];
};
struct mirror {
	bool on;
	int64_t since, last;	/* when it was switched on, and off; true time; 0: never */
	int64_t due;		/* when it looks next */
	struct pair pair[RECORDS_MAX];
	int n;
};
void mirror_switch(struct sim *s, bool on);
int64_t mirror_patience(const struct sim *s);	/* until it looks */
void mirror_work(struct sim *s);
/* Does it keep this task in both systems, each copy of it? */
bool mirror_has(const struct sim *s, int task);
/* Did it go before a mount knew that these two are one task, and now they do not look it? */
bool mirror_left(struct sim *s, int task);
bool mirror_was_on_since(const struct sim *s, int64_t at);

/* ---- the mounts ---- */

struct origin {
	int64_t row;
	int task;
	bool sf_on;		/* sync was on when it was made */
};
struct switched {
	int64_t at;		/* true time */
	bool on;
};
struct mount {
	char path[96];
	struct store *store;
	sqlite3 *db;		/* the store's connection */
	struct config config;
	struct cycle cycle[NSIDES];
	struct line line[NSIDES];
	int64_t skew;		/* its clock is wrong by so much */
	bool sf_on;
	bool met;		/* Sales Connect was reached since: the clocks were compared */
	bool told, asked;	/* Sales Connect's settings: ever; in this pass */
	bool heard, knows;	/* the mirror is on: was told, and has it in its store */
	int64_t on_since, first_on;	/* true time; 0: never */
	bool dead;		/* killed: nothing of it gets out or into the database any more */
	int die_at;		/* commits from now; 0: lives */
	int running;		/* passes under way */
	struct origin origin[TASKS_MAX];
	int origins;
	struct switched switched[OPS_MAX];
	int switches;
	int64_t pass_began;	/* the last one; true time */
	bool anew;		/* it asked from the mark on, rather than go on where another was cut off */
	bool unheard;		/* an answer to it was lost */
	int64_t since[NSIDES], good[NSIDES];	/* when the first whole pass that ended well began, and the last; 0: none did */
};

/* ---- what people typed ---- */

struct logical {		/* one task as people think of it */
	int copies;		/* 2: made twice on purpose */
	int removed;		/* times somebody deleted it */
	bool out_of_sight;	/* was reassigned or un-shared at some time */
	bool was_hidden;	/* was un-shared, or edited beyond recognition: a create in doubt cannot be found then */
	bool beyond;		/* of these: edited beyond recognition */
	bool unnamed;		/* a rename was taken back */
	bool crossed_name;	/* its name was changed here or in Sales Connect */
	uint32_t cleared;	/* fields that were emptied at some time */
	enum side from;		/* where it was typed; SIDE_LOCAL: at a mount */
	struct choice {		/* see choice_made; masks */
		unsigned char stands, before;
	} choice[2][MOUNTS_MAX + 2];
	unsigned char in_doubt[2];
	int64_t chosen_at[TASK_NFIELDS];	/* by the user of a mount, or told to a mount by Sales Connect; true time */
	int mount;		/* which made it */
	int64_t at;		/* true time */
	bool undeleted;		/* came back from the bin */
	unsigned zombie;	/* mounts that had deleted it before it came back from the bin (D3) */
};
struct grave {			/* what a user deleted, and did not bring back */
	int mount;
	int64_t row;
	char word[TASK_NFIELDS][WORD];	/* as it was last seen there */
};
enum { SC_PERSON = -1, SF_PERSON = -2 };
struct typed {
	int task;
	enum field field;
	char value[WORD];
	int who;		/* mount, or one of these */
	bool replaced;		/* by somebody who saw it */
	bool rivalled;		/* at some time it stood against another that had not seen it either */
	bool held, beaten;	/* the mount has had it; and another in its place since (D2) */
	bool alike;		/* into one of several records that nobody could tell apart when they were made */
};

struct sim_figures {
	long runs, ops, requests, crashes, mounts, passes, writes, mirrored;
	long raced;		/* times two mounts copied one task in the same seconds */
	long forgotten;		/* times a create was made again after its key was forgotten */
	long carried;		/* times a mount carried on a choice that was taken back meanwhile, and another took it for a new one */
	long unordered;		/* times a mount met both records of a task after each was changed, with two choices */
	long unseen;		/* files renamed in Sales Connect before any mount that syncs had met their record there */
	long left_behind;	/* files named by a subject, as who made the task deleted it while its sync was off */
	long apart;		/* times a mount copied a task whose copy, or itself, was changed, and whoever made that syncs no more */
	long taken;		/* copies taken for those of another task, which looks the same, as no mount can know */
	long too_old;		/* times a mount copied a task whose copy is older than what it is told of */
	long mistaken;		/* values that are in another task, which could not be told apart when they were typed */
	long fault[FAULTS];	/* that struck */
	long chance[CHANCES];
	long typed, tasks, lost, doubled, diverged, forbidden, restless;
	long unlike;		/* lives that ended another way the second time */
};
void figures_add(struct sim_figures *sum, const struct sim_figures *f);
/* A table of n rows, then of all together what went wrong, each line behind a "# ". */
void figures_print(const char *const *name, const struct sim_figures *f, int n);
/* TAP: each row is clean; and of all that may happen nothing never did: of what may go wrong with a request, in a part of the lives. */
bool figures_good(const char *const *name, const struct sim_figures *f, int n);
bool figures_met_all(const struct sim_figures *f, int n, bool whole);
enum verdict { FINE, LOST, DOUBLED, DIVERGED, FORBIDDEN, RESTLESS, VERDICTS };

struct armed {
	enum fault fault;
	int mount, side, in;
	bool fits;		/* it waits for a request that it can strike */
};
struct sim {
	const struct script *script;
	int64_t now;		/* the true time */
	struct server server[NSIDES];
	struct mirror mirror;
	struct mount mount[MOUNTS_MAX];
	struct armed armed[32];
	int n_armed;
	struct op waiting[OPS_MAX];	/* to be done within a request */
	int n_waiting;
	struct logical logical[TASKS_MAX];
	int logicals;
	struct typed typed[TYPED_MAX];
	int n_typed;
	struct grave grave[OPS_MAX];
	int n_graves;
	int serial;		/* makes every typed value another */
	bool settling, undoing, taking;	/* taking: mine, of a conflict */
	enum verdict verdict;
	char why[300];
	uint64_t digest;	/* of everything that happened */
	struct sim_figures *figures;
	FILE *trace;		/* NULL: none */
};

/* One run from beginning to verdict. text: where to say what happened, NULL: nowhere. */
enum verdict sim_run(const struct script *script, struct sim_figures *figures, FILE *trace, char why[300],
	uint64_t *digest);
void sim_fail(struct sim *s, enum verdict v, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void sim_trace(struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sim_advance(struct sim *s, int64_t ms);
int64_t sim_rand(uint64_t *state, int64_t below);

/* A request of this line begins: what is to go wrong with it? People may be at work meanwhile. */
enum fault sim_request(struct line *l, const char *what);
/* For the figures: it did go wrong. */
void sim_struck(struct line *l, enum fault f);
void mount_die(struct mount *m);
bool mount_pass(struct sim *s, int mount, enum side side, bool full);	/* true: it ended well */
bool mount_pass_both(struct sim *s, int mount);	/* and what they leave to send */
void mount_restart(struct sim *s, int mount);
void mount_switch(struct sim *s, int mount, bool on);
/* Whose task is this row? -1: nobody's that we know. */
int mount_task(struct sim *s, int mount, int64_t row);
int mount_rows(struct sim *s, int mount, int64_t row[ROWS_MAX]);	/* the visible ones, by id */

/* ---- people and fate ---- */

struct op_def {
	const char *name;
	void (*fn)(struct sim *s, const struct op *op);
	int weight;
	bool inside;		/* may happen within a request */
	int needs;		/* sides, MIRRORED, RARE */
};
#define MIRRORED BIT(NSIDES)
#define RARE BIT(NSIDES + 1)	/* the archive, the recycle bin, more faults */
/* A kind is a number in all of them, in this order; it stays the same, so that a seed tells the same life for ever. */
extern const struct op_def user_op[], people_op[];
extern const int user_ops, people_ops;
const struct op_def *op_def(int kind);
int op_defs(void);
extern const char *const template_text[];
extern const int templates;
extern const enum side winner_order[6][NSIDES];
void op_do(struct sim *s, const struct op *op);

void unknowable(struct sim *s, enum side side, const struct record *r);
/* Whose it is by now. */
void know_owner(struct sim *s, enum side side, struct record *r);
/* A new subject of a template without a name: it and others are the same to everybody, and may change places. */
void made_alike(struct sim *s, struct record *r);
void typed_add(struct sim *s, int task, enum field f, const char *value, int who);
void typed_replaced(struct sim *s, int task, enum field f, const char *value);
int logical_new(struct sim *s, enum side from);
/* Never the same, and none is part of another. */
void new_text(struct sim *s, char who, char out[WORD]);
void new_due(struct sim *s, char out[WORD]);

/* ---- the oracle ---- */

void oracle_check(struct sim *s);
void oracle_lost(struct sim *s, const struct typed *t);	/* is it nowhere? */
/* Of what lies in the trash: nothing of it was lost, unless a conflict has it. And it is there. */
void oracle_graves(struct sim *s, int mount);
bool grave_is_there(struct sim *s, const struct grave *g);
void oracle_conflicts(struct sim *s, int mount);	/* D1: does one of them say the same twice? */
bool template_stays(const struct sim *s);	/* a changed one is known to a mount an hour later */
bool same(const char *a, const char *b);	/* none is "" */
bool template_has_name(const char *template);
void template_show(const char *template, const char *name, char out[WORD]);	/* R26, R27: what it makes of a name */
/* Asked at every write of the engine; updated: it is done; agreed: the answer is on its way; shown: the record is. */
int64_t there_since(const struct sim *s, int task, enum side side);
void oracle_create(struct sim *s, struct line *l, struct record *r, int64_t row);
void oracle_update(struct sim *s, struct line *l, const struct record *r, uint32_t fields, const struct task *t);
void oracle_agreed(struct sim *s, struct line *l, struct record *r, uint32_t fields);
void oracle_shown(struct sim *s, const struct line *l, struct record *r);
void oracle_updated(struct sim *s, const struct line *l, struct record *r, uint32_t fields);
/* After every pass: which of two values that have not seen each other does the mount show? (D2) */
void oracle_clashes(struct sim *s, int mount);
void oracle_told(struct sim *s, int mount, bool mirror);
/* Of every pass; well: it, or a mere push, ended so; ended: a whole one, and well; forgot: an answer was lost, or it was killed and may not have noted it. */
void oracle_pass_begins(struct sim *s, int mount, enum side side);
void oracle_pass_well(struct sim *s, int mount, enum side side);
void oracle_pass_ended(struct sim *s, int mount, enum side side);
void oracle_pass_forgot(struct sim *s, int mount, enum side side);
/*
 * Status and priority have two values, so nobody's word can be told from another's: of each person the last choice stands,
 * and the end is what somebody chose last. who: as in typed. ours: NULL for a value that does not cross: no choice (R8, R10).
 */
/* A person there is about to choose again. */
void choice_again(struct sim *s, enum side side, const struct record *r, enum field f);
void choice_made(struct sim *s, int task, enum field f, const char *ours, int who);
bool choice_stands(const struct sim *s, int task, enum field f, const char *ours);

#endif
