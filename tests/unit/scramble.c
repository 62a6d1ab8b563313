#include "scramble.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/encode.h"
#include "feed/dictionary.h"
#include "fhir/json.h"

enum { TEXT_MOST = 1 << 20, PATH_MOST = 512 };

unsigned scramble_random(struct scramble *s, unsigned below)
{
    s->state ^= s->state << 13;
    s->state ^= s->state >> 7;
    s->state ^= s->state << 17;
    return (unsigned)((s->state >> 20) % below);
}

static bool often(struct scramble *s, unsigned percent)
{
    return scramble_random(s, 100) < percent;
}

/* ---- leaves ---- */

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += digit(s.p[i]);
    return n;
}

/* CP, MR, PRN, L: codes that guards and selections look at. */
static bool is_code(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 'A' || s.p[i] > 'Z')
            return false;
    return s.n <= 3;
}

/* Things that could pass for something else. */
static const char *odd(struct scramble *s)
{
    static const char *const all[] = {"{{1}}",
                                      "19800304",
                                      "202503040930",
                                      "0912345678",
                                      "A123456789",
                                      "KH",
                                      "12",
                                      "F",
                                      "\xe5\x8c\x97\xe9\x99\xa2",
                                      "HIV positive",
                                      "pk_0",
                                      "7917-8",
                                      "+886912000111",
                                      "North Clinic",
                                      "2025-03-04T09:30:00Z"};

    return all[scramble_random(s, sizeof all / sizeof *all)];
}

/* The same shape: digits for digits, letters for letters; of a longer number the last six. */
static void add_shape(struct scramble *s, struct str leaf, struct buf *out)
{
    size_t keep = digits(leaf) >= 7 && often(s, 85) ? digits(leaf) - 6 : 0;

    for (size_t i = 0; i < leaf.n; i++) {
        char c = leaf.p[i];

        if (digit(c) && keep)
            keep--;
        else if (digit(c))
            c = (char)('0' + scramble_random(s, 10));
        else if (c >= 'a' && c <= 'z')
            c = (char)('a' + scramble_random(s, 26));
        else if (c >= 'A' && c <= 'Z')
            c = (char)('A' + scramble_random(s, 26));
        buf_add_char(out, c);
    }
}

/* Another time of the same form, that exists. */
static void add_time(struct scramble *s, struct str leaf, struct buf *out)
{
    buf_printf(out, "%.6s%02u%02u%02u%.*s", leaf.p, 1 + scramble_random(s, 28),
               scramble_random(s, 24), scramble_random(s, 60), (int)(leaf.n - 12), leaf.p + 12);
}

static bool is_time(struct str leaf)
{
    return leaf.n >= 12 && digits((struct str){leaf.p, 12}) == 12 && str_starts(leaf, STR("20"));
}

static void add_leaf(struct scramble *s, struct str leaf, bool steers, struct buf *out)
{
    unsigned r = scramble_random(s, 100);

    if (leaf.n == 0 || (is_code(leaf) && r < 97) || (steers && r < 94))
        buf_add(out, leaf);
    else if (is_time(leaf) && r < 90)
        add_time(s, leaf, out);
    else if (r < 75)
        add_shape(s, leaf, out);
    else if (r < 88)
        buf_add(out, str_of(odd(s)));
    else if (r < 96)
        buf_printf(out, "x%u", scramble_random(s, 1000000));
}

static enum sensitivity declared(const struct scramble *s, struct str place, enum sensitivity class)
{
    for (size_t i = 0; i < s->n_words; i++)
        if (str_starts(place, str_of(s->words[i].place)) && s->words[i].class < class)
            class = s->words[i].class;
    return class;
}

/* ---- HL7 ---- */

static void add_field(struct scramble *s, struct str field, bool steers, struct buf *out)
{
    size_t from = 0;

    for (size_t i = 0; i <= field.n; i++) {
        if (i < field.n && !strchr("^~&", field.p[i]))
            continue;
        add_leaf(s, (struct str){field.p + from, i - from}, steers, out);
        if (i < field.n)
            buf_add_char(out, field.p[i]);
        from = i + 1;
    }
    if (field.n && !steers && often(s, 15))
        buf_printf(out, "~%s^^^X^%c%c", odd(s), 'A' + (int)scramble_random(s, 26), 'Z');
}

static void add_segment(struct scramble *s, struct str line, struct buf *out)
{
    struct str name = str_cut(&line, '|');
    unsigned field = str_eq(name, STR("MSH")) ? 2 : 1;

    buf_add(out, name);
    for (; line.p; field++) {
        struct str text = str_cut(&line, '|');
        char place[16];
        enum sensitivity class;
        bool steers = str_eq(name, STR("MSH")) || (str_eq(name, STR("OBR")) && field == 4);

        (void)snprintf(place, sizeof place, STR_FMT "-%u", STR_ARG(name), field);
        class = declared(s, str_of(place), dictionary_hl7(name, field, NULL));
        buf_add_char(out, '|');
        if (class <= s->keep)
            buf_add(out, text);
        else
            add_field(s, text, steers, out);
    }
    buf_add_char(out, '\r');
}

/* A segment whose fields nobody lists. */
static void add_unlisted(struct scramble *s, struct buf *out)
{
    static const char *const names[] = {"ZXA", "ZXB", "NTE", "DG1", "AL1"};

    if (!often(s, 15))
        return;
    buf_printf(out, "%s||", names[scramble_random(s, sizeof names / sizeof *names)]);
    for (unsigned i = scramble_random(s, 4); i > 0; i--)
        buf_printf(out, "|%s^%s~%s", odd(s), odd(s), odd(s));
    buf_printf(out, "|%s\r", odd(s));
}

struct str scramble_hl7(struct scramble *s, struct str body, struct arena *a)
{
    struct buf out = buf_new(TEXT_MOST);
    struct str made;
    size_t from = 0;

    for (size_t i = 0; i <= body.n; i++) {
        if (i < body.n && body.p[i] != '\r' && body.p[i] != '\n')
            continue;
        if (i > from) {
            add_segment(s, (struct str){body.p + from, i - from}, &out);
            add_unlisted(s, &out);
        }
        from = i + 1;
    }
    made = arena_copy(a, buf_str(&out));
    buf_reset(&out);
    return made;
}

/* ---- FHIR ---- */

/* Members that hold a message together. */
static bool is_joint(struct str name)
{
    static const char *const names[] = {"reference", "system", "use",    "url",      "id",
                                        "fullUrl",   "code",   "status", "preferred"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq(name, str_of(names[i])))
            return true;
    return false;
}

static void add_json(struct scramble *s, const struct json_node *n, struct str path,
                     struct buf *out);

static void add_string(struct scramble *s, const struct json_node *n, struct str path,
                       struct buf *out)
{
    enum sensitivity class =
        memmem(path.p, path.n, "xtension", 8) ? CLASS_CLINICAL : dictionary_fhir(path, NULL);
    struct buf text = buf_new(TEXT_MOST);

    if (str_eq(n->name, STR("reference"))) /* what it refers to says how sensitive it is */
        class = str_starts(n->text, STR("Patient")) ? CLASS_IDENTIFIER : CLASS_DIRECTORY;
    class = declared(s, path, class);
    if (class <= s->keep || str_eq(n->name, STR("resourceType")) || str_eq(n->name, STR("id")) ||
        str_eq(n->name, STR("fullUrl")) ||
        (str_eq(n->name, STR("type")) && !memchr(path.p, '.', path.n)))
        buf_add(&text, n->text);
    else
        add_leaf(s, n->text, is_joint(n->name), &text);
    json_add_string(out, buf_str(&text));
    buf_reset(&text);
}

static void add_object(struct scramble *s, const struct json_node *n, struct str path,
                       struct buf *out)
{
    const struct json_node *type = json_member(n, STR("resourceType"));
    bool first = true;

    if (type)
        path = type->text;
    buf_add_char(out, '{');
    for (const struct json_node *m = n->first; m; m = m->next, first = false) {
        char below[PATH_MOST];
        struct str name = m->name;

        if (name.n && name.p[0] == '_')
            name = (struct str){name.p + 1, name.n - 1};
        (void)snprintf(below, sizeof below, STR_FMT "." STR_FMT, STR_ARG(path), STR_ARG(name));
        buf_add(out, first ? STR("") : STR(","));
        json_add_string(out, m->name);
        buf_add_char(out, ':');
        add_json(s, m, str_of(below), out);
    }
    if (type && !str_eq(type->text, STR("Bundle")) && often(s, 30) &&
        !json_member(n, STR("extension")))
        buf_printf(out,
                   ",\"extension\":[{\"url\":\"urn:%u\",\"valueString\":\"%s\"}],\"odd\":\"%s\"",
                   scramble_random(s, 9), odd(s), odd(s));
    buf_add_char(out, '}');
}

static void add_json(struct scramble *s, const struct json_node *n, struct str path,
                     struct buf *out)
{
    switch (n->kind) {
    case JSON_OBJECT:
        add_object(s, n, path, out);
        break;
    case JSON_ARRAY:
        buf_add_char(out, '[');
        for (const struct json_node *m = n->first; m; m = m->next) {
            buf_add(out, m->index ? STR(",") : STR(""));
            add_json(s, m, path, out);
        }
        buf_add_char(out, ']');
        break;
    case JSON_STRING:
        add_string(s, n, path, out);
        break;
    case JSON_NUMBER:
        if (dictionary_fhir(path, NULL) > s->keep && often(s, 80))
            buf_printf(out, "%u", scramble_random(s, 1000));
        else
            buf_add(out, n->text);
        break;
    case JSON_NULL:
    case JSON_TRUE:
    case JSON_FALSE:
        buf_add(out, n->text);
        break;
    }
}

struct str scramble_fhir(struct scramble *s, struct str body, struct arena *a)
{
    const struct json_limits limits = json_limits_default();
    struct buf out = buf_new(TEXT_MOST);
    struct arena tree = {0};
    struct json_node *root;
    struct str made;
    struct err e;

    if (!json_read(body, &limits, &tree, &root, NULL, &e)) {
        printf("%s\n", e.text);
        exit(1);
    }
    add_json(s, root, STR(""), &out);
    made = arena_copy(a, buf_str(&out));
    buf_reset(&out);
    arena_reset(&tree);
    return made;
}
