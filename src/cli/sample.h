/* A message to be sent by `send` or `demo`: a file made ready for the wire. */
#ifndef CLI_SAMPLE_H
#define CLI_SAMPLE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct sample {
    const char *file;
    bool fhir;             /* else HL7 v2 */
    struct str body;       /* HL7: segments end in CR */
    struct str control_id; /* HL7: MSH-10 in the body, raw; empty when the header cannot be read */
    bool more;             /* HL7: MSH-16 asks for an application acknowledgement, too */
    bool more_always;      /* whatever becomes of the message */
    bool silent;           /* HL7: MSH-15 or MSH-16 may ask for no answer at once */
    char type[32];         /* "SIU^S12", "Appointment"; "?" when it cannot be told */
    char id[64];           /* MSH-10 or Bundle/resource id, cut; "-" when there is none */
};

enum { SAMPLE_MOST = 16 << 20 };

/* Reads a file ("-": standard input; "demo:NAME": a sample that ships inside). A file whose first
 * character is `{` is FHIR; in HL7, LF and CR LF become CR. ERR_CONFIG: cannot be read, empty, too
 * large, holds MLLP's framing bytes. */
bool sample_read(const char *file, struct arena *a, struct sample *out, struct err *e) MUST_USE;
/* Moves its times (cli/shift.h). */
void sample_shift(struct sample *s, int64_t now_ms, struct arena *a);
/* Gives an HL7 sample the control id "<id>-<n>". */
bool sample_number(struct sample *s, long n, struct arena *a, struct err *e) MUST_USE;
/* Writes raw text at an HL7 path. ERR_CONFIG names the path: it is none, there is no such segment, the
 * value holds a line end, the sample is FHIR. */
bool sample_set(struct sample *s, struct str path, struct str value, struct arena *a,
                struct err *e) MUST_USE;
/* Reads type and ids anew, after a change of the body. */
void sample_name(struct sample *s, struct arena *a);

#endif
