/* A finding as text, with the line it is about and a caret under the place. */
#include <stdint.h>

#include "base/utf8.h"
#include "feed/feed.h"

/* Code points that take two cells of a terminal: East Asian Wide and Fullwidth (UAX #11), by block. */
static const struct {
    uint32_t first, last;
} wide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},
    {0x25FD, 0x25FE},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26AA, 0x26AB},
    {0x2705, 0x2705},   {0x2753, 0x2757},   {0x2B1B, 0x2B1C},   {0x2E80, 0x303E},
    {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},
    {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE19},
    {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},   {0x16FE0, 0x18AFF},
    {0x1B000, 0x1B2FF}, {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF},
    {0x20000, 0x3FFFD},
};

/* Combining marks and joiners that take none. */
static const struct {
    uint32_t first, last;
} narrow[] = {
    {0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
};

static int cells(uint32_t cp)
{
    for (size_t i = 0; i < sizeof(narrow) / sizeof(narrow[0]); i++)
        if (cp >= narrow[i].first && cp <= narrow[i].last)
            return 0;
    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
        if (cp >= wide[i].first && cp <= wide[i].last)
            return 2;
    return 1;
}

/* The cells in front of code-point column `column`. */
static int cells_before(struct str line, int column)
{
    int n = 0;

    for (int i = 1; i < column && line.n; i++)
        n += cells(utf8_next(&line));
    return n;
}

static const char *severity_name(enum finding_severity s)
{
    switch (s) {
    case FINDING_ERROR:
        return "error";
    case FINDING_WARNING:
        return "warning";
    case FINDING_NOTE:
        return "note";
    }
    return "";
}

/* "site_name <- appointment/1.start <- TQ1-7, SCH-11.4" */
static void print_flow(const struct finding *f, FILE *to)
{
    fprintf(to, "       = flow: ");
    for (size_t i = 0; i < f->n_flow; i++)
        fprintf(to, "%s%s",
                i == 0                       ? ""
                : i + f->n_paths > f->n_flow ? ", "
                                             : " <- ",
                f->flow[i].text);
    putc('\n', to);
}

void finding_print(const struct finding *f, FILE *to)
{
    fprintf(to, "%s:%d:%d: %s[%s]: %s\n", f->file, f->line, f->column, severity_name(f->severity),
            f->code, f->text);
    if (f->source) {
        fprintf(to, "%6d | ", f->line);
        for (const char *p = f->source; *p; p++)
            putc((unsigned char)*p < ' ' ? ' ' : *p, to);
        fprintf(to, "\n       | %*s^\n", cells_before(str_of(f->source), f->column), "");
    }
    if (f->hint)
        fprintf(to, "       = %s\n", f->hint);
    else if (f->n_flow)
        print_flow(f, to);
}
