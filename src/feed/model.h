/* A compiled feed: what load.c builds and eval.c runs. Immutable once loaded. Every part keeps the YAML
 * node it came from, so that each finding and each trace line has a place.
 *
 * A feed is compiled once plain and once per overlay; each result is a `struct map`. Rules have the same
 * index in all of them. */
#ifndef FEED_MODEL_H
#define FEED_MODEL_H

#include "event_type.h"
#include "feed/cond.h"
#include "feed/convert.h"
#include "feed/dictionary.h"
#include "feed/feed.h"
#include "feed/moment.h"
#include "feed/table.h"
#include "fhirpath/fhirpath.h"
#include "hl7/header.h"
#include "hl7/path.h"
#include "trace.h"
#include "yaml/yaml.h"

enum {                          /* section 15 */
       FEED_MAX_FILE = 1 << 20, /* tables: TABLE_MAX_BYTES */
       FEED_MAX_LIST = 64,      /* values; rules; notify; overlays */
       FEED_MAX_TESTS = 2000,
       FEED_MAX_SOURCES = 32,
       FEED_MAX_INSTANCES = 1000,
       FEED_MAX_REASONS = 64,
       FEED_MAX_TRIES = 50000, /* conversions of one message, all instances together */
       /* What one message may cost, all instances together. One step: a segment, an item of a FHIR
        * collection or a member of an object that is looked at, 16 bytes of a field, 64 of a text; 256
        * bytes of the message for each event that leaves. An element that is kept counts
        * FEED_STEPS_KEPT, and so steps bound memory too. */
       FEED_MAX_STEPS = 10000000,
       FEED_STEPS_KEPT = 16,
};

/* ---- companions ---- */

struct phrase {          /* a text in one language */
    struct str language; /* BCP 47 */
    struct str text;
    const struct yaml_node *node;
};

struct phrases {
    struct phrase *items;
    size_t n;
};

/* The text in exactly that language; NULL without one. */
const struct phrase *phrases_find(const struct phrases *p, struct str language);

struct site {
    struct str code;
    const struct zone *zone;
    const char *zone_name, *country;
    struct str language, phone, area;
    struct phrases name, org, address;
    const struct yaml_node *node;
};

enum site_fact { SITE_NAME, SITE_ORG, SITE_PHONE, SITE_ADDRESS, SITE_FACTS };
/* "name", …; -1 for another word. */
int site_fact_named(struct str word);
/* The fact in that language; absent when the site has none. */
struct str site_fact_text(const struct site *s, enum site_fact fact, struct str language);

struct sites {
    struct site *items;
    size_t n;
};

struct template
{
    struct feed_template shown; /* what feed_template_at() gives */
    struct str key;
    enum sensitivity shows; /* raised by policy where it says so */
    struct phrases body, footer;
    struct str *params;
    size_t n_params;
    bool faulty; /* not all its parameters are known */
    const struct yaml_node *node, *key_node, *shows_node;
};

struct templates {
    struct template *items;
    size_t n;
};

struct declared {    /* policy: the class of a field */
    struct str path; /* as written */
    struct hl7_path hl7;
    bool is_hl7;
    enum sensitivity class;
};

struct ceiling { /* policy: a template that may show more */
    struct str template;
    enum sensitivity shows;
    const struct yaml_node *node;
};

struct extra_segment { /* policy: the sender adds it to the trigger's messages */
    struct str trigger, segment;
};

struct policy {
    const struct yaml_node *node; /* the whole file; NULL: there is none */
    struct declared *declared;
    size_t n_declared;
    struct ceiling *ceilings;
    size_t n_ceilings;
    struct extra_segment *segments;
    size_t n_segments;
    struct feed_policy_end *ends; /* of the entries that have one */
    size_t n_ends;
    bool log_site; /* the site is to be in logs and labels */
    bool faulty;   /* not all declarations are known: Z-fields and extensions count as public */
};

/* ---- values ---- */

enum { SIDE_HL7, SIDE_FHIR, SIDES }; /* index of a branch: message_kind - 1 */

struct source {
    struct str text; /* as written */
    const struct yaml_node *node;
    struct hl7_path path;        /* HL7 side */
    const struct fhirpath *expr; /* FHIR side; NULL when it did not compile */
    bool good;                   /* it compiled */
    enum sensitivity class;      /* of what it touches, tests and filters included */
    bool asks_use;               /* phone: the path's own test asks for XTN.2 WPN or EMR */
};

enum branch_kind { BRANCH_MISSING, BRANCH_NONE, BRANCH_SOURCES, BRANCH_CONDITION };

struct branch {
    enum branch_kind kind;
    const struct yaml_node *node; /* the whole branch; NULL when missing */
    struct source *sources;       /* SOURCES */
    size_t n_sources;
    const struct table *table; /* behind the sources; NULL: none */
    const struct yaml_node *table_node;
    const struct cond *cond;     /* CONDITION, HL7 side */
    const struct fhirpath *expr; /* CONDITION, FHIR side */
    enum sensitivity class;      /* join over all of it */
};

enum otherwise_kind {
    ELSE_MISSING,
    ELSE_DROP,
    ELSE_HOLD,
    ELSE_REJECT,
    ELSE_SITE_FACT,
    ELSE_LITERAL,
    ELSE_NONE,
};

struct otherwise {
    enum otherwise_kind kind;
    struct str text; /* reason, fact ("language") or literal */
    bool faulty;
    const struct yaml_node *node;
};

struct value {
    struct str name; /* absent for one written in `with` */
    const struct yaml_node *node, *key_node;
    const struct value *same_as; /* it is only `values.OTHER` */
    struct branch branch[SIDES];
    struct converter *as;
    size_t n_as;
    const struct table *table; /* after `as`, both branches */
    const struct yaml_node *table_node, *as_node;
    struct otherwise agree; /* MISSING: none; ELSE_NONE: warn; HOLD, REJECT */
    struct otherwise otherwise;
    enum sensitivity class; /* join over branches, candidates, literals and, for +s, the site */
    uint32_t entry[SIDES];  /* where its operations start; 0: no rule needs them */
    bool faulty;            /* something in it was reported: derived findings are silenced */
};

/* ---- rules ---- */

struct binding { /* one line of `with` */
    const struct slot_type *slot;
    const struct value *value; /* NULL: a literal, or faulty */
    struct str literal;
    bool faulty; /* reported: what follows from it is not */
    const struct yaml_node *key_node, *node;
};

struct guard {
    bool present;
    struct branch branch[SIDES];         /* only_if: CONDITION; sensitive: SOURCES */
    const struct table *ordinary[SIDES]; /* sensitive */
    struct otherwise otherwise;
    const struct yaml_node *node;
};

struct rule {
    struct str label;
    const struct yaml_node *node, *on_node, *emit_node;
    struct str *on[SIDES]; /* "SIU^S12"; "Appointment" */
    size_t n_on[SIDES];
    char each[4]; /* "" : none */
    struct guard only_if, sensitive;
    const struct event_type *event; /* NULL: unknown */
    struct binding *with;           /* in file order; the unit key's comes first when run */
    size_t n_with;
    const struct slot_type *coalesce_by; /* NULL: no window */
    int64_t coalesce_ms;
    uint32_t entry[SIDES]; /* where its operations start; 0: it does not read that side */
};

struct program { /* the flat form: program.h */
    struct op *ops;
    struct span *spans; /* one an operation: where in the files it stands */
    size_t n;
};

struct map {
    const char *overlay; /* name; NULL: the plain feed */
    const struct yaml_node *overlay_node;
    struct branch where[SIDES]; /* overlay `for` */
    struct value *values;
    size_t n_values;
    const struct value *site; /* values.site; NULL: none */
    struct rule *rules;
    size_t n_rules;
    struct program program;
};

/* ---- notify ---- */

struct param_source {
    struct str name;              /* the template's parameter */
    const struct slot_type *slot; /* NULL: a site fact */
    enum site_fact fact;
    const struct yaml_node *node;
};

struct notify_entry {
    const struct event_type *event;
    const struct cond *when; /* NULL: always */
    const struct template *template;
    int64_t *before_ms;          /* a reminder: longest first */
    size_t n_before;             /* 0: told at once */
    struct param_source *params; /* in the template's order */
    size_t n_params;
    const struct yaml_node *node, *when_node, *before_node;
};

/* ---- the feed ---- */

struct test_case {
    struct str name;
    const struct yaml_node *node; /* the map */
};

struct test_group { /* the tests of one file */
    const char *file;
    struct test_case *tests;
    size_t n;
};

struct feed {
    struct arena arena;
    const char *path, *folder; /* folder: "." or what stands before the last slash */
    const char *name;
    char version[65];
    bool reads[SIDES];
    enum hl7_version version_hl7; /* `reads.hl7`; HL7_VERSION_NONE: none or faulty */
    const char *version_text;     /* "2.5.1" */
    enum fhir_release release;    /* `reads.fhir` */
    struct str keyspace;
    struct sites sites;
    struct templates templates;
    struct policy policy;
    struct table *tables;
    size_t n_tables;
    struct str *offered; /* languages of the templates */
    size_t n_offered;
    struct map *maps; /* [0] is the plain one */
    size_t n_maps;
    struct notify_entry *notify;
    size_t n_notify;
    struct test_group *groups; /* [0] the feed's own, then one an overlay */
    size_t n_groups;
};

const struct site *feed_site(const struct feed *f, struct str code);
const struct table *feed_table(const struct feed *f, struct str name);
const struct template *feed_template_named(const struct feed *f, struct str key);
/* The class of an HL7 path and its tests, and of a FHIRPath expression, with the policy's word. */
enum sensitivity feed_class_hl7(const struct feed *f, const struct hl7_path *p);
enum sensitivity feed_class_fhir(const struct feed *f, const struct fhirpath *x, struct arena *a);
/* That of one chain of an expression. */
enum sensitivity feed_class_chain(const struct feed *f, const struct fhirpath_chain *chain);

#endif
