#include "hl7/group.h"

struct cutting {
    const struct hl7_message *m;
    const char *lead;
    struct hl7_place *places;
    int n_blocks, n_groups;
};

static bool is(const struct hl7_message *m, size_t i, const char *name)
{
    return i < m->n_segments && hl7_segment_is(&m->segments[i], name);
}

/* Appointment messages: from RGS on, everything is about the appointment and not about one patient. */
static bool is_scheduling(const struct hl7_message *m)
{
    static const char *const types[] = {"SIU", "SRM", "SRR", "SQM", "SQR"};
    struct str type = hl7_component(&m->sep, hl7_field(&m->segments[0], 9), 1);

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (str_eq(str_trim(type), str_of(types[i])))
            return true;
    }
    return false;
}

static bool one_of(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

static bool takes_orc(const char *lead)
{
    static const char *const orders[] = {"OBR", "RXE", "RXD"};

    return one_of(lead, orders, sizeof orders / sizeof orders[0]);
}

static bool is_resource(const char *name)
{
    static const char *const resources[] = {"AIS", "AIG", "AIL", "AIP"};

    return one_of(name, resources, sizeof resources / sizeof resources[0]);
}

static void cut_blocks(struct cutting *c)
{
    bool scheduling = is_scheduling(c->m);
    int block = HL7_NOWHERE;

    for (size_t i = 0; i < c->m->n_segments; i++) {
        if (is(c->m, i, "PID"))
            block = c->n_blocks++;
        else if (scheduling && is(c->m, i, "RGS"))
            block = HL7_NOWHERE;
        c->places[i].block = block;
    }
}

static bool starts_group(const struct cutting *c, size_t i)
{
    if (takes_orc(c->lead) && is(c->m, i, "ORC"))
        return is(c->m, i + 1, c->lead);
    if (!is(c->m, i, c->lead))
        return false;
    return !(takes_orc(c->lead) && i > 0 && is(c->m, i - 1, "ORC"));
}

static void cut_groups(struct cutting *c)
{
    int group = HL7_NOWHERE;

    for (size_t i = 0; i < c->m->n_segments; i++) {
        if (i > 0 && c->places[i].block != c->places[i - 1].block)
            group = HL7_NOWHERE;
        if (is_resource(c->lead) && is(c->m, i, "RGS"))
            group = HL7_NOWHERE;
        if (c->lead[0] && starts_group(c, i))
            group = c->n_groups++;
        c->places[i].group = group;
    }
}

static void set_notes_aside(struct cutting *c)
{
    const char *owner = ""; /* the last segment that is no note and no Z-segment of another */

    for (size_t i = 0; i < c->m->n_segments; i++) {
        const char *name = c->m->segments[i].name;

        if (is(c->m, i, "NTE"))
            c->places[i].aside = is_resource(owner) && strcmp(owner, c->lead) != 0;
        else if (name[0] != 'Z')
            owner = name;
    }
}

void hl7_groups_cut(const struct hl7_message *m, const char *lead, struct arena *a,
                    struct hl7_groups *out)
{
    struct cutting c = {.m = m, .lead = lead};

    c.places = NEW_ARRAY(a, struct hl7_place, m->n_segments);
    cut_blocks(&c);
    cut_groups(&c);
    set_notes_aside(&c);
    *out = (struct hl7_groups){c.places, c.n_blocks, c.n_groups};
}
