#include "feed/diff.h"

#include "model.h"

enum { SHOWN_MOST = 160, DEPTH_MOST = 16 }; /* DEPTH_MOST: section 15 */

struct diffing {
    struct arena *a;
    struct feed_changes *out;
    size_t room;
};

/* One thing that both feeds may have, by name. */
struct thing {
    const char *what;
    struct str name;
    const struct yaml_node *old, *new;
};

static struct feed_change_place place_of(const struct yaml_node *n)
{
    return n ? (struct feed_change_place){n->file, n->line} : (struct feed_change_place){NULL, 0};
}

static struct feed_change *add(struct diffing *d, enum feed_change_how how, const char *what,
                               struct str name)
{
    if (d->out->n == d->room) {
        size_t room = d->room ? 2 * d->room : 32;
        struct feed_change *more = NEW_ARRAY(d->a, struct feed_change, room);

        if (d->out->n)
            memcpy(more, d->out->items, d->out->n * sizeof(*more));
        d->out->items = more;
        d->room = room;
    }
    d->out->items[d->out->n] = (struct feed_change){.how = how, .what = what, .name = name};
    return &d->out->items[d->out->n++];
}

/* ---- trees ---- */

/* A node in flow form, cut between characters. */
static struct str shown(const struct yaml_node *n, int depth, struct arena *a)
{
    struct str text = {"", 0};

    if (!n)
        return (struct str){NULL, 0};
    if (n->kind == YAML_SCALAR)
        return n->text;
    for (size_t i = 0; i < n->n && depth < DEPTH_MOST && text.n <= SHOWN_MOST; i++) {
        const struct yaml_node *item = n->kind == YAML_MAP ? n->pairs[i].value : n->items[i];
        struct str one = shown(item, depth + 1, a);

        text =
            n->kind == YAML_MAP
                ? arena_printf(a, STR_FMT "%s" STR_FMT ": " STR_FMT, STR_ARG(text), i ? ", " : "",
                               STR_ARG(n->pairs[i].key->text), STR_ARG(one))
                : arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(text), i ? ", " : "", STR_ARG(one));
    }
    return arena_printf(a, "%c" STR_FMT "%c", n->kind == YAML_MAP ? '{' : '[', STR_ARG(text),
                        n->kind == YAML_MAP ? '}' : ']');
}

static struct str cut(struct str s, struct arena *a)
{
    if (s.n <= SHOWN_MOST)
        return s;
    for (s.n = SHOWN_MOST; s.n && ((unsigned char)s.p[s.n] & 0xC0) == 0x80;)
        s.n--;
    return arena_printf(a, STR_FMT " …", STR_ARG(s));
}

/* `x` and `[x]` mean the same wherever the language takes a list. */
static const struct yaml_node *bare(const struct yaml_node *n)
{
    return n->kind == YAML_LIST && n->n == 1 && n->items[0]->kind == YAML_SCALAR ? n->items[0] : n;
}

static bool same(const struct yaml_node *x, const struct yaml_node *y)
{
    x = bare(x);
    y = bare(y);
    if (x->kind != y->kind || (x->kind != YAML_SCALAR && x->n != y->n))
        return false;
    if (x->kind == YAML_SCALAR)
        return str_eq(x->text, y->text);
    for (size_t i = 0; i < x->n; i++) {
        const struct yaml_node *other =
            x->kind == YAML_MAP ? yaml_get(y, x->pairs[i].key->text.p) : y->items[i];

        if (!other || !same(x->kind == YAML_MAP ? x->pairs[i].value : x->items[i], other))
            return false;
    }
    return true;
}

static void changed(struct diffing *d, const struct thing *t, struct str member,
                    const struct yaml_node *x, const struct yaml_node *y)
{
    struct feed_change *c = add(d, FEED_CHANGED, t->what, t->name);

    c->member = member;
    c->from = cut(shown(x, 0, d->a), d->a);
    c->to = cut(shown(y, 0, d->a), d->a);
    c->old_place = place_of(x ? x : t->old);
    c->new_place = place_of(y ? y : t->new);
}

static void compare(struct diffing *d, const struct thing *t, struct str member,
                    const struct yaml_node *x, const struct yaml_node *y);

/* Member by member, so that only what differs is named. */
static void compare_maps(struct diffing *d, const struct thing *t, struct str member,
                         const struct yaml_node *x, const struct yaml_node *y)
{
    const char *dot = member.n ? "." : "";

    for (size_t i = 0; i < x->n; i++) {
        struct str key = x->pairs[i].key->text;

        compare(d, t, arena_printf(d->a, STR_FMT "%s" STR_FMT, STR_ARG(member), dot, STR_ARG(key)),
                x->pairs[i].value, yaml_get(y, key.p));
    }
    for (size_t i = 0; i < y->n; i++) {
        struct str key = y->pairs[i].key->text;

        if (!yaml_get(x, key.p))
            compare(d, t,
                    arena_printf(d->a, STR_FMT "%s" STR_FMT, STR_ARG(member), dot, STR_ARG(key)),
                    NULL, y->pairs[i].value);
    }
}

static void compare(struct diffing *d, const struct thing *t, struct str member,
                    const struct yaml_node *x, const struct yaml_node *y)
{
    if (x && y && same(x, y))
        return;
    if (x && y && x->kind == YAML_MAP && y->kind == YAML_MAP)
        compare_maps(d, t, member, x, y);
    else
        changed(d, t, member, x, y);
}

static void compare_things(struct diffing *d, const struct thing *t)
{
    struct feed_change *c;

    if (t->old && t->new) {
        compare(d, t, (struct str){NULL, 0}, t->old, t->new);
        return;
    }
    c = add(d, t->old ? FEED_REMOVED : FEED_ADDED, t->what, t->name);
    c->old_place = place_of(t->old);
    c->new_place = place_of(t->new);
}

/* ---- the parts of a feed, as lists of named nodes ---- */

struct part {
    struct str name;
    const struct yaml_node *node;
};

struct parts {
    struct part *items;
    size_t n;
};

static const struct yaml_node *part_named(const struct parts *all, struct str name)
{
    for (size_t i = 0; i < all->n; i++)
        if (str_eq(all->items[i].name, name))
            return all->items[i].node;
    return NULL;
}

static void compare_parts(struct diffing *d, const char *what, const struct parts *old,
                          const struct parts *new)
{
    for (size_t i = 0; i < old->n; i++)
        compare_things(d, &(struct thing){what, old->items[i].name, old->items[i].node,
                                          part_named(new, old->items[i].name)});
    for (size_t i = 0; i < new->n; i++)
        if (!part_named(old, new->items[i].name))
            compare_things(d, &(struct thing){what, new->items[i].name, NULL, new->items[i].node});
}

static struct parts rules_of(const struct feed *f, struct arena *a)
{
    struct parts all = {NEW_ARRAY(a, struct part, f->maps[0].n_rules + 1), f->maps[0].n_rules};

    for (size_t i = 0; i < all.n; i++)
        all.items[i] = (struct part){f->maps[0].rules[i].label, f->maps[0].rules[i].node};
    return all;
}

static struct parts values_of(const struct feed *f, struct arena *a)
{
    struct parts all = {NEW_ARRAY(a, struct part, f->maps[0].n_values + 1), f->maps[0].n_values};

    for (size_t i = 0; i < all.n; i++)
        all.items[i] = (struct part){f->maps[0].values[i].name, f->maps[0].values[i].node};
    return all;
}

/* "appointment/1 #2": entries have no name, and their order decides. */
static struct parts notifications_of(const struct feed *f, struct arena *a)
{
    struct parts all = {NEW_ARRAY(a, struct part, f->n_notify + 1), f->n_notify};

    for (size_t i = 0; i < all.n; i++) {
        size_t nth = 1;

        for (size_t k = 0; k < i; k++)
            nth += f->notify[k].event == f->notify[i].event;
        all.items[i] = (struct part){
            arena_printf(a, "%s #%zu", f->notify[i].event ? f->notify[i].event->name : "", nth),
            f->notify[i].node};
    }
    return all;
}

static struct parts sites_of(const struct feed *f, struct arena *a)
{
    struct parts all = {NEW_ARRAY(a, struct part, f->sites.n + 1), f->sites.n};

    for (size_t i = 0; i < all.n; i++)
        all.items[i] = (struct part){f->sites.items[i].code, f->sites.items[i].node};
    return all;
}

static struct parts templates_of(const struct feed *f, struct arena *a)
{
    struct parts all = {NEW_ARRAY(a, struct part, f->templates.n + 1), f->templates.n};

    for (size_t i = 0; i < all.n; i++)
        all.items[i] = (struct part){f->templates.items[i].key, f->templates.items[i].node};
    return all;
}

/* Their values and their `for`; their tests do not change what they mean. */
static struct parts overlays_of(const struct feed *f, struct arena *a)
{
    struct parts all = {NEW_ARRAY(a, struct part, 2 * f->n_maps + 1), 0};

    for (size_t i = 1; i < f->n_maps; i++) {
        const struct yaml_node *root = f->maps[i].overlay_node;

        all.items[all.n++] = (struct part){str_of(f->maps[i].overlay), yaml_get(root, "overlay")};
        if (yaml_get(root, "values"))
            all.items[all.n++] = (struct part){arena_printf(a, "%s values", f->maps[i].overlay),
                                               yaml_get(root, "values")};
    }
    return all;
}

/* ---- what is no tree ---- */

static void diff_rows(struct diffing *d, const struct table *x, const struct table *y, bool forward)
{
    for (size_t i = 0; i < x->n; i++) {
        struct table_row row = table_row(x, i), other = {.line = 0};
        bool there = table_find(y, row.from, &other);
        struct feed_change *c;

        if (there && (!forward || str_eq(row.to, other.to)))
            continue;
        c = add(d,
                there     ? FEED_CHANGED
                : forward ? FEED_REMOVED
                          : FEED_ADDED,
                "table row", arena_printf(d->a, "%s: " STR_FMT, x->name, STR_ARG(row.from)));
        if (there) {
            c->from = row.to;
            c->to = other.to;
            c->new_place = (struct feed_change_place){y->file, other.line};
        }
        *(forward ? &c->old_place : &c->new_place) = (struct feed_change_place){x->file, row.line};
    }
}

static void diff_tables(struct diffing *d, const struct feed *x, const struct feed *y, bool forward)
{
    for (size_t i = 0; i < x->n_tables; i++) {
        const struct table *t = &x->tables[i], *other = feed_table(y, str_of(t->name));
        struct feed_change *c;

        if (other) {
            diff_rows(d, t, other, forward);
            continue;
        }
        c = add(d, forward ? FEED_REMOVED : FEED_ADDED, "table", str_of(t->name));
        *(forward ? &c->old_place : &c->new_place) = (struct feed_change_place){t->file, 1};
    }
}

static const char *declared_class(const struct policy *p, struct str path)
{
    for (size_t i = 0; i < p->n_declared; i++)
        if (str_eq(p->declared[i].path, path))
            return class_name(p->declared[i].class);
    return NULL;
}

static void diff_policy(struct diffing *d, const struct policy *x, const struct policy *y,
                        bool forward)
{
    for (size_t i = 0; i < x->n_declared; i++) {
        const char *here = class_name(x->declared[i].class);
        const char *there = declared_class(y, x->declared[i].path);
        struct feed_change *c;

        if (there && (!forward || strcmp(here, there) == 0))
            continue;
        c = add(d,
                there     ? FEED_CHANGED
                : forward ? FEED_REMOVED
                          : FEED_ADDED,
                "declaration", x->declared[i].path);
        c->from = str_of(forward ? here : NULL);
        c->to = str_of(forward ? there : here);
    }
}

/* A ceiling is seen where it works: in the template. */
static void diff_ceilings(struct diffing *d, const struct feed *x, const struct feed *y)
{
    for (size_t i = 0; i < x->templates.n; i++) {
        const struct template *t = &x->templates.items[i];
        const struct template *other = feed_template_named(y, t->key);
        struct feed_change *c;

        if (!other || other->shows == t->shows)
            continue;
        c = add(d, FEED_CHANGED, "ceiling", t->key);
        c->from = str_of(class_name(t->shows));
        c->to = str_of(class_name(other->shows));
        c->old_place = place_of(t->node);
        c->new_place = place_of(other->node);
    }
}

static void diff_head(struct diffing *d, const struct feed *x, const struct feed *y)
{
    struct feed_change *c;

    if (str_eq(x->keyspace, y->keyspace))
        return;
    c = add(d, FEED_CHANGED, "keyspace", (struct str){NULL, 0});
    c->from = x->keyspace;
    c->to = y->keyspace;
}

void feed_diff(const struct feed *a, const struct feed *b, struct arena *arena,
               struct feed_changes *out)
{
    static const struct {
        const char *what;
        struct parts (*of)(const struct feed *f, struct arena *a);
    } kinds[] = {
        {"rule", rules_of},         {"value", values_of}, {"notification", notifications_of},
        {"template", templates_of}, {"site", sites_of},   {"overlay", overlays_of},
    };
    struct diffing d = {.a = arena, .out = out};

    *out = (struct feed_changes){NULL, 0};
    diff_head(&d, a, b);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct parts old = kinds[i].of(a, arena), new = kinds[i].of(b, arena);

        compare_parts(&d, kinds[i].what, &old, &new);
    }
    diff_tables(&d, a, b, true);
    diff_tables(&d, b, a, false);
    diff_policy(&d, &a->policy, &b->policy, true);
    diff_policy(&d, &b->policy, &a->policy, false);
    diff_ceilings(&d, a, b);
}
