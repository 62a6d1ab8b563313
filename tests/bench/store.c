/* Rows a second into the SQLite store, by the size of the shared commit, beside what the disk does:
 * appends of the same size with fdatasync after each, in the same run.
 *
 *   bench_store FOLDER      FOLDER is on the disk to be measured; files in it are made and removed
 *
 * One row is one acknowledged message: 800 bytes sealed, with its ACK and its index entries. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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
        int64_t number = (*next)++;
        uint8_t hash[SEAL_HASH_BYTES]; /* spread over the index as keyed hashes are */

        seal_sha256((struct str){(const char *)&number, sizeof number}, hash);
        memcpy(m.key, hash, INDEX_BYTES);
        memcpy(m.digest, hash + INDEX_BYTES, INDEX_BYTES);
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
    static const int batches[] = {1, 16, 64, 256};
    const uint8_t root[SEAL_KEY_BYTES] = {1};
    char folder[400];
    struct store_settings set = {.where = folder, .duplicate_ms = 14LL * 86400000};
    struct seal *seal = seal_from_root(root);
    struct store *s = NULL;
    struct err e = {0};
    int64_t next = 1;
    bool ok = true;

    if (argc != 2)
        return fail("usage", "bench_store FOLDER");
    (void)snprintf(folder, sizeof folder, "%s/bench-XXXXXX", argv[1]);
    if (!mkdtemp(folder))
        return fail(folder, "cannot be made");
    printf("disk   %4d bytes and fdatasync  %9.0f/s\n", BODY_BYTES + ACK_BYTES, raw_rate(folder));
    set.seal = seal;
    if (!store_sqlite.open(&set, &s, &e))
        return fail("open", e.text);
    for (size_t i = 0; ok && i < sizeof batches / sizeof *batches; i++)
        ok = measure(s, batches[i], &next, &e);
    s->ops->close(s);
    seal_close(seal);
    take_away(folder);
    return ok ? 0 : fail("store", e.text);
}
