/* Where a sample may hold a real person's numbers. */
#include "feed/real.h"
#include "fhir/json.h"
#include "hl7/message.h"

struct search {
    const struct real_search *asked;
    const struct hl7_message *m;
    struct arena *a;
    struct real_hits *out;
};

static void hit(struct search *s, struct str place, const char *what)
{
    struct real_hits *out = s->out;

    for (size_t i = 0; i < out->n; i++)
        if (out->items[i].what == what && str_eq(str_of(out->items[i].place), place))
            return;
    if (out->n < REAL_MOST_HITS)
        out->items[out->n++] = (struct real_hit){arena_copy(s->a, place).p, what};
}

static const char phone_number[] = "phone number";

/* ---- HL7 ---- */

enum place_kind { PLACE_CX, PLACE_SSN, PLACE_XTN };

struct place {
    char segment[4];
    unsigned field;
    enum place_kind kind;
};

static const struct place places[] = {
    {"PID", 2, PLACE_CX},   {"PID", 3, PLACE_CX},   {"PID", 4, PLACE_CX},   {"PID", 13, PLACE_XTN},
    {"PID", 14, PLACE_XTN}, {"PID", 18, PLACE_CX},  {"PID", 19, PLACE_SSN}, {"PID", 40, PLACE_XTN},
    {"MRG", 1, PLACE_CX},   {"NK1", 5, PLACE_XTN},  {"NK1", 6, PLACE_XTN},  {"NK1", 33, PLACE_CX},
    {"NK1", 37, PLACE_SSN}, {"NK1", 40, PLACE_XTN}, {"GT1", 2, PLACE_CX},   {"GT1", 6, PLACE_XTN},
    {"GT1", 7, PLACE_XTN},  {"GT1", 19, PLACE_SSN}, {"IN2", 2, PLACE_SSN},
};

static struct str part(const struct search *s, struct str repetition, size_t n)
{
    return hl7_component_text(s->m, repetition, n, 0, s->a);
}

/* CX.4 as one text: namespace, universal identifier. */
static struct str authority_of(const struct search *s, struct str repetition)
{
    struct str name = hl7_component_text(s->m, repetition, 4, 1, s->a),
               uid = hl7_component_text(s->m, repetition, 4, 2, s->a);

    return arena_printf(s->a, STR_FMT " " STR_FMT, STR_ARG(name), STR_ARG(uid));
}

static const char *identifier_of(const struct search *s, struct str repetition, enum place_kind k)
{
    struct real_identifier id = {.text = part(s, repetition, 1)};

    if (!id.text.n)
        return NULL;
    id.type = k == PLACE_SSN ? STR("SS") : part(s, repetition, 5);
    id.authority = str_trim(authority_of(s, repetition));
    return real_identifier(&id);
}

static bool is_phone(const struct search *s, struct str text)
{
    return text.n && real_phone(text, s->asked->countries, s->asked->n_countries, s->a);
}

/* XTN: the whole number in components 1 or 12, or in parts in 5 to 7. */
static bool phone_of(const struct search *s, struct str repetition)
{
    struct str country = part(s, repetition, 5);
    struct str parts =
        arena_printf(s->a, "%s" STR_FMT STR_FMT STR_FMT, country.n ? "+" : "", STR_ARG(country),
                     STR_ARG(part(s, repetition, 6)), STR_ARG(part(s, repetition, 7)));

    return is_phone(s, part(s, repetition, 1)) || is_phone(s, part(s, repetition, 12)) ||
           is_phone(s, parts);
}

static void search_field(struct search *s, const struct hl7_segment *segment, unsigned field,
                         enum place_kind kind)
{
    struct str whole = hl7_field(segment, field);

    for (size_t r = 1;; r++) {
        struct str one = hl7_repetition(&s->m->sep, whole, r);
        const char *what;

        if (!one.p)
            return;
        if (kind == PLACE_XTN)
            what = phone_of(s, one) ? phone_number : NULL;
        else
            what = identifier_of(s, one, kind);
        if (what)
            hit(s, arena_printf(s->a, "%s-%u", segment->name, field), what);
    }
}

static bool is_place(const char *segment, unsigned field)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (places[i].field == field && strcmp(places[i].segment, segment) == 0)
            return true;
    return false;
}

static void search_segment(struct search *s, const struct hl7_segment *segment)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (hl7_segment_is(segment, places[i].segment))
            search_field(s, segment, places[i].field, places[i].kind);
    for (unsigned n = 1; s->asked->is_contact && n <= segment->n_fields; n++)
        if (!is_place(segment->name, n) &&
            s->asked->is_contact(s->asked->ctx, str_of(segment->name), n))
            search_field(s, segment, n, PLACE_XTN);
}

static bool search_hl7(struct search *s, struct err *e)
{
    const struct hl7_limits limits = hl7_limits_default();
    struct hl7_charset_settings charset;
    struct hl7_message m;

    if (!hl7_charset_settings_named(s->asked->charset, s->asked->fallback, &charset))
        return err_set(e, ERR_INPUT, 0, "the character set is not known");
    if (!hl7_message_read(s->asked->body, &charset, &limits, s->a, NULL, &m, e))
        return false;
    s->m = &m;
    for (size_t i = 1; i < m.n_segments; i++)
        if (m.segments[i].name[0])
            search_segment(s, &m.segments[i]);
    s->m = NULL;
    return true;
}

/* ---- FHIR ---- */

static bool is_person(struct str type)
{
    return str_eq(type, STR("Patient")) || str_eq(type, STR("Person")) ||
           str_eq(type, STR("RelatedPerson"));
}

/* The type of the resource around a node; absent outside all. */
static struct str resource_of(const struct json_node *node)
{
    for (node = node->parent; node; node = node->parent) {
        struct str type = json_member_text(node, "resourceType");

        if (type.p)
            return type;
    }
    return (struct str){NULL, 0};
}

/* The name of the member that an object is, or is an item of. */
static struct str member_name(const struct json_node *object)
{
    return object->name.p || !object->parent ? object->name : object->parent->name;
}

static void search_object(struct search *s, const struct json_node *object)
{
    struct str name = member_name(object), type = {NULL, 0}, system;
    struct real_identifier id = {.text = json_member_text(object, "value")};
    const char *what = NULL;

    if (!id.text.n)
        return;
    system = json_member_text(object, "system");
    if (str_eq(name, STR("identifier"))) {
        const struct json_node *coding =
            json_member(json_member(object, STR("type")), STR("coding"));

        id.type = json_member_text(coding ? json_single(coding) : NULL, "code");
        id.authority = system;
        what = real_identifier(&id);
    } else if (str_eq(name, STR("telecom")) && !str_eq(system, STR("email")) &&
               !str_eq(system, STR("url"))) {
        what = is_phone(s, id.text) ? phone_number : NULL;
    }
    if (what)
        type = resource_of(object);
    if (is_person(type))
        hit(s, arena_printf(s->a, STR_FMT "." STR_FMT, STR_ARG(type), STR_ARG(name)), what);
}

static bool search_fhir(struct search *s, struct err *e)
{
    const struct json_limits limits = json_limits_default();
    struct json_node *root;
    const struct json_node *node;

    if (!json_read(s->asked->body, &limits, s->a, &root, NULL, e))
        return false;
    for (node = root; node;) {
        if (node->kind == JSON_OBJECT)
            search_object(s, node);
        if (node->first) {
            node = node->first;
            continue;
        }
        while (node && !node->next)
            node = node->parent;
        node = node ? node->next : NULL;
    }
    return true;
}

bool real_find(const struct real_search *asked, struct arena *a, struct real_hits *out,
               struct err *e)
{
    struct search s = {asked, NULL, a, out};

    *out = (struct real_hits){NEW_ARRAY(a, struct real_hit, REAL_MOST_HITS), 0};
    return asked->kind == MESSAGE_HL7 ? search_hl7(&s, e) : search_fhir(&s, e);
}
