/* What a peer says to one of our messages: an answer is exactly one MSH and one MSA, its id lies in it;
 * what any lenient reader would take for two answers is none, and what we write as one is read back. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "outbound/answer.h"

enum { MOST = 16384 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Segments of that name, however leniently lines are cut. */
static size_t count(struct str content, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i + 3 <= content.n; i++) {
        bool begins = i == 0 || content.p[i - 1] == '\r' || content.p[i - 1] == '\n';

        n += begins && memcmp(content.p + i, name, 3) == 0;
    }
    return n;
}

static void check_read(struct str content)
{
    struct answer got = {0};
    enum stray s = answer_read(content, &got);

    if (s != STRAY_NONE && s != STRAY_SHAPE && s != STRAY_CODE)
        abort();
    if (s == STRAY_SHAPE)
        return;
    if (count(content, "MSH") != 1 || count(content, "MSA") != 1)
        abort();
    if ((s == STRAY_CODE) != (got.code == HL7_SILENT))
        abort();
    if (got.id.n && (got.id.p < content.p || got.id.p + got.id.n > content.p + content.n ||
                     memchr(got.id.p, '\r', got.id.n) || memchr(got.id.p, '\n', got.id.n)))
        abort();
}

/* The bytes as a message of ours that a peer answers as we would: the code comes back, and MSA-2 too. */
static void check_written(struct str body)
{
    static const enum hl7_ack_code codes[] = {HL7_AA, HL7_AE, HL7_AR, HL7_CA, HL7_CE, HL7_CR};
    struct buf out = buf_new(HL7_ACK_MOST);
    struct hl7_ack ack = {.code = codes[body.n % 6], .condition = HL7_BUSY};
    struct hl7_header h;
    struct answer got;
    struct err e;

    if (!hl7_header_scan(body, &h, &e)) {
        buf_reset(&out);
        return;
    }
    ack.header = &h;
    if (hl7_ack_content(&ack, &out, &e)) {
        check_read(buf_str(&out));
        if (answer_read(buf_str(&out), &got) != STRAY_NONE || got.code != ack.code)
            abort();
        if (hl7_header_check(&h) == HL7_COMMITTED &&
            (!h.charset || h.charset->width == HL7_BYTES) && !str_eq(got.id, h.control_id))
            abort();
    }
    buf_reset(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str content = {(const char *)data, size};

    if (size > MOST)
        return 0;
    check_read(content);
    check_written(content);
    return 0;
}
