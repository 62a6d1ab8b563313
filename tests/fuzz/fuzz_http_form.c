/* Form and query fields: what comes out is never longer than what went in, and has no NUL. */
#include <stdint.h>
#include <stdlib.h>

#include "net/http_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"a", "hub.mode", "", "lang"};
    struct str from = {(const char *)data, size};
    struct arena a = {0};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct str value = http_form_value(from, names[i], &a);

        if (value.n > size || (value.n && memchr(value.p, 0, value.n)))
            abort();
    }
    arena_reset(&a);
    return 0;
}
