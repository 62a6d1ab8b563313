/* Whose message it is, and whether it may come from there. */
#include "check.h"
#include "receive/sender.h"

static char lab_names[1][TLS_NAME_MOST] = {"lab.hospital.example"};
static char two_names[2][TLS_NAME_MOST] = {"other.example", "lab.hospital.example"};
static const struct tls_peer lab = {lab_names, 1, "aa"}, two = {two_names, 2, "bb"};
static const struct tls_peer nameless = {NULL, 0, "cc"};

static const char *const lab_only[] = {"radiology.example", "lab.hospital.example"};
static const char *const by_print[] = {"sha256:cc"};

/* ::ffff:10.0.0.0/104 and one address */
static const struct net_range ten[] = {{{[10] = 0xFF, [11] = 0xFF, [12] = 10}, 104}};
static const struct net_range host[] = {
    {{[10] = 0xFF, [11] = 0xFF, [12] = 192, [13] = 0, [14] = 2, [15] = 7}, 128}};

static const struct mllp_sender plain[] = {
    {.name = "both", .application = "APP", .facility = "FAC"},
    {.name = "application", .application = "APP"},
    {.name = "facility", .facility = "FAC"},
    {.name = "empty", .application = ""},
};
static const struct mllp_sender bound[] = {
    {.name = "by address",
     .application = "APP",
     .facility = "FAC",
     .addresses = ten,
     .n_addresses = 1},
    {.name = "again", .application = "APP", .facility = "FAC", .addresses = host, .n_addresses = 1},
    {.name = "wider", .application = "APP"},
    {.name = "by certificate", .application = "LAB", .certificates = lab_only, .n_certificates = 2},
    {.name = "by both",
     .application = "SAFE",
     .addresses = ten,
     .n_addresses = 1,
     .certificates = by_print,
     .n_certificates = 1},
};
/* A broader row stands before the bound one; two names that overlap; a free row of the same names. */
static const struct mllp_sender broad[] = {
    {.name = "anybody's", .application = "APP"},
    {.name = "bound", .application = "APP", .facility = "FAC", .addresses = ten, .n_addresses = 1},
    {.name = "copy", .application = "app", .facility = "fac"},
    {.name = "house", .facility = "HOUSE", .addresses = host, .n_addresses = 1},
    {.name = "free", .application = "SAFE"},
};

static const struct {
    const char *why;
    const struct mllp_sender *all;
    size_t n;
    const char *application, *facility, *address;
    const struct tls_peer *peer;
    enum mllp_match match;
    const char *name; /* NULL: none */
} cases[] = {
    {"nobody is listed", NULL, 0, "APP", "FAC", "10.1.1.1", NULL, MLLP_UNKNOWN, NULL},
    {"the first row", plain, 4, "APP", "FAC", "10.1.1.1", NULL, MLLP_KNOWN, "both"},
    {"one name", plain, 4, "APP", "X", "10.1.1.1", NULL, MLLP_KNOWN, "application"},
    {"the other name", plain, 4, "X", "FAC", "10.1.1.1", NULL, MLLP_KNOWN, "facility"},
    {"blanks around", plain, 4, " APP\t", "  FAC", "10.1.1.1", NULL, MLLP_KNOWN, "both"},
    {"blanks inside", plain, 4, "A PP", "F", "10.1.1.1", NULL, MLLP_UNKNOWN, NULL},
    {"another case", plain, 4, "app", "fac", "10.1.1.1", NULL, MLLP_KNOWN, "both"},
    {"a control", plain, 4, "AP\x01P", "FAC\x7F", "10.1.1.1", NULL, MLLP_KNOWN, "both"},
    {"zero width", plain, 4, "A\xE2\x80\x8BPP", "FAC", "10.1.1.1", NULL, MLLP_KNOWN, "both"},
    {"full width", plain, 4, "\xEF\xBC\xA1\xEF\xBD\x90P", "FAC", "10.1.1.1", NULL, MLLP_KNOWN,
     "both"},
    {"not UTF-8", plain, 4, "APP\xFF", "F", "10.1.1.1", NULL, MLLP_UNKNOWN, NULL},
    {"longer", plain, 4, "APPS", "F", "10.1.1.1", NULL, MLLP_UNKNOWN, NULL},
    {"empty is a name", plain, 4, "", "F", "10.1.1.1", NULL, MLLP_KNOWN, "empty"},
    {"absent is empty", plain, 4, NULL, NULL, "10.1.1.1", NULL, MLLP_KNOWN, "empty"},
    {"of equal ones the first", plain + 1, 2, "APP", "FAC", "10.1.1.1", NULL, MLLP_KNOWN,
     "application"},
    {"from its address", bound, 5, "APP", "FAC", "10.200.3.4", NULL, MLLP_KNOWN, "by address"},
    {"written as IPv6", bound, 5, "APP", "FAC", "::ffff:10.2.3.4", NULL, MLLP_KNOWN, "by address"},
    {"from its other address", bound, 5, "APP", "FAC", "192.0.2.7", NULL, MLLP_KNOWN, "again"},
    {"from elsewhere", bound, 5, "APP", "FAC", "192.0.2.8", NULL, MLLP_FOREIGN, "by address"},
    {"IPv6 is elsewhere", bound, 5, "APP", "FAC", "2001:db8::1", NULL, MLLP_FOREIGN, "by address"},
    {"no address", bound, 5, "APP", "FAC", "", NULL, MLLP_FOREIGN, "by address"},
    {"another facility is not bound", bound, 5, "APP", "X", "192.0.2.8", NULL, MLLP_KNOWN, "wider"},
    {"its certificate", bound, 5, "LAB", "X", "192.0.2.8", &lab, MLLP_KNOWN, "by certificate"},
    {"among its names", bound, 5, "LAB", "X", "192.0.2.8", &two, MLLP_KNOWN, "by certificate"},
    {"no certificate", bound, 5, "LAB", "X", "192.0.2.8", NULL, MLLP_FOREIGN, "by certificate"},
    {"another one", bound, 5, "LAB", "X", "1.2.3.4", &nameless, MLLP_FOREIGN, "by certificate"},
    {"both", bound, 5, "SAFE", "X", "10.2.8.9", &nameless, MLLP_KNOWN, "by both"},
    {"address only", bound, 5, "SAFE", "X", "10.2.8.9", &lab, MLLP_FOREIGN, "by both"},
    {"certificate only", bound, 5, "SAFE", "X", "11.2.8.9", &nameless, MLLP_FOREIGN, "by both"},
    {"a broader row frees nobody", broad, 5, "APP", "FAC", "192.0.2.7", NULL, MLLP_FOREIGN,
     "bound"},
    {"nor does a copy that is not bound", broad + 1, 2, "APP", "FAC", "192.0.2.7", NULL,
     MLLP_FOREIGN, "bound"},
    {"where it is bound to", broad, 5, "APP", "FAC", "10.0.0.1", NULL, MLLP_KNOWN, "bound"},
    {"what is left for the broader row", broad, 5, "APP", "X", "192.0.2.7", NULL, MLLP_KNOWN,
     "anybody's"},
    {"of one name each, the bound one", broad, 5, "APP", "HOUSE", "10.0.0.1", NULL, MLLP_FOREIGN,
     "house"},
    {"wherever it stands", broad + 3, 2, "SAFE", "HOUSE", "10.0.0.1", NULL, MLLP_FOREIGN, "house"},
};

int main(void)
{
    for
        EACH (i, cases) {
            struct mllp_origin from = {cases[i].address, cases[i].peer};
            const struct mllp_sender *s = NULL;
            enum mllp_match match =
                mllp_sender_find(cases[i].all, cases[i].n, str_of(cases[i].application),
                                 str_of(cases[i].facility), &from, &s);

            CHECK(match == cases[i].match, "%s: %d", cases[i].why, match);
            CHECK(cases[i].name ? s && strcmp(s->name, cases[i].name) == 0 : !s, "%s: %s",
                  cases[i].why, s ? s->name : "none");
        }
    CHECK(mllp_profile_default().mode == HL7_MODE_AUTO, "each message says how it is answered");
    return check_end();
}
