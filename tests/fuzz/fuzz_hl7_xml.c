/* A document of a stranger: what is taken reads as one message in UTF-8 that could be framed; what is
 * refused is refused with its line, and nothing that a document type could bring is ever used. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "hl7/message.h"
#include "hl7/xml.h"

enum { MOST = 65536 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct str text, struct arena *a)
{
    struct hl7_limits limits = {.segments = 1 << 20,
                                .fields = 1 << 20,
                                .repetitions = 1 << 20,
                                .components = 1 << 20,
                                .subcomponents = 1 << 20,
                                .nodes = 1 << 24};
    struct hl7_message m;
    struct err e;

    if (utf8_check(text) != text.n || text.n == 0 || text.p[text.n - 1] != '\r')
        abort();
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] < 0x20 && text.p[i] != '\r')
            abort();
    }
    if (!hl7_message_index(text, NULL, &limits, a, NULL, &m, &e) ||
        !str_eq(hl7_field(&m.segments[0], 18), STR("UNICODE UTF-8")))
        abort();
    for (size_t i = 0; i < m.n_segments; i++) {
        if (m.segments[i].name[0] == '\0' || (i && hl7_segment_is(&m.segments[i], "MSH")))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hl7_xml_limits limits = {.depth = 16, .text = 1 << 16};
    struct str body = {(const char *)data, size}, out;
    struct arena a = {0};
    struct err e = {0};

    if (size > MOST)
        return 0;
    if (!hl7_xml_read(body, &limits, &a, &out, &e)) {
        if (e.kind != ERR_INPUT || strncmp(e.text, "line ", 5) != 0)
            abort();
    } else {
        if (memmem(data, size, "<!DOCTYPE", 9) && !memmem(data, size, "<![CDATA[", 9) &&
            !memmem(data, size, "<!--", 4) && !memmem(data, size, "<?", 2))
            abort();
        check(out, &a);
    }
    arena_reset(&a);
    return 0;
}
