#include "json_token.h"

#include "base/utf8.h"

static struct json_token bad(size_t at, const char *fault)
{
    return (struct json_token){.end = at, .fault = fault};
}

/* Four hex digits at `at`; -1 when they are not. */
static int32_t hex4(struct str in, size_t at)
{
    int32_t v = 0;

    if (in.n < 4 || at > in.n - 4)
        return -1;
    for (size_t i = at; i < at + 4; i++) {
        char c = in.p[i];

        if (c >= '0' && c <= '9')
            v = v * 16 + (c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            v = v * 16 + ((c | 32) - 'a' + 10);
        else
            return -1;
    }
    return v;
}

/* \uXXXX, `at` on the first digit. Moves it past the escape, a surrogate pair included. */
static const char *unicode_escape(struct str in, size_t *at, uint32_t *cp)
{
    int32_t high = hex4(in, *at), low;

    if (high < 0)
        return "\\u without four hex digits";
    *at += 4;
    *cp = (uint32_t)high;
    if (high == 0)
        return "an escaped NUL";
    if (high < 0xD800 || high > 0xDFFF)
        return NULL;
    low = high < 0xDC00 && in.n - *at >= 6 && in.p[*at] == '\\' && in.p[*at + 1] == 'u'
              ? hex4(in, *at + 2)
              : -1;
    if (low < 0xDC00 || low > 0xDFFF)
        return "half of a surrogate pair";
    *at += 6;
    *cp = 0x10000 + ((uint32_t)(high - 0xD800) << 10) + (uint32_t)(low - 0xDC00);
    return NULL;
}

/* An escape, `at` on the backslash; writes what it stands for. */
static const char *escape(struct str in, size_t *at, char **to)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    const char *found;
    const char *fault;
    uint32_t cp;

    if (*at + 1 >= in.n)
        return "a string without an end";
    if (in.p[*at + 1] == 'u') {
        *at += 2;
        fault = unicode_escape(in, at, &cp);
        if (!fault)
            *to += utf8_put(cp, *to);
        return fault;
    }
    found = in.p[*at + 1] ? strchr(from, in.p[*at + 1]) : NULL;
    if (!found)
        return "an unknown escape";
    *(*to)++ = into[found - from];
    *at += 2;
    return NULL;
}

/* Finds the closing quote, checks every byte on the way. *escapes: how many backslashes stand
 * there. */
static struct json_token scan_string(struct str in, size_t at, size_t *escapes)
{
    *escapes = 0;
    for (size_t i = at + 1; i < in.n;) {
        unsigned char c = (unsigned char)in.p[i];
        struct str rest = {in.p + i, in.n - i};

        if (c == '"')
            return (struct json_token){{in.p + at + 1, i - at - 1}, i + 1, NULL};
        if (c < 0x20)
            return bad(i, c ? "a control character inside a string" : "a NUL byte");
        if (c >= 0x80 && utf8_next(&rest) == 0xFFFFFFFF)
            return bad(i, "not UTF-8");
        if (c == '\\')
            (*escapes)++;
        i += c == '\\' ? 2 : c >= 0x80 ? (size_t)(rest.p - in.p) - i : 1;
    }
    return bad(in.n, "a string without an end");
}

struct json_token json_token_string(struct str in, size_t at, size_t max, struct arena *a)
{
    size_t escapes, from = at + 1;
    struct json_token t = scan_string(in, at, &escapes);
    char *to, *start;

    if (t.fault || (escapes == 0 && t.text.n <= max))
        return t;
    if (t.text.n > (max > SIZE_MAX / 6 ? SIZE_MAX : 6 * max))
        return bad(at, "a string over the limit");
    to = start = arena_get(a, t.text.n + 1, 1);
    while (from < t.end - 1) {
        const char *fault = NULL;

        if (in.p[from] == '\\')
            fault = escape(in, &from, &to);
        else
            *to++ = in.p[from++];
        if (fault)
            return bad(from, fault);
    }
    t.text = (struct str){start, (size_t)(to - start)};
    return t.text.n > max ? bad(at, "a string over the limit") : t;
}

static size_t digits(struct str in, size_t at)
{
    while (at < in.n && in.p[at] >= '0' && in.p[at] <= '9')
        at++;
    return at;
}

struct json_token json_token_number(struct str in, size_t at, size_t max)
{
    size_t i = at + (in.p[at] == '-'), from = i;

    i = digits(in, i);
    if (i == from)
        return bad(i, "a number without digits");
    if (in.p[from] == '0' && i > from + 1)
        return bad(from, "a number with a leading zero");
    if (i < in.n && in.p[i] == '.') {
        from = ++i;
        i = digits(in, i);
        if (i == from)
            return bad(i, "a number without digits");
    }
    if (i < in.n && (in.p[i] == 'e' || in.p[i] == 'E')) {
        i++;
        if (i < in.n && (in.p[i] == '+' || in.p[i] == '-'))
            i++;
        from = i;
        i = digits(in, i);
        if (i == from)
            return bad(i, "a number without digits");
    }
    if (i - at > max)
        return bad(at, "a number over the limit");
    return (struct json_token){{in.p + at, i - at}, i, NULL};
}
