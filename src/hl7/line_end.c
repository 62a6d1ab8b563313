#include "line_end.h"

struct str line_end(struct str text, struct hl7_notes *notes)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\n') {
            hl7_note(notes, HL7_EOL_LF, i);
            return STR("\n");
        }
        if (text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n') {
            hl7_note(notes, HL7_EOL_CRLF, i);
            return STR("\r\n");
        }
        if (text.p[i] == '\r')
            break;
    }
    return STR("\r");
}
