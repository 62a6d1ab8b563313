/* From bytes to text: character sets, escapes, line ends, limits. */
#include <iconv.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "check.h"
#include "hl7/escape.h"
#include "hl7/message.h"
#include "hl7/mllp.h"

static const struct {
    const char *name, *iconv; /* NULL: unknown */
    bool alias;
} names[] = {
    {"UNICODE UTF-8", "UTF-8", false},
    {"UNICODE", "UTF-8", false},
    {"unicode", "UTF-8", true},
    {"UTF-8", "UTF-8", true},
    {"utf8", "UTF-8", true},
    {"ASCII", "ASCII", false},
    {"ISO IR6", "ASCII", false},
    {" 8859/1 ", "ISO-8859-1", false},
    {"ISO-8859-1", "ISO-8859-1", true},
    {"iso8859-15", "ISO-8859-15", true},
    {"8859/15", "ISO-8859-15", false},
    {"windows-1252", "WINDOWS-1252", true},
    {"cp1252", "WINDOWS-1252", true},
    {"BIG-5", "CP950", false},
    {"Big5", "CP950", true},
    {"GB 18030-2000", "GB18030", false},
    {"GBK", "GB18030", true},
    {"Shift_JIS", "CP932", false},
    {"SJIS", "CP932", true},
    {"ISO IR87", "ISO-2022-JP-2", false},
    {"ISO IR14", "JIS_X0201", false},
    {"KS X 1001", "CP949", false},
    {"CNS 11643-1992", "EUC-TW", false},
    {"TWN", NULL, true},
    {"", NULL, true},
    {"-", NULL, true},
};

static void test_names(void)
{
    for
        EACH (i, names) {
            bool alias = false;
            const struct hl7_charset *c = hl7_charset_find(str_of(names[i].name), &alias);

            CHECK((c != NULL) == (names[i].iconv != NULL), "%s", names[i].name);
            CHECK(!c || strcmp(c->iconv, names[i].iconv) == 0, "%s is %s", names[i].name,
                  c ? c->iconv : "");
            CHECK(!c || alias == names[i].alias, "%s: alias %d", names[i].name, alias);
        }
}

#define HEAD_(cs) "MSH|^~\\&|A|B|C|D|||ADT^A08|1|P|2.5||||||" cs "\r"

static const struct {
    const char *name, *in, *want; /* want: PID-5; NULL: refused */
    bool strict;
    enum hl7_code code; /* HL7_CODE_NONE: no note */
} decodings[] = {
    {"ASCII", HEAD_("ASCII") "PID|||||abc\r", "abc", false, HL7_CODE_NONE},
    {"UTF-8", HEAD_("UNICODE UTF-8") "PID|||||\xE8\xA8\xB1\r", "\xE8\xA8\xB1", true, HL7_CODE_NONE},
    {"alias", HEAD_("utf8") "PID|||||\xE8\xA8\xB1\r", "\xE8\xA8\xB1", true, HL7_CHARSET_ALIAS},
    {"Big5", HEAD_("BIG-5") "PID|||||\xB3\x5C^\xB4\x5E\r", "\xE8\xA8\xB1^\xE5\xBD\xAD", true,
     HL7_CODE_NONE},
    {"Shift_JIS", HEAD_("Shift_JIS") "PID|||||\x95\x5C\x83\x5C\r", "\xE8\xA1\xA8\xE3\x82\xBD", true,
     HL7_CODE_NONE},
    {"ISO 2022", HEAD_("ISO IR87") "PID|||||\x1B$B;3ED\x1B(B\r", "\xE5\xB1\xB1\xE7\x94\xB0", true,
     HL7_CODE_NONE},
    {"JIS X 0201", HEAD_("ISO IR14") "PID|||||\xD4\xCF\\F\\\r", "\xEF\xBE\x94\xEF\xBE\x8F\\F\\",
     true, HL7_CODE_NONE},
    {"Korean", HEAD_("KS X 1001") "PID|||||\xB1\xE8\r", "\xEA\xB9\x80", true, HL7_CODE_NONE},
    {"Latin-1", HEAD_("8859/1") "PID|||||M\xFCller\r", "M\xC3\xBCller", true, HL7_CODE_NONE},
    {"first of several", HEAD_("8859/1~ISO IR87") "PID|||||M\xFCller\r", "M\xC3\xBCller", true,
     HL7_CODE_NONE},
    {"none, then several", HEAD_("~ISO IR87~8859/1") "PID|||||\x1B$B;3ED\x1B(B\r",
     "\xE5\xB1\xB1\xE7\x94\xB0", true, HL7_CODE_NONE},
    {"delimiters in shifted codes", HEAD_("ASCII~ISO IR87") "PID|||||\x1B$B!|0^\x1B(B^b\r",
     "\xE2\x97\x8F\xE7\xB7\xAF^b", true, HL7_CODE_NONE},
    {"Latin-1 beside kanji", HEAD_("8859/1~ISO IR87") "PID|||||\x1B$B;3ED\x1B(B\r",
     "\xE5\xB1\xB1\xE7\x94\xB0", true, HL7_CODE_NONE},
    {"a shift ends with its line", HEAD_("ISO IR87") "NTE|\x1B$B;3ED\rPID|||||a\r", "a", true,
     HL7_CODE_NONE},
    {"undeclared shifts", HEAD_("") "PID|||||\x1B$B;3ED\x1B(B\r", "\xE5\xB1\xB1\xE7\x94\xB0", true,
     HL7_CHARSET_IS_JIS},
    {"a later set with high bytes", HEAD_("ASCII~8859/2") "PID|||||\xB1\r", "\xC4\x85", true,
     HL7_CODE_NONE},
    {"Taiwanese", HEAD_("CNS 11643-1992") "PID|||||\xC4\xE3\r", "\xE4\xB8\xAD", true,
     HL7_CODE_NONE},
    {"four bytes", HEAD_("GB 18030-2000") "PID|||||\x81\x39\xEF\x30^b\r", "\xE3\x90\x81^b", true,
     HL7_CODE_NONE},
    {"undeclared Big5", HEAD_("") "PID|||||\xB3\x5C\xA4\xE5\xB4\x5E^\xA4\xA4\r",
     "\xE8\xA8\xB1\xE6\x96\x87\xE5\xBD\xAD^\xE4\xB8\xAD", true, HL7_CHARSET_IS_BIG5},
    {"ASCII that is Big5", HEAD_("ASCII") "PID|||||\xB3\x5C\xA4\xE5\r", "\xE8\xA8\xB1\xE6\x96\x87",
     true, HL7_CHARSET_IS_BIG5},
    {"Latin capitals are no Big5", HEAD_("") "PID|||||\xC1LVAREZ \xC1NGEL\r",
     "\xC3\x81LVAREZ \xC3\x81NGEL", true, HL7_CHARSET_MISMATCH},
    {"an alias for a later set", HEAD_("ASCII~latin1") "PID|||||M\xFCller\r", "M\xC3\xBCller", true,
     HL7_CHARSET_ALIAS},
    {"undeclared UTF-8", HEAD_("") "PID|||||\xE8\xA8\xB1\r", "\xE8\xA8\xB1", true,
     HL7_CHARSET_IS_UTF8},
    {"undeclared other", HEAD_("") "PID|||||M\xFCller\r", "M\xC3\xBCller", true,
     HL7_CHARSET_MISMATCH},
    {"ASCII that is not", HEAD_("ASCII") "PID|||||M\xFCller\r", "M\xC3\xBCller", true,
     HL7_CHARSET_MISMATCH},
    {"unknown name", HEAD_("TWN") "PID|||||\xE8\xA8\xB1\r", "\xE8\xA8\xB1", true,
     HL7_CHARSET_UNKNOWN},
    {"broken UTF-8", HEAD_("UNICODE UTF-8") "PID|||||M\xFCller\r", "M\xEF\xBF\xBDller", false,
     HL7_CHARSET_REPLACED},
    {"broken UTF-8, strict", HEAD_("UNICODE UTF-8") "PID|||||M\xFCller\r", NULL, true,
     HL7_CODE_NONE},
    {"broken Big5", HEAD_("BIG-5") "PID|||||\xFFz\r", "\xEF\xBF\xBDz", false, HL7_CHARSET_REPLACED},
    {"UTF-16", HEAD_("UNICODE UTF-16") "PID|||||abc\r", NULL, false, HL7_CODE_NONE},
};

static bool read_text(struct str in, const struct hl7_charset_settings *set, struct arena *a,
                      struct hl7_notes *notes, struct hl7_message *m, struct err *e)
{
    struct hl7_limits limits = hl7_limits_default();

    return hl7_message_read(in, set, &limits, a, notes, m, e);
}

static const enum hl7_code charset_codes[] = {
    HL7_CHARSET_ALIAS,   HL7_CHARSET_UNKNOWN, HL7_CHARSET_MISMATCH, HL7_CHARSET_REPLACED,
    HL7_CHARSET_IS_UTF8, HL7_CHARSET_IS_BIG5, HL7_CHARSET_IS_JIS};

/* A row names its one telling code; what the bytes are found to be comes with a mismatch, and the one row
 * whose set is unknown holds UTF-8. */
static bool is_noted(enum hl7_code code, enum hl7_code row)
{
    if (code == HL7_CHARSET_MISMATCH && (row == HL7_CHARSET_UNKNOWN || row >= HL7_CHARSET_IS_UTF8))
        return true;
    return code == row || (code == HL7_CHARSET_IS_UTF8 && row == HL7_CHARSET_UNKNOWN);
}

static void test_decoding(void)
{
    for
        EACH (i, decodings) {
            struct hl7_charset_settings set = {.strict = decodings[i].strict};
            struct hl7_notes notes = {0};
            struct arena a = {0};
            struct hl7_message m;
            struct err e = {0};
            bool ok = read_text(str_of(decodings[i].in), &set, &a, &notes, &m, &e);

            CHECK(ok == (decodings[i].want != NULL), "%s: %s", decodings[i].name, e.text);
            CHECK(!ok ||
                      str_eq(hl7_field(hl7_segment_find(&m, "PID"), 5), str_of(decodings[i].want)),
                  "%s", decodings[i].name);
            for
                EACH (k, charset_codes)
                    CHECK(!ok || (notes.count[charset_codes[k]] != 0) ==
                                     is_noted(charset_codes[k], decodings[i].code),
                          "%s: %s", decodings[i].name, hl7_code_name(charset_codes[k]));
            arena_reset(&a);
        }
}

static void test_override(void)
{
    bool alias;
    struct hl7_charset_settings set = {.force = hl7_charset_find(STR("BIG-5"), &alias)};
    struct arena a = {0};
    struct hl7_message m;
    struct err e = {0};

    CHECK(read_text(STR(HEAD_("ASCII") "PID|||||\xB3\x5C\r"), &set, &a, NULL, &m, &e), "%s",
          e.text);
    CHECK(str_eq(hl7_field(hl7_segment_find(&m, "PID"), 5), STR("\xE8\xA8\xB1")), "forced");
    set = (struct hl7_charset_settings){.fallback = hl7_charset_find(STR("BIG-5"), &alias)};
    CHECK(read_text(STR(HEAD_("") "PID|||||\xB3\x5C\r"), &set, &a, NULL, &m, &e), "%s", e.text);
    CHECK(str_eq(hl7_field(hl7_segment_find(&m, "PID"), 5), STR("\xE8\xA8\xB1")),
          "the peer's usual");
    arena_reset(&a);
}

/* One two-byte code in PID-5.1: the field count and the components stay, the character comes out. */
static void check_pair(const char *declared, const struct hl7_charset_settings *set,
                       const char code[2], struct str want)
{
    char text[128];
    struct arena a = {0};
    struct hl7_message m;
    const struct hl7_segment *pid;
    struct err e = {0};
    size_t n = (size_t)snprintf(text, sizeof text, HEAD_("%s") "PID|1||9^^^KH||XX^b^c||20000101\r",
                                declared);
    char *at = strstr(text, "XX");

    memcpy(at, code, 2);
    CHECK(read_text((struct str){text, n}, set, &a, NULL, &m, &e), "%s %02X%02X: %s", declared,
          (unsigned char)code[0], (unsigned char)code[1], e.text);
    pid = hl7_segment_find(&m, "PID");
    CHECK(pid && pid->n_fields == 7, "%s %02X%02X: fields", declared, (unsigned char)code[0],
          (unsigned char)code[1]);
    CHECK(pid && str_eq(hl7_component_text(&m, hl7_field(pid, 5), 1, 0, &a), want) &&
              str_eq(hl7_component(&m.sep, hl7_field(pid, 5), 3), STR("c")),
          "%s %02X%02X", declared, (unsigned char)code[0], (unsigned char)code[1]);
    arena_reset(&a);
}

static bool is_one(struct str utf8)
{
    return utf8.n && utf8_next(&utf8) >= 0x80 && utf8.n == 0;
}

static bool is_ideograph(struct str utf8)
{
    uint32_t cp = utf8_next(&utf8);

    return utf8.n == 0 && ((cp >= 0x3400 && cp <= 0x9FFF) || (cp >= 0xF900 && cp <= 0xFAFF));
}

/* Every code of a set whose second byte is one of \ ^ | ~, as hl7v2.md 5.2 counts them. from: the set
 * they are enumerated in; decoder: the one that MSH-18's name stands for, where the two differ. */
static const struct {
    const char *declared, *from, *decoder;
    int own_lead; /* a row of glibc's own, private characters: read like all, not counted */
    int codes, ideographs;
} pair_sets[] = {
    {"BIG-5", "CP950", "CP950", 0xC8, 352, 338},
    {"GB 18030-2000", "GBK", "GB18030", 0, 471, 464},
    {"Shift_JIS", "SHIFT_JIS", "CP932", 0, 146, 134},
};

/* The one character of a code, as UTF-8; empty when it is none. */
static struct str character_of(iconv_t cd, const char code[2], char out[8])
{
    char in[2] = {code[0], code[1]}, *from = in, *to = out;
    size_t left = 2, room = 8;

    (void)iconv(cd, NULL, NULL, NULL, NULL);
    if (iconv(cd, &from, &left, &to, &room) == (size_t)-1 ||
        !is_one((struct str){out, (size_t)(to - out)}))
        return (struct str){out, 0};
    return (struct str){out, (size_t)(to - out)};
}

/* All codes of a set in one message, a repetition of PID-5 each, after a start byte; their text in *want. */
static void all_pairs(size_t s, struct buf *frame, struct buf *want)
{
    struct hl7_charset_settings set = {.strict = true};
    iconv_t cd = iconv_open("UTF-8", pair_sets[s].from);
    iconv_t decoder = iconv_open("UTF-8", pair_sets[s].decoder);
    int codes = 0, own = 0, ideographs = 0;
    char first[8], second[8];

    buf_printf(frame, "\x0B" HEAD_("%s") "PID|1||9^^^KH||", pair_sets[s].declared);
    for (int lead = 0x81; lead <= 0xFE; lead++) {
        for (const char *trail = "\\^|~"; *trail; trail++) {
            char code[2] = {(char)lead, *trail};
            struct str listed = character_of(cd, code, first), text;

            if (listed.n == 0)
                continue;
            text = character_of(decoder, code, second);
            check_pair(pair_sets[s].declared, &set, code, text);
            buf_printf(frame, "%s%c%c^b", codes ? "~" : "", code[0], code[1]);
            buf_printf(want, "%s" STR_FMT "^b", codes ? "~" : "", STR_ARG(text));
            codes++;
            own += lead == pair_sets[s].own_lead;
            ideographs += is_ideograph(listed);
        }
    }
    buf_add(frame, STR("||20000101\r\x1C\r"));
    (void)iconv_close(cd);
    (void)iconv_close(decoder);
    CHECK(codes - own == pair_sets[s].codes && ideographs == pair_sets[s].ideographs,
          "%s: %d codes, %d ideographs", pair_sets[s].declared, codes, ideographs);
}

/* The content of the one frame in `stream`, which comes in two reads. */
static void check_split(size_t s, struct str stream, size_t at)
{
    struct mllp_settings set = mllp_settings_default();
    struct mllp_framer f;
    struct mllp_event ev;
    struct str parts[] = {{stream.p, at}, {stream.p + at, stream.n - at}};
    int frames = 0;

    mllp_framer_init(&f, &set);
    for
        EACH (i, parts) {
            while (mllp_next(&f, &parts[i], &ev) != MLLP_MORE) {
                frames++;
                CHECK(ev.step == MLLP_FRAME &&
                          str_eq(ev.content, (struct str){stream.p + 1, stream.n - 3}),
                      "%s, split at %zu", pair_sets[s].declared, at);
            }
        }
    CHECK(frames == 1, "%s, split at %zu: %d frames", pair_sets[s].declared, at, frames);
    mllp_framer_end(&f);
}

static void test_pairs(void)
{
    for
        EACH (s, pair_sets) {
            struct hl7_charset_settings set = {.strict = true};
            struct buf frame = buf_new(1 << 16), want = buf_new(1 << 16);
            struct arena a = {0};
            struct hl7_message m = {0};
            const struct hl7_segment *pid;
            struct err e = {0};

            all_pairs(s, &frame, &want);
            for (size_t at = 0; at <= frame.n; at++)
                check_split(s, buf_str(&frame), at);
            CHECK(read_text((struct str){frame.p + 1, frame.n - 3}, &set, &a, NULL, &m, &e),
                  "%s: %s", pair_sets[s].declared, e.text);
            pid = hl7_segment_find(&m, "PID");
            CHECK(pid && pid->n_fields == 7 && str_eq(hl7_field(pid, 5), buf_str(&want)),
                  "%s: all of them", pair_sets[s].declared);
            buf_reset(&frame);
            buf_reset(&want);
            arena_reset(&a);
        }
}

static const struct {
    const char *in, *want;
    enum hl7_code code;
} escapes[] = {
    {"plain", "plain", HL7_CODE_NONE},
    {"\\F\\\\S\\\\T\\\\R\\\\E\\", "|^&~\\", HL7_CODE_NONE},
    {"a\\P\\b", "a#b", HL7_CODE_NONE},
    {"\\X41\\", "A", HL7_CODE_NONE},
    {"\\XE8A8B1\\", "\xE8\xA8\xB1", HL7_CODE_NONE},
    {"\\XE8\\\\XA8\\\\XB1\\", "\xE8\xA8\xB1", HL7_CODE_NONE},
    {"a\\X0D0A\\b", "ab", HL7_ESC_CONTROL},
    {"a\\X7F\\b\\XC285\\", "ab", HL7_ESC_CONTROL},
    {"\\XFF\\", "\xEF\xBF\xBD", HL7_CHARSET_REPLACED},
    {"\\X4\\", "\\X4\\", HL7_BAD_ESCAPE},
    {"\\XGG\\", "\\XGG\\", HL7_BAD_ESCAPE},
    {"\\X\\", "\\X\\", HL7_BAD_ESCAPE},
    {"a\\.br\\b", "a b", HL7_CODE_NONE},
    {"a\\.sp 2\\b\\.in+4\\c", "a b c", HL7_CODE_NONE},
    {"a\\.sp\\b\\.sk 3\\c\\.ti-2\\d\\.fi\\e\\.nf\\f\\.ce\\g\\.in\\h", "a b c d e f g h",
     HL7_CODE_NONE},
    {"\\f\\", "\\f\\", HL7_BAD_ESCAPE}, /* they are capitals */
    {"a\\.zz\\b", "a\\.zz\\b", HL7_BAD_ESCAPE},
    {"\\H\\bold\\N\\", "bold", HL7_CODE_NONE},
    {"\\C2842\\x", "\\C2842\\x", HL7_BAD_ESCAPE}, /* nothing is declared */
    {"\\M2442\\x", "\\M2442\\x", HL7_BAD_ESCAPE},
    {"\\CFFFF\\x", "\\CFFFF\\x", HL7_ESC_SET_SWITCH},
    {"\\M244\\x", "\\M244\\x", HL7_BAD_ESCAPE},
    {"\\C24G2\\x", "\\C24G2\\x", HL7_BAD_ESCAPE},
    {"\\Zabc\\", "\\Zabc\\", HL7_BAD_ESCAPE},
    {"\\Q\\", "\\Q\\", HL7_BAD_ESCAPE},
    {"open\\F", "open\\F", HL7_BAD_ESCAPE},
    {"end\\", "end\\", HL7_BAD_ESCAPE},
    {"\\\\", "\\\\", HL7_BAD_ESCAPE},
    {"\\E\\F\\E\\", "\\F\\", HL7_CODE_NONE}, /* once, not twice */
    {"C:\\dir\\F\\x", "C:\\dir\\F\\x", HL7_BAD_ESCAPE},
};

static void test_escapes(void)
{
    struct hl7_separators sep = hl7_separators_default();

    for
        EACH (i, escapes) {
            struct hl7_notes notes = {0};
            struct arena a = {0};
            size_t n = strlen(escapes[i].in);
            char *copy = malloc(n);
            struct str got;

            memcpy(copy, escapes[i].in, n);
            got = hl7_unescape((struct str){copy, n}, &sep, NULL, &a, &notes);
            CHECK(str_eq(got, str_of(escapes[i].want)), "%s: " STR_FMT, escapes[i].in,
                  STR_ARG(got));
            for (int c = HL7_CHARSET_REPLACED; c <= HL7_ESC_SET_SWITCH; c++)
                CHECK((notes.count[c] != 0) == (c == (int)escapes[i].code), "%s: %s", escapes[i].in,
                      hl7_code_name((enum hl7_code)c));
            free(copy);
            arena_reset(&a);
        }
    CHECK(hl7_unescape((struct str){NULL, 0}, &sep, NULL, NULL, NULL).p == NULL, "absent stays");
}

/* The same escapes in a message with separators of its own: MSH$%*!#@, and one that declares only two. */
static const struct {
    const char *in, *want;
    struct hl7_separators sep;
} custom[] = {
    {"!F!!S!!T!!R!!E!!P!", "$%#*!@", {'$', '%', '*', '!', '#', '@'}},
    {"a!X41!b\\F\\!.br!c!H!d!N!", "aAb\\F\\ cd", {'$', '%', '*', '!', '#', '@'}},
    {"!F", "!F", {'$', '%', '*', '!', '#', '@'}},
    {"\\S\\\\T\\\\P\\", "^&#", {'|', 0, '~', '\\', 0, 0}},
    {"\\F\\", "\\F\\", {'|', '^', '~', 0, 0, 0}}, /* none is declared: nothing is an escape */
};

static void test_custom_escapes(void)
{
    for
        EACH (i, custom) {
            struct arena a = {0};
            struct str got = hl7_unescape(str_of(custom[i].in), &custom[i].sep, NULL, &a, NULL);

            CHECK(str_eq(got, str_of(custom[i].want)), "%zu: " STR_FMT, i, STR_ARG(got));
            arena_reset(&a);
        }
}

#define KANJI "\xE5\xB1\xB1\xE7\x94\xB0"

/* In-field switching (5.2; HL7 v2.9.1 2.7.2): MSH-18, PID-5 and its text. */
static const struct {
    const char *declared, *in, *want;
    enum hl7_code code;
} switched[] = {
    {"ASCII~ISO IR87", "a\\M2442\\;3ED\\C2842\\b", "a" KANJI "b", HL7_CODE_NONE},
    {"~ISO IR87", "\\M2442\\;3ED", KANJI, HL7_CODE_NONE}, /* up to the end of the value */
    {"~JIS X 0202", "\\M2442\\;3ED\\C2842\\", KANJI, HL7_CODE_NONE},
    {"~ISO IR159", "\\M242844\\0!\\C2842\\b",
     "\xE4\xB8\x82"
     "b",
     HL7_CODE_NONE},
    {"~ISO IR87~ISO IR159", "\\M242844\\0!\\M2442\\;3\\C2842\\", "\xE4\xB8\x82\xE5\xB1\xB1",
     HL7_CODE_NONE},
    {"UNICODE UTF-8~ISO IR87", "\xE8\xA8\xB1\\M2442\\;3ED\\C2842\\\xE8\xA8\xB1",
     "\xE8\xA8\xB1" KANJI "\xE8\xA8\xB1", HL7_CODE_NONE},
    {"UNICODE UTF-8~ISO IR87",
     "\\M2442\\;3\xE8\xA8\xB1"
     "ED",
     "\xE5\xB1\xB1\xE8\xA8\xB1\xE7\x94\xB0", HL7_CODE_NONE},
    /* Codes that are delimiters: escaped as any delimiter is, or in hexadecimal. */
    {"~ISO IR87", "\\M2442\\!\\F\\0\\S\\\\C2842\\",
     "\xE2\x97\x8F"
     "\xE7\xB7\xAF",
     HL7_CODE_NONE},
    {"~ISO IR87", "\\M2442\\\\X3B33\\ED\\C2842\\", KANJI, HL7_CODE_NONE},
    {"~ISO IR87", "\\M2442\\\\X3B\\3ED\\C2842\\", KANJI, HL7_CODE_NONE},
    {"~ISO IR14", "\\C2949\\\xD4\xCF\\C2842\\x", "\xEF\xBE\x94\xEF\xBE\x8Fx", HL7_CODE_NONE},
    {"~ISO IR14", "\\C284A\\x\\C2842\\y", "xy", HL7_CODE_NONE},
    {"ASCII~8859/1", "\\C2D41\\M\xFCller\\C2842\\", "M\xC3\xBCller", HL7_CODE_NONE},
    {"8859/1~8859/2", "\xB1\\C2D42\\\xB1\\C2842\\\xB1", "\xC2\xB1\xC4\x85\xC2\xB1", HL7_CODE_NONE},
    {"8859/1~8859/5", "\\C2D4C\\\xB8\\C2842\\", "\xD0\x98", HL7_CODE_NONE},
    {"8859/1~8859/7", "\\c2d46\\\xC1", "\\c2d46\\\xC3\x81", HL7_BAD_ESCAPE}, /* no capital C */
    {"8859/1~8859/7", "\\C2d46\\\xC1", "\xCE\x91", HL7_CODE_NONE},
    {"8859/1~8859/15", "\\C2D62\\\xA4", "\xE2\x82\xAC", HL7_CODE_NONE},
    {"8859/1~8859/2", "\\C2D42\\\\XB1\\\\C2842\\", "\xC4\x85", HL7_CODE_NONE},
    {"~KS X 1001", "\\M242843\\1h\\C2842\\", "\xEA\xB9\x80", HL7_CODE_NONE},
    {"8859/1~KS X 1001", "\\M242943\\\xB1\xE8\\C2842\\", "\xEA\xB9\x80", HL7_CODE_NONE},
    /* Not declared: it stays, and its codes with it. */
    {"8859/1~8859/2", "\\M2442\\;3ED\\C2D41\\x", "\\M2442\\;3EDx", HL7_BAD_ESCAPE},
    {"ASCII", "\\M2442\\;3ED", "\\M2442\\;3ED", HL7_BAD_ESCAPE},
    {"~ISO IR87", "\\M2499\\;3ED", "\\M2499\\;3ED", HL7_ESC_SET_SWITCH},
    /* Half a character, no character, a control character. */
    {"~ISO IR87", "\\M2442\\;3E\\C2842\\b",
     "\xE5\xB1\xB1\xEF\xBF\xBD"
     "b",
     HL7_CHARSET_REPLACED},
    {"~ISO IR87", "\\M2442\\}}}}}}}}\\C2842\\b",
     "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF"
     "\xBD"
     "b",
     HL7_CHARSET_REPLACED},
    {"~ISO IR87", "\\M2442\\\\X0D0A\\;3", "\xE5\xB1\xB1", HL7_ESC_CONTROL},
    {"8859/1~8859/2", "\\C2D42\\\\X85\\a", "a", HL7_ESC_CONTROL},
};

static void check_switched(size_t i)
{
    struct hl7_charset_settings set = {.strict = true};
    struct buf text = buf_new(4096);
    struct hl7_notes notes = {0};
    struct arena a = {0};
    struct hl7_message m;
    struct err e = {0};
    struct str field, got;

    buf_printf(&text, "MSH|^~\\&|A|B|C|D|||ADT^A08|1|P|2.5||||||%s\rPID|||||%s\r",
               switched[i].declared, switched[i].in);
    CHECK(read_text(buf_str(&text), &set, &a, NULL, &m, &e), "%zu: %s", i, e.text);
    field = hl7_field(hl7_segment_find(&m, "PID"), 5);
    got = hl7_unescape(field, &m.sep, m.charset, &a, &notes);
    CHECK(str_eq(got, str_of(switched[i].want)), "%zu: %s: " STR_FMT, i, switched[i].in,
          STR_ARG(got));
    for (int c = HL7_CHARSET_REPLACED; c <= HL7_ESC_SET_SWITCH; c++)
        CHECK((notes.count[c] != 0) == (c == (int)switched[i].code), "%zu: %s: %s", i,
              switched[i].in, hl7_code_name((enum hl7_code)c));
    buf_reset(&text);
    arena_reset(&a);
}

static void test_switches(void)
{
    for
        EACH (i, switched)
            check_switched(i);
}

/* Whatever we write in escapes a reader gets back, for odd separators too. */
static void test_escape_back(void)
{
    struct hl7_separators all[] = {
        hl7_separators_default(), {'-', 'x', '.', '!', ' ', '#'}, {'$', '%', ':', '*', '!', 0}};

    for
        EACH (i, all) {
            struct buf b = buf_new(4096);
            struct arena a = {0};
            struct str text = STR("MSH-10 is empty: a|b^c&d~e\\f#g $%:*!.");

            CHECK(hl7_escape(&b, text, &all[i]), "fits");
            CHECK(str_eq(hl7_unescape(buf_str(&b), &all[i], NULL, &a, NULL), text), "%zu: %s", i,
                  b.p);
            buf_reset(&b);
            CHECK(hl7_escape(&b, STR("a\r\n\tb\177"), &all[0]) && strcmp(b.p, "ab") == 0, "%s",
                  b.p);
            buf_reset(&b);
            arena_reset(&a);
        }
}

static const struct {
    const char *in, *names; /* of the segments */
    enum hl7_code code;
} line_ends[] = {
    {"MSH|^~\\&|\rPID|1\r", "MSH PID ", HL7_CODE_NONE},
    {"MSH|^~\\&|\nPID|1\n", "MSH PID ", HL7_EOL_LF},
    {"MSH|^~\\&|\r\nPID|1\r\n", "MSH PID ", HL7_EOL_CRLF},
    {"MSH|^~\\&|\rPID|1", "MSH PID ", HL7_NO_FINAL_CR},
    {"MSH|^~\\&|", "MSH ", HL7_NO_FINAL_CR},
    {"MSH|^~\\&|\r\r\rPID|1\r", "MSH PID ", HL7_BLANK_SEGMENT},
    {"MSH|^~\\&|\rNTE|a\nPID|1\rPV1\r", "MSH NTE PV1 ", HL7_CODE_NONE},
    {"MSH|^~\\&|\nNTE|a\rPID|1\nPV1\n", "MSH NTE PV1 ", HL7_EOL_LF},
    {"MSH|^~\\&|\rpid|1\rZx1|\r", "MSH PID ZX1 ", HL7_CODE_NONE},
    {"MSH|^~\\&|\rPI|1\rPIDX|\r12\r1ID|\r", "MSH - - - - ", HL7_CODE_NONE},
    {"MSH|^~\\&|\rMSH|^~\\&|\r", "MSH MSH ", HL7_MULTI_MSH},
    {"\xEF\xBB\xBFMSH|^~\\&|\r", "MSH ", MLLP_BOM},
    {" \r\nMSH|^~\\&|\r", "MSH ", MLLP_LEADING_BLANK},
};

static void test_lines(void)
{
    static const enum hl7_code codes[] = {HL7_EOL_LF,        HL7_EOL_CRLF,  HL7_NO_FINAL_CR,
                                          HL7_BLANK_SEGMENT, HL7_MULTI_MSH, MLLP_BOM,
                                          MLLP_LEADING_BLANK};

    for
        EACH (i, line_ends) {
            struct hl7_charset_settings set = {0};
            struct hl7_notes notes = {0};
            struct buf got = buf_new(256);
            struct arena a = {0};
            struct hl7_message m = {0};
            struct err e = {0};

            CHECK(read_text(str_of(line_ends[i].in), &set, &a, &notes, &m, &e), "%zu: %s", i,
                  e.text);
            for (size_t k = 0; k < m.n_segments; k++)
                buf_printf(&got, "%s ", m.segments[k].name[0] ? m.segments[k].name : "-");
            CHECK(got.p && strcmp(got.p, line_ends[i].names) == 0, "%zu: %s", i, got.p);
            for
                EACH (c, codes)
                    CHECK((notes.count[codes[c]] != 0) == (codes[c] == line_ends[i].code),
                          "%zu: %s", i, hl7_code_name(codes[c]));
            buf_reset(&got);
            arena_reset(&a);
        }
}

static const struct {
    const char *name, *lead, *unit;
    size_t most; /* this many units are taken, one more is not */
} bounds[] = {
    {"segments", "MSH|^~\\&|\r", "PID\r", 4999},    {"blank segments", "MSH|^~\\&|\r", "\r", 4999},
    {"fields", "MSH|^~\\&|\rPID", "|", 200},        {"fields of MSH", "MSH|^~\\&", "|", 198},
    {"repetitions", "MSH|^~\\&|\rPID|", "~", 999},  {"components", "MSH|^~\\&|\rPID|", "^", 99},
    {"subcomponents", "MSH|^~\\&|\rPID|", "&", 99},
};

static void test_limits(void)
{
    for
        EACH (i, bounds) {
            for (size_t over = 0; over <= 1; over++) {
                struct hl7_charset_settings set = {0};
                struct buf text = buf_new(1 << 20);
                struct arena a = {0};
                struct hl7_message m;
                struct err e = {0};
                bool ok;

                buf_add(&text, str_of(bounds[i].lead));
                for (size_t k = 0; k < bounds[i].most + over; k++)
                    buf_add(&text, str_of(bounds[i].unit));
                ok = read_text(buf_str(&text), &set, &a, NULL, &m, &e);
                CHECK(ok == (over == 0), "%s, %zu over: %s", bounds[i].name, over, e.text);
                CHECK(ok || (e.code == HL7_LIMIT && strncmp(e.text, "offset ", 7) == 0), "%s: %s",
                      bounds[i].name, e.text);
                buf_reset(&text);
                arena_reset(&a);
            }
        }
}

/* All limits kept, but too many elements in all: of fields, and of components. */
static void test_nodes(void)
{
    static const char *const fields[] = {"|", "|^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"};

    for
        EACH (f, fields) {
            struct hl7_charset_settings set = {0};
            struct buf text = buf_new(16 << 20);
            struct arena a = {0};
            struct hl7_message m;
            struct err e = {0};

            buf_add(&text, STR("MSH|^~\\&|\r"));
            for (int i = 0; i < (f ? 30 : 1100); i++) {
                buf_add(&text, STR("PID"));
                for (int k = 0; k < 190; k++)
                    buf_add(&text, str_of(fields[f]));
                buf_add(&text, STR("\r"));
            }
            CHECK(!read_text(buf_str(&text), &set, &a, NULL, &m, &e) && e.code == HL7_LIMIT,
                  "%zu: %s", f, e.text);
            buf_reset(&text);
            arena_reset(&a);
        }
}

static void test_types(void)
{
    static const struct {
        const char *in, *want;
    } all[] = {
        {"MSH|^~\\&|||||||SIU^S12^SIU_S12\r", "SIU^S12"},
        {"MSH|^~\\&|||||||ADT\rEVN|A08\r", "ADT^A08"},
        {"MSH|^~\\&|||||||ADT\r", "ADT"},
        {"MSH|^~\\&|\r", ""},
        {"MSH$%~\\&$$$$$$$ORU%R01\r", "ORU^R01"},
        {"MSH|^~\\&|||||||A\"B^S12\r", ""},
        {"MSH|^~\\&|||||||SIU^S<2\r", "SIU"},
    };

    for
        EACH (i, all) {
            struct hl7_charset_settings set = {0};
            struct arena a = {0};
            struct hl7_message m;
            struct err e = {0};

            CHECK(read_text(str_of(all[i].in), &set, &a, NULL, &m, &e), "%s", e.text);
            CHECK(str_eq(hl7_message_type(&m, &a), str_of(all[i].want)), "%zu", i);
            arena_reset(&a);
        }
}

int main(void)
{
    test_names();
    test_decoding();
    test_override();
    test_pairs();
    test_escapes();
    test_custom_escapes();
    test_switches();
    test_escape_back();
    test_lines();
    test_limits();
    test_nodes();
    test_types();
    return check_end();
}
