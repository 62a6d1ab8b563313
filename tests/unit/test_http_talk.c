/* Talks with the HTTP server: what is said, what is heard, however the bytes are cut. No socket. */
#include "../../src/net/http_conn.h"
#include "base/arena.h"
#include "check.h"
#include "stream_loop.h"

#define S(lit)   STR_LIT(lit)
#define HOST     "Host: a\r\n"
#define GET      "GET /hello HTTP/1.1\r\n" HOST "\r\n"
#define POST     "POST /echo HTTP/1.1\r\n" HOST
#define CHUNKED  POST "Transfer-Encoding: chunked\r\n\r\n"
#define SMUGGLED "GET /evil HTTP/1.1\r\n" HOST "\r\n"

enum { MAX_BODY = 64, MAX_HEADER = 512 };

static void on_hello(struct http_exchange *x)
{
    http_answer(x, &(struct http_answer){.status = 200, .body = STR("hello")});
}

static void on_echo(struct http_exchange *x)
{
    http_answer(x, &(struct http_answer){.status = 200, .body = x->request.body});
}

static void on_values(struct http_exchange *x)
{
    struct str text = arena_printf(&x->arena, STR_FMT "|" STR_FMT "|" STR_FMT "|" STR_FMT,
                                   STR_ARG(x->request.values[0]), STR_ARG(x->request.values[1]),
                                   STR_ARG(x->request.path), STR_ARG(x->request.query));

    http_answer(x, &(struct http_answer){.status = 200, .body = text});
}

static void on_evil(struct http_exchange *x)
{
    http_answer(x, &(struct http_answer){.status = 200, .body = STR("EVIL")});
}

static void on_split(struct http_exchange *x)
{
    const struct http_field bad[] = {{"Location", "https://a/\r\nSet-Cookie: x=1"}};

    http_answer(x, &(struct http_answer){.status = 303, .fields = bad, .n_fields = 1});
}

static const struct http_route routes[] = {
    {"GET", "/hello", 0, on_hello, NULL},      {"POST", "/echo", MAX_BODY, on_echo, NULL},
    {"GET", "/evil", 0, on_evil, NULL},        {"GET", "/l/{token}", 0, on_values, NULL},
    {"PUT", "/l/{token}", 0, on_values, NULL}, {"GET", "/a/{x}/b/{y}", 0, on_values, NULL},
    {"GET", "/split", 0, on_split, NULL},      {"*", "/any", 0, on_hello, NULL},
    {"GET", "/", 0, on_hello, NULL},
};

/* hear: the statuses in order, "=body" behind 200; "." when the connection stays open after them.
 */
static const struct talk {
    const char *name;
    struct str say;
    const char *hear;
} talks[] = {
    {"get", S(GET), "200=hello ."},
    {"get, last", S("GET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"), "200=hello"},
    {"close in a list", S("GET /hello HTTP/1.1\r\n" HOST "Connection: x, Close\r\n\r\n"),
     "200=hello"},
    {"http/1.0", S("GET /hello HTTP/1.0\r\n" HOST "\r\n"), "200=hello"},
    {"head", S("HEAD /hello HTTP/1.1\r\n" HOST "\r\n"), "200= ."},
    {"head of an unknown path", S("HEAD /x HTTP/1.1\r\n" HOST "\r\n" GET), "404 200=hello ."},
    {"post", S(POST "Content-Length: 3\r\n\r\nabc"), "200=abc ."},
    {"post nothing", S(POST "Content-Length: 0\r\n\r\n" GET), "200= 200=hello ."},
    {"post no length", S(POST "\r\n" GET), "200= 200=hello ."},
    {"chunked", S(CHUNKED "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n" GET), "200=abcde 200=hello ."},
    {"chunked, quoted extension", S(CHUNKED "3;a=\"b;c\"\r\nabc\r\n0\r\n\r\n"), "200=abc ."},
    {"trailers", S(CHUNKED "3\r\nabc\r\n0\r\nX-A: b\r\nY: \r\n\r\n" GET), "200=abc 200=hello ."},
    {"pipelined", S(GET POST "Content-Length: 2\r\n\r\nhi" GET), "200=hello 200=hi 200=hello ."},
    {"value", S("GET /l/abc?lang=en HTTP/1.1\r\n" HOST "\r\n"), "200=abc||/l/abc|lang=en ."},
    {"escaped value", S("GET /l/a%2Fb%20c HTTP/1.1\r\n" HOST "\r\n"), "200=a/b c||/l/a/b c| ."},
    {"two values", S("GET /a/1/b/2 HTTP/1.1\r\n" HOST "\r\n"), "200=1|2|/a/1/b/2| ."},
    {"absolute form", S("GET http://a/l/q?z HTTP/1.1\r\n" HOST "\r\n"), "200=q||/l/q|z ."},
    {"absolute form, no path", S("GET HTTP://a HTTP/1.1\r\n" HOST "\r\n"), "200=hello ."},
    {"any method", S("DELETE /any HTTP/1.1\r\n" HOST "\r\n"), "200=hello ."},
    {"empty value", S("GET /l/ HTTP/1.1\r\n" HOST "\r\n"), "404 ."},
    {"longer path", S("GET /l/a/b HTTP/1.1\r\n" HOST "\r\n"), "404 ."},
    {"prefix of a path", S("GET /a/1/b HTTP/1.1\r\n" HOST "\r\n"), "404 ."},
    {"405", S("DELETE /l/a HTTP/1.1\r\n" HOST "\r\n" GET), "405 200=hello ."},
    {"404 with a body", S("POST /x HTTP/1.1\r\n" HOST "Content-Length: 99\r\n\r\n"), "404"},
    {"upgrade ignored",
     S("GET /hello HTTP/1.1\r\n" HOST "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n" GET),
     "200=hello 200=hello ."},
    {"upgrade with a body",
     S(POST "Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nhi" GET),
     "200=hi 200=hello ."},
    {"expect", S(POST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"), "100 ."},
    {"expect, too long", S(POST "Expect: 100-continue\r\nContent-Length: 65\r\n\r\n"), "413"},
    {"expect something", S(POST "Expect: cake\r\nContent-Length: 2\r\n\r\nhi"), "417"},
    {"whole body allowed",
     S(POST "Content-Length: 64\r\n\r\n"
            "0123456789012345678901234567890123456789012345678901234567890123"),
     "200=0123456789012345678901234567890123456789012345678901234567890123 ."},
    {"answer that would split", S("GET /split HTTP/1.1\r\n" HOST "\r\n"), "500 ."},

    /* must be refused, before a second request can hide */
    {"CL then TE",
     S(POST "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED), "400"},
    {"TE then CL",
     S(POST "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n" SMUGGLED), "400"},
    {"two CL, differing", S(POST "Content-Length: 1\r\nContent-Length: 2\r\n\r\na" SMUGGLED),
     "400"},
    {"two CL, equal", S(POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\na"), "400"},
    {"CL list", S(POST "Content-Length: 1, 1\r\n\r\na"), "400"},
    {"CL +30", S(POST "Content-Length: +30\r\n\r\n"), "400"},
    {"CL -1", S(POST "Content-Length: -1\r\n\r\n"), "400"},
    {"CL 30 0", S(POST "Content-Length: 30 0\r\n\r\n"), "400"},
    {"CL 30abc", S(POST "Content-Length: 30abc\r\n\r\n"), "400"},
    {"CL 0x1", S(POST "Content-Length: 0x1\r\n\r\na"), "400"},
    {"CL empty", S(POST "Content-Length:\r\n\r\n"), "400"},
    {"CL overflows", S(POST "Content-Length: 18446744073709551617\r\n\r\na"), "400"},
    {"blank before the colon", S(POST "Content-Length : 1\r\n\r\na"), "400"},
    {"blank before the first name", S("GET /hello HTTP/1.1\r\n " HOST "\r\n"), "400"},
    {"obs-fold", S("GET /hello HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n"), "400"},
    {"obs-fold, tab", S("GET /hello HTTP/1.1\r\n" HOST "X: a\r\n\tb\r\n\r\n"), "400"},
    {"obs-fold in TE", S(POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"), "400"},
    {"bare CR in a value", S("GET /hello HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n"), "400"},
    {"bare CR ends a line", S("GET /hello HTTP/1.1\r\n" HOST "X: a\rY: b\r\n\r\n"), "400"},
    {"bare CR at the end", S("GET /hello HTTP/1.1\r\n" HOST "\r\r\n"), "400"},
    {"bare LF", S("GET /hello HTTP/1.1\n" HOST "\r\n"), "400"},
    {"bare LF at the end", S("GET /hello HTTP/1.1\r\n" HOST "\n"), "400"},
    {"bare LF first", S("\nGET /hello HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"empty line first", S("\r\n" GET), "400"},
    {"NUL in a value", S("GET /hello HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"), "400"},
    {"NUL in the URL", S("GET /hel\0lo HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"control in a value", S("GET /hello HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n"), "400"},
    {"no colon", S("GET /hello HTTP/1.1\r\n" HOST "X\r\n\r\n"), "400"},
    {"empty name", S("GET /hello HTTP/1.1\r\n" HOST ": x\r\n\r\n"), "400"},
    {"name is no token", S("GET /hello HTTP/1.1\r\n" HOST "X(: x\r\n\r\n"), "400"},
    {"escaped NUL", S("GET /l/%00 HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"broken escape", S("GET /l/%zz HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"cut escape", S("GET /l/%4 HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"raw UTF-8 in the URL", S("GET /l/\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"fragment", S("GET /hello#x HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"no slash", S("GET hello HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"double blank", S("GET  /hello HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"double blank behind", S("GET /hello  HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"blank at the end", S("GET /hello HTTP/1.1 \r\n" HOST "\r\n"), "400"},
    {"tab between", S("GET\t/hello HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"http/0.9", S("GET /hello\r\n\r\n"), "400"},
    {"http/1.7", S("GET /hello HTTP/1.7\r\n" HOST "\r\n"), "505"},
    {"http/2", S("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "505"},
    {"http/01.1", S("GET /hello HTTP/01.1\r\n" HOST "\r\n"), "400"},
    {"small http", S("GET /hello http/1.1\r\n" HOST "\r\n"), "400"},
    {"method unknown", S("BREW /hello HTTP/1.1\r\n" HOST "\r\n"), "501"},
    {"connect", S("CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n" SMUGGLED), "501"},
    {"small method", S("get /hello HTTP/1.1\r\n" HOST "\r\n"), "501"},
    {"no host", S("GET /hello HTTP/1.1\r\n\r\n"), "400"},
    {"two hosts", S("GET /hello HTTP/1.1\r\n" HOST HOST "\r\n"), "400"},
    {"odd host", S("GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n"), "400"},
    {"TE gzip, chunked", S(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), "501"},
    {"TE chunked, identity", S(POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
     "501"},
    {"TE xchunked", S(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), "501"},
    {"TE twice",
     S(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "400"},
    {"TE in 1.0", S("POST /echo HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
     "400"},
    {"chunk size bad", S(CHUNKED "zz\r\nabc\r\n0\r\n\r\n"), "400"},
    {"chunk size empty", S(CHUNKED "\r\nabc\r\n0\r\n\r\n"), "400"},
    {"chunk size 0x3", S(CHUNKED "0x3\r\nabc\r\n0\r\n\r\n"), "400"},
    {"chunk size with blank", S(CHUNKED "3 \r\nabc\r\n0\r\n\r\n"), "400"},
    {"chunk size overflows", S(CHUNKED "10000000000000003\r\nabc\r\n0\r\n\r\n"), "400"},
    {"chunk line ends in LF", S(CHUNKED "3\nabc\r\n0\r\n\r\n"), "400"},
    {"chunk line ends in CR", S(CHUNKED "3\rabc\r\n0\r\n\r\n"), "400"},
    {"extension ends in LF", S(CHUNKED "3;a=b\nabc\r\n0\r\n\r\n"), "400"},
    {"extension name ends in LF", S(CHUNKED "3;a\nabc\r\n0\r\n\r\n"), "400"},
    {"extension with bare CR", S(CHUNKED "3;a=b\rc\r\nabc\r\n0\r\n\r\n"), "400"},
    {"no CRLF after data", S(CHUNKED "3\r\nabc0\r\n\r\n"), "400"},
    {"LF after data", S(CHUNKED "3\r\nabc\n0\r\n\r\n"), "400"},
    {"data too long", S(CHUNKED "3\r\nabcd\r\n0\r\n\r\n"), "400"},
    {"trailer, bare LF", S(CHUNKED "0\r\nX: a\n\r\n"), "400"},
    {"trailer, bare CR", S(CHUNKED "0\r\nX: a\rY: b\r\n\r\n"), "400"},
    {"trailer, obs-fold", S(CHUNKED "0\r\nX: a\r\n b\r\n\r\n"), "400"},
    {"trailer, no name", S(CHUNKED "0\r\nGET /evil HTTP/1.1\r\n\r\n"), "400"},
    {"body too long", S(POST "Content-Length: 65\r\n\r\n"), "413"},
    {"body much too long", S(POST "Content-Length: 999999999999999\r\n\r\n"), "413"},
    {"chunk too long", S(CHUNKED "41\r\n"), "413"},
    {"chunks too long",
     S(CHUNKED
       "40\r\n"
       "0123456789012345678901234567890123456789012345678901234567890123\r\n1\r\nx\r\n0\r\n\r\n"),
     "413"},
    {"body where there is none", S("GET /hello HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx"),
     "413"},
    {"smuggled behind an error",
     S("GET /hello HTTP/1.1\r\n" HOST "X : y\r\n\r\n" SMUGGLED SMUGGLED), "400"},
    {"TLS hello", S("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), "400"},
    {"MLLP", S("\x0bMSH|^~\\&|A\rPID|1\r\x1c\r"), "400"},

    /* never finished: no answer */
    {"cut head", S("GET /hello HTTP/1.1\r\nHo"), "."},
    {"cut body", S(POST "Content-Length: 5\r\n\r\nab"), "."},
    {"cut chunk", S(CHUNKED "5\r\nab"), "."},
    {"cut trailer", S(CHUNKED "0\r\nX: a\r\n"), "."},
};

static struct str header_of(struct str head, const char *name)
{
    while (head.p) {
        struct str value = str_cut(&head, '\n');
        struct str key = str_cut(&value, ':');

        if (str_eq(key, str_of(name)))
            return str_trim(value);
    }
    return (struct str){NULL, 0};
}

/* What was heard, in the words of talk.hear. A HEAD request's answers are told by `no_body`. */
static struct str hear(struct str in, bool no_body, bool open, struct arena *a)
{
    struct str all = STR("");

    while (in.n) {
        const char *blank = memmem(in.p, in.n, "\r\n\r\n", 4);
        struct str head = {in.p, blank ? (size_t)(blank - in.p) + 4 : 0};
        size_t length = 0;
        int status;

        if (!blank || sscanf(in.p, "HTTP/1.1 %d ", &status) != 1)
            return arena_printf(a, STR_FMT "garbage", STR_ARG(all));
        in = (struct str){in.p + head.n, in.n - head.n};
        if (header_of(head, "Content-Length").p && !no_body)
            length = strtoul(header_of(head, "Content-Length").p, NULL, 10);
        no_body = false;
        if (length > in.n)
            return arena_printf(a, STR_FMT "cut", STR_ARG(all));
        all = status == 200 ? arena_printf(a, STR_FMT "200=%.*s ", STR_ARG(all), (int)length, in.p)
                            : arena_printf(a, STR_FMT "%d ", STR_ARG(all), status);
        in = (struct str){in.p + length, in.n - length};
    }
    return open ? arena_printf(a, STR_FMT ".", STR_ARG(all)) : str_trim(all);
}

/* Says `talk` in pieces: up to `first`, then `rest` bytes at a time. */
static void have_talk(struct http_server *s, const struct talk *t, size_t first, size_t rest)
{
    struct stream_loop l;
    struct arena a = {0};
    struct str heard;

    stream_loop_init(&l);
    http_conn_open(s, &l.stream);
    for (size_t at = 0, n = first; at < t->say.n; at += n, n = rest) {
        n = n > t->say.n - at ? t->say.n - at : n;
        if (n == 0 || !stream_loop_say(&l, (struct str){t->say.p + at, n}))
            break;
    }
    while (stream_loop_turn(&l))
        ;
    heard = hear(buf_str(&l.heard), t->say.p[0] == 'H', !l.shut && !l.closing, &a);
    if (!str_eq(heard, str_of(t->hear)))
        CHECK(false, "%s, cut at %zu, then each %zu: " STR_FMT, t->name, first, rest,
              STR_ARG(heard));
    else
        check_count.passed++;
    stream_loop_end(&l, ERR_NONE);
    CHECK(l.closed, "%s: not closed after the peer's FIN", t->name);
    arena_reset(&a);
    buf_reset(&l.heard);
}

static void test_talks(struct http_server *s)
{
    for
        EACH (i, talks) {
            const struct talk *t = &talks[i];

            have_talk(s, t, t->say.n, t->say.n);
            have_talk(s, t, 1, 1);
            for (size_t at = 1; at < t->say.n; at++)
                have_talk(s, t, at, t->say.n);
            CHECK(http_server_connections(s) == 0, "%s: a connection is left", t->name);
        }
}

/* The connection breaks after each byte: nothing may be left. */
static void test_breaks(struct http_server *s)
{
    for
        EACH (i, talks)
            for (size_t at = 0; at <= talks[i].say.n; at++) {
                struct stream_loop l;

                stream_loop_init(&l);
                http_conn_open(s, &l.stream);
                if (at == 0 || stream_loop_say(&l, (struct str){talks[i].say.p, at}))
                    stream_loop_end(&l, ERR_BUSY);
                if (!l.closing)
                    stream_loop_end(&l, ERR_BUSY);
                CHECK(l.closed && http_server_connections(s) == 0, "%s at %zu", talks[i].name, at);
                buf_reset(&l.heard);
            }
}

static void long_talk(struct http_server *s, const char *name, struct str head, struct str unit,
                      size_t times, const char *want)
{
    struct buf say = buf_new(1 << 20);
    struct talk t = {.name = name, .hear = want};

    buf_add(&say, head);
    for (size_t i = 0; i < times; i++)
        buf_add(&say, unit);
    t.say = buf_str(&say);
    have_talk(s, &t, t.say.n, t.say.n);
    have_talk(s, &t, 1, 1);
    have_talk(s, &t, 511, 7);
    buf_reset(&say);
}

static void test_limits(struct http_server *s)
{
    struct buf many = buf_new(1 << 20);

    long_talk(s, "endless request line", STR("GET /"), STR("a"), 2000, "414");
    long_talk(s, "endless header", STR("GET /hello HTTP/1.1\r\nX: "), STR("a"), 2000, "431");
    long_talk(s, "endless headers", STR("GET /hello HTTP/1.1\r\n"), STR("X: a\r\n"), 2000, "431");
    long_talk(s, "endless trailers", STR(CHUNKED "0\r\n"), STR("X: a\r\n"), 2000, "431");
    long_talk(s, "endless extension", STR(CHUNKED "3;"), STR("a"), 2000, "400");
    long_talk(s, "a byte a chunk", STR(CHUNKED), STR("1\r\nx\r\n"), 65, "413");

    /* 101 headers fit in the bytes allowed elsewhere, but not in the table. */
    s->set.max_header = 16384;
    buf_add(&many, STR("GET /hello HTTP/1.1\r\n" HOST));
    for (int i = 0; i < HTTP_HEADERS; i++)
        buf_add(&many, STR("X: a\r\n"));
    long_talk(s, "too many headers", buf_str(&many), STR("\r\n"), 1, "431");
    s->set.max_header = MAX_HEADER;
    buf_reset(&many);
}

static void test_fields(struct http_server *s)
{
    struct stream_loop l;

    stream_loop_init(&l);
    http_conn_open(s, &l.stream);
    stream_loop_say(&l, STR("PATCH /l/a HTTP/1.1\r\n" HOST "\r\n"));
    stream_loop_end(&l, ERR_NONE);
    CHECK(strstr(l.heard.p, "Allow: GET, HEAD, PUT\r\n"), "%s", l.heard.p);
    buf_reset(&l.heard);

    stream_loop_init(&l);
    http_conn_open(s, &l.stream);
    stream_loop_say(&l, STR("HEAD /hello HTTP/1.1\r\n" HOST "\r\n"));
    stream_loop_end(&l, ERR_NONE);
    CHECK(strstr(l.heard.p, "Content-Length: 5\r\n"), "HEAD tells GET's length: %s", l.heard.p);
    CHECK(!strstr(l.heard.p, "hello"), "HEAD has no body: %s", l.heard.p);
    buf_reset(&l.heard);
}

static void test_form(void)
{
    static const struct {
        const char *from, *name, *value;
    } cases[] = {
        {"a=1&b=2", "b", "2"},
        {"a=1&a=2", "a", "1"},
        {"a=x+y%2Bz", "a", "x y+z"},
        {"a", "a", ""},
        {"a=", "a", ""},
        {"", "a", NULL},
        {"ab=1", "a", NULL},
        {"a=%zz", "a", NULL},
        {"a=%", "a", NULL},
        {"a=%00", "a", NULL},
        {"%61=1", "a", "1"},
        {"a=1=2", "a", "1=2"},
        {"hub.mode=subscribe&hub.challenge=12", "hub.challenge", "12"},
        {"&&a=1&", "a", "1"},
        {"%=1&a=2", "a", "2"},
    };
    struct arena a = {0};

    for
        EACH (i, cases) {
            struct str got = http_form_value(str_of(cases[i].from), cases[i].name, &a);

            CHECK(!got.p == !cases[i].value && str_eq(got, str_of(cases[i].value)), "%s",
                  cases[i].from);
        }
    CHECK(!http_form_value((struct str){NULL, 0}, "a", &a).p, "no query at all");
    arena_reset(&a);
}

static void on_server_closed(void *ctx)
{
    *(bool *)ctx = true;
}

int main(void)
{
    struct http_settings set;
    struct http_server *s;
    struct err e = {0};
    bool closed = false;
    uv_loop_t loop;

    uv_loop_init(&loop);
    set = http_settings_default(&loop, "127.0.0.1", 0);
    set.max_header = MAX_HEADER;
    set.routes = routes;
    set.n_routes = sizeof routes / sizeof routes[0];
    if (!http_server_open(&set, &s, &e)) {
        printf("%s\n", e.text);
        return 1;
    }
    test_talks(s);
    test_breaks(s);
    test_limits(s);
    test_fields(s);
    test_form();
    http_server_close(s, 0, on_server_closed, &closed);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(closed, "server not closed");
    CHECK(uv_loop_close(&loop) == 0, "a handle is still open");
    return check_end();
}
