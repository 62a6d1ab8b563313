/* The `hl7:` and `fhir:` branches of values and guards: sources, tables, conditions. */
#include "defined.h"
#include "hl7/meaning.h"
#include "suggest.h"

static void load_hl7_source(struct loading *l, struct source *s)
{
    size_t at;
    struct err e;

    s->good = hl7_path_parse(s->text, l->a, &s->path, &at, &e);
    if (!s->good) {
        report_at(l->r, "E201", s->node,
                  "write SEG-field(component=value).component, for example PID-3(5=MR).1",
                  "`" STR_FMT "` is not an HL7 path", STR_ARG(s->text));
        return;
    }
    /* The paths of a fact are of several versions: what this one lacks finds nothing. */
    if (!source_is_standard(s) && !path_defined(l, s->node, s->text, &s->path)) {
        s->good = false;
        return;
    }
    s->class = feed_class_hl7(l->f, &s->path);
    for (size_t i = 0; i < s->path.n_tests; i++) {
        const struct hl7_path_test *t = &s->path.tests[i];

        s->asks_use =
            s->asks_use || (t->component == 2 && !t->has_subcomponent &&
                            (str_eq(t->literal, STR("WPN")) || str_eq(t->literal, STR("EMR"))));
    }
}

static const struct fhirpath *load_expression(struct loading *l, const struct yaml_node *n)
{
    const struct fhirpath *x = NULL;
    struct fhirpath_fault fault;

    if (fhirpath_compile(n->text, l->a, &x, &fault))
        return expression_defined(l, n, x) ? x : NULL;
    report_at(l->r, fault.code, n, NULL, "%s", fault.text);
    report_narrow(l->r, n, fault.at + 1);
    return NULL;
}

static void load_source(struct loading *l, int side, struct source *s)
{
    if (side == SIDE_HL7) {
        load_hl7_source(l, s);
        return;
    }
    s->expr = load_expression(l, s->node);
    s->good = s->expr != NULL;
    if (s->good)
        s->class = feed_class_fhir(l->f, s->expr, l->a);
}

/* The paths behind `standard.NAME`, best first; absent when the node is a path or expression itself. */
static struct str standard_paths(struct loading *l, const struct yaml_node *n, int side)
{
    static const char prefix[] = "standard.";
    struct suggest s;
    const struct hl7_fact *fact;
    struct str name;

    if (side != SIDE_HL7 || !str_starts(n->text, str_of(prefix)))
        return (struct str){NULL, 0};
    name = (struct str){n->text.p + sizeof prefix - 1, n->text.n - (sizeof prefix - 1)};
    fact = hl7_fact_find(name);
    if (fact)
        return str_of(fact->paths);
    s = suggest_for(name);
    for (size_t i = 0; i < hl7_n_facts; i++)
        suggest_offer(&s, str_of(hl7_facts[i].name));
    report_at(l->r, "E201", n, suggest_hint(&s, l->a), "no standard place called `" STR_FMT "`",
              STR_ARG(name));
    return STR("");
}

/* One more source; false when there are too many. */
static bool add_source(struct loading *l, const struct yaml_node *n, struct str text, int side,
                       struct branch *out)
{
    struct source *s = &out->sources[out->n_sources];

    if (out->n_sources == FEED_MAX_SOURCES) {
        report_at(l->r, "E006", out->node, NULL, "more than %d sources in one branch",
                  FEED_MAX_SOURCES);
        return false;
    }
    *s = (struct source){.text = text, .node = n};
    load_source(l, side, s);
    out->class = class_join(out->class, s->class);
    out->n_sources++;
    return true;
}

static void load_sources(struct loading *l, struct yaml_node *n, int side, struct branch *out)
{
    size_t count = 0;
    struct yaml_node **items = shape_texts(l, n, "a source", &count);
    bool room = true;

    out->kind = BRANCH_SOURCES;
    out->sources = NEW_ARRAY(l->a, struct source, FEED_MAX_SOURCES);
    for (size_t i = 0; i < count && room; i++) {
        struct str paths = standard_paths(l, items[i], side);

        if (!paths.p)
            room = add_source(l, items[i], items[i]->text, side, out);
        while (room && paths.n)
            room = add_source(l, items[i], str_cut(&paths, ' '), side, out);
    }
}

static bool is_none(const struct yaml_node *n)
{
    return n->kind == YAML_SCALAR && str_eq(n->text, STR("none"));
}

void branch_load(struct loading *l, struct yaml_node *n, int side, struct branch *out)
{
    *out = (struct branch){.node = n};
    if (!n || n->missing)
        return;
    if (is_none(n)) {
        out->kind = BRANCH_NONE;
        return;
    }
    if (n->kind != YAML_MAP) {
        load_sources(l, n, side, out);
        return;
    }
    shape_keys(l, n, BLOCK_BRANCH);
    out->table_node = yaml_get(n, "table");
    load_sources(l, shape_required(l, n, "key"), side, out);
    out->table = out->table_node ? loading_table(l, out->table_node) : NULL;
}

struct leaf_check {
    struct loading *l;
    const struct yaml_node *node;
    struct branch *out;
};

static void on_leaf(void *ctx, const struct cond_leaf *leaf)
{
    const struct leaf_check *c = ctx;

    bool standard = str_starts(leaf->operand, STR("standard."));

    for (size_t i = 0; i < leaf->n_paths; i++)
        if (standard || path_defined(c->l, c->node, leaf->operand, &leaf->paths[i]))
            c->out->class = class_join(c->out->class, feed_class_hl7(c->l->f, &leaf->paths[i]));
}

void condition_load(struct loading *l, const struct yaml_node *n, int side, struct branch *out)
{
    struct leaf_check check = {l, n, out};
    struct cond_fault fault;
    struct cond *cond;

    *out = (struct branch){.node = n};
    if (!shape_text(l, n, "a condition"))
        return;
    if (is_none(n)) {
        out->kind = BRANCH_NONE;
        return;
    }
    out->kind = BRANCH_CONDITION;
    if (side == SIDE_FHIR) {
        out->expr = load_expression(l, n);
        if (out->expr)
            out->class = feed_class_fhir(l->f, out->expr, l->a);
        return;
    }
    if (!cond_parse(n->text, COND_PATHS, l->a, &cond, &fault)) {
        report_at(l->r, fault.code, n, NULL, "%s (character %zu)", fault.text, fault.at + 1);
        report_narrow(l->r, n, fault.at + 1);
        return;
    }
    out->cond = cond;
    cond_each(cond, on_leaf, &check);
}
