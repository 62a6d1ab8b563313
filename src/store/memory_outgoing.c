/* The HL7 messages that we send. */
#include "among.h"
#include "growing.h"
#include "memory_store.h"

void memory_outgoing_put(struct memory *m, const struct message *msg, struct str code)
{
    struct outgoing *o = ADD(m, &m->t.outgoing);

    *o = (struct outgoing){.id = (int64_t)m->t.outgoing.n,
                           .message_id = msg->id,
                           .channel = msg->channel,
                           .code = code,
                           .state = OUTGOING_WAITING,
                           .due_ms = msg->received_ms};
}

static struct outgoing copy_outgoing(struct arena *a, const struct outgoing *o)
{
    struct outgoing c = *o;

    c.channel = copy_text(a, o->channel);
    c.code = copy_text(a, o->code);
    c.reason = copy_text(a, o->reason);
    c.control_id = copy_text(a, o->control_id);
    c.body = copy_text(a, o->body);
    return c;
}

/* The waiting one of that channel that is due first after `after` (NULL: of all). */
static const struct outgoing *next_of(const struct memory *m, struct str channel,
                                      const struct outgoing *after)
{
    const struct outgoing *first = NULL;

    for (size_t i = 0; i < m->t.outgoing.n; i++) {
        const struct outgoing *o = m->t.outgoing.items[i];

        if (o->state != OUTGOING_WAITING || !o->channel.p || !str_eq(o->channel, channel))
            continue;
        if (after &&
            (o->due_ms < after->due_ms || (o->due_ms == after->due_ms && o->id <= after->id)))
            continue;
        if (!first || o->due_ms < first->due_ms)
            first = o;
    }
    return first;
}

bool memory_find_outgoing(struct store *s, struct str channel, int64_t now_ms, size_t most,
                          struct arena *a, struct outgoing_list *out, struct err *e)
{
    struct memory *m = (struct memory *)s;
    const struct outgoing *o = next_of(m, channel, NULL);

    (void)e;
    *out = (struct outgoing_list){0};
    for (; o && o->due_ms <= now_ms && out->n < most; o = next_of(m, channel, o))
        *GROW(a, out) = copy_outgoing(a, o);
    out->next_ms = o ? o->due_ms : 0;
    return true;
}

static bool is_reply(const struct outgoing *o, int64_t message_id)
{
    return o->message_id == message_id && !o->channel.p &&
           (o->state == OUTGOING_WAITING || o->state == OUTGOING_ACCEPTED ||
            o->state == OUTGOING_GONE);
}

/* One will come: the message is not mapped yet, and wants it there. */
static bool is_awaited(const struct memory *m, int64_t message_id)
{
    const struct m_message *row = ROW(&m->t.messages, message_id);

    return row && !row->mapped && row->m.reply != REPLY_NEVER && !row->m.channel.p;
}

bool memory_find_replies(struct store *s, const int64_t *message_ids, size_t n, struct arena *a,
                         struct outgoing_list *out, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *out = (struct outgoing_list){.none = NEW_ARRAY(a, int64_t, n)};
    for (size_t k = 0; k < n; k++) {
        const size_t before = out->n;

        for (size_t i = 0; i < m->t.outgoing.n; i++) {
            const struct outgoing *o = m->t.outgoing.items[i];

            if (is_reply(o, message_ids[k]))
                *GROW(a, out) = copy_outgoing(a, o);
        }
        if (out->n == before && !is_awaited(m, message_ids[k]))
            out->none[out->n_none++] = message_ids[k];
    }
    return true;
}

bool memory_save_outgoing(struct store *s, const struct outgoing *o, struct err *e)
{
    struct memory *m = (struct memory *)s;
    struct outgoing *row = ROW(&m->t.outgoing, o->id);
    struct outgoing copy;

    if (!row)
        return err_set(e, ERR_INPUT, 0, "no outgoing message %lld", (long long)o->id);
    copy = copy_outgoing(&m->arena, o);
    memory_touch(m, row, sizeof *row);
    row->state = copy.state;
    row->reason = copy.reason;
    row->due_ms = copy.due_ms;
    row->tries = copy.tries;
    row->control_id = copy.control_id;
    row->body = copy.body;
    return true;
}

bool memory_recover_outgoing(struct store *s, int64_t now_ms, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    for (size_t i = 0; i < m->t.outgoing.n; i++) {
        struct outgoing *o = m->t.outgoing.items[i];

        if (o->state != OUTGOING_WAITING && o->state != OUTGOING_FLYING)
            continue;
        memory_touch(m, o, sizeof *o);
        if (o->state == OUTGOING_FLYING) {
            o->state = OUTGOING_WAITING;
            o->due_ms = o->due_ms < now_ms ? o->due_ms : now_ms;
        }
        if (!o->channel.p) {
            o->state = OUTGOING_GONE;
            o->reason = STR("its connection is gone");
        }
    }
    return true;
}

bool memory_keep_channels(struct store *s, const struct str *channels, size_t n, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    for (size_t i = 0; i < m->t.outgoing.n; i++) {
        struct outgoing *o = m->t.outgoing.items[i];

        if (o->state != OUTGOING_WAITING || !o->channel.p || among(o->channel, channels, n))
            continue;
        memory_touch(m, o, sizeof *o);
        o->state = OUTGOING_GONE;
        o->reason = STR("its channel is no longer configured");
    }
    return true;
}
