#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool buf_room(struct buf *b, size_t n)
{
    size_t size = b->size ? b->size : 256;
    char *p;

    if (n > b->max || b->n > b->max - n) {
        b->over = true;
        return false;
    }
    if (b->p && b->size - b->n > n)
        return true;
    while (size - b->n <= n)
        size *= 2;
    p = realloc(b->p, size);
    if (!p)
        abort();
    b->p = p;
    b->size = size;
    return true;
}

bool buf_add(struct buf *b, struct str s)
{
    if (b->over || !buf_room(b, s.n))
        return false;
    if (s.n)
        memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
    b->p[b->n] = '\0';
    return true;
}

bool buf_add_char(struct buf *b, char c)
{
    return buf_add(b, (struct str){&c, 1});
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    bool ok = false;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n >= 0 && !b->over && buf_room(b, (size_t)n)) {
        (void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
        ok = true;
    }
    va_end(again);
    return ok;
}

void buf_drop(struct buf *b, size_t n)
{
    if (n >= b->n) {
        b->n = 0;
    } else {
        memmove(b->p, b->p + n, b->n - n);
        b->n -= n;
    }
    if (b->p)
        b->p[b->n] = '\0';
}

void buf_reset(struct buf *b)
{
    free(b->p);
    *b = (struct buf){.max = b->max};
}
