#include "index.h"

#include "addendum.h"
#include "line_end.h"

struct hl7_limits hl7_limits_default(void)
{
    return (struct hl7_limits){.segments = 5000,
                               .fields = 200,
                               .repetitions = 1000,
                               .components = 100,
                               .subcomponents = 100,
                               .nodes = 200000};
}

enum { TEXT_MOST = INT32_MAX };

/* The index while it is made. */
struct indexing {
    const struct marks_way *way;
    struct hl7_message *m;
    const struct hl7_limits *limits;
    struct hl7_notes *notes;
    struct str end;       /* of every segment: CR, LF or CR LF */
    uint32_t *at;         /* every separator and end */
    uint32_t *ends;       /* which of them are ends */
    size_t n_ends;        /* a last segment without end included */
    bool unended;         /* there is one */
    uint32_t short_field; /* a field with fewer bytes breaks no limit */
    bool counts_nodes;    /* the text is long enough to hold too many */
    size_t nodes;
    char below[3]; /* the separators below a field; none: the field separator */
};

static size_t offset(const struct indexing *x, const char *p)
{
    return (size_t)(p - x->m->text.p);
}

static bool too_many(const struct indexing *x, const char *at, const char *what, size_t most,
                     struct err *e)
{
    return err_set(e, ERR_INPUT, HL7_LIMIT, "offset %zu: more than %zu %s", offset(x, at), most,
                   what);
}

static void set_name(struct hl7_segment *s, char separator)
{
    char name[4] = "";

    if (s->text.n < 3 || (s->text.n > 3 && s->text.p[3] != separator))
        return;
    for (size_t i = 0; i < 3; i++) {
        char c = s->text.p[i];

        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (!(c >= 'A' && c <= 'Z') && !(i > 0 && c >= '0' && c <= '9'))
            return;
        name[i] = c;
    }
    memcpy(s->name, name, sizeof name);
}

/* Counts what is below one field against the limits. */
static bool count_field(const struct indexing *x, struct str field, struct err *e)
{
    const struct hl7_separators *sep = &x->m->sep;
    const struct hl7_limits *l = x->limits;
    size_t repetitions = 1, components = 1, subcomponents = 1;

    for (size_t i = 0; i < field.n; i++) {
        char c = field.p[i];

        if (c == '\0' || (c != sep->subcomponent && c != sep->component && c != sep->repetition))
            continue;
        if (c == sep->subcomponent) {
            subcomponents++;
        } else if (c == sep->component) {
            components++;
            subcomponents = 1;
        } else {
            repetitions++;
            components = subcomponents = 1;
        }
        if (subcomponents > l->subcomponents)
            return too_many(x, field.p + i, "subcomponents", l->subcomponents, e);
        if (components > l->components)
            return too_many(x, field.p + i, "components", l->components, e);
        if (repetitions > l->repetitions)
            return too_many(x, field.p + i, "repetitions", l->repetitions, e);
    }
    return true;
}

/* Looks into the fields that are long enough to break a limit. MSH-2 is not looked into. */
static bool check_fields(const struct indexing *x, const struct hl7_segment *s, size_t n_marks,
                         struct err *e)
{
    uint32_t over = 0; /* its top bit: some field is too long to be passed over */
    struct str field;

    for (size_t i = 1; i < n_marks; i++)
        over |= x->short_field - (s->marks[i] - s->marks[i - 1]);
    if (over >> 31 == 0)
        return true;
    for (size_t n = hl7_segment_is(s, "MSH") ? 3 : 1; n <= s->n_fields; n++) {
        field = hl7_field(s, n);
        if (field.n >= x->short_field && x->way->among(field, x->below) >= x->short_field &&
            !count_field(x, field, e))
            return false;
    }
    return true;
}

static bool count_nodes(struct indexing *x, const struct hl7_segment *s, struct err *e)
{
    x->nodes += 1 + s->n_fields + x->way->among(s->text, x->below);
    if (hl7_segment_is(s, "MSH"))
        x->nodes -= x->way->among(hl7_field(s, 2), x->below);
    if (x->nodes > x->limits->nodes)
        return too_many(x, s->text.p, "elements", x->limits->nodes, e);
    return true;
}

/* One segment: its marks are at[from] and on, its end is at[to]. */
static bool index_segment(struct indexing *x, struct str text, size_t from, size_t to,
                          struct err *e)
{
    struct hl7_segment *s = &x->m->segments[x->m->n_segments++];
    bool msh;

    *s = (struct hl7_segment){.text = text,
                              .base = x->m->text.p,
                              .marks = x->at + from,
                              .n_fields = (uint32_t)(to - from)};
    set_name(s, x->m->sep.field);
    msh = hl7_segment_is(s, "MSH");
    s->n_fields += msh && s->n_fields; /* MSH-1 */
    if (msh && x->m->n_segments > 1)
        hl7_note(x->notes, HL7_MULTI_MSH, offset(x, text.p));
    if (s->n_fields > x->limits->fields)
        return too_many(x, hl7_field(s, x->limits->fields + 1).p, "fields", x->limits->fields, e);
    if (!check_fields(x, s, to - from + 1, e))
        return false;
    return !x->counts_nodes || count_nodes(x, s, e);
}

static bool is_blank(struct str s)
{
    return !s.p || s.n == 0 || ((unsigned char)s.p[0] <= ' ' && str_trim(s).n == 0);
}

/* The n-th c of the text, from 0. */
static const char *nth(struct str text, char c, size_t n)
{
    struct str rest = text, head = {text.p, 0};

    for (size_t i = 0; i <= n && rest.p; i++)
        head = str_cut(&rest, c);
    return head.p + head.n;
}

/* The marks of the whole text, and room for the segments: how much that is, is known before any of it
 * is kept. */
static bool find_marks(struct indexing *x, struct arena *a, struct err *e)
{
    const struct str text = x->m->text;
    const struct marks_wanted wanted = {text, x->m->sep.field, x->end};
    size_t n_blocks = (text.n + MARKS_BLOCK - 1) / MARKS_BLOCK;
    struct marks_block *blocks;
    struct marks_count n;

    if (text.n > TEXT_MOST)
        return too_many(x, text.p, "bytes", TEXT_MOST, e);
    blocks = NEW_ARRAY(a, struct marks_block, n_blocks);
    x->way->find(&wanted, blocks);
    n = marks_count(blocks, n_blocks);
    x->unended = text.n < x->end.n || memcmp(text.p + text.n - x->end.n, x->end.p, x->end.n) != 0;
    x->n_ends = n.ends + x->unended;
    if (x->n_ends > x->limits->segments)
        return too_many(x, nth(text, x->end.p[0], x->limits->segments), "segments",
                        x->limits->segments, e);
    if (n.all - n.ends > x->limits->nodes)
        return too_many(x, nth(text, x->m->sep.field, x->limits->nodes), "elements",
                        x->limits->nodes, e);
    x->at = NEW_ARRAY(a, uint32_t, n.all + MARKS_SLACK);
    x->ends = NEW_ARRAY(a, uint32_t, x->n_ends + 1);
    x->m->segments = NEW_ARRAY(a, struct hl7_segment, x->n_ends + 1);
    marks_write(blocks, n_blocks, x->at, x->ends);
    if (x->unended) {
        x->at[n.all] = (uint32_t)text.n;
        x->ends[n.ends] = (uint32_t)n.all;
        hl7_note(x->notes, HL7_NO_FINAL_CR, text.n);
    }
    return true;
}

static bool index_segments(struct indexing *x, struct err *e)
{
    const struct str text = x->m->text;
    size_t start = 0, from = 0;

    for (size_t i = 0; i < x->n_ends; i++) {
        size_t to = x->ends[i], stop = x->at[to];
        struct str s = {text.p + start, stop - start};

        if (is_blank(s))
            hl7_note(x->notes, HL7_BLANK_SEGMENT, start);
        else if (!index_segment(x, s, from, to, e))
            return false;
        start = stop + x->end.n;
        from = to + 1;
    }
    return true;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void prepare(struct indexing *x)
{
    const struct hl7_separators *sep = &x->m->sep;
    const struct hl7_limits *l = x->limits;
    const char own[3] = {sep->repetition, sep->component, sep->subcomponent};

    /* n separators make n + 1 parts */
    x->short_field =
        (uint32_t)least(least(l->repetitions, TEXT_MOST), least(l->components, l->subcomponents));
    x->counts_nodes = x->m->text.n + 2 > l->nodes;
    for (size_t i = 0; i < sizeof own; i++)
        x->below[i] = own[i] ? own[i] : own[0] ? own[0] : sep->field;
}

static bool index_text(struct indexing *x, struct arena *a, struct err *e)
{
    prepare(x);
    return find_marks(x, a, e) && index_segments(x, e);
}

static bool holds_addendum(const struct hl7_message *m)
{
    for (size_t i = 0; i < m->n_segments; i++) {
        if (addendum_is(m, i))
            return true;
    }
    return false;
}

bool index_message(const struct index_settings *set, struct str text, struct arena *a,
                   struct hl7_notes *notes, struct hl7_message *out, struct err *e)
{
    struct indexing x = {.way = set->way, .m = out, .limits = set->limits, .notes = notes};

    *out = (struct hl7_message){.charset = set->charset, .text = text};
    if (!str_starts(text, STR("MSH")))
        return err_set(e, ERR_INPUT, 0, "offset 0: no MSH segment");
    if (!hl7_separators_read(text, &out->sep, e))
        return false;
    x.end = line_end(text, notes);
    if (!index_text(&x, a, e))
        return false;
    if (!holds_addendum(out))
        return true;
    out->text = addendum_join(out, a);
    out->n_segments = 0;
    x.notes = NULL; /* they are there already */
    x.nodes = 0;
    return index_text(&x, a, e);
}

bool hl7_message_index(struct str text, const struct hl7_charset *charset,
                       const struct hl7_limits *limits, struct arena *a, struct hl7_notes *notes,
                       struct hl7_message *out, struct err *e)
{
    const struct index_settings set = {marks_best(), charset, limits};

    return index_message(&set, text, a, notes, out, e);
}
