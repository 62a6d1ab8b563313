/* Record numbers that became one. */
#include "growing.h"
#include "memory_store.h"

static struct m_merge *merge_of(struct memory *m, struct str previous)
{
    for (size_t i = 0; i < m->t.merges.n; i++) {
        struct m_merge *row = m->t.merges.items[i];

        if (!row->lifted && str_eq(row->previous, previous))
            return row;
    }
    return NULL;
}

struct str memory_survivor(struct memory *m, struct str key)
{
    const struct m_merge *row = key.p ? merge_of(m, key) : NULL;

    return row ? row->key : key;
}

void memory_present(struct memory *m, struct event *ev)
{
    if (str_eq(ev->type, STR("patient/1")))
        return;
    for (size_t i = 0; i < ev->n_slots; i++) {
        struct slot *s = &ev->slots[i];
        struct str key = memory_survivor(m, s->value);
        const struct unit *patient;
        const struct slot *own;

        if (!str_eq(s->name, STR("patient_key")) || str_eq(key, s->value))
            continue;
        patient = memory_unit(m, STR("patient/1"), key);
        own = patient ? event_slot(&patient->event, s->name) : NULL;
        s->value = key;
        if (own)
            s->raw = own->raw;
    }
}

static bool may_leave(const struct notice *n)
{
    return n->state != NOTICE_ACCEPTED && n->state != NOTICE_HELD && n->state != NOTICE_WITHDRAWN;
}

static void rekey(struct memory *m, struct str previous, struct str key, struct str raw)
{
    for (size_t i = 0; i < m->t.notices.n; i++) {
        struct notice *n = m->t.notices.items[i];

        if (!may_leave(n) || !n->patient_key.p || !str_eq(n->patient_key, previous))
            continue;
        memory_touch(m, n, sizeof *n);
        n->patient_key = copy_text(&m->arena, key);
    }
    for (size_t i = 0; i < m->t.links.n; i++) {
        struct m_link *row = m->t.links.items[i];

        if (row->used_ms || !row->l.patient_key.p || !str_eq(row->l.patient_key, previous))
            continue;
        memory_touch(m, row, sizeof *row);
        row->l.patient_key = copy_text(&m->arena, key);
        if (raw.p)
            row->l.patient = copy_text(&m->arena, raw);
    }
}

static void lift(struct memory *m, struct str previous)
{
    struct m_merge *row = merge_of(m, previous);

    if (!row)
        return;
    memory_touch(m, row, sizeof *row);
    row->lifted = true;
}

bool memory_merge_patients(struct store *s, struct str previous, struct str key, struct str raw,
                           int64_t at_ms, bool *merged, struct err *e)
{
    struct memory *m = (struct memory *)s;
    const struct m_merge *there = merge_of(m, previous), *back = merge_of(m, key);
    struct m_merge *row;

    (void)e;
    *merged = !str_eq(previous, key) && !(there && there->at_ms > at_ms) &&
              !(back && back->at_ms > at_ms);
    if (!*merged)
        return true;
    lift(m, key);
    lift(m, previous);
    for (size_t i = 0; i < m->t.merges.n; i++) {
        row = m->t.merges.items[i];
        if (row->lifted || !str_eq(row->key, previous))
            continue;
        memory_touch(m, row, sizeof *row);
        row->key = copy_text(&m->arena, key);
    }
    row = ADD(m, &m->t.merges);
    *row =
        (struct m_merge){copy_text(&m->arena, previous), copy_text(&m->arena, key), at_ms, false};
    rekey(m, previous, key, raw);
    return true;
}
