/* From the bytes of MSH-18's character set to UTF-8. The whole message is decoded BEFORE it is
 * split: second bytes of Big5, GBK and Shift_JIS equal delimiters (U+8A31 is B3 5C in Big5).
 * hl7v2.md 5. */
#ifndef HL7_CHARSET_H
#define HL7_CHARSET_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "hl7/code.h"

/* How to tell where a character ends without decoding it. */
enum hl7_width {
    HL7_BYTES,   /* every byte below 0x80 stands for itself */
    HL7_PAIRS,   /* 0x81-0xFE leads a pair: Big5, GB 18030 */
    HL7_SJIS,    /* 0x81-0x9F and 0xE0-0xFC lead a pair */
    HL7_SHIFTED, /* ISO 2022: ESC $ B ... ESC ( B */
};

struct hl7_charset {
    const char *name;  /* as table 0211 writes it */
    const char *iconv; /* NULL: cannot be framed (UTF-16, UTF-32) */
    enum hl7_width width;
    uint32_t
        declared; /* of the message's own copy: what MSH-18 lists, for \C..\ and \M..\; else 0 */
};

/* The set of one MSH-18 value (blanks around it do not count); NULL: unknown. *alias says whether
 * the name is not the standard's own. */
const struct hl7_charset *hl7_charset_find(struct str name, bool *alias);

struct hl7_charset_settings {
    const struct hl7_charset *force; /* per sender: whatever MSH-18 says; NULL: none */
    const struct hl7_charset
        *fallback; /* undeclared bytes that are not UTF-8; NULL: windows-1252 */
    bool strict;   /* undecodable bytes are an error, not U+FFFD */
};

/* The settings, not strict, with the sets of these names; absent: none. False: there is no such set. */
bool hl7_charset_settings_named(struct str force, struct str fallback,
                                struct hl7_charset_settings *out) MUST_USE;

struct hl7_decoded {
    struct str text;                   /* UTF-8; the body itself if it is that already */
    const struct hl7_charset *charset; /* what was used; may live in the arena */
};

/* body      one message, its MSH first
 * declared  MSH-18, raw, with all its repetitions: the first is the set of the message (empty: ASCII),
 *           the others are those that escapes may switch to (hl7/escape.h). Raw ISO 2022 shifts are
 *           read where MSH-18 lists a Japanese set (MSH-20 ISO 2022-1994), or by themselves
 * notes     HL7_CHARSET_ALIAS, _UNKNOWN, _MISMATCH (with what was found: _IS_UTF8, _IS_BIG5), _REPLACED
 * e         ERR_INPUT: UTF-16 or UTF-32 declared; strict and undecodable, with the byte offset
 *
 * Bytes that the declared set has no room for (ASCII, none or unknown declared) are read as what they
 * are: ISO 2022-JP by its shifts, else UTF-8, else another set of MSH-18, else `fallback`, else Big5 if
 * they can hardly be anything else, else windows-1252. */
bool hl7_decode(struct str body, struct str declared, const struct hl7_charset_settings *set,
                struct arena *a, struct hl7_notes *notes, struct hl7_decoded *out,
                struct err *e) MUST_USE;

#endif
