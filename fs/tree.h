/*
 * tree - what names mean: find, create, remove and rename, among tasks, scratch files and what is generated
 * (dirs.h). A directory is given by its inode.
 * Decides which of the editors' ways to save a file is at hand. Knows the store; no FUSE types.
 */
#ifndef TREE_H
#define TREE_H

#include "handle.h"
#include "node.h"
#include "store_files.h"

struct found {
	uint64_t ino;		/* its kind says which of the others is set */
	struct entry e;		/* KIND_TASK, and a generated link: the task; id 0: none */
	struct scratch x;	/* KIND_SCRATCH */
	bool fresh;		/* KIND_TASK: the store does not have it yet (handle_create) */
	int64_t ms;		/* a generated one's time */
	bool lasting;		/* the name is its own, so the kernel may keep it until it is told
				 * otherwise */
};
/* ERR_NOENT. A task answers to its name, to a former one and to another spelling of it. */
NODISCARD enum err tree_find(struct env *env, uint64_t dir, const char *name, struct found *out);
/* Does a directory hold files, and which one is it? Of these, the templates' holds no tasks. */
bool tree_place(uint64_t dir, enum scratch_place *out);
/* What an inode number is. ERR_NOENT. A task that is out of sight is found as long as its row is there:
 * *hidden. */
NODISCARD enum err tree_node(struct env *env, uint64_t ino, struct found *out, bool *hidden);

/*
 * A new empty file: the task it continues (a backup rename or an unlink came before), a new task, or scratch.
 * ERR_EXIST: it is there, or a task in the other directory has the name. ERR_PERM: not in this directory.
 * later: a new task may be one that the store does not have yet.
 */
NODISCARD enum err tree_create(struct env *env, struct files *files, uint64_t dir, const char *name,
	uint32_t mode, bool later, struct found *out);
/* mkdir and rmdir of what is generated: a saved search. ERR_PERM, ERR_EXIST. */
NODISCARD enum err tree_mkdir(struct env *env, uint64_t dir, const char *name, struct found *out);
NODISCARD enum err tree_rmdir(struct env *env, uint64_t dir, const char *name);
/* An editor's lock, a symbolic link to nowhere. ERR_PERM: any other. */
NODISCARD enum err tree_lock(struct env *env, uint64_t dir, const char *name, const char *target,
	struct found *out);
NODISCARD enum err tree_remove(struct env *env, struct files *files, uint64_t dir, const char *name);

/*
 * Rename. To a task's name: a new title, a move, a save of the scratch file's text, or all that the target
 * directory means. To another name: a backup (the task is parked), or scratch as it was. ERR_EXIST: a task is
 * never replaced by another task. ERR_PERM. A text that does not parse is kept as a draft, and the rename
 * succeeds.
 */
NODISCARD enum err tree_rename(struct env *env, struct files *files, uint64_t dir, const char *name,
	uint64_t to_dir, const char *to, bool noreplace);

#endif
