/* A folder that lives as long as the program: for the demo's state, secrets and mapping files. */
#ifndef CLI_SCRATCH_H
#define CLI_SCRATCH_H

#include "base/arena.h"
#include "base/embedded.h"
#include "base/err.h"

struct scratch {
    char path[256]; /* below $TMPDIR or /tmp, mode 0700 */
};

/* ERR_CONFIG with the reason. */
bool scratch_open(struct scratch *s, struct err *e) MUST_USE;
/* Writes path/name, mode 0600; folders in `name` are made. The full name lives in `a`. */
bool scratch_write(const struct scratch *s, const char *name, struct str text, struct arena *a,
                   const char **full, struct err *e) MUST_USE;
/* Unpacks a shipped folder below path/name. */
bool scratch_unpack(const struct scratch *s, const char *name, const struct embedded_folder *folder,
                    struct arena *a, struct err *e) MUST_USE;
void scratch_remove(struct scratch *s); /* with everything in it; an unopened one is fine */

#endif
