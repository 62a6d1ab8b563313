#include "post.h"

#include <stdio.h>

#include "base/container_of.h"
#include "fhir/json.h"

enum { REPLY_MOST = 1 << 20 };

static void finish(struct post *p, enum post_how how)
{
    if (p->own.over)
        return;
    p->own.over = true;
    p->how = how;
    p->took_ms = (int64_t)((uv_hrtime() - p->own.started) / 1000000);
}

static void on_timer_closed(uv_handle_t *t)
{
    struct post *p = container_of(t, struct post, own.timer);

    mllp_framer_end(&p->own.framer);
    buf_reset(&p->own.frame);
    p->done(p);
}

static void on_closed(void *ctx)
{
    struct post *p = ctx;

    uv_close((uv_handle_t *)&p->own.timer, on_timer_closed);
}

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

static void read_ack(struct post *p, struct str content)
{
    char sep = content.n > 3 ? content.p[3] : '|';
    struct str code = field_of(content, STR("MSA"), sep, 1);

    shown(code, p->code, sizeof p->code);
    shown(field_of(content, STR("ERR"), sep, 3), p->text, sizeof p->text);
    p->accepted = str_eq(code, STR("AA")) || str_eq(code, STR("CA"));
}

static void on_data(void *ctx, struct str data)
{
    struct post *p = ctx;
    struct mllp_event ev;

    while (!p->own.over && mllp_next(&p->own.framer, &data, &ev) != MLLP_MORE) {
        if (ev.step != MLLP_FRAME)
            continue;
        read_ack(p, ev.content);
        finish(p, POST_ANSWERED);
        stream_close(p->own.stream);
    }
}

static void on_end(void *ctx, const struct err *why)
{
    struct post *p = ctx;

    (void)why;
    if (p->own.over)
        return;
    finish(p, POST_CLOSED);
    stream_close(p->own.stream);
}

static void on_written(void *ctx, bool ok)
{
    (void)ctx, (void)ok; /* a broken connection shows in on_end() */
}

static void on_timeout(uv_timer_t *t)
{
    struct post *p = container_of(t, struct post, own.timer);

    if (p->own.over || !p->own.stream)
        return;
    finish(p, POST_SILENT);
    stream_close(p->own.stream);
}

static void on_connected(struct stream_connect *c, struct stream *s, const struct err *e)
{
    struct post *p = container_of(c, struct post, own.connect);

    (void)e;
    if (!s) {
        finish(p, POST_REFUSED);
        on_closed(p);
        return;
    }
    p->own.stream = s;
    s->on = (struct stream_events){on_data, on_end, on_written, on_closed};
    s->ctx = p;
    stream_read(s, true);
    stream_write(s, buf_str(&p->own.frame));
}

static bool start_mllp(struct post *p, struct err *e)
{
    const struct mllp_settings framing = mllp_settings_default();

    p->own.frame = buf_new(SAMPLE_MOST + 3);
    buf_add_char(&p->own.frame, '\x0b');
    buf_add(&p->own.frame, p->sample->body);
    buf_add(&p->own.frame, STR("\x1c\r"));
    mllp_framer_init(&p->own.framer, &framing);
    (void)uv_timer_init(p->loop, &p->own.timer);
    (void)uv_timer_start(&p->own.timer, on_timeout, (uint64_t)p->timeout_ms, 0);
    p->own.connect = (struct stream_connect){
        .host = p->host, .port = p->port, .timeout_ms = p->timeout_ms, .done = on_connected};
    if (stream_connect_start(p->loop, &p->own.connect, e))
        return true;
    uv_close((uv_handle_t *)&p->own.timer, NULL);
    buf_reset(&p->own.frame);
    return false;
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
        finish(p, POST_ANSWERED);
    } else {
        finish(p, c->sent == HTTP_UNSENT ? POST_REFUSED : POST_CLOSED);
    }
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
    p->own = (struct post_private){.started = uv_hrtime()};
    p->accepted = false;
    p->code[0] = p->text[0] = '\0';
    return p->sample->fhir ? start_fhir(p, e) : start_mllp(p, e);
}
