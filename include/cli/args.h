/* The command line: one table of commands, one of options. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Exit codes (docs/operations.md). */
enum {
    EXIT_YES = 0,
    EXIT_NO = 1,      /* findings, a failed test, the peer refused, the ledger does not balance */
    EXIT_USAGE = 2,   /* wrong words, or input that cannot be read */
    EXIT_REACH = 3,   /* no daemon, no peer */
    EXIT_CONFIG = 78, /* serve: the configuration is refused; do not restart */
    EXIT_FATAL = 70,  /* serve: the store failed; restart recovers */
};

enum cli_option {
    OPT_CONFIG,
    OPT_JSON,
    OPT_ONCE,
    OPT_PORT,
    OPT_TO,
    OPT_COUNT,
    OPT_SHIFT,
    OPT_TIMEOUT,
    OPT_RATE,
    OPT_SET,
    OPT_CHAOS,
    OPT_FAULT,
    OPT_AS,
    OPT_TLS,
    OPT_CA,
    OPT_CERT,
    OPT_KEY,
    OPT_STRICT,
    OPT_FORMAT,
    OPT_PROOF,
    OPT_UNREAD,
    OPT_UPDATE,
    OPT_ONLY,
    OPT_WITH,
    OPT_REVEAL,
    OPT_BECAUSE,
    OPT_REPLAY,
    OPT_FROM,
    OPT_ASK_SHEET,
    OPT_OUT,
    OPT_FEEDS,
    OPT_QUIET,
    OPT_SIMULATE,
    OPT_HELP,
    OPTIONS
};

enum { MOST_WORDS = 4096, MOST_SETS = 64 };

struct cli_args {
    const char *option[OPTIONS];   /* NULL: not given; a flag that is given: "" */
    const char *words[MOST_WORDS]; /* behind the command */
    int n_words;
    const char *sets[MOST_SETS]; /* --set may be given more than once */
    int n_sets;
};

struct cli_command {
    const char *name;     /* "keys init" */
    const char *usage;    /* what follows the name */
    const char *summary;  /* one line */
    const char *examples; /* whole lines */
    uint64_t options;     /* 1 << OPT_… */
    int most_words;       /* more are a usage error */
    int (*run)(const struct cli_args *args);
};

extern const struct cli_command cli_commands[];
extern const size_t cli_n_commands;

/* Runs the command of argv; returns the exit code. */
int cli_main(int argc, char **argv);

/* The number an option gives, or `otherwise` when it is not given. False with a message on stderr
 * when it is not a number of [least, most]. */
bool cli_number(const struct cli_args *args, enum cli_option o, long least, long most,
                long otherwise, long *out);

#endif
