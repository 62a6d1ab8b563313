/* Webhook bodies: whatever comes, what is read out of it keeps to its own rules. */
#include <stdlib.h>

#include "whatsapp/value.h"
#include "whatsapp/webhook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct webhook w;
    struct err e;

    if (webhook_parse((struct str){(const char *)data, size}, &a, &w, &e)) {
        for (size_t i = 0; i < w.n_statuses; i++) {
            const struct webhook_status *s = &w.statuses[i];

            if (s->wamid.n == 0 || s->name.n == 0 || s->name.n > 32 || s->at_ms < 0 ||
                (s->echo.p && !whatsapp_is_echo(s->echo)))
                abort();
        }
    } else if (e.kind != ERR_INPUT) {
        abort();
    }
    arena_reset(&a);
    return 0;
}
