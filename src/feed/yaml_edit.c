#include "yaml_edit.h"

#include <stdlib.h>

#include "base/utf8.h"

void yaml_edit_add(struct yaml_edits *e, size_t from, size_t to, struct str text)
{
    if (e->n == e->room) {
        size_t room = e->room ? 2 * e->room : 16;
        struct yaml_edit *more = NEW_ARRAY(e->a, struct yaml_edit, room);

        if (e->n)
            memcpy(more, e->items, e->n * sizeof(*more));
        e->items = more;
        e->room = room;
    }
    e->items[e->n++] = (struct yaml_edit){from, to, text};
}

static size_t offset_of(struct str text, int line, int column)
{
    struct str at = yaml_line(text, line);

    if (!at.p)
        return text.n;
    for (int i = 1; i < column && at.n; i++)
        utf8_next(&at);
    return (size_t)(at.p - text.p);
}

size_t yaml_edit_start(struct str text, const struct yaml_node *n)
{
    return offset_of(text, n->line, n->column);
}

bool yaml_edit_is_flow(struct str text, const struct yaml_node *n)
{
    size_t at = yaml_edit_start(text, n);

    return n->kind != YAML_SCALAR && at < text.n && (text.p[at] == '[' || text.p[at] == '{');
}

size_t yaml_edit_end(struct str text, const struct yaml_node *n)
{
    size_t end;

    while (n->kind != YAML_SCALAR && n->n && !yaml_edit_is_flow(text, n))
        n = n->kind == YAML_MAP ? n->pairs[n->n - 1].value : n->items[n->n - 1];
    end = offset_of(text, n->end_line, n->end_column);
    while (end > 0 && memchr(" \r\n", text.p[end - 1], 3)) /* a block scalar ends with its breaks */
        end--;
    return end;
}

static int by_place(const void *x, const void *y)
{
    const struct yaml_edit *a = x, *b = y;

    return (a->from > b->from) - (a->from < b->from);
}

struct str yaml_edit_apply(const struct yaml_edits *e)
{
    size_t room = e->before.n + 1, n = 0, at = 0;
    char *out;

    if (e->n)
        qsort(e->items, e->n, sizeof(*e->items), by_place);
    for (size_t i = 0; i < e->n; i++)
        room += e->items[i].text.n;
    out = arena_get(e->a, room, 1);
    for (size_t i = 0; i <= e->n; i++) {
        size_t to = i < e->n ? e->items[i].from : e->before.n;

        if (to > at)
            memcpy(out + n, e->before.p + at, to - at);
        n += to > at ? to - at : 0;
        if (i == e->n)
            break;
        if (e->items[i].text.n)
            memcpy(out + n, e->items[i].text.p, e->items[i].text.n);
        n += e->items[i].text.n;
        at = e->items[i].to;
    }
    return (struct str){out, n};
}

static size_t line_start(struct str text, size_t at)
{
    while (at > 0 && text.p[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_end(struct str text, size_t at)
{
    while (at < text.n && text.p[at] != '\n')
        at++;
    return at;
}

static struct str add_lines(struct str out, char mark, struct str lines, struct arena *a)
{
    while (lines.p && lines.n) {
        struct str line = str_cut(&lines, '\n');

        out = arena_printf(a, STR_FMT "%c" STR_FMT "\n", STR_ARG(out), mark, STR_ARG(line));
    }
    return out;
}

struct str yaml_edit_diff(const struct yaml_edits *e)
{
    struct str out = {"", 0}, text = e->before;

    for (size_t i = 0, k; i < e->n; i = k) {
        struct yaml_edits part = {.a = e->a};
        size_t from = line_start(text, e->items[i].from), to = line_end(text, e->items[i].to);
        int line = 1;

        for (k = i + 1; k < e->n && e->items[k].from <= to; k++)
            to = line_end(text, e->items[k].to);
        part.before = (struct str){text.p + from, to - from};
        for (size_t m = i; m < k; m++)
            yaml_edit_add(&part, e->items[m].from - from, e->items[m].to - from, e->items[m].text);
        for (size_t m = 0; m < from; m++)
            line += text.p[m] == '\n';
        out = arena_printf(e->a, STR_FMT "@@ line %d\n", STR_ARG(out), line);
        out = add_lines(out, '-', part.before, e->a);
        out = add_lines(out, '+', yaml_edit_apply(&part), e->a);
    }
    return out;
}

/* What YAML cannot hold as it is, or takes for the end of a line. */
static bool is_special(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp <= 0x9F) || cp == 0x2028 || cp == 0x2029 ||
           cp == 0xFEFF || cp == 0xFFFE || cp == 0xFFFF;
}

/* Letters, digits and a few marks, with single blanks inside, and nothing at the front that means more. */
static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
        bool digit = c >= '0' && c <= '9';

        if (!letter && !digit && !(i && strchr("_./-+ ", c)))
            return false;
        if (c == ' ' && (i + 1 == s.n || s.p[i + 1] == ' '))
            return false;
    }
    for (struct str rest = s; rest.n;)
        if (is_special(utf8_next(&rest)))
            return false;
    return s.n > 0;
}

struct str yaml_edit_quote(struct str text, struct arena *a)
{
    struct str out = STR("\"");

    if (is_plain(text))
        return text;
    while (text.n) {
        struct str rest = text;
        uint32_t cp = utf8_next(&rest);
        struct str one = {text.p, text.n - rest.n};

        if (cp == '"' || cp == '\\')
            out = arena_printf(a, STR_FMT "\\%c", STR_ARG(out), (char)cp);
        else if (is_special(cp))
            out = arena_printf(a, STR_FMT "\\u%04x", STR_ARG(out), cp);
        else
            out = arena_printf(a, STR_FMT STR_FMT, STR_ARG(out), STR_ARG(one));
        text = rest;
    }
    return arena_printf(a, STR_FMT "\"", STR_ARG(out));
}
