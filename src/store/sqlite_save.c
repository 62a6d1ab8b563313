/* A notice moves, and with it whatever hangs on it (the list in store.h, save_notice()). */
#include "growing.h"
#include "sqlite_store.h"

static const struct query write_notice = {
    "save notice",
    "UPDATE notice SET state = ?2, reason = ?3, due_ms = ?4, tries = ?5,"
    " coalesce_key = ?6, carrier = ?7, token = CASE WHEN ?8 THEN NULL ELSE token END,"
    " resend_ms = ?9, expires_ms = ?10"
    " WHERE id = ?1 RETURNING instance_id, event_type, unit_key, before_ms"};
static const struct query end_follower = {
    "end a merged notice", "UPDATE notice SET state = ?2, reason = ?3, carrier = 0, token = NULL"
                           " WHERE id = ?1 RETURNING instance_id, event_type, unit_key, before_ms"};
static const struct query wake_follower = {
    "wake a merged notice",
    "UPDATE notice SET state = 1, reason = NULL, carrier = 0, due_ms = ?2"
    " WHERE id = ?1 RETURNING instance_id, event_type, unit_key, before_ms"};
static const struct query find_followers = {
    "find merged notices", "SELECT id FROM notice WHERE carrier = ?1 AND state = 8 ORDER BY id"};
static const struct query change_carrier = {
    "change carrier", "UPDATE notice SET carrier = ?2 WHERE carrier = ?1 AND state = 8"};
static const struct query forget_news = {
    "forget news", "UPDATE unit SET news = NULL WHERE event_type = ?1 AND unit_key = ?2"};
static const struct query lose_attempts = {
    "hold damaged", "UPDATE attempt SET state = 5 WHERE notice_id = ?1 AND state = 1"};

/* One notice on its way, as its row says. */
struct move {
    int64_t id, instance_id;
    struct str event_type, unit_key;
    int64_t before_ms;
    enum notice_state state;
    struct str reason;
};

static const struct query find_siblings = {
    "find siblings", "SELECT state, reason FROM notice WHERE instance_id = ?1 ORDER BY id"};

/* An instance with reminders counts once, under the first standing that any of its notices is in. */
static bool stand(struct sqlite *q, const struct move *m, struct err *e)
{
    enum standing least = notice_standing(m->state);
    struct str reason = m->reason;
    struct rows r;
    bool more, ok;

    if (!rows_open(&r, q, &find_siblings, ARGS(INT(m->instance_id)), e))
        return false;
    while ((ok = rows_next(&r, &more, e)) && more) {
        enum standing one = notice_standing((enum notice_state)row_int(&r, 0));

        if (one >= least)
            continue;
        least = one;
        reason = row_text(&r, 1, &q->scratch);
    }
    return ok && instance_stand(q, m->instance_id, least, reason, e);
}

/* Runs a query that writes `m->id` and reads back the rest; then the ledger's side of it. */
static bool write_move(struct sqlite *q, const struct query *query, const struct arg *args,
                       size_t n, struct move *m, struct err *e)
{
    struct rows r;
    bool found;

    if (!rows_one(&r, q, query, args, n, &found, e))
        return false;
    if (!found)
        return err_set(e, ERR_INPUT, 0, "no notice %lld", (long long)m->id);
    m->instance_id = row_int(&r, 0);
    m->event_type = row_text(&r, 1, &q->scratch);
    m->unit_key = row_text(&r, 2, &q->scratch);
    m->before_ms = row_int(&r, 3);
    rows_close(&r);
    return stand(q, m, e);
}

/* What a later notice has said of the unit since stays known. */
static bool forget(struct sqlite *q, const struct move *m, struct err *e)
{
    const struct notice n = {.id = m->id,
                             .state = m->state,
                             .reason = m->reason,
                             .event_type = m->event_type,
                             .unit_key = m->unit_key,
                             .before_ms = m->before_ms,
                             .instance_id = m->instance_id};
    bool later;

    if (!notice_forgets(&n))
        return true;
    return sqlite_find_later(&q->store, &n, &later, e) &&
           (later || sql_do(q, &forget_news, ARGS(TEXT(n.event_type), TEXT(n.unit_key)), NULL, e));
}

static bool followers_of(struct sqlite *q, int64_t carrier, struct id_list *out, struct err *e)
{
    struct rows r;
    bool more, ok;

    *out = (struct id_list){0};
    if (!rows_open(&r, q, &find_followers, ARGS(INT(carrier)), e))
        return false;
    while ((ok = rows_next(&r, &more, e)) && more)
        *GROW(&q->scratch, out) = row_int(&r, 0);
    return ok;
}

static bool end_followers(struct sqlite *q, int64_t carrier, enum notice_state state,
                          struct str reason, bool forgets, struct err *e)
{
    struct id_list all;

    if (!followers_of(q, carrier, &all, e))
        return false;
    for (size_t i = 0; i < all.n; i++) {
        struct move m = {.id = all.items[i], .state = state, .reason = reason};

        if (!write_move(q, &end_follower, ARGS(INT(m.id), INT(state), TEXT(reason)), &m, e) ||
            (forgets && !forget(q, &m, e)))
            return false;
    }
    return true;
}

/* The newest takes the place of the withdrawn carrier, its due time included. */
static bool wake_newest(struct sqlite *q, const struct notice *carrier, struct err *e)
{
    struct move m = {.state = NOTICE_WAITING};
    struct id_list all;

    if (!followers_of(q, carrier->id, &all, e))
        return false;
    if (all.n == 0)
        return true;
    m.id = all.items[all.n - 1];
    return write_move(q, &wake_follower, ARGS(INT(m.id), INT(carrier->due_ms)), &m, e) &&
           sql_do(q, &change_carrier, ARGS(INT(carrier->id), INT(m.id)), NULL, e);
}

static bool move_others(struct sqlite *q, const struct notice *n, const struct move *m,
                        bool forgets, struct err *e)
{
    switch (n->state) {
    case NOTICE_MERGED:
        return sql_do(q, &change_carrier, ARGS(INT(n->id), INT(n->carrier)), NULL, e);
    case NOTICE_ACCEPTED:
        return end_followers(q, n->id, NOTICE_WITHDRAWN, STR("merged into a later notice"), forgets,
                             e) &&
               links_replace(q, n->id, m->event_type, m->unit_key, e);
    case NOTICE_HELD:
        return end_followers(q, n->id, NOTICE_HELD, n->reason, forgets, e);
    case NOTICE_WITHDRAWN:
        return wake_newest(q, n, e);
    case NOTICE_WAITING:
    case NOTICE_READY:
    case NOTICE_FLYING:
    case NOTICE_CHECKING:
        break;
    }
    return true;
}

bool notice_is_final(enum notice_state state)
{
    return state == NOTICE_ACCEPTED || state == NOTICE_HELD || state == NOTICE_WITHDRAWN;
}

static bool save(struct sqlite *q, const struct notice *n, bool forgets, struct err *e)
{
    struct move m = {.id = n->id, .state = n->state, .reason = n->reason};

    return write_move(q, &write_notice,
                      ARGS(INT(n->id), INT(n->state), TEXT(n->reason), INT(n->due_ms),
                           INT(n->tries), TEXT(n->coalesce),
                           INT(n->state == NOTICE_MERGED ? n->carrier : 0),
                           INT(notice_is_final(n->state)), INT(n->resend_ms), INT(n->expires_ms)),
                      &m, e) &&
           move_others(q, n, &m, forgets, e) && (!forgets || forget(q, &m, e));
}

bool sqlite_save_notice(struct store *s, const struct notice *n, struct err *e)
{
    return save((struct sqlite *)s, n, true, e);
}

/* One that was on the wire may have told the patient: its news stays known. */
bool notice_hold_damaged(struct sqlite *q, const struct notice *n, struct err *e)
{
    const struct notice held = {.id = n->id,
                                .state = NOTICE_HELD,
                                .reason = DAMAGED,
                                .due_ms = n->due_ms,
                                .expires_ms = n->expires_ms,
                                .tries = n->tries};
    bool was_sent = n->state == NOTICE_FLYING || n->state == NOTICE_CHECKING;

    return sql_do(q, &lose_attempts, ARGS(INT(n->id)), NULL, e) && save(q, &held, !was_sent, e);
}
