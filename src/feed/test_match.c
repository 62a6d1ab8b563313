#include "test_match.h"

#include "duration.h"

static struct str stop_word(enum feed_outcome_kind k)
{
    switch (k) {
    case FEED_DROP:
        return STR("drop");
    case FEED_HOLD:
        return STR("hold");
    case FEED_REJECT:
        return STR("reject");
    case FEED_SEND:
    case FEED_RECORDED:
        break;
    }
    return (struct str){NULL, 0};
}

static void add_happenings(const struct feed_outcome *o, struct test_pairing *all)
{
    struct str word = stop_word(o->kind);

    if (o->emits)
        all->items[all->n++] = (struct happening){HAPPENS_EVENT, .o = o, .key = o->event.type};
    if (o->kind == FEED_SEND)
        all->items[all->n++] = (struct happening){HAPPENS_SEND, .o = o, .key = STR("send")};
    for (size_t k = 0; k < o->n_reminders; k++)
        all->items[all->n++] =
            (struct happening){HAPPENS_REMIND, o, &o->reminders[k], .key = STR("remind")};
    if (word.p)
        all->items[all->n++] =
            (struct happening){HAPPENS_STOP, .o = o, .key = word, .text = o->reason};
    for (size_t w = 0; w < o->n_warnings; w++)
        all->items[all->n++] =
            (struct happening){HAPPENS_WARN, .o = o, .key = STR("warn"), .text = o->warnings[w]};
}

static struct test_pairing happenings_of(const struct feed_result *r, struct arena *a)
{
    struct test_pairing all = {NULL, 0, NULL};
    size_t most = 0;

    for (size_t i = 0; i < r->n; i++)
        most += 3 + r->outcomes[i].n_warnings + r->outcomes[i].n_reminders;
    all.items = NEW_ARRAY(a, struct happening, most + 1);
    for (size_t i = 0; i < r->n; i++)
        add_happenings(&r->outcomes[i], &all);
    return all;
}

struct str happening_member(const struct happening *h, struct str name, struct arena *a)
{
    switch (h->kind) {
    case HAPPENS_EVENT:
        return event_value(&h->o->event, name.p);
    case HAPPENS_SEND:
        if (str_eq(name, STR("template")))
            return str_of(h->o->template->key);
        if (str_eq(name, STR("language")))
            return h->o->language;
        return str_eq(name, STR("to")) ? h->o->to : h->o->text;
    case HAPPENS_REMIND:
        return str_eq(name, STR("template")) ? str_of(h->reminder->template->key)
                                             : duration_write(h->reminder->before_ms, a);
    case HAPPENS_STOP:
    case HAPPENS_WARN:
        break;
    }
    return h->text;
}

bool happening_has(const struct happening *h, const struct yaml_pair *member, struct arena *a)
{
    struct str name = member->key->text, want = member->value->text;
    int64_t ms = 0;

    if (h->kind == HAPPENS_REMIND && str_eq(name, STR("before"))) /* 1d is 24h */
        return duration_read(want, &ms) && ms == h->reminder->before_ms;
    return str_eq(happening_member(h, name, a), want);
}

static bool has_reason(const struct happening *h)
{
    return h->kind == HAPPENS_STOP || h->kind == HAPPENS_WARN;
}

/* How many members of the expectation differ; -1: it is of another kind. */
static int differences(const struct yaml_pair *want, const struct happening *h, struct arena *a)
{
    int n = 0;

    if (!str_eq(want->key->text, h->key))
        return -1;
    if (has_reason(h))
        return !str_starts(h->text, want->value->text);
    for (size_t i = 0; i < want->value->n; i++)
        n += !happening_has(h, &want->value->pairs[i], a);
    return n;
}

/* Pairs expectations with happenings. A greedy choice could take the one outcome a later expectation needs,
 * so a taken one may be handed on (augmenting paths). */
static bool assign(const struct yaml_node *expect, struct test_pairing *all, size_t want,
                   bool *seen, struct arena *a)
{
    for (size_t h = 0; h < all->n; h++) {
        size_t owner = 0;

        if (seen[h] || differences(&expect->items[want]->pairs[0], &all->items[h], a) != 0)
            continue;
        seen[h] = true;
        while (all->items[h].used && all->of[owner] != (int)h)
            owner++;
        if (all->items[h].used && !assign(expect, all, owner, seen, a))
            continue;
        all->of[want] = (int)h;
        all->items[h].used = true;
        return true;
    }
    return false;
}

void test_pair(const struct yaml_node *expect, const struct feed_result *r, struct arena *a,
               struct test_pairing *out)
{
    *out = happenings_of(r, a);
    out->of = NEW_ARRAY(a, int, expect->n + 1);
    for (size_t i = 0; i < expect->n; i++)
        out->of[i] = NO_HAPPENING;
    for (size_t i = 0; i < expect->n; i++)
        (void)assign(expect, out, i, NEW_ARRAY(a, bool, out->n + 1), a);
}

int test_nearest(const struct test_pairing *p, const struct yaml_pair *want, struct arena *a)
{
    int best = NO_HAPPENING, least = 0;

    for (size_t h = 0; h < p->n; h++) {
        int n = p->items[h].used ? -1 : differences(want, &p->items[h], a);

        if (n >= 0 && (best == NO_HAPPENING || n < least)) {
            best = (int)h;
            least = n;
        }
    }
    return best;
}

static const char *describe(const struct happening *h, struct arena *a)
{
    const struct feed_outcome *o = h->o;
    struct str text = {"", 0};

    switch (h->kind) {
    case HAPPENS_STOP:
    case HAPPENS_WARN:
        return arena_printf(a, STR_FMT ": " STR_FMT, STR_ARG(h->key), STR_ARG(h->text)).p;
    case HAPPENS_REMIND:
        return arena_printf(a, "remind: {template: %s, before: " STR_FMT "}",
                            h->reminder->template->key,
                            STR_ARG(duration_write(h->reminder->before_ms, a)))
            .p;
    case HAPPENS_SEND:
        return arena_printf(a, "send: {template: %s, language: " STR_FMT ", text: " STR_FMT "}",
                            o->template->key, STR_ARG(o->language), STR_ARG(o->text))
            .p;
    case HAPPENS_EVENT:
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

/* Where the nearest outcome differs, at the text that was wanted there. */
static const char *explain_miss(const struct test_pairing *p, const struct yaml_node *expectation,
                                struct arena *a, const struct yaml_node **at)
{
    const struct yaml_pair *want = &expectation->pairs[0];
    int nearest = test_nearest(p, want, a);
    const struct happening *h = nearest == NO_HAPPENING ? NULL : &p->items[nearest];
    struct str key = want->key->text;

    *at = expectation;
    if (!h)
        return arena_printf(a, "no outcome is `" STR_FMT "` as wanted", STR_ARG(key)).p;
    if (has_reason(h)) {
        *at = want->value;
        return arena_printf(a,
                            "no outcome is `" STR_FMT "` as wanted: wanted `" STR_FMT
                            "`, got `" STR_FMT "`",
                            STR_ARG(key), STR_ARG(want->value->text), STR_ARG(h->text))
            .p;
    }
    for (size_t i = 0; i < want->value->n; i++) {
        const struct yaml_pair *member = &want->value->pairs[i];

        if (happening_has(h, member, a))
            continue;
        *at = member->value;
        return arena_printf(a,
                            "no outcome is `" STR_FMT "` as wanted: `" STR_FMT "` wanted `" STR_FMT
                            "`, got `" STR_FMT "`",
                            STR_ARG(key), STR_ARG(member->key->text), STR_ARG(member->value->text),
                            STR_ARG(happening_member(h, member->key->text, a)))
            .p;
    }
    return arena_printf(a, "no outcome is `" STR_FMT "` as wanted", STR_ARG(key)).p;
}

const char *test_match(const struct yaml_node *expect, const struct feed_result *r, struct arena *a,
                       const struct yaml_node **at)
{
    struct test_pairing p;

    test_pair(expect, r, a, &p);
    *at = expect;
    for (size_t i = 0; i < expect->n; i++)
        if (p.of[i] == NO_HAPPENING)
            return explain_miss(&p, expect->items[i], a, at);
    for (size_t h = 0; h < p.n; h++)
        if (!p.items[h].used && p.items[h].kind != HAPPENS_WARN)
            return arena_printf(a, "not expected: %s", describe(&p.items[h], a)).p;
    return NULL;
}

const char *test_got(const struct feed_result *r, struct arena *a)
{
    struct test_pairing all = happenings_of(r, a);
    struct str text = {"", 0};

    for (size_t h = 0; h < all.n; h++)
        text =
            arena_printf(a, STR_FMT "      got  %s\n", STR_ARG(text), describe(&all.items[h], a));
    return all.n ? text.p : "      got  nothing\n";
}
