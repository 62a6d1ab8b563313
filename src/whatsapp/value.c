#include "whatsapp/value.h"

#include <stdint.h>
#include <stdio.h>

#include "base/utf8.h"

enum { TEXT_MAX = 1024, TEMPLATE_MAX = 512, PARAM_NAME_MAX = 64, TOKEN_MIN = 22, TOKEN_MAX = 128 };

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

bool whatsapp_is_number(struct str s)
{
    if (s.n < 8 || s.n > 16 || s.p[0] != '+' || s.p[1] == '0')
        return false;
    for (size_t i = 1; i < s.n; i++) {
        if (!digit(s.p[i]))
            return false;
    }
    return true;
}

bool whatsapp_is_echo(struct str s)
{
    static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /* the first of a ULID's 26 characters holds three bits */
    if (s.n != 29 || !str_starts(s, STR("a1:")) || s.p[3] < '0' || s.p[3] > '7')
        return false;
    for (size_t i = 3; i < s.n; i++) {
        if (!s.p[i] || !strchr(crockford, s.p[i]))
            return false;
    }
    return true;
}

static bool is_snake(struct str s, size_t max)
{
    if (s.n == 0 || s.n > max)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!lower(s.p[i]) && !digit(s.p[i]) && s.p[i] != '_')
            return false;
    }
    return true;
}

bool whatsapp_is_template(struct str s)
{
    return is_snake(s, TEMPLATE_MAX);
}

bool whatsapp_is_param_name(struct str s)
{
    return is_snake(s, PARAM_NAME_MAX);
}

bool whatsapp_is_language(struct str s)
{
    size_t n = s.n > 3 && s.p[s.n - 3] == '_' ? s.n - 3 : s.n;

    if (n < 2 || n > 3 || (n < s.n && (!upper(s.p[n + 1]) || !upper(s.p[n + 2]))))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!lower(s.p[i]))
            return false;
    }
    return true;
}

bool whatsapp_is_token(struct str s)
{
    if (s.n < TOKEN_MIN || s.n > TOKEN_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!lower(c) && !upper(c) && !digit(c) && c != '-' && c != '_')
            return false;
    }
    return true;
}

static const char *character_fault(uint32_t cp)
{
    if (cp == 0xFFFFFFFF)
        return "bytes that are not UTF-8";
    if (cp == '\n' || cp == '\r' || cp == 0x85 || cp == 0x2028 || cp == 0x2029)
        return "a line break";
    if (cp == '\t')
        return "a tab";
    if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0))
        return "a control character";
    /* marks, embeddings, overrides and isolates can make a text read as another one */
    if (cp == 0x200E || cp == 0x200F || cp == 0x61C || (cp >= 0x202A && cp <= 0x202E) ||
        (cp >= 0x2066 && cp <= 0x2069))
        return "a direction character";
    return NULL;
}

const char *whatsapp_text_fault(struct str s)
{
    size_t spaces = 0, length = 0;

    if (s.n == 0)
        return "no text";
    while (s.n) {
        uint32_t cp = utf8_next(&s);
        const char *fault = character_fault(cp);

        if (fault)
            return fault;
        spaces = cp == ' ' ? spaces + 1 : 0;
        if (spaces == 4)
            return "a run of four spaces";
        if (++length > TEXT_MAX)
            return "more than 1,024 characters";
    }
    return NULL;
}

size_t whatsapp_text_length(struct str s)
{
    size_t length = 0;

    for (; s.n; length++)
        (void)utf8_next(&s);
    return length;
}

const char *whatsapp_reply_word(int bit)
{
    static const char *const words[QUICK_REPLIES] = {"ok", "rs", "cx"};

    return words[bit];
}

int whatsapp_reply_read(struct str payload, char echo[ECHO_BYTES + 1])
{
    struct str rest = payload, head = str_cut(&rest, '.'), ulid = str_cut(&rest, '.');

    if (!str_eq(head, STR("c1")) || ulid.n != ECHO_BYTES - 3 || !rest.p)
        return -1;
    (void)snprintf(echo, ECHO_BYTES + 1, "a1:" STR_FMT, STR_ARG(ulid));
    if (!whatsapp_is_echo(str_of(echo)))
        return -1;
    for (int bit = 0; bit < QUICK_REPLIES; bit++) {
        if (str_eq(rest, str_of(whatsapp_reply_word(bit))))
            return bit;
    }
    return -1;
}
