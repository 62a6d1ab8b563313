#include "decoder.h"

#include <stdint.h>

#include "base/utf8.h"

/* One run in progress. */
struct run {
    struct str in;
    size_t at;
    char *out;
    size_t size;
    struct decoded done;
};

static void put(struct run *r, uint32_t cp)
{
    r->done.n += utf8_put(cp, r->out + r->done.n);
}

static void replace(struct run *r)
{
    if (r->done.replaced++ == 0)
        r->done.first = r->at;
    put(r, 0xFFFD);
    r->at++;
}

static void decode_utf8(struct run *r)
{
    while (r->at < r->in.n) {
        struct str rest = {r->in.p + r->at, r->in.n - r->at};
        uint32_t cp = utf8_next(&rest);

        if (cp == 0xFFFFFFFF) {
            replace(r);
        } else {
            put(r, cp);
            r->at = r->in.n - rest.n;
        }
    }
}

/* By hand, because iconv makes a yen of 0x5C and an overline of 0x7E, which stay delimiters. */
static void decode_jis_x_0201(struct run *r)
{
    while (r->at < r->in.n) {
        unsigned char c = (unsigned char)r->in.p[r->at];

        if (c >= 0x80 && (c < 0xA1 || c > 0xDF)) {
            replace(r);
        } else {
            put(r, c < 0x80 ? c : 0xFF61u + (c - 0xA1u));
            r->at++;
        }
    }
}

/* Some sets (Big5-HKSCS) hold a character back to see whether an accent follows. */
static void flush(struct run *r, iconv_t cd)
{
    char *out = r->out + r->done.n;
    size_t room = r->size - r->done.n;

    (void)iconv(cd, NULL, NULL, &out, &room);
    r->done.n = r->size - room;
}

/* The end of the line that starts at r->at, for sets whose shifts end with it; else of all. */
static size_t stretch(const struct run *r, bool by_line)
{
    size_t i = r->at;

    if (!by_line)
        return r->in.n;
    while (i < r->in.n && r->in.p[i] != '\r' && r->in.p[i] != '\n')
        i++;
    return i < r->in.n ? i + 1 : i;
}

static void decode_stretch(struct run *r, iconv_t cd, size_t end)
{
    (void)iconv(cd, NULL, NULL, NULL, NULL);
    while (r->at < end) {
        char *in = (char *)(uintptr_t)(r->in.p + r->at); /* iconv() only reads there */
        char *out = r->out + r->done.n;
        size_t left = end - r->at, room = r->size - r->done.n;
        size_t rc = iconv(cd, &in, &left, &out, &room);

        r->at = end - left;
        r->done.n = r->size - room;
        if (rc == (size_t)-1)
            replace(r); /* EILSEQ, or EINVAL: cut at the end; there is always room */
    }
    flush(r, cd);
}

static void decode_iconv(struct run *r, iconv_t cd, bool by_line)
{
    while (r->at < r->in.n)
        decode_stretch(r, cd, stretch(r, by_line));
}

bool decoder_open(struct decoder *d, const struct hl7_charset *set)
{
    *d = (struct decoder){.set = set};
    if (charset_is(set, charset_utf8()) || charset_is(set, charset_ascii()) ||
        charset_is(set, charset_jis_x_0201()))
        return true;
    d->cd = iconv_open("UTF-8", set->iconv);
    d->opened = d->cd != (iconv_t)-1;
    return d->opened;
}

void decoder_close(struct decoder *d)
{
    if (d->opened)
        (void)iconv_close(d->cd);
    d->opened = false;
}

struct decoded decoder_run(struct decoder *d, struct str bytes, char *out)
{
    struct run r = {.in = bytes, .out = out, .size = decoder_room(bytes.n)};

    if (d->opened)
        decode_iconv(&r, d->cd, d->set->width == HL7_SHIFTED);
    else if (charset_is(d->set, charset_jis_x_0201()))
        decode_jis_x_0201(&r);
    else
        decode_utf8(&r);
    return r.done;
}
