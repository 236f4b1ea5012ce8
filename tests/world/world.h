/*
 * world - one store, one or two fake remotes, a clock that stands still until told, and a user: the whole of the sync
 * without threads and network. Tests say what people do, let it come to rest, and compare the ends as text.
 */
#ifndef WORLD_H
#define WORLD_H

#include "cycle.h"
#include "fake.h"
#include "store_files.h"
#include <sqlite3.h>

#define SC BIT(SIDE_SC)
#define SF BIT(SIDE_SF)
#define BOTH (SC | SF)

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

struct world {
	char path[64];			/* of the database */
	char other[64];			/* of the other mount's */
	struct store *store;
	sqlite3 *db;			/* the store's connection: for counting only */
	struct config config;
	struct fake fake[NSIDES];
	struct cycle cycle[NSIDES];
	struct fault fault;
	int64_t now;
	int commit_at;			/* die before the commit_at-th commit; 0: live */
	int commits;
	enum how again_how;		/* after the first interruption: */
	int again;			/* the again-th request (NHOW: commit) from then is hit, too; 0: none */
	int hits;			/* interruptions so far */
};

/* sides: the remotes that are configured. Sales Connect is on; Salesforce is off until world_enable. */
void world_init(struct world *w, unsigned sides);
void world_finish(struct world *w);
void world_enable(struct world *w, bool on);
/* Both in turn, and at rest. */
void world_begin(struct world *w, unsigned sides);
/* The process ends (well) and starts again. */
void world_restart(struct world *w);
/* Another mount of the account, with an empty store, in which the sync is on since then. */
void world_another(struct world *w, int64_t enabled_at);
/* The turn of the other of two mounts of the account: likewise, if it is its first. */
void world_turn(struct world *w, int64_t enabled_at);
/* A backup is made of the database; the process is killed, and starts again on the backup: the log is lost. */
void world_keep(struct world *w);
void world_lose(struct world *w);

/* One pass of every configured remote, Sales Connect first. The first error, if any. */
enum err world_pass(struct world *w);
enum err world_pass_one(struct world *w, enum side side);
/* Passes, two minutes apart, until nothing is written any more; then says whether it came to rest. A process that was
 * killed is started again on what was in its database at that moment. */
bool world_rest(struct world *w);
/* One more pass: no request that writes, no row written (and one request a remote). */
#define check_quiet(w) check_quiet_at(w, __FILE__, __LINE__)
void check_quiet_at(struct world *w, const char *file, int line);
#define check_rest(w)                                                                                              \
	do {                                                                                                       \
		assert_true(world_rest(w));                                                                        \
		check_quiet(w);                                                                                    \
	} while (0)

/* The user at the mount. Every call is a closed file: sent with the next pass. */
int64_t user_new(struct world *w, const char *title);
void user_set(struct world *w, int64_t id, enum field field, const char *value);
void user_rm(struct world *w, int64_t id);
int64_t user_find(struct world *w, const char *title);	/* live and visible; 0: none */
const char *user_see(struct world *w, const char *title, enum field field);	/* "-": none; fails if no such task */
/* Everything as text: the tasks in the mount, the records at each remote, sorted; then the conflicts' number. */
char *world_text(struct world *w);
#define check_world(w, want) check_world_at(w, want, __FILE__, __LINE__)
void check_world_at(struct world *w, const char *want, const char *file, int line);
int64_t world_conflicts(struct world *w);
int64_t world_waiting(struct world *w, enum side side);
bool world_meta(struct world *w, const char *key, const char *want);
int64_t world_rows(struct world *w);	/* rows written so far by this process */

/*
 * Interrupt everywhere. before: what was, in sync; act: what people do then. For every request and every commit until
 * all is at rest again: the request is lost, its answer is lost, the process dies there; the end must be the same. And
 * once more with a second interruption soon after the first, which hits the mending.
 */
struct story {
	const char *name;
	unsigned sides;
	void (*before)(struct world *w);
	void (*act)(struct world *w);
};
void interrupt_everywhere(const struct story *story);

#endif
