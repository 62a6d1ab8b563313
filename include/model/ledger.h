/* The balance of everything acknowledged:
 *
 *   acked = notified + recorded + dropped + held + rejected + duplicate + pending
 *
 * A unit is one MLLP frame or one FHIR request that got a positive answer. A unit with several
 * instances counts once, under the first of pending, held, rejected, notified, recorded, dropped
 * that any of them is in. A unit that no rule reads is dropped, reason "no rule". */
#ifndef MODEL_LEDGER_H
#define MODEL_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

/* In the order of precedence: the smallest of a unit's instances is the unit's. */
enum standing {
    STANDING_PENDING = 1, /* something is still to be done              */
    STANDING_HELD,        /* a person decides                           */
    STANDING_REJECTED,    /* the sender's fault                         */
    STANDING_NOTIFIED,    /* WhatsApp accepted a notice                 */
    STANDING_RECORDED,    /* understood, no message called for          */
    STANDING_DROPPED,     /* the feed says so, or no rule reads it      */
};

/* "pending", "held", … */
const char *standing_name(enum standing s);

struct ledger {
    int64_t acked, notified, recorded, dropped, held, rejected, duplicate, pending;
};

/* False when the equation does not hold. */
bool ledger_balances(const struct ledger *l);

#endif
