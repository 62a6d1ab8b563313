#include "base/buf.h"
#include "check.h"
#include "feed/real.h"

/* Specimens that the issuing bodies print, or numbers made up here whose check digits were worked out. */
static const struct {
    const char *text, *type, *authority, *scheme;
} real[] = {
    {"A123456789", "", "", "Taiwan"},
    {"a123456789", "NI", "TWN", "Taiwan"},
    {"A800000014", "", "", "Taiwan"},
    {"11010519491231002X", "", "", "Chinese"},
    {"S1234567D", "", "", "Singapore"},
    {"12345678Z", "", "", "Spanish"},
    {"X1234567L", "", "", "Spanish"},
    {"255081416802538", "", "", "French"},
    {"2 55 08 14 168 025 38", "", "", "French"},
    {"MRTMTT25D09F205Z", "", "", "Italian"},
    {"85.07.30-033.28", "", "", "Belgian"},
    {"131052-308T", "", "", "Finnish"},
    {"811228-9874", "", "", "Swedish"},
    {"8112289874", "", "SWE", "Swedish"},
    {"150945-0109", "", "", "Danish"},
    {"1509450109", "", "urn:oid:1.2.208.176.1.2", "Danish"},
    {"529.982.247-25", "", "", "Brazilian"},
    {"A123456780", "KVZ10", "http://fhir.de/sid/gkv/kvid-10", "German"},
    {"943 476 5919", "", "", "NHS"},
    {"9434765919", "NHSNMBR", "NHSNBR", "NHS"},
    {"9434765919", "", "https://fhir.nhs.uk/Id/nhs-number", "NHS"},
    {"111222333", "NNNLD", "", "Dutch"},
    {"111222333", "NI", "", "Dutch"},
    {"999941057058", "NNIND", "", "Aadhaar"},
    {"9999 4105 7058", "", "", "Aadhaar"},
    {"8003608166690503", "", "", "Australian health"},
    {"2123456701", "MC", "AUSHIC", "Australian Medicare"},
    {"123456789018", "NNJPN", "", "Japanese"},
    {"1234567893", "NPI", "", "provider"},
    {"123-45-6780", "", "", "social security"},
    {"123456780", "SS", "", "social security"},
    {"123456780", "", "USSSA", "social security"},
};

/* One digit wrong, or nothing says what the digits are. */
static const struct {
    const char *text, *type, *authority;
} not_real[] = {
    {"A123456780", "NI", "TWN"},
    {"A123456788", "", ""},
    {"MRN00012345", "MR", "KH"},
    {"9434765919", "MR", "NORTH"},
    {"943 476 5918", "", ""},
    {"111222333", "MR", ""},
    {"123456780", "MR", "HOSP"},
    {"1234567893", "MR", ""},
    {"000-12-3455", "SS", ""},
    {"666-12-3456", "SS", ""},
    {"912-12-3456", "SS", ""},
    {"123-00-3456", "SS", ""},
    {"123-45-0000", "SS", ""},
    {"078-05-1120", "SS", ""},
    {"111111111", "SS", ""},
    {"12345678A", "", ""},
    {"255081416802539", "", ""},
    {"255131416802538", "", ""},
    {"MRTMTT25D09F205A", "", ""},
    {"8003608166690504", "", ""},
    {"11010519491331002X", "", ""},
    {"131052-308U", "", ""},
    {"", "SS", ""},
    {"   ", "SS", ""},
    {"A12345678901234567890123456789012345678", "NI", ""},
    {"A123456789#", "", ""},
};

static const char *scheme_of(const char *text, const char *type, const char *authority)
{
    return real_identifier(
        &(struct real_identifier){str_of(text), str_of(type), str_of(authority)});
}

static void test_identifiers(void)
{
    for
        EACH (i, real) {
            const char *got = scheme_of(real[i].text, real[i].type, real[i].authority);

            CHECK(got && strstr(got, real[i].scheme), "%s %s: %s", real[i].scheme, real[i].text,
                  got ? got : "nothing");
        }
    for
        EACH (i, not_real) {
            const char *got = scheme_of(not_real[i].text, not_real[i].type, not_real[i].authority);

            CHECK(!got, "%s: %s", not_real[i].text, got);
        }
}

/* Of all last characters exactly as many fit as the scheme has: a check that takes more is none. Two: eight
 * digits and a letter are a Spanish DNI as well, and a Finnish date reads as a Danish one. */
static void test_one_check_character(void)
{
    static const struct {
        const char *head, *type;
        int fit;
    } cases[] = {
        {"B23456789", "", 1},       {"44030119800101123", "", 1}, {"800101123456", "", 1},
        {"S7654321", "", 1},        {"87654321", "ESP", 1},       {"943476592", "NHS", 1},
        {"01017012", "NLD", 2},     {"2000000000", "NOR", 0},     {"RSSMRA80A01H501", "", 1},
        {"01129955", "BSN", 2},     {"23456789012", "IND", 1},    {"800360816669051", "", 1},
        {"198112289", "SWE-12", 0}, {"19811228987", "SWE", 1},    {"131052-308", "", 2},
        {"123456789", "NPI", 1},    {"52998224", "CPF", 1},       {"12345678901", "JPN", 1},
    };

    for
        EACH (i, cases) {
            int fit = 0;

            for (const char *c = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"; *c; c++) {
                char text[40];

                (void)snprintf(text, sizeof text, "%s%c", cases[i].head, *c);
                fit += scheme_of(text, cases[i].type, "") != NULL;
            }
            CHECK(fit == cases[i].fit, "%s: %d fit", cases[i].head, fit);
        }
}

static void test_phones(void)
{
    static const char *const countries[] = {"TW", "SG", "US"};
    static const struct {
        const char *text;
        bool real;
    } cases[] = {
        {"0912-345-678", false}, /* the example of the metadata */
        {"+886912345678", false},
        {"886912345678", false},
        {"0912-345-679", true},
        {"+886 912 345 679", true},
        {"886912345679", true},
        {"０９１２３４５６７９", true}, /* full width */
        {"0912345679 ask mother", true},
        {"mobile 0912345679", true},
        {"02-2123-4567", false},
        {"212-555-0119", false},
        {"(212) 555-0199", false},
        {"+1 212 555 0100", false},
        {"12125550142", false},
        {"(212) 555-0242", true},
        {"(212) 736-5000", true},
        {"+44 7700 900123", false},
        {"+44 7701 900123", true},
        {"+33 6 39 98 12 34", false},
        {"+61 491 570 156", false},
        {"+49 30 23125 123", false},
        {"+46 70 174 06 35", false},
        {"1234567", false}, /* nobody's */
        {"", false},
        {"none", false},
        {"0912", false},
        {"091234567990123456789", false},
    };
    struct arena a = {0};

    for
        EACH (i, cases)
            CHECK(real_phone(str_of(cases[i].text), countries, 3, &a) == cases[i].real, "%s",
                  cases[i].text);
    CHECK(!real_phone(STR("0912-345-679"), countries + 2, 1, &a), "no number of that country");
    CHECK(real_phone(STR("+886912345679"), NULL, 0, &a), "needs no country");
    CHECK(real_fiction(STR("+12125550100")) && !real_fiction(STR("+12125550200")), "by itself");
    arena_reset(&a);
}

static bool z_field(void *ctx, struct str segment, unsigned field)
{
    (void)ctx;
    return str_eq(segment, STR("ZPI")) && field == 4;
}

/* "PID-3 Taiwan national identifier; PID-13 phone number" */
static void check_found(enum message_kind kind, const char *body, const char *want)
{
    static const char *const countries[] = {"TW"};
    struct real_search search = {.kind = kind,
                                 .body = str_of(body),
                                 .countries = countries,
                                 .n_countries = 1,
                                 .is_contact = z_field};
    struct arena a = {0};
    struct buf got = buf_new(4096);
    struct real_hits hits;
    struct err e = {0};
    bool ok = real_find(&search, &a, &hits, &e);

    CHECK(ok, "%s", e.text);
    for (size_t i = 0; ok && i < hits.n; i++)
        buf_printf(&got, "%s%s %s", i ? "; " : "", hits.items[i].place, hits.items[i].what);
    CHECK(str_eq(buf_str(&got), str_of(want)), STR_FMT " is not %s", STR_ARG(buf_str(&got)), want);
    buf_reset(&got);
    arena_reset(&a);
}

#define MSH "MSH|^~\\&|A|B|C|D|20250101||ADT^A08|1|P|2.5.1|||||||UNICODE UTF-8\r"

static void test_places(void)
{
    check_found(MESSAGE_HL7, MSH "PID|1||MRN1^^^KH^MR~A123456789^^^TWN^NI||||||||||0912-345-679\r",
                "PID-3 Taiwan national identifier; PID-13 phone number");
    check_found(MESSAGE_HL7, MSH "PID|1||MRN1^^^KH^MR~A123456780^^^TWN^NI||||||||||0912-345-678\r",
                "");
    check_found(MESSAGE_HL7, MSH "PID|1||1^^^KH^MR||||||||||^PRN^CP^^886^912^345679\r",
                "PID-13 phone number");
    check_found(MESSAGE_HL7, MSH "PID|1||1||||||||||||||||123456780\rMRG|A123456789\r",
                "PID-19 US social security number; MRG-1 Taiwan national identifier");
    check_found(MESSAGE_HL7, MSH "PID|1||1\rNK1|1||||0912345679\rZPI|1|||0912345679|0912345679\r",
                "NK1-5 phone number; ZPI-4 phone number");
    check_found(MESSAGE_HL7, MSH "PID|1||1\rPV1|1||||||A123456789\r", "");
    check_found(
        MESSAGE_FHIR,
        "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\","
        "\"identifier\":[{\"value\":\"1\"},{\"type\":{\"coding\":[{\"code\":\"SS\"}]},\"value\":"
        "\"123-45-6780\"}],\"telecom\":[{\"system\":\"phone\",\"value\":\"0912345679\"},"
        "{\"system\":\"email\",\"value\":\"0912345679\"}]}},{\"resource\":{\"resourceType\":"
        "\"Organization\",\"telecom\":[{\"system\":\"phone\",\"value\":\"0912345679\"}]}}]}",
        "Patient.identifier US social security number; Patient.telecom phone number");
    check_found(
        MESSAGE_FHIR,
        "{\"resourceType\":\"Appointment\",\"contained\":[{\"resourceType\":\"RelatedPerson\","
        "\"telecom\":{\"system\":\"phone\",\"value\":\"+886 912 345 679\"}}]}",
        "RelatedPerson.telecom phone number");
}

static void test_unreadable(void)
{
    struct real_search search = {.kind = MESSAGE_FHIR, .body = STR("{")};
    struct arena a = {0};
    struct real_hits hits;
    struct err e = {0};

    CHECK(!real_find(&search, &a, &hits, &e) && e.kind == ERR_INPUT && !hits.n, "half an object");
    search.kind = MESSAGE_HL7;
    CHECK(!real_find(&search, &a, &hits, &e) && e.kind == ERR_INPUT && !hits.n, "no header");
    arena_reset(&a);
}

int main(void)
{
    test_identifiers();
    test_one_check_character();
    test_phones();
    test_places();
    test_unreadable();
    return check_end();
}
