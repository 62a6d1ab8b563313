#include "post.h"

#include <stdio.h>

#include "base/container_of.h"
#include "fhir/json.h"

enum { REPLY_MOST = 1 << 20 };

/* Field n of the first segment of that name; `sep` is the field separator. */
static struct str field_of(struct str content, struct str name, char sep, int n)
{
    struct str rest = content;

    while (rest.p) {
        struct str segment = str_cut(&rest, '\r'), field = {NULL, 0};

        if (!str_starts(segment, name))
            continue;
        for (int i = 0; i <= n && segment.p; i++)
            field = str_cut(&segment, sep);
        return field;
    }
    return (struct str){NULL, 0};
}

static void shown(struct str s, char *out, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n && n + 1 < size; i++)
        out[n++] = s.p[i] >= ' ' && s.p[i] < 127 ? s.p[i] : '?';
    out[n] = '\0';
}

static void on_answered(struct client_request *r)
{
    struct post *p = container_of(r, struct post, own.request);
    char sep = r->answer.n > 3 ? r->answer.p[3] : '|';

    p->took_ms = r->took_us / 1000;
    p->late = r->late;
    (void)snprintf(p->why, sizeof p->why, "%s", r->why);
    if (r->outcome == CLIENT_ANSWERED) {
        p->how = POST_ANSWERED;
        p->accepted = r->code == HL7_AA || r->code == HL7_CA;
        (void)snprintf(p->code, sizeof p->code, "%s", hl7_ack_code_name(r->code));
        shown(field_of(r->answer, STR("ERR"), sep, 3), p->text, sizeof p->text);
    } else {
        p->how = r->outcome == CLIENT_UNKNOWN ? POST_UNKNOWN : POST_UNSENT;
    }
    p->done(p);
}

static void start_mllp(struct post *p)
{
    p->own.request = (struct client_request){.content = p->sample->body,
                                             .id = p->sample->control_id,
                                             .more = p->sample->more,
                                             .script = p->script,
                                             .done = on_answered};
    client_send(p->mllp, &p->own.request);
}

static void read_outcome(struct post *p, struct str reply)
{
    struct json_limits limits = json_limits_default();
    struct json_node *root = NULL;
    struct arena a = {0};
    struct err ignored;

    if (json_read(reply, &limits, &a, &root, NULL, &ignored)) {
        const struct json_node *issue = json_single(json_member(root, STR("issue")));

        shown(json_member_text(issue, "diagnostics"), p->text, sizeof p->text);
    }
    arena_reset(&a);
}

static void on_http(struct http_call *c)
{
    struct post *p = container_of(c, struct post, own.call);

    if (c->sent == HTTP_ANSWERED) {
        (void)snprintf(p->code, sizeof p->code, "%d", c->status % 1000);
        p->accepted = c->status == 200 || c->status == 201;
        if (!p->accepted)
            read_outcome(p, c->reply);
        p->how = POST_ANSWERED;
    } else {
        p->how = c->sent == HTTP_UNSENT ? POST_UNSENT : POST_UNKNOWN;
        (void)snprintf(p->why, sizeof p->why, "%s",
                       p->how == POST_UNSENT ? "no connection" : "no answer");
    }
    p->took_ms = (int64_t)((uv_hrtime() - p->own.begun_ns) / 1000000);
    p->done(p);
}

static bool start_fhir(struct post *p, struct err *e)
{
    bool bundle = strcmp(p->sample->type, "Bundle") == 0;

    (void)snprintf(p->own.url, sizeof p->own.url, "http://%s:%d/fhir%s%s", p->host, p->port,
                   bundle ? "" : "/", bundle ? "" : p->sample->type);
    p->own.call = (struct http_call){
        .url = p->own.url,
        .content_type = "application/fhir+json",
        .body = p->sample->body,
        .timeout_ms = p->timeout_ms,
        .max_reply = REPLY_MOST,
        .done = on_http,
    };
    return http_start(p->http, &p->own.call, e);
}

bool post_start(struct post *p, struct err *e)
{
    p->own.begun_ns = uv_hrtime();
    p->accepted = p->late = false;
    p->code[0] = p->text[0] = p->why[0] = '\0';
    if (p->sample->fhir)
        return start_fhir(p, e);
    start_mllp(p);
    return true;
}
