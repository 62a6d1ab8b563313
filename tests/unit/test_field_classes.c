/* How sensitive a path or an expression is under a policy: docs/feed-language.md, section 13.2. */
#include "../../src/feed/loading.h"
#include "check.h"

enum { ENTRIES = 3 };

struct entry {
    const char *path; /* NULL: the end */
    enum sensitivity class;
};

static struct feed with_policy(const struct entry entries[ENTRIES], bool is_hl7,
                               struct declared to[ENTRIES], struct arena *a)
{
    struct feed f = {.policy.declared = to};
    size_t *n = &f.policy.n_declared;

    for (; *n < ENTRIES && entries[*n].path; ++*n) {
        struct declared *d = &to[*n];
        struct err e = {0};
        size_t at;

        *d = (struct declared){
            .path = str_of(entries[*n].path), .is_hl7 = is_hl7, .class = entries[*n].class};
        CHECK(!is_hl7 || hl7_path_parse(d->path, a, &d->hl7, &at, &e), "%s", e.text);
    }
    return f;
}

static void test_hl7(void)
{
    static const struct {
        const char *path;
        struct entry policy[ENTRIES];
        enum sensitivity want;
    } cases[] = {
        {"PV1-3.2", {{NULL, 0}}, CLASS_DIRECTORY},
        {"PV1-3.2", {{"PV1-3.2", CLASS_CONTACT}}, CLASS_CONTACT},
        {"PV1-3.2", {{"PV1-3.4", CLASS_CONTACT}}, CLASS_DIRECTORY},
        {"PV1-3.2", {{"PV1-3", CLASS_PUBLIC}}, CLASS_DIRECTORY}, /* never lower */
        {"PV1-3", {{"PV1-3.4", CLASS_CONTACT}}, CLASS_CONTACT},  /* the whole has its parts */
        {"PV1-3.2", {{"PV1-3", CLASS_CLINICAL}, {"PV1-3.2", CLASS_CONTACT}}, CLASS_CONTACT},
        /* two of one depth, in both orders */
        {"PV1-3.2", {{"PV1-3.2", CLASS_CLINICAL}, {"PV1-3.2", CLASS_CONTACT}}, CLASS_CLINICAL},
        {"PV1-3.2", {{"PV1-3.2", CLASS_CONTACT}, {"PV1-3.2", CLASS_CLINICAL}}, CLASS_CLINICAL},
        {"ZPI-4", {{"ZPI-4", CLASS_LOGISTICS}, {"ZPI-4", CLASS_DIRECTORY}}, CLASS_LOGISTICS},
        /* what a test looks at is read, too */
        {"PV1-3(4=X).2", {{"PV1-3.4", CLASS_CLINICAL}}, CLASS_CLINICAL},
        {"PV1-3(4=X).2", {{"PV1-3.5", CLASS_CLINICAL}}, CLASS_DIRECTORY},
        {"PV1-3(4.2=X).2", {{"PV1-3.4.2", CLASS_CLINICAL}}, CLASS_CLINICAL},
        {"PV1-3(4=X&5=Y).2", {{"PV1-3.5", CLASS_CLINICAL}}, CLASS_CLINICAL},
    };
    struct arena a = {0};

    for
        EACH (i, cases) {
            struct declared entries[ENTRIES];
            struct feed f = with_policy(cases[i].policy, true, entries, &a);
            struct hl7_path p;
            struct err e = {0};
            size_t at;
            enum sensitivity class;

            CHECK(hl7_path_parse(str_of(cases[i].path), &a, &p, &at, &e), "%s", e.text);
            class = feed_class_hl7(&f, &p);
            CHECK(class == cases[i].want, "%zu: %s: %s", i, cases[i].path, class_name(class));
        }
    arena_reset(&a);
}

static void test_fhir(void)
{
    static const struct {
        const char *expression;
        struct entry policy[ENTRIES];
        enum sensitivity want;
    } cases[] = {
        /* every chain counts, not only the last */
        {"DiagnosticReport.conclusion | DiagnosticReport.status", {{NULL, 0}}, CLASS_CLINICAL},
        {"DiagnosticReport.status | DiagnosticReport.conclusion", {{NULL, 0}}, CLASS_CLINICAL},
        /* a reference */
        {"DiagnosticReport.performer.reference", {{NULL, 0}}, CLASS_CLINICAL},
        {"DiagnosticReport.performer.reference.where(startsWith('Location/'))",
         {{NULL, 0}},
         CLASS_DIRECTORY},
        {"DiagnosticReport.performer.reference.where(startsWith('Patient/'))",
         {{NULL, 0}},
         CLASS_IDENTIFIER},
        {"DiagnosticReport.performer.reference.where(startsWith('Practitioner/'))",
         {{NULL, 0}},
         CLASS_CLINICAL},
        {"DiagnosticReport.result.reference.where(startsWith('Observation/'))",
         {{NULL, 0}},
         CLASS_CLINICAL},
        {"DiagnosticReport.performer.resolve().ofType(Location).name",
         {{NULL, 0}},
         CLASS_DIRECTORY},
        /* one chain, two uses */
        {"DiagnosticReport.result.reference.select($this | where(startsWith('Organization/')))",
         {{NULL, 0}},
         CLASS_CLINICAL},
        {"DiagnosticReport.result.reference.where(resolve().ofType(Location).name.empty())",
         {{NULL, 0}},
         CLASS_CLINICAL},
        {"DiagnosticReport.result.reference.where($this.where(startsWith('Location/')).empty())",
         {{NULL, 0}},
         CLASS_CLINICAL},
        {"DiagnosticReport.conclusion.select($this | extension('u').value)",
         {{"DiagnosticReport.conclusion.extension('u')", CLASS_DIRECTORY}},
         CLASS_CLINICAL},
        {"DiagnosticReport.conclusion.select(extension('u').empty())",
         {{"DiagnosticReport.conclusion.extension('u')", CLASS_DIRECTORY}},
         CLASS_CLINICAL},
        {"DiagnosticReport.conclusion.extension('u').value",
         {{"DiagnosticReport.conclusion.extension('u')", CLASS_DIRECTORY}},
         CLASS_DIRECTORY},
        /* a raise reaches what is read through the reference */
        {"DiagnosticReport.performer.resolve().ofType(Location).name",
         {{"DiagnosticReport.performer.reference", CLASS_CONTACT}},
         CLASS_CONTACT},
        {"DiagnosticReport.performer.reference.resolve().ofType(Location).name",
         {{"DiagnosticReport.performer.reference", CLASS_CONTACT}},
         CLASS_CONTACT},
        {"DiagnosticReport.performer.reference.where(startsWith('Location/'))",
         {{"DiagnosticReport.performer", CLASS_CONTACT}},
         CLASS_CONTACT},
        {"DiagnosticReport.performer.resolve().ofType(Location).name",
         {{"DiagnosticReport.result.reference", CLASS_CONTACT}},
         CLASS_DIRECTORY},
        /* an entry names whole elements */
        {"Appointment.status", {{"Appointment.st", CLASS_CLINICAL}}, CLASS_LOGISTICS},
        {"Appointment.status", {{"Appointment", CLASS_CLINICAL}}, CLASS_CLINICAL},
        {"Appointment.status",
         {{"Appointment.status", CLASS_CLINICAL}, {"Appointment.status", CLASS_CONTACT}},
         CLASS_CLINICAL},
        {"Appointment.status",
         {{"Appointment.status", CLASS_CONTACT}, {"Appointment.status", CLASS_CLINICAL}},
         CLASS_CLINICAL},
        /* a declared extension may be lower, the reference in it to a type of its own not */
        {"Appointment.extension('u').value", {{NULL, 0}}, CLASS_CLINICAL},
        {"Appointment.extension('u').value",
         {{"Appointment.extension('u')", CLASS_PUBLIC}},
         CLASS_PUBLIC},
        {"Appointment.extension('u').value.reference.where(startsWith('Patient/'))",
         {{"Appointment.extension('u')", CLASS_PUBLIC}},
         CLASS_IDENTIFIER},
        {"Appointment.extension('u').value.resolve().ofType(Location).name",
         {{"Appointment.extension('u')", CLASS_PUBLIC}},
         CLASS_DIRECTORY},
    };
    struct arena a = {0};

    for
        EACH (i, cases) {
            struct declared entries[ENTRIES];
            struct feed f = with_policy(cases[i].policy, false, entries, &a);
            const struct fhirpath *x;
            struct fhirpath_fault fault = {0};
            enum sensitivity class;

            if (!fhirpath_compile(str_of(cases[i].expression), &a, &x, &fault)) {
                CHECK(false, "%s: %s", cases[i].expression, fault.text);
                continue;
            }
            class = feed_class_fhir(&f, x, &a);
            CHECK(class == cases[i].want, "%zu: %s: %s", i, cases[i].expression, class_name(class));
        }
    arena_reset(&a);
}

int main(void)
{
    test_hl7();
    test_fhir();
    return check_end();
}
