#include <stdio.h>

#include "commands.h"
#include "config/config.h"
#include "net/control.h"

enum { ANSWER_MOST = 1 << 20 };

int cli_reload(const struct cli_args *args)
{
    const char *file = args->option[OPT_CONFIG] ? args->option[OPT_CONFIG] : "tidings.yaml";
    struct buf text = buf_new(ANSWER_MOST);
    struct config config = {0};
    struct arena a = {0};
    struct err e = {0};
    int code = EXIT_USAGE;

    if (config_read(file, &a, &config, &e)) {
        code = EXIT_REACH;
        if (control_call(config.state, "reload", &code, &text, &e))
            (void)fwrite(text.p ? text.p : "", 1, text.n, stdout);
    }
    if (e.kind != ERR_NONE)
        (void)fprintf(stderr, "%s\n", e.text);
    buf_reset(&text);
    arena_reset(&a);
    return code;
}
