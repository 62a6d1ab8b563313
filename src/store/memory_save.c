/* A notice moves, and with it whatever hangs on it (the list in store.h, save_notice()). */
#include "memory_store.h"

static bool is_final(enum notice_state state)
{
    return state == NOTICE_ACCEPTED || state == NOTICE_HELD || state == NOTICE_WITHDRAWN;
}

/* What a later notice has said of the unit since stays known. */
static bool forget(struct memory *m, const struct notice *n, struct err *e)
{
    struct unit *u = memory_unit(m, n->event_type, n->unit_key);
    bool later;

    if (!notice_forgets(n))
        return true;
    if (!memory_find_later(&m->store, n, &later, e))
        return false;
    if (u && !later) {
        memory_touch(m, u, sizeof *u);
        memset(u->news, 0, sizeof u->news);
    }
    return true;
}

/* An instance with reminders counts once, under the first standing that any of its notices is in. */
static bool stand(struct memory *m, const struct notice *of, struct err *e)
{
    enum standing least = notice_standing(of->state);
    struct str reason = of->reason;

    for (size_t i = 0; i < m->t.notices.n; i++) {
        const struct notice *n = m->t.notices.items[i];

        if (n->instance_id != of->instance_id || notice_standing(n->state) >= least)
            continue;
        least = notice_standing(n->state);
        reason = n->reason;
    }
    return memory_settle(&m->store, of->instance_id, least, reason, e);
}

/* `row` in its new state; the ledger's side of it. */
static bool move(struct memory *m, struct notice *row, enum notice_state state, struct str reason,
                 int64_t carrier, struct err *e)
{
    memory_touch(m, row, sizeof *row);
    row->state = state;
    row->reason = copy_text(&m->arena, reason);
    row->carrier = carrier;
    if (is_final(state))
        row->token = (struct str){NULL, 0};
    return stand(m, row, e) && forget(m, row, e);
}

/* The newest that is merged into `carrier`, or NULL. */
static struct notice *newest_follower(struct memory *m, int64_t carrier)
{
    for (size_t i = m->t.notices.n; i > 0; i--) {
        struct notice *n = m->t.notices.items[i - 1];

        if (n->state == NOTICE_MERGED && n->carrier == carrier)
            return n;
    }
    return NULL;
}

static bool end_followers(struct memory *m, int64_t carrier, enum notice_state state,
                          struct str reason, struct err *e)
{
    struct notice *row;

    while ((row = newest_follower(m, carrier))) {
        if (!move(m, row, state, reason, 0, e))
            return false;
    }
    return true;
}

static void change_carrier(struct memory *m, int64_t from, int64_t to)
{
    struct notice *row;

    while ((row = newest_follower(m, from))) {
        memory_touch(m, row, sizeof *row);
        row->carrier = to;
    }
}

/* The newest takes the place of the withdrawn carrier, its due time included. */
static bool wake_newest(struct memory *m, const struct notice *carrier, struct err *e)
{
    struct notice *row = newest_follower(m, carrier->id);

    if (!row)
        return true;
    if (!move(m, row, NOTICE_WAITING, (struct str){NULL, 0}, 0, e))
        return false;
    row->due_ms = carrier->due_ms;
    change_carrier(m, carrier->id, row->id);
    return true;
}

/* The patient holds the link of that notice: those of older notices of its unit are revoked. */
static void replace_links(struct memory *m, const struct notice *n)
{
    for (size_t i = 0; i < m->t.links.n; i++) {
        struct m_link *row = m->t.links.items[i];

        if (row->l.notice_id >= n->id || row->revoked || row->redeemed_ms ||
            !str_eq(row->l.event_type, n->event_type) || !str_eq(row->l.unit_key, n->unit_key))
            continue;
        memory_touch(m, row, sizeof *row);
        row->revoked = true;
    }
}

static bool move_others(struct memory *m, const struct notice *row, struct err *e)
{
    switch (row->state) {
    case NOTICE_MERGED:
        change_carrier(m, row->id, row->carrier);
        return true;
    case NOTICE_ACCEPTED:
        replace_links(m, row);
        return end_followers(m, row->id, NOTICE_WITHDRAWN, STR("merged into a later notice"), e);
    case NOTICE_HELD:
        return end_followers(m, row->id, NOTICE_HELD, row->reason, e);
    case NOTICE_WITHDRAWN:
        return wake_newest(m, row, e);
    case NOTICE_WAITING:
    case NOTICE_READY:
    case NOTICE_FLYING:
    case NOTICE_CHECKING:
        break;
    }
    return true;
}

bool memory_save_notice(struct store *s, const struct notice *n, struct err *e)
{
    struct memory *m = (struct memory *)s;
    struct notice *row = ROW(&m->t.notices, n->id);

    if (!row)
        return err_set(e, ERR_INPUT, 0, "no notice %lld", (long long)n->id);
    memory_touch(m, row, sizeof *row);
    row->due_ms = n->due_ms;
    row->expires_ms = n->expires_ms;
    row->tries = n->tries;
    row->resend_ms = n->resend_ms;
    row->coalesce = copy_text(&m->arena, n->coalesce);
    return move(m, row, n->state, n->reason, n->state == NOTICE_MERGED ? n->carrier : 0, e) &&
           move_others(m, row, e);
}
