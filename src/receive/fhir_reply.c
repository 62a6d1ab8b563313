#include "fhir_reply.h"

#include <stdio.h>

#include "base/encode.h"

static const char fhir_json[] = "application/fhir+json; charset=utf-8";

enum { ENTRY_BYTES = 256 }; /* more than one entry of a response Bundle takes */

/* A name nobody can learn anything from: the blind index that the message is stored under. */
static void location(struct buf *b, struct str type, const char *key, size_t entry, bool single)
{
    buf_printf(b, "/fhir/" STR_FMT "/%s", STR_ARG(type), key);
    if (!single)
        buf_printf(b, "-%zu", entry);
    buf_add(b, STR("/_history/1"));
}

/* transaction-response, batch-response: one entry an entry (FHIR R4, http.html#transaction-response). */
static void add_bundle(struct buf *b, const struct fhir_call *call, const char *key)
{
    const struct json_node *list = json_member(call->body.root, STR("entry"));

    buf_printf(b, "{\"resourceType\":\"Bundle\",\"type\":\"" STR_FMT "-response\"",
               STR_ARG(call->body.bundle_type));
    for (const struct json_node *node = list ? list->first : NULL; node; node = node->next) {
        size_t i = node->index; /* entries are in the order of the Bundle */
        const struct json_node *request = json_member(node, STR("request"));

        buf_add(b, i ? STR(",") : STR(",\"entry\":["));
        if (str_eq(json_member_text(request, "method"), STR("PUT"))) {
            buf_add(b, STR("{\"response\":{\"status\":\"200 OK\"}}"));
            continue;
        }
        buf_add(b, STR("{\"response\":{\"status\":\"201 Created\",\"location\":\""));
        location(b, call->body.entries[i].type, key, i, false);
        buf_add(b, STR("\"}}"));
    }
    buf_add(b, call->body.n ? STR("]}") : STR("}"));
}

struct str fhir_reply_pack(const struct fhir_call *call, const uint8_t *key, size_t key_bytes,
                           struct arena *a)
{
    static const struct fhir_issue stored = {.severity = "information", .code = "informational"};
    struct buf b = buf_new((call->body.n + 16) * ENTRY_BYTES);
    char *hex = arena_get(a, 2 * key_bytes + 1, 1);
    struct str made;

    hex_encode(key, key_bytes, hex);
    if (call->act == FHIR_CREATE) {
        buf_add(&b, STR("201 "));
        location(&b, call->body.type, hex, 0, true);
        buf_add_char(&b, '\n');
    } else {
        buf_add(&b, STR("200 -\n"));
    }
    if (call->act == FHIR_BUNDLE)
        add_bundle(&b, call, hex);
    else
        fhir_outcome_add(&b, &stored);
    made = arena_copy(a, buf_str(&b));
    buf_reset(&b);
    return made;
}

bool fhir_reply_send(struct http_exchange *x, struct str packed, struct err *e)
{
    struct str body = packed, where = str_cut(&body, '\n'), status = str_cut(&where, ' ');
    struct http_field field = {.name = "Location"};
    struct http_answer answer = {.content_type = fhir_json, .body = body, .fields = &field};

    if (!body.p || !where.p || (!str_eq(status, STR("200")) && !str_eq(status, STR("201"))))
        return err_set(e, ERR_INPUT, 0, "the stored answer cannot be read");
    answer.status = str_eq(status, STR("200")) ? 200 : 201;
    if (!str_eq(where, STR("-"))) {
        field.value = arena_copy(&x->arena, where).p;
        answer.n_fields = 1;
    }
    http_answer(x, &answer);
    return true;
}

void fhir_reply_refuse(struct http_exchange *x, const struct fhir_refusal *why, int retry_after_s)
{
    char seconds[16];
    struct http_field field = {"Retry-After", seconds};
    struct http_answer answer = {
        .status = why->status, .content_type = fhir_json, .fields = &field};
    struct buf b = buf_new(16384);

    (void)snprintf(seconds, sizeof seconds, "%d", retry_after_s);
    answer.n_fields = retry_after_s > 0;
    fhir_outcome_add(&b, &why->issue);
    answer.body = buf_str(&b);
    http_answer(x, &answer);
    buf_reset(&b);
}

static const struct dressed {
    int status;
    const char *code, *what;
} dresses[] = {
    {400, "invalid", "the HTTP request is malformed"},
    {404, "not-found", "nothing is served at this address"},
    {405, "not-supported", "this address does not take that method"},
    {408, "timeout", "the request took too long"},
    {413, "too-long", "the body is larger than the limit"},
    {414, "too-long", "the address is longer than the limit"},
    {431, "too-long", "the headers are larger than the limit"},
    {501, "not-supported", "the server does not know that method or coding"},
    {505, "not-supported", "only HTTP/1.1 and HTTP/1.0 are spoken"},
};

void fhir_reply_dress(void *ctx, int status, struct arena *a, struct http_answer *answer)
{
    struct fhir_issue issue = {.severity = "error",
                               .code = "exception",
                               .diagnostics = "the request could not be answered",
                               .expression = STR("Resource")};
    struct buf b = buf_new(4096);

    (void)ctx;
    for (size_t i = 0; i < sizeof dresses / sizeof *dresses; i++) {
        if (dresses[i].status == status) {
            issue.code = dresses[i].code;
            issue.diagnostics = dresses[i].what;
        }
    }
    fhir_outcome_add(&b, &issue);
    answer->content_type = fhir_json;
    answer->body = arena_copy(a, buf_str(&b));
    buf_reset(&b);
}
