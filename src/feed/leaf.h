/* The leaves of a message, one by one, each with the class of its own place: for leak.c, which must not
 * trust what paths, expressions and slots say. Knows the message as cut and the dictionary, nothing else. */
#ifndef FEED_LEAF_H
#define FEED_LEAF_H

#include "instance.h"

struct leaf {
    const struct reading *m;
    struct str raw;  /* decoded */
    struct str text; /* raw in form KC, without Unicode white space around it; may be empty */
    /* HL7: */
    const struct hl7_segment *segment;
    unsigned field, component, subcomponent;
    const struct json_node *node; /* FHIR */
    size_t place;                 /* HL7: number of the segment; FHIR: byte offset of the value */
};

/* Every leaf with a text, in order; stops when `seen` answers false. MSH-1 and MSH-2 are no leaves. */
void leaves_each(const struct reading *m, bool (*seen)(void *ctx, const struct leaf *l), void *ctx);
/* The dictionary's entry for the place and the policy's word for it. */
enum sensitivity leaf_class(const struct leaf *l);

#endif
