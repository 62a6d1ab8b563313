/* What senders were seen to do, and the last bytes of connections that went wrong. */
#include "growing.h"
#include "memory_store.h"

/* Absent is empty, as a name in a list. */
static struct str name(struct arena *a, struct str s)
{
    return s.p ? copy_text(a, s) : STR("");
}

static struct peer_note copy_note(struct arena *a, const struct peer_note *p)
{
    struct peer_note c = *p;

    c.listener = name(a, p->listener);
    c.address = name(a, p->address);
    c.application = name(a, p->application);
    c.facility = name(a, p->facility);
    c.code = name(a, p->code);
    return c;
}

static bool same(const struct peer_note *a, const struct peer_note *b)
{
    return str_eq(a->listener, b->listener) && str_eq(a->address, b->address) &&
           str_eq(a->application, b->application) && str_eq(a->facility, b->facility) &&
           str_eq(a->code, b->code);
}

static void add_note(struct memory *m, const struct peer_note *p)
{
    struct m_peer *row;

    for (size_t i = 0; i < m->t.peers.n; i++) {
        row = m->t.peers.items[i];
        if (row->gone || !same(&row->note, p))
            continue;
        memory_touch(m, row, sizeof *row);
        row->note.n += p->n;
        if (p->first_ms < row->note.first_ms)
            row->note.first_ms = p->first_ms;
        if (p->last_ms >= row->note.last_ms) {
            row->note.offset = p->offset;
            row->note.last_ms = p->last_ms;
        }
        return;
    }
    row = ADD(m, &m->t.peers);
    row->note = copy_note(&m->arena, p);
}

/* The row that comes after `after` (NULL: the first), most recent first; or NULL. */
static struct m_peer *next_peer(const struct memory *m, const struct m_peer *after)
{
    struct m_peer *best = NULL;
    bool passed =
        false; /* `after` itself, on the way down: of one time the later row comes first */

    for (size_t i = m->t.peers.n; i > 0; i--) {
        struct m_peer *row = m->t.peers.items[i - 1];

        if (row == after) {
            passed = true;
            continue;
        }
        if (row->gone || (best && row->note.last_ms <= best->note.last_ms))
            continue;
        if (!after || row->note.last_ms < after->note.last_ms ||
            (passed && row->note.last_ms == after->note.last_ms))
            best = row;
    }
    return best;
}

bool memory_add_peer_notes(struct store *s, const struct peer_note *all, size_t n, size_t most,
                           struct err *e)
{
    struct memory *m = (struct memory *)s;
    struct m_peer *row;
    size_t kept = 0;

    (void)e;
    for (size_t i = 0; i < n; i++)
        add_note(m, &all[i]);
    row = next_peer(m, NULL);
    while (row) {
        struct m_peer *next = next_peer(m, row);

        if (kept++ >= most) {
            memory_touch(m, row, sizeof *row);
            row->gone = true;
        }
        row = next;
    }
    return true;
}

bool memory_list_peers(struct store *s, struct arena *a, struct peer_list *out, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *out = (struct peer_list){0};
    for (const struct m_peer *row = next_peer(m, NULL); row; row = next_peer(m, row))
        *GROW(a, out) = copy_note(a, &row->note);
    return true;
}

static struct recording copy_recording(struct arena *a, const struct recording *r)
{
    struct recording c = *r;

    c.listener = name(a, r->listener);
    c.address = name(a, r->address);
    c.code = name(a, r->code);
    c.bytes = name(a, r->bytes);
    return c;
}

/* How many of its address are kept, it and younger ones. */
static size_t place(const struct memory *m, size_t at)
{
    const struct m_recording *row = m->t.recordings.items[at];
    size_t n = 0;

    for (size_t i = at; i < m->t.recordings.n; i++) {
        const struct m_recording *other = m->t.recordings.items[i];

        n += !other->gone && str_eq(other->r.address, row->r.address);
    }
    return n;
}

/* The oldest of those that an address has beyond `share`; else the oldest of all. */
static struct m_recording *next_to_go(const struct memory *m, size_t share)
{
    struct m_recording *oldest = NULL;

    for (size_t i = 0; i < m->t.recordings.n; i++) {
        struct m_recording *row = m->t.recordings.items[i];

        if (row->gone)
            continue;
        if (place(m, i) > share)
            return row;
        if (!oldest)
            oldest = row;
    }
    return oldest;
}

bool memory_put_recording(struct store *s, struct recording *r, size_t most, struct err *e)
{
    struct memory *m = (struct memory *)s;
    struct m_recording *row = ADD(m, &m->t.recordings);
    size_t kept = 0;

    (void)e;
    r->id = (int64_t)m->t.recordings.n;
    row->r = copy_recording(&m->arena, r);
    for (size_t i = 0; i < m->t.recordings.n; i++)
        kept += !m->t.recordings.items[i]->gone;
    for (; kept > most; kept--) {
        struct m_recording *old = next_to_go(m, most / 4);

        memory_touch(m, old, sizeof *old);
        old->gone = true;
    }
    return true;
}

bool memory_list_recordings(struct store *s, size_t most, struct arena *a,
                            struct recording_list *out, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *out = (struct recording_list){0};
    for (size_t i = m->t.recordings.n; i > 0 && out->n < most; i--) {
        const struct m_recording *row = m->t.recordings.items[i - 1];
        struct recording *r;

        if (row->gone)
            continue;
        r = GROW(a, out);
        *r = copy_recording(a, &row->r);
        r->bytes = (struct str){NULL, 0};
    }
    return true;
}

bool memory_read_recording(struct store *s, int64_t id, struct arena *a, struct recording *out,
                           struct err *e)
{
    struct memory *m = (struct memory *)s;
    const struct m_recording *row = ROW(&m->t.recordings, id);

    *out = (struct recording){0};
    if (!row || row->gone)
        return err_set(e, ERR_INPUT, 0, "no recording %lld", (long long)id);
    *out = copy_recording(a, &row->r);
    return true;
}
