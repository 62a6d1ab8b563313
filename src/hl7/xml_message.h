/* A message in bars and hats, made from the elements of a v2.xml document as they come.
 *
 *   root > group* > segment > field > component > subcomponent */
#ifndef HL7_XML_MESSAGE_H
#define HL7_XML_MESSAGE_H

#include "base/buf.h"
#include "hl7/separators.h"
#include "hl7/xml.h"

enum { XML_DEPTH_MOST = 64 };

enum xml_level {
    XML_OUTSIDE,
    XML_GROUP, /* the root, and groups */
    XML_SEGMENT,
    XML_FIELD,
    XML_COMPONENT,
    XML_SUBCOMPONENT,
    XML_BELOW, /* bars and hats have no level for it: its first part counts */
    XML_ESCAPE /* <escape V=".br"/> */
};

struct xml_message {
    struct hl7_xml_limits limits;
    struct buf out, value; /* the message; the text of the element that is open, raw */
    struct hl7_separators sep;
    enum xml_level levels[XML_DEPTH_MOST + 1];
    bool has_child[XML_DEPTH_MOST + 1];
    size_t depth;
    size_t muted; /* the depth of an element that is left out with all in it; 0: none */
    char segment[4];
    size_t n_segments;
    size_t field, component, subcomponent; /* the last one begun; 0: none yet */
    bool head;                             /* MSH-1 and MSH-2 are written */
    bool charset;                          /* and MSH-18 */
};

void xml_message_init(struct xml_message *m, const struct hl7_xml_limits *limits);
void xml_message_end(struct xml_message *m); /* gives the memory back */

/* NULL: taken. Else what is wrong, for people, without content. `escape`: V of <escape>; else absent. */
const char *xml_message_open(struct xml_message *m, struct str name, struct str escape);
const char *xml_message_text(struct xml_message *m, struct str text);
const char *xml_message_close(struct xml_message *m);
/* Something did not fit the limits: what was said to be wrong is that. */
bool xml_message_over(const struct xml_message *m);

#endif
