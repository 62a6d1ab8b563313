/* Which sender a message belongs to, and whether it may come from there. */
#include "receive/sender.h"

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
    return !wanted || str_eq(str_of(wanted), got);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? str_eq(str_of(a), str_of(b)) : a == b;
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

/* The first row with a name of this message decides; one that is bound elsewhere leaves it to rows
 * with the very same names. */
static const struct mllp_sender *find_named(const struct mllp_sender *all, size_t n,
                                            struct str application, struct str facility,
                                            const struct mllp_origin *from, bool *foreign)
{
    const struct mllp_sender *first = NULL;

    *foreign = false;
    for (size_t i = 0; i < n; i++) {
        const struct mllp_sender *s = &all[i];

        if ((!s->application && !s->facility) || !names(s->application, application) ||
            !names(s->facility, facility))
            continue;
        if (first && (!same_text(s->application, first->application) ||
                      !same_text(s->facility, first->facility)))
            continue;
        if (comes_from(s, from))
            return s;
        if (!first)
            first = s;
    }
    *foreign = first != NULL;
    return first;
}

enum mllp_match mllp_sender_find(const struct mllp_sender *all, size_t n, struct str application,
                                 struct str facility, const struct mllp_origin *from,
                                 const struct mllp_sender **out)
{
    const struct mllp_sender *s;
    bool foreign;

    s = find_named(all, n, str_trim(application), str_trim(facility), from, &foreign);
    for (size_t i = 0; !s && i < n; i++) {
        if (!all[i].application && !all[i].facility && comes_from(&all[i], from))
            s = &all[i];
    }
    if (!s)
        return MLLP_UNKNOWN;
    *out = s;
    return foreign ? MLLP_FOREIGN : MLLP_KNOWN;
}
