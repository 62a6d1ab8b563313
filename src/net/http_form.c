/* Reading what a request carries: headers by name, form and query fields. */
#include "http_head.h"
#include "http_route.h"

struct str http_header(const struct http_request *r, const char *name)
{
    for (size_t i = 0; i < r->n_headers; i++)
        if (http_name_eq(r->headers[i].name, str_of(name)))
            return r->headers[i].value;
    return (struct str){NULL, 0};
}

size_t http_header_count(const struct http_request *r, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_headers; i++)
        n += http_name_eq(r->headers[i].name, str_of(name));
    return n;
}

struct str http_form_value(struct str from, const char *name, struct arena *a)
{
    while (from.p) {
        struct str value = str_cut(&from, '&');
        struct str key = str_cut(&value, '=');
        struct str plain;

        if (!http_unescape(key, true, a, &plain) || !str_eq(plain, str_of(name)))
            continue;
        if (!value.p)
            return STR("");
        return http_unescape(value, true, a, &plain) ? plain : (struct str){NULL, 0};
    }
    return (struct str){NULL, 0};
}
