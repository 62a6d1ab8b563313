/* The flat form of a compiled feed: one array of operations for each of its maps, and beside it an array
 * that says where in the files each operation stands.
 *
 *   rule    RULE ONLY_IF SENSITIVE { SITE | LITERAL | VALUE } { STANDARD } MOVED COMPOSE LOOK END
 *   value   { TRY } AGREE CARRY ELSE END          or, for a flag,          FLAG END
 *
 * A rule has one run of operations for each side it reads, a value one for each side it has; VALUE calls
 * the value's. Jumps (TRY, CARRY) go ahead only, and only to the END of their own run, so each run ends; a
 * value calls no other but values.site, which calls none. */
#ifndef FEED_PROGRAM_H
#define FEED_PROGRAM_H

#include "base/buf.h"
#include "model.h"

struct loading;

enum op_code {
    OP_END,
    OP_RULE,      /* the head of a rule: does nothing                                            */
    OP_ONLY_IF,   /* the guards of the rule; each ends the instance when it does not let through */
    OP_SENSITIVE, /*                                                                             */
    OP_SITE,      /* slot := the site                                                            */
    OP_LITERAL,   /* slot := text                                                                */
    OP_VALUE,     /* slot := what the run of operations at `arg` makes of the value              */
    OP_STANDARD,  /* slot := text, where nothing was mapped                                      */
    OP_MOVED,     /* section 9.2: booked again with another start counts as moved                */
    OP_COMPOSE,   /* the event is whole: which message follows                                   */
    OP_LOOK,  /* what would leave is held against the message once more                        */
    OP_TRY,   /* candidates of source `arg`; behind a winner on to `to`, unless it is 0      */
    OP_AGREE, /* do the sources carry one fact                                               */
    OP_CARRY, /* from the stored event; when there is a value on to `to`                     */
    OP_ELSE,  /* what is done without a value                                                */
    OP_FLAG,  /* a condition as a value                                                      */
};

struct op {
    enum op_code code;
    uint32_t arg, to;
    const struct slot_type *slot;
    const struct value *value; /* VALUE and all operations of a value */
    struct str text;           /* LITERAL, STANDARD: the value; else as written, to be printed */
};

struct span { /* of the first character */
    const char *file;
    int line, column;
};

/* Compiles the maps of a feed that has no errors. */
void programs_make(struct loading *l);

/* One operation a line, with its place: for tests and for whoever looks for a fault in the interpreter. */
void program_print(const struct feed *f, struct buf *out);

#endif
