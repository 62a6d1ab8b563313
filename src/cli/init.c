/* `tidings init`: a tenant folder to start from. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/embedded.h"
#include "base/utf8.h"
#include "commands.h"
#include "sample_key.h"
#include "samples/profile.h"
#include "samples/tenant.h"
#include "scratch.h"

extern const struct embedded_folder shipped_demo;

/* The shipped tenant, when there are no samples yet. */
static bool unpack(const char *folder, struct err *e)
{
    struct arena a = {0};
    struct scratch at = {""};
    bool ok = strlen(folder) < sizeof at.path ||
              err_set(e, ERR_CONFIG, 0, "%s: the name is too long", folder);

    if (ok && mkdir(folder, 0700) != 0)
        ok = err_set(e, ERR_CONFIG, errno, "%s: %s", folder,
                     errno == EEXIST ? "is there already; nothing is written over"
                                     : strerror(errno));
    if (ok) {
        (void)snprintf(at.path, sizeof at.path, "%s", folder);
        ok = scratch_unpack(&at, ".", &shipped_demo, &a, e);
    }
    if (ok)
        (void)printf(
            "%s: the demo tenant. Next: tidings check %s; with samples of your own: tidings "
            "init DIR --from SAMPLES\n",
            folder, folder);
    arena_reset(&a);
    return ok;
}

/* As a site's name may stand in a parameter (E707). */
static bool name_fits(const char *name, struct err *e)
{
    struct str rest = str_of(name ? name : "-");
    bool fits = rest.n > 0 && !strstr(rest.p, "    ");
    size_t n = 0;

    for (; fits && rest.n; n++) {
        uint32_t c = utf8_next(&rest);

        fits = c >= ' ' && c != 0x7F && c != UINT32_MAX;
    }
    return (fits && n <= 60) ||
           err_set(
               e, ERR_CONFIG, 0,
               "--set name: 1 to 60 characters, no control characters, no four blanks in a row");
}

int cli_init(const struct cli_args *args)
{
    static const char *const names[] = {"country", "zone", "language", "name", "key", NULL};
    const char *countries[FAKE_COUNTRIES];
    struct tenant_settings set = {
        .folder = args->n_words ? args->words[0] : "tenant",
        .from = args->option[OPT_FROM],
        .countries = countries,
        .zone = sample_set_of(args, "zone"),
        .language = sample_set_of(args, "language"),
        .name = sample_set_of(args, "name"),
        .say = stdout,
        .faults = stderr,
    };
    struct fake fake;
    struct err e = {0};
    bool ok = sample_sets_known(args, names, &e) &&
              sample_countries(args, countries, FAKE_COUNTRIES, &set.n_countries, &e);

    ok = ok && name_fits(set.name, &e);
    if (ok && set.from) {
        set.fake = &fake;
        ok = sample_key_read(args, &fake, &e) && tenant_make(&set, &e);
    } else if (ok) {
        ok = unpack(set.folder, &e);
    }
    if (!ok)
        (void)fprintf(stderr, "%s\n", e.text);
    return ok ? EXIT_YES : EXIT_USAGE;
}
