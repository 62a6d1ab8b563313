#include "hl7/message.h"

#include "hl7/header.h"
#include "line_end.h"
#include "type_text.h"

struct hl7_limits hl7_limits_default(void)
{
    return (struct hl7_limits){.segments = 5000,
                               .fields = 200,
                               .repetitions = 1000,
                               .components = 100,
                               .subcomponents = 100,
                               .nodes = 200000};
}

/* The index while it is made. */
struct indexing {
    struct hl7_message *m;
    const struct hl7_limits *limits;
    struct hl7_notes *notes;
    struct str end;     /* of every segment: CR, LF or CR LF */
    struct str *fields; /* room for all that follow */
    size_t nodes;
};

static size_t offset(const struct indexing *x, const char *p)
{
    return (size_t)(p - x->m->text.p);
}

static bool too_many(const struct indexing *x, const char *at, const char *what, size_t most,
                     struct err *e)
{
    return err_set(e, ERR_INPUT, HL7_LIMIT, "offset %zu: more than %zu %s", offset(x, at), most,
                   what);
}

/* Takes one segment and its end off the front of *rest; the last one leaves it absent. */
static struct str cut_segment(struct str *rest, struct str end, bool *ended)
{
    const char *at = memmem(rest->p, rest->n, end.p, end.n);
    struct str s = {rest->p, at ? (size_t)(at - rest->p) : rest->n};

    *ended = at != NULL;
    *rest = at ? (struct str){at + end.n, rest->n - s.n - end.n} : (struct str){NULL, 0};
    return s;
}

static void set_name(struct hl7_segment *s, char separator)
{
    if (s->text.n < 3 || (s->text.n > 3 && s->text.p[3] != separator))
        return;
    for (size_t i = 0; i < 3; i++) {
        char c = s->text.p[i];

        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (!(c >= 'A' && c <= 'Z') && !(i > 0 && c >= '0' && c <= '9')) {
            s->name[0] = '\0';
            return;
        }
        s->name[i] = c;
    }
}

/* Counts what is below one field against the limits. */
static bool count_field(struct indexing *x, struct str field, struct err *e)
{
    const struct hl7_separators *sep = &x->m->sep;
    const struct hl7_limits *l = x->limits;
    size_t repetitions = 1, components = 1, subcomponents = 1;

    for (size_t i = 0; i < field.n; i++) {
        char c = field.p[i];

        if (c == '\0' || (c != sep->subcomponent && c != sep->component && c != sep->repetition))
            continue;
        x->nodes++;
        if (c == sep->subcomponent) {
            subcomponents++;
        } else if (c == sep->component) {
            components++;
            subcomponents = 1;
        } else {
            repetitions++;
            components = subcomponents = 1;
        }
        if (subcomponents > l->subcomponents)
            return too_many(x, field.p + i, "subcomponents", l->subcomponents, e);
        if (components > l->components)
            return too_many(x, field.p + i, "components", l->components, e);
        if (repetitions > l->repetitions)
            return too_many(x, field.p + i, "repetitions", l->repetitions, e);
    }
    return true;
}

/* Cuts a segment into fields; MSH-1 is the separator itself, and MSH-2 is not looked into. */
static bool index_segment(struct indexing *x, struct str text, struct err *e)
{
    struct hl7_segment *s = &x->m->segments[x->m->n_segments++];
    struct str rest = text;
    bool msh;

    *s = (struct hl7_segment){.text = text, .fields = x->fields};
    set_name(s, x->m->sep.field);
    msh = hl7_segment_is(s, "MSH");
    if (msh && x->m->n_segments > 1)
        hl7_note(x->notes, HL7_MULTI_MSH, offset(x, text.p));
    (void)str_cut(&rest, x->m->sep.field);
    if (msh && rest.p)
        x->fields[s->n_fields++] = (struct str){rest.p - 1, 1};
    while (rest.p) {
        struct str field = str_cut(&rest, x->m->sep.field);

        if (s->n_fields == x->limits->fields)
            return too_many(x, field.p, "fields", x->limits->fields, e);
        x->fields[s->n_fields++] = field;
        if (!(msh && s->n_fields == 2) && !count_field(x, field, e))
            return false;
    }
    x->fields += s->n_fields;
    x->nodes += s->n_fields + 1;
    if (x->nodes > x->limits->nodes)
        return too_many(x, text.p, "elements", x->limits->nodes, e);
    return true;
}

static bool is_blank(struct str s)
{
    return str_trim(s).n == 0;
}

/* Makes room for the index: the number of segments and of fields is known before anything is kept. */
static bool size_index(struct indexing *x, struct arena *a, struct err *e)
{
    struct str rest = x->m->text;
    size_t n_segments = 0, n_fields = 0;
    bool ended;

    while (rest.p) {
        struct str s = cut_segment(&rest, x->end, &ended);

        n_segments++;
        for (size_t i = 0; i < s.n; i++)
            n_fields += s.p[i] == x->m->sep.field;
        if (n_segments > x->limits->segments + 1)
            return too_many(x, s.p, "segments", x->limits->segments, e);
        if (n_fields > x->limits->nodes)
            return too_many(x, s.p, "elements", x->limits->nodes, e);
    }
    x->m->segments = NEW_ARRAY(a, struct hl7_segment, n_segments);
    x->fields = NEW_ARRAY(a, struct str, n_fields + n_segments);
    return true;
}

bool hl7_message_index(struct str text, const struct hl7_charset *charset,
                       const struct hl7_limits *limits, struct arena *a, struct hl7_notes *notes,
                       struct hl7_message *out, struct err *e)
{
    struct indexing x = {.m = out, .limits = limits, .notes = notes};
    struct str rest = text;
    size_t lines = 0;
    bool ended = false;

    *out = (struct hl7_message){.charset = charset, .text = text};
    if (!str_starts(text, STR("MSH")))
        return err_set(e, ERR_INPUT, 0, "offset 0: no MSH segment");
    if (!hl7_separators_read(text, &out->sep, e))
        return false;
    x.end = line_end(text, notes);
    if (!size_index(&x, a, e))
        return false;
    while (rest.p) {
        struct str s = cut_segment(&rest, x.end, &ended);

        if (!rest.p && ended == false && s.n == 0)
            break; /* what follows the last end */
        if (!ended)
            hl7_note(notes, HL7_NO_FINAL_CR, text.n);
        if (++lines > limits->segments)
            return too_many(&x, s.p, "segments", limits->segments, e);
        if (is_blank(s))
            hl7_note(notes, HL7_BLANK_SEGMENT, offset(&x, s.p));
        else if (!index_segment(&x, s, e))
            return false;
    }
    return true;
}

/* Without a byte order mark and blanks in front, as files have them. */
static struct str skip_lead(struct str body, struct hl7_notes *notes)
{
    size_t n = body.n;

    if (str_starts(body, STR("\xEF\xBB\xBF"))) {
        hl7_note(notes, MLLP_BOM, 0);
        body = (struct str){body.p + 3, body.n - 3};
        n = body.n;
    }
    while (body.n && strchr(" \t\r\n", body.p[0]) && body.p[0] != '\0')
        body = (struct str){body.p + 1, body.n - 1};
    if (body.n < n)
        hl7_note(notes, MLLP_LEADING_BLANK, 0);
    return body;
}

bool hl7_message_read(struct str body, const struct hl7_charset_settings *set,
                      const struct hl7_limits *limits, struct arena *a, struct hl7_notes *notes,
                      struct hl7_message *out, struct err *e)
{
    struct hl7_decoded decoded;
    struct hl7_header h;

    body = skip_lead(body, notes);
    if (!hl7_header_scan(body, &h, e) ||
        !hl7_decode(body, h.declared, set, a, notes, &decoded, e) ||
        !hl7_message_index(decoded.text, decoded.charset, limits, a, notes, out, e))
        return false;
    if (!str_eq(hl7_field(&out->segments[0], 18), h.fields[18]))
        hl7_note(notes, HL7_CHARSET_MISMATCH, 0);
    return true;
}

bool hl7_segment_is(const struct hl7_segment *s, const char *name)
{
    return strcmp(s->name, name) == 0;
}

const struct hl7_segment *hl7_segment_find(const struct hl7_message *m, const char *name)
{
    for (size_t i = 0; i < m->n_segments; i++) {
        if (hl7_segment_is(&m->segments[i], name))
            return &m->segments[i];
    }
    return NULL;
}

struct str hl7_message_type(const struct hl7_message *m, struct arena *a)
{
    const struct hl7_segment *evn = hl7_segment_find(m, "EVN");
    struct str msh9 = hl7_field(&m->segments[0], 9);
    struct str trigger = str_trim(hl7_component(&m->sep, msh9, 2));
    char text[HL7_TYPE_TEXT];

    if (trigger.n == 0 && evn)
        trigger = str_trim(hl7_field(evn, 1));
    type_text(str_trim(hl7_component(&m->sep, msh9, 1)), trigger, text);
    return arena_copy(a, str_of(text));
}
