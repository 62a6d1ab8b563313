#include <stdlib.h>

#include "explained.h"
#include "feed/moment.h"
#include "phone/phone.h"

enum { KEY_DIGITS = 10, SHOWN_ENDS = 3 };

struct str shown_phone(struct str e164, struct arena *a)
{
    struct str z = arena_copy(a, e164), national;
    int code = phone_calling_code(z.p);
    size_t n = (size_t)snprintf(NULL, 0, "+%d", code);

    if (!code || z.n < n + 2 * SHOWN_ENDS)
        return STR("***");
    national = (struct str){z.p + n, z.n - n};
    if (national.n < 9) /* both ends would leave too little in the middle */
        return arena_printf(a, "+%d *** %s", code, national.p + national.n - SHOWN_ENDS);
    return arena_printf(a, "+%d %.*s *** %s", code, SHOWN_ENDS, national.p,
                        national.p + national.n - SHOWN_ENDS);
}

/* "2025-03-04T09:30:00+08:00[Asia/Taipei]" as "2025-03-04 09:30 +08:00 Asia/Taipei" */
static struct str shown_instant(struct str value, struct arena *a)
{
    struct str rest = value, stamp = str_cut(&rest, '['), time = {stamp.p + 11, 8};
    struct str offset = {stamp.p + 19, stamp.n - 19};

    if (str_eq((struct str){time.p + 5, 3}, STR(":00")))
        time.n = 5;
    return arena_printf(a, "%.10s " STR_FMT " " STR_FMT " %.*s", stamp.p, STR_ARG(time),
                        STR_ARG(offset), (int)rest.n - 1, rest.p);
}

struct str shown_clear(const struct trace_slot *slot, struct arena *a)
{
    int64_t unix_s;

    return moment_read_ours(slot->value, &unix_s) ? shown_instant(slot->value, a) : slot->value;
}

struct str shown_value(const struct trace_slot *slot, struct arena *a)
{
    int64_t unix_s;

    if (!slot->value.n)
        return slot->value;
    if (slot->pseudonym || (slot->masked && str_starts(slot->value, STR("pk_"))))
        return arena_printf(a, "%.*s…", 3 + KEY_DIGITS, slot->value.p);
    if (slot->masked)
        return slot->value.p[0] == '+' ? shown_phone(slot->value, a) : STR("***");
    if (moment_read_ours(slot->value, &unix_s))
        return shown_instant(slot->value, a);
    return slot->value;
}
