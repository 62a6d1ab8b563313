#include "big5.h"

static bool is_pair(unsigned char lead, unsigned char trail)
{
    return lead >= 0xA1 && lead <= 0xF9 &&
           ((trail >= 0x40 && trail <= 0x7E) || (trail >= 0xA1 && trail <= 0xFE));
}

bool big5_looks(struct str s)
{
    size_t pairs = 0, common = 0, low = 0, neighbours = 0, last = 0;

    for (size_t i = 0; i < s.n; i++) {
        unsigned char lead = (unsigned char)s.p[i], trail;

        if (lead < 0x80)
            continue;
        trail = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;
        if (!is_pair(lead, trail))
            return false;
        neighbours += pairs && last == i;
        pairs++;
        common += lead <= 0xC6; /* level 1, and punctuation */
        low += trail < 0x80;
        i++;
        last = i + 1;
    }
    return neighbours && low && common * 4 >= pairs * 3;
}
