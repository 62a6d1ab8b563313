#include "base/utf8.h"
#include "duration.h"
#include "loading.h"
#include "suggest.h"

static bool here(const struct yaml_node *n)
{
    return n && !n->missing;
}

bool shape_map(struct loading *l, const struct yaml_node *n, const char *what)
{
    if (!here(n))
        return false;
    if (n->kind != YAML_MAP)
        report_at(l->r, "E103", n, NULL, "%s must be a map", what);
    return n->kind == YAML_MAP;
}

bool shape_list(struct loading *l, const struct yaml_node *n, const char *what)
{
    if (!here(n))
        return false;
    if (n->kind != YAML_LIST)
        report_at(l->r, "E103", n, NULL, "%s must be a list", what);
    return n->kind == YAML_LIST;
}

bool shape_text(struct loading *l, const struct yaml_node *n, const char *what)
{
    if (!here(n))
        return false;
    if (n->kind != YAML_SCALAR)
        report_at(l->r, "E103", n, NULL, "%s must be a text", what);
    return n->kind == YAML_SCALAR;
}

void shape_keys(struct loading *l, const struct yaml_node *map, enum key_block block)
{
    const struct block_type *b = key_block_at(block);

    for (size_t i = 0; i < map->n; i++) {
        struct yaml_node *key = map->pairs[i].key;
        struct suggest s = suggest_for(key->text);
        bool found = key->missing;

        for (size_t k = 0; k < b->n_keys; k++) {
            found = found || str_eq(key->text, str_of(b->keys[k].name));
            suggest_offer(&s, str_of(b->keys[k].name));
        }
        if (found)
            continue;
        report_at(l->r, "E101", key, suggest_hint(&s, l->a), "unknown key `" STR_FMT "`",
                  STR_ARG(key->text));
        if (s.best.p && !yaml_get(map, s.best.p))
            key->text = s.best;
    }
}

struct yaml_node *shape_required(struct loading *l, const struct yaml_node *map, const char *key)
{
    struct yaml_node *n = yaml_get(map, key);

    if (!n)
        report_at(l->r, "E103", map, NULL, "key `%s` is missing", key);
    return n;
}

struct yaml_node **shape_texts(struct loading *l, struct yaml_node *n, const char *what,
                               size_t *count)
{
    struct yaml_node **items;

    *count = 0;
    if (!here(n))
        return NULL;
    if (n->kind == YAML_MAP) {
        report_at(l->r, "E103", n, NULL, "%s must be a text or a list of texts", what);
        return NULL;
    }
    if (n->kind == YAML_SCALAR) {
        items = NEW(l->a, struct yaml_node *);
        items[(*count)++] = n;
        return items;
    }
    items = NEW_ARRAY(l->a, struct yaml_node *, n->n + 1);
    for (size_t i = 0; i < n->n; i++)
        if (shape_text(l, n->items[i], what))
            items[(*count)++] = n->items[i];
    if (n->n == 0)
        report_at(l->r, "E103", n, NULL, "%s: the list is empty", what);
    return items;
}

bool shape_name(struct loading *l, const struct yaml_node *n, const char *what)
{
    bool good;

    if (!shape_text(l, n, what))
        return false;
    good = n->text.n >= 1 && n->text.n <= 40 && n->text.p[0] >= 'a' && n->text.p[0] <= 'z';
    for (size_t i = 0; good && i < n->text.n; i++) {
        char c = n->text.p[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    }
    if (!good)
        report_at(l->r, "E103", n, "a to z, digits, _ and -, at most 40, a letter first",
                  "%s is not a name", what);
    return good;
}

bool shape_duration(struct loading *l, const struct yaml_node *n, int64_t least, int64_t most,
                    int64_t *ms)
{
    if (!shape_text(l, n, "a duration"))
        return false;
    if (!duration_read(n->text, ms))
        *ms = -1;
    if (*ms >= least && *ms <= most)
        return true;
    report_at(l->r, "E105", n, "a number and s, m, h or d, for example 15m",
              *ms < 0 ? "`" STR_FMT "` is not a duration" : "`" STR_FMT "` is out of range",
              STR_ARG(n->text));
    return false;
}

int shape_word(struct loading *l, const struct yaml_node *n, const char *const *words)
{
    struct suggest s;

    if (!shape_text(l, n, "this"))
        return -1;
    s = suggest_for(n->text);
    for (int i = 0; words[i]; i++) {
        if (str_eq(n->text, str_of(words[i])))
            return i;
        suggest_offer(&s, str_of(words[i]));
    }
    report_at(l->r, "E106", n, suggest_hint(&s, l->a),
              "`" STR_FMT "` is not one of the known words", STR_ARG(n->text));
    return -1;
}

bool shape_date(struct loading *l, const struct yaml_node *n, int64_t *ms)
{
    struct moment m;

    if (!shape_text(l, n, "a date"))
        return false;
    if (!slot_form(SLOT_DATE, n->text) || !moment_read(n->text, &m)) {
        report_at(l->r, "E105", n, "write it as 2026-11-20", "`" STR_FMT "` is not a date",
                  STR_ARG(n->text));
        return false;
    }
    *ms = civil_to_unix(&m.local) * 1000;
    return true;
}

bool shape_class(struct loading *l, const struct yaml_node *n, enum sensitivity *out)
{
    const char *words[CLASS_CLINICAL + 2] = {NULL};
    int i;

    for (i = 0; i <= CLASS_CLINICAL; i++)
        words[i] = class_name((enum sensitivity)i);
    i = shape_word(l, n, words);
    if (i >= 0)
        *out = (enum sensitivity)i;
    return i >= 0;
}

size_t shape_length(struct str s)
{
    size_t n = 0;

    for (; s.n; n++)
        utf8_next(&s);
    return n;
}
