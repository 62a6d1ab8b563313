#include "pages.h"

#include "base/embedded.h"
#include "base/encode.h"
#include "seal/seal.h"

enum { PAGE_BYTES = 4096, HASH_TEXT = 45 };

extern const struct embedded_folder link_pages;

static const struct {
    struct str name;
    const char *content_language;
    const char *files[PAGES];
} languages[LANGUAGES] = {
    [LANGUAGE_ZH_TW] = {STR_LIT("zh-TW"), "zh-Hant-TW", {"landing.zh-TW.html", "dead.zh-TW.html"}},
    [LANGUAGE_EN] = {STR_LIT("en"), "en", {"landing.en.html", "dead.en.html"}},
};

bool pages_language(struct str name, enum language *out)
{
    for (size_t i = 0; i < LANGUAGES; i++) {
        if (!str_eq(name, languages[i].name))
            continue;
        *out = (enum language)i;
        return true;
    }
    return false;
}

static struct str file(const char *path)
{
    for (size_t i = 0; i < link_pages.n; i++)
        if (strcmp(link_pages.files[i].path, path) == 0)
            return link_pages.files[i].text;
    return (struct str){NULL, 0};
}

static bool is_loopback(struct str host)
{
    return str_eq(host, STR("127.0.0.1")) || str_eq(host, STR("[::1]")) ||
           str_eq(host, STR("localhost"));
}

/* The host of "portal.example.org:8443" or "[::1]:80". */
static struct str without_port(struct str authority)
{
    const char *end = memchr(authority.p, ']', authority.n);

    if (authority.n && authority.p[0] == '[' && end)
        return (struct str){authority.p, (size_t)(end - authority.p) + 1};
    return str_cut(&authority, ':');
}

static bool fits_header_and_policy(struct str url)
{
    for (size_t i = 0; i < url.n; i++)
        if (url.p[i] <= ' ' || url.p[i] > '~' || strchr("\"'<>;,\\#{}|^`", url.p[i]))
            return false;
    return true;
}

/* "https://portal.example.org:8443" of "https://portal.example.org:8443/open?x=1". */
static bool read_origin(struct str url, struct str *origin)
{
    bool secure = str_starts(url, STR("https://"));
    size_t from = secure ? 8 : 7, at = from;
    struct str authority;

    if ((!secure && !str_starts(url, STR("http://"))) || !fits_header_and_policy(url))
        return false;
    while (at < url.n && url.p[at] != '/' && url.p[at] != '?')
        at++;
    authority = (struct str){url.p + from, at - from};
    *origin = (struct str){url.p, at};
    if (without_port(authority).n == 0 || memchr(authority.p, '@', authority.n))
        return false;
    return secure || is_loopback(without_port(authority));
}

/* 'sha256-…' of the style element, standard base64. */
static void style_hash(struct str style, char out[HASH_TEXT])
{
    uint8_t hash[SEAL_HASH_BYTES];

    seal_sha256(style, hash);
    base64url_encode(hash, sizeof hash, out);
    for (char *p = out; *p; p++)
        *p = *p == '-' ? '+' : *p == '_' ? '/' : *p;
    memcpy(out + HASH_TEXT - 2, "=", 2);
}

/* Fills {{style}} and {{portal}} in. */
static struct str fill(struct str page, struct str style, struct str portal, struct arena *a)
{
    struct buf out = buf_new(PAGE_BYTES);
    struct str whole;

    while (page.n) {
        if (str_starts(page, STR("{{style}}"))) {
            buf_add(&out, style);
            page = (struct str){page.p + 9, page.n - 9};
        } else if (str_starts(page, STR("{{portal}}"))) {
            html_add_text(&out, portal);
            page = (struct str){page.p + 10, page.n - 10};
        } else {
            buf_add_char(&out, page.p[0]);
            page = (struct str){page.p + 1, page.n - 1};
        }
    }
    whole = out.over ? (struct str){NULL, 0} : arena_copy(a, buf_str(&out));
    buf_reset(&out);
    return whole;
}

static void make_fields(struct pages *p, struct str origin, struct str style, struct arena *a)
{
    char hash[HASH_TEXT];
    const char *policy;

    style_hash(style, hash);
    policy = arena_printf(a,
                          "default-src 'none'; style-src 'sha256-%s'; form-action 'self' " STR_FMT
                          "; base-uri 'none'; frame-ancestors 'none'",
                          hash, STR_ARG(origin))
                 .p;
    for (size_t i = 0; i < LANGUAGES; i++) {
        const struct http_field all[PAGE_FIELDS] = {
            {"Content-Security-Policy", policy},
            {"Cache-Control", "no-store"},
            {"Referrer-Policy", "no-referrer"},
            {"X-Robots-Tag", "noindex, nofollow, noarchive, nosnippet"},
            {"Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload"},
            {"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
            {"X-Content-Type-Options", "nosniff"},
            {"Cross-Origin-Opener-Policy", "same-origin"},
            {"Content-Language", languages[i].content_language},
        };

        memcpy(p->fields[i], all, sizeof all);
    }
}

bool pages_make(struct pages *p, const char *portal, struct arena *a, struct err *e)
{
    struct str style = str_trim(file("style.css")), origin;

    if (!portal || !read_origin(str_of(portal), &origin))
        return err_set(e, ERR_CONFIG, 0,
                       "links.portal: not an https URL that a redirect can carry (no fragment, no "
                       "quotes; http on loopback only)");
    p->portal = arena_copy(a, str_of(portal));
    make_fields(p, origin, style, a);
    for (size_t i = 0; i < PAGES; i++) {
        for (size_t k = 0; k < LANGUAGES; k++) {
            p->html[i][k] = fill(file(languages[k].files[i]), style, p->portal, a);
            if (!p->html[i][k].n)
                return err_set(e, ERR_CONFIG, 0, "links.portal: too long for a page of %d bytes",
                               PAGE_BYTES);
        }
    }
    return true;
}
