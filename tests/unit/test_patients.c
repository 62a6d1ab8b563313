/* Who is told, against a naive model: random bookings, moves, cancellations, new and deleted numbers,
 * words against notices, and merges in chains and circles, over both stores, while the line is down at
 * times. What leaves must be exactly what the model says, number for number. */
#include <stdlib.h>

#include "check.h"
#include "map/map.h"
#include "plan/plan.h"
#include "store/approval.h"
#include "temp_folder.h"
#include "tenant.h"

enum { PATIENTS = 5, VISITS = 6, STEPS = 60, ROUNDS = 12, MOST = 64, MINUTE_MS = 60000 };

static const int64_t start_ms = 1772460000000; /* 2026-03-02T14:00:00Z */

static const char feed_text[] =
    "feed: small\n"
    "reads: {hl7: \"2.5.1\"}\n"
    "uses: {sites: sites.yaml, templates: templates.yaml, tables: tables/, policy: policy.yaml}\n"
    "values:\n"
    "  site: {hl7: MSH-4.1, table: site, else: hold(unknown site)}\n"
    "  patient_key: {hl7: PID-3(5=MR).1, as: pseudonym, else: reject(no number)}\n"
    "  phone: {hl7: [PID-13(3=CP)], as: phone, else: drop(no phone)}\n"
    "rules:\n"
    "  - rule: visit\n"
    "    on: {hl7: [SIU^S12, SIU^S15]}\n"
    "    emit: appointment/1\n"
    "    with:\n"
    "      visit_key: {hl7: SCH-1.1, as: pseudonym, else: reject(no visit)}\n"
    "      patient_key: values.patient_key\n"
    "      phone: values.phone\n"
    "      language: en\n"
    "      site: values.site\n"
    "      status: {hl7: {key: MSH-9.2, table: status}, else: hold(unmapped)}\n"
    "      start: {hl7: SCH-11.4, as: instant, else: hold(no start)}\n"
    "  - rule: patient\n"
    "    on: {hl7: [ADT^A08, ADT^A40]}\n"
    "    emit: patient/1\n"
    "    with:\n"
    "      patient_key: values.patient_key\n"
    "      change: {hl7: {key: MSH-9.2, table: change}, else: hold(unmapped)}\n"
    "      previous_key: {hl7: MRG-1.1, as: pseudonym, else: none}\n"
    "      phone: {hl7: [PID-13(3=CP)], as: phone, else: none}\n"
    "      blocked: {hl7: PID-30 = Y}\n"
    "notify:\n"
    "  - {on: appointment/1, when: status = cancelled, template: visit, params: {site_name: "
    "site.name}}\n"
    "  - {on: appointment/1, template: visit, params: {site_name: site.name}}\n"
    "tests: []\n";

/* ---- the naive model ---- */

struct fact {
    bool said;
    int phone; /* 0: there is none */
    int64_t at;
};

struct record {
    bool there; /* a patient/1 is stored */
    struct fact fact;
    bool blocked;
};

struct visit {
    bool there;
    int patient, phone, start;
    int64_t phone_at;
    bool cancelled;
    bool news; /* the facts below were told, or are to be */
    int news_start;
    bool news_cancelled;
    int pending; /* number that a notice waits for; 0: none */
};

struct model {
    int stands[PATIENTS]; /* who a record number is now */
    struct record records[PATIENTS];
    struct visit visits[VISITS];
    int64_t now;
    int rewritten, withdrawn; /* what waited and went to another number, or to nobody */
    int dead;                 /* updates of a number that was merged away */
};

static struct record *record_of(struct model *m, int p)
{
    return &m->records[m->stands[p]];
}

/* What waits for that patient is held against the record. */
static void recheck(struct model *m, int p)
{
    const struct record *r = record_of(m, p);

    for (int v = 0; v < VISITS; v++) {
        struct visit *visit = &m->visits[v];

        if (!visit->pending || m->stands[visit->patient] != m->stands[p])
            continue;
        if (r->blocked || (r->fact.said && r->fact.at >= visit->phone_at && !r->fact.phone)) {
            visit->pending = 0;
            visit->news = false;
            m->withdrawn++;
        } else if (r->fact.said && r->fact.at >= visit->phone_at) {
            m->rewritten += visit->pending != r->fact.phone;
            visit->pending = r->fact.phone;
        }
    }
}

/* phone 0: the message names none */
static void on_visit(struct model *m, int v, int p, int phone, int start, bool cancelled)
{
    struct visit *visit = &m->visits[v];
    int who = m->stands[p];
    const struct record *r = &m->records[who];
    int64_t at = m->now;
    bool same;

    if (!phone && visit->there && m->stands[visit->patient] == who) {
        phone = visit->phone;
        at = visit->phone_at;
    }
    if (!phone)
        return;
    if (r->fact.said && r->fact.at >= at) {
        phone = r->fact.phone;
        at = r->fact.at;
    }
    if (!phone)
        return;
    visit->there = true;
    visit->patient = who;
    visit->phone = phone;
    visit->phone_at = at;
    same = visit->news && visit->news_cancelled == cancelled &&
           (cancelled || visit->news_start == start);
    if (same)
        return;
    visit->pending = r->blocked ? 0 : phone;
    if (r->blocked)
        return;
    visit->news = true;
    visit->news_cancelled = cancelled;
    visit->news_start = start;
}

/* phone: 0 nothing is said, -1 deleted. block: 0 nothing is said, 1 yes, 2 no */
static void on_update(struct model *m, int p, int phone, int block)
{
    struct record now = *record_of(m, p);

    now.there = true;
    if (phone)
        now.fact = (struct fact){true, phone < 0 ? 0 : phone, m->now};
    if (block)
        now.blocked = block == 1;
    m->dead += m->stands[p] != p;
    m->records[m->stands[p]] = now;
    recheck(m, p);
}

static void on_merge(struct model *m, int previous, int p)
{
    struct record now = *record_of(m, p), gone = *record_of(m, previous);

    now.there = true;
    if (previous != p && m->stands[previous] != p && gone.there) {
        if (gone.fact.said && (!now.fact.said || gone.fact.at > now.fact.at))
            now.fact = gone.fact;
        now.blocked |= gone.blocked;
    }
    if (previous != p) {
        m->stands[p] = p;
        for (int i = 0; i < PATIENTS; i++)
            if (m->stands[i] == previous)
                m->stands[i] = p;
    }
    m->records[m->stands[p]] = now;
    recheck(m, p);
}

/* ---- the world ---- */

struct world {
    const struct store_ops *ops;
    struct store *store;
    struct seal *seal;
    struct temp_folder folder;
    struct map_settings map;
    struct plan_settings plan;
    uint8_t key[SEAL_KEY_BYTES];
    struct arena arena;
    uint64_t random;
    int n_messages, n_echoes, round, step;
    struct model model;
    struct tried *tried;
    int sent[MOST], n_sent;
    struct str log; /* of the round, for a failure */
};

/* So much was tried, over all rounds. */
struct tried {
    int sent, merges, rewritten, withdrawn, dead;
};

#define OK(w, call, e)                                                                             \
    CHECK(call, "%s, round %d, step %d: %s", (w)->ops->name, (w)->round, (w)->step, (e).text)

static int draw(struct world *w, int below)
{
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return (int)((w->random >> 33) % (uint64_t)below);
}

static void open_store(struct world *w)
{
    const struct store_settings set = {
        .where = w->folder.path, .seal = w->seal, .duplicate_ms = MINUTE_MS};
    struct err e = {0};

    CHECK(w->ops->open(&set, &w->store, &e), "%s", e.text);
    if (!w->store)
        abort();
}

/* Another life of the daemon; a store that keeps nothing goes on as it is. */
static void restart(struct world *w)
{
    if (w->ops == &store_memory)
        return;
    w->store->ops->close(w->store);
    w->store = NULL;
    open_store(w);
}

static struct str at_text(struct world *w, int64_t ms)
{
    char text[25];

    clock_text(ms, text);
    return arena_printf(&w->arena, "%.4s%.2s%.2s%.2s%.2s%.2s+0000", text, text + 5, text + 8,
                        text + 11, text + 14, text + 17);
}

static void arrives(struct world *w, struct str body)
{
    struct message m = {.kind = MESSAGE_HL7,
                        .feed = STR("small"),
                        .type = STR("HL7"),
                        .body = body,
                        .ack = STR("MSA|AA"),
                        .received_ms = w->model.now};
    struct intake in;
    struct err e = {0};

    w->log = arena_printf(&w->arena, STR_FMT "\n" STR_FMT, STR_ARG(w->log), STR_ARG(body));
    w->n_messages++;
    memcpy(m.key, &w->n_messages, sizeof w->n_messages);
    memcpy(m.digest, m.key, sizeof m.digest);
    OK(w, w->store->ops->begin(w->store, &e), e);
    OK(w, w->store->ops->put_message(w->store, &m, &w->arena, &in, &e), e);
    m.id = in.id;
    OK(w, map_one(&w->map, w->key, &m, w->store, &w->arena, &e), e);
    OK(w, w->store->ops->commit(w->store, &e), e);
}

static void plans(struct world *w)
{
    struct plan_result r = {.more = true};
    struct err e = {0};

    while (r.more) {
        OK(w, w->store->ops->begin(w->store, &e), e);
        OK(w, plan_run(&w->plan, w->model.now, w->store, &w->arena, &r, &e), e);
        OK(w, w->store->ops->commit(w->store, &e), e);
    }
}

static void sends(struct world *w)
{
    struct flight_list list = {.n = 1};
    struct err e = {0};

    w->n_sent = 0;
    while (list.n) {
        char echo[1][ECHO_BYTES + 1];

        (void)snprintf(echo[0], sizeof echo[0], "a1:%026d", ++w->n_echoes);
        OK(w, w->store->ops->begin(w->store, &e), e);
        OK(w,
           w->store->ops->begin_attempts(w->store, 1, (const char(*)[ECHO_BYTES + 1]) echo,
                                         w->model.now, &w->arena, &list, &e),
           e);
        for (size_t i = 0; i < list.n; i++) {
            struct flight *f = &list.items[i];
            const struct approved what = approved_of(&f->notice);

            CHECK(approval_holds(w->seal, &what, &w->arena, f->notice.approval), "not approved");
            if (w->n_sent < MOST)
                w->sent[w->n_sent++] = atoi(f->notice.to.p + f->notice.to.n - 3);
            f->attempt.state = ATTEMPT_ACCEPTED;
            f->attempt.ended_ms = w->model.now;
            notice_attempt_ended(&f->notice, &f->attempt, false, &w->plan.retry, w->model.now);
            OK(w, w->store->ops->save_attempt(w->store, &f->attempt, &e), e);
            OK(w, w->store->ops->save_notice(w->store, &f->notice, &e), e);
        }
        OK(w, w->store->ops->commit(w->store, &e), e);
    }
}

/* "0912-345-1NN", or what else PID-13 may hold */
static struct str pid_13(struct world *w, int phone)
{
    if (phone == 0)
        return STR("");
    if (phone < 0)
        return STR("\"\"");
    return arena_printf(&w->arena, "0912-345-%03d^PRN^CP", phone);
}

static void visit_message(struct world *w)
{
    int v = draw(w, VISITS), p = draw(w, PATIENTS), start = 1 + draw(w, 3);
    int phone = draw(w, 2) ? 100 + draw(w, 20) : 0;
    bool cancelled = draw(w, 4) == 0;

    if (draw(w, 4)) /* mostly the same patient's */
        p = v % PATIENTS;
    arrives(w, arena_printf(&w->arena,
                            "MSH|^~\\&|E|KH|T|N|" STR_FMT "||SIU^%s|M%d|P|2.5.1\r"
                            "SCH|V%d||||||||||^^30^2026090%d093000\r"
                            "PID|1||P%d^^^KH^MR||||||||||" STR_FMT "\r",
                            STR_ARG(at_text(w, w->model.now)), cancelled ? "S15" : "S12",
                            w->n_messages, v, start, p, STR_ARG(pid_13(w, phone))));
    on_visit(&w->model, v, p, phone, start, cancelled);
}

static void update_message(struct world *w)
{
    int p = draw(w, PATIENTS), what = draw(w, 5), block = draw(w, 5) == 0 ? 1 + draw(w, 2) : 0;
    int phone = what == 0 ? -1 : what < 4 ? 100 + draw(w, 20) : 0;

    arrives(w, arena_printf(&w->arena,
                            "MSH|^~\\&|E|KH|T|N|" STR_FMT "||ADT^A08|M%d|P|2.5.1\r"
                            "PID|1||P%d^^^KH^MR||||||||||" STR_FMT "|||||||||||||||||%s\r",
                            STR_ARG(at_text(w, w->model.now)), w->n_messages, p,
                            STR_ARG(pid_13(w, phone)),
                            block == 1 ? "Y"
                            : block    ? "N"
                                       : ""));
    on_update(&w->model, p, phone, block);
}

static void merge_message(struct world *w)
{
    int previous = draw(w, PATIENTS), p = draw(w, PATIENTS);

    if (w->model.stands[previous] != previous)
        return;
    arrives(w, arena_printf(&w->arena,
                            "MSH|^~\\&|E|KH|T|N|" STR_FMT "||ADT^A40|M%d|P|2.5.1\r"
                            "PID|1||P%d^^^KH^MR||||||||||\rMRG|P%d^^^KH^MR\r",
                            STR_ARG(at_text(w, w->model.now)), w->n_messages, p, previous));
    w->tried->merges += previous != p;
    on_merge(&w->model, previous, p);
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* What the model has waiting leaves, and nothing else. */
static bool check_sent(struct world *w)
{
    int wanted[VISITS], n = 0;

    w->tried->sent += w->n_sent;

    for (int v = 0; v < VISITS; v++) {
        if (w->model.visits[v].pending)
            wanted[n++] = w->model.visits[v].pending;
        w->model.visits[v].pending = 0;
    }
    qsort(wanted, (size_t)n, sizeof *wanted, by_number);
    qsort(w->sent, (size_t)w->n_sent, sizeof *w->sent, by_number);
    if (n == w->n_sent && (n == 0 || memcmp(wanted, w->sent, (size_t)n * sizeof *wanted) == 0)) {
        check_count.passed++;
        return true;
    }
    CHECK(false, "%s, round %d, step %d: %d leave, %d wanted; first %d, wanted %d" STR_FMT,
          w->ops->name, w->round, w->step, w->n_sent, n, w->n_sent ? w->sent[0] : 0,
          n ? wanted[0] : 0, STR_ARG(w->log));
    return false;
}

static void run_round(struct world *w, const struct feed *const *feed)
{
    static const uint8_t root[SEAL_KEY_BYTES] = {7};
    bool ok = true;

    w->seal = seal_from_root(root);
    temp_folder_make(&w->folder);
    open_store(w);
    w->map = (struct map_settings){.seal = w->seal, .feeds = feed, .n_feeds = 1};
    seal_derive(w->seal, "pseudonym", w->key);
    w->plan = (struct plan_settings){
        .random = &seal_random_system,
        .seal = w->seal,
        .link_ttl_ms = 3LL * 86400000,
        .retry = {.first_ms = 1000, .most_ms = 60000, .max_tries = 3, .unknown_ms = 3600000},
        .batch = 8,
    };
    w->model = (struct model){.now = start_ms};
    for (int p = 0; p < PATIENTS; p++)
        w->model.stands[p] = p;
    for (w->step = 1; ok && w->step <= STEPS; w->step++) {
        int what = draw(w, 10);

        w->model.now += MINUTE_MS;
        if (what < 5)
            visit_message(w);
        else if (what < 8)
            update_message(w);
        else
            merge_message(w);
        if (draw(w, 3)) /* else several messages are mapped before anything is planned */
            plans(w);
        if (draw(w, 10) == 0)
            restart(w);
        if (draw(w, 3) == 0) {
            plans(w);
            sends(w);
            ok = check_sent(w);
        }
    }
    w->tried->rewritten += w->model.rewritten;
    w->tried->withdrawn += w->model.withdrawn;
    w->tried->dead += w->model.dead;
    w->store->ops->close(w->store);
    seal_close(w->seal);
    temp_folder_remove(&w->folder);
    arena_reset(&w->arena);
}

int main(void)
{
    static const struct store_ops *const stores[] = {&store_memory, &store_sqlite};
    struct arena a = {0};
    struct tried tried = {0};
    struct findings all;
    struct tenant t;
    struct feed *f;

    tenant_make(&t);
    tenant_write(&t, "feed.yaml", feed_text);
    tenant_write(&t, "tables/status.csv", "from,to\nS12,booked\nS15,cancelled\n");
    tenant_write(&t, "tables/change.csv", "from,to\nA08,update\nA40,merge\n");
    tenant_write(&t, "overlays/lion.yaml",
                 "overlay: {of: small, for: MSH-4.1 in (LION)}\nvalues: {}\ntests: []\n");
    f = feed_load(t.feed, &a, &all);
    for (size_t i = 0; !f && i < all.n; i++)
        finding_print(&all.items[i], stdout);
    CHECK(f, "the feed does not load");
    for (int round = 0; f && round < ROUNDS; round++) {
        for
            EACH (i, stores) {
                const struct feed *const feed[] = {f};
                struct world w = {.ops = stores[i],
                                  .round = round,
                                  .random = 77 + (uint64_t)round,
                                  .tried = &tried};

                run_round(&w, feed);
            }
    }
    CHECK(
        tried.sent > 150 && tried.merges > 60 && tried.rewritten > 10 && tried.withdrawn > 10 &&
            tried.dead > 30,
        "%d sent, %d merges, %d rewritten, %d withdrawn, %d of dead numbers: too little was tried",
        tried.sent, tried.merges, tried.rewritten, tried.withdrawn, tried.dead);
    feed_free(f);
    arena_reset(&a);
    tenant_remove(&t);
    return check_end();
}
