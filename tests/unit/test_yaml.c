/* The YAML tree: places, refusals, limits, and every prefix of a document. */
#include <stdlib.h>

#include "check.h"
#include "yaml/yaml.h"

enum { MOST = 16 };

struct faults {
    char code[MOST][5];
    int line[MOST], column[MOST];
    int n;
};

static void on_fault(void *ctx, const char *code, int line, int column, const char *text,
                     const char *hint)
{
    struct faults *f = ctx;

    (void)hint;
    CHECK(text && *text, "a fault without words: %s", code);
    if (f->n == MOST)
        return;
    snprintf(f->code[f->n], sizeof(f->code[0]), "%s", code);
    f->line[f->n] = line;
    f->column[f->n++] = column;
}

static struct yaml_node *parse(struct str text, const struct yaml_limits *max, struct arena *a,
                               struct faults *f)
{
    const struct yaml_report to = {on_fault, f};

    *f = (struct faults){0};
    return yaml_parse(text, "t.yaml", max, a, &to);
}

static const struct {
    const char *name, *text, *code; /* code NULL: no fault */
    int line, column;
    bool ends; /* no tree comes out */
} cases[] = {
    {"text stays as written", "a: NO\nb: 012\nc: 1.10\n", NULL, 0, 0, false},
    {"not UTF-8", "a: \xE9t\xE9\n", "E001", 1, 4, true},
    {"not UTF-8, second line", "a: b\nc: \xE6\xBC\xA2\xFF\n", "E001", 2, 5, true},
    {"tab in the indentation", "a:\n\tb: c\n", "E002", 2, 1, true},
    {"tab behind spaces", "a:\n  \tb: c\n", "E002", 2, 3, true},
    {"open bracket", "a: [b, c\n", "E003", 2, 1, true},
    {"a text where a key should be, and the file ends", "a: b\nkkk", "E003", 2, 4, true},
    {"control character", "a: b\x01\n", "E003", 1, 5, true},
    {"key is a list", "[a, b]: c\n", "E003", 1, 1, true},
    {"anchor", "a: &x b\n", "E004", 1, 4, true},
    {"anchor on a map", "a: &x {b: c}\n", "E004", 1, 4, true},
    {"alias", "a: *x\n", "E004", 1, 4, true},
    {"merge key", "a:\n  <<: b\n", "E004", 2, 3, true},
    {"quoted merge key is a key", "a:\n  \"<<\": b\n", NULL, 0, 0, false},
    {"tag", "a: !!int 3\n", "E005", 1, 4, true},
    {"own tag", "a: !x 3\n", "E005", 1, 4, true},
    {"bare tag", "a: ! 3\n", "E005", 1, 4, true},
    {"directive", "%YAML 1.2\n---\na: b\n", "E005", 1, 1, true},
    {"unknown directive version", "%YAML 3.0\n---\na: b\n", "E005", 1, 1, true},
    {"one document with its marks", "---\na: b\n...\n", NULL, 0, 0, false},
    {"second document", "a: b\n---\nc: d\n", "E005", 2, 1, true},
    {"key twice", "a: 1\nb: 2\na: 3\n", "E102", 3, 1, false},
    {"key twice behind Han", "漢: {字: 1, 字: 2}\n", "E102", 1, 11, false},
    {"key without a value", "a: 1\nb:\n", "E103", 2, 1, false},
    {"item without a value", "a:\n  - x\n  -\n", "E103", 3, 4, false},
    {"empty file", "", "E103", 1, 1, true},
    {"only a comment", "# nothing\n", "E103", 1, 1, true},
    {"empty text is a value", "a: \"\"\n", NULL, 0, 0, false},
    {"byte order mark",
     "\xEF\xBB\xBF"
     "a: *x\n",
     "E004", 1, 4, true},
    {"Windows line ends", "a: b\r\nc: *x\r\n", "E004", 2, 4, true},
};

static void test_cases(void)
{
    for
        EACH (i, cases) {
            struct arena a = {0};
            struct faults f;
            const struct yaml_node *root =
                parse(str_of(cases[i].text), &yaml_limits_standard, &a, &f);

            CHECK(!root == cases[i].ends, "%s: tree %p", cases[i].name, (const void *)root);
            if (!cases[i].code) {
                CHECK(f.n == 0, "%s: %s", cases[i].name, f.code[0]);
            } else {
                CHECK(f.n == 1 && strcmp(f.code[0], cases[i].code) == 0, "%s: %d, %s",
                      cases[i].name, f.n, f.code[0]);
                CHECK(f.line[0] == cases[i].line && f.column[0] == cases[i].column, "%s: %d:%d",
                      cases[i].name, f.line[0], f.column[0]);
            }
            arena_reset(&a);
        }
}

static void test_places(void)
{
    static const char text[] = "a: NO\n"
                               "門: {k: \"x y\", l: [1, 漢字, '']}\n"
                               "c: |\n"
                               "  two\n"
                               "  lines\n";
    struct arena a = {0};
    struct faults f;
    const struct yaml_node *root = parse(str_of(text), &yaml_limits_standard, &a, &f);
    const struct yaml_node *map = yaml_get(root, "門"), *list = yaml_get(map, "l");
    const struct yaml_node *k = yaml_get(map, "k"), *c = yaml_get(root, "c");

    CHECK(root && root->n == 3 && f.n == 0, "%d faults", f.n);
    CHECK(str_eq(yaml_get(root, "a")->text, STR("NO")), "a boolean");
    CHECK(map->line == 2 && map->column == 4 && map->kind == YAML_MAP, "%d:%d", map->line,
          map->column);
    CHECK(k->quoted && k->column == 8 && k->end_column == 13, "%d-%d", k->column, k->end_column);
    CHECK(list->n == 3 && list->items[1]->column == 22, "%d", list->items[1]->column);
    CHECK(list->items[1]->end_column == 24, "%d", list->items[1]->end_column);
    CHECK(list->items[2]->text.n == 0 && !list->items[2]->missing, "'' is a text");
    CHECK(str_eq(c->text, STR("two\nlines\n")) && c->line == 3, "%d", c->line);
    CHECK(strcmp(c->file, "t.yaml") == 0, "%s", c->file);
    CHECK(str_eq(yaml_line(str_of(text), 4), STR("  two")), "yaml_line");
    CHECK(yaml_line(str_of(text), 7).p == NULL, "a line past the end");
    CHECK(yaml_get(list, "x") == NULL && yaml_get(NULL, "x") == NULL, "not a map");
    arena_reset(&a);
}

static void test_last_key_wins(void)
{
    struct arena a = {0};
    struct faults f;
    const struct yaml_node *root =
        parse(STR("a: 1\nb: 2\na: 3\nc: 4\na: 5\n"), &yaml_limits_standard, &a, &f);

    CHECK(f.n == 2 && f.line[0] == 3 && f.line[1] == 5, "%d faults", f.n);
    CHECK(root->n == 3 && str_eq(yaml_get(root, "a")->text, STR("5")), "%zu keys", root->n);
    CHECK(str_eq(root->pairs[0].key->text, STR("b")), "order");
    arena_reset(&a);
}

static void test_limits(void)
{
    static const struct {
        const char *text;
        struct yaml_limits max;
        bool fits;
    } limits[] = {
        {"a: [b, c]", {100, 5, 2}, true},       {"a: [b, c]", {100, 4, 2}, false},
        {"a: [b, c]", {9, 100, 2}, true},       {"a: [b, c]", {8, 100, 2}, false},
        {"a: [b, c]", {100, 100, 1}, false},    {"[[[[[[]]]]]]", {100, 100, 6}, true},
        {"[[[[[[]]]]]]", {100, 100, 5}, false},
    };

    for
        EACH (i, limits) {
            struct arena a = {0};
            struct faults f;
            const struct yaml_node *root = parse(str_of(limits[i].text), &limits[i].max, &a, &f);

            CHECK(!root == !limits[i].fits, "row %zu", i);
            CHECK(limits[i].fits ? f.n == 0 : strcmp(f.code[0], "E006") == 0, "row %zu: %d", i,
                  f.n);
            arena_reset(&a);
        }
}

/* Every prefix, and every prefix with one byte turned over, ends in a tree or in one fault. */
static void test_prefixes(void)
{
    static const char text[] = "a: {b: [c, 'd', \"e\\n\"], 漢: 字}\n- x\nk: |\n  t\n# end\n";

    for (size_t n = 0; n <= sizeof(text) - 1; n++)
        for (int turn = 0; turn < 2; turn++) {
            struct arena a = {0};
            struct faults f;
            char *copy = malloc(n + 1); /* exact size: ASan sees a byte too far */

            memcpy(copy, text, n);
            if (turn && n)
                copy[n / 2] ^= 0x15;
            CHECK(parse((struct str){copy, n}, &yaml_limits_standard, &a, &f) || f.n > 0,
                  "%zu bytes", n);
            arena_reset(&a);
            free(copy);
        }
}

int main(void)
{
    test_cases();
    test_places();
    test_last_key_wins();
    test_limits();
    test_prefixes();
    return check_end();
}
