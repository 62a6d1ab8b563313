#include "hl7_peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

void hl7_peer_open(struct hl7_peer *p, int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int on = 1;

    *p = (struct hl7_peer){.fd = -1,
                           .heard = buf_new(1 << 20),
                           .all = buf_new(16 << 20),
                           .script = "",
                           .take_bytes = (size_t)-1};
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(p->listener, (struct sockaddr *)&at, sizeof at) || listen(p->listener, 8) ||
        getsockname(p->listener, (struct sockaddr *)&at, &n))
        abort();
    p->port = ntohs(at.sin_port);
}

static void hang_up(struct hl7_peer *p)
{
    close(p->fd);
    p->fd = -1;
    p->heard.n = 0;
    p->saying = false;
}

void hl7_peer_close(struct hl7_peer *p)
{
    if (p->fd >= 0)
        hang_up(p);
    close(p->listener);
    buf_reset(&p->heard);
    buf_reset(&p->all);
}

/* The next word of the script, in `out`. */
static void next_word(struct hl7_peer *p, char out[8])
{
    size_t n = strcspn(p->script, " ");

    memcpy(out, n ? p->script : "AA", n ? n : 2);
    out[n ? n : 2] = '\0';
    p->script += n + (p->script[n] == ' ');
}

static struct str control_id(struct str frame)
{
    struct str rest = frame, field = {NULL, 0};

    for (int i = 0; i < 10 && rest.p; i++)
        field = str_cut(&rest, '|');
    return field;
}

static void answer(struct hl7_peer *p, struct str frame)
{
    char word[8], text[512];
    struct str id = control_id(frame);
    int n;

    if (p->say.p) {
        p->saying = true;
        return;
    }
    next_word(p, word);
    if (word[0] == 'x') {
        p->closed_on_purpose = true;
        hang_up(p);
        return;
    }
    if (word[0] == '-')
        return;
    n = snprintf(text, sizeof text,
                 "\x0bMSH|^~\\&|P|Q|R|S|20260101||ACK|R%zu|P|2.5.1\rMSA|%s|" STR_FMT "\r\x1c\r",
                 p->frames, word, STR_ARG(id));
    if (send(p->fd, text, (size_t)n, MSG_NOSIGNAL) != n)
        abort();
}

static void take_frames(struct hl7_peer *p)
{
    char *end;

    while (p->fd >= 0 && p->heard.n &&
           (end = memmem(p->heard.p, p->heard.n, "\x1c\r", 2)) != NULL) {
        struct str frame = {p->heard.p, (size_t)(end - p->heard.p) + 2};

        p->frames++;
        buf_add(&p->all, frame);
        frame = (struct str){p->all.p + p->all.n - frame.n, frame.n};
        buf_drop(&p->heard, frame.n);
        answer(p, frame);
    }
}

static void hear(struct hl7_peer *p)
{
    size_t most = p->take_bytes == (size_t)-1 ? 65536 : p->take_bytes - p->heard_bytes;
    ssize_t n;

    if (most == 0) {
        p->closed_on_purpose = true;
        hang_up(p);
        return;
    }
    if (!buf_room(&p->heard, most))
        abort();
    n = recv(p->fd, p->heard.p + p->heard.n, most, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        hang_up(p);
        return;
    }
    if (n > 0) {
        p->heard.n += (size_t)n;
        p->heard_bytes += (size_t)n;
    }
    take_frames(p);
}

static void say(struct hl7_peer *p)
{
    size_t left = p->say.n - p->said, n = p->piece && p->piece < left ? p->piece : left;

    if (n == 0) {
        p->closed_on_purpose = true;
        hang_up(p);
        return;
    }
    (void)send(p->fd, p->say.p + p->said, n, MSG_NOSIGNAL);
    p->said += n;
}

void hl7_peer_turn(struct hl7_peer *p)
{
    if (p->fd < 0) {
        p->fd = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK);
        if (p->fd < 0)
            return;
        p->connections++;
        p->heard_bytes = 0;
    }
    if (p->saying)
        say(p);
    else
        hear(p);
}

struct str hl7_peer_frame(const struct hl7_peer *p, size_t n)
{
    struct str rest = buf_str(&p->all), frame = {NULL, 0};

    for (size_t i = 0; i <= n; i++) {
        const char *end = rest.n ? memmem(rest.p, rest.n, "\x1c\r", 2) : NULL;

        if (!end)
            return (struct str){NULL, 0};
        frame = (struct str){rest.p, (size_t)(end - rest.p) + 2};
        rest = (struct str){end + 2, rest.n - frame.n};
    }
    return frame;
}
