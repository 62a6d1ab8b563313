/* Non-interference (docs/feed-language.md, section 13.4): pairs of messages that agree on every field up to a
 * class and differ above it. Where both lead to a send: the same parameters when they agree up to what the
 * template may show, the same language up to preference, the same template up to logistics, the same
 * recipient up to contact. The first argument is the number of pairs. */
#include <stdlib.h>
#include <sys/stat.h>

#include "../../src/feed/model.h"
#include "check.h"
#include "leak_feed.h"
#include "scramble.h"

/* Under the sanitizers each pair takes several times as long. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { PAIRS = 15000 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { PAIRS = 15000 };
#else
enum { PAIRS = 120000 };
#endif
#else
enum { PAIRS = 120000 };
#endif

enum { BASES_MOST = 64, RECEIVED_MS = 1740788100 };

struct base { /* a message that leads to a send */
    const struct feed *f;
    const char *name;
    const struct scramble_word *words;
    size_t n_words;
    struct str body;
    int side;
};

static struct base bases[BASES_MOST];
static size_t n_bases;
static struct arena texts;

static struct {
    long pairs, both, one, none, other; /* other: not as many instances on both sides */
    long by_level[CLASS_CLINICAL + 1];
    long blocked; /* sound feeds must not be blocked */
} sum;

/* ---- messages ---- */

static struct str read_text(const char *path)
{
    char text[1 << 16];
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(text, 1, sizeof text, f) : 0;

    CHECK(n > 0, "%s cannot be read", path);
    if (f)
        (void)fclose(f);
    return arena_copy(&texts, (struct str){text, n});
}

static bool evaluate(const struct base *b, struct str body, struct arena *a, struct feed_result *r)
{
    const struct feed_input in = {.kind = b->side ? MESSAGE_FHIR : MESSAGE_HL7,
                                  .body = body,
                                  .received_ms = INT64_C(1000) * RECEIVED_MS,
                                  .key = STR("tidings-test-key")};
    struct err e = {0};

    return feed_eval(b->f, &in, a, r, &e);
}

static void add_base(const struct feed *f, const char *name, struct str body,
                     const struct scramble_word *words, size_t n_words)
{
    struct base b = {f, name, words, n_words, body, body.n && body.p[0] == '{'};
    struct arena a = {0};
    struct feed_result r;
    bool sends = false;

    CHECK(evaluate(&b, body, &a, &r), "%s is no message", name);
    for (size_t i = 0; i < r.n; i++)
        sends = sends || r.outcomes[i].kind == FEED_SEND;
    CHECK(sends, "%s leads to no send", name);
    arena_reset(&a);
    if (sends && n_bases < BASES_MOST)
        bases[n_bases++] = b;
}

static struct feed *load(const char *path)
{
    struct arena a = {0};
    struct findings all;
    struct feed *f = feed_load(path, &a, &all);

    for (size_t i = 0; !f && i < all.n; i++)
        finding_print(&all.items[i], stdout);
    CHECK(f != NULL, "%s does not load", path);
    arena_reset(&a);
    if (!f)
        exit(1);
    return f;
}

/* ---- pairs ---- */

static bool same_params(const struct feed_outcome *a, const struct feed_outcome *b)
{
    bool same = a->n_params == b->n_params;

    for (size_t i = 0; same && i < a->n_params; i++)
        same = str_eq(a->params[i].name, b->params[i].name) &&
               str_eq(a->params[i].text, b->params[i].text);
    return same;
}

static enum sensitivity shows(const struct feed *f, const struct feed_template *t)
{
    for (size_t i = 0; i < f->templates.n; i++)
        if (&f->templates.items[i].shown == t)
            return f->templates.items[i].shows;
    return CLASS_PUBLIC;
}

static void compare(const struct base *b, enum sensitivity level, const struct feed_outcome *x,
                    const struct feed_outcome *y)
{
    bool one_language = str_eq(x->language, y->language);
    bool agreed = level >= shows(b->f, x->template) && level >= CLASS_LOGISTICS;

    if (level >= CLASS_LOGISTICS)
        CHECK(x->template == y->template, "%s: template, %s", b->name, class_name(level));
    if (level >= CLASS_PREFERENCE)
        CHECK(one_language, "%s: language, %s", b->name, class_name(level));
    if (level >= shows(b->f, x->template) && x->template == y->template && one_language)
        CHECK(same_params(x, y) && str_eq(x->text, y->text), "%s: parameters, %s", b->name,
              class_name(level));
    if (agreed)
        CHECK(same_params(x, y) && str_eq(x->text, y->text) && one_language, "%s: %s", b->name,
              class_name(level));
    if (level >= CLASS_CONTACT)
        CHECK(str_eq(x->to, y->to), "%s: recipient, %s", b->name, class_name(level));
}

static long sends(const struct feed_result *r)
{
    long n = 0;

    for (size_t i = 0; i < r->n; i++) {
        n += r->outcomes[i].kind == FEED_SEND;
        sum.blocked += r->outcomes[i].leak != NULL;
    }
    return n;
}

static void count(const struct base *b, enum sensitivity level, const struct feed_result r[2])
{
    long sent[2] = {sends(&r[0]), sends(&r[1])};
    bool both = false;

    if (r[0].n != r[1].n) {
        sum.other++;
        return;
    }
    for (size_t i = 0; i < r[0].n; i++) {
        const struct feed_outcome *x = &r[0].outcomes[i], *y = &r[1].outcomes[i];

        if (x->kind != FEED_SEND || y->kind != FEED_SEND)
            continue;
        both = true;
        compare(b, level, x, y);
    }
    sum.both += both;
    sum.by_level[level] += both;
    sum.one += !both && (sent[0] || sent[1]);
    sum.none += !both && !sent[0] && !sent[1];
}

static void pair(struct scramble *s, const struct base *b)
{
    static const enum sensitivity levels[] = {
        CLASS_CONTACT,   CLASS_CONTACT,   CLASS_CONTACT,   CLASS_CONTACT,    CLASS_IDENTIFIER,
        CLASS_LOGISTICS, CLASS_LOGISTICS, CLASS_LOGISTICS, CLASS_PREFERENCE, CLASS_DIRECTORY};
    struct feed_result r[2];
    struct arena a = {0};

    s->keep = levels[scramble_random(s, sizeof levels / sizeof *levels)];
    s->words = b->words;
    s->n_words = b->n_words;
    for (int k = 0; k < 2; k++) {
        struct str body = b->side ? scramble_fhir(s, b->body, &a) : scramble_hl7(s, b->body, &a);

        CHECK(evaluate(b, body, &a, &r[k]), "%s: scrambled, it is no message", b->name);
    }
    sum.pairs++;
    count(b, s->keep, r);
    arena_reset(&a);
}

/* ---- the feeds ---- */

#define DEMO     "mappings/demo/samples/"
#define EXAMPLES "../shared/design/feed-examples/"

static void add_demo(const struct feed *f)
{
    static const char *const samples[] = {"01-siu-s12-booked.hl7", "02-siu-s13-moved.hl7",
                                          "04-siu-s12-new-york.hl7", "05-oru-r01-ready.hl7"};

    for
        EACH (i, samples) {
            char path[128];

            (void)snprintf(path, sizeof path, DEMO "%s", samples[i]);
            add_base(f, samples[i], read_text(path), NULL, 0);
        }
}

static void add_stories(const struct feed *f)
{
    static const char *const samples[] = {"siu-s12.hl7", "oru-r01.hl7"};

    for
        EACH (i, samples) {
            char path[128];

            (void)snprintf(path, sizeof path, "fixtures/stories/feed/samples/%s", samples[i]);
            add_base(f, samples[i], read_text(path), NULL, 0);
        }
}

/* Under the overlay the number stands in the sender's own segment, as its policy says. */
static void add_examples(const struct feed *f)
{
    static const struct scramble_word words[] = {{"ZPI-4", CLASS_CONTACT}};
    static const char *const samples[] = {"siu-s12.hl7", "oru-r01.hl7", "oru-r01-two.hl7",
                                          "appointment.json", "diagnosticreport.json"};

    for
        EACH (i, samples) {
            char path[128];

            (void)snprintf(path, sizeof path, EXAMPLES "samples/%s", samples[i]);
            add_base(f, samples[i], read_text(path), words, 1);
        }
    add_base(f, "hudson",
             STR("MSH|^~\\&|CADENCE|HUDSON|T|N|20250708081500-0400||SIU^S12^SIU_S12|M1|P|2.5.1\r"
                 "SCH|A1|F1|||||||||^^^20250710093000\r"
                 "PID|1||MRN1^^^H^MR||Rivera^Ana||19720903|F|||||||eng\r"
                 "ZPI|1|||(212) 555-0142^PRN^CP|x\r"),
             words, 1);
}

/* Feeds whose templates may show more, by policy, and one that shows what the policy declares. */
static const struct raised {
    struct mutant m;
    const char *value; /* of PV2-8 */
} raised[] = {
    {{.of = &leak_slots[0]}, "1"},
    {{.of = &leak_slots[0], .hl7 = "PV2-8", .ceiling = "logistics", .shows = "logistics"},
     "LO44444"},
    {{.of = &leak_slots[2], .hl7 = "PV2-8", .ceiling = "logistics", .shows = "logistics"},
     "20290203"},
    {{.of = &leak_slots[3], .hl7 = "PV2-8", .ceiling = "logistics", .shows = "logistics"},
     "202902031111"},
    {{.of = &leak_slots[0], .hl7 = "PID-15.2", .ceiling = "preference", .shows = "preference"},
     "1"},
};

static struct feed *add_raised(const struct tenant *t, const struct raised *r)
{
    static const struct scramble_word words[] = {{"ZPI-9", CLASS_DIRECTORY},
                                                 {"Patient.extension", CLASS_DIRECTORY}};
    struct buf fhir = buf_new(LEAK_TEXT_MOST);
    struct feed *f;

    leak_write(t, &r->m);
    f = load(t->feed);
    leak_message(r->m.of, 1, &fhir);
    add_base(f, r->m.of->slot, arena_copy(&texts, buf_str(&fhir)), words, 2);
    add_base(f, r->m.of->slot,
             arena_printf(&texts,
                          "MSH|^~\\&|E|KH|||20250301081500+0800||ZAD^A10|M1|P|2.5.1\n"
                          "PID|1||M1^^^^MR~XQ90317^^^^XX||Rivera^Ana||19800304|F|||||"
                          "0912345678^^CP||eng^PR33333|||99\n"
                          "PV1|1||WARD\nPV2||||||||%s\nOBX|1|ST|1||20310717 XQ90317\n"
                          "ZPI|1||||||||%s\n",
                          r->value, r->m.of->open[0]),
             words, 2);
    buf_reset(&fhir);
    return f;
}

enum { RAISED = sizeof raised / sizeof *raised };

int main(int argc, char **argv)
{
    const long pairs = argc > 1 ? atol(argv[1]) : PAIRS;
    struct scramble s = {.state = 0x9E3779B97F4A7C15};
    struct feed *feeds[RAISED + 3] = {load("mappings/demo/demo.yaml"),
                                      load("fixtures/stories/feed/stories.yaml")};
    struct stat st;
    struct tenant t;

    tenant_make(&t);
    leak_tables(&t);
    add_demo(feeds[0]);
    add_stories(feeds[1]);
    for (size_t k = 0; k < RAISED; k++)
        feeds[2 + k] = add_raised(&t, &raised[k]);
    if (stat(EXAMPLES "north.yaml", &st) == 0)
        add_examples(feeds[RAISED + 2] = load(EXAMPLES "north.yaml"));
    else
        printf("skipped: " EXAMPLES " is not there\n");
    while (sum.pairs < pairs)
        pair(&s, &bases[sum.pairs % (long)n_bases]);
    printf("%ld pairs of %zu messages: %ld sent on both sides (agreeing up to directory %ld, "
           "preference %ld,"
           " logistics %ld, contact %ld, identifier %ld), %ld on one, %ld on none, %ld of another "
           "form\n",
           sum.pairs, n_bases, sum.both, sum.by_level[CLASS_DIRECTORY],
           sum.by_level[CLASS_PREFERENCE], sum.by_level[CLASS_LOGISTICS],
           sum.by_level[CLASS_CONTACT], sum.by_level[CLASS_IDENTIFIER], sum.one, sum.none,
           sum.other);
    CHECK(sum.both >= 2 * pairs / 5, "%ld sent on both sides", sum.both);
    CHECK(sum.blocked == 0, "%ld blocked though their feeds are sound", sum.blocked);
    for (size_t k = 0; k < sizeof feeds / sizeof *feeds; k++)
        feed_free(feeds[k]);
    arena_reset(&texts);
    tenant_remove(&t);
    return check_end();
}
