/* Where the control socket is. Only src/net sees it. */
#ifndef NET_CONTROL_PLACE_H
#define NET_CONTROL_PLACE_H

#include <sys/un.h>

#include "base/err.h"

/* A name of FOLDER/tidings.sock that fits into an address of a Unix socket (108 bytes). A longer one leads
 * through a descriptor of the folder, *fd, to be closed once the socket is bound or connected; else -1. */
bool control_place(const char *folder, struct sockaddr_un *out, int *fd, struct err *e) MUST_USE;

#endif
