/* Samples without their people: the same messages with invented names, numbers, dates and words.
 *
 * Kept are separators, escapes, empty fields, "" and lengths in characters, the character set, all that is
 * public to logistics (feed/dictionary.h), and codes of tables (samples/place.h). Times move by the same
 * number of whole weeks everywhere. In FHIR the layout, the order of members and all codes stay, too.
 * docs/decisions/045. */
#ifndef SAMPLES_SCRUB_H
#define SAMPLES_SCRUB_H

#include "base/err.h"
#include "samples/fake.h"
#include "samples/source.h"

/* One message, its bytes in the character set of the input. *out lives in `a`. ERR_INPUT: it cannot be read,
 * with the offset in it; nothing of it may then be given out. */
bool scrub_hl7(const struct fake *f, struct str body, struct arena *a, struct str *out,
               struct err *e) MUST_USE;
bool scrub_fhir(const struct fake *f, struct str body, struct arena *a, struct str *out,
                struct err *e) MUST_USE;

/* A piece that is left out, and where it was. */
struct scrub_fault {
    size_t at; /* byte offset in the file */
    struct err why;
};

struct scrubbed {
    struct str bytes;
    size_t n_messages;
    struct scrub_fault *faults;
    size_t n_faults; /* the first SCRUB_FAULTS are listed */
    bool over;       /* there were more */
};
enum { SCRUB_FAULTS = 100 };

/* A whole file: every piece but those that cannot be read. ERR_INPUT: source_split()'s. */
bool scrub_file(const struct fake *f, struct str bytes, struct arena *a, struct scrubbed *out,
                struct err *e) MUST_USE;

#endif
