#include "record.h"

struct record {
    struct arena *a;
    struct trace_slot slot;
    size_t room; /* of slot.tried */
    bool offset; /* the winning text has an offset of its own */
};

struct record *record_begin(struct instance *i, const struct slot_type *slot)
{
    struct record *r;

    if (!i->trace)
        return NULL;
    r = NEW(i->m->a, struct record);
    r->a = i->m->a;
    r->slot.name = str_of(slot->name);
    r->slot.origin = TRACE_UNSET;
    return r;
}

void record_try(struct record *r, const struct source *s, const struct element *e,
                const char *reason, struct str value)
{
    struct trace_slot *slot = r ? &r->slot : NULL;

    if (!slot)
        return;
    if (slot->n_tried == r->room) {
        size_t room = r->room ? 2 * r->room : 4;
        struct trace_try *more = NEW_ARRAY(r->a, struct trace_try, room);

        if (slot->n_tried)
            memcpy(more, slot->tried, slot->n_tried * sizeof(*more));
        slot->tried = more;
        r->room = room;
    }
    slot->tried[slot->n_tried++] =
        (struct trace_try){s->text, !reason, reason, e ? e->text : (struct str){NULL, 0}, value};
}

void record_winner(struct record *r, const struct source *s, const struct element *e,
                   const struct table *t, int line)
{
    struct moment m;

    if (!r)
        return;
    r->slot.origin = TRACE_SOURCE;
    r->slot.source = s->text;
    r->slot.raw = e->text;
    r->slot.table_file = line ? t->file : NULL;
    r->slot.table_line = line;
    r->offset = moment_read(e->text, &m) && m.has_offset;
}

void record_origin(struct record *r, enum trace_origin origin, struct str fact)
{
    if (!r)
        return;
    r->slot.origin = origin;
    r->slot.site_fact = fact;
}

static void add_slot(struct instance *i, const struct trace_slot *slot)
{
    i->trace->slots[i->trace->n_slots++] = *slot;
}

void record_end(struct instance *i, struct record *r, const struct value *v,
                const struct made *made)
{
    const struct converter *last = v->n_as ? &v->as[v->n_as - 1] : NULL;

    if (!r)
        return;
    r->slot.agree = v->agree.kind != ELSE_MISSING;
    if (!made)
        r->slot.origin = TRACE_STOPPED;
    if (made && made->state == MADE_VALUE) {
        r->slot.value = made->text;
        r->slot.class = made->class;
        r->slot.masked = made->class >= CLASS_CONTACT;
    }
    if (last && r->slot.origin == TRACE_SOURCE) {
        r->slot.pseudonym = last->kind == CONVERT_PSEUDONYM;
        r->slot.masked = r->slot.masked || last->kind == CONVERT_PHONE;
        if (last->kind == CONVERT_INSTANT && !r->offset && i->site)
            r->slot.zone_site = i->site->code;
    }
    add_slot(i, &r->slot);
}

void record_literal(struct instance *i, const struct slot_type *slot, struct str text)
{
    if (i->trace)
        add_slot(i, &(struct trace_slot){
                        .name = str_of(slot->name), .origin = TRACE_LITERAL, .value = text});
}

struct reads { /* what is gathered for feed_trace.hl7_reads and fhir_reads */
    struct arena *a;
    struct feed_trace *t;
    struct trace_field *fields;
    struct str *elements;
    size_t field_room, element_room;
};

static void add_field(struct reads *r, const struct hl7_path *p)
{
    for (size_t k = 0; k < r->t->n_hl7_reads; k++)
        if (r->fields[k].field == (int)p->field && strcmp(r->fields[k].segment, p->segment) == 0)
            return;
    if (r->t->n_hl7_reads == r->field_room) {
        size_t room = r->field_room ? 2 * r->field_room : 32;
        struct trace_field *more = NEW_ARRAY(r->a, struct trace_field, room);

        if (r->field_room)
            memcpy(more, r->fields, r->field_room * sizeof(*more));
        r->fields = more;
        r->field_room = room;
    }
    r->fields[r->t->n_hl7_reads].field = (int)p->field;
    memcpy(r->fields[r->t->n_hl7_reads++].segment, p->segment, sizeof(p->segment));
    r->t->hl7_reads = r->fields;
}

static void add_element(struct reads *r, struct str path)
{
    for (size_t k = 0; k < r->t->n_fhir_reads; k++)
        if (str_eq(r->elements[k], path))
            return;
    if (r->t->n_fhir_reads == r->element_room) {
        size_t room = r->element_room ? 2 * r->element_room : 32;
        struct str *more = NEW_ARRAY(r->a, struct str, room);

        if (r->element_room)
            memcpy(more, r->elements, r->element_room * sizeof(*more));
        r->elements = more;
        r->element_room = room;
    }
    r->elements[r->t->n_fhir_reads++] = path;
    r->t->fhir_reads = r->elements;
}

static void add_expression(struct reads *r, const struct fhirpath *x)
{
    struct fhirpath_chains all = fhirpath_chains(x, r->a);

    for (size_t k = 0; k < all.n; k++)
        add_element(r, all.items[k].path);
}

static void add_leaf(void *ctx, const struct cond_leaf *leaf)
{
    for (size_t i = 0; i < leaf->n_paths; i++)
        add_field(ctx, &leaf->paths[i]);
}

static void add_branch(struct reads *r, const struct branch *b, int side)
{
    for (size_t s = 0; s < b->n_sources; s++) {
        if (side == SIDE_HL7)
            add_field(r, &b->sources[s].path);
        else
            add_expression(r, b->sources[s].expr);
    }
    if (b->cond)
        cond_each(b->cond, add_leaf, r);
    if (b->expr)
        add_expression(r, b->expr);
}

void record_reads(struct instance *i)
{
    struct feed_trace *t = i->m->in->trace;
    struct reads r = {.a = i->m->a, .t = t};
    int side = i->m->side;

    if (!t)
        return;
    r.fields = (struct trace_field *)t->hl7_reads;
    r.field_room = t->n_hl7_reads;
    r.elements = (struct str *)t->fhir_reads;
    r.element_room = t->n_fhir_reads;
    for (size_t k = 1; k < i->m->f->n_maps; k++)
        add_branch(&r, &i->m->f->maps[k].where[side], side);
    add_branch(&r, &i->rule->only_if.branch[side], side);
    add_branch(&r, &i->rule->sensitive.branch[side], side);
    for (size_t k = 0; k < i->rule->n_with; k++)
        if (i->rule->with[k].value)
            add_branch(&r, &i->rule->with[k].value->branch[side], side);
    if (i->map->site)
        add_branch(&r, &i->map->site->branch[side], side);
}
