/* A stream without a socket: what the owner writes lands in a buffer, what the test says arrives in
 * exactly the pieces it was said in, and nothing happens before stream_loop_turn(). */
#ifndef STREAM_LOOP_H
#define STREAM_LOOP_H

#include <stdlib.h>

#include "base/buf.h"
#include "base/container_of.h"
#include "net/stream.h"

struct stream_loop {
    struct stream stream;
    struct buf heard;   /* everything the owner wrote */
    struct str writing; /* borrowed until the next turn */
    bool reading, shut, closing, closed;
};

static void loop_read(struct stream *s, bool on)
{
    container_of(s, struct stream_loop, stream)->reading = on;
}

static void loop_write(struct stream *s, struct str data)
{
    struct stream_loop *l = container_of(s, struct stream_loop, stream);

    if (l->writing.p || l->closing)
        abort(); /* one write at a time, none after close */
    l->writing = data;
}

static void loop_shutdown(struct stream *s)
{
    container_of(s, struct stream_loop, stream)->shut = true;
}

static void loop_close(struct stream *s)
{
    struct stream_loop *l = container_of(s, struct stream_loop, stream);

    if (l->closing)
        abort(); /* once */
    l->closing = true;
}

static const struct stream_ops loop_ops = {
    .read = loop_read, .write = loop_write, .shutdown = loop_shutdown, .close = loop_close};

static void stream_loop_init(struct stream_loop *l)
{
    *l = (struct stream_loop){.stream = {.ops = &loop_ops, .peer = "192.0.2.7"},
                              .heard = buf_new(64 << 20)};
}

/* Lets what is due happen: a write ends, a close is told. True when something did. */
static bool stream_loop_turn(struct stream_loop *l)
{
    struct str data = l->writing;

    if (l->closed)
        return false;
    if (data.p) {
        l->writing = (struct str){NULL, 0};
        if (!l->closing)
            buf_add(&l->heard, data);
        l->stream.on.on_written(l->stream.ctx, !l->closing);
        return true;
    }
    if (!l->closing)
        return false;
    l->closed = true;
    l->stream.on.on_closed(l->stream.ctx);
    return true;
}

/* Says as much of `data` as the owner wants to read, at once; false when it reads no more. */
static bool stream_loop_say(struct stream_loop *l, struct str data)
{
    while (!l->reading && stream_loop_turn(l))
        ;
    if (!l->reading || l->closing)
        return false;
    l->stream.on.on_data(l->stream.ctx, data);
    return true;
}

static void stream_loop_end(struct stream_loop *l, enum err_kind why)
{
    struct err e = {.kind = why};

    while (!l->reading && stream_loop_turn(l))
        ;
    if (l->reading && !l->closing) {
        l->reading = false;
        l->stream.on.on_end(l->stream.ctx, &e);
    }
    while (stream_loop_turn(l))
        ;
}

#endif
