#include "hl7/xml_ack.h"

#include "base/utf8.h"
#include "hl7/ack.h"
#include "hl7/escape.h"

/* Data types of the fields that an acknowledgement has; a field without a row is one value. */
static const struct typed {
    const char *segment;
    size_t field;
    const char *type;
    enum hl7_version from, to; /* 0: the first, the last */
} types[] = {
    {"MSH", 3, "HD", HL7_V2_3, HL7_V2_9_1},     {"MSH", 4, "HD", HL7_V2_3, HL7_V2_9_1},
    {"MSH", 5, "HD", HL7_V2_3, HL7_V2_9_1},     {"MSH", 6, "HD", HL7_V2_3, HL7_V2_9_1},
    {"MSH", 7, "TS", HL7_V2_1, HL7_V2_5_1},     {"MSH", 9, "CM_MSG", HL7_V2_1, HL7_V2_3},
    {"MSH", 9, "MSG", HL7_V2_3_1, HL7_V2_9_1},  {"MSH", 11, "PT", HL7_V2_3, HL7_V2_9_1},
    {"MSH", 12, "VID", HL7_V2_3_1, HL7_V2_9_1}, {"ERR", 1, "CM_ELD", HL7_V2_1, HL7_V2_3_1},
    {"ERR", 1, "ELD", HL7_V2_4, HL7_V2_9_1},    {"ERR", 2, "ERL", HL7_V2_5, HL7_V2_9_1},
    {"ERR", 3, "CWE", HL7_V2_5, HL7_V2_9_1},    {"ERR", 5, "CWE", HL7_V2_5, HL7_V2_9_1},
};

/* ERR-1.4 is a coded element itself, up to v2.4. */
static const char *type_within(const char *type, size_t component)
{
    bool location = strcmp(type, "CM_ELD") == 0 || strcmp(type, "ELD") == 0;

    return location && component == 4 ? "CE" : NULL;
}

static const char *type_of(struct str segment, size_t field, enum hl7_version v)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (str_eq(segment, str_of(types[i].segment)) && field == types[i].field &&
            v >= types[i].from && v <= types[i].to)
            return types[i].type;
    }
    return NULL;
}

struct xml_out {
    struct buf *b;
    const struct hl7_separators *sep;
    enum hl7_version version;
    struct arena *a;
};

/* Bytes at the front of s that XML 1.0 has no way to write: controls, U+FFFE, U+FFFF. */
static size_t forbidden(struct str s)
{
    if (str_starts(s, STR("\xEF\xBF\xBE")) || str_starts(s, STR("\xEF\xBF\xBF")))
        return 3;
    return s.n && (unsigned char)s.p[0] < 0x20 ? 1 : 0;
}

/* Text as XML writes it, what it cannot hold left out: an escape may have made it. */
static void add_text(struct buf *b, struct str s)
{
    for (size_t i = 0, skip; i < s.n; i += skip ? skip : 1) {
        skip = forbidden((struct str){s.p + i, s.n - i});
        if (skip)
            continue;
        switch (s.p[i]) {
        case '&':
            buf_add(b, STR("&amp;"));
            break;
        case '<':
            buf_add(b, STR("&lt;"));
            break;
        case '>':
            buf_add(b, STR("&gt;"));
            break;
        default:
            buf_add_char(b, s.p[i]);
        }
    }
}

static void add_leaf(const struct xml_out *x, struct str leaf)
{
    add_text(x->b, hl7_unescape(leaf, x->sep, NULL, x->a, NULL));
}

/* name.1, name.2 ... for what `separator` parts; empty ones are left out. */
static void add_parts(const struct xml_out *x, const char *type, struct str value, bool component)
{
    char separator = component ? x->sep->component : x->sep->subcomponent;

    if (!separator) {
        buf_printf(x->b, "<%s.1>", type);
        add_leaf(x, value);
        buf_printf(x->b, "</%s.1>", type);
        return;
    }
    for (size_t n = 1; value.p; n++) {
        struct str part = str_cut(&value, separator);
        const char *within = component ? type_within(type, n) : NULL;

        if (part.n == 0)
            continue;
        buf_printf(x->b, "<%s.%zu>", type, n);
        if (within)
            add_parts(x, within, part, false);
        else
            add_leaf(x, part);
        buf_printf(x->b, "</%s.%zu>", type, n);
    }
}

static void add_field(const struct xml_out *x, struct str segment, size_t n, struct str field)
{
    const char *type = type_of(segment, n, x->version);

    if (field.n == 0)
        return;
    buf_printf(x->b, "<" STR_FMT ".%zu>", STR_ARG(segment), n);
    if (n <= 2 && str_eq(segment, STR("MSH")))
        add_text(x->b, field); /* the separators themselves */
    else if (type)
        add_parts(x, type, field, true);
    else
        add_leaf(x, field);
    buf_printf(x->b, "</" STR_FMT ".%zu>", STR_ARG(segment), n);
}

static void add_segment(const struct xml_out *x, struct str text)
{
    struct str name = str_cut(&text, x->sep->field);
    size_t n = 1;

    if (!name.p)
        return;
    buf_printf(x->b, "<" STR_FMT ">", STR_ARG(name));
    if (str_eq(name, STR("MSH")))
        add_field(x, name, n++, (struct str){&x->sep->field, 1});
    while (text.p) {
        struct str field = str_cut(&text, x->sep->field);

        add_field(x, name, n++, field);
    }
    buf_printf(x->b, "</" STR_FMT ">", STR_ARG(name));
}

static bool is_utf8(struct str s)
{
    return utf8_check(s) == s.n;
}

bool hl7_xml_ack(struct str content, struct buf *out, struct err *e)
{
    struct arena a = {0};
    size_t before = out->n;
    struct hl7_header h;
    struct xml_out x = {.b = out, .sep = &h.sep, .a = &a};

    if (!hl7_ack_is_sound(content) || !is_utf8(content) || !hl7_header_scan(content, &h, e))
        return err_set(e, ERR_INPUT, 0, "no acknowledgement that XML can hold");
    x.version = h.version == HL7_VERSION_NONE ? HL7_V2_5_1 : h.version;
    buf_add(out,
            STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ACK xmlns=\"urn:hl7-org:v2xml\">"));
    while (content.n) {
        struct str segment = str_cut(&content, '\r');

        if (segment.n)
            add_segment(&x, segment);
    }
    buf_add(out, STR("</ACK>\r"));
    arena_reset(&a);
    if (!out->over && is_utf8((struct str){out->p + before, out->n - before}))
        return true;
    out->n = before;
    return err_set(e, ERR_INPUT, 0, "an acknowledgement in XML is too long, or no text");
}
