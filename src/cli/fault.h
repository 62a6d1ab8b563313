/* What a sender can do wrong on purpose, one row a deviation: `send --fault CODE`, `send --chaos LIST`.
 * hl7v2.md 2.1, 2.4, 3.2, 4, 5 say what a receiver has to do with each. */
#ifndef CLI_FAULT_H
#define CLI_FAULT_H

#include "outbound/client.h"
#include "sample.h"

/* What the receiver is expected to do. */
enum expectation {
    EXPECT_ACCEPTED, /* AA or CA */
    EXPECT_REFUSED,  /* AE or CE */
    EXPECT_CLOSED,   /* no answer; it closes */
    EXPECT_NO_TAKING /* refused or closed: what comes first */
};
const char *expectation_text(enum expectation x);

struct fault;

/* By its code ("MLLP_LF_AFTER_FS") or its word of --chaos ("junk"). NULL with the nearest in *near, or
 * NULL there, too. */
const struct fault *fault_find(struct str name, bool chaos, const char **near);
const char *fault_name(const struct fault *f); /* the code; else the word */
enum expectation fault_expects(const struct fault *f);
/* The message comes with a second one, in the same write: two answers are expected. */
bool fault_is_pair(const struct fault *f);
/* The receiver ends it by its own time limit: wait longer than that. */
bool fault_is_slow(const struct fault *f);

/* The bytes that go out for one message; `second` for a pair, else NULL. The body of the sample may be
 * changed for it (its charset, its MSH-15). ERR_CONFIG: the sample does not have what is to be changed. */
bool fault_write(const struct fault *f, struct sample *one, struct sample *second, struct arena *a,
                 struct client_script *out, struct err *e) MUST_USE;

#endif
