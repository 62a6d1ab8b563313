#include "rewrite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MOST = 4096 };

static bool refuse(const char *path, const char *what, struct err *e)
{
    int code = errno;

    return err_set(e, ERR_CONFIG, code, "%s: %s: %s", path, what, strerror(code));
}

/* A link would be replaced by a file, and its target would stay as it was. */
static bool holds(const char *path, struct str text, struct stat *st, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool same =
        fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode) && (size_t)st->st_size == text.n;
    char *now = same ? malloc(text.n + 1) : NULL;

    if (fd < 0)
        return refuse(path, "cannot be read", e);
    same = now && read(fd, now, text.n) == (ssize_t)text.n &&
           (!text.n || memcmp(now, text.p, text.n) == 0);
    free(now);
    (void)close(fd);
    return same || err_set(e, ERR_BUSY, 0, "%s: has changed; nothing is written", path);
}

static bool write_all(int fd, struct str text)
{
    while (text.n) {
        ssize_t n = write(fd, text.p, text.n);

        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            text = (struct str){text.p + n, text.n - (size_t)n};
    }
    return true;
}

static void sync_folder(const char *path)
{
    char folder[PATH_MOST];
    char *slash;
    int fd;

    (void)snprintf(folder, sizeof folder, "%s", path);
    slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

bool rewrite_file(const char *path, struct str before, struct str after, struct err *e)
{
    char beside[PATH_MOST];
    struct stat st = {0};
    bool ok;
    int fd;

    if (!holds(path, before, &st, e))
        return false;
    if ((size_t)snprintf(beside, sizeof beside, "%s.XXXXXX", path) >= sizeof beside)
        return err_set(e, ERR_CONFIG, 0, "%s: the path is too long", path);
    fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return refuse(path, "cannot be written beside", e);
    ok = write_all(fd, after) && fchmod(fd, st.st_mode & 07777) == 0 && fsync(fd) == 0;
    if (close(fd) != 0 || !ok)
        ok = refuse(path, "cannot be written", e);
    ok = ok && holds(path, before, &st, e);
    if (ok && rename(beside, path) != 0)
        ok = refuse(path, "cannot be replaced", e);
    if (ok)
        sync_folder(path);
    else
        (void)unlink(beside);
    return ok;
}
