/* HL7 v2 in XML (HL7 "v2.xml", release 2) into the bars and hats that all else reads.
 *
 *   <SIU_S12 xmlns="urn:hl7-org:v2xml">          MSH|^~\\&|SCHED|...|SIU^S12^SIU_S12|A1|P|2.5.1
 *     <MSH><MSH.1>|</MSH.1> ... </MSH>           PID|1||77^^^HOSP||Chan^Tai Man
 *     <SIU_S12.PATIENT><PID>                ->
 *       <PID.5><XPN.1><FN.1>Chan</FN.1></XPN.1>...
 *
 * A document type declaration is refused before anything of it is used: no entity is ever expanded, and
 * nothing is ever fetched. */
#ifndef HL7_XML_H
#define HL7_XML_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* What a document may be; past it the document is refused, never cut. */
struct hl7_xml_limits {
    size_t depth; /* elements within each other */
    size_t text;  /* bytes of the message that is made */
};
struct hl7_xml_limits hl7_xml_limits_default(void); /* 32, 16 MiB */

/* True when the content of a frame is meant as XML: its first character, after a byte order mark and
 * white space, is "<". */
bool hl7_xml_is(struct str body);

/* body  one document, in UTF-8 or another set of hl7/charset.h that it declares, its root the message structure (SIU_S12); groups are flattened in order
 * out   the message as UTF-8 text, in the arena; separators MSH.1 and MSH.2, else the standard's; MSH-18
 *       is set to UNICODE UTF-8, whatever MSH.18 held, because that is what the text now is
 * e     ERR_INPUT with line and column, never content: not well-formed, a document type, another
 *       encoding, no message, names that are no segments or fields, or (e->code HL7_LIMIT) too deep or
 *       too large */
bool hl7_xml_read(struct str body, const struct hl7_xml_limits *limits, struct arena *a,
                  struct str *out, struct err *e) MUST_USE;

#endif
