#include "network.h"

#include <arpa/inet.h>

enum { ADDRESS_TEXT = 64 };

static bool is_mapped(const uint8_t six[16]) /* ::ffff:a.b.c.d */
{
    static const uint8_t head[12] = {[10] = 0xFF, [11] = 0xFF};

    return memcmp(six, head, sizeof head) == 0;
}

/* Reads a numeric address; *loopback says whether it is this machine's own. */
static struct network read_address(struct str text, bool *loopback)
{
    struct network out = {0};
    char z[ADDRESS_TEXT];
    uint8_t four[4], six[16];

    *loopback = false;
    if (text.n >= sizeof z)
        return out;
    memcpy(z, text.n ? text.p : "", text.n);
    z[text.n] = '\0';
    if (inet_pton(AF_INET6, z, six) == 1 && !is_mapped(six)) {
        static const uint8_t own[16] = {[15] = 1};

        *loopback = memcmp(six, own, sizeof own) == 0;
        out.family = 6;
        memcpy(out.bytes, six, 6);
        return out;
    }
    if (inet_pton(AF_INET, z, four) != 1) {
        if (inet_pton(AF_INET6, z, six) != 1)
            return out;
        memcpy(four, six + 12, sizeof four);
    }
    *loopback = four[0] == 127;
    out.family = 4;
    memcpy(out.bytes, four, 3);
    return out;
}

struct network network_of(struct str peer, struct str forwarded)
{
    struct network from, behind;
    bool loopback, ignored;

    from = read_address(peer, &loopback);
    if (!loopback || !forwarded.p)
        return from;
    for (struct str rest = forwarded; rest.p;)
        forwarded = str_cut(&rest, ',');
    behind = read_address(str_trim(forwarded), &ignored);
    return behind.family ? behind : from;
}
