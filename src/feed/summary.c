#include "feed/summary.h"

#include <stdlib.h>

#include "decision.h"

enum { HL7_NAME = 8, WORDS_MOST = 4096 };

struct feed_counts feed_counts(const struct feed *f)
{
    const struct map *m = &f->maps[0];
    struct feed_counts c = {m->n_rules, m->n_values, f->n_notify, f->groups[0].n};

    for (size_t r = 0; r < m->n_rules; r++)
        for (size_t b = 0; b < m->rules[r].n_with; b++)
            c.values += m->rules[r].with[b].value && !m->rules[r].with[b].value->name.p;
    return c;
}

/* A sorted list of words, each once. */
struct words {
    struct arena *a;
    struct str items[WORDS_MOST];
    size_t n;
    int (*order)(struct str x, struct str y);
};

static void add_word(struct words *w, struct str word)
{
    size_t i = 0;

    while (i < w->n && w->order(w->items[i], word) < 0)
        i++;
    if ((i < w->n && str_eq(w->items[i], word)) || w->n == WORDS_MOST)
        return;
    memmove(w->items + i + 1, w->items + i, (w->n++ - i) * sizeof(*w->items));
    w->items[i] = arena_copy(w->a, word);
}

static int by_bytes(struct str x, struct str y)
{
    size_t n = x.n < y.n ? x.n : y.n;
    int c = x.p && y.p ? memcmp(x.p, y.p, n) : 0;

    return c ? c : (x.n > y.n) - (x.n < y.n);
}

/* "OBR-4" before "OBR-25". */
static int by_field(struct str x, struct str y)
{
    int c;

    if (!x.p || !y.p)
        return 0;
    c = memcmp(x.p, y.p, 4);
    return c ? c : atoi(x.p + 4) - atoi(y.p + 4);
}

static void add_field(struct words *w, const struct hl7_path *p)
{
    add_word(w, arena_printf(w->a, "%s-%u", p->segment, p->field));
}

/* "Patient.telecom" of "Patient.telecom.value". */
static struct str second_level(struct str path)
{
    struct str rest = path;

    (void)str_cut(&rest, '.');
    (void)str_cut(&rest, '.');
    return rest.p ? (struct str){path.p, path.n - rest.n - 1} : path;
}

static void add_elements(struct words *w, const struct fhirpath *x)
{
    struct fhirpath_chains all = fhirpath_chains(x, w->a);

    for (size_t i = 0; i < all.n; i++)
        if (memchr(all.items[i].path.p, '.', all.items[i].path.n) && all.items[i].path.p[0] != '?')
            add_word(w, second_level(all.items[i].path));
}

static void add_branch(struct words *hl7, struct words *fhir, const struct branch *b)
{
    for (size_t i = 0; i < b->n_sources; i++)
        if (b->sources[i].expr)
            add_elements(fhir, b->sources[i].expr);
        else
            add_field(hl7, &b->sources[i].path);
    for (size_t i = 0; b->cond && i < b->cond->n_leaves; i++)
        for (size_t p = 0; p < b->cond->leaves[i].n_paths; p++)
            add_field(hl7, &b->cond->leaves[i].paths[p]);
    if (b->expr)
        add_elements(fhir, b->expr);
}

static void add_rule(struct words *hl7, struct words *fhir, const struct rule *r)
{
    for (int side = 0; side < SIDES; side++) {
        add_branch(hl7, fhir, &r->only_if.branch[side]);
        add_branch(hl7, fhir, &r->sensitive.branch[side]);
        for (size_t b = 0; b < r->n_with; b++)
            if (r->with[b].value)
                add_branch(hl7, fhir, &r->with[b].value->branch[side]);
    }
}

static void print_words(const char *name, const struct words *w, FILE *to)
{
    if (!w->n)
        return;
    fprintf(to, "  %-8s", name);
    for (size_t i = 0; i < w->n; i++)
        fprintf(to, " " STR_FMT, STR_ARG(w->items[i]));
    putc('\n', to);
}

static void print_reads(const struct feed *f, struct arena *a, FILE *to)
{
    struct words *hl7 = NEW(a, struct words), *fhir = NEW(a, struct words);
    const struct map *m = &f->maps[0];

    *hl7 = (struct words){.a = a, .order = by_field};
    *fhir = (struct words){.a = a, .order = by_bytes};
    for (size_t v = 0; v < m->n_values; v++)
        for (int side = 0; side < SIDES; side++)
            add_branch(hl7, fhir, &m->values[v].branch[side]);
    for (size_t r = 0; r < m->n_rules; r++)
        add_rule(hl7, fhir, &m->rules[r]);
    print_words("reads", hl7, to);
    print_words(hl7->n ? "" : "reads", fhir, to);
}

/* ---- shows ---- */

static bool is_notified(const struct feed *f, const struct template *t)
{
    for (size_t i = 0; i < f->n_notify; i++)
        if (f->notify[i].template == t)
            return true;
    return false;
}

static void print_shown(const struct feed *f, const struct template *t, struct arena *a, FILE *to)
{
    struct words *seen = NEW(a, struct words);

    *seen = (struct words){.a = a, .order = by_bytes};
    fprintf(to, STR_FMT ":", STR_ARG(t->key));
    for (size_t i = 0; i < f->n_notify; i++)
        for (size_t p = 0; f->notify[i].template == t && p < f->notify[i].n_params; p++) {
            struct str name = f->notify[i].params[p].node->text;
            size_t before = seen->n;

            add_word(seen, name);
            if (seen->n == before)
                continue;
            fputs(before ? ", " : " ", to);
            for (size_t c = 0; c < name.n; c++)
                putc(name.p[c] == '.' ? ' ' : name.p[c], to);
        }
    if (!seen->n)
        fputs(" nothing", to);
}

/* Templates of one ceiling share a line. */
static void print_shows(const struct feed *f, struct arena *a, FILE *to)
{
    for (int level = 0; level <= CLASS_CLINICAL; level++) {
        size_t n = 0;

        for (size_t i = 0; i < f->templates.n; i++) {
            const struct template *t = &f->templates.items[i];

            if ((int)t->shows != level || !is_notified(f, t))
                continue;
            fputs(n++ ? " · " : "  shows    ", to);
            print_shown(f, t, a, to);
        }
        if (n)
            fprintf(to, "     (ceiling: %s)\n", class_name((enum sensitivity)level));
    }
}

/* ---- note ---- */

struct note {
    struct arena *a;
    struct words *paths;
    enum sensitivity class;
};

static void note_path(struct note *n, struct str text, enum sensitivity class)
{
    if (class == n->class)
        add_word(n->paths, text);
}

/* HL7 fields of a path without what it picks out, and whole expressions. */
static void note_branch(const struct feed *f, struct note *n, const struct branch *b)
{
    for (size_t i = 0; i < b->n_sources; i++)
        note_path(n,
                  b->sources[i].expr ? b->sources[i].text
                                     : arena_printf(n->a, "%s-%u", b->sources[i].path.segment,
                                                    b->sources[i].path.field),
                  b->sources[i].class);
    for (size_t i = 0; b->cond && i < b->cond->n_leaves; i++)
        for (size_t k = 0; k < b->cond->leaves[i].n_paths; k++) {
            const struct hl7_path *p = &b->cond->leaves[i].paths[k];

            note_path(n, arena_printf(n->a, "%s-%u", p->segment, p->field), feed_class_hl7(f, p));
        }
    if (b->expr)
        note_path(n, b->node->text, b->class);
}

/* HL7 before FHIR, as in `reads`. */
static int by_kind(struct str x, struct str y)
{
    bool x_hl7 = x.n > 3 && x.p[3] == '-', y_hl7 = y.n > 3 && y.p[3] == '-';

    if (x_hl7 != y_hl7)
        return x_hl7 ? -1 : 1;
    return x_hl7 ? by_field(x, y) : by_bytes(x, y);
}

static void print_note(const struct note *n, bool first, FILE *to)
{
    for (size_t i = 0; i < n->paths->n; i++)
        fprintf(to, "%s" STR_FMT,
                i       ? ", "
                : first ? "  note     "
                        : ", ",
                STR_ARG(n->paths->items[i]));
    fprintf(to, " (%s)", class_name(n->class));
}

typedef void note_walk(const struct feed *f, const struct rule *r, struct note *n);

static void note_guards(const struct feed *f, const struct rule *r, struct note *n)
{
    for (int side = 0; side < SIDES; side++) {
        note_branch(f, n, &r->only_if.branch[side]);
        note_branch(f, n, &r->sensitive.branch[side]);
    }
}

static void note_flags(const struct feed *f, const struct rule *r, struct note *n)
{
    for (size_t b = 0; b < r->n_with; b++)
        for (int side = 0; side < SIDES; side++)
            if (r->with[b].slot->kind == SLOT_FLAG && r->with[b].value)
                note_branch(f, n, &r->with[b].value->branch[side]);
}

/* One line for the data above logistics that `walk` finds in a rule, the most sensitive first. */
static void print_rule_notes(const struct feed *f, const struct rule *r, note_walk *walk,
                             const char *what, struct arena *a, FILE *to)
{
    size_t n = 0;

    for (int level = CLASS_CLINICAL; level > CLASS_LOGISTICS; level--) {
        struct note note = {a, NEW(a, struct words), (enum sensitivity)level};

        *note.paths = (struct words){.a = a, .order = by_kind};
        walk(f, r, &note);
        if (note.paths->n)
            print_note(&note, n == 0, to);
        n += note.paths->n;
    }
    if (n)
        fprintf(to, " %s only whether `" STR_FMT "` %s\n", n == 1 ? "decides" : "decide",
                STR_ARG(r->label), what);
}

static void print_notes(const struct feed *f, struct arena *a, FILE *to)
{
    for (size_t i = 0; i < f->maps[0].n_rules; i++) {
        print_rule_notes(f, &f->maps[0].rules[i], note_guards, "may send", a, to);
        print_rule_notes(f, &f->maps[0].rules[i], note_flags, "stops messages", a, to);
    }
}

static void print_policy(const struct feed *f, struct arena *a, FILE *to)
{
    struct decisions all = decisions_of(f, a);

    for (size_t i = 0; i < all.n; i++) {
        const struct decision *d = &all.items[i];

        fprintf(to, "  %-8s %s", i ? "" : "policy", d->what);
        if (d->because.p)
            fprintf(to, " (\"" STR_FMT "\", " STR_FMT ", expires " STR_FMT ")", STR_ARG(d->because),
                    STR_ARG(d->by), STR_ARG(d->expires));
        putc('\n', to);
    }
}

void feed_summary_print(const struct feed *f, FILE *to)
{
    struct arena a = {0};

    print_reads(f, &a, to);
    print_shows(f, &a, to);
    print_notes(f, &a, to);
    print_policy(f, &a, to);
    arena_reset(&a);
}
