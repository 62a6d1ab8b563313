#include "outbound/backoff.h"

int64_t backoff_ms(int64_t first_ms, int64_t most_ms, unsigned failures,
                   const struct random_source *random)
{
    int64_t whole = first_ms < most_ms ? first_ms : most_ms;
    uint32_t dice;

    for (unsigned i = 1; i < failures && whole < most_ms; i++)
        whole = whole > most_ms / 2 ? most_ms : whole * 2;
    if (!random->get(random, &dice, sizeof dice))
        return whole;
    return whole - (int64_t)(dice % (uint64_t)(whole / 2 + 1));
}
