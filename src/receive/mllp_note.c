/* What peers do is counted, and whose messages they send is looked up. */
#include "base/log.h"
#include "mllp_conn.h"

void mllp_conn_note_framing(struct mllp_conn *c, const struct mllp_event *ev)
{
    c->r->counts.codes[ev->code]++;
    hl7_note(&c->framing, ev->code, ev->offset);
}

void mllp_conn_note(struct mllp_conn *c, const struct hl7_header *h, const struct hl7_notes *notes,
                    enum hl7_condition refused)
{
    (void)h;
    (void)refused;
    for (int i = 0; i < HL7_CODES; i++)
        c->r->counts.codes[i] += notes->count[i];
}

enum mllp_match mllp_conn_sender(struct mllp_conn *c, const struct hl7_header *h,
                                 const struct mllp_profile **out)
{
    const struct mllp_receiver_settings *set = &c->r->set;
    struct mllp_origin from = {c->stream->peer, c->stream->certificate};
    const struct mllp_sender *s = NULL;
    enum mllp_match match = mllp_sender_find(set->senders, set->n_senders, hl7_header_name(h, 3),
                                             hl7_header_name(h, 4), &from, &s);

    *out = s ? &s->profile : &set->profile;
    if (match == MLLP_UNKNOWN && set->only_known)
        match = MLLP_FOREIGN;
    if (match != MLLP_FOREIGN)
        return match;
    c->r->counts.foreign++;
    log_event(LOG_WARN, "security", "mllp connection %llu from %s: names of %s -> message refused",
              (unsigned long long)c->id, c->stream->peer, s ? s->name : "nobody who is listed");
    return match;
}
