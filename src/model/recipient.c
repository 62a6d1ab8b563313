#include "model/recipient.h"

enum recipient recipient_of(const struct event *ev, const struct event *patient, struct str *to)
{
    const struct slot *own = patient ? event_slot(patient, STR("phone")) : NULL;

    *to = (struct str){NULL, 0};
    if (patient && event_blocks(patient))
        return RECIPIENT_MUTE;
    if (!own || event_said_ms(patient, "phone") < event_said_ms(ev, "phone")) {
        *to = event_value(ev, "phone");
        return RECIPIENT_NAMED;
    }
    if (!own->value.n)
        return RECIPIENT_NONE;
    *to = own->value;
    return RECIPIENT_NEWER;
}

struct str recipient_reason(enum recipient r)
{
    if (r == RECIPIENT_MUTE)
        return STR("no notices for this patient");
    return r == RECIPIENT_NONE ? STR("no number any more") : (struct str){NULL, 0};
}
