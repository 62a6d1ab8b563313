#include "reply.h"

#include <time.h>

#include "character.h"
#include "hl7/ack.h"

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7F;
}

/* ESC $ B, ESC $ @, ESC $ ( D, ESC ( B, ESC ( J at the front of s: its length; else 0. */
static size_t shift(struct str s, bool *shifted)
{
    static const struct {
        const char *text;
        bool shifted;
    } all[] = {{"\x1B$B", true},
               {"\x1B$@", true},
               {"\x1B$(D", true},
               {"\x1B(B", false},
               {"\x1B(J", false}};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (str_starts(s, str_of(all[i].text))) {
            *shifted = all[i].shifted;
            return strlen(all[i].text);
        }
    }
    return 0;
}

/* ISO 2022 that leaves the reader where it found it: whole shifts, no other control, ASCII at the end. */
static bool is_balanced(struct str s)
{
    bool shifted = false;

    while (s.n) {
        size_t n = shift(s, &shifted);

        if (n == 0 && is_control(s.p[0]))
            return false;
        n = n ? n : 1;
        s = (struct str){s.p + n, s.n - n};
    }
    return !shifted;
}

/* All but controls and halves of pairs. */
static void echo_characters(struct buf *b, enum hl7_width width, struct str s)
{
    size_t from = 0, i = 0;

    while (i < s.n) {
        struct str rest = {s.p + i, s.n - i};
        bool shifted = false;
        size_t n = hl7_character(rest, width, &shifted);

        if (is_control(s.p[i]) || hl7_character_is_broken(rest, width, false)) {
            buf_add(b, (struct str){s.p + from, i - from});
            from = i + n;
        }
        i += n;
    }
    buf_add(b, (struct str){s.p + from, s.n - from});
}

void reply_echo(struct buf *b, const struct hl7_header *h, struct str s)
{
    if (s.n > HL7_ECHO_MOST)
        return;
    if (s.n && memchr(s.p, 0x1B, s.n)) {
        if (h->charset && h->charset->width == HL7_SHIFTED && is_balanced(s))
            buf_add(b, s);
        return;
    }
    echo_characters(b, h->charset ? h->charset->width : HL7_BYTES, s);
}

bool reply_is_echo(const struct hl7_header *h, struct str s, struct str got)
{
    struct buf b;
    bool same;

    if (str_eq(s, got))
        return true;
    b = buf_new(HL7_ECHO_MOST + 1);
    reply_echo(&b, h, s);
    same = str_eq(buf_str(&b), got);
    buf_reset(&b);
    return same;
}

void reply_echo_or(struct buf *b, const struct hl7_header *h, struct str s, const char *otherwise)
{
    size_t before = b->n;

    reply_echo(b, h, s);
    if (b->n == before)
        buf_add(b, str_of(otherwise));
}

void reply_head(struct buf *b, const char *name, const struct hl7_header *h,
                const struct hl7_separators *sep)
{
    const char encoding[] = {sep->component,    sep->repetition, sep->escape,
                             sep->subcomponent, sep->truncation, '\0'};
    static const int turned[] = {5, 6, 3, 4};

    buf_add(b, str_of(name));
    buf_add_char(b, sep->field);
    buf_add(b, str_of(encoding));
    for (size_t i = 0; i < sizeof turned / sizeof turned[0]; i++) {
        buf_add_char(b, sep->field);
        reply_echo(b, h, h->fields[turned[i]]);
    }
}

/* `width` digits of a number that has no more. */
static char *add_digits(char *p, int n, int width)
{
    for (int i = width; i-- > 0; n /= 10)
        p[i] = (char)('0' + n % 10);
    return p + width;
}

void reply_time(struct buf *b, int64_t now_ms, int zone_min)
{
    int ms = (int)(((now_ms % 1000) + 1000) % 1000), east = zone_min < 0 ? -zone_min : zone_min;
    time_t local = (time_t)((now_ms - ms) / 1000) + zone_min * 60;
    char text[32], *p = text;
    struct tm t;

    if (!gmtime_r(&local, &t) || t.tm_year < -1900 || t.tm_year > 9999 - 1900)
        return; /* four digits are all there is room for */
    p = add_digits(p, t.tm_year + 1900, 4);
    p = add_digits(p, t.tm_mon + 1, 2);
    p = add_digits(p, t.tm_mday, 2);
    p = add_digits(p, t.tm_hour, 2);
    p = add_digits(p, t.tm_min, 2);
    p = add_digits(p, t.tm_sec, 2);
    *p++ = '.';
    p = add_digits(p, ms, 3);
    *p++ = zone_min < 0 ? '-' : '+';
    p = add_digits(p, east / 60, 2);
    p = add_digits(p, east % 60, 2);
    buf_add(b, (struct str){text, (size_t)(p - text)});
}

bool reply_close(struct buf *b, size_t from, char start, char end)
{
    struct str content;

    if (b->over)
        return false;
    content = (struct str){b->p + from + 1, b->n - from - 1};
    if (memchr(content.p, start, content.n) || memchr(content.p, end, content.n))
        return false;
    return buf_add_char(b, end) && buf_add_char(b, '\r');
}

/* 96 bits, five at a time, in Crockford's alphabet: 20 characters, the limit of MSH-10 up to v2.5.1. */
void hl7_ack_id(const uint8_t random[HL7_ACK_RANDOM], char out[HL7_ACK_ID + 1])
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    for (size_t i = 0; i < HL7_ACK_ID; i++) {
        size_t bit = i * 5, byte = bit / 8;
        unsigned two = (unsigned)random[byte] << 8;

        if (byte + 1 < HL7_ACK_RANDOM)
            two |= random[byte + 1];
        out[i] = alphabet[two >> (11 - bit % 8) & 31];
    }
    out[HL7_ACK_ID] = '\0';
}
