#include "character.h"

static bool is_lead(unsigned char c, enum hl7_width width)
{
    if (width == HL7_PAIRS)
        return c >= 0x81 && c <= 0xFE;
    return width == HL7_SJIS && ((c >= 0x81 && c <= 0x9F) || (c >= 0xE0 && c <= 0xFC));
}

/* GB 18030 has digits there; the others begin at 0x40. */
static bool is_trail(unsigned char c, enum hl7_width width)
{
    return c >= (width == HL7_PAIRS ? 0x30 : 0x40) && c != 0x7F;
}

/* ESC $ B, ESC $ @, ESC $ ( D begin pairs; ESC ( B, ESC ( J end them. */
static size_t shift(struct str s, bool *shifted)
{
    size_t n = 1, most = s.n > 3 && s.p[1] == '$' && s.p[2] == '(' ? 4 : 3;

    while (n < s.n && n < most && s.p[n] != '\r' && s.p[n] != '\n')
        n++;
    if (n == most)
        *shifted = s.p[1] == '$';
    return n;
}

size_t hl7_character(struct str s, enum hl7_width width, bool *shifted)
{
    unsigned char c = (unsigned char)s.p[0], next = s.n > 1 ? (unsigned char)s.p[1] : 0;

    if (width == HL7_SHIFTED && c == 0x1B)
        return shift(s, shifted);
    if (width == HL7_SHIFTED)
        return *shifted && c > ' ' && next > ' ' ? 2 : 1;
    return is_lead(c, width) && is_trail(next, width) ? 2 : 1;
}

bool hl7_character_is_broken(struct str s, enum hl7_width width, bool shifted)
{
    bool after = shifted;

    return is_lead((unsigned char)s.p[0], width) && hl7_character(s, width, &after) == 1;
}

size_t hl7_field_end(struct str s, char separator, enum hl7_width width)
{
    bool shifted = false;
    size_t i = 0;

    if (width == HL7_BYTES) {
        while (i < s.n && s.p[i] != separator && s.p[i] != '\r' && s.p[i] != '\n')
            i++;
        return i;
    }
    while (i < s.n && s.p[i] != '\r' && s.p[i] != '\n' && (s.p[i] != separator || shifted))
        i += hl7_character((struct str){s.p + i, s.n - i}, width, &shifted);
    return i;
}
