/* Store in memory, for tests and for trying feeds without a database. */
#include <stdlib.h>

#include "memory_store.h"

void memory_touch(struct memory *m, void *row, size_t size)
{
    struct undo *u = NEW(&m->undo_arena, struct undo);

    *u = (struct undo){m->undo, row, size, arena_get(&m->undo_arena, 1, size)};
    memcpy(u->was, row, size);
    m->undo = u;
}

static bool memory_open(const struct store_settings *set, struct store **out, struct err *e)
{
    struct memory *m = calloc(1, sizeof *m);

    if (!m)
        return err_set(e, ERR_BUSY, 0, "out of memory");
    m->store.ops = &store_memory;
    m->duplicate_ms = set->duplicate_ms;
    *out = &m->store;
    return true;
}

static void memory_close(struct store *s)
{
    struct memory *m = (struct memory *)s;

    if (!m)
        return;
    arena_reset(&m->arena);
    arena_reset(&m->undo_arena);
    free(m);
}

static void forget_undo(struct memory *m)
{
    m->undo = NULL;
    arena_reset(&m->undo_arena);
}

static bool memory_begin(struct store *s, struct err *e)
{
    struct memory *m = (struct memory *)s;

    (void)e;
    m->before = m->t;
    return true;
}

static bool memory_commit(struct store *s, struct err *e)
{
    (void)e;
    forget_undo((struct memory *)s);
    return true;
}

static void memory_rollback(struct store *s)
{
    struct memory *m = (struct memory *)s;

    for (struct undo *u = m->undo; u; u = u->next)
        memcpy(u->row, u->was, u->size);
    m->t = m->before;
    forget_undo(m);
}

struct str copy_text(struct arena *a, struct str s)
{
    return s.p ? arena_copy(a, s) : s;
}

struct message copy_message(struct arena *a, const struct message *m)
{
    struct message c = *m;

    c.feed = copy_text(a, m->feed);
    c.type = copy_text(a, m->type);
    c.body = copy_text(a, m->body);
    c.ack = copy_text(a, m->ack);
    c.channel = copy_text(a, m->channel);
    c.charset = copy_text(a, m->charset);
    c.fallback = copy_text(a, m->fallback);
    c.feed_version = copy_text(a, m->feed_version);
    return c;
}

struct event copy_event(struct arena *a, const struct event *ev)
{
    struct event c = *ev;

    c.type = copy_text(a, ev->type);
    c.unit_key = copy_text(a, ev->unit_key);
    c.slots = NEW_ARRAY(a, struct slot, ev->n_slots);
    for (size_t i = 0; i < ev->n_slots; i++) {
        c.slots[i] = ev->slots[i];
        c.slots[i].name = copy_text(a, ev->slots[i].name);
        c.slots[i].value = copy_text(a, ev->slots[i].value);
        c.slots[i].raw = copy_text(a, ev->slots[i].raw);
    }
    return c;
}

static struct param *copy_params(struct arena *a, const struct param *params, size_t n)
{
    struct param *c = NEW_ARRAY(a, struct param, n);

    for (size_t i = 0; i < n; i++)
        c[i] = (struct param){copy_text(a, params[i].name), copy_text(a, params[i].text)};
    return c;
}

struct instance copy_instance(struct arena *a, const struct instance *in)
{
    struct instance c = *in;

    c.feed = copy_text(a, in->feed);
    c.rule = copy_text(a, in->rule);
    c.reason = copy_text(a, in->reason);
    c.warnings = copy_text(a, in->warnings);
    c.template = copy_text(a, in->template);
    c.language = copy_text(a, in->language);
    c.coalesce = copy_text(a, in->coalesce);
    c.log = copy_text(a, in->log);
    c.params = copy_params(a, in->params, in->n_params);
    c.reminders = NEW_ARRAY(a, struct reminder, in->n_reminders);
    for (size_t i = 0; i < in->n_reminders; i++) {
        const struct reminder *r = &in->reminders[i];

        c.reminders[i] = *r;
        c.reminders[i].template = copy_text(a, r->template);
        c.reminders[i].language = copy_text(a, r->language);
        c.reminders[i].params = copy_params(a, r->params, r->n_params);
    }
    c.event = in->emits ? copy_event(a, &in->event) : (struct event){0};
    return c;
}

struct notice copy_notice(struct arena *a, const struct notice *n)
{
    struct notice c = *n;

    c.reason = copy_text(a, n->reason);
    c.feed = copy_text(a, n->feed);
    c.event_type = copy_text(a, n->event_type);
    c.unit_key = copy_text(a, n->unit_key);
    c.patient_key = copy_text(a, n->patient_key);
    c.coalesce = copy_text(a, n->coalesce);
    c.template = copy_text(a, n->template);
    c.language = copy_text(a, n->language);
    c.params = copy_params(a, n->params, n->n_params);
    c.to = copy_text(a, n->to);
    c.token = copy_text(a, n->token);
    c.log = copy_text(a, n->log);
    return c;
}

const struct store_ops store_memory = {
    .name = "memory",
    .open = memory_open,
    .close = memory_close,
    .begin = memory_begin,
    .commit = memory_commit,
    .rollback = memory_rollback,
    .put_message = memory_put_message,
    .find_parts = memory_find_parts,
    .read_parts = memory_read_parts,
    .end_parts = memory_end_parts,
    .expire_parts = memory_expire_parts,
    .get_sequence = memory_get_sequence,
    .put_sequence = memory_put_sequence,
    .add_peer_notes = memory_add_peer_notes,
    .put_recording = memory_put_recording,
    .take_stored = memory_take_stored,
    .find_unit = memory_find_unit,
    .put_mapped = memory_put_mapped,
    .take_mapped = memory_take_mapped,
    .settle = memory_settle,
    .save_event = memory_save_event,
    .save_news = memory_save_news,
    .put_notice = memory_put_notice,
    .find_open = memory_find_open,
    .find_window = memory_find_window,
    .find_patient = memory_find_patient,
    .find_due = memory_find_due,
    .save_recipient = memory_save_recipient,
    .merge_patients = memory_merge_patients,
    .save_notice = memory_save_notice,
    .release_due = memory_release_due,
    .find_checking = memory_find_checking,
    .revoke_links = memory_revoke_links,
    .find_later = memory_find_later,
    .begin_attempts = memory_begin_attempts,
    .pause_feed = memory_pause_feed,
    .resume_feed = memory_resume_feed,
    .list_paused = memory_list_paused,
    .save_attempt = memory_save_attempt,
    .recover = memory_recover,
    .put_status = memory_put_status,
    .find_attempt = memory_find_attempt,
    .find_statuses = memory_find_statuses,
    .last_status = memory_last_status,
    .count_replies = memory_count_replies,
    .open_link = memory_open_link,
    .use_code = memory_use_code,
    .find_outgoing = memory_find_outgoing,
    .find_replies = memory_find_replies,
    .save_outgoing = memory_save_outgoing,
    .recover_outgoing = memory_recover_outgoing,
    .keep_channels = memory_keep_channels,
    .list_peers = memory_list_peers,
    .list_recordings = memory_list_recordings,
    .read_recording = memory_read_recording,
    .ledger = memory_ledger,
    .list_recent = memory_list_recent,
    .read_message = memory_read_message,
};
