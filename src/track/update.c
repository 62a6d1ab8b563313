#include "update.h"

#include <string.h>

#include "whatsapp/proof.h"

/* Folds everything known of the attempt, so that order and repetition cannot matter. */
static bool fold(struct update *u, struct store *s, struct flight *f, struct arena *a,
                 struct err *e)
{
    enum notice_state was = f->notice.state;
    struct status_list known = {0};

    if (!s->ops->find_statuses(s, f->attempt.wamid, str_of(f->attempt.echo), a, &known, e))
        return false;
    if (proof_fold(&f->attempt, &f->notice, known.items, known.n) != PROOF_FINE) {
        u->conflicts++;
        u->conflict_id = f->notice.id;
    }
    if (f->notice.state != was) {
        u->changed = true;
        if (!s->ops->save_notice(s, &f->notice, e))
            return false;
    }
    return s->ops->save_attempt(s, &f->attempt, e);
}

static bool one(struct update *u, struct store *s, const struct webhook_status *from,
                struct arena *a, struct err *e)
{
    struct status st = {.echo = from->echo,
                        .name = from->name,
                        .error_code = from->error_code,
                        .at_ms = from->at_ms ? from->at_ms : u->received_ms,
                        .received_ms = u->received_ms};
    struct flight f;
    bool fresh, found;

    seal_index(u->seal, "wamid", &from->wamid, 1, st.wamid);
    if (!s->ops->put_status(s, &st, &fresh, e) ||
        !s->ops->find_attempt(s, st.echo, st.wamid, a, &f, &found, e))
        return false;
    u->fresh += fresh;
    if (!found) {
        u->unmatched++;
        return true;
    }
    if (!f.attempt.has_wamid) /* statuses without an echo are found by it */
        memcpy(f.attempt.wamid, st.wamid, sizeof st.wamid);
    /* the store keeps one `failed` a message: the code of another one counts here */
    attempt_fold(&f.attempt, &st, 1);
    return fold(u, s, &f, a, e);
}

/* A tap proves that its message was read. It is kept beside the statuses, once whatever it is repeated. */
static bool tap(struct update *u, struct store *s, const struct webhook_tap *from, struct arena *a,
                struct err *e)
{
    static const uint8_t nothing[INDEX_BYTES];
    struct status st = {.echo = str_of(from->echo),
                        .name = arena_printf(a, "reply_%s", quick_reply_name(from->reply)),
                        .at_ms = from->at_ms ? from->at_ms : u->received_ms,
                        .received_ms = u->received_ms};
    struct flight f;
    bool fresh, found;

    if (!s->ops->find_attempt(s, st.echo, nothing, a, &f, &found, e))
        return false;
    if (!found || !(f.notice.replies & 1 << from->reply)) {
        u->unmatched++;
        return true;
    }
    if (from->wamid.p && !f.attempt.has_wamid)
        seal_index(u->seal, "wamid", &from->wamid, 1, f.attempt.wamid);
    memcpy(st.wamid, f.attempt.wamid, sizeof st.wamid);
    if (memcmp(st.wamid, nothing, sizeof nothing) ==
        0) /* neither names the message: by its attempt */
        seal_index(u->seal, "wamid", &st.echo, 1, st.wamid);
    if (!s->ops->put_status(s, &st, &fresh, e))
        return false;
    u->fresh += fresh;
    u->taps[from->reply] += fresh;
    return fold(u, s, &f, a, e);
}

bool update_run(struct update *u, struct store *s, struct err *e)
{
    struct arena a = {0};
    bool ok = true;

    u->fresh = u->unmatched = u->foreign = u->conflicts = 0;
    u->changed = false;
    memset(u->taps, 0, sizeof u->taps);
    for (size_t i = 0; ok && i < u->hook->n_statuses; i++) {
        const struct webhook_status *st = &u->hook->statuses[i];

        if (st->phone_number_id.p && !str_eq(st->phone_number_id, u->phone_number_id))
            u->foreign++;
        else
            ok = one(u, s, st, &a, e);
        arena_reset(&a);
    }
    for (size_t i = 0; ok && i < u->hook->n_taps; i++) {
        const struct webhook_tap *t = &u->hook->taps[i];

        if (t->phone_number_id.p && !str_eq(t->phone_number_id, u->phone_number_id))
            u->foreign++;
        else
            ok = tap(u, s, t, &a, e);
        arena_reset(&a);
    }
    return ok;
}
