#include "base/utf8.h"
#include "big5.h"
#include "decoder.h"
#include "hl7/header.h"

/* What MSH-18 says. */
struct declared {
    const struct hl7_charset *first; /* NULL: none, unknown, or ASCII, which has no high bytes */
    const struct hl7_charset *other; /* the first later one that has them and no shifts */
    uint32_t bits;                   /* all of them */
    bool several;                    /* it has more than one value */
    bool japanese;                   /* one of them is read by ISO 2022 shifts */
};

static const struct hl7_charset *find(struct str name, struct hl7_notes *notes)
{
    const struct hl7_charset *c;
    bool alias;

    name = str_trim(name);
    if (name.n == 0)
        return NULL;
    c = hl7_charset_find(name, &alias);
    if (!c)
        hl7_note(notes, HL7_CHARSET_UNKNOWN, 0);
    else if (alias)
        hl7_note(notes, HL7_CHARSET_ALIAS, 0);
    return c;
}

static struct declared read_declared(struct str body, struct str msh18, struct hl7_notes *notes)
{
    struct declared d = {0};
    struct hl7_separators sep;
    struct err e;
    bool first = true;

    if (!hl7_separators_read(body, &sep, &e))
        sep = hl7_separators_default();
    while (msh18.p) {
        struct str one = sep.repetition ? str_cut(&msh18, sep.repetition) : msh18;
        const struct hl7_charset *c = find(one, notes);

        if (!sep.repetition)
            msh18 = (struct str){NULL, 0};
        if (c) {
            d.bits |= charset_bit(c);
            d.japanese = d.japanese || c->width == HL7_SHIFTED;
        }
        if (c && c != charset_ascii() && first)
            d.first = c;
        else if (c && c != charset_ascii() && c->iconv && c->width != HL7_SHIFTED && !d.other)
            d.other = c;
        d.several = d.several || !first;
        first = false;
    }
    return d;
}

/* The first shift to a two-byte set of ISO 2022-JP; s.n: there is none. */
static size_t first_shift(struct str s)
{
    const char *at = s.p;

    while (at && (at = memchr(at, 0x1B, s.n - (size_t)(at - s.p)))) {
        struct str rest = {at, s.n - (size_t)(at - s.p)};

        if (str_starts(rest, STR("\x1B$B")) || str_starts(rest, STR("\x1B$@")) ||
            str_starts(rest, STR("\x1B$(D")))
            return (size_t)(at - s.p);
        at++;
    }
    return s.n;
}

/* Nothing says what bytes from 0x80 on mean. */
static const struct hl7_charset *
guess(struct str body, size_t high, const struct hl7_charset_settings *set, struct hl7_notes *notes)
{
    hl7_note(notes, HL7_CHARSET_MISMATCH, high);
    if (utf8_check(body) == body.n) {
        hl7_note(notes, HL7_CHARSET_IS_UTF8, high);
        return charset_utf8();
    }
    if (big5_looks(body)) {
        hl7_note(notes, HL7_CHARSET_IS_BIG5, high);
        return set->fallback ? set->fallback : charset_big5();
    }
    return set->fallback ? set->fallback : charset_windows_1252();
}

static const struct hl7_charset *choose(struct str body, const struct declared *d,
                                        const struct hl7_charset_settings *set,
                                        struct hl7_notes *notes)
{
    const struct hl7_charset *c = set->force ? set->force : d->first;
    size_t high, shift;

    if (c && (set->force || c->width != HL7_BYTES || charset_is(c, charset_utf8()) || !c->iconv))
        return c;
    high = utf8_ascii(body);
    shift = high == body.n ? first_shift(body) : body.n;
    if (shift < body.n && (d->japanese || !c)) {
        if (!d->japanese) {
            hl7_note(notes, HL7_CHARSET_MISMATCH, shift);
            hl7_note(notes, HL7_CHARSET_IS_JIS, shift);
        }
        return charset_jis_x_0202();
    }
    if (c)
        return c;
    if (high == body.n)
        return charset_utf8();
    return d->other ? d->other : guess(body, high, set, notes);
}

/* Cut as characters MSH-18 must read as it did when MSH was cut as bytes. */
static void check_again(struct str text, struct str msh18, struct hl7_notes *notes)
{
    struct hl7_header h;
    struct err e;

    if (!hl7_header_scan(text, &h, &e) || !str_eq(h.fields[18], msh18))
        hl7_note(notes, HL7_CHARSET_MISMATCH, 0);
}

/* The set that was used, with those its escapes may switch to. */
static const struct hl7_charset *with_declared(const struct hl7_charset *c,
                                               const struct declared *d, struct arena *a)
{
    struct hl7_charset *own;

    if (!d->several)
        return c;
    own = NEW(a, struct hl7_charset);
    *own = *c;
    own->declared = d->bits;
    return own;
}

bool hl7_decode(struct str body, struct str declared, const struct hl7_charset_settings *set,
                struct arena *a, struct hl7_notes *notes, struct hl7_decoded *out, struct err *e)
{
    const struct declared d = read_declared(body, declared, notes);
    const struct hl7_charset *c = choose(body, &d, set, notes);
    struct decoder dec;
    struct decoded done;
    char *text;

    *out = (struct hl7_decoded){.text = body, .charset = with_declared(c, &d, a)};
    if (!c->iconv)
        return err_set(e, ERR_INPUT, 0, "MSH-18 declares UTF-16 or UTF-32, which cannot be framed");
    if (charset_is(c, charset_utf8()) && utf8_check(body) == body.n)
        return true;
    if (!decoder_open(&dec, c))
        return err_set(e, ERR_INPUT, 0, "this system cannot decode the set of MSH-18");
    text = arena_get(a, decoder_room(body.n), 1);
    done = decoder_run(&dec, body, text);
    decoder_close(&dec);
    if (done.replaced && set->strict)
        return err_set(e, ERR_INPUT, 0, "offset %zu: not in the character set", done.first);
    if (done.replaced)
        hl7_note(notes, HL7_CHARSET_REPLACED, done.first);
    out->text = (struct str){text, done.n};
    if (c->width != HL7_BYTES)
        check_again(out->text, declared, notes);
    return true;
}
