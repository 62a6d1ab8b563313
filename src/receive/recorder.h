/* Writes the flight recorder of a connection to the store when something was wrong with it. */
#ifndef RECEIVE_RECORDER_H
#define RECEIVE_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "hl7/ack.h"
#include "seal/memory.h"

struct mllp_conn;

struct mllp_recorder {
    struct seal_memory *seal; /* NULL: not needed yet, or no randomness */
    bool failed;              /* there was none: nothing is recorded */
    uint64_t minute;          /* of uv_now()'s clock; the recordings written in it: */
    int in_minute, flying;
    uint64_t
        code_at[HL7_CODES]; /* when a tolerated code was last recorded, on that clock; 0: never */
};

void mllp_recorder_end(struct mllp_recorder *rec);

/* What a connection received, before it is looked at. */
void mllp_recorder_add(struct mllp_conn *c, struct str bytes);
/* A deviation was tolerated: recorded when this is the first of its kind on the connection, and none was
 * recorded for an hour. */
void mllp_recorder_tolerated(struct mllp_conn *c, enum hl7_code code);
/* Something was refused, or the connection is closed for a fault. code: a public name. */
void mllp_recorder_refused(struct mllp_conn *c, const char *code);

#endif
