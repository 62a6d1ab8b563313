#include "order.h"

#include "merge.h"

static void add_time(struct event *ev, struct str name, int64_t ms, struct arena *a)
{
    ev->slots[ev->n_slots++] = (struct slot){
        .name = name, .value = arena_printf(a, "%lld", (long long)ms), .class = CLASS_LOGISTICS};
}

static void take_along(struct instance *in, const struct said *said, int64_t at_ms, struct arena *a)
{
    enum { TIMES = 3 };
    struct slot *slots = NEW_ARRAY(a, struct slot, in->event.n_slots + TIMES);

    if (in->event.n_slots)
        memcpy(slots, in->event.slots, in->event.n_slots * sizeof *slots);
    in->event.slots = slots;
    add_time(&in->event, STR("written_ms"), at_ms, a);
    if (event_slot(&in->event, STR("phone")))
        add_time(&in->event, STR("phone_ms"), said->phone_ms, a);
    if (event_slot(&in->event, STR("language")))
        add_time(&in->event, STR("language_ms"), said->language_ms, a);
}

bool order_keep(struct instance *in, const struct said *said, struct store *s, struct arena *a,
                struct err *e)
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
    if (!known || event_said_ms(&unit.event, "written") <= at_ms) {
        take_along(in, said, at_ms, a);
        if (known)
            merge_follow(in, &unit.event);
        return true;
    }
    in->emits = in->notifies = false;
    in->standing = STANDING_RECORDED;
    in->reason = STR("older than what is known");
    return true;
}
