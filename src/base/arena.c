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
    bool whole;        /* made for one piece, which came zeroed */
    alignas(max_align_t) char data[];
};

static struct arena_block *block_add(struct arena *a, size_t bytes, bool whole)
{
    /* A whole block of its own comes zeroed, mostly without being touched. */
    struct arena_block *b = whole ? calloc(1, sizeof *b + bytes) : malloc(sizeof *b + bytes);

    if (!b)
        abort();
    *b = (struct arena_block){.next = a->blocks, .size = bytes, .whole = whole};
    a->blocks = b;
    return b;
}

static size_t rounded(size_t n)
{
    const size_t align = alignof(max_align_t);

    return (n + align - 1) / align * align;
}

void *arena_get(struct arena *a, size_t count, size_t size)
{
    struct arena_block *b = a->blocks;
    size_t need;
    char *p;

    if (__builtin_mul_overflow(count, size, &need) || need > SIZE_MAX - BLOCK_BYTES)
        abort();
    need = rounded(need);
    if (!b || b->size - b->used < need)
        b = need > BLOCK_BYTES ? block_add(a, need, true) : block_add(a, BLOCK_BYTES, false);
    b->used += need;
    a->used += need;
    p = b->data + b->used - need;
    return b->whole ? p : memset(p, 0, need);
}

void arena_reserve(struct arena *a, size_t bytes)
{
    if (!a->blocks || a->blocks->size - a->blocks->used < bytes)
        block_add(a, bytes, false);
}

struct arena_mark arena_mark(const struct arena *a)
{
    return (struct arena_mark){a->blocks, a->blocks ? a->blocks->used : 0, a->used};
}

static void drop_blocks(struct arena *a, const struct arena_block *until)
{
    while (a->blocks != until) {
        struct arena_block *b = a->blocks;

        a->blocks = b->next;
        free(b);
    }
}

void arena_rewind(struct arena *a, struct arena_mark m)
{
    drop_blocks(a, m.block);
    if (m.block)
        m.block->used = m.block_used;
    a->used = m.used;
}

static bool holds(const struct arena_block *b, const void *p)
{
    return (const char *)p >= b->data && (const char *)p < b->data + b->size;
}

void *arena_rewind_but(struct arena *a, struct arena_mark m, const void *p, size_t bytes)
{
    struct arena_block *kept = NULL;
    void *to;

    if (m.block && holds(m.block, p)) { /* moves down inside its block */
        to = m.block->data + m.block_used;
        arena_rewind(a, m);
        memmove(to, p, bytes);
        m.block->used += rounded(bytes);
        a->used += rounded(bytes);
        return to;
    }
    for (struct arena_block **at = &a->blocks; *at != m.block; at = &(*at)->next)
        if (holds(*at, p)) {
            kept = *at;
            *at = kept->next;
            break;
        }
    arena_rewind(a, m);
    to = arena_get(a, 1, bytes);
    memcpy(to, p, bytes);
    free(kept);
    return to;
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
    drop_blocks(a, NULL);
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
