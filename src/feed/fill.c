/* The operations of a rule: guards, then the slots of one instance's event in order, the unit key first. */
#include "instance.h"
#include "leak.h"
#include "personal.h"
#include "program.h"
#include "record.h"

bool instance_stop(struct instance *i, enum feed_outcome_kind kind, struct str reason)
{
    i->out->kind = kind;
    i->out->reason = reason;
    return false;
}

bool instance_too_large(struct instance *i)
{
    return instance_stop(i, FEED_HOLD, STR("message too large"));
}

bool instance_spend(struct instance *i, size_t steps)
{
    struct reading *m = i->m;

    if (steps <= m->steps) {
        m->steps -= steps;
        return true;
    }
    m->steps = 0;
    return instance_too_large(i);
}

void instance_warn(struct instance *i, struct str text)
{
    for (size_t k = 0; k < i->n_warnings; k++)
        if (str_eq(i->warnings[k], text))
            return;
    if (i->n_warnings == i->warning_room) {
        size_t room = i->warning_room ? 2 * i->warning_room : 4;
        struct str *more = NEW_ARRAY(i->m->a, struct str, room);

        if (i->n_warnings)
            memcpy(more, i->warnings, i->n_warnings * sizeof(*more));
        i->warnings = more;
        i->warning_room = room;
    }
    i->warnings[i->n_warnings++] = text;
}

/* MSH-7 without an offset is the site's local time. */
static void settle_message_time(struct instance *i)
{
    const struct moment *m = &i->m->msh7;
    int64_t unix_s;

    if (i->m->side != SIDE_HL7 || !i->m->has_msh7 || m->has_offset || m->precision < MOMENT_MINUTE)
        return;
    zone_to_unix(i->site->zone, &m->local, &unix_s);
    i->message_ms = unix_s * 1000;
}

bool instance_site(struct instance *i)
{
    static const struct slot_type none = {"site", SLOT_SITE, true, false, NULL, NULL};
    const struct slot_type *slot = event_type_slot(i->rule->event, STR("site"));
    const struct value *v = i->map->site;
    const struct op call = {.slot = slot ? slot : &none, .value = v, .arg = v->entry[i->m->side]};
    struct made made = {0};

    if (i->site_state != MADE_UNSET)
        return i->site_state == MADE_VALUE;
    i->site_state = MADE_STOPPED;
    if (!value_make(i, &call, &made))
        return false;
    i->site = made.state == MADE_VALUE ? feed_site(i->m->f, made.text) : NULL;
    if (!i->site) /* a stored event of an older map may name a site that is gone */
        return instance_stop(i, FEED_HOLD, STR("unknown site"));
    i->site_state = MADE_VALUE;
    i->site_class = made.class;
    settle_message_time(i);
    return true;
}

bool instance_stored(struct instance *i, const struct event **out)
{
    const struct feed_memory *memory = i->m->in->memory;

    if (!i->looked && memory && i->event.unit_key.n) {
        if (!memory->find(memory->ctx, i->event.type, i->event.unit_key, i->m->a, &i->stored,
                          &i->found, i->m->e)) {
            i->m->failed = true;
            return false;
        }
        i->looked = true;
    }
    *out = i->found ? &i->stored : NULL;
    return true;
}

/* Puts a value into the event. The last look at its class: a slot never holds more than its type may. */
static bool set_slot(struct instance *i, const struct slot_type *type, const struct made *made)
{
    struct slot *s = &i->event.slots[i->event.n_slots];

    if (made->state != MADE_VALUE)
        return true;
    if (made->class > slot_ceiling(type->kind))
        return leak_class(i, LEAK_SLOT, str_of(type->name), made->class, slot_ceiling(type->kind));
    *s = (struct slot){.name = str_of(type->name), .value = made->text, .class = made->class};
    if (type->kind == SLOT_KEY)
        s->raw = made->raw;
    i->event.n_slots++;
    if (strcmp(type->name, i->rule->event->unit) == 0)
        i->event.unit_key = made->text;
    return true;
}

static bool fill_site(struct instance *i, const struct slot_type *type)
{
    struct made made;

    if (!instance_site(i))
        return false;
    made = (struct made){.state = MADE_VALUE, .text = i->site->code, .class = i->site_class};
    return set_slot(i, type, &made);
}

static bool fill_text(struct instance *i, const struct op *op)
{
    const struct made made = {.state = MADE_VALUE, .text = op->text};

    if (op->code == OP_LITERAL)
        record_literal(i, op->slot, op->text);
    return set_slot(i, op->slot, &made);
}

static bool fill_value(struct instance *i, const struct op *op)
{
    struct made made = {0};

    if (!value_make(i, op, &made) || !set_slot(i, op->slot, &made))
        return false;
    if (op->slot->kind == SLOT_PHONE)
        i->out->phone_ms = made.said_ms;
    else if (op->slot->kind == SLOT_TAG)
        i->out->language_ms = made.said_ms;
    return strcmp(op->slot->name, "patient_key") != 0 || personal_look(i);
}

static struct slot *slot_of(struct event *ev, const char *name)
{
    for (size_t k = 0; k < ev->n_slots; k++)
        if (str_eq(ev->slots[k].name, str_of(name)))
            return &ev->slots[k];
    return NULL;
}

/* Section 9.2: booked again with another start than the stored one counts as moved. */
static bool notice_move(struct instance *i)
{
    struct slot *status = slot_of(&i->event, "status"), *start = slot_of(&i->event, "start");
    const struct event *before = NULL;
    int64_t was, is;

    if (!status || !start || !str_eq(status->value, STR("booked")))
        return true;
    if (!instance_stored(i, &before))
        return false;
    if (before && moment_read_ours(event_value(before, "start"), &was) &&
        moment_read_ours(start->value, &is) && was != is)
        status->value = STR("moved");
    return true;
}

bool instance_step(struct instance *i, const struct op *op)
{
    switch (op->code) {
    case OP_ONLY_IF:
        return guard_only_if(i);
    case OP_SENSITIVE:
        return guard_sensitive(i);
    case OP_SITE:
        return fill_site(i, op->slot);
    case OP_LITERAL:
    case OP_STANDARD:
        return fill_text(i, op);
    case OP_VALUE:
        return fill_value(i, op);
    case OP_MOVED:
        return notice_move(i);
    case OP_COMPOSE:
        compose(i);
        return i->out->kind == FEED_SEND || i->out->kind == FEED_RECORDED;
    case OP_LOOK:
        return instance_spend(i, i->m->in->body.n / 256) && leak_look(i);
    case OP_RULE:
    case OP_TRY: /* of a value: value_make() */
    case OP_AGREE:
    case OP_CARRY:
    case OP_ELSE:
    case OP_FLAG:
    case OP_END:
        break;
    }
    return true;
}
