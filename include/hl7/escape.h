/* Escapes in a leaf of a message: \F\ \S\ \T\ \R\ \E\ \P\ \Xhh..\ \.br\ \H\ \N\ \Chhhh\ \Mhhhh\.
 * Decoded exactly once, after splitting; they do not nest. hl7v2.md 6. */
#ifndef HL7_ESCAPE_H
#define HL7_ESCAPE_H

#include "base/arena.h"
#include "base/buf.h"
#include "hl7/charset.h"
#include "hl7/code.h"
#include "hl7/separators.h"

/* The text of a leaf; `leaf` itself when there is nothing to decode, absent when it is absent.
 * Formatting commands (\.br\, \.sp 2\ ...) become one space; \X..\ that makes a control character
 * is dropped, so no escape can make a line or a segment; \Z..\, unknown and unterminated ones stay.
 * \C..\ and \M..\ switch to a set that MSH-18 lists (charset->declared), up to the next switch or the end
 * of the leaf; to another set they stay (HL7_BAD_ESCAPE), and so does what follows. Delimiters are
 * delimiters in a switched set too: senders write those codes as \S\ and the like, or \X..\. */
struct str hl7_unescape(struct str leaf, const struct hl7_separators *sep,
                        const struct hl7_charset *charset, struct arena *a,
                        struct hl7_notes *notes);

/* Appends our own ASCII text so that a reader with these separators gets it back. Control
 * characters are left out. */
bool hl7_escape(struct buf *b, struct str text, const struct hl7_separators *sep);

#endif
