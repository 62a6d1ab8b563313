#include "base/utf8.h"
#include "decoder.h"

static size_t first_high(struct str s)
{
    size_t i = 0;

    while (i < s.n && (unsigned char)s.p[i] < 0x80)
        i++;
    return i;
}

/* The set that the message declares; NULL when it declares none that says how to read high bytes. */
static const struct hl7_charset *declared_set(struct str declared, struct hl7_notes *notes)
{
    const struct hl7_charset *c;
    bool alias;

    declared = str_trim(declared);
    if (declared.n == 0)
        return NULL;
    c = hl7_charset_find(declared, &alias);
    if (!c)
        hl7_note(notes, HL7_CHARSET_UNKNOWN, 0);
    else if (alias)
        hl7_note(notes, HL7_CHARSET_ALIAS, 0);
    return c == charset_ascii() ? NULL : c;
}

/* Nothing says what bytes from 0x80 on mean: UTF-8 if they are, else the peer's usual set. */
static const struct hl7_charset *guess(struct str body, const struct hl7_charset_settings *set,
                                       struct hl7_notes *notes)
{
    size_t high = first_high(body);

    if (high == body.n)
        return charset_utf8();
    hl7_note(notes, HL7_CHARSET_MISMATCH, high);
    if (utf8_check(body) == body.n)
        return charset_utf8();
    return set->fallback ? set->fallback : charset_windows_1252();
}

bool hl7_decode(struct str body, struct str declared, const struct hl7_charset_settings *set,
                struct arena *a, struct hl7_notes *notes, struct hl7_decoded *out, struct err *e)
{
    const struct hl7_charset *c = set->force;
    struct decoder d;
    struct decoded done;
    char *text;

    if (!c)
        c = declared_set(declared, notes);
    if (!c)
        c = guess(body, set, notes);
    *out = (struct hl7_decoded){.text = body, .charset = c};
    if (!c->iconv)
        return err_set(e, ERR_INPUT, 0, "MSH-18 declares UTF-16 or UTF-32, which cannot be framed");
    if (c == charset_utf8() && utf8_check(body) == body.n)
        return true;
    if (!decoder_open(&d, c))
        return err_set(e, ERR_INPUT, 0, "this system cannot decode the set of MSH-18");
    text = arena_get(a, decoder_room(body.n), 1);
    done = decoder_run(&d, body, text);
    decoder_close(&d);
    if (done.replaced && set->strict)
        return err_set(e, ERR_INPUT, 0, "offset %zu: not in the character set", done.first);
    if (done.replaced)
        hl7_note(notes, HL7_CHARSET_REPLACED, done.first);
    out->text = (struct str){text, done.n};
    return true;
}
