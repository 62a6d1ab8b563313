/* Texts in quotes as `test --update` writes them: each reads back as it, alone and between brackets. */
#include "../../src/feed/yaml_edit.h"
#include "base/utf8.h"
#include "check.h"

static const struct {
    const char *text, *quoted;
} texts[] = {
    {"moved", "moved"},
    {"no usable phone", "no usable phone"},
    {"", "\"\""},
    {" a", "\" a\""},
    {"a  b", "\"a  b\""},
    {"a ", "\"a \""},
    {"-", "\"-\""},
    {"+886912345678", "\"+886912345678\""},
    {"a: b", "\"a: b\""},
    {"\"a\" \\", "\"\\\"a\\\" \\\\\""},
    {"a\nb\t\x7f", "\"a\\u000ab\\u0009\\u007f\""},
    {"\xE8\xA8\xB1", "\xE8\xA8\xB1"},
    {"\xC2\x85", "\"\\u0085\""},
    {"a\xE2\x80\xA8z", "\"a\\u2028z\""},
    {"\xEF\xBB\xBF", "\"\\ufeff\""},
    {"a\xEF\xBF\xBF", "\"a\\uffff\""},
};

static void count_fault(void *ctx, const char *code, int line, int column, const char *text,
                        const char *hint)
{
    (void)code, (void)line, (void)column, (void)text, (void)hint;
    ++*(int *)ctx;
}

/* The text as the value of a map and as an item between brackets. */
static bool comes_back(struct str quoted, struct str text, struct arena *a)
{
    int faults = 0;
    const struct yaml_report to = {count_fault, &faults};
    struct str file =
        arena_printf(a, "a: " STR_FMT "\nb: [" STR_FMT "]\n", STR_ARG(quoted), STR_ARG(quoted));
    const struct yaml_node *root = yaml_parse(file, "", &yaml_limits_standard, a, &to);

    return root && faults == 0 && str_eq(yaml_get(root, "a")->text, text) &&
           yaml_get(root, "b")->n == 1 && str_eq(yaml_get(root, "b")->items[0]->text, text);
}

static void test_texts(void)
{
    for
        EACH (i, texts) {
            struct str text = str_of(texts[i].text), quoted;
            struct arena a = {0};

            quoted = yaml_edit_quote(text, &a);
            CHECK(str_eq(quoted, str_of(texts[i].quoted)), "%zu: " STR_FMT, i, STR_ARG(quoted));
            CHECK(comes_back(quoted, text, &a), "%zu", i);
            arena_reset(&a);
        }
}

/* Code points of the first plane between two letters; of Han and Hangul each sixteenth. */
static void test_code_points(void)
{
    int wrong = 0;

    for (uint32_t cp = 1; cp < 0x10000; cp += cp < 0x3000 || cp >= 0xF900 ? 1 : 16) {
        char text[8] = "a";
        struct arena a = {0};
        struct str s = {text, 1};

        if (cp >= 0xD800 && cp < 0xE000)
            continue;
        s.n += utf8_put(cp, text + 1);
        text[s.n++] = 'b';
        wrong += !comes_back(yaml_edit_quote(s, &a), s, &a);
        arena_reset(&a);
    }
    CHECK(wrong == 0, "%d", wrong);
}

int main(void)
{
    test_texts();
    test_code_points();
    return check_end();
}
