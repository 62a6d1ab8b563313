#include "schema_part.h"

#include <stdio.h>

void schema_point(struct json_writer *w, const char *name)
{
    char ref[80];

    (void)snprintf(ref, sizeof ref, "#/definitions/%s", name);
    json_put(w, "$ref", str_of(ref));
}

/* An item of anyOf that points at a definition. */
static void choice(struct json_writer *w, const char *name)
{
    json_enter(w, NULL, '{');
    schema_point(w, name);
    json_leave(w, '}');
}

static void list_of(struct json_writer *w, const char *key, const char *name)
{
    json_enter(w, key, '{');
    json_put(w, "type", STR("array"));
    json_enter(w, "items", '{');
    schema_point(w, name);
    json_leave(w, '}');
    json_leave(w, '}');
}

static void one_or_list(struct json_writer *w, const char *name)
{
    json_enter(w, "anyOf", '[');
    choice(w, name);
    list_of(w, NULL, name);
    json_leave(w, ']');
}

static void map_of(struct json_writer *w, const char *name)
{
    json_put(w, "type", STR("object"));
    json_enter(w, "additionalProperties", '{');
    schema_point(w, name);
    json_leave(w, '}');
}

static void list_members(struct json_writer *w, const char *name)
{
    json_put(w, "type", STR("array"));
    json_enter(w, "items", '{');
    schema_point(w, name);
    json_leave(w, '}');
}

static void put_words(struct json_writer *w, const char *const *words)
{
    json_enter(w, "enum", '[');
    for (size_t i = 0; words[i]; i++)
        json_put(w, NULL, str_of(words[i]));
    json_leave(w, ']');
}

/* A closed set; YAML may take 2.5 for a number, the checker does not. */
static void word_of(struct json_writer *w, const char *const *words)
{
    json_enter(w, "anyOf", '[');
    json_enter(w, NULL, '{');
    put_words(w, words);
    json_leave(w, '}');
    json_enter(w, NULL, '{');
    json_put(w, "type", STR("number"));
    json_leave(w, '}');
    json_leave(w, ']');
}

static void put_sources(struct json_writer *w, bool hl7)
{
    const char *one = hl7 ? "place" : "text";

    json_enter(w, "anyOf", '[');
    choice(w, one);
    list_of(w, NULL, one);
    choice(w, "branch");
    json_leave(w, ']');
}

static void put_texts(struct json_writer *w, const struct key_type *k, enum key_block b)
{
    bool hl7_triggers = b == BLOCK_ON && str_eq(str_of(k->name), STR("hl7"));

    one_or_list(w, hl7_triggers ? "trigger" : "text");
}

static void put_text(struct json_writer *w, const struct key_type *k, enum key_block b)
{
    bool event = str_eq(str_of(k->name), STR("emit")) ||
                 (b == BLOCK_NOTIFY && str_eq(str_of(k->name), STR("on")));

    schema_point(w, event ? "event" : "text");
}

/* The shapes that are one definition each; NULL: the shape needs more. */
static const char *simple(enum key_shape s)
{
    switch (s) {
    case KEY_NAME:
        return "name";
    case KEY_DURATION:
        return "duration";
    case KEY_DATE:
        return "date";
    case KEY_CLASS:
        return "class";
    case KEY_STOP:
        return "stop";
    case KEY_AGREE:
        return "agree";
    case KEY_CONDITION:
    case KEY_OTHERWISE:
        return "text";
    case KEY_WITH:
        return "with";
    case KEY_TEXT:
    case KEY_WORD:
    case KEY_WORDS:
    case KEY_TEXTS:
    case KEY_TEXT_LIST:
    case KEY_BLOCK:
    case KEY_BLOCKS:
    case KEY_VALUES:
    case KEY_PHRASES:
    case KEY_TEXT_MAP:
    case KEY_DURATIONS:
    case KEY_SOURCES:
    case KEY_WHERE:
    case KEY_CONVERTERS:
    case KEY_EXPECT:
        break;
    }
    return NULL;
}

static void put_list(struct json_writer *w, const struct key_type *k)
{
    if (k->shape == KEY_BLOCKS)
        list_members(w, key_block_at(k->block)->name);
    else if (k->shape == KEY_DURATIONS)
        list_members(w, "duration");
    else if (k->shape == KEY_EXPECT)
        list_members(w, "expectation");
    else if (k->shape == KEY_TEXT_LIST)
        list_members(w, "text");
    else if (k->shape == KEY_WORDS) {
        json_put(w, "type", STR("array"));
        json_enter(w, "items", '{');
        put_words(w, k->words);
        json_leave(w, '}');
    }
}

static void put_shape(struct json_writer *w, const struct key_type *k, enum key_block b)
{
    if (simple(k->shape)) {
        schema_point(w, simple(k->shape));
        return;
    }
    put_list(w, k);
    if (k->shape == KEY_TEXT)
        put_text(w, k, b);
    else if (k->shape == KEY_WORD)
        word_of(w, k->words);
    else if (k->shape == KEY_TEXTS)
        put_texts(w, k, b);
    else if (k->shape == KEY_BLOCK)
        schema_point(w, key_block_at(k->block)->name);
    else if (k->shape == KEY_VALUES)
        map_of(w, "shared");
    else if (k->shape == KEY_PHRASES || k->shape == KEY_TEXT_MAP)
        map_of(w, "text");
    else if (k->shape == KEY_SOURCES)
        put_sources(w, str_eq(str_of(k->name), STR("hl7")));
    else if (k->shape == KEY_CONVERTERS)
        one_or_list(w, "converter");
    else if (k->shape == KEY_WHERE) {
        json_enter(w, "anyOf", '[');
        choice(w, "text");
        choice(w, key_block_at(BLOCK_WHERE)->name);
        json_leave(w, ']');
    }
}

/* Beside "$ref" a validator of draft 7 reads nothing, so what a key means stands around it. */
static void put_key(struct json_writer *w, const struct key_type *k, enum key_block b)
{
    json_enter(w, k->name, '{');
    json_put(w, "description", str_of(k->meaning));
    if (k->standard)
        json_put(w, "default", str_of(k->standard));
    json_enter(w, "allOf", '[');
    json_enter(w, NULL, '{');
    put_shape(w, k, b);
    json_leave(w, '}');
    json_leave(w, ']');
    json_leave(w, '}');
}

/* The slots that a rule's event has, once `emit` names it. */
static void put_slots_by_event(struct json_writer *w)
{
    json_enter(w, "allOf", '[');
    for (size_t i = 0; event_type_at(i); i++) {
        const struct event_type *t = event_type_at(i);
        char slots[40];

        schema_event_name(t, slots, sizeof slots);
        json_enter(w, NULL, '{');
        json_enter(w, "if", '{');
        json_enter(w, "properties", '{');
        json_enter(w, "emit", '{');
        json_put(w, "const", str_of(t->name));
        json_leave(w, '}');
        json_leave(w, '}');
        json_leave(w, '}');
        json_enter(w, "then", '{');
        json_enter(w, "properties", '{');
        json_enter(w, "with", '{');
        schema_point(w, slots);
        json_leave(w, '}');
        json_leave(w, '}');
        json_leave(w, '}');
        json_leave(w, '}');
    }
    json_leave(w, ']');
}

void schema_define_block(struct json_writer *w, enum key_block b, bool partial)
{
    const struct block_type *block = key_block_at(b);

    json_enter(w, block->name, '{');
    json_put(w, "description", str_of(block->title));
    json_put(w, "type", STR("object"));
    json_enter(w, "properties", '{');
    for (size_t i = 0; i < block->n_keys; i++)
        put_key(w, &block->keys[i], b);
    json_leave(w, '}');
    json_enter(w, "required", '[');
    for (size_t i = 0; i < block->n_keys; i++)
        if (block->keys[i].required && !partial)
            json_put(w, NULL, str_of(block->keys[i].name));
    json_leave(w, ']');
    json_put_bool(w, "additionalProperties", false);
    if (b == BLOCK_RULE)
        put_slots_by_event(w);
    json_leave(w, '}');
}
