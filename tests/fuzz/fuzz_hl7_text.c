/* From bytes to text: MSH-18, a NUL, then a value. Whatever the bytes, the text is UTF-8, no escape makes a
 * control character, and what we escape reads back as it was. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "hl7/escape.h"
#include "hl7/message.h"

enum { MOST = 8192 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t controls(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F;
    return n;
}

static void check_leaf(const struct hl7_message *m, struct str leaf, struct arena *a)
{
    struct hl7_notes notes = {0};
    struct str text = hl7_unescape(leaf, &m->sep, m->charset, a, &notes);
    struct str standard = hl7_unescape(leaf, &m->sep, NULL, a, NULL);

    if (utf8_check(text) != text.n || utf8_check(standard) != standard.n ||
        controls(text) > controls(leaf))
        abort();
}

/* hl7_escape() leaves control characters out, so they are kept out of what it is given. */
static void check_back(struct str value, struct arena *a)
{
    struct hl7_separators sep = hl7_separators_default();
    struct buf clean = buf_new(MOST), out = buf_new(4 * MOST);

    for (size_t i = 0; i < value.n; i++) {
        if ((unsigned char)value.p[i] >= 0x20 && value.p[i] != 0x7F)
            buf_add_char(&clean, value.p[i]);
    }
    if (!hl7_escape(&out, buf_str(&clean), &sep) ||
        !str_eq(hl7_unescape(buf_str(&out), &sep, NULL, a, NULL), buf_str(&clean)))
        abort();
    buf_reset(&clean);
    buf_reset(&out);
}

static void check_message(struct str text, const struct hl7_charset_settings *set, struct arena *a)
{
    struct hl7_limits limits = hl7_limits_default();
    struct hl7_message m;
    struct err e;

    if (!hl7_message_read(text, set, &limits, a, NULL, &m, &e))
        return;
    if (utf8_check(m.text) != m.text.n)
        abort();
    for (size_t i = 0; i < m.n_segments; i++) {
        for (size_t f = 1; f <= m.segments[i].n_fields; f++)
            check_leaf(&m, hl7_field(&m.segments[i], f), a);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str value = {(const char *)data, size}, declared = str_cut(&value, '\0');
    struct hl7_charset_settings sets[3] = {{.strict = false}, {.strict = true}};
    struct buf text = buf_new(2 * MOST);
    struct arena a = {0};
    bool alias;

    if (size > MOST)
        return 0;
    sets[2].force = hl7_charset_find(declared, &alias);
    buf_add(&text, STR("MSH|^~\\&|A|B|C|D|||ADT^A08|1|P|2.5||||||"));
    buf_add(&text, declared);
    buf_add(&text, STR("\rPID|||||"));
    buf_add(&text, value);
    buf_add(&text, STR("\r"));
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        check_message(buf_str(&text), &sets[i], &a);
    check_back(value, &a);
    buf_reset(&text);
    arena_reset(&a);
    return 0;
}
