#include "hl7/masked.h"

#include "hl7/header.h"
#include "known_names.h"

enum { NAME = 3, SHAPE_MOST = 12 };

struct masker {
    struct hl7_separators sep;
    char start, end;
    struct buf *out;
};

static char shape(char c)
{
    if (c >= '0' && c <= '9')
        return '9';
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ? 'A' : 'x';
}

static void put_shape(struct masker *m, struct str value)
{
    char all = value.n ? shape(value.p[0]) : 'x';

    for (size_t i = 0; i < value.n; i++) {
        if (value.n <= SHAPE_MOST)
            buf_add_char(m->out, shape(value.p[i]));
        else if (shape(value.p[i]) != all)
            all = 'x';
    }
    if (value.n > SHAPE_MOST)
        buf_printf(m->out, "%c(%zu)", all, value.n);
}

static bool is_separator(const struct masker *m, char c)
{
    const struct hl7_separators *s = &m->sep;

    return c > ' ' && c < 0x7F &&
           (c == s->field || c == s->component || c == s->repetition || c == s->escape ||
            c == s->subcomponent);
}

static void put_values(struct masker *m, struct str s)
{
    size_t from = 0;

    for (size_t i = 0; i <= s.n; i++) {
        if (i < s.n && !is_separator(m, s.p[i]))
            continue;
        put_shape(m, (struct str){s.p + from, i - from});
        if (i < s.n)
            buf_add_char(m->out, s.p[i]);
        from = i + 1;
    }
}

/* "S12" */
static bool is_event(struct str s)
{
    return s.n == NAME && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= '0' && s.p[1] <= '9' &&
           s.p[2] >= '0' && s.p[2] <= '9';
}

/* "SIU_S12", "ACK" */
static bool is_structure(struct str s)
{
    struct str rest = s, code = str_cut(&rest, '_');

    return known_message_type(code) && (!rest.p || is_event(rest));
}

static bool is_type(const struct masker *m, struct str field)
{
    struct str code = str_cut(&field, m->sep.component), event = str_cut(&field, m->sep.component);

    return m->sep.component && known_message_type(code) && (event.n == 0 || is_event(event)) &&
           (field.n == 0 || is_structure(field));
}

static bool is_mode(struct str s)
{
    return str_eq(s, STR("AL")) || str_eq(s, STR("NE")) || str_eq(s, STR("ER")) ||
           str_eq(s, STR("SU"));
}

/* Known, and as tables write it. */
static bool is_charset(struct str s)
{
    bool alias;

    return s.n == 0 || hl7_charset_find(s, &alias);
}

/* What HL7's words are made of: capitals, digits, punctuation. Those who look words up forgive more. */
static bool is_capitals(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < ' ' || s.p[i] >= 0x7F || (s.p[i] >= 'a' && s.p[i] <= 'z'))
            return false;
    }
    return true;
}

static bool is_charsets(const struct masker *m, struct str field)
{
    bool all = m->sep.repetition != '\0';

    while (field.p && all)
        all = is_charset(str_cut(&field, m->sep.repetition));
    return all;
}

/* MSH-n holds words of HL7's own and nothing else. */
static bool is_plain(const struct masker *m, size_t n, struct str field)
{
    switch (n) {
    case 9:
        return is_type(m, field);
    case 12:
        return hl7_version_find(field) != HL7_VERSION_NONE;
    case 15:
    case 16:
        return is_mode(field);
    case 18:
        return is_charsets(m, field);
    default:
        return false;
    }
}

/* line: "MSH|^~\&|..." whose separators are read. */
static void put_header(struct masker *m, struct str line)
{
    struct str rest = {line.p + NAME + 1, line.n - NAME - 1};
    bool message = line.p[0] == 'M';

    buf_add(m->out, (struct str){line.p, NAME + 1});
    buf_add(m->out, str_cut(&rest, m->sep.field));
    for (size_t n = 3; rest.p; n++) {
        struct str field = str_cut(&rest, m->sep.field);

        buf_add_char(m->out, m->sep.field);
        if (message && is_capitals(field) && is_plain(m, n, field))
            buf_add(m->out, field);
        else
            put_values(m, field);
    }
}

static bool is_upper_or_digit(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_name(const struct masker *m, struct str line)
{
    struct str name = {line.p, NAME};

    if (line.n < NAME || (line.n > NAME && line.p[NAME] != m->sep.field))
        return false;
    return known_segment(name) || (line.n > NAME && name.p[0] == 'Z' &&
                                   is_upper_or_digit(name.p[1]) && is_upper_or_digit(name.p[2]));
}

/* whole: the line begins where a segment may. */
static void put_line(struct masker *m, struct str line, bool whole)
{
    static const struct str mark = STR_LIT("\xEF\xBB\xBF");
    struct hl7_separators sep;
    struct err e;

    if (whole && str_starts(line, mark)) {
        buf_add(m->out, STR("<BOM>"));
        line = (struct str){line.p + mark.n, line.n - mark.n};
    }
    if (whole && hl7_separators_read(line, &sep, &e)) {
        m->sep = sep;
        put_header(m, line);
    } else if (whole && is_name(m, line)) {
        buf_add(m->out, (struct str){line.p, NAME});
        put_values(m, (struct str){line.p + NAME, line.n - NAME});
    } else {
        put_values(m, line);
    }
}

/* The name of a byte that ends a line; NULL: it does not. */
static const char *byte_name(const struct masker *m, char c)
{
    if (c == m->start)
        return "<SB>";
    if (c == m->end)
        return "<FS>";
    return c == '\r' ? "<CR>" : c == '\n' ? "<LF>" : NULL;
}

void hl7_masked_write(struct str bytes, uint64_t offset, char start, char end, struct buf *out)
{
    struct masker m = {hl7_separators_default(), start, end, out};
    bool whole = offset == 0;
    size_t i = 0;

    while (i < bytes.n) {
        size_t from = i;
        uint64_t at = offset + from;

        while (i < bytes.n && !byte_name(&m, bytes.p[i]))
            i++;
        buf_printf(out, "%10llu  ", (unsigned long long)at);
        put_line(&m, (struct str){bytes.p + from, i - from}, whole);
        while (i < bytes.n && byte_name(&m, bytes.p[i]))
            buf_add(out, str_of(byte_name(&m, bytes.p[i++])));
        buf_add_char(out, '\n');
        whole = true;
    }
}
