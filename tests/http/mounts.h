/*
 * mounts - many mounts of one account over one sandbox: each has its own store, two remotes and two cycles
 * (the real engine over real HTTP, no threads), and a person who edits. The world's clock is the sandbox's
 * and theirs.
 */
#ifndef MOUNTS_H
#define MOUNTS_H

#include "cycle.h"
#include "store_files.h"
#include "sandbox.h"

struct mount {
	char dir[64];
	struct store *store;
	struct remote *remote[NSIDES];
	struct cycle cycle[NSIDES];
	bool cut[NSIDES];	/* that side cannot be reached from here */
};

/* After sandbox_clean: empty systems, time stands where it is until world_advance. */
void world_begin(const char *settings);
int64_t world_now(void);
void world_advance(int seconds);

/* A store of its own, both sides on. */
void mount_open(struct mount *m);
void mount_close(struct mount *m);	/* the process ends; what is on disk stays */
void mount_again(struct mount *m);	/* ...and starts again */
void mount_remove(struct mount *m);	/* and its files */
/* One pass. ERR_OFFLINE while that side is cut off. */
enum err mount_pass(struct mount *m, enum side side);
enum err mount_push(struct mount *m, enum side side);
void mount_greet(struct mount *m);	/* the next pass asks for the settings anew */

int64_t mount_new(struct mount *m, const char *title);
void mount_set(struct mount *m, int64_t id, enum field f, const char *value);
void mount_rm(struct mount *m, int64_t id);
int64_t mount_find(struct mount *m, const char *title);	/* 0: none */
size_t mount_tasks(struct mount *m, int64_t *id, size_t max);	/* those that are visible */
int64_t mount_conflicts(struct mount *m);
int64_t mount_confirm(struct mount *m);	/* what is held (D6) may go: how many */

/* Passes of all, two minutes apart, until two rounds have written nothing anywhere. false: never. */
bool world_rest(struct mount *m, size_t n);
/* Requests since the last call that could write. side SIDE_LOCAL: both. */
int wrote(enum side side);
int world_writes(void);	/* all of them since world_begin */

/* "title | status | priority | due | details" of every live task, sorted, in our words. Caller frees. */
char *mount_text(struct mount *m);
char *remote_text(enum side side);
int remote_count(enum side side, const char *title);	/* NULL: any title */

/* A colleague, in one of the systems. */
void colleague_new(enum side side, const char *title);
/* false: there is no live task */
bool colleague_pick(enum side side, unsigned lot, char id[24], char title[64]);
void colleague_set(enum side side, const char *id, enum field f, const char *value);	/* in our words */
void colleague_rm(enum side side, const char *id);
#define check_tasks(text, want)                                                                              \
	do {                                                                                                 \
		AUTO_FREE char *is_ = (text);                                                                \
		assert_string_equal(is_, want);                                                              \
	} while (0)

#endif
