#include "samples/profile.h"

#include "feed/dictionary.h"
#include "hl7/message.h"
#include "profile_count.h"
#include "samples/place.h"

struct counting {
    struct profile *p;
    const struct hl7_message *m;
    struct arena arena; /* of this message */
    const struct hl7_segment *segment;
    struct str name; /* of the segment */
    unsigned field;
};

static struct str text_of(struct counting *c, struct str repetition, unsigned component)
{
    struct str s = hl7_component_text(c->m, repetition, component, 0, &c->arena);

    return s.p ? str_trim(s) : STR("");
}

static struct str place_name(struct counting *c, unsigned component, bool parts)
{
    return parts ? arena_printf(&c->arena, STR_FMT "-%u.%u", STR_ARG(c->name), c->field, component)
                 : arena_printf(&c->arena, STR_FMT "-%u", STR_ARG(c->name), c->field);
}

/* Every kind of path that a feed may use to pick this number. */
static void phone_paths(struct counting *c, struct str repetition)
{
    struct str kind = text_of(c, repetition, 3), use = text_of(c, repetition, 2),
               number = text_of(c, repetition, 1);
    struct str whole = place_name(c, 1, false);

    if (!number.n)
        number = text_of(c, repetition, 12);
    if (!number.n && text_of(c, repetition, 7).n)
        number =
            arena_printf(&c->arena, "%s" STR_FMT STR_FMT STR_FMT,
                         text_of(c, repetition, 5).n ? "+" : "", STR_ARG(text_of(c, repetition, 5)),
                         STR_ARG(text_of(c, repetition, 6)), STR_ARG(text_of(c, repetition, 7)));
    if (!number.n)
        return;
    count_phone(c->p, whole, number);
    if (kind.n && kind.n <= 8 && place_code_like(kind) && !memchr(kind.p, ' ', kind.n))
        count_phone(
            c->p, arena_printf(&c->arena, STR_FMT "(3=" STR_FMT ")", STR_ARG(whole), STR_ARG(kind)),
            number);
    if (use.n && use.n <= 8 && place_code_like(use) && !memchr(use.p, ' ', use.n))
        count_phone(
            c->p, arena_printf(&c->arena, STR_FMT "(2=" STR_FMT ")", STR_ARG(whole), STR_ARG(use)),
            number);
}

static bool is_header_time(const struct counting *c)
{
    return str_eq(c->name, STR("MSH")) && c->field == 7;
}

static void count_offset(struct counting *c, struct str time)
{
    size_t at = 0;

    while (at < time.n && time.p[at] != '+' && time.p[at] != '-')
        at++;
    (void)tally_add(&c->p->offsets,
                    at < time.n ? (struct str){time.p + at, time.n - at} : STR("none"),
                    c->p->n_messages);
}

static void one_component(struct counting *c, struct str repetition, unsigned n, bool parts)
{
    struct str value = text_of(c, repetition, n), place = place_name(c, n, parts);
    enum place what = place_of(c->name, c->field, n);
    bool own = str_eq(c->name, STR("MSH")) && (c->field <= 2 || c->field == 10);

    if (!value.n || own || dictionary_set_id(c->name, c->field))
        return;
    if (what == PLACE_OPEN || what == PLACE_UNKNOWN) {
        bool time = count_time(c->p, place, value);

        if (time && is_header_time(c))
            count_offset(c, value);
        if (!time && what == PLACE_OPEN)
            count_code(c->p, place, value);
        if (!time && c->name.p[0] == 'Z' && value.n >= 8 && count_is_phone(c->p, value))
            count_phone(c->p, place, value);
    } else if (what == PLACE_CODE) {
        count_code(c->p, place, value);
    }
    if ((str_eq(place, STR("PID-11.6")) || str_eq(place, STR("MSH-17"))) && value.n <= 3)
        (void)tally_add(&c->p->nations, value, c->p->n_messages);
}

static unsigned components_of(const struct counting *c, struct str repetition)
{
    unsigned n = 1;

    for (size_t i = 0; c->m->sep.component && i < repetition.n; i++)
        n += repetition.p[i] == c->m->sep.component;
    return n;
}

/* Places of a composite field keep their component's number even where only one is sent. */
static bool has_parts(const struct counting *c, unsigned n)
{
    return n > 1 || place_is_cx(c->name, c->field) || place_is_phone_field(c->name, c->field) ||
           place_of(c->name, c->field, 1) != place_of(c->name, c->field, 2);
}

static void one_field(struct counting *c)
{
    struct str field = hl7_field(c->segment, c->field), one;
    size_t n = 0;

    if (!str_trim(field).n)
        return;
    while ((one = hl7_repetition(&c->m->sep, field, n + 1)).p) {
        unsigned parts = components_of(c, one);

        n++;
        if (place_is_phone_field(c->name, c->field))
            phone_paths(c, one);
        for (unsigned k = 1; k <= parts; k++)
            one_component(c, one, k, has_parts(c, parts));
    }
    count_field(c->p, place_name(c, 1, false), field, n, str_eq(field, STR("\"\"")));
}

/* "ZPI 10A 9 -": what each field of a Z-segment looks like, without a value. */
static void count_shape(struct counting *c)
{
    struct buf b = buf_new(400);

    (void)buf_printf(&b, "%s", c->segment->name);
    for (unsigned i = 1; i <= c->segment->n_fields; i++) {
        struct str f = hl7_field(c->segment, i);
        size_t digits = 0, ascii = 0;

        for (size_t k = 0; k < f.n; k++) {
            digits += f.p[k] >= '0' && f.p[k] <= '9';
            ascii += (uint8_t)f.p[k] < 0x80;
        }
        (void)buf_printf(&b, "|%s",
                         !f.n                ? ""
                         : digits == f.n     ? "digits"
                         : ascii < f.n       ? "text"
                         : digits * 2 >= f.n ? "mostly digits"
                                             : "letters");
    }
    (void)tally_add(&c->p->shapes, buf_str(&b), c->p->n_messages);
    buf_reset(&b);
}

static void one_segment(struct counting *c, const struct hl7_segment *segment)
{
    c->segment = segment;
    c->name = str_of(segment->name);
    if (!c->name.n)
        return;
    (void)tally_add(&c->p->segments, c->name, c->p->n_messages);
    if (c->name.p[0] == 'Z')
        count_shape(c);
    for (c->field = 1; c->field <= segment->n_fields; c->field++)
        one_field(c);
}

static struct str header(struct counting *c, unsigned field, unsigned component)
{
    const struct hl7_segment *msh = &c->m->segments[0];

    return text_of(c, hl7_repetition(&c->m->sep, hl7_field(msh, field), 1), component);
}

static void count_if_code(struct tally *t, struct str value, const char *otherwise, size_t message)
{
    (void)tally_add(t,
                    place_code_like(value) ? value
                    : value.n              ? STR("(not written like a code)")
                                           : str_of(otherwise),
                    message);
}

static void count_header(struct counting *c)
{
    struct profile *p = c->p;
    struct str type = hl7_message_type(c->m, &c->arena), from;

    count_if_code(&p->triggers, type, "(no MSH-9)", p->n_messages);
    count_if_code(&p->versions, header(c, 12, 1), "(none)", p->n_messages);
    count_if_code(&p->processing, header(c, 11, 1), "(none)", p->n_messages);
    count_if_code(&p->charsets, header(c, 18, 1), "(none declared)", p->n_messages);
    from = arena_printf(&c->arena, STR_FMT " / " STR_FMT, STR_ARG(header(c, 3, 1)),
                        STR_ARG(header(c, 4, 1)));
    (void)tally_add(&p->senders, from, p->n_messages);
    if (header(c, 9, 3).n)
        count_if_code(&p->structures, header(c, 9, 3), "", p->n_messages);
}

bool profile_hl7(struct profile *p, struct str body, struct err *e)
{
    struct hl7_limits limits = hl7_limits_default();
    struct hl7_charset_settings set = {NULL, NULL, false};
    struct hl7_message m;
    struct counting c = {.p = p, .m = &m};
    bool ok = hl7_message_read(body, &set, &limits, &c.arena, NULL, &m, e);

    if (ok) {
        p->n_messages++;
        p->n_hl7++;
        p->patients += hl7_segment_find(&m, "PID") != NULL;
        count_header(&c);
        for (size_t i = 0; i < m.n_segments; i++)
            one_segment(&c, &m.segments[i]);
    }
    arena_reset(&c.arena);
    return ok;
}
