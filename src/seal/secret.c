/* Files that hold secrets. What is judged is the open descriptor, so nothing can be swapped between
 * the check and the read; a symbolic link is followed (secret mounts of containers are links). */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "seal/seal.h"
#include "secret.h"

/* O_NONBLOCK: a FIFO must be refused, not waited for. */
static int open_secret(const char *path, mode_t forbidden, const char *wanted, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;

    if (fd < 0) {
        (void)err_set(e, ERR_CONFIG, errno, "%.200s: %s", path, strerror(errno));
        return -1;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        (void)err_set(e, ERR_CONFIG, 0, "%.200s: not a regular file", path);
    else if (st.st_mode & forbidden)
        (void)err_set(e, ERR_CONFIG, 0, "%.200s: mode is %04o, must be %s (chmod 600)", path,
                      (unsigned)(st.st_mode & 07777), wanted);
    else if (st.st_uid != geteuid() && st.st_uid != 0)
        (void)err_set(e, ERR_CONFIG, 0,
                      "%.200s: belongs to user %lu, must be ours or root's (chown)", path,
                      (unsigned long)st.st_uid);
    else
        return fd;
    (void)close(fd);
    return -1;
}

bool secret_bytes(const char *path, mode_t forbidden, const char *wanted, struct arena *a,
                  size_t max, struct str *out, struct err *e)
{
    int fd = open_secret(path, forbidden, wanted, e);
    char *p;
    size_t n = 0;
    ssize_t got;

    if (fd < 0)
        return false;
    p = arena_get(a, max + 1, 1);
    do {
        got = read(fd, p + n, max + 1 - n);
        n += got > 0 ? (size_t)got : 0;
    } while ((got > 0 && n <= max) || (got < 0 && errno == EINTR));
    (void)close(fd);
    if (got < 0)
        return err_set(e, ERR_CONFIG, errno, "%.200s: %s", path, strerror(errno));
    if (n > max)
        return err_set(e, ERR_CONFIG, 0, "%.200s: longer than %zu bytes", path, max);
    *out = (struct str){p, n};
    return true;
}

bool secret_read(const char *path, size_t max, struct arena *a, struct str *out, struct err *e)
{
    struct str text = {0};

    if (!secret_bytes(path, 077, "readable by its owner only", a, max, &text, e))
        return false;
    text = str_trim(text);
    if (text.n == 0)
        return err_set(e, ERR_CONFIG, 0, "%.200s: empty", path);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\0' || text.p[i] == '\n' || text.p[i] == '\r')
            return err_set(e, ERR_CONFIG, 0, "%.200s: must hold one line of text", path);
    }
    *out = arena_copy(a, text);
    return true;
}
