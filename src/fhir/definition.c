#include "fhir/definition.h"

#include <stdint.h>
#include <stdlib.h>

/* Names are numbers of words in order, so that rows compare as numbers do; the lowest bit in `releases`
 * is R4. */
struct element_row {
    uint16_t owner, name, type;
    uint8_t releases, repeats;
    uint32_t targets;
};

struct type_row {
    uint16_t type, parent; /* 0: none */
    uint8_t releases;
};

#include "definition.inc"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static const char *const release_names[FHIR_RELEASES] = {"R4", "R4B", "R5"};

bool fhir_release_named(struct str text, enum fhir_release *out)
{
    for (int r = 0; r < FHIR_RELEASES; r++) {
        if (str_eq(text, str_of(release_names[r]))) {
            *out = (enum fhir_release)r;
            return true;
        }
    }
    return false;
}

const char *fhir_release_name(enum fhir_release r)
{
    return release_names[r];
}

static const char *text_at(uint32_t offset)
{
    return (const char *)all_text + offset;
}

static int by_word(const void *key, const void *item)
{
    const struct str *wanted = key;
    struct str word = str_of(text_at(*(const uint32_t *)item));
    size_t n = wanted->n < word.n ? wanted->n : word.n;
    int order = n ? memcmp(wanted->p, word.p, n) : 0;

    return order ? order : (wanted->n > word.n) - (wanted->n < word.n);
}

/* The number of a word; 0, which is "", when no definition has it. */
static uint16_t word_of(struct str text)
{
    const uint32_t *at =
        text.n ? bsearch(&text, word_at, COUNT(word_at), sizeof *word_at, by_word) : NULL;

    return at ? (uint16_t)(at - word_at) : 0;
}

static const char *word(uint16_t number)
{
    return text_at(word_at[number]);
}

/* ---- types ---- */

static int by_type(const void *key, const void *row)
{
    return *(const uint16_t *)key - ((const struct type_row *)row)->type;
}

static const struct type_row *type_row_of(enum fhir_release r, uint16_t type)
{
    const struct type_row *row =
        bsearch(&type, type_rows, COUNT(type_rows), sizeof *type_rows, by_type);

    while (row && row > type_rows && row[-1].type == type)
        row--;
    for (; row && row < type_rows + COUNT(type_rows) && row->type == type; row++)
        if (row->releases & (1u << r))
            return row;
    return NULL;
}

/* 0 above the roots. What has children of its own inside a type is a BackboneElement. */
static uint16_t parent_of(enum fhir_release r, uint16_t type)
{
    const struct type_row *row = type_row_of(r, type);

    if (row)
        return row->parent;
    return strchr(word(type), '.') ? word_of(STR("BackboneElement")) : 0;
}

bool fhir_type_defined(enum fhir_release r, struct str type)
{
    uint16_t number = word_of(type);

    return number && type_row_of(r, number);
}

bool fhir_resource_defined(enum fhir_release r, struct str type)
{
    static const char *const abstract[] = {"Resource", "DomainResource", "CanonicalResource",
                                           "MetadataResource"};

    for (size_t i = 0; i < sizeof abstract / sizeof *abstract; i++)
        if (str_eq(type, str_of(abstract[i])))
            return false;
    return fhir_type_defined(r, type) && fhir_type_descends(r, type, STR("Resource"));
}

bool fhir_type_descends(enum fhir_release r, struct str type, struct str ancestor)
{
    uint16_t number = word_of(type), wanted = word_of(ancestor);

    while (number && number != wanted)
        number = parent_of(r, number);
    return number != 0;
}

/* ---- elements ---- */

static void fill(const struct element_row *row, struct fhir_definition *out)
{
    *out = (struct fhir_definition){
        .owner = word(row->owner),
        .name = word(row->name),
        .type = word(row->type),
        .targets = text_at(row->targets),
        .repeats = row->repeats,
    };
}

static int by_owner_and_name(const void *key, const void *item)
{
    const struct element_row *wanted = key, *row = item;

    return wanted->owner != row->owner ? wanted->owner - row->owner : wanted->name - row->name;
}

static const struct element_row *find(enum fhir_release r, uint16_t owner, uint16_t name)
{
    struct element_row wanted = {.owner = owner, .name = name};
    const struct element_row *row = bsearch(&wanted, element_rows, COUNT(element_rows),
                                            sizeof *element_rows, by_owner_and_name);

    while (row && row > element_rows && by_owner_and_name(&wanted, row - 1) == 0)
        row--;
    for (; row && row < element_rows + COUNT(element_rows) && by_owner_and_name(&wanted, row) == 0;
         row++)
        if (row->releases & (1u << r))
            return row;
    return NULL;
}

bool fhir_element_defined(enum fhir_release r, struct str owner, struct str name,
                          struct fhir_definition *out)
{
    uint16_t at = word_of(owner), wanted = word_of(name);

    for (; at && wanted; at = parent_of(r, at)) {
        const struct element_row *row = find(r, at, wanted);

        if (row) {
            fill(row, out);
            return true;
        }
    }
    return false;
}

static int by_owner(const void *key, const void *row)
{
    return *(const uint16_t *)key - ((const struct element_row *)row)->owner;
}

bool fhir_element_at(enum fhir_release r, struct str owner, size_t i, struct fhir_definition *out)
{
    uint16_t number = word_of(owner);
    const struct element_row *row =
        number ? bsearch(&number, element_rows, COUNT(element_rows), sizeof *element_rows, by_owner)
               : NULL;

    while (row && row > element_rows && row[-1].owner == number)
        row--;
    for (; row && row < element_rows + COUNT(element_rows) && row->owner == number; row++) {
        if ((row->releases & (1u << r)) && i-- == 0) {
            fill(row, out);
            return true;
        }
    }
    return false;
}

bool fhir_element_name_known(struct str name)
{
    uint16_t number = word_of(name);

    for (size_t i = 0; number && i < COUNT(element_rows); i++)
        if (element_rows[i].name == number)
            return true;
    return false;
}
