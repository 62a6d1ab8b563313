#include <stdio.h>
#include <stdlib.h>

#include "base/container_of.h"
#include "client_impl.h"

static void pump(struct client *c);

/* ---- the list of requests ---- */

static void unlink_request(struct client *c, struct client_request *r)
{
    struct client_request **at = &c->first;

    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    r->next = NULL;
}

void client_finish(struct client *c, struct client_request *r, enum client_outcome outcome)
{
    unlink_request(c, r);
    r->outcome = outcome;
    r->took_us = r->begun ? (int64_t)((uv_hrtime() - r->begun_ns) / 1000) : 0;
    r->done(r);
}

/* Ends those that were there when it was called: done() may send anew. begun: whether on the wire. */
static void finish_all(struct client *c, bool begun, enum client_outcome outcome)
{
    size_t n = 0;

    for (struct client_request *r = c->first; r; r = r->next)
        n += r->begun == begun;
    for (struct client_request *r = c->first; r && n; n--) {
        while (r->begun != begun)
            r = r->next;
        r->why = c->why;
        r->late = c->late;
        client_finish(c, r, outcome);
        r = c->first;
    }
}

static struct client_request *next_unbegun(const struct client *c)
{
    struct client_request *r = c->first;

    while (r && r->begun)
        r = r->next;
    return r;
}

static void on_kick(uv_timer_t *t)
{
    pump(container_of(t, struct client, kick));
}

static void kick(struct client *c)
{
    (void)uv_timer_start(&c->kick, on_kick, 0, 0);
}

/* ---- the end of a connection ---- */

void client_give_up(struct client *c, const char *why)
{
    if (c->phase != OPEN)
        return;
    c->phase = ENDING;
    (void)snprintf(c->why, sizeof c->why, "%s", why);
    (void)uv_timer_stop(&c->timer);
    (void)uv_timer_stop(&c->grace);
    stream_close(c->stream);
}

static void on_closed(void *ctx)
{
    struct client *c = ctx;

    mllp_framer_end(&c->framer);
    buf_reset(&c->frame);
    c->writing = false;
    c->stream = NULL;
    c->phase = CLOSED;
    finish_all(c, true, CLIENT_UNKNOWN);
    kick(c);
}

static void on_due(uv_timer_t *t)
{
    struct client *c = container_of(t, struct client, timer);

    if (c->first && c->first->begun) {
        c->counts.timeouts++;
        c->late = true;
        client_give_up(c, "no answer in time");
    } else {
        client_give_up(c, "nothing to send");
    }
}

/* The answer that is due first, else the idle limit. */
void client_watch(struct client *c)
{
    uint64_t now = uv_hrtime(), due;

    (void)uv_timer_stop(&c->timer);
    if (c->phase != OPEN)
        return;
    if (c->first && c->first->begun) {
        due = c->first->until_ns > now ? (c->first->until_ns - now) / 1000000 + 1 : 0;
        (void)uv_timer_start(&c->timer, on_due, due, 0);
    } else if (c->set.idle_ms && !c->first) {
        (void)uv_timer_start(&c->timer, on_due, (uint64_t)c->set.idle_ms, 0);
    }
}

static void on_data(void *ctx, struct str data)
{
    client_take(ctx, data);
}

static void on_end(void *ctx, const struct err *why)
{
    struct client *c = ctx;

    if (c->phase != OPEN)
        return;
    client_take_end(c);
    client_give_up(c, why->kind == ERR_NONE ? "closed by the peer" : "the connection broke");
}

/* ---- writing ---- */

static void write_piece(struct client *c)
{
    size_t left = c->frame.n - c->at, n = c->piece && c->piece < left ? c->piece : left;

    c->writing = true;
    stream_write(c->stream, (struct str){c->frame.p + c->at, n});
    c->at += n;
}

static void on_written(void *ctx, bool ok)
{
    struct client *c = ctx;

    c->writing = false;
    if (c->phase != OPEN)
        return;
    if (!ok) {
        client_give_up(c, "the connection broke");
        return;
    }
    for (struct client_request *r = c->first; r && r->begun; r = r->next)
        r->until_ns = uv_hrtime() + (uint64_t)c->set.answer_ms * 1000000;
    client_watch(c);
    if (c->at < c->frame.n) {
        write_piece(c);
        return;
    }
    buf_reset(&c->frame);
    if (c->hang_up)
        stream_shutdown(c->stream);
    else
        pump(c);
}

static bool holds_framing(struct str content)
{
    return content.n == 0 || memchr(content.p, '\x0b', content.n) ||
           memchr(content.p, '\x1c', content.n);
}

static void begin(struct client *c, struct client_request *r)
{
    const struct client_script *s = r->script;

    r->begun = true;
    r->begun_ns = uv_hrtime();
    r->until_ns = r->begun_ns + (uint64_t)c->set.answer_ms * 1000000;
    c->frame = buf_new(s ? s->bytes.n : r->content.n + 3);
    c->at = 0;
    c->piece = s ? s->piece : 0;
    c->hang_up = s && s->hang_up;
    if (s) {
        buf_add(&c->frame, s->bytes);
    } else {
        buf_add_char(&c->frame, '\x0b');
        buf_add(&c->frame, r->content);
        buf_add(&c->frame, STR("\x1c\r"));
    }
    client_watch(c);
    if (c->frame.n)
        write_piece(c);
}

/* Content with framing bytes would be two messages to the peer: a fault of ours. */
static bool abort_unsound(struct client *c, struct client_request *r)
{
    if (r->script || !holds_framing(r->content))
        return false;
    c->counts.aborted++;
    r->why = "the message is empty or holds framing bytes";
    client_finish(c, r, CLIENT_UNSENT);
    return true;
}

/* ---- connecting ---- */

static void on_connected(struct stream_connect *connect, struct stream *s, const struct err *e)
{
    struct client *c = container_of(connect, struct client, connect);
    struct mllp_settings framing = mllp_settings_default();

    if (!s) {
        c->phase = CLOSED;
        (void)snprintf(c->why, sizeof c->why, "%s", e->text);
        if (!c->closing)
            finish_all(c, false, CLIENT_UNSENT);
        kick(c);
        return;
    }
    framing.max = c->set.answer_most;
    mllp_framer_init(&c->framer, &framing);
    c->phase = OPEN;
    c->stream = s;
    c->n_recent = 0;
    c->hang_up = c->late = false;
    s->on = (struct stream_events){on_data, on_end, on_written, on_closed};
    s->ctx = c;
    c->counts.connections++;
    stream_read(s, true);
    if (c->closing)
        client_give_up(c, "stopping");
    pump(c);
}

static void connect_now(struct client *c)
{
    struct err e = {0};

    c->connect = (struct stream_connect){.host = c->set.host,
                                         .port = c->set.port,
                                         .timeout_ms = c->set.connect_ms,
                                         .tls = c->set.tls,
                                         .keepalive_s = c->set.keepalive_s,
                                         .done = on_connected};
    c->phase = CONNECTING;
    if (stream_connect_start(c->set.loop, &c->connect, &e))
        return;
    c->phase = CLOSED;
    (void)snprintf(c->why, sizeof c->why, "%s", e.text);
    finish_all(c, false, CLIENT_UNSENT);
}

/* ---- open, close ---- */

static void on_handle_closed(uv_handle_t *h)
{
    struct client *c = h->data;
    void (*told)(void *ctx) = c->on_closed;
    void *ctx = c->closed_ctx;

    if (--c->handles > 0)
        return;
    free(c);
    told(ctx);
}

static void end(struct client *c)
{
    if (c->gone)
        return;
    c->gone = true;
    (void)snprintf(c->why, sizeof c->why, "stopping");
    finish_all(c, false, CLIENT_UNSENT);
    uv_close((uv_handle_t *)&c->timer, on_handle_closed);
    uv_close((uv_handle_t *)&c->grace, on_handle_closed);
    uv_close((uv_handle_t *)&c->kick, on_handle_closed);
}

/* Does what can be done now. */
static void pump(struct client *c)
{
    struct client_request *r;

    if (c->closing) {
        if (c->phase == CLOSED)
            end(c);
        return;
    }
    while ((r = next_unbegun(c)) && abort_unsound(c, r) && !c->closing)
        ;
    if (c->closing)
        return;
    if (r && c->phase == CLOSED) {
        connect_now(c);
        return;
    }
    for (; r && c->phase == OPEN && !c->writing && !c->hang_up; r = next_unbegun(c)) {
        if (!abort_unsound(c, r))
            begin(c, r);
    }
    client_watch(c);
}

struct client *client_open(const struct client_settings *set)
{
    struct client *c = calloc(1, sizeof *c);
    uv_timer_t *timers[TIMERS];

    if (!c)
        abort();
    c->set = *set;
    timers[0] = &c->timer;
    timers[1] = &c->grace;
    timers[2] = &c->kick;
    for (; c->handles < TIMERS; c->handles++) {
        (void)uv_timer_init(set->loop, timers[c->handles]);
        timers[c->handles]->data = c;
    }
    return c;
}

void client_send(struct client *c, struct client_request *r)
{
    struct client_request **at = &c->first;

    while (*at)
        at = &(*at)->next;
    r->next = NULL;
    r->begun = false;
    r->answer = (struct str){NULL, 0};
    r->why = "";
    *at = r;
    kick(c);
}

const struct client_counts *client_counts(const struct client *c)
{
    return &c->counts;
}

const struct tls_peer *client_certificate(const struct client *c)
{
    return c->phase == OPEN ? c->stream->certificate : NULL;
}

void client_close(struct client *c, void (*on_gone)(void *ctx), void *ctx)
{
    c->closing = true;
    c->on_closed = on_gone;
    c->closed_ctx = ctx;
    client_give_up(c, "stopping");
    kick(c);
}
