#include "reference.h"

#include "fhir/element.h"
#include "sort.h"

/* "Type/id" or "Type/id/_history/v" in parts. */
struct relative {
    struct str type, id;
};

static bool split_relative(struct str ref, struct relative *out)
{
    struct str rest = ref;

    out->type = str_cut(&rest, '/');
    out->id = str_cut(&rest, '/');
    return resource_type_known(out->type) && fhir_id_ok(out->id) &&
           (!rest.p || str_starts(rest, STR("_history/")));
}

/* The part of a fullUrl in front of "/Type/id"; absent when it does not end so. */
static struct str base_of(const struct fhir_entry *entry)
{
    struct str url = entry->full_url;
    size_t tail = entry->type.n + entry->id.n + 2;

    if (!entry->type.p || !entry->id.p || url.n <= tail)
        return (struct str){0};
    url = (struct str){url.p, url.n - tail};
    if (url.p[url.n] != '/' || memcmp(url.p + url.n + 1, entry->type.p, entry->type.n) != 0 ||
        url.p[url.n + 1 + entry->type.n] != '/' ||
        memcmp(url.p + url.n + 2 + entry->type.n, entry->id.p, entry->id.n) != 0)
        return (struct str){0};
    return url;
}

/* Where an entry is found: its fullUrl, its "Type/id". Sorted, so that a Bundle of thousands costs
 * no thousands squared. */
struct fhir_address {
    struct str url;
    const struct fhir_entry *entry;
};

static int compare_url(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* Of two entries at one address (versions in a history) the first in the Bundle wins. */
static bool before(const void *x, const void *y)
{
    const struct fhir_address *a = x, *b = y;
    int order = compare_url(a->url, b->url);

    return order ? order < 0 : a->entry < b->entry;
}

static void sort_addresses(struct fhir_body *body, struct arena *a)
{
    struct fhir_address *sorted = NEW_ARRAY(a, struct fhir_address, body->n_addresses + 1);
    const void **all = NEW_ARRAY(a, const void *, body->n_addresses + 1);

    for (size_t i = 0; i < body->n_addresses; i++)
        all[i] = &body->addresses[i];
    sort_pointers(all, body->n_addresses, before, a);
    for (size_t i = 0; i < body->n_addresses; i++)
        sorted[i] = *(const struct fhir_address *)all[i];
    body->addresses = sorted;
}

static const struct fhir_entry *find_entry(const struct fhir_body *body, struct str url)
{
    size_t low = 0, high = body->n_addresses;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (compare_url(body->addresses[mid].url, url) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == body->n_addresses || !str_eq(body->addresses[low].url, url))
        return NULL;
    return body->addresses[low].entry;
}

static void add_address(struct fhir_body *body, struct str url, const struct fhir_entry *entry)
{
    body->addresses[body->n_addresses++] = (struct fhir_address){url, entry};
}

static struct str type_and_id(const struct fhir_entry *entry, struct arena *a)
{
    return arena_printf(a, STR_FMT "/" STR_FMT, STR_ARG(entry->type), STR_ARG(entry->id));
}

static void index_entries(struct fhir_body *body, struct arena *a)
{
    body->addresses = NEW_ARRAY(a, struct fhir_address, 2 * body->n + 1);
    for (size_t i = 0; i < body->n; i++) {
        const struct fhir_entry *entry = &body->entries[i];

        if (!entry->resource)
            continue;
        if (entry->full_url.n)
            add_address(body, entry->full_url, entry);
        if (entry->id.p)
            add_address(body, type_and_id(entry, a), entry);
    }
    sort_addresses(body, a);
}

struct rewriter {
    struct fhir_body *body;
    struct arena *a;
    struct str base; /* of the entry that is walked */
};

static bool under(struct str ref, struct str base, struct str *rest)
{
    if (base.n == 0 || !str_starts(ref, base) || ref.n <= base.n || ref.p[base.n] != '/')
        return false;
    *rest = (struct str){ref.p + base.n + 1, ref.n - base.n - 1};
    return true;
}

static void rewrite(const struct rewriter *w, struct json_node *node)
{
    struct str rest;
    struct relative parts;
    const struct fhir_entry *entry;

    if ((under(node->text, w->body->base_url, &rest) || under(node->text, w->base, &rest)) &&
        split_relative(rest, &parts)) {
        node->text = rest;
        return;
    }
    entry = find_entry(w->body, node->text);
    if (entry && entry->id.p)
        node->text = type_and_id(entry, w->a);
}

/* The next node in document order under `top`; NULL after the last. */
static struct json_node *step(struct json_node *at, const struct json_node *top)
{
    if (at->first)
        return at->first;
    while (at != top && !at->next)
        at = at->parent;
    return at == top ? NULL : at->next;
}

static void rewrite_resource(const struct rewriter *w, struct json_node *top)
{
    for (struct json_node *at = top; at; at = step(at, top)) {
        if (at->kind == JSON_STRING && str_eq(at->name, STR("reference")))
            rewrite(w, at);
    }
}

void reference_rewrite_all(struct fhir_body *body, struct arena *a)
{
    struct rewriter w = {.body = body, .a = a};

    index_entries(body, a);
    for (size_t i = 0; i < body->n; i++) {
        w.base = base_of(&body->entries[i]);
        if (body->entries[i].resource)
            rewrite_resource(&w, body->entries[i].resource);
    }
}

/* The resource of the body that `at` stands in. */
static const struct json_node *container_of_node(const struct fhir_body *body,
                                                 const struct json_node *at)
{
    while (at && at != body->root) {
        bool entry = at->parent && str_eq(at->name, STR("resource")) && at->parent->parent &&
                     at->parent->parent->parent == body->root;

        if (entry)
            return at;
        at = at->parent;
    }
    return at;
}

static const struct json_node *find_contained(const struct json_node *resource, struct str id)
{
    const struct json_node *all = json_member(resource, STR("contained"));

    if (id.n == 0)
        return resource;
    for (const struct json_node *c = all ? all->first : NULL; c; c = c->next) {
        if (str_eq(json_member_text(c, "id"), id))
            return c;
    }
    return NULL;
}

const struct json_node *fhir_resolve(const struct fhir_body *body, const struct json_node *at,
                                     struct str reference)
{
    const struct fhir_entry *entry;
    struct relative parts;

    if (reference.n && reference.p[0] == '#')
        return find_contained(container_of_node(body, at),
                              (struct str){reference.p + 1, reference.n - 1});
    if (split_relative(reference, &parts))
        reference.n = parts.type.n + 1 + parts.id.n; /* without /_history/v */
    entry = find_entry(body, reference);
    return entry ? entry->resource : NULL;
}
