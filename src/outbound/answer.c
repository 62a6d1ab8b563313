#include "outbound/answer.h"

const char *stray_name(enum stray s)
{
    static const char *const names[STRAYS] = {
        [STRAY_NONE] = "",           [STRAY_FRAME] = "ACK_FRAME",
        [STRAY_SHAPE] = "ACK_SHAPE", [STRAY_CODE] = "ACK_CODE",
        [STRAY_ID] = "ACK_ID",       [STRAY_UNASKED] = "ACK_UNASKED",
        [STRAY_BYTE] = "ACK_BYTE",   [STRAY_ANSWERED] = "ACK_ANSWERED",
    };

    return names[s];
}

/* Takes one segment off the front. Both CR and LF end one: what any reader would take for a second MSA
 * counts as one. */
static struct str cut_segment(struct str *rest)
{
    size_t n = 0;
    struct str head;

    while (n < rest->n && rest->p[n] != '\r' && rest->p[n] != '\n')
        n++;
    head = (struct str){rest->p, n};
    *rest = n < rest->n ? (struct str){rest->p + n + 1, rest->n - n - 1} : (struct str){NULL, 0};
    return head;
}

static enum hl7_ack_code code_of(struct str msa_1)
{
    for (enum hl7_ack_code c = HL7_AA; c < HL7_ACK_CODES; c++) {
        if (str_eq(msa_1, str_of(hl7_ack_code_name(c))))
            return c;
    }
    return HL7_SILENT;
}

enum stray answer_read(struct str content, struct answer *out)
{
    struct str rest = content, msa = {NULL, 0};
    size_t n_msh = 0, n_msa = 0;
    struct hl7_header h;
    struct err ignored;

    if (!hl7_header_scan(content, &h, &ignored) || h.batch)
        return STRAY_SHAPE;
    while (rest.p) {
        struct str segment = cut_segment(&rest);

        n_msh += str_starts(segment, STR("MSH"));
        if (!str_starts(segment, STR("MSA")))
            continue;
        n_msa++;
        msa = segment;
    }
    if (n_msh != 1 || n_msa != 1 || msa.n < 4 || msa.p[3] != h.sep.field)
        return STRAY_SHAPE;
    (void)str_cut(&msa, h.sep.field);
    out->code = code_of(str_cut(&msa, h.sep.field));
    out->id = str_cut(&msa, h.sep.field);
    return out->code == HL7_SILENT ? STRAY_CODE : STRAY_NONE;
}
