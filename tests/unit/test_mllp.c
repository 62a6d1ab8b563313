/* The framer: every row of hl7v2.md 2.1, whole, at every split and byte by byte. */
#include <stdlib.h>

#include "base/buf.h"
#include "check.h"
#include "hl7/mllp.h"

enum after { NOTHING, SILENCE, TIMEOUT, END };

#define SB     "\x0b"
#define FS     "\x1c"
#define S(lit) STR_LIT(lit)

/* The trace: one word an event. F frame, R refusal (! last), N note, C close; code, offset+count. */
static const struct {
    const char *name;
    struct str in;
    enum after after;
    const char *trace;
} cases[] = {
    {"one frame", S(SB "MSH|" FS "\r"), NOTHING, "F@1+4[MSH|] "},
    {"two frames", S(SB "A" FS "\r" SB "B" FS "\r"), NOTHING, "F@1+1[A] F@5+1[B] "},
    {"pad between", S("\r\n" SB "A" FS "\r\0 \n" SB "B" FS "\r"), END,
     "N:MLLP_PAD_BETWEEN@0+2 F@3+1[A] N:MLLP_PAD_BETWEEN@6+3 F@10+1[B] "},
    {"junk between", S("abc\r" SB "A" FS "\rxyz" SB "B" FS "\r"), NOTHING,
     "N:MLLP_JUNK_BETWEEN@0+4 F@5+1[A] N:MLLP_JUNK_BETWEEN@8+3 F@12+1[B] "},
    {"pad, then junk", S("\r \rjunk" SB "A" FS "\r"), NOTHING,
     "N:MLLP_PAD_BETWEEN@0+3 N:MLLP_JUNK_BETWEEN@3+4 F@8+1[A] "},
    {"junk at the end", S("ab"), END, "N:MLLP_JUNK_BETWEEN@0+2 "},
    {"no start byte", S("MSH|^~\\&|A\r" FS "\r"), NOTHING, "C:MLLP_SB_MISSING@0+3 "},
    {"no start byte after pad", S("\r\nMSH|A" FS "\r"), NOTHING,
     "N:MLLP_PAD_BETWEEN@0+2 C:MLLP_SB_MISSING@2+3 "},
    {"MSH as junk later on", S(SB "A" FS "\rMSH|" SB "B" FS "\r"), NOTHING,
     "F@1+1[A] N:MLLP_JUNK_BETWEEN@4+4 F@9+1[B] "},
    {"MS is only junk", S("MS" SB "A" FS "\r"), NOTHING, "N:MLLP_JUNK_BETWEEN@0+2 F@3+1[A] "},
    {"doubled start", S(SB SB "A" FS "\r"), NOTHING, "N:MLLP_SB_DOUBLED@1+1 F@2+1[A] "},
    {"trebled start", S(SB SB SB "A" FS "\r"), NOTHING,
     "N:MLLP_SB_DOUBLED@1+1 N:MLLP_SB_DOUBLED@2+1 F@3+1[A] "},
    {"cut by MSH", S(SB "MSH|half" SB "MSH|B" FS "\r"), NOTHING,
     "N:MLLP_FRAME_CUT@1+8 F@10+5[MSH|B] "},
    {"cut by FHS", S(SB "xy" SB "FHS|B" FS "\r"), NOTHING, "N:MLLP_FRAME_CUT@1+2 F@4+5[FHS|B] "},
    {"cut by BHS", S(SB "xy" SB "BHS|B" FS "\r"), NOTHING, "N:MLLP_FRAME_CUT@1+2 F@4+5[BHS|B] "},
    {"cut by a doubled start", S(SB "xy" SB SB "MSH|B" FS "\r"), NOTHING,
     "N:MLLP_FRAME_CUT@1+2 N:MLLP_SB_DOUBLED@4+1 F@5+5[MSH|B] "},
    {"cut twice", S(SB "x" SB "MSH|y" SB "MSH|z" FS "\r"), NOTHING,
     "N:MLLP_FRAME_CUT@1+1 N:MLLP_FRAME_CUT@3+5 F@9+5[MSH|z] "},
    {"start inside", S(SB "MSH|a" SB "bcd" FS "\r"), NOTHING,
     "N:MLLP_SB_IN_CONTENT@6+1 R:MLLP_SB_IN_CONTENT@1+9[MSH|a" SB "bcd] "},
    {"start inside, end at once", S(SB "MSH|a" SB FS "\r"), NOTHING,
     "N:MLLP_SB_IN_CONTENT@6+1 R:MLLP_SB_IN_CONTENT@1+6[MSH|a" SB "] "},
    {"start inside, almost MSH", S(SB "a" SB "MS" FS "\r"), NOTHING,
     "N:MLLP_SB_IN_CONTENT@2+1 R:MLLP_SB_IN_CONTENT@1+4[a" SB "MS] "},
    {"start inside, then a real cut", S(SB "a" SB "xyz" SB "MSH|" FS "\r"), NOTHING,
     "N:MLLP_SB_IN_CONTENT@2+1 N:MLLP_FRAME_CUT@1+5 F@7+4[MSH|] "},
    {"start inside, start again", S(SB "a" SB "M" SB "MSH|" FS "\r"), NOTHING,
     "N:MLLP_SB_IN_CONTENT@2+1 N:MLLP_FRAME_CUT@1+3 F@5+4[MSH|] "},
    {"LF after FS CR", S(SB "A" FS "\r\n" SB "B" FS "\r\n"), NOTHING,
     "F@1+1[A] N:MLLP_LF_AFTER_FS@4+1 F@6+1[B] N:MLLP_LF_AFTER_FS@9+1 "},
    {"FS LF", S(SB "A" FS "\n" SB "B" FS "\r"), NOTHING,
     "N:MLLP_LF_AFTER_FS@3+1 F@1+1[A] F@5+1[B] "},
    {"FS CR LF LF", S(SB "A" FS "\r\n\n" SB "B" FS "\r"), NOTHING,
     "F@1+1[A] N:MLLP_LF_AFTER_FS@4+1 N:MLLP_PAD_BETWEEN@5+1 F@7+1[B] "},
    {"FS then SB", S(SB "A" FS SB "B" FS "\r"), NOTHING, "N:MLLP_FS_NO_CR@3+0 F@1+1[A] F@4+1[B] "},
    {"FS then silence", S(SB "A" FS), SILENCE, "N:MLLP_FS_NO_CR@3+0 F@1+1[A] "},
    {"FS then the end", S(SB "A" FS), END, "N:MLLP_FS_NO_CR@3+0 F@1+1[A] "},
    {"silence elsewhere", S(SB "A"), SILENCE, ""},
    {"FS in content", S(SB "MSH|a" FS "bc" FS "\r" SB "B" FS "\r"), NOTHING,
     "R:MLLP_FS_IN_CONTENT@6+5[MSH|a] N:MLLP_JUNK_BETWEEN@7+4 F@12+1[B] "},
    {"FS FS", S(SB "A" FS FS "\r" SB "B" FS "\r"), NOTHING,
     "R:MLLP_FS_IN_CONTENT@2+1[A] N:MLLP_JUNK_BETWEEN@3+2 F@6+1[B] "},
    {"both inside", S(SB "a" SB "b" FS "c" SB "B" FS "\r"), NOTHING,
     "N:MLLP_SB_IN_CONTENT@2+1 R:MLLP_FS_IN_CONTENT@4+3[a" SB "b] N:MLLP_JUNK_BETWEEN@5+1 "
     "F@7+1[B] "},
    {"empty", S(SB FS "\r" SB "A" FS "\r"), NOTHING, "N:MLLP_EMPTY@1+0 F@4+1[A] "},
    {"empty, then junk", S(SB FS "x" SB "A" FS "\r"), NOTHING,
     "N:MLLP_EMPTY@1+0 N:MLLP_JUNK_BETWEEN@2+1 F@4+1[A] "},
    {"only blanks", S(SB "\r\n" FS "\r"), NOTHING, "N:MLLP_EMPTY@1+2 "},
    {"byte order mark", S(SB "\xEF\xBB\xBFMSH|" FS "\r"), NOTHING, "N:MLLP_BOM@1+3 F@1+7[MSH|] "},
    {"leading blanks", S(SB " \t\r\nMSH|" FS "\r"), NOTHING,
     "N:MLLP_LEADING_BLANK@1+4 F@1+8[MSH|] "},
    {"mark and blanks", S(SB "\xEF\xBB\xBF\nMSH|" FS "\r"), NOTHING,
     "N:MLLP_BOM@1+3 N:MLLP_LEADING_BLANK@4+1 F@1+8[MSH|] "},
    {"exactly the cap", S(SB "123456789012345678901234567890AB" FS "\r"), NOTHING,
     "F@1+32[123456789012345678901234567890AB] "},
    {"one over the cap", S(SB "123456789012345678901234567890ABC" FS "\r" SB "D" FS "\r"), NOTHING,
     "R:MLLP_TOO_LARGE@33+32![123456789012345678901234567890AB] "},
    {"over the cap after a start byte", S(SB "123456789012345678901234567890A" SB "xyz" FS "\r"),
     NOTHING,
     "N:MLLP_SB_IN_CONTENT@32+1 R:MLLP_TOO_LARGE@33+32![123456789012345678901234567890A" SB "] "},
    {"frame limit", S(SB "MSH|"), TIMEOUT, "C:MLLP_FRAME_TIMEOUT@1+4 "},
    {"frame limit between frames", S(SB "A" FS "\r"), TIMEOUT, "F@1+1[A] "},
    {"end in a frame", S(SB "MSH|"), END, "N:MLLP_EOF_IN_FRAME@1+4 "},
    {"end after a start byte inside", S(SB "a" SB "M"), END, "N:MLLP_EOF_IN_FRAME@1+3 "},
    {"release 2 bytes", S(SB "\x06" FS "\r" SB "\x15" FS "\r"), NOTHING,
     "N:MLLP_R2_BYTE@1+1[\x06] N:MLLP_R2_BYTE@5+1[\x15] "},
    {"Big5 trail bytes", S(SB "\xB3\x5C\xB4\x5E" FS "\r"), NOTHING, "F@1+4[\xB3\x5C\xB4\x5E] "},
    {"nothing", S(""), END, ""},
};

static void add_event(struct buf *b, const struct mllp_event *ev)
{
    static const char letters[] = {
        [MLLP_NOTE] = 'N', [MLLP_FRAME] = 'F', [MLLP_REFUSE] = 'R', [MLLP_CLOSE] = 'C'};

    buf_printf(b, "%c", letters[ev->step]);
    if (ev->code)
        buf_printf(b, ":%s", hl7_code_name(ev->code));
    buf_printf(b, "@%llu+%llu%s", (unsigned long long)ev->offset, (unsigned long long)ev->count,
               ev->last ? "!" : "");
    if (ev->content.p) {
        buf_add_char(b, '[');
        buf_add(b, ev->content);
        buf_add_char(b, ']');
    }
    buf_add_char(b, ' ');
}

static void feed(struct mllp_framer *f, struct str in, struct buf *trace)
{
    /* In memory of exactly its size, so that reading past its end shows. */
    char *copy = malloc(in.n ? in.n : 1);
    struct mllp_event ev;

    if (in.n)
        memcpy(copy, in.p, in.n);
    in.p = copy;
    while (mllp_next(f, &in, &ev) != MLLP_MORE)
        add_event(trace, &ev);
    CHECK(in.n == 0, "all bytes are taken");
    free(copy);
}

static void finish(struct mllp_framer *f, enum after after, struct buf *trace)
{
    if (after == SILENCE)
        mllp_silence(f);
    else if (after == TIMEOUT)
        mllp_timeout(f);
    else if (after == END)
        mllp_eof(f);
    feed(f, STR(""), trace);
}

/* The trace of `in` cut at a and b; byte by byte when step is 1. */
static struct buf run(const struct mllp_settings *set, struct str in, size_t a, size_t b,
                      bool single, enum after after)
{
    struct buf trace = buf_new(1 << 20);
    struct mllp_framer f;

    mllp_framer_init(&f, set);
    if (single) {
        for (size_t i = 0; i < in.n; i++)
            feed(&f, (struct str){in.p + i, 1}, &trace);
    } else {
        feed(&f, (struct str){in.p, a}, &trace);
        feed(&f, (struct str){in.p + a, b - a}, &trace);
        feed(&f, (struct str){in.p + b, in.n - b}, &trace);
    }
    finish(&f, after, &trace);
    mllp_framer_end(&f);
    return trace;
}

static void check_trace(const struct mllp_settings *set, const char *name, struct str in,
                        enum after after, const char *want)
{
    struct buf got = run(set, in, 0, in.n, false, after);

    CHECK(str_eq(buf_str(&got), str_of(want)), "%s: " STR_FMT, name, STR_ARG(buf_str(&got)));
    buf_reset(&got);
    got = run(set, in, 0, 0, true, after);
    CHECK(str_eq(buf_str(&got), str_of(want)), "%s, byte by byte: " STR_FMT, name,
          STR_ARG(buf_str(&got)));
    buf_reset(&got);
    for (size_t a = 0; a <= in.n; a++) {
        for (size_t b = a; b <= in.n; b++) {
            got = run(set, in, a, b, false, after);
            CHECK(str_eq(buf_str(&got), str_of(want)), "%s, cut at %zu and %zu: " STR_FMT, name, a,
                  b, STR_ARG(buf_str(&got)));
            buf_reset(&got);
        }
    }
}

static void test_table(void)
{
    struct mllp_settings set = mllp_settings_default();

    set.max = 32;
    for
        EACH (i, cases)
            check_trace(&set, cases[i].name, cases[i].in, cases[i].after, cases[i].trace);
}

/* Three frames with a deviation in front of, inside or after the second: the first and the third come
 * out whole, whatever the cuts. */
static void test_neighbours(void)
{
    struct mllp_settings set = mllp_settings_default();
    struct buf in = buf_new(1 << 16), whole, cut;

    for
        EACH (i, cases) {
            if (strstr(cases[i].trace, "C:") || strchr(cases[i].trace, '!') || cases[i].after)
                continue;
            in.n = 0;
            buf_add(&in, STR(SB "MSH|one" FS "\r"));
            buf_add(&in, cases[i].in);
            buf_add(&in, STR(SB "MSH|three" FS "\r"));
            whole = run(&set, buf_str(&in), 0, in.n, false, NOTHING);
            CHECK(strncmp(whole.p, "F@1+7[MSH|one] ", 15) == 0, "%s: %s", cases[i].name, whole.p);
            CHECK(strstr(whole.p, "+9[MSH|three] "), "%s: %s", cases[i].name, whole.p);
            for (size_t a = 0; a <= in.n; a++) {
                cut = run(&set, buf_str(&in), a, a, false, NOTHING);
                CHECK(str_eq(buf_str(&cut), buf_str(&whole)), "%s, cut at %zu", cases[i].name, a);
                buf_reset(&cut);
            }
            buf_reset(&whole);
        }
    buf_reset(&in);
}

/* Marks the bytes an event is about, and the framing bytes that belong to it. */
static void own(const struct mllp_settings *set, struct str in, const struct mllp_event *ev,
                char *owned)
{
    size_t from = (size_t)ev->offset, to = from + (size_t)ev->count;
    bool whole = ev->step == MLLP_FRAME || ev->step == MLLP_REFUSE || ev->code == MLLP_EMPTY ||
                 ev->code == MLLP_R2_BYTE;

    if (ev->code == MLLP_FS_IN_CONTENT || ev->code == MLLP_TOO_LARGE) {
        to = from; /* it is about the byte at which what came before became unusable */
        from -= (size_t)ev->count;
    }
    if (ev->step == MLLP_CLOSE || ev->last)
        to = in.n; /* nothing of the rest is looked at */
    if (from > 0 && in.p[from - 1] == set->start)
        from--;
    if (whole && to < in.n && in.p[to] == set->end)
        to++;
    if (whole && to < in.n && in.p[to - 1] == set->end && in.p[to] == '\r')
        to++;
    memset(owned + from, 1, to - from);
}

/* No byte is lost without a word: each is in a frame, in a refusal, or in a note. */
static void check_accounted(const struct mllp_settings *set, const char *name, struct str in,
                            enum after after)
{
    char *owned = calloc(in.n + 1, 1);
    struct str rest = in;
    struct mllp_event ev;
    struct mllp_framer f;

    mllp_framer_init(&f, set);
    while (mllp_next(&f, &rest, &ev) != MLLP_MORE)
        own(set, in, &ev, owned);
    if (after == SILENCE)
        mllp_silence(&f);
    if (after == TIMEOUT)
        mllp_timeout(&f);
    while (mllp_next(&f, &rest, &ev) != MLLP_MORE)
        own(set, in, &ev, owned);
    mllp_eof(&f);
    while (mllp_next(&f, &rest, &ev) != MLLP_MORE)
        own(set, in, &ev, owned);
    for (size_t i = 0; i < in.n; i++)
        CHECK(owned[i], "%s: byte %zu", name, i);
    CHECK(f.at == in.n, "%s: %llu bytes of %zu are taken", name, (unsigned long long)f.at, in.n);
    mllp_framer_end(&f);
    free(owned);
}

static void test_accounted(void)
{
    struct mllp_settings set = mllp_settings_default();
    struct buf in = buf_new(1 << 16);

    set.max = 32;
    for
        EACH (i, cases) {
            check_accounted(&set, cases[i].name, cases[i].in, cases[i].after);
            in.n = 0;
            buf_add(&in, STR(SB "MSH|one" FS "\r"));
            buf_add(&in, cases[i].in);
            buf_add(&in, STR(SB "MSH|three" FS "\r"));
            check_accounted(&set, cases[i].name, buf_str(&in), END);
        }
    buf_reset(&in);
}

/* Every code that framing can have stands in a trace above. */
static void test_all_codes(void)
{
    for (int code = MLLP_PAD_BETWEEN; code <= MLLP_R2_BYTE; code++) {
        bool seen = false;

        for
            EACH (i, cases)
                seen = seen || strstr(cases[i].trace, hl7_code_name((enum hl7_code)code));
        CHECK(seen, "%s", hl7_code_name((enum hl7_code)code));
    }
}

static void test_settings(void)
{
    struct mllp_settings set = mllp_settings_default();

    set.sb_optional = true;
    check_trace(&set, "no start byte, allowed",
                STR("MSH|a" FS "\rMSH|b" FS "\r" SB "MSH|c" FS "\r"), NOTHING,
                "N:MLLP_SB_MISSING@0+0 F@0+5[MSH|a] N:MLLP_SB_MISSING@7+0 F@7+5[MSH|b] "
                "F@15+5[MSH|c] ");
    set = mllp_settings_default();
    set.start = '\x02';
    set.end = '\x03';
    check_trace(&set, "other framing bytes", STR("\x02MSH|" FS "\x03\r"), NOTHING,
                "F@1+5[MSH|" FS "] ");
}

/* 4 KiB of junk are skipped, one byte more closes; the cap holds at its real size. */
static void test_sizes(void)
{
    struct mllp_settings set = mllp_settings_default();
    struct buf in = buf_new((size_t)8 << 20), got;

    for (int i = 0; i < 4096; i++)
        buf_add_char(&in, 'j');
    buf_add(&in, STR(SB "A" FS "\r"));
    got = run(&set, buf_str(&in), 1000, 2000, false, NOTHING);
    CHECK(strcmp(got.p, "N:MLLP_JUNK_BETWEEN@0+4096 F@4097+1[A] ") == 0, "%s", got.p);
    buf_reset(&got);
    in.p[4096] = 'j';
    got = run(&set, buf_str(&in), 1000, 2000, false, NOTHING);
    CHECK(strcmp(got.p, "C:MLLP_JUNK_BETWEEN@0+4097 ") == 0, "%s", got.p);
    buf_reset(&got);
    for (int over = 0; over <= 1; over++) {
        in.n = 0;
        buf_add_char(&in, set.start);
        while (in.n < set.max + (size_t)over + 1)
            buf_add_char(&in, 'x');
        buf_add(&in, STR(FS "\r"));
        got = run(&set, buf_str(&in), 70000, set.max, false, NOTHING);
        CHECK(strncmp(got.p, over ? "R:MLLP_TOO_LARGE@4194305+4194304![" : "F@1+4194304[", 12) == 0,
              "%d over: %.40s", over, got.p);
        buf_reset(&got);
    }
    buf_reset(&in);
}

static void test_waits(void)
{
    struct mllp_settings set = mllp_settings_default();
    struct buf trace = buf_new(1 << 16);
    struct mllp_framer f;

    mllp_framer_init(&f, &set);
    CHECK(mllp_waits(&f) == MLLP_WAIT_START, "at first");
    feed(&f, STR(SB "M"), &trace);
    CHECK(mllp_waits(&f) == MLLP_WAIT_FRAME, "inside");
    feed(&f, STR(SB), &trace);
    CHECK(mllp_waits(&f) == MLLP_WAIT_FRAME, "after a start byte inside");
    feed(&f, STR("MSH" FS), &trace);
    CHECK(mllp_waits(&f) == MLLP_WAIT_GRACE, "after FS");
    feed(&f, STR("\r"), &trace);
    CHECK(mllp_waits(&f) == MLLP_WAIT_START, "between");
    CHECK(f.content.size > 0, "memory is kept");
    mllp_trim(&f, 0);
    CHECK(f.content.size == 0, "and given back");
    mllp_framer_end(&f);
    buf_reset(&trace);
}

int main(void)
{
    test_table();
    test_neighbours();
    test_accounted();
    test_all_codes();
    test_settings();
    test_sizes();
    test_waits();
    return check_end();
}
