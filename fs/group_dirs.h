/*
 * group_dirs - by-person/ and search/, as rows of dirs.h: directories that the store knows (store.h), and the
 * links in them.
 *
 *   by-person/NAME/   the open tasks of a person; only who has some is there
 *   search/QUERY/     the tasks, open or completed, that hold the words of its name; mkdir, mv and rmdir
 */
#ifndef GROUP_DIRS_H
#define GROUP_DIRS_H

#include "dirs.h"

extern const struct dir_def by_person_dir, search_dir;
extern const struct kind_def person_kind, search_kind, group_link;

#endif
