#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/utf8.h"
#include "check.h"

static void test_base64url(void)
{
    uint8_t bytes[40], back[40];
    char text[80];

    for (size_t n = 0; n <= sizeof bytes; n++) {
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)(i * 37 + n);
        base64url_encode(bytes, n, text);
        CHECK(strlen(text) == (n * 4 + 2) / 3, "%zu bytes gave %zu characters", n, strlen(text));
        CHECK(base64url_decode(str_of(text), back, n) && memcmp(bytes, back, n) == 0, "%zu", n);
        CHECK(!base64url_decode(str_of(text), back, n + 1), "%zu bytes read as one more", n);
    }
    CHECK(!base64url_decode(STR("AB"), back, 1), "not canonical: bits behind the last byte");
    CHECK(!base64url_decode(STR("A+"), back, 1), "plus is not base64url");
}

static void test_utf8(void)
{
    static const struct {
        struct str in;
        size_t fault;
    } cases[] = {
        {STR_LIT("abc"), 3},
        {STR_LIT("\xe5\x8c\x97"), 3},
        {STR_LIT("a\xc0\x80"), 1},
        {STR_LIT("\xed\xa0\x80"), 0},
        {STR_LIT("ab\xf4\x90\x80\x80"), 2},
        {STR_LIT("\xe5\x8c"), 0},
        {STR_LIT("\xf0\x9f\x98\x80"), 4},
        {STR_LIT("\xff"), 0},
        {STR_LIT(""), 0},
    };

    for
        EACH (i, cases)
            CHECK(utf8_check(cases[i].in) == cases[i].fault, "case %zu: %zu", i,
                  utf8_check(cases[i].in));
    for (uint32_t cp = 0; cp < 0x110000; cp += 7) {
        char out[4];
        struct str s = {out, utf8_put(cp, out)};

        if (cp >= 0xD800 && cp <= 0xDFFF)
            continue;
        if (utf8_next(&s) != cp || s.n)
            CHECK(false, "U+%04X does not come back", cp);
    }
}

static void test_text(void)
{
    struct buf b = buf_new(64), tiny = buf_new(4);
    char at[25];

    json_add_string(&b, STR("a\"\\\n\x01\xff"));
    CHECK(str_eq(buf_str(&b), STR("\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\"")), "%s", b.p);
    buf_reset(&b);
    html_add_text(&b, STR("<a href='x'>&"));
    CHECK(str_eq(buf_str(&b), STR("&lt;a href=&#39;x&#39;&gt;&amp;")), "%s", b.p);
    CHECK(!buf_add(&tiny, STR("12345")) && tiny.over && tiny.n == 0, "over the limit");
    CHECK(!buf_add(&tiny, STR("1")), "over is sticky");
    clock_text(1793268902113LL, at);
    CHECK(strcmp(at, "2026-10-29T10:15:02.113Z") == 0, "%s", at);
    buf_reset(&b);
    buf_reset(&tiny);
}

static void test_cut(void)
{
    struct str rest = STR("a||b|"), got[8];
    size_t n = 0;

    while (rest.p)
        got[n++] = str_cut(&rest, '|');
    CHECK(n == 4 && got[1].n == 0 && got[1].p && str_eq(got[2], STR("b")) && got[3].n == 0, "%zu",
          n);
    CHECK(str_eq(str_trim(STR(" \t x y\r\n")), STR("x y")), "trim");
    CHECK(str_starts(STR("abc"), STR("ab")) && !str_starts(STR("a"), STR("ab")), "starts");
}

/* Zeroed, also where the memory was used before: many small ones of one block, and large ones. */
/* What is taken after a mark is given back, but for one piece; what is taken then is zero again. */
static void test_arena_rewind(void)
{
    static const size_t sizes[] = {1, 100, 8000, 8192, 8193, 100000};
    struct arena a = {0};
    int wrong = 0;

    for (size_t before = 0; before < 6; before++)
        for (size_t kept = 0; kept < 6; kept++)
            for (size_t after = 0; after < 6; after++) {
                struct arena_mark m;
                char *first = arena_get(&a, sizes[before], 1), *p, *fresh;
                size_t used;

                memset(first, 'a', sizes[before]);
                m = arena_mark(&a);
                memset(arena_get(&a, sizes[after], 1), 'x', sizes[after]);
                p = arena_get(&a, sizes[kept], 1);
                memset(p, 'k', sizes[kept]);
                memset(arena_get(&a, sizes[after], 1), 'x', sizes[after]);
                used = a.used;
                p = arena_rewind_but(&a, m, p, sizes[kept]);
                wrong += a.used != m.used + (sizes[kept] + 15) / 16 * 16 || a.used >= used;
                fresh = arena_get(&a, 50, 1);
                for (size_t i = 0; i < sizes[kept]; i++)
                    wrong += p[i] != 'k';
                for (size_t i = 0; i < 50; i++)
                    wrong += fresh[i] != 0;
                arena_rewind(&a, m);
                for (size_t i = 0; i < sizes[before]; i++)
                    wrong += first[i] != 'a';
                wrong += a.used != m.used;
                if (after % 2)
                    arena_reset(&a);
                if (after == 3)
                    arena_reserve(&a, 20000);
            }
    CHECK(wrong == 0, "%d", wrong);
    arena_reset(&a);
}

static void test_arena(void)
{
    static const char zeros[20000];
    struct arena a = {0};

    for (size_t i = 1; i < 3000; i += 7)
        CHECK(((uintptr_t)arena_get(&a, i, 3) & 15U) == 0, "alignment of %zu", i);
    CHECK(str_eq(arena_printf(&a, "%d-%s", 7, "x"), STR("7-x")), "printf");
    arena_reset(&a);
    for (size_t round = 0; round < 4; round++) {
        for (size_t n = 1; n <= sizeof zeros; n = n * 3 + 1) {
            char *p = arena_get(&a, n, 1);

            CHECK(memcmp(p, zeros, n) == 0, "%zu bytes, round %zu", n, round);
            memset(p, 0xAA, n);
        }
        arena_reset(&a);
    }
}

int main(void)
{
    test_arena();
    test_arena_rewind();
    test_base64url();
    test_utf8();
    test_text();
    test_cut();
    return check_end();
}
