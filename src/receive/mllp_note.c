/* What peers do: counted, told to the peer notes, looked at by the flight recorder. Whose messages they
 * send. */
#include <stdlib.h>

#include "base/log.h"
#include "mllp_conn.h"
#include "sender_name.h"

struct tally {
    uint64_t n, offset;
};

/* Of one connection, not yet with the receiver's peer notes. What is wrong with the framing is nobody's but
 * the connection's: it stands between messages, or damages one. The rest is of one sender. */
struct mllp_tallies {
    struct tally framing[HL7_CODES], codes[HL7_CODES], refused[HL7_CONDITIONS];
};

_Static_assert(HL7_CODES <= 64, "mllp_conn.codes_seen");

static struct mllp_tallies *tallies(struct mllp_conn *c)
{
    if (!c->tallies)
        c->tallies = calloc(1, sizeof *c->tallies);
    if (!c->tallies)
        abort();
    return c->tallies;
}

static void count(struct tally *t, uint64_t n, uint64_t offset)
{
    t->n += n;
    t->offset = offset;
}

static void tell_codes(struct mllp_peers *p, const struct peer_who *who, const struct tally *codes)
{
    for (int i = 0; i < HL7_CODES; i++) {
        if (codes[i].n)
            mllp_peers_add(p, who, hl7_code_name((enum hl7_code)i), codes[i].n, codes[i].offset);
    }
}

void mllp_conn_tell_peers(struct mllp_conn *c)
{
    struct mllp_tallies *t = c->tallies;
    struct mllp_peers *p = &c->r->peers;
    struct peer_who nobody = {0};

    if (!t)
        return;
    c->tallies = NULL;
    memcpy(nobody.address, c->who.address, sizeof nobody.address);
    tell_codes(p, &nobody, t->framing);
    tell_codes(p, &c->who, t->codes);
    for (int i = 0; i < HL7_CONDITIONS; i++) {
        if (t->refused[i].n)
            mllp_peers_add(p, &c->who, peer_refusal_name((enum hl7_condition)i), t->refused[i].n,
                           t->refused[i].offset);
    }
    free(t);
}

void mllp_conn_note_framing(struct mllp_conn *c, const struct mllp_event *ev)
{
    /* The start byte inside was counted where it stood. */
    if (ev->step != MLLP_REFUSE || ev->code != MLLP_SB_IN_CONTENT) {
        c->r->counts.codes[ev->code]++;
        count(&tallies(c)->framing[ev->code], 1, ev->offset);
    }
    if (ev->step == MLLP_NOTE)
        mllp_recorder_tolerated(c, ev->code);
    else
        mllp_recorder_refused(c, hl7_code_name(ev->code));
}

static enum mllp_match find_sender(const struct mllp_conn *c, const struct hl7_header *h,
                                   const struct mllp_sender **out)
{
    const struct mllp_receiver_settings *set = &c->r->set;
    struct mllp_origin from = {c->stream->peer, c->stream->certificate};
    struct hl7_charset_settings charset = {.force = set->profile.charset,
                                           .fallback = set->profile.fallback};
    struct arena a = {0};
    enum mllp_match match;
    bool alias;

    if (c->unit.xml)
        charset.force = hl7_charset_find(STR("UNICODE UTF-8"), &alias);
    *out = NULL;
    match = mllp_sender_find(set->senders, set->n_senders, sender_name(h, 3, &charset, &a),
                             sender_name(h, 4, &charset, &a), &from, out);
    arena_reset(&a);
    return match;
}

/* Notes so far are those of the sender before. What a message itself says is not written down: a name may be
 * a patient's. */
static void name_sender(struct mllp_conn *c, const struct mllp_sender *s)
{
    char application[PEER_NAME_BYTES + 1], facility[PEER_NAME_BYTES + 1];

    peer_name(s ? s->application : NULL, application);
    peer_name(s ? s->facility : NULL, facility);
    if (strcmp(application, c->who.application) == 0 && strcmp(facility, c->who.facility) == 0)
        return;
    mllp_conn_tell_peers(c);
    memcpy(c->who.application, application, sizeof application);
    memcpy(c->who.facility, facility, sizeof facility);
}

void mllp_conn_note(struct mllp_conn *c, const struct hl7_header *h, const struct hl7_notes *notes,
                    enum hl7_condition refused)
{
    if (h && h->batch)
        (void)find_sender(c, h, &c->whose);
    name_sender(c, h ? c->whose : NULL);
    for (int i = 0; i < HL7_CODES; i++) {
        if (notes->count[i] == 0)
            continue;
        c->r->counts.codes[i] += notes->count[i];
        count(&tallies(c)->codes[i], notes->count[i], c->frame_at + notes->first[i]);
        mllp_recorder_tolerated(c, (enum hl7_code)i);
    }
    if (refused == HL7_COMMITTED)
        return;
    count(&tallies(c)->refused[refused], 1, c->frame_at);
    mllp_recorder_refused(c, peer_refusal_name(refused));
}

static void say_more(const struct mllp_receiver *r, const char *stage, uint64_t n)
{
    if (n)
        log_event(LOG_WARN, stage, "%s: %llu more %s were not written down one by one", r->set.name,
                  (unsigned long long)n,
                  strcmp(stage, "security") == 0 ? "events" : "messages not taken");
}

bool mllp_receiver_may_say(struct mllp_receiver *r)
{
    uint64_t left_out;
    bool may = said_one(&r->security, uv_now(r->set.loop), &left_out);

    say_more(r, "security", left_out);
    return may;
}

bool mllp_receiver_may_say_refused(struct mllp_receiver *r)
{
    uint64_t left_out;
    bool may = said_one(&r->refusals, uv_now(r->set.loop), &left_out);

    say_more(r, "receive", left_out);
    return may;
}

void mllp_receiver_say_rest(struct mllp_receiver *r, uint64_t now_ms)
{
    say_more(r, "security", said_rest(&r->security, now_ms));
    say_more(r, "receive", said_rest(&r->refusals, now_ms));
}

enum mllp_match mllp_conn_sender(struct mllp_conn *c, const struct hl7_header *h,
                                 const struct mllp_profile **out)
{
    const struct mllp_receiver_settings *set = &c->r->set;
    enum mllp_match match = find_sender(c, h, &c->whose);
    const struct mllp_sender *s = c->whose;

    *out = s ? &s->profile : &set->profile;
    if (match == MLLP_UNKNOWN && set->only_known)
        match = MLLP_FOREIGN;
    if (match != MLLP_FOREIGN)
        return match;
    c->r->counts.foreign++;
    if (mllp_receiver_may_say(c->r))
        log_event(LOG_WARN, "security",
                  "mllp connection %llu from %s: a message with the names of %s -> refused",
                  (unsigned long long)c->id, c->stream->peer, s ? s->name : "nobody who is listed");
    return match;
}
