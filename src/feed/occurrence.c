/* E204: a path that no trigger of any rule that uses it can have. E512: a unit key that repeats in the
 * message while the rule takes the message as one. */
#include "defined.h"
#include "hl7/definition.h"

/* Where one branch stands: in a rule, in a value that rules share, or in what all rules share. */
struct place {
    struct loading *l;
    const struct map *map;
    const struct rule *rule;   /* NULL: not in one */
    const struct value *value; /* NULL: in all rules */
};

static bool uses(const struct place *p, const struct rule *r)
{
    if (p->rule || !p->value || p->value == p->map->site)
        return !p->rule || p->rule == r;
    for (size_t i = 0; i < r->n_with; i++)
        if (r->with[i].value == p->value)
            return true;
    return false;
}

static bool added_by_policy(const struct feed *f, struct str trigger, struct str segment)
{
    for (size_t i = 0; i < f->policy.n_segments; i++)
        if (str_eq(f->policy.segments[i].trigger, trigger) &&
            str_eq(f->policy.segments[i].segment, segment))
            return true;
    return false;
}

/* ---- HL7 ---- */

static bool may_occur(const struct feed *f, const struct rule *r, struct str segment)
{
    for (size_t i = 0; i < r->n_on[SIDE_HL7]; i++) {
        struct str trigger = r->on[SIDE_HL7][i];

        if (hl7_occurrence(f->version_hl7, trigger, segment, "") != HL7_OCCURS_NEVER ||
            added_by_policy(f, trigger, segment))
            return true;
    }
    return false;
}

/* The first trigger of the rules that use the place, when none of them has the segment. */
static struct str never_occurs(const struct place *p, struct str segment, size_t *n_triggers)
{
    struct str first = {0};

    *n_triggers = 0;
    for (size_t i = 0; i < p->map->n_rules; i++) {
        const struct rule *r = &p->map->rules[i];

        if (!uses(p, r) || r->n_on[SIDE_HL7] == 0)
            continue;
        if (may_occur(p->l->f, r, segment))
            return (struct str){0};
        *n_triggers += r->n_on[SIDE_HL7];
        if (!first.p)
            first = r->on[SIDE_HL7][0];
    }
    return first;
}

static void check_segment(const struct place *p, const struct yaml_node *n, struct str text,
                          const char *segment)
{
    size_t others = 0;
    struct str trigger = never_occurs(p, str_of(segment), &others);

    if (!trigger.p)
        return;
    report_at(p->l->r, "E204", n,
              arena_printf(p->l->a,
                           "if this sender adds %s, say so in the policy: `segments: - {trigger: "
                           "%s, segment: %s, …}`",
                           segment, arena_copy(p->l->a, trigger).p, segment)
                  .p,
              "`" STR_FMT "` cannot occur: %s is not in " STR_FMT "%s", STR_ARG(text), segment,
              STR_ARG(trigger), others > 1 ? " or any other trigger of the rules that use it" : "");
    if (text.p >= n->text.p && text.p + text.n <= n->text.p + n->text.n)
        report_narrow(p->l->r, n, (size_t)(text.p - n->text.p) + text.n);
}

struct condition {
    const struct place *place;
    const struct yaml_node *node;
};

static void on_leaf(void *ctx, const struct cond_leaf *leaf)
{
    const struct condition *c = ctx;
    const struct hl7_path_test *test;
    struct hl7_definition at;

    if (leaf->n_paths == 1 &&
        hl7_path_define(c->place->l->f->version_hl7, leaf->paths, &at, &test) == HL7_PATH_DEFINED)
        check_segment(c->place, c->node, leaf->operand, leaf->paths->segment);
}

/* The facts of `standard.NAME` stand in one trigger here and in another there: one of them has to occur. */
static bool a_standard_place_occurs(const struct place *p, const struct branch *b,
                                    const struct yaml_node *node)
{
    size_t n_triggers;

    for (size_t i = 0; i < b->n_sources; i++)
        if (b->sources[i].node == node && b->sources[i].good &&
            !never_occurs(p, str_of(b->sources[i].path.segment), &n_triggers).p)
            return true;
    return false;
}

static void check_hl7(const struct place *p, const struct branch *b)
{
    struct condition c = {p, b->node};

    if (b->cond)
        cond_each(b->cond, on_leaf, &c);
    for (size_t i = 0; b->kind == BRANCH_SOURCES && i < b->n_sources; i++) {
        const struct source *s = &b->sources[i];

        if (s->good && !(source_is_standard(s) && a_standard_place_occurs(p, b, s->node)))
            check_segment(p, s->node, source_is_standard(s) ? s->node->text : s->text,
                          s->path.segment);
    }
}

/* ---- FHIR ---- */

/* True when a focus of the rule is what the root names: the type itself or what it descends from. A trigger
 * that is no resource was reported already. */
static bool starts_in(const struct feed *f, const struct rule *r, struct str root)
{
    for (size_t i = 0; i < r->n_on[SIDE_FHIR]; i++)
        if (str_eq(r->on[SIDE_FHIR][i], root) ||
            !fhir_resource_defined(f->release, r->on[SIDE_FHIR][i]) ||
            (fhir_type_defined(f->release, root) &&
             fhir_type_descends(f->release, r->on[SIDE_FHIR][i], root)))
            return true;
    return false;
}

static void check_root(const struct place *p, const struct yaml_node *n,
                       const struct fhirpath_root *root)
{
    struct str type = {0};

    for (size_t i = 0; i < p->map->n_rules; i++) {
        const struct rule *r = &p->map->rules[i];

        if (!uses(p, r) || r->n_on[SIDE_FHIR] == 0)
            continue;
        if (starts_in(p->l->f, r, root->name))
            return;
        if (!type.p)
            type = r->on[SIDE_FHIR][0];
    }
    if (!type.p || str_eq(root->name, STR("Patient")))
        return;
    report_at(p->l->r, "E204", n,
              arena_printf(p->l->a, "start at Patient or at " STR_FMT, STR_ARG(type)).p,
              "no rule that uses this reads `" STR_FMT "`", STR_ARG(root->name));
    report_narrow(p->l->r, n, root->at + root->name.n);
}

static void check_roots(const struct place *p, const struct yaml_node *n, const struct fhirpath *x)
{
    struct fhirpath_roots roots = x ? fhirpath_roots(x) : (struct fhirpath_roots){0};

    for (size_t i = 0; i < roots.n; i++)
        check_root(p, n, &roots.items[i]);
}

static void check_branches(const struct place *p, const struct branch branch[SIDES])
{
    const struct branch *fhir = &branch[SIDE_FHIR];

    check_hl7(p, &branch[SIDE_HL7]);
    check_roots(p, fhir->node, fhir->expr);
    for (size_t i = 0; fhir->kind == BRANCH_SOURCES && i < fhir->n_sources; i++)
        if (fhir->sources[i].good)
            check_roots(p, fhir->sources[i].node, fhir->sources[i].expr);
}

/* ---- unit keys ---- */

static bool is_lead(const char *segment)
{
    for (const char *const *w = key_words(BLOCK_EACH, "hl7"); *w; w++)
        if (strcmp(*w, segment) == 0)
            return true;
    return false;
}

/* What repeats in every structure that has it, and so in messages of a sender's own. */
static bool repeats_everywhere(const char *segment)
{
    return strcmp(segment, "ORC") == 0 || strcmp(segment, "OBX") == 0 ||
           (is_lead(segment) && strcmp(segment, "TXA") != 0);
}

static bool repeats(const struct feed *f, const struct rule *r, struct str trigger,
                    const char *segment)
{
    if (!r->each[0] && !hl7_structure(f->version_hl7, trigger))
        return repeats_everywhere(segment);
    return hl7_occurrence(f->version_hl7, trigger, str_of(segment), r->each) == HL7_OCCURS_OFTEN;
}

static void report_unit(struct loading *l, const struct rule *r, const struct source *s,
                        struct str trigger)
{
    const char *segment = s->path.segment;
    const char *hint = "write `each` with the segment that one unit stands for";

    if (is_lead(segment))
        hint = arena_printf(l->a,
                            "add `each: {hl7: %s}`, or only the first %s of a message is announced",
                            segment, segment)
                   .p;
    if (r->each[0])
        report_at(l->r, "E512", s->node, hint,
                  "`" STR_FMT "` repeats within the group of one %s of " STR_FMT, STR_ARG(s->text),
                  r->each, STR_ARG(trigger));
    else
        report_at(l->r, "E512", s->node, hint,
                  "`" STR_FMT "` is in a repeating group of " STR_FMT
                  " and the rule has no `each:`",
                  STR_ARG(s->text), STR_ARG(trigger));
}

/* Without `each` around it, all units but the first would be lost in silence. */
static void check_unit(struct loading *l, const struct rule *r)
{
    const struct branch *b = NULL;

    for (size_t i = 0; r->event && i < r->n_with; i++)
        if (strcmp(r->with[i].slot->name, r->event->unit) == 0 && r->with[i].value)
            b = &r->with[i].value->branch[SIDE_HL7];
    for (size_t i = 0; b && b->kind == BRANCH_SOURCES && i < b->n_sources; i++) {
        const struct source *s = &b->sources[i];

        for (size_t t = 0; s->good && t < r->n_on[SIDE_HL7]; t++) {
            if (!repeats(l->f, r, r->on[SIDE_HL7][t], s->path.segment))
                continue;
            report_unit(l, r, s, r->on[SIDE_HL7][t]);
            break;
        }
    }
}

/* ---- all of a map ---- */

static void check_rule(struct loading *l, const struct map *m, const struct rule *r)
{
    const struct place p = {l, m, r, NULL};
    const struct yaml_node *lead = yaml_get(yaml_get(r->node, "each"), "hl7");

    if (lead && r->each[0])
        check_segment(&p, lead, lead->text, r->each);
    check_branches(&p, r->only_if.branch);
    check_branches(&p, r->sensitive.branch);
    for (size_t i = 0; i < r->n_with; i++)
        if (r->with[i].value && !r->with[i].value->name.p)
            check_branches(&p, r->with[i].value->branch);
    if (r->each[0] || !yaml_get(r->node, "each"))
        check_unit(l, r);
}

void check_occurrence(struct loading *l)
{
    for (size_t i = 0; i < l->f->n_maps; i++) {
        const struct map *m = &l->f->maps[i];
        const struct place all = {l, m, NULL, NULL};

        check_branches(&all, m->where);
        for (size_t v = 0; v < m->n_values; v++)
            check_branches(&(struct place){l, m, NULL, &m->values[v]}, m->values[v].branch);
        for (size_t r = 0; r < m->n_rules; r++)
            check_rule(l, m, &m->rules[r]);
    }
}
