#include "leaf.h"

#include "hl7/escape.h"
#include "unicode.h"

enum { PATH_MOST = 1024, PLAIN_MOST = 4096 };

struct walk {
    const struct reading *m;
    bool (*seen)(void *ctx, const struct leaf *l);
    void *ctx;
};

/* ---- text ---- */

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return true;
}

/* Nothing that may leave is as long, so a longer field is compared as it stands. */
static struct str plain(struct str s, struct arena *a)
{
    s = unicode_trim(s);
    return s.n > PLAIN_MOST || is_ascii(s) ? s : unicode_trim(unicode_nfkc(s, a));
}

static bool show(const struct walk *w, struct leaf *l, struct str raw)
{
    l->raw = str_trim(raw);
    l->text = plain(l->raw, w->m->a);
    return !l->raw.n || w->seen(w->ctx, l);
}

/* ---- HL7 ---- */

static struct str cut(struct str *rest, char separator)
{
    struct str all = *rest;

    if (separator)
        return str_cut(rest, separator);
    *rest = (struct str){NULL, 0};
    return all;
}

static bool walk_component(const struct walk *w, struct leaf *l, struct str component)
{
    l->subcomponent = 0;
    while (component.n) {
        struct str raw = cut(&component, w->m->hl7.sep.subcomponent);

        l->subcomponent++;
        raw = hl7_unescape(raw, &w->m->hl7.sep, w->m->hl7.charset, w->m->a, NULL);
        if (!show(w, l, raw))
            return false;
    }
    return true;
}

static bool walk_field(const struct walk *w, struct leaf *l, struct str field)
{
    while (field.n) {
        struct str repetition = cut(&field, w->m->hl7.sep.repetition);

        l->component = 0;
        while (repetition.n) {
            struct str component = cut(&repetition, w->m->hl7.sep.component);

            l->component++;
            if (!walk_component(w, l, component))
                return false;
        }
    }
    return true;
}

static void walk_hl7(const struct walk *w)
{
    for (size_t i = 0; i < w->m->hl7.n_segments; i++) {
        struct leaf l = {.m = w->m, .segment = &w->m->hl7.segments[i], .place = i + 1};
        unsigned first = hl7_segment_is(l.segment, "MSH") ? 3 : 1;

        for (l.field = first; l.field <= l.segment->n_fields; l.field++)
            if (!walk_field(w, &l, hl7_field(l.segment, l.field)))
                return;
    }
}

/* How much of the place the entry names, from 1; 0: another place. */
static unsigned names_hl7(const struct declared *d, const struct leaf *l)
{
    if (!d->is_hl7 || !l->segment || d->hl7.field != l->field ||
        strcmp(d->hl7.segment, l->segment->name) != 0)
        return 0;
    if (d->hl7.component && d->hl7.component != l->component)
        return 0;
    if (d->hl7.subcomponent && d->hl7.subcomponent != l->subcomponent)
        return 0;
    return 1 + (d->hl7.component ? 1u : 0u) + (d->hl7.subcomponent ? 1u : 0u);
}

/* ---- FHIR ---- */

static void walk_fhir(const struct walk *w)
{
    const struct json_node *n = w->m->fhir.root;

    while (n) {
        struct leaf l = {.m = w->m, .node = n, .place = n->at};

        if (n->kind != JSON_NULL && !show(w, &l, n->text))
            return;
        if (n->first) {
            n = n->first;
            continue;
        }
        while (n && !n->next)
            n = n->parent;
        n = n ? n->next : NULL;
    }
}

static bool is_resource(const struct json_node *n)
{
    return n->kind == JSON_OBJECT && json_member(n, STR("resourceType")) != NULL;
}

struct name { /* PATH_MOST bytes at most */
    char *text;
    size_t n;
    bool over; /* it would be longer */
};

static void name_add(struct name *path, struct str s)
{
    path->over = path->over || s.n > PATH_MOST - path->n;
    if (path->over || !s.n)
        return;
    memcpy(path->text + path->n, s.p, s.n);
    path->n += s.n;
}

/* An element of the path that leads from the resource to `n`, written as a policy writes it. */
static void add_name(const struct json_node *n, struct name *path)
{
    const struct json_node *list = n->parent && n->parent->kind == JSON_ARRAY ? n->parent : n;
    struct str name = list->name, url = json_member_text(n, "url");

    if (name.n && name.p[0] == '_')
        name = (struct str){name.p + 1, name.n - 1};
    name_add(path, STR("."));
    name_add(path, name);
    if (url.n && (str_eq(name, STR("extension")) || str_eq(name, STR("modifierExtension")))) {
        name_add(path, STR("('"));
        name_add(path, url);
        name_add(path, STR("')"));
    }
}

static void add_path(const struct json_node *n, struct name *path)
{
    const struct json_node *up[64];
    size_t depth = 0;

    for (; n && !is_resource(n) && depth < sizeof up / sizeof *up; n = n->parent)
        if (n->kind != JSON_ARRAY)
            up[depth++] = n;
    name_add(path, n ? json_member_text(n, "resourceType") : STR("?"));
    while (depth)
        add_name(up[--depth], path);
}

/* The entry's path leads to the element or above it; "value" leads to "valueString", too. */
static size_t names_fhir(const struct declared *d, struct str path)
{
    struct str rest = {path.p + d->path.n, path.n - d->path.n};

    if (d->is_hl7 || !str_starts(path, d->path))
        return 0;
    if (rest.n && rest.p[0] != '.' && !(rest.p[0] >= 'A' && rest.p[0] <= 'Z'))
        return 0;
    return d->path.n;
}

/* What stands before the last slash but one of "http://x/Location/1" or "Location/1/_history/2". */
static enum sensitivity class_of_reference(struct str path, struct str to)
{
    struct str type = to;
    const char *end = memmem(to.p, to.n, "/_history/", 10);

    to.n = end ? (size_t)(end - to.p) : to.n;
    for (size_t i = to.n; i > 0 && type.n == to.n; i--)
        if (to.p[i - 1] == '/')
            type = (struct str){to.p, i - 1};
    if (type.n == to.n) /* "#id": whatever the element may point at */
        return dictionary_reference_element(path);
    for (size_t i = type.n; i > 0; i--)
        if (type.p[i - 1] == '/')
            return dictionary_reference((struct str){type.p + i, type.n - i});
    return dictionary_reference(type);
}

/* ---- class ---- */

struct word { /* the policy's */
    size_t depth;
    enum sensitivity class;
};

static void hear(struct word *w, size_t depth, enum sensitivity class)
{
    if (depth && depth >= w->depth)
        *w = (struct word){depth, depth > w->depth ? class : class_join(class, w->class)};
}

static enum sensitivity settle(enum sensitivity standard, bool local, const struct word *w)
{
    if (!w->depth)
        return standard;
    return local ? w->class : class_join(standard, w->class);
}

static enum sensitivity class_fhir(const struct leaf *l)
{
    const struct policy *p = &l->m->f->policy;
    const struct arena_mark mark = arena_mark(l->m->a);
    struct name path = {.text = arena_get(l->m->a, PATH_MOST, 1)};
    enum sensitivity class = CLASS_CLINICAL;
    struct word w = {0};
    struct str text;

    add_path(l->node, &path);
    text = (struct str){path.text, path.n};
    for (size_t i = 0; i < p->n_declared && !path.over; i++)
        hear(&w, names_fhir(&p->declared[i], text), p->declared[i].class);
    if (!path.over) {
        bool refers = str_eq(l->node->name, STR("reference"));

        class = settle(refers ? class_of_reference(text, l->raw) : dictionary_fhir(text, NULL),
                       dictionary_local_fhir(text), &w);
    }
    arena_rewind(l->m->a, mark);
    return class;
}

static enum sensitivity class_hl7(const struct leaf *l)
{
    const struct policy *p = &l->m->f->policy;
    struct str segment = str_of(l->segment->name);
    struct word w = {0};

    for (size_t i = 0; i < p->n_declared; i++)
        hear(&w, names_hl7(&p->declared[i], l), p->declared[i].class);
    return settle(dictionary_hl7(segment, l->field, NULL), dictionary_local_hl7(segment), &w);
}

enum sensitivity leaf_class(const struct leaf *l)
{
    return l->node ? class_fhir(l) : class_hl7(l);
}

void leaves_each(const struct reading *m, bool (*seen)(void *ctx, const struct leaf *l), void *ctx)
{
    const struct walk w = {m, seen, ctx};

    if (m->side == SIDE_HL7)
        walk_hl7(&w);
    else
        walk_fhir(&w);
}
