/* What an acknowledgement and a batch of them have in common: what is copied of the sender. */
#ifndef HL7_REPLY_H
#define HL7_REPLY_H

#include <stdint.h>

#include "base/buf.h"
#include "hl7/header.h"

/* A field of the sender without what could make a segment elsewhere, or swallow the separator behind it
 * (half of a pair of h's set); nothing of one that is too long, or that shifts character sets other than h's own set does, and back again at its end. */
void reply_echo(struct buf *b, const struct hl7_header *h, struct str s);
/* got is what reply_echo() makes of s. */
bool reply_is_echo(const struct hl7_header *h, struct str s, struct str got);
/* `otherwise` when that is nothing. */
void reply_echo_or(struct buf *b, const struct hl7_header *h, struct str s, const char *otherwise);
/* "MSH|^~\&|", then applications and facilities turned round: fields 1 to 6. */
void reply_head(struct buf *b, const char *name, const struct hl7_header *h,
                const struct hl7_separators *sep);
/* 20261121093000.412+0800 */
void reply_time(struct buf *b, int64_t now_ms, int zone_min);
/* Ends the frame whose start byte stands at b->p[from]; false when a framing byte stands inside, or
 * there was no room. */
bool reply_close(struct buf *b, size_t from, char start, char end);

#endif
