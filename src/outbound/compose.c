#include <stdio.h>

#include "hl7/ack.h"
#include "hl7/xml.h"
#include "outbound_impl.h"

static enum hl7_ack_code code_of(struct str name)
{
    for (enum hl7_ack_code c = HL7_AA; c <= HL7_AR; c++) {
        if (str_eq(name, str_of(hl7_ack_code_name(c))))
            return c;
    }
    return HL7_SILENT;
}

/* The header of the message that is answered; a v2.xml message as its bars and hats. */
static bool read_header(struct str body, struct arena *a, struct hl7_header *h, struct err *e)
{
    struct hl7_xml_limits limits = hl7_xml_limits_default();

    if (hl7_xml_is(body) && !hl7_xml_read(body, &limits, a, &body, e))
        return false;
    return hl7_header_scan(body, h, e);
}

bool outbound_compose(struct outgoing *row, const struct channel *ch, struct store *s,
                      struct arena *a, struct err *e)
{
    char id[HL7_ACK_ID + 1];
    struct message m = {0};
    struct hl7_header h;
    /* MSH-15 AL: the peer confirms it, so that we know when to forget it (3.3). */
    struct hl7_ack ack = {.header = &h,
                          .condition = hl7_application_condition(code_of(row->code)),
                          .code = code_of(row->code),
                          .now_ms = ch->now_ms,
                          .accept = "AL"};
    struct buf out = buf_new(HL7_ACK_MOST);
    bool ok;

    if (ack.code == HL7_SILENT)
        return err_set(e, ERR_INPUT, 0, "no code of an application acknowledgement");
    if (!s->ops->read_message(s, row->message_id, a, &m, e) || !read_header(m.body, a, &h, e))
        return false;
    memcpy(ack.random, ch->random, sizeof ack.random);
    hl7_ack_id(ch->random, id);
    ok = hl7_ack_content(&ack, &out, e);
    if (ok) {
        row->body = arena_copy(a, buf_str(&out));
        row->control_id = arena_copy(a, str_of(id));
    }
    buf_reset(&out);
    return ok;
}
