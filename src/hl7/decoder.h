/* Turns runs of bytes of one character set into UTF-8; the converter is opened once. */
#ifndef HL7_DECODER_H
#define HL7_DECODER_H

#include <iconv.h>

#include "hl7/charset.h"

struct decoder {
    const struct hl7_charset *set;
    iconv_t cd; /* only for sets that we do not decode ourselves */
    bool opened;
};

/* What one run came to. */
struct decoded {
    size_t n;        /* bytes of UTF-8 */
    size_t replaced; /* how many U+FFFD */
    size_t first;    /* offset of the first undecodable byte */
};

/* Room that decoder_run() may need for n bytes. */
static inline size_t decoder_room(size_t n)
{
    return n * 3 + 16;
}

/* False when this system does not know the set. */
bool decoder_open(struct decoder *d, const struct hl7_charset *set);
void decoder_close(struct decoder *d);
/* Each run starts in the set's first state. `out` holds decoder_room(bytes.n). */
struct decoded decoder_run(struct decoder *d, struct str bytes, char *out);

/* The rows of the table that decoding treats by themselves. */
const struct hl7_charset *charset_utf8(void);
const struct hl7_charset *charset_ascii(void);
const struct hl7_charset *charset_jis_x_0201(void);
const struct hl7_charset *charset_windows_1252(void);
const struct hl7_charset *charset_big5(void);
const struct hl7_charset *charset_jis_x_0202(void);
/* The bit of a row in hl7_charset.declared. */
uint32_t charset_bit(const struct hl7_charset *row);
/* The same set; a message's copy is not the row itself. */
static inline bool charset_is(const struct hl7_charset *c, const struct hl7_charset *row)
{
    return c->name == row->name;
}

#endif
