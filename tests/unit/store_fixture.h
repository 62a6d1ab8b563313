/* What the suites over every store share: one backend at a time, and rows to put into it. */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include <stdlib.h>

#include "check.h"
#include "store/store.h"
#include "temp_folder.h"

enum { DAY_MS = 86400000 };

/* One backend under test, and the scratch memory of the running case. */
struct bench {
    struct store *s;
    const struct store_ops *ops;
    struct seal *seal;
    struct temp_folder folder;
    struct arena a;
    struct err e;
    int n; /* messages put so far: makes the next one new */
};

#define OK(b, call) CHECK(call, "%s: %s", (b)->s->ops->name, (b)->e.text)

static inline void fill(uint8_t out[INDEX_BYTES], int v)
{
    memset(out, 0, INDEX_BYTES);
    memcpy(out, &v, sizeof v);
}

static inline struct message message(int key, int digest, int64_t received_ms)
{
    struct message m = {.kind = MESSAGE_HL7,
                        .feed = STR("demo"),
                        .type = STR("SIU^S12"),
                        .body = STR("MSH|^~\\&|CANARY-BODY"),
                        .ack = STR("\x0bMSA|AA|CANARY-ACK\x1c\r"),
                        .received_ms = received_ms,
                        .test = true};

    fill(m.key, key);
    fill(m.digest, digest);
    return m;
}

static inline void begin(struct bench *b)
{
    OK(b, b->s->ops->begin(b->s, &b->e));
}

static inline void commit(struct bench *b)
{
    OK(b, b->s->ops->commit(b->s, &b->e));
}

/* The same store, opened anew. False for one that keeps nothing: it is left open as it is. */
static inline bool bench_reopen(struct bench *b)
{
    struct store_settings set = {
        .where = b->folder.path, .seal = b->seal, .duplicate_ms = 14LL * DAY_MS};

    if (b->ops == &store_memory)
        return false;
    b->s->ops->close(b->s);
    b->s = NULL;
    CHECK(b->ops->open(&set, &b->s, &b->e), "%s", b->e.text);
    if (!b->s)
        abort();
    return true;
}

/* A new message in the store; gives its id. */
static inline int64_t put_message(struct bench *b)
{
    const int n = ++b->n;
    struct message m = message(n, n, 1000 + n);
    struct intake in;

    OK(b, b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e) && !in.seen && !in.id_reused);
    return in.id;
}

static struct slot slots[] = {
    {STR_LIT("patient_key"), STR_LIT("pk_patient"), STR_LIT("CANARY-MRN"), CLASS_IDENTIFIER},
    {STR_LIT("phone"), STR_LIT("+12125550101"), {NULL, 0}, CLASS_CONTACT},
    {STR_LIT("note"), STR_LIT(""), {NULL, 0}, CLASS_CLINICAL},
};
static struct param params[] = {{STR_LIT("clinic"), STR_LIT("CANARY-CLINIC")},
                                {STR_LIT("empty"), STR_LIT("")}};

/* An instance that emits and notifies, about unit `unit_key`. */
static inline struct instance telling(const char *unit_key)
{
    return (struct instance){.message_ms = 900,
                             .feed = STR("demo"),
                             .rule = STR("booked"),
                             .standing = STANDING_PENDING,
                             .warnings = STR("HL7_ID_REUSED"),
                             .emits = true,
                             .event = {STR("appointment/1"), str_of(unit_key), slots, 3},
                             .notifies = true,
                             .template = STR("appointment_booked"),
                             .language = STR("zh_TW"),
                             .named = true,
                             .button = true,
                             .params = params,
                             .n_params = 2,
                             .coalesce_ms = 60000,
                             .coalesce = STR("demo/booked/pk_patient"),
                             .stale_ms = 99000,
                             .approval = {1, 2, 3}};
}

static inline struct instance ended(enum standing standing, const char *reason)
{
    return (struct instance){
        .feed = STR("demo"), .rule = STR("other"), .standing = standing, .reason = str_of(reason)};
}

static inline int64_t put_telling(struct bench *b, const char *unit_key)
{
    struct instance in = telling(unit_key);
    int64_t id = put_message(b);

    OK(b, b->s->ops->put_mapped(b->s, id, STR("f00d"), &in, 1, &b->e));
    return in.id;
}

static inline struct notice notice_for(int64_t instance_id, const char *unit_key,
                                       enum notice_state state)
{
    return (struct notice){.instance_id = instance_id,
                           .state = state,
                           .feed = STR("demo"),
                           .event_type = STR("appointment/1"),
                           .unit_key = str_of(unit_key),
                           .patient_key = STR("pk_patient"),
                           .coalesce = STR("demo/booked/pk_patient"),
                           .template = STR("appointment_booked"),
                           .language = STR("zh_TW"),
                           .named = true,
                           .params = params,
                           .n_params = 2,
                           .to = STR("+12125550101"),
                           .token = STR("CANARY-TOKEN"),
                           .due_ms = 5000,
                           .expires_ms = 99000,
                           .approval = {4, 5, 6}};
}

/* Message, instance and notice in one go, each to a number of its own; gives the notice. */
static inline struct notice put_notice(struct bench *b, const char *unit_key,
                                       enum notice_state state)
{
    struct notice n = notice_for(put_telling(b, unit_key), unit_key, state);

    n.to = arena_printf(&b->a, "+121255501%02d", b->n % 100);
    OK(b, b->s->ops->put_notice(b->s, &n, NULL, &b->e));
    return n;
}

static inline struct ledger ledger(struct bench *b)
{
    struct ledger l = {0};

    OK(b, b->s->ops->ledger(b->s, &l, &b->e));
    CHECK(ledger_balances(&l), "%s: the ledger does not balance", b->s->ops->name);
    return l;
}

static const char echoes[][ECHO_BYTES + 1] = {"a1:01JD3ZK8Q4T0N6W7X8Y9ZABCD0",
                                              "a1:01JD3ZK8Q4T0N6W7X8Y9ZABCD1",
                                              "a1:01JD3ZK8Q4T0N6W7X8Y9ZABCD2"};

static inline void token_of(uint8_t out[SEAL_HASH_BYTES], int v)
{
    memset(out, v, SEAL_HASH_BYTES);
}

static inline bool opens(struct bench *b, int token, int64_t now_ms, int code,
                         int64_t code_expires_ms)
{
    uint8_t hash[SEAL_HASH_BYTES], code_hash[SEAL_HASH_BYTES];
    bool ok = true;

    token_of(hash, token);
    token_of(code_hash, code);
    OK(b, b->s->ops->open_link(b->s, hash, now_ms, code_hash, code_expires_ms, &ok, &b->e));
    return ok;
}

struct store_case {
    const char *name;
    void (*run)(struct bench *b);
};

/* Runs each case on a fresh store of each backend. */
static inline void run_over_all(const struct store_case *cases, size_t n)
{
    static const struct store_ops *const backends[] = {&store_memory, &store_sqlite};
    const uint8_t root[SEAL_KEY_BYTES] = {7};

    for
        EACH (i, backends) {
            for (size_t k = 0; k < n; k++) {
                struct bench b = {.ops = backends[i], .seal = seal_from_root(root)};
                struct store_settings set = {
                    .where = b.folder.path, .seal = b.seal, .duplicate_ms = 14LL * DAY_MS};
                int failed = check_count.failed;

                temp_folder_make(&b.folder);
                CHECK(b.ops->open(&set, &b.s, &b.e), "%s", b.e.text);
                if (b.s) {
                    cases[k].run(&b);
                    b.ops->close(b.s);
                }
                if (check_count.failed != failed)
                    printf("  in %s / %s\n", b.ops->name, cases[k].name);
                temp_folder_remove(&b.folder);
                arena_reset(&b.a);
                seal_close(b.seal);
            }
        }
}

#endif
