#include "temp_folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

void temp_folder_make(struct temp_folder *t)
{
    const char *in = getenv("TMPDIR");

    (void)snprintf(t->path, sizeof t->path, "%s/tidings-test-XXXXXX", in && *in ? in : "/tmp");
    if (!mkdtemp(t->path)) {
        perror(t->path);
        exit(99);
    }
}

const char *temp_folder_file(const struct temp_folder *t, const char *name, char out[512])
{
    (void)snprintf(out, 512, "%s/%s", t->path, name);
    return out;
}

static int take_away(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

void temp_folder_remove(struct temp_folder *t)
{
    (void)nftw(t->path, take_away, 16, FTW_DEPTH | FTW_PHYS);
}
