/* E202, E203, E205, E211: what is named exists in the version or release that the feed reads. */
#include "defined.h"

#include "hl7/definition.h"
#include "suggest.h"

bool source_is_standard(const struct source *s)
{
    return s->text.p != s->node->text.p;
}

static void no_segment(struct loading *l, const struct yaml_node *n, const char *segment)
{
    struct suggest s = suggest_for(str_of(segment));
    const char *known, *hint;

    for (size_t i = 0; (known = hl7_segment_at(l->f->version_hl7, i)) != NULL; i++)
        suggest_offer(&s, str_of(known));
    hint = suggest_hint(&s, l->a);
    if (hl7_segment_known(str_of(segment)))
        hint = "another version has it: `reads.hl7` is the version that names stand for, whatever "
               "MSH-12 says";
    report_at(l->r, "E202", n, hint, "HL7 v%s has no segment %s", l->f->version_text, segment);
}

/* The first later version that has so many fields. */
static const char *later_hint(struct loading *l, const struct hl7_path *p)
{
    static const char *const names[] = {"2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1"};
    struct hl7_definition field;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        enum hl7_version v = hl7_version_find(str_of(names[i]));

        if (v > l->f->version_hl7 && hl7_field_defined(v, str_of(p->segment), p->field, &field))
            return arena_printf(l->a,
                                "v%s has it: write `reads: {hl7: \"%s\"}` when this sender is "
                                "ahead of its MSH-12",
                                names[i], names[i])
                .p;
    }
    return NULL;
}

static void no_field(struct loading *l, const struct yaml_node *n, const struct hl7_path *p,
                     const struct hl7_definition *segment)
{
    report_at(l->r, "E203", n, later_hint(l, p), "%s has %u fields; there is no %s-%u", p->segment,
              segment->n_parts, p->segment, p->field);
}

/* "CM_MSG" is HL7's CM: the tables name its forms apart. */
static struct str type_name(const char *name)
{
    struct str rest = str_of(name);

    return str_cut(&rest, '_');
}

static void no_part(struct loading *l, const struct yaml_node *n, const char *code,
                    const char *what, unsigned number, const struct hl7_definition *whole)
{
    struct str type = type_name(whole->name);

    if (whole->n_parts)
        report_at(l->r, code, n, NULL, STR_FMT " (%s) has %u parts; there is no %s %u",
                  STR_ARG(type), whole->title, whole->n_parts, what, number);
    else
        report_at(l->r, code, n, NULL, STR_FMT " (%s) is of one piece; there is no %s %u",
                  STR_ARG(type), whole->title, what, number);
}

bool path_defined(struct loading *l, const struct yaml_node *n, struct str text,
                  const struct hl7_path *p)
{
    const struct hl7_path_test *test = NULL;
    struct hl7_definition at;

    switch (hl7_path_define(l->f->version_hl7, p, &at, &test)) {
    case HL7_PATH_DEFINED:
        return true;
    case HL7_PATH_NO_SEGMENT:
        no_segment(l, n, p->segment);
        break;
    case HL7_PATH_NO_FIELD:
        no_field(l, n, p, &at);
        break;
    case HL7_PATH_NO_COMPONENT:
        no_part(l, n, "E203", "component", p->component, &at);
        break;
    case HL7_PATH_NO_SUBCOMPONENT:
        no_part(l, n, "E203", "subcomponent", p->subcomponent, &at);
        break;
    case HL7_PATH_TEST_COMPONENT:
        no_part(l, n, "E205", "component", test->component, &at);
        break;
    case HL7_PATH_TEST_SUBCOMPONENT:
        no_part(l, n, "E205", "subcomponent", test->subcomponent, &at);
        break;
    }
    if (text.p >= n->text.p && text.p + text.n <= n->text.p + n->text.n)
        report_narrow(l->r, n, (size_t)(text.p - n->text.p) + text.n);
    return false;
}

/* ---- FHIR ---- */

static const char *element_hint(struct loading *l, const struct fhirpath_unknown *u)
{
    struct suggest s = suggest_for(u->name);
    struct fhir_definition d;

    for (size_t i = 0; fhir_element_at(l->f->release, u->owner, i, &d); i++)
        suggest_offer(&s, str_of(d.name));
    return suggest_hint(&s, l->a);
}

bool expression_defined(struct loading *l, const struct yaml_node *n, const struct fhirpath *x)
{
    const char *release = fhir_release_name(l->f->release);
    struct fhirpath_unknown u;

    if (!l->f->reads[SIDE_FHIR] || fhirpath_defined(x, l->f->release, &u))
        return true;
    if (!u.owner.p)
        report_at(l->r, "E211", n, NULL, "FHIR %s has no type `" STR_FMT "`", release,
                  STR_ARG(u.name));
    else if (fhir_type_defined(l->f->release, u.name))
        report_at(l->r, "E211", n, NULL, "`" STR_FMT "` is never of type `" STR_FMT "` in FHIR %s",
                  STR_ARG(u.owner), STR_ARG(u.name), release);
    else
        report_at(l->r, "E211", n, element_hint(l, &u), "FHIR %s has no `" STR_FMT "` in " STR_FMT,
                  release, STR_ARG(u.name), STR_ARG(u.owner));
    report_narrow(l->r, n, u.at + u.name.n);
    return false;
}

/* ---- tests ---- */

void changes_defined(struct loading *l)
{
    for (size_t g = 0; g < l->f->n_groups; g++)
        for (size_t i = 0; i < l->f->groups[g].n; i++) {
            const struct yaml_node *change = yaml_get(l->f->groups[g].tests[i].node, "change");

            for (size_t k = 0; change && change->kind == YAML_MAP && k < change->n; k++) {
                const struct yaml_node *key = change->pairs[k].key;
                struct hl7_path path;
                struct err e;
                size_t at;

                if (hl7_path_parse(key->text, l->a, &path, &at, &e))
                    (void)path_defined(l, key, key->text, &path);
            }
        }
}
