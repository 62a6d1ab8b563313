/* What the feed language costs: one message mapped, a tenant checked and tested, a table read. Beside each
 * stands what the machine does with the same bytes: SHA-256, libyaml's bare events.
 *
 * Messages differ in record number, appointment id and telephone number, so that no answer is known from the
 * message before. Time is what the thread had of the processor; each row is the median of several rounds,
 * one round a row in turn. Prints one JSON object a row: {"name":..., "ns":..., "bytes":..., "memory":...};
 * memory: bytes of the arena afterwards, where that is of interest.
 *
 * usage: bench_feed FEED.yaml MESSAGE.hl7 TENANT.yaml TABLE.csv [ROUNDS] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <yaml.h>

#include "feed/feed.h"
#include "feed/table.h"
#include "feed/test.h"
#include "hl7/edit.h"
#include "seal/seal.h"

enum { MESSAGES = 2000, ROUNDS_MOST = 101, FILE_MOST = 32 << 20 };

struct bench {
    struct arena files, one; /* of the run; of one round */
    struct feed *feed, *tenant;
    const char *tenant_path;
    struct str message, tenant_text, table;
    struct str bodies[MESSAGES];
    size_t memory;
    unsigned seen; /* adds up what came out, so that nothing is left out */
};

static void fail(const char *what)
{
    fprintf(stderr, "bench_feed: %s\n", what);
    exit(1);
}

static uint64_t used_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static struct str read_file(const char *path, struct arena *a)
{
    char *text = arena_get(a, FILE_MOST, 1);
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(text, 1, FILE_MOST, f) : 0;

    if (n == 0 || n == FILE_MOST)
        fail(path);
    (void)fclose(f);
    return (struct str){text, n};
}

static struct feed *load(const char *path, struct arena *a)
{
    struct findings all;
    struct feed *f = feed_load(path, a, &all);

    for (size_t i = 0; i < all.n && !f; i++)
        finding_print(&all.items[i], stderr);
    if (!f)
        fail("the feed does not load");
    return f;
}

static struct str edited(struct str body, const char *where, struct str raw, struct arena *a)
{
    struct hl7_path p;
    struct str out = {NULL, 0};
    struct err e;
    size_t at;

    if (!hl7_path_parse(str_of(where), a, &p, &at, &e) || !hl7_edit_set(body, &p, raw, a, &out, &e))
        fail(e.text);
    return out;
}

/* Each with numbers of its own. */
static void make_messages(struct bench *b)
{
    struct arena *a = &b->files;

    for (char *c = (char *)b->message.p; c < b->message.p + b->message.n; c++)
        *c = *c == '\n' ? '\r' : *c;
    for (size_t i = 0; i < MESSAGES; i++) {
        struct str body = b->message;

        body = edited(body, "SCH-2.1", arena_printf(a, "F%06zu", i), a);
        body = edited(body, "PID-3", arena_printf(a, "%07zu^^^TPE^MR", i * 7), a);
        body = edited(body, "PID-13",
                      arena_printf(a, "^PRN^PH^^^02^2123%04zu~^PRN^CP^^^^09%08zu", i % 10000,
                                   12345678 + i * 9973),
                      a);
        b->bodies[i] = body;
    }
}

static void map_all(struct bench *b)
{
    for (size_t i = 0; i < MESSAGES; i++) {
        const struct feed_input in = {.kind = MESSAGE_HL7,
                                      .body = b->bodies[i],
                                      .received_ms = 1735689600000,
                                      .key = STR("tidings-test-key")};
        struct feed_result r;
        struct err e;

        if (!feed_eval(b->feed, &in, &b->one, &r, &e))
            fail(e.text);
        if (r.n != 1 || r.outcomes[0].kind != FEED_SEND)
            fail("a message of the bench is not sent");
        b->seen += (unsigned)r.outcomes[0].text.n;
        b->memory = b->one.used;
        arena_reset(&b->one);
    }
}

static void hash_all(struct bench *b)
{
    uint8_t hash[SEAL_HASH_BYTES];

    for (size_t i = 0; i < MESSAGES; i++) {
        seal_sha256(b->bodies[i], hash);
        b->seen += hash[0];
    }
}

static void check(struct bench *b)
{
    struct feed *f = load(b->tenant_path, &b->one);

    feed_free(f);
    arena_reset(&b->one);
}

static void run_tests(struct bench *b)
{
    struct feed_test_count count;

    feed_test_run(b->tenant, NULL, &count);
    if (count.failed || !count.passed) {
        feed_test_run(b->tenant, stderr, &count);
        fail("tests of the tenant fail");
    }
    b->seen += (unsigned)count.passed;
}

static void yaml_events(struct bench *b)
{
    yaml_parser_t p;
    yaml_event_t ev;
    bool more = true;

    if (!yaml_parser_initialize(&p))
        fail("libyaml");
    yaml_parser_set_input_string(&p, (const unsigned char *)b->tenant_text.p, b->tenant_text.n);
    while (more) {
        if (!yaml_parser_parse(&p, &ev))
            fail("libyaml does not read the tenant");
        more = ev.type != YAML_STREAM_END_EVENT;
        b->seen++;
        yaml_event_delete(&ev);
    }
    yaml_parser_delete(&p);
}

static void read_table(struct bench *b)
{
    struct table t = {.name = "t", .file = "t.csv"};
    struct table_faults faults;

    if (!table_read(b->table, &b->one, &t, &faults))
        fail(faults.items[0].text);
    b->seen += (unsigned)t.n;
    b->memory = b->one.used;
    arena_reset(&b->one);
}

static void hash_table_file(struct bench *b)
{
    uint8_t hash[SEAL_HASH_BYTES];

    seal_sha256(b->table, hash);
    b->seen += hash[0];
}

static const struct row {
    const char *name;
    void (*run)(struct bench *b);
    size_t times; /* what one run does */
} rows[] = {
    {"map one booking", map_all, MESSAGES},
    {"  SHA-256 of the same bytes", hash_all, MESSAGES},
    {"check the tenant", check, 1},
    {"  bare libyaml events of its feed file", yaml_events, 1},
    {"run the tenant's tests", run_tests, 1},
    {"read the table", read_table, 1},
    {"  SHA-256 of the same bytes", hash_table_file, 1},
};

enum { ROWS = sizeof rows / sizeof *rows };

static size_t bytes_of(const struct bench *b, size_t row)
{
    if (row < 2)
        return b->bodies[MESSAGES / 2].n;
    return row < 5 ? b->tenant_text.n : b->table.n;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void open_all(struct bench *b, char **paths)
{
    b->feed = load(paths[0], &b->files);
    b->message = read_file(paths[1], &b->files);
    b->tenant_path = paths[2];
    b->tenant = load(paths[2], &b->files);
    b->tenant_text = read_file(paths[2], &b->files);
    b->table = read_file(paths[3], &b->files);
    make_messages(b);
}

int main(int argc, char **argv)
{
    static struct bench b;
    static double ns[ROWS][ROUNDS_MOST];
    size_t memory[ROWS] = {0};
    int rounds = argc > 5 ? atoi(argv[5]) : 9;

    if (argc < 5 || rounds < 1 || rounds > ROUNDS_MOST)
        fail("usage: bench_feed FEED.yaml MESSAGE.hl7 TENANT.yaml TABLE.csv [ROUNDS]");
    open_all(&b, argv + 1);
    for (int k = 0; k < rounds; k++) {
        for (size_t i = 0; i < ROWS; i++) {
            uint64_t began = used_ns();

            b.memory = 0;
            rows[i].run(&b);
            ns[i][k] = (double)(used_ns() - began) / (double)rows[i].times;
            memory[i] = b.memory;
        }
    }
    for (size_t i = 0; i < ROWS; i++) {
        qsort(ns[i], (size_t)rounds, sizeof ns[i][0], by_size);
        printf("{\"name\":\"%s\",\"ns\":%.1f,\"least\":%.1f,\"bytes\":%zu,\"memory\":%zu}\n",
               rows[i].name, ns[i][rounds / 2], ns[i][0], bytes_of(&b, i), memory[i]);
    }
    feed_free(b.feed);
    feed_free(b.tenant);
    arena_reset(&b.files);
    return b.seen == 0;
}
