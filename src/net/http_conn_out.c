/* What a connection says. Bytes wait in `waiting` while `sending` is with the stream, a piece at a time. */
#include "http_conn.h"
#include "http_reply.h"

enum { WRITE_BYTES = 65536 }; /* one write; its end is progress */

void http_conn_flush(struct http_conn *c)
{
    size_t n;

    if (c->writing || c->closing)
        return;
    if (c->sent == c->sending.n) {
        struct buf spare = c->sending;

        c->sending = c->waiting;
        c->waiting = spare;
        buf_reset(&c->waiting);
        c->sent = 0;
    }
    n = c->sending.n - c->sent;
    if (n == 0)
        return;
    c->writing = true;
    stream_write(c->stream,
                 (struct str){c->sending.p + c->sent, n > WRITE_BYTES ? WRITE_BYTES : n});
}

bool http_conn_wrote(struct http_conn *c, bool ok)
{
    size_t n = c->sending.n - c->sent;

    c->writing = false;
    if (c->closing)
        return false;
    if (!ok) {
        http_conn_cut(c);
        return false;
    }
    c->sent += n > WRITE_BYTES ? WRITE_BYTES : n;
    if (c->state == CONN_ANSWERING)
        c->deadline_ms = http_conn_now_ms(c) + c->server->set.write_ms;
    http_conn_flush(c);
    return !c->writing;
}

void http_conn_reply(struct http_conn *c, const struct http_answer *answer)
{
    bool no_body = str_eq(c->x.request.method, STR("HEAD"));

    if (answer->close || c->server->closing)
        c->keep = false;
    http_reply_add(&c->waiting, answer, no_body, !c->keep);
    c->state = CONN_ANSWERING;
    c->deadline_ms = http_conn_now_ms(c) + c->server->set.write_ms;
    if (c->waiting.over) { /* longer than any answer may be */
        http_conn_cut(c);
        return;
    }
    http_conn_flush(c);
}

void http_conn_reply_own(struct http_conn *c, int status, struct str allow)
{
    struct arena *a = &c->x.arena;
    const struct http_settings *set = &c->server->set;
    struct http_answer answer = {.status = status};
    struct http_field *fields;

    if (set->dress)
        set->dress(set->dress_ctx, status, a, &answer);
    if (!answer.content_type) {
        answer.content_type = "text/plain; charset=utf-8";
        answer.body = arena_printf(a, "%s\n", http_reply_phrase(status));
    }
    if (allow.p) {
        fields = NEW_ARRAY(a, struct http_field, answer.n_fields + 1);
        if (answer.n_fields)
            memcpy(fields, answer.fields, answer.n_fields * sizeof *fields);
        fields[answer.n_fields] = (struct http_field){"Allow", allow.p};
        answer.fields = fields;
        answer.n_fields++;
    }
    http_conn_reply(c, &answer);
}

void http_conn_refuse(struct http_conn *c, int status)
{
    c->keep = false;
    http_conn_reply_own(c, status, (struct str){NULL, 0});
}
