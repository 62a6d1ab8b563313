/* Sockets that the service manager opened for us before we started, so that a restart refuses nobody:
 * LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES of sd_listen_fds(3). */
#ifndef NET_ACTIVATION_H
#define NET_ACTIVATION_H

enum { ACTIVATION_MOST = 32, ACTIVATION_NAME_MOST = 64 };

struct activation {
    int n;
    struct activation_socket {
        int fd; /* 0: somebody has it now */
        char name[ACTIVATION_NAME_MOST];
    } sockets[ACTIVATION_MOST];
};

/* Takes what was handed to this process (n is 0 when nothing was) and clears the three variables; no
 * child inherits the sockets. Once, before there are threads. */
void activation_take(struct activation *out);

/* The socket called `name`, else the one bound to the numeric host and that port (0.0.0.0 and :: are
 * the same host), for listener_settings.fd; 0 when there is none. It is the caller's then. name may
 * be NULL or empty. */
int activation_find(struct activation *a, const char *name, const char *host, int port);

/* Closes what nobody asked for; how many that were. */
int activation_end(struct activation *a);

#endif
