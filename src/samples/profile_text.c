#include "samples/profile.h"

#include "hl7/definition.h"
#include "hl7/meaning.h"

enum { SHOWN = 12 };

static unsigned percent(size_t n, size_t of)
{
    return of ? (unsigned)((n * 100 + of / 2) / of) : 0;
}

static void line_of(const struct tally *t, const char *title, FILE *to)
{
    (void)fprintf(to, "%-11s", title);
    for (size_t i = 0; i < t->n && i < SHOWN; i++)
        (void)fprintf(to, "%s" STR_FMT " %zu", i ? ", " : "", STR_ARG(t->items[i].name),
                      t->items[i].n);
    if (t->n > SHOWN)
        (void)fprintf(to, ", %zu more", t->n - SHOWN);
    (void)fputc('\n', to);
}

static void triggers(const struct profile *p, FILE *to)
{
    (void)fprintf(to, "\nTRIGGERS\n");
    for (size_t i = 0; i < p->triggers.n; i++) {
        const struct tally_count *t = &p->triggers.items[i];
        const struct hl7_trigger_group *group = hl7_trigger_group_of(t->name);

        (void)fprintf(to, "  %6zu  %-14.*s", t->n, STR_ARG(t->name));
        if (group)
            (void)fprintf(to, " %s. %s", group->name, group->note);
        (void)fputc('\n', to);
    }
    for (size_t i = 0; i < p->resources.n; i++)
        (void)fprintf(to, "  %6zu  " STR_FMT " (resource)\n", p->resources.items[i].n,
                      STR_ARG(p->resources.items[i].name));
}

/* "Phone Number - Home" for PID-13; "" when no version knows it. */
static const char *title_of(struct str field)
{
    static const enum hl7_version versions[] = {HL7_V2_5_1, HL7_V2_8, HL7_V2_3};
    struct hl7_definition d;
    unsigned n = 0;

    if (field.n < 5 || field.p[3] != '-')
        return "";
    for (size_t i = 4; i < field.n && n < 1000; i++)
        n = n * 10 + (unsigned)(field.p[i] - '0');
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
        if (hl7_field_defined(versions[i], (struct str){field.p, 3}, n, &d) && d.title)
            return d.title;
    return "";
}

static void fields(const struct profile *p, FILE *to)
{
    (void)fprintf(to, "\nFIELDS           messages  how many different, most repetitions\n");
    for (size_t i = 0; i < p->fields.n; i++) {
        const struct tally_count *t = &p->fields.items[i];
        const struct profile_field *f = &p->field[t->at];
        const char *title = title_of(t->name);

        (void)fprintf(to, "  %-16.*s %4u %%  %zu%s", STR_ARG(t->name),
                      percent(t->messages, p->n_messages), f->n_distinct,
                      f->n_distinct == PROFILE_DISTINCT ? " or more" : "");
        if (f->repetitions > 1)
            (void)fprintf(to, ", up to %zu", f->repetitions);
        if (f->deletes)
            (void)fprintf(to, ", \"\" %zu times", f->deletes);
        (void)fprintf(to, "%s%s\n", title[0] ? "  " : "", title);
    }
    if (p->fields.over)
        (void)fprintf(to, "  more than %d fields: the rest is not counted\n", PROFILE_FIELDS);
}

static void codes(const struct profile *p, FILE *to)
{
    (void)fprintf(to, "\nCODES\n");
    for (size_t i = 0; i < p->codes.n; i++) {
        const struct tally *t = &p->code[p->codes.items[i].at];

        (void)fprintf(to, "  %-16.*s ", STR_ARG(p->codes.items[i].name));
        for (size_t k = 0; k < t->n && k < SHOWN; k++)
            (void)fprintf(to, "%s" STR_FMT " %zu", k ? ", " : "", STR_ARG(t->items[k].name),
                          t->items[k].n);
        if (t->n > SHOWN)
            (void)fprintf(to, ", %zu more", t->n - SHOWN);
        if (t->over)
            (void)fprintf(to, "%s%zu times no code, or one too many", t->n ? ", " : "", t->over);
        (void)fputc('\n', to);
    }
}

static void phones(const struct profile *p, FILE *to)
{
    size_t at;
    const char *country = profile_country(p, &at);

    (void)fprintf(to, "\nTELEPHONE NUMBERS");
    if (!p->phones.n) {
        (void)fprintf(to, "\n  none\n");
        return;
    }
    if (country)
        (void)fprintf(to, "   valid for %s (%s)\n", country,
                      p->countries_given ? "--set country" : "derived: --set country=XX says it");
    else
        (void)fprintf(to, "   valid nowhere that was tried: --set country=XX\n");
    for (size_t i = 0; i < p->phones.n; i++) {
        const struct tally_count *t = &p->phones.items[i];
        size_t valid = country ? p->phone[t->at].valid[at] : 0;

        (void)fprintf(to, "  %-32.*s in %u %% of messages, valid in %u %%\n", STR_ARG(t->name),
                      percent(t->messages, p->n_messages), percent(valid, p->n_messages));
    }
}

static void list(const struct tally *t, const char *title, FILE *to)
{
    if (!t->n)
        return;
    (void)fprintf(to, "\n%s\n", title);
    for (size_t i = 0; i < t->n; i++)
        (void)fprintf(to, "  %6zu  " STR_FMT "\n", t->items[i].n, STR_ARG(t->items[i].name));
}

void profile_text(const struct profile *p, FILE *to)
{
    (void)fprintf(to, "%zu messages in %zu files: %zu HL7 v2, %zu FHIR; %zu pieces not counted\n",
                  p->n_messages, p->n_files, p->n_hl7, p->n_fhir, p->n_faults);
    if (!p->n_messages)
        return;
    if (p->n_hl7) {
        line_of(&p->senders, "senders", to);
        line_of(&p->versions, "versions", to);
        line_of(&p->charsets, "charsets", to);
        line_of(&p->processing, "MSH-11", to);
        line_of(&p->offsets, "offsets", to);
    }
    triggers(p, to);
    phones(p, to);
    list(&p->times, "TIMES", to);
    list(&p->shapes, "Z-SEGMENTS", to);
    codes(p, to);
    fields(p, to);
}
