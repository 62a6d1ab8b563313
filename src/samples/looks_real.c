#include "looks_real.h"

#include "feed/real.h"

bool looks_real(struct str text)
{
    /* A national number of no named nation is held against every scheme. */
    const struct real_identifier id = {.text = text, .type = STR("NI"), .authority = {NULL, 0}};

    return real_identifier(&id) != NULL;
}
