/* Senders that trickle: so many connections, each brings a byte of a message ten times a second, until killed.
 *
 *   slow PORT CONNECTIONS FILE
 *
 * Prints "ready" when all are connected. A connection that the other end closes is left alone. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 65536, ROUND = 100 /* milliseconds from one byte of a connection to its next */ };

struct slow {
    struct sockaddr_in to;
    char message[MOST]; /* framed */
    size_t n_message;
    int *fds; /* -1: closed */
    size_t n;
};

static bool read_message(struct slow *s, const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(s->message + 1, 1, MOST - 3, f) : 0;

    if (f)
        (void)fclose(f);
    s->message[0] = 0x0b;
    for (size_t i = 1; i <= n; i++)
        s->message[i] = s->message[i] == '\n' ? '\r' : s->message[i];
    s->message[n + 1] = 0x1c;
    s->message[n + 2] = '\r';
    s->n_message = n + 3;
    return n > 0;
}

static bool connect_all(struct slow *s)
{
    s->fds = calloc(s->n, sizeof *s->fds);
    for (size_t i = 0; s->fds && i < s->n; i++) {
        s->fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (s->fds[i] < 0 || connect(s->fds[i], (struct sockaddr *)&s->to, sizeof s->to) != 0)
            return false;
    }
    return s->fds != NULL;
}

/* One byte on each connection whose turn is in this millisecond. */
static void bring(struct slow *s, size_t tick)
{
    const char *byte = &s->message[tick / ROUND % s->n_message];

    for (size_t i = tick % ROUND; i < s->n; i += ROUND) {
        if (s->fds[i] >= 0 && send(s->fds[i], byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
            errno != EAGAIN) {
            (void)close(s->fds[i]);
            s->fds[i] = -1;
        }
    }
}

int main(int argc, char **argv)
{
    static struct slow s;

    if (argc != 4) {
        (void)fprintf(stderr, "usage: slow PORT CONNECTIONS FILE\n");
        return 2;
    }
    s.to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    s.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s.n = strtoul(argv[2], NULL, 10);
    if (!read_message(&s, argv[3]) || !connect_all(&s)) {
        (void)fprintf(stderr, "slow: cannot start\n");
        return 1;
    }
    printf("ready\n");
    (void)fflush(stdout);
    for (size_t tick = 0;; tick++) {
        bring(&s, tick);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}
