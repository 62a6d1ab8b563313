/* Rows a second into the SQLite store, by the size of the shared commit, beside what the disk does:
 * appends of the same size with fdatasync after each, in the same run.
 *
 *   bench_store FOLDER              FOLDER is on the disk to be measured; files in it are made and removed
 *   bench_store FOLDER --rows N     N rows, 64 a commit: one line for each tenth of N (at most each million),
 *                                   with the slowest commits in it, then looks up rows of every age
 *
 * One row is one acknowledged message: 800 bytes sealed, with its ACK and its index entries. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "seal/seal.h"
#include "store/store.h"

enum { BODY_BYTES = 800, ACK_BYTES = 120, RUN_MS = 2000 };

static int64_t now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "%s: %s\n", what, why);
    return 1;
}

/* Appends with a sync each, a second; negative: could not be measured. */
static double raw_rate(const char *folder)
{
    char path[512], block[BODY_BYTES + ACK_BYTES] = {0};
    int64_t n = 0, start = now_us(), took = 0;
    int fd;

    (void)snprintf(path, sizeof path, "%s/raw", folder);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    for (; fd >= 0 && took < RUN_MS * 1000; took = now_us() - start, n++) {
        if (write(fd, block, sizeof block) != (ssize_t)sizeof block || fdatasync(fd) != 0) {
            (void)close(fd);
            return -1;
        }
    }
    if (fd < 0)
        return -1;
    (void)close(fd);
    (void)unlink(path);
    return (double)n * 1e6 / (double)took;
}

/* Spread as keyed hashes are. */
static void name_keys(struct message *m, int64_t number)
{
    uint8_t hash[SEAL_HASH_BYTES];

    seal_sha256((struct str){(const char *)&number, sizeof number}, hash);
    memcpy(m->key, hash, INDEX_BYTES);
    memcpy(m->digest, hash + INDEX_BYTES, INDEX_BYTES);
}

static bool put_batch(struct store *s, int64_t *next, int batch, struct arena *a, struct err *e)
{
    char body[BODY_BYTES], ack[ACK_BYTES];
    struct message m = {.kind = MESSAGE_HL7,
                        .feed = STR("bench"),
                        .type = STR("SIU^S12"),
                        .body = {body, sizeof body},
                        .ack = {ack, sizeof ack},
                        .received_ms = *next};
    struct intake in;

    memset(body, 'x', sizeof body);
    memset(ack, 'y', sizeof ack);
    if (!s->ops->begin(s, e))
        return false;
    for (int i = 0; i < batch; i++) {
        name_keys(&m, (*next)++);
        if (!s->ops->put_message(s, &m, a, &in, e)) {
            s->ops->rollback(s);
            return false;
        }
    }
    return s->ops->commit(s, e);
}

static bool measure(struct store *s, int batch, int64_t *next, struct err *e)
{
    struct arena a = {0};
    int64_t before = *next, start = now_us(), took = 0;

    while (took < RUN_MS * 1000) {
        bool ok = put_batch(s, next, batch, &a, e);

        arena_reset(&a);
        if (!ok)
            return false;
        took = now_us() - start;
    }
    printf("store  batch %4d  %9.0f rows/s  %8.0f commits/s\n", batch,
           (double)(*next - before) * 1e6 / (double)took,
           (double)(*next - before) / batch * 1e6 / (double)took);
    return true;
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

enum { COMMIT_ROWS = 64, STEP_ROWS = 1000000 };

/* `rows` more rows; prints their rate and how long commits took. */
static bool grow(struct store *s, int64_t rows, int64_t *next, struct err *e)
{
    const int64_t commits = rows / COMMIT_ROWS;
    int64_t *took = calloc((size_t)commits, sizeof *took);
    struct arena a = {0};
    int64_t start = now_us(), from = start;
    bool ok = took != NULL;

    for (int64_t i = 0; ok && i < commits; i++) {
        ok = put_batch(s, next, COMMIT_ROWS, &a, e);
        arena_reset(&a);
        took[i] = now_us() - from;
        from += took[i];
    }
    if (ok) {
        qsort(took, (size_t)commits, sizeof *took, by_size);
        printf("rows %10lld  %9.0f rows/s  commit p50 %6.2f ms  p99 %6.2f ms  max %6.2f ms\n",
               (long long)*next - 1, (double)(commits * COMMIT_ROWS) * 1e6 / (double)(from - start),
               (double)took[commits / 2] / 1e3, (double)took[commits * 99 / 100] / 1e3,
               (double)took[commits - 1] / 1e3);
        (void)fflush(stdout);
    }
    free(took);
    return ok;
}

/* Resends of messages of every age: each must be known. */
static bool resend(struct store *s, int64_t rows, struct err *e)
{
    enum { ASKED = 1000 };
    struct arena a = {0};
    int64_t before = now_us();
    bool ok = s->ops->begin(s, e);

    for (int64_t i = 0; ok && i < ASKED; i++) {
        struct message m = {.kind = MESSAGE_HL7, .received_ms = rows};
        struct intake in;

        name_keys(&m, 1 + i * (rows - 1) / ASKED);
        ok = s->ops->put_message(s, &m, &a, &in, e) &&
             (in.seen || err_set(e, ERR_INPUT, 0, "a resend was taken for a new message"));
    }
    if (ok)
        printf("resends of every age: %.0f us each\n", (double)(now_us() - before) / ASKED);
    s->ops->rollback(s);
    arena_reset(&a);
    return ok;
}

static bool curve(struct store *s, int64_t rows, struct err *e)
{
    const int64_t step = rows / 10 < STEP_ROWS ? rows / 10 : STEP_ROWS;
    int64_t next = 1;

    for (int64_t done = 0; done + step <= rows; done += step) {
        if (!grow(s, step, &next, e))
            return false;
    }
    return resend(s, next - 1, e);
}

static bool by_batch(struct store *s, struct err *e)
{
    static const int batches[] = {1, 16, 64, 256};
    int64_t next = 1;

    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        if (!measure(s, batches[i], &next, e))
            return false;
    }
    return true;
}

static void take_away(const char *folder)
{
    static const char *const names[] = {"tidings.db", "tidings.lock"}; /* closing removed the log */
    char path[512];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

int main(int argc, char **argv)
{
    const uint8_t root[SEAL_KEY_BYTES] = {1};
    char folder[400];
    struct store_settings set = {.where = folder, .duplicate_ms = 14LL * 86400000};
    struct seal *seal = seal_from_root(root);
    struct store *s = NULL;
    struct err e = {0};
    const bool grows = argc == 4 && strcmp(argv[2], "--rows") == 0;
    const int64_t rows = grows ? strtoll(argv[3], NULL, 10) : 0;
    bool ok;

    if ((argc != 2 && !grows) || (grows && rows < 10 * COMMIT_ROWS))
        return fail("usage", "bench_store FOLDER [--rows N], N at least 640");
    (void)snprintf(folder, sizeof folder, "%s/bench-XXXXXX", argv[1]);
    if (!mkdtemp(folder))
        return fail(folder, "cannot be made");
    printf("disk   %4d bytes and fdatasync  %9.0f/s\n", BODY_BYTES + ACK_BYTES, raw_rate(folder));
    set.seal = seal;
    if (!store_sqlite.open(&set, &s, &e))
        return fail("open", e.text);
    ok = grows ? curve(s, rows, &e) : by_batch(s, &e);
    s->ops->close(s);
    seal_close(seal);
    take_away(folder);
    return ok ? 0 : fail("store", e.text);
}
