/* `only_if` and `sensitive`. */
#include "guards.h"

static const char *const side_names[SIDES] = {"hl7", "fhir"};

static void load_stop(struct loading *l, const struct yaml_node *map, const char *code,
                      struct guard *out)
{
    const struct yaml_node *n = yaml_get(map, "else");

    if (!n) {
        report_at(l->r, "E401", map, "add `else:` with drop(), hold() or reject()",
                  "this guard can fail and nothing says what to do then");
        return;
    }
    otherwise_load(l, n, &out->otherwise);
    if (out->otherwise.kind == ELSE_SITE_FACT || out->otherwise.kind == ELSE_LITERAL ||
        out->otherwise.kind == ELSE_NONE)
        report_at(l->r, code, n, "use drop(), hold() or reject()",
                  "a guard can only stop the message");
}

static void branch_missing(struct loading *l, const struct rule *rule, const struct guard *g,
                           int side)
{
    if (rule->n_on[side] && !g->branch[side].node)
        report_at(l->r, "E112", g->node, "add the branch, or write `none`",
                  "the rule reads %s and this guard has no `%s`", side_names[side],
                  side_names[side]);
}

void only_if_load(struct loading *l, const struct rule *rule, const struct yaml_node *map,
                  struct guard *out)
{
    if (!map || !shape_map(l, map, "only_if"))
        return;
    *out = (struct guard){.present = true, .node = map};
    shape_keys(l, map, BLOCK_ONLY_IF);
    for (int side = 0; side < SIDES; side++) {
        if (yaml_get(map, side_names[side]))
            condition_load(l, yaml_get(map, side_names[side]), side, &out->branch[side]);
        branch_missing(l, rule, out, side);
    }
    load_stop(l, map, "E405", out);
}

/* A table of ordinary codes has nothing else in `to`: then one code cannot be taken for another. */
static void check_ordinary(struct loading *l, const struct table *t)
{
    int faults = 0;

    for (size_t i = 0; i < t->n && faults < TABLE_MAX_FAULTS; i++) {
        const struct table_row row = table_row(t, i);

        if (str_eq(row.to, STR("ordinary")))
            continue;
        faults++;
        report_place(
            l->r, "E303",
            (struct report_place){.file = t->file, .line = row.line, .column = row.to_column}, NULL,
            "a table of ordinary codes has only `ordinary` in `to`");
    }
}

static void load_codes(struct loading *l, struct yaml_node *map, int side, struct guard *out)
{
    const struct table *t;

    if (map->kind == YAML_SCALAR && str_eq(map->text, STR("none"))) {
        out->branch[side].node = map;
        report_at(l->r, "E602", map, "say which codes are ordinary",
                  "`none` would let every result through");
        return;
    }
    out->branch[side].node = map;
    if (!shape_map(l, map, "a branch of `sensitive`"))
        return;
    shape_keys(l, map, BLOCK_CODES);
    branch_load(l, shape_required(l, map, "key"), side, &out->branch[side]);
    if (out->branch[side].kind == BRANCH_NONE || out->branch[side].table_node)
        report_at(l->r, "E103", out->branch[side].node, NULL, "`key` is a path or a list of paths");
    out->branch[side].node = map;
    t = loading_table(l, shape_required(l, map, "ordinary"));
    out->ordinary[side] = t;
    if (t)
        check_ordinary(l, t);
}

void sensitive_load(struct loading *l, const struct rule *rule, const struct yaml_node *map,
                    struct guard *out)
{
    if (!map || !shape_map(l, map, "sensitive"))
        return;
    *out = (struct guard){.present = true, .node = map};
    shape_keys(l, map, BLOCK_SENSITIVE);
    for (int side = 0; side < SIDES; side++) {
        if (yaml_get(map, side_names[side]))
            load_codes(l, yaml_get(map, side_names[side]), side, out);
        branch_missing(l, rule, out, side);
    }
    load_stop(l, map, "E603", out);
}
