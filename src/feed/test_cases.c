/* The shape of the tests in a feed and its overlays; test.c runs them. */
#include "loading.h"
#include "suggest.h"

static void check_event_expectation(struct loading *l, const struct yaml_pair *pair)
{
    const struct event_type *t = event_type_find(pair->key->text);

    if (!shape_map(l, pair->value, "the slots of an event"))
        return;
    for (size_t i = 0; i < pair->value->n; i++) {
        const struct yaml_pair *slot = &pair->value->pairs[i];
        struct suggest s = suggest_for(slot->key->text);

        for (size_t k = 0; k < t->n_slots; k++)
            suggest_offer(&s, str_of(t->slots[k].name));
        if (!event_type_slot(t, slot->key->text))
            report_at(l->r, "E503", slot->key, suggest_hint(&s, l->a),
                      "event %s has no slot `" STR_FMT "`", t->name, STR_ARG(slot->key->text));
        shape_text(l, slot->value, "a slot's value");
    }
}

static void check_expectation(struct loading *l, const struct yaml_node *n)
{
    static const char *const words[] = {"send", "drop", "hold", "reject", "warn", "remind", NULL};
    const struct yaml_pair *pair;

    if (!shape_map(l, n, "an expectation"))
        return;
    if (n->n != 1) {
        report_at(l->r, "E103", n, NULL, "an expectation has exactly one key");
        return;
    }
    pair = &n->pairs[0];
    if (event_type_find(pair->key->text)) {
        check_event_expectation(l, pair);
        return;
    }
    switch (shape_word(l, pair->key, words)) {
    case 0:
        if (shape_map(l, pair->value, "send"))
            shape_keys(l, pair->value, BLOCK_SEND);
        return;
    case 5:
        if (shape_map(l, pair->value, "remind"))
            shape_keys(l, pair->value, BLOCK_REMIND);
        return;
    case -1:
        return;
    default: /* a reason */
        shape_text(l, pair->value, "a reason");
        return;
    }
}

static void check_input(struct loading *l, const struct yaml_node *map)
{
    struct yaml_node *given = yaml_get(map, "given"), *glob = yaml_get(map, "for_each_sample");
    const struct yaml_node *change = yaml_get(map, "change"), *add = yaml_get(map, "add");
    size_t count;

    if (!given == !glob)
        report_at(l->r, "E103", map, NULL, "a test has either `given` or `for_each_sample`");
    if (given)
        shape_texts(l, given, "given", &count);
    if (glob)
        shape_text(l, glob, "for_each_sample");
    if (change && shape_map(l, change, "change"))
        for (size_t i = 0; i < change->n; i++)
            shape_text(l, change->pairs[i].value, "a raw text");
    if (add && shape_list(l, add, "add"))
        for (size_t i = 0; i < add->n; i++)
            shape_text(l, add->items[i], "a segment");
}

static void check_test(struct loading *l, const struct yaml_node *map, struct test_case *out)
{
    const struct yaml_node *name, *expect;

    out->node = map;
    if (!shape_map(l, map, "a test"))
        return;
    shape_keys(l, map, BLOCK_TEST);
    name = shape_required(l, map, "test");
    if (shape_text(l, name, "test"))
        out->name = name->text;
    check_input(l, map);
    expect = shape_required(l, map, "expect");
    if (!shape_list(l, expect, "expect"))
        return;
    for (size_t i = 0; i < expect->n; i++)
        check_expectation(l, expect->items[i]);
}

static void load_group(struct loading *l, const struct yaml_node *list, const char *file)
{
    struct test_group *g = &l->f->groups[l->f->n_groups++];

    g->file = file;
    if (!list || !shape_list(l, list, "tests"))
        return;
    if (list->n > FEED_MAX_TESTS)
        report_at(l->r, "E006", list, NULL, "more than %d tests", FEED_MAX_TESTS);
    g->tests = NEW_ARRAY(l->a, struct test_case, list->n + 1);
    for (size_t i = 0; i < list->n && i < FEED_MAX_TESTS; i++)
        check_test(l, list->items[i], &g->tests[g->n++]);
}

void tests_load(struct loading *l)
{
    l->f->groups = NEW_ARRAY(l->a, struct test_group, l->n_overlays + 1);
    load_group(l, shape_required(l, l->feed_root, "tests"), l->f->path);
    for (size_t i = 0; i < l->n_overlays; i++)
        load_group(l, yaml_get(l->overlays[i].root, "tests"), l->overlays[i].file);
}
