#include "feed/explain.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "duration.h"
#include "explained.h"
#include "model.h"

/* Widths of the columns, in code points. */
enum { NAME_WIDTH = 13, VALUE_WIDTH = 43, SOURCE_WIDTH = 20, CLASS_WIDTH = 25 };

bool explained_make(const struct feed *f, const struct feed_input *in, struct explained *out,
                    struct err *e)
{
    struct feed_input traced = *in;

    *out = (struct explained){.n_unread = 0};
    traced.trace = &out->trace;
    if (!feed_eval(f, &traced, &out->arena, &out->result, e)) {
        arena_reset(&out->arena);
        return false;
    }
    if (!out->trace.n)
        unmatched_find(f, in, out);
    unread_find(f, in, out);
    return true;
}

struct str explained_place(struct explained *x, const struct rule *r)
{
    return arena_printf(&x->arena, "%s:%d", r->node->file, r->node->line);
}

/* Text of the message without what a terminal would act on. Returns its width. */
static size_t add_text(struct buf *out, struct str s)
{
    size_t width = 0;

    for (; s.n; width++) {
        struct str left = s;
        uint32_t cp = utf8_next(&s);

        if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp > 0x10ffff)
            buf_add_char(out, '?');
        else
            buf_add(out, (struct str){left.p, left.n - s.n});
    }
    return width;
}

/* Fills a column of which `used` is taken; at least two spaces. */
static void pad(struct buf *out, size_t used, size_t width)
{
    buf_printf(out, "%*s", used + 2 <= width ? (int)(width - used) : 2, "");
}

static void add_head(const struct explained *x, const struct trace_instance *i, struct buf *out)
{
    if (x->from.p) {
        add_text(out, x->control_id);
        buf_printf(out, "  " STR_FMT "  ", STR_ARG(x->result.type));
        add_text(out, x->from);
    } else {
        buf_add(out, x->result.type);
    }
    if (i)
        buf_printf(out, "  -> rule `%s`  %s:%d", i->rule, i->file, i->line);
    else
        buf_printf(out, "  -> no rule reads it");
    if (x->trace.overlay)
        buf_printf(out, "  overlay %s", x->trace.overlay);
    if (x->result.test)
        buf_printf(out, "  test message: recorded, never sent");
    buf_add_char(out, '\n');
}

static void add_unmatched(struct explained *x, struct buf *out)
{
    const struct unmatched *u = &x->unmatched;

    buf_printf(out, "why          %s\n", u->why);
    for (size_t k = 0; k < u->n_rules; k++) {
        const struct rule *r = &u->rules[k];

        if (!r->n_on[u->side])
            continue;
        buf_printf(out, "reads        ");
        for (size_t i = 0; i < r->n_on[u->side]; i++)
            buf_printf(out, STR_FMT " ", STR_ARG(r->on[u->side][i]));
        buf_printf(out, "  rule `" STR_FMT "`  " STR_FMT "%s\n", STR_ARG(r->label),
                   STR_ARG(explained_place(x, r)), r == u->nearest ? "  (nearest)" : "");
    }
}

static size_t add_source(const struct trace_slot *s, bool reveal, struct buf *out)
{
    size_t width;

    switch (s->origin) {
    case TRACE_SOURCE:
        width = add_text(out, s->source);
        if ((s->table_file && !s->masked) || (reveal && s->masked))
            width += add_text(out, STR(" \"")) + add_text(out, s->raw) + add_text(out, STR("\""));
        return width;
    case TRACE_LITERAL:
        return add_text(out, STR("literal"));
    case TRACE_SITE_FACT:
        return add_text(out, s->site_fact);
    case TRACE_CARRIED:
        return add_text(out, STR("earlier event"));
    case TRACE_CONDITION:
        return add_text(out, STR("condition"));
    case TRACE_UNSET:
    case TRACE_STOPPED:
        break;
    }
    return add_text(out, STR("none"));
}

/* The notes behind a slot are parts with "; " between them. */
struct notes {
    struct buf *out;
    size_t n;
};

static void note(struct notes *n, const char *before, struct str what)
{
    buf_printf(n->out, "%s%s", n->n++ ? "; " : "", before);
    add_text(n->out, what);
}

/* A source is named once, by its first candidate of that kind. */
static bool is_first(const struct trace_slot *s, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (s->tried[i].ok && str_eq(s->tried[i].source, s->tried[at].source))
            return false;
    return !str_eq(s->tried[at].source, s->source);
}

enum other { OTHER_CONVERTS, OTHER_AGREES, OTHER_DIFFERS };

static enum other other_of(const struct trace_slot *s, const struct trace_try *t)
{
    if (!s->agree)
        return OTHER_CONVERTS;
    return str_eq(t->value, s->value) ? OTHER_AGREES : OTHER_DIFFERS;
}

/* "also A, B", "A, B agree" or "A differs": the other sources that convert too. */
static void note_others(struct notes *n, const struct trace_slot *s, enum other which)
{
    size_t found = 0;

    for (size_t i = 0; i < s->n_tried; i++) {
        const struct trace_try *t = &s->tried[i];

        if (!t->ok || !is_first(s, i) || other_of(s, t) != which)
            continue;
        if (found++)
            buf_printf(n->out, ", " STR_FMT, STR_ARG(t->source));
        else
            note(n, which == OTHER_CONVERTS ? "also " : "", t->source);
    }
    if (found && which != OTHER_CONVERTS)
        buf_printf(n->out, which == OTHER_AGREES ? " agree%s" : " differ%s", found == 1 ? "s" : "");
}

static void add_notes(const struct trace_slot *s, struct notes *n)
{
    if (s->table_file)
        note(n, s->table_file, (struct str){NULL, 0});
    if (s->table_file)
        buf_printf(n->out, ":%d", s->table_line);
    if (s->zone_site.n)
        note(n, "no offset: zone of site ", s->zone_site);
    for (size_t i = 0; i < s->n_tried; i++)
        if (!s->tried[i].ok) {
            note(n, "", s->tried[i].source);
            buf_printf(n->out, ": %s", s->tried[i].reason);
        }
    if (s->origin != TRACE_SOURCE)
        return;
    note_others(n, s, OTHER_CONVERTS);
    note_others(n, s, OTHER_AGREES);
    note_others(n, s, OTHER_DIFFERS);
}

static bool has_value(const struct trace_slot *s)
{
    return s->origin != TRACE_UNSET && s->origin != TRACE_STOPPED;
}

static void add_slot(const struct trace_slot *s, struct explained *x, struct buf *out)
{
    struct buf notes = buf_new(out->max), line = buf_new(out->max);
    struct notes n = {&notes, 0};
    size_t width;

    buf_printf(&line, "  ");
    width = add_text(&line, s->name);
    pad(&line, width, NAME_WIDTH);
    width = add_text(&line, !has_value(s) ? STR("-")
                            : x->reveal   ? shown_clear(s, &x->arena)
                                          : shown_value(s, &x->arena));
    pad(&line, width, VALUE_WIDTH);
    width = add_source(s, x->reveal, &line);
    pad(&line, width, SOURCE_WIDTH);
    if (has_value(s)) {
        width = add_text(&line, str_of(class_name(s->class)));
        width += s->pseudonym ? add_text(&line, STR(" -> pseudonym")) : 0;
        pad(&line, width, CLASS_WIDTH);
    }
    add_notes(s, &n);
    buf_add(&line, buf_str(&notes));
    while (line.n && line.p[line.n - 1] == ' ')
        line.n--;
    buf_add(out, buf_str(&line));
    buf_add_char(out, '\n');
    buf_reset(&line);
    buf_reset(&notes);
}

static void add_reminders(const struct feed_outcome *o, struct arena *a, struct buf *out)
{
    for (size_t i = 0; i < o->n_reminders; i++) {
        const struct feed_reminder *r = &o->reminders[i];
        char at[25];

        clock_text(r->due_ms, at);
        buf_printf(out, "would remind %s / " STR_FMT "   " STR_FMT " before, %.19sZ   \"",
                   r->template->key, STR_ARG(r->language), STR_ARG(duration_write(r->before_ms, a)),
                   at);
        add_text(out, r->text);
        buf_printf(out, "\"\n");
    }
}

static void add_outcome(const struct feed_outcome *o, bool test, struct buf *out)
{
    static const char *const words[] = {[FEED_DROP] = "would drop   ",
                                        [FEED_HOLD] = "would hold   ",
                                        [FEED_REJECT] = "would reject "};

    for (size_t i = 0; i < o->n_warnings; i++) {
        buf_printf(out, "warning      ");
        add_text(out, o->warnings[i]);
        buf_add_char(out, '\n');
    }
    switch (o->kind) {
    case FEED_SEND:
        buf_printf(out, "would send   %s / " STR_FMT "   \"", o->template->key,
                   STR_ARG(o->language));
        add_text(out, o->text);
        buf_printf(out, "\"\n");
        return;
    case FEED_RECORDED:
        buf_printf(out, "recorded     %s%s\n",
                   test ? "a test message (MSH-11) is never sent"
                        : "no notify entry asks for a message",
                   o->n_reminders && !test ? " now" : "");
        return;
    case FEED_DROP:
    case FEED_HOLD:
    case FEED_REJECT:
        break;
    }
    buf_printf(out, "%s" STR_FMT "\n", words[o->kind], STR_ARG(o->reason));
}

/* "6 clinical, 4 identifier, 2 logistics": most sensitive first. */
static void add_counts(const struct explained *x, struct buf *out)
{
    size_t counts[CLASS_CLINICAL + 1] = {0};
    const char *comma = "";

    for (size_t i = 0; i < x->n_unread; i++)
        counts[x->unread[i].class]++;
    for (int c = CLASS_CLINICAL; c >= 0; c--)
        if (counts[c]) {
            buf_printf(out, "%s%zu %s", comma, counts[c], class_name((enum sensitivity)c));
            comma = ", ";
        }
}

static void add_unread(const struct explained *x, struct buf *out)
{
    if (!x->n_unread)
        return;
    buf_printf(out, "not read    ");
    for (size_t i = 0; i < x->n_unread; i++) {
        buf_add_char(out, ' ');
        add_text(out, x->unread[i].path);
    }
    buf_printf(out, "%s   (", x->n_unread == UNREAD_MOST ? " …" : "");
    add_counts(x, out);
    buf_printf(out, ")\n");
}

bool feed_explain_text(const struct feed *f, const struct feed_input *in, bool reveal,
                       struct buf *out, struct err *e)
{
    struct explained x;

    if (!explained_make(f, in, &x, e))
        return false;
    x.reveal = reveal;
    if (!x.trace.n) {
        add_head(&x, NULL, out);
        add_unmatched(&x, out);
    }
    for (size_t i = 0; i < x.trace.n; i++) {
        const struct trace_instance *one = &x.trace.instances[i];

        add_head(&x, one, out);
        for (size_t k = 0; k < one->n_slots; k++)
            add_slot(&one->slots[k], &x, out);
        add_outcome(one->outcome, x.result.test, out);
        add_reminders(one->outcome, &x.arena, out);
    }
    add_unread(&x, out);
    arena_reset(&x.arena);
    return true;
}
