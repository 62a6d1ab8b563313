#include "feed/proof.h"

const char *proof_from_name(enum proof_from from)
{
    switch (from) {
    case PROOF_PATH:
        return "path";
    case PROOF_CONDITION:
        return "condition";
    case PROOF_TRIGGER:
        return "trigger";
    case PROOF_OVERLAY:
        return "overlay";
    case PROOF_SITE:
        return "site";
    case PROOF_TABLE:
        return "table";
    case PROOF_LITERAL:
        return "literal";
    }
    return "";
}

const char *proof_sink_kind_name(enum proof_sink_kind kind)
{
    switch (kind) {
    case PROOF_PARAMETER:
        return "parameter";
    case PROOF_LANGUAGE:
        return "language";
    case PROOF_TEMPLATE:
        return "template";
    case PROOF_TIME:
        return "time";
    case PROOF_RECIPIENT:
        return "recipient";
    case PROOF_LINK:
        return "link";
    case PROOF_WHETHER:
        return "whether";
    }
    return "";
}

const char *proof_limits(void)
{
    return "Proven with these companion files and stored events: of two messages that both lead to "
           "a send, "
           "equal fields up to the ceiling of a line give the same parameter, language, template "
           "and "
           "recipient; clinical fields and identifiers decide at most whether something is sent. "
           "Not proven: "
           "that silence is innocent (held or missing messages leak a little), that contact with "
           "the clinic "
           "is secret (sender, time and count show it), that the wording of a template is neutral, "
           "that "
           "dictionary and policy are right, and anything about text that staff type or the page "
           "behind the "
           "link.";
}

static void print_path(const struct proof_path *p, FILE *to)
{
    fprintf(to, "    %-10s  %-9s  %s", class_name(p->class), proof_from_name(p->from), p->text);
    fprintf(to, "  <- %s", p->through);
    if (p->value)
        fprintf(to, " <- %s", p->value);
    if (p->overlay)
        fprintf(to, " in overlay %s", p->overlay);
    fprintf(to, "  %s:%d:%d\n", p->file, p->line, p->column);
}

static void print_sink(const struct proof_sink *s, FILE *to)
{
    if (s->kind == PROOF_PARAMETER)
        fprintf(to, "  parameter %s: ", s->name);
    else
        fprintf(to, "  %s: ", proof_sink_kind_name(s->kind));
    if (s->kind == PROOF_WHETHER && s->n == 0)
        fprintf(to, "nothing but the trigger and the values themselves decides\n");
    else if (s->kind == PROOF_WHETHER)
        fprintf(to, "%s, decides only whether something is sent\n", class_name(s->join));
    else
        fprintf(to, "%s, at most %s: %s\n", class_name(s->join), class_name(s->ceiling),
                s->holds ? "holds" : "DOES NOT HOLD");
    for (size_t i = 0; i < s->n; i++)
        print_path(&s->paths[i], to);
}

/* The paragraph in lines of at most 100 characters. */
static void print_limits(FILE *to)
{
    struct str rest = str_of(proof_limits());
    size_t column = 0;

    while (rest.p) {
        struct str word = str_cut(&rest, ' ');

        if (column + word.n + 1 > 100)
            column = 0;
        fprintf(to, "%s" STR_FMT, column ? " " : "\n", STR_ARG(word));
        column += word.n + (column ? 1 : 0);
    }
    fprintf(to, "\n");
}

void proof_print(const struct feed *f, const struct proof *p, FILE *to)
{
    fprintf(to, "%s: %s    feed %s, version %.12s\n", feed_path(f),
            p->holds ? "proven" : "NOT PROVEN", feed_name(f), feed_version(f));
    for (size_t i = 0; i < p->n; i++) {
        const struct proof_template *t = &p->templates[i];

        fprintf(to, "\n%s on %s  %s:%d:%d\n", t->template, t->event, t->file, t->line, t->column);
        for (size_t s = 0; s < t->n; s++)
            print_sink(&t->sinks[s], to);
    }
    fprintf(to, "\nexceptions%s\n", p->n_exceptions ? "" : "\n  none");
    for (size_t i = 0; i < p->n_exceptions; i++) {
        const struct proof_exception *x = &p->exceptions[i];

        fprintf(to, "  %s", x->what);
        if (x->because)
            fprintf(to, "  \"%s\", %s, expires %s", x->because, x->by, x->expires);
        fprintf(to, "  %s:%d:%d\n", x->file, x->line, x->column);
    }
    print_limits(to);
}
