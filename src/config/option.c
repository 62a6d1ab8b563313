#include "option.h"

#include "base/closest.h"

enum { KEY_MOST = 80, TEXTS_MOST = 1000, ROWS_MOST = 40, TEXT_MOST = 255 };

const char *option_path(const struct reading *r, struct str path)
{
    const char *slash = strrchr(r->file, '/');

    if (!slash || path.p[0] == '/')
        return arena_copy(r->arena, path).p;
    return arena_printf(r->arena, "%.*s" STR_FMT, (int)(slash + 1 - r->file), r->file,
                        STR_ARG(path))
        .p;
}

static const struct option *find(const struct options *of, unsigned kind, const char *key)
{
    for (size_t i = 0; i < of->n; i++)
        if (strcmp(of->rows[i].key, key) == 0 && (!kind || (of->rows[i].kinds & kind)))
            return &of->rows[i];
    return NULL;
}

static bool is_block(const struct options *of, unsigned kind, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < of->n; i++)
        if (strncmp(of->rows[i].key, name, n) == 0 && of->rows[i].key[n] == '.' &&
            (!kind || (of->rows[i].kinds & kind)))
            return true;
    return false;
}

static bool unknown(struct reading *r, const struct options *of, unsigned kind,
                    const struct yaml_node *key, const char *full)
{
    const char *words[ROWS_MOST], *near;
    size_t n = 0;

    for (size_t i = 0; i < of->n && n < ROWS_MOST; i++)
        if (!kind || (of->rows[i].kinds & kind))
            words[n++] = of->rows[i].key;
    near = closest(full, words, n);
    if (near)
        return reading_fault(r, key, NULL, "a %s has no `%.60s`; did you mean `%s`?", of->name,
                             full, near);
    return reading_fault(r, key, NULL, "a %s has no `%.60s`", of->name, full);
}

static bool text_fits(struct reading *r, const struct option *o, const struct yaml_node *at)
{
    if (at->kind != YAML_SCALAR)
        return reading_fault(r, at, NULL, "`%s` takes one value", o->key);
    if (at->text.n == 0 || at->text.n > TEXT_MOST || strlen(at->text.p) != at->text.n)
        return reading_fault(r, at, NULL, "`%s` takes 1 to %d characters", o->key, TEXT_MOST);
    return true;
}

static bool read_texts(struct reading *r, const struct option *o, struct yaml_node *at,
                       struct texts *out)
{
    struct yaml_node **items = at->kind == YAML_LIST ? at->items : &at;
    size_t n = at->kind == YAML_LIST ? at->n : 1;

    if (n == 0 || n > TEXTS_MOST)
        return reading_fault(r, at, NULL, "`%s` takes 1 to %d values", o->key, TEXTS_MOST);
    out->items = NEW_ARRAY(r->arena, const char *, n);
    for (size_t i = 0; i < n; i++) {
        if (!text_fits(r, o, items[i]))
            return false;
        out->items[i] = arena_copy(r->arena, items[i]->text).p;
    }
    out->n = n;
    return true;
}

static bool read_choice(struct reading *r, const struct option *o, const struct yaml_node *at,
                        int *out)
{
    struct str rest = str_of(o->words);

    if (at->kind != YAML_SCALAR)
        return reading_fault(r, at, NULL, "`%s` takes one value", o->key);
    for (int i = 0; rest.p; i++) {
        if (str_eq(str_cut(&rest, ' '), at->text)) {
            *out = i;
            return true;
        }
    }
    return reading_fault(r, at, NULL, "`%s` is one of: %s", o->key, o->words);
}

static int hex_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* A control character other than CR and LF: what cannot stand inside a message. */
static bool read_byte(struct reading *r, const struct option *o, const struct yaml_node *at,
                      int *out)
{
    struct str t = at->text;
    bool form = at->kind == YAML_SCALAR && t.n == 4 && t.p[0] == '0' && t.p[1] == 'x' &&
                hex_of(t.p[2]) >= 0 && hex_of(t.p[3]) >= 0;

    *out = form ? hex_of(t.p[2]) * 16 + hex_of(t.p[3]) : 0;
    if (*out > 0 && *out < 0x20 && *out != '\r' && *out != '\n' && *out != '\t')
        return true;
    return reading_fault(r, at, NULL, "`%s` is a control character, not CR, LF or tab, as in 0x0B",
                         o->key);
}

static bool store(struct reading *r, const struct option *o, struct yaml_node *at, void *entry)
{
    void *member = (char *)entry + o->at;

    switch (o->type) {
    case OPTION_FILE:
        if (!text_fits(r, o, at))
            return false;
        *(const char **)member = option_path(r, at->text);
        return true;
    case OPTION_TEXT:
        if (!text_fits(r, o, at))
            return false;
        *(const char **)member = arena_copy(r->arena, at->text).p;
        return true;
    case OPTION_TEXTS:
        return read_texts(r, o, at, member);
    case OPTION_CHOICE:
        return read_choice(r, o, at, member);
    case OPTION_BYTE:
        return read_byte(r, o, at, member);
    }
    return false;
}

bool option_read(struct reading *r, const struct options *of, unsigned kind,
                 const struct yaml_pair *pair, void *entry)
{
    const char *name = pair->key->text.p;
    const struct option *o = strchr(name, '.') ? NULL : find(of, kind, name);

    if (o)
        return store(r, o, pair->value, entry);
    if (!is_block(of, kind, name))
        return unknown(r, of, kind, pair->key, name);
    if (pair->value->kind != YAML_MAP)
        return reading_fault(r, pair->value, NULL, "`%s` is a block of options", name);
    for (size_t i = 0; i < pair->value->n; i++) {
        const struct yaml_pair *inner = &pair->value->pairs[i];
        char key[KEY_MOST];

        snprintf(key, sizeof key, "%.20s.%.50s", name, inner->key->text.p);
        o = find(of, kind, key);
        if (o ? !store(r, o, inner->value, entry) : !unknown(r, of, kind, inner->key, key))
            return false;
    }
    return true;
}
