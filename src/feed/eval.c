/* The interpreter: one message through the rules that its type triggers. */
#include "instance.h"
#include "program.h"
#include "record.h"

/* A message that cannot be taken in whole: one outcome, held. `rule` NULL: not even parsed. */
static bool hold_message(struct reading *m, const struct rule *rule, struct feed_result *out)
{
    struct feed_trace *t = m->in->trace;

    out->outcomes = NEW(m->a, struct feed_outcome);
    out->n = 1;
    out->outcomes[0] = (struct feed_outcome){.kind = FEED_HOLD,
                                             .rule = rule ? rule->label : STR(""),
                                             .reason = STR("message too large")};
    if (!t)
        return true;
    t->instances = NEW(m->a, struct trace_instance);
    t->n = 1;
    t->instances[0] = (struct trace_instance){.rule = rule ? rule->label.p : "any",
                                              .file = m->f->path,
                                              .line = rule ? rule->node->line : 1,
                                              .column = rule ? rule->node->column : 1,
                                              .outcome = &out->outcomes[0]};
    return true;
}

/* ---- parsing ---- */

static struct str header_text(const struct reading *m, size_t field)
{
    struct str raw = hl7_field(&m->hl7.segments[0], field);

    return str_trim(hl7_component_text(&m->hl7, raw, 1, 0, m->a));
}

/* *large: over a limit of the parser, which is an outcome and not an error. */
static bool parse_hl7(struct reading *m, bool *large, struct err *e)
{
    const struct hl7_limits limits = hl7_limits_default();
    struct hl7_charset_settings charset;
    struct str mode;

    if (!hl7_charset_settings_named(m->in->charset, m->in->fallback, &charset))
        return err_set(e, ERR_INPUT, 0, "there is no character set of the name stored with it");
    if (!hl7_message_read(m->in->body, &charset, &limits, m->a, NULL, &m->hl7, e)) {
        *large = e->code == HL7_LIMIT;
        return false;
    }
    m->type = hl7_message_type(&m->hl7, m->a);
    m->has_msh7 = moment_read(header_text(m, 7), &m->msh7);
    mode = header_text(m, 11);
    m->test = str_eq(mode, STR("T")) || str_eq(mode, STR("D"));
    return true;
}

static bool parse_fhir(struct reading *m, bool *large, struct err *e)
{
    const struct json_limits limits = json_limits_default();
    struct json_fault fault = {0};
    struct json_node *root;

    if (!json_read(m->in->body, &limits, m->a, &root, &fault, e) ||
        !fhir_body_read(root, (struct str){NULL, 0}, m->a, &m->fhir, &fault, e)) {
        *large = fault.code &&
                 (strcmp(fault.code, "too-long") == 0 || strcmp(fault.code, "too-costly") == 0);
        return false;
    }
    m->type = m->fhir.type;
    return true;
}

static int64_t message_time(const struct reading *m)
{
    if (m->side == SIDE_FHIR)
        return fhir_last_updated_ms(m->fhir.root, m->in->received_ms);
    if (m->has_msh7 && m->msh7.has_offset)
        return moment_unix(&m->msh7) * 1000;
    return m->in->received_ms;
}

/* ---- which instances there are ---- */

struct job { /* one instance to be */
    size_t rule;
    struct scope scope;
    struct fhir_focus focus;
};

struct jobs {
    struct job *items;
    size_t n, room;
};

/* False: more than 1,000. */
static bool add_job(struct reading *m, struct jobs *all, struct job job)
{
    if (all->n == FEED_MAX_INSTANCES)
        return false;
    if (all->n == all->room) {
        struct job *old = all->items;

        all->room = all->room ? 4 * all->room : 8;
        all->items = NEW_ARRAY(m->a, struct job, all->room);
        if (old)
            memcpy(all->items, old, all->n * sizeof *old);
    }
    all->items[all->n++] = job;
    return true;
}

static bool triggers(const struct reading *m, const struct rule *r)
{
    for (size_t k = 0; k < r->n_on[SIDE_HL7]; k++)
        if (str_eq(r->on[SIDE_HL7][k], m->type))
            return true;
    return false;
}

/* False: more than 1,000. */
static bool add_hl7_jobs(struct reading *m, size_t rule, struct jobs *out)
{
    const struct rule *r = &m->f->maps[0].rules[rule];
    struct scopes all;

    if (!triggers(m, r))
        return true;
    scopes_make(&m->hl7, r->each, FEED_MAX_INSTANCES - out->n, m->a, &all);
    for (size_t k = 0; k < all.n; k++)
        if (!add_job(m, out, (struct job){.rule = rule, .scope = all.items[k]}))
            return false;
    return !all.over;
}

static bool add_fhir_jobs(struct reading *m, size_t rule, struct jobs *out)
{
    const struct rule *r = &m->f->maps[0].rules[rule];

    for (size_t k = 0; k < r->n_on[SIDE_FHIR]; k++) {
        struct fhir_focus_list all = fhir_foci(&m->fhir, r->on[SIDE_FHIR][k], m->a);

        for (size_t i = 0; i < all.n; i++)
            if (!add_job(m, out, (struct job){.rule = rule, .focus = all.items[i]}))
                return false;
    }
    return true;
}

/* ---- running one ---- */

/* The map of the overlay that matches, else the plain one. False: the instance ended. */
static bool choose_map(struct instance *i)
{
    const struct feed *f = i->m->f;

    i->map = &f->maps[0];
    for (size_t k = 1; k < f->n_maps; k++) {
        const struct branch *where = &f->maps[k].where[i->m->side];
        bool holds = false;

        if (where->kind != BRANCH_CONDITION)
            continue;
        if (!condition_read(i, where, &holds))
            return false;
        if (holds && i->map->overlay)
            return instance_stop(i, FEED_HOLD, STR("two overlays match"));
        if (holds)
            i->map = &f->maps[k];
    }
    return true;
}

static void begin_trace(struct instance *i, struct feed_trace *t)
{
    const struct rule *r = i->rule;
    const struct span *at = &i->map->program.spans[r->entry[i->m->side]];

    i->trace = &t->instances[t->n++];
    *i->trace = (struct trace_instance){.rule = r->label.p,
                                        .file = at->file,
                                        .line = at->line,
                                        .column = at->column,
                                        .outcome = i->out};
    i->trace->slots = NEW_ARRAY(i->m->a, struct trace_slot, r->n_with + 2);
}

static void run(struct instance *i, size_t rule)
{
    struct feed_trace *t = i->m->in->trace;
    bool map_chosen = choose_map(i);
    const struct op *ops = i->map->program.ops;

    i->rule = &i->map->rules[rule];
    i->out->rule = i->rule->label;
    i->out->overlay = i->map->overlay;
    if (t) {
        begin_trace(i, t);
        record_reads(i);
        t->overlay = i->map->overlay ? i->map->overlay : t->overlay;
    }
    i->event.type = str_of(i->rule->event->name);
    i->event.slots = NEW_ARRAY(i->m->a, struct slot, EVENT_MAX_SLOTS + 1);
    for (size_t pc = i->rule->entry[i->m->side]; map_chosen && ops[pc].code != OP_END; pc++)
        if (!instance_step(i, &ops[pc]))
            break;
    if (i->out->kind != FEED_SEND && i->out->kind != FEED_RECORDED)
        i->out->emits = false;
    i->out->warnings = i->warnings;
    i->out->n_warnings = i->n_warnings;
}

static bool run_all(struct reading *m, const struct jobs *jobs, struct feed_result *out)
{
    out->outcomes = NEW_ARRAY(m->a, struct feed_outcome, jobs->n + 1);
    if (m->in->trace)
        m->in->trace->instances = NEW_ARRAY(m->a, struct trace_instance, jobs->n + 1);
    for (size_t k = 0; k < jobs->n; k++) {
        const struct job *job = &jobs->items[k];
        struct instance i = {.m = m, .scope = job->scope, .out = &out->outcomes[k]};

        i.message_ms = out->message_ms;
        if (job->focus.entry) { /* FHIR */
            const struct json_node *resource = job->focus.entry->resource;

            i.focus = (struct fhirpath_scope){&m->fhir, resource, job->focus.patient, &m->steps};
            i.message_ms = fhir_last_updated_ms(resource, out->message_ms);
        }
        i.written_ms = i.message_ms < m->in->received_ms ? i.message_ms : m->in->received_ms;
        run(&i, job->rule);
        if (m->failed)
            return false;
        out->n = k + 1;
    }
    out->steps = FEED_MAX_STEPS - m->steps;
    return true;
}

bool feed_eval(const struct feed *f, const struct feed_input *in, struct arena *a,
               struct feed_result *out, struct err *e)
{
    struct reading m = {
        .f = f, .in = in, .a = a, .steps = FEED_MAX_STEPS, .spare = FEED_MAX_STEPS, .e = e};
    struct jobs jobs = {0};
    bool large = false;

    *out = (struct feed_result){.message_ms = in->received_ms};
    m.side = in->kind == MESSAGE_HL7 ? SIDE_HL7 : SIDE_FHIR;
    if (!(m.side == SIDE_HL7 ? parse_hl7(&m, &large, e) : parse_fhir(&m, &large, e)))
        return large ? hold_message(&m, NULL, out) : false;
    out->type = m.type;
    out->test = m.test;
    out->message_ms = message_time(&m);
    for (size_t k = 0; k < f->maps[0].n_rules; k++) {
        bool fits = m.side == SIDE_HL7 ? add_hl7_jobs(&m, k, &jobs) : add_fhir_jobs(&m, k, &jobs);

        if (!fits)
            return hold_message(&m, &f->maps[0].rules[k], out);
    }
    return run_all(&m, &jobs, out);
}
