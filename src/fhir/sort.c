#include "sort.h"

struct runs {
    const void **from, **to;
    size_t n;
    bool (*before)(const void *x, const void *y);
};

/* Two neighbouring runs of `length`, the first at `start`, as one. */
static void merge(const struct runs *r, size_t start, size_t length)
{
    size_t middle = start + length < r->n ? start + length : r->n;
    size_t end = middle + length < r->n ? middle + length : r->n;
    size_t left = start, right = middle;

    for (size_t at = start; at < end; at++) {
        bool take_left =
            left < middle && (right == end || !r->before(r->from[right], r->from[left]));

        r->to[at] = take_left ? r->from[left++] : r->from[right++];
    }
}

void sort_pointers(const void **items, size_t n, bool (*before)(const void *x, const void *y),
                   struct arena *a)
{
    const struct arena_mark mark = arena_mark(a);
    struct runs r = {items, NEW_ARRAY(a, const void *, n + 1), n, before};

    for (size_t length = 1; length < n; length *= 2) {
        const void **swap = r.from;

        for (size_t start = 0; start < n; start += 2 * length)
            merge(&r, start, length);
        r.from = r.to;
        r.to = swap;
    }
    if (r.from != items)
        memcpy(items, r.from, n * sizeof *items);
    arena_rewind(a, mark);
}
