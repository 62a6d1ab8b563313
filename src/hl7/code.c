#include "hl7/code.h"

#include <stddef.h>

#define NAME(c) [c] = #c

static const char *const names[HL7_CODES] = {
    NAME(HL7_CODE_NONE),        NAME(MLLP_PAD_BETWEEN),     NAME(MLLP_JUNK_BETWEEN),
    NAME(MLLP_SB_MISSING),      NAME(MLLP_SB_DOUBLED),      NAME(MLLP_FRAME_CUT),
    NAME(MLLP_SB_IN_CONTENT),   NAME(MLLP_LF_AFTER_FS),     NAME(MLLP_FS_NO_CR),
    NAME(MLLP_FS_IN_CONTENT),   NAME(MLLP_EMPTY),           NAME(MLLP_BOM),
    NAME(MLLP_LEADING_BLANK),   NAME(MLLP_TOO_LARGE),       NAME(MLLP_FRAME_TIMEOUT),
    NAME(MLLP_EOF_IN_FRAME),    NAME(MLLP_R2_BYTE),         NAME(HL7_EOL_LF),
    NAME(HL7_EOL_CRLF),         NAME(HL7_NO_FINAL_CR),      NAME(HL7_BLANK_SEGMENT),
    NAME(HL7_MULTI_MSH),        NAME(HL7_ACKMODE_HALF),     NAME(HL7_ACKMODE_UNKNOWN),
    NAME(HL7_ID_REUSED),        NAME(HL7_CHARSET_ALIAS),    NAME(HL7_CHARSET_UNKNOWN),
    NAME(HL7_CHARSET_MISMATCH), NAME(HL7_CHARSET_REPLACED), NAME(HL7_BAD_ESCAPE),
    NAME(HL7_ESC_CONTROL),      NAME(HL7_ESC_SET_SWITCH),   NAME(HL7_BATCH_COUNT),
    NAME(HL7_BATCH_OPEN),       NAME(HL7_BATCH_STRAY),      NAME(HL7_XML),
    NAME(HL7_REPLY_UNPROMISED), NAME(HL7_CHARSET_IS_UTF8),  NAME(HL7_CHARSET_IS_BIG5),
    NAME(HL7_CHARSET_IS_JIS),
};

const char *hl7_code_name(enum hl7_code c)
{
    return names[c];
}

void hl7_note(struct hl7_notes *n, enum hl7_code c, uint64_t offset)
{
    if (!n)
        return;
    if (n->count[c]++ == 0)
        n->first[c] = offset;
}
