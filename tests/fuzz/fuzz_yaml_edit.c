/* What `test --update` writes with: a text in quotes reads back as it, and a scalar of a file that is replaced
 * (the first line says which and by what) is replaced, while the rest of the tree stays. */
#include <stdint.h>
#include <stdlib.h>

#include "../../src/feed/yaml_edit.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good)
{
    if (!good)
        abort();
}

struct heard {
    size_t n;
};

static void hear(void *ctx, const char *code, int line, int column, const char *text,
                 const char *hint)
{
    struct heard *h = ctx;

    need(strlen(code) == 4 && line > 0 && column > 0 && text[0] && (!hint || hint[0]));
    h->n++;
}

static struct yaml_node *read(struct str text, struct arena *a, size_t *n)
{
    struct heard heard = {0};
    const struct yaml_report to = {hear, &heard};
    struct yaml_node *root = yaml_parse(text, "", &yaml_limits_standard, a, &to);

    need(root || heard.n);
    *n = heard.n;
    return root;
}

/* Alone, in a block and between brackets. */
static void check_quote(struct str text, struct arena *a)
{
    struct str quoted = yaml_edit_quote(text, a), whole;
    const struct yaml_node *root, *list;
    size_t n;

    whole = arena_printf(a, "a: " STR_FMT "\nb: [" STR_FMT ", {c: " STR_FMT "}]\n", STR_ARG(quoted),
                         STR_ARG(quoted), STR_ARG(quoted));
    root = read(whole, a, &n);
    need(root && n == 0 && str_eq(yaml_get(root, "a")->text, text));
    list = yaml_get(root, "b");
    need(list && list->n == 2 && str_eq(list->items[0]->text, text));
    need(str_eq(yaml_get(list->items[1], "c")->text, text));
}

/* The scalars that are values or items, in order; stops at number *left. */
static const struct yaml_node *scalar(const struct yaml_node *n, size_t *left)
{
    const struct yaml_node *found = NULL;

    if (n->kind == YAML_SCALAR)
        return (*left)-- == 0 ? n : NULL;
    for (size_t i = 0; i < n->n && !found; i++)
        found = scalar(n->kind == YAML_MAP ? n->pairs[i].value : n->items[i], left);
    return found;
}

static void check_same(const struct yaml_node *x, const struct yaml_node *y,
                       const struct yaml_node *but, struct str text)
{
    need(x->kind == y->kind && x->n == y->n);
    need(x == but ? str_eq(y->text, text) : str_eq(x->text, y->text));
    for (size_t i = 0; i < x->n; i++) {
        if (x->kind == YAML_MAP)
            need(str_eq(x->pairs[i].key->text, y->pairs[i].key->text));
        check_same(x->kind == YAML_MAP ? x->pairs[i].value : x->items[i],
                   y->kind == YAML_MAP ? y->pairs[i].value : y->items[i], but, text);
    }
}

/* Block scalars may grow or lose a line end with their neighbours, and libyaml takes a blank line of tabs behind
 * some scalars only: `test --update` proves its result. */
static bool is_simple(const struct yaml_node *n)
{
    bool simple = !n->missing && (n->kind != YAML_SCALAR || n->line == n->end_line);

    for (size_t i = 0; simple && i < n->n; i++)
        simple = is_simple(n->kind == YAML_MAP ? n->pairs[i].value : n->items[i]);
    return simple;
}

static void check_edit(struct str file, size_t which, struct str text, struct arena *a)
{
    struct yaml_edits edits = {.before = file, .a = a};
    const struct yaml_node *root, *at, *after;
    size_t n;

    root = read(file, a, &n);
    if (!root || n || !is_simple(root) || memchr(file.p, '\t', file.n) ||
        str_starts(file, STR("\xEF\xBB\xBF")))
        return;
    at = scalar(root, &which);
    if (!at)
        return;
    need(yaml_edit_start(file, at) <= yaml_edit_end(file, at) && yaml_edit_end(file, at) <= file.n);
    yaml_edit_add(&edits, yaml_edit_start(file, at), yaml_edit_end(file, at),
                  yaml_edit_quote(text, a));
    after = read(yaml_edit_apply(&edits), a, &n);
    need(after && n == 0);
    check_same(root, after, at, text);
    need(yaml_edit_diff(&edits).n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str file = {size ? (const char *)data : "", size}, text = str_cut(&file, '\n');
    struct arena a = {0};
    size_t which = 0;

    if (text.n) {
        which = (unsigned char)text.p[0];
        text = (struct str){text.p + 1, text.n - 1};
    }
    if (text.p && utf8_check(text) == text.n && !memchr(text.p, 0, text.n)) {
        check_quote(text, &a);
        if (file.p)
            check_edit(file, which, text, &a);
    }
    arena_reset(&a);
    return 0;
}
