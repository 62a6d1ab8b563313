#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *e, enum err_kind kind, int code, const char *fmt, ...)
{
    va_list ap;

    *e = (struct err){.kind = kind, .code = code};
    va_start(ap, fmt);
    (void)vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    return false;
}

bool err_in(struct err *e, const char *where)
{
    char inner[sizeof e->text];

    memcpy(inner, e->text, sizeof inner);
    (void)snprintf(e->text, sizeof e->text, "%.100s: %.290s", where, inner);
    return false;
}
