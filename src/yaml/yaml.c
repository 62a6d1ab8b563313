#include "yaml/yaml.h"

#include <stdlib.h>
#include <yaml.h>

#include "base/utf8.h"
#include "map.h"
#include "text.h"

const struct yaml_limits yaml_limits_standard = {1u << 20, 100000, 16};

struct reading {
    yaml_parser_t parser;
    yaml_event_t event; /* the one looked at */
    bool holds_event;
    struct str text;
    const char *file;
    const struct yaml_limits *max;
    struct arena *a;
    const struct yaml_report *to;
    size_t nodes;
    bool failed; /* E001-E006 was reported: nothing more is */
};

/* The children of one node while they are being read. */
struct children {
    void *p;
    size_t n, room;
};

static void say(struct reading *r, const char *code, int line, int column, struct str text)
{
    r->to->fault(r->to->ctx, code, line, column, text.p, NULL);
}

static bool fail(struct reading *r, const char *code, yaml_mark_t at, const char *text)
{
    if (!r->failed)
        say(r, code, (int)at.line + 1, (int)at.column + 1, str_of(text));
    r->failed = true;
    return false;
}

/* libyaml's own complaint. Its reader (bad control characters) knows a byte, its scanner a mark. */
static bool fail_parser(struct reading *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *context = p->context ? p->context : "";
    const char *problem = p->problem ? p->problem : "it cannot be read";
    bool directive = strstr(context, "directive") || strstr(problem, "directive") ||
                     strstr(problem, "incompatible");
    struct text_place at = {(int)p->problem_mark.line + 1, (int)p->problem_mark.column + 1};

    if (r->failed)
        return false;
    r->failed = true;
    if (p->error == YAML_READER_ERROR)
        at = text_place_of(r->text, p->problem_offset < r->text.n ? p->problem_offset : r->text.n);
    else if (!yaml_line(r->text, at.line).p) /* libyaml counts one more line end at the end */
        at = text_place_of(r->text, r->text.n);
    if (directive)
        say(r, "E005", at.line, at.column, STR("directives are not part of this language"));
    else if (strstr(context, "anchor") || strstr(context, "alias"))
        say(r, "E004", at.line, at.column,
            STR("anchors and aliases are not part of this language"));
    else if (strstr(context, "tag"))
        say(r, "E005", at.line, at.column, STR("tags are not part of this language"));
    else
        say(r, "E003", at.line, at.column,
            arena_printf(r->a, "not YAML: %s%s%s", problem, *context ? ", " : "", context));
    return false;
}

static bool next(struct reading *r)
{
    if (r->holds_event)
        yaml_event_delete(&r->event);
    r->holds_event = false;
    if (!yaml_parser_parse(&r->parser, &r->event))
        return fail_parser(r);
    r->holds_event = true;
    return true;
}

static void *add_child(struct reading *r, struct children *c, size_t size)
{
    if (c->n == c->room) {
        size_t room = c->room ? 2 * c->room : 4;
        char *p = arena_get(r->a, room, size);

        if (c->n)
            memcpy(p, c->p, c->n * size);
        c->p = p;
        c->room = room;
    }
    return (char *)c->p + size * c->n++;
}

static struct yaml_node *node_new(struct reading *r, enum yaml_kind kind)
{
    struct yaml_node *node = NEW(r->a, struct yaml_node);

    if (++r->nodes > r->max->nodes) {
        fail(r, "E006", r->event.start_mark, "too many nodes");
        return NULL;
    }
    node->kind = kind;
    node->file = r->file;
    node->line = (int)r->event.start_mark.line + 1;
    node->column = (int)r->event.start_mark.column + 1;
    node->end_line = (int)r->event.end_mark.line + 1;
    node->end_column = (int)r->event.end_mark.column + 1;
    return node;
}

/* Refuses what a node may carry in YAML and not here. */
static bool plain_node(struct reading *r)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    bool explicit_plain = false;

    switch (r->event.type) {
    case YAML_SCALAR_EVENT:
        anchor = r->event.data.scalar.anchor;
        tag = r->event.data.scalar.tag;
        explicit_plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                         !r->event.data.scalar.plain_implicit;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = r->event.data.sequence_start.anchor;
        tag = r->event.data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = r->event.data.mapping_start.anchor;
        tag = r->event.data.mapping_start.tag;
        break;
    case YAML_ALIAS_EVENT:
        return fail(r, "E004", r->event.start_mark, "aliases are not part of this language");
    default: /* libyaml's own enum: ends of things, handled by the caller */
        break;
    }
    if (anchor)
        return fail(r, "E004", r->event.start_mark, "anchors are not part of this language");
    if (tag || explicit_plain)
        return fail(r, "E005", r->event.start_mark, "tags are not part of this language");
    return true;
}

static struct yaml_node *read_scalar(struct reading *r)
{
    const char *value = (const char *)r->event.data.scalar.value;
    struct str text = {value, r->event.data.scalar.length};
    struct yaml_node *node;

    if (memchr(text.p, '\0', text.n)) {
        fail(r, "E003", r->event.start_mark, "not YAML: a text holds a NUL");
        return NULL;
    }
    node = node_new(r, YAML_SCALAR);
    if (!node)
        return NULL;
    node->text = arena_copy(r->a, text);
    node->quoted = r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->missing = !node->quoted && text.n == 0;
    return node;
}

static struct yaml_node *read_node(struct reading *r, int depth);

/* A list or map in brackets ends with its bracket; one by indentation with the last thing in it, not
 * where libyaml notices. */
static void end_collection(const struct reading *r, struct yaml_node *n,
                           const struct yaml_node *last)
{
    bool brackets = r->event.end_mark.index > r->event.start_mark.index;

    n->end_line = brackets || !last ? (int)r->event.end_mark.line + 1 : last->end_line;
    n->end_column = brackets || !last ? (int)r->event.end_mark.column + 1 : last->end_column;
}

static struct yaml_node *read_list(struct reading *r, int depth)
{
    struct yaml_node *list = node_new(r, YAML_LIST);
    struct children items = {0};

    if (!list)
        return NULL;
    while (next(r) && r->event.type != YAML_SEQUENCE_END_EVENT) {
        struct yaml_node *item = read_node(r, depth + 1);

        if (!item)
            return NULL;
        if (item->missing)
            say(r, "E103", item->line, item->column, STR("an item of this list is missing"));
        *(struct yaml_node **)add_child(r, &items, sizeof(item)) = item;
    }
    if (r->failed)
        return NULL;
    list->items = items.p;
    list->n = items.n;
    end_collection(r, list, list->n ? list->items[list->n - 1] : NULL);
    return list;
}

static struct yaml_node *read_key(struct reading *r)
{
    struct yaml_node *key;

    if (!plain_node(r))
        return NULL;
    if (r->event.type != YAML_SCALAR_EVENT) {
        fail(r, "E003", r->event.start_mark, "not YAML of this language: a key must be a text");
        return NULL;
    }
    key = read_scalar(r);
    if (key && !key->quoted && str_eq(key->text, STR("<<"))) {
        fail(r, "E004", r->event.start_mark, "merge keys are not part of this language");
        return NULL;
    }
    if (key && key->missing)
        say(r, "E103", key->line, key->column, STR("a value without a key"));
    return key;
}

static const struct yaml_node *last_of(const struct yaml_node *map)
{
    const struct yaml_pair *last = map->n ? &map->pairs[map->n - 1] : NULL;

    if (!last)
        return NULL;
    return last->value->missing ? last->key : last->value;
}

static struct yaml_node *read_map(struct reading *r, int depth)
{
    struct yaml_node *map = node_new(r, YAML_MAP);
    struct children pairs = {0};

    if (!map)
        return NULL;
    while (next(r) && r->event.type != YAML_MAPPING_END_EVENT) {
        struct yaml_pair pair = {read_key(r), NULL};

        if (!pair.key || !next(r))
            return NULL;
        pair.value = read_node(r, depth + 1);
        if (!pair.value)
            return NULL;
        if (pair.value->missing)
            say(r, "E103", pair.key->line, pair.key->column,
                arena_printf(r->a, "key `" STR_FMT "` has no value", STR_ARG(pair.key->text)));
        *(struct yaml_pair *)add_child(r, &pairs, sizeof(pair)) = pair;
    }
    if (r->failed)
        return NULL;
    map->pairs = pairs.p;
    map->n = pairs.n;
    end_collection(r, map, last_of(map));
    map_drop_doubles(map, r->a, r->to);
    return map;
}

/* The node whose first event is at hand; NULL once something failed. */
static struct yaml_node *read_node(struct reading *r, int depth)
{
    if (!plain_node(r))
        return NULL;
    if (r->event.type == YAML_SCALAR_EVENT)
        return read_scalar(r);
    if (depth > r->max->depth) {
        fail(r, "E006", r->event.start_mark, "nested too deeply");
        return NULL;
    }
    if (r->event.type == YAML_SEQUENCE_START_EVENT)
        return read_list(r, depth);
    return read_map(r, depth);
}

static struct yaml_node *read_document(struct reading *r)
{
    struct yaml_node *root;

    if (!next(r)) /* stream start */
        return NULL;
    if (!next(r)) /* document start, or stream end */
        return NULL;
    if (r->event.type == YAML_STREAM_END_EVENT) {
        say(r, "E103", 1, 1, STR("the file is empty"));
        return NULL;
    }
    if (r->event.data.document_start.version_directive ||
        r->event.data.document_start.tag_directives.start !=
            r->event.data.document_start.tag_directives.end) {
        fail(r, "E005", r->event.start_mark, "directives are not part of this language");
        return NULL;
    }
    if (!next(r))
        return NULL;
    root = read_node(r, 1);
    if (!root || !next(r) || !next(r)) /* document end, stream end */
        return NULL;
    if (r->event.type != YAML_STREAM_END_EVENT) {
        fail(r, "E005", r->event.start_mark, "a second document in one file");
        return NULL;
    }
    if (root->missing) {
        say(r, "E103", 1, 1, STR("the file is empty"));
        return NULL;
    }
    return root;
}

/* What libyaml would not refuse, or not with a place. */
static bool text_good(struct reading *r)
{
    size_t bad = utf8_check(r->text);
    struct text_place at;

    if (r->text.n > r->max->bytes) {
        say(r, "E006", 1, 1, STR("the file is too large"));
        return false;
    }
    if (bad < r->text.n) {
        at = text_place_of(r->text, bad);
        say(r, "E001", at.line, at.column, STR("not UTF-8"));
        return false;
    }
    if (text_find_tab(r->text, &at)) {
        say(r, "E002", at.line, at.column, STR("a tab in the indentation"));
        return false;
    }
    return true;
}

struct yaml_node *yaml_parse(struct str text, const char *file, const struct yaml_limits *max,
                             struct arena *a, const struct yaml_report *to)
{
    struct reading r = {.text = text, .file = file, .max = max, .a = a, .to = to};
    struct yaml_node *root = NULL;

    if (str_starts(text, STR("\xEF\xBB\xBF")))
        r.text = (struct str){text.p + 3, text.n - 3};
    if (!text_good(&r))
        return NULL;
    if (!yaml_parser_initialize(&r.parser))
        abort(); /* out of memory */
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)r.text.p, r.text.n);
    root = read_document(&r);
    if (r.holds_event)
        yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    return r.failed ? NULL : root;
}
