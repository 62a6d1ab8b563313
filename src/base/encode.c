#include "base/encode.h"

#include "base/utf8.h"

static const char digits64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void hex_encode(const uint8_t *in, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
    out[2 * n] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool hex_decode(struct str text, uint8_t *out, size_t n)
{
    if (text.n != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = hex_value(text.p[2 * i]), low = hex_value(text.p[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void base64url_encode(const uint8_t *in, size_t n, char *out)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i > 3 ? 3 : n - i;
        uint32_t v = (uint32_t)in[i] << 16;

        v |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        v |= left > 2 ? in[i + 2] : 0;
        for (size_t k = 0; k <= left; k++)
            out[at++] = digits64[v >> (18 - 6 * k) & 63];
    }
    out[at] = '\0';
}

bool base64url_decode(struct str text, uint8_t *out, size_t n)
{
    uint32_t held = 0, bits = 0;
    size_t at = 0;

    if (text.n != (n * 4 + 2) / 3)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        const char *d = text.p[i] ? strchr(digits64, text.p[i]) : NULL;

        if (!d)
            return false;
        held = held << 6 | (uint32_t)(d - digits64);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[at++] = (uint8_t)(held >> bits);
            held &= (1U << bits) - 1;
        }
    }
    return held == 0 && at == n;
}

static bool json_add_cp(struct buf *b, uint32_t cp)
{
    char utf8[4];

    switch (cp) {
    case '"':
        return buf_add(b, STR("\\\""));
    case '\\':
        return buf_add(b, STR("\\\\"));
    case '\n':
        return buf_add(b, STR("\\n"));
    case '\r':
        return buf_add(b, STR("\\r"));
    case '\t':
        return buf_add(b, STR("\\t"));
    default:
        if (cp < 0x20 || cp == 0x7F)
            return buf_printf(b, "\\u%04x", cp);
        return buf_add(b, (struct str){utf8, utf8_put(cp, utf8)});
    }
}

bool json_add_string(struct buf *b, struct str s)
{
    buf_add_char(b, '"');
    while (s.n) {
        uint32_t cp = utf8_next(&s);

        json_add_cp(b, cp == 0xFFFFFFFF ? 0xFFFD : cp);
    }
    return buf_add_char(b, '"');
}

static struct str html_escape(char c)
{
    switch (c) {
    case '&':
        return STR("&amp;");
    case '<':
        return STR("&lt;");
    case '>':
        return STR("&gt;");
    case '"':
        return STR("&quot;");
    case '\'':
        return STR("&#39;");
    default:
        return (struct str){NULL, 0};
    }
}

bool html_add_text(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        struct str escaped = html_escape(s.p[i]);

        buf_add(b, escaped.p ? escaped : (struct str){s.p + i, 1});
    }
    return !b->over;
}
