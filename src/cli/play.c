#include "play.h"

static const struct str outcomes[] = {
    STR_LIT("notified"), STR_LIT("held"),    STR_LIT("rejected"),
    STR_LIT("recorded"), STR_LIT("dropped"), STR_LIT("duplicate"),
};

static bool known(struct str outcome)
{
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        if (str_eq(outcome, outcomes[i]))
            return true;
    }
    return false;
}

bool play_read(struct str text, const char *name, struct arena *a, struct play *out, struct err *e)
{
    size_t most = 0;
    int number = 0;

    for (size_t i = 0; i < text.n; i++)
        most += text.p[i] == '\n';
    out->lines = NEW_ARRAY(a, struct play_line, most + 1);
    out->n = 0;
    while (text.p) {
        struct str line = str_trim(str_cut(&text, '\n')), file, outcome;

        number++;
        if (line.n == 0 || line.p[0] == '#')
            continue;
        file = str_trim(str_cut(&line, '|'));
        outcome = str_trim(str_cut(&line, '|'));
        out->lines[out->n] = (struct play_line){
            .file = arena_copy(a, file).p,
            .outcome = str_cut(&outcome, ' '),
            .reason = str_trim(outcome),
            .words = str_trim(line),
        };
        if (!known(out->lines[out->n].outcome))
            return err_set(e, ERR_CONFIG, 0, "%s:%d: write FILE | OUTCOME [REASON] | words", name,
                           number);
        out->n++;
    }
    return out->n > 0 || err_set(e, ERR_CONFIG, 0, "%s: nothing to play", name);
}
