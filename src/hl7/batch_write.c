#include "hl7/batch.h"
#include "reply.h"

/* BHS and FHS alike: fields 1 to 6 turned round, 7 now, 11 our own id, 12 the id answered. */
static void add_head(struct buf *b, const char *name, const struct hl7_header *h, bool has_id,
                     const uint8_t random[HL7_ACK_RANDOM], const struct hl7_batch_reply *reply)
{
    const char f = h->sep.field;
    char id[HL7_ACK_ID + 1];

    hl7_ack_id(random, id);
    reply_head(b, name, h, &h->sep);
    buf_add_char(b, f);
    reply_time(b, reply->now_ms, reply->zone_min);
    buf_printf(b, "%c%c%c%c%s%c", f, f, f, f, id, f);
    if (has_id)
        reply_echo(b, h, h->control_id);
    buf_add_char(b, '\r');
}

/* An answer without its framing bytes. */
static struct str bare(struct str ack, const struct hl7_batch_reply *reply)
{
    if (ack.n >= 3 && ack.p[0] == reply->start && ack.p[ack.n - 2] == reply->end)
        return (struct str){ack.p + 1, ack.n - 3};
    return ack;
}

static void add_group(struct buf *b, const struct hl7_batch_reply *reply, size_t i)
{
    const struct hl7_batch_group *g = &reply->batch->groups[i];
    const struct hl7_batch_answers *answers = &reply->answers[i];

    add_head(b, "BHS", &g->header, g->headed, answers->random, reply);
    for (size_t k = 0; k < answers->n; k++)
        buf_add(b, bare(answers->acks[k], reply));
    buf_printf(b, "BTS%c%zu\r", g->header.sep.field, answers->n);
}

static bool group_is_sound(const struct hl7_batch_group *g, size_t n)
{
    if (!g->headed || !g->closed || !g->counted || g->wrong || g->n_messages != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!hl7_ack_is_sound(g->messages[i]))
            return false;
    }
    return true;
}

/* Reads what was written as a stranger would. */
static bool is_sound(struct str content, const struct hl7_batch_reply *reply, struct arena *a)
{
    const struct hl7_batch *was = reply->batch;
    struct hl7_batch now;
    struct err e;

    if (!hl7_batch_read(content, content.n, a, NULL, &now, &e) || now.n_stray ||
        now.n_groups != was->n_groups || now.has_file != was->has_file ||
        now.file_closed != was->has_file || now.file_counted != was->has_file || now.file_wrong)
        return false;
    for (size_t i = 0; i < now.n_groups; i++) {
        if (!group_is_sound(&now.groups[i], reply->answers[i].n))
            return false;
    }
    return true;
}

bool hl7_batch_write(const struct hl7_batch_reply *reply, struct buf *out, struct err *e)
{
    const struct hl7_batch *batch = reply->batch;
    size_t before = out->n;
    struct arena a = {0};
    bool ok;

    buf_add_char(out, reply->start);
    if (batch->has_file)
        add_head(out, "FHS", &batch->file, true, reply->random, reply);
    for (size_t i = 0; i < batch->n_groups; i++)
        add_group(out, reply, i);
    if (batch->has_file)
        buf_printf(out, "FTS%c%zu\r", batch->file.sep.field, batch->n_groups);
    ok = !out->over &&
         is_sound((struct str){out->p + before + 1, out->n - before - 1}, reply, &a) &&
         reply_close(out, before, reply->start, reply->end);
    arena_reset(&a);
    if (ok)
        return true;
    out->n = before;
    return err_set(e, ERR_INPUT, 0, "the answer to a batch would not have been sound");
}
