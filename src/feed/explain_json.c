#include "base/encode.h"
#include "explained.h"
#include "feed/explain.h"

/* A writer of indented JSON, one space a level. */
struct writer {
    struct buf *out;
    int depth;
    bool empty; /* nothing stands in the innermost bracket yet */
};

/* Begins a member of an object, or an item of an array (key NULL). */
static void begin(struct writer *w, const char *key)
{
    if (w->depth)
        buf_printf(w->out, "%s\n%*s", w->empty ? "" : ",", w->depth, "");
    w->empty = false;
    if (key)
        buf_printf(w->out, "\"%s\": ", key);
}

static void enter(struct writer *w, const char *key, char bracket)
{
    begin(w, key);
    buf_add_char(w->out, bracket);
    w->depth++;
    w->empty = true;
}

static void leave(struct writer *w, char bracket)
{
    w->depth--;
    if (!w->empty)
        buf_printf(w->out, "\n%*s", w->depth, "");
    buf_add_char(w->out, bracket);
    w->empty = false;
}

/* An absent text is null. */
static void put(struct writer *w, const char *key, struct str text)
{
    begin(w, key);
    if (text.p)
        json_add_string(w->out, text);
    else
        buf_add(w->out, STR("null"));
}

static void put_message(struct writer *w, const struct explained *x, enum message_kind kind)
{
    enter(w, "message", '{');
    put(w, "kind", kind == MESSAGE_HL7 ? STR("hl7") : STR("fhir"));
    put(w, "type", x->result.type);
    put(w, "control_id", x->control_id);
    put(w, "from", x->from);
    leave(w, '}');
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

static void put_slot(struct writer *w, const struct trace_slot *s, struct arena *a)
{
    bool has_value = s->origin != TRACE_UNSET && s->origin != TRACE_STOPPED;
    struct str none = {NULL, 0};

    enter(w, NULL, '{');
    put(w, "slot", s->name);
    put(w, "value", has_value ? shown_value(s, a) : none);
    put(w, "class", has_value ? str_of(class_name(s->class)) : none);
    put(w, "source", source_of(s));
    enter(w, "tried", '[');
    for (size_t i = 0; i < s->n_tried; i++) {
        enter(w, NULL, '{');
        put(w, "source", s->tried[i].source);
        put(w, "result", s->tried[i].ok ? STR("ok") : str_of(s->tried[i].reason));
        leave(w, '}');
    }
    leave(w, ']');
    if (s->table_file) {
        enter(w, "table", '{');
        put(w, "file", str_of(s->table_file));
        begin(w, "line");
        buf_printf(w->out, "%d", s->table_line);
        leave(w, '}');
    }
    if (s->zone_site.n)
        put(w, "zone_from", arena_printf(a, "site " STR_FMT, STR_ARG(s->zone_site)));
    leave(w, '}');
}

static void put_outcome(struct writer *w, const struct feed_outcome *o, struct arena *a)
{
    static const char *const kinds[] = {[FEED_SEND] = "send",
                                        [FEED_RECORDED] = "recorded",
                                        [FEED_DROP] = "drop",
                                        [FEED_HOLD] = "hold",
                                        [FEED_REJECT] = "reject"};

    enter(w, "outcome", '{');
    put(w, "kind", str_of(kinds[o->kind]));
    if (o->kind == FEED_SEND) {
        put(w, "template", str_of(o->template->key));
        put(w, "language", o->language);
        put(w, "to", shown_phone(o->to, a));
        put(w, "text", o->text);
    } else if (o->kind != FEED_RECORDED) {
        put(w, "reason", o->reason);
    }
    if (o->n_warnings) {
        enter(w, "warnings", '[');
        for (size_t i = 0; i < o->n_warnings; i++)
            put(w, NULL, o->warnings[i]);
        leave(w, ']');
    }
    leave(w, '}');
}

static void put_instance(struct writer *w, const struct trace_instance *i, struct arena *a)
{
    enter(w, NULL, '{');
    put(w, "rule", str_of(i->rule));
    put(w, "at", arena_printf(a, "%s:%d:%d", i->file, i->line, i->column));
    enter(w, "values", '[');
    for (size_t k = 0; k < i->n_slots; k++)
        put_slot(w, &i->slots[k], a);
    leave(w, ']');
    put_outcome(w, i->outcome, a);
    leave(w, '}');
}

bool feed_explain_json(const struct feed *f, const struct feed_input *in, struct buf *out,
                       struct err *e)
{
    struct writer w = {out, 0, true};
    struct explained x;

    if (!explained_make(f, in, &x, e))
        return false;
    enter(&w, NULL, '{');
    put(&w, "format", STR("tidings-explain/1"));
    put(&w, "feed", str_of(feed_name(f)));
    put(&w, "overlay", str_of(x.trace.overlay));
    put_message(&w, &x, in->kind);
    enter(&w, "instances", '[');
    for (size_t i = 0; i < x.trace.n; i++)
        put_instance(&w, &x.trace.instances[i], &x.arena);
    leave(&w, ']');
    enter(&w, "not_read", '[');
    for (size_t i = 0; i < x.n_unread; i++) {
        enter(&w, NULL, '{');
        put(&w, "path", x.unread[i].path);
        put(&w, "class", str_of(class_name(x.unread[i].class)));
        leave(&w, '}');
    }
    leave(&w, ']');
    leave(&w, '}');
    buf_add_char(out, '\n');
    arena_reset(&x.arena);
    return true;
}
