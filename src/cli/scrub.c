/* `tidings scrub`: sample files in, the same files without their people out. */
#include "samples/scrub.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "sample_key.h"

struct scrub_run {
    const char *out; /* folder; NULL: standard output */
    struct fake fake;
    size_t n_files, n_messages, n_faults;
    bool failed;
};

/* Every folder on the way to `path` below `base`. */
static bool make_folders(const char *path, size_t base, struct arena *a, struct err *e)
{
    for (size_t i = base; path[i]; i++) {
        const char *folder;

        if (path[i] != '/' || i == 0)
            continue;
        folder = arena_printf(a, "%.*s", (int)i, path).p;
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            return err_set(e, ERR_CONFIG, errno, "%s: %s", folder, strerror(errno));
    }
    return true;
}

/* Never over a file that is there. */
static bool write_new(const char *path, struct str bytes, struct err *e)
{
    FILE *f = fopen(path, "wbxe");
    bool ok;

    if (!f)
        return err_set(e, ERR_CONFIG, errno, "%s: %s", path,
                       errno == EEXIST ? "is there already; nothing is written over"
                                       : strerror(errno));
    ok = fwrite(bytes.p, 1, bytes.n, f) == bytes.n;
    ok = fclose(f) == 0 && ok;
    return ok || err_set(e, ERR_CONFIG, errno, "%s: %s", path, strerror(errno));
}

static void tell_faults(struct scrub_run *run, const char *file, const struct scrubbed *s)
{
    for (size_t i = 0; i < s->n_faults; i++)
        (void)fprintf(stderr, "%s: byte %zu: left out: %s\n", file, s->faults[i].at,
                      s->faults[i].why.text);
    if (s->over)
        (void)fprintf(stderr, "%s: more is left out than is listed\n", file);
    run->n_faults += s->n_faults;
}

/* name: where it goes below the output folder. */
static bool one_file(struct scrub_run *run, const char *file, const char *name, struct err *e)
{
    struct arena a = {0};
    struct str bytes = STR("");
    struct scrubbed s;
    bool ok = source_read(file, &a, &bytes, e) && scrub_file(&run->fake, bytes, &a, &s, e);

    if (ok && run->out) {
        const char *to = arena_printf(&a, "%s/%s", run->out, name).p;

        ok = make_folders(to, strlen(run->out), &a, e) && write_new(to, s.bytes, e);
    } else if (ok) {
        ok = fwrite(s.bytes.p, 1, s.bytes.n, stdout) == s.bytes.n ||
             err_set(e, ERR_CONFIG, errno, "standard output: %s", strerror(errno));
    }
    if (ok) {
        tell_faults(run, file, &s);
        run->n_files++;
        run->n_messages += s.n_messages;
    }
    arena_reset(&a);
    return ok;
}

static const char *below(const char *file, const char *word)
{
    size_t n = strlen(word);
    const char *slash;

    while (n && word[n - 1] == '/')
        n--;
    if (strncmp(file, word, n) == 0 && file[n] == '/')
        return file + n + 1;
    slash = strrchr(file, '/');
    return slash ? slash + 1 : strcmp(file, "-") == 0 ? "stdin" : file;
}

static bool one_word(struct scrub_run *run, const char *word, bool only, struct err *e)
{
    struct arena a = {0};
    const char *const *files = NULL;
    size_t n = 0;
    bool ok = source_files(word, &a, &files, &n, e);

    if (ok && !run->out && !(only && n == 1))
        ok = err_set(e, ERR_CONFIG, 0, "several files need a folder to go to: --out DIR");
    for (size_t i = 0; ok && i < n; i++) {
        struct err why = {0};

        if (!one_file(run, files[i], below(files[i], word), &why)) {
            (void)fprintf(stderr, "%s: %s\n", files[i], why.text);
            run->failed = true;
        }
    }
    arena_reset(&a);
    return ok;
}

int cli_scrub(const struct cli_args *args)
{
    struct scrub_run run = {.out = args->option[OPT_OUT]};
    struct err e = {0};
    bool ok = sample_key_read(args, &run.fake, &e);

    if (ok && args->n_words == 0)
        ok = err_set(&e, ERR_CONFIG, 0, "name a file or a folder; - is standard input");
    if (ok && run.out && mkdir(run.out, 0700) != 0 && errno != EEXIST)
        ok = err_set(&e, ERR_CONFIG, errno, "%s: %s", run.out, strerror(errno));
    for (int i = 0; ok && i < args->n_words; i++)
        ok = one_word(&run, args->words[i], args->n_words == 1, &e);
    if (!ok) {
        (void)fprintf(stderr, "%s\n", e.text);
        return EXIT_USAGE;
    }
    (void)fprintf(stderr, "%zu messages of %zu files%s", run.n_messages, run.n_files,
                  run.n_faults ? "" : "\n");
    if (run.n_faults)
        (void)fprintf(stderr, "; %zu pieces left out\n", run.n_faults);
    return run.failed ? EXIT_USAGE : run.n_faults ? EXIT_NO : EXIT_YES;
}
