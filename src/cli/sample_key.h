/* What `profile`, `scrub` and `init` take with --set: countries, and the key that decides what replaces
 * what. */
#ifndef CLI_SAMPLE_KEY_H
#define CLI_SAMPLE_KEY_H

#include "base/err.h"
#include "cli/args.h"
#include "samples/fake.h"

/* The value of the first --set NAME=VALUE; NULL: not given. */
const char *sample_set_of(const struct cli_args *args, const char *name);
/* False, ERR_CONFIG: a --set has a name that is not in `names`, which ends in NULL. */
bool sample_sets_known(const struct cli_args *args, const char *const *names,
                       struct err *e) MUST_USE;
/* --set country=TW (or several): upper case, known to libphonenumber. ERR_CONFIG. */
bool sample_countries(const struct cli_args *args, const char **out, size_t most, size_t *n,
                      struct err *e) MUST_USE;
/* --set key=FILE names a key file, which is made when it is not there; without it the key is random and
 * forgotten. Says on stderr which it is. ERR_CONFIG. */
bool sample_key_read(const struct cli_args *args, struct fake *out, struct err *e) MUST_USE;

#endif
