#include "http_reply.h"

static const struct phrase {
    int status;
    const char *text;
} phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {303, "See Other"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *http_reply_phrase(int status)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status)
            return phrases[i].text;
    return "Status";
}

static bool is_clean(const char *text)
{
    for (; text && *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7F)
            return false;
    return true;
}

static bool cannot_split(const struct http_answer *a)
{
    if (a->status < 200 || a->status > 599 || !is_clean(a->content_type))
        return false;
    for (size_t i = 0; i < a->n_fields; i++)
        if (!is_clean(a->fields[i].name) || !is_clean(a->fields[i].value))
            return false;
    return true;
}

void http_reply_add(struct buf *out, const struct http_answer *answer, bool no_body, bool close)
{
    static const struct http_answer broken = {.status = 500};
    const struct http_answer *a = cannot_split(answer) ? answer : &broken;
    bool bodiless = a->status == 204 || a->status == 304; /* RFC 9110 §8.6: no length either */

    buf_printf(out, "HTTP/1.1 %d %s\r\n", a->status, http_reply_phrase(a->status));
    if (a->content_type)
        buf_printf(out, "Content-Type: %s\r\n", a->content_type);
    if (!bodiless)
        buf_printf(out, "Content-Length: %zu\r\n", a->body.n);
    for (size_t i = 0; i < a->n_fields; i++)
        buf_printf(out, "%s: %s\r\n", a->fields[i].name, a->fields[i].value);
    buf_printf(out, "Connection: %s\r\n\r\n", close ? "close" : "keep-alive");
    if (!bodiless && !no_body)
        buf_add(out, a->body);
}
