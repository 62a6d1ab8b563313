#include "map.h"

#include <stdlib.h>

static int by_key(const void *x, const void *y)
{
    const struct yaml_pair *const *a = x, *const *b = y;
    struct str s = (*a)->key->text, t = (*b)->key->text;
    int order = memcmp(s.p, t.p, s.n < t.n ? s.n : t.n);

    if (order == 0)
        order = s.n < t.n ? -1 : s.n > t.n;
    return order ? order : (*a > *b) - (*a < *b); /* earlier first */
}

void map_drop_doubles(struct yaml_node *map, struct arena *a, const struct yaml_report *to)
{
    struct yaml_pair **sorted = NEW_ARRAY(a, struct yaml_pair *, map->n + 1);
    size_t kept = 0;

    for (size_t i = 0; i < map->n; i++)
        sorted[i] = &map->pairs[i];
    qsort(sorted, map->n, sizeof(*sorted), by_key);
    for (size_t i = 0; i + 1 < map->n; i++) {
        const struct yaml_node *later = sorted[i + 1]->key;

        if (!str_eq(sorted[i]->key->text, later->text))
            continue;
        sorted[i]->value = NULL;
        to->fault(to->ctx, "E102", later->line, later->column,
                  arena_printf(a, "key `" STR_FMT "` appears twice in the same block",
                               STR_ARG(later->text))
                      .p,
                  "YAML would silently keep the last one");
    }
    for (size_t i = 0; i < map->n; i++)
        if (map->pairs[i].value)
            map->pairs[kept++] = map->pairs[i];
    map->n = kept;
}

const struct yaml_pair *yaml_pair_of(const struct yaml_node *map, const char *key)
{
    if (!map || map->kind != YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->n; i++)
        if (str_eq(map->pairs[i].key->text, str_of(key)))
            return &map->pairs[i];
    return NULL;
}

struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    const struct yaml_pair *pair = yaml_pair_of(map, key);

    return pair ? pair->value : NULL;
}
