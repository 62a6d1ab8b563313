#include "net/service.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { STATE_MOST = 700 };

static int64_t number_of(const char *name)
{
    const char *text = getenv(name);

    return text && *text >= '0' && *text <= '9' ? strtoll(text, NULL, 10) : 0;
}

void service_take(struct service *out)
{
    const char *path = getenv("NOTIFY_SOCKET");
    const int64_t pid = number_of("WATCHDOG_PID");

    *out = (struct service){0};
    if (path && (*path == '/' || *path == '@') && strlen(path) < sizeof out->socket)
        memcpy(out->socket, path, strlen(path) + 1);
    if (!pid || pid == (int64_t)getpid())
        out->watchdog_ms = number_of("WATCHDOG_USEC") / 1000;
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

static void tell(const struct service *s, const char *state)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = 1}; /* a manager whose queue is full */
    const size_t n = strlen(s->socket);
    int fd;

    if (n == 0)
        return;
    memcpy(to.sun_path, s->socket, n);
    if (to.sun_path[0] == '@')
        to.sun_path[0] = '\0'; /* an abstract socket */
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
    (void)close(fd);
}

void service_ready(const struct service *s, const char *status)
{
    char state[STATE_MOST];

    (void)snprintf(state, sizeof state, "READY=1\nSTATUS=%s", status);
    tell(s, state);
}

void service_reloading(const struct service *s)
{
    struct timespec now;
    char state[80];

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
                   (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    tell(s, state);
}

void service_stopping(const struct service *s)
{
    tell(s, "STOPPING=1");
}

void service_alive(const struct service *s)
{
    tell(s, "WATCHDOG=1");
}
