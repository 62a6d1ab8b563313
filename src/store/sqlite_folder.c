/* The state folder:   tidings.db  tidings.db-wal  tidings.db-shm  tidings.lock   (all 0600)
 *
 * SQLite gives its WAL and index files the mode of the database file, so that one is made by us
 * before SQLite sees it. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite_store.h"

static bool wrong(const char *path, int code, struct err *e)
{
    return err_set(e, ERR_CONFIG, code, "%.200s: %s", path, strerror(code));
}

/* What was made in a folder is on disk only when the folder is. */
static bool sync_folder(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        (void)wrong(path, errno, e);
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

static bool make_folder(const char *where, struct err *e)
{
    char above[4096];

    if (mkdir(where, 0700) == 0) {
        if (snprintf(above, sizeof above, "%s", where) >= (int)sizeof above)
            return wrong(where, ENAMETOOLONG, e);
        return sync_folder(dirname(above), e);
    }
    return errno == EEXIST || wrong(where, errno, e);
}

static bool make_file(const char *path, struct err *e)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && fchmod(fd, 0600) == 0;

    if (!ok)
        (void)wrong(path, errno, e);
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

/* Two daemons on one folder would each recover the other's flying attempts. The kernel drops the
 * lock with its holder, however that ends; the pid in the file is for people. */
static bool take_lock(struct sqlite *q, const char *where, struct err *e)
{
    char path[4096], pid[32] = {0};

    if (snprintf(path, sizeof path, "%s/tidings.lock", where) >= (int)sizeof path)
        return wrong(where, ENAMETOOLONG, e);
    q->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (q->lock < 0)
        return wrong(path, errno, e);
    if (flock(q->lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return wrong(path, errno, e);
        if (read(q->lock, pid, sizeof pid - 1) < 0)
            pid[0] = '\0';
        return err_set(e, ERR_CONFIG, 0, "%.200s: in use by another tidings (pid %ld)", where,
                       strtol(pid, NULL, 10));
    }
    (void)snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (fchmod(q->lock, 0600) != 0 || ftruncate(q->lock, 0) != 0 ||
        pwrite(q->lock, pid, strlen(pid), 0) != (ssize_t)strlen(pid))
        return wrong(path, errno, e);
    return true;
}

/* Who can write to the folder can put another database there, or take this one away. */
static bool check_folder(const char *where, struct err *e)
{
    struct stat st;

    if (stat(where, &st) != 0)
        return wrong(where, errno, e);
    if (!S_ISDIR(st.st_mode))
        return wrong(where, ENOTDIR, e);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return err_set(
            e, ERR_CONFIG, 0,
            "%.200s: mode is %04o, only its owner may write to the state folder (chmod 700)", where,
            (unsigned)(st.st_mode & 07777));
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return err_set(
            e, ERR_CONFIG, 0,
            "%.200s: belongs to user %lu, the state folder must be ours or root's (chown)", where,
            (unsigned long)st.st_uid);
    return true;
}

bool folder_open(struct sqlite *q, const char *where, char *path, size_t path_size, struct err *e)
{
    if (snprintf(path, path_size, "%s/tidings.db", where) >= (int)path_size)
        return wrong(where, ENAMETOOLONG, e);
    if (q->read_only)
        return check_folder(where, e) && (access(path, R_OK) == 0 || wrong(path, errno, e));
    return make_folder(where, e) && check_folder(where, e) && take_lock(q, where, e) &&
           make_file(path, e) && sync_folder(where, e);
}
