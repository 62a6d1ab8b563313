/* Which sender a message belongs to, and whether it may come from there. */
#include "receive/sender.h"

#include "sender_name.h"

struct mllp_profile mllp_profile_default(void)
{
    return (struct mllp_profile){
        .mode = HL7_MODE_AUTO,
        .app_ack = HL7_APP_SAME_SOCKET,
        .busy = MLLP_BUSY_AE,
        .batch = MLLP_BATCH_EACH,
    };
}

static bool names(const char *wanted, struct str got)
{
    return !wanted || sender_name_is(str_of(wanted), got);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? sender_name_is(str_of(a), str_of(b)) : a == b;
}

/* The certificate of this connection is one of those the sender shows. */
static bool shows(const struct mllp_sender *s, const struct tls_peer *peer)
{
    for (size_t i = 0; peer && i < s->n_certificates; i++) {
        if (tls_peer_is(peer, s->certificates[i]))
            return true;
    }
    return s->n_certificates == 0;
}

static bool comes_from(const struct mllp_sender *s, const struct mllp_origin *from)
{
    return (s->n_addresses == 0 || net_ranges_hold(s->addresses, s->n_addresses, from->address)) &&
           shows(s, from->peer);
}

static bool is_bound(const struct mllp_sender *s)
{
    return s->n_addresses > 0 || s->n_certificates > 0;
}

/* How much a row says about its sender: both names before one, then bound before free. */
static int weight(const struct mllp_sender *s)
{
    return ((s->application != NULL) + (s->facility != NULL)) * 2 + is_bound(s);
}

static const struct mllp_sender *find_named(const struct mllp_sender *all, size_t n,
                                            struct str application, struct str facility)
{
    const struct mllp_sender *best = NULL;

    for (size_t i = 0; i < n; i++) {
        const struct mllp_sender *s = &all[i];

        if ((!best || weight(s) > weight(best)) && names(s->application, application) &&
            names(s->facility, facility))
            best = s;
    }
    return best;
}

/* A row with the very same names: another place of the same sender. One that is not bound is none, it
 * would be everywhere. */
static const struct mllp_sender *find_place(const struct mllp_sender *all, size_t n,
                                            const struct mllp_sender *first,
                                            const struct mllp_origin *from)
{
    for (size_t i = 0; i < n; i++) {
        const struct mllp_sender *s = &all[i];

        if (is_bound(s) && same_text(s->application, first->application) &&
            same_text(s->facility, first->facility) && comes_from(s, from))
            return s;
    }
    return NULL;
}

enum mllp_match mllp_sender_find(const struct mllp_sender *all, size_t n, struct str application,
                                 struct str facility, const struct mllp_origin *from,
                                 const struct mllp_sender **out)
{
    const struct mllp_sender *named = find_named(all, n, application, facility), *here;

    if (!named)
        return MLLP_UNKNOWN;
    here = is_bound(named) ? find_place(all, n, named, from) : named;
    *out = here ? here : named;
    return here ? MLLP_KNOWN : MLLP_FOREIGN;
}
