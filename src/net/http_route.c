#include "http_route.h"

#include "base/buf.h"
#include "base/encode.h"
#include "http_head.h"

bool http_unescape(struct str raw, bool form, struct arena *a, struct str *out)
{
    char *p = arena_get(a, raw.n + 1, 1);
    size_t n = 0;

    for (size_t i = 0; i < raw.n; i++) {
        uint8_t byte = (uint8_t)raw.p[i];

        if (byte == '%') {
            if (raw.n - i < 3 || !hex_decode((struct str){raw.p + i + 1, 2}, &byte, 1))
                return false;
            i += 2;
        } else if (form && byte == '+') {
            byte = ' ';
        }
        if (byte == 0)
            return false;
        p[n++] = (char)byte;
    }
    *out = (struct str){p, n};
    return true;
}

/* Takes "http://host" off the front; the authority says nothing that Host does not. */
static struct str without_authority(struct str raw)
{
    static const struct str schemes[] = {STR_LIT("http://"), STR_LIT("https://")};

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t at = schemes[i].n;

        if (raw.n < at || !http_name_eq((struct str){raw.p, at}, schemes[i]))
            continue;
        while (at < raw.n && raw.p[at] != '/' && raw.p[at] != '?')
            at++;
        return (struct str){raw.p + at, raw.n - at};
    }
    return raw;
}

bool http_target_read(struct str raw, struct arena *a, struct http_target *out)
{
    struct str query = without_authority(raw);
    bool absolute = query.p != raw.p;
    struct str path = str_cut(&query, '?'), rest;

    *out = (struct http_target){.query = query};
    if (absolute && path.n == 0)
        path = STR("/");
    if (path.n == 0 || path.p[0] != '/' || !http_unescape(path, false, a, &out->path))
        return false;
    for (rest = (struct str){path.p + 1, path.n - 1}; rest.p; out->n_segments++) {
        struct str segment = str_cut(&rest, '/');

        if (out->n_segments < HTTP_SEGMENTS &&
            !http_unescape(segment, false, a, &out->segments[out->n_segments]))
            return false;
    }
    return true;
}

static bool matches(const char *pattern, const struct http_target *t, struct http_request *r)
{
    struct str rest = str_of(pattern + 1);
    size_t at = 0, n_values = 0;

    for (; rest.p && at < t->n_segments && at < HTTP_SEGMENTS; at++) {
        struct str want = str_cut(&rest, '/');

        if (want.n > 1 && want.p[0] == '{') {
            if (t->segments[at].n == 0)
                return false;
            if (n_values < HTTP_PATH_VALUES)
                r->values[n_values++] = t->segments[at];
        } else if (!str_eq(want, t->segments[at])) {
            return false;
        }
    }
    return !rest.p && at == t->n_segments;
}

static bool fits(const struct http_route *route, struct str method)
{
    struct str own = str_of(route->method);

    if (str_eq(own, STR("*")) || str_eq(own, method))
        return true;
    return str_eq(own, STR("GET")) && str_eq(method, STR("HEAD"));
}

static bool listed(struct str list, struct str word)
{
    while (list.p && word.p)
        if (str_eq(str_trim(str_cut(&list, ',')), word))
            return true;
    return false;
}

static void allow_add(struct str *allow, const char *method, struct arena *a)
{
    if (allow->p && listed(*allow, str_of(method)))
        return;
    *allow = allow->p ? arena_printf(a, STR_FMT ", %s", STR_ARG(*allow), method)
                      : arena_copy(a, str_of(method));
}

const struct http_route *http_route_find(const struct http_settings *set,
                                         const struct http_target *t, struct http_request *r,
                                         struct arena *a, struct str *allow)
{
    *allow = (struct str){NULL, 0};
    for (size_t i = 0; i < set->n_routes; i++) {
        const struct http_route *route = &set->routes[i];

        memset(r->values, 0, sizeof r->values);
        if (!matches(route->pattern, t, r))
            continue;
        if (fits(route, r->method))
            return route;
        allow_add(allow, route->method, a);
        if (strcmp(route->method, "GET") == 0)
            allow_add(allow, "HEAD", a);
    }
    memset(r->values, 0, sizeof r->values);
    return NULL;
}
