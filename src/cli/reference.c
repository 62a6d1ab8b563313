#include "feed/reference.h"

#include <stdio.h>
#include <string.h>

#include "base/closest.h"
#include "commands.h"
#include "feed/code.h"

enum { PAGE_MOST = 1 << 20, MOST_CODES = 128 };

int cli_reference(const struct cli_args *args)
{
    struct buf out = buf_new(PAGE_MOST);
    bool ok = feed_reference_write(&out);

    (void)args;
    if (ok)
        (void)fwrite(out.p, 1, out.n, stdout);
    buf_reset(&out);
    return ok ? EXIT_YES : EXIT_NO;
}

static int list_codes(void)
{
    const struct code *c;

    for (size_t i = 0; (c = code_at(i)); i++)
        (void)printf("%s  %s\n", c->code, c->title);
    return EXIT_YES;
}

static int unknown_code(const char *word)
{
    const char *names[MOST_CODES], *near;
    size_t n = 0;

    for (; n < MOST_CODES && code_at(n); n++)
        names[n] = code_at(n)->code;
    near = closest(word, names, n);
    (void)fprintf(stderr, "no code `%s`%s%s%s\nAll codes: tidings codes\n", word,
                  near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
    return EXIT_USAGE;
}

static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

int cli_codes(const struct cli_args *args)
{
    const struct code *c;
    char word[8] = "";

    if (args->n_words == 0)
        return list_codes();
    for (size_t i = 0; i + 1 < sizeof word && args->words[0][i]; i++)
        word[i] = upper(args->words[0][i]);
    c = code_find(word);
    if (!c)
        return unknown_code(args->words[0]);
    (void)printf("%s %s: %s\n\n%s\n\nTo repair: %s\n", c->code, c->name, c->title, c->cause,
                 c->repair);
    return EXIT_YES;
}
