#include "personal.h"

static const struct str record_type = STR_LIT("patient/1");

bool personal_slot(const struct instance *i, const struct slot_type *slot)
{
    return (slot->kind == SLOT_PHONE || slot->kind == SLOT_TAG) &&
           !str_eq(i->event.type, record_type);
}

bool personal_same(const struct instance *i, const struct event *before)
{
    struct str now = event_value(&i->event, "patient_key");
    struct str then = event_value(before, "patient_key");

    return !now.p || !then.p || str_eq(now, then);
}

bool personal_look(struct instance *i)
{
    const struct feed_memory *memory = i->m->in->memory;
    struct slot *named = NULL;
    const struct slot *own;

    for (size_t k = 0; k < i->event.n_slots; k++)
        if (str_eq(i->event.slots[k].name, STR("patient_key")))
            named = &i->event.slots[k];
    if (!memory || !named || str_eq(i->event.type, record_type))
        return true;
    if (!memory->find(memory->ctx, record_type, named->value, i->m->a, &i->own, &i->has_own,
                      i->m->e)) {
        i->m->failed = true;
        return false;
    }
    own = i->has_own ? event_slot(&i->own, STR("patient_key")) : NULL;
    if (own && !str_eq(own->value, named->value)) {
        named->value = own->value;
        named->raw = own->raw;
    }
    return true;
}

enum personal personal_word(const struct instance *i, const struct slot_type *type, int64_t said_ms,
                            const struct slot **slot)
{
    *slot = i->has_own ? event_slot(&i->own, str_of(type->name)) : NULL;
    if (!*slot || event_said_ms(&i->own, type->name) < said_ms)
        return PERSONAL_KEEP;
    return (*slot)->value.n ? PERSONAL_NEWER : PERSONAL_GONE;
}
