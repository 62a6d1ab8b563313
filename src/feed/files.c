/* The files of one feed: found, bounded, kept inside its folder, digested. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

bool path_climbs_out(struct str path)
{
    int depth = 0;

    if (path.n == 0 || path.p[0] == '/')
        return true;
    while (path.p && depth >= 0) {
        struct str part = str_cut(&path, '/');

        if (str_eq(part, STR("..")))
            depth--;
        else if (part.n && !str_eq(part, STR(".")))
            depth++;
    }
    return depth < 0;
}

/* Or by a symbolic link. A path that cannot be resolved is inside: opening it says why not. */
static bool links_out(const char *folder, const char *path)
{
    char *root = realpath(folder, NULL), *real = realpath(path, NULL);
    size_t n = root ? strlen(root) : 0;
    bool out = root && real && n > 1 && (strncmp(real, root, n) != 0 || real[n] != '/') &&
               strcmp(real, root) != 0;

    free(root);
    free(real);
    return out;
}

/* A named pipe would keep its reader waiting for ever. */
static FILE *open_plain(const char *path, struct stat *st)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    FILE *in = NULL;

    if (fd < 0)
        return NULL;
    if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
        in = fdopen(fd, "rb");
    if (!in)
        (void)close(fd);
    return in;
}

enum file_result file_read(const char *folder, const char *relative, size_t max, struct arena *a,
                           struct str *out)
{
    const char *path = arena_printf(a, "%s/%s", folder, relative).p;
    enum file_result result;
    struct stat st;
    size_t size;
    FILE *in;
    char *p;

    if (path_climbs_out(str_of(relative)) || links_out(folder, path))
        return FILE_OUTSIDE;
    in = open_plain(path, &st);
    if (!in)
        return FILE_MISSING;
    size = (size_t)st.st_size;
    p = size > max ? NULL : arena_get(a, size + 1, 1);
    result = p ? FILE_READ : FILE_TOO_LARGE;
    if (p)
        *out = (struct str){p, fread(p, 1, size, in)};
    if (p && ferror(in))
        result = FILE_MISSING;
    fclose(in);
    return result;
}

static int by_name(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

bool folder_list(const char *folder, const char *ending, struct arena *a, struct file_names *out)
{
    DIR *d = opendir(folder);
    size_t room = 16, end = strlen(ending);
    const struct dirent *entry;

    *out = (struct file_names){NEW_ARRAY(a, const char *, room), 0};
    if (!d)
        return false;
    while ((entry = readdir(d)) && out->n < FILES_MOST) {
        struct str name = str_of(entry->d_name);

        if (name.n <= end || name.p[0] == '.' || strcmp(name.p + name.n - end, ending) != 0)
            continue;
        if (out->n == room) {
            const char **more = NEW_ARRAY(a, const char *, 2 * room);
            memcpy(more, out->items, room * sizeof(*more));
            out->items = more;
            room *= 2;
        }
        out->items[out->n++] = arena_copy(a, name).p;
    }
    closedir(d);
    qsort(out->items, out->n, sizeof(*out->items), by_name);
    return true;
}

const char *file_shown(struct arena *a, const char *feed_path, const char *file)
{
    const char *slash = feed_path ? strrchr(feed_path, '/') : NULL;

    if (!slash || strcmp(file, feed_path) == 0)
        return arena_copy(a, str_of(file)).p;
    return arena_printf(a, "%.*s/%s", (int)(slash - feed_path), feed_path, file).p;
}
