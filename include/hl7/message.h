/* An HL7 v2 message as an index over its decoded text: one pass finds where the segments and fields
 * start, all else is cut when it is asked for; nothing is copied.
 *
 *   message    segment CR segment CR ...          separators: MSH-1 and MSH-2 of this message
 *   segment    PID | field | field ...            MSH-1 is the separator itself
 *   field      repetition ~ repetition ...
 *   repetition component ^ component ...
 *   component  subcomponent & subcomponent ...    escapes: hl7/escape.h, after the last cut
 *
 * Every slice points into message.text: an offset is slice.p - message.text.p. That is the text given,
 * but for ADD segments (v2.4): ADD|more appends its characters to the segment before it, so a message
 * that holds one is indexed in a joined copy. An ADD right behind MSH continues a segment of an earlier
 * message (hl7/continuation.h) and stays a segment, as one behind a line without a segment name does. */
#ifndef HL7_MESSAGE_H
#define HL7_MESSAGE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "hl7/charset.h"
#include "hl7/code.h"
#include "hl7/separators.h"

struct hl7_segment {
    char name[4];          /* upper case, "PID"; "" when it is no segment name */
    uint32_t n_fields;     /* for MSH too with MSH-1 and MSH-2; hl7_field() reads them */
    struct str text;       /* all of it, without its end */
    const char *base;      /* message.text.p */
    const uint32_t *marks; /* offsets from base of its separators, then of its end */
};

struct hl7_message {
    struct hl7_separators sep;
    const struct hl7_charset *charset; /* for \X..\ */
    struct str text;                   /* what was indexed */
    struct hl7_segment *segments;      /* the first is MSH; blank ones are left out */
    size_t n_segments;
};

/* reliability.md 5.8. Past one of them the message is refused, never cut. */
struct hl7_limits {
    size_t segments;      /* in the message; blank ones count */
    size_t fields;        /* in a segment */
    size_t repetitions;   /* in a field */
    size_t components;    /* in a repetition */
    size_t subcomponents; /* in a component */
    size_t nodes;         /* of all these together */
};
struct hl7_limits hl7_limits_default(void); /* 5000, 200, 1000, 100, 100, 200000 */

/* text     UTF-8, from hl7_decode(); must start "MSH"; under 2 GiB; lives as long as the message
 * charset  what hl7_decode() used; NULL: UTF-8
 * notes    gets the line endings and blank lines found; NULL is fine
 * e        ERR_INPUT: no MSH, unusable separators, or a limit, with the byte offset; e->code is
 *          HL7_LIMIT for a limit, else 0
 * The end of the MSH segment (CR, LF or CR LF) is that of all segments. */
bool hl7_message_index(struct str text, const struct hl7_charset *charset,
                       const struct hl7_limits *limits, struct arena *a, struct hl7_notes *notes,
                       struct hl7_message *out, struct err *e) MUST_USE;
enum { HL7_LIMIT = 1 };

/* Charset, decoding and index in one call, for a body as it was stored, in bars and hats or v2.xml. Also
 * finds MSH-18 by itself. */
bool hl7_message_read(struct str body, const struct hl7_charset_settings *set,
                      const struct hl7_limits *limits, struct arena *a, struct hl7_notes *notes,
                      struct hl7_message *out, struct err *e) MUST_USE;

/* True when the segment has that name (three characters, upper case). */
static inline bool hl7_segment_is(const struct hl7_segment *s, const char *name)
{
    size_t i = 0;

    while (s->name[i] == name[i] && name[i] != '\0')
        i++;
    return s->name[i] == name[i];
}
/* The first segment of that name, or NULL. */
const struct hl7_segment *hl7_segment_find(const struct hl7_message *m, const char *name);

/* All numbers count from 1. An absent slice means: past the last separator. */
struct str hl7_field(const struct hl7_segment *s, size_t n);
struct str hl7_repetition(const struct hl7_separators *sep, struct str field, size_t n);
struct str hl7_component(const struct hl7_separators *sep, struct str repetition, size_t n);
struct str hl7_subcomponent(const struct hl7_separators *sep, struct str component, size_t n);

/* True when a part of the message, as it was cut, ends in the truncation character: the sender had more
 * to say. Such a text is for no match and no template (hl7v2.md 6). */
bool hl7_is_truncated(const struct hl7_message *m, struct str raw);

/* The decoded text of component n (its first subcomponent when sub is 0) of a repetition; absent
 * when there is none. For whole repetitions such as XTN (phone). */
struct str hl7_component_text(const struct hl7_message *m, struct str repetition, size_t n,
                              size_t sub, struct arena *a);
/* "SIU^S12" from MSH-9.1 and MSH-9.2, or EVN-1 when MSH-9.2 is empty; [A-Z0-9_] and one ^ only. */
struct str hl7_message_type(const struct hl7_message *m, struct arena *a);

#endif
