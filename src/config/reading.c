#include "reading.h"

#include <stdarg.h>

static bool fault_at(struct reading *r, int line, int column, const char *text, const char *hint)
{
    if (r->e->kind != ERR_NONE)
        return false;
    return err_set(r->e, ERR_CONFIG, 0, "%s:%d:%d: %s%s%s%s", r->file, line, column, text,
                   hint ? " (" : "", hint ? hint : "", hint ? ")" : "");
}

bool reading_fault(struct reading *r, const struct yaml_node *at, const char *hint, const char *fmt,
                   ...)
{
    char text[300];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return fault_at(r, at->line, at->column, text, hint);
}

static void on_fault(void *ctx, const char *code, int line, int column, const char *text,
                     const char *hint)
{
    (void)code;
    (void)fault_at(ctx, line, column, text, hint);
}

struct yaml_node *reading_parse(struct reading *r, struct str text)
{
    struct yaml_report to = {on_fault, r};
    struct yaml_node *root = yaml_parse(text, r->file, &yaml_limits_standard, r->arena, &to);

    return r->e->kind == ERR_NONE ? root : NULL;
}
