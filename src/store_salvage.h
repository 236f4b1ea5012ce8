/*
 * store_salvage - a damaged database is set aside; what only it held is kept as plain files.
 * The tasks themselves come again from the remotes they live on. What is kept is offered, never sent by
 * itself.
 */
#ifndef STORE_SALVAGE_H
#define STORE_SALVAGE_H

#include "buf.h"
#include "errcode.h"
#include <stdint.h>

struct salvage {
	char *dir;		/* "STATE/salvaged-2026-11-26T11-03-22"; owned */
	int64_t texts;		/* files in it that hold a user's text */
};
void salvage_finish(struct salvage *v);
#define AUTO_SALVAGE AUTO(salvage_finish) struct salvage

/*
 * Nobody may have the database open. Makes the directory (0700) with a README, the damaged files untouched,
 * and every text that was not certainly elsewhere: unsent edits, new tasks, rejected saves, scratch, lost
 * versions of conflicts, the trash, texts with comments. Puts an empty database in place, which knows what
 * records belonged together (store_partner) and has the saved searches. Killed anywhere, the next start goes
 * on (store_salvage_resume first); power loss, too. ERR_NOSPC, ERR_IO: nothing was moved.
 */
NODISCARD enum err store_salvage(const char *path, int64_t now, struct salvage *out);
/* Bring one to its end that was killed; nothing to do: ERR_OK. Before every store_open of a mount. */
NODISCARD enum err store_salvage_resume(const char *path);

#endif
