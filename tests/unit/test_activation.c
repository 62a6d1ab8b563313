/* Sockets from the service manager: which are ours, what each is called, where each listens. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "net/activation.h"

enum { FIRST = 3 };

struct handed {
    int ports[3]; /* of fd 3, 4, 5 */
};

static int listen_on(int family, const char *host)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    int fd = socket(family, SOCK_STREAM, 0);
    bool ok;

    if (family == AF_INET)
        ok = inet_pton(family, host, &v4.sin_addr) == 1 &&
             bind(fd, (struct sockaddr *)&v4, sizeof v4) == 0;
    else
        ok = inet_pton(family, host, &v6.sin6_addr) == 1 &&
             bind(fd, (struct sockaddr *)&v6, sizeof v6) == 0;
    if (!ok || listen(fd, 1) != 0)
        _exit(99);
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_in6 at = {0};
    socklen_t size = sizeof at;

    if (getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        _exit(99);
    return ntohs(at.sin6_port); /* in the same place for both families */
}

/* In a child: sockets at 3, 4 and 5 as the manager would leave them. */
static struct handed hand_over(const char *pid, const char *count, const char *names)
{
    int made[3] = {listen_on(AF_INET, "127.0.0.1"), listen_on(AF_INET, "0.0.0.0"),
                   listen_on(AF_INET6, "::1")};
    struct handed h;
    char own[32];

    for (int i = 0; i < 3; i++)
        made[i] = fcntl(made[i], F_DUPFD, 20); /* out of the way */
    for (int i = 0; i < 3; i++) {
        dup2(made[i], FIRST + i);
        h.ports[i] = port_of(FIRST + i);
    }
    (void)snprintf(own, sizeof own, "%ld", (long)getpid());
    setenv("LISTEN_PID", pid ? pid : own, 1);
    setenv("LISTEN_FDS", count, 1);
    if (names)
        setenv("LISTEN_FDNAMES", names, 1);
    return h;
}

static void check_ours(void)
{
    struct handed h = hand_over(NULL, "3", "mllp:fhir");
    struct activation a;

    activation_take(&a);
    CHECK(a.n == 3, "%d", a.n);
    CHECK(!getenv("LISTEN_PID") && !getenv("LISTEN_FDS") && !getenv("LISTEN_FDNAMES"), "left");
    for (int i = 0; i < 3; i++)
        CHECK(fcntl(FIRST + i, F_GETFD) == FD_CLOEXEC, "fd %d is inherited", FIRST + i);
    CHECK(activation_find(&a, "link", "127.0.0.1", 1) == 0, "nobody's");
    CHECK(activation_find(&a, NULL, "127.0.0.2", h.ports[0]) == 0, "another host");
    CHECK(activation_find(&a, NULL, "localhost", h.ports[0]) == 0, "not numeric");
    CHECK(activation_find(&a, "fhir", "127.0.0.1", h.ports[0]) == FIRST + 1, "the name first");
    CHECK(activation_find(&a, "fhir", "::", h.ports[1]) == 0, "given once");
    CHECK(activation_find(&a, "link", "::1", h.ports[2]) == FIRST + 2, "by address");
    CHECK(activation_end(&a) == 1, "one is left");
    CHECK(fcntl(FIRST, F_GETFD) < 0 && fcntl(FIRST + 1, F_GETFD) >= 0, "what was found stays open");
}

static void check_any(void)
{
    struct handed h = hand_over(NULL, "2", NULL);
    struct activation a;

    activation_take(&a);
    CHECK(activation_find(&a, "", "192.0.2.1", 9) == 0, "no name finds no name");
    CHECK(activation_find(&a, "", "127.0.0.1", h.ports[0]) == FIRST, "by address");
    CHECK(activation_find(&a, NULL, "::", h.ports[1]) == FIRST + 1, ":: is 0.0.0.0");
    CHECK(activation_end(&a) == 0, "none is left");
}

static void check_not_ours(void)
{
    static const char *const rows[][2] = {{"1", "3"}, {"x", "3"},   {"", "3"},    {NULL, "0"},
                                          {NULL, ""}, {NULL, "-3"}, {NULL, "3x"}, {NULL, "99"}};
    struct activation a;

    for
        EACH (i, rows) {
            (void)hand_over(rows[i][0], rows[i][1], "a:b:c");
            activation_take(&a);
            CHECK(a.n == 0, "row %zu: %d", i, a.n);
            CHECK(activation_find(&a, "a", "127.0.0.1", 1) == 0 && activation_end(&a) == 0,
                  "row %zu", i);
            CHECK(!getenv("LISTEN_FDS"), "row %zu: left", i);
        }
    unsetenv("LISTEN_FDS");
    activation_take(&a);
    CHECK(a.n == 0, "nothing was said");
}

/* The manager promises more sockets than it left. */
static void check_missing(void)
{
    struct activation a;

    (void)hand_over(NULL, "3", "a:b:c");
    close(FIRST + 1);
    activation_take(&a);
    CHECK(activation_find(&a, "b", "127.0.0.1", 1) == 0, "it is not open");
    CHECK(activation_find(&a, "c", "127.0.0.1", 1) == FIRST + 2, "the others are");
    CHECK(activation_end(&a) == 1, "one is left");
}

/* Each in a process of its own: they rearrange descriptors. */
static void in_child(void (*check)(void), const char *name)
{
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        check();
        fflush(stdout);
        _exit(check_count.failed ? 1 : check_count.passed ? 0 : 2);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0, "%s: %d", name, WEXITSTATUS(status));
}

int main(void)
{
    in_child(check_ours, "ours");
    in_child(check_any, "any");
    in_child(check_not_ours, "not ours");
    in_child(check_missing, "missing");
    return check_end();
}
