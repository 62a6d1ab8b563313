#include "json_place.h"

#include "fhir/element.h"

enum { DEEPEST = 64 };

const struct json_node *json_next(const struct json_node *node)
{
    if (node->first)
        return node->first;
    while (node && !node->next)
        node = node->parent;
    return node ? node->next : NULL;
}

/* Goes down from the resource; a name that the table lacks leaves the rest without a type. */
static void walk_types(struct json_place *p, const struct str *names, size_t n)
{
    struct str owner = p->resource;

    p->owner = p->type = (struct str){NULL, 0};
    for (size_t i = n; i-- > 0;) {
        struct fhir_definition el = {.type = NULL};
        bool known = owner.p && element_find(owner, names[i], &el);

        p->owner = owner;
        p->extension |=
            str_eq(names[i], STR("extension")) || str_eq(names[i], STR("modifierExtension"));
        owner = known ? str_of(el.type) : (struct str){NULL, 0};
    }
    p->type = owner;
}

struct json_place json_place_of(const struct json_node *leaf, struct arena *a)
{
    struct json_place p = {.top = false};
    struct str names[DEEPEST];
    const struct json_node *at = leaf;
    size_t n = 0;

    for (; at && n < DEEPEST; at = at->parent) {
        if (at->kind == JSON_OBJECT) {
            p.resource = json_member_text(at, "resourceType");
            if (p.resource.p)
                break;
        }
        if (at->name.p)
            names[n++] = at->name;
    }
    p.path = arena_copy(a, p.resource.p ? p.resource : STR("?"));
    for (size_t i = n; i-- > 0;)
        p.path = arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(p.path), STR_ARG(names[i]));
    p.name = n ? names[0] : STR("");
    p.top = n == 1;
    walk_types(&p, names, n);
    return p;
}
