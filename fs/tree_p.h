/* tree_p - inside tree: what finding, making and renaming share. For fs/tree*.c alone. */
#ifndef TREE_P_H
#define TREE_P_H

#include "tree.h"

bool tree_is_open(uint64_t dir);	/* open/ itself */
bool tree_holds_tasks(uint64_t dir);	/* open/ or completed/ */
/* A new name there: of a task, or of a file that is nothing more? */
bool tree_is_task_name(uint64_t dir, const char *name);
/* ERR_EXIST: another task than but has the name. */
NODISCARD enum err tree_taken(struct env *env, const char *name, int64_t but);
/* The task that a file of this name is from now on, where no visible one has it.
 * *fresh: a new one, not in the store yet. */
NODISCARD enum err tree_begin(struct env *env, struct files *files, uint64_t dir, const char *name,
	struct entry *out, bool *fresh);
/* For errors: what was not done to a task, at the place where it lives. advice NULL: nobody would look for
 * one. */
void tree_refuse(struct env *env, const struct entry *e, uint64_t dir, const char *what, const char *advice);

#endif
