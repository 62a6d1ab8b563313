/* A borrowed run of bytes. Owns nothing; lives as long as what it points into. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
    const char *p; /* NULL means absent; non-NULL with n == 0 means present but empty */
    size_t n;      /* bytes, not characters; there may be no NUL after them */
};

#define STR_LIT(lit)                                                                               \
    {                                                                                              \
        "" lit, sizeof(lit) - 1                                                                    \
    }                                         /* in static tables */
#define STR(lit)   ((struct str)STR_LIT(lit)) /* everywhere else  */
#define STR_FMT    "%.*s"                     /* printf(STR_FMT, STR_ARG(s)) */
#define STR_ARG(s) (int)(s).n, (s).p

#ifndef __cplusplus /* the C++ shims only pass slices through */

/* The same bytes; absent and empty are equal. */
static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || (a.p && b.p && memcmp(a.p, b.p, a.n) == 0));
}

/* Takes the text before the next `sep` off the front of *rest, and the `sep`.
 * With no `sep` left it takes everything, and *rest becomes absent, so
 *     while (rest.p) field = str_cut(&rest, '|');
 * visits each field once, an empty last one included. */
static inline struct str str_cut(struct str *rest, char sep)
{
    const size_t n = rest->p ? rest->n : 0;
    const char *at = n ? memchr(rest->p, sep, n) : NULL;
    struct str head = {rest->p, at ? (size_t)(at - rest->p) : n};

    *rest = at ? (struct str){at + 1, n - head.n - 1} : (struct str){NULL, 0};
    return head;
}

/* The slice of a NUL-terminated string; NULL gives an absent one. */
static inline struct str str_of(const char *z)
{
    return (struct str){z, z ? strlen(z) : 0};
}

/* True when `s` begins with the bytes of `head`; every slice begins with an empty one. */
static inline bool str_starts(struct str s, struct str head)
{
    return s.n >= head.n && (head.n == 0 || (s.p && head.p && memcmp(s.p, head.p, head.n) == 0));
}

/* Without the ASCII white space at both ends. */
static inline struct str str_trim(struct str s)
{
    while (s.n && (s.p[0] == ' ' || (s.p[0] >= '\t' && s.p[0] <= '\r')))
        s = (struct str){s.p + 1, s.n - 1};
    while (s.n && (s.p[s.n - 1] == ' ' || (s.p[s.n - 1] >= '\t' && s.p[s.n - 1] <= '\r')))
        s.n--;
    return s;
}

#endif

#endif
