#include "params.h"

#include "growing.h"

static const uint32_t absent = 0xFFFFFFFF;

struct param_list {
    struct param *items;
    size_t n;
};

static char *put(char *to, struct str s)
{
    uint32_t length = s.p ? (uint32_t)s.n : absent;

    for (int i = 0; i < 4; i++)
        *to++ = (char)(length >> (24 - 8 * i) & 0xFF);
    if (s.n)
        memcpy(to, s.p, s.n);
    return to + s.n;
}

struct str params_pack(const struct param *params, size_t n, struct arena *a)
{
    size_t bytes = 0;
    char *p, *end;

    if (n == 0)
        return (struct str){NULL, 0};
    for (size_t i = 0; i < n; i++)
        bytes += 8 + params[i].name.n + params[i].text.n;
    p = end = arena_get(a, bytes, 1);
    for (size_t i = 0; i < n; i++) {
        end = put(end, params[i].name);
        end = put(end, params[i].text);
    }
    return (struct str){p, bytes};
}

static bool get(struct str *in, struct str *out)
{
    uint32_t length = 0;

    if (in->n < 4)
        return false;
    for (int i = 0; i < 4; i++)
        length = length << 8 | (uint8_t)in->p[i];
    *in = (struct str){in->p + 4, in->n - 4};
    *out = (struct str){NULL, 0};
    if (length == absent)
        return true;
    if (length > in->n)
        return false;
    *out = (struct str){in->p, length};
    *in = (struct str){in->p + length, in->n - length};
    return true;
}

bool params_unpack(struct str packed, struct arena *a, struct param **params, size_t *n,
                   struct err *e)
{
    struct param_list list = {0};
    const size_t whole = packed.n;

    while (packed.n) {
        struct param *p = GROW(a, &list);

        if (!get(&packed, &p->name) || !get(&packed, &p->text))
            return err_set(e, ERR_INPUT, 0, "parameters end at byte %zu", whole - packed.n);
    }
    *params = list.items;
    *n = list.n;
    return true;
}
