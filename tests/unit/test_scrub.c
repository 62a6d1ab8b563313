/* Scrubbing, over every file of the corpus beside the repository: the form stays, the people go, and a feed
 * makes the same of a message as before. */
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "check.h"
#include "feed/feed.h"
#include "feed/real.h"
#include "fhir/json.h"
#include "samples/scrub.h"
#include "scrub_walk.h"

/* AGAIN: every how many messages the same is done again, and with another key. */
enum { LONG_ENOUGH = 4, AGAIN = 8 };

static struct corpus {
    struct fake fake, other;
    struct feed *feed;
    size_t files, messages, leaves, replaced, same_length, fictional;
    size_t outcomes, same_outcomes, real, same_by_key;
} seen;

static const char *const countries[] = {"TW", "US"}; /* of the demo feed's sites */

static size_t length(struct str s)
{
    size_t n = 0;

    while (s.n) {
        (void)utf8_next(&s);
        n++;
    }
    return n;
}

static bool is_secret(const struct leaf_pair *p)
{
    return p->place != PLACE_OPEN && !(p->place == PLACE_CODE && place_code_like(p->before)) &&
           p->before.n && !str_eq(p->before, STR("\"\""));
}

static bool has_letter_or_digit(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] >= '0' && s.p[i] <= '9') || ((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z'))
            return true;
    return false;
}

/* A number that was nobody's before may stay what it is. */
static bool is_fictional(struct str text)
{
    struct arena a = {0};
    bool real = real_phone(text, countries, 2, &a);
    struct str again;
    bool phone = fake_phone(&seen.fake, text, &a, &again);

    arena_reset(&a);
    return phone && !real;
}

static void one_leaf(void *ctx, const struct leaf_pair *p)
{
    (void)ctx;
    seen.leaves++;
    CHECK(!p->before.n == !p->after.n, "%s-%u.%u: empty", p->segment, p->field, p->component);
    if (str_eq(p->before, STR("\"\"")))
        CHECK(str_eq(p->after, p->before), "%s-%u: \"\"", p->segment, p->field);
    if (!is_secret(p))
        return;
    seen.replaced++;
    seen.same_length += length(p->before) == length(p->after);
    if (length(p->before) < LONG_ENOUGH || !has_letter_or_digit(p->before) ||
        !str_eq(p->before, p->after))
        return;
    /* a part of a number is nobody's when the whole is */
    if ((p->place == PLACE_PHONE && p->component >= 5 && p->component <= 7) ||
        is_fictional(p->before))
        seen.fictional++;
    else
        CHECK(false, "%s-%u.%u stays", p->segment, p->field, p->component);
}

static bool read_message(struct str body, struct arena *a, struct hl7_message *m)
{
    struct hl7_limits limits = hl7_limits_default();
    struct hl7_charset_settings set = {NULL, NULL, false};
    struct err ignored;

    return hl7_message_read(body, &set, &limits, a, NULL, m, &ignored);
}

static void check_form(struct str before, struct str after, struct arena *a)
{
    struct hl7_message m, n;
    const char *why = NULL;

    if (!read_message(before, a, &m))
        return;
    CHECK(read_message(after, a, &n), "it is a message no more");
    CHECK(scrub_walk(&m, &n, one_leaf, NULL, &why), "%s", why);
}

static void check_nobody(enum message_kind kind, struct str after, struct arena *a)
{
    const struct real_search search = {
        .kind = kind, .body = after, .countries = countries, .n_countries = 2};
    struct real_hits hits = {NEW_ARRAY(a, struct real_hit, REAL_MOST_HITS), 0};
    struct err ignored;

    if (!real_find(&search, a, &hits, &ignored))
        return;
    seen.real += hits.n;
    CHECK(hits.n == 0, "%s: %s", hits.items[0].place, hits.items[0].what);
}

static void check_outcomes(enum message_kind kind, struct str before, struct str after,
                           struct arena *a)
{
    struct feed_input in = {.kind = kind, .body = before, .key = STR("tidings-test-key")};
    struct feed_result x = {0}, y = {0};
    struct err ignored;
    bool same;

    if (!feed_eval(seen.feed, &in, a, &x, &ignored))
        return;
    in.body = after;
    same = feed_eval(seen.feed, &in, a, &y, &ignored) && x.n == y.n;
    for (size_t i = 0; same && i < x.n; i++)
        same = x.outcomes[i].kind == y.outcomes[i].kind &&
               str_eq(x.outcomes[i].reason, y.outcomes[i].reason) &&
               str_eq(x.outcomes[i].rule, y.outcomes[i].rule);
    seen.outcomes += x.n > 0;
    seen.same_outcomes += x.n > 0 && same;
}

static void one_message(const struct piece *p)
{
    struct arena a = {0};
    struct str once, twice, other;
    struct err e;
    bool fhir = p->kind == PIECE_FHIR;
    bool (*scrub)(const struct fake *, struct str, struct arena *, struct str *, struct err *) =
        fhir ? scrub_fhir : scrub_hl7;

    if (scrub(&seen.fake, p->bytes, &a, &once, &e)) {
        seen.messages++;
        if (seen.messages % AGAIN == 0) {
            CHECK(scrub(&seen.fake, p->bytes, &a, &twice, &e) && str_eq(once, twice),
                  "not the same");
            CHECK(scrub(&seen.other, p->bytes, &a, &other, &e), "%s", e.text);
            seen.same_by_key += str_eq(once, other);
        }
        if (!fhir)
            check_form(p->bytes, once, &a);
        check_nobody(fhir ? MESSAGE_FHIR : MESSAGE_HL7, once, &a);
        check_outcomes(fhir ? MESSAGE_FHIR : MESSAGE_HL7, p->bytes, once, &a);
    }
    arena_reset(&a);
}

static int one_file(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    struct arena a = {0};
    struct pieces pieces = {NULL, 0};
    struct str bytes = STR("");
    struct err e = {0};

    (void)st, (void)ftw;
    if (kind != FTW_F)
        return 0;
    CHECK(source_read(path, &a, &bytes, &e) && source_split(bytes, &a, &pieces, &e), "%s", e.text);
    seen.files++;
    for (size_t i = 0; i < pieces.n; i++)
        if (pieces.items[i].kind == PIECE_HL7 || pieces.items[i].kind == PIECE_FHIR)
            one_message(&pieces.items[i]);
    arena_reset(&a);
    return 0;
}

static void check_corpus(const char *root)
{
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/../shared/data/corpus", root);
    if (access(path, R_OK) != 0 || nftw(path, one_file, 16, FTW_PHYS) != 0) {
        printf("the corpus is not beside the repository: over the demo's samples only\n");
        return;
    }
    CHECK(seen.messages > 1000, "%zu", seen.messages);
    CHECK(seen.same_length * 1000 >= seen.replaced * 997, "%zu of %zu", seen.same_length,
          seen.replaced);
    CHECK(seen.same_by_key * AGAIN * 20 < seen.messages, "%zu messages whatever the key",
          seen.same_by_key);
    CHECK(seen.same_outcomes == seen.outcomes, "%zu of %zu", seen.same_outcomes, seen.outcomes);
}

/* A word that is the same in two files stays the same; the sets of characters stay. */
static void check_links(void)
{
    static const char one[] =
        "MSH|^~\\&|A|B|C|D|20260301||ADT^A01|1|P|2.5\r"
        "PID|1||77001122^^^H^MR||\xe6\x9e\x97^\xe6\x80\xa1\xe5\x90\x9b||19800229"
        "|F|||1 Elm\\T\\Oak^^Town||+1 212 555 2368^PRN^PH~kim@example.net^NET\r"
        "ZPI|0912 345 679|\"\"||MSH\r";
    struct arena a = {0};
    struct hl7_message m;
    struct str out, link;
    struct err e;

    CHECK(scrub_hl7(&seen.fake, str_of(one), &a, &out, &e), "%s", e.text);
    CHECK(read_message(out, &a, &m), "a message");
    link = hl7_component(&m.sep, hl7_field(hl7_segment_find(&m, "PID"), 3), 1);
    CHECK(link.n == 8 && str_eq(link, fake_text(&seen.fake, FAKE_ID, STR("77001122"), '\\', &a)),
          "the record number by itself");
    CHECK(memmem(out.p, out.n, "\\T\\", 3) != NULL, "an escape");
    CHECK(memmem(out.p, out.n, "^^^H^MR|", 8) != NULL, "authority and type");
    CHECK(memmem(out.p, out.n, "55501", 5) || memmem(out.p, out.n, "555-01", 6) ||
              memmem(out.p, out.n, "555 01", 6),
          "a number of fiction");
    CHECK(memmem(out.p, out.n, "\xe6\x9e\x97", 3) == NULL, "a Han name");
    CHECK(memmem(out.p, out.n, "|\"\"||", 5) != NULL, "a delete and an empty field");
    CHECK(memmem(out.p, out.n, "example.net", 11) == NULL, "an address of mail");
    arena_reset(&a);
}

static void check_times(void)
{
    static const struct {
        const char *text;
        bool time;
    } table[] = {{"20260301", true},
                 {"202603010930", true},
                 {"20260301093000.12-0500", true},
                 {"2026-03-01T09:30:00Z", true},
                 {"20261301", false},
                 {"12345678", false},
                 {"2026", false},
                 {"19800229", true}};

    for
        EACH (i, table) {
            struct arena a = {0};
            struct str out;
            bool ok = fake_time(&seen.fake, str_of(table[i].text), &a, &out);

            CHECK(ok == table[i].time, "%s", table[i].text);
            CHECK(!ok || (out.n == strlen(table[i].text) &&
                          strcmp(table[i].text + (table[i].text[4] == '-' ? 10 : 8),
                                 arena_copy(&a, out).p + (table[i].text[4] == '-' ? 10 : 8)) == 0),
                  "%s keeps its time of day", table[i].text);
            arena_reset(&a);
        }
    CHECK(seen.fake.shift_days % 7 == 0 && seen.fake.shift_days < 0, "whole weeks, back");
}

/* Pieces that cannot be read are left out with their place; the rest of the file is not. */
static void check_faults(void)
{
    static const char text[] =
        "\x0bMSH|^~\\&|A|B|||20260301||ADT^A01|1|P|2.5\rPID|1||X1\r\x1c\r"
        "rubbish\r\x0bMSH|\r\x1c\rMSH|^~\\&|A|B|||20260301||ADT^A01|2|P|2.5\n"
        "PID|1||X2\n{\"not\": \"here\"}";
    struct arena a = {0};
    struct scrubbed s;
    struct err e;

    CHECK(scrub_file(&seen.fake, str_of(text), &a, &s, &e), "%s", e.text);
    CHECK(s.n_messages == 2 && s.n_faults == 2, "%zu messages, %zu faults", s.n_messages,
          s.n_faults);
    CHECK(s.n_faults == 2 && s.faults[0].at == 54, "at %zu", s.faults[0].at);
    CHECK(memmem(s.bytes.p, s.bytes.n, "rubbish", 7) == NULL, "what is not understood");
    CHECK(memmem(s.bytes.p, s.bytes.n, "here", 4) == NULL, "nor what stands behind a message");
    arena_reset(&a);
}

/* A sender puts the patient where nothing of a patient belongs. */
static void check_own(void)
{
    static const char hl7[] =
        "MSH|^~\\&|EHR|NORTH|T|T|20260101120000||ADT^A04|Brandt-77|P|2.5.1\r"
        "PID|1||MRN30004^^^NORTH^MR||Brandt^Ingrid||19710203\rPV1|1|O|CLINIC^ROOM BRANDT^3\r";
    static const char fhir[] =
        "{\"resourceType\":\"Patient\",\"Zappelphilipp\":1,\"a\\\"b\":{\"Suppenkaspar\":[true]},"
        "\"_birthDate\":{\"id\":\"q\"},\"identifier\":[{\"system\":\"http://x.example/mrn30004\","
        "\"value\":\"MRN30004\"}],\"name\":[{\"family\":\"Brandt\"}],\"extension\":[{\"url\":"
        "\"http://x.example/brandt\",\"valueString\":\"x\"}]}";
    static const char *const gone[] = {"randt", "RANDT", "30004", "Zappel", "Suppen"};
    struct arena a = {0};
    struct str out[2] = {STR(""), STR("")};
    struct err e = {0};

    CHECK(scrub_hl7(&seen.fake, str_of(hl7), &a, &out[0], &e), "%s", e.text);
    CHECK(scrub_fhir(&seen.fake, str_of(fhir), &a, &out[1], &e), "%s", e.text);
    for (size_t i = 0; i < 2; i++)
        for
            EACH (k, gone)
                CHECK(!memmem(out[i].p, out[i].n, gone[k], strlen(gone[k])), "%zu: %s: " STR_FMT, i,
                      gone[k], STR_ARG(out[i]));
    CHECK(memmem(out[0].p, out[0].n, "|EHR|NORTH|", 11) && memmem(out[0].p, out[0].n, "CLINIC", 6),
          "what is nobody's stays: " STR_FMT, STR_ARG(out[0]));
    CHECK(memmem(out[1].p, out[1].n, "\"_birthDate\":{\"id\"", 18) &&
              memmem(out[1].p, out[1].n, "valueString", 11) &&
              memmem(out[1].p, out[1].n, "\"unknown2\":{\"unknown0\":[true]}", 30),
          "names of the standard stay: " STR_FMT, STR_ARG(out[1]));
    arena_reset(&a);
}

int main(int argc, char **argv)
{
    const char *root = argc > 1 ? argv[1] : ".";
    uint8_t key[FAKE_KEY] = "one key of thirty-two bytes....";
    char path[4096];
    struct arena a = {0};
    struct findings findings;

    fake_init(&seen.fake, key, countries, 2);
    key[0]++;
    fake_init(&seen.other, key, countries, 2);
    (void)snprintf(path, sizeof path, "%s/mappings/demo/demo.yaml", root);
    seen.feed = feed_load(path, &a, &findings);
    CHECK(seen.feed != NULL, "%s", path);
    if (seen.feed) {
        check_own();
        check_links();
        check_times();
        check_faults();
        (void)snprintf(path, sizeof path, "%s/mappings/demo/samples", root);
        (void)nftw(path, one_file, 16, FTW_PHYS);
        check_corpus(root);
    }
    printf("%zu files, %zu messages, %zu leaves; %zu replaced, %zu of the same length; %zu "
           "fictional; outcomes %zu of %zu the same; %zu look real; %zu whatever the key\n",
           seen.files, seen.messages, seen.leaves, seen.replaced, seen.same_length, seen.fictional,
           seen.same_outcomes, seen.outcomes, seen.real, seen.same_by_key);
    feed_free(seen.feed);
    arena_reset(&a);
    return check_end();
}
