/* libcurl's multi interface driven by libuv.
 *
 * curl says which sockets to watch (on_socket) and when to wake it (on_timer); we say what happened
 * (uv side), then collect what has ended (reap). Three facts:
 *  - a socket error reaches the poll callback as a negative status (EBADF) and must be handed on as
 *    CURL_CSELECT_ERR;
 *  - curl_multi_cleanup() asks for new watches to say goodbye to peers: refused while closing;
 *  - curl may remove a watch while we stand in its callback: it is freed in its close callback. */
#include "net/http_client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"

struct http_client {
    CURLM *multi;
    uv_loop_t *loop;
    uv_timer_t timer;
    struct http_client_settings set;
    bool closing;
};

struct watch { /* one socket curl asked us to watch */
    struct http_client *http;
    uv_poll_t poll;
    curl_socket_t fd;
};

/* An upper bound of the head of one request, less than twice any head of it: more bytes than this
 * mean that curl has sent the request again. */
static size_t one_head(const struct http_call *c)
{
    size_t n = sizeof "POST  HTTP/1.1\r\nHost: \r\nAccept: */*\r\nContent-Length: \r\n\r\n";

    for (size_t digits = c->body.n; digits; digits /= 10)
        n++;
    n += strlen(c->url) + 1;
    n += c->bearer ? strlen(c->bearer) + sizeof "Authorization: Bearer \r\n" : 0;
    n += c->content_type ? strlen(c->content_type) + sizeof "Content-Type: \r\n" : 0;
    n += c->header ? strlen(c->header) + sizeof "\r\n" : 0;
    return n;
}

/* A POST that curl repeated may have been acted on twice; a GET may be read as often as it likes.
 */
static bool sent_once(const struct http_call *c, long head, curl_off_t body)
{
    return !c->body.p || ((size_t)head <= one_head(c) && (size_t)body <= c->body.n);
}

/* libcurl never had a connection to write the request to, and counts no byte of it
 * (docs/decisions/016-a-connect-timeout-is-unsent.md). */
static bool never_left(const struct http_call *c, long head, curl_off_t body, curl_off_t begun_us)
{
    return !c->own.begun && head == 0 && body == 0 && begun_us == 0;
}

/* WhatsApp §5.2. Whatever is not proven is unknown. */
static enum http_sent outcome(const struct http_call *c, CURLcode rc, CURL *easy)
{
    long head = 0;
    curl_off_t body = 0, begun_us = 0;

    if (curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &head) != CURLE_OK ||
        curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &body) != CURLE_OK ||
        curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &begun_us) != CURLE_OK)
        return HTTP_UNKNOWN;
    if (rc == CURLE_OK)
        return sent_once(c, head, body) ? HTTP_ANSWERED : HTTP_UNKNOWN;
    if (rc == CURLE_COULDNT_RESOLVE_HOST || rc == CURLE_COULDNT_CONNECT ||
        rc == CURLE_OPERATION_TIMEDOUT || rc == CURLE_SSL_CONNECT_ERROR ||
        rc == CURLE_PEER_FAILED_VERIFICATION)
        return never_left(c, head, body, begun_us) ? HTTP_UNSENT : HTTP_UNKNOWN;
    return HTTP_UNKNOWN;
}

/* Lets go of what the call holds; the caller frees the reply's memory, returned. */
static char *call_release(struct http_call *c)
{
    char *reply = c->own.reply;

    curl_easy_cleanup(c->own.easy);
    curl_slist_free_all(c->own.headers);
    c->own = (struct http_call_private){0};
    return reply;
}

static void call_ended(struct http_client *h, CURL *easy, CURLcode rc)
{
    struct http_call *c = NULL;
    curl_off_t retry_after = 0;
    long status = 0;
    char *reply;

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &c);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after);
    curl_multi_remove_handle(h->multi, easy);
    c->sent = outcome(c, rc, easy);
    c->curl_code = (int)rc;
    c->status = c->sent == HTTP_ANSWERED ? (int)status : 0;
    c->retry_after_s = retry_after > 0 ? retry_after : -1;
    reply = call_release(c);
    if (!c->reply.p)
        c->reply = STR("");
    c->done(c); /* may start the next call with c, or free it */
    free(reply);
}

static void reap(struct http_client *h)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(h->multi, &left)))
        call_ended(h, m->easy_handle, m->data.result);
}

static void on_timeout(uv_timer_t *t)
{
    struct http_client *h = container_of(t, struct http_client, timer);
    int running;

    curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    reap(h);
}

static void on_ready(uv_poll_t *p, int status, int events)
{
    struct watch *w = container_of(p, struct watch, poll);
    struct http_client *h = w->http;
    int running, flags = status < 0 ? CURL_CSELECT_ERR : 0;

    flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    curl_multi_socket_action(h->multi, w->fd, flags, &running); /* may free w */
    reap(h);
}

static int on_timer(CURLM *m, long ms, void *arg) /* ms < 0: no timer wanted */
{
    struct http_client *h = arg;

    (void)m;
    if (h->closing || ms < 0)
        uv_timer_stop(&h->timer);
    else
        uv_timer_start(&h->timer, on_timeout, (uint64_t)ms, 0);
    return 0;
}

static void watch_free(uv_handle_t *p)
{
    free(container_of(p, struct watch, poll));
}

static struct watch *watch_new(struct http_client *h, curl_socket_t fd)
{
    struct watch *w = calloc(1, sizeof *w);

    if (!w)
        abort();
    if (uv_poll_init_socket(h->loop, &w->poll, fd) < 0) {
        free(w);
        return NULL;
    }
    w->http = h;
    w->fd = fd;
    curl_multi_assign(h->multi, fd, w);
    return w;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *per_socket)
{
    struct http_client *h = arg;
    struct watch *w = per_socket;
    int events =
        (what != CURL_POLL_OUT ? UV_READABLE : 0) | (what != CURL_POLL_IN ? UV_WRITABLE : 0);

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w) {
            uv_poll_stop(&w->poll);
            uv_close((uv_handle_t *)&w->poll, watch_free);
            curl_multi_assign(h->multi, fd, NULL);
        }
        return 0;
    }
    if (h->closing)
        return 0;
    if (!w && !(w = watch_new(h, fd)))
        return -1;
    return uv_poll_start(&w->poll, events, on_ready) == 0 ? 0 : -1;
}

static size_t on_reply(char *p, size_t size, size_t n, void *arg)
{
    struct http_call *c = arg;
    size_t bytes = size * n;
    char *whole;

    if (bytes > c->max_reply - c->reply.n)
        return 0; /* curl ends the call with CURLE_WRITE_ERROR */
    whole = realloc(c->own.reply, c->reply.n + bytes + 1);
    if (!whole)
        abort();
    memcpy(whole + c->reply.n, p, bytes);
    whole[c->reply.n + bytes] = '\0';
    c->own.reply = whole;
    c->reply = (struct str){whole, c->reply.n + bytes};
    return bytes;
}

/* Gives the body once: with no seek or ioctl callback curl cannot start over. */
static size_t on_body(char *to, size_t size, size_t n, void *arg)
{
    struct http_call *c = arg;
    size_t left = c->body.n - c->own.at, room = size * n;

    if (left > room)
        left = room;
    if (left)
        memcpy(to, c->body.p + c->own.at, left);
    c->own.at += left;
    return left;
}

/* Connected, TLS included: the request is written next. */
static int on_connected(void *arg, char *to, char *from, int to_port, int from_port)
{
    struct http_call *c = arg;

    (void)to, (void)from, (void)to_port, (void)from_port;
    c->own.begun = true;
    return CURL_PREREQFUNC_OK;
}

static bool add_header(struct http_call *c, const char *line)
{
    struct curl_slist *all = curl_slist_append(c->own.headers, line);

    if (!all)
        abort();
    c->own.headers = all;
    return true;
}

static bool set_headers(CURL *easy, struct http_call *c)
{
    char type[128];

    add_header(c, "Expect:"); /* a pause of a second for nothing */
    if (c->content_type) {
        if (snprintf(type, sizeof type, "Content-Type: %s", c->content_type) >= (int)sizeof type)
            return false;
        add_header(c, type);
    }
    if (c->header)
        add_header(c, c->header);
    return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, c->own.headers) == CURLE_OK;
}

static bool set_body(CURL *easy, struct http_call *c)
{
    if (!c->body.p)
        return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    return curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body.n) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READDATA, c) == CURLE_OK;
}

static bool set_bearer(CURL *easy, const char *bearer)
{
    return curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, bearer) == CURLE_OK;
}

/* Only what was configured is reached: no redirect, no proxy from the environment, no .netrc. */
static bool set_limits(CURL *easy, const struct http_client_settings *set, struct http_call *c)
{
    const CURLcode all[] = {
        curl_easy_setopt(easy, CURLOPT_URL, c->url),
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https"),
        curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L),
        curl_easy_setopt(easy, CURLOPT_PROXY, ""),
        curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED),
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1),
        curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2),
        curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)set->max_age_s),
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)set->connect_ms),
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)c->timeout_ms),
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L),
        curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L),
        curl_easy_setopt(easy, CURLOPT_PRIVATE, c),
        curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected),
        curl_easy_setopt(easy, CURLOPT_PREREQDATA, c),
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_reply),
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, c),
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] != CURLE_OK)
            return false;
    return true;
}

bool http_client_open(const struct http_client_settings *set, struct http_client **out,
                      struct err *e)
{
    struct http_client *h;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(e, ERR_BUSY, 0, "libcurl does not start");
    h = calloc(1, sizeof *h);
    if (!h)
        abort();
    h->multi = curl_multi_init();
    if (!h->multi) {
        free(h);
        return err_set(e, ERR_BUSY, 0, "libcurl does not start");
    }
    h->set = *set;
    h->loop = set->loop;
    uv_timer_init(h->loop, &h->timer);
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)set->max_host_connections);
    *out = h;
    return true;
}

static bool is_http(const char *url)
{
    return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

bool http_start(struct http_client *h, struct http_call *c, struct err *e)
{
    CURL *easy = is_http(c->url) ? curl_easy_init() : NULL;
    CURLMcode rc;

    c->sent = HTTP_UNSENT;
    c->status = c->curl_code = 0;
    c->retry_after_s = -1;
    c->reply = (struct str){NULL, 0};
    c->own = (struct http_call_private){.easy = easy};
    if (!is_http(c->url))
        return err_set(e, ERR_CONFIG, 0, "the URL is neither http nor https");
    if (!easy)
        return err_set(e, ERR_BUSY, 0, "libcurl has no handle");
    if (!set_limits(easy, &h->set, c) || !set_headers(easy, c) || !set_body(easy, c) ||
        (c->bearer && !set_bearer(easy, c->bearer))) {
        free(call_release(c));
        return err_set(e, ERR_CONFIG, 0, "libcurl refuses a setting of the request");
    }
    rc = curl_multi_add_handle(h->multi, easy); /* sets a 0 ms timer: nothing runs yet */
    if (rc == CURLM_OK)
        return true;
    free(call_release(c));
    return err_set(e, ERR_BUSY, (int)rc, "%s", curl_multi_strerror(rc));
}

void http_cancel(struct http_client *h, struct http_call *c)
{
    if (!c->own.easy)
        return;
    curl_multi_remove_handle(h->multi, c->own.easy);
    free(call_release(c));
}

static void on_timer_closed(uv_handle_t *t)
{
    free(container_of(t, struct http_client, timer));
    curl_global_cleanup();
}

void http_client_close(struct http_client *h)
{
    h->closing = true;
    curl_multi_cleanup(h->multi);
    uv_timer_stop(&h->timer);
    uv_close((uv_handle_t *)&h->timer, on_timer_closed);
}
