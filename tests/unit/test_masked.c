/* What the flight recorder shows: structure, never a value. */
#include "hl7/masked.h"

#include <stdlib.h>

#include "check.h"

#define SB "\x0b"
#define FS "\x1c"

static const struct {
    const char *name;
    struct str in;
    uint64_t offset;
    const char *out;
} cases[] = {
    {"nothing", STR_LIT(""), 0, ""},
    {"a message",
     STR_LIT(SB "MSH|^~\\&|SCHED|HOSP|TIDINGS|CLINIC|20261121093000||SIU^S12|A0001|P|2.5.1\r"
                "PID|||1234567^^^MRN||Example\r" FS "\r"),
     0,
     "         0  <SB>\n"
     "         1  MSH|^~\\&|AAAAA|AAAA|AAAAAAA|AAAAAA|9(14)||SIU^S12|A9999|A|2.5.1<CR>\n"
     "        74  PID|||9999999^^^AAA||AAAAAAA<CR><FS><CR>\n"},
    {"begins inside a value", STR_LIT("PID|Example\rPID|1\r"), 100,
     "       100  AAA|AAAAAAA<CR>\n       112  PID|9<CR>\n"},
    {"words of HL7's own",
     STR_LIT("MSH|^~\\&|||||||ADT^A40^ADT_A39|||2.9.1|||AL|NE||ASCII~UNICODE UTF-8"), 0,
     "         0  MSH|^~\\&|||||||ADT^A40^ADT_A39|||2.9.1|||AL|NE||ASCII~UNICODE UTF-8\n"},
    {"other words at their places",
     STR_LIT("MSH|^~\\&|||||||ZOE^A40|||2.5 Mary|||ALEX|NINA||MARY~ASCII"), 0,
     "         0  MSH|^~\\&|||||||AAA^A99|||9x9xAAAA|||AAAA|AAAA||AAAA~AAAAA\n"},
    {"words with more than HL7 puts there",
     STR_LIT("MSH|^~\\&|||||||siu^S12|||2.5\t||||||\0\0ASCII~unicode utf-8"), 0,
     "         0  MSH|^~\\&|||||||AAA^A99|||9x9x||||||xxAAAAA~x(13)\n"},
    {"other separators", STR_LIT("MSH#:~\\&#Mary:Ann#1\rPID#Mary:Ann|Lee\r"), 0,
     "         0  MSH#:~\\&#AAAA:AAA#9<CR>\n        20  PID#AAAA:AAAxAAA<CR>\n"},
    {"MSH-2 that holds a word", STR_LIT("MSH|Mary|1"), 0, "         0  MSH|AAAA|9\n"},
    {"names no segment has", STR_LIT("\rLEE|1\rZQX|1\rZQX\rpid|1\rPIDX|1\rPID"), 0,
     "         0  <CR>\n         1  AAA|9<CR>\n         7  ZQX|9<CR>\n        13  AAA<CR>\n"
     "        17  AAA|9<CR>\n        23  AAAA|9<CR>\n        30  PID\n"},
    {"twelve and thirteen", STR_LIT("|123456789012|1234567890123|abcdefghijklm|abcdefghijkl1|"), 1,
     "         1  |999999999999|9(13)|A(13)|x(13)|\n"},
    {"a byte order mark", STR_LIT(SB "\xEF\xBB\xBFMSH|^~\\&|Mary\rNTE|\xEF\xBB\xBF\r"), 0,
     "         0  <SB>\n         1  <BOM>MSH|^~\\&|AAAA<CR>\n        18  NTE|xxx<CR>\n"},
    {"bytes that are no text", STR_LIT("\rNTE|\x00\xC3\xA9 \x7F|\n"), 5,
     "         5  <CR>\n         6  NTE|xxxxx|<LF>\n"},
    {"escapes", STR_LIT("\rNTE|\\F\\Mary\\.br\\"), 5,
     "         5  <CR>\n         6  NTE|\\A\\AAAA\\xAA\\\n"},
};

static void test_cases(void)
{
    for
        EACH (i, cases) {
            struct buf out = buf_new(4096);

            hl7_masked_write(cases[i].in, cases[i].offset, '\x0b', '\x1c', &out);
            CHECK(str_eq(buf_str(&out), str_of(cases[i].out)), "%s:\n" STR_FMT, cases[i].name,
                  STR_ARG(buf_str(&out)));
            buf_reset(&out);
        }
}

static unsigned next(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Pieces of streams, sound and broken, whose values all hold the mark or part of it. */
static size_t make(unsigned *seed, char *out, size_t most, const char *mark)
{
    static const char *const pieces[] = {
        SB,     FS,      "\r",         "\n",  "MSH|^~\\&|", "MSH#:~\\&#", "PID|",   "NTE|1|",
        "ZQX|", "|",     "^",          "~",   "\\",         "&",          "||||||", "SIU^",
        "^S12", "2.5.1", "AL",         "NE",  "MSH",        "ASCII",      "12345",  "\xC3\xA9",
        " ",    "MSH|",  "FHS|^~\\&|", "PID", "Z",
    };
    size_t n = 0;

    while (n + 32 < most) {
        const char *piece = pieces[next(seed) % (sizeof pieces / sizeof pieces[0])];

        if (next(seed) % 3 == 0)
            piece = mark;
        memcpy(out + n, piece, strlen(piece));
        n += strlen(piece);
    }
    return n;
}

/* Lower-case letters other than those of "MSH" and its like never stand in what HL7 defines: whatever the
 * stream, none of the mark's is shown. `cc` of another mark gives the same text: nothing of it matters. */
static void test_no_value_is_shown(void)
{
    unsigned seed = 20261122;

    for (int round = 0; round < 20000; round++) {
        unsigned from = seed, again = seed;
        char one[400], other[400];
        struct buf a = buf_new(1 << 16), b = buf_new(1 << 16);
        size_t n = make(&from, one, sizeof one, "qwvk"),
               m = make(&again, other, sizeof other, "jfzu");

        hl7_masked_write((struct str){one, n}, (uint64_t)round % 2, '\x0b', '\x1c', &a);
        hl7_masked_write((struct str){other, m}, (uint64_t)round % 2, '\x0b', '\x1c', &b);
        CHECK(n == m && str_eq(buf_str(&a), buf_str(&b)), "round %d", round);
        CHECK(!strpbrk(a.p, "qwvk"), "round %d", round);
        seed = from;
        buf_reset(&a);
        buf_reset(&b);
    }
}

int main(void)
{
    test_cases();
    test_no_value_is_shown();
    return check_end();
}
