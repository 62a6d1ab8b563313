#include "base/clock.h"
#include "base/json_writer.h"
#include "duration.h"
#include "explained.h"
#include "feed/explain.h"
#include "model.h"

static void put_message(struct json_writer *w, const struct explained *x, enum message_kind kind)
{
    json_enter(w, "message", '{');
    json_put(w, "kind", kind == MESSAGE_HL7 ? STR("hl7") : STR("fhir"));
    json_put(w, "type", x->result.type);
    json_put(w, "control_id", x->control_id);
    json_put(w, "from", x->from);
    if (x->result.test)
        json_put_bool(w, "test", true);
    json_leave(w, '}');
}

/* Where a value came from; sources are named as the feed writes them. */
static struct str source_of(const struct trace_slot *s)
{
    switch (s->origin) {
    case TRACE_SOURCE:
        return s->source;
    case TRACE_LITERAL:
        return STR("literal");
    case TRACE_SITE_FACT:
        return s->site_fact;
    case TRACE_CARRIED:
        return STR("carried");
    case TRACE_CONDITION:
        return STR("condition");
    case TRACE_UNSET:
    case TRACE_STOPPED:
        break;
    }
    return (struct str){NULL, 0};
}

static void put_slot(struct json_writer *w, const struct trace_slot *s, bool reveal,
                     struct arena *a)
{
    bool has_value = s->origin != TRACE_UNSET && s->origin != TRACE_STOPPED;
    struct str none = {NULL, 0};

    json_enter(w, NULL, '{');
    json_put(w, "slot", s->name);
    json_put(w, "value", !has_value ? none : reveal ? shown_clear(s, a) : shown_value(s, a));
    if (reveal && s->origin == TRACE_SOURCE)
        json_put(w, "written", s->raw);
    json_put(w, "class", has_value ? str_of(class_name(s->class)) : none);
    json_put(w, "source", source_of(s));
    json_enter(w, "tried", '[');
    for (size_t i = 0; i < s->n_tried; i++) {
        json_enter(w, NULL, '{');
        json_put(w, "source", s->tried[i].source);
        json_put(w, "result", s->tried[i].ok ? STR("ok") : str_of(s->tried[i].reason));
        json_leave(w, '}');
    }
    json_leave(w, ']');
    if (s->table_file) {
        json_enter(w, "table", '{');
        json_put(w, "file", str_of(s->table_file));
        json_put_number(w, "line", s->table_line);
        json_leave(w, '}');
    }
    if (s->zone_site.n)
        json_put(w, "zone_from", arena_printf(a, "site " STR_FMT, STR_ARG(s->zone_site)));
    json_leave(w, '}');
}

static void put_reminders(struct json_writer *w, const struct feed_outcome *o, struct arena *a)
{
    if (!o->n_reminders)
        return;
    json_enter(w, "reminders", '[');
    for (size_t i = 0; i < o->n_reminders; i++) {
        const struct feed_reminder *r = &o->reminders[i];
        char at[25];

        clock_text(r->due_ms, at);
        json_enter(w, NULL, '{');
        json_put(w, "template", str_of(r->template->key));
        json_put(w, "language", r->language);
        json_put(w, "before", duration_write(r->before_ms, a));
        json_put(w, "due", arena_printf(a, "%.19sZ", at));
        json_put(w, "text", r->text);
        json_leave(w, '}');
    }
    json_leave(w, ']');
}

static void put_outcome(struct json_writer *w, const struct feed_outcome *o, bool reveal,
                        struct arena *a)
{
    static const char *const kinds[] = {[FEED_SEND] = "send",
                                        [FEED_RECORDED] = "recorded",
                                        [FEED_DROP] = "drop",
                                        [FEED_HOLD] = "hold",
                                        [FEED_REJECT] = "reject"};

    json_enter(w, "outcome", '{');
    json_put(w, "kind", str_of(kinds[o->kind]));
    if (o->kind == FEED_SEND) {
        json_put(w, "template", str_of(o->template->key));
        json_put(w, "language", o->language);
        json_put(w, "to", reveal ? o->to : shown_phone(o->to, a));
        json_put(w, "text", o->text);
    } else if (o->kind != FEED_RECORDED) {
        json_put(w, "reason", o->reason);
    }
    put_reminders(w, o, a);
    if (o->n_warnings) {
        json_enter(w, "warnings", '[');
        for (size_t i = 0; i < o->n_warnings; i++)
            json_put(w, NULL, o->warnings[i]);
        json_leave(w, ']');
    }
    json_leave(w, '}');
}

static void put_instance(struct json_writer *w, const struct trace_instance *i, bool reveal,
                         struct arena *a)
{
    json_enter(w, NULL, '{');
    json_put(w, "rule", str_of(i->rule));
    json_put(w, "at", arena_printf(a, "%s:%d:%d", i->file, i->line, i->column));
    json_enter(w, "values", '[');
    for (size_t k = 0; k < i->n_slots; k++)
        put_slot(w, &i->slots[k], reveal, a);
    json_leave(w, ']');
    put_outcome(w, i->outcome, reveal, a);
    json_leave(w, '}');
}

/* Only for a message without an instance. */
static void put_unmatched(struct json_writer *w, struct explained *x)
{
    const struct unmatched *u = &x->unmatched;

    json_enter(w, "no_instance", '{');
    json_put(w, "why", str_of(u->why));
    json_put(w, "nearest", u->nearest ? u->nearest->label : (struct str){NULL, 0});
    json_enter(w, "rules", '[');
    for (size_t k = 0; k < u->n_rules; k++) {
        const struct rule *r = &u->rules[k];

        json_enter(w, NULL, '{');
        json_put(w, "rule", r->label);
        json_put(w, "at", explained_place(x, r));
        json_enter(w, "on", '[');
        for (size_t i = 0; i < r->n_on[u->side]; i++)
            json_put(w, NULL, r->on[u->side][i]);
        json_leave(w, ']');
        json_leave(w, '}');
    }
    json_leave(w, ']');
    json_leave(w, '}');
}

bool feed_explain_json(const struct feed *f, const struct feed_input *in, bool reveal,
                       struct buf *out, struct err *e)
{
    struct json_writer w = {out, 0, true};
    struct explained x;

    if (!explained_make(f, in, &x, e))
        return false;
    json_enter(&w, NULL, '{');
    json_put(&w, "format", STR("tidings-explain/1"));
    json_put(&w, "feed", str_of(feed_name(f)));
    json_put(&w, "overlay", str_of(x.trace.overlay));
    put_message(&w, &x, in->kind);
    json_enter(&w, "instances", '[');
    for (size_t i = 0; i < x.trace.n; i++)
        put_instance(&w, &x.trace.instances[i], reveal, &x.arena);
    json_leave(&w, ']');
    if (!x.trace.n)
        put_unmatched(&w, &x);
    json_enter(&w, "not_read", '[');
    for (size_t i = 0; i < x.n_unread; i++) {
        json_enter(&w, NULL, '{');
        json_put(&w, "path", x.unread[i].path);
        json_put(&w, "class", str_of(class_name(x.unread[i].class)));
        json_leave(&w, '}');
    }
    json_leave(&w, ']');
    json_leave(&w, '}');
    buf_add_char(out, '\n');
    arena_reset(&x.arena);
    return true;
}
