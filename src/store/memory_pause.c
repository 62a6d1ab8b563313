/* Feeds whose notices stay where they are until a person acts. */
#include "growing.h"
#include "memory_store.h"

static struct m_pause *find(const struct memory *m, struct str feed)
{
    for (size_t i = 0; i < m->t.pauses.n; i++)
        if (str_eq(m->t.pauses.items[i]->p.feed, feed))
            return m->t.pauses.items[i];
    return NULL;
}

bool memory_is_paused(const struct memory *m, struct str feed)
{
    const struct m_pause *row = find(m, feed);

    return row && row->on;
}

bool memory_pause_feed(struct store *s, struct str feed, struct str reason, struct err *e)
{
    struct memory *m = (struct memory *)s;
    struct m_pause *row = find(m, feed);

    (void)e;
    if (row && row->on)
        return true;
    if (row)
        memory_touch(m, row, sizeof *row);
    else
        row = ADD(m, &m->t.pauses);
    *row = (struct m_pause){
        {copy_text(&m->arena, feed), copy_text(&m->arena, reason)},
        true,
    };
    return true;
}

bool memory_resume_feed(struct store *s, struct str feed, bool *was, struct err *e)
{
    struct memory *m = (struct memory *)s;
    struct m_pause *row = find(m, feed);

    (void)e;
    *was = row && row->on;
    if (*was) {
        memory_touch(m, row, sizeof *row);
        row->on = false;
    }
    return true;
}

bool memory_list_paused(struct store *s, struct arena *a, struct pause_list *out, struct err *e)
{
    const struct memory *m = (struct memory *)s;

    (void)e;
    *out = (struct pause_list){0};
    for (size_t i = 0; i < m->t.pauses.n; i++) {
        const struct m_pause *row = m->t.pauses.items[i];

        if (row->on)
            *GROW(a, out) = (struct pause){copy_text(a, row->p.feed), copy_text(a, row->p.reason)};
    }
    return true;
}
