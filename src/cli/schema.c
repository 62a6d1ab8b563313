#include "feed/schema.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"

enum { SCHEMA_MOST = 1 << 20 };

static bool make(const char *kind, struct buf *out)
{
    *out = buf_new(SCHEMA_MOST);
    return feed_schema_write(kind, out);
}

static int print_one(const char *kind)
{
    struct buf out;

    if (!make(kind, &out)) {
        (void)fprintf(stderr, "no schema of `%s`; there are:", kind);
        for (size_t i = 0; feed_schema_kind(i); i++)
            (void)fprintf(stderr, " %s", feed_schema_kind(i));
        (void)fputc('\n', stderr);
        return EXIT_USAGE;
    }
    (void)fwrite(out.p, 1, out.n, stdout);
    buf_reset(&out);
    return EXIT_YES;
}

static bool write_one(const char *folder, const char *kind)
{
    char path[4200];
    struct buf out;
    FILE *to;
    bool ok;

    (void)snprintf(path, sizeof path, "%s/%s.json", folder, kind);
    to = make(kind, &out) ? fopen(path, "wb") : NULL;
    ok = to && fwrite(out.p, 1, out.n, to) == out.n;
    if (to)
        ok = fclose(to) == 0 && ok;
    if (!ok)
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
    buf_reset(&out);
    return ok;
}

int cli_schema(const struct cli_args *args)
{
    const char *folder = args->option[OPT_OUT];

    if (folder && args->n_words == 0) {
        if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
            (void)fprintf(stderr, "%s: %s\n", folder, strerror(errno));
            return EXIT_USAGE;
        }
        for (size_t i = 0; feed_schema_kind(i); i++)
            if (!write_one(folder, feed_schema_kind(i)))
                return EXIT_USAGE;
        return EXIT_YES;
    }
    if (!folder && args->n_words == 1)
        return print_one(args->words[0]);
    (void)fprintf(stderr, "Usage: tidings schema KIND, or tidings schema --out DIR\n");
    return EXIT_USAGE;
}
