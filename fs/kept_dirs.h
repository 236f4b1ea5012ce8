/*
 * kept_dirs - conflicts/, outbox/ and trash/ below .remindfs, as rows of dirs.h: what the store keeps for the
 * user (store.h).
 *
 *   conflicts/NAME/{base,mine,theirs}.txt  mv of mine or theirs to the task's file takes it; rm -r dismisses
 *   outbox/NAME.txt                        an edit that a side does not have yet; rm cancels it, touch sends
 *                                          it now
 *   trash/NAME.txt                         mv to open/, completed/, today/ ... restores; rm purges what is
 *                                          long deleted
 *
 * Where two are called the same, one is "NAME ~ID". The files are of mode 0644 although nothing can be
 * written into them: rm would ask about each otherwise.
 */
#ifndef KEPT_DIRS_H
#define KEPT_DIRS_H

#include "dirs.h"

extern const struct dir_def conflicts_dir, outbox_dir, trash_dir;
extern const struct kind_def conflict_kind, version_file, outbox_file, trash_file;

/* "base", "mine", "theirs" */
extern const char *const kept_version[NVERSIONS];

#endif
