#include "text.h"

#include "base/utf8.h"

/* The length of the line break at the front of `s`, 0 without one. As libyaml counts them. */
static size_t break_at(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;

    if (s.n == 0)
        return 0;
    if (p[0] == '\r')
        return s.n > 1 && p[1] == '\n' ? 2 : 1;
    if (p[0] == '\n')
        return 1;
    if (s.n > 1 && p[0] == 0xC2 && p[1] == 0x85)
        return 2;
    if (s.n > 2 && p[0] == 0xE2 && p[1] == 0x80 && (p[2] == 0xA8 || p[2] == 0xA9))
        return 3;
    return 0;
}

struct str text_cut_line(struct str *rest)
{
    for (size_t i = 0; i < rest->n; i++) {
        size_t n = break_at((struct str){rest->p + i, rest->n - i});

        if (n) {
            struct str line = {rest->p, i};
            *rest = (struct str){rest->p + i + n, rest->n - i - n};
            return line;
        }
    }
    struct str line = *rest;
    *rest = (struct str){NULL, 0};
    return line;
}

struct str yaml_line(struct str text, int line)
{
    struct str rest = text;
    struct str at = {NULL, 0};

    for (int i = 0; i < line; i++) {
        if (!rest.p)
            return (struct str){NULL, 0};
        at = text_cut_line(&rest);
    }
    return at;
}

struct text_place text_place_of(struct str text, size_t at)
{
    struct str rest = {text.p, at};
    struct text_place place = {1, 1};
    struct str last = {text.p, 0};

    for (place.line = 0; rest.p; place.line++)
        last = text_cut_line(&rest);
    while (last.n) {
        utf8_next(&last);
        place.column++;
    }
    return place;
}

bool text_find_tab(struct str text, struct text_place *out)
{
    struct str rest = text;

    for (int line = 1; rest.p; line++) {
        struct str s = text_cut_line(&rest);
        size_t i = 0;

        while (i < s.n && s.p[i] == ' ')
            i++;
        if (i == s.n || s.p[i] != '\t' || str_trim(s).n == 0)
            continue;
        *out = (struct text_place){line, (int)i + 1};
        return true;
    }
    return false;
}
