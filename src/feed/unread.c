#include "explained.h"
#include "fhir/element.h"
#include "fhir/resource.h"
#include "model.h"

static void add(struct explained *x, struct str path, enum sensitivity class)
{
    x->unread[x->n_unread++] = (struct unread){path, class};
}

static bool is_listed(const struct explained *x, struct str path)
{
    for (size_t i = 0; i < x->n_unread; i++)
        if (str_eq(x->unread[i].path, path))
            return true;
    return false;
}

/* ---- HL7 ---- */

static bool hl7_is_read(const struct explained *x, const char *segment, size_t field)
{
    for (size_t i = 0; i < x->trace.n_hl7_reads; i++)
        if (x->trace.hl7_reads[i].field == (int)field &&
            strcmp(x->trace.hl7_reads[i].segment, segment) == 0)
            return true;
    return false;
}

/* Fields of one segment. Empty and deleted ones hold nothing that could have been read. */
static void segment_unread(const struct feed *f, struct explained *x, const struct hl7_segment *s)
{
    for (size_t n = 1; n <= s->n_fields && x->n_unread < UNREAD_MOST; n++) {
        struct hl7_path path = {.field = (unsigned)n};
        struct str text = str_trim(hl7_field(s, n)), name = str_of(s->name);

        memcpy(path.segment, s->name, sizeof path.segment);
        if (!text.n || str_eq(text, STR("\"\"")) || dictionary_set_id(name, path.field) ||
            hl7_is_read(x, s->name, n))
            continue;
        name = arena_printf(&x->arena, "%s-%zu", s->name, n);
        if (!is_listed(x, name))
            add(x, name, feed_class_hl7(f, &path));
    }
}

static void hl7_unread(const struct feed *f, const struct feed_input *in, struct explained *x)
{
    const struct hl7_limits limits = hl7_limits_default();
    struct hl7_charset_settings charset;
    struct hl7_message m;
    struct err ignored;

    if (!hl7_charset_settings_named(in->charset, in->fallback, &charset) ||
        !hl7_message_read(in->body, &charset, &limits, &x->arena, NULL, &m, &ignored))
        return; /* feed_eval() has read it; there it was too large */
    x->control_id = hl7_component_text(&m, hl7_field(&m.segments[0], 10), 1, 0, &x->arena);
    x->from = arena_printf(
        &x->arena, STR_FMT "/" STR_FMT,
        STR_ARG(hl7_component_text(&m, hl7_field(&m.segments[0], 3), 1, 0, &x->arena)),
        STR_ARG(hl7_component_text(&m, hl7_field(&m.segments[0], 4), 1, 0, &x->arena)));
    for (size_t i = 1; i < m.n_segments; i++)
        if (m.segments[i].name[0])
            segment_unread(f, x, &m.segments[i]);
}

/* ---- FHIR ---- */

/* "Patient.telecom.value" is read by an expression that touches it or something above it. */
static bool fhir_is_read(const struct explained *x, struct str path)
{
    for (size_t i = 0; i < x->trace.n_fhir_reads; i++) {
        struct str read = x->trace.fhir_reads[i];

        if (str_starts(path, read) && (path.n == read.n || path.p[read.n] == '.'))
            return true;
    }
    return false;
}

static enum sensitivity element_class(const struct feed *f, struct str path, struct arena *a)
{
    const struct fhirpath *expr;
    struct fhirpath_fault fault;

    return fhirpath_compile(path, a, &expr, &fault) ? feed_class_fhir(f, expr, a) : CLASS_CLINICAL;
}

/* The next node in the order of the text that is not inside `node`; NULL after the last of `root`. */
static const struct json_node *behind(const struct json_node *node, const struct json_node *root)
{
    while (node != root && !node->next)
        node = node->parent;
    return node == root ? NULL : node->next;
}

/* A name that FHIR defines ("_birthDate" stands beside "birthDate"); any other may hold content. */
static struct str shown_name(struct str name)
{
    struct str bare = name;

    if (bare.n && bare.p[0] == '_')
        bare = (struct str){name.p + 1, name.n - 1};
    return element_known(bare) ? name : STR("?");
}

/* Names from the resource down to the node, without indexes. */
static struct str path_of(const struct json_node *node, const struct json_node *root,
                          struct str type, struct arena *a)
{
    struct str path = {NULL, 0};

    for (; node != root; node = node->parent)
        if (node->name.p) {
            struct str name = shown_name(node->name);

            path =
                path.p ? arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(name), STR_ARG(path)) : name;
        }
    return arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(type), STR_ARG(path));
}

static bool is_frame(const struct json_node *node, const struct json_node *root)
{
    return node->parent == root &&
           (str_eq(node->name, STR("resourceType")) || str_eq(node->name, STR("id")) ||
            str_eq(node->name, STR("meta")));
}

static void resource_unread(const struct feed *f, struct explained *x,
                            const struct fhir_entry *entry)
{
    const struct json_node *root = entry->resource, *node = root ? root->first : NULL;

    while (node && x->n_unread < UNREAD_MOST) {
        struct str path;

        if (node->first && !is_frame(node, root)) {
            node = node->first;
            continue;
        }
        if (!node->first && !is_frame(node, root)) {
            path = path_of(node, root, entry->type, &x->arena);
            if (!fhir_is_read(x, path) && !is_listed(x, path))
                add(x, path, element_class(f, path, &x->arena));
        }
        node = behind(node, root);
    }
}

static void fhir_unread(const struct feed *f, const struct feed_input *in, struct explained *x)
{
    const struct json_limits limits = json_limits_default();
    struct json_fault fault;
    struct json_node *root;
    struct fhir_body body;
    struct err ignored;

    if (!json_read(in->body, &limits, &x->arena, &root, &fault, &ignored) ||
        !fhir_body_read(root, (struct str){NULL, 0}, &x->arena, &body, &fault, &ignored))
        return; /* feed_eval() has read it; there it was too large */
    for (size_t i = 0; i < body.n; i++)
        resource_unread(f, x, &body.entries[i]);
}

void unread_find(const struct feed *f, const struct feed_input *in, struct explained *x)
{
    x->unread = NEW_ARRAY(&x->arena, struct unread, UNREAD_MOST);
    if (in->kind == MESSAGE_HL7)
        hl7_unread(f, in, x);
    else
        fhir_unread(f, in, x);
}
