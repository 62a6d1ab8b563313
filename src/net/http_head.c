#include "http_head.h"

#include <stdlib.h>
#include <strings.h>

enum { METHOD_MAX = 16, LENGTH_DIGITS = 15 };

enum http_scan_step http_scan(struct http_scan *s, struct str in)
{
    for (; s->at < in.n; s->at++) {
        char c = in.p[s->at];

        if (c == '\0' || (s->at && in.p[s->at - 1] == '\r' && c != '\n'))
            return HTTP_SCAN_BAD;
        if (c != '\n')
            continue;
        if (s->at == s->line || in.p[s->at - 1] != '\r')
            return HTTP_SCAN_BAD;
        if (s->at - s->line == 1) {
            s->at++;
            return HTTP_SCAN_END;
        }
        s->line = s->at + 1;
    }
    return HTTP_SCAN_MORE;
}

bool http_name_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_token(struct str s) /* RFC 9110 §5.6.2 */
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_alnum(s.p[i]) && (!s.p[i] || !strchr("!#$%&'*+-.^_`|~", s.p[i])))
            return false;
    return s.n > 0;
}

static bool is_value(struct str s) /* visible, blank, tab, obs-text */
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if ((c < ' ' && c != '\t') || c == 0x7F)
            return false;
    }
    return true;
}

static struct str trim_blanks(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = (struct str){s.p + 1, s.n - 1};
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

/* The next line without its CRLF; http_scan() has seen that every LF follows a CR. */
static struct str next_line(struct str *rest)
{
    struct str line = str_cut(rest, '\n');

    line.n -= line.n > 0;
    return line;
}

static int read_version(struct str s, int *minor)
{
    if (s.n != 8 || !str_starts(s, STR("HTTP/")) || !is_digit(s.p[5]) || s.p[6] != '.' ||
        !is_digit(s.p[7]))
        return 400;
    *minor = s.p[7] - '0';
    return s.p[5] == '1' && *minor <= 1 ? 0 : 505;
}

static bool is_target(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c <= ' ' || c >= 0x7F || c == '#')
            return false;
    }
    return s.n > 0;
}

static bool is_known(struct str method)
{
    static const struct str known[] = {STR_LIT("GET"),    STR_LIT("HEAD"),  STR_LIT("POST"),
                                       STR_LIT("PUT"),    STR_LIT("PATCH"), STR_LIT("DELETE"),
                                       STR_LIT("OPTIONS")};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_eq(method, known[i]))
            return true;
    return false;
}

/* Two single blanks, nothing else that is blank. */
static int read_request_line(struct str line, struct http_head *h)
{
    int status;

    h->method = str_cut(&line, ' ');
    h->target = str_cut(&line, ' ');
    if (!is_token(h->method) || h->method.n > METHOD_MAX || !h->target.p || !is_target(h->target) ||
        !line.p)
        return 400;
    status = read_version(line, &h->minor);
    if (status)
        return status;
    return is_known(h->method) ? 0 : 501;
}

static int read_header(struct str line, struct http_header *out)
{
    struct str value = line;
    struct str name = str_cut(&value, ':');

    /* A line that starts with a blank continues the one before (obs-fold): its name is no token. */
    if (!is_token(name) || !value.p || !is_value(value))
        return 400;
    *out = (struct http_header){name, trim_blanks(value)};
    return 0;
}

static int read_headers(struct str rest, struct http_head *h)
{
    while (rest.n) {
        struct str line = next_line(&rest);
        int status;

        if (line.n == 0)
            break;
        if (h->n_headers == HTTP_HEADERS)
            return 431;
        status = read_header(line, &h->headers[h->n_headers]);
        if (status)
            return status;
        h->n_headers++;
    }
    return 0;
}

/* The only header of that name. False when there are several; *out absent when there is none. */
static bool only(const struct http_head *h, struct str name, struct str *out)
{
    *out = (struct str){NULL, 0};
    for (size_t i = 0; i < h->n_headers; i++) {
        if (!http_name_eq(h->headers[i].name, name))
            continue;
        if (out->p)
            return false;
        *out = h->headers[i].value;
    }
    return true;
}

static bool is_host(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_alnum(s.p[i]) && (!s.p[i] || !strchr(".-_:[]%~", s.p[i])))
            return false;
    return s.n > 0;
}

static bool read_length(struct str s, uint64_t *out)
{
    *out = 0;
    if (s.n == 0 || s.n > LENGTH_DIGITS)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
        *out = *out * 10 + (uint64_t)(s.p[i] - '0');
    }
    return true;
}

/* How the body is framed: exactly one way. */
static int read_framing(struct http_head *h)
{
    struct str coding, length;

    if (!only(h, STR("Transfer-Encoding"), &coding) || !only(h, STR("Content-Length"), &length))
        return 400;
    if (coding.p) {
        if (length.p || h->minor == 0)
            return 400;
        h->chunked = http_name_eq(coding, STR("chunked"));
        return h->chunked ? 0 : 501;
    }
    return !length.p || read_length(length, &h->length) ? 0 : 400;
}

static bool asks_to_close(const struct http_head *h)
{
    for (size_t i = 0; i < h->n_headers; i++) {
        struct str rest = h->headers[i].value;

        if (!http_name_eq(h->headers[i].name, STR("Connection")))
            continue;
        while (rest.p)
            if (http_name_eq(trim_blanks(str_cut(&rest, ',')), STR("close")))
                return true;
    }
    return false;
}

int http_head_read(struct str raw, struct http_head *out)
{
    struct str rest = raw, host, expect;
    int status;

    *out = (struct http_head){0};
    status = read_request_line(next_line(&rest), out);
    if (!status)
        status = read_headers(rest, out);
    if (!status)
        status = read_framing(out);
    if (status)
        return status;
    if (!only(out, STR("Host"), &host) || !host.p || !is_host(host))
        return 400;
    if (!only(out, STR("Expect"), &expect))
        return 417;
    if (expect.p && !http_name_eq(expect, STR("100-continue")))
        return 417;
    out->expects_continue = expect.p && out->minor == 1;
    out->keep_alive = out->minor == 1 && !asks_to_close(out);
    return 0;
}

int http_trailers_check(struct str block)
{
    struct http_header header;

    for (size_t n = 0; block.n; n++) {
        struct str line = next_line(&block);

        if (line.n == 0)
            break;
        if (n == HTTP_HEADERS)
            return 431;
        if (read_header(line, &header))
            return 400;
    }
    return 0;
}
