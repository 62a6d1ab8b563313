/* An acknowledgement in HL7 v2.xml, for senders who speak it.
 *
 *   MSH|^~\&|TIDINGS|...|ACK^S12^ACK|7GQ2|P|2.5.1      <ACK xmlns="urn:hl7-org:v2xml">
 *   MSA|AA|A0001                                   ->    <MSH><MSH.1>|</MSH.1> ... </MSH>
 *                                                        <MSA><MSA.1>AA</MSA.1> ... </MSA></ACK>
 *
 * Elements within a field are named by its data type in the version that MSH-12 names (HL7 v2.xml,
 * release 2, 3.3). */
#ifndef HL7_XML_ACK_H
#define HL7_XML_ACK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { HL7_XML_ACK_MOST = 128 * 1024 };

/* content  an acknowledgement as hl7_ack_content() makes it, in UTF-8; *out gets the document,
 *          without framing
 * e        ERR_INPUT and nothing appended: no sound acknowledgement, bytes that XML cannot hold, or no
 *          room in *out */
bool hl7_xml_ack(struct str content, struct buf *out, struct err *e) MUST_USE;

#endif
