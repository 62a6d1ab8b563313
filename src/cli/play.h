/* The list of samples that `tidings demo` plays, and what each is expected to become.
 *
 *   # comment
 *   samples/01-siu-s12-booked.hl7 | notified                | a new booking
 *   samples/05-oru-r01-hiv.hl7    | held needs clinician release | a sensitive result waits
 *
 * The second column is a standing (pending, held, rejected, notified, recorded, dropped) or
 * "duplicate", and the reason where the standing has one. */
#ifndef CLI_PLAY_H
#define CLI_PLAY_H

#include "base/arena.h"
#include "base/err.h"

struct play_line {
    const char *file;
    struct str outcome; /* "notified", "held" … */
    struct str reason;  /* absent when none is given */
    struct str words;
};

struct play {
    struct play_line *lines;
    size_t n;
};

/* ERR_CONFIG with the line that is wrong. `name` is for the error. */
bool play_read(struct str text, const char *name, struct arena *a, struct play *out,
               struct err *e) MUST_USE;

#endif
