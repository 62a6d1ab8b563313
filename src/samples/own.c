#include "own.h"

#include "json_place.h"

enum { SHORTEST = 4 };

static void add(struct own *o, struct str value)
{
    if (value.n >= SHORTEST && o->n < OWN_MOST)
        o->items[o->n++] = value;
}

/* Every run between separators. */
static void add_parts(struct own *o, struct str field, const struct hl7_separators *sep)
{
    size_t from = 0;

    for (size_t i = 0; i <= field.n; i++) {
        char c = i < field.n ? field.p[i] : '\0';

        if (i < field.n && c != sep->component && c != sep->repetition && c != sep->subcomponent)
            continue;
        add(o, (struct str){field.p + from, i - from});
        from = i + 1;
    }
}

/* CX: the number is the first component; what stands behind it names who gave it. */
static void add_numbers(struct own *o, struct str field, const struct hl7_separators *sep)
{
    while (field.p && field.n) {
        struct str one = str_cut(&field, sep->repetition);

        add(o, str_cut(&one, sep->component));
    }
}

static void one_segment(struct own *o, struct str line, const struct hl7_separators *sep)
{
    struct str rest = line, name = str_cut(&rest, sep->field);
    bool pid = str_eq(name, STR("PID")), merged = str_eq(name, STR("MRG"));

    for (unsigned n = 1; (pid || merged) && rest.p; n++) {
        struct str field = str_cut(&rest, sep->field);

        if (pid && (n == 5 || n == 6 || n == 7 || n == 9 || n == 13 || n == 14))
            add_parts(o, field, sep);
        else if (merged || n == 2 || n == 3 || n == 4 || n == 18 || n == 19 || n == 20 || n == 21)
            add_numbers(o, field, sep);
    }
}

void own_of_hl7(struct own *o, struct str text, const struct hl7_separators *sep)
{
    size_t from = 0;

    for (size_t i = 0; i <= text.n; i++) {
        if (i < text.n && text.p[i] != '\r' && text.p[i] != '\n')
            continue;
        one_segment(o, (struct str){text.p + from, i - from}, sep);
        from = i + 1;
    }
}

void own_of_fhir(struct own *o, const struct json_node *root, struct arena *a)
{
    for (const struct json_node *n = root; n; n = json_next(n)) {
        struct json_place p;

        if (n->kind != JSON_STRING)
            continue;
        p = json_place_of(n, a);
        if (!str_eq(p.resource, STR("Patient")))
            continue;
        if ((str_eq(p.owner, STR("HumanName")) && !str_eq(p.name, STR("use"))) ||
            str_eq(p.path, STR("Patient.birthDate")) ||
            str_eq(p.path, STR("Patient.identifier.value")) ||
            str_eq(p.path, STR("Patient.telecom.value")) || str_eq(p.path, STR("Patient.id")))
            add(o, n->text);
    }
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool stands_at(struct str text, size_t at, struct str word)
{
    for (size_t i = 0; i < word.n; i++)
        if (lower(text.p[at + i]) != lower(word.p[i]))
            return false;
    return true;
}

bool own_in(const struct own *o, struct str text)
{
    for (size_t k = 0; k < o->n; k++)
        for (size_t at = 0; at + o->items[k].n <= text.n; at++)
            if (stands_at(text, at, o->items[k]))
                return true;
    return false;
}
