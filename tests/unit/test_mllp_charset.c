/* A sender whose text has another character set than it says: what was agreed with it holds from the socket to
 * the typed event. The name is Big5 with second bytes that equal a backslash and a bar, no two characters
 * side by side, so nobody can guess the set; read by another one, the phone does not stand where it should. */
#include "check.h"
#include "map/map.h"
#include "mllp_house.h"
#include "temp_folder.h"

#define SB    "\x0b"
#define END   "\x1c\r"
#define NAME  "\xB3\x5C^\xA4\x7C^\xA4\x7C"
#define PHONE "+886912345678"
#define MSH(id, continues, set)                                                                    \
    "MSH|^~\\&|SCHED|TPE|TIDINGS|DEMO|20260302081500+0800||SIU^S12|" id "|P|2.5.1||" continues     \
    "||||" set "\r"
#define PATIENT                                                                                    \
    "SCH|A2001|F2001|||||||||^^30^20260305093000\r"                                                \
    "PID|1||MRN20001^^^TPE^MR||" NAME "||19850617|F|||||0912-345-678^PRN^CP||zho\r"
#define PLACE "RGS|1\rAIS|1|A|CHK|20260305093000\rAIL|1|A|RIVER-3F^^^TPE\r"

#define WHOLE(set)                                                                                 \
    SB MSH("A1", "", set)                                                                          \
    PATIENT PLACE END
#define PARTS(set)                                                                                 \
    SB MSH("A1", "", set) PATIENT "DSC|p1\r" END SB MSH("A2", "p1", set)                           \
    PLACE END

/* What is agreed, what is said, and whether the phone is found. */
static const struct {
    const char *name, *charset, *fallback;
    struct str say;
    size_t answers;
    bool found;
} cases[] = {
    {"nothing agreed", NULL, NULL, STR_LIT(WHOLE("")), 1, false},
    {"forced", "BIG-5", NULL, STR_LIT(WHOLE("")), 1, true},
    {"forced, by another name of it", "CP950", NULL, STR_LIT(WHOLE("")), 1, true},
    {"forced over MSH-18", "BIG-5", NULL, STR_LIT(WHOLE("8859/1")), 1, true},
    {"forced over a fallback", "BIG-5", "8859/1", STR_LIT(WHOLE("")), 1, true},
    {"the wrong one forced", "8859/1", "BIG-5", STR_LIT(WHOLE("")), 1, false},
    {"fallback", NULL, "BIG-5", STR_LIT(WHOLE("")), 1, true},
    {"fallback, MSH-18 says ASCII", NULL, "BIG-5", STR_LIT(WHOLE("ASCII")), 1, true},
    {"fallback, but declared", NULL, "BIG-5", STR_LIT(WHOLE("8859/1")), 1, false},
    {"the wrong fallback", NULL, "8859/2", STR_LIT(WHOLE("")), 1, false},
    {"parts, nothing agreed", NULL, NULL, STR_LIT(PARTS("")), 2, false},
    {"parts, forced", "BIG-5", NULL, STR_LIT(PARTS("")), 2, true},
    {"parts, fallback", NULL, "BIG-5", STR_LIT(PARTS("")), 2, true},
};

static const struct hl7_charset *set_of(const char *name)
{
    bool alias;

    return name ? hl7_charset_find(str_of(name), &alias) : NULL;
}

struct work {
    const struct feed *feed;
    const struct seal *seal;
    struct arena a;
    struct str phone, reason; /* of the one instance; absent: none */
    size_t n;
    struct str unknown; /* charset that the stored message is given; absent: its own */
};

static struct str phone_of(const struct instance *in)
{
    for (size_t i = 0; in->emits && i < in->event.n_slots; i++) {
        if (str_eq(in->event.slots[i].name, STR("phone")))
            return in->event.slots[i].value;
    }
    return (struct str){NULL, 0};
}

static bool map_all(void *ctx, struct store *s, struct err *e)
{
    const uint8_t key[SEAL_KEY_BYTES] = {7};
    struct work *w = ctx;
    const struct map_settings set = {.seal = w->seal, .feeds = &w->feed, .n_feeds = 1};
    struct instance_list instances;
    struct trace_list traces;
    struct message_list list;

    if (!s->ops->take_stored(s, 9, NULL, 0, &w->a, &list, e))
        return false;
    for (size_t i = 0; i < list.n; i++) {
        if (w->unknown.p)
            list.items[i].charset = w->unknown;
        if (!map_one(&set, key, &list.items[i], s, &w->a, e))
            return false;
    }
    if (!s->ops->take_mapped(s, 9, &w->a, &instances, e) ||
        !s->ops->list_recent(s, 1, &w->a, &traces, e))
        return false;
    w->n = list.n;
    w->phone = instances.n == 1 ? phone_of(&instances.items[0]) : (struct str){NULL, 0};
    w->reason = traces.items[0].reason;
    return true;
}

static void check_case(const struct feed *feed, size_t i, const struct store_ops *ops)
{
    struct work w = {.feed = feed};
    struct temp_folder folder;
    struct house h;
    struct peer p;

    temp_folder_make(&folder);
    house_build_on(&h, 0, ops, folder.path);
    h.set.profile.charset = set_of(cases[i].charset);
    h.set.profile.fallback = set_of(cases[i].fallback);
    house_open(&h);
    peer_open(&h, &p);
    peer_say(&h, &p, cases[i].say, 0);
    CHECK(peer_hear(&h, &p, cases[i].answers), "%s", cases[i].name);
    w.seal = h.seal;
    house_end_receiver(&h); /* what it agreed with its senders is not asked any more */
    house_ask(&h, map_all, &w);
    CHECK(w.n == 1, "%s: %zu messages", cases[i].name, w.n);
    CHECK(str_eq(w.phone, STR(PHONE)) == cases[i].found, "%s on %s: \"" STR_FMT "\", " STR_FMT,
          cases[i].name, ops->name, STR_ARG(w.phone), STR_ARG(w.reason));
    arena_reset(&w.a);
    peer_end(&p);
    house_end(&h);
    temp_folder_remove(&folder);
}

/* A set that this program does not have: never guessed at. */
static void check_unknown(const struct feed *feed)
{
    struct work w = {.feed = feed, .unknown = STR("a set of tomorrow")};
    struct house h;
    struct peer p;

    house_build(&h, 0);
    house_open(&h);
    peer_open(&h, &p);
    peer_say(&h, &p, STR(WHOLE("")), 0);
    CHECK(peer_hear(&h, &p, 1), "taken");
    w.seal = h.seal;
    house_ask(&h, map_all, &w);
    CHECK(!w.phone.p && str_eq(w.reason, STR("cannot be read")), STR_FMT, STR_ARG(w.reason));
    CHECK(house_ledger(&h).held == 1, "held");
    arena_reset(&w.a);
    peer_end(&p);
    house_end(&h);
}

/* Each set by its own name is itself: names are what is stored. */
static void test_names(void)
{
    static const char *const names[] = {
        "ASCII",          "UNICODE UTF-8", "ISO IR14", "windows-1252", "BIG-5",
        "JIS X 0202",     "8859/1",        "8859/2",   "8859/15",      "GB 18030-2000",
        "KS X 1001",      "ISO IR87",      "SJIS",     "ISO IR159",    "BIG5-HKSCS",
        "CNS 11643-1992", "GBK",           "EUC-KR",   "UTF-8",        "Shift_JIS",
    };
    struct hl7_charset_settings set;

    for
        EACH (i, names) {
            const struct hl7_charset *row = set_of(names[i]);

            CHECK(row && hl7_charset_settings_named(str_of(row->name), str_of(row->name), &set) &&
                      set.force == row && set.fallback == row && !set.strict,
                  "%s", names[i]);
        }
    CHECK(hl7_charset_settings_named((struct str){NULL, 0}, (struct str){NULL, 0}, &set) &&
              !set.force && !set.fallback,
          "none");
    CHECK(!hl7_charset_settings_named(STR("nothing"), (struct str){NULL, 0}, &set), "unknown");
    CHECK(!hl7_charset_settings_named((struct str){NULL, 0}, STR(""), &set), "empty");
}

int main(void)
{
    struct arena a = {0};
    struct findings all;
    struct feed *feed = feed_load("mappings/demo/demo.yaml", &a, &all);

    test_names();
    CHECK(feed != NULL, "the demo feed loads");
    for (size_t i = 0; feed && i < sizeof cases / sizeof *cases; i++) {
        check_case(feed, i, &store_memory);
        check_case(feed, i, &store_sqlite);
    }
    if (feed)
        check_unknown(feed);
    feed_free(feed);
    arena_reset(&a);
    return check_end();
}
