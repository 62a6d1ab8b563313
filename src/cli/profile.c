/* `tidings profile`: what samples hold, without showing anybody. */
#include "samples/profile.h"

#include <stdio.h>

#include "commands.h"
#include "sample_key.h"
#include "samples/source.h"

enum { JSON_MOST = 64 << 20 };

static bool one_word(struct profile *p, const char *word, bool *failed, struct err *e)
{
    struct arena names = {0};
    const char *const *files = NULL;
    size_t n = 0;
    bool ok = source_files(word, &names, &files, &n, e);

    for (size_t i = 0; ok && i < n; i++) {
        struct arena a = {0};
        struct str bytes = STR("");
        struct err why = {0};

        if (source_read(files[i], &a, &bytes, &why)) {
            profile_file(p, files[i], bytes, stderr);
        } else {
            (void)fprintf(stderr, "%s\n", why.text);
            *failed = true;
        }
        arena_reset(&a);
    }
    arena_reset(&names);
    return ok;
}

static void print(const struct profile *p, const struct cli_args *args)
{
    struct buf json = buf_new(JSON_MOST);

    if (args->option[OPT_ASK_SHEET]) {
        profile_ask_sheet(p, stdout);
    } else if (args->option[OPT_JSON]) {
        profile_json(p, &json);
        (void)fwrite(json.p, 1, json.n, stdout);
    } else {
        profile_text(p, stdout);
    }
    buf_reset(&json);
}

int cli_profile(const struct cli_args *args)
{
    static const char *const names[] = {"country", NULL};
    const char *countries[PROFILE_COUNTRIES];
    struct profile p;
    struct err e = {0};
    bool failed = false, ok;
    size_t n = 0;
    int code;

    ok = sample_sets_known(args, names, &e) &&
         sample_countries(args, countries, PROFILE_COUNTRIES, &n, &e);
    profile_init(&p, countries, n);
    if (ok && args->n_words == 0)
        ok = err_set(&e, ERR_CONFIG, 0, "name a file or a folder; - is standard input");
    for (int i = 0; ok && i < args->n_words; i++)
        ok = one_word(&p, args->words[i], &failed, &e);
    if (!ok)
        (void)fprintf(stderr, "%s\n", e.text);
    if (ok) {
        profile_sort(&p);
        print(&p, args);
    }
    code = !ok || failed ? EXIT_USAGE : p.n_messages ? EXIT_YES : EXIT_NO;
    profile_free(&p);
    return code;
}
