#include <stdio.h>

#include "event_type.h"
#include "schema_part.h"

static void choice(struct json_writer *w, const char *name)
{
    json_enter(w, NULL, '{');
    schema_point(w, name);
    json_leave(w, '}');
}

void schema_event_name(const struct event_type *t, char *out, size_t size)
{
    struct str rest = str_of(t->name), name = str_cut(&rest, '/');

    (void)snprintf(out, size, STR_FMT "-" STR_FMT, STR_ARG(name), STR_ARG(rest));
}

/* An entry of `values`, or of `with`: a value, or the name of one. */
static void define_shared(struct json_writer *w)
{
    json_enter(w, "shared", '{');
    json_enter(w, "anyOf", '[');
    choice(w, "value");
    json_enter(w, NULL, '{');
    json_put(w, "type", STR("string"));
    json_put(w, "pattern", STR("^values\\.[a-z][a-z0-9_-]{0,39}$"));
    json_leave(w, '}');
    json_leave(w, ']');
    json_leave(w, '}');
}

static void put_meaning(struct json_writer *w, const struct slot_type *s)
{
    char text[240];

    (void)snprintf(text, sizeof text, "%s, at most %s%s%s%s%s%s", slot_kind_name(s->kind),
                   class_name(slot_ceiling(s->kind)), s->required ? "; required" : "",
                   s->carried ? "; carried from the event before" : "", s->codes ? "; one of " : "",
                   s->codes ? s->codes : "",
                   s->standard ? " (when it is left out: the first)" : "");
    json_put(w, "description", str_of(text));
}

static void put_slot(struct json_writer *w, const struct slot_type *s)
{
    json_enter(w, s->name, '{');
    put_meaning(w, s);
    json_enter(w, "anyOf", '[');
    if (s->kind == SLOT_FLAG)
        choice(w, key_block_at(BLOCK_FLAG)->name);
    else
        choice(w, "shared");
    if (s->kind == SLOT_CODE) {
        struct str rest = str_of(s->codes);

        json_enter(w, NULL, '{');
        json_enter(w, "enum", '[');
        while (rest.p)
            json_put(w, NULL, str_trim(str_cut(&rest, ',')));
        json_leave(w, ']');
        json_leave(w, '}');
    } else if (s->kind != SLOT_FLAG) {
        choice(w, "text");
    }
    json_leave(w, ']');
    json_leave(w, '}');
}

static void define_slots(struct json_writer *w, const struct event_type *t)
{
    char name[40];

    schema_event_name(t, name, sizeof name);
    json_enter(w, name, '{');
    json_put(w, "type", STR("object"));
    json_enter(w, "properties", '{');
    for (size_t i = 0; i < t->n_slots; i++)
        put_slot(w, &t->slots[i]);
    json_leave(w, '}');
    json_enter(w, "required", '[');
    for (size_t i = 0; i < t->n_slots; i++)
        if (t->slots[i].required)
            json_put(w, NULL, str_of(t->slots[i].name));
    json_leave(w, ']');
    json_put_bool(w, "additionalProperties", false);
    json_leave(w, '}');
}

static void expect_event(struct json_writer *w, const struct event_type *t)
{
    json_enter(w, t->name, '{');
    json_put(w, "type", STR("object"));
    json_enter(w, "properties", '{');
    for (size_t i = 0; i < t->n_slots; i++) {
        json_enter(w, t->slots[i].name, '{');
        schema_point(w, "text");
        json_leave(w, '}');
    }
    json_leave(w, '}');
    json_put_bool(w, "additionalProperties", false);
    json_leave(w, '}');
}

static void expect_key(struct json_writer *w, const char *key, const char *name)
{
    json_enter(w, key, '{');
    schema_point(w, name);
    json_leave(w, '}');
}

/* An outcome that a test waits for: one key. */
static void define_expectation(struct json_writer *w)
{
    json_enter(w, "expectation", '{');
    json_put(w, "type", STR("object"));
    json_put_number(w, "minProperties", 1);
    json_put_number(w, "maxProperties", 1);
    json_enter(w, "properties", '{');
    for (size_t i = 0; event_type_at(i); i++)
        expect_event(w, event_type_at(i));
    expect_key(w, "send", key_block_at(BLOCK_SEND)->name);
    expect_key(w, "remind", key_block_at(BLOCK_REMIND)->name);
    expect_key(w, "drop", "text");
    expect_key(w, "hold", "text");
    expect_key(w, "reject", "text");
    expect_key(w, "warn", "text");
    json_leave(w, '}');
    json_put_bool(w, "additionalProperties", false);
    json_leave(w, '}');
}

void schema_define_values(struct json_writer *w, bool rules)
{
    define_shared(w);
    define_expectation(w);
    if (!rules)
        return;
    json_enter(w, "with", '{');
    json_put(w, "type", STR("object"));
    json_leave(w, '}');
    for (size_t i = 0; event_type_at(i); i++)
        define_slots(w, event_type_at(i));
}
