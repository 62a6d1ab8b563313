#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 8192 };

struct arena_block {
    struct arena_block *next;
    size_t size, used; /* bytes of data[] */
    alignas(max_align_t) char data[];
};

void *arena_get(struct arena *a, size_t count, size_t size)
{
    const size_t align = alignof(max_align_t);
    struct arena_block *b = a->blocks;
    size_t need;
    char *p;

    if (__builtin_mul_overflow(count, size, &need) || need > SIZE_MAX - BLOCK_BYTES)
        abort();
    need = (need + align - 1) / align * align;
    if (!b || b->size - b->used < need) {
        size_t bytes = need > BLOCK_BYTES ? need : BLOCK_BYTES;

        /* A whole block of its own comes zeroed, mostly without being touched. */
        b = need > BLOCK_BYTES ? calloc(1, sizeof *b + bytes) : malloc(sizeof *b + bytes);
        if (!b)
            abort();
        b->size = bytes;
        b->used = 0;
        b->next = a->blocks;
        a->blocks = b;
    }
    b->used += need;
    a->used += need;
    p = b->data + b->used - need;
    return b->size > BLOCK_BYTES ? p : memset(p, 0, need);
}

struct str arena_copy(struct arena *a, struct str s)
{
    char *p = arena_get(a, s.n + 1, 1);

    if (s.n)
        memcpy(p, s.p, s.n);
    return (struct str){p, s.n};
}

void arena_reset(struct arena *a)
{
    while (a->blocks) {
        struct arena_block *b = a->blocks;

        a->blocks = b->next;
        free(b);
    }
    a->used = 0;
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    char *p;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    p = arena_get(a, n < 0 ? 1 : (size_t)n + 1, 1);
    if (n > 0)
        (void)vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return (struct str){p, n < 0 ? 0 : (size_t)n};
}
