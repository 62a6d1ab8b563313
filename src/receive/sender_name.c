/* What MSH-3 and MSH-4 name, however it is spelled. */
#include "sender_name.h"

#include "base/utf8.h"
#include "hl7/escape.h"

static bool is_blank(uint32_t c)
{
    return c == ' ' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

/* Controls, and what is drawn as nothing at all. */
static bool is_unseen(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0xAD || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

/* 0 at the end. */
static uint32_t next_seen(struct str *s)
{
    while (s->n) {
        uint32_t c = utf8_next(s);

        if (c >= 0xFF01 && c <= 0xFF5E) /* full-width forms of ASCII */
            c -= 0xFEE0;
        if (is_blank(c))
            return ' ';
        if (!is_unseen(c))
            return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
    }
    return 0;
}

bool sender_name_is(struct str wanted, struct str got)
{
    uint32_t a, b;

    wanted = str_trim(wanted);
    got = str_trim(got);
    do {
        a = next_seen(&wanted);
        b = next_seen(&got);
    } while (a && a == b);
    return a == b;
}

/* Visible ASCII that stands for itself: nearly every name there is. */
static bool is_plain(struct str s, const struct hl7_separators *sep)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (c < ' ' || c > '~' || c == sep->escape || c == sep->repetition ||
            c == sep->subcomponent)
            return false;
    }
    return true;
}

static struct str first_part(struct str s, char separator)
{
    return separator ? str_cut(&s, separator) : s;
}

/* Without what is not seen: a name that is compared with many is gone through once. */
static struct str seen_only(struct str s, struct arena *a)
{
    char *out = arena_get(a, s.n + 4, 1);
    size_t n = 0;

    while (s.n) {
        uint32_t c = next_seen(&s);

        if (c == UINT32_MAX)
            out[n++] = '?';
        else if (c)
            n += utf8_put(c, out + n);
    }
    return str_trim((struct str){out, n});
}

struct str sender_name(const struct hl7_header *h, size_t field,
                       const struct hl7_charset_settings *set, struct arena *a)
{
    struct str raw = hl7_header_name(h, field);
    struct hl7_notes unused = {0};
    struct hl7_decoded decoded;
    struct err e;

    if (is_plain(raw, &h->sep))
        return str_trim(raw);
    if (!hl7_decode(raw, h->declared, set, a, &unused, &decoded, &e))
        return seen_only(raw, a); /* refused for its character set, whoever sent it */
    raw = first_part(decoded.text, h->sep.repetition);
    raw = first_part(raw, h->sep.component);
    raw = first_part(raw, h->sep.subcomponent);
    return seen_only(hl7_unescape(raw, &h->sep, decoded.charset, a, &unused), a);
}
