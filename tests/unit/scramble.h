/* Writes a message again with everything above a class replaced: an independent walker over HL7 and FHIR that
 * knows the dictionary and nothing of paths, rules or feeds. What it changes, a feed must not let show. */
#ifndef SCRAMBLE_H
#define SCRAMBLE_H

#include <stdint.h>

#include "base/arena.h"
#include "model/class.h"

struct scramble {
    uint64_t state;        /* of the random numbers; not 0 */
    enum sensitivity keep; /* fields up to this class stay as they are */
    /* What the tenant declares of its own fields: "ZPI-4", "Patient.extension": its class. */
    const struct scramble_word {
        const char *place;
        enum sensitivity class;
    } * words;
    size_t n_words;
};

/* Bars and hats with the usual separators; segments end in CR or LF. Values, repetitions and components
 * change, repetitions and unlisted segments come and go. */
struct str scramble_hl7(struct scramble *s, struct str body, struct arena *a);
/* JSON. Strings and numbers change, extensions and unknown members come. */
struct str scramble_fhir(struct scramble *s, struct str body, struct arena *a);

unsigned scramble_random(struct scramble *s, unsigned below);

#endif
