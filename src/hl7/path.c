#include "hl7/path.h"

#include "base/utf8.h"

/* The text of a path and how far it was read. */
struct reading {
    struct str text;
    size_t at;
};

static char peek(const struct reading *r)
{
    return r->at < r->text.n ? r->text.p[r->at] : '\0';
}

static bool take(struct reading *r, char c)
{
    if (r->at == r->text.n || r->text.p[r->at] != c)
        return false;
    r->at++;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool fault(const struct reading *r, const char *what, struct err *e)
{
    return err_set(e, ERR_INPUT, 0, "offset %zu: %s", r->at, what);
}

static bool number(struct reading *r, unsigned *out, struct err *e)
{
    unsigned n = 0;
    size_t digits = 0;

    if (peek(r) == '0' || !is_digit(peek(r)))
        return fault(r, "a number from 1 to 999 is expected", e);
    for (; is_digit(peek(r)); r->at++) {
        if (++digits > 3)
            return fault(r, "a number has at most three digits", e);
        n = n * 10 + (unsigned)(peek(r) - '0');
    }
    *out = n;
    return true;
}

static bool segment(struct reading *r, char out[4], struct err *e)
{
    for (size_t i = 0; i < 3; i++, r->at++) {
        if (!is_upper(peek(r)) && !(i > 0 && is_digit(peek(r))))
            return fault(r, "a segment is a capital letter and two capital letters or digits", e);
        out[i] = peek(r);
    }
    out[3] = '\0';
    return true;
}

static bool literal(struct reading *r, struct str *out, struct err *e)
{
    size_t start = r->at;

    while (r->at < r->text.n) {
        struct str rest = {r->text.p + r->at, r->text.n - r->at};
        uint32_t cp = utf8_next(&rest);

        if (cp == '(' || cp == ')' || cp == '&' || cp == '=' || cp == '"')
            break;
        if (cp == 0xFFFFFFFF || cp < 0x20 || (cp >= 0x7F && cp < 0xA0))
            return fault(r, "this cannot stand in a path", e);
        r->at = r->text.n - rest.n;
    }
    if (r->at == start)
        return fault(r, "a value is expected", e);
    *out = (struct str){r->text.p + start, r->at - start};
    return true;
}

/* What follows the first number of a test. */
static bool test_rest(struct reading *r, struct hl7_path_test *t, struct err *e)
{
    t->has_subcomponent = take(r, '.');
    if (t->has_subcomponent && !number(r, &t->subcomponent, e))
        return false;
    if (!take(r, '='))
        return fault(r, "= is expected", e);
    return literal(r, &t->literal, e);
}

static bool select_rest(struct reading *r, struct arena *a, struct hl7_path *p, struct err *e)
{
    struct hl7_path_test *tests;
    size_t most = 1;
    unsigned first = 0;

    if (!number(r, &first, e))
        return false;
    if (take(r, ')')) {
        p->repetition = first;
        return true;
    }
    for (size_t i = r->at; i < r->text.n; i++)
        most += r->text.p[i] == '&';
    tests = NEW_ARRAY(a, struct hl7_path_test, most);
    p->tests = tests;
    for (;;) {
        tests[p->n_tests].component = first;
        if (!test_rest(r, &tests[p->n_tests], e))
            return false;
        p->n_tests++;
        if (take(r, ')'))
            return true;
        if (!take(r, '&'))
            return fault(r, "& or ) is expected", e);
        if (!number(r, &first, e))
            return false;
    }
}

static bool path(struct reading *r, struct arena *a, struct hl7_path *p, struct err *e)
{
    if (!segment(r, p->segment, e))
        return false;
    if (!take(r, '-'))
        return fault(r, "- is expected", e);
    if (!number(r, &p->field, e))
        return false;
    if (take(r, '(') && !select_rest(r, a, p, e))
        return false;
    if (take(r, '.') && !number(r, &p->component, e))
        return false;
    if (p->component && take(r, '.') && !number(r, &p->subcomponent, e))
        return false;
    return r->at == r->text.n || fault(r, "the path should end here", e);
}

bool hl7_path_parse(struct str text, struct arena *a, struct hl7_path *out, size_t *at,
                    struct err *e)
{
    struct reading r = {.text = text};
    bool ok;

    *out = (struct hl7_path){0};
    ok = path(&r, a, out, e);
    *at = r.at;
    return ok;
}

struct str hl7_path_print(const struct hl7_path *p, struct arena *a)
{
    struct str s = arena_printf(a, "%s-%u", p->segment, p->field);

    if (p->repetition)
        s = arena_printf(a, STR_FMT "(%u)", STR_ARG(s), p->repetition);
    for (size_t i = 0; i < p->n_tests; i++) {
        const struct hl7_path_test *t = &p->tests[i];

        s = arena_printf(a, STR_FMT "%c%u", STR_ARG(s), i ? '&' : '(', t->component);
        if (t->has_subcomponent)
            s = arena_printf(a, STR_FMT ".%u", STR_ARG(s), t->subcomponent);
        s = arena_printf(a, STR_FMT "=" STR_FMT, STR_ARG(s), STR_ARG(t->literal));
    }
    if (p->n_tests)
        s = arena_printf(a, STR_FMT ")", STR_ARG(s));
    if (p->component)
        s = arena_printf(a, STR_FMT ".%u", STR_ARG(s), p->component);
    if (p->subcomponent)
        s = arena_printf(a, STR_FMT ".%u", STR_ARG(s), p->subcomponent);
    return s;
}
