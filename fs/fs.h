/*
 * fs - the mount: a FUSE session over a store. Knows FUSE and the store; never HTTP, never SQL.
 */
#ifndef FS_H
#define FS_H

#include "config.h"
#include "wake.h"

struct fs_options {
	const char *store_path;
	const char *mountpoint;
	const char *fuse_options;	/* extra "-o" text, NULL: none */
	const struct config *config;	/* borrowed while fs_run */
	struct wake *changed, *outbox;
	bool debug;			/* log every request */
	void (*ready)(void *arg);	/* called once when the mount answers */
	/* a verb of .remindfs/ctl that is the sync's: "sync" */
	void (*verb)(void *arg, const char *line);
	void *arg;
};

/* Mount (a stale mount of ours at that place is healed first), serve until unmounted or SIGTERM, SIGINT,
 * SIGHUP, then flush and unmount. Blocks. ERR_CONFIG: the mountpoint is unusable (said in the log). */
NODISCARD enum err fs_run(const struct fs_options *o);

#endif
