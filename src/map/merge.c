#include "merge.h"

/* Puts the slot of that name into the event, whose slots have room for it. */
static void put_slot(struct event *ev, const struct slot *slot)
{
    for (size_t i = 0; i < ev->n_slots; i++) {
        if (str_eq(ev->slots[i].name, slot->name)) {
            ev->slots[i] = *slot;
            return;
        }
    }
    ev->slots[ev->n_slots++] = *slot;
}

static void take_newer(struct event *to, const struct event *from, const char *name,
                       const char *when)
{
    const struct slot *slot = event_slot(from, str_of(name));
    const struct slot *at = event_slot(from, str_of(when));

    if (!slot || !at)
        return;
    if (event_slot(to, str_of(name)) && event_said_ms(from, name) <= event_said_ms(to, name))
        return;
    put_slot(to, slot);
    put_slot(to, at);
}

/* What the record that goes knows better, and a word against notices. */
static void join(struct event *to, const struct event *from, struct arena *a)
{
    enum { MORE = 5 };
    const struct slot *blocked = event_slot(from, STR("blocked"));
    struct slot *slots = NEW_ARRAY(a, struct slot, to->n_slots + MORE);

    if (to->n_slots)
        memcpy(slots, to->slots, to->n_slots * sizeof *slots);
    to->slots = slots;
    take_newer(to, from, "phone", "phone_ms");
    take_newer(to, from, "language", "language_ms");
    if (blocked && event_blocks(from))
        put_slot(to, blocked);
}

static bool of_patient(const struct instance *in)
{
    return str_eq(in->event.type, STR("patient/1"));
}

/* The number that becomes this event's own; empty: none. */
static struct str merged_number(const struct instance *in)
{
    struct str previous = event_value(&in->event, "previous_key");
    bool merges = str_eq(event_value(&in->event, "change"), STR("merge"));

    return merges && of_patient(in) ? previous : (struct str){NULL, 0};
}

void merge_follow(struct instance *in, const struct event *record)
{
    struct str merged = merged_number(in), key = record->unit_key;
    const struct slot *own = event_slot(record, STR("patient_key"));

    if (!of_patient(in) || !own || str_eq(key, in->event.unit_key) ||
        (merged.n && !str_eq(merged, in->event.unit_key)))
        return;
    for (size_t i = 0; i < in->event.n_slots; i++) {
        struct slot *s = &in->event.slots[i];

        if (!str_eq(s->name, own->name))
            continue;
        s->value = own->value;
        s->raw = own->raw;
    }
    in->event.unit_key = key;
}

bool merge_take(const struct instance *in, struct store *s, struct arena *a, struct err *e)
{
    struct str previous = merged_number(in);
    const struct slot *key = event_slot(&in->event, STR("patient_key"));
    struct unit gone, stays;
    bool known = false, stays_known = false, merged;

    if (!in->emits || in->test || !previous.n)
        return true;
    if (!s->ops->find_unit(s, in->event.type, previous, a, &gone, &known, e) &&
        e->kind != ERR_INPUT)
        return false;
    if (!s->ops->merge_patients(s, previous, in->event.unit_key,
                                key ? key->raw : (struct str){NULL, 0},
                                event_said_ms(&in->event, "written"), &merged, e))
        return false;
    if (!merged || !known || str_eq(gone.event.unit_key, in->event.unit_key))
        return true;
    if (!s->ops->find_unit(s, in->event.type, in->event.unit_key, a, &stays, &stays_known, e))
        return e->kind == ERR_INPUT;
    if (!stays_known)
        return true;
    join(&stays.event, &gone.event, a);
    return s->ops->save_event(s, &stays.event, e);
}
