#include <stdio.h>

#include "base/buf.h"
#include "check.h"
#include "feed/table.h"

static const struct {
    const char *name;
    struct str csv;
    size_t rows;
    const char *faults; /* "line:column code" of each, with spaces between */
} cases[] = {
    {"two rows", STR_LIT("from,to\nS12,booked\nS15,cancelled\n"), 2, ""},
    {"no line end at the end", STR_LIT("from,to\nS12,booked"), 1, ""},
    {"CR LF", STR_LIT("from,to\r\nS12,booked\r\n"), 1, ""},
    {"a note", STR_LIT("from,to,note\nS12,booked,new\nS13,moved,\n"), 2, ""},
    {"quotes", STR_LIT("\"from\",\"to\"\n\"a,\"\"b\"\"\",\"c\nd\"\nx,y\n"), 2, ""},
    {"a mark of UTF-8",
     STR_LIT("\xef\xbb\xbf"
             "from,to\na,b\n"),
     1, ""},
    {"only the header", STR_LIT("from,to\n"), 0, ""},
    {"nothing", STR_LIT(""), 0, "1:1 E303"},
    {"no header", STR_LIT("S12,booked\n"), 0, "1:1 E303"},
    {"header in capitals", STR_LIT("From,To\na,b\n"), 0, "1:1 E303"},
    {"a fourth column", STR_LIT("from,to,note,by\na,b,c,d\n"), 0, "1:1 E303"},
    {"one column", STR_LIT("from\na\n"), 0, "1:1 E303"},
    {"blank rows", STR_LIT("from,to\n\na,b\n , \n,\n"), 1, "2:1 E303 4:1 E303 5:1 E303"},
    {"a blank row at the end", STR_LIT("from,to\na,b\n\n"), 1, "3:1 E303"},
    {"twice", STR_LIT("from,to\na,b\nc,d\na,e\n"), 2, "4:1 E303"},
    {"other case is another", STR_LIT("from,to\na,b\nA,b\n"), 2, ""},
    {"white space counts", STR_LIT("from,to\na,b\n a,b\n"), 2, ""},
    {"too few", STR_LIT("from,to\na\nb,c\n"), 1, "2:1 E303"},
    {"too many", STR_LIT("from,to\na,b,c\n"), 0, "2:1 E303"},
    {"no note", STR_LIT("from,to,note\na,b\n"), 0, "2:1 E303"},
    {"empty from", STR_LIT("from,to\n,b\n"), 0, "2:1 E303"},
    {"empty to", STR_LIT("from,to\nab,\n"), 0, "2:4 E303"},
    {"empty to behind Han", STR_LIT("from,to\n\xe5\x8c\x97\xe9\x99\xa2,\n"), 0, "2:4 E303"},
    {"quote inside", STR_LIT("from,to\na\"b,c\nd,e\n"), 1, "2:2 E303"},
    {"text behind a quote", STR_LIT("from,to\n\"a\"b,c\nd,e\n"), 1, "2:4 E303"},
    {"a quote left open", STR_LIT("from,to\na,b\n\"c,d\ne,f\n"), 1, "3:1 E303"},
    {"a lone CR", STR_LIT("from,to\na\rb,c\n"), 0, "2:2 E303"},
    {"Latin-1", STR_LIT("from,to\na,b\nc,\xe9t\xe9\n"), 0, "3:3 E001"},
    {"the line after a long field", STR_LIT("from,to\n\"a\nb\",c\nd,e,f\n"), 1, "4:1 E303"},
};

static void test_cases(void)
{
    struct arena a = {0};

    for
        EACH (i, cases) {
            struct table t = {.name = "t", .file = "tables/t.csv"};
            struct table_faults faults;
            char text[200] = "";
            bool ok = table_read(cases[i].csv, &a, &t, &faults);

            for (size_t k = 0; k < faults.n; k++)
                snprintf(text + strlen(text), sizeof text - strlen(text), "%s%d:%d %s",
                         k ? " " : "", faults.items[k].line, faults.items[k].column,
                         faults.items[k].code);
            CHECK(strcmp(text, cases[i].faults) == 0, "%s: %s", cases[i].name, text);
            CHECK(ok == (faults.n == 0) && t.n == cases[i].rows, "%s: %zu rows", cases[i].name,
                  t.n);
            CHECK(strcmp(t.file, "tables/t.csv") == 0, "%s: the name stays", cases[i].name);
            arena_reset(&a);
        }
}

static void test_find(void)
{
    struct arena a = {0};
    struct table t = {0}, none = {0};
    struct table_faults faults;
    struct table_row row;
    struct str csv =
        STR("from,to,note\nS12,booked,new\n\"a,\"\"b\"\"\nc\",d,\nS15,\"cancelled\",gone\n");

    CHECK(table_read(csv, &a, &t, &faults), "reads");
    CHECK(table_find(&t, STR("S12"), &row) && str_eq(row.to, STR("booked")) && row.line == 2 &&
              row.to_column == 5,
          "S12");
    CHECK(table_find(&t, STR("a,\"b\"\nc"), &row) && str_eq(row.to, STR("d")) && row.line == 3 &&
              row.to_column == 1,
          "over two lines");
    CHECK(table_find(&t, STR("S15"), &row) && str_eq(row.to, STR("cancelled")) && row.line == 5 &&
              row.to_column == 5,
          "its own line, in spite of the one before");
    CHECK(!table_find(&t, STR("S1"), &row) && !table_find(&t, STR("S155"), &row) &&
              !table_find(&t, STR(""), &row) && !table_find(&t, STR("s12"), NULL),
          "exact match only");
    CHECK(!table_find(&none, STR("S12"), &row), "an empty table");
    arena_reset(&a);
}

/* 500,000 rows are all found, in memory of the order of the file; one more is over the limit. */
static void test_many(void)
{
    struct arena a = {0};
    struct table t = {0};
    struct table_faults faults;
    struct buf csv = buf_new(TABLE_MAX_BYTES);
    int wrong = 0;

    buf_add(&csv, STR("from,to\n"));
    for (int i = 0; i < TABLE_MAX_ROWS; i++)
        buf_printf(&csv, i % 100 ? "code-%d,%d\n" : "\"code-%d\",\"%d\"\"\"\n", i * 79, i);
    CHECK(table_read(buf_str(&csv), &a, &t, &faults) && t.n == TABLE_MAX_ROWS, "%zu rows", t.n);
    CHECK(a.used <= 3 * csv.n, "%zu bytes for a file of %zu", a.used, csv.n);
    for (int i = 0; i < TABLE_MAX_ROWS; i++) {
        char from[32], to[32];
        struct table_row row;

        snprintf(from, sizeof from, "code-%d", i * 79);
        snprintf(to, sizeof to, i % 100 ? "%d" : "%d\"", i);
        wrong +=
            !table_find(&t, str_of(from), &row) || row.line != i + 2 || !str_eq(row.to, str_of(to));
    }
    CHECK(wrong == 0, "%d rows not found", wrong);
    buf_add(&csv, STR("last,one\n"));
    CHECK(!table_read(buf_str(&csv), &a, &t, &faults) && faults.n == 1 &&
              strcmp(faults.items[0].code, "E006") == 0 &&
              faults.items[0].line == TABLE_MAX_ROWS + 2,
          "one more");
    CHECK(!table_read((struct str){csv.p, TABLE_MAX_BYTES + 1}, &a, &t, &faults) &&
              strcmp(faults.items[0].code, "E006") == 0 && t.n == 0,
          "too large");
    buf_reset(&csv);
    arena_reset(&a);
}

/* Fields in quotes cost what they hold, and a file full of faults is not read to its end. */
static void test_costs(void)
{
    struct arena a = {0};
    struct table t = {0};
    struct table_faults faults;
    struct buf csv = buf_new(1 << 20);

    buf_add(&csv, STR("from,to\n"));
    for (int i = 0; i < 20000; i++)
        buf_printf(&csv, "\"%d\",\"\"\"x\"\"\"\n", i);
    CHECK(table_read(buf_str(&csv), &a, &t, &faults) && t.n == 20000, "%zu rows", t.n);
    CHECK(a.used < 10 * csv.n, "%zu bytes for a file of %zu", a.used, csv.n);
    buf_reset(&csv);
    csv = buf_new(1 << 20);
    buf_add(&csv, STR("from,to\n"));
    for (int i = 0; i < 20000; i++)
        buf_add(&csv, STR("a\n"));
    CHECK(!table_read(buf_str(&csv), &a, &t, &faults) && faults.n == TABLE_MAX_FAULTS + 1 &&
              faults.items[TABLE_MAX_FAULTS].line == TABLE_MAX_FAULTS + 2,
          "%zu faults", faults.n);
    buf_reset(&csv);
    arena_reset(&a);
}

/* Every prefix and every flipped byte gives rows or faults, and each row is found again. */
static void test_broken(void)
{
    static const char whole[] =
        "from,to,note\r\n\"a,\"\"b\"\"\",c,\xe5\x8c\x97\r\nd,e,\r\nf,\"g\r\nh\",i\r\n";
    char text[sizeof whole];
    int wrong = 0;

    for (size_t n = 0; n < sizeof whole; n++)
        for (int flip = 0; flip < 256; flip += 1 + (n % 3 == 0)) {
            struct arena a = {0};
            struct table t = {0};
            struct table_faults faults;

            memcpy(text, whole, sizeof whole);
            text[n ? n - 1 : 0] = (char)(text[n ? n - 1 : 0] ^ flip);
            (void)table_read((struct str){text, flip ? sizeof whole - 1 : n}, &a, &t, &faults);
            for (size_t i = 0; i < t.n; i++) {
                struct table_row row = table_row(&t, i), found;

                wrong += !table_find(&t, row.from, &found) || found.from.p != row.from.p ||
                         found.line != row.line;
            }
            for (size_t i = 1; i < faults.n; i++)
                wrong += faults.items[i].line < faults.items[i - 1].line;
            arena_reset(&a);
        }
    CHECK(wrong == 0, "%d", wrong);
}

/* ---- against a list: random rows, written in every way RFC 4180 has ---- */

enum { ROWS = 40, FIELD = 8, TEXT = 4096 };

struct list {
    char from[ROWS][FIELD], to[ROWS][FIELD];
    bool twice[ROWS]; /* its `from` stands in a row before it */
    int n;
};

static unsigned next(unsigned *seed, unsigned below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 16) % below;
}

static void random_field(unsigned *seed, char out[FIELD])
{
    static const char signs[] = "ab \",\n\r";
    size_t n = 1 + next(seed, 3);

    for (size_t i = 0; i < n; i++)
        out[i] = signs[next(seed, sizeof signs - 1)];
    out[n] = '\0';
    if (strspn(out, " \n\r") == n)
        out[0] = 'c';
}

static void write_field(unsigned *seed, const char *text, struct buf *csv)
{
    if (!strpbrk(text, "\",\r\n") && next(seed, 2)) {
        buf_add(csv, str_of(text));
        return;
    }
    buf_add_char(csv, '"');
    for (; *text; text++)
        buf_printf(csv, *text == '"' ? "%c\"" : "%c", *text);
    buf_add_char(csv, '"');
}

static const char *look_up(const struct list *l, const char *from)
{
    for (int i = 0; i < l->n; i++)
        if (strcmp(l->from[i], from) == 0)
            return l->to[i];
    return NULL;
}

static void make_list(unsigned *seed, struct list *l, struct buf *csv)
{
    int rows = 1 + (int)next(seed, ROWS);
    bool note = next(seed, 2);
    const char *end = next(seed, 2) ? "\r\n" : "\n";

    buf_printf(csv, "from,to%s%s", note ? ",note" : "", end);
    for (*l = (struct list){0}; l->n < rows; l->n++) {
        random_field(seed, l->from[l->n]);
        random_field(seed, l->to[l->n]);
        l->twice[l->n] = look_up(l, l->from[l->n]) != NULL;
        write_field(seed, l->from[l->n], csv);
        buf_add_char(csv, ',');
        write_field(seed, l->to[l->n], csv);
        buf_add(csv, str_of(note ? ",x" : ""));
        buf_add(csv, str_of(l->n + 1 < rows || next(seed, 2) ? end : ""));
    }
}

/* Rows that differ, of what the table finds and of what it holds. */
static int differences(const struct list *l, const struct table *t, unsigned *seed)
{
    struct table_row row;
    size_t at = 0;
    int wrong = 0;

    for (int i = 0; i < l->n; i++) {
        if (!l->twice[i]) {
            wrong += at >= t->n || !str_eq(table_row(t, at).from, str_of(l->from[i])) ||
                     !str_eq(table_row(t, at).to, str_of(l->to[i]));
            at++;
        }
        wrong += !table_find(t, str_of(l->from[i]), &row) ||
                 !str_eq(row.to, str_of(look_up(l, l->from[i])));
    }
    for (int i = 0; i < 50; i++) {
        char other[FIELD];

        random_field(seed, other);
        wrong += table_find(t, str_of(other), &row) != (look_up(l, other) != NULL);
    }
    return wrong + (at != t->n);
}

static void test_naive(void)
{
    unsigned seed = 5;
    int wrong = 0, twice = 0;

    for (int i = 0; i < 500; i++) {
        struct buf csv = buf_new(TEXT);
        struct table_faults faults;
        struct table t = {0};
        struct arena a = {0};
        struct list l;
        size_t doubles = 0;

        make_list(&seed, &l, &csv);
        for (int k = 0; k < l.n; k++)
            doubles += l.twice[k];
        wrong += table_read(buf_str(&csv), &a, &t, &faults) != (doubles == 0);
        wrong += faults.n != doubles;
        wrong += differences(&l, &t, &seed);
        twice += doubles > 0;
        arena_reset(&a);
        buf_reset(&csv);
    }
    CHECK(wrong == 0, "%d", wrong);
    CHECK(twice > 0 && twice < 500, "%d tables with doubles", twice);
}

int main(void)
{
    test_cases();
    test_find();
    test_many();
    test_costs();
    test_broken();
    test_naive();
    return check_end();
}
