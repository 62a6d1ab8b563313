/* FHIRPath: what compiles, what each expression gives, limits, chains and roots. The same engine is put
 * beside JavaScript's fhirpath in tests/interop/fhirpath-agree.mjs. */
#include <stdlib.h>

#include "base/buf.h"
#include "check.h"
#include "fhirpath/fhirpath.h"

static const char message[] =
    "{\"resourceType\":\"Bundle\",\"type\":\"message\",\"entry\":["
    "{\"resource\":{\"resourceType\":\"Appointment\",\"id\":\"ap9\",\"identifier\":[{\"value\":"
    "\"F1001\"}],"
    "\"status\":\"booked\",\"start\":\"2025-03-04T09:30:00+08:00\",\"end\":\"2025-03-04T01:30:"
    "00Z\","
    "\"minutesDuration\":30,\"extension\":[{\"url\":\"u\",\"valueCode\":\"vip\"}],"
    "\"participant\":[{\"actor\":{\"reference\":\"Patient/p1\"},\"status\":\"accepted\"},"
    "{\"actor\":{\"reference\":\"Location/KH-2F\"},\"status\":\"tentative\"}]}},"
    "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p1\",\"active\":true,\"birthDate\":"
    "\"1974-12-25\","
    "\"_gender\":{\"extension\":[{\"url\":\"g\",\"valueString\":\"x\"}]},\"deceasedBoolean\":false,"
    "\"identifier\":[{\"type\":{\"coding\":[{\"code\":\"MR\"}]},\"value\":\"MRN1\"}],"
    "\"name\":[{\"given\":[\"A\",\"B\"],\"family\":\"F\"},{\"given\":[\"C\"]}],"
    "\"telecom\":[{\"system\":\"phone\",\"use\":\"home\",\"value\":\"02\"},"
    "{\"system\":\"phone\",\"use\":\"mobile\",\"value\":\"09\",\"rank\":1}]}}]}";

struct world {
    struct arena a;
    struct fhir_body body;
    struct fhirpath_scope scope;
};

static void world_open(struct world *w, const char *json, const char *type)
{
    struct json_limits limits = json_limits_default();
    struct fhir_focus_list foci;
    struct json_node *root;
    struct err e;

    *w = (struct world){.a = {0}};
    CHECK(json_read(str_of(json), &limits, &w->a, &root, NULL, &e) &&
              fhir_body_read(root, (struct str){0}, &w->a, &w->body, NULL, &e),
          "%s", e.text);
    foci = fhir_foci(&w->body, str_of(type), &w->a);
    CHECK(foci.n == 1, "%zu foci", foci.n);
    w->scope = (struct fhirpath_scope){&w->body, foci.items[0].entry->resource,
                                       foci.items[0].patient, NULL};
}

/* The items as "a|b"; objects as {}; nothing shown for a primitive without a value. */
static struct str shown(struct world *w, const struct fhirpath_items *all)
{
    struct buf b = buf_new(4096);
    struct str made;

    for (size_t i = 0; i < all->n; i++) {
        buf_add(&b, i ? STR("|") : STR(""));
        buf_add(&b, all->items[i].text.p ? all->items[i].text
                    : all->items[i].node ? STR("{}")
                                         : STR(""));
    }
    made = arena_copy(&w->a, buf_str(&b));
    buf_reset(&b);
    return made;
}

static const struct {
    const char *expression, *want; /* NULL: an error when evaluated */
} cases[] = {
    /* the expressions of the example feed */
    {"Appointment.participant.actor.reference.where(startsWith('Location/')).select(substring(9))",
     "KH-2F"},
    {"DiagnosticReport.performer.reference.where(startsWith('Organization/"
     "')).select(substring(13))",
     ""},
    {"Patient.identifier.where(type.coding.code='MR').value", "MRN1"},
    {"Patient.telecom.where(system='phone' and use='mobile').value", "09"},
    {"Patient.telecom.where(system='phone').value", "02|09"},
    {"Patient.communication.where(preferred=true).language.coding.code", ""},
    {"Appointment.identifier.value", "F1001"},
    {"Appointment.status", "booked"},
    {"Appointment.status in ('final' | 'booked' | 'corrected')", "true"},
    {"Appointment.status in ('final' | 'amended')", "false"},
    {"Patient.active = false", "false"},
    /* roots */
    {"Patient.id", "p1"},
    {"Appointment.id", "ap9"},
    {"id", "ap9"},
    {"$this.id", "ap9"},
    {"Encounter.id", ""},
    {"Resource.id", "ap9"},
    {"Patient.active and Appointment.status = 'booked'", "true"},
    /* navigation */
    {"Patient.name.given", "A|B|C"},
    {"Patient.name[0].given[1]", "B"},
    {"Patient.name[5]", ""},
    {"Patient.name", "{}|{}"},
    {"Patient.deceased", "false"},
    {"Patient.deceased.ofType(boolean)", "false"},
    {"Patient.deceased.ofType(dateTime)", ""},
    {"Appointment.minutesDuration", "30"},
    {"Patient.gender.exists()", "true"},
    {"Patient.gender.extension('g').value", "x"},
    {"Patient.gender = 'x'", "false"},
    {"Patient.gender.not()", ""},
    {"Appointment.extension('u').value", "vip"},
    {"Appointment.extension('v').value", ""},
    {"Appointment.extension.where(url = 'u').value.ofType(code)", "vip"},
    {"Patient.nothing", ""},
    /* resolve */
    {"Appointment.participant.actor.resolve().ofType(Patient).birthDate", "1974-12-25"},
    {"Appointment.participant.actor.reference.resolve().id", "p1"},
    {"Appointment.participant.actor[1].resolve()", ""},
    {"'Patient/p1'.resolve().name.family", "F"},
    {"1.resolve()", ""},
    /* filters */
    {"Patient.name.where(given = 'C').given", "C"},
    {"Patient.name.where(given.exists(startsWith('A'))).family", "F"},
    {"Patient.name.exists(family = 'F')", "true"},
    {"Patient.name.exists(family = 'G')", "false"},
    {"Patient.name.select(given.first())", "A|C"},
    {"Patient.name.where(false)", ""},
    {"Patient.name.where(family).given", "A|B"},
    /* text */
    {"'abc'.substring(1)", "bc"},
    {"'abc'.substring(1, 1)", "b"},
    {"'abc'.substring(3)", ""},
    {"'abc'.substring(0, 0)", ""},
    {"'\\u5317\\u5317x'.substring(1, 1)", "\xe5\x8c\x97"},
    {"'abc'.startsWith('ab') and 'abc'.endsWith('bc') and 'abc'.contains('b')", "true"},
    {"' \\u00a0a b\\u3000'.trim()", "a b"},
    {"'\xc3\x89\xc3\x9f'.upper()", "\xc3\x89SS"},
    {"'\xc3\x89\xce\x91\xce\xa3'.lower()", "\xc3\xa9\xce\xb1\xcf\x82"},
    {"Patient.name.given.upper()", NULL},
    {"Patient.name.first().upper()", NULL},
    {"1.upper()", NULL},
    {"Patient.nothing.upper()", ""},
    {"'a'.startsWith(Patient.nothing)", ""},
    {"'abc'.substring('1')", NULL},
    {"Appointment.start.substring(0, 10)", "2025-03-04"},
    {"Patient.name.given.substring(1)", NULL},
    {"Patient.name.given.select(substring(0))", "A|B|C"},
    /* equality */
    {"Appointment.start = Appointment.end", "true"},
    {"Appointment.start != Appointment.end", "false"},
    {"Appointment.start = '2025-03-04T09:30:00+08:00'", "false"},
    {"Appointment.minutesDuration = 30", "true"},
    {"Appointment.minutesDuration = '30'", "false"},
    {"Patient.name.given = ('A' | 'B' | 'C')", "true"},
    {"Patient.name.given = ('A' | 'B')", "false"},
    {"Patient.nothing = 'a'", ""},
    {"Patient.name.first() = Patient.name[0]", "true"},
    {"Patient.name.first() = Patient.name.last()", "false"},
    {"('a' | 'a' | 'b' | 1 | 1)", "a|b|1"},
    {"Patient.name.given in ('A')", NULL},
    {"Patient.nothing in ('A')", ""},
    {"'A' in Patient.nothing", "false"},
    /* logic: three values */
    {"true and Patient.nothing", ""},
    {"false and Patient.nothing", "false"},
    {"Patient.nothing and false", "false"},
    {"true or Patient.nothing", "true"},
    {"false or Patient.nothing", ""},
    {"Patient.nothing or Patient.nothing", ""},
    {"'x' and true", "true"},
    {"Patient.name.given and true", NULL},
    {"('a' | 'b').not()", NULL},
    {"true or true and false", "true"},
    {"1 = 1 in true", "true"},
    {"Patient.name.empty() or Patient.name.exists().not()", "false"},
    {"Patient . `name` /* c */ . family // end", "F"},
    {"'a\\'b\\\\c\\/'", "a'b\\c/"},
};

static void test_values(void)
{
    struct world w;

    world_open(&w, message, "Appointment");
    for
        EACH (i, cases) {
            const struct fhirpath *x;
            struct fhirpath_fault fault;
            struct fhirpath_items items;
            struct err e = {0};
            bool ok;

            CHECK(fhirpath_compile(str_of(cases[i].expression), &w.a, &x, &fault), "%s: %s %s",
                  cases[i].expression, fault.code, fault.text);
            ok = fhirpath_eval(x, &w.scope, &w.a, &items, &e);
            CHECK(ok == (cases[i].want != NULL), "%s: %s", cases[i].expression, e.text);
            CHECK(ok || (e.kind == ERR_INPUT && e.code == FHIRPATH_ERROR), "%s",
                  cases[i].expression);
            CHECK(!ok || str_eq(shown(&w, &items), str_of(cases[i].want)), "%s: " STR_FMT,
                  cases[i].expression, STR_ARG(shown(&w, &items)));
        }
    arena_reset(&w.a);
}

static void test_guards(void)
{
    static const struct {
        const char *expression;
        bool holds;
    } guards[] = {{"true", true},
                  {"Patient.active", true},
                  {"'true'", false},
                  {"(true | false)", false},
                  {"Patient.nothing", false},
                  {"Patient.name.exists()", true},
                  {"Appointment.status", false}};
    struct world w;

    world_open(&w, message, "Appointment");
    for
        EACH (i, guards) {
            const struct fhirpath *x;
            struct fhirpath_fault fault;
            struct err e;
            bool holds = !guards[i].holds;

            CHECK(fhirpath_compile(str_of(guards[i].expression), &w.a, &x, &fault) &&
                      fhirpath_holds(x, &w.scope, &w.a, &holds, &e) && holds == guards[i].holds,
                  "%s", guards[i].expression);
        }
    arena_reset(&w.a);
}

static const struct {
    const char *expression, *code;
    size_t at;
} faults[] = {
    {"", "E210", 0},
    {"Patient.where(", "E210", 14},
    {"Patient.", "E210", 8},
    {"Patient name", "E210", 8},
    {"(Patient", "E210", 8},
    {"Patient.name[", "E210", 13},
    {"'abc", "E210", 0},
    {"'\\u00'", "E210", 3},
    {"Patient.where()", "E210", 14},
    {"Patient.name.first(1)", "E210", 19},
    {"Patient.name and", "E210", 16},
    {"Patient..name", "E210", 8},
    {"Patient.\xff", "E210", 8},
    {"\"a\"", "E210", 0},
    {"Patient.ofType(1)", "E210", 15},
    {"Patient.$this", "E210", 8},
    {"/* open", "E210", 0},
    {"repeat(item)", "E212", 0},
    {"Patient.name.count()", "E212", 13},
    {"1 + 1", "E212", 2},
    {"1.5", "E212", 0},
    {"@2020", "E212", 0},
    {"%resource", "E212", 0},
    {"{}", "E212", 0},
    {"Patient.name as HumanName", "E212", 13},
    {"Patient.name is HumanName", "E212", 13},
    {"(true xor false)", "E212", 6},
    {"4 'mg'", "E212", 2},
    {"Patient.name[$index]", "E212", 13},
    {"Patient.name['a']", "E212", 13},
    {"a ~ b", "E212", 2},
    {"a !~ b", "E212", 2},
    {"Patient.name.ofType(Banana)", "E211", 20},
    {"Patient.name.ofType(Other.string)", "E211", 20},
    {"Patient.name.where(Patient.active)", "E213", 19},
    {"Patient.name.exists(Appointment.status = 'x')", "E213", 20},
    {"a.where(b.where(c.where(d)))", "E006", 18},
};

static void test_faults(void)
{
    struct arena a = {0};
    struct buf b = buf_new(4096);
    const struct fhirpath *x;
    struct fhirpath_fault fault;

    for
        EACH (i, faults) {
            bool ok = fhirpath_compile(str_of(faults[i].expression), &a, &x, &fault);

            CHECK(!ok, "%s compiles", faults[i].expression);
            CHECK(ok || (strcmp(fault.code, faults[i].code) == 0 && fault.at == faults[i].at),
                  "%s: %s at %zu: %s", faults[i].expression, fault.code, fault.at, fault.text);
        }
    for (int i = 0; i < 600; i++)
        buf_add_char(&b, ' ');
    CHECK(!fhirpath_compile(buf_str(&b), &a, &x, &fault) && strcmp(fault.code, "E006") == 0,
          "600 bytes");
    buf_reset(&b);
    buf_add_char(&b, 'a');
    for (int i = 0; i < 63; i++)
        buf_add(&b, STR(".b"));
    CHECK(fhirpath_compile(buf_str(&b), &a, &x, &fault), "64 parts: %s", fault.text);
    buf_add(&b, STR(".b"));
    CHECK(!fhirpath_compile(buf_str(&b), &a, &x, &fault) && strcmp(fault.code, "E006") == 0,
          "65 parts");
    buf_reset(&b);
    for (int i = 0; i < 500; i++)
        buf_add_char(&b, '(');
    CHECK(!fhirpath_compile(buf_str(&b), &a, &x, &fault) && strcmp(fault.code, "E006") == 0,
          "brackets");
    buf_reset(&b);
    arena_reset(&a);
}

/* Every prefix of every expression is compiled or refused, never more. */
static void test_prefixes(void)
{
    for
        EACH (i, cases) {
            size_t n = strlen(cases[i].expression);

            for (size_t k = 0; k < n; k++) {
                char *copy = malloc(k ? k : 1);
                const struct fhirpath *x;
                struct fhirpath_fault fault;
                struct arena a = {0};

                memcpy(copy, cases[i].expression, k);
                if (!fhirpath_compile((struct str){copy, k}, &a, &x, &fault))
                    CHECK(fault.at <= k && fault.code[0] == 'E', "%s cut at %zu",
                          cases[i].expression, k);
                free(copy);
                arena_reset(&a);
            }
        }
}

/* The expression with one byte replaced is compiled and can be run, or is refused at a place inside. */
static bool flip_is_good(const struct world *w, const char *expression, size_t at, char sign,
                         int *compiled)
{
    size_t n = strlen(expression);
    char *copy = malloc(n);
    const struct fhirpath *x;
    struct fhirpath_fault fault;
    struct fhirpath_items items;
    struct arena a = {0};
    struct err e;
    bool good;

    memcpy(copy, expression, n);
    copy[at] = sign;
    if (fhirpath_compile((struct str){copy, n}, &a, &x, &fault)) {
        ++*compiled;
        good = fhirpath_eval(x, &w->scope, &a, &items, &e) || e.kind == ERR_INPUT;
    } else {
        good = fault.at <= n && fault.code[0] == 'E' && fault.text[0];
    }
    free(copy);
    arena_reset(&a);
    return good;
}

/* Every byte of every expression by each of the signs that mean something. */
static void test_flips(void)
{
    static const char signs[] = " .()'[]|=!,$\\0a\"\n\x80\xff";
    struct world w;
    int compiled = 0, wrong = 0;

    world_open(&w, "{\"resourceType\":\"Patient\",\"name\":[{\"given\":[\"A\",\"B\"]}]}",
               "Patient");
    for
        EACH (i, cases)
            for (size_t k = 0; k < strlen(cases[i].expression) * sizeof signs; k++)
                wrong += !flip_is_good(&w, cases[i].expression, k / sizeof signs,
                                       signs[k % sizeof signs], &compiled);
    CHECK(wrong == 0, "%d", wrong);
    CHECK(compiled > 1000, "only %d variants are expressions", compiled);
    arena_reset(&w.a);
}

static void test_bounds(void)
{
    struct buf b = buf_new(1 << 20);
    struct world w;
    const struct fhirpath *x;
    struct fhirpath_fault fault;
    struct fhirpath_items items;
    struct err e;

    buf_add(&b, STR("{\"resourceType\":\"Patient\",\"name\":[{\"given\":["));
    for (int i = 0; i < 1001; i++)
        buf_printf(&b, "%s\"%d\"", i ? "," : "", i);
    buf_add(&b, STR("]}]}"));
    world_open(&w, b.p, "Patient");
    CHECK(fhirpath_compile(STR("Patient.name.given"), &w.a, &x, &fault), "%s", fault.text);
    CHECK(!fhirpath_eval(x, &w.scope, &w.a, &items, &e) && e.code == FHIRPATH_TOO_LARGE,
          "1,001 items");
    CHECK(fhirpath_compile(STR("Patient.name.given.exists()"), &w.a, &x, &fault), "%s", fault.text);
    CHECK(fhirpath_eval(x, &w.scope, &w.a, &items, &e) && items.n == 1, "not a result: %s", e.text);
    CHECK(fhirpath_compile(STR("Patient.name.given.where($this in (%s))"), &w.a, &x, &fault) ==
              false,
          "no variables");
    CHECK(fhirpath_compile(STR("name.given.select($this.select(name.given | name.given)).empty()"),
                           &w.a, &x, &fault),
          "%s", fault.text);
    CHECK(fhirpath_compile(
              STR("(name.given | name.given | name.given | name.given | name.given).empty()"), &w.a,
              &x, &fault) &&
              !fhirpath_eval(x, &w.scope, &w.a, &items, &e) && e.code == FHIRPATH_TOO_LARGE,
          "too many steps");
    arena_reset(&w.a);
    buf_reset(&b);
}

static void test_chains(void)
{
    static const struct {
        const char *expression, *want; /* "path<narrow>" */
    } chains[] = {
        {"Patient.telecom.where(system='phone').value",
         "Patient.telecom.system Patient.telecom.value"},
        {"Appointment.participant.actor.reference.where(startsWith('Location/"
         "')).select(substring(9))",
         "Appointment.participant.actor.reference<Location>"},
        {"Appointment.participant.actor.reference", "Appointment.participant.actor.reference"},
        {"Appointment.participant.actor.resolve().ofType(Patient).name.family",
         "Appointment.participant.actor.reference<Patient> Patient.name.family"},
        {"Appointment.participant.actor.resolve().name",
         "Appointment.participant.actor.reference ?.name"},
        {"Patient.active = false and Appointment.status in ('a' | 'b')",
         "Patient.active Appointment.status"},
        {"Patient.name.exists(family = 'x')", "Patient.name.family"},
        {"Patient.name.exists()", "Patient.name"},
        {"Patient.extension('u').value", "Patient.extension('u').value"},
        {"(Patient.name | Patient.contact.name).family",
         "Patient.name.family Patient.contact.name.family"},
        {"Patient.name.select(given.first() | family)", "Patient.name.given Patient.name.family"},
        {"Patient.telecom[0].value.startsWith(Patient.id)", "Patient.telecom.value Patient.id"},
        {"'literal'", ""},
        /* one chain, used twice: each use counts */
        {"A.reference.select($this | where(startsWith('Organization/')))",
         "A.reference A.reference<Organization>"},
        {"A.reference.where(resolve().ofType(Location).name.empty())", "A.reference ?.name"},
        {"A.reference.where($this.where(startsWith('Location/')).empty())", "A.reference"},
        {"A.reference.where(where(startsWith('Location/')).exists())", "A.reference"},
        {"A.reference.exists(where(startsWith('Location/')))", "A.reference"},
        {"A.reference.select($this | resolve().ofType(Location).name)",
         "A.reference A.reference<Location> Location.name"},
        {"A.reference.select(resolve() | resolve().ofType(Location))",
         "A.reference ? A.reference<Location> Location"},
        {"A.b.select($this | extension('u').value)", "A.b A.b.extension('u').value"},
        {"A.b.where(extension('u').value = 'x')", "A.b A.b.extension('u').value"},
        {"A.b.where(extension('u').exists()).first()", "A.b A.b.extension('u')"},
        {"A.b.where(c = 'x').c", "A.b.c A.b.c"},
        {"A.b.select(upper() | c)", "A.b A.b.c"},
        {"A.b.where(c.empty()).exists()", "A.b A.b.c"},
        /* an item for each of the input, whatever is read of it */
        {"A.b.select('x' | c)", "A.b A.b.c"},
        {"A.b.select(c.empty())", "A.b A.b.c"},
        {"A.b.select(c.exists() or c = 'x')", "A.b A.b.c A.b.c"},
        {"A.b.select('x'.upper())", "A.b"},
        {"A.b.select('x' in c)", "A.b A.b.c"},
        {"A.b.exists(c.empty())", "A.b A.b.c"},
        {"A.b.exists(true)", "A.b"},
        {"A.b.select(c in 'x')", "A.b.c"},
        /* what is read behind a reference is read by it, too */
        {"A.b.resolve().resolve().ofType(Location).name",
         "A.b.reference ?.reference<Location> Location.name"},
        {"A.reference.where(startsWith('Location/')).resolve()", "A.reference<Location> ?"},
        {"A.reference.where(startsWith('Location/') or c)", "A.reference A.reference.c"},
    };
    struct arena a = {0};

    for
        EACH (i, chains) {
            const struct fhirpath *x;
            struct fhirpath_fault fault;
            struct fhirpath_chains all;
            struct buf b = buf_new(4096);

            CHECK(fhirpath_compile(str_of(chains[i].expression), &a, &x, &fault), "%s", fault.text);
            all = fhirpath_chains(x, &a);
            for (size_t k = 0; k < all.n; k++) {
                buf_printf(&b, "%s" STR_FMT, k ? " " : "", STR_ARG(all.items[k].path));
                if (all.items[k].narrow.p)
                    buf_printf(&b, "<" STR_FMT ">", STR_ARG(all.items[k].narrow));
            }
            CHECK(str_eq(buf_str(&b), str_of(chains[i].want)), "%s: " STR_FMT, chains[i].expression,
                  STR_ARG(buf_str(&b)));
            buf_reset(&b);
        }
    arena_reset(&a);
}

static void test_roots(void)
{
    const struct fhirpath *x;
    struct fhirpath_fault fault;
    struct fhirpath_roots roots;
    struct arena a = {0};

    CHECK(fhirpath_compile(STR("Patient.name.where(family = 'x') | status | Task.id"), &a, &x,
                           &fault),
          "%s", fault.text);
    roots = fhirpath_roots(x);
    CHECK(roots.n == 3 && str_eq(roots.items[0].name, STR("Patient")) &&
              str_eq(roots.items[1].name, STR("status")) && roots.items[1].at == 35 &&
              str_eq(roots.items[2].name, STR("Task")),
          "%zu roots", roots.n);
    arena_reset(&a);
}

/* The example feed's own samples, read from beside the repository. */
static void test_samples(void)
{
    static const struct {
        const char *file, *type, *expression, *want;
    } samples[] = {
        {"appointment.json", "Appointment",
         "Appointment.participant.actor.reference.where(startsWith('Location/"
         "')).select(substring(9))",
         "KH-2F"},
        {"appointment.json", "Appointment", "Patient.identifier.where(type.coding.code='MR').value",
         "MRN00012345"},
        {"appointment.json", "Appointment",
         "Patient.telecom.where(system='phone' and use='mobile').value", "0912-345-678"},
        {"appointment.json", "Appointment", "Patient.telecom.where(system='phone').value",
         "02-2123-4567|0912-345-678"},
        {"appointment.json", "Appointment",
         "Patient.communication.where(preferred=true).language.coding.code", "zh-TW"},
        {"appointment.json", "Appointment", "Appointment.identifier.value", "F1001"},
        {"appointment.json", "Appointment", "Appointment.start", "2025-03-04T09:30:00+08:00"},
        {"diagnosticreport.json", "DiagnosticReport",
         "DiagnosticReport.performer.reference.where(startsWith('Organization/"
         "')).select(substring(13))",
         "KH"},
        {"diagnosticreport.json", "DiagnosticReport",
         "DiagnosticReport.status in ('final' | 'amended' | 'corrected')", "true"},
        {"diagnosticreport.json", "DiagnosticReport", "DiagnosticReport.code.coding.code",
         "58410-2"},
        {"diagnosticreport.json", "DiagnosticReport", "DiagnosticReport.identifier.value", "F77"},
    };

    for
        EACH (i, samples) {
            char path[128], json[8192];
            const struct fhirpath *x;
            struct fhirpath_fault fault;
            struct fhirpath_items items;
            struct world w;
            struct err e;
            FILE *f;

            snprintf(path, sizeof path, "../shared/design/feed-examples/samples/%s",
                     samples[i].file);
            f = fopen(path, "rb");
            if (!f) {
                printf("skipped: no %s\n", path);
                return;
            }
            json[fread(json, 1, sizeof json - 1, f)] = '\0';
            fclose(f);
            world_open(&w, json, samples[i].type);
            CHECK(fhirpath_compile(str_of(samples[i].expression), &w.a, &x, &fault), "%s",
                  fault.text);
            CHECK(fhirpath_eval(x, &w.scope, &w.a, &items, &e), "%s", e.text);
            CHECK(str_eq(shown(&w, &items), str_of(samples[i].want)), "%s: " STR_FMT,
                  samples[i].expression, STR_ARG(shown(&w, &items)));
            arena_reset(&w.a);
        }
}

int main(void)
{
    test_samples();
    test_values();
    test_guards();
    test_faults();
    test_prefixes();
    test_flips();
    test_bounds();
    test_chains();
    test_roots();
    return check_end();
}
