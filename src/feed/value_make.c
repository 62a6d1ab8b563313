/* From the candidates of a value to its result: the first that converts wins. */
#include "base/utf8.h"
#include "instance.h"
#include "personal.h"
#include "program.h"
#include "record.h"

struct making { /* one value of one instance under way */
    struct instance *i;
    const struct value *v;
    const struct slot_type *slot;
    const struct branch *branch;
    const struct table *table;
    bool phone, uses_site;
    size_t n_candidates;
    bool deleted;
    bool won;
    struct made made;
    struct str *firsts; /* agree: the first result of each source; absent: none */
    struct record *record;
};

static bool agrees(const struct value *v)
{
    return v->agree.kind != ELSE_MISSING;
}

static struct convert_context context(const struct making *k)
{
    const struct instance *i = k->i;
    const struct reading *m = i->m;
    struct convert_context c = {
        .arena = m->a,
        .offered = m->f->offered,
        .n_offered = m->f->n_offered,
        .keyspace = m->f->keyspace,
        .message_ms = i->message_ms,
        .has_offset = m->has_msh7 && m->msh7.has_offset,
        .offset_s = m->msh7.offset_s,
        .key = m->in->key,
        .domain = convert_domain(str_of(k->slot->name)),
    };

    if (i->site) {
        c.zone = i->site->zone;
        c.country = i->site->country;
        c.area = i->site->area;
        c.site_language = i->site->language;
    }
    return c;
}

struct tried { /* one candidate */
    struct str text;
    const char *reason;   /* NULL: converted */
    struct table_row row; /* line 0: no table */
};

static struct tried convert(struct making *k, const struct element *e)
{
    struct convert_context c = context(k);
    struct converted done = {0};
    struct tried t = {0};

    if (e->unfit)
        return (struct tried){.reason = "text.damaged"};
    if (!convert_run(k->v->as, k->v->n_as, &c, &e->candidate, &done))
        return (struct tried){.reason = done.reason};
    if (done.warning && !k->won)
        instance_warn(k->i, str_of(done.warning));
    t.text = done.text;
    if (k->table) {
        if (!table_find(k->table, done.text, &t.row))
            return (struct tried){.reason = "table.unlisted"};
        t.text = t.row.to;
    }
    if ((k->slot->kind == SLOT_TICKET || k->slot->kind == SLOT_COUNT) &&
        !slot_form(k->slot->kind, t.text))
        return (struct tried){.reason = "type.mismatch"};
    return t;
}

static void win(struct making *k, const struct source *s, const struct element *e,
                const struct tried *t)
{
    k->won = true;
    k->made = (struct made){MADE_VALUE, t->text, e->text, s->class, k->i->written_ms};
    if (k->uses_site)
        k->made.class = class_join(k->made.class, k->i->site_class);
    record_winner(k->record, s, e, k->table, t->row.line);
}

/* Steps of one conversion: it copies the text a few times. */
static size_t cost(const struct element *e)
{
    size_t bytes = e->candidate.text.n;

    for (size_t n = 0; e->candidate.xtn && n < e->candidate.n_xtn; n++)
        bytes += e->candidate.xtn[n].n;
    return FEED_STEPS_KEPT + bytes / 4;
}

/* The candidates of a source behind the winner's, for the trace alone: they cost nothing and change nothing. */
static void look_on(struct making *k, const struct source *s, struct elements *out)
{
    struct reading *m = k->i->m;
    const struct feed_outcome before = *k->i->out;
    const size_t steps = m->steps;

    m->steps = m->spare;
    if (!candidates_read(k->i, s, k->phone, out)) {
        *k->i->out = before;
        *out = (struct elements){0};
    }
    m->spare = m->steps;
    m->steps = steps;
}

/* Tries one source. Goes on behind the winner only for `agree`, and for who looks on. */
static bool try_source(struct making *k, size_t index)
{
    const struct source *s = &k->branch->sources[index];
    struct elements all;

    if (k->won && !agrees(k->v))
        look_on(k, s, &all);
    else if (!candidates_read(k->i, s, k->phone, &all))
        return false;
    k->deleted = k->deleted || all.deleted;
    if (all.error)
        record_try(k->record, s, NULL, all.error, (struct str){0});
    for (size_t c = 0; c < all.n; c++) {
        bool needed = !k->won || (k->firsts && !k->firsts[index].p);
        struct tried t;

        if (!needed && !k->record)
            break;
        k->n_candidates++;
        if (k->uses_site && !instance_site(k->i))
            return false;
        if (needed && ++k->i->m->tries > FEED_MAX_TRIES)
            return instance_too_large(k->i);
        if (needed && !instance_spend(k->i, cost(&all.items[c])))
            return false;
        t = convert(k, &all.items[c]);
        record_try(k->record, s, &all.items[c], t.reason, t.text);
        if (t.reason)
            continue;
        if (k->firsts && !k->firsts[index].p)
            k->firsts[index] = t.text;
        if (!k->won)
            win(k, s, &all.items[c], &t);
    }
    return true;
}

enum { SHOWN_MOST = 120 }; /* bytes of a value in a warning */

static struct str masked(const struct source *s, struct str text)
{
    if (s->class > CLASS_LOGISTICS)
        return STR("***");
    if (text.n > SHOWN_MOST)
        text.n = utf8_check((struct str){text.p, SHOWN_MOST});
    return text;
}

/* "start disagrees: SCH-11.4=…, AIS-4=…" */
static bool check_agreement(struct making *k)
{
    const struct value *v = k->v;
    struct arena *a = k->i->m->a;
    struct str text = {NULL, 0};
    bool differ = false;

    if (!k->won)
        return true;
    for (size_t s = 0; s < k->branch->n_sources; s++) {
        const struct source *from = &k->branch->sources[s];

        if (!k->firsts[s].p)
            continue;
        differ = differ || !str_eq(k->firsts[s], k->made.text);
        text = arena_printf(a, STR_FMT "%s" STR_FMT "=" STR_FMT, STR_ARG(text), text.n ? ", " : "",
                            STR_ARG(from->text), STR_ARG(masked(from, k->firsts[s])));
    }
    if (!differ)
        return true;
    if (v->agree.kind == ELSE_HOLD)
        return instance_stop(k->i, FEED_HOLD, v->agree.text);
    if (v->agree.kind == ELSE_REJECT)
        return instance_stop(k->i, FEED_REJECT, v->agree.text);
    instance_warn(k->i, arena_printf(a, "%s disagrees: " STR_FMT, k->slot->name, STR_ARG(text)));
    return true;
}

/* Every source absent or empty, and an earlier event of the unit has the slot. */
static bool carry(struct making *k)
{
    const struct event *before = NULL;
    const struct slot *s;

    if (!k->slot->carried || k->n_candidates || k->deleted)
        return true;
    if (!instance_stored(k->i, &before))
        return false;
    s = before ? event_slot(before, str_of(k->slot->name)) : NULL;
    if (!s || (personal_slot(k->i, k->slot) && !personal_same(k->i, before)))
        return true;
    k->won = true;
    k->made =
        (struct made){MADE_VALUE, s->value, s->raw, s->class, event_said_ms(before, k->slot->name)};
    record_origin(k->record, TRACE_CARRIED, (struct str){0});
    return true;
}

static bool site_fact(struct making *k)
{
    const struct otherwise *o = &k->v->otherwise;
    const struct site *s;

    if (!instance_site(k->i))
        return false;
    s = k->i->site;
    k->made =
        (struct made){.state = MADE_VALUE, .class = class_join(CLASS_DIRECTORY, k->i->site_class)};
    if (str_eq(o->text, STR("language")))
        k->made.text = s->language;
    else
        k->made.text = str_eq(o->text, STR("zone")) ? str_of(s->zone_name) : str_of(s->country);
    record_origin(k->record, TRACE_SITE_FACT, o->node->text);
    return true;
}

static bool otherwise(struct making *k)
{
    const struct otherwise *o = &k->v->otherwise;

    switch (o->kind) {
    case ELSE_DROP:
        return instance_stop(k->i, FEED_DROP, o->text);
    case ELSE_HOLD:
        return instance_stop(k->i, FEED_HOLD, o->text);
    case ELSE_REJECT:
        return instance_stop(k->i, FEED_REJECT, o->text);
    case ELSE_SITE_FACT:
        return site_fact(k);
    case ELSE_LITERAL:
        k->made = (struct made){.state = MADE_VALUE, .text = o->text};
        record_origin(k->record, TRACE_LITERAL, (struct str){0});
        return true;
    case ELSE_MISSING: /* the loader refuses it where a value can fail */
    case ELSE_NONE:
        record_origin(k->record, TRACE_UNSET, (struct str){0});
        return true;
    }
    return true;
}

/* A flag that an earlier message set stays set while this one says nothing: fields left empty take
 * nothing back. *holds changes to true then. */
static bool keep_flag(struct making *k, bool *holds)
{
    const struct event *before = NULL;
    const struct slot *s;
    bool says = false;

    if (*holds || k->i->m->side != SIDE_HL7)
        return true;
    if (!condition_says(k->i, k->branch, &says))
        return false;
    if (says)
        return true;
    if (!instance_stored(k->i, &before))
        return false;
    s = before ? event_slot(before, str_of(k->slot->name)) : NULL;
    *holds = s && str_eq(s->value, STR("true"));
    return true;
}

static bool make_flag(struct making *k)
{
    bool holds = false;

    if (k->branch->kind != BRANCH_CONDITION)
        return true;
    if (!condition_read(k->i, k->branch, &holds) || !keep_flag(k, &holds))
        return false;
    k->made = (struct made){
        .state = MADE_VALUE, .text = holds ? STR("true") : STR("false"), .class = k->branch->class};
    record_origin(k->record, TRACE_CONDITION, (struct str){0});
    return true;
}

/* The patient's own record knows better, or knows that there is none: then `else` decides. */
static bool heed_record(struct making *k)
{
    const struct slot *own;

    switch (personal_word(k->i, k->slot, k->made.said_ms, &own)) {
    case PERSONAL_KEEP:
        return true;
    case PERSONAL_NEWER:
        k->made = (struct made){MADE_VALUE, own->value, own->raw, own->class,
                                event_said_ms(&k->i->own, k->slot->name)};
        record_origin(k->record, TRACE_CARRIED, (struct str){0});
        return true;
    case PERSONAL_GONE:
        break;
    }
    if (!k->won)
        return true; /* the site's language is nobody's word */
    k->made = (struct made){0};
    return otherwise(k);
}

/* A record says for good that there is no phone, or no language: `""`, or nothing that can be used. */
static void note_gone(struct making *k)
{
    if (!k->slot->carried || k->won || k->made.state == MADE_VALUE ||
        (!k->n_candidates && !k->deleted))
        return;
    k->made = (struct made){.state = MADE_VALUE, .text = STR(""), .said_ms = k->i->written_ms};
}

/* One operation. *pc moves on, or ahead to where the operation says. */
static bool step(struct making *k, const struct op *op, size_t *pc)
{
    size_t next = *pc + 1;
    bool on = true;

    switch (op->code) {
    case OP_TRY:
        on = try_source(k, op->arg);
        next = op->to && k->won && !k->record ? op->to : next;
        break;
    case OP_AGREE:
        on = check_agreement(k);
        break;
    case OP_CARRY:
        on = k->won || carry(k);
        next = k->won ? op->to : next;
        break;
    case OP_ELSE:
        on = otherwise(k);
        break;
    case OP_FLAG:
        on = make_flag(k);
        break;
    case OP_END:
    case OP_RULE: /* of a rule: instance_step() */
    case OP_ONLY_IF:
    case OP_SENSITIVE:
    case OP_SITE:
    case OP_LITERAL:
    case OP_VALUE:
    case OP_STANDARD:
    case OP_MOVED:
    case OP_COMPOSE:
    case OP_LOOK:
        break;
    }
    *pc = next;
    return on;
}

bool value_make(struct instance *i, const struct op *call, struct made *out)
{
    const struct value *v = call->value;
    const struct op *ops = i->map->program.ops;
    struct making k = {.i = i, .v = v, .slot = call->slot, .branch = &v->branch[i->m->side]};
    bool on = true;

    k.table = k.branch->table ? k.branch->table : v->table;
    for (size_t c = 0; c < v->n_as; c++) {
        k.phone = k.phone || v->as[c].kind == CONVERT_PHONE;
        k.uses_site = k.uses_site || convert_uses_site(v->as[c].kind);
    }
    if (agrees(v))
        k.firsts = NEW_ARRAY(i->m->a, struct str, k.branch->n_sources + 1);
    k.record = record_begin(i, call->slot);
    for (size_t pc = call->arg; on && ops[pc].code != OP_END;)
        on = step(&k, &ops[pc], &pc);
    if (on && personal_slot(i, call->slot) && k.made.state == MADE_VALUE)
        on = heed_record(&k);
    else if (on && str_eq(i->event.type, STR("patient/1")))
        note_gone(&k);
    *out = k.made;
    record_end(i, k.record, v, on ? &k.made : NULL);
    return on;
}
