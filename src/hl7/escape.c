#include "hl7/escape.h"

#include "base/encode.h"
#include "base/utf8.h"
#include "decoder.h"
#include "set_switch.h"

/* What one call works on. */
struct escapes {
    const struct hl7_separators *sep;
    const struct hl7_charset *charset;
    struct arena *a;
    struct hl7_notes *notes;
    struct str leaf;
    char *out;
    size_t n;
    char *hex, *text; /* scratch for \X..\, made on demand */
    struct decoder decoder;
    struct set_switch *sets; /* made by the first \C..\ or \M..\ */
};

static void put_out(struct escapes *x, struct str s)
{
    if (s.n)
        memcpy(x->out + x->n, s.p, s.n);
    x->n += s.n;
}

/* Decoded text without control characters: no escape makes a line. */
static void put_clean(struct escapes *x, struct str text, bool replaced, uint64_t offset)
{
    if (replaced)
        hl7_note(x->notes, HL7_CHARSET_REPLACED, offset);
    while (text.n) {
        struct str was = text;
        uint32_t cp = utf8_next(&text);

        if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0))
            hl7_note(x->notes, HL7_ESC_CONTROL, offset);
        else
            put_out(x, (struct str){was.p, was.n - text.n});
    }
}

/* What a switched set has gathered becomes text. */
static void flush(struct escapes *x, uint64_t offset)
{
    bool replaced;
    struct str text;

    if (!x->sets || x->sets->n == 0)
        return;
    text = set_switch_flush(x->sets, &replaced);
    put_clean(x, text, replaced, offset);
}

/* Text of the value: codes of the switched set, if one is in force. */
static void put(struct escapes *x, struct str s)
{
    while (s.n && x->sets && set_switch_on(x->sets)) {
        size_t n = set_switch_add(x->sets, s);
        struct str c;

        s = (struct str){s.p + n, s.n - n};
        if (s.n == 0)
            return;
        flush(x, 0);
        c = s;
        (void)utf8_next(&s);
        put_out(x, (struct str){c.p, c.n - s.n});
    }
    put_out(x, s);
}

static char or_standard(char c, char standard)
{
    return c ? c : standard;
}

/* The character of a one-letter escape; 0: there is none; -1: highlighting, which stands for nothing. */
static int letter(const struct hl7_separators *sep, char c)
{
    switch (c) {
    case 'F':
        return sep->field;
    case 'S':
        return or_standard(sep->component, '^');
    case 'T':
        return or_standard(sep->subcomponent, '&');
    case 'R':
        return or_standard(sep->repetition, '~');
    case 'E':
        return sep->escape;
    case 'P':
        return or_standard(sep->truncation, '#');
    case 'H':
    case 'N':
        return -1;
    default:
        return 0;
    }
}

/* \.br\ \.sp\ \.sp 2\ \.sk 2\ \.in+4\ \.ti-2\ \.fi\ \.nf\ \.ce\ */
static bool is_formatting(struct str body)
{
    static const char *const commands[] = {"br", "sp", "sk", "in", "ti", "fi", "nf", "ce"};

    if (body.n < 3 || body.p[0] != '.')
        return false;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (memcmp(body.p + 1, commands[i], 2) != 0)
            continue;
        for (size_t k = 3; k < body.n; k++) {
            if (!strchr("+- 0123456789", body.p[k]) || body.p[k] == '\0')
                return false;
        }
        return true;
    }
    return false;
}

/* Adds the bytes of \X..\ to `hex`; false when the digits are no pairs. */
static bool take_hex(struct str digits, char *hex, size_t *n)
{
    if (digits.n == 0 || digits.n % 2 || !hex_decode(digits, (uint8_t *)(hex + *n), digits.n / 2))
        return false;
    *n += digits.n / 2;
    return true;
}

/* The body of the escape at the front of s (after its first escape character); absent: unterminated. */
static struct str escape_body(struct str s, char escape)
{
    const char *end = s.n ? memchr(s.p, escape, s.n) : NULL;

    return end ? (struct str){s.p, (size_t)(end - s.p)} : (struct str){NULL, 0};
}

/* Room for one run of \X..\ of this leaf, made when the first is met. */
static void open_hex(struct escapes *x)
{
    const struct hl7_charset *set = x->charset && x->charset->iconv ? x->charset : charset_utf8();

    if (x->hex)
        return;
    x->hex = arena_get(x->a, x->leaf.n / 2 + 1, 1);
    x->text = arena_get(x->a, decoder_room(x->leaf.n / 2 + 1), 1);
    if (!decoder_open(&x->decoder, set))
        (void)decoder_open(&x->decoder, charset_utf8());
}

/* Codes of a switched set; a control character is none, and would end a shift. */
static void put_codes(struct escapes *x, struct str bytes, uint64_t offset)
{
    for (size_t i = 0; i < bytes.n; i++) {
        if ((unsigned char)bytes.p[i] < 0x20 || bytes.p[i] == 0x7F)
            hl7_note(x->notes, HL7_ESC_CONTROL, offset);
        else
            set_switch_add_bytes(x->sets, (struct str){bytes.p + i, 1});
    }
}

static void put_decoded(struct escapes *x, struct str bytes, uint64_t offset)
{
    struct decoded done;

    if (x->sets && set_switch_on(x->sets)) {
        put_codes(x, bytes, offset);
        return;
    }
    done = decoder_run(&x->decoder, bytes, x->text);
    put_clean(x, (struct str){x->text, done.n}, done.replaced, offset);
}

/* Neighbouring \X..\ make characters together. Returns how much of s (from its escape character on)
 * was taken; 0: these are no hex digits. */
static size_t put_hex(struct escapes *x, struct str s)
{
    size_t n = 0, taken = 0;

    open_hex(x);
    while (s.n - taken >= 2 && s.p[taken] == x->sep->escape) {
        struct str body =
            escape_body((struct str){s.p + taken + 1, s.n - taken - 1}, x->sep->escape);

        if (!body.n || body.p[0] != 'X' ||
            !take_hex((struct str){body.p + 1, body.n - 1}, x->hex, &n))
            break;
        taken += body.n + 2;
    }
    if (taken)
        put_decoded(x, (struct str){x->hex, n}, (uint64_t)(s.p - x->leaf.p));
    return taken;
}

/* \C..\ or \M..\: true when it was followed, else *kept says why it stands as it is. */
static bool put_switch(struct escapes *x, struct str body, uint64_t offset, enum hl7_code *kept)
{
    int row;

    switch (set_switch_find(body, x->charset, &row)) {
    case SET_SWITCH_UNKNOWN:
        *kept = HL7_ESC_SET_SWITCH;
        return false;
    case SET_SWITCH_TO:
        break;
    case SET_SWITCH_UNDECLARED:
    case SET_SWITCH_NONE:
        return false;
    }
    if (!x->sets) {
        x->sets = NEW(x->a, struct set_switch);
        set_switch_open(x->sets, x->charset, x->leaf.n, x->a);
    }
    flush(x, offset);
    set_switch_to(x->sets, row);
    return true;
}

/* One escape at the front of s. Returns how much of s it took. */
static size_t put_escape(struct escapes *x, struct str s)
{
    struct str body = escape_body((struct str){s.p + 1, s.n - 1}, x->sep->escape);
    enum hl7_code kept = HL7_BAD_ESCAPE;
    size_t taken;

    if (body.n == 1 && letter(x->sep, body.p[0])) {
        char c = (char)letter(x->sep, body.p[0]);

        put(x, (struct str){&c, letter(x->sep, body.p[0]) > 0 ? 1 : 0});
        return 3;
    }
    if (is_formatting(body)) {
        put(x, STR(" "));
        return body.n + 2;
    }
    if (body.n && body.p[0] == 'X') {
        taken = put_hex(x, s);
        if (taken)
            return taken;
    }
    if (put_switch(x, body, (uint64_t)(s.p - x->leaf.p), &kept))
        return body.n + 2;
    /* Unterminated: only the escape character stands for itself, what follows is read on. A whole but
     * unknown one is kept with both its ends, so that its end does not begin another. */
    hl7_note(x->notes, kept, (uint64_t)(s.p - x->leaf.p));
    put(x, (struct str){s.p, body.p ? body.n + 2 : 1});
    return body.p ? body.n + 2 : 1;
}

struct str hl7_unescape(struct str leaf, const struct hl7_separators *sep,
                        const struct hl7_charset *charset, struct arena *a, struct hl7_notes *notes)
{
    struct escapes x = {.sep = sep, .charset = charset, .a = a, .notes = notes, .leaf = leaf};
    struct str rest = leaf;

    if (leaf.n == 0 || sep->escape == 0 || !memchr(leaf.p, sep->escape, leaf.n))
        return leaf;
    /* Two hex digits, and two codes of a switched set, come to three bytes at most; one damaged code of
     * such a set does too. */
    x.out = arena_get(a, decoder_room(charset && charset->declared ? leaf.n : leaf.n / 2), 1);
    while (rest.n) {
        const char *at = memchr(rest.p, sep->escape, rest.n);
        size_t n = at ? (size_t)(at - rest.p) : rest.n;

        put(&x, (struct str){rest.p, n});
        rest = (struct str){rest.p + n, rest.n - n};
        if (rest.n) {
            n = put_escape(&x, rest);
            rest = (struct str){rest.p + n, rest.n - n};
        }
    }
    flush(&x, leaf.n);
    if (x.sets)
        set_switch_close(x.sets);
    decoder_close(&x.decoder);
    return (struct str){x.out, x.n};
}

bool hl7_escape(struct buf *b, struct str text, const struct hl7_separators *sep)
{
    const struct {
        char c, letter;
    } all[] = {{sep->field, 'F'},      {sep->component, 'S'}, {sep->subcomponent, 'T'},
               {sep->repetition, 'R'}, {sep->escape, 'E'},    {sep->truncation, 'P'}};

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i], name = 0;

        for (size_t k = 0; k < sizeof all / sizeof all[0] && !name; k++)
            name = all[k].c && all[k].c == c ? all[k].letter : 0;
        if ((unsigned char)c < 0x20 || c == 0x7F)
            continue;
        if (name && !sep->escape)
            c = ' '; /* no way to write it */
        else if (name)
            buf_printf(b, "%c%c%c", sep->escape, name, sep->escape);
        if (!name || !sep->escape)
            buf_add_char(b, c);
    }
    return !b->over;
}
