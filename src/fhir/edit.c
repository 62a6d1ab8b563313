#include "fhir/edit.h"

#include <assert.h>

#include "base/buf.h"
#include "base/encode.h"
#include "json_token.h"

/* One step of "Type.element[n].element". */
struct step {
    struct str name;
    size_t index; /* of an array; 0 without one */
    bool indexed;
};

static bool next_step(struct str *rest, struct step *out, struct str path, struct err *e)
{
    struct str part = str_cut(rest, '.'), number;
    size_t at = (size_t)(part.p - path.p);

    out->name = str_cut(&part, '[');
    out->index = 0;
    out->indexed = part.p != NULL;
    if (!part.p)
        return out->name.n > 0 ||
               err_set(e, ERR_INPUT, 0, "character %zu: no element name", at + 1);
    number = str_cut(&part, ']');
    if (out->name.n == 0 || number.n == 0 || number.n > 6 || !part.p || part.n)
        return err_set(e, ERR_INPUT, 0, "character %zu: not name[number]", at + 1);
    for (size_t i = 0; i < number.n; i++) {
        if (number.p[i] < '0' || number.p[i] > '9')
            return err_set(e, ERR_INPUT, 0, "character %zu: not name[number]", at + 1);
        out->index = out->index * 10 + (size_t)(number.p[i] - '0');
    }
    return true;
}

/* The first resource of that type: the root, else in Bundle order. */
static const struct json_node *find_resource(const struct json_node *root, struct str type)
{
    const struct json_node *entry = json_member(root, STR("entry"));

    if (str_eq(json_member_text(root, "resourceType"), type))
        return root;
    for (const struct json_node *c = entry ? entry->first : NULL; c; c = c->next) {
        const struct json_node *resource = json_member(c, STR("resource"));

        if (str_eq(json_member_text(resource, "resourceType"), type))
            return resource;
    }
    return NULL;
}

static const struct json_node *item(const struct json_node *value, size_t index)
{
    if (!value || value->kind != JSON_ARRAY)
        return index == 0 ? value : NULL;
    value = value->first;
    while (value && index--)
        value = value->next;
    return value;
}

struct edit {
    struct str json, text;
    const struct json_node *parent, *value; /* value NULL: to be added to the object `parent` */
    struct str name;
};

/* Follows all of `path`; the last element may be missing. */
static bool walk(struct edit *ed, const struct json_node *root, struct str path, struct err *e)
{
    struct str rest = path;
    struct step s;

    if (!next_step(&rest, &s, path, e))
        return false;
    ed->value = find_resource(root, s.name);
    if (!ed->value || !rest.p)
        return err_set(e, ERR_INPUT, 0, rest.p ? "no resource of that type" : "no element named");
    while (rest.p) {
        size_t at = (size_t)(rest.p - path.p);

        ed->parent = ed->value;
        if (!next_step(&rest, &s, path, e))
            return false;
        ed->name = s.name;
        ed->value = json_member(ed->parent, s.name);
        if (s.indexed || rest.p || ed->text.n) /* removing without an index means all of them */
            ed->value = item(ed->value, s.index);
        if (!ed->value && (rest.p || s.index || json_member(ed->parent, s.name) ||
                           ed->parent->kind != JSON_OBJECT))
            return err_set(e, ERR_INPUT, 0, "character %zu: nothing there to change", at + 1);
    }
    return true;
}

static bool is_number(struct str t)
{
    struct json_token token;

    if (t.n == 0 || (t.p[0] != '-' && (t.p[0] < '0' || t.p[0] > '9')))
        return false;
    token = json_token_number(t, 0, t.n);
    return !token.fault && token.end == t.n;
}

static void add_value(struct buf *b, const struct edit *ed)
{
    const struct json_node *old = ed->value;
    bool truth = str_eq(ed->text, STR("true")) || str_eq(ed->text, STR("false"));
    bool plain = !old                                                ? truth
                 : old->kind == JSON_NUMBER                          ? is_number(ed->text)
                 : old->kind == JSON_TRUE || old->kind == JSON_FALSE ? truth
                                                                     : false;

    if (plain)
        buf_add(b, ed->text);
    else
        json_add_string(b, ed->text);
}

static void add_range(struct buf *b, struct str json, size_t from, size_t to)
{
    buf_add(b, (struct str){json.p + from, to - from});
}

/* Takes a member or an item out, with the comma on one side of it. */
static void cut(struct buf *b, const struct edit *ed)
{
    const struct json_node *prev = NULL;
    size_t from = ed->value->key_at, to = ed->value->end;

    for (const struct json_node *c = ed->value->parent->first; c != ed->value; c = c->next)
        prev = c;
    if (ed->value->next)
        to = ed->value->next->key_at;
    else if (prev)
        from = prev->end;
    add_range(b, ed->json, 0, from);
    add_range(b, ed->json, to, ed->json.n);
}

static void add_member(struct buf *b, const struct edit *ed)
{
    size_t at;

    assert(ed->parent); /* walk() went at least one step */
    at = ed->parent->at + 1;

    add_range(b, ed->json, 0, at);
    json_add_string(b, ed->name);
    buf_add_char(b, ':');
    add_value(b, ed);
    buf_add(b, ed->parent->n ? STR(",") : STR(""));
    add_range(b, ed->json, at, ed->json.n);
}

static void replace(struct buf *b, const struct edit *ed)
{
    add_range(b, ed->json, 0, ed->value->at);
    add_value(b, ed);
    add_range(b, ed->json, ed->value->end, ed->json.n);
}

bool fhir_edit(struct str json, struct str path, struct str text, struct arena *a, struct str *out,
               struct err *e)
{
    struct json_limits limits = json_limits_default();
    struct edit ed = {.json = json, .text = text};
    struct json_node *root;
    struct buf b = buf_new(SIZE_MAX / 2);

    if (!json_read(json, &limits, a, &root, NULL, e) || !walk(&ed, root, path, e))
        return false;
    if (text.n == 0 && !ed.value)
        return err_set(e, ERR_INPUT, 0, "nothing there to remove");
    if (text.n && ed.value && ed.value->first)
        return err_set(e, ERR_INPUT, 0, "an element with children cannot become a text");
    if (text.n == 0)
        cut(&b, &ed);
    else if (ed.value)
        replace(&b, &ed);
    else
        add_member(&b, &ed);
    *out = arena_copy(a, buf_str(&b));
    buf_reset(&b);
    return true;
}
