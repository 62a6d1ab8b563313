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
void people_close(struct people *p); /* takes a half-open one */

#endif
