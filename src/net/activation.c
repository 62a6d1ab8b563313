#include "net/activation.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"

enum { FIRST_FD = 3 };

/* An address of either family; all of it zero is "any". */
struct place {
    unsigned char address[16];
    int port;
};

/* A decimal number from 1 to `most`; 0 for anything else. */
static long number_of(const char *text, long most)
{
    char *end = NULL;
    long n = text && *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : 0;

    return n > 0 && n <= most && *end == '\0' ? n : 0;
}

/* One name of LISTEN_FDNAMES, which has one for each socket in turn. */
static void take_name(struct str *names, char out[ACTIVATION_NAME_MOST])
{
    struct str name = str_cut(names, ':');

    if (name.n >= ACTIVATION_NAME_MOST)
        name.n = 0;
    if (name.n)
        memcpy(out, name.p, name.n);
    out[name.n] = '\0';
}

void activation_take(struct activation *out)
{
    bool ours = number_of(getenv("LISTEN_PID"), 1L << 30) == (long)getpid();
    long n = ours ? number_of(getenv("LISTEN_FDS"), ACTIVATION_MOST) : 0;
    struct str names = str_of(getenv("LISTEN_FDNAMES"));

    *out = (struct activation){.n = (int)n};
    for (int i = 0; i < out->n; i++) {
        out->sockets[i].fd = FIRST_FD + i;
        take_name(&names, out->sockets[i].name);
        if (fcntl(FIRST_FD + i, F_SETFD, FD_CLOEXEC) != 0)
            out->sockets[i].fd = 0; /* not open: the variables promise too much */
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
}

static void put_v4(struct place *p, struct in_addr address)
{
    if (address.s_addr == htonl(INADDR_ANY))
        return;
    p->address[10] = p->address[11] = 0xff;
    memcpy(p->address + 12, &address, sizeof address);
}

static bool place_of_fd(int fd, struct place *p)
{
    struct sockaddr_storage at = {0};
    socklen_t size = sizeof at;

    *p = (struct place){0};
    if (getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        return false;
    if (at.ss_family == AF_INET) {
        put_v4(p, ((struct sockaddr_in *)&at)->sin_addr);
        p->port = ntohs(((struct sockaddr_in *)&at)->sin_port);
    } else if (at.ss_family == AF_INET6) {
        memcpy(p->address, &((struct sockaddr_in6 *)&at)->sin6_addr, sizeof p->address);
        p->port = ntohs(((struct sockaddr_in6 *)&at)->sin6_port);
    } else {
        return false;
    }
    return true;
}

static bool place_of_host(const char *host, int port, struct place *p)
{
    struct in_addr v4;

    *p = (struct place){.port = port};
    if (inet_pton(AF_INET, host, &v4) != 1)
        return inet_pton(AF_INET6, host, p->address) == 1;
    put_v4(p, v4);
    return true;
}

static int give(struct activation_socket *s)
{
    int fd = s->fd;

    s->fd = 0;
    return fd;
}

int activation_find(struct activation *a, const char *name, const char *host, int port)
{
    struct place wanted, has;

    for (int i = 0; name && name[0] && i < a->n; i++) {
        if (a->sockets[i].fd && strcmp(a->sockets[i].name, name) == 0)
            return give(&a->sockets[i]);
    }
    if (!place_of_host(host, port, &wanted))
        return 0;
    for (int i = 0; i < a->n; i++) {
        if (a->sockets[i].fd && place_of_fd(a->sockets[i].fd, &has) && has.port == wanted.port &&
            memcmp(has.address, wanted.address, sizeof has.address) == 0)
            return give(&a->sockets[i]);
    }
    return 0;
}

int activation_end(struct activation *a)
{
    int n = 0;

    for (int i = 0; i < a->n; i++) {
        if (a->sockets[i].fd) {
            (void)close(give(&a->sockets[i]));
            n++;
        }
    }
    return n;
}
