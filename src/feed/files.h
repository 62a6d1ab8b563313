/* The files of one feed: found, bounded, kept inside its folder. */
#ifndef FEED_FILES_H
#define FEED_FILES_H

#include "base/arena.h"

enum file_result { FILE_READ, FILE_MISSING, FILE_OUTSIDE, FILE_TOO_LARGE };

/* True for a path that leaves the folder by its text: absolute, or more ".." than names before it. */
bool path_climbs_out(struct str path);

/* A regular file, by its path from `folder`, which it may not leave by "..", by being absolute or by a
 * symbolic link. */
enum file_result file_read(const char *folder, const char *relative, size_t max, struct arena *a,
                           struct str *out);

/* A file of a feed as its user would name it: the feed's own path as it is, any other with the folder of the
 * feed in front. */
const char *file_shown(struct arena *a, const char *feed_path, const char *file);

enum { FILES_MOST = 1000 };

struct file_names {
    const char **items; /* sorted by bytes */
    size_t n;
};

/* The names in a folder with that ending, without hidden ones. False when it cannot be opened; errno says
 * why. */
bool folder_list(const char *folder, const char *ending, struct arena *a, struct file_names *out);

#endif
