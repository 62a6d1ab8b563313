/* What `tidings send` sends: its files, as often and as wrongly as its options say. */
#ifndef CLI_SEND_PLAN_H
#define CLI_SEND_PLAN_H

#include "cli/args.h"
#include "fault.h"
#include "sample.h"

struct shot {
    struct sample sample;
    const struct fault *fault;   /* NULL: well framed */
    struct client_script script; /* with a fault */
    bool joined;                 /* its bytes go out with those of the shot before */
};

struct send_plan {
    struct shot *shots; /* in the arena, like all they hold */
    size_t n;
    bool mllp, fhir; /* what there is among them */
    bool faults;
    bool slow; /* one of them waits for the receiver's own time limit */
};

/* ERR_CONFIG: a file that cannot be read, an option that does not fit, with a hint. */
bool send_plan_make(const struct cli_args *args, int64_t now_ms, struct arena *a,
                    struct send_plan *out, struct err *e) MUST_USE;

#endif
