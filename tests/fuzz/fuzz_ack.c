/* Whatever a sender writes into its header, an answer to it is sound: exactly one MSH, exactly one MSA,
 * framing bytes only as framing. */
#include <stdint.h>
#include <stdlib.h>

#include "hl7/ack.h"
#include "hl7/mllp.h"

enum { MOST = 16384 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct buf *out)
{
    struct mllp_settings set = mllp_settings_default();
    struct str in = buf_str(out);
    struct mllp_framer f;
    struct mllp_event ev;

    mllp_framer_init(&f, &set);
    if (mllp_next(&f, &in, &ev) != MLLP_FRAME || !hl7_ack_is_sound(ev.content) || in.n)
        abort();
    mllp_framer_end(&f);
}

/* Faults, a sequence number, an application acknowledgement: some of them, by the length. */
static void vary(struct hl7_ack *ack, struct hl7_fault faults[HL7_FAULTS_MOST], size_t size)
{
    static const char *const segments[] = {NULL, "PID", "OBX", "p|d", "ZZ1"};
    static const char *const accepts[] = {NULL, "AL", "NE", "ER"};

    for (size_t i = 0; i < HL7_FAULTS_MOST; i++)
        faults[i] = (struct hl7_fault){
            .condition = (enum hl7_condition)(1 + (size + i) % (HL7_CONDITIONS - 1)),
            .segment = segments[(size / 3 + i) % 5],
            .sequence = (unsigned)(size * i),
            .field = (unsigned)(size % 7),
            .component = (unsigned)(i % 3)};
    ack->faults = faults;
    ack->n_faults = size % (HL7_FAULTS_MOST + 1);
    ack->sequenced = size % 2;
    ack->expected = (int64_t)size - 1;
    ack->accept = accepts[size / 5 % 4];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body = {(const char *)data, size};
    struct hl7_ack ack = {.start = '\x0b', .end = '\x1c', .now_ms = (int64_t)size * 86400000};
    struct hl7_fault faults[HL7_FAULTS_MOST];
    struct hl7_header h;
    struct buf out;
    struct err e;

    if (size > MOST)
        return 0;
    vary(&ack, faults, size);
    if (hl7_header_scan(body, &h, &e)) {
        if (hl7_header_next(body, &h) > body.n)
            abort();
        ack.header = &h;
    }
    out = buf_new(HL7_ACK_MOST);
    ack.condition = (enum hl7_condition)(size % HL7_CONDITIONS);
    ack.code = hl7_ack_code(ack.header, ack.condition, HL7_MODE_AUTO, HL7_APP_SAME_SOCKET, NULL);
    if (ack.code == HL7_SILENT)
        ack.code = HL7_CE;
    if (hl7_ack_write(&ack, &out, &e))
        check(&out);
    else if (out.n || ack.header == NULL)
        abort(); /* nothing is left behind, and a plain answer is always possible */
    buf_reset(&out);
    return 0;
}
