/* A read-only look into the store beside a running daemon. */
#ifndef CLI_PEOPLE_H
#define CLI_PEOPLE_H

#include "config/config.h"
#include "seal/seal.h"
#include "store/store.h"

struct people {
    struct arena arena;
    struct config config;
    struct seal *seal;
    struct store *store; /* inside a transaction: one consistent picture */
};

/* Opens the store of the settings file (NULL: tidings.yaml). */
bool people_open(const char *config_file, struct people *p, struct err *e) MUST_USE;
/* The exit code after people_open() failed: settings or key file unfit (2), or no store to look into (3). */
int people_exit(const struct people *p);
void people_close(struct people *p); /* takes a half-open one */

#endif
