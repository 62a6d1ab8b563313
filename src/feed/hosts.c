#include "hosts.h"

#include <ctype.h>
#include <strings.h>

/* Top-level domains of three letters and more that phones make links of. All of two letters are countries or
 * may become one. */
static const char *const top_level[] = {
    "com",    "net",    "org",  "info", "biz",    "app",      "dev",    "edu",   "gov",
    "mil",    "int",    "name", "pro",  "health", "care",     "clinic", "link",  "page",
    "site",   "online", "shop", "xyz",  "top",    "hospital", "live",   "click", "doctor",
    "dental", "cloud",  "tech", "asia", "taipei", "example",  "mobi",   "store", "website",
};

static const char *const shorteners[] = {
    "bit.ly",   "t.co",       "goo.gl", "tinyurl.com", "ow.ly",   "is.gd",     "v.gd",
    "buff.ly",  "rebrand.ly", "t.ly",   "cutt.ly",     "rb.gy",   "tiny.cc",   "shorturl.at",
    "reurl.cc", "pse.is",     "s.id",   "bl.ink",      "lihi.io", "lihi1.com", "lnkd.in",
    "fb.me",    "qrco.de",    "soo.gd", "s.yam.com",   "ppt.cc",  "x.gd",      "urlz.fr",
};

static bool same(struct str s, const char *word)
{
    return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

static bool listed(struct str s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (same(s, words[i]))
            return true;
    return false;
}

static bool in_host(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '.';
}

/* The run of letters, digits, dashes and dots at `at`, without dots at its end. */
static struct str run_at(struct str text, size_t at)
{
    struct str run = {text.p + at, 0};

    while (at + run.n < text.n && in_host(run.p[run.n]))
        run.n++;
    while (run.n && run.p[run.n - 1] == '.')
        run.n--;
    return run;
}

static bool is_host(struct str run)
{
    struct str last = run;
    bool letters = true;

    if (!run.n || run.p[0] == '.' || run.p[0] == '-' || !memchr(run.p, '.', run.n) ||
        memmem(run.p, run.n, "..", 2))
        return false;
    while (last.p && memchr(last.p, '.', last.n))
        (void)str_cut(&last, '.');
    if (!last.p)
        return false;
    for (size_t i = 0; i < last.n; i++)
        letters = letters && isalpha((unsigned char)last.p[i]);
    if (last.n > 4 && strncasecmp(last.p, "xn--", 4) == 0)
        return true;
    return letters &&
           (last.n == 2 || listed(last, top_level, sizeof(top_level) / sizeof(top_level[0])));
}

struct str host_in(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        struct str run = run_at(text, i);
        bool scheme = i >= 3 && memcmp(text.p + i - 3, "://", 3) == 0;
        bool www = run.n > 4 && strncasecmp(run.p, "www.", 4) == 0;

        if (run.n && (scheme || www || is_host(run)))
            return run;
        if (run.n)
            i += run.n - 1;
    }
    return (struct str){NULL, 0};
}

bool host_is_shortener(struct str host)
{
    if (host.n > 4 && strncasecmp(host.p, "www.", 4) == 0)
        host = (struct str){host.p + 4, host.n - 4};
    return listed(host, shorteners, sizeof(shorteners) / sizeof(shorteners[0]));
}

void host_load(struct loading *l, const struct yaml_node *n)
{
    if (!shape_text(l, n, "host"))
        return;
    if (host_is_shortener(n->text))
        report_at(l->r, "E708", n, "write where the link really leads",
                  "`" STR_FMT "` hides where a link leads", STR_ARG(n->text));
    else if (!is_host(n->text) || run_at(n->text, 0).n != n->text.n)
        report_at(l->r, "E105", n, "only the name, for example www.north.example",
                  "`" STR_FMT "` is not a host name", STR_ARG(n->text));
}

/* The policy names it, letter by letter: a department's own host under it is another one. */
static bool is_allowed(const struct feed *f, struct str host)
{
    const struct yaml_node *list = yaml_get(f->policy.node, "hosts");

    for (size_t i = 0; list && list->kind == YAML_LIST && i < list->n; i++) {
        const struct yaml_node *name = yaml_get(list->items[i], "host");

        if (name && name->kind == YAML_SCALAR && same(host, name->text.p))
            return true;
    }
    return f->policy.faulty; /* not all of it is known: only shorteners are sure */
}

static void check_text(struct loading *l, const struct phrase *p)
{
    struct str rest = p->text, host;

    while ((host = host_in(rest)).p) {
        rest = (struct str){host.p + host.n, (size_t)(rest.p + rest.n - host.p) - host.n};
        if (host_is_shortener(host))
            report_at(l->r, "E708", p->node, "a notice leads to one place only: its own link",
                      "`" STR_FMT "` hides where a link leads", STR_ARG(host));
        else if (!is_allowed(l->f, host))
            report_at(l->r, "E708", p->node, "take it out, or name it under `hosts` of the policy",
                      "`" STR_FMT "` is not a host that texts may name", STR_ARG(host));
        else
            continue;
        report_narrow(l->r, p->node, (size_t)(host.p - p->node->text.p) + host.n);
    }
}

static void check_texts(struct loading *l, const struct phrases *all)
{
    for (size_t i = 0; i < all->n; i++)
        check_text(l, &all->items[i]);
}

void hosts_check(struct loading *l)
{
    for (size_t i = 0; i < l->f->templates.n; i++) {
        check_texts(l, &l->f->templates.items[i].body);
        check_texts(l, &l->f->templates.items[i].footer);
    }
    for (size_t i = 0; i < l->f->sites.n; i++) {
        check_texts(l, &l->f->sites.items[i].name);
        check_texts(l, &l->f->sites.items[i].org);
        check_texts(l, &l->f->sites.items[i].address);
    }
}
