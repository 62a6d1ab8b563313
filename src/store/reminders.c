/* { before(8) due(8) expires(8) ttl(8) flags(1) replies(1) approval(16) template language params }, numbers
 * big-endian; a text is its length(4) and its bytes. */
#include "reminders.h"

#include "growing.h"
#include "params.h"

enum { NUMBERS = 4, HEAD = 8 * NUMBERS + 2 + INDEX_BYTES, NAMED = 1, BUTTON = 2 };

struct reminder_list {
    struct reminder *items;
    size_t n;
};

static char *put_number(char *to, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (char)(v >> (8 * (bytes - 1 - i)) & 0xFF);
    return to + bytes;
}

static char *put_text(char *to, struct str s)
{
    to = put_number(to, s.n, 4);
    if (s.n)
        memcpy(to, s.p, s.n);
    return to + s.n;
}

static uint64_t get_number(struct str *in, size_t bytes)
{
    uint64_t v = 0;

    for (size_t i = 0; i < bytes; i++)
        v = v << 8 | (uint8_t)in->p[i];
    *in = (struct str){in->p + bytes, in->n - bytes};
    return v;
}

static bool get_text(struct str *in, struct str *out)
{
    size_t n;

    if (in->n < 4)
        return false;
    n = get_number(in, 4);
    if (n > in->n)
        return false;
    *out = (struct str){in->p, n};
    *in = (struct str){in->p + n, in->n - n};
    return true;
}

struct str reminders_pack(const struct reminder *all, size_t n, struct arena *a)
{
    struct str *params = NEW_ARRAY(a, struct str, n + 1);
    size_t bytes = 0;
    char *p, *end;

    if (n == 0)
        return (struct str){NULL, 0};
    for (size_t i = 0; i < n; i++) {
        params[i] = params_pack(all[i].params, all[i].n_params, a);
        bytes += HEAD + 12 + all[i].template.n + all[i].language.n + params[i].n;
    }
    p = end = arena_get(a, bytes, 1);
    for (size_t i = 0; i < n; i++) {
        const int64_t numbers[NUMBERS] = {all[i].before_ms, all[i].due_ms, all[i].expires_ms,
                                          all[i].ttl_ms};

        for (int k = 0; k < NUMBERS; k++)
            end = put_number(end, (uint64_t)numbers[k], 8);
        *end++ = (char)((all[i].named ? NAMED : 0) | (all[i].button ? BUTTON : 0));
        *end++ = (char)all[i].replies;
        memcpy(end, all[i].approval, INDEX_BYTES);
        end += INDEX_BYTES;
        end = put_text(end, all[i].template);
        end = put_text(end, all[i].language);
        end = put_text(end, params[i]);
    }
    return (struct str){p, bytes};
}

bool reminders_unpack(struct str packed, struct arena *a, struct reminder **all, size_t *n,
                      struct err *e)
{
    struct reminder_list list = {0};
    const size_t whole = packed.n;

    while (packed.n) {
        struct reminder *r = GROW(a, &list);
        struct str params;
        uint64_t flags;

        if (packed.n < HEAD)
            return err_set(e, ERR_INPUT, 0, "reminders end at byte %zu", whole - packed.n);
        r->before_ms = (int64_t)get_number(&packed, 8);
        r->due_ms = (int64_t)get_number(&packed, 8);
        r->expires_ms = (int64_t)get_number(&packed, 8);
        r->ttl_ms = (int64_t)get_number(&packed, 8);
        flags = get_number(&packed, 1);
        r->named = (flags & NAMED) != 0;
        r->button = (flags & BUTTON) != 0;
        r->replies = (uint8_t)get_number(&packed, 1);
        memcpy(r->approval, packed.p, INDEX_BYTES);
        packed = (struct str){packed.p + INDEX_BYTES, packed.n - INDEX_BYTES};
        if (!get_text(&packed, &r->template) || !get_text(&packed, &r->language) ||
            !get_text(&packed, &params))
            return err_set(e, ERR_INPUT, 0, "reminders end at byte %zu", whole - packed.n);
        if (!params_unpack(params, a, &r->params, &r->n_params, e))
            return false;
    }
    *all = list.items;
    *n = list.n;
    return true;
}
