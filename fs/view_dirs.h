/* view_dirs - the directories of views over the store, as rows of dirs.h. Decides nothing: views.h does. */
#ifndef VIEW_DIRS_H
#define VIEW_DIRS_H

#include "dirs.h"
#include "views.h"

extern const struct dir_def view_day_dir, view_someday_dir, view_high_dir, view_span_dir;
extern const struct kind_def view_link;

/* A link to task node_id(ino), for kind_def.node. */
NODISCARD enum err view_link_node(struct env *env, uint64_t ino, struct found *out);
/* Where it leads, from two directories down, for kind_def.text. */
NODISCARD enum err view_deep_text(struct env *env, const struct found *at, struct buf *out);

#endif
