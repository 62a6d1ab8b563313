#include "live.h"

#include <stdlib.h>

#include "base/encode.h"
#include "base/log.h"

enum { SHORT = 12, LINE_MOST = 256 }; /* SHORT: digits of a version that people are shown */

static const struct feed *same_name(const struct live *l, const struct feed *f, size_t *at)
{
    for (size_t i = 0; l && i < l->set.n; i++) {
        if (strcmp(feed_name(l->set.items[i]), feed_name(f)) == 0) {
            *at = i;
            return l->set.items[i];
        }
    }
    return NULL;
}

static bool same_version(const struct feed *x, const struct feed *y)
{
    return strcmp(feed_version(x), feed_version(y)) == 0;
}

static void name_all(struct live *l)
{
    struct buf all = buf_new(l->set.n * LINE_MOST);
    uint8_t digest[SEAL_HASH_BYTES];

    for (size_t i = 0; i < l->set.n; i++)
        buf_printf(&all, "%s %s\n", feed_name(l->set.items[i]), feed_version(l->set.items[i]));
    seal_sha256(buf_str(&all), digest);
    hex_encode(digest, sizeof digest, l->hash);
    buf_reset(&all);
}

struct live *live_make(struct feed_set *set, bool borrowed, const struct live *before,
                       int64_t now_ms)
{
    struct live *l = calloc(1, sizeof *l);
    int64_t *since_ms = calloc(set->n + 1, sizeof *since_ms);

    if (!l || !since_ms) {
        free(l);
        free(since_ms);
        return NULL;
    }
    l->set = *set;
    l->borrowed = borrowed;
    l->since_ms = since_ms;
    if (!borrowed)
        *set = (struct feed_set){0};
    for (size_t i = 0; i < l->set.n; i++) {
        size_t at = 0;
        const struct feed *was = same_name(before, l->set.items[i], &at);

        since_ms[i] = was && same_version(was, l->set.items[i]) ? before->since_ms[at] : now_ms;
    }
    name_all(l);
    return l;
}

void live_free(struct live *l)
{
    if (!l)
        return;
    if (!l->borrowed)
        feeds_free(&l->set);
    free(l->since_ms);
    free(l);
}

bool live_same(const struct live *x, const struct live *y)
{
    if (x->set.n != y->set.n || strcmp(x->hash, y->hash) != 0)
        return false;
    for (size_t i = 0; i < x->set.n; i++)
        if (strcmp(feed_path(x->set.items[i]), feed_path(y->set.items[i])) != 0)
            return false;
    return true;
}

void live_compare(const struct live *before, const struct live *after, struct buf *out)
{
    size_t at;

    for (size_t i = 0; i < after->set.n; i++) {
        const struct feed *f = after->set.items[i], *was = same_name(before, f, &at);

        buf_printf(out, "%s  ", feed_name(f));
        if (!was)
            buf_add(out, STR("new "));
        else if (!same_version(was, f))
            buf_printf(out, "%.*s -> ", (int)SHORT, feed_version(was));
        buf_printf(out, "%.*s", (int)SHORT, feed_version(f));
        if (after->set.tests)
            buf_printf(out, ", %d tests passed", after->set.tests[i].passed);
        buf_add_char(out, '\n');
    }
    for (size_t i = 0; i < before->set.n; i++)
        if (!same_name(after, before->set.items[i], &at))
            buf_printf(out, "%s  taken out\n", feed_name(before->set.items[i]));
}

size_t live_expired(const struct live *l, int64_t since_ms, int64_t now_ms, int64_t *next_ms)
{
    size_t expired = 0;

    *next_ms = 0;
    for (size_t i = 0; i < l->set.n; i++) {
        size_t n;
        const struct feed_policy_end *ends = feed_policy_ends(l->set.items[i], &n);

        for (size_t k = 0; k < n; k++) {
            const int64_t at = ends[k].ends_ms;

            if (at > now_ms && (!*next_ms || at < *next_ms))
                *next_ms = at;
            expired += at <= now_ms;
            if (at <= now_ms && at > since_ms)
                log_event(LOG_WARN, "app",
                          "feed %s: %s:%d: this policy entry has expired -> it stays in force; the "
                          "next reload or start is refused (E804)",
                          feed_name(l->set.items[i]), ends[k].file, ends[k].line);
        }
    }
    return expired;
}
