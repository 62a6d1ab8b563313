/* Whose segment is it. A message is split into message level, patient blocks and, on request, the groups
 * that one segment leads (docs/feed-language.md, section 4.4; hl7v2.md 10).
 *
 *   MSH SCH NTE | PID PV1 | PID PV1 | RGS AIS NTE AIL AIS AIL      SIU, led by AIS
 *   message       block 0   block 1   RGS: message; groups 0 and 1
 *
 *   MSH | PID PV1 | ORC OBR OBX | ORC OBR OBX                      ORU, led by OBR
 *   message  block 0   group 0       group 1
 *
 *   lead                 starts at                    ends before
 *   OBR RXE RXD          it, or the ORC before it     the next group, PID, end
 *   RGS                  it                           the next RGS, end
 *   AIS AIG AIL AIP      it                           the next of the same, RGS, end
 *   any other            it                           the next of the same, PID, end */
#ifndef HL7_GROUP_H
#define HL7_GROUP_H

#include "base/arena.h"
#include "hl7/message.h"

enum { HL7_NOWHERE = -1 };

struct hl7_place { /* of one segment */
    int block;     /* patient block, from 0; HL7_NOWHERE: message level */
    int group;     /* from 0; HL7_NOWHERE: in none */
    bool
        aside; /* a note (NTE) under AIS, AIG, AIL or AIP, or a Z-segment of it, and that does not lead the
                      group: it is about that resource, and must never be read as a note on the appointment */
};

struct hl7_groups {
    const struct hl7_place *places; /* one a segment of the message */
    int n_blocks, n_groups;
};

/* lead: three characters, or "" for no groups. Lives in `a`. */
void hl7_groups_cut(const struct hl7_message *m, const char *lead, struct arena *a,
                    struct hl7_groups *out);

#endif
