#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void report_text_add(struct report *r, const char *file, struct str text)
{
    if (r->n_texts == r->text_room) {
        size_t room = r->text_room ? 2 * r->text_room : 16;
        struct report_text *more = NEW_ARRAY(r->a, struct report_text, room);

        if (r->n_texts)
            memcpy(more, r->texts, r->n_texts * sizeof(*more));
        r->texts = more;
        r->text_room = room;
    }
    r->texts[r->n_texts++] =
        (struct report_text){arena_copy(r->a, str_of(file)).p, arena_copy(r->a, text)};
}

static struct finding *report_new(struct report *r)
{
    if (r->n == r->room) {
        size_t room = r->room ? 2 * r->room : 32;
        struct finding *more = NEW_ARRAY(r->a, struct finding, room);

        if (r->n)
            memcpy(more, r->items, r->n * sizeof(*more));
        r->items = more;
        r->room = room;
    }
    return &r->items[r->n++];
}

static void put(struct report *r, const char *code, struct report_place at, const char *hint,
                const char *text)
{
    struct finding *f = report_new(r);

    f->file = arena_copy(r->a, str_of(at.file)).p;
    f->line = at.line;
    f->column = at.column;
    f->severity = code[0] == 'W' ? FINDING_WARNING : FINDING_ERROR;
    snprintf(f->code, sizeof(f->code), "%s", code);
    f->text = text;
    f->hint = hint ? arena_copy(r->a, str_of(hint)).p : NULL;
}

PRINTF(2, 0)
static const char *format(struct report *r, const char *fmt, va_list args)
{
    char text[1000];

    vsnprintf(text, sizeof(text), fmt, args);
    return arena_copy(r->a, str_of(text)).p;
}

void report_at(struct report *r, const char *code, const struct yaml_node *at, const char *hint,
               const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    put(r, code, (struct report_place){at->file, at->line, at->column}, hint, format(r, fmt, args));
    va_end(args);
}

void report_place(struct report *r, const char *code, struct report_place at, const char *hint,
                  const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    put(r, code, at, hint, format(r, fmt, args));
    va_end(args);
}

bool report_has_errors(const struct report *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->items[i].severity == FINDING_ERROR)
            return true;
    return false;
}

static int by_place(const void *x, const void *y)
{
    const struct finding *a = x, *b = y;
    int order = strcmp(a->file, b->file);

    if (!order)
        order = (a->line > b->line) - (a->line < b->line);
    if (!order)
        order = (a->column > b->column) - (a->column < b->column);
    if (!order)
        order = strcmp(a->code, b->code);
    return order ? order : strcmp(a->text, b->text);
}

static const char *source_line(const struct report *r, const char *file, int line)
{
    for (size_t i = 0; i < r->n_texts; i++) {
        struct str s = {NULL, 0};

        if (strcmp(r->texts[i].file, file) != 0)
            continue;
        s = yaml_line(r->texts[i].text, line);
        return s.p ? arena_copy(r->a, s).p : NULL;
    }
    return NULL;
}

void report_end(struct report *r, struct findings *out)
{
    size_t n = 0;

    if (r->n)
        qsort(r->items, r->n, sizeof(*r->items), by_place);
    *out = (struct findings){.items = r->items};
    for (size_t i = 0; i < r->n; i++) {
        struct finding *f = &r->items[i];

        if (n && by_place(&r->items[n - 1], f) == 0)
            continue;
        f->source = source_line(r, f->file, f->line);
        out->n_errors += f->severity == FINDING_ERROR;
        out->n_warnings += f->severity == FINDING_WARNING;
        r->items[n++] = *f;
    }
    out->n = n;
}
