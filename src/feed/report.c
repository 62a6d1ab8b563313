#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "files.h"

static const char *named(const struct report *r, const char *file)
{
    return file_shown(r->a, r->feed, file);
}

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
    r->texts[r->n_texts++] = (struct report_text){named(r, file), arena_copy(r->a, text)};
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

    f->file = named(r, at.file);
    f->line = at.line;
    f->column = at.column;
    f->end_line = at.end_line;
    f->end_column = at.end_column;
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
    put(r, code,
        (struct report_place){at->file, at->line, at->column, at->end_line, at->end_column}, hint,
        format(r, fmt, args));
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

static const char *part_of(const struct report *r, const char *file, const char *part)
{
    const char *name = named(r, file);

    return part ? arena_printf(r->a, "%s#%s", name, part).p : name;
}

void report_uses(struct report *r, size_t n)
{
    r->used = NEW_ARRAY(r->a, const char *, n + 1);
}

void report_used(struct report *r, const char *file, const char *part)
{
    r->used[r->n_used++] = part_of(r, file, part);
}

void report_unused(struct report *r, const char *file, const char *part)
{
    r->items[r->n - 1].unused = part_of(r, file, part);
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

/* The text of a file by its name in findings; absent when it was not read. */
static struct str text_of(const struct report *r, const char *file)
{
    for (size_t i = 0; i < r->n_texts; i++)
        if (strcmp(r->texts[i].file, file) == 0)
            return r->texts[i].text;
    return (struct str){NULL, 0};
}

static int columns(struct str s)
{
    int n = 0;

    for (; s.n; n++)
        utf8_next(&s);
    return n;
}

/* The line from code-point column `column` on; empty past its end. */
static struct str from_column(struct str line, int column)
{
    for (int i = 1; i < column && line.n; i++)
        utf8_next(&line);
    return line;
}

void report_narrow(struct report *r, const struct yaml_node *scalar, size_t end)
{
    struct finding *f = &r->items[r->n - 1];
    struct str line = yaml_line(text_of(r, f->file), scalar->line);
    int column = scalar->column + scalar->quoted;

    line = from_column(line, column);
    if (end > scalar->text.n || !str_starts(line, scalar->text)) /* folded or with escapes */
        return;
    f->end_line = scalar->line;
    f->end_column = column + columns((struct str){scalar->text.p, end});
}

void report_flow(struct report *r, const struct finding_step *steps, size_t n, size_t n_paths)
{
    struct finding *f = &r->items[r->n - 1];
    struct finding_step *copy = NEW_ARRAY(r->a, struct finding_step, n + 1);

    for (size_t i = 0; i < n; i++) {
        copy[i] = steps[i];
        copy[i].text = arena_copy(r->a, str_of(steps[i].text)).p;
        copy[i].file = named(r, steps[i].file);
    }
    f->flow = copy;
    f->n_flow = n;
    f->n_paths = n_paths;
}

/* The characters up to the next that ends a word of YAML or of a table; at least one, if there is one. */
static int word_columns(struct str s)
{
    struct str rest = s;

    if (rest.n)
        utf8_next(&rest);
    while (rest.n && !memchr(" \t,:]}\"'", rest.p[0], 8))
        utf8_next(&rest);
    return columns((struct str){s.p, s.n - rest.n});
}

/* Gives the finding its source line and an end that is inside the file. */
static void settle(const struct report *r, struct finding *f)
{
    struct str text = text_of(r, f->file), line = yaml_line(text, f->line);

    f->source = line.p ? arena_copy(r->a, line).p : NULL;
    if (f->end_line == 0) {
        f->end_line = f->line;
        f->end_column = f->column + word_columns(from_column(line, f->column));
    }
    while (f->end_line > f->line && !yaml_line(text, f->end_line).p) {
        f->end_line--;
        f->end_column = columns(yaml_line(text, f->end_line)) + 1;
    }
}

void report_end(struct report *r, struct findings *out)
{
    size_t n = 0;

    if (r->n)
        qsort(r->items, r->n, sizeof(*r->items), by_place);
    *out = (struct findings){.items = r->items, .used = r->used, .n_used = r->n_used};
    for (size_t i = 0; i < r->n; i++) {
        struct finding *f = &r->items[i];

        if (n && by_place(&r->items[n - 1], f) == 0)
            continue;
        settle(r, f);
        out->n_errors += f->severity == FINDING_ERROR;
        out->n_warnings += f->severity == FINDING_WARNING;
        r->items[n++] = *f;
    }
    out->n = n;
}

void findings_join(struct findings *to, const struct findings *more, struct arena *a)
{
    struct finding *all = NEW_ARRAY(a, struct finding, to->n + more->n + 1);

    if (to->n)
        memcpy(all, to->items, to->n * sizeof(*all));
    if (more->n)
        memcpy(all + to->n, more->items, more->n * sizeof(*all));
    to->items = all;
    to->n += more->n;
    to->n_errors += more->n_errors;
    to->n_warnings += more->n_warnings;
    if (to->n)
        qsort(to->items, to->n, sizeof(*to->items), by_place);
}
