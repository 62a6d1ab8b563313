/* Continued messages, and the sequence numbers of their senders. */
#include "growing.h"
#include "memory_store.h"

static struct m_chain *chain_of(struct memory *m, int64_t first)
{
    for (size_t i = 0; i < m->t.chains.n; i++) {
        if (m->t.chains.items[i]->open && m->t.chains.items[i]->first == first)
            return m->t.chains.items[i];
    }
    return NULL;
}

bool memory_part_put(struct memory *m, const struct message *msg, int64_t id, struct err *e)
{
    struct m_chain *c;

    if (msg->first_part == 0) {
        c = ADD(m, &m->t.chains);
        *c = (struct m_chain){.first = id, .began_ms = msg->received_ms, .open = true};
    } else {
        c = chain_of(m, msg->first_part);
        if (!c)
            return err_set(e, ERR_INPUT, 0, "no open chain begins at %lld",
                           (long long)msg->first_part);
        memory_touch(m, c, sizeof *c);
    }
    memcpy(c->next_part, msg->next_part, INDEX_BYTES);
    c->n++;
    c->bytes += msg->body.n;
    return true;
}

bool memory_find_parts(struct store *s, const uint8_t pointer[INDEX_BYTES], int64_t since_ms,
                       struct part_chain *out, bool *found, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *out = (struct part_chain){0};
    *found = false;
    for (size_t i = 0; i < m->t.chains.n; i++) {
        const struct m_chain *c = m->t.chains.items[i];

        if (!c->open || c->began_ms < since_ms || memcmp(c->next_part, pointer, INDEX_BYTES) != 0)
            continue;
        *out = (struct part_chain){c->first, c->n, c->bytes};
        *found = true;
    }
    return true;
}

static bool is_of(const struct m_message *row, int64_t first)
{
    return row->waiting && (row->m.id == first || row->m.first_part == first);
}

bool memory_read_parts(struct store *s, int64_t first, struct arena *a, struct message_list *out,
                       struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *out = (struct message_list){0};
    for (size_t i = 0; i < m->t.messages.n; i++) {
        struct message msg = m->t.messages.items[i]->m;

        if (!is_of(m->t.messages.items[i], first))
            continue;
        msg.ack = (struct str){NULL, 0};
        *GROW(a, out) = copy_message(a, &msg);
    }
    return true;
}

static void end_part(struct memory *m, struct m_message *row, enum standing standing,
                     struct str reason)
{
    struct m_instance *in = ADD(m, &m->t.instances);

    memory_touch(m, row, sizeof *row);
    row->mapped = true;
    row->waiting = false;
    in->in = (struct instance){.id = (int64_t)m->t.instances.n,
                               .message_id = row->m.id,
                               .received_ms = row->m.received_ms,
                               .message_ms = row->m.received_ms,
                               .test = row->m.test,
                               .feed = row->m.feed,
                               .standing = standing,
                               .reason = copy_text(&m->arena, reason)};
}

bool memory_end_parts(struct store *s, int64_t first, enum standing standing, struct str reason,
                      struct err *e)
{
    struct memory *m = (struct memory *)s;
    struct m_chain *c = chain_of(m, first);

    if (!c)
        return err_set(e, ERR_INPUT, 0, "no open chain begins at %lld", (long long)first);
    memory_touch(m, c, sizeof *c);
    c->open = false;
    for (size_t i = 0; i < m->t.messages.n; i++) {
        if (is_of(m->t.messages.items[i], first))
            end_part(m, m->t.messages.items[i], standing, reason);
    }
    return true;
}

bool memory_expire_parts(struct store *s, int64_t before_ms, size_t *n, int64_t *next_ms,
                         struct err *e)
{
    struct memory *m = (struct memory *)s;

    *n = 0;
    *next_ms = 0;
    for (size_t i = 0; i < m->t.chains.n; i++) {
        const struct m_chain *c = m->t.chains.items[i];

        if (!c->open)
            continue;
        if (c->began_ms >= before_ms || *n == EXPIRE_MOST) {
            *next_ms = *next_ms && *next_ms < c->began_ms ? *next_ms : c->began_ms;
            continue;
        }
        if (!memory_end_parts(s, c->first, STANDING_HELD, STR("the rest never came"), e))
            return false;
        ++*n;
    }
    return true;
}

static struct m_sequence *sequence_of(struct memory *m, const uint8_t key[INDEX_BYTES])
{
    for (size_t i = 0; i < m->t.sequences.n; i++) {
        if (memcmp(m->t.sequences.items[i]->key, key, INDEX_BYTES) == 0)
            return m->t.sequences.items[i];
    }
    return NULL;
}

bool memory_get_sequence(struct store *s, const uint8_t key[INDEX_BYTES], struct sequence *out,
                         struct err *e)
{
    const struct m_sequence *row = sequence_of((struct memory *)s, key);

    (void)e;
    *out = row ? row->s : (struct sequence){0};
    return true;
}

bool memory_put_sequence(struct store *s, const uint8_t key[INDEX_BYTES], const struct sequence *in,
                         struct err *e)
{
    struct memory *m = (struct memory *)s;
    struct m_sequence *row = sequence_of(m, key);

    (void)e;
    if (row)
        memory_touch(m, row, sizeof *row);
    else
        row = ADD(m, &m->t.sequences);
    memcpy(row->key, key, INDEX_BYTES);
    row->s = *in;
    return true;
}
