/* The JSON reader: what it takes, what it refuses and where, every prefix, limits. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/encode.h"
#include "check.h"
#include "fhir/json.h"

/* Reads `text` from memory of exactly its size, so that a sanitizer sees a byte read too far. */
static bool reads(struct str text, const struct json_limits *limits, struct arena *a,
                  struct json_node **root, struct json_fault *fault, struct err *e)
{
    char *copy = malloc(text.n ? text.n : 1);
    bool ok;

    memcpy(copy, text.n ? text.p : "", text.n);
    ok = json_read((struct str){copy, text.n}, limits, a, root, fault, e);
    free(copy);
    return ok;
}

/* Named as in nst/JSONTestSuite: y must be taken, n refused. */
static const struct {
    const char *name;
    struct str in;
} good[] = {
    {"array_arraysWithSpaces", STR_LIT("[[]   ]")},
    {"array_empty-string", STR_LIT("[\"\"]")},
    {"array_ending_with_newline", STR_LIT("[\"a\"]\n")},
    {"array_heterogeneous", STR_LIT("[null, 1, \"1\", {}]")},
    {"array_with_leading_space", STR_LIT(" [1]")},
    {"array_with_several_null", STR_LIT("[1,null,null,null,2]")},
    {"number_0e+1", STR_LIT("[0e+1]")},
    {"number_after_space", STR_LIT("[ 4]")},
    {"number_close_to_zero", STR_LIT("[-0.000000000000000000000000000000000000000000000001]")},
    {"number_minus_zero", STR_LIT("[-0]")},
    {"number_real_capital_e_neg_exp", STR_LIT("[1E-2]")},
    {"number_real_exponent", STR_LIT("[123.456e78]")},
    {"number_huge", STR_LIT("[123456789012345678901234567890]")},
    {"object_basic", STR_LIT("{\"asd\":\"sdf\"}")},
    {"object_empty_key", STR_LIT("{\"\":0}")},
    {"object_escaped_in_key", STR_LIT("{\"foo\\u0062ar\": 42}")},
    {"object_with_newlines", STR_LIT("{\n\"a\": \"b\"\n}")},
    {"string_accepted_surrogate_pair", STR_LIT("[\"\\uD801\\udc37\"]")},
    {"string_allowed_escapes", STR_LIT("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]")},
    {"string_backslash_doublequotes", STR_LIT("[\"\\\"\"]")},
    {"string_comments", STR_LIT("[\"a/*b*/c/*d//e\"]")},
    {"string_noncharacter_U+FFFF", STR_LIT("[\"\\uFFFF\"]")},
    {"string_utf8", STR_LIT("[\"\xe5\x8c\x97\xf0\x9f\x98\x80\"]")},
    {"string_unescaped_DEL", STR_LIT("[\"a\x7f\"]")},
    {"structure_lonely_string", STR_LIT("\"asd\"")},
    {"structure_lonely_number", STR_LIT("42")},
    {"structure_lonely_true", STR_LIT("true")},
    {"structure_whitespace_array", STR_LIT(" [] ")},
    {"byte_order_mark", STR_LIT("\xEF\xBB\xBF{}")},
};

static const struct {
    const char *name;
    struct str in;
    size_t at; /* of the fault */
} bad[] = {
    {"empty", STR_LIT(""), 0},
    {"only_space", STR_LIT(" \n"), 2},
    {"array_1_true_without_comma", STR_LIT("[1 true]"), 3},
    {"array_comma_after_close", STR_LIT("[\"\"],"), 4},
    {"array_double_comma", STR_LIT("[1,,2]"), 3},
    {"array_extra_close", STR_LIT("[\"x\"]]"), 5},
    {"array_extra_comma", STR_LIT("[\"\",]"), 4},
    {"array_just_comma", STR_LIT("[,]"), 1},
    {"array_unclosed", STR_LIT("[\"\""), 3},
    {"array_invalid_utf8", STR_LIT("[\xff]"), 1},
    {"incomplete_true", STR_LIT("[tru]"), 1},
    {"single_quote", STR_LIT("['']"), 1},
    {"number_++", STR_LIT("[++1]"), 1},
    {"number_-01", STR_LIT("[-01]"), 2},
    {"number_-2.", STR_LIT("[-2.]"), 4},
    {"number_.2e-3", STR_LIT("[.2e-3]"), 1},
    {"number_0.1.2", STR_LIT("[0.1.2]"), 4},
    {"number_0e+", STR_LIT("[0e+]"), 4},
    {"number_hex", STR_LIT("[0x1]"), 2},
    {"number_Infinity", STR_LIT("[Infinity]"), 1},
    {"number_NaN", STR_LIT("[NaN]"), 1},
    {"number_minus", STR_LIT("[-]"), 2},
    {"number_leading_zero", STR_LIT("[012]"), 1},
    {"object_bracket_key", STR_LIT("{[: \"x\"}"), 1},
    {"object_comma_instead_of_colon", STR_LIT("{\"x\", null}"), 4},
    {"object_key_without_value", STR_LIT("{\"a\":}"), 5},
    {"object_no_colon", STR_LIT("{\"a\" \"b\"}"), 5},
    {"object_trailing_comma", STR_LIT("{\"id\":0,}"), 8},
    {"object_unquoted_key", STR_LIT("{a: \"b\"}"), 1},
    {"object_missing_comma", STR_LIT("{\"a\":1 \"b\":2}"), 7},
    {"object_trailing_comment", STR_LIT("{\"a\":\"b\"}/**/"), 9},
    {"object_twice", STR_LIT("{\"a\":1,\"a\":2}"), 7},
    {"object_twice_escaped", STR_LIT("{\"a\":1,\"\\u0061\":2}"), 7},
    {"string_1_surrogate_then_escape", STR_LIT("[\"\\uD800\\\"]"), 11},
    {"string_lone_low_surrogate", STR_LIT("[\"\\uDC00\"]"), 8},
    {"string_high_then_no_low", STR_LIT("[\"\\uD800\\u0041\"]"), 8},
    {"string_incomplete_escape", STR_LIT("[\"\\u00A\"]"), 4},
    {"string_escape_x", STR_LIT("[\"\\x00\"]"), 2},
    {"string_escaped_nul", STR_LIT("[\"a\\u0000\"]"), 9},
    {"string_raw_nul", STR_LIT("[\"a\0b\"]"), 3},
    {"string_raw_newline", STR_LIT("[\"new\nline\"]"), 5},
    {"string_raw_tab", STR_LIT("[\"\t\"]"), 2},
    {"string_overlong_utf8", STR_LIT("[\"\xc0\xaf\"]"), 2},
    {"string_surrogate_utf8", STR_LIT("[\"\xed\xa0\x80\"]"), 2},
    {"string_truncated_utf8", STR_LIT("[\"\xe0\xff\"]"), 2},
    {"string_unterminated", STR_LIT("[\"abc"), 5},
    {"string_ends_in_backslash", STR_LIT("[\"\\"), 3},
    {"structure_two_values", STR_LIT("{} {}"), 3},
    {"structure_nul_after", STR_LIT("{}\0"), 2},
    {"structure_close_only", STR_LIT("]"), 0},
    {"structure_mixed_close", STR_LIT("[1}"), 2},
    {"structure_capital_true", STR_LIT("[True]"), 1},
    {"structure_utf16", STR_LIT("\xff\xfe[\0]\0"), 0},
    {"structure_nbsp", STR_LIT("[\xc2\xa0]"), 1},
    {"structure_form_feed", STR_LIT("[\x0c]"), 1},
};

static void test_tables(void)
{
    struct json_limits limits = json_limits_default();
    struct arena a = {0};
    struct json_node *root;
    struct json_fault fault;
    struct err e;

    for
        EACH (i, good)
            CHECK(reads(good[i].in, &limits, &a, &root, &fault, &e), "%s: %s", good[i].name,
                  e.text);
    for
        EACH (i, bad) {
            bool ok = reads(bad[i].in, &limits, &a, &root, &fault, &e);

            CHECK(!ok && e.kind == ERR_INPUT, "%s was taken", bad[i].name);
            CHECK(fault.at == bad[i].at, "%s: at %zu", bad[i].name, fault.at);
        }
    arena_reset(&a);
}

/* A document with everything in it is whole only at its end. */
static void test_prefixes(void)
{
    static const struct str whole =
        STR_LIT("{\"resourceType\":\"Patient\",\"active\":true,\"n\":[-0.50e+1,null,{}],"
                "\"t\":\"a\\u00e9\\ud83d\\ude00\xe5\x8c\x97\\n\",\"f\":false}");
    struct json_limits limits = json_limits_default();
    struct json_node *root;
    struct err e;

    for (size_t n = 0; n <= whole.n; n++) {
        struct arena a = {0};
        bool ok = reads((struct str){whole.p, n}, &limits, &a, &root, NULL, &e);

        CHECK(ok == (n == whole.n), "%zu bytes", n);
        arena_reset(&a);
    }
    for (size_t i = 0; i < whole.n; i++) { /* every byte flipped: an answer, no crash */
        char *copy = malloc(whole.n);
        struct arena a = {0};

        memcpy(copy, whole.p, whole.n);
        copy[i] = (char)(copy[i] ^ 0x80);
        CHECK(!reads((struct str){copy, whole.n}, &limits, &a, &root, NULL, &e) ||
                  root->kind == JSON_OBJECT,
              "byte %zu", i);
        free(copy);
        arena_reset(&a);
    }
}

static void test_tree(void)
{
    struct str in = STR(" {\"a\":{\"b\":[10, 2.50 ,\"x\\ty\"]},\n\"c\":null}");
    struct json_limits limits = json_limits_default();
    struct arena a = {0};
    struct json_node *root, *b, *item;
    struct err e;

    CHECK(json_read(in, &limits, &a, &root, NULL, &e), "%s", e.text);
    CHECK(root->kind == JSON_OBJECT && root->n == 2 && root->at == 1 && root->end == in.n, "root");
    b = json_member(json_member(root, STR("a")), STR("b"));
    CHECK(b && b->kind == JSON_ARRAY && b->n == 3 && b->parent->parent == root, "a.b");
    item = b->first->next;
    CHECK(str_eq(item->text, STR("2.50")) && item->index == 1, "numbers keep their text");
    CHECK(str_eq((struct str){in.p + item->at, item->end - item->at}, STR("2.50")), "offsets");
    CHECK(str_eq(item->next->text, STR("x\ty")), "decoded");
    CHECK(json_member(root, STR("c"))->kind == JSON_NULL, "null");
    CHECK(!json_member(root, STR("d")) && !json_member(b, STR("b")) && !json_member(NULL, STR("b")),
          "no such member");
    CHECK(!json_member_text(root, "c").p && json_single(b) == b->first && !json_single(NULL),
          "texts");
    arena_reset(&a);
}

static struct str repeat(struct arena *a, const char *open, size_t n, const char *close)
{
    struct buf b = buf_new(SIZE_MAX / 2);
    struct str made;

    for (size_t i = 0; i < n; i++)
        buf_add(&b, str_of(open));
    for (size_t i = 0; i < n; i++)
        buf_add(&b, str_of(close));
    made = arena_copy(a, buf_str(&b));
    buf_reset(&b);
    return made;
}

static void test_limits(void)
{
    struct json_limits limits = {.max_depth = 64, .max_nodes = 1000, .max_string = 8};
    struct arena a = {0};
    struct json_fault fault;
    struct json_node *root;
    struct err e;

    CHECK(reads(repeat(&a, "[", 64, "]"), &limits, &a, &root, &fault, &e), "64 deep: %s", e.text);
    CHECK(!reads(repeat(&a, "[", 65, "]"), &limits, &a, &root, &fault, &e) && fault.at == 64,
          "65 deep");
    CHECK(!reads(repeat(&a, "{\"a\":", 65, "}"), &limits, &a, &root, &fault, &e), "65 objects");
    CHECK(!reads(repeat(&a, "[", 1000000, ""), &limits, &a, &root, &fault, &e), "a million open");
    limits.max_depth = SIZE_MAX;
    limits.max_nodes = SIZE_MAX;
    CHECK(reads(repeat(&a, "[", 300000, "]"), &limits, &a, &root, &fault, &e),
          "depth costs no stack: %s", e.text);
    limits.max_nodes = 3;
    CHECK(reads(STR("[1,2]"), &limits, &a, &root, &fault, &e), "3 values");
    CHECK(!reads(STR("[1,2,3]"), &limits, &a, &root, &fault, &e) &&
              strcmp(fault.code, "too-costly") == 0,
          "4 values");
    CHECK(reads(STR("\"12345678\""), &limits, &a, &root, &fault, &e), "8 bytes");
    CHECK(reads(STR("\"1234567\\n\""), &limits, &a, &root, &fault, &e), "8 decoded");
    CHECK(!reads(STR("\"123456789\""), &limits, &a, &root, &fault, &e) &&
              strcmp(fault.code, "too-long") == 0,
          "9 bytes");
    CHECK(!reads(STR("{\"123456789\":1}"), &limits, &a, &root, &fault, &e), "a long key");
    CHECK(!reads(STR("123456789"), &limits, &a, &root, &fault, &e), "a long number");
    arena_reset(&a);
}

/* Keys are compared in any number without a square: fifty thousand, then one of them again. */
static void test_many_keys(void)
{
    struct json_limits limits = json_limits_default();
    struct buf b = buf_new(SIZE_MAX / 2);
    struct arena a = {0};
    struct json_node *root;
    struct json_fault fault;
    struct err e;

    buf_add_char(&b, '{');
    for (int i = 0; i < 50000; i++)
        buf_printf(&b, "%s\"k%d\":0", i ? "," : "", i);
    CHECK(!json_read(buf_str(&b), &limits, &a, &root, NULL, &e), "not closed");
    buf_add(&b, STR(",\"k77\":0}"));
    CHECK(!json_read(buf_str(&b), &limits, &a, &root, &fault, &e) && fault.at == b.n - 8,
          "%zu of %zu", fault.at, b.n);
    arena_reset(&a);
    buf_reset(&b);
}

static void test_places(void)
{
    static const struct {
        const char *in, *expression;
        size_t line, column;
    } cases[] = {
        {"{\"resourceType\":\"Appointment\",\n "
         "\"participant\":[{},{\"actor\":{\"display\":\"x\",}}]}",
         "Appointment.participant[1].actor.display", 2, 44},
        {"{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"a\",\"family\":\"b\"}]}",
         "Patient.name[0]", 1, 49},
        /* names that FHIR does not define may be content: the place ends above them */
        {"{\"resourceType\":\"Patient\",\"Wang Xiaoming\":{\"family\":x}}", "Patient", 1, 53},
        {"{\"resourceType\":\"Wang\",\"name\":[x]}", NULL, 1, 32},
        {"{\"name\":[x]}", NULL, 1, 10},
    };
    struct json_limits limits = json_limits_default();
    struct arena a = {0};
    struct json_node *root;
    struct json_fault fault;
    struct err e;

    for
        EACH (i, cases) {
            struct str want = str_of(cases[i].expression);

            CHECK(!json_read(str_of(cases[i].in), &limits, &a, &root, &fault, &e), "case %zu", i);
            CHECK(str_eq(fault.expression, want), "case %zu: " STR_FMT, i,
                  STR_ARG(fault.expression));
            CHECK(fault.line == cases[i].line && fault.column == cases[i].column,
                  "case %zu: %zu:%zu", i, fault.line, fault.column);
            CHECK(!strstr(e.text, "Wang") && strstr(e.text, "line "), "case %zu: %s", i, e.text);
        }
    arena_reset(&a);
}

int main(void)
{
    test_tables();
    test_prefixes();
    test_tree();
    test_limits();
    test_many_keys();
    test_places();
    return check_end();
}
