/*
 * cmd - the commands, one file each, and what they share: where things are, and how to speak to a running
 * daemon. Every command gives an exit code of options.h and has said on stderr what went wrong and what to
 * type next.
 */
#ifndef CMD_H
#define CMD_H

#include "auto.h"
#include "config.h"
#include "options.h"
#include "store.h"
#include <stdint.h>
#include <sys/types.h>

int cmd_mount(const struct args *a);
int cmd_umount(const struct args *a);
int cmd_status(const struct args *a);
int cmd_sync(const struct args *a);
int cmd_confirm(const struct args *a);
int cmd_take_back(const struct args *a);
int cmd_list(const struct args *a);
int cmd_login(const struct args *a);
int cmd_logout(const struct args *a);
int cmd_version(const struct args *a);
int cmd_help(const struct args *a);

/* Where things are, and the configuration. A missing configuration file is fine: a local task list. */
struct env {
	char *config_path, *state, *store_path, *log_path;
	struct config config;
};
/* 0, or the exit code (said on stderr). */
int env_load(struct env *e);
void env_finish(struct env *e);
#define AUTO_ENV AUTO(env_finish) struct env

/* The daemon holds an advisory lock on state/lock as long as it lives; the file says its pid and
 * mountpoint. */
struct daemon {
	int fd;			/* of the lock; -1: somebody else has it */
	pid_t pid;		/* the other's; 0: nobody */
	char mountpoint[4096];	/* the other's, or the last one's; "" : never mounted */
};
/* take: become the daemon. 0, or the exit code (said on stderr). */
int daemon_lock(const struct env *e, bool take, const char *mountpoint, struct daemon *out);
/* Write this process and its mountpoint into the lock it holds, or has inherited. */
bool daemon_sign(const struct daemon *d, const char *mountpoint);
/* Write a verb to the running daemon's ctl file. False: there is none, or it refused (said on stderr). */
bool daemon_tell(const struct daemon *d, const char *verb);

/* The store for reading. 0, or the exit code: no store yet is EXIT_UNAVAILABLE (said on stderr). */
int open_store(const struct env *e, bool read_only, struct store **out);
/* Sides on or off as the configuration says (R1, R23). */
NODISCARD enum err switch_sides(struct store *s, const struct config *c, int64_t now);

int64_t now_ms(void);
/* "remindfs: TEXT: MEANING" on stderr (ERR_OK: no meaning); gives the exit code that fits, EXIT_UNAVAILABLE
 * by default. */
int complain(enum err e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* progress.c: show the first import until it is done on every side that is on, and what came is joined with
 * its copies, so that the tree is at rest; or one cannot go on. False: it could not, or ms ran out; the mount
 * goes on trying by itself. Sleeps. */
bool progress_wait(struct store *s, int64_t ms);

#endif
