/* What one core does with an 800-byte booking: find marks, index, read fields, frame, answer. The machine's
 * own bound stands beside it: memchr over the same bytes.
 *
 * The messages differ in their control ids and in the length of a field, and are more than the caches
 * hold. Time is what the thread had of the processor. Each row is the median of several rounds, one round a row in turn, so that a busy moment hurts
 * all. Prints one JSON object a row: {"name":..., "ns":..., "per_s":..., "mb_s":...}.
 *
 * usage: bench_hl7 MESSAGE.hl7 [ROUNDS [MS [ROW]]] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../src/hl7/index.h"
#include "base/buf.h"
#include "hl7/ack.h"
#include "hl7/edit.h"
#include "hl7/mllp.h"

enum { MESSAGES = 16384, READS = 5, ROUNDS_MOST = 101 };

struct bench {
    struct str *bodies; /* MESSAGES of them, one behind the other, each framed */
    struct str stream;
    struct hl7_path paths[READS];
    struct arena a; /* of one message */
    size_t seen;    /* adds up what was read, so that nothing is left out */
};

static void fail(const char *what)
{
    fprintf(stderr, "bench_hl7: %s\n", what);
    exit(1);
}

static uint64_t used_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void bound(struct bench *b, struct str body)
{
    b->seen += memchr(body.p, '\x1c', body.n) == NULL;
}

static void marks(struct bench *b, struct str body, const struct marks_way *way)
{
    struct marks_wanted w = {body, '|', STR("\r")};
    size_t n_blocks = (body.n + MARKS_BLOCK - 1) / MARKS_BLOCK;
    struct marks_block *blocks = NEW_ARRAY(&b->a, struct marks_block, n_blocks);
    struct marks_count n;
    uint32_t *at, *ends;

    way->find(&w, blocks);
    n = marks_count(blocks, n_blocks);
    at = NEW_ARRAY(&b->a, uint32_t, n.all + MARKS_SLACK);
    ends = NEW_ARRAY(&b->a, uint32_t, n.ends);
    marks_write(blocks, n_blocks, at, ends);
    b->seen += at[n.all - 1];
    arena_reset(&b->a);
}

static void marks_scalar_row(struct bench *b, struct str body)
{
    marks(b, body, &marks_scalar);
}

static void marks_best_row(struct bench *b, struct str body)
{
    marks(b, body, marks_best());
}

static void index_with(struct bench *b, struct str body, const struct marks_way *way)
{
    struct hl7_limits limits = hl7_limits_default();
    const struct index_settings set = {way, NULL, &limits};
    struct hl7_message m;
    struct err e;

    if (!index_message(&set, body, &b->a, NULL, &m, &e))
        fail(e.text);
    b->seen += m.n_segments;
    arena_reset(&b->a);
}

static void index_scalar_row(struct bench *b, struct str body)
{
    index_with(b, body, &marks_scalar);
}

static void index_best_row(struct bench *b, struct str body)
{
    index_with(b, body, marks_best());
}

static void read_five(struct bench *b, const struct hl7_message *m)
{
    for (size_t i = 0; i < READS; i++) {
        struct hl7_element el = hl7_path_first(&b->paths[i], m, &b->a);

        if (el.state != HL7_VALUE || el.damaged)
            fail("a field of the message has no value");
        b->seen += el.text.n;
    }
}

/* The receiver's way: the header is known, then character set, index, and what a feed asks for. */
static void fields_row(struct bench *b, struct str body)
{
    struct hl7_charset_settings set = {0};
    struct hl7_limits limits = hl7_limits_default();
    struct hl7_decoded decoded;
    struct hl7_message m;
    struct err e;

    if (!hl7_decode(body, STR("UNICODE UTF-8"), &set, &b->a, NULL, &decoded, &e) ||
        !hl7_message_index(decoded.text, decoded.charset, &limits, &b->a, NULL, &m, &e))
        fail(e.text);
    read_five(b, &m);
    arena_reset(&b->a);
}

/* From nothing but bytes: header, character set, index, fields. */
static void whole_row(struct bench *b, struct str body)
{
    struct hl7_charset_settings set = {0};
    struct hl7_limits limits = hl7_limits_default();
    struct hl7_message m;
    struct err e;

    if (!hl7_message_read(body, &set, &limits, &b->a, NULL, &m, &e))
        fail(e.text);
    read_five(b, &m);
    arena_reset(&b->a);
}

static void ack_row(struct bench *b, struct str body)
{
    struct hl7_header h;
    struct hl7_ack ack = {.header = &h, .code = HL7_CA, .start = '\x0b', .end = '\x1c'};
    struct buf out = buf_new(HL7_ACK_MOST);
    struct err e;

    if (!hl7_header_scan(body, &h, &e) || !hl7_ack_write(&ack, &out, &e))
        fail(e.text);
    b->seen += out.n;
    buf_reset(&out);
}

static const struct row {
    const char *name;
    void (*one)(struct bench *b, struct str body); /* NULL: the framer, over the stream */
} rows[] = {
    {"memchr (bound)", bound},
    {"marks, scalar", marks_scalar_row},
    {"marks, best", marks_best_row},
    {"index, scalar", index_scalar_row},
    {"index, best", index_best_row},
    {"decode + index + 5 reads", fields_row},
    {"header + decode + index + 5 reads", whole_row},
    {"framing", NULL},
    {"header + ACK", ack_row},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static size_t frame_all(struct bench *b)
{
    struct mllp_settings set = mllp_settings_default();
    struct str in = b->stream;
    struct mllp_framer f;
    struct mllp_event ev;
    size_t n = 0;

    mllp_framer_init(&f, &set);
    while (mllp_next(&f, &in, &ev) != MLLP_MORE)
        n += ev.step == MLLP_FRAME;
    mllp_framer_end(&f);
    if (n != MESSAGES)
        fail("the framer lost a message");
    return n;
}

/* Nanoseconds a message. */
static double run(struct bench *b, const struct row *row, uint64_t least_ns)
{
    uint64_t start = used_ns(), took = 0;
    size_t n = 0;

    do {
        if (row->one) {
            for (size_t i = 0; i < 256; i++, n++)
                row->one(b, b->bodies[n % MESSAGES]);
        } else {
            n += frame_all(b);
        }
        took = used_ns() - start;
    } while (took < least_ns);
    return (double)took / (double)n;
}

static struct str read_file(const char *path, struct arena *a)
{
    char *text = arena_get(a, 65536, 1);
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(text, 1, 65535, f) : 0;

    if (n == 0)
        fail("no message file");
    (void)fclose(f);
    for (size_t i = 0; i < n; i++)
        text[i] = text[i] == '\n' ? '\r' : text[i];
    return (struct str){text, n};
}

static struct hl7_path path(const char *text, struct arena *a)
{
    struct hl7_path p;
    struct err e;
    size_t at;

    if (!hl7_path_parse(str_of(text), a, &p, &at, &e))
        fail(e.text);
    return p;
}

/* The same message over and over, each with its own id and a field of its own length. */
static void make_messages(struct bench *b, struct str message, struct arena *a)
{
    struct hl7_path id = path("MSH-10", a), mrn = path("PID-3.1", a);
    struct buf stream = buf_new((size_t)64 << 20);
    size_t *ends = arena_get(a, MESSAGES, sizeof *ends);

    b->bodies = NEW_ARRAY(a, struct str, MESSAGES);
    for (size_t i = 0; i < MESSAGES; i++) {
        struct arena own = {0};
        struct str body, digits = arena_printf(&own, "%016zx", i * 0x9E3779B97F4A7C15U);
        struct str raw = {digits.p, 6 + i * 7 % 8};
        struct err e;

        if (!hl7_edit_set(message, &id, digits, &own, &body, &e) ||
            !hl7_edit_set(body, &mrn, raw, &own, &body, &e))
            fail(e.text);
        buf_add_char(&stream, '\x0b');
        b->bodies[i].n = body.n;
        buf_add(&stream, body);
        ends[i] = stream.n;
        buf_add(&stream, STR("\x1c\r"));
        arena_reset(&own);
    }
    b->stream = arena_copy(a, buf_str(&stream));
    for (size_t i = 0; i < MESSAGES; i++)
        b->bodies[i].p = b->stream.p + ends[i] - b->bodies[i].n;
    buf_reset(&stream);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int number(const char *s, int most)
{
    int n = s ? atoi(s) : 0;

    return n < 1 ? 1 : n > most ? most : n;
}

int main(int argc, char **argv)
{
    static const char *const wanted[READS] = {"MSH-9.1", "MSH-10", "PID-3.1", "SCH-11.4",
                                              "PID-13.12"};
    double ns[ROWS][ROUNDS_MOST];
    int rounds = argc > 2 ? number(argv[2], ROUNDS_MOST) : 9;
    uint64_t ms = (uint64_t)(argc > 3 ? number(argv[3], 10000) : 60);
    struct arena a = {0};
    struct bench b = {0};
    const char *only = argc > 4 ? argv[4] : "";

    if (argc < 2)
        fail("usage: bench_hl7 MESSAGE.hl7 [ROUNDS [MS [ROW]]]");
    make_messages(&b, read_file(argv[1], &a), &a);
    for (size_t i = 0; i < READS; i++)
        b.paths[i] = path(wanted[i], &a);
    for (int k = 0; k < rounds; k++) {
        for (size_t i = 0; i < ROWS; i++)
            ns[i][k] = strstr(rows[i].name, only) ? run(&b, &rows[i], ms * 1000000U) : 0;
    }
    for (size_t i = 0; i < ROWS; i++) {
        double mean = (double)b.stream.n / MESSAGES, one;

        qsort(ns[i], (size_t)rounds, sizeof ns[i][0], by_size);
        one = ns[i][rounds / 2];
        if (one <= 0)
            continue;
        printf("{\"name\":\"%s\",\"ns\":%.1f,\"per_s\":%.0f,\"mb_s\":%.0f}\n", rows[i].name, one,
               1e9 / one, mean * 1e3 / one);
    }
    arena_reset(&a);
    return b.seen == 0;
}
