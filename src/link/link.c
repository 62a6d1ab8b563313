#include "link/link.h"

#include <stdlib.h>
#include <strings.h>

#include "base/container_of.h"
#include "base/log.h"
#include "house.h"

enum { FORM_BYTES = 1024, REDEEM_BYTES = 1024, SECRET_LEAST = 16 };

/* One POST of a button; lives in its exchange's arena. */
struct opening {
    struct store_job job;
    struct http_exchange *x;
    struct link *link;
    enum language language;
    struct network from;
    uint8_t token_hash[SEAL_HASH_BYTES], code_hash[SEAL_HASH_BYTES];
    char code[TOKEN_TEXT + 1];
    int64_t now_ms;
    bool live;
};

struct network link_network(const struct http_exchange *x)
{
    const struct http_request *r = &x->request;
    struct str forwarded = {NULL, 0};

    for (size_t i = 0; i < r->n_headers; i++) /* the last line is the nearest proxy's */
        if (r->headers[i].name.n == 15 &&
            strncasecmp(r->headers[i].name.p, "X-Forwarded-For", 15) == 0)
            forwarded = r->headers[i].value;
    return network_of(str_of(r->peer), forwarded);
}

int link_missed(struct link *l, struct network from, const char *what, int usual)
{
    bool alarm = l->misses.alarm;
    bool over = misses_add(&l->misses, from, clock_now_ms(l->clock));

    if (over)
        l->counts.throttled++;
    else
        l->counts.refused++;
    if (!l->misses.alarm)
        log_event(LOG_INFO, "link", "%s -> %d", what, usual);
    else if (!alarm)
        log_event(
            LOG_WARN, "link",
            "%lld wrong links or tokens this minute so far: the others are counted, not logged",
            (long long)l->misses.all);
    return over ? 429 : usual;
}

static void fill_page(const struct link *l, enum page page, enum language language,
                      struct http_answer *out)
{
    out->content_type = "text/html; charset=utf-8";
    out->body = l->pages.html[page][language];
    out->fields = l->pages.fields[language];
    out->n_fields = PAGE_FIELDS;
}

/* The page's fields and one more. */
static void add_field(struct http_answer *out, struct http_field more, struct arena *a)
{
    struct http_field *fields = NEW_ARRAY(a, struct http_field, out->n_fields + 1);

    memcpy(fields, out->fields, out->n_fields * sizeof *fields);
    fields[out->n_fields++] = more;
    out->fields = fields;
}

static enum language language_of(const struct door *d, struct http_exchange *x)
{
    enum language asked;

    if (pages_language(http_form_value(x->request.query, "lang", &x->arena), &asked))
        return asked;
    return d->language;
}

/* The same bytes whatever the token: nothing is looked up. */
static void on_page(struct http_exchange *x)
{
    const struct door *d = x->ctx;
    struct http_answer out = {.status = 200};

    d->link->counts.fetched++;
    fill_page(d->link, PAGE_LANDING, language_of(d, x), &out);
    http_answer(x, &out);
}

/* 404, 429 and 503: one page, which leaves nobody stranded. */
static void answer_dead(const struct link *l, struct http_exchange *x, enum language language,
                        int status)
{
    struct http_answer out = {.status = status};

    fill_page(l, PAGE_DEAD, language, &out);
    if (status != 404)
        add_field(&out, (struct http_field){"Retry-After", "60"}, &x->arena);
    http_answer(x, &out);
}

static void answer_live(struct opening *o)
{
    const struct link *l = o->link;
    struct arena *a = &o->x->arena;
    struct http_answer out = {.status = 303};
    char sign = memchr(l->pages.portal.p, '?', l->pages.portal.n) ? '&' : '?';
    struct str to = arena_printf(a, STR_FMT "%ccode=%s", STR_ARG(l->pages.portal), sign, o->code);

    fill_page(l, PAGE_LANDING, o->language, &out);
    out.content_type = NULL;
    out.body = STR("");
    add_field(&out, (struct http_field){"Location", to.p}, a);
    http_answer(o->x, &out);
}

static bool run_open(struct store_job *j, struct store *s, struct err *e)
{
    struct opening *o = container_of(j, struct opening, job);

    o->live = false;
    return s->ops->open_link(s, o->token_hash, o->now_ms, o->code_hash,
                             o->now_ms + o->link->code_ttl_ms, &o->live, e);
}

static void open_done(struct store_job *j)
{
    struct opening *o = container_of(j, struct opening, job);
    struct link *l = o->link;

    if (!j->ok) {
        l->counts.busy++;
        log_event(LOG_WARN, "link", "POST /l/{token}: %s -> 503", j->err.text);
        answer_dead(l, o->x, o->language, 503);
    } else if (o->live) {
        l->counts.opened++;
        log_event(LOG_INFO, "link", "POST /l/{token}: live -> 303 to the portal");
        answer_live(o);
    } else {
        answer_dead(l, o->x, o->language,
                    link_missed(l, o->from, "POST /l/{token}: not live", 404));
    }
}

static void on_button(struct http_exchange *x)
{
    const struct door *d = x->ctx;
    struct link *l = d->link;
    struct opening *o = NEW(&x->arena, struct opening);
    struct err e = {0};

    o->x = x;
    o->link = l;
    o->language = language_of(d, x);
    o->from = link_network(x);
    o->now_ms = clock_now_ms(l->clock);
    if (!token_new(l->random, o->code, &e)) {
        l->counts.busy++;
        log_event(LOG_ERROR, "link", "POST /l/{token}: %s -> 503", e.text);
        answer_dead(l, x, o->language, 503);
        return;
    }
    token_hash(x->request.values[0], o->token_hash);
    token_hash(str_of(o->code), o->code_hash);
    o->job = (struct store_job){.run = run_open, .done = open_done};
    store_queue_submit(l->queue, &o->job);
}

/* What the server answers by itself looks like everything else here. */
static void dress(void *ctx, int status, struct arena *a, struct http_answer *answer)
{
    const struct link *l = ctx;

    (void)status;
    (void)a;
    fill_page(l, PAGE_DEAD, l->doors[LANGUAGES].language, answer);
}

static void make_routes(struct link *l, enum language language)
{
    static const char *const patterns[LANGUAGES + 1] = {
        [LANGUAGE_ZH_TW] = "/zh-TW/l/{token}",
        [LANGUAGE_EN] = "/en/l/{token}",
        [LANGUAGES] = "/l/{token}",
    };

    for (size_t i = 0; i <= LANGUAGES; i++) {
        struct door *d = &l->doors[i];

        *d = (struct door){l, i < LANGUAGES ? (enum language)i : language};
        l->routes[2 * i] = (struct http_route){"GET", patterns[i], 0, on_page, d};
        l->routes[2 * i + 1] = (struct http_route){"POST", patterns[i], FORM_BYTES, on_button, d};
    }
    l->routes[LINK_ROUTES - 1] =
        (struct http_route){"POST", "/links/redeem", REDEEM_BYTES, link_on_redeem, l};
}

static bool check(const struct link_settings *set, enum language *language, struct err *e)
{
    *language = LANGUAGE_ZH_TW;
    if (set->language && !pages_language(str_of(set->language), language))
        return err_set(e, ERR_CONFIG, 0, "link: no pages in that language; there are zh-TW and en");
    if (set->redeem_token.n < SECRET_LEAST)
        return err_set(e, ERR_CONFIG, 0, "links.redeem_token_file: shorter than %d characters",
                       SECRET_LEAST);
    if (set->code_ttl_ms < 1 || set->code_ttl_ms > LINK_CODE_MOST_MS)
        return err_set(e, ERR_CONFIG, 0, "links: a code lives 1 to %d ms", LINK_CODE_MOST_MS);
    if (set->misses_per_minute < 1)
        return err_set(e, ERR_CONFIG, 0, "link: misses per minute must be at least 1");
    return true;
}

static void link_free(struct link *l)
{
    arena_reset(&l->arena);
    seal_wipe(l->redeem_hash, sizeof l->redeem_hash);
    free(l);
}

bool link_open(const struct link_settings *set, struct link **out, struct err *e)
{
    struct http_settings http = set->http;
    enum language language;
    struct link *l;

    if (!check(set, &language, e))
        return false;
    l = calloc(1, sizeof *l);
    if (!l)
        abort();
    l->queue = set->queue;
    l->clock = set->clock;
    l->random = set->random;
    l->code_ttl_ms = set->code_ttl_ms;
    l->misses.limit = set->misses_per_minute;
    seal_sha256(set->redeem_token, l->redeem_hash);
    make_routes(l, language);
    http.routes = l->routes;
    http.n_routes = LINK_ROUTES;
    http.dress = dress;
    http.dress_ctx = l;
    if (!pages_make(&l->pages, set->portal, &l->arena, e) ||
        !http_server_open(&http, &l->server, e)) {
        link_free(l);
        return false;
    }
    *out = l;
    return true;
}

int link_port(const struct link *l)
{
    return http_server_port(l->server);
}

struct link_counts link_counts(const struct link *l)
{
    return l->counts;
}

static void on_server_closed(void *ctx)
{
    struct link *l = ctx;
    void (*on_closed)(void *ctx) = l->on_closed;
    void *owner = l->ctx;

    link_free(l);
    on_closed(owner);
}

void link_close(struct link *l, int64_t grace_ms, void (*on_closed)(void *ctx), void *ctx)
{
    l->on_closed = on_closed;
    l->ctx = ctx;
    http_server_close(l->server, grace_ms, on_server_closed, l);
}
