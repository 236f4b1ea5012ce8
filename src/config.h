/*
 * config - the INI file ~/.config/remindfs/config. config_parse is pure; config_load does I/O.
 * Lines: [section], key = value (to the end of the line, trimmed; no quotes), # or ; comments on their own
 * line.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "auto.h"
#include "errcode.h"
#include "task.h"
#include <stdbool.h>

enum first_import { FIRST_24H, FIRST_30D, FIRST_OPEN };	/* R17 */

struct config_remote {		/* [salesforce] and [salesconnect]; a section with a url or token_command
				 * (salesforce: or a client_id) is "configured" */
	bool configured;
	char *url;		/* base address, no "/" at the end; salesforce: login host, default
				 * https://login.salesforce.com. https, or http to this machine */
	char *token_command;	/* prints a bearer token (salesforce: or sf's JSON with accessToken,
				 * instanceUrl) */
	char *client_id;	/* salesforce: consumer key */
	char *client_secret_command;
	char *activity_detail;	/* salesforce alone: the subject template (R24); NULL: default */
	char *complete_status;	/* salesforce: name used for complete, default "Completed" (salesforce.md
				 * 0.6) */
	char *open_status;	/* default "Not Started" */
	int redirect_port;	/* salesforce login listener, 0: any free port */
	bool push;		/* salesforce: push = auto | off; auto: listen for changes, where the org lets
				 * us */
	char *push_channel;	/* salesforce: what to listen to, "/data/..." or "/topic/...";
				 * default /data/TaskChangeEvent */
	char *path;		/* salesconnect: prefix of the seven paths, default "/api/v1" */
};

struct config {
	bool sync_enabled;		/* [sync] enabled, default no (R1, R23) */
	bool other_values_skip;		/* [sync] other_values = keep | skip (R8) */
	enum first_import first_import;	/* [sync] first_import */
	int poll_active;		/* [sync] poll_active, s, default 120: while files were touched in the
					 * last 15 min */
	int poll_idle;			/* [sync] poll_idle, s, default 600 */
	int grace_ms;			/* [sync] grace, s (fractions allowed), default 5 */
	enum side winner[NSIDES];	/* [sync] conflict_winner (D2), a permutation, best first */
	struct config_remote remote[NSIDES];
	char *mountpoint;		/* [mount] path, may be NULL */
};

struct config_error {
	int line;
	char msg[200];
};

void config_init(struct config *c);	/* the defaults */
/* *c has been initialised; what the text does not say stays. A key twice is an error. ERR_CONFIG with *e;
 * ERR_NOMEM. */
NODISCARD enum err config_parse(struct config *c, const char *text, size_t n, struct config_error *e);
/* Read and parse. ERR_NOENT: no file (*c holds the defaults). ERR_PERM: readable by others, and it names
 * secrets' whereabouts: refused, *e says the chmod to type. *c has been initialised.
 * "~/" in [mount] path is the home directory. */
NODISCARD enum err config_load(struct config *c, const char *path, struct config_error *e);
/* Rewrite "[sync] enabled" in place, atomically, comments kept (R23). Creates the file (0600) if needed.
 * A symlink is followed. */
NODISCARD enum err config_set_enabled(const char *path, bool on);
void config_finish(struct config *c);
#define AUTO_CONFIG AUTO(config_finish) struct config

/* $XDG_CONFIG_HOME/remindfs/config and $XDG_STATE_HOME/remindfs (created 0700; looser: ERR_PERM); caller
 * frees. ERR_CONFIG: neither the variable nor HOME is an absolute path. */
NODISCARD enum err config_path(char **out);
NODISCARD enum err config_state_dir(char **out);

#endif
