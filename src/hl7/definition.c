#include "hl7/definition.h"

#include <stdlib.h>

/* Tables of 2.3 to 2.7.1; the lowest bit in `versions` is 2.3. Texts are
 * offsets into one block, so that the tables hold no pointers and need no relocation. */
struct part_row { /* a field or a component */
    uint32_t title;
    uint8_t type; /* index of type_names */
    uint8_t repeats;
};

struct segment_row {
    char name[4];
    uint16_t versions, n_parts, first;
    uint32_t title;
};

struct type_row {
    uint16_t name, versions, n_parts, first;
    uint32_t title;
};

struct trigger_row {
    char name[8];
    uint16_t versions;
    uint32_t structure;
};

#include "definition.inc"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* Versions without tables of their own may have more than those of the nearest one. */
static bool is_open(enum hl7_version v)
{
    return v < HL7_V2_3 || v > HL7_V2_7_1;
}

static unsigned bit_of(enum hl7_version v)
{
    if (v == HL7_V2_1 || v == HL7_V2_2)
        v = HL7_V2_3;
    else if (is_open(v))
        v = HL7_V2_7_1;
    return 1u << (v - HL7_V2_3);
}

static const char *text_at(uint32_t offset)
{
    return (const char *)all_text + offset;
}

static int compare(struct str a, const char *b)
{
    struct str other = str_of(b);
    size_t n = a.n < other.n ? a.n : other.n;
    int order = n ? memcmp(a.p, other.p, n) : 0;

    return order ? order : (a.n > other.n) - (a.n < other.n);
}

/* ---- segments and types ---- */

static int by_segment(const void *key, const void *row)
{
    return compare(*(const struct str *)key, ((const struct segment_row *)row)->name);
}

static bool same_segment(const struct segment_row *a, const struct segment_row *b)
{
    return memcmp(a->name, b->name, sizeof a->name) == 0;
}

/* The first of the rows of that name; NULL: no version has it. */
static const struct segment_row *segment_rows_of(struct str name)
{
    const struct segment_row *row =
        bsearch(&name, segment_rows, COUNT(segment_rows), sizeof *segment_rows, by_segment);

    while (row && row > segment_rows && same_segment(row - 1, row))
        row--;
    return row;
}

static const struct segment_row *segment_row_of(enum hl7_version v, struct str name)
{
    const struct segment_row *row = segment_rows_of(name), *first = row;

    for (; row && row < segment_rows + COUNT(segment_rows) && same_segment(row, first); row++)
        if (row->versions & bit_of(v))
            return row;
    return NULL;
}

static int by_type_name(const void *key, const void *row)
{
    return compare(*(const struct str *)key, text_at(*(const uint32_t *)row));
}

static int by_type(const void *key, const void *row)
{
    return *(const int *)key - ((const struct type_row *)row)->name;
}

static const struct type_row *type_row_of(enum hl7_version v, int name)
{
    const struct type_row *row =
        bsearch(&name, type_rows, COUNT(type_rows), sizeof *type_rows, by_type);

    while (row && row > type_rows && row[-1].name == name)
        row--;
    for (; row && row < type_rows + COUNT(type_rows) && row->name == name; row++)
        if (row->versions & bit_of(v))
            return row;
    return NULL;
}

/* "VARIES": the message says; "CM" by itself: a composite that the version does not take apart. */
static bool holds_anything(const char *type)
{
    return strcmp(type, "VARIES") == 0 || strcmp(type, "CM") == 0;
}

static void define_part(enum hl7_version v, uint8_t type, const char *title, bool repeats,
                        struct hl7_definition *out)
{
    const struct type_row *row = type_row_of(v, type);
    const char *name = text_at(type_names[type]);

    *out = (struct hl7_definition){
        .name = name,
        .title = title,
        .n_parts = row ? row->n_parts : 0,
        .repeats = repeats,
        .open = is_open(v) || holds_anything(name),
    };
}

/* QPD, RDT: the query or table says what stands in the last field and behind it. */
static bool ends_open(const struct segment_row *row)
{
    return row->n_parts > 0 &&
           holds_anything(text_at(type_names[part_rows[row->first + row->n_parts - 1].type]));
}

bool hl7_segment_defined(enum hl7_version v, struct str segment, struct hl7_definition *out)
{
    const struct segment_row *row = segment_row_of(v, segment);

    if (!row)
        return false;
    *out = (struct hl7_definition){
        .name = row->name,
        .title = text_at(row->title),
        .n_parts = row->n_parts,
        .open = is_open(v) || ends_open(row),
    };
    return true;
}

bool hl7_field_defined(enum hl7_version v, struct str segment, unsigned field,
                       struct hl7_definition *out)
{
    const struct segment_row *row = segment_row_of(v, segment);
    const struct part_row *part;

    if (!row || field == 0 || field > row->n_parts)
        return false;
    part = &part_rows[row->first + field - 1];
    define_part(v, part->type, text_at(part->title), part->repeats, out);
    return true;
}

bool hl7_component_defined(enum hl7_version v, struct str type, unsigned component,
                           struct hl7_definition *out)
{
    const uint32_t *name =
        bsearch(&type, type_names, COUNT(type_names), sizeof *type_names, by_type_name);
    const struct type_row *row = name ? type_row_of(v, (int)(name - type_names)) : NULL;
    const struct part_row *part;

    if (!row || component == 0)
        return false;
    if (row->n_parts == 0 && component == 1) {
        define_part(v, (uint8_t)row->name, text_at(row->title), false, out);
        return true;
    }
    if (component > row->n_parts)
        return false;
    part = &part_rows[row->first + component - 1];
    define_part(v, part->type, text_at(part->title), part->repeats, out);
    return true;
}

const char *hl7_segment_at(enum hl7_version v, size_t i)
{
    for (const struct segment_row *row = segment_rows; row < segment_rows + COUNT(segment_rows);
         row++)
        if ((row->versions & bit_of(v)) && i-- == 0)
            return row->name;
    return NULL;
}

bool hl7_segment_known(struct str segment)
{
    return segment_rows_of(segment) != NULL;
}

bool hl7_segment_is_local(struct str segment)
{
    return segment.n == 3 && segment.p[0] == 'Z';
}

/* ---- paths ---- */

/* A part of `whole`, a field or component. A part past the end of what is open is open itself. */
static bool define_below(enum hl7_version v, const struct hl7_definition *whole, unsigned number,
                         struct hl7_definition *out)
{
    if (hl7_component_defined(v, str_of(whole->name), number, out))
        return true;
    *out = (struct hl7_definition){.name = "VARIES", .title = "", .open = true};
    return whole->open;
}

static enum hl7_path_fault define_tests(enum hl7_version v, const struct hl7_path *p,
                                        const struct hl7_definition *field,
                                        struct hl7_definition *at,
                                        const struct hl7_path_test **test)
{
    struct hl7_definition component, leaf;

    for (size_t i = 0; i < p->n_tests; i++) {
        *test = &p->tests[i];
        *at = *field;
        if (!define_below(v, field, (*test)->component, &component))
            return HL7_PATH_TEST_COMPONENT;
        *at = component;
        if ((*test)->has_subcomponent && !define_below(v, &component, (*test)->subcomponent, &leaf))
            return HL7_PATH_TEST_SUBCOMPONENT;
    }
    *test = NULL;
    return HL7_PATH_DEFINED;
}

enum hl7_path_fault hl7_path_define(enum hl7_version v, const struct hl7_path *p,
                                    struct hl7_definition *at, const struct hl7_path_test **test)
{
    struct str segment = str_of(p->segment);
    struct hl7_definition field, component;
    enum hl7_path_fault fault;

    *at = (struct hl7_definition){.name = p->segment, .title = "", .open = true};
    *test = NULL;
    if (hl7_segment_is_local(segment))
        return HL7_PATH_DEFINED;
    if (!hl7_segment_defined(v, segment, at))
        return is_open(v) ? HL7_PATH_DEFINED : HL7_PATH_NO_SEGMENT;
    if (!hl7_field_defined(v, segment, p->field, &field))
        return at->open ? HL7_PATH_DEFINED : HL7_PATH_NO_FIELD;
    fault = define_tests(v, p, &field, at, test);
    if (fault != HL7_PATH_DEFINED)
        return fault;
    *at = field;
    if (!p->component)
        return HL7_PATH_DEFINED;
    if (!define_below(v, &field, p->component, &component))
        return HL7_PATH_NO_COMPONENT;
    *at = component;
    if (p->subcomponent && !define_below(v, &component, p->subcomponent, at)) {
        *at = component;
        return HL7_PATH_NO_SUBCOMPONENT;
    }
    return HL7_PATH_DEFINED;
}

/* ---- messages ---- */

static int by_trigger(const void *key, const void *row)
{
    return compare(*(const struct str *)key, ((const struct trigger_row *)row)->name);
}

const char *hl7_structure(enum hl7_version v, struct str trigger)
{
    const struct trigger_row *row =
        bsearch(&trigger, trigger_rows, COUNT(trigger_rows), sizeof *trigger_rows, by_trigger);

    while (row && row > trigger_rows && memcmp(row[-1].name, row->name, sizeof row->name) == 0)
        row--;
    for (; row && row < trigger_rows + COUNT(trigger_rows) && compare(trigger, row->name) == 0;
         row++)
        if (row->versions & bit_of(v))
            return text_at(row->structure);
    return NULL;
}
