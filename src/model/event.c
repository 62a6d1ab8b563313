/* A packed event:   version(1)  type  unit_key  count(4)  { class(1) name value raw }
 * A text is length(4, big-endian) and its bytes; length 0xFFFFFFFF is an absent one. */
#include "model/event.h"

#include <stdint.h>
#include <string.h>

enum { VERSION = 1, MOST_SLOTS = 64 };

static const uint32_t absent = 0xFFFFFFFF;

const struct slot *event_slot(const struct event *ev, struct str name)
{
    for (size_t i = 0; i < ev->n_slots; i++) {
        if (str_eq(ev->slots[i].name, name))
            return &ev->slots[i];
    }
    return NULL;
}

struct str event_value(const struct event *ev, const char *name)
{
    const struct slot *s = event_slot(ev, str_of(name));

    return s ? s->value : (struct str){NULL, 0};
}

static int64_t number_of(struct str digits)
{
    int64_t n = 0;

    for (size_t i = 0; i < digits.n; i++)
        n = 10 * n + (digits.p[i] - '0'); /* our own digits */
    return n;
}

int64_t event_said_ms(const struct event *ev, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < ev->n_slots; i++) {
        struct str slot = ev->slots[i].name;

        if (slot.n == n + 3 && memcmp(slot.p, name, n) == 0 && memcmp(slot.p + n, "_ms", 3) == 0)
            return number_of(ev->slots[i].value);
    }
    return number_of(event_value(ev, "written_ms"));
}

static bool state_is_one(const struct event *ev, const char *const *words, size_t n)
{
    struct str state = event_value(ev, "status");

    if (!state.p)
        state = event_value(ev, "state");
    for (size_t i = 0; i < n; i++) {
        if (str_eq(state, str_of(words[i])))
            return true;
    }
    return false;
}

bool event_takes_back(const struct event *ev)
{
    static const char *const words[] = {"cancelled", "withdrawn", "undone"};

    return state_is_one(ev, words, sizeof words / sizeof *words);
}

bool event_is_over(const struct event *ev)
{
    static const char *const words[] = {"collected", "paid",     "closed", "skipped",
                                        "done",      "attended", "missed"};

    return event_takes_back(ev) || state_is_one(ev, words, sizeof words / sizeof *words);
}

bool event_blocks(const struct event *ev)
{
    return str_eq(ev->type, STR("patient/1")) && str_eq(event_value(ev, "blocked"), STR("true"));
}

static char *put_number(char *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (char)(v >> (24 - 8 * i) & 0xFF);
    return to + 4;
}

static char *put_text(char *to, struct str s)
{
    to = put_number(to, s.p ? (uint32_t)s.n : absent);
    if (!s.p)
        return to;
    memcpy(to, s.p, s.n);
    return to + s.n;
}

struct str event_pack(const struct event *ev, struct arena *a)
{
    size_t n = 1 + 4 + ev->type.n + 4 + ev->unit_key.n + 4;
    char *p, *at;

    for (size_t i = 0; i < ev->n_slots; i++)
        n += 13 + ev->slots[i].name.n + ev->slots[i].value.n + ev->slots[i].raw.n;
    p = at = arena_get(a, n, 1);
    *at++ = VERSION;
    at = put_text(at, ev->type);
    at = put_text(at, ev->unit_key);
    at = put_number(at, (uint32_t)ev->n_slots);
    for (size_t i = 0; i < ev->n_slots; i++) {
        *at++ = (char)ev->slots[i].class;
        at = put_text(at, ev->slots[i].name);
        at = put_text(at, ev->slots[i].value);
        at = put_text(at, ev->slots[i].raw);
    }
    return (struct str){p, n};
}

static bool get_number(struct str *in, uint32_t *out)
{
    if (in->n < 4)
        return false;
    *out = 0;
    for (int i = 0; i < 4; i++)
        *out = *out << 8 | (unsigned char)in->p[i];
    *in = (struct str){in->p + 4, in->n - 4};
    return true;
}

static bool get_text(struct str *in, struct str *out)
{
    uint32_t n;

    if (!get_number(in, &n))
        return false;
    if (n == absent) {
        *out = (struct str){NULL, 0};
        return true;
    }
    if (n > in->n)
        return false;
    *out = (struct str){in->p, n};
    *in = (struct str){in->p + n, in->n - n};
    return true;
}

static bool get_slot(struct str *in, struct slot *out)
{
    if (in->n == 0 || (unsigned char)in->p[0] > CLASS_CLINICAL)
        return false;
    out->class = (enum sensitivity)in->p[0];
    *in = (struct str){in->p + 1, in->n - 1};
    return get_text(in, &out->name) && get_text(in, &out->value) && get_text(in, &out->raw);
}

bool event_unpack(struct str packed, struct arena *a, struct event *out, struct err *e)
{
    struct str in = packed;
    uint32_t n;

    *out = (struct event){0};
    if (in.n == 0 || in.p[0] != VERSION)
        return err_set(e, ERR_INPUT, 0, "not a packed event");
    in = (struct str){in.p + 1, in.n - 1};
    if (!get_text(&in, &out->type) || !get_text(&in, &out->unit_key) || !get_number(&in, &n) ||
        n > MOST_SLOTS)
        return err_set(e, ERR_INPUT, 0, "packed event: the head is cut at byte %zu",
                       packed.n - in.n);
    out->slots = NEW_ARRAY(a, struct slot, n);
    out->n_slots = n;
    for (uint32_t i = 0; i < n; i++) {
        if (!get_slot(&in, &out->slots[i]))
            return err_set(e, ERR_INPUT, 0, "packed event: slot %u is cut", i + 1);
    }
    return in.n == 0 || err_set(e, ERR_INPUT, 0, "packed event: %zu bytes too many", in.n);
}
