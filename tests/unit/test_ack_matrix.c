/* The acknowledgement matrix with a store that fails, and by profile: {2.1 ... 2.9} x MSH-15 x MSH-16 x mode.
 * What is expected stands in a table of its own, from hl7v2.md 3.2; tests/blackbox/test_ack_matrix.py holds the
 * rest of the matrix against the program. */
#include "check.h"
#include "mllp_house.h"

static const char *const versions[] = {"2.1", "2.2", "2.3",   "2.3.1", "2.4",   "2.5",   "2.5.1",
                                       "2.6", "2.7", "2.7.1", "2.8",   "2.8.1", "2.8.2", "2.9"};
static const char *const words[] = {"", "AL", "NE", "ER", "SU", "XX"};
enum { WORDS = 6 };

/* By MSH-15 (row) and MSH-16 (column), in the order of `words`: what a committed message hears, and one that
 * cannot be stored. "-": nothing. */
struct table {
    const char *committed[WORDS][WORDS], *failed[WORDS][WORDS];
};

#define ALL(x)                                                                                     \
    {                                                                                              \
        x, x, x, x, x, x                                                                           \
    }
#define OWN_GOOD                                                                                   \
    {                                                                                              \
        "AA", "AA", "-", "-", "AA", "AA"                                                           \
    }
#define OWN_BAD                                                                                    \
    {                                                                                              \
        "AE", "AE", "-", "AE", "-", "AE"                                                           \
    }

static const struct table automatic = {
    {OWN_GOOD, ALL("CA"), {"-", "AA", "-", "-", "AA", "-"}, ALL("-"), ALL("CA"), OWN_GOOD},
    {OWN_BAD, ALL("CE"), {"-", "AE", "-", "AE", "-", "-"}, ALL("CE"), ALL("-"), OWN_BAD},
};
static const struct table original = {
    {ALL("AA"), ALL("AA"), ALL("AA"), ALL("AA"), ALL("AA"), ALL("AA")},
    {ALL("AE"), ALL("AE"), ALL("AE"), ALL("AE"), ALL("AE"), ALL("AE")},
};
static const struct table enhanced = {
    {ALL("CA"), ALL("CA"), ALL("-"), ALL("-"), ALL("CA"), ALL("CA")},
    {ALL("CE"), ALL("CE"), ALL("-"), ALL("CE"), ALL("-"), ALL("CE")},
};

static void say(struct house *h, struct peer *p, const char *id, const char *version,
                const char *accept, const char *application)
{
    char text[256];
    int n = snprintf(text, sizeof text,
                     "\x0bMSH|^~\\&|APP|FAC|||2026||SIU^S12|%s|P|%s|||%s|%s\rSCH|1\r\x1c\r", id,
                     version, accept, application);

    peer_say(h, p, (struct str){text, (size_t)n}, 0);
}

/* How many answers that are. */
static size_t expect(struct buf *to, const char *code, const char *id)
{
    if (code[0] == '-')
        return 0;
    buf_printf(to, "%s:%s ", code, id);
    return 1;
}

/* One message while the store fails, the same once more, and a probe that is always answered. Silence is
 * what comes before the probe's answer. */
static void check_one(struct house *h, struct peer *p, size_t n, const struct table *t,
                      const char *version, size_t i, size_t k)
{
    struct buf wanted = buf_new(4096), got = buf_new(4096);
    char id[32], probe[32];
    size_t answers;

    snprintf(id, sizeof id, "M%zu", n);
    snprintf(probe, sizeof probe, "P%zu", n);
    h->flaky.calls = 0;
    h->flaky.fired = false;
    h->flaky.at = 1;
    say(h, p, id, version, words[i], words[k]);
    while (!h->flaky.fired)
        house_turn(h);
    h->flaky.at = 0;
    answers = expect(&wanted, t->failed[i][k], id);
    say(h, p, id, version, words[i], words[k]);
    answers += expect(&wanted, t->committed[i][k], id);
    say(h, p, probe, "2.5", "", "");
    answers += expect(&wanted, t == &enhanced ? "CA" : "AA", probe);
    CHECK(peer_hear(h, p, answers), "%s: the probe",
          probe); /* nothing is with the store any more */
    peer_answers(p, &got);
    CHECK(str_eq(buf_str(&got), buf_str(&wanted)), "%s, \"%s\", \"%s\": %s, not %s", version,
          words[i], words[k], got.p, wanted.p);
    p->heard.n = 0;
    buf_reset(&wanted);
    buf_reset(&got);
}

/* every: so many versions are passed over; a fixed mode knows no versions. */
static void check_mode(enum hl7_ack_mode mode, const struct table *t, size_t every)
{
    struct house h;
    struct peer p;
    size_t n = 0;

    for (size_t v = 0; v < sizeof versions / sizeof *versions; v += every) {
        house_build(&h, 0);
        h.set.profile.mode = mode;
        h.set.peers_ms = 0; /* only messages call the store */
        house_open(&h);
        peer_open(&h, &p);
        for (size_t i = 0; i < WORDS; i++) {
            for (size_t k = 0; k < WORDS; k++)
                check_one(&h, &p, ++n, t, versions[v], i, k);
        }
        CHECK(house_stored(&h) == 2 * WORDS * WORDS, "each is stored once");
        peer_half_close(&p);
        CHECK(peer_hear_end(&h, &p) && p.heard.n == 0, "and nothing else is said");
        peer_end(&p);
        house_end(&h);
    }
    CHECK(n >= 3 * WORDS * WORDS, "%zu", n);
}

int main(void)
{
    check_mode(HL7_MODE_AUTO, &automatic, 1);
    check_mode(HL7_MODE_ORIGINAL, &original, 5);
    check_mode(HL7_MODE_ENHANCED, &enhanced, 5);
    return check_end();
}
