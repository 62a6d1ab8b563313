#include "fault.h"

#include "base/buf.h"
#include "base/closest.h"
#include "hl7/edit.h"

#define SB "\x0b"
#define FS "\x1c"

enum { LARGE = 17 << 20 /* over what any receiver of ours is set to */ };

enum change {
    AS_IT_IS,
    HALF, /* only the first half */
    CRLF, /* segments end so */
    LF,
    NO_END,     /* the last segment has no end */
    BLANK_LINE, /* after the first segment */
    INSIDE,     /* `inside`, in the middle of the last segment */
    BIG,        /* filled up with notes */
    HEADER,     /* `inside` is the value of MSH-`field` */
    CHARSET,    /* MSH-18 is `inside`, and a note holds bytes that are not in it */
};

enum pair {
    ALONE,
    TWO_FRAMES, /* two messages, each in its frame */
    ONE_FRAME,  /* two messages in one frame */
    SAME_ID,    /* two frames, the second with the id of the first and another body */
};

struct fault {
    const char *code, *chaos, *inside;
    struct str before, start, end;
    size_t piece;
    enum expectation expects;
    enum change change;
    enum pair pair;
    int field;
    bool again; /* the whole message, well framed, follows */
    bool hang_up, slow;
};

#define S(lit)   STR_LIT(lit)
#define WELL     .start = S(SB), .end = S(FS "\r")
#define ACCEPTED .expects = EXPECT_ACCEPTED

static const struct fault faults[] = {
    {NULL, "split", ACCEPTED, WELL, .piece = 1},
    {NULL, "two-in-one", ACCEPTED, WELL, .pair = TWO_FRAMES},
    {"MLLP_PAD_BETWEEN", NULL, ACCEPTED, .before = S("\r\n \0"), WELL},
    {"MLLP_JUNK_BETWEEN", "junk", ACCEPTED, .before = S("junk"), WELL},
    {"MLLP_SB_MISSING", "no-sb", .expects = EXPECT_CLOSED, .start = S(""), .end = S(FS "\r")},
    {"MLLP_SB_DOUBLED", NULL, ACCEPTED, .start = S(SB SB), .end = S(FS "\r")},
    {"MLLP_FRAME_CUT", "no-fs", ACCEPTED, .start = S(SB), .end = S(""), .again = true},
    {"MLLP_SB_IN_CONTENT", "sb-inside", .expects = EXPECT_REFUSED, WELL, .change = INSIDE,
     .inside = SB "x"},
    {"MLLP_LF_AFTER_FS", NULL, ACCEPTED, .start = S(SB), .end = S(FS "\r\n")},
    {"MLLP_FS_NO_CR", NULL, ACCEPTED, .start = S(SB), .end = S(FS)},
    {"MLLP_FS_IN_CONTENT", NULL, .expects = EXPECT_REFUSED, WELL, .change = INSIDE,
     .inside = FS "x"},
    {"MLLP_EMPTY", NULL, ACCEPTED, .before = S(SB FS "\r"), WELL},
    {"MLLP_BOM", "bom", ACCEPTED, .start = S(SB "\xef\xbb\xbf"), .end = S(FS "\r")},
    {"MLLP_LEADING_BLANK", NULL, ACCEPTED, .start = S(SB "  "), .end = S(FS "\r")},
    {"MLLP_TOO_LARGE", NULL, .expects = EXPECT_NO_TAKING, WELL, .change = BIG},
    {"MLLP_FRAME_TIMEOUT", NULL, .expects = EXPECT_CLOSED, .start = S(SB), .end = S(""),
     .change = HALF, .slow = true},
    {"MLLP_EOF_IN_FRAME", "eof", .expects = EXPECT_CLOSED, .start = S(SB), .end = S(""),
     .change = HALF, .hang_up = true},
    {"MLLP_R2_BYTE", NULL, ACCEPTED, .before = S(SB "\x06" FS "\r"), WELL},
    {"HL7_EOL_LF", NULL, ACCEPTED, WELL, .change = LF},
    {"HL7_EOL_CRLF", "crlf", ACCEPTED, WELL, .change = CRLF},
    {"HL7_NO_FINAL_CR", NULL, ACCEPTED, WELL, .change = NO_END},
    {"HL7_BLANK_SEGMENT", NULL, ACCEPTED, WELL, .change = BLANK_LINE},
    {"HL7_MULTI_MSH", NULL, ACCEPTED, WELL, .pair = ONE_FRAME},
    {"HL7_ACKMODE_HALF", NULL, ACCEPTED, WELL, .change = HEADER, .inside = "AL", .field = 15},
    {"HL7_ACKMODE_UNKNOWN", NULL, ACCEPTED, WELL, .change = HEADER, .inside = "XX", .field = 15},
    {"HL7_ID_REUSED", NULL, ACCEPTED, WELL, .pair = SAME_ID},
    {"HL7_CHARSET_ALIAS", NULL, ACCEPTED, WELL, .change = HEADER, .inside = "UTF-8", .field = 18},
    {"HL7_CHARSET_UNKNOWN", NULL, ACCEPTED, WELL, .change = HEADER, .inside = "NONE SUCH",
     .field = 18},
    {"HL7_CHARSET_MISMATCH", "charset", ACCEPTED, WELL, .change = CHARSET, .inside = "ASCII"},
};

enum { FAULTS = sizeof faults / sizeof *faults };

const char *expectation_text(enum expectation x)
{
    static const char *const texts[] = {[EXPECT_ACCEPTED] = "AA or CA",
                                        [EXPECT_REFUSED] = "AE or CE",
                                        [EXPECT_CLOSED] = "closed without an answer",
                                        [EXPECT_NO_TAKING] = "AE, CE or closed"};

    return texts[x];
}

const struct fault *fault_find(struct str name, bool chaos, const char **near)
{
    const char *names[FAULTS];
    char word[64] = "";
    size_t n = 0;

    for (size_t i = 0; i < FAULTS; i++) {
        const char *one = chaos ? faults[i].chaos : faults[i].code;

        if (one && str_eq(str_of(one), name))
            return &faults[i];
        if (one)
            names[n++] = one;
    }
    memcpy(word, name.p, name.n < sizeof word ? name.n : sizeof word - 1);
    *near = closest(word, names, n);
    return NULL;
}

const char *fault_name(const struct fault *f)
{
    return f->code ? f->code : f->chaos;
}

enum expectation fault_expects(const struct fault *f)
{
    return f->expects;
}

bool fault_is_pair(const struct fault *f)
{
    return f->pair != ALONE;
}

bool fault_is_slow(const struct fault *f)
{
    return f->slow;
}

/* ---- the content ---- */

static void line_ends(struct buf *to, struct str body, struct str end)
{
    for (size_t i = 0; i < body.n; i++) {
        if (body.p[i] == '\r')
            buf_add(to, end);
        else
            buf_add_char(to, body.p[i]);
    }
}

static void fill_up(struct buf *to, struct str body)
{
    static const struct str note =
        STR_LIT("NTE|1||This note fills a message up until it is too large\r");

    buf_add(to, body);
    while (to->n < LARGE)
        buf_add(to, note);
}

static void add_content(const struct fault *f, struct str body, struct buf *to)
{
    size_t first = 0;

    while (first < body.n && body.p[first] != '\r')
        first++;
    switch (f->change) {
    case HALF:
        buf_add(to, (struct str){body.p, body.n / 2});
        return;
    case CRLF:
        line_ends(to, body, STR("\r\n"));
        return;
    case LF:
        line_ends(to, body, STR("\n"));
        return;
    case NO_END:
        buf_add(to, (struct str){body.p, body.n - (body.n && body.p[body.n - 1] == '\r')});
        return;
    case BLANK_LINE:
        buf_add(to, (struct str){body.p, first});
        buf_add(to, STR("\r"));
        buf_add(to, (struct str){body.p + first, body.n - first});
        return;
    case INSIDE:
        buf_add(to, (struct str){body.p, body.n - (body.n && body.p[body.n - 1] == '\r')});
        buf_add(to, str_of(f->inside));
        buf_add(to, STR("\r"));
        return;
    case BIG:
        fill_up(to, body);
        return;
    case AS_IT_IS:
    case HEADER:
    case CHARSET:
        buf_add(to, body);
    }
}

/* What is changed by path, before the bytes are. */
static bool change_fields(const struct fault *f, struct sample *s, struct arena *a, struct err *e)
{
    if (f->change == HEADER)
        return sample_set(s, arena_printf(a, "MSH-%d", f->field), str_of(f->inside), a, e);
    if (f->change != CHARSET)
        return true;
    if (!sample_set(s, STR("MSH-18"), str_of(f->inside), a, e) ||
        !hl7_edit_append(s->body, STR("NTE|1||\xe8\xa8\xb1"), a, &s->body, e))
        return false;
    sample_name(s, a);
    return true;
}

static bool change_second(const struct fault *f, struct sample *one, struct sample *second,
                          struct arena *a, struct err *e)
{
    if (f->pair != SAME_ID)
        return true;
    if (!sample_set(second, STR("MSH-10"), one->control_id, a, e) ||
        !hl7_edit_append(second->body, STR("NTE|1||another body"), a, &second->body, e))
        return false;
    sample_name(second, a);
    return true;
}

static void add_frame(struct buf *to, struct str body)
{
    buf_add(to, STR(SB));
    buf_add(to, body);
    buf_add(to, STR(FS "\r"));
}

bool fault_write(const struct fault *f, struct sample *one, struct sample *second, struct arena *a,
                 struct client_script *out, struct err *e)
{
    struct buf bytes = buf_new(4 * (size_t)LARGE);

    if (!change_fields(f, one, a, e) || (second && !change_second(f, one, second, a, e)))
        return false;
    buf_add(&bytes, f->before);
    buf_add(&bytes, f->start);
    add_content(f, one->body, &bytes);
    if (second && f->pair == ONE_FRAME)
        buf_add(&bytes, second->body);
    buf_add(&bytes, f->end);
    if (second && f->pair != ONE_FRAME)
        add_frame(&bytes, second->body);
    if (f->again)
        add_frame(&bytes, one->body);
    *out = (struct client_script){
        .bytes = arena_copy(a, buf_str(&bytes)), .piece = f->piece, .hang_up = f->hang_up};
    buf_reset(&bytes);
    return true;
}
