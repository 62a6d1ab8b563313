#include "fhir/definition.h"
#include "guards.h"
#include "hl7/meaning.h"
#include "suggest.h"

enum { TRIGGERS_MOST = 128 };

static bool is_upper_or_digit(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* "SIU^S12". */
static bool is_trigger(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (i == 3 ? s.p[i] != '^' : !is_upper_or_digit(s.p[i]))
            return false;
    return s.n == 7;
}

static void bad_trigger(struct loading *l, const struct yaml_node *n)
{
    struct suggest s = suggest_for(n->text);
    const char *near;

    for (size_t i = 0; i < hl7_n_trigger_groups; i++)
        suggest_offer(&s, str_of(hl7_trigger_groups[i].name));
    near = suggest_hint(&s, l->a);
    report_at(l->r, "E103", n, near ? near : "MSH-9.1^MSH-9.2, for example SIU^S12",
              "`" STR_FMT "` is not a trigger", STR_ARG(n->text));
}

/* A trigger, or a group of the table of meanings. */
static void add_hl7_triggers(struct loading *l, const struct yaml_node *n, struct rule *r)
{
    const struct hl7_trigger_group *group = hl7_trigger_group_find(n->text);
    struct str rest = group ? str_of(group->triggers) : n->text;

    if (!group && !is_trigger(n->text))
        bad_trigger(l, n);
    while (rest.p && r->n_on[SIDE_HL7] < TRIGGERS_MOST)
        r->on[SIDE_HL7][r->n_on[SIDE_HL7]++] = str_cut(&rest, ' ');
    if (rest.p)
        report_at(l->r, "E006", n, NULL, "more than %d triggers in one rule", TRIGGERS_MOST);
}

static void load_triggers(struct loading *l, struct yaml_node *n, int side, struct rule *r)
{
    size_t count = 0;
    struct yaml_node **items = shape_texts(l, n, "a trigger", &count);

    r->on[side] = NEW_ARRAY(l->a, struct str, side == SIDE_HL7 ? TRIGGERS_MOST : count + 1);
    if (!l->f->reads[side] && count)
        report_at(l->r, "E103", n, "add it to `reads`", "this feed does not read %s",
                  side == SIDE_HL7 ? "hl7" : "fhir");
    for (size_t i = 0; i < count; i++) {
        if (side == SIDE_HL7) {
            add_hl7_triggers(l, items[i], r);
            continue;
        }
        if (l->f->reads[side] && !fhir_resource_defined(l->f->release, items[i]->text))
            report_at(l->r, "E211", items[i], NULL, "FHIR %s has no resource `" STR_FMT "`",
                      fhir_release_name(l->f->release), STR_ARG(items[i]->text));
        r->on[side][r->n_on[side]++] = items[i]->text;
    }
}

static void load_on(struct loading *l, const struct yaml_node *map, struct rule *r)
{
    r->on_node = map;
    if (!shape_map(l, map, "on"))
        return;
    shape_keys(l, map, BLOCK_ON);
    if (map->n == 0)
        report_at(l->r, "E103", map, NULL, "`on` names no trigger");
    load_triggers(l, yaml_get(map, "hl7"), SIDE_HL7, r);
    load_triggers(l, yaml_get(map, "fhir"), SIDE_FHIR, r);
}

static void load_each(struct loading *l, const struct yaml_node *map, struct rule *r)
{
    const char *const *leads = key_words(BLOCK_EACH, "hl7");
    int i;

    if (!map || !shape_map(l, map, "each"))
        return;
    shape_keys(l, map, BLOCK_EACH);
    i = shape_word(l, shape_required(l, map, "hl7"), leads);
    if (i >= 0)
        memcpy(r->each, leads[i], sizeof(r->each));
}

static void load_emit(struct loading *l, const struct yaml_node *n, struct rule *r)
{
    struct suggest s;

    r->emit_node = n;
    if (!shape_text(l, n, "emit"))
        return;
    r->event = event_type_find(n->text);
    s = suggest_for(n->text);
    for (size_t i = 0; event_type_at(i); i++)
        suggest_offer(&s, str_of(event_type_at(i)->name));
    if (!r->event)
        report_at(l->r, "E501", n, suggest_hint(&s, l->a), "no event called `" STR_FMT "`",
                  STR_ARG(n->text));
}

static bool is_bound(const struct rule *r, const struct slot_type *slot)
{
    for (size_t i = 0; i < r->n_with; i++)
        if (r->with[i].slot == slot)
            return true;
    return false;
}

/* A misspelt slot is taken for the one it is nearest to. */
static void load_slot(struct loading *l, const struct yaml_node *with, const struct yaml_pair *pair,
                      const struct rule *r, struct binding *out)
{
    struct suggest s = suggest_for(pair->key->text);

    *out = (struct binding){.key_node = pair->key, .node = pair->value};
    if (!r->event)
        return;
    out->slot = event_type_slot(r->event, pair->key->text);
    for (size_t i = 0; i < r->event->n_slots; i++)
        suggest_offer(&s, str_of(r->event->slots[i].name));
    if (out->slot)
        return;
    report_at(l->r, "E503", pair->key, suggest_hint(&s, l->a), "event %s has no slot `" STR_FMT "`",
              r->event->name, STR_ARG(pair->key->text));
    if (s.best.p && !yaml_get(with, s.best.p)) {
        out->slot = event_type_slot(r->event, s.best);
        if (is_bound(r, out->slot)) /* misspelt twice */
            out->slot = NULL;
    }
}

static void load_binding(struct loading *l, const struct yaml_pair *pair, struct binding *out)
{
    const struct yaml_node *n = pair->value;
    bool flag = out->slot && out->slot->kind == SLOT_FLAG;
    struct value *v;

    if (n->missing)
        return;
    if (n->kind == YAML_SCALAR && str_starts(n->text, STR("values."))) {
        out->value = value_named(l, (struct str){n->text.p + 7, n->text.n - 7}, n);
        return;
    }
    if (n->kind == YAML_SCALAR) {
        out->literal = n->text;
        return;
    }
    v = NEW(l->a, struct value);
    value_load(l, pair, flag, v);
    value_join_site(l, v);
    out->value = v;
}

static void move_first(struct rule *r, const char *slot)
{
    for (size_t i = 0; i < r->n_with; i++) {
        struct binding b = r->with[i];

        if (strcmp(b.slot->name, slot) != 0)
            continue;
        memmove(r->with + 1, r->with, i * sizeof(*r->with));
        r->with[0] = b;
        return;
    }
}

/* The unit key is computed first, then whose it is, as what is carried depends on both. */
static void keys_first(struct rule *r)
{
    move_first(r, "patient_key");
    move_first(r, r->event->unit);
}

static bool may_merge(const struct rule *r)
{
    for (size_t i = 0; i < r->n_with; i++) {
        const struct binding *b = &r->with[i];

        if (strcmp(b->slot->name, "change") == 0)
            return !b->literal.p || str_eq(b->literal, STR("merge"));
    }
    return false;
}

static void check_slots(struct loading *l, const struct yaml_node *key, const struct rule *r)
{
    for (size_t i = 0; i < r->event->n_slots; i++) {
        const struct slot_type *s = &r->event->slots[i];
        bool needed = s->required || (strcmp(s->name, "previous_key") == 0 && may_merge(r));

        if (needed && !is_bound(r, s))
            report_at(l->r, "E502", key, NULL, "slot `%s` of %s is missing", s->name,
                      r->event->name);
    }
}

static void load_with(struct loading *l, const struct yaml_node *rule_map, struct rule *r)
{
    const struct yaml_pair *pair = yaml_pair_of(rule_map, "with");

    if (!pair) {
        shape_required(l, rule_map, "with");
        return;
    }
    if (!shape_map(l, pair->value, "with"))
        return;
    r->with = NEW_ARRAY(l->a, struct binding, pair->value->n + 1);
    for (size_t i = 0; i < pair->value->n; i++) {
        struct binding *b = &r->with[r->n_with];

        load_slot(l, pair->value, &pair->value->pairs[i], r, b);
        load_binding(l, &pair->value->pairs[i], b);
        r->n_with += b->slot != NULL;
    }
    if (!r->event)
        return;
    check_slots(l, pair->key, r);
    for (size_t i = 0; i < r->n_with; i++)
        binding_check(l, r, &r->with[i]);
    keys_first(r);
}

static void load_coalesce(struct loading *l, const struct yaml_node *map, struct rule *r)
{
    const struct yaml_node *by;

    if (!map || !shape_map(l, map, "coalesce"))
        return;
    shape_keys(l, map, BLOCK_COALESCE);
    shape_duration(l, shape_required(l, map, "within"), 10000, 3600000, &r->coalesce_ms);
    by = shape_required(l, map, "by");
    if (!shape_text(l, by, "by") || !r->event)
        return;
    r->coalesce_by = event_type_slot(r->event, by->text);
    if (!r->coalesce_by)
        report_at(l->r, "E503", by, NULL, "event %s has no slot `" STR_FMT "`", r->event->name,
                  STR_ARG(by->text));
    else if (r->coalesce_by->kind != SLOT_KEY)
        report_at(l->r, "E304", by, NULL, "`coalesce` takes a key slot");
}

static void load_rule(struct loading *l, const struct yaml_node *map, struct rule *r)
{
    const struct yaml_node *label;

    r->node = map;
    if (!shape_map(l, map, "a rule"))
        return;
    shape_keys(l, map, BLOCK_RULE);
    label = shape_required(l, map, "rule");
    if (shape_text(l, label, "rule")) {
        r->label = label->text;
        if (shape_length(r->label) > 60)
            report_at(l->r, "E103", label, NULL, "a rule's label has at most 60 characters");
    }
    load_on(l, shape_required(l, map, "on"), r);
    load_each(l, yaml_get(map, "each"), r);
    only_if_load(l, r, yaml_get(map, "only_if"), &r->only_if);
    sensitive_load(l, r, yaml_get(map, "sensitive"), &r->sensitive);
    load_emit(l, shape_required(l, map, "emit"), r);
    load_with(l, map, r);
    load_coalesce(l, yaml_get(map, "coalesce"), r);
    if (r->event && r->event->sensitive && !yaml_get(map, "sensitive"))
        report_at(l->r, "E602", yaml_pair_of(map, "emit")->key,
                  "add `sensitive:`; unlisted codes are held",
                  "a result rule must say which codes are ordinary");
}

static bool share_trigger(const struct rule *a, const struct rule *b, int side)
{
    for (size_t i = 0; i < a->n_on[side]; i++)
        for (size_t j = 0; j < b->n_on[side]; j++)
            if (str_eq(a->on[side][i], b->on[side][j]))
                return true;
    return false;
}

static void check_pair(struct loading *l, const struct rule *first, const struct rule *second)
{
    const struct yaml_pair *label = yaml_pair_of(second->node, "rule");

    if (!label)
        return;
    if (str_eq(first->label, second->label))
        report_at(l->r, "E103", label->value, NULL, "two rules are called `" STR_FMT "`",
                  STR_ARG(second->label));
    if (first->event && first->event == second->event &&
        (share_trigger(first, second, SIDE_HL7) || share_trigger(first, second, SIDE_FHIR)))
        report_at(l->r, "E510", label->key, NULL,
                  "rule `" STR_FMT "` already makes %s of one of these triggers",
                  STR_ARG(first->label), first->event->name);
}

void rules_load(struct loading *l, const struct yaml_node *list)
{
    struct map *m = l->map;

    if (!list || list->kind != YAML_LIST)
        return;
    if (list->n > FEED_MAX_LIST)
        report_at(l->r, "E006", list, NULL, "more than %d rules", FEED_MAX_LIST);
    m->rules = NEW_ARRAY(l->a, struct rule, list->n + 1);
    for (size_t i = 0; i < list->n && i < FEED_MAX_LIST; i++)
        load_rule(l, list->items[i], &m->rules[m->n_rules++]);
    for (size_t i = 0; i < m->n_rules; i++)
        for (size_t j = i + 1; j < m->n_rules; j++)
            check_pair(l, &m->rules[i], &m->rules[j]);
}
