/* Is it news to the patient, and what becomes of what was planned before? Pure. */
#ifndef PLAN_DECIDE_H
#define PLAN_DECIDE_H

#include "store/store.h"

enum verdict {
    VERDICT_TELL = 1, /* plan a notice                              */
    VERDICT_RECORD,   /* nothing to tell: the reason says why       */
};

enum withdraw {
    WITHDRAW_NOTHING,
    WITHDRAW_REMINDERS, /* nobody is told what is true now, but reminders would say what is not */
    WITHDRAW_ALL,
};

struct decision {
    enum verdict verdict;
    struct str reason;      /* VERDICT_RECORD */
    enum withdraw withdraw; /* of this unit, what has not left yet */
    bool revoke;            /* links of this unit that are out already     */
    bool remember; /* `news` is the latest a patient hears of; so it is when reminders go */
    uint8_t news[INDEX_BYTES];
};

/* in       a pending instance: it notifies, or its event is over (model/event.h) and nobody is told
 * unit     what is known of its unit before this notice; NULL: nothing
 * mute     why this patient is told nothing at all (model/recipient.h); absent: is told
 *
 * A test message and a stale event are never sent. An event that is over stops what waits, and one that
 * takes back revokes the links, whoever is told, however late it came. An event that shows the patient the same facts
 * as the last one is not news: for an appointment booked, moved and changed are one state, so an
 * S14 that only checks the patient in, or an S12 after its S13, is silent. `withdrawn` and `undone`
 * are told only where an earlier notice was on the wire. What waits is withdrawn by what is told
 * or over; reminders by whatever shows other facts. */
struct decision plan_decide(const struct seal *seal, const struct instance *in,
                            const struct unit *unit, struct str mute, int64_t now_ms);

#endif
