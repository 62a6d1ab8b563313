#include "value.h"

#include <arpa/inet.h>
#include <stdio.h>

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit sizes[] = {{"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}};
static const struct unit durations[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
static const struct unit counts[] = {{"", 1}};

enum { MOST_DIGITS = 9 }; /* times a day in ms stays below 2^63 */

static const struct unit *units_of(enum setting_type t, size_t *n)
{
    *n = t == SETTING_DURATION ? 5 : t == SETTING_BYTES ? 4 : 1;
    return t == SETTING_DURATION ? durations : t == SETTING_BYTES ? sizes : counts;
}

bool value_number(enum setting_type t, struct str text, int64_t *out)
{
    size_t n_units, n = 0;
    const struct unit *units = units_of(t, &n_units);
    int64_t number = 0;

    while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9') {
        if (n == MOST_DIGITS)
            return false;
        number = number * 10 + (text.p[n++] - '0');
    }
    for (size_t i = 0; n > 0 && i < n_units; i++)
        if (str_eq((struct str){text.p + n, text.n - n}, str_of(units[i].name))) {
            *out = number * units[i].factor;
            return true;
        }
    return false;
}

void value_print(enum setting_type t, int64_t value, char out[32])
{
    size_t n_units;
    const struct unit *units = units_of(t, &n_units), *best = units;

    for (size_t i = 0; i < n_units; i++)
        if (value && value % units[i].factor == 0)
            best = &units[i];
    snprintf(out, 32, "%lld%s", (long long)(value / best->factor), best->name);
}

static bool all_in(struct str text, const char *signs)
{
    for (size_t i = 0; i < text.n; i++)
        if (!text.p[i] || !strchr(signs, text.p[i]))
            return false;
    return true;
}

bool value_is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, host, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* The host and the port's digits (absent without a colon). False: not of the form. */
static bool split_address(struct str text, char host[HOST_TEXT], struct str *port)
{
    struct str rest = text, name;

    if (text.n && text.p[0] == '[') {
        rest = (struct str){text.p + 1, text.n - 1};
        name = str_cut(&rest, ']');
        if (!rest.p || (rest.n && rest.p[0] != ':'))
            return false;
        *port = rest.n ? (struct str){rest.p + 1, rest.n - 1} : (struct str){NULL, 0};
    } else {
        name = str_cut(&rest, ':');
        *port = rest;
    }
    if (name.n == 0 || name.n >= HOST_TEXT || memchr(name.p, 0, name.n))
        return false;
    memcpy(host, name.p, name.n);
    host[name.n] = '\0';
    return true;
}

static bool read_port(struct str text, int *out)
{
    int64_t port;

    if (text.n > 5 || !value_number(SETTING_COUNT, text, &port) || port > 65535)
        return false;
    *out = (int)port;
    return true;
}

const char *value_address(struct str text, char host[HOST_TEXT], int *port)
{
    struct in6_addr ignored;
    struct str digits;
    bool bracket = text.n && text.p[0] == '[';

    if (!split_address(text, host, &digits) || !digits.p)
        return "write HOST:PORT, for example 127.0.0.1:2575 or [::1]:2575";
    if (inet_pton(bracket ? AF_INET6 : AF_INET, host, &ignored) != 1)
        return "the host must be a numeric address, for example 127.0.0.1";
    if (!read_port(digits, port))
        return "the port must be a number from 0 to 65535; 0 picks a free one";
    return NULL;
}

static bool is_host_name(struct str name)
{
    if (name.n == 0 || name.n > 253)
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (!(name.p[i] >= 'a' && name.p[i] <= 'z') && !(name.p[i] >= 'A' && name.p[i] <= 'Z') &&
            !(name.p[i] >= '0' && name.p[i] <= '9') && name.p[i] != '-' && name.p[i] != '.')
            return false;
    return true;
}

const char *value_target(struct str text, struct arena *a, const char **host, int *port)
{
    static const char form[] = "write HOST:PORT, for example his.example.org:2575";
    char numeric[HOST_TEXT];
    struct str rest = text, name;

    if (text.n && text.p[0] == '[') {
        const char *fault = value_address(text, numeric, port);

        if (!fault)
            *host = arena_copy(a, str_of(numeric)).p;
        return fault;
    }
    name = str_cut(&rest, ':');
    if (!rest.p || !is_host_name(name))
        return form;
    if (!read_port(rest, port) || *port == 0)
        return "the port must be a number from 1 to 65535";
    *host = arena_copy(a, name).p;
    return NULL;
}

static const char *host_fault(struct str authority, bool plain)
{
    char host[HOST_TEXT];
    struct str digits;
    int port;

    if (memchr(authority.p, '@', authority.n))
        return "a URL must not hold a user name or password";
    if (plain) {
        if (!split_address(authority, host, &digits) ||
            (strcmp(host, "localhost") != 0 && !value_is_loopback(host)))
            return "plain http is for loopback addresses only; use https";
    } else {
        struct str rest = authority;

        if (str_cut(&rest, ':').n == 0)
            return "the host is missing";
        digits = rest;
    }
    if (digits.p && (!read_port(digits, &port) || port == 0))
        return "the port must be a number from 1 to 65535";
    return NULL;
}

static const char *url_fault(struct str text, bool slash)
{
    struct str rest = text;
    bool plain = str_starts(text, STR("http://"));

    if (!plain && !str_starts(text, STR("https://")))
        return "write a URL that starts with https://";
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] <= ' ' || text.p[i] >= 0x7f || strchr("\"'<>\\^`{|}", text.p[i]))
            return "a sign that cannot stand in a URL";
    if (memchr(text.p, '?', text.n) || memchr(text.p, '#', text.n))
        return "the URL must end before any `?` or `#`";
    if (slash != (text.p[text.n - 1] == '/'))
        return slash ? "the URL must end in a slash" : "the URL must not end in a slash";
    rest = plain ? (struct str){text.p + 7, text.n - 7} : (struct str){text.p + 8, text.n - 8};
    return host_fault(str_cut(&rest, '/'), plain);
}

const char *value_text_fault(enum setting_type t, struct str text)
{
    if (text.n == 0)
        return "the value is empty";
    switch (t) {
    case SETTING_STORE:
        return str_eq(text, STR("sqlite")) ? NULL : "no such store; this version has `sqlite` only";
    case SETTING_DIGITS:
        return text.n <= 20 && all_in(text, "0123456789") ? NULL : "write digits only, at most 20";
    case SETTING_URL:
        return url_fault(text, false);
    case SETTING_URL_HEAD:
        return url_fault(text, true);
    case SETTING_FILE:
    case SETTING_FOLDER:
        return memchr(text.p, 0, text.n) ? "a NUL in a path" : NULL;
    case SETTING_COUNT:
    case SETTING_BYTES:
    case SETTING_DURATION:
        break;
    }
    return NULL;
}
