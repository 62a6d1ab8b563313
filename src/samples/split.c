/* Where the messages of a file begin and end. */
#include "samples/source.h"

#include "fhir/json.h"
#include "hl7/separators.h"

struct split {
    struct str bytes;
    struct arena *arena;
    struct pieces *out;
    size_t room;
};

static bool add(struct split *s, enum piece_kind kind, size_t from, size_t to, struct err *e)
{
    struct pieces *out = s->out;

    if (from == to)
        return true;
    if (out->n == SOURCE_PIECES)
        return err_set(e, ERR_INPUT, 0, "byte %zu: more than %d pieces", from, SOURCE_PIECES);
    if (out->n == s->room) {
        size_t room = s->room ? 2 * s->room : 16;
        struct piece *items = NEW_ARRAY(s->arena, struct piece, room);

        if (out->n)
            memcpy(items, out->items, out->n * sizeof *items);
        out->items = items;
        s->room = room;
    }
    out->items[out->n++] = (struct piece){kind, {s->bytes.p + from, to - from}, from};
    return true;
}

static bool is_frame(char c)
{
    return c == '\x0b' || c == '\x1c' || c == '\r' || c == '\n' || c == ' ' || c == '\t';
}

/* Framing bytes and blanks from `at`; at the start of the file a byte order mark, too. */
static size_t skip_frame(struct str b, size_t at)
{
    if (at == 0 && str_starts(b, STR("\xef\xbb\xbf")))
        at = 3;
    while (at < b.n && is_frame(b.p[at]))
        at++;
    return at;
}

static bool is_header(struct str rest)
{
    return rest.n > 3 &&
           (str_starts(rest, STR("MSH")) || str_starts(rest, STR("FHS")) ||
            str_starts(rest, STR("BHS"))) &&
           hl7_may_separate(rest.p[3]);
}

static bool is_trailer(struct str rest)
{
    return (str_starts(rest, STR("BTS")) || str_starts(rest, STR("FTS"))) &&
           (rest.n == 3 || hl7_may_separate(rest.p[3]) || is_frame(rest.p[3]));
}

static struct str from(struct str b, size_t at)
{
    return (struct str){b.p + at, b.n - at};
}

static bool starts_something(struct str b, size_t at)
{
    return is_header(from(b, at)) || is_trailer(from(b, at));
}

/* Behind the last segment of what begins at `at`. A bare LF is content where segments end in CR; what
 * stands outside messages ends at either. */
static size_t segments_end(struct str b, size_t at, bool message)
{
    bool lf = !message, known = !message;

    for (; at < b.n; at++) {
        char c = b.p[at];

        if (c == '\x0b' || c == '\x1c')
            break;
        if (c != '\r' && c != '\n')
            continue;
        if (!known) {
            known = true;
            lf = c == '\n' || (at + 1 < b.n && b.p[at + 1] == '\n');
        }
        if ((c == '\r' || lf) && at + 1 < b.n && starts_something(b, at + 1))
            break;
    }
    return at;
}

static size_t line_end(struct str b, size_t at)
{
    while (at < b.n && b.p[at] != '\r' && b.p[at] != '\n' && b.p[at] != '\x1c')
        at++;
    return at;
}

static bool split_hl7(struct split *s, size_t at, struct err *e)
{
    struct str b = s->bytes;

    while (at < b.n) {
        bool message = str_starts(from(b, at), STR("MSH")) && is_header(from(b, at));
        bool batch = !message && starts_something(b, at);
        size_t end = batch ? line_end(b, at) : segments_end(b, at, message), next;

        while (end > at && is_frame(b.p[end - 1]) && b.p[end - 1] != ' ' && b.p[end - 1] != '\t')
            end--;
        if (!add(s, message ? PIECE_HL7 : batch ? PIECE_BATCH : PIECE_OTHER, at, end, e))
            return false;
        next = skip_frame(b, end);
        if (!add(s, PIECE_FRAME, end, next, e))
            return false;
        at = next;
    }
    return true;
}

static bool is_json(struct str text, struct arena *a)
{
    struct json_limits limits = json_limits_default();
    struct json_node *root;
    struct err ignored;

    return json_read(text, &limits, a, &root, NULL, &ignored);
}

/* A line each; a line that is no JSON is PIECE_OTHER. */
static bool split_lines(struct split *s, size_t at, struct err *e)
{
    struct str b = s->bytes;
    struct arena a = {0};
    bool ok = true;

    while (ok && at < b.n) {
        size_t end = line_end(b, at), next;
        struct str line = str_trim((struct str){b.p + at, end - at});

        end = at + line.n;
        ok = add(s, is_json(line, &a) ? PIECE_FHIR : PIECE_OTHER, at, end, e);
        next = skip_frame(b, end);
        ok = ok && add(s, PIECE_FRAME, end, next, e);
        at = next;
        arena_reset(&a);
    }
    return ok;
}

static bool split_json(struct split *s, size_t at, struct err *e)
{
    struct str whole = str_trim(from(s->bytes, at));
    struct arena a = {0};
    size_t line = line_end(s->bytes, at);
    bool one = is_json(whole, &a);
    bool lines = !one && is_json((struct str){whole.p, line - at}, &a);

    arena_reset(&a);
    if (lines)
        return split_lines(s, at, e);
    return add(s, one ? PIECE_FHIR : PIECE_OTHER, at, at + whole.n, e) &&
           add(s, PIECE_FRAME, at + whole.n, s->bytes.n, e);
}

bool source_split(struct str bytes, struct arena *a, struct pieces *out, struct err *e)
{
    struct split s = {bytes, a, out, 0};
    size_t at;

    *out = (struct pieces){NULL, 0};
    if (!bytes.p || bytes.n == 0)
        return true;
    at = skip_frame(bytes, 0);
    if (!add(&s, PIECE_FRAME, 0, at, e))
        return false;
    if (at < bytes.n && bytes.p[at] == '{')
        return split_json(&s, at, e);
    return split_hl7(&s, at, e);
}
