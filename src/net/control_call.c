#include "control_place.h"
#include "net/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STEP = 16 * 1024 };

bool control_place(const char *folder, struct sockaddr_un *out, int *fd, struct err *e)
{
    static const char name[] = "tidings.sock";
    const size_t room = sizeof out->sun_path;

    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    *fd = -1;
    if ((size_t)snprintf(out->sun_path, room, "%s/%s", folder, name) < room)
        return true;
    *fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0)
        return err_set(e, ERR_CONFIG, errno, "%s: %s", folder, strerror(errno));
    (void)snprintf(out->sun_path, room, "/proc/self/fd/%d/%s", *fd, name);
    return true;
}

static bool all_sent(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

static bool read_all(int fd, struct buf *out)
{
    ssize_t got = 1;

    while (got > 0) {
        if (!buf_room(out, STEP))
            return false;
        got = read(fd, out->p + out->n, STEP);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            out->n += (size_t)got;
    }
    return got == 0;
}

/* "1 LF text": takes the number off. */
static bool take_number(struct buf *text, int *number)
{
    if (text->n < 2 || text->p[0] < '0' || text->p[0] > '9' || text->p[1] != '\n')
        return false;
    *number = text->p[0] - '0';
    buf_drop(text, 2);
    return true;
}

static bool connected(const char *folder, int fd, struct err *e)
{
    struct sockaddr_un to;
    int place, rc;

    if (!control_place(folder, &to, &place, e))
        return false;
    rc = connect(fd, (const struct sockaddr *)&to, sizeof to) < 0 ? errno : 0;
    if (place >= 0)
        (void)close(place);
    if (rc == EACCES || rc == EPERM)
        return err_set(e, ERR_CONFIG, rc, "%s: the daemon hears its own user and root only",
                       folder);
    return !rc || err_set(e, ERR_BUSY, rc, "%s: no daemon is running here", folder);
}

bool control_call(const char *folder, const char *words, int *number, struct buf *text,
                  struct err *e)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok;

    if (fd < 0)
        return err_set(e, ERR_BUSY, errno, "a socket: %s", strerror(errno));
    ok = connected(folder, fd, e);
    if (ok && (!all_sent(fd, words, strlen(words)) || !all_sent(fd, "\n", 1) ||
               !read_all(fd, text) || !take_number(text, number)))
        ok = err_set(e, ERR_BUSY, 0, "%s: the daemon ended, or closed, without an answer", folder);
    (void)close(fd);
    if (ok && *number == CONTROL_DENIED)
        ok = err_set(e, ERR_CONFIG, 0, "%s: the daemon hears its own user and root only", folder);
    return ok;
}
