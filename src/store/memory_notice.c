/* Notices until they are sent, and their links. */
#include "growing.h"
#include "memory_store.h"

static void put_link(struct memory *m, const struct link_new *l)
{
    struct m_link *row = ADD(m, &m->t.links);

    row->l = *l;
    row->l.event_type = copy_text(&m->arena, l->event_type);
    row->l.unit_key = copy_text(&m->arena, l->unit_key);
    row->l.patient_key = copy_text(&m->arena, l->patient_key);
    row->l.patient = copy_text(&m->arena, l->patient);
    row->l.resource = copy_text(&m->arena, l->resource);
}

bool memory_put_notice(struct store *s, struct notice *n, struct link_new *link, struct err *e)
{
    struct memory *m = (struct memory *)s;
    struct m_instance *in = ROW(&m->t.instances, n->instance_id);
    struct notice *row;

    (void)e;
    row = ADD(m, &m->t.notices);
    n->id = (int64_t)m->t.notices.n;
    *row = copy_notice(&m->arena, n);
    if (in) {
        memory_touch(m, in, sizeof *in);
        in->planned = true;
    }
    if (link) {
        link->notice_id = n->id;
        put_link(m, link);
    }
    return true;
}

static bool is_open(const struct notice *n)
{
    return n->state == NOTICE_WAITING || n->state == NOTICE_READY || n->state == NOTICE_MERGED ||
           notice_on_the_wire(n);
}

bool memory_find_open(struct store *s, struct str event_type, struct str unit_key, struct arena *a,
                      struct notice_list *out, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *out = (struct notice_list){0};
    for (size_t i = 0; i < m->t.notices.n; i++) {
        const struct notice *n = m->t.notices.items[i];

        if (is_open(n) && str_eq(n->event_type, event_type) && str_eq(n->unit_key, unit_key))
            *GROW(a, out) = copy_notice(a, n);
    }
    return true;
}

bool memory_find_window(struct store *s, struct str coalesce, struct arena *a,
                        struct notice_list *out, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *out = (struct notice_list){0};
    for (size_t i = 0; i < m->t.notices.n; i++) {
        const struct notice *n = m->t.notices.items[i];

        if (n->state == NOTICE_WAITING && n->coalesce.p && str_eq(n->coalesce, coalesce))
            *GROW(a, out) = copy_notice(a, n);
    }
    return true;
}

bool memory_find_patient(struct store *s, struct str patient_key, struct arena *a,
                         struct notice_list *out, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *out = (struct notice_list){0};
    for (size_t i = 0; i < m->t.notices.n; i++) {
        const struct notice *n = m->t.notices.items[i];

        if (is_open(n) && n->patient_key.p && str_eq(n->patient_key, patient_key))
            *GROW(a, out) = copy_notice(a, n);
    }
    return true;
}

bool memory_find_due(struct store *s, int64_t now_ms, size_t most, struct arena *a,
                     struct notice_list *out, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *out = (struct notice_list){0};
    for (size_t i = 0; i < m->t.notices.n && out->n < most; i++) {
        const struct notice *n = m->t.notices.items[i];
        size_t at;

        if (n->state != NOTICE_WAITING || !n->before_ms || n->due_ms > now_ms)
            continue;
        (void)GROW(a, out);
        for (at = out->n - 1; at > 0 && out->items[at - 1].due_ms > n->due_ms; at--)
            out->items[at] = out->items[at - 1];
        out->items[at] = copy_notice(a, n);
    }
    return true;
}

bool memory_save_recipient(struct store *s, const struct notice *n, struct err *e)
{
    struct memory *m = (struct memory *)s;
    struct notice *row = ROW(&m->t.notices, n->id);

    if (!row)
        return err_set(e, ERR_INPUT, 0, "no notice %lld", (long long)n->id);
    memory_touch(m, row, sizeof *row);
    row->to = copy_text(&m->arena, n->to);
    memcpy(row->approval, n->approval, sizeof row->approval);
    return true;
}

bool memory_find_later(struct store *s, const struct notice *n, bool *later, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *later = false;
    for (size_t i = (size_t)n->id; i < m->t.notices.n; i++) {
        const struct notice *row = m->t.notices.items[i];

        *later |= row->instance_id != n->instance_id && str_eq(row->event_type, n->event_type) &&
                  str_eq(row->unit_key, n->unit_key);
    }
    return true;
}

bool memory_release_due(struct store *s, int64_t now_ms, size_t *n, int64_t *next_ms, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *n = 0;
    *next_ms = 0;
    for (size_t i = 0; i < m->t.notices.n; i++) {
        struct notice *row = m->t.notices.items[i];

        if (row->state != NOTICE_WAITING)
            continue;
        if (row->due_ms <= now_ms) {
            if (row->before_ms)
                continue;
            memory_touch(m, row, sizeof *row);
            row->state = NOTICE_READY;
            ++*n;
        } else if (!*next_ms || row->due_ms < *next_ms) {
            *next_ms = row->due_ms;
        }
    }
    return true;
}

bool memory_revoke_links(struct store *s, struct str event_type, struct str unit_key,
                         int64_t now_ms, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    (void)now_ms; /* nothing here reads it back */
    for (size_t i = 0; i < m->t.links.n; i++) {
        struct m_link *row = m->t.links.items[i];

        if (row->revoked || row->redeemed_ms || !str_eq(row->l.event_type, event_type) ||
            !str_eq(row->l.unit_key, unit_key))
            continue;
        memory_touch(m, row, sizeof *row);
        row->revoked = true;
    }
    return true;
}

bool memory_open_link(struct store *s, const uint8_t token_hash[SEAL_HASH_BYTES], int64_t now_ms,
                      const uint8_t code_hash[SEAL_HASH_BYTES], int64_t code_expires_ms, bool *ok,
                      struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *ok = false;
    for (size_t i = 0; i < m->t.links.n; i++) {
        struct m_link *row = m->t.links.items[i];

        if (memcmp(row->l.token_hash, token_hash, SEAL_HASH_BYTES) != 0)
            continue;
        if (row->revoked || row->redeemed_ms || row->l.expires_ms <= now_ms)
            return true;
        memory_touch(m, row, sizeof *row);
        row->redeemed_ms = now_ms;
        memcpy(row->code_hash, code_hash, SEAL_HASH_BYTES);
        row->code_expires_ms = code_expires_ms;
        *ok = true;
    }
    return true;
}

bool memory_use_code(struct store *s, const uint8_t code_hash[SEAL_HASH_BYTES], int64_t now_ms,
                     struct arena *a, struct link_target *out, bool *ok, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *out = (struct link_target){0};
    *ok = false;
    for (size_t i = 0; i < m->t.links.n; i++) {
        struct m_link *row = m->t.links.items[i];

        if (!row->redeemed_ms || row->used_ms || row->code_expires_ms <= now_ms ||
            memcmp(row->code_hash, code_hash, SEAL_HASH_BYTES) != 0)
            continue;
        memory_touch(m, row, sizeof *row);
        row->used_ms = now_ms;
        *out = (struct link_target){copy_text(a, row->l.event_type), copy_text(a, row->l.unit_key),
                                    copy_text(a, row->l.patient_key), copy_text(a, row->l.patient),
                                    copy_text(a, row->l.resource)};
        *ok = true;
    }
    return true;
}
