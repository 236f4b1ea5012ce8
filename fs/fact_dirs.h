/*
 * fact_dirs - info/, history/ and by-id/ below .remindfs, as rows of dirs.h: every visible task once, by its
 * file's name (info/Call Bob) or its id (by-id/17.txt). Nothing can be changed there; a link of by-id/ can be
 * moved as one in a view can.
 */
#ifndef FACT_DIRS_H
#define FACT_DIRS_H

#include "dirs.h"

extern const struct dir_def by_id_dir, history_dir, info_dir;
extern const struct kind_def by_id_link, history_file, info_file;

#endif
