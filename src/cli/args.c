#include "cli/args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/closest.h"

static const struct {
    const char *name;
    char letter;       /* 0: none */
    const char *value; /* NULL: a flag */
    const char *help;
} options[OPTIONS] = {
    [OPT_CONFIG] = {"--config", 'c', "FILE", "settings file (default: tidings.yaml)"},
    [OPT_JSON] = {"--json", 0, NULL, "machine-readable output"},
    [OPT_ONCE] = {"--once", 0, NULL, "play the samples, wait until nothing is pending, end"},
    [OPT_PORT] = {"--port", 0, "N", "port of the phone page (default: a free one)"},
    [OPT_TO] = {"--to", 0, "HOST:PORT", "where to send"},
    [OPT_COUNT] = {"--count", 0, "N", "send each file N times, with a control id of its own"},
    [OPT_SHIFT] = {"--shift", 0, NULL,
                   "move all times by whole days so that the message is of today"},
    [OPT_TIMEOUT] = {"--timeout", 0, "SECONDS", "how long to wait for an answer (default: 30)"},
    [OPT_RATE] = {"--rate", 0, "N/s",
                  "send so many a second (default: each once the one before is "
                  "answered)"},
    [OPT_SET] = {"--set", 0, "PATH=VALUE",
                 "write VALUE at PATH first, as in --set SCH-2.1=F2001; "
                 "may be repeated"},
    [OPT_CHAOS] = {"--chaos", 0, "LIST",
                   "frame it wrongly: split,two-in-one,no-fs,crlf,charset,"
                   "junk,sb-inside,no-sb,bom,eof"},
    [OPT_FAULT] = {"--fault", 0, "CODE", "do what has that code: MLLP_LF_AFTER_FS …"},
    [OPT_AS] = {"--as", 0, "VENDOR", "write it as that sender does: epic, kontakt, taiwan …"},
    [OPT_TLS] = {"--tls", 0, NULL, "MLLP over TLS"},
    [OPT_CA] = {"--ca", 0, "FILE", "who may have signed the peer's certificate (PEM)"},
    [OPT_CERT] = {"--cert", 0, "FILE", "our certificate (PEM)"},
    [OPT_KEY] = {"--key", 0, "FILE", "its key (PEM, mode 0600)"},
    [OPT_STRICT] = {"--strict", 0, NULL, "warnings are errors"},
    [OPT_FORMAT] = {"--format", 0, "text|json|sarif", "how findings are printed (default: text)"},
    [OPT_PROOF] = {"--proof", 0, NULL, "print every path that can reach each template parameter"},
    [OPT_UNREAD] = {"--unread", 0, NULL, "warn of sample fields that no path reads"},
    [OPT_UPDATE] = {"--update", 0, NULL, "print what changes, then rewrite the expectations"},
    [OPT_ONLY] = {"--only", 0, "TEXT", "only tests whose name contains TEXT"},
    [OPT_WITH] = {"--with", 0, "FILE", "with this draft instead of the feed that is loaded"},
    [OPT_REVEAL] = {"--reveal", 0, NULL, "show values of contact and above; noted in audit.log"},
    [OPT_BECAUSE] = {"--because", 0, "TEXT", "why; kept in audit.log"},
    [OPT_REPLAY] = {"--replay", 0, "N", "over the last N messages of the store"},
    [OPT_FROM] = {"--from", 0, "SAMPLES", "a file or folder of sample messages"},
    [OPT_ASK_SHEET] = {"--ask-sheet", 0, NULL, "the questions to the EHR team, as one page"},
    [OPT_OUT] = {"--out", 0, "DIR", "where to write"},
    [OPT_FEEDS] = {"--feeds", 0, "DIR", "the folder of feeds (default: of the settings file)"},
    [OPT_QUIET] = {"--quiet", 'q', NULL, "no output, exit code only"},
    [OPT_SIMULATE] = {"--simulate", 0, NULL, "send to a look-alike of WhatsApp with a phone page"},
    [OPT_HELP] = {"--help", 'h', NULL, "this help"},
};

static void print_options(const struct cli_command *c, FILE *to)
{
    for (int o = 0; o < OPTIONS; o++) {
        char name[40], letter[8] = "    ";

        if (!(c->options & UINT64_C(1) << o) && o != OPT_HELP)
            continue;
        if (options[o].letter)
            (void)snprintf(letter, sizeof letter, "-%c, ", options[o].letter);
        (void)snprintf(name, sizeof name, "%s %s", options[o].name,
                       options[o].value ? options[o].value : "");
        (void)fprintf(to, "  %s%-20s %s\n", letter, name, options[o].help);
    }
}

static int help_command(const struct cli_command *c, FILE *to)
{
    (void)fprintf(to, "%s\n\nExamples:\n%s\nUsage: tidings %s %s\n\n", c->summary, c->examples,
                  c->name, c->usage);
    print_options(c, to);
    return EXIT_YES;
}

static int help_all(FILE *to)
{
    (void)fprintf(to, "Tidings: HL7 v2 and FHIR events become WhatsApp notices with a secure link, "
                      "never PHI.\n\nTry it, no account needed:\n  tidings demo\n\n"
                      "Usage: tidings COMMAND [OPTION…] [WORD…]\n\n");
    for (size_t i = 0; i < cli_n_commands; i++)
        (void)fprintf(to, "  %-10s %s\n", cli_commands[i].name, cli_commands[i].summary);
    (void)fprintf(to, "\nHelp for one: tidings COMMAND --help\n");
    return EXIT_YES;
}

static const struct cli_command *find_command(const char *name)
{
    for (size_t i = 0; i < cli_n_commands; i++) {
        if (strcmp(cli_commands[i].name, name) == 0)
            return &cli_commands[i];
    }
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *names[32];
    const char *near;

    for (size_t i = 0; i < cli_n_commands; i++)
        names[i] = cli_commands[i].name;
    near = closest(name, names, cli_n_commands);
    (void)fprintf(stderr, "tidings: no command `%s`%s%s%s\nAll commands: tidings --help\n", name,
                  near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
    return EXIT_USAGE;
}

static int find_option(const char *word)
{
    for (int o = 0; o < OPTIONS; o++) {
        size_t n = strlen(options[o].name);

        if (strncmp(word, options[o].name, n) == 0 && (word[n] == '\0' || word[n] == '='))
            return o;
        if (options[o].letter && word[0] == '-' && word[1] == options[o].letter && !word[2])
            return o;
    }
    return -1;
}

static bool unknown_option(const char *word)
{
    const char *names[OPTIONS];
    const char *near;

    for (int o = 0; o < OPTIONS; o++)
        names[o] = options[o].name;
    near = closest(word, names, OPTIONS);
    (void)fprintf(stderr, "tidings: no option `%s`%s%s%s\n", word, near ? "; did you mean `" : "",
                  near ? near : "", near ? "`?" : "");
    return false;
}

/* Takes the option at argv[*i], and its value. */
static bool take_option(struct cli_args *args, int argc, char **argv, int *i)
{
    int o = find_option(argv[*i]);
    const char *equals = strchr(argv[*i], '=');

    if (o < 0)
        return unknown_option(argv[*i]);
    if (!options[o].value) {
        if (equals) {
            (void)fprintf(stderr, "tidings: %s takes no value\n", options[o].name);
            return false;
        }
        args->option[o] = "";
        return true;
    }
    if (equals) {
        args->option[o] = equals + 1;
    } else if (*i + 1 < argc) {
        args->option[o] = argv[++*i];
    } else {
        (void)fprintf(stderr, "tidings: %s needs %s\n", options[o].name, options[o].value);
        return false;
    }
    if (o != OPT_SET)
        return true;
    if (args->n_sets == MOST_SETS) {
        (void)fprintf(stderr, "tidings: more than %d times --set\n", MOST_SETS);
        return false;
    }
    args->sets[args->n_sets++] = args->option[o];
    return true;
}

/* Flags may stand before or after the command; `--` ends them. */
static bool parse(int argc, char **argv, struct cli_args *args, const char **name)
{
    bool only_words = false;

    *name = NULL;
    for (int i = 1; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && argv[i][0] == '-' && argv[i][1]) {
            if (!take_option(args, argc, argv, &i))
                return false;
        } else if (!*name) {
            *name = argv[i];
        } else if (args->n_words == MOST_WORDS) {
            (void)fprintf(stderr, "tidings: more than %d files\n", MOST_WORDS);
            return false;
        } else {
            args->words[args->n_words++] = argv[i];
        }
    }
    return true;
}

static bool words_fit(const struct cli_command *c, const struct cli_args *args)
{
    for (int o = 0; o < OPTIONS; o++) {
        if (args->option[o] && !(c->options & UINT64_C(1) << o)) {
            (void)fprintf(stderr, "tidings: `%s` has no option %s\nHelp: tidings %s --help\n",
                          c->name, options[o].name, c->name);
            return false;
        }
    }
    if (args->n_words > c->most_words) {
        (void)fprintf(stderr, "tidings: `%s` takes %s\nHelp: tidings %s --help\n", c->name,
                      c->most_words ? "fewer words" : "no further word", c->name);
        return false;
    }
    return true;
}

bool cli_number(const struct cli_args *args, enum cli_option o, long least, long most,
                long otherwise, long *out)
{
    char *end;

    *out = otherwise;
    if (!args->option[o])
        return true;
    errno = 0;
    *out = strtol(args->option[o], &end, 10);
    if (errno || end == args->option[o] || *end || *out < least || *out > most) {
        (void)fprintf(stderr, "tidings: %s takes a number from %ld to %ld\n", options[o].name,
                      least, most);
        return false;
    }
    return true;
}

int cli_main(int argc, char **argv)
{
    struct cli_args *args = calloc(1, sizeof *args);
    const struct cli_command *c;
    const char *name;
    int code = EXIT_USAGE;

    if (!args)
        abort();
    if (!parse(argc, argv, args, &name)) {
        (void)fprintf(stderr, "Help: tidings --help\n");
    } else if (!name || strcmp(name, "help") == 0) {
        c = args->n_words ? find_command(args->words[0]) : NULL;
        if (args->n_words)
            code = c ? help_command(c, stdout) : unknown_command(args->words[0]);
        else
            code = help_all(name || args->option[OPT_HELP] ? stdout : stderr) +
                   (name || args->option[OPT_HELP] ? EXIT_YES : EXIT_USAGE);
    } else if (!(c = find_command(name))) {
        code = unknown_command(name);
    } else if (args->option[OPT_HELP]) {
        code = help_command(c, stdout);
    } else if (words_fit(c, args)) {
        code = c->run(args);
    }
    free(args);
    return code;
}
