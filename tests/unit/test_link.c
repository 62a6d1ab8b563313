/* The link pages over real sockets, the memory store and a clock of our own. */
#include "link/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../src/link/misses.h"
#include "base/container_of.h"
#include "base/encode.h"
#include "check.h"
#include "store/store.h"

#define PORTAL "https://portal.example.org/open"
#define SECRET "portal-secret-0123456789"

enum { NOW = 1800000000, LIMIT = 5, CODE_MS = 60000 };
enum {
    LIVE,
    RACE,
    LATER,
    EXPIRED,
    REVOKED,
    BUSY,
    SPARE,
    GONE,
    ENGLISH,
    THROTTLED,
    FLOODED,
    FLOODED_BY_ALL,
    FORGOTTEN_PROXY,
    CODED,
    LAST,
    LINKS
};

struct fake_clock {
    struct clock clock;
    int64_t now_ms;
};

static int64_t fake_now(const struct clock *c)
{
    return ((const struct fake_clock *)(const void *)c)->now_ms;
}

/* A store that counts transactions and fails when told; the rest is the memory store. */
struct counting {
    struct store store;
    struct store *real;
    int n_begun;
    bool busy;
};

static struct store *real(struct store *s)
{
    return ((struct counting *)(void *)s)->real;
}

static bool count_begin(struct store *s, struct err *e)
{
    ((struct counting *)(void *)s)->n_begun++;
    return real(s)->ops->begin(real(s), e);
}

static bool count_commit(struct store *s, struct err *e)
{
    return real(s)->ops->commit(real(s), e);
}

static void count_rollback(struct store *s)
{
    real(s)->ops->rollback(real(s));
}

static void count_close(struct store *s)
{
    real(s)->ops->close(real(s));
}

static bool count_open_link(struct store *s, const uint8_t token_hash[SEAL_HASH_BYTES],
                            int64_t now_ms, const uint8_t code_hash[SEAL_HASH_BYTES],
                            int64_t code_expires_ms, bool *ok, struct err *e)
{
    if (((struct counting *)(void *)s)->busy)
        return err_set(e, ERR_BUSY, 0, "disk full");
    return real(s)->ops->open_link(real(s), token_hash, now_ms, code_hash, code_expires_ms, ok, e);
}

static bool count_use_code(struct store *s, const uint8_t code_hash[SEAL_HASH_BYTES],
                           int64_t now_ms, struct arena *a, struct link_target *out, bool *ok,
                           struct err *e)
{
    if (((struct counting *)(void *)s)->busy)
        return err_set(e, ERR_BUSY, 0, "disk full");
    return real(s)->ops->use_code(real(s), code_hash, now_ms, a, out, ok, e);
}

static const struct store_ops counting_ops = {
    .name = "counting",
    .close = count_close,
    .begin = count_begin,
    .commit = count_commit,
    .rollback = count_rollback,
    .open_link = count_open_link,
    .use_code = count_use_code,
};

static bool no_random(const struct random_source *r, void *out, size_t n)
{
    (void)r;
    (void)out;
    (void)n;
    return false;
}

static const struct random_source none = {no_random};

struct house {
    uv_loop_t loop;
    struct fake_clock clock;
    struct counting store;
    struct store_queue *queue;
    struct link *link;
    char tokens[LINKS][TOKEN_TEXT + 1];
    struct arena arena; /* everything that was heard */
    bool closed;
};

static void on_fatal(void *ctx, const struct err *e)
{
    (void)ctx;
    CHECK(false, "store: %s", e->text);
}

static void put_links(struct house *h)
{
    struct store *s = h->store.real;
    struct err e;

    CHECK(s->ops->begin(s, &e), "%s", e.text);
    for (int i = 0; i < LINKS; i++) {
        struct notice n = {.state = NOTICE_READY, .to = STR("+886912345678")};
        struct link_new l = {.event_type = STR("appointment/1"),
                             .unit_key = i == REVOKED ? STR("pk_revoked") : STR("pk_unit"),
                             .patient_key = STR("pk_patient"),
                             .patient = i == LAST ? (struct str){NULL, 0} : STR("MRN \"7\""),
                             .resource = STR("A-1"),
                             .expires_ms = NOW + (i == EXPIRED ? 0 : 72 * 3600000LL)};

        CHECK(token_new(&seal_random_system, h->tokens[i], &e), "%s", e.text);
        token_hash(str_of(h->tokens[i]), l.token_hash);
        CHECK(s->ops->put_notice(s, &n, &l, &e), "%s", e.text);
    }
    CHECK(s->ops->revoke_links(s, STR("appointment/1"), STR("pk_revoked"), NOW, &e), "%s", e.text);
    CHECK(s->ops->commit(s, &e), "%s", e.text);
}

static struct link_settings settings(struct house *h, const struct random_source *random)
{
    return (struct link_settings){.http = http_settings_default(&h->loop, "127.0.0.1", 0),
                                  .queue = h->queue,
                                  .clock = &h->clock.clock,
                                  .random = random,
                                  .portal = PORTAL,
                                  .redeem_token = STR(SECRET),
                                  .code_ttl_ms = CODE_MS,
                                  .misses_per_minute = LIMIT};
}

static void house_open(struct house *h, const struct random_source *random)
{
    struct store_settings store = {.duplicate_ms = 1000};
    struct store_queue_settings queue;
    struct link_settings set;
    struct err e = {0};

    *h = (struct house){.clock = {{fake_now}, NOW}};
    uv_loop_init(&h->loop);
    CHECK(store_memory.open(&store, &h->store.real, &e), "%s", e.text);
    h->store.store.ops = &counting_ops;
    put_links(h);
    queue = (struct store_queue_settings){
        .loop = &h->loop, .store = &h->store.store, .max_batch = 64, .on_fatal = on_fatal};
    CHECK(store_queue_start(&queue, &h->queue, &e), "%s", e.text);
    set = settings(h, random);
    if (!link_open(&set, &h->link, &e)) {
        printf("%s\n", e.text);
        exit(1);
    }
}

static void on_closed(void *ctx)
{
    ((struct house *)ctx)->closed = true;
}

static void house_end(struct house *h)
{
    link_close(h->link, 60000, on_closed, h);
    while (!h->closed)
        uv_run(&h->loop, UV_RUN_ONCE);
    store_queue_stop(h->queue);
    uv_run(&h->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&h->loop) == 0, "a handle is still open");
    arena_reset(&h->arena);
}

/* ---- asking ---- */

struct reply {
    struct str all, head, body;
    int status;
};

static void turn(struct house *h)
{
    uv_run(&h->loop, UV_RUN_NOWAIT);
    usleep(100);
}

static int dial(struct house *h)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)link_port(h->link))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
        abort();
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void say(int fd, const char *text)
{
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
        abort(); /* a few hundred bytes always fit */
}

static struct reply hear(struct house *h, int fd)
{
    struct buf all = buf_new(1 << 20);
    struct reply r = {0};
    const char *blank;

    for (;;) {
        char piece[4096];
        ssize_t n = recv(fd, piece, sizeof piece, 0);

        if (n > 0)
            buf_add(&all, (struct str){piece, (size_t)n});
        else if (n == 0 || errno != EAGAIN)
            break;
        else
            turn(h);
    }
    close(fd);
    r.all = arena_copy(&h->arena, buf_str(&all));
    buf_reset(&all);
    blank = strstr(r.all.p, "\r\n\r\n");
    if (!blank || sscanf(r.all.p, "HTTP/1.1 %d ", &r.status) != 1)
        return r;
    r.head = arena_copy(&h->arena, (struct str){r.all.p, (size_t)(blank - r.all.p) + 2});
    r.body = arena_copy(&h->arena, str_of(blank + 4));
    return r;
}

static struct reply ask(struct house *h, const char *method, const char *path, const char *more)
{
    int fd = dial(h);

    say(fd, arena_printf(&h->arena, "%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n",
                         method, path, more)
                .p);
    return hear(h, fd);
}

static struct reply on_token(struct house *h, const char *method, const char *before,
                             const char *token, const char *after)
{
    return ask(h, method, arena_printf(&h->arena, "%s/l/%s%s", before, token, after).p, "");
}

static struct reply redeem(struct house *h, const char *bearer, const char *type, const char *body)
{
    return ask(h, "POST", "/links/redeem",
               arena_printf(&h->arena, "%sContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
                            bearer, type, strlen(body), body)
                   .p);
}

#define BEARER "Authorization: Bearer " SECRET "\r\n"

static struct reply redeem_code(struct house *h, const char *code)
{
    return redeem(h, BEARER, "application/json",
                  arena_printf(&h->arena, "{\"code\":\"%s\"}", code).p);
}

/* The code of a 303; "" when there is none. */
static const char *code_of(struct house *h, struct reply r)
{
    const char *at = r.status == 303 ? strstr(r.head.p, "\r\nLocation: " PORTAL "?code=") : NULL;

    if (!at)
        return "";
    at += strlen("\r\nLocation: " PORTAL "?code=");
    return arena_copy(&h->arena, (struct str){at, strcspn(at, "\r")}).p;
}

/* ---- */

static const char unknown[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static void test_page_is_inert(struct house *h)
{
    static const char *const doors[][2] = {
        {"", ""},
        {"/zh-TW", ""},
        {"/en", ""},
        {"", "?lang=en"},
        {"/en", "?lang=zh-TW"},
        {"", "?lang=xx"},
        {"", "?fbclid=x&lang=en"},
    };
    const char *tokens[] = {h->tokens[LIVE], h->tokens[EXPIRED], h->tokens[REVOKED], unknown, "x",
                            "%E5%8C%97"};
    int before = h->store.n_begun;

    for
        EACH (i, doors) {
            struct reply first = on_token(h, "GET", doors[i][0], tokens[0], doors[i][1]);

            CHECK(first.status == 200 && first.body.n > 500, "%s", first.all.p);
        for
            EACH (k, tokens) {
                struct reply get = on_token(h, "GET", doors[i][0], tokens[k], doors[i][1]);
                struct reply head = on_token(h, "HEAD", doors[i][0], tokens[k], doors[i][1]);

                CHECK(str_eq(get.all, first.all), "door %zu token %zu differs", i, k);
                CHECK(str_eq(head.head, first.head) && head.body.n == 0, "HEAD %zu %zu", i, k);
            }
        }
    CHECK(h->store.n_begun == before, "a page looked into the store");
    CHECK(link_counts(h->link).fetched == 7 * 13, "%d", (int)link_counts(h->link).fetched);
    CHECK(strstr(on_token(h, "GET", "", unknown, "").body.p, "lang=\"zh-Hant-TW\" dir=\"ltr\""),
          "zh");
    CHECK(strstr(on_token(h, "GET", "/en", unknown, "").body.p, "<html lang=\"en\" dir=\"ltr\""),
          "en");
    CHECK(strstr(on_token(h, "GET", "", unknown, "?lang=en").body.p, "<html lang=\"en\""),
          "?lang=en");
    CHECK(strstr(on_token(h, "GET", "/en", unknown, "?lang=zh-TW").body.p, "<html lang=\"zh"),
          "zh");
}

static void check_fields(struct reply r, const char *name)
{
    static const char *const fields[] = {
        "Cache-Control: no-store\r\n",
        "Referrer-Policy: no-referrer\r\n",
        "X-Robots-Tag: noindex, nofollow, noarchive, nosnippet\r\n",
        "Strict-Transport-Security: max-age=63072000; includeSubDomains; preload\r\n",
        "Permissions-Policy: ",
        "X-Content-Type-Options: nosniff\r\n",
        "default-src 'none'; style-src 'sha256-",
        "; form-action 'self' https://portal.example.org; base-uri 'none'",
        "; frame-ancestors 'none'\r\n",
        "Content-Language: ",
    };

    for
        EACH (i, fields)
            CHECK(strstr(r.head.p, fields[i]), "%s: no %s", name, fields[i]);
    CHECK(!strstr(r.head.p, "Set-Cookie"), "%s", name);
}

static void check_page(struct reply r, const char *name)
{
    const char *style = strstr(r.body.p, "<style>"), *end = strstr(r.body.p, "</style>");
    uint8_t hash[SEAL_HASH_BYTES];
    char text[48], *p;

    check_fields(r, name);
    CHECK(r.body.n <= 4096, "%s: %zu bytes", name, r.body.n);
    CHECK(!strstr(r.body.p, "<script") && !strstr(r.body.p, "javascript:"), "%s", name);
    CHECK(!strstr(r.body.p, "{{") && !strstr(r.body.p, " style=\""), "%s: left over", name);
    CHECK(!strstr(r.body.p, "http://") && !strstr(r.body.p, "target="), "%s", name);
    CHECK(strstr(r.head.p, "Content-Type: text/html; charset=utf-8\r\n"), "%s", name);
    if (!style || !end) {
        CHECK(false, "%s has no style", name);
        return;
    }
    seal_sha256((struct str){style + 7, (size_t)(end - style) - 7}, hash);
    base64url_encode(hash, sizeof hash, text);
    for (p = text; *p; p++)
        *p = *p == '-' ? '+' : *p == '_' ? '/' : *p;
    CHECK(strstr(r.head.p, text), "%s: the policy does not allow its own style", name);
}

static void test_pages(struct house *h)
{
    struct reply r = ask(h, "GET", "/nowhere", "");

    check_page(on_token(h, "GET", "", unknown, ""), "zh-TW");
    check_page(on_token(h, "GET", "/en", unknown, ""), "en");
    CHECK(r.status == 404, "%d", r.status);
    check_page(r, "404");
    CHECK(strstr(r.body.p, "href=\"" PORTAL "\""), "offers the portal's sign-in");
    r = ask(h, "DELETE", "/l/x", "");
    CHECK(r.status == 405 && strstr(r.head.p, "Allow: GET, HEAD, POST\r\n"), "%s", r.all.p);
    check_page(r, "405");
    check_fields(ask(h, "POST", "/l/x", "Content-Length: 99999\r\n"), "413");
}

static void test_open_once(struct house *h)
{
    static const struct {
        const char *name;
        int link;
    } dead[] = {{"used", LIVE}, {"expired", EXPIRED}, {"revoked", REVOKED}};
    struct reply got, want;
    const char *code;

    for (int i = 0; i < 1000; i++)
        if (on_token(h, i % 2 ? "GET" : "HEAD", "", h->tokens[LIVE], "").status != 200)
            CHECK(false, "GET %d", i);
    got = on_token(h, "POST", "", h->tokens[LIVE], "");
    code = code_of(h, got);
    CHECK(got.status == 303 && strlen(code) == TOKEN_TEXT, "%s", got.all.p);
    CHECK(got.body.n == 0 && strstr(got.head.p, "Content-Length: 0\r\n"), "%s", got.all.p);
    CHECK(!strstr(got.all.p, h->tokens[LIVE]), "the token went to the portal");
    check_fields(got, "303");

    want = on_token(h, "POST", "", unknown, "");
    CHECK(want.status == 404 && strstr(want.body.p, PORTAL), "%s", want.all.p);
    check_page(want, "dead");
    for
        EACH (i, dead) {
            got = on_token(h, "POST", "", h->tokens[dead[i].link], "");
            CHECK(str_eq(got.all, want.all), "a link that is %s looks different", dead[i].name);
        }
    h->clock.now_ms += 60000; /* the misses of this minute are over */
    got = on_token(h, "POST", "", "not-a-token", "");
    CHECK(str_eq(got.all, want.all), "a malformed token looks different");
    check_page(on_token(h, "POST", "/en", unknown, ""), "dead, en");
    got = on_token(h, "POST", "/en", h->tokens[ENGLISH], "");
    CHECK(got.status == 303 && strstr(got.head.p, "Content-Language: en\r\n"), "%s", got.all.p);
    CHECK(str_eq(on_token(h, "GET", "", h->tokens[LIVE], "").all,
                 on_token(h, "GET", "", unknown, "").all),
          "a used link has another page");
    CHECK(link_counts(h->link).opened == 2 && link_counts(h->link).refused == 6, "%d refused",
          (int)link_counts(h->link).refused);
}

static void test_race(struct house *h)
{
    struct reply r[8];
    int fd[8], n = 0;

    for
        EACH (i, fd)
            fd[i] = dial(h);
    for
        EACH (i, fd)
            say(fd[i], arena_printf(&h->arena,
                                    "POST /l/%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                                    "X-Forwarded-For: 198.51.%zu.7\r\n\r\n",
                                    h->tokens[RACE], i)
                           .p);
    for
        EACH (i, fd) {
            r[i] = hear(h, fd[i]);
            n += r[i].status == 303;
            CHECK(r[i].status == 303 || r[i].status == 404, "%d", r[i].status);
        }
    CHECK(n == 1, "%d of 8 presses opened it", n);
}

static void test_redeem(struct house *h)
{
    static const char want[] =
        "{\"patient\":{\"key\":\"pk_patient\",\"identifier\":\"MRN \\\"7\\\"\"},"
        "\"resource\":{\"type\":\"appointment\",\"key\":\"pk_unit\",\"identifier\":\"A-1\"},"
        "\"purpose\":\"appointment/1\"}";
    const char *code = code_of(h, on_token(h, "POST", "", h->tokens[CODED], ""));
    struct reply dead, r;

    h->clock.now_ms += CODE_MS - 1; /* its last moment */
    r = redeem(h, "Authorization: Bearer " SECRET "x\r\n", "application/json",
               arena_printf(&h->arena, "{\"code\":\"%s\"}", code).p);
    CHECK(r.status == 401 && strstr(r.head.p, "WWW-Authenticate: Bearer\r\n"), "%s", r.all.p);
    r = redeem_code(h, code);
    CHECK(r.status == 200 && strcmp(r.body.p, want) == 0, "%s", r.all.p);
    CHECK(strstr(r.head.p, "Cache-Control: no-store\r\n"), "%s", r.head.p);
    CHECK(strstr(r.head.p, "Content-Type: application/json\r\n"), "%s", r.head.p);
    dead = redeem_code(h, code);
    CHECK(dead.status == 404, "used twice: %s", dead.all.p);
    CHECK(str_eq(redeem_code(h, unknown).all, dead.all), "unknown looks different from used");

    code = code_of(h, on_token(h, "POST", "", h->tokens[LATER], ""));
    h->clock.now_ms += CODE_MS;
    CHECK(strlen(code) == TOKEN_TEXT && str_eq(redeem_code(h, code).all, dead.all), "expired code");

    code = code_of(h, on_token(h, "POST", "", h->tokens[LAST], ""));
    r = redeem(h, "authorization: bearer " SECRET "\r\n", "Application/JSON; charset=utf-8",
               arena_printf(&h->arena, " { \"code\" : \"%s\" } \n", code).p);
    CHECK(r.status == 200 && strstr(r.body.p, "{\"key\":\"pk_patient\",\"identifier\":null}"), "%s",
          r.all.p);
    CHECK(link_counts(h->link).redeemed == 2, "%d", (int)link_counts(h->link).redeemed);
}

static void test_redeem_refused(struct house *h)
{
    static const struct {
        const char *bearer, *type, *body;
        int status;
    } cases[] = {
        {"", "application/json", "{\"code\":\"x\"}", 401},
        {"Authorization: Basic " SECRET "\r\n", "application/json", "{\"code\":\"x\"}", 401},
        {"Authorization: Bearer\r\n", "application/json", "{\"code\":\"x\"}", 401},
        {"Authorization: Bearer \r\n", "application/json", "{\"code\":\"x\"}", 401},
        {BEARER BEARER, "application/json", "{\"code\":\"x\"}", 401},
        {BEARER, "text/plain", "{\"code\":\"x\"}", 415},
        {BEARER, "application/jsonp", "{\"code\":\"x\"}", 415},
        {BEARER, "application/json", "", 400},
        {BEARER, "application/json", "{", 400},
        {BEARER, "application/json", "[]", 400},
        {BEARER, "application/json", "{}", 400},
        {BEARER, "application/json", "{\"code\":1}", 400},
        {BEARER, "application/json", "{\"code\":null}", 400},
        {BEARER, "application/json", "{\"Code\":\"x\"}", 400},
        {BEARER, "application/json", "{\"code\":\"x\",\"code\":\"y\"}", 400},
        {BEARER, "application/json", "{\"code\":\"x\"} x", 400},
        {BEARER, "application/json", "\"code\"", 400},
        {BEARER, "application/json", "{\"code\":\"\"}", 404},
    };
    int before = h->store.n_begun;

    for
        EACH (i, cases) {
            struct reply r = redeem(h, cases[i].bearer, cases[i].type, cases[i].body);

            CHECK(r.status == cases[i].status, "case %zu: %s", i, r.all.p);
        }
    CHECK(h->store.n_begun == before + 1, "only what is well formed is looked up");
    CHECK(ask(h, "GET", "/links/redeem", "").status == 405, "GET");
}

enum { FLOOD = 10000, PIPED = 100 };

/* What FLOOD wrong tokens got, over one connection; many: each from a network of its own. */
struct flooded {
    int n404, n429, n_page;
};

static int count_of(struct str all, const char *word)
{
    int n = 0;

    for (const char *p = all.p; (p = memmem(p, (size_t)(all.p + all.n - p), word, strlen(word)));
         p++)
        n++;
    return n;
}

/* Until so many answers have been heard on fd. */
static void hear_some(struct house *h, int fd, int answers, struct flooded *f)
{
    struct buf all = buf_new(PIPED * 8192);
    char piece[65536];

    while (count_of(buf_str(&all), "</html>") < answers) {
        ssize_t n = recv(fd, piece, sizeof piece, 0);

        if (n > 0)
            buf_add(&all, (struct str){piece, (size_t)n});
        else if (n == 0 || errno != EAGAIN)
            break;
        else
            turn(h);
    }
    CHECK(!all.over, "answers are longer than thought");
    f->n404 += count_of(buf_str(&all), "HTTP/1.1 404 ");
    f->n429 += count_of(buf_str(&all), "HTTP/1.1 429 ");
    f->n_page += count_of(buf_str(&all), "</html>");
    buf_reset(&all);
}

static struct flooded flood(struct house *h, bool many)
{
    struct flooded f = {0};
    int fd = dial(h);

    for (int i = 0; i < FLOOD; i += PIPED) {
        struct buf out = buf_new(PIPED * 256);

        for (int k = i; k < i + PIPED; k++) {
            char line[256];

            (void)snprintf(line, sizeof line,
                           "POST /l/wrong%05d HTTP/1.1\r\nHost: a\r\n"
                           "X-Forwarded-For: 2001:db8:%x::7\r\n\r\n",
                           k, many ? k : FLOOD);
            buf_add(&out, str_of(line));
        }
        CHECK(!out.over, "requests are longer than thought");
        for (struct str rest = buf_str(&out); rest.n;) {
            ssize_t n = send(fd, rest.p, rest.n, MSG_NOSIGNAL);

            if (n > 0)
                rest = (struct str){rest.p + n, rest.n - (size_t)n};
            else if (errno != EAGAIN)
                abort();
            turn(h);
        }
        buf_reset(&out);
        hear_some(h, fd, PIPED, &f);
    }
    close(fd);
    return f;
}

/* Ten thousand wrong tokens, and the patients still get in: those of the network that guesses, and
 * those who all look alike because a proxy forgot X-Forwarded-For. */
static void test_flood(struct house *h)
{
    struct link_counts before;
    struct flooded f;

    h->clock.now_ms += 60000;
    before = link_counts(h->link);
    f = flood(h, false);
    CHECK(f.n404 == LIMIT && f.n429 == FLOOD - LIMIT && f.n_page == FLOOD, "one: %d 404, %d 429",
          f.n404, f.n429);
    CHECK(link_counts(h->link).refused - before.refused == LIMIT, "refused");
    CHECK(link_counts(h->link).throttled - before.throttled == FLOOD - LIMIT, "throttled");
    CHECK(ask(h, "POST", arena_printf(&h->arena, "/l/%s", h->tokens[FLOODED]).p,
              arena_printf(&h->arena, "X-Forwarded-For: 2001:db8:%x::8\r\n", FLOOD).p)
                  .status == 303,
          "a live token from the network that guesses");

    h->clock.now_ms += 60000;
    before = link_counts(h->link);
    f = flood(h, true);
    CHECK(f.n404 == FLOOD && f.n429 == 0 && f.n_page == FLOOD, "many: %d 404, %d 429", f.n404,
          f.n429);
    CHECK(link_counts(h->link).refused - before.refused == FLOOD, "refused");
    CHECK(link_counts(h->link).throttled == before.throttled, "throttled");
    CHECK(ask(h, "POST", arena_printf(&h->arena, "/l/%s", h->tokens[FLOODED_BY_ALL]).p,
              "X-Forwarded-For: 2001:db8:7::7\r\n")
                  .status == 303,
          "a live token from one of the many");
    CHECK(on_token(h, "POST", "", h->tokens[FORGOTTEN_PROXY], "").status == 303,
          "and from nowhere");
    CHECK(link_counts(h->link).opened - before.opened == 2, "opened");
}

static void test_limit(struct house *h)
{
    struct reply r, first;
    struct link_counts before;
    int begun;

    h->clock.now_ms += 60000;
    before = link_counts(h->link);
    first = on_token(h, "POST", "", unknown, "");
    for (int i = 1; i < LIMIT; i++)
        CHECK(str_eq(on_token(h, "POST", "", unknown, "").all, first.all), "miss %d", i);
    begun = h->store.n_begun;
    r = on_token(h, "POST", "", unknown, "");
    CHECK(r.status == 429 && str_eq(r.body, first.body), "%s", r.all.p);
    CHECK(strstr(r.head.p, "Retry-After: 60\r\n"), "%s", r.head.p);
    CHECK(h->store.n_begun == begun + 1, "past the limit the same look-up is made");
    CHECK(str_eq(on_token(h, "POST", "", h->tokens[EXPIRED], "").all, r.all), "expired");
    CHECK(link_counts(h->link).throttled == before.throttled + 2, "counted");
    CHECK(on_token(h, "POST", "", h->tokens[THROTTLED], "").status == 303, "a live token passes");
    r = redeem(h, "", "application/json", "{\"code\":\"x\"}");
    CHECK(r.status == 429, "a wrong bearer from there: %s", r.all.p);
    CHECK(link_counts(h->link).throttled == before.throttled + 3, "counted");
    for (int i = 0; i < 3 * LIMIT; i++)
        CHECK(redeem_code(h, unknown).status == 404, "the portal may bring any number of codes");
    CHECK(on_token(h, "GET", "", unknown, "").status == 200, "the page is always there");
    r = ask(h, "POST", "/l/x", "X-Forwarded-For: 127.0.0.1, 203.0.113.9\r\n");
    CHECK(r.status == 404, "another network: %d", r.status);
    h->clock.now_ms += 60000;
    CHECK(on_token(h, "POST", "", unknown, "").status == 404, "the next minute");
}

static void test_busy(struct house *h)
{
    struct reply r, dead = on_token(h, "POST", "", unknown, "");

    h->store.busy = true;
    r = on_token(h, "POST", "", h->tokens[BUSY], "");
    CHECK(r.status == 503 && str_eq(r.body, dead.body), "%s", r.all.p);
    CHECK(strstr(r.head.p, "Retry-After: 60\r\n"), "%s", r.head.p);
    CHECK(redeem_code(h, unknown).status == 503, "redeem");
    CHECK(link_counts(h->link).busy == 2, "%d", (int)link_counts(h->link).busy);
    h->store.busy = false;
    CHECK(on_token(h, "POST", "", h->tokens[BUSY], "").status == 303, "nothing was used up");
}

/* The peer leaves, and the house closes, while the store is at work. */
static void test_leave(struct house *h)
{
    struct linger now = {1, 0};
    int fd = dial(h), begun = h->store.n_begun;

    say(fd, arena_printf(&h->arena, "POST /l/%s HTTP/1.1\r\nHost: a\r\n\r\n", h->tokens[GONE]).p);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    while (h->store.n_begun == begun)
        turn(h);
    close(fd);
    fd = dial(h);
    begun = h->store.n_begun;
    say(fd, arena_printf(&h->arena, "POST /l/%s HTTP/1.1\r\nHost: a\r\n\r\n", h->tokens[SPARE]).p);
    while (h->store.n_begun == begun)
        turn(h);
    house_end(h);
    close(fd);
}

static void test_no_random(void)
{
    struct house h;

    house_open(&h, &none);
    CHECK(on_token(&h, "POST", "", h.tokens[LIVE], "").status == 503, "no code without randomness");
    CHECK(h.store.n_begun == 0, "nothing was used up");
    house_end(&h);
}

static void test_settings(void)
{
    static const struct {
        const char *portal;
        bool ok;
    } portals[] = {
        {"https://portal.example.org", true},
        {"https://portal.example.org:8443/a?b=c", true},
        {"http://127.0.0.1:9/open", true},
        {"http://localhost/open", true},
        {"http://[::1]:80/open", true},
        {"http://portal.example.org/open", false},
        {"ftp://portal.example.org/", false},
        {"https://", false},
        {"https:///open", false},
        {"https://a b/", false},
        {"https://portal.example.org/#x", false},
        {"https://a;script-src/", false},
        {"https://user@portal.example.org/", false},
        {"https://a/\r\nX: y", false},
        {"https://a/\"onclick", false},
        {"http://127.0.0.1.evil.example/", false},
        {"portal.example.org", false},
        {"", false},
        {NULL, false},
    };
    struct house h;
    struct link *second;
    struct link_settings set;
    struct err e;

    house_open(&h, &seal_random_system);
    for
        EACH (i, portals) {
            bool ok;

            set = settings(&h, &seal_random_system);
            set.portal = portals[i].portal;
            ok = link_open(&set, &second, &e);
            CHECK(ok == portals[i].ok, "%s", portals[i].portal ? portals[i].portal : "NULL");
            if (!ok)
                CHECK(e.kind == ERR_CONFIG && strstr(e.text, "links.portal"), "%s", e.text);
            else {
                link_close(second, 0, on_closed, &h);
                while (!h.closed)
                    turn(&h);
                h.closed = false;
            }
        }
    set = settings(&h, &seal_random_system);
    set.redeem_token = STR("short");
    CHECK(!link_open(&set, &second, &e) && e.kind == ERR_CONFIG, "short secret");
    set = settings(&h, &seal_random_system);
    set.code_ttl_ms = LINK_CODE_MOST_MS + 1;
    CHECK(!link_open(&set, &second, &e) && e.kind == ERR_CONFIG, "code lives too long");
    set = settings(&h, &seal_random_system);
    set.language = "de";
    CHECK(!link_open(&set, &second, &e) && e.kind == ERR_CONFIG, "language");
    set = settings(&h, &seal_random_system);
    set.misses_per_minute = 0;
    CHECK(!link_open(&set, &second, &e) && e.kind == ERR_CONFIG, "no misses at all");
    set = settings(&h, &seal_random_system);
    set.http.port = link_port(h.link);
    CHECK(!link_open(&set, &second, &e) && e.kind == ERR_CONFIG, "occupied");
    house_end(&h);
}

static void test_network(void)
{
    static const struct {
        const char *peer, *forwarded;
        struct network want;
    } cases[] = {
        {"192.0.2.77", NULL, {4, {192, 0, 2}}},
        {"192.0.2.77", "198.51.100.1", {4, {192, 0, 2}}}, /* only our own proxy is believed */
        {"127.0.0.1", NULL, {4, {127, 0, 0}}},
        {"127.0.0.1", "198.51.100.1", {4, {198, 51, 100}}},
        {"127.0.0.1", "10.1.1.1, 198.51.100.1", {4, {198, 51, 100}}},
        {"::1", " 2001:db8:1:2::3 ", {6, {0x20, 0x01, 0x0d, 0xb8, 0, 1}}},
        {"::ffff:192.0.2.7", NULL, {4, {192, 0, 2}}},
        {"::ffff:127.0.0.1", "192.0.2.7", {4, {192, 0, 2}}},
        {"127.0.0.1", "unknown", {4, {127, 0, 0}}},
        {"127.0.0.1", "", {4, {127, 0, 0}}},
        {"127.0.0.1", "192.0.2.7,", {4, {127, 0, 0}}},
        {"", NULL, {0, {0}}},
    };

    for
        EACH (i, cases) {
            struct network got = network_of(str_of(cases[i].peer), str_of(cases[i].forwarded));

            CHECK(got.family == cases[i].want.family &&
                      memcmp(got.bytes, cases[i].want.bytes, sizeof got.bytes) == 0,
                  "case %zu: family %d, %d.%d.%d", i, got.family, got.bytes[0], got.bytes[1],
                  got.bytes[2]);
        }
}

static void test_misses(void)
{
    struct misses *m = calloc(1, sizeof *m);
    struct network a = {4, {1, 2, 3}}, b = {4, {1, 2, 4}};

    m->limit = 1000; /* the alarm: after 20,000 */
    for (int i = 0; i < 1000; i++)
        CHECK(!misses_add(m, a, 5000), "%d", i);
    CHECK(!misses_add(m, b, 59999) && !m->alarm, "another network");
    CHECK(misses_add(m, a, 59999) && m->alarm, "one too many");
    CHECK(!misses_add(m, a, 60000) && !m->alarm && m->all == 1, "another minute");
    for (int i = 0; i < 1000; i++)
        (void)misses_add(m, a, 60000);
    /* A flood of networks neither grows the table nor lets the busiest off. */
    for (int i = 0; i < 18000; i++)
        (void)misses_add(m, (struct network){4, {9, (uint8_t)(i >> 8), (uint8_t)i}}, 60000);
    CHECK(misses_add(m, a, 60000), "the busiest was forgotten");
    /* All of them together raise the alarm, and nobody is past a limit for that. */
    for (int i = 0; i < 20000; i++)
        CHECK(!misses_add(m, (struct network){6, {9, (uint8_t)(i >> 8), (uint8_t)i}}, 120000) &&
                  !m->alarm,
              "%d", i);
    CHECK(!misses_add(m, b, 120000) && m->alarm && m->all == 20001, "alarm");
    free(m);
}

/* Nothing of a token, a code, the secret or a person is in the log. */
static void check_log(FILE *log, struct house *h)
{
    char line[4096];
    int n = 0, n_alarms = 0;

    rewind(log);
    while (fgets(line, sizeof line, log)) {
        n++;
        n_alarms += strstr(line, "this minute so far") != NULL;
        CHECK(!strstr(line, SECRET) && !strstr(line, "MRN") && !strstr(line, "pk_"), "%s", line);
        CHECK(!strstr(line, unknown) && !strstr(line, "198.18.") && !strstr(line, "2001:db8"), "%s",
              line);
        for (int i = 0; i < LINKS; i++)
            CHECK(!strstr(line, h->tokens[i]), "%s", line);
    }
    CHECK(n_alarms >= 3 && n_alarms <= 4, "%d alarms", n_alarms);
    CHECK(n < 1000, "%d lines: every miss of a flood is logged", n);
    CHECK(n > 50, "%d lines: the log was not looked at", n);
}

int main(void)
{
    struct house h;
    FILE *log = tmpfile();
    int kept = dup(2);

    if (!log)
        return 1;
    dup2(fileno(log), 2);
    house_open(&h, &seal_random_system);
    test_page_is_inert(&h);
    test_pages(&h);
    test_open_once(&h);
    test_race(&h);
    test_redeem(&h);
    test_redeem_refused(&h);
    test_limit(&h);
    test_flood(&h);
    test_busy(&h);
    test_leave(&h);
    test_no_random();
    test_settings();
    test_network();
    test_misses();
    dup2(kept, 2);
    close(kept);
    check_log(log, &h);
    (void)fclose(log);
    return check_end();
}
