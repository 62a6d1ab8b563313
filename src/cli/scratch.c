#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool scratch_open(struct scratch *s, struct err *e)
{
    const char *base = getenv("TMPDIR");
    int n = snprintf(s->path, sizeof s->path, "%s/tidings-XXXXXX", base && *base ? base : "/tmp");

    if (n < 0 || (size_t)n >= sizeof s->path || !mkdtemp(s->path)) {
        s->path[0] = '\0';
        return err_set(e, ERR_CONFIG, errno, "no temporary folder: %s", strerror(errno));
    }
    return true;
}

/* Each folder on the way to `full`, behind the scratch folder itself. */
static bool make_folders(const struct scratch *s, char *full, struct err *e)
{
    for (char *at = strchr(full + strlen(s->path) + 1, '/'); at; at = strchr(at + 1, '/')) {
        int rc;

        *at = '\0';
        rc = mkdir(full, 0700);
        if (rc < 0 && errno != EEXIST)
            return err_set(e, ERR_CONFIG, errno, "%s: %s", full, strerror(errno));
        *at = '/';
    }
    return true;
}

bool scratch_write(const struct scratch *s, const char *name, struct str text, struct arena *a,
                   const char **full, struct err *e)
{
    struct str path = arena_printf(a, "%s/%s", s->path, name);
    ssize_t written;
    int fd;

    if (!make_folders(s, (char *)path.p, e))
        return false;
    fd = open(path.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(e, ERR_CONFIG, errno, "%s: %s", path.p, strerror(errno));
    written = write(fd, text.p, text.n);
    if (close(fd) < 0 || written < 0 || (size_t)written != text.n)
        return err_set(e, ERR_CONFIG, errno, "%s: not written whole", path.p);
    if (full)
        *full = path.p;
    return true;
}

bool scratch_unpack(const struct scratch *s, const char *name, const struct embedded_folder *folder,
                    struct arena *a, struct err *e)
{
    for (size_t i = 0; i < folder->n; i++) {
        const char *to = arena_printf(a, "%s/%s", name, folder->files[i].path).p;

        if (!scratch_write(s, to, folder->files[i].text, a, NULL, e))
            return false;
    }
    return true;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st, (void)type, (void)walk;
    return remove(path);
}

void scratch_remove(struct scratch *s)
{
    if (s->path[0])
        (void)nftw(s->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    s->path[0] = '\0';
}
