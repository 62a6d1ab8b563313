#include "mllp_answer.h"

#include "hl7/xml.h"
#include "hl7/xml_ack.h"

static enum hl7_ack_code code_of(struct str text)
{
    return str_eq(text, STR("AA")) ? HL7_AA : str_eq(text, STR("AR")) ? HL7_AR : HL7_AE;
}

static bool write_content(struct mllp_answer *answer, struct str body, struct str code,
                          struct arena *a, struct buf *plain, struct err *e)
{
    struct hl7_xml_limits limits = hl7_xml_limits_default();
    struct hl7_header h;
    struct hl7_ack ack = {.header = &h,
                          .condition = hl7_application_condition(code_of(code)),
                          .code = code_of(code),
                          .now_ms = answer->now_ms,
                          .accept = "NE"};

    if (hl7_xml_is(body) && !hl7_xml_read(body, &limits, a, &body, e))
        return false;
    if (!hl7_header_scan(body, &h, e))
        return false;
    memcpy(ack.random, answer->random, HL7_ACK_RANDOM);
    hl7_ack_id(answer->random, answer->id);
    return hl7_ack_content(&ack, plain, e);
}

bool mllp_answer_make(struct mllp_answer *answer, struct store *s, const struct outgoing *o,
                      struct arena *a, struct str *content, struct err *e)
{
    struct buf plain = buf_new(HL7_ACK_MOST), xml = buf_new(HL7_XML_ACK_MOST);
    struct message m;

    *content = (struct str){NULL, 0};
    if (!s->ops->read_message(s, o->message_id, a, &m, e))
        return e->kind == ERR_INPUT;
    if (write_content(answer, m.body, o->code, a, &plain, e)) {
        if (!hl7_xml_is(m.body))
            *content = arena_copy(a, buf_str(&plain));
        else if (hl7_xml_ack(buf_str(&plain), &xml, e))
            *content = arena_copy(a, buf_str(&xml));
    }
    buf_reset(&plain);
    buf_reset(&xml);
    return true;
}
