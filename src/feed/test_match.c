#include "test_match.h"
#include "duration.h"

/* One thing that may be expected: an event, a send, a reminder, a stop or a warning. */
struct happening {
    enum { EVENT, SEND, REMIND, STOP, WARN } kind;
    const struct feed_outcome *o;
    const struct feed_reminder *reminder;
    const char *word; /* "drop", "hold", "reject", "warn" */
    struct str text;  /* reason or warning */
    bool used;
};

struct happenings {
    struct happening *items;
    size_t n;
};

static const char *stop_word(enum feed_outcome_kind k)
{
    switch (k) {
    case FEED_DROP:
        return "drop";
    case FEED_HOLD:
        return "hold";
    case FEED_REJECT:
        return "reject";
    case FEED_SEND:
    case FEED_RECORDED:
        return NULL;
    }
    return NULL;
}

static struct happenings happenings_of(const struct feed_result *r, struct arena *a)
{
    struct happenings all = {NULL, 0};
    size_t most = 0;

    for (size_t i = 0; i < r->n; i++)
        most += 3 + r->outcomes[i].n_warnings + r->outcomes[i].n_reminders;
    all.items = NEW_ARRAY(a, struct happening, most + 1);
    for (size_t i = 0; i < r->n; i++) {
        const struct feed_outcome *o = &r->outcomes[i];
        const char *word = stop_word(o->kind);

        if (o->emits)
            all.items[all.n++] = (struct happening){EVENT, .o = o, .text = o->event.type};
        if (o->kind == FEED_SEND)
            all.items[all.n++] = (struct happening){SEND, .o = o, .word = "send"};
        for (size_t k = 0; k < o->n_reminders; k++)
            all.items[all.n++] = (struct happening){REMIND, o, &o->reminders[k], .word = "remind"};
        if (word)
            all.items[all.n++] = (struct happening){STOP, .o = o, .word = word, .text = o->reason};
        for (size_t w = 0; w < o->n_warnings; w++)
            all.items[all.n++] =
                (struct happening){WARN, .o = o, .word = "warn", .text = o->warnings[w]};
    }
    return all;
}

static bool slots_equal(const struct yaml_node *want, const struct event *ev)
{
    for (size_t i = 0; i < want->n; i++)
        if (!str_eq(event_value(ev, want->pairs[i].key->text.p), want->pairs[i].value->text))
            return false;
    return true;
}

static bool send_equal(const struct yaml_node *want, const struct feed_outcome *o)
{
    for (size_t i = 0; i < want->n; i++) {
        struct str key = want->pairs[i].key->text, got = {NULL, 0};

        if (str_eq(key, STR("template")))
            got = str_of(o->template->key);
        else if (str_eq(key, STR("language")))
            got = o->language;
        else
            got = str_eq(key, STR("to")) ? o->to : o->text;
        if (!str_eq(got, want->pairs[i].value->text))
            return false;
    }
    return true;
}

static bool reminder_equal(const struct yaml_node *want, const struct feed_reminder *r)
{
    for (size_t i = 0; i < want->n; i++) {
        struct str key = want->pairs[i].key->text, text = want->pairs[i].value->text;
        int64_t ms = 0;

        if (str_eq(key, STR("template")) ? !str_eq(str_of(r->template->key), text)
                                         : !duration_read(text, &ms) || ms != r->before_ms)
            return false;
    }
    return true;
}

static bool matches(const struct yaml_pair *want, const struct happening *h)
{
    switch (h->kind) {
    case EVENT:
        return str_eq(want->key->text, h->text) && slots_equal(want->value, &h->o->event);
    case SEND:
        return str_eq(want->key->text, STR("send")) && send_equal(want->value, h->o);
    case REMIND:
        return str_eq(want->key->text, STR("remind")) && reminder_equal(want->value, h->reminder);
    case STOP:
    case WARN:
        return str_eq(want->key->text, str_of(h->word)) && str_starts(h->text, want->value->text);
    }
    return false;
}

/* Pairs expectations with happenings. A greedy choice could take the one outcome a later expectation needs,
 * so a taken one may be handed on (augmenting paths). */
static bool assign(const struct yaml_node *expect, struct happenings *all, size_t want,
                   size_t *owner, bool *seen)
{
    for (size_t h = 0; h < all->n; h++) {
        if (seen[h] || !matches(&expect->items[want]->pairs[0], &all->items[h]))
            continue;
        seen[h] = true;
        if (all->items[h].used && !assign(expect, all, owner[h], owner, seen))
            continue;
        owner[h] = want;
        all->items[h].used = true;
        return true;
    }
    return false;
}

static const char *describe(const struct happening *h, struct arena *a)
{
    const struct feed_outcome *o = h->o;
    struct str text = {"", 0};

    switch (h->kind) {
    case STOP:
    case WARN:
        return arena_printf(a, "%s: " STR_FMT, h->word, STR_ARG(h->text)).p;
    case REMIND:
        return arena_printf(a, "remind: {template: %s, before: " STR_FMT "}",
                            h->reminder->template->key,
                            STR_ARG(duration_write(h->reminder->before_ms, a)))
            .p;
    case SEND:
        return arena_printf(a, "send: {template: %s, language: " STR_FMT ", text: " STR_FMT "}",
                            o->template->key, STR_ARG(o->language), STR_ARG(o->text))
            .p;
    case EVENT:
        for (size_t i = 0; i < o->event.n_slots; i++) {
            const struct slot *s = &o->event.slots[i];
            int most = str_starts(s->value, STR("pk_")) ? 13 : (int)s->value.n;

            text = arena_printf(a, STR_FMT "%s" STR_FMT ": %.*s", STR_ARG(text), i ? ", " : "",
                                STR_ARG(s->name), most, s->value.p);
        }
        return arena_printf(a, STR_FMT ": {" STR_FMT "}", STR_ARG(o->event.type), STR_ARG(text)).p;
    }
    return "";
}

const char *test_match(const struct yaml_node *expect, const struct feed_result *r, struct arena *a,
                       const struct yaml_node **at)
{
    struct happenings all = happenings_of(r, a);
    size_t *owner = NEW_ARRAY(a, size_t, all.n + 1);

    *at = expect;
    for (size_t i = 0; i < expect->n; i++) {
        bool *seen = NEW_ARRAY(a, bool, all.n + 1);

        if (assign(expect, &all, i, owner, seen))
            continue;
        *at = expect->items[i];
        return arena_printf(a, "no outcome is `" STR_FMT "` as wanted",
                            STR_ARG(expect->items[i]->pairs[0].key->text))
            .p;
    }
    for (size_t h = 0; h < all.n; h++)
        if (!all.items[h].used && all.items[h].kind != WARN)
            return arena_printf(a, "not expected: %s", describe(&all.items[h], a)).p;
    return NULL;
}

const char *test_got(const struct feed_result *r, struct arena *a)
{
    struct happenings all = happenings_of(r, a);
    struct str text = {"", 0};

    for (size_t h = 0; h < all.n; h++)
        text =
            arena_printf(a, STR_FMT "      got  %s\n", STR_ARG(text), describe(&all.items[h], a));
    return all.n ? text.p : "      got  nothing\n";
}
