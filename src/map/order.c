#include "order.h"

static const struct str written = STR_LIT("written_ms"); /* a slot that no feed can name */

static void take_along(struct instance *in, int64_t at_ms, struct arena *a)
{
    struct slot *slots = NEW_ARRAY(a, struct slot, in->event.n_slots + 1);

    memcpy(slots, in->event.slots, in->event.n_slots * sizeof *slots);
    slots[in->event.n_slots] = (struct slot){.name = written,
                                             .value = arena_printf(a, "%lld", (long long)at_ms),
                                             .class = CLASS_LOGISTICS};
    in->event.slots = slots;
    in->event.n_slots++;
}

static int64_t written_ms(const struct event *ev)
{
    const struct slot *s = event_slot(ev, written);

    int64_t ms = 0;

    for (size_t i = 0; s && i < s->value.n; i++)
        ms = 10 * ms + (s->value.p[i] - '0'); /* our own digits */
    return ms;
}

bool order_keep(struct instance *in, struct store *s, struct arena *a, struct err *e)
{
    int64_t at_ms = in->message_ms < in->received_ms ? in->message_ms : in->received_ms;
    struct unit unit;
    bool known = false;

    if (!in->emits || in->test)
        return true;
    at_ms = at_ms > 0 ? at_ms : 0;
    if (!s->ops->find_unit(s, in->event.type, in->event.unit_key, a, &unit, &known, e) &&
        e->kind != ERR_INPUT)
        return false;
    if (!known || written_ms(&unit.event) <= at_ms) {
        take_along(in, at_ms, a);
        return true;
    }
    in->emits = in->notifies = false;
    in->standing = STANDING_RECORDED;
    in->reason = STR("older than what is known");
    return true;
}
