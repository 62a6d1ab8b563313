/* What leaves is what was approved: every part of a stored notice is changed in turn, and nothing of it leaves;
 * its feed is paused, the alarm raised, and what a person resumes goes on. */
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "store/approval.h"
#include "wa_house.h"

#define TEXT  "CANARYNAME"
#define OTHER "+12125550199"

/* ---- the digest ---- */

static struct param one[] = {{STR_LIT("clinic"), STR_LIT("North")}, {STR_LIT("day"), STR_LIT("7")}};
static struct param shifted[] = {{STR_LIT("clinic"), STR_LIT("North7")},
                                 {STR_LIT("day"), STR_LIT("")}};
static struct param renamed[] = {{STR_LIT("day"), STR_LIT("North")},
                                 {STR_LIT("clinic"), STR_LIT("7")}};
static struct param swapped[] = {{STR_LIT("clinic"), STR_LIT("7")},
                                 {STR_LIT("day"), STR_LIT("North")}};

static struct approved base(void)
{
    return (struct approved){.feed = STR("demo"),
                             .event_type = STR("appointment/1"),
                             .unit_key = STR("pk_1"),
                             .template = STR("visit"),
                             .language = STR("en"),
                             .to = STR(OTHER),
                             .link = true,
                             .named = true,
                             .replies = QUICK_CONFIRM,
                             .params = one,
                             .n_params = 2};
}

static void test_digest(void)
{
    static const uint8_t roots[2][SEAL_KEY_BYTES] = {{7}, {8}};
    struct seal *seal = seal_from_root(roots[0]), *other = seal_from_root(roots[1]);
    struct approved all[] = {base(), base(), base(), base(), base(), base(), base(), base(),
                             base(), base(), base(), base(), base(), base(), base()};
    struct approved what = base(), bare = base(), nameless = base();
    uint8_t approval[INDEX_BYTES];
    struct arena a = {0};

    all[0].feed = STR("dem");
    all[0].event_type = STR("oappointment/1"); /* the same bytes, parted elsewhere */
    all[1].feed = STR("other");
    all[2].event_type = STR("result/1");
    all[3].unit_key = STR("pk_2");
    all[4].template = STR("result");
    all[5].language = STR("zh_TW");
    all[6].to = STR("+12125550198");
    all[7].to = (struct str){NULL, 0};
    all[8].link = false;
    all[9].named = false;
    all[10].replies = QUICK_CONFIRM | QUICK_CANCEL;
    all[11].params = shifted;
    all[12].params = renamed;
    all[13].params = swapped;
    all[14].n_params = 1;
    approval_make(seal, &what, &a, approval);
    CHECK(approval_holds(seal, &what, &a, approval), "the same holds");
    CHECK(!approval_holds(other, &what, &a, approval), "under this key only");
    for
        EACH (i, all) {
            CHECK(!approval_holds(seal, &all[i], &a, approval), "change %zu is not seen", i);
        }
    what.named = nameless.named = false;
    nameless.params = (struct param[]){{{NULL, 0}, STR("North")}, {{NULL, 0}, STR("7")}};
    approval_make(seal, &what, &a, approval);
    CHECK(approval_holds(seal, &nameless, &a, approval), "by position names do not count");
    bare.n_params = 0;
    approval_make(seal, &bare, &a, approval);
    bare.named = false;
    CHECK(approval_holds(seal, &bare, &a, approval), "nor without parameters");
    seal_close(seal);
    seal_close(other);
    arena_reset(&a);
}

/* ---- another number ---- */

static void test_readdress(void)
{
    static const uint8_t root[SEAL_KEY_BYTES] = {7};
    static const struct {
        const char *name, *record, *to;
        enum sensitivity class;
        bool was, is;
    } cases[] = {
        {"the record's", "+12125550111", "+12125550111", CLASS_CONTACT, true, true},
        {"of a higher class", "+12125550111", "+12125550111", CLASS_IDENTIFIER, true, false},
        {"not the record's", "+12125550111", "+12125550112", CLASS_CONTACT, true, false},
        {"no record", NULL, "+12125550111", CLASS_CONTACT, true, false},
        {"to nobody", NULL, NULL, CLASS_CONTACT, true, true},
        {"never approved", "+12125550111", "+12125550111", CLASS_CONTACT, false, false},
    };
    struct seal *seal = seal_from_root(root);
    struct arena a = {0};

    for
        EACH (i, cases) {
            struct slot slot = {STR("phone"),
                                str_of(cases[i].record ? cases[i].record : ""),
                                {NULL, 0},
                                cases[i].class};
            struct event record = {STR("patient/1"), STR("pk_p"), &slot, cases[i].record != NULL};
            struct str to = cases[i].to ? str_of(cases[i].to) : (struct str){NULL, 0};
            struct notice n = {.feed = STR("demo"),
                               .template = STR("visit"),
                               .to = STR(OTHER),
                               .params = one,
                               .n_params = 2};
            struct approved what = approved_of(&n);

            if (cases[i].was)
                approval_make(seal, &what, &a, n.approval);
            approval_readdress(seal, &record, to, &a, &n);
            what = approved_of(&n);
            CHECK(str_eq(n.to, to), "%s: it goes elsewhere", cases[i].name);
            CHECK(approval_holds(seal, &what, &a, n.approval) == cases[i].is, "%s", cases[i].name);
        }
    seal_close(seal);
    arena_reset(&a);
}

/* ---- what is stored is not what was approved ---- */

static void other_template(struct notice *n)
{
    n->template = STR("result_ready");
}
static void bad_template(struct notice *n)
{
    n->template = STR("No such form");
}
static void other_language(struct notice *n)
{
    n->language = STR("en");
}
static void other_number(struct notice *n)
{
    n->to = STR(OTHER);
}
static void other_unit(struct notice *n)
{
    n->unit_key = STR("pk_another");
}
static void other_type(struct notice *n)
{
    n->event_type = STR("result_ready/1");
}
static void other_feed(struct notice *n)
{
    n->feed = STR("elsewhere");
}
static void other_text(struct notice *n)
{
    n->params[0].text = STR(TEXT " too");
}
static void fewer_params(struct notice *n)
{
    n->n_params = 0;
}
static void by_name(struct notice *n)
{
    n->named = true;
}
static void no_link(struct notice *n)
{
    n->token = (struct str){NULL, 0};
}
static void more_replies(struct notice *n)
{
    n->replies |= QUICK_CANCEL;
}
static void one_bit(struct notice *n)
{
    n->approval[INDEX_BYTES - 1] ^= 1;
}
static void no_approval(struct notice *n)
{
    memset(n->approval, 0, sizeof n->approval);
}
static void other_token(struct notice *n)
{
    n->token = STR("ABCDEFGabcdefghijklmnopqrstuvwxyz0123456789");
}

static const struct spoiled {
    const char *name;
    void (*spoil)(struct notice *n);
    const char *feed; /* that is paused; NULL: none */
} spoils[] = {
    {"nothing", NULL, NULL},
    {"another token: minted later", other_token, NULL},
    {"template", other_template, "demo"},
    {"template, against the grammar", bad_template, "demo"},
    {"language", other_language, "demo"},
    {"recipient", other_number, "demo"},
    {"unit", other_unit, "demo"},
    {"event type", other_type, "demo"},
    {"feed", other_feed, "elsewhere"},
    {"text", other_text, "demo"},
    {"number of parameters", fewer_params, "demo"},
    {"parameters by name", by_name, "demo"},
    {"link", no_link, "demo"},
    {"quick replies", more_replies, "demo"},
    {"a bit of the approval", one_bit, "demo"},
    {"approval", no_approval, "demo"},
};

struct asked {
    struct arena *a;
    struct pause_list paused;
    struct str resume;
    bool was;
};

static bool list_paused(struct store *s, void *ctx, struct err *e)
{
    struct asked *q = ctx;

    return s->ops->list_paused(s, q->a, &q->paused, e);
}

static bool resume(struct store *s, void *ctx, struct err *e)
{
    struct asked *q = ctx;

    return s->ops->resume_feed(s, q->resume, &q->was, e);
}

static bool idle(struct house *h)
{
    return send_counts(h->send).in_flight == 0 && !send_counts(h->send).beginning;
}

static void ring(struct house *h, const char *name)
{
    house_ring(h);
    CHECK(house_until(h, idle), "%s: never quiet", name);
}

static bool says(struct str text, const char *what)
{
    return text.n && memmem(text.p, text.n, what, strlen(what)) != NULL;
}

static void check_blocked(struct house *h, const struct spoiled *c, int64_t id)
{
    struct asked q = {.a = &h->arena, .resume = str_of(c->feed)};
    struct notice n = house_read(h, id);

    CHECK(sandbox_tally(h->sandbox).accepted == 0, "%s: it left", c->name);
    CHECK(n.state == NOTICE_HELD && str_eq(n.reason, STR("blocked: not what was approved")),
          "%s: %s, " STR_FMT, c->name, notice_state_name(n.state), STR_ARG(n.reason));
    CHECK(h->blocked == 1, "%s: counted %llu times", c->name, (unsigned long long)h->blocked);
    house_do(h, list_paused, &q);
    CHECK(q.paused.n == 1 && str_eq(q.paused.items[0].feed, str_of(c->feed)) &&
              str_eq(q.paused.items[0].reason, STR("blocked: not what was approved")),
          "%s: %zu feeds are paused", c->name, q.paused.n);
    h->spoil = NULL;
    if (strcmp(c->feed, "demo") != 0)
        return;
    (void)house_notice(h, HOUSE_TO, "next");
    ring(h, c->name);
    CHECK(sandbox_tally(h->sandbox).accepted == 0, "%s: a paused feed sends", c->name);
    house_do(h, resume, &q);
    CHECK(q.was, "%s: it was not paused", c->name);
    ring(h, c->name);
    CHECK(house_accepted(h, 1) && house_until(h, idle), "%s: it does not go on", c->name);
    CHECK(house_read(h, id).state == NOTICE_HELD, "%s: what was blocked stays", c->name);
}

static void run_spoiled(const struct spoiled *c, FILE *log)
{
    static char text[1 << 16];
    struct house h;
    struct str said;
    int64_t id;
    size_t n;

    rewind(log);
    CHECK(ftruncate(fileno(log), 0) == 0, "%s", c->name);
    house_open(&h, &(struct house_settings){.no_webhooks = true});
    h.spoil = c->spoil;
    id = house_notice(&h, HOUSE_TO, TEXT);
    ring(&h, c->name);
    (void)fflush(stderr);
    rewind(log);
    n = fread(text, 1, sizeof text, log);
    said = (struct str){text, n};
    CHECK(says(said, "\"level\":\"critical\"") == (c->feed != NULL), "%s: the alarm", c->name);
    CHECK(!says(said, TEXT) && !says(said, "5550"), "%s: the log says what it was", c->name);
    if (c->feed) {
        CHECK(says(said, "paused until `tidings resume`") && says(said, c->feed), "%s: " STR_FMT,
              c->name, STR_ARG(said));
        check_blocked(&h, c, id);
    } else {
        CHECK(sandbox_tally(h.sandbox).accepted == 1 && h.blocked == 0, "%s: stopped", c->name);
    }
    house_close(&h);
}

static void test_spoiled(void)
{
    FILE *log = tmpfile();
    int before = dup(STDERR_FILENO);

    (void)dup2(fileno(log), STDERR_FILENO);
    for
        EACH (i, spoils) {
            run_spoiled(&spoils[i], log);
        }
    (void)dup2(before, STDERR_FILENO);
    (void)close(before);
    (void)fclose(log);
}

/* What was approved, and is against our own grammar all the same: held, and no reason to stop the feed. */
static void test_only_grammar(void)
{
    struct house h;
    struct asked q = {0};
    int64_t id;

    house_open(&h, &(struct house_settings){.no_webhooks = true});
    q.a = &h.arena;
    id = house_notice(&h, HOUSE_TO, "two\nlines");
    ring(&h, "grammar");
    house_do(&h, list_paused, &q);
    CHECK(house_read(&h, id).state == NOTICE_HELD && q.paused.n == 0 && h.blocked == 0,
          "%zu paused", q.paused.n);
    house_close(&h);
}

int main(void)
{
    test_digest();
    test_readdress();
    test_spoiled();
    test_only_grammar();
    return check_end();
}
