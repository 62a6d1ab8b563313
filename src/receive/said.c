#include "said.h"

static uint64_t left_out(const struct said *s)
{
    return s->n > SAID_MOST ? s->n - SAID_MOST : 0;
}

uint64_t said_rest(struct said *s, uint64_t now_ms)
{
    uint64_t rest = left_out(s);

    if (s->second == now_ms / 1000)
        return 0;
    *s = (struct said){.second = now_ms / 1000};
    return rest;
}

bool said_one(struct said *s, uint64_t now_ms, uint64_t *rest)
{
    *rest = said_rest(s, now_ms);
    return s->n++ < SAID_MOST;
}
