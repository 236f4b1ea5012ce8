/*
 * fold - a thread that folds the store's log into the database, so that nobody's commit has to. Knows when it
 * is woken, and nothing of what is in it.
 */
#ifndef FOLD_H
#define FOLD_H

#include "store.h"

struct fold;

/* Starts the thread, with a store of its own. grown: of the stores that write; borrowed until destroy. */
NODISCARD enum err fold_create(const char *store_path, struct wake *grown, struct fold **out);
void fold_destroy(struct fold *f);	/* waits for a fold under way. NULL: fine. */

#endif
