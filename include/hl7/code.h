/* Stable names of everything we tolerate or refuse in framing and text ("MLLP_FS_NO_CR").
 *
 * They are public interface (metrics, peer profiles): adding one is fine, renaming or reusing is
 * not. A code travels with offsets and counts, never with content. Source:
 * protocols/hl7v2.md 2.1, 2.4, 5, 6. */
#ifndef HL7_CODE_H
#define HL7_CODE_H

#include <stdint.h>

enum hl7_code {
    HL7_CODE_NONE,
    MLLP_PAD_BETWEEN,   /* CR, LF, NUL or space between frames: skipped */
    MLLP_JUNK_BETWEEN,  /* other bytes between frames: skipped to the next start byte */
    MLLP_SB_MISSING,    /* the stream starts with MSH */
    MLLP_SB_DOUBLED,    /* two start bytes in a row */
    MLLP_FRAME_CUT,     /* a new message starts inside a frame: the fragment is dropped */
    MLLP_SB_IN_CONTENT, /* a start byte inside a frame that starts nothing */
    MLLP_LF_AFTER_FS,   /* FS CR LF, or FS LF */
    MLLP_FS_NO_CR,      /* FS without CR */
    MLLP_FS_IN_CONTENT, /* FS and then something else */
    MLLP_EMPTY,         /* a frame with nothing in it */
    MLLP_BOM,           /* UTF-8 byte order mark before MSH */
    MLLP_LEADING_BLANK, /* blanks before MSH */
    MLLP_TOO_LARGE,     /* over the cap */
    MLLP_FRAME_TIMEOUT, /* not finished in time */
    MLLP_EOF_IN_FRAME,  /* the connection ended inside a frame */
    MLLP_R2_BYTE,       /* a commit byte of MLLP Release 2 */

    HL7_EOL_LF,           /* segments end in LF */
    HL7_EOL_CRLF,         /* segments end in CR LF */
    HL7_NO_FINAL_CR,      /* the last segment has no end */
    HL7_BLANK_SEGMENT,    /* an empty line */
    HL7_MULTI_MSH,        /* several messages in one frame, no batch header */
    HL7_ACKMODE_HALF,     /* one of MSH-15 and MSH-16 is valued */
    HL7_ACKMODE_UNKNOWN,  /* MSH-15 or MSH-16 holds no value of table 0155: read as empty */
    HL7_ID_REUSED,        /* a known control id with another body */
    HL7_CHARSET_ALIAS,    /* MSH-18 holds a known name that is not in table 0211 */
    HL7_CHARSET_UNKNOWN,  /* MSH-18 holds no name we know: read as undeclared */
    HL7_CHARSET_MISMATCH, /* the bytes are not in the set that MSH-18 declares */
    HL7_CHARSET_REPLACED, /* undecodable bytes became U+FFFD */
    HL7_BAD_ESCAPE,       /* unknown or unterminated: kept as it stands */
    HL7_ESC_CONTROL,      /* \X..\ made a control character: dropped */
    HL7_ESC_SET_SWITCH,   /* \C..\ or \M..\ to a set we do not know: kept as it stands */
    HL7_BATCH_COUNT,      /* BTS-1 or FTS-1 is not the number of messages or batches that came */
    HL7_BATCH_OPEN,       /* a BHS without BTS, an FHS without FTS */
    HL7_BATCH_STRAY,      /* segments of a batch that belong to no message: skipped */
    HL7_XML,              /* the content was XML (v2.xml): read as if in bars and hats */
    HL7_REPLY_UNPROMISED, /* too many application acknowledgements are due: none for this message */
    HL7_CHARSET_IS_UTF8,  /* bytes outside the declared set, which are UTF-8 */
    HL7_CHARSET_IS_BIG5,  /* bytes outside the declared set, which look like Big5 */
    HL7_CHARSET_IS_JIS,   /* undeclared shifts of ISO 2022-JP */
    HL7_CODES             /* how many */
};

/* "MLLP_FS_NO_CR". */
const char *hl7_code_name(enum hl7_code c);

/* What was tolerated while one message was read: how often, and where first (byte offset). */
struct hl7_notes {
    uint32_t count[HL7_CODES];
    uint64_t first[HL7_CODES];
};

/* n may be NULL: nobody asks. */
void hl7_note(struct hl7_notes *n, enum hl7_code c, uint64_t offset);

#endif
