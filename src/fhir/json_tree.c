#include "base/buf.h"
#include "fhir/element.h"
#include "fhir/json.h"

struct json_node *json_member(const struct json_node *object, struct str name)
{
    if (!object || object->kind != JSON_OBJECT)
        return NULL;
    for (struct json_node *c = object->first; c; c = c->next) {
        if (str_eq(c->name, name))
            return c;
    }
    return NULL;
}

struct str json_member_text(const struct json_node *object, const char *name)
{
    const struct json_node *c = json_member(object, str_of(name));

    return c && c->kind == JSON_STRING ? c->text : (struct str){0};
}

const struct json_node *json_single(const struct json_node *value)
{
    return value && value->kind == JSON_ARRAY ? value->first : value;
}

static void add_step(struct buf *b, const struct json_node *node)
{
    if (node->parent->kind == JSON_ARRAY)
        buf_printf(b, "[%zu]", node->index);
    else
        buf_printf(b, "." STR_FMT, STR_ARG(node->name));
}

struct str json_expression(const struct json_node *node, struct arena *a)
{
    const struct json_node *path[128], *at = node;
    struct buf b = buf_new(2048);
    struct str type, made;
    size_t n = 0;

    for (; at->parent; at = at->parent) {
        if (n < sizeof path / sizeof *path)
            path[n++] = at;
        else
            return (struct str){0};
    }
    type = json_member_text(at, "resourceType");
    if (!type.p || !resource_type_known(type))
        return (struct str){0};
    buf_add(&b, type);
    while (n > 0) {
        const struct json_node *step = path[--n];

        if (step->parent->kind == JSON_OBJECT && !element_known(step->name))
            break;
        add_step(&b, step);
    }
    made = arena_copy(a, buf_str(&b));
    buf_reset(&b);
    return made;
}
