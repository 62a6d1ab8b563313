#include "mllp_batch.h"

enum { OUT_MOST = 256 << 20, FRAMING = 3 };

void mllp_batch_end(struct mllp_batch_work *b)
{
    arena_reset(&b->arena);
    buf_reset(&b->out);
    *b = (struct mllp_batch_work){0};
}

enum hl7_condition mllp_batch_begin(struct mllp_batch_work *b,
                                    const struct mllp_receiver_settings *set, struct str body,
                                    struct hl7_notes *notes)
{
    struct err e;

    mllp_batch_end(b);
    b->out = buf_new(OUT_MOST);
    if (!hl7_batch_read(body, set->batch_most, &b->arena, notes, &b->in, &e))
        return e.code == HL7_LIMIT ? HL7_OVER_LIMIT : HL7_BAD_SYNTAX;
    if (b->in.n_groups == 0 && b->in.file_wrong)
        return HL7_WRONG_COUNT; /* there is no batch to put the error into */
    b->answers = NEW_ARRAY(&b->arena, struct hl7_batch_answers, b->in.n_groups + 1);
    b->acks = NEW_ARRAY(&b->arena, struct str *, b->in.n_groups + 1);
    for (size_t i = 0; i < b->in.n_groups; i++) { /* one more for each wrong count */
        b->acks[i] = NEW_ARRAY(&b->arena, struct str, b->in.groups[i].n_messages + 2);
        b->answers[i].acks = b->acks[i];
    }
    b->open = true;
    return HL7_COMMITTED;
}

bool mllp_batch_next(struct mllp_batch_work *b, struct str *message)
{
    while (b->group < b->in.n_groups && b->message >= b->in.groups[b->group].n_messages) {
        b->group++;
        b->message = 0;
    }
    if (b->group >= b->in.n_groups)
        return false;
    *message = b->in.groups[b->group].messages[b->message++];
    return true;
}

static void add(struct mllp_batch_work *b, size_t group, struct str content)
{
    b->acks[group][b->answers[group].n++] = arena_copy(&b->arena, content);
}

static bool is_positive(enum hl7_ack_code code)
{
    return code == HL7_AA || code == HL7_CA;
}

void mllp_batch_add(struct mllp_batch_work *b, const struct mllp_profile *profile,
                    enum hl7_ack_code code, struct str framed)
{
    if (!b->profile)
        b->profile = profile;
    if (framed.n <= FRAMING || b->profile->batch == MLLP_BATCH_NONE ||
        (b->profile->batch == MLLP_BATCH_ERRORS && is_positive(code)))
        return;
    add(b, b->group, (struct str){framed.p + 1, framed.n - FRAMING});
}

static bool draw(const struct mllp_receiver_settings *set, uint8_t out[HL7_ACK_RANDOM],
                 struct err *e)
{
    return set->random->get(set->random, out, HL7_ACK_RANDOM) ||
           err_set(e, ERR_BUSY, 0, "no randomness for an answer");
}

/* BTS-1 or FTS-1 does not tell what came: an error beside the answers to the messages. */
static bool add_wrong_count(struct mllp_batch_work *b, const struct mllp_receiver_settings *set,
                            const struct hl7_header *header, size_t group, int64_t now_ms,
                            struct err *e)
{
    struct hl7_ack ack = {.header = header,
                          .condition = HL7_WRONG_COUNT,
                          .code = HL7_AE,
                          .now_ms = now_ms,
                          .start = set->framing.start,
                          .end = set->framing.end};
    struct buf content = buf_new(HL7_ACK_MOST);
    bool ok = draw(set, ack.random, e) && hl7_ack_content(&ack, &content, e);

    if (ok)
        add(b, group, buf_str(&content));
    buf_reset(&content);
    return ok;
}

static bool add_wrong_counts(struct mllp_batch_work *b, const struct mllp_receiver_settings *set,
                             int64_t now_ms, struct err *e)
{
    for (size_t i = 0; i < b->in.n_groups; i++) {
        if (b->in.groups[i].wrong &&
            !add_wrong_count(b, set, &b->in.groups[i].header, i, now_ms, e))
            return false;
    }
    return !b->in.file_wrong || add_wrong_count(b, set, &b->in.file, b->in.n_groups - 1, now_ms, e);
}

bool mllp_batch_answer(struct mllp_batch_work *b, const struct mllp_receiver_settings *set,
                       struct err *e)
{
    const struct mllp_profile *profile = b->profile ? b->profile : &set->profile;
    struct hl7_batch_reply reply = {.batch = &b->in,
                                    .answers = b->answers,
                                    .now_ms = clock_now_ms(set->clock),
                                    .start = set->framing.start,
                                    .end = set->framing.end};

    b->open = false;
    if (profile->batch == MLLP_BATCH_NONE)
        return true;
    for (size_t i = 0; i < b->in.n_groups; i++) {
        if (!draw(set, b->answers[i].random, e))
            return false;
    }
    return draw(set, reply.random, e) && add_wrong_counts(b, set, reply.now_ms, e) &&
           hl7_batch_write(&reply, &b->out, e);
}
