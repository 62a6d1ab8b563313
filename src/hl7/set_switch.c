#include "set_switch.h"

#include <strings.h>

#include "base/encode.h"
#include "base/utf8.h"

/* name: of the set as MSH-18 declares it. lead: what goes before the codes for its decoder. high: it is for
 * bytes from 0x80 on. */
static const struct {
    const char *digits, *name, *lead;
    bool high;
} switches[SET_SWITCHES] = {
    {"C2842", "ASCII", "", false},
    {"C284A", "ISO IR14", "", false},
    {"C2949", "ISO IR14", "", true},
    {"C2D41", "8859/1", "", true},
    {"C2D42", "8859/2", "", true},
    {"C2D43", "8859/3", "", true},
    {"C2D44", "8859/4", "", true},
    {"C2D4C", "8859/5", "", true},
    {"C2D47", "8859/6", "", true},
    {"C2D46", "8859/7", "", true},
    {"C2D48", "8859/8", "", true},
    {"C2D4D", "8859/9", "", true},
    {"C2D62", "8859/15", "", true},
    {"M2442", "ISO IR87", "\x1B$B", false},
    {"M242844", "ISO IR159", "\x1B$(D", false},
    {"M242843", "KS X 1001", "\x1B$(C", false},
    {"M242943", "KS X 1001", "", true},
};
enum { TO_ASCII = 0, LEAD_MOST = 4 };

static bool is_hex(struct str s)
{
    uint8_t bytes[3];

    return s.n / 2 <= sizeof bytes && hex_decode(s, bytes, s.n / 2);
}

static const struct hl7_charset *set_of(size_t row)
{
    bool alias;

    return hl7_charset_find(str_of(switches[row].name), &alias);
}

/* JIS X 0202 is ISO 2022 itself: it declares all Japanese sets. ASCII needs no declaring beside others. */
static bool is_declared(size_t row, uint32_t declared)
{
    const struct hl7_charset *set = set_of(row);

    if (set == charset_ascii() || declared & charset_bit(set))
        return true;
    return (set->width == HL7_SHIFTED || set == charset_jis_x_0201()) &&
           declared & charset_bit(charset_jis_x_0202());
}

enum set_switch_found set_switch_find(struct str body, const struct hl7_charset *charset, int *row)
{
    bool shape = body.n && ((body.p[0] == 'C' && body.n == 5) ||
                            (body.p[0] == 'M' && (body.n == 5 || body.n == 7)));

    if (!shape || !is_hex((struct str){body.p + 1, body.n - 1}))
        return SET_SWITCH_NONE;
    for (size_t i = 0; i < SET_SWITCHES; i++) {
        const struct str digits = str_of(switches[i].digits);

        if (digits.n != body.n || strncasecmp(digits.p, body.p, body.n) != 0)
            continue;
        if (!charset || !charset->declared || !is_declared(i, charset->declared))
            return SET_SWITCH_UNDECLARED;
        *row = (int)i;
        return SET_SWITCH_TO;
    }
    return SET_SWITCH_UNKNOWN;
}

void set_switch_open(struct set_switch *s, const struct hl7_charset *charset, size_t n,
                     struct arena *a)
{
    *s = (struct set_switch){.charset = charset, .low = -1, .high = -1};
    s->bytes = arena_get(a, n + 1, 1);
    s->run = arena_get(a, n + LEAD_MOST, 1);
    s->text = arena_get(a, decoder_room(n + LEAD_MOST), 1);
    if (charset->width != HL7_BYTES || charset_is(charset, charset_utf8()) ||
        charset_is(charset, charset_ascii()))
        return;
    s->to_bytes = iconv_open(charset->iconv, "UTF-8");
    s->can_bytes = s->to_bytes != (iconv_t)-1;
}

void set_switch_close(struct set_switch *s)
{
    for (size_t i = 0; i < SET_SWITCHES; i++)
        decoder_close(&s->decoders[i]);
    decoder_close(&s->back);
    if (s->can_bytes)
        (void)iconv_close(s->to_bytes);
    s->can_bytes = false;
}

void set_switch_to(struct set_switch *s, int row)
{
    if (row == TO_ASCII)
        s->low = s->high = -1; /* how senders end any switch */
    else if (switches[row].high)
        s->high = row;
    else
        s->low = row;
}

/* One character as one byte of the message's set; false when it is none. */
static bool to_byte(struct set_switch *s, struct str c, char *byte)
{
    char *in = (char *)(uintptr_t)c.p, *out = byte; /* iconv() only reads there */
    size_t left = c.n, room = 1;

    if (!s->can_bytes)
        return false;
    (void)iconv(s->to_bytes, NULL, NULL, NULL, NULL);
    return iconv(s->to_bytes, &in, &left, &out, &room) == 0 && left == 0 && room == 0;
}

size_t set_switch_add(struct set_switch *s, struct str text)
{
    struct str rest = text;

    while (rest.n) {
        struct str c = rest;

        (void)utf8_next(&rest);
        c.n -= rest.n;
        if (c.n == 1 && (unsigned char)c.p[0] < 0x80)
            s->bytes[s->n] = c.p[0];
        else if (!to_byte(s, c, &s->bytes[s->n]))
            return (size_t)(c.p - text.p);
        s->n++;
    }
    return text.n;
}

void set_switch_add_bytes(struct set_switch *s, struct str bytes)
{
    memcpy(s->bytes + s->n, bytes.p, bytes.n);
    s->n += bytes.n;
}

/* The decoder of bytes of this kind; NULL: they stand for themselves. *lead: what goes before them. */
static struct decoder *decoder_for(struct set_switch *s, bool high, const char **lead)
{
    int row = high ? s->high : s->low;
    struct decoder *d = row < 0 ? &s->back : &s->decoders[row];
    const struct hl7_charset *set = row < 0 ? s->charset : set_of((size_t)row);

    *lead = row < 0 ? "" : switches[row].lead;
    if (row < 0 && !high)
        return NULL;
    if (**lead)
        set = charset_jis_x_0202();
    return d->set || decoder_open(d, set) ? d : NULL;
}

/* One run of bytes that are all below 0x80, or all not, to UTF-8; returns how much. */
static size_t decode_run(struct set_switch *s, struct str run, char *out, bool *replaced)
{
    const char *lead;
    struct decoder *d = decoder_for(s, (unsigned char)run.p[0] >= 0x80, &lead);
    size_t n_lead = d ? strlen(lead) : 0;
    struct decoded done;

    if (!d) {
        memcpy(out, run.p, run.n);
        return run.n;
    }
    memcpy(s->run, lead, n_lead);
    memcpy(s->run + n_lead, run.p, run.n);
    done = decoder_run(d, (struct str){s->run, n_lead + run.n}, out);
    *replaced = *replaced || done.replaced;
    return done.n;
}

struct str set_switch_flush(struct set_switch *s, bool *replaced)
{
    size_t n = 0, at = 0;

    *replaced = false;
    while (at < s->n) {
        bool high = (unsigned char)s->bytes[at] >= 0x80;
        size_t end = at;

        while (end < s->n && ((unsigned char)s->bytes[end] >= 0x80) == high)
            end++;
        n += decode_run(s, (struct str){s->bytes + at, end - at}, s->text + n, replaced);
        at = end;
    }
    s->n = 0;
    return (struct str){s->text, n};
}
