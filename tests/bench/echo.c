/* The bare measure: a libuv server that reads MLLP bytes and writes each frame back, nothing else.
 * It shows what the machine, the loop and the load generator allow; Tidings is read beside it.
 *
 * Prints its port, serves until it is killed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { FRAME_MAX = 65536 };

/* The sender waits for each answer, so one frame and one write are all there ever is. */
struct peer {
    uv_tcp_t tcp;
    uv_write_t write;
    char frame[FRAME_MAX], answer[FRAME_MAX];
    size_t n;
};

static void on_closed(uv_handle_t *h)
{
    free(h->data);
}

static void on_written(uv_write_t *w, int status)
{
    (void)w;
    (void)status;
}

static void on_room(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
    struct peer *p = h->data;

    (void)suggested;
    *out = uv_buf_init(p->frame + p->n, (unsigned)(FRAME_MAX - p->n));
}

static void on_bytes(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    struct peer *p = s->data;

    (void)buf;
    if (n < 0) {
        uv_close((uv_handle_t *)s, on_closed);
        return;
    }
    p->n += (size_t)n;
    if (p->n < 2 || p->frame[p->n - 2] != 0x1c)
        return;
    memcpy(p->answer, p->frame, p->n);
    uv_buf_t out = uv_buf_init(p->answer, (unsigned)p->n);
    p->n = 0;
    uv_write(&p->write, s, &out, 1, on_written);
}

static void on_peer(uv_stream_t *server, int status)
{
    struct peer *p = status < 0 ? NULL : calloc(1, sizeof *p);

    if (!p)
        return;
    uv_tcp_init(server->loop, &p->tcp);
    p->tcp.data = p;
    if (uv_accept(server, (uv_stream_t *)&p->tcp) < 0) {
        uv_close((uv_handle_t *)&p->tcp, on_closed);
        return;
    }
    uv_tcp_nodelay(&p->tcp, 1);
    uv_read_start((uv_stream_t *)&p->tcp, on_room, on_bytes);
}

int main(void)
{
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t server;
    struct sockaddr_in at;
    int n = sizeof at;

    uv_tcp_init(loop, &server);
    uv_ip4_addr("127.0.0.1", 0, &at);
    if (uv_tcp_bind(&server, (struct sockaddr *)&at, 0) < 0 ||
        uv_listen((uv_stream_t *)&server, 256, on_peer) < 0)
        return 1;
    uv_tcp_getsockname(&server, (struct sockaddr *)&at, &n);
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    return uv_run(loop, UV_RUN_DEFAULT);
}
