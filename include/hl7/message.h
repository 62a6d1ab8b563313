/* An HL7 v2 message as an index over its decoded text: segments and fields are cut once,
 * repetitions, components and subcomponents on the way down; nothing is copied.
 *
 *   message    segment CR segment CR ...          separators: MSH-1 and MSH-2 of this message
 *   segment    PID | field | field ...            MSH-1 is the separator itself
 *   field      repetition ~ repetition ...
 *   repetition component ^ component ...
 *   component  subcomponent & subcomponent ...    escapes: hl7/escape.h, after the last cut
 *
 * Every slice points into the text given; an offset is slice.p - message.text.p. */
#ifndef HL7_MESSAGE_H
#define HL7_MESSAGE_H

#include "base/arena.h"
#include "base/err.h"
#include "hl7/charset.h"
#include "hl7/code.h"
#include "hl7/separators.h"

struct hl7_segment {
    char name[4];             /* upper case, "PID"; "" when it is no segment name */
    struct str text;          /* all of it, without its end */
    const struct str *fields; /* fields[n - 1] is field n, for MSH too; never absent */
    size_t n_fields;
};

struct hl7_message {
    struct hl7_separators sep;
    const struct hl7_charset *charset; /* for \X..\ */
    struct str text;
    struct hl7_segment *segments; /* the first is MSH; blank ones are left out */
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

/* text     UTF-8, from hl7_decode(); must start "MSH"; lives as long as the message
 * charset  what hl7_decode() used; NULL: UTF-8
 * notes    gets the line endings and blank lines found; NULL is fine
 * e        ERR_INPUT: no MSH, unusable separators, or a limit, with the byte offset; e->code is
 *          HL7_LIMIT for a limit, else 0
 * The end of the MSH segment (CR, LF or CR LF) is that of all segments. */
bool hl7_message_index(struct str text, const struct hl7_charset *charset,
                       const struct hl7_limits *limits, struct arena *a, struct hl7_notes *notes,
                       struct hl7_message *out, struct err *e) MUST_USE;
enum { HL7_LIMIT = 1 };

/* Charset, decoding and index in one call, for a body as it was stored. Also finds MSH-18 by
 * itself. */
bool hl7_message_read(struct str body, const struct hl7_charset_settings *set,
                      const struct hl7_limits *limits, struct arena *a, struct hl7_notes *notes,
                      struct hl7_message *out, struct err *e) MUST_USE;

/* True when the segment has that name (three characters, upper case). */
bool hl7_segment_is(const struct hl7_segment *s, const char *name);
/* The first segment of that name, or NULL. */
const struct hl7_segment *hl7_segment_find(const struct hl7_message *m, const char *name);

/* All numbers count from 1. An absent slice means: past the last separator. */
struct str hl7_field(const struct hl7_segment *s, size_t n);
struct str hl7_repetition(const struct hl7_separators *sep, struct str field, size_t n);
struct str hl7_component(const struct hl7_separators *sep, struct str repetition, size_t n);
struct str hl7_subcomponent(const struct hl7_separators *sep, struct str component, size_t n);

/* The decoded text of component n (its first subcomponent when sub is 0) of a repetition; absent
 * when there is none. For whole repetitions such as XTN (phone). */
struct str hl7_component_text(const struct hl7_message *m, struct str repetition, size_t n,
                              size_t sub, struct arena *a);
/* "SIU^S12" from MSH-9.1 and MSH-9.2, or EVN-1 when MSH-9.2 is empty; [A-Z0-9_] and one ^ only. */
struct str hl7_message_type(const struct hl7_message *m, struct arena *a);

#endif
