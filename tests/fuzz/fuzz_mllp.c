/* The framer over any bytes: how they are cut changes nothing, offsets never go back, and no byte of
 * content comes from nowhere. The first byte chooses the cuts, the second the settings and the end. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "hl7/mllp.h"

enum { MOST = 16384 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_event(struct buf *b, const struct mllp_event *ev)
{
    buf_printf(b, "%d %d %llu %llu %d ", (int)ev->step, (int)ev->code,
               (unsigned long long)ev->offset, (unsigned long long)ev->count, (int)ev->last);
    if (ev->content.p)
        buf_add(b, ev->content);
    buf_add_char(b, '\n');
}

static void drain(struct mllp_framer *f, struct str in, struct buf *trace)
{
    struct mllp_event ev;

    while (mllp_next(f, &in, &ev) != MLLP_MORE)
        add_event(trace, &ev);
    if (in.n)
        abort();
}

static struct buf run(const struct mllp_settings *set, struct str in, unsigned cuts, int end)
{
    struct buf trace = buf_new(64 << 20);
    struct mllp_framer f;

    mllp_framer_init(&f, set);
    while (in.n) {
        size_t n = cuts ? 1 + cuts % 23 : in.n;
        char *copy = malloc(n); /* of its exact size */

        n = n > in.n ? in.n : n;
        memcpy(copy, in.p, n);
        drain(&f, (struct str){copy, n}, &trace);
        free(copy);
        cuts = cuts ? cuts * 1103515245U + 12345U | 1U : 0;
        in = (struct str){in.p + n, in.n - n};
    }
    if (end == 1)
        mllp_eof(&f);
    else if (end == 2)
        mllp_silence(&f);
    else if (end == 3)
        mllp_timeout(&f);
    drain(&f, STR(""), &trace);
    mllp_trim(&f, 0);
    mllp_framer_end(&f);
    return trace;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mllp_settings set = mllp_settings_default();
    struct buf whole, cut;
    struct str in;

    if (size < 2 || size > MOST)
        return 0;
    in = (struct str){(const char *)data + 2, size - 2};
    set.max = data[1] & 4 ? 8 : data[1] & 8 ? 64 : 4096;
    set.sb_optional = data[1] & 16;
    whole = run(&set, in, 0, data[1] & 3);
    cut = run(&set, in, data[0] | 1U, data[1] & 3);
    if (!str_eq(buf_str(&whole), buf_str(&cut)))
        abort();
    buf_reset(&whole);
    buf_reset(&cut);
    return 0;
}
