/* Every address is 128 bits wide here; IPv4 lives in ::ffff:0:0/96. */
#include "net/range.h"

#include <arpa/inet.h>

enum { ADDRESS_BITS = 128, MAPPED_BITS = 96 };

static bool read_address(const char *text, uint8_t out[16], bool *v4)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    memcpy(out, mapped, sizeof mapped);
    *v4 = inet_pton(AF_INET, text, out + sizeof mapped) == 1;
    return *v4 || inet_pton(AF_INET6, text, out) == 1;
}

/* One to three digits, no sign, no zero in front of another digit. */
static bool read_bits(struct str text, int most, int *out)
{
    int bits = 0;

    if (text.n == 0 || text.n > 3 || (text.n > 1 && text.p[0] == '0'))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        bits = bits * 10 + (text.p[i] - '0');
    }
    *out = bits;
    return bits <= most;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, int bits)
{
    size_t whole = (size_t)bits / 8;
    unsigned mask = 0xff00u >> (bits % 8) & 0xff;

    return memcmp(a, b, whole) == 0 && (mask == 0 || (a[whole] & mask) == (b[whole] & mask));
}

static bool is_clear_behind(const uint8_t address[16], int bits)
{
    for (int i = bits; i < ADDRESS_BITS; i++) {
        if (address[i / 8] & (0x80 >> i % 8))
            return false;
    }
    return true;
}

bool net_range_parse(struct str text, struct net_range *out, struct err *e)
{
    struct str rest = text, address = str_cut(&rest, '/');
    struct net_range r = {.bits = ADDRESS_BITS};
    char z[INET6_ADDRSTRLEN];
    bool v4 = false;

    if (address.n >= sizeof z || memchr(address.p ? address.p : "", '\0', address.n))
        return err_set(e, ERR_INPUT, 0, "not a numeric address");
    memcpy(z, address.p ? address.p : "", address.n);
    z[address.n] = '\0';
    if (!read_address(z, r.address, &v4))
        return err_set(e, ERR_INPUT, 0, "not a numeric address");
    if (rest.p) {
        int most = v4 ? ADDRESS_BITS - MAPPED_BITS : ADDRESS_BITS;

        if (!read_bits(rest, most, &r.bits))
            return err_set(e, ERR_INPUT, 0, "the prefix is a number from 0 to %d", most);
        r.bits += v4 ? MAPPED_BITS : 0;
    }
    if (!is_clear_behind(r.address, r.bits))
        return err_set(e, ERR_INPUT, 0, "bits are set behind the prefix");
    *out = r;
    return true;
}

bool net_range_holds(const struct net_range *r, const char *address)
{
    uint8_t bytes[16];
    bool v4;

    return read_address(address, bytes, &v4) && same_bits(r->address, bytes, r->bits);
}

bool net_ranges_hold(const struct net_range *all, size_t n, const char *address)
{
    for (size_t i = 0; i < n; i++) {
        if (net_range_holds(&all[i], address))
            return true;
    }
    return false;
}
