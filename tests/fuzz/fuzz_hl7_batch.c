/* A batch of a stranger: its messages lie inside it, in order, and none overlaps another; whatever it
 * holds can be answered, and the answer is one frame that reads as a batch of as many answers. */
#include <stdint.h>
#include <stdlib.h>

#include "hl7/batch.h"
#include "hl7/mllp.h"

enum { MOST = 32768, MESSAGES = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(const struct hl7_batch *b)
{
    const char *last = b->body.p;
    size_t n = 0;

    for (size_t g = 0; g < b->n_groups; g++) {
        for (size_t k = 0; k < b->groups[g].n_messages; k++) {
            struct str m = b->groups[g].messages[k];

            if (m.p < last || m.n < 3 || memcmp(m.p, "MSH", 3) != 0)
                abort();
            last = m.p + m.n;
            n++;
        }
    }
    if (last > b->body.p + b->body.n || n != b->n_messages)
        abort();
}

static struct str answer(struct str message, size_t i, struct arena *a)
{
    static const enum hl7_condition all[] = {HL7_COMMITTED, HL7_BUSY, HL7_BAD_TYPE};
    struct hl7_ack ack = {.condition = all[i % 3], .start = '\x0b', .end = '\x1c'};
    struct buf out = buf_new(HL7_ACK_MOST);
    struct hl7_header h;
    struct err e;
    struct str got;
    bool ok;

    if (hl7_header_scan(message, &h, &e)) {
        ack.header = &h;
        if (hl7_header_next(message, &h) != message.n)
            abort(); /* read by itself it would be two */
    }
    ack.code = hl7_ack_code(NULL, ack.condition, HL7_MODE_ORIGINAL, HL7_APP_OFF, NULL);
    ok = i % 2 ? hl7_ack_write(&ack, &out, &e) : hl7_ack_content(&ack, &out, &e);
    got = ok ? arena_copy(a, buf_str(&out)) : (struct str){NULL, 0};
    buf_reset(&out);
    return got;
}

static struct hl7_batch_answers answer_group(const struct hl7_batch_group *g, struct arena *a)
{
    struct hl7_batch_answers out = {0};
    struct str *acks = NEW_ARRAY(a, struct str, g->n_messages + 1);

    for (size_t k = 0; k < g->n_messages; k++) {
        acks[out.n] = answer(g->messages[k], k, a);
        out.n += acks[out.n].p != NULL; /* a header that no answer can be made for is left out */
    }
    out.acks = acks;
    return out;
}

static void check_reply(const struct buf *out, const struct hl7_batch *was,
                        const struct hl7_batch_answers *answers, struct arena *a)
{
    struct mllp_settings set = mllp_settings_default();
    struct str in = buf_str(out);
    struct hl7_batch now;
    struct mllp_framer f;
    struct mllp_event ev;
    struct err e;

    mllp_framer_init(&f, &set);
    if (mllp_next(&f, &in, &ev) != MLLP_FRAME || in.n ||
        !hl7_batch_read(ev.content, 10 * MESSAGES, a, NULL, &now, &e) ||
        now.n_groups != was->n_groups || now.has_file != was->has_file || now.n_stray)
        abort();
    for (size_t g = 0; g < now.n_groups; g++) {
        if (now.groups[g].n_messages != answers[g].n)
            abort();
    }
    mllp_framer_end(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out = buf_new(1 << 20);
    struct arena a = {0};
    struct hl7_batch b;
    struct hl7_batch_answers *answers;
    struct hl7_batch_reply reply = {.batch = &b, .start = '\x0b', .end = '\x1c'};
    struct err e;

    if (size > MOST)
        return 0;
    if (hl7_batch_read((struct str){(const char *)data, size}, MESSAGES, &a, NULL, &b, &e)) {
        inside(&b);
        answers = NEW_ARRAY(&a, struct hl7_batch_answers, b.n_groups + 1);
        for (size_t g = 0; g < b.n_groups; g++)
            answers[g] = answer_group(&b.groups[g], &a);
        reply.answers = answers;
        if (!hl7_batch_write(&reply, &out, &e))
            abort();
        check_reply(&out, &b, answers, &a);
    }
    buf_reset(&out);
    arena_reset(&a);
    return 0;
}
