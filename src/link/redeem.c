/* POST /links/redeem: the portal turns a one-time code into the patient and the thing it is about. */
#include <cjson/cJSON.h>
#include <strings.h>

#include "base/container_of.h"
#include "base/encode.h"
#include "base/log.h"
#include "house.h"

enum { ANSWER_BYTES = 65536 };

/* Lives in its exchange's arena. */
struct redeeming {
    struct store_job job;
    struct http_exchange *x;
    struct link *link;
    uint8_t code_hash[SEAL_HASH_BYTES];
    int64_t now_ms;
    struct arena arena; /* the store thread's */
    struct link_target target;
    bool live;
};

static void answer(struct http_exchange *x, int status, struct str json)
{
    const struct http_field fields[] = {
        {"Cache-Control", "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        {status == 401 ? "WWW-Authenticate" : "Retry-After", status == 401 ? "Bearer" : "60"},
    };
    bool third = status == 401 || status == 429 || status == 503;
    struct http_answer out = {.status = status,
                              .content_type = "application/json",
                              .body = json,
                              .fields = fields,
                              .n_fields = third ? 3 : 2};

    http_answer(x, &out);
}

/* Equal hashes, so that the comparison tells neither length nor content. */
static bool is_portal(const struct link *l, const struct http_request *r)
{
    struct str value = http_header(r, "Authorization");
    struct str scheme = str_cut(&value, ' ');
    uint8_t hash[SEAL_HASH_BYTES];

    if (http_header_count(r, "Authorization") != 1 || scheme.n != 6 || !value.p ||
        strncasecmp(scheme.p, "Bearer", 6) != 0)
        return false;
    seal_sha256(str_trim(value), hash);
    return seal_equal(hash, l->redeem_hash, sizeof hash);
}

static bool is_json(const struct http_request *r)
{
    struct str value = http_header(r, "Content-Type");
    struct str type = str_trim(str_cut(&value, ';'));

    return type.n == 16 && strncasecmp(type.p, "application/json", 16) == 0;
}

/* {"code":"…"} and nothing else. */
static bool read_code(struct str body, uint8_t hash[SEAL_HASH_BYTES])
{
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(body.p, body.n, &end, 0);
    const cJSON *code = cJSON_IsObject(root) ? root->child : NULL;
    bool ok = code && !code->next && cJSON_IsString(code) && strcmp(code->string, "code") == 0 &&
              str_trim((struct str){end, (size_t)(body.p + body.n - end)}).n == 0;

    if (ok)
        token_hash(str_of(code->valuestring), hash);
    cJSON_Delete(root);
    return ok;
}

static void add_text(struct buf *out, const char *head, struct str s)
{
    buf_add(out, str_of(head));
    if (s.p)
        json_add_string(out, s);
    else
        buf_add(out, STR("null"));
}

static void answer_target(struct redeeming *r)
{
    struct buf out = buf_new(ANSWER_BYTES);
    struct str rest = r->target.event_type;
    struct str type = str_cut(&rest, '/'); /* "appointment/1": the version is our own affair */

    add_text(&out, "{\"patient\":{\"key\":", r->target.patient_key);
    add_text(&out, ",\"identifier\":", r->target.patient);
    add_text(&out, "},\"resource\":{\"type\":", type);
    add_text(&out, ",\"key\":", r->target.unit_key);
    add_text(&out, ",\"identifier\":", r->target.resource);
    add_text(&out, "},\"purpose\":", r->target.event_type);
    buf_add(&out, STR("}"));
    answer(r->x, 200, buf_str(&out));
    seal_wipe(out.p, out.n);
    buf_reset(&out);
}

static bool run(struct store_job *j, struct store *s, struct err *e)
{
    struct redeeming *r = container_of(j, struct redeeming, job);

    arena_reset(&r->arena);
    r->live = false;
    return s->ops->use_code(s, r->code_hash, r->now_ms, &r->arena, &r->target, &r->live, e);
}

static void done(struct store_job *j)
{
    struct redeeming *r = container_of(j, struct redeeming, job);
    struct arena arena = r->arena;
    struct link *l = r->link;

    if (!j->ok) {
        l->counts.busy++;
        log_event(LOG_WARN, "link", "POST /links/redeem: %s -> 503", j->err.text);
        answer(r->x, 503, STR("{\"error\":\"busy\"}"));
    } else if (r->live) {
        l->counts.redeemed++;
        log_event(LOG_INFO, "link", "POST /links/redeem: code used -> 200");
        answer_target(r);
    } else {
        l->counts.refused++;
        log_event(LOG_INFO, "link", "POST /links/redeem: code not live -> 404");
        answer(r->x, 404, STR("{\"error\":\"no such code\"}"));
    }
    arena_reset(&arena);
}

/* A wrong bearer is a miss. A wrong code behind the right bearer is none: the portal passes on what
 * patients' browsers bring it, and one of them must not make it wait. */
static void refuse_stranger(struct link *l, struct http_exchange *x)
{
    int status = link_missed(l, link_network(x), "POST /links/redeem: not the portal's token", 401);

    answer(x, status,
           status == 429 ? STR("{\"error\":\"too many requests\"}")
                         : STR("{\"error\":\"not authorised\"}"));
}

void link_on_redeem(struct http_exchange *x)
{
    struct link *l = x->ctx;
    struct redeeming *r;

    if (!is_portal(l, &x->request)) {
        refuse_stranger(l, x);
        return;
    }
    if (!is_json(&x->request)) {
        answer(x, 415, STR("{\"error\":\"send application/json\"}"));
        return;
    }
    r = NEW(&x->arena, struct redeeming);
    if (!read_code(x->request.body, r->code_hash)) {
        answer(x, 400, STR("{\"error\":\"send {\\\"code\\\":\\\"...\\\"} and nothing else\"}"));
        return;
    }
    r->x = x;
    r->link = l;
    r->now_ms = clock_now_ms(l->clock);
    r->job = (struct store_job){.run = run, .done = done};
    store_queue_submit(l->queue, &r->job);
}
