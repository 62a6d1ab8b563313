#include "decision.h"

static struct str text_of(const struct yaml_node *map, const char *key)
{
    const struct yaml_node *n = yaml_get(map, key);

    return n && n->kind == YAML_SCALAR ? n->text : (struct str){NULL, 0};
}

/* How an entry of each list reads: two of its texts around a few words. */
static const struct {
    const char *list, *first, *words, *second;
} lists[] = {
    {"declare", "path", " = ", "class"},
    {"ceiling", "template", " may show ", "shows"},
    {"segments", "trigger", " may hold ", "segment"},
    {"hosts", "host", " may be named in texts", NULL},
};

static const char *what_of(const struct yaml_node *entry, size_t list, struct arena *a)
{
    struct str first = text_of(entry, lists[list].first);
    struct str second = lists[list].second ? text_of(entry, lists[list].second) : STR("");

    return arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(first), lists[list].words, STR_ARG(second))
        .p;
}

static void add_list(struct decisions *all, const struct yaml_pair *pair, size_t list,
                     struct arena *a)
{
    for (size_t i = 0; i < pair->value->n; i++) {
        const struct yaml_node *entry = pair->value->items[i];

        all->items[all->n++] =
            (struct decision){what_of(entry, list, a), text_of(entry, "because"),
                              text_of(entry, "by"), text_of(entry, "expires"), entry};
    }
}

static void add_log(struct decisions *all, const struct yaml_pair *pair, struct arena *a)
{
    for (size_t i = 0; i < pair->value->n; i++) {
        const struct yaml_node *slot = pair->value->items[i];

        all->items[all->n++] = (struct decision){
            .what = arena_printf(a, "log " STR_FMT, STR_ARG(slot->text)).p, .node = slot};
    }
}

struct decisions decisions_of(const struct feed *f, struct arena *a)
{
    const struct yaml_node *root = f->policy.node;
    struct decisions all = {0};
    size_t most = 0;

    for (size_t i = 0; root && i < root->n; i++)
        most += root->pairs[i].value->kind == YAML_LIST ? root->pairs[i].value->n : 0;
    all.items = NEW_ARRAY(a, struct decision, most + 1);
    for (size_t i = 0; root && i < root->n; i++) {
        const struct yaml_pair *pair = &root->pairs[i];

        if (pair->value->kind != YAML_LIST)
            continue;
        for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++)
            if (str_eq(pair->key->text, str_of(lists[k].list)))
                add_list(&all, pair, k, a);
        if (str_eq(pair->key->text, STR("log")))
            add_log(&all, pair, a);
    }
    return all;
}
