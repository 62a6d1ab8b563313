#include "commands.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "config/config.h"
#include "seal/seal.h"

/* The folder of the key file, mode 0700; its parents are the operator's. */
static bool make_folder(const char *path, struct err *e)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');

    if (!slash || slash == path)
        return true;
    if ((size_t)(slash - path) >= sizeof folder)
        return err_set(e, ERR_CONFIG, 0, "%s: the name is too long", path);
    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = '\0';
    if (mkdir(folder, 0700) == 0 || errno == EEXIST)
        return true;
    return err_set(e, ERR_CONFIG, errno, "%s: %s", folder, strerror(errno));
}

int cli_keys(const struct cli_args *args)
{
    const char *file = args->option[OPT_CONFIG] ? args->option[OPT_CONFIG] : "tidings.yaml";
    struct config config = {0};
    struct arena a = {0};
    struct err e = {0};
    bool ok;

    if (args->n_words != 1 || strcmp(args->words[0], "init") != 0) {
        (void)fprintf(stderr, "Usage: tidings keys init -c FILE\n");
        return EXIT_USAGE;
    }
    ok = config_read(file, &a, &config, &e) && make_folder(config.keys, &e) &&
         seal_keys_init(config.keys, &e);
    if (ok)
        (void)printf(
            "made %s (mode 0600). Without it nothing in the store can be read: keep a copy "
            "in another place.\n",
            config.keys);
    else
        (void)fprintf(stderr, "%s\n", e.text);
    arena_reset(&a);
    return ok ? EXIT_YES : EXIT_USAGE;
}
