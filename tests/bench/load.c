/* The load generator: stop-and-wait MLLP senders on libuv, so that measuring is not what is slow.
 *
 *   load PORT CONNECTIONS MILLISECONDS FIRST FILE [NEED [RATE]]
 *
 * Each connection sends FILE with every run of twelve '@' replaced by a number of its own (FIRST,
 * FIRST+1 …), waits for the answer and sends the next. An answer that does not hold NEED counts as
 * refused. With RATE all of them together begin no more than that many messages a second, evenly spread.
 * The last line is one JSON object: acks, refused, broken, seconds, p50_us, p99_us,
 * max_us. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { ANSWER_MAX = 65536, MARK = 12 };

struct load;

struct sender {
    struct load *load;
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    char *frame;
    char answer[ANSWER_MAX];
    size_t n;
    uint64_t sent_ns;
    struct sender *next_due;
};

struct load {
    uv_loop_t loop;
    uv_timer_t end;
    struct sockaddr_in to;
    char *message; /* framed */
    size_t n_message;
    const char *need;
    struct sender *senders;
    size_t n_senders;
    uint64_t next, start_ns, stop_ns;
    uint64_t rate; /* messages a second; 0: as fast as it goes */
    uv_timer_t pace;
    struct sender *due; /* connections that may send, the first one first */
    struct sender **last_due;
    uint64_t n_sent;
    uint32_t *took_us;
    size_t n_took, room;
    uint64_t refused, broken;
    bool over;
};

static void on_closed(uv_handle_t *h)
{
    (void)h;
}

static void leave(struct sender *s)
{
    if (!uv_is_closing((uv_handle_t *)&s->tcp))
        uv_close((uv_handle_t *)&s->tcp, on_closed);
}

static void fail(struct sender *s)
{
    if (!s->load->over)
        s->load->broken++;
    leave(s);
}

static void on_written(uv_write_t *w, int status)
{
    if (status < 0)
        fail(w->data);
}

static void number(char *frame, size_t n, uint64_t id)
{
    char digits[MARK + 1];

    snprintf(digits, sizeof digits, "%0*llu", MARK, (unsigned long long)id);
    for (char *at = frame; (at = memchr(at, '@', n - (size_t)(at - frame))) != NULL; at += MARK)
        memcpy(at, digits, MARK);
}

static void send_next(struct sender *s)
{
    struct load *l = s->load;
    uv_buf_t out = uv_buf_init(s->frame, (unsigned)l->n_message);

    memcpy(s->frame, l->message, l->n_message);
    number(s->frame, l->n_message, l->next++);
    s->sent_ns = uv_hrtime();
    s->write.data = s;
    if (uv_write(&s->write, (uv_stream_t *)&s->tcp, &out, 1, on_written) < 0)
        fail(s);
}

static void on_pace(uv_timer_t *t)
{
    struct load *l = t->data;

    while (l->due && l->n_sent < (uv_hrtime() - l->start_ns) / 1000 * l->rate / 1000000) {
        struct sender *s = l->due;

        l->due = s->next_due;
        if (!l->due)
            l->last_due = &l->due;
        l->n_sent++;
        send_next(s);
    }
}

/* At once, or when its turn has come. */
static void send_due(struct sender *s)
{
    struct load *l = s->load;

    if (!l->rate) {
        send_next(s);
        return;
    }
    s->next_due = NULL;
    *l->last_due = s;
    l->last_due = &s->next_due;
}

static void count(struct sender *s)
{
    struct load *l = s->load;

    if (l->need && !memmem(s->answer, s->n, l->need, strlen(l->need))) {
        l->refused++;
        return;
    }
    if (l->n_took == l->room) {
        l->room = l->room ? l->room * 2 : 65536;
        l->took_us = realloc(l->took_us, l->room * sizeof *l->took_us);
        if (!l->took_us)
            abort();
    }
    l->took_us[l->n_took++] = (uint32_t)((uv_hrtime() - s->sent_ns) / 1000);
}

static void on_room(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
    struct sender *s = h->data;

    (void)suggested;
    *out = uv_buf_init(s->answer + s->n, (unsigned)(ANSWER_MAX - s->n));
}

static void on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct sender *s = stream->data;

    (void)buf;
    if (n < 0) {
        fail(s);
        return;
    }
    s->n += (size_t)n;
    if (s->n < 2 || s->answer[s->n - 2] != 0x1c)
        return;
    if (s->load->over) {
        leave(s);
        return;
    }
    count(s);
    s->n = 0;
    send_due(s);
}

static void on_connected(uv_connect_t *c, int status)
{
    struct sender *s = c->data;

    if (status < 0) {
        fail(s);
        return;
    }
    uv_tcp_nodelay(&s->tcp, 1);
    uv_read_start((uv_stream_t *)&s->tcp, on_room, on_bytes);
    send_due(s);
}

static void on_end(uv_timer_t *t)
{
    struct load *l = t->data;

    l->over = true;
    l->stop_ns = uv_hrtime();
    for (size_t i = 0; i < l->n_senders; i++)
        leave(&l->senders[i]);
    uv_close((uv_handle_t *)t, on_closed);
    uv_close((uv_handle_t *)&l->pace, on_closed);
}

/* Reads FILE, lines ended by CR as on the wire, and puts the framing around it. */
static bool read_message(struct load *l, const char *path)
{
    FILE *f = fopen(path, "rb");
    char text[ANSWER_MAX / 2];
    size_t n = f ? fread(text, 1, sizeof text, f) : 0;

    if (f)
        fclose(f);
    if (n == 0 || n == sizeof text)
        return false;
    l->n_message = n + 3;
    l->message = malloc(l->n_message);
    if (!l->message)
        return false;
    l->message[0] = 0x0b;
    for (size_t i = 0; i < n; i++)
        l->message[i + 1] = text[i] == '\n' ? '\r' : text[i];
    memcpy(l->message + n + 1, "\x1c\r", 2);
    return true;
}

static bool start(struct load *l, uint64_t run_ms)
{
    l->senders = calloc(l->n_senders, sizeof *l->senders);
    if (!l->senders)
        return false;
    l->start_ns = uv_hrtime();
    for (size_t i = 0; i < l->n_senders; i++) {
        struct sender *s = &l->senders[i];
        s->load = l;
        s->frame = malloc(l->n_message);
        s->connect.data = s;
        uv_tcp_init(&l->loop, &s->tcp);
        s->tcp.data = s;
        if (!s->frame ||
            uv_tcp_connect(&s->connect, &s->tcp, (struct sockaddr *)&l->to, on_connected) < 0)
            return false;
    }
    uv_timer_init(&l->loop, &l->pace);
    l->pace.data = l;
    l->last_due = &l->due;
    if (l->rate)
        uv_timer_start(&l->pace, on_pace, 1, 1);
    uv_timer_init(&l->loop, &l->end);
    l->end.data = l;
    uv_timer_start(&l->end, on_end, run_ms, 0);
    return true;
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void report(struct load *l)
{
    size_t n = l->n_took;
    double seconds = (double)(l->stop_ns - l->start_ns) / 1e9;

    if (n)
        qsort(l->took_us, n, sizeof *l->took_us, by_size);
    printf("{\"acks\":%zu,\"refused\":%llu,\"broken\":%llu,\"seconds\":%.3f,\"p50_us\":%u,"
           "\"p99_us\":%u,\"max_us\":%u}\n",
           n, (unsigned long long)l->refused, (unsigned long long)l->broken, seconds,
           n ? l->took_us[n / 2] : 0, n ? l->took_us[n * 99 / 100] : 0, n ? l->took_us[n - 1] : 0);
}

int main(int argc, char **argv)
{
    struct load l = {0};

    if (argc < 6) {
        fprintf(stderr, "usage: load PORT CONNECTIONS MILLISECONDS FIRST FILE [NEED [RATE]]\n");
        return 2;
    }
    l.n_senders = strtoul(argv[2], NULL, 10);
    l.next = strtoull(argv[4], NULL, 10);
    l.need = argc > 6 ? argv[6] : NULL;
    l.rate = argc > 7 ? strtoull(argv[7], NULL, 10) : 0;
    uv_loop_init(&l.loop);
    uv_ip4_addr("127.0.0.1", (int)strtol(argv[1], NULL, 10), &l.to);
    if (!read_message(&l, argv[5]) || !start(&l, strtoull(argv[3], NULL, 10))) {
        fprintf(stderr, "load: cannot start\n");
        return 2;
    }
    uv_run(&l.loop, UV_RUN_DEFAULT);
    report(&l);
    return l.broken != 0;
}
