#include "meanings.h"

#include "commands.h"
#include "hl7/meaning.h"

static const char head[] =
    "# What HL7 v2 messages mean\n"
    "\n"
    "<!-- docs: tenant mappings/demo -->\n"
    "\n"
    "Made from the table in `src/hl7/meaning.c` by `tidings meanings`; a test fails when this page "
    "is "
    "stale.\n"
    "A feed names what stands here instead of repeating it:\n"
    "\n"
    "```yaml part=demo.yaml\n"
    "rules:\n"
    "  - rule: appointment\n"
    "    on: {hl7: [appointment.booked, appointment.moved, appointment.cancelled, "
    "appointment.missed]}\n"
    "    emit: appointment/1\n"
    "    with:\n"
    "      visit_key: {hl7: standard.appointment.key, as: pseudonym, else: reject(no appointment "
    "id)}\n"
    "      patient_key: values.patient_key\n"
    "      phone: values.phone\n"
    "      language: values.language\n"
    "      site: values.site\n"
    "      status: {hl7: {key: MSH-9.2, table: siu-status}, else: hold(unmapped appointment "
    "status)}\n"
    "      start: {hl7: [standard.appointment.start], as: instant, agree: warn, else: hold(no "
    "start time)}\n"
    "```\n"
    "\n"
    "A sender's own place goes in front: `hl7: [PV1-19.1, standard.appointment.key]`. `tidings "
    "check` and\n"
    "`explain` treat the paths as if they were written out, with their class.\n";

static void write_cells(const char *words, FILE *to)
{
    struct str rest = str_of(words);

    for (bool first = true; rest.p; first = false) {
        struct str word = str_cut(&rest, ' ');

        (void)fprintf(to, "%s`" STR_FMT "`", first ? "" : " ", STR_ARG(word));
    }
}

static void write_row(const char *name, const char *words, const char *note, FILE *to)
{
    (void)fprintf(to, "| `%s` | ", name);
    write_cells(words, to);
    (void)fprintf(to, " | %s |\n", note);
}

void meanings_write(FILE *to)
{
    (void)fputs(head, to);
    (void)fputs("\n## Groups of triggers, for `on`\n\n| Group | Triggers | Note |\n|---|---|---|\n",
                to);
    for (size_t i = 0; i < hl7_n_trigger_groups; i++)
        write_row(hl7_trigger_groups[i].name, hl7_trigger_groups[i].triggers,
                  hl7_trigger_groups[i].note, to);
    (void)fputs("\n## Where facts stand, best first, for `hl7` with `standard.` in front\n\n"
                "| Fact | Paths | Note |\n|---|---|---|\n",
                to);
    for (size_t i = 0; i < hl7_n_facts; i++)
        write_row(hl7_facts[i].name, hl7_facts[i].paths, hl7_facts[i].note, to);
}

int cli_meanings(const struct cli_args *args)
{
    (void)args;
    meanings_write(stdout);
    return EXIT_YES;
}
