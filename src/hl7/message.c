#include "hl7/message.h"

#include "hl7/header.h"
#include "hl7/xml.h"
#include "type_text.h"

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
    static const struct hl7_charset_settings as_declared;
    const struct hl7_xml_limits xml = hl7_xml_limits_default();
    struct hl7_decoded decoded;
    struct hl7_header h;

    body = skip_lead(body, notes);
    if (hl7_xml_is(body)) {
        hl7_note(notes, HL7_XML, 0);
        if (!hl7_xml_read(body, &xml, a, &body, e))
            return false;
        set = &as_declared; /* it is UTF-8 now, and says so */
    }
    if (!hl7_header_scan(body, &h, e) ||
        !hl7_decode(body, h.fields[18], set, a, notes, &decoded, e))
        return false;
    return hl7_message_index(decoded.text, decoded.charset, limits, a, notes, out, e);
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
