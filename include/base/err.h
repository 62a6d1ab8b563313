/* What went wrong, and what the caller should do about it.
 *
 * Every function that can fail takes `struct err *e` last and returns false
 * after filling it. Only the edges (receive, send, admin, main) log. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#define MUST_USE          __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Named after the caller's next step, so callers switch on the kind only. */
enum err_kind {
    ERR_NONE,
    ERR_INPUT,     /* the peer's data is wrong: refuse it, never retry     */
    ERR_CONFIG,    /* our settings are wrong: tell the operator, stop      */
    ERR_BUSY,      /* try again later: disk full, 429, connection refused  */
    ERR_UNCERTAIN, /* it may have happened: look before you retry          */
};

struct err {
    enum err_kind kind;
    int code;       /* the foreign code: errno, SQLITE_*, HTTP status; 0 if none */
    char text[400]; /* for people; positions and codes, never patient data       */
};

/* Fills *e and returns false, so that `return err_set(...)` reads well. */
bool err_set(struct err *e, enum err_kind kind, int code, const char *fmt, ...) PRINTF(4, 5);

/* Puts "where: " before the text and returns false. */
bool err_in(struct err *e, const char *where);

#endif
