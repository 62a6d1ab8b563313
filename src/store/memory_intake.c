/* Messages, their instances and units; the balance, counted anew each time. */
#include "growing.h"
#include "memory_store.h"
#include "reply.h"

bool memory_put_message(struct store *s, const struct message *msg, struct arena *a,
                        struct intake *out, struct err *e)
{
    struct memory *m = (struct memory *)s;
    struct m_message *first = NULL, *row;

    *out = (struct intake){0};
    for (size_t i = 0; i < m->t.messages.n; i++) {
        row = m->t.messages.items[i];
        if (memcmp(row->m.key, msg->key, INDEX_BYTES) != 0 ||
            row->m.received_ms < msg->received_ms - m->duplicate_ms)
            continue;
        if (memcmp(row->m.digest, msg->digest, INDEX_BYTES) != 0) {
            out->id_reused = !msg->newest_only;
            first = msg->newest_only ? NULL : first;
        } else if (!first || row->m.received_ms >= first->m.received_ms) {
            first = row;
        }
    }
    if (first) {
        memory_touch(m, first, sizeof *first);
        first->duplicates++;
        *out = (struct intake){.id = first->m.id, .seen = true, .ack = copy_text(a, first->m.ack)};
        return true;
    }
    row = ADD(m, &m->t.messages);
    row->m = copy_message(&m->arena, msg);
    row->m.id = out->id = (int64_t)m->t.messages.n;
    if (!row->m.body.p)
        row->m.body = STR("");
    row->waiting = msg->is_part;
    return !msg->is_part || memory_part_put(m, msg, out->id, e);
}

/* A message without a lane is one of its own, called by its id. */
static bool is_stuck(const struct message *msg, const uint64_t *stuck, size_t n)
{
    const uint64_t lane = msg->lane ? msg->lane : (uint64_t)msg->id;

    for (size_t i = 0; i < n; i++) {
        if (stuck[i] == lane)
            return true;
    }
    return false;
}

bool memory_take_stored(struct store *s, size_t most, const uint64_t *stuck, size_t n_stuck,
                        struct arena *a, struct message_list *out, struct err *e)
{
    struct memory *m = (struct memory *)s;
    size_t bytes = 0;

    (void)e;
    *out = (struct message_list){0};
    for (size_t i = 0; i < m->t.messages.n && !out->more; i++) {
        const struct m_message *row = m->t.messages.items[i];
        struct message msg = row->m;

        if (row->mapped || row->waiting || is_stuck(&msg, stuck, n_stuck))
            continue;
        msg.ack = (struct str){NULL, 0};
        *GROW(a, out) = copy_message(a, &msg);
        bytes += msg.body.n;
        out->more = out->n == most || bytes >= STORE_LIST_BYTES;
    }
    return true;
}

bool memory_read_message(struct store *s, int64_t id, struct arena *a, struct message *out,
                         struct err *e)
{
    struct memory *m = (struct memory *)s;
    struct m_message *row = ROW(&m->t.messages, id);

    *out = (struct message){0};
    if (!row)
        return err_set(e, ERR_INPUT, 0, "no message %lld", (long long)id);
    *out = copy_message(a, &row->m);
    return true;
}

struct unit *memory_unit(struct memory *m, struct str event_type, struct str unit_key)
{
    for (size_t i = 0; i < m->t.units.n; i++) {
        struct unit *u = m->t.units.items[i];

        if (str_eq(u->event.type, event_type) && str_eq(u->event.unit_key, unit_key))
            return u;
    }
    return NULL;
}

bool memory_find_unit(struct store *s, struct str event_type, struct str unit_key, struct arena *a,
                      struct unit *out, bool *found, struct err *e)
{
    struct memory *m = (struct memory *)s;
    const struct unit *u;

    (void)e;
    if (str_eq(event_type, STR("patient/1")))
        unit_key = memory_survivor(m, unit_key);
    u = memory_unit(m, event_type, unit_key);
    *out = (struct unit){0};
    *found = u != NULL;
    if (u) {
        *out = *u;
        out->event = copy_event(a, &u->event);
        memory_present(m, &out->event);
    }
    return true;
}

static void put_unit(struct memory *m, const struct event *ev)
{
    struct unit *u = memory_unit(m, ev->type, ev->unit_key);

    if (u)
        memory_touch(m, u, sizeof *u);
    else
        u = ADD(m, &m->t.units);
    u->event = copy_event(&m->arena, ev);
}

bool memory_put_mapped(struct store *s, int64_t message_id, struct str feed_version,
                       struct instance *all, size_t n, struct err *e)
{
    struct memory *m = (struct memory *)s;
    struct m_message *row = ROW(&m->t.messages, message_id);
    struct str code;

    if (!row || row->mapped || row->waiting)
        return err_set(e, ERR_INPUT, 0, "message %lld does not wait to be mapped",
                       (long long)message_id);
    memory_touch(m, row, sizeof *row);
    row->mapped = true;
    row->m.feed_version = copy_text(&m->arena, feed_version);
    for (size_t i = 0; i < n; i++) {
        struct m_instance *in = ADD(m, &m->t.instances);

        all[i].id = (int64_t)m->t.instances.n;
        all[i].message_id = message_id;
        in->in = copy_instance(&m->arena, &all[i]);
        in->in.received_ms = row->m.received_ms;
        if (all[i].emits && !all[i].test) /* a test changes nothing */
            put_unit(m, &all[i].event);
    }
    code = reply_code(row->m.reply, all, n);
    if (code.p)
        memory_outgoing_put(m, &row->m, code);
    return true;
}

bool memory_take_mapped(struct store *s, size_t most, struct arena *a, struct instance_list *out,
                        struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *out = (struct instance_list){0};
    for (size_t i = 0; i < m->t.instances.n && out->n < most; i++) {
        struct m_instance *row = m->t.instances.items[i];

        if (!row->planned && row->in.standing == STANDING_PENDING)
            *GROW(a, out) = copy_instance(a, &row->in);
    }
    out->more = out->n == most;
    return true;
}

bool memory_settle(struct store *s, int64_t instance_id, enum standing standing, struct str reason,
                   struct err *e)
{
    struct memory *m = (struct memory *)s;
    struct m_instance *row = ROW(&m->t.instances, instance_id);

    if (!row)
        return err_set(e, ERR_INPUT, 0, "no instance %lld", (long long)instance_id);
    memory_touch(m, row, sizeof *row);
    row->in.standing = standing;
    row->in.reason = copy_text(&m->arena, reason);
    return true;
}

bool memory_save_event(struct store *s, const struct event *ev, struct err *e)
{
    struct memory *m = (struct memory *)s;

    if (!memory_unit(m, ev->type, ev->unit_key))
        return err_set(e, ERR_INPUT, 0, "no such unit");
    put_unit(m, ev);
    return true;
}

bool memory_save_news(struct store *s, struct str event_type, struct str unit_key,
                      const uint8_t news[INDEX_BYTES], struct err *e)
{
    struct memory *m = (struct memory *)s;
    struct unit *u = memory_unit(m, event_type, unit_key);

    if (!u)
        return err_set(e, ERR_INPUT, 0, "no such unit");
    memory_touch(m, u, sizeof *u);
    memcpy(u->news, news, INDEX_BYTES);
    return true;
}

static int64_t *line_of(struct ledger *l, enum standing s)
{
    switch (s) {
    case STANDING_PENDING:
        return &l->pending;
    case STANDING_HELD:
        return &l->held;
    case STANDING_REJECTED:
        return &l->rejected;
    case STANDING_NOTIFIED:
        return &l->notified;
    case STANDING_RECORDED:
        return &l->recorded;
    case STANDING_DROPPED:
        break;
    }
    return &l->dropped;
}

/* What a message counts as. */
static enum standing standing_of(const struct memory *m, const struct m_message *row)
{
    enum standing least = row->mapped ? STANDING_DROPPED : STANDING_PENDING;

    for (size_t i = 0; i < m->t.instances.n; i++) {
        const struct instance *in = &m->t.instances.items[i]->in;

        if (in->message_id == row->m.id && in->standing < least)
            least = in->standing;
    }
    return least;
}

bool memory_ledger(struct store *s, struct ledger *out, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *out = (struct ledger){0};
    for (size_t i = 0; i < m->t.messages.n; i++) {
        const struct m_message *row = m->t.messages.items[i];

        out->acked += 1 + row->duplicates;
        out->duplicate += row->duplicates;
        ++*line_of(out, standing_of(m, row));
    }
    return true;
}

static void add_trace(struct arena *a, struct trace_list *out, const struct m_message *row,
                      const struct instance *in)
{
    struct trace *t = GROW(a, out);

    *t = (struct trace){.message_id = row->m.id,
                        .received_ms = row->m.received_ms,
                        .feed = copy_text(a, row->m.feed),
                        .type = copy_text(a, row->m.type),
                        .standing = row->mapped ? STANDING_DROPPED : STANDING_PENDING};
    if (in) {
        t->rule = copy_text(a, in->rule);
        t->reason = copy_text(a, in->reason);
        t->template = copy_text(a, in->template);
        t->language = copy_text(a, in->language);
        t->standing = in->standing;
    }
    if (!t->reason.p && t->standing == STANDING_DROPPED)
        t->reason = STR("no rule");
}

bool memory_list_recent(struct store *s, size_t most, struct arena *a, struct trace_list *out,
                        struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *out = (struct trace_list){0};
    for (size_t i = m->t.messages.n; i > 0 && out->n < most; i--) {
        const struct m_message *row = m->t.messages.items[i - 1];
        bool any = false;

        for (size_t k = 0; k < m->t.instances.n && out->n < most; k++) {
            const struct instance *in = &m->t.instances.items[k]->in;

            if (in->message_id != row->m.id)
                continue;
            add_trace(a, out, row, in);
            any = true;
        }
        if (!any)
            add_trace(a, out, row, NULL);
    }
    return true;
}
