/* Which route a request goes to. Pure. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "net/http_server.h"

enum { HTTP_SEGMENTS = 16 };

struct http_target {
    struct str path;                    /* decoded once */
    struct str query;                   /* raw, absent when there is none */
    struct str segments[HTTP_SEGMENTS]; /* between the slashes, each decoded by itself */
    size_t n_segments;                  /* more than HTTP_SEGMENTS: no route has so many */
};

/* Origin form ("/a?b") or absolute form ("http://host/a?b"). False: neither, a broken or NUL
 * escape. */
bool http_target_read(struct str raw, struct arena *a, struct http_target *out) MUST_USE;

/* The first route that fits, its values filled in. NULL: *allow is the text of an Allow header when
 * the path is known under other methods, else absent. */
const struct http_route *http_route_find(const struct http_settings *set,
                                         const struct http_target *t, struct http_request *r,
                                         struct arena *a, struct str *allow);

/* Decodes %XX, and '+' as a blank where `form`. False: a broken escape, or a NUL. */
bool http_unescape(struct str raw, bool form, struct arena *a, struct str *out) MUST_USE;

#endif
