#include "audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/clock.h"

bool audit_note(const char *state, const char *what, struct err *e)
{
    char path[4200], at[25], line[300];
    int fd, n;
    bool ok;

    (void)snprintf(path, sizeof path, "%s/audit.log", state);
    clock_text(clock_now_ms(&clock_system), at);
    n = snprintf(line, sizeof line, "%s uid=%ld %s\n", at, (long)getuid(), what);
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    ok = fd >= 0 && n > 0 && (size_t)n < sizeof line && write(fd, line, (size_t)n) == n &&
         fdatasync(fd) == 0;
    if (!ok)
        (void)err_set(e, ERR_CONFIG, errno, "audit.log cannot be written: %s -> nothing is shown",
                      strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return ok;
}
