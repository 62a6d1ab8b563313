/* Shows what was received without showing a value: structure, lengths, offsets.
 *
 *         0  <SB>
 *         1  MSH|^~\&|AAAAA|AAAA|AAAAAAA|AAAAAA|9(14)||SIU^S12|A9999|A|2.5.1<CR>
 *        73  PID|||9999999^^^AAA||A(37)^AAAA<CR>
 *       121  <FS><CR>
 *
 * Kept: framing bytes and a byte order mark, by name; separators; names of segments that HL7 defines, and
 * Z ones; MSH-2, and MSH-9, 12, 15, 16, 18 where they hold words of HL7's own tables. Of all else only
 * the shape: 9 for a digit, A for a letter, x for any other byte; runs longer than 12 as shape and length,
 * A(37), 9(14), or x(20) when it is mixed. */
#ifndef HL7_MASKED_H
#define HL7_MASKED_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Appends the lines. bytes: any part of a stream; offset: of its first byte. start, end: the framing
 * bytes of that stream. */
void hl7_masked_write(struct str bytes, uint64_t offset, char start, char end, struct buf *out);

#endif
