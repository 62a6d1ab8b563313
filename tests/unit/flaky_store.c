#include "flaky_store.h"

static struct flaky *flaky(struct store *s)
{
    return (struct flaky *)s; /* store is its first member */
}

/* True when this call is the one that fails, before the real one is made. */
static bool before(struct flaky *f, struct err *e)
{
    f->calls++;
    if (f->calls != f->at || f->after)
        return false;
    f->fired = true;
    return !err_set(e, f->kind, 0, "flaky on purpose, call %d", f->calls);
}

/* What the caller hears of a real call that ended with `ok`. */
static bool heard(struct flaky *f, bool ok, struct err *e)
{
    if (!ok || f->calls != f->at || !f->after)
        return ok;
    f->fired = true;
    return err_set(e, f->kind, 0, "flaky on purpose, after call %d", f->calls);
}

/* One wrapper an operation: (name, its parameters, the same as arguments). */
#define WRAP(op, params, ...)                                                                      \
    static bool flaky_##op params                                                                  \
    {                                                                                              \
        struct flaky *f = flaky(s);                                                                \
        return !before(f, e) && heard(f, f->real->ops->op(f->real, __VA_ARGS__), e);               \
    }

WRAP(begin, (struct store * s, struct err *e), e)
WRAP(commit, (struct store * s, struct err *e), e)
WRAP(take_stored,
     (struct store * s, size_t most, const uint64_t *stuck, size_t n_stuck, struct arena *a,
      struct message_list *out, struct err *e),
     most, stuck, n_stuck, a, out, e)
WRAP(find_parts,
     (struct store * s, const uint8_t pointer[INDEX_BYTES], int64_t since_ms,
      struct part_chain *out, bool *found, struct err *e),
     pointer, since_ms, out, found, e)
WRAP(read_parts,
     (struct store * s, int64_t first, struct arena *a, struct message_list *out, struct err *e),
     first, a, out, e)
WRAP(end_parts,
     (struct store * s, int64_t first, enum standing standing, struct str reason, struct err *e),
     first, standing, reason, e)

static bool flaky_expire_parts(struct store *s, int64_t before_ms, size_t *n, int64_t *next_ms,
                               struct err *e)
{
    struct flaky *f = flaky(s);

    if (f->no_expire) {
        f->fired = true;
        return err_set(e, f->kind, 0, "flaky on purpose, each time");
    }
    return !before(f, e) &&
           heard(f, f->real->ops->expire_parts(f->real, before_ms, n, next_ms, e), e);
}

WRAP(get_sequence,
     (struct store * s, const uint8_t key[INDEX_BYTES], struct sequence *out, struct err *e), key,
     out, e)
WRAP(put_sequence,
     (struct store * s, const uint8_t key[INDEX_BYTES], const struct sequence *in, struct err *e),
     key, in, e)
WRAP(add_peer_notes,
     (struct store * s, const struct peer_note *all, size_t n, size_t most, struct err *e), all, n,
     most, e)
WRAP(put_recording, (struct store * s, struct recording *r, size_t most, struct err *e), r, most, e)
WRAP(find_outgoing,
     (struct store * s, struct str channel, int64_t now_ms, size_t most, struct arena *a,
      struct outgoing_list *out, struct err *e),
     channel, now_ms, most, a, out, e)
WRAP(find_replies,
     (struct store * s, const int64_t *ids, size_t n, struct arena *a, struct outgoing_list *out,
      struct err *e),
     ids, n, a, out, e)
WRAP(save_outgoing, (struct store * s, const struct outgoing *o, struct err *e), o, e)
WRAP(recover_outgoing, (struct store * s, int64_t now_ms, struct err *e), now_ms, e)
WRAP(keep_channels, (struct store * s, const struct str *all, size_t n, struct err *e), all, n, e)
WRAP(pause_feed, (struct store * s, struct str feed, struct str reason, struct err *e), feed,
     reason, e)
WRAP(resume_feed, (struct store * s, struct str feed, bool *was, struct err *e), feed, was, e)
WRAP(list_paused, (struct store * s, struct arena *a, struct pause_list *out, struct err *e), a,
     out, e)
WRAP(list_peers, (struct store * s, struct arena *a, struct peer_list *out, struct err *e), a, out,
     e)
WRAP(list_recordings,
     (struct store * s, size_t most, struct arena *a, struct recording_list *out, struct err *e),
     most, a, out, e)
WRAP(read_recording,
     (struct store * s, int64_t id, struct arena *a, struct recording *out, struct err *e), id, a,
     out, e)
WRAP(find_unit,
     (struct store * s, struct str type, struct str key, struct arena *a, struct unit *out,
      bool *found, struct err *e),
     type, key, a, out, found, e)
WRAP(take_mapped,
     (struct store * s, size_t most, struct arena *a, struct instance_list *out, struct err *e),
     most, a, out, e)
WRAP(settle,
     (struct store * s, int64_t id, enum standing standing, struct str reason, struct err *e), id,
     standing, reason, e)
WRAP(save_news,
     (struct store * s, struct str type, struct str key, const uint8_t news[INDEX_BYTES],
      struct err *e),
     type, key, news, e)
WRAP(put_notice, (struct store * s, struct notice *n, struct link_new *link, struct err *e), n,
     link, e)
WRAP(find_open,
     (struct store * s, struct str type, struct str key, struct arena *a, struct notice_list *out,
      struct err *e),
     type, key, a, out, e)
WRAP(find_patient,
     (struct store * s, struct str key, struct arena *a, struct notice_list *out, struct err *e),
     key, a, out, e)
WRAP(find_window,
     (struct store * s, struct str coalesce, struct arena *a, struct notice_list *out,
      struct err *e),
     coalesce, a, out, e)
WRAP(save_notice, (struct store * s, const struct notice *n, struct err *e), n, e)
WRAP(release_due, (struct store * s, int64_t now_ms, size_t *n, int64_t *next_ms, struct err *e),
     now_ms, n, next_ms, e)
WRAP(find_checking,
     (struct store * s, size_t most, struct arena *a, struct flight_list *out, struct err *e), most,
     a, out, e)
WRAP(revoke_links,
     (struct store * s, struct str type, struct str key, int64_t now_ms, struct err *e), type, key,
     now_ms, e)
WRAP(find_later, (struct store * s, const struct notice *n, bool *later, struct err *e), n, later,
     e)
WRAP(begin_attempts,
     (struct store * s, size_t most, const char (*echoes)[ECHO_BYTES + 1], int64_t now_ms,
      struct arena *a, struct flight_list *out, struct err *e),
     most, echoes, now_ms, a, out, e)
WRAP(save_attempt, (struct store * s, const struct attempt *at, struct err *e), at, e)
WRAP(recover, (struct store * s, int64_t now_ms, size_t *n, struct err *e), now_ms, n, e)
WRAP(put_status, (struct store * s, const struct status *st, bool *fresh, struct err *e), st, fresh,
     e)
WRAP(find_attempt,
     (struct store * s, struct str echo, const uint8_t wamid[INDEX_BYTES], struct arena *a,
      struct flight *out, bool *found, struct err *e),
     echo, wamid, a, out, found, e)
WRAP(find_statuses,
     (struct store * s, const uint8_t wamid[INDEX_BYTES], struct str echo, struct arena *a,
      struct status_list *out, struct err *e),
     wamid, echo, a, out, e)
WRAP(open_link,
     (struct store * s, const uint8_t token[SEAL_HASH_BYTES], int64_t now_ms,
      const uint8_t code[SEAL_HASH_BYTES], int64_t expires_ms, bool *ok, struct err *e),
     token, now_ms, code, expires_ms, ok, e)
WRAP(use_code,
     (struct store * s, const uint8_t code[SEAL_HASH_BYTES], int64_t now_ms, struct arena *a,
      struct link_target *out, bool *ok, struct err *e),
     code, now_ms, a, out, ok, e)
WRAP(ledger, (struct store * s, struct ledger *out, struct err *e), out, e)
WRAP(list_recent,
     (struct store * s, size_t most, struct arena *a, struct trace_list *out, struct err *e), most,
     a, out, e)
WRAP(read_message,
     (struct store * s, int64_t id, struct arena *a, struct message *out, struct err *e), id, a,
     out, e)

static bool flaky_put_mapped(struct store *s, int64_t id, struct str version, struct instance *all,
                             size_t n, struct err *e)
{
    struct flaky *f = flaky(s);

    if (before(f, e))
        return false;
    if (f->maps && !f->maps(f->ctx, id, all, n)) {
        f->fired = true;
        return err_set(e, f->kind, 0, "flaky on purpose, message %lld", (long long)id);
    }
    return heard(f, f->real->ops->put_mapped(f->real, id, version, all, n, e), e);
}

static bool flaky_put_message(struct store *s, const struct message *m, struct arena *a,
                              struct intake *out, struct err *e)
{
    struct flaky *f = flaky(s);
    bool ok = !before(f, e) && heard(f, f->real->ops->put_message(f->real, m, a, out, e), e);

    if (ok && f->no_acks)
        out->ack = (struct str){NULL, 0};
    return ok;
}

static void flaky_rollback(struct store *s)
{
    flaky(s)->real->ops->rollback(flaky(s)->real);
}

static void flaky_close(struct store *s)
{
    flaky(s)->real->ops->close(flaky(s)->real);
}

static const struct store_ops flaky_ops = {
    .name = "flaky",
    .close = flaky_close,
    .begin = flaky_begin,
    .commit = flaky_commit,
    .rollback = flaky_rollback,
    .put_message = flaky_put_message,
    .find_parts = flaky_find_parts,
    .read_parts = flaky_read_parts,
    .end_parts = flaky_end_parts,
    .expire_parts = flaky_expire_parts,
    .get_sequence = flaky_get_sequence,
    .put_sequence = flaky_put_sequence,
    .add_peer_notes = flaky_add_peer_notes,
    .put_recording = flaky_put_recording,
    .take_stored = flaky_take_stored,
    .find_unit = flaky_find_unit,
    .put_mapped = flaky_put_mapped,
    .take_mapped = flaky_take_mapped,
    .settle = flaky_settle,
    .save_news = flaky_save_news,
    .put_notice = flaky_put_notice,
    .find_open = flaky_find_open,
    .find_window = flaky_find_window,
    .find_patient = flaky_find_patient,
    .save_notice = flaky_save_notice,
    .release_due = flaky_release_due,
    .find_checking = flaky_find_checking,
    .revoke_links = flaky_revoke_links,
    .find_later = flaky_find_later,
    .begin_attempts = flaky_begin_attempts,
    .save_attempt = flaky_save_attempt,
    .recover = flaky_recover,
    .put_status = flaky_put_status,
    .find_attempt = flaky_find_attempt,
    .find_statuses = flaky_find_statuses,
    .open_link = flaky_open_link,
    .use_code = flaky_use_code,
    .find_outgoing = flaky_find_outgoing,
    .find_replies = flaky_find_replies,
    .save_outgoing = flaky_save_outgoing,
    .recover_outgoing = flaky_recover_outgoing,
    .keep_channels = flaky_keep_channels,
    .pause_feed = flaky_pause_feed,
    .resume_feed = flaky_resume_feed,
    .list_paused = flaky_list_paused,
    .list_peers = flaky_list_peers,
    .list_recordings = flaky_list_recordings,
    .read_recording = flaky_read_recording,
    .ledger = flaky_ledger,
    .list_recent = flaky_list_recent,
    .read_message = flaky_read_message,
};

struct store *flaky_over(struct flaky *f, struct store *real, int at)
{
    *f = (struct flaky){.store.ops = &flaky_ops, .real = real, .at = at, .kind = ERR_BUSY};
    return &f->store;
}
