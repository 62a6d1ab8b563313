/* MLLP framing: finds whole HL7 messages in a byte stream. No I/O, no clock.
 *
 * On the wire:  0x0B (SB)  message bytes  0x1C (FS)  0x0D          (HL7 Transport: MLLP Release 1)
 *
 *            SB              FS              CR, LF, SB, silence, end: MLLP_FRAME
 *   BETWEEN -----> IN_FRAME -----> SEEN_FS ------------------------------------------> BETWEEN
 *      ^            |    ^           | any other byte: MLLP_REFUSE
 *      |         SB |    | not a     v
 *      |            v    | message  RESYNC ---- SB ----> IN_FRAME
 *      |          SB_INSIDE
 *      |            | MSH, FHS, BHS: the fragment is dropped, IN_FRAME anew
 *      +-- every deviation of hl7v2.md 2.1 is an event with its code and absolute byte offset
 *
 * A pure function of (state, bytes, timer events): how the bytes were cut into reads changes
 * nothing. */
#ifndef HL7_MLLP_H
#define HL7_MLLP_H

#include "base/buf.h"
#include "hl7/code.h"

enum mllp_step {
    MLLP_MORE,   /* all bytes are taken; call again with more */
    MLLP_NOTE,   /* something was tolerated or dropped: event->code */
    MLLP_FRAME,  /* a message: event->content */
    MLLP_REFUSE, /* a damaged message: answer with an error if event->content has a header */
    MLLP_CLOSE,  /* close the connection, no answer: event->code says why; nothing follows */
};

struct mllp_event {
    enum mllp_step step;
    enum hl7_code code; /* HL7_CODE_NONE for MLLP_FRAME */
    uint64_t offset;    /* of the first byte it is about, from the start of the stream */
    uint64_t count;     /* bytes it is about */
    bool last;          /* MLLP_REFUSE: close once it is answered; nothing follows */
    struct str content; /* FRAME, REFUSE: without framing, BOM and leading blanks; NOTE of
                           MLLP_R2_BYTE: that byte. Lives until the next mllp_next() */
};

struct mllp_settings {
    size_t max;       /* bytes of content; more is MLLP_TOO_LARGE */
    bool sb_optional; /* this peer leaves the start byte out */
    char start, end;  /* 0x0B and 0x1C; some devices use others */
};
struct mllp_settings mllp_settings_default(void); /* 4 MiB, standard bytes */

/* What the owner's clock has to watch. */
enum mllp_wait {
    MLLP_WAIT_START, /* between frames: the idle limit */
    MLLP_WAIT_FRAME, /* inside a frame: the frame limit */
    MLLP_WAIT_GRACE, /* FS was read, CR was not: the grace of 250 ms */
};

enum { MLLP_PENDING = 8 };

struct mllp_framer {
    struct mllp_settings set;
    int state;
    struct buf content; /* grows as the frame does */
    uint64_t at;        /* bytes taken so far */
    uint64_t start;     /* offset of the frame's first content byte */
    int kind;           /* of the present run between frames: pad or junk */
    uint64_t run;       /* where it began */
    size_t n_inside;    /* start bytes in a row inside the frame */
    size_t held;        /* bytes read after them, or of "MSH" where a start byte should be */
    char hold[3];
    bool damaged;  /* a start byte stands inside: refuse at the end */
    bool after_cr; /* the byte before was the CR of FS CR */
    bool any_sb;   /* a start byte was seen in this stream */
    struct mllp_event queue[MLLP_PENDING];
    size_t n_queue, taken;
};

/* Ready for the first byte of a connection; takes no memory yet. */
void mllp_framer_init(struct mllp_framer *f, const struct mllp_settings *set);
void mllp_framer_end(struct mllp_framer *f); /* gives the memory back */

/* Takes bytes off the front of *in up to the next event and fills *ev. After MLLP_CLOSE, or a
 * refusal with `last`, it takes everything and answers MLLP_MORE. */
enum mllp_step mllp_next(struct mllp_framer *f, struct str *in, struct mllp_event *ev) MUST_USE;

/* Timer and connection events; what they cause comes out of mllp_next() with empty input.
 * Call them only once mllp_next() has answered MLLP_MORE. */
void mllp_silence(struct mllp_framer *f); /* fs_grace is over */
void mllp_timeout(struct mllp_framer *f); /* the frame limit is over */
void mllp_eof(struct mllp_framer *f);     /* the peer will send no more */

/* Which timer the caller has to run while there are no bytes. */
enum mllp_wait mllp_waits(const struct mllp_framer *f);
/* Gives memory above `keep` bytes back; only between frames, when the last content is done with. */
void mllp_trim(struct mllp_framer *f, size_t keep);

#endif
