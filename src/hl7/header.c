#include "hl7/header.h"

#include "character.h"
#include "type_text.h"

static const struct {
    const char *text;
    enum hl7_version version;
} versions[] = {
    {"2.1", HL7_V2_1},     {"2.2", HL7_V2_2},     {"2.3", HL7_V2_3},     {"2.3.1", HL7_V2_3_1},
    {"2.4", HL7_V2_4},     {"2.5", HL7_V2_5},     {"2.5.1", HL7_V2_5_1}, {"2.6", HL7_V2_6},
    {"2.7", HL7_V2_7},     {"2.7.1", HL7_V2_7_1}, {"2.8", HL7_V2_8},     {"2.8.1", HL7_V2_8_1},
    {"2.8.2", HL7_V2_8_2}, {"2.9", HL7_V2_9},     {"2.9.1", HL7_V2_9_1},
};

enum hl7_version hl7_version_find(struct str msh12_1)
{
    msh12_1 = str_trim(msh12_1);
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        if (str_eq(msh12_1, str_of(versions[i].text)))
            return versions[i].version;
    }
    return HL7_VERSION_NONE;
}

bool type_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
            c != '_')
            return false;
    }
    return s.n >= 1 && s.n <= 7;
}

void type_text(struct str code, struct str trigger, char out[HL7_TYPE_TEXT])
{
    size_t n = 0;

    if (type_name(code)) {
        memcpy(out, code.p, code.n);
        n = code.n;
        if (type_name(trigger)) {
            out[n++] = '^';
            memcpy(out + n, trigger.p, trigger.n);
            n += trigger.n;
        }
    }
    out[n] = '\0';
}

/* Cuts the first segment into h->fields. */
static void cut_fields(struct str body, enum hl7_width width, struct hl7_header *h)
{
    struct str rest = {body.p + 4, body.n - 4};

    for (size_t i = 1; i <= HL7_HEADER_FIELDS; i++)
        h->fields[i] = (struct str){NULL, 0};
    h->fields[1] = (struct str){body.p + 3, 1};
    for (size_t i = 2;; i++) {
        /* MSH-2 is ASCII punctuation whatever the set. */
        size_t n = hl7_field_end(rest, h->sep.field, i == 2 ? HL7_BYTES : width);

        if (i <= HL7_HEADER_FIELDS)
            h->fields[i] = (struct str){rest.p, n};
        rest = (struct str){rest.p + n, rest.n - n};
        if (rest.n == 0 || rest.p[0] != h->sep.field)
            break;
        rest = (struct str){rest.p + 1, rest.n - 1};
    }
    h->text = (struct str){body.p, (size_t)(rest.p - body.p)};
}

static struct str first_of(struct str s, char separator)
{
    return separator && s.p ? str_cut(&s, separator) : s;
}

static void read_charset(struct hl7_header *h)
{
    bool alias;

    h->declared = first_of(h->fields[18], h->sep.repetition);
    h->charset = hl7_charset_find(h->declared, &alias);
}

/* MSH-18 says how MSH is cut, and stands in it. Cut as bytes it is mostly found; where a sender's name
 * holds a pair with a delimiter byte, it is the one reading that agrees with itself. */
static void find_charset(struct str body, struct hl7_header *h)
{
    static const enum hl7_width widths[] = {HL7_PAIRS, HL7_SJIS, HL7_SHIFTED};

    read_charset(h);
    if (h->charset && h->charset->width == HL7_BYTES)
        return;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        if (h->charset && h->charset->width != widths[i])
            continue;
        cut_fields(body, widths[i], h);
        read_charset(h);
        if (h->charset && h->charset->width == widths[i])
            return;
    }
    cut_fields(body, HL7_BYTES, h);
    read_charset(h);
}

static void read_type(struct hl7_header *h)
{
    struct str rest = first_of(h->fields[9], h->sep.repetition);

    if (h->batch || !rest.p)
        return;
    h->code = str_trim(h->sep.component ? str_cut(&rest, h->sep.component) : rest);
    if (rest.p && h->sep.component)
        h->trigger = str_trim(str_cut(&rest, h->sep.component));
    type_text(h->code, h->trigger, h->type);
}

/* MSH-2 is damaged and MSH-1 is not: what the sender waits for, its control id, can still be read. */
static void salvage(struct str body, struct hl7_header *h)
{
    const char field = h->sep.field;

    h->sep = hl7_separators_default();
    if (!field || field == h->sep.component || field == h->sep.repetition ||
        field == h->sep.escape || field == h->sep.subcomponent || body.p[0] != 'M')
        return;
    h->sep.field = field;
    cut_fields(body, HL7_BYTES, h);
    h->control_id = h->fields[10];
}

bool hl7_header_scan(struct str body, struct hl7_header *out, struct err *e)
{
    struct str mode;

    *out = (struct hl7_header){0};
    if (!hl7_separators_read(body, &out->sep, e)) {
        salvage(body, out);
        return false;
    }
    out->batch = body.p[0] != 'M';
    cut_fields(body, HL7_BYTES, out);
    if (!out->batch)
        find_charset(body, out);
    out->control_id = out->fields[out->batch ? 11 : 10];
    read_type(out);
    if (!out->batch) {
        mode = str_trim(first_of(out->fields[11], out->sep.component));
        out->processing = mode.n == 1 ? mode.p[0] : '\0';
        out->version = hl7_version_find(first_of(out->fields[12], out->sep.component));
    }
    return true;
}

struct str hl7_header_name(const struct hl7_header *h, size_t n)
{
    struct str s = h->fields[n];

    if (s.p && h->sep.component)
        s.n = hl7_field_end(s, h->sep.component, h->charset ? h->charset->width : HL7_BYTES);
    return s;
}

/* A segment starts at i: behind CR and LFs that follow it; behind LF alone only where segments end so. */
static bool starts_segment(struct str body, size_t i, bool lf)
{
    if (lf && body.p[i - 1] == '\n')
        return true;
    while (body.p[i - 1] == '\n' && i > 1)
        i--;
    return body.p[i - 1] == '\r';
}

size_t hl7_header_next(struct str body, const struct hl7_header *h)
{
    bool lf = h->text.n < body.n && body.p[h->text.n] == '\n';

    for (size_t i = h->text.n; i + 4 < body.n; i++) {
        const char *at = memmem(body.p + i, body.n - i, "MSH", 3);

        if (!at)
            break;
        i = (size_t)(at - body.p);
        if (i > 0 && i + 3 < body.n && hl7_may_separate(at[3]) && starts_segment(body, i, lf))
            return i;
    }
    return body.n;
}
