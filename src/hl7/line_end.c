#include "line_end.h"

struct str line_end(struct str text, struct hl7_notes *notes)
{
    const char *cr = memchr(text.p, '\r', text.n);
    const char *lf = memchr(text.p, '\n', cr ? (size_t)(cr - text.p) : text.n);

    if (lf) {
        hl7_note(notes, HL7_EOL_LF, (uint64_t)(lf - text.p));
        return STR("\n");
    }
    if (cr && cr + 1 < text.p + text.n && cr[1] == '\n') {
        hl7_note(notes, HL7_EOL_CRLF, (uint64_t)(cr - text.p));
        return STR("\r\n");
    }
    return STR("\r");
}
