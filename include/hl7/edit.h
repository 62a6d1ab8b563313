/* Changes to the text of a message: `change:` of feed tests, and the samples of `send` and `demo`.
 * Works on text whose delimiters are ASCII bytes of their own: UTF-8, or what hl7_decode() gave. */
#ifndef HL7_EDIT_H
#define HL7_EDIT_H

#include "base/arena.h"
#include "base/err.h"
#include "hl7/path.h"

/* The message with the raw text `raw` at path p in the first such segment; the rest byte for byte.
 *
 *   SEG-n        the whole field          SEG-n(r)    repetition r
 *   SEG-n.c[.s]  in the first repetition  SEG-n(t=v)  the first repetition that passes the tests
 *
 * Missing fields, repetitions and components are made. ERR_INPUT: text is no message; no such
 * segment; no repetition passes; MSH-1 or MSH-2; raw holds a CR or LF. */
bool hl7_edit_set(struct str text, const struct hl7_path *p, struct str raw, struct arena *a,
                  struct str *out, struct err *e) MUST_USE;

/* The message with one more segment at its end (raw text, without line end), in the message's own
 * line ending. ERR_INPUT when `segment` holds CR or LF or does not start with a segment name. */
bool hl7_edit_append(struct str text, struct str segment, struct arena *a, struct str *out,
                     struct err *e) MUST_USE;

#endif
