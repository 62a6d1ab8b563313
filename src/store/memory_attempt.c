/* Attempts on the wire and the statuses that follow them. */
#include "growing.h"
#include "memory_store.h"

/* *any: there was one. */
static bool withdraw_stale(struct memory *m, int64_t now_ms, bool *any, struct err *e)
{
    *any = false;
    for (size_t i = 0; i < m->t.notices.n; i++) {
        struct notice n = *m->t.notices.items[i];

        if (n.state != NOTICE_READY || !n.expires_ms || n.expires_ms >= now_ms)
            continue;
        n.state = NOTICE_WITHDRAWN;
        n.reason = STR("stale");
        *any = true;
        if (!memory_save_notice(&m->store, &n, e))
            return false;
    }
    return true;
}

/* One a recipient: what is ready behind another one, or behind one in flight, or behind one that
 * will be tried again, waits for it. */
static bool has_turn(const struct memory *m, const struct notice *n)
{
    for (size_t i = 0; i + 1 < (size_t)n->id; i++) {
        const struct notice *o = m->t.notices.items[i];

        if (o->to.p && n->to.p && str_eq(o->to, n->to) &&
            ((o->state == NOTICE_READY && !memory_is_paused(m, o->feed)) ||
             o->state == NOTICE_FLYING || (o->state == NOTICE_WAITING && o->tries > 0)))
            return false;
    }
    return true;
}

static void tell_unit(struct memory *m, const struct notice *n)
{
    struct unit *u = memory_unit(m, n->event_type, n->unit_key);

    if (!u || u->told)
        return;
    memory_touch(m, u, sizeof *u);
    u->told = true;
}

/* Its message tells of what was merged into it, too. */
static void tell_units(struct memory *m, const struct notice *n)
{
    tell_unit(m, n);
    for (size_t i = 0; i < m->t.notices.n; i++) {
        const struct notice *merged = m->t.notices.items[i];

        if (merged->state == NOTICE_MERGED && merged->carrier == n->id)
            tell_unit(m, merged);
    }
}

static struct attempt *begin_one(struct memory *m, struct notice *n, const char *echo,
                                 int64_t now_ms)
{
    struct attempt *at = ADD(m, &m->t.attempts);

    memory_touch(m, n, sizeof *n);
    n->state = NOTICE_FLYING;
    tell_units(m, n);
    *at = (struct attempt){.id = (int64_t)m->t.attempts.n,
                           .notice_id = n->id,
                           .state = ATTEMPT_FLYING,
                           .started_ms = now_ms};
    memcpy(at->echo, echo, ECHO_BYTES);
    return at;
}

bool memory_begin_attempts(struct store *s, size_t most, const char (*echoes)[ECHO_BYTES + 1],
                           int64_t now_ms, struct arena *a, struct flight_list *out, struct err *e)
{
    struct memory *m = (struct memory *)s;
    int64_t next_ms;
    size_t n_due;
    bool stale;

    *out = (struct flight_list){0};
    do { /* what was merged into a stale one waits again, and may be due, and stale, too */
        if (!withdraw_stale(m, now_ms, &stale, e) ||
            (stale && !memory_release_due(s, now_ms, &n_due, &next_ms, e)))
            return false;
    } while (stale);
    for (size_t i = 0; i < m->t.notices.n && out->n < most; i++) {
        struct notice *n = m->t.notices.items[i];

        if (n->state == NOTICE_READY && !memory_is_paused(m, n->feed) && has_turn(m, n)) {
            const struct attempt *at = begin_one(m, n, echoes[out->n], now_ms);

            *GROW(a, out) = (struct flight){copy_notice(a, n), *at};
        }
    }
    out->more = out->n == most;
    return true;
}

bool memory_save_attempt(struct store *s, const struct attempt *at, struct err *e)
{
    struct memory *m = (struct memory *)s;
    struct attempt *row = ROW(&m->t.attempts, at->id);

    if (!row)
        return err_set(e, ERR_INPUT, 0, "no attempt %lld", (long long)at->id);
    memory_touch(m, row, sizeof *row);
    row->state = at->state;
    row->ended_ms = at->ended_ms;
    row->code = at->code;
    row->has_wamid = at->has_wamid;
    memset(row->wamid, 0, INDEX_BYTES);
    if (at->has_wamid)
        memcpy(row->wamid, at->wamid, INDEX_BYTES);
    row->delivery = at->delivery;
    row->failed_code = at->failed_code;
    return true;
}

bool memory_recover(struct store *s, int64_t now_ms, size_t *n, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *n = 0;
    for (size_t i = 0; i < m->t.attempts.n; i++) {
        struct attempt *at = m->t.attempts.items[i];
        struct notice *of = ROW(&m->t.notices, at->notice_id);

        if (at->state != ATTEMPT_FLYING)
            continue;
        memory_touch(m, at, sizeof *at);
        at->state = ATTEMPT_UNKNOWN;
        at->ended_ms = now_ms;
        ++*n;
        if (!of || of->state != NOTICE_FLYING)
            continue;
        memory_touch(m, of, sizeof *of);
        of->state = NOTICE_CHECKING;
        of->reason = STR("stopped in flight");
    }
    return true;
}

static struct attempt *last_of(struct memory *m, int64_t notice_id)
{
    for (size_t i = m->t.attempts.n; i > 0; i--) {
        if (m->t.attempts.items[i - 1]->notice_id == notice_id)
            return m->t.attempts.items[i - 1];
    }
    return NULL;
}

bool memory_find_checking(struct store *s, size_t most, struct arena *a, struct flight_list *out,
                          struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *out = (struct flight_list){0};
    for (size_t i = 0; i < m->t.notices.n && out->n < most; i++) {
        const struct notice *n = m->t.notices.items[i];
        struct attempt *at = last_of(m, n->id);

        if (n->state == NOTICE_CHECKING)
            *GROW(a, out) =
                (struct flight){copy_notice(a, n), at ? *at : (struct attempt){.id = 0}};
    }
    out->more = out->n == most;
    return true;
}

bool memory_find_attempt(struct store *s, struct str echo, const uint8_t wamid[INDEX_BYTES],
                         struct arena *a, struct flight *out, bool *found, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *out = (struct flight){0};
    *found = false;
    for (size_t i = m->t.attempts.n; i > 0; i--) {
        const struct attempt *at = m->t.attempts.items[i - 1];
        const struct notice *n = ROW(&m->t.notices, at->notice_id);

        if (echo.p ? !str_eq(str_of(at->echo), echo)
                   : !at->has_wamid || memcmp(at->wamid, wamid, INDEX_BYTES) != 0)
            continue;
        *out = (struct flight){n ? copy_notice(a, n) : (struct notice){0}, *at};
        *found = true;
        return true;
    }
    return true;
}

bool memory_put_status(struct store *s, const struct status *st, bool *fresh, struct err *e)
{
    struct memory *m = (struct memory *)s;
    struct status *row;

    (void)e;
    *fresh = false;
    for (size_t i = 0; i < m->t.statuses.n; i++) {
        row = m->t.statuses.items[i];
        if (memcmp(row->wamid, st->wamid, INDEX_BYTES) == 0 && str_eq(row->name, st->name))
            return true;
    }
    row = ADD(m, &m->t.statuses);
    *row = *st;
    row->name = copy_text(&m->arena, st->name);
    row->echo = copy_text(&m->arena, st->echo);
    *fresh = true;
    return true;
}

bool memory_last_status(struct store *s, int64_t *received_ms, struct err *e)
{
    const struct memory *m = (struct memory *)s;
    size_t n = m->t.statuses.n;

    (void)e;
    *received_ms = n ? m->t.statuses.items[n - 1]->received_ms : 0;
    return true;
}

bool memory_count_replies(struct store *s, int64_t out[QUICK_REPLIES], struct err *e)
{
    const struct memory *m = (struct memory *)s;

    (void)e;
    memset(out, 0, QUICK_REPLIES * sizeof *out);
    for (size_t i = 0; i < m->t.statuses.n; i++) {
        struct str name = m->t.statuses.items[i]->name;

        for (int k = 0; k < QUICK_REPLIES && str_starts(name, STR("reply_")); k++)
            out[k] += str_eq((struct str){name.p + 6, name.n - 6}, str_of(quick_reply_name(k)));
    }
    return true;
}

bool memory_find_statuses(struct store *s, const uint8_t wamid[INDEX_BYTES], struct str echo,
                          struct arena *a, struct status_list *out, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    *out = (struct status_list){0};
    for (size_t i = 0; i < m->t.statuses.n; i++) {
        const struct status *row = m->t.statuses.items[i];
        struct status *st;

        if (memcmp(row->wamid, wamid, INDEX_BYTES) != 0 &&
            (!echo.p || !row->echo.p || !str_eq(row->echo, echo)))
            continue;
        st = GROW(a, out);
        *st = *row;
        st->name = copy_text(a, row->name);
        st->echo = copy_text(a, row->echo);
    }
    return true;
}
