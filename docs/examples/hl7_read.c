/* Reads one HL7 v2 message from standard input, prints one field of it and its acknowledgement. */
#include <stdio.h>

#include "base/buf.h"
#include "hl7/ack.h"
#include "hl7/path.h"

int main(int argc, char **argv)
{
    static char body[1 << 16];
    struct str message = {body, fread(body, 1, sizeof body, stdin)};
    const struct hl7_charset_settings charset = {0};
    const struct hl7_limits limits = hl7_limits_default();
    struct arena a = {0};
    struct hl7_header header;
    struct hl7_message m;
    struct hl7_path path;
    struct err e;
    size_t at;

    if (!hl7_path_parse(str_of(argc > 1 ? argv[1] : "PID-3(5=MR).1"), &a, &path, &at, &e) ||
        !hl7_header_scan(message, &header, &e) ||
        !hl7_message_read(message, &charset, &limits, &a, NULL, &m, &e)) {
        fprintf(stderr, "%s\n", e.text);
        arena_reset(&a);
        return 1;
    }
    static const char *const states[] = {"absent", "empty", "null", "value"};
    struct hl7_element el = hl7_path_first(&path, &m, &a);
    printf("%s%s " STR_FMT "\n", states[el.state], el.damaged ? ", cut short" : "",
           STR_ARG(el.text));

    struct hl7_ack ack = {.header = &header, .code = HL7_AA, .start = '\v', .end = '\x1c'};
    struct buf out = buf_new(HL7_ACK_MOST);
    bool sound = hl7_ack_write(&ack, &out, &e); /* set .random and .now_ms in earnest */
    printf(STR_FMT "\n", STR_ARG(buf_str(&out)));
    buf_reset(&out);
    arena_reset(&a);
    return !sound;
}
