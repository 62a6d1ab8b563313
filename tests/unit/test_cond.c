#include "check.h"
#include "feed/cond.h"

/* ---- what the conditions are held against ---- */

/* One value in scope, or a state without one. */
struct fact {
    const char *operand;
    enum cond_state state;
    struct str values[3];
    size_t n;
};

static const struct fact facts[] = {
    {"OBR-25", COND_PRESENT, {STR_LIT("F")}, 1},
    {"OBX-11", COND_PRESENT, {STR_LIT("F"), STR_LIT("P"), STR_LIT("F")}, 3},
    {"OBX-8", COND_PRESENT, {STR_LIT("N"), STR_LIT("N")}, 2},
    {"PID-30", COND_ABSENT, {{NULL, 0}}, 0},
    {"PID-29", COND_EMPTY, {{NULL, 0}}, 0},
    {"PID-8", COND_DELETED, {{NULL, 0}}, 0},
    {"PID-3(5=MR).1", COND_PRESENT, {STR_LIT("a b")}, 1},
    {"status", COND_PRESENT, {STR_LIT("booked")}, 1},
    {"in_hall", COND_PRESENT, {STR_LIT("x")}, 1},
};

static const struct fact *fact_of(const struct cond_leaf *leaf)
{
    for
        EACH (i, facts)
            if (str_eq(leaf->operand, str_of(facts[i].operand)))
                return &facts[i];
    return NULL;
}

static enum cond_state state(void *ctx, const struct cond_leaf *leaf)
{
    const struct fact *f = fact_of(leaf);

    ++*(int *)ctx;
    return f ? f->state : COND_ABSENT;
}

static size_t values(void *ctx, const struct cond_leaf *leaf, const struct str **out)
{
    const struct fact *f = fact_of(leaf);

    ++*(int *)ctx;
    *out = f ? f->values : NULL;
    return f ? f->n : 0;
}

static bool holds(const struct cond *c)
{
    int asked = 0;
    struct cond_source source = {&asked, state, values};

    return cond_holds(c, &source);
}

static const struct {
    const char *text;
    enum cond_operands operands;
    bool holds;
} good[] = {
    {"OBR-25 in (F, C)", COND_PATHS, true},
    {"OBR-25 in (C)", COND_PATHS, false},
    {"OBR-25=F", COND_PATHS, true},
    {"OBR-25 = f", COND_PATHS, false}, /* exact */
    {"  OBR-25\n in\t( F,C )  ", COND_PATHS, true},
    {"not OBR-25 = C", COND_PATHS, true},
    {"not(OBR-25 = F)", COND_PATHS, false},
    {"OBX-11 in (P)", COND_PATHS, false}, /* its first value is F */
    {"any(OBX-11) in (P, R)", COND_PATHS, true},
    {"all(OBX-11) in (F)", COND_PATHS, false},
    {"all(OBX-11) in (F, P)", COND_PATHS, true},
    {"all( OBX-8 ) = N", COND_PATHS, true},
    {"all(PID-30) in (Y)", COND_PATHS, false}, /* all of nothing */
    {"any(PID-30) in (Y)", COND_PATHS, false},
    {"PID-30 = Y", COND_PATHS, false},
    {"not PID-30 = Y", COND_PATHS, true},
    {"PID-30 = \"\"", COND_PATHS, false}, /* absent is never equal */
    {"PID-8 = \"\"", COND_PATHS, false},
    {"present(OBR-25)", COND_PATHS, true},
    {"present (PID-30)", COND_PATHS, false},
    {"absent(PID-30)", COND_PATHS, true},
    {"empty(PID-29)", COND_PATHS, true},
    {"deleted(PID-8)", COND_PATHS, true},
    {"absent(PID-29)", COND_PATHS, false},
    {"not present(PID-29) and not present(PID-8)", COND_PATHS, true},
    {"PID-3(5=MR).1 = \"a b\"", COND_PATHS, true},
    {"PID-3(5=MR).1 in (\"x\", \"a b\")", COND_PATHS, true},
    {"present(PID-3(5=MR).1)", COND_PATHS, true},
    {"any(PID-3(5=MR).1) = \"a b\"", COND_PATHS, true},
    {"OBR-25 = C or OBR-25 = F", COND_PATHS, true},
    {"OBR-25 = F and OBR-25 = C", COND_PATHS, false},
    /* "and" binds tighter than "or" */
    {"OBR-25 = F or OBR-25 = F and OBR-25 = C", COND_PATHS, true},
    {"(OBR-25 = F or OBR-25 = F) and OBR-25 = C", COND_PATHS, false},
    {"OBR-25 = C and OBR-25 = C or OBR-25 = F", COND_PATHS, true},
    {"OBR-25 in (F, C) and not any(OBX-11) in (P, R, S, I, D, W)", COND_PATHS, false},
    {"((((OBR-25 = F))))", COND_PATHS, true},
    {"OBR-25 = a.b:c/d+e-f_1", COND_PATHS, false},
    {"PID-30 = Y or PD1-12 = Y", COND_PATHS, false},
    {"status in (booked, moved)", COND_SLOTS, true},
    {"status = cancelled", COND_SLOTS, false},
    {"not status in (missed) and in_hall = x", COND_SLOTS, true},
    {"any = x or present = x", COND_SLOTS, false}, /* slots may have such names */
};

static void test_good(void)
{
    struct arena a = {0};

    for
        EACH (i, good) {
            struct cond_fault fault;
            struct cond *c;

            if (!cond_parse(str_of(good[i].text), good[i].operands, &a, &c, &fault))
                CHECK(false, "%s: %s at %zu", good[i].text, fault.text, fault.at);
            else
                CHECK(holds(c) == good[i].holds, "%s", good[i].text);
            arena_reset(&a);
        }
}

static const struct {
    const char *text;
    enum cond_operands operands;
    const char *code;
    size_t at;
} bad[] = {
    {"", COND_PATHS, "E104", 0},
    {"   ", COND_PATHS, "E104", 3},
    {"OBR-25 = (F", COND_PATHS, "E104", 9},
    {"OBR-25", COND_PATHS, "E104", 6},
    {"OBR-25 in F", COND_PATHS, "E104", 10},
    {"OBR-25 in (", COND_PATHS, "E104", 11},
    {"OBR-25 in ()", COND_PATHS, "E104", 11},
    {"OBR-25 in (F,)", COND_PATHS, "E104", 13},
    {"OBR-25 in (F C)", COND_PATHS, "E104", 13},
    {"OBR-25 in (F", COND_PATHS, "E104", 12},
    {"OBR-25 != F", COND_PATHS, "E104", 7},
    {"OBR-25 == F", COND_PATHS, "E104", 8},
    {"OBR-25 = F OBR-25 = F", COND_PATHS, "E104", 11},
    {"OBR-25 = F and", COND_PATHS, "E104", 14},
    {"OBR-25 = F or or OBR-25 = F", COND_PATHS, "E104", 14},
    {"OBR-25 = F)", COND_PATHS, "E104", 10},
    {"(OBR-25 = F", COND_PATHS, "E104", 11},
    {"not not OBR-25 = F", COND_PATHS, "E201", 4},
    {"OBR-25 = \"F", COND_PATHS, "E104", 11},
    {"OBR-25 = \"F\n\"", COND_PATHS, "E104", 10},
    {"OBR-25 = 'F'", COND_PATHS, "E104", 9},
    {"OBR25 = F", COND_PATHS, "E201", 3},
    {"OBR-0 = F", COND_PATHS, "E201", 4},
    {"PID-3(5=MR = F", COND_PATHS, "E201", 11},
    {"present(OBR-25", COND_PATHS, "E104", 14},
    {"present(status)", COND_PATHS, "E201", 8},
    {"present(any(OBR-25))", COND_PATHS, "E201", 8},
    {"any(OBX-11 in (P)", COND_PATHS, "E104", 11},
    {"status in (booked)", COND_PATHS, "E201", 0},
    {"OBR-25 = F", COND_SLOTS, "E104", 0},
    {"any(status) in (booked)", COND_SLOTS, "E104", 3},
    {"present(status)", COND_SLOTS, "E104", 7},
    {"status in (booked) and 1x = y", COND_SLOTS, "E104", 23},
};

static void test_bad(void)
{
    struct arena a = {0};

    for
        EACH (i, bad) {
            struct cond_fault fault;
            struct cond *c;
            bool ok = cond_parse(str_of(bad[i].text), bad[i].operands, &a, &c, &fault);

            CHECK(!ok && !c, "`%s` is read", bad[i].text);
            CHECK(strcmp(fault.code, bad[i].code) == 0 && fault.at == bad[i].at && fault.text,
                  "`%s`: %s at %zu: %s", bad[i].text, fault.code, fault.at, fault.text);
            arena_reset(&a);
        }
}

static void test_bounds(void)
{
    struct arena a = {0};
    struct cond_fault fault;
    struct cond *c;
    char text[COND_MAX_BYTES + 2];

    for (int depth = 1; depth <= COND_MAX_DEPTH + 1; depth++) {
        snprintf(text, sizeof text, "%.*sOBR-25 = F%.*s", depth, "((((((((((((((((((((((((((((((((",
                 depth, "))))))))))))))))))))))))))))))))");
        CHECK(cond_parse(str_of(text), COND_PATHS, &a, &c, &fault) == (depth <= COND_MAX_DEPTH),
              "%d brackets", depth);
    }
    memset(text, ' ', sizeof text);
    CHECK(!cond_parse((struct str){text, COND_MAX_BYTES + 1}, COND_PATHS, &a, &c, &fault) &&
              strcmp(fault.code, "E006") == 0,
          "too long");
    arena_reset(&a);
}

static void count_leaf(void *ctx, const struct cond_leaf *leaf)
{
    size_t *seen = ctx;

    CHECK(leaf->n_paths == 1, "a path");
    if (leaf->n_literals)
        CHECK(leaf->literals[0].at > leaf->at, "literals have their place");
    (*seen)++;
}

static void test_each(void)
{
    struct str text = STR("present(PID-8) or not (OBR-25 in (F, C, X, Y, Z) and any(OBX-11) = P)");
    struct arena a = {0};
    struct cond_fault fault;
    struct cond *c;
    size_t seen = 0;

    CHECK(cond_parse(text, COND_PATHS, &a, &c, &fault), "%s", fault.text);
    cond_each(c, count_leaf, &seen);
    CHECK(seen == 3, "%zu leaves", seen);
    CHECK(c->leaves[0].at == 8 && c->leaves[1].n_literals == 5, "in their order");
    CHECK(!cond_only_member(c), "more than a member");
    arena_reset(&a);
}

/* What is compiled, word for word. */
static void test_program(void)
{
    static const struct {
        const char *text, *program;
        bool member;
    } all[] = {
        {"OBR-25 in (F, C)", "0 OBR-25 in (F, C)", true},
        {"(MSH-4.1 = A)", "0 MSH-4.1 in (A)", true},
        {"any(OBX-11) = F", "0 any OBX-11 in (F)", false},
        {"not present(PID-3)", "0 present(PID-3); 1 not", false},
        {"PID-1 = a or PID-2 = b or PID-3 = c",
         "0 PID-1 in (a); 1 or 5; 2 PID-2 in (b); 3 or 5; 4 PID-3 in (c)", false},
        {"PID-1 = a and PID-2 = b or not (PID-3 = c or PID-4 = d) and empty(PID-5)",
         "0 PID-1 in (a); 1 and 3; 2 PID-2 in (b); 3 or 10; 4 PID-3 in (c); 5 or 7; "
         "6 PID-4 in (d); 7 not; 8 and 10; 9 empty(PID-5)",
         false},
    };
    struct arena a = {0};
    struct cond_fault fault;
    struct cond *c;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        CHECK(cond_parse(str_of(all[i].text), COND_PATHS, &a, &c, &fault), "%s", fault.text);
        CHECK(str_eq(cond_print(c, &a), str_of(all[i].program)), "%s: %s", all[i].text,
              cond_print(c, &a).p);
        CHECK((cond_only_member(c) != NULL) == all[i].member, "%s", all[i].text);
    }
    arena_reset(&a);
}

/* The same condition read a second time, by the book: recursive descent that asks as it reads. */
static bool by_the_book(struct str *s, unsigned truths);

static bool book_term(struct str *s, unsigned truths)
{
    bool answer;

    if (str_starts(*s, STR("not "))) {
        *s = (struct str){s->p + 4, s->n - 4};
        return !book_term(s, truths);
    }
    if (s->p[0] == '(') {
        *s = (struct str){s->p + 1, s->n - 1};
        answer = by_the_book(s, truths);
        *s = (struct str){s->p + 1, s->n - 1};
        return answer;
    }
    answer = truths >> (s->p[1] - '0') & 1; /* "s3 = y" */
    *s = (struct str){s->p + 6, s->n - 6};
    return answer;
}

static bool book_conj(struct str *s, unsigned truths)
{
    bool answer = book_term(s, truths);

    while (str_starts(*s, STR(" and "))) {
        *s = (struct str){s->p + 5, s->n - 5};
        answer = book_term(s, truths) && answer;
    }
    return answer;
}

static bool by_the_book(struct str *s, unsigned truths)
{
    bool answer = book_conj(s, truths);

    while (str_starts(*s, STR(" or "))) {
        *s = (struct str){s->p + 4, s->n - 4};
        answer = book_conj(s, truths) || answer;
    }
    return answer;
}

static size_t slot_fact(void *ctx, const struct cond_leaf *leaf, const struct str **out)
{
    static const struct str yes = STR_LIT("y");
    const unsigned *truths = ctx;

    *out = &yes;
    return *truths >> (leaf->operand.p[1] - '0') & 1;
}

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

static struct str random_term(struct arena *a, unsigned *seed, int depth)
{
    unsigned pick = next_random(seed) % 6;
    struct str left, right;

    if (depth == 0 || pick < 2)
        return arena_printf(a, "s%u = y", next_random(seed) % 8);
    if (pick == 2) {
        struct str inner = random_term(a, seed, depth - 1);

        return str_starts(inner, STR("not")) ? inner
                                             : arena_printf(a, "not " STR_FMT, STR_ARG(inner));
    }
    left = random_term(a, seed, depth - 1);
    right = random_term(a, seed, depth - 1);
    return arena_printf(a, "(" STR_FMT " %s " STR_FMT ")", STR_ARG(left), pick % 2 ? "and" : "or",
                        STR_ARG(right));
}

static void test_random(void)
{
    struct arena a = {0};
    unsigned seed = 7;
    int differ = 0, held = 0;

    for (int i = 0; i < 2000; i++) {
        struct str x = random_term(&a, &seed, 4), y = random_term(&a, &seed, 3),
                   z = random_term(&a, &seed, 3); /* STR_ARG() would make each of them twice */
        struct str text = arena_printf(&a, STR_FMT " or " STR_FMT " and " STR_FMT, STR_ARG(x),
                                       STR_ARG(y), STR_ARG(z));
        struct cond_fault fault;
        struct cond *c;

        CHECK(cond_parse(text, COND_SLOTS, &a, &c, &fault), "%s: %s", text.p, fault.text);
        for (unsigned truths = 0; truths < 256; truths += 1 + truths % 5) {
            struct cond_source source = {&truths, NULL, slot_fact};
            struct str rest = text;
            bool wanted = by_the_book(&rest, truths);

            held += wanted;
            differ += wanted != cond_holds(c, &source);
        }
        arena_reset(&a);
    }
    CHECK(differ == 0, "%d answers differ", differ);
    CHECK(held > 1000, "%d hold", held);
}

/* Every prefix, and every byte replaced by each of the signs that mean something: a program that can be
 * run, or a fault inside the text. */
static void test_broken(void)
{
    static const char whole[] =
        "not (OBR-25 in (F, \"C D\") or any(PID-3(5=MR&4.1=x).1) = Y) and absent(PID-8)";
    static const char signs[] = " ()=,&\"\n-.0Aaz\x80\xff";
    struct arena a = {0};
    char text[sizeof whole];
    int wrong = 0, read = 0;

    for (size_t n = 0; n < sizeof whole; n++)
        for (size_t k = 0; k <= sizeof signs; k++) {
            struct str s = {text, k ? sizeof whole - 1 : n};
            struct cond_fault fault;
            struct cond *c;

            memcpy(text, whole, sizeof whole);
            if (k)
                text[n ? n - 1 : 0] = signs[k - 1 < sizeof signs ? k - 1 : 0];
            if (cond_parse(s, COND_PATHS, &a, &c, &fault)) {
                read++;
                (void)holds(c);
            } else {
                wrong += c != NULL || fault.at > s.n || !fault.text;
            }
            arena_reset(&a);
        }
    CHECK(wrong == 0, "%d", wrong);
    CHECK(read > 20, "only %d variants are conditions", read);
}

int main(void)
{
    test_good();
    test_bad();
    test_bounds();
    test_each();
    test_program();
    test_random();
    test_broken();
    return check_end();
}
