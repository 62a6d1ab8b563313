#include "feed/table.h"

#include <stdio.h>

#include "base/utf8.h"

enum { MOST_FIELDS = 3 };

/* A text: `at` is an offset in the CSV, or with the highest bit an index into `decoded`. */
struct place {
    uint32_t at, n;
};

struct table_place {
    struct place from, to;
    int line, to_column;
};

static const uint32_t DECODED = 1U << 31;

/* One record as it stands in the file. */
struct record {
    struct str fields[MOST_FIELDS];
    int columns[MOST_FIELDS]; /* 1 for a field behind a line break in quotes */
    size_t n;                 /* fields there are, which may be more than MOST_FIELDS */
    int line;
};

struct reader {
    struct str rest;
    int line, column; /* of the next character */
    struct arena *arena;
    struct table *table;
    struct table_faults *faults;
    size_t room;   /* of faults->items */
    size_t wanted; /* fields a row must have: 2 or 3 */
    struct str *decoded;
    size_t n_decoded, decoded_room;
};

static void report(struct reader *r, const char *code, int line, int column, const char *text)
{
    struct table_faults *f = r->faults;

    if (f->n == r->room) {
        struct table_fault *old = f->items;

        r->room = r->room ? r->room * 2 : 8;
        f->items = NEW_ARRAY(r->arena, struct table_fault, r->room);
        if (old)
            memcpy(f->items, old, f->n * sizeof *old);
    }
    f->items[f->n] = (struct table_fault){.line = line, .column = column, .text = text};
    snprintf(f->items[f->n].code, sizeof f->items[f->n].code, "%s", code);
    f->n++;
}

/* Takes one character and keeps count of the place. */
static char take(struct reader *r)
{
    char c = r->rest.p[0];

    r->rest = (struct str){r->rest.p + 1, r->rest.n - 1};
    if (c == '\n') {
        r->line++;
        r->column = 1;
    } else if (((unsigned char)c & 0xC0) != 0x80) {
        r->column++;
    }
    return c;
}

/* At CR LF, LF or the end of the text. */
static bool at_end(const struct reader *r)
{
    return r->rest.n == 0 || r->rest.p[0] == '\n' ||
           (r->rest.n > 1 && r->rest.p[0] == '\r' && r->rest.p[1] == '\n');
}

static void take_line_end(struct reader *r)
{
    while (r->rest.n && take(r) != '\n')
        ;
}

/* The text between the quotes with each doubled quote as one. */
static struct str undouble(struct str text, struct arena *a)
{
    char *out = arena_get(a, text.n, 1);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        out[n++] = text.p[i];
        i += text.p[i] == '"';
    }
    return (struct str){out, n};
}

static bool quote_follows(const struct reader *r)
{
    return r->rest.n && r->rest.p[0] == '"';
}

/* A field in quotes; a doubled quote stands for one. False after a report. */
static bool quoted(struct reader *r, struct str *out)
{
    int line = r->line, column = r->column;
    struct str text = {r->rest.p + 1, 0};
    bool doubled = false;

    (void)take(r);
    while (r->rest.n) {
        bool quote = take(r) == '"', twice = quote && quote_follows(r);

        if (quote && !twice) {
            *out = doubled ? undouble(text, r->arena) : text;
            return true;
        }
        if (twice)
            (void)take(r);
        doubled = doubled || twice;
        text.n += twice ? 2 : 1;
    }
    report(r, "E303", line, column, "the closing quote is missing");
    return false;
}

static bool bare(struct reader *r, struct str *out)
{
    *out = (struct str){r->rest.p, 0};
    while (!at_end(r) && r->rest.p[0] != ',') {
        if (r->rest.p[0] == '"' || r->rest.p[0] == '\r') {
            report(r, "E303", r->line, r->column,
                   "a quote or line break inside a field that has no quotes");
            return false;
        }
        (void)take(r);
        out->n++;
    }
    return true;
}

/* One record without its end. False after a report, somewhere in the record. */
static bool read_record(struct reader *r, struct record *out)
{
    *out = (struct record){.line = r->line};
    for (;;) {
        struct str field;
        int column = r->line == out->line ? r->column : 1;

        if (r->rest.n && r->rest.p[0] == '"' ? !quoted(r, &field) : !bare(r, &field))
            return false;
        if (out->n < MOST_FIELDS) {
            out->fields[out->n] = field;
            out->columns[out->n] = column;
        }
        out->n++;
        if (at_end(r))
            return true;
        if (r->rest.p[0] != ',') {
            report(r, "E303", r->line, r->column, "text behind the closing quote");
            return false;
        }
        (void)take(r);
    }
}

static bool read_header(struct reader *r)
{
    static const char *const names[] = {"from", "to", "note"};
    struct record head;

    if (!read_record(r, &head))
        return false;
    r->wanted = head.n;
    for (size_t i = 0; i < head.n && i < MOST_FIELDS; i++)
        if (!str_eq(head.fields[i], str_of(names[i])))
            r->wanted = 0;
    if (r->wanted < 2 || r->wanted > MOST_FIELDS) {
        report(r, "E303", 1, 1, "the first line must be `from,to` or `from,to,note`");
        return false;
    }
    take_line_end(r);
    return true;
}

static bool is_blank(const struct record *rec)
{
    for (size_t i = 0; i < rec->n && i < MOST_FIELDS; i++)
        if (str_trim(rec->fields[i]).n)
            return false;
    return true;
}

static uint32_t hash(struct str s)
{
    uint32_t h = 2166136261U; /* FNV-1a */

    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 16777619U;
    return h;
}

static struct str text_at(const struct table *t, struct place p)
{
    return p.at & DECODED ? t->decoded[p.at & ~DECODED] : (struct str){t->csv.p + p.at, p.n};
}

/* The slot that holds `from`, or the free one where it belongs. */
static uint32_t *slot_of(const struct table *t, struct str from)
{
    size_t i = hash(from) & (t->n_slots - 1);

    while (t->slots[i] && !str_eq(text_at(t, t->places[t->slots[i] - 1].from), from))
        i = (i + 1) & (t->n_slots - 1);
    return &t->slots[i];
}

/* Where a field is: in the CSV, or among the decoded ones. */
static struct place place_of(struct reader *r, struct str field)
{
    struct table *t = r->table;

    if (field.p >= t->csv.p && field.p <= t->csv.p + t->csv.n)
        return (struct place){(uint32_t)(field.p - t->csv.p), (uint32_t)field.n};
    if (r->n_decoded == r->decoded_room) {
        struct str *old = r->decoded;

        r->decoded_room = r->decoded_room ? 2 * r->decoded_room : 8;
        r->decoded = NEW_ARRAY(r->arena, struct str, r->decoded_room);
        if (old)
            memcpy(r->decoded, old, r->n_decoded * sizeof *old);
        t->decoded = r->decoded;
    }
    r->decoded[r->n_decoded] = field;
    return (struct place){DECODED | (uint32_t)r->n_decoded++, (uint32_t)field.n};
}

static void add_row(struct reader *r, const struct record *rec)
{
    struct table *t = r->table;
    uint32_t *slot;

    if (is_blank(rec)) {
        report(r, "E303", rec->line, 1, "a blank row");
    } else if (rec->n != r->wanted) {
        report(r, "E303", rec->line, 1,
               arena_printf(r->arena, "%zu fields; the first line has %zu", rec->n, r->wanted).p);
    } else if (rec->fields[0].n == 0) {
        report(r, "E303", rec->line, rec->columns[0],
               "`from` is empty; an empty field is never looked up");
    } else if (rec->fields[1].n == 0) {
        report(r, "E303", rec->line, rec->columns[1], "`to` is empty");
    } else if (*(slot = slot_of(t, rec->fields[0]))) {
        report(r, "E303", rec->line, rec->columns[0],
               arena_printf(r->arena, "`" STR_FMT "` is already in line %d",
                            STR_ARG(rec->fields[0]), t->places[*slot - 1].line)
                   .p);
    } else {
        t->places[t->n++] = (struct table_place){
            place_of(r, rec->fields[0]), place_of(r, rec->fields[1]), rec->line, rec->columns[1]};
        *slot = (uint32_t)t->n;
    }
}

/* An upper bound for the rows, and slots for them that are at most half full. */
static void make_room(struct str csv, struct arena *a, struct table *t)
{
    size_t rows = 1;

    for (size_t i = 0; i < csv.n; i++)
        rows += csv.p[i] == '\n';
    if (rows > TABLE_MAX_ROWS)
        rows = TABLE_MAX_ROWS;
    for (t->n_slots = 4; t->n_slots < rows * 2;)
        t->n_slots *= 2;
    t->places = NEW_ARRAY(a, struct table_place, rows);
    t->slots = NEW_ARRAY(a, uint32_t, t->n_slots);
}

static void read_rows(struct reader *r)
{
    for (int n = 0; r->rest.n; n++) {
        struct record rec;

        if (n == TABLE_MAX_ROWS) {
            report(r, "E006", r->line, 1, "more than 500,000 rows");
            return;
        }
        if (r->faults->n == TABLE_MAX_FAULTS) {
            report(r, "E303", r->line, 1, "200 faults up to here; the rest is not read");
            return;
        }
        if (read_record(r, &rec))
            add_row(r, &rec);
        take_line_end(r);
    }
}

/* Bytes that are not UTF-8, reported at the first. */
static bool not_utf8(struct reader *r, struct str csv)
{
    size_t bad = utf8_check(csv);

    if (bad == csv.n)
        return false;
    while (csv.n - r->rest.n < bad)
        (void)take(r);
    report(r, "E001", r->line, r->column, "not UTF-8");
    return true;
}

bool table_read(struct str csv, struct arena *a, struct table *out, struct table_faults *faults)
{
    struct reader r = {
        .rest = csv, .line = 1, .column = 1, .arena = a, .table = out, .faults = faults};

    *out = (struct table){.name = out->name, .file = out->file, .csv = csv};
    *faults = (struct table_faults){NULL, 0};
    if (csv.n > TABLE_MAX_BYTES) {
        report(&r, "E006", 1, 1, "larger than 16 MiB");
        return false;
    }
    if (not_utf8(&r, csv))
        return false;
    make_room(csv, a, out);
    if (str_starts(csv, STR("\xef\xbb\xbf"))) /* some editors begin so */
        r.rest = (struct str){csv.p + 3, csv.n - 3};
    if (read_header(&r))
        read_rows(&r);
    return faults->n == 0;
}

struct table_row table_row(const struct table *t, size_t i)
{
    const struct table_place *p = &t->places[i];

    return (struct table_row){text_at(t, p->from), text_at(t, p->to), p->line, p->to_column};
}

bool table_find(const struct table *t, struct str from, struct table_row *out)
{
    uint32_t at = t->n_slots ? *slot_of(t, from) : 0;

    if (at && out)
        *out = table_row(t, at - 1);
    return at != 0;
}
