#include "fhir/element.h"

#include <stdlib.h>

#include "r4_elements.inc"

/* An element to look for: owner, '.', name. */
struct wanted {
    struct str owner, name;
};

static int compare(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int by_path(const void *key, const void *row)
{
    const struct wanted *w = key;
    struct str path = str_of(((const struct element *)row)->path);
    size_t head = w->owner.n < path.n ? w->owner.n : path.n;
    int order = compare(w->owner, (struct str){path.p, head});

    if (order)
        return order;
    if (path.n == head || path.p[head] != '.')
        return path.n == head || path.p[head] < '.' ? 1 : -1;
    return compare(w->name, (struct str){path.p + head + 1, path.n - head - 1});
}

static int by_name(const void *key, const void *row)
{
    return compare(*(const struct str *)key, str_of(((const struct element *)row)->path));
}

static const struct element *find_type(struct str type)
{
    return bsearch(&type, types, sizeof types / sizeof *types, sizeof *types, by_name);
}

/* Absent above the roots "Resource" and "Element". */
static struct str parent_of(struct str type)
{
    const struct element *row = find_type(type);

    if (!row && memchr(type.p, '.', type.n) && !str_starts(type, STR("System.")))
        return STR("BackboneElement");
    if (!row)
        return (struct str){0};
    return row->type[0] ? str_of(row->type) : (struct str){0};
}

const struct element *element_find(struct str owner, struct str name)
{
    while (owner.p) {
        struct wanted w = {owner, name};
        const struct element *row =
            bsearch(&w, elements, sizeof elements / sizeof *elements, sizeof *elements, by_path);

        if (row)
            return row;
        owner = parent_of(owner);
    }
    return NULL;
}

bool element_owner_known(struct str owner)
{
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
        struct str path = str_of(elements[i].path);

        if (path.n > owner.n && str_starts(path, owner) && path.p[owner.n] == '.')
            return true;
    }
    return false;
}

bool element_is_choice(const struct element *el)
{
    return strcmp(el->type, "[x]") == 0;
}

bool element_known(struct str name)
{
    if (str_eq(name, STR("resourceType")))
        return true;
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
        if (str_eq(name, str_of(strrchr(elements[i].path, '.') + 1)))
            return true;
    }
    return false;
}

bool type_known(struct str type)
{
    return find_type(type) != NULL;
}

bool resource_type_known(struct str type)
{
    return type_known(type) && !str_eq(type, STR("Resource")) &&
           !str_eq(type, STR("DomainResource")) && type_is(type, STR("Resource"));
}

bool type_is(struct str type, struct str ancestor)
{
    while (type.p && !str_eq(type, ancestor))
        type = parent_of(type);
    return type.p != NULL;
}
