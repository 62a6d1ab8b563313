/* Messages sent in parts (HL7 v2.9.1 2.10.2; hl7v2.md 7). All of it works on bodies as they were
 * received, whatever their character set: CR and LF are never half of a character.
 *
 *   MSH|...|id1|...||| CR              MSH-14 empty: the first part
 *   OBX|1|FT|||The first half CR
 *   ADD CR                             no separator: the segment goes on in the next part
 *   DSC|p1|F CR                        the next part has p1 in MSH-14
 *
 *   MSH|...|id2|...|p1| CR
 *   ADD| and the second|||F CR         joined: OBX|1|FT|||The first half and the second|||F */
#ifndef HL7_CONTINUATION_H
#define HL7_CONTINUATION_H

#include "base/arena.h"
#include "hl7/header.h"

struct hl7_part {
    struct str from; /* MSH-14, blanks around it off: what it continues; n 0: nothing */
    struct str to;   /* DSC-1 likewise: what the next part continues; n 0: it is the last */
};

/* What one body is a part of. DSC counts as the last segment only; DSC-2 "I" asks for more of a query's
 * answer and makes no part. h: the body's header, from hl7_header_scan(). */
struct hl7_part hl7_part_read(struct str body, const struct hl7_header *h);

/* The whole message: the first part without its DSC, then each next one without its MSH and DSC; a bare
 * ADD is left out, ADD| stays for hl7_message_index() to join. The header is that of the first part.
 *
 * n      1 or more, in order
 * out    raw bytes in `a`, every segment with the first part's line end; blank ones are left out
 * e      ERR_INPUT: a part has no usable header, other separators or another MSH-18 than the first; its
 *        MSH-14 is not the DSC-1 before it; an ADD promises more and nothing continues it. The part is
 *        named by its number, from 1. */
bool hl7_join_parts(const struct str *parts, size_t n, struct arena *a, struct str *out,
                    struct err *e) MUST_USE;

#endif
