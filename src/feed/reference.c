#include "feed/reference.h"

#include "event_type.h"
#include "feed/code.h"
#include "feed/convert.h"
#include "feed/dictionary.h"
#include "feed/key.h"
#include "hl7/definition.h"
#include "model.h"

static const char head[] =
    "# Feed reference\n"
    "\n"
    "Every key, event, slot, converter, class and limit, made from the tables of the program by "
    "`tidings\nreference`; a test fails when this page is stale. What they mean together is in "
    "[feed-language.md](feed-language.md),\neach code of the checker in [codes/](codes/README.md), "
    "the standard triggers and places in\n[message-meanings.md](message-meanings.md).\n";

/* The text of a table cell: a bar inside would end it. */
static void put_cell(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            buf_add_char(out, '\\');
        buf_add_char(out, *text);
    }
}

static const char *shape_text(const struct key_type *k)
{
    static const char *const texts[] = {
        [KEY_TEXT] = "text",
        [KEY_NAME] = "name",
        [KEY_WORD] = "one of",
        [KEY_WORDS] = "list of",
        [KEY_TEXTS] = "text or list",
        [KEY_TEXT_LIST] = "list of texts",
        [KEY_BLOCK] = "block",
        [KEY_BLOCKS] = "list of blocks",
        [KEY_VALUES] = "name → value",
        [KEY_WITH] = "slot → value or literal",
        [KEY_PHRASES] = "language → text",
        [KEY_TEXT_MAP] = "text → text",
        [KEY_DURATION] = "duration",
        [KEY_DURATIONS] = "list of durations",
        [KEY_DATE] = "date",
        [KEY_CLASS] = "class",
        [KEY_SOURCES] = "path, list, branch or `none`",
        [KEY_CONDITION] = "condition",
        [KEY_WHERE] = "condition, or block",
        [KEY_OTHERWISE] = "§8",
        [KEY_STOP] = "`drop(r)`, `hold(r)` or `reject(r)`",
        [KEY_AGREE] = "`warn`, `hold(r)` or `reject(r)`",
        [KEY_CONVERTERS] = "converter or list",
        [KEY_EXPECT] = "list of outcomes",
    };

    return texts[k->shape];
}

static void put_key(struct buf *out, const struct key_type *k)
{
    bool block = k->shape == KEY_BLOCK || k->shape == KEY_BLOCKS;

    buf_printf(out, "| `%s`%s | %s", k->name, k->required ? "\\*" : "", shape_text(k));
    if (block)
        buf_printf(out, " [%s](#%s)", key_block_at(k->block)->name, key_block_at(k->block)->name);
    for (size_t i = 0; k->words && k->words[i]; i++)
        buf_printf(out, "%s `%s`", i ? "," : "", k->words[i]);
    buf_printf(out, " | %s%s%s | ", k->standard ? "`" : "", k->standard ? k->standard : "",
               k->standard ? "`" : "");
    put_cell(out, k->meaning);
    buf_add(out, STR(" |\n"));
}

static void put_keys(struct buf *out)
{
    buf_add(out, STR("\n## Keys\n\n`*` required. A duration is a number and `s`, `m`, `h` or "
                     "`d`.\n"));
    for (int b = 0; b < BLOCKS; b++) {
        const struct block_type *block = key_block_at((enum key_block)b);

        buf_printf(out,
                   "\n### %s\n\n%s.\n\n| Key | Holds | Left out | Meaning |\n|---|---|---|---|\n",
                   block->name, block->title);
        for (size_t i = 0; i < block->n_keys; i++)
            put_key(out, &block->keys[i]);
    }
}

static void put_stale(struct buf *out, const struct event_type *t)
{
    int64_t minutes = t->stale_ms / 60000;

    if (t->stale_at_start)
        buf_add(out, STR("once `start` has passed"));
    else if (minutes == 0)
        buf_add(out, STR("never"));
    else if (minutes % 1440 == 0)
        buf_printf(out, "after %d d", (int)(minutes / 1440));
    else
        buf_printf(out, "after %d min", (int)minutes);
}

static void put_event(struct buf *out, const struct event_type *t)
{
    buf_printf(out, "\n### %s\n\nUnit: `%s`. Stale: ", t->name, t->unit);
    put_stale(out, t);
    buf_printf(out, ".%s\n\n| Slot | Type | Takes at most | Values |\n|---|---|---|---|\n",
               t->sensitive ? " Its rules need `sensitive`." : "");
    for (size_t i = 0; i < t->n_slots; i++) {
        const struct slot_type *s = &t->slots[i];

        buf_printf(out, "| `%s`%s%s | %s | %s | %s%s%s%s |\n", s->name, s->required ? "\\*" : "",
                   s->carried ? " c" : "", slot_kind_name(s->kind),
                   class_name(slot_ceiling(s->kind)), s->codes ? s->codes : "",
                   s->standard ? "; `" : "", s->standard ? s->standard : "",
                   s->standard ? "` when it is left out" : "");
    }
}

static void put_events(struct buf *out)
{
    buf_add(out,
            STR("\n## Events\n\n`*` must be mapped; `c` is carried from the stored event of the "
                "same unit when every source is absent or empty.\n"));
    for (size_t i = 0; event_type_at(i); i++)
        put_event(out, event_type_at(i));
}

static const char *type_name(enum convert_type t)
{
    static const char *const names[] = {
        [CONVERT_TYPE_TEXT] = "text",   [CONVERT_TYPE_DATE] = "date",
        [CONVERT_TYPE_PHONE] = "phone", [CONVERT_TYPE_INSTANT] = "instant",
        [CONVERT_TYPE_TAG] = "tag",     [CONVERT_TYPE_KEY] = "key",
    };

    return names[t];
}

static void put_converters(struct buf *out)
{
    buf_add(out, STR("\n## Converters\n\nEach takes a text, without the white space at its ends. "
                     "`+s` uses the site, so the class of `values.site` joins in.\n\n"
                     "| Name | Gives | Does | Reasons it fails |\n|---|---|---|---|\n"));
    for (int k = CONVERT_TEXT; k <= CONVERT_PSEUDONYM; k++) {
        const struct convert_about *about = convert_about((enum convert_kind)k);
        struct str rest = str_of(about->reasons);

        buf_printf(out, "| `%s`%s | %s | %s |", convert_name((size_t)(k - CONVERT_TEXT)),
                   convert_uses_site((enum convert_kind)k) ? " +s" : "",
                   type_name(convert_yields((enum convert_kind)k)), about->does);
        while (rest.n) {
            struct str reason = str_cut(&rest, ' ');

            buf_printf(out, " `" STR_FMT "`", STR_ARG(reason));
        }
        buf_add(out, STR(" |\n"));
    }
    buf_add(out,
            STR("\nA table that lacks the code fails with `table.unlisted`, a text that a slot "
                "does not take with `type.mismatch`, bytes that are no text with "
                "`text.damaged`, and an expression that cannot be evaluated with "
                "`fhirpath.error`.\n"));
}

static void put_hl7_fields(struct buf *out, const char *segment)
{
    for (unsigned field = 1; field < 256; field++) {
        struct hl7_definition d = {0};
        bool listed = false;
        enum sensitivity class = dictionary_hl7(str_of(segment), field, &listed);

        if (!listed || class == CLASS_CLINICAL || dictionary_set_id(str_of(segment), field))
            continue;
        (void)hl7_field_defined(HL7_V2_8, str_of(segment), field, &d);
        buf_printf(out, "| %s-%u | %s | %s |\n", segment, field, d.title ? d.title : "",
                   class_name(class));
    }
}

static void put_classes(struct buf *out)
{
    const char *segment;
    struct str element;
    enum sensitivity class;

    buf_add(out, STR("\n## Classes\n\n`public < directory < preference < logistics < contact < "
                     "identifier < clinical`. What is not listed is clinical; set-IDs are "
                     "public.\n\n### HL7 v2\n\n| Field | Name | Class |\n|---|---|---|\n"));
    for (size_t i = 0; (segment = hl7_segment_at(HL7_V2_8, i)); i++)
        put_hl7_fields(out, segment);
    buf_add(out, STR("\n### FHIR\n\nThe longest entry counts. A reference has the class of what it "
                     "may point at, `identifier` of any resource is an identifier.\n\n"
                     "| Element | Class |\n|---|---|\n"));
    for (size_t i = 0; (element = dictionary_fhir_entry(i, &class)).p; i++)
        buf_printf(out, "| " STR_FMT " | %s |\n", STR_ARG(element), class_name(class));
}

static void put_limits(struct buf *out)
{
    buf_add(out, STR("\n## Limits\n\n| What | At most |\n|---|---|\n"));
    buf_printf(out, "| a YAML file | %d bytes |\n", FEED_MAX_FILE);
    buf_printf(out, "| nodes of a file; depth | %zu; %d |\n", yaml_limits_standard.nodes,
               yaml_limits_standard.depth);
    buf_printf(out, "| values; rules; notify; overlays | %d each |\n", FEED_MAX_LIST);
    buf_printf(out, "| tests of a file | %d |\n", FEED_MAX_TESTS);
    buf_printf(out, "| sources of a branch | %d |\n", FEED_MAX_SOURCES);
    buf_printf(out, "| distinct reasons of a feed | %d |\n", FEED_MAX_REASONS);
    buf_printf(out, "| a table | %d bytes, %d rows |\n", TABLE_MAX_BYTES, TABLE_MAX_ROWS);
    buf_printf(out, "| a condition | %d bytes, %d deep |\n", COND_MAX_BYTES, COND_MAX_DEPTH);
    buf_printf(out, "| a FHIRPath expression | %d bytes, %d nodes |\n", FHIRPATH_MAX_BYTES,
               FHIRPATH_MAX_NODES);
    buf_printf(out, "| instances of a message | %d |\n", FEED_MAX_INSTANCES);
    buf_printf(out, "| conversions of a message | %d |\n", FEED_MAX_TRIES);
}

static void put_codes(struct buf *out)
{
    const struct code *c;

    buf_add(out, STR("\n## Codes of the checker\n\n| Code | Name | Says |\n|---|---|---|\n"));
    for (size_t i = 0; (c = code_at(i)); i++) {
        buf_printf(out, "| [%s](codes/%s.md) | %s | ", c->code, c->code, c->name);
        put_cell(out, c->title);
        buf_add(out, STR(" |\n"));
    }
}

bool feed_reference_write(struct buf *out)
{
    buf_add(out, str_of(head));
    put_keys(out);
    put_events(out);
    put_converters(out);
    put_classes(out);
    put_limits(out);
    put_codes(out);
    return !out->over;
}
