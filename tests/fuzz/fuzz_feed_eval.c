/* Any message through a fixed feed: it always ends, what is sent is made of our own words only, and looking
 * on (the trace of `explain`) changes nothing. */
#include <stdint.h>
#include <stdlib.h>

#include "../../src/feed/trace.h"
#include "../unit/tenant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct feed *feed;

static void need(bool good)
{
    if (!good)
        abort();
}

static void leave(void)
{
    feed_free(feed);
}

static void load(void)
{
    struct tenant t;
    struct arena a = {0};
    struct findings all;

    tenant_make(&t);
    feed = feed_load(t.feed, &a, &all);
    need(feed != NULL);
    arena_reset(&a);
    tenant_remove(&t);
    atexit(leave);
}

/* The only things a parameter of this feed may say. */
static bool is_clinic(struct str s)
{
    return str_eq(s, STR("北院門診")) || str_eq(s, STR("North")) || str_eq(s, STR("獅城診所")) ||
           str_eq(s, STR("Lion"));
}

static void check_outcome(const struct feed_outcome *o)
{
    need(o->kind >= FEED_SEND && o->kind <= FEED_REJECT);
    need(o->reason.n <= 60);
    need(o->kind != FEED_SEND || (o->emits && o->to.n >= 8 && o->to.p[0] == '+'));
    for (size_t i = 0; o->kind == FEED_SEND && i < o->n_params; i++)
        need(is_clinic(o->params[i].text));
}

static bool evaluate(struct str body, struct feed_trace *trace, struct arena *a,
                     struct feed_result *r)
{
    const struct feed_input in = {.kind = body.n && body.p[0] == '{' ? MESSAGE_FHIR : MESSAGE_HL7,
                                  .body = body,
                                  .received_ms = 1735689600000,
                                  .key = STR("tidings-test-key"),
                                  .trace = trace};
    struct err e;

    return feed_eval(feed, &in, a, r, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str body = {(const char *)data, n};
    struct feed_trace trace = {0};
    struct feed_result r, seen;
    struct arena a = {0};
    bool good;

    if (!feed)
        load();
    good = evaluate(body, NULL, &a, &r);
    need(evaluate(body, &trace, &a, &seen) == good);
    for (size_t i = 0; good && i < r.n; i++) {
        check_outcome(&r.outcomes[i]);
        need(seen.n == r.n && seen.outcomes[i].kind == r.outcomes[i].kind);
        need(str_eq(seen.outcomes[i].reason, r.outcomes[i].reason));
        need(str_eq(seen.outcomes[i].text, r.outcomes[i].text));
    }
    arena_reset(&a);
    return 0;
}
