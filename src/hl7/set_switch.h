/* \Cxxyy\ and \Mxxyyzz\ in a value: other character sets for what follows, up to the next one or the end
 * of the value (HL7 v2.9.1 2.7.2). The digits are an ISO 2022 escape sequence without its ESC:
 *
 *   \M2442\;3ED\C2842\    ESC $ B  ; 3 E D  ESC ( B    two kanji of JIS X 0208
 *   \C2D41\               ESC - A                      bytes from A0 on are ISO 8859-1
 *
 * The codes are those the message brought, so characters of its own set become bytes again first. */
#ifndef HL7_SET_SWITCH_H
#define HL7_SET_SWITCH_H

#include "base/arena.h"
#include "decoder.h"
#include "hl7/charset.h"

enum { SET_SWITCHES = 17 };

struct set_switch {
    const struct hl7_charset *charset; /* of the message; NULL: UTF-8 */
    int low, high; /* rows of the table for bytes below and from 0x80; < 0: the message's own */
    struct decoder decoders[SET_SWITCHES]; /* opened when first used */
    struct decoder back;                   /* the message's set, for bytes that no switch is for */
    iconv_t to_bytes;
    bool can_bytes;
    char *bytes; /* what was added, `n` of them */
    char *run;   /* one run of them with its lead */
    char *text;  /* the last flush */
    size_t n;
};

/* For one value of up to `n` bytes; memory is the arena's. */
void set_switch_open(struct set_switch *s, const struct hl7_charset *charset, size_t n,
                     struct arena *a);
void set_switch_close(struct set_switch *s);

enum set_switch_found {
    SET_SWITCH_NONE,       /* these are no digits of a switch */
    SET_SWITCH_UNKNOWN,    /* a switch to a set we do not have */
    SET_SWITCH_UNDECLARED, /* MSH-18 does not list that set */
    SET_SWITCH_TO          /* *row is it */
};
/* body: between the escape characters, "M2442". */
enum set_switch_found set_switch_find(struct str body, const struct hl7_charset *charset, int *row);
/* From now on; what was added before must have been flushed. */
void set_switch_to(struct set_switch *s, int row);
/* Some set other than the message's own is in force. */
static inline bool set_switch_on(const struct set_switch *s)
{
    return s->low >= 0 || s->high >= 0;
}

/* Adds codes of \X..\. */
void set_switch_add_bytes(struct set_switch *s, struct str bytes);
/* Adds text of the message; returns how many of its bytes were taken: it stops at a character that is no
 * single byte in the message's set. */
size_t set_switch_add(struct set_switch *s, struct str text);
/* What was added, as UTF-8; good until the next call. *replaced: some of it is U+FFFD. */
struct str set_switch_flush(struct set_switch *s, bool *replaced);

#endif
