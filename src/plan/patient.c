/* What a patient's own record means for what is planned. */
#include "run.h"

static const struct str type = STR_LIT("patient/1");

bool patient_find(struct run *r, const struct event *ev, struct patient *out, struct err *e)
{
    const struct slot *named = event_slot(ev, STR("patient_key")), *own;
    struct unit unit;

    *out = (struct patient){.key = named ? named->value : (struct str){NULL, 0},
                            .raw = named ? named->raw : (struct str){NULL, 0}};
    if (!named)
        return true;
    if (!r->store->ops->find_unit(r->store, type, named->value, r->arena, &unit, &out->known, e))
        return false;
    if (!out->known)
        return true;
    out->record = unit.event;
    own = event_slot(&unit.event, STR("patient_key"));
    if (own && !str_eq(own->value, out->key)) {
        out->key = own->value;
        out->raw = own->raw;
    }
    return true;
}

static bool readdress(struct run *r, struct notice *n, const struct event *record, struct str to,
                      struct err *e)
{
    approval_readdress(r->set->seal, record, to, r->arena, n);
    return r->store->ops->save_recipient(r->store, n, e);
}

/* One on the wire keeps its number while it is there; it matters if it leaves once more. */
static bool heed(struct run *r, struct notice *n, const struct event *record, struct err *e)
{
    const struct store_ops *ops = r->store->ops;
    enum recipient who;
    struct unit unit;
    struct str to;
    bool known;

    if (!ops->find_unit(r->store, n->event_type, n->unit_key, r->arena, &unit, &known, e))
        return e->kind == ERR_INPUT;
    who = recipient_of(known ? &unit.event : &(struct event){0}, record, &to);
    if (who == RECIPIENT_NAMED)
        return true;
    if (who == RECIPIENT_NEWER || notice_on_the_wire(n))
        return str_eq(n->to, to) || readdress(r, n, record, to, e);
    return run_withdraw(r, n, recipient_reason(who), e);
}

bool patient_changed(struct run *r, const struct instance *in, struct err *e)
{
    const struct store_ops *ops = r->store->ops;
    struct notice_list open = {0};
    struct unit unit;
    bool known;

    if (!ops->find_unit(r->store, type, in->event.unit_key, r->arena, &unit, &known, e)) {
        return e->kind == ERR_INPUT &&
               ops->settle(r->store, in->id, STANDING_HELD, STR("damaged on disk"), e);
    }
    if (known && !ops->find_patient(r->store, unit.event.unit_key, r->arena, &open, e))
        return false;
    for (size_t i = 0; i < open.n; i++) {
        if (!heed(r, &open.items[i], &unit.event, e))
            return false;
    }
    return ops->settle(r->store, in->id, STANDING_RECORDED, in->reason, e);
}

bool patient_heed(struct run *r, struct notice *n, struct err *e)
{
    struct unit unit;
    bool known;

    if (!n->patient_key.p)
        return true;
    if (!r->store->ops->find_unit(r->store, type, n->patient_key, r->arena, &unit, &known, e))
        return e->kind == ERR_INPUT;
    return !known || heed(r, n, &unit.event, e);
}
