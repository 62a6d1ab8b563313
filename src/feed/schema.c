#include "feed/schema.h"

#include <stdio.h>

#include "base/json_writer.h"
#include "event_type.h"
#include "feed/convert.h"
#include "feed/key.h"
#include "hl7/meaning.h"
#include "schema_part.h"

/* ---- definitions that blocks point at ---- */

/* Every scalar of a feed is text, also what YAML takes for a number or a yes. */
static void define_text(struct json_writer *w)
{
    json_enter(w, "text", '{');
    json_enter(w, "type", '[');
    json_put(w, NULL, STR("string"));
    json_put(w, NULL, STR("number"));
    json_put(w, NULL, STR("boolean"));
    json_leave(w, ']');
    json_leave(w, '}');
}

static void define_pattern(struct json_writer *w, const char *name, const char *pattern)
{
    json_enter(w, name, '{');
    json_put(w, "type", STR("string"));
    json_put(w, "pattern", str_of(pattern));
    json_leave(w, '}');
}

/* `list`: texts of a closed set; `more`: a pattern for what else may stand there, or NULL. */
static void define_choice(struct json_writer *w, const char *name,
                          void (*list)(struct json_writer *), const char *more)
{
    json_enter(w, name, '{');
    json_enter(w, "anyOf", '[');
    json_enter(w, NULL, '{');
    json_enter(w, "enum", '[');
    list(w);
    json_leave(w, ']');
    json_leave(w, '}');
    if (more) {
        json_enter(w, NULL, '{');
        json_put(w, "type", STR("string"));
        json_put(w, "pattern", str_of(more));
        json_leave(w, '}');
    }
    json_leave(w, ']');
    json_leave(w, '}');
}

static void list_classes(struct json_writer *w)
{
    for (enum sensitivity c = CLASS_PUBLIC; c <= CLASS_CLINICAL; c++)
        json_put(w, NULL, str_of(class_name(c)));
}

static void list_events(struct json_writer *w)
{
    for (size_t i = 0; event_type_at(i); i++)
        json_put(w, NULL, str_of(event_type_at(i)->name));
}

static void list_converters(struct json_writer *w)
{
    for (size_t i = 0; convert_name(i); i++)
        if (!str_eq(str_of(convert_name(i)), STR("slice")))
            json_put(w, NULL, str_of(convert_name(i)));
}

static void list_triggers(struct json_writer *w)
{
    for (size_t i = 0; i < hl7_n_trigger_groups; i++)
        json_put(w, NULL, str_of(hl7_trigger_groups[i].name));
}

static void list_places(struct json_writer *w)
{
    json_put(w, NULL, STR("none"));
    for (size_t i = 0; i < hl7_n_facts; i++) {
        char name[80];

        (void)snprintf(name, sizeof name, "standard.%s", hl7_facts[i].name);
        json_put(w, NULL, str_of(name));
    }
}

static void define_words(struct json_writer *w)
{
    static const char stop[] = "^(drop|hold|reject)\\([^()\\r\\n]{1,60}\\)$";
    static const char agree[] = "^(warn|(hold|reject)\\([^()\\r\\n]{1,60}\\))$";

    define_text(w);
    define_pattern(w, "name", "^[a-z][a-z0-9_-]{0,39}$");
    define_pattern(w, "duration", "^[1-9][0-9]*[smhd]$");
    define_pattern(w, "date", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
    define_pattern(w, "stop", stop);
    define_pattern(w, "agree", agree);
    define_choice(w, "class", list_classes, NULL);
    define_choice(w, "event", list_events, NULL);
    define_choice(w, "converter", list_converters, "^slice\\([1-9][0-9]*,\\s*[1-9][0-9]*\\)$");
    define_choice(w, "trigger", list_triggers, "^[A-Z][A-Z0-9]{2}\\^[A-Z][A-Z0-9]{2}$");
    define_choice(w, "place", list_places, "^[A-Z][A-Z0-9]{2}-[1-9]");
}

/* ---- the kinds of file ---- */

static const struct file_kind {
    const char *name, *title;
    enum key_block block;
    bool named; /* a map from names to such blocks */
} kinds[] = {
    {"feed", "Tidings feed", BLOCK_FEED, false},
    {"overlay", "Tidings overlay of a feed", BLOCK_OVERLAY_FILE, false},
    {"policy", "Tidings policy of a feed", BLOCK_POLICY, false},
    {"sites", "Tidings sites", BLOCK_SITE, true},
    {"templates", "Tidings templates", BLOCK_TEMPLATE, true},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

const char *feed_schema_kind(size_t i)
{
    return i < KINDS ? kinds[i].name : NULL;
}

static void write_root(struct json_writer *w, const struct file_kind *k)
{
    if (!k->named) {
        schema_point(w, key_block_at(k->block)->name);
        return;
    }
    json_put(w, "type", STR("object"));
    json_enter(w, "additionalProperties", '{');
    schema_point(w, key_block_at(k->block)->name);
    json_leave(w, '}');
}

/* What a key of that shape points at beside k->block. */
static unsigned blocks_of_shape(const struct key_type *k)
{
    switch (k->shape) {
    case KEY_BLOCK:
    case KEY_BLOCKS:
        return 1U << k->block;
    case KEY_VALUES:
        return 1U << BLOCK_VALUE;
    case KEY_WITH:
        return 1U << BLOCK_VALUE | 1U << BLOCK_FLAG;
    case KEY_SOURCES:
        return 1U << BLOCK_BRANCH;
    case KEY_WHERE:
        return 1U << BLOCK_WHERE;
    case KEY_EXPECT:
        return 1U << BLOCK_SEND | 1U << BLOCK_REMIND;
    default:
        return 0;
    }
}

/* The blocks that a file of the kind can hold. */
static unsigned blocks_below(enum key_block root)
{
    unsigned all = 1U << root, before = 0;

    while (all != before) {
        before = all;
        for (int b = 0; b < BLOCKS; b++)
            for (size_t i = 0; all & 1U << b && i < key_block_at((enum key_block)b)->n_keys; i++)
                all |= blocks_of_shape(&key_block_at((enum key_block)b)->keys[i]);
    }
    return all;
}

bool feed_schema_write(const char *kind, struct buf *out)
{
    struct json_writer w = {out, 0, true};
    unsigned used;
    const struct file_kind *k = NULL;

    for (size_t i = 0; i < KINDS; i++)
        if (str_eq(str_of(kind), str_of(kinds[i].name)))
            k = &kinds[i];
    if (!k)
        return false;
    json_enter(&w, NULL, '{');
    json_put(&w, "$schema", STR("http://json-schema.org/draft-07/schema#"));
    json_put(&w, "title", str_of(k->title));
    write_root(&w, k);
    json_enter(&w, "definitions", '{');
    define_words(&w);
    used = blocks_below(k->block);
    if (used & 1U << BLOCK_VALUE)
        schema_define_values(&w, used & 1U << BLOCK_RULE);
    for (int b = 0; b < BLOCKS; b++)
        if (used & 1U << b)
            schema_define_block(&w, (enum key_block)b,
                                b == BLOCK_VALUE && !(used & 1U << BLOCK_RULE));
    json_leave(&w, '}');
    json_leave(&w, '}');
    buf_add_char(out, '\n');
    return !out->over;
}
