/* What may fill a slot: types, tables, constants (docs/feed-language.md, sections 7 to 9). */
#include "loading.h"

static enum convert_type yields(const struct value *v)
{
    return v->n_as ? convert_yields(v->as[v->n_as - 1].kind) : CONVERT_TYPE_TEXT;
}

static bool many_triggers(const struct rule *r)
{
    return r->n_on[SIDE_HL7] + r->n_on[SIDE_FHIR] > 1;
}

/* The same constant for every instance: right for few slots. */
static void check_constant(struct loading *l, const struct rule *rule, const struct slot_type *slot,
                           const struct yaml_node *at)
{
    switch (slot->kind) {
    case SLOT_CODE:
        if (!slot_code(slot, at->text))
            report_at(l->r, "E505", at, NULL, "`" STR_FMT "` is not one of %s", STR_ARG(at->text),
                      slot->codes);
        else if (strcmp(slot->name, "status") == 0 && many_triggers(rule))
            report_at(l->r, "E402", at, "take it from the trigger event or a status table",
                      "a constant status for several triggers is never right");
        return;
    case SLOT_TAG:
    case SLOT_DATE:
    case SLOT_COUNT:
        if (!slot_form(slot->kind, at->text))
            report_at(l->r, "E105", at, NULL, "`" STR_FMT "` is not a %s", STR_ARG(at->text),
                      slot_kind_name(slot->kind));
        return;
    case SLOT_KEY:
    case SLOT_PHONE:
    case SLOT_SITE:
    case SLOT_INSTANT:
    case SLOT_TICKET:
    case SLOT_FLAG:
        report_at(l->r, "E402", at, "use drop(), hold() or reject()",
                  "a constant %s for every patient is never right", slot_kind_name(slot->kind));
        return;
    }
}

static void check_otherwise(struct loading *l, const struct rule *rule, const struct binding *b)
{
    const struct otherwise *o = &b->value->otherwise;

    switch (o->kind) {
    case ELSE_MISSING:
    case ELSE_DROP:
    case ELSE_HOLD:
    case ELSE_REJECT:
        return;
    case ELSE_SITE_FACT:
        if (!o->faulty && (b->slot->kind != SLOT_TAG || !str_eq(o->text, STR("language"))))
            report_at(l->r, "E304", o->node, NULL, "`site." STR_FMT "` is no %s", STR_ARG(o->text),
                      slot_kind_name(b->slot->kind));
        return;
    case ELSE_LITERAL:
        check_constant(l, rule, b->slot, o->node);
        return;
    case ELSE_NONE:
        if (b->slot->required)
            report_at(l->r, "E405", o->node, "use drop(), hold() or reject()",
                      "slot `%s` cannot stay unset", b->slot->name);
        return;
    }
}

static void raw_in_code(struct loading *l, const struct slot_type *slot, const struct branch *b)
{
    for (size_t i = 0; i < b->n_sources; i++)
        report_at(l->r, "E305", b->sources[i].node,
                  "name a table that turns the sender's codes into these",
                  "`%s` is one of %s; raw text from `" STR_FMT "` is not", slot->name, slot->codes,
                  STR_ARG(b->sources[i].text));
}

static void wrong_type(struct loading *l, struct binding *b, const char *hint)
{
    b->faulty = true;
    report_at(l->r, "E304", b->node, hint, "slot `%s` takes only a %s", b->slot->name,
              slot_kind_name(b->slot->kind));
}

/* One branch of a value whose table, if any, is `t`. */
static void check_type(struct loading *l, struct binding *b, const struct branch *branch,
                       const struct table *t, bool has_table)
{
    enum convert_type type = yields(b->value);
    bool good = true;

    switch (b->slot->kind) {
    case SLOT_CODE:
        if (!has_table)
            raw_in_code(l, b->slot, branch);
        break;
    case SLOT_TAG:
        good = has_table || type == CONVERT_TYPE_TAG;
        break;
    case SLOT_PHONE:
        good = !has_table && type == CONVERT_TYPE_PHONE;
        break;
    case SLOT_INSTANT:
        good = !has_table && type == CONVERT_TYPE_INSTANT;
        break;
    case SLOT_DATE:
        good = !has_table && type == CONVERT_TYPE_DATE;
        break;
    case SLOT_TICKET:
    case SLOT_COUNT:
        good = type == CONVERT_TYPE_TEXT;
        break;
    case SLOT_KEY:
    case SLOT_SITE:
    case SLOT_FLAG:
        break;
    }
    if (!good)
        wrong_type(l, b, NULL);
    if (t)
        table_check_slot(l, t, b->slot);
}

static void check_branches(struct loading *l, const struct rule *rule, struct binding *b)
{
    static const char *const names[SIDES] = {"hl7", "fhir"};

    for (int side = 0; side < SIDES; side++) {
        const struct branch *branch = &b->value->branch[side];
        bool has_table = branch->table_node || b->value->table_node;

        if (branch->kind == BRANCH_MISSING && rule->n_on[side] && !branch->node)
            report_at(l->r, "E112", b->value->node, "add the branch, or write `none`",
                      "the rule reads %s and this value has no `%s`", names[side], names[side]);
        if (branch->kind == BRANCH_SOURCES)
            check_type(l, b, branch, branch->table ? branch->table : b->value->table, has_table);
    }
}

void binding_check(struct loading *l, const struct rule *rule, struct binding *b)
{
    const struct value *v = b->value;

    if (!v) {
        if (b->literal.p)
            check_constant(l, rule, b->slot, b->node);
        return;
    }
    if (b->slot->kind == SLOT_SITE && v != l->map->site) {
        b->faulty = true;
        report_at(l->r, "E506", b->node, NULL, "a site slot takes only `values.site`");
        return;
    }
    if (b->slot->kind == SLOT_FLAG && v->name.p) {
        wrong_type(l, b, "write the conditions here, one per branch");
        return;
    }
    if (v->faulty)
        return;
    if (b->slot->kind == SLOT_KEY && yields(v) != CONVERT_TYPE_KEY)
        report_at(l->r, "E504", v->node, "add `as: pseudonym`",
                  "key slot `%s` takes only a pseudonym", b->slot->name);
    check_branches(l, rule, b);
    if (b->slot->kind != SLOT_SITE)
        check_otherwise(l, rule, b);
}
