#include "dice.h"

#include "base/buf.h"

static void next_block(struct dice *d)
{
    uint8_t counter[4] = {(uint8_t)(d->round >> 24), (uint8_t)(d->round >> 16),
                          (uint8_t)(d->round >> 8), (uint8_t)d->round};

    seal_hmac_sha256((struct str){(const char *)d->seed, sizeof d->seed},
                     (struct str){(const char *)counter, sizeof counter}, d->bytes);
    d->round++;
    d->at = 0;
}

void dice_init(struct dice *d, const struct fake *f, const char *domain, struct str text,
               unsigned roll)
{
    struct buf in = buf_new(text.n + 64);

    (void)buf_printf(&in, "%s %u ", domain, roll);
    (void)buf_add(&in, text);
    seal_hmac_sha256((struct str){(const char *)f->key, FAKE_KEY}, buf_str(&in), d->seed);
    buf_reset(&in);
    memcpy(d->bytes, d->seed, sizeof d->bytes);
    d->round = 0;
    d->at = 0;
}

uint32_t dice_of(struct dice *d, uint32_t n)
{
    uint32_t v = 0;

    if (d->at + 4 > sizeof d->bytes)
        next_block(d);
    for (int i = 0; i < 4; i++)
        v = v << 8 | d->bytes[d->at++];
    return (uint32_t)((uint64_t)v * n >> 32);
}
