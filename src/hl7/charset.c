#include "hl7/charset.h"

#include "decoder.h"

enum { ASCII, UTF8, JIS_X_0201, WINDOWS_1252, BIG5, JIS_X_0202, REST };

/* Table 0211 and the two sets that only an override can name. */
static const struct hl7_charset sets[] = {
    [ASCII] = {"ASCII", "ASCII", HL7_BYTES, 0},
    [UTF8] = {"UNICODE UTF-8", "UTF-8", HL7_BYTES, 0},
    [JIS_X_0201] = {"ISO IR14", "JIS_X0201", HL7_BYTES, 0},
    [WINDOWS_1252] = {"windows-1252", "WINDOWS-1252", HL7_BYTES, 0},
    [BIG5] = {"BIG-5", "CP950", HL7_PAIRS, 0},
    [JIS_X_0202] = {"JIS X 0202", "ISO-2022-JP-2", HL7_SHIFTED, 0},
    [REST] = {"8859/1", "ISO-8859-1", HL7_BYTES, 0},
    {"8859/2", "ISO-8859-2", HL7_BYTES, 0},
    {"8859/3", "ISO-8859-3", HL7_BYTES, 0},
    {"8859/4", "ISO-8859-4", HL7_BYTES, 0},
    {"8859/5", "ISO-8859-5", HL7_BYTES, 0},
    {"8859/6", "ISO-8859-6", HL7_BYTES, 0},
    {"8859/7", "ISO-8859-7", HL7_BYTES, 0},
    {"8859/8", "ISO-8859-8", HL7_BYTES, 0},
    {"8859/9", "ISO-8859-9", HL7_BYTES, 0},
    {"8859/15", "ISO-8859-15", HL7_BYTES, 0},
    {"GB 18030-2000", "GB18030", HL7_PAIRS, 0},
    {"KS X 1001", "CP949", HL7_PAIRS, 0},
    {"CNS 11643-1992", "EUC-TW", HL7_BYTES, 0},
    {"ISO IR87", "ISO-2022-JP-2", HL7_SHIFTED, 0},
    {"ISO IR159", "ISO-2022-JP-2", HL7_SHIFTED, 0},
    {"Shift_JIS", "CP932", HL7_SJIS, 0},
    {"BIG5-HKSCS", "BIG5-HKSCS", HL7_PAIRS, 0},
    {"UNICODE UTF-16", NULL, HL7_BYTES, 0},
    {"UNICODE UTF-32", NULL, HL7_BYTES, 0},
};

_Static_assert(sizeof sets / sizeof sets[0] <= 32, "one bit each in hl7_charset.declared");

/* What senders write instead; compared without case, blanks and punctuation. */
static const struct {
    const char *written, *name;
} aliases[] = {
    {"UNICODE", "UNICODE UTF-8"},
    {"UTF8", "UNICODE UTF-8"},
    {"ISOIR192", "UNICODE UTF-8"},
    {"ISOIR6", "ASCII"},
    {"USASCII", "ASCII"},
    {"ISO646US", "ASCII"},
    {"LATIN1", "8859/1"},
    {"ISOIR100", "8859/1"},
    {"CP1252", "windows-1252"},
    {"LATIN2", "8859/2"},
    {"LATIN9", "8859/15"},
    {"CP950", "BIG-5"},
    {"BIG5", "BIG-5"},
    {"GBK", "GB 18030-2000"},
    {"GB2312", "GB 18030-2000"},
    {"CP936", "GB 18030-2000"},
    {"GB18030", "GB 18030-2000"},
    {"ISOIR13", "ISO IR14"},
    {"JISX0201", "ISO IR14"},
    {"SJIS", "Shift_JIS"},
    {"CP932", "Shift_JIS"},
    {"WINDOWS31J", "Shift_JIS"},
    {"MS932", "Shift_JIS"},
    {"ISO2022JP", "ISO IR87"},
    {"JISX0208", "ISO IR87"},
    {"EUCKR", "KS X 1001"},
    {"CP949", "KS X 1001"},
    {"EUCTW", "CNS 11643-1992"},
    {"UTF16", "UNICODE UTF-16"},
    {"UTF32", "UNICODE UTF-32"},
    {"CNS11643", "CNS 11643-1992"},
};

/* Official names that stand for another row. */
static bool is_official_double(struct str name)
{
    return str_eq(name, STR("UNICODE")) || str_eq(name, STR("ISO IR6"));
}

/* Letters and digits in upper case; an ISO before 8859 is dropped. */
static struct str bare(struct str name, char out[32])
{
    struct str s = {out, 0};

    for (size_t i = 0; i < name.n && s.n < 32; i++) {
        char c = name.p[i];

        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
            out[s.n++] = c;
    }
    if (str_starts(s, STR("ISO8859")))
        s = (struct str){s.p + 3, s.n - 3};
    return s;
}

const struct hl7_charset *charset_utf8(void)
{
    return &sets[UTF8];
}

const struct hl7_charset *charset_ascii(void)
{
    return &sets[ASCII];
}

const struct hl7_charset *charset_jis_x_0201(void)
{
    return &sets[JIS_X_0201];
}

const struct hl7_charset *charset_windows_1252(void)
{
    return &sets[WINDOWS_1252];
}

const struct hl7_charset *charset_big5(void)
{
    return &sets[BIG5];
}

const struct hl7_charset *charset_jis_x_0202(void)
{
    return &sets[JIS_X_0202];
}

uint32_t charset_bit(const struct hl7_charset *row)
{
    return 1u << (row - sets);
}

static const struct hl7_charset *by_name(const char *name)
{
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        if (strcmp(sets[i].name, name) == 0)
            return &sets[i];
    }
    return NULL;
}

const struct hl7_charset *hl7_charset_find(struct str name, bool *alias)
{
    char a[32], b[32];
    struct str wanted;

    name = str_trim(name);
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        if (str_eq(name, str_of(sets[i].name))) {
            *alias = i == WINDOWS_1252;
            return &sets[i];
        }
    }
    *alias = !is_official_double(name);
    wanted = bare(name, a);
    for (size_t i = 0; wanted.n && i < sizeof sets / sizeof sets[0]; i++) {
        if (str_eq(wanted, bare(str_of(sets[i].name), b)))
            return &sets[i];
    }
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        if (str_eq(wanted, str_of(aliases[i].written)))
            return by_name(aliases[i].name);
    }
    return NULL;
}

static bool find_named(struct str name, const struct hl7_charset **out)
{
    bool alias;

    *out = name.p ? hl7_charset_find(name, &alias) : NULL;
    return *out || !name.p;
}

bool hl7_charset_settings_named(struct str force, struct str fallback,
                                struct hl7_charset_settings *out)
{
    *out = (struct hl7_charset_settings){0};
    return find_named(force, &out->force) && find_named(fallback, &out->fallback);
}
