/* A message to be sent by `send` or `demo`: a file made ready for the wire. */
#ifndef CLI_SAMPLE_H
#define CLI_SAMPLE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct sample {
    const char *file;
    bool fhir;       /* else HL7 v2 */
    struct str body; /* HL7: segments end in CR */
    char type[32];   /* "SIU^S12", "Appointment"; "?" when it cannot be told */
    char id[64];     /* MSH-10 or Bundle/resource id, cut; "-" when there is none */
};

enum { SAMPLE_MOST = 16 << 20 };

/* Reads a file ("-": standard input). A file whose first character is `{` is FHIR; in HL7, LF and
 * CR LF become CR. ERR_CONFIG: cannot be read, empty, too large. */
bool sample_read(const char *file, struct arena *a, struct sample *out, struct err *e) MUST_USE;
/* Moves its times (cli/shift.h). */
void sample_shift(struct sample *s, int64_t now_ms, struct arena *a);
/* Gives an HL7 sample the control id "<id>-<n>". */
bool sample_number(struct sample *s, long n, struct arena *a, struct err *e) MUST_USE;

#endif
