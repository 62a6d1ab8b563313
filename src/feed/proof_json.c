#include "base/json_writer.h"
#include "feed/proof.h"

static void put_place(struct json_writer *w, const char *file, int line, int column)
{
    json_put(w, "file", str_of(file));
    json_put_number(w, "line", line);
    json_put_number(w, "column", column);
}

static void put_path(struct json_writer *w, const struct proof_path *p)
{
    json_enter(w, NULL, '{');
    json_put(w, "from", str_of(proof_from_name(p->from)));
    json_put(w, "text", str_of(p->text));
    json_put(w, "class", str_of(class_name(p->class)));
    json_put(w, "through", str_of(p->through));
    json_put(w, "value", str_of(p->value));
    json_put(w, "rule", str_of(p->rule));
    json_put(w, "overlay", str_of(p->overlay));
    put_place(w, p->file, p->line, p->column);
    json_leave(w, '}');
}

static void put_sink(struct json_writer *w, const struct proof_sink *s)
{
    bool bounded = s->kind != PROOF_WHETHER;

    json_enter(w, NULL, '{');
    json_put(w, "kind", str_of(proof_sink_kind_name(s->kind)));
    json_put(w, "name", str_of(s->name));
    json_put(w, "ceiling", str_of(bounded ? class_name(s->ceiling) : NULL));
    json_put(w, "join", str_of(class_name(s->join)));
    json_put_bool(w, "holds", s->holds);
    json_enter(w, "paths", '[');
    for (size_t i = 0; i < s->n; i++)
        put_path(w, &s->paths[i]);
    json_leave(w, ']');
    json_leave(w, '}');
}

static void put_template(struct json_writer *w, const struct proof_template *t)
{
    json_enter(w, NULL, '{');
    json_put(w, "template", str_of(t->template));
    json_put(w, "event", str_of(t->event));
    put_place(w, t->file, t->line, t->column);
    json_enter(w, "sinks", '[');
    for (size_t i = 0; i < t->n; i++)
        put_sink(w, &t->sinks[i]);
    json_leave(w, ']');
    json_leave(w, '}');
}

void proof_put(struct json_writer *w, const struct feed *f, const struct proof *p)
{
    json_enter(w, NULL, '{');
    json_put(w, "file", str_of(feed_path(f)));
    json_put(w, "feed", str_of(feed_name(f)));
    json_put(w, "version", str_of(feed_version(f)));
    json_put_bool(w, "holds", p->holds);
    json_enter(w, "templates", '[');
    for (size_t i = 0; i < p->n; i++)
        put_template(w, &p->templates[i]);
    json_leave(w, ']');
    json_enter(w, "exceptions", '[');
    for (size_t i = 0; i < p->n_exceptions; i++) {
        const struct proof_exception *x = &p->exceptions[i];

        json_enter(w, NULL, '{');
        json_put(w, "what", str_of(x->what));
        json_put(w, "because", str_of(x->because));
        json_put(w, "by", str_of(x->by));
        json_put(w, "expires", str_of(x->expires));
        put_place(w, x->file, x->line, x->column);
        json_leave(w, '}');
    }
    json_leave(w, ']');
    json_leave(w, '}');
}
